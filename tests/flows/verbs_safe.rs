//! Verbs of routing over the API that are cut off, repeated or met by others (SPEC E32, E33, E36).

use crate::{
    connector_setup::audited,
    handoff::{hand_off, shown},
    verbs::{begun, case, keyed, member},
};
use serde_json::{Value, json};
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// SPEC E32, E36: an offer and its handoff are one write, so that the agent never answers what a member has.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_dies_has_offered_and_handed_off_or_done_neither() {
    for (fault, is_made) in [(Fault::KillBefore, false), (Fault::KillAfter, true)] {
        let (mut world, _, path, _) = begun().await;
        let token = world.all_powers().await;
        let address = format!("{path}/offer");
        world.count_from_here();
        let rule = Rule::new("DynamoDB.TransactWriteItems", fault);
        world.to_db.inject(rule.from_call(1));
        let route = ("POST", address.as_str());
        let answer = world.try_call(&token, route, Value::Null, &[]).await;
        assert!(answer.is_none(), "{answer:?}");
        for proxy in world.proxies() {
            proxy.clear();
        }
        let found = shown(&world, &path).await;
        assert_eq!(found["handoff"].is_object(), is_made, "{found}");
        assert_eq!(found["case"].is_object(), is_made, "{found}");
        let expected = usize::from(is_made);
        for event in ["conversation.offered", "conversation.handed_off"] {
            assert_eq!(audited(&world, event).len(), expected, "{event}");
        }
        world.settle().await;
        world.assert_desk_agrees().await;
    }
}

/// SPEC E32: one that was released stays handed off, and an offer of it hands nothing off.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_what_is_handed_off_keeps_the_handoff_and_its_repetition_changes_nothing() {
    let (mut world, admin, path, _) = begun().await;
    let offer = (path.as_str(), "offer");
    let once = [("idempotency-key", "k1")];
    let first = keyed(&world, &admin, offer, Value::Null, &once).await;
    assert_eq!(case(&first)["state"], "offered");
    assert_eq!(first.body["state"], "handed_off");
    world.settle().await;
    let release = (path.as_str(), "release");
    case(&keyed(&world, &admin, release, Value::Null, &[]).await);
    let second = keyed(&world, &admin, offer, Value::Null, &[]).await;
    assert_eq!(case(&second)["state"], "offered");
    assert_eq!(second.body["handoff"], first.body["handoff"]);
    let again = keyed(&world, &admin, offer, Value::Null, &once).await;
    assert!(again.headers.contains_key("idempotency-replayed"));
    assert_eq!(again.body["case"], second.body["case"]);
    assert_eq!(audited(&world, "conversation.offered").len(), 2);
    assert_eq!(audited(&world, "conversation.handed_off").len(), 1);
    world.settle().await;
    world.assert_desk_agrees().await;
}

/// SPEC E36: whether it is assigned at once or waits, and once.
#[tokio::test(flavor = "multi_thread")]
async fn the_thread_says_that_a_team_which_a_handoff_names_is_not_there() {
    for has_room in [true, false] {
        let (mut world, admin, path, _) = begun().await;
        if has_room {
            member(&world, &admin, "Ana", json!({"channels": {"slack": 1}})).await;
        }
        hand_off(&world, &path, json!({"team": "Nowhere"})).await;
        world.settle().await;
        let state = shown(&world, &path).await["case"]["state"].clone();
        assert_eq!(state == "assigned", has_room, "{state}");
        let lines = shown(&world, &format!("{path}/routing")).await;
        let lines = lines["items"].as_array().unwrap();
        let notes: Vec<_> = lines
            .iter()
            .filter_map(|line| line["note"].as_str())
            .collect();
        assert_eq!(notes, ["No team has the name Nowhere"]);
        let told = lines.iter().filter(|line| line["verb"] == "offer");
        assert_eq!(told.count(), 1, "{lines:?}");
        world.assert_desk_agrees().await;
    }
}
