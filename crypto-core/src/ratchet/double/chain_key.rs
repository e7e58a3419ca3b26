//! Chain keys (`CKs`, `CKr`, Double Ratchet, section 2.2), each direction a type of its own.
//!
//! ```text
//! CK, message key = KDF_CK(CK)
//! ```

use super::message_key::MessageKey;
use super::parameters::Parameters;
use crate::ratchet::secret::secret_key;

secret_key! {
    /// The key of our sending chain (`CKs`).
    SendingChainKey;
    /// The key of the other side's chain (`CKr`).
    ReceivingChainKey;
}

impl SendingChainKey {
    /// The key after this, and the message key between.
    pub(super) fn step<P: Parameters>(&self) -> (Self, MessageKey) {
        let step = P::kdf_chain(&self.0);
        (Self(*step.chain), MessageKey::from_bytes(*step.message))
    }
}

impl ReceivingChainKey {
    /// The key after this, and the message key between.
    pub(super) fn step<P: Parameters>(&self) -> (Self, MessageKey) {
        let step = P::kdf_chain(&self.0);
        (Self(*step.chain), MessageKey::from_bytes(*step.message))
    }

    pub(super) const fn copy(&self) -> Self {
        Self(self.0)
    }
}
