//! The server's half of OPAQUE (RFC 9807; PROTOCOL.md section 3) around `sotto-opaque`.
//!
//! Every ceremony that sets a password gets a random *credential identifier* of its own, which is kept with the record. So no
//! evaluation that anybody can ask for without logging in (registration, recovery) is under the key of a password in use.
//! Unknown names get a steady identifier that nobody can tell from a random one.

use sha2::{Digest as _, Sha256};
use sotto_opaque::{OpaqueError, ServerLogin, ServerSetup};

use super::{Error, token::random};
use crate::store::accounts::Credential;

/// The relay's OPAQUE keys.
pub struct Passwords {
    setup: ServerSetup,
    decoys: [u8; 32],
}

impl Passwords {
    /// Takes the bytes that [`Passwords::generate_setup`] made.
    ///
    /// # Errors
    /// [`Error::Internal`] if they are not.
    pub fn new(setup: &[u8]) -> Result<Self, Error> {
        let decoys = Sha256::new()
            .chain_update(b"Sotto v1 decoy credentials\0")
            .chain_update(setup)
            .finalize()
            .into();
        let setup = ServerSetup::from_bytes(setup).map_err(internal)?;
        Ok(Self { setup, decoys })
    }

    /// Makes the keys of a new relay. With them lost nobody can sign in by password; with them and the database stolen,
    /// passwords can be guessed offline.
    ///
    /// # Errors
    /// [`Error::Internal`] if the system has no randomness.
    pub fn generate_setup() -> Result<Vec<u8>, Error> {
        Ok(ServerSetup::generate()
            .map_err(internal)?
            .to_bytes()
            .to_vec())
    }

    /// Answers a RegistrationRequest. Returns the credential identifier to keep, and the RegistrationResponse.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn registration(&self, request: &[u8]) -> Result<([u8; 32], Vec<u8>), Error> {
        let id = random()?;
        let response = sotto_opaque::server_registration_response(&self.setup, request, &id)
            .map_err(from_client)?;
        Ok((id, response))
    }

    /// Takes a RegistrationRecord.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn record(&self, id: [u8; 32], upload: &[u8]) -> Result<Credential, Error> {
        let record = sotto_opaque::server_registration_record(upload).map_err(from_client)?;
        Ok(Credential { id, record })
    }

    /// Answers KE1. Without a credential the answer is a decoy.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn login(
        &self,
        credential: Option<&Credential>,
        username: &str,
        ke1: &[u8],
    ) -> Result<(Vec<u8>, ServerLogin), Error> {
        let decoy = self.decoy_id(username);
        let id = credential.map_or(&decoy, |credential| &credential.id);
        let record = credential.map(|credential| credential.record.as_slice());
        sotto_opaque::server_login_start(&self.setup, record, ke1, id, username)
            .map_err(from_client)
    }

    /// Checks KE3.
    ///
    /// # Errors
    /// [`Error::CredentialsWrong`], [`Error::Malformed`].
    pub fn finish(&self, login: ServerLogin, ke3: &[u8]) -> Result<(), Error> {
        sotto_opaque::server_login_finish(login, ke3)
            .map(drop)
            .map_err(from_client)
    }

    fn decoy_id(&self, username: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.decoys)
            .chain_update(username.to_lowercase())
            .finalize()
            .into()
    }
}

fn internal(error: OpaqueError) -> Error {
    Error::Internal(error.to_string())
}

fn from_client(error: OpaqueError) -> Error {
    match error {
        OpaqueError::WrongPassword => Error::CredentialsWrong,
        OpaqueError::Malformed { .. } => Error::Malformed(error.to_string()),
        other => internal(other),
    }
}
