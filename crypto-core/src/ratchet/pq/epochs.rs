//! Which epochs' chains are alive (`docs/PROTOCOL.md`, section 5.4): never more than two, each direction in one of them.
//!
//! ```text
//!             we offered and got the ciphertext
//!   Level ───────────────────────────────────────► Ahead ───┐ first message in
//!     ▲ │     we answered with a ciphertext                 │ the new epoch
//!     │ └────────────────────────────────────────► Pending ─┤ arrives
//!     └─────────────────────────────────────────────────────┘
//! ```

use alloc::collections::VecDeque;

use super::chain_key::{ReceivingChainKey, SendingChainKey};
use super::message_key::PqMessageKey;
use super::scka::Epoch;
use crate::ratchet::limits::{MAX_SKIPPED_AGE_MS, MAX_SKIPPED_KEYS};
use crate::ratchet::skipped_keys::Gaps;

/// Our chain in the epoch that we send in.
#[derive(Debug)]
pub(super) struct SendingChain {
    pub(super) epoch: Epoch,
    pub(super) key: SendingChainKey,
    pub(super) number: u32,
    /// How many messages we sent in the epoch before.
    pub(super) previous: u32,
}

impl SendingChain {
    /// The next epoch's chain begins.
    pub(super) const fn follow(&self, key: SendingChainKey) -> Self {
        Self {
            epoch: self.epoch.saturating_add(1),
            key,
            number: 0,
            previous: self.number,
        }
    }
}

/// The other side's chain in the latest epoch that it has been heard in.
#[derive(Debug)]
pub(super) struct ReceivingChain {
    pub(super) epoch: Epoch,
    pub(super) key: ReceivingChainKey,
    pub(super) number: u32,
    pub(super) gaps: Gaps<PqMessageKey>,
}

/// Chains of an epoch that has been opened, and in which the other side hasn't been heard yet.
#[derive(Debug)]
pub(super) enum Opened {
    /// There is none.
    Level,
    /// The other side has the epoch: we send in it.
    Ahead { receiving: ReceivingChainKey },
    /// The other side may not have the epoch yet: we don't send in it.
    Pending {
        sending: SendingChainKey,
        receiving: ReceivingChainKey,
    },
}

impl Opened {
    /// The receiving chain of the epoch to come.
    pub(super) const fn receiving(&self) -> Option<&ReceivingChainKey> {
        match self {
            Self::Level => None,
            Self::Ahead { receiving } | Self::Pending { receiving, .. } => Some(receiving),
        }
    }
}

/// An epoch that the other side has left, and the keys in it that are still missing.
#[derive(Debug)]
pub(super) struct ClosedEpoch {
    pub(super) epoch: Epoch,
    pub(super) gaps: Gaps<PqMessageKey>,
}

/// The epochs of the past in which messages are missing, oldest first.
#[derive(Debug)]
pub(super) struct ClosedEpochs(pub(super) VecDeque<ClosedEpoch>);

impl ClosedEpochs {
    pub(super) const fn none() -> Self {
        Self(VecDeque::new())
    }

    pub(super) fn find(&self, epoch: Epoch) -> Option<&ClosedEpoch> {
        self.0.iter().find(|closed| closed.epoch == epoch)
    }

    pub(super) fn find_mut(&mut self, epoch: Epoch) -> Option<&mut ClosedEpoch> {
        self.0.iter_mut().find(|closed| closed.epoch == epoch)
    }

    /// Forgets what is too old or too much, counting the current chain's `gaps` in.
    pub(super) fn prune(&mut self, current: &mut Gaps<PqMessageKey>, now: u64) {
        current.expire(now, MAX_SKIPPED_AGE_MS);
        for closed in &mut self.0 {
            closed.gaps.expire(now, MAX_SKIPPED_AGE_MS);
        }
        let kept = current.len() + self.0.iter().map(|closed| closed.gaps.len()).sum::<usize>();
        let mut excess = kept.saturating_sub(MAX_SKIPPED_KEYS);
        for gaps in self
            .0
            .iter_mut()
            .map(|closed| &mut closed.gaps)
            .chain([current])
        {
            excess = excess.saturating_sub(gaps.drop_oldest(excess));
        }
        self.0.retain(|closed| !closed.gaps.is_empty());
    }
}
