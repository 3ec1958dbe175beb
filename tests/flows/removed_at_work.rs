//! A member with very many conversations who is removed while their people go on writing (SPEC E33, E34).

use crate::{
    handoff::{conversation_of, shown},
    outgoing::say,
    verbs::{begun, case, id, member, verb},
    world::{HEAVY, Person, World},
};
use serde_json::{Value, json};
use vestibule_domain::ids::MemberId;
use vestibule_testkit::proof::scaled;

/// A conversation that the member has before the removal.
struct Held {
    person: String,
    path: String,
    /// As it was.
    shown: Value,
}

/// Gives a member the conversation of a person, whatever the limit.
async fn give(world: &World, admin: &Person, to: MemberId, person: String, path: String) -> Held {
    verb(world, admin, &path, "offer", Value::Null).await;
    let body = json!({"member_id": to, "override": true});
    case(&verb(world, admin, &path, "assign", body).await);
    Held {
        shown: shown(world, &path).await,
        person,
        path,
    }
}

/// SPEC E33, E34: each of them waits again once at its place, or is with a member who has room, and no message is lost.
#[tokio::test(flavor = "multi_thread")]
async fn the_conversations_of_a_removed_member_wait_again_although_their_people_write_meanwhile() {
    let _turn = HEAVY.lock().await;
    let count = scaled(6, 500);
    let (mut world, admin, first, ada) = begun().await;
    let ana = member(&world, &admin, "Ana", json!({"channels": {"slack": 1}})).await;
    let mut held = vec![give(&world, &admin, ana.member_id, ada, first).await];
    for number in 1..count {
        let person = world.newcomer(&format!("Person {number}"));
        say(&world, &person, "Hello?").await;
        world.settle().await;
        let path = conversation_of(&world, &person).await;
        held.push(give(&world, &admin, ana.member_id, person, path).await);
    }
    world.settle().await;
    let load = u32::try_from(count).unwrap();
    assert_eq!(world.seat(ana.member_id).await.load, load);
    let bo = member(&world, &admin, "Bo", json!({"channels": {"slack": 2}})).await;
    world.settle().await;

    let remove = format!("/v1/members/{}/remove", ana.member_id);
    let removed = world
        .call_as(&admin, ("POST", &remove), Value::Null, &[])
        .await;
    assert_eq!(removed.status, 200, "{}", removed.body);
    for one in &held {
        say(&world, &one.person, "Are you there?").await;
        world.work_inbox().await;
        world.work_routing().await;
    }
    world.settle().await;

    let seats = world.seats_on("slack").await;
    assert!(!seats.contains_key(&ana.member_id), "{seats:?}");
    let mut with_bo = 0;
    for one in &held {
        let now = shown(&world, &one.path).await;
        let messages = |shown: &Value| shown["message_count"].as_u64().unwrap();
        assert_eq!(messages(&now), messages(&one.shown) + 1, "{now}");
        let case = &now["case"];
        assert_eq!(case["offered_at"], one.shown["case"]["offered_at"]);
        let lines = shown(&world, &format!("{}/routing", one.path)).await;
        let lines = lines["items"].as_array().unwrap();
        let requeues = lines.iter().filter(|line| line["verb"] == "requeue");
        assert_eq!(requeues.count(), 1, "{lines:?}");
        if case["state"] == "assigned" {
            assert_eq!(case["assigned_to"]["id"], id(&bo), "{case}");
            with_bo += 1;
        } else {
            assert_eq!(case["state"], "waiting", "{case}");
        }
    }
    assert_eq!(with_bo, 2);
    assert_eq!(world.rows("REQUEUE"), Vec::new());
    world.assert_desk_agrees().await;
}
