//! Counts of routing that heal, its orders, and its lists, straight from the store.

use crate::{
    routing_model::stage::{
        Stage, account, by, conversation, demand, desk, done, member, project, seat,
    },
    world::{World, marks_of_work},
};
use serde_json::json;
use std::time::Duration;
use vestibule_adapters::dynamo::keys;
use vestibule_domain::{
    account::actor::Actor,
    ids::MemberId,
    ports::{Changed, Recount, RoutingStore, Settled},
    routing::{case::Case, routed::Verb},
};

const SLACK: &str = "slack";
const BY_HAND: (Verb, bool) = (Verb::Claim, false);

/// A table with a member who has room.
async fn stage() -> Stage {
    let stage = Stage::open().await;
    stage.sit(SLACK, &[seat("ana", 2)]).await;
    stage
}

/// A case that Ana has.
async fn held(stage: &Stage) -> Case {
    let case = stage.waits("d", SLACK, demand(0)).await;
    done(stage.hand(&case, "ana", BY_HAND).await)
}

/// Writes a seat with another load.
fn spoil_load(stage: &Stage, name: &str, load: u32) {
    let key = keys::seat(&desk(SLACK), member(name).id);
    let mut seat = stage.row(&key).unwrap();
    seat["load"] = json!(load);
    stage.put(seat);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_is_wrong_is_counted_and_corrected_and_a_release_waits_for_nobody_to_do_so() {
    for wrong in [0, 2] {
        let stage = stage().await;
        let case = held(&stage).await;
        spoil_load(&stage, "ana", wrong);
        let ana = member("ana").id;
        let counted = stage.store.recount(&desk(SLACK), ana).await.unwrap();
        let expected = Recount {
            recorded: wrong,
            counted: 1,
            orphans: 0,
        };
        assert_eq!((counted, counted.agrees()), (expected, false));
        stage.rows().check(&[conversation("d")].into());
        let counted = stage.store.recount(&desk(SLACK), ana).await.unwrap();
        assert!(counted.agrees());
        spoil_load(&stage, "ana", 0);
        let system = Actor::system();
        done(stage.store.release(&case, by(&system, stage.now())).await);
        stage.rows().check(&[conversation("d")].into());
    }
    // Nor for a seat that is not there.
    let stage = stage().await;
    let case = held(&stage).await;
    let key = keys::seat(&desk(SLACK), member("ana").id);
    stage.db.delete_raw(&key.pk, &key.sk).unwrap();
    let system = Actor::system();
    done(stage.store.release(&case, by(&system, stage.now())).await);
    stage.rows().check(&[conversation("d")].into());
}

/// Deletes the case of a conversation, as the deletion of its project does.
fn delete_case(stage: &Stage, name: &str) {
    let key = keys::case(project(), conversation(name));
    stage.db.delete_raw(&key.pk, &key.sk).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deleted_conversation_leaves_with_its_member_is_found_and_removed() {
    let stage = stage().await;
    held(&stage).await;
    delete_case(&stage, "d");
    let ana = member("ana").id;
    let cases = stage
        .store
        .cases_of(account(), ana, None, None, 10)
        .await
        .unwrap();
    assert_eq!(cases, []);
    let counted = stage.store.recount(&desk(SLACK), ana).await.unwrap();
    let expected = Recount {
        recorded: 1,
        counted: 0,
        orphans: 1,
    };
    assert_eq!(counted, expected);
    assert!(
        stage
            .store
            .recount(&desk(SLACK), ana)
            .await
            .unwrap()
            .agrees()
    );
    stage.rows().check(&[].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deleted_conversation_leaves_in_its_queue_is_found_and_removed() {
    let stage = stage().await;
    let case = stage.waits("d", SLACK, demand(0)).await;
    delete_case(&stage, "d");
    let gone = stage.hand(&case, "ana", BY_HAND).await.unwrap();
    assert_eq!(gone, Changed::Gone);
    let id = case.queue_id();
    let counted = stage.store.recount_queue(&desk(SLACK), id).await.unwrap();
    let expected = Recount {
        recorded: 1,
        counted: 0,
        orphans: 1,
    };
    assert_eq!(counted, expected);
    assert!(
        stage
            .store
            .recount_queue(&desk(SLACK), id)
            .await
            .unwrap()
            .agrees()
    );
    // A queue that lost its row keeps nobody who leaves it, and is made again for those that wait.
    let other = stage.waits("e", SLACK, demand(0)).await;
    stage.waits("f", SLACK, demand(0)).await;
    let key = keys::queue(&desk(SLACK), id);
    stage.db.delete_raw(&key.pk, &key.sk).unwrap();
    let given = done(stage.hand(&other, "ana", BY_HAND).await);
    assert_eq!(given.member_id(), Some(member("ana").id));
    let counted = stage.store.recount_queue(&desk(SLACK), id).await.unwrap();
    let expected = Recount {
        recorded: 0,
        counted: 1,
        orphans: 0,
    };
    assert_eq!(counted, expected);
    stage.rows().check(&["e", "f"].map(conversation).into());
}

/// SPEC E22–E26.
#[tokio::test(flavor = "multi_thread")]
async fn the_order_to_drain_a_queue_stays_until_nothing_waits_in_it() {
    let stage = Stage::open().await;
    let case = stage.waits("d", SLACK, demand(0)).await;
    let (here, id) = (desk(SLACK), case.queue_id());
    let order = keys::queue_order(account(), id);
    let due = |stage: &Stage| stage.row(&order).map(|row| row["outbox_due"].clone());
    let first = due(&stage).unwrap();
    assert_eq!(
        stage.store.desk_of_queue(account(), id).await.unwrap(),
        Some(here.clone())
    );
    let later = stage.now().plus(Duration::from_hours(1));
    let settled = stage.store.settle_queue(&here, id, later).await.unwrap();
    assert_eq!(settled, Settled::Waiting);
    assert_ne!(due(&stage).unwrap(), first);
    let system = Actor::system();
    done(stage.store.release(&case, by(&system, stage.now())).await);
    for _ in 0..2 {
        let settled = stage.store.settle_queue(&here, id, later).await.unwrap();
        assert_eq!(settled, Settled::Empty);
        assert_eq!(
            stage.store.desk_of_queue(account(), id).await.unwrap(),
            None
        );
    }
    assert_eq!(stage.plain.queues(&here).await.unwrap(), []);
    assert!(marks_of_work(&stage.db).is_empty());
}

/// SPEC E34.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_to_requeue_that_is_given_again_meanwhile_is_not_ended() {
    let stage = stage().await;
    let ana = member("ana").id;
    let give = || stage.store.order_requeue(account(), ana, stage.now());
    assert_eq!(
        stage.store.requeue_order(account(), ana).await.unwrap(),
        None
    );
    give().await.unwrap();
    let order = stage
        .store
        .requeue_order(account(), ana)
        .await
        .unwrap()
        .unwrap();
    give().await.unwrap();
    assert!(!stage.store.end_requeue(account(), order).await.unwrap());
    let order = stage
        .store
        .requeue_order(account(), ana)
        .await
        .unwrap()
        .unwrap();
    let later = stage.now();
    let postponed = stage.store.postpone_requeue(account(), order, later);
    assert!(postponed.await.unwrap());
    for _ in 0..2 {
        assert!(stage.store.end_requeue(account(), order).await.unwrap());
    }
    let postponed = stage.store.postpone_requeue(account(), order, later);
    assert!(!postponed.await.unwrap());
    assert_eq!(
        stage.store.requeue_order(account(), ana).await.unwrap(),
        None
    );
    // A later order is another one.
    give().await.unwrap();
    assert!(!stage.store.end_requeue(account(), order).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_has_what_waits_and_what_was_done_are_read_in_pages() {
    let stage = Stage::open().await;
    for channel in [SLACK, "sms"] {
        stage.sit(channel, &[seat("ana", 9)]).await;
    }
    let mut ids: Vec<MemberId> = Vec::new();
    for number in 0..5 {
        let channel = [SLACK, "sms"][usize::from(number % 2 == 1)];
        let case = stage.waits(&format!("d{number}"), channel, demand(0)).await;
        let given = done(stage.hand(&case, "ana", BY_HAND).await);
        ids.extend(given.member_id());
    }
    let ana = member("ana").id;
    assert_eq!(ids, [ana; 5]);
    for (channel, expected) in [(None, 5), (Some(SLACK), 3), (Some("sms"), 2)] {
        let mut found: Vec<Case> = Vec::new();
        loop {
            let page = stage
                .store
                .cases_of(account(), ana, channel, found.last(), 2)
                .await
                .unwrap();
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found.len(), expected, "{channel:?}");
    }
    for number in 5..9 {
        stage.waits(&format!("d{number}"), SLACK, demand(0)).await;
    }
    let id = desk(SLACK).queue_id(&demand(0));
    let first = stage.store.waiting(account(), id, 3, None).await.unwrap();
    let rest = stage
        .store
        .waiting(account(), id, 3, first.last().map(Case::place))
        .await
        .unwrap();
    let found: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|case| case.conversation_id)
        .collect();
    assert_eq!(found, ["d5", "d6", "d7", "d8"].map(conversation));
    let lines = stage
        .store
        .routed(project(), conversation("d0"), 0, 1)
        .await
        .unwrap();
    assert_eq!(lines[0].verb, Verb::Offer);
    let next = stage
        .store
        .routed(project(), conversation("d0"), lines[0].number, 9)
        .await
        .unwrap();
    assert_eq!(
        next.iter().map(|line| line.verb).collect::<Vec<_>>(),
        [Verb::Claim]
    );
}

/// SPEC E26, E33: a load that is too high keeps nobody's room for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_is_too_high_is_found_by_the_sweep_when_somebody_waits_for_the_room() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 1).await.member_id;
    world.offers("gone", world.demand()).await;
    while world.work_routing().await {}
    assert_eq!(world.seat(ana).await.load, 1);
    // A deletion removes the case, and does not know of the member.
    let case = keys::case(world.scope, conversation("gone"));
    world.db.delete_raw(&case.pk, &case.sk).unwrap();
    world.offers("next", world.demand()).await;
    while world.work_routing().await {}
    assert!(world.case("next").await.is_waiting());
    world.clock.advance(Duration::from_mins(2));
    world.sweep().await;
    while world.work_routing().await {}
    assert_eq!(world.holder_of("next").await, Some(ana));
    world.assert_desk_agrees().await;
}
