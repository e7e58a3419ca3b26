//! Puts the parts together and runs them: the only place, with `main`, that names a backend.
//!
//! - [`files`]: the data folder
//! - [`doctor`], [`invite`], [`backup`]: what an operator does beside `serve`

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{AdminListen, Config},
    domain::{
        Error,
        accounts::{Accounts, Policy},
        clock::now_ms,
        delivery::{
            self, Hub,
            ports::{Authenticator, Budget, Devices},
        },
        directory::Directory,
        limits::Limits,
        notices::Notices,
        passwords::Passwords,
        prekeys::Prekeys,
        sessions::Sessions,
    },
    http,
    store::{AccountStore, sqlite::Sqlite},
    ws::{self, WsState},
};

pub mod backup;
pub mod doctor;
pub mod files;
pub mod invite;
mod serving;

use files::{database_file, load_or_make_keys, make_private_folder};
use serving::Tls;

/// How often expired things are swept out.
const SWEEP: Duration = Duration::from_secs(60);

/// Why a relay doesn't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data folder can't be used.
    #[error("the data folder {folder} can not be used: {reason}")]
    Data {
        /// The folder.
        folder: PathBuf,
        /// Why.
        reason: String,
    },
    /// The address can't be listened on.
    #[error("can not listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// The certificate or its key can't be used.
    #[error("TLS: {0}")]
    Tls(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        Self::Other(match error {
            Error::Internal(reason) => reason,
            other => other.to_string(),
        })
    }
}

/// A running relay.
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Whether by TLS.
    pub tls: bool,
    shutdown: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Cancelled when the relay is to stop.
    pub fn shutdown_token(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Stops: refuses newcomers, lets requests and sockets finish, closes the store. Returns when all is done.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.finished().await;
    }

    /// Returns when the relay has stopped for whatever reason.
    pub async fn finished(self) {
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task ended badly");
            }
        }
    }
}

/// A relay that is put together but does not listen: what tests call in process.
pub struct Built {
    /// Everything that it serves.
    pub router: axum::Router,
    /// What handlers share.
    pub parts: http::App,
    /// Connected devices and mailboxes.
    pub hub: Arc<Hub>,
}

/// Opens the data folder and puts a relay together.
///
/// # Errors
/// [`StartError`] in words for the operator.
pub async fn build(config: &Config) -> Result<Built, StartError> {
    let data = config.data.data.as_path();
    let in_data = |reason: String| StartError::Data {
        folder: data.to_owned(),
        reason,
    };
    make_private_folder(data).map_err(|error| in_data(error.to_string()))?;
    let setup = load_or_make_keys(data)?;
    let sqlite = Sqlite::open(&database_file(data)).map_err(|error| in_data(error.to_string()))?;
    let accounts: Arc<dyn AccountStore> = Arc::new(sqlite.clone());
    let directory = Arc::new(Directory::new(Arc::clone(&accounts)));
    let hub = Hub::start(
        Arc::new(sqlite),
        Arc::clone(&directory) as Arc<dyn Devices>,
        delivery::Config::default(),
    )
    .await
    .map_err(|error| in_data(error.to_string()))?;
    let notices = Arc::clone(&hub) as Arc<dyn Notices>;
    let parts = Arc::new(assemble(config, accounts, directory, &setup, notices)?);
    let socket = ws::router(WsState {
        hub: Arc::clone(&hub),
        authenticator: Arc::clone(&parts.sessions) as Arc<dyn Authenticator>,
        budget: Arc::clone(&parts.limits) as Arc<dyn Budget>,
        timing: Arc::default(),
    });
    let router = http::router::router(Arc::clone(&parts), socket);
    Ok(Built { router, parts, hub })
}

/// Starts a relay.
///
/// # Errors
/// [`StartError`] in words for the operator.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let cannot_listen = |error: std::io::Error| StartError::Listen {
        address: config.listen,
        reason: error.to_string(),
    };
    let listener = TcpListener::bind(config.listen)
        .await
        .and_then(TcpListener::into_std)
        .map_err(cannot_listen)?;
    let addr = listener.local_addr().map_err(cannot_listen)?;
    // The recorder must be there before anything counts.
    let metrics = match config.admin_listen {
        AdminListen::On(address) => {
            Some((address, http::metrics_router().map_err(StartError::Other)?))
        }
        AdminListen::Off => None,
    };
    let Built { router, parts, hub } = build(&config).await?;
    let tls = Tls::open(&config).await?;
    let shutdown = CancellationToken::new();
    let mut tasks = vec![tokio::spawn(sweep(parts, shutdown.clone()))];
    if let Some((address, router)) = metrics {
        tasks.push(serve_metrics(address, router, shutdown.clone()).await?);
    }
    tasks.push(tokio::spawn(serving::serve(
        listener,
        tls,
        router,
        hub,
        shutdown.clone(),
    )));
    Ok(Running {
        addr,
        tls: config.serves_tls(),
        shutdown,
        tasks,
    })
}

/// The domain over a store: what `start` serves and tests call in process.
///
/// # Errors
/// Unusable keys, or a system without randomness.
pub fn assemble(
    config: &Config,
    store: Arc<dyn AccountStore>,
    directory: Arc<Directory>,
    setup: &[u8],
    notices: Arc<dyn Notices>,
) -> Result<http::Parts, Error> {
    let limits = Arc::new(Limits::new(config.limits_factor));
    let sessions = Arc::new(Sessions::new(Arc::clone(&store), Arc::clone(&directory)));
    let prekeys = Arc::new(Prekeys::new(
        Arc::clone(&store),
        Arc::clone(&limits),
        Arc::clone(&notices),
    ));
    let accounts = Accounts::new(
        Policy {
            name: config.name.clone(),
            registration: config.registration.into(),
        },
        Arc::clone(&store),
        Passwords::new(setup)?,
        Arc::clone(&sessions),
        Arc::clone(&directory),
        Arc::clone(&limits),
        notices,
    )?;
    Ok(http::Parts {
        accounts,
        sessions,
        directory,
        prekeys,
        limits,
        store,
        trusted_proxies: config.trusted_proxies.clone(),
        https: config.https(),
    })
}

async fn sweep(parts: http::App, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(SWEEP);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        parts.limits.tidy();
        if let Err(error) = parts.store.purge(now_ms()).await {
            tracing::warn!(%error, "sweeping failed");
        }
    }
}

async fn serve_metrics(
    address: SocketAddr,
    router: axum::Router,
    shutdown: CancellationToken,
) -> Result<JoinHandle<()>, StartError> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| StartError::Listen {
            address,
            reason: error.to_string(),
        })?;
    Ok(tokio::spawn(async move {
        let serving =
            axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
        if let Err(error) = serving.await {
            tracing::error!(%error, "serving metrics ended");
        }
    }))
}
