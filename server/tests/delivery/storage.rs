//! SQLite under the relay: crashes, full disks, locked files. Nothing that was accepted is lost, nothing is accepted that isn't durable.

use std::{path::PathBuf, sync::Arc};

use sotto_protocol::{ProblemCode, socket::ServerFrame};
use sotto_server::{
    domain::clock::now_ms,
    store::{StoreError, mailboxes::MailboxStore, sqlite::Sqlite},
};

use crate::{
    client::{Client, number},
    faulty::{Dice, Faulty},
    relay::Relay,
};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("sotto-delivery-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("relay.db")
    }

    fn open(&self) -> Arc<Sqlite> {
        Arc::new(Sqlite::open(&self.file()).unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[tokio::test]
async fn what_was_accepted_survives_a_crash_and_sequences_never_repeat() {
    let folder = Folder::new("crash");
    let mut seen = Vec::new();
    for round in 0..3_u32 {
        let store = folder.open();
        let relay = Relay::start(store.clone()).await;
        let (alice, bob) = (relay.person(1), relay.person(2));
        let mut from = Client::live(&relay, alice).await;
        // Some that are never written take sequences too.
        let mut to = Client::hello(&relay, bob).await;
        let waited = to.drain(false).await;
        assert_eq!(
            waited.len(),
            seen.len(),
            "everything accepted before the crash"
        );
        assert!(waited.iter().zip(&seen).all(|(now, before)| now == before));
        if let Some(last) = waited.last() {
            to.ack(last.seq).await;
        }
        let mut newest = waited.last().map_or(0, |one| one.seq);
        for n in 0..50 {
            from.send(round * 1000 + n, bob, b"elided").await;
            let delivery = to.delivery().await;
            assert!(delivery.seq > newest, "{} after {newest}", delivery.seq);
            newest = delivery.seq;
            to.ack(newest).await;
            from.accepted(1).await;
        }
        to.is_quiet().await;
        drop(to);
        seen.clear();
        for n in 100..400 {
            from.send(round * 1000 + n, bob, &[7; 300]).await;
        }
        from.accepted(300).await;
        let mut to = Client::hello(&relay, bob).await;
        let all = to.drain(true).await;
        assert!(all.first().unwrap().seq > newest);
        assert_eq!(all.len(), 300);
        drop(to);
        for n in 500..600 {
            from.send(round * 1000 + n, bob, &n.to_be_bytes()).await;
        }
        from.accepted(100).await;
        seen = {
            let mut to = Client::hello(&relay, bob).await;
            to.drain(false).await
        };
        // Acknowledged ones may come again if the crash was faster than the commit of the acknowledgement; here it was not.
        let from_here = seen
            .iter()
            .position(|one| number(&one.id) == round * 1000 + 500)
            .unwrap();
        seen.drain(..from_here);
        while store.waiting(bob.device).await.unwrap() > 100 {
            tokio::task::yield_now().await;
        }
        drop(from);
        relay.crash().await;
    }
}

#[tokio::test]
async fn a_locked_database_refuses_and_recovers() {
    let folder = Folder::new("locked");
    let store = folder.open();
    let relay = Relay::start(store.clone()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let other = rusqlite::Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    from.send(1, bob, b"x").await;
    let (n, problem) = from.refused().await;
    assert_eq!((n, problem.code), (1, ProblemCode::StorageUnavailable));
    assert!(problem.retry_after_ms.is_some());
    other.execute_batch("ROLLBACK").unwrap();
    from.send(1, bob, b"x").await;
    from.accepted(1).await;
    assert_eq!(store.waiting(bob.device).await.unwrap(), 1);
}

#[tokio::test]
async fn a_full_disk_refuses_what_it_can_not_store_and_keeps_what_it_has() {
    let folder = Folder::new("full");
    let store = folder.open();
    let relay = Relay::start(store.clone()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let pages = |limit: &'static str| {
        store.writer().write(move |tx| {
            tx.query_row(limit, [], |_| Ok(()))
                .map_err(|error| StoreError::Unavailable(error.to_string()))
        })
    };
    pages("PRAGMA max_page_count = 60").await.unwrap();
    let mut accepted = Vec::new();
    let mut refused = 0;
    for n in 0..60 {
        from.send(n, bob, &[1; 8192]).await;
        match from.next().await {
            ServerFrame::Accepted(ids) => accepted.extend(ids.iter().map(number)),
            ServerFrame::Refused { problem, .. } => {
                assert_eq!(problem.code, ProblemCode::StorageUnavailable);
                refused += 1;
                if refused == 3 {
                    break;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(refused == 3 && !accepted.is_empty());
    let mut to = Client::hello(&relay, bob).await;
    let waiting: Vec<_> = to
        .drain(false)
        .await
        .iter()
        .map(|one| number(&one.id))
        .collect();
    assert_eq!(waiting, accepted);
    pages("PRAGMA max_page_count = 1000000").await.unwrap();
    from.send(1000, bob, &[1; 8192]).await;
    from.accepted(1).await;
}

#[tokio::test]
async fn a_repeated_send_after_a_storage_failure_is_pushed_once() {
    let folder = Folder::new("repeat");
    let store = folder.open();
    let relay = Relay::start(store.clone()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let mut to = Client::live(&relay, bob).await;
    let other = rusqlite::Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    from.send(1, bob, b"x").await;
    let delivery = to.delivery().await;
    assert_eq!(from.refused().await.1.code, ProblemCode::StorageUnavailable);
    other.execute_batch("ROLLBACK").unwrap();
    from.send(1, bob, b"x").await;
    from.accepted(1).await;
    to.is_quiet().await;
    to.ack(delivery.seq).await;
    to.is_quiet().await;
    drop(to);
    Client::live(&relay, bob).await.is_quiet().await;
}

#[tokio::test]
async fn a_failing_store_accepts_nothing_it_does_not_keep() {
    let seed = std::env::var("SOTTO_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(now_ms);
    println!("SOTTO_SEED={seed}");
    let mut dice = Dice(seed);
    let folder = Folder::new("failing");
    let mut accepted = std::collections::BTreeSet::new();
    let mut sent = 0_u32;
    for _ in 0..4 {
        let store = folder.open();
        let faulty = Arc::new(Faulty::new(store.clone(), dice.throw(u64::MAX)));
        let relay = Relay::start(faulty.clone()).await;
        let (alice, bob) = (relay.person(1), relay.person(2));
        let mut from = Client::live(&relay, alice).await;
        faulty.fail(true);
        let count = 20 + dice.throw(180);
        for _ in 0..count {
            from.send(sent, bob, &sent.to_be_bytes()).await;
            sent += 1;
        }
        let answers = 1 + dice.throw(count);
        let mut heard = 0;
        while heard < answers {
            match from.next().await {
                ServerFrame::Accepted(ids) => {
                    heard += ids.len() as u64;
                    accepted.extend(ids.iter().map(number));
                }
                ServerFrame::Refused { .. } => heard += 1,
                other => panic!("{other:?}"),
            }
        }
        drop(from);
        drop(store);
        relay.crash().await;
    }
    let store = folder.open();
    let relay = Relay::start(store).await;
    let bob = relay.person(2);
    let waiting: Vec<_> = Client::hello(&relay, bob)
        .await
        .drain(true)
        .await
        .iter()
        .map(|one| number(&one.id))
        .collect();
    let once: std::collections::BTreeSet<_> = waiting.iter().copied().collect();
    assert_eq!(once.len(), waiting.len(), "doubled");
    assert!(
        accepted.is_subset(&once),
        "lost: {:?}",
        accepted.difference(&once)
    );
}
