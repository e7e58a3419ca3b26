//! Accounts: how people come in (registration, sign-in, recovery), and what belongs to them (vault, devices, name).
//!
//! - [`registration`], [`login`], [`recovery`], [`password`]: the ceremonies (PROTOCOL.md section 3)
//! - [`devices`]: enrolment, removal, renewal of sessions (section 2)
//! - [`people`]: what others may see
//!
//! ```text
//! login:     start ──▶ finish ──▶ enrolment token ──▶ devices ──────────▶ device session
//! recovery:  start ──▶ open ────▶ enrolment token ──▶ recovery/finish ──▶ device session
//! ```

use std::{sync::Arc, time::Duration};

use sotto_crypto_core::{
    identity::{AccountKey, DeviceList, DeviceListError, UnverifiedDeviceList},
    primitives::signature::Signature,
};
use sotto_protocol::{
    AccountId, Bytes, DeviceId,
    http::{Enrolment, Registration, Session, Vault},
    limits::VAULT_MAX,
};

use super::{
    Error,
    ceremonies::{Pending, Repeats},
    directory::Directory,
    limits::Limits,
    notices::Notices,
    passwords::Passwords,
    sessions::Sessions,
};
use crate::store::{AccountStore, accounts::Account};

mod devices;
mod login;
mod password;
mod people;
mod recovery;
pub mod registration;
mod vault;

/// Bytes of a wrapped vault key at most; ours have about a hundred.
const WRAP_MAX: usize = 512;
/// Bytes of a user name that somebody signs in with, valid or not.
const NAME_BYTES_MAX: usize = 256;

/// What a relay lets people do.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The relay's name.
    pub name: String,
    /// Who may register.
    pub registration: Registration,
}

/// Accounts, and the ceremonies by which people get to them.
pub struct Accounts {
    policy: Policy,
    store: Arc<dyn AccountStore>,
    passwords: Passwords,
    sessions: Arc<Sessions>,
    directory: Arc<Directory>,
    limits: Arc<Limits>,
    notices: Arc<dyn Notices>,
    registrations: Pending<registration::Registering>,
    logins: Pending<login::LoggingIn>,
    recoveries: Pending<recovery::Recovering>,
    password_changes: Pending<password::Changing>,
    challenges: Pending<devices::Challenged>,
    enrolments: Pending<Enrolling>,
    /// Sessions that were opened by a ceremony's last step.
    opened: Repeats<Session>,
    decoy_key: [u8; 32],
}

/// Somebody who has proven to be an account's owner, on a device that isn't enrolled yet.
#[derive(Debug, Clone, Copy)]
pub struct Enrolling {
    /// The account.
    pub account: AccountId,
    /// After recovery: the credential identifier of the password that is to be set.
    recovered: Option<[u8; 32]>,
}

impl Accounts {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`Error::Internal`] if the system has no randomness.
    pub fn new(
        policy: Policy,
        store: Arc<dyn AccountStore>,
        passwords: Passwords,
        sessions: Arc<Sessions>,
        directory: Arc<Directory>,
        limits: Arc<Limits>,
        notices: Arc<dyn Notices>,
    ) -> Result<Self, Error> {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Ok(Self {
            policy,
            store,
            passwords,
            sessions,
            directory,
            limits,
            notices,
            registrations: Pending::new(minutes(5)),
            logins: Pending::new(minutes(1)),
            recoveries: Pending::new(minutes(5)),
            password_changes: Pending::new(minutes(5)),
            challenges: Pending::new(minutes(1)),
            enrolments: Pending::new(minutes(10)),
            opened: Repeats::new(minutes(10)),
            decoy_key: recovery::decoy_key()?,
        })
    }

    /// What this relay lets people do.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whose an enrolment token is.
    ///
    /// # Errors
    /// [`Error::SessionExpired`].
    pub fn enrolling(&self, token: &[u8]) -> Result<Enrolling, Error> {
        self.enrolments
            .get(token)
            .map_err(|_| Error::SessionExpired)
    }

    async fn account(&self, id: AccountId) -> Result<Account, Error> {
        self.store.account(id).await?.ok_or(Error::AccountUnknown)
    }

    /// Lets somebody who has proven to be the owner in, up to the vault.
    async fn admit(&self, enrolling: Enrolling) -> Result<Enrolment, Error> {
        let account = self.account(enrolling.account).await?;
        let token = self.enrolments.insert(enrolling)?;
        Ok(Enrolment {
            token: token.to_bytes(),
            account: account.id,
            username: account.username,
            account_key: account.account_key.as_slice().into(),
            vault: account.vault,
            device_list: account.device_list.bytes.into(),
        })
    }
}

/// A key or hash of 32 bytes in a field that is named in the error.
fn bytes32(bytes: &Bytes, field: &'static str) -> Result<[u8; 32], Error> {
    bytes
        .0
        .as_slice()
        .try_into()
        .map_err(|_| Error::Malformed(format!("{field} is not 32 bytes")))
}

fn signature(bytes: &Bytes) -> Result<Signature, Error> {
    let bytes: [u8; 64] = bytes
        .0
        .as_slice()
        .try_into()
        .map_err(|_| Error::Malformed("signature is not 64 bytes".to_owned()))?;
    Ok(Signature::from_bytes(bytes))
}

fn account_key(bytes: &[u8; 32]) -> Result<AccountKey, Error> {
    AccountKey::from_bytes(bytes)
        .map_err(|_| Error::Malformed("account_key is not an Ed25519 key".to_owned()))
}

/// A name that somebody signs in with, folded: valid or not, so that an invalid one is as unknown as any.
fn folded(username: &str) -> Result<String, Error> {
    if username.len() > NAME_BYTES_MAX {
        return Err(Error::TooLarge("username"));
    }
    Ok(username.to_lowercase())
}

fn check_vault(vault: &Vault) -> Result<(), Error> {
    if vault.sealed.len() > VAULT_MAX {
        return Err(Error::TooLarge("vault.sealed"));
    }
    if vault.password_wrap.len() > WRAP_MAX || vault.recovery_wrap.len() > WRAP_MAX {
        return Err(Error::TooLarge("a wrapped vault key"));
    }
    if vault.sealed.is_empty() || vault.password_wrap.is_empty() || vault.recovery_wrap.is_empty() {
        return Err(Error::Malformed("the vault is incomplete".to_owned()));
    }
    if vault.version == 0 || vault.version > i64::MAX as u64 {
        return Err(Error::Malformed("vault.version is out of range".to_owned()));
    }
    Ok(())
}

/// Verifies a signed list of this account.
fn verify_list(account: AccountId, key: &AccountKey, bytes: &[u8]) -> Result<DeviceList, Error> {
    UnverifiedDeviceList::decode(bytes)
        .and_then(|list| list.verify(core_account(account), key))
        .map_err(refused)
}

fn refused(error: DeviceListError) -> Error {
    match error {
        DeviceListError::TooManyDevices => Error::TooManyDevices,
        DeviceListError::BadSignature => Error::DeviceListRefused("its signature does not verify"),
        DeviceListError::Certificate(_) => {
            Error::DeviceListRefused("a certificate in it is invalid")
        }
        DeviceListError::WrongAccount => Error::DeviceListRefused("it is of another account"),
        DeviceListError::Rollback { .. }
        | DeviceListError::Fork { .. }
        | DeviceListError::Gap { .. } => {
            Error::DeviceListRefused("it does not follow the newest one")
        }
        _ => Error::DeviceListRefused("it is malformed"),
    }
}

fn core_account(id: AccountId) -> sotto_crypto_core::identity::AccountId {
    sotto_crypto_core::identity::AccountId::from_bytes(id.0)
}

fn device_id(id: sotto_crypto_core::identity::DeviceId) -> DeviceId {
    DeviceId(*id.as_bytes())
}
