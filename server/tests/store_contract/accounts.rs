//! What every [`AccountStore`] does, told as seen from outside; run against each backend.

use sotto_protocol::{
    AccountId, DeviceId, Username,
    http::{PrekeyCount, Vault},
};
use sotto_server::store::{
    AccountStore, Conflict, StoreError,
    accounts::{
        Account, AddedDevice, Credential, DeviceChange, NewAccount, Prekey, Prekeys, SignedList,
        StoredSession,
    },
};

/// Runs the whole suite; `fresh` gives an empty store each time.
pub async fn suite<S: AccountStore>(mut fresh: impl FnMut() -> S) {
    names_and_ids_are_given_once(&fresh()).await;
    a_failed_registration_leaves_nothing(&fresh()).await;
    people_are_found_by_the_start_of_their_name(&fresh()).await;
    device_lists_form_a_chain(&fresh()).await;
    a_failed_change_of_devices_leaves_nothing(&fresh()).await;
    removed_devices_lose_their_keys_and_keep_their_ids(&fresh()).await;
    the_vault_has_one_successor(&fresh()).await;
    prekeys_are_taken_once_oldest_first(&fresh()).await;
    prekey_ids_never_come_back(&fresh()).await;
    sessions_come_and_go(&fresh()).await;
    invitations_are_used_up(&fresh()).await;
}

fn new_account(number: u8, name: &str) -> NewAccount {
    NewAccount {
        account: Account {
            id: AccountId([number; 16]),
            username: Username::parse(name).unwrap(),
            account_key: [number; 32],
            recovery_key: [number; 32],
            credential: Credential {
                id: [number; 32],
                record: vec![number; 192],
            },
            vault: Vault {
                version: 1,
                sealed: vec![number; 10].into(),
                password_wrap: vec![1].into(),
                recovery_wrap: vec![2].into(),
            },
            device_list: list(1),
            registered_on: 1000,
        },
        device: added(number),
        invitation: None,
        now: 1000,
    }
}

fn list(version: u64) -> SignedList {
    SignedList {
        version,
        bytes: vec![version as u8; 20],
    }
}

fn added(number: u8) -> AddedDevice {
    AddedDevice {
        device: DeviceId([number; 16]),
        prekeys: Prekeys {
            signed: Some(prekey(1)),
            kem_last_resort: Some(prekey(2)),
            one_time: vec![prekey(3), prekey(4)],
            kem_one_time: vec![prekey(5)],
        },
        session: StoredSession {
            token_hash: [number; 32],
            account: AccountId([0; 16]),
            device: DeviceId([number; 16]),
            expires_at: 5000,
        },
    }
}

fn prekey(id: u32) -> Prekey {
    Prekey {
        id,
        bytes: id.to_be_bytes().repeat(9),
    }
}

fn change(account: u8, version: u64) -> DeviceChange {
    DeviceChange {
        account: AccountId([account; 16]),
        list: list(version),
        added: None,
        removed: Vec::new(),
        password: None,
        today: 1000,
    }
}

#[track_caller]
fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("{other:?}"),
    }
}

async fn names_and_ids_are_given_once(store: &impl AccountStore) {
    store.register(new_account(1, "Alice")).await.unwrap();
    let same_name = store.register(new_account(2, "aLICE")).await;
    assert_eq!(conflict(same_name), Conflict::NameTaken);
    let same_id = NewAccount {
        device: added(3),
        ..new_account(1, "bob")
    };
    assert_eq!(conflict(store.register(same_id).await), Conflict::IdTaken);
    let same_device = NewAccount {
        device: added(1),
        ..new_account(2, "bob")
    };
    assert_eq!(
        conflict(store.register(same_device).await),
        Conflict::IdTaken
    );

    assert!(store.name_taken("alice".into()).await.unwrap());
    assert!(!store.name_taken("bob".into()).await.unwrap());
    let by_name = store
        .account_by_name("alice".into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(by_name, new_account(1, "Alice").account);
    assert_eq!(store.account(by_name.id).await.unwrap(), Some(by_name));
    assert_eq!(store.account(AccountId([9; 16])).await.unwrap(), None);
    assert_eq!(store.account_by_name("Alice".into()).await.unwrap(), None);
}

async fn a_failed_registration_leaves_nothing(store: &impl AccountStore) {
    store.register(new_account(1, "alice")).await.unwrap();
    store.add_invitation([7; 32], 1, 2000).await.unwrap();
    let failing = NewAccount {
        device: added(1),
        invitation: Some([7; 32]),
        ..new_account(2, "bob")
    };
    assert_eq!(conflict(store.register(failing).await), Conflict::IdTaken);
    assert!(!store.name_taken("bob".into()).await.unwrap());
    assert!(store.invitation_valid([7; 32], 1000).await.unwrap());
    assert_eq!(
        store.device_lists(AccountId([2; 16]), 0, 9).await.unwrap(),
        []
    );
}

async fn people_are_found_by_the_start_of_their_name(store: &impl AccountStore) {
    for (number, name) in [
        (1, "Alice"),
        (2, "al.b"),
        (3, "alz"),
        (4, "am-x"),
        (5, "ALIx"),
        (6, "al_y"),
    ] {
        store.register(new_account(number, name)).await.unwrap();
    }
    let names = async |prefix: &str, limit| -> Vec<String> {
        let found = store.people(prefix.into(), limit).await.unwrap();
        found.iter().map(|(_, name)| name.to_string()).collect()
    };
    assert_eq!(
        names("al", 9).await,
        ["al.b", "al_y", "Alice", "ALIx", "alz"]
    );
    assert_eq!(names("al", 2).await, ["al.b", "al_y"]);
    assert_eq!(names("alz", 9).await, ["alz"]);
    assert!(names("b", 9).await.is_empty());
    assert!(names("al%", 9).await.is_empty());
}

async fn device_lists_form_a_chain(store: &impl AccountStore) {
    store.register(new_account(1, "alice")).await.unwrap();
    let alice = AccountId([1; 16]);
    store.change_devices(change(1, 2)).await.unwrap();
    for wrong in [1, 2, 4] {
        assert_eq!(
            conflict(store.change_devices(change(1, wrong)).await),
            Conflict::DeviceList { newest: 2 }
        );
    }
    assert_eq!(
        conflict(store.change_devices(change(9, 2)).await),
        Conflict::AccountUnknown
    );
    store.change_devices(change(1, 3)).await.unwrap();
    assert_eq!(
        store.device_lists(alice, 0, 9).await.unwrap(),
        [list(1), list(2), list(3)]
    );
    assert_eq!(store.device_lists(alice, 1, 1).await.unwrap(), [list(2)]);
    assert_eq!(store.device_lists(alice, 3, 9).await.unwrap(), []);
    assert_eq!(store.device_lists(alice, u64::MAX, 9).await.unwrap(), []);
    assert_eq!(
        store.account(alice).await.unwrap().unwrap().device_list,
        list(3)
    );
}

async fn a_failed_change_of_devices_leaves_nothing(store: &impl AccountStore) {
    store.register(new_account(1, "alice")).await.unwrap();
    store.register(new_account(2, "bob")).await.unwrap();
    let before = store.account(AccountId([1; 16])).await.unwrap();
    let taken = DeviceChange {
        added: Some(added(2)),
        removed: vec![DeviceId([1; 16])],
        ..change(1, 2)
    };
    assert_eq!(
        conflict(store.change_devices(taken).await),
        Conflict::IdTaken
    );
    let credential = Credential {
        id: [9; 32],
        record: vec![9],
    };
    let mut vault = before.clone().unwrap().vault;
    vault.version = 5;
    let stale_vault = DeviceChange {
        added: Some(added(3)),
        password: Some((credential, vault)),
        ..change(1, 2)
    };
    assert_eq!(
        conflict(store.change_devices(stale_vault).await),
        Conflict::Vault
    );
    assert_eq!(store.account(AccountId([1; 16])).await.unwrap(), before);
    let set = store.device_set(AccountId([1; 16])).await.unwrap().unwrap();
    assert_eq!((set.version, &*set.devices), (1, &[DeviceId([1; 16])][..]));
    assert_eq!(store.owner(DeviceId([3; 16])).await.unwrap(), None);
    assert_eq!(store.session([3; 32]).await.unwrap(), None);
}

async fn removed_devices_lose_their_keys_and_keep_their_ids(store: &impl AccountStore) {
    store.register(new_account(1, "alice")).await.unwrap();
    let (alice, device) = (AccountId([1; 16]), DeviceId([1; 16]));
    let swap = DeviceChange {
        added: Some(added(2)),
        removed: vec![device],
        ..change(1, 2)
    };
    store.change_devices(swap).await.unwrap();
    let set = store.device_set(alice).await.unwrap().unwrap();
    assert_eq!((set.version, &*set.devices), (2, &[DeviceId([2; 16])][..]));
    let claimed = store.claim_prekeys(alice, vec![device]).await.unwrap();
    assert_eq!(claimed, []);
    assert_eq!(
        conflict(store.add_prekeys(device, Prekeys::default()).await),
        Conflict::DeviceUnknown
    );
    assert_eq!(store.owner(device).await.unwrap(), Some(alice));
    let again = DeviceChange {
        added: Some(added(1)),
        ..change(1, 3)
    };
    assert_eq!(
        conflict(store.change_devices(again).await),
        Conflict::IdTaken
    );
    let records = store.devices(alice).await.unwrap();
    assert_eq!(records.len(), 1);
}

async fn the_vault_has_one_successor(store: &impl AccountStore) {
    store.register(new_account(1, "alice")).await.unwrap();
    let alice = AccountId([1; 16]);
    let vault = |version, byte| Vault {
        version,
        sealed: vec![byte].into(),
        password_wrap: vec![byte].into(),
        recovery_wrap: vec![byte].into(),
    };
    store.put_vault(alice, vault(2, 1), None).await.unwrap();
    store.put_vault(alice, vault(2, 1), None).await.unwrap();
    let rewrapped = Vault {
        password_wrap: vec![9, 9].into(),
        ..vault(2, 1)
    };
    store
        .put_vault(alice, rewrapped.clone(), None)
        .await
        .unwrap();
    assert_eq!(
        store.account(alice).await.unwrap().unwrap().vault,
        rewrapped
    );
    for wrong in [vault(2, 2), vault(1, 1), vault(4, 1)] {
        let result = store.put_vault(alice, wrong, None).await;
        assert_eq!(conflict(result), Conflict::Vault);
    }
    let credential = Credential {
        id: [8; 32],
        record: vec![8; 3],
    };
    store
        .put_vault(alice, vault(3, 3), Some(credential.clone()))
        .await
        .unwrap();
    let account = store.account(alice).await.unwrap().unwrap();
    assert_eq!(
        (account.vault, account.credential),
        (vault(3, 3), credential)
    );
    let unknown = store.put_vault(AccountId([9; 16]), vault(2, 1), None).await;
    assert_eq!(conflict(unknown), Conflict::AccountUnknown);
}

async fn prekeys_are_taken_once_oldest_first(store: &impl AccountStore) {
    store.register(new_account(1, "alice")).await.unwrap();
    store.register(new_account(2, "bob")).await.unwrap();
    let (alice, device) = (AccountId([1; 16]), DeviceId([1; 16]));
    let claim = async || {
        let mut bundles = store.claim_prekeys(alice, vec![device]).await.unwrap();
        assert_eq!(bundles.len(), 1);
        bundles.remove(0)
    };
    let first = claim().await;
    assert_eq!(first.signed, prekey(1).bytes);
    assert_eq!(first.one_time, Some(prekey(3).bytes));
    assert_eq!(first.kem, prekey(5).bytes);
    assert_eq!((first.left.one_time, first.left.kem_one_time), (1, 0));
    let second = claim().await;
    assert_eq!(second.one_time, Some(prekey(4).bytes));
    assert_eq!(second.kem, prekey(2).bytes, "the last resort");
    let third = claim().await;
    assert_eq!(third.one_time, None);
    assert_eq!(third.kem, prekey(2).bytes);
    // A device is claimed under its own account only.
    let foreign = store.claim_prekeys(alice, vec![DeviceId([2; 16])]).await;
    assert_eq!(foreign.unwrap(), []);
    let count = store.prekey_count(device).await.unwrap();
    assert_eq!(
        count,
        PrekeyCount {
            one_time: 0,
            kem_one_time: 0
        }
    );
}

async fn prekey_ids_never_come_back(store: &impl AccountStore) {
    store.register(new_account(1, "alice")).await.unwrap();
    let (alice, device) = (AccountId([1; 16]), DeviceId([1; 16]));
    store.claim_prekeys(alice, vec![device]).await.unwrap();
    let of = |one_time: Vec<Prekey>| Prekeys {
        one_time,
        ..Prekeys::default()
    };
    let same = store
        .add_prekeys(device, of(vec![prekey(3), prekey(4)]))
        .await
        .unwrap();
    assert_eq!(same.one_time, 1, "a repeated upload changes nothing");
    let other = Prekey {
        id: 3,
        bytes: vec![1],
    };
    for wrong in [vec![other], vec![prekey(2)], vec![prekey(9), prekey(1)]] {
        let result = store.add_prekeys(device, of(wrong)).await;
        assert_eq!(conflict(result), Conflict::PrekeyIds);
    }
    let many = (10..110).map(prekey).collect();
    let result = store.add_prekeys(device, of(many)).await;
    assert_eq!(conflict(result), Conflict::PrekeysTooMany);
    let most = (10..109).map(prekey).collect();
    let count = store.add_prekeys(device, of(most)).await.unwrap();
    assert_eq!(count.one_time, 100, "nothing of the refused ones was kept");

    let signed = |id, byte| Prekeys {
        signed: Some(Prekey {
            id,
            bytes: vec![byte],
        }),
        ..Prekeys::default()
    };
    store.add_prekeys(device, signed(6, 6)).await.unwrap();
    store.add_prekeys(device, signed(6, 6)).await.unwrap();
    for wrong in [signed(6, 7), signed(5, 5)] {
        let result = store.add_prekeys(device, wrong).await;
        assert_eq!(conflict(result), Conflict::PrekeyIds);
    }
}

async fn sessions_come_and_go(store: &impl AccountStore) {
    store.register(new_account(1, "alice")).await.unwrap();
    let session = StoredSession {
        token_hash: [5; 32],
        account: AccountId([1; 16]),
        device: DeviceId([1; 16]),
        expires_at: 3000,
    };
    store.put_session(session.clone(), 2000).await.unwrap();
    assert_eq!(store.session([5; 32]).await.unwrap(), Some(session));
    assert_eq!(
        store.devices(AccountId([1; 16])).await.unwrap()[0].last_seen_on,
        2000
    );
    store.purge(2999).await.unwrap();
    assert!(store.session([5; 32]).await.unwrap().is_some());
    store.purge(3000).await.unwrap();
    assert!(store.session([5; 32]).await.unwrap().is_none());
    assert!(store.session([1; 32]).await.unwrap().is_some());
    store.delete_session([1; 32]).await.unwrap();
    store.delete_session([1; 32]).await.unwrap();
    assert!(store.session([1; 32]).await.unwrap().is_none());
    store.ready().await.unwrap();
}

async fn invitations_are_used_up(store: &impl AccountStore) {
    store.add_invitation([7; 32], 2, 2000).await.unwrap();
    assert!(store.invitation_valid([7; 32], 1999).await.unwrap());
    assert!(!store.invitation_valid([7; 32], 2000).await.unwrap());
    assert!(!store.invitation_valid([8; 32], 0).await.unwrap());
    for (number, name) in [(1, "alice"), (2, "bob")] {
        let new = NewAccount {
            invitation: Some([7; 32]),
            ..new_account(number, name)
        };
        store.register(new).await.unwrap();
    }
    let third = NewAccount {
        invitation: Some([7; 32]),
        ..new_account(3, "carol")
    };
    assert_eq!(conflict(store.register(third).await), Conflict::Invitation);
    assert!(!store.invitation_valid([7; 32], 0).await.unwrap());
}
