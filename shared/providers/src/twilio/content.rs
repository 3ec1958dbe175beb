//! The content of a message (Twilio, "Twilio's request to your incoming message webhook URL").

use super::params::Params;
use crate::{
    fields::{ATTACHMENTS_MAX, ID_MAX_BYTES, URL_MAX_BYTES, is_id, is_short_graphic, written},
    webhook::Event,
    whatsapp::{answers, decimal},
};
use serde_json::Value;
use vestibule_domain::{
    chat::content::{Choice, Form, Location, Part, Parts, Referral, Relation, Shared, Unsupported},
    chat::message::{Attachment, AttachmentKind},
    text::is_blank,
};

/// Kinds of `WhatsApp` message that stand for content which `WhatsApp` does not pass on.
const PLACEHOLDERS: [&str; 2] = ["unsupported", "unknown"];
/// Parameters that hold what a person wrote or pressed; the later ones count if the earlier are blank.
const TEXTS: [&str; 3] = ["Body", "ButtonText", "ListTitle"];
/// Parameters of a place.
const OF_A_PLACE: [&str; 4] = ["Latitude", "Longitude", "Address", "Label"];
/// Parameters of a pressed button and of a chosen row: title, then payload or id.
const CHOICES: [[&str; 2]; 2] = [["ButtonText", "ButtonPayload"], ["ListTitle", "ListId"]];
/// Parameters that hold the answers of a completed flow.
const FORMS: [&str; 2] = ["FlowData", "InteractiveData"];
/// Places of the answers within a reply as `WhatsApp` itself describes it (Meta, "Receiving Flow
/// Response").
const ANSWERS: [&str; 3] = [
    "/response_json",
    "/nfm_reply/response_json",
    "/interactive/nfm_reply/response_json",
];

/// The content of a message.
pub(super) struct Content {
    pub(super) text: String,
    pub(super) attachments: Vec<Attachment>,
    pub(super) parts: Parts,
}

impl Content {
    /// Reads the content of the message with this id.
    pub(super) fn read(params: &Params, message_id: &str) -> Self {
        let kind = params.get("MessageType");
        let text = TEXTS.into_iter().find_map(|name| visible(params, name));
        let text = written(text.unwrap_or(""));
        let attachments = attachments(params, message_id);
        let mut parts = of_content(params);
        let is_withheld = kind.is_some_and(|kind| PLACEHOLDERS.contains(&kind))
            || is_blank(&text) && attachments.is_empty() && parts.is_empty();
        let beside = beside(params, &parts);
        if is_withheld {
            let name = kind.filter(|kind| !PLACEHOLDERS.contains(kind));
            parts.push(Part::Unsupported(Unsupported {
                name: name.map(str::to_owned),
            }));
        }
        parts.extend(beside);
        Self {
            text,
            attachments,
            parts: Parts::of(parts),
        }
    }
}

/// A parameter of which a person sees something.
fn visible<'a>(params: &'a Params, name: &str) -> Option<&'a str> {
    params.get(name).filter(|text| !is_blank(text))
}

fn owned(params: &Params, name: &str) -> Option<String> {
    params.get(name).map(str::to_owned)
}

/// The id of the message that this one answers.
fn answered(params: &Params) -> Option<String> {
    owned(params, "OriginalRepliedMessageSid")
}

/// The parts that a message consists of besides its text and its files.
fn of_content(params: &Params) -> Vec<Part> {
    let mut parts = Vec::new();
    parts.extend(location(params));
    let chosen = CHOICES.into_iter().find_map(|names| choice(params, names));
    // The same parameter may describe a choice, which has parameters of its own.
    parts.extend(chosen.or_else(|| form(params)));
    parts
}

fn location(params: &Params) -> Option<Part> {
    let is_there = OF_A_PLACE
        .into_iter()
        .any(|name| visible(params, name).is_some());
    let degrees = |name: &str| params.get(name).and_then(decimal);
    is_there.then(|| {
        Part::Location(Location {
            name: owned(params, "Label"),
            address: owned(params, "Address"),
            latitude: degrees("Latitude"),
            longitude: degrees("Longitude"),
            live: false,
        })
    })
}

/// The title is also the text of the message, and then need not be named again.
fn choice(params: &Params, [title, id]: [&str; 2]) -> Option<Part> {
    let (title, id) = (visible(params, title), visible(params, id));
    title.or(id)?;
    Some(Part::Choice(Choice {
        title: title.or_else(|| visible(params, "Body")).map(str::to_owned),
        id: id.map(str::to_owned),
        message_id: answered(params),
    }))
}

fn form(params: &Params) -> Option<Part> {
    let told = FORMS.into_iter().find_map(|name| visible(params, name))?;
    let told = answers(told);
    let within = ANSWERS
        .into_iter()
        .find_map(|pointer| told.pointer(pointer))
        .map(|within| match within {
            Value::String(response) => answers(response),
            other => other.clone(),
        });
    Some(Part::Form(Form {
        name: None,
        message_id: answered(params),
        fields: within.unwrap_or(told),
    }))
}

/// The parts that stand beside any content: the way on which the person came, and the message that they
/// pass on or answer. A choice and a form name the message that they answer themselves.
fn beside(params: &Params, content: &[Part]) -> Vec<Part> {
    let names_answered = |part: &Part| matches!(part, Part::Choice(_) | Part::Form(_));
    let quoted = if content.iter().any(names_answered) {
        None
    } else {
        quoted(params)
    };
    let all = [referral(params), forwarded(params), quoted];
    all.into_iter().flatten().collect()
}

/// The advertisement by which the person came.
fn referral(params: &Params) -> Option<Part> {
    let read = Referral {
        source: owned(params, "ReferralSourceType"),
        source_id: owned(params, "ReferralSourceId"),
        url: owned(params, "ReferralSourceUrl"),
        headline: owned(params, "ReferralHeadline"),
        body: owned(params, "ReferralBody"),
        payload: owned(params, "ReferralCtwaClid"),
    };
    (read != Referral::default()).then_some(Part::Referral(read))
}

/// Nobody says whose a forwarded message was.
fn forwarded(params: &Params) -> Option<Part> {
    let is_set = |name: &str| params.get(name) == Some("true");
    (is_set("Forwarded") || is_set("FrequentlyForwarded"))
        .then(|| Part::Shared(Shared::new(Relation::Forwarded)))
}

/// Nobody repeats what a quoted message says.
fn quoted(params: &Params) -> Option<Part> {
    Some(Part::Shared(Shared {
        message_id: Some(answered(params)?),
        from_id: owned(params, "OriginalRepliedMessageSender"),
        ..Shared::new(Relation::Quoted)
    }))
}

fn attachments(params: &Params, message_id: &str) -> Vec<Attachment> {
    (0..media_count(params))
        .filter_map(|index| attachment(params, message_id, index))
        .collect()
}

/// Number of media that are looked for.
fn media_count(params: &Params) -> usize {
    params
        .get("NumMedia")
        .and_then(|count| count.parse().ok())
        .map_or(0, |count: usize| count.min(ATTACHMENTS_MAX))
}

/// Reports that a message is taken without some of its media.
pub(super) fn lost_media(params: &Params, event: &Event) -> Option<Event> {
    let Event::Message(read) = event else {
        return None;
    };
    let has_all = read.attachments.len() == media_count(params);
    (!has_all).then(|| Event::unreadable("media are missing or malformed"))
}

fn attachment(params: &Params, message_id: &str, index: usize) -> Option<Attachment> {
    let mime_type = params
        .get(&format!("MediaContentType{index}"))
        .filter(|mime| is_short_graphic(mime, ID_MAX_BYTES));
    let url = params
        .get(&format!("MediaUrl{index}"))
        .filter(|url| url.starts_with("https://") && is_short_graphic(url, URL_MAX_BYTES));
    if mime_type.is_none() && url.is_none() {
        return None;
    }
    let own_id = url
        .and_then(|url| url.rsplit('/').next())
        .filter(|id| is_id(id));
    let family = mime_type.and_then(|mime| mime.split('/').next());
    Some(Attachment {
        kind: match (family, params.get("MessageType")) {
            (Some("image"), Some("sticker")) => AttachmentKind::Sticker,
            (Some("audio"), Some("voice")) => AttachmentKind::Voice,
            (Some("image"), _) => AttachmentKind::Image,
            (Some("video"), _) => AttachmentKind::Video,
            (Some("audio"), _) => AttachmentKind::Audio,
            _ => AttachmentKind::File,
        },
        provider_id: own_id.map_or_else(|| format!("{message_id}-{index}"), str::to_owned),
        name: None,
        mime_type: mime_type.map(str::to_owned),
        url: url.map(str::to_owned),
    })
}
