//! ML-KEM-768 and ML-KEM-1024 (FIPS 203).
//!
//! ```text
//! (ek, dk) = KeyGen(d, z)    (ct, shared) = Encaps(ek, m)    shared = Decaps(dk, ct)
//! ```
//!
//! A private key is held and stored as its 64-byte seed d ‖ z, which has no invalid values. A public key is checked when it is
//! parsed (length and modulus, FIPS 203, section 7.2). Decapsulation never fails: a ciphertext that wasn't made for the key
//! gives a secret that nobody else knows (implicit rejection), so that the AEAD that follows refuses it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::marker::PhantomData;

use libcrux_ml_kem::{mlkem768, mlkem1024};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::redacted_debug;

/// Length of a decapsulation key as it is stored: the seed d ‖ z of FIPS 203.
pub const SEED_LEN: usize = 64;

/// A parameter set of ML-KEM: [`Kem768`] or [`Kem1024`].
pub trait Kem: sealed::Backend {
    /// Length of an encapsulation key in bytes.
    const ENCAPSULATION_KEY_LEN: usize;
    /// Length of a ciphertext in bytes.
    const CIPHERTEXT_LEN: usize;
}

/// ML-KEM-768: keys of 1184 bytes, ciphertexts of 1088 bytes. Used by the ratchet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kem768;

/// ML-KEM-1024: keys of 1568 bytes, ciphertexts of 1568 bytes. Used by the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kem1024;

impl Kem for Kem768 {
    const ENCAPSULATION_KEY_LEN: usize = 1184;
    const CIPHERTEXT_LEN: usize = 1088;
}

impl Kem for Kem1024 {
    const ENCAPSULATION_KEY_LEN: usize = 1568;
    const CIPHERTEXT_LEN: usize = 1568;
}

/// The private half of an ML-KEM key pair, with the public half at hand.
pub struct DecapsulationKey<K: Kem> {
    seed: Zeroizing<[u8; SEED_LEN]>,
    expanded: Zeroizing<Box<[u8]>>,
    public: EncapsulationKey<K>,
}

impl<K: Kem> DecapsulationKey<K> {
    /// Draws a fresh key pair.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut seed = Zeroizing::new([0; SEED_LEN]);
        rng.fill_bytes(seed.as_mut());
        Self::from_seed(&seed)
    }

    /// The key pair of a 64-byte seed d ‖ z. Every value is one.
    #[must_use]
    pub fn from_seed(seed: &[u8; SEED_LEN]) -> Self {
        let (expanded, bytes) = K::expand(seed);
        let public = EncapsulationKey {
            bytes,
            kem: PhantomData,
        };
        Self {
            seed: Zeroizing::new(*seed),
            expanded,
            public,
        }
    }

    /// The 64-byte seed.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; SEED_LEN]> {
        self.seed.clone()
    }

    /// The public half.
    #[must_use]
    pub const fn encapsulation_key(&self) -> &EncapsulationKey<K> {
        &self.public
    }

    /// The secret that `ciphertext` carries; for a ciphertext that wasn't made for this key, a secret that nobody else knows.
    #[must_use]
    pub fn decapsulate(&self, ciphertext: &Ciphertext<K>) -> SharedSecret {
        SharedSecret(K::decapsulate(&self.expanded, &ciphertext.bytes))
    }
}

impl<K: Kem> core::fmt::Debug for DecapsulationKey<K> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DecapsulationKey(redacted)")
    }
}

/// The public half of an ML-KEM key pair, checked.
#[derive(Clone, PartialEq, Eq)]
pub struct EncapsulationKey<K: Kem> {
    bytes: Vec<u8>,
    kem: PhantomData<K>,
}

impl<K: Kem> EncapsulationKey<K> {
    /// Parses and checks a public key of [`Kem::ENCAPSULATION_KEY_LEN`] bytes.
    ///
    /// # Errors
    /// [`InvalidEncapsulationKey`] if the length is wrong, or a coefficient isn't below the modulus 3329.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidEncapsulationKey> {
        if K::is_valid(bytes) {
            Ok(Self {
                bytes: bytes.to_vec(),
                kem: PhantomData,
            })
        } else {
            Err(InvalidEncapsulationKey)
        }
    }

    /// The key's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Draws a secret and the ciphertext that carries it to the holder of the private half.
    #[must_use]
    pub fn encapsulate(
        &self,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (Ciphertext<K>, SharedSecret) {
        let mut message = Zeroizing::new([0; 32]);
        rng.fill_bytes(message.as_mut());
        let (bytes, shared) = K::encapsulate(&self.bytes, &message);
        (
            Ciphertext {
                bytes,
                kem: PhantomData,
            },
            SharedSecret(shared),
        )
    }
}

impl<K: Kem> core::fmt::Debug for EncapsulationKey<K> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "EncapsulationKey({} bytes)", K::ENCAPSULATION_KEY_LEN)
    }
}

/// An ML-KEM ciphertext of [`Kem::CIPHERTEXT_LEN`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Ciphertext<K: Kem> {
    bytes: Vec<u8>,
    kem: PhantomData<K>,
}

impl<K: Kem> Ciphertext<K> {
    /// Takes [`Kem::CIPHERTEXT_LEN`] bytes as a ciphertext.
    ///
    /// # Errors
    /// [`InvalidCiphertext`] if the length is another. Nothing else can be wrong with a ciphertext by itself.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidCiphertext> {
        if bytes.len() != K::CIPHERTEXT_LEN {
            return Err(InvalidCiphertext);
        }
        Ok(Self {
            bytes: bytes.to_vec(),
            kem: PhantomData,
        })
    }

    /// The ciphertext's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<K: Kem> core::fmt::Debug for Ciphertext<K> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Ciphertext({} bytes)", K::CIPHERTEXT_LEN)
    }
}

/// The secret that an encapsulation shares: 32 uniform bytes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret([u8; 32]);
redacted_debug!(SharedSecret);

impl SharedSecret {
    /// The shared 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The bytes aren't an ML-KEM encapsulation key of this parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ML-KEM encapsulation key: wrong length, or a coefficient out of range")]
pub struct InvalidEncapsulationKey;

/// The bytes aren't an ML-KEM ciphertext of this parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ML-KEM ciphertext: wrong length")]
pub struct InvalidCiphertext;

/// What the library underneath does, per parameter set. Sealed, so that no third set appears from outside.
mod sealed {
    use super::{Box, SEED_LEN, Vec, Zeroizing};

    /// Lengths are checked by the types above: a wrong one here is a bug.
    pub trait Backend: Sized + 'static {
        /// The expanded decapsulation key of FIPS 203, and the encapsulation key.
        fn expand(seed: &[u8; SEED_LEN]) -> (Zeroizing<Box<[u8]>>, Vec<u8>);
        fn is_valid(public: &[u8]) -> bool;
        fn encapsulate(public: &[u8], message: &[u8; 32]) -> (Vec<u8>, [u8; 32]);
        fn decapsulate(expanded: &[u8], ciphertext: &[u8]) -> [u8; 32];
    }
}

macro_rules! backend {
    ($kem:ident, $library:ident, $private:ident, $public:ident, $ciphertext:ident) => {
        impl sealed::Backend for $kem {
            fn expand(seed: &[u8; SEED_LEN]) -> (Zeroizing<Box<[u8]>>, Vec<u8>) {
                let (mut private, public) = $library::generate_key_pair(*seed).into_parts();
                let expanded = Zeroizing::new(Box::from(private.as_slice().as_slice()));
                // The library's own type doesn't clear itself.
                private[0..$library::$private::len()].zeroize();
                (expanded, public.as_slice().to_vec())
            }

            fn is_valid(public: &[u8]) -> bool {
                $library::$public::try_from(public)
                    .is_ok_and(|key| $library::validate_public_key(&key))
            }

            fn encapsulate(public: &[u8], message: &[u8; 32]) -> (Vec<u8>, [u8; 32]) {
                let public = $library::$public::try_from(public).expect("checked when parsed");
                let (ciphertext, shared) = $library::encapsulate(&public, *message);
                (ciphertext.as_slice().to_vec(), shared)
            }

            fn decapsulate(expanded: &[u8], ciphertext: &[u8]) -> [u8; 32] {
                let mut private = $library::$private::try_from(expanded).expect("made by `expand`");
                let ciphertext =
                    $library::$ciphertext::try_from(ciphertext).expect("checked when parsed");
                let shared = $library::decapsulate(&private, &ciphertext);
                private[0..$library::$private::len()].zeroize();
                shared
            }
        }
    };
}

backend!(
    Kem768,
    mlkem768,
    MlKem768PrivateKey,
    MlKem768PublicKey,
    MlKem768Ciphertext
);
backend!(
    Kem1024,
    mlkem1024,
    MlKem1024PrivateKey,
    MlKem1024PublicKey,
    MlKem1024Ciphertext
);
