//! The verbs of routing over the API (SPEC E12, E20, E21, E31–E34, E39): members and admins offer, claim, assign,
//! transfer, requeue and release conversations, and read who has them and why.

use crate::{
    connector_setup::audited,
    handoff::{conversation_of, shown},
    outgoing::{say, talking, told},
    world::{Answer, Person, World},
};
use futures_util::future::join;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    proof::scaled,
};

/// A member of this name with this work.
pub async fn member(world: &World, admin: &Person, name: &str, work: Value) -> Person {
    let person = world.person("agent").await;
    let body = json!({"name": name, "work": work});
    change(world, admin, &person, body).await;
    person
}

/// Changes a member.
pub async fn change(world: &World, admin: &Person, person: &Person, body: Value) {
    let path = format!("/v1/members/{}", person.member_id);
    let answer = world.call_as(admin, ("PATCH", &path), body, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Sets a member's availability.
pub async fn is_now(world: &World, person: &Person, state: &str) {
    let route = ("PUT", "/v1/me/availability");
    let answer = world
        .call_as(person, route, json!({"state": state}), &[])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// A member with room for so many conversations on Slack, who is assigned none automatically.
pub async fn away(world: &World, admin: &Person, name: &str, limit: u32) -> Person {
    let person = member(world, admin, name, json!({"channels": {"slack": limit}})).await;
    is_now(world, &person, "away").await;
    person
}

/// Calls a verb of a conversation.
pub async fn verb(world: &World, person: &Person, path: &str, verb: &str, body: Value) -> Answer {
    keyed(world, person, (path, verb), body, &[]).await
}

/// The same with headers.
pub async fn keyed(
    world: &World,
    person: &Person,
    (path, verb): (&str, &str),
    body: Value,
    headers: &[(&str, &str)],
) -> Answer {
    let path = format!("{path}/{verb}");
    world.call_as(person, ("POST", &path), body, headers).await
}

/// The case in an answer that took effect.
pub fn case(answer: &Answer) -> &Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    &answer.body["case"]
}

/// Checks that an answer is this problem.
pub fn assert_problem(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    let kind = format!("/problems/{kind}");
    assert_eq!(answer.body["type"], kind, "{}", answer.body);
}

/// The id of a member.
pub fn id(person: &Person) -> Value {
    json!(person.member_id)
}

/// A world with a super admin and the conversation of a person, which the agent has.
pub async fn begun() -> (World, Person, String, String) {
    let (world, ada) = talking(1).await;
    let admin = world.person("super_admin").await;
    let path = conversation_of(&world, &ada).await;
    (world, admin, path, ada)
}

/// The conversation of another person.
pub async fn another(world: &mut World, name: &str) -> String {
    let person = world.newcomer(name);
    say(world, &person, "Hello?").await;
    world.settle().await;
    conversation_of(world, &person).await
}

/// SPEC E31, E32, E39.
#[tokio::test(flavor = "multi_thread")]
async fn an_offered_conversation_says_why_it_waits_and_then_who_has_it_and_why() {
    let (mut world, admin, path, ada) = begun().await;
    let offered = verb(&world, &admin, &path, "offer", Value::Null).await;
    let waits = &case(&offered)["waits_because"];
    assert_eq!(waits["code"], "nobody_has_channel");
    assert_eq!(waits["text"], "Nobody answers on Slack");
    assert_eq!(offered.body["state"], "handed_off");
    world.settle().await;
    assert_eq!(shown(&world, &path).await["case"]["state"], "waiting");
    // The same again changes nothing.
    let again = verb(&world, &admin, &path, "offer", Value::Null).await;
    assert_eq!(
        case(&again)["offered_at"],
        offered.body["case"]["offered_at"]
    );
    assert_eq!(audited(&world, "conversation.offered").len(), 1);

    let ana = member(&world, &admin, "Ana", json!({"channels": {"slack": 1}})).await;
    world.settle().await;
    let assigned = shown(&world, &path).await["case"].clone();
    assert_eq!(assigned["state"], "assigned", "{assigned}");
    assert_eq!(
        assigned["assigned_to"],
        json!({"id": id(&ana), "name": "Ana"})
    );
    assert_eq!(assigned["waits_because"], Value::Null);
    let why = assigned["why"]["text"].as_str().unwrap();
    assert!(why.starts_with("Ana: available, handles "), "{why}");
    let ends = " on Slack, had 0 of 1, the only one with room";
    assert!(why.ends_with(ends), "{why}");

    let second = another(&mut world, "Bob").await;
    verb(&world, &admin, &second, "offer", Value::Null).await;
    world.settle().await;
    let waits = shown(&world, &second).await["case"]["waits_because"].clone();
    let text = "1 person could take it, and is at their Slack limit";
    assert_eq!(
        waits,
        json!({"code": "all_at_limit", "text": text, "fit": 1})
    );
    is_now(&world, &ana, "away").await;
    let waits = shown(&world, &second).await["case"]["waits_because"].clone();
    assert_eq!(waits["code"], "nobody_available");

    // Whoever has it answers, and the agent is asked nothing.
    let body = json!({"messages": [{"text": "Ana here"}]});
    let answer = verb(&world, &ana, &path, "messages", body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    world.settle().await;
    assert_eq!(told(&world, &ada), ["Ana here"]);

    is_now(&world, &ana, "available").await;
    let released = verb(&world, &ana, &path, "release", Value::Null).await;
    assert_eq!(case(&released)["state"], "released");
    world.settle().await;
    let next = shown(&world, &second).await["case"].clone();
    assert_eq!(next["assigned_to"]["name"], "Ana", "{next}");
    let again = verb(&world, &ana, &path, "release", Value::Null).await;
    assert_eq!(case(&again)["state"], "released");
    assert_eq!(audited(&world, "conversation.released").len(), 1);
    world.assert_desk_agrees().await;
}

/// SPEC E32, E33.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_claim_a_conversation_at_once_one_gets_it_and_the_other_is_told_who() {
    let (mut world, admin, path, _) = begun().await;
    let ana = away(&world, &admin, "Ana", 2).await;
    let bo = away(&world, &admin, "Bo", 2).await;
    assert_problem(
        &verb(&world, &ana, &path, "claim", Value::Null).await,
        409,
        "not-offered",
    );
    verb(&world, &admin, &path, "offer", Value::Null).await;
    world.settle().await;
    let (by_ana, by_bo) = join(
        verb(&world, &ana, &path, "claim", Value::Null),
        verb(&world, &bo, &path, "claim", Value::Null),
    )
    .await;
    let (winner, won, lost) = if by_ana.status == 200 {
        (&ana, by_ana, by_bo)
    } else {
        (&bo, by_bo, by_ana)
    };
    assert_eq!(case(&won)["assigned_to"]["id"], id(winner));
    assert_eq!(case(&won)["why"], Value::Null);
    assert_problem(&lost, 409, "taken");
    assert_eq!(lost.body["assigned_to"]["id"], id(winner));
    // Whoever has it claims it again.
    let again = verb(&world, winner, &path, "claim", Value::Null).await;
    assert_eq!(case(&again)["assigned_to"]["id"], id(winner));
    assert_eq!(audited(&world, "conversation.claimed").len(), 1);
    let key = world.all_powers().await;
    let claim = format!("{path}/claim");
    let answer = world.call(&key, ("POST", &claim), Value::Null, &[]).await;
    assert_problem(&answer, 403, "members-only");
    world.assert_desk_agrees().await;
}

/// SPEC E33, E34.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_member_gets_more_by_hand_only_with_the_right_to_it_and_that_is_on_record() {
    let (mut world, admin, first, _) = begun().await;
    let second = another(&mut world, "Bob").await;
    let ana = away(&world, &admin, "Ana", 1).await;
    for path in [&first, &second] {
        verb(&world, &admin, path, "offer", Value::Null).await;
    }
    world.settle().await;
    case(&verb(&world, &ana, &first, "claim", Value::Null).await);
    let full = verb(&world, &ana, &second, "claim", Value::Null).await;
    assert_problem(&full, 409, "at-limit");
    assert_eq!(
        (&full.body["load"], &full.body["limit"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(full.body["detail"], "Ana is at the limit (1 of 1).");
    let beyond = json!({"override": true});
    let refused = verb(&world, &ana, &second, "claim", beyond).await;
    assert_problem(&refused, 403, "permission-missing");
    assert_eq!(refused.body["permissions"], json!(["routing.override"]));

    let body = json!({"member_id": id(&ana)});
    let full = verb(&world, &admin, &second, "assign", body).await;
    assert_problem(&full, 409, "at-limit");
    let body = json!({"member_id": id(&ana), "override": true});
    let assigned = verb(&world, &admin, &second, "assign", body).await;
    assert_eq!(case(&assigned)["assigned_to"]["id"], id(&ana));
    assert_eq!(case(&assigned)["over_limit"], true);
    let lines = shown(&world, &format!("{second}/routing")).await;
    let last = &lines["items"][0];
    assert_eq!(
        (&last["verb"], &last["over_limit"]),
        (&json!("assign"), &json!(true))
    );
    assert_eq!(last["by"]["id"], format!("member:{}", admin.member_id));
    let desks = shown(&world, "/v1/desks?channel=slack").await;
    let seat = &desks["items"][0]["members"][0];
    assert_eq!((&seat["load"], &seat["limit"]), (&json!(2), &json!(1)));
    world.assert_desk_agrees().await;
}

/// SPEC E20, E21.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_has_and_answers_only_conversations_of_their_clients_on_their_channels() {
    let (mut world, admin, path, _) = begun().await;
    let own = world.open.client_id;
    let own_key = own.to_string();
    let made = world
        .call_as(
            &admin,
            ("POST", "/v1/clients"),
            json!({"name": "Hooli"}),
            &[],
        )
        .await;
    let hooli = made.body["id"].clone();
    let ana = away(&world, &admin, "Ana", 1).await;
    let no_slack = member(&world, &admin, "Bo", json!({"channels": {"sms": 1}})).await;
    let elsewhere = world.person("agent").await;
    let body = json!({
        "name": "Cleo", "clients": [own, hooli],
        "work": {"channels": {"slack": 1, "sms": 1}, "client_channels": {&own_key: ["sms"]}},
    });
    change(&world, &admin, &elsewhere, body).await;
    verb(&world, &admin, &path, "offer", Value::Null).await;
    world.settle().await;
    let text = json!({"messages": [{"text": "Hello"}]});
    for (person, obstacle, said) in [
        (&no_slack, "channel", "does not answer on Slack"),
        (&elsewhere, "client", "Cleo does not handle "),
    ] {
        for (name, body) in [("claim", Value::Null), ("messages", text.clone())] {
            let refused = verb(&world, person, &path, name, body).await;
            assert_problem(&refused, 409, "cannot-answer");
            assert_eq!(refused.body["obstacle"], obstacle, "{name}");
        }
        let read = world.call_as(person, ("GET", &path), Value::Null, &[]);
        let reply = read.await.body["reply"].clone();
        assert_eq!(reply["allowed"], false, "{reply}");
        assert_eq!(reply["code"], "cannot-answer", "{reply}");
        let body = json!({"member_id": id(person), "override": true});
        let refused = verb(&world, &admin, &path, "assign", body).await;
        assert_problem(&refused, 409, "cannot-answer");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(said), "{detail}");
    }
    case(&verb(&world, &ana, &path, "claim", Value::Null).await);
    let read = world.call_as(&ana, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(read.body["reply"]["allowed"], true, "{}", read.body);
    let answer = verb(&world, &ana, &path, "messages", text.clone()).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let answer = verb(&world, &no_slack, &path, "messages", text).await;
    assert_problem(&answer, 409, "cannot-answer");
    world.settle().await;
    world.assert_desk_agrees().await;
}

/// SPEC E34: the place is kept, and whoever put it back is not asked again.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_requeues_a_conversation_is_not_asked_again_and_another_member_gets_it() {
    let (mut world, admin, path, _) = begun().await;
    let ana = member(&world, &admin, "Ana", json!({"channels": {"slack": 2}})).await;
    verb(&world, &admin, &path, "offer", Value::Null).await;
    world.settle().await;
    let before = shown(&world, &path).await["case"].clone();
    assert_eq!(before["assigned_to"]["id"], id(&ana));
    world.clock.advance(Duration::from_mins(1));
    let requeued = verb(&world, &ana, &path, "requeue", Value::Null).await;
    assert_eq!(case(&requeued)["offered_at"], before["offered_at"]);
    world.settle().await;
    let waits = shown(&world, &path).await["case"].clone();
    assert_eq!(waits["waits_because"]["code"], "all_declined", "{waits}");
    let bo = member(&world, &admin, "Bo", json!({"channels": {"slack": 1}})).await;
    world.settle().await;
    let after = shown(&world, &path).await["case"].clone();
    assert_eq!(after["assigned_to"]["id"], id(&bo), "{after}");
    // From whoever has it to another member, and what waits needs no second requeue.
    let body = json!({"member_id": id(&ana)});
    let passed = verb(&world, &bo, &path, "transfer", body).await;
    assert_eq!(case(&passed)["assigned_to"]["id"], id(&ana));
    let lines = shown(&world, &format!("{path}/routing?order=oldest")).await;
    let verbs: Vec<_> = lines["items"].as_array().unwrap().iter().collect();
    let verbs: Vec<_> = verbs
        .iter()
        .map(|line| line["verb"].as_str().unwrap())
        .collect();
    assert_eq!(verbs, ["offer", "assign", "requeue", "assign", "transfer"]);
    world.assert_desk_agrees().await;
}

/// SPEC E34: the rule names the caller alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_somebody_else_requeues_can_go_to_its_member_again() {
    let (mut world, admin, path, _) = begun().await;
    let ana = member(&world, &admin, "Ana", json!({"channels": {"slack": 2}})).await;
    verb(&world, &admin, &path, "offer", Value::Null).await;
    world.settle().await;
    let requeued = verb(&world, &admin, &path, "requeue", Value::Null).await;
    assert_eq!(case(&requeued)["state"], "waiting");
    world.settle().await;
    let after = shown(&world, &path).await["case"].clone();
    assert_eq!(after["assigned_to"]["id"], id(&ana), "{after}");
}

/// SPEC E12, E34, E39.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_is_transferred_to_a_team_waits_for_a_member_of_it() {
    let (mut world, admin, path, _) = begun().await;
    let ana = member(&world, &admin, "Ana", json!({"channels": {"slack": 2}})).await;
    verb(&world, &admin, &path, "offer", Value::Null).await;
    world.settle().await;
    let route = ("POST", "/v1/teams");
    let made = world
        .call_as(&admin, route, json!({"name": "Night shift"}), &[])
        .await;
    let team = made.body["id"].clone();
    let body = json!({"team_id": team});
    let passed = verb(&world, &ana, &path, "transfer", body.clone()).await;
    assert_eq!(
        case(&passed)["team"],
        json!({"id": team, "name": "Night shift"})
    );
    world.settle().await;
    let waits = shown(&world, &path).await["case"]["waits_because"].clone();
    assert_eq!(waits["code"], "nobody_in_team", "{waits}");
    let text = waits["text"].as_str().unwrap();
    assert!(text.starts_with("Nobody in Night shift handles "), "{text}");
    let work = json!({"channels": {"slack": 1}, "teams": [team]});
    let bo = member(&world, &admin, "Bo", work).await;
    world.settle().await;
    let after = shown(&world, &path).await["case"].clone();
    assert_eq!(after["assigned_to"]["id"], id(&bo), "{after}");
    let why = after["why"]["text"].as_str().unwrap();
    assert!(why.starts_with("Bo: available, in Night shift, "), "{why}");
    let taken = verb(&world, &admin, &path, "assign", body).await;
    assert_problem(&taken, 409, "taken");
    let nowhere = json!({"team_id": admin.member_id});
    let refused = verb(&world, &admin, &path, "transfer", nowhere).await;
    assert_problem(&refused, 422, "validation");
    world.assert_desk_agrees().await;
}

/// SPEC E32: a call that was made before changes nothing, whatever happened since.
#[tokio::test(flavor = "multi_thread")]
async fn a_verb_that_is_repeated_under_its_key_takes_effect_once() {
    let (mut world, admin, path, _) = begun().await;
    let ana = away(&world, &admin, "Ana", 2).await;
    let bo = away(&world, &admin, "Bo", 2).await;
    verb(&world, &admin, &path, "offer", Value::Null).await;
    world.settle().await;
    case(&verb(&world, &ana, &path, "claim", Value::Null).await);
    let once = [("idempotency-key", "k1")];
    let to_bo = json!({"member_id": id(&bo)});
    let transfer = (path.as_str(), "transfer");
    let first = keyed(&world, &admin, transfer, to_bo.clone(), &once).await;
    assert_eq!(case(&first)["assigned_to"]["id"], id(&bo));
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let to_ana = json!({"member_id": id(&ana)});
    case(&verb(&world, &admin, &path, "transfer", to_ana.clone()).await);
    let again = keyed(&world, &admin, transfer, to_bo, &once).await;
    assert_eq!(case(&again)["assigned_to"]["id"], id(&ana));
    assert!(again.headers.contains_key("idempotency-replayed"));
    let other = keyed(&world, &admin, transfer, to_ana, &once).await;
    assert_problem(&other, 422, "idempotency-key-reused");
    assert_eq!(audited(&world, "conversation.transferred").len(), 2);

    let requeue = (path.as_str(), "requeue");
    case(&keyed(&world, &ana, requeue, Value::Null, &once).await);
    case(&verb(&world, &bo, &path, "claim", Value::Null).await);
    let again = keyed(&world, &ana, requeue, Value::Null, &once).await;
    assert_eq!(case(&again)["assigned_to"]["id"], id(&bo));
    assert_eq!(audited(&world, "conversation.requeued").len(), 1);
    world.settle().await;
    world.assert_desk_agrees().await;
}

/// SPEC E32.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_is_repeated_after_the_agent_got_the_conversation_back_hands_nothing_off() {
    let (mut world, admin, path, _) = begun().await;
    let once = [("idempotency-key", "k1")];
    let offer = (path.as_str(), "offer");
    case(&keyed(&world, &admin, offer, Value::Null, &once).await);
    let back = format!("{path}/handoff");
    let given = world
        .call_as(&admin, ("DELETE", &back), Value::Null, &[])
        .await;
    assert_eq!(given.status, 200, "{}", given.body);
    let again = keyed(&world, &admin, offer, Value::Null, &once).await;
    assert_eq!(again.status, 200, "{}", again.body);
    assert!(again.headers.contains_key("idempotency-replayed"));
    assert_eq!(again.body["handoff"], Value::Null, "{}", again.body);
    world.settle().await;
    assert_eq!(shown(&world, &path).await["handoff"], Value::Null);
    world.assert_desk_agrees().await;
}

/// The paths of the conversations in a list.
async fn listed(world: &World, person: &Person, query: &str) -> Vec<String> {
    let path = format!("{}/conversations?{query}", world.project_path());
    let answer = world
        .call_as(person, ("GET", &path), Value::Null, &[])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body["items"].as_array().unwrap();
    let ids = items.iter().map(|item| item["id"].as_str().unwrap());
    ids.map(|id| format!("{}/conversations/{id}", world.project_path()))
        .collect()
}

/// SPEC E32, E39, B39.
#[tokio::test(flavor = "multi_thread")]
async fn views_show_whose_turn_it_is_with_their_numbers_and_desks_show_the_room() {
    let (mut world, admin, first, _) = begun().await;
    let second = another(&mut world, "Bob").await;
    let third = another(&mut world, "Cleo").await;
    let ana = away(&world, &admin, "Ana", 3).await;
    for path in [&first, &second] {
        world.clock.advance(Duration::from_secs(1));
        verb(&world, &admin, path, "offer", Value::Null).await;
    }
    world.settle().await;
    let queue = listed(&world, &ana, "view=queue&order=oldest").await;
    assert_eq!(queue, [first.clone(), second.clone()]);
    case(&verb(&world, &ana, &first, "claim", Value::Null).await);
    for (view, expected) in [
        ("queue", vec![&second]),
        ("mine", vec![&first]),
        ("assigned", vec![&first]),
        ("agent", vec![&third]),
        ("queue&channel=sms", vec![]),
        ("queue&channel=slack", vec![&second]),
        ("agent&channel=sms", vec![]),
        ("agent&channel=slack", vec![&third]),
    ] {
        let ids = listed(&world, &ana, &format!("view={view}")).await;
        assert_eq!(ids.iter().collect::<Vec<_>>(), expected, "{view}");
    }
    assert_eq!(listed(&world, &ana, "view=all").await.len(), 3);
    assert!(listed(&world, &admin, "view=mine").await.is_empty());

    let path = format!("{}/conversations/counts", world.project_path());
    let counts = world.call_as(&ana, ("GET", &path), Value::Null, &[]).await;
    let number = |name: &str| counts.body[name]["count"].as_u64();
    assert_eq!(
        ["mine", "queue", "assigned", "agent", "all"].map(number),
        [Some(1), Some(1), Some(1), Some(1), Some(3)],
        "{}",
        counts.body
    );
    is_now(&world, &ana, "available").await;
    world.settle().await;
    let desks = shown(&world, "/v1/desks?members=false").await;
    let desk = json!({
        "channel": "slack", "name": "Slack", "load": 2, "limit": 3, "waiting": 0, "members": null,
    });
    assert_eq!(desks["items"], json!([desk]));

    // Of another client's conversations, nothing is told.
    let made = world
        .call_as(
            &admin,
            ("POST", "/v1/clients"),
            json!({"name": "Hooli"}),
            &[],
        )
        .await;
    let limited = world.person("super_admin").await;
    let body = json!({"clients": [made.body["id"]]});
    change(&world, &admin, &limited, body).await;
    for view in ["queue", "assigned", "agent", "all"] {
        let ids = listed(&world, &limited, &format!("view={view}")).await;
        assert!(ids.is_empty(), "{view}");
    }
    let counts = world
        .call_as(&limited, ("GET", &path), Value::Null, &[])
        .await;
    assert_eq!(counts.body["assigned"]["count"], 0, "{}", counts.body);
    assert_eq!(counts.body["all"], Value::Null);
    let cleo = member(&world, &admin, "Cleo", json!({"channels": {"slack": 1}})).await;
    let served = json!({"clients": [world.open.client_id]});
    change(&world, &admin, &cleo, served).await;
    let route = ("GET", "/v1/desks?channel=slack");
    for (person, expected) in [(&admin, vec!["Ana", "Cleo"]), (&limited, vec!["Ana"])] {
        let desks = world.call_as(person, route, Value::Null, &[]).await;
        let seats = desks.body["items"][0]["members"].as_array().unwrap();
        let names: Vec<_> = seats.iter().map(|seat| seat["name"].as_str()).collect();
        let expected: Vec<_> = expected.into_iter().map(Some).collect();
        assert_eq!(names, expected, "{}", desks.body);
    }
    world.assert_desk_agrees().await;
}

/// SPEC E32, E33: whatever becomes of a call, the same one again completes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_verb_that_dies_at_a_write_is_completed_by_the_same_call_and_takes_effect_once() {
    let mut cases = Vec::new();
    for (name, event) in [
        ("offer", "conversation.offered"),
        ("transfer", "conversation.transferred"),
        ("requeue", "conversation.requeued"),
        ("release", "conversation.released"),
    ] {
        for fault in [
            Fault::KillBefore,
            Fault::KillAfter,
            Fault::ResetAfter,
            Fault::TransactionConflict,
        ] {
            cases.push((name, event, fault));
        }
    }
    for (name, event, fault) in cases.into_iter().step_by(scaled(3, 1)) {
        let what = format!("{fault:?} at the write of {name}");
        let (mut world, admin, path, _) = begun().await;
        let ana = away(&world, &admin, "Ana", 2).await;
        let bo = away(&world, &admin, "Bo", 2).await;
        if name != "offer" {
            verb(&world, &admin, &path, "offer", Value::Null).await;
            world.settle().await;
            case(&verb(&world, &ana, &path, "claim", Value::Null).await);
        }
        let body = if name == "transfer" {
            json!({"member_id": id(&bo)})
        } else {
            Value::Null
        };
        let token = world.all_powers().await;
        let address = format!("{path}/{name}");
        let route = ("POST", address.as_str());
        let headers = [("idempotency-key", "once")];
        world.count_from_here();
        let rule = Rule::new("DynamoDB.TransactWriteItems", fault);
        world.to_db.inject(rule.from_call(1));
        drop(world.try_call(&token, route, body.clone(), &headers).await);
        for proxy in world.proxies() {
            proxy.clear();
        }
        let answer = world.call(&token, route, body, &headers).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        assert_eq!(answer.body["state"], "handed_off", "{what}");
        assert_eq!(audited(&world, event).len(), 1, "{what}");
        world.settle().await;
        world.assert_desk_agrees().await;
    }
}
