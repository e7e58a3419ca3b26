//! An account of the first version, as a file: its password must open it in every later version too.
//!
//! This is what holds the parameters of Argon2id, the identities, the group and every label. If it fails, nobody who
//! registered before can sign in any more.

#![expect(
    clippy::unwrap_used,
    reason = "the steps that a test shares with others fail like the test itself"
)]

use serde_json::Value;
use sotto_opaque::{ClientLogin, ServerSetup, server_login_finish, server_login_start};

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn an_account_of_the_first_version_opens() {
    let account: Value = serde_json::from_str(include_str!("vectors/account-v1.json")).unwrap();
    let text = |name: &str| account[name].as_str().unwrap();
    let setup = ServerSetup::from_bytes(&hex(text("server_setup"))).unwrap();

    let (client, request) = ClientLogin::start(text("password").as_bytes()).unwrap();
    let (response, server) = server_login_start(
        &setup,
        Some(&hex(text("record"))),
        &request,
        &hex(text("credential_id")),
        text("user_name"),
    )
    .unwrap();
    let client = client.finish(&response, text("user_name")).unwrap();
    let session_key = server_login_finish(server, &client.finalization).unwrap();

    assert_eq!(*client.session_key, *session_key);
    assert_eq!(client.export_key.to_vec(), hex(text("export_key")));
}

/// Writes a file of the same shape: `cargo test -p sotto-opaque --test frozen -- --ignored --nocapture`.
#[test]
#[ignore = "makes a new file, for a new version"]
fn print_an_account() {
    use sotto_opaque::{
        ClientRegistration, server_registration_record, server_registration_response,
    };
    let print = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let (password, user_name, credential_id) =
        ("correct horse bättery staple", "alice", [0xc1; 32]);
    let setup = ServerSetup::generate().unwrap();
    let (client, request) = ClientRegistration::start(password.as_bytes()).unwrap();
    let response = server_registration_response(&setup, &request, &credential_id).unwrap();
    let registered = client.finish(&response, user_name).unwrap();
    let record = server_registration_record(&registered.upload).unwrap();
    let account = serde_json::json!({
        "password": password,
        "user_name": user_name,
        "credential_id": print(&credential_id),
        "server_setup": print(&setup.to_bytes()),
        "record": print(&record),
        "export_key": print(registered.export_key.as_slice()),
    });
    println!("{account:#}");
}
