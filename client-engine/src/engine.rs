//! The engine: takes one input at a time and hands it to whoever it concerns (PROTOCOL.md section 9).
//!
//! Dispatch only. What somebody who is signed in has and does is in `home`; how one gets there is in `account`.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    account::{
        ceremony::{Ceremony, Got, Next, Stage},
        devices::Removed,
        finish::{Finish, Outcome, PendingRow},
        me::Me,
        recovery::Recover,
        register::Register,
        sign_in::SignIn,
    },
    api::{
        command::Command,
        event::Event,
        problem::Problem,
        view::{AccountView, RegistrationView, RelayView},
    },
    connection::{Connection, DISPLACED_MS, Due, Phase},
    home::Home,
    host::{CallId, Effect, EffectId, Input, Output, Row},
    requests::{Answer, Ask, Auth, Failure, Requests, Token, parse},
    sessions::prekeys::Prekeys,
    storage,
    turn::Turn,
};
use sotto_protocol::{
    ProblemCode,
    http::{Registration, ServerInfo, Session},
    socket::{ClientFrame, ServerFrame},
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

    fn resume_ceremony(&mut self, t: &mut Turn<'_>, rows: &[Row], pending: &Row) {
        let mut prekeys = Prekeys::default();
        let whole = rows
            .iter()
            .filter(|row| row.key == storage::PREKEYS || row.key.starts_with(storage::PREKEY))
            .try_for_each(|row| prekeys.restore(&row.key, &row.value));
        let pending = storage::get::<PendingRow>(&pending.value);
        let (Ok(()), Ok(pending)) = (whole, pending) else {
            return t.clear();
        };
        let (stage, waits) = Finish::resume(t, pending, prekeys);
        let number = self.number();
        self.ceremony = Some(Ceremony {
            call: None,
            number,
            waits,
            stage,
        });
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

// Connecting.
impl Engine {
    fn connect(&mut self, t: &mut Turn<'_>) {
        let Some(home) = &self.home else {
            return;
        };
        if t.requests.token(t.now).is_some() {
            t.connection.phase = Phase::Opening { since: t.now };
            t.effect(Effect::OpenSocket);
        } else {
            t.connection.phase = Phase::Token { since: t.now };
            t.requests.token_wanted = true;
        }
        home.tell_connection(t);
    }

    fn hurry(&mut self, t: &mut Turn<'_>) {
        t.connection.hurry(t.now);
        if let Some(Ceremony {
            stage: Stage::Finish(finish),
            ..
        }) = &mut self.ceremony
        {
            finish.hurry();
        }
    }

    fn disconnect(&mut self, t: &mut Turn<'_>, at_least: u64, close: bool) {
        let Some(home) = &mut self.home else {
            return;
        };
        if close && t.connection.has_socket() {
            t.effect(Effect::CloseSocket);
        }
        home.disconnected();
        t.connection.back_off(t.now, at_least, t.rng);
        home.tell_connection(t);
    }

    fn socket_opened(&mut self, t: &mut Turn<'_>) {
        if !matches!(t.connection.phase, Phase::Opening { .. }) {
            return;
        }
        match t.requests.token(t.now).cloned() {
            Some(token) => {
                t.connection.phase = Phase::Greeting { since: t.now };
                t.frame(&ClientFrame::Hello { token: token.token });
            }
            None => self.disconnect(t, 0, true),
        }
    }

    fn socket_frame(&mut self, t: &mut Turn<'_>, bytes: &[u8]) {
        let greeting = matches!(t.connection.phase, Phase::Greeting { .. });
        if !greeting && !t.connection.online() {
            return;
        }
        let Some(frame) = Home::parse(bytes) else {
            // What no relay says: nothing is lost by starting over, and nothing gained by going on.
            t.event(Event::Problem {
                problem: Problem::RelayMisbehaved,
            });
            return self.disconnect(t, 0, true);
        };
        t.connection.heard(t.now);
        match frame {
            ServerFrame::Problem(problem) => self.socket_problem(t, &problem),
            ServerFrame::Welcome { .. } if !greeting => {}
            frame if greeting && !matches!(frame, ServerFrame::Welcome { .. }) => {}
            frame => {
                if let Some(home) = &mut self.home {
                    home.frame(t, frame);
                }
            }
        }
    }

    fn socket_problem(&mut self, t: &mut Turn<'_>, problem: &sotto_protocol::Problem) {
        use ProblemCode as C;
        match problem.code {
            C::DeviceRevoked | C::DeviceUnknown | C::AccountUnknown => self.removed(t, false),
            C::SessionExpired => {
                t.requests.drop_token();
                self.disconnect(t, 0, true);
            }
            C::Displaced => self.disconnect(t, DISPLACED_MS, true),
            C::Malformed | C::TooLarge | C::RateLimited if t.connection.online() => {
                // About one frame; what it carried is sent again on the next connection.
                self.disconnect(t, problem.retry_after_ms.unwrap_or(0), true);
            }
            _ => self.disconnect(t, problem.retry_after_ms.unwrap_or(0), true),
        }
    }

    fn token_renewed(&mut self, t: &mut Turn<'_>, answer: Answer) {
        self.renewing = false;
        match parse::<Session>(answer) {
            Ok(session) => {
                let token = Token::from(session);
                t.put(storage::TOKEN.to_owned(), &token);
                let effects = t.requests.set_token(token, t.now);
                effects.into_iter().for_each(|effect| t.effect(effect));
                if matches!(t.connection.phase, Phase::Token { .. }) {
                    self.connect(t);
                }
            }
            Err(failure) => self.renewal_failed(t, &failure),
        }
    }

    fn renewal_failed(&mut self, t: &mut Turn<'_>, failure: &Failure) {
        use ProblemCode as C;
        self.renewing = false;
        if matches!(
            failure.code(),
            Some(C::DeviceRevoked | C::DeviceUnknown | C::AccountUnknown)
        ) {
            return self.removed(t, false);
        }
        for ask in t.requests.fail_waiting() {
            self.answered(t, EffectId(0), ask, Err(failure.clone()));
        }
        if matches!(t.connection.phase, Phase::Token { .. }) {
            self.disconnect(t, failure.retry_after().unwrap_or(0), false);
        }
    }
}

// Ceremonies.
impl Engine {
    fn start_ceremony(
        &mut self,
        call: CallId,
        number: u64,
        next: Result<Next, Problem>,
        t: &mut Turn<'_>,
    ) {
        match next {
            Ok((stage, waits)) => {
                if let Some(call) = self.ceremony.take().and_then(|earlier| earlier.call) {
                    t.reply::<()>(call, Err(Problem::SignedOut));
                }
                self.ceremony = Some(Ceremony {
                    call: Some(call),
                    number,
                    waits,
                    stage,
                });
            }
            Err(problem) => t.reply::<()>(call, Err(problem)),
        }
    }

    fn ceremony_got(&mut self, t: &mut Turn<'_>, id: EffectId, got: Got) {
        let Some(ceremony) = self.ceremony.take_if(|ceremony| ceremony.waits == id) else {
            return;
        };
        let Ceremony {
            call,
            number,
            stage,
            ..
        } = ceremony;
        let next = match stage {
            Stage::Finish(finish) => {
                let outcome = finish.step(t, got);
                return self.finish_got(t, call, number, outcome);
            }
            early => Ceremony::early(early, number, t, got),
        };
        match next {
            Ok((stage, waits)) => {
                self.ceremony = Some(Ceremony {
                    call,
                    number,
                    waits,
                    stage,
                });
            }
            Err(problem) => {
                if let Some(call) = call {
                    t.reply::<()>(call, Err(problem));
                }
            }
        }
    }

    fn finish_got(
        &mut self,
        t: &mut Turn<'_>,
        call: Option<CallId>,
        number: u64,
        outcome: Outcome,
    ) {
        let mut keep = |call, waits, finish| {
            self.ceremony = Some(Ceremony {
                call,
                number,
                waits,
                stage: Stage::Finish(finish),
            });
        };
        match outcome {
            Outcome::Waits(finish, waits) => keep(call, waits, finish),
            Outcome::Later(finish, problem) => {
                // It may have succeeded, so it is neither given up nor shown as done.
                keep(None, EffectId(0), finish);
                if let Some(call) = call {
                    t.reply::<()>(call, Err(problem));
                }
            }
            Outcome::Done { home, token, words } => {
                let effects = t.requests.set_token(token, t.now);
                effects.into_iter().for_each(|effect| t.effect(effect));
                self.home = Some(home);
                self.reason = None;
                self.tell_account(t);
                match (call, words) {
                    (Some(call), Some(words)) => t.reply(call, Ok(words.as_str())),
                    (Some(call), None) => t.reply(call, Ok(())),
                    (None, _) => {}
                }
                self.connect(t);
            }
            Outcome::Failed(problem) => {
                t.clear();
                match call {
                    Some(call) => t.reply::<()>(call, Err(problem)),
                    None => {
                        self.reason = None;
                        self.tell_account(t);
                    }
                }
            }
        }
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

    fn enter(&mut self, t: &mut Turn<'_>, call: CallId, command: Command) {
        let number = self.number();
        let next = match command {
            Command::Register {
                username,
                password,
                invitation,
            } => Register::begin(t, number, &username, Zeroizing::new(password), invitation),
            Command::SignIn { username, password } => {
                SignIn::begin(t, number, &username, Zeroizing::new(password))
            }
            Command::Recover {
                username,
                words,
                password,
            } => {
                let words = Zeroizing::new(words);
                Recover::begin(t, number, &username, &words, Zeroizing::new(password))
            }
            _ => Err(Problem::SignedOut),
        };
        self.start_ceremony(call, number, next, t);
    }
}
