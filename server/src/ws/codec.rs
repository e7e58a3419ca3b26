//! Frames as bytes, by subprotocol. Envelopes stay slices of the frame that they came in: nothing is copied on the way through.

use axum::extract::ws::{Message, Utf8Bytes};
use bytes::Bytes;
use sotto_protocol::{
    MessageId,
    codec::{from_cbor, from_json, to_cbor, to_json},
    socket::{ClientFrame, Delivery, ServerFrame},
};

use super::cbor;
use crate::domain::{
    Error,
    delivery::{Incoming, outbox::Outgoing},
};

/// Bytes of bodies after which a `deliver` frame is full.
const DELIVER_BYTES: usize = 64 * 1024;

/// How frames are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// `sotto.v1.cbor`: binary frames.
    Cbor,
    /// `sotto.v1.json`: text frames.
    Json,
}

/// A frame from a client.
#[derive(Debug)]
pub enum Frame {
    /// The first frame, with a token.
    Hello(Vec<u8>),
    /// A message.
    Send(Incoming),
    /// An acknowledgement.
    Ack(u64),
    /// An ephemeral message; its id and device list mean nothing.
    Ephemeral(Incoming),
    /// Asks for a pong.
    Ping,
}

impl Codec {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn decode(self, bytes: &Bytes) -> Result<Frame, Error> {
        let frame = match self {
            Self::Cbor => match cbor::decode(bytes) {
                Some(frame) => return Ok(frame),
                // Whatever the fast path doesn't know is told apart by the full decoder: unusual, or malformed.
                None => from_cbor::<ClientFrame>(bytes),
            },
            Self::Json => from_json(bytes),
        };
        // The decoder's own words would quote the frame.
        frame
            .map(Frame::from)
            .map_err(|_| Error::Malformed("not a frame that a client sends".into()))
    }

    /// Writes a frame. Frames of the relay always encode.
    pub fn encode(self, frame: &ServerFrame) -> Message {
        match self {
            Self::Cbor => Message::Binary(to_cbor(frame).unwrap_or_default().into()),
            Self::Json => Message::Text(Utf8Bytes::from(to_json(frame).unwrap_or_default())),
        }
    }

    /// Writes some deliveries as one frame; what is left follows in the next.
    pub fn encode_deliveries(self, deliveries: &[Outgoing]) -> (Message, &[Outgoing]) {
        let mut bytes = 0;
        let count = deliveries
            .iter()
            .take_while(|delivery| {
                let fits = bytes < DELIVER_BYTES;
                bytes += delivery.body().len();
                fits
            })
            .count();
        let (now, later) = deliveries.split_at(count);
        let message = match self {
            Self::Cbor => Message::Binary(cbor::deliver(now).into()),
            Self::Json => self.encode(&ServerFrame::Deliver(now.iter().map(delivery).collect())),
        };
        (message, later)
    }

    /// Writes `accepted`.
    pub fn encode_accepted(self, ids: &[MessageId]) -> Message {
        match self {
            Self::Cbor => Message::Binary(cbor::accepted(ids).into()),
            Self::Json => self.encode(&ServerFrame::Accepted(ids.to_vec())),
        }
    }
}

/// A delivery as the protocol's type.
pub fn delivery(outgoing: &Outgoing) -> Delivery {
    let from = outgoing.from();
    Delivery {
        seq: outgoing.seq(),
        from: from.account,
        device: from.device,
        id: outgoing.id(),
        received_at: outgoing.received_at(),
        body: outgoing.body().to_vec().into(),
    }
}

impl From<ClientFrame> for Frame {
    fn from(frame: ClientFrame) -> Self {
        let envelopes = |all: Vec<sotto_protocol::socket::Envelope>| {
            all.into_iter()
                .map(|one| (one.device, Bytes::from(one.body.0)))
                .collect()
        };
        match frame {
            ClientFrame::Hello { token } => Self::Hello(token.0),
            ClientFrame::Send(send) => Self::Send(Incoming {
                id: send.id,
                to: send.to,
                device_list: send.device_list,
                envelopes: envelopes(send.envelopes),
            }),
            ClientFrame::Ack { through } => Self::Ack(through),
            ClientFrame::Ephemeral(ephemeral) => Self::Ephemeral(Incoming {
                id: MessageId([0; 16]),
                to: ephemeral.to,
                device_list: 0,
                envelopes: envelopes(ephemeral.envelopes),
            }),
            ClientFrame::Ping => Self::Ping,
        }
    }
}
