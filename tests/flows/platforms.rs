//! Rules that hold on every platform (SPEC A10–A14, A21–A29, A38–A41, A45, X01).

use crate::world::{HEAVY, SAID, WELCOME, World};
use serde_json::json;
use std::time::Duration;
use vestibule_domain::{
    access::request::{RequestStatus, Verdict},
    chat::send_status::SendStatus,
};
use vestibule_testkit::simulator::{Failure, FailureRule, Place, Platform};

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_welcomed_once_asks_is_let_in_and_answered() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        for text in [SAID, "Hello?"] {
            let request = world.says(&connector, &ada, text);
            assert_eq!(
                world.webhook(&connector, &request).await,
                200,
                "{platform:?}"
            );
        }
        world.settle().await;
        assert_eq!(world.told(&ada), [WELCOME], "{platform:?}");
        let requests = world.requests().await;
        assert_eq!(requests.len(), 1, "{platform:?}");
        let view = &requests[0];
        assert_eq!(view.request.status(), RequestStatus::Pending);
        let user = view.chat_user.as_ref().unwrap();
        assert_eq!(user.id, world.chat_user_id(&ada), "{platform:?}");
        if platform.tells_name(Place::Direct) {
            assert_eq!(user.display_name(), "Ada Lovelace", "{platform:?}");
        }
        assert_eq!(view.standing.as_ref().unwrap().message_count, 2);
        assert_eq!(world.decide(&ada, Verdict::Approve).await.status, 200);
        let next = world.says(&connector, &ada, "What time is it?");
        assert_eq!(world.webhook(&connector, &next).await, 200);
        world.settle().await;
        let told = world.told(&ada);
        assert_eq!(told.len(), 2, "{platform:?}: {told:?}");
        assert!(
            told[1].contains("Ada Lovelace") || !platform.tells_name(Place::Direct),
            "{told:?}"
        );
        assert_eq!(world.welcomes(&ada), 1);
        world.assert_good_manners();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_connector_answers_at_once_and_makes_no_request() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let open = world.open.clone();
        let request = world.says(&open, &ada, SAID);
        assert_eq!(world.webhook(&open, &request).await, 200);
        world.settle().await;
        assert_eq!(world.told(&ada).len(), 1, "{platform:?}");
        assert_eq!(world.welcomes(&ada), 0);
        assert!(world.requests().await.is_empty());
        world.assert_good_manners();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn characters_that_a_queue_refuses_reach_the_agent_all_the_same() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let open = world.open.clone();
        let request = world.says(&open, &ada, "One\u{fffe}two\u{ffff}three\u{1}");
        assert_eq!(world.webhook(&open, &request).await, 200, "{platform:?}");
        world.settle().await;
        let deliveries = world.agent.deliveries();
        assert_eq!(deliveries.len(), 1, "{platform:?}");
        let text = deliveries[0].body["message"]["text"].as_str();
        assert_eq!(text, Some("One\u{fffe}two\u{ffff}three"), "{platform:?}");
    }
}

/// SPEC B25.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_rejected_asks_again_after_the_cool_down_and_is_not_welcomed_twice() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let first = world.says(&connector, &ada, SAID);
        world.webhook(&connector, &first).await;
        world.settle().await;
        world.decide(&ada, Verdict::Reject).await;
        let soon = world.says(&connector, &ada, "Please?");
        assert_eq!(world.webhook(&connector, &soon).await, 200);
        assert_eq!(world.requests().await.len(), 1, "{platform:?}");
        world.clock.advance(Duration::from_hours(24));
        let later = world.says(&connector, &ada, "And now?");
        assert_eq!(world.webhook(&connector, &later).await, 200);
        world.settle().await;
        let requests = world.requests().await;
        assert_eq!(requests.len(), 2, "{platform:?}");
        assert_eq!(requests[0].request.rejected_before, 1);
        assert_eq!(world.welcomes(&ada), 1);
    }
}

/// SPEC A45.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_blocked_is_acknowledged_and_costs_no_row() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let first = world.says(&connector, &ada, SAID);
        world.webhook(&connector, &first).await;
        world.settle().await;
        world.block(&ada).await;
        world.settle().await;
        let before = world.db.items().unwrap();
        let next = world.says(&connector, &ada, "Let me in");
        assert_eq!(world.webhook(&connector, &next).await, 200);
        world.settle().await;
        assert_eq!(world.db.items().unwrap(), before, "{platform:?}");
        assert_eq!(world.told(&ada), [WELCOME]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_changed_or_is_anothers_is_refused_and_writes_nothing() {
    for &platform in Platform::ALL {
        let world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let (connector, open) = (world.connector.clone(), world.open.clone());
        let good = world.says(&connector, &ada, SAID);
        let rows = world.db.items().unwrap();
        let proof = platform.proof_header();
        let value = good.header(proof).unwrap().to_owned();
        let mut spoilt = value.clone();
        let last = spoilt.pop().unwrap();
        // The last base64 character may have unused bits, so the one before it is changed.
        let before = spoilt.pop().unwrap();
        spoilt.push(if before == 'A' { 'B' } else { 'A' });
        spoilt.push(last);
        for (what, request) in [
            ("none", good.clone().without_header(proof)),
            ("blank", good.clone().with_header(proof, "")),
            ("spoilt", good.clone().with_header(proof, &spoilt)),
            (
                "doubled",
                good.clone().with_header(proof, &format!("{value},{value}")),
            ),
        ] {
            let status = world.webhook(&connector, &request).await;
            assert_eq!(status, 401, "{platform:?}, {what}");
        }
        // Another connector's request and an unknown connector get the same answer.
        assert_eq!(world.webhook(&open, &good).await, 401, "{platform:?}");
        let nobody = world.answer("01J00000000000000000000000", &good).await;
        assert_eq!(nobody.status().as_u16(), 401);
        assert_eq!(world.db.items().unwrap(), rows, "{platform:?}");
        assert_eq!(world.webhook(&connector, &good).await, 200, "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_message_in_a_group_is_answered_privately_or_not_at_all() {
    let all = Platform::ALL.iter().copied();
    for platform in all.filter(|platform| platform.has_group()) {
        let mut world = World::on(platform).await;
        let (ada, grace) = (
            world.newcomer("Ada Lovelace"),
            world.newcomer("Grace Hopper"),
        );
        let connector = world.connector.clone();
        let text = format!("@{} {SAID}", connector.name);
        let request = world.says_in(&connector, &ada, Place::General, &text);
        assert_eq!(
            world.webhook(&connector, &request).await,
            200,
            "{platform:?}"
        );
        world.settle().await;
        assert!(
            world.told(&grace).is_empty(),
            "{platform:?}: others read it"
        );
        let requests = world.requests().await;
        assert_eq!(requests.len(), 1);
        let fate = requests[0]
            .standing
            .as_ref()
            .unwrap()
            .onboarding_message
            .clone();
        if platform == Platform::Telegram {
            // She never started the bot, which the admin can see.
            assert!(world.told(&ada).is_empty());
            let Some(SendStatus::Failed { class, reason, .. }) = fate else {
                panic!("{fate:?}");
            };
            assert_eq!(class, "recipient");
            assert!(reason.contains("initiate conversation"), "{reason}");
        } else {
            assert_eq!(world.told(&ada), [WELCOME], "{platform:?}");
        }
        world.assert_good_manners();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_repeats_a_strangers_words_pings_nobody_in_a_group() {
    let mut world = World::on(Platform::Telegram).await;
    let (ada, grace) = (
        world.newcomer("Ada Lovelace"),
        world.newcomer("Grace Hopper"),
    );
    let open = world.open.clone();
    world
        .agent
        .answer_with(json!({"replies": [{"text": "You wrote: @boss, mail boss@example.com"}]}));
    let text = format!("@{} @boss", open.name);
    let request = world.says_in(&open, &ada, Place::General, &text);
    assert_eq!(world.webhook(&open, &request).await, 200);
    world.settle().await;
    let expected = "You wrote: @\u{200B}boss, mail boss@example.com";
    assert_eq!(world.told(&grace), [expected]);
    world.assert_good_manners();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_person_is_answered_at_the_newest_service_url_even_of_the_same_second() {
    let mut world = World::on(Platform::Teams).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    // Nobody answers at the first address.
    let here = world.to_slack.url();
    world.slack.reached_at(&format!("{here}/elsewhere"));
    let first = world.says(&connector, &ada, SAID);
    world.slack.reached_at(&here);
    let second = world.says(&connector, &ada, "Hello?");
    for request in [&first, &second] {
        assert_eq!(world.webhook(&connector, request).await, 200);
    }
    world.settle().await;
    assert_eq!(world.told(&ada), [WELCOME]);
    world.assert_good_manners();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_we_do_not_know_is_shown_in_the_platforms_own_words() {
    for (platform, method, code, message, expected) in [
        (
            Platform::Dialog360,
            "messages",
            "Something quite new",
            "",
            ("request", "http_400: Something quite new"),
        ),
        (
            Platform::Dialog360,
            "messages",
            "Your WhatsApp for Business API has been disabled",
            "",
            (
                "connector",
                "http_400: Your WhatsApp for Business API has been disabled",
            ),
        ),
        (
            Platform::Twilio,
            "messages",
            "29999",
            "Something quite new",
            ("request", "29999: Something quite new"),
        ),
        (
            Platform::Teams,
            "activities",
            "BrandNew",
            "Something quite new",
            ("request", "BrandNew: Something quite new"),
        ),
    ] {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let failure = Failure::Code {
            status: 400,
            code: code.to_owned(),
            message: message.to_owned(),
        };
        world.slack.fail(FailureRule::once(method, failure));
        let request = world.says(&connector, &ada, SAID);
        assert_eq!(world.webhook(&connector, &request).await, 200);
        world.settle().await;
        let requests = world.requests().await;
        let standing = requests[0].standing.as_ref().unwrap();
        let Some(SendStatus::Failed { class, reason, .. }) = &standing.onboarding_message else {
            panic!("{platform:?}: {:?}", standing.onboarding_message);
        };
        assert_eq!((class.as_str(), reason.as_str()), expected, "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_deliveries_of_one_event_at_once_are_one() {
    let _turn = HEAVY.lock().await;
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let hello = world.says(&connector, &ada, SAID);
        assert!(world.storm(&connector, &[&hello; 100]).await);
        world.settle().await;
        let requests = world.requests().await;
        assert_eq!(requests.len(), 1, "{platform:?}");
        assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 1);
        assert_eq!(world.rows("USER").len(), 1);
        assert_eq!(world.welcomes(&ada), 1);
    }
}

/// SPEC B31.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_first_messages_of_one_person_at_once_make_one_request() {
    let _turn = HEAVY.lock().await;
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let requests: Vec<_> = (0..100)
            .map(|i| world.says(&connector, &ada, &format!("{SAID} {i}")))
            .collect();
        let all: Vec<_> = requests.iter().collect();
        assert!(world.storm(&connector, &all).await);
        world.settle().await;
        let requests = world.requests().await;
        assert_eq!(requests.len(), 1, "{platform:?}");
        assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 100);
        assert_eq!(world.rows("USER").len(), 1);
        assert_eq!(world.welcomes(&ada), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_persons_message_takes_one_read_and_one_send_and_a_strangers_one_write_more() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let (ada, grace) = (
            world.newcomer("Ada Lovelace"),
            world.newcomer("Grace Hopper"),
        );
        let connector = world.connector.clone();
        let warm = world.says(&connector, &grace, SAID);
        world.webhook(&connector, &warm).await;
        let first = world.says(&connector, &ada, SAID);
        world.count_from_here();
        world.webhook(&connector, &first).await;
        let stranger = [
            "DynamoDB.BatchGetItem",
            "DynamoDB.TransactWriteItems",
            "SQS.SendMessage",
        ];
        assert_eq!(world.aws_calls(), stranger, "{platform:?}");
        world.settle().await;
        world.decide(&ada, Verdict::Approve).await;
        // The message that puts WhatsApp's second id on record.
        let again = world.says(&connector, &ada, "Hello again");
        world.webhook(&connector, &again).await;
        world.settle().await;
        let next = world.says(&connector, &ada, "And now?");
        world.count_from_here();
        world.webhook(&connector, &next).await;
        let approved = ["DynamoDB.BatchGetItem", "SQS.SendMessage"];
        assert_eq!(world.aws_calls(), approved, "{platform:?}");
        world.settle().await;
        world.count_from_here();
        world.webhook(&connector, &next).await;
        assert_eq!(world.aws_calls(), ["DynamoDB.BatchGetItem"], "{platform:?}");
    }
}
