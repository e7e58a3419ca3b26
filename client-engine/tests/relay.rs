//! Engines over the real relay: real OPAQUE, real HTTP and socket, a real SQLite file, and a relay that is killed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test: what is not as expected fails it"
)]

mod host;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::mpsc,
    time::{SystemTime, UNIX_EPOCH},
};

use host::{Host, Store};
use sotto_client_engine::api::{command::Command, problem::Problem, view::*};
use sotto_server::{app, config::Config};

/// A relay on a thread and a runtime of its own, so that it can be dropped in the midst of everything.
struct Relay {
    addr: SocketAddr,
    kill: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Relay {
    fn start(data: PathBuf, addr: Option<SocketAddr>) -> Self {
        let (tell, told) = mpsc::channel();
        let (kill, killed) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut config = Config::for_tests(data);
                if let Some(addr) = addr {
                    config.listen = addr;
                }
                let running = app::start(config).await.unwrap();
                tell.send(running.addr).unwrap();
                let _ = killed.await;
                std::mem::forget(running);
            });
            // No draining: connections break, tasks end where they are.
            runtime.shutdown_background();
        });
        Self {
            addr: told.recv().unwrap(),
            kill: Some(kill),
            thread: Some(thread),
        }
    }

    fn kill(&mut self) {
        drop(self.kill.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.kill();
    }
}

fn fresh_folder() -> PathBuf {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let name = format!("sotto-engine-{}-{}", std::process::id(), since.as_nanos());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

async fn register(relay: &Relay, name: &str, seed: u64) -> (Host, Store, String) {
    let store = Store::default();
    let mut host = Host::start(relay.addr, store.clone(), seed);
    let words: String = host
        .ask(Command::Register {
            username: name.into(),
            password: format!("correct horse {name} battery"),
            invitation: None,
        })
        .await;
    host.online().await;
    (host, store, words)
}

async fn send(host: &Host, conversation: &str, number: u128, text: &str) {
    let id = sotto_protocol::MessageId(number.to_be_bytes()).to_string();
    let _: MessageView = host
        .ask(Command::Send {
            conversation: conversation.into(),
            id,
            text: text.into(),
        })
        .await;
}

fn sign_in(name: &str, password: &str) -> Command {
    Command::SignIn {
        username: name.into(),
        password: password.into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_over_the_real_relay_and_a_kill_of_it_loses_nothing() {
    let data = fresh_folder();
    let mut relay = Relay::start(data.clone(), None);
    let (alice, _, words) = register(&relay, "Alice", 1).await;
    let (mut bob, bob_store, _) = register(&relay, "bob", 2).await;
    alice.ask::<()>(Command::ConfirmRecoveryKey { words }).await;

    let found: Vec<PersonView> = alice
        .ask(Command::SearchPeople {
            prefix: "bo".into(),
        })
        .await;
    assert_eq!(found.len(), 1);
    let with_bob = found[0].account.clone();
    let with_alice = alice.id();
    let account = with_bob.clone();
    let _: ConversationView = alice.ask(Command::OpenConversation { account }).await;
    send(&alice, &with_bob, 1, "hello").await;
    bob.until("the request", |seen| {
        seen.conversations
            .get(&with_alice)
            .is_some_and(|c| c.standing == Standing::Request)
    })
    .await;
    let conversation = with_alice.clone();
    bob.ask::<()>(Command::AcceptRequest { conversation }).await;
    alice
        .until_lines(&with_bob, 1, MessageState::Delivered)
        .await;
    send(&bob, &with_alice, 2, "hello yourself").await;
    alice
        .until_lines(&with_bob, 2, MessageState::Delivered)
        .await;

    // The relay is killed while both write; Bob's host dies, too.
    for i in 0..10_u128 {
        send(&alice, &with_bob, 100 + i, &format!("a{i}")).await;
        send(&bob, &with_alice, 200 + i, &format!("b{i}")).await;
        if i == 4 {
            relay.kill();
        }
        if i == 6 {
            drop(bob);
            bob = Host::start(relay.addr, bob_store.clone(), 3);
        }
    }
    let relay = Relay::start(data.clone(), Some(relay.addr));
    alice.ask::<()>(Command::Reconnect {}).await;
    bob.ask::<()>(Command::Reconnect {}).await;
    alice
        .until_lines(&with_bob, 22, MessageState::Delivered)
        .await;
    bob.until_lines(&with_alice, 22, MessageState::Delivered)
        .await;
    for texts in [alice.texts(&with_bob).await, bob.texts(&with_alice).await] {
        for who in ["a", "b"] {
            let of = |text: &String| {
                text.strip_prefix(who)
                    .is_some_and(|n| n.parse::<u32>().is_ok())
            };
            let theirs: Vec<String> = texts.iter().filter(|text| of(text)).cloned().collect();
            let want: Vec<String> = (0..10).map(|i| format!("{who}{i}")).collect();
            assert_eq!(theirs, want);
        }
    }
    drop((alice, bob, relay));
    let _ = std::fs::remove_dir_all(data);
}

#[tokio::test(flavor = "multi_thread")]
async fn further_devices_recovery_and_sign_out_over_the_real_relay() {
    let data = fresh_folder();
    let relay = Relay::start(data.clone(), None);
    let (mut alice, _, words) = register(&relay, "alice", 11).await;
    let (bob, _, _) = register(&relay, "bob", 12).await;
    let (with_bob, with_alice) = (bob.id(), alice.id());
    let account = with_alice.clone();
    let _: ConversationView = bob.ask(Command::OpenConversation { account }).await;
    let account = with_bob.clone();
    let _: ConversationView = alice.ask(Command::OpenConversation { account }).await;

    let taken = Host::start(relay.addr, Store::default(), 13);
    let refused = taken
        .try_ask(Command::Register {
            username: "ALICE".into(),
            password: "whatever".into(),
            invitation: None,
        })
        .await;
    assert_eq!(refused, Err(Problem::UsernameTaken));
    for name in ["alice", "nobody"] {
        let refused = taken.try_ask(sign_in(name, "wrong")).await;
        assert_eq!(refused, Err(Problem::CredentialsWrong), "{name}");
    }

    let mut second = Host::start(relay.addr, Store::default(), 14);
    second
        .ask::<()>(sign_in("Alice", "correct horse alice battery"))
        .await;
    second.online().await;
    send(&bob, &with_alice, 1, "to both").await;
    alice
        .until_lines(&with_bob, 1, MessageState::Delivered)
        .await;
    second
        .until_lines(&with_bob, 1, MessageState::Delivered)
        .await;
    // Before those leave that owe the receipt.
    bob.until_lines(&with_alice, 1, MessageState::Delivered)
        .await;

    let store = Store::default();
    let mut third = Host::start(relay.addr, store.clone(), 15);
    third
        .ask::<()>(Command::Recover {
            username: "alice".into(),
            words,
            password: "another horse altogether".into(),
        })
        .await;
    third.online().await;
    assert_eq!(third.id(), with_alice);
    let refused = taken
        .try_ask(sign_in("alice", "correct horse alice battery"))
        .await;
    assert_eq!(refused, Err(Problem::CredentialsWrong));

    let devices: Vec<DeviceView> = third.ask(Command::Devices {}).await;
    assert_eq!(devices.len(), 3);
    second.ask::<()>(Command::SignOut {}).await;
    let gone = devices
        .iter()
        .min_by_key(|device| device.added_at)
        .unwrap()
        .id
        .clone();
    third
        .ask::<()>(Command::RemoveDevice { device: gone })
        .await;
    alice
        .until("the removal", |seen| {
            seen.account
                == AccountView::SignedOut {
                    reason: Some(Problem::DeviceRemoved),
                }
        })
        .await;
    send(&bob, &with_alice, 2, "to the third alone").await;
    third
        .until_lines(&with_bob, 1, MessageState::Delivered)
        .await;
    bob.until_lines(&with_alice, 2, MessageState::Delivered)
        .await;
    third.ask::<()>(Command::SignOut {}).await;
    assert!(store.lock().unwrap().is_empty());
    drop((alice, bob, second, third, taken, relay));
    let _ = std::fs::remove_dir_all(data);
}
