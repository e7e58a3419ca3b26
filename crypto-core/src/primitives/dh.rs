//! X25519 (RFC 7748, section 5): the one Diffie-Hellman wrapper.
//!
//! ```text
//! shared = X25519(secret, public), refused if zero
//! ```
//!
//! Stricter than RFC 7748, which takes every 32 bytes as a public key: a key must be the canonical encoding of its coordinate
//! (so that one key has one encoding, and comparing bytes compares keys) and must not be of small order (so that nobody can
//! force a result that everybody knows).

use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::redacted_debug;

/// A Diffie-Hellman secret: 32 bytes, clamped when used.
#[derive(ZeroizeOnDrop)]
pub struct DhSecret(StaticSecret);
redacted_debug!(DhSecret);

impl DhSecret {
    /// Draws a fresh secret.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut());
        Self(StaticSecret::from(*bytes))
    }

    /// Takes 32 secret bytes as a secret. Every value is one.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(StaticSecret::from(bytes))
    }

    /// The secret's 32 bytes, as they were given to [`DhSecret::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public key of this secret.
    #[must_use]
    pub fn public(&self) -> DhPublic {
        DhPublic(PublicKey::from(&self.0).to_bytes())
    }

    /// What this secret shares with the holder of `theirs`.
    ///
    /// # Errors
    /// [`NonContributory`] if the result is all zeros. [`DhPublic`] can't hold a key for which it would be; this is checked
    /// all the same, as RFC 7748, section 6.1 asks.
    pub fn agree(&self, theirs: &DhPublic) -> Result<SharedSecret, NonContributory> {
        let shared = self.0.diffie_hellman(&PublicKey::from(theirs.0));
        if shared.was_contributory() {
            Ok(SharedSecret(shared.to_bytes()))
        } else {
            Err(NonContributory)
        }
    }
}

/// A Diffie-Hellman public key: 32 bytes, canonical and not of small order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DhPublic([u8; 32]);

impl DhPublic {
    /// Parses a public key.
    ///
    /// # Errors
    /// [`InvalidDhPublic`] if the bytes aren't a coordinate below 2^255 − 19, or are a point of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, InvalidDhPublic> {
        if !is_below_prime(&bytes) {
            return Err(InvalidDhPublic::NonCanonical);
        }
        if SMALL_ORDER.contains(&bytes) {
            return Err(InvalidDhPublic::SmallOrder);
        }
        Ok(Self(bytes))
    }

    /// The key's 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The result of an agreement: 32 bytes, not uniform, to be put through a KDF.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret([u8; 32]);
redacted_debug!(SharedSecret);

impl SharedSecret {
    /// The shared 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The agreement yielded zeros: the other's key contributed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the other side's key contributes nothing to the agreement")]
pub struct NonContributory;

/// Why 32 bytes aren't an acceptable X25519 public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDhPublic {
    /// The top bit is set, or the coordinate is 2^255 − 19 or more.
    #[error("not the canonical encoding of an X25519 public key")]
    NonCanonical,
    /// Every agreement with this key would yield zeros.
    #[error("an X25519 public key of small order")]
    SmallOrder,
}

/// Whether the little-endian number is below p = 2^255 − 19. Public keys aren't secret, so this may take varying time.
fn is_below_prime(bytes: &[u8; 32]) -> bool {
    // p is 0xed, thirty times 0xff, 0x7f.
    let [low, middle @ .., high] = bytes;
    *high < 0x7f || (*high == 0x7f && (middle.iter().any(|byte| *byte != 0xff) || *low < 0xed))
}

/// The canonical coordinates of order 1, 2, 4 or 8, on the curve and on its twist.
const SMALL_ORDER: [[u8; 32]; 5] = [
    // 0: order 4 (and 1).
    [0; 32],
    // 1: order 4.
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    // 325606250916557431795983626356110631294008115727848805560023387167927233504: order 8.
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ],
    // 39382357235489614581723060781553021112529911719440698176882885853963445705823: order 8.
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ],
    // p − 1: order 2.
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    /// No such key passes `DhPublic::from_bytes`; the second line of defence holds without the first.
    #[test]
    fn agreement_refuses_keys_of_small_order_that_were_not_parsed() {
        let secret = DhSecret::from_bytes([0x55; 32]);
        for point in SMALL_ORDER {
            assert_eq!(secret.agree(&DhPublic(point)).err(), Some(NonContributory));
        }
    }
}
