//! Many messages between many devices, while everything goes wrong: none lost, none doubled, none unreadable, order kept per sender.

use std::collections::{HashMap, HashSet};

use sotto_client_engine::{
    api::{command::Command, view::*},
    host::CallId,
};

use crate::world::{Faults, World, seed};

/// Behind every order key.
const END: &str = "ffffffffffff-ffff";

struct Asked {
    client: usize,
    incarnation: u64,
    call: CallId,
    command: Command,
}

struct Run {
    w: World,
    /// Clients of each account.
    accounts: Vec<Vec<usize>>,
    asked: Vec<Asked>,
    /// Text → the client that sent it.
    texts: HashMap<String, usize>,
}

impl Run {
    fn new(seed: u64, accounts: usize, devices: usize) -> Self {
        let mut w = World::new(seed);
        let names: Vec<String> = (0..accounts).map(|i| format!("person{i}")).collect();
        let mut clients: Vec<Vec<usize>> = names.iter().map(|n| vec![w.register(n).0]).collect();
        for (name, clients) in names.iter().zip(&mut clients) {
            for _ in 1..devices {
                clients.push(w.sign_in(name));
            }
        }
        for a in &clients {
            for b in &clients {
                if a[0] != b[0] {
                    for client in a {
                        w.open(*client, b[0]);
                    }
                }
            }
        }
        w.pass(10_000);
        Self {
            w,
            accounts: clients,
            asked: Vec::new(),
            texts: HashMap::new(),
        }
    }

    fn account_of(&self, client: usize) -> usize {
        self.accounts
            .iter()
            .position(|clients| clients.contains(&client))
            .unwrap()
    }

    fn issue(&mut self, client: usize, command: Command) {
        let call = self.w.command(client, command.clone());
        let incarnation = self.w.clients[client].incarnation;
        self.asked.push(Asked {
            client,
            incarnation,
            call,
            command,
        });
    }

    /// What a crashed host did not answer is asked again.
    fn look_after(&mut self) {
        for asked in std::mem::take(&mut self.asked) {
            let it = &mut self.w.clients[asked.client];
            if let Some(reply) = it.replies.remove(&asked.call) {
                reply.unwrap_or_else(|problem| panic!("{:?}: {problem:?}", asked.command));
            } else if it.engine.is_some() && it.incarnation != asked.incarnation {
                self.issue(asked.client, asked.command);
            } else {
                self.asked.push(asked);
            }
        }
    }

    fn one_more(&mut self) {
        let from = self.w.below(self.accounts.len());
        let to = (from + 1 + self.w.below(self.accounts.len() - 1)) % self.accounts.len();
        let device = self.w.below(self.accounts[from].len());
        let client = self.accounts[from][device];
        let conversation = self.w.clients[self.accounts[to][0]].id();
        if self.w.chance(100) {
            let through = END.to_owned();
            let conversation = conversation.clone();
            self.issue(
                client,
                Command::MarkRead {
                    conversation,
                    through,
                },
            );
        }
        let text = format!("{client}:{}", self.texts.len());
        self.texts.insert(text.clone(), client);
        let id = self.w.message_id();
        self.issue(
            client,
            Command::Send {
                conversation,
                id,
                text,
            },
        );
    }

    fn run(&mut self, messages: usize, faults: Faults) {
        self.w.faults = faults;
        while self.texts.len() < messages {
            self.one_more();
            let pause = match self.w.below(200) {
                0 => 20_000,
                n if n < 40 => 0,
                n => n as u64,
            };
            self.w.pass(pause);
            if self.texts.len().is_multiple_of(16) {
                self.look_after();
            }
        }
    }

    /// Without further faults everything comes to rest.
    fn settle(&mut self) {
        self.w.faults = Faults::default();
        for round in 0.. {
            self.w.pass(60_000);
            self.look_after();
            let waiting: Vec<&String> = self
                .w
                .clients
                .iter()
                .flat_map(|c| c.store.keys())
                .filter(|k| k.starts_with("state/outbox/") || k.starts_with("state/damaged/"))
                .collect();
            let mailboxes: usize = self.w.relay.devices.values().map(|d| d.mailbox.len()).sum();
            if waiting.is_empty() && mailboxes == 0 && self.asked.is_empty() {
                break;
            }
            assert!(
                round < 120,
                "still waiting: {waiting:?}, {mailboxes} in mailboxes"
            );
        }
    }

    fn check(&mut self) {
        for from in 0..self.accounts.len() {
            for to in 0..self.accounts.len() {
                if from != to {
                    self.check_pair(from, to);
                }
            }
        }
    }

    /// What the devices of `from` sent to `to` is on every device of both, once, in the order of each sending device.
    fn check_pair(&mut self, from: usize, to: usize) {
        let id = |w: &World, clients: &[usize]| w.clients[clients[0]].id();
        let (id_from, id_to) = (
            id(&self.w, &self.accounts[from]),
            id(&self.w, &self.accounts[to]),
        );
        for sender in self.accounts[from].clone() {
            let sent = self.sent_by(sender, sender, &id_to);
            for reader in self.accounts[from].clone() {
                let seen = self.sent_by(reader, sender, &id_to);
                assert_eq!(seen, sent, "own device {reader} shows what {sender} sent");
            }
            for reader in self.accounts[to].clone() {
                let seen = self.sent_by(reader, sender, &id_from);
                assert_eq!(seen, sent, "{reader} shows what {sender} sent");
            }
        }
    }

    fn sent_by(&mut self, reader: usize, sender: usize, conversation: &str) -> Vec<String> {
        let mut ids = HashSet::new();
        let mut texts = Vec::new();
        for message in self.w.history(reader, conversation) {
            assert!(ids.insert(message.id.clone()), "an id twice");
            match message.body {
                MessageBody::Incoming { text, .. } | MessageBody::Outgoing { text, .. } => {
                    if self.texts[&text] == sender {
                        texts.push(text);
                    }
                }
                MessageBody::Notice { notice } => panic!("{reader} shows {notice:?}"),
            }
        }
        texts
    }

    fn check_none_lost(&mut self) {
        let mut found = 0;
        for sender in 0..self.w.clients.len() {
            let account = self.account_of(sender);
            for to in 0..self.accounts.len() {
                if to != account {
                    let to = self.w.clients[self.accounts[to][0]].id();
                    found += self.sent_by(sender, sender, &to).len();
                }
            }
        }
        assert_eq!(found, self.texts.len());
    }

    /// Everybody has everything, so every message is delivered at least.
    fn check_states(&mut self) {
        for client in 0..self.w.clients.len() {
            let account = self.account_of(client);
            for to in 0..self.accounts.len() {
                if to == account {
                    continue;
                }
                let to = self.w.clients[self.accounts[to][0]].id();
                for message in self.w.history(client, &to) {
                    if let MessageBody::Outgoing { state, text, .. } = message.body {
                        assert!(
                            matches!(state, MessageState::Delivered | MessageState::Read),
                            "{text} is {state:?} on {client}"
                        );
                    }
                }
            }
        }
    }

    fn whole(&mut self, messages: usize, faults: Faults) {
        let begun = std::time::Instant::now();
        self.run(messages, faults);
        self.settle();
        let crashes: u32 = self.w.clients.iter().map(|c| c.crashes).sum();
        println!(
            "{} messages, {} steps, {crashes} crashes, {} kills of the relay, {:.1} s",
            self.texts.len(),
            self.w.steps,
            self.w.kills,
            begun.elapsed().as_secs_f64()
        );
        self.check();
        self.check_none_lost();
        self.check_states();
    }
}

#[test]
fn nothing_is_lost_doubled_or_unreadable_while_everything_goes_wrong() {
    Run::new(seed(), 3, 2).whole(500, Faults::MANY);
}

#[test]
fn crashes_between_any_two_effects_lose_nothing() {
    let faults = Faults {
        crash: 30,
        storage: 10,
        ..Faults::default()
    };
    Run::new(seed(), 2, 2).whole(300, faults);
}

#[test]
fn two_who_write_at_once_settle_on_one_session() {
    let seed = seed();
    for round in 0..4 {
        let mut run = Run::new(seed.wrapping_add(round), 2, 1);
        run.whole(60, Faults::default());
    }
}

/// The large run: `SOTTO_MESSAGES=100000 cargo test --release -p sotto-client-engine --test simulator -- --ignored --nocapture`
#[test]
#[ignore = "minutes: run in release"]
fn a_hundred_thousand_messages() {
    let messages = std::env::var("SOTTO_MESSAGES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100_000);
    let faults = Faults {
        crash: 1,
        storage: 1,
        disconnect: 1,
        http: 10,
        duplicate: 20,
        reorder: 20,
        kill: 0,
    };
    let mut run = Run::new(seed(), 3, 2);
    run.w.kill_relay();
    run.whole(messages, faults);
}
