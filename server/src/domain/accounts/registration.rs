//! Registration (PROTOCOL.md section 3): a name, a password that the relay never sees, an identity and its first device.

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};
use sotto_crypto_core::primitives::signature::VerifyingKey;
use sotto_protocol::{
    Username,
    http::{RegisterFinish, RegisterStart, RegisterStarted, Registration, Session},
};

use super::{Accounts, account_key, bytes32, check_vault, device_id, verify_list};
use crate::{
    domain::{
        Error,
        ceremonies::digest_of,
        clock::{day_of, now_ms},
        directory::DeviceSet,
        limits::{Action, Who},
        prekeys,
        sessions::Sessions,
    },
    store::accounts::{Account, AddedDevice, NewAccount, SignedList},
};

/// Between start and finish.
#[derive(Debug, Clone)]
pub(super) struct Registering {
    username: Username,
    credential_id: [u8; 32],
    invitation: Option<[u8; 32]>,
}

/// What is kept of an invitation's code. Case, dashes and white space don't matter: codes are read out and typed.
pub fn invitation_hash(code: &str) -> [u8; 32] {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    Sha256::digest(letters.to_ascii_uppercase()).into()
}

impl Accounts {
    /// Checks the name and answers the OPAQUE request.
    ///
    /// # Errors
    /// [`Error::RegistrationClosed`], [`Error::Username`], [`Error::InvitationRequired`], [`Error::UsernameTaken`],
    /// [`Error::Malformed`], [`Error::RateLimited`].
    pub async fn register_start(
        &self,
        address: IpAddr,
        start: RegisterStart,
    ) -> Result<RegisterStarted, Error> {
        if self.policy.registration == Registration::Closed {
            return Err(Error::RegistrationClosed);
        }
        let username = Username::parse(&start.username).map_err(Error::Username)?;
        self.limits.check(Action::Login, Who::address(address), 1)?;
        let invitation = self.invited(start.invitation.as_deref()).await?;
        if self.store.name_taken(username.folded()).await? {
            return Err(Error::UsernameTaken);
        }
        let (credential_id, response) = self.passwords.registration(&start.request)?;
        let ceremony = self.registrations.insert(Registering {
            username,
            credential_id,
            invitation,
        })?;
        Ok(RegisterStarted {
            ceremony: ceremony.to_bytes(),
            response: response.into(),
        })
    }

    async fn invited(&self, code: Option<&str>) -> Result<Option<[u8; 32]>, Error> {
        if self.policy.registration != Registration::Invitation {
            return Ok(None);
        }
        let hash = invitation_hash(code.ok_or(Error::InvitationRequired)?);
        if self.store.invitation_valid(hash, now_ms()).await? {
            Ok(Some(hash))
        } else {
            Err(Error::InvitationRequired)
        }
    }

    /// Adds the account with its first device, and opens that device's session. May be tried again until the ceremony
    /// expires, also after it has succeeded: then with the same answer.
    ///
    /// # Errors
    /// [`Error::CeremonyExpired`], [`Error::Malformed`], [`Error::DeviceListRefused`], [`Error::PrekeysRefused`],
    /// [`Error::UsernameTaken`], [`Error::IdTaken`], [`Error::InvitationRequired`], [`Error::RateLimited`].
    pub async fn register_finish(
        &self,
        address: IpAddr,
        finish: RegisterFinish,
    ) -> Result<Session, Error> {
        if let Some(session) = self.opened.answer(&finish.ceremony, &finish) {
            return Ok(session);
        }
        let digest = digest_of(&finish);
        let registering = self.registrations.get(&finish.ceremony)?;
        let credential = self
            .passwords
            .record(registering.credential_id, &finish.record)?;
        let key_bytes = bytes32(&finish.account_key, "account_key")?;
        let key = account_key(&key_bytes)?;
        let recovery_key = bytes32(&finish.recovery_key, "recovery_key")?;
        VerifyingKey::from_bytes(&recovery_key)
            .map_err(|_| Error::Malformed("recovery_key is not an Ed25519 key".to_owned()))?;
        check_vault(&finish.vault)?;
        if finish.vault.version != 1 {
            return Err(Error::Malformed("the first vault has version 1".to_owned()));
        }
        let list = verify_list(finish.account, &key, &finish.device.device_list)?;
        let [certificate] = list.devices() else {
            return Err(Error::DeviceListRefused("the first one has one device"));
        };
        if list.version() != 1 || device_id(certificate.device()) != finish.device.device {
            return Err(Error::DeviceListRefused(
                "it is not the first one of this device",
            ));
        }
        let prekeys = prekeys::verify_first(certificate, &finish.device.prekeys)?;
        self.limits
            .check(Action::Register, Who::address(address), 1)?;
        let (stored, session) = Sessions::draw(finish.account, finish.device.device)?;
        let now = now_ms();
        self.store
            .register(NewAccount {
                account: Account {
                    id: finish.account,
                    username: registering.username,
                    account_key: key_bytes,
                    recovery_key,
                    credential,
                    vault: finish.vault,
                    device_list: SignedList {
                        version: 1,
                        bytes: finish.device.device_list.0,
                    },
                    registered_on: day_of(now),
                },
                device: AddedDevice {
                    device: finish.device.device,
                    prekeys,
                    session: stored,
                },
                invitation: registering.invitation,
                now,
            })
            .await?;
        let _ = self.registrations.take(&finish.ceremony);
        self.opened.note(&finish.ceremony, digest, session.clone());
        self.directory.put(
            finish.account,
            DeviceSet {
                version: 1,
                devices: Box::new([finish.device.device]),
            },
        );
        metrics::counter!("sotto_registrations_total").increment(1);
        Ok(session)
    }
}
