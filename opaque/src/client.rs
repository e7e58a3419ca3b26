//! The client's half (RFC 9807, sections 5 and 6): it alone ever sees the password.

use opaque_ke::{
    ClientLoginFinishParameters, ClientRegistrationFinishParameters, CredentialResponse,
    RegistrationResponse,
};
use zeroize::Zeroizing;

use crate::error::OpaqueError;
use crate::randomness::SystemRandomness;
use crate::suite::{
    CONTEXT, ClientIdentity, EXPORT_KEY_BYTES, LOGIN_RESPONSE_BYTES, REGISTRATION_RESPONSE_BYTES,
    SESSION_KEY_BYTES, Stretch, Suite, exactly, secret_array,
};

/// A registration that waits for the server's response. Also how a new password is set.
pub struct ClientRegistration {
    state: opaque_ke::ClientRegistration<Suite>,
    password: Zeroizing<Vec<u8>>,
}

/// What a registration ends with.
pub struct Registered {
    /// For the server, which makes the account's record of it: 192 bytes.
    pub upload: Vec<u8>,
    /// A key that only this password on this server gives, at every later login too. Never leaves the client.
    pub export_key: Zeroizing<[u8; EXPORT_KEY_BYTES]>,
}

impl ClientRegistration {
    /// Blinds the password (UTF-8 in normalisation form NFKC). Returns the state and the request, 32 bytes.
    ///
    /// # Errors
    /// [`OpaqueError::PasswordLength`], [`OpaqueError::NoRandomness`].
    pub fn start(password: &[u8]) -> Result<(Self, Vec<u8>), OpaqueError> {
        let password = usable(password)?;
        let started = opaque_ke::ClientRegistration::<Suite>::start(
            &mut SystemRandomness::open()?,
            &password,
        )
        .map_err(|error| OpaqueError::reading("password", error))?;
        let request = started.message.serialize().to_vec();
        let state = started.state;
        Ok((Self { state, password }, request))
    }

    /// Stretches the password, which takes some 0.2 seconds and 64 MiB, and seals the account's key pair under it.
    /// `response` is the server's, 64 bytes.
    ///
    /// # Errors
    /// [`OpaqueError::Malformed`] for a response that isn't one, [`OpaqueError::NoRandomness`], and
    /// [`OpaqueError::Internal`] where there is no memory for Argon2id.
    pub fn finish(self, response: &[u8], user_name: &str) -> Result<Registered, OpaqueError> {
        const WHAT: &str = "registration response";
        let response = exactly::<REGISTRATION_RESPONSE_BYTES>(response, WHAT)?;
        let response = RegistrationResponse::deserialize(response)
            .map_err(|error| OpaqueError::reading(WHAT, error))?;
        let identity = ClientIdentity::of(user_name);
        let finished = self
            .state
            .finish(
                &mut SystemRandomness::open()?,
                &self.password,
                response,
                ClientRegistrationFinishParameters::new(identity.identifiers(), Some(&Stretch)),
            )
            .map_err(|error| OpaqueError::reading(WHAT, error))?;
        Ok(Registered {
            upload: finished.message.serialize().to_vec(),
            export_key: secret_array(finished.export_key.as_slice())?,
        })
    }
}

/// A login that waits for the server's response.
pub struct ClientLogin {
    state: opaque_ke::ClientLogin<Suite>,
    password: Zeroizing<Vec<u8>>,
}

/// What a login ends with.
pub struct LoggedIn {
    /// For the server, as proof of the password: 64 bytes.
    pub finalization: Vec<u8>,
    /// The key that the server has too, once it has accepted the finalization.
    pub session_key: Zeroizing<[u8; SESSION_KEY_BYTES]>,
    /// The same key as at registration. Never leaves the client.
    pub export_key: Zeroizing<[u8; EXPORT_KEY_BYTES]>,
}

impl ClientLogin {
    /// Blinds the password (UTF-8 in normalisation form NFKC). Returns the state and the request, 96 bytes.
    ///
    /// # Errors
    /// [`OpaqueError::PasswordLength`], [`OpaqueError::NoRandomness`].
    pub fn start(password: &[u8]) -> Result<(Self, Vec<u8>), OpaqueError> {
        let password = usable(password)?;
        let started =
            opaque_ke::ClientLogin::<Suite>::start(&mut SystemRandomness::open()?, &password)
                .map_err(|error| OpaqueError::reading("password", error))?;
        let request = started.message.serialize().to_vec();
        let state = started.state;
        Ok((Self { state, password }, request))
    }

    /// Stretches the password, which takes some 0.2 seconds and 64 MiB, opens the envelope with it and checks that the
    /// server is the one of the registration. `response` is the server's, 320 bytes.
    ///
    /// # Errors
    /// [`OpaqueError::WrongPassword`] for a wrong password, an unknown user and a changed response alike;
    /// [`OpaqueError::Malformed`] for a response that isn't one, [`OpaqueError::NoRandomness`], and
    /// [`OpaqueError::Internal`] where there is no memory for Argon2id.
    pub fn finish(self, response: &[u8], user_name: &str) -> Result<LoggedIn, OpaqueError> {
        const WHAT: &str = "login response";
        let response = exactly::<LOGIN_RESPONSE_BYTES>(response, WHAT)?;
        let response = CredentialResponse::deserialize(response)
            .map_err(|error| OpaqueError::reading(WHAT, error))?;
        let identity = ClientIdentity::of(user_name);
        let finished = self
            .state
            .finish(
                &mut SystemRandomness::open()?,
                &self.password,
                response,
                ClientLoginFinishParameters::new(
                    Some(CONTEXT),
                    identity.identifiers(),
                    Some(&Stretch),
                ),
            )
            .map_err(|error| OpaqueError::reading(WHAT, error))?;
        Ok(LoggedIn {
            finalization: finished.message.serialize().to_vec(),
            session_key: secret_array(finished.session_key.as_slice())?,
            export_key: secret_array(finished.export_key.as_slice())?,
        })
    }
}

/// A copy of the password that is wiped when the state goes, if its length is one that OPAQUE can take.
fn usable(password: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpaqueError> {
    if password.is_empty() || password.len() > usize::from(u16::MAX) {
        return Err(OpaqueError::PasswordLength);
    }
    Ok(Zeroizing::new(password.to_vec()))
}
