//! Prekeys: the public keys that a device leaves with the server, so that it can be written to while it is away (`docs/PROTOCOL.md`, section 4.1).
//!
//! ```text
//! signed prekey     X25519, rotated                  signed by the device
//! one-time prekey   X25519, used once                unsigned: a false one can only prevent, never read
//! KEM prekey        ML-KEM-1024, used once,          signed by the device, and its signature says which of the two it is
//!                   or the last resort, rotated
//! ```
//!
//! Not concerned with storing them, or with when to make new ones.

mod bundle;
mod kem;
mod one_time;
mod signed;

pub use bundle::{PrekeyBundle, verify_prekeys};
pub use kem::{KEM_PREKEY_LEN, KEM_PREKEY_SECRET_LEN, KemPrekey, KemPrekeyKind, KemPrekeySecret};
pub use one_time::{
    ONE_TIME_PREKEY_LEN, ONE_TIME_PREKEY_SECRET_LEN, OneTimePrekey, OneTimePrekeySecret,
};
pub use signed::{SIGNED_PREKEY_LEN, SIGNED_PREKEY_SECRET_LEN, SignedPrekey, SignedPrekeySecret};

use alloc::vec::Vec;

use crate::identity::DeviceKeys;
use crate::layout::Malformed;

/// Why bytes aren't a prekey, or a prekey isn't acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrekeyError {
    /// The bytes aren't in the layout of this prekey.
    #[error("not in the layout of a prekey")]
    Malformed,
    /// The key inside isn't a valid public key.
    #[error("the prekey's key is invalid")]
    InvalidKey,
    /// The signed prekey isn't signed by the device.
    #[error("the signed prekey is not signed by the device")]
    BadSignedPrekey,
    /// The KEM prekey isn't signed by the device, or is signed for the other use.
    #[error("the KEM prekey is not signed by the device for this use")]
    BadKemPrekey,
}

impl From<Malformed> for PrekeyError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// What a device signs for a prekey: `id u32 || key || device's signing key(32) || device's agreement key(32)`.
fn signed_bytes(id: u32, key: &[u8], device: &DeviceKeys) -> Vec<u8> {
    let mut out = Vec::with_capacity(4 + key.len() + 64);
    out.extend_from_slice(&id.to_be_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(device.signing.as_bytes());
    out.extend_from_slice(device.agreement.as_bytes());
    out
}
