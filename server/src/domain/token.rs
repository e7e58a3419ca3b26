//! Tokens: 32 random bytes that whoever holds them may use. The relay keeps their SHA-256.

use sha2::{Digest as _, Sha256};
use sotto_protocol::Bytes;

use super::Error;

/// A token in the clear, on its way to its holder or from them.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// Draws a new one.
    ///
    /// # Errors
    /// [`Error::Internal`] if the system has no randomness.
    pub fn generate() -> Result<Self, Error> {
        random().map(Self)
    }

    /// Takes a holder's bytes; anything but 32 of them is no token of ours.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// SHA-256: what is kept, and looked up. It hides by how much a guess is wrong from whoever times the look-up.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// For the holder.
    pub fn to_bytes(&self) -> Bytes {
        self.0.as_slice().into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Random bytes from the operating system.
///
/// # Errors
/// [`Error::Internal`] if it has none.
pub fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(bytes)
}
