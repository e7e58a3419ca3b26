//! What the vault holds, sealing and opening it (PROTOCOL.md sections 3 and 9.1).
//!
//! ```text
//! content = CBOR {"v": 1, "account_secret": <32 bytes>, "contacts": [{…}]}
//! ```

use serde::{Deserialize, Serialize};
use sotto_crypto_core::{
    identity::AccountSecret,
    recovery_key::RecoveryKey,
    vault::{VaultKey, WrappingKey, open_vault, seal_vault},
};
use sotto_protocol::{AccountId, codec, http::Vault};
use zeroize::Zeroizing;

use crate::{
    api::{problem::Problem, view::Standing},
    people::{conversation::Verified, directory::core_account},
    storage::Secret,
    turn::Turn,
};

#[derive(Serialize, Deserialize)]
struct Content {
    v: u8,
    account_secret: Secret,
    #[serde(default)]
    contacts: Vec<Contact>,
}

/// Whom the person knows, or has blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) account: AccountId,
    pub(crate) username: String,
    pub(crate) standing: Standing,
    /// When that was decided.
    pub(crate) at: u64,
    pub(crate) verified: Option<Verified>,
}

/// A way into the vault, with which it is opened.
pub(crate) enum Key<'a> {
    /// The 64 bytes that a login yields.
    Password(&'a [u8]),
    /// The twelve words.
    Recovery(&'a RecoveryKey),
}

/// What was in a vault.
pub(crate) struct Opened {
    pub(crate) key: VaultKey,
    pub(crate) secret: AccountSecret,
    pub(crate) contacts: Vec<Contact>,
}

/// Makes the account's first vault.
pub(crate) fn first(
    t: &mut Turn<'_>,
    account: AccountId,
    secret: &AccountSecret,
    export_key: &[u8],
    recovery: &RecoveryKey,
) -> Result<(Vault, Secret), Problem> {
    let key = VaultKey::generate(t.rng);
    let id = core_account(account);
    let password = WrappingKey::from_opaque_export(export_key).map_err(|_| Problem::Internal)?;
    let recovery = WrappingKey::from_recovery_key(recovery);
    let vault = Vault {
        version: 1,
        sealed: seal(t, account, &key, 1, secret, &[])?.into(),
        password_wrap: password.wrap(&key, id, t.rng).into(),
        recovery_wrap: recovery.wrap(&key, id, t.rng).into(),
    };
    Ok((vault, Secret::from(&key.as_bytes()[..])))
}

fn seal(
    t: &mut Turn<'_>,
    account: AccountId,
    key: &VaultKey,
    version: u64,
    secret: &AccountSecret,
    contacts: &[Contact],
) -> Result<Vec<u8>, Problem> {
    let content = Content {
        v: 1,
        account_secret: Secret::from(&secret.to_bytes()[..]),
        contacts: contacts.to_vec(),
    };
    let content = codec::to_cbor(&content).map_err(|_| Problem::Internal)?;
    let content = Zeroizing::new(content);
    Ok(seal_vault(
        key,
        core_account(account),
        version,
        &content,
        t.rng,
    ))
}

/// The same secrets as the next version, with a new password's way in.
pub(crate) fn renew_password(
    t: &mut Turn<'_>,
    account: AccountId,
    opened: &Opened,
    vault: &Vault,
    export_key: &[u8],
) -> Result<Vault, Problem> {
    let version = vault
        .version
        .checked_add(1)
        .ok_or(Problem::RelayMisbehaved)?;
    let password = WrappingKey::from_opaque_export(export_key).map_err(|_| Problem::Internal)?;
    Ok(Vault {
        version,
        sealed: seal(
            t,
            account,
            &opened.key,
            version,
            &opened.secret,
            &opened.contacts,
        )?
        .into(),
        password_wrap: password
            .wrap(&opened.key, core_account(account), t.rng)
            .into(),
        recovery_wrap: vault.recovery_wrap.clone(),
    })
}

/// The next version, with these contacts.
pub(crate) fn with_contacts(
    t: &mut Turn<'_>,
    account: AccountId,
    opened: &Opened,
    vault: &Vault,
    contacts: &[Contact],
) -> Result<Vault, Problem> {
    let version = vault
        .version
        .checked_add(1)
        .ok_or(Problem::RelayMisbehaved)?;
    Ok(Vault {
        version,
        sealed: seal(t, account, &opened.key, version, &opened.secret, contacts)?.into(),
        password_wrap: vault.password_wrap.clone(),
        recovery_wrap: vault.recovery_wrap.clone(),
    })
}

/// Opens a vault, not older than `newest_seen`. `None`: not with this key, or not this account's vault.
pub(crate) fn open(
    account: AccountId,
    vault: &Vault,
    key: &Key<'_>,
    newest_seen: u64,
) -> Option<Opened> {
    let id = core_account(account);
    let key = match key {
        Key::Password(export) => WrappingKey::from_opaque_export(export)
            .ok()?
            .unwrap(id, &vault.password_wrap)
            .ok()?,
        Key::Recovery(words) => WrappingKey::from_recovery_key(words)
            .unwrap(id, &vault.recovery_wrap)
            .ok()?,
    };
    open_with(account, vault, key, newest_seen)
}

/// As [`open`], with the vault key itself.
pub(crate) fn open_with(
    account: AccountId,
    vault: &Vault,
    key: VaultKey,
    newest_seen: u64,
) -> Option<Opened> {
    let opened = open_vault(&key, core_account(account), newest_seen, &vault.sealed).ok()?;
    if opened.version != vault.version {
        return None;
    }
    let content: Content = codec::from_cbor(&opened.content).ok()?;
    let secret = content.account_secret.array::<32>().ok()?;
    Some(Opened {
        key,
        secret: AccountSecret::from_bytes(&secret),
        contacts: content.contacts,
    })
}
