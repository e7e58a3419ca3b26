//! Our side of the ratchet: whose turn it is to make the next key pair (Double Ratchet, sections 3.3, 3.4 and 8.5).
//!
//! ```text
//!   responder ──► Waiting ──┐                     ┌──────── a header under NHKr arrives ────────┐
//!                           └─► Due ── we send ──►│ Sending                                     │
//!   initiator ──────────────────────────────────► └──────────────────────► Due ◄────────────────┘
//! ```
//!
//! The new key pair is made when we send, not when we receive (section 8.5): the bytes on the wire are the same, a state at rest
//! holds no key that isn't needed yet, and reading a message needs no randomness.

use super::chain_key::SendingChainKey;
use super::header_key::{OurHeaderKey, OurNextHeaderKey};
use super::message_key::MessageKey;
use super::parameters::Parameters;
use super::ratchet_key::{OurRatchetKey, TheirRatchetKey};

/// What we hold for sending.
#[derive(Debug)]
pub(super) enum Turn {
    Waiting(Waiting),
    Due(Due),
    Sending(Sending),
}

/// The responder has received nothing: it can't send.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) ours: OurRatchetKey,
    pub(super) next_header: OurNextHeaderKey,
}

/// The other side has ratcheted; our next message begins a chain under a new key pair.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) theirs: TheirRatchetKey,
    pub(super) next_header: OurNextHeaderKey,
    /// Length of the chain that ended (`PN`).
    pub(super) previous: u32,
}

/// A chain under our current key pair, which the other side hasn't answered.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) ours: OurRatchetKey,
    pub(super) chain: SendingChain,
    pub(super) next_header: OurNextHeaderKey,
    pub(super) previous: u32,
}

/// `CKs`, `HKs` and `Ns`.
#[derive(Debug)]
pub(super) struct SendingChain {
    pub(super) header_key: OurHeaderKey,
    pub(super) key: SendingChainKey,
    pub(super) number: u32,
}

impl SendingChain {
    /// Takes the next message key; `None` when all 2^32 − 1 numbers are used.
    pub(super) fn advance<P: Parameters>(&mut self) -> Option<(u32, MessageKey)> {
        let number = self.number;
        self.number = number.checked_add(1)?;
        let (next, message_key) = self.key.step::<P>();
        self.key = next;
        Some((number, message_key))
    }
}

impl Turn {
    /// Our key pair that the other side may have agreed with, and `NHKs`, if a ratchet step can be answered now.
    ///
    /// In `Due` there is none: the other side can't have answered a key that we haven't made.
    pub(super) const fn answerable(&self) -> Option<(&OurRatchetKey, &OurNextHeaderKey, u32)> {
        match self {
            Self::Waiting(state) => Some((&state.ours, &state.next_header, 0)),
            Self::Due(_) => None,
            Self::Sending(state) => Some((&state.ours, &state.next_header, state.chain.number)),
        }
    }
}
