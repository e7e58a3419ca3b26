//! Frozen vectors of our own, as files under `tests/vectors/`: once written, they say what version 1 of the protocol is.
//!
//! `cargo test -p sotto-crypto-core --test frozen -- --ignored` writes them anew, from fixed seeds. A difference in git is a
//! change of the protocol.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "tests: a panic is how they fail"
)]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use rand_core::Rng;
use serde_json::{Value, json};
use sotto_crypto_core::identity::{AccountKey, DeviceSecret, UnverifiedDeviceCertificate};
use sotto_crypto_core::prekey::{
    KemPrekey, KemPrekeySecret, OneTimePrekey, OneTimePrekeySecret, PrekeyBundle, SignedPrekey,
    SignedPrekeySecret,
};
use sotto_crypto_core::primitives::dh::{DhPublic, DhSecret};
use sotto_crypto_core::ratchet::double::{
    DoubleRatchet, OurHeaderKey, OurNextHeaderKey, OurRatchetKey, RootKey, SealedMessage, Sotto,
    TheirNextHeaderKey, TheirRatchetKey,
};
use sotto_crypto_core::ratchet::pq::{MlKem768, PostQuantumRatchet, PqSeed, Side};
use sotto_crypto_core::session::{LocalDevice, RemoteDevice, Session};
use support::{NOW, Person, rng, two_people};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors")
        .join(name)
}

fn write(name: &str, value: &Value) {
    std::fs::create_dir_all(path("")).unwrap();
    std::fs::write(
        path(name),
        serde_json::to_string_pretty(value).unwrap() + "\n",
    )
    .unwrap();
}

fn read(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().expect("hex")).unwrap()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

// PQXDH and the whole session.

fn person_to_json(person: &Person) -> Value {
    let publics: BTreeMap<_, _> = [
        (
            "certificate",
            hex::encode(person.local.certificate.encode()),
        ),
        (
            "signed_prekey",
            hex::encode(person.signed[&1].public().encode()),
        ),
        (
            "one_time_prekey",
            hex::encode(person.one_time[&11].public().encode()),
        ),
        ("kem_prekey", hex::encode(person.kem[&21].public().encode())),
        (
            "last_resort_prekey",
            hex::encode(person.kem[&22].public().encode()),
        ),
    ]
    .into();
    json!({
        "account_key": hex::encode(person.local.account_key.as_bytes()),
        "device_secret": hex::encode(person.local.secret.to_bytes().as_slice()),
        "signed_prekey_secret": hex::encode(person.signed[&1].to_bytes().as_slice()),
        "one_time_prekey_secret": hex::encode(person.one_time[&11].to_bytes().as_slice()),
        "kem_prekey_secret": hex::encode(person.kem[&21].to_bytes().as_slice()),
        "last_resort_prekey_secret": hex::encode(person.kem[&22].to_bytes().as_slice()),
        "public": publics,
    })
}

fn person_from_json(value: &Value) -> Person {
    let account_key = AccountKey::from_bytes(&array(&value["account_key"])).unwrap();
    let unverified =
        UnverifiedDeviceCertificate::decode(&bytes(&value["public"]["certificate"])).unwrap();
    let account = unverified.account();
    let certificate = unverified.verify(account, &account_key).unwrap();
    let signed = SignedPrekeySecret::from_bytes(&bytes(&value["signed_prekey_secret"])).unwrap();
    let one_time =
        OneTimePrekeySecret::from_bytes(&bytes(&value["one_time_prekey_secret"])).unwrap();
    let kem = KemPrekeySecret::from_bytes(&bytes(&value["kem_prekey_secret"])).unwrap();
    let last = KemPrekeySecret::from_bytes(&bytes(&value["last_resort_prekey_secret"])).unwrap();
    let person = Person {
        local: LocalDevice {
            account_key,
            certificate,
            secret: DeviceSecret::from_bytes(&array(&value["device_secret"])),
        },
        signed: [(signed.id(), signed)].into(),
        one_time: [(one_time.id(), one_time)].into(),
        kem: [(kem.id(), kem), (last.id(), last)].into(),
    };
    assert_eq!(
        person_to_json(&person),
        *value,
        "secrets and public keys belong together"
    );
    person
}

/// Which way a message of a script goes.
const SCRIPT: &str = "ABABABBAAABBABABAB";

/// A conversation after `SCRIPT`: every envelope, and after each step the SHA-256 of both states.
fn play(
    initiator: &Person,
    responder: &Person,
    one_time: Option<u32>,
    kem: u32,
    seed: u64,
) -> (Value, Session, Session) {
    let rng = &mut rng(seed);
    let bundle = responder.bundle_of(one_time, kem);
    let mut a = Session::initiate(&initiator.local, &responder.remote(), &bundle, rng).unwrap();
    let mut b: Option<Session> = None;
    let mut steps = vec![];
    for (number, from) in SCRIPT.chars().enumerate() {
        let text = format!("message {number}");
        let envelope = if from == 'A' {
            let envelope = a.encrypt(text.as_bytes(), rng).unwrap();
            match &mut b {
                Some(b) => _ = b.decrypt(&envelope, NOW, rng).unwrap(),
                None => {
                    let (local, remote) = (&responder.local, initiator.remote());
                    let opened = Session::respond(local, &remote, responder, &envelope, NOW, rng);
                    b = Some(opened.unwrap().session);
                }
            }
            envelope
        } else {
            let b = b.as_mut().expect("the initiator writes first");
            let envelope = b.encrypt(text.as_bytes(), rng).unwrap();
            a.decrypt(&envelope, NOW, rng).unwrap();
            envelope
        };
        let digest = |session: &Session| {
            hex::encode(sotto_crypto_core::primitives::hash::sha256(&[
                &session.to_bytes()
            ]))
        };
        steps.push(json!({
            "from": from.to_string(),
            "plaintext": hex::encode(&text),
            "envelope": hex::encode(&envelope),
            "state_a_sha256": digest(&a),
            "state_b_sha256": b.as_ref().map(digest),
        }));
    }
    let value = json!({
        "id": hex::encode(a.id()),
        "one_time": one_time,
        "kem": kem,
        "seed": seed,
        "steps": steps,
    });
    (value, a, b.expect("the script answers"))
}

fn sessions() -> Value {
    let rng = &mut rng(2026);
    let (alice, bob) = two_people(rng);
    json!({
        "about": "PQXDH, then the Triple Ratchet: docs/PROTOCOL.md, sections 4 and 5. A initiates, B responds. Randomness: \
            ChaCha20Rng::seed_from_u64(seed), drawn in the order of the steps.",
        "now": NOW,
        "a": person_to_json(&alice),
        "b": person_to_json(&bob),
        "sessions": [
            play(&alice, &bob, Some(11), 21, 100).0,
            play(&alice, &bob, None, 22, 101).0,
        ],
    })
}

#[test]
#[ignore = "writes the vectors anew"]
fn write_vectors() {
    write("session.json", &sessions());
    write("double-ratchet.json", &double_ratchet());
    write("pq-ratchet.json", &pq_ratchet());
    write("refused.json", &refused());
}

#[test]
fn sessions_are_the_frozen_ones() {
    let frozen = read("session.json");
    let (alice, bob) = (
        person_from_json(&frozen["a"]),
        person_from_json(&frozen["b"]),
    );
    for session in frozen["sessions"].as_array().unwrap() {
        let one_time = session["one_time"].as_u64().map(|id| id as u32);
        let kem = session["kem"].as_u64().unwrap() as u32;
        let seed = session["seed"].as_u64().unwrap();
        let (played, ..) = play(&alice, &bob, one_time, kem, seed);
        assert_eq!(played["id"], session["id"]);
        for (played, frozen) in played["steps"]
            .as_array()
            .unwrap()
            .iter()
            .zip(session["steps"].as_array().unwrap())
        {
            assert_eq!(played, frozen);
        }
    }
}

/// One edit of an envelope: cut to a length, bytes replaced, bytes appended.
fn edit(what: &str, cut: Option<usize>, replace: &[(usize, &[u8])], append: &[u8]) -> Value {
    let replace: Vec<_> = replace
        .iter()
        .map(|(at, with)| json!({ "at": at, "with": hex::encode(with) }))
        .collect();
    json!({ "what": what, "cut": cut, "replace": replace, "append": hex::encode(append) })
}

fn edited(envelope: &[u8], edit: &Value) -> Vec<u8> {
    let mut out = envelope.to_vec();
    if let Some(length) = edit["cut"].as_u64() {
        out.truncate(length as usize);
    }
    for replace in edit["replace"].as_array().unwrap() {
        let (at, with) = (
            replace["at"].as_u64().unwrap() as usize,
            bytes(&replace["with"]),
        );
        out[at..at + with.len()].copy_from_slice(&with);
    }
    out.extend(bytes(&edit["append"]));
    out
}

/// Envelopes that must be refused, as edits of the first envelope of `session.json`, with the error that each gets.
fn refused() -> Value {
    let frozen = frozen_start();
    let first = &frozen.first;
    let flip = |at: usize, bit: u8| [first[at] ^ (1 << bit)];
    let mut one = [0; 32];
    one[0] = 1;
    let (ephemeral, ciphertext, sealed) = (2 + 14, 2 + 46, 2 + 1614);
    let header = sealed + 2;
    let body = header + 93;
    let mut edits = vec![
        edit("nothing is wrong", None, &[], &[]),
        edit("empty", Some(0), &[], &[]),
        edit("version alone", Some(1), &[], &[]),
        edit("cut within the handshake", Some(1000), &[], &[]),
        edit("cut after the handshake", Some(sealed), &[], &[]),
        edit("cut within the header", Some(header + 40), &[], &[]),
        edit("cut after the header", Some(body), &[], &[]),
        edit("last byte missing", Some(first.len() - 1), &[], &[]),
        edit("a zero appended", None, &[], &[0]),
        edit("a tag's length appended", None, &[], &[0; 16]),
        edit("version 0", None, &[(0, &[0])], &[]),
        edit("version 2", None, &[(0, &[2])], &[]),
        edit("kind 0", None, &[(1, &[0])], &[]),
        edit("kind 2: a ratchet envelope", None, &[(1, &[2])], &[]),
        edit("kind 3", None, &[(1, &[3])], &[]),
        edit("another signed prekey", None, &[(5, &[2])], &[]),
        edit("one-time flag 2", None, &[(6, &[2])], &[]),
        edit("one-time flag 0 beside an id", None, &[(6, &[0])], &[]),
        edit(
            "one-time prekey left out",
            None,
            &[(6, &[0, 0, 0, 0, 0])],
            &[],
        ),
        edit("another one-time prekey", None, &[(10, &[12])], &[]),
        edit("KEM prekey's kind 0", None, &[(11, &[0])], &[]),
        edit(
            "a one-time KEM prekey as last resort",
            None,
            &[(11, &[2])],
            &[],
        ),
        edit(
            "the last resort as one-time KEM prekey",
            None,
            &[(15, &[22])],
            &[],
        ),
        edit(
            "the last resort instead",
            None,
            &[(11, &[2]), (15, &[22])],
            &[],
        ),
        edit(
            "ephemeral key of order 4: zero",
            None,
            &[(ephemeral, &[0; 32])],
            &[],
        ),
        edit(
            "ephemeral key of order 4: one",
            None,
            &[(ephemeral, &one)],
            &[],
        ),
        edit(
            "ephemeral key not canonical",
            None,
            &[(ephemeral, &[0xFF; 32])],
            &[],
        ),
        edit(
            "KEM ciphertext of zeros",
            None,
            &[(ciphertext, &[0; 1568])],
            &[],
        ),
        edit("header's length one less", None, &[(sealed, &[0, 92])], &[]),
        edit("header's length one more", None, &[(sealed, &[0, 94])], &[]),
        edit(
            "header's length beyond the end",
            None,
            &[(sealed, &[0xFF, 0xFF])],
            &[],
        ),
        edit(
            "header of length 0",
            Some(header),
            &[(sealed, &[0, 0])],
            &[],
        ),
    ];
    for (what, at) in [
        ("a bit of the ephemeral key", ephemeral + 7),
        ("first bit of the KEM ciphertext", ciphertext),
        ("last bit of the KEM ciphertext", sealed - 1),
        ("a bit of the header's nonce", header + 3),
        ("a bit of the header", header + 30),
        ("a bit of the header's post-quantum part", header + 24 + 40),
        ("a bit of the header's tag", body - 1),
        ("first bit of the ciphertext", body),
        ("a bit of the tag", first.len() - 3),
    ] {
        edits.push(edit(what, None, &[(at, &flip(at, 0))], &[]));
    }
    for edit in &mut edits {
        let envelope = edited(first, edit);
        let (bob, remote) = (&frozen.bob, frozen.alice.remote());
        let opened = Session::respond(&bob.local, &remote, bob, &envelope, NOW, &mut rng(0));
        edit["error"] = opened.err().map(|error| format!("{error:?}")).into();
    }
    json!({
        "about": "Edits of sessions[0].steps[0].envelope of session.json, and what B, having none of the session yet, says to \
            each: cut to a length, then replace, then append. Only the first opens.",
        "edits": edits,
    })
}

#[test]
fn what_must_be_refused_is_refused_as_frozen() {
    let frozen = read("refused.json");
    assert_eq!(refused(), frozen);
    let opens = |edit: &&Value| edit["error"].is_null();
    assert_eq!(
        frozen["edits"]
            .as_array()
            .unwrap()
            .iter()
            .filter(opens)
            .count(),
        1
    );
}

/// The first envelope, the reply, and both ends at that point, from the frozen file.
struct Frozen {
    alice: Person,
    bob: Person,
    first: Vec<u8>,
    second: Vec<u8>,
    reply: Vec<u8>,
}

fn frozen_start() -> Frozen {
    let frozen = read("session.json");
    let steps = &frozen["sessions"][0]["steps"];
    Frozen {
        alice: person_from_json(&frozen["a"]),
        bob: person_from_json(&frozen["b"]),
        first: bytes(&steps[0]["envelope"]),
        reply: bytes(&steps[1]["envelope"]),
        second: bytes(&steps[2]["envelope"]),
    }
}

impl Frozen {
    fn respond(&self, envelope: &[u8]) -> Option<Session> {
        self.respond_as(&self.bob.local, &self.alice.remote(), envelope)
    }

    fn respond_as(
        &self,
        local: &LocalDevice,
        remote: &RemoteDevice,
        envelope: &[u8],
    ) -> Option<Session> {
        Session::respond(local, remote, &self.bob, envelope, NOW, &mut rng(0))
            .ok()
            .map(|opened| opened.session)
    }
}

#[test]
fn the_first_envelope_is_refused_with_any_bit_flipped() {
    let frozen = frozen_start();
    assert!(frozen.respond(&frozen.first).is_some());
    // Every bit of what is short, one bit in each byte of what is long.
    for at in 0..frozen.first.len() {
        let bits = if at < 64 {
            0..8
        } else {
            at as u32 % 8..at as u32 % 8 + 1
        };
        for bit in bits {
            let mut damaged = frozen.first.clone();
            damaged[at] ^= 1 << bit;
            assert!(frozen.respond(&damaged).is_none(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn the_first_envelope_is_refused_at_any_other_length() {
    let frozen = frozen_start();
    for length in 0..frozen.first.len() {
        assert!(
            frozen.respond(&frozen.first[..length]).is_none(),
            "cut to {length}"
        );
    }
    for more in [&[0][..], &[0x80], &[0; 16], &frozen.first] {
        assert!(frozen.respond(&[&frozen.first, more].concat()).is_none());
    }
}

#[test]
fn the_first_envelope_opens_between_these_two_devices_alone() {
    let frozen = frozen_start();
    let mallory = Person::new(&mut rng(666));
    let (alice, bob) = (&frozen.alice, &frozen.bob);
    // Another sender, swapped ends, another account key, another certificate for the same keys.
    assert!(
        frozen
            .respond_as(&bob.local, &mallory.remote(), &frozen.first)
            .is_none()
    );
    assert!(
        frozen
            .respond_as(&alice.local, &bob.remote(), &frozen.first)
            .is_none()
    );
    assert!(
        frozen
            .respond_as(&bob.local, &bob.remote(), &frozen.first)
            .is_none()
    );
    let mut other_key = alice.remote();
    other_key.account_key = mallory.account_key();
    assert!(
        frozen
            .respond_as(&bob.local, &other_key, &frozen.first)
            .is_none()
    );
    let other_local = LocalDevice {
        account_key: mallory.account_key(),
        certificate: bob.local.certificate.clone(),
        secret: DeviceSecret::from_bytes(&bob.local.secret.to_bytes()),
    };
    assert!(
        frozen
            .respond_as(&other_local, &alice.remote(), &frozen.first)
            .is_none()
    );
    let other_certificate = LocalDevice {
        account_key: bob.account_key(),
        certificate: mallory.local.certificate.clone(),
        secret: DeviceSecret::from_bytes(&bob.local.secret.to_bytes()),
    };
    assert!(
        frozen
            .respond_as(&other_certificate, &alice.remote(), &frozen.first)
            .is_none()
    );
    assert!(
        frozen
            .respond_as(&bob.local, &alice.remote(), &frozen.first)
            .is_some()
    );
}

#[test]
fn small_order_ephemeral_keys_are_refused() {
    let frozen = frozen_start();
    let mut one = [0; 32];
    one[0] = 1;
    for point in [[0; 32], one, [0xFF; 32]] {
        let mut damaged = frozen.first.clone();
        damaged[2 + 14..2 + 46].copy_from_slice(&point);
        assert!(frozen.respond(&damaged).is_none());
    }
}

#[test]
fn later_envelopes_are_refused_damaged_replayed_or_in_another_form() {
    let frozen = frozen_start();
    let rng = &mut rng(0);
    let mut b = frozen.respond(&frozen.first).unwrap();
    // The reply isn't B's to read, and the first envelope has been read.
    b.decrypt(&frozen.reply, NOW, rng).unwrap_err();
    b.decrypt(&frozen.first, NOW, rng).unwrap_err();
    // Without its handshake the initial envelope is no ratchet envelope.
    let stripped = [&[1, 2], &frozen.first[2 + 1614..]].concat();
    b.decrypt(&stripped, NOW, rng).unwrap_err();
    let before = b.to_bytes();
    // B hasn't sent its reply here, so what A wrote after reading it can't be for this B.
    b.decrypt(&frozen.second, NOW, rng).unwrap_err();
    assert_eq!(*b.to_bytes(), *before);
}

#[test]
fn an_unread_envelope_is_refused_in_another_form() {
    let frozen = frozen_start();
    let rng = &mut rng(5);
    let (alice, bob) = (&frozen.alice, &frozen.bob);
    let mut a = Session::initiate(&alice.local, &bob.remote(), &bob.bundle(), rng).unwrap();
    let first = a.encrypt(b"first", rng).unwrap();
    let second = a.encrypt(b"second", rng).unwrap();
    let mut b = frozen.respond(&first).unwrap();
    let stripped = [&[1, 2], &second[2 + 1614..]].concat();
    b.decrypt(&stripped, NOW, rng).unwrap_err();
    for at in 0..second.len() {
        let mut damaged = second.clone();
        damaged[at] ^= 1 << (at % 8);
        b.decrypt(&damaged, NOW, rng).unwrap_err();
    }
    for length in 0..second.len() {
        b.decrypt(&second[..length], NOW, rng).unwrap_err();
    }
    b.decrypt(&[&second[..], &[0]].concat(), NOW, rng)
        .unwrap_err();
    assert_eq!(*b.decrypt(&second, NOW, rng).unwrap(), b"second");
}

// Prekeys.

#[test]
fn prekeys_are_refused_damaged_or_for_another_use() {
    let frozen = read("session.json");
    let bob = person_from_json(&frozen["b"]);
    let keys = *bob.local.certificate.keys();
    let public = &frozen["b"]["public"];
    let signed = bytes(&public["signed_prekey"]);
    for at in 0..signed.len() * 8 {
        let mut damaged = signed.clone();
        damaged[at / 8] ^= 1 << (at % 8);
        let accepted = SignedPrekey::decode(&damaged).is_ok_and(|key| key.verify(&keys).is_ok());
        assert!(!accepted, "bit {at}");
    }
    let kem = bytes(&public["kem_prekey"]);
    for at in 0..kem.len() {
        let mut damaged = kem.clone();
        damaged[at] ^= 1 << (at % 8);
        let accepted = KemPrekey::decode(&damaged).is_ok_and(|key| key.verify(&keys).is_ok());
        assert!(!accepted, "byte {at}");
    }
    // A last resort given out as a one-time key, and the other way round: the label is wrong.
    for (name, kind) in [("kem_prekey", 2), ("last_resort_prekey", 1)] {
        let mut swapped = bytes(&public[name]);
        swapped[0] = kind;
        assert!(KemPrekey::decode(&swapped).unwrap().verify(&keys).is_err());
    }
    // Another device's signature.
    let alice = person_from_json(&frozen["a"]);
    let theirs = SignedPrekey::decode(&signed).unwrap();
    assert!(theirs.verify(alice.local.certificate.keys()).is_err());
    let refused = PrekeyBundle::new(
        alice.local.certificate.clone(),
        theirs,
        None,
        alice.kem[&21].public(),
    );
    assert!(refused.is_err());
    // Lengths and small-order keys.
    for length in 0..signed.len() {
        assert!(SignedPrekey::decode(&signed[..length]).is_err());
    }
    assert!(SignedPrekey::decode(&[&signed[..], &[0]].concat()).is_err());
    assert!(KemPrekey::decode(&[&kem[..], &[0]].concat()).is_err());
    assert!(KemPrekey::decode(&kem[..kem.len() - 1]).is_err());
    let one_time = bytes(&public["one_time_prekey"]);
    assert!(OneTimePrekey::decode(&one_time).is_ok());
    assert!(OneTimePrekey::decode(&one_time[1..]).is_err());
    assert!(OneTimePrekey::decode(&[&one_time[..], &[0]].concat()).is_err());
    assert!(OneTimePrekey::decode(&[0; 36]).is_err());
}

// The Double Ratchet alone, with Sotto's parameters.

fn double_ratchet() -> Value {
    let (sk, hka, nhkb, bob) = ([1; 32], [2; 32], [3; 32], [4; 32]);
    let (mut rng_a, mut rng_b) = (rng(200), rng(201));
    let pair = DhSecret::from_bytes(bob);
    let mut a = DoubleRatchet::<Sotto>::initiate(
        &RootKey::from_bytes(sk),
        &TheirRatchetKey::new(DhPublic::from_bytes(*pair.public().as_bytes()).unwrap()),
        &OurHeaderKey::from_bytes(hka),
        TheirNextHeaderKey::from_bytes(nhkb),
        &mut rng_a,
    )
    .unwrap();
    let mut b = DoubleRatchet::<Sotto>::respond(
        RootKey::from_bytes(sk),
        OurRatchetKey::from_secret(pair),
        OurNextHeaderKey::from_bytes(nhkb),
        TheirNextHeaderKey::from_bytes(hka),
    );
    let mut steps = vec![];
    for (number, from) in SCRIPT.chars().enumerate() {
        let text = format!("message {number}");
        let (sender, receiver, rng) = if from == 'A' {
            (&mut a, &mut b, &mut rng_a)
        } else {
            (&mut b, &mut a, &mut rng_b)
        };
        let SealedMessage { header, ciphertext } = sender
            .encrypt(text.as_bytes(), b"associated data", rng)
            .unwrap();
        // Every third message is lost.
        if number % 3 != 2 {
            let message = SealedMessage {
                header: header.clone(),
                ciphertext: ciphertext.clone(),
            };
            receiver.decrypt(&message, b"associated data", NOW).unwrap();
        }
        steps.push(json!({
            "from": from.to_string(),
            "arrives": number % 3 != 2,
            "plaintext": hex::encode(&text),
            "header": hex::encode(&header),
            "ciphertext": hex::encode(&ciphertext),
            "state_a": hex::encode(a.to_bytes().as_slice()),
            "state_b": hex::encode(b.to_bytes().as_slice()),
        }));
        let (sender, receiver) = (a, b);
        a = DoubleRatchet::from_bytes(&sender.to_bytes()).unwrap();
        b = DoubleRatchet::from_bytes(&receiver.to_bytes()).unwrap();
    }
    json!({
        "about": "The Double Ratchet with header encryption alone: docs/PROTOCOL.md, section 5.3. Randomness: \
            ChaCha20Rng::seed_from_u64, 200 for A and 201 for B.",
        "root_key": hex::encode(sk),
        "initiators_header_key": hex::encode(hka),
        "responders_header_key": hex::encode(nhkb),
        "responders_ratchet_secret": hex::encode(bob),
        "associated_data": hex::encode("associated data"),
        "steps": steps,
    })
}

#[test]
fn the_double_ratchet_is_the_frozen_one() {
    assert_eq!(double_ratchet(), read("double-ratchet.json"));
}

// The post-quantum ratchet alone.

fn pq_ratchet() -> Value {
    let seed = [5; 32];
    let (mut rng_a, mut rng_b) = (rng(300), rng(301));
    let mut a = PostQuantumRatchet::<MlKem768>::new(&PqSeed::from_bytes(seed), Side::Initiator);
    let mut b = PostQuantumRatchet::<MlKem768>::new(&PqSeed::from_bytes(seed), Side::Responder);
    let mut steps = vec![];
    for (number, from) in SCRIPT.chars().enumerate() {
        let (sender, receiver, rng) = if from == 'A' {
            (&mut a, &mut b, &mut rng_a)
        } else {
            (&mut b, &mut a, &mut rng_b)
        };
        let mut header = vec![];
        let key = sender.next_message(rng, &mut header).unwrap();
        // Every fifth message is lost.
        if number % 5 != 4 {
            let read = receiver.receive(&header, NOW).unwrap();
            assert_eq!(read.as_bytes(), key.as_bytes());
        }
        steps.push(json!({
            "from": from.to_string(),
            "arrives": number % 5 != 4,
            "header": hex::encode(&header),
            "message_key": hex::encode(key.as_bytes()),
            "epoch_a": a.sending_epoch(),
            "epoch_b": b.sending_epoch(),
        }));
        let (stored_a, stored_b) = (a.to_bytes(), b.to_bytes());
        a = PostQuantumRatchet::from_bytes(&stored_a).unwrap();
        b = PostQuantumRatchet::from_bytes(&stored_b).unwrap();
        assert_eq!(*a.to_bytes(), *stored_a);
        assert_eq!(*b.to_bytes(), *stored_b);
    }
    json!({
        "about": "The sparse post-quantum ratchet alone: docs/PROTOCOL.md, section 5.4. Randomness: \
            ChaCha20Rng::seed_from_u64, 300 for A and 301 for B.",
        "seed": hex::encode(seed),
        "steps": steps,
    })
}

#[test]
fn the_post_quantum_ratchet_is_the_frozen_one() {
    assert_eq!(pq_ratchet(), read("pq-ratchet.json"));
}

/// Both sides of a post-quantum ratchet after `messages` messages, A first, in turn.
fn pq_pair(messages: usize) -> [PostQuantumRatchet<MlKem768>; 2] {
    let seed = PqSeed::from_bytes([5; 32]);
    let rng = &mut rng(7);
    let mut sides =
        [Side::Initiator, Side::Responder].map(|side| PostQuantumRatchet::new(&seed, side));
    for number in 0..messages {
        let mut header = vec![];
        sides[number % 2].next_message(rng, &mut header).unwrap();
        sides[1 - number % 2].receive(&header, NOW).unwrap();
    }
    sides
}

#[test]
fn the_post_quantum_part_cannot_be_stripped() {
    for messages in 1..12 {
        let mut sides = pq_pair(messages);
        let (from, to) = (messages % 2, 1 - messages % 2);
        let rng = &mut rng(8);
        let mut header = vec![];
        sides[from].next_message(rng, &mut header).unwrap();
        let before = sides[to].to_bytes();
        // Without the key or ciphertext that is aboard. One direction only needs it: the other side may have had it before.
        if header[12] == 1 && sides[to].to_bytes()[2] == 2 {
            let stripped = [&header[..12], &[0]].concat();
            assert!(
                sides[to].receive(&stripped, NOW).is_err(),
                "after {messages}"
            );
        }
        // Cut, extended, of an unknown kind, of an epoch that nobody has opened.
        for length in 0..header.len() {
            assert!(sides[to].receive(&header[..length], NOW).is_err());
        }
        assert!(
            sides[to]
                .receive(&[&header[..], &[0]].concat(), NOW)
                .is_err()
        );
        let mut unknown = header.clone();
        unknown[12] = 3;
        assert!(sides[to].receive(&unknown, NOW).is_err());
        for epochs in [2, 3, u32::MAX - 5] {
            let mut ahead = header.clone();
            let epoch = u32::from_be_bytes(header[..4].try_into().unwrap());
            ahead[..4].copy_from_slice(&epoch.wrapping_add(epochs).to_be_bytes());
            assert!(sides[to].receive(&ahead, NOW).is_err(), "{epochs} ahead");
        }
        // Far ahead, and already read.
        let mut far = header.clone();
        far[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(sides[to].receive(&far, NOW).is_err());
        assert_eq!(*sides[to].to_bytes(), *before);
        sides[to].receive(&header, NOW).unwrap();
        assert!(sides[to].receive(&header, NOW).is_err());
    }
}

#[test]
fn roles_of_the_post_quantum_part_cannot_be_usurped() {
    // A's first message has nothing aboard; with a key of an attacker's choice aboard it is refused.
    let [mut a, mut b] = pq_pair(0);
    let rng = &mut rng(9);
    let mut header = vec![];
    a.next_message(rng, &mut header).unwrap();
    assert_eq!(header.len(), 13);
    let mut key = vec![0; 1184];
    rng.fill_bytes(&mut key[1152..]);
    for (kind, body) in [(1, key.as_slice()), (2, &[0; 1088])] {
        let forged = [&header[..12], &[kind], body].concat();
        assert!(b.receive(&forged, NOW).is_err());
    }
    b.receive(&header, NOW).unwrap();
}
