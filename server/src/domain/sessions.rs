//! Device sessions: a bearer token of 32 random bytes that lives a day, renewed by the device's signature.
//!
//! The store keeps the SHA-256 of a token. Looking a hash up takes a time that says nothing about tokens, since nobody can choose
//! a hash that is nearly right.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use sotto_protocol::{AccountId, DeviceId, http::Session, limits::SESSION_SECONDS};
use subtle::ConstantTimeEq as _;

use super::{
    Error, Identity,
    clock::{day_of, now_ms},
    directory::Directory,
    token::Token,
};
use crate::store::{AccountStore, accounts::StoredSession};

/// Sessions remembered at most; past it the cache starts anew.
const REMEMBERED_MAX: usize = 200_000;

/// Opens sessions and tells whose a token is.
pub struct Sessions {
    store: Arc<dyn AccountStore>,
    directory: Arc<Directory>,
    cache: RwLock<HashMap<[u8; 32], StoredSession>>,
}

impl Sessions {
    /// Empty; fills from the store.
    pub fn new(store: Arc<dyn AccountStore>, directory: Arc<Directory>) -> Self {
        Self {
            store,
            directory,
            cache: RwLock::default(),
        }
    }

    /// Draws a session that is yet to be stored.
    pub(super) fn draw(
        account: AccountId,
        device: DeviceId,
    ) -> Result<(StoredSession, Session), Error> {
        let token = Token::generate()?;
        let expires_at = now_ms() + SESSION_SECONDS * 1000;
        let stored = StoredSession {
            token_hash: token.hash(),
            account,
            device,
            expires_at,
        };
        let session = Session {
            token: token.to_bytes(),
            expires_at,
        };
        Ok((stored, session))
    }

    /// Opens a session for a device that has proven itself.
    pub(super) async fn open(&self, who: Identity) -> Result<Session, Error> {
        let (stored, session) = Self::draw(who.account, who.device)?;
        self.store.put_session(stored, day_of(now_ms())).await?;
        Ok(session)
    }

    /// Whose a token is.
    ///
    /// # Errors
    /// [`Error::SessionExpired`] for an unknown or expired one, [`Error::DeviceRevoked`] once the device is out of its account's
    /// list, [`Error::StorageUnavailable`].
    pub async fn authenticate(&self, token: &[u8]) -> Result<Identity, Error> {
        let hash = Token::from_slice(token)
            .ok_or(Error::SessionExpired)?
            .hash();
        let session = match self.cached(&hash) {
            Some(session) => session,
            None => {
                let session = self
                    .store
                    .session(hash)
                    .await?
                    .ok_or(Error::SessionExpired)?;
                self.remember(session.clone());
                session
            }
        };
        if !bool::from(session.token_hash.ct_eq(&hash)) || session.expires_at <= now_ms() {
            return Err(Error::SessionExpired);
        }
        let devices = self.directory.current(session.account).await?;
        if !devices.devices.contains(&session.device) {
            return Err(Error::DeviceRevoked);
        }
        Ok(Identity {
            account: session.account,
            device: session.device,
        })
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub async fn end(&self, token: &[u8]) -> Result<(), Error> {
        let hash = Token::from_slice(token)
            .ok_or(Error::SessionExpired)?
            .hash();
        self.store.delete_session(hash).await?;
        self.cache
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&hash);
        Ok(())
    }

    fn cached(&self, hash: &[u8; 32]) -> Option<StoredSession> {
        self.cache
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(hash)
            .cloned()
    }

    fn remember(&self, session: StoredSession) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= REMEMBERED_MAX {
            cache.clear();
        }
        cache.insert(session.token_hash, session);
    }
}
