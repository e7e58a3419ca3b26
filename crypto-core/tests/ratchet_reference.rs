//! The Double Ratchet, run alone, against a second implementation written straight from the specification's pseudocode
//! (Double Ratchet, revision 4, sections 3.1, 4.2 to 4.4): byte for byte, under parameters that aren't Sotto's.

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

use std::collections::HashMap;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, XChaCha20Poly1305};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, Rng};
use sha2::Sha256;
use sotto_crypto_core::primitives::dh::{DhPublic, DhSecret, SharedSecret};
use sotto_crypto_core::ratchet::double::{
    ChainStep, DoubleRatchet, OurHeaderKey, OurNextHeaderKey, OurRatchetKey, Parameters, RootKey,
    RootStep, SealedMessage, TheirNextHeaderKey, TheirRatchetKey,
};
use sotto_crypto_core::ratchet::{ReceiveError, SendError};
use support::{NOW, rng, seed};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

type Key = [u8; 32];

// The parameters, for both implementations: those that the specification recommends in its section 7.2.

fn kdf_rk(rk: &Key, dh_out: &[u8]) -> (Key, Key, Key) {
    let mut out = [0; 96];
    let hkdf = Hkdf::<Sha256>::new(Some(rk), dh_out);
    hkdf.expand(b"reference root", &mut out).unwrap();
    let key = |at: usize| out[at..at + 32].try_into().unwrap();
    (key(0), key(32), key(64))
}

fn kdf_ck(ck: &Key) -> (Key, Key) {
    let hmac = |byte| -> Key {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(ck).unwrap();
        mac.update(&[byte]);
        mac.finalize().into_bytes().into()
    };
    (hmac(2), hmac(1))
}

fn hencrypt(hk: &Key, plaintext: &[u8], nonce: [u8; 24]) -> Vec<u8> {
    let sealed = XChaCha20Poly1305::new(hk.into())
        .encrypt(&nonce.into(), plaintext)
        .unwrap();
    [nonce.as_slice(), &sealed].concat()
}

fn hdecrypt(hk: &Key, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
    XChaCha20Poly1305::new(hk.into())
        .decrypt(nonce.into(), sealed)
        .ok()
}

fn aead(mk: &Key) -> (ChaCha20Poly1305, [u8; 12]) {
    let mut out = [0; 44];
    let hkdf = Hkdf::<Sha256>::new(Some(&[0; 32]), mk);
    hkdf.expand(b"reference message", &mut out).unwrap();
    let key: Key = out[..32].try_into().unwrap();
    (
        ChaCha20Poly1305::new(&key.into()),
        out[32..].try_into().unwrap(),
    )
}

fn encrypt(mk: &Key, plaintext: &[u8], ad: &[u8]) -> Vec<u8> {
    let (cipher, nonce) = aead(mk);
    cipher
        .encrypt(
            &nonce.into(),
            Payload {
                msg: plaintext,
                aad: ad,
            },
        )
        .unwrap()
}

fn decrypt(mk: &Key, sealed: &[u8], ad: &[u8]) -> Option<Vec<u8>> {
    let (cipher, nonce) = aead(mk);
    cipher
        .decrypt(
            &nonce.into(),
            Payload {
                msg: sealed,
                aad: ad,
            },
        )
        .ok()
}

const MAX_SKIP: u32 = 50;

struct Given;

impl Parameters for Given {
    const MAX_SKIP: u32 = MAX_SKIP;
    const MAX_SKIPPED_KEYS: usize = 1000;
    const MAX_SKIPPED_AGE_MS: u64 = 1000;
    const HEADER_OVERHEAD: usize = 40;

    fn kdf_root(root: &Key, shared: &SharedSecret) -> RootStep {
        let (root, chain, next_header) = kdf_rk(root, shared.as_bytes());
        RootStep {
            root: Zeroizing::new(root),
            chain: Zeroizing::new(chain),
            next_header: Zeroizing::new(next_header),
        }
    }
    fn kdf_chain(chain: &Key) -> ChainStep {
        let (chain, message) = kdf_ck(chain);
        ChainStep {
            chain: Zeroizing::new(chain),
            message: Zeroizing::new(message),
        }
    }
    fn seal_header(
        key: &Key,
        header: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    ) {
        let mut nonce = [0; 24];
        rng.fill_bytes(&mut nonce);
        out.extend(hencrypt(key, header, nonce));
    }
    fn open_header(key: &Key, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        hdecrypt(key, sealed).map(Zeroizing::new)
    }
    fn seal(key: &Key, ad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        encrypt(key, plaintext, ad)
    }
    fn open(key: &Key, ad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        decrypt(key, sealed, ad).map(Zeroizing::new)
    }
}

/// The state variables of sections 3.2 and 4.2, under their names there.
struct Reference {
    dhs: StaticSecret,
    dhr: Option<PublicKey>,
    rk: Key,
    cks: Option<Key>,
    ckr: Option<Key>,
    ns: u32,
    nr: u32,
    pn: u32,
    hks: Option<Key>,
    hkr: Option<Key>,
    nhks: Key,
    nhkr: Key,
    mkskipped: HashMap<(Key, u32), Key>,
    rng: ChaCha20Rng,
}

fn generate_dh(rng: &mut ChaCha20Rng) -> StaticSecret {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    StaticSecret::from(bytes)
}

impl Reference {
    fn init_alice(sk: Key, bob: PublicKey, hka: Key, nhkb: Key, mut rng: ChaCha20Rng) -> Self {
        let dhs = generate_dh(&mut rng);
        let (rk, cks, nhks) = kdf_rk(&sk, dhs.diffie_hellman(&bob).as_bytes());
        Self {
            dhs,
            dhr: Some(bob),
            rk,
            cks: Some(cks),
            ckr: None,
            ns: 0,
            nr: 0,
            pn: 0,
            hks: Some(hka),
            hkr: None,
            nhks,
            nhkr: nhkb,
            mkskipped: HashMap::new(),
            rng,
        }
    }

    fn init_bob(sk: Key, pair: StaticSecret, hka: Key, nhkb: Key, rng: ChaCha20Rng) -> Self {
        Self {
            dhs: pair,
            dhr: None,
            rk: sk,
            cks: None,
            ckr: None,
            ns: 0,
            nr: 0,
            pn: 0,
            hks: None,
            hkr: None,
            nhks: nhkb,
            nhkr: hka,
            mkskipped: HashMap::new(),
            rng,
        }
    }

    fn encrypt(&mut self, plaintext: &[u8], ad: &[u8]) -> SealedMessage {
        let (cks, mk) = kdf_ck(&self.cks.unwrap());
        self.cks = Some(cks);
        let public = PublicKey::from(&self.dhs);
        let header = [
            public.as_bytes().as_slice(),
            &self.pn.to_be_bytes(),
            &self.ns.to_be_bytes(),
        ]
        .concat();
        let mut nonce = [0; 24];
        self.rng.fill_bytes(&mut nonce);
        let header = hencrypt(&self.hks.unwrap(), &header, nonce);
        self.ns += 1;
        SealedMessage {
            ciphertext: encrypt(&mk, plaintext, &[ad, &header].concat()),
            header,
        }
    }

    fn decrypt(&mut self, message: &SealedMessage, ad: &[u8]) -> Vec<u8> {
        let ad = [ad, &message.header].concat();
        let skipped = self.mkskipped.clone();
        for ((hk, n), mk) in skipped {
            if let Some(header) = hdecrypt(&hk, &message.header)
                && u32::from_be_bytes(header[36..40].try_into().unwrap()) == n
            {
                self.mkskipped.remove(&(hk, n));
                return decrypt(&mk, &message.ciphertext, &ad).unwrap();
            }
        }
        let current = self.hkr.and_then(|hk| hdecrypt(&hk, &message.header));
        let ratchets = current.is_none();
        let header = current.unwrap_or_else(|| hdecrypt(&self.nhkr, &message.header).unwrap());
        let dh = PublicKey::from(<Key>::try_from(&header[..32]).unwrap());
        let pn = u32::from_be_bytes(header[32..36].try_into().unwrap());
        let n = u32::from_be_bytes(header[36..40].try_into().unwrap());
        if ratchets {
            self.skip(pn);
            self.dh_ratchet(dh);
        }
        self.skip(n);
        let (ckr, mk) = kdf_ck(&self.ckr.unwrap());
        self.ckr = Some(ckr);
        self.nr += 1;
        decrypt(&mk, &message.ciphertext, &ad).unwrap()
    }

    fn skip(&mut self, until: u32) {
        assert!(self.nr + MAX_SKIP >= until);
        if let Some(mut ckr) = self.ckr {
            while self.nr < until {
                let (next, mk) = kdf_ck(&ckr);
                ckr = next;
                self.mkskipped.insert((self.hkr.unwrap(), self.nr), mk);
                self.nr += 1;
            }
            self.ckr = Some(ckr);
        }
    }

    fn dh_ratchet(&mut self, dh: PublicKey) {
        self.pn = self.ns;
        self.ns = 0;
        self.nr = 0;
        self.hks = Some(self.nhks);
        self.hkr = Some(self.nhkr);
        self.dhr = Some(dh);
        let (rk, ckr, nhkr) = kdf_rk(&self.rk, self.dhs.diffie_hellman(&dh).as_bytes());
        (self.rk, self.ckr, self.nhkr) = (rk, Some(ckr), nhkr);
        self.dhs = generate_dh(&mut self.rng);
        let (rk, cks, nhks) = kdf_rk(&self.rk, self.dhs.diffie_hellman(&dh).as_bytes());
        (self.rk, self.cks, self.nhks) = (rk, Some(cks), nhks);
    }
}

type Ours = DoubleRatchet<Given>;

/// Both sides, in both implementations, each side with one stream of randomness in two copies.
struct Pairs {
    ours: [Ours; 2],
    reference: [Reference; 2],
    rngs: [ChaCha20Rng; 2],
}

const SK: Key = [1; 32];
const HKA: Key = [2; 32];
const NHKB: Key = [3; 32];
const BOB: Key = [4; 32];

fn pairs(seed: u64) -> Pairs {
    let mut rngs = [rng(seed), rng(seed ^ 0xB0B)];
    let reference_rngs = rngs.clone();
    let bob = StaticSecret::from(BOB);
    let bob_public = PublicKey::from(&bob);
    let alice = Ours::initiate(
        &RootKey::from_bytes(SK),
        &TheirRatchetKey::new(DhPublic::from_bytes(bob_public.to_bytes()).unwrap()),
        &OurHeaderKey::from_bytes(HKA),
        TheirNextHeaderKey::from_bytes(NHKB),
        &mut rngs[0],
    )
    .unwrap();
    let responder = Ours::respond(
        RootKey::from_bytes(SK),
        OurRatchetKey::from_secret(DhSecret::from_bytes(BOB)),
        OurNextHeaderKey::from_bytes(NHKB),
        TheirNextHeaderKey::from_bytes(HKA),
    );
    let [rng_a, rng_b] = reference_rngs;
    Pairs {
        ours: [alice, responder],
        reference: [
            Reference::init_alice(SK, bob_public, HKA, NHKB, rng_a),
            Reference::init_bob(SK, bob, HKA, NHKB, rng_b),
        ],
        rngs,
    }
}

#[test]
fn every_byte_is_the_references() {
    let seed = seed();
    for round in 0..40 {
        let mut choice = rng(seed + round);
        let mut pairs = pairs(seed + round);
        let mut flying: [Vec<(SealedMessage, Vec<u8>)>; 2] = [vec![], vec![]];
        for step in 0..200u32 {
            let side = (choice.next_u32() % 2) as usize;
            // Sending and receiving, out of order now and then. The responder receives first.
            let may_send = side == 0 || pairs.reference[1].cks.is_some();
            if choice.next_u32().is_multiple_of(2) && may_send && flying[1 - side].len() < 20 {
                let text = step.to_be_bytes().to_vec();
                let ours = pairs.ours[side]
                    .encrypt(&text, b"ad", &mut pairs.rngs[side])
                    .unwrap();
                let reference = pairs.reference[side].encrypt(&text, b"ad");
                assert_eq!(ours, reference, "seed {seed}, round {round}, step {step}");
                flying[1 - side].push((ours, text));
            } else if !flying[side].is_empty() {
                let at = if choice.next_u32().is_multiple_of(3) {
                    choice.next_u32() as usize % flying[side].len()
                } else {
                    0
                };
                let (message, text) = flying[side].remove(at);
                let ours = pairs.ours[side].decrypt(&message, b"ad", NOW).unwrap();
                assert_eq!(*ours, text, "seed {seed}, round {round}, step {step}");
                assert_eq!(pairs.reference[side].decrypt(&message, b"ad"), text);
            }
            let stored = pairs.ours[side].to_bytes();
            pairs.ours[side] = Ours::from_bytes(&stored).unwrap();
            assert_eq!(*pairs.ours[side].to_bytes(), *stored);
        }
    }
}

/// The two sides, with one message gone each way.
fn talking() -> ([Ours; 2], ChaCha20Rng) {
    let Pairs {
        ours: [mut alice, mut bob],
        mut rngs,
        ..
    } = pairs(seed());
    let there = alice.encrypt(b"there", b"", &mut rngs[0]).unwrap();
    bob.decrypt(&there, b"", NOW).unwrap();
    let back = bob.encrypt(b"back", b"", &mut rngs[1]).unwrap();
    alice.decrypt(&back, b"", NOW).unwrap();
    let [rng, _] = rngs;
    ([alice, bob], rng)
}

#[test]
fn the_responder_waits_for_the_first_message() {
    let Pairs {
        ours: [_, mut bob],
        mut rngs,
        ..
    } = pairs(seed());
    let refused = bob.encrypt(b"too early", b"", &mut rngs[1]);
    assert_eq!(refused.unwrap_err(), SendError::NothingReceived);
}

#[test]
fn as_many_as_allowed_may_be_skipped_and_not_one_more() {
    let ([mut alice, mut bob], mut rng) = talking();
    let messages: Vec<_> = (0..MAX_SKIP + 3)
        .map(|_| alice.encrypt(b"x", b"", &mut rng).unwrap())
        .collect();
    let before = bob.to_bytes();
    let too_far = bob.decrypt(&messages[MAX_SKIP as usize + 1], b"", NOW);
    assert_eq!(too_far.unwrap_err(), ReceiveError::TooManySkipped);
    assert_eq!(*bob.to_bytes(), *before);
    bob.decrypt(&messages[MAX_SKIP as usize], b"", NOW).unwrap();
    for message in &messages[..MAX_SKIP as usize] {
        bob.decrypt(message, b"", NOW).unwrap();
        let again = bob.decrypt(message, b"", NOW);
        assert_eq!(again.unwrap_err(), ReceiveError::Replayed);
    }
    // The same within a chain that is under way.
    let far: Vec<_> = (0..=MAX_SKIP)
        .map(|_| alice.encrypt(b"x", b"", &mut rng).unwrap())
        .collect();
    bob.decrypt(&messages[MAX_SKIP as usize + 1], b"", NOW)
        .unwrap();
    let too_far = bob.decrypt(&far[MAX_SKIP as usize], b"", NOW);
    assert_eq!(too_far.unwrap_err(), ReceiveError::TooManySkipped);
    bob.decrypt(&far[MAX_SKIP as usize - 1], b"", NOW).unwrap();
}

#[test]
fn what_is_skipped_across_a_ratchet_step_counts_together() {
    let ([mut alice, mut bob], mut rng) = talking();
    let first = alice.encrypt(b"x", b"", &mut rng).unwrap();
    bob.decrypt(&first, b"", NOW).unwrap();
    // Half of the budget is lost at the end of this chain, and half and one at the beginning of the next.
    for _ in 0..MAX_SKIP / 2 {
        alice.encrypt(b"lost", b"", &mut rng).unwrap();
    }
    let back = bob.encrypt(b"back", b"", &mut rng).unwrap();
    alice.decrypt(&back, b"", NOW).unwrap();
    let next: Vec<_> = (0..=MAX_SKIP / 2 + 1)
        .map(|_| alice.encrypt(b"x", b"", &mut rng).unwrap())
        .collect();
    let too_far = bob.decrypt(&next[MAX_SKIP as usize / 2 + 1], b"", NOW);
    assert_eq!(too_far.unwrap_err(), ReceiveError::TooManySkipped);
    bob.decrypt(&next[MAX_SKIP as usize / 2], b"", NOW).unwrap();
}

#[test]
fn a_skipped_key_is_kept_for_its_time_and_not_longer() {
    for (age, expected) in [(1000, Ok(())), (1001, Err(ReceiveError::TooOld))] {
        for touched in [false, true] {
            let ([mut alice, mut bob], mut rng) = talking();
            let [late, overtaking, next] =
                [(); 3].map(|()| alice.encrypt(b"x", b"", &mut rng).unwrap());
            bob.decrypt(&overtaking, b"", NOW).unwrap();
            if touched {
                // Another message makes the old key go; without one it is merely refused.
                bob.decrypt(&next, b"", NOW + age).unwrap();
            }
            let read = bob.decrypt(&late, b"", NOW + age).map(|_| ());
            assert_eq!(read, expected, "age {age}, touched {touched}");
        }
    }
}

#[test]
fn of_too_many_skipped_keys_the_oldest_go() {
    struct Few;
    // As above, but at most 10 are kept.
    impl Parameters for Few {
        const MAX_SKIP: u32 = 20;
        const MAX_SKIPPED_KEYS: usize = 10;
        const MAX_SKIPPED_AGE_MS: u64 = 1000;
        const HEADER_OVERHEAD: usize = 40;
        fn kdf_root(root: &Key, shared: &SharedSecret) -> RootStep {
            Given::kdf_root(root, shared)
        }
        fn kdf_chain(chain: &Key) -> ChainStep {
            Given::kdf_chain(chain)
        }
        fn seal_header(k: &Key, h: &[u8], rng: &mut (impl CryptoRng + ?Sized), out: &mut Vec<u8>) {
            Given::seal_header(k, h, rng, out);
        }
        fn open_header(key: &Key, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
            Given::open_header(key, sealed)
        }
        fn seal(key: &Key, ad: &[u8], plaintext: &[u8]) -> Vec<u8> {
            Given::seal(key, ad, plaintext)
        }
        fn open(key: &Key, ad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
            Given::open(key, ad, sealed)
        }
    }
    let ([mut alice, bob], mut rng) = talking();
    let mut bob = DoubleRatchet::<Few>::from_bytes(&bob.to_bytes()).unwrap();
    let first: Vec<_> = (0..7)
        .map(|_| alice.encrypt(b"x", b"", &mut rng).unwrap())
        .collect();
    bob.decrypt(&first[6], b"", NOW).unwrap();
    let back = bob.encrypt(b"back", b"", &mut rng).unwrap();
    alice.decrypt(&back, b"", NOW).unwrap();
    let second: Vec<_> = (0..7)
        .map(|_| alice.encrypt(b"x", b"", &mut rng).unwrap())
        .collect();
    bob.decrypt(&second[6], b"", NOW).unwrap();
    for (number, message) in first[..6].iter().enumerate() {
        let read = bob.decrypt(message, b"", NOW).map(|_| ());
        let expected = if number < 2 {
            Err(ReceiveError::TooOld)
        } else {
            Ok(())
        };
        assert_eq!(read, expected, "message {number}");
    }
    for message in &second[..6] {
        bob.decrypt(message, b"", NOW).unwrap();
    }
}

#[test]
fn what_is_damaged_changes_nothing() {
    let ([mut alice, mut bob], mut rng) = talking();
    let message = alice.encrypt(b"text", b"ad", &mut rng).unwrap();
    let before = bob.to_bytes();
    for at in 0..message.header.len() * 8 {
        let mut damaged = message.clone();
        damaged.header[at / 8] ^= 1 << (at % 8);
        let refused = bob.decrypt(&damaged, b"ad", NOW);
        assert_eq!(refused.unwrap_err(), ReceiveError::UnknownHeader);
    }
    for at in 0..message.ciphertext.len() * 8 {
        let mut damaged = message.clone();
        damaged.ciphertext[at / 8] ^= 1 << (at % 8);
        let refused = bob.decrypt(&damaged, b"ad", NOW);
        assert_eq!(refused.unwrap_err(), ReceiveError::Forged);
    }
    let refused = bob.decrypt(&message, b"other ad", NOW);
    assert_eq!(refused.unwrap_err(), ReceiveError::Forged);
    assert_eq!(*bob.to_bytes(), *before);
    bob.decrypt(&message, b"ad", NOW).unwrap();
}

#[test]
fn a_ratchet_key_of_small_order_is_refused() {
    let ([mut alice, mut bob], mut rng) = talking();
    // Alice's next header key, which only a hostile Alice would use so.
    let honest = alice.encrypt(b"x", b"", &mut rng).unwrap();
    let state = bob.to_bytes();
    let next_header_key = state
        .windows(32)
        .find(|key| hdecrypt((*key).try_into().unwrap(), &honest.header).is_some())
        .unwrap();
    for bad in [[0; 32], [0xFF; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        let header = [bad.as_slice(), &[0; 8]].concat();
        let forged = SealedMessage {
            header: hencrypt(next_header_key.try_into().unwrap(), &header, [9; 24]),
            ciphertext: honest.ciphertext.clone(),
        };
        let refused = bob.decrypt(&forged, b"", NOW);
        assert_eq!(refused.unwrap_err(), ReceiveError::BadRatchetKey);
    }
    let short = SealedMessage {
        header: hencrypt(next_header_key.try_into().unwrap(), &[7; 39], [9; 24]),
        ciphertext: honest.ciphertext.clone(),
    };
    assert_eq!(
        bob.decrypt(&short, b"", NOW).unwrap_err(),
        ReceiveError::Malformed
    );
    assert_eq!(*bob.to_bytes(), *state);
}
