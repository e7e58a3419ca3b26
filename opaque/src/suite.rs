//! The one configuration of OPAQUE in use (RFC 9807, sections 6 and 7), its identities, and the length of each message.

use opaque_ke::argon2::{Algorithm, Argon2, Params, RECOMMENDED_SALT_LEN, Version};
use opaque_ke::generic_array::{ArrayLength, GenericArray};
use opaque_ke::{CipherSuite, Identifiers, TripleDh, errors::InternalError, ksf::Ksf};
use sha2_10::Sha512;
use zeroize::Zeroizing;

use crate::error::OpaqueError;

/// Length of a registration request: one group element.
pub const REGISTRATION_REQUEST_BYTES: usize = 32;
/// Length of a registration response: a group element and the server's public key.
pub const REGISTRATION_RESPONSE_BYTES: usize = 64;
/// Length of a registration upload: the client's public key, a masking key, and an envelope of nonce and tag.
pub const REGISTRATION_UPLOAD_BYTES: usize = 32 + 64 + 32 + 64;
/// Length of the record that the server keeps for each account.
pub const RECORD_BYTES: usize = REGISTRATION_UPLOAD_BYTES;
/// Length of a login request (KE1): a group element, a nonce and a key share.
pub const LOGIN_REQUEST_BYTES: usize = 32 + 32 + 32;
/// Length of a login response (KE2): a group element, a masking nonce, the masked public key and envelope, a nonce, a
/// key share and a tag.
pub const LOGIN_RESPONSE_BYTES: usize = 32 + 32 + (32 + 32 + 64) + 32 + 32 + 64;
/// Length of a login finalization (KE3): a tag.
pub const LOGIN_FINALIZATION_BYTES: usize = 64;
/// Length of the server's long-term setup: the seed of the per-account keys, its private key, a decoy public key.
pub const SERVER_SETUP_BYTES: usize = 64 + 32 + 32;
/// Length of a session key.
pub const SESSION_KEY_BYTES: usize = 64;
/// Length of an export key.
pub const EXPORT_KEY_BYTES: usize = 64;

/// Bound into every login.
pub(crate) const CONTEXT: &[u8] = b"Sotto v1";
/// The server's identity. The same for every relay: its static key tells relays apart.
const SERVER: &[u8] = b"sotto";

/// Memory of Argon2id, in KiB.
const ARGON2_MEMORY: u32 = 64 * 1024;
/// Passes of Argon2id over its memory.
const ARGON2_PASSES: u32 = 3;
/// Lanes of Argon2id.
const ARGON2_LANES: u32 = 1;

/// OPAQUE-3DH, ristretto255, SHA-512, Argon2id.
pub(crate) struct Suite;

impl CipherSuite for Suite {
    type OprfCs = opaque_ke::Ristretto255;
    type KeyExchange = TripleDh<opaque_ke::Ristretto255, Sha512>;
    type Ksf = Stretch;
}

/// Argon2id with our parameters. A type of its own, because the default of `opaque-ke` has weaker ones: there is no way
/// to forget them.
#[derive(Default)]
pub(crate) struct Stretch;

impl Ksf for Stretch {
    fn hash<L: ArrayLength<u8>>(
        &self,
        input: GenericArray<u8, L>,
    ) -> Result<GenericArray<u8, L>, InternalError> {
        let parameters = Params::new(ARGON2_MEMORY, ARGON2_PASSES, ARGON2_LANES, None)
            .map_err(|_| InternalError::KsfError)?;
        let mut output = GenericArray::default();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(&input, &[0; RECOMMENDED_SALT_LEN], &mut output)
            .map_err(|_| InternalError::KsfError)?;
        Ok(output)
    }
}

/// The client's identity: a user name without regard to case.
pub(crate) struct ClientIdentity(String);

impl ClientIdentity {
    pub(crate) fn of(user_name: &str) -> Self {
        Self(user_name.to_lowercase())
    }

    pub(crate) fn identifiers(&self) -> Identifiers<'_> {
        Identifiers {
            client: Some(self.0.as_bytes()),
            server: Some(SERVER),
        }
    }
}

/// The input, if it has the one length that a message of this kind has: no decoder sees trailing bytes.
pub(crate) fn exactly<'a, const LENGTH: usize>(
    bytes: &'a [u8],
    what: &'static str,
) -> Result<&'a [u8], OpaqueError> {
    if bytes.len() == LENGTH {
        Ok(bytes)
    } else {
        Err(OpaqueError::Malformed { what })
    }
}

/// A key out of `opaque-ke`, as an array that is wiped.
pub(crate) fn secret_array<const LENGTH: usize>(
    bytes: &[u8],
) -> Result<Zeroizing<[u8; LENGTH]>, OpaqueError> {
    let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| OpaqueError::Internal)?;
    Ok(Zeroizing::new(bytes))
}
