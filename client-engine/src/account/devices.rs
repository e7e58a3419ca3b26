//! Own devices: renewing this device's session, removing devices, signing out, reading the recovery key back (PROTOCOL.md sections 2, 3 and 9.1).

use sotto_crypto_core::recovery_key::RecoveryKey;
use sotto_protocol::{
    DeviceId, ProblemCode,
    http::{Challenge, ChallengeRequest, DeviceListUpdate, SessionRequest, Vault},
};

use crate::{
    account::{recovery::parse_words, vault},
    api::{problem::Problem, view::DeviceView},
    home::Home,
    host::CallId,
    people::directory::{core_device, device_id},
    requests::{Answer, Ask, Auth, Failure, parse},
    turn::Turn,
};

/// Attempts at removing a device while other devices change the list.
const ATTEMPTS_MAX: u32 = 5;

/// A removal that is under way.
pub(crate) struct Removal {
    pub(crate) call: CallId,
    device: DeviceId,
    attempts: u32,
    /// The newest list has to be fetched first.
    relist: bool,
    /// The relay has taken the list; the command is answered once the list has been read back.
    taken: bool,
}

/// What an answer to a removal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removed {
    /// Another device is gone, or it goes on, or it has failed: the command is answered where it is over.
    Stays,
    /// This device is gone.
    SignedOut,
}

impl Home {
    pub(crate) fn devices(&self) -> Vec<DeviceView> {
        let me = self.directory.get(self.me.account);
        let mut devices: Vec<_> = me
            .into_iter()
            .flat_map(|me| me.list.devices())
            .map(|certificate| {
                let id = device_id(certificate.device());
                DeviceView {
                    id: id.to_string(),
                    this: id == self.me.device,
                    added_at: certificate.created_at(),
                }
            })
            .collect();
        devices.sort_by_key(|device| device.added_at);
        devices
    }

    /// Takes a device out of the signed list; this one to sign out.
    pub(crate) fn remove_device(&mut self, t: &mut Turn<'_>, call: CallId, device: DeviceId) {
        if self.removal.is_some() {
            return t.reply::<()>(call, Err(Problem::Internal));
        }
        self.removal = Some(Removal {
            call,
            device,
            attempts: 0,
            relist: false,
            taken: false,
        });
        self.put_list(t);
    }

    fn put_list(&mut self, t: &mut Turn<'_>) {
        let (Some(removal), Some(me)) = (
            &mut self.removal,
            self.directory.people.get(&self.me.account),
        ) else {
            return;
        };
        let gone = core_device(removal.device);
        let rest: Vec<_> = me
            .list
            .devices()
            .iter()
            .filter(|c| c.device() != gone)
            .cloned()
            .collect();
        removal.attempts += 1;
        removal.relist = false;
        if rest.len() == me.list.devices().len() && removal.device != self.me.device {
            let call = removal.call;
            self.removal = None;
            return t.reply::<()>(call, Err(Problem::Unknown));
        }
        match me.list.next(&self.me.secret, rest) {
            Ok(list) => {
                let body = DeviceListUpdate {
                    device_list: list.encode().into(),
                };
                let path = "/v1/device-list".to_owned();
                t.ask(Ask::RemoveDevice, "PUT", path, Some(&body), Auth::Session);
            }
            Err(_) => {
                let call = removal.call;
                self.removal = None;
                t.reply::<()>(call, Err(Problem::Internal));
            }
        }
    }

    pub(crate) fn device_removed(&mut self, t: &mut Turn<'_>, answer: Answer) -> Removed {
        let Some(removal) = &mut self.removal else {
            return Removed::Stays;
        };
        let call = removal.call;
        match answer {
            Ok(_) if removal.device == self.me.device => return Removed::SignedOut,
            Ok(_) => {
                removal.taken = true;
                let me = self.me.account;
                if let Some(inquiry) = self.directory.inquiries.get_mut(&me) {
                    inquiry.retry_at = 0;
                }
                self.fetch_lists(t, me);
            }
            Err(failure)
                if failure.code() == Some(ProblemCode::DeviceListConflict)
                    && removal.attempts < ATTEMPTS_MAX =>
            {
                removal.relist = true;
                let me = self.me.account;
                if let Some(inquiry) = self.directory.inquiries.get_mut(&me) {
                    inquiry.retry_at = 0;
                }
                self.fetch_lists(t, me);
            }
            // The relay knows this device no more: that is what was wanted.
            Err(failure)
                if failure.code() == Some(ProblemCode::DeviceRevoked)
                    && removal.device == self.me.device =>
            {
                return Removed::SignedOut;
            }
            Err(failure) => {
                self.removal = None;
                t.reply::<()>(call, Err(failure.problem(t.now)));
            }
        }
        Removed::Stays
    }

    /// The order to sign out, if that is under way.
    pub(crate) fn signing_out(&self) -> Option<CallId> {
        let removal = self.removal.as_ref()?;
        (removal.device == self.me.device).then_some(removal.call)
    }

    /// The own list has been fetched: a removal that waited for it goes on.
    pub(crate) fn removal_goes_on(&mut self, t: &mut Turn<'_>) {
        if let Some(removal) = self.removal.take_if(|removal| removal.taken) {
            return t.reply(removal.call, Ok(()));
        }
        if self.removal.as_ref().is_some_and(|removal| removal.relist) {
            self.put_list(t);
        }
    }

    /// It could not be fetched.
    pub(crate) fn removal_fails(&mut self, t: &mut Turn<'_>, problem: &Problem) {
        if let Some(removal) = self.removal.take_if(|removal| removal.taken) {
            return t.reply(removal.call, Ok(()));
        }
        if let Some(removal) = self.removal.take_if(|removal| removal.relist) {
            t.reply::<()>(removal.call, Err(problem.clone()));
        }
    }

    /// Gets a new device session by the device's signature.
    pub(crate) fn renew_token(&mut self, t: &mut Turn<'_>) {
        let body = ChallengeRequest {
            account: self.me.account,
            device: self.me.device,
        };
        let path = "/v1/session/challenge".to_owned();
        t.ask(Ask::Challenge, "POST", path, Some(&body), Auth::None);
    }

    pub(crate) fn challenged(&mut self, t: &mut Turn<'_>, answer: Answer) -> Result<(), Failure> {
        let challenge: Challenge = parse(answer)?;
        let signature = self.me.local.secret.sign_challenge(&challenge.challenge);
        let body = SessionRequest {
            account: self.me.account,
            device: self.me.device,
            challenge: challenge.challenge,
            signature: signature.as_bytes().to_vec().into(),
        };
        let path = "/v1/session".to_owned();
        t.ask(Ask::Session, "POST", path, Some(&body), Auth::None);
        Ok(())
    }

    /// Proves that the typed words open the stored vault.
    pub(crate) fn confirm_recovery_key(
        &mut self,
        t: &mut Turn<'_>,
        call: CallId,
        words: &str,
    ) -> Result<(), Problem> {
        let key = parse_words(words)?;
        self.confirmation = Some((call, key));
        t.get(Ask::Vault, "/v1/vault".to_owned());
        Ok(())
    }

    /// True if it is confirmed now.
    pub(crate) fn vault_fetched(&mut self, t: &mut Turn<'_>, answer: Answer) -> bool {
        let Some((call, key)) = self.confirmation.take() else {
            return false;
        };
        let result = self.judge_vault(t, answer, &key);
        let confirmed = result.is_ok();
        if let Ok(version) = result {
            self.me.confirm(t, version);
        }
        t.reply(call, result.map(|_| ()));
        confirmed
    }

    fn judge_vault(&self, t: &Turn<'_>, answer: Answer, key: &RecoveryKey) -> Result<u64, Problem> {
        let vault: Vault = parse(answer).map_err(|failure| failure.problem(t.now))?;
        if vault.version < self.me.vault_version() {
            return Err(Problem::RelayMisbehaved);
        }
        let way = vault::Key::Recovery(key);
        let opened = vault::open(self.me.account, &vault, &way, self.me.vault_version())
            .ok_or(Problem::RecoveryKeyWrong)?;
        if opened.secret.public() != self.me.key {
            return Err(Problem::RelayMisbehaved);
        }
        Ok(vault.version)
    }

    /// The twelve words once more, as long as they have not been confirmed.
    pub(crate) fn recovery_words(&self) -> Result<String, Problem> {
        let secret = self.me.recovery().ok_or(Problem::Unknown)?;
        let bytes = secret.array::<16>().map_err(|_| Problem::StorageCorrupt)?;
        Ok(RecoveryKey::from_bytes(*bytes).to_words().to_string())
    }
}
