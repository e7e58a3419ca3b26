//! The module as JavaScript sees it: run in Node by `cargo xtask test --only wasm`.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use js_sys::{Error, Object, Reflect, Uint8Array};
use sotto_opaque::{
    ServerSetup, server_login_finish, server_login_start, server_registration_record,
    server_registration_response,
};
use sotto_wasm_opaque::{OpaqueLogin, OpaqueRegistration};
use wasm_bindgen_test::wasm_bindgen_test;

const CREDENTIAL_ID: &[u8] = &[7; 32];

fn bytes(object: &Object, key: &str) -> Vec<u8> {
    let value = Reflect::get(object, &key.into()).unwrap();
    Uint8Array::new(&value).to_vec()
}

fn name(error: Error) -> String {
    error.name().into()
}

#[wasm_bindgen_test]
fn registration_and_login_agree() {
    let setup = ServerSetup::generate().unwrap();
    // Typed with a combining mark once, and with the composed letter the other time.
    let registration = OpaqueRegistration::new(&"ba\u{308}ttery".into()).unwrap();
    let response =
        server_registration_response(&setup, &registration.request(), CREDENTIAL_ID).unwrap();
    let registered = registration.finish(&response, "Alice").unwrap();
    let record = server_registration_record(&bytes(&registered, "upload")).unwrap();

    let login = OpaqueLogin::new(&"b\u{e4}ttery".into()).unwrap();
    let (response, state) = server_login_start(
        &setup,
        Some(&record),
        &login.request(),
        CREDENTIAL_ID,
        "alice",
    )
    .unwrap();
    let logged_in = login.finish(&response, "alice").unwrap();
    let session_key = server_login_finish(state, &bytes(&logged_in, "finalization")).unwrap();

    assert_eq!(bytes(&logged_in, "sessionKey"), session_key.to_vec());
    assert_eq!(
        bytes(&logged_in, "exportKey"),
        bytes(&registered, "exportKey")
    );
}

#[wasm_bindgen_test]
fn failures_have_names() {
    let setup = ServerSetup::generate().unwrap();
    let login = OpaqueLogin::new(&"battery".into()).unwrap();
    let (response, _) =
        server_login_start(&setup, None, &login.request(), CREDENTIAL_ID, "alice").unwrap();
    assert_eq!(
        name(login.finish(&response, "alice").unwrap_err()),
        "WrongPassword"
    );

    let login = OpaqueLogin::new(&"battery".into()).unwrap();
    assert_eq!(
        name(login.finish(&[1, 2, 3], "alice").unwrap_err()),
        "Malformed"
    );
    assert_eq!(
        OpaqueLogin::new(&"".into()).map(drop).map_err(name),
        Err("PasswordLength".to_owned())
    );
}
