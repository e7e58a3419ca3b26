//! Password authentication with OPAQUE (RFC 9807), as in section 3 of the protocol: both halves, bytes in and out.
//!
//! ```text
//! registration   client                       server
//!                start(password)  ──request─▶ server_registration_response
//!                finish           ◀─response─
//!                                 ──upload──▶ server_registration_record  ⇒ record, kept with its credential id
//! login          start(password)  ──request─▶ server_login_start(record or None)
//!                finish           ◀─response─
//!                                 ─finalize─▶ server_login_finish  ⇒ the same session key on both sides
//! ```
//!
//! The server never holds anything from which the password can be tried without its own [`ServerSetup`], and each
//! registration gives the client an *export key* that the server can't know, which wraps the vault.
//!
//! The configuration is RFC 9807's recommended one: OPAQUE-3DH over ristretto255 with SHA-512, and Argon2id (64 MiB,
//! 3 passes, 1 lane, 16 zero bytes of salt, as the RFC has it) as the key stretching function, which runs on the client.
//! The context is `Sotto v1`; the identities are the case-folded user name and `sotto`.
//!
//! Not concerned with: transport, storage, rate limits, and what a session key is good for.
//!
//! `opaque-ke` belongs to an older generation of the RustCrypto crates. It stays in here: this crate's interface has
//! byte strings only, and it draws its randomness from the system itself.

mod client;
mod error;
mod randomness;
mod server;
mod suite;

pub use client::{ClientLogin, ClientRegistration, LoggedIn, Registered};
pub use error::OpaqueError;
pub use server::{
    ServerLogin, ServerSetup, server_login_finish, server_login_start, server_registration_record,
    server_registration_response,
};
pub use suite::{
    EXPORT_KEY_BYTES, LOGIN_FINALIZATION_BYTES, LOGIN_REQUEST_BYTES, LOGIN_RESPONSE_BYTES,
    RECORD_BYTES, REGISTRATION_REQUEST_BYTES, REGISTRATION_RESPONSE_BYTES,
    REGISTRATION_UPLOAD_BYTES, SERVER_SETUP_BYTES, SESSION_KEY_BYTES,
};
