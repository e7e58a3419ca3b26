//! Ed25519 (RFC 8032), with a label in every signed message and strict verification alone.
//!
//! ```text
//! signature = Ed25519(secret, "Sotto v1 " || label || 0x00 || message)
//! ```
//!
//! Strict: the key is canonical and not of small order (checked when it is parsed), R is canonical and not of small order,
//! and S is below the group order. So a signature has one form, and nobody can make a key under which a signature fits every message.

use ed25519_dalek::Signer;
use rand_core::CryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::labels::{Label, labelled};
use super::redacted_debug;

/// An Ed25519 secret: a seed of 32 bytes.
#[derive(ZeroizeOnDrop)]
pub struct SigningSecret(ed25519_dalek::SigningKey);
redacted_debug!(SigningSecret);

impl SigningSecret {
    /// Draws a fresh secret.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut());
        Self::from_bytes(&seed)
    }

    /// Takes 32 secret bytes as the seed. Every value is one.
    #[must_use]
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The seed's 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public key of this secret.
    #[must_use]
    pub fn public(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// Signs `message` for the purpose that `label` names.
    #[must_use]
    pub fn sign(&self, label: Label, message: &[u8]) -> Signature {
        self.sign_bare(&labelled(label.as_str(), message))
    }

    /// Signs without a label. For published vectors alone: nothing in the protocol is signed so.
    #[doc(hidden)]
    #[must_use]
    pub fn sign_bare(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

/// An Ed25519 public key: 32 bytes, canonical and not of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Parses a public key.
    ///
    /// # Errors
    /// [`InvalidVerifyingKey`] if the bytes aren't the canonical encoding of a point, or the point is of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidVerifyingKey> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes)
            .map_err(|_| InvalidVerifyingKey::NotAPoint)?;
        if key.is_weak() {
            return Err(InvalidVerifyingKey::SmallOrder);
        }
        // The library keeps the bytes as they came; only compressing the point again shows whether they are canonical.
        if key.to_edwards().compress().to_bytes() != *bytes {
            return Err(InvalidVerifyingKey::NonCanonical);
        }
        Ok(Self(key))
    }

    /// The key's 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Verifies strictly that `signature` was made over `message` for the purpose that `label` names.
    ///
    /// # Errors
    /// [`BadSignature`] if it wasn't.
    pub fn verify(
        &self,
        label: Label,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        self.verify_bare(&labelled(label.as_str(), message), signature)
    }

    /// Verifies without a label. For published vectors alone: nothing in the protocol is signed so.
    ///
    /// # Errors
    /// As [`VerifyingKey::verify`].
    #[doc(hidden)]
    pub fn verify_bare(&self, message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0
            .verify_strict(message, &signature)
            .map_err(|_| BadSignature)
    }
}

impl core::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("VerifyingKey")
            .field(self.as_bytes())
            .finish()
    }
}

/// An Ed25519 signature: 64 bytes, R then S. Nothing is known of it until it is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Takes 64 bytes as a signature; [`VerifyingKey::verify`] judges it.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The signature's 64 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// Why 32 bytes aren't an acceptable Ed25519 public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidVerifyingKey {
    /// The bytes don't decode to a point of the curve.
    #[error("not a point of the curve")]
    NotAPoint,
    /// The bytes decode to a point whose encoding is another.
    #[error("not the canonical encoding of an Ed25519 public key")]
    NonCanonical,
    /// Under such a key one signature fits almost every message.
    #[error("an Ed25519 public key of small order")]
    SmallOrder,
}

/// The signature isn't one of this key over this message for this purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature doesn't verify")]
pub struct BadSignature;
