//! Whole sessions under random weather: lost, repeated, reordered and damaged envelopes, both sides writing first, and states
//! stored and restored between any two steps. `SOTTO_SEED` chooses another run.

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
use rand_core::Rng;
use sotto_crypto_core::session::{DecryptError, Envelope, EnvelopeKind, Opened, Session};
use support::{NOW, Person, answered, rng, seed, two_people};

/// One person's end of a conversation: every session that it knows of, the latest one last.
struct End {
    person: Person,
    sessions: Vec<Session>,
    inbox: Vec<(Vec<u8>, Vec<u8>)>,
    read: usize,
}

impl End {
    fn new(person: Person) -> Self {
        Self {
            person,
            sessions: vec![],
            inbox: vec![],
            read: 0,
        }
    }

    fn store_and_restore(&mut self) {
        for session in &mut self.sessions {
            let bytes = session.to_bytes();
            *session = Session::from_bytes(&bytes).unwrap();
            assert_eq!(*session.to_bytes(), *bytes);
        }
    }

    /// Reads one envelope as a client would: with the sessions that exist, or else with a new one.
    fn receive(&mut self, from: &Person, envelope: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
        for session in &mut self.sessions {
            let before = session.to_bytes();
            match session.decrypt(envelope, NOW, rng) {
                Ok(plaintext) => return plaintext.to_vec(),
                Err(error) => {
                    assert_eq!(error, DecryptError::NotForThisSession);
                    assert_eq!(*session.to_bytes(), *before);
                }
            }
        }
        let opened = Session::respond(
            &self.person.local,
            &from.remote(),
            &self.person,
            envelope,
            NOW,
            rng,
        );
        let Opened {
            session, plaintext, ..
        } = opened.unwrap();
        self.sessions.push(session);
        plaintext.to_vec()
    }
}

fn chance(rng: &mut ChaCha20Rng, one_in: u32) -> bool {
    rng.next_u32().is_multiple_of(one_in)
}

#[test]
fn whatever_arrives_is_read_once_and_in_any_order() {
    let seed = seed();
    for round in 0..25 {
        let rng = &mut rng(seed.wrapping_mul(1000) + round);
        let (alice, bob) = two_people(rng);
        // Half of the runs begin from both sides at once.
        let both = round % 2 == 0;
        let mut ends = [End::new(alice), End::new(bob)];
        let [a, b] = &mut ends;
        a.sessions.push(
            Session::initiate(&a.person.local, &b.person.remote(), &b.person.bundle(), rng)
                .unwrap(),
        );
        if both {
            b.sessions.push(
                Session::initiate(&b.person.local, &a.person.remote(), &a.person.bundle(), rng)
                    .unwrap(),
            );
        }
        let mut sent = 0u32;
        for _ in 0..400 {
            let side = (rng.next_u32() % 2) as usize;
            let [a, b] = &mut ends;
            let (us, them) = if side == 0 { (a, b) } else { (b, a) };
            if chance(rng, 4) {
                us.store_and_restore();
            }
            if !us.sessions.is_empty() && chance(rng, 2) {
                let text = sent.to_be_bytes().repeat(rng.next_u32() as usize % 100);
                sent += 1;
                let which = rng.next_u32() as usize % us.sessions.len();
                let envelope = us.sessions[which].encrypt(&text, rng).unwrap();
                if !chance(rng, 10) {
                    them.inbox.push((envelope, text));
                }
            } else if !us.inbox.is_empty() {
                let at = if chance(rng, 3) {
                    rng.next_u32() as usize % us.inbox.len()
                } else {
                    0
                };
                let (envelope, text) = us.inbox.remove(at);
                let read = us.receive(&them.person, &envelope, rng);
                assert_eq!(read, text, "seed {seed}, round {round}");
                us.read += 1;
                if chance(rng, 3) {
                    refuse_again(us, &envelope, rng);
                }
            }
        }
        assert!(
            ends.iter().all(|end| end.read > 20),
            "seed {seed}, round {round}"
        );
    }
}

/// An envelope that was read is read by no session again, and damaged it isn't, either.
fn refuse_again(end: &mut End, envelope: &[u8], rng: &mut ChaCha20Rng) {
    let mut damaged = envelope.to_vec();
    let at = rng.next_u32() as usize % damaged.len();
    damaged[at] ^= 1 << (rng.next_u32() % 8);
    for session in &mut end.sessions {
        let before = session.to_bytes();
        let again = session.decrypt(envelope, NOW, rng).unwrap_err();
        assert!(
            matches!(
                again,
                DecryptError::NotForThisSession | DecryptError::Replayed
            ),
            "{again:?}"
        );
        session.decrypt(&damaged, NOW, rng).unwrap_err();
        assert_eq!(*session.to_bytes(), *before);
    }
}

#[test]
fn both_writing_first_gives_two_sessions_that_both_serve() {
    let rng = &mut rng(seed());
    let (alice, bob) = two_people(rng);
    let mut hers = Session::initiate(&alice.local, &bob.remote(), &bob.bundle(), rng).unwrap();
    let mut his = Session::initiate(&bob.local, &alice.remote(), &alice.bundle(), rng).unwrap();
    let from_her = hers.encrypt(b"from her", rng).unwrap();
    let from_him = his.encrypt(b"from him", rng).unwrap();
    let at_his = Session::respond(&bob.local, &alice.remote(), &bob, &from_her, NOW, rng).unwrap();
    let at_hers =
        Session::respond(&alice.local, &bob.remote(), &alice, &from_him, NOW, rng).unwrap();
    assert_eq!(*at_his.plaintext, b"from her");
    assert_eq!(*at_hers.plaintext, b"from him");
    // The ids pair the ends up, and tell the two sessions apart alike on both sides.
    assert_eq!(at_his.session.id(), hers.id());
    assert_eq!(at_hers.session.id(), his.id());
    assert_ne!(hers.id(), his.id());
    let mut answer = at_his.session;
    let envelope = answer.encrypt(b"answer", rng).unwrap();
    assert_eq!(
        his.decrypt(&envelope, NOW, rng).unwrap_err(),
        DecryptError::NotForThisSession
    );
    assert_eq!(*hers.decrypt(&envelope, NOW, rng).unwrap(), b"answer");
}

#[test]
fn the_first_envelopes_may_come_in_any_order() {
    let rng = &mut rng(seed());
    let (alice, bob) = two_people(rng);
    let mut hers = Session::initiate(&alice.local, &bob.remote(), &bob.bundle(), rng).unwrap();
    let envelopes: Vec<_> = (0..5u8).map(|n| hers.encrypt(&[n], rng).unwrap()).collect();
    let opened =
        Session::respond(&bob.local, &alice.remote(), &bob, &envelopes[3], NOW, rng).unwrap();
    assert_eq!(*opened.plaintext, [3]);
    let mut his = opened.session;
    // An answer before the rest has arrived.
    let reply = his.encrypt(b"reply", rng).unwrap();
    hers.decrypt(&reply, NOW, rng).unwrap();
    let sixth = hers.encrypt(&[5], rng).unwrap();
    assert_eq!(Envelope::peek(&sixth).unwrap(), EnvelopeKind::Ratchet);
    assert_eq!(*his.decrypt(&sixth, NOW, rng).unwrap(), [5]);
    for n in [4, 0, 2, 1] {
        assert_eq!(*his.decrypt(&envelopes[n], NOW, rng).unwrap(), [n as u8]);
    }
    for envelope in &envelopes {
        let again = his.decrypt(envelope, NOW, rng).unwrap_err();
        assert_eq!(again, DecryptError::Replayed);
    }
}

#[test]
fn one_direction_alone_goes_on_for_long() {
    let rng = &mut rng(seed());
    let (mut hers, mut his) = answered(rng);
    for number in 0..5_000u32 {
        let envelope = hers.encrypt(&number.to_be_bytes(), rng).unwrap();
        assert_eq!(
            *his.decrypt(&envelope, NOW, rng).unwrap(),
            number.to_be_bytes()
        );
    }
}

#[test]
fn the_limit_of_skipping_is_2000_and_what_is_skipped_is_kept() {
    let rng = &mut rng(seed());
    let (mut hers, mut his) = answered(rng);
    let envelopes: Vec<_> = (0..2_002)
        .map(|_| hers.encrypt(b"x", rng).unwrap())
        .collect();
    let before = his.to_bytes();
    let refused = his.decrypt(&envelopes[2_001], NOW, rng).unwrap_err();
    assert_eq!(refused, DecryptError::TooManySkipped);
    assert_eq!(*his.to_bytes(), *before);
    his.decrypt(&envelopes[2_000], NOW, rng).unwrap();
    let stored = his.to_bytes();
    his = Session::from_bytes(&stored).unwrap();
    // One more would be 2,001: the oldest has to go.
    his.decrypt(&envelopes[1], NOW, rng).unwrap();
    his.decrypt(&envelopes[0], NOW, rng).unwrap();
    his.decrypt(&envelopes[1_999], NOW, rng).unwrap();
}

#[test]
fn an_envelope_that_comes_after_two_weeks_is_too_old() {
    const TWO_WEEKS: u64 = 14 * 24 * 60 * 60 * 1000;
    for (age, expected) in [
        (TWO_WEEKS, Ok(())),
        (TWO_WEEKS + 1, Err(DecryptError::TooOld)),
    ] {
        let rng = &mut rng(seed());
        let (mut hers, mut his) = answered(rng);
        let late = hers.encrypt(b"late", rng).unwrap();
        let overtaking = hers.encrypt(b"overtaking", rng).unwrap();
        his.decrypt(&overtaking, NOW, rng).unwrap();
        assert_eq!(his.decrypt(&late, NOW + age, rng).map(|_| ()), expected);
    }
}

#[test]
fn states_that_are_damaged_are_refused_or_at_least_harmless() {
    let rng = &mut rng(seed());
    let (hers, _) = answered(rng);
    let bytes = hers.to_bytes();
    for length in 0..bytes.len() {
        assert!(
            Session::from_bytes(&bytes[..length]).is_err(),
            "cut to {length}"
        );
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(Session::from_bytes(&longer).is_err());
    for at in 0..bytes.len() {
        let mut damaged = bytes.to_vec();
        damaged[at] ^= 1 << (at % 8);
        if let Ok(mut session) = Session::from_bytes(&damaged) {
            // A key that differs by a bit is a key; all that matters is that nothing panics.
            let _ = session.encrypt(b"x", rng);
            let _ = session.decrypt(&[1, 2, 0, 0], NOW, rng);
        }
    }
    let mut other_version = bytes.to_vec();
    other_version[0] = 2;
    assert!(Session::from_bytes(&other_version).is_err());
}

#[test]
fn debug_output_holds_nothing() {
    let rng = &mut rng(seed());
    let (hers, _) = answered(rng);
    assert_eq!(format!("{hers:?}"), "Session(redacted)");
}
