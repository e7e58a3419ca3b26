//! Two people with a device each, their prekeys, and seeded randomness: what the session tests start from.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "tests: a panic is how they fail"
)]

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sotto_crypto_core::identity::{
    AccountId, AccountKey, AccountSecret, DeviceCertificate, DeviceId, DeviceSecret,
};
use sotto_crypto_core::prekey::{
    KemPrekeyKind, KemPrekeySecret, OneTimePrekeySecret, PrekeyBundle, SignedPrekeySecret,
};
use sotto_crypto_core::session::{LocalDevice, Opened, PrekeyStore, RemoteDevice, Session};

/// The time of every test that doesn't care.
pub const NOW: u64 = 1_800_000_000_000;

/// The seed from `SOTTO_SEED`, or a fixed one; printed, so that a failure can be repeated.
pub fn seed() -> u64 {
    let seed = std::env::var("SOTTO_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    println!("SOTTO_SEED={seed}");
    seed
}

pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// One device of one account, with its prekeys.
pub struct Person {
    pub local: LocalDevice,
    pub signed: BTreeMap<u32, SignedPrekeySecret>,
    pub one_time: BTreeMap<u32, OneTimePrekeySecret>,
    pub kem: BTreeMap<u32, KemPrekeySecret>,
}

impl PrekeyStore for Person {
    fn signed(&self, id: u32) -> Option<&SignedPrekeySecret> {
        self.signed.get(&id)
    }
    fn one_time(&self, id: u32) -> Option<&OneTimePrekeySecret> {
        self.one_time.get(&id)
    }
    fn kem(&self, id: u32) -> Option<&KemPrekeySecret> {
        self.kem.get(&id)
    }
}

impl Person {
    /// Draws an account, a device, and prekeys: signed 1, one-time 11, KEM one-time 21, KEM last resort 22.
    pub fn new(rng: &mut ChaCha20Rng) -> Self {
        let account_secret = AccountSecret::generate(rng);
        let account = AccountId::generate(rng);
        let device = DeviceId::generate(rng);
        let secret = DeviceSecret::generate(rng);
        let certificate =
            DeviceCertificate::issue(&account_secret, account, device, &secret.public(), NOW);
        let signed = SignedPrekeySecret::generate(rng, &secret, 1, NOW);
        let one_time = OneTimePrekeySecret::generate(rng, 11);
        let kem = KemPrekeySecret::generate(rng, &secret, 21, KemPrekeyKind::OneTime);
        let last = KemPrekeySecret::generate(rng, &secret, 22, KemPrekeyKind::LastResort);
        Self {
            local: LocalDevice {
                account_key: account_secret.public(),
                certificate,
                secret,
            },
            signed: BTreeMap::from([(1, signed)]),
            one_time: BTreeMap::from([(11, one_time)]),
            kem: BTreeMap::from([(21, kem), (22, last)]),
        }
    }

    pub fn account_key(&self) -> AccountKey {
        self.local.account_key
    }

    pub fn remote(&self) -> RemoteDevice {
        RemoteDevice {
            account_key: self.local.account_key,
            certificate: self.local.certificate.clone(),
        }
    }

    /// A bundle with one-time keys.
    pub fn bundle(&self) -> PrekeyBundle {
        self.bundle_of(Some(11), 21)
    }

    pub fn bundle_of(&self, one_time: Option<u32>, kem: u32) -> PrekeyBundle {
        PrekeyBundle::new(
            self.local.certificate.clone(),
            self.signed[&1].public(),
            one_time.map(|id| self.one_time[&id].public()),
            self.kem[&kem].public(),
        )
        .expect("our own keys verify")
    }
}

/// Two people who don't know each other's sessions yet.
pub fn two_people(rng: &mut ChaCha20Rng) -> (Person, Person) {
    (Person::new(rng), Person::new(rng))
}

/// A session between two people in which one message has gone from the first to the second and one has come back.
pub fn answered(rng: &mut ChaCha20Rng) -> (Session, Session) {
    let (alice, bob) = two_people(rng);
    let mut ours = Session::initiate(&alice.local, &bob.remote(), &bob.bundle(), rng).unwrap();
    let first = ours.encrypt(b"first", rng).unwrap();
    let Opened {
        session: mut theirs,
        ..
    } = Session::respond(&bob.local, &alice.remote(), &bob, &first, NOW, rng).unwrap();
    let reply = theirs.encrypt(b"reply", rng).unwrap();
    ours.decrypt(&reply, NOW, rng).unwrap();
    (ours, theirs)
}
