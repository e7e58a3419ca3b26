//! What the writer knows of mailboxes without reading: row numbers, counters and fingerprints of what waits. Only closures on the writer's
//! thread use it; it is void as soon as any transaction is undone.

use std::collections::HashMap;

use rusqlite::{OptionalExtension as _, Transaction, params};
use sotto_protocol::DeviceId;

use super::{segment, signed, unsigned};
use crate::store::{StoreError, sqlite::store_error};

/// Mailboxes and fingerprints kept at most; then the cache starts over.
const MAILBOXES_MAX: usize = 200_000;
const PRINTS_MAX: usize = 2_000_000;

#[derive(Default)]
pub(super) struct Cache {
    /// [`super::super::Writer::undone`] when this was filled.
    pub(super) undone: u64,
    pub(super) seed: Option<u64>,
    pub(super) slots: HashMap<DeviceId, Slot>,
    pub(super) prints: usize,
}

/// What is known of one mailbox.
pub(super) struct Slot {
    pub(super) row: i64,
    pub(super) waiting: u64,
    /// Fingerprint to digest of everything that waits, once it was needed.
    pub(super) prints: Option<HashMap<u64, u64>>,
}

impl Cache {
    /// Forgets everything if it may be wrong or has grown too large.
    pub(super) fn refresh(&mut self, undone: u64) {
        if self.undone != undone || self.slots.len() > MAILBOXES_MAX || self.prints > PRINTS_MAX {
            *self = Self {
                undone,
                seed: self.seed,
                ..Self::default()
            };
        }
    }

    /// The seed of fingerprints.
    pub(super) fn seed(&mut self, tx: &Transaction<'_>) -> Result<u64, StoreError> {
        if let Some(seed) = self.seed {
            return Ok(seed);
        }
        let seed = unsigned(super::number(tx, "print_seed")?);
        self.seed = Some(seed);
        Ok(seed)
    }

    /// The mailbox, with its fingerprints; made if there is none.
    pub(super) fn slot(
        &mut self,
        tx: &Transaction<'_>,
        mailbox: DeviceId,
    ) -> Result<&mut Slot, StoreError> {
        let slot = match self.slots.entry(mailbox) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => entry.insert(load(tx, mailbox)?),
        };
        if slot.prints.is_none() {
            let prints = if slot.waiting == 0 {
                HashMap::new()
            } else {
                load_prints(tx, slot.row)?
            };
            self.prints += prints.len();
            slot.prints = Some(prints);
        }
        Ok(slot)
    }
}

fn load(tx: &Transaction<'_>, mailbox: DeviceId) -> Result<Slot, StoreError> {
    let found = tx
        .prepare_cached("SELECT id, waiting FROM mailboxes WHERE device = ?1")
        .and_then(|mut statement| {
            statement
                .query_row(params![mailbox.0], |row| {
                    Ok((row.get(0)?, row.get::<_, i64>(1)?))
                })
                .optional()
        })
        .map_err(store_error)?;
    if let Some((row, waiting)) = found {
        return Ok(Slot {
            row,
            waiting: unsigned(waiting),
            prints: None,
        });
    }
    tx.prepare_cached("INSERT INTO mailboxes (device) VALUES (?1)")
        .and_then(|mut statement| statement.insert(params![mailbox.0]))
        .map(|row| Slot {
            row,
            waiting: 0,
            prints: Some(HashMap::new()),
        })
        .map_err(store_error)
}

fn load_prints(tx: &Transaction<'_>, row: i64) -> Result<HashMap<u64, u64>, StoreError> {
    let mut all = HashMap::new();
    let mut statement = tx
        .prepare_cached("SELECT prints FROM segments WHERE mailbox = ?1")
        .map_err(store_error)?;
    let mut rows = statement.query([row]).map_err(store_error)?;
    while let Some(row) = rows.next().map_err(store_error)? {
        let bytes = row
            .get_ref(0)
            .map_err(store_error)?
            .as_blob()
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        all.extend(segment::prints(bytes));
    }
    Ok(all)
}

/// Writes a mailbox's counter.
pub(super) fn write_waiting(tx: &Transaction<'_>, slot: &Slot) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE mailboxes SET waiting = ?2 WHERE id = ?1")
        .and_then(|mut statement| statement.execute(params![slot.row, signed(slot.waiting)]))
        .map(drop)
        .map_err(store_error)
}
