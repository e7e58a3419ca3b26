//! Safety numbers and verification codes between two people, with and without somebody between them.

use proptest::prelude::*;
use sotto_crypto_core::identity::{AccountId, AccountKey};
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
