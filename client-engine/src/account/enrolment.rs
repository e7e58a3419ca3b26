//! A further device of an account: its keys, its certificate, and its place in the signed list (PROTOCOL.md sections 2 and 9.1).

use sotto_crypto_core::identity::{
    self, DeviceCertificate, DeviceList, DeviceListError, DeviceSecret, UnverifiedDeviceList,
};
use sotto_protocol::{
    Bytes, DeviceId,
    http::{Enrolment, NewDevice, RecoveryFinish, Vault},
};

use crate::{
    account::{
        ceremony::Next,
        finish::{Finish, PendingRow},
        me::MeRow,
        vault,
    },
    api::problem::Problem,
    people::directory::core_account,
    sessions::prekeys::Prekeys,
    storage::Secret,
    turn::Turn,
};

/// The made device, not known to the relay yet.
struct Made {
    new: NewDevice,
    row: PendingRow,
    prekeys: Prekeys,
}

fn make(
    t: &mut Turn<'_>,
    enrolment: &Enrolment,
    opened: &vault::Opened,
    vault: &Vault,
) -> Result<Made, Problem> {
    let key = opened.secret.public();
    // The vault, which the relay can't make, decides whose account this is.
    if enrolment.account_key.0 != key.as_bytes() {
        return Err(Problem::KeysRefused);
    }
    let account = core_account(enrolment.account);
    let list = UnverifiedDeviceList::decode(&enrolment.device_list)
        .and_then(|list| list.verify(account, &key))
        .map_err(|_| Problem::KeysRefused)?;
    let secret = DeviceSecret::generate(t.rng);
    let device = identity::DeviceId::generate(t.rng);
    let certificate =
        DeviceCertificate::issue(&opened.secret, account, device, &secret.public(), t.now);
    let list = with_device(&list, &opened.secret, certificate.clone())?;
    // Nothing fails from here on: what is stored is given up only for a device that there will be.
    t.clear();
    let (prekeys, upload) = Prekeys::first(t, &secret);
    let device = DeviceId(*device.as_bytes());
    let list: Bytes = list.encode().into();
    Ok(Made {
        new: NewDevice {
            device,
            device_list: list.clone(),
            prekeys: upload,
        },
        row: PendingRow {
            me: MeRow {
                account: enrolment.account,
                username: enrolment.username.to_string(),
                secret: Secret::from(&opened.secret.to_bytes()[..]),
                device,
                device_secret: Secret::from(&secret.to_bytes()[..]),
                certificate: certificate.encode().to_vec().into(),
                confirmed: true,
                recovery: None,
                vault: vault.version,
                vault_key: Secret::from(&opened.key.as_bytes()[..]),
            },
            list,
            contacts: opened.contacts.clone(),
            path: String::new(),
            bearer: Some(enrolment.token.clone()),
            body: String::new(),
        },
        prekeys,
    })
}

/// The list that follows `list`, with one more device.
pub(super) fn with_device(
    list: &DeviceList,
    secret: &identity::AccountSecret,
    certificate: DeviceCertificate,
) -> Result<DeviceList, Problem> {
    let mut devices = list.devices().to_vec();
    devices.push(certificate);
    list.next(secret, devices).map_err(|error| match error {
        DeviceListError::TooManyDevices => Problem::TooManyDevices,
        _ => Problem::Internal,
    })
}

/// After a login.
pub(super) fn sign_in(
    t: &mut Turn<'_>,
    enrolment: &Enrolment,
    opened: &vault::Opened,
) -> Result<Next, Problem> {
    let mut made = make(t, enrolment, opened, &enrolment.vault)?;
    made.row.path = "/v1/devices".to_owned();
    made.row.body = sotto_protocol::codec::to_json(&made.new).map_err(|_| Problem::Internal)?;
    Ok(Finish::begin(t, made.row, made.prekeys, None))
}

/// After a recovery: with the new password.
pub(super) fn recover(
    t: &mut Turn<'_>,
    enrolment: &Enrolment,
    opened: &vault::Opened,
    record: Bytes,
    export: &[u8],
) -> Result<Next, Problem> {
    let vault = vault::renew_password(t, enrolment.account, opened, &enrolment.vault, export)?;
    let mut made = make(t, enrolment, opened, &vault)?;
    let body = RecoveryFinish {
        record,
        vault,
        device: made.new,
    };
    made.row.path = "/v1/recovery/finish".to_owned();
    made.row.body = sotto_protocol::codec::to_json(&body).map_err(|_| Problem::Internal)?;
    Ok(Finish::begin(t, made.row, made.prekeys, None))
}
