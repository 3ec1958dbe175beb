//! Events of an account on their way to its own systems (SPEC F04).
//!
//! | module | contents |
//! |---|---|
//! | `hooks` | a system that takes events |
//! | `calls` | what is called, how, and by whom |
//! | `catalogue` | every type of event |
//! | `faults` | every call of the worker under every fault |
//! | `health` | subscribers that do not answer |

mod calls;
mod catalogue;
mod faults;
mod health;
mod hooks;

use crate::world::World;
use hooks::Hooks;
use std::time::Duration;
use vestibule_domain::{
    AccountScope,
    event::{delivery::EventDeliveryStatus, subscription::Subscription},
    ids::AccountId,
};

/// A world whose account, or others, have systems that hear events.
struct Stage {
    world: World,
    hooks: Hooks,
}

/// Another account.
fn another() -> AccountScope {
    AccountScope::of_verified(AccountId::derive(&["globex"]))
}

impl Stage {
    async fn set() -> Self {
        let mut world = Box::pin(World::new()).await;
        world.is_told_quietly = false;
        let hooks = Hooks::start(world.clock.clone()).await;
        world.reaches_also(&hooks.origin());
        Self { world, hooks }
    }

    fn own(&self) -> AccountScope {
        self.world.scope.account()
    }

    /// A subscription of an account, at the hook of this name.
    async fn hook(&self, scope: AccountScope, name: &str) -> Subscription {
        let url = format!("{}/hooks/{name}", self.hooks.origin());
        self.world.subscribes(scope, name, url).await
    }

    /// Lets time pass in steps, with the work that is due.
    async fn pass(&mut self, time: Duration, step: Duration) {
        let end = self.world.now().plus(time);
        while self.world.now() < end {
            self.world.clock.advance(step);
            assert!(self.world.sweep_if_due().await);
            self.world.work_all().await;
        }
    }

    /// Publishes and sends what is due now.
    async fn work(&mut self) {
        assert!(self.world.sweep().await);
        self.world.work_all().await;
    }

    /// The statuses of all deliveries to a subscription, by their numbers.
    async fn statuses(&self, subscription: &Subscription) -> Vec<EventDeliveryStatus> {
        let deliveries = self.world.deliveries_to(subscription).await;
        deliveries.iter().map(|delivery| delivery.status).collect()
    }
}
