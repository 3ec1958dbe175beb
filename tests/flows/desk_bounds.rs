//! Bounds of a desk, whatever its agents ask for: queues, their drains, their counts, and seats (issue 13; SPEC E33, E39).

use crate::{
    routing_model::stage::{Stage, by, conversation, demand, desk, done, project, seat},
    world::World,
};
use vestibule_domain::{
    account::actor::Actor,
    ports::{RoutedBy, RoutingStore},
    routing::{
        bounds::UNSUITED_QUEUES_MAX,
        demand::{Demand, Skill},
        routed::Verb,
    },
};

const SLACK: &str = "slack";

/// The same demand, for this skill.
fn skilled(demand: Demand, skill: &str) -> Demand {
    Demand {
        skills: Skill::new(skill).into_iter().collect(),
        ..demand
    }
}

/// The name of what an agent made up.
fn made_up(number: usize) -> String {
    format!("made up {number}")
}

/// SPEC E33, E39: the conversations wait where somebody can take them, and the skills of members keep their queues.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_makes_up_a_skill_for_each_conversation_fills_no_desk_and_none_of_them_is_lost()
 {
    let mut world = World::new().await;
    let ana = world.seated("ana", 0).await.member_id;
    let german = Skill::new("German").unwrap();
    world
        .change_seat(ana, |seat| seat.skills = [german].into())
        .await;
    for number in 0..UNSUITED_QUEUES_MAX + 2 {
        let name = made_up(number);
        world.offers(&name, skilled(world.demand(), &name)).await;
        while world.work_routing().await {}
    }
    world
        .offers("hallo", skilled(world.demand(), "german"))
        .await;
    while world.work_routing().await {}
    let queues = world.queues().await;
    // Those of the first ones, that of members who speak German, and that of all others.
    assert_eq!(queues.len(), UNSUITED_QUEUES_MAX + 2);
    let plain = queues.iter().find(|queue| queue.demand == world.demand());
    assert_eq!(plain.unwrap().waiting, 2);
    let last = made_up(UNSUITED_QUEUES_MAX + 1);
    assert_eq!(world.case(&last).await.demand, world.demand());
    let note = world.lines(&last).await.pop().unwrap().note.unwrap();
    assert!(note.ends_with(&last), "{note}");
    assert_eq!(world.lines_of(&made_up(0), Verb::Requeue).await, 0);
    world.assert_desk_agrees().await;
    world.change_seat(ana, |seat| seat.limit = Some(9)).await;
    world.orders_drain().await;
    while world.work_routing().await {}
    let over = made_up(UNSUITED_QUEUES_MAX);
    for name in ["hallo", over.as_str(), last.as_str()] {
        assert_eq!(world.holder_of(name).await, Some(ana), "{name}");
    }
    assert!(world.case(&made_up(0)).await.is_waiting());
    world.assert_desk_agrees().await;
}

/// SPEC E34: neither a requeue nor a transfer makes more queues than an offer does.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_waits_again_leaves_out_the_skills_for_which_the_desk_has_too_many_queues()
 {
    let stage = Stage::open().await;
    stage.sit(SLACK, &[seat("ana", 9)]).await;
    for number in 0..UNSUITED_QUEUES_MAX {
        let name = made_up(number);
        stage.waits(&name, SLACK, skilled(demand(0), &name)).await;
    }
    let given = async |name: &str| {
        let case = stage.offered(name, SLACK, skilled(demand(0), name)).await;
        done(stage.hand(&case, "ana", (Verb::Claim, false)).await)
    };
    let ana = Actor::member(seat("ana", 9).member_id, "ana".to_owned());
    let case = given("requeued").await;
    let noted = RoutedBy {
        note: Some("Lunch"),
        ..by(&ana, stage.now())
    };
    let requeued = done(stage.store.requeue(&case, None, noted).await);
    assert_eq!(requeued.demand, demand(0));
    let case = given("moved").await;
    let wanted = skilled(demand(1), "moved");
    let moving = by(&ana, stage.now());
    let moved = done(stage.store.transfer(&case, &wanted, moving).await);
    assert_eq!(moved.demand, demand(1));
    // It waits there already.
    let moving = by(&ana, stage.now());
    let again = done(stage.store.transfer(&moved, &wanted, moving).await);
    assert_eq!(again, moved);
    for (name, begins) in [("requeued", "Lunch\n"), ("moved", "Skills left out")] {
        let lines = stage.plain.routed(project(), conversation(name), 0, 100);
        let note = lines.await.unwrap().pop().unwrap().note.unwrap();
        assert!(note.starts_with(begins) && note.ends_with(name), "{note}");
    }
    let queues = stage.plain.queues(&desk(SLACK)).await.unwrap();
    assert_eq!(queues.len(), UNSUITED_QUEUES_MAX + 2);
    stage.rows().check(&stage.known());
}
