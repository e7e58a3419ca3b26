//! The recovery key: sixteen random bytes that a person keeps as twelve words (`docs/PROTOCOL.md`, section 3.3).
//!
//! ```text
//! words         = BIP-39, English: 128 bits of entropy || first 4 bits of its SHA-256, eleven bits a word
//! wrapping key  = HKDF(ikm = entropy, "vault wrap: recovery key")          opens the vault
//! signing seed  = HKDF(ikm = entropy, "recovery signing seed")             Ed25519: the server holds the public half
//! ```
//!
//! Only BIP-39's way of writing bytes as words is used, not its way of making a wallet seed: 128 random bits need no stretching.

use alloc::string::String;

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::primitives::hash::sha256;
use crate::primitives::kdf::derive;
use crate::primitives::labels::{KdfLabel, Label};
use crate::primitives::redacted_debug;
use crate::primitives::signature::{Signature, SigningSecret};

/// How many words a recovery key has.
pub const WORD_COUNT: usize = 12;

/// BIP-0039's English word list: 2048 words in alphabetical order, one to a line.
const WORDS: &str = include_str!("words.txt");
const BITS_PER_WORD: u32 = 11;
const CHECKSUM_BITS: u32 = 4;

/// A recovery key: 16 bytes, whoever knows which can become the account.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RecoveryKey([u8; 16]);
redacted_debug!(RecoveryKey);

impl RecoveryKey {
    /// Draws a fresh recovery key.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut key = Self([0; 16]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// Takes 16 secret bytes as a recovery key.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The key's 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The twelve words, in lower case, with single spaces between them.
    #[must_use]
    pub fn to_words(&self) -> Zeroizing<String> {
        let mut words = Zeroizing::new(String::with_capacity(WORD_COUNT * 9));
        let mut bits = Zeroizing::new(u128::from_be_bytes(self.0));
        let checksum = self.checksum();
        for position in 0..WORD_COUNT {
            let index = if position + 1 < WORD_COUNT {
                *bits >> (128 - BITS_PER_WORD)
            } else {
                *bits >> (128 - BITS_PER_WORD) | u128::from(checksum)
            };
            *bits <<= BITS_PER_WORD;
            if position > 0 {
                words.push(' ');
            }
            words.push_str(
                usize::try_from(index)
                    .ok()
                    .and_then(|at| WORDS.lines().nth(at))
                    .unwrap_or_default(),
            );
        }
        words
    }

    /// Reads the twelve words, whatever their case and the white space around and between them.
    ///
    /// # Errors
    /// [`RecoveryKeyError`].
    pub fn from_words(text: &str) -> Result<Self, RecoveryKeyError> {
        let found = text.split_whitespace().count();
        if found != WORD_COUNT {
            return Err(RecoveryKeyError::WordCount { found });
        }
        // 132 bits: 128 of entropy, which the last word overruns by the four of the checksum.
        let mut entropy = Zeroizing::new(0_u128);
        let mut checksum = 0;
        for (at, word) in text.split_whitespace().enumerate() {
            let index =
                word_index(word).ok_or(RecoveryKeyError::UnknownWord { position: at + 1 })?;
            if at + 1 < WORD_COUNT {
                *entropy = *entropy << BITS_PER_WORD | index;
            } else {
                *entropy = *entropy << (BITS_PER_WORD - CHECKSUM_BITS) | index >> CHECKSUM_BITS;
                checksum = index & ((1 << CHECKSUM_BITS) - 1);
            }
        }
        let key = Self(entropy.to_be_bytes());
        if u128::from(key.checksum()) == checksum {
            Ok(key)
        } else {
            Err(RecoveryKeyError::Checksum)
        }
    }

    /// The key that answers the server's recovery challenges. The server holds its public half.
    #[must_use]
    pub fn signing_secret(&self) -> SigningSecret {
        SigningSecret::from_bytes(&derive(KdfLabel::RecoverySigningSeed, &[], &self.0, &[]))
    }

    /// Signs the server's challenge, which proves that the holder of the recovery key is asking.
    #[must_use]
    pub fn sign_challenge(&self, challenge: &[u8]) -> Signature {
        self.signing_secret()
            .sign(Label::RecoveryChallenge, challenge)
    }

    /// The first four bits of the entropy's SHA-256.
    fn checksum(&self) -> u8 {
        let [first, ..] = sha256(&[&self.0]);
        first >> (8 - CHECKSUM_BITS)
    }
}

fn word_index(word: &str) -> Option<u128> {
    let at = WORDS
        .lines()
        .position(|known| known.eq_ignore_ascii_case(word))?;
    u128::try_from(at).ok()
}

/// Why twelve words aren't a recovery key. None of these shows a word: each is part of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryKeyError {
    /// There aren't twelve words.
    #[error("a recovery key has 12 words, not {found}")]
    WordCount {
        /// How many words there are.
        found: usize,
    },
    /// A word isn't in the list.
    #[error("word {position} isn't one that a recovery key can have")]
    UnknownWord {
        /// The place of the word, from 1.
        position: usize,
    },
    /// All words are in the list, but they don't belong together: one is wrong, or two have changed places.
    #[error("a word of the recovery key is wrong, or two words have changed places")]
    Checksum,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_list_is_the_published_one() {
        let expected = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda";
        assert_eq!(hex::encode(sha256(&[WORDS.as_bytes()])), expected);
        assert_eq!(WORDS.lines().count(), 1 << BITS_PER_WORD);
    }
}
