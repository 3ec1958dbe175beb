//! From the inbox to the agent and back (SPEC F01–F03): in order, once, with retries, and never past the
//! guard. What happens to the answers on their way to the person is in `outgoing`.

use crate::world::{SAID, World};
use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{
    demo_agent::{AgentDelivery, AgentFailure},
    fault_proxy::{Fault, Rule},
    simulator::Failure,
};

/// A world in which a person already talks to the open connector.
async fn talking() -> (World, String) {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    let hello = world.says(&open, &ada, SAID);
    world.webhook(&open, &hello).await;
    world.settle().await;
    (world, ada)
}

fn texts(world: &World) -> Vec<String> {
    world
        .agent
        .deliveries()
        .iter()
        .map(|delivery| {
            delivery.body["message"]["text"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_gets_one_envelope_that_says_everything() {
    let (world, ada) = talking().await;
    let delivery = world.agent.deliveries().remove(0);
    let body = delivery.body;
    assert_eq!(body["version"], "2026-12-01");
    assert_eq!(body["type"], "message.received");
    assert_eq!(body["id"], delivery.webhook_id);
    assert_eq!(body["project_id"], world.scope.project_id().to_string());
    assert_eq!(body["connector"]["provider"], "slack");
    assert_eq!(body["conversation"]["kind"], "direct");
    assert_eq!(body["chat_user"]["identifier"], ada);
    assert_eq!(body["message"]["text"], SAID);
    assert_eq!(body["message"]["attachments"], json!([]));
    world.assert_good_manners();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_tells_its_place_in_the_conversation_and_its_attempt() {
    let (mut world, ada) = talking().await;
    let open = world.open.clone();
    let failure = AgentFailure::Http {
        status: 503,
        retry_after_secs: None,
    };
    world.agent.fail(failure, Some(2));
    for text in ["one", "two"] {
        world.clock.advance(Duration::from_mins(1));
        let request = world.says(&open, &ada, text);
        assert_eq!(world.webhook(&open, &request).await, 200);
        world.settle().await;
    }
    let told: Vec<_> = world
        .agent
        .deliveries()
        .into_iter()
        .map(|AgentDelivery { body, .. }| {
            let message = &body["message"];
            let numbers = json!([message["sequence"], body["delivery_attempt"]]);
            let before = message["previous_message_at"].clone();
            (numbers, before, message["sent_at"].clone())
        })
        .collect();
    let numbers: Vec<_> = told.iter().map(|(numbers, ..)| numbers.clone()).collect();
    assert_eq!(numbers, [json!([1, 1]), json!([2, 3]), json!([3, 1])]);
    assert_eq!(told[0].1, json!(null));
    for pair in told.windows(2) {
        assert_eq!(pair[1].1, pair[0].2, "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_conversation_stay_in_order_when_one_of_them_has_to_wait() {
    let (mut world, ada) = talking().await;
    let open = world.open.clone();
    world.agent.fail(
        AgentFailure::Http {
            status: 503,
            retry_after_secs: None,
        },
        Some(2),
    );
    for text in ["one", "two", "three"] {
        let request = world.says(&open, &ada, text);
        assert_eq!(world.webhook(&open, &request).await, 200);
    }
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "one", "two", "three"]);
    assert_eq!(world.aws.messages("inbox-dlq.fifo").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_agent_will_not_have_does_not_hold_up_the_conversation() {
    let (mut world, ada) = talking().await;
    let open = world.open.clone();
    world.agent.fail(
        AgentFailure::Http {
            status: 422,
            retry_after_secs: None,
        },
        Some(1),
    );
    for text in ["refused", "taken"] {
        let request = world.says(&open, &ada, text);
        world.webhook(&open, &request).await;
    }
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "taken"]);
    assert_eq!(world.aws.messages("inbox-dlq.fifo").len(), 0);
    assert_eq!(world.rows("GIVEN_UP#").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_replies_go_out_in_order_and_a_retry_goes_on_behind_the_last_one_sent() {
    let (mut world, ada) = talking().await;
    let open = world.open.clone();
    world
        .agent
        .answer_with(json!({"replies": [{"text": "a"}, {"text": "b"}, {"text": "c"}]}));
    let request = world.says(&open, &ada, "one");
    world.webhook(&open, &request).await;
    let before = world.told(&ada).len();
    world
        .to_slack
        .inject(Rule::new("chat.postMessage", Fault::Throttle).from_call(before + 2));
    world.settle().await;
    assert_eq!(world.told(&ada)[before..], ["a", "b", "c"]);
    let delivery = world.agent.deliveries().pop().unwrap();
    assert_eq!(delivery.times_received, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_answers_in_another_form_is_not_asked_again() {
    let (mut world, ada) = talking().await;
    let open = world.open.clone();
    for answer in [
        json!(null),
        json!([]),
        json!({"replies": "hello"}),
        json!({"replies": [{"text": "  "}], "more": 1}),
    ] {
        world.agent.answer_with(answer.clone());
        let before = world.told(&ada).len();
        let request = world.says(&open, &ada, "one");
        world.webhook(&open, &request).await;
        world.settle().await;
        assert_eq!(world.told(&ada).len(), before, "{answer}");
        assert_eq!(world.agent.deliveries().pop().unwrap().times_received, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_character_or_a_malformed_reply_does_not_lose_the_other_replies() {
    let (mut world, ada) = talking().await;
    let open = world.open.clone();
    for (answer, sent) in [
        (
            br#"{"replies":[{"text":"All done \ud83d"},{"text":"next"}],"unused":"\udc00"}"#
                .as_slice(),
            vec!["All done \u{FFFD}", "next"],
        ),
        (
            b"\xEF\xBB\xBF{\"replies\":[{\"text\":\"marked\"}]}".as_slice(),
            vec!["marked"],
        ),
        (
            b"{\"replies\":[{\"text\":\"caf\xE9 au lait\"}]}".as_slice(),
            vec!["caf\u{FFFD} au lait"],
        ),
        (
            b"{\"replies\":[{\"text\":\"one\ntwo\"}]}".as_slice(),
            vec!["one\ntwo"],
        ),
        (
            br#"{"replies":[{"text":"good"},{"text":null},null,7,{},{"text":"good 2"}]}"#
                .as_slice(),
            vec!["good", "good 2"],
        ),
    ] {
        world.agent.answer_with_bytes(answer);
        let before = world.told(&ada).len();
        let request = world.says(&open, &ada, "one");
        world.webhook(&open, &request).await;
        world.settle().await;
        assert_eq!(world.told(&ada)[before..], sent);
        assert_eq!(world.agent.deliveries().pop().unwrap().times_received, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_cannot_call_everybody() {
    let (mut world, ada) = talking().await;
    let open = world.open.clone();
    world
        .agent
        .answer_with(json!({"replies": [{"text": "<!channel> & <@U1>"}]}));
    let request = world.says(&open, &ada, "one");
    world.webhook(&open, &request).await;
    world.settle().await;
    assert_eq!(world.told(&ada).pop().unwrap(), "<!channel> & <@U1>");
    world.assert_good_manners();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_slack_refuses_does_not_hold_up_the_conversation() {
    let (mut world, ada) = talking().await;
    let open = world.open.clone();
    world.slack.fail_next(
        "chat.postMessage",
        Failure::Error {
            error: "is_archived".into(),
        },
    );
    for text in ["one", "two"] {
        let request = world.says(&open, &ada, text);
        world.webhook(&open, &request).await;
    }
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_on_the_way_to_the_agent_loses_a_message_or_delivers_it_twice_in_the_record() {
    for fault in [
        Fault::Error500,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::KillBefore,
        Fault::KillAfter,
    ] {
        for (link, class) in [
            ("db", "DynamoDB.BatchGetItem"),
            ("db", "DynamoDB.TransactWriteItems"),
            ("agent", "deliveries"),
            ("slack", "chat.postMessage"),
        ] {
            let (mut world, ada) = talking().await;
            let open = world.open.clone();
            let request = world.says(&open, &ada, "one");
            assert_eq!(world.webhook(&open, &request).await, 200);
            world.count_from_here();
            let proxy = match link {
                "db" => &world.to_db,
                "agent" => &world.to_agent,
                _ => &world.to_slack,
            };
            proxy.inject(Rule::new(class, fault.clone()));
            let told = world.told(&ada).len();
            world.settle().await;
            let fired = world.has_struck();
            let what = format!("{fault:?} at {class}");
            assert_eq!(texts(&world), [SAID, "one"], "{what}");
            let replies = world.told(&ada).len() - told;
            // Slack accepted it, but that was not recorded: its answer was lost, or the worker died.
            let unseen = matches!(
                (class, &fault),
                ("chat.postMessage", Fault::ResetAfter | Fault::KillAfter)
            );
            let most = if unseen { 2 } else { 1 };
            assert!((1..=most).contains(&replies), "{what}: {replies}");
            assert!(fired, "{what}");
            let log = world.rows("CONVERSATION").remove(0);
            assert_eq!(log["message_count"], 2, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_be_read_ends_as_a_dead_letter_and_holds_up_nobody() {
    let (mut world, ada) = talking().await;
    let open = world.open.clone();
    for body in ["{}", "{\"job\":\"deliver_message\"}", "not json"] {
        world.enqueue_raw("inbox.fifo", body, "poisoned").await;
    }
    let request = world.says(&open, &ada, "one");
    world.webhook(&open, &request).await;
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "one"]);
    assert_eq!(world.aws.messages("inbox-dlq.fifo").len(), 3);
    world.expect_dead_letters(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_reply_that_is_held_up_goes_on_behind_the_last_piece_sent() {
    let (mut world, ada) = talking().await;
    let open = world.open.clone();
    let long = ["a", "b", "c"].map(|letter| letter.repeat(3900)).join(" ");
    world
        .agent
        .answer_with(json!({"replies": [{"text": long}]}));
    let request = world.says(&open, &ada, "one");
    world.webhook(&open, &request).await;
    let before = world.told(&ada).len();
    world.count_from_here();
    world
        .to_slack
        .inject(Rule::new("chat.postMessage", Fault::Throttle).from_call(3));
    world.settle().await;
    let told: Vec<usize> = world.told(&ada)[before..].iter().map(String::len).collect();
    assert_eq!(told, [3900, 3900, 3900]);
}
