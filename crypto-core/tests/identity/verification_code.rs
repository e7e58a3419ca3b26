//! Safety numbers and verification codes between two people, with and without somebody between them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use sotto_crypto_core::identity::{AccountId, AccountKey, AccountSecret};
use sotto_crypto_core::primitives::hash::sha256;
use sotto_crypto_core::safety_number::{
    Comparison, SafetyNumber, VERIFICATION_CODE_LEN, VerificationCode, VerificationCodeError,
};

use crate::{Person, rng};

type Side = (AccountId, AccountKey);

fn people() -> [Side; 3] {
    let mut rng = rng();
    [(); 3].map(|()| {
        let person = Person::new(&mut rng);
        (person.id, person.secret.public())
    })
}

fn number(local: Side, remote: Side) -> SafetyNumber {
    SafetyNumber::compute((&local.0, &local.1), (&remote.0, &remote.1))
}

#[test]
fn both_sides_read_the_same_sixty_digits() {
    let [alice, bob, mallory] = people();
    let shown = number(alice, bob);
    assert_eq!(shown, number(bob, alice));
    assert!(shown.groups().iter().all(|group| group.len() == 5));
    assert!(
        shown
            .groups()
            .concat()
            .chars()
            .all(|digit| digit.is_ascii_digit())
    );
    assert_eq!(shown.to_string().len(), 60 + 11);
    // With a key of Mallory's in place of Bob's, the two sides read different digits.
    assert_ne!(
        number(alice, (bob.0, mallory.1)),
        number(bob, (alice.0, mallory.1))
    );
    assert_ne!(number(alice, (bob.0, mallory.1)), shown);
    assert_ne!(number(alice, (mallory.0, bob.1)), shown);
}

#[test]
fn codes_compare_as_the_people_stand() {
    let [alice, bob, mallory] = people();
    let shown_by_bob = VerificationCode::new(bob, alice);
    let compare = |own, other| shown_by_bob.compare(&VerificationCode::new(own, other));

    assert_eq!(compare(alice, bob), Comparison::Match);
    let mismatch = |their_key, my_key| Comparison::Mismatch { their_key, my_key };
    assert_eq!(compare(alice, (bob.0, mallory.1)), mismatch(true, false));
    assert_eq!(compare((alice.0, mallory.1), bob), mismatch(false, true));
    assert_eq!(
        compare((alice.0, bob.1), (bob.0, alice.1)),
        mismatch(true, true)
    );
    assert_eq!(compare(mallory, bob), Comparison::WrongPeople);
    assert_eq!(compare(alice, mallory), Comparison::WrongPeople);
    assert_eq!(
        compare((mallory.0, alice.1), (alice.0, bob.1)),
        Comparison::WrongPeople
    );
    // Bob's own code, scanned by Bob, says nothing about Alice's key, whatever keys it holds.
    assert_eq!(compare(bob, alice), Comparison::OwnCode);
    assert_eq!(compare((bob.0, mallory.1), alice), Comparison::OwnCode);
}

#[test]
fn codes_survive_the_ways_in_which_they_are_sent() {
    let [alice, bob, _] = people();
    let code = VerificationCode::new(alice, bob);
    assert_eq!(VerificationCode::decode(&code.encode()), Ok(code));
    let text = code.to_text();
    assert_eq!(text.len(), 148);
    assert_eq!(VerificationCode::from_text(&text), Ok(code));
    let wrapped = format!("  {}\n > {}\r\n", &text[..70], &text[70..]).replace('>', "");
    assert_eq!(VerificationCode::from_text(&wrapped), Ok(code));
}

#[test]
fn damaged_codes_are_told_from_codes_that_differ() {
    let [alice, bob, _] = people();
    let text = VerificationCode::new(alice, bob).to_text();
    for not_a_code in [
        "",
        "hello",
        "sotto-verify",
        &text[1..],
        &text.to_uppercase(),
    ] {
        assert_eq!(
            VerificationCode::from_text(not_a_code),
            Err(VerificationCodeError::NotACode)
        );
    }
    for end in "sotto-verify:".len()..text.len() {
        assert_eq!(
            VerificationCode::from_text(&text[..end]),
            Err(VerificationCodeError::Damaged)
        );
    }
    for at in "sotto-verify:".len()..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(
            VerificationCode::from_text(&changed),
            Err(VerificationCodeError::Damaged)
        );
    }
    assert_eq!(
        VerificationCode::from_text(&format!("{text}A")),
        Err(VerificationCodeError::Damaged)
    );

    let code = VerificationCode::new(alice, bob).encode();
    for length in 0..VERIFICATION_CODE_LEN {
        assert_eq!(
            VerificationCode::decode(&code[..length]),
            Err(VerificationCodeError::Malformed)
        );
    }
    let longer = [code.as_slice(), &[0]].concat();
    assert_eq!(
        VerificationCode::decode(&longer),
        Err(VerificationCodeError::Malformed)
    );
    let mut other_version = code;
    other_version[0] = 2;
    assert_eq!(
        VerificationCode::decode(&other_version),
        Err(VerificationCodeError::Version(2))
    );
    let mut impossible_key = code;
    impossible_key[17..49].fill(0);
    assert_eq!(
        VerificationCode::decode(&impossible_key),
        Err(VerificationCodeError::Malformed)
    );
}

proptest! {
    #[test]
    fn nothing_makes_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,200}") {
        let _ = VerificationCode::decode(&bytes);
        let _ = VerificationCode::from_text(&text);
        let _ = VerificationCode::from_text(&format!("sotto-verify:{text}"));
    }
}

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/vectors/verification.json"
);

fn side(file: &Value, name: &str) -> Side {
    let bytes = |field| hex::decode(file[name][field].as_str().unwrap()).unwrap();
    let id = AccountId::from_bytes(bytes("account").try_into().unwrap());
    (
        id,
        AccountKey::from_bytes(&bytes("key").try_into().unwrap()).unwrap(),
    )
}

#[test]
fn frozen_safety_number_and_codes() {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(PATH).unwrap()).unwrap();
    let (alice, bob) = (side(&file, "alice"), side(&file, "bob"));
    assert_eq!(
        number(alice, bob).to_string(),
        file["safety_number"].as_str().unwrap()
    );
    let code = VerificationCode::new(alice, bob);
    assert_eq!(
        hex::encode(code.encode()),
        file["alice_shows"]["code"].as_str().unwrap()
    );
    assert_eq!(
        code.to_text(),
        file["alice_shows"]["text"].as_str().unwrap()
    );
    for case in file["compared_with_bobs_view"].as_array().unwrap() {
        let shown = VerificationCode::from_text(case["text"].as_str().unwrap()).unwrap();
        let result = shown.compare(&VerificationCode::new(bob, alice));
        assert_eq!(
            format!("{result:?}"),
            case["result"].as_str().unwrap(),
            "{}",
            case["why"]
        );
    }
    let refused = file["refused"].as_array().unwrap();
    assert!(refused.len() > 8);
    for case in refused {
        let error = VerificationCode::from_text(case["text"].as_str().unwrap()).unwrap_err();
        assert_eq!(
            format!("{error:?}"),
            case["error"].as_str().unwrap(),
            "{}",
            case["why"]
        );
    }
}

#[test]
#[ignore = "writes the file that the other test reads"]
fn write_verification_vectors() {
    let [alice, bob, mallory] = [0x20, 0x50, 0x90].map(|from: u8| {
        let secret = AccountSecret::from_bytes(&core::array::from_fn(|at| from + at as u8));
        let id = AccountId::from_bytes(core::array::from_fn(|at| from - 0x20 + at as u8));
        (id, secret.public())
    });
    let shown = |side: Side| json!({ "account": hex::encode(side.0.as_bytes()), "key": hex::encode(side.1.as_bytes()) });
    let code = VerificationCode::new(alice, bob);
    let bobs = VerificationCode::new(bob, alice);
    let compared: Vec<_> = [
        ("what Alice shows", code),
        ("Alice shows a key that Bob doesn't have of her", VerificationCode::new((alice.0, mallory.1), bob)),
        ("Alice has a key of Bob that isn't his", VerificationCode::new(alice, (bob.0, mallory.1))),
        ("both", VerificationCode::new((alice.0, mallory.1), (bob.0, mallory.1))),
        ("Bob's own code", bobs),
        ("Mallory's code for Bob", VerificationCode::new(mallory, bob)),
        ("Alice's code for Mallory", VerificationCode::new(alice, mallory)),
    ]
    .into_iter()
    .map(|(why, code)| {
        json!({ "why": why, "text": code.to_text(), "result": format!("{:?}", code.compare(&bobs)) })
    })
    .collect();
    let text = code.to_text();
    let remade = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = code.encode().to_vec();
        change(&mut bytes);
        let labelled = [b"Sotto v1 verification code\0".as_slice(), &bytes].concat();
        bytes.extend_from_slice(&sha256(&[&labelled])[..4]);
        format!("sotto-verify:{}", URL_SAFE_NO_PAD.encode(bytes))
    };
    assert_eq!(remade(&|_| ()), text, "the documented construction");
    let mut last_bits = text.clone();
    let last = last_bits.pop().unwrap() as u8;
    last_bits.push((last + 1) as char);
    let refused: Vec<_> = [
        ("empty", String::new()),
        (
            "without its beginning",
            text["sotto-verify:".len()..].into(),
        ),
        ("in capitals", text.to_uppercase()),
        ("last character missing", text[..text.len() - 1].into()),
        ("a character more", format!("{text}A")),
        ("a character changed", text.replacen(":A", ":B", 1)),
        ("padded", format!("{text}=")),
        ("unused bits not zero", last_bits),
        (
            "version 2, with the right checksum",
            remade(&|code| code[0] = 2),
        ),
        (
            "a byte less, with the right checksum",
            remade(&|code| code.truncate(96)),
        ),
        (
            "a byte more, with the right checksum",
            remade(&|code| code.push(0)),
        ),
        (
            "a key of small order, with the right checksum",
            remade(&|code| code[17..49].fill(0)),
        ),
        (
            "nothing, with the right checksum",
            remade(&|code| code.clear()),
        ),
    ]
    .into_iter()
    .map(|(why, text)| {
        let error = VerificationCode::from_text(&text).unwrap_err();
        json!({ "why": why, "text": text, "error": format!("{error:?}") })
    })
    .collect();
    let file = json!({
        "alice": shown(alice), "bob": shown(bob), "mallory": shown(mallory),
        "safety_number": number(alice, bob).to_string(),
        "alice_shows": { "code": hex::encode(code.encode()), "text": text },
        "compared_with_bobs_view": compared,
        "refused": refused,
    });
    std::fs::write(PATH, serde_json::to_string_pretty(&file).unwrap() + "\n").unwrap();
}
