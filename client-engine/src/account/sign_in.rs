//! Signing in with the password, as a further device (PROTOCOL.md sections 3 and 9.1).

use sotto_protocol::{
    Bytes,
    http::{Enrolment, LoginFinish, LoginStart, LoginStarted},
};
use zeroize::Zeroizing;

use crate::{
    account::{
        ceremony::{Got, Next, Stage, usable},
        enrolment, vault,
    },
    api::problem::Problem,
    host::OpaqueStep,
    requests::{Ask, Auth, parse},
    turn::Turn,
};

pub(crate) enum SignIn {
    /// The password module makes KE1.
    Asking { username: String },
    /// The relay answers with KE2.
    Starting { username: String },
    /// The password module makes KE3, or sees that the password is wrong.
    Proving { ceremony: Bytes },
    /// The relay answers with the vault.
    Finishing { export: Zeroizing<Vec<u8>> },
}

impl SignIn {
    pub(crate) fn begin(
        t: &mut Turn<'_>,
        number: u64,
        username: &str,
        password: Zeroizing<String>,
    ) -> Result<Next, Problem> {
        usable(&password)?;
        let waits = t.opaque(OpaqueStep::LoginStart {
            ceremony: number,
            password,
        });
        let username = username.trim().to_owned();
        Ok((Stage::SignIn(Self::Asking { username }), waits))
    }

    pub(super) fn step(self, t: &mut Turn<'_>, number: u64, got: Got) -> Result<Next, Problem> {
        match self {
            Self::Asking { username } => {
                let body = LoginStart {
                    username: username.clone(),
                    request: got.opaque(Problem::Internal)?.message.into(),
                };
                let path = "/v1/login/start".to_owned();
                let waits = t.ask(Ask::Ceremony, "POST", path, Some(&body), Auth::None);
                Ok((Stage::SignIn(Self::Starting { username }), waits))
            }
            Self::Starting { username } => {
                let started: LoginStarted =
                    parse(got.answer()).map_err(|failure| failure.problem(t.now))?;
                let waits = t.opaque(OpaqueStep::LoginFinish {
                    ceremony: number,
                    username: username.to_ascii_lowercase(),
                    response: started.response.0,
                });
                let ceremony = started.ceremony;
                Ok((Stage::SignIn(Self::Proving { ceremony }), waits))
            }
            Self::Proving { ceremony } => {
                let output = got.opaque(Problem::CredentialsWrong)?;
                let export = output.export_key.ok_or(Problem::Internal)?;
                let body = LoginFinish {
                    ceremony,
                    finalization: output.message.into(),
                };
                let path = "/v1/login/finish".to_owned();
                let waits = t.ask(Ask::Ceremony, "POST", path, Some(&body), Auth::None);
                Ok((Stage::SignIn(Self::Finishing { export }), waits))
            }
            Self::Finishing { export } => {
                let enrolment: Enrolment =
                    parse(got.answer()).map_err(|failure| failure.problem(t.now))?;
                let key = vault::Key::Password(&export);
                let opened = vault::open(enrolment.account, &enrolment.vault, &key, 0)
                    .ok_or(Problem::RelayMisbehaved)?;
                enrolment::sign_in(t, &enrolment, &opened)
            }
        }
    }
}
