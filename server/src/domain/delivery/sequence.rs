//! Sequences: growing numbers, each given out once, also over restarts.
//!
//! Most messages are never stored, so the store can't tell which sequences they had. Instead the relay reserves blocks durably before it
//! gives out their numbers, and begins with a fresh block after a restart. Numbers are shared by all mailboxes: a mailbox sees gaps.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::Error;

/// Sequences that one reservation covers.
const BLOCK: u64 = 1 << 21;

/// Gives out sequences.
pub(super) struct Sequence {
    next: AtomicU64,
    limit: AtomicU64,
}

impl Sequence {
    /// Begins above everything that earlier runs may have given out. Nothing is given out before the first reservation.
    pub(super) fn starting_at(reserved: u64) -> Self {
        Self {
            next: AtomicU64::new(reserved),
            limit: AtomicU64::new(reserved),
        }
    }

    /// The next sequence.
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`] when the reservation is used up because the store could not extend it.
    pub(super) fn next(&self) -> Result<u64, Error> {
        let seq = self.next.fetch_add(1, Ordering::Relaxed);
        if seq < self.limit.load(Ordering::Acquire) {
            Ok(seq)
        } else {
            // Not given out after all; the gap would otherwise run past the next reservation.
            self.next.fetch_sub(1, Ordering::Relaxed);
            Err(Error::StorageUnavailable)
        }
    }

    /// Up to where to reserve now, once half of the last block is used.
    pub(super) fn wanted(&self) -> Option<u64> {
        let limit = self.limit.load(Ordering::Acquire);
        (limit.saturating_sub(self.next.load(Ordering::Relaxed)) < BLOCK / 2).then(|| limit + BLOCK)
    }

    /// Notes a reservation that is durable.
    pub(super) fn reserved(&self, limit: u64) {
        self.limit.fetch_max(limit, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_beyond_the_reservation_is_given_out() {
        let sequence = Sequence::starting_at(10);
        assert!(sequence.next().is_err());
        let wanted = sequence.wanted().unwrap();
        sequence.reserved(wanted);
        assert_eq!(sequence.next().unwrap(), 10);
        assert_eq!(sequence.next().unwrap(), 11);
        assert_eq!(sequence.wanted(), None);
    }
}
