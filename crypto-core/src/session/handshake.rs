//! PQXDH (Signal's specification, revision 3; `docs/PROTOCOL.md`, section 4.3): X25519 three or four times, and ML-KEM-1024 once.
//!
//! ```text
//! DH1 = DH(IK_A, SPK_B)   DH2 = DH(EK_A, IK_B)   DH3 = DH(EK_A, SPK_B)   DH4 = DH(EK_A, OPK_B), if there is one
//! SS  = what the KEM ciphertext carries
//! HKDF(salt = 0^32, ikm = 0xFF^32 || DH1 || DH2 || DH3 [|| DH4] || SS, label, transcript hash)
//!   = root key || initiator's first header key || responder's first header key || post-quantum seed      4 × 32 bytes
//! ```
//!
//! IK is the X25519 key of a device's certificate; its Ed25519 key signs and does nothing else.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::device::{LocalDevice, RemoteDevice};
use super::envelope::{HANDSHAKE_LEN, Handshake};
use super::transcript::{Transcript, TranscriptHash};
use super::{HandshakeError, OpenError, PrekeyStore, UsedPrekeys};
use crate::prekey::{KemPrekeyKind, PrekeyBundle};
use crate::primitives::dh::{DhPublic, DhSecret, SharedSecret};
use crate::primitives::kdf::derive;
use crate::primitives::kem::{self, Ciphertext};
use crate::primitives::labels::KdfLabel;
use crate::ratchet::double::{
    DoubleRatchet, OurHeaderKey, OurNextHeaderKey, OurRatchetKey, RootKey, TheirNextHeaderKey,
    TheirRatchetKey, split,
};
use crate::ratchet::pq::{PostQuantumRatchet, PqSeed, Side};
use crate::ratchet::triple::TripleRatchet;

/// What the handshake gives the session: its transcript's hash, and the ratchet at its start.
pub(super) struct Agreed {
    pub(super) transcript: TranscriptHash,
    pub(super) ratchet: TripleRatchet,
}

/// The initiator's side.
pub(super) fn initiate(
    local: &LocalDevice,
    remote: &RemoteDevice,
    bundle: &PrekeyBundle,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<(Agreed, Vec<u8>), HandshakeError> {
    if bundle.certificate() != &remote.certificate {
        return Err(HandshakeError::WrongDevice);
    }
    if local.certificate == remote.certificate {
        return Err(HandshakeError::OwnDevice);
    }
    let weak = |_| HandshakeError::WeakKey;
    let ephemeral = DhSecret::generate(rng);
    let signed = &bundle.signed().key;
    let dh1 = local.secret.agreement().agree(signed).map_err(weak)?;
    let dh2 = ephemeral
        .agree(&remote.certificate.keys().agreement)
        .map_err(weak)?;
    let dh3 = ephemeral.agree(signed).map_err(weak)?;
    let dh4 = match bundle.one_time() {
        Some(one_time) => Some(ephemeral.agree(&one_time.key).map_err(weak)?),
        None => None,
    };
    let (ciphertext, secret) = bundle.kem().key.encapsulate(rng);
    let ephemeral = ephemeral.public();
    let transcript = Transcript {
        initiator: local.as_party(),
        responder: remote.as_party(),
        signed: bundle.signed(),
        one_time: bundle.one_time(),
        kem: bundle.kem(),
        ephemeral: &ephemeral,
        ciphertext: &ciphertext,
    }
    .hash();
    let keys = FirstKeys::derive(&[&dh1, &dh2, &dh3], dh4.as_ref(), &secret, &transcript);
    let double = DoubleRatchet::initiate(
        &RootKey::from_bytes(*keys.root),
        &TheirRatchetKey::new(*signed),
        &OurHeaderKey::from_bytes(*keys.initiators_header),
        TheirNextHeaderKey::from_bytes(*keys.responders_header),
        rng,
    )
    .map_err(|_| HandshakeError::WeakKey)?;
    let agreed = Agreed {
        transcript,
        ratchet: TripleRatchet::new(double, keys.pq(Side::Initiator)),
    };
    Ok((agreed, encode(bundle, &ephemeral, &ciphertext)))
}

/// The handshake as it goes into initial envelopes.
fn encode(
    bundle: &PrekeyBundle,
    ephemeral: &DhPublic,
    ciphertext: &Ciphertext<kem::Kem1024>,
) -> Vec<u8> {
    let one_time = bundle.one_time().map(|prekey| prekey.id);
    let mut out = Vec::with_capacity(HANDSHAKE_LEN);
    out.extend_from_slice(&bundle.signed().id.to_be_bytes());
    out.push(u8::from(one_time.is_some()));
    out.extend_from_slice(&one_time.unwrap_or(0).to_be_bytes());
    out.push(bundle.kem().kind.code());
    out.extend_from_slice(&bundle.kem().id.to_be_bytes());
    out.extend_from_slice(ephemeral.as_bytes());
    out.extend_from_slice(ciphertext.as_bytes());
    out
}

/// The responder's side. Whether the initiator is who it is taken for is not known before the first message has opened.
pub(super) fn respond(
    local: &LocalDevice,
    remote: &RemoteDevice,
    prekeys: &impl PrekeyStore,
    handshake: &Handshake<'_>,
) -> Result<(Agreed, UsedPrekeys), OpenError> {
    if local.certificate == remote.certificate {
        return Err(OpenError::OwnDevice);
    }
    let id = handshake.signed_prekey;
    let signed = prekeys
        .signed(id)
        .ok_or(OpenError::UnknownSignedPrekey(id))?;
    let one_time = match handshake.one_time {
        Some(id) => Some(
            prekeys
                .one_time(id)
                .ok_or(OpenError::UnknownOneTimePrekey(id))?,
        ),
        None => None,
    };
    let (kind, id) = handshake.kem;
    let kem = prekeys
        .kem(id)
        .filter(|prekey| prekey.kind() == kind)
        .ok_or(OpenError::UnknownKemPrekey(id))?;
    let ephemeral = DhPublic::from_bytes(handshake.ephemeral).map_err(|_| OpenError::WeakKey)?;
    let ciphertext = Ciphertext::from_bytes(handshake.ciphertext)
        .map_err(|_| super::EnvelopeError::Malformed)?;
    let weak = |_| OpenError::WeakKey;
    let dh1 = signed
        .secret()
        .agree(&remote.certificate.keys().agreement)
        .map_err(weak)?;
    let dh2 = local.secret.agreement().agree(&ephemeral).map_err(weak)?;
    let dh3 = signed.secret().agree(&ephemeral).map_err(weak)?;
    let dh4 = match one_time {
        Some(one_time) => Some(one_time.secret().agree(&ephemeral).map_err(weak)?),
        None => None,
    };
    let secret = kem.secret().decapsulate(&ciphertext);
    let transcript = Transcript {
        initiator: remote.as_party(),
        responder: local.as_party(),
        signed: &signed.public(),
        one_time: one_time.map(|prekey| prekey.public()).as_ref(),
        kem: &kem.public(),
        ephemeral: &ephemeral,
        ciphertext: &ciphertext,
    }
    .hash();
    let keys = FirstKeys::derive(&[&dh1, &dh2, &dh3], dh4.as_ref(), &secret, &transcript);
    let double = DoubleRatchet::respond(
        RootKey::from_bytes(*keys.root),
        OurRatchetKey::from_secret(DhSecret::from_bytes(*signed.secret().to_bytes())),
        OurNextHeaderKey::from_bytes(*keys.responders_header),
        TheirNextHeaderKey::from_bytes(*keys.initiators_header),
    );
    let used = UsedPrekeys {
        one_time: handshake.one_time,
        kem_one_time: (kind == KemPrekeyKind::OneTime).then_some(id),
    };
    let agreed = Agreed {
        transcript,
        ratchet: TripleRatchet::new(double, keys.pq(Side::Responder)),
    };
    Ok((agreed, used))
}

/// What the handshake's secrets become.
struct FirstKeys {
    root: Zeroizing<[u8; 32]>,
    initiators_header: Zeroizing<[u8; 32]>,
    responders_header: Zeroizing<[u8; 32]>,
    pq_seed: PqSeed,
}

impl FirstKeys {
    fn derive(
        agreements: &[&SharedSecret; 3],
        with_one_time: Option<&SharedSecret>,
        encapsulated: &kem::SharedSecret,
        transcript: &TranscriptHash,
    ) -> Self {
        // Room for all from the start: a buffer that grew would leave a copy behind.
        let mut secrets = Zeroizing::new(Vec::with_capacity(6 * 32));
        secrets.extend_from_slice(&[0xFF; 32]);
        for agreement in agreements.iter().copied().chain(with_one_time) {
            secrets.extend_from_slice(agreement.as_bytes());
        }
        secrets.extend_from_slice(encapsulated.as_bytes());
        let [root, initiators_header, responders_header, pq_seed] = split(&derive::<128>(
            KdfLabel::Handshake,
            &[0; 32],
            &secrets,
            &transcript.0,
        ));
        Self {
            root,
            initiators_header,
            responders_header,
            pq_seed: PqSeed::from_bytes(*pq_seed),
        }
    }

    fn pq(&self, side: Side) -> PostQuantumRatchet<crate::ratchet::pq::MlKem768> {
        PostQuantumRatchet::new(&self.pq_seed, side)
    }
}
