//! Device lists: no bytes panic, none verify under a key that signed nothing, and what parses has one of the 33 lengths.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sotto_crypto_core::identity::{AccountSecret, UnverifiedDeviceList};

fuzz_target!(|data: &[u8]| {
    let Ok(list) = UnverifiedDeviceList::decode(data) else { return };
    assert_eq!((data.len() - 122) % 169, 0);
    let key = AccountSecret::from_bytes(&[7; 32]).public();
    assert!(list.clone().verify(list.account(), &key).is_err());
});
