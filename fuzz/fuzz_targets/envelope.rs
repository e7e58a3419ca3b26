//! Envelopes: no bytes panic, begin a session, or open in one, and a refused envelope changes nothing.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sotto_crypto_core::session::{Envelope, Session};

#[path = "../../crypto-core/tests/support/mod.rs"]
mod support;

use support::{NOW, Person, answered, two_people};

static PEOPLE: LazyLock<(Person, Person)> =
    LazyLock::new(|| two_people(&mut ChaCha20Rng::seed_from_u64(1)));

/// A session's end, stored.
static STATE: LazyLock<Vec<u8>> =
    LazyLock::new(|| answered(&mut ChaCha20Rng::seed_from_u64(2)).1.to_bytes().to_vec());

fuzz_target!(|data: &[u8]| {
    let peeked = Envelope::peek(data);
    let rng = &mut ChaCha20Rng::seed_from_u64(3);
    let (alice, bob) = &*PEOPLE;
    assert!(Session::respond(&bob.local, &alice.remote(), bob, data, NOW, rng).is_err());
    if peeked.is_ok() {
        let mut session = Session::from_bytes(&STATE).expect("our own state");
        assert!(session.decrypt(data, NOW, rng).is_err());
        assert_eq!(*session.to_bytes(), *STATE);
    }
});
