//! Subscribers that do not answer: they delay nobody else, are called ever more rarely, and are paused in the end.

use super::{Stage, another, hooks::Reply};
use crate::connector_setup::audited;
use std::time::Duration;
use vestibule_domain::{
    event::delivery::EventDeliveryStatus,
    event::health::{PauseReason, SubscriptionStatus},
};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
/// Events of an account.
const EVENTS: usize = 12;
/// Calls of a dead subscriber before its breaker stops them: as many as workers look at it at once.
const CALLS_MAX: usize = 12;

impl Stage {
    /// Lets an account and another one have events, while this hook is as it is.
    async fn with_a_dead_hook(reply: Reply) -> Self {
        let mut stage = Box::pin(Self::set()).await;
        let own = stage.own();
        for name in ["dead", "crm"] {
            stage.hook(own, name).await;
        }
        stage.hook(another(), "globex").await;
        stage.hooks.answers("dead", reply);
        let names: Vec<String> = (0..EVENTS).map(|number| format!("m{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        stage.world.members_leave(own, &names).await;
        stage.world.members_leave(another(), &["zoe"]).await;
        assert!(stage.world.sweep().await);
        // One job of each account publishes all of its events. The sweep brought two of the account that has many.
        for _ in 0..3 {
            assert!(stage.world.work_events().await);
        }
        while stage.world.work_at_once("events", 1).await {}
        stage
    }

    /// Asserts that everybody but the dead hook got their events, each with one call.
    fn assert_others_have_theirs(&self) {
        assert_eq!(self.hooks.numbers("crm").len(), EVENTS);
        assert_eq!(self.hooks.calls("crm"), EVENTS);
        assert_eq!(self.hooks.numbers("globex"), [1]);
    }

    /// The events of a type that a hook took.
    fn heard(&self, name: &str, kind: &str) -> Vec<serde_json::Value> {
        let mut taken = self.hooks.taken(name);
        taken.retain(|event| event["type"] == kind);
        taken
    }
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_is_down_delays_nobody_and_is_called_ever_more_rarely_until_it_is_well() {
    let mut stage = Stage::with_a_dead_hook(Reply::Status(503)).await;
    stage.assert_others_have_theirs();
    let first = stage.hooks.calls("dead");
    assert!((3..=CALLS_MAX).contains(&first), "{first}");
    stage.pass(MINUTE * 30, MINUTE).await;
    let probes = stage.hooks.calls("dead") - first;
    assert!((3..=12).contains(&probes), "{probes}");
    stage.hooks.answers("dead", Reply::Takes);
    stage.world.settle().await;
    let all: Vec<u64> = (1..).take(EVENTS).collect();
    assert_eq!(stage.hooks.numbers("dead"), all);
    assert_eq!(stage.hooks.taken("dead").len(), EVENTS);
    stage.assert_others_have_theirs();
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_was_down_for_long_gets_all_that_waited_after_one_sweep() {
    const MANY: usize = 30;
    let mut stage = Stage::set().await;
    let own = stage.own();
    let crm = stage.hook(own, "crm").await;
    stage.hooks.answers("crm", Reply::Status(503));
    let names: Vec<String> = (0..MANY).map(|number| format!("m{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    stage.world.members_leave(own, &names).await;
    stage.work().await;
    let waiting = stage.statuses(&crm).await;
    assert_eq!(waiting, [EventDeliveryStatus::Waiting; MANY]);
    let refused = stage.hooks.calls("crm");
    stage.hooks.answers("crm", Reply::Takes);
    stage.world.clock.advance(HOUR);
    stage.work().await;
    let all: Vec<u64> = (1..).take(MANY).collect();
    assert_eq!(stage.hooks.numbers("crm"), all);
    assert_eq!(stage.hooks.calls("crm"), refused + MANY);
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_never_answers_keeps_no_other_event_waiting() {
    let mut stage = Stage::with_a_dead_hook(Reply::Never).await;
    stage.assert_others_have_theirs();
    let calls = stage.hooks.calls("dead");
    assert!((3..=CALLS_MAX).contains(&calls), "{calls}");
    stage.hooks.answers("dead", Reply::Takes);
    stage.world.settle().await;
    let all: Vec<u64> = (1..).take(EVENTS).collect();
    assert_eq!(stage.hooks.numbers("dead"), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_asks_for_a_pause_gets_it() {
    let mut stage = Stage::set().await;
    let own = stage.own();
    let crm = stage.hook(own, "crm").await;
    stage.hooks.answers("crm", Reply::Busy(429, 600));
    let before = stage.world.now();
    stage.world.members_leave(own, &["ana"]).await;
    stage.work().await;
    let deliveries = stage.world.deliveries_to(&crm).await;
    assert_eq!(deliveries[0].next_try_at, Some(before.plus(MINUTE * 10)));
    stage.hooks.answers("crm", Reply::Takes);
    stage.pass(MINUTE * 9, MINUTE).await;
    assert_eq!(stage.hooks.calls("crm"), 1);
    stage.pass(MINUTE * 2, MINUTE).await;
    assert_eq!(stage.hooks.calls("crm"), 2);
    assert_eq!(stage.hooks.numbers("crm"), [1]);
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_says_it_is_gone_is_not_called_until_it_is_resumed_and_the_others_hear_of_it()
 {
    let mut stage = Stage::set().await;
    let own = stage.own();
    let gone = stage.hook(own, "gone").await;
    stage.hook(own, "crm").await;
    stage.hooks.answers("gone", Reply::Status(410));
    stage.world.members_leave(own, &["ana"]).await;
    stage.work().await;
    stage.work().await;
    let health = stage.world.health_of(&gone).await;
    assert_eq!(health.paused.unwrap().reason, PauseReason::Gone);
    assert_eq!(audited(&stage.world, "webhook.paused").len(), 1);
    let told = stage.heard("crm", "webhook.paused");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["data"]["webhook_id"], gone.id.to_string());
    assert_eq!(told[0]["data"]["reason"], "gone");
    // Neither a later event nor time leads to a call.
    stage.hooks.answers("gone", Reply::Takes);
    stage.world.members_leave(own, &["ben"]).await;
    stage.pass(HOUR * 3, HOUR).await;
    assert_eq!(stage.hooks.calls("gone"), 1);
    assert_eq!(stage.heard("crm", "member.left").len(), 2);
    // Events that waited go out once it is resumed; those of the pause are missed.
    stage.world.resumes(&gone).await;
    stage.pass(HOUR, HOUR).await;
    stage.world.members_leave(own, &["cid"]).await;
    stage.work().await;
    assert_eq!(stage.hooks.numbers("gone"), [1, 2]);
    assert_eq!(stage.hooks.calls("gone"), 3);
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_fails_for_three_days_is_paused_and_the_others_hear_of_it() {
    let mut stage = Stage::set().await;
    let own = stage.own();
    let dead = stage.hook(own, "dead").await;
    stage.hook(own, "crm").await;
    stage.hooks.answers("dead", Reply::Status(500));
    stage.world.members_leave(own, &["ana"]).await;
    stage.work().await;
    stage.pass(HOUR * 70, HOUR).await;
    let failing = stage.world.health_of(&dead).await;
    assert_eq!(failing.paused, None);
    assert_ne!(failing.status(), SubscriptionStatus::Active);
    // Whatever is tried at the end of the third day shows that it still fails.
    stage.world.members_leave(own, &["ben"]).await;
    stage.work().await;
    stage.pass(HOUR * 8, HOUR).await;
    let paused = stage.world.health_of(&dead).await;
    assert_eq!(paused.paused.unwrap().reason, PauseReason::Failing);
    let failed = EventDeliveryStatus::Failed;
    assert_eq!(stage.statuses(&dead).await[0], failed);
    assert_eq!(audited(&stage.world, "webhook.paused").len(), 1);
    let told = stage.heard("crm", "webhook.paused");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["data"]["reason"], "failing");
    // Events that wait for it end with it.
    let calls = stage.hooks.calls("dead");
    stage.world.unsubscribes(&dead).await;
    stage.world.settle().await;
    assert_eq!(stage.hooks.calls("dead"), calls);
}
