//! What a connection has to write. Others put things in; the connection takes everything at once and flushes once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use sotto_protocol::{MessageId, socket::ServerFrame};
use tokio::sync::Notify;

use super::flight::Flight;
use crate::{
    domain::{Error, Identity},
    store::mailboxes::Stored,
};

/// Ephemerals that wait for a slow connection at most; further ones are dropped, which is what they are for.
const EPHEMERALS_MAX: usize = 64;

static NOTHING: Bytes = Bytes::new();

/// What waits to be written to one connection.
#[derive(Default)]
pub struct Outbox {
    queue: Mutex<Queue>,
    wake: Notify,
}

/// Everything that waited, in the order in which it is to be written.
#[derive(Default)]
pub struct Queue {
    /// Envelopes, in order of sequence.
    pub deliveries: Vec<Outgoing>,
    /// Everything that waited at connect time is in `deliveries` or was before.
    pub queue_empty: bool,
    /// Sends that are accepted.
    pub accepted: Vec<MessageId>,
    /// Refusals and hints.
    pub frames: Vec<ServerFrame>,
    /// Ephemerals.
    pub ephemerals: Vec<ServerFrame>,
    /// The connection is to end, and why.
    pub close: Option<Error>,
}

/// An envelope on its way to its device.
pub enum Outgoing {
    /// From memory: a message that came a moment ago.
    #[expect(
        private_interfaces,
        reason = "opaque outside of this module: see the accessors"
    )]
    Flight(Arc<Flight>, usize, u64),
    /// From the store.
    Stored(Stored),
}

impl Outgoing {
    /// Its sequence.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Flight(_, _, seq) => *seq,
            Self::Stored(stored) => stored.seq,
        }
    }

    /// The sending device.
    pub fn from(&self) -> Identity {
        match self {
            Self::Flight(flight, ..) => flight.from,
            Self::Stored(stored) => stored.from,
        }
    }

    /// The sender's message id.
    pub fn id(&self) -> MessageId {
        match self {
            Self::Flight(flight, ..) => flight.id,
            Self::Stored(stored) => stored.id,
        }
    }

    /// When the relay received it.
    pub fn received_at(&self) -> u64 {
        match self {
            Self::Flight(flight, ..) => flight.received_at,
            Self::Stored(stored) => stored.received_at,
        }
    }

    /// The envelope.
    pub fn body(&self) -> &Bytes {
        match self {
            Self::Flight(flight, part, _) => match flight.parts.get(*part) {
                Some(part) => &part.body,
                None => &NOTHING,
            },
            Self::Stored(stored) => &stored.body,
        }
    }
}

impl Queue {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
            && !self.queue_empty
            && self.accepted.is_empty()
            && self.frames.is_empty()
            && self.ephemerals.is_empty()
            && self.close.is_none()
    }
}

impl Outbox {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes everything; the vectors that come back from the last round are used again.
    pub fn take(&self, into: &mut Queue) {
        into.deliveries.clear();
        into.accepted.clear();
        into.frames.clear();
        into.ephemerals.clear();
        into.queue_empty = false;
        into.close = None;
        std::mem::swap(&mut *self.queue(), into);
    }

    /// Waits until something was put in since the last [`Outbox::take`].
    pub async fn filled(&self) {
        self.wake.notified().await;
    }

    /// Puts in a frame of the connection's own.
    pub fn put(&self, frame: ServerFrame) {
        self.frame(frame);
    }

    /// Wakes the connection, also if there is nothing to write: it may have something to read.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(super) fn deliver(&self, delivery: Outgoing) {
        self.queue().deliveries.push(delivery);
        self.wake();
    }

    pub(super) fn deliver_all(&self, deliveries: impl Iterator<Item = Outgoing>) {
        self.queue().deliveries.extend(deliveries);
        self.wake();
    }

    pub(super) fn queue_empty(&self) {
        self.queue().queue_empty = true;
        self.wake();
    }

    pub(super) fn accepted(&self, id: MessageId) {
        self.queue().accepted.push(id);
        self.wake();
    }

    pub(super) fn frame(&self, frame: ServerFrame) {
        self.queue().frames.push(frame);
        self.wake();
    }

    /// Adds an ephemeral; false if it was dropped.
    pub(super) fn ephemeral(&self, frame: ServerFrame) -> bool {
        let mut queue = self.queue();
        let fits = queue.ephemerals.len() < EPHEMERALS_MAX;
        if fits {
            queue.ephemerals.push(frame);
            drop(queue);
            self.wake();
        }
        fits
    }

    /// Ends the connection after what was put in before. The first reason counts.
    pub(super) fn close(&self, why: Error) {
        self.queue().close.get_or_insert(why);
        self.wake();
    }
}
