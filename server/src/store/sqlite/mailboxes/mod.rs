//! [`MailboxStore`] on SQLite. What one commit brings to one mailbox is one row (a [`segment`]), appended; an acknowledgement only moves the
//! mailbox's cursor; rows are deleted later, when the relay has a moment.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
};

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use sotto_protocol::{DeviceId, limits::MAILBOX_MAX};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use self::{
    cache::{Cache, write_waiting},
    segment::{Body, Builder},
};
use super::{Sqlite, store_error};
use crate::store::{
    Op, StoreError,
    mailboxes::{Batch, Deposit, MailboxStore, Outcome, Page, Stored},
};

mod cache;
mod segment;
mod sweep;

/// The writer's knowledge of mailboxes, shared by the clones of a [`Sqlite`].
#[derive(Clone, Default)]
pub(super) struct Mailboxes(Arc<Mutex<Cache>>);

impl Sqlite {
    /// Runs a closure with the cache on the writer's thread. The cache is void if it fails.
    fn with_cache<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, &mut Cache) -> Result<T, StoreError> + Send + 'static,
    ) -> Op<'_, T> {
        let Mailboxes(cache) = self.mailboxes.clone();
        let writer = self.writer.clone();
        Box::pin(async move {
            let shared = writer.shared();
            writer
                .write(move |tx| {
                    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
                    cache.refresh(shared.undone.load(Ordering::Acquire));
                    let result = work(tx, &mut cache);
                    if result.is_err() {
                        *cache = Cache::default();
                    }
                    result
                })
                .await
        })
    }
}

impl MailboxStore for Sqlite {
    fn commit(&self, batch: Batch) -> Op<'_, Vec<Outcome>> {
        self.with_cache(move |tx, cache| commit(tx, cache, &batch))
    }

    fn newest(&self, mailbox: DeviceId) -> Op<'_, u64> {
        Box::pin(self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT s.last FROM mailboxes m JOIN segments s ON s.mailbox = m.id AND s.last > m.acked
                     WHERE m.device = ?1 ORDER BY s.last DESC LIMIT 1",
                )
                .and_then(|mut statement| {
                    statement
                        .query_row(params![mailbox.0], |row| row.get(0))
                        .optional()
                })
                .map(|newest: Option<i64>| newest.map_or(0, unsigned))
                .map_err(store_error)
        }))
    }

    fn read(&self, mailbox: DeviceId, page: Page) -> Op<'_, Vec<Stored>> {
        Box::pin(Sqlite::read(self, move |connection| {
            read(connection, mailbox, page)
        }))
    }

    fn waiting(&self, mailbox: DeviceId) -> Op<'_, u64> {
        Box::pin(self.read(move |connection| {
            find(connection, mailbox).map(|found| found.map_or(0, |(_, waiting, _)| waiting))
        }))
    }

    fn reserved(&self) -> Op<'_, u64> {
        Box::pin(self.read(|connection| number(connection, "seq_reserved").map(unsigned)))
    }

    fn remove(&self, mailbox: DeviceId) -> Op<'_, ()> {
        self.with_cache(move |tx, cache| sweep::remove(tx, cache, mailbox))
    }

    fn sweep(&self, expired: u64) -> Op<'_, bool> {
        self.with_cache(move |tx, cache| sweep::sweep(tx, cache, expired))
    }
}

fn commit(
    tx: &Transaction<'_>,
    cache: &mut Cache,
    batch: &Batch,
) -> Result<Vec<Outcome>, StoreError> {
    let mut open: HashMap<DeviceId, Builder> = HashMap::new();
    let mut outcomes = Vec::with_capacity(batch.deposits.len());
    for deposit in &batch.deposits {
        outcomes.push(deposit_one(tx, cache, &mut open, deposit)?);
    }
    for (mailbox, builder) in open {
        let slot = cache.slot(tx, mailbox)?;
        insert(tx, slot.row, &builder)?;
        write_waiting(tx, slot)?;
    }
    if !batch.acks.is_empty() {
        let mut statement = tx
            .prepare_cached("UPDATE mailboxes SET acked = ?2 WHERE device = ?1 AND acked < ?2")
            .map_err(store_error)?;
        for (mailbox, through) in &batch.acks {
            statement
                .execute(params![mailbox.0, signed(*through)])
                .map_err(store_error)?;
        }
    }
    if let Some(reserve) = batch.reserve {
        tx.prepare_cached(
            "UPDATE relay_numbers SET value = max(value, ?1) WHERE name = 'seq_reserved'",
        )
        .and_then(|mut statement| statement.execute([signed(reserve)]))
        .map_err(store_error)?;
    }
    Ok(outcomes)
}

/// Checks a deposit against all of its mailboxes, then adds it to the segments of those that are not full.
fn deposit_one(
    tx: &Transaction<'_>,
    cache: &mut Cache,
    open: &mut HashMap<DeviceId, Builder>,
    deposit: &Deposit,
) -> Result<Outcome, StoreError> {
    let print = print(cache.seed(tx)?, deposit);
    let mut full = Vec::new();
    let mut new = 0_u32;
    for part in &deposit.parts {
        let slot = cache.slot(tx, part.mailbox)?;
        match slot.prints.as_ref().and_then(|prints| prints.get(&print)) {
            Some(digest) if *digest != part.digest => return Ok(Outcome::Reused),
            Some(_) => {}
            None if slot.waiting >= MAILBOX_MAX as u64 => full.push(part.mailbox),
            None => new += 1,
        }
    }
    let shared = share(tx, deposit, new)?;
    for part in &deposit.parts {
        if full.contains(&part.mailbox) {
            continue;
        }
        let slot = cache.slot(tx, part.mailbox)?;
        let Some(prints) = slot.prints.as_mut() else {
            continue;
        };
        if prints.contains_key(&print) {
            continue;
        }
        prints.insert(print, part.digest);
        slot.waiting += 1;
        let row = slot.row;
        cache.prints += 1;
        let builder = open.entry(part.mailbox).or_default();
        if builder.closed_to(part.seq) {
            insert(tx, row, builder)?;
            *builder = Builder::default();
        }
        builder.push(deposit, part, print, shared);
    }
    Ok(Outcome::passing(full, deposit.parts.len()))
}

/// Stores a body that several parts share, if they do; its id.
fn share(tx: &Transaction<'_>, deposit: &Deposit, new: u32) -> Result<Option<u64>, StoreError> {
    let [first, rest @ ..] = deposit.parts.as_slice() else {
        return Ok(None);
    };
    let same =
        |body: &Bytes| body.as_ptr() == first.body.as_ptr() && body.len() == first.body.len();
    if new < 2 || rest.is_empty() || !rest.iter().all(|part| same(&part.body)) {
        return Ok(None);
    }
    tx.prepare_cached("INSERT INTO bodies (id, refs, body) VALUES (?1, ?2, ?3)")
        .and_then(|mut statement| {
            statement.execute(params![signed(first.seq), new, first.body.as_ref()])
        })
        .map_err(store_error)?;
    Ok(Some(first.seq))
}

fn insert(tx: &Transaction<'_>, row: i64, builder: &Builder) -> Result<(), StoreError> {
    if builder.envelopes == 0 {
        return Ok(());
    }
    tx.prepare_cached(
        "INSERT INTO segments (id, mailbox, last, envelopes, received_at, prints, shared, data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            signed(builder.first),
            row,
            signed(builder.last),
            builder.envelopes,
            signed(builder.received_at),
            builder.prints,
            builder.shared,
            builder.data,
        ])
    })
    .map(drop)
    .map_err(store_error)
}

/// A mailbox's row, counter and acknowledged sequence.
fn find(connection: &Connection, mailbox: DeviceId) -> Result<Option<(i64, u64, u64)>, StoreError> {
    connection
        .prepare_cached("SELECT id, waiting, acked FROM mailboxes WHERE device = ?1")
        .and_then(|mut statement| {
            statement
                .query_row(params![mailbox.0], |row| {
                    Ok((
                        row.get(0)?,
                        unsigned(row.get::<_, i64>(1)?),
                        unsigned(row.get::<_, i64>(2)?),
                    ))
                })
                .optional()
        })
        .map_err(store_error)
}

fn read(connection: &Connection, mailbox: DeviceId, page: Page) -> Result<Vec<Stored>, StoreError> {
    // One read transaction: what is found in it belongs together.
    let tx = connection.unchecked_transaction().map_err(store_error)?;
    let Some((row, _, acked)) = find(&tx, mailbox)? else {
        return Ok(Vec::new());
    };
    let after = page.after.max(acked);
    let mut found: Vec<Stored> = Vec::new();
    let (mut bytes, mut last) = (0, 0);
    let mut statement = tx
        .prepare_cached(
            "SELECT id, data FROM segments WHERE mailbox = ?1 AND id < ?2 AND last > ?3 ORDER BY id",
        )
        .map_err(store_error)?;
    let mut rows = statement
        .query(params![row, signed(page.before), signed(after)])
        .map_err(store_error)?;
    while let Some(row) = rows.next().map_err(store_error)? {
        // Segments may overlap by a few sequences: only one that begins after everything found can be left out.
        let first = unsigned(row.get::<_, i64>(0).map_err(store_error)?);
        if first > last && (found.len() >= page.envelopes || bytes >= page.bytes) {
            break;
        }
        let data = Bytes::from(row.get::<_, Vec<u8>>(1).map_err(store_error)?);
        for record in segment::records(data) {
            let record = record?;
            let mut stored = record.stored;
            if stored.seq <= after || stored.seq >= page.before {
                continue;
            }
            if let Body::Shared(id) = record.body {
                stored.body = shared_body(&tx, id)?;
            }
            last = last.max(stored.seq);
            bytes += stored.body.len();
            found.push(stored);
        }
    }
    if !found.is_sorted_by_key(|stored| stored.seq) {
        found.sort_unstable_by_key(|stored| stored.seq);
    }
    found.truncate(page.envelopes);
    let mut bytes = 0;
    let fits = found
        .iter()
        .take_while(|stored| {
            bytes += stored.body.len();
            bytes <= page.bytes
        })
        .count();
    found.truncate(fits.max(1));
    Ok(found)
}

fn shared_body(connection: &Connection, id: u64) -> Result<Bytes, StoreError> {
    connection
        .prepare_cached("SELECT body FROM bodies WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([signed(id)], |row| row.get::<_, Vec<u8>>(0)))
        .map(Bytes::from)
        .map_err(store_error)
}

fn print(seed: u64, deposit: &Deposit) -> u64 {
    let mut key = [0; 48];
    let (account, rest) = key.split_at_mut(16);
    let (device, id) = rest.split_at_mut(16);
    account.copy_from_slice(&deposit.from.account.0);
    device.copy_from_slice(&deposit.from.device.0);
    id.copy_from_slice(&deposit.id.0);
    xxh3_64_with_seed(&key, seed)
}

fn number(connection: &Connection, name: &str) -> Result<i64, StoreError> {
    connection
        .prepare_cached("SELECT value FROM relay_numbers WHERE name = ?1")
        .and_then(|mut statement| statement.query_row([name], |row| row.get(0)))
        .map_err(store_error)
}

/// SQLite's integers are signed; ours are bit patterns that stay below 2^63, but for the seed, whose sign means nothing.
fn signed(value: u64) -> i64 {
    value.cast_signed()
}

fn unsigned(value: i64) -> u64 {
    value.cast_unsigned()
}
