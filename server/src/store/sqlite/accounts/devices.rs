//! Device lists, and the devices that they name.

use rusqlite::{Connection, OptionalExtension as _, params};
use sotto_protocol::{AccountId, DeviceId};

use super::{fixed, insert_unique, prekeys, signed, unsigned};
use crate::store::{
    Conflict, StoreError,
    accounts::{DeviceRecord, DeviceSet, SignedList},
};

pub(super) fn insert_list(
    db: &Connection,
    account: AccountId,
    list: &SignedList,
) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO device_lists (account, version, list) VALUES (?1, ?2, ?3)")?
        .execute(params![account.0, signed(list.version), list.bytes])?;
    Ok(())
}

/// Makes a list the newest, if it is the successor of the newest.
pub(super) fn advance_list(
    db: &Connection,
    account: AccountId,
    list: &SignedList,
) -> Result<(), StoreError> {
    let changed = db
        .prepare_cached(
            "UPDATE accounts SET device_list = ?2 WHERE id = ?1 AND device_list = ?2 - 1",
        )?
        .execute(params![account.0, signed(list.version)])?;
    if changed == 1 {
        return insert_list(db, account, list);
    }
    let newest: Option<i64> = db
        .prepare_cached("SELECT device_list FROM accounts WHERE id = ?1")?
        .query_row([account.0], |row| row.get(0))
        .optional()?;
    Err(StoreError::Conflict(match newest {
        Some(newest) => Conflict::DeviceList {
            newest: unsigned(newest),
        },
        None => Conflict::AccountUnknown,
    }))
}

pub(super) fn lists(
    db: &Connection,
    account: AccountId,
    after: u64,
    limit: usize,
) -> Result<Vec<SignedList>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT version, list FROM device_lists WHERE account = ?1 AND version > ?2 ORDER BY version LIMIT ?3",
    )?;
    let rows = statement.query_map(params![account.0, signed(after), limit as i64], |row| {
        Ok(SignedList {
            version: unsigned(row.get(0)?),
            bytes: row.get(1)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn insert(
    db: &Connection,
    account: AccountId,
    device: DeviceId,
    today: u64,
) -> Result<(), StoreError> {
    insert_unique(
        db,
        "INSERT INTO devices (id, account, last_seen_on) VALUES (?1, ?2, ?3)",
        params![device.0, account.0, signed(today)],
        |_| Conflict::IdTaken,
    )
}

/// Leaves the id as a tombstone, without keys.
pub(super) fn remove(
    db: &Connection,
    account: AccountId,
    device: DeviceId,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE devices SET removed = 1, signed = NULL, kem_last_resort = NULL WHERE id = ?1 AND account = ?2",
    )?
    .execute(params![device.0, account.0])?;
    db.prepare_cached("DELETE FROM one_time_prekeys WHERE device = ?1")?
        .execute([device.0])?;
    Ok(())
}

pub(super) fn set(db: &Connection, account: AccountId) -> Result<Option<DeviceSet>, StoreError> {
    let version: Option<i64> = db
        .prepare_cached("SELECT device_list FROM accounts WHERE id = ?1")?
        .query_row([account.0], |row| row.get(0))
        .optional()?;
    let Some(version) = version else {
        return Ok(None);
    };
    Ok(Some(DeviceSet {
        version: unsigned(version),
        devices: current(db, account)?
            .into_iter()
            .map(|(device, _)| device)
            .collect(),
    }))
}

fn current(db: &Connection, account: AccountId) -> Result<Vec<(DeviceId, u64)>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT id, last_seen_on FROM devices WHERE account = ?1 AND removed = 0 ORDER BY id",
    )?;
    let mut rows = statement.query([account.0])?;
    let mut devices = Vec::new();
    while let Some(row) = rows.next()? {
        devices.push((DeviceId(fixed(row.get(0)?)?), unsigned(row.get(1)?)));
    }
    Ok(devices)
}

pub(super) fn records(
    db: &Connection,
    account: AccountId,
) -> Result<Vec<DeviceRecord>, StoreError> {
    current(db, account)?
        .into_iter()
        .map(|(device, last_seen_on)| {
            Ok(DeviceRecord {
                device,
                last_seen_on,
                prekeys: prekeys::count(db, device)?,
            })
        })
        .collect()
}

pub(super) fn owner(db: &Connection, device: DeviceId) -> Result<Option<AccountId>, StoreError> {
    db.prepare_cached("SELECT account FROM devices WHERE id = ?1")?
        .query_row([device.0], |row| row.get::<_, Vec<u8>>(0))
        .optional()?
        .map(|account| fixed(account).map(AccountId))
        .transpose()
}

pub(super) fn must_be_current(db: &Connection, device: DeviceId) -> Result<(), StoreError> {
    if db
        .prepare_cached("SELECT 1 FROM devices WHERE id = ?1 AND removed = 0")?
        .exists([device.0])?
    {
        Ok(())
    } else {
        Err(StoreError::Conflict(Conflict::DeviceUnknown))
    }
}

pub(super) fn seen(db: &Connection, device: DeviceId, today: u64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE devices SET last_seen_on = ?2 WHERE id = ?1 AND last_seen_on < ?2")?
        .execute(params![device.0, signed(today)])?;
    Ok(())
}
