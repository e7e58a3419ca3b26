//! The vault: sealed by clients, kept and handed back as it is, guarded against two writers at once.

use sotto_protocol::{AccountId, http::Vault};

use super::{Accounts, check_vault};
use crate::domain::{
    Error, Identity,
    limits::{Action, Who},
};

impl Accounts {
    /// The newest vault.
    ///
    /// # Errors
    /// [`Error::AccountUnknown`].
    pub async fn vault(&self, account: AccountId) -> Result<Vault, Error> {
        Ok(self.account(account).await?.vault)
    }

    /// Replaces the vault by its successor, or its wraps alone.
    ///
    /// # Errors
    /// [`Error::VaultConflict`] unless the version is the newest one's successor, or the sealed part is the same, [`Error::TooLarge`], [`Error::Malformed`].
    pub async fn put_vault(&self, who: Identity, vault: Vault) -> Result<(), Error> {
        self.limits
            .check(Action::Change, Who::Account(who.account), 1)?;
        check_vault(&vault)?;
        self.store.put_vault(who.account, vault, None).await?;
        Ok(())
    }
}
