//! Moving the outbox: encrypting for every device, sending, and what the relay says to it (PROTOCOL.md sections 8 and 9.6).
//!
//! Per recipient strictly in the order of asking. Nothing is ever sent to fewer devices, or weaker, because something is missing: it waits.

use sotto_protocol::{
    AccountId, DeviceId, MessageId, Problem as RelayProblem, ProblemCode,
    socket::{ClientFrame, Envelope, Submission},
};

use crate::{
    api::{event::Event, problem::Problem, view::MessageState},
    home::Home,
    messages::{
        content::{Body, Sync, Text},
        history::{Line, LineBody},
        outbox::{IN_FLIGHT_MAX, Item},
    },
    requests::relay_problem,
    turn::Turn,
};

/// Pause after a refusal that is to pass by itself.
const PAUSE_MS: u64 = 2_000;

/// What trying to send one item came to.
enum Try {
    /// Sent, or done with: the next may go.
    Go,
    /// It, and so everything behind it, has to wait.
    Wait,
}

impl Home {
    /// Sends what can be sent now.
    pub(crate) fn pump(&mut self, t: &mut Turn<'_>) {
        if !t.online() || t.now < self.outbox.paused_until {
            return;
        }
        for to in self.outbox.targets() {
            while self.outbox.in_flight.len() < IN_FLIGHT_MAX {
                let Some(seq) = self.outbox.first(to) else {
                    break;
                };
                match self.try_send(t, to, seq) {
                    Try::Go => {}
                    Try::Wait => break,
                }
            }
        }
    }

    fn try_send(&mut self, t: &mut Turn<'_>, to: AccountId, seq: u64) -> Try {
        // A verified person's key changed: nothing goes to the new key until somebody has decided.
        if self.conversations.get(&to).is_some_and(|c| c.broken()) {
            return Try::Wait;
        }
        let Some(person) = self.directory.current(to).filter(|p| !p.refused) else {
            self.fetch_lists(t, to);
            return Try::Wait;
        };
        let me = self.me.device;
        let version = person.list.version();
        let devices: Vec<DeviceId> = person.device_ids().filter(|id| *id != me).collect();
        if devices.is_empty() {
            if to == self.me.account {
                // There is no other device to tell.
                self.outbox.remove(t, seq);
                return Try::Go;
            }
            // Signed out everywhere: until they come back there is nothing to encrypt for.
            self.look_again(t, to);
            return Try::Wait;
        }
        let Some(item) = self.outbox.items.get_mut(&seq) else {
            return Try::Wait;
        };
        if item.version != version {
            item.envelopes.retain(|e| devices.contains(&e.device));
            let missing: Vec<DeviceId> = devices
                .into_iter()
                .filter(|device| item.envelopes.iter().all(|e| e.device != *device))
                .collect();
            let strangers: Vec<DeviceId> = missing
                .iter()
                .copied()
                .filter(|device| !self.sessions.ready((to, *device)))
                .collect();
            if !strangers.is_empty() {
                self.claim(t, to, strangers);
                return Try::Wait;
            }
            let plaintext = item.body.encode();
            for device in missing {
                let Some(body) = self.sessions.encrypt(t, (to, device), &plaintext) else {
                    self.claim(t, to, vec![device]);
                    return Try::Wait;
                };
                item.envelopes.push(Envelope {
                    device,
                    body: body.into(),
                });
            }
            item.version = version;
            self.outbox.store(t, seq);
        }
        self.launch(t, seq);
        Try::Go
    }

    fn launch(&mut self, t: &mut Turn<'_>, seq: u64) {
        if let Some(item) = self.outbox.items.get(&seq) {
            t.frame(&ClientFrame::Send(Submission {
                id: item.id,
                to: item.to,
                device_list: item.version,
                envelopes: item.envelopes.clone(),
            }));
            self.outbox.launched(seq);
        }
    }

    /// The relay has these safely.
    pub(crate) fn accepted(&mut self, t: &mut Turn<'_>, ids: &[MessageId]) {
        for id in ids {
            let Some(seq) = self.outbox.in_flight.get(id).copied() else {
                continue;
            };
            if let Some(item) = self.outbox.remove(t, seq) {
                self.item_accepted(t, item);
            }
        }
        self.pump(t);
    }

    fn item_accepted(&mut self, t: &mut Turn<'_>, item: Item) {
        let to = item.to;
        match (item.message, item.body) {
            (Some(_), Body::Text(text)) => {
                if self.advance(t, text.id, MessageState::Sent) {
                    self.tell_text_state(t, to, &text, MessageState::Sent);
                }
                let username = self
                    .conversations
                    .get(&to)
                    .map(|c| c.username.clone())
                    .unwrap_or_default();
                // Under an id that isn't the text's: nothing else would know what to send again.
                if item.id != text.id {
                    self.remember(t, item.id, to, Body::Text(text.clone()));
                }
                self.tell_own_devices(t, Sync::Sent { to, username, text });
            }
            (_, body) => self.remember(t, item.id, to, body),
        }
    }

    /// As [`Self::tell_state`], where the text is at hand.
    fn tell_text_state(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        text: &Text,
        state: MessageState,
    ) {
        if let Some(sent) = self.sent.get(text.id) {
            let line = Line {
                id: text.id,
                at: text.at,
                body: LineBody::Outgoing {
                    text: text.text.clone(),
                    state,
                },
            };
            let message = line.view(account, &sent.order, None);
            t.event(Event::Message {
                message,
                arrived: false,
            });
        }
    }

    /// The relay did not take this; nothing of it was stored.
    pub(crate) fn refused(&mut self, t: &mut Turn<'_>, id: MessageId, problem: &RelayProblem) {
        use ProblemCode as C;
        let Some(seq) = self.outbox.in_flight.get(&id).copied() else {
            return;
        };
        self.outbox.landed(seq);
        let Some(item) = self.outbox.items.get_mut(&seq) else {
            return;
        };
        let to = item.to;
        match problem.code {
            C::DeviceListStale => {
                // Our list may also be the newer one, if the relay came back from a backup.
                item.version = 0;
                let known = self.directory.get(to).map_or(0, |p| p.list.version());
                let wanted = problem.device_list.unwrap_or(known.saturating_add(1));
                if wanted > known {
                    self.list_wanted(t, to, wanted);
                } else {
                    self.pause(t, PAUSE_MS);
                    self.fetch_lists(t, to);
                }
            }
            C::DeviceUnknown | C::DeviceRevoked => {
                item.version = 0;
                self.pause(t, PAUSE_MS);
                self.fetch_lists(t, to);
            }
            C::MessageIdReused => {
                // The relay holds other bytes under this id, from before the device list changed. A new id; readers know the text by its own.
                item.id = t.message_id();
                self.outbox.store(t, seq);
            }
            C::RateLimited
            | C::StorageUnavailable
            | C::Internal
            | C::Draining
            | C::Timeout
            | C::SessionExpired => {
                self.pause(t, problem.retry_after_ms.unwrap_or(PAUSE_MS).max(100));
            }
            _ => {
                let problem = relay_problem(problem, t.now);
                self.fail_item(t, seq, problem);
            }
        }
        self.pump(t);
    }

    fn pause(&mut self, t: &Turn<'_>, for_ms: u64) {
        let until = t.now.saturating_add(for_ms);
        self.outbox.paused_until = self.outbox.paused_until.max(until);
    }

    /// Gives up on an item until somebody asks for it again; what nobody would ask for goes.
    pub(crate) fn fail_item(&mut self, t: &mut Turn<'_>, seq: u64, problem: Problem) {
        let Some(item) = self.outbox.items.get(&seq) else {
            return;
        };
        match (item.message, item.body.clone()) {
            (Some(id), Body::Text(text)) => {
                let to = item.to;
                self.outbox.fail(t, seq, problem.clone());
                let state = MessageState::Failed { problem };
                if self.advance(t, id, state.clone()) {
                    self.tell_text_state(t, to, &text, state);
                }
            }
            _ => {
                self.outbox.remove(t, seq);
            }
        }
    }

    pub(crate) fn fail_all_to(&mut self, t: &mut Turn<'_>, to: AccountId, problem: &Problem) {
        for seq in self.outbox.all_to(to) {
            self.fail_item(t, seq, problem.clone());
        }
    }

    /// Queues a receipt, a request or a word to the own devices.
    pub(crate) fn queue_control(&mut self, t: &mut Turn<'_>, to: AccountId, body: Body) {
        let id = t.message_id();
        self.outbox.push(
            t,
            Item {
                id,
                to,
                body,
                message: None,
                version: 0,
                envelopes: Vec::new(),
                failed: None,
            },
        );
        self.pump(t);
    }
}
