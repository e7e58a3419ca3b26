//! The Sotto relay (PROTOCOL.md sections 7 and 8): it stores and forwards ciphertext and public keys, and holds nothing that decrypts anything.
//!
//! ```text
//! http, ws  →  domain  ←  store, bus
//! ```
//!
//! - [`domain`]: what the relay does, told in its own words; knows neither HTTP nor SQLite
//! - [`http`]: the HTTP API, the web client's files, documents to read
//! - [`ws`]: the socket
//! - [`store`]: traits of what is kept, and their backends
//! - [`bus`][crate::bus]: wake-ups
//! - [`config`]: options of the command line, the environment and a file
//! - [`app`]: puts the parts together; with `main` the only place that names a backend

pub mod app;
pub mod bus;
pub mod config;
pub mod domain;
pub mod http;
pub mod store;
pub mod ws;
