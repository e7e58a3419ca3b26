//! OPAQUE for browsers: the client half of `sotto-opaque` as a wasm module of its own, which loads while a person types.
//! Conversions only, no logic.
//!
//! ```ts
//! const login = new OpaqueLogin(password);
//! // POST login.request, get response
//! const { finalization, sessionKey, exportKey } = login.finish(response, userName);
//! ```
//!
//! `finish` consumes the object; one that is given up is to be freed. Failures are `Error`s whose `name` is
//! `WrongPassword`, `Malformed`, `PasswordLength`, `NoRandomness` or `Internal`.

use js_sys::{Error, JsString, Object, Reflect, Uint8Array};
use sotto_opaque::{ClientLogin, ClientRegistration, OpaqueError};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

/// A registration, or a new password, that waits for the relay's response.
#[wasm_bindgen]
pub struct OpaqueRegistration {
    state: ClientRegistration,
    request: Vec<u8>,
}

#[wasm_bindgen]
impl OpaqueRegistration {
    /// Blinds the password.
    ///
    /// # Errors
    /// `PasswordLength`, `NoRandomness`.
    #[wasm_bindgen(constructor)]
    pub fn new(password: &JsString) -> Result<Self, Error> {
        let (state, request) =
            ClientRegistration::start(normalised(password).as_bytes()).map_err(thrown)?;
        Ok(Self { state, request })
    }

    /// For the relay: 32 bytes.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn request(&self) -> Vec<u8> {
        self.request.clone()
    }

    /// Stretches the password (some 0.2 seconds). `response`: the relay's, 64 bytes. `upload`: for the relay, 192 bytes.
    /// `exportKey`: 64 bytes.
    ///
    /// # Errors
    /// `Malformed`, `NoRandomness`, `Internal`.
    #[wasm_bindgen(
        unchecked_return_type = "{ upload: Uint8Array<ArrayBuffer>; exportKey: Uint8Array<ArrayBuffer> }"
    )]
    pub fn finish(self, response: &[u8], user_name: &str) -> Result<Object, Error> {
        let done = self.state.finish(response, user_name).map_err(thrown)?;
        object(&[
            ("upload", &done.upload),
            ("exportKey", done.export_key.as_slice()),
        ])
    }
}

/// A login that waits for the relay's response.
#[wasm_bindgen]
pub struct OpaqueLogin {
    state: ClientLogin,
    request: Vec<u8>,
}

#[wasm_bindgen]
impl OpaqueLogin {
    /// Blinds the password.
    ///
    /// # Errors
    /// `PasswordLength`, `NoRandomness`.
    #[wasm_bindgen(constructor)]
    pub fn new(password: &JsString) -> Result<Self, Error> {
        let (state, request) =
            ClientLogin::start(normalised(password).as_bytes()).map_err(thrown)?;
        Ok(Self { state, request })
    }

    /// For the relay: 96 bytes.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn request(&self) -> Vec<u8> {
        self.request.clone()
    }

    /// Stretches the password (some 0.2 seconds). `response`: the relay's, 320 bytes. `finalization`: for the relay, 64
    /// bytes. `sessionKey` and `exportKey`: 64 bytes each.
    ///
    /// # Errors
    /// `WrongPassword` (an unknown user is one too), `Malformed`, `NoRandomness`, `Internal`.
    #[wasm_bindgen(
        unchecked_return_type = "{ finalization: Uint8Array<ArrayBuffer>; sessionKey: Uint8Array<ArrayBuffer>; exportKey: Uint8Array<ArrayBuffer> }"
    )]
    pub fn finish(self, response: &[u8], user_name: &str) -> Result<Object, Error> {
        let done = self.state.finish(response, user_name).map_err(thrown)?;
        object(&[
            ("finalization", &done.finalization),
            ("sessionKey", done.session_key.as_slice()),
            ("exportKey", done.export_key.as_slice()),
        ])
    }
}

/// The same password typed on another keyboard may be other code points: NFKC makes them one.
fn normalised(password: &JsString) -> Zeroizing<String> {
    Zeroizing::new(String::from(password.normalize("NFKC")))
}

fn object(entries: &[(&str, &[u8])]) -> Result<Object, Error> {
    let object = Object::new();
    for (key, bytes) in entries {
        Reflect::set(&object, &(*key).into(), &Uint8Array::from(*bytes).into())
            .map_err(|_| thrown(OpaqueError::Internal))?;
    }
    Ok(object)
}

fn thrown(error: OpaqueError) -> Error {
    let thrown = Error::new(&error.to_string());
    thrown.set_name(match error {
        OpaqueError::WrongPassword => "WrongPassword",
        OpaqueError::Malformed { .. } => "Malformed",
        OpaqueError::PasswordLength => "PasswordLength",
        OpaqueError::NoRandomness => "NoRandomness",
        _ => "Internal",
    });
    thrown
}
