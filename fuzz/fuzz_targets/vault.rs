//! Vaults, wrapped keys and padding: no bytes panic or open, and what unpads is what padding makes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sotto_crypto_core::identity::AccountId;
use sotto_crypto_core::padding::{pad, unpad};
use sotto_crypto_core::vault::{VaultKey, WrappingKey, open_vault};

fuzz_target!(|data: &[u8]| {
    let account = AccountId::from_bytes([7; 16]);
    assert!(open_vault(&VaultKey::from_bytes([7; 32]), account, 0, data).is_err());
    if let Ok(way) = WrappingKey::from_opaque_export(&[7; 64]) {
        assert!(way.unwrap(account, data).is_err());
    }
    if let Ok(content) = unpad(data) {
        assert_eq!(*pad(content), data);
    }
});
