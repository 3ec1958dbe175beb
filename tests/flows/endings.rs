//! Conversations that end from outside of the router, or belong elsewhere: with a person who is erased, a project or a
//! connector that is deleted, and a connector that passes to another client (SPEC C62, C63, E20, E33, E34).

use crate::{
    account_deletion::{self, CONSOLE, NAME, second},
    admin::call,
    erasure::erase,
    outgoing::say,
    world::{SAID, World},
};
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::{
    AccountScope,
    ids::{ClientId, MemberId, ProjectId},
    routing::{demand::Demand, seat::Seat},
    team::client_access::ClientAccess,
};
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// Time after which every order to drain a queue is due again.
const LATER: Duration = Duration::from_mins(16);

/// A place where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Offered,
    Waiting,
    Assigned,
}

const STANDS: [Stands; 3] = [Stands::Offered, Stands::Waiting, Stands::Assigned];

/// A world with a conversation that a member is to answer, a desk with one member, and the person who wrote.
struct Stage {
    world: World,
    member: MemberId,
    person: String,
}

/// The kind of the state of each case.
fn states(world: &World) -> Vec<String> {
    let mut rows = world.rows("CASE");
    rows.retain(|row| row["sk"] == "CASE");
    let kind = |row: &Map<String, Value>| row["state"]["kind"].as_str().unwrap().to_owned();
    rows.iter().map(kind).collect()
}

/// The only open or released case.
fn only_case(world: &World) -> Map<String, Value> {
    let mut rows = world.rows("CASE");
    rows.retain(|row| row["sk"] == "CASE");
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

fn open_connector(world: &World) -> String {
    format!("{}/connectors/{}", world.project_path(), world.open.id)
}

async fn delete_connector(world: &World) {
    let token = world.all_powers().await;
    let path = open_connector(world);
    let (status, answer) = call(world, &token, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 204, "{answer}");
}

/// Passes the open connector to a new client.
async fn pass_on(world: &World) -> ClientId {
    let token = world.all_powers().await;
    let other = json!({"name": "Hooli"});
    let (status, client) = call(world, &token, "POST", "/v1/clients", other).await;
    assert_eq!(status, 201, "{client}");
    let change = json!({"client_id": client["id"]});
    let path = open_connector(world);
    let (status, answer) = call(world, &token, "PATCH", &path, change).await;
    assert_eq!(status, 200, "{answer}");
    client["id"].as_str().unwrap().parse().unwrap()
}

/// Lets the next sweep and its jobs pass.
async fn sweeps(world: &mut World) {
    sweeps_after(world, Duration::from_mins(1)).await;
}

/// Lets a sweep after this time and its jobs pass.
async fn sweeps_after(world: &mut World, time: Duration) {
    world.clock.advance(time);
    assert!(world.sweep().await);
    while world.work_routing().await {}
}

impl Stage {
    async fn set(stands: Stands) -> Self {
        let mut world = World::new().await;
        let token = world.all_powers().await;
        let path = open_connector(&world);
        let team = json!({"handler": "team"});
        let (status, answer) = call(&world, &token, "PATCH", &path, team).await;
        assert_eq!(status, 200, "{answer}");
        let limit = u32::from(stands == Stands::Assigned);
        let member = world.seated("ana", limit).await.member_id;
        let person = world.newcomer("Ada Lovelace");
        say(&world, &person, SAID).await;
        if stands == Stands::Offered {
            while world.work_inbox().await {}
        } else {
            world.settle().await;
        }
        let kind = match stands {
            Stands::Offered => "offered",
            Stands::Waiting => "waiting",
            Stands::Assigned => "assigned",
        };
        assert_eq!(states(&world), [kind]);
        // Rows that follow are younger than all that were written.
        world.clock.advance(Duration::from_secs(1));
        Self {
            world,
            member,
            person,
        }
    }

    /// Asserts that nothing is left of the case, with one sweep.
    async fn assert_ended(mut self, what: &str) {
        let world = &mut self.world;
        for rows in ["CASE", "WAITING#", "ROUTED#"] {
            assert_eq!(world.rows(rows), Vec::new(), "{what}");
        }
        assert_eq!(world.seat(self.member).await.load, 0, "{what}");
        world.assert_desk_agrees().await;
        sweeps_after(world, LATER).await;
        for rows in ["ORDER", "QUEUE#"] {
            assert_eq!(world.rows(rows), Vec::new(), "{what}");
        }
    }
}

/// SPEC C62, E33.
#[tokio::test(flavor = "multi_thread")]
async fn the_case_of_a_conversation_ends_with_the_person_who_is_erased() {
    for stands in STANDS {
        let mut stage = Stage::set(stands).await;
        erase(&stage.world, &stage.person).await;
        stage.world.settle().await;
        stage.assert_ended(&format!("{stands:?}")).await;
    }
}

/// SPEC C62, E33: the worker of the erasure dies.
#[tokio::test(flavor = "multi_thread")]
async fn the_erasure_of_a_person_that_dies_at_any_call_ends_the_case_once() {
    for stands in [Stands::Waiting, Stands::Assigned] {
        for class in ["DynamoDB.GetItem", "DynamoDB.TransactWriteItems"] {
            for fault in [Fault::KillBefore, Fault::KillAfter] {
                for occurrence in [1, 2] {
                    let mut stage = Stage::set(stands).await;
                    let world = &mut stage.world;
                    erase(world, &stage.person).await;
                    world.restart();
                    world.count_from_here();
                    let rule = Rule::new(class, fault.clone()).from_call(occurrence);
                    world.to_db.inject(rule);
                    while world.work_onboarding().await {}
                    world.to_db.clear();
                    world.settle().await;
                    let what = format!("{stands:?}: {fault:?} at {class} {occurrence}");
                    stage.assert_ended(&what).await;
                }
            }
        }
    }
}

/// SPEC C62, E33: whichever of the two is written last finds the other's work.
#[tokio::test(flavor = "multi_thread")]
async fn the_case_of_an_erased_person_ends_while_it_is_assigned() {
    for late in [1, 2, 3] {
        let mut stage = Stage::set(Stands::Waiting).await;
        let world = &mut stage.world;
        let has_room = |seat: &mut Seat| seat.limit = Some(1);
        world.change_seat(stage.member, has_room).await;
        world.orders_drain().await;
        erase(world, &stage.person).await;
        world.count_from_here();
        let slow = Fault::Delay(Duration::from_millis(400));
        let rule = Rule::new("DynamoDB.TransactWriteItems", slow).from_call(late);
        world.to_db.inject(rule);
        let routed = world.work_on("routing.fifo");
        assert!(world.work_onboarding_during(routed).await);
        world.to_db.clear();
        world.settle().await;
        stage.assert_ended(&format!("{late}")).await;
    }
}

/// SPEC E33: a number that is wrong already does not keep an erasure from its end.
#[tokio::test(flavor = "multi_thread")]
async fn the_case_of_an_erased_person_ends_where_its_seat_or_its_queue_is_gone() {
    for stands in [Stands::Waiting, Stands::Assigned] {
        let mut stage = Stage::set(stands).await;
        let world = &mut stage.world;
        let counted = match stands {
            Stands::Assigned => "SEAT#",
            Stands::Offered | Stands::Waiting => "QUEUE#",
        };
        for row in world.rows(counted) {
            let (pk, sk) = (row["pk"].as_str().unwrap(), row["sk"].as_str().unwrap());
            world.db.delete_raw(pk, sk).unwrap();
        }
        erase(world, &stage.person).await;
        world.settle().await;
        world.seated("ana", 0).await;
        stage.assert_ended(&format!("{stands:?}")).await;
    }
}

async fn delete_project(world: &World) {
    let token = world.all_powers().await;
    let name = json!({"name": "Concierge"});
    let (status, answer) = call(world, &token, "DELETE", &world.project_path(), name).await;
    assert_eq!(status, 202, "{answer}");
}

/// SPEC C63, E33.
#[tokio::test(flavor = "multi_thread")]
async fn the_open_cases_of_a_deleted_project_end_with_its_first_job() {
    for stands in STANDS {
        let mut stage = Stage::set(stands).await;
        let world = &mut stage.world;
        delete_project(world).await;
        while world.work_onboarding().await {}
        assert_eq!(states(world), Vec::<String>::new(), "{stands:?}");
        world.assert_desk_agrees().await;
        world.settle().await;
        assert_eq!(world.rows("CONVERSATION"), Vec::new(), "{stands:?}");
        stage.assert_ended(&format!("{stands:?}")).await;
    }
}

/// SPEC C63, E33: page by page.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_project_leaves_none_of_many_cases_and_another_projects_stay() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 10).await.member_id;
    for number in 0..45 {
        world.offers(&format!("d{number}"), world.demand()).await;
    }
    while world.work_routing().await {}
    let own = world.scope;
    world.scope = own.account().project(ProjectId::derive(&["other"]));
    world.offers("elsewhere", world.demand()).await;
    while world.work_routing().await {}
    world.scope = own;
    assert_eq!(world.seat(ana).await.load, 10);
    assert_eq!(world.rows("WAITING#").len(), 36);
    delete_project(&world).await;
    world.settle().await;
    let mut rows = world.db.items().unwrap();
    rows.retain(|row| {
        row["pk"]
            .as_str()
            .unwrap()
            .contains(&own.project_id().to_string())
    });
    rows.retain(|row| row["sk"] == "CASE");
    assert_eq!(rows, Vec::new());
    sweeps_after(&mut world, LATER).await;
    world.scope = own.account().project(ProjectId::derive(&["other"]));
    assert_eq!(world.holder_of("elsewhere").await, Some(ana));
    world.assert_desk_agrees().await;
    assert_eq!(world.rows("ORDER"), Vec::new());
}

/// SPEC C63, E33: the worker of the erasure dies.
#[tokio::test(flavor = "multi_thread")]
async fn the_deletion_of_a_project_that_dies_at_any_call_ends_the_case_once() {
    for stands in [Stands::Waiting, Stands::Assigned] {
        for class in ["DynamoDB.Query", "DynamoDB.TransactWriteItems"] {
            for fault in [Fault::KillBefore, Fault::KillAfter] {
                let mut stage = Stage::set(stands).await;
                let world = &mut stage.world;
                delete_project(world).await;
                world.restart();
                world.count_from_here();
                world.to_db.inject(Rule::new(class, fault.clone()));
                while world.work_onboarding().await {}
                let what = format!("{stands:?}: {fault:?} at {class}");
                assert!(world.has_struck(), "{what}");
                world.to_db.clear();
                world.settle().await;
                stage.assert_ended(&what).await;
            }
        }
    }
}

/// SPEC C63, E33.
#[tokio::test(flavor = "multi_thread")]
async fn the_case_of_a_deleted_project_ends_while_it_is_assigned() {
    for late in [1, 2] {
        let mut stage = Stage::set(Stands::Waiting).await;
        let world = &mut stage.world;
        let has_room = |seat: &mut Seat| seat.limit = Some(1);
        world.change_seat(stage.member, has_room).await;
        world.orders_drain().await;
        delete_project(world).await;
        world.count_from_here();
        let slow = Fault::Delay(Duration::from_millis(400));
        let rule = Rule::new("DynamoDB.TransactWriteItems", slow).from_call(late);
        world.to_db.inject(rule);
        let routed = world.work_on("routing.fifo");
        assert!(world.work_onboarding_during(routed).await);
        world.to_db.clear();
        world.settle().await;
        stage.assert_ended(&format!("{late}")).await;
    }
}

/// Asserts that the only case was released by a sweep, that nobody has it, and that the order about it ends.
async fn assert_released(world: &mut World, member: MemberId, what: &str) {
    let case = only_case(world);
    assert_eq!(case["state"]["kind"], "released", "{what}");
    let mut lines = world.rows("ROUTED#");
    lines.retain(|line| line["verb"] == "release");
    assert_eq!(lines.len(), 1, "{what}: {lines:?}");
    assert_eq!(lines[0]["note"], "The connector was deleted");
    assert_eq!(lines[0]["by"]["id"], "system");
    assert_eq!(world.seat(member).await.load, 0, "{what}");
    world.settle().await;
    sweeps_after(world, LATER).await;
    for rows in ["WAITING#", "ORDER", "QUEUE#", "REHOME#"] {
        assert_eq!(world.rows(rows), Vec::new(), "{what}");
    }
}

/// SPEC E33: nobody can answer them any more.
#[tokio::test(flavor = "multi_thread")]
async fn the_conversations_of_a_deleted_connector_are_released_by_the_next_sweep() {
    for stands in STANDS {
        let mut stage = Stage::set(stands).await;
        let world = &mut stage.world;
        delete_connector(world).await;
        sweeps(world).await;
        assert_released(world, stage.member, &format!("{stands:?}")).await;
    }
}

/// SPEC E20, E33, E34: who answers the other client keeps it.
#[tokio::test(flavor = "multi_thread")]
async fn the_conversations_of_a_connector_that_passes_to_another_client_wait_for_it_or_stay() {
    for stands in STANDS {
        let mut stage = Stage::set(stands).await;
        let world = &mut stage.world;
        let offered_at = only_case(world)["offered_at"].clone();
        let hooli = pass_on(world).await;
        sweeps(world).await;
        let case = only_case(world);
        assert_eq!(case["demand"]["client_id"], hooli.to_string(), "{stands:?}");
        assert_eq!(case["offered_at"], offered_at);
        let kind = match stands {
            Stands::Offered | Stands::Waiting => "waiting",
            Stands::Assigned => "assigned",
        };
        assert_eq!(case["state"]["kind"], kind);
        world.assert_desk_agrees().await;
        world.settle().await;
        assert_eq!(world.rows("REHOME#"), Vec::new());
        let mut queues = world.rows("QUEUE#");
        queues.retain(|queue| queue["waiting"] != 0);
        for queue in queues {
            assert_eq!(queue["demand"]["client_id"], hooli.to_string());
        }
        // Whoever answers the other client only has it next.
        let hoolis = |seat: &mut Seat| {
            seat.limit = Some(1);
            seat.clients = ClientAccess::Only([hooli].into());
        };
        world.change_seat(stage.member, hoolis).await;
        world.orders_drain().await;
        while world.work_routing().await {}
        assert_eq!(states(world), ["assigned"]);
        assert_eq!(world.seat(stage.member).await.load, 1);
        world.assert_desk_agrees().await;
    }
}

/// SPEC E20, E34: with the time of the first offer.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_does_not_answer_the_other_client_loses_the_connectors_conversation_to_its_queue()
 {
    let mut stage = Stage::set(Stands::Assigned).await;
    let world = &mut stage.world;
    let first = world.open.client_id;
    let of_first = |seat: &mut Seat| seat.clients = ClientAccess::Only([first].into());
    world.change_seat(stage.member, of_first).await;
    let offered_at = only_case(world)["offered_at"].clone();
    let hooli = pass_on(world).await;
    sweeps(world).await;
    let case = only_case(world);
    assert_eq!(case["state"]["kind"], "waiting");
    assert_eq!(case["demand"]["client_id"], hooli.to_string());
    assert_eq!(case["offered_at"], offered_at);
    assert_eq!(world.seat(stage.member).await.load, 0);
    world.assert_desk_agrees().await;
    let ben = world.seated("ben", 0).await.member_id;
    let has_room = |seat: &mut Seat| {
        seat.limit = Some(1);
        seat.clients = ClientAccess::Only([hooli].into());
    };
    world.change_seat(ben, has_room).await;
    world.orders_drain().await;
    while world.work_routing().await {}
    assert_eq!(world.seat(ben).await.load, 1);
}

/// SPEC E33: in parts, page by page; another connector's conversations stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_connector_leaves_none_of_many_conversations_and_takes_no_others() {
    let mut world = World::new().await;
    let demand = world.demand();
    let member = world.seated("ana", 5).await.member_id;
    for number in 0..105 {
        offer_quietly(&mut world, &format!("d{number}"), &demand).await;
    }
    std::mem::swap(&mut world.open, &mut world.connector);
    offer_quietly(&mut world, "elsewhere", &demand).await;
    std::mem::swap(&mut world.open, &mut world.connector);
    assert_eq!(world.seat(member).await.load, 5);
    assert_eq!(world.rows("WAITING#").len(), 101);
    delete_connector(&world).await;
    sweeps(&mut world).await;
    let open = states(&world).into_iter();
    assert_eq!(open.filter(|kind| kind != "released").count(), 1);
    assert_eq!(world.holder_of("elsewhere").await, Some(member));
    world.assert_desk_agrees().await;
}

/// Lets a conversation ask for a member, a millisecond after the one before.
async fn offer_quietly(world: &mut World, name: &str, demand: &Demand) {
    world.clock.advance(Duration::from_millis(1));
    world.offers(name, demand.clone()).await;
    while world.work_routing().await {}
}

/// SPEC E33: what was made by what was read of the connector before.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_is_offered_just_after_its_connector_is_gone_is_released_as_well() {
    let mut world = World::new().await;
    let demand = world.demand();
    delete_connector(&world).await;
    sweeps(&mut world).await;
    assert_eq!(world.rows("REHOME#").len(), 1);
    let member = world.seated("ana", 1).await.member_id;
    world.offers("late", demand).await;
    while world.work_routing().await {}
    assert_eq!(world.holder_of("late").await, Some(member));
    world.settle().await;
    assert_released(&mut world, member, "late").await;
}

/// SPEC E33, E34: the router dies, or its changes meet others.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_the_job_of_a_connector_its_conversation_ends_once() {
    for stands in [Stands::Waiting, Stands::Assigned] {
        for class in [
            "DynamoDB.Query",
            "DynamoDB.TransactWriteItems",
            "DynamoDB.UpdateItem",
        ] {
            for fault in [
                Fault::KillBefore,
                Fault::KillAfter,
                Fault::TransactionConflict,
            ] {
                if fault == Fault::TransactionConflict && class == "DynamoDB.Query" {
                    continue;
                }
                let mut stage = Stage::set(stands).await;
                let world = &mut stage.world;
                delete_connector(world).await;
                world.clock.advance(Duration::from_mins(1));
                assert!(world.sweep().await);
                world.restart();
                world.count_from_here();
                world.to_db.inject(Rule::new(class, fault.clone()));
                while world.work_routing().await {}
                let what = format!("{stands:?}: {fault:?} at {class}");
                assert!(world.has_struck(), "{what}");
                world.to_db.clear();
                world.settle().await;
                assert_released(world, stage.member, &what).await;
            }
        }
    }
}

/// SPEC E33: the one of the two that is written last finds the other's work.
#[tokio::test(flavor = "multi_thread")]
async fn the_conversation_of_a_deleted_connector_is_released_while_it_is_assigned() {
    let mut stage = Stage::set(Stands::Waiting).await;
    let world = &mut stage.world;
    let has_room = |seat: &mut Seat| seat.limit = Some(1);
    world.change_seat(stage.member, has_room).await;
    delete_connector(world).await;
    world.clock.advance(Duration::from_mins(1));
    assert!(world.sweep().await);
    world.orders_drain().await;
    let bodies: Vec<String> = world
        .aws
        .messages("routing.fifo")
        .into_iter()
        .map(|message| message.body)
        .collect();
    assert!(bodies.len() >= 2, "{bodies:?}");
    let deps = &world.functions.routing;
    let all = bodies
        .iter()
        .map(|body| worker_routing::handle(deps, body, 1));
    join_all(all).await;
    world.settle().await;
    assert_released(world, stage.member, "at once").await;
}

/// The rows that routing keeps in an account.
fn of_routing(world: &World, account: &str) -> Vec<Map<String, Value>> {
    let own = format!("ACCOUNT#{account}#");
    let mut rows = world.db.items().unwrap();
    rows.retain(|row| {
        let (pk, sk) = (row["pk"].as_str().unwrap(), row["sk"].as_str().unwrap());
        let kinds = ["DESK#", "QUEUE#", "HELD#", "REQUEUE#"];
        let rest = pk.strip_prefix(&own);
        rest.is_some_and(|rest| kinds.iter().any(|kind| rest.starts_with(kind)) || sk == "CASE")
    });
    rows
}

/// SPEC D34, E33: whatever is under way while the account ends with the last of its projects.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_routing_is_left_of_an_account_that_ends_with_open_cases() {
    let mut world = World::new().await;
    let (mut admin, account) = second(&world).await;
    let project = json!({"name": "Support"});
    let made = admin.post(&world, "/v1/projects", project.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap().to_owned();
    let scope = AccountScope::of_verified(account.parse().unwrap());
    let home = world.scope;
    world.scope = scope.project(id.parse().unwrap());
    let member = world.seated("ana", 1).await.member_id;
    for name in ["assigned", "waiting"] {
        world.offers(name, world.demand()).await;
        while world.work_routing().await {}
    }
    world.offers("offered", world.demand()).await;
    world.orders_requeue(member).await;
    assert_eq!(states(&world).len(), 3);
    let path = format!("/v1/projects/{id}");
    let seen = admin
        .call(&world, ("DELETE", &path), project, CONSOLE)
        .await;
    assert_eq!(seen.status, 202, "{}", seen.body);
    let seen = account_deletion::delete(&world, &mut admin, NAME).await;
    assert_eq!((seen.status, &seen.body), (200, &json!({"done": true})));
    while world.work_routing().await {}
    world.settle().await;
    sweeps_after(&mut world, LATER).await;
    assert_eq!(of_routing(&world, &account), Vec::new());
    world.scope = home;
}
