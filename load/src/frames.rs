//! Just enough of the binary codec for the generator to be cheaper than the relay: a `send` frame is encoded once and its id is overwritten;
//! of deliveries only sequence and id are read.

use bytes::Bytes;
use minicbor::Decoder;
use sotto_protocol::{
    MessageId,
    codec::{from_cbor, to_cbor},
    socket::{ClientFrame, Envelope, ServerFrame, Submission},
};

use crate::{Outcome, relay::Person};

/// A `send` frame to one person, but for its id.
pub struct Template {
    bytes: Vec<u8>,
    at: usize,
}

impl Template {
    /// For bodies of this size.
    pub fn new(to: Person, body: usize) -> Outcome<Self> {
        let marker = [0xa5; 16];
        let frame = ClientFrame::Send(Submission {
            id: MessageId(marker),
            to: to.account(),
            device_list: 1,
            envelopes: vec![Envelope {
                device: to.device(),
                body: vec![0x5a; body].into(),
            }],
        });
        let bytes = to_cbor(&frame)?;
        let at = bytes
            .windows(16)
            .position(|window| window == marker)
            .ok_or("no id")?;
        Ok(Self { bytes, at })
    }

    /// The frame with this id.
    pub fn with(&self, id: u128) -> Bytes {
        let mut bytes = self.bytes.clone();
        if let Some(place) = bytes.get_mut(self.at..self.at + 16) {
            place.copy_from_slice(&id.to_be_bytes());
        }
        bytes.into()
    }
}

/// What the relay said.
pub enum Said {
    /// Sequence and id of each delivery.
    Deliver(Vec<(u64, u128)>),
    /// Ids.
    Accepted(Vec<u128>),
    /// Anything else.
    Other(ServerFrame),
}

/// Reads a frame.
pub fn read(frame: &[u8]) -> Outcome<Said> {
    let mut decoder = Decoder::new(frame);
    if decoder.map().is_ok_and(|pairs| pairs == Some(1)) {
        match decoder.str()? {
            "deliver" => {
                let count = decoder.array()?.ok_or("indefinite")?;
                let mut all = Vec::with_capacity(usize::try_from(count)?);
                for _ in 0..count {
                    all.push(delivery(&mut decoder)?);
                }
                return Ok(Said::Deliver(all));
            }
            "accepted" => {
                let count = decoder.array()?.ok_or("indefinite")?;
                let mut all = Vec::with_capacity(usize::try_from(count)?);
                for _ in 0..count {
                    all.push(id(&mut decoder)?);
                }
                return Ok(Said::Accepted(all));
            }
            _ => {}
        }
    }
    Ok(Said::Other(from_cbor(frame)?))
}

fn delivery(decoder: &mut Decoder<'_>) -> Outcome<(u64, u128)> {
    let (mut seq, mut message) = (0, 0);
    for _ in 0..decoder.map()?.ok_or("indefinite")? {
        match decoder.str()? {
            "seq" => seq = decoder.u64()?,
            "id" => message = id(decoder)?,
            _ => decoder.skip()?,
        }
    }
    Ok((seq, message))
}

fn id(decoder: &mut Decoder<'_>) -> Outcome<u128> {
    Ok(u128::from_be_bytes(decoder.bytes()?.try_into()?))
}

/// An `ack` frame.
pub fn ack(through: u64) -> Outcome<Bytes> {
    Ok(to_cbor(&ClientFrame::Ack { through })?.into())
}
