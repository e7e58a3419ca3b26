//! Lines of conversations as rows of the host's store, and windows of them (PROTOCOL.md section 9.6).
//!
//! History is never in memory. What changes about a line after it was written (how far a message has come) is in
//! [`super::sent`] until the line is rewritten for the last time.

use serde::{Deserialize, Serialize};
use sotto_protocol::{AccountId, MessageId};

use crate::{
    api::{
        problem::Problem,
        view::{HistoryView, MessageBody, MessageState, MessageView, Notice},
    },
    home::{Home, ReadFor},
    host::{CallId, Row},
    markdown,
    messages::order::Order,
    storage,
    turn::Turn,
};

/// Lines in one window at most.
const WINDOW_MAX: u32 = 200;

/// A line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: MessageId,
    pub(crate) at: u64,
    pub(crate) body: LineBody,
}

/// What it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineBody {
    Incoming { text: String },
    Outgoing { text: String, state: MessageState },
    Notice(Notice),
}

impl Line {
    /// `state`: how far the message has come, where that is known better than the row does.
    pub(crate) fn view(
        &self,
        conversation: AccountId,
        order: &Order,
        state: Option<&MessageState>,
    ) -> MessageView {
        let body = match &self.body {
            LineBody::Incoming { text } => MessageBody::Incoming {
                text: text.clone(),
                document: markdown::parse(text),
            },
            LineBody::Outgoing { text, state: row } => MessageBody::Outgoing {
                text: text.clone(),
                document: markdown::parse(text),
                state: state.unwrap_or(row).clone(),
            },
            LineBody::Notice(notice) => MessageBody::Notice {
                notice: notice.clone(),
            },
        };
        MessageView {
            id: self.id.to_string(),
            conversation: conversation.to_string(),
            order: order.to_string(),
            at: self.at,
            body,
        }
    }
}

/// Which way a window was read.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) call: CallId,
    pub(crate) conversation: AccountId,
    pub(crate) limit: u32,
    pub(crate) descending: bool,
    /// There is more at the end from which was read.
    pub(crate) behind: bool,
}

/// The order key at the end of a history row's key.
pub(crate) fn order_of(row: &Row) -> Option<Order> {
    Order::parse(row.key.rsplit('/').next()?)
}

impl Home {
    /// Starts to read a window.
    pub(crate) fn open_window(
        &mut self,
        t: &mut Turn<'_>,
        call: CallId,
        conversation: AccountId,
        before: Option<&str>,
        from: Option<&str>,
        limit: u32,
    ) -> Result<(), Problem> {
        let known = self
            .conversations
            .get(&conversation)
            .ok_or(Problem::Unknown)?;
        let limit = limit.clamp(1, WINDOW_MAX);
        let (mut start, mut end) = storage::history_bounds(conversation);
        let mut window = Window {
            call,
            conversation,
            limit,
            descending: true,
            behind: false,
        };
        if let Some(from) = from {
            let from = Order::parse(from).ok_or(Problem::Unknown)?;
            window.descending = false;
            window.behind = known.first.as_ref().is_some_and(|first| *first < from);
            start = storage::history(conversation, &from);
        } else if let Some(before) = before {
            let before = Order::parse(before).ok_or(Problem::Unknown)?;
            window.behind = true;
            end = storage::history(conversation, &before);
        }
        // One more than wanted tells whether there are more.
        let id = t.read(start, end, limit + 1, window.descending);
        self.reads.insert(id, ReadFor::Window(window));
        Ok(())
    }

    pub(crate) fn window_read(&mut self, t: &mut Turn<'_>, window: &Window, mut rows: Vec<Row>) {
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let ahead = rows.len() > limit;
        rows.truncate(limit);
        if window.descending {
            rows.reverse();
        }
        let messages = rows
            .iter()
            .filter_map(|row| {
                let order = order_of(row)?;
                let line: Line = storage::get(&row.value).ok()?;
                let state = self.sent.get(line.id).map(|sent| &sent.state);
                Some(line.view(window.conversation, &order, state))
            })
            .collect();
        let (older, newer) = if window.descending {
            (ahead, window.behind)
        } else {
            (window.behind, ahead)
        };
        t.reply(
            window.call,
            Ok(HistoryView {
                messages,
                older,
                newer,
            }),
        );
    }

    /// Starts to read one line.
    pub(crate) fn read_line(
        &mut self,
        t: &mut Turn<'_>,
        conversation: AccountId,
        order: &Order,
        purpose: ReadFor,
    ) {
        let start = storage::history(conversation, order);
        let end = format!("{start}\u{1}");
        let id = t.read(start, end, 1, false);
        self.reads.insert(id, purpose);
    }
}
