//! One-time prekeys: X25519, each given out once (`docs/PROTOCOL.md`, section 4.1).
//!
//! ```text
//! public  id u32 || key(32)                       36 bytes
//! secret  version u8 || id u32 || secret(32)      37 bytes
//! ```

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::PrekeyError;
use crate::layout::{Reader, Writer};
use crate::primitives::dh::{DhPublic, DhSecret};
use crate::primitives::redacted_debug;

/// Length of an encoded [`OneTimePrekey`].
pub const ONE_TIME_PREKEY_LEN: usize = 36;
/// Length of a stored [`OneTimePrekeySecret`].
pub const ONE_TIME_PREKEY_SECRET_LEN: usize = 37;

const VERSION: u8 = 1;

/// The public half of a one-time prekey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimePrekey {
    /// The device's number for this key. Never used twice.
    pub id: u32,
    /// The X25519 key.
    pub key: DhPublic,
}

impl OneTimePrekey {
    /// The prekey's 36 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; ONE_TIME_PREKEY_LEN] {
        let mut out = [0; ONE_TIME_PREKEY_LEN];
        let (id, key) = out.split_at_mut(4);
        id.copy_from_slice(&self.id.to_be_bytes());
        key.copy_from_slice(self.key.as_bytes());
        out
    }

    /// Parses 36 bytes.
    ///
    /// # Errors
    /// [`PrekeyError::Malformed`] for another length, [`PrekeyError::InvalidKey`] for a key that [`DhPublic`] refuses.
    pub fn decode(bytes: &[u8]) -> Result<Self, PrekeyError> {
        let mut reader = Reader::new(bytes);
        let id = reader.u32()?;
        let key = DhPublic::from_bytes(reader.array()?).map_err(|_| PrekeyError::InvalidKey)?;
        reader.finish()?;
        Ok(Self { id, key })
    }
}

/// A one-time prekey with its secret half. Destroyed once a message that used it has been read.
pub struct OneTimePrekeySecret {
    id: u32,
    secret: DhSecret,
    public: DhPublic,
}
redacted_debug!(OneTimePrekeySecret);

impl OneTimePrekeySecret {
    /// Draws a prekey.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized), id: u32) -> Self {
        let secret = DhSecret::generate(rng);
        Self {
            id,
            public: secret.public(),
            secret,
        }
    }

    /// The prekey's number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The public half, to be uploaded once this half is durable.
    #[must_use]
    pub const fn public(&self) -> OneTimePrekey {
        OneTimePrekey {
            id: self.id,
            key: self.public,
        }
    }

    /// The stored form: 37 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<alloc::vec::Vec<u8>> {
        let mut out = Writer::with_capacity(ONE_TIME_PREKEY_SECRET_LEN);
        out.u8(VERSION);
        out.u32(self.id);
        out.bytes(self.secret.to_bytes().as_slice());
        out.finish()
    }

    /// Restores what [`OneTimePrekeySecret::to_bytes`] stored.
    ///
    /// # Errors
    /// [`PrekeyError::Malformed`] if the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PrekeyError> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(PrekeyError::Malformed);
        }
        let id = reader.u32()?;
        let secret = DhSecret::from_bytes(reader.array()?);
        reader.finish()?;
        Ok(Self {
            id,
            public: secret.public(),
            secret,
        })
    }

    pub(crate) const fn secret(&self) -> &DhSecret {
        &self.secret
    }
}
