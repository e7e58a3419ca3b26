//! What sessions cost, beside Matrix's Olm (vodozemac) in the same run: `cargo bench -p sotto-crypto-core`.
//!
//! Ours is post-quantum and hides its headers, Olm does neither; the sizes of plaintexts are the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark that fails should stop"
)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use vodozemac::olm::{Account, OlmMessage, SessionConfig};

#[path = "../tests/support/mod.rs"]
mod support;

use sotto_crypto_core::session::Session;
use support::{NOW, answered, two_people};

const SIZES: [(&str, usize); 2] = [("1 KiB", 1024), ("64 KiB", 64 * 1024)];

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(7)
}

/// Session setup: what the initiator does, then what the responder does, with the first message each.
fn setup(c: &mut Criterion) {
    let rng = &mut rng();
    let (alice, bob) = two_people(rng);
    let (remote_bob, remote_alice) = (bob.remote(), alice.remote());
    let mut group = c.benchmark_group("initiate and first encrypt");
    let bundle = bob.bundle();
    group.bench_function("sotto", |b| {
        b.iter(|| {
            let mut session = Session::initiate(&alice.local, &remote_bob, &bundle, rng).unwrap();
            black_box(session.encrypt(b"hello", rng).unwrap())
        });
    });
    group.bench_function("sotto, verifying the bundle", |b| {
        b.iter(|| {
            let bundle = bob.bundle();
            let mut session = Session::initiate(&alice.local, &remote_bob, &bundle, rng).unwrap();
            black_box(session.encrypt(b"hello", rng).unwrap())
        });
    });
    let (olm_alice, mut olm_bob) = (Account::new(), Account::new());
    olm_bob.generate_one_time_keys(1);
    let one_time = *olm_bob.one_time_keys().values().next().unwrap();
    let identity = olm_bob.curve25519_key();
    group.bench_function("vodozemac", |b| {
        b.iter(|| {
            let mut session = olm_alice
                .create_outbound_session(SessionConfig::version_1(), identity, one_time)
                .unwrap();
            black_box(session.encrypt(b"hello").unwrap())
        });
    });
    group.finish();

    let mut group = c.benchmark_group("respond and first decrypt");
    let mut session = Session::initiate(&alice.local, &remote_bob, &bundle, rng).unwrap();
    let first = session.encrypt(b"hello", rng).unwrap();
    group.bench_function("sotto", |b| {
        b.iter(|| {
            Session::respond(&bob.local, &remote_alice, &bob, black_box(&first), NOW, rng).unwrap()
        });
    });
    let mut session = olm_alice
        .create_outbound_session(SessionConfig::version_1(), identity, one_time)
        .unwrap();
    let OlmMessage::PreKey(first) = session.encrypt(b"hello").unwrap() else {
        unreachable!("the first message is a prekey message")
    };
    let pickle = olm_bob.pickle();
    let pickle = serde_json::to_string(&pickle).unwrap();
    group.bench_function("vodozemac", |b| {
        b.iter_batched(
            || Account::from_pickle(serde_json::from_str(&pickle).unwrap()),
            |mut account| {
                account
                    .create_inbound_session(
                        SessionConfig::version_1(),
                        olm_alice.curve25519_key(),
                        black_box(&first),
                    )
                    .unwrap()
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

/// An Olm session in which one message has gone each way.
fn olm_answered() -> (vodozemac::olm::Session, vodozemac::olm::Session) {
    let (alice, mut bob) = (Account::new(), Account::new());
    bob.generate_one_time_keys(1);
    let one_time = *bob.one_time_keys().values().next().unwrap();
    let mut hers = alice
        .create_outbound_session(SessionConfig::version_1(), bob.curve25519_key(), one_time)
        .unwrap();
    let OlmMessage::PreKey(first) = hers.encrypt(b"first").unwrap() else {
        unreachable!("the first message is a prekey message")
    };
    let mut his = bob
        .create_inbound_session(SessionConfig::version_1(), alice.curve25519_key(), &first)
        .unwrap()
        .session;
    let reply = his.encrypt(b"reply").unwrap();
    hers.decrypt(&reply).unwrap();
    (hers, his)
}

/// Messages in one direction. The middle of a chain: the ratchet step itself is in the ping-pong.
fn messages(c: &mut Criterion) {
    let rng = &mut rng();
    for (name, size) in SIZES {
        let plaintext = vec![0x5A; size];
        let mut group = c.benchmark_group(format!("encrypt {name}"));
        group.throughput(Throughput::Bytes(size as u64));
        let (mut hers, _) = answered(rng);
        group.bench_function("sotto", |b| {
            b.iter(|| hers.encrypt(black_box(&plaintext), rng).unwrap());
        });
        let (mut hers, _) = olm_answered();
        group.bench_function("vodozemac", |b| {
            b.iter(|| hers.encrypt(black_box(&plaintext)).unwrap());
        });
        group.finish();

        let mut group = c.benchmark_group(format!("decrypt {name}"));
        group.throughput(Throughput::Bytes(size as u64));
        let mut unused = crate::rng();
        for (phase, rounds) in [("sotto", 1), ("sotto, post-quantum key aboard", 2)] {
            let (mut hers, mut his) = answered(rng);
            for _ in 1..rounds {
                let there = hers.encrypt(b"there", rng).unwrap();
                his.decrypt(&there, NOW, rng).unwrap();
                let back = his.encrypt(b"back", rng).unwrap();
                hers.decrypt(&back, NOW, rng).unwrap();
            }
            // The first of the chain makes the ratchet step, and isn't measured.
            let first = hers.encrypt(b"first of the chain", rng).unwrap();
            his.decrypt(&first, NOW, rng).unwrap();
            group.bench_function(phase, |b| {
                b.iter_batched(
                    || hers.encrypt(&plaintext, rng).unwrap(),
                    |envelope| his.decrypt(&envelope, NOW, &mut unused).unwrap(),
                    BatchSize::PerIteration,
                );
            });
        }
        let (mut hers, mut his) = olm_answered();
        let first = hers.encrypt(b"first of the chain").unwrap();
        his.decrypt(&first).unwrap();
        group.bench_function("vodozemac", |b| {
            b.iter_batched(
                || hers.encrypt(&plaintext).unwrap(),
                |envelope| his.decrypt(&envelope).unwrap(),
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}

/// One message there and one back, with all their ratchet steps.
fn ping_pong(c: &mut Criterion) {
    let rng = &mut rng();
    let mut group = c.benchmark_group("ping-pong round trip");
    let (mut hers, mut his) = answered(rng);
    group.bench_function("sotto", |b| {
        b.iter(|| {
            let there = hers.encrypt(b"ping", rng).unwrap();
            his.decrypt(&there, NOW, rng).unwrap();
            let back = his.encrypt(b"pong", rng).unwrap();
            hers.decrypt(&back, NOW, rng).unwrap()
        });
    });
    let (mut hers, mut his) = olm_answered();
    group.bench_function("vodozemac", |b| {
        b.iter(|| {
            let there = hers.encrypt(b"ping").unwrap();
            his.decrypt(&there).unwrap();
            let back = his.encrypt(b"pong").unwrap();
            hers.decrypt(&back).unwrap()
        });
    });
    group.finish();
}

/// What storing a session costs, which a client does at every step.
fn storing(c: &mut Criterion) {
    let rng = &mut rng();
    let (hers, _) = answered(rng);
    let mut group = c.benchmark_group("state");
    group.bench_function("store", |b| b.iter(|| hers.to_bytes()));
    let bytes = hers.to_bytes();
    group.bench_function("restore", |b| {
        b.iter(|| Session::from_bytes(&bytes).unwrap())
    });
    group.finish();
}

criterion_group!(benches, setup, messages, ping_pong, storing);
criterion_main!(benches);
