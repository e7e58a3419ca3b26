//! Envelopes: what goes over the wire between two devices (`docs/PROTOCOL.md`, sections 4.5 and 5.6).
//!
//! ```text
//! initial  version u8 = 1 || kind u8 = 1 || handshake(1614) || sealed message     until the other side has answered
//! ratchet  version u8 = 1 || kind u8 = 2 || sealed message
//!
//! handshake = signed prekey's id u32 || one-time flag u8 || one-time prekey's id u32 || KEM prekey's kind u8
//!             || KEM prekey's id u32 || ephemeral key(32) || KEM ciphertext(1568)
//! ```

use super::{ENVELOPE_VERSION, EnvelopeError};
use crate::layout::Reader;
use crate::prekey::KemPrekeyKind;
use crate::primitives::kem::{Kem, Kem1024};
use crate::ratchet::triple::Sealed;

/// Length of the handshake in an initial envelope.
pub const HANDSHAKE_LEN: usize = 4 + 1 + 4 + 1 + 4 + 32 + Kem1024::CIPHERTEXT_LEN;

pub(super) const INITIAL: u8 = 1;
pub(super) const RATCHET: u8 = 2;

/// What an envelope shows without any key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvelopeKind {
    /// Begins a session, or belongs to one that hasn't been answered; needs these prekeys.
    Initial {
        /// Id of the signed prekey.
        signed_prekey: u32,
        /// Id of the one-time prekey, if one was used.
        one_time: Option<u32>,
        /// Kind and id of the KEM prekey.
        kem: (KemPrekeyKind, u32),
    },
    /// Belongs to a session that exists on both sides.
    Ratchet,
}

/// An envelope, unopened.
pub struct Envelope;

impl Envelope {
    /// Says what an envelope claims to be. Nothing of it is verified.
    ///
    /// # Errors
    /// [`EnvelopeError`] if the bytes aren't an envelope of this version.
    pub fn peek(bytes: &[u8]) -> Result<EnvelopeKind, EnvelopeError> {
        Ok(match Parsed::parse(bytes)?.handshake {
            Some(handshake) => EnvelopeKind::Initial {
                signed_prekey: handshake.signed_prekey,
                one_time: handshake.one_time,
                kem: handshake.kem,
            },
            None => EnvelopeKind::Ratchet,
        })
    }
}

/// An envelope's parts.
pub(super) struct Parsed<'a> {
    pub(super) handshake: Option<Handshake<'a>>,
    pub(super) sealed: Sealed<'a>,
}

/// The handshake's parts, as they came.
pub(super) struct Handshake<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) signed_prekey: u32,
    pub(super) one_time: Option<u32>,
    pub(super) kem: (KemPrekeyKind, u32),
    pub(super) ephemeral: [u8; 32],
    pub(super) ciphertext: &'a [u8],
}

impl<'a> Parsed<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != ENVELOPE_VERSION {
            return Err(EnvelopeError::Version);
        }
        let handshake = match reader.u8()? {
            INITIAL => Some(Handshake::parse(reader.bytes(HANDSHAKE_LEN)?)?),
            RATCHET => None,
            _ => return Err(EnvelopeError::Malformed),
        };
        Ok(Self {
            handshake,
            sealed: Sealed::parse(reader.rest())?,
        })
    }
}

impl<'a> Handshake<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let mut reader = Reader::new(bytes);
        let signed_prekey = reader.u32()?;
        let one_time = match (reader.flag()?, reader.u32()?) {
            (true, id) => Some(id),
            (false, 0) => None,
            (false, _) => return Err(EnvelopeError::Malformed),
        };
        let kind = KemPrekeyKind::from_code(reader.u8()?).ok_or(EnvelopeError::Malformed)?;
        let kem = (kind, reader.u32()?);
        let ephemeral = reader.array()?;
        Ok(Self {
            bytes,
            signed_prekey,
            one_time,
            kem,
            ephemeral,
            ciphertext: reader.rest(),
        })
    }
}
