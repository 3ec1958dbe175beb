//! A stranger's way to the agent: first message, onboarding message, request, decision, answer (SPEC A06–A14,
//! A21–A41, B).

use crate::world::{Invoked, SAID, WELCOME, World};
use std::time::Duration;
use vestibule_domain::{
    access::request::{RequestStatus, Verdict},
    chat::conversation::ConversationKind,
    chat::send_status::SendStatus,
    connector::{ExistingUsers, Policy},
};
use vestibule_testkit::simulator::{Failure, Place};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_late_does_not_make_the_last_one_older() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = world.says(&connector, &ada, SAID);
    world.clock.advance(Duration::from_mins(1));
    let late = world.says(&connector, &ada, "Hello?");
    world.clock.advance(Duration::from_mins(1));
    let last = world.says_in(&connector, &ada, Place::General, "Anybody there?");
    for request in [&first, &last, &late] {
        assert_eq!(world.webhook(&connector, request).await, 200);
    }
    world.settle().await;
    let requests = world.requests().await;
    let standing = requests[0].standing.as_ref().unwrap();
    assert_eq!(standing.message_count, 3);
    let written = standing.last_message_at.unwrap();
    assert!(world.now().since(written) < Duration::from_secs(30));
    assert_eq!(standing.conversation.kind, ConversationKind::Channel);
    assert_eq!(
        requests[0].request.conversation.kind,
        ConversationKind::Direct
    );
}

/// SPEC B08, B09, B11, B13, B26–B28.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_welcomed_once_and_answered_after_approval() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();

    let first = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &first).await, 200);
    world.settle().await;

    assert_eq!(world.told(&ada), [WELCOME]);
    assert_eq!(world.agent.deliveries().len(), 0);
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    let view = &requests[0];
    assert_eq!(view.request.status(), RequestStatus::Pending);
    assert_eq!(view.request.identifier, ada);
    assert_eq!(view.request.connector_name, "Acme Support");
    let user = view.chat_user.as_ref().unwrap();
    assert_eq!(user.display_name(), "Ada Lovelace");
    let standing = view.standing.as_ref().unwrap();
    assert_eq!(standing.message_count, 1);
    assert!(matches!(
        standing.onboarding_message,
        Some(SendStatus::Sent { .. })
    ));

    let again = world.says(&connector, &ada, "Hello?");
    assert_eq!(world.webhook(&connector, &again).await, 200);
    world.settle().await;
    assert_eq!(world.told(&ada), [WELCOME]);
    assert_eq!(
        world.requests().await[0]
            .standing
            .as_ref()
            .unwrap()
            .message_count,
        2
    );

    assert_eq!(world.decide(&ada, Verdict::Approve).await.status, 200);
    let next = world.says(&connector, &ada, "And now?");
    assert_eq!(world.webhook(&connector, &next).await, 200);
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
    let told = world.told(&ada);
    assert_eq!(told.len(), 2);
    assert!(told[1].contains("Ada Lovelace"), "{told:?}");
    assert_eq!(world.requests().await.len(), 1);
    world.assert_good_manners();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_connector_answers_at_once_and_makes_no_request() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    let first = world.says(&open, &ada, SAID);
    assert_eq!(world.webhook(&open, &first).await, 200);
    world.settle().await;

    assert_eq!(world.requests().await.len(), 0);
    assert_eq!(world.agent.deliveries().len(), 1);
    assert_eq!(world.told(&ada).len(), 1);
    assert_eq!(world.welcomes(&ada), 0);
    let users = world.rows("USER");
    assert_eq!(users.len(), 1);
    assert_eq!(users[0]["profile"]["display_name"], "Ada Lovelace");
    world.assert_good_manners();
}

/// SPEC B25.
#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_person_stays_out_and_may_ask_again_after_the_cool_down() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &first).await;
    world.settle().await;
    world.decide(&ada, Verdict::Reject).await;

    let soon = world.says(&connector, &ada, "Please");
    assert_eq!(world.webhook(&connector, &soon).await, 200);
    world.settle().await;
    assert_eq!(world.requests().await.len(), 1);
    assert_eq!(world.agent.deliveries().len(), 0);

    world.clock.advance(Duration::from_hours(24));
    let later = world.says(&connector, &ada, "Please");
    assert_eq!(world.webhook(&connector, &later).await, 200);
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(requests.len(), 2);
    let pending = requests
        .iter()
        .find(|view| view.request.status() == RequestStatus::Pending)
        .unwrap();
    assert_eq!(pending.request.rejected_before, 1);
    assert_eq!(world.welcomes(&ada), 1);
    assert_eq!(world.agent.deliveries().len(), 0);
}

/// SPEC A45.
#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_persons_message_writes_nothing() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    for connector in [world.connector.clone(), world.open.clone()] {
        let hello = world.says(&connector, &ada, SAID);
        world.webhook(&connector, &hello).await;
    }
    world.settle().await;
    world.block(&ada).await;
    world.settle().await;
    let before = world.db.items().unwrap();
    let told = world.told(&ada);
    for connector in [world.connector.clone(), world.open.clone()] {
        let blocked = world.says(&connector, &ada, "Still there?");
        assert_eq!(world.webhook(&connector, &blocked).await, 200);
    }
    world.settle().await;
    assert_eq!(world.db.items().unwrap(), before);
    assert_eq!(world.told(&ada), told);
    let refused = world.decide(&ada, Verdict::Approve).await;
    assert_eq!(refused.status, 409);
    assert_eq!(refused.body["type"], "/problems/chat-user-blocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_writes_in_a_channel_is_welcomed_where_nobody_else_reads() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let grace = world.newcomer("Grace Hopper");
    let connector = world.connector.clone();
    let mention = world
        .slack
        .write_in_general(&connector.id.to_string(), &ada, "@Acme Support hello")
        .unwrap();
    assert_eq!(mention.events.len(), 2);
    for event in &mention.events {
        assert_eq!(world.webhook(&connector, &event.request).await, 200);
    }
    world.settle().await;
    assert_eq!(world.told(&ada), [WELCOME]);
    assert_eq!(world.told(&grace), Vec::<String>::new());
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 1);

    world.decide(&ada, Verdict::Approve).await;
    let thread = mention.message.ts.clone();
    let reply = world
        .slack
        .write_in_thread(
            &connector.id.to_string(),
            &ada,
            Place::General,
            &thread,
            "again",
        )
        .unwrap();
    for event in &reply.events {
        world.webhook(&connector, &event.request).await;
    }
    world.settle().await;
    let posted = world.slack.posted();
    let answer = posted.last().unwrap();
    assert_eq!(answer.thread_ts.as_deref(), Some(thread.as_str()));
    world.assert_good_manners();
}

/// SPEC A40.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_connector_answers_nobody_and_still_knows_who_wrote() {
    let mut world = World::new().await;
    world
        .change_connector(|connector| connector.policy = Policy::AllowList)
        .await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    world.settle().await;
    assert_eq!(world.told(&ada), Vec::<String>::new());
    assert_eq!(world.requests().await.len(), 0);
    assert_eq!(world.rows("USER").len(), 1);
}

/// SPEC A42.
#[tokio::test(flavor = "multi_thread")]
async fn people_seen_while_the_connector_was_open_are_kept_when_it_asks_for_approval() {
    let mut world = World::new().await;
    world
        .change_connector(|connector| connector.policy = Policy::AllowAll)
        .await;
    let ada = world.newcomer("Ada Lovelace");
    let hello = world.says(&world.connector.clone(), &ada, SAID);
    world.webhook(&world.connector.clone(), &hello).await;
    world.settle().await;
    world.clock.advance(Duration::from_mins(1));
    let since = world.now();
    world
        .change_connector(|connector| {
            connector.policy = Policy::OnBoarding;
            connector.onboarding_since = Some(since);
        })
        .await;
    let grace = world.newcomer("Grace Hopper");
    for person in [&ada, &grace] {
        let again = world.says(&world.connector.clone(), person, "Again");
        world.webhook(&world.connector.clone(), &again).await;
    }
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 0);
    assert_eq!(world.welcomes(&grace), 1);
    assert_eq!(world.agent.deliveries().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_before_the_message_went_out_leaves_it_unsent() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 0);
    let standing = world.requests().await.remove(0).standing.unwrap();
    assert!(matches!(
        standing.onboarding_message,
        Some(SendStatus::Skipped { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_slack_will_never_take_is_given_up_and_the_request_says_why() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    world.slack.revoke_token(&connector.id.to_string());
    world.settle().await;
    let standing = world.requests().await.remove(0).standing.unwrap();
    let Some(SendStatus::Failed { class, reason, .. }) = standing.onboarding_message else {
        panic!("{:?}", standing.onboarding_message);
    };
    assert_eq!(
        (class.as_str(), reason.as_str()),
        ("connector", "token_revoked")
    );
    assert!(world.outbox().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_waited_out_even_when_it_is_longer_than_the_queue_can_wait() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    world.slack.fail_next(
        "chat.postMessage",
        Failure::RateLimited {
            retry_after_secs: 3600,
        },
    );
    let from = world.clock.now_ms();
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
    assert!(world.clock.now_ms() - from >= 3_600_000);
    assert_eq!(world.aws.messages("onboarding-dlq").len(), 0);
    world.assert_good_manners();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_down_leaves_the_job_to_the_sweeper() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.to_aws.inject(
        vestibule_testkit::fault_proxy::Rule::new(
            "SQS.SendMessage",
            vestibule_testkit::fault_proxy::Fault::Error500,
        )
        .until_cleared(),
    );
    assert_eq!(
        world.try_webhook(&connector, &hello).await,
        Invoked::Answered(200)
    );
    assert_eq!(world.outbox().len(), 1);
    world.to_aws.clear();
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
    assert_eq!(world.requests().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_blocked_before_the_message_went_out_is_not_told() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    world.block(&ada).await;
    world.settle().await;
    assert_eq!(world.told(&ada), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_came_to_be_owed_while_a_profile_was_fetched_still_goes_out() {
    let mut world = World::new().await;
    world
        .change_connector(|connector| connector.policy = Policy::AllowAll)
        .await;
    let ada = world.newcomer("Ada Lovelace");
    let hello = world.says(&world.connector.clone(), &ada, SAID);
    world.webhook(&world.connector.clone(), &hello).await;
    let since = world.now();
    world
        .change_connector(|connector| {
            connector.policy = Policy::OnBoarding;
            connector.onboarding_since = Some(since);
            connector.existing_users = ExistingUsers::RequireApproval;
        })
        .await;
    // The worker holds the lease and waits for Slack's answer while the next message opens a request.
    world
        .to_slack
        .inject(vestibule_testkit::fault_proxy::Rule::new(
            "users.info",
            vestibule_testkit::fault_proxy::Fault::Delay(Duration::from_millis(500)),
        ));
    let again = world.says(&world.connector.clone(), &ada, "Again");
    world
        .work_while_delivered_again(&world.connector.clone(), &again)
        .await;
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
    assert_eq!(world.requests().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_was_rejected_is_not_kept_when_the_policy_changes_its_mind() {
    let mut world = World::new().await;
    world
        .change_connector(|connector| connector.policy = Policy::AllowAll)
        .await;
    let ada = world.newcomer("Ada Lovelace");
    let hello = world.says(&world.connector.clone(), &ada, SAID);
    world.webhook(&world.connector.clone(), &hello).await;
    world.settle().await;
    let since = world.now();
    world
        .change_connector(|connector| {
            connector.policy = Policy::OnBoarding;
            connector.onboarding_since = Some(since);
            connector.existing_users = ExistingUsers::RequireApproval;
        })
        .await;
    let again = world.says(&world.connector.clone(), &ada, "Again");
    world.webhook(&world.connector.clone(), &again).await;
    world.settle().await;
    world.decide(&ada, Verdict::Reject).await;
    world
        .change_connector(|connector| connector.existing_users = ExistingUsers::Keep)
        .await;
    let delivered = world.agent.deliveries().len();
    let third = world.says(&world.connector.clone(), &ada, "And now?");
    world.webhook(&world.connector.clone(), &third).await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), delivered);
}
