//! The header of a message, before it is sealed (`HEADER(dh_pair, pn, n)`, Double Ratchet, section 3.1; `docs/PROTOCOL.md`, section 5.3).
//!
//! ```text
//! ratchet key(32) || previous chain's length u32 || number u32 || extra
//! ```
//!
//! `extra` is empty when this ratchet runs alone; in the Triple Ratchet it is the post-quantum ratchet's header.

use crate::layout::{Malformed, Reader};

/// Length of a header without its extra part.
pub const HEADER_LEN: usize = 40;

/// A message's place in the Double Ratchet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's ratchet key, not yet parsed.
    pub ratchet_key: [u8; 32],
    /// How many messages the sender's previous chain had (`PN`).
    pub previous: u32,
    /// The message's number in its chain, from 0 (`N`).
    pub number: u32,
}

impl Header {
    /// The header's 40 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        let (key, counters) = out.split_at_mut(32);
        let (previous, number) = counters.split_at_mut(4);
        key.copy_from_slice(&self.ratchet_key);
        previous.copy_from_slice(&self.previous.to_be_bytes());
        number.copy_from_slice(&self.number.to_be_bytes());
        out
    }

    /// Takes a header from the front of `bytes`; the rest is the extra part.
    pub(crate) fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), Malformed> {
        let mut reader = Reader::new(bytes);
        let header = Self {
            ratchet_key: reader.array()?,
            previous: reader.u32()?,
            number: reader.u32()?,
        };
        Ok((header, reader.rest()))
    }
}
