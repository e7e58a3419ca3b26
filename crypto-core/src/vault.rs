//! The vault: an account's secrets, kept by a server that can't read them (`docs/PROTOCOL.md`, section 3.2).
//!
//! ```text
//! vault   = 0x01 || version(8) || nonce(24) || XChaCha20-Poly1305(vault key, nonce, ad, pad(content))
//!           ad = "Sotto v1 vault" || 0x00 || 0x01 || account(16) || version(8)
//! wrapped = 0x01 || way(1) || nonce(24) || XChaCha20-Poly1305(wrapping key, nonce, ad, vault key)              74 bytes
//!           ad = "Sotto v1 vault key" || 0x00 || 0x01 || way(1) || account(16)
//! wrapping key = HKDF(ikm = OPAQUE export key, "vault wrap: password")
//!              | HKDF(ikm = recovery key, "vault wrap: recovery key")
//! ```
//!
//! The content is sealed once, under a random vault key; the vault key is wrapped once per way in. So a new password means one
//! new wrapping of 74 bytes, and neither the content nor the other way in is touched.
//!
//! Versions only grow. A client remembers the newest it has seen and passes it in when it opens one, so that the server can't
//! go back to an older vault unnoticed. What stands in the content isn't decided here.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::identity::AccountId;
use crate::layout::{Malformed, Reader};
use crate::padding::{pad, unpad};
use crate::primitives::aead::{AeadKey, TAG_LEN, XNonce, open_x, seal_x};
use crate::primitives::kdf::derive;
use crate::primitives::labels::{DataLabel, KdfLabel, labelled};
use crate::primitives::redacted_debug;
use crate::recovery_key::RecoveryKey;

/// Length of a wrapped vault key.
pub const WRAPPED_KEY_LEN: usize = 1 + 1 + 24 + 32 + TAG_LEN;

const STRUCTURE: u8 = 1;
/// Below this an OPAQUE export key isn't one: the shortest hash of any OPAQUE suite has 32 bytes.
const MIN_EXPORT_KEY_LEN: usize = 32;

/// The key under which an account's vault is sealed: 32 random bytes.
pub struct VaultKey(AeadKey);
redacted_debug!(VaultKey);

impl VaultKey {
    /// Draws a fresh vault key.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(AeadKey::generate(rng))
    }

    /// Takes 32 secret bytes as a vault key.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(AeadKey::from_bytes(bytes))
    }

    /// The key's 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

/// What a vault held, verified.
pub struct OpenedVault {
    /// The vault's version, to be remembered as the newest seen.
    pub version: u64,
    /// What was sealed.
    pub content: Zeroizing<Vec<u8>>,
}
redacted_debug!(OpenedVault);

/// Seals an account's secrets as `version` of its vault.
#[must_use]
pub fn seal_vault(
    key: &VaultKey,
    account: AccountId,
    version: u64,
    content: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Vec<u8> {
    let nonce = XNonce::generate(rng);
    let sealed = seal_x(&key.0, &nonce, &vault_ad(account, version), &pad(content));
    let mut vault = Vec::with_capacity(1 + 8 + 24 + sealed.len());
    vault.push(STRUCTURE);
    vault.extend_from_slice(&version.to_be_bytes());
    vault.extend_from_slice(&nonce.0);
    vault.extend_from_slice(&sealed);
    vault
}

/// Opens a vault. `newest_seen` is the highest version that this client has sealed or opened, 0 if none.
///
/// # Errors
/// [`VaultError`] `Malformed`, `Structure`, `Rollback` (only told of a vault that is otherwise genuine) or `Refused`.
pub fn open_vault(
    key: &VaultKey,
    account: AccountId,
    newest_seen: u64,
    vault: &[u8],
) -> Result<OpenedVault, VaultError> {
    let mut reader = Reader::new(vault);
    check_structure(reader.u8()?)?;
    let version = reader.u64()?;
    let nonce = XNonce(reader.array()?);
    let padded = open_x(&key.0, &nonce, &vault_ad(account, version), reader.rest())
        .map_err(|_| VaultError::Refused)?;
    if version < newest_seen {
        return Err(VaultError::Rollback {
            seen: newest_seen,
            offered: version,
        });
    }
    let content = unpad(&padded).map_err(|_| VaultError::Malformed)?;
    Ok(OpenedVault {
        version,
        content: Zeroizing::new(content.to_vec()),
    })
}

/// A way into the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WayIn {
    /// The password, through OPAQUE's export key.
    Password,
    /// The twelve words.
    RecoveryKey,
}

impl WayIn {
    const fn byte(self) -> u8 {
        match self {
            Self::Password => 1,
            Self::RecoveryKey => 2,
        }
    }
}

/// The key that wraps the vault key for one way in.
pub struct WrappingKey {
    way: WayIn,
    key: AeadKey,
}
redacted_debug!(WrappingKey);

impl WrappingKey {
    /// The wrapping key of a password, from the export key that OPAQUE yields for it (64 bytes with Sotto's suite).
    ///
    /// # Errors
    /// [`VaultError::ExportKey`] if there are fewer than 32 bytes: no suite's export key is that short, and a vault must never
    /// be wrapped under nothing.
    pub fn from_opaque_export(export_key: &[u8]) -> Result<Self, VaultError> {
        if export_key.len() < MIN_EXPORT_KEY_LEN {
            return Err(VaultError::ExportKey);
        }
        Ok(Self::derive(
            WayIn::Password,
            KdfLabel::VaultWrapPassword,
            export_key,
        ))
    }

    /// The wrapping key of a recovery key.
    #[must_use]
    pub fn from_recovery_key(recovery_key: &RecoveryKey) -> Self {
        Self::derive(
            WayIn::RecoveryKey,
            KdfLabel::VaultWrapRecoveryKey,
            recovery_key.as_bytes(),
        )
    }

    fn derive(way: WayIn, label: KdfLabel, secret: &[u8]) -> Self {
        Self {
            way,
            key: AeadKey::from_bytes(*derive(label, &[], secret, &[])),
        }
    }

    /// The way in that this key is for.
    #[must_use]
    pub const fn way(&self) -> WayIn {
        self.way
    }

    /// Wraps an account's vault key: 74 bytes.
    #[must_use]
    pub fn wrap(
        &self,
        vault_key: &VaultKey,
        account: AccountId,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        let nonce = XNonce::generate(rng);
        let sealed = seal_x(
            &self.key,
            &nonce,
            &wrap_ad(self.way, account),
            vault_key.as_bytes(),
        );
        let mut wrapped = Vec::with_capacity(WRAPPED_KEY_LEN);
        wrapped.extend_from_slice(&[STRUCTURE, self.way.byte()]);
        wrapped.extend_from_slice(&nonce.0);
        wrapped.extend_from_slice(&sealed);
        wrapped
    }

    /// Unwraps an account's vault key.
    ///
    /// # Errors
    /// [`VaultError`] `Malformed`, `Structure`, `WrongWay` or `Refused`.
    pub fn unwrap(&self, account: AccountId, wrapped: &[u8]) -> Result<VaultKey, VaultError> {
        let mut reader = Reader::new(wrapped);
        check_structure(reader.u8()?)?;
        if reader.u8()? != self.way.byte() {
            return Err(VaultError::WrongWay);
        }
        let nonce = XNonce(reader.array()?);
        let key = open_x(
            &self.key,
            &nonce,
            &wrap_ad(self.way, account),
            reader.rest(),
        )
        .map_err(|_| VaultError::Refused)?;
        let key = <[u8; 32]>::try_from(key.as_slice()).map_err(|_| VaultError::Malformed)?;
        Ok(VaultKey::from_bytes(key))
    }
}

fn vault_ad(account: AccountId, version: u64) -> Vec<u8> {
    let mut ad = Vec::with_capacity(25);
    ad.push(STRUCTURE);
    ad.extend_from_slice(account.as_bytes());
    ad.extend_from_slice(&version.to_be_bytes());
    labelled(DataLabel::Vault.as_str(), &ad)
}

fn wrap_ad(way: WayIn, account: AccountId) -> Vec<u8> {
    let mut ad = Vec::with_capacity(18);
    ad.extend_from_slice(&[STRUCTURE, way.byte()]);
    ad.extend_from_slice(account.as_bytes());
    labelled(DataLabel::VaultKey.as_str(), &ad)
}

const fn check_structure(structure: u8) -> Result<(), VaultError> {
    if structure == STRUCTURE {
        Ok(())
    } else {
        Err(VaultError::Structure(structure))
    }
}

/// Why a vault, or a wrapped vault key, is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The bytes aren't laid out as they should be.
    #[error("the vault is malformed")]
    Malformed,
    /// A version of the structure that this code doesn't know.
    #[error("unknown version {0} of vaults")]
    Structure(u8),
    /// The key is wrapped for another way in.
    #[error("the vault key is wrapped for another way in")]
    WrongWay,
    /// Wrong key, wrong account, or changed bytes: these can't be told apart.
    #[error("the vault doesn't open with this key")]
    Refused,
    /// The vault is genuine, but older than one that was seen.
    #[error("vault version {offered} is older than version {seen}, which was seen before")]
    Rollback {
        /// The newest version seen.
        seen: u64,
        /// The version offered now.
        offered: u64,
    },
    /// The OPAQUE export key is too short to be one.
    #[error("the export key is too short")]
    ExportKey,
}

impl From<Malformed> for VaultError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}
