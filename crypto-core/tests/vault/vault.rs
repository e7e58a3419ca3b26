//! Sealing, opening, wrapping, and everything that a server could hand back instead.

use proptest::prelude::*;
use rand_core::Rng;
use sotto_crypto_core::identity::AccountId;
use sotto_crypto_core::recovery_key::RecoveryKey;
use sotto_crypto_core::vault::{
    VaultError, VaultKey, WRAPPED_KEY_LEN, WayIn, WrappingKey, open_vault, seal_vault,
};

use crate::rng;

const SECRETS: &[u8] = b"the account's secrets";

#[test]
fn both_ways_in_lead_to_the_same_vault() {
    let mut rng = rng();
    let account = AccountId::generate(&mut rng);
    let key = VaultKey::generate(&mut rng);
    let vault = seal_vault(&key, account, 3, SECRETS, &mut rng);

    let recovery_key = RecoveryKey::generate(&mut rng);
    let password = WrappingKey::from_opaque_export(&[7; 64]).unwrap();
    let words = WrappingKey::from_recovery_key(&recovery_key);
    assert_eq!(
        (password.way(), words.way()),
        (WayIn::Password, WayIn::RecoveryKey)
    );
    for way in [&password, &words] {
        let wrapped = way.wrap(&key, account, &mut rng);
        assert_eq!(wrapped.len(), WRAPPED_KEY_LEN);
        let unwrapped = way.unwrap(account, &wrapped).unwrap();
        let opened = open_vault(&unwrapped, account, 0, &vault).unwrap();
        assert_eq!((opened.version, opened.content.as_slice()), (3, SECRETS));
    }
    let from_words = RecoveryKey::from_words(&recovery_key.to_words()).unwrap();
    let wrapped = words.wrap(&key, account, &mut rng);
    assert!(
        WrappingKey::from_recovery_key(&from_words)
            .unwrap(account, &wrapped)
            .is_ok()
    );
}

#[test]
fn an_older_vault_is_refused() {
    let mut rng = rng();
    let (account, key) = (AccountId::generate(&mut rng), VaultKey::generate(&mut rng));
    let vault = seal_vault(&key, account, 3, SECRETS, &mut rng);
    for seen in 0..=3 {
        assert_eq!(open_vault(&key, account, seen, &vault).unwrap().version, 3);
    }
    let refused = |seen| open_vault(&key, account, seen, &vault).unwrap_err();
    assert_eq!(
        refused(4),
        VaultError::Rollback {
            seen: 4,
            offered: 3
        }
    );
    assert_eq!(
        refused(u64::MAX),
        VaultError::Rollback {
            seen: u64::MAX,
            offered: 3
        }
    );
    // Its version can't be raised to pass: it is authenticated.
    let mut raised = vault.clone();
    raised[8] = 4;
    assert_eq!(
        open_vault(&key, account, 4, &raised).unwrap_err(),
        VaultError::Refused
    );
}

#[test]
fn nothing_but_what_was_sealed_opens() {
    let mut rng = rng();
    let (account, key) = (AccountId::generate(&mut rng), VaultKey::generate(&mut rng));
    let vault = seal_vault(&key, account, 3, SECRETS, &mut rng);
    refuses_every_change(&vault, |bytes| open_vault(&key, account, 0, bytes).is_ok());
    let other = AccountId::generate(&mut rng);
    assert_eq!(
        open_vault(&key, other, 0, &vault).unwrap_err(),
        VaultError::Refused
    );
    let other = VaultKey::generate(&mut rng);
    assert_eq!(
        open_vault(&other, account, 0, &vault).unwrap_err(),
        VaultError::Refused
    );
}

#[test]
fn nothing_but_what_was_wrapped_unwraps() {
    let mut rng = rng();
    let (account, key) = (AccountId::generate(&mut rng), VaultKey::generate(&mut rng));
    let mut export = [0; 64];
    rng.fill_bytes(&mut export);
    let password = WrappingKey::from_opaque_export(&export).unwrap();
    let wrapped = password.wrap(&key, account, &mut rng);
    refuses_every_change(&wrapped, |bytes| password.unwrap(account, bytes).is_ok());
    let other = AccountId::generate(&mut rng);
    assert_eq!(
        password.unwrap(other, &wrapped).unwrap_err(),
        VaultError::Refused
    );
    export[63] ^= 1;
    let wrong = WrappingKey::from_opaque_export(&export).unwrap();
    assert_eq!(
        wrong.unwrap(account, &wrapped).unwrap_err(),
        VaultError::Refused
    );

    let words = WrappingKey::from_recovery_key(&RecoveryKey::generate(&mut rng));
    assert_eq!(
        words.unwrap(account, &wrapped).unwrap_err(),
        VaultError::WrongWay
    );
    // A sealed vault isn't a wrapped key, though both begin alike.
    let vault = seal_vault(&key, account, 0x0100_0000_0000_0000, &[0; 8], &mut rng);
    assert!(password.unwrap(account, &vault).is_err());
}

#[test]
fn a_vault_isnt_wrapped_under_nothing() {
    for length in [0, 1, 31] {
        let refused = WrappingKey::from_opaque_export(&vec![7; length]).unwrap_err();
        assert_eq!(refused, VaultError::ExportKey);
    }
    assert!(WrappingKey::from_opaque_export(&[7; 32]).is_ok());
}

#[test]
fn a_password_and_a_recovery_key_of_the_same_bytes_make_different_keys() {
    let mut rng = rng();
    let (account, key) = (AccountId::generate(&mut rng), VaultKey::generate(&mut rng));
    let bytes = [5; 32];
    let password = WrappingKey::from_opaque_export(&bytes).unwrap();
    let words = WrappingKey::from_recovery_key(&RecoveryKey::from_bytes([5; 16]));
    let mut wrapped = password.wrap(&key, account, &mut rng);
    wrapped[1] = 2;
    assert_eq!(
        words.unwrap(account, &wrapped).unwrap_err(),
        VaultError::Refused
    );
}

#[test]
fn the_size_tells_little_of_the_content() {
    let mut rng = rng();
    let (account, key) = (AccountId::generate(&mut rng), VaultKey::generate(&mut rng));
    let mut size = |length| seal_vault(&key, account, 1, &vec![0; length], &mut rng).len();
    assert_eq!(size(0), size(159));
    assert_eq!(size(1100), size(1151));
}

#[test]
fn two_sealings_of_the_same_differ() {
    let mut rng = rng();
    let (account, key) = (AccountId::generate(&mut rng), VaultKey::generate(&mut rng));
    let mut seal = || seal_vault(&key, account, 1, SECRETS, &mut rng);
    assert_ne!(seal(), seal());
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

proptest! {
    #[test]
    fn no_bytes_make_opening_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), start in any::<bool>()) {
        let mut bytes = bytes;
        if start && !bytes.is_empty() {
            bytes[0] = 1;
        }
        let account = AccountId::from_bytes([0; 16]);
        prop_assert!(open_vault(&VaultKey::from_bytes([0; 32]), account, 0, &bytes).is_err());
        let way = WrappingKey::from_opaque_export(&[0; 64]).unwrap();
        prop_assert!(way.unwrap(account, &bytes).is_err());
    }
}
