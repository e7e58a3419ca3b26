//! A relay that lies: nothing of it is believed, and what it breaks by damaging repairs itself.

use rand_chacha::rand_core::Rng as _;
use sotto_client_engine::api::{command::Command, problem::Problem, view::*};
use sotto_crypto_core::{
    identity::{
        AccountId as CoreAccount, AccountKey, AccountSecret, DeviceCertificate,
        DeviceId as CoreDevice, DeviceList, DeviceSecret, UnverifiedDeviceList,
    },
    prekey::{KemPrekey, OneTimePrekey, PrekeyBundle, SignedPrekey},
    session::{LocalDevice, RemoteDevice, Session},
};
use sotto_protocol::{
    AccountId, DeviceId, MessageId, Username, codec,
    http::{DeviceLists, PrekeyBundles},
    socket::Delivery,
};

use crate::{relay::Account, slice::friends, world::World};

/// Lists for an account by another key, with a device of the attacker's.
fn swapped(w: &mut World, account: &str) -> DeviceLists {
    let id: AccountId = account.parse().unwrap();
    let core = CoreAccount::from_bytes(id.0);
    let secret = AccountSecret::generate(&mut w.rng);
    let device = DeviceSecret::generate(&mut w.rng);
    let device_id = CoreDevice::generate(&mut w.rng);
    let certificate = DeviceCertificate::issue(&secret, core, device_id, &device.public(), w.now);
    let list = DeviceList::first(&secret, core, vec![certificate]).unwrap();
    DeviceLists {
        account_key: secret.public().as_bytes().to_vec().into(),
        username: Username::parse(&w.relay.accounts[&id].username).unwrap(),
        lists: vec![list.encode().into()],
        newest: 1,
    }
}

fn nudge(w: &mut World, client: usize, account: &str, version: u64) {
    let frame = sotto_protocol::socket::ServerFrame::DeviceListChanged {
        account: account.parse().unwrap(),
        version,
    };
    let bytes = sotto_protocol::codec::to_cbor(&frame).unwrap();
    w.input(client, sotto_client_engine::host::Input::SocketFrame(bytes));
    w.pass(2_000);
}

#[test]
fn a_swapped_key_of_a_verified_person_stops_sending_until_it_is_resolved() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.send(alice, &with_bob, "hi");
    w.pass(1_000);
    let shown: SafetyView = w.get(
        bob,
        Command::Safety {
            conversation: with_alice.clone(),
        },
    );
    let here: SafetyView = w.get(
        alice,
        Command::Safety {
            conversation: with_bob.clone(),
        },
    );
    assert_eq!(shown.groups, here.groups);
    let compare = |code: String, method| Command::CompareCode {
        conversation: with_bob.clone(),
        code,
        method,
    };
    for (code, method, problem) in [
        (
            "nonsense".to_owned(),
            VerificationMethod::Code,
            Problem::CodeMalformed,
        ),
        (
            here.code.clone(),
            VerificationMethod::Code,
            Problem::CodeOtherPeople,
        ),
    ] {
        assert_eq!(w.ask(alice, compare(code, method)), Err(problem));
    }
    let outcome: Comparison = w.get(alice, compare(shown.qr, VerificationMethod::Qr));
    assert_eq!(outcome, Comparison::Match);
    assert!(matches!(
        w.clients[alice].conversations[&with_bob].verification,
        VerificationView::Verified {
            method: VerificationMethod::Qr,
            ..
        }
    ));

    let lie = swapped(&mut w, &with_bob);
    w.relay.lies.lists.insert(with_bob.parse().unwrap(), lie);
    nudge(&mut w, alice, &with_bob, 9);
    assert!(matches!(
        w.clients[alice].conversations[&with_bob].verification,
        VerificationView::ChangedVerified { .. }
    ));
    let id = w.message_id();
    let conversation = with_bob.clone();
    let refused = w.ask(
        alice,
        Command::Send {
            conversation,
            id,
            text: "secret".into(),
        },
    );
    assert_eq!(refused, Err(Problem::VerificationBroken));
    let outcome: Comparison = {
        let shown: SafetyView = w.get(
            bob,
            Command::Safety {
                conversation: with_alice,
            },
        );
        w.get(alice, compare(shown.code, VerificationMethod::Code))
    };
    assert_eq!(outcome, Comparison::Mismatch);
    assert!(
        w.texts(alice, &with_bob)
            .iter()
            .any(|t| t.contains("KeyChanged { was_verified: true }"))
    );
    w.get::<()>(
        alice,
        Command::WithdrawVerification {
            conversation: with_bob.clone(),
        },
    );
    assert!(matches!(
        w.clients[alice].conversations[&with_bob].verification,
        VerificationView::ChangedUnverified { .. }
    ));
    w.send(alice, &with_bob, "anyway");
}

#[test]
fn what_was_queued_for_a_verified_person_does_not_go_to_a_swapped_key() {
    let (mut w, alice, bob, with_bob, _) = friends();
    w.verify(alice, &with_bob);
    w.stop(bob);
    let real = w.relay.accounts[&with_bob.parse::<AccountId>().unwrap()]
        .lists
        .clone();
    let lie = swapped(&mut w, &with_bob);
    w.relay.lies.lists.insert(with_bob.parse().unwrap(), lie);
    // The relay claims a newer list only once the message is on its way.
    let stored = w.relay.stored;
    w.relay.lies.refuse = Some(sotto_protocol::Problem {
        code: sotto_protocol::ProblemCode::DeviceListStale,
        title: String::new(),
        status: 409,
        retry_after_ms: None,
        device_list: Some(real.len() as u64 + 1),
    });
    let sent = w.send(alice, &with_bob, "for Bob alone");
    w.pass(10_000);
    w.relay.lies.refuse = None;
    w.pass(60_000);
    assert_eq!(w.relay.stored, stored);
    assert_eq!(
        w.state(alice, &with_bob, &sent.id),
        Some(MessageState::Queued)
    );
}

#[test]
fn rolled_back_forked_and_foreign_lists_are_refused() {
    let (mut w, alice, _, with_bob, _) = friends();
    let bob2 = w.sign_in("bob");
    w.send(alice, &with_bob, "to two devices");
    w.pass(3_000);
    let id: AccountId = with_bob.parse().unwrap();
    let honest = &w.relay.accounts[&id];
    let mut rolled_back = DeviceLists {
        account_key: honest.key.clone().into(),
        username: Username::parse(&honest.username).unwrap(),
        lists: vec![honest.lists[0].clone()],
        newest: 1,
    };
    let mut mangled = rolled_back.clone();
    mangled.newest = 3;
    let mut bytes = honest.lists[1].0.clone();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    mangled.lists = vec![bytes.into()];
    rolled_back.newest = 1;
    for lie in [rolled_back, mangled] {
        w.relay.lies.lists.insert(id, lie);
        nudge(&mut w, alice, &with_bob, 3);
        assert_eq!(w.clients[alice].problems.pop(), Some(Problem::KeysRefused));
        let stored = w.relay.stored;
        let sent = w.send(alice, &with_bob, "not to them");
        w.pass(600_000);
        assert_eq!(w.relay.stored, stored);
        assert_eq!(
            w.state(alice, &with_bob, &sent.id),
            Some(MessageState::Failed {
                problem: Problem::KeysRefused
            })
        );
        // Honest again: the person tries again, and it arrives.
        w.relay.lies.lists.clear();
        w.get::<()>(
            alice,
            Command::Retry {
                conversation: with_bob.clone(),
                id: sent.id,
            },
        );
        w.pass(600_000);
        w.clients[alice].problems.clear();
    }
    let with_alice = w.clients[alice].id();
    assert_eq!(
        w.texts(bob2, &with_alice),
        ["to two devices", "not to them", "not to them"]
    );
}

/// Puts an envelope into a mailbox, as if the relay had got it.
fn plant(w: &mut World, from: &str, device: DeviceId, to: usize, id: MessageId, body: Vec<u8>) {
    let target: DeviceId = w.clients[to].device().parse().unwrap();
    let delivery = Delivery {
        seq: 0,
        from: from.parse().unwrap(),
        device,
        id,
        received_at: w.now,
        body: body.into(),
    };
    w.relay.put(delivery, target);
    w.relay.push(target);
    w.pass(5_000);
}

/// Takes the newest envelope out of a mailbox.
fn intercept(w: &mut World, client: usize) -> Delivery {
    let device: DeviceId = w.clients[client].device().parse().unwrap();
    w.until("an envelope", |w| {
        !w.relay.devices[&device].mailbox.is_empty()
    });
    let mailbox = &mut w.relay.devices.get_mut(&device).unwrap().mailbox;
    mailbox.pop_last().unwrap().1
}

#[test]
fn ghosts_and_forgeries_change_nothing() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.send(alice, &with_bob, "hi");
    w.pass(2_000);
    let mut noise = vec![0; 3_000];
    w.rng.fill_bytes(&mut noise);
    let mut id = [0; 16];
    w.rng.fill_bytes(&mut id);
    // A device that Alice never signed.
    plant(
        &mut w,
        &with_alice,
        DeviceId([9; 16]),
        bob,
        MessageId(id),
        noise.clone(),
    );
    assert_eq!(w.texts(bob, &with_alice), ["hi"]);
    let device: DeviceId = w.clients[bob].device().parse().unwrap();
    assert!(
        w.relay.devices[&device].mailbox.is_empty(),
        "it was acknowledged"
    );
    // Noise in the name of one that she did: a quiet line, and Alice says that there never was such a message.
    let real: DeviceId = w.clients[alice].device().parse().unwrap();
    plant(&mut w, &with_alice, real, bob, MessageId(id), noise);
    w.pass(30_000);
    assert_eq!(w.texts(bob, &with_alice), ["hi", "Lost"]);
    w.send(alice, &with_bob, "and on");
    w.pass(1_000);
    w.send(bob, &with_alice, "indeed");
    w.pass(5_000);
    assert_eq!(
        w.texts(bob, &with_alice),
        ["hi", "Lost", "and on", "indeed"]
    );
}

/// An account of an attacker with a device that has somebody else's id, and a session of it with `client`.
fn namesake(w: &mut World, client: usize, device: DeviceId) -> (String, Session) {
    let account = CoreAccount::generate(&mut w.rng);
    let secret = AccountSecret::generate(&mut w.rng);
    let device_secret = DeviceSecret::generate(&mut w.rng);
    let certificate = DeviceCertificate::issue(
        &secret,
        account,
        CoreDevice::from_bytes(device.0),
        &device_secret.public(),
        w.now,
    );
    let list = DeviceList::first(&secret, account, vec![certificate.clone()]).unwrap();
    let id = AccountId(*account.as_bytes());
    let stored = Account {
        username: "mallory".into(),
        key: secret.public().as_bytes().to_vec(),
        lists: vec![list.encode().into()],
        devices: vec![device],
        ..Account::default()
    };
    w.relay.accounts.insert(id, stored);
    let local = LocalDevice {
        account_key: secret.public(),
        certificate,
        secret: device_secret,
    };

    let victim: AccountId = w.clients[client].id().parse().unwrap();
    let theirs: DeviceId = w.clients[client].device().parse().unwrap();
    let stored = &w.relay.accounts[&victim];
    let account_key = AccountKey::from_bytes(&stored.key.clone().try_into().unwrap()).unwrap();
    let list = UnverifiedDeviceList::decode(stored.lists.last().unwrap())
        .and_then(|list| list.verify(CoreAccount::from_bytes(victim.0), &account_key))
        .unwrap();
    let remote = RemoteDevice {
        account_key,
        certificate: list.devices()[0].clone(),
    };
    let claimed = w.relay.claim(victim, &[theirs]).unwrap();
    let claimed: PrekeyBundles = codec::from_json(&claimed).unwrap();
    let claimed = &claimed.bundles[0];
    let bundle = PrekeyBundle::new(
        remote.certificate.clone(),
        SignedPrekey::decode(&claimed.signed).unwrap(),
        claimed
            .one_time
            .as_ref()
            .map(|bytes| OneTimePrekey::decode(bytes).unwrap()),
        KemPrekey::decode(&claimed.kem).unwrap(),
    )
    .unwrap();
    let session = Session::initiate(&local, &remote, &bundle, &mut w.rng).unwrap();
    (id.to_string(), session)
}

/// What an attacker's own client puts into an envelope.
#[derive(serde::Serialize)]
struct Content {
    v: u8,
    body: Body,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Body {
    Text {
        id: MessageId,
        n: u64,
        at: u64,
        text: &'static str,
    },
}

#[test]
fn a_device_id_taken_from_somebody_else_gets_nothing_of_theirs() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    let device: DeviceId = w.clients[bob].device().parse().unwrap();
    w.stop(bob);
    let (mallory, mut session) = namesake(&mut w, alice, device);
    let id = MessageId([7; 16]);
    let (n, at, text) = (1, w.now, "hello from Mallory");
    let body = Body::Text { id, n, at, text };
    let content = codec::to_cbor(&Content { v: 1, body }).unwrap();
    let body = session.encrypt(&content, &mut w.rng).unwrap();
    plant(&mut w, &mallory, device, alice, id, body);
    assert_eq!(w.texts(alice, &mallory), ["hello from Mallory"]);

    w.send(alice, &with_bob, "for Bob alone");
    let delivery = intercept(&mut w, bob);
    let read = session.decrypt(&delivery.body, w.now, &mut w.rng);
    assert!(read.is_err(), "Mallory reads what was for Bob");
    w.relay.put(delivery, device);
    w.start(bob);
    w.online(bob);
    w.pass(5_000);
    assert_eq!(w.texts(bob, &with_alice), ["for Bob alone"]);
}

#[test]
fn replays_are_dropped_and_damage_is_repaired_in_its_place() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.send(alice, &with_bob, "one");
    w.pass(1_000);
    w.send(bob, &with_alice, "reply");
    w.pass(1_000);
    w.stop(bob);
    w.send(alice, &with_bob, "two");
    w.pass(1_000);
    let original = intercept(&mut w, bob);
    let mut damaged = original.clone();
    let middle = damaged.body.0.len() / 2;
    damaged.body.0[middle] ^= 1;
    let target: DeviceId = original_device(&mut w, bob);
    w.relay.put(damaged, target);
    w.send(alice, &with_bob, "three");
    w.pass(1_000);
    // Alice is away while Bob finds the damage.
    w.stop(alice);
    w.start(bob);
    w.online(bob);
    w.pass(5_000);
    assert_eq!(
        w.texts(bob, &with_alice),
        ["one", "reply", "Damaged", "three"]
    );
    w.start(alice);
    w.online(alice);
    w.pass(60_000);
    assert_eq!(w.texts(bob, &with_alice), ["one", "reply", "two", "three"]);
    // The original comes late, and once more: it is known.
    for _ in 0..2 {
        w.relay.put(original.clone(), target);
        w.relay.push(target);
        w.pass(5_000);
    }
    assert_eq!(w.texts(bob, &with_alice), ["one", "reply", "two", "three"]);
    assert_eq!(w.texts(alice, &with_bob), w.texts(bob, &with_alice));
}

#[test]
fn a_text_that_went_out_under_another_id_is_repaired_too() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.send(alice, &with_bob, "one");
    w.pass(1_000);
    w.send(bob, &with_alice, "reply");
    w.pass(1_000);
    w.stop(bob);
    w.relay.lies.refuse = Some(sotto_protocol::Problem {
        code: sotto_protocol::ProblemCode::MessageIdReused,
        title: String::new(),
        status: 409,
        retry_after_ms: None,
        device_list: None,
    });
    let sent = w.send(alice, &with_bob, "two");
    w.pass(1_000);
    w.relay.lies.refuse = None;
    w.pass(1_000);
    let mut damaged = intercept(&mut w, bob);
    assert_ne!(damaged.id.to_string(), sent.id);
    let middle = damaged.body.0.len() / 2;
    damaged.body.0[middle] ^= 1;
    let target = original_device(&mut w, bob);
    w.relay.put(damaged, target);
    w.start(bob);
    w.online(bob);
    w.pass(60_000);
    assert_eq!(w.texts(bob, &with_alice), ["one", "reply", "two"]);
}

#[test]
fn a_withdrawn_verification_does_not_come_back_late() {
    let (mut w, alice, _, with_bob, _) = friends();
    let sibling = w.sign_in("alice");
    w.pass(10_000);
    w.stop(sibling);
    let device = original_device(&mut w, sibling);
    w.verify(alice, &with_bob);
    w.pass(1_000);
    let verified = intercept(&mut w, sibling);
    w.get::<()>(
        alice,
        Command::WithdrawVerification {
            conversation: with_bob.clone(),
        },
    );
    w.start(sibling);
    w.online(sibling);
    w.pass(5_000);
    w.relay.put(verified, device);
    w.relay.push(device);
    w.pass(5_000);
    assert_eq!(
        w.clients[sibling].conversations[&with_bob].verification,
        VerificationView::Unverified
    );
    // A later one counts.
    w.verify(alice, &with_bob);
    w.pass(5_000);
    assert!(matches!(
        w.clients[sibling].conversations[&with_bob].verification,
        VerificationView::Verified { .. }
    ));
}

fn original_device(w: &mut World, client: usize) -> DeviceId {
    // The client is stopped; what it was told last still stands.
    w.clients[client].device().parse().unwrap()
}

#[test]
fn a_client_that_lost_its_sessions_gets_everything_again() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.send(alice, &with_bob, "one");
    w.pass(1_000);
    w.send(bob, &with_alice, "two");
    w.pass(3_000);
    w.stop(bob);
    w.clients[bob]
        .store
        .retain(|key, _| !key.starts_with("state/sessions/"));
    w.start(bob);
    w.online(bob);
    for text in ["three", "four", "five"] {
        w.send(alice, &with_bob, text);
    }
    w.pass(120_000);
    assert_eq!(
        w.texts(bob, &with_alice),
        ["one", "two", "three", "four", "five"]
    );
    w.send(bob, &with_alice, "six");
    w.pass(3_000);
    assert_eq!(w.texts(alice, &with_bob).last().unwrap(), "six");
}

#[test]
fn corrupt_rows_cost_what_they_held_and_no_more() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.send(alice, &with_bob, "one");
    w.pass(3_000);
    w.stop(bob);
    for (key, value) in &mut w.clients[bob].store {
        if key.starts_with("state/sessions/") || key.starts_with("state/track/") {
            value.truncate(5);
        }
    }
    w.start(bob);
    assert!(w.clients[bob].problems.contains(&Problem::StorageCorrupt));
    w.online(bob);
    w.send(alice, &with_bob, "two");
    w.pass(60_000);
    assert_eq!(w.texts(bob, &with_alice), ["one", "two"]);
    // Without its own secrets a device is none.
    w.stop(bob);
    w.clients[bob].store.get_mut("state/me").unwrap().clear();
    w.start(bob);
    assert_eq!(
        w.clients[bob].account,
        AccountView::SignedOut {
            reason: Some(Problem::StorageCorrupt)
        }
    );
}

#[test]
fn withheld_prekeys_hold_messages_back_and_never_weaken_them() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.relay.lies.withhold_prekeys = true;
    let sent = w.send(alice, &with_bob, "patience");
    w.pass(60_000);
    assert_eq!(w.relay.stored, 0);
    assert_eq!(
        w.state(alice, &with_bob, &sent.id),
        Some(MessageState::Queued)
    );
    w.relay.lies.withhold_prekeys = false;
    w.pass(600_000);
    assert_eq!(w.texts(bob, &with_alice), ["patience"]);
}

#[test]
fn nonsense_from_the_relay_loses_nothing() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.relay.lies.nonsense = true;
    let refused = w.ask(
        alice,
        Command::SearchPeople {
            prefix: "bo".into(),
        },
    );
    assert_eq!(refused, Err(Problem::RelayMisbehaved));
    w.send(alice, &with_bob, "through it all");
    w.input(
        alice,
        sotto_client_engine::host::Input::SocketFrame(b"{}".to_vec()),
    );
    assert!(
        w.clients[alice]
            .problems
            .contains(&Problem::RelayMisbehaved)
    );
    w.pass(30_000);
    w.relay.lies.nonsense = false;
    w.pass(600_000);
    assert_eq!(w.texts(bob, &with_alice), ["through it all"]);
}

#[test]
fn when_prekeys_run_out_the_last_resort_serves_and_more_are_made() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    let device: DeviceId = w.clients[bob].device().parse().unwrap();
    w.stop(bob);
    w.relay.drop_one_time_prekeys(device);
    w.send(alice, &with_bob, "with the last resort");
    w.pass(5_000);
    w.start(bob);
    w.online(bob);
    w.pass(5_000);
    assert_eq!(w.texts(bob, &with_alice), ["with the last resort"]);
    assert!(w.relay.one_time_prekeys(device) >= 90);
    // Rotation, and an envelope for the old prekeys that waited meanwhile.
    let before = w.relay.signed_prekey(device);
    w.pass(8 * 24 * 60 * 60_000);
    assert_ne!(w.relay.signed_prekey(device), before);
}

#[test]
fn a_relay_that_forgets_a_device_takes_nothing_from_it() {
    let (mut w, alice, bob, with_bob, _) = friends();
    w.send(alice, &with_bob, "kept");
    w.pass(2_000);
    let id: AccountId = w.clients[alice].id().parse().unwrap();
    let devices = std::mem::take(&mut w.relay.accounts.get_mut(&id).unwrap().devices);
    w.crash(alice);
    w.pass(60_000);
    assert_eq!(
        w.clients[alice].account,
        AccountView::SignedOut {
            reason: Some(Problem::DeviceRemoved)
        }
    );
    // Only the relay's word: once it takes that back, everything is there.
    w.relay.accounts.get_mut(&id).unwrap().devices = devices;
    w.crash(alice);
    w.online(alice);
    assert_eq!(w.texts(alice, &with_bob), ["kept"]);
    let _ = bob;
}

#[test]
fn a_new_key_of_somebody_who_was_never_verified_is_a_line_and_no_obstacle() {
    let (mut w, alice, _, with_bob, _) = friends();
    let lie = swapped(&mut w, &with_bob);
    w.relay.lies.lists.insert(with_bob.parse().unwrap(), lie);
    nudge(&mut w, alice, &with_bob, 2);
    assert!(matches!(
        w.clients[alice].conversations[&with_bob].verification,
        VerificationView::ChangedUnverified { .. }
    ));
    assert_eq!(
        w.texts(alice, &with_bob),
        ["KeyChanged { was_verified: false }"]
    );
    w.send(alice, &with_bob, "hello?");
}
