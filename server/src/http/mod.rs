//! HTTP: the API, the web client's files, documents to read, health and metrics (PROTOCOL.md section 7).
//!
//! - [`router`]: every path at a glance
//! - [`api`]: one small file per verb
//! - [`body`], [`params`], [`bearer`], [`address`], [`problem`]: how requests are read and errors told
//! - [`headers`]: the content security policy and its companions
//! - [`web`]: the web client
//! - [`docs`]: OpenAPI, AsyncAPI and a page to read both
//! - [`health`], [`watch`]: for operators

use std::sync::Arc;

use sotto_protocol::http::Registration;

use crate::domain::{
    accounts::Accounts, directory::Directory, limits::Limits, prekeys::Prekeys, sessions::Sessions,
};
use crate::store::AccountStore;

pub mod address;
mod api;
pub mod bearer;
pub mod body;
mod docs;
mod headers;
mod health;
pub mod params;
mod problem;
pub mod router;
mod watch;
mod web;

pub use docs::{asyncapi, openapi};
pub use watch::metrics_router;
pub use web::present as web_client_present;

/// What handlers share.
pub struct Parts {
    /// Accounts and ceremonies.
    pub accounts: Accounts,
    /// Device sessions.
    pub sessions: Arc<Sessions>,
    /// Device sets.
    pub directory: Arc<Directory>,
    /// Prekeys.
    pub prekeys: Arc<Prekeys>,
    /// Budgets.
    pub limits: Arc<Limits>,
    /// For readiness.
    pub store: Arc<dyn AccountStore>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Whether browsers come by HTTPS.
    pub https: bool,
}

/// [`Parts`], cheap to clone.
pub type App = Arc<Parts>;

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let registration: Registration = self.accounts.policy().registration;
        f.debug_struct("Parts")
            .field("registration", &registration)
            .field("https", &self.https)
            .finish_non_exhaustive()
    }
}
