//! A client that speaks frames, and panics with what came instead of what should.

use std::{collections::VecDeque, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use sotto_protocol::{
    AccountId, DeviceId, MessageId, Problem, ProblemCode,
    codec::{from_cbor, from_json, to_cbor, to_json},
    socket::{
        ClientFrame, Delivery, Envelope, SUBPROTOCOL_CBOR, SUBPROTOCOL_JSON, ServerFrame,
        Submission,
    },
};
use sotto_server::domain::Identity;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use crate::relay::{Relay, token};

const PATIENCE: Duration = Duration::from_secs(10);

pub struct Client {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    json: bool,
    deliveries: VecDeque<Delivery>,
}

/// How a connection ended.
pub enum End {
    Close(u16),
    Gone,
}

impl Client {
    /// Connects without a word.
    pub async fn dial(relay: &Relay, subprotocol: &str) -> Self {
        let mut request = format!("ws://{}/v1/socket", relay.addr)
            .into_client_request()
            .unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", subprotocol.parse().unwrap());
        let (socket, _) = connect_async(request).await.unwrap();
        Self {
            socket,
            json: subprotocol == SUBPROTOCOL_JSON,
            deliveries: VecDeque::new(),
        }
    }

    /// Connects, is welcomed, and has yet to read what waits.
    pub async fn hello(relay: &Relay, who: Identity) -> Self {
        let mut client = Self::dial(relay, SUBPROTOCOL_CBOR).await;
        client.greet(who).await;
        client
    }

    pub async fn greet(&mut self, who: Identity) {
        self.put(&ClientFrame::Hello {
            token: token(who).into(),
        })
        .await;
        assert!(matches!(self.next().await, ServerFrame::Welcome { .. }));
    }

    /// Connects where nothing waits.
    pub async fn live(relay: &Relay, who: Identity) -> Self {
        let mut client = Self::hello(relay, who).await;
        assert_eq!(client.next().await, ServerFrame::QueueEmpty);
        client
    }

    pub async fn put(&mut self, frame: &ClientFrame) {
        let message = if self.json {
            Message::text(to_json(frame).unwrap())
        } else {
            Message::binary(to_cbor(frame).unwrap())
        };
        self.socket.send(message).await.unwrap();
    }

    /// Sends a message to an account with one device.
    pub async fn send(&mut self, n: u32, to: Identity, body: &[u8]) {
        self.submit(n, to.account, 1, &[(to.device, body)]).await;
    }

    pub async fn submit(
        &mut self,
        n: u32,
        to: AccountId,
        version: u64,
        envelopes: &[(DeviceId, &[u8])],
    ) {
        self.put(&ClientFrame::Send(submission(n, to, version, envelopes)))
            .await;
    }

    pub async fn ack(&mut self, through: u64) {
        self.put(&ClientFrame::Ack { through }).await;
    }

    /// The next frame, or how the connection ended.
    pub async fn next_or_end(&mut self) -> Result<ServerFrame, End> {
        loop {
            let message = timeout(PATIENCE, self.socket.next())
                .await
                .expect("nothing came");
            match message {
                Some(Ok(Message::Binary(bytes))) => return Ok(from_cbor(&bytes).unwrap()),
                Some(Ok(Message::Text(text))) => return Ok(from_json(text.as_bytes()).unwrap()),
                Some(Ok(Message::Close(Some(close)))) => return Err(End::Close(close.code.into())),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(_) | Err(Error::ConnectionClosed | Error::Io(_) | Error::Protocol(_)))
                | None => {
                    return Err(End::Gone);
                }
                Some(Err(error)) => panic!("{error}"),
            }
        }
    }

    pub async fn next(&mut self) -> ServerFrame {
        match self.next_or_end().await {
            Ok(frame) => frame,
            Err(End::Close(code)) => panic!("closed with {code}"),
            Err(End::Gone) => panic!("gone"),
        }
    }

    /// The next envelope.
    pub async fn delivery(&mut self) -> Delivery {
        while self.deliveries.is_empty() {
            match self.next().await {
                ServerFrame::Deliver(deliveries) => self.deliveries.extend(deliveries),
                other => panic!("a delivery was due, not {other:?}"),
            }
        }
        self.deliveries.pop_front().unwrap()
    }

    /// Reads until everything that waited is here; acknowledges as it goes if told to.
    pub async fn drain(&mut self, acknowledge: bool) -> Vec<Delivery> {
        let mut all = Vec::new();
        loop {
            match self.next().await {
                ServerFrame::Deliver(deliveries) => {
                    all.extend(deliveries);
                    if acknowledge {
                        self.ack(all.last().unwrap().seq).await;
                    }
                }
                ServerFrame::QueueEmpty => return all,
                other => panic!("a delivery was due, not {other:?}"),
            }
        }
    }

    /// Reads until this many messages are accepted.
    pub async fn accepted(&mut self, count: usize) -> Vec<u32> {
        let mut all = Vec::new();
        while all.len() < count {
            match self.next().await {
                ServerFrame::Accepted(ids) => all.extend(ids.iter().map(number)),
                other => panic!("accepted was due, not {other:?}"),
            }
        }
        assert_eq!(all.len(), count);
        all
    }

    pub async fn refused(&mut self) -> (u32, Problem) {
        match self.next().await {
            ServerFrame::Refused { id, problem } => (number(&id), problem),
            other => panic!("refused was due, not {other:?}"),
        }
    }

    /// Reads the farewell: the problem and the close code.
    pub async fn farewell(&mut self) -> (ProblemCode, u16) {
        let problem = loop {
            match self.next().await {
                ServerFrame::Problem(problem) => break problem,
                ServerFrame::QueueEmpty | ServerFrame::Welcome { .. } => {}
                other => panic!("a problem was due, not {other:?}"),
            }
        };
        match self.next_or_end().await {
            Err(End::Close(code)) => (problem.code, code),
            Err(End::Gone) => panic!("gone without a close frame"),
            Ok(frame) => panic!("a close was due, not {frame:?}"),
        }
    }

    /// That nothing comes: a round trip with nothing in between.
    pub async fn is_quiet(&mut self) {
        assert!(self.deliveries.is_empty());
        self.put(&ClientFrame::Ping).await;
        assert_eq!(self.next().await, ServerFrame::Pong);
    }
}

pub fn id(n: u32) -> MessageId {
    MessageId(u128::from(n).to_be_bytes())
}

pub fn number(id: &MessageId) -> u32 {
    u128::from_be_bytes(id.0).try_into().unwrap()
}

pub fn submission(
    n: u32,
    to: AccountId,
    version: u64,
    envelopes: &[(DeviceId, &[u8])],
) -> Submission {
    Submission {
        id: id(n),
        to,
        device_list: version,
        envelopes: envelopes
            .iter()
            .map(|(device, body)| Envelope {
                device: *device,
                body: (*body).into(),
            })
            .collect(),
    }
}
