//! Device certificates: no bytes panic, and none verify under a key that signed nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sotto_crypto_core::identity::{AccountSecret, CERTIFICATE_LEN, UnverifiedDeviceCertificate};

fuzz_target!(|data: &[u8]| {
    let Ok(certificate) = UnverifiedDeviceCertificate::decode(data) else { return };
    assert_eq!(data.len(), CERTIFICATE_LEN);
    let key = AccountSecret::from_bytes(&[7; 32]).public();
    assert!(certificate.clone().verify(certificate.account(), &key).is_err());
});
