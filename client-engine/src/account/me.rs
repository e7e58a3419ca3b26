//! Who is signed in here: the account's secret, this device's secret, and what is still to be confirmed.

use serde::{Deserialize, Serialize};
use sotto_crypto_core::{
    identity::{AccountKey, AccountSecret, DeviceSecret, UnverifiedDeviceCertificate},
    session::LocalDevice,
    vault::VaultKey,
};
use sotto_protocol::{AccountId, Bytes, DeviceId};

use crate::{
    api::view::AccountView,
    people::directory::core_account,
    storage::{self, Corrupt, Secret},
    turn::Turn,
};

/// The row.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct MeRow {
    pub(crate) account: AccountId,
    pub(crate) username: String,
    pub(crate) secret: Secret,
    pub(crate) device: DeviceId,
    pub(crate) device_secret: Secret,
    pub(crate) certificate: Bytes,
    /// The recovery key has been read back.
    pub(crate) confirmed: bool,
    /// The recovery key's entropy, until it has been confirmed.
    pub(crate) recovery: Option<Secret>,
    /// The newest vault that was seen.
    pub(crate) vault: u64,
    /// The key that seals it.
    #[serde(default)]
    pub(crate) vault_key: Secret,
}

pub(crate) struct Me {
    pub(crate) account: AccountId,
    pub(crate) username: String,
    pub(crate) key: AccountKey,
    pub(crate) secret: AccountSecret,
    pub(crate) device: DeviceId,
    pub(crate) local: LocalDevice,
    row: MeRow,
}

impl Me {
    pub(crate) fn new(row: MeRow) -> Result<Self, Corrupt> {
        let secret = AccountSecret::from_bytes(&*row.secret.array::<32>()?);
        let key = secret.public();
        let certificate = UnverifiedDeviceCertificate::decode(&row.certificate)
            .and_then(|c| c.verify(core_account(row.account), &key))
            .map_err(|_| Corrupt)?;
        Ok(Self {
            account: row.account,
            username: row.username.clone(),
            key,
            device: row.device,
            local: LocalDevice {
                account_key: key,
                certificate,
                secret: DeviceSecret::from_bytes(&*row.device_secret.array::<64>()?),
            },
            secret,
            row,
        })
    }

    pub(crate) fn restore(value: &[u8]) -> Result<Self, Corrupt> {
        Self::new(storage::get(value)?)
    }

    pub(crate) fn store(&self, t: &mut Turn<'_>) {
        t.put(storage::ME.to_owned(), &self.row);
    }

    pub(crate) fn recovery(&self) -> Option<&Secret> {
        self.row.recovery.as_ref()
    }

    pub(crate) fn vault_version(&self) -> u64 {
        self.row.vault
    }

    /// The key that seals the vault.
    pub(crate) fn vault_key(&self) -> Option<VaultKey> {
        let key = self.row.vault_key.array::<32>().ok()?;
        Some(VaultKey::from_bytes(*key))
    }

    /// This version of the vault exists: no older one is believed.
    pub(crate) fn saw_vault(&mut self, t: &mut Turn<'_>, version: u64) {
        if version > self.row.vault {
            self.row.vault = version;
            self.store(t);
        }
    }

    /// The recovery key has opened the vault: it need not be kept here any more.
    pub(crate) fn confirm(&mut self, t: &mut Turn<'_>, vault: u64) {
        self.row.confirmed = true;
        self.row.recovery = None;
        self.row.vault = self.row.vault.max(vault);
        self.store(t);
    }

    pub(crate) fn view(&self) -> AccountView {
        AccountView::SignedIn {
            account: self.account.to_string(),
            username: self.username.clone(),
            device: self.device.to_string(),
            recovery_confirmed: self.row.confirmed,
        }
    }
}
