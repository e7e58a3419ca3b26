//! The published numeric fingerprint, through our construction (which takes keys and ids of any length).

use sotto_crypto_core::safety_number::{SafetyNumber, fingerprint};

use crate::{array, bytes, cases};

#[test]
fn the_safety_number_is_signals() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../vectors/safety-number.json")).unwrap();
    for case in cases(&file["cases"]) {
        let of = |who: &str| {
            let id = case[format!("{who}_id")].as_str().unwrap();
            fingerprint(&bytes(&case[format!("{who}_key")]), id.as_bytes())
        };
        let (alice, bob) = (of("alice"), of("bob"));
        assert_eq!(alice, array(&case["alice_first_32"]));
        assert_eq!(bob, array(&case["bob_first_32"]));
        for number in [
            SafetyNumber::from_fingerprints(&alice, &bob),
            SafetyNumber::from_fingerprints(&bob, &alice),
        ] {
            assert_eq!(number.groups().concat(), case["display"].as_str().unwrap());
        }
    }
}
