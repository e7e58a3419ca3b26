//! Which sessions there are with each device, and which of them is used (PROTOCOL.md section 9.7).
//!
//! At most five per device; the first is the one to write with. Both ends settle on the same one:
//! - a session that comes in goes first, unless the own first one is still unanswered and has the smaller id
//!   (both sides began at once: both keep the session with the smaller id);
//! - a session in which something came goes first, with the same exception;
//! - one that came with a resend request goes first always: it replaces a broken one.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use sotto_crypto_core::session::{
    DecryptError, LocalDevice, Opened, PrekeyStore, RemoteDevice, Session, UsedPrekeys,
};
use sotto_protocol::{AccountId, DeviceId};
use zeroize::Zeroizing;

use crate::{
    storage::{self, Corrupt, Secret},
    turn::Turn,
};

/// Sessions per device at most; the least recently used goes.
const SESSIONS_MAX: usize = 5;
/// Between two resets of the same device, at first; doubles with each that brought nothing.
const RESET_MIN_MS: u64 = 10_000;
const RESET_MAX_MS: u64 = 60 * 60_000;
/// Typing notices without anything coming back: each may be lost, and costs the other side a skipped key.
const TYPING_MAX: u32 = 20;

/// Whose device. Device ids are chosen by their owners, so only with the account do they say who reads what is sealed in a session.
pub(crate) type Address = (AccountId, DeviceId);

/// Sessions with one device.
#[derive(Default)]
pub(crate) struct DeviceSessions {
    sessions: Vec<Session>,
    /// A fresh session is wanted, whatever there is.
    pub(crate) renew: bool,
    /// Not reset again before.
    pub(crate) reset_after: u64,
    resets: u32,
    typings: u32,
}

#[derive(Serialize, Deserialize)]
struct SessionsRow {
    sessions: Vec<Secret>,
    renew: bool,
    reset_after: u64,
    resets: u32,
}

/// What an envelope turned out to be.
pub(crate) enum Reading {
    /// A message.
    Opened {
        plaintext: Zeroizing<Vec<u8>>,
        used: UsedPrekeys,
        session: [u8; 16],
    },
    /// It has been read before.
    Duplicate,
    /// It can't be read.
    Damaged,
}

impl DeviceSessions {
    fn find(&self, id: &[u8; 16]) -> Option<usize> {
        self.sessions.iter().position(|s| s.id() == *id)
    }

    fn put_first(&mut self, at: usize) {
        if let Some(session) = (at < self.sessions.len()).then(|| self.sessions.remove(at)) {
            self.sessions.insert(0, session);
        }
    }

    /// The own first session was begun at the same time as `id`, and wins.
    fn keeps_own(&self, id: &[u8; 16]) -> bool {
        self.sessions
            .first()
            .is_some_and(|first| !first.has_been_answered() && first.id() < *id)
    }

    fn add(&mut self, session: Session, first: bool) {
        let at = usize::from(!first).min(self.sessions.len());
        self.sessions.insert(at, session);
        self.sessions.truncate(SESSIONS_MAX);
    }

    fn heard(&mut self) {
        self.resets = 0;
        self.typings = 0;
    }

    fn open(
        &mut self,
        local: &LocalDevice,
        remote: &RemoteDevice,
        prekeys: &impl PrekeyStore,
        envelope: &[u8],
        t: &mut Turn<'_>,
    ) -> Reading {
        for at in 0..self.sessions.len() {
            let Some(session) = self.sessions.get_mut(at) else {
                break;
            };
            match session.decrypt(envelope, t.now, t.rng) {
                Ok(plaintext) => {
                    let id = session.id();
                    if at != 0 && !self.keeps_own(&id) {
                        self.put_first(at);
                    }
                    self.heard();
                    return Reading::Opened {
                        plaintext,
                        used: UsedPrekeys::default(),
                        session: id,
                    };
                }
                Err(DecryptError::Replayed) => return Reading::Duplicate,
                Err(_) => {}
            }
        }
        match Session::respond(local, remote, prekeys, envelope, t.now, t.rng) {
            Ok(Opened {
                session,
                plaintext,
                used,
            }) => {
                let id = session.id();
                let first = !self.keeps_own(&id);
                self.add(session, first);
                self.heard();
                Reading::Opened {
                    plaintext,
                    used,
                    session: id,
                }
            }
            Err(_) => Reading::Damaged,
        }
    }

    fn row(&self) -> SessionsRow {
        SessionsRow {
            sessions: self
                .sessions
                .iter()
                .map(|session| Secret(session.to_bytes()))
                .collect(),
            renew: self.renew,
            reset_after: self.reset_after,
            resets: self.resets,
        }
    }
}

/// All sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    devices: HashMap<Address, DeviceSessions>,
    /// Changed in this step: written once, at its end.
    dirty: BTreeSet<Address>,
}

impl Sessions {
    pub(crate) fn restore(&mut self, device: Address, value: &[u8]) -> Result<(), Corrupt> {
        let row: SessionsRow = storage::get(value)?;
        let sessions = row
            .sessions
            .iter()
            .map(|bytes| Session::from_bytes(&bytes.0).map_err(|_| Corrupt))
            .collect::<Result<_, _>>()?;
        self.devices.insert(
            device,
            DeviceSessions {
                sessions,
                renew: row.renew,
                reset_after: row.reset_after,
                resets: row.resets,
                typings: 0,
            },
        );
        Ok(())
    }

    /// Writes what changed. Called once, at the end of each step.
    pub(crate) fn flush(&mut self, t: &mut Turn<'_>) {
        for device in std::mem::take(&mut self.dirty) {
            if let Some(sessions) = self.devices.get(&device) {
                t.put(storage::sessions(device), &sessions.row());
            }
        }
    }

    pub(crate) fn remove(&mut self, t: &mut Turn<'_>, device: Address) {
        self.dirty.remove(&device);
        if self.devices.remove(&device).is_some() {
            t.delete(storage::sessions(device));
        }
    }

    /// There is a session to write with.
    pub(crate) fn ready(&self, device: Address) -> bool {
        self.devices
            .get(&device)
            .is_some_and(|d| !d.renew && !d.sessions.is_empty())
    }

    /// A fresh session, begun here.
    pub(crate) fn begin(&mut self, device: Address, session: Session) {
        let sessions = self.devices.entry(device).or_default();
        sessions.renew = false;
        sessions.add(session, true);
        self.dirty.insert(device);
    }

    /// Encrypts with the first session. `None`: there is none, or it is used up; ask for a fresh one.
    pub(crate) fn encrypt(
        &mut self,
        t: &mut Turn<'_>,
        device: Address,
        plaintext: &[u8],
    ) -> Option<Vec<u8>> {
        let sessions = self.devices.get_mut(&device)?;
        let sealed = sessions.sessions.first_mut()?.encrypt(plaintext, t.rng);
        if sealed.is_err() {
            sessions.renew = true;
        }
        self.dirty.insert(device);
        sealed.ok()
    }

    pub(crate) fn open(
        &mut self,
        device: Address,
        local: &LocalDevice,
        remote: &RemoteDevice,
        prekeys: &impl PrekeyStore,
        envelope: &[u8],
        t: &mut Turn<'_>,
    ) -> Reading {
        let known = self.devices.contains_key(&device);
        let sessions = self.devices.entry(device).or_default();
        let reading = sessions.open(local, remote, prekeys, envelope, t);
        match reading {
            Reading::Opened { .. } => {
                self.dirty.insert(device);
            }
            _ if !known => {
                self.devices.remove(&device);
            }
            _ => {}
        }
        reading
    }

    /// The other side replaced its session by this one: so do we.
    pub(crate) fn prefer(&mut self, device: Address, session: &[u8; 16]) {
        if let Some(sessions) = self.devices.get_mut(&device)
            && let Some(at) = sessions.find(session)
        {
            sessions.put_first(at);
            sessions.renew = false;
            self.dirty.insert(device);
        }
    }

    /// Something of this device can't be read: wants a fresh session, unless there was one a moment ago. True if it is to be had now.
    pub(crate) fn reset(&mut self, device: Address, now: u64) -> bool {
        let sessions = self.devices.entry(device).or_default();
        if now < sessions.reset_after {
            return false;
        }
        let pause = RESET_MIN_MS
            .saturating_mul(1 << sessions.resets.min(16))
            .min(RESET_MAX_MS);
        sessions.resets = sessions.resets.saturating_add(1);
        sessions.reset_after = now.saturating_add(pause);
        sessions.renew = true;
        self.dirty.insert(device);
        true
    }

    pub(crate) fn reset_after(&self, device: Address) -> u64 {
        self.devices.get(&device).map_or(0, |d| d.reset_after)
    }

    /// Whether a typing notice may be spent on this device.
    pub(crate) fn spend_typing(&mut self, device: Address) -> bool {
        self.devices.get_mut(&device).is_some_and(|sessions| {
            sessions.typings += 1;
            sessions.typings <= TYPING_MAX
        })
    }
}
