//! Keys and values of the rows that the engine keeps (PROTOCOL.md section 9.2).
//!
//! ```text
//! value = version(1) || CBOR
//! ```
//!
//! Keys hold random ids, order keys and counters only: a host may leave them unsealed.

use serde::{Serialize, de::DeserializeOwned};
use sotto_protocol::{AccountId, DeviceId, MessageId, codec};
use zeroize::Zeroizing;

use crate::{
    host::{HISTORY_PREFIX, Write},
    messages::order::Order,
};

/// Layout of all values.
const VERSION: u8 = 1;

/// Who is signed in, with the device's secrets.
pub(crate) const ME: &str = "state/me";
/// An account or a device that is being made.
pub(crate) const PENDING: &str = "state/pending";
/// The vault lacks decisions about contacts.
pub(crate) const VAULT_BEHIND: &str = "state/vault-behind";
/// The device session's token.
pub(crate) const TOKEN: &str = "state/token";
/// Counters and dates of the own prekeys.
pub(crate) const PREKEYS: &str = "state/prekeys";

pub(crate) const PERSON: &str = "state/person/";
pub(crate) const CONVERSATION: &str = "state/conversation/";
pub(crate) const DRAFT: &str = "state/draft/";
pub(crate) const TRACK: &str = "state/track/";
pub(crate) const UNREAD: &str = "state/unread/";
pub(crate) const SENT: &str = "state/sent/";
pub(crate) const OUTBOX: &str = "state/outbox/";
pub(crate) const RECEIPTS: &str = "state/receipts/";
pub(crate) const EARLY: &str = "state/early/";
pub(crate) const SESSIONS: &str = "state/sessions/";
pub(crate) const DAMAGED: &str = "state/damaged/";
pub(crate) const RECENT: &str = "state/recent/";
pub(crate) const PREKEY: &str = "state/prekey/";

pub(crate) fn person(account: AccountId) -> String {
    format!("{PERSON}{account}")
}

pub(crate) fn conversation(account: AccountId) -> String {
    format!("{CONVERSATION}{account}")
}

pub(crate) fn draft(account: AccountId) -> String {
    format!("{DRAFT}{account}")
}

pub(crate) fn track(account: AccountId, device: DeviceId) -> String {
    format!("{TRACK}{account}/{device}")
}

pub(crate) fn unread(account: AccountId, order: &Order) -> String {
    format!("{UNREAD}{account}/{order}")
}

pub(crate) fn sent(id: MessageId) -> String {
    format!("{SENT}{id}")
}

pub(crate) fn outbox(seq: u64) -> String {
    format!("{OUTBOX}{seq:016x}")
}

pub(crate) fn receipts(account: AccountId) -> String {
    format!("{RECEIPTS}{account}")
}

pub(crate) fn sessions((account, device): (AccountId, DeviceId)) -> String {
    format!("{SESSIONS}{account}/{device}")
}

pub(crate) fn damaged(id: MessageId) -> String {
    format!("{DAMAGED}{id}")
}

pub(crate) fn early(id: MessageId) -> String {
    format!("{EARLY}{id}")
}

pub(crate) fn recent(seq: u64) -> String {
    format!("{RECENT}{seq:016x}")
}

pub(crate) fn prekey(kind: &str, id: u32) -> String {
    format!("{PREKEY}{kind}/{id:08x}")
}

/// A line of a conversation.
pub(crate) fn history(account: AccountId, order: &Order) -> String {
    format!("{HISTORY_PREFIX}{account}/{order}")
}

/// First key of a conversation's history, and the one behind its last.
pub(crate) fn history_bounds(account: AccountId) -> (String, String) {
    (
        format!("{HISTORY_PREFIX}{account}/"),
        format!("{HISTORY_PREFIX}{account}0"),
    )
}

/// A row with this value.
pub(crate) fn put<T: Serialize + ?Sized>(key: String, value: &T) -> Write {
    let mut bytes = vec![VERSION];
    // The engine's own types always encode; a value that did not would be noticed as corrupt at the next start.
    bytes.extend(codec::to_cbor(value).unwrap_or_default());
    Write::Put {
        key,
        value: Zeroizing::new(bytes),
    }
}

/// A stored value that can't be read: damaged, or written by a newer version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored value can't be read")]
pub(crate) struct Corrupt;

/// Reads what [`put`] wrote.
pub(crate) fn get<T: DeserializeOwned>(value: &[u8]) -> Result<T, Corrupt> {
    match value.split_first() {
        Some((&VERSION, cbor)) => codec::from_cbor(cbor).map_err(|_| Corrupt),
        _ => Err(Corrupt),
    }
}

/// Secret bytes inside a value: wiped when dropped, never shown.
#[derive(Clone, Default)]
pub(crate) struct Secret(pub(crate) Zeroizing<Vec<u8>>);

impl Secret {
    pub(crate) fn array<const N: usize>(&self) -> Result<Zeroizing<[u8; N]>, Corrupt> {
        let mut out = Zeroizing::new([0; N]);
        if self.0.len() != N {
            return Err(Corrupt);
        }
        out.copy_from_slice(&self.0);
        Ok(out)
    }
}

impl From<&[u8]> for Secret {
    fn from(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = sotto_protocol::Bytes::deserialize(deserializer)?;
        Ok(Self(Zeroizing::new(bytes.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_an_unknown_version_are_refused() {
        let Write::Put { mut value, .. } = put("k".into(), &7u32) else {
            panic!("a put")
        };
        assert_eq!(get::<u32>(&value), Ok(7));
        value[0] = 2;
        assert_eq!(get::<u32>(&value), Err(Corrupt));
        assert_eq!(get::<u32>(&[]), Err(Corrupt));
    }

    #[test]
    fn secrets_are_never_shown() {
        let secret = Secret::from(&b"abc"[..]);
        assert_eq!(format!("{secret:?}"), "Secret(redacted)");
    }
}
