//! What the Double Ratchet leaves to its user (Double Ratchet, sections 3.1 and 4.1): KDFs, AEADs and limits.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::primitives::aead::{self, AeadKey, Nonce12, TAG_LEN, XNonce};
use crate::primitives::dh::SharedSecret;
use crate::primitives::kdf::{self, derive};
use crate::primitives::labels::KdfLabel;
use crate::ratchet::limits;

/// The output of `KDF_RK_HE`: 32 bytes each.
pub struct RootStep {
    /// The next root key.
    pub root: Zeroizing<[u8; 32]>,
    /// The chain key of the chain that begins.
    pub chain: Zeroizing<[u8; 32]>,
    /// The header key of the chain after that, in the same direction.
    pub next_header: Zeroizing<[u8; 32]>,
}

/// The output of `KDF_CK`: 32 bytes each.
pub struct ChainStep {
    /// The next chain key.
    pub chain: Zeroizing<[u8; 32]>,
    /// The message key.
    pub message: Zeroizing<[u8; 32]>,
}

/// The functions and constants that the Double Ratchet with header encryption is used with. The Diffie-Hellman function is X25519.
pub trait Parameters {
    /// The most message keys that one message may skip (`MAX_SKIP`).
    const MAX_SKIP: u32;
    /// The most skipped message keys that are kept.
    const MAX_SKIPPED_KEYS: usize;
    /// How long a skipped message key is kept, in milliseconds.
    const MAX_SKIPPED_AGE_MS: u64;
    /// How many bytes [`Parameters::seal_header`] adds.
    const HEADER_OVERHEAD: usize;

    /// `KDF_RK_HE(rk, dh_out)`.
    fn kdf_root(root: &[u8; 32], shared: &SharedSecret) -> RootStep;

    /// `KDF_CK(ck)`.
    fn kdf_chain(chain: &[u8; 32]) -> ChainStep;

    /// `HENCRYPT(hk, plaintext)`, appended to `out`. The key is used for many headers, so a nonce is drawn here.
    fn seal_header(
        key: &[u8; 32],
        header: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    );

    /// `HDECRYPT(hk, ciphertext)`; `None` if it doesn't verify.
    fn open_header(key: &[u8; 32], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>>;

    /// `ENCRYPT(mk, plaintext, associated_data)`. The key is used once.
    fn seal(key: &[u8; 32], ad: &[u8], plaintext: &[u8]) -> Vec<u8>;

    /// `DECRYPT(mk, ciphertext, associated_data)`; `None` if it doesn't verify.
    fn open(key: &[u8; 32], ad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}

/// Sotto's own parameters (`docs/PROTOCOL.md`, section 5.2): HKDF and HMAC with SHA-256, XChaCha20-Poly1305 for headers,
/// ChaCha20-Poly1305 for messages.
pub struct Sotto;

impl Parameters for Sotto {
    const MAX_SKIP: u32 = limits::MAX_SKIP;
    const MAX_SKIPPED_KEYS: usize = limits::MAX_SKIPPED_KEYS;
    const MAX_SKIPPED_AGE_MS: u64 = limits::MAX_SKIPPED_AGE_MS;
    const HEADER_OVERHEAD: usize = 24 + TAG_LEN;

    fn kdf_root(root: &[u8; 32], shared: &SharedSecret) -> RootStep {
        let [root, chain, next_header] = split(&derive::<96>(
            KdfLabel::DoubleRatchetRoot,
            root,
            shared.as_bytes(),
            &[],
        ));
        RootStep {
            root,
            chain,
            next_header,
        }
    }

    fn kdf_chain(chain: &[u8; 32]) -> ChainStep {
        let [message, chain] = kdf::hmac_sha256_each(chain, [&[1], &[2]]).map(Zeroizing::new);
        ChainStep { chain, message }
    }

    fn seal_header(
        key: &[u8; 32],
        header: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    ) {
        let nonce = XNonce::generate(rng);
        out.extend_from_slice(&nonce.0);
        aead::seal_x_into(&AeadKey::from_bytes(*key), &nonce, &[], header, out);
    }

    fn open_header(key: &[u8; 32], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk()?;
        aead::open_x(&AeadKey::from_bytes(*key), &XNonce(*nonce), &[], sealed).ok()
    }

    fn seal(key: &[u8; 32], ad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        aead::seal(&AeadKey::from_bytes(*key), &Nonce12([0; 12]), ad, plaintext)
    }

    fn open(key: &[u8; 32], ad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        aead::open(&AeadKey::from_bytes(*key), &Nonce12([0; 12]), ad, sealed).ok()
    }
}

/// Cuts derived bytes into keys of 32.
pub(crate) fn split<const N: usize, const KEYS: usize>(
    derived: &[u8; N],
) -> [Zeroizing<[u8; 32]>; KEYS] {
    const { assert!(N == KEYS * 32, "every byte belongs to one key") };
    let mut keys = derived.as_chunks::<32>().0.iter();
    core::array::from_fn(|_| Zeroizing::new(keys.next().copied().unwrap_or_default()))
}
