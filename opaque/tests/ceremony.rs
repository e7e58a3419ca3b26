//! Both halves against each other, as two people, a guesser and a meddler would use them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the steps that a test shares with others fail like the test itself"
)]

use sotto_opaque::{
    ClientLogin, ClientRegistration, EXPORT_KEY_BYTES, LOGIN_FINALIZATION_BYTES,
    LOGIN_REQUEST_BYTES, LOGIN_RESPONSE_BYTES, LoggedIn, OpaqueError, RECORD_BYTES,
    REGISTRATION_REQUEST_BYTES, REGISTRATION_RESPONSE_BYTES, REGISTRATION_UPLOAD_BYTES,
    SERVER_SETUP_BYTES, ServerLogin, ServerSetup, server_login_finish, server_login_start,
    server_registration_record, server_registration_response,
};

const PASSWORD: &[u8] = "correct horse bättery staple".as_bytes();

/// The relay draws one per registration.
const CREDENTIAL_ID: &[u8] = &[7; 32];

struct Account {
    record: Vec<u8>,
    export_key: [u8; EXPORT_KEY_BYTES],
}

fn register(setup: &ServerSetup, user_name: &str, password: &[u8]) -> Account {
    let (client, request) = ClientRegistration::start(password).unwrap();
    assert_eq!(request.len(), REGISTRATION_REQUEST_BYTES);
    let response = server_registration_response(setup, &request, CREDENTIAL_ID).unwrap();
    assert_eq!(response.len(), REGISTRATION_RESPONSE_BYTES);
    let registered = client.finish(&response, user_name).unwrap();
    assert_eq!(registered.upload.len(), REGISTRATION_UPLOAD_BYTES);
    let record = server_registration_record(&registered.upload).unwrap();
    assert_eq!(record.len(), RECORD_BYTES);
    Account {
        record,
        export_key: *registered.export_key,
    }
}

fn log_in(
    setup: &ServerSetup,
    record: Option<&[u8]>,
    user_name: &str,
    password: &[u8],
) -> Result<(LoggedIn, ServerLogin), OpaqueError> {
    let (client, request) = ClientLogin::start(password).unwrap();
    assert_eq!(request.len(), LOGIN_REQUEST_BYTES);
    let (response, server) =
        server_login_start(setup, record, &request, CREDENTIAL_ID, user_name).unwrap();
    assert_eq!(response.len(), LOGIN_RESPONSE_BYTES);
    let client = client.finish(&response, user_name)?;
    assert_eq!(client.finalization.len(), LOGIN_FINALIZATION_BYTES);
    Ok((client, server))
}

fn failure<T>(result: Result<T, OpaqueError>) -> OpaqueError {
    match result {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error,
    }
}

#[test]
fn the_right_password_gives_both_sides_the_same_session_key() {
    let setup = ServerSetup::generate().unwrap();
    let account = register(&setup, "alice", PASSWORD);

    let (client, server) = log_in(&setup, Some(&account.record), "alice", PASSWORD).unwrap();
    let session_key = server_login_finish(server, &client.finalization).unwrap();

    assert_eq!(*client.session_key, *session_key);
    assert_eq!(*client.export_key, account.export_key);
}

#[test]
fn a_user_name_has_no_case() {
    let setup = ServerSetup::generate().unwrap();
    let account = register(&setup, "Alice", PASSWORD);

    let (client, server) = log_in(&setup, Some(&account.record), "aLICE", PASSWORD).unwrap();

    assert_eq!(*client.export_key, account.export_key);
    assert!(server_login_finish(server, &client.finalization).is_ok());
}

#[test]
fn everything_that_is_kept_survives_a_restart_of_the_server() {
    let setup = ServerSetup::generate().unwrap();
    let account = register(&setup, "alice", PASSWORD);
    let stored = setup.to_bytes();
    assert_eq!(stored.len(), SERVER_SETUP_BYTES);

    let setup = ServerSetup::from_bytes(&stored).unwrap();
    let (client, server) = log_in(&setup, Some(&account.record), "alice", PASSWORD).unwrap();
    let server = ServerLogin::from_bytes(&server.to_bytes()).unwrap();

    let session_key = server_login_finish(server, &client.finalization).unwrap();
    assert_eq!(*client.session_key, *session_key);
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_the_same_to_the_guesser() {
    let setup = ServerSetup::generate().unwrap();
    let account = register(&setup, "alice", PASSWORD);

    let wrong = failure(log_in(
        &setup,
        Some(&account.record),
        "alice",
        b"correct horse",
    ));
    let unknown = failure(log_in(&setup, None, "bob", PASSWORD));

    assert_eq!(wrong, OpaqueError::WrongPassword);
    assert_eq!(unknown, OpaqueError::WrongPassword);
}

/// The first 32 bytes of a response depend on the account's key and the request alone. If they changed from try to try
/// for unknown users only, two tries would tell.
#[test]
fn a_decoy_answers_the_same_request_as_steadily_as_an_account_does() {
    let setup = ServerSetup::generate().unwrap();
    let account = register(&setup, "alice", PASSWORD);
    let (_, request) = ClientLogin::start(PASSWORD).unwrap();

    for (record, user_name) in [(Some(account.record.as_slice()), "alice"), (None, "bob")] {
        let (first, _) =
            server_login_start(&setup, record, &request, CREDENTIAL_ID, user_name).unwrap();
        let (second, _) =
            server_login_start(&setup, record, &request, CREDENTIAL_ID, user_name).unwrap();
        assert_eq!(first[..32], second[..32], "{user_name}: the evaluation");
        for part in [32..64, 64..192, 192..224, 224..256, 256..320] {
            assert_ne!(
                first[part.clone()],
                second[part.clone()],
                "{user_name}: {part:?}"
            );
        }
    }
}

/// What the relay hands out before anybody has signed in must be of no use against an account's password.
#[test]
fn an_evaluation_under_another_credential_id_says_nothing() {
    let setup = ServerSetup::generate().unwrap();
    let (_, request) = ClientRegistration::start(PASSWORD).unwrap();
    let one = server_registration_response(&setup, &request, &[1; 32]).unwrap();
    let other = server_registration_response(&setup, &request, &[2; 32]).unwrap();
    assert_ne!(one[..32], other[..32]);

    let account = register(&setup, "alice", PASSWORD);
    let (client, request) = ClientLogin::start(PASSWORD).unwrap();
    let (response, _) =
        server_login_start(&setup, Some(&account.record), &request, &[8; 32], "alice").unwrap();
    assert_eq!(
        failure(client.finish(&response, "alice")),
        OpaqueError::WrongPassword
    );
}

#[test]
fn one_account_s_record_is_of_no_use_under_another_name() {
    let setup = ServerSetup::generate().unwrap();
    let account = register(&setup, "alice", PASSWORD);

    let swapped = failure(log_in(&setup, Some(&account.record), "mallory", PASSWORD));

    assert_eq!(swapped, OpaqueError::WrongPassword);
}

#[test]
fn a_server_with_another_setup_is_not_the_server_of_the_registration() {
    let account = register(&ServerSetup::generate().unwrap(), "alice", PASSWORD);
    let impostor = ServerSetup::generate().unwrap();

    let error = failure(log_in(&impostor, Some(&account.record), "alice", PASSWORD));

    assert_eq!(error, OpaqueError::WrongPassword);
}

#[test]
fn a_response_changed_anywhere_is_refused() {
    let setup = ServerSetup::generate().unwrap();
    let account = register(&setup, "alice", PASSWORD);

    // One bit in each part: evaluation, masking nonce, masked key, masked nonce, masked tag, nonce, key share, tag.
    for position in [0, 32, 64, 96, 128, 192, 224, 256, 319] {
        let (client, request) = ClientLogin::start(PASSWORD).unwrap();
        let (mut response, _) = server_login_start(
            &setup,
            Some(&account.record),
            &request,
            CREDENTIAL_ID,
            "alice",
        )
        .unwrap();
        response[position] ^= 1;
        let error = failure(client.finish(&response, "alice"));
        assert!(
            matches!(
                error,
                OpaqueError::WrongPassword | OpaqueError::Malformed { .. }
            ),
            "byte {position}: {error}"
        );
    }
}

#[test]
fn a_finalization_changed_anywhere_is_refused() {
    let setup = ServerSetup::generate().unwrap();
    let account = register(&setup, "alice", PASSWORD);
    let (client, server) = log_in(&setup, Some(&account.record), "alice", PASSWORD).unwrap();
    let kept = server.to_bytes();

    for position in 0..LOGIN_FINALIZATION_BYTES {
        let mut finalization = client.finalization.clone();
        finalization[position] ^= 0x80;
        let server = ServerLogin::from_bytes(&kept).unwrap();
        assert_eq!(
            failure(server_login_finish(server, &finalization)),
            OpaqueError::WrongPassword
        );
    }
}

#[test]
fn a_finalization_can_t_be_replayed_into_another_login() {
    let setup = ServerSetup::generate().unwrap();
    let account = register(&setup, "alice", PASSWORD);
    let (first, _) = log_in(&setup, Some(&account.record), "alice", PASSWORD).unwrap();
    let (_, server) = log_in(&setup, Some(&account.record), "alice", PASSWORD).unwrap();

    assert_eq!(
        failure(server_login_finish(server, &first.finalization)),
        OpaqueError::WrongPassword
    );
}

#[test]
fn a_server_that_reflects_the_request_is_refused() {
    let setup = ServerSetup::generate().unwrap();
    let (client, request) = ClientRegistration::start(PASSWORD).unwrap();
    let mut response = server_registration_response(&setup, &request, CREDENTIAL_ID).unwrap();
    response[..32].copy_from_slice(&request);

    assert!(matches!(
        failure(client.finish(&response, "alice")),
        OpaqueError::Malformed { .. }
    ));
}

#[test]
fn every_message_has_one_length() {
    let setup = ServerSetup::generate().unwrap();
    let account = register(&setup, "alice", PASSWORD);
    let malformed = |result: Result<(), OpaqueError>| {
        assert!(
            matches!(result, Err(OpaqueError::Malformed { .. })),
            "{result:?}"
        );
    };
    let variants = |bytes: &[u8]| {
        let shorter = bytes[..bytes.len() - 1].to_vec();
        let longer = [bytes, &[0]].concat();
        [Vec::new(), shorter, longer]
    };

    let (_, request) = ClientRegistration::start(PASSWORD).unwrap();
    for request in variants(&request) {
        malformed(server_registration_response(&setup, &request, CREDENTIAL_ID).map(drop));
    }
    let response = server_registration_response(&setup, &request, CREDENTIAL_ID).unwrap();
    for response in variants(&response) {
        let (client, _) = ClientRegistration::start(PASSWORD).unwrap();
        malformed(client.finish(&response, "alice").map(drop));
    }
    for upload in variants(&account.record) {
        malformed(server_registration_record(&upload).map(drop));
    }
    let (_, request) = ClientLogin::start(PASSWORD).unwrap();
    for request in variants(&request) {
        malformed(server_login_start(&setup, None, &request, CREDENTIAL_ID, "alice").map(drop));
    }
    for record in variants(&account.record) {
        malformed(
            server_login_start(&setup, Some(&record), &request, CREDENTIAL_ID, "alice").map(drop),
        );
    }
    let (response, server) =
        server_login_start(&setup, None, &request, CREDENTIAL_ID, "alice").unwrap();
    for response in variants(&response) {
        let (client, _) = ClientLogin::start(PASSWORD).unwrap();
        malformed(client.finish(&response, "alice").map(drop));
    }
    for state in variants(&server.to_bytes()) {
        malformed(ServerLogin::from_bytes(&state).map(drop));
    }
    for finalization in variants(&[0; LOGIN_FINALIZATION_BYTES]) {
        let server = ServerLogin::from_bytes(&server.to_bytes()).unwrap();
        malformed(server_login_finish(server, &finalization).map(drop));
    }
    for setup in variants(&setup.to_bytes()) {
        malformed(ServerSetup::from_bytes(&setup).map(drop));
    }
}

#[test]
fn bytes_that_are_no_group_elements_are_refused() {
    let setup = ServerSetup::generate().unwrap();
    // Neither all ones (not canonical) nor all zeros (the identity) may be evaluated.
    for element in [[0xff; 32], [0; 32]] {
        assert!(matches!(
            failure(server_registration_response(
                &setup,
                &element,
                CREDENTIAL_ID
            )),
            OpaqueError::Malformed { .. }
        ));
        let mut request = [1; LOGIN_REQUEST_BYTES];
        request[..32].copy_from_slice(&element);
        assert!(matches!(
            failure(server_login_start(
                &setup,
                None,
                &request,
                CREDENTIAL_ID,
                "alice"
            )),
            OpaqueError::Malformed { .. }
        ));
    }
}

#[test]
fn passwords_have_a_length_that_opaque_can_take() {
    assert!(ClientRegistration::start(&[b'a'; 65_535]).is_ok());
    for password in [&[][..], &[b'a'; 65_536]] {
        assert_eq!(
            failure(ClientRegistration::start(password)),
            OpaqueError::PasswordLength
        );
        assert_eq!(
            failure(ClientLogin::start(password)),
            OpaqueError::PasswordLength
        );
    }
}

#[test]
fn secrets_don_t_print() {
    let setup = ServerSetup::generate().unwrap();
    let (_, request) = ClientLogin::start(PASSWORD).unwrap();
    let (_, server) = server_login_start(&setup, None, &request, CREDENTIAL_ID, "alice").unwrap();
    assert_eq!(format!("{setup:?}"), "ServerSetup(…)");
    assert_eq!(format!("{server:?}"), "ServerLogin(…)");
}
