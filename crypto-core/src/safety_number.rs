//! What two people compare to know that they hold each other's true account keys (`docs/PROTOCOL.md`, section 2.6).
//!
//! ```text
//! h(1) = SHA-512(0x0000 || key || id || key)       h(n) = SHA-512(h(n − 1) || key)       fingerprint = h(5200)
//! half = first 30 bytes of the fingerprint, as six 5-byte numbers modulo 100000, five digits each
//! safety number = both people's halves, the smaller first
//! verification code = 0x01 || own account(16) || own key(32) || other account(16) || other key(32)              97 bytes
//! text = "sotto-verify:" || base64url(code || first 4 bytes of SHA-256("Sotto v1 verification code" || 0x00 || code))
//! ```
//!
//! The safety number has the construction of Signal's numeric fingerprint, and is the same on both sides. The verification
//! code says *whose* view it is: so a person who scans or pastes their own code by mistake isn't told that it matches.
//!
//! Which of PRODUCT's states a comparison leads to isn't decided here.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::identity::{AccountId, AccountKey};
use crate::layout::{Malformed, Reader};
use crate::primitives::hash::{sha256, sha512};
use crate::primitives::labels::{DataLabel, labelled};

/// How many groups of five digits a safety number has.
pub const GROUP_COUNT: usize = 12;

/// Length of a verification code.
pub const VERIFICATION_CODE_LEN: usize = 1 + 2 * (16 + 32);

/// How often the key is hashed in, so that searching for a key with similar digits is expensive.
const ITERATIONS: usize = 5200;
const FINGERPRINT_VERSION: [u8; 2] = [0, 0];
const GROUP_BYTES: usize = 5;
const GROUP_MODULUS: u64 = 100_000;
const CODE_VERSION: u8 = 1;
const TEXT_PREFIX: &str = "sotto-verify:";
const CHECKSUM_LEN: usize = 4;

/// The fingerprint of one person's key: the first 32 bytes of the iterated hash. Keys and ids may have any length.
#[must_use]
pub fn fingerprint(key: &[u8], id: &[u8]) -> [u8; 32] {
    let first = sha512(&[&FINGERPRINT_VERSION, key, id, key]);
    let last = (1..ITERATIONS).fold(first, |hash, _| sha512(&[&hash, key]));
    let mut fingerprint = [0; 32];
    for (to, from) in fingerprint.iter_mut().zip(last) {
        *to = from;
    }
    fingerprint
}

/// Sixty digits that are the same on both sides if, and only if, both hold the same two keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafetyNumber([String; GROUP_COUNT]);

impl SafetyNumber {
    /// The safety number of two accounts. It doesn't matter which is which.
    #[must_use]
    pub fn compute(local: (&AccountId, &AccountKey), remote: (&AccountId, &AccountKey)) -> Self {
        let of = |(id, key): (&AccountId, &AccountKey)| fingerprint(key.as_bytes(), id.as_bytes());
        Self::from_fingerprints(&of(local), &of(remote))
    }

    /// The safety number of two [`fingerprint`]s.
    #[must_use]
    pub fn from_fingerprints(one: &[u8; 32], other: &[u8; 32]) -> Self {
        let (one, other) = (half(one), half(other));
        let (first, second) = if one <= other {
            (one, other)
        } else {
            (other, one)
        };
        let mut groups = first.into_iter().chain(second);
        Self(core::array::from_fn(|_| groups.next().unwrap_or_default()))
    }

    /// The twelve groups of five digits, in the order in which they are read.
    #[must_use]
    pub const fn groups(&self) -> &[String; GROUP_COUNT] {
        &self.0
    }
}

impl fmt::Display for SafetyNumber {
    /// The groups with spaces between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// Six groups of five digits.
fn half(fingerprint: &[u8; 32]) -> [String; GROUP_COUNT / 2] {
    let mut groups = fingerprint.chunks_exact(GROUP_BYTES).map(|bytes| {
        let number = bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        format!("{:05}", number % GROUP_MODULUS)
    });
    core::array::from_fn(|_| groups.next().unwrap_or_default())
}

/// One person's view of the two keys, as a QR code or as text: whom they are, and whom they take the other to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationCode {
    own: (AccountId, AccountKey),
    other: (AccountId, AccountKey),
}

/// What comparing a code with one's own view has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Comparison {
    /// Both hold the same two keys.
    Match,
    /// The right two people, but the keys differ.
    Mismatch {
        /// Their own key isn't the one that is held for them here.
        their_key: bool,
        /// The key that they hold for the person here isn't that person's.
        my_key: bool,
    },
    /// The code is one's own view, not the other person's: it was shown to the wrong side.
    OwnCode,
    /// The code is about other people, or about one of the two and somebody else.
    WrongPeople,
}

impl VerificationCode {
    /// The view of somebody with the first account and key, who holds the second for the other person.
    #[must_use]
    pub const fn new(own: (AccountId, AccountKey), other: (AccountId, AccountKey)) -> Self {
        Self { own, other }
    }

    /// The code's 97 bytes, for a QR code.
    #[must_use]
    pub fn encode(&self) -> [u8; VERIFICATION_CODE_LEN] {
        let parts: [&[u8]; 5] = [
            &[CODE_VERSION],
            self.own.0.as_bytes(),
            self.own.1.as_bytes(),
            self.other.0.as_bytes(),
            self.other.1.as_bytes(),
        ];
        let mut code = [0; VERIFICATION_CODE_LEN];
        for (to, from) in code.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        code
    }

    /// Reads a code's 97 bytes.
    ///
    /// # Errors
    /// [`VerificationCodeError`] `Malformed` or `Version`.
    pub fn decode(code: &[u8]) -> Result<Self, VerificationCodeError> {
        let mut reader = Reader::new(code);
        match reader.u8()? {
            CODE_VERSION => {}
            version => return Err(VerificationCodeError::Version(version)),
        }
        let own = read_person(&mut reader)?;
        let other = read_person(&mut reader)?;
        reader.finish()?;
        Ok(Self { own, other })
    }

    /// The code as text, to send by other means and paste: 148 characters.
    #[must_use]
    pub fn to_text(&self) -> String {
        let code = self.encode();
        let mut bytes = Vec::from(code);
        bytes.extend_from_slice(&checksum(&code));
        format!("{TEXT_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a pasted code, whatever white space a mail program or a person has put into it.
    ///
    /// # Errors
    /// [`VerificationCodeError`].
    pub fn from_text(text: &str) -> Result<Self, VerificationCodeError> {
        let text: String = text.split_whitespace().collect();
        let encoded = text
            .strip_prefix(TEXT_PREFIX)
            .ok_or(VerificationCodeError::NotACode)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(encoded)
            .map_err(|_| VerificationCodeError::Damaged)?;
        let (code, sum) = bytes
            .split_last_chunk::<CHECKSUM_LEN>()
            .ok_or(VerificationCodeError::Damaged)?;
        if checksum(code) != *sum {
            return Err(VerificationCodeError::Damaged);
        }
        Self::decode(code)
    }

    /// Compares the code that the other person shows (`self`) with one's own view.
    #[must_use]
    pub fn compare(&self, local_view: &Self) -> Comparison {
        let (shown, here) = (
            (self.own.0, self.other.0),
            (local_view.own.0, local_view.other.0),
        );
        if shown != (here.1, here.0) {
            return if shown == here {
                Comparison::OwnCode
            } else {
                Comparison::WrongPeople
            };
        }
        let their_key = self.own.1 != local_view.other.1;
        let my_key = self.other.1 != local_view.own.1;
        if their_key || my_key {
            Comparison::Mismatch { their_key, my_key }
        } else {
            Comparison::Match
        }
    }
}

fn read_person(reader: &mut Reader<'_>) -> Result<(AccountId, AccountKey), VerificationCodeError> {
    let account = AccountId::from_bytes(reader.array()?);
    let key =
        AccountKey::from_bytes(&reader.array()?).map_err(|_| VerificationCodeError::Malformed)?;
    Ok((account, key))
}

fn checksum(code: &[u8]) -> [u8; CHECKSUM_LEN] {
    let [a, b, c, d, ..] = sha256(&[&labelled(DataLabel::VerificationCode.as_str(), code)]);
    [a, b, c, d]
}

/// Why bytes or text aren't a verification code. None of these says anything about the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerificationCodeError {
    /// The text is something else altogether.
    #[error("this isn't a verification code")]
    NotACode,
    /// The text was a code, but characters are missing or changed.
    #[error("the verification code is damaged: copy all of it again")]
    Damaged,
    /// The bytes aren't laid out as they should be, or hold an impossible key.
    #[error("the verification code is malformed")]
    Malformed,
    /// A version that this code doesn't know.
    #[error("unknown version {0} of verification codes")]
    Version(u8),
}

impl From<Malformed> for VerificationCodeError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}
