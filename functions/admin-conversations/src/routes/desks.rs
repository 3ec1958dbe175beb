//! `GET /v1/desks`: how much room there is on each channel (SPEC E10, E31).

use crate::Deps;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    Call, FieldErrors, FilterQuery, ListFilter, problem::ApiError, validation, wire_enum,
};
use vestibule_domain::{
    account::{
        channel::{CONNECTOR_CHANNELS, Channels},
        is_channel_key,
    },
    ports::DeskView,
    routing::{
        demand::Desk,
        seat::{Presence, Seat},
    },
};

wire_enum! {
    /// Whether a member works on a channel at present.
    PresenceName = Presence {
        /// Takes conversations.
        Available = "available",
        /// Takes none for now.
        Away = "away",
        /// Does not work at present.
        Offline = "offline",
        /// Takes none on this channel for now.
        Paused = "paused",
        /// Is pending, suspended or removed. Such members are not shown.
        Inactive = "inactive",
    }
}

/// A member's place on a channel.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Ana", "presence": "available", "load": 1, "limit": 3}))]
pub struct SeatResponse {
    /// Id of the member.
    id: String,
    /// Name.
    name: String,
    /// Whether the member works there at present.
    presence: PresenceName,
    /// Conversations that the member has.
    load: u32,
    /// Conversations that the member has at most; 0 for one who is never assigned any automatically.
    limit: u32,
}

/// A channel with those who answer on it.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"channel": "sms", "name": "SMS", "load": 5, "limit": 12, "waiting": 2, "members": []}))]
pub struct DeskResponse {
    /// Key of the channel.
    channel: String,
    /// Name of the channel.
    name: String,
    /// Conversations that the available ones of these members have.
    load: u32,
    /// Conversations that the available ones of these members have at most, in all.
    limit: u32,
    /// Conversations that wait, of the clients whose records the caller may touch.
    waiting: u32,
    /// Active members who answer a client of the caller there and may reply, by name; null if the call asks for none.
    members: Option<Vec<SeatResponse>>,
}

/// Channels with those who answer on them.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DesksResponse {
    /// Channels where such a member answers or such a conversation waits.
    items: Vec<DeskResponse>,
}

/// The desks that are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeskParams {
    /// Only this channel, by its key.
    #[param(nullable = false, min_length = 1, max_length = 40, example = "sms")]
    channel: Option<String>,
    /// Whether each member is listed; true by default.
    #[param(value_type = Option<bool>, nullable = false)]
    members: Option<String>,
}

/// Validated parameters.
#[derive(Debug, Default)]
pub struct DeskQuery {
    channel: Option<String>,
    members: bool,
}

impl ListFilter for DeskQuery {
    type Params = DeskParams;

    fn read(params: DeskParams, errors: &mut FieldErrors) -> Self {
        if let Some(channel) = &params.channel
            && !is_channel_key(channel)
        {
            errors.add("channel", "must be the key of a channel: a-z, 0-9 and _");
        }
        let members = validation::one_of(
            "members",
            params.members.as_deref(),
            &["true", "false"],
            |text| text.parse::<bool>().ok(),
            errors,
        );
        Self {
            channel: params.channel,
            members: members.unwrap_or(true),
        }
    }
}

/// List the desks
///
/// A desk is a channel with the members who answer on it: how many conversations they have and can have, and how many
/// wait. Members count who answer a client whose records the caller may touch, and so do conversations of such clients.
/// A key that is limited to an environment gets none: desks are those of the account.
#[utoipa::path(
    get,
    path = "/v1/desks",
    tag = "Routing",
    params(DeskParams),
    responses((status = 200, description = "The desks.", body = DesksResponse))
)]
pub async fn list_desks(
    State(deps): State<Arc<Deps>>,
    call: Call,
    query: FilterQuery<DeskQuery>,
) -> Result<Json<DesksResponse>, ApiError> {
    let scope = call.scope();
    let wanted = query.0;
    // Neither seats nor queues name an environment.
    if call.caller.environment_id.is_some() {
        return Ok(Json(DesksResponse { items: Vec::new() }));
    }
    let channels = deps.channels.channels(scope).await?;
    let mut items = Vec::new();
    for (channel, name) in named(&channels) {
        if wanted.channel.as_ref().is_some_and(|only| *only != channel) {
            continue;
        }
        let desk = Desk { scope, channel };
        let view = deps.routing.desk(&desk).await?;
        items.extend(show(&call, (desk.channel, name), &view, wanted.members));
    }
    Ok(Json(DesksResponse { items }))
}

/// The channels of an account, each with its name.
pub(super) fn named(channels: &Channels) -> Vec<(String, String)> {
    let own = CONNECTOR_CHANNELS
        .iter()
        .map(|(key, name)| ((*key).to_owned(), (*name).to_owned()));
    let added = channels.added.iter();
    let added = added.map(|channel| (channel.key.clone(), channel.name.clone()));
    own.chain(added).collect()
}

/// Renders a desk; `None` for one where nobody answers and nothing waits.
fn show(
    call: &Call,
    (channel, name): (String, String),
    view: &DeskView,
    with_members: bool,
) -> Option<DeskResponse> {
    let seats = view.seats.iter();
    let seats = seats.filter(|seat| seat.is_open() && seat.may_reply());
    // Members who serve none of the caller's clients are none of the caller's business (SPEC B39).
    let mut seats: Vec<&Seat> = seats
        .filter(|seat| call.caller.clients.meets(&seat.clients))
        .collect();
    let queues = view.queues.iter();
    let served = queues.filter(|queue| call.may_serve(queue.demand.client_id));
    let waiting: u32 = served.map(|queue| queue.waiting).sum();
    if seats.is_empty() && waiting == 0 {
        return None;
    }
    seats.sort_by(|one, other| (&one.name, one.member_id).cmp(&(&other.name, other.member_id)));
    let (load, limit) = room(&seats);
    Some(DeskResponse {
        channel,
        name,
        load,
        limit,
        waiting,
        members: with_members.then(|| seats.into_iter().map(seat).collect()),
    })
}

/// Load and limit of the available members.
fn room(seats: &[&Seat]) -> (u32, u32) {
    let available = seats
        .iter()
        .filter(|seat| seat.presence == Presence::Available);
    available.fold((0, 0), |(load, limit), seat| {
        (load + seat.load, limit + seat.limit.unwrap_or(0))
    })
}

fn seat(seat: &Seat) -> SeatResponse {
    SeatResponse {
        id: seat.member_id.to_string(),
        name: seat.name.clone(),
        presence: seat.presence.into(),
        load: seat.load,
        limit: seat.limit.unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vestibule_domain::{
        Timestamp, ids::MemberId, routing::reply_right::ReplyRight,
        team::client_access::ClientAccess,
    };

    fn a_seat(name: &str, presence: Presence, load: u32) -> Seat {
        Seat {
            member_id: MemberId::derive(&[name]),
            name: name.to_owned(),
            limit: Some(3),
            load,
            clients: ClientAccess::All,
            teams: BTreeSet::new(),
            skills: BTreeSet::new(),
            reply_right: ReplyRight::Held,
            presence,
            absent_since: None,
            idle_since: Timestamp::from_millis(0),
            moves: 0,
            version: 1,
        }
    }

    #[test]
    fn room_is_what_available_members_have() {
        let seats = [
            a_seat("ana", Presence::Available, 1),
            a_seat("bo", Presence::Available, 3),
            a_seat("cleo", Presence::Away, 2),
            a_seat("dan", Presence::Paused, 0),
        ];
        let all: Vec<&Seat> = seats.iter().collect();
        assert_eq!(room(&all), (4, 6));
        assert_eq!(room(&[]), (0, 0));
    }

    #[test]
    fn a_presence_is_spelled_as_it_is_stored() {
        for spelling in PresenceName::SPELLINGS {
            let name = PresenceName::parse(spelling).unwrap();
            assert_eq!(
                serde_json::to_value(Presence::from(name)).unwrap(),
                *spelling
            );
        }
    }

    #[test]
    fn parameters_are_read_and_every_wrong_one_is_told() {
        let read = |channel: Option<&str>, members: Option<&str>| {
            let mut errors = FieldErrors::default();
            let params = DeskParams {
                channel: channel.map(str::to_owned),
                members: members.map(str::to_owned),
            };
            (DeskQuery::read(params, &mut errors), errors)
        };
        let (query, errors) = read(Some("sms"), Some("false"));
        assert!(errors.is_empty() && !query.members);
        assert_eq!(query.channel.as_deref(), Some("sms"));
        let (query, errors) = read(None, None);
        assert!(errors.is_empty() && query.members);
        let (_, errors) = read(Some("S M S"), Some("yes"));
        assert!(errors.names("channel") && errors.names("members"));
    }
}
