//! The whole way, without faults: register, find, write, answer, read, more devices, recovery, sign-out.

use sotto_client_engine::api::{command::Command, problem::Problem, view::*};

use crate::world::{World, seed};

fn pair() -> (World, usize, usize) {
    let mut w = World::new(seed());
    let (alice, _) = w.register("alice");
    let (bob, _) = w.register("bob");
    (w, alice, bob)
}

/// Two people who have accepted each other.
pub fn friends() -> (World, usize, usize, String, String) {
    let (mut w, alice, bob) = pair();
    let with_bob = w.open(alice, bob);
    let with_alice = w.open(bob, alice);
    (w, alice, bob, with_bob, with_alice)
}

#[test]
fn a_first_message_is_a_request_and_states_go_from_queued_to_read() {
    let (mut w, alice, bob) = pair();
    let found: Vec<PersonView> = w.get(
        alice,
        Command::SearchPeople {
            prefix: "BO".into(),
        },
    );
    assert_eq!(found.len(), 1);
    let with_bob = w.open(alice, bob);
    assert_eq!(with_bob, found[0].account);
    let sent = w.send(alice, &with_bob, "hello *Bob*\nsecond line");
    assert!(matches!(
        sent.body,
        MessageBody::Outgoing {
            state: MessageState::Queued,
            ..
        }
    ));
    let with_alice = w.clients[alice].id();
    w.until("the request", |w| {
        w.clients[bob]
            .conversations
            .get(&with_alice)
            .is_some_and(|c| c.standing == Standing::Request && c.unread == 1)
    });
    // Strangers learn nothing.
    w.pass(60_000);
    assert_eq!(
        w.state(alice, &with_bob, &sent.id),
        Some(MessageState::Sent)
    );
    let refused = w.ask(
        bob,
        Command::Send {
            conversation: with_alice.clone(),
            id: "AAAAAAAAAAAAAAAAAAAAAA".into(),
            text: "x".into(),
        },
    );
    assert_eq!(refused, Err(Problem::RequestPending));

    w.get::<()>(
        bob,
        Command::AcceptRequest {
            conversation: with_alice.clone(),
        },
    );
    w.pass(2_000);
    assert_eq!(
        w.state(alice, &with_bob, &sent.id),
        Some(MessageState::Delivered)
    );
    let first = w.clients[bob].conversations[&with_alice]
        .first_unread
        .clone()
        .unwrap();
    w.get::<()>(
        bob,
        Command::MarkRead {
            conversation: with_alice.clone(),
            through: first,
        },
    );
    w.pass(2_000);
    assert_eq!(
        w.state(alice, &with_bob, &sent.id),
        Some(MessageState::Read)
    );
    assert_eq!(w.clients[bob].conversations[&with_alice].unread, 0);

    w.send(bob, &with_alice, "hello Alice");
    w.pass(2_000);
    assert_eq!(
        w.texts(alice, &with_bob),
        ["hello *Bob*\nsecond line", "hello Alice"]
    );
    assert_eq!(w.texts(alice, &with_bob), w.texts(bob, &with_alice));
}

#[test]
fn many_messages_to_and_fro_keep_their_order() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    for i in 0..40 {
        w.send(alice, &with_bob, &format!("a{i}"));
        if i % 3 == 0 {
            w.send(bob, &with_alice, &format!("b{i}"));
        }
        if i % 7 == 0 {
            w.pass(500);
        }
    }
    w.pass(5_000);
    for (client, conversation) in [(alice, &with_bob), (bob, &with_alice)] {
        let texts = w.texts(client, conversation);
        assert_eq!(texts.len(), 54);
        for who in ["a", "b"] {
            let theirs: Vec<u32> = texts
                .iter()
                .filter_map(|text| text.strip_prefix(who)?.parse().ok())
                .collect();
            assert!(theirs.is_sorted(), "{theirs:?}");
        }
    }
}

#[test]
fn a_further_device_gets_and_shows_everything_from_then_on_without_alarm() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.send(alice, &with_bob, "before");
    w.pass(1_000);
    let bob2 = w.sign_in("bob");
    w.pass(2_000);
    w.send(alice, &with_bob, "to both");
    w.pass(1_000);
    w.send(bob2, &with_alice, "from the second");
    w.pass(1_000);
    let read = w.send(bob, &with_alice, "from the first");
    w.pass(3_000);
    assert_eq!(
        w.texts(alice, &with_bob),
        ["before", "to both", "from the second", "from the first"]
    );
    assert_eq!(
        w.texts(bob2, &with_alice),
        ["to both", "from the second", "from the first"]
    );
    assert_eq!(w.texts(bob, &with_alice), w.texts(alice, &with_bob));
    // The first device introduced its contacts: no request, and the same states everywhere.
    let view = &w.clients[bob2].conversations[&with_alice];
    assert_eq!(view.standing, Standing::Accepted);
    assert_eq!(
        w.state(bob2, &with_alice, &read.id),
        Some(MessageState::Delivered)
    );
    assert!(matches!(
        w.clients[alice].conversations[&with_bob].verification,
        VerificationView::Unverified
    ));
    // Reading on one device reads on the other.
    let newest = w.history(bob, &with_alice).pop().unwrap().order;
    w.get::<()>(
        bob,
        Command::MarkRead {
            conversation: with_alice.clone(),
            through: newest,
        },
    );
    w.pass(2_000);
    assert_eq!(w.clients[bob2].conversations[&with_alice].unread, 0);
}

#[test]
fn wrong_passwords_and_words_are_told_apart_from_nothing_else() {
    let (mut w, _, _) = pair();
    let stranger = w.add_client();
    for name in ["alice", "nobody"] {
        let refused = w.ask(
            stranger,
            Command::SignIn {
                username: name.into(),
                password: "wrong".into(),
            },
        );
        assert_eq!(refused, Err(Problem::CredentialsWrong));
    }
    for (name, problem) in [
        ("al", Problem::UsernameTooShort),
        ("al ice", Problem::UsernameCharacters),
        ("admin", Problem::UsernameReserved),
        ("ALICE", Problem::UsernameTaken),
    ] {
        let refused = w.ask(
            stranger,
            Command::Register {
                username: name.into(),
                password: "p".into(),
                invitation: None,
            },
        );
        assert_eq!(refused, Err(problem));
    }
}

#[test]
fn the_recovery_key_is_read_back_and_brings_the_same_identity_back() {
    let mut w = World::new(seed());
    let (alice, words) = w.register("alice");
    let (bob, _) = w.register("bob");
    assert_eq!(words.split(' ').count(), 12);
    assert_eq!(w.get::<String>(alice, Command::RecoveryKey {}), words);
    let swapped = words.split(' ').rev().collect::<Vec<_>>().join(" ");
    for (typed, wrong) in [
        ("one two", Problem::RecoveryKeyWordCount { found: 2 }),
        (
            &words.replacen(words.split(' ').next().unwrap(), "zzzz", 1),
            Problem::RecoveryKeyUnknownWord { position: 1 },
        ),
    ] {
        let reply = w.ask(
            alice,
            Command::ConfirmRecoveryKey {
                words: typed.into(),
            },
        );
        assert_eq!(reply, Err(wrong));
    }
    assert!(
        w.ask(alice, Command::ConfirmRecoveryKey { words: swapped })
            .is_err()
    );
    w.get::<()>(
        alice,
        Command::ConfirmRecoveryKey {
            words: words.clone(),
        },
    );
    assert!(matches!(
        w.clients[alice].account,
        AccountView::SignedIn {
            recovery_confirmed: true,
            ..
        }
    ));
    assert_eq!(w.ask(alice, Command::RecoveryKey {}), Err(Problem::Unknown));

    let with_alice = w.open(bob, alice);
    w.stop(alice);
    let again = w.add_client();
    w.get::<()>(
        again,
        Command::Recover {
            username: "Alice".into(),
            words,
            password: "a new one".into(),
        },
    );
    w.online(again);
    w.send(bob, &with_alice, "still you?");
    w.pass(3_000);
    let with_bob = w.clients[bob].id();
    assert_eq!(w.texts(again, &with_bob), ["still you?"]);
    assert!(matches!(
        w.clients[bob].conversations[&with_alice].verification,
        VerificationView::Unverified
    ));
    let third = w.add_client();
    w.get::<()>(
        third,
        Command::SignIn {
            username: "alice".into(),
            password: "a new one".into(),
        },
    );
}

#[test]
fn signing_out_removes_the_device_and_leaves_nothing_here() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    let bob2 = w.sign_in("bob");
    w.pass(1_000);
    w.send(alice, &with_bob, "one");
    w.pass(1_000);
    w.get::<()>(bob, Command::SignOut {});
    assert!(w.clients[bob].store.is_empty());
    assert_eq!(
        w.clients[bob].account,
        AccountView::SignedOut { reason: None }
    );
    w.send(alice, &with_bob, "two");
    w.pass(3_000);
    assert_eq!(w.texts(bob2, &with_alice), ["one", "two"]);
    let devices: Vec<DeviceView> = w.get(bob2, Command::Devices {});
    assert_eq!(devices.len(), 1);
}

#[test]
fn a_device_that_another_removes_forgets_everything() {
    let (mut w, _, bob, ..) = friends();
    let bob2 = w.sign_in("bob");
    w.pass(1_000);
    let device = w.clients[bob].device();
    w.get::<()>(bob2, Command::RemoveDevice { device });
    w.pass(3_000);
    assert_eq!(
        w.clients[bob].account,
        AccountView::SignedOut {
            reason: Some(Problem::DeviceRemoved)
        }
    );
}

#[test]
fn offline_messages_wait_on_both_sides_and_arrive_in_order() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.stop(bob);
    for i in 0..20 {
        w.send(alice, &with_bob, &format!("{i}"));
    }
    w.pass(10_000);
    w.start(bob);
    w.online(bob);
    w.pass(2_000);
    let want: Vec<String> = (0..20).map(|i| i.to_string()).collect();
    assert_eq!(w.texts(bob, &with_alice), want);
    // And the other way: nothing reachable when sending.
    w.kill_relay();
    let sent = w.send(bob, &with_alice, "later");
    assert_eq!(
        w.state(bob, &with_alice, &sent.id),
        Some(MessageState::Queued)
    );
    w.pass(120_000);
    assert_eq!(w.texts(alice, &with_bob).last().unwrap(), "later");
    assert_eq!(
        w.state(bob, &with_alice, &sent.id),
        Some(MessageState::Delivered)
    );
}

#[test]
fn blocked_people_are_not_seen_or_answered() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.get::<()>(
        bob,
        Command::Block {
            conversation: with_alice.clone(),
        },
    );
    let sent = w.send(alice, &with_bob, "hey");
    w.pass(5_000);
    assert!(w.texts(bob, &with_alice).is_empty());
    assert_eq!(
        w.state(alice, &with_bob, &sent.id),
        Some(MessageState::Sent)
    );
    assert_eq!(
        w.ask(
            bob,
            Command::Send {
                conversation: with_alice.clone(),
                id: "AAAAAAAAAAAAAAAAAAAAAA".into(),
                text: "x".into()
            }
        ),
        Err(Problem::PersonBlocked)
    );
    w.get::<()>(
        bob,
        Command::Unblock {
            conversation: with_alice.clone(),
        },
    );
    w.send(alice, &with_bob, "again");
    w.pass(3_000);
    assert_eq!(w.texts(bob, &with_alice), ["again"]);
}

#[test]
fn a_send_asked_for_twice_is_sent_once() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    let id = w.message_id();
    let ask = Command::Send {
        conversation: with_bob.clone(),
        id,
        text: "once".into(),
    };
    let first: MessageView = w.get(alice, ask.clone());
    w.crash(alice);
    let second: MessageView = w.get(alice, ask);
    assert_eq!(first.order, second.order);
    w.pass(10_000);
    assert_eq!(w.texts(bob, &with_alice), ["once"]);
}

#[test]
fn texts_that_can_not_be_sent_are_refused_with_their_reason() {
    let (mut w, alice, _, with_bob, _) = friends();
    for (text, problem) in [
        (" \n ".to_owned(), Problem::MessageEmpty),
        (
            "x".repeat(65_537),
            Problem::MessageTooLong { bytes: 65_537 },
        ),
    ] {
        let id = w.message_id();
        let conversation = with_bob.clone();
        assert_eq!(
            w.ask(
                alice,
                Command::Send {
                    conversation,
                    id,
                    text
                }
            ),
            Err(problem)
        );
    }
    let me = w.clients[alice].id();
    assert_eq!(
        w.ask(alice, Command::OpenConversation { account: me }),
        Err(Problem::PersonIsYou)
    );
    let account = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
    assert_eq!(
        w.ask(alice, Command::OpenConversation { account }),
        Err(Problem::PersonUnknown)
    );
}

#[test]
fn the_longest_text_arrives() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    let text = "ü".repeat(32_768);
    w.send(alice, &with_bob, &text);
    w.pass(3_000);
    assert_eq!(w.texts(bob, &with_alice), [text]);
}

#[test]
fn drafts_survive_and_go_with_the_message() {
    let (mut w, alice, _, with_bob, _) = friends();
    w.get::<()>(
        alice,
        Command::SetDraft {
            conversation: with_bob.clone(),
            text: "half a".into(),
        },
    );
    w.crash(alice);
    let all: Vec<ConversationView> = w.get(alice, Command::Conversations {});
    assert_eq!(all[0].draft, "half a");
    w.send(alice, &with_bob, "half a sentence");
    assert_eq!(w.clients[alice].conversations[&with_bob].draft, "");
}

#[test]
fn typing_is_shown_for_a_while() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.send(alice, &with_bob, "hi");
    w.pass(1_000);
    w.get::<()>(
        alice,
        Command::Typing {
            conversation: with_bob,
        },
    );
    w.pass(500);
    assert!(w.clients[bob].conversations[&with_alice].typing);
    w.pass(10_000);
    assert!(!w.clients[bob].conversations[&with_alice].typing);
}

#[test]
fn failed_messages_can_be_tried_again_or_taken_out() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    w.relay.lies.refuse = Some(sotto_protocol::Problem {
        code: sotto_protocol::ProblemCode::MailboxFull,
        title: String::new(),
        status: 507,
        retry_after_ms: None,
        device_list: None,
    });
    let (one, two) = (
        w.send(alice, &with_bob, "one"),
        w.send(alice, &with_bob, "two"),
    );
    w.pass(2_000);
    let failed = Some(MessageState::Failed {
        problem: Problem::MailboxFull,
    });
    assert_eq!(w.state(alice, &with_bob, &one.id), failed);
    w.relay.lies.refuse = None;
    w.send(alice, &with_bob, "three");
    w.pass(2_000);
    w.get::<()>(
        alice,
        Command::Discard {
            conversation: with_bob.clone(),
            id: two.id,
        },
    );
    w.get::<()>(
        alice,
        Command::Retry {
            conversation: with_bob.clone(),
            id: one.id,
        },
    );
    w.pass(2_000);
    // In its place, on both sides.
    assert_eq!(w.texts(alice, &with_bob), ["one", "three"]);
    assert_eq!(w.texts(bob, &with_alice), ["one", "three"]);
}

#[test]
fn history_opens_where_reading_stopped_and_goes_both_ways() {
    let (mut w, alice, bob, with_bob, with_alice) = friends();
    for i in 0..30 {
        w.send(alice, &with_bob, &format!("{i}"));
        w.pass(300);
        if i == 9 {
            let newest = w.history(bob, &with_alice).pop().unwrap().order;
            w.get::<()>(
                bob,
                Command::MarkRead {
                    conversation: with_alice.clone(),
                    through: newest,
                },
            );
        }
    }
    w.pass(3_000);
    let view = &w.clients[bob].conversations[&with_alice];
    assert_eq!(view.unread, 20);
    let first_unread = view.first_unread.clone();
    let mut window =
        |before: Option<String>, from: Option<String>| -> (Vec<String>, bool, bool, Vec<String>) {
            let view: HistoryView = w.get(
                bob,
                Command::History {
                    conversation: with_alice.clone(),
                    before,
                    from,
                    limit: 10,
                },
            );
            let texts = view
                .messages
                .iter()
                .map(|message| match &message.body {
                    MessageBody::Incoming { text, .. } => text.clone(),
                    other => panic!("{other:?}"),
                })
                .collect();
            let orders = view.messages.iter().map(|m| m.order.clone()).collect();
            (texts, view.older, view.newer, orders)
        };
    let span = |from: u32, to: u32| (from..to).map(|i| i.to_string()).collect::<Vec<_>>();
    let (texts, older, newer, orders) = window(None, first_unread);
    assert_eq!((texts, older, newer), (span(10, 20), true, true));
    let (texts, older, newer, _) = window(Some(orders[0].clone()), None);
    assert_eq!((texts, older, newer), (span(0, 10), false, true));
    let (texts, older, newer, _) = window(None, None);
    assert_eq!((texts, older, newer), (span(20, 30), true, false));
}
