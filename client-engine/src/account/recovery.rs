//! Recovery: the recovery key and a new password bring the same account back (PROTOCOL.md sections 3 and 9.1).

use sotto_crypto_core::recovery_key::{RecoveryKey, RecoveryKeyError};
use sotto_protocol::{
    Bytes, ProblemCode,
    http::{Enrolment, RecoveryOpen, RecoveryStart, RecoveryStarted},
};
use zeroize::Zeroizing;

use crate::{
    account::{
        ceremony::{Got, Next, Stage, usable},
        enrolment, vault,
    },
    api::problem::Problem,
    host::OpaqueStep,
    requests::{Ask, Auth, Failure, parse},
    turn::Turn,
};

pub(crate) enum Recover {
    /// The password module makes the first message for the new password.
    Asking { username: String, key: RecoveryKey },
    /// The relay answers it, with a challenge.
    Starting { username: String, key: RecoveryKey },
    /// The relay judges the signature, and answers with the vault.
    Opening {
        username: String,
        key: RecoveryKey,
        response: Bytes,
    },
    /// The password module makes the record.
    Sealing {
        opened: Box<vault::Opened>,
        enrolment: Box<Enrolment>,
    },
}

/// Reads twelve words.
pub(crate) fn parse_words(words: &str) -> Result<RecoveryKey, Problem> {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    RecoveryKey::from_words(words).map_err(|error| match error {
        RecoveryKeyError::WordCount { found } => Problem::RecoveryKeyWordCount {
            found: count(found),
        },
        RecoveryKeyError::UnknownWord { position, .. } => Problem::RecoveryKeyUnknownWord {
            position: count(position),
        },
        _ => Problem::RecoveryKeyChecksum,
    })
}

fn refused(failure: &Failure, now: u64) -> Problem {
    match failure.code() {
        Some(ProblemCode::CredentialsWrong | ProblemCode::SignatureInvalid) => {
            Problem::RecoveryKeyWrong
        }
        _ => failure.problem(now),
    }
}

impl Recover {
    pub(crate) fn begin(
        t: &mut Turn<'_>,
        number: u64,
        username: &str,
        words: &str,
        password: Zeroizing<String>,
    ) -> Result<Next, Problem> {
        let key = parse_words(words)?;
        usable(&password)?;
        let waits = t.opaque(OpaqueStep::RegistrationStart {
            ceremony: number,
            password,
        });
        let username = username.trim().to_owned();
        Ok((
            Stage::Recover(Box::new(Self::Asking { username, key })),
            waits,
        ))
    }

    pub(super) fn step(self, t: &mut Turn<'_>, number: u64, got: Got) -> Result<Next, Problem> {
        match self {
            Self::Asking { username, key } => {
                let body = RecoveryStart {
                    username: username.clone(),
                    request: got.opaque(Problem::Internal)?.message.into(),
                };
                let path = "/v1/recovery/start".to_owned();
                let waits = t.ask(Ask::Ceremony, "POST", path, Some(&body), Auth::None);
                Ok((
                    Stage::Recover(Box::new(Self::Starting { username, key })),
                    waits,
                ))
            }
            Self::Starting { username, key } => {
                let started: RecoveryStarted =
                    parse(got.answer()).map_err(|failure| refused(&failure, t.now))?;
                let signature = key.sign_challenge(&started.challenge);
                let body = RecoveryOpen {
                    ceremony: started.ceremony,
                    signature: signature.as_bytes().to_vec().into(),
                };
                let path = "/v1/recovery/open".to_owned();
                let waits = t.ask(Ask::Ceremony, "POST", path, Some(&body), Auth::None);
                let stage = Self::Opening {
                    username,
                    key,
                    response: started.response,
                };
                Ok((Stage::Recover(Box::new(stage)), waits))
            }
            Self::Opening {
                username,
                key,
                response,
            } => {
                let enrolment: Enrolment =
                    parse(got.answer()).map_err(|failure| refused(&failure, t.now))?;
                let way = vault::Key::Recovery(&key);
                let opened = vault::open(enrolment.account, &enrolment.vault, &way, 0)
                    .ok_or(Problem::RecoveryKeyWrong)?;
                let waits = t.opaque(OpaqueStep::RegistrationFinish {
                    ceremony: number,
                    username: username.to_ascii_lowercase(),
                    response: response.0,
                });
                let enrolment = Box::new(enrolment);
                let opened = Box::new(opened);
                let stage = Self::Sealing { opened, enrolment };
                Ok((Stage::Recover(Box::new(stage)), waits))
            }
            Self::Sealing { opened, enrolment } => {
                let output = got.opaque(Problem::Internal)?;
                let export = output.export_key.ok_or(Problem::Internal)?;
                enrolment::recover(t, &enrolment, &opened, output.message.into(), &export)
            }
        }
    }
}
