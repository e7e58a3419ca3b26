//! Frozen certificates and device lists, and many that must be refused: `tests/vectors/identity.json`.
//!
//! `cargo test -p sotto-crypto-core --test identity -- --ignored write_vectors` writes the file anew. That is a change of the
//! protocol, or of what its errors are called.

use serde_json::{Value, json};
use sotto_crypto_core::identity::{
    AccountId, AccountKey, AccountSecret, DeviceCertificate, DeviceId, DeviceList, DeviceSecret,
    UnverifiedDeviceCertificate, UnverifiedDeviceList,
};
use sotto_crypto_core::primitives::labels::Label;
use sotto_crypto_core::primitives::signature::SigningSecret;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/identity.json");
const CREATED_AT: u64 = 1_800_000_000_000;

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

fn read() -> Value {
    serde_json::from_str(&std::fs::read_to_string(PATH).unwrap()).unwrap()
}

fn account(file: &Value) -> (AccountId, AccountSecret) {
    (
        AccountId::from_bytes(array(&file["account"])),
        AccountSecret::from_bytes(&array(&file["account_secret"])),
    )
}

fn certificate(bytes: &[u8], id: AccountId, key: &AccountKey) -> Result<DeviceCertificate, String> {
    UnverifiedDeviceCertificate::decode(bytes)
        .and_then(|read| read.verify(id, key))
        .map_err(|error| format!("{error:?}"))
}

fn list(bytes: &[u8], id: AccountId, key: &AccountKey) -> Result<DeviceList, String> {
    UnverifiedDeviceList::decode(bytes)
        .and_then(|read| read.verify(id, key))
        .map_err(|error| format!("{error:?}"))
}

#[test]
fn frozen_certificates() {
    let file = read();
    let (id, secret) = account(&file);
    assert_eq!(secret.public().as_bytes(), &array(&file["account_key"]));
    for case in file["certificates"]["accepted"].as_array().unwrap() {
        let keys = DeviceSecret::from_bytes(&array(&case["device_secret"])).public();
        assert_eq!(keys.signing.as_bytes(), &array(&case["signing_key"]));
        assert_eq!(keys.agreement.as_bytes(), &array(&case["agreement_key"]));
        let device = DeviceId::from_bytes(array(&case["device"]));
        let created_at = case["created_at"].as_u64().unwrap();
        let made = DeviceCertificate::issue(&secret, id, device, &keys, created_at);
        assert_eq!(made.encode().as_slice(), bytes(&case["certificate"]));

        let read = certificate(&made.encode(), id, &secret.public()).unwrap();
        assert_eq!(
            (read.account(), read.device(), *read.keys()),
            (id, device, keys)
        );
        assert_eq!(read.created_at(), created_at);
    }
    let refused = file["certificates"]["refused"].as_array().unwrap();
    assert!(refused.len() > 25);
    for case in refused {
        let result = certificate(&bytes(&case["bytes"]), id, &secret.public());
        assert_eq!(
            result.unwrap_err(),
            case["error"].as_str().unwrap(),
            "{}",
            case["why"]
        );
    }
}

#[test]
fn frozen_device_lists() {
    let file = read();
    let (id, secret) = account(&file);
    let key = secret.public();
    let certificates: Vec<_> = (file["certificates"]["accepted"].as_array().unwrap().iter())
        .map(|case| certificate(&bytes(&case["certificate"]), id, &key).unwrap())
        .collect();

    let mut before: Option<DeviceList> = None;
    for case in file["device_lists"]["chain"].as_array().unwrap() {
        let devices = (case["devices"].as_array().unwrap().iter())
            .map(|at| certificates[at.as_u64().unwrap() as usize].clone())
            .collect();
        let made = match &before {
            None => DeviceList::first(&secret, id, devices),
            Some(before) => before.next(&secret, devices),
        }
        .unwrap();
        assert_eq!(made.encode(), bytes(&case["list"]));
        assert_eq!(made.hash(), array(&case["hash"]));
        let read = list(&made.encode(), id, &key).unwrap();
        assert_eq!(read, made);
        assert_eq!(Value::from(read.version()), case["version"]);
        if let Some(before) = &before {
            assert_eq!(read.extends(before), Ok(()));
        }
        before = Some(made);
    }
    let refused = file["device_lists"]["refused"].as_array().unwrap();
    assert!(refused.len() > 20);
    for case in refused {
        let result = list(&bytes(&case["bytes"]), id, &key);
        assert_eq!(
            result.unwrap_err(),
            case["error"].as_str().unwrap(),
            "{}",
            case["why"]
        );
    }
    for case in file["device_lists"]["refused_successors"]
        .as_array()
        .unwrap()
    {
        let [older, newer] = ["older", "newer"].map(|which| {
            let key = AccountKey::from_bytes(&array(&case[format!("{which}_key")])).unwrap();
            list(&bytes(&case[which]), id, &key).unwrap()
        });
        let result = newer.extends(&older).map_err(|error| format!("{error:?}"));
        assert_eq!(
            result.unwrap_err(),
            case["error"].as_str().unwrap(),
            "{}",
            case["why"]
        );
    }
}

/// A bit flipped in each field, a byte less, a byte more.
fn changes(good: &[u8], fields: &[(&str, usize)]) -> Vec<(String, Vec<u8>)> {
    let mut changes = Vec::new();
    for (field, at) in fields {
        for bit in [0, 7] {
            let mut bytes = good.to_vec();
            bytes[*at] ^= 1 << bit;
            changes.push((format!("bit {bit} of {field} flipped"), bytes));
        }
    }
    changes.push(("empty".into(), vec![]));
    changes.push(("last byte missing".into(), good[..good.len() - 1].to_vec()));
    changes.push(("first byte missing".into(), good[1..].to_vec()));
    changes.push(("a byte more".into(), [good, &[0]].concat()));
    changes
}

#[test]
#[ignore = "writes the file that the other tests read"]
fn write_vectors() {
    let id = AccountId::from_bytes(core::array::from_fn(|at| at as u8));
    let secret_bytes: [u8; 32] = core::array::from_fn(|at| 0x20 + at as u8);
    let secret = AccountSecret::from_bytes(&secret_bytes);
    let bare = SigningSecret::from_bytes(&secret_bytes);
    let key = secret.public();
    let other_id = AccountId::from_bytes([0xee; 16]);
    let other_secret = AccountSecret::from_bytes(&[0xee; 32]);

    let device_secrets = [0x40_u8, 0x80, 0xc0]
        .map(|from| core::array::from_fn::<u8, 64, _>(|at| from.wrapping_add(at as u8)));
    let devices = [0x11_u8, 0x22, 0x33].map(|byte| DeviceId::from_bytes([byte; 16]));
    let keys = device_secrets.map(|bytes| DeviceSecret::from_bytes(&bytes).public());
    let issue = |n: usize| {
        DeviceCertificate::issue(&secret, id, devices[n], &keys[n], CREATED_AT + n as u64)
    };
    let certificates = [issue(0), issue(1), issue(2)];
    let accepted: Vec<_> = (0..3)
        .map(|n| {
            json!({
                "device": hex::encode(devices[n].as_bytes()),
                "device_secret": hex::encode(device_secrets[n]),
                "signing_key": hex::encode(keys[n].signing.as_bytes()),
                "agreement_key": hex::encode(keys[n].agreement.as_bytes()),
                "created_at": CREATED_AT + n as u64,
                "certificate": hex::encode(certificates[n].encode()),
            })
        })
        .collect();

    let good = certificates[0].encode();
    let mut bad = changes(
        &good,
        &[
            ("the version", 0),
            ("the account", 1),
            ("the device", 17),
            ("the signing key", 33),
            ("the agreement key", 65),
            ("the time", 104),
            ("the signature's R", 105),
            ("the signature's S", 137),
        ],
    );
    let resigned = |label: Label, change: &dyn Fn(&mut [u8])| {
        let mut bytes = good.to_vec();
        change(&mut bytes[..105]);
        let signature = bare.sign(label, &bytes[..105]);
        bytes[105..].copy_from_slice(signature.as_bytes());
        bytes
    };
    let nothing = |_: &mut [u8]| ();
    let sign = Label::DeviceCertificate;
    bad.push((
        "signed with the label of device lists".into(),
        resigned(Label::DeviceList, &nothing),
    ));
    bad.push(("signed without a label".into(), {
        let mut bytes = good.to_vec();
        let signature = bare.sign_bare(&good[..105]);
        bytes[105..].copy_from_slice(signature.as_bytes());
        bytes
    }));
    bad.push((
        "of another account, signed".into(),
        resigned(sign, &|body| body[1..17].fill(0xee)),
    ));
    bad.push((
        "signing key of small order, signed".into(),
        resigned(sign, &|body| {
            body[33..65].fill(0);
            body[33] = 1;
        }),
    ));
    bad.push((
        "signing key not canonical, signed".into(),
        resigned(sign, &|body| {
            body[33..65].fill(0xff);
            (body[33], body[64]) = (0xf0, 0x7f);
        }),
    ));
    bad.push((
        "agreement key of small order, signed".into(),
        resigned(sign, &|body| body[65..97].fill(0)),
    ));
    bad.push((
        "agreement key not canonical, signed".into(),
        resigned(sign, &|body| body[96] |= 0x80),
    ));
    bad.push((
        "version 2, signed".into(),
        resigned(sign, &|body| body[0] = 2),
    ));
    bad.push((
        "signed by another account key".into(),
        DeviceCertificate::issue(&other_secret, id, devices[0], &keys[0], CREATED_AT)
            .encode()
            .to_vec(),
    ));
    bad.push((
        "signed by another account key for its own account".into(),
        DeviceCertificate::issue(&other_secret, other_id, devices[0], &keys[0], CREATED_AT)
            .encode()
            .to_vec(),
    ));
    bad.push(("signature of another certificate".into(), {
        let mut bytes = good.to_vec();
        bytes[105..].copy_from_slice(&certificates[1].encode()[105..]);
        bytes
    }));
    bad.push(("S of the signature not reduced".into(), {
        let mut bytes = good.to_vec();
        add_group_order(&mut bytes[137..169]);
        bytes
    }));
    let refused_certificates: Vec<_> = (bad.into_iter())
        .map(|(why, bytes)| {
            let error = certificate(&bytes, id, &key).unwrap_err();
            json!({ "why": why, "bytes": hex::encode(bytes), "error": error })
        })
        .collect();

    let first = DeviceList::first(&secret, id, certificates[..1].to_vec()).unwrap();
    let second = first.next(&secret, certificates.to_vec()).unwrap();
    let third = second.next(&secret, certificates[1..].to_vec()).unwrap();
    let fourth = third.next(&secret, vec![]).unwrap();
    let chain: Vec<_> = [
        (&first, vec![0]),
        (&second, vec![0, 1, 2]),
        (&third, vec![1, 2]),
        (&fourth, vec![]),
    ]
    .into_iter()
    .map(|(list, devices)| {
        json!({
            "version": list.version(), "devices": devices,
            "list": hex::encode(list.encode()), "hash": hex::encode(list.hash()),
        })
    })
    .collect();

    let good = third.encode();
    let body_len = good.len() - 64;
    let mut bad = changes(
        &good,
        &[
            ("the version of the structure", 0),
            ("the account", 1),
            ("the version", 24),
            ("the hash before", 25),
            ("the count", 57),
            ("the first certificate", 58 + 100),
            ("the second certificate's signature", 58 + 169 + 120),
            ("the signature", body_len),
        ],
    );
    let resigned = |label: Label, change: &dyn Fn(&mut Vec<u8>)| {
        let mut body = good[..body_len].to_vec();
        change(&mut body);
        let signature = bare.sign(label, &body);
        body.extend_from_slice(signature.as_bytes());
        body
    };
    let sign = Label::DeviceList;
    bad.push((
        "signed with the label of certificates".into(),
        resigned(Label::DeviceCertificate, &|_| ()),
    ));
    bad.push((
        "of another account, signed".into(),
        resigned(sign, &|body| body[1..17].fill(0xee)),
    ));
    bad.push((
        "version 0, signed".into(),
        resigned(sign, &|body| body[17..25].fill(0)),
    ));
    bad.push((
        "version 1 with a list before, signed".into(),
        resigned(sign, &|body| body[24] = 1),
    ));
    bad.push((
        "version 3 without a list before, signed".into(),
        resigned(sign, &|body| body[25..57].fill(0)),
    ));
    bad.push((
        "version 2 of the structure, signed".into(),
        resigned(sign, &|body| body[0] = 2),
    ));
    bad.push((
        "devices in falling order, signed".into(),
        resigned(sign, &|body| body[58..].rotate_left(169)),
    ));
    bad.push((
        "a device twice, signed".into(),
        resigned(sign, &|body| body.copy_within(58..58 + 169, 58 + 169)),
    ));
    bad.push((
        "a count too high, signed".into(),
        resigned(sign, &|body| body[57] = 3),
    ));
    bad.push((
        "a count too low, signed".into(),
        resigned(sign, &|body| body[57] = 1),
    ));
    bad.push((
        "33 devices, signed".into(),
        resigned(sign, &|body| {
            body[57] = 33;
            body.truncate(58);
            for n in 0..33 {
                let device = DeviceId::from_bytes([n; 16]);
                body.extend(
                    DeviceCertificate::issue(&secret, id, device, &keys[0], CREATED_AT).encode(),
                );
            }
        }),
    ));
    bad.push((
        "a certificate of another signer, signed".into(),
        resigned(sign, &|body| {
            let foreign =
                DeviceCertificate::issue(&other_secret, id, devices[1], &keys[1], CREATED_AT);
            body[58..58 + 169].copy_from_slice(&foreign.encode());
        }),
    ));
    bad.push((
        "a certificate of another account, signed".into(),
        resigned(sign, &|body| {
            let foreign =
                DeviceCertificate::issue(&secret, other_id, devices[1], &keys[1], CREATED_AT);
            body[58..58 + 169].copy_from_slice(&foreign.encode());
        }),
    ));
    let foreign_list = DeviceList::first(&other_secret, id, vec![]).unwrap();
    bad.push((
        "signed by another account key".into(),
        foreign_list.encode(),
    ));
    let refused_lists: Vec<_> = (bad.into_iter())
        .map(|(why, bytes)| {
            let error = list(&bytes, id, &key).unwrap_err();
            json!({ "why": why, "bytes": hex::encode(bytes), "error": error })
        })
        .collect();

    let forked = first.next(&secret, certificates[..2].to_vec()).unwrap();
    let after_fork = forked.next(&secret, certificates[..2].to_vec()).unwrap();
    let foreign_next = foreign_list.next(&other_secret, vec![]).unwrap();
    let successors: Vec<_> = [
        ("rollback by one", &third, &second), ("rollback to the first", &fourth, &first),
        ("gap", &first, &third), ("another list of the same version", &second, &forked),
        ("the follower of another list of the same version", &second, &after_fork),
        ("another account key", &first, &foreign_next),
    ]
    .into_iter()
    .map(|(why, older, newer)| {
        json!({
            "why": why,
            "older": hex::encode(older.encode()), "older_key": hex::encode(older.account_key().as_bytes()),
            "newer": hex::encode(newer.encode()), "newer_key": hex::encode(newer.account_key().as_bytes()),
            "error": format!("{:?}", newer.extends(older).unwrap_err()),
        })
    })
    .collect();

    let file = json!({
        "account": hex::encode(id.as_bytes()),
        "account_secret": hex::encode(secret_bytes),
        "account_key": hex::encode(key.as_bytes()),
        "certificates": { "accepted": accepted, "refused": refused_certificates },
        "device_lists": { "chain": chain, "refused": refused_lists, "refused_successors": successors },
    });
    std::fs::write(PATH, serde_json::to_string_pretty(&file).unwrap() + "\n").unwrap();
}

/// S + L, little-endian: another encoding of the same scalar, which RFC 8032 forbids.
fn add_group_order(s: &mut [u8]) {
    let order =
        hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0;
    for (byte, add) in s.iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
}
