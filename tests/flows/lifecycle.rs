//! Later effects of an approval: the notice, the message that waited, and other requests of the person (SPEC A41–A44).

use crate::{
    admin::{all_powers, call, project},
    world::{Invoked, SAID, WELCOME, World},
};
use async_trait::async_trait;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use vestibule_domain::{
    access::approval::Approval,
    access::request::{ReasonCode, RequestStatus, Verdict},
    access::standing::Standing,
    chat::conversation::ConversationRef,
    chat::send_status::{SendStatus, SkipReason},
    chat::typing::ShowTyping,
    chat::user::ChatUserStatus,
    connector::{APPROVAL_NOTICE_DEFAULT, ApprovalMode, Connector},
    ports::{
        ChatPlatform, LateFailureOutcome, OutgoingText, ProfileOutcome, ProfileQuery, SendOutcome,
    },
};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::Failure,
};

/// The approval notice of the connector of [`world_of`].
pub const NOTICE: &str = "You are in. Ask away.";

/// Slack with a reply window of this length after a person's last message.
struct Windowed(Arc<dyn ChatPlatform>, Duration);

#[async_trait]
impl ChatPlatform for Windowed {
    fn pieces(&self, connector: &Connector, text: &str) -> Vec<String> {
        self.0.pieces(connector, text)
    }

    fn reply_window(&self, _: &Connector, _: &ConversationRef) -> Option<Duration> {
        Some(self.1)
    }

    async fn send(&self, connector: &Connector, text: OutgoingText<'_>) -> SendOutcome {
        self.0.send(connector, text).await
    }

    fn reports_late_failures(&self, connector: &Connector) -> bool {
        self.0.reports_late_failures(connector)
    }

    fn finds_marked_texts(&self, connector: &Connector) -> bool {
        self.0.finds_marked_texts(connector)
    }

    fn profile_tells_language(&self, connector: &Connector) -> bool {
        self.0.profile_tells_language(connector)
    }

    async fn show_typing(&self, connector: &Connector, typing: &ShowTyping) {
        self.0.show_typing(connector, typing).await;
    }

    async fn profile(&self, connector: &Connector, query: ProfileQuery<'_>) -> ProfileOutcome {
        self.0.profile(connector, query).await
    }
}

/// A world whose connector has this `after_approval`.
pub async fn world_of(mode: ApprovalMode) -> World {
    let mut world = World::new().await;
    world
        .change_connector(|connector| {
            connector.after_approval.mode = mode;
            connector.after_approval.notice = Some(NOTICE.to_owned());
        })
        .await;
    world
}

/// Lets a new person write to the connector that requires approval, and returns their Slack id.
pub async fn stranger(world: &World, name: &str) -> String {
    let person = world.newcomer(name);
    let connector = world.connector.clone();
    let hello = world.says(&connector, &person, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    person
}

async fn standing_of(world: &World, person: &str) -> Standing {
    let id = world.chat_user_id(person);
    let views = world.requests().await;
    let view = views
        .into_iter()
        .find(|view| view.request.chat_user_id == id);
    view.unwrap().standing.unwrap()
}

async fn approval_of(world: &World, person: &str) -> Approval {
    standing_of(world, person).await.approval.unwrap()
}

fn skipped(fate: &SendStatus) -> Option<SkipReason> {
    match fate {
        SendStatus::Skipped { reason, .. } => *reason,
        _ => None,
    }
}

pub fn connector_path(world: &World, connector: &Connector) -> String {
    format!("{}/connectors/{}", project(world), connector.id)
}

pub async fn patch(world: &World, connector: &Connector, body: Value) -> Value {
    let token = all_powers(world).await;
    let path = connector_path(world, connector);
    let (status, answer) = call(world, &token, "PATCH", &path, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// The audit entries of decisions that no admin made for the request itself.
pub fn implied_entries(world: &World, reason: &str) -> usize {
    let items = world.db.items().unwrap();
    let of_reason = |row: &&serde_json::Map<String, Value>| {
        row.get("after").and_then(|after| after.get("reason_code")) == Some(&json!(reason))
    };
    items.iter().filter(of_reason).count()
}

/// SPEC A44.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_approved_person_is_told_once_whatever_comes_twice() {
    let mut world = world_of(ApprovalMode::Notify).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    world.settle().await;
    world.decide(&ada, Verdict::Approve).await;
    assert_eq!(approval_of(&world, &ada).await.notice, SendStatus::Queued);
    // Each duplicate that finds the mark enqueues the job again.
    join_all((0..20).map(|_| world.webhook(&connector, &hello))).await;
    assert!(world.aws.messages("onboarding").len() > 10);
    world.settle().await;
    world.sweep().await;
    world.settle().await;
    assert_eq!(world.told(&ada), [WELCOME, NOTICE]);
    let approval = approval_of(&world, &ada).await;
    assert!(matches!(approval.notice, SendStatus::Sent { .. }));
    assert_eq!(skipped(&approval.replay), Some(SkipReason::NotWanted));
    assert_eq!(world.agent.deliveries().len(), 0);
    assert_eq!(world.aws.messages("onboarding-dlq").len(), 0);
    world.assert_good_manners();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_approved_before_they_were_welcomed_is_told_and_known_by_name() {
    let mut world = world_of(ApprovalMode::Notify).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    assert_eq!(world.told(&ada), [NOTICE]);
    let standing = standing_of(&world, &ada).await;
    assert!(matches!(
        standing.onboarding_message,
        Some(SendStatus::Skipped { .. })
    ));
    assert!(standing.pending_tasks.is_empty());
    let users = world.rows("USER");
    assert_eq!(users[0]["profile"]["display_name"], "Ada Lovelace");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_at_any_call_after_an_approval_tells_once_and_hands_over_once() {
    for (link, class) in [
        ("db", "DynamoDB.UpdateItem"),
        ("db", "DynamoDB.GetItem"),
        ("db", "DynamoDB.Query"),
        ("slack", "chat.postMessage"),
        ("aws", "SQS.SendMessage"),
    ] {
        for fault in [Fault::KillBefore, Fault::KillAfter, Fault::Error500] {
            for occurrence in 1..=2 {
                let mut world = world_of(ApprovalMode::Both).await;
                let ada = stranger(&world, "Ada Lovelace").await;
                world.settle().await;
                world.decide(&ada, Verdict::Approve).await;
                world.count_from_here();
                let proxy = match link {
                    "db" => &world.to_db,
                    "slack" => &world.to_slack,
                    _ => &world.to_aws,
                };
                proxy.inject(Rule::new(class, fault.clone()).from_call(occurrence));
                world.settle().await;
                let case = format!("{fault:?} at {class} {occurrence}");
                let told = world.told(&ada);
                let notices = told.iter().filter(|text| *text == NOTICE).count();
                assert_eq!(notices, 1, "{case}: {told:?}");
                assert_eq!(world.agent.deliveries().len(), 1, "{case}");
                let approval = approval_of(&world, &ada).await;
                assert!(matches!(approval.notice, SendStatus::Sent { .. }), "{case}");
                assert!(matches!(approval.replay, SendStatus::Sent { .. }), "{case}");
            }
        }
    }
}

/// SPEC A44.
#[tokio::test(flavor = "multi_thread")]
async fn the_message_that_waited_goes_to_the_agent_once_after_the_notice() {
    let mut world = world_of(ApprovalMode::Both).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    let more = world.says(&connector, &ada, "Hello?");
    world.webhook(&connector, &more).await;
    world.settle().await;
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    let told = world.told(&ada);
    assert_eq!(told[..2], [WELCOME, NOTICE]);
    assert_eq!(told.len(), 3, "{told:?}");
    let deliveries = world.agent.deliveries();
    assert_eq!(deliveries.len(), 1);

    // The platform delivers the message again.
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
    assert_eq!(world.told(&ada).len(), 3);
    world.assert_good_manners();
}

/// SPEC A44.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_waited_for_a_day_is_not_handed_over() {
    let mut world = world_of(ApprovalMode::Replay).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    let grace = stranger(&world, "Grace Hopper").await;
    world.settle().await;
    world.clock.advance(Duration::from_hours(23));
    world.decide(&grace, Verdict::Approve).await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
    assert_eq!(world.told(&grace).len(), 2);
    world.clock.advance(Duration::from_hours(1));
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
    assert_eq!(world.told(&ada), [WELCOME]);
    let approval = approval_of(&world, &ada).await;
    assert_eq!(skipped(&approval.replay), Some(SkipReason::TooOld));
    assert_eq!(skipped(&approval.notice), Some(SkipReason::NotWanted));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_kept_whole_only_where_approvals_hand_it_over() {
    let mut world = world_of(ApprovalMode::Notify).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    assert_eq!(world.rows("HELD_MESSAGE").len(), 0);
    world
        .change_connector(|connector| connector.after_approval.mode = ApprovalMode::Both)
        .await;
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    let approval = approval_of(&world, &ada).await;
    assert_eq!(skipped(&approval.replay), Some(SkipReason::NotKept));
    stranger(&world, "Grace Hopper").await;
    let held = world.rows("HELD_MESSAGE");
    assert_eq!(held.len(), 1);
    assert!(held[0]["expires_at"].as_i64().is_some());
}

/// SPEC A44.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_connector_says_and_hands_over_nothing() {
    let mut world = world_of(ApprovalMode::Silent).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    assert_eq!(world.told(&ada), [WELCOME]);
    assert_eq!(world.agent.deliveries().len(), 0);
    assert!(world.outbox().is_empty());
}

/// SPEC A44, A50.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_opted_out_is_not_told() {
    let mut world = world_of(ApprovalMode::Notify).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    world.opts_out(&ada).await;
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    assert_eq!(world.told(&ada), [WELCOME]);
    let approval = approval_of(&world, &ada).await;
    assert_eq!(skipped(&approval.notice), Some(SkipReason::OptedOut));
    let token = all_powers(&world).await;
    let id = approval.request_id;
    let path = format!("{}/access-requests/{id}", project(&world));
    let (_, shown) = call(&world, &token, "GET", &path, Value::Null).await;
    assert_eq!(shown["notice_status"]["reason"], "opted_out");
    assert!(shown["notifiable_until"].is_string(), "{shown}");
}

/// SPEC A44.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_after_the_platforms_window_nor_tried_for_ever() {
    for (waits, limited_secs) in [(24 * 60, 0), (23 * 60 + 30, 3600)] {
        let mut world = world_of(ApprovalMode::Notify).await;
        let ada = stranger(&world, "Ada Lovelace").await;
        world.settle().await;
        let slack = world.functions.onboarding.platform.clone();
        let windowed = Windowed(slack, Duration::from_hours(24));
        world.functions.onboarding.platform = Arc::new(windowed);
        world.clock.advance(Duration::from_mins(waits));
        if limited_secs > 0 {
            let retry_after_secs = limited_secs;
            world.slack.fail_next(
                "chat.postMessage",
                Failure::RateLimited { retry_after_secs },
            );
        }
        world.decide(&ada, Verdict::Approve).await;
        world.settle().await;
        assert_eq!(world.told(&ada), [WELCOME], "after {waits} minutes");
        let approval = approval_of(&world, &ada).await;
        assert_eq!(skipped(&approval.notice), Some(SkipReason::WindowClosed));
        assert!(world.outbox().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_slack_will_never_take_is_given_up_and_the_request_says_why() {
    let mut world = world_of(ApprovalMode::Both).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    world.slack.revoke_token(&world.connector.id.to_string());
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    let approval = approval_of(&world, &ada).await;
    let SendStatus::Failed { class, reason, .. } = approval.notice else {
        panic!("{:?}", approval.notice)
    };
    assert_eq!(
        (class.as_str(), reason.as_str()),
        ("connector", "token_revoked")
    );
    assert!(matches!(approval.replay, SendStatus::Sent { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_the_platform_could_not_deliver_after_all_is_shown_as_failed() {
    let mut world = world_of(ApprovalMode::Notify).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    world.decide(&ada, Verdict::Approve).await;
    assert_eq!(
        world.did_not_arrive(&ada, "1.1").await,
        LateFailureOutcome::Unknown
    );
    world.settle().await;
    let approval = approval_of(&world, &ada).await;
    let SendStatus::Sent { message_id, .. } = approval.notice else {
        panic!("{:?}", approval.notice)
    };
    let id = message_id.unwrap();
    assert_eq!(
        world.did_not_arrive(&ada, "1.2").await,
        LateFailureOutcome::Unknown
    );
    assert_eq!(
        world.did_not_arrive(&ada, &id).await,
        LateFailureOutcome::Done
    );
    let approval = approval_of(&world, &ada).await;
    assert!(matches!(approval.notice, SendStatus::Failed { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_blocked_right_after_the_approval_is_not_told() {
    let mut world = world_of(ApprovalMode::Both).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    world.decide(&ada, Verdict::Approve).await;
    world.block(&ada).await;
    world.settle().await;
    assert_eq!(world.told(&ada), [WELCOME]);
    assert_eq!(world.agent.deliveries().len(), 0);
    let approval = approval_of(&world, &ada).await;
    assert_eq!(skipped(&approval.notice), Some(SkipReason::AccessEnded));
}

/// SPEC A43.
#[tokio::test(flavor = "multi_thread")]
async fn an_approver_sees_how_the_first_message_begins_for_thirty_days() {
    let mut world = world_of(ApprovalMode::Notify).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let said = format!("Good\nmorning,\u{202E} {}", "x".repeat(400));
    let hello = world.says(&connector, &ada, &said);
    world.webhook(&connector, &hello).await;
    let more = world.says(&connector, &ada, "Hello?");
    world.webhook(&connector, &more).await;
    world.settle().await;
    let id = world.requests().await[0].request.id;
    let list = format!("{}/access-requests", project(&world));
    let get = format!("{list}/{id}");
    let expected = format!("Good morning, {}", "x".repeat(280 - 14));
    let token = all_powers(&world).await;
    let (_, shown) = call(&world, &token, "GET", &get, Value::Null).await;
    assert_eq!(shown["preview"], expected);
    let (_, listed) = call(&world, &token, "GET", &list, Value::Null).await;
    assert_eq!(listed["items"][0]["preview"], expected);
    world.clock.advance(Duration::from_hours(24 * 30));
    let token = all_powers(&world).await;
    let (_, shown) = call(&world, &token, "GET", &get, Value::Null).await;
    assert_eq!(shown["preview"], Value::Null);
    assert_eq!(shown["notice_status"], Value::Null);
}

/// SPEC A41.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_covers_the_same_persons_requests_at_other_connectors_of_the_environment() {
    let mut world = world_of(ApprovalMode::Notify).await;
    let (connector, other) = (world.connector.clone(), world.open.clone());
    patch(
        &world,
        &other,
        json!({"policy": "OnBoarding", "onboarding_message": WELCOME, "approval_notice": "Other"}),
    )
    .await;
    world.restart();
    let (ada, grace) = (
        world.newcomer("Ada Lovelace"),
        world.newcomer("Grace Hopper"),
    );
    for (connector, person) in [(&other, &ada), (&other, &grace), (&connector, &ada)] {
        let hello = world.says(connector, person, SAID);
        assert_eq!(world.webhook(connector, &hello).await, 200);
        world.clock.advance(Duration::from_secs(1));
    }
    world.settle().await;
    let before = world.told(&ada).len();
    // Her newest request is the one at the first connector.
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    let requests = world.requests().await;
    let at = |person: &str, connector: &Connector| {
        let id = world.chat_user_id(person);
        &requests
            .iter()
            .find(|view| {
                view.request.chat_user_id == id && view.request.connector_id == connector.id
            })
            .unwrap()
            .request
    };
    let implied = at(&ada, &other).decision.clone().unwrap();
    assert_eq!(implied.verdict, Verdict::Approve);
    assert_eq!(implied.reason, Some(ReasonCode::GrantedElsewhere));
    let chosen = at(&ada, &connector).decision.clone().unwrap();
    assert_eq!((chosen.reason, &chosen.by), (None, &implied.by));
    assert_eq!(at(&grace, &other).status(), RequestStatus::Pending);
    let told = world.told(&ada);
    assert_eq!(told[before..], [NOTICE]);
    assert_eq!(implied_entries(&world, "granted_elsewhere"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_once_let_in_are_in_onboarding_again_when_they_are_held() {
    let mut world = World::new().await;
    let open = world.open.clone();
    let ada = world.newcomer("Ada Lovelace");
    let hello = world.says(&open, &ada, SAID);
    world.webhook(&open, &hello).await;
    world.settle().await;
    let token = all_powers(&world).await;
    let listed = async |world: &World, status: &str| {
        let path = format!("{}/chat-users?status={status}", project(world));
        let (_, list) = call(world, &token, "GET", &path, Value::Null).await;
        list["items"].as_array().unwrap().len()
    };
    let change = json!({"policy": "OnBoarding", "onboarding_message": WELCOME, "existing_users": "require_approval"});
    patch(&world, &open, change).await;
    world.restart();
    assert_eq!(listed(&world, "active").await, 1);
    let held = world.says(&open, &ada, "Again");
    assert_eq!(
        world.try_webhook(&open, &held).await,
        Invoked::Answered(200)
    );
    assert_eq!(listed(&world, "active").await, 0);
    assert_eq!(listed(&world, "onboarding").await, 1);
    let view = world.requests().await.remove(0);
    assert_eq!(view.chat_user.unwrap().status(), ChatUserStatus::Onboarding);

    patch(&world, &open, json!({"policy": "AllowAll"})).await;
    world.restart();
    let let_in = world.says(&open, &ada, "And now?");
    world.webhook(&open, &let_in).await;
    world.settle().await;
    assert_eq!(listed(&world, "active").await, 1);
    assert_eq!(world.agent.deliveries().len(), 2);
    let request = world.requests().await.remove(0).request;
    assert_eq!(
        request.decision.and_then(|decision| decision.reason),
        Some(ReasonCode::PolicyOff)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_before_a_standing_could_owe_several_things_are_still_worked_on() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    let mut standing = world.rows("STANDING#").remove(0);
    standing.remove("owes");
    standing.insert("owed".to_owned(), json!("onboarding_message"));
    let mut connector = world.rows("CONNECTOR");
    connector.retain(|row| row.get("id") == Some(&json!(world.connector.id)));
    let mut connector = connector.remove(0);
    connector.remove("after_approval");
    for row in [standing, connector] {
        let row: serde_json::Map<_, _> = row
            .into_iter()
            .map(|(name, value)| (name, attribute(value)))
            .collect();
        world.db.put_raw(&Value::Object(row)).unwrap();
    }
    world.restart();
    world.settle().await;
    assert_eq!(world.told(&ada), [WELCOME]);
    let users = world.rows("USER");
    assert_eq!(users[0]["profile"]["display_name"], "Ada Lovelace");
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    assert_eq!(world.told(&ada), [WELCOME, APPROVAL_NOTICE_DEFAULT]);
}

/// A value in DynamoDB's JSON.
pub fn attribute(value: Value) -> Value {
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(value) => json!({"N": value.to_string()}),
        Value::String(value) => json!({ "S": value }),
        Value::Array(all) => {
            let all: Vec<_> = all.into_iter().map(attribute).collect();
            json!({ "L": all })
        }
        Value::Object(all) => {
            let all: serde_json::Map<_, _> = all
                .into_iter()
                .map(|(name, value)| (name, attribute(value)))
                .collect();
            json!({ "M": all })
        }
    }
}
