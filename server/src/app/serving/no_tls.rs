//! What stands for TLS in a build without the feature `tls`.

use std::{convert::Infallible, path::Path};

use axum::Router;
use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::config::Config;

/// There is none.
pub(in crate::app) struct Tls(Infallible);

impl Tls {
    /// Refuses a configuration that wants TLS.
    ///
    /// # Errors
    /// [`StartError::Tls`].
    pub(in crate::app) async fn open(config: &Config) -> Result<Option<Self>, StartError> {
        if config.serves_tls() {
            Err(none())
        } else {
            Ok(None)
        }
    }

    /// Never called.
    pub(super) async fn serve(
        self,
        _: std::net::TcpListener,
        _: Router,
        _: &CancellationToken,
    ) -> std::io::Result<()> {
        match self.0 {}
    }
}

/// Nothing can be checked here.
///
/// # Errors
/// [`StartError::Tls`].
pub(in crate::app) async fn check(_: &Path, _: &Path) -> Result<(), StartError> {
    Err(none())
}

fn none() -> StartError {
    StartError::Tls("this build has no TLS; build it with the feature `tls`".to_owned())
}
