//! Sparse continuous key agreement (Double Ratchet, section 5.1; `docs/PROTOCOL.md`, section 5.4): what the post-quantum ratchet asks of it.
//!
//! Two sides exchange messages, which ride in the headers of ordinary ones and may be lost, repeated and reordered. Now and then
//! both get the same fresh secret: that opens the next *epoch*, numbered from 1. Epoch 0 is the handshake's.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::layout::{Reader, Writer};
use crate::ratchet::StateError;
use crate::ratchet::secret::secret_key;

secret_key! {
    /// The secret that opens an epoch: 32 uniform bytes.
    EpochSecret;
}

/// Number of an epoch.
pub type Epoch = u32;

/// A sparse continuous key agreement.
///
/// What an instance promises, and the ratchet relies on:
/// - a side sends in an epoch only when it knows that the other side has the epoch's secret;
/// - both sides get each epoch's secret once, and in the order of the epochs;
/// - messages are authenticated and encrypted by whoever uses the instance, before they are given to [`Scka::receive`].
pub trait Scka: Sized {
    /// The side that sends the first message of the session (`SCKAInitAlice`).
    fn initiate() -> Self;

    /// The side that receives the first message of the session (`SCKAInitBob`).
    fn respond() -> Self;

    /// The epoch in which we may send. The next secret that comes out opens the epoch after it.
    fn sending_epoch(&self) -> Epoch;

    /// Appends what is to be told to the other side now to `message` (`SCKASend`). May yield the next epoch's secret.
    fn send(
        &mut self,
        rng: &mut (impl CryptoRng + ?Sized),
        message: &mut Vec<u8>,
    ) -> Option<EpochSecret>;

    /// Takes in what the other side told in a message that it sent in epoch `sent_in` (`SCKAReceive`), without changing this
    /// state, because the message as a whole may yet prove forged.
    ///
    /// # Errors
    /// [`SckaError`] if the other side doesn't follow the protocol.
    fn receive(&self, sent_in: Epoch, message: &[u8]) -> Result<Received<Self>, SckaError>;

    /// Stores the state.
    #[doc(hidden)]
    fn write(&self, out: &mut StateWriter<'_>);

    /// Restores the state.
    ///
    /// # Errors
    /// [`StateError`] if the bytes aren't a stored state.
    #[doc(hidden)]
    fn read(reader: &mut StateReader<'_, '_>) -> Result<Self, StateError>;
}

/// Where an instance stores itself: appends to the session's state.
pub struct StateWriter<'w>(pub(crate) &'w mut Writer);

impl StateWriter<'_> {
    /// Appends a field.
    pub fn bytes(&mut self, field: &[u8]) {
        self.0.bytes(field);
    }
}

/// Where an instance restores itself from: takes fields of the session's state.
pub struct StateReader<'r, 'a>(pub(crate) &'r mut Reader<'a>);

impl<'a> StateReader<'_, 'a> {
    /// Takes a field of `len` bytes.
    ///
    /// # Errors
    /// [`StateError`] if fewer are left.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], StateError> {
        Ok(self.0.bytes(len)?)
    }

    /// Takes a field of `N` bytes.
    ///
    /// # Errors
    /// [`StateError`] if fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], StateError> {
        Ok(self.0.array()?)
    }
}

/// What a message changes.
pub struct Received<S> {
    /// The state afterwards, if it is another.
    pub next: Option<S>,
    /// The secret of the epoch after the one that we sent in, if the message completed it.
    pub secret: Option<EpochSecret>,
}

impl<S> Received<S> {
    /// The message told nothing new.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            next: None,
            secret: None,
        }
    }
}

/// The other side doesn't follow the protocol: its message is malformed or out of turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key agreement's message is malformed or out of turn")]
pub struct SckaError;
