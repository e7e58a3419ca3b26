//! Accounts, devices, device lists and verification codes, as their users and their attackers meet them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests: a panic is how they fail"
)]

mod chain;
mod properties;
mod vectors;
mod verification_code;

use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};
use sotto_crypto_core::identity::{
    AccountId, AccountSecret, DeviceCertificate, DeviceId, DeviceSecret,
};

/// A generator from `SOTTO_SEED`, or 1. Prints the seed, which shows when a test fails.
fn rng() -> ChaCha20Rng {
    let seed = std::env::var("SOTTO_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("SOTTO_SEED={seed}");
    ChaCha20Rng::seed_from_u64(seed)
}

/// An account, and what it needs to certify devices.
struct Person {
    id: AccountId,
    secret: AccountSecret,
}

impl Person {
    fn new(rng: &mut impl CryptoRng) -> Self {
        Self {
            id: AccountId::generate(rng),
            secret: AccountSecret::generate(rng),
        }
    }

    /// Certifies a fresh device.
    fn device(&self, rng: &mut impl CryptoRng) -> DeviceCertificate {
        self.device_named(DeviceId::generate(rng), rng)
    }

    fn device_named(&self, device: DeviceId, rng: &mut impl CryptoRng) -> DeviceCertificate {
        let keys = DeviceSecret::generate(rng).public();
        DeviceCertificate::issue(&self.secret, self.id, device, &keys, 1_800_000_000_000)
    }
}
