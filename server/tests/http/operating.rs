//! What an operator does: start, stop, doctor, invite, backup; and a store that can't be written.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
};

use axum::{
    body::Body,
    http::{Request, header},
};
use sotto_protocol::{ProblemCode, http::*};
use sotto_server::{
    app::{
        self,
        doctor::{Finding, Verdict, examine},
    },
    config::{Backup, Config, Data, Invite, WhoMayRegister},
};

use crate::support::*;

#[tokio::test]
async fn a_relay_starts_on_any_free_port_answers_and_stops() {
    let folder = Folder::new();
    let running = app::start(Config::for_tests(folder.0.join("data")))
        .await
        .unwrap();
    let addr = running.addr;
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream
            .write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    })
    .await
    .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    running.stop().await;
    assert!(TcpStream::connect(addr).is_err());
    assert!(
        !folder.0.join("data/sotto.db-wal").exists(),
        "the log was written back and the database closed"
    );
}

#[tokio::test]
async fn a_start_that_fails_says_why() {
    let folder = Folder::new();
    std::fs::write(folder.0.join("file"), b"").unwrap();
    let Err(error) = app::start(Config::for_tests(folder.0.join("file/data"))).await else {
        panic!("started in a file");
    };
    assert!(error.to_string().contains("data folder"), "{error}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = Config::for_tests(folder.0.join("data"));
    config.listen = taken.local_addr().unwrap();
    let Err(error) = app::start(config).await else {
        panic!("listened on a taken address");
    };
    assert!(error.to_string().contains("can not listen"), "{error}");

    let mut config = Config::for_tests(folder.0.join("data"));
    config.tls_cert = Some(folder.0.join("file"));
    config.tls_key = Some(folder.0.join("none"));
    let Err(error) = app::start(config).await else {
        panic!("started without a certificate");
    };
    assert!(error.to_string().contains("TLS"), "{error}");
}

#[tokio::test]
async fn a_locked_database_is_a_typed_problem_and_passes() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (person, mut device) = Human::new("alice", "some password", &mut rng);
    let finish = person.prepare(&relay, &mut device, &mut rng).await.unwrap();
    let other = rusqlite::Connection::open(relay.folder.0.join("sotto.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = relay.post("/v1/register/finish", &finish).await;
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    let problem = answer.problem();
    assert_eq!(
        (problem.code, problem.status),
        (ProblemCode::StorageUnavailable, 503)
    );
    let ready = relay
        .call(axum::http::Method::GET, "/ready", None, None)
        .await;
    assert_eq!(ready.code(), ProblemCode::StorageUnavailable);
    other.execute_batch("ROLLBACK").unwrap();
    relay
        .post("/v1/register/finish", &finish)
        .await
        .ok::<Session>();
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    let relay = Relay::start().await;
    tokio::time::pause();
    let body = Body::from_stream(futures_util::stream::pending::<
        Result<Vec<u8>, std::io::Error>,
    >());
    let request = Request::post("/v1/login/start")
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .unwrap();
    let problem = relay.send(request).await.problem();
    assert_eq!((problem.code, problem.status), (ProblemCode::Timeout, 408));
}

#[tokio::test]
async fn an_invitation_made_beside_the_running_relay_lets_one_in() {
    let relay = Relay::with(|config| config.registration = WhoMayRegister::Invitation).await;
    let options = Invite {
        data: Data {
            data: relay.folder.0.clone(),
        },
        uses: 1,
        days: 1,
    };
    let code = app::invite::invite(&options).await.unwrap();
    assert_eq!(code.len(), 19, "{code}");
    for (code, status) in [
        (code.to_lowercase(), 200),
        (code.replace('-', " "), 200),
        (code.replace(&code[..1], "1"), 403),
    ] {
        let start = RegisterStart {
            username: "alice".into(),
            request: sotto_opaque::ClientRegistration::start(b"some password")
                .unwrap()
                .1
                .into(),
            invitation: Some(code.clone()),
        };
        let answer = relay.post("/v1/register/start", &start).await;
        assert_eq!(answer.status, status, "{code}");
    }
}

#[tokio::test]
async fn a_backup_of_a_running_relay_restores_every_account() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let copies = Folder::new();
    let options = Backup {
        data: Data {
            data: relay.folder.0.clone(),
        },
        file: copies.0.join("copy.db"),
    };
    app::backup::backup(&options).unwrap();
    assert!(app::backup::backup(&options).is_err(), "never over another");
    let restored = Folder::new();
    std::fs::copy(copies.0.join("copy.db"), restored.0.join("sotto.db")).unwrap();
    std::fs::copy(
        copies.0.join("copy.db.keys"),
        restored.0.join("opaque.keys"),
    )
    .unwrap();
    for copy in ["copy.db", "copy.db.keys"] {
        assert!(private(&copies.0.join(copy)));
    }
    let relay = Relay::in_folder(restored, |_| {}).await;
    relay
        .get("/v1/prekeys", &laptop.token)
        .await
        .ok::<PrekeyCount>();
    alice.login(&relay, &alice.password).await.unwrap();
}

fn private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).unwrap().permissions().mode() & 0o077 == 0
}

fn about<'a>(findings: &'a [Finding], what: &str) -> &'a Finding {
    findings.iter().find(|one| one.about == what).unwrap()
}

#[tokio::test]
async fn the_doctor_finds_what_is_wrong_and_leaves_everything_as_it_is() {
    let relay = Relay::start().await;
    let Relay { built, folder } = relay;
    let mut config = Config::for_tests(folder.0.clone());
    let beside = examine(&config).await;
    for what in [
        "data folder",
        "password keys",
        "database",
        "address",
        "clock",
    ] {
        assert_ne!(about(&beside, what).verdict, Verdict::Bad, "{beside:?}");
    }
    drop(built);

    // A folder of its own: what the relay has not closed yet must not mend what is broken here.
    let broken = folder.0.join("broken");
    std::fs::create_dir(&broken).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    config = Config::for_tests(broken.clone());
    config.listen = taken.local_addr().unwrap();
    config.tls_cert = Some(broken.join("no.pem"));
    config.tls_key = Some(broken.join("no.key"));
    std::fs::write(broken.join("opaque.keys"), b"short").unwrap();
    std::fs::write(broken.join("sotto.db"), vec![b'x'; 8192]).unwrap();
    let findings = examine(&config).await;
    for what in ["password keys", "database", "TLS"] {
        assert_eq!(about(&findings, what).verdict, Verdict::Bad, "{what}");
    }
    assert!(
        about(&findings, "address")
            .words
            .contains("something listens")
    );
    assert_eq!(std::fs::read(broken.join("opaque.keys")).unwrap(), b"short");

    std::fs::remove_file(broken.join("opaque.keys")).unwrap();
    let findings = examine(&config).await;
    assert!(about(&findings, "password keys").words.contains("backup"));
}
