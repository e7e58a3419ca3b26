//! A connection to the relay.

use std::{future::poll_fn, task::Poll};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use sotto_protocol::{
    codec::to_cbor,
    socket::{ClientFrame, SUBPROTOCOL_CBOR, ServerFrame},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest as _, protocol::WebSocketConfig},
};

use crate::{
    Outcome,
    frames::{self, Said},
    relay::Person,
};

/// Frames taken off the socket before anything is answered.
const BURST: usize = 256;

/// A welcomed connection.
pub struct Client {
    socket: WebSocketStream<TcpStream>,
}

impl Client {
    /// Connects and is welcomed.
    pub async fn connect(addr: std::net::SocketAddr, person: Person) -> Outcome<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{addr}/v1/socket").into_client_request()?;
        request
            .headers_mut()
            .insert("sec-websocket-protocol", SUBPROTOCOL_CBOR.parse()?);
        let config = WebSocketConfig::default()
            .read_buffer_size(16 * 1024)
            .write_buffer_size(64 * 1024);
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        let mut client = Self { socket };
        let hello = ClientFrame::Hello {
            token: person.token().as_slice().into(),
        };
        client.feed(to_cbor(&hello)?.into()).await?;
        client.flush().await?;
        match client.next().await? {
            Said::Other(ServerFrame::Welcome { .. }) => Ok(client),
            Said::Other(other) => Err(format!("welcome was due, not {other:?}").into()),
            _ => Err("welcome was due".into()),
        }
    }

    /// Puts a frame into the write buffer.
    pub async fn feed(&mut self, frame: Bytes) -> Outcome<()> {
        Ok(self.socket.feed(Message::Binary(frame)).await?)
    }

    /// Writes what is in the buffer.
    pub async fn flush(&mut self) -> Outcome<()> {
        Ok(self.socket.flush().await?)
    }

    /// The next frame.
    pub async fn next(&mut self) -> Outcome<Said> {
        loop {
            let message = self.socket.next().await.ok_or("the relay hung up")?;
            if let Some(said) = understand(message?)? {
                return Ok(said);
            }
        }
    }

    /// The next frame, and all that have come with it.
    pub async fn burst(&mut self) -> Outcome<Vec<Said>> {
        let mut all = vec![self.next().await?];
        while all.len() < BURST {
            let next = poll_fn(|cx| Poll::Ready(self.socket.poll_next_unpin(cx))).await;
            match next {
                Poll::Ready(Some(message)) => all.extend(understand(message?)?),
                Poll::Ready(None) => return Err("the relay hung up".into()),
                Poll::Pending => break,
            }
        }
        Ok(all)
    }
}

fn understand(message: Message) -> Outcome<Option<Said>> {
    match message {
        Message::Binary(bytes) => frames::read(&bytes).map(Some),
        Message::Close(close) => Err(format!("closed: {close:?}").into()),
        _ => Ok(None),
    }
}
