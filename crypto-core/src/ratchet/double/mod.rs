//! The Double Ratchet with header encryption (Signal's specification, revision 4, sections 2 to 4; `docs/PROTOCOL.md`, section 5.3).
//!
//! ```text
//! send     CKs, mk = KDF_CK(CKs)             header = HENCRYPT(HKs, DHs || PN || Ns || extra)
//! receive  header opens under HKr  ► same chain: skip to n, then mk
//!          header opens under NHKr ► DH ratchet: RK, CKr, NHKr = KDF_RK_HE(RK, DH(DHs, DHr)), then the same
//! ```
//!
//! It runs alone ([`DoubleRatchet::encrypt`], [`DoubleRatchet::decrypt`]) over any [`Parameters`], so that it can be checked
//! against other implementations byte for byte. The Triple Ratchet uses it in two halves: header and message key.

mod chain_key;
mod header;
mod header_key;
mod message_key;
mod parameters;
mod ratchet_key;
mod receive;
mod receiving;
mod root_key;
mod sending;
mod state;

use alloc::vec::Vec;
use core::marker::PhantomData;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

pub use self::header::{HEADER_LEN, Header};
pub use self::header_key::{OurHeaderKey, OurNextHeaderKey, TheirHeaderKey, TheirNextHeaderKey};
pub use self::message_key::MessageKey;
pub(crate) use self::parameters::split;
pub use self::parameters::{ChainStep, Parameters, RootStep, Sotto};
pub use self::ratchet_key::{OurRatchetKey, TheirRatchetKey};
pub(crate) use self::receive::Planned;
pub use self::root_key::RootKey;

use self::chain_key::SendingChainKey;
use self::receiving::{ClosedChains, ReceivingChain};
use self::sending::{Sending, SendingChain, Turn, Waiting};
use super::{ReceiveError, SendError};

/// A sealed header and the message under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedMessage {
    /// The header, sealed under a header key.
    pub header: Vec<u8>,
    /// The message, sealed under its message key, with the associated data and the sealed header authenticated.
    pub ciphertext: Vec<u8>,
}

/// One side of a Double Ratchet.
pub struct DoubleRatchet<P> {
    root: RootKey,
    turn: Turn,
    receiving: Option<ReceivingChain>,
    /// `NHKr`.
    next_receiving: TheirNextHeaderKey,
    closed: ClosedChains,
    parameters: PhantomData<P>,
}

impl<P> core::fmt::Debug for DoubleRatchet<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DoubleRatchet(redacted)")
    }
}

impl<P: Parameters> DoubleRatchet<P> {
    /// The side that sends first (`RatchetInitAliceHE`): draws its first key pair and begins its first chain.
    ///
    /// # Errors
    /// [`SendError::BadRatchetKey`] if `theirs` contributes nothing to the agreement.
    pub fn initiate(
        root: &RootKey,
        theirs: &TheirRatchetKey,
        header: &OurHeaderKey,
        next_receiving: TheirNextHeaderKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, SendError> {
        let header = OurHeaderKey::from_bytes(*header.as_bytes());
        let (root, sending) = begin_chain::<P>(root, theirs, header, 0, rng)?;
        Ok(Self {
            root,
            turn: Turn::Sending(sending),
            receiving: None,
            next_receiving,
            closed: ClosedChains::none(),
            parameters: PhantomData,
        })
    }

    /// The side that receives first (`RatchetInitBobHE`). `ours` is the key pair that the initiator was given.
    #[must_use]
    pub const fn respond(
        root: RootKey,
        ours: OurRatchetKey,
        next_header: OurNextHeaderKey,
        next_receiving: TheirNextHeaderKey,
    ) -> Self {
        Self {
            root,
            turn: Turn::Waiting(Waiting { ours, next_header }),
            receiving: None,
            next_receiving,
            closed: ClosedChains::none(),
            parameters: PhantomData,
        }
    }

    /// Seals one message (`RatchetEncryptHE`).
    ///
    /// # Errors
    /// [`SendError`]; the state is then unchanged.
    pub fn encrypt(
        &mut self,
        plaintext: &[u8],
        ad: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<SealedMessage, SendError> {
        let mut header = Vec::with_capacity(Self::sealed_header_len(0));
        let message_key = self.next_message(&[], rng, &mut header)?;
        let ciphertext = P::seal(message_key.as_bytes(), &[ad, &header].concat(), plaintext);
        Ok(SealedMessage { header, ciphertext })
    }

    /// Opens one message (`RatchetDecryptHE`).
    ///
    /// # Errors
    /// [`ReceiveError`]; the state is then unchanged.
    pub fn decrypt(
        &mut self,
        message: &SealedMessage,
        ad: &[u8],
        now: u64,
    ) -> Result<Zeroizing<Vec<u8>>, ReceiveError> {
        let opened = self.open_header(&message.header)?;
        if !opened.extra().is_empty() {
            return Err(ReceiveError::Malformed);
        }
        let planned = self.plan(&opened, now)?;
        let ad = [ad, &message.header].concat();
        let plaintext = P::open(planned.message_key().as_bytes(), &ad, &message.ciphertext)
            .ok_or(ReceiveError::Forged)?;
        self.commit(planned, now);
        Ok(plaintext)
    }

    /// Whether the next message can be sealed.
    pub(crate) const fn ready_to_send(&self) -> Result<(), SendError> {
        match &self.turn {
            Turn::Waiting(_) => Err(SendError::NothingReceived),
            Turn::Sending(state) if state.chain.number == u32::MAX => Err(SendError::Exhausted),
            Turn::Due(_) | Turn::Sending(_) => Ok(()),
        }
    }

    /// How long a sealed header with `extra` bytes of extra part is.
    pub(crate) const fn sealed_header_len(extra: usize) -> usize {
        HEADER_LEN + extra + P::HEADER_OVERHEAD
    }

    /// Takes the next message key, and appends the sealed header that goes with it to `out`.
    pub(crate) fn next_message(
        &mut self,
        extra: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    ) -> Result<MessageKey, SendError> {
        match &self.turn {
            Turn::Waiting(_) => return Err(SendError::NothingReceived),
            Turn::Due(due) => {
                let header = due.next_header.begin();
                let (root, sending) =
                    begin_chain::<P>(&self.root, &due.theirs, header, due.previous, rng)?;
                self.root = root;
                self.turn = Turn::Sending(sending);
            }
            Turn::Sending(_) => {}
        }
        let Turn::Sending(sending) = &mut self.turn else {
            return Err(SendError::NothingReceived);
        };
        let (number, message_key) = sending.chain.advance::<P>().ok_or(SendError::Exhausted)?;
        let header = Header {
            ratchet_key: *sending.ours.public().as_bytes(),
            previous: sending.previous,
            number,
        };
        let mut plain = Vec::with_capacity(HEADER_LEN + extra.len());
        plain.extend_from_slice(&header.encode());
        plain.extend_from_slice(extra);
        P::seal_header(sending.chain.header_key.as_bytes(), &plain, rng, out);
        Ok(message_key)
    }
}

/// Draws a key pair and begins a sending chain under it: the second half of `DHRatchetHE`.
fn begin_chain<P: Parameters>(
    root: &RootKey,
    theirs: &TheirRatchetKey,
    header_key: OurHeaderKey,
    previous: u32,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<(RootKey, Sending), SendError> {
    let ours = OurRatchetKey::generate(rng);
    let shared = ours.agree(theirs).map_err(|_| SendError::BadRatchetKey)?;
    let step = root.step::<P>(&shared);
    let sending = Sending {
        ours,
        chain: SendingChain {
            header_key,
            key: SendingChainKey::from_bytes(*step.chain),
            number: 0,
        },
        next_header: OurNextHeaderKey::from_bytes(*step.next_header),
        previous,
    };
    Ok((RootKey::from_bytes(*step.root), sending))
}
