//! `GET` and `PUT /v1/me/availability`, `PUT /v1/members/{member_id}/availability` (SPEC E34).

use super::read;
use crate::{
    Deps,
    api_types::{AvailabilityStateName, MemberPath},
    by,
    rights::check_member,
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, amend, log,
    member_work::order_work,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    AccountScope, Timestamp,
    account::channel::{Channels, is_of_connectors},
    event::{Change, Event},
    ids::MemberId,
    routing::seat_of::MemberChange,
    team::{
        availability::{Availability, AvailabilityState},
        member::{Member, MemberStatus},
    },
};

/// Availability to set.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "available", "paused": ["live_chat"]}))]
pub struct AvailabilityRequest {
    /// The state.
    #[schema(required = true, nullable = false)]
    state: Option<AvailabilityStateName>,
    /// Allowed channels on which the member takes nothing new for now; none by default.
    #[schema(nullable = false)]
    paused: Option<BTreeSet<String>>,
}

/// Availability of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"state": "available", "paused": ["live_chat"], "since": "2026-11-22T10:00:00.000Z"}))]
pub struct AvailabilityResponse {
    /// The state.
    state: AvailabilityStateName,
    /// Channels on which the member takes nothing new for now.
    paused: BTreeSet<String>,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

impl From<Availability> for AvailabilityResponse {
    fn from(availability: Availability) -> Self {
        Self {
            state: availability.state.into(),
            paused: availability.paused,
            since: availability.since,
        }
    }
}

/// A channel that a member is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"key": "live_chat", "name": "Live chat", "limit": 3, "paused": true}))]
pub struct OwnChannelResponse {
    /// Key.
    key: String,
    /// Name.
    name: String,
    /// Number of conversations that the member takes there at the same time; with 0, nothing is assigned automatically.
    limit: u32,
    /// Whether the member takes nothing new there for now.
    paused: bool,
}

/// Availability of the member who calls, with the channels that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "state": "available", "paused": ["live_chat"], "since": "2026-11-22T10:00:00.000Z",
    "channels": [{"key": "live_chat", "name": "Live chat", "limit": 3, "paused": true}]
}))]
pub struct OwnAvailabilityResponse {
    /// The state.
    state: AvailabilityStateName,
    /// Channels on which the member takes nothing new for now.
    paused: BTreeSet<String>,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Channels that the member is allowed.
    channels: Vec<OwnChannelResponse>,
}

impl OwnAvailabilityResponse {
    /// Renders a member's availability. The account's own channels are read for their names only where one is allowed.
    async fn of(deps: &Deps, scope: AccountScope, member: Member) -> Result<Self, ApiError> {
        let allowed = member.work.channels;
        let added = if allowed.keys().all(|key| is_of_connectors(key)) {
            Channels::default()
        } else {
            deps.channels.channels(scope).await?
        };
        let Availability {
            state,
            paused,
            since,
            absent_since: _,
        } = member.availability;
        let channels = allowed
            .into_iter()
            .map(|(key, limit)| OwnChannelResponse {
                name: added.name_of(&key).to_owned(),
                paused: paused.contains(&key),
                key,
                limit,
            })
            .collect();
        Ok(Self {
            state: state.into(),
            paused,
            since,
            channels,
        })
    }
}

/// Read one's own availability
///
/// The channels are those that the caller is allowed. It takes a member: a key of the account has none.
#[utoipa::path(
    get,
    path = "/v1/me/availability",
    tag = "Members",
    responses(
        (status = 200, description = "The availability.", body = OwnAvailabilityResponse),
        (status = 404, description = "The caller is no member.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn get_own_availability(
    State(deps): State<Arc<Deps>>,
    call: Call,
) -> Result<Json<OwnAvailabilityResponse>, ApiError> {
    let member = read(&deps, call.scope(), own_id(&call)?).await?;
    let shown = OwnAvailabilityResponse::of(&deps, call.scope(), member).await?;
    Ok(Json(shown))
}

/// Set one's own availability
///
/// Whoever is away, offline or paused on a channel keeps their conversations there and gets no further ones.
#[utoipa::path(
    put,
    path = "/v1/me/availability",
    tag = "Members",
    request_body = AvailabilityRequest,
    responses(
        (status = 200, description = "The availability.", body = OwnAvailabilityResponse),
        (status = 404, description = "The caller is no member.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Other callers keep changing the member.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn set_own_availability(
    State(deps): State<Arc<Deps>>,
    call: Call,
    body: JsonBody,
) -> Result<Json<OwnAvailabilityResponse>, ApiError> {
    let wanted = Wanted::read(body.0)?;
    let id = own_id(&call)?;
    let member = save(&deps, &call, id, &wanted, |_| Ok(())).await?;
    let shown = OwnAvailabilityResponse::of(&deps, call.scope(), member).await?;
    Ok(Json(shown))
}

/// Set a member's availability
///
/// For a member who forgot, or left in a hurry. Nobody changes somebody who holds more.
#[utoipa::path(
    put,
    path = "/v1/members/{member_id}/availability",
    tag = "Members",
    params(MemberPath),
    request_body = AvailabilityRequest,
    responses(
        (status = 200, description = "The availability.", body = AvailabilityResponse),
        (status = 409, description = "The member holds more than the caller, or other callers keep changing the member.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn set_member_availability(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<MemberPath>,
    body: JsonBody,
) -> Result<Json<AvailabilityResponse>, ApiError> {
    let wanted = Wanted::read(body.0)?;
    let roles = deps.members.roles(call.scope()).await?;
    let check = |member: &Member| check_member(&call, &roles, member);
    let member = save(&deps, &call, path.member_id, &wanted, check).await?;
    Ok(Json(member.availability.into()))
}

/// The member who calls.
fn own_id(call: &Call) -> Result<MemberId, ApiError> {
    let id = call.caller.member_id;
    id.ok_or_else(|| ApiError::not_found("member"))
}

/// Availability to set, checked as far as it needs no member.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    state: AvailabilityState,
    paused: BTreeSet<String>,
}

impl Wanted {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: AvailabilityRequest = read_fields(fields, &mut errors);
        let state = errors.required("state", request.state);
        match state {
            Some(state) if errors.is_empty() => Ok(Self {
                state: state.into(),
                paused: request.paused.unwrap_or_default(),
            }),
            _ => Err(errors.into_validation()),
        }
    }

    /// Checks that a member can be paused like this.
    fn check(&self, member: &Member) -> Result<(), ApiError> {
        let mut errors = FieldErrors::default();
        let is_allowed = |channel: &String| member.work.channels.contains_key(channel);
        if !self.paused.iter().all(is_allowed) {
            errors.add("paused", "must be channels that the member is allowed");
        }
        errors.check_body()
    }
}

/// Stores another availability, and returns the member with it. One that holds already is not written again.
async fn save(
    deps: &Deps,
    call: &Call,
    id: MemberId,
    wanted: &Wanted,
    check: impl Fn(&Member) -> Result<(), ApiError>,
) -> Result<Member, ApiError> {
    let check = &check;
    amend(
        &IfMatch::Absent,
        || read(deps, call.scope(), id),
        |member| async move {
            if member.status == MemberStatus::Removed {
                return Err(ApiError::not_found("member"));
            }
            check(&member)?;
            wanted.check(&member)?;
            let before = &member.availability;
            if before.state == wanted.state && before.paused == wanted.paused {
                return Ok(member);
            }
            let now = call.now();
            let changed = Member {
                availability: before.changed(wanted.state, wanted.paused.clone(), now),
                updated_at: now,
                ..member.clone()
            };
            let change = Change {
                event: Event::MemberAvailabilityChanged(id),
                before: facts(&member.availability),
                after: facts(&changed.availability),
            };
            let entry = call.audit(change, now);
            // A way in is taken from nobody, so the last super admin stands in the way of nothing.
            deps.members
                .update_member(&changed, &member, &[], by(call, &entry))
                .await?;
            log(&entry);
            order_work(deps.routing.as_ref(), MemberChange::new(&member, &changed)).await;
            Ok(changed)
        },
    )
    .await
}

/// Availability as the audit log records it.
fn facts(availability: &Availability) -> Value {
    json!({"state": availability.state, "paused": availability.paused})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<Wanted, ApiError> {
        match body {
            Value::Object(fields) => Wanted::read(fields),
            _ => panic!("a body is an object"),
        }
    }

    /// SPEC E34.
    #[test]
    fn availability_is_one_of_three_states_with_channels_that_are_paused() {
        let wanted = read(json!({"state": "available", "paused": ["sms", "sms"]})).unwrap();
        assert_eq!(wanted.paused.len(), 1);
        let away = read(json!({"state": "away"})).unwrap();
        assert_eq!(away.state, AvailabilityState::Away);
        for (body, field) in [
            (json!({}), "state"),
            (json!({"state": "busy"}), "state"),
            (json!({"state": "away", "paused": "sms"}), "paused"),
        ] {
            let error = read(body).unwrap_err();
            assert_eq!(error.errors()[0].field, field);
        }
    }
}
