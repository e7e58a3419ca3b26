//! The post-quantum part of a message's header, before it is sealed (`docs/PROTOCOL.md`, section 5.4).
//!
//! ```text
//! epoch u32 || number u32 || previous epoch's length u32 || message of the key agreement
//! ```

use super::scka::Epoch;
use crate::layout::{Malformed, Reader};

/// Length of the part before the key agreement's message.
pub const PQ_HEADER_LEN: usize = 12;

/// A message's place in the post-quantum ratchet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PqHeader {
    /// The epoch that the message is sent in.
    pub epoch: Epoch,
    /// The message's number in its epoch, from 0.
    pub number: u32,
    /// How many messages the sender sent in the epoch before.
    pub previous: u32,
}

impl PqHeader {
    /// The part's 12 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; PQ_HEADER_LEN] {
        let mut out = [0; PQ_HEADER_LEN];
        let fields = [self.epoch, self.number, self.previous];
        for (bytes, field) in out.as_chunks_mut::<4>().0.iter_mut().zip(fields) {
            *bytes = field.to_be_bytes();
        }
        out
    }

    /// Takes the part from the front of `bytes`; the rest is the key agreement's message.
    pub(crate) fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let mut reader = Reader::new(bytes);
        let header = Self {
            epoch: reader.u32()?,
            number: reader.u32()?,
            previous: reader.u32()?,
        };
        Ok((header, reader.rest()))
    }
}
