//! Why a ratchet can't take a step (`docs/PROTOCOL.md`, section 5.8). No failed step changes any state.

/// Why a message can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// None of the header keys opens the header: the message belongs to another session, or is damaged or forged.
    #[error("no header key of this session opens the header")]
    UnknownHeader,
    /// The header was authentic but isn't in its layout: the other side doesn't follow the protocol.
    #[error("the header is not in its layout")]
    Malformed,
    /// The message key was used already.
    #[error("this message was read before")]
    Replayed,
    /// The message key was skipped and has been forgotten since, by age or number.
    #[error("this message's key was kept for as long as it may be and is gone")]
    TooOld,
    /// Reading this message would skip more than [`super::limits::MAX_SKIP`] others.
    #[error("this message is too far ahead")]
    TooManySkipped,
    /// The header was authentic, the message isn't.
    #[error("the message is not authentic")]
    Forged,
    /// The other side's ratchet key is malformed, or contributes nothing to the agreement.
    #[error("the ratchet key is unacceptable")]
    BadRatchetKey,
    /// The post-quantum part is out of turn, stripped or malformed: the other side doesn't follow the protocol.
    #[error("the post-quantum part does not follow the protocol")]
    PostQuantum,
}

/// Why no message can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The side that was written to first can't send before it has received.
    #[error("nothing can be sent before the first message has been received")]
    NothingReceived,
    /// 2^32 − 1 messages were sent without an answer.
    #[error("the chain is exhausted")]
    Exhausted,
    /// The other side's ratchet key contributes nothing to the agreement.
    #[error("the ratchet key is unacceptable")]
    BadRatchetKey,
}

/// The bytes aren't a stored state: damaged, or of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a stored state of this version")]
pub struct StateError;

impl From<crate::layout::Malformed> for StateError {
    fn from(_: crate::layout::Malformed) -> Self {
        Self
    }
}
