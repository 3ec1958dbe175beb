//! Checks the envelope of a delivery field by field against its documentation.

use serde_json::Value;

/// The version of the envelope that the agent understands.
const VERSION: &str = "2026-12-01";

#[derive(Clone, Copy)]
enum Kind {
    Text,
    TextOrNull,
    Object,
    ObjectOrNull,
    List,
    /// A whole number from 1.
    Number,
    NumberOrNull,
}

const FIELDS: [(&str, Kind); 30] = [
    ("/version", Kind::Text),
    ("/type", Kind::Text),
    ("/id", Kind::Text),
    ("/delivery_attempt", Kind::Number),
    ("/sent_at", Kind::Text),
    ("/project_id", Kind::Text),
    ("/environment_id", Kind::Text),
    ("/connector", Kind::Object),
    ("/connector/id", Kind::Text),
    ("/connector/name", Kind::Text),
    ("/connector/provider", Kind::Text),
    ("/conversation", Kind::Object),
    ("/conversation/id", Kind::Text),
    ("/conversation/kind", Kind::Text),
    ("/conversation/provider_conversation_id", Kind::Text),
    ("/conversation/thread", Kind::TextOrNull),
    ("/chat_user/id", Kind::Text),
    ("/chat_user/identifier", Kind::Text),
    ("/chat_user/display_name", Kind::Text),
    ("/chat_user/first_name", Kind::TextOrNull),
    ("/chat_user/last_name", Kind::TextOrNull),
    ("/chat_user/avatar_url", Kind::TextOrNull),
    ("/end_user", Kind::ObjectOrNull),
    ("/message/text", Kind::Text),
    ("/message/content", Kind::List),
    ("/message/entities", Kind::List),
    ("/message/attachments", Kind::List),
    ("/message/provider_event_id", Kind::Text),
    ("/message/sequence", Kind::NumberOrNull),
    ("/message/previous_message_at", Kind::TextOrNull),
];

const ATTACHMENT_FIELDS: [(&str, Kind); 5] = [
    ("/kind", Kind::Text),
    ("/provider_id", Kind::Text),
    ("/name", Kind::TextOrNull),
    ("/mime_type", Kind::TextOrNull),
    ("/url", Kind::TextOrNull),
];

const CONTENT_KINDS: [&str; 14] = [
    "text",
    "file",
    "location",
    "contact",
    "order",
    "form",
    "choice",
    "reaction",
    "poll",
    "dice",
    "checklist",
    "referral",
    "shared",
    "unsupported",
];

const ENTITY_KINDS: [&str; 5] = ["user", "group", "channel", "everybody", "link"];

/// Lists every fault of this envelope.
pub(super) fn faults(envelope: &Value, webhook_id: &str) -> Vec<String> {
    let mut faults = missing(envelope, &FIELDS, "");
    let text = |pointer: &str| {
        envelope
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let mut expect = |pointer: &str, allowed: &[&str]| {
        if !allowed.contains(&text(pointer)) {
            faults.push(format!(
                "{pointer} is `{}`, not one of {allowed:?}",
                text(pointer)
            ));
        }
    };
    expect("/version", &[VERSION]);
    let types = [
        "message.received",
        "message.edited",
        "message.deleted",
        "message.unsupported",
        "test",
    ];
    expect("/type", &types);
    expect("/id", &[webhook_id]);
    expect("/conversation/kind", &["direct", "group", "channel"]);
    for pointer in ["/sent_at", "/message/received_at"] {
        if !is_rfc3339(text(pointer)) {
            faults.push(format!(
                "{pointer} is not an RFC 3339 time: `{}`",
                text(pointer)
            ));
        }
    }
    let attachments = envelope
        .pointer("/message/attachments")
        .and_then(Value::as_array);
    for (index, attachment) in attachments.into_iter().flatten().enumerate() {
        faults.extend(missing(
            attachment,
            &ATTACHMENT_FIELDS,
            &format!("/message/attachments/{index}"),
        ));
        let kind = attachment
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !["image", "video", "audio", "file"].contains(&kind) {
            faults.push(format!("/message/attachments/{index}/kind is `{kind}`"));
        }
    }
    faults.extend(message_faults(envelope));
    faults
}

/// Faults of what the message says.
fn message_faults(envelope: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let text = envelope.pointer("/message/text").and_then(Value::as_str);
    let chars = text.unwrap_or_default().chars().count();
    let event = envelope.get("type").and_then(Value::as_str);
    let is_deleted = event == Some("message.deleted");
    let is_change = is_deleted || event == Some("message.edited");
    if !is_change && envelope.pointer("/message/sequence") == Some(&Value::Null) {
        faults.push("/message/sequence is null".to_owned());
    }
    if is_change != envelope.get("original_id").is_some_and(Value::is_string) {
        faults.push("/original_id belongs to changes, and to each".to_owned());
    }
    if !is_deleted && text.is_some_and(|text| text.trim().is_empty()) {
        faults.push("/message/text is blank".to_owned());
    }
    let list = |name: &str| {
        let list = envelope.pointer(&format!("/message/{name}"));
        list.and_then(Value::as_array)
    };
    if !is_deleted && list("content").is_some_and(Vec::is_empty) {
        faults.push("/message/content is empty".to_owned());
    }
    for (name, kinds) in [
        ("content", CONTENT_KINDS.as_slice()),
        ("entities", ENTITY_KINDS.as_slice()),
    ] {
        for (index, one) in list(name).into_iter().flatten().enumerate() {
            let kind = one.get("kind").and_then(Value::as_str).unwrap_or_default();
            if !kinds.contains(&kind) {
                faults.push(format!("/message/{name}/{index}/kind is `{kind}`"));
            }
        }
    }
    for (index, entity) in list("entities").into_iter().flatten().enumerate() {
        let number = |name: &str| {
            let number = entity.get(name).and_then(Value::as_u64);
            number.and_then(|number| usize::try_from(number).ok())
        };
        let end = number("offset").zip(number("length"));
        let end = end.and_then(|(offset, length)| offset.checked_add(length));
        if end.is_none_or(|end| end > chars) {
            faults.push(format!("/message/entities/{index} is not within the text"));
        }
    }
    faults
}

fn missing(value: &Value, fields: &[(&str, Kind)], at: &str) -> Vec<String> {
    fields
        .iter()
        .filter_map(|(pointer, kind)| match value.pointer(pointer) {
            None => Some(format!("{at}{pointer} is missing")),
            Some(found) if !is_kind(found, *kind) => {
                Some(format!("{at}{pointer} has the wrong type: {found}"))
            }
            Some(_) => None,
        })
        .collect()
}

fn is_kind(value: &Value, kind: Kind) -> bool {
    match kind {
        Kind::Text => value.is_string(),
        Kind::TextOrNull => value.is_string() || value.is_null(),
        Kind::Object => value.is_object(),
        Kind::ObjectOrNull => value.is_object() || value.is_null(),
        Kind::List => value.is_array(),
        Kind::Number => value.as_u64().is_some_and(|number| number > 0),
        Kind::NumberOrNull => value.is_null() || is_kind(value, Kind::Number),
    }
}

/// `2026-11-22T19:26:00Z`, with or without a fraction or an offset.
fn is_rfc3339(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|character| {
            if character.is_ascii_digit() {
                '0'
            } else {
                character
            }
        })
        .collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else {
        return false;
    };
    let rest = rest
        .strip_prefix('.')
        .map_or(rest, |fraction| fraction.trim_start_matches('0'));
    ["Z", "+00:00", "-00:00"].contains(&rest)
}
