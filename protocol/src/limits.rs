//! Numbers that both sides must know, with their reasons.

/// Fewest characters of a user name.
pub const USERNAME_MIN: usize = 3;
/// Most characters of a user name.
pub const USERNAME_MAX: usize = 32;

/// Devices per account. Every message is encrypted once for each, so a sender's work is bounded by it.
pub const DEVICES_MAX: usize = 32;

/// Bytes of a message's text (UTF-8).
pub const TEXT_MAX: usize = 64 * 1024;

/// Bytes of one envelope: the longest text, its padding (at most 12 %), handshake and header (under 8 KiB).
pub const ENVELOPE_MAX: usize = 96 * 1024;

/// Bytes of one socket frame from a client: a full set of envelopes of the longest text is split by the client into several sends.
pub const FRAME_MAX: usize = 4 * 1024 * 1024;

/// Bytes of an HTTP request's body: prekeys dominate (100 one-time KEM prekeys of 1.7 kB).
pub const BODY_MAX: usize = 1024 * 1024;

/// Bytes of a sealed vault.
pub const VAULT_MAX: usize = 64 * 1024;

/// One-time prekeys of each kind that the relay keeps for a device.
pub const ONE_TIME_PREKEYS_MAX: usize = 100;
/// Below this count the relay asks a device for more.
pub const ONE_TIME_PREKEYS_LOW: usize = 20;

/// Deliveries in flight per connection before the relay waits for an acknowledgement (RELAY rule 5).
pub const DELIVERY_WINDOW: usize = 256;
/// Bytes in flight per connection.
pub const DELIVERY_WINDOW_BYTES: usize = 1024 * 1024;

/// Envelopes that wait for a device at most; past it a device is passed by, and senders are told `mailbox_full` if that leaves none.
pub const MAILBOX_MAX: usize = 100_000;

/// Milliseconds for which an undelivered envelope is kept (45 days).
pub const ENVELOPE_TTL_MS: u64 = 45 * 24 * 60 * 60 * 1000;

/// Results of a search for people.
pub const PEOPLE_SEARCH_MAX: usize = 20;

/// Seconds that a device session's token lives.
pub const SESSION_SECONDS: u64 = 24 * 60 * 60;
