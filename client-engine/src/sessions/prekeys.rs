//! The own prekeys: making, uploading, replenishing, rotating, forgetting (PROTOCOL.md sections 4 and 9.7).
//!
//! Private halves are durable in the same step that asks to upload the public ones, so before them. Ids never repeat.
//! A one-time prekey goes when it was used, in the write that stores the session that it began.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sotto_crypto_core::{
    identity::DeviceSecret,
    prekey::{KemPrekeyKind, KemPrekeySecret, OneTimePrekeySecret, SignedPrekeySecret},
    session::{PrekeyStore, UsedPrekeys},
};
use sotto_protocol::{
    Bytes, ProblemCode,
    http::{PrekeyCount, PrekeyUpload},
    limits::{ENVELOPE_TTL_MS, ONE_TIME_PREKEYS_LOW, ONE_TIME_PREKEYS_MAX},
};

use crate::{
    home::Home,
    requests::{Answer, Ask, Auth, parse},
    storage::{self, Corrupt, Secret},
    turn::Turn,
};

/// Signed and last-resort prekeys are replaced after a week.
const ROTATE_MS: u64 = 7 * 24 * 60 * 60_000;
/// Rotated prekeys open envelopes for as long as relays keep envelopes: longer than the month that forward secrecy would like, but
/// what waited must be readable.
const KEEP_MS: u64 = ENVELOPE_TTL_MS;
/// Unused one-time prekeys that are kept at most; beyond, the oldest were lost on their way to the relay.
const ONE_TIME_KEPT: usize = 4 * ONE_TIME_PREKEYS_MAX;
const RETRY_MS: u64 = 60_000;

/// Counters and dates.
#[derive(Serialize, Deserialize, Default)]
struct Ledger {
    next: u32,
    rotated_at: u64,
    /// When each rotated signed or last-resort prekey was replaced.
    retired: Vec<(u32, u64)>,
    /// The present signed and last-resort prekeys.
    current: (u32, u32),
}

/// All own prekeys, private halves.
#[derive(Default)]
pub(crate) struct Prekeys {
    ledger: Ledger,
    signed: BTreeMap<u32, SignedPrekeySecret>,
    one_time: BTreeMap<u32, OneTimePrekeySecret>,
    kem: BTreeMap<u32, KemPrekeySecret>,
    /// An upload or a count is under way.
    busy: bool,
    retry_at: u64,
    low: bool,
}

impl PrekeyStore for Prekeys {
    fn signed(&self, id: u32) -> Option<&SignedPrekeySecret> {
        self.signed.get(&id)
    }
    fn one_time(&self, id: u32) -> Option<&OneTimePrekeySecret> {
        self.one_time.get(&id)
    }
    fn kem(&self, id: u32) -> Option<&KemPrekeySecret> {
        self.kem.get(&id)
    }
}

/// Row names of the three kinds.
const SIGNED: &str = "signed";
const ONE_TIME: &str = "one-time";
const KEM: &str = "kem";

impl Prekeys {
    pub(crate) fn restore(&mut self, key: &str, value: &[u8]) -> Result<(), Corrupt> {
        if key == storage::PREKEYS {
            self.ledger = storage::get(value)?;
            return Ok(());
        }
        let bytes = storage::get::<Secret>(value)?.0;
        let kind = key
            .strip_prefix(storage::PREKEY)
            .and_then(|rest| rest.split('/').next());
        match kind {
            Some(SIGNED) => {
                let secret = SignedPrekeySecret::from_bytes(&bytes).map_err(|_| Corrupt)?;
                self.signed.insert(secret.id(), secret);
            }
            Some(ONE_TIME) => {
                let secret = OneTimePrekeySecret::from_bytes(&bytes).map_err(|_| Corrupt)?;
                self.one_time.insert(secret.id(), secret);
            }
            Some(KEM) => {
                let secret = KemPrekeySecret::from_bytes(&bytes).map_err(|_| Corrupt)?;
                self.kem.insert(secret.id(), secret);
            }
            _ => return Err(Corrupt),
        }
        Ok(())
    }

    fn id(&mut self) -> u32 {
        self.ledger.next = self.ledger.next.wrapping_add(1);
        self.ledger.next
    }

    /// A device's first prekeys; rows are written for all of them.
    pub(crate) fn first(t: &mut Turn<'_>, device: &DeviceSecret) -> (Self, PrekeyUpload) {
        let mut prekeys = Self::default();
        let (signed, last_resort) = prekeys.rotate(t, device);
        let full = ONE_TIME_PREKEYS_MAX;
        let mut upload = prekeys.one_time_upload(t, device, full, full);
        upload.signed = Some(signed);
        upload.kem_last_resort = Some(last_resort);
        (prekeys, upload)
    }

    fn rotate(&mut self, t: &mut Turn<'_>, device: &DeviceSecret) -> (Bytes, Bytes) {
        let now = t.now;
        let (signed_id, kem_id) = (self.id(), self.id());
        let signed = SignedPrekeySecret::generate(t.rng, device, signed_id, now);
        let kem = KemPrekeySecret::generate(t.rng, device, kem_id, KemPrekeyKind::LastResort);
        t.put(
            storage::prekey(SIGNED, signed_id),
            &Secret(signed.to_bytes()),
        );
        t.put(storage::prekey(KEM, kem_id), &Secret(kem.to_bytes()));
        let publics = (
            signed.public().encode().to_vec().into(),
            kem.public().encode().into(),
        );
        self.signed.insert(signed_id, signed);
        self.kem.insert(kem_id, kem);
        if self.ledger.current == (0, 0) {
            self.ledger.current = (signed_id, kem_id);
            self.ledger.rotated_at = now;
        }
        t.put(storage::PREKEYS.to_owned(), &self.ledger);
        publics
    }

    fn one_time_upload(
        &mut self,
        t: &mut Turn<'_>,
        device: &DeviceSecret,
        one_time: usize,
        kem_one_time: usize,
    ) -> PrekeyUpload {
        let mut upload = PrekeyUpload {
            signed: None,
            kem_last_resort: None,
            one_time: Vec::new(),
            kem_one_time: Vec::new(),
        };
        for _ in 0..one_time {
            let secret = OneTimePrekeySecret::generate(t.rng, self.id());
            t.put(
                storage::prekey(ONE_TIME, secret.id()),
                &Secret(secret.to_bytes()),
            );
            upload
                .one_time
                .push(secret.public().encode().to_vec().into());
            self.one_time.insert(secret.id(), secret);
        }
        for _ in 0..kem_one_time {
            let id = self.id();
            let secret = KemPrekeySecret::generate(t.rng, device, id, KemPrekeyKind::OneTime);
            t.put(storage::prekey(KEM, id), &Secret(secret.to_bytes()));
            upload.kem_one_time.push(secret.public().encode().into());
            self.kem.insert(id, secret);
        }
        self.forget_excess(t);
        t.put(storage::PREKEYS.to_owned(), &self.ledger);
        upload
    }

    fn forget_excess(&mut self, t: &mut Turn<'_>) {
        while self.one_time.len() > ONE_TIME_KEPT {
            if let Some((id, _)) = self.one_time.pop_first() {
                t.delete(storage::prekey(ONE_TIME, id));
            }
        }
        let mut kem: Vec<u32> = self
            .kem
            .iter()
            .filter(|(_, secret)| secret.kind() == KemPrekeyKind::OneTime)
            .map(|(id, _)| *id)
            .collect();
        let excess = kem.len().saturating_sub(ONE_TIME_KEPT);
        for id in kem.drain(..excess) {
            self.kem.remove(&id);
            t.delete(storage::prekey(KEM, id));
        }
    }

    /// These were used: they open nothing any more.
    pub(crate) fn consume(&mut self, t: &mut Turn<'_>, used: UsedPrekeys) {
        if let Some(id) = used.one_time
            && self.one_time.remove(&id).is_some()
        {
            t.delete(storage::prekey(ONE_TIME, id));
        }
        if let Some(id) = used.kem_one_time
            && self.kem.remove(&id).is_some()
        {
            t.delete(storage::prekey(KEM, id));
        }
    }

    /// The relay has the new signed prekeys: the old ones retire, and those long retired go.
    fn rotated(&mut self, t: &mut Turn<'_>, current: (u32, u32)) {
        let present = |id: u32| id == current.0 || id == current.1;
        let known: Vec<u32> = self.ledger.retired.iter().map(|(id, _)| *id).collect();
        let last_resort = |secret: &KemPrekeySecret| secret.kind() == KemPrekeyKind::LastResort;
        // Also those of an upload whose answer was lost: the relay may have handed them out.
        let mut retired: Vec<(u32, u64)> = self
            .signed
            .keys()
            .chain(
                self.kem
                    .iter()
                    .filter(|(_, s)| last_resort(s))
                    .map(|(id, _)| id),
            )
            .filter(|id| !present(**id) && !known.contains(id))
            .map(|id| (*id, t.now))
            .collect();
        retired.append(&mut self.ledger.retired);
        retired.retain(|&(id, at)| {
            let keep = t.now < at.saturating_add(KEEP_MS);
            if !keep {
                if self.signed.remove(&id).is_some() {
                    t.delete(storage::prekey(SIGNED, id));
                }
                if self.kem.remove(&id).is_some() {
                    t.delete(storage::prekey(KEM, id));
                }
            }
            keep
        });
        self.ledger.retired = retired;
        self.ledger.current = current;
        self.ledger.rotated_at = t.now;
        t.put(storage::PREKEYS.to_owned(), &self.ledger);
    }

    fn rotation_due(&self, now: u64) -> bool {
        now >= self.ledger.rotated_at.saturating_add(ROTATE_MS)
    }

    pub(crate) fn wake_at(&self, online: bool) -> Option<u64> {
        if !online || self.busy {
            return None;
        }
        let due = if self.low {
            0
        } else {
            self.ledger.rotated_at.saturating_add(ROTATE_MS)
        };
        Some(due.max(self.retry_at))
    }
}

impl Home {
    /// The relay says that prekeys are running out.
    pub(crate) fn prekeys_low(&mut self, t: &mut Turn<'_>, left: &PrekeyCount) {
        if !self.prekeys.busy && t.now >= self.prekeys.retry_at {
            self.replenish(t, left);
        } else {
            self.prekeys.low = true;
        }
    }

    /// Once per connection: how many are left?
    pub(crate) fn count_prekeys(&mut self, t: &mut Turn<'_>) {
        self.prekeys.busy = true;
        t.get(Ask::PrekeyCount, "/v1/prekeys".to_owned());
    }

    pub(crate) fn prekeys_counted(&mut self, t: &mut Turn<'_>, answer: Answer) {
        self.prekeys.busy = false;
        match parse::<PrekeyCount>(answer) {
            Ok(left) => self.replenish(t, &left),
            Err(failure) => self.retry_prekeys(t, failure.retry_after()),
        }
    }

    fn retry_prekeys(&mut self, t: &Turn<'_>, retry_after: Option<u64>) {
        self.prekeys.low = true;
        self.prekeys.retry_at = t.now.saturating_add(retry_after.unwrap_or(0).max(RETRY_MS));
    }

    /// At a wake-up: what was put off, and rotation.
    pub(crate) fn tend_prekeys(&mut self, t: &mut Turn<'_>) {
        if t.online()
            && !self.prekeys.busy
            && t.now >= self.prekeys.retry_at
            && (self.prekeys.low || self.prekeys.rotation_due(t.now))
        {
            self.count_prekeys(t);
        }
    }

    fn replenish(&mut self, t: &mut Turn<'_>, left: &PrekeyCount) {
        self.prekeys.low = false;
        let missing = |left: u32| {
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            // Rather a batch now and then than one key each time.
            match left < 2 * ONE_TIME_PREKEYS_LOW {
                true => ONE_TIME_PREKEYS_MAX.saturating_sub(left),
                false => 0,
            }
        };
        let (one_time, kem) = (missing(left.one_time), missing(left.kem_one_time));
        let due = self.prekeys.rotation_due(t.now);
        if one_time == 0 && kem == 0 && !due {
            return;
        }
        let secret = &self.me.local.secret;
        let mut upload = self.prekeys.one_time_upload(t, secret, one_time, kem);
        let mut rotation = None;
        if due {
            let first = self.prekeys.ledger.next;
            let (signed, last_resort) = self.prekeys.rotate(t, secret);
            upload.signed = Some(signed);
            upload.kem_last_resort = Some(last_resort);
            rotation = Some((first.wrapping_add(1), first.wrapping_add(2)));
        }
        self.prekeys.busy = true;
        t.ask(
            Ask::PrekeyUpload { rotation },
            "PUT",
            "/v1/prekeys".to_owned(),
            Some(&upload),
            Auth::Session,
        );
    }

    pub(crate) fn prekeys_uploaded(
        &mut self,
        t: &mut Turn<'_>,
        rotation: Option<(u32, u32)>,
        answer: Answer,
    ) {
        self.prekeys.busy = false;
        match answer {
            Ok(_) => {
                if let Some(current) = rotation {
                    self.prekeys.rotated(t, current);
                }
            }
            // Refused ids are not used again; the next upload makes others.
            Err(failure) if failure.code() == Some(ProblemCode::PrekeysRefused) => {
                self.retry_prekeys(t, Some(10 * RETRY_MS));
            }
            Err(failure) => self.retry_prekeys(t, failure.retry_after()),
        }
    }
}
