//! Registration: a name, a password, a new identity, a first device (PROTOCOL.md sections 3 and 9.1).

use sotto_crypto_core::{
    identity::{self, AccountSecret, DeviceCertificate, DeviceList, DeviceSecret},
    recovery_key::RecoveryKey,
};
use sotto_protocol::{
    AccountId, Bytes, DeviceId, Username,
    http::{NewDevice, RegisterFinish, RegisterStart, RegisterStarted},
    username::InvalidUsername,
};
use zeroize::Zeroizing;

use crate::{
    account::{
        ceremony::{Got, Next, Stage, usable},
        finish::{Finish, PendingRow},
        me::MeRow,
        vault,
    },
    api::problem::Problem,
    host::OpaqueStep,
    requests::{Ask, Auth, parse},
    sessions::prekeys::Prekeys,
    storage::Secret,
    turn::Turn,
};

pub(crate) enum Register {
    /// The password module makes its first message.
    Asking {
        username: Username,
        invitation: Option<String>,
    },
    /// The relay answers it.
    Starting { username: Username },
    /// The password module makes the record.
    Sealing { username: Username, ceremony: Bytes },
}

impl From<InvalidUsername> for Problem {
    fn from(invalid: InvalidUsername) -> Self {
        match invalid {
            InvalidUsername::TooShort => Self::UsernameTooShort,
            InvalidUsername::TooLong => Self::UsernameTooLong,
            InvalidUsername::Reserved => Self::UsernameReserved,
            _ => Self::UsernameCharacters,
        }
    }
}

impl Register {
    pub(crate) fn begin(
        t: &mut Turn<'_>,
        number: u64,
        username: &str,
        password: Zeroizing<String>,
        invitation: Option<String>,
    ) -> Result<Next, Problem> {
        let username = Username::parse(username.trim())?;
        usable(&password)?;
        let waits = t.opaque(OpaqueStep::RegistrationStart {
            ceremony: number,
            password,
        });
        let stage = Self::Asking {
            username,
            invitation,
        };
        Ok((Stage::Register(stage), waits))
    }

    pub(super) fn step(self, t: &mut Turn<'_>, number: u64, got: Got) -> Result<Next, Problem> {
        match self {
            Self::Asking {
                username,
                invitation,
            } => {
                let request = got.opaque(Problem::Internal)?.message.into();
                let body = RegisterStart {
                    username: username.to_string(),
                    request,
                    invitation,
                };
                let path = "/v1/register/start".to_owned();
                let waits = t.ask(Ask::Ceremony, "POST", path, Some(&body), Auth::None);
                Ok((Stage::Register(Self::Starting { username }), waits))
            }
            Self::Starting { username } => {
                let started: RegisterStarted =
                    parse(got.answer()).map_err(|failure| failure.problem(t.now))?;
                let waits = t.opaque(OpaqueStep::RegistrationFinish {
                    ceremony: number,
                    username: username.folded(),
                    response: started.response.0,
                });
                let stage = Self::Sealing {
                    username,
                    ceremony: started.ceremony,
                };
                Ok((Stage::Register(stage), waits))
            }
            Self::Sealing { username, ceremony } => {
                let output = got.opaque(Problem::Internal)?;
                let export = output.export_key.ok_or(Problem::Internal)?;
                found(t, &username, ceremony, output.message.into(), &export)
            }
        }
    }
}

/// Makes the account: everything is durable before the relay hears of it.
fn found(
    t: &mut Turn<'_>,
    username: &Username,
    ceremony: Bytes,
    record: Bytes,
    export: &[u8],
) -> Result<Next, Problem> {
    t.clear();
    let secret = AccountSecret::generate(t.rng);
    let device_secret = DeviceSecret::generate(t.rng);
    let recovery = RecoveryKey::generate(t.rng);
    let account = identity::AccountId::generate(t.rng);
    let device = identity::DeviceId::generate(t.rng);
    let certificate =
        DeviceCertificate::issue(&secret, account, device, &device_secret.public(), t.now);
    let list = DeviceList::first(&secret, account, vec![certificate.clone()])
        .map_err(|_| Problem::Internal)?;
    let (account, device) = (AccountId(*account.as_bytes()), DeviceId(*device.as_bytes()));
    let (vault, vault_key) = vault::first(t, account, &secret, export, &recovery)?;
    let (prekeys, upload) = Prekeys::first(t, &device_secret);
    let body = RegisterFinish {
        ceremony,
        record,
        account,
        account_key: secret.public().as_bytes().to_vec().into(),
        recovery_key: recovery
            .signing_secret()
            .public()
            .as_bytes()
            .to_vec()
            .into(),
        vault,
        device: NewDevice {
            device,
            device_list: list.encode().into(),
            prekeys: upload,
        },
    };
    let row = PendingRow {
        me: MeRow {
            account,
            username: username.to_string(),
            secret: Secret::from(&secret.to_bytes()[..]),
            device,
            device_secret: Secret::from(&device_secret.to_bytes()[..]),
            certificate: certificate.encode().to_vec().into(),
            confirmed: false,
            recovery: Some(Secret::from(&recovery.as_bytes()[..])),
            vault: 1,
            vault_key,
        },
        list: list.encode().into(),
        contacts: Vec::new(),
        path: "/v1/register/finish".to_owned(),
        bearer: None,
        body: sotto_protocol::codec::to_json(&body).map_err(|_| Problem::Internal)?,
    };
    Ok(Finish::begin(t, row, prekeys, Some(recovery.to_words())))
}
