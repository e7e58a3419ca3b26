//! Gathers what must be stored and commits it, one batch at a time: while one batch is being synced, the next one gathers.
//!
//! A message whose devices are all live waits here for the commit window; if they acknowledge it meanwhile it is never written. A
//! message for a device that is not live goes with the next batch, and with it everything else that waits for that device, so that
//! mailboxes are stored in order.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sotto_protocol::DeviceId;
use tokio::sync::Notify;

use super::{
    flight::{Finished, Flight},
    hub::Hub,
};
use crate::{
    domain::{Error, clock::now_ms},
    store::mailboxes::{Batch, Deposit, Outcome, Part},
};

/// Messages and bytes of one batch at most.
const BATCH_MAX: usize = 4096;
const BATCH_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How long acknowledgements of stored envelopes may wait for company.
const ACKS_EVERY: Duration = Duration::from_millis(20);
/// Between two steps of sweeping.
const SWEEP_EVERY: Duration = Duration::from_millis(20);
/// Between two looks for what has expired, and for devices to forget.
const TIDY_EVERY: Duration = Duration::from_secs(30);
/// After a failure.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// What waits to be committed.
#[derive(Default)]
pub(super) struct Committer {
    queue: Mutex<Queue>,
    wake: Notify,
    bytes: AtomicU64,
}

#[derive(Default)]
struct Queue {
    flights: VecDeque<Arc<Flight>>,
    /// Some of them can't wait for the commit window.
    hurry: bool,
    acks: HashMap<DeviceId, u64>,
}

impl Committer {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message that is neither acknowledged nor stored everywhere.
    pub(super) fn add(&self, flight: Arc<Flight>, hurry: bool) {
        let mut queue = self.queue();
        let first = queue.flights.is_empty();
        queue.flights.push_back(flight);
        let wake = first || (hurry && !queue.hurry);
        queue.hurry |= hurry;
        drop(queue);
        if wake {
            self.wake.notify_one();
        }
    }

    /// Says that a device with pending messages is no longer live.
    pub(super) fn hurry(&self) {
        self.queue().hurry = true;
        self.wake.notify_one();
    }

    /// Adds an acknowledgement of something stored.
    pub(super) fn acknowledge(&self, device: DeviceId, through: u64) {
        let mut queue = self.queue();
        let first = queue.acks.is_empty();
        let newest = queue.acks.entry(device).or_default();
        *newest = (*newest).max(through);
        drop(queue);
        if first {
            self.wake.notify_one();
        }
    }

    /// Wakes the committer so that it sees that the hub is gone.
    pub(super) fn stop(&self) {
        self.wake.notify_one();
    }

    /// Bytes of messages that are not settled.
    pub(super) fn pending_bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn sub_bytes(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes what is due. Flights that are settled fall out; those that may still be elided stay.
    fn take(&self, window: Duration, acks: bool) -> (Vec<Arc<Flight>>, Batch) {
        let mut queue = self.queue();
        let now = Instant::now();
        let hurry = std::mem::take(&mut queue.hurry);
        let (mut flights, mut batch) = (Vec::new(), Batch::default());
        let (mut bytes, mut more) = (0, false);
        let mut full = |bytes: u64, count: usize| {
            let full = bytes >= BATCH_BYTES_MAX || count >= BATCH_MAX;
            more |= full;
            full
        };
        while let Some(flight) = queue.flights.pop_front_if(|flight| {
            flight.is_settled()
                || now.duration_since(flight.since) >= window && !full(bytes, flights.len())
        }) {
            if !flight.is_settled() {
                bytes += flight.bytes;
                flights.push(flight);
            }
        }
        if hurry {
            queue.flights.retain(|flight| {
                if flight.is_settled() {
                    return false;
                }
                let due = flight
                    .parts
                    .iter()
                    .any(|part| part.is_pending() && part.device.hurries());
                if !due || full(bytes, flights.len()) {
                    return true;
                }
                bytes += flight.bytes;
                flights.push(Arc::clone(flight));
                false
            });
        }
        queue.hurry |= more;
        if acks || !flights.is_empty() {
            batch.acks = queue.acks.drain().collect();
        }
        drop(queue);
        flights.retain(|flight| {
            let deposit = deposit(flight);
            let some = !deposit.parts.is_empty();
            if some {
                batch.deposits.push(deposit);
            }
            some
        });
        (flights, batch)
    }

    /// When there will be something to commit: now, at a time, or not before something is added.
    fn due(&self, window: Duration, acks_since: Instant) -> Due {
        let mut queue = self.queue();
        if queue.hurry {
            return Due::Now;
        }
        while queue
            .flights
            .pop_front_if(|flight| flight.is_settled())
            .is_some()
        {}
        let flight = queue.flights.front().map(|flight| flight.since + window);
        let acks = (!queue.acks.is_empty()).then(|| acks_since + ACKS_EVERY);
        match (flight, acks) {
            (None, None) => Due::Never,
            (Some(at), None) | (None, Some(at)) => Due::At(at),
            (Some(one), Some(other)) => Due::At(one.min(other)),
        }
    }
}

enum Due {
    Now,
    At(Instant),
    Never,
}

fn deposit(flight: &Flight) -> Deposit {
    Deposit {
        from: flight.from,
        id: flight.id,
        received_at: flight.received_at,
        parts: flight
            .parts
            .iter()
            .filter(|part| part.write())
            .map(|part| Part {
                mailbox: part.device.id,
                seq: part.seq(),
                digest: part.digest,
                body: part.body.clone(),
            })
            .collect(),
    }
}

/// When things that are not urgent were last done.
struct Chores {
    acks: Instant,
    sweep: Instant,
    tidy: Instant,
    to_sweep: bool,
}

/// Commits until the hub is gone; only a weak handle on it is held while waiting.
pub(super) async fn run(hub: Weak<Hub>, committer: Arc<Committer>, window: Duration) {
    let now = Instant::now();
    let mut chores = Chores {
        acks: now,
        sweep: now,
        tidy: now,
        to_sweep: true,
    };
    loop {
        match committer.due(window, chores.acks) {
            Due::Now => {}
            Due::At(at) => wait(&committer, Some(at), chores.to_sweep).await,
            Due::Never => wait(&committer, None, chores.to_sweep).await,
        }
        let Some(hub) = hub.upgrade() else { return };
        round(&hub, &mut chores).await;
    }
}

/// Waits for something to be added, or for a time.
async fn wait(committer: &Committer, at: Option<Instant>, to_sweep: bool) {
    let idle = if to_sweep { SWEEP_EVERY } else { TIDY_EVERY };
    let latest = Instant::now() + idle;
    let until = tokio::time::Instant::from_std(at.map_or(latest, |at| at.min(latest)));
    drop(tokio::time::timeout_at(until, committer.wake.notified()).await);
}

async fn round(hub: &Arc<Hub>, chores: &mut Chores) {
    let now = Instant::now();
    let acks = now.duration_since(chores.acks) >= ACKS_EVERY;
    let (flights, batch) = hub.committer.take(hub.config.commit_window, acks);
    if !batch.is_empty() {
        if !batch.acks.is_empty() {
            chores.acks = now;
            chores.to_sweep = true;
        }
        commit(hub, &flights, batch).await;
    }
    if let Err(error) = hub.reserve().await {
        tracing::warn!(%error, "sequences could not be reserved");
        tokio::time::sleep(RETRY_AFTER).await;
    }
    if now.duration_since(chores.tidy) >= TIDY_EVERY {
        chores.tidy = now;
        chores.to_sweep = true;
        hub.tidy(now);
    }
    if chores.to_sweep && now.duration_since(chores.sweep) >= SWEEP_EVERY {
        let ttl = u64::try_from(hub.config.envelope_ttl.as_millis()).unwrap_or(u64::MAX);
        chores.to_sweep = match hub.store.sweep(now_ms().saturating_sub(ttl)).await {
            Ok(more) => more,
            Err(error) => {
                tracing::warn!(%error, "sweeping failed");
                false
            }
        };
        chores.sweep = Instant::now();
    }
}

async fn commit(hub: &Hub, flights: &[Arc<Flight>], batch: Batch) {
    let acks = batch.acks.clone();
    match hub.store.commit(batch).await {
        Ok(outcomes) => {
            for (flight, outcome) in flights.iter().zip(outcomes) {
                match outcome {
                    Outcome::Stored => stored(hub, flight, |_| true),
                    Outcome::StoredExcept(full) => {
                        stored(hub, flight, |device| !full.contains(device));
                    }
                    Outcome::Reused => hub.refuse(flight, &Error::MessageIdReused),
                    Outcome::Full if flight.parts.iter().all(|part| part.is_writing()) => {
                        hub.refuse(flight, &Error::MailboxFull);
                    }
                    // Another device has acknowledged it: it got somewhere.
                    Outcome::Full => stored(hub, flight, |_| false),
                }
            }
        }
        Err(error) => {
            let error = Error::from(error);
            for flight in flights {
                hub.refuse(flight, &error);
            }
            for (device, through) in acks {
                hub.committer.acknowledge(device, through);
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
}

/// Notes that all parts of a message are acknowledged or stored, but for those to full mailboxes, which go without.
fn stored(hub: &Hub, flight: &Arc<Flight>, has_it: impl Fn(&DeviceId) -> bool) {
    for part in &flight.parts {
        let has_it = has_it(&part.device.id);
        let finished = {
            let mut inner = part.device.lock();
            let finished = part.finish();
            if finished == Finished::Written {
                let seq = part.seq();
                inner.remove_pending(seq);
                // Also if it has been passed by: a consumer that reads up to here then finds that nothing is left to wait for.
                inner.stored = inner.stored.max(seq);
                if let Some(consumer) = &mut inner.consumer {
                    if has_it {
                        consumer.mark_durable(seq);
                    }
                    if !consumer.live {
                        consumer.outbox.wake();
                    }
                }
            }
            finished
        };
        if finished == Finished::Written {
            if has_it {
                hub.meters.stored.increment(1);
            }
            if flight.one_less() {
                hub.accept(flight);
                return;
            }
        }
    }
}
