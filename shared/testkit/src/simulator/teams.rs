//! Teams (PROVIDERS §2): the connector service below `/teams`, Microsoft's tokens below `/microsoft-login`, photos below
//! `/graph/v1.0`, the keys below `/botframework`, and activities.

mod activities;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{any, get, post};
use serde_json::{Value, json};

use super::api::{self, Answer, Asked, Performing};
use super::connectors::{Connector, TeamsAccount, opaque};
use super::platform::Platform;
use super::world::{Author, Message, Person, World};
use super::{Shared, SimulatorError};
use crate::signed_request::SignedRequest;
use crate::teams_signer;

pub(super) use activities::write;

const BOT_SCOPE: &str = "https://api.botframework.com/.default";
const GRAPH_SCOPE: &str = "https://graph.microsoft.com/.default";
/// The authority of bots that belong to no tenant.
const MULTI_TENANT_AUTHORITY: &str = "botframework.com";
const TOKEN_LIFE_SECS: i64 = 3600;
/// Teams' limit for one message, in bytes of its JSON.
const MAX_ACTIVITY_BYTES: usize = 100 * 1024;
const PORTRAIT: &[u8] = include_bytes!("portrait.jpg");

/// A token that Microsoft gave out.
#[derive(Clone, Debug)]
pub(super) struct Token {
    connector_id: String,
    is_for_graph: bool,
    expires_ms: i64,
    /// False for one from another authority than the bot's own.
    is_good: bool,
}

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route(
            "/microsoft-login/{authority}/oauth2/v2.0/token",
            post(token),
        )
        .route(
            "/botframework/v1/.well-known/openidconfiguration",
            get(metadata),
        )
        .route("/botframework/v1/.well-known/keys", get(keys))
        .route("/teams/v3/conversations", any(create_conversation))
        .route(
            "/teams/v3/conversations/{id}/activities",
            any(send_activity),
        )
        .route(
            "/teams/v3/conversations/{id}/activities/{activity}",
            any(send_reply),
        )
        .route("/teams/v3/conversations/{id}/members/{member}", any(member))
        .route("/graph/v1.0/users/{id}/photo/$value", any(photo))
        .route(
            "/graph/v1.0/users/{id}/photos/{size}/$value",
            any(photo_of_size),
        )
}

/// An error of the connector service or of Graph.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::refused(status, json!({"error": {"code": code, "message": message}}))
}

/// An error of the token endpoint.
pub(super) fn token_error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::refused(status, json!({"error": code, "error_description": message}))
}

/// The request that tells the bot of an activity.
pub(super) fn signed(
    account: &TeamsAccount,
    base_url: &str,
    now_secs: i64,
    body: Vec<u8>,
) -> Result<SignedRequest, SimulatorError> {
    teams_signer::sign(&account.app_id, &service_url(base_url), now_secs, body)
        .map_err(|error| SimulatorError(error.to_string()))
}

fn service_url(base_url: &str) -> String {
    format!("{base_url}/teams/")
}

/// What one bot knows a person by.
fn user_id(account: &TeamsAccount, person: &Person) -> String {
    format!("29:1{}", opaque(&["user", &account.app_id, &person.id]))
}

/// The direct conversation of a bot and a person.
fn personal_id(account: &TeamsAccount, person: &Person) -> String {
    format!("a:1{}", opaque(&["personal", &account.app_id, &person.id]))
}

/// The channel that everybody is in, without the message that a thread begins with.
fn channel_id(account: &TeamsAccount) -> String {
    let id = opaque(&["channel", &account.app_id, &account.tenant_id]);
    format!("19:{}@thread.tacv2", id.replace(['-', '_'], "0"))
}

async fn metadata(State(shared): State<Arc<Shared>>) -> Response {
    let jwks_uri = format!("{}/botframework/v1/.well-known/keys", shared.base_url());
    document(
        &shared,
        "openidconfiguration",
        teams_signer::metadata(&jwks_uri),
    )
    .await
}

async fn keys(State(shared): State<Arc<Shared>>) -> Response {
    let keys = teams_signer::keys().unwrap_or_default();
    document(&shared, "keys", keys).await
}

async fn document(shared: &Arc<Shared>, method: &str, document: Value) -> Response {
    let asked = new_call(method, Method::GET, None);
    api::serve(shared, asked, |_, _| Answer::done(StatusCode::OK, document)).await
}

fn new_call(method: &str, http_method: Method, content_type: Option<String>) -> Asked {
    Asked {
        platform: Platform::Teams,
        method: method.to_owned(),
        http_method,
        content_type,
        arguments: json!({}),
        target: None,
        connector_id: None,
        violations: Vec::new(),
    }
}

async fn token(
    State(shared): State<Arc<Shared>>,
    Path(authority): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut asked = new_call("token", Method::POST, api::content_type(&headers));
    asked.read_form(&body);
    // It is a secret: it is not remembered with the call.
    let secret = asked.arguments.get_mut("client_secret").map(Value::take);
    let client_id = asked.text("client_id").unwrap_or_default().to_owned();
    asked.note_unknown(&["grant_type", "client_id", "client_secret", "scope"]);
    asked.connector_id = shared
        .world()
        .connectors
        .iter()
        .find(|connector| {
            connector
                .teams()
                .is_some_and(|account| account.app_id == client_id)
        })
        .map(|connector| connector.id().to_owned());
    asked.target = Some(client_id);
    api::serve(&shared, asked, |asked, doing| {
        give_token(
            asked,
            doing,
            &authority,
            secret.as_ref().and_then(Value::as_str),
        )
    })
    .await
}

fn give_token(
    asked: &Asked,
    doing: &mut Performing<'_>,
    authority: &str,
    secret: Option<&str>,
) -> Answer {
    let bad = |code: &str, message: &str| token_error(StatusCode::BAD_REQUEST, code, message);
    if asked.text("grant_type") != Some("client_credentials") {
        doing.note("`grant_type` is not `client_credentials`");
        return bad(
            "unsupported_grant_type",
            "AADSTS70003: The app requested an unsupported grant type.",
        );
    }
    let connector = asked
        .connector_id
        .as_deref()
        .and_then(|id| doing.world.connector(id).cloned());
    let Some((connector, account)) =
        connector.and_then(|connector| Some((connector.clone(), connector.teams()?.clone())))
    else {
        doing.note("`client_id` is no bot's");
        return bad(
            "unauthorized_client",
            "AADSTS700016: Application was not found in the directory.",
        );
    };
    if secret != Some(account.client_secret.as_str()) || connector.is_revoked {
        if !connector.is_revoked {
            doing.note("`client_secret` is wrong");
        }
        return token_error(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "AADSTS7000215: Invalid client secret provided.",
        );
    }
    let scope = asked.text("scope").unwrap_or_default();
    if scope != BOT_SCOPE && scope != GRAPH_SCOPE {
        doing.note(format!("there is no scope `{scope}`"));
        return bad(
            "invalid_scope",
            "AADSTS70011: The provided value for scope is not valid.",
        );
    }
    let is_for_graph = scope == GRAPH_SCOPE;
    let own = if account.is_multi_tenant() && !is_for_graph {
        MULTI_TENANT_AUTHORITY
    } else {
        &account.tenant_id
    };
    if authority != own {
        doing.note(format!(
            "the token is asked of `{authority}` and not of `{own}`: it would not be taken"
        ));
    }
    let number = doing.world.next_number();
    let text = format!("token-{}-{number}", doing.world.seed);
    doing.world.tokens.insert(
        text.clone(),
        Token {
            connector_id: connector.id().to_owned(),
            is_for_graph,
            expires_ms: doing.now_ms + TOKEN_LIFE_SECS * 1000,
            is_good: authority == own,
        },
    );
    let mut answer = Answer::done(
        StatusCode::OK,
        json!({
            "token_type": "Bearer", "expires_in": TOKEN_LIFE_SECS, "ext_expires_in": TOKEN_LIFE_SECS,
            "access_token": text,
        }),
    );
    answer.is_secret = true;
    answer
}

/// A call that carries a token.
fn with_token(
    shared: &Shared,
    method: &str,
    http_method: Method,
    headers: &HeaderMap,
) -> (Asked, Option<String>) {
    let token = api::text_header(headers, header::AUTHORIZATION.as_str())
        .and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned));
    let mut asked = new_call(method, http_method, api::content_type(headers));
    asked.connector_id = token.as_ref().and_then(|token| {
        shared
            .world()
            .tokens
            .get(token)
            .map(|token| token.connector_id.clone())
    });
    (asked, token)
}

/// The bot that a token was given to, if it is good for this.
fn allowed(
    doing: &mut Performing<'_>,
    token: Option<&str>,
    is_for_graph: bool,
) -> Result<(Connector, TeamsAccount), Answer> {
    let denied = || {
        error(
            StatusCode::UNAUTHORIZED,
            if is_for_graph {
                "InvalidAuthenticationToken"
            } else {
                "BotNotRegistered"
            },
            "Authorization has been denied for this request.",
        )
    };
    let Some(token) = token.and_then(|token| doing.world.tokens.get(token).cloned()) else {
        doing.note("there is no token that was given out");
        return Err(denied());
    };
    if token.is_for_graph != is_for_graph {
        doing.note("the token is for another scope");
        return Err(denied());
    }
    if doing.now_ms >= token.expires_ms {
        doing.note("the token has expired");
        return Err(denied());
    }
    let connector = doing
        .world
        .connector(&token.connector_id)
        .filter(|connector| token.is_good && !connector.is_revoked)
        .cloned();
    connector
        .and_then(|connector| Some((connector.clone(), connector.teams()?.clone())))
        .ok_or_else(denied)
}

async fn create_conversation(
    State(shared): State<Arc<Shared>>,
    http_method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (mut asked, token) = with_token(&shared, "conversations.create", http_method, &headers);
    asked.read_json(&body);
    asked.note_unknown(&["bot", "members", "tenantId", "channelData", "isGroup"]);
    asked.target = pointed(&asked.arguments, "/members/0/id").map(str::to_owned);
    api::serve(&shared, asked, |asked, doing| {
        let (connector, account) = match allowed(doing, token.as_deref(), false) {
            Ok(found) => found,
            Err(answer) => return answer,
        };
        let at = |pointer: &str| pointed(&asked.arguments, pointer);
        let members = asked
            .arguments
            .get("members")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        let mut wrong = Vec::new();
        if asked.http_method != Method::POST {
            wrong.push("the conversation is not asked for by POST");
        }
        if at("/bot/id") != Some(account.bot_id().as_str()) {
            wrong.push("`bot.id` is not the bot's");
        }
        if members != 1 {
            wrong.push("there is not one member");
        }
        if at("/tenantId") != Some(&account.tenant_id)
            || at("/channelData/tenant/id") != Some(&account.tenant_id)
        {
            wrong.push("`tenantId` or `channelData.tenant.id` is not the tenant");
        }
        if asked.arguments.get("isGroup") == Some(&Value::Bool(true)) {
            wrong.push("`isGroup` is set: others could read along");
        }
        let person = at("/members/0/id").and_then(|id| {
            doing
                .world
                .person_where(|person| user_id(&account, person) == id)
                .cloned()
        });
        let Some(person) = person.filter(|_| wrong.is_empty()) else {
            doing
                .violations
                .extend(wrong.iter().map(|&what| what.to_owned()));
            doing.note("no conversation can be made of this");
            return error(
                StatusCode::BAD_REQUEST,
                "Bad Argument",
                "Invalid conversation parameters",
            );
        };
        match refusal(&connector, &person) {
            Some(answer) => answer,
            None => Answer::done(
                StatusCode::CREATED,
                json!({"id": personal_id(&account, &person)}),
            ),
        }
    })
    .await
}

/// Why nothing can be written to somebody directly.
fn refusal(connector: &Connector, person: &Person) -> Option<Answer> {
    let standing = connector.standing(&person.id);
    let forbidden = |code: &str, message: &str| Some(error(StatusCode::FORBIDDEN, code, message));
    if standing.has_blocked {
        return forbidden(
            "ConversationBlockedByUser",
            "User blocked the conversation with the bot.",
        );
    }
    if !standing.is_known {
        return forbidden(
            "BotNotInConversationRoster",
            "The bot is not part of the conversation roster.",
        );
    }
    None
}

async fn send_activity(
    shared: State<Arc<Shared>>,
    Path(id): Path<String>,
    http_method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    send(&shared, id, http_method, &uri, &headers, &body).await
}

async fn send_reply(
    shared: State<Arc<Shared>>,
    Path((id, _activity)): Path<(String, String)>,
    http_method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    send(&shared, id, http_method, &uri, &headers, &body).await
}

async fn send(
    shared: &Arc<Shared>,
    id: String,
    http_method: Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let (mut asked, token) = with_token(shared, "activities", http_method, headers);
    check_encoding(&mut asked, uri);
    asked.read_json(body);
    asked.note_unknown(&[
        "type",
        "from",
        "recipient",
        "conversation",
        "text",
        "textFormat",
        "replyToId",
        "channelData",
        "id",
        "serviceUrl",
        "channelId",
    ]);
    asked.target = Some(id.clone());
    api::serve(shared, asked, |asked, doing| {
        let (connector, account) = match allowed(doing, token.as_deref(), false) {
            Ok(found) => found,
            Err(answer) => return answer,
        };
        if body.len() > MAX_ACTIVITY_BYTES {
            doing.note(format!("{} bytes", body.len()));
            return error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "MessageSizeTooBig",
                "Message size too large.",
            );
        }
        let with = match place(doing.world, &connector, &account, &id) {
            Ok(with) => with,
            Err(None) => {
                doing.note(format!("there is no conversation {id} of this bot"));
                return error(
                    StatusCode::NOT_FOUND,
                    "ConversationNotFound",
                    "Conversation not found.",
                );
            }
            Err(Some(answer)) => return answer,
        };
        let wrong = wrong_activity(asked, &account, &id, with.as_ref());
        let is_wrong = !wrong.is_empty();
        doing.violations.extend(wrong);
        if is_wrong {
            return error(StatusCode::BAD_REQUEST, "Bad Argument", "Invalid activity");
        }
        if asked.text("textFormat") != Some("plain") {
            doing.note(
                "`textFormat` is not `plain`: text that a person wrote would be read as markup",
            );
        }
        let reply_to = asked.text("replyToId");
        let is_known = reply_to.is_none_or(|reply_to| {
            doing
                .world
                .messages
                .iter()
                .any(|message| message.channel == id && message.ts == reply_to)
        });
        if !is_known {
            doing.note("`replyToId` is no message of this conversation");
        }
        let activity_id = new_activity_id(doing.world, doing.now_ms);
        doing.world.messages.push(Message {
            provider: Platform::Teams,
            ts: activity_id.clone(),
            channel: id.clone(),
            connector_id: connector.id().to_owned(),
            thread_ts: id
                .split_once(";messageid=")
                .map(|(_, root)| root.to_owned()),
            author: Author::App(connector.id().to_owned()),
            text: asked.text("text").unwrap_or_default().to_owned(),
            with: with.map(|person| person.id),
            only_visible_to: None,
            metadata: None,
            event_ids: Vec::new(),
            at_ms: doing.now_ms,
        });
        Answer::done(StatusCode::CREATED, json!({ "id": activity_id }))
    })
    .await
}

/// The person that a conversation is with, `None` for the channel; else an answer, or none if it does not exist.
fn place(
    world: &World,
    connector: &Connector,
    account: &TeamsAccount,
    id: &str,
) -> Result<Option<Person>, Option<Answer>> {
    if id.split(';').next() == Some(channel_id(account).as_str()) {
        if connector.left_general {
            return Err(Some(error(
                StatusCode::FORBIDDEN,
                "BotNotInConversationRoster",
                "The bot is not part of the conversation roster.",
            )));
        }
        return Ok(None);
    }
    let person = world
        .person_where(|person| personal_id(account, person) == id)
        .cloned()
        .ok_or(None)?;
    match refusal(connector, &person) {
        Some(answer) => Err(Some(answer)),
        None => Ok(Some(person)),
    }
}

/// What is wrong with an activity, whatever the state.
fn wrong_activity(
    asked: &Asked,
    account: &TeamsAccount,
    id: &str,
    with: Option<&Person>,
) -> Vec<String> {
    let at = |pointer: &str| pointed(&asked.arguments, pointer);
    let mut wrong = Vec::new();
    if asked.http_method != Method::POST {
        wrong.push("the activity is not sent by POST");
    }
    if at("/type") != Some("message") {
        wrong.push("`type` is not `message`");
    }
    if at("/from/id") != Some(account.bot_id().as_str()) {
        wrong.push("`from.id` is not the bot's");
    }
    if at("/conversation/id") != Some(id) {
        wrong.push("`conversation.id` is not that of the URL");
    }
    if at("/text").unwrap_or_default().trim().is_empty() {
        wrong.push("there is no text");
    }
    if let Some(person) = with
        && at("/recipient/id") != Some(user_id(account, person).as_str())
    {
        wrong.push("`recipient.id` is not the person that the conversation is with");
    }
    wrong.into_iter().map(str::to_owned).collect()
}

async fn member(
    State(shared): State<Arc<Shared>>,
    Path((id, member)): Path<(String, String)>,
    http_method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let (mut asked, token) = with_token(&shared, "members", http_method, &headers);
    check_encoding(&mut asked, &uri);
    asked.arguments = json!({"conversation": id, "member": member});
    asked.target = Some(id.clone());
    api::serve(&shared, asked, |asked, doing| {
        let (connector, account) = match allowed(doing, token.as_deref(), false) {
            Ok(found) => found,
            Err(answer) => return answer,
        };
        if asked.http_method != Method::GET {
            doing.note("the member is not asked for by GET");
        }
        if let Err(answer) = place(doing.world, &connector, &account, &id) {
            return answer.unwrap_or_else(|| {
                error(StatusCode::NOT_FOUND, "ConversationNotFound", "Conversation not found.")
            });
        }
        let person = doing
            .world
            .person_where(|person| {
                user_id(&account, person) == member || person.aad_object_id == member
            })
            .cloned();
        let Some(person) = person else {
            doing.note("there is no such member");
            return error(StatusCode::NOT_FOUND, "MemberNotFoundInConversation", "Member not found.");
        };
        let address = person.email.clone().unwrap_or_else(|| {
            format!("{}@contoso.example", person.name.to_lowercase().replace(' ', "."))
        });
        Answer::done(
            StatusCode::OK,
            json!({
                "id": user_id(&account, &person), "aadObjectId": person.aad_object_id, "objectId": person.aad_object_id,
                "name": person.name, "givenName": person.first_name, "surname": person.last_name,
                "email": address, "userPrincipalName": address, "tenantId": account.tenant_id, "userRole": "user",
            }),
        )
    })
    .await
}

async fn photo(
    shared: State<Arc<Shared>>,
    Path(id): Path<String>,
    http_method: Method,
    headers: HeaderMap,
) -> Response {
    give_photo(&shared, id, http_method, &headers).await
}

async fn photo_of_size(
    shared: State<Arc<Shared>>,
    Path((id, _size)): Path<(String, String)>,
    http_method: Method,
    headers: HeaderMap,
) -> Response {
    give_photo(&shared, id, http_method, &headers).await
}

async fn give_photo(
    shared: &Arc<Shared>,
    id: String,
    http_method: Method,
    headers: &HeaderMap,
) -> Response {
    let (mut asked, token) = with_token(shared, "photo", http_method, headers);
    asked.arguments = json!({"user": id});
    asked.target = Some(id.clone());
    api::serve(shared, asked, |_, doing| {
        if let Err(answer) = allowed(doing, token.as_deref(), true) {
            return answer;
        }
        let person = doing
            .world
            .person_where(|person| person.aad_object_id == id);
        if person.is_some() {
            return Answer::picture(PORTRAIT);
        }
        doing.note("there is no such user");
        error(
            StatusCode::NOT_FOUND,
            "ImageNotFound",
            "The photo wasn't found.",
        )
    })
    .await
}

/// Ids have `:`, `;` and `@` in them, which a path carries percent-encoded.
fn check_encoding(asked: &mut Asked, uri: &Uri) {
    let path = uri.path().trim_start_matches("/teams/v3/conversations/");
    if path.contains([':', ';', '@', '=']) {
        asked.note("an id in the URL is not percent-encoded");
    }
}

fn pointed<'a>(arguments: &'a Value, pointer: &str) -> Option<&'a str> {
    arguments.pointer(pointer).and_then(Value::as_str)
}

/// A stamp in milliseconds, as activity ids are; no two are the same.
fn new_activity_id(world: &mut World, now_ms: i64) -> String {
    let number = i64::try_from(world.next_number()).unwrap_or_default();
    (now_ms + number).to_string()
}
