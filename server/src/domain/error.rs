//! The one error of the relay: each variant is one problem code and status (PROTOCOL.md section 7); internals stay in the log.

use sotto_protocol::{Problem, ProblemCode, username::InvalidUsername};

use crate::store::{Conflict, StoreError};

/// Why the relay refuses something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input is not what is due; the text names the place, never the value.
    #[error("malformed: {0}")]
    Malformed(String),
    /// A body of another media type.
    #[error("the body must be application/json")]
    MediaType,
    /// A body, frame or field over its limit.
    #[error("{0} is too large")]
    TooLarge(&'static str),
    /// Text where binary is due, or the other way round.
    #[error("the subprotocol wants the other kind of frame")]
    WrongFrameKind,
    /// The first frame of a socket must be `hello`.
    #[error("the first frame must be hello")]
    HelloExpected,
    /// No such path.
    #[error("no such path")]
    NotFound,
    /// The path doesn't take this method.
    #[error("this path does not take this method")]
    MethodNotAllowed,
    /// A user name against the rules.
    #[error(transparent)]
    Username(InvalidUsername),
    /// A user name that somebody has.
    #[error("this user name is taken")]
    UsernameTaken,
    /// This relay takes no registrations.
    #[error("registration is closed here")]
    RegistrationClosed,
    /// No invitation, or one that is unknown, used up or expired.
    #[error("an invitation is needed here")]
    InvitationRequired,
    /// User name and password, or the recovery proof, are wrong.
    #[error("the user name or the secret is wrong")]
    CredentialsWrong,
    /// The ceremony is unknown or has expired.
    #[error("this ceremony has expired, start again")]
    CeremonyExpired,
    /// No token, or one that is unknown or expired.
    #[error("the session is unknown or has expired")]
    SessionExpired,
    /// The device is no longer in its account's list.
    #[error("this device has been removed from its account")]
    DeviceRevoked,
    /// No such account.
    #[error("no such account")]
    AccountUnknown,
    /// No such device.
    #[error("no such device in this account")]
    DeviceUnknown,
    /// The account has as many devices as it may.
    #[error("this account has as many devices as it may")]
    TooManyDevices,
    /// The send names an out-of-date device list.
    #[error("the device list is out of date, version {newest} is the newest")]
    DeviceListStale {
        /// The version to fetch.
        newest: u64,
    },
    /// A device list that doesn't verify or does what it may not.
    #[error("the device list is refused: {0}")]
    DeviceListRefused(&'static str),
    /// Another device changed the list meanwhile.
    #[error("the device list has changed meanwhile, version {newest} is the newest")]
    DeviceListConflict {
        /// The version to fetch.
        newest: u64,
    },
    /// An account or device id that is, or was, in use.
    #[error("this id is in use")]
    IdTaken,
    /// A signature does not verify.
    #[error("a signature does not verify")]
    SignatureInvalid,
    /// Prekeys with wrong signatures, repeated ids, or too many.
    #[error("the prekeys are refused: {0}")]
    PrekeysRefused(&'static str),
    /// The vault was changed meanwhile.
    #[error("the vault has changed meanwhile")]
    VaultConflict,
    /// The same message id with other contents.
    #[error("this message id was used for another message")]
    MessageIdReused,
    /// The recipient has too much waiting.
    #[error("the recipient has too much waiting")]
    MailboxFull,
    /// Too many requests.
    #[error("too many requests")]
    RateLimited {
        /// When to try again, in milliseconds from now.
        retry_after_ms: u64,
    },
    /// The request took too long.
    #[error("the request took too long")]
    Timeout,
    /// Another connection of this device took over.
    #[error("another connection of this device took over")]
    Displaced,
    /// The relay is going down.
    #[error("the relay is going down for a restart")]
    Draining,
    /// The store can't be written or read now.
    #[error("the relay can not store now")]
    StorageUnavailable,
    /// A bug; the text is for the log alone.
    #[error("internal error")]
    Internal(String),
}

impl Error {
    /// The code and HTTP status of this error.
    pub fn code_and_status(&self) -> (ProblemCode, u16) {
        use ProblemCode as Code;
        match self {
            Self::Malformed(_) => (Code::Malformed, 400),
            Self::MediaType => (Code::Malformed, 415),
            Self::TooLarge(_) => (Code::TooLarge, 413),
            Self::WrongFrameKind => (Code::WrongFrameKind, 400),
            Self::HelloExpected => (Code::HelloExpected, 400),
            Self::NotFound => (Code::NotFound, 404),
            Self::MethodNotAllowed => (Code::MethodNotAllowed, 405),
            Self::Username(InvalidUsername::Reserved) => (Code::UsernameReserved, 422),
            Self::Username(_) => (Code::UsernameInvalid, 422),
            Self::UsernameTaken => (Code::UsernameTaken, 409),
            Self::RegistrationClosed => (Code::RegistrationClosed, 403),
            Self::InvitationRequired => (Code::InvitationRequired, 403),
            Self::CredentialsWrong => (Code::CredentialsWrong, 401),
            Self::CeremonyExpired => (Code::CeremonyExpired, 410),
            Self::SessionExpired => (Code::SessionExpired, 401),
            Self::DeviceRevoked => (Code::DeviceRevoked, 403),
            Self::AccountUnknown => (Code::AccountUnknown, 404),
            Self::DeviceUnknown => (Code::DeviceUnknown, 404),
            Self::TooManyDevices => (Code::TooManyDevices, 409),
            Self::DeviceListStale { .. } => (Code::DeviceListStale, 409),
            Self::DeviceListRefused(_) => (Code::DeviceListRefused, 422),
            Self::DeviceListConflict { .. } => (Code::DeviceListConflict, 409),
            Self::IdTaken => (Code::IdTaken, 409),
            Self::SignatureInvalid => (Code::SignatureInvalid, 422),
            Self::PrekeysRefused(_) => (Code::PrekeysRefused, 422),
            Self::VaultConflict => (Code::VaultConflict, 409),
            Self::MessageIdReused => (Code::MessageIdReused, 409),
            Self::MailboxFull => (Code::MailboxFull, 507),
            Self::RateLimited { .. } => (Code::RateLimited, 429),
            Self::Timeout => (Code::Timeout, 408),
            Self::Displaced => (Code::Displaced, 409),
            Self::Draining => (Code::Draining, 503),
            Self::StorageUnavailable => (Code::StorageUnavailable, 503),
            Self::Internal(_) => (Code::Internal, 500),
        }
    }

    /// What a client is told.
    pub fn problem(&self) -> Problem {
        let (code, status) = self.code_and_status();
        Problem {
            code,
            title: self.to_string(),
            status,
            retry_after_ms: match self {
                Self::RateLimited { retry_after_ms } => Some(*retry_after_ms),
                Self::StorageUnavailable | Self::Draining => Some(1000),
                _ => None,
            },
            device_list: match self {
                Self::DeviceListStale { newest } | Self::DeviceListConflict { newest } => {
                    Some(*newest)
                }
                _ => None,
            },
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(reason) => {
                tracing::warn!(%reason, "the store is unavailable");
                Self::StorageUnavailable
            }
            StoreError::Conflict(conflict) => conflict.into(),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::NameTaken => Self::UsernameTaken,
            Conflict::IdTaken => Self::IdTaken,
            Conflict::DeviceList { newest } => Self::DeviceListConflict { newest },
            Conflict::Vault => Self::VaultConflict,
            Conflict::Invitation => Self::InvitationRequired,
            Conflict::AccountUnknown => Self::AccountUnknown,
            Conflict::DeviceUnknown => Self::DeviceUnknown,
            Conflict::PrekeyIds => Self::PrekeysRefused("an id was used before"),
            Conflict::PrekeysTooMany => Self::PrekeysRefused("more than are kept"),
            Conflict::MessageId => Self::MessageIdReused,
        }
    }
}
