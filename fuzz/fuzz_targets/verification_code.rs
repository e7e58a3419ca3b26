//! Verification codes: no bytes and no text panic, and what is read is written the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sotto_crypto_core::safety_number::VerificationCode;

fuzz_target!(|data: &[u8]| {
    if let Ok(code) = VerificationCode::decode(data) {
        assert_eq!(code.encode(), data);
        assert_eq!(VerificationCode::from_text(&code.to_text()), Ok(code));
    }
    let Ok(text) = core::str::from_utf8(data) else { return };
    if let Ok(code) = VerificationCode::from_text(text) {
        assert!(code.to_text().chars().eq(text.chars().filter(|c| !c.is_whitespace())));
    }
});
