//! A conversation with one person: its standing, its numbers and what the list shows of it.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use sotto_protocol::{AccountId, Bytes, MessageId};

use crate::{
    api::{
        event::Event,
        view::{
            ConversationView, MessageState, Notice, PersonView, Preview, Standing,
            VerificationMethod, VerificationView,
        },
    },
    home::Home,
    messages::{
        history::{Line, LineBody},
        order::{Last, Order},
    },
    storage,
    turn::Turn,
};

/// Characters of a preview.
const PREVIEW_CHARS: usize = 120;

/// How this account's key was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verified {
    /// The key that was compared: a verification is of a key, not of a name.
    pub(crate) key: Bytes,
    pub(crate) at: u64,
    pub(crate) device: String,
    pub(crate) method: VerificationMethod,
}

/// The account key is another than before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Changed {
    pub(crate) at: u64,
    pub(crate) was_verified: bool,
}

/// The newest line, for the list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Newest {
    pub(crate) id: MessageId,
    pub(crate) order: Order,
    pub(crate) outgoing: bool,
    pub(crate) text: String,
    pub(crate) notice: Option<Notice>,
    pub(crate) state: Option<MessageState>,
    pub(crate) at: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) username: String,
    pub(crate) standing: Standing,
    /// When that was decided.
    pub(crate) standing_at: u64,
    pub(crate) last: Last,
    pub(crate) first: Option<Order>,
    /// Texts that this device has sent here.
    pub(crate) n: u64,
    pub(crate) verified: Option<Verified>,
    /// When a verification was last withdrawn, 0 if never: word of an earlier one may still come.
    #[serde(default)]
    pub(crate) withdrawn_at: u64,
    pub(crate) changed: Option<Changed>,
    pub(crate) newest: Option<Newest>,
    pub(crate) updated_at: u64,
    #[serde(skip)]
    pub(crate) draft: String,
    #[serde(skip)]
    pub(crate) unread: BTreeMap<Order, MessageId>,
    #[serde(skip)]
    pub(crate) typing_until: Option<u64>,
    #[serde(skip)]
    pub(crate) typed_at: u64,
}

impl Conversation {
    pub(crate) fn new(username: String, standing: Standing, now: u64) -> Self {
        Self {
            username,
            standing,
            standing_at: now,
            last: Last::default(),
            first: None,
            n: 0,
            verified: None,
            withdrawn_at: 0,
            changed: None,
            newest: None,
            updated_at: now,
            draft: String::new(),
            unread: BTreeMap::new(),
            typing_until: None,
            typed_at: 0,
        }
    }

    /// A verified key was replaced: nothing may be sent until the person has resolved it.
    pub(crate) fn broken(&self) -> bool {
        self.changed.as_ref().is_some_and(|c| c.was_verified)
    }

    /// The time of a decision about the verification that is made now: the newest wins, also where another device's clock is ahead.
    pub(crate) fn decided_at(&self, now: u64) -> u64 {
        let earlier = self.verified.as_ref().map_or(0, |v| v.at);
        now.max(earlier.max(self.withdrawn_at).saturating_add(1))
    }

    pub(crate) fn verification(&self) -> VerificationView {
        match (&self.changed, &self.verified) {
            (Some(Changed { at, was_verified }), _) if *was_verified => {
                VerificationView::ChangedVerified { at: *at }
            }
            (_, Some(verified)) => VerificationView::Verified {
                at: verified.at,
                device: verified.device.clone(),
                method: verified.method,
            },
            (Some(Changed { at, .. }), None) => VerificationView::ChangedUnverified { at: *at },
            (None, None) => VerificationView::Unverified,
        }
    }

    pub(crate) fn view(&self, account: AccountId) -> ConversationView {
        ConversationView {
            id: account.to_string(),
            person: PersonView {
                account: account.to_string(),
                username: self.username.clone(),
            },
            standing: self.standing,
            verification: self.verification(),
            preview: self.newest.as_ref().map(|newest| Preview {
                outgoing: newest.outgoing,
                text: newest.text.clone(),
                notice: newest.notice.clone(),
                state: newest.state.clone(),
                at: newest.at,
            }),
            unread: u32::try_from(self.unread.len()).unwrap_or(u32::MAX),
            first_unread: self.unread.keys().next().map(Order::to_string),
            draft: self.draft.clone(),
            updated_at: self.updated_at,
            typing: self.typing_until.is_some(),
        }
    }

    /// A line is there: the list's preview and the conversation's bounds follow.
    pub(crate) fn noticed(&mut self, order: &Order, line: &Line) {
        if self.first.as_ref().is_none_or(|first| order < first) {
            self.first = Some(order.clone());
        }
        if self
            .newest
            .as_ref()
            .is_some_and(|newest| newest.order > *order)
        {
            return;
        }
        let (outgoing, text, notice, state) = match &line.body {
            LineBody::Incoming { text } => (false, preview_text(text), None, None),
            LineBody::Outgoing { text, state } => {
                (true, preview_text(text), None, Some(state.clone()))
            }
            LineBody::Notice(notice) => (false, String::new(), Some(notice.clone()), None),
        };
        self.newest = Some(Newest {
            id: line.id,
            order: order.clone(),
            outgoing,
            text,
            notice,
            state,
            at: line.at,
        });
        self.updated_at = self.updated_at.max(line.at);
    }
}

/// One line of plain text.
fn preview_text(text: &str) -> String {
    let plain = crate::markdown::plain(text);
    let mut out: String = plain.chars().take(PREVIEW_CHARS).collect();
    if plain.chars().nth(PREVIEW_CHARS).is_some() {
        out.pop();
        out.push('…');
    }
    out
}

/// All conversations.
pub(crate) type Conversations = HashMap<AccountId, Conversation>;

impl Home {
    /// Writes a changed conversation, and tells of it at the end of the step.
    pub(crate) fn store_conversation(&mut self, t: &mut Turn<'_>, account: AccountId) {
        if let Some(conversation) = self.conversations.get(&account) {
            t.put(storage::conversation(account), conversation);
            t.changed.insert(account);
        }
    }

    /// The conversation with this person, made if there is none.
    pub(crate) fn conversation_or_new(
        &mut self,
        account: AccountId,
        username: &str,
        standing: Standing,
        now: u64,
    ) -> &mut Conversation {
        self.conversations
            .entry(account)
            .or_insert_with(|| Conversation::new(username.to_owned(), standing, now))
    }

    /// Adds a line at the end, and tells of it.
    pub(crate) fn append(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        line: &Line,
        arrived: bool,
    ) -> Option<Order> {
        let order = self.conversations.get_mut(&account)?.last.next(t.now);
        self.place(t, account, &order, line, arrived);
        Some(order)
    }

    /// Puts a line where it belongs, and tells of it.
    pub(crate) fn place(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        order: &Order,
        line: &Line,
        arrived: bool,
    ) {
        let Some(conversation) = self.conversations.get_mut(&account) else {
            return;
        };
        conversation.noticed(order, line);
        t.put(storage::history(account, order), line);
        t.event(Event::Message {
            message: line.view(account, order, None),
            arrived,
        });
        self.store_conversation(t, account);
    }

    /// Adds a quiet line.
    pub(crate) fn notice(&mut self, t: &mut Turn<'_>, account: AccountId, notice: Notice) {
        let line = Line {
            id: t.message_id(),
            at: t.now,
            body: LineBody::Notice(notice),
        };
        self.append(t, account, &line, false);
    }
}
