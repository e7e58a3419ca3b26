//! ML-KEM: accumulated vectors of FIPS 203, and a second implementation that must agree in everything.

use ml_kem::kem::{Decapsulate, KeyExport};
use ml_kem::{MlKem768, MlKem1024};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use shake::digest::{ExtendableOutput, Update, XofReader};
use shake::{Shake128, Shake128Reader};
use sotto_crypto_core::primitives::kem::{
    Ciphertext, DecapsulationKey, EncapsulationKey, Kem, Kem768, Kem1024,
};

use crate::{Given, array, cases, published};

/// As described in `published.json`.
fn accumulated<K: Kem>(rounds: u64) -> [u8; 32] {
    let mut input: Shake128Reader = Shake128::default().finalize_xof();
    let mut output = Shake128::default();
    for _ in 0..rounds {
        let (mut seed, mut message) = ([0; 64], [0; 32]);
        input.read(&mut seed);
        let private = DecapsulationKey::<K>::from_seed(&seed);
        let public =
            EncapsulationKey::<K>::from_bytes(private.encapsulation_key().as_bytes()).unwrap();
        output.update(public.as_bytes());
        input.read(&mut message);
        let (ciphertext, shared) = public.encapsulate(&mut Given(&message));
        output.update(ciphertext.as_bytes());
        output.update(shared.as_bytes());
        assert_eq!(
            private.decapsulate(&ciphertext).as_bytes(),
            shared.as_bytes()
        );
        let mut random = vec![0; K::CIPHERTEXT_LEN];
        input.read(&mut random);
        let rejected = private.decapsulate(&Ciphertext::from_bytes(&random).unwrap());
        output.update(rejected.as_bytes());
    }
    let mut result = [0; 32];
    output.finalize_xof().read(&mut result);
    result
}

#[test]
fn accumulated_vectors_of_fips_203() {
    for case in cases(&published()["ml-kem"]["accumulated"]) {
        let rounds = case["rounds"].as_u64().unwrap();
        let result = match case["set"].as_str().unwrap() {
            "ML-KEM-768" => accumulated::<Kem768>(rounds),
            "ML-KEM-1024" => accumulated::<Kem1024>(rounds),
            other => panic!("no parameter set {other}"),
        };
        assert_eq!(result, array(&case["result"]), "{case}");
    }
}

macro_rules! agrees_with_the_other_implementation {
    ($test:ident, $ours:ty, $theirs:ty) => {
        #[test]
        fn $test() {
            let seed = std::env::var("SOTTO_SEED").map_or(1, |seed| seed.parse().unwrap());
            println!("SOTTO_SEED={seed}");
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            for _ in 0..50 {
                let (mut seed, mut message) = ([0; 64], [0; 32]);
                rng.fill_bytes(&mut seed);
                rng.fill_bytes(&mut message);
                let ours = DecapsulationKey::<$ours>::from_seed(&seed);
                let theirs = ml_kem::DecapsulationKey::<$theirs>::from_seed(seed.into());
                assert_eq!(*ours.to_bytes(), seed);
                assert_eq!(
                    ours.encapsulation_key().as_bytes(),
                    theirs.encapsulation_key().to_bytes().as_slice()
                );
                let (ciphertext, shared) =
                    ours.encapsulation_key().encapsulate(&mut Given(&message));
                let (their_ciphertext, their_shared) = theirs
                    .encapsulation_key()
                    .encapsulate_deterministic(&message.into());
                assert_eq!(ciphertext.as_bytes(), their_ciphertext.as_slice());
                assert_eq!(shared.as_bytes(), their_shared.as_slice());

                // Implicit rejection is the same too, wherever the ciphertext is changed.
                let mut changed = ciphertext.as_bytes().to_vec();
                let at = rng.next_u64() as usize % changed.len();
                changed[at] ^= 1 << (rng.next_u32() % 8);
                let rejected = ours.decapsulate(&Ciphertext::from_bytes(&changed).unwrap());
                assert_ne!(rejected.as_bytes(), shared.as_bytes());
                assert_eq!(
                    rejected.as_bytes(),
                    theirs
                        .decapsulate(changed.as_slice().try_into().unwrap())
                        .as_slice()
                );
            }
        }
    };
}

agrees_with_the_other_implementation!(ml_kem_768_agrees_with_another, Kem768, MlKem768);
agrees_with_the_other_implementation!(ml_kem_1024_agrees_with_another, Kem1024, MlKem1024);
