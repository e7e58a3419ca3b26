//! Message keys of the post-quantum ratchet: each goes into the key of one message.

use crate::ratchet::secret::secret_key;
use crate::ratchet::skipped_keys::Keepable;

secret_key! {
    /// A message key of the post-quantum ratchet: 32 bytes.
    PqMessageKey;
}

impl Keepable for PqMessageKey {
    fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
