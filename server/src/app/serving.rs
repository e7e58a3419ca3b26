//! Listening: plain, by TLS with given files, or by TLS with certificates that the relay gets itself (ACME).

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::{Router, serve::ListenerExt as _};
use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use futures_util::StreamExt as _;
use rustls_acme::{AcmeConfig, caches::DirCache};
use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::{config::Config, domain::delivery::Hub};

/// How long open requests and sockets have to finish at shutdown.
const DRAIN: Duration = Duration::from_secs(10);

/// How connections are taken.
pub(super) enum Door {
    /// As they come.
    Plain,
    /// By TLS with these files.
    Files(RustlsConfig),
    /// By TLS with certificates from an ACME directory (Let's Encrypt).
    Acme(Box<AcmeConfig<std::io::Error>>),
}

impl Door {
    /// Reads what the configuration names.
    ///
    /// # Errors
    /// [`StartError::Tls`] in words.
    pub(super) async fn open(config: &Config) -> Result<Self, StartError> {
        if let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) {
            return tls_files(cert, key).await.map(Self::Files);
        }
        if config.tls_domain.is_empty() {
            return Ok(Self::Plain);
        }
        install_provider();
        let contacts = config.tls_email.iter().map(|mail| format!("mailto:{mail}"));
        let acme = AcmeConfig::new(config.tls_domain.clone())
            .contact(contacts)
            .cache(DirCache::new(config.data.data.join("acme")))
            .directory_lets_encrypt(true);
        Ok(Self::Acme(Box::new(acme)))
    }
}

/// Reads a certificate chain and its key.
///
/// # Errors
/// [`StartError::Tls`]: they can't be read, or don't belong together.
pub async fn tls_files(cert: &Path, key: &Path) -> Result<RustlsConfig, StartError> {
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

/// Serves until told to stop, and then for as long as open requests and sockets take, within reason.
pub(super) async fn serve(
    listener: std::net::TcpListener,
    door: Door,
    router: Router,
    hub: Arc<Hub>,
    shutdown: CancellationToken,
) {
    let serving = async {
        let result = match door {
            Door::Plain => plain(listener, router, shutdown.clone()).await,
            Door::Files(files) => tls(listener, files, router, &shutdown).await,
            Door::Acme(acme) => by_acme(listener, *acme, router, &shutdown).await,
        };
        if let Err(error) = result {
            tracing::error!(%error, "serving ended");
        }
    };
    let draining = async {
        shutdown.cancelled().await;
        hub.drain(DRAIN).await;
    };
    let bounded = async {
        shutdown.cancelled().await;
        tokio::time::sleep(DRAIN + Duration::from_secs(1)).await;
    };
    tokio::select! {
        _ = async { tokio::join!(serving, draining) } => {}
        () = bounded => tracing::warn!("some requests did not finish in time"),
    }
}

async fn plain(
    listener: std::net::TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    // Small frames go out at once: the socket gathers what belongs together itself.
    let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "set_nodelay");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

async fn tls(
    listener: std::net::TcpListener,
    files: RustlsConfig,
    router: Router,
    shutdown: &CancellationToken,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum_server::from_tcp(listener)?
        .acceptor(RustlsAcceptor::new(files).acceptor(NoDelayAcceptor))
        .handle(stopped_by(shutdown))
        .serve(service)
        .await
}

async fn by_acme(
    listener: std::net::TcpListener,
    acme: AcmeConfig<std::io::Error>,
    router: Router,
    shutdown: &CancellationToken,
) -> std::io::Result<()> {
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
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum_server::from_tcp(listener)?
        .acceptor(acceptor)
        .handle(stopped_by(shutdown))
        .serve(service)
        .await
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
