//! A connector sends no faster than its platform allows (PROVIDERS §0).

use crate::world::World;
use std::time::Duration;
use vestibule_domain::ports::{Limited, Turn};

const INTERVAL: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn after_a_short_burst_turns_are_an_interval_apart_until_it_is_not_worth_waiting() {
    let world = World::new().await;
    let mut waits = Vec::new();
    let crowded = loop {
        match world.take_turn(INTERVAL).await {
            Turn::After(wait) => waits.push(wait),
            Turn::Crowded(wait) => break wait,
            Turn::Paused(_) | Turn::AfterRefusal { .. } => panic!("nobody asked to wait"),
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
            Turn::Crowded(_) | Turn::Paused(_) | Turn::AfterRefusal { .. } => None,
        })
        .filter(|wait| !wait.is_zero())
        .collect();
    waits.sort_unstable();
    let count = waits.len();
    waits.dedup();
    assert!(count >= 25);
    assert_eq!(waits.len(), count);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_platform_wants_no_calls_no_turn_is_taken_and_the_longest_wait_holds() {
    let world = World::new().await;
    let (hour, minute, left) = (
        Duration::from_hours(1),
        Duration::from_mins(1),
        Duration::from_mins(59),
    );
    world.pause(Limited::Profiles, minute).await;
    assert_eq!(world.profiles_paused().await, Some(minute));
    assert_eq!(world.take_turn(INTERVAL).await, Turn::After(Duration::ZERO));
    world.pause(Limited::Texts, hour).await;
    world.pause(Limited::Texts, minute).await;
    assert_eq!(world.profiles_paused().await, Some(hour));
    // Applies to every text, whether the connector's own pace allows it or not.
    assert_eq!(world.take_turn(INTERVAL).await, Turn::Paused(hour));
    world.clock.advance(minute);
    assert_eq!(world.take_turn(INTERVAL).await, Turn::Paused(left));
    world.clock.advance(left);
    assert_eq!(world.take_turn(INTERVAL).await, Turn::After(Duration::ZERO));
    assert_eq!(world.profiles_paused().await, None);
}
