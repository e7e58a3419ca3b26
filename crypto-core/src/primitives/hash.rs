//! SHA-256 and SHA-512 (FIPS 180-4).

use sha2::{Digest, Sha256, Sha512};

/// The SHA-256 of the concatenation of `parts`: 32 bytes.
///
/// The parts are hashed without separators. Where their lengths can vary, the caller puts the lengths in.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The SHA-512 of the concatenation of `parts`: 64 bytes. See [`sha256`] about separators.
#[must_use]
pub fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}
