//! The vectors of RFC 7748, 8032, 8439, 5869 and of the XChaCha draft.

use sotto_crypto_core::primitives::aead::{AeadKey, Nonce12, XNonce, open, open_x, seal, seal_x};
use sotto_crypto_core::primitives::dh::{DhPublic, DhSecret, InvalidDhPublic};
use sotto_crypto_core::primitives::kdf::hkdf;
use sotto_crypto_core::primitives::signature::{Signature, SigningSecret, VerifyingKey};

use crate::{array, bytes, cases, published};

#[test]
fn x25519_multiplies_as_in_rfc_7748() {
    for case in cases(&published()["x25519"]["multiplications"]) {
        let secret = DhSecret::from_bytes(array(&case["scalar"]));
        let mut u: [u8; 32] = array(&case["u"]);
        if u[31] & 0x80 != 0 {
            // The RFC lets such a key pass with its top bit ignored. We refuse it, and take the key that it stands for.
            assert_eq!(DhPublic::from_bytes(u), Err(InvalidDhPublic::NonCanonical));
            u[31] &= 0x7f;
        }
        let shared = secret.agree(&DhPublic::from_bytes(u).unwrap()).unwrap();
        assert_eq!(shared.as_bytes(), &array(&case["result"]));
    }
}

#[test]
fn x25519_iterates_as_in_rfc_7748() {
    for case in cases(&published()["x25519"]["iterated"]) {
        let mut k = [0; 32];
        k[0] = 9;
        let mut u = k;
        for _ in 0..case["rounds"].as_u64().unwrap() {
            let shared = DhSecret::from_bytes(k)
                .agree(&DhPublic::from_bytes(u).unwrap())
                .unwrap();
            u = k;
            k = *shared.as_bytes();
        }
        assert_eq!(k, array(&case["result"]));
    }
}

#[test]
fn x25519_agrees_as_in_rfc_7748() {
    let case = &published()["x25519"]["agreement"];
    let (alice, bob) = (
        DhSecret::from_bytes(array(&case["alice"])),
        DhSecret::from_bytes(array(&case["bob"])),
    );
    assert_eq!(alice.public().as_bytes(), &array(&case["alice_public"]));
    assert_eq!(bob.public().as_bytes(), &array(&case["bob_public"]));
    assert_eq!(
        alice.agree(&bob.public()).unwrap().as_bytes(),
        &array(&case["shared"])
    );
    assert_eq!(
        bob.agree(&alice.public()).unwrap().as_bytes(),
        &array(&case["shared"])
    );
}

#[test]
fn ed25519_signs_as_in_rfc_8032() {
    for case in cases(&published()["ed25519"]["cases"]) {
        let secret = SigningSecret::from_bytes(&array(&case["secret"]));
        let public = VerifyingKey::from_bytes(&array(&case["public"])).unwrap();
        assert_eq!(secret.public(), public, "{}", case["name"]);
        let (message, signature) = (
            bytes(&case["message"]),
            Signature::from_bytes(array(&case["signature"])),
        );
        assert_eq!(secret.sign_bare(&message), signature, "{}", case["name"]);
        assert_eq!(
            public.verify_bare(&message, &signature),
            Ok(()),
            "{}",
            case["name"]
        );
    }
}

#[test]
fn chacha20_poly1305_seals_as_in_rfc_8439() {
    for case in cases(&published()["chacha20poly1305"]["cases"]) {
        let (key, nonce) = (
            AeadKey::from_bytes(array(&case["key"])),
            Nonce12(array(&case["nonce"])),
        );
        let (ad, plaintext, sealed) = (
            bytes(&case["ad"]),
            bytes(&case["plaintext"]),
            bytes(&case["sealed"]),
        );
        assert_eq!(seal(&key, &nonce, &ad, &plaintext), sealed);
        assert_eq!(*open(&key, &nonce, &ad, &sealed).unwrap(), plaintext);
    }
}

#[test]
fn xchacha20_poly1305_seals_as_in_its_draft() {
    for case in cases(&published()["xchacha20poly1305"]["cases"]) {
        let (key, nonce) = (
            AeadKey::from_bytes(array(&case["key"])),
            XNonce(array(&case["nonce"])),
        );
        let (ad, plaintext, sealed) = (
            bytes(&case["ad"]),
            bytes(&case["plaintext"]),
            bytes(&case["sealed"]),
        );
        assert_eq!(seal_x(&key, &nonce, &ad, &plaintext), sealed);
        assert_eq!(*open_x(&key, &nonce, &ad, &sealed).unwrap(), plaintext);
    }
}

#[test]
fn hkdf_derives_as_in_rfc_5869() {
    for case in cases(&published()["hkdf-sha256"]["cases"]) {
        let expected = bytes(&case["okm"]);
        let mut okm = vec![0; expected.len()];
        hkdf(
            &bytes(&case["salt"]),
            &bytes(&case["ikm"]),
            &bytes(&case["info"]),
            &mut okm,
        )
        .unwrap();
        assert_eq!(okm, expected, "{}", case["section"]);
    }
}
