//! ChaCha20-Poly1305 (RFC 8439) and XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha), always with the full 16-byte tag.
//!
//! ```text
//! sealed = ciphertext || tag(16)
//! ```
//!
//! The 12-byte nonce is for keys that are used once or with a counter; the 24-byte nonce is for nonces drawn at random.

use alloc::vec::Vec;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, XChaCha20Poly1305};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::redacted_debug;

/// Length of the authentication tag at the end of every sealed message.
pub const TAG_LEN: usize = 16;

/// A key of ChaCha20-Poly1305 or XChaCha20-Poly1305: 32 bytes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct AeadKey([u8; 32]);
redacted_debug!(AeadKey);

impl AeadKey {
    /// Takes 32 secret bytes as a key.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Draws a fresh key.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut key = Self([0; 32]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// The key's 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A nonce of ChaCha20-Poly1305: 12 bytes, never used twice with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce12(pub [u8; 12]);

/// A nonce of XChaCha20-Poly1305: 24 bytes, long enough to be drawn at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XNonce(pub [u8; 24]);

impl XNonce {
    /// Draws a fresh nonce.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut nonce = [0; 24];
        rng.fill_bytes(&mut nonce);
        Self(nonce)
    }
}

/// The sealed bytes don't verify under this key, nonce and associated data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("authentication failed")]
pub struct AeadError;

/// ChaCha20-Poly1305: encrypts `plaintext` and authenticates it together with `ad`. The result is 16 bytes longer.
#[must_use]
pub fn seal(key: &AeadKey, nonce: &Nonce12, ad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    seal_into(key, nonce, ad, plaintext, &mut out);
    out
}

/// ChaCha20-Poly1305: as [`seal`], appended to `out`.
pub fn seal_into(key: &AeadKey, nonce: &Nonce12, ad: &[u8], plaintext: &[u8], out: &mut Vec<u8>) {
    let cipher = ChaCha20Poly1305::new(&key.0.into());
    seal_with(&cipher, &nonce.0.into(), ad, plaintext, out);
}

/// ChaCha20-Poly1305: verifies and decrypts what [`seal`] made.
///
/// # Errors
/// [`AeadError`] if anything (key, nonce, `ad`, ciphertext, tag, length) isn't what was sealed.
pub fn open(
    key: &AeadKey,
    nonce: &Nonce12,
    ad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, AeadError> {
    open_with(
        &ChaCha20Poly1305::new(&key.0.into()),
        &nonce.0.into(),
        ad,
        sealed,
    )
}

/// XChaCha20-Poly1305: as [`seal`], with a 24-byte nonce.
#[must_use]
pub fn seal_x(key: &AeadKey, nonce: &XNonce, ad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    seal_x_into(key, nonce, ad, plaintext, &mut out);
    out
}

/// XChaCha20-Poly1305: as [`seal_x`], appended to `out`.
pub fn seal_x_into(key: &AeadKey, nonce: &XNonce, ad: &[u8], plaintext: &[u8], out: &mut Vec<u8>) {
    let cipher = XChaCha20Poly1305::new(&key.0.into());
    seal_with(&cipher, &nonce.0.into(), ad, plaintext, out);
}

/// XChaCha20-Poly1305: verifies and decrypts what [`seal_x`] made.
///
/// # Errors
/// [`AeadError`] as for [`open`].
pub fn open_x(
    key: &AeadKey,
    nonce: &XNonce,
    ad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, AeadError> {
    open_with(
        &XChaCha20Poly1305::new(&key.0.into()),
        &nonce.0.into(),
        ad,
        sealed,
    )
}

type Nonce<C> = chacha20poly1305::aead::Nonce<C>;

fn seal_with<C: AeadInOut>(
    cipher: &C,
    nonce: &Nonce<C>,
    ad: &[u8],
    plaintext: &[u8],
    out: &mut Vec<u8>,
) {
    // Room for all of it from the start: a buffer that grew would leave a copy of the plaintext behind.
    out.reserve(plaintext.len() + TAG_LEN);
    let start = out.len();
    out.extend_from_slice(plaintext);
    let sealed = out.get_mut(start..).unwrap_or_default();
    #[expect(
        clippy::expect_used,
        reason = "fails only above 256 GiB, which no slice of ours reaches"
    )]
    let tag = cipher
        .encrypt_inout_detached(nonce, ad, sealed.into())
        .expect("short of 256 GiB");
    out.extend_from_slice(&tag);
}

fn open_with<C: AeadInOut>(
    cipher: &C,
    nonce: &Nonce<C>,
    ad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, AeadError> {
    let mut buffer = Zeroizing::new(sealed.to_vec());
    cipher
        .decrypt_in_place(nonce, ad, &mut *buffer)
        .map_err(|_| AeadError)?;
    Ok(buffer)
}
