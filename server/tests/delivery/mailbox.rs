//! Mailboxes: order, windows, acknowledgements, reconnects.

use std::{sync::Arc, time::Duration};

use sotto_protocol::{
    ProblemCode,
    limits::DELIVERY_WINDOW,
    socket::{ClientFrame, SUBPROTOCOL_CBOR, ServerFrame},
};
use sotto_server::{
    domain::{delivery::Config, notices::Notices as _},
    store::{mailboxes::MailboxStore as _, memory::MemoryMailboxes},
    ws::Timing,
};

use crate::{
    client::{Client, number},
    relay::{Relay, token},
};

async fn relay() -> Relay {
    Relay::start(Arc::new(MemoryMailboxes::default())).await
}

/// A relay that stores nothing of its own accord within a test's time.
async fn patient_relay(store: Arc<MemoryMailboxes>) -> Relay {
    let config = Config {
        commit_window: Duration::from_secs(600),
        ..Config::default()
    };
    Relay::with(store, Arc::default(), config, Timing::default()).await
}

#[tokio::test]
async fn two_connected_people_exchange_messages() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let mut to = Client::live(&relay, bob).await;
    from.send(7, bob, b"hello").await;
    let delivery = to.delivery().await;
    assert_eq!(delivery.from, alice.account);
    assert_eq!(delivery.device, alice.device);
    assert_eq!(number(&delivery.id), 7);
    assert_eq!(&*delivery.body, b"hello");
    to.ack(delivery.seq).await;
    assert_eq!(from.accepted(1).await, [7]);
}

#[tokio::test]
async fn json_clients_and_cbor_clients_understand_each_other() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::dial(&relay, "sotto.v1.json").await;
    from.greet(alice).await;
    assert_eq!(from.next().await, ServerFrame::QueueEmpty);
    let mut to = Client::live(&relay, bob).await;
    from.send(1, bob, &[0, 255, 7]).await;
    assert_eq!(&*to.delivery().await.body, &[0, 255, 7]);
    assert_eq!(from.accepted(1).await, [1]);
    to.send(2, alice, &[9; 300]).await;
    assert_eq!(&*from.delivery().await.body, &[9; 300]);
}

#[tokio::test]
async fn who_was_away_gets_everything_in_order() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    for n in 0..1000 {
        from.send(n, bob, &n.to_be_bytes()).await;
    }
    let mut accepted = from.accepted(1000).await;
    accepted.sort_unstable();
    assert_eq!(accepted, (0..1000).collect::<Vec<_>>());
    let mut to = Client::hello(&relay, bob).await;
    let all = to.drain(true).await;
    assert!(all.is_sorted_by(|a, b| a.seq < b.seq));
    assert_eq!(
        all.iter().map(|one| number(&one.id)).collect::<Vec<_>>(),
        (0..1000).collect::<Vec<_>>()
    );
    from.send(1000, bob, b"live").await;
    assert_eq!(&*to.delivery().await.body, b"live");
}

#[tokio::test]
async fn a_window_bounds_what_is_unacknowledged() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let mut to = Client::live(&relay, bob).await;
    let more = DELIVERY_WINDOW as u32 + 100;
    for n in 0..more {
        from.send(n, bob, b"x").await;
    }
    // The slow consumer doesn't keep the sender waiting: what isn't acknowledged is stored.
    assert_eq!(from.accepted(more as usize).await.len(), more as usize);
    let mut last = 0;
    for n in 0..DELIVERY_WINDOW as u32 {
        let delivery = to.delivery().await;
        assert_eq!(number(&delivery.id), n);
        last = delivery.seq;
    }
    to.is_quiet().await;
    to.ack(last).await;
    for n in DELIVERY_WINDOW as u32..more {
        assert_eq!(number(&to.delivery().await.id), n);
    }
}

#[tokio::test]
async fn a_window_of_large_envelopes_is_bounded_by_bytes() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let body = vec![3; 90 * 1024];
    for n in 0..40 {
        from.send(n, bob, &body).await;
    }
    from.accepted(40).await;
    let mut to = Client::hello(&relay, bob).await;
    let mut got = Vec::new();
    while got.len() < 11 {
        got.push(to.delivery().await);
    }
    to.is_quiet().await;
    to.ack(got.last().unwrap().seq).await;
    while got.len() < 40 {
        let delivery = to.delivery().await;
        to.ack(delivery.seq).await;
        got.push(delivery);
    }
    assert_eq!(to.next().await, ServerFrame::QueueEmpty);
    assert!(
        got.iter()
            .enumerate()
            .all(|(n, one)| number(&one.id) == n as u32 && *one.body == *body)
    );
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let mut to = Client::live(&relay, bob).await;
    for n in 0..20 {
        from.send(n, bob, b"x").await;
    }
    let mut seqs = Vec::new();
    for _ in 0..20 {
        seqs.push(to.delivery().await.seq);
    }
    to.ack(seqs[11]).await;
    to.is_quiet().await;
    drop(to);
    from.accepted(20).await;
    let mut to = Client::hello(&relay, bob).await;
    let again = to.drain(true).await;
    assert_eq!(
        again.iter().map(|one| one.seq).collect::<Vec<_>>(),
        seqs[12..]
    );
    to.is_quiet().await;
    drop(to);
    Client::live(&relay, bob).await.is_quiet().await;
}

#[tokio::test]
async fn acknowledged_in_time_means_never_written() {
    let store = Arc::new(MemoryMailboxes::default());
    let relay = patient_relay(store.clone()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let mut to = Client::live(&relay, bob).await;
    for n in 0..100 {
        from.send(n, bob, b"x").await;
    }
    for _ in 0..100 {
        let delivery = to.delivery().await;
        assert_eq!(store.waiting(bob.device).await.unwrap(), 0);
        to.ack(delivery.seq).await;
    }
    from.accepted(100).await;
    assert_eq!(store.waiting(bob.device).await.unwrap(), 0);
}

#[tokio::test]
async fn delivered_is_not_accepted() {
    let store = Arc::new(MemoryMailboxes::default());
    let relay = patient_relay(store.clone()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let mut to = Client::live(&relay, bob).await;
    from.send(1, bob, b"x").await;
    let delivery = to.delivery().await;
    from.is_quiet().await;
    // The recipient goes without acknowledging: now it is stored, and then accepted.
    drop(to);
    from.accepted(1).await;
    assert_eq!(store.waiting(bob.device).await.unwrap(), 1);
    assert_eq!(
        Client::hello(&relay, bob).await.drain(false).await,
        [delivery]
    );
}

#[tokio::test]
async fn an_acknowledgement_reaches_no_further_than_what_was_delivered() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let mut to = Client::live(&relay, bob).await;
    to.ack(u64::MAX).await;
    to.is_quiet().await;
    from.send(1, bob, b"x").await;
    assert_eq!(number(&to.delivery().await.id), 1);
    drop(to);
    from.accepted(1).await;
    assert_eq!(Client::hello(&relay, bob).await.drain(false).await.len(), 1);
}

#[tokio::test]
async fn a_newcomer_displaces_the_old_connection() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let mut old = Client::live(&relay, bob).await;
    let mut new = Client::live(&relay, bob).await;
    assert_eq!(old.farewell().await, (ProblemCode::Displaced, 4009));
    from.send(1, bob, b"x").await;
    let delivery = new.delivery().await;
    new.ack(delivery.seq).await;
    from.accepted(1).await;
}

#[tokio::test]
async fn every_device_gets_its_own_envelope() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let tablet = sotto_server::domain::Identity {
        account: bob.account,
        device: sotto_protocol::DeviceId([9; 16]),
    };
    relay
        .accounts
        .set(bob.account, 2, &[bob.device, tablet.device]);
    let mut from = Client::live(&relay, alice).await;
    let mut phone = Client::live(&relay, bob).await;
    from.submit(
        1,
        bob.account,
        2,
        &[(tablet.device, b"t"), (bob.device, b"p")],
    )
    .await;
    let delivery = phone.delivery().await;
    assert_eq!(&*delivery.body, b"p");
    phone.ack(delivery.seq).await;
    // Accepted only now that the tablet's is stored.
    from.accepted(1).await;
    assert_eq!(
        &*Client::hello(&relay, tablet).await.drain(false).await[0].body,
        b"t"
    );
    // Bob's phone tells his tablet what it sent: to all of the own devices but itself.
    phone
        .submit(2, bob.account, 2, &[(tablet.device, b"own")])
        .await;
    phone.accepted(1).await;
}

#[tokio::test]
async fn typing_reaches_only_who_is_connected() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let ephemeral =
        sotto_protocol::socket::ClientFrame::Ephemeral(sotto_protocol::socket::Ephemeral {
            to: bob.account,
            envelopes: vec![sotto_protocol::socket::Envelope {
                device: bob.device,
                body: b"typing".as_slice().into(),
            }],
        });
    from.put(&ephemeral).await;
    from.is_quiet().await;
    let mut to = Client::live(&relay, bob).await;
    to.is_quiet().await;
    from.put(&ephemeral).await;
    assert_eq!(
        to.next().await,
        ServerFrame::Ephemeral {
            from: alice.account,
            device: alice.device,
            body: b"typing".as_slice().into(),
        }
    );
}

#[tokio::test]
async fn device_lists_and_removals_are_told() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let mut to = Client::live(&relay, bob).await;
    relay.hub.device_list_changed(bob.account, 2);
    assert_eq!(
        to.next().await,
        ServerFrame::DeviceListChanged {
            account: bob.account,
            version: 2
        }
    );
    from.is_quiet().await;
    from.send(1, bob, b"x").await;
    from.accepted(1).await;
    relay.hub.device_list_changed(bob.account, 3);
    assert_eq!(
        from.next().await,
        ServerFrame::DeviceListChanged {
            account: bob.account,
            version: 3
        }
    );
    to.delivery().await;
    relay.hub.revoked(bob.device);
    assert_eq!(
        to.next().await,
        ServerFrame::DeviceListChanged {
            account: bob.account,
            version: 3
        }
    );
    assert_eq!(to.farewell().await, (ProblemCode::DeviceRevoked, 4003));
}

#[tokio::test]
async fn a_device_that_is_removed_while_it_connects_does_not_stay() {
    let relay = relay().await;
    let bob = relay.person(2);
    *relay.accounts.vanishing.lock().unwrap() = Some(bob.device);
    let mut to = Client::dial(&relay, SUBPROTOCOL_CBOR).await;
    to.put(&ClientFrame::Hello {
        token: token(bob).into(),
    })
    .await;
    assert_eq!(to.farewell().await, (ProblemCode::DeviceRevoked, 4003));
}

#[tokio::test]
async fn draining_says_so_and_loses_nothing() {
    let store = Arc::new(MemoryMailboxes::default());
    let relay = patient_relay(store.clone()).await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut from = Client::live(&relay, alice).await;
    let mut to = Client::live(&relay, bob).await;
    from.send(1, bob, b"x").await;
    to.delivery().await;
    let hub = relay.hub.clone();
    let drained = tokio::spawn(async move { hub.drain(Duration::from_secs(5)).await });
    assert_eq!(to.farewell().await, (ProblemCode::Draining, 1012));
    assert_eq!(from.farewell().await, (ProblemCode::Draining, 1012));
    drop((from, to));
    drained.await.unwrap();
    assert_eq!(store.waiting(bob.device).await.unwrap(), 1);
}
