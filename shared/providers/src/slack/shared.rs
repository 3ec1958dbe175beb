//! The attachments of a message: messages that it shares, previews of its links, and what an app added
//! (docs.slack.dev, "Secondary message attachments"; `is_msg_unfurl` and `message_blocks` in
//! `ConversationsHistoryResponse` of `@slack/web-api`; `is_share` stands in no reference).

use super::{
    blocks::{self, list},
    files,
    mrkdwn::{self, plain},
    text::unescape,
    time::instant,
};
use crate::{
    addressed::Addressed,
    fields::{ATTACHMENTS_MAX, given, string},
};
use serde_json::Value;
use vestibule_domain::{
    chat::content::{Part, Relation, Shared},
    text::is_blank,
};

/// Fields of a preview of a link, which stands in the text already.
const PREVIEW_OF: [&str; 3] = ["from_url", "original_url", "app_unfurl_url"];

/// The messages that a message shares, by forwarding them or by a link to them.
pub(super) fn messages(event: &Value) -> Vec<Part> {
    list(event, "attachments")
        .filter(|attachment| is_message(attachment))
        .take(ATTACHMENTS_MAX)
        .map(|attachment| Part::Shared(message(attachment)))
        .collect()
}

/// Writes the other attachments. Beside a text, previews of links repeat what the text leads to.
pub(super) fn write(event: &Value, bots: &[&str], into: &mut Addressed) {
    let is_alone = into.is_front();
    for attachment in list(event, "attachments") {
        if !is_message(attachment) && (is_alone || !is_preview(attachment)) {
            card(attachment, bots, into);
        }
    }
}

fn is_message(attachment: &Value) -> bool {
    let is_set = |field: &str| attachment.get(field) == Some(&Value::Bool(true));
    is_set("is_share") || is_set("is_msg_unfurl") || given(attachment, "message_blocks").is_some()
}

fn is_preview(attachment: &Value) -> bool {
    PREVIEW_OF
        .iter()
        .any(|field| string(attachment, field).is_some())
}

fn message(attachment: &Value) -> Shared {
    let field = |name| string(attachment, name).map(str::to_owned);
    let ts = string(attachment, "ts");
    Shared {
        from: field("author_name").or_else(|| field("author_subname")),
        from_id: field("author_id"),
        message_id: ts.map(str::to_owned),
        sent_at: ts.and_then(instant),
        text: Some(text(attachment)),
        files: files::of(attachment),
        ..Shared::new(Relation::Forwarded)
    }
}

/// The text of a shared message, wherever it stands.
fn text(attachment: &Value) -> String {
    let said = string(attachment, "text").map(plain);
    if let Some(said) = said.filter(|said| !is_blank(said)) {
        return said;
    }
    let mut making = Addressed::whole();
    for part in list(attachment, "message_blocks") {
        let within = part.pointer("/message/blocks").and_then(Value::as_array);
        blocks::write(within.into_iter().flatten(), &[], &mut making);
    }
    if making.is_front() {
        blocks::write(list(attachment, "blocks"), &[], &mut making);
    }
    if making.is_front() {
        making.push(&unescape(string(attachment, "fallback").unwrap_or("")));
    }
    making.finish().0
}

/// Writes what an attachment shows, a line for each field.
fn card(attachment: &Value, bots: &[&str], into: &mut Addressed) {
    let field = |name| string(attachment, name);
    into.new_line();
    let mut is_empty = true;
    if let Some(before) = field("pretext") {
        mrkdwn::write(before, bots, into);
        is_empty = false;
    }
    let address = field("title_link").or_else(|| field("from_url"));
    if let Some(title) = field("title").or_else(|| field("author_name")) {
        into.new_line();
        titled(address, title, into);
        is_empty = false;
    }
    if let Some(said) = field("text") {
        into.new_line();
        mrkdwn::write(said, bots, into);
        is_empty = false;
    } else if list(attachment, "blocks").next().is_some() {
        blocks::write(list(attachment, "blocks"), bots, into);
        is_empty = false;
    }
    for one in list(attachment, "fields") {
        into.new_line();
        let words = |name| string(one, name).unwrap_or("");
        into.push(&unescape(words("title")));
        into.push(": ");
        mrkdwn::write(words("value"), bots, into);
        is_empty = false;
    }
    if is_empty && let Some(words) = field("fallback").or(address).or(field("image_url")) {
        titled(address.or(field("image_url")), words, into);
    }
}

/// Writes words that lead somewhere, if their address is known.
fn titled(address: Option<&str>, words: &str, into: &mut Addressed) {
    let words = unescape(words);
    match address {
        Some(url) => mrkdwn::link(url, Some(&words), into),
        None => into.push(&words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shared(attachment: &Value) -> Value {
        let parts = messages(&json!({"attachments": [attachment]}));
        serde_json::to_value(parts).unwrap()[0].clone()
    }

    fn written(text: &str, attachments: &Value) -> String {
        let mut making = Addressed::default();
        making.push(text);
        write(&json!({"attachments": attachments}), &[], &mut making);
        making.finish().0
    }

    #[test]
    fn a_shared_message_says_whose_it_is_and_when_and_what() {
        let part = shared(&json!({
            "is_share": true, "is_msg_unfurl": true, "author_id": "U456DEF789", "author_name": "Grace",
            "ts": "1568915000.000100", "text": "See <https://example.com|the plan> &amp; come",
            "files": [{"id": "F1", "name": "plan.png", "mimetype": "image/png"}, {"id": "F2", "mode": "tombstone"}],
        }));
        assert_eq!(part["relation"], "forwarded");
        assert_eq!(
            (&part["from"], &part["from_id"]),
            (&json!("Grace"), &json!("U456DEF789"))
        );
        assert_eq!(part["message_id"], "1568915000.000100");
        assert_eq!(part["text"], "See the plan & come");
        assert!(part["sent_at"].is_string() || part["sent_at"].is_number());
        assert_eq!(part["files"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn the_text_of_a_shared_message_is_found_wherever_it_stands() {
        let rich = json!([{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "found"}]}]}]);
        for attachment in [
            json!({"is_share": true, "text": "found", "fallback": "[10:00] Grace: found"}),
            json!({"message_blocks": [{"team": "T1", "message": {"blocks": rich}}]}),
            json!({"is_msg_unfurl": true, "text": " ", "blocks": rich}),
            json!({"is_share": true, "fallback": "found"}),
        ] {
            assert_eq!(shared(&attachment)["text"], "found", "{attachment}");
        }
        assert_eq!(shared(&json!({"is_share": true}))["text"], "");
    }

    #[test]
    fn a_preview_is_left_out_beside_its_link_and_read_without_any_text() {
        let preview =
            json!([{"from_url": "https://example.com", "title": "A page", "text": "About it"}]);
        assert_eq!(
            written("see https://example.com", &preview),
            "see https://example.com"
        );
        assert_eq!(written("", &preview), "A page\nAbout it");
    }

    #[test]
    fn what_an_app_added_is_read_beside_the_text() {
        let card = json!([{"pretext": "New", "title": "Ticket 7", "title_link": "https://example.com/7",
            "text": "Broken &amp; loud", "fields": [{"title": "State", "value": "open"}], "fallback": "no"}]);
        assert_eq!(
            written("look", &card),
            "look\nNew\nTicket 7\nBroken & loud\nState: open"
        );
        assert_eq!(
            written("", &json!([{"fallback": "only this"}])),
            "only this"
        );
        let picture = json!([{"image_url": "https://example.com/1.gif"}]);
        assert_eq!(written("", &picture), "https://example.com/1.gif");
        assert_eq!(written("", &json!([7, null, {}, []])), "");
    }
}
