//! The vault and its ways in, and the recovery key, as their owner and a hostile server meet them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests: a panic is how they fail"
)]

mod recovery_key;
mod vault;
mod vectors;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A generator from `SOTTO_SEED`, or 1. Prints the seed, which shows when a test fails.
fn rng() -> ChaCha20Rng {
    let seed = std::env::var("SOTTO_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("SOTTO_SEED={seed}");
    ChaCha20Rng::seed_from_u64(seed)
}
