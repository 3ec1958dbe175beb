//! A connector sends no faster than its platform allows (PROVIDERS §0).

use crate::world::World;
use std::time::Duration;
use vestibule_domain::ports::Turn;

const INTERVAL: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn after_a_short_burst_turns_are_an_interval_apart_until_it_is_not_worth_waiting() {
    let world = World::new().await;
    let mut waits = Vec::new();
    let crowded = loop {
        match world.take_turn(INTERVAL).await {
            Turn::After(wait) => waits.push(wait),
            Turn::Crowded(wait) => break wait,
        }
    };
    let at_once = waits.iter().take_while(|wait| wait.is_zero()).count();
    assert!((10..=12).contains(&at_once), "{at_once}");
    for pair in waits[at_once - 1..].windows(2) {
        assert_eq!(pair[1], pair[0] + INTERVAL, "{waits:?}");
    }
    assert!(crowded > Duration::from_secs(2), "{crowded:?}");
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(world.take_turn(INTERVAL).await, Turn::After(Duration::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sandboxes_never_take_the_same_turn() {
    let world = World::new().await;
    let taken = futures_util::future::join_all((0..40).map(|_| world.take_turn(INTERVAL))).await;
    let mut waits: Vec<Duration> = taken
        .into_iter()
        .filter_map(|turn| match turn {
            Turn::After(wait) => Some(wait),
            Turn::Crowded(_) => None,
        })
        .filter(|wait| !wait.is_zero())
        .collect();
    waits.sort_unstable();
    let count = waits.len();
    waits.dedup();
    assert!(count >= 25);
    assert_eq!(waits.len(), count);
}
