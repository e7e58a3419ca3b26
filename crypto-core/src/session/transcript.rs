//! The handshake's transcript: everything public that both sides must have seen alike (`docs/PROTOCOL.md`, section 4.4).
//!
//! ```text
//! transcript = "Sotto v1 transcript" || 0x00 || version u8 || party(initiator) || party(responder)
//!              || signed prekey(100) || flag u8 || [one-time prekey(36)] || KEM prekey(1637)
//!              || ephemeral key(32) || KEM ciphertext(1568)
//! party      = account id(16) || account key(32) || device id(16) || certificate(169)
//! hash       = SHA-256(transcript)
//! ```
//!
//! The hash goes into the first keys' derivation and into the associated data of every message. So one byte seen otherwise by
//! the other side, and nothing opens.

use super::ENVELOPE_VERSION;
use super::device::Party;
use crate::prekey::{KemPrekey, OneTimePrekey, SignedPrekey};
use crate::primitives::dh::DhPublic;
use crate::primitives::hash::sha256;
use crate::primitives::kdf::derive;
use crate::primitives::kem::{Ciphertext, Kem1024};
use crate::primitives::labels::{DataLabel, KdfLabel, labelled};

/// Everything that the transcript is made of.
pub(super) struct Transcript<'a> {
    pub(super) initiator: Party<'a>,
    pub(super) responder: Party<'a>,
    pub(super) signed: &'a SignedPrekey,
    pub(super) one_time: Option<&'a OneTimePrekey>,
    pub(super) kem: &'a KemPrekey,
    pub(super) ephemeral: &'a DhPublic,
    pub(super) ciphertext: &'a Ciphertext<Kem1024>,
}

/// SHA-256 of a transcript: 32 bytes, the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TranscriptHash(pub(super) [u8; 32]);

impl Transcript<'_> {
    pub(super) fn hash(&self) -> TranscriptHash {
        let one_time = self.one_time.map(OneTimePrekey::encode);
        TranscriptHash(sha256(&[
            &labelled(DataLabel::Transcript.as_str(), &[ENVELOPE_VERSION]),
            &self.initiator.encode(),
            &self.responder.encode(),
            &self.signed.encode(),
            &[u8::from(one_time.is_some())],
            one_time.as_ref().map_or(&[], |bytes| bytes.as_slice()),
            &self.kem.encode(),
            self.ephemeral.as_bytes(),
            self.ciphertext.as_bytes(),
        ]))
    }
}

impl TranscriptHash {
    /// The session's id: 16 bytes that say nothing about the hash to who doesn't know it.
    pub(super) fn session_id(&self) -> [u8; 16] {
        *derive::<16>(KdfLabel::SessionId, &[], &self.0, &[])
    }
}

impl Party<'_> {
    fn encode(&self) -> alloc::vec::Vec<u8> {
        [
            self.certificate.account().as_bytes().as_slice(),
            self.account_key.as_bytes(),
            self.certificate.device().as_bytes(),
            &self.certificate.encode(),
        ]
        .concat()
    }
}
