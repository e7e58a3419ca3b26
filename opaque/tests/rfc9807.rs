//! The published test vector of the configuration that we use (RFC 9807, appendix C.1.1), with randomness that follows it.
//!
//! The vector has no key stretching, no identities and another context, so it runs through the library itself;
//! `frozen.rs` holds our own configuration.

#![expect(
    clippy::unwrap_used,
    reason = "the steps that a test shares with others fail like the test itself"
)]

use opaque_ke::{
    CipherSuite, ClientLogin, ClientLoginFinishParameters, ClientRegistration,
    ClientRegistrationFinishParameters, CredentialFinalization, CredentialRequest,
    CredentialResponse, RegistrationRequest, RegistrationResponse, RegistrationUpload, ServerLogin,
    ServerLoginParameters, ServerRegistration, ServerSetup, TripleDh,
    ksf::Identity,
    rand::{CryptoRng, Error, RngCore},
};
use serde_json::Value;
use sha2_10::Sha512;

struct Unstretched;

impl CipherSuite for Unstretched {
    type OprfCs = opaque_ke::Ristretto255;
    type KeyExchange = TripleDh<opaque_ke::Ristretto255, Sha512>;
    type Ksf = Identity;
}

/// Gives prepared bytes, and nothing beyond them.
struct Script(Vec<u8>);

impl Script {
    fn of(parts: &[&[u8]]) -> Self {
        Self(parts.concat())
    }
}

impl RngCore for Script {
    fn next_u32(&mut self) -> u32 {
        unimplemented!("not asked for")
    }
    fn next_u64(&mut self) -> u64 {
        unimplemented!("not asked for")
    }
    fn fill_bytes(&mut self, destination: &mut [u8]) {
        let rest = self.0.split_off(destination.len());
        destination.copy_from_slice(&self.0);
        self.0 = rest;
    }
    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(destination);
        Ok(())
    }
}

impl CryptoRng for Script {}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// A blind is drawn as 64 bytes and reduced: a scalar with zeros behind it stays itself.
fn wide(scalar: &[u8]) -> Vec<u8> {
    [scalar, &[0; 32]].concat()
}

#[test]
fn the_published_vector_comes_out() {
    let vector: Value = serde_json::from_str(include_str!("vectors/rfc9807.json")).unwrap();
    let input = |name: &str| hex(vector["inputs"][name].as_str().unwrap());
    let output = |name: &str| hex(vector["outputs"][name].as_str().unwrap());
    let context = hex(vector["context"].as_str().unwrap());
    let password = input("password");
    let credential = input("credential_identifier");
    // The last part is the decoy's public key, which plays no part here.
    let setup = [
        input("oprf_seed"),
        input("server_private_key"),
        input("server_public_key"),
    ]
    .concat();
    let setup = ServerSetup::<Unstretched>::deserialize(&setup).unwrap();
    assert_eq!(
        setup.keypair().public().serialize().to_vec(),
        input("server_public_key")
    );

    let started = ClientRegistration::<Unstretched>::start(
        &mut Script(wide(&input("blind_registration"))),
        &password,
    )
    .unwrap();
    let request = started.message.serialize().to_vec();
    assert_eq!(request, output("registration_request"));

    let response = ServerRegistration::start(
        &setup,
        RegistrationRequest::deserialize(&request).unwrap(),
        &credential,
    )
    .unwrap();
    let response = response.message.serialize().to_vec();
    assert_eq!(response, output("registration_response"));

    let registered = started
        .state
        .finish(
            &mut Script(input("envelope_nonce")),
            &password,
            RegistrationResponse::deserialize(&response).unwrap(),
            ClientRegistrationFinishParameters::default(),
        )
        .unwrap();
    let upload = registered.message.serialize().to_vec();
    assert_eq!(upload, output("registration_upload"));
    assert_eq!(registered.export_key.to_vec(), output("export_key"));

    let record = ServerRegistration::finish(RegistrationUpload::deserialize(&upload).unwrap());
    let login = ClientLogin::<Unstretched>::start(
        &mut Script::of(&[
            &wide(&input("blind_login")),
            &input("client_keyshare_seed"),
            &input("client_nonce"),
        ]),
        &password,
    )
    .unwrap();
    let ke1 = login.message.serialize().to_vec();
    assert_eq!(ke1, output("KE1"));

    let parameters = || ServerLoginParameters {
        context: Some(&context),
        ..ServerLoginParameters::default()
    };
    // A decoy's masking key is drawn whether there is a record or not.
    let answer = ServerLogin::start(
        &mut Script::of(&[
            &[0; 64],
            &input("masking_nonce"),
            &input("server_keyshare_seed"),
            &input("server_nonce"),
        ]),
        &setup,
        Some(record),
        CredentialRequest::deserialize(&ke1).unwrap(),
        &credential,
        parameters(),
    )
    .unwrap();
    let ke2 = answer.message.serialize().to_vec();
    assert_eq!(ke2, output("KE2"));

    let done = login
        .state
        .finish(
            &mut Script(Vec::new()),
            &password,
            CredentialResponse::deserialize(&ke2).unwrap(),
            ClientLoginFinishParameters {
                context: Some(&context),
                ..ClientLoginFinishParameters::default()
            },
        )
        .unwrap();
    let ke3 = done.message.serialize().to_vec();
    assert_eq!(ke3, output("KE3"));
    assert_eq!(done.export_key.to_vec(), output("export_key"));
    assert_eq!(done.session_key.to_vec(), output("session_key"));

    let finished = answer
        .state
        .finish(
            CredentialFinalization::deserialize(&ke3).unwrap(),
            parameters(),
        )
        .unwrap();
    assert_eq!(finished.session_key.to_vec(), output("session_key"));
}
