//! Requests and responses of the HTTP API (PROTOCOL.md section 7). Paths are in the relay's router.
//!
//! OPAQUE messages, certificates, device lists, prekeys and vaults are opaque bytes whose layout `crypto-core` and RFC 9807 define.

use serde::{Deserialize, Serialize};

use crate::{AccountId, Bytes, DeviceId, Username};

macro_rules! wire {
    ($($(#[$meta:meta])* pub struct $name:ident { $($body:tt)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
            pub struct $name { $($body)* }
        )*
    };
}

/// Who may register on a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
pub enum Registration {
    /// Anyone.
    Open,
    /// Holders of an invitation code.
    Invitation,
    /// Nobody.
    Closed,
}

wire! {
    /// `GET /v1/server`: what a client needs to know before anything else.
    pub struct ServerInfo {
        /// The relay's name, chosen by its operator.
        pub name: String,
        /// Who may register.
        pub registration: Registration,
        /// Always 1.
        pub protocol: u32,
    }

    /// `POST /v1/register/start`.
    pub struct RegisterStart {
        /// The wanted name, unparsed so that the answer can say what is wrong with it.
        pub username: String,
        /// OPAQUE RegistrationRequest.
        pub request: Bytes,
        /// Where registration is by invitation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub invitation: Option<String>,
    }

    /// Answers `register/start` and `password/start`.
    pub struct RegisterStarted {
        /// Names the ceremony; lives five minutes.
        pub ceremony: Bytes,
        /// OPAQUE RegistrationResponse.
        pub response: Bytes,
    }

    /// `POST /v1/register/finish`.
    pub struct RegisterFinish {
        /// From `register/start`.
        pub ceremony: Bytes,
        /// OPAQUE RegistrationRecord.
        pub record: Bytes,
        /// Made by the client.
        pub account: AccountId,
        /// The account identity key, 32 bytes (Ed25519).
        pub account_key: Bytes,
        /// Public half of the recovery key's signing key, 32 bytes (Ed25519).
        pub recovery_key: Bytes,
        /// The first vault.
        pub vault: Vault,
        /// The first device.
        pub device: NewDevice,
    }

    /// A device as it enters an account: at registration, sign-in and recovery.
    pub struct NewDevice {
        /// Its id; its certificate is in the list.
        pub device: DeviceId,
        /// The account's new signed device list, which contains it.
        pub device_list: Bytes,
        /// Its first prekeys.
        pub prekeys: PrekeyUpload,
    }

    /// The account's secrets, sealed by the client; two ways in.
    pub struct Vault {
        /// Grows by one with each change.
        pub version: u64,
        /// The sealed secrets.
        pub sealed: Bytes,
        /// The vault key, wrapped under the password's OPAQUE export key.
        pub password_wrap: Bytes,
        /// The vault key, wrapped under the recovery key.
        pub recovery_wrap: Bytes,
    }

    /// A device session.
    pub struct Session {
        /// 32 bytes; sent as `Authorization: Bearer <base64url>`.
        pub token: Bytes,
        /// Milliseconds since the Unix epoch.
        pub expires_at: u64,
    }

    /// `POST /v1/login/start`.
    pub struct LoginStart {
        /// Any text; an unknown name can't be told from a wrong password.
        pub username: String,
        /// OPAQUE KE1.
        pub request: Bytes,
    }

    /// Answers `login/start`.
    pub struct LoginStarted {
        /// Names the ceremony; lives one minute.
        pub ceremony: Bytes,
        /// OPAQUE KE2.
        pub response: Bytes,
    }

    /// `POST /v1/login/finish`.
    pub struct LoginFinish {
        /// From `login/start`.
        pub ceremony: Bytes,
        /// OPAQUE KE3.
        pub finalization: Bytes,
    }

    /// Answers `login/finish` and `recovery/open`: what a new device needs.
    pub struct Enrolment {
        /// 32 bytes, a bearer token for `POST /v1/devices` (or, after recovery, `POST /v1/recovery/finish`) alone; lives ten minutes.
        pub token: Bytes,
        /// The account.
        pub account: AccountId,
        /// The name with its case.
        pub username: Username,
        /// The account identity key.
        pub account_key: Bytes,
        /// The vault.
        pub vault: Vault,
        /// The newest signed device list.
        pub device_list: Bytes,
    }

    /// `POST /v1/recovery/start`.
    pub struct RecoveryStart {
        /// Any text; an unknown name can't be told from a wrong recovery key.
        pub username: String,
        /// OPAQUE RegistrationRequest for the new password.
        pub request: Bytes,
    }

    /// Answers `recovery/start`.
    pub struct RecoveryStarted {
        /// Names the ceremony; lives five minutes.
        pub ceremony: Bytes,
        /// 32 bytes to sign with the recovery key's signing key.
        pub challenge: Bytes,
        /// OPAQUE RegistrationResponse.
        pub response: Bytes,
    }

    /// `POST /v1/recovery/open`: proves the recovery key, gets the vault.
    pub struct RecoveryOpen {
        /// From `recovery/start`.
        pub ceremony: Bytes,
        /// 64 bytes, over the challenge, label `recovery challenge`.
        pub signature: Bytes,
    }

    /// `POST /v1/recovery/finish`, with the enrolment token: sets the new password and enrols this device.
    pub struct RecoveryFinish {
        /// OPAQUE RegistrationRecord.
        pub record: Bytes,
        /// The vault with the password's wrap renewed.
        pub vault: Vault,
        /// This device.
        pub device: NewDevice,
    }

    /// `POST /v1/password/start`, with a device session.
    pub struct PasswordStart {
        /// OPAQUE RegistrationRequest for the new password.
        pub request: Bytes,
    }

    /// `POST /v1/password/finish`, with a device session: the new password opens the account from now on, the old one no longer does.
    pub struct PasswordFinish {
        /// From `password/start`.
        pub ceremony: Bytes,
        /// OPAQUE RegistrationRecord.
        pub record: Bytes,
        /// The vault with the password's wrap renewed.
        pub vault: Vault,
    }

    /// `POST /v1/session/challenge`.
    pub struct ChallengeRequest {
        /// Whose session is to be renewed.
        pub account: AccountId,
        /// The device.
        pub device: DeviceId,
    }

    /// Answers `session/challenge`.
    pub struct Challenge {
        /// 32 bytes; lives one minute.
        pub challenge: Bytes,
    }

    /// `POST /v1/session`.
    pub struct SessionRequest {
        /// The account.
        pub account: AccountId,
        /// The device.
        pub device: DeviceId,
        /// From `session/challenge`.
        pub challenge: Bytes,
        /// 64 bytes by the device's signing key over the challenge, label `device challenge`.
        pub signature: Bytes,
    }

    /// `PUT /v1/device-list`: removes devices of the own account (sign-out, lost devices).
    pub struct DeviceListUpdate {
        /// The new signed list.
        pub device_list: Bytes,
    }

    /// `GET /v1/users?prefix=`: one person found.
    pub struct Person {
        /// The account.
        pub account: AccountId,
        /// The name with its case.
        pub username: Username,
    }

    /// Answers `GET /v1/users`.
    pub struct People {
        /// At most 20, by name.
        pub people: Vec<Person>,
    }

    /// `GET /v1/accounts/{account}`: what is public about an account.
    pub struct AccountInfo {
        /// The account.
        pub account: AccountId,
        /// The name with its case.
        pub username: Username,
        /// The account identity key, 32 bytes.
        pub account_key: Bytes,
    }

    /// `GET /v1/accounts/{account}/device-lists?after=N`: the signed lists after version N, oldest first; all of them for 0.
    pub struct DeviceLists {
        /// The account identity key, 32 bytes.
        pub account_key: Bytes,
        /// The name with its case.
        pub username: Username,
        /// Signed lists, at most 100; ask again after the last.
        pub lists: Vec<Bytes>,
        /// The newest version.
        pub newest: u64,
    }

    /// `PUT /v1/prekeys`: replaces the signed ones if given, adds the one-time ones.
    pub struct PrekeyUpload {
        /// Signed X25519 prekey.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub signed: Option<Bytes>,
        /// Signed last-resort KEM prekey.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub kem_last_resort: Option<Bytes>,
        /// One-time X25519 prekeys.
        #[serde(default)]
        pub one_time: Vec<Bytes>,
        /// One-time KEM prekeys.
        #[serde(default)]
        pub kem_one_time: Vec<Bytes>,
    }

    /// Answers `PUT /v1/prekeys` and `GET /v1/prekeys`.
    pub struct PrekeyCount {
        /// One-time X25519 prekeys left.
        pub one_time: u32,
        /// One-time KEM prekeys left.
        pub kem_one_time: u32,
    }

    /// `POST /v1/accounts/{account}/prekeys/claim`: one bundle for each device; uses up one-time prekeys.
    pub struct PrekeyClaim {
        /// Devices of that account.
        pub devices: Vec<DeviceId>,
    }

    /// Answers `prekeys/claim`.
    pub struct PrekeyBundles {
        /// In no particular order; devices that are gone are missing.
        pub bundles: Vec<PrekeyBundle>,
    }

    /// The public keys that start a session with a device.
    pub struct PrekeyBundle {
        /// The device.
        pub device: DeviceId,
        /// Signed X25519 prekey.
        pub signed: Bytes,
        /// One-time X25519 prekey, while there are any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub one_time: Option<Bytes>,
        /// One-time KEM prekey or, when they have run out, the last-resort one.
        pub kem: Bytes,
    }

    /// `GET /v1/account/held`: everything that the relay holds about the asking account.
    pub struct Held {
        /// The account.
        pub account: AccountId,
        /// The name.
        pub username: Username,
        /// When it registered, milliseconds since the Unix epoch, to the day.
        pub registered_on: u64,
        /// Bytes of the sealed vault.
        pub vault_bytes: u64,
        /// Its devices.
        pub devices: Vec<HeldDevice>,
    }

    /// What the relay holds about one device.
    pub struct HeldDevice {
        /// The device.
        pub device: DeviceId,
        /// When it last connected, to the day.
        pub last_seen_on: u64,
        /// Envelopes that wait for it.
        pub waiting: u64,
        /// One-time prekeys left, both kinds.
        pub prekeys: PrekeyCount,
    }
}
