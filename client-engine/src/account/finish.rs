//! The last step of every ceremony, durable before it is asked for: so a crash leaves an account or none, never half of one (PROTOCOL.md section 9.1).
//!
//! ```text
//!              ┌── not reachable ──▶ Waiting ──┐
//!              ▼                               │
//! begin ──▶ Posting ── refused ──▶ Probing ──▶ Opening ──▶ signed in
//!              │  └── the list changed meanwhile ──▶ Listing ──▶ Posting
//!              └─────────────────────────────────────────────▶ signed in
//! ```
//!
//! A repeated post may be refused because the first one, whose answer was lost, succeeded. Whether it did, the device's own
//! signature tells: if the relay opens a session for it, it exists.

use serde::{Deserialize, Serialize};
use sotto_crypto_core::identity::{UnverifiedDeviceCertificate, UnverifiedDeviceList};
use sotto_protocol::{
    Bytes, ProblemCode,
    http::{Challenge, ChallengeRequest, DeviceLists, Session, SessionRequest},
};
use zeroize::Zeroizing;

use crate::{
    account::{
        ceremony::{Got, Next, Stage},
        enrolment::with_device,
        me::{Me, MeRow},
        vault::Contact,
    },
    api::problem::Problem,
    home::Home,
    host::EffectId,
    people::directory::{News, Person, core_account, judge},
    requests::{Ask, Auth, Failure, Token, parse},
    sessions::prekeys::Prekeys,
    storage,
    turn::Turn,
};

const RETRY_MIN_MS: u64 = 1_000;
const RETRY_MAX_MS: u64 = 60_000;

/// The row.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PendingRow {
    pub(crate) me: MeRow,
    pub(crate) list: Bytes,
    /// Whom the vault knows.
    #[serde(default)]
    pub(crate) contacts: Vec<Contact>,
    pub(crate) path: String,
    /// The enrolment token.
    pub(crate) bearer: Option<Bytes>,
    /// The request, to be repeated byte for byte.
    pub(crate) body: String,
}

#[derive(Clone, Copy)]
enum At {
    Posting,
    Listing,
    Probing,
    Opening,
    Waiting { until: u64 },
}

pub(crate) struct Finish {
    row: PendingRow,
    prekeys: Prekeys,
    words: Option<Zeroizing<String>>,
    at: At,
    /// Posts so far.
    posts: u32,
    /// Lists of the account that have been fetched so far.
    listed: Option<Box<Person>>,
    /// Why the relay refused, if nothing comes of it.
    refusal: Option<Problem>,
}

/// What a step came to.
pub(crate) enum Outcome {
    /// An answer is due.
    Waits(Box<Finish>, EffectId),
    /// The relay can't be reached; it goes on by itself at this time.
    Later(Box<Finish>, Problem),
    /// Signed in.
    Done {
        home: Box<Home>,
        token: Token,
        words: Option<Zeroizing<String>>,
    },
    /// Nothing came of it.
    Failed(Problem),
}

impl Finish {
    /// Makes it durable, and asks.
    pub(crate) fn begin(
        t: &mut Turn<'_>,
        row: PendingRow,
        prekeys: Prekeys,
        words: Option<Zeroizing<String>>,
    ) -> Next {
        t.put(storage::PENDING.to_owned(), &row);
        let mut finish = Self {
            row,
            prekeys,
            words,
            at: At::Posting,
            posts: 0,
            listed: None,
            refusal: None,
        };
        let waits = finish.post(t);
        (Stage::Finish(Box::new(finish)), waits)
    }

    /// Takes up what a crash interrupted.
    pub(crate) fn resume(t: &mut Turn<'_>, row: PendingRow, prekeys: Prekeys) -> Next {
        let mut finish = Self {
            row,
            prekeys,
            words: None,
            at: At::Posting,
            posts: 1,
            listed: None,
            refusal: None,
        };
        let waits = finish.post(t);
        (Stage::Finish(Box::new(finish)), waits)
    }

    fn post(&mut self, t: &mut Turn<'_>) -> EffectId {
        self.at = At::Posting;
        self.posts += 1;
        let auth = self.row.bearer.clone().map_or(Auth::None, Auth::Bearer);
        let (path, body) = (self.row.path.clone(), self.row.body.clone());
        t.ask_json(Ask::Ceremony, "POST", path, body, auth)
    }

    pub(crate) fn wake_at(&self) -> Option<u64> {
        match self.at {
            At::Waiting { until } => Some(until),
            _ => None,
        }
    }

    /// At a wake-up.
    pub(crate) fn tend(&mut self, t: &mut Turn<'_>) -> Option<EffectId> {
        match self.at {
            At::Waiting { until } if t.now >= until => Some(self.post(t)),
            _ => None,
        }
    }

    /// Tries again without waiting.
    pub(crate) fn hurry(&mut self) {
        if let At::Waiting { until } = &mut self.at {
            *until = 0;
        }
    }

    fn later(mut self: Box<Self>, t: &Turn<'_>, failure: &Failure) -> Outcome {
        let pause = RETRY_MIN_MS
            .saturating_mul(1 << self.posts.min(10))
            .min(RETRY_MAX_MS)
            .max(failure.retry_after().unwrap_or(0));
        self.at = At::Waiting {
            until: t.now.saturating_add(pause),
        };
        Outcome::Later(self, failure.problem(t.now))
    }

    pub(crate) fn step(self: Box<Self>, t: &mut Turn<'_>, got: Got) -> Outcome {
        match self.at {
            At::Posting => self.posted(t, parse(got.answer())),
            At::Listing => self.listed(t, parse(got.answer())),
            At::Probing => self.probed(t, parse(got.answer())),
            At::Opening => match parse::<Session>(got.answer()) {
                Ok(session) => self.done(t, session),
                Err(failure) if failure.passing() => self.later(t, &failure),
                Err(failure) => self.failed(t, &failure),
            },
            At::Waiting { .. } => Outcome::Failed(Problem::Internal),
        }
    }

    fn failed(self: Box<Self>, t: &Turn<'_>, failure: &Failure) -> Outcome {
        let refusal = self.refusal.clone();
        Outcome::Failed(refusal.unwrap_or_else(|| failure.problem(t.now)))
    }

    fn posted(mut self: Box<Self>, t: &mut Turn<'_>, answer: Result<Session, Failure>) -> Outcome {
        let failure = match answer {
            Ok(session) => return self.done(t, session),
            Err(failure) => failure,
        };
        if failure.passing() {
            return self.later(t, &failure);
        }
        if failure.code() == Some(ProblemCode::DeviceListConflict) && self.row.bearer.is_some() {
            self.listed = None;
            let waits = self.list(t);
            return Outcome::Waits(self, waits);
        }
        if self.posts == 1 {
            return self.failed(t, &failure);
        }
        self.refusal = Some(failure.problem(t.now));
        self.at = At::Probing;
        let body = ChallengeRequest {
            account: self.row.me.account,
            device: self.row.me.device,
        };
        let path = "/v1/session/challenge".to_owned();
        let waits = t.ask(Ask::Ceremony, "POST", path, Some(&body), Auth::None);
        Outcome::Waits(self, waits)
    }

    /// Asks for the lists after those that are known.
    fn list(&mut self, t: &mut Turn<'_>) -> EffectId {
        self.at = At::Listing;
        let auth = self.row.bearer.clone().map_or(Auth::None, Auth::Bearer);
        let after = self.listed.as_ref().map_or(0, |p| p.list.version());
        let account = self.row.me.account;
        let path = format!("/v1/accounts/{account}/device-lists?after={after}");
        t.ask::<()>(Ask::Ceremony, "GET", path, None, auth)
    }

    /// Another device changed the list meanwhile: sign the next one.
    fn listed(
        mut self: Box<Self>,
        t: &mut Turn<'_>,
        answer: Result<DeviceLists, Failure>,
    ) -> Outcome {
        let lists = match answer {
            Ok(lists) => lists,
            Err(failure) if failure.passing() => return self.later(t, &failure),
            Err(failure) => return self.failed(t, &failure),
        };
        match self.rebuild(t, &lists) {
            Ok(true) => {
                t.put(storage::PENDING.to_owned(), &self.row);
                let waits = self.post(t);
                Outcome::Waits(self, waits)
            }
            Ok(false) => {
                let waits = self.list(t);
                Outcome::Waits(self, waits)
            }
            Err(problem) => Outcome::Failed(problem),
        }
    }

    /// False: there are more lists to ask for.
    fn rebuild(&mut self, t: &Turn<'_>, lists: &DeviceLists) -> Result<bool, Problem> {
        let me = Me::new(self.row.me.clone()).map_err(|_| Problem::Internal)?;
        let known = self.listed.take();
        let after = known.as_ref().map_or(0, |p| p.list.version());
        let news = judge(
            me.account,
            known.as_deref(),
            Some(&me.key),
            after,
            lists,
            t.now,
        );
        let Ok(News::Now { person, more, .. }) = news else {
            return Err(Problem::KeysRefused);
        };
        if more {
            self.listed = Some(person);
            return Ok(false);
        }
        let certificate = UnverifiedDeviceCertificate::decode(&self.row.me.certificate)
            .and_then(|c| c.verify(core_account(me.account), &me.key))
            .map_err(|_| Problem::Internal)?;
        let list: Bytes = if person.device(me.device).is_some() {
            // It is there already: the first post succeeded.
            person.list.encode().into()
        } else {
            with_device(&person.list, &me.secret, certificate)?
                .encode()
                .into()
        };
        let mut body: serde_json::Value =
            serde_json::from_str(&self.row.body).map_err(|_| Problem::Internal)?;
        let new = serde_json::to_value(&list).map_err(|_| Problem::Internal)?;
        let device = match body.get_mut("device") {
            Some(device) if device.is_object() => device,
            _ => &mut body,
        };
        let slot = device.get_mut("device_list").ok_or(Problem::Internal)?;
        *slot = new;
        self.row.body = body.to_string();
        self.row.list = list;
        Ok(true)
    }

    fn probed(
        mut self: Box<Self>,
        t: &mut Turn<'_>,
        answer: Result<Challenge, Failure>,
    ) -> Outcome {
        let challenge = match answer {
            Ok(challenge) => challenge,
            Err(failure) if failure.passing() => return self.later(t, &failure),
            Err(failure) => return self.failed(t, &failure),
        };
        let Ok(me) = Me::new(self.row.me.clone()) else {
            return Outcome::Failed(Problem::Internal);
        };
        self.at = At::Opening;
        let signature = me.local.secret.sign_challenge(&challenge.challenge);
        let body = SessionRequest {
            account: me.account,
            device: me.device,
            challenge: challenge.challenge,
            signature: signature.as_bytes().to_vec().into(),
        };
        let path = "/v1/session".to_owned();
        let waits = t.ask(Ask::Ceremony, "POST", path, Some(&body), Auth::None);
        Outcome::Waits(self, waits)
    }

    fn done(self: Box<Self>, t: &mut Turn<'_>, session: Session) -> Outcome {
        let Ok(me) = Me::new(self.row.me.clone()) else {
            return Outcome::Failed(Problem::Internal);
        };
        let (account, key) = (me.account, me.key);
        let list = UnverifiedDeviceList::decode(&self.row.list)
            .and_then(|list| list.verify(core_account(account), &key));
        let Ok(list) = list else {
            return Outcome::Failed(Problem::Internal);
        };
        let person = Person {
            username: me.username.clone(),
            key,
            list,
            departed: Vec::new(),
            refused: false,
        };
        let token = Token::from(session);
        me.store(t);
        person.store(t, account);
        t.put(storage::TOKEN.to_owned(), &token);
        t.delete(storage::PENDING.to_owned());
        let mut home = Box::new(Home::new(me, self.prekeys));
        home.directory.people.insert(account, person);
        for contact in &self.row.contacts {
            home.contact_known(t, contact);
        }
        Outcome::Done {
            home,
            token,
            words: self.words,
        }
    }
}
