//! KEM prekeys: ML-KEM-1024, given out once, or the last resort when those have run out (`docs/PROTOCOL.md`, section 4.1).
//!
//! ```text
//! public  kind u8 || id u32 || key(1568) || signature(64)                     1637 bytes
//! secret  version u8 || kind u8 || id u32 || seed(64) || signature(64)         134 bytes
//! ```

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{PrekeyError, signed_bytes};
use crate::identity::{DeviceKeys, DeviceSecret};
use crate::layout::{Reader, Writer};
use crate::primitives::kem::{DecapsulationKey, EncapsulationKey, Kem, Kem1024};
use crate::primitives::labels::Label;
use crate::primitives::redacted_debug;
use crate::primitives::signature::Signature;

/// Length of an encoded [`KemPrekey`].
pub const KEM_PREKEY_LEN: usize = 1 + 4 + 1568 + 64;
/// Length of a stored [`KemPrekeySecret`].
pub const KEM_PREKEY_SECRET_LEN: usize = 134;

const VERSION: u8 = 1;

/// What a KEM prekey is for. The signature binds it, so that a server can't hand out a last resort as if it were used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KemPrekeyKind {
    /// Given out once. Encoded as 1.
    OneTime,
    /// Given out when no one-time key is left, until it is rotated. Encoded as 2.
    LastResort,
}

impl KemPrekeyKind {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::OneTime => 1,
            Self::LastResort => 2,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::OneTime),
            2 => Some(Self::LastResort),
            _ => None,
        }
    }

    const fn label(self) -> Label {
        match self {
            Self::OneTime => Label::OneTimeKemPrekey,
            Self::LastResort => Label::LastResortKemPrekey,
        }
    }
}

/// The public half of a KEM prekey. [`KemPrekey::verify`] says whether the signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KemPrekey {
    /// The device's number for this key. Never used twice, in either kind.
    pub id: u32,
    /// What it is for.
    pub kind: KemPrekeyKind,
    /// The ML-KEM-1024 key.
    pub key: EncapsulationKey<Kem1024>,
    /// The device's signature.
    pub signature: Signature,
}

impl KemPrekey {
    /// The prekey's 1637 bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(KEM_PREKEY_LEN);
        out.push(self.kind.code());
        out.extend_from_slice(&self.id.to_be_bytes());
        out.extend_from_slice(self.key.as_bytes());
        out.extend_from_slice(self.signature.as_bytes());
        out
    }

    /// Parses 1637 bytes.
    ///
    /// # Errors
    /// [`PrekeyError::Malformed`] for another length or kind, [`PrekeyError::InvalidKey`] for a key out of FIPS 203's range.
    pub fn decode(bytes: &[u8]) -> Result<Self, PrekeyError> {
        let mut reader = Reader::new(bytes);
        let kind = KemPrekeyKind::from_code(reader.u8()?).ok_or(PrekeyError::Malformed)?;
        let id = reader.u32()?;
        let key = reader.bytes(Kem1024::ENCAPSULATION_KEY_LEN)?;
        let signature = Signature::from_bytes(reader.array()?);
        reader.finish()?;
        let key = EncapsulationKey::from_bytes(key).map_err(|_| PrekeyError::InvalidKey)?;
        Ok(Self {
            id,
            kind,
            key,
            signature,
        })
    }

    /// Verifies that `device` signed this prekey for its kind of use.
    ///
    /// # Errors
    /// [`PrekeyError::BadKemPrekey`] if it didn't.
    pub fn verify(&self, device: &DeviceKeys) -> Result<(), PrekeyError> {
        let message = signed_bytes(self.id, self.key.as_bytes(), device);
        device
            .signing
            .verify(self.kind.label(), &message, &self.signature)
            .map_err(|_| PrekeyError::BadKemPrekey)
    }
}

/// A KEM prekey with its secret half. A one-time one is destroyed once a message that used it has been read.
pub struct KemPrekeySecret {
    id: u32,
    kind: KemPrekeyKind,
    secret: DecapsulationKey<Kem1024>,
    signature: Signature,
}
redacted_debug!(KemPrekeySecret);

impl KemPrekeySecret {
    /// Draws a prekey and signs it.
    #[must_use]
    pub fn generate(
        rng: &mut (impl CryptoRng + ?Sized),
        device: &DeviceSecret,
        id: u32,
        kind: KemPrekeyKind,
    ) -> Self {
        let secret = DecapsulationKey::generate(rng);
        let key = secret.encapsulation_key().as_bytes();
        let message = signed_bytes(id, key, &device.public());
        Self {
            id,
            kind,
            signature: device.sign(kind.label(), &message),
            secret,
        }
    }

    /// The prekey's number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> KemPrekeyKind {
        self.kind
    }

    /// The public half, to be uploaded once this half is durable.
    #[must_use]
    pub fn public(&self) -> KemPrekey {
        KemPrekey {
            id: self.id,
            kind: self.kind,
            key: self.secret.encapsulation_key().clone(),
            signature: self.signature,
        }
    }

    /// The stored form: 134 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::with_capacity(KEM_PREKEY_SECRET_LEN);
        out.u8(VERSION);
        out.u8(self.kind.code());
        out.u32(self.id);
        out.bytes(self.secret.to_bytes().as_slice());
        out.bytes(self.signature.as_bytes());
        out.finish()
    }

    /// Restores what [`KemPrekeySecret::to_bytes`] stored.
    ///
    /// # Errors
    /// [`PrekeyError::Malformed`] if the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PrekeyError> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(PrekeyError::Malformed);
        }
        let kind = KemPrekeyKind::from_code(reader.u8()?).ok_or(PrekeyError::Malformed)?;
        let id = reader.u32()?;
        let seed = Zeroizing::new(reader.array()?);
        let signature = Signature::from_bytes(reader.array()?);
        reader.finish()?;
        Ok(Self {
            id,
            kind,
            secret: DecapsulationKey::from_seed(&seed),
            signature,
        })
    }

    pub(crate) const fn secret(&self) -> &DecapsulationKey<Kem1024> {
        &self.secret
    }
}
