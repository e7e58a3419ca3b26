//! Keys of messages that were overtaken, per chain (Double Ratchet, section 2.6; `docs/PROTOCOL.md`, section 5.7).
//!
//! ```text
//!   received:  0 1 2 . 4 . . 7      gaps = {3, 5, 6}, each with the time it was put there
//! ```
//!
//! The same for both ratchets. Which chains there are, and how many keys they may hold together, is the ratchets' business.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{ReceiveError, StateError};
use crate::layout::{Reader, Writer};

/// Keys that were skipped in one step, in ascending order of their numbers: planned, not yet stored.
pub(crate) type NewlySkipped<K> = Vec<(u32, K)>;

/// A message key that can be kept: 32 bytes.
pub(crate) trait Keepable {
    fn from_bytes(bytes: [u8; 32]) -> Self;
    fn as_bytes(&self) -> &[u8; 32];
}

struct Kept<K> {
    number: u32,
    stored_at: u64,
    key: K,
}

/// The skipped keys of one chain, in ascending order of their numbers.
pub(crate) struct Gaps<K> {
    kept: VecDeque<Kept<K>>,
    /// A key below this that isn't here may have been dropped rather than used.
    forgotten_below: u32,
}

impl<K> core::fmt::Debug for Gaps<K> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Gaps({} keys, redacted)", self.kept.len())
    }
}

impl<K: Keepable> Gaps<K> {
    pub(crate) const fn none() -> Self {
        Self {
            kept: VecDeque::new(),
            forgotten_below: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The key of message `number`, which the chain has passed.
    pub(crate) fn find(&self, number: u32, now: u64, max_age: u64) -> Result<&K, ReceiveError> {
        match self.position(number).and_then(|at| self.kept.get(at)) {
            Some(kept) if now.saturating_sub(kept.stored_at) <= max_age => Ok(&kept.key),
            Some(_) => Err(ReceiveError::TooOld),
            None if number < self.forgotten_below => Err(ReceiveError::TooOld),
            None => Err(ReceiveError::Replayed),
        }
    }

    /// Forgets the key of message `number`, which has now been used.
    pub(crate) fn remove(&mut self, number: u32) {
        if let Some(at) = self.position(number) {
            self.kept.remove(at);
        }
    }

    /// Keeps keys whose numbers are above all that are here.
    pub(crate) fn keep(&mut self, skipped: NewlySkipped<K>, now: u64) {
        self.kept
            .extend(skipped.into_iter().map(|(number, key)| Kept {
                number,
                stored_at: now,
                key,
            }));
    }

    /// Forgets keys that are older than `max_age`.
    pub(crate) fn expire(&mut self, now: u64, max_age: u64) {
        let forgotten_below = &mut self.forgotten_below;
        self.kept.retain(|kept| {
            let young = now.saturating_sub(kept.stored_at) <= max_age;
            if !young {
                *forgotten_below = (*forgotten_below).max(kept.number.saturating_add(1));
            }
            young
        });
    }

    /// Forgets the `count` oldest keys, or all if there are fewer. Returns how many that were.
    pub(crate) fn drop_oldest(&mut self, count: usize) -> usize {
        let count = count.min(self.kept.len());
        for kept in self.kept.drain(..count) {
            self.forgotten_below = self.forgotten_below.max(kept.number.saturating_add(1));
        }
        count
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.u32(self.forgotten_below);
        out.u32(u32::try_from(self.kept.len()).unwrap_or(u32::MAX));
        for kept in &self.kept {
            out.u32(kept.number);
            out.u64(kept.stored_at);
            out.bytes(kept.key.as_bytes());
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>, max: usize) -> Result<Self, StateError> {
        let forgotten_below = reader.u32()?;
        let count = usize::try_from(reader.u32()?).map_err(|_| StateError)?;
        if count > max {
            return Err(StateError);
        }
        let mut kept = VecDeque::with_capacity(count);
        let mut last = None;
        for _ in 0..count {
            let number = reader.u32()?;
            if last.is_some_and(|last| last >= number) {
                return Err(StateError);
            }
            last = Some(number);
            kept.push_back(Kept {
                number,
                stored_at: reader.u64()?,
                key: K::from_bytes(reader.array()?),
            });
        }
        Ok(Self {
            kept,
            forgotten_below,
        })
    }

    fn position(&self, number: u32) -> Option<usize> {
        self.kept
            .binary_search_by_key(&number, |kept| kept.number)
            .ok()
    }
}
