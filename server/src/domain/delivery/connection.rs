//! A device's connection, as the socket sees it: messages and acknowledgements go in here, what is to be written is in its outbox.

use std::sync::Arc;

use bytes::Bytes;
use sotto_protocol::{
    AccountId, DeviceId,
    limits::{DELIVERY_WINDOW, DELIVERY_WINDOW_BYTES},
};

use xxhash_rust::xxh3::xxh3_64;

use super::{
    device::{Consumer, Device, Sent},
    flight::Finished,
    hub::Hub,
    outbox::{Outbox, Outgoing},
    ports::DeviceSet,
    recipients::Incoming,
};
use crate::{
    domain::{Error, Identity},
    store::mailboxes::{Page, Stored},
};

/// Own sends that may be unsettled before the socket stops reading, and their bytes.
const IN_FLIGHT_MAX: usize = 512;
const IN_FLIGHT_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// A connected device. Dropping it disconnects.
pub struct Connection {
    hub: Arc<Hub>,
    who: Identity,
    number: u64,
    device: Arc<Device>,
    outbox: Arc<Outbox>,
}

/// What a reading consumer does next.
enum Next {
    /// Nothing: it is live, displaced, or its window is full.
    Rest,
    /// Reads from the store; and the highest sequence that was known to be stored when this was decided.
    Read(Page, u64),
}

impl Connection {
    pub(super) fn new(
        hub: Arc<Hub>,
        who: Identity,
        number: u64,
        device: Arc<Device>,
        outbox: Arc<Outbox>,
    ) -> Self {
        Self {
            hub,
            who,
            number,
            device,
            outbox,
        }
    }

    /// Whose connection this is.
    pub fn who(&self) -> Identity {
        self.who
    }

    /// What is to be written.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Whether the socket should read no further for now, since too much of what it sent is unsettled.
    pub fn is_busy(&self) -> bool {
        let inner = self.device.lock();
        inner.in_flight >= IN_FLIGHT_MAX || inner.in_flight_bytes >= IN_FLIGHT_BYTES_MAX
    }

    /// The devices of an account, from memory.
    pub fn cached_devices(&self, account: &AccountId) -> Option<Arc<DeviceSet>> {
        self.hub.cached_devices(account)
    }

    /// The devices of an account.
    ///
    /// # Errors
    /// [`Error::AccountUnknown`], [`Error::StorageUnavailable`].
    pub async fn devices(&self, account: AccountId) -> Result<Arc<DeviceSet>, Error> {
        self.hub.devices(account).await
    }

    /// Takes a message in. The answer is put into the outbox.
    pub fn submit(&self, set: &DeviceSet, incoming: Incoming) {
        let id = incoming.id;
        if let Err(error) = self.hub.submit(&self.device, self.who, set, incoming) {
            self.refuse(id, &error);
        }
    }

    /// Refuses a message before it was taken in.
    pub fn refuse(&self, id: sotto_protocol::MessageId, why: &Error) {
        self.hub.meters.refused(why);
        self.outbox
            .frame(sotto_protocol::socket::ServerFrame::Refused {
                id,
                problem: why.problem(),
            });
    }

    /// Relays something that is worth nothing later.
    pub fn ephemeral(&self, set: &DeviceSet, envelopes: Vec<(DeviceId, Bytes)>) {
        self.hub.ephemeral(self.who, set, envelopes);
    }

    /// Notes that everything up to this sequence is durable at the device. More than was delivered can't be acknowledged: it counts as
    /// the last delivery.
    pub fn acknowledge(&self, through: u64) {
        let mut settled = Vec::new();
        let store_ack = {
            let mut guard = self.device.lock();
            let inner = &mut *guard;
            let Some(consumer) = inner.consumer_of(self.number) else {
                return;
            };
            let through = through.min(consumer.cursor);
            let mut stored = consumer.acknowledge(through);
            inner.acked = inner.acked.max(through);
            while let Some(pending) = inner.pending.pop_front_if(|front| front.seq <= through) {
                let finished = pending
                    .flight
                    .parts
                    .get(pending.part)
                    .map_or(Finished::Before, super::flight::Part::finish);
                stored |= finished == Finished::Written;
                if finished != Finished::Before {
                    if finished == Finished::Elided {
                        self.hub.meters.elided.increment(1);
                    }
                    if pending.flight.one_less() {
                        settled.push(pending.flight);
                    }
                }
            }
            stored.then_some(through)
        };
        if let Some(through) = store_ack {
            self.hub.committer.acknowledge(self.who.device, through);
        }
        for flight in settled {
            self.hub.accept(&flight);
        }
    }

    /// Brings a reading consumer forward by at most one page; whether it should be called again after what is in the outbox is
    /// written. Cheap when there is nothing to do.
    ///
    /// # Errors
    /// [`Error::StorageUnavailable`].
    pub async fn pump(&self) -> Result<bool, Error> {
        let (page, stored) = match self.next() {
            Next::Rest => return Ok(false),
            Next::Read(page, stored) => (page, stored),
        };
        let read = self.hub.store.read(self.who.device, page).await?;
        let mut inner = self.device.lock();
        let acked = inner.acked;
        let Some(consumer) = inner.consumer_of(self.number) else {
            return Ok(false);
        };
        if read.is_empty() {
            // Nothing in this range: what was thought to be stored is acknowledged, expired, or the next one is pending.
            consumer.cursor = consumer.cursor.max(stored.min(page.before - 1)).max(acked);
        }
        self.hub.meters.delivered.increment(read.len() as u64);
        let outbox = Arc::clone(&consumer.outbox);
        let fresh = read.into_iter().filter(|stored| stored.seq > acked);
        outbox.deliver_all(fresh.map(|stored| {
            consumer.push(self.sent(&stored));
            consumer.meet(stored.from.account);
            Outgoing::Stored(stored)
        }));
        consumer.say_queue_empty();
        Ok(true)
    }

    fn sent(&self, stored: &Stored) -> Sent {
        Sent {
            seq: stored.seq,
            print: self.hub.print(stored.from.device, stored.id),
            digest: xxh3_64(&stored.body),
            bytes: stored.body.len(),
            durable: true,
        }
    }

    /// Decides what a reading consumer does, and does it if memory is enough.
    fn next(&self) -> Next {
        let mut guard = self.device.lock();
        let inner = &mut *guard;
        let (stored, acked) = (inner.stored, inner.acked);
        let Some(consumer) = inner
            .consumer
            .as_mut()
            .filter(|consumer| consumer.connection == self.number)
        else {
            return Next::Rest;
        };
        if consumer.live || !consumer.has_room_for_page() {
            return Next::Rest;
        }
        let first = inner
            .pending
            .partition_point(|pending| pending.seq <= consumer.cursor);
        for at in first..inner.pending.len() {
            let Some(pending) = inner.pending.get(at) else {
                break;
            };
            if stored > consumer.cursor && pending.seq > consumer.cursor {
                // Something stored may come before it.
                if let Some(page) = page(consumer, acked, pending.seq) {
                    return Next::Read(page, stored);
                }
            }
            if !consumer.has_room() {
                return Next::Rest;
            }
            let Some(part) = pending.flight.parts.get(pending.part) else {
                continue;
            };
            consumer.push(Sent {
                seq: pending.seq,
                print: pending.flight.print,
                digest: part.digest,
                bytes: part.body.len(),
                durable: false,
            });
            consumer.meet(pending.flight.from.account);
            consumer.outbox.deliver(Outgoing::Flight(
                Arc::clone(&pending.flight),
                pending.part,
                pending.seq,
            ));
            self.hub.meters.delivered.increment(1);
        }
        if stored > consumer.cursor
            && let Some(page) = page(consumer, acked, u64::MAX >> 1)
        {
            return Next::Read(page, stored);
        }
        consumer.live = true;
        consumer.say_queue_empty();
        self.device.set_hurry(false);
        Next::Rest
    }
}

/// What to read between the cursor and a sequence; nothing if there is nothing between.
fn page(consumer: &Consumer, acked: u64, before: u64) -> Option<Page> {
    let after = consumer.cursor.max(acked);
    (before > after + 1).then(|| Page {
        after,
        before,
        envelopes: DELIVERY_WINDOW.saturating_sub(consumer.window.len()),
        bytes: DELIVERY_WINDOW_BYTES.saturating_sub(consumer.window_bytes),
    })
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.hub.disconnected();
        let mut inner = self.device.lock();
        if inner.consumer_of(self.number).is_some() {
            inner.consumer = None;
            self.device.set_hurry(true);
            if !inner.pending.is_empty() {
                self.hub.committer.hurry();
            }
        }
    }
}
