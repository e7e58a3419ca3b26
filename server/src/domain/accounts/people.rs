//! What is public about accounts, and what an account may see of itself.

use sotto_protocol::{
    AccountId,
    http::{AccountInfo, DeviceLists, Held, HeldDevice, People, Person},
    limits::{PEOPLE_SEARCH_MAX, USERNAME_MAX},
};

use super::Accounts;
use crate::domain::{
    Error, Identity,
    limits::{Action, Who},
};

/// Lists in one answer at most.
const LISTS_MAX: usize = 100;

impl Accounts {
    /// People whose names begin so, without regard to case; nobody for an empty beginning or one that no name can have.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub async fn search(&self, who: Identity, prefix: &str) -> Result<People, Error> {
        self.limits
            .check(Action::Search, Who::Account(who.account), 1)?;
        let possible = (1..=USERNAME_MAX).contains(&prefix.len())
            && prefix
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if !possible {
            return Ok(People { people: Vec::new() });
        }
        let people = self
            .store
            .people(prefix.to_ascii_lowercase(), PEOPLE_SEARCH_MAX)
            .await?
            .into_iter()
            .map(|(account, username)| Person { account, username })
            .collect();
        Ok(People { people })
    }

    /// What is public about an account.
    ///
    /// # Errors
    /// [`Error::AccountUnknown`], [`Error::RateLimited`].
    pub async fn info(&self, who: Identity, account: AccountId) -> Result<AccountInfo, Error> {
        self.limits
            .check(Action::Lookup, Who::Account(who.account), 1)?;
        let account = self.account(account).await?;
        Ok(AccountInfo {
            account: account.id,
            username: account.username,
            account_key: account.account_key.as_slice().into(),
        })
    }

    /// An account's signed device lists after a version, oldest first. `asking` is an account, by a device or while enrolling.
    ///
    /// # Errors
    /// [`Error::AccountUnknown`], [`Error::RateLimited`].
    pub async fn device_lists(
        &self,
        asking: AccountId,
        account: AccountId,
        after: u64,
    ) -> Result<DeviceLists, Error> {
        self.limits.check(Action::Lookup, Who::Account(asking), 1)?;
        let account = self.account(account).await?;
        let lists = self
            .store
            .device_lists(account.id, after, LISTS_MAX)
            .await?;
        Ok(DeviceLists {
            account_key: account.account_key.as_slice().into(),
            username: account.username,
            lists: lists.into_iter().map(|list| list.bytes.into()).collect(),
            newest: account.device_list.version,
        })
    }

    /// Everything that the relay holds about the asking account.
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub async fn held(&self, who: Identity) -> Result<Held, Error> {
        self.limits
            .check(Action::Lookup, Who::Account(who.account), 1)?;
        let account = self.account(who.account).await?;
        let mut devices = Vec::new();
        for record in self.store.devices(who.account).await? {
            devices.push(HeldDevice {
                device: record.device,
                last_seen_on: record.last_seen_on,
                waiting: self.notices.waiting(record.device).await?,
                prekeys: record.prekeys,
            });
        }
        let vault = &account.vault;
        let vault_bytes =
            vault.sealed.len() + vault.password_wrap.len() + vault.recovery_wrap.len();
        Ok(Held {
            account: account.id,
            username: account.username,
            registered_on: account.registered_on,
            vault_bytes: vault_bytes as u64,
            devices,
        })
    }
}
