//! The members who can have a conversation: those whose channel and client it is of (SPEC E20, E21, E34).

use super::{AT_LIMIT, CANNOT_ANSWER, LIMIT, LOAD, OBSTACLE};
use crate::{Deps, names::Names};
use vestibule_admin::{
    Call,
    problem::ApiError,
    reasons::{at_limit, keeps_out},
};
use vestibule_domain::{
    ProjectScope,
    account::permission::Permission,
    ids::{ConversationId, MemberId},
    routing::{
        case::Case,
        rule::{Obstacle, may_have},
        seat::Seat,
    },
};

/// Whether the caller asks to exceed a limit. Refused without the permission.
pub(super) fn may_exceed(call: &Call, asked: Option<bool>) -> Result<bool, ApiError> {
    let permission = Permission::RoutingOverride;
    match asked {
        None | Some(false) => Ok(false),
        Some(true) if call.caller.may(permission) => Ok(true),
        Some(true) => Err(ApiError::permission_missing(permission)),
    }
}

/// The seat of a member who can have a case by hand.
pub(super) async fn seat_of(
    deps: &Deps,
    case: &Case,
    member_id: MemberId,
    may_exceed: bool,
) -> Result<Seat, ApiError> {
    let seat = answering_seat(deps, case, member_id).await?;
    if may_exceed || seat.has_room() {
        Ok(seat)
    } else {
        Err(full(&seat))
    }
}

/// The seat of a member who may reply, and whose channel and client the case is of.
async fn answering_seat(deps: &Deps, case: &Case, member_id: MemberId) -> Result<Seat, ApiError> {
    let found = deps.routing.seat(&case.desk(), member_id).await?;
    let name = found.as_ref().map(|seat| seat.name.clone());
    let obstacle = match found {
        Some(seat) => match may_have(&case.demand, &seat) {
            Ok(()) => return Ok(seat),
            Err(obstacle) => obstacle,
        },
        None => Obstacle::Channel,
    };
    let mut names = Names::new(deps, case.scope.account());
    let names = names.of(&case.desk(), &case.demand).await?;
    let member = name.as_deref().unwrap_or("The member");
    let detail = keeps_out(member, obstacle, &names.of(&case.demand));
    Err(out_of_reach(obstacle, detail))
}

/// The problem of a member who may not reply, or whose channel or client a conversation is not of.
fn out_of_reach(obstacle: Obstacle, detail: Option<String>) -> ApiError {
    let key = match obstacle {
        Obstacle::Permission => "permission",
        Obstacle::Client => "client",
        _ => "channel",
    };
    let problem = ApiError::new(&CANNOT_ANSWER).with_member(&OBSTACLE, key);
    match detail {
        Some(detail) => problem.with_detail(format!("{detail}.")),
        None => problem,
    }
}

/// The problem of a member who is at the limit.
fn full(seat: &Seat) -> ApiError {
    let limit = seat.limit.unwrap_or(0);
    ApiError::new(&AT_LIMIT)
        .with_detail(format!("{}.", at_limit(&seat.name, seat.load, limit)))
        .with_member(&LOAD, seat.load)
        .with_member(&LIMIT, limit)
}

/// Checks that the caller may write to the person. While a conversation is with the team, a member answers only their
/// clients on their channels, and what was assigned to them (SPEC E20, E21).
pub async fn check_may_answer(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    id: ConversationId,
) -> Result<(), ApiError> {
    let Some(member_id) = call.caller.member_id else {
        return Ok(());
    };
    let case = deps.routing.case(scope, id).await?;
    let Some(case) = case.filter(Case::is_open) else {
        return Ok(());
    };
    if case.member_id() != Some(member_id) {
        answering_seat(deps, &case, member_id).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;
    use vestibule_domain::{
        Timestamp,
        routing::{reply_right::ReplyRight, seat::Presence},
        team::client_access::ClientAccess,
    };

    /// SPEC E33.
    #[test]
    fn a_member_who_is_full_is_told_with_load_and_limit() {
        let seat = Seat {
            member_id: MemberId::derive(&["ana"]),
            name: "Ana".to_owned(),
            limit: Some(3),
            load: 3,
            clients: ClientAccess::All,
            teams: BTreeSet::new(),
            skills: BTreeSet::new(),
            reply_right: ReplyRight::Held,
            presence: Presence::Available,
            absent_since: None,
            idle_since: Timestamp::from_millis(0),
            moves: 0,
            version: 1,
        };
        let problem = full(&seat).problem("id");
        assert_eq!(problem.status, 409);
        assert_eq!(problem.detail, "Ana is at the limit (3 of 3).");
        assert_eq!(problem.members["load"], json!(3));
        assert_eq!(problem.members["limit"], json!(3));
    }

    /// SPEC E20, E21.
    #[test]
    fn a_member_is_kept_out_by_the_channel_the_right_to_reply_or_the_client() {
        for (obstacle, key) in [
            (Obstacle::Channel, "channel"),
            (Obstacle::Permission, "permission"),
            (Obstacle::Client, "client"),
        ] {
            let problem = out_of_reach(obstacle, Some("Bo does not".to_owned())).problem("id");
            assert_eq!(problem.members["obstacle"], json!(key));
            assert_eq!(problem.detail, "Bo does not.");
        }
    }
}
