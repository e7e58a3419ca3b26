//! From the upgrade to `welcome`: the first frame must be `hello` with a token, soon.

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt as _;
use sotto_protocol::socket::ServerFrame;
use tokio::time::timeout;

use super::{
    WsState, close,
    codec::{Codec, Frame},
    session::{self, Session},
};
use crate::domain::{Error, clock::now_ms, delivery::Connection};

/// Serves a connection until it ends.
pub(super) async fn serve(mut socket: WebSocket, codec: Codec, state: WsState) {
    match greet(&mut socket, codec, &state).await {
        Ok(Some(connection)) => {
            let session = Session::new(codec, connection, state.budget, state.timing);
            session.run(socket).await;
        }
        Ok(None) => {}
        Err(error) => say_goodbye(&mut socket, codec, &error).await,
    }
}

/// Waits for `hello` and answers it; nothing if the client has gone.
async fn greet(
    socket: &mut WebSocket,
    codec: Codec,
    state: &WsState,
) -> Result<Option<Connection>, Error> {
    let token = match timeout(state.timing.hello, hello(socket, codec)).await {
        Ok(Ok(Some(token))) => token,
        Ok(Ok(None)) => return Ok(None),
        Ok(Err(error)) => return Err(error),
        Err(_) => return Err(Error::HelloExpected),
    };
    let who = state.authenticator.authenticate(&token).await?;
    let connection = state.hub.connect(who).await?;
    // A device that was removed since its token was looked at, and before it was connected, has not been told so.
    let current = connection.devices(who.account).await?;
    if !current.devices.contains(&who.device) {
        return Err(Error::DeviceRevoked);
    }
    let welcome = codec.encode(&ServerFrame::Welcome { now: now_ms() });
    Ok(socket.send(welcome).await.is_ok().then_some(connection))
}

async fn hello(socket: &mut WebSocket, codec: Codec) -> Result<Option<Vec<u8>>, Error> {
    while let Some(message) = socket.recv().await {
        let message = match message {
            Ok(message) => message,
            Err(error) => return session::reading(&error).map_or(Ok(None), Err),
        };
        match session::frame(codec, message)? {
            session::Received::Frame(Frame::Hello(token)) => return Ok(Some(token)),
            session::Received::Frame(_) => return Err(Error::HelloExpected),
            session::Received::Nothing => {}
            session::Received::Goodbye => return Ok(None),
        }
    }
    Ok(None)
}

/// Says what is wrong and closes.
pub(super) async fn say_goodbye(socket: &mut WebSocket, codec: Codec, error: &Error) {
    let problem = error.problem();
    let close = CloseFrame {
        code: close::code(&problem),
        reason: Utf8Bytes::from(problem.title.clone()),
    };
    let farewell = async {
        socket
            .feed(codec.encode(&ServerFrame::Problem(problem)))
            .await?;
        socket.feed(Message::Close(Some(close))).await?;
        socket.flush().await
    };
    // Whoever doesn't take it off the socket doesn't get it.
    if let Ok(Ok(())) = timeout(session::FAREWELL, farewell).await {
        // Closing with unread bytes would reset the connection and could take the farewell with it.
        drop(
            timeout(session::FAREWELL, async {
                while let Some(Ok(_)) = socket.recv().await {}
            })
            .await,
        );
    }
}
