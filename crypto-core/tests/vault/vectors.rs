//! Frozen vaults and wrapped keys, and many that must be refused: `tests/vectors/vault.json`.
//!
//! `cargo test -p sotto-crypto-core --test vault -- --ignored write_vectors` writes the file anew. That is a change of the
//! protocol, or of what its errors are called.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use serde_json::{Value, json};
use sotto_crypto_core::identity::AccountId;
use sotto_crypto_core::primitives::aead::{AeadKey, XNonce, seal_x};
use sotto_crypto_core::recovery_key::RecoveryKey;
use sotto_crypto_core::vault::{VaultKey, WrappingKey, open_vault, seal_vault};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/vault.json");

/// Gives the nonce of a vector.
struct Given([u8; 24]);

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unimplemented!("only bytes are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unimplemented!("only bytes are drawn")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0);
        Ok(())
    }
}

impl TryCryptoRng for Given {}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

fn read() -> Value {
    serde_json::from_str(&std::fs::read_to_string(PATH).unwrap()).unwrap()
}

fn way_in(file: &Value, case: &Value) -> WrappingKey {
    match case["way"].as_str().unwrap() {
        "password" => WrappingKey::from_opaque_export(&bytes(&file["opaque_export_key"])).unwrap(),
        "recovery key" => {
            let words = file["recovery_key"]["words"].as_str().unwrap();
            WrappingKey::from_recovery_key(&RecoveryKey::from_words(words).unwrap())
        }
        other => panic!("no way in {other}"),
    }
}

#[test]
fn frozen_recovery_key() {
    let case = &read()["recovery_key"];
    let key = RecoveryKey::from_words(case["words"].as_str().unwrap()).unwrap();
    assert_eq!(key.as_bytes(), &array(&case["entropy"]));
    let signing = key.signing_secret();
    assert_eq!(signing.to_bytes().as_slice(), bytes(&case["signing_seed"]));
    assert_eq!(signing.public().as_bytes(), &array(&case["signing_key"]));
    let answer = key.sign_challenge(&bytes(&case["challenge"]));
    assert_eq!(answer.as_bytes().as_slice(), bytes(&case["answer"]));
}

#[test]
fn frozen_vaults() {
    let file = read();
    let account = AccountId::from_bytes(array(&file["account"]));
    let key = VaultKey::from_bytes(array(&file["vault_key"]));
    for case in file["vaults"]["accepted"].as_array().unwrap() {
        let (version, content) = (case["version"].as_u64().unwrap(), bytes(&case["content"]));
        let nonce = &mut Given(array(&case["nonce"]));
        let vault = seal_vault(&key, account, version, &content, nonce);
        assert_eq!(vault, bytes(&case["vault"]));
        let opened = open_vault(&key, account, version, &vault).unwrap();
        assert_eq!((opened.version, &*opened.content), (version, &content));
    }
    let refused = file["vaults"]["refused"].as_array().unwrap();
    assert!(refused.len() > 15);
    for case in refused {
        let newest_seen = case["newest_seen"].as_u64().unwrap();
        let error = open_vault(&key, account, newest_seen, &bytes(&case["bytes"])).unwrap_err();
        assert_eq!(
            format!("{error:?}"),
            case["error"].as_str().unwrap(),
            "{}",
            case["why"]
        );
    }
}

#[test]
fn frozen_wrapped_keys() {
    let file = read();
    let account = AccountId::from_bytes(array(&file["account"]));
    let key = VaultKey::from_bytes(array(&file["vault_key"]));
    for case in file["wrapped_keys"]["accepted"].as_array().unwrap() {
        let way = way_in(&file, case);
        let wrapped = way.wrap(&key, account, &mut Given(array(&case["nonce"])));
        assert_eq!(wrapped, bytes(&case["wrapped"]));
        assert_eq!(
            way.unwrap(account, &wrapped).unwrap().as_bytes(),
            key.as_bytes()
        );
    }
    let refused = file["wrapped_keys"]["refused"].as_array().unwrap();
    assert!(refused.len() > 15);
    for case in refused {
        let error = way_in(&file, case)
            .unwrap(account, &bytes(&case["bytes"]))
            .unwrap_err();
        assert_eq!(
            format!("{error:?}"),
            case["error"].as_str().unwrap(),
            "{}",
            case["why"]
        );
    }
}

/// A bit flipped at each place, bytes missing, bytes more.
fn changes(good: &[u8], places: &[(&str, usize)]) -> Vec<(String, Vec<u8>)> {
    let mut changes = Vec::new();
    for (place, at) in places {
        for bit in [0, 7] {
            let mut bytes = good.to_vec();
            bytes[*at] ^= 1 << bit;
            changes.push((format!("bit {bit} of {place} flipped"), bytes));
        }
    }
    changes.push(("empty".into(), vec![]));
    changes.push(("last byte missing".into(), good[..good.len() - 1].to_vec()));
    changes.push(("nothing but the nonce".into(), good[..26].to_vec()));
    changes.push(("cut in the nonce".into(), good[..20].to_vec()));
    changes.push(("a byte more".into(), [good, &[0]].concat()));
    changes
}

#[test]
#[ignore = "writes the file that the other tests read"]
fn write_vectors() {
    let account = AccountId::from_bytes(core::array::from_fn(|at| at as u8));
    let other_account = AccountId::from_bytes([0xee; 16]);
    let key_bytes: [u8; 32] = core::array::from_fn(|at| 0x60 + at as u8);
    let key = VaultKey::from_bytes(key_bytes);
    let other_key = VaultKey::from_bytes([0xee; 32]);
    let nonce: [u8; 24] = core::array::from_fn(|at| 0xa0 + at as u8);
    let export: [u8; 64] = core::array::from_fn(|at| 0xc0_u8.wrapping_add(at as u8));
    let recovery_key = RecoveryKey::from_words(
        "cat swing flag economy stadium alone churn speed unique patch report train",
    )
    .unwrap();
    let signing = recovery_key.signing_secret();

    let seal = |key: &VaultKey, account, version, content: &[u8]| {
        seal_vault(key, account, version, content, &mut Given(nonce))
    };
    let contents: [(u64, Vec<u8>); 3] = [
        (1, vec![]),
        (2, b"secrets".to_vec()),
        (1 << 40, (0..=255).collect()),
    ];
    let accepted: Vec<_> = contents
        .iter()
        .map(|(version, content)| {
            json!({
                "version": version, "content": hex::encode(content), "nonce": hex::encode(nonce),
                "vault": hex::encode(seal(&key, account, *version, content)),
            })
        })
        .collect();
    let good = seal(&key, account, 2, b"secrets");
    let places = [
        ("the structure's version", 0),
        ("the version", 8),
        ("the nonce", 9),
        ("the nonce's end", 32),
        ("the ciphertext", 33),
        ("the padding", 150),
        ("the tag", good.len() - 1),
    ];
    let mut bad: Vec<_> = changes(&good, &places)
        .into_iter()
        .map(|(why, bytes)| (why, bytes, 0))
        .collect();
    bad.push((
        "of another account".into(),
        seal(&key, other_account, 2, b"secrets"),
        0,
    ));
    bad.push((
        "under another key".into(),
        seal(&other_key, account, 2, b"secrets"),
        0,
    ));
    bad.push(("older than the newest seen".into(), good.clone(), 3));
    bad.push((
        "older than the newest seen, with its version raised".into(),
        {
            let mut raised = good.clone();
            raised[8] = 3;
            raised
        },
        3,
    ));
    let ad = [
        b"Sotto v1 vault\0\x01".as_slice(),
        account.as_bytes(),
        &2_u64.to_be_bytes(),
    ]
    .concat();
    let by_hand = |ad: &[u8], padded: &[u8]| {
        let sealed = seal_x(&AeadKey::from_bytes(key_bytes), &XNonce(nonce), ad, padded);
        [&good[..33], &sealed].concat()
    };
    let mut padded = [0; 160];
    padded[..7].copy_from_slice(b"secrets");
    padded[7] = 0x80;
    assert_eq!(by_hand(&ad, &padded), good, "the documented construction");
    let label = [
        b"Sotto v1 vault key\0\x01".as_slice(),
        account.as_bytes(),
        &2_u64.to_be_bytes(),
    ]
    .concat();
    bad.push((
        "with the label of wrapped keys".into(),
        by_hand(&label, &padded),
        0,
    ));
    bad.push(("without associated data".into(), by_hand(&[], &padded), 0));
    bad.push(("not padded".into(), by_hand(&ad, b"secrets"), 0));
    bad.push(("padded without the mark".into(), by_hand(&ad, &[0; 160]), 0));
    bad.push((
        "padded to another length".into(),
        by_hand(&ad, &padded[..128]),
        0,
    ));
    let refused_vaults: Vec<_> = (bad.into_iter())
        .map(|(why, bytes, newest_seen)| {
            let error = open_vault(&key, account, newest_seen, &bytes).unwrap_err();
            json!({
                "why": why, "newest_seen": newest_seen, "bytes": hex::encode(bytes), "error": format!("{error:?}"),
            })
        })
        .collect();

    let ways = [
        (
            "password",
            WrappingKey::from_opaque_export(&export).unwrap(),
        ),
        (
            "recovery key",
            WrappingKey::from_recovery_key(&recovery_key),
        ),
    ];
    let mut accepted_wraps = Vec::new();
    let mut refused_wraps = Vec::new();
    for (name, way) in &ways {
        let good = way.wrap(&key, account, &mut Given(nonce));
        accepted_wraps.push(
            json!({ "way": name, "nonce": hex::encode(nonce), "wrapped": hex::encode(&good) }),
        );
        let places = [
            ("the structure's version", 0),
            ("the way in", 1),
            ("the nonce", 2),
            ("the key", 26),
            ("the tag", 73),
        ];
        let mut bad = changes(&good, &places);
        bad.push((
            "of another account".into(),
            way.wrap(&key, other_account, &mut Given(nonce)),
        ));
        for (other, other_way) in &ways {
            if other != name {
                let mut theirs = other_way.wrap(&key, account, &mut Given(nonce));
                bad.push((format!("wrapped for the {other}"), theirs.clone()));
                theirs[1] = good[1];
                bad.push((format!("wrapped for the {other}, renamed"), theirs));
            }
        }
        for (why, bytes) in bad {
            let error = way.unwrap(account, &bytes).unwrap_err();
            refused_wraps.push(json!({
                "way": name, "why": why, "bytes": hex::encode(bytes), "error": format!("{error:?}"),
            }));
        }
    }

    let file = json!({
        "account": hex::encode(account.as_bytes()),
        "vault_key": hex::encode(key_bytes),
        "opaque_export_key": hex::encode(export),
        "recovery_key": {
            "words": recovery_key.to_words().as_str(),
            "entropy": hex::encode(recovery_key.as_bytes()),
            "signing_seed": hex::encode(*signing.to_bytes()),
            "signing_key": hex::encode(signing.public().as_bytes()),
            "challenge": hex::encode(b"challenge"),
            "answer": hex::encode(recovery_key.sign_challenge(b"challenge").as_bytes()),
        },
        "vaults": { "accepted": accepted, "refused": refused_vaults },
        "wrapped_keys": { "accepted": accepted_wraps, "refused": refused_wraps },
    });
    std::fs::write(PATH, serde_json::to_string_pretty(&file).unwrap() + "\n").unwrap();
}
