//! What every [`MailboxStore`] does.

use std::sync::Arc;

use bytes::Bytes;
use sotto_protocol::{AccountId, DeviceId, MessageId, limits::MAILBOX_MAX};
use sotto_server::{
    domain::Identity,
    store::mailboxes::{Batch, Deposit, MailboxStore, Outcome, Page, Part, Stored},
};

const ALL: Page = Page {
    after: 0,
    before: u64::MAX >> 1,
    envelopes: 10_000,
    bytes: usize::MAX >> 1,
};

fn device(n: u8) -> DeviceId {
    DeviceId([n; 16])
}

fn part(to: u8, seq: u64, body: &[u8]) -> Part {
    Part {
        mailbox: device(to),
        seq,
        digest: u64::from(body.first().copied().unwrap_or(0)),
        body: Bytes::copy_from_slice(body),
    }
}

fn deposit(id: u64, parts: Vec<Part>) -> Deposit {
    Deposit {
        from: Identity {
            account: AccountId([1; 16]),
            device: device(1),
        },
        id: MessageId(u128::from(id).to_be_bytes()),
        received_at: 1000 + id,
        parts,
    }
}

async fn put(store: &impl MailboxStore, deposits: Vec<Deposit>) -> Vec<Outcome> {
    let batch = Batch {
        deposits,
        ..Batch::default()
    };
    store.commit(batch).await.unwrap()
}

async fn ack(store: &impl MailboxStore, to: u8, through: u64) {
    let batch = Batch {
        acks: vec![(device(to), through)],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
}

async fn seqs(store: &impl MailboxStore, to: u8, page: Page) -> Vec<u64> {
    let read = store.read(device(to), page).await.unwrap();
    read.iter().map(|stored| stored.seq).collect()
}

async fn sweep(store: &impl MailboxStore, expired: u64) {
    while store.sweep(expired).await.unwrap() {}
}

/// Runs the suite on fresh stores.
pub async fn suite<S: MailboxStore>(mut fresh: impl FnMut() -> Arc<S>) {
    reads_in_order(&*fresh()).await;
    pages(&*fresh()).await;
    acknowledges(&*fresh()).await;
    knows_repeated_sends(&*fresh()).await;
    shares_bodies(&*fresh()).await;
    passes_full_mailboxes(&*fresh()).await;
    reserves(&*fresh()).await;
    expires_and_removes(&*fresh()).await;
}

async fn reads_in_order(store: &impl MailboxStore) {
    assert_eq!(store.newest(device(2)).await.unwrap(), 0);
    assert_eq!(seqs(store, 2, ALL).await, [0; 0]);
    // Commits may bring sequences a little out of order.
    put(
        store,
        vec![
            deposit(1, vec![part(2, 10, b"a")]),
            deposit(2, vec![part(2, 13, b"b")]),
        ],
    )
    .await;
    put(
        store,
        vec![
            deposit(3, vec![part(2, 11, b"c")]),
            deposit(4, vec![part(2, 12, b"d"), part(3, 14, b"e")]),
        ],
    )
    .await;
    assert_eq!(seqs(store, 2, ALL).await, [10, 11, 12, 13]);
    assert_eq!(seqs(store, 2, Page { after: 12, ..ALL }).await, [13]);
    assert_eq!(
        seqs(
            store,
            2,
            Page {
                after: 10,
                before: 13,
                ..ALL
            }
        )
        .await,
        [11, 12]
    );
    assert_eq!(
        seqs(
            store,
            2,
            Page {
                envelopes: 2,
                ..ALL
            }
        )
        .await,
        [10, 11]
    );
    assert_eq!(store.newest(device(2)).await.unwrap(), 13);
    assert_eq!(
        store.read(device(3), ALL).await.unwrap(),
        [Stored {
            seq: 14,
            from: Identity {
                account: AccountId([1; 16]),
                device: device(1)
            },
            id: MessageId(4_u128.to_be_bytes()),
            received_at: 1004,
            body: Bytes::from_static(b"e"),
        }]
    );
}

async fn pages(store: &impl MailboxStore) {
    for round in 0..10 {
        let deposits = (0..100).map(|n| {
            let seq = round * 100 + n + 1;
            deposit(seq, vec![part(2, seq, &[seq as u8; 1000])])
        });
        put(store, deposits.collect()).await;
    }
    let (mut after, mut all) = (0, Vec::new());
    loop {
        let page = Page {
            after,
            envelopes: 37,
            bytes: 20_500,
            ..ALL
        };
        let read = store.read(device(2), page).await.unwrap();
        assert!(read.len() <= 20, "the byte cap");
        let Some(last) = read.last() else { break };
        assert!(read.iter().all(|one| one.body == vec![one.seq as u8; 1000]));
        after = last.seq;
        all.extend(read.iter().map(|one| one.seq));
    }
    assert_eq!(all, (1..=1000).collect::<Vec<_>>());
    assert_eq!(
        seqs(store, 2, Page { bytes: 1, ..ALL }).await,
        [1],
        "at least one"
    );
}

async fn acknowledges(store: &impl MailboxStore) {
    put(
        store,
        (1..=10)
            .map(|n| deposit(n, vec![part(2, n, b"x"), part(3, n + 100, b"y")]))
            .collect(),
    )
    .await;
    ack(store, 2, 4).await;
    assert_eq!(seqs(store, 2, ALL).await, [5, 6, 7, 8, 9, 10]);
    ack(store, 2, 3).await;
    assert_eq!(seqs(store, 2, ALL).await.len(), 6, "never backwards");
    assert_eq!(seqs(store, 3, ALL).await.len(), 10);
    ack(store, 2, 10).await;
    assert_eq!(store.newest(device(2)).await.unwrap(), 0);
    sweep(store, 0).await;
    assert_eq!(store.waiting(device(2)).await.unwrap(), 0);
    assert_eq!(store.waiting(device(3)).await.unwrap(), 10);
    put(store, vec![deposit(11, vec![part(2, 200, b"z")])]).await;
    assert_eq!(seqs(store, 2, ALL).await, [200]);
    assert_eq!(store.waiting(device(2)).await.unwrap(), 1);
}

async fn knows_repeated_sends(store: &impl MailboxStore) {
    assert_eq!(
        put(store, vec![deposit(1, vec![part(2, 1, b"a")])]).await,
        [Outcome::Stored]
    );
    assert_eq!(
        put(store, vec![deposit(1, vec![part(2, 2, b"a")])]).await,
        [Outcome::Stored]
    );
    assert_eq!(
        put(store, vec![deposit(1, vec![part(2, 3, b"b")])]).await,
        [Outcome::Reused]
    );
    let twice = vec![
        deposit(2, vec![part(2, 4, b"c")]),
        deposit(2, vec![part(2, 5, b"c")]),
    ];
    assert_eq!(put(store, twice).await, [Outcome::Stored, Outcome::Stored]);
    assert_eq!(seqs(store, 2, ALL).await, [1, 4]);
    // Only what is missing is added.
    put(
        store,
        vec![deposit(1, vec![part(2, 6, b"a"), part(3, 7, b"d")])],
    )
    .await;
    assert_eq!(seqs(store, 2, ALL).await, [1, 4]);
    assert_eq!(seqs(store, 3, ALL).await, [7]);
    // Another sender's message with the same id is another message.
    let mut other = deposit(1, vec![part(2, 8, b"a")]);
    other.from.device = device(9);
    put(store, vec![other]).await;
    assert_eq!(seqs(store, 2, ALL).await, [1, 4, 8]);
    assert_eq!(store.waiting(device(2)).await.unwrap(), 3);
}

async fn shares_bodies(store: &impl MailboxStore) {
    let body = Bytes::from(vec![7; 5000]);
    let parts = (2..52)
        .map(|to| Part {
            mailbox: device(to),
            seq: u64::from(to),
            digest: 7,
            body: body.clone(),
        })
        .collect();
    put(store, vec![deposit(1, parts)]).await;
    ack(store, 2, 2).await;
    sweep(store, 0).await;
    for to in 3..52 {
        assert_eq!(store.read(device(to), ALL).await.unwrap()[0].body, body);
        ack(store, to, u64::from(to)).await;
    }
    sweep(store, 0).await;
    assert_eq!(store.waiting(device(51)).await.unwrap(), 0);
}

async fn passes_full_mailboxes(store: &impl MailboxStore) {
    let mut seq = 0;
    for _ in 0..MAILBOX_MAX / 1000 {
        let deposits = (0..1000).map(|_| {
            seq += 1;
            deposit(seq, vec![part(2, seq, b"x")])
        });
        assert!(
            put(store, deposits.collect())
                .await
                .iter()
                .all(|one| *one == Outcome::Stored)
        );
    }
    let over = deposit(seq + 1, vec![part(2, seq + 1, b"x")]);
    assert_eq!(put(store, vec![over]).await, [Outcome::Full]);
    // The others get theirs, also if they share a body with the one that is passed by.
    let body = Bytes::from_static(b"shared");
    let parts = [2, 3, 4].map(|to| Part {
        body: body.clone(),
        ..part(to, seq + u64::from(to), b"s")
    });
    let past = deposit(seq + 2, parts.to_vec());
    assert_eq!(
        put(store, vec![past.clone(), past]).await,
        [
            Outcome::StoredExcept(vec![device(2)]),
            Outcome::StoredExcept(vec![device(2)])
        ]
    );
    assert_eq!(store.waiting(device(2)).await.unwrap(), MAILBOX_MAX as u64);
    assert_eq!(store.newest(device(2)).await.unwrap(), seq);
    for to in [3, 4] {
        let read = store.read(device(to), ALL).await.unwrap();
        assert_eq!((read.len(), &read[0].body), (1, &body));
        ack(store, to, seq + 4).await;
        sweep(store, 0).await;
        assert_eq!(store.waiting(device(to)).await.unwrap(), 0);
    }
    // What is there may be sent again; and what is acknowledged and swept makes room.
    assert_eq!(
        put(store, vec![deposit(1, vec![part(2, seq + 10, b"x")])]).await,
        [Outcome::Stored]
    );
    ack(store, 2, 1000).await;
    sweep(store, 0).await;
    assert_eq!(
        put(
            store,
            vec![deposit(seq + 11, vec![part(2, seq + 11, b"x")])]
        )
        .await,
        [Outcome::Stored]
    );
}

async fn reserves(store: &impl MailboxStore) {
    assert!(store.reserved().await.unwrap() <= 1);
    for (reserve, then) in [(500, 500), (100, 500), (501, 501)] {
        let batch = Batch {
            reserve: Some(reserve),
            ..Batch::default()
        };
        store.commit(batch).await.unwrap();
        assert_eq!(store.reserved().await.unwrap(), then);
    }
}

async fn expires_and_removes(store: &impl MailboxStore) {
    for n in 1..=5 {
        put(
            store,
            vec![deposit(n, vec![part(2, n, b"x"), part(3, n + 10, b"y")])],
        )
        .await;
    }
    sweep(store, 1004).await;
    assert_eq!(seqs(store, 2, ALL).await, [4, 5]);
    assert_eq!(store.waiting(device(2)).await.unwrap(), 2);
    store.remove(device(2)).await.unwrap();
    assert_eq!(seqs(store, 2, ALL).await, [0; 0]);
    assert_eq!(store.waiting(device(2)).await.unwrap(), 0);
    assert_eq!(seqs(store, 3, ALL).await, [14, 15]);
    put(store, vec![deposit(5, vec![part(2, 20, b"x")])]).await;
    assert_eq!(seqs(store, 2, ALL).await, [20]);
}
