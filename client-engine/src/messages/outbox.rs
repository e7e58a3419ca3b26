//! What is to be sent: durable from the moment of asking until the relay has accepted it (PROTOCOL.md section 9.6).
//!
//! ```text
//!  waiting (content) ──encrypted for every device──▶ sealed (exact bytes) ──SendFrame──▶ in flight ──accepted──▶ gone
//!        ▲                                              ▲     │ connection lost: the same bytes again      │
//!        └────── device list changed: missing devices ──┴─────┴──────────── refused for now ◀──────────────┘
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use sotto_protocol::{AccountId, MessageId, socket::Envelope};

use crate::{
    api::problem::Problem,
    messages::content::Body,
    storage::{self, Corrupt},
    turn::Turn,
};

/// Submissions that the relay has not answered yet, at most.
pub(crate) const IN_FLIGHT_MAX: usize = 64;

/// One submission.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    /// Its id at the relay.
    pub(crate) id: MessageId,
    pub(crate) to: AccountId,
    pub(crate) body: Body,
    /// The message in the history that it carries; none for receipts and the like.
    pub(crate) message: Option<MessageId>,
    /// The device list for which `envelopes` are complete; 0 before that.
    pub(crate) version: u64,
    /// One for each device so far. These bytes and no others are sent.
    pub(crate) envelopes: Vec<Envelope>,
    /// Not tried again by itself.
    pub(crate) failed: Option<Problem>,
}

/// All submissions, in the order of asking.
#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) items: BTreeMap<u64, Item>,
    /// Neither failed nor in flight, by recipient.
    ready: HashMap<AccountId, BTreeSet<u64>>,
    pub(crate) in_flight: HashMap<MessageId, u64>,
    by_message: HashMap<MessageId, u64>,
    next: u64,
    /// The relay asked for a pause.
    pub(crate) paused_until: u64,
}

impl Outbox {
    pub(crate) fn restore(&mut self, key: &str, value: &[u8]) -> Result<(), Corrupt> {
        let seq = key
            .strip_prefix(storage::OUTBOX)
            .and_then(|hex| u64::from_str_radix(hex, 16).ok())
            .ok_or(Corrupt)?;
        let item: Item = storage::get(value)?;
        self.next = self.next.max(seq);
        self.insert(seq, item);
        Ok(())
    }

    fn insert(&mut self, seq: u64, item: Item) {
        if item.failed.is_none() {
            self.ready.entry(item.to).or_default().insert(seq);
        }
        if let Some(message) = item.message {
            self.by_message.insert(message, seq);
        }
        self.items.insert(seq, item);
    }

    pub(crate) fn push(&mut self, t: &mut Turn<'_>, item: Item) {
        self.next += 1;
        t.put(storage::outbox(self.next), &item);
        self.insert(self.next, item);
    }

    pub(crate) fn store(&self, t: &mut Turn<'_>, seq: u64) {
        if let Some(item) = self.items.get(&seq) {
            t.put(storage::outbox(seq), item);
        }
    }

    pub(crate) fn remove(&mut self, t: &mut Turn<'_>, seq: u64) -> Option<Item> {
        let item = self.items.remove(&seq)?;
        self.unready(item.to, seq);
        self.in_flight.remove(&item.id);
        if let Some(message) = item.message {
            self.by_message.remove(&message);
        }
        t.delete(storage::outbox(seq));
        Some(item)
    }

    fn unready(&mut self, to: AccountId, seq: u64) {
        if let Some(ready) = self.ready.get_mut(&to) {
            ready.remove(&seq);
            if ready.is_empty() {
                self.ready.remove(&to);
            }
        }
    }

    pub(crate) fn launched(&mut self, seq: u64) {
        if let Some(item) = self.items.get(&seq) {
            let (to, id) = (item.to, item.id);
            self.in_flight.insert(id, seq);
            self.unready(to, seq);
        }
    }

    /// Back among those to be sent.
    pub(crate) fn landed(&mut self, seq: u64) {
        if let Some(item) = self.items.get(&seq) {
            self.in_flight.remove(&item.id);
            if item.failed.is_none() {
                self.ready.entry(item.to).or_default().insert(seq);
            }
        }
    }

    /// The connection is gone: nothing in flight will be answered.
    pub(crate) fn disconnected(&mut self) {
        let flying: Vec<u64> = self.in_flight.values().copied().collect();
        for seq in flying {
            self.landed(seq);
        }
    }

    pub(crate) fn fail(&mut self, t: &mut Turn<'_>, seq: u64, problem: Problem) {
        if let Some(item) = self.items.get_mut(&seq) {
            item.failed = Some(problem);
            let (to, id) = (item.to, item.id);
            self.in_flight.remove(&id);
            self.unready(to, seq);
            self.store(t, seq);
        }
    }

    pub(crate) fn of_message(&self, message: MessageId) -> Option<u64> {
        self.by_message.get(&message).copied()
    }

    pub(crate) fn targets(&self) -> Vec<AccountId> {
        // In the order of asking: one rate limit is shared by all, so the longest waiting goes first.
        let mut targets: Vec<_> = self
            .ready
            .iter()
            .filter_map(|(to, seqs)| Some((*seqs.first()?, *to)))
            .collect();
        targets.sort_unstable();
        targets.into_iter().map(|(_, to)| to).collect()
    }

    pub(crate) fn first(&self, to: AccountId) -> Option<u64> {
        self.ready.get(&to)?.first().copied()
    }

    pub(crate) fn all_to(&self, to: AccountId) -> Vec<u64> {
        self.items
            .iter()
            .filter(|(_, item)| item.to == to && item.failed.is_none())
            .map(|(seq, _)| *seq)
            .collect()
    }

    pub(crate) fn waits_for(&self, account: AccountId) -> bool {
        self.ready.contains_key(&account)
    }
}
