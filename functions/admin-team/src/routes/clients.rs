//! Clients: customers and brands that the account serves (SPEC M01, M02, B39).

use super::members::{MEMBERS, NamedMembers};
use crate::{Deps, api_types::ClientPath, by};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IdempotencyKey, IfMatch, JsonBody, ListQuery, Made, Nullable,
    PageParams, amend,
    api_types::{IdempotencyHeader, IfMatchHeader, ListResponse, found},
    given, log,
    problem::{ApiError, Problem, ProblemMember},
    problem_types, read_fields, validation,
};
use vestibule_domain::{
    Timestamp,
    account::{CHANNELS_MAX, Client, FIRST_REPLY_MINUTES_MAX, is_channel_key},
    event::{Change, Event},
    ids::ClientId,
    page::{Order, PAGE_MAX, PageRequest},
    ports::{ClientDeletion, ConnectorPlace, MemberFilter},
    team::{client_access::ClientAccess, member::Member},
};

problem_types! {
    DEFAULT_CLIENT = "default-client", CONFLICT, "The default client stays",
        "An account keeps its default client. It can be renamed.";
    CLIENT_IN_USE = "client-in-use", CONFLICT, "The client is in use",
        "`connectors` lists connectors that belong to the client, and `members` members whose access is limited to it and others. Delete the connectors or give them another client, and change the members' access, first.", [CONNECTORS, MEMBERS];
}

/// The member `connectors` of problems that name connectors.
const CONNECTORS: ProblemMember = ProblemMember::named::<NamedConnectors>(
    "connectors",
    "Connectors that stand in the way; 20 at most.",
);

/// Members and connectors that the refusal of a deletion names.
const NAMED_MAX: usize = 20;

/// Connectors, each with its project.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedConnectors(Vec<NamedConnector>);

/// A connector in its project.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "project_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X"}))]
pub struct NamedConnector {
    /// Id.
    id: String,
    /// Id of its project.
    project_id: String,
}

impl From<&ConnectorPlace> for NamedConnector {
    fn from(place: &ConnectorPlace) -> Self {
        Self {
            id: place.connector_id.to_string(),
            project_id: place.project_id.to_string(),
        }
    }
}

/// A client to create.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Globex", "channels": ["whatsapp", "live_chat"]}))]
pub struct CreateClientRequest {
    /// Name, 1 to 100 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    name: Option<String>,
    /// Keys of its channels, each 1 to 40 characters of `a` to `z`, digits and `_`.
    channels: Option<Vec<String>>,
    /// Minutes within which a person should get the first reply of a member, 1 to 10,080; no limit by default.
    #[schema(minimum = 1, maximum = 10080)]
    first_reply_minutes: Option<u32>,
}

/// Changes to a client. Fields left out keep their values.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"channels": ["whatsapp"]}))]
pub struct UpdateClientRequest {
    /// Name, 1 to 100 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// Keys of its channels, each 1 to 40 characters of `a` to `z`, digits and `_`.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    channels: Option<Vec<String>>,
    /// Minutes within which a person should get the first reply of a member, 1 to 10,080; null removes the limit.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10080)]
    first_reply_minutes: Nullable<u32>,
}

/// A client.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Globex", "channels": ["live_chat", "whatsapp"], "first_reply_minutes": 30, "is_default": false,
    "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct ClientResponse {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Keys of its channels.
    channels: BTreeSet<String>,
    /// Minutes within which a person should get the first reply of a member; null for no limit.
    first_reply_minutes: Option<u32>,
    /// Whether new connectors belong to it unless they name another one.
    is_default: bool,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Client> for ClientResponse {
    fn from(client: Client) -> Self {
        Self {
            id: client.id.to_string(),
            name: client.name,
            channels: client.channels,
            first_reply_minutes: client.first_reply_minutes,
            is_default: client.is_default,
            created_at: client.created_at,
            updated_at: client.updated_at,
        }
    }
}

/// List the clients
///
/// By name. A member whose access is limited to some clients sees those.
#[utoipa::path(
    get,
    path = "/v1/clients",
    tag = "Clients",
    params(PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<ClientResponse>))
)]
pub async fn list_clients(
    State(deps): State<Arc<Deps>>,
    call: Call,
    query: ListQuery<()>,
) -> Result<Json<ListResponse<ClientResponse>>, ApiError> {
    let mut page = deps.clients.list_clients(call.scope(), &query.page).await?;
    page.items
        .retain(|client| call.caller.clients.contains(client.id));
    Ok(ListResponse::of(page, Into::into))
}

/// Read a client
#[utoipa::path(
    get,
    path = "/v1/clients/{client_id}",
    tag = "Clients",
    params(ClientPath),
    responses((status = 200, description = "The client.", body = ClientResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))))
)]
pub async fn get_client(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ClientPath>,
) -> Result<Response, ApiError> {
    let client = read(&deps, &call, path.client_id).await?;
    Ok(found(client.version, ClientResponse::from(client)))
}

/// Create a client
#[utoipa::path(
    post,
    path = "/v1/clients",
    tag = "Clients",
    params(IdempotencyHeader),
    request_body = CreateClientRequest,
    responses((status = 201, description = "The client was created, by this call or an earlier one with this Idempotency-Key.", body = ClientResponse))
)]
pub async fn create_client(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let request_hash = idempotency.request_hash(&body.0);
    let mut errors = FieldErrors::default();
    let request: CreateClientRequest = read_fields(body.0, &mut errors);
    let name = validation::required_name("name", request.name.as_deref(), &mut errors);
    let channels = read_channels(request.channels, &mut errors);
    let first_reply_minutes = read_minutes(request.first_reply_minutes, &mut errors);
    let (Some(name), true) = (name, errors.is_empty()) else {
        return Err(errors.into_validation());
    };
    let now = call.now();
    let id: ClientId = idempotency.id(&call, "clients");
    let client = Client {
        id,
        name,
        channels: channels.unwrap_or_default(),
        first_reply_minutes,
        is_default: false,
        request_hash,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let change = Change {
        event: Event::ClientCreated(id),
        before: Value::Null,
        after: facts(&client),
    };
    let entry = call.audit(change, now);
    let outcome = deps
        .clients
        .create_client(&client, by(&call, &entry))
        .await?;
    Ok(Made::settle(outcome, client, &entry, facts)?.respond(ClientResponse::from))
}

/// Change a client
#[utoipa::path(
    patch,
    path = "/v1/clients/{client_id}",
    tag = "Clients",
    params(ClientPath, IfMatchHeader),
    request_body = UpdateClientRequest,
    responses(
        (status = 200, description = "The changed client.", body = ClientResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_client(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<ClientPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let update = Update::read(body.0)?;
    let (deps, call, update) = (&*deps, &call, &update);
    amend(
        &if_match,
        || read(deps, call, path.client_id),
        |client| async move {
            let now = call.now();
            let changed = Client {
                updated_at: now,
                ..update.apply(&client)
            };
            if facts(&changed) == facts(&client) {
                return Ok(found(client.version, ClientResponse::from(client)));
            }
            let change = Change {
                event: Event::ClientUpdated(client.id),
                before: facts(&client),
                after: facts(&changed),
            };
            let entry = call.audit(change, now);
            deps.clients
                .update_client(&changed, by(call, &entry))
                .await?;
            log(&entry);
            Ok(found(changed.version + 1, ClientResponse::from(changed)))
        },
    )
    .await
}

/// Delete a client
///
/// Refused while a connector belongs to it, or the access of a member is limited to it and others.
#[utoipa::path(
    delete,
    path = "/v1/clients/{client_id}",
    tag = "Clients",
    params(ClientPath, IfMatchHeader),
    responses(
        (status = 204, description = "The client is deleted."),
        (status = 409, description = "It is the default client, or in use, or other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_client(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<ClientPath>,
) -> Result<StatusCode, ApiError> {
    let (deps, call) = (&*deps, &call);
    amend(
        &if_match,
        || read(deps, call, path.client_id),
        |client| async move {
            if client.is_default {
                return Err(ApiError::new(&DEFAULT_CLIENT));
            }
            let limited = limited_to(deps, call, client.id).await?;
            if !limited.is_empty() {
                return Err(in_use(&[], limited));
            }
            let change = Change {
                event: Event::ClientDeleted(client.id),
                before: facts(&client),
                after: Value::Null,
            };
            let entry = call.audit(change, call.now());
            let outcome = deps.clients.delete_client(&client, by(call, &entry));
            match outcome.await? {
                ClientDeletion::Done => {
                    log(&entry);
                    Ok(StatusCode::NO_CONTENT)
                }
                ClientDeletion::InUse(connectors) => Err(in_use(&connectors, limited)),
            }
        },
    )
    .await
}

/// Finds members whose access is limited to some clients, this one among them. One who becomes so meanwhile keeps an
/// id that leads to nothing: ids are not used again.
async fn limited_to(deps: &Deps, call: &Call, id: ClientId) -> Result<Vec<Member>, ApiError> {
    let mut found = Vec::new();
    let mut wanted = PageRequest {
        limit: PAGE_MAX,
        cursor: None,
        order: Order::OldestFirst,
    };
    let filter = MemberFilter::default();
    loop {
        let page = deps.members.list_members(call.scope(), &filter, &wanted);
        let page = page.await?;
        let is_limited = |member: &Member| match &member.clients {
            ClientAccess::All => false,
            ClientAccess::Only(some) => some.contains(&id),
        };
        found.extend(page.items.into_iter().filter(is_limited));
        wanted.cursor = page.next;
        if wanted.cursor.is_none() || found.len() >= NAMED_MAX {
            found.truncate(NAMED_MAX);
            return Ok(found);
        }
    }
}

/// The problem of a client that these connectors and members need.
fn in_use(connectors: &[ConnectorPlace], members: Vec<Member>) -> ApiError {
    let connectors = connectors.iter().take(NAMED_MAX).map(Into::into);
    let connectors = NamedConnectors(connectors.collect());
    // Lists of structs of strings always serialise to JSON.
    let connectors = serde_json::to_value(connectors).unwrap_or_default();
    ApiError::new(&CLIENT_IN_USE)
        .with_member(&CONNECTORS, connectors)
        .with_member(&MEMBERS, NamedMembers::value(members))
}

/// Reads a client, which must exist, and to which the caller must have access.
async fn read(deps: &Deps, call: &Call, id: ClientId) -> Result<Client, ApiError> {
    let found = deps.clients.get_client(call.scope(), id).await?;
    found
        .filter(|client| call.caller.clients.contains(client.id))
        .ok_or_else(|| ApiError::not_found("client"))
}

/// Changes to a client, checked.
#[derive(Debug)]
struct Update {
    name: Option<String>,
    channels: Option<BTreeSet<String>>,
    first_reply_minutes: Nullable<u32>,
}

impl Update {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: UpdateClientRequest = read_fields(fields, &mut errors);
        let name = validation::name("name", request.name.as_deref(), &mut errors);
        let channels = read_channels(request.channels, &mut errors);
        let minutes = request.first_reply_minutes;
        if let Nullable::Value(minutes) = minutes {
            read_minutes(Some(minutes), &mut errors);
        }
        errors.check_body()?;
        Ok(Self {
            name,
            channels,
            first_reply_minutes: minutes,
        })
    }

    fn apply(&self, client: &Client) -> Client {
        let mut changed = client.clone();
        if let Some(name) = &self.name {
            name.clone_into(&mut changed.name);
        }
        if let Some(channels) = &self.channels {
            changed.channels.clone_from(channels);
        }
        match self.first_reply_minutes {
            Nullable::Absent => {}
            Nullable::Null => changed.first_reply_minutes = None,
            Nullable::Value(minutes) => changed.first_reply_minutes = Some(minutes),
        }
        changed
    }
}

/// Reads a limit of first replies (SPEC E37).
fn read_minutes(given: Option<u32>, errors: &mut FieldErrors) -> Option<u32> {
    let minutes = given?;
    if (1..=FIRST_REPLY_MINUTES_MAX).contains(&minutes) {
        return Some(minutes);
    }
    errors.add(
        "first_reply_minutes",
        format!("must be a whole number from 1 to {FIRST_REPLY_MINUTES_MAX}"),
    );
    None
}

fn read_channels(given: Option<Vec<String>>, errors: &mut FieldErrors) -> Option<BTreeSet<String>> {
    let channels: BTreeSet<String> = given?.into_iter().collect();
    if channels.len() > CHANNELS_MAX {
        errors.add("channels", format!("must be at most {CHANNELS_MAX} keys"));
        return None;
    }
    if !channels.iter().all(|key| is_channel_key(key)) {
        errors.add(
            "channels",
            "must be keys of 1 to 40 characters of `a` to `z`, digits and `_`, such as `live_chat`",
        );
        return None;
    }
    Some(channels)
}

/// The client as the audit log records it.
fn facts(client: &Client) -> Value {
    json!({
        "name": client.name,
        "channels": client.channels,
        "first_reply_minutes": client.first_reply_minutes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(body: Value) -> Result<Update, ApiError> {
        match body {
            Value::Object(fields) => Update::read(fields),
            _ => panic!("a body is an object"),
        }
    }

    /// SPEC E37.
    #[test]
    fn a_limit_of_first_replies_is_set_changed_and_removed() {
        let client = |first_reply_minutes| Client {
            id: ClientId::derive(&["c"]),
            name: "Globex".to_owned(),
            channels: BTreeSet::new(),
            first_reply_minutes,
            is_default: false,
            request_hash: None,
            version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        };
        for (body, before, after) in [
            (json!({}), Some(5), Some(5)),
            (json!({"first_reply_minutes": 30}), None, Some(30)),
            (json!({"first_reply_minutes": null}), Some(5), None),
        ] {
            let changed = update(body).unwrap().apply(&client(before));
            assert_eq!(changed.first_reply_minutes, after);
        }
        for wrong in [json!(0), json!(10_081), json!("x"), json!(-1)] {
            let error = update(json!({"first_reply_minutes": wrong})).unwrap_err();
            assert_eq!(error.errors()[0].field, "first_reply_minutes");
        }
    }

    /// SPEC M02: channels are an open catalogue.
    #[test]
    fn a_channel_is_any_key_of_the_right_form() {
        let read = update(json!({"channels": ["live_chat", "sms", "sms", "x2"]})).unwrap();
        assert_eq!(read.channels.unwrap().len(), 3);
        let none = update(json!({"channels": []})).unwrap();
        assert_eq!(none.channels, Some(BTreeSet::new()));
        assert_eq!(update(json!({})).unwrap().channels, None);
        for wrong in [
            json!([""]),
            json!(["Live chat"]),
            json!(["x".repeat(41)]),
            json!(null),
        ] {
            let error = update(json!({"channels": wrong})).unwrap_err();
            assert_eq!(error.errors()[0].field, "channels");
        }
    }
}
