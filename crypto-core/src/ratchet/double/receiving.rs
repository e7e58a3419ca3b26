//! Their side of the ratchet: the chain that we read, and the chains that we have read before (Double Ratchet, section 4.4).
//!
//! Nothing here changes while a message is being read. A step is planned on the side, and put in place when the message has
//! turned out to be authentic.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::chain_key::ReceivingChainKey;
use super::header_key::TheirHeaderKey;
use super::message_key::MessageKey;
use super::parameters::Parameters;
use crate::ratchet::ReceiveError;
use crate::ratchet::limits::{MAX_CLOSED_CHAINS, REMEMBERED_CHAINS};
use crate::ratchet::skipped_keys::{Gaps, NewlySkipped};

/// `CKr`, `HKr`, `Nr`, and the keys that were skipped so far.
#[derive(Debug)]
pub(super) struct ReceivingChain {
    pub(super) header_key: TheirHeaderKey,
    pub(super) key: ReceivingChainKey,
    pub(super) number: u32,
    pub(super) gaps: Gaps<MessageKey>,
}

impl ReceivingChain {
    /// The keys from the chain's next number up to but not including `until`, and the chain key then.
    ///
    /// # Errors
    /// [`ReceiveError::TooManySkipped`] if those are more than `budget`.
    pub(super) fn skip_to<P: Parameters>(
        &self,
        until: u32,
        budget: u32,
    ) -> Result<(NewlySkipped<MessageKey>, ReceivingChainKey), ReceiveError> {
        skip::<P>(self.key.copy(), self.number, until, budget)
    }
}

/// See [`ReceivingChain::skip_to`]; for a chain that doesn't exist yet, too.
pub(super) fn skip<P: Parameters>(
    mut key: ReceivingChainKey,
    from: u32,
    until: u32,
    budget: u32,
) -> Result<(NewlySkipped<MessageKey>, ReceivingChainKey), ReceiveError> {
    if until.saturating_sub(from) > budget {
        return Err(ReceiveError::TooManySkipped);
    }
    let mut skipped = Vec::new();
    for number in from..until {
        let (next, message_key) = key.step::<P>();
        skipped.push((number, message_key));
        key = next;
    }
    Ok((skipped, key))
}

/// A chain that the other side has left, and the keys in it that are still missing.
#[derive(Debug)]
pub(super) struct ClosedChain {
    pub(super) header_key: TheirHeaderKey,
    pub(super) gaps: Gaps<MessageKey>,
}

/// The chains of the past, oldest first (`MKSKIPPED`, but for the current chain's part).
#[derive(Debug)]
pub(super) struct ClosedChains(pub(super) VecDeque<ClosedChain>);

impl ClosedChains {
    pub(super) const fn none() -> Self {
        Self(VecDeque::new())
    }

    /// Forgets what is too old or too much, counting the current chain's `gaps` in.
    pub(super) fn prune<P: Parameters>(&mut self, current: &mut Gaps<MessageKey>, now: u64) {
        current.expire(now, P::MAX_SKIPPED_AGE_MS);
        for chain in &mut self.0 {
            chain.gaps.expire(now, P::MAX_SKIPPED_AGE_MS);
        }
        let kept = current.len() + self.0.iter().map(|chain| chain.gaps.len()).sum::<usize>();
        let mut excess = kept.saturating_sub(P::MAX_SKIPPED_KEYS);
        for gaps in self
            .0
            .iter_mut()
            .map(|chain| &mut chain.gaps)
            .chain([current])
        {
            excess = excess.saturating_sub(gaps.drop_oldest(excess));
        }
        let mut to_drop = self.0.len().saturating_sub(MAX_CLOSED_CHAINS);
        let mut newer = self.0.len();
        self.0.retain(|chain| {
            newer -= 1;
            let surplus = to_drop > 0;
            to_drop = to_drop.saturating_sub(1);
            !surplus && (newer < REMEMBERED_CHAINS || !chain.gaps.is_empty())
        });
    }
}
