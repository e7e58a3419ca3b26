//! A relay that is nothing but the delivery path and the socket, with doubles for accounts and limits.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sotto_protocol::{AccountId, DeviceId};
use sotto_server::{
    domain::{
        Error, Identity,
        delivery::{
            Config, Hub,
            ports::{Answer, Authenticator, Budget, DeviceSet, Devices},
        },
        limits::Limits,
    },
    store::mailboxes::MailboxStore,
    ws::{self, Timing, WsState},
};

/// Accounts by decree: a token is account and device, one after the other.
#[derive(Default)]
pub struct Accounts {
    pub sets: Mutex<HashMap<AccountId, Arc<DeviceSet>>>,
    /// Sends that are still allowed, if not all.
    pub allowance: Option<AtomicU32>,
    /// The limits on sends from one account to another, if there are any.
    pub limits: Option<Limits>,
    /// A device that is removed while its token is being looked at.
    pub vanishing: Mutex<Option<DeviceId>>,
}

impl Accounts {
    pub fn set(&self, account: AccountId, version: u64, devices: &[DeviceId]) {
        let set = DeviceSet {
            version,
            devices: devices.into(),
        };
        self.sets.lock().unwrap().insert(account, Arc::new(set));
    }
}

pub fn token(who: Identity) -> Vec<u8> {
    [who.account.0, who.device.0].concat()
}

impl Authenticator for Accounts {
    fn authenticate<'a>(&'a self, token: &'a [u8]) -> Answer<'a, Identity> {
        let who = <[u8; 32]>::try_from(token).ok().map(|token| Identity {
            account: AccountId(token[..16].try_into().unwrap()),
            device: DeviceId(token[16..].try_into().unwrap()),
        });
        let known = who.filter(|who| self.cached(&who.account).is_some());
        let vanishing = *self.vanishing.lock().unwrap();
        if let Some(who) = known.filter(|who| vanishing == Some(who.device)) {
            self.set(who.account, 2, &[]);
        }
        Box::pin(async move { known.ok_or(Error::SessionExpired) })
    }
}

impl Devices for Accounts {
    fn cached(&self, account: &AccountId) -> Option<Arc<DeviceSet>> {
        self.sets.lock().unwrap().get(account).cloned()
    }

    fn current(&self, account: AccountId) -> Answer<'_, Arc<DeviceSet>> {
        Box::pin(async move { self.cached(&account).ok_or(Error::AccountUnknown) })
    }
}

impl Budget for Accounts {
    fn send(&self, _: AccountId, messages: u32, _: u32) -> Result<(), Error> {
        let Some(allowance) = &self.allowance else {
            return Ok(());
        };
        allowance
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(messages)
            })
            .map(drop)
            .map_err(|_| Error::RateLimited {
                retry_after_ms: 250,
            })
    }

    fn send_to(&self, from: AccountId, to: AccountId) -> Result<(), Error> {
        match &self.limits {
            Some(limits) => Budget::send_to(limits, from, to),
            None => Ok(()),
        }
    }

    fn ephemeral(&self, _: AccountId) -> Result<(), Error> {
        Ok(())
    }
}

/// A running relay.
pub struct Relay {
    pub hub: Arc<Hub>,
    pub addr: SocketAddr,
    pub accounts: Arc<Accounts>,
    task: tokio::task::JoinHandle<()>,
}

impl Relay {
    pub async fn start(store: Arc<dyn MailboxStore>) -> Self {
        Self::with(store, Arc::default(), Config::default(), Timing::default()).await
    }

    pub async fn with(
        store: Arc<dyn MailboxStore>,
        accounts: Arc<Accounts>,
        config: Config,
        timing: Timing,
    ) -> Self {
        let hub = Hub::start(store, accounts.clone(), config).await.unwrap();
        let app = ws::router(WsState {
            hub: hub.clone(),
            authenticator: accounts.clone(),
            budget: accounts.clone(),
            timing: Arc::new(timing),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            hub,
            addr,
            accounts,
            task,
        }
    }

    /// A device of an account of its own.
    pub fn person(&self, n: u8) -> Identity {
        let who = Identity {
            account: AccountId([n; 16]),
            device: DeviceId([n; 16]),
        };
        self.accounts.set(who.account, 1, &[who.device]);
        who
    }

    /// Ends everything at once, as a crash would: nothing is drained. All clients must be gone; returns when the store is no longer used.
    pub async fn crash(self) {
        self.task.abort();
        drop(self.task.await);
        let hub = Arc::downgrade(&self.hub);
        drop(self.hub);
        while hub.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}
