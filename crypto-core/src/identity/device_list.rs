//! The device list: which devices speak for an account now (`docs/PROTOCOL.md`, section 2.5).
//!
//! ```text
//! body = 0x01 || account(16) || version(8) || hash of the list before(32) || count(1) || count × certificate(169)
//! list = body || Ed25519(account secret, "device list", body)(64)
//! hash = SHA-256("Sotto v1 device list hash" || 0x00 || list)
//! ```
//!
//! The first list has version 1 and 32 zero bytes for the hash before. Certificates stand in rising order of device id, so that
//! a set of devices has one encoding and no id twice. A list may be empty: an account whose last device has signed out.
//!
//! A server can withhold a newer list (this module can't know), but it can't add or remove a device, reorder the versions, show
//! two people different lists of one version and have them agree again later, or go back to a version that was seen.

use alloc::vec::Vec;

use super::{
    AccountId, AccountKey, AccountSecret, CERTIFICATE_LEN, CertificateError, DeviceCertificate,
    UnverifiedDeviceCertificate,
};
use crate::layout::Reader;
use crate::primitives::hash::sha256;
use crate::primitives::labels::{DataLabel, Label, labelled};
use crate::primitives::signature::Signature;

/// The most devices that an account can have: every message is encrypted to each.
pub const MAX_DEVICES: usize = 32;

const VERSION: u8 = 1;
const NO_LIST_BEFORE: [u8; 32] = [0; 32];

/// A device list whose signature and certificates have been verified (or have just been made).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceList {
    account_key: AccountKey,
    content: Content<DeviceCertificate>,
    signature: Signature,
}

/// A device list that is well formed. Whether it is true is for [`UnverifiedDeviceList::verify`] to say.
#[derive(Clone, Debug)]
pub struct UnverifiedDeviceList {
    body: Vec<u8>,
    content: Content<UnverifiedDeviceCertificate>,
    signature: Signature,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Content<C> {
    account: AccountId,
    version: u64,
    before: [u8; 32],
    devices: Vec<C>,
}

impl DeviceList {
    /// Makes the first list of an account, version 1.
    ///
    /// # Errors
    /// [`DeviceListError`] `TooManyDevices`, `Order` (a device twice), or `Certificate` (one that this account didn't issue).
    pub fn first(
        secret: &AccountSecret,
        account: AccountId,
        devices: Vec<DeviceCertificate>,
    ) -> Result<Self, DeviceListError> {
        let content = Content {
            account,
            version: 1,
            before: NO_LIST_BEFORE,
            devices,
        };
        Self::issue(secret, content)
    }

    /// Makes the list that follows this one.
    ///
    /// # Errors
    /// As [`DeviceList::first`]; `WrongSigner` if `secret` isn't the one that signed this list; `VersionsExhausted`.
    pub fn next(
        &self,
        secret: &AccountSecret,
        devices: Vec<DeviceCertificate>,
    ) -> Result<Self, DeviceListError> {
        if secret.public() != self.account_key {
            return Err(DeviceListError::WrongSigner);
        }
        let version = self
            .version()
            .checked_add(1)
            .ok_or(DeviceListError::VersionsExhausted)?;
        let content = Content {
            account: self.content.account,
            version,
            before: self.hash(),
            devices,
        };
        Self::issue(secret, content)
    }

    fn issue(
        secret: &AccountSecret,
        mut content: Content<DeviceCertificate>,
    ) -> Result<Self, DeviceListError> {
        content.devices.sort_by_key(DeviceCertificate::device);
        check_devices(content.devices.iter().map(DeviceCertificate::device))?;
        let account_key = secret.public();
        for certificate in &content.devices {
            certificate.check(content.account, &account_key)?;
        }
        let signature = secret.sign(Label::DeviceList, &content.encode());
        Ok(Self {
            account_key,
            content,
            signature,
        })
    }

    /// The account whose devices these are.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.content.account
    }

    /// The account key that signed the list.
    #[must_use]
    pub const fn account_key(&self) -> &AccountKey {
        &self.account_key
    }

    /// The list's version, from 1.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.content.version
    }

    /// The devices, in rising order of their ids.
    #[must_use]
    pub fn devices(&self) -> &[DeviceCertificate] {
        &self.content.devices
    }

    /// The hash by which the list that follows names this one.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        sha256(&[&labelled(
            DataLabel::DeviceListHash.as_str(),
            &self.encode(),
        )])
    }

    /// The list's bytes: 122, and 169 for each device.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.content.encode();
        bytes.extend_from_slice(self.signature.as_bytes());
        bytes
    }

    /// Verifies that this list may take the place of `older`, the newest that was seen so far: it is the very one that follows,
    /// or the same.
    ///
    /// # Errors
    /// [`DeviceListError`]: `WrongAccount`, `WrongSigner` (the account key has changed, so this chain doesn't go on),
    /// `Rollback`, `Gap` (fetch the lists between, and try each in turn), or `Fork`.
    pub fn extends(&self, older: &Self) -> Result<(), DeviceListError> {
        if self.account() != older.account() {
            return Err(DeviceListError::WrongAccount);
        }
        if self.account_key != older.account_key {
            return Err(DeviceListError::WrongSigner);
        }
        let (seen, offered) = (older.version(), self.version());
        if offered < seen {
            return Err(DeviceListError::Rollback { seen, offered });
        }
        if offered == seen {
            return if self == older {
                Ok(())
            } else {
                Err(DeviceListError::Fork { version: seen })
            };
        }
        if offered - seen > 1 {
            return Err(DeviceListError::Gap { seen, offered });
        }
        if self.content.before == older.hash() {
            Ok(())
        } else {
            Err(DeviceListError::Fork { version: seen })
        }
    }
}

impl UnverifiedDeviceList {
    /// Parses a device list.
    ///
    /// # Errors
    /// [`DeviceListError`] `Length`, `Version`, `TooManyDevices`, `Order`, `Start` or `Certificate`.
    pub fn decode(bytes: &[u8]) -> Result<Self, DeviceListError> {
        let short = |_| DeviceListError::Length;
        let mut reader = Reader::new(bytes);
        let structure = reader.u8().map_err(short)?;
        if structure != VERSION {
            return Err(DeviceListError::Version(structure));
        }
        let account = AccountId::from_bytes(reader.array().map_err(short)?);
        let version = reader.u64().map_err(short)?;
        let before = reader.array().map_err(short)?;
        // Version 1 and nothing else starts a chain.
        if version == 0 || (version == 1) != (before == NO_LIST_BEFORE) {
            return Err(DeviceListError::Start);
        }
        let count = reader.u8().map_err(short)?;
        if usize::from(count) > MAX_DEVICES {
            return Err(DeviceListError::TooManyDevices);
        }
        let mut devices = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            devices.push(UnverifiedDeviceCertificate::read(&mut reader)?);
        }
        check_devices(devices.iter().map(UnverifiedDeviceCertificate::device))?;
        let signature = Signature::from_bytes(reader.array().map_err(short)?);
        reader.finish().map_err(short)?;
        let body = bytes
            .split_last_chunk::<64>()
            .ok_or(DeviceListError::Length)?
            .0
            .to_vec();
        Ok(Self {
            body,
            content: Content {
                account,
                version,
                before,
                devices,
            },
            signature,
        })
    }

    /// The account that the list claims to be of, to know whose key to verify it with.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.content.account
    }

    /// Verifies that the holder of `key` signed this list for `account`, and every certificate in it.
    ///
    /// # Errors
    /// [`DeviceListError`] `WrongAccount`, `BadSignature` or `Certificate`.
    pub fn verify(
        self,
        account: AccountId,
        key: &AccountKey,
    ) -> Result<DeviceList, DeviceListError> {
        if self.content.account != account {
            return Err(DeviceListError::WrongAccount);
        }
        key.verify(Label::DeviceList, &self.body, &self.signature)
            .map_err(|_| DeviceListError::BadSignature)?;
        let devices = self.content.devices.into_iter();
        let content = Content {
            account,
            version: self.content.version,
            before: self.content.before,
            devices: devices
                .map(|one| one.verify(account, key))
                .collect::<Result<_, _>>()?,
        };
        Ok(DeviceList {
            account_key: *key,
            content,
            signature: self.signature,
        })
    }
}

impl Content<DeviceCertificate> {
    fn encode(&self) -> Vec<u8> {
        let length = 1 + 16 + 8 + 32 + 1 + self.devices.len() * CERTIFICATE_LEN + 64;
        let mut body = Vec::with_capacity(length);
        body.push(VERSION);
        body.extend_from_slice(self.account.as_bytes());
        body.extend_from_slice(&self.version.to_be_bytes());
        body.extend_from_slice(&self.before);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`check_devices` lets at most 32 through"
        )]
        body.push(self.devices.len() as u8);
        for certificate in &self.devices {
            body.extend_from_slice(&certificate.encode());
        }
        body
    }
}

/// At most [`MAX_DEVICES`], in strictly rising order.
fn check_devices(
    ids: impl ExactSizeIterator<Item = super::DeviceId> + Clone,
) -> Result<(), DeviceListError> {
    if ids.len() > MAX_DEVICES {
        return Err(DeviceListError::TooManyDevices);
    }
    let following = ids.clone().skip(1);
    if ids.zip(following).all(|(one, next)| one < next) {
        Ok(())
    } else {
        Err(DeviceListError::Order)
    }
}

/// Why a device list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceListError {
    /// Too short or too long for the number of devices that it says it has.
    #[error("the device list has the wrong length")]
    Length,
    /// A version of the structure that this code doesn't know.
    #[error("unknown version {0} of device lists")]
    Version(u8),
    /// More than 32 devices.
    #[error("a device list holds at most 32 devices")]
    TooManyDevices,
    /// A device stands twice, or the devices aren't in rising order of their ids.
    #[error("the devices of the list aren't in strictly rising order")]
    Order,
    /// Version 0; or version 1 with a list before it; or a later version without one.
    #[error("the list's version and the hash of the list before contradict each other")]
    Start,
    /// No version is left to count up to.
    #[error("the list's version can't be counted up any further")]
    VersionsExhausted,
    /// A certificate in the list is refused.
    #[error("a certificate in the device list: {0}")]
    Certificate(#[from] CertificateError),
    /// The list is of another account.
    #[error("the device list is of another account")]
    WrongAccount,
    /// The account key isn't the one that signed the list before.
    #[error("the device list before was signed by another account key")]
    WrongSigner,
    /// The account key didn't sign this.
    #[error("the device list's signature doesn't verify")]
    BadSignature,
    /// The list is older than one that was seen.
    #[error("device list version {offered} is older than version {seen}, which was seen before")]
    Rollback {
        /// The newest version seen.
        seen: u64,
        /// The version offered now.
        offered: u64,
    },
    /// Lists between the one that was seen and this one are missing.
    #[error("the device lists between versions {seen} and {offered} are missing")]
    Gap {
        /// The newest version seen.
        seen: u64,
        /// The version offered now.
        offered: u64,
    },
    /// Two different lists of the same version exist.
    #[error("there are two different device lists of version {version}")]
    Fork {
        /// The version of which there are two.
        version: u64,
    },
}
