//! A relay in a temporary folder, and a client that performs whole ceremonies with the client half of OPAQUE and `crypto-core`.
#![allow(dead_code)]

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, header},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http_body_util::BodyExt as _;
use rand_core::{Rng as _, SeedableRng as _};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sotto_crypto_core::{
    identity::{
        AccountId as CoreAccountId, AccountSecret, DeviceCertificate, DeviceId as CoreDeviceId,
        DeviceList, DeviceSecret, UnverifiedDeviceList,
    },
    prekey::{KemPrekeyKind, KemPrekeySecret, OneTimePrekeySecret, SignedPrekeySecret},
    recovery_key::RecoveryKey,
};
use sotto_opaque::{ClientLogin, ClientRegistration};
use sotto_protocol::{AccountId, Bytes, DeviceId, Problem, ProblemCode, http::*};
use sotto_server::{
    app::{self, Built},
    config::{Config, WhoMayRegister},
};
use tower::ServiceExt as _;

pub type Random = rand_chacha::ChaCha20Rng;

/// Prints its seed; `SOTTO_SEED` gives one.
pub fn random() -> Random {
    let seed = std::env::var("SOTTO_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| getrandom::u64().unwrap());
    println!("SOTTO_SEED={seed}");
    Random::seed_from_u64(seed)
}

/// A folder that vanishes.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let path = std::env::temp_dir().join(format!(
            "sotto-test-{}-{}-{:x}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed),
            getrandom::u64().unwrap()
        ));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Relay {
    pub built: Built,
    pub folder: Folder,
}

pub struct Answer {
    pub status: u16,
    pub headers: axum::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn ok<T: DeserializeOwned>(self) -> T {
        assert!(
            self.status < 300,
            "{} {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        let body = if self.body.is_empty() {
            b"null".as_slice()
        } else {
            &self.body
        };
        serde_json::from_slice(body).unwrap()
    }

    #[track_caller]
    pub fn problem(self) -> Problem {
        assert!(
            self.status >= 400,
            "{} {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json",
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status);
        problem
    }

    #[track_caller]
    pub fn code(self) -> ProblemCode {
        self.problem().code
    }
}

impl Relay {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::in_folder(Folder::new(), change).await
    }

    pub async fn in_folder(folder: Folder, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::for_tests(folder.0.clone());
        config.registration = WhoMayRegister::Open;
        change(&mut config);
        let built = app::build(&config).await.unwrap();
        Self { built, folder }
    }

    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        let from = SocketAddr::from(([192, 0, 2, 1], 4000));
        if request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .is_none()
        {
            request.extensions_mut().insert(ConnectInfo(from));
        }
        let response = self.built.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&Bytes>,
        body: Option<Vec<u8>>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            let token = URL_SAFE_NO_PAD.encode(&token.0);
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body)
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    pub async fn get(&self, path: &str, token: &Bytes) -> Answer {
        self.call(Method::GET, path, Some(token), None).await
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        self.call(Method::POST, path, None, Some(body)).await
    }

    pub async fn post_as(&self, path: &str, token: &Bytes, body: &impl Serialize) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        self.call(Method::POST, path, Some(token), Some(body)).await
    }

    pub async fn put_as(&self, path: &str, token: &Bytes, body: &impl Serialize) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        self.call(Method::PUT, path, Some(token), Some(body)).await
    }

    pub async fn json(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, None, None).await;
        serde_json::from_slice(&answer.body).unwrap()
    }
}

/// A person with everything that their devices hold.
pub struct Human {
    pub name: String,
    pub password: String,
    pub id: AccountId,
    pub secret: AccountSecret,
    pub recovery: RecoveryKey,
    pub list: DeviceList,
    pub vault: Vault,
}

/// One of a person's devices.
pub struct Device {
    pub id: DeviceId,
    pub secret: DeviceSecret,
    pub certificate: DeviceCertificate,
    pub next_prekey: u32,
    pub token: Bytes,
}

impl Human {
    pub fn new(name: &str, password: &str, rng: &mut Random) -> (Self, Device) {
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        let secret = AccountSecret::generate(rng);
        let device = Device::new(&secret, AccountId(id), rng);
        let list = DeviceList::first(
            &secret,
            CoreAccountId::from_bytes(id),
            vec![device.certificate.clone()],
        )
        .unwrap();
        let person = Self {
            name: name.to_owned(),
            password: password.to_owned(),
            id: AccountId(id),
            secret,
            recovery: RecoveryKey::generate(rng),
            list,
            vault: Vault {
                version: 1,
                sealed: vec![7; 300].into(),
                password_wrap: vec![8; 100].into(),
                recovery_wrap: vec![9; 100].into(),
            },
        };
        (person, device)
    }

    /// Both steps of a registration; the request of the second, for those who want to spoil it.
    pub async fn prepare(
        &self,
        relay: &Relay,
        device: &mut Device,
        rng: &mut Random,
    ) -> Result<RegisterFinish, Problem> {
        let (state, request) = ClientRegistration::start(self.password.as_bytes()).unwrap();
        let start = RegisterStart {
            username: self.name.clone(),
            request: request.into(),
            invitation: None,
        };
        let answer = relay.post("/v1/register/start", &start).await;
        if answer.status != 200 {
            return Err(answer.problem());
        }
        let started: RegisterStarted = answer.ok();
        let registered = state.finish(&started.response, &self.name).unwrap();
        Ok(RegisterFinish {
            ceremony: started.ceremony,
            record: registered.upload.into(),
            account: self.id,
            account_key: self.secret.public().as_bytes().as_slice().into(),
            recovery_key: self
                .recovery
                .signing_secret()
                .public()
                .as_bytes()
                .as_slice()
                .into(),
            vault: self.vault.clone(),
            device: NewDevice {
                device: device.id,
                device_list: self.list.encode().into(),
                prekeys: device.prekeys(5, rng),
            },
        })
    }

    pub async fn register(relay: &Relay, name: &str, rng: &mut Random) -> (Self, Device) {
        let (person, mut device) = Self::new(name, &format!("{name}'s long password"), rng);
        let finish = person.prepare(relay, &mut device, rng).await.unwrap();
        let session: Session = relay.post("/v1/register/finish", &finish).await.ok();
        device.token = session.token;
        (person, device)
    }

    pub async fn login(&self, relay: &Relay, password: &str) -> Result<Enrolment, ProblemCode> {
        login(relay, &self.name, password)
            .await
            .map_err(|problem| problem.code)
    }

    /// The list with one more device.
    pub fn list_with(&self, device: &Device) -> DeviceList {
        let mut devices = self.list.devices().to_vec();
        devices.push(device.certificate.clone());
        devices.sort_by_key(DeviceCertificate::device);
        self.list.next(&self.secret, devices).unwrap()
    }

    /// The list without a device.
    pub fn list_without(&self, device: DeviceId) -> DeviceList {
        let devices = self
            .list
            .devices()
            .iter()
            .filter(|one| *one.device().as_bytes() != device.0)
            .cloned()
            .collect();
        self.list.next(&self.secret, devices).unwrap()
    }

    /// Signs in on a further browser.
    pub async fn sign_in(&mut self, relay: &Relay, rng: &mut Random) -> Device {
        let enrolment = self.login(relay, &self.password.clone()).await.unwrap();
        self.adopt(&enrolment.device_list);
        let mut device = Device::new(&self.secret, self.id, rng);
        let list = self.list_with(&device);
        let new = NewDevice {
            device: device.id,
            device_list: list.encode().into(),
            prekeys: device.prekeys(5, rng),
        };
        let session: Session = relay
            .post_as("/v1/devices", &enrolment.token, &new)
            .await
            .ok();
        device.token = session.token;
        self.list = list;
        device
    }

    /// Takes a list that the relay gave.
    pub fn adopt(&mut self, bytes: &[u8]) {
        self.list = UnverifiedDeviceList::decode(bytes)
            .unwrap()
            .verify(CoreAccountId::from_bytes(self.id.0), &self.secret.public())
            .unwrap();
    }
}

pub async fn login(relay: &Relay, name: &str, password: &str) -> Result<Enrolment, Problem> {
    let (state, request) = ClientLogin::start(password.as_bytes()).unwrap();
    let start = LoginStart {
        username: name.to_owned(),
        request: request.into(),
    };
    let answer = relay.post("/v1/login/start", &start).await;
    if answer.status != 200 {
        return Err(answer.problem());
    }
    let started: LoginStarted = answer.ok();
    // A client that has the wrong password notices, and says so to nobody; an attacker guesses a finalization.
    let finalization = match state.finish(&started.response, name) {
        Ok(logged_in) => logged_in.finalization,
        Err(_) => vec![0; 64],
    };
    let finish = LoginFinish {
        ceremony: started.ceremony,
        finalization: finalization.into(),
    };
    let answer = relay.post("/v1/login/finish", &finish).await;
    if answer.status == 200 {
        Ok(answer.ok())
    } else {
        Err(answer.problem())
    }
}

impl Device {
    pub fn new(secret: &AccountSecret, account: AccountId, rng: &mut Random) -> Self {
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        let device = DeviceSecret::generate(rng);
        let certificate = DeviceCertificate::issue(
            secret,
            CoreAccountId::from_bytes(account.0),
            CoreDeviceId::from_bytes(id),
            &device.public(),
            1,
        );
        Self {
            id: DeviceId(id),
            secret: device,
            certificate,
            next_prekey: 1,
            token: Bytes::default(),
        }
    }

    fn next_id(&mut self) -> u32 {
        self.next_prekey += 1;
        self.next_prekey - 1
    }

    /// Fresh prekeys of every sort.
    pub fn prekeys(&mut self, count: usize, rng: &mut Random) -> PrekeyUpload {
        let (id, last_id) = (self.next_id(), self.next_id());
        let signed = SignedPrekeySecret::generate(rng, &self.secret, id, 1);
        let last = KemPrekeySecret::generate(rng, &self.secret, last_id, KemPrekeyKind::LastResort);
        PrekeyUpload {
            signed: Some(signed.public().encode().as_slice().into()),
            kem_last_resort: Some(last.public().encode().into()),
            ..self.one_time(count, rng)
        }
    }

    /// Fresh one-time prekeys.
    pub fn one_time(&mut self, count: usize, rng: &mut Random) -> PrekeyUpload {
        let one_time = (0..count)
            .map(|_| {
                let prekey = OneTimePrekeySecret::generate(rng, self.next_id());
                Bytes::from(prekey.public().encode().as_slice())
            })
            .collect();
        let kem_one_time = (0..count)
            .map(|_| {
                let id = self.next_id();
                let kind = KemPrekeyKind::OneTime;
                let prekey = KemPrekeySecret::generate(rng, &self.secret, id, kind);
                Bytes::from(prekey.public().encode())
            })
            .collect();
        PrekeyUpload {
            signed: None,
            kem_last_resort: None,
            one_time,
            kem_one_time,
        }
    }
}
