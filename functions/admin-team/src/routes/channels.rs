//! The channels of the account: those of connectors, and others that are served through the API (SPEC M02).

use super::members::{MEMBERS, NamedMembers};
use crate::{Deps, by};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, amend,
    api_types::ListResponse,
    log,
    problem::{ApiError, Problem, ProblemMember},
    problem_types, read_fields, validation,
};
use vestibule_domain::{
    Timestamp,
    account::{
        Client,
        channel::{CONNECTOR_CHANNELS, Channel, Channels, is_of_connectors},
        is_channel_key,
    },
    event::{Change, Event},
    page::{Order, PAGE_MAX, PageRequest},
    ports::MemberFilter,
    routing::demand::Desk,
    team::member::Member,
};

problem_types! {
    CHANNEL_IN_USE = "channel-in-use", CONFLICT, "The channel is in use",
        "`members` lists members who are allowed it, and `clients` clients that have it. Take it from them first. Both are empty while conversations are open on it.", [MEMBERS, CLIENTS];
    CHANNEL_OF_CONNECTORS = "channel-of-connectors", CONFLICT, "Connectors bring the channel",
        "Every account has it.";
    TOO_MANY_CHANNELS = "too-many-channels", CONFLICT, "The account has as many channels as it can have",
        "An account can have 50 channels, those of connectors included. Remove one first.";
}

/// The member `clients` of problems that name clients.
const CLIENTS: ProblemMember =
    ProblemMember::named::<NamedClients>("clients", "Clients that stand in the way; 20 at most.");

/// Members and clients that a refusal names.
const NAMED_MAX: usize = 20;

/// Clients, each with its name.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedClients(Vec<NamedClient>);

/// A client, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Globex"}))]
pub struct NamedClient {
    /// Id.
    id: String,
    /// Name.
    name: String,
}

/// A channel to add.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"key": "live_chat", "name": "Live chat"}))]
pub struct AddChannelRequest {
    /// Key, 1 to 40 characters of `a` to `z`, digits and `_`.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 40)]
    key: Option<String>,
    /// Name, 1 to 100 characters; the key by default.
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
}

/// A channel.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "key": "live_chat", "name": "Live chat", "of_connectors": false, "created_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct ChannelResponse {
    /// Key.
    key: String,
    /// Name.
    name: String,
    /// Whether connectors bring it. Conversations on another channel come through the API.
    of_connectors: bool,
    /// Time at which it was added; null if connectors bring it.
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
}

impl From<&Channel> for ChannelResponse {
    fn from(channel: &Channel) -> Self {
        Self {
            key: channel.key.clone(),
            name: channel.name.clone(),
            of_connectors: false,
            created_at: Some(channel.created_at),
        }
    }
}

/// A channel that connectors bring.
fn of_connectors((key, name): &(&str, &str)) -> ChannelResponse {
    ChannelResponse {
        key: (*key).to_owned(),
        name: (*name).to_owned(),
        of_connectors: true,
        created_at: None,
    }
}

/// The channel of an address.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ChannelPath {
    /// The channel's key.
    #[param(min_length = 1, max_length = 40, example = "live_chat")]
    pub channel: String,
}

/// List the channels
///
/// Those of connectors, and those that the account added, in one page.
#[utoipa::path(
    get,
    path = "/v1/channels",
    tag = "Channels",
    responses((status = 200, description = "All channels.", body = ListResponse<ChannelResponse>))
)]
pub async fn list_channels(
    State(deps): State<Arc<Deps>>,
    call: Call,
) -> Result<Json<ListResponse<ChannelResponse>>, ApiError> {
    let channels = deps.channels.channels(call.scope()).await?;
    let added = channels.added.iter().map(ChannelResponse::from);
    let items = CONNECTOR_CHANNELS.iter().map(of_connectors).chain(added);
    Ok(Json(ListResponse {
        items: items.collect(),
        next_cursor: None,
    }))
}

/// Add a channel
///
/// Its conversations come through the API. The call can be repeated: a channel that the account has is answered as it is.
#[utoipa::path(
    post,
    path = "/v1/channels",
    tag = "Channels",
    request_body = AddChannelRequest,
    responses(
        (status = 200, description = "The account has the channel already.", body = ChannelResponse),
        (status = 201, description = "The channel was added.", body = ChannelResponse),
        (status = 409, description = "The account has 50 channels, or other callers keep changing them.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn add_channel(
    State(deps): State<Arc<Deps>>,
    call: Call,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let (key, name) = read_channel(body.0)?;
    let built_in = CONNECTOR_CHANNELS.iter().find(|(own, _)| *own == key);
    if let Some(channel) = built_in.map(of_connectors) {
        return Ok((StatusCode::OK, Json(channel)).into_response());
    }
    let (deps, call, key, name) = (&*deps, &call, &key, &name);
    amend(
        &IfMatch::Absent,
        || read(deps, call),
        |channels| async move {
            if let Some(channel) = channels.get(key) {
                return Ok((StatusCode::OK, Json(ChannelResponse::from(channel))).into_response());
            }
            if !channels.has_room() {
                return Err(ApiError::new(&TOO_MANY_CHANNELS));
            }
            let now = call.now();
            let channel = Channel {
                key: key.clone(),
                name: name.clone(),
                created_at: now,
            };
            let body = ChannelResponse::from(&channel);
            let change = Change {
                event: Event::ChannelAdded(call.scope().account_id()),
                before: Value::Null,
                after: facts(&channel),
            };
            let mut after = channels;
            after.added.push(channel);
            let entry = call.audit(change, now);
            deps.channels
                .save_channels(&after, call.scope(), by(call, &entry))
                .await?;
            log(&entry);
            Ok((StatusCode::CREATED, Json(body)).into_response())
        },
    )
    .await
}

/// Remove a channel
///
/// One that the account added. Refused while a member or a client has it, or a conversation is open on it.
#[utoipa::path(
    delete,
    path = "/v1/channels/{channel}",
    tag = "Channels",
    params(ChannelPath),
    responses(
        (status = 204, description = "The channel is removed."),
        (status = 409, description = "Connectors bring the channel, or it is in use, or other callers keep changing channels.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn remove_channel(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ChannelPath>,
) -> Result<StatusCode, ApiError> {
    let key = path.channel;
    if is_of_connectors(&key) {
        return Err(ApiError::new(&CHANNEL_OF_CONNECTORS));
    }
    let (deps, call, key) = (&*deps, &call, &key);
    amend(
        &IfMatch::Absent,
        || read(deps, call),
        |channels| async move {
            let channel = channels.get(key).cloned();
            let channel = channel.ok_or_else(|| ApiError::not_found("channel"))?;
            check_unused(deps, call, key).await?;
            let change = Change {
                event: Event::ChannelRemoved(call.scope().account_id()),
                before: facts(&channel),
                after: Value::Null,
            };
            let entry = call.audit(change, call.now());
            let desk = Desk {
                scope: call.scope(),
                channel: key.clone(),
            };
            if !deps.channels.clear_desk(&desk, by(call, &entry)).await? {
                return Err(in_use(Vec::new(), Vec::new()));
            }
            let mut after = channels;
            after.added.retain(|one| one.key != *key);
            deps.channels
                .save_channels(&after, call.scope(), by(call, &entry))
                .await?;
            log(&entry);
            Ok(StatusCode::NO_CONTENT)
        },
    )
    .await
}

/// Reads the channels that the account added.
async fn read(deps: &Deps, call: &Call) -> Result<Channels, ApiError> {
    Ok(deps.channels.channels(call.scope()).await?)
}

/// Checks that neither a member nor a client has a channel. A member who gets it meanwhile changes the version of the
/// catalogue, so that this is checked again. A client that gets it meanwhile has a channel on which nothing comes.
async fn check_unused(deps: &Deps, call: &Call, key: &str) -> Result<(), ApiError> {
    let members = members_with(deps, call, key).await?;
    let mut clients = clients_with(deps, call, key).await?;
    if members.is_empty() && clients.is_empty() {
        return Ok(());
    }
    clients.retain(|client| call.caller.clients.contains(client.id));
    Err(in_use(members, clients))
}

/// A request for the first page of a list that is read to its end.
fn first_page() -> PageRequest {
    PageRequest {
        limit: PAGE_MAX,
        cursor: None,
        order: Order::OldestFirst,
    }
}

async fn members_with(deps: &Deps, call: &Call, key: &str) -> Result<Vec<Member>, ApiError> {
    let mut found = Vec::new();
    let (filter, mut wanted) = (MemberFilter::default(), first_page());
    loop {
        let page = deps.members.list_members(call.scope(), &filter, &wanted);
        let page = page.await?;
        let has = |member: &Member| member.work.channels.contains_key(key);
        found.extend(page.items.into_iter().filter(has));
        wanted.cursor = page.next;
        if wanted.cursor.is_none() || found.len() >= NAMED_MAX {
            found.truncate(NAMED_MAX);
            return Ok(found);
        }
    }
}

async fn clients_with(deps: &Deps, call: &Call, key: &str) -> Result<Vec<Client>, ApiError> {
    let mut found = Vec::new();
    let mut wanted = first_page();
    loop {
        let page = deps.clients.list_clients(call.scope(), &wanted).await?;
        let has = |client: &Client| client.channels.contains(key);
        found.extend(page.items.into_iter().filter(has));
        wanted.cursor = page.next;
        if wanted.cursor.is_none() || found.len() >= NAMED_MAX {
            found.truncate(NAMED_MAX);
            return Ok(found);
        }
    }
}

/// The problem of a channel that these members and clients have.
fn in_use(members: Vec<Member>, clients: Vec<Client>) -> ApiError {
    let clients = clients.into_iter().map(|client| NamedClient {
        id: client.id.to_string(),
        name: client.name,
    });
    // A list of structs of strings always serialises to JSON.
    let clients = serde_json::to_value(NamedClients(clients.collect())).unwrap_or_default();
    ApiError::new(&CHANNEL_IN_USE)
        .with_member(&MEMBERS, NamedMembers::value(members))
        .with_member(&CLIENTS, clients)
}

fn read_channel(fields: Map<String, Value>) -> Result<(String, String), ApiError> {
    let mut errors = FieldErrors::default();
    let request: AddChannelRequest = read_fields(fields, &mut errors);
    let key = errors.required("key", request.key);
    let name = validation::name("name", request.name.as_deref(), &mut errors);
    if key.as_deref().is_some_and(|key| !is_channel_key(key)) {
        errors.add(
            "key",
            "must be 1 to 40 characters of `a` to `z`, digits and `_`, such as `live_chat`",
        );
    }
    match key {
        Some(key) if errors.is_empty() => {
            let name = name.unwrap_or_else(|| key.clone());
            Ok((key, name))
        }
        _ => Err(errors.into_validation()),
    }
}

/// The channel as the audit log records it.
fn facts(channel: &Channel) -> Value {
    json!({"key": channel.key, "name": channel.name})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<(String, String), ApiError> {
        match body {
            Value::Object(fields) => read_channel(fields),
            _ => panic!("a body is an object"),
        }
    }

    /// SPEC M02.
    #[test]
    fn a_channel_has_a_key_of_the_right_form_and_a_name() {
        let named = read(json!({"key": "live_chat", "name": " Live chat "})).unwrap();
        assert_eq!(named, ("live_chat".to_owned(), "Live chat".to_owned()));
        let plain = read(json!({"key": "facebook"})).unwrap();
        assert_eq!(plain.1, "facebook");
        for (body, field) in [
            (json!({}), "key"),
            (json!({"key": "Live chat"}), "key"),
            (json!({"key": "x".repeat(41)}), "key"),
            (json!({"key": "x", "name": " "}), "name"),
        ] {
            let error = read(body).unwrap_err();
            assert_eq!(error.errors()[0].field, field);
        }
    }
}
