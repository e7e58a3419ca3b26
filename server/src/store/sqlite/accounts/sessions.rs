//! Device sessions and invitations: hashes of what their holders keep.

use rusqlite::{Connection, OptionalExtension as _, params};
use sotto_protocol::{AccountId, DeviceId};

use super::{fixed, signed, unsigned};
use crate::store::{Conflict, StoreError, accounts::StoredSession};

pub(super) fn put(db: &Connection, session: &StoredSession) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO sessions (token_hash, account, device, expires_at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        session.token_hash,
        session.account.0,
        session.device.0,
        signed(session.expires_at)
    ])?;
    Ok(())
}

pub(super) fn get(
    db: &Connection,
    token_hash: &[u8; 32],
) -> Result<Option<StoredSession>, StoreError> {
    let row: Option<(Vec<u8>, Vec<u8>, i64)> = db
        .prepare_cached("SELECT account, device, expires_at FROM sessions WHERE token_hash = ?1")?
        .query_row([token_hash], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    row.map(|(account, device, expires_at)| {
        Ok(StoredSession {
            token_hash: *token_hash,
            account: AccountId(fixed(account)?),
            device: DeviceId(fixed(device)?),
            expires_at: unsigned(expires_at),
        })
    })
    .transpose()
}

pub(super) fn delete(db: &Connection, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM sessions WHERE token_hash = ?1")?
        .execute([token_hash])?;
    Ok(())
}

pub(super) fn purge(db: &Connection, now: u64) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM sessions WHERE expires_at <= ?1")?
        .execute([signed(now)])?;
    db.prepare_cached("DELETE FROM invitations WHERE expires_at <= ?1 OR uses_left = 0")?
        .execute([signed(now)])?;
    Ok(())
}

pub(super) fn add_invitation(
    db: &Connection,
    code_hash: &[u8; 32],
    uses: u32,
    expires_at: u64,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO invitations (code_hash, uses_left, expires_at) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![code_hash, uses, signed(expires_at)])?;
    Ok(())
}

pub(super) fn invitation_valid(
    db: &Connection,
    code_hash: &[u8; 32],
    now: u64,
) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM invitations WHERE code_hash = ?1 AND uses_left > 0 AND expires_at > ?2",
        )?
        .exists(params![code_hash, signed(now)])?)
}

pub(super) fn use_invitation(
    db: &Connection,
    code_hash: &[u8; 32],
    now: u64,
) -> Result<(), StoreError> {
    let changed = db
        .prepare_cached(
            "UPDATE invitations SET uses_left = uses_left - 1 WHERE code_hash = ?1 AND uses_left > 0 AND expires_at > ?2",
        )?
        .execute(params![code_hash, signed(now)])?;
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict(Conflict::Invitation))
    }
}
