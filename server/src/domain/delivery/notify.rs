//! What connected devices are told about accounts.

use std::{future::Future, pin::Pin, sync::Arc};

use sotto_protocol::{AccountId, DeviceId, http::PrekeyCount, socket::ServerFrame};

use super::hub::Hub;
use crate::domain::{Error, notices::Notices};

impl Notices for Hub {
    fn device_list_changed(&self, account: AccountId, version: u64) {
        for device in self.table.all() {
            let inner = device.lock();
            if let Some(consumer) = inner.consumer.as_ref().filter(|one| one.knows(account)) {
                consumer
                    .outbox
                    .frame(ServerFrame::DeviceListChanged { account, version });
            }
        }
    }

    fn revoked(&self, device: DeviceId) {
        if let Some(device) = self.known(device)
            && let Some(consumer) = &device.lock().consumer
        {
            consumer.outbox.close(Error::DeviceRevoked);
        }
        let store = Arc::clone(&self.store);
        tokio::spawn(async move {
            if let Err(error) = store.remove(device).await {
                tracing::warn!(%error, "a revoked device's mailbox stays until it expires");
            }
        });
    }

    fn prekeys_low(&self, device: DeviceId, left: PrekeyCount) {
        if let Some(device) = self.known(device)
            && let Some(consumer) = &device.lock().consumer
        {
            consumer.outbox.frame(ServerFrame::PrekeysLow {
                one_time: left.one_time,
                kem_one_time: left.kem_one_time,
            });
        }
    }

    fn waiting(
        &self,
        device: DeviceId,
    ) -> Pin<Box<dyn Future<Output = Result<u64, Error>> + Send + '_>> {
        Box::pin(async move { Ok(self.store.waiting(device).await?) })
    }
}
