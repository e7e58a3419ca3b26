//! The server's half (RFC 9807, sections 5 and 6): it checks passwords that it never sees.

use core::fmt;

use opaque_ke::{
    CredentialFinalization, CredentialRequest, RegistrationRequest, RegistrationUpload,
    ServerLoginParameters, ServerRegistration,
};
use zeroize::Zeroizing;

use crate::error::OpaqueError;
use crate::randomness::SystemRandomness;
use crate::suite::{
    CONTEXT, ClientIdentity, LOGIN_FINALIZATION_BYTES, LOGIN_REQUEST_BYTES, RECORD_BYTES,
    REGISTRATION_REQUEST_BYTES, REGISTRATION_UPLOAD_BYTES, SERVER_SETUP_BYTES, SESSION_KEY_BYTES,
    Suite, exactly, secret_array,
};

/// The server's long-term secret: with it lost, nobody can sign in by password again; with it and the records stolen,
/// passwords can be guessed at the price of an Argon2id each.
pub struct ServerSetup(opaque_ke::ServerSetup<Suite>);

impl ServerSetup {
    /// Draws a new one.
    ///
    /// # Errors
    /// [`OpaqueError::NoRandomness`].
    pub fn generate() -> Result<Self, OpaqueError> {
        Ok(Self(opaque_ke::ServerSetup::new(
            &mut SystemRandomness::open()?,
        )))
    }

    /// 128 bytes, to be kept as secret as the server can.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.serialize().to_vec())
    }

    /// From the bytes of [`Self::to_bytes`].
    ///
    /// # Errors
    /// [`OpaqueError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OpaqueError> {
        const WHAT: &str = "server setup";
        let bytes = exactly::<SERVER_SETUP_BYTES>(bytes, WHAT)?;
        opaque_ke::ServerSetup::deserialize(bytes)
            .map(Self)
            .map_err(|error| OpaqueError::reading(WHAT, error))
    }
}

impl fmt::Debug for ServerSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSetup(…)")
    }
}

/// Answers a registration request (32 bytes) with a response (64 bytes).
///
/// `credential_id` selects the key under which the password is evaluated (`credential_identifier` in the RFC). Draw it
/// anew for each registration and keep it beside the record: were it the user name, then anybody who may ask for
/// registration responses under that name could try passwords against a recorded login.
///
/// # Errors
/// [`OpaqueError::Malformed`].
pub fn server_registration_response(
    setup: &ServerSetup,
    request: &[u8],
    credential_id: &[u8],
) -> Result<Vec<u8>, OpaqueError> {
    const WHAT: &str = "registration request";
    let request = exactly::<REGISTRATION_REQUEST_BYTES>(request, WHAT)?;
    let request = RegistrationRequest::<Suite>::deserialize(request)
        .map_err(|error| OpaqueError::reading(WHAT, error))?;
    let started = ServerRegistration::start(&setup.0, request, credential_id)
        .map_err(|error| OpaqueError::reading(WHAT, error))?;
    Ok(started.message.serialize().to_vec())
}

/// Makes the account's record (192 bytes) of a registration upload (192 bytes), if it is one.
///
/// # Errors
/// [`OpaqueError::Malformed`].
pub fn server_registration_record(upload: &[u8]) -> Result<Vec<u8>, OpaqueError> {
    const WHAT: &str = "registration upload";
    let upload = exactly::<REGISTRATION_UPLOAD_BYTES>(upload, WHAT)?;
    let upload = RegistrationUpload::<Suite>::deserialize(upload)
        .map_err(|error| OpaqueError::reading(WHAT, error))?;
    Ok(ServerRegistration::finish(upload).serialize().to_vec())
}

/// A login that waits for the client's finalization. To be forgotten after a minute or so.
pub struct ServerLogin(opaque_ke::ServerLogin<Suite>);

impl ServerLogin {
    /// For a store between the two requests of a login. As secret as a session key.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.serialize().to_vec())
    }

    /// From the bytes of [`Self::to_bytes`].
    ///
    /// # Errors
    /// [`OpaqueError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OpaqueError> {
        const WHAT: &str = "login state";
        let state = opaque_ke::ServerLogin::deserialize(bytes)
            .map_err(|error| OpaqueError::reading(WHAT, error))?;
        let state = Self(state);
        if state.to_bytes().len() != bytes.len() {
            return Err(OpaqueError::Malformed { what: WHAT });
        }
        Ok(state)
    }
}

impl fmt::Debug for ServerLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerLogin(…)")
    }
}

/// Answers a login request (96 bytes) with a response (320 bytes) and the state to finish with.
///
/// `credential_id` is the one of the account's registration. Without a record, that is, for an unknown user, the response
/// is a decoy: the same length and distribution, the same work. Give a `credential_id` that is the same at every try for
/// that name, as an account's is, and what tells it apart is only that no password fits.
///
/// # Errors
/// [`OpaqueError::Malformed`], [`OpaqueError::NoRandomness`].
pub fn server_login_start(
    setup: &ServerSetup,
    record: Option<&[u8]>,
    request: &[u8],
    credential_id: &[u8],
    user_name: &str,
) -> Result<(Vec<u8>, ServerLogin), OpaqueError> {
    const WHAT: &str = "login request";
    let request = exactly::<LOGIN_REQUEST_BYTES>(request, WHAT)?;
    let request = CredentialRequest::<Suite>::deserialize(request)
        .map_err(|error| OpaqueError::reading(WHAT, error))?;
    let record = record.map(read_record).transpose()?;
    let identity = ClientIdentity::of(user_name);
    let started = opaque_ke::ServerLogin::start(
        &mut SystemRandomness::open()?,
        &setup.0,
        record,
        request,
        credential_id,
        ServerLoginParameters {
            context: Some(CONTEXT),
            identifiers: identity.identifiers(),
        },
    )
    .map_err(|error| OpaqueError::reading(WHAT, error))?;
    let response = started.message.serialize().to_vec();
    Ok((response, ServerLogin(started.state)))
}

/// Checks the client's finalization (64 bytes), which proves that it knows the password. Returns the key that the
/// client has too.
///
/// # Errors
/// [`OpaqueError::WrongPassword`], [`OpaqueError::Malformed`].
pub fn server_login_finish(
    state: ServerLogin,
    finalization: &[u8],
) -> Result<Zeroizing<[u8; SESSION_KEY_BYTES]>, OpaqueError> {
    const WHAT: &str = "login finalization";
    let finalization = exactly::<LOGIN_FINALIZATION_BYTES>(finalization, WHAT)?;
    let finalization = CredentialFinalization::deserialize(finalization)
        .map_err(|error| OpaqueError::reading(WHAT, error))?;
    // The state holds the transcript with both identities and the context already; this step reads none of them.
    let finished = state
        .0
        .finish(finalization, ServerLoginParameters::default())
        .map_err(|error| OpaqueError::reading(WHAT, error))?;
    secret_array(finished.session_key.as_slice())
}

fn read_record(record: &[u8]) -> Result<ServerRegistration<Suite>, OpaqueError> {
    const WHAT: &str = "record";
    let record = exactly::<RECORD_BYTES>(record, WHAT)?;
    ServerRegistration::deserialize(record).map_err(|error| OpaqueError::reading(WHAT, error))
}
