//! Strangers, approved and rejected (SPEC A08–A38, B08–B31).

use crate::stack::{CANARY, Person, Place, Stack};
use http::StatusCode;
use serde_json::{Value, json};
use vestibule_domain::connector::APPROVAL_NOTICE_DEFAULT;

#[tokio::test]
#[ignore = "needs a local stack"]
async fn a_stranger_is_told_to_wait_once_and_once_approved_is_told_and_answered_by_name() {
    let stack = Stack::load();
    let (ada, onlooker) = (stack.person("Ada").await, stack.person("Olga").await);

    stack
        .say(
            &ada,
            stack.connector(),
            Place::Direct,
            &said("is anybody there?"),
        )
        .await;
    let told = stack.answers(&ada, stack.connector(), 1).await;
    assert_eq!(told, [stack.onboarding_message().await]);
    assert_eq!(
        stack.read_from_app(&onlooker, stack.connector()).await,
        [] as [Value; 0]
    );
    assert_eq!(stack.deliveries_to_agent(&ada).await.len(), 0);

    let request = stack.request_with_name(&ada).await;
    assert_pending(&stack, &request, &ada);
    assert_eq!(
        stack.requests("pending", &ada).await,
        std::slice::from_ref(&request)
    );
    assert_eq!(stack.chat_user(&ada).await.unwrap()["status"], "onboarding");

    let note = format!("a colleague {CANARY}");
    let approved = stack
        .decide(&request, "approve", json!({"note": note}))
        .await;
    assert_eq!(approved.status, StatusCode::OK, "{}", approved.body);
    assert_processed(&approved.body, "approved", &note);
    assert!(stack.requests("pending", &ada).await.is_empty());
    let listed = stack.requests("approved", &ada).await;
    assert_eq!(listed.len(), 1);
    assert_processed(&listed[0], "approved", &note);
    let user = stack.chat_user(&ada).await.unwrap();
    assert_eq!(user["status"], "active");
    assert_eq!(
        user["environments"][0]["environment_id"],
        stack.fact("environment_id")
    );

    let told = stack.answers(&ada, stack.connector(), 2).await;
    assert_eq!(told[1], APPROVAL_NOTICE_DEFAULT);
    stack
        .say(&ada, stack.connector(), Place::Direct, &said("and now?"))
        .await;
    let told = stack.answers(&ada, stack.connector(), 3).await;
    assert!(told[2].contains(&ada.name), "{}", told[2]);
    assert!(told[2].contains("and now?"), "{}", told[2]);
    stack.nobody_complains_about(&ada).await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn a_decision_stands_the_same_one_again_changes_nothing_and_another_is_refused() {
    let stack = Stack::load();
    let grace = stack.person("Grace").await;
    stack
        .say(&grace, stack.connector(), Place::Direct, &said("hello"))
        .await;
    let request = stack.only_request(&grace).await;

    let first = stack
        .decide(&request, "approve", json!({"note": "welcome"}))
        .await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let again = stack
        .decide(&request, "approve", json!({"note": "welcome again"}))
        .await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.body);
    // The follow-up of the approval goes on meanwhile.
    let decided = ["status", "processed_by", "processed_at", "processing_note"];
    for field in decided {
        assert_eq!(again.body[field], first.body[field], "{field}");
    }

    let other = stack
        .decide(&request, "reject", json!({"note": "no"}))
        .await;
    assert_eq!(other.status, StatusCode::CONFLICT, "{}", other.body);
    assert_eq!(other.headers["content-type"], "application/problem+json");
    assert_eq!(other.body["type"], "/problems/already-decided");
    assert_eq!(
        other.body["decision"]["by"], first.body["processed_by"]["name"],
        "{}",
        other.body
    );
    let mut after = stack.only_request(&grace).await;
    for field in decided {
        assert_eq!(after[field].take(), first.body[field], "{field}");
    }
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn a_rejected_person_stays_out_and_is_not_told_to_wait_again() {
    let stack = Stack::load();
    let mallory = stack.person("Mallory").await;
    stack
        .say(
            &mallory,
            stack.connector(),
            Place::Direct,
            &said("let me in"),
        )
        .await;
    stack.answers(&mallory, stack.connector(), 1).await;
    let request = stack.only_request(&mallory).await;
    let note = format!("unknown to us {CANARY}");
    let rejected = stack
        .decide(&request, "reject", json!({"note": note}))
        .await;
    assert_eq!(rejected.status, StatusCode::OK, "{}", rejected.body);
    assert_processed(&rejected.body, "rejected", &note);

    stack
        .say(&mallory, stack.connector(), Place::Direct, &said("please"))
        .await;
    stack.all_work_is_done().await;

    stack.answers(&mallory, stack.connector(), 1).await;
    assert_eq!(stack.deliveries_to_agent(&mallory).await.len(), 0);
    // The demo connector has the default cool-down, a day.
    let request = stack.only_request(&mallory).await;
    assert_eq!(request["status"], "rejected");
    assert_eq!(
        stack.chat_user(&mallory).await.unwrap()["status"],
        "onboarding"
    );
    stack.nobody_complains_about(&mallory).await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn an_event_that_is_delivered_again_gives_nothing_new() {
    let stack = Stack::load();
    let rosa = stack.person("Rosa").await;

    let first = stack
        .say(
            &rosa,
            stack.connector(),
            Place::Direct,
            &said("knock knock"),
        )
        .await;
    stack.answers(&rosa, stack.connector(), 1).await;
    let before = stack.request_with_name(&rosa).await;
    assert_eq!(before["message_count"], 1);
    stack.redeliver(&first[0]).await;
    stack.redeliver(&first[0]).await;
    stack.all_work_is_done().await;
    assert_eq!(stack.only_request(&rosa).await, before);
    stack.answers(&rosa, stack.connector(), 1).await;

    stack.decide(&before, "approve", json!({})).await;
    stack.answers(&rosa, stack.connector(), 2).await;
    // The first message was held back, and its redelivery must be held back too.
    stack.redeliver(&first[0]).await;
    let second = stack
        .say(&rosa, stack.connector(), Place::Direct, &said("the second"))
        .await;
    stack.answers(&rosa, stack.connector(), 3).await;
    stack.redeliver(&second[0]).await;
    // Messages of one conversation are delivered in order: once this one is answered, nothing can come before it.
    stack
        .say(&rosa, stack.connector(), Place::Direct, &said("the third"))
        .await;
    stack.answers(&rosa, stack.connector(), 4).await;

    let delivered = stack.deliveries_to_agent(&rosa).await;
    let texts: Vec<_> = delivered
        .iter()
        .map(|delivery| delivery["body"]["message"]["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, [said("the second"), said("the third")]);
    assert_eq!(delivered[0]["times_received"], 1);
    assert_eq!(stack.only_request(&rosa).await["status"], "approved");
    stack.nobody_complains_about(&rosa).await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn a_stranger_in_a_channel_is_told_privately_and_a_mention_is_one_message() {
    let stack = Stack::load();
    let (tess, onlooker) = (stack.person("Tess").await, stack.person("Otto").await);
    let app = stack.app(stack.connector())["name"].as_str().unwrap();

    let mention = format!("@{app} {}", said("can you help us?"));
    let events = stack
        .say(&tess, stack.connector(), Place::General, &mention)
        .await;
    assert_eq!(events.len(), 2, "a mention is told by two events");
    stack.answers(&tess, stack.connector(), 1).await;
    stack.all_work_is_done().await;

    let told = stack.read_from_app(&tess, stack.connector()).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["plain_text"], stack.onboarding_message().await);
    let is_direct = told[0]["channel"].as_str().unwrap().starts_with('D');
    assert!(
        is_direct || told[0]["only_visible_to"] == tess.id.as_str(),
        "{told:?}"
    );
    assert_eq!(
        stack.read_from_app(&onlooker, stack.connector()).await,
        [] as [Value; 0]
    );

    let request = stack.only_request(&tess).await;
    assert_eq!(request["message_count"], 1);
    assert_eq!(request["conversation"]["kind"], "channel");
    stack.nobody_complains_about(&tess).await;
}

impl Stack {
    async fn onboarding_message(&self) -> String {
        let connector = self.get(&format!("/connectors/{}", self.connector())).await;
        connector["onboarding_message"].as_str().unwrap().to_owned()
    }
}

fn said(text: &str) -> String {
    format!("{text} ({CANARY})")
}

/// Asserts the fields of SPEC B08–B17 that a pending request has.
fn assert_pending(stack: &Stack, request: &Value, person: &Person) {
    assert_eq!(request["user_name"], person.name.as_str());
    assert_eq!(request["identifier"], person.id.as_str());
    assert_eq!(request["provider"], "slack");
    assert_eq!(
        request["connector"],
        json!({"id": stack.connector(), "name": stack.app(stack.connector())["name"]})
    );
    assert_eq!(request["environment_id"], stack.fact("environment_id"));
    let conversation = &request["conversation"];
    assert_eq!(conversation["kind"], "direct");
    assert!(
        conversation["provider_conversation_id"]
            .as_str()
            .is_some_and(|id| id.starts_with('D')),
        "{conversation}"
    );
    assert_eq!(request["status"], "pending");
    assert!(is_time(&request["created_at"]), "{request}");
    for unknown_yet in ["processed_by", "processed_at", "processing_note"] {
        assert_eq!(request[unknown_yet], Value::Null, "{unknown_yet}");
    }
    assert_eq!(request["rejected_before"], 0);
    assert_eq!(request["message_count"], 1);
    assert!(is_time(&request["last_message_at"]), "{request}");
    assert_eq!(request["onboarding_message"]["status"], "sent");
}

fn assert_processed(request: &Value, status: &str, note: &str) {
    assert_eq!(request["status"], status);
    assert_eq!(request["processing_note"], note);
    assert!(is_time(&request["processed_at"]), "{request}");
    let by = &request["processed_by"];
    assert!(
        by["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("api_key:")),
        "{by}"
    );
    assert!(
        by["name"].as_str().is_some_and(|name| !name.is_empty()),
        "{by}"
    );
}

fn is_time(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|time| time.starts_with("20") && time.ends_with('Z'))
}
