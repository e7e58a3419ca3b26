//! The system's randomness, in the form that `opaque-ke` asks for.

use opaque_ke::rand::{CryptoRng, Error, RngCore};

use crate::error::OpaqueError;

/// Draws every byte from the system: `getrandom` natively, `crypto.getRandomValues` in a browser.
pub(crate) struct SystemRandomness(());

impl SystemRandomness {
    /// Makes sure that the system answers at all, so that a missing source is an error and not a panic.
    pub(crate) fn open() -> Result<Self, OpaqueError> {
        let mut probe = [0; 1];
        getrandom::fill(&mut probe).map_err(|_| OpaqueError::NoRandomness)?;
        Ok(Self(()))
    }
}

impl RngCore for SystemRandomness {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    #[expect(
        clippy::expect_used,
        reason = "the trait can't return an error, `open` has seen the source answer, and going on without would be worse"
    )]
    fn fill_bytes(&mut self, destination: &mut [u8]) {
        getrandom::fill(destination).expect("the system's randomness has answered before");
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(destination);
        Ok(())
    }
}

impl CryptoRng for SystemRandomness {}
