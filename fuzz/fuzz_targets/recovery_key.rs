//! Recovery keys as words: no text panics, and what is read is written the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sotto_crypto_core::recovery_key::RecoveryKey;

fuzz_target!(|text: &str| {
    if let Ok(key) = RecoveryKey::from_words(text) {
        assert!(key.to_words().split(' ').eq(text.to_lowercase().split_whitespace()));
    }
});
