//! Moves the write-ahead log into the database, from a thread of its own: done by the writer it stalls commits for 50 to 100 ms.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;

use super::{store_error, writer::Shared};
use crate::store::StoreError;

/// Pages in the log (of 4 KiB) before a checkpoint is worth its syncs.
const PAGES: i64 = 16_384;
/// How often the log's length is looked at while there are commits.
const EVERY: Duration = Duration::from_millis(200);

/// The checkpointing thread; it stops, and is waited for, when this is dropped.
pub(super) struct Checkpointer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread on a connection of its own.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the thread can't be started.
    pub(super) fn start(connection: Connection, shared: Arc<Shared>) -> Result<Self, StoreError> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("sotto-checkpoint".into())
            .spawn(move || {
                while !stopped.load(Ordering::Acquire) {
                    std::thread::park_timeout(EVERY);
                    if shared.dirty.swap(false, Ordering::AcqRel)
                        && let Err(error) = look(&connection, &shared)
                    {
                        tracing::warn!(%error, "a checkpoint failed");
                    }
                }
            })
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the checkpointing thread panicked");
            }
        }
    }
}

fn look(connection: &Connection, shared: &Shared) -> Result<(), StoreError> {
    if log_pages(connection)? < PAGES {
        return Ok(());
    }
    let left = passive(connection)?;
    // Under steady writing the log is never wholly moved at any one moment, and so never starts again from its beginning: the writer
    // itself moves the short rest between two transactions.
    if left > 0 {
        shared.checkpoint.store(true, Ordering::Release);
    }
    Ok(())
}

fn log_pages(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1))
        .map_err(store_error)
}

/// Moves what can be moved without waiting for anybody; how many pages are left.
pub(super) fn passive(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?)
        })
        .map_err(store_error)
}
