//! Typed errors (RFC 9457, `application/problem+json`), the same over HTTP and in socket frames.

use serde::{Deserialize, Serialize};

/// What went wrong, as a code that a client matches on and puts into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[non_exhaustive]
pub enum ProblemCode {
    /// The body or frame is not what the endpoint takes: malformed JSON or CBOR, a missing field, an unknown frame.
    Malformed,
    /// A body, frame or field over its limit.
    TooLarge,
    /// Text where binary is due, or the other way round.
    WrongFrameKind,
    /// The first frame of a socket must be `hello`.
    HelloExpected,
    /// No such path.
    NotFound,
    /// The path doesn't take this method.
    MethodNotAllowed,
    /// A user name against the rules.
    UsernameInvalid,
    /// A user name that could be taken for the relay or its operator.
    UsernameReserved,
    /// A user name that somebody has.
    UsernameTaken,
    /// This relay takes no registrations.
    RegistrationClosed,
    /// This relay wants an invitation, or the given one is unknown, used up or expired.
    InvitationRequired,
    /// User name or password is wrong (deliberately not said which), or the recovery proof is.
    CredentialsWrong,
    /// The ceremony (registration, login, recovery) is unknown or has expired; start again.
    CeremonyExpired,
    /// No token, or one that is unknown or expired: get a new one by the device's signature.
    SessionExpired,
    /// The device is no longer in its account's device list.
    DeviceRevoked,
    /// No such account.
    AccountUnknown,
    /// No such device in that account.
    DeviceUnknown,
    /// The account has as many devices as it may.
    TooManyDevices,
    /// The send names an out-of-date device list; `device_list` says which version to fetch.
    DeviceListStale,
    /// A new device list does not follow the stored one, or is not signed by the account key.
    DeviceListRefused,
    /// Another device changed the list meanwhile: fetch from `device_list`, sign the next one, try again.
    DeviceListConflict,
    /// An account or device id that is, or was, in use: make another.
    IdTaken,
    /// A signature does not verify.
    SignatureInvalid,
    /// Prekeys with wrong signatures, repeated ids, or too many.
    PrekeysRefused,
    /// The vault was changed meanwhile: fetch, merge, try again.
    VaultConflict,
    /// The same message id with other contents.
    MessageIdReused,
    /// The recipient has too much waiting.
    MailboxFull,
    /// Too many requests; `retry_after_ms` says when to try again.
    RateLimited,
    /// The request took too long to arrive or to answer.
    Timeout,
    /// Another connection of this device took over.
    Displaced,
    /// The relay is going down for a restart; reconnect.
    Draining,
    /// The relay can't store now (disk full, database locked); try again.
    StorageUnavailable,
    /// A bug in the relay.
    Internal,
}

/// A typed error. Over HTTP it is the body, with media type `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
pub struct Problem {
    /// What went wrong.
    pub code: ProblemCode,
    /// One plain sentence in English, for people who read traffic; clients use their own words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// When to try again, in milliseconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The version of the device list to fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_list: Option<u64>,
}
