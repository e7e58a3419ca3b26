//! The twelve words: published vectors of BIP-39, and what a person mistypes.

use proptest::prelude::*;
use sotto_crypto_core::primitives::labels::Label;
use sotto_crypto_core::recovery_key::{RecoveryKey, RecoveryKeyError};

use crate::rng;

/// From the vectors that BIP-39 names (English, 128 bits).
const PUBLISHED: [(&str, &str); 8] = [
    (
        "00000000000000000000000000000000",
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
    ),
    (
        "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
    ),
    (
        "80808080808080808080808080808080",
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
    ),
    (
        "ffffffffffffffffffffffffffffffff",
        "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
    ),
    (
        "9e885d952ad362caeb4efe34a8e91bd2",
        "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
    ),
    (
        "c0ba5a8e914111210f2bd131f3d5e08d",
        "scheme spot photo card baby mountain device kick cradle pact join borrow",
    ),
    (
        "23db8160a31d3e0dca3688ed941adbf3",
        "cat swing flag economy stadium alone churn speed unique patch report train",
    ),
    (
        "f30f8c1da665478f49b001d94c5fc452",
        "vessel ladder alter error federal sibling chat ability sun glass valve picture",
    ),
];

#[test]
fn words_are_those_of_bip_39() {
    for (entropy, words) in PUBLISHED {
        let entropy: [u8; 16] = hex::decode(entropy).unwrap().try_into().unwrap();
        assert_eq!(*RecoveryKey::from_bytes(entropy).to_words(), words);
        assert_eq!(RecoveryKey::from_words(words).unwrap().as_bytes(), &entropy);
    }
}

#[test]
fn a_person_may_type_it_as_they_like() {
    let (entropy, words) = PUBLISHED[4];
    let typed = format!("\n\t{} \r\n", words.replace(' ', "  \n").to_uppercase());
    assert_eq!(
        hex::encode(RecoveryKey::from_words(&typed).unwrap().as_bytes()),
        entropy
    );
}

#[test]
fn what_is_wrong_is_said() {
    let refused = |words: &str| RecoveryKey::from_words(words).unwrap_err();
    let words = PUBLISHED[4].1;
    assert_eq!(refused(""), RecoveryKeyError::WordCount { found: 0 });
    assert_eq!(
        refused(&words[6..]),
        RecoveryKeyError::WordCount { found: 11 }
    );
    assert_eq!(
        refused(&format!("{words} zoo")),
        RecoveryKeyError::WordCount { found: 13 }
    );
    for (at, word) in words.split(' ').enumerate() {
        let unknown = words.replace(word, "sotto");
        assert_eq!(
            refused(&unknown),
            RecoveryKeyError::UnknownWord { position: at + 1 }
        );
        assert_eq!(
            refused(&words.replace(word, &word[..2])),
            RecoveryKeyError::UnknownWord { position: at + 1 }
        );
    }
    // Another word of the list, or two words swapped: the checksum notices all but one in sixteen.
    assert_eq!(
        refused(&words.replace("picnic", "zoo")),
        RecoveryKeyError::Checksum
    );
    assert_eq!(
        refused(&words.replace("ozone drill", "drill ozone")),
        RecoveryKeyError::Checksum
    );
}

#[test]
fn the_checksum_refuses_fifteen_wrong_last_words_in_sixteen() {
    let accepted = include_str!("../../src/recovery_key/words.txt")
        .lines()
        .filter(|last| RecoveryKey::from_words(&format!("{}{last}", "zoo ".repeat(11))).is_ok())
        .count();
    assert_eq!(accepted, 2048 / 16);
}

#[test]
fn the_recovery_key_answers_challenges() {
    let mut rng = rng();
    let (key, other) = (
        RecoveryKey::generate(&mut rng),
        RecoveryKey::generate(&mut rng),
    );
    let public = key.signing_secret().public();
    let answer = key.sign_challenge(b"challenge");
    assert_eq!(
        public.verify(Label::RecoveryChallenge, b"challenge", &answer),
        Ok(())
    );
    assert!(
        public
            .verify(Label::DeviceChallenge, b"challenge", &answer)
            .is_err()
    );
    assert!(
        public
            .verify(Label::RecoveryChallenge, b"another", &answer)
            .is_err()
    );
    let restored = RecoveryKey::from_words(&key.to_words()).unwrap();
    assert_eq!(restored.signing_secret().public(), public);
    assert_ne!(other.signing_secret().public(), public);
}

proptest! {
    #[test]
    fn every_key_survives_being_written_down(entropy in any::<[u8; 16]>()) {
        let words = RecoveryKey::from_bytes(entropy).to_words();
        prop_assert_eq!(words.split(' ').count(), 12);
        let read = RecoveryKey::from_words(&words).unwrap();
        prop_assert_eq!(read.as_bytes(), &entropy);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        let _ = RecoveryKey::from_words(&text);
    }
}
