//! Getting in while hosts crash and several do it at once: an account or none, never half of one.

use sotto_client_engine::api::{command::Command, problem::Problem, view::*};

use crate::world::{Faults, World, seed};

fn signed_in(w: &World, client: usize) -> bool {
    matches!(w.clients[client].account, AccountView::SignedIn { .. })
}

#[test]
fn a_crash_during_registration_leaves_an_account_or_none() {
    let seed = seed();
    let (mut whole, mut none) = (0, 0);
    for round in 0..30 {
        let mut w = World::new(seed.wrapping_add(round));
        w.faults = Faults {
            crash: 200,
            storage: 30,
            http: 100,
            ..Faults::default()
        };
        let client = w.add_client();
        let register = Command::Register {
            username: "alice".into(),
            password: "alice's password".into(),
            invitation: None,
        };
        w.command(client, register.clone());
        w.pass(60_000);
        w.faults = Faults::default();
        w.pass(300_000);
        if signed_in(&w, client) {
            // The words were perhaps never shown: they can be had until they are confirmed.
            let words: String = w.get(client, Command::RecoveryKey {});
            w.get::<()>(client, Command::ConfirmRecoveryKey { words });
            whole += 1;
        } else {
            w.get::<String>(client, register);
            none += 1;
        }
        w.online(client);
        assert_eq!(w.relay.accounts.len(), 1);
    }
    println!("{whole} whole, {none} none");
    assert!(whole > 0 && none > 0);
}

#[test]
fn two_browsers_that_sign_in_at_once_both_get_in() {
    let mut w = World::new(seed());
    let (alice, _) = w.register("alice");
    let newcomers: Vec<usize> = (0..4).map(|_| w.add_client()).collect();
    for client in &newcomers {
        w.command(
            *client,
            Command::SignIn {
                username: "alice".into(),
                password: "alice's password".into(),
            },
        );
    }
    w.pass(30_000);
    assert!(newcomers.iter().all(|client| signed_in(&w, *client)));
    let devices: Vec<DeviceView> = w.get(alice, Command::Devices {});
    assert_eq!(devices.len(), 5);
    // And all of them can take others out at once.
    for (client, device) in newcomers.iter().zip(devices.iter().skip(1).rev()) {
        if w.clients[*client].device() != device.id {
            let device = device.id.clone();
            w.command(*client, Command::RemoveDevice { device });
        }
    }
    w.pass(60_000);
    let left: Vec<DeviceView> = w.get(alice, Command::Devices {});
    assert!(left.len() < 5 && left.iter().any(|device| device.this));
}

#[test]
fn a_tampered_vault_or_device_list_lets_nobody_in() {
    let mut w = World::new(seed());
    w.register("alice");
    let id = w.relay.by_name("alice").unwrap();
    let sign_in = Command::SignIn {
        username: "alice".into(),
        password: "alice's password".into(),
    };
    let honest = w.relay.accounts[&id].vault.clone();
    let client = w.add_client();
    let sealed = &mut w
        .relay
        .accounts
        .get_mut(&id)
        .unwrap()
        .vault
        .as_mut()
        .unwrap()
        .sealed;
    let middle = sealed.0.len() / 2;
    sealed.0[middle] ^= 1;
    assert_eq!(
        w.ask(client, sign_in.clone()),
        Err(Problem::RelayMisbehaved)
    );
    w.relay.accounts.get_mut(&id).unwrap().vault = honest;

    let list = w.relay.accounts[&id].lists[0].clone();
    let mut forged = list.clone();
    *forged.0.last_mut().unwrap() ^= 1;
    w.relay.accounts.get_mut(&id).unwrap().lists[0] = forged;
    assert_eq!(w.ask(client, sign_in.clone()), Err(Problem::KeysRefused));
    w.relay.accounts.get_mut(&id).unwrap().lists[0] = list;
    w.get::<()>(client, sign_in);
}

#[test]
fn who_comes_back_finds_whom_they_knew_blocked_and_verified() {
    let mut w = World::new(seed());
    let (alice, _) = w.register("alice");
    let others: Vec<usize> = ["bob", "carol", "dave"].map(|n| w.register(n).0).into();
    let with: Vec<String> = others.iter().map(|other| w.open(alice, *other)).collect();
    w.verify(alice, &with[0]);
    w.get::<()>(
        alice,
        Command::Block {
            conversation: with[1].clone(),
        },
    );
    w.pass(30_000);
    w.get::<()>(alice, Command::SignOut {});
    let again = w.sign_in("alice");
    let all: Vec<ConversationView> = w.get(again, Command::Conversations {});
    assert_eq!(all.len(), 3);
    let view = |id: &String| all.iter().find(|c| c.id == *id).unwrap();
    assert!(matches!(
        view(&with[0]).verification,
        VerificationView::Verified { .. }
    ));
    assert_eq!(view(&with[1]).standing, Standing::Blocked);
    assert_eq!(view(&with[2]).standing, Standing::Accepted);
    // Who is blocked stays unseen, who is known is no stranger.
    let with_alice = w.clients[again].id();
    for other in &others[1..] {
        w.open(*other, again);
        w.send(*other, &with_alice, "welcome back");
    }
    w.pass(5_000);
    assert!(w.texts(again, &with[1]).is_empty());
    assert_eq!(w.texts(again, &with[2]), ["welcome back"]);
    assert_eq!(
        w.clients[again].conversations[&with[2]].standing,
        Standing::Accepted
    );
}

#[test]
fn devices_that_change_the_vault_at_once_lose_nothing_of_it() {
    let mut w = World::new(seed());
    let (first, _) = w.register("alice");
    let others: Vec<usize> = ["bob", "carol", "dave"].map(|n| w.register(n).0).into();
    let second = w.sign_in("alice");
    for (at, other) in others.iter().enumerate() {
        let account = w.clients[*other].id();
        let client = [first, second][at % 2];
        w.command(client, Command::OpenConversation { account });
    }
    w.pass(60_000);
    w.stop(first);
    w.stop(second);
    let third = w.sign_in("alice");
    let all: Vec<ConversationView> = w.get(third, Command::Conversations {});
    assert_eq!(all.len(), 3);
}
