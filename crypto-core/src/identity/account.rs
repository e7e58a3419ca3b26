//! The account identity key: Ed25519, made in the browser at registration (`docs/PROTOCOL.md`, section 2.2).

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::primitives::labels::Label;
use crate::primitives::redacted_debug;
use crate::primitives::signature::{
    BadSignature, InvalidVerifyingKey, Signature, SigningSecret, VerifyingKey,
};

/// The private half of an account's identity: 32 bytes. It leaves a device only inside the vault.
pub struct AccountSecret(SigningSecret);
redacted_debug!(AccountSecret);

impl AccountSecret {
    /// Draws a fresh identity.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(SigningSecret::generate(rng))
    }

    /// Takes 32 secret bytes as the Ed25519 seed.
    #[must_use]
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningSecret::from_bytes(seed))
    }

    /// The seed's 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.to_bytes()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> AccountKey {
        AccountKey(self.0.public())
    }

    /// Private to this module: an account key signs certificates and device lists, and nothing else.
    pub(super) fn sign(&self, label: Label, message: &[u8]) -> Signature {
        self.0.sign(label, message)
    }
}

/// The public half of an account's identity: 32 bytes. This is what people verify of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountKey(VerifyingKey);

impl AccountKey {
    /// Parses an account key.
    ///
    /// # Errors
    /// [`InvalidVerifyingKey`] if the bytes aren't a canonical Ed25519 key of full order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidVerifyingKey> {
        VerifyingKey::from_bytes(bytes).map(Self)
    }

    /// The key's 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    pub(super) fn verify(
        &self,
        label: Label,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        self.0.verify(label, message, signature)
    }
}
