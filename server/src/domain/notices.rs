//! What changes about accounts and concerns connected devices: told to whoever holds the connections.

use std::{future::Future, pin::Pin};

use sotto_protocol::{AccountId, DeviceId, http::PrekeyCount};

use super::Error;

/// Whoever holds the connections.
pub trait Notices: Send + Sync + 'static {
    /// An account's device list has a new version.
    fn device_list_changed(&self, account: AccountId, version: u64);
    /// A device is no longer in its account's list: its connection ends, what waits for it goes.
    fn revoked(&self, device: DeviceId);
    /// A device should upload one-time prekeys.
    fn prekeys_low(&self, device: DeviceId, left: PrekeyCount);
    /// How many envelopes wait for a device.
    fn waiting(
        &self,
        device: DeviceId,
    ) -> Pin<Box<dyn Future<Output = Result<u64, Error>> + Send + '_>>;
}

/// Nobody is connected.
#[derive(Debug, Default)]
pub struct Nobody;

impl Notices for Nobody {
    fn device_list_changed(&self, _: AccountId, _: u64) {}
    fn revoked(&self, _: DeviceId) {}
    fn prekeys_low(&self, _: DeviceId, _: PrekeyCount) {}
    fn waiting(
        &self,
        _: DeviceId,
    ) -> Pin<Box<dyn Future<Output = Result<u64, Error>> + Send + '_>> {
        Box::pin(async { Ok(0) })
    }
}
