//! Twilio (PROVIDERS §5): the Messages API below `/twilio/2010-04-01`, inbound messages and status callbacks, for SMS and
//! WhatsApp.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::any;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};

use super::api::{self, Answer, Asked, Performing};
use super::connectors::{Connector, TwilioAccount};
use super::delivery::{Event, WebhookAnswer};
use super::failures::Failure;
use super::platform::Platform;
use super::world::{Author, Message, Person, World};
use super::{Place, Saying, Shared, SimulatorError};
use crate::crypto::sha256;
use crate::signed_request::SignedRequest;
use crate::twilio_signer;

/// Twilio's limit for one message.
const MAX_TEXT_CHARS: usize = 1600;
/// What Twilio takes for "do not write to me" (doc: default STOP keywords).
const STOP_WORDS: [&str; 6] = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"];
const START_WORDS: [&str; 3] = ["START", "UNSTOP", "YES"];
const HELP_WORDS: [&str; 2] = ["HELP", "INFO"];
const UNSUBSCRIBED: i64 = 21_610;
/// Outside WhatsApp's 24 hours.
const OUTSIDE_WINDOW: i64 = 63_016;
const UNREACHABLE: i64 = 30_003;
const UNKNOWN_NUMBER: i64 = 30_005;
/// How often Twilio tries again at most, whatever the URL asks for.
const MAX_RETRIES: usize = 5;
const WHATSAPP: &str = "whatsapp:";

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/twilio/2010-04-01/Accounts/{sid}", any(account))
        .route(
            "/twilio/2010-04-01/Accounts/{sid}/Messages.json",
            any(messages),
        )
}

/// An error of the API.
pub(super) fn error(status: StatusCode, code: i64, message: &str) -> Answer {
    let message = match message {
        "" => "An error",
        message => message,
    };
    Answer::refused(
        status,
        json!({
            "code": code, "message": message, "status": status.as_u16(),
            "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        }),
    )
}

/// Whether Twilio tries again after that many retries, as the fragment of the webhook's URL says.
pub(super) fn retries(url: &str, status: Option<u16>, made: usize) -> bool {
    let fragment = url.split_once('#').map_or("", |(_, fragment)| fragment);
    let mut allowed = 1;
    let mut policy = "ct";
    for (name, value) in fragment.split('&').filter_map(|part| part.split_once('=')) {
        match name {
            "rc" => allowed = value.parse().unwrap_or(allowed).min(MAX_RETRIES),
            "rp" => policy = value,
            _ => {}
        }
    }
    let kind = match status {
        None => "ct",
        Some(400..500) => "4xx",
        Some(_) => "5xx",
    };
    made < allowed && policy.split(',').any(|one| one == kind || one == "all")
}

/// What Twilio would make of an answer other than "nothing to say".
pub(super) fn wrong_answer(answer: &WebhookAnswer) -> Option<String> {
    let body = answer.body.trim();
    let kind = answer
        .content_type
        .as_deref()
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if body.is_empty() {
        return None;
    }
    match kind.as_str() {
        "text/plain" => Some("a text/plain body would be sent to the person".to_owned()),
        "text/xml" | "application/xml" | "text/html" => {
            let markup = match body.strip_prefix("<?xml") {
                Some(rest) => rest.split_once("?>").map_or("", |(_, rest)| rest.trim()),
                None => body,
            };
            let is_nothing = matches!(
                markup,
                "<Response/>" | "<Response />" | "<Response></Response>"
            );
            (!is_nothing).then(|| "the body says more than `<Response></Response>`".to_owned())
        }
        _ => Some(format!("a body of type `{kind}`: error 12300")),
    }
}

/// The request that tells the connector of a message or status.
pub(super) fn signed(account: &TwilioAccount, url: &str, body: Vec<u8>) -> SignedRequest {
    let token = HEXLOWER.encode(&sha256(&[&body]));
    twilio_signer::sign(&account.auth_token, url, body)
        .with_header("i-twilio-idempotency-token", &token)
}

/// Somebody writes, by SMS or by WhatsApp: one message.
pub(super) fn write(
    world: &mut World,
    connector: &Connector,
    account: &TwilioAccount,
    saying: &Saying<'_>,
) -> Result<(Message, Vec<Event>), SimulatorError> {
    let person = saying.person;
    let by_whatsapp = match saying.place {
        Place::Direct => false,
        Place::WhatsApp => true,
        Place::General => return Err(SimulatorError("Twilio has no groups".into())),
    };
    let keyword = saying.text.trim().to_uppercase();
    let opt_out = [
        ("STOP", STOP_WORDS.as_slice()),
        ("START", START_WORDS.as_slice()),
        ("HELP", HELP_WORDS.as_slice()),
    ]
    .into_iter()
    .find(|(_, words)| !by_whatsapp && words.contains(&keyword.as_str()))
    .map(|(kind, _)| kind);
    if let Some(connector) = world.connector_mut(connector.id()) {
        let standing = connector.standing_mut(&person.id);
        match opt_out {
            Some("STOP") => standing.has_stopped = true,
            Some("START") => standing.has_stopped = false,
            _ => {}
        }
        if by_whatsapp {
            standing.last_wrote_ms = Some(saying.now_ms);
        }
        standing.has_blocked = false;
    }
    let sid = new_sid(world);
    let from = sender(person, by_whatsapp);
    let to = addressed(&account.phone_number, by_whatsapp);
    let mut fields = vec![
        ("SmsMessageSid", sid.as_str()),
        ("NumMedia", "0"),
        ("SmsSid", &sid),
        ("SmsStatus", "received"),
        ("Body", saying.text),
        ("To", &to),
        ("NumSegments", "1"),
        ("MessageSid", &sid),
        ("AccountSid", &account.account_sid),
        ("From", &from),
        ("ApiVersion", "2010-04-01"),
    ];
    let bsuid = format!("{WHATSAPP}{}", person.bsuid);
    if by_whatsapp {
        fields.push(("ProfileName", &person.display_name));
        fields.push(("MessageType", "text"));
        if person.whatsapp_shows.phone() {
            fields.push(("WaId", person.phone.trim_start_matches('+')));
        }
        if person.whatsapp_shows.bsuid() {
            fields.push(("ExternalUserId", &bsuid));
        }
    } else {
        fields.extend([("FromCountry", "US"), ("FromCity", ""), ("ToCountry", "US")]);
        fields.extend(opt_out.map(|kind| ("OptOutType", kind)));
    }
    if let Some(replied) = saying.thread {
        fields.push(("OriginalRepliedMessageSid", replied));
    }
    let event = Event::new(
        Platform::Twilio,
        &sid,
        "message",
        connector.id(),
        twilio_signer::form(&fields),
    );
    let message = Message {
        provider: Platform::Twilio,
        ts: sid.clone(),
        channel: from.clone(),
        connector_id: connector.id().to_owned(),
        thread_ts: saying.thread.map(str::to_owned),
        author: Author::Person(person.id.clone()),
        text: saying.text.to_owned(),
        with: Some(person.id.clone()),
        only_visible_to: None,
        metadata: None,
        event_ids: Vec::new(),
        at_ms: saying.now_ms,
    };
    Ok((message, vec![event]))
}

/// What a message of this person comes from; without a phone number it is the business-scoped id.
fn sender(person: &Person, by_whatsapp: bool) -> String {
    if by_whatsapp && !person.whatsapp_shows.phone() {
        format!("{WHATSAPP}{}", person.bsuid)
    } else {
        addressed(&person.phone, by_whatsapp)
    }
}

fn addressed(number: &str, by_whatsapp: bool) -> String {
    if by_whatsapp {
        format!("{WHATSAPP}{number}")
    } else {
        number.to_owned()
    }
}

fn new_sid(world: &mut World) -> String {
    let number = world.next_number().to_string();
    let digest = HEXLOWER.encode(&sha256(&[world.seed.as_bytes(), number.as_bytes()]));
    format!("SM{}", digest.get(..32).unwrap_or_default())
}

async fn account(
    State(shared): State<Arc<Shared>>,
    Path(sid): Path<String>,
    http_method: Method,
    headers: HeaderMap,
) -> Response {
    let (asked, refused) = asked(&shared, "account", http_method, &headers, &sid);
    api::serve(&shared, asked, |asked, doing| {
        match allowed(asked, doing, refused) {
            Err(answer) => answer,
            Ok(_) if sid.strip_suffix(".json").is_none() || asked.http_method != Method::GET => {
                doing.note("the account is asked for by GET …/Accounts/<sid>.json");
                error(
                    StatusCode::NOT_FOUND,
                    20_404,
                    "The requested resource was not found",
                )
            }
            Ok(connector) => Answer::done(
                StatusCode::OK,
                json!({
                    "sid": connector.twilio().map(|account| &account.account_sid),
                    "friendly_name": connector.config.name, "status": "active", "type": "Full",
                }),
            ),
        }
    })
    .await
}

async fn messages(
    State(shared): State<Arc<Shared>>,
    Path(sid): Path<String>,
    http_method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (mut asked, refused) = asked(&shared, "messages", http_method.clone(), &headers, &sid);
    if http_method == Method::GET {
        "messages.list".clone_into(&mut asked.method);
        asked.arguments = api::form(uri.query().unwrap_or_default().as_bytes());
    } else {
        asked.read_form(&body);
        asked.note_unknown(&[
            "To",
            "From",
            "MessagingServiceSid",
            "Body",
            "StatusCallback",
        ]);
    }
    asked.target = asked.text("To").map(str::to_owned);
    api::serve(&shared, asked, |asked, doing| {
        let connector = match allowed(asked, doing, refused) {
            Ok(connector) => connector,
            Err(answer) => return answer,
        };
        match asked.http_method {
            Method::GET => Answer::done(StatusCode::OK, list(asked, doing.world, &connector)),
            Method::POST => send(asked, doing, &connector),
            _ => {
                doing.note(format!("{} instead of POST", asked.http_method));
                error(StatusCode::METHOD_NOT_ALLOWED, 20_004, "Method not allowed")
            }
        }
    })
    .await
}

/// The call and, if its credentials are no good, what is wrong with them.
fn asked(
    shared: &Shared,
    method: &str,
    http_method: Method,
    headers: &HeaderMap,
    sid: &str,
) -> (Asked, Option<&'static str>) {
    let sid = sid.trim_end_matches(".json");
    let given = api::text_header(headers, header::AUTHORIZATION.as_str())
        .as_deref()
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|value| BASE64.decode(value.as_bytes()).ok())
        .and_then(|value| String::from_utf8(value).ok());
    let world = shared.world();
    let of_account = |connector: &&Connector| {
        connector
            .twilio()
            .is_some_and(|account| account.account_sid == sid)
    };
    let connector = world
        .connectors
        .iter()
        .filter(of_account)
        .find(|connector| {
            connector.twilio().is_some_and(|account| {
                let wanted = format!("{}:{}", account.account_sid, account.auth_token);
                given.as_deref() == Some(&wanted)
            })
        });
    let refused = match (connector, &given) {
        (Some(_), _) => None,
        (None, None) => Some("there is no Basic authorization"),
        (None, Some(_)) => Some("the credentials are not those of the account in the URL"),
    };
    let asked = Asked {
        platform: Platform::Twilio,
        method: method.to_owned(),
        http_method,
        content_type: api::content_type(headers),
        arguments: json!({}),
        target: None,
        connector_id: connector.map(|connector| connector.id().to_owned()),
        violations: Vec::new(),
    };
    (asked, refused)
}

/// The connector whose number the call is for: an account can have several.
fn allowed(
    asked: &Asked,
    doing: &mut Performing<'_>,
    refused: Option<&str>,
) -> Result<Connector, Answer> {
    let connector = asked
        .connector_id
        .as_deref()
        .and_then(|id| doing.world.connector(id).cloned());
    let Some(connector) = connector else {
        doing.note(refused.unwrap_or_default());
        return Err(error(StatusCode::UNAUTHORIZED, 20_003, "Authenticate"));
    };
    if connector.is_revoked {
        return Err(error(StatusCode::UNAUTHORIZED, 20_003, "Authenticate"));
    }
    let from = asked
        .text("From")
        .unwrap_or_default()
        .trim_start_matches(WHATSAPP);
    let account = connector.twilio().cloned().unwrap_or_default();
    let of_number = doing.world.connectors.iter().find(|other| {
        other.twilio().is_some_and(|other| {
            other.account_sid == account.account_sid && other.phone_number == from
        })
    });
    Ok(of_number.cloned().unwrap_or(connector))
}

fn send(asked: &Asked, doing: &mut Performing<'_>, connector: &Connector) -> Answer {
    let argument = |name: &str| asked.text(name).unwrap_or_default().to_owned();
    let (to, from, text) = (argument("To"), argument("From"), argument("Body"));
    let account = connector.twilio().cloned().unwrap_or_default();
    let by_whatsapp = to.starts_with(WHATSAPP);
    if let Some((code, problem)) = wrong_message(&account, &to, &from, &text) {
        doing.note(problem);
        return error(StatusCode::BAD_REQUEST, code, problem);
    }
    let callback = asked.text("StatusCallback").map(str::to_owned);
    let webhook = connector.webhook_url(doing.world.api_url.as_deref());
    match (&callback, &webhook) {
        (None, _) => doing.note("without StatusCallback nobody hears of a message that fails"),
        (Some(callback), Some(webhook)) if callback != webhook => {
            doing.note("StatusCallback is not the connector's webhook URL");
        }
        _ => {}
    }
    let number = to.trim_start_matches(WHATSAPP);
    let person = doing
        .world
        .person_where(|person| person.phone == number || (by_whatsapp && person.bsuid == number))
        .cloned();
    let standing = person
        .as_ref()
        .map(|person| connector.standing(&person.id))
        .unwrap_or_default();
    if standing.has_stopped && !by_whatsapp {
        return error(
            StatusCode::BAD_REQUEST,
            UNSUBSCRIBED,
            "Attempt to send to unsubscribed recipient",
        );
    }
    if person.is_none() {
        doing.note(format!("`{to}` is nobody's"));
    }
    let sid = new_sid(doing.world);
    let problem = match doing.failure {
        Some(Failure::Undelivered { code }) => Some(*code),
        _ if person.is_none() => Some(UNKNOWN_NUMBER),
        _ if standing.has_blocked => Some(UNREACHABLE),
        _ if by_whatsapp && !standing.window_is_open(doing.now_ms) => Some(OUTSIDE_WINDOW),
        _ => None,
    };
    if let Some(callback) = callback {
        let statuses: &[&str] = match problem {
            None => &["sent", "delivered"],
            Some(OUTSIDE_WINDOW) => &["failed"],
            Some(_) => &["sent", "undelivered"],
        };
        for status in statuses {
            let code = problem.filter(|_| *status != "sent");
            let report = Report {
                sid: &sid,
                to: &to,
                from: &from,
                status,
                code,
            };
            add_status(doing, connector, &account, &callback, &report);
        }
    }
    if let Some(person) = person.filter(|_| problem.is_none()) {
        doing.world.messages.push(Message {
            provider: Platform::Twilio,
            ts: sid.clone(),
            channel: to.clone(),
            connector_id: connector.id().to_owned(),
            thread_ts: None,
            author: Author::App(connector.id().to_owned()),
            text: text.clone(),
            with: Some(person.id),
            only_visible_to: None,
            metadata: None,
            event_ids: Vec::new(),
            at_ms: doing.now_ms,
        });
    }
    Answer::done(
        StatusCode::CREATED,
        json!({
            "sid": sid, "status": "queued", "to": to, "from": from, "body": text, "direction": "outbound-api",
            "account_sid": account.account_sid, "error_code": null, "error_message": null, "num_segments": "1",
        }),
    )
}

/// What is wrong with a message, whoever it is for.
fn wrong_message(
    account: &TwilioAccount,
    to: &str,
    from: &str,
    text: &str,
) -> Option<(i64, &'static str)> {
    let by_whatsapp = to.starts_with(WHATSAPP);
    let number = to.trim_start_matches(WHATSAPP);
    let is_e164 = |number: &str| {
        number.strip_prefix('+').is_some_and(|digits| {
            (6..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let is_scoped = by_whatsapp && number.as_bytes().get(2) == Some(&b'.');
    if from.is_empty() {
        return Some((21_603, "A 'From' phone number is required"));
    }
    if by_whatsapp != from.starts_with(WHATSAPP) {
        return Some((21_910, "'From' and 'To' are not of the same channel"));
    }
    if from.trim_start_matches(WHATSAPP) != account.phone_number {
        return Some(if by_whatsapp {
            (63_007, "No channel with the 'From' address")
        } else {
            (21_606, "The 'From' number is not of this account")
        });
    }
    if !is_e164(number) && !is_scoped {
        return Some((21_211, "Invalid 'To' phone number"));
    }
    if text.is_empty() {
        return Some((21_602, "Message body is required"));
    }
    (text.chars().count() > MAX_TEXT_CHARS)
        .then_some((21_617, "The message body exceeds the 1600 character limit"))
}

/// What the account sent and received, the latest first.
fn list(asked: &Asked, world: &World, connector: &Connector) -> Value {
    let account = connector.twilio().cloned().unwrap_or_default();
    let to = asked.text("To");
    let messages: Vec<Value> = world
        .messages
        .iter()
        .rev()
        .filter(|message| message.connector_id == connector.id() && message.is_from_app())
        .filter(|message| to.is_none_or(|to| to == message.channel))
        .map(|message| {
            let from = addressed(&account.phone_number, message.channel.starts_with(WHATSAPP));
            json!({
                "sid": message.ts, "to": message.channel, "from": from, "body": message.text, "status": "delivered",
                "direction": "outbound-api",
            })
        })
        .collect();
    json!({"messages": messages, "next_page_uri": null})
}

struct Report<'a> {
    sid: &'a str,
    to: &'a str,
    from: &'a str,
    status: &'a str,
    code: Option<i64>,
}

fn add_status(
    doing: &mut Performing<'_>,
    connector: &Connector,
    account: &TwilioAccount,
    callback: &str,
    report: &Report<'_>,
) {
    let code = report.code.map(|code| code.to_string());
    let mut fields = vec![
        ("MessageSid", report.sid),
        ("SmsSid", report.sid),
        ("MessageStatus", report.status),
        ("SmsStatus", report.status),
        ("To", report.to),
        ("From", report.from),
        ("AccountSid", &account.account_sid),
        ("ApiVersion", "2010-04-01"),
    ];
    fields.extend(code.as_deref().map(|code| ("ErrorCode", code)));
    let number = doing.world.next_number();
    let event = Event::new(
        Platform::Twilio,
        &format!("status-{number}"),
        "status",
        connector.id(),
        twilio_signer::form(&fields),
    );
    doing.world.post_event(event.to(callback.to_owned()));
}
