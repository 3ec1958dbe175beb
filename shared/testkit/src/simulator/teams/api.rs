//! Teams' connector service under `/teams`, and photos under `/graph/v1.0`.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{any, get, post};
use serde_json::{Value, json};

use super::account::TeamsAccount;
use super::errors::error;
use super::ids::{channel_id, is_called, new_activity_id, personal_id, user_id};
use super::tokens::{self, allowed, with_token};
use crate::simulator::api::{self, Performing};
use crate::simulator::asked::{Answer, Asked};
use crate::simulator::connectors::Connector;
use crate::simulator::files;
use crate::simulator::message::Message;
use crate::simulator::people::Person;
use crate::simulator::platform::Platform;
use crate::simulator::shared::Shared;
use crate::simulator::world::World;

/// Teams' size limit for one message, in bytes of JSON.
const MAX_ACTIVITY_BYTES: usize = 100 * 1024;
const PORTRAIT: &[u8] = include_bytes!("../portrait.jpg");

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route(
            "/microsoft-login/{authority}/oauth2/v2.0/token",
            post(tokens::token),
        )
        .route(
            "/botframework/v1/.well-known/openidconfiguration",
            get(tokens::metadata),
        )
        .route("/botframework/v1/.well-known/keys", get(tokens::keys))
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
        .route("/teams/v3/attachments/{id}/views/original", any(picture))
        .route("/graph/v1.0/users/{id}/photo/$value", any(photo))
        .route(
            "/graph/v1.0/users/{id}/photos/{size}/$value",
            any(photo_of_size),
        )
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
                .person_where(|person| is_called(&account, person, id))
                .cloned()
        });
        let by_directory_id = !at("/members/0/id").unwrap_or_default().starts_with("29:");
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
        // By the directory's id, Teams only finds people who have the app themselves.
        if by_directory_id && !connector.standing(&person.id).has_started {
            return not_in_roster();
        }
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

/// The reason why the bot cannot write to a person directly.
fn refusal(connector: &Connector, person: &Person) -> Option<Answer> {
    let standing = connector.standing(&person.id);
    let forbidden = |code: &str, message: &str| Some(error(StatusCode::FORBIDDEN, code, message));
    if standing.has_blocked {
        return forbidden(
            "ConversationBlockedByUser",
            "User blocked the conversation with the bot.",
        );
    }
    (!standing.is_known).then(not_in_roster)
}

fn not_in_roster() -> Answer {
    error(
        StatusCode::FORBIDDEN,
        "BotNotInConversationRoster",
        "The bot is not part of the conversation roster.",
    )
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

/// The fields of an activity that the simulator knows.
const ACTIVITY_FIELDS: [&str; 11] = [
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
];

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
    let is_targeted = uri.query() == Some("isTargetedActivity=true");
    if uri.query().is_some() && !is_targeted {
        asked.note("activities has no such query");
    }
    asked.read_json(body);
    asked.note_unknown(&ACTIVITY_FIELDS);
    asked.target = Some(id.clone());
    let is_typing = asked.text("type") == Some("typing");
    if is_typing {
        "activities.typing".clone_into(&mut asked.method);
    }
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
        if is_typing {
            return typing(asked, doing, &account, &id);
        }
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
        let recipient = pointed(&asked.arguments, "/recipient/id").filter(|_| is_targeted);
        let only_visible_to = doing
            .world
            .person_where(|person| recipient.is_some_and(|id| is_called(&account, person, id)))
            .map(|person| person.id.clone());
        if is_targeted && (only_visible_to.is_none() || with.is_some()) {
            doing.note("a targeted activity is for nobody, or in a personal chat");
            return error(StatusCode::BAD_REQUEST, "Bad Argument", "Invalid recipient");
        }
        let activity_id = new_activity_id(doing.world, doing.now_ms);
        let root = id.split_once(";messageid=").map(|(_, root)| root);
        doing.world.messages.push(Message {
            thread_ts: root.map(str::to_owned),
            with: with.map(|person| person.id),
            only_visible_to,
            ..Message::of_app(
                Platform::Teams,
                connector.id(),
                activity_id.clone(),
                id.clone(),
                asked.text("text").unwrap_or_default(),
                doing.now_ms,
            )
        });
        Answer::done(StatusCode::CREATED, json!({ "id": activity_id }))
    })
    .await
}

/// Shows that the bot is writing.
fn typing(asked: &Asked, doing: &mut Performing<'_>, account: &TeamsAccount, id: &str) -> Answer {
    let at = |pointer: &str| pointed(&asked.arguments, pointer);
    let is_well_formed = asked.http_method == Method::POST
        && at("/from/id") == Some(account.bot_id().as_str())
        && at("/conversation/id") == Some(id)
        && asked.arguments.get("text").is_none();
    if !is_well_formed {
        doing.note("the activity is no sign of writing in this conversation");
        return error(StatusCode::BAD_REQUEST, "Bad Argument", "Invalid activity");
    }
    let activity_id = new_activity_id(doing.world, doing.now_ms);
    Answer::done(StatusCode::CREATED, json!({ "id": activity_id }))
}

/// The person of a conversation, or `None` for the channel. Fails with the error answer, or with `None` if
/// there is no such conversation.
fn place(
    world: &World,
    connector: &Connector,
    account: &TeamsAccount,
    id: &str,
) -> Result<Option<Person>, Option<Answer>> {
    if id.split(';').next() == Some(channel_id(account).as_str()) {
        if connector.left_general {
            return Err(Some(not_in_roster()));
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

/// Reports a fault in an activity that does not depend on the state.
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
    let is_for_another =
        |person: &Person| at("/recipient/id").is_some_and(|id| !is_called(account, person, id));
    if with.is_some_and(is_for_another) {
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
                is_called(&account, person, &member)
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

/// A picture that was pasted into a message.
async fn picture(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    http_method: Method,
    headers: HeaderMap,
) -> Response {
    let (mut asked, token) = with_token(&shared, "attachments.view", http_method, &headers);
    asked.arguments = json!({"id": id});
    api::serve(&shared, asked, |asked, doing| {
        if asked.http_method != Method::GET {
            doing.note("a picture is not read by GET");
        }
        match allowed(doing, token.as_deref(), false) {
            Ok(_) => files::ranged(&headers),
            Err(answer) => answer,
        }
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

/// Checks that ids are percent-encoded in a path, because they contain `:`, `;` and `@`.
fn check_encoding(asked: &mut Asked, uri: &Uri) {
    let path = uri.path().trim_start_matches("/teams/v3/conversations/");
    if path.contains([':', ';', '@', '=']) {
        asked.note("an id in the URL is not percent-encoded");
    }
}

fn pointed<'a>(arguments: &'a Value, pointer: &str) -> Option<&'a str> {
    arguments.pointer(pointer).and_then(Value::as_str)
}
