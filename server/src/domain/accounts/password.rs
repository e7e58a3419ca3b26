//! A new password, set by a device of the account (PROTOCOL.md section 3).

use sotto_protocol::http::{PasswordFinish, PasswordStart, RegisterStarted};

use super::{Accounts, check_vault};
use crate::domain::{
    Error, Identity,
    limits::{Action, Who},
};

/// Between start and finish.
#[derive(Debug, Clone, Copy)]
pub(super) struct Changing {
    who: Identity,
    credential_id: [u8; 32],
}

impl Accounts {
    /// Answers the OPAQUE request for the new password.
    ///
    /// # Errors
    /// [`Error::RateLimited`], [`Error::Malformed`].
    pub async fn password_start(
        &self,
        who: Identity,
        start: PasswordStart,
    ) -> Result<RegisterStarted, Error> {
        self.limits
            .check(Action::Change, Who::Account(who.account), 1)?;
        let (credential_id, response) = self.passwords.registration(&start.request)?;
        let ceremony = self
            .password_changes
            .insert(Changing { who, credential_id })?;
        Ok(RegisterStarted {
            ceremony: ceremony.to_bytes(),
            response: response.into(),
        })
    }

    /// Sets the new password and the vault that it opens, together. May be tried again until the ceremony expires.
    ///
    /// # Errors
    /// [`Error::CeremonyExpired`], [`Error::Malformed`], [`Error::VaultConflict`].
    pub async fn password_finish(
        &self,
        who: Identity,
        finish: PasswordFinish,
    ) -> Result<(), Error> {
        let changing = self.password_changes.get(&finish.ceremony)?;
        if changing.who != who {
            return Err(Error::CeremonyExpired);
        }
        check_vault(&finish.vault)?;
        let credential = self
            .passwords
            .record(changing.credential_id, &finish.record)?;
        self.store
            .put_vault(who.account, finish.vault, Some(credential))
            .await?;
        Ok(())
    }
}
