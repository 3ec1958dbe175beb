//! Members whose role does not let them reply: nothing is assigned to them, and they keep nothing (SPEC E27, E31, E34, E39).

use crate::{
    handoff::shown,
    verbs::{assert_problem, begun, change, id, member, verb},
    world::{Person, World},
};
use serde_json::{Value, json};
use std::time::Duration;

const READS: &[&str] = &["projects.read", "conversations.read"];
const REPLIES: &[&str] = &["projects.read", "conversations.read", "conversations.reply"];
/// The most calls that one assignment may take.
const CALLS: usize = 6;

/// The key of a new role.
async fn role(world: &World, admin: &Person, permissions: &[&str]) -> String {
    let body = json!({"name": "Readers", "permissions": permissions});
    let made = world.call_as(admin, ("POST", "/v1/roles"), body, &[]).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["key"].as_str().unwrap().to_owned()
}

async fn allow(world: &World, admin: &Person, role: &str, permissions: &[&str]) {
    let path = format!("/v1/roles/{role}");
    let body = json!({"permissions": permissions});
    let changed = world.call_as(admin, ("PATCH", &path), body, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}

/// SPEC E31, E39.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_assigned_to_a_member_whose_role_does_not_let_them_reply_and_the_wait_says_so() {
    let (mut world, admin, path, _) = begun().await;
    let readers = role(&world, &admin, READS).await;
    let ana = member(&world, &admin, "Ana", json!({"channels": {"slack": 2}})).await;
    change(&world, &admin, &ana, json!({"role": readers})).await;
    verb(&world, &admin, &path, "offer", Value::Null).await;
    world.settle().await;
    let waits = shown(&world, &path).await["case"]["waits_because"].clone();
    assert_eq!(waits["code"], "nobody_may_reply", "{waits}");
    let text = "Nobody who answers on Slack may reply to conversations";
    assert_eq!(waits["text"], text);
    let body = json!({"member_id": id(&ana), "override": true});
    let refused = verb(&world, &admin, &path, "assign", body).await;
    assert_problem(&refused, 409, "cannot-answer");
    assert_eq!(refused.body["obstacle"], "permission");
    let detail = "Ana may not reply to conversations.";
    assert_eq!(refused.body["detail"], detail);

    allow(&world, &admin, &readers, REPLIES).await;
    // The change itself orders the drain: no sweep is needed.
    while world.work_routing().await {}
    let case = shown(&world, &path).await["case"].clone();
    assert_eq!(case["assigned_to"]["id"], id(&ana), "{case}");
    world.assert_desk_agrees().await;
}

/// SPEC E34: at the place of before, whichever way the right is lost.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_has_waits_again_once_the_role_or_a_change_of_it_takes_the_right_to_reply() {
    for by_role in [true, false] {
        let (mut world, admin, path, _) = begun().await;
        let team = role(&world, &admin, REPLIES).await;
        let ana = member(&world, &admin, "Ana", json!({"channels": {"slack": 2}})).await;
        change(&world, &admin, &ana, json!({"role": team})).await;
        let bo = member(&world, &admin, "Bo", json!({"channels": {"slack": 2}})).await;
        let body = json!({"role": team, "extra_permissions": ["conversations.reply"]});
        change(&world, &admin, &bo, body).await;
        verb(&world, &admin, &path, "offer", Value::Null).await;
        world.settle().await;
        let body = json!({"member_id": id(&ana)});
        verb(&world, &admin, &path, "transfer", body).await;
        let before = shown(&world, &path).await["case"].clone();
        assert_eq!(before["assigned_to"]["id"], id(&ana), "{before}");
        if by_role {
            allow(&world, &admin, &team, READS).await;
        } else {
            change(&world, &admin, &ana, json!({"role": null})).await;
        }
        world.clock.advance(Duration::from_mins(2));
        assert!(world.sweep().await);
        world.settle().await;
        // Bo holds the right beside the role.
        let after = shown(&world, &path).await["case"].clone();
        assert_eq!(after["assigned_to"]["id"], id(&bo), "{after}");
        assert_eq!(after["offered_at"], before["offered_at"]);
        assert_eq!(world.rows("REQUEUE"), Vec::new());
        world.assert_desk_agrees().await;
    }
}

/// Issue 13: one call more, for the account's roles.
#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_to_a_member_with_a_role_of_the_accounts_own_takes_at_most_six_calls() {
    let (mut world, admin, _, _) = begun().await;
    let team = role(&world, &admin, REPLIES).await;
    let ana = member(&world, &admin, "Ana", json!({"channels": {"slack": 1}})).await;
    change(&world, &admin, &ana, json!({"role": team})).await;
    world.settle().await;
    world.offers("one", world.demand()).await;
    world.to_db.reset_counts();
    assert!(world.work_routing().await);
    let calls = world.to_db.sequence();
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    assert!(calls.len() <= CALLS, "{calls:?}");

    world.offers("two", world.demand()).await;
    while world.work_routing().await {}
    assert!(world.case("two").await.is_waiting());
    world.releases("one").await;
    world.orders_drain().await;
    world.to_db.reset_counts();
    assert!(world.work_routing().await);
    let calls = world.to_db.sequence();
    assert_eq!(world.holder_of("two").await, Some(ana.member_id));
    assert!(calls.len() <= CALLS, "{calls:?}");
}
