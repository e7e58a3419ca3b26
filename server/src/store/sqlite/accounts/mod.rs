//! Accounts in SQLite (`migrations/0002_accounts.sql`): the trait here, statements by noun below.
//!
//! - [`people`]: accounts, names, vaults
//! - [`devices`]: device lists and devices
//! - [`prekeys`]: upload and claim
//! - [`sessions`]: sessions and invitations

mod devices;
mod people;
mod prekeys;
mod sessions;

use rusqlite::{Connection, Transaction};
use sotto_protocol::{
    AccountId, DeviceId, Username,
    http::{PrekeyCount, Vault},
};

use super::Sqlite;
use crate::store::{
    AccountStore, Conflict, Op, StoreError,
    accounts::{
        Account, ClaimedBundle, Credential, DeviceChange, DeviceRecord, DeviceSet, NewAccount,
        Prekeys, SignedList, StoredSession,
    },
};

impl AccountStore for Sqlite {
    fn register(&self, new: NewAccount) -> Op<'_, ()> {
        Box::pin(self.writer().write(move |tx| register(tx, &new)))
    }

    fn name_taken(&self, folded: String) -> Op<'_, bool> {
        Box::pin(self.read(move |db| people::name_taken(db, &folded)))
    }

    fn account_by_name(&self, folded: String) -> Op<'_, Option<Account>> {
        Box::pin(self.read(move |db| people::by_name(db, &folded)))
    }

    fn account(&self, id: AccountId) -> Op<'_, Option<Account>> {
        Box::pin(self.read(move |db| people::by_id(db, id)))
    }

    fn people(&self, prefix: String, limit: usize) -> Op<'_, Vec<(AccountId, Username)>> {
        Box::pin(self.read(move |db| people::search(db, &prefix, limit)))
    }

    fn device_lists(
        &self,
        account: AccountId,
        after: u64,
        limit: usize,
    ) -> Op<'_, Vec<SignedList>> {
        Box::pin(self.read(move |db| devices::lists(db, account, after, limit)))
    }

    fn device_set(&self, account: AccountId) -> Op<'_, Option<DeviceSet>> {
        Box::pin(self.read(move |db| devices::set(db, account)))
    }

    fn owner(&self, device: DeviceId) -> Op<'_, Option<AccountId>> {
        Box::pin(self.read(move |db| devices::owner(db, device)))
    }

    fn change_devices(&self, change: DeviceChange) -> Op<'_, ()> {
        Box::pin(self.writer().write(move |tx| change_devices(tx, &change)))
    }

    fn put_vault(
        &self,
        account: AccountId,
        vault: Vault,
        password: Option<Credential>,
    ) -> Op<'_, ()> {
        Box::pin(self.writer().write(move |tx| {
            people::put_vault(tx, account, &vault)?;
            match &password {
                Some(credential) => people::put_credential(tx, account, credential),
                None => Ok(()),
            }
        }))
    }

    fn add_prekeys(&self, device: DeviceId, prekeys: Prekeys) -> Op<'_, PrekeyCount> {
        Box::pin(self.writer().write(move |tx| {
            devices::must_be_current(tx, device)?;
            prekeys::add(tx, device, &prekeys)?;
            prekeys::count(tx, device)
        }))
    }

    fn claim_prekeys(
        &self,
        account: AccountId,
        devices: Vec<DeviceId>,
    ) -> Op<'_, Vec<ClaimedBundle>> {
        Box::pin(
            self.writer()
                .write(move |tx| prekeys::claim(tx, account, &devices)),
        )
    }

    fn prekey_count(&self, device: DeviceId) -> Op<'_, PrekeyCount> {
        Box::pin(self.read(move |db| prekeys::count(db, device)))
    }

    fn put_session(&self, session: StoredSession, today: u64) -> Op<'_, ()> {
        Box::pin(self.writer().write(move |tx| {
            sessions::put(tx, &session)?;
            devices::seen(tx, session.device, today)
        }))
    }

    fn session(&self, token_hash: [u8; 32]) -> Op<'_, Option<StoredSession>> {
        Box::pin(self.read(move |db| sessions::get(db, &token_hash)))
    }

    fn delete_session(&self, token_hash: [u8; 32]) -> Op<'_, ()> {
        Box::pin(
            self.writer()
                .write(move |tx| sessions::delete(tx, &token_hash)),
        )
    }

    fn purge(&self, now: u64) -> Op<'_, ()> {
        Box::pin(self.writer().write(move |tx| sessions::purge(tx, now)))
    }

    fn devices(&self, account: AccountId) -> Op<'_, Vec<DeviceRecord>> {
        Box::pin(self.read(move |db| devices::records(db, account)))
    }

    fn add_invitation(&self, code_hash: [u8; 32], uses: u32, expires_at: u64) -> Op<'_, ()> {
        Box::pin(
            self.writer()
                .write(move |tx| sessions::add_invitation(tx, &code_hash, uses, expires_at)),
        )
    }

    fn invitation_valid(&self, code_hash: [u8; 32], now: u64) -> Op<'_, bool> {
        Box::pin(self.read(move |db| sessions::invitation_valid(db, &code_hash, now)))
    }

    fn ready(&self) -> Op<'_, ()> {
        Box::pin(self.writer().write(|tx| {
            tx.execute("DELETE FROM sessions WHERE expires_at < 0", [])?;
            Ok(())
        }))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        super::store_error(error)
    }
}

fn register(tx: &Transaction<'_>, new: &NewAccount) -> Result<(), StoreError> {
    if let Some(code_hash) = &new.invitation {
        sessions::use_invitation(tx, code_hash, new.now)?;
    }
    people::insert(tx, &new.account)?;
    devices::insert_list(tx, new.account.id, &new.account.device_list)?;
    add_device(tx, new.account.id, &new.device, new.account.registered_on)
}

fn change_devices(tx: &Transaction<'_>, change: &DeviceChange) -> Result<(), StoreError> {
    devices::advance_list(tx, change.account, &change.list)?;
    for device in &change.removed {
        devices::remove(tx, change.account, *device)?;
    }
    if let Some(added) = &change.added {
        add_device(tx, change.account, added, change.today)?;
    }
    if let Some((credential, vault)) = &change.password {
        people::put_vault(tx, change.account, vault)?;
        people::put_credential(tx, change.account, credential)?;
    }
    Ok(())
}

fn add_device(
    tx: &Transaction<'_>,
    account: AccountId,
    added: &crate::store::accounts::AddedDevice,
    today: u64,
) -> Result<(), StoreError> {
    devices::insert(tx, account, added.device, today)?;
    prekeys::add(tx, added.device, &added.prekeys)?;
    sessions::put(tx, &added.session)
}

/// Runs an INSERT and tells a broken uniqueness from other failures.
fn insert_unique(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    taken: impl FnOnce(&str) -> Conflict,
) -> Result<(), StoreError> {
    match db.prepare_cached(sql)?.execute(params) {
        Ok(_) => Ok(()),
        Err(rusqlite::Error::SqliteFailure(error, message))
            if matches!(
                error.extended_code,
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                    | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            ) =>
        {
            Err(StoreError::Conflict(taken(
                message.as_deref().unwrap_or_default(),
            )))
        }
        Err(error) => Err(error.into()),
    }
}

/// A column whose length the table checks.
fn fixed<const N: usize>(bytes: Vec<u8>) -> Result<[u8; N], StoreError> {
    bytes
        .try_into()
        .map_err(|_| StoreError::Corrupt("a column of another length".to_owned()))
}

/// SQLite's integers are signed; ours never come near the sign.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
