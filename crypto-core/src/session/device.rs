//! The two ends of a session: a device of ours, a device of theirs (`docs/PROTOCOL.md`, section 4.3).

use crate::identity::{AccountId, AccountKey, DeviceCertificate, DeviceId, DeviceSecret};

/// This device.
#[derive(Debug)]
pub struct LocalDevice {
    /// The key of the account that this device belongs to.
    pub account_key: AccountKey,
    /// This device's certificate, verified under `account_key`.
    pub certificate: DeviceCertificate,
    /// The secret keys that the certificate names the public halves of.
    pub secret: DeviceSecret,
}

impl LocalDevice {
    /// The account that this device belongs to.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.certificate.account()
    }

    /// This device's id.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.certificate.device()
    }

    pub(super) fn as_party(&self) -> Party<'_> {
        Party {
            account_key: &self.account_key,
            certificate: &self.certificate,
        }
    }
}

/// The other device.
#[derive(Clone, Debug)]
pub struct RemoteDevice {
    /// The account key that the other side is known by.
    pub account_key: AccountKey,
    /// The other device's certificate, verified under `account_key`.
    pub certificate: DeviceCertificate,
}

impl RemoteDevice {
    /// The account that the other device belongs to.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.certificate.account()
    }

    /// The other device's id.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.certificate.device()
    }

    pub(super) fn as_party(&self) -> Party<'_> {
        Party {
            account_key: &self.account_key,
            certificate: &self.certificate,
        }
    }
}

/// What the transcript says of one end, whichever it is.
#[derive(Clone, Copy)]
pub(super) struct Party<'a> {
    pub(super) account_key: &'a AccountKey,
    pub(super) certificate: &'a DeviceCertificate,
}
