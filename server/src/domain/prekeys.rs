//! Prekeys: what a device uploads is verified under its certificate, what others claim is handed out once (PROTOCOL.md section 4).

use std::sync::Arc;

use sotto_crypto_core::{
    identity::{AccountKey, DeviceCertificate, DeviceKeys, UnverifiedDeviceList},
    prekey::{KemPrekey, KemPrekeyKind, OneTimePrekey, PrekeyError, SignedPrekey, verify_prekeys},
};
use sotto_protocol::{
    AccountId, Bytes, DeviceId,
    http::{PrekeyBundle, PrekeyBundles, PrekeyClaim, PrekeyCount, PrekeyUpload},
    limits::{DEVICES_MAX, ONE_TIME_PREKEYS_LOW, ONE_TIME_PREKEYS_MAX},
};

use super::{
    Error, Identity,
    limits::{Action, Limits, Who},
    notices::Notices,
};
use crate::store::{
    AccountStore,
    accounts::{Prekey, Prekeys as Verified},
};

/// Upload and claim of prekeys.
pub struct Prekeys {
    store: Arc<dyn AccountStore>,
    limits: Arc<Limits>,
    notices: Arc<dyn Notices>,
}

impl Prekeys {
    /// Puts the parts together.
    pub fn new(
        store: Arc<dyn AccountStore>,
        limits: Arc<Limits>,
        notices: Arc<dyn Notices>,
    ) -> Self {
        Self {
            store,
            limits,
            notices,
        }
    }

    /// Adds a device's prekeys. Uploading the same ones again is harmless.
    ///
    /// # Errors
    /// [`Error::PrekeysRefused`], [`Error::SignatureInvalid`], [`Error::DeviceRevoked`], [`Error::RateLimited`].
    pub async fn upload(&self, who: Identity, upload: PrekeyUpload) -> Result<PrekeyCount, Error> {
        self.limits
            .check(Action::Change, Who::Account(who.account), 1)?;
        let keys = self.keys_of(who).await?;
        let verified = verify(&keys, &upload)?;
        Ok(self.store.add_prekeys(who.device, verified).await?)
    }

    /// What is left of a device's one-time prekeys.
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub async fn count(&self, device: DeviceId) -> Result<PrekeyCount, Error> {
        Ok(self.store.prekey_count(device).await?)
    }

    /// Takes a bundle for each of these devices that the account has.
    ///
    /// # Errors
    /// [`Error::AccountUnknown`], [`Error::TooLarge`], [`Error::RateLimited`]: a claimer has a budget per target, so that
    /// nobody drains anybody's one-time prekeys.
    pub async fn claim(
        &self,
        who: Identity,
        account: AccountId,
        claim: PrekeyClaim,
    ) -> Result<PrekeyBundles, Error> {
        let mut devices = claim.devices;
        devices.sort_unstable();
        devices.dedup();
        if devices.len() > DEVICES_MAX {
            return Err(Error::TooLarge("devices"));
        }
        self.limits
            .check(Action::ClaimAny, Who::Account(who.account), 1)?;
        self.limits
            .check(Action::Claim, Who::Pair(who.account, account), 1)?;
        if self.store.device_set(account).await?.is_none() {
            return Err(Error::AccountUnknown);
        }
        let claimed = self.store.claim_prekeys(account, devices).await?;
        let bundles = claimed
            .into_iter()
            .map(|bundle| {
                let low = ONE_TIME_PREKEYS_LOW as u32;
                if bundle.left.one_time < low || bundle.left.kem_one_time < low {
                    self.notices.prekeys_low(bundle.device, bundle.left);
                }
                PrekeyBundle {
                    device: bundle.device,
                    signed: bundle.signed.into(),
                    one_time: bundle.one_time.map(Bytes::from),
                    kem: bundle.kem.into(),
                }
            })
            .collect();
        Ok(PrekeyBundles { bundles })
    }

    async fn keys_of(&self, who: Identity) -> Result<DeviceKeys, Error> {
        let account = self
            .store
            .account(who.account)
            .await?
            .ok_or(Error::AccountUnknown)?;
        let stored = |error: String| Error::Internal(format!("a stored device list: {error}"));
        let key = AccountKey::from_bytes(&account.account_key)
            .map_err(|error| stored(error.to_string()))?;
        let id = sotto_crypto_core::identity::AccountId::from_bytes(account.id.0);
        let list = UnverifiedDeviceList::decode(&account.device_list.bytes)
            .and_then(|list| list.verify(id, &key))
            .map_err(|error| stored(error.to_string()))?;
        list.devices()
            .iter()
            .find(|certificate| *certificate.device().as_bytes() == who.device.0)
            .map(|certificate| *certificate.keys())
            .ok_or(Error::DeviceRevoked)
    }
}

/// Verifies a new device's first prekeys, which must let anybody start a session with it.
///
/// # Errors
/// [`Error::PrekeysRefused`], [`Error::SignatureInvalid`].
pub(super) fn verify_first(
    certificate: &DeviceCertificate,
    upload: &PrekeyUpload,
) -> Result<Verified, Error> {
    if upload.signed.is_none() || upload.kem_last_resort.is_none() {
        return Err(Error::PrekeysRefused(
            "a new device needs a signed and a last-resort prekey",
        ));
    }
    verify(certificate.keys(), upload)
}

/// Decodes prekeys and verifies that the device signed those that are to be signed.
fn verify(keys: &DeviceKeys, upload: &PrekeyUpload) -> Result<Verified, Error> {
    if upload.one_time.len() > ONE_TIME_PREKEYS_MAX
        || upload.kem_one_time.len() > ONE_TIME_PREKEYS_MAX
    {
        return Err(Error::PrekeysRefused("more than are kept"));
    }
    let signed = upload
        .signed
        .as_ref()
        .map(|bytes| SignedPrekey::decode(bytes))
        .transpose()
        .map_err(refused)?;
    let last_resort = upload
        .kem_last_resort
        .as_ref()
        .map(|bytes| kem(bytes, KemPrekeyKind::LastResort))
        .transpose()?;
    let one_time = decode_all(&upload.one_time, |bytes| {
        OneTimePrekey::decode(bytes)
            .map(|prekey| prekey.id)
            .map_err(refused)
    })?;
    let mut kems = Vec::with_capacity(upload.kem_one_time.len());
    let kem_one_time = decode_all(&upload.kem_one_time, |bytes| {
        let prekey = kem(bytes, KemPrekeyKind::OneTime)?;
        let id = prekey.id;
        kems.push(prekey);
        Ok(id)
    })?;
    verify_prekeys(keys, &signed, last_resort.iter().chain(&kems)).map_err(refused)?;
    Ok(Verified {
        signed: stored(signed.map(|prekey| prekey.id), upload.signed.as_ref()),
        kem_last_resort: stored(
            last_resort.map(|prekey| prekey.id),
            upload.kem_last_resort.as_ref(),
        ),
        one_time,
        kem_one_time,
    })
}

fn stored(id: Option<u32>, bytes: Option<&Bytes>) -> Option<Prekey> {
    Some(Prekey {
        id: id?,
        bytes: bytes?.0.clone(),
    })
}

fn kem(bytes: &[u8], kind: KemPrekeyKind) -> Result<KemPrekey, Error> {
    let prekey = KemPrekey::decode(bytes).map_err(refused)?;
    if prekey.kind == kind {
        Ok(prekey)
    } else {
        Err(Error::PrekeysRefused("a KEM prekey of the other kind"))
    }
}

/// Decodes one-time prekeys, whose ids must differ.
fn decode_all(
    uploads: &[Bytes],
    mut id_of: impl FnMut(&[u8]) -> Result<u32, Error>,
) -> Result<Vec<Prekey>, Error> {
    let mut prekeys = Vec::with_capacity(uploads.len());
    for bytes in uploads {
        prekeys.push(Prekey {
            id: id_of(bytes)?,
            bytes: bytes.0.clone(),
        });
    }
    prekeys.sort_unstable_by_key(|prekey| prekey.id);
    if prekeys
        .iter()
        .zip(prekeys.iter().skip(1))
        .any(|(one, next)| one.id == next.id)
    {
        return Err(Error::PrekeysRefused("an id stands twice"));
    }
    Ok(prekeys)
}

fn refused(error: PrekeyError) -> Error {
    match error {
        PrekeyError::BadSignedPrekey | PrekeyError::BadKemPrekey => Error::SignatureInvalid,
        PrekeyError::InvalidKey => Error::PrekeysRefused("a key is invalid"),
        _ => Error::PrekeysRefused("one is malformed"),
    }
}
