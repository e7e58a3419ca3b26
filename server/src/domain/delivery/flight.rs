//! One message on its way: from the sender's frame until it is accepted or refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use sotto_protocol::MessageId;

use super::device::Device;
use crate::domain::Identity;

/// A message with one part for each recipient device.
pub(super) struct Flight {
    /// Whom to tell.
    pub(super) sender: Arc<Device>,
    /// Who sends.
    pub(super) from: Identity,
    /// The sender's id of the message.
    pub(super) id: MessageId,
    /// Fingerprint of (sending device, id).
    pub(super) print: u64,
    /// When the relay received it, milliseconds since the Unix epoch.
    pub(super) received_at: u64,
    /// The same, on the clock that never jumps.
    pub(super) since: Instant,
    /// The parts.
    pub(super) parts: Box<[Part]>,
    /// Bytes of all bodies.
    pub(super) bytes: u64,
    /// Parts that are neither acknowledged nor stored, plus one while the message is being handed round.
    left: AtomicU32,
    settled: AtomicBool,
}

/// A message as one device gets it.
pub(super) struct Part {
    /// The recipient.
    pub(super) device: Arc<Device>,
    /// Hash of the body.
    pub(super) digest: u64,
    /// The envelope.
    pub(super) body: Bytes,
    seq: AtomicU64,
    state: AtomicU8,
}

/// Neither stored nor acknowledged.
const PENDING: u8 = 0;
/// In a batch that is being committed.
const WRITING: u8 = 1;
/// Stored, acknowledged, or given up.
const DONE: u8 = 2;

impl Part {
    pub(super) fn new(device: Arc<Device>, digest: u64, body: Bytes) -> Self {
        Self {
            device,
            digest,
            body,
            seq: AtomicU64::new(0),
            state: AtomicU8::new(PENDING),
        }
    }

    /// Its sequence, once it has one.
    pub(super) fn seq(&self) -> u64 {
        self.seq.load(Ordering::Relaxed)
    }

    /// Gives it its sequence, under the device's lock.
    pub(super) fn set_seq(&self, seq: u64) {
        self.seq.store(seq, Ordering::Relaxed);
    }

    /// Claims it for a batch; false if it no longer needs storing.
    pub(super) fn write(&self) -> bool {
        self.state
            .compare_exchange(PENDING, WRITING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Whether it is neither stored, acknowledged, nor in a batch.
    pub(super) fn is_pending(&self) -> bool {
        self.state.load(Ordering::Acquire) == PENDING
    }

    /// Whether it is in a batch.
    pub(super) fn is_writing(&self) -> bool {
        self.state.load(Ordering::Acquire) == WRITING
    }

    /// Marks it stored, acknowledged or given up.
    pub(super) fn finish(&self) -> Finished {
        match self.state.swap(DONE, Ordering::AcqRel) {
            PENDING => Finished::Elided,
            WRITING => Finished::Written,
            _ => Finished::Before,
        }
    }
}

/// In which state a part was when it was finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finished {
    /// It was never written.
    Elided,
    /// It is in a batch: the store has it, or will have.
    Written,
    /// It had been finished before.
    Before,
}

impl Flight {
    pub(super) fn new(
        sender: Arc<Device>,
        from: Identity,
        id: MessageId,
        print: u64,
        received_at: u64,
        parts: Box<[Part]>,
    ) -> Self {
        Self {
            sender,
            from,
            id,
            print,
            received_at,
            since: Instant::now(),
            bytes: parts.iter().map(|part| part.body.len() as u64).sum(),
            left: AtomicU32::new(1 + u32::try_from(parts.len()).unwrap_or(u32::MAX - 1)),
            parts,
            settled: AtomicBool::new(false),
        }
    }

    /// Takes one from what is left; true for the one who thereby must say that the message is accepted.
    pub(super) fn one_less(&self) -> bool {
        self.left.fetch_sub(1, Ordering::AcqRel) == 1 && self.settle()
    }

    /// Ends the flight; true for the one who ended it.
    pub(super) fn settle(&self) -> bool {
        !self.settled.swap(true, Ordering::AcqRel)
    }

    /// Whether the sender has its answer.
    pub(super) fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Acquire)
    }
}
