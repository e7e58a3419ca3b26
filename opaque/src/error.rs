//! What can go wrong in either half.

use opaque_ke::errors::{InternalError, ProtocolError};

/// Why a step of OPAQUE failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpaqueError {
    /// The other side's answer doesn't fit the password. For a client that means a wrong password, an unknown user, or
    /// an answer that was changed on the way: nobody, the client included, can tell these apart.
    #[error("wrong user name or password")]
    WrongPassword,
    /// A message, record or state isn't what it should be. `what` names it.
    #[error("malformed {what}")]
    Malformed {
        /// The name of the message, record or state.
        what: &'static str,
    },
    /// The password is empty or longer than 65,535 bytes.
    #[error("the password is empty or too long")]
    PasswordLength,
    /// The system gave no randomness.
    #[error("the system gave no randomness")]
    NoRandomness,
    /// A primitive refused its input, as it never should: Argon2id found no memory, for one.
    #[error("a cryptographic primitive failed")]
    Internal,
}

impl OpaqueError {
    /// What a failure means in a step that reads the message called `what`.
    pub(crate) fn reading(what: &'static str, error: ProtocolError) -> Self {
        match error {
            ProtocolError::InvalidLoginError => Self::WrongPassword,
            ProtocolError::SerializationError
            | ProtocolError::SizeError { .. }
            | ProtocolError::ReflectedValueError
            | ProtocolError::LibraryError(InternalError::OprfError(_)) => Self::Malformed { what },
            ProtocolError::LibraryError(InternalError::SealOpenHmacError) => Self::WrongPassword,
            ProtocolError::LibraryError(
                InternalError::HashToScalar | InternalError::OprfInternalError(_),
            ) => Self::PasswordLength,
            _ => Self::Internal,
        }
    }
}
