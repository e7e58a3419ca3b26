//! What a log would show of every secret type: nothing. A new secret type gets a line in one of these lists.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests: a panic is how they fail"
)]

mod support;

use std::fmt::Debug;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_crypto_core::identity::{AccountId, AccountSecret, DeviceSecret};
use sotto_crypto_core::primitives::aead::AeadKey;
use sotto_crypto_core::primitives::dh::DhSecret;
use sotto_crypto_core::primitives::kem::{DecapsulationKey, Kem768, Kem1024};
use sotto_crypto_core::primitives::signature::SigningSecret;
use sotto_crypto_core::ratchet::{double, pq};
use sotto_crypto_core::recovery_key::RecoveryKey;
use sotto_crypto_core::session::Session;
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

#[test]
fn prekeys_and_sessions() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let (alice, bob) = support::two_people(rng);
    let mut ours = Session::initiate(&alice.local, &bob.remote(), &bob.bundle(), rng).unwrap();
    let sealed = ours.encrypt(b"secret", rng).unwrap();
    let theirs = Session::respond(
        &bob.local,
        &alice.remote(),
        &bob,
        &sealed,
        support::NOW,
        rng,
    )
    .unwrap();
    insta::assert_snapshot!(shown(&[
        &alice.signed[&1],
        &alice.one_time[&11],
        &alice.kem[&21],
        &alice.local.secret,
        &ours,
        &theirs,
    ]), @"
    SignedPrekeySecret(redacted) SignedPrekeySecret(redacted)
    OneTimePrekeySecret(redacted) OneTimePrekeySecret(redacted)
    KemPrekeySecret(redacted) KemPrekeySecret(redacted)
    DeviceSecret(redacted) DeviceSecret(redacted)
    Session(redacted) Session(redacted)
    Opened(redacted) Opened(redacted)
    ");
}

#[test]
fn ratchet_keys() {
    let key = [7; 32];
    insta::assert_snapshot!(shown(&[
        &double::RootKey::from_bytes(key),
        &double::MessageKey::from_bytes(key),
        &double::OurHeaderKey::from_bytes(key),
        &double::OurNextHeaderKey::from_bytes(key),
        &double::TheirHeaderKey::from_bytes(key),
        &double::TheirNextHeaderKey::from_bytes(key),
        &pq::PqSeed::from_bytes(key),
        &pq::PqRootKey::from_bytes(key),
        &pq::PqMessageKey::from_bytes(key),
        &pq::EpochSecret::from_bytes(key),
    ]), @"
    RootKey(redacted) RootKey(redacted)
    MessageKey(redacted) MessageKey(redacted)
    OurHeaderKey(redacted) OurHeaderKey(redacted)
    OurNextHeaderKey(redacted) OurNextHeaderKey(redacted)
    TheirHeaderKey(redacted) TheirHeaderKey(redacted)
    TheirNextHeaderKey(redacted) TheirNextHeaderKey(redacted)
    PqSeed(redacted) PqSeed(redacted)
    PqRootKey(redacted) PqRootKey(redacted)
    PqMessageKey(redacted) PqMessageKey(redacted)
    EpochSecret(redacted) EpochSecret(redacted)
    ");
}
