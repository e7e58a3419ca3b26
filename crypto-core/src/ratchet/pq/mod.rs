//! The sparse post-quantum ratchet (Double Ratchet, section 5; `docs/PROTOCOL.md`, section 5.4).
//!
//! ```text
//! each epoch     RK, chain keys = HKDF(RK, epoch's secret)       the secret comes from an Scka
//! each message   CK, mk = KDF(CK)                                in the epoch that both are known to have
//! ```
//!
//! Its header must be encrypted and authenticated by whoever uses it; the Triple Ratchet puts it into the Double Ratchet's.

mod chain_key;
mod epochs;
mod header;
mod message_key;
mod ml_kem_768;
mod receive;
mod root_key;
mod scka;
mod state;

use alloc::vec::Vec;

use rand_core::CryptoRng;

pub use self::header::{PQ_HEADER_LEN, PqHeader};
pub use self::message_key::PqMessageKey;
pub use self::ml_kem_768::{Answering, Awaiting, MlKem768, Offered, Offering, Unoffered};
pub(crate) use self::receive::Planned;
pub use self::root_key::{PqRootKey, PqSeed, Side};
pub use self::scka::{Epoch, EpochSecret, Received, Scka, SckaError, StateReader, StateWriter};

use self::epochs::{ClosedEpochs, Opened, ReceivingChain, SendingChain};
use super::skipped_keys::Gaps;
use super::{ReceiveError, SendError};

/// One side of a sparse post-quantum ratchet.
pub struct PostQuantumRatchet<S> {
    side: Side,
    scka: S,
    root: PqRootKey,
    sending: SendingChain,
    receiving: ReceivingChain,
    opened: Opened,
    closed: ClosedEpochs,
}

impl<S> core::fmt::Debug for PostQuantumRatchet<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PostQuantumRatchet(redacted)")
    }
}

impl<S: Scka> PostQuantumRatchet<S> {
    /// Opens epoch 0 with the handshake's secret.
    #[must_use]
    pub fn new(seed: &PqSeed, side: Side) -> Self {
        let step = seed.open_first(side);
        Self {
            side,
            scka: match side {
                Side::Initiator => S::initiate(),
                Side::Responder => S::respond(),
            },
            root: step.root,
            sending: SendingChain {
                epoch: 0,
                key: step.sending,
                number: 0,
                previous: 0,
            },
            receiving: ReceivingChain {
                epoch: 0,
                key: step.receiving,
                number: 0,
                gaps: Gaps::none(),
            },
            opened: Opened::Level,
            closed: ClosedEpochs::none(),
        }
    }

    /// The epoch that we send in.
    #[must_use]
    pub const fn sending_epoch(&self) -> Epoch {
        self.sending.epoch
    }

    /// Takes the next message key, and appends the header that goes with it to `header`.
    ///
    /// # Errors
    /// [`SendError::Exhausted`]; the state is then unchanged.
    pub fn next_message(
        &mut self,
        rng: &mut (impl CryptoRng + ?Sized),
        header: &mut Vec<u8>,
    ) -> Result<PqMessageKey, SendError> {
        let number = self.sending.number;
        let next_number = number.checked_add(1).ok_or(SendError::Exhausted)?;
        let place = PqHeader {
            epoch: self.sending.epoch,
            number,
            previous: self.sending.previous,
        };
        header.extend_from_slice(&place.encode());
        if let Some(secret) = self.scka.send(rng, header) {
            let epoch = self.sending.epoch.saturating_add(1);
            let step = self.root.open_epoch(epoch, &secret, self.side);
            self.root = step.root;
            self.opened = Opened::Pending {
                sending: step.sending,
                receiving: step.receiving,
            };
        }
        let (next, message_key) = self.sending.key.step();
        self.sending.key = next;
        self.sending.number = next_number;
        Ok(message_key)
    }

    /// Finds the message key that goes with an authentic `header`, and takes in what the header tells.
    ///
    /// # Errors
    /// [`ReceiveError`]; the state is then unchanged.
    pub fn receive(&mut self, header: &[u8], now: u64) -> Result<PqMessageKey, ReceiveError> {
        let planned = self.plan(header, now)?;
        Ok(self.commit(planned, now))
    }
}
