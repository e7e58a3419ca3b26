//! Prekeys, public and stored: no bytes panic, what is read is written the same again, and none verify under a device that
//! signed nothing.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sotto_crypto_core::identity::{DeviceKeys, DeviceSecret};
use sotto_crypto_core::prekey::{
    KemPrekey, KemPrekeySecret, OneTimePrekey, OneTimePrekeySecret, SignedPrekey,
    SignedPrekeySecret,
};

static KEYS: LazyLock<DeviceKeys> = LazyLock::new(|| DeviceSecret::from_bytes(&[7; 64]).public());

fuzz_target!(|data: &[u8]| {
    if let Ok(prekey) = SignedPrekey::decode(data) {
        assert_eq!(prekey.encode(), data);
        assert!(prekey.verify(&KEYS).is_err());
    }
    if let Ok(prekey) = OneTimePrekey::decode(data) {
        assert_eq!(prekey.encode(), data);
    }
    if let Ok(prekey) = KemPrekey::decode(data) {
        assert_eq!(prekey.encode(), data);
        assert!(prekey.verify(&KEYS).is_err());
    }
    if let Ok(prekey) = SignedPrekeySecret::from_bytes(data) {
        assert_eq!(prekey.to_bytes().as_slice(), data);
    }
    if let Ok(prekey) = OneTimePrekeySecret::from_bytes(data) {
        assert_eq!(prekey.to_bytes().as_slice(), data);
    }
    if let Ok(prekey) = KemPrekeySecret::from_bytes(data) {
        assert_eq!(prekey.to_bytes().as_slice(), data);
    }
});
