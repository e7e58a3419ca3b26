//! What the delivery path needs from the rest of the relay, as traits, so that its tests need no accounts.

use std::{future::Future, pin::Pin, sync::Arc};

use sotto_protocol::AccountId;

pub use crate::domain::directory::DeviceSet;
use crate::domain::{
    Error, Identity,
    directory::Directory,
    limits::{Action, Limits, Who},
    sessions::Sessions,
};

/// An answer that may take a read of the store.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Tells whose a token is.
pub trait Authenticator: Send + Sync + 'static {
    /// The device that holds this token.
    ///
    /// # Errors
    /// [`Error::SessionExpired`], [`Error::DeviceRevoked`], [`Error::StorageUnavailable`].
    fn authenticate<'a>(&'a self, token: &'a [u8]) -> Answer<'a, Identity>;
}

/// Tells which devices an account has.
pub trait Devices: Send + Sync + 'static {
    /// From memory, or not at all: the hot path.
    fn cached(&self, account: &AccountId) -> Option<Arc<DeviceSet>>;

    /// From memory or the store.
    ///
    /// # Errors
    /// [`Error::AccountUnknown`], [`Error::StorageUnavailable`].
    fn current(&self, account: AccountId) -> Answer<'_, Arc<DeviceSet>>;
}

/// Says how much an account may send.
pub trait Budget: Send + Sync + 'static {
    /// Takes messages and bytes from an account's budget.
    ///
    /// # Errors
    /// [`Error::RateLimited`]; then nothing is taken.
    fn send(&self, account: AccountId, messages: u32, bytes: u32) -> Result<(), Error>;

    /// Takes a message from what an account may send to another: nobody alone fills somebody's mailbox soon.
    ///
    /// # Errors
    /// [`Error::RateLimited`]; then nothing is taken.
    fn send_to(&self, from: AccountId, to: AccountId) -> Result<(), Error>;

    /// Takes an ephemeral frame from an account's budget.
    ///
    /// # Errors
    /// [`Error::RateLimited`]; then nothing is taken.
    fn ephemeral(&self, account: AccountId) -> Result<(), Error>;
}

impl Authenticator for Sessions {
    fn authenticate<'a>(&'a self, token: &'a [u8]) -> Answer<'a, Identity> {
        Box::pin(Sessions::authenticate(self, token))
    }
}

impl Devices for Directory {
    fn cached(&self, account: &AccountId) -> Option<Arc<DeviceSet>> {
        Directory::cached(self, account)
    }

    fn current(&self, account: AccountId) -> Answer<'_, Arc<DeviceSet>> {
        Box::pin(Directory::current(self, account))
    }
}

impl Budget for Limits {
    fn send(&self, account: AccountId, messages: u32, bytes: u32) -> Result<(), Error> {
        self.check(Action::Send, Who::Account(account), messages)?;
        self.check(Action::SendBytes, Who::Account(account), bytes)
    }

    fn send_to(&self, from: AccountId, to: AccountId) -> Result<(), Error> {
        if from == to {
            // What a device tells the account's others fills nobody else's mailbox.
            return Ok(());
        }
        self.check(Action::SendTo, Who::Pair(from, to), 1)
    }

    fn ephemeral(&self, account: AccountId) -> Result<(), Error> {
        self.check(Action::Ephemeral, Who::Account(account), 1)
    }
}
