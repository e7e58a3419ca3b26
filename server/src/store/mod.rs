//! What the relay keeps, as traits; each has a SQLite and an in-memory backend that pass one contract suite (`tests/store_contract`).
//!
//! - [`accounts`]: accounts, device lists, prekeys, sessions, invitations
//! - [`mailboxes`]: envelopes that wait
//! - [`sqlite`], [`memory`]: the backends; only [`crate::app`] names them

use std::{future::Future, pin::Pin};

pub mod accounts;
pub mod mailboxes;
pub mod memory;
pub mod sqlite;

pub use accounts::{AccountStore, Conflict};

/// What a store's operation returns: boxed, so that the domain can hold any backend behind one pointer.
pub type Op<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why a store did not do as told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Busy, disk full, I/O: nothing was changed, trying again may work.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What is stored contradicts the change; nothing was changed.
    #[error("conflict: {0:?}")]
    Conflict(Conflict),
    /// What is stored can't be understood: a bug or a damaged file.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
}
