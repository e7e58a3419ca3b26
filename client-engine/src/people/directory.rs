//! Account keys and device lists, as they were seen and verified (PROTOCOL.md sections 2 and 9.4).
//!
//! A list is believed if the account key signed it and it extends what was seen before: one version on, with the hash of its
//! predecessor. Older ones, forks and lists by another key are refused; another *key* is news that the caller must tell the person.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sotto_crypto_core::identity::{
    self, AccountKey, DeviceCertificate, DeviceList, UnverifiedDeviceCertificate,
    UnverifiedDeviceList,
};
use sotto_protocol::{AccountId, Bytes, DeviceId, http::DeviceLists};

use crate::{
    host::CallId,
    storage::{self, Corrupt},
    turn::Turn,
};

/// Certificates of removed devices that are kept at most.
const DEPARTED_MAX: usize = 64;
/// What a removed device sent before its removal may still wait in a mailbox. Once the mailbox has been emptied, nothing of it
/// can come any more; this bounds it for a relay that never says so (the time for which relays keep envelopes).
const DEPARTED_MS: u64 = sotto_protocol::limits::ENVELOPE_TTL_MS;

/// An account's id for `crypto-core`.
pub(crate) fn core_account(id: AccountId) -> identity::AccountId {
    identity::AccountId::from_bytes(id.0)
}

/// A device's id for `crypto-core`.
pub(crate) fn core_device(id: DeviceId) -> identity::DeviceId {
    identity::DeviceId::from_bytes(id.0)
}

/// A device's id as the protocol has it.
pub(crate) fn device_id(id: identity::DeviceId) -> DeviceId {
    DeviceId(*id.as_bytes())
}

/// A device that has left its account's list.
pub(crate) struct Departed {
    pub(crate) certificate: DeviceCertificate,
    pub(crate) learned_at: u64,
}

/// What is known of an account.
pub(crate) struct Person {
    pub(crate) username: String,
    pub(crate) key: AccountKey,
    pub(crate) list: DeviceList,
    pub(crate) departed: Vec<Departed>,
    /// The relay showed a list that does not follow: nothing is sent until it shows one that does.
    pub(crate) refused: bool,
}

#[derive(Serialize, Deserialize)]
struct PersonRow {
    username: String,
    key: Bytes,
    list: Bytes,
    departed: Vec<(Bytes, u64)>,
    refused: bool,
}

impl Person {
    pub(crate) fn device(&self, device: DeviceId) -> Option<&DeviceCertificate> {
        let id = core_device(device);
        self.list.devices().iter().find(|c| c.device() == id)
    }

    /// A device that may have sent something: a present or a departed one.
    pub(crate) fn sender(&self, device: DeviceId) -> Option<&DeviceCertificate> {
        let id = core_device(device);
        self.device(device).or_else(|| {
            self.departed
                .iter()
                .map(|departed| &departed.certificate)
                .find(|c| c.device() == id)
        })
    }

    pub(crate) fn device_ids(&self) -> impl Iterator<Item = DeviceId> + '_ {
        self.list.devices().iter().map(|c| device_id(c.device()))
    }

    pub(crate) fn store(&self, t: &mut Turn<'_>, account: AccountId) {
        let row = PersonRow {
            username: self.username.clone(),
            key: self.key.as_bytes().to_vec().into(),
            list: self.list.encode().into(),
            departed: self
                .departed
                .iter()
                .map(|d| (d.certificate.encode().to_vec().into(), d.learned_at))
                .collect(),
            refused: self.refused,
        };
        t.put(storage::person(account), &row);
    }

    pub(crate) fn restore(account: AccountId, value: &[u8]) -> Result<Self, Corrupt> {
        let row: PersonRow = storage::get(value)?;
        let key = key_from(&row.key).ok_or(Corrupt)?;
        let list = UnverifiedDeviceList::decode(&row.list)
            .and_then(|list| list.verify(core_account(account), &key))
            .map_err(|_| Corrupt)?;
        let departed = row
            .departed
            .iter()
            .filter_map(|(bytes, learned_at)| {
                let certificate = UnverifiedDeviceCertificate::decode(bytes)
                    .and_then(|c| c.verify(core_account(account), &key))
                    .ok()?;
                Some(Departed {
                    certificate,
                    learned_at: *learned_at,
                })
            })
            .collect();
        Ok(Self {
            username: row.username,
            key,
            list,
            departed,
            refused: row.refused,
        })
    }

    /// Forgets departed devices whose last messages must have arrived by now. True if there were any.
    pub(crate) fn forget_departed(&mut self, learned_before: u64, now: u64) -> bool {
        let before = self.departed.len();
        self.departed.retain(|d| {
            d.learned_at >= learned_before && now < d.learned_at.saturating_add(DEPARTED_MS)
        });
        self.departed.len() != before
    }
}

fn key_from(bytes: &[u8]) -> Option<AccountKey> {
    AccountKey::from_bytes(bytes.try_into().ok()?).ok()
}

/// Why a relay's answer about an account is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Distrust {
    /// Malformed, or not what was asked for.
    #[error("the answer is malformed")]
    Nonsense,
    /// A wrong signature, a rolled-back or a forked list.
    #[error("the keys don't follow from what was known")]
    Refused,
}

/// What a believed answer says.
pub(crate) enum News {
    /// Another account key: ask for all lists from the first.
    AskForAll,
    /// The newest known state.
    Now {
        person: Box<Person>,
        key_changed: bool,
        /// There are more lists to ask for.
        more: bool,
    },
}

/// Judges a relay's answer to `device-lists?after=`, against what is known. `pinned`: the key that the account must have.
pub(crate) fn judge(
    account: AccountId,
    known: Option<&Person>,
    pinned: Option<&AccountKey>,
    after: u64,
    answer: &DeviceLists,
    now: u64,
) -> Result<News, Distrust> {
    let key = key_from(&answer.account_key).ok_or(Distrust::Nonsense)?;
    if pinned.is_some_and(|pinned| *pinned != key) {
        return Err(Distrust::Refused);
    }
    let same = known.filter(|person| person.key == key);
    let key_changed = known.is_some() && same.is_none();
    if same.is_none() && after != 0 {
        return Ok(News::AskForAll);
    }
    if same.is_some_and(|person| answer.newest < person.list.version()) {
        return Err(Distrust::Refused);
    }
    let mut newest: Option<DeviceList> = same.map(|person| person.list.clone());
    let mut seen: Vec<DeviceCertificate> = newest
        .iter()
        .flat_map(|list| list.devices().iter().cloned())
        .collect();
    for bytes in &answer.lists {
        let list = UnverifiedDeviceList::decode(bytes)
            .and_then(|list| list.verify(core_account(account), &key))
            .map_err(|_| Distrust::Refused)?;
        match &newest {
            Some(older) => list.extends(older).map_err(|_| Distrust::Refused)?,
            None if list.version() == 1 => {}
            None => return Err(Distrust::Refused),
        }
        seen.extend(list.devices().iter().cloned());
        newest = Some(list);
    }
    let list = newest.ok_or(Distrust::Nonsense)?;
    let more = list.version() < answer.newest;
    if more && answer.lists.is_empty() {
        return Err(Distrust::Nonsense);
    }
    let mut departed: Vec<Departed> = Vec::new();
    let earlier = same.into_iter().flat_map(|person| &person.departed);
    let earlier = earlier.map(|d| (&d.certificate, d.learned_at));
    for (certificate, learned_at) in earlier.chain(seen.iter().map(|c| (c, now))) {
        let id = certificate.device();
        let present = list.devices().iter().any(|c| c.device() == id);
        if !present && departed.iter().all(|d| d.certificate.device() != id) {
            departed.push(Departed {
                certificate: certificate.clone(),
                learned_at,
            });
        }
    }
    let excess = departed.len().saturating_sub(DEPARTED_MAX);
    departed.drain(..excess);
    Ok(News::Now {
        person: Box::new(Person {
            username: answer.username.to_string(),
            key,
            list,
            departed,
            refused: false,
        }),
        key_changed,
        more,
    })
}

/// A question to the relay about one account.
#[derive(Default)]
pub(crate) struct Inquiry {
    /// An answer is due.
    pub(crate) busy: bool,
    /// The list should have this version, says the relay.
    pub(crate) wanted: u64,
    /// What it had said when it was asked.
    pub(crate) asked: u64,
    /// Not again before.
    pub(crate) retry_at: u64,
    /// Again at this time, though nothing failed; sooner if there is reason.
    pub(crate) look_at: u64,
    /// The answer that is due may be older than what it is wanted for.
    pub(crate) again: bool,
    pub(crate) attempts: u32,
    /// Commands that wait for the person.
    pub(crate) calls: Vec<CallId>,
}

impl Inquiry {
    /// When it is to be asked by itself.
    pub(crate) fn due(&self) -> Option<u64> {
        [self.retry_at, self.look_at]
            .into_iter()
            .find(|at| *at != 0)
            .filter(|_| !self.busy)
    }
}

/// Everybody that is known.
#[derive(Default)]
pub(crate) struct Directory {
    pub(crate) people: HashMap<AccountId, Person>,
    pub(crate) inquiries: HashMap<AccountId, Inquiry>,
}

impl Directory {
    pub(crate) fn get(&self, account: AccountId) -> Option<&Person> {
        self.people.get(&account)
    }

    /// Known, believed, and as new as the relay says that it should be.
    pub(crate) fn current(&self, account: AccountId) -> Option<&Person> {
        let wanted = self.inquiries.get(&account).map_or(0, |i| i.wanted);
        self.people
            .get(&account)
            .filter(|person| person.list.version() >= wanted)
    }
}
