//! A session's stored form (`docs/PROTOCOL.md`, section 5.9).
//!
//! ```text
//! version u8 = 1 || transcript hash(32) || stage u8 || [handshake(1614) or its SHA-256(32)] || Double Ratchet || post-quantum ratchet
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::envelope::HANDSHAKE_LEN;
use super::transcript::TranscriptHash;
use super::{Session, Stage};
use crate::layout::{Reader, Writer};
use crate::ratchet::StateError;
use crate::ratchet::triple::TripleRatchet;

const VERSION: u8 = 1;

const UNANSWERED: u8 = 0;
const ANSWERED: u8 = 1;
const RESPONDER: u8 = 2;

impl Session {
    /// The session's state, to be stored sealed. It holds every key that the session has.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::with_capacity(4096);
        out.u8(VERSION);
        out.bytes(&self.transcript.0);
        match &self.stage {
            Stage::Unanswered { handshake } => {
                out.u8(UNANSWERED);
                out.bytes(handshake);
            }
            Stage::Answered => out.u8(ANSWERED),
            Stage::Responder { handshake_digest } => {
                out.u8(RESPONDER);
                out.bytes(handshake_digest);
            }
        }
        self.ratchet.write(&mut out);
        out.finish()
    }

    /// Restores what [`Session::to_bytes`] stored.
    ///
    /// # Errors
    /// [`StateError`] if the bytes are anything else, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(StateError);
        }
        let transcript = TranscriptHash(reader.array()?);
        let stage = match reader.u8()? {
            UNANSWERED => Stage::Unanswered {
                handshake: reader.bytes(HANDSHAKE_LEN)?.to_vec(),
            },
            ANSWERED => Stage::Answered,
            RESPONDER => Stage::Responder {
                handshake_digest: reader.array()?,
            },
            _ => return Err(StateError),
        };
        let ratchet = TripleRatchet::read(&mut reader)?;
        reader.finish()?;
        Ok(Self {
            transcript,
            stage,
            ratchet,
        })
    }
}
