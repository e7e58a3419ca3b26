//! Everything a Sotto client does, without I/O: sessions, outbox, sync, verification (PROTOCOL.md section 9).
//!
//! `Engine::step` is deterministic: an [`host::Input`], the time and randomness go in; writes, effects and the next
//! wake-up come out. The host persists the writes atomically, and only then performs the effects, in order.
//!
//! - [`api`]: what a user interface asks and is told; TypeScript definitions are generated from it
//! - [`host`]: what the engine asks of its host

pub mod api;
pub mod host;
