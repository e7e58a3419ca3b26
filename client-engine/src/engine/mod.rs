//! The engine: takes one input at a time and hands it to whoever it concerns (PROTOCOL.md section 9).
//!
//! Dispatch, `connecting` and `entering` only. What somebody who is signed in has and does is in `home`; how one gets there is in `account`.

mod connecting;
mod entering;

use rand_core::CryptoRng;
use sotto_protocol::{
    http::{Registration, ServerInfo},
    socket::ClientFrame,
};

use crate::{
    account::{
        ceremony::{Ceremony, Got, Stage},
        devices::Removed,
        me::Me,
    },
    api::{
        command::Command,
        event::Event,
        problem::Problem,
        view::{AccountView, RegistrationView, RelayView},
    },
    connection::{Connection, Due},
    home::Home,
    host::{CallId, Effect, EffectId, Input, Output, Row},
    requests::{Answer, Ask, Auth, Requests, parse},
    sessions::prekeys::Prekeys,
    storage,
    turn::Turn,
};

/// A client, without I/O. See [`crate::host`] for what its host must do.
pub struct Engine {
    requests: Requests,
    connection: Connection,
    home: Option<Box<Home>>,
    ceremony: Option<Ceremony>,
    /// Why nobody is signed in, where that was not their doing.
    reason: Option<Problem>,
    ceremonies: u64,
    renewing: bool,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("signed_in", &self.home.is_some())
            .field("connection", &self.connection.phase)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Takes up where the stored rows left off. Gives the first output: what to tell, and what was interrupted.
    pub fn restore(rows: Vec<Row>, now: u64, rng: &mut dyn CryptoRng) -> (Self, Output) {
        let mut engine = Self {
            requests: Requests::new(rng.next_u32()),
            connection: Connection::default(),
            home: None,
            ceremony: None,
            reason: None,
            ceremonies: rng.next_u64() >> 16,
            renewing: false,
        };
        let output = engine.turn(now, rng, |engine, t| engine.take_up(t, &rows));
        (engine, output)
    }

    /// Takes one input. The host persists the writes atomically, then performs the effects in order.
    pub fn step(&mut self, input: Input, now: u64, rng: &mut dyn CryptoRng) -> Output {
        self.turn(now, rng, |engine, t| engine.dispatch(t, input))
    }

    /// Runs one step around `act`, and gathers what came of it.
    fn turn(
        &mut self,
        now: u64,
        rng: &mut dyn CryptoRng,
        act: impl FnOnce(&mut Self, &mut Turn<'_>),
    ) -> Output {
        // The parts that a turn borrows are lent to it, and come back below.
        let mut requests = std::mem::take(&mut self.requests);
        let mut connection = std::mem::take(&mut self.connection);
        let mut t = Turn::new(now, rng, &mut requests, &mut connection);
        act(self, &mut t);
        self.settle(&mut t);
        let (writes, effects) = t.finish();
        self.requests = requests;
        self.connection = connection;
        Output {
            writes,
            effects,
            wake_at: self.wake_at(),
        }
    }

    fn take_up(&mut self, t: &mut Turn<'_>, rows: &[Row]) {
        let row = |key: &str| rows.iter().find(|row| row.key == key);
        let me = row(storage::ME).map(|row| Me::restore(&row.value));
        match (me, row(storage::PENDING)) {
            (Some(Ok(me)), _) => {
                let mut home = Box::new(Home::new(me, Prekeys::default()));
                let corrupt = home.restore(rows);
                for key in &corrupt {
                    t.delete(key.clone());
                }
                if !corrupt.is_empty() {
                    let problem = Problem::StorageCorrupt;
                    t.event(Event::Problem { problem });
                }
                let token = row(storage::TOKEN).and_then(|row| storage::get(&row.value).ok());
                if let Some(token) = token {
                    let effects = t.requests.set_token(token, t.now);
                    effects.into_iter().for_each(|effect| t.effect(effect));
                }
                home.resume(t);
                self.home = Some(home);
                self.tell_account(t);
                self.connect(t);
            }
            (Some(Err(_)), _) => {
                // Without its secrets this device can't go on: it starts afresh as a new one.
                t.clear();
                self.reason = Some(Problem::StorageCorrupt);
                self.tell_account(t);
            }
            (None, Some(pending)) => {
                self.tell_account(t);
                self.resume_ceremony(t, rows, pending);
            }
            (None, None) => self.tell_account(t),
        }
    }

    fn dispatch(&mut self, t: &mut Turn<'_>, input: Input) {
        match input {
            Input::Command { call, command } => self.command(t, call, command),
            Input::Http { id, response } => {
                if let Some((ask, answer)) = t.requests.finish(id, response) {
                    self.answered(t, id, ask, answer);
                }
            }
            Input::Opaque { id, output } => self.ceremony_got(t, id, Got::Opaque(output)),
            Input::SocketOpened => self.socket_opened(t),
            Input::SocketFrame(bytes) => self.socket_frame(t, &bytes),
            Input::SocketClosed => {
                if t.connection.has_socket() {
                    self.disconnect(t, 0, false);
                }
            }
            Input::Rows { id, rows } => {
                if let Some(home) = &mut self.home {
                    home.rows(t, id, rows);
                }
            }
            Input::Wake => {}
            Input::NetworkUp => self.hurry(t),
        }
        self.tend(t);
    }

    /// What time has brought due; cheap when nothing is.
    fn tend(&mut self, t: &mut Turn<'_>) {
        match t.connection.due(t.now) {
            Due::Nothing => {}
            Due::Connect => self.connect(t),
            Due::Ping => {
                t.connection.pinged(t.now);
                t.frame(&ClientFrame::Ping);
            }
            Due::GiveUp => self.disconnect(t, 0, true),
        }
        if let Some(home) = &mut self.home {
            home.tend(t);
        }
        if let Some(Ceremony {
            waits,
            stage: Stage::Finish(finish),
            ..
        }) = &mut self.ceremony
            && let Some(id) = finish.tend(t)
        {
            *waits = id;
        }
    }

    /// At the end of each step.
    fn settle(&mut self, t: &mut Turn<'_>) {
        if self.home.as_ref().is_some_and(|home| home.removed) {
            self.removed(t, true);
        }
        if let Some(home) = &mut self.home {
            if t.requests.token_wanted && !self.renewing {
                self.renewing = true;
                home.renew_token(t);
            }
            home.flush(t);
        }
    }

    fn wake_at(&self) -> Option<u64> {
        let home = self
            .home
            .as_ref()
            .and_then(|home| home.wake_at(self.connection.phase));
        let ceremony = self
            .ceremony
            .as_ref()
            .and_then(|ceremony| match &ceremony.stage {
                Stage::Finish(finish) => finish.wake_at(),
                _ => None,
            });
        [self.connection.wake_at(), home, ceremony]
            .into_iter()
            .flatten()
            .min()
    }

    fn number(&mut self) -> u64 {
        self.ceremonies += 1;
        self.ceremonies
    }

    fn tell_account(&self, t: &mut Turn<'_>) {
        let account = match &self.home {
            Some(home) => home.me.view(),
            None => AccountView::SignedOut {
                reason: self.reason.clone(),
            },
        };
        t.event(Event::Account { account });
    }

    /// This device is no longer one of its account's. `proven`: a signed list says so, not just the relay.
    fn removed(&mut self, t: &mut Turn<'_>, proven: bool) {
        let call = self.home.as_ref().and_then(|home| home.signing_out());
        if proven || call.is_some() {
            // What is here is of no use to this device, and may be to a thief.
            t.clear();
        }
        match call {
            // The word may overtake the answer to the person's own order.
            Some(call) => {
                self.leave(t, None);
                t.reply(call, Ok(()));
            }
            // On the relay's word alone nothing is cleared before somebody signs in again.
            None => self.leave(t, Some(Problem::DeviceRemoved)),
        }
    }

    /// Nobody is signed in any more.
    fn leave(&mut self, t: &mut Turn<'_>, reason: Option<Problem>) {
        self.home = None;
        self.renewing = false;
        self.reason = reason;
        t.requests.forget_all();
        if t.connection.has_socket() {
            t.effect(Effect::CloseSocket);
        }
        *t.connection = Connection::default();
        t.changed.clear();
        self.tell_account(t);
    }
}

// Answers of the relay.
impl Engine {
    fn answered(&mut self, t: &mut Turn<'_>, id: EffectId, ask: Ask, answer: Answer) {
        match ask {
            Ask::Relay(call) => {
                let info = parse::<ServerInfo>(answer).map_err(|failure| failure.problem(t.now));
                t.reply(call, info.map(relay_view));
            }
            Ask::Ceremony => self.ceremony_got(t, id, Got::Answer(answer)),
            Ask::Session => self.token_renewed(t, answer),
            ask => self.home_answered(t, ask, answer),
        }
    }

    fn home_answered(&mut self, t: &mut Turn<'_>, ask: Ask, answer: Answer) {
        let Some(home) = &mut self.home else {
            return;
        };
        match ask {
            Ask::Challenge => {
                if let Err(failure) = home.challenged(t, answer) {
                    self.renewal_failed(t, &failure);
                }
            }
            Ask::Lists { account, after } => home.lists_answered(t, account, after, answer),
            Ask::Claim { account, devices } => home.claimed(t, account, &devices, answer),
            Ask::PrekeyCount => home.prekeys_counted(t, answer),
            Ask::PrekeyUpload { rotation } => home.prekeys_uploaded(t, rotation, answer),
            Ask::Search(call) => home.search_answered(t, call, answer),
            Ask::Vault => {
                if home.vault_fetched(t, answer) {
                    self.tell_account(t);
                }
            }
            Ask::VaultFetch => home.vault_for_upkeep(t, answer),
            Ask::VaultPut { version } => home.vault_was_put(t, version, answer),
            Ask::RemoveDevice => {
                if home.device_removed(t, answer) == Removed::SignedOut {
                    self.removed(t, true);
                }
            }
            Ask::Relay(_) | Ask::Ceremony | Ask::Session => {}
        }
    }
}

fn relay_view(info: ServerInfo) -> RelayView {
    RelayView {
        name: info.name,
        registration: match info.registration {
            Registration::Open => RegistrationView::Open,
            Registration::Invitation => RegistrationView::Invitation,
            Registration::Closed => RegistrationView::Closed,
        },
    }
}

// Commands.
impl Engine {
    fn command(&mut self, t: &mut Turn<'_>, call: CallId, command: Command) {
        match command {
            Command::Relay {} => {
                let path = "/v1/server".to_owned();
                t.ask::<()>(Ask::Relay(call), "GET", path, None, Auth::None);
            }
            Command::Reconnect {} => {
                self.hurry(t);
                t.reply(call, Ok(()));
            }
            command if self.home.is_none() => self.enter(t, call, command),
            command => {
                if let Some(home) = &mut self.home {
                    home.command(t, call, command);
                }
            }
        }
    }
}
