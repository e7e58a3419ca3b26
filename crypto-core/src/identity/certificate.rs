//! Device certificates: an account key says which keys a device has (`docs/PROTOCOL.md`, section 2.4).
//!
//! ```text
//! body        = 0x01 || account(16) || device(16) || signing key(32) || agreement key(32) || created at(8)     105 bytes
//! certificate = body || Ed25519(account secret, "device certificate", body)(64)                                 169 bytes
//! ```
//!
//! Whether a certified device still belongs to its account is said by the [device list](super::DeviceList), not here.

use super::{AccountId, AccountKey, AccountSecret, DeviceId, DeviceKeys};
use crate::layout::Reader;
use crate::primitives::dh::DhPublic;
use crate::primitives::labels::Label;
use crate::primitives::signature::{Signature, VerifyingKey};

/// Length of an encoded certificate.
pub const CERTIFICATE_LEN: usize = BODY_LEN + 64;

const BODY_LEN: usize = 1 + 16 + 16 + 32 + 32 + 8;
const VERSION: u8 = 1;

/// A certificate whose signature has been verified (or has just been made).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCertificate(Fields);

/// A certificate that is well formed. Whether it is true is for [`UnverifiedDeviceCertificate::verify`] to say.
#[derive(Clone, Debug)]
pub struct UnverifiedDeviceCertificate(Fields);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fields {
    account: AccountId,
    device: DeviceId,
    keys: DeviceKeys,
    created_at: u64,
    signature: Signature,
}

impl DeviceCertificate {
    /// Certifies a device's keys. `created_at` is in milliseconds since the Unix epoch.
    #[must_use]
    pub fn issue(
        secret: &AccountSecret,
        account: AccountId,
        device: DeviceId,
        keys: &DeviceKeys,
        created_at: u64,
    ) -> Self {
        let body = encode_body(account, device, keys, created_at);
        let signature = secret.sign(Label::DeviceCertificate, &body);
        Self(Fields {
            account,
            device,
            keys: *keys,
            created_at,
            signature,
        })
    }

    /// The certificate's 169 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; CERTIFICATE_LEN] {
        let mut bytes = [0; CERTIFICATE_LEN];
        let (body, signature) = bytes.split_at_mut(BODY_LEN);
        body.copy_from_slice(&self.0.body());
        signature.copy_from_slice(self.0.signature.as_bytes());
        bytes
    }

    /// The account that the device belongs to.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.0.account
    }

    /// The device.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.0.device
    }

    /// The device's public keys.
    #[must_use]
    pub const fn keys(&self) -> &DeviceKeys {
        &self.0.keys
    }

    /// When the certificate was made, in milliseconds since the Unix epoch, by the clock of the browser that made it.
    #[must_use]
    pub const fn created_at(&self) -> u64 {
        self.0.created_at
    }

    pub(super) fn check(
        &self,
        account: AccountId,
        key: &AccountKey,
    ) -> Result<(), CertificateError> {
        self.0.check(account, key)
    }
}

impl UnverifiedDeviceCertificate {
    /// Parses a certificate of exactly 169 bytes.
    ///
    /// # Errors
    /// [`CertificateError`] `Length`, `Version`, `SigningKey` or `AgreementKey`.
    pub fn decode(bytes: &[u8]) -> Result<Self, CertificateError> {
        let mut reader = Reader::new(bytes);
        let fields = Self::read(&mut reader)?;
        reader.finish().map_err(|_| CertificateError::Length)?;
        Ok(fields)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CertificateError> {
        let short = |_| CertificateError::Length;
        let version = reader.u8().map_err(short)?;
        if version != VERSION {
            return Err(CertificateError::Version(version));
        }
        let account = AccountId::from_bytes(reader.array().map_err(short)?);
        let device = DeviceId::from_bytes(reader.array().map_err(short)?);
        let signing = VerifyingKey::from_bytes(&reader.array().map_err(short)?)
            .map_err(|_| CertificateError::SigningKey)?;
        let agreement = DhPublic::from_bytes(reader.array().map_err(short)?)
            .map_err(|_| CertificateError::AgreementKey)?;
        let created_at = reader.u64().map_err(short)?;
        let signature = Signature::from_bytes(reader.array().map_err(short)?);
        let keys = DeviceKeys { signing, agreement };
        Ok(Self(Fields {
            account,
            device,
            keys,
            created_at,
            signature,
        }))
    }

    /// The account that the certificate claims to be of, to know whose key to verify it with.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.0.account
    }

    /// The device that the certificate claims to be of.
    #[must_use]
    pub const fn device(&self) -> DeviceId {
        self.0.device
    }

    /// Verifies that the holder of `key` certified this device for `account`.
    ///
    /// # Errors
    /// [`CertificateError`] `WrongAccount` or `BadSignature`.
    pub fn verify(
        self,
        account: AccountId,
        key: &AccountKey,
    ) -> Result<DeviceCertificate, CertificateError> {
        self.0.check(account, key)?;
        Ok(DeviceCertificate(self.0))
    }
}

impl Fields {
    fn body(&self) -> [u8; BODY_LEN] {
        encode_body(self.account, self.device, &self.keys, self.created_at)
    }

    fn check(&self, account: AccountId, key: &AccountKey) -> Result<(), CertificateError> {
        if self.account != account {
            return Err(CertificateError::WrongAccount);
        }
        key.verify(Label::DeviceCertificate, &self.body(), &self.signature)
            .map_err(|_| CertificateError::BadSignature)
    }
}

fn encode_body(
    account: AccountId,
    device: DeviceId,
    keys: &DeviceKeys,
    created_at: u64,
) -> [u8; BODY_LEN] {
    let parts: [&[u8]; 6] = [
        &[VERSION],
        account.as_bytes(),
        device.as_bytes(),
        keys.signing.as_bytes(),
        keys.agreement.as_bytes(),
        &created_at.to_be_bytes(),
    ];
    let mut body = [0; BODY_LEN];
    for (to, from) in body.iter_mut().zip(parts.into_iter().flatten()) {
        *to = *from;
    }
    body
}

/// Why a certificate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not 169 bytes.
    #[error("a device certificate has 169 bytes")]
    Length,
    /// A version that this code doesn't know.
    #[error("unknown version {0} of device certificates")]
    Version(u8),
    /// The signing key isn't a canonical Ed25519 key of full order.
    #[error("the certificate's signing key is invalid")]
    SigningKey,
    /// The agreement key isn't a canonical X25519 key of full order.
    #[error("the certificate's agreement key is invalid")]
    AgreementKey,
    /// The certificate is for a device of another account.
    #[error("the certificate is for another account")]
    WrongAccount,
    /// The account key didn't sign this.
    #[error("the certificate's signature doesn't verify")]
    BadSignature,
}
