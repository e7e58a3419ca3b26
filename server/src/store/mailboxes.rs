//! Mailboxes: the envelopes that wait for each device (PROTOCOL.md section 8).
//!
//! The delivery path gives out sequences and decides what is worth storing; a store keeps it. What a store alone decides is what must be
//! atomic with the commit: that a message waits once in a mailbox, that a message is stored for all of its recipients or for none, and
//! that a full mailbox takes no more: a message passes it by, so that one forgotten device doesn't keep the others from theirs.

use bytes::Bytes;
use sotto_protocol::{DeviceId, MessageId};

use super::Op;
use crate::domain::Identity;

/// One message, for the mailboxes that haven't acknowledged it yet.
#[derive(Debug, Clone)]
pub struct Deposit {
    /// The sending device.
    pub from: Identity,
    /// The sender's message id.
    pub id: MessageId,
    /// When the relay received it, milliseconds since the Unix epoch.
    pub received_at: u64,
    /// One for each mailbox. Parts whose `body` is one and the same buffer are stored once.
    pub parts: Vec<Part>,
}

/// A message as one mailbox gets it.
#[derive(Debug, Clone)]
pub struct Part {
    /// The recipient: device ids are unique on a relay.
    pub mailbox: DeviceId,
    /// Its sequence, given out once over all mailboxes.
    pub seq: u64,
    /// Hash of the body: a repeated send has the same.
    pub digest: u64,
    /// The envelope, opaque.
    pub body: Bytes,
}

/// What became of a deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every part is stored, now or since an earlier send of the same message that still waits.
    Stored,
    /// The same, but for the parts to these mailboxes, which are full.
    StoredExcept(Vec<DeviceId>),
    /// The same (sender, message id) waits with another body; nothing was stored.
    Reused,
    /// Every mailbox of the deposit is full; nothing was stored.
    Full,
}

impl Outcome {
    /// What became of a deposit of so many parts, which these full mailboxes did not get.
    pub(super) fn passing(full: Vec<DeviceId>, parts: usize) -> Self {
        if full.is_empty() {
            Self::Stored
        } else if full.len() < parts {
            Self::StoredExcept(full)
        } else {
            Self::Full
        }
    }
}

/// Everything that one commit brings.
#[derive(Debug, Default)]
pub struct Batch {
    /// Messages to store.
    pub deposits: Vec<Deposit>,
    /// Mailboxes, and up to which sequence their devices have acknowledged. Applied after the deposits.
    pub acks: Vec<(DeviceId, u64)>,
    /// Sequences below this may be given out from now on.
    pub reserve: Option<u64>,
}

impl Batch {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.deposits.is_empty() && self.acks.is_empty() && self.reserve.is_none()
    }
}

/// Which envelopes to read.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Only sequences above this.
    pub after: u64,
    /// Only sequences below this.
    pub before: u64,
    /// At most this many envelopes.
    pub envelopes: usize,
    /// At most this many bytes of bodies, but at least one envelope.
    pub bytes: usize,
}

/// An envelope that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its sequence.
    pub seq: u64,
    /// The sending device.
    pub from: Identity,
    /// The sender's message id.
    pub id: MessageId,
    /// When the relay received it.
    pub received_at: u64,
    /// The envelope.
    pub body: Bytes,
}

/// Where mailboxes are kept. Every operation is durable when its future is ready.
pub trait MailboxStore: Send + Sync + 'static {
    /// Stores, acknowledges and reserves in one commit; one outcome for each deposit.
    ///
    /// # Errors
    /// [`super::StoreError::Unavailable`]: nothing of the batch is stored.
    fn commit(&self, batch: Batch) -> Op<'_, Vec<Outcome>>;

    /// The highest sequence that waits in a mailbox; 0 if it is empty.
    fn newest(&self, mailbox: DeviceId) -> Op<'_, u64>;

    /// Envelopes in order of sequence, without those acknowledged.
    fn read(&self, mailbox: DeviceId, page: Page) -> Op<'_, Vec<Stored>>;

    /// How many envelopes wait (a stored counter; those acknowledged count until they are swept).
    fn waiting(&self, mailbox: DeviceId) -> Op<'_, u64>;

    /// Sequences below this may have been given out by an earlier run.
    fn reserved(&self) -> Op<'_, u64>;

    /// Deletes a mailbox with everything in it.
    fn remove(&self, mailbox: DeviceId) -> Op<'_, ()>;

    /// Deletes some of what is acknowledged, and of what was received before `expired` (milliseconds since the Unix epoch); whether
    /// there may be more.
    fn sweep(&self, expired: u64) -> Op<'_, bool>;
}
