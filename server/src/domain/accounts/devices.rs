//! Devices of an account (PROTOCOL.md section 2): enrolment, removal, and the renewal of their sessions.
//!
//! The relay believes a device list only if the account key signed it and it follows the stored one; it may add the enrolling device
//! and no other, and a device's certificate never changes.

use std::net::IpAddr;

use sotto_crypto_core::identity::DeviceList;
use sotto_protocol::{
    AccountId, Bytes, DeviceId,
    http::{
        Challenge, ChallengeRequest, DeviceListUpdate, NewDevice, Session, SessionRequest, Vault,
    },
};

use super::{Accounts, account_key, device_id, refused, signature, verify_list};
use crate::{
    domain::{
        Error, Identity,
        ceremonies::digest_of,
        clock::{day_of, now_ms},
        directory::DeviceSet,
        limits::{Action, Who},
        prekeys,
        sessions::Sessions,
    },
    store::accounts::{Account, AddedDevice, Credential, DeviceChange, SignedList},
};

/// Who asked for a challenge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Challenged(Identity);

impl Accounts {
    /// Adds a device after a login. May be tried again until the token expires, also after it has succeeded: then with the same answer.
    ///
    /// # Errors
    /// [`Error::SessionExpired`], [`Error::DeviceListConflict`], [`Error::DeviceListRefused`], [`Error::TooManyDevices`],
    /// [`Error::IdTaken`], [`Error::PrekeysRefused`].
    pub async fn enrol(&self, token: &Bytes, device: NewDevice) -> Result<Session, Error> {
        if let Some(session) = self.opened.answer(token, &device) {
            return Ok(session);
        }
        let digest = digest_of(&device);
        let enrolling = self.enrolling(token)?;
        if enrolling.recovered.is_some() {
            return Err(Error::SessionExpired);
        }
        let session = self.add_device(enrolling.account, device, None).await?;
        let _ = self.enrolments.take(token);
        self.opened.note(token, digest, session.clone());
        Ok(session)
    }

    pub(super) async fn add_device(
        &self,
        account: AccountId,
        new: NewDevice,
        password: Option<(Credential, Vault)>,
    ) -> Result<Session, Error> {
        self.limits
            .check(Action::Change, Who::Account(account), 1)?;
        let account = self.account(account).await?;
        let (list, removed) = successor(&account, &new.device_list, Some(new.device))?;
        let certificate = list
            .devices()
            .iter()
            .find(|certificate| device_id(certificate.device()) == new.device)
            .ok_or(Error::DeviceListRefused("the new device is not in it"))?;
        let prekeys = prekeys::verify_first(certificate, &new.prekeys)?;
        let (stored, session) = Sessions::draw(account.id, new.device)?;
        let added = AddedDevice {
            device: new.device,
            prekeys,
            session: stored,
        };
        self.change(
            DeviceChange {
                account: account.id,
                list: SignedList {
                    version: list.version(),
                    bytes: new.device_list.0,
                },
                added: Some(added),
                removed,
                password,
                today: day_of(now_ms()),
            },
            &list,
        )
        .await?;
        Ok(session)
    }

    /// Removes devices of the own account, also the asking one.
    ///
    /// # Errors
    /// [`Error::DeviceListConflict`], [`Error::DeviceListRefused`].
    pub async fn remove_devices(
        &self,
        who: Identity,
        update: DeviceListUpdate,
    ) -> Result<(), Error> {
        self.limits
            .check(Action::Change, Who::Account(who.account), 1)?;
        let account = self.account(who.account).await?;
        if account.device_list.bytes == update.device_list.0 {
            return Ok(());
        }
        let (list, removed) = successor(&account, &update.device_list, None)?;
        self.change(
            DeviceChange {
                account: account.id,
                list: SignedList {
                    version: list.version(),
                    bytes: update.device_list.0,
                },
                added: None,
                removed,
                password: None,
                today: day_of(now_ms()),
            },
            &list,
        )
        .await
    }

    async fn change(&self, change: DeviceChange, list: &DeviceList) -> Result<(), Error> {
        let account = change.account;
        let removed = change.removed.clone();
        self.store.change_devices(change).await?;
        let devices = list
            .devices()
            .iter()
            .map(|certificate| device_id(certificate.device()))
            .collect();
        let version = list.version();
        self.directory.put(account, DeviceSet { version, devices });
        for device in removed {
            self.notices.revoked(device);
        }
        self.notices.device_list_changed(account, version);
        Ok(())
    }

    /// Gives a device something to sign. Anybody may ask: an answer needs the device's key.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub async fn challenge(
        &self,
        address: IpAddr,
        request: ChallengeRequest,
    ) -> Result<Challenge, Error> {
        self.limits
            .check(Action::Session, Who::address(address), 1)?;
        let challenge = self.challenges.insert(Challenged(Identity {
            account: request.account,
            device: request.device,
        }))?;
        Ok(Challenge {
            challenge: challenge.to_bytes(),
        })
    }

    /// Opens a session for a device that has signed its challenge.
    ///
    /// # Errors
    /// [`Error::CeremonyExpired`], [`Error::AccountUnknown`], [`Error::DeviceRevoked`], [`Error::DeviceUnknown`],
    /// [`Error::SignatureInvalid`].
    pub async fn renew(&self, request: SessionRequest) -> Result<Session, Error> {
        let signature = signature(&request.signature)?;
        let Challenged(who) = self.challenges.take(&request.challenge)?;
        if who.account != request.account || who.device != request.device {
            return Err(Error::CeremonyExpired);
        }
        let account = self.account(who.account).await?;
        let key = account_key(&account.account_key)?;
        let list = verify_list(account.id, &key, &account.device_list.bytes)?;
        let certificate = list
            .devices()
            .iter()
            .find(|certificate| device_id(certificate.device()) == who.device);
        let Some(certificate) = certificate else {
            let owner = self.store.owner(who.device).await?;
            return Err(if owner == Some(who.account) {
                Error::DeviceRevoked
            } else {
                Error::DeviceUnknown
            });
        };
        certificate
            .keys()
            .verify_challenge(&request.challenge, &signature)
            .map_err(|_| Error::SignatureInvalid)?;
        self.sessions.open(who).await
    }
}

/// Verifies that a list follows the stored one and adds nothing but `added`. Returns it and the devices that it removes.
fn successor(
    account: &Account,
    bytes: &[u8],
    added: Option<DeviceId>,
) -> Result<(DeviceList, Vec<DeviceId>), Error> {
    let key = account_key(&account.account_key)?;
    let list = verify_list(account.id, &key, bytes)?;
    let stored = verify_list(account.id, &key, &account.device_list.bytes)
        .map_err(|error| Error::Internal(format!("a stored device list: {error}")))?;
    if list.version() <= stored.version() {
        return Err(Error::DeviceListConflict {
            newest: stored.version(),
        });
    }
    list.extends(&stored).map_err(refused)?;
    for certificate in list.devices() {
        let device = device_id(certificate.device());
        let before = stored
            .devices()
            .iter()
            .find(|old| old.device() == certificate.device());
        match before {
            Some(old) if old == certificate => {}
            Some(_) => return Err(Error::DeviceListRefused("a certificate has changed")),
            None if Some(device) == added => {}
            None => return Err(Error::DeviceListRefused("it adds another device")),
        }
    }
    if stored
        .devices()
        .iter()
        .any(|old| Some(device_id(old.device())) == added)
    {
        return Err(Error::IdTaken);
    }
    let removed = stored
        .devices()
        .iter()
        .filter(|old| {
            list.devices()
                .iter()
                .all(|new| new.device() != old.device())
        })
        .map(|old| device_id(old.device()))
        .collect();
    Ok((list, removed))
}
