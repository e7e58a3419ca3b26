//! The first [`Scka`]: whole ML-KEM-768 keys and ciphertexts, repeated until they are answered (`docs/PROTOCOL.md`, section 5.4).
//!
//! ```text
//!  one side, epoch e                                        the other side, epoch e
//!
//!  ┌───────────┐  first message: new key pair               ┌──────────┐ ◄── initiator starts here, e = 1
//!  │ Unoffered │ ◄── responder starts here, e = 1           │ Awaiting │
//!  └─────┬─────┘                                            └────┬─────┘
//!        ▼                ── key(e), repeated ──►                ▼ key(e) arrives
//!  ┌───────────┐                                            ┌──────────┐
//!  │ Offering  │                                            │ Offered  │
//!  └─────┬─────┘                                            └────┬─────┘
//!        │                                                       ▼ next message: encapsulate ► secret(e)
//!        │                ◄── ciphertext(e), repeated ──    ┌───────────┐
//!        ▼ ciphertext(e) arrives: decapsulate ► secret(e)   │ Answering │
//!  Awaiting, e + 1                                          └────┬──────┘
//!        (sends in epoch e from now on) ── in epoch e ──►        ▼ anything sent in epoch e arrives
//!                                                           Unoffered, e + 1   (sends in epoch e from now on)
//! ```
//!
//! So the roles swap with every epoch, an epoch takes three messages in alternate directions, and in a side's state for epoch e
//! it sends in epoch e − 1. What a message carries belongs to the epoch after the one it is sent in, so it needs no number.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::scka::{Epoch, EpochSecret, Received, Scka, SckaError, StateReader, StateWriter};
use crate::primitives::kem::{
    Ciphertext, DecapsulationKey, EncapsulationKey, Kem, Kem768, SEED_LEN,
};
use crate::ratchet::StateError;

/// Message: nothing to tell.
const NOTHING: u8 = 0;
/// Message: an encapsulation key follows, 1184 bytes.
const KEY: u8 = 1;
/// Message: a ciphertext follows, 1088 bytes.
const CIPHERTEXT: u8 = 2;

/// One side's state.
#[derive(Debug)]
pub enum MlKem768 {
    /// It is our turn to offer a key.
    Unoffered(Unoffered),
    /// We repeat our key.
    Offering(Box<Offering>),
    /// It is the other side's turn to offer a key.
    Awaiting(Awaiting),
    /// We have the other side's key, and haven't sent since.
    Offered(Box<Offered>),
    /// We repeat our ciphertext.
    Answering(Box<Answering>),
}

/// It is our turn to offer a key for `epoch`.
#[derive(Debug)]
pub struct Unoffered {
    epoch: Epoch,
}

/// We repeat our key for `epoch`.
pub struct Offering {
    epoch: Epoch,
    /// The key pair's seed: 64 bytes instead of 2400. It is expanded again when the ciphertext arrives.
    seed: Zeroizing<[u8; SEED_LEN]>,
    key: Vec<u8>,
}

impl core::fmt::Debug for Offering {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Offering(redacted)")
    }
}

/// The other side is to offer a key for `epoch`.
#[derive(Debug)]
pub struct Awaiting {
    epoch: Epoch,
}

/// The other side has offered a key for `epoch`.
#[derive(Debug)]
pub struct Offered {
    epoch: Epoch,
    key: EncapsulationKey<Kem768>,
}

/// We repeat our ciphertext for `epoch`.
#[derive(Debug)]
pub struct Answering {
    epoch: Epoch,
    ciphertext: Ciphertext<Kem768>,
}

impl Unoffered {
    fn offer(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Offering {
        let pair = DecapsulationKey::<Kem768>::generate(rng);
        Offering {
            epoch: self.epoch,
            seed: pair.to_bytes(),
            key: pair.encapsulation_key().as_bytes().to_vec(),
        }
    }
}

impl Offering {
    fn accept(&self, ciphertext: &[u8]) -> Result<(Awaiting, EpochSecret), SckaError> {
        let ciphertext = Ciphertext::from_bytes(ciphertext).map_err(|_| SckaError)?;
        let epoch = self.epoch.checked_add(1).ok_or(SckaError)?;
        let shared = DecapsulationKey::<Kem768>::from_seed(&self.seed).decapsulate(&ciphertext);
        Ok((
            Awaiting { epoch },
            EpochSecret::from_bytes(*shared.as_bytes()),
        ))
    }
}

impl Awaiting {
    fn take(&self, key: &[u8]) -> Result<Offered, SckaError> {
        Ok(Offered {
            epoch: self.epoch,
            key: EncapsulationKey::from_bytes(key).map_err(|_| SckaError)?,
        })
    }
}

impl Offered {
    fn answer(&self, rng: &mut (impl CryptoRng + ?Sized)) -> (Answering, EpochSecret) {
        let (ciphertext, shared) = self.key.encapsulate(rng);
        let answering = Answering {
            epoch: self.epoch,
            ciphertext,
        };
        (answering, EpochSecret::from_bytes(*shared.as_bytes()))
    }
}

impl Answering {
    fn heard(&self) -> Result<Unoffered, SckaError> {
        let epoch = self.epoch.checked_add(1).ok_or(SckaError)?;
        Ok(Unoffered { epoch })
    }
}

/// A message of this agreement, parsed.
enum Message<'a> {
    Nothing,
    Key(&'a [u8]),
    Ciphertext(&'a [u8]),
}

impl<'a> Message<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, SckaError> {
        match bytes.split_first() {
            Some((&NOTHING, [])) => Ok(Self::Nothing),
            Some((&KEY, key)) if key.len() == Kem768::ENCAPSULATION_KEY_LEN => Ok(Self::Key(key)),
            Some((&CIPHERTEXT, ciphertext)) if ciphertext.len() == Kem768::CIPHERTEXT_LEN => {
                Ok(Self::Ciphertext(ciphertext))
            }
            _ => Err(SckaError),
        }
    }
}

impl MlKem768 {
    const fn epoch(&self) -> Epoch {
        match self {
            Self::Unoffered(state) => state.epoch,
            Self::Offering(state) => state.epoch,
            Self::Awaiting(state) => state.epoch,
            Self::Offered(state) => state.epoch,
            Self::Answering(state) => state.epoch,
        }
    }

    /// A message that belongs to our own epoch.
    fn receive_current(&self, message: &Message<'_>) -> Result<Received<Self>, SckaError> {
        match (self, message) {
            (Self::Awaiting(state), Message::Key(key)) => Ok(Received {
                next: Some(Self::Offered(Box::new(state.take(key)?))),
                secret: None,
            }),
            (Self::Offering(state), Message::Ciphertext(ciphertext)) => {
                let (next, secret) = state.accept(ciphertext)?;
                Ok(Received {
                    next: Some(Self::Awaiting(next)),
                    secret: Some(secret),
                })
            }
            // The other side repeats its key, or has nothing to tell because it is our turn.
            (Self::Offered(_) | Self::Answering(_), Message::Key(_))
            | (Self::Unoffered(_) | Self::Offering(_), Message::Nothing) => Ok(Received::nothing()),
            // Among the rest: a key that should be there and is not. Whoever strips it is refused.
            _ => Err(SckaError),
        }
    }
}

impl Scka for MlKem768 {
    fn initiate() -> Self {
        Self::Awaiting(Awaiting { epoch: 1 })
    }

    fn respond() -> Self {
        Self::Unoffered(Unoffered { epoch: 1 })
    }

    fn sending_epoch(&self) -> Epoch {
        self.epoch().saturating_sub(1)
    }

    fn send(
        &mut self,
        rng: &mut (impl CryptoRng + ?Sized),
        message: &mut Vec<u8>,
    ) -> Option<EpochSecret> {
        let mut opened = None;
        match self {
            Self::Unoffered(state) => *self = Self::Offering(Box::new(state.offer(rng))),
            Self::Offered(state) => {
                let (next, secret) = state.answer(rng);
                *self = Self::Answering(Box::new(next));
                opened = Some(secret);
            }
            Self::Offering(_) | Self::Awaiting(_) | Self::Answering(_) => {}
        }
        match self {
            Self::Offering(state) => {
                message.push(KEY);
                message.extend_from_slice(&state.key);
            }
            Self::Answering(state) => {
                message.push(CIPHERTEXT);
                message.extend_from_slice(state.ciphertext.as_bytes());
            }
            Self::Unoffered(_) | Self::Awaiting(_) | Self::Offered(_) => message.push(NOTHING),
        }
        opened
    }

    fn receive(&self, sent_in: Epoch, message: &[u8]) -> Result<Received<Self>, SckaError> {
        let message = Message::parse(message)?;
        let of = sent_in.checked_add(1).ok_or(SckaError)?;
        match (self, of.checked_sub(self.epoch())) {
            // Overtaken by messages of a later epoch.
            (_, None) => Ok(Received::nothing()),
            (_, Some(0)) => self.receive_current(&message),
            // The other side has our ciphertext and sends in the epoch that it opened. It now awaits our key.
            (Self::Answering(state), Some(1)) if matches!(message, Message::Nothing) => {
                Ok(Received {
                    next: Some(Self::Unoffered(state.heard()?)),
                    secret: None,
                })
            }
            _ => Err(SckaError),
        }
    }

    fn write(&self, out: &mut StateWriter<'_>) {
        let tag = match self {
            Self::Unoffered(_) => 0,
            Self::Offering(_) => 1,
            Self::Awaiting(_) => 2,
            Self::Offered(_) => 3,
            Self::Answering(_) => 4,
        };
        out.bytes(&[tag]);
        out.bytes(&self.epoch().to_be_bytes());
        match self {
            Self::Offering(state) => {
                out.bytes(state.seed.as_slice());
                out.bytes(&state.key);
            }
            Self::Offered(state) => out.bytes(state.key.as_bytes()),
            Self::Answering(state) => out.bytes(state.ciphertext.as_bytes()),
            Self::Unoffered(_) | Self::Awaiting(_) => {}
        }
    }

    fn read(reader: &mut StateReader<'_, '_>) -> Result<Self, StateError> {
        let [tag] = reader.array()?;
        let epoch = Epoch::from_be_bytes(reader.array()?);
        if epoch == 0 {
            return Err(StateError);
        }
        Ok(match tag {
            0 => Self::Unoffered(Unoffered { epoch }),
            1 => Self::Offering(Box::new(Offering {
                epoch,
                seed: Zeroizing::new(reader.array()?),
                key: reader.bytes(Kem768::ENCAPSULATION_KEY_LEN)?.to_vec(),
            })),
            2 => Self::Awaiting(Awaiting { epoch }),
            3 => Self::Offered(Box::new(Offered {
                epoch,
                key: EncapsulationKey::from_bytes(reader.bytes(Kem768::ENCAPSULATION_KEY_LEN)?)
                    .map_err(|_| StateError)?,
            })),
            4 => Self::Answering(Box::new(Answering {
                epoch,
                ciphertext: Ciphertext::from_bytes(reader.bytes(Kem768::CIPHERTEXT_LEN)?)
                    .map_err(|_| StateError)?,
            })),
            _ => return Err(StateError),
        })
    }
}
