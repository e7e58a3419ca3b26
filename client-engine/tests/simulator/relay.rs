//! A relay in memory: the endpoints and the socket as far as the engine uses them, and hooks for tests to make it lie.
//!
//! What is stored here survives a "kill"; connections don't. Passwords are compared in plain text by the pretended OPAQUE of
//! `client.rs`: only the order of messages is that of the real one.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    hash::{Hash as _, Hasher as _},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand_chacha::{ChaCha8Rng, rand_core::Rng as _};
use serde::{Serialize, de::DeserializeOwned};
use sotto_crypto_core::identity::{AccountKey, UnverifiedDeviceList};
use sotto_protocol::{
    AccountId, Bytes, DeviceId, MessageId, Problem, ProblemCode, Username, codec,
    http::*,
    limits::{DELIVERY_WINDOW, ONE_TIME_PREKEYS_LOW},
    socket::*,
};

pub type ConnId = u64;

#[derive(Default)]
pub struct Account {
    pub username: String,
    pub password: Vec<u8>,
    pub key: Vec<u8>,
    pub recovery_key: Vec<u8>,
    pub vault: Option<Vault>,
    pub lists: Vec<Bytes>,
    pub devices: Vec<DeviceId>,
}

#[derive(Default)]
pub struct Device {
    account: Option<AccountId>,
    signed: Bytes,
    kem_last_resort: Bytes,
    one_time: VecDeque<Bytes>,
    kem_one_time: VecDeque<Bytes>,
    next_seq: u64,
    pub mailbox: BTreeMap<u64, Delivery>,
    /// What was accepted from it, with a digest of the contents.
    accepted: HashMap<MessageId, u64>,
}

struct Connection {
    device: Option<(AccountId, DeviceId)>,
    /// Delivered on this connection, unacknowledged.
    open: BTreeMap<u64, ()>,
    cursor: u64,
    caught_up: bool,
}

enum Ceremony {
    Register(String),
    Login(AccountId),
    Recovery(AccountId, Vec<u8>),
}

/// How a test makes the relay lie.
#[derive(Default)]
pub struct Lies {
    /// Claims answer without bundles.
    pub withhold_prekeys: bool,
    /// Device lists are answered with this instead.
    pub lists: HashMap<AccountId, DeviceLists>,
    /// Answers to HTTP are this.
    pub nonsense: bool,
    /// Sends are refused so.
    pub refuse: Option<Problem>,
}

pub struct Relay {
    rng: ChaCha8Rng,
    pub accounts: HashMap<AccountId, Account>,
    pub devices: HashMap<DeviceId, Device>,
    tokens: HashMap<Vec<u8>, (AccountId, DeviceId, u64)>,
    enrolments: HashMap<Vec<u8>, AccountId>,
    ceremonies: HashMap<Vec<u8>, Ceremony>,
    challenges: HashMap<Vec<u8>, DeviceId>,
    connections: HashMap<ConnId, Connection>,
    /// Frames for connections.
    pub out: Vec<(ConnId, ServerFrame)>,
    /// Connections that end after their frames.
    pub closed: Vec<ConnId>,
    pub lies: Lies,
    /// Sends that were stored.
    pub stored: u64,
}

fn fail(code: ProblemCode, status: u16) -> Problem {
    Problem {
        code,
        title: String::new(),
        status,
        retry_after_ms: None,
        device_list: None,
    }
}

fn digest(submission: &Submission) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    for envelope in &submission.envelopes {
        (envelope.device, &envelope.body.0).hash(&mut hasher);
    }
    hasher.finish()
}

type Reply = Result<Vec<u8>, Problem>;

fn ok<T: Serialize>(value: &T) -> Reply {
    Ok(codec::to_json(value).unwrap().into_bytes())
}

fn read<T: DeserializeOwned>(body: Option<&str>) -> Result<T, Problem> {
    codec::from_json(body.unwrap_or_default().as_bytes())
        .map_err(|_| fail(ProblemCode::Malformed, 400))
}

impl Relay {
    pub fn new(rng: ChaCha8Rng) -> Self {
        Self {
            rng,
            accounts: HashMap::new(),
            devices: HashMap::new(),
            tokens: HashMap::new(),
            enrolments: HashMap::new(),
            ceremonies: HashMap::new(),
            challenges: HashMap::new(),
            connections: HashMap::new(),
            out: Vec::new(),
            closed: Vec::new(),
            lies: Lies::default(),
            stored: 0,
        }
    }

    /// Connections and ceremonies end; what was stored stays.
    pub fn kill(&mut self) -> Vec<ConnId> {
        self.out.clear();
        self.ceremonies.clear();
        self.challenges.clear();
        self.connections.drain().map(|(id, _)| id).collect()
    }

    pub fn by_name(&self, name: &str) -> Option<AccountId> {
        self.accounts
            .iter()
            .find(|(_, a)| a.username.eq_ignore_ascii_case(name))
            .map(|(id, _)| *id)
    }

    fn random(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 32];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    pub fn http(
        &mut self,
        now: u64,
        method: &str,
        path: &str,
        bearer: Option<&str>,
        body: Option<&str>,
    ) -> (u16, Vec<u8>) {
        if self.lies.nonsense {
            return (200, b"<html>welcome to the hotel's network</html>".to_vec());
        }
        match self.route(now, method, path, bearer, body) {
            Ok(body) => (200, body),
            Err(problem) => (problem.status, codec::to_json(&problem).unwrap().into()),
        }
    }

    fn route(
        &mut self,
        now: u64,
        method: &str,
        path: &str,
        bearer: Option<&str>,
        body: Option<&str>,
    ) -> Reply {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let bearer = bearer.map(|text| URL_SAFE_NO_PAD.decode(text).unwrap());
        match (method, parts.as_slice()) {
            ("GET", ["server"]) => ok(&ServerInfo {
                name: "Simulated".into(),
                registration: Registration::Open,
                protocol: 1,
            }),
            ("POST", ["register", "start"]) => self.register_start(read(body)?),
            ("POST", ["register", "finish"]) => self.register_finish(now, read(body)?),
            ("POST", ["login", "start"]) => self.login_start(read(body)?),
            ("POST", ["login", "finish"]) => {
                let finish: LoginFinish = read(body)?;
                match self.ceremonies.remove(&finish.ceremony.0) {
                    Some(Ceremony::Login(account)) => self.enrolment(account),
                    _ => Err(fail(ProblemCode::CeremonyExpired, 400)),
                }
            }
            ("POST", ["recovery", "start"]) => self.recovery_start(read(body)?),
            ("POST", ["recovery", "open"]) => self.recovery_open(read(body)?),
            ("POST", ["recovery", "finish"]) => {
                let account = self.enroller(bearer)?;
                let finish: RecoveryFinish = read(body)?;
                let session = self.enrol(now, account, finish.device)?;
                let account = self.accounts.get_mut(&account).unwrap();
                account.vault = Some(finish.vault);
                account.password = finish.record.0;
                ok(&session)
            }
            ("POST", ["devices"]) => {
                let account = self.enroller(bearer)?;
                let session = self.enrol(now, account, read(body)?)?;
                ok(&session)
            }
            ("POST", ["session", "challenge"]) => {
                let request: ChallengeRequest = read(body)?;
                self.listed(request.account, request.device)?;
                let challenge = self.random();
                self.challenges.insert(challenge.clone(), request.device);
                ok(&Challenge {
                    challenge: challenge.into(),
                })
            }
            ("POST", ["session"]) => self.session(now, read(body)?),
            ("GET", ["accounts", account, "device-lists"]) => {
                let account: AccountId = account.parse().unwrap();
                if self.enroller(bearer.clone()).is_err() {
                    self.authenticate(now, bearer)?;
                }
                let after = query.trim_start_matches("after=").parse().unwrap();
                self.device_lists(account, after)
            }
            _ => {
                let who = self.authenticate(now, bearer)?;
                self.for_device(now, who, method, &parts, query, body)
            }
        }
    }

    fn for_device(
        &mut self,
        now: u64,
        (account, device): (AccountId, DeviceId),
        method: &str,
        parts: &[&str],
        query: &str,
        body: Option<&str>,
    ) -> Reply {
        match (method, parts) {
            ("GET", ["vault"]) => ok(self.accounts[&account].vault.as_ref().unwrap()),
            ("PUT", ["vault"]) => {
                let vault: Vault = read(body)?;
                let stored = self.accounts.get_mut(&account).unwrap();
                let stored = stored.vault.as_mut().unwrap();
                if vault.version != stored.version + 1 {
                    return Err(fail(ProblemCode::VaultConflict, 409));
                }
                *stored = vault;
                Ok(Vec::new())
            }
            ("GET", ["users"]) => {
                let prefix = query.trim_start_matches("prefix=").to_lowercase();
                let mut people: Vec<Person> = self
                    .accounts
                    .iter()
                    .filter(|(_, a)| a.username.to_lowercase().starts_with(&prefix))
                    .map(|(id, a)| Person {
                        account: *id,
                        username: Username::parse(&a.username).unwrap(),
                    })
                    .collect();
                people.sort_by_key(|person| person.username.folded());
                ok(&People { people })
            }
            ("PUT", ["device-list"]) => {
                let update: DeviceListUpdate = read(body)?;
                self.put_list(now, account, update.device_list)?;
                Ok(Vec::new())
            }
            ("GET", ["prekeys"]) => ok(&self.prekeys_left(device)),
            ("PUT", ["prekeys"]) => {
                let upload: PrekeyUpload = read(body)?;
                self.put_prekeys(device, upload);
                ok(&self.prekeys_left(device))
            }
            ("POST", ["accounts", account, "prekeys", "claim"]) => {
                let account: AccountId = account.parse().unwrap();
                self.claim(account, &read::<PrekeyClaim>(body)?.devices)
            }
            other => panic!("the relay has no {other:?}"),
        }
    }

    fn register_start(&mut self, start: RegisterStart) -> Reply {
        let name = Username::parse(&start.username)
            .map_err(|_| fail(ProblemCode::UsernameInvalid, 400))?;
        if self.by_name(name.as_str()).is_some() {
            return Err(fail(ProblemCode::UsernameTaken, 409));
        }
        let ceremony = self.random();
        self.ceremonies
            .insert(ceremony.clone(), Ceremony::Register(start.username));
        ok(&RegisterStarted {
            ceremony: ceremony.into(),
            response: start.request,
        })
    }

    fn register_finish(&mut self, now: u64, finish: RegisterFinish) -> Reply {
        let Some(Ceremony::Register(username)) = self.ceremonies.remove(&finish.ceremony.0) else {
            return Err(fail(ProblemCode::CeremonyExpired, 400));
        };
        if self.by_name(&username).is_some() {
            return Err(fail(ProblemCode::UsernameTaken, 409));
        }
        self.accounts.insert(
            finish.account,
            Account {
                username,
                password: finish.record.0,
                key: finish.account_key.0,
                recovery_key: finish.recovery_key.0,
                vault: Some(finish.vault),
                ..Account::default()
            },
        );
        let session = self.enrol(now, finish.account, finish.device)?;
        ok(&session)
    }

    fn login_start(&mut self, start: LoginStart) -> Reply {
        let ceremony = self.random();
        let account = self.by_name(&start.username);
        let response = account.map_or(b"nobody".to_vec(), |id| self.accounts[&id].password.clone());
        if let Some(account) = account {
            self.ceremonies
                .insert(ceremony.clone(), Ceremony::Login(account));
        }
        ok(&LoginStarted {
            ceremony: ceremony.into(),
            response: response.into(),
        })
    }

    fn recovery_start(&mut self, start: RecoveryStart) -> Reply {
        let (ceremony, challenge) = (self.random(), self.random());
        if let Some(account) = self.by_name(&start.username) {
            self.ceremonies.insert(
                ceremony.clone(),
                Ceremony::Recovery(account, challenge.clone()),
            );
        }
        ok(&RecoveryStarted {
            ceremony: ceremony.into(),
            challenge: challenge.into(),
            response: start.request,
        })
    }

    fn recovery_open(&mut self, open: RecoveryOpen) -> Reply {
        use sotto_crypto_core::primitives::{labels::Label, signature::*};
        let wrong = fail(ProblemCode::CredentialsWrong, 401);
        let Some(Ceremony::Recovery(account, challenge)) = self.ceremonies.remove(&open.ceremony.0)
        else {
            return Err(wrong);
        };
        let key: [u8; 32] = self.accounts[&account]
            .recovery_key
            .clone()
            .try_into()
            .unwrap();
        let signature = Signature::from_bytes(open.signature.0.try_into().unwrap());
        VerifyingKey::from_bytes(&key)
            .unwrap()
            .verify(Label::RecoveryChallenge, &challenge, &signature)
            .map_err(|_| wrong)?;
        self.enrolment(account)
    }

    fn enrolment(&mut self, id: AccountId) -> Reply {
        let token = self.random();
        self.enrolments.insert(token.clone(), id);
        let account = &self.accounts[&id];
        ok(&Enrolment {
            token: token.into(),
            account: id,
            username: Username::parse(&account.username).unwrap(),
            account_key: account.key.clone().into(),
            vault: account.vault.clone().unwrap(),
            device_list: account.lists.last().unwrap().clone(),
        })
    }

    fn enroller(&self, bearer: Option<Vec<u8>>) -> Result<AccountId, Problem> {
        let known = bearer.and_then(|token| self.enrolments.get(&token).copied());
        known.ok_or(fail(ProblemCode::SessionExpired, 401))
    }

    fn enrol(&mut self, now: u64, account: AccountId, new: NewDevice) -> Result<Session, Problem> {
        self.put_list(now, account, new.device_list)?;
        self.devices.entry(new.device).or_default().account = Some(account);
        self.put_prekeys(new.device, new.prekeys);
        Ok(self.open_session(now, account, new.device))
    }

    fn put_list(&mut self, _: u64, id: AccountId, bytes: Bytes) -> Result<(), Problem> {
        let account = self.accounts.get_mut(&id).unwrap();
        let key = AccountKey::from_bytes(&account.key.clone().try_into().unwrap()).unwrap();
        let list = UnverifiedDeviceList::decode(&bytes)
            .unwrap()
            .verify(
                sotto_crypto_core::identity::AccountId::from_bytes(id.0),
                &key,
            )
            .unwrap();
        if list.version() != account.lists.len() as u64 + 1 {
            return Err(fail(ProblemCode::DeviceListConflict, 409));
        }
        account.lists.push(bytes);
        let devices: Vec<DeviceId> = list
            .devices()
            .iter()
            .map(|c| DeviceId(*c.device().as_bytes()))
            .collect();
        let gone: Vec<DeviceId> = account
            .devices
            .iter()
            .filter(|d| !devices.contains(d))
            .copied()
            .collect();
        account.devices = devices;
        for device in gone {
            self.devices.remove(&device);
            let theirs: Vec<ConnId> = self
                .connections
                .iter()
                .filter(|(_, c)| c.device.is_some_and(|(_, d)| d == device))
                .map(|(id, _)| *id)
                .collect();
            for conn in theirs {
                let problem = fail(ProblemCode::DeviceRevoked, 403);
                self.out.push((conn, ServerFrame::Problem(problem)));
                self.connections.remove(&conn);
                self.closed.push(conn);
            }
        }
        let version = list.version();
        let everybody: Vec<ConnId> = self.connections.keys().copied().collect();
        for conn in everybody {
            let account = id;
            self.out
                .push((conn, ServerFrame::DeviceListChanged { account, version }));
        }
        Ok(())
    }

    fn listed(&self, account: AccountId, device: DeviceId) -> Result<(), Problem> {
        let account = self
            .accounts
            .get(&account)
            .ok_or(fail(ProblemCode::AccountUnknown, 404))?;
        match account.devices.contains(&device) {
            true => Ok(()),
            false => Err(fail(ProblemCode::DeviceRevoked, 403)),
        }
    }

    fn session(&mut self, now: u64, request: SessionRequest) -> Reply {
        let device = self.challenges.remove(&request.challenge.0);
        if device != Some(request.device) {
            return Err(fail(ProblemCode::CeremonyExpired, 400));
        }
        self.listed(request.account, request.device)?;
        ok(&self.open_session(now, request.account, request.device))
    }

    fn open_session(&mut self, now: u64, account: AccountId, device: DeviceId) -> Session {
        let token = self.random();
        let expires_at = now + 24 * 60 * 60_000;
        self.tokens
            .insert(token.clone(), (account, device, expires_at));
        Session {
            token: token.into(),
            expires_at,
        }
    }

    fn authenticate(
        &self,
        now: u64,
        bearer: Option<Vec<u8>>,
    ) -> Result<(AccountId, DeviceId), Problem> {
        let expired = || fail(ProblemCode::SessionExpired, 401);
        let (account, device, expires_at) = bearer
            .and_then(|token| self.tokens.get(&token).copied())
            .ok_or_else(expired)?;
        if now >= expires_at {
            return Err(expired());
        }
        self.listed(account, device)?;
        Ok((account, device))
    }

    fn device_lists(&self, id: AccountId, after: u64) -> Reply {
        if let Some(lie) = self.lies.lists.get(&id) {
            return ok(lie);
        }
        let account = self
            .accounts
            .get(&id)
            .ok_or(fail(ProblemCode::AccountUnknown, 404))?;
        ok(&DeviceLists {
            account_key: account.key.clone().into(),
            username: Username::parse(&account.username).unwrap(),
            lists: account
                .lists
                .iter()
                .skip(after as usize)
                .take(3)
                .cloned()
                .collect(),
            newest: account.lists.len() as u64,
        })
    }

    fn prekeys_left(&self, device: DeviceId) -> PrekeyCount {
        let device = &self.devices[&device];
        PrekeyCount {
            one_time: device.one_time.len() as u32,
            kem_one_time: device.kem_one_time.len() as u32,
        }
    }

    fn put_prekeys(&mut self, device: DeviceId, upload: PrekeyUpload) {
        let device = self.devices.entry(device).or_default();
        if let Some(signed) = upload.signed {
            device.signed = signed;
        }
        if let Some(kem) = upload.kem_last_resort {
            device.kem_last_resort = kem;
        }
        device.one_time.extend(upload.one_time);
        device.kem_one_time.extend(upload.kem_one_time);
    }

    pub fn claim(&mut self, account: AccountId, devices: &[DeviceId]) -> Reply {
        let mut bundles = Vec::new();
        for id in devices {
            let listed = self.listed(account, *id).is_ok();
            let Some(device) = self.devices.get_mut(id).filter(|_| listed) else {
                continue;
            };
            if self.lies.withhold_prekeys {
                continue;
            }
            let one_time = device.one_time.pop_front();
            let kem = device
                .kem_one_time
                .pop_front()
                .unwrap_or(device.kem_last_resort.clone());
            bundles.push(PrekeyBundle {
                device: *id,
                signed: device.signed.clone(),
                one_time,
                kem,
            });
            let left = self.prekeys_left(*id);
            if (left.one_time as usize) < ONE_TIME_PREKEYS_LOW {
                self.tell(*id, || ServerFrame::PrekeysLow {
                    one_time: left.one_time,
                    kem_one_time: left.kem_one_time,
                });
            }
        }
        ok(&PrekeyBundles { bundles })
    }

    fn tell(&mut self, device: DeviceId, frame: impl Fn() -> ServerFrame) {
        for (id, conn) in &self.connections {
            if conn.device.is_some_and(|(_, d)| d == device) {
                self.out.push((*id, frame()));
            }
        }
    }

    pub fn open(&mut self, conn: ConnId) {
        self.connections.insert(
            conn,
            Connection {
                device: None,
                open: BTreeMap::new(),
                cursor: 0,
                caught_up: false,
            },
        );
    }

    pub fn close(&mut self, conn: ConnId) {
        self.connections.remove(&conn);
    }

    pub fn frame(&mut self, now: u64, conn: ConnId, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&conn) else {
            return;
        };
        let frame: ClientFrame = codec::from_cbor(bytes).unwrap();
        let Some((account, device)) = connection.device else {
            let ClientFrame::Hello { token } = frame else {
                panic!("the first frame must be hello");
            };
            return self.hello(now, conn, token);
        };
        match frame {
            ClientFrame::Hello { .. } => panic!("hello twice"),
            ClientFrame::Send(submission) => {
                let id = submission.id;
                let frame = match self.send(now, account, device, submission) {
                    Ok(()) => ServerFrame::Accepted(vec![id]),
                    Err(problem) => ServerFrame::Refused { id, problem },
                };
                self.out.push((conn, frame));
            }
            ClientFrame::Ack { through } => {
                let delivered: Vec<u64> = connection
                    .open
                    .range(..=through)
                    .map(|(seq, ())| *seq)
                    .collect();
                for seq in delivered {
                    connection.open.remove(&seq);
                    if let Some(device) = self.devices.get_mut(&device) {
                        device.mailbox.remove(&seq);
                    }
                }
                self.push(device);
            }
            ClientFrame::Ephemeral(ephemeral) => {
                for envelope in ephemeral.envelopes {
                    self.tell(envelope.device, || ServerFrame::Ephemeral {
                        from: account,
                        device,
                        body: envelope.body.clone(),
                    });
                }
            }
            ClientFrame::Ping => self.out.push((conn, ServerFrame::Pong)),
        }
    }

    fn hello(&mut self, now: u64, conn: ConnId, token: Bytes) {
        match self.authenticate(now, Some(token.0)) {
            Ok((account, device)) => {
                let earlier: Vec<ConnId> = self
                    .connections
                    .iter()
                    .filter(|(_, c)| c.device.is_some_and(|(_, d)| d == device))
                    .map(|(id, _)| *id)
                    .collect();
                for id in earlier {
                    self.connections.remove(&id);
                    self.closed.push(id);
                }
                if let Some(connection) = self.connections.get_mut(&conn) {
                    connection.device = Some((account, device));
                }
                self.out.push((conn, ServerFrame::Welcome { now }));
                self.push(device);
            }
            Err(problem) => {
                self.out.push((conn, ServerFrame::Problem(problem)));
                self.connections.remove(&conn);
                self.closed.push(conn);
            }
        }
    }

    fn send(
        &mut self,
        now: u64,
        from: AccountId,
        device: DeviceId,
        submission: Submission,
    ) -> Result<(), Problem> {
        if let Some(problem) = &self.lies.refuse {
            return Err(problem.clone());
        }
        let digest = digest(&submission);
        if let Some(earlier) = self.devices[&device].accepted.get(&submission.id) {
            return match *earlier == digest {
                true => Ok(()),
                false => Err(fail(ProblemCode::MessageIdReused, 409)),
            };
        }
        let to = self
            .accounts
            .get(&submission.to)
            .ok_or(fail(ProblemCode::AccountUnknown, 404))?;
        let newest = to.lists.len() as u64;
        let mut wanted: Vec<DeviceId> = to.devices.clone();
        wanted.retain(|d| *d != device);
        let mut given: Vec<DeviceId> = submission.envelopes.iter().map(|e| e.device).collect();
        given.sort();
        wanted.sort();
        if submission.device_list != newest || given != wanted {
            let mut problem = fail(ProblemCode::DeviceListStale, 409);
            problem.device_list = Some(newest);
            return Err(problem);
        }
        for envelope in &submission.envelopes {
            self.put(
                Delivery {
                    seq: 0,
                    from,
                    device,
                    id: submission.id,
                    received_at: now,
                    body: envelope.body.clone(),
                },
                envelope.device,
            );
        }
        self.stored += 1;
        let sender = self.devices.get_mut(&device).unwrap();
        sender.accepted.insert(submission.id, digest);
        for envelope in &submission.envelopes {
            self.push(envelope.device);
        }
        Ok(())
    }

    pub fn drop_one_time_prekeys(&mut self, device: DeviceId) {
        let device = self.devices.get_mut(&device).unwrap();
        device.one_time.clear();
        device.kem_one_time.clear();
    }

    pub fn one_time_prekeys(&self, device: DeviceId) -> usize {
        let device = &self.devices[&device];
        device.one_time.len().min(device.kem_one_time.len())
    }

    pub fn signed_prekey(&self, device: DeviceId) -> Bytes {
        self.devices[&device].signed.clone()
    }

    /// Stores an envelope for a device.
    pub fn put(&mut self, mut delivery: Delivery, device: DeviceId) {
        let device = self.devices.get_mut(&device).unwrap();
        device.next_seq += 1 + u64::from(self.rng.next_u32() % 2);
        delivery.seq = device.next_seq;
        device.mailbox.insert(delivery.seq, delivery);
    }

    /// Delivers what waits, as far as the window goes.
    pub fn push(&mut self, id: DeviceId) {
        let Some((conn, connection)) = self
            .connections
            .iter_mut()
            .find(|(_, c)| c.device.is_some_and(|(_, d)| d == id))
        else {
            return;
        };
        let room = DELIVERY_WINDOW.saturating_sub(connection.open.len());
        let Some(device) = self.devices.get(&id) else {
            return;
        };
        let batch: Vec<Delivery> = device
            .mailbox
            .range(connection.cursor + 1..)
            .take(room)
            .map(|(_, d)| d.clone())
            .collect();
        if let Some(last) = batch.last() {
            connection.cursor = last.seq;
            for delivery in &batch {
                connection.open.insert(delivery.seq, ());
            }
            self.out.push((*conn, ServerFrame::Deliver(batch)));
        }
        let empty = device
            .mailbox
            .range(connection.cursor + 1..)
            .next()
            .is_none();
        if !connection.caught_up && empty {
            connection.caught_up = true;
            self.out.push((*conn, ServerFrame::QueueEmpty));
        }
    }
}
