//! The limits of both ratchets, with their reasons (`docs/PROTOCOL.md`, section 5.7).

/// The most message keys that one message may skip, over all chains that it touches.
///
/// A skipped key costs two HMACs, so the costliest message costs about a millisecond. Only the other side of the session can
/// cause that: the counters are authenticated before they are believed.
pub const MAX_SKIP: u32 = 2_000;

/// The most skipped message keys that each ratchet keeps. When there would be more, the oldest go first.
pub const MAX_SKIPPED_KEYS: usize = 2_000;

/// How long a skipped message key is kept: 14 days, in milliseconds.
///
/// A key is skipped when a *later* message has arrived, and a relay delivers in order. So this bounds how long a lost message
/// stays readable to a thief of the state, not how long a device may be offline.
pub const MAX_SKIPPED_AGE_MS: u64 = 14 * 24 * 60 * 60 * 1_000;

/// The most receiving chains of the past whose header keys are kept, since each costs an attempt at every unknown header.
pub const MAX_CLOSED_CHAINS: usize = 100;

/// How many of the latest closed chains are kept although none of their keys is missing, so that a replay from them is
/// recognised as one and doesn't look like a message of an unknown session.
pub const REMEMBERED_CHAINS: usize = 4;
