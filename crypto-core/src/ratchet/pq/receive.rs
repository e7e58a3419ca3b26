//! Reading a message in two strokes: plan the step, put the step in place. Only the second changes the state, and it can't fail.

use super::PostQuantumRatchet;
use super::chain_key::{ReceivingChainKey, SendingChainKey};
use super::epochs::{ClosedEpoch, Opened, ReceivingChain};
use super::header::PqHeader;
use super::message_key::PqMessageKey;
use super::root_key::EpochStep;
use super::scka::{Epoch, Received, Scka};
use crate::ratchet::ReceiveError;
use crate::ratchet::limits::{MAX_SKIP, MAX_SKIPPED_AGE_MS};
use crate::ratchet::skipped_keys::{Gaps, NewlySkipped};

/// A step that reads one message: its key, and what to change once the message has proved authentic.
pub(crate) struct Planned<S> {
    message_key: PqMessageKey,
    place: Place,
    agreement: Option<S>,
    /// The epoch that the message completed.
    step: Option<EpochStep>,
}

/// Where the message stands in the chains.
enum Place {
    /// Its key was skipped before.
    Skipped { epoch: Epoch, number: u32 },
    /// In the chain that we read.
    Ahead {
        key: ReceivingChainKey,
        number: u32,
        skipped: NewlySkipped<PqMessageKey>,
    },
    /// First of a new epoch to arrive.
    NewEpoch {
        closing: NewlySkipped<PqMessageKey>,
        chain: ReceivingChain,
        skipped: NewlySkipped<PqMessageKey>,
    },
}

impl<S> Planned<S> {
    pub(crate) const fn message_key(&self) -> &PqMessageKey {
        &self.message_key
    }
}

impl<S: Scka> PostQuantumRatchet<S> {
    /// Finds the message's key, and what reading it will change.
    pub(crate) fn plan(&self, header: &[u8], now: u64) -> Result<Planned<S>, ReceiveError> {
        let (header, told) = PqHeader::decode(header).map_err(|_| ReceiveError::Malformed)?;
        let (message_key, place) = self.plan_place(&header, now)?;
        let Received { next, secret } = self
            .scka
            .receive(header.epoch, told)
            .map_err(|_| ReceiveError::PostQuantum)?;
        let step = match secret {
            // Only a side that has nothing opened yet can be given a secret.
            Some(_) if !matches!(self.opened, Opened::Level) => {
                return Err(ReceiveError::PostQuantum);
            }
            Some(secret) => {
                let epoch = self.sending.epoch.saturating_add(1);
                Some(self.root.open_epoch(epoch, &secret, self.side))
            }
            None => None,
        };
        Ok(Planned {
            message_key,
            place,
            agreement: next,
            step,
        })
    }

    fn plan_place(
        &self,
        header: &PqHeader,
        now: u64,
    ) -> Result<(PqMessageKey, Place), ReceiveError> {
        let chain = &self.receiving;
        match header.epoch.checked_sub(chain.epoch) {
            Some(0) if header.number >= chain.number => {
                let (skipped, key) = skip(chain.key.copy(), chain.number, header.number, MAX_SKIP)?;
                let (key, message_key) = key.step();
                let number = following(header.number)?;
                let place = Place::Ahead {
                    key,
                    number,
                    skipped,
                };
                Ok((message_key, place))
            }
            Some(0) => plan_skipped(&chain.gaps, header, now),
            Some(1) => self.plan_new_epoch(header),
            Some(_) => Err(ReceiveError::PostQuantum),
            None => {
                let closed = self.closed.find(header.epoch).ok_or(ReceiveError::TooOld)?;
                plan_skipped(&closed.gaps, header, now)
            }
        }
    }

    fn plan_new_epoch(&self, header: &PqHeader) -> Result<(PqMessageKey, Place), ReceiveError> {
        let first = self.opened.receiving().ok_or(ReceiveError::PostQuantum)?;
        let old = &self.receiving;
        let (closing, _) = skip(old.key.copy(), old.number, header.previous, MAX_SKIP)?;
        let budget = MAX_SKIP.saturating_sub(u32::try_from(closing.len()).unwrap_or(u32::MAX));
        let (skipped, key) = skip(first.copy(), 0, header.number, budget)?;
        let (key, message_key) = key.step();
        let chain = ReceivingChain {
            epoch: header.epoch,
            key,
            number: following(header.number)?,
            gaps: Gaps::none(),
        };
        let place = Place::NewEpoch {
            closing,
            chain,
            skipped,
        };
        Ok((message_key, place))
    }

    /// Puts a planned step in place, and gives its message key back.
    pub(crate) fn commit(&mut self, planned: Planned<S>, now: u64) -> PqMessageKey {
        match planned.place {
            Place::Skipped { epoch, number } if epoch == self.receiving.epoch => {
                self.receiving.gaps.remove(number);
            }
            Place::Skipped { epoch, number } => {
                if let Some(closed) = self.closed.find_mut(epoch) {
                    closed.gaps.remove(number);
                }
            }
            Place::Ahead {
                key,
                number,
                skipped,
            } => {
                self.receiving.key = key;
                self.receiving.number = number;
                self.receiving.gaps.keep(skipped, now);
            }
            Place::NewEpoch {
                closing,
                mut chain,
                skipped,
            } => {
                chain.gaps.keep(skipped, now);
                self.enter_epoch(chain, closing, now);
            }
        }
        if let Some(step) = planned.step {
            self.root = step.root;
            self.sending = self.sending.follow(step.sending);
            self.opened = Opened::Ahead {
                receiving: step.receiving,
            };
        }
        if let Some(next) = planned.agreement {
            self.scka = next;
        }
        self.closed.prune(&mut self.receiving.gaps, now);
        planned.message_key
    }

    /// The other side has been heard in the epoch that was opened last: both directions are in it now.
    fn enter_epoch(
        &mut self,
        chain: ReceivingChain,
        closing: NewlySkipped<PqMessageKey>,
        now: u64,
    ) {
        let mut old = core::mem::replace(&mut self.receiving, chain);
        old.gaps.keep(closing, now);
        self.closed.0.push_back(ClosedEpoch {
            epoch: old.epoch,
            gaps: old.gaps,
        });
        if let Opened::Pending { sending, .. } = &self.opened {
            self.sending = self.sending.follow(SendingChainKey::copy(sending));
        }
        self.opened = Opened::Level;
    }
}

fn plan_skipped(
    gaps: &Gaps<PqMessageKey>,
    header: &PqHeader,
    now: u64,
) -> Result<(PqMessageKey, Place), ReceiveError> {
    let kept = gaps.find(header.number, now, MAX_SKIPPED_AGE_MS)?;
    let place = Place::Skipped {
        epoch: header.epoch,
        number: header.number,
    };
    Ok((PqMessageKey::from_bytes(*kept.as_bytes()), place))
}

/// The keys from `from` up to but not including `until`, and the chain key then.
fn skip(
    mut key: ReceivingChainKey,
    from: u32,
    until: u32,
    budget: u32,
) -> Result<(NewlySkipped<PqMessageKey>, ReceivingChainKey), ReceiveError> {
    if until.saturating_sub(from) > budget {
        return Err(ReceiveError::TooManySkipped);
    }
    let mut skipped = NewlySkipped::new();
    for number in from..until {
        let (next, message_key) = key.step();
        skipped.push((number, message_key));
        key = next;
    }
    Ok((skipped, key))
}

fn following(number: u32) -> Result<u32, ReceiveError> {
    number.checked_add(1).ok_or(ReceiveError::TooManySkipped)
}
