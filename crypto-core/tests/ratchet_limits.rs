//! The limits of both ratchets, each from both sides: what is allowed, and the first thing that isn't (`docs/PROTOCOL.md`, section 5.7).

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

use rand_chacha::ChaCha20Rng;
use sotto_crypto_core::ratchet::double::{DoubleRatchet, Sotto};
use sotto_crypto_core::ratchet::limits::{
    MAX_CLOSED_CHAINS, MAX_SKIP, MAX_SKIPPED_AGE_MS, REMEMBERED_CHAINS,
};
use sotto_crypto_core::ratchet::pq::{MlKem768, PostQuantumRatchet, PqSeed, Side};
use sotto_crypto_core::ratchet::{ReceiveError, SendError};
use sotto_crypto_core::session::{DecryptError, Session};
use support::{NOW, answered, rng, seed};

/// One message there, which may be lost, and one back.
fn round(hers: &mut Session, his: &mut Session, rng: &mut ChaCha20Rng) -> (Vec<u8>, Vec<u8>) {
    let lost = hers.encrypt(b"lost", rng).unwrap();
    let read = hers.encrypt(b"read", rng).unwrap();
    his.decrypt(&read, NOW, rng).unwrap();
    let back = his.encrypt(b"back", rng).unwrap();
    hers.decrypt(&back, NOW, rng).unwrap();
    (lost, read)
}

#[test]
fn replays_from_the_latest_chains_are_known_as_such() {
    let rng = &mut rng(seed());
    let (mut hers, mut his) = answered(rng);
    let mut read = vec![];
    for _ in 0..8 {
        let there = hers.encrypt(b"there", rng).unwrap();
        his.decrypt(&there, NOW, rng).unwrap();
        let back = his.encrypt(b"back", rng).unwrap();
        hers.decrypt(&back, NOW, rng).unwrap();
        read.push(there);
    }
    // The present chain, and as many closed ones as are remembered.
    for (age, envelope) in read.iter().rev().enumerate() {
        let expected = if age <= REMEMBERED_CHAINS {
            DecryptError::Replayed
        } else {
            DecryptError::NotForThisSession
        };
        assert_eq!(
            his.decrypt(envelope, NOW, rng).unwrap_err(),
            expected,
            "{age} chains ago"
        );
    }
}

#[test]
fn a_hundred_closed_chains_keep_their_missing_messages() {
    let rng = &mut rng(seed());
    let (mut hers, mut his) = answered(rng);
    let rounds = MAX_CLOSED_CHAINS + 3;
    let lost: Vec<_> = (0..rounds)
        .map(|_| round(&mut hers, &mut his, rng).0)
        .collect();
    his = Session::from_bytes(&his.to_bytes()).unwrap();
    // The last chain is the present one; of the closed ones the latest hundred are kept.
    for (age, envelope) in lost.iter().rev().enumerate().rev() {
        let read = his.decrypt(envelope, NOW, rng).map(|_| ());
        let expected = if age <= MAX_CLOSED_CHAINS {
            Ok(())
        } else {
            Err(DecryptError::NotForThisSession)
        };
        assert_eq!(read, expected, "{age} chains ago");
    }
}

#[test]
fn a_chain_that_has_used_all_its_numbers_sends_nothing_more() {
    let rng = &mut rng(seed());
    // A stored session of an initiator that has been answered and has written since: version, transcript hash, stage; then the
    // Double Ratchet: root key, turn, ratchet secret, header key, chain key, and the number.
    let (mut hers, _) = answered(rng);
    hers.encrypt(b"begins a chain", rng).unwrap();
    let mut state = hers.to_bytes().to_vec();
    let at = 34 + 32 + 1 + 3 * 32;
    assert_eq!(state[at..at + 4], 1u32.to_be_bytes());
    state[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut hers = Session::from_bytes(&state).unwrap();
    let refused = hers.encrypt(b"one too many", rng).unwrap_err();
    assert_eq!(refused, SendError::Exhausted.into());
    assert_eq!(*hers.to_bytes(), state);
    // The same with the ratchet alone.
    let cut = (34..state.len())
        .find(|cut| DoubleRatchet::<Sotto>::from_bytes(&[&[1], &state[34..*cut]].concat()).is_ok())
        .unwrap();
    let alone = [&[1], &state[34..cut]].concat();
    let mut ratchet = DoubleRatchet::<Sotto>::from_bytes(&alone).unwrap();
    assert_eq!(
        ratchet.encrypt(b"x", b"", rng).unwrap_err(),
        SendError::Exhausted
    );
    assert_eq!(*ratchet.to_bytes(), alone);
}

/// Both sides of a post-quantum ratchet, after `messages` messages in turn, the initiator first.
fn pq_pair(messages: usize, rng: &mut ChaCha20Rng) -> [PostQuantumRatchet<MlKem768>; 2] {
    let secret = PqSeed::from_bytes([5; 32]);
    let mut sides =
        [Side::Initiator, Side::Responder].map(|side| PostQuantumRatchet::new(&secret, side));
    for number in 0..messages {
        let header = send(&mut sides[number % 2], rng);
        sides[1 - number % 2].receive(&header, NOW).unwrap();
    }
    sides
}

fn send(side: &mut PostQuantumRatchet<MlKem768>, rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut header = vec![];
    side.next_message(rng, &mut header).unwrap();
    header
}

#[test]
fn the_post_quantum_ratchet_skips_2000_and_not_one_more() {
    let rng = &mut rng(seed());
    let [mut a, mut b] = pq_pair(6, rng);
    let headers: Vec<_> = (0..MAX_SKIP + 2).map(|_| send(&mut a, rng)).collect();
    let before = b.to_bytes();
    let refused = b.receive(&headers[MAX_SKIP as usize + 1], NOW);
    assert_eq!(refused.unwrap_err(), ReceiveError::TooManySkipped);
    assert_eq!(*b.to_bytes(), *before);
    b.receive(&headers[MAX_SKIP as usize], NOW).unwrap();
    b.receive(&headers[0], NOW).unwrap();
    assert_eq!(
        b.receive(&headers[0], NOW).unwrap_err(),
        ReceiveError::Replayed
    );
    // 1,999 are kept. Three more are skipped, so the two oldest go.
    let more: Vec<_> = (0..3).map(|_| send(&mut a, rng)).collect();
    b.receive(&more[2], NOW).unwrap();
    let gone = b.receive(&headers[1], NOW).unwrap_err();
    assert_eq!(gone, ReceiveError::TooOld);
    let gone = b.receive(&headers[2], NOW).unwrap_err();
    assert_eq!(gone, ReceiveError::TooOld);
    b.receive(&headers[3], NOW).unwrap();
}

#[test]
fn what_is_skipped_across_an_epoch_counts_together() {
    let rng = &mut rng(seed());
    let [mut a, mut b] = pq_pair(3, rng);
    // B answers in epoch 1. Half of the budget is lost in epoch 0 before A hears of it.
    let in_epoch_0: Vec<_> = (0..MAX_SKIP / 2).map(|_| send(&mut a, rng)).collect();
    let answer = send(&mut b, rng);
    a.receive(&answer, NOW).unwrap();
    assert_eq!(a.sending_epoch(), 1);
    let in_epoch_1: Vec<_> = (0..MAX_SKIP / 2 + 2).map(|_| send(&mut a, rng)).collect();
    let refused = b.receive(&in_epoch_1[MAX_SKIP as usize / 2 + 1], NOW);
    assert_eq!(refused.unwrap_err(), ReceiveError::TooManySkipped);
    b.receive(&in_epoch_1[MAX_SKIP as usize / 2], NOW).unwrap();
    for header in [
        &in_epoch_0[0],
        &in_epoch_0[MAX_SKIP as usize / 2 - 1],
        &in_epoch_1[0],
    ] {
        b.receive(header, NOW).unwrap();
        assert_eq!(b.receive(header, NOW).unwrap_err(), ReceiveError::Replayed);
    }
}

#[test]
fn skipped_post_quantum_keys_are_kept_for_their_time_and_not_longer() {
    for (age, expected) in [
        (MAX_SKIPPED_AGE_MS, Ok(())),
        (MAX_SKIPPED_AGE_MS + 1, Err(ReceiveError::TooOld)),
    ] {
        for touched in [false, true] {
            let rng = &mut rng(seed());
            let [mut a, mut b] = pq_pair(6, rng);
            let [late, overtaking, next] = [(); 3].map(|()| send(&mut a, rng));
            b.receive(&overtaking, NOW).unwrap();
            if touched {
                b.receive(&next, NOW + age).unwrap();
            }
            let read = b.receive(&late, NOW + age).map(|_| ());
            assert_eq!(read, expected, "age {age}, touched {touched}");
        }
    }
}

#[test]
fn stored_ratchets_whose_parts_disagree_are_refused() {
    let rng = &mut rng(seed());
    for messages in 0..8 {
        let [a, _] = pq_pair(messages, rng);
        let stored = a.to_bytes();
        assert!(PostQuantumRatchet::<MlKem768>::from_bytes(&stored).is_ok());
        // The key agreement's epoch, one more.
        let mut other = stored.to_vec();
        other[6] += 1;
        assert!(PostQuantumRatchet::<MlKem768>::from_bytes(&other).is_err());
        let mut version = stored.to_vec();
        version[0] = 2;
        assert!(PostQuantumRatchet::<MlKem768>::from_bytes(&version).is_err());
    }
}

/// A stored Double Ratchet (`docs/PROTOCOL.md`, section 5.9) of these parts.
fn stored_double(turn: &[u8], receiving: &[u8]) -> Vec<u8> {
    [&[1][..], &[7; 32], turn, &[8; 32], receiving, &[0; 4]].concat()
}

#[test]
fn stored_double_ratchets_whose_parts_disagree_are_refused() {
    let accepted = |bytes: &[u8]| DoubleRatchet::<Sotto>::from_bytes(bytes).is_ok();
    let waiting = [&[0][..], &[1; 64]].concat();
    let due = [&[1][..], &[9; 32], &[2; 32], &[0; 4]].concat();
    let no_chain = vec![0];
    let gaps = |numbers: &[u32]| {
        let mut out = [[0; 4], (numbers.len() as u32).to_be_bytes()].concat();
        for number in numbers {
            out.extend([&number.to_be_bytes()[..], &[0; 8], &[3; 32]].concat());
        }
        out
    };
    let chain = |numbers: &[u32]| [&[1][..], &[4; 64], &[0, 0, 0, 9], &gaps(numbers)].concat();
    // Who waits has received nothing; whose turn it is has.
    assert!(accepted(&stored_double(&waiting, &no_chain)));
    assert!(accepted(&stored_double(&due, &chain(&[]))));
    assert!(!accepted(&stored_double(&waiting, &chain(&[]))));
    assert!(!accepted(&stored_double(&due, &no_chain)));
    // Skipped keys are in order, each once, and not too many.
    assert!(accepted(&stored_double(&due, &chain(&[2, 5, 6]))));
    assert!(!accepted(&stored_double(&due, &chain(&[2, 6, 5]))));
    assert!(!accepted(&stored_double(&due, &chain(&[2, 2]))));
    let many: Vec<_> = (0..2_001).collect();
    assert!(accepted(&stored_double(&due, &chain(&many[..2_000]))));
    assert!(!accepted(&stored_double(&due, &chain(&many))));
}
