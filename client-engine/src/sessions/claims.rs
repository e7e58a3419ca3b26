//! Claiming prekey bundles, and beginning sessions from them (PROTOCOL.md sections 4 and 9.7).

use std::collections::HashMap;

use sotto_crypto_core::{
    prekey::{self, KemPrekey, OneTimePrekey, SignedPrekey},
    session::{RemoteDevice, Session},
};
use sotto_protocol::{
    AccountId, DeviceId, ProblemCode,
    http::{PrekeyBundle, PrekeyBundles, PrekeyClaim},
};

use crate::{
    home::Home,
    people::directory::Person,
    requests::{Answer, Ask, Auth, parse},
    turn::Turn,
};

const RETRY_MIN_MS: u64 = 2_000;
const RETRY_MAX_MS: u64 = 5 * 60_000;

/// Claims under way, by account.
#[derive(Default)]
pub(crate) struct Claims(HashMap<AccountId, Claim>);

#[derive(Default)]
struct Claim {
    busy: bool,
    retry_at: u64,
    attempts: u32,
}

impl Claims {
    pub(crate) fn wake_at(&self) -> Option<u64> {
        self.0
            .values()
            .filter(|claim| !claim.busy && claim.retry_at != 0)
            .map(|claim| claim.retry_at)
            .min()
    }

    /// At a wake-up: those whose time has come no longer hold anything up. True if there were any.
    pub(crate) fn tend(&mut self, now: u64) -> bool {
        let mut due = false;
        for claim in self.0.values_mut() {
            if !claim.busy && claim.retry_at != 0 && now >= claim.retry_at {
                claim.retry_at = 0;
                due = true;
            }
        }
        due
    }
}

impl Home {
    pub(crate) fn claim(&mut self, t: &mut Turn<'_>, account: AccountId, devices: Vec<DeviceId>) {
        let claim = self.claims.0.entry(account).or_default();
        if claim.busy || t.now < claim.retry_at {
            return;
        }
        claim.busy = true;
        claim.retry_at = 0;
        let body = PrekeyClaim {
            devices: devices.clone(),
        };
        t.ask(
            Ask::Claim { account, devices },
            "POST",
            format!("/v1/accounts/{account}/prekeys/claim"),
            Some(&body),
            Auth::Session,
        );
    }

    pub(crate) fn claimed(
        &mut self,
        t: &mut Turn<'_>,
        account: AccountId,
        devices: &[DeviceId],
        answer: Answer,
    ) {
        if let Some(claim) = self.claims.0.get_mut(&account) {
            claim.busy = false;
        }
        let bundles: PrekeyBundles = match parse(answer) {
            Ok(bundles) => bundles,
            Err(failure) => {
                if failure.code() == Some(ProblemCode::DeviceUnknown) {
                    self.fetch_lists(t, account);
                }
                return self.claim_failed(t, account, failure.retry_after());
            }
        };
        let mut begun = 0;
        for bundle in &bundles.bundles {
            if !devices.contains(&bundle.device) {
                continue;
            }
            let session = self
                .directory
                .get(account)
                .and_then(|person| begin(self, person, bundle, t));
            if let Some(session) = session {
                self.sessions.begin((account, bundle.device), session);
                begun += 1;
            }
        }
        if begun < devices.len() {
            // Gone from the list, or kept back, or spoilt by the relay: nothing is sent without them; look again, then later.
            self.claim_failed(t, account, None);
            self.fetch_lists(t, account);
        } else if let Some(claim) = self.claims.0.get_mut(&account) {
            claim.attempts = 0;
        }
        self.pump(t);
    }

    fn claim_failed(&mut self, t: &mut Turn<'_>, account: AccountId, retry_after: Option<u64>) {
        let claim = self.claims.0.entry(account).or_default();
        let pause = RETRY_MIN_MS
            .saturating_mul(1 << claim.attempts.min(10))
            .min(RETRY_MAX_MS)
            .max(retry_after.unwrap_or(0));
        claim.attempts = claim.attempts.saturating_add(1);
        claim.retry_at = t.now.saturating_add(pause);
    }
}

fn begin(home: &Home, person: &Person, bundle: &PrekeyBundle, t: &mut Turn<'_>) -> Option<Session> {
    let certificate = person.device(bundle.device)?.clone();
    let one_time = bundle
        .one_time
        .as_ref()
        .map(|bytes| OneTimePrekey::decode(bytes))
        .transpose()
        .ok()?;
    let checked = prekey::PrekeyBundle::new(
        certificate.clone(),
        SignedPrekey::decode(&bundle.signed).ok()?,
        one_time,
        KemPrekey::decode(&bundle.kem).ok()?,
    )
    .ok()?;
    let remote = RemoteDevice {
        account_key: person.key,
        certificate,
    };
    Session::initiate(&home.me.local, &remote, &checked, t.rng).ok()
}
