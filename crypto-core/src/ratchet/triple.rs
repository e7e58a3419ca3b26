//! The Triple Ratchet (Double Ratchet, section 6; `docs/PROTOCOL.md`, section 5.5): both ratchets, and one key per message from both.
//!
//! ```text
//! sealed      = header's length u16 || header || ciphertext
//! header      = Double Ratchet's sealed header, whose extra part is the post-quantum ratchet's header
//! message key = HKDF(salt = post-quantum message key, ikm = classical message key, label)
//! ciphertext  = ChaCha20-Poly1305(message key, nonce = header[..12], ad || header's length || header, plaintext)
//! ```
//!
//! A message opens only with both message keys, so whoever would read along has to break both ratchets. The nonce is the
//! beginning of the header's random nonce: should a host ever restore an old state, contrary to its duty, the same key comes
//! with another nonce.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::double::{self, DoubleRatchet, MessageKey, Sotto};
use super::pq::{self, MlKem768, PQ_HEADER_LEN, PostQuantumRatchet, PqMessageKey};
use super::{ReceiveError, SendError, StateError};
use crate::layout::{Reader, Writer};
use crate::primitives::aead::{self, AeadKey, Nonce12};
use crate::primitives::kdf::derive;
use crate::primitives::kem::{Kem, Kem768};
use crate::primitives::labels::KdfLabel;

/// The most that the post-quantum ratchet puts into a header: its place, a byte, and an encapsulation key.
const MAX_PQ_PART: usize = PQ_HEADER_LEN + 1 + Kem768::ENCAPSULATION_KEY_LEN;

/// One side of a Triple Ratchet.
pub struct TripleRatchet {
    double: DoubleRatchet<Sotto>,
    pq: PostQuantumRatchet<MlKem768>,
}

impl core::fmt::Debug for TripleRatchet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TripleRatchet(redacted)")
    }
}

/// The steps that open one message, in both ratchets.
pub(crate) struct Planned {
    step: double::Planned,
    pq_step: pq::Planned<MlKem768>,
}

/// A message's two parts.
pub(crate) struct Sealed<'a> {
    header: &'a [u8],
    ciphertext: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// Parses what [`TripleRatchet::seal`] appended.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, crate::layout::Malformed> {
        let mut reader = Reader::new(bytes);
        let length = reader.u16()?;
        let header = reader.bytes(usize::from(length))?;
        Ok(Self {
            header,
            ciphertext: reader.rest(),
        })
    }
}

impl TripleRatchet {
    /// Ties two ratchets of the same session and side together.
    #[must_use]
    pub const fn new(double: DoubleRatchet<Sotto>, pq: PostQuantumRatchet<MlKem768>) -> Self {
        Self { double, pq }
    }

    /// Appends `plaintext`, sealed under the next message key, to `out`. Authenticates `ad` and the header with it.
    pub(crate) fn seal(
        &mut self,
        ad: &[u8],
        plaintext: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        // Asked first, so that neither ratchet advances without the other.
        self.double.ready_to_send()?;
        let mut pq_header = Vec::with_capacity(MAX_PQ_PART);
        let pq_key = self.pq.next_message(rng, &mut pq_header)?;
        let header_len = DoubleRatchet::<Sotto>::sealed_header_len(pq_header.len());
        let mut header = Vec::with_capacity(header_len);
        let key = self.double.next_message(&pq_header, rng, &mut header)?;
        let full_ad = full_ad(ad, &header);
        out.extend_from_slice(full_ad.get(ad.len()..).unwrap_or_default());
        let key = mix(&key, &pq_key);
        aead::seal_into(&key, &nonce(&header), &full_ad, plaintext, out);
        Ok(())
    }

    /// Opens what [`TripleRatchet::seal`] made on the other side. Nothing changes before [`TripleRatchet::commit`].
    pub(crate) fn open(
        &self,
        ad: &[u8],
        sealed: &Sealed<'_>,
        now: u64,
    ) -> Result<(Zeroizing<Vec<u8>>, Planned), ReceiveError> {
        let opened = self.double.open_header(sealed.header)?;
        let step = self.double.plan(&opened, now)?;
        let pq_step = self.pq.plan(opened.extra(), now)?;
        let key = mix(step.message_key(), pq_step.message_key());
        let plaintext = aead::open(
            &key,
            &nonce(sealed.header),
            &full_ad(ad, sealed.header),
            sealed.ciphertext,
        )
        .map_err(|_| ReceiveError::Forged)?;
        Ok((plaintext, Planned { step, pq_step }))
    }

    /// Puts the steps that opened a message in place, in both ratchets.
    pub(crate) fn commit(&mut self, planned: Planned, now: u64) {
        self.double.commit(planned.step, now);
        self.pq.commit(planned.pq_step, now);
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        self.double.write(out);
        self.pq.write(out);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            double: DoubleRatchet::read(reader)?,
            pq: PostQuantumRatchet::read(reader)?,
        })
    }
}

/// `KDF_HYBRID(ec_mk, pq_mk)`.
fn mix(key: &MessageKey, pq_key: &PqMessageKey) -> AeadKey {
    let mixed = derive::<32>(KdfLabel::MessageKey, pq_key.as_bytes(), key.as_bytes(), &[]);
    AeadKey::from_bytes(*mixed)
}

fn nonce(header: &[u8]) -> Nonce12 {
    Nonce12(header.first_chunk().copied().unwrap_or_default())
}

/// `ad || header's length u16 || header`.
fn full_ad(ad: &[u8], header: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(ad.len() + 2 + header.len());
    out.extend_from_slice(ad);
    let length = u16::try_from(header.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(header);
    out
}
