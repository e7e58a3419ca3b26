//! Accounts and what belongs to them: passwords' records, vaults, device lists, prekeys, sessions, invitations.
//!
//! A store believes its callers: names are parsed, lists and prekeys verified in [`crate::domain`]. What it alone decides is what
//! must be atomic: that a name or id is given once, that a list follows the newest one, that a prekey is handed out once.

use sotto_protocol::{
    AccountId, DeviceId, Username,
    http::{PrekeyCount, Vault},
};

use super::Op;

/// What is stored contradicts the wanted change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conflict {
    /// Somebody has this name.
    NameTaken,
    /// An account or device id that is, or was, in use.
    IdTaken,
    /// The newest device list is not the one that the change follows.
    DeviceList {
        /// The newest version.
        newest: u64,
    },
    /// The newest vault is not the one that the change follows.
    Vault,
    /// The invitation is unknown, used up or expired.
    Invitation,
    /// No such account.
    AccountUnknown,
    /// No such device now.
    DeviceUnknown,
    /// A prekey id below one that was given before, or one that was given before with another key.
    PrekeyIds,
    /// More one-time prekeys than are kept.
    PrekeysTooMany,
    /// The same message id with other contents.
    MessageId,
}

/// What a password's OPAQUE login needs.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The credential identifier: random for each password that was ever set.
    pub id: [u8; 32],
    /// The OPAQUE RegistrationRecord.
    pub record: Vec<u8>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// An account, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name with its case.
    pub username: Username,
    /// Its identity key (Ed25519).
    pub account_key: [u8; 32],
    /// Public half of the recovery key's signing key (Ed25519).
    pub recovery_key: [u8; 32],
    /// Its password.
    pub credential: Credential,
    /// Its vault.
    pub vault: Vault,
    /// The newest signed device list.
    pub device_list: SignedList,
    /// The day of its registration, milliseconds since the Unix epoch.
    pub registered_on: u64,
}

/// A signed device list, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedList {
    /// Its version.
    pub version: u64,
    /// Its encoding.
    pub bytes: Vec<u8>,
}

/// Prekeys to add, verified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prekeys {
    /// Replaces the signed prekey.
    pub signed: Option<Prekey>,
    /// Replaces the last-resort KEM prekey.
    pub kem_last_resort: Option<Prekey>,
    /// One-time X25519 prekeys to add.
    pub one_time: Vec<Prekey>,
    /// One-time KEM prekeys to add.
    pub kem_one_time: Vec<Prekey>,
}

/// One prekey's public half, as it was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prekey {
    /// Its id, which grows per device and kind.
    pub id: u32,
    /// Its encoding.
    pub bytes: Vec<u8>,
}

/// A device session: the token's hash, never the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// The account.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// Milliseconds since the Unix epoch.
    pub expires_at: u64,
}

/// A device that enters an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedDevice {
    /// Its id, unique on this relay for ever.
    pub device: DeviceId,
    /// Its first prekeys.
    pub prekeys: Prekeys,
    /// Its first session.
    pub session: StoredSession,
}

/// A registration, whole.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The account, whose device list has version 1.
    pub account: Account,
    /// Its first device.
    pub device: AddedDevice,
    /// SHA-256 of the invitation's code, to be used up.
    pub invitation: Option<[u8; 32]>,
    /// For the invitation's expiry.
    pub now: u64,
}

/// A change of an account's devices, all or nothing.
#[derive(Debug, Clone)]
pub struct DeviceChange {
    /// The account.
    pub account: AccountId,
    /// The new list; the newest stored one must be its predecessor.
    pub list: SignedList,
    /// The one that it adds.
    pub added: Option<AddedDevice>,
    /// Those that it no longer has.
    pub removed: Vec<DeviceId>,
    /// A new password and vault, at recovery.
    pub password: Option<(Credential, Vault)>,
    /// The day, for what is kept about the device.
    pub today: u64,
}

/// The devices that an account has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSet {
    /// Version of the device list.
    pub version: u64,
    /// Its devices, in order.
    pub devices: Box<[DeviceId]>,
}

/// One device's bundle, taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedBundle {
    /// The device.
    pub device: DeviceId,
    /// Its signed prekey.
    pub signed: Vec<u8>,
    /// A one-time prekey, if there was one.
    pub one_time: Option<Vec<u8>>,
    /// A one-time KEM prekey, or the last-resort one.
    pub kem: Vec<u8>,
    /// What is left.
    pub left: PrekeyCount,
}

/// What is kept about a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRecord {
    /// The device.
    pub device: DeviceId,
    /// The day on which it last had a session.
    pub last_seen_on: u64,
    /// What is left of its one-time prekeys.
    pub prekeys: PrekeyCount,
}

/// Accounts and what belongs to them.
pub trait AccountStore: Send + Sync + 'static {
    /// Adds an account with its first device.
    ///
    /// # Errors
    /// [`Conflict::NameTaken`], [`Conflict::IdTaken`], [`Conflict::Invitation`]; then nothing is changed.
    fn register(&self, new: NewAccount) -> Op<'_, ()>;

    /// Whether somebody has this name.
    fn name_taken(&self, folded: String) -> Op<'_, bool>;

    /// The account with this folded name.
    fn account_by_name(&self, folded: String) -> Op<'_, Option<Account>>;

    /// The account with this id.
    fn account(&self, id: AccountId) -> Op<'_, Option<Account>>;

    /// People whose folded names begin so, by name.
    fn people(&self, prefix: String, limit: usize) -> Op<'_, Vec<(AccountId, Username)>>;

    /// Signed lists after a version, oldest first.
    fn device_lists(&self, account: AccountId, after: u64, limit: usize)
    -> Op<'_, Vec<SignedList>>;

    /// The devices that the account has now.
    fn device_set(&self, account: AccountId) -> Op<'_, Option<DeviceSet>>;

    /// Whose this device is or was.
    fn owner(&self, device: DeviceId) -> Op<'_, Option<AccountId>>;

    /// Replaces the device list, with all that follows from it.
    ///
    /// # Errors
    /// [`Conflict::DeviceList`], [`Conflict::IdTaken`], [`Conflict::Vault`], [`Conflict::AccountUnknown`]; then nothing is changed.
    fn change_devices(&self, change: DeviceChange) -> Op<'_, ()>;

    /// Replaces the vault, which must be the successor of the stored one or, for new wraps alone, have its version and sealed part;
    /// and the password if one is given.
    ///
    /// # Errors
    /// [`Conflict::Vault`], [`Conflict::AccountUnknown`].
    fn put_vault(
        &self,
        account: AccountId,
        vault: Vault,
        password: Option<Credential>,
    ) -> Op<'_, ()>;

    /// Adds prekeys; those that are there already, or were, with the same id and key, are passed over, so that a repeated upload is harmless.
    ///
    /// # Errors
    /// [`Conflict::PrekeyIds`], [`Conflict::PrekeysTooMany`], [`Conflict::DeviceUnknown`]; then nothing is changed.
    fn add_prekeys(&self, device: DeviceId, prekeys: Prekeys) -> Op<'_, PrekeyCount>;

    /// Takes a bundle for each of these devices of this account; those that it doesn't have now are passed over.
    fn claim_prekeys(
        &self,
        account: AccountId,
        devices: Vec<DeviceId>,
    ) -> Op<'_, Vec<ClaimedBundle>>;

    /// What is left of a device's one-time prekeys.
    fn prekey_count(&self, device: DeviceId) -> Op<'_, PrekeyCount>;

    /// Adds a session, and notes the day on its device.
    fn put_session(&self, session: StoredSession, today: u64) -> Op<'_, ()>;

    /// The session of this token's hash, also when it has expired or its device is gone.
    fn session(&self, token_hash: [u8; 32]) -> Op<'_, Option<StoredSession>>;

    /// Removes a session.
    fn delete_session(&self, token_hash: [u8; 32]) -> Op<'_, ()>;

    /// Removes what has expired: sessions, invitations.
    fn purge(&self, now: u64) -> Op<'_, ()>;

    /// What is kept about the account's devices.
    fn devices(&self, account: AccountId) -> Op<'_, Vec<DeviceRecord>>;

    /// Adds an invitation.
    fn add_invitation(&self, code_hash: [u8; 32], uses: u32, expires_at: u64) -> Op<'_, ()>;

    /// Whether an invitation could be used now.
    fn invitation_valid(&self, code_hash: [u8; 32], now: u64) -> Op<'_, bool>;

    /// Writes something and takes it back: whether the store can be written now.
    fn ready(&self) -> Op<'_, ()>;
}
