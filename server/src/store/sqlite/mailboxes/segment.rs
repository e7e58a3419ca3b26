//! The bytes of a segment: the envelopes that one commit brought to one mailbox.
//!
//! ```text
//! data  = record*      record = seq 8 · account 16 · device 16 · message id 16 · received_at 8 · kind 1 · length 4 · body
//! prints = (fingerprint 8 · digest 8)*                                           kind 0: body inline, 1: body is an id in `bodies`
//! ```
//!
//! Integers are big-endian.

use bytes::{Buf, Bytes};
use sotto_protocol::{AccountId, DeviceId, MessageId};

use crate::{
    domain::Identity,
    store::{
        StoreError,
        mailboxes::{Deposit, Part, Stored},
    },
};

/// Envelopes in one segment at most.
const ENVELOPES_MAX: u32 = 256;
/// Bytes after which a segment takes no further envelope.
const BYTES_MAX: usize = 64 * 1024;

const INLINE: u8 = 0;
const SHARED: u8 = 1;
const HEADER: usize = 8 + 16 + 16 + 16 + 8 + 1 + 4;

/// A segment in the making.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) envelopes: u32,
    pub(super) received_at: u64,
    pub(super) shared: bool,
    pub(super) prints: Vec<u8>,
    pub(super) data: Vec<u8>,
}

impl Builder {
    /// Whether an envelope with this sequence belongs into a further segment.
    pub(super) fn closed_to(&self, seq: u64) -> bool {
        self.envelopes >= ENVELOPES_MAX || self.data.len() >= BYTES_MAX || seq <= self.last
    }

    /// Appends an envelope; `body_id` if its body is stored apart.
    pub(super) fn push(
        &mut self,
        deposit: &Deposit,
        part: &Part,
        print: u64,
        body_id: Option<u64>,
    ) {
        if self.envelopes == 0 {
            self.first = part.seq;
        }
        self.last = part.seq;
        self.envelopes += 1;
        self.received_at = self.received_at.max(deposit.received_at);
        self.prints.extend_from_slice(&print.to_be_bytes());
        self.prints.extend_from_slice(&part.digest.to_be_bytes());
        let data = &mut self.data;
        data.extend_from_slice(&part.seq.to_be_bytes());
        data.extend_from_slice(&deposit.from.account.0);
        data.extend_from_slice(&deposit.from.device.0);
        data.extend_from_slice(&deposit.id.0);
        data.extend_from_slice(&deposit.received_at.to_be_bytes());
        let id;
        let (kind, body): (u8, &[u8]) = match body_id {
            None => (INLINE, &part.body),
            Some(number) => {
                self.shared = true;
                id = number.to_be_bytes();
                (SHARED, &id)
            }
        };
        data.push(kind);
        // Envelopes are limited to far below 4 GiB before they come here.
        data.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
        data.extend_from_slice(body);
    }
}

/// A body as a record has it.
pub(super) enum Body {
    Inline,
    Shared(u64),
}

/// One envelope of a segment; its body is empty if it is shared.
pub(super) struct Record {
    pub(super) stored: Stored,
    pub(super) body: Body,
}

/// Reads a segment's records.
pub(super) fn records(mut data: Bytes) -> impl Iterator<Item = Result<Record, StoreError>> {
    std::iter::from_fn(move || {
        if data.is_empty() {
            return None;
        }
        let record = record(&mut data);
        if record.is_none() {
            data.clear();
        }
        Some(record.ok_or_else(|| StoreError::Corrupt("a segment of a mailbox".into())))
    })
}

fn record(data: &mut Bytes) -> Option<Record> {
    if data.len() < HEADER {
        return None;
    }
    let seq = data.get_u64();
    let from = Identity {
        account: AccountId(id(data)),
        device: DeviceId(id(data)),
    };
    let message = MessageId(id(data));
    let received_at = data.get_u64();
    let kind = data.get_u8();
    let length = data.get_u32() as usize;
    if data.len() < length {
        return None;
    }
    let bytes = data.split_to(length);
    let body = match kind {
        INLINE => Body::Inline,
        SHARED => Body::Shared(u64::from_be_bytes(bytes.as_ref().try_into().ok()?)),
        _ => return None,
    };
    Some(Record {
        stored: Stored {
            seq,
            from,
            id: message,
            received_at,
            body: bytes,
        },
        body,
    })
}

fn id(data: &mut Bytes) -> [u8; 16] {
    data.get_u128().to_be_bytes()
}

/// Reads a segment's fingerprints and digests.
pub(super) fn prints(bytes: &[u8]) -> impl Iterator<Item = (u64, u64)> {
    bytes.chunks_exact(16).filter_map(|pair| {
        let (print, digest) = pair.split_at(8);
        Some((
            u64::from_be_bytes(print.try_into().ok()?),
            u64::from_be_bytes(digest.try_into().ok()?),
        ))
    })
}
