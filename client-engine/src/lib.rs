//! Everything a Sotto client does, without I/O: sessions, outbox, sync, verification (PROTOCOL.md section 9).
//!
//! `Engine::step` is deterministic: an [`host::Input`], the time and randomness go in; writes, effects and the next
//! wake-up come out. The host persists the writes atomically, and only then performs the effects, in order.
//!
//! - [`api`]: what a user interface asks and is told; TypeScript definitions are generated from it
//! - [`host`]: what the engine asks of its host

//! - [`Engine`]: the two together
//!
//! Inside: `engine` dispatches; `account` is how one gets in; `home` is what somebody who is signed in has, with `people`,
//! `messages` and `sessions`; `connection` and `requests` are the ways to the relay; `storage` names the rows.

pub mod api;
pub mod host;

mod account;
mod commands;
mod connection;
mod engine;
mod home;
mod markdown;
mod messages;
mod people;
mod requests;
mod sessions;
mod storage;
mod turn;

pub use engine::Engine;
