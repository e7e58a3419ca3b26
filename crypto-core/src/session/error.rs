//! What can go wrong with a session (`docs/PROTOCOL.md`, sections 4.6 and 5.8). Nothing here changes any state or uses up any key.

use crate::layout::Malformed;
use crate::ratchet::{ReceiveError, SendError};

/// Why bytes aren't an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The bytes aren't in the layout of an envelope.
    #[error("not in the layout of an envelope")]
    Malformed,
    /// The envelope is of another version.
    #[error("an envelope of another version")]
    Version,
}

impl From<Malformed> for EnvelopeError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// Why no session can be begun with a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The bundle is another device's.
    #[error("the prekey bundle belongs to another device")]
    WrongDevice,
    /// The bundle is this device's own.
    #[error("a device has no session with itself")]
    OwnDevice,
    /// A key of the other side contributes nothing to the agreement.
    #[error("a key of the other side is unacceptable")]
    WeakKey,
}

/// Why no session can be begun from an initial envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The bytes aren't an envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The envelope begins no session.
    #[error("the envelope begins no session")]
    NotInitial,
    /// The other device is this one.
    #[error("a device has no session with itself")]
    OwnDevice,
    /// The signed prekey isn't here: rotated out, or never made.
    #[error("signed prekey {0} is not here")]
    UnknownSignedPrekey(u32),
    /// The one-time prekey isn't here: used before, or never made.
    #[error("one-time prekey {0} is not here")]
    UnknownOneTimePrekey(u32),
    /// The KEM prekey isn't here in that kind: used before, rotated out, or never made.
    #[error("KEM prekey {0} is not here")]
    UnknownKemPrekey(u32),
    /// The initiator's ephemeral key is malformed or contributes nothing to the agreement.
    #[error("a key of the other side is unacceptable")]
    WeakKey,
    /// The handshake doesn't fit these two devices and these prekeys, or the message isn't authentic.
    #[error("the envelope is not authentic")]
    Forged,
    /// The handshake fits; its message can't be read.
    #[error(transparent)]
    Message(DecryptError),
}

/// Why a message can't be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The plaintext is longer than [`super::MAX_PLAINTEXT`].
    #[error("the message is too long")]
    TooLong,
    /// The ratchet can't take another step.
    #[error(transparent)]
    Ratchet(#[from] SendError),
}

/// Why a message can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// The bytes aren't an envelope, or an authentic one has contents that aren't in their layout.
    #[error("not in the layout of an envelope")]
    Malformed,
    /// The envelope is of another version.
    #[error("an envelope of another version")]
    Version,
    /// No header key of this session opens the envelope's header, or its handshake is another session's.
    #[error("the envelope is not for this session")]
    NotForThisSession,
    /// This message was read before.
    #[error("the message was read before")]
    Replayed,
    /// This message is too many messages ahead ([`crate::ratchet::limits::MAX_SKIP`]).
    #[error("the message is too far ahead")]
    TooManySkipped,
    /// This message was overtaken so long ago, or by so many, that its key is gone.
    #[error("the message's key is gone")]
    TooOld,
    /// The header is authentic, the message isn't.
    #[error("the message is not authentic")]
    Forged,
    /// The other side's new ratchet key is unacceptable.
    #[error("the ratchet key is unacceptable")]
    BadRatchetKey,
    /// The post-quantum part is stripped or out of turn.
    #[error("the post-quantum part does not follow the protocol")]
    PostQuantum,
}

impl From<EnvelopeError> for DecryptError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Malformed => Self::Malformed,
            EnvelopeError::Version => Self::Version,
        }
    }
}

impl From<ReceiveError> for DecryptError {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::UnknownHeader => Self::NotForThisSession,
            ReceiveError::Malformed => Self::Malformed,
            ReceiveError::Replayed => Self::Replayed,
            ReceiveError::TooOld => Self::TooOld,
            ReceiveError::TooManySkipped => Self::TooManySkipped,
            ReceiveError::Forged => Self::Forged,
            ReceiveError::BadRatchetKey => Self::BadRatchetKey,
            ReceiveError::PostQuantum => Self::PostQuantum,
        }
    }
}
