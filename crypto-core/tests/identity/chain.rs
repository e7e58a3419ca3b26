//! The chain of device lists: what a server that swaps, withholds or invents lists gets told.

use sotto_crypto_core::identity::{
    AccountSecret, CertificateError, DeviceId, DeviceList, DeviceListError, MAX_DEVICES,
    UnverifiedDeviceList,
};

use crate::{Person, rng};

/// As a list comes from the server.
fn received(list: &DeviceList, from: &Person) -> DeviceList {
    UnverifiedDeviceList::decode(&list.encode())
        .unwrap()
        .verify(from.id, &from.secret.public())
        .unwrap()
}

#[test]
fn a_chain_is_followed_one_list_at_a_time() {
    let mut rng = rng();
    let alice = Person::new(&mut rng);
    let (laptop, phone) = (alice.device(&mut rng), alice.device(&mut rng));
    let first = DeviceList::first(&alice.secret, alice.id, vec![laptop.clone()]).unwrap();
    let second = first
        .next(&alice.secret, vec![phone.clone(), laptop.clone()])
        .unwrap();
    let third = second.next(&alice.secret, vec![phone.clone()]).unwrap();
    let fourth = third.next(&alice.secret, vec![]).unwrap();

    assert_eq!(
        [first.version(), second.version(), third.version()],
        [1, 2, 3]
    );
    let mut both = [laptop, phone.clone()];
    both.sort_by_key(|certificate| certificate.device());
    assert_eq!(second.devices(), both);
    assert_eq!(fourth.devices(), []);

    let chain = [first, second, third, fourth].map(|list| received(&list, &alice));
    for pair in chain.windows(2) {
        assert_eq!(pair[1].extends(&pair[0]), Ok(()));
        assert_eq!(pair[1].extends(&pair[1]), Ok(()), "the same list again");
    }
    assert_eq!(
        chain[0].extends(&chain[2]),
        Err(DeviceListError::Rollback {
            seen: 3,
            offered: 1
        })
    );
    assert_eq!(
        chain[2].extends(&chain[0]),
        Err(DeviceListError::Gap {
            seen: 1,
            offered: 3
        })
    );
}

#[test]
fn a_fork_is_noticed_at_once_and_one_list_later() {
    let mut rng = rng();
    let alice = Person::new(&mut rng);
    let (laptop, phone) = (alice.device(&mut rng), alice.device(&mut rng));
    let first = DeviceList::first(&alice.secret, alice.id, vec![laptop.clone()]).unwrap();
    let one = first.next(&alice.secret, vec![phone.clone()]).unwrap();
    let other = first.next(&alice.secret, vec![laptop.clone()]).unwrap();
    assert_eq!(
        other.extends(&one),
        Err(DeviceListError::Fork { version: 2 })
    );
    let after_other = other.next(&alice.secret, vec![laptop, phone]).unwrap();
    assert_eq!(
        after_other.extends(&one),
        Err(DeviceListError::Fork { version: 2 })
    );
    assert_eq!(after_other.extends(&other), Ok(()));
}

#[test]
fn another_signer_cant_go_on_with_the_chain() {
    let mut rng = rng();
    let (alice, mallory) = (Person::new(&mut rng), AccountSecret::generate(&mut rng));
    let first = DeviceList::first(&alice.secret, alice.id, vec![]).unwrap();
    assert_eq!(
        first.next(&mallory, vec![]),
        Err(DeviceListError::WrongSigner)
    );

    // Mallory makes a list for Alice's account. It verifies under Mallory's key alone, and extends nothing of Alice's.
    let forged = DeviceList::first(&mallory, alice.id, vec![])
        .unwrap()
        .next(&mallory, vec![])
        .unwrap();
    let decoded = || UnverifiedDeviceList::decode(&forged.encode()).unwrap();
    assert_eq!(
        decoded().verify(alice.id, &alice.secret.public()),
        Err(DeviceListError::BadSignature)
    );
    let forged = decoded().verify(alice.id, &mallory.public()).unwrap();
    assert_eq!(forged.extends(&first), Err(DeviceListError::WrongSigner));
}

#[test]
fn lists_of_two_accounts_dont_mix() {
    let mut rng = rng();
    let (alice, bob) = (Person::new(&mut rng), Person::new(&mut rng));
    let bobs = bob.device(&mut rng);
    assert_eq!(
        DeviceList::first(&alice.secret, alice.id, vec![bobs.clone()]),
        Err(DeviceListError::Certificate(CertificateError::WrongAccount))
    );
    let alices = DeviceList::first(&alice.secret, alice.id, vec![]).unwrap();
    let bobs = DeviceList::first(&bob.secret, bob.id, vec![bobs]).unwrap();
    assert_eq!(bobs.extends(&alices), Err(DeviceListError::WrongAccount));
    assert_eq!(
        UnverifiedDeviceList::decode(&bobs.encode())
            .unwrap()
            .verify(alice.id, &bob.secret.public()),
        Err(DeviceListError::WrongAccount)
    );
}

#[test]
fn certificates_of_a_former_account_key_dont_enter_a_list() {
    let mut rng = rng();
    let alice = Person::new(&mut rng);
    let old = alice.device(&mut rng);
    let reborn = AccountSecret::generate(&mut rng);
    assert_eq!(
        DeviceList::first(&reborn, alice.id, vec![old]),
        Err(DeviceListError::Certificate(CertificateError::BadSignature))
    );
}

#[test]
fn a_device_stands_once_and_there_are_at_most_thirty_two() {
    let mut rng = rng();
    let alice = Person::new(&mut rng);
    let id = DeviceId::generate(&mut rng);
    let twice = vec![
        alice.device_named(id, &mut rng),
        alice.device_named(id, &mut rng),
    ];
    assert_eq!(
        DeviceList::first(&alice.secret, alice.id, twice),
        Err(DeviceListError::Order)
    );
    let mut many: Vec<_> = (0..=MAX_DEVICES).map(|_| alice.device(&mut rng)).collect();
    assert_eq!(
        DeviceList::first(&alice.secret, alice.id, many.clone()),
        Err(DeviceListError::TooManyDevices)
    );
    many.pop();
    let full = DeviceList::first(&alice.secret, alice.id, many).unwrap();
    assert_eq!(received(&full, &alice).devices().len(), MAX_DEVICES);
}
