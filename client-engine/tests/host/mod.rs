//! A native host: tokio, a store in memory with atomic writes, the real OPAQUE, the real socket.
//!
//! The store outlives the host, so a test can drop the one and start another on it, as after a crash.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use futures_util::{SinkExt as _, StreamExt as _};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sotto_client_engine::{
    Engine,
    api::{command::Command, event::Event, problem::Problem, view::*},
    host::*,
};
use sotto_opaque::{ClientLogin, ClientRegistration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};
use zeroize::Zeroizing;

pub type Store = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// What the host was told, for tests to look at.
#[derive(Debug, Clone)]
pub struct Seen {
    pub account: AccountView,
    pub connection: ConnectionView,
    pub conversations: HashMap<String, ConversationView>,
    pub problems: Vec<Problem>,
}

enum Happened {
    Input(Input),
    Asked(Command, oneshot::Sender<Result<Value, Problem>>),
    /// Of the socket with this number.
    Socket(u64, Input),
}

pub struct Host {
    happened: mpsc::UnboundedSender<Happened>,
    pub seen: watch::Receiver<Seen>,
    task: JoinHandle<()>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Host {
    pub fn start(relay: SocketAddr, store: Store, seed: u64) -> Self {
        let (happened, inbox) = mpsc::unbounded_channel();
        let (tell, seen) = watch::channel(Seen {
            account: AccountView::SignedOut { reason: None },
            connection: ConnectionView::Connecting,
            conversations: HashMap::new(),
            problems: Vec::new(),
        });
        let worker = Worker {
            relay,
            store,
            rng: ChaCha8Rng::seed_from_u64(seed),
            happened: happened.clone(),
            tell,
            calls: HashMap::new(),
            next: 0,
            registrations: HashMap::new(),
            logins: HashMap::new(),
            socket: None,
            wake_at: None,
        };
        let task = tokio::spawn(worker.run(inbox));
        Self {
            happened,
            seen,
            task,
        }
    }

    pub async fn try_ask(&self, command: Command) -> Result<Value, Problem> {
        let (answer, answered) = oneshot::channel();
        let what = format!("{command:?}");
        assert!(self.happened.send(Happened::Asked(command, answer)).is_ok());
        timeout(Duration::from_secs(60), answered)
            .await
            .unwrap_or_else(|_| panic!("no answer to {what}"))
            .unwrap()
    }

    pub async fn ask<T: DeserializeOwned>(&self, command: Command) -> T {
        let what = format!("{command:?}");
        let value = self.try_ask(command).await;
        let value = value.unwrap_or_else(|problem| panic!("{what}: {problem:?}"));
        serde_json::from_value(value).unwrap()
    }

    /// Waits until what was told is so.
    pub async fn until(&mut self, what: &str, so: impl FnMut(&Seen) -> bool) -> Seen {
        timeout(Duration::from_secs(90), self.seen.wait_for(so))
            .await
            .unwrap_or_else(|_| panic!("never came: {what}"))
            .unwrap()
            .clone()
    }

    pub async fn online(&mut self) {
        self.until("online", |seen| {
            seen.connection == ConnectionView::Online { caught_up: true }
        })
        .await;
    }

    pub fn id(&self) -> String {
        match &self.seen.borrow().account {
            AccountView::SignedIn { account, .. } => account.clone(),
            other => panic!("not signed in: {other:?}"),
        }
    }

    /// The whole conversation: texts, and states of outgoing ones.
    pub async fn lines(&self, conversation: &str) -> Vec<(String, Option<MessageState>)> {
        let mut all: Vec<MessageView> = Vec::new();
        loop {
            let view: HistoryView = self
                .ask(Command::History {
                    conversation: conversation.to_owned(),
                    before: all.first().map(|message| message.order.clone()),
                    from: None,
                    limit: 100,
                })
                .await;
            let mut messages = view.messages;
            messages.append(&mut all);
            all = messages;
            if !view.older {
                break;
            }
        }
        all.into_iter()
            .map(|message| match message.body {
                MessageBody::Incoming { text, .. } => (text, None),
                MessageBody::Outgoing { text, state, .. } => (text, Some(state)),
                MessageBody::Notice { notice } => (format!("{notice:?}"), None),
            })
            .collect()
    }

    pub async fn texts(&self, conversation: &str) -> Vec<String> {
        let lines = self.lines(conversation).await;
        lines.into_iter().map(|(text, _)| text).collect()
    }

    /// Waits until the conversation holds so many lines, and every outgoing one has come so far.
    pub async fn until_lines(&self, conversation: &str, count: usize, state: MessageState) {
        let end = Instant::now() + Duration::from_secs(90);
        let mut news = self.seen.clone();
        loop {
            let lines = self.lines(conversation).await;
            let far = lines.iter().all(|(_, s)| {
                s.as_ref()
                    .is_none_or(|s| *s == state || *s == MessageState::Read)
            });
            if lines.len() == count && far {
                return;
            }
            assert!(
                Instant::now() < end,
                "never came: {count} lines, {state:?}; {lines:?}"
            );
            // A change is told; the pause is for a state whose line is being rewritten.
            let _ = timeout(Duration::from_secs(1), news.changed()).await;
        }
    }
}

struct Worker {
    relay: SocketAddr,
    store: Store,
    rng: ChaCha8Rng,
    happened: mpsc::UnboundedSender<Happened>,
    tell: watch::Sender<Seen>,
    calls: HashMap<CallId, oneshot::Sender<Result<Value, Problem>>>,
    next: u64,
    registrations: HashMap<u64, ClientRegistration>,
    logins: HashMap<u64, ClientLogin>,
    socket: Option<(u64, mpsc::UnboundedSender<Vec<u8>>, JoinHandle<()>)>,
    wake_at: Option<u64>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
    }
}

fn now() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

fn row((key, value): (&String, &Vec<u8>)) -> Row {
    Row {
        key: key.clone(),
        value: Zeroizing::new(value.clone()),
    }
}

impl Worker {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Happened>) {
        let rows = {
            let store = self.store.lock().unwrap();
            store
                .iter()
                .filter(|(key, _)| key.starts_with(STATE_PREFIX))
                .map(row)
                .collect()
        };
        let (mut engine, output) = Engine::restore(rows, now(), &mut self.rng);
        self.perform(output);
        loop {
            let pause = self
                .wake_at
                .map_or(3_600_000, |at| at.saturating_sub(now()));
            let input = match timeout(Duration::from_millis(pause), inbox.recv()).await {
                Err(_) => {
                    self.wake_at = None;
                    Input::Wake
                }
                Ok(None) => return,
                Ok(Some(Happened::Input(input))) => input,
                Ok(Some(Happened::Asked(command, answer))) => {
                    self.next += 1;
                    let call = CallId(self.next);
                    self.calls.insert(call, answer);
                    Input::Command { call, command }
                }
                Ok(Some(Happened::Socket(number, input))) => {
                    if self.socket.as_ref().is_none_or(|(n, ..)| *n != number) {
                        continue;
                    }
                    input
                }
            };
            let output = engine.step(input, now(), &mut self.rng);
            self.perform(output);
        }
    }

    fn perform(&mut self, output: Output) {
        {
            let mut store = self.store.lock().unwrap();
            for write in output.writes {
                match write {
                    Write::Put { key, value } => drop(store.insert(key, value.to_vec())),
                    Write::Delete { key } => drop(store.remove(&key)),
                    Write::Clear => store.clear(),
                }
            }
        }
        self.wake_at = output.wake_at;
        for effect in output.effects {
            self.effect(effect);
        }
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Http(request) => {
                let (relay, happened) = (self.relay, self.happened.clone());
                tokio::spawn(async move {
                    let id = request.id;
                    let answer = timeout(Duration::from_secs(20), http(relay, request)).await;
                    let response = answer.ok().and_then(Result::ok);
                    let _ = happened.send(Happened::Input(Input::Http { id, response }));
                });
            }
            Effect::OpenSocket => self.open(),
            Effect::SendFrame(bytes) => {
                if let Some((_, out, _)) = &self.socket {
                    let _ = out.send(bytes);
                }
            }
            Effect::CloseSocket => self.close(),
            Effect::Read {
                id,
                start,
                end,
                limit,
                descending,
            } => {
                let store = self.store.lock().unwrap();
                let range = store.range(start..end);
                let limit = limit as usize;
                let rows = match descending {
                    true => range.rev().take(limit).map(row).collect(),
                    false => range.take(limit).map(row).collect(),
                };
                let _ = self
                    .happened
                    .send(Happened::Input(Input::Rows { id, rows }));
            }
            Effect::Opaque { id, step } => {
                let output = self.opaque(step);
                let _ = self
                    .happened
                    .send(Happened::Input(Input::Opaque { id, output }));
            }
            Effect::Reply { call, result } => {
                if let Some(answer) = self.calls.remove(&call) {
                    let _ = answer.send(result);
                }
            }
            Effect::Event(event) => self.tell.send_modify(|seen| match event {
                Event::Account { account } => seen.account = account,
                Event::Connection { connection } => seen.connection = connection,
                Event::Conversation { conversation } => {
                    let id = conversation.id.clone();
                    seen.conversations.insert(id, conversation);
                }
                Event::Problem { problem } => seen.problems.push(problem),
                Event::Message { .. } | Event::MessageRemoved { .. } => {}
            }),
        }
    }

    fn close(&mut self) {
        if let Some((_, _, task)) = self.socket.take() {
            task.abort();
        }
    }

    fn open(&mut self) {
        self.close();
        self.next += 1;
        let number = self.next;
        let (out, frames) = mpsc::unbounded_channel();
        let task = tokio::spawn(socket(self.relay, number, frames, self.happened.clone()));
        self.socket = Some((number, out, task));
    }

    fn opaque(&mut self, step: OpaqueStep) -> Option<OpaqueOutput> {
        let only = |message| OpaqueOutput {
            message,
            export_key: None,
        };
        match step {
            OpaqueStep::RegistrationStart { ceremony, password } => {
                let (state, message) = ClientRegistration::start(password.as_bytes()).ok()?;
                self.registrations.insert(ceremony, state);
                Some(only(message))
            }
            OpaqueStep::LoginStart { ceremony, password } => {
                let (state, message) = ClientLogin::start(password.as_bytes()).ok()?;
                self.logins.insert(ceremony, state);
                Some(only(message))
            }
            OpaqueStep::RegistrationFinish {
                ceremony,
                username,
                response,
            } => {
                let state = self.registrations.remove(&ceremony)?;
                let done = state.finish(&response, &username).ok()?;
                Some(OpaqueOutput {
                    message: done.upload,
                    export_key: Some(Zeroizing::new(done.export_key.to_vec())),
                })
            }
            OpaqueStep::LoginFinish {
                ceremony,
                username,
                response,
            } => {
                let state = self.logins.remove(&ceremony)?;
                let done = state.finish(&response, &username).ok()?;
                Some(OpaqueOutput {
                    message: done.finalization,
                    export_key: Some(Zeroizing::new(done.export_key.to_vec())),
                })
            }
        }
    }
}

async fn socket(
    relay: SocketAddr,
    number: u64,
    mut frames: mpsc::UnboundedReceiver<Vec<u8>>,
    happened: mpsc::UnboundedSender<Happened>,
) {
    let tell = |input| drop(happened.send(Happened::Socket(number, input)));
    let mut request = format!("ws://{relay}/v1/socket")
        .into_client_request()
        .unwrap();
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", "sotto.v1.cbor".parse().unwrap());
    let Ok((stream, _)) = tokio_tungstenite::connect_async(request).await else {
        return tell(Input::SocketClosed);
    };
    tell(Input::SocketOpened);
    let (mut sink, mut source) = stream.split();
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(bytes) => {
                    if sink.send(Message::Binary(bytes.into())).await.is_err() {
                        break;
                    }
                }
                None => break,
            },
            message = source.next() => match message {
                Some(Ok(Message::Binary(bytes))) => tell(Input::SocketFrame(bytes.to_vec())),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => break,
            },
        }
    }
    tell(Input::SocketClosed);
}

/// One request on one connection: enough of HTTP/1.1 for a relay on this machine.
async fn http(relay: SocketAddr, request: HttpRequest) -> std::io::Result<HttpResponse> {
    let mut stream = TcpStream::connect(relay).await?;
    let body = request.body.unwrap_or_default();
    let bearer = request
        .bearer
        .map(|token| format!("Authorization: Bearer {}\r\n", token.as_str()))
        .unwrap_or_default();
    let head = format!(
        "{} {} HTTP/1.1\r\nHost: {relay}\r\nConnection: close\r\n{bearer}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        request.method,
        request.path,
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let bad = || std::io::Error::other("not an answer");
    let split = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or_else(bad)?;
    let head = String::from_utf8_lossy(&answer[..split]).to_lowercase();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(bad)?;
    let mut body = answer[split + 4..].to_vec();
    if head.contains("transfer-encoding: chunked") {
        body = unchunked(&body).ok_or_else(bad)?;
    }
    Ok(HttpResponse { status, body })
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(line + 2..line + 2 + length)?);
        rest = rest.get(line + 4 + length..)?;
    }
}
