//! Conversations that end from outside of the router: with a person who is erased or a project that is deleted (SPEC C62,
//! C63, E33).

use crate::{
    admin::call,
    erasure::erase,
    outgoing::say,
    world::{SAID, World},
};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::{
    ids::{MemberId, ProjectId},
    routing::seat::Seat,
};
use vestibule_testkit::fault_proxy::{Fault, Rule};

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

impl Stage {
    async fn set(stands: Stands) -> Self {
        let mut world = World::new().await;
        let token = world.all_powers().await;
        let path = format!("{}/connectors/{}", world.project_path(), world.open.id);
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
        Self {
            world,
            member,
            person,
        }
    }

    /// Asserts that nothing is left of the case, with one sweep.
    async fn assert_ended(mut self, what: &str) {
        let world = &mut self.world;
        for rows in ["CASE", "WAITING#"] {
            assert_eq!(world.rows(rows), Vec::new(), "{what}");
        }
        assert_eq!(world.seat(self.member).await.load, 0, "{what}");
        world.assert_desk_agrees().await;
        world.clock.advance(Duration::from_mins(1));
        assert!(world.sweep().await, "{what}");
        world.work_all().await;
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
    world.clock.advance(Duration::from_mins(1));
    assert!(world.sweep().await);
    world.work_all().await;
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
