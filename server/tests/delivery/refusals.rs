//! What is refused, and that nothing of it is stored.

use std::sync::{Arc, atomic::AtomicU32};

use bytes::Bytes;
use sotto_protocol::{
    DeviceId, ProblemCode,
    limits::{ENVELOPE_MAX, MAILBOX_MAX},
    socket::ServerFrame,
};
use sotto_server::{
    domain::limits::Limits,
    store::{
        mailboxes::{Batch, Deposit, MailboxStore, Part},
        memory::MemoryMailboxes,
    },
};

use crate::{
    client::{Client, id},
    relay::{Accounts, Relay},
};

#[tokio::test]
async fn a_repeated_send_is_accepted_again_and_delivered_once() {
    let store = Arc::new(MemoryMailboxes::default());
    let relay = Relay::start(store.clone()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    from.send(1, bob, b"x").await;
    from.send(1, bob, b"x").await;
    from.accepted(1).await;
    from.send(1, bob, b"x").await;
    from.accepted(1).await;
    drop(from);
    let mut from = Client::live(&relay, alice).await;
    from.send(1, bob, b"x").await;
    from.accepted(1).await;
    assert_eq!(store.waiting(bob.device).await.unwrap(), 1);
    from.send(1, bob, b"y").await;
    assert_eq!(from.refused().await.1.code, ProblemCode::MessageIdReused);
    assert_eq!(Client::hello(&relay, bob).await.drain(false).await.len(), 1);
}

#[tokio::test]
async fn a_send_repeated_after_a_restart_is_not_doubled_while_it_waits() {
    let store = Arc::new(MemoryMailboxes::default());
    let relay = Relay::start(store.clone()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    from.send(1, bob, b"x").await;
    from.accepted(1).await;
    drop(from);
    relay.crash().await;

    let relay = Relay::start(store.clone()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    from.send(1, bob, b"x").await;
    from.accepted(1).await;
    drop(from);
    relay.crash().await;

    // Also while the recipient is connected and hasn't acknowledged it.
    let relay = Relay::start(store.clone()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut to = Client::hello(&relay, bob).await;
    let delivery = to.drain(false).await.remove(0);
    let mut from = Client::live(&relay, alice).await;
    from.send(1, bob, b"x").await;
    from.accepted(1).await;
    to.is_quiet().await;
    from.send(2, bob, b"y").await;
    assert_eq!(&*to.delivery().await.body, b"y");
    to.ack(delivery.seq).await;
}

#[tokio::test]
async fn a_send_for_other_devices_than_the_current_ones_is_refused() {
    let relay = Relay::start(Arc::new(MemoryMailboxes::default())).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let tablet = DeviceId([9; 16]);
    relay.accounts.set(bob.account, 5, &[bob.device, tablet]);
    let mut from = Client::live(&relay, alice).await;

    from.submit(1, bob.account, 4, &[(bob.device, b"x"), (tablet, b"x")])
        .await;
    let (n, problem) = from.refused().await;
    assert_eq!(
        (n, problem.code, problem.device_list),
        (1, ProblemCode::DeviceListStale, Some(5))
    );

    from.submit(1, bob.account, 5, &[(bob.device, b"x")]).await;
    assert_eq!(from.refused().await.1.code, ProblemCode::DeviceListStale);

    from.submit(
        1,
        bob.account,
        5,
        &[(bob.device, b"x"), (DeviceId([8; 16]), b"x")],
    )
    .await;
    assert_eq!(from.refused().await.1.code, ProblemCode::DeviceUnknown);

    from.submit(1, bob.account, 5, &[(bob.device, b"x"), (bob.device, b"x")])
        .await;
    assert_eq!(from.refused().await.1.code, ProblemCode::Malformed);

    from.submit(1, alice.account, 1, &[(alice.device, b"x")])
        .await;
    assert_eq!(from.refused().await.1.code, ProblemCode::DeviceUnknown);

    from.submit(1, sotto_protocol::AccountId([77; 16]), 1, &[])
        .await;
    assert_eq!(from.refused().await.1.code, ProblemCode::AccountUnknown);

    // After the refusals the same id goes through.
    from.submit(1, bob.account, 5, &[(tablet, b"x"), (bob.device, b"x")])
        .await;
    from.accepted(1).await;
}

#[tokio::test]
async fn an_envelope_over_the_limit_is_refused_and_the_next_is_not() {
    let relay = Relay::start(Arc::new(MemoryMailboxes::default())).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    from.send(1, bob, &vec![0; ENVELOPE_MAX + 1]).await;
    assert_eq!(from.refused().await.1.code, ProblemCode::TooLarge);
    from.send(2, bob, &vec![0; ENVELOPE_MAX]).await;
    from.accepted(1).await;
}

#[tokio::test]
async fn who_sends_too_much_is_told_when_to_go_on() {
    let accounts = Arc::new(Accounts {
        allowance: Some(AtomicU32::new(3)),
        ..Accounts::default()
    });
    let store = Arc::new(MemoryMailboxes::default());
    let relay = Relay::with(store, accounts, Default::default(), Default::default()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    for n in 0..3 {
        from.send(n, bob, b"x").await;
    }
    from.accepted(3).await;
    from.send(3, bob, b"x").await;
    let (_, problem) = from.refused().await;
    assert_eq!(
        (problem.code, problem.retry_after_ms),
        (ProblemCode::RateLimited, Some(250))
    );
}

#[tokio::test]
async fn a_forgotten_device_whose_mailbox_is_full_keeps_nothing_from_the_others() {
    let store = Arc::new(MemoryMailboxes::default());
    let relay = Relay::start(store.clone()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let (tablet, laptop) = (DeviceId([9; 16]), DeviceId([8; 16]));
    relay
        .accounts
        .set(bob.account, 2, &[bob.device, tablet, laptop]);
    let deposits = (0..MAILBOX_MAX as u32).map(|n| Deposit {
        from: bob,
        id: id(n),
        received_at: u64::MAX >> 1,
        parts: vec![Part {
            mailbox: tablet,
            seq: u64::from(n) + 1,
            digest: 0,
            body: Bytes::new(),
        }],
    });
    store
        .commit(Batch {
            deposits: deposits.collect(),
            ..Batch::default()
        })
        .await
        .unwrap();
    let mut from = Client::live(&relay, alice).await;
    let mut to = Client::live(&relay, bob).await;

    // One device is connected, one is away, and the mailbox of the third is full.
    from.submit(
        1,
        bob.account,
        2,
        &[(tablet, b"x"), (bob.device, b"x"), (laptop, b"x")],
    )
    .await;
    from.accepted(1).await;
    let delivery = to.delivery().await;
    to.ack(delivery.seq).await;
    assert_eq!(store.waiting(laptop).await.unwrap(), 1);

    // The relay may have it acknowledged before the full mailbox says no.
    relay.accounts.set(bob.account, 3, &[bob.device, tablet]);
    for n in 2..20 {
        from.submit(n, bob.account, 3, &[(tablet, b"x"), (bob.device, b"x")])
            .await;
        let delivery = to.delivery().await;
        to.ack(delivery.seq).await;
        assert_eq!(from.accepted(1).await, [n]);
    }

    relay.accounts.set(bob.account, 4, &[tablet]);
    from.submit(20, bob.account, 4, &[(tablet, b"x")]).await;
    let (n, problem) = from.refused().await;
    assert_eq!((n, problem.code), (20, ProblemCode::MailboxFull));
    assert_eq!(store.waiting(tablet).await.unwrap(), MAILBOX_MAX as u64);
}

#[tokio::test]
async fn nobody_floods_somebody_s_mailbox() {
    let accounts = Arc::new(Accounts {
        limits: Some(Limits::new(1)),
        ..Accounts::default()
    });
    let store = Arc::new(MemoryMailboxes::default());
    let relay = Relay::with(
        store.clone(),
        accounts,
        Default::default(),
        Default::default(),
    )
    .await;
    let (mallory, alice, bob) = (relay.person(1), relay.person(2), relay.person(3));
    let mut from = Client::live(&relay, mallory).await;
    // The budget refills as this goes on.
    let (mut taken, mut refused) = (0, None);
    for n in 0..10_000 {
        from.send(n, bob, b"x").await;
        match from.next().await {
            ServerFrame::Accepted(ids) => taken += ids.len() as u64,
            ServerFrame::Refused { problem, .. } => {
                refused = Some(problem);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    let problem = refused.expect("a refusal");
    assert_eq!(problem.code, ProblemCode::RateLimited);
    assert!(problem.retry_after_ms.is_some_and(|wait| wait <= 60_000));
    assert!(taken >= 2000, "{taken}");
    assert_eq!(store.waiting(bob.device).await.unwrap(), taken);
    // It is between these two alone.
    from.send(20_000, alice, b"x").await;
    from.accepted(1).await;
    let mut other = Client::live(&relay, relay.person(4)).await;
    other.send(1, bob, b"x").await;
    other.accepted(1).await;
}
