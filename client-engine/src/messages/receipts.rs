//! Telling senders what has arrived and what has been read, in batches; and what is unread (PROTOCOL.md section 9.6).
//!
//! Strangers get none: what is owed to them waits until they are accepted.

use std::collections::{BTreeSet, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use sotto_protocol::{AccountId, MessageId};

use crate::{
    api::{
        problem::Problem,
        view::{MessageState, Standing},
    },
    home::Home,
    messages::{
        content::{Body, IDS_MAX, Receipt, ReceiptState, Sync},
        order::Order,
    },
    storage::{self, Corrupt},
    turn::Turn,
};

/// Receipts wait so long for company.
const DELAY_MS: u64 = 300;
/// Owed to one person at most; the oldest are given up.
const OWED_MAX: usize = 5_000;

/// Owed to one person.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Owed {
    delivered: Vec<MessageId>,
    read: Vec<MessageId>,
}

/// Receipts that overtook the word of another own device that it sent the message; the oldest are given up first.
const EARLY_MAX: usize = 1_000;

/// A receipt for a message that is not known yet.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Early {
    from: AccountId,
    state: ReceiptState,
}

/// Owed to all.
#[derive(Default)]
pub(crate) struct Receipts {
    early: HashMap<MessageId, Early>,
    early_order: VecDeque<MessageId>,
    owed: HashMap<AccountId, Owed>,
    due: Option<u64>,
    dirty: BTreeSet<AccountId>,
}

impl Receipts {
    pub(crate) fn restore(&mut self, account: AccountId, value: &[u8]) -> Result<(), Corrupt> {
        self.owed.insert(account, storage::get(value)?);
        self.due = Some(0);
        Ok(())
    }

    pub(crate) fn restore_early(&mut self, id: MessageId, value: &[u8]) -> Result<(), Corrupt> {
        self.early.insert(id, storage::get(value)?);
        self.early_order.push_back(id);
        Ok(())
    }

    fn keep_early(&mut self, t: &mut Turn<'_>, id: MessageId, early: Early) {
        if self.early.insert(id, early).is_none() {
            self.early_order.push_back(id);
        }
        t.put(storage::early(id), &early);
        while self.early_order.len() > EARLY_MAX {
            if let Some(oldest) = self.early_order.pop_front() {
                self.early.remove(&oldest);
                t.delete(storage::early(oldest));
            }
        }
    }

    /// Writes what changed. Called once, at the end of each step.
    pub(crate) fn flush(&mut self, t: &mut Turn<'_>) {
        for account in std::mem::take(&mut self.dirty) {
            match self.owed.get(&account) {
                Some(owed) => t.put(storage::receipts(account), owed),
                None => t.delete(storage::receipts(account)),
            }
        }
    }

    fn owe(&mut self, account: AccountId, id: MessageId, state: ReceiptState) {
        let owed = self.owed.entry(account).or_default();
        let list = match state {
            ReceiptState::Delivered => &mut owed.delivered,
            ReceiptState::Read => &mut owed.read,
        };
        if list.len() == OWED_MAX {
            list.remove(0);
        }
        list.push(id);
        self.dirty.insert(account);
    }

    fn due_at(&mut self, at: u64) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    pub(crate) fn wake_at(&self, online: bool) -> Option<u64> {
        self.due.filter(|_| online)
    }
}

impl Home {
    /// A message of this person is durable here.
    pub(crate) fn owe_delivered(&mut self, t: &Turn<'_>, account: AccountId, id: MessageId) {
        self.receipts.owe(account, id, ReceiptState::Delivered);
        self.receipts.due_at(t.now.saturating_add(DELAY_MS));
    }

    pub(crate) fn receipts_due(&mut self, t: &Turn<'_>, account: AccountId) {
        if self.receipts.owed.contains_key(&account) {
            self.receipts.due_at(t.now.saturating_add(DELAY_MS));
        }
    }

    pub(crate) fn forget_receipts(&mut self, _: &Turn<'_>, account: AccountId) {
        if self.receipts.owed.remove(&account).is_some() {
            self.receipts.dirty.insert(account);
        }
    }

    /// Sends the receipts whose time has come.
    pub(crate) fn send_receipts(&mut self, t: &mut Turn<'_>) {
        if !t.online() || self.receipts.due.is_none_or(|due| t.now < due) {
            return;
        }
        self.receipts.due = None;
        let ready: Vec<AccountId> = self
            .receipts
            .owed
            .keys()
            .filter(|account| {
                self.conversations
                    .get(account)
                    .is_some_and(|c| c.standing == Standing::Accepted && !c.broken())
            })
            .copied()
            .collect();
        for account in ready {
            let Some(mut owed) = self.receipts.owed.remove(&account) else {
                continue;
            };
            self.receipts.dirty.insert(account);
            let read: BTreeSet<_> = owed.read.iter().copied().collect();
            owed.delivered.retain(|id| !read.contains(id));
            for (state, ids) in [
                (ReceiptState::Delivered, owed.delivered),
                (ReceiptState::Read, owed.read),
            ] {
                for ids in ids.chunks(IDS_MAX) {
                    let ids = ids.to_vec();
                    self.queue_control(t, account, Body::Receipt(Receipt { state, ids }));
                }
            }
        }
    }

    /// Someone has got or read messages of ours.
    pub(crate) fn receipt_received(
        &mut self,
        t: &mut Turn<'_>,
        from: AccountId,
        receipt: &Receipt,
    ) {
        let state = match receipt.state {
            ReceiptState::Delivered => MessageState::Delivered,
            ReceiptState::Read => MessageState::Read,
        };
        for id in &receipt.ids {
            match self.sent.get(*id).map(|sent| sent.conversation == from) {
                Some(true) if self.advance(t, *id, state.clone()) => self.tell_state(t, *id),
                Some(_) => {}
                None if self.has_siblings() => {
                    let state = receipt.state;
                    self.receipts.keep_early(t, *id, Early { from, state });
                }
                None => {}
            }
        }
    }

    /// A message of another own device is known now: so is what receipts said of it before.
    pub(crate) fn apply_early(&mut self, t: &mut Turn<'_>, id: MessageId) {
        if let Some(Early { from, state }) = self.receipts.early.remove(&id) {
            self.receipts.early_order.retain(|early| *early != id);
            t.delete(storage::early(id));
            let ids = vec![id];
            self.receipt_received(t, from, &Receipt { state, ids });
        }
    }

    /// The person has seen everything up to here.
    pub(crate) fn mark_read(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        through: &str,
    ) -> Result<(), Problem> {
        let through = Order::parse(through).ok_or(Problem::Unknown)?;
        let conversation = self
            .conversations
            .get_mut(&account)
            .ok_or(Problem::Unknown)?;
        let mut read = Vec::new();
        while let Some(first) = conversation.unread.first_entry() {
            if *first.key() > through {
                break;
            }
            let (order, id) = first.remove_entry();
            t.delete(storage::unread(account, &order));
            read.push(id);
        }
        if read.is_empty() {
            return Ok(());
        }
        t.changed.insert(account);
        for id in &read {
            self.receipts.owe(account, *id, ReceiptState::Read);
        }
        self.receipts.due_at(t.now.saturating_add(DELAY_MS));
        for ids in read.chunks(IDS_MAX) {
            let ids = ids.to_vec();
            self.tell_own_devices(t, Sync::Read { with: account, ids });
        }
        Ok(())
    }

    /// The person has seen these on another device.
    pub(crate) fn read_synced(&mut self, t: &mut Turn<'_>, account: AccountId, ids: &[MessageId]) {
        let Some(conversation) = self.conversations.get_mut(&account) else {
            return;
        };
        let ids: BTreeSet<_> = ids.iter().collect();
        conversation.unread.retain(|order, id| {
            let read = ids.contains(id);
            if read {
                t.delete(storage::unread(account, order));
                t.changed.insert(account);
            }
            !read
        });
    }
}
