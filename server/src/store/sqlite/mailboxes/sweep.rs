//! Deleting: what is acknowledged, what has expired, whole mailboxes.

use std::collections::HashMap;

use bytes::Bytes;
use rusqlite::{Transaction, params};
use sotto_protocol::DeviceId;

use super::{
    cache::Cache,
    segment::{self, Body},
    signed, unsigned,
};
use crate::store::{StoreError, sqlite::store_error};

/// Mailboxes and segments that one sweep looks at, so that nobody's commit waits long.
const MAILBOXES: u32 = 64;
const SEGMENTS: u32 = 512;

/// A segment that goes.
struct Gone {
    id: i64,
    mailbox: i64,
    envelopes: u64,
    prints: Vec<u8>,
    shared: bool,
}

/// Deletes some acknowledged and some expired segments; whether there may be more.
pub(super) fn sweep(
    tx: &Transaction<'_>,
    cache: &mut Cache,
    expired: u64,
) -> Result<bool, StoreError> {
    let mut gone = Vec::new();
    let mut clean = Vec::new();
    let mailboxes = to_sweep(tx)?;
    for (mailbox, acked) in &mailboxes {
        let before = gone.len();
        collect(
            tx,
            "SELECT id, mailbox, envelopes, prints, shared FROM segments
             WHERE mailbox = ?1 AND id <= ?2 AND last <= ?2 ORDER BY id LIMIT ?3",
            params![mailbox, acked, SEGMENTS],
            &mut gone,
        )?;
        if gone.len() - before < SEGMENTS as usize {
            clean.push((*mailbox, *acked));
        }
        if gone.len() > SEGMENTS as usize {
            break;
        }
    }
    let acknowledged = gone.len();
    // Rows are in order of arrival: what has expired is at the beginning.
    collect(
        tx,
        "SELECT id, mailbox, envelopes, prints, shared FROM (SELECT * FROM segments ORDER BY id LIMIT ?2) WHERE received_at < ?1",
        params![signed(expired), SEGMENTS],
        &mut gone,
    )?;
    let expired = gone.len() - acknowledged;
    gone.sort_unstable_by_key(|segment| segment.id);
    gone.dedup_by_key(|segment| segment.id);
    delete(tx, cache, &gone)?;
    let more = clean.len() < mailboxes.len()
        || mailboxes.len() == MAILBOXES as usize
        || expired == SEGMENTS as usize;
    let mut statement = tx
        .prepare_cached("UPDATE mailboxes SET swept = ?2 WHERE id = ?1")
        .map_err(store_error)?;
    for (mailbox, acked) in clean {
        statement.execute([mailbox, acked]).map_err(store_error)?;
    }
    Ok(more)
}

/// Deletes a mailbox.
pub(super) fn remove(
    tx: &Transaction<'_>,
    cache: &mut Cache,
    mailbox: DeviceId,
) -> Result<(), StoreError> {
    let Some((row, _, _)) = super::find(tx, mailbox)? else {
        return Ok(());
    };
    let mut gone = Vec::new();
    collect(
        tx,
        "SELECT id, mailbox, envelopes, prints, shared FROM segments WHERE mailbox = ?1",
        [row],
        &mut gone,
    )?;
    delete(tx, cache, &gone)?;
    tx.execute("DELETE FROM mailboxes WHERE id = ?1", [row])
        .map_err(store_error)?;
    cache.slots.remove(&mailbox);
    Ok(())
}

fn to_sweep(tx: &Transaction<'_>) -> Result<Vec<(i64, i64)>, StoreError> {
    tx.prepare_cached("SELECT id, acked FROM mailboxes WHERE swept < acked ORDER BY id LIMIT ?1")
        .and_then(|mut statement| {
            statement
                .query_map([MAILBOXES], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .map_err(store_error)
}

fn collect(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl rusqlite::Params,
    gone: &mut Vec<Gone>,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(sql).map_err(store_error)?;
    let rows = statement
        .query_map(params, |row| {
            Ok(Gone {
                id: row.get(0)?,
                mailbox: row.get(1)?,
                envelopes: unsigned(row.get(2)?),
                prints: row.get(3)?,
                shared: row.get(4)?,
            })
        })
        .map_err(store_error)?;
    for row in rows {
        gone.push(row.map_err(store_error)?);
    }
    Ok(())
}

fn delete(tx: &Transaction<'_>, cache: &mut Cache, gone: &[Gone]) -> Result<(), StoreError> {
    let mut fewer: HashMap<i64, u64> = HashMap::new();
    for segment in gone {
        if segment.shared {
            release(tx, segment.id)?;
        }
        tx.prepare_cached("DELETE FROM segments WHERE id = ?1")
            .and_then(|mut statement| statement.execute([segment.id]))
            .map_err(store_error)?;
        *fewer.entry(segment.mailbox).or_default() += segment.envelopes;
    }
    for (mailbox, envelopes) in &fewer {
        tx.prepare_cached("UPDATE mailboxes SET waiting = max(0, waiting - ?2) WHERE id = ?1")
            .and_then(|mut statement| statement.execute([*mailbox, signed(*envelopes)]))
            .map_err(store_error)?;
    }
    forget(cache, gone, &fewer);
    Ok(())
}

/// Brings the cache to what is now stored.
fn forget(cache: &mut Cache, gone: &[Gone], fewer: &HashMap<i64, u64>) {
    if gone.is_empty() {
        return;
    }
    let mut by_row: HashMap<i64, &mut super::cache::Slot> = cache
        .slots
        .values_mut()
        .filter(|slot| fewer.contains_key(&slot.row))
        .map(|slot| (slot.row, slot))
        .collect();
    for (mailbox, envelopes) in fewer {
        if let Some(slot) = by_row.get_mut(mailbox) {
            slot.waiting = slot.waiting.saturating_sub(*envelopes);
        }
    }
    for segment in gone {
        let prints = by_row
            .get_mut(&segment.mailbox)
            .and_then(|slot| slot.prints.as_mut());
        let Some(prints) = prints else { continue };
        for (print, _) in segment::prints(&segment.prints) {
            if prints.remove(&print).is_some() {
                cache.prints = cache.prints.saturating_sub(1);
            }
        }
    }
}

/// Takes a segment's references off the shared bodies.
fn release(tx: &Transaction<'_>, segment: i64) -> Result<(), StoreError> {
    let data: Vec<u8> = tx
        .prepare_cached("SELECT data FROM segments WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([segment], |row| row.get(0)))
        .map_err(store_error)?;
    for record in segment::records(Bytes::from(data)) {
        if let Body::Shared(id) = record?.body {
            tx.prepare_cached("UPDATE bodies SET refs = refs - 1 WHERE id = ?1")
                .and_then(|mut statement| statement.execute([signed(id)]))
                .map_err(store_error)?;
            tx.prepare_cached("DELETE FROM bodies WHERE id = ?1 AND refs <= 0")
                .and_then(|mut statement| statement.execute([signed(id)]))
                .map_err(store_error)?;
        }
    }
    Ok(())
}
