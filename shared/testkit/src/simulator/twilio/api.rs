//! Twilio's Messages API, and the status callbacks that calls cause.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::any;
use data_encoding::BASE64;
use serde_json::{Value, json};

use super::account::TwilioAccount;
use super::inbound::{WHATSAPP, addressed, new_sid};
use super::signer;
use crate::simulator::api::{self, Performing};
use crate::simulator::asked::{self, Answer, Asked};
use crate::simulator::connectors::Connector;
use crate::simulator::event::Event;
use crate::simulator::failures::Failure;
use crate::simulator::files;
use crate::simulator::message::Message;
use crate::simulator::platform::Platform;
use crate::simulator::shared::Shared;
use crate::simulator::world::World;

/// Twilio's length limit for one message.
const MAX_TEXT_CHARS: usize = 1600;
const UNSUBSCRIBED: i64 = 21_610;
/// Error code: outside WhatsApp's 24-hour window.
const OUTSIDE_WINDOW: i64 = 63_016;
const UNREACHABLE: i64 = 30_003;
const UNKNOWN_NUMBER: i64 = 30_005;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/twilio/2010-04-01/Accounts/{sid}", any(account))
        .route(
            "/twilio/2010-04-01/Accounts/{sid}/Messages.json",
            any(messages),
        )
        .route(
            "/twilio/2010-04-01/Accounts/{sid}/Messages/{message}/Media/{media}",
            any(media),
        )
        .route("/twilio-media/{sid}/{media}", any(stored))
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

async fn account(
    State(shared): State<Arc<Shared>>,
    Path(sid): Path<String>,
    http_method: Method,
    headers: HeaderMap,
) -> Response {
    let (asked, refused) = new_call(&shared, "account", http_method, &headers, &sid);
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
                    "sid": connector.account::<TwilioAccount>().map(|account| account.account_sid),
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
    let (mut asked, refused) = new_call(&shared, "messages", http_method.clone(), &headers, &sid);
    if http_method == Method::GET {
        "messages.list".clone_into(&mut asked.method);
        asked.arguments = asked::form(uri.query().unwrap_or_default().as_bytes());
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

/// Sends whoever may read a file to the store, by an address that is its own proof.
async fn media(
    State(shared): State<Arc<Shared>>,
    Path((sid, message, media)): Path<(String, String, String)>,
    http_method: Method,
    headers: HeaderMap,
) -> Response {
    let (mut asked, refused) = new_call(&shared, "media", http_method, &headers, &sid);
    asked.arguments = json!({"message": message, "media": media});
    api::serve(&shared, asked, |asked, doing| {
        if let Err(answer) = allowed(asked, doing, refused) {
            return answer;
        }
        if asked.http_method != Method::GET {
            doing.note("a file is not read by GET");
        }
        let expires = doing.now_ms / 1000 + 4 * 3600;
        let store = format!("https://mms.twiliocdn.com/{sid}/{media}");
        Answer::elsewhere(
            StatusCode::TEMPORARY_REDIRECT,
            format!("{store}?Expires={expires}&Signature=simulated~{media}"),
        )
    })
    .await
}

/// The store, which wants no credentials and must not get any.
async fn stored(
    State(shared): State<Arc<Shared>>,
    Path((_sid, media)): Path<(String, String)>,
    http_method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let asked = Asked {
        arguments: asked::form(uri.query().unwrap_or_default().as_bytes()),
        ..Asked::new(Platform::Twilio, "media.content", http_method, None)
    };
    api::serve(&shared, asked, |asked, doing| {
        if headers.contains_key(header::AUTHORIZATION) {
            doing.note("the account's token goes to the store");
        }
        let expected = format!("simulated~{media}");
        if asked.text("Signature") != Some(expected.as_str()) {
            doing.note("the address is not the one that Twilio told");
            return error(StatusCode::FORBIDDEN, 20_003, "Access denied");
        }
        files::ranged(&headers)
    })
    .await
}

/// Parses the call, and reports bad credentials.
fn new_call(
    shared: &Shared,
    method: &str,
    http_method: Method,
    headers: &HeaderMap,
    sid: &str,
) -> (Asked, Option<&'static str>) {
    let sid = sid.trim_end_matches(".json");
    let given = asked::text_header(headers, header::AUTHORIZATION.as_str())
        .as_deref()
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|value| BASE64.decode(value.as_bytes()).ok())
        .and_then(|value| String::from_utf8(value).ok());
    let world = shared.world();
    let of_account = |connector: &&Connector| {
        connector
            .account::<TwilioAccount>()
            .is_some_and(|account| account.account_sid == sid)
    };
    let connector = world
        .connectors
        .iter()
        .filter(of_account)
        .find(|connector| {
            connector.account::<TwilioAccount>().is_some_and(|account| {
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
        connector_id: connector.map(|connector| connector.id().to_owned()),
        ..Asked::new(
            Platform::Twilio,
            method,
            http_method,
            asked::content_type(headers),
        )
    };
    (asked, refused)
}

/// The connector with the number of the call, because an account can have several.
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
    let account = connector.account::<TwilioAccount>().unwrap_or_default();
    let of_number = doing.world.connectors.iter().find(|other| {
        other.account::<TwilioAccount>().is_some_and(|other| {
            other.account_sid == account.account_sid && other.phone_number == from
        })
    });
    Ok(of_number.cloned().unwrap_or(connector))
}

fn send(asked: &Asked, doing: &mut Performing<'_>, connector: &Connector) -> Answer {
    let argument = |name: &str| asked.text(name).unwrap_or_default().to_owned();
    let (to, from, text) = (argument("To"), argument("From"), argument("Body"));
    let account = connector.account::<TwilioAccount>().unwrap_or_default();
    let by_whatsapp = to.starts_with(WHATSAPP);
    if let Some((code, problem)) = wrong_message(&account, &to, &from, &text) {
        doing.note(problem);
        return error(StatusCode::BAD_REQUEST, code, problem);
    }
    let callback = asked.text("StatusCallback").map(str::to_owned);
    let webhook = connector.webhook_url(doing.world.api_url.as_deref());
    let without_fragment = |url: &str| url.split('#').next().unwrap_or_default().to_owned();
    match (&callback, &webhook) {
        (None, _) => doing.note("without StatusCallback nobody hears of a message that fails"),
        (Some(callback), Some(webhook))
            if without_fragment(callback) != without_fragment(webhook) =>
        {
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
            with: Some(person.id),
            ..Message::of_app(
                Platform::Twilio,
                connector.id(),
                sid.clone(),
                to.clone(),
                &text,
                doing.now_ms,
            )
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

/// Reports a fault in the message that does not depend on its recipient.
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

/// The messages that the account sent and received, latest first.
fn list(asked: &Asked, world: &World, connector: &Connector) -> Value {
    let account = connector.account::<TwilioAccount>().unwrap_or_default();
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
        signer::form(&fields),
    );
    doing.world.post_event(event.to(callback.to_owned()));
}
