//! Vectors that others have published, through our wrappers: a wrapper that skips a check fails here.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests: a panic is how they fail"
)]

mod ml_kem;
mod rfc;
mod safety_number;
mod wycheproof;

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

/// "Randomness" that is given: what the vectors call the ephemeral input. Panics when it runs out.
struct Given<'a>(&'a [u8]);

impl TryRng for Given<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unimplemented!("only bytes are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unimplemented!("only bytes are drawn")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let (taken, rest) = self.0.split_at(out.len());
        out.copy_from_slice(taken);
        self.0 = rest;
        Ok(())
    }
}

impl TryCryptoRng for Given<'_> {}

fn published() -> serde_json::Value {
    serde_json::from_str(include_str!("../vectors/published.json")).unwrap()
}

fn bytes(value: &serde_json::Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn array<const N: usize>(value: &serde_json::Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

fn cases(value: &serde_json::Value) -> &[serde_json::Value] {
    let cases = value.as_array().unwrap();
    assert!(!cases.is_empty());
    cases
}
