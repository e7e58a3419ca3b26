//! Whatever comes in: decoders don't panic, what they take they give back byte for byte, and no changed bit verifies.

use proptest::prelude::*;
use sotto_crypto_core::identity::{
    AccountId, AccountKey, AccountSecret, CERTIFICATE_LEN, DeviceList, DeviceListError,
    DeviceSecret, UnverifiedDeviceCertificate, UnverifiedDeviceList,
};
use sotto_crypto_core::primitives::dh::{DhPublic, DhSecret};
use sotto_crypto_core::primitives::kem::{
    Ciphertext, DecapsulationKey, EncapsulationKey, Kem768, Kem1024,
};
use sotto_crypto_core::primitives::labels::{DataLabel, KdfLabel, Label};
use sotto_crypto_core::primitives::signature::{SigningSecret, VerifyingKey};

use crate::{Person, rng};

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        let _ = UnverifiedDeviceCertificate::decode(&bytes);
        let _ = UnverifiedDeviceList::decode(&bytes);
        let _ = EncapsulationKey::<Kem768>::from_bytes(&bytes);
        let _ = EncapsulationKey::<Kem1024>::from_bytes(&bytes);
        let _ = Ciphertext::<Kem768>::from_bytes(&bytes);
        if let Some(key) = bytes.first_chunk() {
            let _ = AccountKey::from_bytes(key);
            if let Ok(key) = DhPublic::from_bytes(*key) {
                // What parses can be used.
                prop_assert!(DhSecret::from_bytes([7; 32]).agree(&key).is_ok());
            }
        }
    }

    #[test]
    fn bytes_that_start_well_dont_either(
        cut in 0_usize..600,
        at in 0_usize..600,
        byte in any::<u8>(),
        more in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut rng = rng();
        let alice = Person::new(&mut rng);
        let devices = vec![alice.device(&mut rng), alice.device(&mut rng)];
        let mut bytes = DeviceList::first(&alice.secret, alice.id, devices).unwrap().encode();
        bytes.truncate(cut);
        bytes.extend(more);
        if let Some(changed) = bytes.get_mut(at) {
            *changed = byte;
        }
        let _ = UnverifiedDeviceList::decode(&bytes);
        let _ = UnverifiedDeviceCertificate::decode(bytes.get(58..).unwrap_or_default());
    }
}

#[test]
fn no_changed_bit_and_no_other_length_verifies() {
    let mut rng = rng();
    let alice = Person::new(&mut rng);
    let key = alice.secret.public();
    let certificate = alice.device(&mut rng);
    let verify = |bytes: &[u8]| {
        UnverifiedDeviceCertificate::decode(bytes).and_then(|read| read.verify(alice.id, &key))
    };
    refuses_every_change(&certificate.encode(), |bytes| verify(bytes).is_ok());
    assert_eq!(verify(&certificate.encode()).unwrap(), certificate);
    assert_eq!(certificate.encode().len(), CERTIFICATE_LEN);

    let list = DeviceList::first(&alice.secret, alice.id, vec![certificate]).unwrap();
    let verify = |bytes: &[u8]| {
        UnverifiedDeviceList::decode(bytes).and_then(|read| read.verify(alice.id, &key))
    };
    refuses_every_change(&list.encode(), |bytes| verify(bytes).is_ok());
    assert_eq!(verify(&list.encode()).unwrap(), list);
}

fn refuses_every_change(good: &[u8], accepted: impl Fn(&[u8]) -> bool) {
    assert!(accepted(good));
    for bit in 0..good.len() * 8 {
        let mut changed = good.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepted(&changed), "bit {bit} changed");
    }
    for length in 0..good.len() {
        assert!(!accepted(&good[..length]), "{length} bytes");
    }
    assert!(!accepted(&[good, &[0]].concat()), "a byte more");
}

#[test]
fn a_signature_is_valid_for_its_label_alone() {
    let secret = SigningSecret::generate(&mut rng());
    for made in Label::ALL {
        let signature = secret.sign(*made, b"message");
        for used in Label::ALL {
            let verified = secret
                .public()
                .verify(*used, b"message", &signature)
                .is_ok();
            assert_eq!(verified, made == used, "{made:?} used as {used:?}");
        }
        assert!(
            secret
                .public()
                .verify(*made, b"massage", &signature)
                .is_err()
        );
        assert!(secret.public().verify_bare(b"message", &signature).is_err());
    }
}

#[test]
fn labels_differ_and_hold_no_zero_byte() {
    let texts = [
        Label::ALL
            .iter()
            .map(|label| label.as_str())
            .collect::<Vec<_>>(),
        KdfLabel::ALL.iter().map(|label| label.as_str()).collect(),
        DataLabel::ALL.iter().map(|label| label.as_str()).collect(),
    ];
    for texts in texts {
        for (at, text) in texts.iter().enumerate() {
            assert!(!text.is_empty() && !text.contains('\0'));
            assert!(!texts[..at].contains(text), "{text} stands for two things");
        }
    }
}

#[test]
fn a_challenge_proves_the_device_that_signed_it() {
    let mut rng = rng();
    let (device, other) = (
        DeviceSecret::generate(&mut rng),
        DeviceSecret::generate(&mut rng),
    );
    let answer = device.sign_challenge(b"challenge");
    assert_eq!(
        device.public().verify_challenge(b"challenge", &answer),
        Ok(())
    );
    assert!(
        device
            .public()
            .verify_challenge(b"another", &answer)
            .is_err()
    );
    assert!(
        other
            .public()
            .verify_challenge(b"challenge", &answer)
            .is_err()
    );
    let restored = DeviceSecret::from_bytes(&device.to_bytes());
    assert_eq!(restored.public(), device.public());
    assert_eq!(restored.to_bytes(), device.to_bytes());
}

/// Eight encodings of small order and one that isn't canonical: under the first kind, one signature fits every message.
#[test]
fn weak_and_ambiguous_signing_keys_are_refused() {
    for key in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        // Coordinates at or above the prime: p, p + 1, and p + 3, which is of full order and stands for 3.
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        // Not a point at all.
        "0200000000000000000000000000000000000000000000000000000000000000",
    ] {
        let bytes: [u8; 32] = hex::decode(key).unwrap().try_into().unwrap();
        assert!(VerifyingKey::from_bytes(&bytes).is_err(), "{key}");
        assert!(AccountKey::from_bytes(&bytes).is_err(), "{key}");
    }
}

#[test]
fn weak_and_ambiguous_agreement_keys_are_refused() {
    for key in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0900000000000000000000000000000000000000000000000000000000000080",
    ] {
        let bytes: [u8; 32] = hex::decode(key).unwrap().try_into().unwrap();
        assert!(DhPublic::from_bytes(bytes).is_err(), "{key}");
    }
    // The largest coordinate that is one: p − 2.
    let mut largest = [0xff; 32];
    (largest[0], largest[31]) = (0xeb, 0x7f);
    assert!(DhPublic::from_bytes(largest).is_ok());
    let mut below = largest;
    below[17] = 0xfe;
    below[0] = 0xff;
    assert!(DhPublic::from_bytes(below).is_ok());
}

#[test]
fn the_documentation_lists_every_label() {
    let protocol = include_str!("../../../docs/PROTOCOL.md");
    let labels = Label::ALL.iter().map(|label| label.as_str());
    let labels = labels.chain(KdfLabel::ALL.iter().map(|label| label.as_str()));
    for label in labels.chain(DataLabel::ALL.iter().map(|label| label.as_str())) {
        assert!(protocol.contains(&format!("| `{label}` |")), "{label}");
    }
}

#[test]
fn public_values_are_shown_and_told_apart() {
    let id = AccountId::from_bytes(core::array::from_fn(|at| at as u8));
    assert_eq!(
        format!("{id:?}"),
        "AccountId(000102030405060708090a0b0c0d0e0f)"
    );
    let mut rng = rng();
    let kem = DecapsulationKey::<Kem768>::generate(&mut rng);
    let (ciphertext, _) = kem.encapsulation_key().encapsulate(&mut rng);
    assert_eq!(
        format!("{:?}", kem.encapsulation_key()),
        "EncapsulationKey(1184 bytes)"
    );
    assert_eq!(format!("{ciphertext:?}"), "Ciphertext(1088 bytes)");
    let key = SigningSecret::from_bytes(&[1; 32]).public();
    assert!(
        format!("{key:?}").starts_with("VerifyingKey([138, 136, 227"),
        "{key:?}"
    );
    assert_ne!(key, SigningSecret::from_bytes(&[2; 32]).public());
}

#[test]
fn secrets_survive_being_stored() {
    let mut rng = rng();
    let account = AccountSecret::generate(&mut rng);
    assert_eq!(
        AccountSecret::from_bytes(&account.to_bytes()).public(),
        account.public()
    );
    assert_ne!(AccountSecret::generate(&mut rng).public(), account.public());
    let dh = DhSecret::generate(&mut rng);
    assert_eq!(DhSecret::from_bytes(*dh.to_bytes()).public(), dh.public());
    let kem = DecapsulationKey::<Kem1024>::generate(&mut rng);
    let restored = DecapsulationKey::<Kem1024>::from_seed(&kem.to_bytes());
    assert_eq!(restored.encapsulation_key(), kem.encapsulation_key());
}

#[test]
fn what_is_not_verified_yet_says_whose_it_claims_to_be() {
    let mut rng = rng();
    let alice = Person::new(&mut rng);
    let certificate = alice.device(&mut rng);
    let read = UnverifiedDeviceCertificate::decode(&certificate.encode()).unwrap();
    assert_eq!(
        (read.account(), read.device()),
        (alice.id, certificate.device())
    );
    let list = DeviceList::first(&alice.secret, alice.id, vec![]).unwrap();
    assert_eq!(
        UnverifiedDeviceList::decode(&list.encode())
            .unwrap()
            .account(),
        alice.id
    );
    assert_eq!(list.account(), alice.id);
    assert_eq!(list.account_key(), &alice.secret.public());
}

#[test]
fn a_chain_ends_when_its_versions_do() {
    let mut rng = rng();
    let alice = Person::new(&mut rng);
    let first = DeviceList::first(&alice.secret, alice.id, vec![]).unwrap();
    let mut body = first.next(&alice.secret, vec![]).unwrap().encode();
    body.truncate(body.len() - 64);
    body[17..25].fill(0xff);
    let signing = SigningSecret::from_bytes(&alice.secret.to_bytes());
    body.extend(signing.sign(Label::DeviceList, &body).as_bytes());
    let last = UnverifiedDeviceList::decode(&body)
        .unwrap()
        .verify(alice.id, &alice.secret.public());
    assert_eq!(
        last.unwrap().next(&alice.secret, vec![]),
        Err(DeviceListError::VersionsExhausted)
    );
}
