//! The post-quantum ratchet's stored form (`docs/PROTOCOL.md`, section 5.9).
//!
//! ```text
//! side u8 || agreement || root(32) || sending: epoch u32, key(32), number u32, previous u32
//!         || receiving: epoch u32, key(32), number u32, gaps || opened u8, its keys || closed: count u32, (epoch u32, gaps)*
//! ```

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::PostQuantumRatchet;
use super::chain_key::{ReceivingChainKey, SendingChainKey};
use super::epochs::{ClosedEpoch, ClosedEpochs, Opened, ReceivingChain, SendingChain};
use super::root_key::{PqRootKey, Side};
use super::scka::{Scka, StateReader, StateWriter};
use crate::layout::{Reader, Writer};
use crate::ratchet::StateError;
use crate::ratchet::limits::MAX_SKIPPED_KEYS;
use crate::ratchet::skipped_keys::Gaps;

/// Version of a post-quantum ratchet that is stored by itself.
const VERSION: u8 = 1;

impl<S: Scka> PostQuantumRatchet<S> {
    /// The state's bytes, for a ratchet that runs alone.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::with_capacity(2048);
        out.u8(VERSION);
        self.write(&mut out);
        out.finish()
    }

    /// Restores what [`PostQuantumRatchet::to_bytes`] stored.
    ///
    /// # Errors
    /// [`StateError`] if the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(StateError);
        }
        let ratchet = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(ratchet)
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.u8(match self.side {
            Side::Initiator => 0,
            Side::Responder => 1,
        });
        self.scka.write(&mut StateWriter(out));
        out.bytes(self.root.as_bytes());
        out.u32(self.sending.epoch);
        out.bytes(self.sending.key.as_bytes());
        out.u32(self.sending.number);
        out.u32(self.sending.previous);
        out.u32(self.receiving.epoch);
        out.bytes(self.receiving.key.as_bytes());
        out.u32(self.receiving.number);
        self.receiving.gaps.write(out);
        match &self.opened {
            Opened::Level => out.u8(0),
            Opened::Ahead { receiving } => {
                out.u8(1);
                out.bytes(receiving.as_bytes());
            }
            Opened::Pending { sending, receiving } => {
                out.u8(2);
                out.bytes(sending.as_bytes());
                out.bytes(receiving.as_bytes());
            }
        }
        out.u32(u32::try_from(self.closed.0.len()).unwrap_or(u32::MAX));
        for closed in &self.closed.0 {
            out.u32(closed.epoch);
            closed.gaps.write(out);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        let side = if reader.flag()? {
            Side::Responder
        } else {
            Side::Initiator
        };
        let ratchet = Self {
            side,
            scka: S::read(&mut StateReader(reader))?,
            root: PqRootKey::from_bytes(reader.array()?),
            sending: SendingChain {
                epoch: reader.u32()?,
                key: SendingChainKey::from_bytes(reader.array()?),
                number: reader.u32()?,
                previous: reader.u32()?,
            },
            receiving: ReceivingChain {
                epoch: reader.u32()?,
                key: ReceivingChainKey::from_bytes(reader.array()?),
                number: reader.u32()?,
                gaps: Gaps::read(reader, MAX_SKIPPED_KEYS)?,
            },
            opened: read_opened(reader)?,
            closed: read_closed(reader)?,
        };
        ratchet.check_epochs()?;
        Ok(ratchet)
    }

    /// The three things that count epochs must agree, or a later step would mix keys of different epochs.
    fn check_epochs(&self) -> Result<(), StateError> {
        let lead = match self.opened {
            Opened::Ahead { .. } => 1,
            Opened::Level | Opened::Pending { .. } => 0,
        };
        let level = self.receiving.epoch.checked_add(lead) == Some(self.sending.epoch);
        if level && self.scka.sending_epoch() == self.sending.epoch {
            Ok(())
        } else {
            Err(StateError)
        }
    }
}

fn read_opened(reader: &mut Reader<'_>) -> Result<Opened, StateError> {
    Ok(match reader.u8()? {
        0 => Opened::Level,
        1 => Opened::Ahead {
            receiving: ReceivingChainKey::from_bytes(reader.array()?),
        },
        2 => Opened::Pending {
            sending: SendingChainKey::from_bytes(reader.array()?),
            receiving: ReceivingChainKey::from_bytes(reader.array()?),
        },
        _ => return Err(StateError),
    })
}

fn read_closed(reader: &mut Reader<'_>) -> Result<ClosedEpochs, StateError> {
    let count = usize::try_from(reader.u32()?).map_err(|_| StateError)?;
    // Only epochs with missing keys are kept, so there are no more of them than of keys.
    if count > MAX_SKIPPED_KEYS {
        return Err(StateError);
    }
    let mut closed = VecDeque::new();
    for _ in 0..count {
        closed.push_back(ClosedEpoch {
            epoch: reader.u32()?,
            gaps: Gaps::read(reader, MAX_SKIPPED_KEYS)?,
        });
    }
    Ok(ClosedEpochs(closed))
}
