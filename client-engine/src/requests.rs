//! Requests to the relay over HTTP: which are under way, with which token, and what a failure means (PROTOCOL.md section 7).

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sotto_protocol::{AccountId, Bytes, DeviceId, ProblemCode, codec, http::Session};
use zeroize::Zeroizing;

use crate::{
    api::problem::Problem,
    host::{CallId, Effect, EffectId, HttpRequest, HttpResponse},
};

/// What a request is for, and so who gets its answer.
#[derive(Debug)]
pub(crate) enum Ask {
    /// `GET /v1/server`.
    Relay(CallId),
    /// The account ceremony that is under way.
    Ceremony,
    /// A challenge to renew the device session.
    Challenge,
    /// The renewed device session.
    Session,
    /// Signed device lists of an account.
    Lists { account: AccountId, after: u64 },
    /// Prekey bundles.
    Claim {
        account: AccountId,
        devices: Vec<DeviceId>,
    },
    /// How many prekeys are left.
    PrekeyCount,
    /// New prekeys.
    PrekeyUpload { rotation: Option<(u32, u32)> },
    /// People by the start of their name.
    Search(CallId),
    /// The vault, to read the recovery key back.
    Vault,
    /// The vault, to bring it up to date.
    VaultFetch,
    /// The vault, brought up to date.
    VaultPut { version: u64 },
    /// A device list without some device.
    RemoveDevice,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Auth {
    /// Anyone.
    None,
    /// This device. Waits for a token if there is none.
    Session,
    /// The holder of an enrolment token.
    Bearer(Bytes),
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// The relay could not be reached.
    Offline,
    /// It refused.
    Refused(sotto_protocol::Problem),
    /// It answered what no relay answers.
    Nonsense,
}

impl Failure {
    pub(crate) fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Refused(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// May succeed if simply tried again later.
    pub(crate) fn passing(&self) -> bool {
        match self {
            Self::Offline | Self::Nonsense => true,
            Self::Refused(problem) => {
                use ProblemCode as C;
                matches!(
                    problem.code,
                    C::RateLimited | C::Timeout | C::Draining | C::StorageUnavailable | C::Internal
                )
            }
        }
    }

    /// When the relay wants to be asked again, in milliseconds from now.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Refused(problem) => problem.retry_after_ms,
            _ => None,
        }
    }

    pub(crate) fn problem(&self, now: u64) -> Problem {
        match self {
            Self::Offline => Problem::Offline,
            Self::Nonsense => Problem::RelayMisbehaved,
            Self::Refused(problem) => relay_problem(problem, now),
        }
    }
}

/// A relay's typed error as one that a person can act on.
pub(crate) fn relay_problem(problem: &sotto_protocol::Problem, now: u64) -> Problem {
    use ProblemCode as C;
    match problem.code {
        C::UsernameInvalid => Problem::UsernameCharacters,
        C::UsernameReserved => Problem::UsernameReserved,
        C::UsernameTaken => Problem::UsernameTaken,
        C::RegistrationClosed => Problem::RegistrationClosed,
        C::InvitationRequired => Problem::InvitationRequired,
        C::CredentialsWrong => Problem::CredentialsWrong,
        C::SessionExpired => Problem::SignedOut,
        C::DeviceRevoked => Problem::DeviceRemoved,
        C::AccountUnknown => Problem::PersonUnknown,
        C::TooManyDevices => Problem::TooManyDevices,
        C::MailboxFull => Problem::MailboxFull,
        C::RateLimited => Problem::RateLimited {
            retry_at: now.saturating_add(problem.retry_after_ms.unwrap_or(60_000)),
        },
        C::StorageUnavailable => Problem::RelayStorage,
        C::Draining | C::Timeout => Problem::Offline,
        _ => Problem::RelayMisbehaved,
    }
}

/// An answer to a request.
pub(crate) type Answer = Result<Vec<u8>, Failure>;

/// Reads an answer's body.
pub(crate) fn parse<T: DeserializeOwned>(answer: Answer) -> Result<T, Failure> {
    codec::from_json(&answer?).map_err(|_| Failure::Nonsense)
}

fn answer(response: Option<HttpResponse>) -> Answer {
    let response = response.ok_or(Failure::Offline)?;
    match response.status {
        200..=299 => Ok(response.body),
        // A proxy in front of a relay that is down.
        502..=504 => {
            Err(codec::from_json(&response.body).map_or(Failure::Offline, Failure::Refused))
        }
        _ => Err(codec::from_json(&response.body).map_or(Failure::Nonsense, Failure::Refused)),
    }
}

/// A device session's token.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) token: Bytes,
    pub(crate) expires_at: u64,
}

impl From<Session> for Token {
    fn from(session: Session) -> Self {
        Self {
            token: session.token,
            expires_at: session.expires_at,
        }
    }
}

struct Request {
    ask: Ask,
    method: &'static str,
    path: String,
    body: Option<String>,
    auth: Auth,
    /// It has been repeated with a new token.
    renewed: bool,
}

/// Requests under way.
#[derive(Default)]
pub(crate) struct Requests {
    next: u64,
    pending: HashMap<EffectId, Request>,
    /// Those that wait for a token.
    waiting: Vec<(EffectId, Request)>,
    token: Option<Token>,
    /// A token is wanted and nobody is getting one yet.
    pub(crate) token_wanted: bool,
}

/// A token is renewed when it would not live this long.
const TOKEN_MARGIN_MS: u64 = 60_000;

impl Requests {
    /// Effect ids start at a random number, so that a late answer to an earlier engine finds nobody. Below 2^53 for hosts in JavaScript.
    pub(crate) fn new(start: u32) -> Self {
        Self {
            next: u64::from(start >> 12) << 32,
            ..Self::default()
        }
    }

    pub(crate) fn next_id(&mut self) -> EffectId {
        self.next += 1;
        EffectId(self.next)
    }

    pub(crate) fn token(&self, now: u64) -> Option<&Token> {
        self.token
            .as_ref()
            .filter(|token| token.expires_at > now.saturating_add(TOKEN_MARGIN_MS))
    }

    pub(crate) fn drop_token(&mut self) {
        self.token = None;
    }

    /// Takes a token and starts what waited for it.
    pub(crate) fn set_token(&mut self, token: Token, now: u64) -> Vec<Effect> {
        self.token = Some(token);
        self.token_wanted = false;
        std::mem::take(&mut self.waiting)
            .into_iter()
            .filter_map(|(id, request)| self.launch(id, request, now))
            .collect()
    }

    /// Nobody gets a token now: what waited for one fails.
    pub(crate) fn fail_waiting(&mut self) -> Vec<Ask> {
        self.token_wanted = false;
        std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|(_, request)| request.ask)
            .collect()
    }

    pub(crate) fn forget_all(&mut self) {
        self.pending.clear();
        self.waiting.clear();
        self.token = None;
        self.token_wanted = false;
    }

    pub(crate) fn start(
        &mut self,
        ask: Ask,
        method: &'static str,
        path: String,
        body: Option<String>,
        auth: Auth,
        now: u64,
    ) -> (EffectId, Option<Effect>) {
        let id = self.next_id();
        let request = Request {
            ask,
            method,
            path,
            body,
            auth,
            renewed: false,
        };
        (id, self.launch(id, request, now))
    }

    fn launch(&mut self, id: EffectId, request: Request, now: u64) -> Option<Effect> {
        let bearer = match &request.auth {
            Auth::None => None,
            Auth::Bearer(token) => Some(token.clone()),
            Auth::Session => match self.token(now) {
                Some(token) => Some(token.token.clone()),
                None => {
                    self.token_wanted = true;
                    self.waiting.push((id, request));
                    return None;
                }
            },
        };
        let effect = Effect::Http(HttpRequest {
            id,
            method: request.method,
            path: request.path.clone(),
            bearer: bearer.map(|token| Zeroizing::new(URL_SAFE_NO_PAD.encode(&token.0))),
            body: request.body.clone(),
        });
        self.pending.insert(id, request);
        Some(effect)
    }

    /// Pairs an answer with its request. `None`: nobody asked, or it is asked again with a new token.
    pub(crate) fn finish(
        &mut self,
        id: EffectId,
        response: Option<HttpResponse>,
    ) -> Option<(Ask, Answer)> {
        let mut request = self.pending.remove(&id)?;
        let answer = answer(response);
        let expired =
            matches!(&answer, Err(failure) if failure.code() == Some(ProblemCode::SessionExpired));
        if expired && matches!(request.auth, Auth::Session) && !request.renewed {
            request.renewed = true;
            self.token = None;
            self.token_wanted = true;
            self.waiting.push((id, request));
            return None;
        }
        Some((request.ask, answer))
    }
}
