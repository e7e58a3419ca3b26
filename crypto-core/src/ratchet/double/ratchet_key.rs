//! The ratchets' X25519 keys (Double Ratchet, section 2.2): `DHs`, which is ours and secret, and `DHr`, which is theirs.

use rand_core::CryptoRng;

use crate::primitives::dh::{DhPublic, DhSecret, InvalidDhPublic, NonContributory, SharedSecret};

/// Our current ratchet key pair (`DHs`).
#[derive(Debug)]
pub struct OurRatchetKey {
    secret: DhSecret,
    public: DhPublic,
}

impl OurRatchetKey {
    /// Draws a fresh key pair (`GENERATE_DH`).
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self::from_secret(DhSecret::generate(rng))
    }

    /// Takes a key pair that exists: the responder's signed prekey is its first ratchet key.
    #[must_use]
    pub fn from_secret(secret: DhSecret) -> Self {
        Self {
            public: secret.public(),
            secret,
        }
    }

    /// The public half, as it goes into headers.
    #[must_use]
    pub const fn public(&self) -> &DhPublic {
        &self.public
    }

    pub(super) const fn secret(&self) -> &DhSecret {
        &self.secret
    }

    /// `DH(DHs, DHr)`.
    pub(super) fn agree(&self, theirs: &TheirRatchetKey) -> Result<SharedSecret, NonContributory> {
        self.secret.agree(&theirs.0)
    }
}

/// The other side's current ratchet key (`DHr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TheirRatchetKey(DhPublic);

impl TheirRatchetKey {
    /// Takes a public key as the other side's.
    #[must_use]
    pub const fn new(public: DhPublic) -> Self {
        Self(public)
    }

    /// Parses 32 bytes.
    ///
    /// # Errors
    /// [`InvalidDhPublic`] if they aren't canonical, or are a point of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, InvalidDhPublic> {
        DhPublic::from_bytes(bytes).map(Self)
    }

    /// The key's 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}
