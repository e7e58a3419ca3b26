//! Signed prekeys: X25519, rotated every few days (`docs/PROTOCOL.md`, section 4.1).
//!
//! ```text
//! public  id u32 || key(32) || signature(64)                                              100 bytes
//! secret  version u8 || id u32 || created at u64 || secret(32) || signature(64)           109 bytes
//! ```

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{PrekeyError, signed_bytes};
use crate::identity::{DeviceKeys, DeviceSecret};
use crate::layout::{Reader, Writer};
use crate::primitives::dh::{DhPublic, DhSecret};
use crate::primitives::labels::Label;
use crate::primitives::redacted_debug;
use crate::primitives::signature::Signature;

/// Length of an encoded [`SignedPrekey`].
pub const SIGNED_PREKEY_LEN: usize = 100;
/// Length of a stored [`SignedPrekeySecret`].
pub const SIGNED_PREKEY_SECRET_LEN: usize = 109;

const VERSION: u8 = 1;

/// The public half of a signed prekey. [`SignedPrekey::verify`] says whether the signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedPrekey {
    /// The device's number for this key. Never used twice.
    pub id: u32,
    /// The X25519 key.
    pub key: DhPublic,
    /// The device's signature.
    pub signature: Signature,
}

impl SignedPrekey {
    /// The prekey's 100 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; SIGNED_PREKEY_LEN] {
        let mut out = [0; SIGNED_PREKEY_LEN];
        let (id, rest) = out.split_at_mut(4);
        let (key, signature) = rest.split_at_mut(32);
        id.copy_from_slice(&self.id.to_be_bytes());
        key.copy_from_slice(self.key.as_bytes());
        signature.copy_from_slice(self.signature.as_bytes());
        out
    }

    /// Parses 100 bytes.
    ///
    /// # Errors
    /// [`PrekeyError::Malformed`] for another length, [`PrekeyError::InvalidKey`] for a key that [`DhPublic`] refuses.
    pub fn decode(bytes: &[u8]) -> Result<Self, PrekeyError> {
        let mut reader = Reader::new(bytes);
        let id = reader.u32()?;
        let key = DhPublic::from_bytes(reader.array()?).map_err(|_| PrekeyError::InvalidKey)?;
        let signature = Signature::from_bytes(reader.array()?);
        reader.finish()?;
        Ok(Self { id, key, signature })
    }

    /// Verifies that `device` signed this prekey.
    ///
    /// # Errors
    /// [`PrekeyError::BadSignedPrekey`] if it didn't.
    pub fn verify(&self, device: &DeviceKeys) -> Result<(), PrekeyError> {
        let message = signed_bytes(self.id, self.key.as_bytes(), device);
        device
            .signing
            .verify(Label::SignedPrekey, &message, &self.signature)
            .map_err(|_| PrekeyError::BadSignedPrekey)
    }
}

/// A signed prekey with its secret half.
pub struct SignedPrekeySecret {
    id: u32,
    created_at: u64,
    secret: DhSecret,
    public: DhPublic,
    signature: Signature,
}
redacted_debug!(SignedPrekeySecret);

impl SignedPrekeySecret {
    /// Draws a prekey and signs it. `created_at` is in milliseconds since the Unix epoch and stays with the device.
    #[must_use]
    pub fn generate(
        rng: &mut (impl CryptoRng + ?Sized),
        device: &DeviceSecret,
        id: u32,
        created_at: u64,
    ) -> Self {
        let secret = DhSecret::generate(rng);
        let public = secret.public();
        let message = signed_bytes(id, public.as_bytes(), &device.public());
        Self {
            id,
            created_at,
            signature: device.sign(Label::SignedPrekey, &message),
            secret,
            public,
        }
    }

    /// The prekey's number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// When it was made, in milliseconds since the Unix epoch.
    #[must_use]
    pub const fn created_at(&self) -> u64 {
        self.created_at
    }

    /// The public half, to be uploaded once this half is durable.
    #[must_use]
    pub const fn public(&self) -> SignedPrekey {
        SignedPrekey {
            id: self.id,
            key: self.public,
            signature: self.signature,
        }
    }

    /// The stored form: 109 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<alloc::vec::Vec<u8>> {
        let mut out = Writer::with_capacity(SIGNED_PREKEY_SECRET_LEN);
        out.u8(VERSION);
        out.u32(self.id);
        out.u64(self.created_at);
        out.bytes(self.secret.to_bytes().as_slice());
        out.bytes(self.signature.as_bytes());
        out.finish()
    }

    /// Restores what [`SignedPrekeySecret::to_bytes`] stored.
    ///
    /// # Errors
    /// [`PrekeyError::Malformed`] if the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PrekeyError> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(PrekeyError::Malformed);
        }
        let id = reader.u32()?;
        let created_at = reader.u64()?;
        let secret = DhSecret::from_bytes(reader.array()?);
        let signature = Signature::from_bytes(reader.array()?);
        reader.finish()?;
        Ok(Self {
            id,
            created_at,
            public: secret.public(),
            secret,
            signature,
        })
    }

    pub(crate) const fn secret(&self) -> &DhSecret {
        &self.secret
    }
}
