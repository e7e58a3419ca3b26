//! Sessions between two devices (`docs/PROTOCOL.md`, sections 4 and 5): a PQXDH handshake, then the Triple Ratchet.
//!
//! ```text
//!   initiator                                                responder
//!   Session::initiate(bundle)
//!     Unanswered ── initial envelopes: handshake + message ──► Session::respond
//!         │                                                       Responder
//!         ▼      ◄───────────── ratchet envelopes ──────────────
//!     Answered   ─────────────── ratchet envelopes ────────────►
//! ```
//!
//! A session is one end's state. Its host stores [`Session::to_bytes`] before it sends what [`Session::encrypt`] returned and
//! before it acknowledges what [`Session::decrypt`] returned. Which session of several to use is the host's decision.

mod device;
mod envelope;
mod error;
mod handshake;
mod state;
mod transcript;

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

pub use self::device::{LocalDevice, RemoteDevice};
pub use self::envelope::{Envelope, EnvelopeKind, HANDSHAKE_LEN};
pub use self::error::{DecryptError, EncryptError, EnvelopeError, HandshakeError, OpenError};

use self::envelope::{INITIAL, Parsed, RATCHET};
use self::handshake::Agreed;
use self::transcript::TranscriptHash;
use crate::padding::{pad, unpad};
use crate::prekey::{KemPrekeySecret, OneTimePrekeySecret, PrekeyBundle, SignedPrekeySecret};
use crate::primitives::hash::sha256;
use crate::ratchet::triple::TripleRatchet;

/// Version of envelopes and handshakes.
pub const ENVELOPE_VERSION: u8 = 1;

/// The longest plaintext that [`Session::encrypt`] takes: 256 KiB.
pub const MAX_PLAINTEXT: usize = 256 * 1024;

/// Where the responder finds its prekeys.
pub trait PrekeyStore {
    /// The signed prekey `id`: the present one, or one that was rotated out lately.
    fn signed(&self, id: u32) -> Option<&SignedPrekeySecret>;
    /// The one-time prekey `id`.
    fn one_time(&self, id: u32) -> Option<&OneTimePrekeySecret>;
    /// The KEM prekey `id`, one-time or last resort.
    fn kem(&self, id: u32) -> Option<&KemPrekeySecret>;
}

/// The prekeys that an opened envelope has used up: to be destroyed in the same write that stores the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsedPrekeys {
    /// Id of the one-time prekey.
    pub one_time: Option<u32>,
    /// Id of the KEM prekey, if that was a one-time one.
    pub kem_one_time: Option<u32>,
}

/// A session that an initial envelope has begun, with that envelope's message.
pub struct Opened {
    /// The responder's end of the session.
    pub session: Session,
    /// The first message.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// What to destroy.
    pub used: UsedPrekeys,
}
crate::primitives::redacted_debug!(Opened);

/// One end of a session.
pub struct Session {
    transcript: TranscriptHash,
    stage: Stage,
    ratchet: TripleRatchet,
}

/// How far the two ends have got.
enum Stage {
    /// We wrote first, and nothing has come back: every envelope carries the handshake.
    Unanswered { handshake: Vec<u8> },
    /// We wrote first, and were answered.
    Answered,
    /// The other side wrote first. Late initial envelopes must carry the handshake that we know.
    Responder { handshake_digest: [u8; 32] },
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Session(redacted)")
    }
}

impl Session {
    /// Begins a session with a device from its prekey bundle.
    ///
    /// # Errors
    /// [`HandshakeError`] if the bundle isn't `remote`'s, or holds an unacceptable key.
    pub fn initiate(
        local: &LocalDevice,
        remote: &RemoteDevice,
        bundle: &PrekeyBundle,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, HandshakeError> {
        let (agreed, handshake) = handshake::initiate(local, remote, bundle, rng)?;
        Ok(Self::new(agreed, Stage::Unanswered { handshake }))
    }

    /// Begins a session from an initial envelope, and opens its message. Nothing is used up unless the message is authentic.
    ///
    /// # Errors
    /// [`OpenError`]; the prekeys are then still good.
    pub fn respond(
        local: &LocalDevice,
        remote: &RemoteDevice,
        prekeys: &impl PrekeyStore,
        envelope: &[u8],
        now: u64,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Opened, OpenError> {
        let parsed = Parsed::parse(envelope)?;
        let handshake = parsed.handshake.as_ref().ok_or(OpenError::NotInitial)?;
        let (agreed, used) = handshake::respond(local, remote, prekeys, handshake)?;
        let handshake_digest = sha256(&[handshake.bytes]);
        let mut session = Self::new(agreed, Stage::Responder { handshake_digest });
        let plaintext = session
            .open(&parsed, now, rng)
            .map_err(|error| match error {
                DecryptError::NotForThisSession | DecryptError::Forged => OpenError::Forged,
                other => OpenError::Message(other),
            })?;
        Ok(Opened {
            session,
            plaintext,
            used,
        })
    }

    fn new(agreed: Agreed, stage: Stage) -> Self {
        Self {
            transcript: agreed.transcript,
            stage,
            ratchet: agreed.ratchet,
        }
    }

    /// The session's id, the same on both sides: 16 bytes derived from the handshake's transcript.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.transcript.session_id()
    }

    /// Whether the other side is known to have this session: it has answered, or has begun it.
    #[must_use]
    pub const fn has_been_answered(&self) -> bool {
        !matches!(self.stage, Stage::Unanswered { .. })
    }

    /// Pads and seals one message into an envelope. The state changes: it must be stored before the envelope is sent.
    ///
    /// # Errors
    /// [`EncryptError`]; the state is then unchanged.
    pub fn encrypt(
        &mut self,
        plaintext: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, EncryptError> {
        if plaintext.len() > MAX_PLAINTEXT {
            return Err(EncryptError::TooLong);
        }
        let padded = pad(plaintext);
        let (kind, handshake) = match &self.stage {
            Stage::Unanswered { handshake } => (INITIAL, handshake.as_slice()),
            Stage::Answered | Stage::Responder { .. } => (RATCHET, [].as_slice()),
        };
        let mut envelope = Vec::with_capacity(handshake.len() + padded.len() + 2048);
        envelope.extend_from_slice(&[ENVELOPE_VERSION, kind]);
        envelope.extend_from_slice(handshake);
        let ad = associated_data(&self.transcript, kind);
        self.ratchet.seal(&ad, &padded, rng, &mut envelope)?;
        Ok(envelope)
    }

    /// Opens one envelope of this session.
    ///
    /// `rng` is part of the interface for the sake of key agreements that draw on receipt; the present one doesn't.
    ///
    /// # Errors
    /// [`DecryptError`]; the state is then unchanged.
    pub fn decrypt(
        &mut self,
        envelope: &[u8],
        now: u64,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let parsed = Parsed::parse(envelope)?;
        if let Some(handshake) = &parsed.handshake {
            // Nobody but the initiator sends these, so an initiator never gets one for this session.
            match &self.stage {
                Stage::Responder { handshake_digest }
                    if sha256(&[handshake.bytes]) == *handshake_digest => {}
                _ => return Err(DecryptError::NotForThisSession),
            }
        }
        self.open(&parsed, now, rng)
    }

    fn open(
        &mut self,
        parsed: &Parsed<'_>,
        now: u64,
        _rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let kind = match parsed.handshake {
            Some(_) => INITIAL,
            None => RATCHET,
        };
        let ad = associated_data(&self.transcript, kind);
        let (mut plaintext, planned) = self.ratchet.open(&ad, &parsed.sealed, now)?;
        let length = unpad(&plaintext)
            .map_err(|_| DecryptError::Malformed)?
            .len();
        plaintext.truncate(length);
        self.ratchet.commit(planned, now);
        if matches!(self.stage, Stage::Unanswered { .. }) {
            self.stage = Stage::Answered;
        }
        Ok(plaintext)
    }
}

/// `transcript hash(32) || version u8 || kind u8`: what every message of the session is bound to, besides its own header.
fn associated_data(transcript: &TranscriptHash, kind: u8) -> [u8; 34] {
    let mut ad = [0; 34];
    let (hash, form) = ad.split_at_mut(32);
    hash.copy_from_slice(&transcript.0);
    form.copy_from_slice(&[ENVELOPE_VERSION, kind]);
    ad
}
