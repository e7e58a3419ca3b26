//! Stored states of sessions and of each ratchet: no bytes panic, what is read is written the same again, and what was read
//! can be used.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sotto_crypto_core::ratchet::double::{DoubleRatchet, Sotto};
use sotto_crypto_core::ratchet::pq::{MlKem768, PostQuantumRatchet};
use sotto_crypto_core::session::Session;

fuzz_target!(|data: &[u8]| {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    if let Ok(mut session) = Session::from_bytes(data) {
        assert_eq!(session.to_bytes().as_slice(), data);
        let _ = session.encrypt(b"text", rng);
    }
    if let Ok(mut ratchet) = DoubleRatchet::<Sotto>::from_bytes(data) {
        assert_eq!(ratchet.to_bytes().as_slice(), data);
        let _ = ratchet.encrypt(b"text", b"", rng);
    }
    if let Ok(mut ratchet) = PostQuantumRatchet::<MlKem768>::from_bytes(data) {
        assert_eq!(ratchet.to_bytes().as_slice(), data);
        let _ = ratchet.next_message(rng, &mut Vec::new());
    }
});
