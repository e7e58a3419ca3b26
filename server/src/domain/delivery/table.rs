//! The devices that something is known of in memory: connected, or with messages on their way.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use sotto_protocol::DeviceId;

use super::device::Device;

/// Shards of the table, so that threads seldom meet.
const SHARDS: usize = 64;

/// All of them, by id.
pub(super) struct DeviceTable {
    shards: Vec<Mutex<HashMap<DeviceId, Arc<Device>>>>,
    hasher: RandomState,
}

impl Default for DeviceTable {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl DeviceTable {
    /// The device's place in memory; made if there is none.
    pub(super) fn device(&self, id: DeviceId) -> Arc<Device> {
        Arc::clone(
            self.shard(id)
                .entry(id)
                .or_insert_with(|| Arc::new(Device::new(id))),
        )
    }

    pub(super) fn known(&self, id: DeviceId) -> Option<Arc<Device>> {
        self.shard(id).get(&id).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Device>> {
        let lock = |shard| Mutex::lock(shard).unwrap_or_else(PoisonError::into_inner);
        self.shards
            .iter()
            .flat_map(|shard| lock(shard).values().cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Forgets devices that nothing is known of any more.
    pub(super) fn tidy(&self, now: Instant) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, device| {
                let mut inner = device.lock();
                let remembered = inner.recent.tidy(now);
                let keep = remembered || inner.consumer.is_some() || !inner.pending.is_empty();
                drop(inner);
                // Under the shard's lock nobody else can come by a handle.
                keep || Arc::strong_count(device) > 1
            });
        }
    }

    fn shard(&self, id: DeviceId) -> MutexGuard<'_, HashMap<DeviceId, Arc<Device>>> {
        let at = self.hasher.hash_one(id) as usize % SHARDS;
        #[expect(clippy::indexing_slicing, reason = "there are SHARDS shards")]
        self.shards[at]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
