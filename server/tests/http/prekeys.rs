//! Upload and claim of prekeys.

use std::collections::HashSet;

use sotto_protocol::{Bytes, ProblemCode, http::*};

use crate::support::*;

async fn claim(relay: &Relay, token: &Bytes, of: &Human, device: &Device) -> Answer {
    let path = format!("/v1/accounts/{}/prekeys/claim", of.id);
    let claim = PrekeyClaim {
        devices: vec![device.id],
    };
    relay.post_as(&path, token, &claim).await
}

#[tokio::test]
async fn one_time_prekeys_are_handed_out_once_and_then_the_last_resort() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let (_, bobs) = Human::register(&relay, "bob", &mut rng).await;
    let answers =
        futures_util::future::join_all((0..7).map(|_| claim(&relay, &bobs.token, &alice, &laptop)))
            .await;
    let bundles: Vec<PrekeyBundle> = answers
        .into_iter()
        .map(|answer| answer.ok::<PrekeyBundles>().bundles.remove(0))
        .collect();
    let one_time: Vec<_> = bundles
        .iter()
        .filter_map(|one| one.one_time.clone())
        .collect();
    assert_eq!(one_time.len(), 5);
    assert_eq!(one_time.iter().collect::<HashSet<_>>().len(), 5);
    let kems: HashSet<_> = bundles.iter().map(|one| one.kem.clone()).collect();
    assert_eq!(kems.len(), 6, "five one-time ones and the last resort");
    let signed: HashSet<_> = bundles.iter().map(|one| one.signed.clone()).collect();
    assert_eq!(signed.len(), 1);
    let left: PrekeyCount = relay.get("/v1/prekeys", &laptop.token).await.ok();
    assert_eq!((left.one_time, left.kem_one_time), (0, 0));
}

#[tokio::test]
async fn an_upload_may_be_repeated_but_an_id_never_comes_with_another_key() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (alice, mut laptop) = Human::register(&relay, "alice", &mut rng).await;
    let (_, bobs) = Human::register(&relay, "bob", &mut rng).await;
    let before = laptop.next_prekey;
    let upload = laptop.one_time(3, &mut rng);
    for _ in 0..2 {
        let count: PrekeyCount = relay
            .put_as("/v1/prekeys", &laptop.token, &upload)
            .await
            .ok();
        assert_eq!((count.one_time, count.kem_one_time), (8, 8));
    }
    for _ in 0..8 {
        claim(&relay, &bobs.token, &alice, &laptop)
            .await
            .ok::<PrekeyBundles>();
    }
    let count: PrekeyCount = relay
        .put_as("/v1/prekeys", &laptop.token, &upload)
        .await
        .ok();
    assert_eq!(
        (count.one_time, count.kem_one_time),
        (0, 0),
        "a claimed one never comes back"
    );
    laptop.next_prekey = before;
    let other = laptop.one_time(3, &mut rng);
    assert_eq!(
        relay
            .put_as("/v1/prekeys", &laptop.token, &other)
            .await
            .code(),
        ProblemCode::PrekeysRefused
    );
}

#[tokio::test]
async fn prekeys_that_the_device_did_not_sign_are_refused() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (_, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let (_, mut eves) = Human::new("eve", "x", &mut rng);
    eves.next_prekey = 100;
    let foreign = eves.prekeys(1, &mut rng);
    assert_eq!(
        relay
            .put_as("/v1/prekeys", &laptop.token, &foreign)
            .await
            .code(),
        ProblemCode::SignatureInvalid
    );
    let empty = PrekeyUpload {
        signed: None,
        kem_last_resort: None,
        one_time: vec![],
        kem_one_time: vec![],
    };
    let swapped = PrekeyUpload {
        kem_one_time: vec![foreign.kem_last_resort.clone().unwrap()],
        ..empty.clone()
    };
    let truncated = PrekeyUpload {
        one_time: vec![foreign.one_time[0][..10].into()],
        ..empty.clone()
    };
    let twice = PrekeyUpload {
        one_time: vec![foreign.one_time[0].clone(), foreign.one_time[0].clone()],
        ..empty
    };
    for upload in [swapped, truncated, twice] {
        assert_eq!(
            relay
                .put_as("/v1/prekeys", &laptop.token, &upload)
                .await
                .code(),
            ProblemCode::PrekeysRefused
        );
    }
}

#[tokio::test]
async fn more_prekeys_than_are_kept_are_refused() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (_, mut laptop) = Human::register(&relay, "alice", &mut rng).await;
    let upload = laptop.one_time(96, &mut rng);
    assert_eq!(
        relay
            .put_as("/v1/prekeys", &laptop.token, &upload)
            .await
            .code(),
        ProblemCode::PrekeysRefused
    );
    let count: PrekeyCount = relay.get("/v1/prekeys", &laptop.token).await.ok();
    assert_eq!(count.one_time, 5, "nothing of a refused upload is kept");
}

#[tokio::test]
async fn nobody_drains_anybody() {
    let mut rng = random();
    let relay = Relay::with(|config| config.limits_factor = 1).await;
    let (alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let (_, bobs) = Human::register(&relay, "bob", &mut rng).await;
    let mut claimed = 0;
    let problem = loop {
        let answer = claim(&relay, &bobs.token, &alice, &laptop).await;
        if answer.status != 200 {
            break answer.problem();
        }
        claimed += 1;
        assert!(claimed < 50);
    };
    assert_eq!(problem.code, ProblemCode::RateLimited);
    assert!(problem.retry_after_ms.unwrap() > 0);
}

#[tokio::test]
async fn claims_for_unknown_accounts_and_devices() {
    let mut rng = random();
    let relay = Relay::start().await;
    let (alice, laptop) = Human::register(&relay, "alice", &mut rng).await;
    let (bob, bobs) = Human::register(&relay, "bob", &mut rng).await;
    let (nobody, _) = Human::new("nobody", "x", &mut rng);
    assert_eq!(
        claim(&relay, &bobs.token, &nobody, &laptop).await.code(),
        ProblemCode::AccountUnknown
    );
    let gone: PrekeyBundles = claim(&relay, &laptop.token, &bob, &laptop).await.ok();
    assert!(gone.bundles.is_empty(), "a device of another account");
    let path = format!("/v1/accounts/{}/prekeys/claim", alice.id);
    let many = PrekeyClaim {
        devices: (0..33).map(|n| sotto_protocol::DeviceId([n; 16])).collect(),
    };
    assert_eq!(
        relay.post_as(&path, &bobs.token, &many).await.code(),
        ProblemCode::TooLarge
    );
}
