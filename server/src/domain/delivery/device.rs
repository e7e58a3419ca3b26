//! What is in memory about one device: its consumer, if it is connected; what it was sent and hasn't acknowledged; what is on its way to
//! it; its own recent sends.
//!
//! ```text
//! consumer:   reading ──(caught up with the store)──▶ live
//!                ▲                                      │
//!                └────────(window full)─────────────────┘
//! ```
//!
//! A live consumer gets messages pushed. A reading one gets them from the store, by cursor, as far as its window has room; what isn't
//! stored yet (`pending`) follows from memory in its place.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use sotto_protocol::{
    AccountId, DeviceId,
    limits::{DELIVERY_WINDOW, DELIVERY_WINDOW_BYTES},
};

use super::{flight::Flight, outbox::Outbox, recent::Recent};

/// Accounts that a connected device is told about when their device lists change.
const PEERS_MAX: usize = 64;

/// One device, connected or not.
pub(super) struct Device {
    pub(super) id: DeviceId,
    /// No live consumer: what comes must be stored at once. Read by the committer without the lock.
    hurry: AtomicBool,
    // A std lock: it is held for a few moves in memory, never across an await, and never together with another device's.
    inner: Mutex<Inner>,
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) consumer: Option<Consumer>,
    /// Messages to this device that are neither acknowledged nor stored, in order of sequence.
    pub(super) pending: VecDeque<Pending>,
    /// The highest sequence that is known to be stored.
    pub(super) stored: u64,
    /// Everything up to here is acknowledged.
    pub(super) acked: u64,
    /// The own sends.
    pub(super) recent: Recent,
    /// Own sends that are not settled.
    pub(super) in_flight: usize,
    /// Bytes of them.
    pub(super) in_flight_bytes: u64,
}

/// A message that is neither acknowledged nor stored.
pub(super) struct Pending {
    pub(super) seq: u64,
    pub(super) flight: Arc<Flight>,
    pub(super) part: usize,
}

/// A connected device.
pub(super) struct Consumer {
    /// Tells connections of the same device apart.
    pub(super) connection: u64,
    pub(super) account: AccountId,
    pub(super) outbox: Arc<Outbox>,
    /// What was pushed and isn't acknowledged.
    pub(super) window: VecDeque<Sent>,
    pub(super) window_bytes: usize,
    /// The highest sequence that was pushed.
    pub(super) cursor: u64,
    pub(super) live: bool,
    /// The highest sequence at connect time, until the client has been told that it has it.
    pub(super) mark: Option<u64>,
    peers: VecDeque<AccountId>,
}

/// An envelope in a consumer's window.
pub(super) struct Sent {
    pub(super) seq: u64,
    pub(super) print: u64,
    pub(super) digest: u64,
    pub(super) bytes: usize,
    /// The store has it.
    pub(super) durable: bool,
}

impl Device {
    pub(super) fn new(id: DeviceId) -> Self {
        Self {
            id,
            hurry: AtomicBool::new(true),
            inner: Mutex::default(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what comes for it must be stored at once.
    pub(super) fn hurries(&self) -> bool {
        self.hurry.load(Ordering::Acquire)
    }

    /// Set under the lock, with every change of the consumer's state.
    pub(super) fn set_hurry(&self, hurry: bool) {
        self.hurry.store(hurry, Ordering::Release);
    }
}

impl Inner {
    /// The consumer, if it is still this connection.
    pub(super) fn consumer_of(&mut self, connection: u64) -> Option<&mut Consumer> {
        self.consumer
            .as_mut()
            .filter(|consumer| consumer.connection == connection)
    }

    /// Takes a sequence out of the pending ones.
    pub(super) fn remove_pending(&mut self, seq: u64) {
        if let Ok(at) = self
            .pending
            .binary_search_by_key(&seq, |pending| pending.seq)
        {
            self.pending.remove(at);
        }
    }

    /// Adds a pending message in its place, which is nearly always the last.
    pub(super) fn insert_pending(&mut self, pending: Pending) {
        let at = match self.pending.back() {
            Some(last) if last.seq > pending.seq => self
                .pending
                .partition_point(|other| other.seq < pending.seq),
            _ => self.pending.len(),
        };
        self.pending.insert(at, pending);
    }

    /// The highest sequence that exists for this device.
    pub(super) fn newest(&self) -> u64 {
        self.pending
            .back()
            .map_or(0, |pending| pending.seq)
            .max(self.stored)
    }
}

impl Consumer {
    pub(super) fn new(
        connection: u64,
        account: AccountId,
        outbox: Arc<Outbox>,
        cursor: u64,
    ) -> Self {
        Self {
            connection,
            account,
            outbox,
            window: VecDeque::new(),
            window_bytes: 0,
            cursor,
            live: false,
            mark: None,
            peers: VecDeque::new(),
        }
    }

    /// Whether one more envelope may be pushed. An envelope larger than what is left of the byte cap may still go: a window that
    /// is not full takes one more.
    pub(super) fn has_room(&self) -> bool {
        self.window.len() < DELIVERY_WINDOW && self.window_bytes < DELIVERY_WINDOW_BYTES
    }

    /// Whether reading a page is worth it: a quarter of the window is free.
    pub(super) fn has_room_for_page(&self) -> bool {
        self.window.len() <= DELIVERY_WINDOW * 3 / 4
            && self.window_bytes <= DELIVERY_WINDOW_BYTES * 3 / 4
    }

    /// Notes an envelope as pushed.
    pub(super) fn push(&mut self, sent: Sent) {
        self.cursor = sent.seq;
        self.window_bytes += sent.bytes;
        self.window.push_back(sent);
    }

    /// The envelope with this fingerprint, if it is in the window.
    pub(super) fn find(&mut self, print: u64) -> Option<&mut Sent> {
        self.window.iter_mut().find(|sent| sent.print == print)
    }

    /// Notes that the store has this envelope.
    pub(super) fn mark_durable(&mut self, seq: u64) {
        if let Ok(at) = self.window.binary_search_by_key(&seq, |sent| sent.seq)
            && let Some(sent) = self.window.get_mut(at)
        {
            sent.durable = true;
        }
    }

    /// Takes everything up to this sequence out of the window; whether the store has any of it.
    pub(super) fn acknowledge(&mut self, through: u64) -> bool {
        let mut durable = false;
        while let Some(sent) = self.window.front().filter(|sent| sent.seq <= through) {
            durable |= sent.durable;
            self.window_bytes = self.window_bytes.saturating_sub(sent.bytes);
            self.window.pop_front();
        }
        durable
    }

    /// Tells the client, once, that it has everything that waited at connect time.
    pub(super) fn say_queue_empty(&mut self) {
        if self.mark.is_some_and(|mark| self.cursor >= mark) {
            self.mark = None;
            self.outbox.queue_empty();
        }
    }

    /// Remembers an account that this device wrote to or heard from.
    pub(super) fn meet(&mut self, account: AccountId) {
        if self.peers.back() == Some(&account) || self.peers.contains(&account) {
            return;
        }
        if self.peers.len() == PEERS_MAX {
            self.peers.pop_front();
        }
        self.peers.push_back(account);
    }

    /// Whether it is to be told about an account's new device list.
    pub(super) fn knows(&self, account: AccountId) -> bool {
        self.account == account || self.peers.contains(&account)
    }
}
