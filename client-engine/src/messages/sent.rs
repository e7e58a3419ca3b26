//! How far outgoing messages have come (PROTOCOL.md section 9.6).
//!
//! ```text
//! Queued ──▶ Sent ──▶ Delivered ──▶ Read
//!    └─▶ Failed ─(again)─▶ Queued
//! ```
//!
//! The state is here, apart from the line, so that a receipt costs no reading of history before it is durable. Once a
//! message is read, its line is rewritten, and the entry stays for a while only to recognise repeats and resend requests.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use sotto_protocol::{AccountId, MessageId};

use crate::{
    api::{event::Event, view::MessageState},
    home::{Home, ReadFor},
    host::Row,
    messages::{
        history::{Line, LineBody},
        order::Order,
    },
    storage,
    turn::Turn,
};

/// Read messages whose entries are kept.
const SETTLED_MAX: usize = 2_000;

/// An outgoing message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) conversation: AccountId,
    pub(crate) order: Order,
    /// Its count among this device's texts there.
    pub(crate) n: u64,
    pub(crate) state: MessageState,
    /// The line in the history says so too; no further change will come.
    pub(crate) settled: bool,
}

/// Outgoing messages that may still change, and the newest of those that won't.
#[derive(Default)]
pub(crate) struct SentIndex {
    entries: HashMap<MessageId, Sent>,
    settled: VecDeque<MessageId>,
}

fn rank(state: &MessageState) -> u8 {
    match state {
        MessageState::Queued | MessageState::Failed { .. } => 0,
        MessageState::Sent => 1,
        MessageState::Delivered => 2,
        MessageState::Read => 3,
    }
}

impl SentIndex {
    pub(crate) fn get(&self, id: MessageId) -> Option<&Sent> {
        self.entries.get(&id)
    }

    pub(crate) fn restore(&mut self, id: MessageId, sent: Sent) {
        self.entries.insert(id, sent);
    }

    /// After all rows: which entries are settled, oldest first, and which lines are still to be rewritten.
    pub(crate) fn restored(&mut self) -> Vec<MessageId> {
        let mut settled: Vec<_> = self.entries.iter().filter(|(_, s)| s.settled).collect();
        settled.sort_by(|a, b| a.1.order.cmp(&b.1.order));
        self.settled = settled.into_iter().map(|(id, _)| *id).collect();
        self.entries
            .iter()
            .filter(|(_, s)| s.state == MessageState::Read && !s.settled)
            .map(|(id, _)| *id)
            .collect()
    }

    pub(crate) fn insert(&mut self, t: &mut Turn<'_>, id: MessageId, sent: Sent) {
        t.put(storage::sent(id), &sent);
        self.entries.insert(id, sent);
    }

    pub(crate) fn remove(&mut self, t: &mut Turn<'_>, id: MessageId) {
        if self.entries.remove(&id).is_some() {
            t.delete(storage::sent(id));
        }
    }

    fn settle(&mut self, t: &mut Turn<'_>, id: MessageId) {
        if let Some(sent) = self.entries.get_mut(&id) {
            sent.settled = true;
            t.put(storage::sent(id), sent);
            self.settled.push_back(id);
        }
        while self.settled.len() > SETTLED_MAX {
            if let Some(oldest) = self.settled.pop_front() {
                self.remove(t, oldest);
            }
        }
    }
}

impl Home {
    /// A message has come further. True if that is news.
    pub(crate) fn advance(&mut self, t: &mut Turn<'_>, id: MessageId, state: MessageState) -> bool {
        let Some(sent) = self.sent.entries.get_mut(&id) else {
            return false;
        };
        let failed = matches!(state, MessageState::Failed { .. });
        let again = state == MessageState::Queued;
        if sent.state == state || (!failed && !again && rank(&state) <= rank(&sent.state)) {
            return false;
        }
        sent.state = state;
        t.put(storage::sent(id), sent);
        let (account, state) = (sent.conversation, sent.state.clone());
        if let Some(conversation) = self.conversations.get_mut(&account)
            && let Some(newest) = &mut conversation.newest
            && newest.id == id
        {
            newest.state = Some(state);
            self.store_conversation(t, account);
        }
        true
    }

    /// Tells user interfaces how far a message has come, for which its text has to be read.
    pub(crate) fn tell_state(&mut self, t: &mut Turn<'_>, id: MessageId) {
        if let Some(sent) = self.sent.get(id) {
            let (account, order) = (sent.conversation, sent.order.clone());
            self.read_line(t, account, &order, ReadFor::State(id));
        }
    }

    pub(crate) fn state_line_read(&mut self, t: &mut Turn<'_>, id: MessageId, rows: &[Row]) {
        let Some(sent) = self.sent.get(id).cloned() else {
            return;
        };
        let Some(mut line) = rows
            .first()
            .and_then(|row| storage::get::<Line>(&row.value).ok())
        else {
            return;
        };
        t.event(Event::Message {
            message: line.view(sent.conversation, &sent.order, Some(&sent.state)),
            arrived: false,
        });
        if sent.state == MessageState::Read && !sent.settled {
            if let LineBody::Outgoing { state, .. } = &mut line.body {
                *state = MessageState::Read;
            }
            t.put(storage::history(sent.conversation, &sent.order), &line);
            self.sent.settle(t, id);
        }
    }
}
