//! Every domain-separation label of the protocol, in one place (`docs/PROTOCOL.md`, section 1.3).
//!
//! ```text
//! signed bytes = "Sotto v1 " || label || 0x00 || message
//! HKDF info    = "Sotto v1 " || label || 0x00 || context
//! other data   = "Sotto v1 " || label || 0x00 || content        (what is hashed, or authenticated as associated data)
//! ```
//!
//! A label holds no zero byte, so no label with its separator is the beginning of another. A signature or a derived key made
//! for one purpose is therefore never valid for another. A label is never reused with a new meaning: a new meaning gets a new one.

use alloc::vec::Vec;

/// What every signed message and every HKDF info starts with: the protocol's name and version.
pub const PREFIX: &[u8] = b"Sotto v1 ";

/// What a signature is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Label {
    /// An account key signs a device's certificate.
    DeviceCertificate,
    /// An account key signs the list of its devices.
    DeviceList,
    /// A device signs the server's challenge to renew its session.
    DeviceChallenge,
    /// A recovery key signs the server's challenge to prove that its holder may set a new password.
    RecoveryChallenge,
    /// A device signs its X25519 signed prekey.
    SignedPrekey,
    /// A device signs a one-time ML-KEM-1024 prekey.
    OneTimeKemPrekey,
    /// A device signs its last-resort ML-KEM-1024 prekey.
    LastResortKemPrekey,
}

impl Label {
    /// Every signature label, for the tests that hold them apart and for the documentation's list.
    pub const ALL: &[Self] = &[
        Self::DeviceCertificate,
        Self::DeviceList,
        Self::DeviceChallenge,
        Self::RecoveryChallenge,
        Self::SignedPrekey,
        Self::OneTimeKemPrekey,
        Self::LastResortKemPrekey,
    ];

    /// The label's text, as it stands in the signed bytes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeviceCertificate => "device certificate",
            Self::DeviceList => "device list",
            Self::DeviceChallenge => "device challenge",
            Self::RecoveryChallenge => "recovery challenge",
            Self::SignedPrekey => "signed prekey",
            Self::OneTimeKemPrekey => "one-time KEM prekey",
            Self::LastResortKemPrekey => "last-resort KEM prekey",
        }
    }
}

/// What a key is derived for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KdfLabel {
    /// OPAQUE export key → key that wraps the vault key.
    VaultWrapPassword,
    /// Recovery key → key that wraps the vault key.
    VaultWrapRecoveryKey,
    /// Recovery key → seed of the Ed25519 key that answers recovery challenges.
    RecoverySigningSeed,
    /// PQXDH secrets → the session's first keys (context: transcript hash).
    Handshake,
    /// PQXDH transcript hash → session id.
    SessionId,
    /// Double Ratchet: root key and agreement → root key, chain key, next header key.
    DoubleRatchetRoot,
    /// Post-quantum ratchet: root key and epoch's secret → root key, a chain key per direction (context: epoch).
    PostQuantumEpoch,
    /// Classical and post-quantum message key → the key that seals a message.
    MessageKey,
}

impl KdfLabel {
    /// Every derivation label, for the tests that hold them apart and for the documentation's list.
    pub const ALL: &[Self] = &[
        Self::VaultWrapPassword,
        Self::VaultWrapRecoveryKey,
        Self::RecoverySigningSeed,
        Self::Handshake,
        Self::SessionId,
        Self::DoubleRatchetRoot,
        Self::PostQuantumEpoch,
        Self::MessageKey,
    ];

    /// The label's text, as it stands in the HKDF info.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VaultWrapPassword => "vault wrap: password",
            Self::VaultWrapRecoveryKey => "vault wrap: recovery key",
            Self::RecoverySigningSeed => "recovery signing seed",
            Self::Handshake => "handshake",
            Self::SessionId => "session id",
            Self::DoubleRatchetRoot => "double ratchet root",
            Self::PostQuantumEpoch => "post-quantum epoch",
            Self::MessageKey => "message key",
        }
    }
}

/// What bytes are hashed, or authenticated as associated data, for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataLabel {
    /// The hash by which a device list names the one before.
    DeviceListHash,
    /// The hash of what both sides of a handshake saw.
    Transcript,
    /// Associated data of a sealed vault.
    Vault,
    /// Associated data of a wrapped vault key.
    VaultKey,
    /// The checksum of a verification code's text.
    VerificationCode,
}

impl DataLabel {
    /// Every such label, for the tests that hold them apart and for the documentation's list.
    pub const ALL: &[Self] = &[
        Self::DeviceListHash,
        Self::Transcript,
        Self::Vault,
        Self::VaultKey,
        Self::VerificationCode,
    ];

    /// The label's text, as it stands in the data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeviceListHash => "device list hash",
            Self::Transcript => "transcript",
            Self::Vault => "vault",
            Self::VaultKey => "vault key",
            Self::VerificationCode => "verification code",
        }
    }
}

/// `"Sotto v1 " || label || 0x00 || content`.
pub(crate) fn labelled(label: &str, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(PREFIX.len() + label.len() + 1 + content.len());
    out.extend_from_slice(PREFIX);
    out.extend_from_slice(label.as_bytes());
    out.push(0);
    out.extend_from_slice(content);
    out
}
