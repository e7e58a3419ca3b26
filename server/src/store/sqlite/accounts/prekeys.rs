//! Prekeys: uploaded once, claimed once.

use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};
use sotto_protocol::{AccountId, DeviceId, http::PrekeyCount, limits::ONE_TIME_PREKEYS_MAX};

use super::StoreError;
use crate::store::{
    Conflict,
    accounts::{ClaimedBundle, Prekey, Prekeys},
};

/// X25519 one-time prekeys in the table.
const X25519: i64 = 0;
/// KEM one-time prekeys in the table.
const KEM: i64 = 1;

/// How many ids back a claimed prekey is remembered; an upload that names an older one is refused.
const REMEMBERED: i64 = 4 * ONE_TIME_PREKEYS_MAX as i64;

pub(super) fn add(db: &Connection, device: DeviceId, prekeys: &Prekeys) -> Result<(), StoreError> {
    if let Some(prekey) = &prekeys.signed {
        replace(db, device, "signed", prekey)?;
    }
    if let Some(prekey) = &prekeys.kem_last_resort {
        replace(db, device, "kem_last_resort", prekey)?;
    }
    add_one_time(db, device, X25519, "one_time_high", &prekeys.one_time)?;
    add_one_time(db, device, KEM, "kem_one_time_high", &prekeys.kem_one_time)
}

/// `column` is one of ours, never from outside.
fn replace(
    db: &Connection,
    device: DeviceId,
    column: &str,
    prekey: &Prekey,
) -> Result<(), StoreError> {
    let changed = db
        .prepare_cached(&format!(
            "UPDATE devices SET {column} = ?2, {column}_id = ?3
             WHERE id = ?1 AND ({column}_id IS NULL OR {column}_id < ?3 OR ({column}_id = ?3 AND {column} = ?2))"
        ))?
        .execute(params![device.0, prekey.bytes, prekey.id])?;
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict(Conflict::PrekeyIds))
    }
}

fn add_one_time(
    db: &Connection,
    device: DeviceId,
    kind: i64,
    high_column: &str,
    prekeys: &[Prekey],
) -> Result<(), StoreError> {
    if prekeys.is_empty() {
        return Ok(());
    }
    let before: i64 = db
        .prepare_cached(&format!("SELECT {high_column} FROM devices WHERE id = ?1"))?
        .query_row([device.0], |row| row.get(0))?;
    let mut high = before;
    for prekey in prekeys {
        let hash: [u8; 32] = Sha256::digest(&prekey.bytes).into();
        let id = i64::from(prekey.id);
        if id <= before {
            must_be_known(db, device, kind, id, &hash)?;
            continue;
        }
        super::insert_unique(
            db,
            "INSERT INTO one_time_prekeys (device, kind, id, hash, prekey) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![device.0, kind, id, hash, prekey.bytes],
            |_| Conflict::PrekeyIds,
        )?;
        high = high.max(id);
    }
    db.prepare_cached(&format!(
        "UPDATE devices SET {high_column} = ?2 WHERE id = ?1"
    ))?
    .execute(params![device.0, high])?;
    db.prepare_cached(
        "DELETE FROM one_time_prekeys WHERE device = ?1 AND kind = ?2 AND prekey IS NULL AND id < ?3",
    )?
    .execute(params![device.0, kind, high - REMEMBERED])?;
    if left(db, device, kind)? as usize > ONE_TIME_PREKEYS_MAX {
        return Err(StoreError::Conflict(Conflict::PrekeysTooMany));
    }
    Ok(())
}

/// An id that was given before must have come with the same key: then this is a repeated upload.
fn must_be_known(
    db: &Connection,
    device: DeviceId,
    kind: i64,
    id: i64,
    hash: &[u8; 32],
) -> Result<(), StoreError> {
    let known = db
        .prepare_cached(
            "SELECT 1 FROM one_time_prekeys WHERE device = ?1 AND kind = ?2 AND id = ?3 AND hash = ?4",
        )?
        .exists(params![device.0, kind, id, hash])?;
    if known {
        Ok(())
    } else {
        Err(StoreError::Conflict(Conflict::PrekeyIds))
    }
}

fn left(db: &Connection, device: DeviceId, kind: i64) -> Result<u32, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT count(*) FROM one_time_prekeys WHERE device = ?1 AND kind = ?2 AND prekey IS NOT NULL",
        )?
        .query_row(params![device.0, kind], |row| row.get(0))?)
}

pub(super) fn count(db: &Connection, device: DeviceId) -> Result<PrekeyCount, StoreError> {
    Ok(PrekeyCount {
        one_time: left(db, device, X25519)?,
        kem_one_time: left(db, device, KEM)?,
    })
}

pub(super) fn claim(
    db: &Connection,
    account: AccountId,
    devices: &[DeviceId],
) -> Result<Vec<ClaimedBundle>, StoreError> {
    let mut bundles = Vec::with_capacity(devices.len());
    for device in devices {
        let reusable = db
            .prepare_cached(
                "SELECT signed, kem_last_resort FROM devices WHERE id = ?1 AND account = ?2 AND removed = 0",
            )?
            .query_row(params![device.0, account.0], |row| {
                Ok((
                    row.get::<_, Option<Vec<u8>>>(0)?,
                    row.get::<_, Option<Vec<u8>>>(1)?,
                ))
            })
            .optional()?;
        let Some((Some(signed), Some(last_resort))) = reusable else {
            continue;
        };
        bundles.push(ClaimedBundle {
            device: *device,
            signed,
            one_time: take(db, *device, X25519)?,
            kem: take(db, *device, KEM)?.unwrap_or(last_resort),
            left: count(db, *device)?,
        });
    }
    Ok(bundles)
}

fn take(db: &Connection, device: DeviceId, kind: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let oldest: Option<(i64, Vec<u8>)> = db
        .prepare_cached(
            "SELECT id, prekey FROM one_time_prekeys WHERE device = ?1 AND kind = ?2 AND prekey IS NOT NULL ORDER BY id LIMIT 1",
        )?
        .query_row(params![device.0, kind], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((id, prekey)) = oldest else {
        return Ok(None);
    };
    db.prepare_cached(
        "UPDATE one_time_prekeys SET prekey = NULL WHERE device = ?1 AND kind = ?2 AND id = ?3",
    )?
    .execute(params![device.0, kind, id])?;
    Ok(Some(prekey))
}
