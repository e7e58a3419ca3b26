//! What a person does with messages of their own: send, retry, discard; drafts (PROTOCOL.md section 9.6).

use sotto_protocol::{AccountId, MessageId, limits::TEXT_MAX};

use crate::{
    api::{
        event::Event,
        problem::Problem,
        view::{MessageState, MessageView, Standing},
    },
    home::{Home, ReadFor},
    host::{CallId, Row},
    messages::{
        content::{Body, Text},
        history::{Line, LineBody},
        outbox::Item,
        sent::Sent,
    },
    storage,
    turn::Turn,
};

impl Home {
    /// Queues a text. `None`: the same was asked for before, and is being read.
    pub(crate) fn send(
        &mut self,
        t: &mut Turn<'_>,
        call: CallId,
        account: AccountId,
        id: MessageId,
        text: String,
    ) -> Result<Option<MessageView>, Problem> {
        if let Some(sent) = self.sent.get(id) {
            let (account, order) = (sent.conversation, sent.order.clone());
            self.read_line(t, account, &order, ReadFor::Again(call, id));
            return Ok(None);
        }
        if text.trim().is_empty() {
            return Err(Problem::MessageEmpty);
        }
        if text.len() > TEXT_MAX {
            return Err(Problem::MessageTooLong {
                bytes: text.len() as u64,
            });
        }
        let conversation = self
            .conversations
            .get_mut(&account)
            .ok_or(Problem::Unknown)?;
        match conversation.standing {
            Standing::Accepted => {}
            Standing::Request => return Err(Problem::RequestPending),
            Standing::Blocked => return Err(Problem::PersonBlocked),
        }
        if conversation.broken() {
            return Err(Problem::VerificationBroken);
        }
        conversation.n += 1;
        let n = conversation.n;
        let order = conversation.last.next(t.now);
        let line = Line {
            id,
            at: t.now,
            body: LineBody::Outgoing {
                text: text.clone(),
                state: MessageState::Queued,
            },
        };
        self.sent.insert(
            t,
            id,
            Sent {
                conversation: account,
                order: order.clone(),
                n,
                state: MessageState::Queued,
                settled: false,
            },
        );
        self.place(t, account, &order, &line, false);
        self.outbox.push(
            t,
            Item {
                id,
                to: account,
                body: Body::Text(Text {
                    id,
                    n,
                    at: t.now,
                    text,
                }),
                message: Some(id),
                version: 0,
                envelopes: Vec::new(),
                failed: None,
            },
        );
        self.set_draft(t, account, String::new())?;
        self.pump(t);
        Ok(Some(line.view(account, &order, None)))
    }

    pub(crate) fn sent_again(&self, t: &mut Turn<'_>, call: CallId, id: MessageId, rows: &[Row]) {
        let view = self.sent.get(id).and_then(|sent| {
            let line: Line = storage::get(&rows.first()?.value).ok()?;
            Some(line.view(sent.conversation, &sent.order, Some(&sent.state)))
        });
        t.reply(call, view.ok_or(Problem::Unknown));
    }

    /// A failed message, once more.
    pub(crate) fn retry(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        id: MessageId,
    ) -> Result<(), Problem> {
        let seq = self.outbox.of_message(id).ok_or(Problem::Unknown)?;
        let item = self
            .outbox
            .items
            .get_mut(&seq)
            .filter(|item| item.to == account)
            .ok_or(Problem::Unknown)?;
        if item.failed.take().is_none() {
            return Ok(());
        }
        item.version = 0;
        self.outbox.store(t, seq);
        self.outbox.landed(seq);
        if let Some(inquiry) = self.directory.inquiries.get_mut(&account) {
            inquiry.retry_at = 0;
        }
        if self.advance(t, id, MessageState::Queued) {
            self.tell_state(t, id);
        }
        self.pump(t);
        Ok(())
    }

    /// Takes back what has not left yet.
    pub(crate) fn discard(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        id: MessageId,
    ) -> Result<(), Problem> {
        let seq = self.outbox.of_message(id).ok_or(Problem::Unknown)?;
        let item = self
            .outbox
            .items
            .get(&seq)
            .filter(|item| item.to == account)
            .ok_or(Problem::Unknown)?;
        // Once sealed it may have been sent, and then it is not ours to take back. What the relay refused it did not keep.
        if item.failed.is_none() && !item.envelopes.is_empty() {
            return Err(Problem::Unknown);
        }
        self.outbox.remove(t, seq);
        if let Some(sent) = self.sent.get(id) {
            let order = sent.order.clone();
            t.delete(storage::history(account, &order));
        }
        self.sent.remove(t, id);
        if let Some(conversation) = self.conversations.get_mut(&account) {
            if conversation.newest.as_ref().is_some_and(|n| n.id == id) {
                conversation.newest = None;
                self.refresh_newest(t, account);
            }
            self.store_conversation(t, account);
        }
        t.event(Event::MessageRemoved {
            conversation: account.to_string(),
            id: id.to_string(),
        });
        Ok(())
    }

    /// The newest line was taken out: the one before it is read, for the list.
    pub(crate) fn refresh_newest(&mut self, t: &mut Turn<'_>, account: AccountId) {
        let (start, end) = storage::history_bounds(account);
        let read = t.read(start, end, 1, true);
        self.reads.insert(read, ReadFor::Newest(account));
    }

    pub(crate) fn newest_read(&mut self, t: &mut Turn<'_>, account: AccountId, rows: &[Row]) {
        let found = rows.first().and_then(|row| {
            let order = super::history::order_of(row)?;
            let line: Line = storage::get(&row.value).ok()?;
            Some((order, line))
        });
        if let (Some((order, mut line)), Some(conversation)) =
            (found, self.conversations.get_mut(&account))
        {
            if let (LineBody::Outgoing { state, .. }, Some(sent)) =
                (&mut line.body, self.sent.get(line.id))
            {
                state.clone_from(&sent.state);
            }
            conversation.noticed(&order, &line);
            self.store_conversation(t, account);
        }
    }

    pub(crate) fn set_draft(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        text: String,
    ) -> Result<(), Problem> {
        let conversation = self
            .conversations
            .get_mut(&account)
            .ok_or(Problem::Unknown)?;
        if conversation.draft == text {
            return Ok(());
        }
        if text.is_empty() {
            t.delete(storage::draft(account));
        } else {
            t.put(storage::draft(account), &text);
        }
        conversation.draft = text;
        t.changed.insert(account);
        Ok(())
    }
}
