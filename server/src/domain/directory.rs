//! Which devices an account has now, from memory: every send asks.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use sotto_protocol::AccountId;

use super::Error;
use crate::store::AccountStore;
pub use crate::store::accounts::DeviceSet;

/// Accounts remembered at most; past it the cache starts anew (a hundred bytes or so each).
const REMEMBERED_MAX: usize = 200_000;

/// Device sets by account.
pub struct Directory {
    store: Arc<dyn AccountStore>,
    // A std lock: it is held for a look-up or an insertion, never across an await.
    cache: RwLock<HashMap<AccountId, Arc<DeviceSet>>>,
}

impl Directory {
    /// Empty; fills from the store.
    pub fn new(store: Arc<dyn AccountStore>) -> Self {
        Self {
            store,
            cache: RwLock::default(),
        }
    }

    /// The devices of an account if they are in memory.
    pub fn cached(&self, account: &AccountId) -> Option<Arc<DeviceSet>> {
        self.cache
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(account)
            .cloned()
    }

    /// The devices that an account has now.
    ///
    /// # Errors
    /// [`Error::AccountUnknown`], [`Error::StorageUnavailable`].
    pub async fn current(&self, account: AccountId) -> Result<Arc<DeviceSet>, Error> {
        if let Some(set) = self.cached(&account) {
            return Ok(set);
        }
        let set = self
            .store
            .device_set(account)
            .await?
            .ok_or(Error::AccountUnknown)?;
        Ok(self.put(account, set))
    }

    /// Notes what the store has committed. An older set never replaces a newer one, so that a slow reader can't undo a change.
    pub fn put(&self, account: AccountId, set: DeviceSet) -> Arc<DeviceSet> {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(newer) = cache.get(&account).filter(|had| had.version >= set.version) {
            return Arc::clone(newer);
        }
        if cache.len() >= REMEMBERED_MAX {
            cache.clear();
        }
        let set = Arc::new(set);
        cache.insert(account, Arc::clone(&set));
        set
    }
}
