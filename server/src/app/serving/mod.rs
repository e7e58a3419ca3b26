//! Listening: plain, or by TLS where this build has it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, serve::ListenerExt as _};
use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::domain::delivery::Hub;

#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;

pub(super) use tls::{Tls, check as check_tls};

/// How long open requests and sockets have to finish at shutdown.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until told to stop, and then for as long as open requests and sockets take, within reason.
pub(super) async fn serve(
    listener: std::net::TcpListener,
    tls: Option<Tls>,
    router: Router,
    hub: Arc<Hub>,
    shutdown: CancellationToken,
) {
    let serving = async {
        let result = match tls {
            Some(tls) => tls.serve(listener, router, &shutdown).await,
            None => plain(listener, router, shutdown.clone()).await,
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
