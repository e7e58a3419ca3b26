//! Everybody's way into the delivery path: connections come and go, messages come in.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use sotto_protocol::{AccountId, DeviceId, MessageId, socket::ServerFrame};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{
    Config,
    committer::Committer,
    connection::Connection,
    device::{Consumer, Device, Pending, Sent},
    flight::{Flight, Part},
    meters::Meters,
    outbox::{Outbox, Outgoing},
    ports::{DeviceSet, Devices},
    recent::Seen,
    recipients::{Incoming, check_recipients},
    sequence::Sequence,
    table::DeviceTable,
};
use crate::{
    domain::{Error, Identity, clock::now_ms},
    store::{StoreError, mailboxes::MailboxStore},
};

/// All connected devices, and everything on its way.
pub struct Hub {
    pub(super) store: Arc<dyn MailboxStore>,
    pub(super) config: Config,
    pub(super) committer: Arc<Committer>,
    pub(super) meters: Meters,
    devices: Arc<dyn Devices>,
    pub(super) table: DeviceTable,
    sequence: Sequence,
    connections: AtomicU64,
    open: AtomicU64,
    draining: AtomicBool,
    seed: u64,
}

impl Hub {
    /// Starts the delivery path on this store: its committer runs as a task until the hub is dropped.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if sequences can't be reserved.
    pub async fn start(
        store: Arc<dyn MailboxStore>,
        devices: Arc<dyn Devices>,
        config: Config,
    ) -> Result<Arc<Self>, StoreError> {
        let sequence = Sequence::starting_at(store.reserved().await?);
        let hub = Arc::new(Self {
            store,
            config,
            committer: Arc::default(),
            meters: Meters::new(),
            devices,
            table: DeviceTable::default(),
            seed: RandomState::new().hash_one("fingerprints"),
            sequence,
            connections: AtomicU64::new(0),
            open: AtomicU64::new(0),
            draining: AtomicBool::new(false),
        });
        hub.reserve().await?;
        tokio::spawn(super::committer::run(
            Arc::downgrade(&hub),
            Arc::clone(&hub.committer),
            hub.config.commit_window,
        ));
        Ok(hub)
    }

    /// Connects a device; an older connection of it is told that it is displaced.
    ///
    /// # Errors
    /// [`Error::Draining`], [`Error::StorageUnavailable`].
    pub async fn connect(self: &Arc<Self>, who: Identity) -> Result<Connection, Error> {
        if self.is_draining() {
            return Err(Error::Draining);
        }
        // In the table before the store is asked, so that commits after the answer are noted in it.
        let device = self.device(who.device);
        let newest = self.store.newest(who.device).await?;
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let outbox = Arc::new(Outbox::default());
        {
            let mut inner = device.lock();
            inner.stored = inner.stored.max(newest);
            let mut consumer = Consumer::new(number, who.account, Arc::clone(&outbox), inner.acked);
            consumer.mark = Some(inner.newest());
            device.set_hurry(true);
            if let Some(old) = inner.consumer.replace(consumer) {
                old.outbox.close(Error::Displaced);
            }
            if !inner.pending.is_empty() {
                self.committer.hurry();
            }
        }
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.meters.connections.set(open as f64);
        outbox.wake();
        Ok(Connection::new(
            Arc::clone(self),
            who,
            number,
            device,
            outbox,
        ))
    }

    pub(super) fn disconnected(&self) {
        let open = self.open.fetch_sub(1, Ordering::Relaxed).saturating_sub(1);
        self.meters.connections.set(open as f64);
    }

    /// The devices of an account, from memory.
    pub fn cached_devices(&self, account: &AccountId) -> Option<Arc<DeviceSet>> {
        self.devices.cached(account)
    }

    /// The devices of an account.
    ///
    /// # Errors
    /// [`Error::AccountUnknown`], [`Error::StorageUnavailable`].
    pub async fn devices(&self, account: AccountId) -> Result<Arc<DeviceSet>, Error> {
        self.devices.current(account).await
    }

    /// Takes a message in. Its sender hears `accepted` or `refused` on its current connection, later; an error here is a refusal now.
    pub(super) fn submit(
        &self,
        sender: &Arc<Device>,
        from: Identity,
        set: &DeviceSet,
        incoming: Incoming,
    ) -> Result<(), Error> {
        check_recipients(from, set, &incoming)?;
        let mut digest = xxh3_64(&incoming.to.0);
        let mut parts = Vec::with_capacity(incoming.envelopes.len());
        for (device, body) in incoming.envelopes {
            let of_body = xxh3_64(&body);
            digest = xxh3_64_with_seed(&device.0, digest ^ of_body);
            parts.push(Part::new(self.device(device), of_body, body));
        }
        let flight = Arc::new(Flight::new(
            Arc::clone(sender),
            from,
            incoming.id,
            self.print(from.device, incoming.id),
            now_ms(),
            parts.into_boxed_slice(),
        ));
        {
            let mut inner = sender.lock();
            match inner.recent.begin(flight.id, digest) {
                Seen::New => {
                    inner.in_flight += 1;
                    inner.in_flight_bytes += flight.bytes;
                    if let Some(consumer) = &mut inner.consumer {
                        consumer.meet(incoming.to);
                    }
                }
                Seen::InFlight => return Ok(()),
                Seen::Accepted => {
                    if let Some(consumer) = &inner.consumer {
                        consumer.outbox.accepted(flight.id);
                    }
                    return Ok(());
                }
                Seen::Reused => return Err(Error::MessageIdReused),
            }
        }
        if self.committer.pending_bytes() > self.config.pending_bytes {
            self.refuse(&flight, &Error::StorageUnavailable);
            return Ok(());
        }
        self.committer.add_bytes(flight.bytes);
        let mut hurry = false;
        for index in 0..flight.parts.len() {
            match self.hand_to(&flight, index) {
                Ok(at_once) => hurry |= at_once,
                Err(error) => {
                    self.refuse(&flight, &error);
                    return Ok(());
                }
            }
        }
        if flight.one_less() {
            self.accept(&flight);
        } else {
            self.committer.add(flight, hurry);
        }
        Ok(())
    }

    /// Gives one part of a message to its device; whether it has to be stored at once.
    fn hand_to(&self, flight: &Arc<Flight>, index: usize) -> Result<bool, Error> {
        let Some(part) = flight.parts.get(index) else {
            return Ok(false);
        };
        let device = &part.device;
        let mut guard = device.lock();
        let inner = &mut *guard;
        // A repeated send whose first copy is with the device, unacknowledged, is not pushed again.
        if let Some(sent) = inner
            .consumer
            .as_mut()
            .and_then(|consumer| consumer.find(flight.print))
        {
            let (seq, durable) = (sent.seq, sent.durable);
            if sent.digest != part.digest {
                return Err(Error::MessageIdReused);
            }
            part.set_seq(seq);
            if durable {
                part.finish();
                drop(guard);
                if flight.one_less() {
                    self.accept(flight);
                }
            } else {
                // Its first flight was refused since it could not be stored: this one tries again, at the same place.
                inner.insert_pending(Pending {
                    seq,
                    flight: Arc::clone(flight),
                    part: index,
                });
            }
            return Ok(false);
        }
        let seq = self.sequence.next()?;
        part.set_seq(seq);
        inner.pending.push_back(Pending {
            seq,
            flight: Arc::clone(flight),
            part: index,
        });
        let Some(consumer) = inner.consumer.as_mut().filter(|consumer| consumer.live) else {
            return Ok(true);
        };
        consumer.meet(flight.from.account);
        if !consumer.has_room() {
            consumer.live = false;
            device.set_hurry(true);
            return Ok(true);
        }
        consumer.push(Sent {
            seq,
            print: flight.print,
            digest: part.digest,
            bytes: part.body.len(),
            durable: false,
        });
        consumer
            .outbox
            .deliver(Outgoing::Flight(Arc::clone(flight), index, seq));
        self.meters.delivered.increment(1);
        Ok(false)
    }

    /// Relays something to those devices that are live, and forgets it.
    pub(super) fn ephemeral(
        &self,
        from: Identity,
        set: &DeviceSet,
        envelopes: Vec<(DeviceId, Bytes)>,
    ) {
        for (device, body) in envelopes {
            if device == from.device || !set.devices.contains(&device) {
                continue;
            }
            let Some(device) = self.known(device) else {
                continue;
            };
            let inner = device.lock();
            let Some(consumer) = inner.consumer.as_ref().filter(|consumer| consumer.live) else {
                continue;
            };
            let relayed = consumer.outbox.ephemeral(ServerFrame::Ephemeral {
                from: from.account,
                device: from.device,
                body: body.to_vec().into(),
            });
            if relayed {
                self.meters.ephemerals.increment(1);
            }
        }
    }

    /// Tells the sender that its message is accepted.
    pub(super) fn accept(&self, flight: &Flight) {
        self.committer.sub_bytes(flight.bytes);
        self.meters.accepted.increment(1);
        let mut inner = flight.sender.lock();
        inner.recent.accepted(flight.id, flight.since);
        inner.in_flight = inner.in_flight.saturating_sub(1);
        inner.in_flight_bytes = inner.in_flight_bytes.saturating_sub(flight.bytes);
        if let Some(consumer) = &inner.consumer {
            consumer.outbox.accepted(flight.id);
        }
    }

    /// Tells the sender that its message is refused, unless it has its answer. What a connected device was already pushed stays in its
    /// window, so that a repeated send isn't pushed twice.
    pub(super) fn refuse(&self, flight: &Flight, why: &Error) {
        if !flight.settle() {
            return;
        }
        self.committer.sub_bytes(flight.bytes);
        for part in &flight.parts {
            part.finish();
            part.device.lock().remove_pending(part.seq());
        }
        self.meters.refused(why);
        let mut inner = flight.sender.lock();
        inner.recent.refused(&flight.id);
        inner.in_flight = inner.in_flight.saturating_sub(1);
        inner.in_flight_bytes = inner.in_flight_bytes.saturating_sub(flight.bytes);
        if let Some(consumer) = &inner.consumer {
            consumer.outbox.frame(ServerFrame::Refused {
                id: flight.id,
                problem: why.problem(),
            });
        }
    }

    /// Refuses new connections and ends those that are open with [`Error::Draining`]; returns when all are gone and everything pending
    /// is committed or refused, or after the given time.
    pub async fn drain(&self, patience: Duration) {
        self.draining.store(true, Ordering::Release);
        let end = Instant::now() + patience;
        for device in self.table.all() {
            if let Some(consumer) = &device.lock().consumer {
                consumer.outbox.close(Error::Draining);
            }
        }
        self.committer.hurry();
        while (self.open.load(Ordering::Relaxed) > 0 || self.committer.pending_bytes() > 0)
            && Instant::now() < end
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether [`Hub::drain`] has begun.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Extends the reservation of sequences, if it is time.
    pub(super) async fn reserve(&self) -> Result<(), StoreError> {
        if let Some(limit) = self.sequence.wanted() {
            let batch = crate::store::mailboxes::Batch {
                reserve: Some(limit),
                ..Default::default()
            };
            self.store.commit(batch).await?;
            self.sequence.reserved(limit);
        }
        Ok(())
    }

    /// Fingerprint of a device's message.
    pub(super) fn print(&self, device: DeviceId, id: MessageId) -> u64 {
        xxh3_64_with_seed(&id.0, xxh3_64_with_seed(&device.0, self.seed))
    }

    /// The device's place in memory; made if there is none.
    pub(super) fn device(&self, id: DeviceId) -> Arc<Device> {
        self.table.device(id)
    }

    /// The device's place in memory, if it has one.
    pub(super) fn known(&self, id: DeviceId) -> Option<Arc<Device>> {
        self.table.known(id)
    }

    /// Forgets devices that nothing is known of any more.
    pub(super) fn tidy(&self, now: Instant) {
        self.table.tidy(now);
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.committer.stop();
    }
}
