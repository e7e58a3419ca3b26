//! Project Wycheproof: vectors made to catch the checks that implementations forget.
//!
//! Each set is run whole, and its verdicts are ours, but for what is said below: where Wycheproof leaves a choice
//! ("acceptable"), or where we are stricter on purpose.

use sotto_crypto_core::primitives::aead::{
    AeadError, AeadKey, Nonce12, TAG_LEN, XNonce, open, open_x, seal, seal_x,
};
use sotto_crypto_core::primitives::dh::{DhPublic, DhSecret, InvalidDhPublic};
use sotto_crypto_core::primitives::kdf::{hkdf, hmac_sha256};
use sotto_crypto_core::primitives::kem::{
    Ciphertext, DecapsulationKey, EncapsulationKey, Kem, Kem768, Kem1024,
};
use sotto_crypto_core::primitives::signature::{Signature, VerifyingKey};
use wycheproof::{TestResult, aead, eddsa, mac, mlkem, xdh};

use crate::Given;

#[test]
fn x25519() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    let (mut agreed, mut refused) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let at = format!("x25519 {}: {}", test.tc_id, test.comment);
        let secret = DhSecret::from_bytes(test.private_key.as_ref().try_into().unwrap());
        let public = <[u8; 32]>::try_from(test.public_key.as_ref()).unwrap();
        // Wycheproof calls these "acceptable"; we don't accept them. Some of small order are non-canonical besides.
        let small_order = test.flags.contains(&xdh::TestFlag::ZeroSharedSecret);
        let non_canonical =
            test.flags.contains(&xdh::TestFlag::NonCanonicalPublic) || public[31] & 0x80 != 0;
        match DhPublic::from_bytes(public) {
            Err(error) => {
                assert!(small_order || non_canonical, "{at}");
                assert!(
                    error == InvalidDhPublic::NonCanonical || small_order,
                    "{at}"
                );
                refused += 1;
            }
            Ok(public) => {
                assert!(!non_canonical && !small_order, "{at}");
                let shared = secret.agree(&public).unwrap();
                assert_eq!(
                    shared.as_bytes().as_slice(),
                    test.shared_secret.as_ref(),
                    "{at}"
                );
                agreed += 1;
            }
        }
    }
    assert!(
        agreed > 450 && refused > 20,
        "{agreed} agreed, {refused} refused"
    );
}

#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in &set.test_groups {
        let key = VerifyingKey::from_bytes(group.key.pk.as_ref().try_into().unwrap()).unwrap();
        for test in &group.tests {
            let verified = <[u8; 64]>::try_from(test.sig.as_ref()).is_ok_and(|sig| {
                key.verify_bare(&test.msg, &Signature::from_bytes(sig))
                    .is_ok()
            });
            assert_eq!(
                verified,
                test.result == TestResult::Valid,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            *(if verified { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert!(
        valid > 50 && invalid > 50,
        "{valid} valid, {invalid} invalid"
    );
}

/// Runs an AEAD's set. Nonces of another length than `N` can't even be written down with our types.
fn aead<const N: usize>(
    name: aead::TestName,
    seal: impl Fn(&AeadKey, [u8; N], &[u8], &[u8]) -> Vec<u8>,
    open: impl Fn(&AeadKey, [u8; N], &[u8], &[u8]) -> Result<Vec<u8>, AeadError>,
) {
    let (mut valid, mut invalid) = (0, 0);
    for group in aead::TestSet::load(name).unwrap().test_groups {
        for test in group.tests {
            let at = format!("{name:?} {}: {}", test.tc_id, test.comment);
            let key = AeadKey::from_bytes(test.key.as_ref().try_into().unwrap());
            let Ok(nonce) = <[u8; N]>::try_from(test.nonce.as_ref()) else {
                assert_eq!(test.result, TestResult::Invalid, "{at}");
                continue;
            };
            assert_eq!(group.tag_size, TAG_LEN * 8);
            let sealed = [test.ct.as_ref(), test.tag.as_ref()].concat();
            let opened = open(&key, nonce, &test.aad, &sealed);
            if test.result == TestResult::Valid {
                assert_eq!(opened.as_deref(), Ok(test.pt.as_ref()), "{at}");
                assert_eq!(seal(&key, nonce, &test.aad, &test.pt), sealed, "{at}");
                valid += 1;
            } else {
                assert_eq!(opened, Err(AeadError), "{at}");
                invalid += 1;
            }
        }
    }
    assert!(
        valid > 150 && invalid > 50,
        "{valid} valid, {invalid} invalid"
    );
}

#[test]
fn chacha20_poly1305() {
    aead(
        aead::TestName::ChaCha20Poly1305,
        |key, nonce, ad, plaintext| seal(key, &Nonce12(nonce), ad, plaintext),
        |key, nonce, ad, sealed| {
            open(key, &Nonce12(nonce), ad, sealed).map(|opened| opened.to_vec())
        },
    );
}

#[test]
fn xchacha20_poly1305() {
    aead(
        aead::TestName::XChaCha20Poly1305,
        |key, nonce, ad, plaintext| seal_x(key, &XNonce(nonce), ad, plaintext),
        |key, nonce, ad, sealed| {
            open_x(key, &XNonce(nonce), ad, sealed).map(|opened| opened.to_vec())
        },
    );
}

#[test]
fn hkdf_sha256() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    let mut refused = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let at = format!("hkdf {}: {}", test.tc_id, test.comment);
        let mut okm = vec![0; test.size];
        let derived = hkdf(&test.salt, &test.ikm, &test.info, &mut okm);
        assert_eq!(derived.is_ok(), test.result == TestResult::Valid, "{at}");
        if derived.is_ok() {
            assert_eq!(okm, test.okm.as_ref(), "{at}");
        } else {
            refused += 1;
        }
    }
    assert!(refused > 0);
}

#[test]
fn hmac_sha_256() {
    let (mut valid, mut invalid) = (0, 0);
    for group in mac::TestSet::load(mac::TestName::HmacSha256)
        .unwrap()
        .test_groups
    {
        for test in group.tests {
            let tag = hmac_sha256(&test.key, &test.msg);
            let same = tag[..group.tag_size / 8] == *test.tag;
            assert_eq!(
                same,
                test.result == TestResult::Valid,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            *(if same { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert!(
        valid > 50 && invalid > 50,
        "{valid} valid, {invalid} invalid"
    );
}

/// Seed → public key, and decapsulation with the key of that seed.
fn ml_kem_decapsulation<K: Kem>(name: mlkem::TestName) {
    let (mut valid, mut invalid) = (0, 0);
    for test in mlkem::TestSet::load(name)
        .unwrap()
        .test_groups
        .iter()
        .flat_map(|group| &group.tests)
    {
        let at = format!("{name:?} {}: {}", test.tc_id, test.comment);
        let decapsulated = (|| {
            // A seed of another length can't be written down with our types.
            let seed = <[u8; 64]>::try_from(test.seed.as_ref()?.as_ref()).ok()?;
            let private = DecapsulationKey::<K>::from_seed(&seed);
            if let Some(public) = &test.encaps_key {
                assert_eq!(
                    private.encapsulation_key().as_bytes(),
                    public.as_ref(),
                    "{at}"
                );
            }
            let ciphertext = Ciphertext::from_bytes(test.ct.as_ref()?).ok()?;
            Some(private.decapsulate(&ciphertext))
        })();
        if test.result == TestResult::Valid {
            let shared = test.shared_secret.as_ref().unwrap();
            assert_eq!(
                decapsulated.unwrap().as_bytes().as_slice(),
                shared.as_ref(),
                "{at}"
            );
            valid += 1;
        } else {
            assert!(decapsulated.is_none(), "{at}");
            invalid += 1;
        }
    }
    assert!(
        valid > 10 && invalid > 0,
        "{valid} valid, {invalid} invalid"
    );
}

fn ml_kem_key_generation<K: Kem>(name: mlkem::TestName) {
    let mut count = 0;
    for test in mlkem::TestSet::load(name)
        .unwrap()
        .test_groups
        .iter()
        .flat_map(|group| &group.tests)
    {
        let at = format!("{name:?} {}: {}", test.tc_id, test.comment);
        assert_eq!(test.result, TestResult::Valid, "{at}");
        let seed = test.seed.as_ref().unwrap().as_ref().try_into().unwrap();
        let private = DecapsulationKey::<K>::from_seed(&seed);
        assert_eq!(
            private.encapsulation_key().as_bytes(),
            test.encaps_key.as_ref().unwrap().as_ref(),
            "{at}"
        );
        count += 1;
    }
    assert!(count > 10);
}

/// Encapsulation to keys of which many must be refused: wrong lengths, coefficients out of range.
fn ml_kem_encapsulation<K: Kem>(name: mlkem::TestName) {
    let (mut valid, mut invalid) = (0, 0);
    for test in mlkem::TestSet::load(name)
        .unwrap()
        .test_groups
        .iter()
        .flat_map(|group| &group.tests)
    {
        let at = format!("{name:?} {}: {}", test.tc_id, test.comment);
        let public = EncapsulationKey::<K>::from_bytes(test.encaps_key.as_ref().unwrap());
        if test.result == TestResult::Valid {
            let (ciphertext, shared) = public
                .unwrap()
                .encapsulate(&mut Given(test.msg.as_ref().unwrap()));
            assert_eq!(
                ciphertext.as_bytes(),
                test.ct.as_ref().unwrap().as_ref(),
                "{at}"
            );
            assert_eq!(
                shared.as_bytes().as_slice(),
                test.shared_secret.as_ref().unwrap().as_ref(),
                "{at}"
            );
            valid += 1;
        } else {
            assert!(public.is_err(), "{at}");
            invalid += 1;
        }
    }
    assert!(valid > 0 && invalid > 0, "{valid} valid, {invalid} invalid");
}

#[test]
fn ml_kem_768() {
    ml_kem_decapsulation::<Kem768>(mlkem::TestName::MlKem768);
    ml_kem_key_generation::<Kem768>(mlkem::TestName::MlKem768KeyGenSeed);
    ml_kem_encapsulation::<Kem768>(mlkem::TestName::MlKem768Encaps);
}

#[test]
fn ml_kem_1024() {
    ml_kem_decapsulation::<Kem1024>(mlkem::TestName::MlKem1024);
    ml_kem_key_generation::<Kem1024>(mlkem::TestName::MlKem1024KeyGenSeed);
    ml_kem_encapsulation::<Kem1024>(mlkem::TestName::MlKem1024Encaps);
}
