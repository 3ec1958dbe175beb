//! The work that a change of a member leaves to the router (SPEC E22–E26, E34).

use crate::jobs::route_or_leave;
use futures_util::future::join_all;
use vestibule_domain::{
    AccountScope,
    ports::RoutingQueue,
    routing::seat_of::{MemberChange, drains_of},
    team::member::Member,
};

/// Orders the work of a change that is stored: conversations that wait again, desks where there is room.
pub async fn order_work(queue: &dyn RoutingQueue, change: MemberChange<'_>) {
    let jobs = change.jobs().into_iter();
    join_all(jobs.map(|job| route_or_leave(queue, job))).await;
}

/// Orders drains of the desks where these members take conversations, once a role lets them reply.
pub async fn order_drains(queue: &dyn RoutingQueue, scope: AccountScope, members: &[Member]) {
    let jobs = drains_of(scope, members).into_iter();
    join_all(jobs.map(|job| route_or_leave(queue, job))).await;
}
