//! Prekey bundles: what one needs to write to a device that is away (`docs/PROTOCOL.md`, section 4.2).
//!
//! A bundle exists only verified: [`PrekeyBundle::new`] checks every signature in it.

use super::{KemPrekey, OneTimePrekey, PrekeyError, SignedPrekey};
use crate::identity::{DeviceCertificate, DeviceKeys};

/// A device's certificate and one prekey of each sort, verified.
#[derive(Clone, Debug)]
pub struct PrekeyBundle {
    certificate: DeviceCertificate,
    signed: SignedPrekey,
    one_time: Option<OneTimePrekey>,
    kem: KemPrekey,
}

impl PrekeyBundle {
    /// Puts a bundle together. The certificate has been verified under the account's key; here the prekeys are verified under
    /// the certificate's.
    ///
    /// # Errors
    /// [`PrekeyError::BadSignedPrekey`] or [`PrekeyError::BadKemPrekey`] if the device didn't sign that key.
    pub fn new(
        certificate: DeviceCertificate,
        signed: SignedPrekey,
        one_time: Option<OneTimePrekey>,
        kem: KemPrekey,
    ) -> Result<Self, PrekeyError> {
        signed.verify(certificate.keys())?;
        kem.verify(certificate.keys())?;
        Ok(Self {
            certificate,
            signed,
            one_time,
            kem,
        })
    }

    /// The device that the prekeys belong to.
    #[must_use]
    pub const fn certificate(&self) -> &DeviceCertificate {
        &self.certificate
    }

    /// The signed prekey.
    #[must_use]
    pub const fn signed(&self) -> &SignedPrekey {
        &self.signed
    }

    /// The one-time prekey, if the server had one left.
    #[must_use]
    pub const fn one_time(&self) -> Option<&OneTimePrekey> {
        self.one_time.as_ref()
    }

    /// The KEM prekey.
    #[must_use]
    pub const fn kem(&self) -> &KemPrekey {
        &self.kem
    }
}

/// Verifies that `device` signed all of these: what a server does before it stores an upload.
///
/// # Errors
/// [`PrekeyError::BadSignedPrekey`] or [`PrekeyError::BadKemPrekey`] for the first that it didn't sign.
pub fn verify_prekeys<'a>(
    device: &DeviceKeys,
    signed: impl IntoIterator<Item = &'a SignedPrekey>,
    kem: impl IntoIterator<Item = &'a KemPrekey>,
) -> Result<(), PrekeyError> {
    signed
        .into_iter()
        .try_for_each(|prekey| prekey.verify(device))?;
    kem.into_iter().try_for_each(|prekey| prekey.verify(device))
}
