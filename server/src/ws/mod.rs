//! The socket at `/v1/socket` (PROTOCOL.md section 8): frames in, frames out. What they mean is decided in [`crate::domain::delivery`].
//!
//! - [`codec`]: frames as bytes, by subprotocol; [`cbor`] is its fast path
//! - [`handshake`]: from the upgrade to `welcome`
//! - [`session`]: the life of a connection after that
//! - [`close`]: close codes

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{State, WebSocketUpgrade},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use sotto_protocol::{
    codec::to_json,
    limits::FRAME_MAX,
    socket::{SUBPROTOCOL_CBOR, SUBPROTOCOL_JSON},
};

use crate::domain::{
    Error,
    delivery::{
        Hub,
        ports::{Authenticator, Budget},
    },
};

pub mod cbor;
pub mod close;
pub mod codec;
mod handshake;
mod session;

use codec::Codec;

/// Bytes that a connection's read buffer holds, for as long as it is open: most of what an idle connection costs.
const READ_BUFFER: usize = 4096;
/// Bytes that are gathered before they are written without a flush.
const WRITE_BUFFER: usize = 16 * 1024;

/// How patient the socket is.
#[derive(Debug, Clone)]
pub struct Timing {
    /// From the upgrade to `hello`.
    pub hello: Duration,
    /// Without a frame from the client, after which it is pinged.
    pub ping: Duration,
    /// Without a frame from the client, after which the connection ends.
    pub idle: Duration,
    /// For a client that takes nothing off its socket.
    pub stalled: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            hello: Duration::from_secs(10),
            ping: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            stalled: Duration::from_secs(20),
        }
    }
}

/// What the socket needs.
#[derive(Clone)]
pub struct WsState {
    /// The delivery path.
    pub hub: Arc<Hub>,
    /// Whose a token is.
    pub authenticator: Arc<dyn Authenticator>,
    /// How much an account may send.
    pub budget: Arc<dyn Budget>,
    /// How patient the socket is.
    pub timing: Arc<Timing>,
}

/// The route `/v1/socket`.
pub fn router(state: WsState) -> Router {
    Router::new()
        .route("/v1/socket", any(upgrade))
        .with_state(state)
}

async fn upgrade(State(state): State<WsState>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade
        .protocols([SUBPROTOCOL_CBOR, SUBPROTOCOL_JSON])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_frame_size(FRAME_MAX)
        .max_message_size(FRAME_MAX);
    let codec = match upgrade.selected_protocol().map(|name| name.as_bytes()) {
        Some(name) if name == SUBPROTOCOL_CBOR.as_bytes() => Codec::Cbor,
        Some(name) if name == SUBPROTOCOL_JSON.as_bytes() => Codec::Json,
        _ => {
            return refuse(&Error::Malformed(
                "a subprotocol is needed: sotto.v1.cbor or sotto.v1.json".into(),
            ));
        }
    };
    if state.hub.is_draining() {
        return refuse(&Error::Draining);
    }
    upgrade.on_upgrade(move |socket| handshake::serve(socket, codec, state))
}

fn refuse(error: &Error) -> Response {
    let problem = error.problem();
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = to_json(&problem).unwrap_or_default();
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        body,
    )
        .into_response()
}
