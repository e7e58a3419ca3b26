//! Sotto's cryptographic protocol: bytes, keys and randomness in, values out (`docs/PROTOCOL.md`, sections 1 to 5).
//!
//! - [`primitives`]: one wrapper per primitive, each with the checks that its standard leaves to the caller;
//! - [`identity`]: accounts, devices, and the signed structures that tie the one to the other;
//! - [`safety_number`]: what two people compare to know that they hold each other's true keys;
//! - [`vault`] and [`recovery_key`]: the account's secrets, stored by a server that can't read them, and the ways back in;
//! - [`prekey`] and [`session`]: the handshake that begins a conversation of two devices, and the conversation itself;
//! - [`ratchet`]: what gives every message of a session a key of its own;
//! - [`padding`]: the sizes that plaintexts are brought to before they are encrypted.
//!
//! This crate has no I/O, no clock and no source of randomness: `now` and `rng` come in from the caller.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod identity;
mod layout;
pub mod padding;
pub mod prekey;
pub mod primitives;
pub mod ratchet;
pub mod recovery_key;
pub mod safety_number;
pub mod session;
pub mod vault;
