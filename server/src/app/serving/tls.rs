//! TLS: with given files, or with certificates that the relay gets itself (ACME).

use std::{net::SocketAddr, path::Path};

use axum::Router;
use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use futures_util::StreamExt as _;
use rustls_acme::{AcmeConfig, caches::DirCache};
use tokio_util::sync::CancellationToken;

use super::{DRAIN, StartError};
use crate::config::Config;

/// How TLS is spoken.
pub(in crate::app) enum Tls {
    /// With these files.
    Files(RustlsConfig),
    /// With certificates from an ACME directory (Let's Encrypt).
    Acme(Box<AcmeConfig<std::io::Error>>),
}

impl Tls {
    /// Reads what the configuration names, if it names any.
    ///
    /// # Errors
    /// [`StartError::Tls`] in words.
    pub(in crate::app) async fn open(config: &Config) -> Result<Option<Self>, StartError> {
        if let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) {
            return read(cert, key).await.map(Self::Files).map(Some);
        }
        if config.tls_domain.is_empty() {
            return Ok(None);
        }
        install_provider();
        let contacts = config.tls_email.iter().map(|mail| format!("mailto:{mail}"));
        let acme = AcmeConfig::new(config.tls_domain.clone())
            .contact(contacts)
            .cache(DirCache::new(config.data.data.join("acme")))
            .directory_lets_encrypt(true);
        Ok(Some(Self::Acme(Box::new(acme))))
    }

    /// Serves until told to stop.
    pub(super) async fn serve(
        self,
        listener: std::net::TcpListener,
        router: Router,
        shutdown: &CancellationToken,
    ) -> std::io::Result<()> {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let handle = stopped_by(shutdown);
        match self {
            Self::Files(files) => {
                axum_server::from_tcp(listener)?
                    .acceptor(RustlsAcceptor::new(files).acceptor(NoDelayAcceptor))
                    .handle(handle)
                    .serve(service)
                    .await
            }
            Self::Acme(acme) => {
                let mut state = acme.state();
                let acceptor = state.axum_acceptor(state.default_rustls_config());
                tokio::spawn(async move {
                    while let Some(event) = state.next().await {
                        match event {
                            Ok(event) => tracing::info!(?event, "certificate"),
                            Err(error) => tracing::error!(%error, "no certificate"),
                        }
                    }
                });
                axum_server::from_tcp(listener)?
                    .acceptor(acceptor)
                    .handle(handle)
                    .serve(service)
                    .await
            }
        }
    }
}

/// Whether a certificate chain and its key can be read and belong together.
///
/// # Errors
/// [`StartError::Tls`] if not.
pub(in crate::app) async fn check(cert: &Path, key: &Path) -> Result<(), StartError> {
    read(cert, key).await.map(drop)
}

async fn read(cert: &Path, key: &Path) -> Result<RustlsConfig, StartError> {
    install_provider();
    RustlsConfig::from_pem_file(cert, key)
        .await
        .map_err(|error| {
            StartError::Tls(format!("{} and {}: {error}", cert.display(), key.display()))
        })
}

fn install_provider() {
    // Fails only where it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn stopped_by(shutdown: &CancellationToken) -> Handle<SocketAddr> {
    let handle = Handle::new();
    let (stop, shutdown) = (handle.clone(), shutdown.clone());
    tokio::spawn(async move {
        shutdown.cancelled().await;
        stop.graceful_shutdown(Some(DRAIN));
    });
    handle
}
