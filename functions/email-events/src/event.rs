//! The two shapes of events: those that a configuration set publishes (`eventType`, with the tags of the mail),
//! and the notifications of an address (`notificationType`, without). Fields: the SES Developer Guide, "Contents of
//! event data that Amazon SES publishes to Amazon SNS" and "Amazon SNS notification contents for Amazon SES".

use serde::Deserialize;
use std::collections::BTreeMap;
use vestibule_domain::{
    Timestamp,
    job::SendMail,
    team::mail::{MailEvent, MailEventKind},
};
use vestibule_edge::mail_tag::{MAIL_TAG, read_mail_tag};

/// Beginning of the text by which the mail service tries a topic.
const TOPIC_TRIAL: &str = "Successfully validated SNS topic";
/// Longest id of the mail service, in bytes.
const SES_ID_MAX: usize = 200;

/// The content of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// News about a mail.
    News(MailNews),
    /// Nothing that is recorded.
    Nothing,
}

/// News about a mail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MailNews {
    pub(crate) subject: Subject,
    pub(crate) event: MailEvent,
}

/// The mail that an event is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The one that its tag names.
    Mail(SendMail),
    /// The one to which the mail service gave this id.
    SesId(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    event_type: Option<String>,
    notification_type: Option<String>,
    mail: Option<WireMail>,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<Delivery>,
    delivery_delay: Option<DeliveryDelay>,
    reject: Option<Reject>,
    failure: Option<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMail {
    message_id: Option<String>,
    timestamp: Option<Timestamp>,
    #[serde(default)]
    tags: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    #[serde(rename = "bounceType")]
    kind: String,
    #[serde(rename = "bounceSubType")]
    reason: Option<String>,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complaint_feedback_type: Option<String>,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    smtp_response: Option<String>,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeliveryDelay {
    delay_type: Option<String>,
    #[serde(default)]
    delayed_recipients: Vec<Recipient>,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
struct Reject {
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    error_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    diagnostic_code: Option<String>,
}

/// Reads a message. The error says which part is not as documented, without its content.
pub(crate) fn read(body: &str) -> Result<Found, &'static str> {
    let wire: Wire = match serde_json::from_str(body) {
        Ok(wire) => wire,
        Err(_) if body.trim_start().starts_with(TOPIC_TRIAL) => return Ok(Found::Nothing),
        Err(_) => return Err("it is not as documented"),
    };
    let kind = wire
        .event_type
        .as_deref()
        .or(wire.notification_type.as_deref());
    let Some(event) = event(kind.ok_or("it has no type")?, &wire)? else {
        return Ok(Found::Nothing);
    };
    let mail = wire.mail.ok_or("it names no mail")?;
    let subject = subject(mail)?;
    Ok(Found::News(MailNews { subject, event }))
}

/// The event, if it is of a kind that is recorded.
fn event(kind: &str, wire: &Wire) -> Result<Option<MailEvent>, &'static str> {
    let event = match kind {
        "Bounce" => {
            let bounce = wire.bounce.as_ref().ok_or("a bounce has no details")?;
            Some(bounced(bounce))
        }
        "Complaint" => complained(
            wire.complaint
                .as_ref()
                .ok_or("a complaint has no details")?,
        ),
        "Delivery" => {
            let delivery = wire.delivery.as_ref().ok_or("a delivery has no details")?;
            let words = delivery.smtp_response.as_deref();
            let kind = MailEventKind::Delivered;
            Some(MailEvent::new(kind, delivery.timestamp, words))
        }
        "DeliveryDelay" => {
            let delay = wire
                .delivery_delay
                .as_ref()
                .ok_or("a delay has no details")?;
            let words = words_of(&delay.delayed_recipients).or(delay.delay_type.as_deref());
            let kind = MailEventKind::Delayed;
            Some(MailEvent::new(kind, delay.timestamp, words))
        }
        "Send" => Some(MailEvent::new(MailEventKind::Sent, sent_at(wire)?, None)),
        "Reject" => {
            let reject = wire
                .reject
                .as_ref()
                .and_then(|reject| reject.reason.as_deref());
            let kind = MailEventKind::Rejected;
            Some(MailEvent::new(kind, sent_at(wire)?, reject))
        }
        "Rendering Failure" => {
            let failure = wire.failure.as_ref();
            let words = failure.and_then(|failure| failure.error_message.as_deref());
            let kind = MailEventKind::Failed;
            Some(MailEvent::new(kind, sent_at(wire)?, words))
        }
        // Openings and clicks are not tracked, and kinds to come tell nothing that the console shows.
        _ => None,
    };
    Ok(event)
}

fn bounced(bounce: &Bounce) -> MailEvent {
    // "Undetermined" may pass, as "Transient" may.
    let kind = if bounce.kind == "Permanent" {
        MailEventKind::BouncedHard
    } else {
        MailEventKind::BouncedSoft
    };
    let words = words_of(&bounce.bounced_recipients).or(bounce.reason.as_deref());
    MailEvent::new(kind, bounce.timestamp, words)
}

/// A complaint. A report that a mail is no spam takes one back that was never recorded, or concerns the recipient's
/// own filter.
fn complained(complaint: &Complaint) -> Option<MailEvent> {
    let words = complaint.complaint_feedback_type.as_deref();
    let is_one = words != Some("not-spam");
    is_one.then(|| MailEvent::new(MailEventKind::Complained, complaint.timestamp, words))
}

/// Words of the other mail server. A mail has one recipient.
fn words_of(recipients: &[Recipient]) -> Option<&str> {
    let mut words = recipients
        .iter()
        .filter_map(|recipient| recipient.diagnostic_code.as_deref());
    words.next()
}

/// Time of the mail itself, for events that have none of their own.
fn sent_at(wire: &Wire) -> Result<Timestamp, &'static str> {
    let at = wire.mail.as_ref().and_then(|mail| mail.timestamp);
    at.ok_or("it has no time")
}

fn subject(mail: WireMail) -> Result<Subject, &'static str> {
    let tags = mail.tags.get(MAIL_TAG);
    if let Some(order) = tags
        .into_iter()
        .flatten()
        .find_map(|tag| read_mail_tag(tag))
    {
        return Ok(Subject::Mail(order));
    }
    let id = mail.message_id.ok_or("its mail has no id")?;
    if id.is_empty() || id.len() > SES_ID_MAX {
        return Err("its mail's id is too long, or empty");
    }
    Ok(Subject::SesId(id))
}
