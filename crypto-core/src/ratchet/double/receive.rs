//! Reading a message in three strokes: open its header, plan the step, put the step in place (Double Ratchet, section 4.4).
//!
//! Only the last stroke changes the state, and it can't fail. The caller takes it when the message key has opened the message.

use zeroize::Zeroizing;

use alloc::vec::Vec;

use super::DoubleRatchet;
use super::chain_key::ReceivingChainKey;
use super::header::{HEADER_LEN, Header};
use super::header_key::{OurNextHeaderKey, TheirHeaderKey, TheirNextHeaderKey};
use super::message_key::MessageKey;
use super::parameters::Parameters;
use super::ratchet_key::TheirRatchetKey;
use super::receiving::{ClosedChain, ReceivingChain, skip};
use super::root_key::RootKey;
use super::sending::{Due, Turn};
use crate::ratchet::ReceiveError;
use crate::ratchet::skipped_keys::{Gaps, NewlySkipped};

/// A header that one of our header keys has opened.
pub(crate) struct OpenedHeader {
    header: Header,
    plain: Zeroizing<Vec<u8>>,
    lane: Lane,
}

/// Which key opened a header.
#[derive(Clone, Copy)]
enum Lane {
    /// `HKr`.
    Current,
    /// `NHKr`.
    Next,
    /// The header key of a closed chain, by its place.
    Closed(usize),
}

impl OpenedHeader {
    /// What follows the header proper.
    pub(crate) fn extra(&self) -> &[u8] {
        self.plain.get(HEADER_LEN..).unwrap_or_default()
    }
}

/// A step that reads one message: its key, and what to change once the message has proved authentic.
pub(crate) struct Planned {
    message_key: MessageKey,
    change: Change,
}

enum Change {
    /// The key was skipped before.
    Skipped { lane: Lane, number: u32 },
    /// The message is in the current chain.
    Ahead {
        key: ReceivingChainKey,
        number: u32,
        skipped: NewlySkipped<MessageKey>,
    },
    /// The other side has ratcheted.
    Ratchet(alloc::boxed::Box<Ratchet>),
}

/// The first half of `DHRatchetHE`, with the skipping before and after it.
struct Ratchet {
    root: RootKey,
    due: Due,
    /// Skipped at the end of the chain that closes.
    closing: NewlySkipped<MessageKey>,
    /// The chain that begins, already past the message.
    chain: ReceivingChain,
    /// Skipped at the beginning of that chain.
    skipped: NewlySkipped<MessageKey>,
    next_receiving: TheirNextHeaderKey,
}

impl Planned {
    pub(crate) const fn message_key(&self) -> &MessageKey {
        &self.message_key
    }
}

impl<P: Parameters> DoubleRatchet<P> {
    /// `DecryptHeader`: tries the current header key, then the next, then those of closed chains, latest first.
    pub(crate) fn open_header(&self, sealed: &[u8]) -> Result<OpenedHeader, ReceiveError> {
        let (plain, lane) = self
            .try_header_keys(sealed)
            .ok_or(ReceiveError::UnknownHeader)?;
        let (header, _) = Header::decode(&plain).map_err(|_| ReceiveError::Malformed)?;
        Ok(OpenedHeader {
            header,
            plain,
            lane,
        })
    }

    fn try_header_keys(&self, sealed: &[u8]) -> Option<(Zeroizing<Vec<u8>>, Lane)> {
        if let Some(chain) = &self.receiving
            && let Some(plain) = P::open_header(chain.header_key.as_bytes(), sealed)
        {
            return Some((plain, Lane::Current));
        }
        if self.turn.answerable().is_some()
            && let Some(plain) = P::open_header(self.next_receiving.as_bytes(), sealed)
        {
            return Some((plain, Lane::Next));
        }
        self.closed
            .0
            .iter()
            .enumerate()
            .rev()
            .find_map(|(at, chain)| {
                let plain = P::open_header(chain.header_key.as_bytes(), sealed)?;
                Some((plain, Lane::Closed(at)))
            })
    }

    /// Finds the message's key, and what reading it will change.
    pub(crate) fn plan(&self, opened: &OpenedHeader, now: u64) -> Result<Planned, ReceiveError> {
        match (opened.lane, &self.receiving) {
            (Lane::Current, Some(chain)) if opened.header.number >= chain.number => {
                plan_ahead::<P>(chain, opened.header.number)
            }
            (Lane::Current, Some(chain)) => {
                plan_skipped::<P>(&chain.gaps, Lane::Current, opened.header.number, now)
            }
            (Lane::Closed(at), _) => {
                let chain = self.closed.0.get(at).ok_or(ReceiveError::UnknownHeader)?;
                plan_skipped::<P>(&chain.gaps, Lane::Closed(at), opened.header.number, now)
            }
            (Lane::Next, _) => self.plan_ratchet(&opened.header),
            (Lane::Current, None) => Err(ReceiveError::UnknownHeader),
        }
    }

    fn plan_ratchet(&self, header: &Header) -> Result<Planned, ReceiveError> {
        let (ours, next_header, sent) =
            self.turn.answerable().ok_or(ReceiveError::UnknownHeader)?;
        let theirs = TheirRatchetKey::from_bytes(header.ratchet_key)
            .map_err(|_| ReceiveError::BadRatchetKey)?;
        let closing = match &self.receiving {
            Some(chain) => chain.skip_to::<P>(header.previous, P::MAX_SKIP)?.0,
            None => NewlySkipped::new(),
        };
        let budget = P::MAX_SKIP.saturating_sub(u32::try_from(closing.len()).unwrap_or(u32::MAX));
        let number = header
            .number
            .checked_add(1)
            .ok_or(ReceiveError::TooManySkipped)?;
        let shared = ours
            .agree(&theirs)
            .map_err(|_| ReceiveError::BadRatchetKey)?;
        let step = self.root.step::<P>(&shared);
        let first = ReceivingChainKey::from_bytes(*step.chain);
        let (skipped, key) = skip::<P>(first, 0, header.number, budget)?;
        let (key, message_key) = key.step::<P>();
        let change = Change::Ratchet(alloc::boxed::Box::new(Ratchet {
            root: RootKey::from_bytes(*step.root),
            due: Due {
                theirs,
                next_header: OurNextHeaderKey::from_bytes(*next_header.as_bytes()),
                previous: sent,
            },
            closing,
            chain: ReceivingChain {
                header_key: self.next_receiving.begin(),
                key,
                number,
                gaps: Gaps::none(),
            },
            skipped,
            next_receiving: TheirNextHeaderKey::from_bytes(*step.next_header),
        }));
        Ok(Planned {
            message_key,
            change,
        })
    }

    /// Puts a planned step in place.
    pub(crate) fn commit(&mut self, planned: Planned, now: u64) {
        match planned.change {
            Change::Skipped { lane, number } => {
                let gaps = match lane {
                    Lane::Closed(at) => self.closed.0.get_mut(at).map(|chain| &mut chain.gaps),
                    _ => self.receiving.as_mut().map(|chain| &mut chain.gaps),
                };
                if let Some(gaps) = gaps {
                    gaps.remove(number);
                }
            }
            Change::Ahead {
                key,
                number,
                skipped,
            } => {
                if let Some(chain) = &mut self.receiving {
                    chain.key = key;
                    chain.number = number;
                    chain.gaps.keep(skipped, now);
                }
            }
            Change::Ratchet(ratchet) => self.commit_ratchet(*ratchet, now),
        }
        if let Some(chain) = &mut self.receiving {
            self.closed.prune::<P>(&mut chain.gaps, now);
        }
    }

    fn commit_ratchet(&mut self, ratchet: Ratchet, now: u64) {
        let mut chain = ratchet.chain;
        chain.gaps.keep(ratchet.skipped, now);
        if let Some(mut closing) = self.receiving.replace(chain) {
            closing.gaps.keep(ratchet.closing, now);
            self.closed.0.push_back(ClosedChain {
                header_key: TheirHeaderKey::from_bytes(*closing.header_key.as_bytes()),
                gaps: closing.gaps,
            });
        }
        self.root = ratchet.root;
        self.turn = Turn::Due(ratchet.due);
        self.next_receiving = ratchet.next_receiving;
    }
}

fn plan_ahead<P: Parameters>(chain: &ReceivingChain, number: u32) -> Result<Planned, ReceiveError> {
    let (skipped, key) = chain.skip_to::<P>(number, P::MAX_SKIP)?;
    let (key, message_key) = key.step::<P>();
    let number = number.checked_add(1).ok_or(ReceiveError::TooManySkipped)?;
    Ok(Planned {
        message_key,
        change: Change::Ahead {
            key,
            number,
            skipped,
        },
    })
}

fn plan_skipped<P: Parameters>(
    gaps: &Gaps<MessageKey>,
    lane: Lane,
    number: u32,
    now: u64,
) -> Result<Planned, ReceiveError> {
    let kept = gaps.find(number, now, P::MAX_SKIPPED_AGE_MS)?;
    Ok(Planned {
        message_key: MessageKey::from_bytes(*kept.as_bytes()),
        change: Change::Skipped { lane, number },
    })
}
