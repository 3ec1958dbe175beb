//! Changes of members through the API, as triggers of the router (SPEC E22–E26, E34), and teams that handoffs name (E36).

use crate::{
    handoff::{hand_off, only_conversation},
    outgoing::talking,
    world::{Person, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    ids::{ConversationId, TeamId},
    ports::NamedTeam,
    routing::demand::Demand,
};

/// Calls the API as a super admin.
async fn call(world: &World, admin: &Person, route: (&str, &str), body: Value) -> Value {
    let answer = world.call_as(admin, route, body, &[]).await;
    assert!(
        matches!(answer.status, 200 | 201 | 204),
        "{route:?}: {}",
        answer.body
    );
    answer.body
}

/// A new agent who has one conversation at a time by Slack.
async fn agent(world: &World, admin: &Person) -> Person {
    let agent = world.person("agent").await;
    change(
        world,
        admin,
        &agent,
        json!({"work": {"channels": {"slack": 1}}}),
    )
    .await;
    agent
}

async fn change(world: &World, admin: &Person, agent: &Person, body: Value) {
    let path = format!("/v1/members/{}", agent.member_id);
    call(world, admin, ("PATCH", &path), body).await;
}

async fn team(world: &World, admin: &Person, name: &str) -> TeamId {
    let made = call(world, admin, ("POST", "/v1/teams"), json!({"name": name})).await;
    made["id"].as_str().unwrap().parse().unwrap()
}

/// A change of a member: method, path under the member, body.
type Call = (&'static str, &'static str, Value);

/// SPEC E22–E26: each of them alone.
#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_a_member_that_makes_room_assigns_a_waiting_conversation_within_one_job() {
    let mut world = World::new().await;
    let admin = world.person("super_admin").await;
    let ana = agent(&world, &admin).await;
    while world.work_routing().await {}
    let other = call(
        &world,
        &admin,
        ("POST", "/v1/clients"),
        json!({"name": "Other"}),
    )
    .await;
    let sales = team(&world, &admin, "Sales").await;
    let plain = world.demand();
    let of_sales = Demand {
        team_id: Some(sales),
        ..plain.clone()
    };
    let patch = |body: Value| -> Call { ("PATCH", "", body) };
    let available = |body: Value| -> Call { ("PUT", "/availability", body) };
    let cases: [(&str, Demand, Call, Call); 7] = [
        (
            "a raised limit",
            plain.clone(),
            patch(json!({"work": {"channels": {"slack": 0}}})),
            patch(json!({"work": {"channels": {"slack": 1}}})),
        ),
        (
            "a channel",
            plain.clone(),
            patch(json!({"work": {"channels": {}}})),
            patch(json!({"work": {"channels": {"slack": 1}}})),
        ),
        (
            "a client",
            plain.clone(),
            patch(json!({"clients": [other["id"]]})),
            patch(json!({"clients": "all"})),
        ),
        (
            "a team",
            of_sales,
            patch(json!({"work": {"teams": []}})),
            patch(json!({"work": {"teams": [sales]}})),
        ),
        (
            "activation",
            plain.clone(),
            ("POST", "/suspend", Value::Null),
            ("POST", "/reinstate", Value::Null),
        ),
        (
            "back to available",
            plain.clone(),
            available(json!({"state": "away"})),
            available(json!({"state": "available"})),
        ),
        (
            "the end of a pause",
            plain,
            available(json!({"state": "available", "paused": ["slack"]})),
            available(json!({"state": "available"})),
        ),
    ];
    for (name, demand, closes, opens) in cases {
        let of_ana = |rest: &str| format!("/v1/members/{}{rest}", ana.member_id);
        let (method, rest, body) = closes;
        call(&world, &admin, (method, &of_ana(rest)), body).await;
        world.clock.advance(Duration::from_secs(1));
        world.offers(name, demand).await;
        while world.work_routing().await {}
        assert!(world.case(name).await.is_waiting(), "{name}");
        let (method, rest, body) = opens;
        call(&world, &admin, (method, &of_ana(rest)), body).await;
        assert_eq!(world.aws.messages("routing.fifo").len(), 1, "{name}");
        assert!(world.work_routing().await);
        assert_eq!(world.holder_of(name).await, Some(ana.member_id), "{name}");
        world.releases(name).await;
    }
    world.assert_desk_agrees().await;
}

/// SPEC E34: they wait with their original time, and others take them.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_suspended_or_removed_or_loses_a_channel_loses_the_conversations_to_others() {
    for (method, rest, body) in [
        ("POST", "/suspend", Value::Null),
        ("POST", "/remove", Value::Null),
        ("PATCH", "", json!({"work": {"channels": {}}})),
    ] {
        let mut world = World::new().await;
        let admin = world.person("super_admin").await;
        let ana = agent(&world, &admin).await;
        world.offers("one", world.demand()).await;
        while world.work_routing().await {}
        let offered_at = world.case("one").await.offered_at;
        assert_eq!(world.holder_of("one").await, Some(ana.member_id));
        let ben = agent(&world, &admin).await;
        world.clock.advance(Duration::from_secs(1));
        let path = format!("/v1/members/{}{rest}", ana.member_id);
        call(&world, &admin, (method, &path), body).await;
        while world.work_routing().await {}
        let case = world.case("one").await;
        assert_eq!(case.member_id(), Some(ben.member_id), "{path}");
        assert_eq!(case.offered_at, offered_at);
        assert_eq!(world.rows("REQUEUE"), Vec::new());
        world.assert_desk_agrees().await;
    }
}

/// SPEC E34: the job of the change is lost.
#[tokio::test(flavor = "multi_thread")]
async fn the_order_to_requeue_stands_until_it_is_done() {
    let mut world = World::new().await;
    let admin = world.person("super_admin").await;
    let ana = agent(&world, &admin).await;
    world.offers("one", world.demand()).await;
    while world.work_routing().await {}
    let path = format!("/v1/members/{}/suspend", ana.member_id);
    call(&world, &admin, ("POST", &path), Value::Null).await;
    let lost = world.aws.take_batch("routing.fifo", 10).unwrap();
    world.aws.finish_batch(&lost, Some(&json!({})));
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    for _ in 0..2 {
        world.clock.advance(Duration::from_mins(1));
        assert!(world.sweep().await);
        while world.work_routing().await {}
    }
    assert!(world.case("one").await.is_waiting());
    assert_eq!(world.rows("REQUEUE"), Vec::new());
}

/// SPEC E36: the team is found when the conversation asks for a member.
#[tokio::test(flavor = "multi_thread")]
async fn a_handoff_names_a_team_however_its_letters_are_written_or_a_team_that_is_not_there() {
    let (world, ada) = talking(1).await;
    let admin = world.person("super_admin").await;
    let query = format!("?chat_user_id={}", world.chat_user_id(&ada));
    let path = only_conversation(&world, &query).await;
    let id: ConversationId = path.rsplit('/').next().unwrap().parse().unwrap();
    let offers = &world.functions.routing.offers;
    let client_id = world.open.client_id;
    let named = async || {
        let terms = offers.terms(world.scope, id, client_id).await;
        terms.unwrap().team
    };
    assert_eq!(named().await, NamedTeam::None);
    let sales = team(&world, &admin, "Sales").await;
    hand_off(&world, &path, json!({"team": "SALES"})).await;
    assert_eq!(named().await, NamedTeam::Known(sales));
    let team = format!("/v1/teams/{sales}");
    call(&world, &admin, ("DELETE", &team), Value::Null).await;
    assert_eq!(named().await, NamedTeam::Unknown("SALES".to_owned()));
}
