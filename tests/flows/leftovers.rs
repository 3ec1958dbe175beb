//! Rows that conversations leave at a desk when they go without the router: the desk's next job finds each (SPEC E33).

use crate::world::World;
use std::time::Duration;
use vestibule_adapters::dynamo::keys;
use vestibule_domain::ids::ConversationId;

/// Time after which every order to drain a queue is due again.
const LATER: Duration = Duration::from_mins(16);

/// Lets these wait, where nobody can take them.
async fn wait(world: &mut World, names: &[String]) {
    for name in names {
        world.clock.advance(Duration::from_millis(1));
        world.offers(name, world.demand()).await;
        while world.work_routing().await {}
    }
    assert_eq!(world.rows("WAITING#").len(), names.len());
}

fn lose_case(world: &World, name: &str) {
    let case = keys::case(world.scope, ConversationId::derive(&[name]));
    world.db.delete_raw(&case.pk, &case.sk).unwrap();
}

fn lose_places(world: &World) {
    for row in world.rows("WAITING#") {
        let (pk, sk) = (row["pk"].as_str().unwrap(), row["sk"].as_str().unwrap());
        world.db.delete_raw(pk, sk).unwrap();
    }
}

/// Lets the next sweep bring each order to drain a queue once.
async fn sweep_once(world: &mut World) {
    world.clock.advance(LATER);
    assert!(world.sweep().await);
    let jobs = world.aws.messages("routing.fifo").len();
    assert_eq!(jobs, 1);
    assert!(world.work_routing().await);
    assert!(world.aws.messages("routing.fifo").is_empty());
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("d{number}")).collect()
}

/// SPEC E33: where nobody suits the queue, too, and with or without the rows of those that waited.
#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_a_queue_that_lost_what_waited_ends_with_one_job() {
    for (has_places, limit) in [
        (true, None),
        (false, None),
        (true, Some(0)),
        (false, Some(1)),
    ] {
        let mut world = World::new().await;
        wait(&mut world, &names(2)).await;
        for name in names(2) {
            lose_case(&world, &name);
        }
        if !has_places {
            lose_places(&world);
        }
        if let Some(limit) = limit {
            world.seated("ana", limit).await;
        }
        sweep_once(&mut world).await;
        for rows in ["WAITING#", "ORDER", "QUEUE#"] {
            assert_eq!(world.rows(rows), Vec::new(), "{has_places} {limit:?}");
        }
        assert!(world.outbox().is_empty());
    }
}

/// SPEC E33.
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_lost_some_of_what_waited_counts_the_others_after_one_job() {
    // More than a drain reads at once, and less.
    for count in [30, 3] {
        let mut world = World::new().await;
        let all = names(count);
        wait(&mut world, &all).await;
        lose_case(&world, &all[0]);
        sweep_once(&mut world).await;
        assert_eq!(world.rows("WAITING#").len(), count - 1);
        assert_eq!(world.rows("ORDER").len(), 1);
        world.assert_desk_agrees().await;
        let ana = world.seated("ana", 100).await.member_id;
        sweep_once(&mut world).await;
        let load = world.seat(ana).await.load;
        assert_eq!(usize::try_from(load).unwrap(), count - 1);
        assert_eq!(world.rows("ORDER"), Vec::new());
    }
}

/// SPEC E33: nothing is counted anew where all is well.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_in_which_all_wait_is_not_counted_by_its_jobs() {
    let mut world = World::new().await;
    wait(&mut world, &names(30)).await;
    let before = world.rows("QUEUE#");
    sweep_once(&mut world).await;
    assert_eq!(world.rows("QUEUE#"), before);
    assert_eq!(world.rows("WAITING#").len(), 30);
}
