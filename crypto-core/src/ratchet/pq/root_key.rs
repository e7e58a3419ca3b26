//! The post-quantum root key (Double Ratchet, section 5.2): the chain that every epoch's secret is mixed into.
//!
//! ```text
//! RK, initiator's chain key, responder's chain key = HKDF(salt = RK, ikm = epoch's secret, label, epoch u32)
//! ```

use super::chain_key::{ReceivingChainKey, SendingChainKey};
use super::scka::{Epoch, EpochSecret};
use crate::primitives::kdf::derive;
use crate::primitives::labels::KdfLabel;
use crate::ratchet::double::split;
use crate::ratchet::secret::secret_key;

secret_key! {
    /// The secret that the handshake gives to the post-quantum ratchet: 32 bytes. It opens epoch 0.
    PqSeed;
    /// The post-quantum root key: 32 bytes.
    PqRootKey;
}

/// Which side of the session we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Sends the first message.
    Initiator,
    /// Receives the first message.
    Responder,
}

/// What an epoch gives: the next root key, and a chain per direction.
pub(super) struct EpochStep {
    pub(super) root: PqRootKey,
    pub(super) sending: SendingChainKey,
    pub(super) receiving: ReceivingChainKey,
}

impl PqSeed {
    /// Opens epoch 0.
    pub(super) fn open_first(&self, side: Side) -> EpochStep {
        step(&[0; 32], &self.0, 0, side)
    }
}

impl PqRootKey {
    /// Opens `epoch`.
    pub(super) fn open_epoch(&self, epoch: Epoch, secret: &EpochSecret, side: Side) -> EpochStep {
        step(&self.0, secret.as_bytes(), epoch, side)
    }
}

fn step(root: &[u8; 32], secret: &[u8; 32], epoch: Epoch, side: Side) -> EpochStep {
    let [root, initiators, responders] = split(&derive::<96>(
        KdfLabel::PostQuantumEpoch,
        root,
        secret,
        &epoch.to_be_bytes(),
    ));
    let (sending, receiving) = match side {
        Side::Initiator => (initiators, responders),
        Side::Responder => (responders, initiators),
    };
    EpochStep {
        root: PqRootKey::from_bytes(*root),
        sending: SendingChainKey::from_bytes(*sending),
        receiving: ReceivingChainKey::from_bytes(*receiving),
    }
}
