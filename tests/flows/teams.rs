//! Teams (SPEC E12, E35): created or found by name, renamed, deleted.

use crate::{
    sign_in::audited,
    world::{Answer, Person, World},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use vestibule_domain::{AccountScope, ids::AccountId};

async fn post(world: &World, person: &Person, name: &str) -> Answer {
    let body = json!({"name": name});
    world
        .call_as(person, ("POST", "/v1/teams"), body, &[])
        .await
}

async fn to_team(world: &World, person: &Person, method: &str, id: &str, body: Value) -> Answer {
    let path = format!("/v1/teams/{id}");
    world.call_as(person, (method, &path), body, &[]).await
}

async fn names(world: &World, person: &Person) -> Vec<String> {
    let listed = world
        .call_as(person, ("GET", "/v1/teams"), Value::Null, &[])
        .await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let items = listed.body["items"].as_array().unwrap();
    let name = |team: &Value| team["name"].as_str().unwrap().to_owned();
    items.iter().map(name).collect()
}

fn id_of(answer: &Answer) -> String {
    answer.body["id"].as_str().unwrap().to_owned()
}

/// SPEC E12: equal names, ignoring case, are the existing team.
#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_created_once_whatever_the_case_of_its_name_and_whoever_asks() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let spellings = ["Night shift", "NIGHT SHIFT", "night shift", "Night  Shift"];
    let made = join_all(spellings.map(|name| post(&world, &admin, name))).await;
    let first = id_of(&made[0]);
    let mut created = 0;
    for answer in &made {
        assert!(matches!(answer.status, 200 | 201), "{}", answer.body);
        assert_eq!(id_of(answer), first);
        created += usize::from(answer.status == 201);
    }
    assert_eq!((created, audited(&world, "team.created")), (1, 1));
    assert_eq!(post(&world, &admin, "Day shift").await.status, 201);
    let listed = names(&world, &admin).await;
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0], "Day shift");
    let read = to_team(&world, &admin, "GET", &first, Value::Null).await;
    assert_eq!(read.headers["etag"], "\"1\"", "{}", read.body);
    let long = "x".repeat(101);
    for wrong in ["", " ", long.as_str()] {
        let refused = post(&world, &admin, wrong).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["field"], "name");
    }
}

/// SPEC E12.
#[tokio::test(flavor = "multi_thread")]
async fn a_team_takes_no_name_of_another_one_and_leaves_its_own_when_it_is_renamed() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let night = id_of(&post(&world, &admin, "Night shift").await);
    let day = id_of(&post(&world, &admin, "Day shift").await);
    let rename = async |id: &str, name: &str| {
        let body = json!({"name": name});
        to_team(&world, &admin, "PATCH", id, body).await
    };
    let refused = rename(&night, "DAY shift").await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(
        refused.body["errors"],
        json!([{"field": "name", "rule": "is the name of another team"}])
    );
    // Another spelling of its own name is no other name.
    let respelled = rename(&night, "Night Shift").await;
    assert_eq!(respelled.status, 200, "{}", respelled.body);
    let renamed = rename(&night, "Late shift").await;
    assert_eq!(renamed.body["name"], "Late shift", "{}", renamed.body);
    assert_eq!(renamed.headers["etag"], "\"3\"");
    let found = post(&world, &admin, "late SHIFT").await;
    assert_eq!((found.status, id_of(&found)), (200, night.clone()));
    let other = post(&world, &admin, "Night shift").await;
    assert_eq!(other.status, 201, "{}", other.body);
    assert_ne!(id_of(&other), night);
    assert_eq!(id_of(&post(&world, &admin, "Day shift").await), day);
    assert_eq!(audited(&world, "team.updated"), 2);
}

/// SPEC E35.
#[tokio::test(flavor = "multi_thread")]
async fn a_team_with_members_is_not_deleted_and_an_empty_one_frees_its_name() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let agent = world.person("agent").await;
    let team = id_of(&post(&world, &admin, "Night shift").await);
    let member = format!("/v1/members/{}", agent.member_id);
    let with_teams = async |teams: Value| {
        let body = json!({"work": {"teams": teams}});
        let changed = world.call_as(&admin, ("PATCH", &member), body, &[]).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    };
    with_teams(json!([team])).await;
    let of_team = format!("/v1/members?team_id={team}");
    let listed = world
        .call_as(&admin, ("GET", &of_team), Value::Null, &[])
        .await;
    let items = listed.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{}", listed.body);
    assert_eq!(items[0]["id"], agent.member_id.to_string());
    let refused = to_team(&world, &admin, "DELETE", &team, Value::Null).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/team-in-use");
    let named = json!([{"id": agent.member_id, "name": "Grace Hopper"}]);
    assert_eq!(refused.body["members"], named);
    with_teams(json!([])).await;
    let deleted = to_team(&world, &admin, "DELETE", &team, Value::Null).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    let gone = to_team(&world, &admin, "GET", &team, Value::Null).await;
    assert_eq!(gone.status, 404, "{}", gone.body);
    let again = post(&world, &admin, "night shift").await;
    assert_eq!(again.status, 201, "{}", again.body);
    assert_ne!(id_of(&again), team);
    assert_eq!(audited(&world, "team.deleted"), 1);
}

/// SPEC M03.
#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_known_in_its_account_only_and_an_agent_may_read_it() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let agent = world.person("agent").await;
    let team = id_of(&post(&world, &admin, "Night shift").await);
    assert_eq!(names(&world, &agent).await, ["Night shift"]);
    let refused = post(&world, &agent, "Night shift").await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let account = AccountScope::of_verified(AccountId::derive(&["other"]));
    let stranger = world.person_in(account, "super_admin").await;
    let account = account.account_id().to_string();
    let there = [("vestibule-account", account.as_str())];
    let path = format!("/v1/teams/{team}");
    for (method, body) in [
        ("GET", Value::Null),
        ("PATCH", json!({"name": "Mine"})),
        ("DELETE", Value::Null),
    ] {
        let answer = world.call_as(&stranger, (method, &path), body, &there);
        assert_eq!(answer.await.status, 404, "{method}");
    }
    let body = json!({"name": "Night shift"});
    let own = world.call_as(&stranger, ("POST", "/v1/teams"), body, &there);
    let own = own.await;
    assert_eq!(own.status, 201, "{}", own.body);
    let body = json!({"work": {"teams": [team]}});
    let member = format!("/v1/members/{}", stranger.member_id);
    let refused = world.call_as(&stranger, ("PATCH", &member), body, &there);
    let refused = refused.await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["field"], "work.teams");
}
