//! The post-quantum ratchet's chains, one per direction and epoch, each direction a type of its own (Double Ratchet, section 5.2).
//!
//! ```text
//! message key = HMAC(CK, 0x01)    CK = HMAC(CK, 0x02)
//! ```

use zeroize::Zeroizing;

use super::message_key::PqMessageKey;
use crate::primitives::kdf::hmac_sha256_each;
use crate::ratchet::secret::secret_key;

secret_key! {
    /// The key of our sending chain in one epoch.
    SendingChainKey;
    /// The key of the other side's chain in one epoch.
    ReceivingChainKey;
}

impl SendingChainKey {
    /// The key after this, and the message key between.
    pub(super) fn step(&self) -> (Self, PqMessageKey) {
        let (chain, message) = step(&self.0);
        (Self(*chain), message)
    }

    pub(super) const fn copy(&self) -> Self {
        Self(self.0)
    }
}

impl ReceivingChainKey {
    /// The key after this, and the message key between.
    pub(super) fn step(&self) -> (Self, PqMessageKey) {
        let (chain, message) = step(&self.0);
        (Self(*chain), message)
    }

    pub(super) const fn copy(&self) -> Self {
        Self(self.0)
    }
}

fn step(key: &[u8; 32]) -> (Zeroizing<[u8; 32]>, PqMessageKey) {
    let [message, chain] = hmac_sha256_each(key, [&[1], &[2]]).map(Zeroizing::new);
    (chain, PqMessageKey::from_bytes(*message))
}
