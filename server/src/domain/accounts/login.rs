//! Sign-in by password (RFC 9807; PROTOCOL.md section 3). An unknown name takes the same way as a wrong password, to the same answer.

use std::net::IpAddr;

use sotto_opaque::ServerLogin;
use sotto_protocol::{
    AccountId,
    http::{Enrolment, LoginFinish, LoginStart, LoginStarted},
};

use super::{Accounts, Enrolling, folded};
use crate::domain::{
    Error,
    limits::{Action, Who},
};

/// Between start and finish.
pub(super) struct LoggingIn {
    /// `None` where the answer was a decoy.
    account: Option<AccountId>,
    login: ServerLogin,
    name: String,
    address: IpAddr,
}

impl Accounts {
    /// Answers KE1. Counts as a guess: the answer is enough for a client to see whether its password is right.
    ///
    /// # Errors
    /// [`Error::RateLimited`], [`Error::Malformed`].
    pub async fn login_start(
        &self,
        address: IpAddr,
        start: LoginStart,
    ) -> Result<LoginStarted, Error> {
        let name = folded(&start.username)?;
        self.limits.check(Action::Login, Who::address(address), 1)?;
        self.limits.guess(&name, address)?;
        let account = self.store.account_by_name(name.clone()).await?;
        let credential = account.as_ref().map(|account| &account.credential);
        let (response, login) = self.passwords.login(credential, &name, &start.request)?;
        let ceremony = self.logins.insert(LoggingIn {
            account: account.map(|account| account.id),
            login,
            name,
            address,
        })?;
        Ok(LoginStarted {
            ceremony: ceremony.to_bytes(),
            response: response.into(),
        })
    }

    /// Checks KE3 and gives what a new device needs.
    ///
    /// # Errors
    /// [`Error::CeremonyExpired`], [`Error::CredentialsWrong`], [`Error::Malformed`].
    pub async fn login_finish(&self, finish: LoginFinish) -> Result<Enrolment, Error> {
        let logging_in = self.logins.take(&finish.ceremony)?;
        self.passwords
            .finish(logging_in.login, &finish.finalization)?;
        let account = logging_in.account.ok_or(Error::CredentialsWrong)?;
        self.limits
            .guessed_right(&logging_in.name, logging_in.address);
        self.admit(Enrolling {
            account,
            recovered: None,
        })
        .await
    }
}
