//! What one step sees and gathers: time and randomness in; writes, effects and changed conversations out.

use std::collections::{BTreeSet, HashMap};

use rand_core::CryptoRng;
use serde::Serialize;
use sotto_protocol::{AccountId, MessageId, codec, socket::ClientFrame};

use crate::{
    api::{event::Event, problem::Problem},
    connection::Connection,
    host::{CallId, Effect, EffectId, OpaqueStep, Write},
    requests::{Ask, Auth, Requests},
    storage,
};

pub(crate) struct Turn<'a> {
    pub(crate) now: u64,
    pub(crate) rng: &'a mut dyn CryptoRng,
    pub(crate) requests: &'a mut Requests,
    pub(crate) connection: &'a mut Connection,
    /// Conversations to tell user interfaces of at the end of the step, once each.
    pub(crate) changed: BTreeSet<AccountId>,
    writes: Vec<Write>,
    /// Where each key stands in `writes`: a later write replaces an earlier one.
    index: HashMap<String, usize>,
    effects: Vec<Effect>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(
        now: u64,
        rng: &'a mut dyn CryptoRng,
        requests: &'a mut Requests,
        connection: &'a mut Connection,
    ) -> Self {
        Self {
            now,
            rng,
            requests,
            connection,
            changed: BTreeSet::new(),
            writes: Vec::new(),
            index: HashMap::new(),
            effects: Vec::new(),
        }
    }

    pub(crate) fn finish(self) -> (Vec<Write>, Vec<Effect>) {
        (self.writes, self.effects)
    }

    pub(crate) fn put<T: Serialize + ?Sized>(&mut self, key: String, value: &T) {
        self.write(key.clone(), storage::put(key, value));
    }

    pub(crate) fn delete(&mut self, key: String) {
        self.write(key.clone(), Write::Delete { key });
    }

    /// Removes every row, also those of this step.
    pub(crate) fn clear(&mut self) {
        self.index.clear();
        self.writes.clear();
        self.writes.push(Write::Clear);
    }

    fn write(&mut self, key: String, write: Write) {
        match self.index.get(&key).and_then(|&at| self.writes.get_mut(at)) {
            Some(slot) => *slot = write,
            None => {
                self.index.insert(key, self.writes.len());
                self.writes.push(write);
            }
        }
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.effects.push(Effect::Event(event));
    }

    pub(crate) fn reply<T: Serialize>(&mut self, call: CallId, result: Result<T, Problem>) {
        let result =
            result.and_then(|value| serde_json::to_value(value).map_err(|_| Problem::Internal));
        self.effects.push(Effect::Reply { call, result });
    }

    pub(crate) fn frame(&mut self, frame: &ClientFrame) {
        // Frames are of the protocol's own types, which always encode.
        if let Ok(bytes) = codec::to_cbor(frame) {
            self.effects.push(Effect::SendFrame(bytes));
        }
    }

    /// Asks the relay; the answer comes to whoever `ask` names.
    pub(crate) fn ask<T: Serialize>(
        &mut self,
        ask: Ask,
        method: &'static str,
        path: String,
        body: Option<&T>,
        auth: Auth,
    ) -> EffectId {
        let body = body.and_then(|body| codec::to_json(body).ok());
        self.start(ask, method, path, body, auth)
    }

    /// As [`Self::ask`], with the body as JSON already.
    pub(crate) fn ask_json(
        &mut self,
        ask: Ask,
        method: &'static str,
        path: String,
        body: String,
        auth: Auth,
    ) -> EffectId {
        self.start(ask, method, path, Some(body), auth)
    }

    fn start(
        &mut self,
        ask: Ask,
        method: &'static str,
        path: String,
        body: Option<String>,
        auth: Auth,
    ) -> EffectId {
        let (id, effect) = self.requests.start(ask, method, path, body, auth, self.now);
        self.effects.extend(effect);
        id
    }

    pub(crate) fn get(&mut self, ask: Ask, path: String) -> EffectId {
        self.ask::<()>(ask, "GET", path, None, Auth::Session)
    }

    pub(crate) fn read(
        &mut self,
        start: String,
        end: String,
        limit: u32,
        descending: bool,
    ) -> EffectId {
        let id = self.requests.next_id();
        self.effects.push(Effect::Read {
            id,
            start,
            end,
            limit,
            descending,
        });
        id
    }

    pub(crate) fn opaque(&mut self, step: OpaqueStep) -> EffectId {
        let id = self.requests.next_id();
        self.effects.push(Effect::Opaque { id, step });
        id
    }

    pub(crate) fn message_id(&mut self) -> MessageId {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        MessageId(id)
    }

    pub(crate) fn online(&self) -> bool {
        self.connection.online()
    }
}
