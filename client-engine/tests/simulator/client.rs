//! A host in memory: an atomic store, a pretended OPAQUE, and what a user interface has been told.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use sotto_client_engine::{
    Engine,
    api::{
        event::Event,
        problem::Problem,
        view::{AccountView, ConnectionView, ConversationView},
    },
    host::{CallId, OpaqueOutput, OpaqueStep, Row, STATE_PREFIX, Write},
};
use zeroize::Zeroizing;

use crate::relay::ConnId;

pub struct Client {
    pub engine: Option<Engine>,
    pub store: BTreeMap<String, Vec<u8>>,
    /// Answers and timers of an earlier engine find nobody.
    pub incarnation: u64,
    pub conn: Option<ConnId>,
    pub wake_at: Option<u64>,
    passwords: HashMap<u64, String>,
    pub replies: HashMap<CallId, Result<Value, Problem>>,
    pub account: AccountView,
    pub connection: ConnectionView,
    pub conversations: HashMap<String, ConversationView>,
    pub problems: Vec<Problem>,
    pub crashes: u32,
}

impl Client {
    pub fn new() -> Self {
        Self {
            engine: None,
            store: BTreeMap::new(),
            incarnation: 0,
            conn: None,
            wake_at: None,
            passwords: HashMap::new(),
            replies: HashMap::new(),
            account: AccountView::SignedOut { reason: None },
            connection: ConnectionView::Connecting,
            conversations: HashMap::new(),
            problems: Vec::new(),
            crashes: 0,
        }
    }

    /// All or nothing, like a real store's transaction.
    pub fn apply(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write {
                Write::Put { key, value } => {
                    self.store.insert(key, value.to_vec());
                }
                Write::Delete { key } => {
                    self.store.remove(&key);
                }
                Write::Clear => self.store.clear(),
            }
        }
    }

    pub fn state_rows(&self) -> Vec<Row> {
        self.store
            .range(STATE_PREFIX.to_owned()..)
            .take_while(|(key, _)| key.starts_with(STATE_PREFIX))
            .map(row)
            .collect()
    }

    pub fn rows(&self, start: &str, end: &str, limit: u32, descending: bool) -> Vec<Row> {
        let range = self.store.range(start.to_owned()..end.to_owned());
        match descending {
            true => range.rev().take(limit as usize).map(row).collect(),
            false => range.take(limit as usize).map(row).collect(),
        }
    }

    pub fn opaque(&mut self, step: OpaqueStep) -> Option<OpaqueOutput> {
        let output = |message: &[u8], export: Option<&str>| {
            Some(OpaqueOutput {
                message: message.to_vec(),
                export_key: export.map(|password| {
                    let mut key = password.as_bytes().to_vec();
                    key.resize(64, 7);
                    Zeroizing::new(key)
                }),
            })
        };
        match step {
            OpaqueStep::RegistrationStart { ceremony, password }
            | OpaqueStep::LoginStart { ceremony, password } => {
                self.passwords.insert(ceremony, password.to_string());
                output(b"start", None)
            }
            OpaqueStep::RegistrationFinish { ceremony, .. } => {
                let password = self.passwords.remove(&ceremony)?;
                output(password.as_bytes(), Some(&password))
            }
            OpaqueStep::LoginFinish {
                ceremony, response, ..
            } => {
                let password = self.passwords.remove(&ceremony)?;
                if response != password.as_bytes() {
                    return None;
                }
                output(b"finish", Some(&password))
            }
        }
    }

    pub fn told(&mut self, event: Event) {
        match event {
            Event::Account { account } => self.account = account,
            Event::Connection { connection } => self.connection = connection,
            Event::Conversation { conversation } => {
                self.conversations
                    .insert(conversation.id.clone(), conversation);
            }
            Event::Problem { problem } => self.problems.push(problem),
            Event::Message { .. } | Event::MessageRemoved { .. } => {}
        }
    }

    pub fn id(&self) -> String {
        match &self.account {
            AccountView::SignedIn { account, .. } => account.clone(),
            other => panic!("not signed in: {other:?}"),
        }
    }

    pub fn device(&self) -> String {
        match &self.account {
            AccountView::SignedIn { device, .. } => device.clone(),
            other => panic!("not signed in: {other:?}"),
        }
    }
}

fn row((key, value): (&String, &Vec<u8>)) -> Row {
    Row {
        key: key.clone(),
        value: Zeroizing::new(value.clone()),
    }
}
