//! Healing: a thief copies one side's whole state, and a few messages later can't read any more. Also if one half of the
//! cryptography is assumed broken: then the thief is given that half's present state at every step, and still has to leave.

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

use sotto_crypto_core::ratchet::double::{DoubleRatchet, Sotto};
use sotto_crypto_core::ratchet::pq::{MlKem768, PostQuantumRatchet};
use sotto_crypto_core::session::Session;
use support::{NOW, answered, rng, seed};

/// Cuts a stored session into what comes before the ratchets, the Double Ratchet, and the post-quantum ratchet.
fn parts(state: &[u8]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let alone = |part: &[u8]| [&[1], part].concat();
    // version, transcript hash, stage; then the handshake or its digest, or nothing.
    let start = 1 + 32 + 1 + [1614, 0, 32][usize::from(state[33])];
    let cut = (start..state.len())
        .find(|cut| {
            DoubleRatchet::<Sotto>::from_bytes(&alone(&state[start..*cut])).is_ok()
                && PostQuantumRatchet::<MlKem768>::from_bytes(&alone(&state[*cut..])).is_ok()
        })
        .expect("a session's state is made of the two ratchets'");
    (
        state[..start].to_vec(),
        state[start..cut].to_vec(),
        state[cut..].to_vec(),
    )
}

/// What the thief can break besides having stolen the state.
#[derive(Clone, Copy, Debug)]
enum Broken {
    Nothing,
    Classical,
    PostQuantum,
}

/// The thief reads one direction: what `victim` is about to read. Returns whether it can.
fn thief_reads(stolen: &mut Vec<u8>, victim: &Session, envelope: &[u8], broken: Broken) -> bool {
    let now = victim.to_bytes();
    let (prefix, stolen_double, stolen_pq) = parts(stolen);
    let (_, double, pq) = parts(&now);
    let armed = match broken {
        Broken::Nothing => stolen.clone(),
        Broken::Classical => [prefix, double, stolen_pq].concat(),
        Broken::PostQuantum => [prefix, stolen_double, pq].concat(),
    };
    let mut thief = Session::from_bytes(&armed).expect("parts of true states");
    let read = thief.decrypt(envelope, NOW, &mut rng(0)).is_ok();
    if read {
        // It follows along as well as it can.
        *stolen = thief.to_bytes().to_vec();
    }
    read
}

/// Steals from one side, lets both talk, and returns for each message to that side whether the thief could read it.
fn steal_and_talk(broken: Broken, rounds_before: usize, from_initiator: bool) -> Vec<bool> {
    let rng = &mut rng(seed());
    let (mut a, mut b) = answered(rng);
    if !from_initiator {
        // The victim is always `a`. Give the other side the word first.
        let word = a.encrypt(b"word", rng).unwrap();
        b.decrypt(&word, NOW, rng).unwrap();
        std::mem::swap(&mut a, &mut b);
    }
    let mut round = |a: &mut Session, b: &mut Session, stolen: Option<&mut Vec<u8>>| {
        let there = a.encrypt(b"there", rng).unwrap();
        b.decrypt(&there, NOW, rng).unwrap();
        let back = b.encrypt(b"back", rng).unwrap();
        let read = stolen.is_some_and(|stolen| thief_reads(stolen, a, &back, broken));
        a.decrypt(&back, NOW, rng).unwrap();
        read
    };
    for _ in 0..rounds_before {
        round(&mut a, &mut b, None);
    }
    let mut stolen = a.to_bytes().to_vec();
    (0..10)
        .map(|_| round(&mut a, &mut b, Some(&mut stolen)))
        .collect()
}

#[test]
fn right_after_the_theft_the_thief_reads() {
    // Without this the rest would prove nothing: what is in flight when a state is stolen is lost.
    for from_initiator in [true, false] {
        for broken in [Broken::Nothing, Broken::Classical, Broken::PostQuantum] {
            let rng = &mut rng(seed());
            let (mut a, mut b) = answered(rng);
            let word = a.encrypt(b"word", rng).unwrap();
            b.decrypt(&word, NOW, rng).unwrap();
            if !from_initiator {
                std::mem::swap(&mut a, &mut b);
                let word = a.encrypt(b"word", rng).unwrap();
                b.decrypt(&word, NOW, rng).unwrap();
            }
            let mut stolen = a.to_bytes().to_vec();
            let back = b.encrypt(b"back", rng).unwrap();
            assert!(thief_reads(&mut stolen, &a, &back, broken), "{broken:?}");
        }
    }
}

#[test]
fn one_round_trip_later_the_thief_is_out() {
    for before in 0..6 {
        for from_initiator in [true, false] {
            let read = steal_and_talk(Broken::Nothing, before, from_initiator);
            assert!(!read.contains(&true), "{before} rounds before: {read:?}");
        }
    }
}

#[test]
fn with_the_classical_part_broken_the_post_quantum_part_heals() {
    let mut longest = 0;
    for before in 0..6 {
        for from_initiator in [true, false] {
            let read = steal_and_talk(Broken::Classical, before, from_initiator);
            let healed = read.iter().position(|read| !read).expect("healed");
            assert!(
                read[healed..].iter().all(|read| !read),
                "{before}: {read:?}"
            );
            assert!(healed <= 3, "{before} rounds before: {read:?}");
            longest = longest.max(healed);
        }
    }
    // It isn't the classical part that healed: the thief could read on for a while.
    assert!(longest > 0);
}

#[test]
fn with_the_post_quantum_part_broken_the_classical_part_heals() {
    for before in 0..6 {
        for from_initiator in [true, false] {
            let read = steal_and_talk(Broken::PostQuantum, before, from_initiator);
            assert!(!read.contains(&true), "{before} rounds before: {read:?}");
        }
    }
}

#[test]
fn a_stolen_state_reads_nothing_of_the_past() {
    let rng = &mut rng(seed());
    let (mut a, mut b) = answered(rng);
    let mut past = vec![];
    for _ in 0..3 {
        let there = a.encrypt(b"there", rng).unwrap();
        b.decrypt(&there, NOW, rng).unwrap();
        let back = b.encrypt(b"back", rng).unwrap();
        a.decrypt(&back, NOW, rng).unwrap();
        past.extend([there, back]);
    }
    for state in [a.to_bytes(), b.to_bytes()] {
        for envelope in &past {
            let mut thief = Session::from_bytes(&state).unwrap();
            thief.decrypt(envelope, NOW, rng).unwrap_err();
        }
    }
}
