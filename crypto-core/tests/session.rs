//! Sessions as their users see them: beginning, answering, restoring (`docs/PROTOCOL.md`, sections 4 and 5).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "tests: a panic is how they fail"
)]

mod support;

use sotto_crypto_core::prekey::KemPrekeyKind;
use sotto_crypto_core::session::{
    Envelope, EnvelopeKind, HandshakeError, OpenError, Session, UsedPrekeys,
};
use support::{NOW, answered, rng, seed, two_people};

#[test]
fn two_people_talk() {
    let rng = &mut rng(seed());
    let (alice, bob) = two_people(rng);
    let mut hers = Session::initiate(&alice.local, &bob.remote(), &bob.bundle(), rng).unwrap();
    assert!(!hers.has_been_answered());
    let first = hers.encrypt(b"hello", rng).unwrap();
    assert_eq!(
        Envelope::peek(&first).unwrap(),
        EnvelopeKind::Initial {
            signed_prekey: 1,
            one_time: Some(11),
            kem: (KemPrekeyKind::OneTime, 21)
        }
    );
    let opened = Session::respond(&bob.local, &alice.remote(), &bob, &first, NOW, rng).unwrap();
    assert_eq!(*opened.plaintext, b"hello");
    assert_eq!(
        opened.used,
        UsedPrekeys {
            one_time: Some(11),
            kem_one_time: Some(21)
        }
    );
    let mut his = opened.session;
    assert_eq!(his.id(), hers.id());
    assert!(his.has_been_answered());
    let second = hers.encrypt(b"are you there?", rng).unwrap();
    assert!(matches!(
        Envelope::peek(&second).unwrap(),
        EnvelopeKind::Initial { .. }
    ));
    assert_eq!(*his.decrypt(&second, NOW, rng).unwrap(), b"are you there?");
    for round in 0..20 {
        let reply = his.encrypt(&[round], rng).unwrap();
        assert_eq!(Envelope::peek(&reply).unwrap(), EnvelopeKind::Ratchet);
        assert_eq!(*hers.decrypt(&reply, NOW, rng).unwrap(), [round]);
        assert!(hers.has_been_answered());
        let answer = hers.encrypt(&[round, round], rng).unwrap();
        assert_eq!(Envelope::peek(&answer).unwrap(), EnvelopeKind::Ratchet);
        assert_eq!(*his.decrypt(&answer, NOW, rng).unwrap(), [round, round]);
    }
}

#[test]
fn without_one_time_keys_the_last_resort_serves() {
    let rng = &mut rng(seed());
    let (alice, bob) = two_people(rng);
    let bundle = bob.bundle_of(None, 22);
    let mut hers = Session::initiate(&alice.local, &bob.remote(), &bundle, rng).unwrap();
    let first = hers.encrypt(b"hello", rng).unwrap();
    let opened = Session::respond(&bob.local, &alice.remote(), &bob, &first, NOW, rng).unwrap();
    assert_eq!(*opened.plaintext, b"hello");
    assert_eq!(opened.used, UsedPrekeys::default());
}

#[test]
fn a_session_survives_storing_at_every_step() {
    let rng = &mut rng(seed());
    let (mut hers, mut his) = answered(rng);
    for round in 0..10u8 {
        for _ in 0..2 {
            hers = Session::from_bytes(&hers.to_bytes()).unwrap();
            let envelope = hers.encrypt(&[round], rng).unwrap();
            hers = Session::from_bytes(&hers.to_bytes()).unwrap();
            his = Session::from_bytes(&his.to_bytes()).unwrap();
            assert_eq!(*his.decrypt(&envelope, NOW, rng).unwrap(), [round]);
            his = Session::from_bytes(&his.to_bytes()).unwrap();
            std::mem::swap(&mut hers, &mut his);
        }
    }
}

#[test]
fn a_bundle_of_another_device_is_refused() {
    let rng = &mut rng(seed());
    let (alice, bob) = two_people(rng);
    let refused = Session::initiate(&alice.local, &bob.remote(), &alice.bundle(), rng);
    assert_eq!(refused.unwrap_err(), HandshakeError::WrongDevice);
    let refused = Session::initiate(&alice.local, &alice.remote(), &alice.bundle(), rng);
    assert_eq!(refused.unwrap_err(), HandshakeError::OwnDevice);
}

#[test]
fn used_prekeys_begin_no_second_session() {
    let rng = &mut rng(seed());
    let (alice, mut bob) = two_people(rng);
    let mut hers = Session::initiate(&alice.local, &bob.remote(), &bob.bundle(), rng).unwrap();
    let first = hers.encrypt(b"hello", rng).unwrap();
    bob.one_time.clear();
    let refused = Session::respond(&bob.local, &alice.remote(), &bob, &first, NOW, rng);
    assert_eq!(refused.unwrap_err(), OpenError::UnknownOneTimePrekey(11));
}
