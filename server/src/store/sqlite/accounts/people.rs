//! Accounts by name and id, the search for people, vaults and passwords.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};
use sotto_protocol::{AccountId, Username, http::Vault};

use super::{fixed, insert_unique, signed, unsigned};
use crate::store::{
    Conflict, StoreError,
    accounts::{Account, Credential, SignedList},
};

pub(super) fn insert(db: &Connection, account: &Account) -> Result<(), StoreError> {
    insert_unique(
        db,
        "INSERT INTO accounts (id, name, folded, account_key, recovery_key, credential_id, credential_record, vault_version,
             vault_sealed, vault_password_wrap, vault_recovery_wrap, device_list, registered_on)
         VALUES (:id, :name, :folded, :account_key, :recovery_key, :credential_id, :credential_record, :vault_version,
             :vault_sealed, :vault_password_wrap, :vault_recovery_wrap, :device_list, :registered_on)",
        named_params! {
            ":id": account.id.0,
            ":name": account.username.as_str(),
            ":folded": account.username.folded(),
            ":account_key": account.account_key,
            ":recovery_key": account.recovery_key,
            ":credential_id": account.credential.id,
            ":credential_record": account.credential.record,
            ":vault_version": signed(account.vault.version),
            ":vault_sealed": account.vault.sealed.0,
            ":vault_password_wrap": account.vault.password_wrap.0,
            ":vault_recovery_wrap": account.vault.recovery_wrap.0,
            ":device_list": signed(account.device_list.version),
            ":registered_on": signed(account.registered_on),
        },
        |message| {
            if message.contains("accounts.folded") {
                Conflict::NameTaken
            } else {
                Conflict::IdTaken
            }
        },
    )
}

pub(super) fn name_taken(db: &Connection, folded: &str) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT 1 FROM accounts WHERE folded = ?1")?
        .exists([folded])?)
}

const ACCOUNT: &str = "SELECT a.*, l.list FROM accounts a
    JOIN device_lists l ON l.account = a.id AND l.version = a.device_list";

pub(super) fn by_name(db: &Connection, folded: &str) -> Result<Option<Account>, StoreError> {
    db.prepare_cached(&format!("{ACCOUNT} WHERE a.folded = ?1"))?
        .query_row([folded], |row| Ok(account(row)))
        .optional()?
        .transpose()
}

pub(super) fn by_id(db: &Connection, id: AccountId) -> Result<Option<Account>, StoreError> {
    db.prepare_cached(&format!("{ACCOUNT} WHERE a.id = ?1"))?
        .query_row([id.0], |row| Ok(account(row)))
        .optional()?
        .transpose()
}

fn account(row: &Row<'_>) -> Result<Account, StoreError> {
    Ok(Account {
        id: AccountId(fixed(row.get("id")?)?),
        username: username(&row.get::<_, String>("name")?)?,
        account_key: fixed(row.get("account_key")?)?,
        recovery_key: fixed(row.get("recovery_key")?)?,
        credential: Credential {
            id: fixed(row.get("credential_id")?)?,
            record: row.get("credential_record")?,
        },
        vault: Vault {
            version: unsigned(row.get("vault_version")?),
            sealed: row.get::<_, Vec<u8>>("vault_sealed")?.into(),
            password_wrap: row.get::<_, Vec<u8>>("vault_password_wrap")?.into(),
            recovery_wrap: row.get::<_, Vec<u8>>("vault_recovery_wrap")?.into(),
        },
        device_list: SignedList {
            version: unsigned(row.get("device_list")?),
            bytes: row.get("list")?,
        },
        registered_on: unsigned(row.get("registered_on")?),
    })
}

fn username(name: &str) -> Result<Username, StoreError> {
    Username::parse(name).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub(super) fn search(
    db: &Connection,
    prefix: &str,
    limit: usize,
) -> Result<Vec<(AccountId, Username)>, StoreError> {
    // Folded names are of bytes below 0x7f, so that everything with the prefix sorts below the prefix and 0x7f.
    let end = format!("{prefix}\u{7f}");
    let mut statement = db.prepare_cached(
        "SELECT id, name FROM accounts WHERE folded >= ?1 AND folded < ?2 ORDER BY folded LIMIT ?3",
    )?;
    let mut rows = statement.query(params![prefix, end, limit as i64])?;
    let mut people = Vec::new();
    while let Some(row) = rows.next()? {
        people.push((
            AccountId(fixed(row.get(0)?)?),
            username(&row.get::<_, String>(1)?)?,
        ));
    }
    Ok(people)
}

pub(super) fn put_vault(
    db: &Connection,
    account: AccountId,
    vault: &Vault,
) -> Result<(), StoreError> {
    let changed = db
        .prepare_cached(
            "UPDATE accounts SET vault_version = :version, vault_sealed = :sealed, vault_password_wrap = :password_wrap,
                 vault_recovery_wrap = :recovery_wrap
             WHERE id = :id AND (vault_version = :version - 1 OR (vault_version = :version AND vault_sealed = :sealed))",
        )?
        .execute(named_params! {
            ":id": account.0,
            ":version": signed(vault.version),
            ":sealed": vault.sealed.0,
            ":password_wrap": vault.password_wrap.0,
            ":recovery_wrap": vault.recovery_wrap.0,
        })?;
    if changed == 1 {
        return Ok(());
    }
    let exists = db
        .prepare_cached("SELECT 1 FROM accounts WHERE id = ?1")?
        .exists([account.0])?;
    Err(StoreError::Conflict(if exists {
        Conflict::Vault
    } else {
        Conflict::AccountUnknown
    }))
}

pub(super) fn put_credential(
    db: &Connection,
    account: AccountId,
    credential: &Credential,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE accounts SET credential_id = ?2, credential_record = ?3 WHERE id = ?1",
    )?
    .execute(params![account.0, credential.id, credential.record])?;
    Ok(())
}
