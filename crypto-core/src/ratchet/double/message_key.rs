//! Message keys (`mk`, Double Ratchet, section 2.4): each seals one message and derives nothing else within this ratchet.

use crate::ratchet::secret::secret_key;
use crate::ratchet::skipped_keys::Keepable;

secret_key! {
    /// A message key of the Double Ratchet: 32 bytes.
    MessageKey;
}

impl Keepable for MessageKey {
    fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
