//! Comparing keys with a person, and what happens when a key changes (PROTOCOL.md section 9.5; PRODUCT: five states).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sotto_crypto_core::{
    identity::AccountKey,
    safety_number::{self, SafetyNumber, VerificationCode},
};
use sotto_protocol::AccountId;

use crate::{
    api::{
        problem::Problem,
        view::{Comparison, Notice, SafetyView, VerificationMethod},
    },
    home::Home,
    messages::content::Sync,
    people::{
        conversation::{Changed, Verified},
        directory::core_account,
    },
    turn::Turn,
};

impl Home {
    fn code(&self, with: AccountId) -> Result<VerificationCode, Problem> {
        let person = self.directory.get(with).ok_or(Problem::Unknown)?;
        Ok(VerificationCode::new(
            (core_account(self.me.account), self.me.key),
            (core_account(with), person.key),
        ))
    }

    /// What to show for comparing.
    pub(crate) fn safety(&self, with: AccountId) -> Result<SafetyView, Problem> {
        let conversation = self.conversations.get(&with).ok_or(Problem::Unknown)?;
        let person = self.directory.get(with).ok_or(Problem::Unknown)?;
        let number = SafetyNumber::compute(
            (&core_account(self.me.account), &self.me.key),
            (&core_account(with), &person.key),
        );
        let code = self.code(with)?;
        Ok(SafetyView {
            groups: number.groups().to_vec(),
            qr: URL_SAFE_NO_PAD.encode(code.encode()),
            code: code.to_text(),
            verification: conversation.verification(),
        })
    }

    /// Compares by the machine; a match verifies.
    pub(crate) fn compare(
        &mut self,
        t: &mut Turn<'_>,
        with: AccountId,
        code: &str,
        method: VerificationMethod,
    ) -> Result<Comparison, Problem> {
        let shown = match method {
            VerificationMethod::Qr => URL_SAFE_NO_PAD
                .decode(code.trim())
                .ok()
                .and_then(|bytes| VerificationCode::decode(&bytes).ok()),
            _ => VerificationCode::from_text(code).ok(),
        };
        let shown = shown.ok_or(Problem::CodeMalformed)?;
        let here = self.code(with)?;
        if method == VerificationMethod::Aloud {
            // The own code as it was shown beside the digits: which keys the two compared. Another may have come meanwhile.
            if shown.encode() != here.encode() {
                return Ok(Comparison::Mismatch);
            }
            self.verify(t, with, method)?;
            return Ok(Comparison::Match);
        }
        match shown.compare(&here) {
            safety_number::Comparison::Match => {
                self.verify(t, with, method)?;
                Ok(Comparison::Match)
            }
            safety_number::Comparison::Mismatch { .. } => Ok(Comparison::Mismatch),
            _ => Err(Problem::CodeOtherPeople),
        }
    }

    /// The person's present key is the right one.
    fn verify(
        &mut self,
        t: &mut Turn<'_>,
        with: AccountId,
        method: VerificationMethod,
    ) -> Result<(), Problem> {
        let key = self.directory.get(with).ok_or(Problem::Unknown)?.key;
        let conversation = self.conversations.get(&with).ok_or(Problem::Unknown)?;
        let at = conversation.decided_at(t.now);
        let device = self.me.device.to_string();
        self.set_verified(t, with, &key, method, at, device)?;
        self.contacts_changed(t);
        self.tell_own_devices(
            t,
            Sync::Verification {
                with,
                key: key.as_bytes().to_vec().into(),
                method: Some(method),
                at,
            },
        );
        Ok(())
    }

    fn set_verified(
        &mut self,
        t: &mut Turn<'_>,
        with: AccountId,
        key: &AccountKey,
        method: VerificationMethod,
        at: u64,
        device: String,
    ) -> Result<(), Problem> {
        let conversation = self.conversations.get_mut(&with).ok_or(Problem::Unknown)?;
        conversation.verified = Some(Verified {
            key: key.as_bytes().to_vec().into(),
            at,
            device,
            method,
        });
        conversation.changed = None;
        self.notice(t, with, Notice::Verified { method });
        // What was held back goes on.
        self.receipts_due(t, with);
        self.pump(t);
        Ok(())
    }

    /// Takes a verification back.
    pub(crate) fn withdraw(&mut self, t: &mut Turn<'_>, with: AccountId) -> Result<(), Problem> {
        let key = self
            .directory
            .get(with)
            .map(|person| person.key.as_bytes().to_vec())
            .unwrap_or_default();
        let conversation = self.conversations.get(&with).ok_or(Problem::Unknown)?;
        if conversation.verified.is_none() && !conversation.broken() {
            return Ok(());
        }
        let at = conversation.decided_at(t.now);
        self.set_withdrawn(t, with, at)?;
        self.contacts_changed(t);
        self.tell_own_devices(
            t,
            Sync::Verification {
                with,
                key: key.into(),
                method: None,
                at,
            },
        );
        Ok(())
    }

    fn set_withdrawn(&mut self, t: &mut Turn<'_>, with: AccountId, at: u64) -> Result<(), Problem> {
        let conversation = self.conversations.get_mut(&with).ok_or(Problem::Unknown)?;
        conversation.withdrawn_at = conversation.withdrawn_at.max(at);
        if conversation.verified.is_none() && !conversation.broken() {
            self.store_conversation(t, with);
            return Ok(());
        }
        conversation.verified = None;
        if let Some(changed) = &mut conversation.changed {
            changed.was_verified = false;
        }
        self.notice(t, with, Notice::VerificationWithdrawn);
        self.receipts_due(t, with);
        self.pump(t);
        Ok(())
    }

    /// Another of the own devices verified or withdrew.
    pub(crate) fn verification_synced(
        &mut self,
        t: &mut Turn<'_>,
        with: AccountId,
        key: &[u8],
        method: Option<VerificationMethod>,
        at: u64,
        device: String,
    ) {
        let Some(conversation) = self.conversations.get(&with) else {
            return;
        };
        let newer = conversation.verified.as_ref().is_some_and(|v| v.at >= at);
        if newer || conversation.withdrawn_at >= at {
            return;
        }
        let result = match method {
            // Only the key that was compared is verified: this device may have been shown another.
            Some(method) => match self.directory.get(with).map(|person| person.key) {
                Some(here) if here.as_bytes() == key => {
                    self.set_verified(t, with, &here, method, at, device)
                }
                Some(here) => {
                    let changed = <&[u8; 32]>::try_from(key)
                        .is_ok_and(|key| AccountKey::from_bytes(key).is_ok_and(|k| k != here));
                    if changed {
                        self.key_changed(t, with, true);
                    }
                    Ok(())
                }
                // The key is not known here yet: remembered, and judged when it is.
                None => {
                    if let Some(conversation) = self.conversations.get_mut(&with) {
                        conversation.verified = Some(Verified {
                            key: key.to_vec().into(),
                            at,
                            device,
                            method,
                        });
                        self.store_conversation(t, with);
                    }
                    Ok(())
                }
            },
            None => self.set_withdrawn(t, with, at),
        };
        // Neither can fail: the conversation exists.
        let _ = result;
    }

    /// The account has another key than before: say so, and stop where trust had been given.
    pub(crate) fn key_changed(&mut self, t: &mut Turn<'_>, with: AccountId, was_verified: bool) {
        let Some(conversation) = self.conversations.get_mut(&with) else {
            return;
        };
        let was_verified =
            was_verified || conversation.verified.take().is_some() || conversation.broken();
        conversation.verified = None;
        conversation.changed = Some(Changed {
            at: t.now,
            was_verified,
        });
        self.notice(t, with, Notice::KeyChanged { was_verified });
    }
}
