//! Registration, sign-in, recovery, devices, sessions, vault: whole ceremonies.

use axum::http::Method;
use serde_json::Value;
use sotto_opaque::ClientRegistration;
use sotto_protocol::{Bytes, ProblemCode, http::*};
use sotto_server::{config::WhoMayRegister, domain::accounts::registration::invitation_hash};

use crate::support::*;

#[tokio::test]
async fn register_search_sign_in_elsewhere_and_remove_a_device() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (mut alice, laptop) = Human::register(&relay, "Alice", &mut rng).await;
    let (_, bobs) = Human::register(&relay, "bob", &mut rng).await;

    let people: People = relay.get("/v1/users?prefix=aL", &bobs.token).await.ok();
    assert_eq!(people.people.len(), 1);
    assert_eq!(people.people[0].username.as_str(), "Alice");
    assert_eq!(people.people[0].account, alice.id);

    let phone = alice.sign_in(&relay, &mut rng).await;
    let path = format!("/v1/accounts/{}/device-lists?after=0", alice.id);
    let lists: DeviceLists = relay.get(&path, &bobs.token).await.ok();
    assert_eq!((lists.newest, lists.lists.len()), (2, 2));
    assert_eq!(lists.lists[1].0, alice.list.encode());
    assert_eq!(
        lists.account_key.0,
        alice.secret.public().as_bytes(),
        "a new browser is not a new person"
    );

    let without = alice.list_without(phone.id);
    let update = DeviceListUpdate {
        device_list: without.encode().into(),
    };
    relay
        .put_as("/v1/device-list", &laptop.token, &update)
        .await
        .ok::<()>();
    assert_eq!(
        relay.get("/v1/prekeys", &phone.token).await.code(),
        ProblemCode::DeviceRevoked
    );
    relay
        .get("/v1/prekeys", &laptop.token)
        .await
        .ok::<PrekeyCount>();
}

#[tokio::test]
async fn the_last_device_may_sign_out_and_the_password_still_opens_the_account() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (mut alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    alice.list = alice.list_without(laptop.id);
    let update = DeviceListUpdate {
        device_list: alice.list.encode().into(),
    };
    relay
        .put_as("/v1/device-list", &laptop.token, &update)
        .await
        .ok::<()>();
    let again = alice.sign_in(&relay, &mut rng).await;
    relay
        .get("/v1/prekeys", &again.token)
        .await
        .ok::<PrekeyCount>();
}

#[tokio::test]
async fn user_names_are_judged_with_a_code_for_each_reason() {
    let mut rng = random();
    let relay = Relay::start().await;
    Human::register(&relay, "Alice", &mut rng).await;
    for (name, code) in [
        ("al", ProblemCode::UsernameInvalid),
        ("al ice", ProblemCode::UsernameInvalid),
        ("älice", ProblemCode::UsernameInvalid),
        ("alice\0", ProblemCode::UsernameInvalid),
        ("", ProblemCode::UsernameInvalid),
        ("ADMIN", ProblemCode::UsernameReserved),
        ("aLICE", ProblemCode::UsernameTaken),
    ] {
        let (person, mut device) = Human::new(name, "some password", &mut rng);
        let problem = person
            .prepare(&relay, &mut device, &mut rng)
            .await
            .unwrap_err();
        assert_eq!(problem.code, code, "{name:?}");
    }
}

#[tokio::test]
async fn of_many_who_take_the_same_name_at_once_one_gets_it() {
    let mut rng = random();
    let relay = Relay::start().await;
    let mut ready = Vec::new();
    for name in ["Carol", "carol", "CAROL", "cArol"] {
        let (person, mut device) = Human::new(name, "some password", &mut rng);
        ready.push(person.prepare(&relay, &mut device, &mut rng).await.unwrap());
    }
    let answers = futures_util::future::join_all(
        ready
            .iter()
            .map(|finish| relay.post("/v1/register/finish", finish)),
    )
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|one| one.status == 200);
    assert_eq!(won.len(), 1);
    for answer in lost {
        assert_eq!(answer.code(), ProblemCode::UsernameTaken);
    }
}

#[tokio::test]
async fn unknown_user_and_wrong_password_can_not_be_told_apart() {
    let mut rng = random();
    let relay = Relay::start().await;
    Human::register(&relay, "alice", &mut rng).await;
    let mut seen = Vec::new();
    for name in ["alice", "nobody", "no name at all!", "ADMIN"] {
        let (state, request) = sotto_opaque::ClientLogin::start(b"wrong").unwrap();
        let start = LoginStart {
            username: name.into(),
            request: request.into(),
        };
        let answer = relay.post("/v1/login/start", &start).await;
        let status = answer.status;
        let headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        let started: LoginStarted = answer.ok();
        let shape = (
            status,
            headers,
            started.ceremony.len(),
            started.response.len(),
        );
        assert!(state.finish(&started.response, name).is_err());
        let finish = LoginFinish {
            ceremony: started.ceremony,
            finalization: vec![0; 64].into(),
        };
        let answer = relay.post("/v1/login/finish", &finish).await;
        let headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.code(), ProblemCode::CredentialsWrong);
        seen.push((shape, headers, body));
    }
    for one in &seen {
        assert_eq!(one, &seen[0]);
    }
}

#[tokio::test]
async fn unknown_user_and_wrong_recovery_key_can_not_be_told_apart() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (alice, _) = Human::register(&relay, "alice", &mut rng).await;
    let (stranger, _) = Human::new("stranger", "x", &mut rng);
    let mut seen = Vec::new();
    for name in ["alice", "nobody", "?"] {
        let (_, request) = ClientRegistration::start(b"new password").unwrap();
        let start = RecoveryStart {
            username: name.into(),
            request: request.into(),
        };
        let answer = relay.post("/v1/recovery/start", &start).await;
        let status = answer.status;
        let started: RecoveryStarted = answer.ok();
        let open = RecoveryOpen {
            ceremony: started.ceremony,
            signature: stranger
                .recovery
                .sign_challenge(&started.challenge)
                .as_bytes()
                .as_slice()
                .into(),
        };
        let answer = relay.post("/v1/recovery/open", &open).await;
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.code(), ProblemCode::CredentialsWrong);
        seen.push((
            status,
            started.challenge.len(),
            started.response.len(),
            body,
        ));
    }
    assert!(seen.iter().all(|one| one == &seen[0]), "{seen:?}");
    drop(alice);
}

#[tokio::test]
async fn an_unknown_name_meets_the_same_decoy_at_every_try() {
    // The OPRF's answer to one blinded element: the first 32 bytes of KE2.
    let relay = Relay::start().await;
    let (_, request) = sotto_opaque::ClientLogin::start(b"guess").unwrap();
    let mut answers = Vec::new();
    for name in ["nobody", "nobody", "NoBody", "somebody"] {
        let start = LoginStart {
            username: name.into(),
            request: request.clone().into(),
        };
        let started: LoginStarted = relay.post("/v1/login/start", &start).await.ok();
        answers.push(started.response[..32].to_vec());
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    assert_ne!(answers[0], answers[3]);
}

#[tokio::test]
async fn registration_and_recovery_evaluate_under_other_keys_than_the_password_in_use() {
    // Otherwise anybody could try passwords offline against one login response.
    let mut rng = random();
    let relay = Relay::start().await;
    Human::register(&relay, "alice", &mut rng).await;
    let (_, login) = sotto_opaque::ClientLogin::start(b"guess").unwrap();
    let blinded = Bytes::from(&login[..32]);
    let start = LoginStart {
        username: "alice".into(),
        request: login.into(),
    };
    let in_use: LoginStarted = relay.post("/v1/login/start", &start).await.ok();
    let start = RecoveryStart {
        username: "alice".into(),
        request: blinded,
    };
    let one: RecoveryStarted = relay.post("/v1/recovery/start", &start).await.ok();
    let two: RecoveryStarted = relay.post("/v1/recovery/start", &start).await.ok();
    assert_ne!(in_use.response[..32], one.response[..32]);
    assert_ne!(one.response[..32], two.response[..32]);
}

#[tokio::test]
async fn a_recovery_key_and_a_new_password_bring_the_same_account_back() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (mut alice, _lost) = Human::register(&relay, "alice", &mut rng).await;

    let (state, request) = ClientRegistration::start(b"the new password").unwrap();
    let start = RecoveryStart {
        username: "ALICE".into(),
        request: request.into(),
    };
    let started: RecoveryStarted = relay.post("/v1/recovery/start", &start).await.ok();
    let open = RecoveryOpen {
        ceremony: started.ceremony,
        signature: alice
            .recovery
            .sign_challenge(&started.challenge)
            .as_bytes()
            .as_slice()
            .into(),
    };
    let enrolment: Enrolment = relay.post("/v1/recovery/open", &open).await.ok();
    assert_eq!(enrolment.account, alice.id);
    assert_eq!(enrolment.vault, alice.vault);

    let mut device = Device::new(&alice.secret, alice.id, &mut rng);
    let list = alice.list_with(&device);
    let new = NewDevice {
        device: device.id,
        device_list: list.encode().into(),
        prekeys: device.prekeys(3, &mut rng),
    };
    // The token is good for recovery's end alone, not for enrolling with the old password still in place.
    assert_eq!(
        relay
            .post_as("/v1/devices", &enrolment.token, &new)
            .await
            .code(),
        ProblemCode::SessionExpired
    );
    let vault = Vault {
        version: 2,
        password_wrap: vec![1; 80].into(),
        ..alice.vault.clone()
    };
    let registered = state.finish(&started.response, "alice").unwrap();
    let finish = RecoveryFinish {
        record: registered.upload.into(),
        vault: vault.clone(),
        device: new,
    };
    let session: Session = relay
        .post_as("/v1/recovery/finish", &enrolment.token, &finish)
        .await
        .ok();
    device.token = session.token;
    assert_eq!(
        relay.get("/v1/vault", &device.token).await.ok::<Vault>(),
        vault
    );
    assert_eq!(
        alice.login(&relay, &alice.password).await.unwrap_err(),
        ProblemCode::CredentialsWrong
    );
    alice.password = "the new password".into();
    let enrolment = alice.login(&relay, &alice.password).await.unwrap();
    assert_eq!(enrolment.account_key.0, alice.secret.public().as_bytes());
}

#[tokio::test]
async fn a_device_changes_the_password_and_only_the_new_one_works() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let (state, request) = ClientRegistration::start(b"another password").unwrap();
    let start = PasswordStart {
        request: request.into(),
    };
    let started: RegisterStarted = relay
        .post_as("/v1/password/start", &laptop.token, &start)
        .await
        .ok();
    let registered = state.finish(&started.response, "alice").unwrap();
    let mut finish = PasswordFinish {
        ceremony: started.ceremony,
        record: registered.upload.into(),
        vault: Vault {
            version: 3,
            ..alice.vault.clone()
        },
    };
    assert_eq!(
        relay
            .post_as("/v1/password/finish", &laptop.token, &finish)
            .await
            .code(),
        ProblemCode::VaultConflict
    );
    alice.login(&relay, &alice.password).await.unwrap();
    finish.vault.version = 2;
    relay
        .post_as("/v1/password/finish", &laptop.token, &finish)
        .await
        .ok::<()>();
    assert!(alice.login(&relay, &alice.password).await.is_err());
    alice.login(&relay, "another password").await.unwrap();
}

#[tokio::test]
async fn of_two_devices_that_enrol_at_once_one_is_told_to_fetch_the_list_and_then_gets_in() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (mut alice, _laptop) = Human::register(&relay, "alice", &mut rng).await;
    let first = alice.login(&relay, &alice.password).await.unwrap();
    let second = alice.login(&relay, &alice.password).await.unwrap();
    let mut phone = Device::new(&alice.secret, alice.id, &mut rng);
    let mut tablet = Device::new(&alice.secret, alice.id, &mut rng);
    let list_one = alice.list_with(&phone);
    let one = NewDevice {
        device: phone.id,
        device_list: list_one.encode().into(),
        prekeys: phone.prekeys(2, &mut rng),
    };
    let mut two = NewDevice {
        device: tablet.id,
        device_list: alice.list_with(&tablet).encode().into(),
        prekeys: tablet.prekeys(2, &mut rng),
    };
    relay
        .post_as("/v1/devices", &first.token, &one)
        .await
        .ok::<Session>();
    let problem = relay
        .post_as("/v1/devices", &second.token, &two)
        .await
        .problem();
    assert_eq!(problem.code, ProblemCode::DeviceListConflict);
    assert_eq!(problem.device_list, Some(2));

    let path = format!("/v1/accounts/{}/device-lists?after=1", alice.id);
    let lists: DeviceLists = relay.get(&path, &second.token).await.ok();
    alice.adopt(&lists.lists[0]);
    two.device_list = alice.list_with(&tablet).encode().into();
    let session: Session = relay.post_as("/v1/devices", &second.token, &two).await.ok();
    let again: Session = relay.post_as("/v1/devices", &second.token, &two).await.ok();
    assert_eq!(session, again, "an answer that was lost is given again");
    let mut watch = Device::new(&alice.secret, alice.id, &mut rng);
    alice.list = alice.list_with(&tablet);
    let three = NewDevice {
        device: watch.id,
        device_list: alice.list_with(&watch).encode().into(),
        prekeys: watch.prekeys(2, &mut rng),
    };
    assert_eq!(
        relay
            .post_as("/v1/devices", &second.token, &three)
            .await
            .code(),
        ProblemCode::SessionExpired,
        "an enrolment token enrols one device"
    );
}

#[tokio::test]
async fn sessions_are_renewed_by_signature_and_end_when_told() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let request = ChallengeRequest {
        account: alice.id,
        device: laptop.id,
    };
    let challenge: Challenge = relay.post("/v1/session/challenge", &request).await.ok();
    let sign = |secret: &sotto_crypto_core::identity::DeviceSecret, challenge: &Bytes| {
        Bytes::from(secret.sign_challenge(challenge).as_bytes().as_slice())
    };
    let mut proof = SessionRequest {
        account: alice.id,
        device: laptop.id,
        signature: sign(&laptop.secret, &challenge.challenge),
        challenge: challenge.challenge,
    };
    let session: Session = relay.post("/v1/session", &proof).await.ok();
    assert_eq!(
        relay.post("/v1/session", &proof).await.code(),
        ProblemCode::CeremonyExpired,
        "a challenge is good once"
    );
    relay
        .get("/v1/prekeys", &session.token)
        .await
        .ok::<PrekeyCount>();

    let challenge: Challenge = relay.post("/v1/session/challenge", &request).await.ok();
    let (_, other) = Human::new("eve", "x", &mut rng);
    proof.signature = sign(&other.secret, &challenge.challenge);
    proof.challenge = challenge.challenge;
    assert_eq!(
        relay.post("/v1/session", &proof).await.code(),
        ProblemCode::SignatureInvalid
    );

    relay
        .call(Method::DELETE, "/v1/session", Some(&session.token), None)
        .await
        .ok::<()>();
    assert_eq!(
        relay.get("/v1/prekeys", &session.token).await.code(),
        ProblemCode::SessionExpired
    );
    relay
        .get("/v1/prekeys", &laptop.token)
        .await
        .ok::<PrekeyCount>();
}

#[tokio::test]
async fn a_revoked_device_is_told_so_when_it_renews() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (mut alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let phone = alice.sign_in(&relay, &mut rng).await;
    let update = DeviceListUpdate {
        device_list: alice.list_without(phone.id).encode().into(),
    };
    relay
        .put_as("/v1/device-list", &laptop.token, &update)
        .await
        .ok::<()>();
    let request = ChallengeRequest {
        account: alice.id,
        device: phone.id,
    };
    let challenge: Challenge = relay.post("/v1/session/challenge", &request).await.ok();
    let proof = SessionRequest {
        account: alice.id,
        device: phone.id,
        signature: phone
            .secret
            .sign_challenge(&challenge.challenge)
            .as_bytes()
            .as_slice()
            .into(),
        challenge: challenge.challenge,
    };
    assert_eq!(
        relay.post("/v1/session", &proof).await.code(),
        ProblemCode::DeviceRevoked
    );
}

#[tokio::test]
async fn the_vault_has_one_next_version_and_its_writer_is_told_of_another() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let next = |version, byte| Vault {
        version,
        sealed: vec![byte; 200].into(),
        ..alice.vault.clone()
    };
    relay
        .put_as("/v1/vault", &laptop.token, &next(2, 1))
        .await
        .ok::<()>();
    relay
        .put_as("/v1/vault", &laptop.token, &next(2, 1))
        .await
        .ok::<()>();
    for (version, byte) in [(2, 2), (1, 1), (4, 1)] {
        assert_eq!(
            relay
                .put_as("/v1/vault", &laptop.token, &next(version, byte))
                .await
                .code(),
            ProblemCode::VaultConflict
        );
    }
    let mut huge = next(3, 1);
    huge.sealed = vec![0; sotto_protocol::limits::VAULT_MAX + 1].into();
    assert_eq!(
        relay.put_as("/v1/vault", &laptop.token, &huge).await.code(),
        ProblemCode::TooLarge
    );
    assert_eq!(
        relay.get("/v1/vault", &laptop.token).await.ok::<Vault>(),
        next(2, 1)
    );
}

#[tokio::test]
async fn registration_can_be_closed_or_by_invitation() {
    let mut rng = random();
    let closed = Relay::with(|config| config.registration = WhoMayRegister::Closed).await;
    let (person, mut device) = Human::new("alice", "some password", &mut rng);
    let problem = person
        .prepare(&closed, &mut device, &mut rng)
        .await
        .unwrap_err();
    assert_eq!(problem.code, ProblemCode::RegistrationClosed);
    let info = closed.json("/v1/server").await;
    assert_eq!(info["registration"], "closed");

    let relay = Relay::with(|config| config.registration = WhoMayRegister::Invitation).await;
    let problem = person
        .prepare(&relay, &mut device, &mut rng)
        .await
        .unwrap_err();
    assert_eq!(problem.code, ProblemCode::InvitationRequired);
    let store = &relay.built.parts.store;
    store
        .add_invitation(invitation_hash("the code"), 1, u64::MAX / 4)
        .await
        .unwrap();
    store
        .add_invitation(invitation_hash("an old code"), 1, 1)
        .await
        .unwrap();
    let start = |username: &str, code: &str| RegisterStart {
        username: username.into(),
        request: ClientRegistration::start(b"some password")
            .unwrap()
            .1
            .into(),
        invitation: Some(code.into()),
    };
    for wrong in ["another code", "an old code", ""] {
        assert_eq!(
            relay
                .post("/v1/register/start", &start("alice", wrong))
                .await
                .code(),
            ProblemCode::InvitationRequired
        );
    }
    // Two start with it, one gets in.
    let mut started = Vec::new();
    for name in ["alice", "bob"] {
        let (state, request) = ClientRegistration::start(b"some password").unwrap();
        let start = RegisterStart {
            request: request.into(),
            ..start(name, " the code\n")
        };
        let answer: RegisterStarted = relay.post("/v1/register/start", &start).await.ok();
        started.push((name, state, answer));
    }
    let mut answers = Vec::new();
    for (name, state, started) in started {
        let (person, mut device) = Human::new(name, "some password", &mut rng);
        let finish = RegisterFinish {
            ceremony: started.ceremony,
            record: state.finish(&started.response, name).unwrap().upload.into(),
            account: person.id,
            account_key: person.secret.public().as_bytes().as_slice().into(),
            recovery_key: person
                .recovery
                .signing_secret()
                .public()
                .as_bytes()
                .as_slice()
                .into(),
            vault: person.vault.clone(),
            device: NewDevice {
                device: device.id,
                device_list: person.list.encode().into(),
                prekeys: device.prekeys(1, &mut rng),
            },
        };
        answers.push(relay.post("/v1/register/finish", &finish).await);
    }
    let second = answers.pop().unwrap();
    answers.pop().unwrap().ok::<Session>();
    assert_eq!(second.code(), ProblemCode::InvitationRequired);
}

#[tokio::test]
async fn a_person_sees_everything_that_is_held_about_them() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (mut alice, laptop) = Human::register(&relay, "Alice", &mut rng).await;
    alice.sign_in(&relay, &mut rng).await;
    let held: Held = relay.get("/v1/account/held", &laptop.token).await.ok();
    assert_eq!(held.username.as_str(), "Alice");
    assert_eq!(held.devices.len(), 2);
    assert_eq!(held.vault_bytes, 500);
    assert_eq!(held.registered_on % (24 * 60 * 60 * 1000), 0, "to the day");
    assert!(
        held.devices
            .iter()
            .all(|device| device.prekeys.one_time == 5)
    );
}

#[tokio::test]
async fn accounts_and_sessions_outlive_a_restart_and_the_files_hold_no_secret() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let Relay { built, folder } = relay;
    drop(built);
    let relay = Relay::in_folder(folder, |_| {}).await;
    relay
        .get("/v1/prekeys", &laptop.token)
        .await
        .ok::<PrekeyCount>();
    let enrolment = alice.login(&relay, &alice.password).await.unwrap();

    let secrets: Vec<(&str, Vec<u8>)> = vec![
        ("password", alice.password.clone().into_bytes()),
        ("account secret", alice.secret.to_bytes().to_vec()),
        ("device secret", laptop.secret.to_bytes()[..32].to_vec()),
        ("session token", laptop.token.0.clone()),
        ("enrolment token", enrolment.token.0.clone()),
        (
            "recovery signing key",
            alice.recovery.signing_secret().to_bytes().to_vec(),
        ),
        (
            "relay's keys",
            std::fs::read(relay.folder.0.join("opaque.keys")).unwrap(),
        ),
    ];
    for entry in std::fs::read_dir(&relay.folder.0).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "opaque.keys" {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "only its owner reads the keys");
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for (what, secret) in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{what} in {name}");
        }
    }
}

#[tokio::test]
async fn lost_keys_are_not_quietly_replaced() {
    let relay = Relay::start().await;
    let Relay { built, folder } = relay;
    drop(built);
    std::fs::remove_file(folder.0.join("opaque.keys")).unwrap();
    let config = sotto_server::config::Config::for_tests(folder.0.clone());
    let Err(error) = sotto_server::app::build(&config).await else {
        panic!("started with new keys");
    };
    assert!(error.to_string().contains("backup"), "{error}");
}
