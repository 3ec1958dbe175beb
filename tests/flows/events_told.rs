//! Outgoing events are written with the changes that they tell: whole, thin, and once (SPEC F04).

use crate::{
    admin::call,
    handoff::conversation_of,
    invitations::{accept_by_mail, key_of, mailed_to, root},
    outgoing::{say, talking},
    verbs::{away, begun, change, member, verb},
    world::{SAID, World},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::{access::request::Verdict, event::catalogue::EventType};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::{Failure, FailureRule, NewPerson, Platform, WhatsAppShows},
};

type Row = Map<String, Value>;

/// Slack's call that sends a text.
const POST: &str = "chat.postMessage";
/// Words of people, which no event repeats.
const WORDS: [&str; 6] = [
    "Ada",
    "Lovelace",
    "Grace",
    "example.com",
    "14155550199",
    SAID,
];

/// The events of this type. Each is whole, and says nothing that anybody wrote or is called.
fn events_of(world: &World, kind: &str) -> Vec<Row> {
    let mut rows = world.rows("OUTGOING_EVENT");
    rows.retain(|row| row["kind"] == kind);
    for row in &rows {
        assert_whole(row);
    }
    rows
}

/// The only event of this type.
pub fn event_of(world: &World, kind: &str) -> Row {
    let mut rows = events_of(world, kind);
    assert_eq!(rows.len(), 1, "{kind}: {rows:?}");
    rows.remove(0)
}

fn assert_whole(row: &Row) {
    let kind = EventType::from_key(row["kind"].as_str().unwrap()).unwrap();
    let data = row["data"].as_object().unwrap();
    let names: BTreeSet<&str> = data.keys().map(String::as_str).collect();
    for field in kind.fields() {
        let is_there = names.contains(field.name) || !field.is_required;
        assert!(is_there, "{kind} lacks {}: {row:?}", field.name);
    }
    for name in names {
        assert!(kind.field(name).is_some(), "{kind} has {name}");
    }
    assert_eq!(row.contains_key("project_id"), kind.is_of_project());
    let text = serde_json::to_string(row).unwrap();
    for word in WORDS {
        assert!(!text.contains(word), "{kind} repeats {word}: {text}");
    }
}

/// Checks that an event waits to be published.
fn assert_marked(row: &Row) {
    assert!(row.contains_key("outbox_pk"), "{row:?}");
}

/// The path of a person of the world's project.
fn path_of(world: &World, person: &str) -> String {
    let id = world.chat_user_id(person);
    format!("{}/chat-users/{id}", world.project_path())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_request_is_told_once_whatever_becomes_of_the_function() {
    for fault in [Fault::KillBefore, Fault::KillAfter, Fault::ResetAfter] {
        let mut world = World::new().await;
        let connector = world.connector.clone();
        let ada = world.newcomer("Ada Lovelace");
        let hello = world.says(&connector, &ada, SAID);
        world
            .to_db
            .inject(Rule::new("DynamoDB.TransactWriteItems", fault.clone()));
        world.try_webhook(&connector, &hello).await;
        world.to_db.clear();
        assert_eq!(world.webhook(&connector, &hello).await, 200);
        assert_eq!(world.webhook(&connector, &hello).await, 200);
        let event = event_of(&world, "access_request.created");
        assert_marked(&event);
        assert_eq!(event["connector_id"], connector.id.to_string());
        assert_eq!(
            event["environment_id"],
            connector.environment_id.to_string()
        );
        let request = world.requests().await.remove(0).request;
        assert_eq!(event["data"]["access_request_id"], request.id.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_about_a_person_are_told_with_their_project() {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    let [ada, bea] = ["Ada Lovelace", "Grace Hopper"].map(|name| world.newcomer(name));
    for person in [&ada, &bea] {
        let hello = world.says(&connector, person, SAID);
        assert_eq!(world.webhook(&connector, &hello).await, 200);
    }
    world.settle().await;
    assert_eq!(world.decide(&ada, Verdict::Approve).await.status, 200);
    assert_marked(&event_of(&world, "access_request.approved"));
    assert_eq!(world.decide(&bea, Verdict::Reject).await.status, 200);
    assert_marked(&event_of(&world, "access_request.rejected"));
    world.settle().await;

    let path = path_of(&world, &ada);
    let token = world.all_powers().await;
    let environment = json!({"environment_id": connector.environment_id, "note": "Ada left"});
    let revoke = format!("{path}/revoke");
    for _ in 0..2 {
        let (status, answer) = call(&world, &token, "POST", &revoke, environment.clone()).await;
        assert_eq!(status, 200, "{answer}");
    }
    let revoked = event_of(&world, "access_request.revoked");
    assert_eq!(
        revoked["data"]["chat_user_id"],
        world.chat_user_id(&ada).to_string()
    );
    for _ in 0..2 {
        world.block(&ada).await;
    }
    assert_eq!(
        event_of(&world, "chat_user.blocked")["data"]["status"],
        "blocked"
    );
    let unblock = format!("{path}/unblock");
    let (status, answer) = call(&world, &token, "POST", &unblock, Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    event_of(&world, "chat_user.unblocked");
    let (status, answer) = call(&world, &token, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 202, "{answer}");
    assert_marked(&event_of(&world, "chat_user.erased"));
    world.settle().await;
    event_of(&world, "chat_user.erased");
}

/// SPEC A49.
#[tokio::test(flavor = "multi_thread")]
async fn another_name_of_a_person_is_told_as_the_names_of_the_fields() {
    let mut world = World::on(Platform::Dialog360).await;
    let connector = world.connector.clone();
    for name in ["Ada Lovelace", "Ada King"] {
        let person = world.slack.add_person(NewPerson {
            phone: Some("+14155550199".to_owned()),
            whatsapp_shows: WhatsAppShows::Phone,
            ..NewPerson::named(name)
        });
        let hello = world.says(&connector, &person, SAID);
        assert_eq!(world.webhook(&connector, &hello).await, 200);
        assert_eq!(world.webhook(&connector, &hello).await, 200);
    }
    let event = event_of(&world, "chat_user.updated");
    assert_marked(&event);
    assert_eq!(event["data"]["changed"], json!(["display_name"]));
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_begins_is_told_once_and_its_further_messages_are_not() {
    let (mut world, ada) = talking(1).await;
    let event = event_of(&world, "conversation.opened");
    assert_eq!(
        event["data"]["chat_user_id"],
        world.chat_user_id(&ada).to_string()
    );
    say(&world, &ada, "And now?").await;
    world.settle().await;
    event_of(&world, "conversation.opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_of_routing_are_told_with_their_verbs() {
    let (mut world, admin, path, _ada) = begun().await;
    let ana = away(&world, &admin, "Ana", 3).await;
    for (step, person, body) in [
        ("offer", &admin, Value::Null),
        ("claim", &ana, Value::Null),
        ("requeue", &ana, Value::Null),
        ("assign", &admin, json!({"member_id": ana.member_id})),
        ("release", &ana, Value::Null),
    ] {
        let answer = verb(&world, person, &path, step, body).await;
        assert_eq!(answer.status, 200, "{step}: {}", answer.body);
        world.settle().await;
    }
    let verbs = |kind: &str| -> BTreeSet<String> {
        let rows = events_of(&world, kind);
        let verb = |row: &Row| row["data"]["verb"].as_str().unwrap().to_owned();
        let verbs: BTreeSet<String> = rows.iter().map(verb).collect();
        assert_eq!(rows.len(), verbs.len(), "{kind}: {rows:?}");
        verbs
    };
    let words = |some: &[&str]| some.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(verbs("conversation.queued"), words(&["offer", "requeue"]));
    assert_eq!(verbs("conversation.assigned"), words(&["assign", "claim"]));
    assert_eq!(verbs("conversation.released"), words(&["release"]));
    event_of(&world, "conversation.handed_off");
    for event in events_of(&world, "conversation.assigned") {
        assert_eq!(event["data"]["member_id"], json!(ana.member_id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handoff_of_the_agent_is_told_without_its_note() {
    let (mut world, ada) = talking(1).await;
    let handoff = json!({"team": "sales", "note": "Ada wants an offer"});
    let answer = json!({"replies": [{"text": "One moment"}], "handoff": handoff});
    world.agent.answer_with(answer);
    say(&world, &ada, "An offer, please").await;
    world.settle().await;
    let event = event_of(&world, "conversation.handed_off");
    let actor = event["data"]["actor"].as_str().unwrap();
    assert!(actor.starts_with("agent:"), "{actor}");
    let path = conversation_of(&world, &ada).await;
    let id = path.rsplit('/').next().unwrap();
    assert_eq!(event["data"]["conversation_id"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_first_reply_is_told_once() {
    let mut world = World::new().await;
    let at = json!({"S": world.now().to_string()});
    let id = world.open.client_id.to_string();
    let client = json!({
        "pk": {"S": format!("ACCOUNT#{}", world.scope.account_id())},
        "sk": {"S": format!("CLIENT#{id}")},
        "id": {"S": id},
        "name": {"S": "Acme"},
        "first_reply_minutes": {"N": "2"},
        "created_at": at,
    });
    world.db.put_raw(&client).unwrap();
    world.offers("one", world.demand()).await;
    while world.work_routing().await {}
    for _ in 0..5 {
        world.clock.advance(Duration::from_mins(1));
        assert!(world.sweep().await);
        while world.work_routing().await {}
    }
    event_of(&world, "conversation.first_reply_missed");
    event_of(&world, "conversation.queued");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connector_is_told_until_it_sends_again_and_each_text_that_failed() {
    let (mut world, ada) = talking(1).await;
    let failure = Failure::Error {
        error: "token_revoked".to_owned(),
    };
    world.slack.fail(FailureRule::until_cleared(POST, failure));
    for text in ["one", "two"] {
        say(&world, &ada, text).await;
        world.settle().await;
        world.clock.advance(Duration::from_secs(1));
    }
    let failing = event_of(&world, "connector.failing");
    assert_eq!(failing["data"]["class"], "connector");
    let failed = events_of(&world, "message.failed");
    assert_eq!(failed.len(), 2, "{failed:?}");
    for event in &failed {
        assert_eq!(event["data"]["reason_code"], "token_revoked");
    }
    assert!(events_of(&world, "connector.recovered").is_empty());
    world.slack.clear_failures();
    for text in ["three", "four"] {
        say(&world, &ada, text).await;
        world.settle().await;
    }
    let recovered = event_of(&world, "connector.recovered");
    assert_eq!(recovered["data"]["since"], failing["data"]["since"]);
    event_of(&world, "connector.failing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_onboarding_message_that_the_platform_never_takes_is_told() {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    let ada = world.newcomer("Ada Lovelace");
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    world.slack.revoke_token(&connector.id.to_string());
    world.settle().await;
    let event = event_of(&world, "message.failed");
    assert_eq!(event["data"]["class"], "connector");
    assert_eq!(
        event["data"]["chat_user_id"],
        world.chat_user_id(&ada).to_string()
    );
}

/// SPEC B37.
#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_used_up_is_told_with_the_first_message_that_is_held_back() {
    let mut world = World::new().await;
    world
        .change_connector(|connector| connector.request_limits.new_per_minute = 1)
        .await;
    let connector = world.connector.clone();
    for number in 0..4 {
        let person = world.newcomer(&format!("Person {number}"));
        let hello = world.says(&connector, &person, SAID);
        assert_eq!(world.webhook(&connector, &hello).await, 200);
    }
    let event = event_of(&world, "connector.cap_hit");
    assert_marked(&event);
    assert_eq!(event["data"]["cap"], "new_requests");
    assert_eq!(events_of(&world, "access_request.created").len(), 1);
}

/// SPEC D25.
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_told_when_it_is_sent_bounces_and_is_accepted() {
    let mut world = World::new().await;
    let root = root(&world).await;
    let lost = mailed_to(&world, &root, "lost@example.com", json!("agent")).await;
    let sent = event_of(&world, "invitation.sent");
    assert_marked(&sent);
    assert_eq!(sent["data"]["invitation_id"], lost["id"]);
    assert_eq!(sent["data"]["by_mail"], true);
    world.run_email().await;
    let mail = world.mails().remove(0);
    for _ in 0..2 {
        world.ses_event(&mail, "bounce_hard").await;
    }
    let bounced = event_of(&world, "invitation.bounced");
    assert_eq!(bounced["data"]["invitation_id"], lost["id"]);
    assert_eq!(bounced["data"]["class"], "hard_bounce");

    let kept = mailed_to(&world, &root, "grace@example.com", json!("agent")).await;
    let accepted = accept_by_mail(&world, "grace@example.com").await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    let told = event_of(&world, "invitation.accepted");
    assert_eq!(told["data"]["invitation_id"], kept["id"]);
    let joined = event_of(&world, "member.joined");
    assert_eq!(joined["data"]["member_id"], kept["member"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_members_are_told() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let ana = member(
        &world,
        &admin,
        "Grace Hopper",
        json!({"channels": {"slack": 1}}),
    )
    .await;
    change(&world, &admin, &ana, json!({"name": "Grace Lovelace"})).await;
    assert!(!events_of(&world, "member.updated").is_empty());
    let token = world.all_powers().await;
    for (step, kind) in [
        ("suspend", "member.suspended"),
        ("reinstate", "member.reinstated"),
        ("remove", "member.removed"),
    ] {
        let path = format!("/v1/members/{}/{step}", ana.member_id);
        let (status, answer) = call(&world, &token, "POST", &path, Value::Null).await;
        assert_eq!(status, 200, "{step}: {answer}");
        let event = event_of(&world, kind);
        assert_eq!(event["data"]["member_id"], json!(ana.member_id));
    }
}

/// SPEC D29.
#[tokio::test(flavor = "multi_thread")]
async fn each_key_that_is_made_and_revoked_is_told_also_those_that_it_made() {
    let world = World::new().await;
    let root = root(&world).await;
    let rights = json!([
        "api_keys.manage",
        "api_keys.manage_account",
        "projects.read"
    ]);
    let maker = key_of(&world, &root, rights).await;
    key_of(&world, &maker, json!(["projects.read"])).await;
    let created = events_of(&world, "api_key.created");
    assert_eq!(created.len(), 2, "{created:?}");
    let mut ids: Vec<&Value> = created
        .iter()
        .map(|event| &event["data"]["api_key_id"])
        .collect();
    let made_by = |event: &&Row| {
        let actor = event["data"]["actor"].as_str().unwrap();
        let of = |id: &&Value| actor == format!("api_key:{}", id.as_str().unwrap());
        ids.iter().any(of)
    };
    let made = created.iter().find(made_by).unwrap();
    let maker = made["data"]["actor"].as_str().unwrap().to_owned();
    let path = format!(
        "/v1/api-keys/{}?made=true",
        maker.trim_start_matches("api_key:")
    );
    let (status, answer) = call(&world, &root, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    let revoked = events_of(&world, "api_key.revoked");
    let mut gone: Vec<&Value> = revoked
        .iter()
        .map(|event| &event["data"]["api_key_id"])
        .collect();
    ids.sort_by_key(ToString::to_string);
    gone.sort_by_key(ToString::to_string);
    assert_eq!(gone, ids);
}
