//! Input that no honest client sends: every answer is a typed problem, and nothing is changed.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use rand_core::Rng as _;
use sotto_crypto_core::identity::{AccountId as CoreAccountId, DeviceList};
use sotto_protocol::{Bytes, DeviceId, ProblemCode, http::*};

use crate::support::*;

async fn raw(relay: &Relay, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body))
        .unwrap();
    relay.send(request).await
}

#[tokio::test]
async fn bodies_that_are_not_what_is_due() {
    let relay = Relay::start().await;
    let json = "application/json";
    let path = "/v1/login/start";
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"text\"",
        "{}",
        "{\"username\":5,\"request\":\"\"}",
        "{\"username\":\"a\",\"request\":\"not base64!\"}",
        "{\"username\":\"a\",\"request\":\"AA==\"}",
        "{\"username\":\"alice\",\"request\":\"AAAA\"} trailing",
        "\u{feff}{}",
    ] {
        let problem = raw(&relay, Method::POST, path, json, body.into())
            .await
            .problem();
        assert_eq!(
            (problem.code, problem.status),
            (ProblemCode::Malformed, 400),
            "{body}"
        );
    }
    let problem = raw(&relay, Method::POST, path, json, vec![0xff, 0xfe, 0])
        .await
        .problem();
    assert_eq!(problem.code, ProblemCode::Malformed);
    for kind in ["text/plain", "application/cbor", "application/jsonx", ""] {
        let problem = raw(&relay, Method::POST, path, kind, b"{}".to_vec())
            .await
            .problem();
        assert_eq!(
            (problem.code, problem.status),
            (ProblemCode::Malformed, 415),
            "{kind}"
        );
    }
    let huge = vec![b' '; sotto_protocol::limits::BODY_MAX + 1];
    let problem = raw(&relay, Method::POST, path, json, huge).await.problem();
    assert_eq!((problem.code, problem.status), (ProblemCode::TooLarge, 413));
    let long = format!(
        "{{\"username\":\"{}\",\"request\":\"AAAA\"}}",
        "a".repeat(300)
    );
    let problem = raw(&relay, Method::POST, path, json, long.into())
        .await
        .problem();
    assert_eq!(problem.code, ProblemCode::TooLarge);
}

#[tokio::test]
async fn errors_never_quote_what_was_sent() {
    let relay = Relay::start().await;
    let body = br#"{"username":{"secret":"hunter2"},"request":"hunter2"}"#.to_vec();
    let answer = raw(
        &relay,
        Method::POST,
        "/v1/login/start",
        "application/json",
        body,
    )
    .await;
    assert!(!String::from_utf8_lossy(&answer.body).contains("hunter2"));
}

#[tokio::test]
async fn paths_and_methods_that_there_are_not() {
    let relay = Relay::start().await;
    for path in [
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/register",
        "/v1/accounts/",
    ] {
        let problem = relay.call(Method::GET, path, None, None).await.problem();
        assert_eq!(
            (problem.code, problem.status),
            (ProblemCode::NotFound, 404),
            "{path}"
        );
    }
    for (method, path) in [
        (Method::GET, "/v1/login/start"),
        (Method::DELETE, "/v1/vault"),
        (Method::POST, "/health"),
        (Method::POST, "/"),
        (Method::PUT, "/anything"),
    ] {
        let problem = relay.call(method.clone(), path, None, None).await.problem();
        assert_eq!(
            (problem.code, problem.status),
            (ProblemCode::MethodNotAllowed, 405),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn tokens_that_are_none() {
    let mut rng = random();
    let relay = Relay::start().await;
    Human::register(&relay, "alice", &mut rng).await;
    for value in [
        None,
        Some("Bearer"),
        Some("Bearer "),
        Some("Bearer !!!"),
        Some("Basic YWxpY2U6eA"),
        Some("Bearer AAAA"),
        Some("Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ] {
        let mut request = Request::builder().uri("/v1/prekeys");
        if let Some(value) = value {
            request = request.header(header::AUTHORIZATION, value);
        }
        let answer = relay.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
        let problem = answer.problem();
        assert_eq!(
            (problem.code, problem.status),
            (ProblemCode::SessionExpired, 401),
            "{value:?}"
        );
    }
}

#[tokio::test]
async fn ids_and_queries_that_are_none() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (_, laptop) = Human::register(&relay, "alice", &mut rng).await;
    for path in [
        "/v1/accounts/xyz",
        "/v1/accounts/AAAA/device-lists",
        "/v1/accounts/%ff%fe",
        "/v1/users",
        "/v1/accounts/AAAAAAAAAAAAAAAAAAAAAA/device-lists?after=-1",
        "/v1/accounts/AAAAAAAAAAAAAAAAAAAAAA/device-lists?after=x",
    ] {
        assert_eq!(
            relay.get(path, &laptop.token).await.code(),
            ProblemCode::Malformed,
            "{path}"
        );
    }
    assert_eq!(
        relay
            .get("/v1/accounts/AAAAAAAAAAAAAAAAAAAAAA", &laptop.token)
            .await
            .code(),
        ProblemCode::AccountUnknown
    );
    for prefix in [
        "",
        "%25",
        "_%25",
        "%27%20OR%201=1",
        "a%00",
        "%f0%9f%99%82",
        "z",
    ] {
        let path = format!("/v1/users?prefix={prefix}");
        let people: People = relay.get(&path, &laptop.token).await.ok();
        assert!(people.people.is_empty(), "{prefix}");
    }
}

#[tokio::test]
async fn registrations_with_a_part_spoilt() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (person, mut device) = Human::new("mallory", "some password", &mut rng);
    let good = person.prepare(&relay, &mut device, &mut rng).await.unwrap();
    let (stranger, strangers) = Human::new("stranger", "x", &mut rng);
    let two = DeviceList::first(&person.secret, CoreAccountId::from_bytes(person.id.0), {
        let mut two = vec![
            device.certificate.clone(),
            Device::new(&person.secret, person.id, &mut rng).certificate,
        ];
        two.sort_by_key(|one| one.device());
        two
    })
    .unwrap();
    let later = person
        .list
        .next(&person.secret, person.list.devices().to_vec())
        .unwrap();

    let spoil = |change: &dyn Fn(&mut RegisterFinish)| {
        let mut spoilt = good.clone();
        change(&mut spoilt);
        spoilt
    };
    let flip = |bytes: &mut Bytes, at: usize| bytes.0[at] ^= 1;
    use ProblemCode::*;
    let cases: Vec<(&str, RegisterFinish, ProblemCode)> = vec![
        (
            "ceremony",
            spoil(&|f| flip(&mut f.ceremony, 0)),
            CeremonyExpired,
        ),
        (
            "record cut",
            spoil(&|f| f.record.0.truncate(191)),
            Malformed,
        ),
        (
            "account key cut",
            spoil(&|f| f.account_key.0.truncate(31)),
            Malformed,
        ),
        (
            "account key small order",
            spoil(&|f| f.account_key = vec![0; 32].into()),
            Malformed,
        ),
        (
            "account key foreign",
            spoil(&|f| f.account_key = stranger.secret.public().as_bytes().as_slice().into()),
            DeviceListRefused,
        ),
        (
            "recovery key",
            spoil(&|f| f.recovery_key = vec![0; 32].into()),
            Malformed,
        ),
        (
            "account id",
            spoil(&|f| f.account = stranger.id),
            DeviceListRefused,
        ),
        (
            "list bit",
            spoil(&|f| flip(&mut f.device.device_list, 100)),
            DeviceListRefused,
        ),
        (
            "list empty",
            spoil(&|f| f.device.device_list.0.clear()),
            DeviceListRefused,
        ),
        (
            "list long",
            spoil(&|f| f.device.device_list.0.push(0)),
            DeviceListRefused,
        ),
        (
            "list of two",
            spoil(&|f| f.device.device_list = two.encode().into()),
            DeviceListRefused,
        ),
        (
            "list later",
            spoil(&|f| f.device.device_list = later.encode().into()),
            DeviceListRefused,
        ),
        (
            "device id",
            spoil(&|f| f.device.device = strangers.id),
            DeviceListRefused,
        ),
        (
            "no signed prekey",
            spoil(&|f| f.device.prekeys.signed = None),
            PrekeysRefused,
        ),
        (
            "no last resort",
            spoil(&|f| f.device.prekeys.kem_last_resort = None),
            PrekeysRefused,
        ),
        (
            "signed prekey bit",
            spoil(&|f| flip(f.device.prekeys.signed.as_mut().unwrap(), 40)),
            SignatureInvalid,
        ),
        (
            "vault empty",
            spoil(&|f| f.vault.sealed.0.clear()),
            Malformed,
        ),
        ("vault version", spoil(&|f| f.vault.version = 2), Malformed),
        (
            "wrap",
            spoil(&|f| f.vault.recovery_wrap = vec![0; 600].into()),
            TooLarge,
        ),
    ];
    for (what, request, code) in cases {
        assert_eq!(
            relay.post("/v1/register/finish", &request).await.code(),
            code,
            "{what}"
        );
    }
    let session: Session = relay.post("/v1/register/finish", &good).await.ok();
    let again: Session = relay.post("/v1/register/finish", &good).await.ok();
    assert_eq!(session, again, "an answer that was lost is given again");
    let other = spoil(&|f| f.vault.sealed = vec![1; 9].into());
    assert_eq!(
        relay.post("/v1/register/finish", &other).await.code(),
        CeremonyExpired
    );
}

#[tokio::test]
async fn ids_are_nobody_elses_also_those_of_devices_that_are_gone() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (mut alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let phone = alice.sign_in(&relay, &mut rng).await;
    alice.list = alice.list_without(phone.id);
    let update = DeviceListUpdate {
        device_list: alice.list.encode().into(),
    };
    relay
        .put_as("/v1/device-list", &laptop.token, &update)
        .await
        .ok::<()>();

    for taken in [laptop.id, phone.id] {
        let (mut mallory, _) = Human::new("mallory", "some password", &mut rng);
        let mut device = Device::new(&mallory.secret, mallory.id, &mut rng);
        device.certificate = sotto_crypto_core::identity::DeviceCertificate::issue(
            &mallory.secret,
            CoreAccountId::from_bytes(mallory.id.0),
            sotto_crypto_core::identity::DeviceId::from_bytes(taken.0),
            &device.secret.public(),
            1,
        );
        device.id = taken;
        mallory.list = DeviceList::first(
            &mallory.secret,
            CoreAccountId::from_bytes(mallory.id.0),
            vec![device.certificate.clone()],
        )
        .unwrap();
        let finish = mallory
            .prepare(&relay, &mut device, &mut rng)
            .await
            .unwrap();
        assert_eq!(
            relay.post("/v1/register/finish", &finish).await.code(),
            ProblemCode::IdTaken,
            "a mailbox must not change hands"
        );
    }
}

#[tokio::test]
async fn device_lists_that_do_what_they_may_not() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (mut alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let stranger = Device::new(&alice.secret, alice.id, &mut rng);
    let put = async |list: &DeviceList| {
        let update = DeviceListUpdate {
            device_list: list.encode().into(),
        };
        relay
            .put_as("/v1/device-list", &laptop.token, &update)
            .await
    };
    assert_eq!(
        put(&alice.list_with(&stranger)).await.code(),
        ProblemCode::DeviceListRefused,
        "only enrolment adds a device"
    );

    let enrolment = alice.login(&relay, &alice.password).await.unwrap();
    let mut wanted = Device::new(&alice.secret, alice.id, &mut rng);
    let mut certificates = alice.list_with(&stranger).devices().to_vec();
    certificates.push(wanted.certificate.clone());
    certificates.sort_by_key(|one| one.device());
    let smuggling = alice.list.next(&alice.secret, certificates).unwrap();
    let new = NewDevice {
        device: wanted.id,
        device_list: smuggling.encode().into(),
        prekeys: wanted.prekeys(1, &mut rng),
    };
    assert_eq!(
        relay
            .post_as("/v1/devices", &enrolment.token, &new)
            .await
            .code(),
        ProblemCode::DeviceListRefused,
        "enrolment adds one device"
    );

    // The same device id with other keys.
    let mut other = Device::new(&alice.secret, alice.id, &mut rng);
    other.certificate = sotto_crypto_core::identity::DeviceCertificate::issue(
        &alice.secret,
        CoreAccountId::from_bytes(alice.id.0),
        alice.list.devices()[0].device(),
        &other.secret.public(),
        1,
    );
    let swapped = alice
        .list
        .next(&alice.secret, vec![other.certificate.clone()])
        .unwrap();
    assert_eq!(put(&swapped).await.code(), ProblemCode::DeviceListRefused);

    // A fork: the right version after another list.
    let first = alice.list.clone();
    let phone = alice.sign_in(&relay, &mut rng).await;
    let other_second = first.next(&alice.secret, first.devices().to_vec()).unwrap();
    let fork = other_second.next(&alice.secret, vec![]).unwrap();
    assert_eq!(put(&fork).await.code(), ProblemCode::DeviceListRefused);
    assert_eq!(
        put(&other_second).await.code(),
        ProblemCode::DeviceListConflict
    );
    let gap = alice
        .list
        .next(&alice.secret, alice.list.devices().to_vec())
        .unwrap()
        .next(&alice.secret, vec![])
        .unwrap();
    assert_eq!(put(&gap).await.code(), ProblemCode::DeviceListRefused);
    relay
        .get("/v1/prekeys", &phone.token)
        .await
        .ok::<PrekeyCount>();
}

#[tokio::test]
async fn an_account_has_32_devices_at_most() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (alice, _) = Human::register(&relay, "alice", &mut rng).await;
    let enrolment = alice.login(&relay, &alice.password).await.unwrap();
    let mut bytes = alice.list.encode();
    bytes[57] = 33;
    bytes.extend_from_slice(&[0; 169]);
    let mut device = Device::new(&alice.secret, alice.id, &mut rng);
    let new = NewDevice {
        device: device.id,
        device_list: bytes.into(),
        prekeys: device.prekeys(0, &mut rng),
    };
    assert_eq!(
        relay
            .post_as("/v1/devices", &enrolment.token, &new)
            .await
            .code(),
        ProblemCode::TooManyDevices
    );
}

#[tokio::test]
async fn guessing_is_slowed_alike_for_names_that_exist_and_names_that_do_not() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (alice, _) = Human::register(&relay, "alice", &mut rng).await;
    let folder = relay.folder;
    drop(relay.built);
    let relay = Relay::in_folder(folder, |config| config.limits_factor = 1).await;
    for name in ["alice", "nobody"] {
        let mut tries = 0;
        let answer = loop {
            let (_, request) = sotto_opaque::ClientLogin::start(b"guess").unwrap();
            let start = LoginStart {
                username: name.into(),
                request: request.into(),
            };
            let answer = relay.post("/v1/login/start", &start).await;
            if answer.status != 200 {
                break answer;
            }
            tries += 1;
            assert!(tries < 20, "{name} is never slowed");
        };
        assert_eq!(tries, 6, "{name}");
        assert!(answer.headers.contains_key(header::RETRY_AFTER));
        let problem = answer.problem();
        assert_eq!(
            (problem.code, problem.status),
            (ProblemCode::RateLimited, 429)
        );
        assert!(problem.retry_after_ms.unwrap() > 0);
    }
    // A client that claims to come from elsewhere is not believed.
    let (_, request) = sotto_opaque::ClientLogin::start(b"guess").unwrap();
    let start = LoginStart {
        username: alice.name.clone(),
        request: request.into(),
    };
    let request = Request::post("/v1/login/start")
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-forwarded-for", "203.0.113.9")
        .body(Body::from(serde_json::to_vec(&start).unwrap()))
        .unwrap();
    assert_eq!(relay.send(request).await.code(), ProblemCode::RateLimited);
}

#[tokio::test]
async fn random_bodies_at_every_path_end_in_a_problem() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (_, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let document = relay.json("/openapi.json").await;
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{account}", &DeviceId([3; 16]).to_string());
        for (method, operation) in methods.as_object().unwrap() {
            if operation.get("requestBody").is_none() {
                continue;
            }
            let method: Method = method.to_uppercase().parse().unwrap();
            for _ in 0..20 {
                let mut body = vec![0; (rng.next_u32() % 200) as usize];
                rng.fill_bytes(&mut body);
                if rng.next_u32().is_multiple_of(2) {
                    body = format!(
                        "{{\"username\":\"bob\",\"request\":\"{}\",\"ceremony\":\"{}\"}}",
                        Bytes::from(body.clone())
                            .iter()
                            .map(|b| char::from(b'A' + b % 26))
                            .collect::<String>(),
                        "AAAA"
                    )
                    .into_bytes();
                }
                let answer = relay
                    .call(method.clone(), &path, Some(&laptop.token), Some(body))
                    .await;
                // Nothing to add is a good upload of prekeys.
                if path != "/v1/prekeys" || answer.status != 200 {
                    let problem = answer.problem();
                    assert!(problem.status < 500, "{path}: {problem:?}");
                }
                asked += 1;
            }
        }
    }
    assert!(asked > 200);
}
