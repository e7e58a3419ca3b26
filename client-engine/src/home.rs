//! Everything of somebody who is signed in: restored from rows, told of frames and answers, and tended at wake-ups.

use std::collections::HashMap;

use sotto_crypto_core::recovery_key::RecoveryKey;
use sotto_protocol::{AccountId, DeviceId, MessageId, codec, socket::ServerFrame};

use crate::{
    account::{devices::Removal, me::Me, upkeep::Upkeep},
    api::event::Event,
    connection::Phase,
    host::{CallId, EffectId, Row},
    messages::{
        damage::Damages,
        history::Window,
        inbox::Inbox,
        outbox::Outbox,
        receipts::Receipts,
        sent::{Sent, SentIndex},
        tracks::Tracks,
    },
    people::{
        conversation::Conversations,
        directory::{Directory, Person},
    },
    sessions::{claims::Claims, prekeys::Prekeys, store::Sessions},
    storage::{self, Corrupt},
    turn::Turn,
};

/// What rows were read for.
#[derive(Debug, Clone)]
pub(crate) enum ReadFor {
    /// A window of a conversation.
    Window(Window),
    /// To tell how far a message has come.
    State(MessageId),
    /// To send a text again that could not be opened.
    Resend(MessageId),
    /// The newest line of a conversation.
    Newest(AccountId),
    /// A send that was asked for twice.
    Again(CallId, MessageId),
}

pub(crate) struct Home {
    pub(crate) me: Me,
    pub(crate) directory: Directory,
    pub(crate) conversations: Conversations,
    pub(crate) sessions: Sessions,
    pub(crate) prekeys: Prekeys,
    pub(crate) claims: Claims,
    pub(crate) outbox: Outbox,
    pub(crate) inbox: Inbox,
    pub(crate) sent: SentIndex,
    pub(crate) receipts: Receipts,
    pub(crate) tracks: Tracks,
    pub(crate) damages: Damages,
    pub(crate) reads: HashMap<EffectId, ReadFor>,
    pub(crate) removal: Option<Removal>,
    pub(crate) upkeep: Upkeep,
    /// A recovery key that is being read back.
    pub(crate) confirmation: Option<(CallId, RecoveryKey)>,
    /// This device is no longer in the signed list.
    pub(crate) removed: bool,
    /// When the present connection was asked for.
    connected_at: u64,
}

impl Home {
    pub(crate) fn new(me: Me, prekeys: Prekeys) -> Self {
        Self {
            me,
            prekeys,
            directory: Directory::default(),
            conversations: Conversations::default(),
            sessions: Sessions::default(),
            claims: Claims::default(),
            outbox: Outbox::default(),
            inbox: Inbox::default(),
            sent: SentIndex::default(),
            receipts: Receipts::default(),
            tracks: Tracks::default(),
            damages: Damages::default(),
            reads: HashMap::new(),
            removal: None,
            upkeep: Upkeep::default(),
            confirmation: None,
            removed: false,
            connected_at: 0,
        }
    }

    /// Takes up all rows. Those that can't be read are named: what they held is lost, and repairs itself as far as it can.
    pub(crate) fn restore(&mut self, rows: &[Row]) -> Vec<String> {
        let mut corrupt = Vec::new();
        // Conversations first: drafts and unread marks hang on them.
        let first = |row: &&Row| row.key.starts_with(storage::CONVERSATION);
        for row in rows
            .iter()
            .filter(first)
            .chain(rows.iter().filter(|r| !first(r)))
        {
            if self.restore_row(row).is_err() {
                corrupt.push(row.key.clone());
            }
        }
        self.damages.restored();
        corrupt
    }

    fn restore_row(&mut self, row: &Row) -> Result<(), Corrupt> {
        let (key, value) = (row.key.as_str(), row.value.as_slice());
        let account = |text: &str| text.parse::<AccountId>().map_err(|_| Corrupt);
        let message = |text: &str| text.parse::<MessageId>().map_err(|_| Corrupt);
        if let Some(id) = key.strip_prefix(storage::PERSON) {
            let id = account(id)?;
            self.directory
                .people
                .insert(id, Person::restore(id, value)?);
        } else if let Some(id) = key.strip_prefix(storage::CONVERSATION) {
            self.conversations
                .insert(account(id)?, storage::get(value)?);
        } else if let Some(id) = key.strip_prefix(storage::DRAFT) {
            let draft = storage::get(value)?;
            if let Some(conversation) = self.conversations.get_mut(&account(id)?) {
                conversation.draft = draft;
            }
        } else if let Some(rest) = key.strip_prefix(storage::TRACK) {
            let (id, device) = rest.split_once('/').ok_or(Corrupt)?;
            let device: DeviceId = device.parse().map_err(|_| Corrupt)?;
            self.tracks
                .insert((account(id)?, device), storage::get(value)?);
        } else if let Some(rest) = key.strip_prefix(storage::UNREAD) {
            let (id, order) = rest.split_once('/').ok_or(Corrupt)?;
            let order = crate::messages::order::Order::parse(order).ok_or(Corrupt)?;
            let unread = storage::get(value)?;
            if let Some(conversation) = self.conversations.get_mut(&account(id)?) {
                conversation.unread.insert(order, unread);
            }
        } else if let Some(id) = key.strip_prefix(storage::SENT) {
            self.sent
                .restore(message(id)?, storage::get::<Sent>(value)?);
        } else if key.starts_with(storage::OUTBOX) {
            self.outbox.restore(key, value)?;
        } else if let Some(id) = key.strip_prefix(storage::RECEIPTS) {
            self.receipts.restore(account(id)?, value)?;
        } else if let Some(id) = key.strip_prefix(storage::EARLY) {
            self.receipts.restore_early(message(id)?, value)?;
        } else if let Some(id) = key.strip_prefix(storage::SESSIONS) {
            let (id, device) = id.split_once('/').ok_or(Corrupt)?;
            let device: DeviceId = device.parse().map_err(|_| Corrupt)?;
            self.sessions.restore((account(id)?, device), value)?;
        } else if let Some(id) = key.strip_prefix(storage::DAMAGED) {
            self.damages.restore_damaged(message(id)?, value)?;
        } else if key.starts_with(storage::RECENT) {
            self.damages.restore_recent(key, value)?;
        } else if key == storage::VAULT_BEHIND {
            self.upkeep.restore();
        } else if key == storage::PREKEYS || key.starts_with(storage::PREKEY) {
            self.prekeys.restore(key, value)?;
        }
        Ok(())
    }

    /// After [`Self::restore`]: what a crash interrupted goes on.
    pub(crate) fn resume(&mut self, t: &mut Turn<'_>) {
        for id in self.sent.restored() {
            self.tell_state(t, id);
        }
    }

    pub(crate) fn frame(&mut self, t: &mut Turn<'_>, frame: ServerFrame) {
        match frame {
            ServerFrame::Welcome { .. } => self.welcomed(t),
            ServerFrame::Deliver(deliveries) => self.delivered(t, deliveries),
            ServerFrame::QueueEmpty => self.caught_up(t),
            ServerFrame::Accepted(ids) => self.accepted(t, &ids),
            ServerFrame::Refused { id, problem } => self.refused(t, id, &problem),
            ServerFrame::Ephemeral { from, device, body } => {
                self.ephemeral(t, from, device, &body);
            }
            ServerFrame::DeviceListChanged { account, version } => {
                self.list_wanted(t, account, version);
            }
            ServerFrame::PrekeysLow {
                one_time,
                kem_one_time,
            } => self.prekeys_low(
                t,
                &sotto_protocol::http::PrekeyCount {
                    one_time,
                    kem_one_time,
                },
            ),
            ServerFrame::Pong | ServerFrame::Problem(_) => {}
        }
    }

    fn welcomed(&mut self, t: &mut Turn<'_>) {
        t.connection.welcomed(t.now);
        self.connected_at = t.now;
        self.forget_inquiries();
        self.give_up_damaged(t);
        // Hints of changes are not repeated: look once per connection.
        let me = self.me.account;
        self.fetch_lists(t, me);
        self.count_prekeys(t);
        self.tell_connection(t);
        self.ask_again(t);
        self.pump(t);
    }

    fn caught_up(&mut self, t: &mut Turn<'_>) {
        t.connection.settled();
        self.tell_connection(t);
        if !self.inbox_waits() {
            let connected_at = self.connected_at;
            self.forget_departed(t, connected_at);
        }
    }

    fn inbox_waits(&self) -> bool {
        self.directory
            .people
            .keys()
            .any(|account| self.inbox.waits_for(*account))
    }

    pub(crate) fn tell_connection(&self, t: &mut Turn<'_>) {
        let connection = t.connection.view();
        t.event(Event::Connection { connection });
    }

    pub(crate) fn disconnected(&mut self) {
        self.inbox.disconnected();
        self.outbox.disconnected();
    }

    pub(crate) fn rows(&mut self, t: &mut Turn<'_>, id: EffectId, rows: Vec<Row>) {
        match self.reads.remove(&id) {
            Some(ReadFor::Window(window)) => self.window_read(t, &window, rows),
            Some(ReadFor::State(id)) => self.state_line_read(t, id, &rows),
            Some(ReadFor::Resend(id)) => self.resend_line_read(t, id, &rows),
            Some(ReadFor::Newest(account)) => self.newest_read(t, account, &rows),
            Some(ReadFor::Again(call, id)) => self.sent_again(t, call, id, &rows),
            None => {}
        }
    }

    /// What the time has brought due.
    pub(crate) fn tend(&mut self, t: &mut Turn<'_>) {
        self.typing_ends(t);
        if !t.online() {
            return;
        }
        self.send_receipts(t);
        self.retry_lists(t);
        let claims_due = self.claims.tend(t.now);
        if claims_due || self.pause_over(t.now) {
            self.pump(t);
        }
        self.tend_prekeys(t);
        self.tend_vault(t);
        self.ask_again(t);
    }

    fn pause_over(&mut self, now: u64) -> bool {
        let over = self.outbox.paused_until != 0 && now >= self.outbox.paused_until;
        if over {
            self.outbox.paused_until = 0;
        }
        over
    }

    /// At the end of each step.
    pub(crate) fn flush(&mut self, t: &mut Turn<'_>) {
        self.sessions.flush(t);
        self.receipts.flush(t);
        for account in std::mem::take(&mut t.changed) {
            if let Some(conversation) = self.conversations.get(&account) {
                let conversation = conversation.view(account);
                t.event(Event::Conversation { conversation });
            }
        }
    }

    pub(crate) fn wake_at(&self, phase: Phase) -> Option<u64> {
        let online = matches!(phase, Phase::Online { .. });
        let paused = self.outbox.paused_until;
        let when_online = [
            self.receipts.wake_at(online),
            self.lists_wake_at(),
            self.claims.wake_at(),
            (paused != 0).then_some(paused),
            self.prekeys.wake_at(online),
            self.damage_wake_at(),
            self.upkeep.wake_at(),
        ];
        let when_online = when_online.into_iter().flatten().filter(|_| online).min();
        self.typing_wake_at().into_iter().chain(when_online).min()
    }

    /// Decodes a frame of the relay.
    pub(crate) fn parse(bytes: &[u8]) -> Option<ServerFrame> {
        codec::from_cbor(bytes).ok()
    }
}
