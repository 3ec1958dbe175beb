//! SES, version 1 of its API: mails are kept instead of sent.
//!
//! Its calls are forms, and its answers XML (the Query protocol).

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::{Answer, AwsError, text};

/// Longest mail, in bytes.
const MAIL_MAX_BYTES: usize = 10 * 1024 * 1024;

/// A mail that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct SentMail {
    /// The id that the service answered with.
    pub message_id: String,
    /// The sender, as it stands in the call.
    pub source: String,
    /// The recipient, as it stands in the call.
    pub to: String,
    /// The addresses for replies.
    pub reply_to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The body in HTML.
    pub html: String,
    /// The body in text.
    pub text: String,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The configuration set.
    pub configuration_set: Option<String>,
    /// Names of all fields of the call.
    pub fields: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Ses {
    pub(super) sent: Vec<SentMail>,
    /// Code and message with which every mail is refused.
    pub(super) refusal: Option<(&'static str, String)>,
}

/// The action of a call in the Query protocol, if it is one.
pub(super) fn action(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_form = header("content-type")
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let is_signed =
        header("authorization").is_some_and(|value| value.contains("/ses/aws4_request"));
    if !is_form || !is_signed {
        return None;
    }
    let mut fields = url::form_urlencoded::parse(body);
    fields
        .find(|(name, _)| name == "Action")
        .map(|(_, action)| action.into_owned())
}

/// The fields of a form as JSON.
#[must_use]
pub fn form_fields(body: &Bytes) -> Value {
    let fields: Map<String, Value> = url::form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect();
    Value::Object(fields)
}

pub(super) fn send_email(ses: &mut Ses, input: &Value, id: u64) -> Answer {
    let field = |name: &str| text(input, name).unwrap_or_default().to_owned();
    if let Some((code, message)) = &ses.refusal {
        return Err(AwsError::refused(code, message.clone()));
    }
    let mail = SentMail {
        message_id: format!("010001890000{id:04}-00000000-0000-4000-8000-{id:012}-000000"),
        source: field("Source"),
        to: field("Destination.ToAddresses.member.1"),
        reply_to: members(input, "ReplyToAddresses.member"),
        subject: field("Message.Subject.Data"),
        html: field("Message.Body.Html.Data"),
        text: field("Message.Body.Text.Data"),
        tags: tags(input),
        configuration_set: text(input, "ConfigurationSetName").map(str::to_owned),
        fields: input
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect(),
    };
    check(input, &mail)?;
    let answer = json!({"MessageId": mail.message_id});
    ses.sent.push(mail);
    Ok(answer)
}

fn check(input: &Value, mail: &SentMail) -> Result<(), AwsError> {
    let invalid = |message: &str| AwsError::refused("InvalidParameterValue", message);
    if mail.source.is_empty() || mail.to.is_empty() {
        return Err(invalid("Missing required header 'From' or 'To'."));
    }
    for header in [&mail.source, &mail.to, &mail.subject] {
        if header.chars().any(char::is_control) {
            return Err(invalid("Illegal header."));
        }
    }
    // Without a character set a text has to be ASCII.
    for part in ["Subject", "Body.Html", "Body.Text"] {
        let data = text(input, &format!("Message.{part}.Data")).unwrap_or_default();
        let is_named = text(input, &format!("Message.{part}.Charset")) == Some("UTF-8");
        if !is_named && !data.is_ascii() {
            return Err(invalid("The text is not ASCII."));
        }
    }
    if !mail.source.is_ascii() || !mail.to.is_ascii() {
        return Err(invalid("Local address contains control or whitespace"));
    }
    if mail.html.len() + mail.text.len() > MAIL_MAX_BYTES {
        return Err(invalid("The mail is too long."));
    }
    let is_tag = |part: &str| {
        !part.is_empty()
            && part.len() < 256
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    if mail
        .tags
        .iter()
        .any(|(name, value)| !is_tag(name) || !is_tag(value))
    {
        return Err(invalid("Invalid tag."));
    }
    Ok(())
}

fn members(input: &Value, prefix: &str) -> Vec<String> {
    (1..)
        .map_while(|number: usize| text(input, &format!("{prefix}.{number}")))
        .map(str::to_owned)
        .collect()
}

fn tags(input: &Value) -> BTreeMap<String, String> {
    (1..)
        .map_while(|number: usize| {
            let part = |name: &str| text(input, &format!("Tags.member.{number}.{name}"));
            Some((part("Name")?.to_owned(), part("Value")?.to_owned()))
        })
        .collect()
}

/// An answer in XML.
pub(super) fn response(answer: &Answer) -> Response {
    match answer {
        Ok(body) => {
            let id = text(body, "MessageId").unwrap_or_default();
            let xml = format!(
                "<SendEmailResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><SendEmailResult><MessageId>{id}</MessageId></SendEmailResult><ResponseMetadata><RequestId>test</RequestId></ResponseMetadata></SendEmailResponse>"
            );
            (StatusCode::OK, [(header::CONTENT_TYPE, "text/xml")], xml).into_response()
        }
        Err(error) => error_response(error.status, error.kind, &error.message),
    }
}

/// An error in XML, as every service with the Query protocol answers it.
#[must_use]
pub fn error_response(status: StatusCode, code: &str, message: &str) -> Response {
    let sender = if status.is_server_error() {
        "Receiver"
    } else {
        "Sender"
    };
    let message = message.replace('&', "&amp;").replace('<', "&lt;");
    let xml = format!(
        "<ErrorResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><Error><Type>{sender}</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>test</RequestId></ErrorResponse>"
    );
    (status, [(header::CONTENT_TYPE, "text/xml")], xml).into_response()
}
