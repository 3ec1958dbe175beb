//! The conversations that members have at present.

use super::FigureQuery;
use crate::{Deps, routes::desks::named};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use vestibule_admin::{Call, problem::ApiError};
use vestibule_domain::{
    ids::MemberId,
    routing::{demand::Desk, seat::Seat},
};

/// A member's conversations at present.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Ana", "load": 2, "limit": 5}))]
pub struct MemberLoadResponse {
    /// Id of the member.
    id: String,
    /// Name.
    name: String,
    /// Conversations that the member has.
    load: u32,
    /// Conversations that the member has at most.
    limit: u32,
}

/// The loads of the members who are asked for.
pub(super) async fn now(
    deps: &Deps,
    call: &Call,
    wanted: &FigureQuery,
) -> Result<Vec<MemberLoadResponse>, ApiError> {
    let scope = call.scope();
    let channels = deps.channels.channels(scope).await?;
    let mut found = Vec::new();
    for (channel, _) in named(&channels) {
        if wanted.channel.as_ref().is_some_and(|only| *only != channel) {
            continue;
        }
        let mut seats = deps.routing.seats(&Desk { scope, channel }).await?;
        // Members who serve none of the caller's clients are none of the caller's business (SPEC B39).
        seats.retain(|seat| call.caller.clients.meets(&seat.clients) && is_wanted(wanted, seat));
        found.extend(seats);
    }
    Ok(added_up(found))
}

fn is_wanted(wanted: &FigureQuery, seat: &Seat) -> bool {
    seat.is_open()
        && wanted.client_id.is_none_or(|id| seat.clients.contains(id))
        && wanted.team_id.is_none_or(|id| seat.teams.contains(&id))
}

/// Adds up the seats of each member.
fn added_up(seats: Vec<Seat>) -> Vec<MemberLoadResponse> {
    let mut members: BTreeMap<(String, MemberId), (u32, u32)> = BTreeMap::new();
    for seat in seats {
        let (load, limit) = members.entry((seat.name, seat.member_id)).or_default();
        *load += seat.load;
        *limit += seat.limit.unwrap_or(0);
    }
    let shown = members.into_iter();
    shown
        .map(|((name, id), (load, limit))| MemberLoadResponse {
            id: id.to_string(),
            name,
            load,
            limit,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vestibule_domain::{
        Timestamp,
        ids::{ClientId, TeamId},
        routing::{reply_right::ReplyRight, seat::Presence},
        team::client_access::ClientAccess,
    };

    fn seat(name: &str, load: u32, limit: Option<u32>) -> Seat {
        Seat {
            member_id: MemberId::derive(&[name]),
            name: name.to_owned(),
            limit,
            load,
            clients: ClientAccess::Only(BTreeSet::from([ClientId::derive(&["acme"])])),
            teams: BTreeSet::from([TeamId::derive(&["sales"])]),
            skills: BTreeSet::new(),
            presence: Presence::Available,
            reply_right: ReplyRight::Held,
            absent_since: None,
            idle_since: Timestamp::from_millis(0),
            moves: 0,
            version: 1,
        }
    }

    #[test]
    fn a_members_channels_are_added_up() {
        let all = added_up(vec![
            seat("bo", 1, Some(2)),
            seat("ana", 2, Some(3)),
            seat("bo", 3, Some(4)),
        ]);
        let told: Vec<_> = all
            .iter()
            .map(|member| (member.name.as_str(), member.load, member.limit))
            .collect();
        assert_eq!(told, [("ana", 2, 3), ("bo", 4, 6)]);
    }

    #[test]
    fn members_are_those_of_the_client_and_the_team() {
        let client = |name: &str| FigureQuery {
            client_id: Some(ClientId::derive(&[name])),
            ..FigureQuery::default()
        };
        let team = |name: &str| FigureQuery {
            team_id: Some(TeamId::derive(&[name])),
            ..FigureQuery::default()
        };
        let open = seat("ana", 0, Some(1));
        for (wanted, is_one) in [
            (FigureQuery::default(), true),
            (client("acme"), true),
            (client("globex"), false),
            (team("sales"), true),
            (team("support"), false),
        ] {
            assert_eq!(is_wanted(&wanted, &open), is_one, "{wanted:?}");
        }
        assert!(!is_wanted(&FigureQuery::default(), &seat("ana", 0, None)));
    }
}
