//! The one writer: a thread that runs closures inside shared transactions (group commit, RELAY rules on stores).
//!
//! ```text
//! write(f) ─┐                     ┌ BEGIN IMMEDIATE
//! write(g) ─┼─▶ bounded queue ──▶ │ SAVEPOINT · f · RELEASE      up to 1024 per transaction
//! write(h) ─┘                     │ SAVEPOINT · g · ROLLBACK TO  (its error alone)
//!                                 └ COMMIT, one sync ──▶ every caller gets its result
//! ```
//!
//! While one commit waits for the disk, the next batch gathers: nobody waits for a timer. A closure that fails is undone alone; a commit
//! that fails fails all of its closures, and nothing of them is stored.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Instant,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::store_error;
use crate::store::StoreError;

/// Closures in one transaction at most.
const BATCH_MAX: usize = 1024;
/// Closures that wait at most; then callers wait.
const QUEUE_MAX: usize = 4096;

/// A handle on the writer thread; cheap to clone. The thread ends with its last handle.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
    shared: Arc<Shared>,
}

/// What the writer tells others without a message.
#[derive(Default)]
pub(super) struct Shared {
    /// Counts transactions that were undone: caches of what is stored are void when it changes.
    pub(super) undone: AtomicU64,
    /// There were commits since the checkpointer last looked.
    pub(super) dirty: AtomicBool,
    /// The checkpointer can't keep up: the writer checkpoints once between two transactions.
    pub(super) checkpoint: AtomicBool,
}

impl Writer {
    /// Starts the writer thread on this connection.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the thread can't be started.
    pub(super) fn start(
        connection: Connection,
        shared: Arc<Shared>,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("sotto-writer".into())
            .spawn(move || run(connection, queue, &of_thread))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok((Self { jobs, shared }, thread))
    }

    /// Runs a closure inside a transaction, together with others; returns after the commit is on disk.
    ///
    /// The closure must not commit, and should be short: everybody's writes wait for it. It runs even if the returned future is dropped.
    ///
    /// # Errors
    /// What the closure returns (then nothing of it is stored), or why the commit failed.
    pub fn write<T, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let jobs = self.jobs.clone();
        async move {
            let (reply, answer) = oneshot::channel();
            let job = Box::new(Typed {
                work: Some(work),
                result: None,
                reply,
            });
            jobs.send(job).await.map_err(|_| stopped())?;
            answer.await.map_err(|_| stopped())?
        }
    }

    /// Where [`Shared::undone`] is read, from within a closure.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the writer has stopped".into())
}

/// A closure with its result's type forgotten.
trait Job: Send {
    /// Runs the closure; whether it succeeded.
    fn run(&mut self, transaction: &Transaction<'_>) -> bool;
    /// Tells the caller, after the commit or instead of it.
    fn settle(self: Box<Self>, commit: Result<(), &str>);
}

struct Typed<T, F> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Typed<T, F>
where
    T: Send,
    F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, transaction: &Transaction<'_>) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        // A bug in one closure must not take everybody's writer with it.
        let result = catch_unwind(AssertUnwindSafe(|| work(transaction)))
            .unwrap_or_else(|_| Err(StoreError::Corrupt("a write panicked".into())));
        let succeeded = result.is_ok();
        self.result = Some(result);
        succeeded
    }

    fn settle(self: Box<Self>, commit: Result<(), &str>) {
        let result = match (self.result, commit) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (_, Err(reason)) => Err(StoreError::Unavailable(reason.to_owned())),
            (None, Ok(())) => Err(stopped()),
        };
        // The caller may have gone; the write stands.
        drop(self.reply.send(result));
    }
}

fn run(mut connection: Connection, mut queue: mpsc::Receiver<Box<dyn Job>>, shared: &Shared) {
    let size = metrics::histogram!("sotto_store_batch_size");
    let time = metrics::histogram!("sotto_store_commit_seconds");
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while queue.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        let started = Instant::now();
        size.record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
        let outcome = transact(&mut connection, &mut batch);
        time.record(started.elapsed());
        match &outcome {
            Ok(()) => shared.dirty.store(true, Ordering::Release),
            Err(error) => {
                shared.undone.fetch_add(1, Ordering::AcqRel);
                tracing::warn!(%error, writes = batch.len(), "a commit failed");
            }
        }
        let reason = outcome.as_ref().map_err(ToString::to_string);
        for job in batch.drain(..) {
            job.settle(match &reason {
                Ok(()) => Ok(()),
                Err(reason) => Err(reason.as_str()),
            });
        }
        if shared.checkpoint.swap(false, Ordering::AcqRel)
            && let Err(error) = super::checkpoint::passive(&connection)
        {
            tracing::warn!(%error, "a checkpoint failed");
        }
    }
}

/// Runs all of a batch in one transaction and commits it.
fn transact(connection: &mut Connection, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(store_error)?;
    for job in batch {
        savepoint(&transaction, "SAVEPOINT job")?;
        if job.run(&transaction) {
            savepoint(&transaction, "RELEASE job")?;
        } else if transaction.is_autocommit() {
            // A full disk makes SQLite undo the transaction itself.
            return Err(StoreError::Unavailable("the transaction was undone".into()));
        } else {
            savepoint(&transaction, "ROLLBACK TO job")?;
            savepoint(&transaction, "RELEASE job")?;
        }
    }
    transaction.commit().map_err(store_error)
}

fn savepoint(transaction: &Transaction<'_>, sql: &str) -> Result<(), StoreError> {
    transaction
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]))
        .map(drop)
        .map_err(store_error)
}

#[cfg(test)]
mod tests {
    use super::super::Sqlite;
    use super::*;

    fn count(sqlite: &Sqlite) -> impl Future<Output = Result<i64, StoreError>> + '_ {
        sqlite.read(|connection| {
            connection
                .query_row(
                    "SELECT count(*) FROM relay_numbers WHERE name LIKE 't%'",
                    [],
                    |row| row.get(0),
                )
                .map_err(store_error)
        })
    }

    fn insert(transaction: &Transaction<'_>, name: &str) -> Result<(), StoreError> {
        transaction
            .execute(
                "INSERT INTO relay_numbers (name, value) VALUES (?1, 1)",
                [name],
            )
            .map(drop)
            .map_err(store_error)
    }

    #[tokio::test]
    async fn a_write_that_fails_is_undone_alone() {
        let folder = std::env::temp_dir().join(format!("sotto-writer-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let sqlite = Sqlite::open(&folder.join("relay.db")).unwrap();
        let writer = sqlite.writer();
        let (first, failing, panicking, last) = tokio::join!(
            writer.write(|tx| insert(tx, "t1")),
            writer.write(|tx| {
                insert(tx, "t2")?;
                Err::<(), _>(StoreError::Corrupt("on purpose".into()))
            }),
            writer.write::<(), _>(|tx| {
                insert(tx, "t3")?;
                panic!("on purpose")
            }),
            writer.write(|tx| insert(tx, "t4")),
        );
        assert!(first.is_ok() && last.is_ok());
        assert!(matches!(failing, Err(StoreError::Corrupt(_))));
        assert!(matches!(panicking, Err(StoreError::Corrupt(_))));
        assert_eq!(count(&sqlite).await.unwrap(), 2);
        drop(sqlite);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
