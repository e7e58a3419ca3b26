//! Messages that can't be opened: a quiet line, a fresh session, and the question for them again (PROTOCOL.md section 9.8).
//!
//! ```text
//! damaged ──▶ line `Damaged`, resend request in a fresh session (rate-limited) ──▶ resent: the text takes the line's place
//!                                                                             └─▶ unavailable, or two weeks: `Lost`
//! ```

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use sotto_protocol::{AccountId, DeviceId, MessageId, socket::Delivery};

use crate::{
    api::{
        event::Event,
        view::{MessageState, Notice, Standing},
    },
    home::{Home, ReadFor},
    host::Row,
    messages::{
        content::{Body, IDS_MAX, ResendRequest, Resent, Text},
        history::{Line, LineBody},
        incoming::Origin,
        order::Order,
    },
    storage::{self, Corrupt},
    turn::Turn,
};

/// Damaged messages that are tracked at most.
const DAMAGED_MAX: usize = 500;
/// Of them from people who are not accepted, so that no stranger's noise takes the room that friends' messages need.
const DAMAGED_OF_STRANGERS_MAX: usize = 50;
/// Submissions without a line in the history that can be sent again.
const RECENT_MAX: usize = 500;
/// The same submission is sent again at most so often.
const RESENDS_MAX: u8 = 3;
/// Given up after two weeks.
const LOST_MS: u64 = 14 * 24 * 60 * 60_000;

/// A line that stands for a damaged message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Repair {
    pub(crate) conversation: AccountId,
    pub(crate) order: Order,
    id: MessageId,
}

/// A damaged submission.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Damage {
    from: AccountId,
    device: DeviceId,
    line: Option<Repair>,
    at: u64,
    asked: bool,
}

/// A submission as it went out.
#[derive(Debug, Serialize, Deserialize)]
struct Recent {
    id: MessageId,
    to: AccountId,
    body: Body,
}

/// What could not be opened here, and what can be sent again if others could not open it.
#[derive(Default)]
pub(crate) struct Damages {
    damaged: HashMap<MessageId, Damage>,
    recent: VecDeque<(u64, Recent)>,
    next: u64,
    resent: HashMap<MessageId, u8>,
}

impl Damages {
    pub(crate) fn restore_damaged(&mut self, id: MessageId, value: &[u8]) -> Result<(), Corrupt> {
        self.damaged.insert(id, storage::get(value)?);
        Ok(())
    }

    /// Rows come in the order of their keys.
    pub(crate) fn restore_recent(&mut self, key: &str, value: &[u8]) -> Result<(), Corrupt> {
        let seq = key
            .strip_prefix(storage::RECENT)
            .and_then(|hex| u64::from_str_radix(hex, 16).ok())
            .ok_or(Corrupt)?;
        self.next = self.next.max(seq);
        self.recent.push_back((seq, storage::get(value)?));
        Ok(())
    }

    pub(crate) fn restored(&mut self) {
        self.recent.make_contiguous().sort_by_key(|(seq, _)| *seq);
    }

    fn unasked(&self) -> impl Iterator<Item = &Damage> {
        self.damaged.values().filter(|d| !d.asked)
    }
}

impl Home {
    /// This delivery can't be opened.
    pub(crate) fn damaged(&mut self, t: &mut Turn<'_>, d: &Delivery) {
        if self.damages.damaged.contains_key(&d.id) || self.damages.damaged.len() >= DAMAGED_MAX {
            return;
        }
        if self.is_stranger(d.from) {
            let damaged = self.damages.damaged.values();
            let of_strangers = damaged.filter(|damage| self.is_stranger(damage.from));
            if of_strangers.count() >= DAMAGED_OF_STRANGERS_MAX {
                return;
            }
        }
        let shown = self
            .conversations
            .get(&d.from)
            .is_some_and(|c| c.standing != Standing::Blocked);
        let line = if shown {
            let line = Line {
                id: t.message_id(),
                at: d.received_at.min(t.now),
                body: LineBody::Notice(Notice::Damaged),
            };
            self.append(t, d.from, &line, false).map(|order| Repair {
                conversation: d.from,
                order,
                id: line.id,
            })
        } else {
            None
        };
        let damage = Damage {
            from: d.from,
            device: d.device,
            line,
            at: t.now,
            asked: false,
        };
        t.put(storage::damaged(d.id), &damage);
        self.damages.damaged.insert(d.id, damage);
        self.ask_again(t);
    }

    fn is_stranger(&self, account: AccountId) -> bool {
        let conversation = self.conversations.get(&account);
        account != self.me.account && conversation.is_none_or(|c| c.standing != Standing::Accepted)
    }

    /// Asks for damaged messages whose devices may be asked now.
    pub(crate) fn ask_again(&mut self, t: &mut Turn<'_>) {
        let mut devices: Vec<_> = self.damages.unasked().map(|d| (d.from, d.device)).collect();
        devices.sort_unstable();
        devices.dedup();
        for (from, device) in devices {
            let listed = self
                .directory
                .get(from)
                .is_some_and(|person| person.device(device).is_some());
            if !listed || !self.sessions.reset((from, device), t.now) {
                continue;
            }
            let mut ids = Vec::new();
            for (id, damage) in &mut self.damages.damaged {
                if (damage.from, damage.device) == (from, device)
                    && !damage.asked
                    && ids.len() < IDS_MAX
                {
                    damage.asked = true;
                    t.put(storage::damaged(*id), damage);
                    ids.push(*id);
                }
            }
            ids.sort_unstable();
            self.queue_control(t, from, Body::ResendRequest(ResendRequest { device, ids }));
        }
    }

    pub(crate) fn damage_wake_at(&self) -> Option<u64> {
        self.damages
            .unasked()
            .filter(|d| {
                self.directory
                    .get(d.from)
                    .is_some_and(|person| person.device(d.device).is_some())
            })
            .map(|d| self.sessions.reset_after((d.from, d.device)))
            .min()
    }

    /// Once per connection: what has not come for two weeks will not come.
    pub(crate) fn give_up_damaged(&mut self, t: &mut Turn<'_>) {
        let lost: Vec<MessageId> = self
            .damages
            .damaged
            .iter()
            .filter(|(_, d)| t.now >= d.at.saturating_add(LOST_MS))
            .map(|(id, _)| *id)
            .collect();
        for id in lost {
            self.lose(t, id);
        }
    }

    fn lose(&mut self, t: &mut Turn<'_>, id: MessageId) {
        let Some(damage) = self.damages.damaged.remove(&id) else {
            return;
        };
        t.delete(storage::damaged(id));
        if let Some(repair) = damage.line {
            let line = Line {
                id: repair.id,
                at: damage.at,
                body: LineBody::Notice(Notice::Lost),
            };
            self.place(t, repair.conversation, &repair.order, &line, false);
        }
    }

    /// A damaged submission has come after all: the line that stood for it, if there is one.
    pub(crate) fn repair(
        &mut self,
        t: &mut Turn<'_>,
        origin: Origin,
        of: MessageId,
    ) -> Option<Repair> {
        let damage = self.damages.damaged.get(&of)?;
        if damage.from != origin.account || damage.device != origin.device {
            return None;
        }
        t.delete(storage::damaged(of));
        self.damages.damaged.remove(&of)?.line
    }

    /// Takes out the line that stood for a damaged message.
    pub(crate) fn take_out(&mut self, t: &mut Turn<'_>, repair: &Repair) {
        let account = repair.conversation;
        t.delete(storage::history(account, &repair.order));
        t.event(Event::MessageRemoved {
            conversation: account.to_string(),
            id: repair.id.to_string(),
        });
        if let Some(conversation) = self.conversations.get_mut(&account)
            && conversation
                .newest
                .as_ref()
                .is_some_and(|n| n.id == repair.id)
        {
            conversation.newest = None;
            self.refresh_newest(t, account);
            self.store_conversation(t, account);
        }
    }

    /// The other side has no such submissions any more.
    pub(crate) fn unavailable(&mut self, t: &mut Turn<'_>, origin: Origin, ids: &[MessageId]) {
        for id in ids {
            let theirs = self
                .damages
                .damaged
                .get(id)
                .is_some_and(|d| d.from == origin.account && d.device == origin.device);
            if theirs {
                self.lose(t, *id);
            }
        }
    }

    /// Keeps a submission that has no line in the history, in case that somebody can't open it.
    pub(crate) fn remember(&mut self, t: &mut Turn<'_>, id: MessageId, to: AccountId, body: Body) {
        if matches!(body, Body::ResendRequest(_) | Body::Typing {}) {
            return;
        }
        self.damages.next += 1;
        let seq = self.damages.next;
        let recent = Recent { id, to, body };
        t.put(storage::recent(seq), &recent);
        self.damages.recent.push_back((seq, recent));
        while self.damages.recent.len() > RECENT_MAX {
            if let Some((seq, _)) = self.damages.recent.pop_front() {
                t.delete(storage::recent(seq));
            }
        }
    }

    /// A device could not open submissions. The session in which it says so replaces the broken one.
    pub(crate) fn resend_requested(
        &mut self,
        t: &mut Turn<'_>,
        origin: Origin,
        request: &ResendRequest,
    ) {
        if request.device != self.me.device {
            return;
        }
        self.sessions
            .prefer((origin.account, origin.device), &origin.session);
        let to = origin.account;
        let mut unavailable = Vec::new();
        for id in &request.ids {
            let times = self.damages.resent.get(id).copied().unwrap_or(0);
            if times >= RESENDS_MAX {
                unavailable.push(*id);
                continue;
            }
            let queued = self.outbox.in_flight.get(id);
            let queued = queued.and_then(|seq| self.outbox.items.get(seq));
            let recent = self.damages.recent.iter().find(|(_, r)| r.id == *id);
            let found = queued
                .map(|item| (item.to, &item.body))
                .or(recent.map(|(_, r)| (r.to, &r.body)))
                .filter(|(recipient, _)| *recipient == to)
                .map(|(_, body)| body.clone());
            let line = self.sent.get(*id).filter(|sent| {
                let out = !matches!(
                    sent.state,
                    MessageState::Queued | MessageState::Failed { .. }
                );
                sent.conversation == to && out
            });
            // Counted only where there is something: the ids are the asker's choice.
            if found.is_some() || line.is_some() {
                self.damages.resent.insert(*id, times + 1);
            }
            match (found, line) {
                (Some(Body::Resent(resent)), _) => self.resend(t, to, *id, *resent.body),
                (Some(body), _) => self.resend(t, to, *id, body),
                (None, Some(sent)) => {
                    let order = sent.order.clone();
                    self.read_line(t, to, &order, ReadFor::Resend(*id));
                }
                (None, None) => unavailable.push(*id),
            }
        }
        if !unavailable.is_empty() {
            self.queue_control(t, to, Body::ResendUnavailable { ids: unavailable });
        }
    }

    fn resend(&mut self, t: &mut Turn<'_>, to: AccountId, of: MessageId, body: Body) {
        let body = Box::new(body);
        self.queue_control(t, to, Body::Resent(Resent { of, body }));
    }

    pub(crate) fn resend_line_read(&mut self, t: &mut Turn<'_>, id: MessageId, rows: &[Row]) {
        let Some((to, n)) = self.sent.get(id).map(|sent| (sent.conversation, sent.n)) else {
            return;
        };
        let line = rows
            .first()
            .and_then(|row| storage::get::<Line>(&row.value).ok());
        match line {
            Some(Line {
                id,
                at,
                body: LineBody::Outgoing { text, .. },
            }) => self.resend(t, to, id, Body::Text(Text { id, n, at, text })),
            _ => self.queue_control(t, to, Body::ResendUnavailable { ids: vec![id] }),
        }
    }
}
