//! The life of a connection after `welcome`. One task reads and writes.
//!
//! ```text
//!   ┌──▶ read what has come, up to a burst ──▶ read a page of the mailbox, if behind ──▶ write everything, flush once ──┐
//!   └──────────────── wait: for a frame, for something to write, for silence to last too long ◀─────────────────────────┘
//! ```

use std::{
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use sotto_protocol::socket::ServerFrame;
use tokio::time::{sleep_until, timeout};

use super::{
    Timing,
    codec::{Codec, Frame},
    handshake::say_goodbye,
};
use crate::domain::{
    Error,
    delivery::{Connection, Incoming, outbox::Queue, ports::Budget},
};

/// Frames read before what they caused is written.
const BURST: usize = 64;
/// Malformed frames that a connection survives.
const MALFORMED_MAX: u32 = 16;
/// How long a farewell may take.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

/// What has come from a client.
pub(super) enum Received {
    /// A frame.
    Frame(Frame),
    /// A ping or pong of the WebSocket itself.
    Nothing,
    /// The client closes.
    Goodbye,
}

/// Reads a message as a frame of this codec.
///
/// # Errors
/// [`Error::WrongFrameKind`], [`Error::Malformed`].
pub(super) fn frame(codec: Codec, message: Message) -> Result<Received, Error> {
    let bytes: Bytes = match (codec, message) {
        (Codec::Cbor, Message::Binary(bytes)) => bytes,
        (Codec::Json, Message::Text(text)) => text.into(),
        (_, Message::Binary(_) | Message::Text(_)) => return Err(Error::WrongFrameKind),
        (_, Message::Ping(_) | Message::Pong(_)) => return Ok(Received::Nothing),
        (_, Message::Close(_)) => return Ok(Received::Goodbye),
    };
    codec.decode(&bytes).map(Received::Frame)
}

/// What a failure to read means for the client; nothing if it has simply gone.
pub(super) fn reading(error: &axum::Error) -> Option<Error> {
    let source = std::error::Error::source(error)?.downcast_ref::<tungstenite::Error>()?;
    match source {
        tungstenite::Error::Capacity(_) => Some(Error::TooLarge("a frame")),
        tungstenite::Error::Utf8(_) => Some(Error::Malformed("text must be UTF-8".into())),
        tungstenite::Error::Protocol(
            tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        ) => None,
        tungstenite::Error::Protocol(error) => Some(Error::Malformed(error.to_string())),
        _ => None,
    }
}

/// How a connection ends.
enum End {
    /// The client has gone.
    Gone,
    /// The relay says why it ends the connection.
    Because(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Because(error)
    }
}

impl From<axum::Error> for End {
    fn from(_: axum::Error) -> Self {
        Self::Gone
    }
}

/// Sends of one burst, whose cost is taken from the sender's budget at once.
#[derive(Default)]
struct Sends {
    all: Vec<Incoming>,
    bytes: usize,
}

/// A connection after `welcome`.
pub(super) struct Session {
    codec: Codec,
    connection: Connection,
    budget: Arc<dyn Budget>,
    timing: Arc<Timing>,
    malformed: u32,
    sends: Sends,
    out: Queue,
}

impl Session {
    pub(super) fn new(
        codec: Codec,
        connection: Connection,
        budget: Arc<dyn Budget>,
        timing: Arc<Timing>,
    ) -> Self {
        Self {
            codec,
            connection,
            budget,
            timing,
            malformed: 0,
            sends: Sends::default(),
            out: Queue::default(),
        }
    }

    /// Serves the connection until it ends.
    pub(super) async fn run(mut self, mut socket: WebSocket) {
        let end = match self.serve(&mut socket).await {
            Ok(()) => return,
            Err(end) => end,
        };
        let codec = self.codec;
        // Disconnected first: what the farewell takes is not waited for by anybody.
        drop(self);
        if let End::Because(error) = end {
            say_goodbye(&mut socket, codec, &error).await;
        }
    }

    async fn serve(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        let mut heard = Instant::now();
        let mut pinged = false;
        let mut silence = pin!(sleep_until((heard + self.timing.ping).into()));
        loop {
            let busy = self.connection.is_busy();
            let mut first = None;
            tokio::select! {
                biased;
                message = socket.next(), if !busy => first = Some(message.ok_or(End::Gone)?),
                () = self.connection.outbox().filled() => {
                    // Others may be about to put more in: one round of the scheduler makes one flush of many.
                    tokio::task::yield_now().await;
                }
                () = silence.as_mut() => {
                    let quiet = heard.elapsed();
                    if quiet >= self.timing.idle {
                        return Err(Error::Timeout.into());
                    }
                    if quiet >= self.timing.ping && !pinged {
                        pinged = true;
                        self.within_patience(socket.send(Message::Ping(Bytes::new()))).await?;
                    }
                    let next = if pinged { self.timing.idle } else { self.timing.ping };
                    silence.as_mut().reset((heard + next).into());
                }
            }
            if let Some(message) = first {
                heard = Instant::now();
                pinged = false;
                self.burst(socket, message).await?;
            }
            while self.connection.pump().await? {
                self.write(socket).await?;
            }
            self.write(socket).await?;
        }
    }

    /// Takes a message and those that have come with it.
    async fn burst(
        &mut self,
        socket: &mut WebSocket,
        first: Result<Message, axum::Error>,
    ) -> Result<(), End> {
        let mut message = first;
        for left in (0..BURST).rev() {
            match message {
                Ok(message) => self.take(message).await?,
                Err(error) => return Err(reading(&error).map_or(End::Gone, End::Because)),
            }
            if left == 0 {
                break;
            }
            let next = poll_fn(|cx| Poll::Ready(socket.poll_next_unpin(cx))).await;
            message = match next {
                Poll::Ready(Some(message)) => message,
                Poll::Ready(None) => return Err(End::Gone),
                Poll::Pending => break,
            };
        }
        self.submit().await;
        Ok(())
    }

    async fn take(&mut self, message: Message) -> Result<(), End> {
        match frame(self.codec, message) {
            Ok(Received::Frame(Frame::Send(incoming))) => {
                self.sends.bytes += incoming
                    .envelopes
                    .iter()
                    .map(|(_, body)| body.len())
                    .sum::<usize>();
                self.sends.all.push(incoming);
            }
            Ok(Received::Frame(Frame::Ack(through))) => self.connection.acknowledge(through),
            Ok(Received::Frame(Frame::Ephemeral(ephemeral))) => self.ephemeral(ephemeral).await,
            Ok(Received::Frame(Frame::Ping)) => self.connection.outbox().put(ServerFrame::Pong),
            Ok(Received::Frame(Frame::Hello(_))) => {
                self.complain(&Error::Malformed("hello comes once".into()))?;
            }
            Ok(Received::Nothing) => {}
            Ok(Received::Goodbye) => return Err(End::Gone),
            Err(error @ Error::Malformed(_)) => self.complain(&error)?,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Says that one frame was no good, and ends the connection if there were many.
    fn complain(&mut self, error: &Error) -> Result<(), End> {
        self.malformed += 1;
        if self.malformed > MALFORMED_MAX {
            return Err(Error::Malformed("too many malformed frames".into()).into());
        }
        self.connection
            .outbox()
            .put(ServerFrame::Problem(error.problem()));
        Ok(())
    }

    /// Hands the sends of a burst to the delivery path.
    async fn submit(&mut self) {
        if self.sends.all.is_empty() {
            return;
        }
        let account = self.connection.who().account;
        let mut sends = std::mem::take(&mut self.sends);
        let all_at_once = self
            .budget
            .send(account, clamp(sends.all.len()), clamp(sends.bytes))
            .is_ok();
        for incoming in sends.all.drain(..) {
            let id = incoming.id;
            if let Err(error) = self.submit_one(incoming, all_at_once).await {
                self.connection.refuse(id, &error);
            }
        }
        // The vector serves the next burst.
        self.sends.all = sends.all;
    }

    async fn submit_one(&self, incoming: Incoming, paid: bool) -> Result<(), Error> {
        if !paid {
            let bytes = incoming.envelopes.iter().map(|(_, body)| body.len()).sum();
            self.budget
                .send(self.connection.who().account, 1, clamp(bytes))?;
        }
        let set = match self.connection.cached_devices(&incoming.to) {
            Some(set) => set,
            None => self.connection.devices(incoming.to).await?,
        };
        // Only now: accounts that don't exist get no budgets.
        self.budget
            .send_to(self.connection.who().account, incoming.to)?;
        self.connection.submit(&set, incoming);
        Ok(())
    }

    /// Relays an ephemeral; nobody hears if it can't be.
    async fn ephemeral(&self, incoming: Incoming) {
        if self
            .budget
            .ephemeral(self.connection.who().account)
            .is_err()
        {
            return;
        }
        let set = match self.connection.cached_devices(&incoming.to) {
            Some(set) => set,
            None => match self.connection.devices(incoming.to).await {
                Ok(set) => set,
                Err(_) => return,
            },
        };
        self.connection.ephemeral(&set, incoming.envelopes);
    }

    /// Writes everything that waits, and flushes once.
    async fn write(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        self.connection.outbox().take(&mut self.out);
        if self.out.is_empty() {
            return Ok(());
        }
        let out = std::mem::take(&mut self.out);
        let written = self.within_patience(feed(self.codec, socket, &out)).await;
        self.out = out;
        written?;
        match self.out.close.take() {
            Some(why) => Err(End::Because(why)),
            None => Ok(()),
        }
    }

    async fn within_patience(
        &self,
        writing: impl Future<Output = Result<(), axum::Error>>,
    ) -> Result<(), End> {
        match timeout(self.timing.stalled, writing).await {
            Ok(written) => Ok(written?),
            Err(_) => Err(End::Gone),
        }
    }
}

async fn feed(codec: Codec, socket: &mut WebSocket, out: &Queue) -> Result<(), axum::Error> {
    let mut deliveries = out.deliveries.as_slice();
    while !deliveries.is_empty() {
        let (message, later) = codec.encode_deliveries(deliveries);
        socket.feed(message).await?;
        deliveries = later;
    }
    if out.queue_empty {
        socket.feed(codec.encode(&ServerFrame::QueueEmpty)).await?;
    }
    if !out.accepted.is_empty() {
        socket.feed(codec.encode_accepted(&out.accepted)).await?;
    }
    for frame in out.frames.iter().chain(&out.ephemerals) {
        socket.feed(codec.encode(frame)).await?;
    }
    socket.flush().await
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
