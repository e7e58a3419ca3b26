//! The fast path of the binary codec: `send` and `ack` in, `deliver` and `accepted` out, without serde and without copying bodies.
//!
//! It writes and reads exactly what serde does for the same types (a test holds that); whatever it doesn't recognise it leaves to serde.

use bytes::Bytes;
use minicbor::{Decoder, data::Type};
use sotto_protocol::{AccountId, DeviceId, MessageId};

use super::codec::Frame;
use crate::domain::delivery::{Incoming, outbox::Outgoing};

/// Envelopes in one frame for which room is made before they have been seen.
const ENVELOPES_EXPECTED: u64 = 64;

/// Reads a `send` or `ack` frame; nothing if it is anything else.
pub fn decode(frame: &Bytes) -> Option<Frame> {
    let mut decoder = Decoder::new(frame);
    if decoder.map().ok()?? != 1 {
        return None;
    }
    let decoded = match decoder.str().ok()? {
        "send" => Frame::Send(send(&mut decoder, frame)?),
        "ack" => Frame::Ack(ack(&mut decoder)?),
        _ => return None,
    };
    (decoder.position() == frame.len()).then_some(decoded)
}

fn ack(decoder: &mut Decoder<'_>) -> Option<u64> {
    let mut through = None;
    for _ in 0..decoder.map().ok()?? {
        match decoder.str().ok()? {
            "through" if through.is_none() => through = Some(decoder.u64().ok()?),
            _ => return None,
        }
    }
    through
}

fn send(decoder: &mut Decoder<'_>, frame: &Bytes) -> Option<Incoming> {
    let (mut id, mut to, mut device_list, mut envelopes) = (None, None, None, None);
    for _ in 0..decoder.map().ok()?? {
        match decoder.str().ok()? {
            "id" if id.is_none() => id = Some(MessageId(id16(decoder)?)),
            "to" if to.is_none() => to = Some(AccountId(id16(decoder)?)),
            "device_list" if device_list.is_none() => device_list = Some(decoder.u64().ok()?),
            "envelopes" if envelopes.is_none() => {
                let count = decoder.array().ok()??;
                let mut all =
                    Vec::with_capacity(usize::try_from(count.min(ENVELOPES_EXPECTED)).ok()?);
                for _ in 0..count {
                    all.push(envelope(decoder, frame)?);
                }
                envelopes = Some(all);
            }
            _ => return None,
        }
    }
    Some(Incoming {
        id: id?,
        to: to?,
        device_list: device_list?,
        envelopes: envelopes?,
    })
}

fn envelope(decoder: &mut Decoder<'_>, frame: &Bytes) -> Option<(DeviceId, Bytes)> {
    let (mut device, mut body) = (None, None);
    for _ in 0..decoder.map().ok()?? {
        match decoder.str().ok()? {
            "device" if device.is_none() => device = Some(DeviceId(id16(decoder)?)),
            "body" if body.is_none() && decoder.datatype().ok()? == Type::Bytes => {
                body = Some(frame.slice_ref(decoder.bytes().ok()?));
            }
            _ => return None,
        }
    }
    Some((device?, body?))
}

fn id16(decoder: &mut Decoder<'_>) -> Option<[u8; 16]> {
    decoder.bytes().ok()?.try_into().ok()
}

/// Bytes of a delivery besides its body, at most.
const DELIVERY_OVERHEAD: usize = 128;

const MAP: u8 = 0xa0;
const ARRAY: u8 = 0x80;
const TEXT: u8 = 0x60;
const BYTES: u8 = 0x40;
const UNSIGNED: u8 = 0x00;

/// Writes a `deliver` frame.
pub fn deliver(deliveries: &[Outgoing]) -> Vec<u8> {
    let bodies: usize = deliveries.iter().map(|one| one.body().len()).sum();
    let mut out = Vec::with_capacity(16 + bodies + deliveries.len() * DELIVERY_OVERHEAD);
    head(&mut out, MAP, 1);
    text(&mut out, "deliver");
    head(&mut out, ARRAY, deliveries.len() as u64);
    for one in deliveries {
        let from = one.from();
        head(&mut out, MAP, 6);
        text(&mut out, "seq");
        head(&mut out, UNSIGNED, one.seq());
        text(&mut out, "from");
        bytes(&mut out, &from.account.0);
        text(&mut out, "device");
        bytes(&mut out, &from.device.0);
        text(&mut out, "id");
        bytes(&mut out, &one.id().0);
        text(&mut out, "received_at");
        head(&mut out, UNSIGNED, one.received_at());
        text(&mut out, "body");
        bytes(&mut out, one.body());
    }
    out
}

/// Writes an `accepted` frame.
pub fn accepted(ids: &[MessageId]) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + ids.len() * 17);
    head(&mut out, MAP, 1);
    text(&mut out, "accepted");
    head(&mut out, ARRAY, ids.len() as u64);
    for id in ids {
        bytes(&mut out, &id.0);
    }
    out
}

/// A data item's head (RFC 8949 section 3), in its shortest form.
#[expect(clippy::cast_possible_truncation, reason = "each range is checked")]
fn head(out: &mut Vec<u8>, major: u8, value: u64) {
    match value {
        0..24 => out.push(major | value as u8),
        24..0x100 => out.extend_from_slice(&[major | 24, value as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend_from_slice(&(value as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend_from_slice(&(value as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    head(out, TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    head(out, BYTES, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use sotto_protocol::{
        codec::to_cbor,
        socket::{ClientFrame, Envelope, ServerFrame, Submission},
    };

    use super::*;
    use crate::{domain::Identity, store::mailboxes::Stored, ws::codec};

    #[test]
    fn the_fast_path_writes_what_serde_writes() {
        for (seq, length) in [
            (1, 0),
            (23, 23),
            (24, 24),
            (255, 255),
            (256, 256),
            (65_536, 70_000),
            (1 << 40, 3),
        ] {
            let outgoing = Outgoing::Stored(Stored {
                seq,
                from: Identity {
                    account: AccountId([1; 16]),
                    device: DeviceId([2; 16]),
                },
                id: MessageId([3; 16]),
                received_at: 1_800_000_000_000,
                body: vec![7; length].into(),
            });
            let frame = ServerFrame::Deliver(vec![codec::delivery(&outgoing)]);
            assert_eq!(deliver(&[outgoing]), to_cbor(&frame).unwrap());
        }
        let ids: Vec<_> = (0..30).map(|n| MessageId([n; 16])).collect();
        assert_eq!(
            accepted(&ids),
            to_cbor(&ServerFrame::Accepted(ids.clone())).unwrap()
        );
    }

    #[test]
    fn the_fast_path_reads_what_serde_writes() {
        let frame = ClientFrame::Send(Submission {
            id: MessageId([7; 16]),
            to: AccountId([1; 16]),
            device_list: 300,
            envelopes: (0..3)
                .map(|n| Envelope {
                    device: DeviceId([n; 16]),
                    body: vec![n; 300].into(),
                })
                .collect(),
        });
        let bytes = Bytes::from(to_cbor(&frame).unwrap());
        let Some(Frame::Send(send)) = decode(&bytes) else {
            panic!("not recognised");
        };
        assert_eq!(
            (send.id, send.to, send.device_list),
            (MessageId([7; 16]), AccountId([1; 16]), 300)
        );
        assert_eq!(
            send.envelopes[2],
            (DeviceId([2; 16]), Bytes::from(vec![2; 300]))
        );
        let ack = Bytes::from(to_cbor(&ClientFrame::Ack { through: 1 << 33 }).unwrap());
        assert!(matches!(decode(&ack), Some(Frame::Ack(through)) if through == 1 << 33));
    }

    #[test]
    fn no_cut_frame_is_recognised() {
        let frame = ClientFrame::Ack { through: 77_777 };
        let bytes = to_cbor(&frame).unwrap();
        for end in 0..bytes.len() {
            assert!(decode(&Bytes::copy_from_slice(&bytes[..end])).is_none());
        }
        let mut longer = bytes;
        longer.push(0);
        assert!(decode(&Bytes::from(longer)).is_none());
    }
}
