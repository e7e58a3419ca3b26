//! Frames that are no good: malformed, oversized, of the wrong kind, too late.

use std::{sync::Arc, time::Duration};

use futures_util::SinkExt as _;
use sotto_protocol::{
    ProblemCode,
    limits::FRAME_MAX,
    socket::{ClientFrame, SUBPROTOCOL_CBOR, SUBPROTOCOL_JSON, ServerFrame},
};
use sotto_server::{domain::delivery::Config, store::memory::MemoryMailboxes, ws::Timing};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::{
    client::{Client, End},
    relay::Relay,
};

async fn relay() -> Relay {
    Relay::start(Arc::new(MemoryMailboxes::default())).await
}

async fn quick_relay(timing: Timing) -> Relay {
    Relay::with(
        Arc::new(MemoryMailboxes::default()),
        Arc::default(),
        Config::default(),
        timing,
    )
    .await
}

#[tokio::test]
async fn malformed_frames_are_answered_and_survived() {
    let relay = relay().await;
    let (alice, bob) = (relay.person(1), relay.person(2));
    let mut client = Client::live(&relay, alice).await;
    for bytes in [
        &b""[..],
        b"\xff",
        b"\xa1\x64send\xa0",
        b"\xa1\x65dance\xa0",
        b"\x64ping\x00",
    ] {
        client
            .socket
            .send(Message::binary(bytes.to_vec()))
            .await
            .unwrap();
        match client.next().await {
            ServerFrame::Problem(problem) => assert_eq!(problem.code, ProblemCode::Malformed),
            other => panic!("{other:?}"),
        }
    }
    client.send(1, bob, b"still here").await;
    client.accepted(1).await;
}

#[tokio::test]
async fn too_many_malformed_frames_end_the_connection() {
    let relay = relay().await;
    let alice = relay.person(1);
    let mut client = Client::dial(&relay, SUBPROTOCOL_JSON).await;
    client.greet(alice).await;
    for _ in 0..17 {
        client
            .socket
            .send(Message::text("{\"dance\":1}"))
            .await
            .unwrap();
    }
    loop {
        match client.next_or_end().await {
            Ok(ServerFrame::Problem(problem)) => assert_eq!(problem.code, ProblemCode::Malformed),
            Ok(ServerFrame::QueueEmpty) => {}
            Ok(other) => panic!("{other:?}"),
            Err(End::Close(code)) => break assert_eq!(code, 1008),
            Err(End::Gone) => panic!("gone without a close frame"),
        }
    }
}

#[tokio::test]
async fn the_kind_of_frame_follows_the_subprotocol() {
    let relay = relay().await;
    let alice = relay.person(1);
    let mut client = Client::live(&relay, alice).await;
    client.socket.send(Message::text("\"ping\"")).await.unwrap();
    assert_eq!(client.farewell().await, (ProblemCode::WrongFrameKind, 1003));
    let mut client = Client::dial(&relay, SUBPROTOCOL_JSON).await;
    client.socket.send(Message::binary(vec![0])).await.unwrap();
    assert_eq!(client.farewell().await, (ProblemCode::WrongFrameKind, 1003));
}

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection_with_a_word() {
    let relay = relay().await;
    let alice = relay.person(1);
    let mut client = Client::live(&relay, alice).await;
    // Sending may fail half way: the relay doesn't read to the end of it.
    drop(
        client
            .socket
            .send(Message::binary(vec![0; FRAME_MAX + 1]))
            .await,
    );
    assert_eq!(client.farewell().await, (ProblemCode::TooLarge, 1009));
}

#[tokio::test]
async fn a_subprotocol_must_be_chosen() {
    let relay = relay().await;
    let request = format!("ws://{}/v1/socket", relay.addr)
        .into_client_request()
        .unwrap();
    match connect_async(request).await {
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
            assert_eq!(response.status(), 400);
            assert_eq!(
                response.headers()["content-type"],
                "application/problem+json"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn hello_comes_first_once_and_soon() {
    let relay = quick_relay(Timing {
        hello: Duration::from_millis(100),
        ..Timing::default()
    })
    .await;
    let alice = relay.person(1);
    let mut client = Client::dial(&relay, SUBPROTOCOL_CBOR).await;
    client.put(&ClientFrame::Ping).await;
    assert_eq!(client.farewell().await, (ProblemCode::HelloExpected, 1008));
    let mut client = Client::dial(&relay, SUBPROTOCOL_CBOR).await;
    assert_eq!(client.farewell().await, (ProblemCode::HelloExpected, 1008));
    let mut client = Client::dial(&relay, SUBPROTOCOL_CBOR).await;
    client
        .put(&ClientFrame::Hello {
            token: vec![250; 32].into(),
        })
        .await;
    assert_eq!(client.farewell().await, (ProblemCode::SessionExpired, 4001));
    let mut client = Client::live(&relay, alice).await;
    client
        .put(&ClientFrame::Hello {
            token: vec![250; 32].into(),
        })
        .await;
    assert!(
        matches!(client.next().await, ServerFrame::Problem(problem) if problem.code == ProblemCode::Malformed)
    );
    client.is_quiet().await;
}

#[tokio::test]
async fn the_silent_are_pinged_and_the_dead_are_let_go() {
    let timing = Timing {
        ping: Duration::from_millis(50),
        idle: Duration::from_millis(400),
        ..Timing::default()
    };
    let relay = quick_relay(timing).await;
    let alice = relay.person(1);
    let mut client = Client::live(&relay, alice).await;
    // Answering pings (which reading does) keeps it alive well past the limit.
    let until = tokio::time::Instant::now() + Duration::from_millis(1000);
    assert!(
        tokio::time::timeout_at(until, client.next_or_end())
            .await
            .is_err()
    );
    // Not reading doesn't.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(client.farewell().await, (ProblemCode::Timeout, 4008));
}
