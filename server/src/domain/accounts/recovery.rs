//! Recovery (PROTOCOL.md section 3): the recovery key's signature opens the vault and lets a new password be set.
//!
//! An unknown name gets a challenge too, and fails like a wrong recovery key.

use std::net::IpAddr;

use sotto_crypto_core::primitives::{
    labels::Label,
    signature::{SigningSecret, VerifyingKey},
};
use sotto_protocol::{
    AccountId, Bytes,
    http::{Enrolment, RecoveryFinish, RecoveryOpen, RecoveryStart, RecoveryStarted, Session},
};

use super::{Accounts, Enrolling, check_vault, folded, signature};
use crate::domain::{
    Error,
    ceremonies::digest_of,
    limits::{Action, Who},
    token::random,
};

/// Between start and open.
pub(super) struct Recovering {
    account: Option<AccountId>,
    recovery_key: [u8; 32],
    challenge: [u8; 32],
    credential_id: [u8; 32],
    name: String,
    address: IpAddr,
}

/// A key whose secret nobody has, for names that nobody has.
pub(super) fn decoy_key() -> Result<[u8; 32], Error> {
    Ok(*SigningSecret::from_bytes(&random()?).public().as_bytes())
}

impl Accounts {
    /// Gives a challenge, and answers the OPAQUE request for the new password.
    ///
    /// # Errors
    /// [`Error::RateLimited`], [`Error::Malformed`].
    pub async fn recovery_start(
        &self,
        address: IpAddr,
        start: RecoveryStart,
    ) -> Result<RecoveryStarted, Error> {
        let name = folded(&start.username)?;
        self.limits.check(Action::Login, Who::address(address), 1)?;
        self.limits.guess(&name, address)?;
        let account = self.store.account_by_name(name.clone()).await?;
        let (credential_id, response) = self.passwords.registration(&start.request)?;
        let challenge = random()?;
        let ceremony = self.recoveries.insert(Recovering {
            account: account.as_ref().map(|account| account.id),
            recovery_key: account.map_or(self.decoy_key, |account| account.recovery_key),
            challenge,
            credential_id,
            name,
            address,
        })?;
        Ok(RecoveryStarted {
            ceremony: ceremony.to_bytes(),
            challenge: challenge.as_slice().into(),
            response: response.into(),
        })
    }

    /// Checks the signature over the challenge and gives the vault.
    ///
    /// # Errors
    /// [`Error::CeremonyExpired`], [`Error::CredentialsWrong`], [`Error::Malformed`].
    pub async fn recovery_open(&self, open: RecoveryOpen) -> Result<Enrolment, Error> {
        let signature = signature(&open.signature)?;
        let recovering = self.recoveries.take(&open.ceremony)?;
        VerifyingKey::from_bytes(&recovering.recovery_key)
            .map_err(|error| Error::Internal(error.to_string()))?
            .verify(Label::RecoveryChallenge, &recovering.challenge, &signature)
            .map_err(|_| Error::CredentialsWrong)?;
        let account = recovering.account.ok_or(Error::CredentialsWrong)?;
        self.limits
            .guessed_right(&recovering.name, recovering.address);
        self.admit(Enrolling {
            account,
            recovered: Some(recovering.credential_id),
        })
        .await
    }

    /// Sets the new password and enrols this device, all or nothing. May be tried again until the token expires, also after it has
    /// succeeded: then with the same answer.
    ///
    /// # Errors
    /// [`Error::SessionExpired`], and those of enrolment; [`Error::VaultConflict`].
    pub async fn recovery_finish(
        &self,
        token: &Bytes,
        finish: RecoveryFinish,
    ) -> Result<Session, Error> {
        if let Some(session) = self.opened.answer(token, &finish) {
            return Ok(session);
        }
        let digest = digest_of(&finish);
        let enrolling = self.enrolling(token)?;
        let credential_id = enrolling.recovered.ok_or(Error::SessionExpired)?;
        check_vault(&finish.vault)?;
        let credential = self.passwords.record(credential_id, &finish.record)?;
        let session = self
            .add_device(
                enrolling.account,
                finish.device,
                Some((credential, finish.vault)),
            )
            .await?;
        let _ = self.enrolments.take(token);
        self.opened.note(token, digest, session.clone());
        Ok(session)
    }
}
