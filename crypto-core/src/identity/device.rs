//! A device's two key pairs, one to sign and one to agree (`docs/PROTOCOL.md`, section 2.3).
//!
//! They are separate keys, so that no proof about the one has to reckon with uses of the other.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::primitives::dh::{DhPublic, DhSecret};
use crate::primitives::labels::Label;
use crate::primitives::redacted_debug;
use crate::primitives::signature::{Signature, SigningSecret, VerifyingKey};

/// Length of a device's secrets as they are stored: Ed25519 seed, then X25519 secret.
pub const DEVICE_SECRET_LEN: usize = 64;

/// The private keys of a device. They never leave the browser that made them.
pub struct DeviceSecret {
    signing: SigningSecret,
    agreement: DhSecret,
}
redacted_debug!(DeviceSecret);

impl DeviceSecret {
    /// Draws the keys of a fresh device.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self {
            signing: SigningSecret::generate(rng),
            agreement: DhSecret::generate(rng),
        }
    }

    /// Takes 64 secret bytes: Ed25519 seed, then X25519 secret. Every value is a pair of keys.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; DEVICE_SECRET_LEN]) -> Self {
        let (mut seed, mut agreement) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        let (first, second) = bytes.split_at(32);
        seed.copy_from_slice(first);
        agreement.copy_from_slice(second);
        Self {
            signing: SigningSecret::from_bytes(&seed),
            agreement: DhSecret::from_bytes(*agreement),
        }
    }

    /// The 64 bytes that [`DeviceSecret::from_bytes`] takes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; DEVICE_SECRET_LEN]> {
        let mut bytes = Zeroizing::new([0; DEVICE_SECRET_LEN]);
        let (first, second) = bytes.split_at_mut(32);
        first.copy_from_slice(self.signing.to_bytes().as_ref());
        second.copy_from_slice(self.agreement.to_bytes().as_ref());
        bytes
    }

    /// The public keys, as they stand in the device's certificate.
    #[must_use]
    pub fn public(&self) -> DeviceKeys {
        DeviceKeys {
            signing: self.signing.public(),
            agreement: self.agreement.public(),
        }
    }

    /// Signs the server's challenge, which proves that this device is asking.
    #[must_use]
    pub fn sign_challenge(&self, challenge: &[u8]) -> Signature {
        self.sign(Label::DeviceChallenge, challenge)
    }

    /// Signs `message` for the purpose that `label` names.
    pub(crate) fn sign(&self, label: Label, message: &[u8]) -> Signature {
        self.signing.sign(label, message)
    }

    /// The X25519 secret, for the handshake.
    pub(crate) const fn agreement(&self) -> &DhSecret {
        &self.agreement
    }
}

/// The public keys of a device: what its certificate certifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceKeys {
    /// Ed25519: signs prekeys and the server's challenges.
    pub signing: VerifyingKey,
    /// X25519: the identity key of the handshake.
    pub agreement: DhPublic,
}

impl DeviceKeys {
    /// Verifies an answer to a challenge, made by [`DeviceSecret::sign_challenge`].
    ///
    /// # Errors
    /// [`BadSignature`](crate::primitives::signature::BadSignature) if this device didn't sign this challenge.
    pub fn verify_challenge(
        &self,
        challenge: &[u8],
        answer: &Signature,
    ) -> Result<(), crate::primitives::signature::BadSignature> {
        self.signing
            .verify(Label::DeviceChallenge, challenge, answer)
    }
}
