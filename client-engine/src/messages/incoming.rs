//! Opening deliveries, and doing what is in them (PROTOCOL.md sections 6 and 9.6).

use sotto_crypto_core::session::RemoteDevice;
use sotto_protocol::{AccountId, DeviceId, socket::Delivery};

use crate::{
    api::view::{MessageState, Standing},
    home::Home,
    messages::{
        content::{Body, Sync, Text},
        damage::Repair,
        history::{Line, LineBody},
        inbox::Received,
        order::Order,
        sent::Sent,
        tracks::Place,
    },
    sessions::store::Reading,
    storage,
    turn::Turn,
};

/// Where a message came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    /// The session in which it came.
    pub(crate) session: [u8; 16],
    pub(crate) received_at: u64,
}

impl Home {
    /// Takes one delivery. `judged`: the sender's lists are as new as can be had.
    pub(crate) fn receive(&mut self, t: &mut Turn<'_>, d: &Delivery, judged: bool) -> Received {
        let mine = d.from == self.me.account;
        let blocked = self
            .conversations
            .get(&d.from)
            .is_some_and(|c| c.standing == Standing::Blocked);
        if blocked || (mine && d.device == self.me.device) {
            return Received::Done;
        }
        let remote = self.directory.get(d.from).and_then(|person| {
            Some(RemoteDevice {
                account_key: person.key,
                certificate: person.sender(d.device)?.clone(),
            })
        });
        let Some(remote) = remote else {
            // A device that its account never signed is nobody.
            return if judged {
                Received::Done
            } else {
                Received::Wait
            };
        };
        let (local, prekeys) = (&self.me.local, &self.prekeys);
        match self
            .sessions
            .open((d.from, d.device), local, &remote, prekeys, &d.body, t)
        {
            Reading::Opened {
                plaintext,
                used,
                session,
            } => {
                self.prekeys.consume(t, used);
                let origin = Origin {
                    account: d.from,
                    device: d.device,
                    session,
                    received_at: d.received_at.min(t.now),
                };
                // A kind that this version doesn't know is no damage.
                if let Ok(body) = Body::decode(&plaintext) {
                    self.act(t, origin, body, None);
                }
            }
            Reading::Duplicate => {}
            Reading::Damaged => self.damaged(t, d),
        }
        Received::Done
    }

    /// Does what a message says. `repair`: the line of the damaged message that it replaces.
    pub(crate) fn act(
        &mut self,
        t: &mut Turn<'_>,
        origin: Origin,
        body: Body,
        repair: Option<Repair>,
    ) {
        let mine = origin.account == self.me.account;
        match body {
            Body::Text(text) if !mine => return self.text_received(t, origin, &text, repair),
            Body::Sync(Sync::Sent { to, username, text }) if mine && to != self.me.account => {
                return self.sent_synced(t, origin, to, &username, &text, repair);
            }
            Body::Receipt(receipt) if !mine => self.receipt_received(t, origin.account, &receipt),
            Body::ResendRequest(request) => self.resend_requested(t, origin, &request),
            Body::Resent(resent) => {
                let repair = self.repair(t, origin, resent.of);
                return self.act(t, origin, *resent.body, repair);
            }
            Body::ResendUnavailable { ids } => self.unavailable(t, origin, &ids),
            Body::Sync(sync) if mine => self.synced(t, origin, sync),
            Body::Text(_) | Body::Receipt(_) | Body::Typing {} | Body::Sync(_) => {}
        }
        if let Some(repair) = repair {
            self.take_out(t, &repair);
        }
    }

    fn synced(&mut self, t: &mut Turn<'_>, origin: Origin, sync: Sync) {
        match sync {
            Sync::Read { with, ids } => self.read_synced(t, with, &ids),
            Sync::Standing {
                with,
                username,
                standing,
                at,
            } if with != self.me.account => {
                self.standing_synced(t, with, &username, standing, at);
            }
            Sync::Verification {
                with,
                key,
                method,
                at,
            } => {
                let device = origin.device.to_string();
                self.verification_synced(t, with, &key, method, at, device);
            }
            Sync::Standing { .. } | Sync::Sent { .. } => {}
        }
    }

    /// Where a text belongs, by its count. `None`: it is there already.
    fn place_for(
        &mut self,
        t: &mut Turn<'_>,
        origin: Origin,
        conversation: AccountId,
        n: u64,
        repair: Option<&Repair>,
    ) -> Option<Order> {
        let last = &mut self.conversations.get_mut(&conversation)?.last;
        let key = (conversation, origin.device);
        let track = self.tracks.entry(key).or_default();
        let place = track.take(n, &last.order());
        if place == Place::Seen {
            return None;
        }
        t.put(storage::track(conversation, origin.device), track);
        Some(match (repair, place) {
            (Some(Repair { order, .. }), _) => order.clone(),
            (None, Place::Behind(order)) => order.between(n, origin.device),
            (None, _) => last.next(t.now),
        })
    }

    fn text_received(
        &mut self,
        t: &mut Turn<'_>,
        origin: Origin,
        text: &Text,
        repair: Option<Repair>,
    ) {
        let from = origin.account;
        let Some(username) = self.directory.get(from).map(|p| p.username.clone()) else {
            return;
        };
        self.conversation_or_new(from, &username, Standing::Request, t.now);
        let order = self.place_for(t, origin, from, text.n, repair.as_ref());
        if let Some(repair) = &repair {
            self.take_out(t, repair);
        }
        let Some(order) = order else {
            return;
        };
        if let Some(conversation) = self.conversations.get_mut(&from) {
            conversation.typing_until = None;
            conversation.unread.insert(order.clone(), text.id);
            t.put(storage::unread(from, &order), &text.id);
        }
        let line = Line {
            id: text.id,
            at: origin.received_at,
            body: LineBody::Incoming {
                text: text.text.clone(),
            },
        };
        self.place(t, from, &order, &line, true);
        self.owe_delivered(t, from, text.id);
    }

    /// Another of the own devices sent a text.
    fn sent_synced(
        &mut self,
        t: &mut Turn<'_>,
        origin: Origin,
        to: AccountId,
        username: &str,
        text: &Text,
        repair: Option<Repair>,
    ) {
        if let Some(repair) = &repair {
            self.take_out(t, repair);
        }
        self.conversation_or_new(to, username, Standing::Accepted, t.now);
        let Some(order) = self.place_for(t, origin, to, text.n, None) else {
            return;
        };
        self.sent.insert(
            t,
            text.id,
            Sent {
                conversation: to,
                order: order.clone(),
                n: text.n,
                state: MessageState::Sent,
                settled: false,
            },
        );
        let line = Line {
            id: text.id,
            at: text.at.min(t.now),
            body: LineBody::Outgoing {
                text: text.text.clone(),
                state: MessageState::Sent,
            },
        };
        self.place(t, to, &order, &line, false);
        self.apply_early(t, text.id);
    }
}
