//! What a log would show of every secret type: nothing. A new secret type gets a line in one of these lists.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests: a panic is how they fail"
)]

use std::fmt::Debug;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_crypto_core::identity::{AccountId, AccountSecret, DeviceSecret};
use sotto_crypto_core::primitives::aead::AeadKey;
use sotto_crypto_core::primitives::dh::DhSecret;
use sotto_crypto_core::primitives::kem::{DecapsulationKey, Kem768, Kem1024};
use sotto_crypto_core::primitives::signature::SigningSecret;
use sotto_crypto_core::recovery_key::RecoveryKey;
use sotto_crypto_core::vault::{VaultKey, WrappingKey, open_vault, seal_vault};

/// Each secret in both of `Debug`'s forms, one to a line.
fn shown(secrets: &[&dyn Debug]) -> String {
    secrets
        .iter()
        .map(|secret| format!("{secret:?} {secret:#?}\n"))
        .collect()
}

#[test]
fn primitives() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let dh = DhSecret::generate(rng);
    let kem = DecapsulationKey::<Kem768>::generate(rng);
    let (_, shared) = kem.encapsulation_key().encapsulate(rng);
    insta::assert_snapshot!(shown(&[
        &AeadKey::generate(rng),
        &dh.agree(&DhSecret::generate(rng).public()).unwrap(),
        &dh,
        &kem,
        &DecapsulationKey::<Kem1024>::generate(rng),
        &shared,
        &SigningSecret::generate(rng),
    ]), @"
    AeadKey(redacted) AeadKey(redacted)
    SharedSecret(redacted) SharedSecret(redacted)
    DhSecret(redacted) DhSecret(redacted)
    DecapsulationKey(redacted) DecapsulationKey(redacted)
    DecapsulationKey(redacted) DecapsulationKey(redacted)
    SharedSecret(redacted) SharedSecret(redacted)
    SigningSecret(redacted) SigningSecret(redacted)
    ");
}

#[test]
fn identity() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    insta::assert_snapshot!(shown(&[
        &AccountSecret::generate(rng),
        &DeviceSecret::generate(rng),
    ]), @"
    AccountSecret(redacted) AccountSecret(redacted)
    DeviceSecret(redacted) DeviceSecret(redacted)
    ");
}

#[test]
fn vault_and_recovery_key() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let (account, key) = (AccountId::generate(rng), VaultKey::generate(rng));
    let vault = seal_vault(&key, account, 1, b"secret", rng);
    let recovery_key = RecoveryKey::generate(rng);
    insta::assert_snapshot!(shown(&[
        &open_vault(&key, account, 0, &vault).unwrap(),
        &key,
        &WrappingKey::from_recovery_key(&recovery_key),
        &recovery_key,
    ]), @"
    OpenedVault(redacted) OpenedVault(redacted)
    VaultKey(redacted) VaultKey(redacted)
    WrappingKey(redacted) WrappingKey(redacted)
    RecoveryKey(redacted) RecoveryKey(redacted)
    ");
}
