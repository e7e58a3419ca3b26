//! The Double Ratchet's stored form (`docs/PROTOCOL.md`, section 5.9).
//!
//! ```text
//! root(32) || turn u8 || turn's fields || NHKr(32) || receiving flag || [HKr(32) CKr(32) Nr u32 gaps] || closed chains
//! ```

use alloc::collections::VecDeque;
use core::marker::PhantomData;

use zeroize::Zeroizing;

use super::DoubleRatchet;
use super::chain_key::{ReceivingChainKey, SendingChainKey};
use super::header_key::{OurHeaderKey, OurNextHeaderKey, TheirHeaderKey, TheirNextHeaderKey};
use super::parameters::Parameters;
use super::ratchet_key::{OurRatchetKey, TheirRatchetKey};
use super::receiving::{ClosedChain, ClosedChains, ReceivingChain};
use super::root_key::RootKey;
use super::sending::{Due, Sending, SendingChain, Turn, Waiting};
use crate::layout::{Reader, Writer};
use crate::primitives::dh::DhSecret;
use crate::ratchet::StateError;
use crate::ratchet::limits::MAX_CLOSED_CHAINS;
use crate::ratchet::skipped_keys::Gaps;

/// Version of a Double Ratchet that is stored by itself.
const VERSION: u8 = 1;

const WAITING: u8 = 0;
const DUE: u8 = 1;
const SENDING: u8 = 2;

impl<P: Parameters> DoubleRatchet<P> {
    /// The state's bytes, for a ratchet that runs alone.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<alloc::vec::Vec<u8>> {
        let mut out = Writer::with_capacity(512);
        out.u8(VERSION);
        self.write(&mut out);
        out.finish()
    }

    /// Restores what [`DoubleRatchet::to_bytes`] stored.
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
        out.bytes(self.root.as_bytes());
        self.turn.write(out);
        out.bytes(self.next_receiving.as_bytes());
        out.flag(self.receiving.is_some());
        if let Some(chain) = &self.receiving {
            out.bytes(chain.header_key.as_bytes());
            out.bytes(chain.key.as_bytes());
            out.u32(chain.number);
            chain.gaps.write(out);
        }
        out.u32(u32::try_from(self.closed.0.len()).unwrap_or(u32::MAX));
        for chain in &self.closed.0 {
            out.bytes(chain.header_key.as_bytes());
            chain.gaps.write(out);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        let root = RootKey::from_bytes(reader.array()?);
        let turn = Turn::read(reader)?;
        let next_receiving = TheirNextHeaderKey::from_bytes(reader.array()?);
        let receiving = if reader.flag()? {
            Some(ReceivingChain {
                header_key: TheirHeaderKey::from_bytes(reader.array()?),
                key: ReceivingChainKey::from_bytes(reader.array()?),
                number: reader.u32()?,
                gaps: Gaps::read(reader, P::MAX_SKIPPED_KEYS)?,
            })
        } else {
            None
        };
        // Nothing but the responder's start is without a receiving chain and waits.
        if matches!(turn, Turn::Waiting(_)) && receiving.is_some()
            || matches!(turn, Turn::Due(_)) && receiving.is_none()
        {
            return Err(StateError);
        }
        Ok(Self {
            root,
            turn,
            receiving,
            next_receiving,
            closed: ClosedChains::read::<P>(reader)?,
            parameters: PhantomData,
        })
    }
}

impl ClosedChains {
    fn read<P: Parameters>(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        let count = usize::try_from(reader.u32()?).map_err(|_| StateError)?;
        if count > MAX_CLOSED_CHAINS {
            return Err(StateError);
        }
        let mut chains = VecDeque::with_capacity(count);
        for _ in 0..count {
            chains.push_back(ClosedChain {
                header_key: TheirHeaderKey::from_bytes(reader.array()?),
                gaps: Gaps::read(reader, P::MAX_SKIPPED_KEYS)?,
            });
        }
        Ok(Self(chains))
    }
}

impl Turn {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Waiting(state) => {
                out.u8(WAITING);
                out.bytes(state.ours.secret().to_bytes().as_slice());
                out.bytes(state.next_header.as_bytes());
            }
            Self::Due(state) => {
                out.u8(DUE);
                out.bytes(state.theirs.as_bytes());
                out.bytes(state.next_header.as_bytes());
                out.u32(state.previous);
            }
            Self::Sending(state) => {
                out.u8(SENDING);
                out.bytes(state.ours.secret().to_bytes().as_slice());
                out.bytes(state.chain.header_key.as_bytes());
                out.bytes(state.chain.key.as_bytes());
                out.u32(state.chain.number);
                out.bytes(state.next_header.as_bytes());
                out.u32(state.previous);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(match reader.u8()? {
            WAITING => Self::Waiting(Waiting {
                ours: OurRatchetKey::from_secret(DhSecret::from_bytes(reader.array()?)),
                next_header: OurNextHeaderKey::from_bytes(reader.array()?),
            }),
            DUE => Self::Due(Due {
                theirs: TheirRatchetKey::from_bytes(reader.array()?).map_err(|_| StateError)?,
                next_header: OurNextHeaderKey::from_bytes(reader.array()?),
                previous: reader.u32()?,
            }),
            SENDING => Self::Sending(Sending {
                ours: OurRatchetKey::from_secret(DhSecret::from_bytes(reader.array()?)),
                chain: SendingChain {
                    header_key: OurHeaderKey::from_bytes(reader.array()?),
                    key: SendingChainKey::from_bytes(reader.array()?),
                    number: reader.u32()?,
                },
                next_header: OurNextHeaderKey::from_bytes(reader.array()?),
                previous: reader.u32()?,
            }),
            _ => return Err(StateError),
        })
    }
}
