//! SQLite: one file, write-ahead log, every commit synced (`synchronous=FULL`).
//!
//! - [`writer`]: the one writer, with group commit
//! - [`checkpoint`]: keeps the log short
//! - [`migrations`]: the tables
//! - [`mailboxes`], [`accounts`]: the stores

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

mod accounts;
mod checkpoint;
mod mailboxes;
mod migrations;
mod writer;

pub use writer::Writer;

use super::StoreError;

/// How long a statement waits for another process's lock on the file.
const BUSY: Duration = Duration::from_secs(1);
/// Read connections kept open.
const READERS_KEPT: usize = 4;

/// An open database; cheap to clone. It is closed with its last clone, which waits for what is being written.
#[derive(Clone)]
pub struct Sqlite {
    writer: Writer,
    mailboxes: mailboxes::Mailboxes,
    open: Arc<Open>,
}

/// What the clones share. Fields drop in order: the writer's thread is waited for last.
struct Open {
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
    _checkpointer: checkpoint::Checkpointer,
    _thread: Waited,
}

/// A thread that is waited for.
struct Waited(Option<JoinHandle<()>>);

impl Drop for Waited {
    fn drop(&mut self) {
        if self.0.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer thread panicked");
        }
    }
}

impl Sqlite {
    /// Opens (or makes) the database at this path and brings it to the newest shape.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it can't be opened or written, [`StoreError::Corrupt`] if it isn't ours.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = connect(path, OpenFlags::default())?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .and_then(|()| connection.pragma_update(None, "wal_autocheckpoint", 0))
            .map_err(store_error)?;
        migrations::migrate(&mut connection)?;
        let shared = Arc::default();
        let checkpointer = checkpoint::Checkpointer::start(
            connect(path, OpenFlags::default())?,
            Arc::clone(&shared),
        )?;
        let (writer, thread) = Writer::start(connection, shared)?;
        Ok(Self {
            writer,
            mailboxes: mailboxes::Mailboxes::default(),
            open: Arc::new(Open {
                path: path.to_owned(),
                readers: Mutex::default(),
                _checkpointer: checkpointer,
                _thread: Waited(Some(thread)),
            }),
        })
    }

    /// The one writer.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Runs a closure on a read connection, on a thread where it may block. It sees every commit that has been answered.
    ///
    /// # Errors
    /// What the closure returns, or that no connection can be opened.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let open = Arc::clone(&self.open);
        tokio::task::spawn_blocking(move || {
            let kept = open.readers().pop();
            let connection = match kept {
                Some(connection) => connection,
                None => connect(
                    &open.path,
                    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
                )?,
            };
            let result = work(&connection);
            let mut readers = open.readers();
            if readers.len() < READERS_KEPT {
                readers.push(connection);
            }
            result
        })
        .await
        .map_err(|error| StoreError::Corrupt(error.to_string()))?
    }
}

impl Open {
    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
    connection.busy_timeout(BUSY).map_err(store_error)?;
    connection
        .pragma_update(None, "synchronous", "FULL")
        .and_then(|()| connection.pragma_update(None, "foreign_keys", true))
        .and_then(|()| connection.pragma_update(None, "cache_size", -16_384))
        .map_err(store_error)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// SQLite's errors in the store's words.
pub(crate) fn store_error(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OperationInterrupted
            | ErrorCode::OperationAborted,
        ) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Corrupt(error.to_string()),
    }
}
