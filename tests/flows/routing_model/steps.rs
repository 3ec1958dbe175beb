//! Steps of those who work with the store, drawn at random.

use super::stage::{
    CHANNELS, CLIENTS, MEMBERS, Stage, account, any_demand, any_work, by, client, conversation,
    desk, member, numbered, project,
};
use crate::explain::Draws;
use futures_util::future::join;
use vestibule_domain::{
    PortError,
    account::actor::Actor,
    ids::ConversationId,
    ports::{Changed, RoutingStore},
    routing::{case::Case, demand::Demand, routed::Verb, seat::Seat},
};

/// Number of conversations.
pub const CONVERSATIONS: u64 = 24;

/// A world's rules about limits.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// The limit of every seat.
    pub limit: u32,
    /// Whether members are given more than the limit by hand.
    pub exceeds: bool,
}

/// The conversation with this number.
pub fn conversation_of(number: u64) -> ConversationId {
    conversation(&format!("d{number}"))
}

fn channel(draws: &mut Draws) -> &'static str {
    CHANNELS[usize::from(draws.coin())]
}

fn any_member(draws: &mut Draws) -> String {
    numbered(draws.below(MEMBERS))
}

/// Whether an error may pass.
pub fn may_pass(error: &PortError) -> bool {
    matches!(
        error,
        PortError::Conflict { .. } | PortError::Unavailable { .. }
    )
}

/// Takes a step. An error may be one that passes.
pub async fn take(stage: &Stage, world: World, draws: &mut Draws) -> Result<(), PortError> {
    let id = conversation_of(draws.below(CONVERSATIONS));
    match draws.below(16) {
        0..=3 => {
            let (channel, demand) = (channel(draws), any_demand(draws));
            stage.offer(id, channel, demand).await
        }
        4 => stage.work_offer(id).await,
        5 => stage.drain(&desk(channel(draws))).await.map(|_| ()),
        6 => change_seat(stage, draws).await,
        7 => count(stage, draws).await,
        _ => {
            let Some(case) = stage.store.case(project(), id).await? else {
                return Ok(());
            };
            change_case(stage, world, draws, &case).await
        }
    }
}

/// Counts what a member has and what waits: changes meanwhile are no differences.
async fn count(stage: &Stage, draws: &mut Draws) -> Result<(), PortError> {
    let desk = desk(channel(draws));
    let member_id = member(&any_member(draws)).id;
    let counted = stage.store.recount(&desk, member_id).await?;
    assert!(counted.agrees(), "{counted:?}");
    let of_client = Demand {
        client_id: client(draws.below(CLIENTS)),
        team_id: None,
        skills: [].into(),
    };
    let id = desk.queue_id(&of_client);
    let counted = stage.store.recount_queue(&desk, id).await?;
    assert!(counted.agrees(), "{counted:?}");
    Ok(())
}

/// Two changes of one case at once, or one.
async fn change_case(
    stage: &Stage,
    world: World,
    draws: &mut Draws,
    case: &Case,
) -> Result<(), PortError> {
    let actor = Actor::system();
    let first = by(&actor, stage.now());
    let store = &stage.store;
    match draws.below(9) {
        0 | 1 => twice(store.release(case, first), store.release(case, first)).await,
        2 => {
            let declined = draws.coin().then(|| case.member_id()).flatten();
            let (one, other) = (
                store.requeue(case, declined, first),
                store.requeue(case, declined, first),
            );
            twice(one, other).await
        }
        3 => {
            let demand = any_demand(draws);
            let second = by(&actor, stage.now());
            let (one, other) = (
                store.transfer(case, &demand, first),
                store.release(case, second),
            );
            twice(one, other).await
        }
        4 | 5 => {
            let (one, other) = (any_member(draws), any_member(draws));
            let how = (Verb::Claim, world.exceeds && draws.coin());
            twice(stage.hand(case, &one, how), stage.hand(case, &other, how)).await
        }
        6 => {
            let to = any_member(draws);
            let how = (Verb::Transfer, world.exceeds && draws.coin());
            stage.hand(case, &to, how).await.map(|_| ())
        }
        7 => store.note_first_reply(case, stage.now()).await.map(|_| ()),
        _ => stage.drain_queue(case).await.map(|_| ()),
    }
}

/// Does two things at once. No error is lost.
async fn twice(
    one: impl Future<Output = Result<Changed, PortError>>,
    other: impl Future<Output = Result<Changed, PortError>>,
) -> Result<(), PortError> {
    let (one, other) = join(one, other).await;
    one.and(other).map(|_| ())
}

/// Changes a member's work, and takes from the member what is lost with it.
async fn change_seat(stage: &Stage, draws: &mut Draws) -> Result<(), PortError> {
    let (desk, member_id) = (desk(channel(draws)), member(&any_member(draws)).id);
    let Some(seat) = stage.store.seat(&desk, member_id).await? else {
        return Ok(());
    };
    let next = Seat {
        version: seat.version + 1,
        ..any_work(draws, &seat)
    };
    // A member's own transaction writes the seat and the order together.
    stage
        .store
        .order_requeue(account(), member_id, stage.now())
        .await?;
    stage.store.put_seat(&desk, &next).await?;
    stage.requeue_member(member_id).await
}
