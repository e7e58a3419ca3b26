//! Simulated time, the network between clients and the relay, and seeded faults.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sotto_client_engine::{
    Engine,
    api::{command::Command, problem::Problem, view::*},
    host::{CallId, Effect, HttpRequest, HttpResponse, Input, Output},
};
use sotto_protocol::{MessageId, codec, socket::ServerFrame};

use crate::{
    client::Client,
    relay::{ConnId, Relay},
};

/// How often what goes wrong, in thousandths.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Per step: the host dies before, between or after the writes and effects of a step.
    pub crash: u32,
    /// Per step with writes: the store refuses.
    pub storage: u32,
    /// Per frame, either way: the connection breaks and loses it.
    pub disconnect: u32,
    /// Per request: lost before the relay, or its answer behind it.
    pub http: u32,
    /// Per frame with deliveries: some come twice.
    pub duplicate: u32,
    /// Per frame with deliveries: in another order.
    pub reorder: u32,
    /// Per frame to the relay: it is killed, and comes back later.
    pub kill: u32,
}

impl Faults {
    pub const MANY: Self = Self {
        crash: 4,
        storage: 2,
        disconnect: 4,
        http: 20,
        duplicate: 50,
        reorder: 50,
        kill: 1,
    };
}

enum Happening {
    Start {
        client: usize,
        incarnation: u64,
    },
    Input {
        client: usize,
        incarnation: u64,
        input: Input,
    },
    Wake {
        client: usize,
        incarnation: u64,
        at: u64,
    },
    Request {
        client: usize,
        incarnation: u64,
        request: HttpRequest,
    },
    Open {
        client: usize,
        incarnation: u64,
        conn: ConnId,
    },
    ToRelay {
        conn: ConnId,
        bytes: Vec<u8>,
    },
    ToClient {
        client: usize,
        conn: ConnId,
        bytes: Vec<u8>,
    },
    CloseClient {
        client: usize,
        conn: ConnId,
    },
    RelayBack,
}

pub struct World {
    pub now: u64,
    pub rng: ChaCha8Rng,
    pub relay: Relay,
    relay_up: bool,
    pub clients: Vec<Client>,
    pub faults: Faults,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    next: u64,
    conns: BTreeMap<ConnId, usize>,
    /// When the last frame on a connection arrives: frames don't overtake each other.
    lanes: BTreeMap<(ConnId, bool), u64>,
    pub steps: u64,
    pub kills: u32,
}

/// The seed: printed, and settable by `SOTTO_SEED`.
pub fn seed() -> u64 {
    let seed = std::env::var("SOTTO_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| {
            let since = std::time::UNIX_EPOCH.elapsed().unwrap();
            since.as_nanos() as u64
        });
    println!("SOTTO_SEED={seed}");
    seed
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let relay = Relay::new(ChaCha8Rng::seed_from_u64(rng.next_u64()));
        Self {
            now: 1_800_000_000_000,
            rng,
            relay,
            relay_up: true,
            clients: Vec::new(),
            faults: Faults::default(),
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            next: 0,
            conns: BTreeMap::new(),
            lanes: BTreeMap::new(),
            steps: 0,
            kills: 0,
        }
    }

    pub fn chance(&mut self, thousandths: u32) -> bool {
        thousandths > 0 && self.rng.next_u32() % 1_000 < thousandths
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.rng.next_u64() % n as u64) as usize
    }

    fn plan(&mut self, at: u64, happening: Happening) {
        self.next += 1;
        self.queue.push(Reverse((at, self.next)));
        self.happenings.insert(self.next, happening);
    }

    fn soon(&mut self) -> u64 {
        self.now + 1 + self.rng.next_u64() % 20
    }

    pub fn add_client(&mut self) -> usize {
        self.clients.push(Client::new());
        let client = self.clients.len() - 1;
        self.start(client);
        client
    }

    /// Starts a client's engine from its store.
    pub fn start(&mut self, client: usize) {
        let rows = self.clients[client].state_rows();
        let (engine, output) = Engine::restore(rows, self.now, &mut self.rng);
        self.clients[client].incarnation += 1;
        self.clients[client].engine = Some(engine);
        self.perform(client, output);
    }

    /// The host dies: what is not in the store is gone.
    pub fn crash(&mut self, client: usize) {
        let it = &mut self.clients[client];
        it.engine = None;
        it.crashes += 1;
        it.incarnation += 1;
        let incarnation = it.incarnation;
        if let Some(conn) = it.conn.take() {
            self.relay.close(conn);
            self.conns.remove(&conn);
        }
        let at = self.now + 10 + self.rng.next_u64() % 3_000;
        self.plan(
            at,
            Happening::Start {
                client,
                incarnation,
            },
        );
    }

    /// Gone for good, until `start`.
    pub fn stop(&mut self, client: usize) {
        self.crash(client);
        self.clients[client].incarnation += 1;
    }

    pub fn command(&mut self, client: usize, command: Command) -> CallId {
        self.next += 1;
        let call = CallId(self.next);
        self.input(client, Input::Command { call, command });
        call
    }

    pub fn input(&mut self, client: usize, input: Input) {
        let Some(engine) = &mut self.clients[client].engine else {
            return;
        };
        self.steps += 1;
        let output = engine.step(input, self.now, &mut self.rng);
        self.perform(client, output);
    }

    /// As the contract in `host` says: all writes at once, then the effects in order.
    fn perform(&mut self, client: usize, output: Output) {
        let crash = self.chance(self.faults.crash);
        let cut = match crash {
            true => self.below(output.effects.len() + 2),
            false => usize::MAX,
        };
        let refused = !output.writes.is_empty() && self.chance(self.faults.storage);
        if cut == 0 || refused {
            return self.crash(client);
        }
        self.clients[client].apply(output.writes);
        self.clients[client].wake_at = output.wake_at;
        let incarnation = self.clients[client].incarnation;
        for (at, effect) in output.effects.into_iter().enumerate() {
            if at + 1 == cut {
                return self.crash(client);
            }
            self.effect(client, effect);
        }
        if crash {
            return self.crash(client);
        }
        if let Some(at) = output.wake_at {
            let at = at.max(self.now + 1);
            self.plan(
                at,
                Happening::Wake {
                    client,
                    incarnation,
                    at,
                },
            );
        }
    }

    fn effect(&mut self, client: usize, effect: Effect) {
        let soon = self.soon();
        let it = &mut self.clients[client];
        let incarnation = it.incarnation;
        let answer = |input| Happening::Input {
            client,
            incarnation,
            input,
        };
        match effect {
            Effect::Http(request) => {
                self.plan(
                    soon,
                    Happening::Request {
                        client,
                        incarnation,
                        request,
                    },
                );
            }
            Effect::OpenSocket => {
                self.next += 1;
                let conn = self.next;
                it.conn = Some(conn);
                self.conns.insert(conn, client);
                self.plan(
                    soon,
                    Happening::Open {
                        client,
                        incarnation,
                        conn,
                    },
                );
            }
            Effect::SendFrame(bytes) => {
                if let Some(conn) = it.conn {
                    let at = self.lane(conn, true);
                    self.plan(at, Happening::ToRelay { conn, bytes });
                }
            }
            Effect::CloseSocket => {
                if let Some(conn) = it.conn.take() {
                    self.relay.close(conn);
                    self.conns.remove(&conn);
                }
            }
            Effect::Read {
                id,
                start,
                end,
                limit,
                descending,
            } => {
                let rows = it.rows(&start, &end, limit, descending);
                let happening = answer(Input::Rows { id, rows });
                self.plan(self.now, happening);
            }
            Effect::Opaque { id, step } => {
                let output = it.opaque(step);
                let happening = answer(Input::Opaque { id, output });
                self.plan(soon, happening);
            }
            Effect::Reply { call, result } => {
                it.replies.insert(call, result);
            }
            Effect::Event(event) => it.told(event),
        }
    }

    fn lane(&mut self, conn: ConnId, up: bool) -> u64 {
        let at = self
            .soon()
            .max(self.lanes.get(&(conn, up)).copied().unwrap_or(0));
        self.lanes.insert((conn, up), at);
        at
    }

    fn disconnect(&mut self, conn: ConnId) {
        self.relay.close(conn);
        if let Some(client) = self.conns.remove(&conn) {
            self.lanes.remove(&(conn, true));
            self.lanes.remove(&(conn, false));
            self.close_client(client, conn);
        }
    }

    fn close_client(&mut self, client: usize, conn: ConnId) {
        if self.clients[client].conn == Some(conn) {
            self.clients[client].conn = None;
            self.input(client, Input::SocketClosed);
        }
    }

    /// The relay dies and comes back: connections break, what it had stored stays.
    pub fn kill_relay(&mut self) {
        self.kills += 1;
        self.relay_up = false;
        self.relay.kill();
        let all: Vec<ConnId> = self.conns.keys().copied().collect();
        for conn in all {
            self.disconnect(conn);
        }
        let at = self.now + 200 + self.rng.next_u64() % 5_000;
        self.plan(at, Happening::RelayBack);
    }

    /// Lets the next thing happen. False: nothing will, ever.
    pub fn happen(&mut self) -> bool {
        let Some(Reverse((at, id))) = self.queue.pop() else {
            return false;
        };
        self.now = self.now.max(at);
        let Some(happening) = self.happenings.remove(&id) else {
            return true;
        };
        self.occur(happening);
        self.relay_speaks();
        true
    }

    fn alive(&self, client: usize, incarnation: u64) -> bool {
        let it = &self.clients[client];
        it.engine.is_some() && it.incarnation == incarnation
    }

    fn occur(&mut self, happening: Happening) {
        match happening {
            Happening::Start {
                client,
                incarnation,
            } => {
                if self.clients[client].incarnation == incarnation {
                    self.start(client);
                }
            }
            Happening::Input {
                client,
                incarnation,
                input,
            } => {
                if self.alive(client, incarnation) {
                    self.input(client, input);
                }
            }
            Happening::Wake {
                client,
                incarnation,
                at,
            } => {
                let wanted = self.clients[client].wake_at;
                if self.alive(client, incarnation) && wanted.is_some_and(|w| w.max(at) == at) {
                    self.clients[client].wake_at = None;
                    self.input(client, Input::Wake);
                }
            }
            Happening::Request {
                client,
                incarnation,
                request,
            } => {
                self.request(client, incarnation, request);
            }
            Happening::Open {
                client,
                incarnation,
                conn,
            } => {
                if self.alive(client, incarnation) && self.clients[client].conn == Some(conn) {
                    if self.relay_up {
                        self.relay.open(conn);
                        self.input(client, Input::SocketOpened);
                    } else {
                        self.disconnect(conn);
                    }
                }
            }
            Happening::ToRelay { conn, bytes } => {
                if !self.conns.contains_key(&conn) {
                    return;
                }
                if self.chance(self.faults.disconnect) {
                    return self.disconnect(conn);
                }
                self.relay.frame(self.now, conn, &bytes);
                // Killed with its answers unsent: what it stored is stored.
                if self.chance(self.faults.kill) {
                    self.kill_relay();
                }
            }
            Happening::ToClient {
                client,
                conn,
                bytes,
            } => {
                if self.clients[client].conn != Some(conn) {
                    return;
                }
                if self.chance(self.faults.disconnect) {
                    return self.disconnect(conn);
                }
                self.input(client, Input::SocketFrame(bytes));
            }
            Happening::CloseClient { client, conn } => {
                self.conns.remove(&conn);
                self.close_client(client, conn);
            }
            Happening::RelayBack => self.relay_up = true,
        }
    }

    fn request(&mut self, client: usize, incarnation: u64, request: HttpRequest) {
        let soon = self.soon();
        let id = request.id;
        let lost = self.chance(self.faults.http);
        let unanswered = self.chance(self.faults.http);
        let response = (self.relay_up && !lost).then(|| {
            let (status, body) = self.relay.http(
                self.now,
                request.method,
                &request.path,
                request.bearer.as_ref().map(|b| b.as_str()),
                request.body.as_deref(),
            );
            HttpResponse { status, body }
        });
        let response = response.filter(|_| !unanswered);
        let input = Input::Http { id, response };
        self.plan(
            soon,
            Happening::Input {
                client,
                incarnation,
                input,
            },
        );
    }

    fn relay_speaks(&mut self) {
        for (conn, mut frame) in std::mem::take(&mut self.relay.out) {
            let Some(client) = self.conns.get(&conn).copied() else {
                continue;
            };
            if let ServerFrame::Deliver(deliveries) = &mut frame {
                if self.chance(self.faults.duplicate) {
                    let doubled = deliveries[self.below(deliveries.len())].clone();
                    deliveries.push(doubled);
                }
                if self.chance(self.faults.reorder) {
                    for i in (1..deliveries.len()).rev() {
                        let j = self.below(i + 1);
                        deliveries.swap(i, j);
                    }
                }
            }
            let bytes = codec::to_cbor(&frame).unwrap();
            let at = self.lane(conn, false);
            self.plan(
                at,
                Happening::ToClient {
                    client,
                    conn,
                    bytes,
                },
            );
        }
        for conn in std::mem::take(&mut self.relay.closed) {
            if let Some(client) = self.conns.get(&conn).copied() {
                let at = self.lane(conn, false);
                self.plan(at, Happening::CloseClient { client, conn });
            }
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        // What a test made the relay say while nothing else was going on.
        self.relay_speaks();
        while self.queue.peek().is_some_and(|Reverse((at, _))| *at <= end) {
            self.happen();
        }
        self.now = end;
    }

    /// Lets things happen until it is so; an hour at most.
    pub fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let end = self.now + 60 * 60_000;
        while !so(self) {
            assert!(self.now < end && self.happen(), "never came: {what}");
        }
    }

    /// Asks, and waits for the answer; asks again if the host crashed meanwhile.
    pub fn ask(&mut self, client: usize, command: Command) -> Result<Value, Problem> {
        let end = self.now + 60 * 60_000;
        loop {
            while self.clients[client].engine.is_none() {
                assert!(self.happen());
            }
            let call = self.command(client, command.clone());
            let incarnation = self.clients[client].incarnation;
            loop {
                if let Some(reply) = self.clients[client].replies.remove(&call) {
                    return reply;
                }
                if !self.alive(client, incarnation) {
                    break;
                }
                assert!(self.now < end && self.happen(), "no answer to {command:?}");
            }
        }
    }

    pub fn get<T: DeserializeOwned>(&mut self, client: usize, command: Command) -> T {
        let reply = self.ask(client, command.clone());
        let value = reply.unwrap_or_else(|problem| panic!("{command:?}: {problem:?}"));
        serde_json::from_value(value).unwrap()
    }
}

// What people do.
impl World {
    /// A new account on a new client; gives the recovery key, too.
    pub fn register(&mut self, name: &str) -> (usize, String) {
        let client = self.add_client();
        let words = self.get(
            client,
            Command::Register {
                username: name.into(),
                password: format!("{name}'s password"),
                invitation: None,
            },
        );
        self.online(client);
        (client, words)
    }

    /// A further device.
    pub fn sign_in(&mut self, name: &str) -> usize {
        let client = self.add_client();
        self.get::<()>(
            client,
            Command::SignIn {
                username: name.into(),
                password: format!("{name}'s password"),
            },
        );
        self.online(client);
        client
    }

    pub fn online(&mut self, client: usize) {
        self.until("online", |w| {
            matches!(
                w.clients[client].connection,
                ConnectionView::Online { caught_up: true }
            )
        });
    }

    pub fn open(&mut self, client: usize, with: usize) -> String {
        let account = self.clients[with].id();
        let view: ConversationView = self.get(client, Command::OpenConversation { account });
        view.id
    }

    /// The two people have read the digits to each other.
    pub fn verify(&mut self, client: usize, conversation: &str) {
        let conversation = conversation.to_owned();
        let shown: SafetyView = self.get(
            client,
            Command::Safety {
                conversation: conversation.clone(),
            },
        );
        let compared: Comparison = self.get(
            client,
            Command::CompareCode {
                conversation,
                code: shown.code,
                method: VerificationMethod::Aloud,
            },
        );
        assert_eq!(compared, Comparison::Match);
    }

    pub fn message_id(&mut self) -> String {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        MessageId(id).to_string()
    }

    pub fn send(&mut self, client: usize, conversation: &str, text: &str) -> MessageView {
        let id = self.message_id();
        self.get(
            client,
            Command::Send {
                conversation: conversation.into(),
                id,
                text: text.into(),
            },
        )
    }

    /// The whole conversation, read in windows from its end.
    pub fn history(&mut self, client: usize, conversation: &str) -> Vec<MessageView> {
        let mut all: Vec<MessageView> = Vec::new();
        loop {
            let view: HistoryView = self.get(
                client,
                Command::History {
                    conversation: conversation.into(),
                    before: all.first().map(|m| m.order.clone()),
                    from: None,
                    limit: 150,
                },
            );
            let mut messages = view.messages;
            assert!(messages.is_sorted_by(|a, b| a.order < b.order));
            messages.append(&mut all);
            all = messages;
            if !view.older {
                return all;
            }
        }
    }

    /// The texts of a conversation.
    pub fn texts(&mut self, client: usize, conversation: &str) -> Vec<String> {
        self.history(client, conversation)
            .into_iter()
            .map(|message| match message.body {
                MessageBody::Incoming { text, .. } | MessageBody::Outgoing { text, .. } => text,
                MessageBody::Notice { notice } => format!("{notice:?}"),
            })
            .collect()
    }

    pub fn state(&mut self, client: usize, conversation: &str, id: &str) -> Option<MessageState> {
        let message = self
            .history(client, conversation)
            .into_iter()
            .find(|message| message.id == id)?;
        match message.body {
            MessageBody::Outgoing { state, .. } => Some(state),
            _ => None,
        }
    }
}
