//! Slack's `<…>` forms: mentions, links and dates within a text (docs.slack.dev, "Formatting message
//! text").

use super::text::unescape;
use crate::{addressed::Addressed, fields::is_id};
use vestibule_domain::{chat::entity::Mark, text::is_blank};

/// Schemes of addresses that are not shown.
const QUIET_SCHEMES: [&str; 2] = ["mailto:", "tel:"];

/// Writes a text of Slack's as a person reads it. Slack escapes what was typed, so an angle bracket
/// always begins a form.
pub(super) fn write(raw: &str, bots: &[&str], into: &mut Addressed) {
    let mut rest = raw;
    while let Some((before, from)) = rest.split_once('<') {
        into.push(&unescape(before));
        let end = from.find(['<', '>']);
        let Some((inside, behind)) = end.and_then(|at| from.split_at_checked(at)) else {
            into.push("<");
            rest = from;
            continue;
        };
        rest = if let Some(behind) = behind.strip_prefix('>') {
            form(inside, bots, into);
            behind
        } else {
            into.push("<");
            into.push(&unescape(inside));
            behind
        };
    }
    into.push(&unescape(rest));
}

/// A text of Slack's as a person reads it, alone.
pub(super) fn plain(raw: &str) -> String {
    let mut making = Addressed::whole();
    write(raw, &[], &mut making);
    making.finish().0
}

/// Writes a form, given without its brackets.
fn form(inside: &str, bots: &[&str], into: &mut Addressed) {
    let (what, label) = match inside.split_once('|') {
        Some((what, label)) => (what, Some(unescape(label))),
        None => (inside, None),
    };
    let label = label.as_deref().filter(|label| !is_blank(label));
    let id_after = |sigil: char| what.strip_prefix(sigil).filter(|id| is_id(id));
    if let Some(id) = id_after('@') {
        user(id, label, bots, into);
    } else if let Some(id) = id_after('#') {
        channel(id, label, into);
    } else if let Some(what) = what.strip_prefix('!') {
        command(what, label, into);
    } else if is_address(what) {
        link(&unescape(what), label, into);
    } else {
        into.push("<");
        into.push(&unescape(inside));
        into.push(">");
    }
}

/// Writes what begins with an exclamation mark: everybody, a group, a date.
fn command(what: &str, label: Option<&str>, into: &mut Addressed) {
    let mut fields = what.splitn(4, '^');
    match (fields.next().unwrap_or(""), fields.next()) {
        (range @ ("here" | "channel" | "everyone"), None) => everybody(range, into),
        ("subteam", Some(id)) if is_id(id) => group(id, label, into),
        ("date", Some(time)) => {
            let shown = label.unwrap_or(time);
            match fields.nth(1).map(unescape) {
                Some(url) => link(&url, Some(shown), into),
                None => into.push(shown),
            }
        }
        (other, _) => into.push(label.unwrap_or(&format!("<!{}>", unescape(other)))),
    }
}

/// Writes the mention of a person. Slack names them by id alone, unless the text comes from an old
/// integration.
pub(super) fn user(id: &str, name: Option<&str>, bots: &[&str], into: &mut Addressed) {
    let (shown, name) = named('@', id, name);
    let mark = Mark::User {
        id: Some(id.to_owned()),
        name,
    };
    if bots.contains(&id) {
        into.mark_own(&shown, mark);
    } else {
        into.mark(&shown, mark);
    }
}

/// Writes the mention of a channel or workspace.
pub(super) fn channel(id: &str, name: Option<&str>, into: &mut Addressed) {
    let (shown, name) = named('#', id, name);
    let mark = Mark::Channel {
        id: Some(id.to_owned()),
        name,
    };
    into.mark(&shown, mark);
}

/// Writes the mention of a user group.
pub(super) fn group(id: &str, name: Option<&str>, into: &mut Addressed) {
    let (shown, name) = named('@', id, name);
    let mark = Mark::Group {
        id: Some(id.to_owned()),
        name,
    };
    into.mark(&shown, mark);
}

/// Writes a mention of everybody here.
pub(super) fn everybody(range: &str, into: &mut Addressed) {
    into.mark(&format!("@{range}"), Mark::Everybody);
}

/// Writes a link, as its label if it has one.
pub(super) fn link(url: &str, label: Option<&str>, into: &mut Addressed) {
    let bare = QUIET_SCHEMES
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .unwrap_or(url);
    let label = label.filter(|label| *label != url && *label != bare);
    let mark = Mark::Link {
        url: url.to_owned(),
        label: label.map(str::to_owned),
    };
    into.mark(label.unwrap_or(bare), mark);
}

/// The words that stand for a mention, and the name in them. A group's name comes with its sigil.
fn named(sigil: char, id: &str, name: Option<&str>) -> (String, Option<String>) {
    let name = name.map(|name| name.trim_start_matches(sigil).to_owned());
    let shown = format!("{sigil}{}", name.as_deref().unwrap_or(id));
    (shown, name)
}

fn is_address(what: &str) -> bool {
    what.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const BOTS: [&str; 1] = ["U0BOT"];

    fn read(raw: &str) -> (String, Value) {
        let mut making = Addressed::default();
        write(raw, &BOTS, &mut making);
        let (text, entities) = making.finish();
        (text, serde_json::to_value(entities).unwrap())
    }

    #[test]
    fn every_form_is_read_as_a_person_sees_it() {
        for (raw, text, kind) in [
            ("<@U1>", "@U1", "user"),
            ("<@W1|ada>", "@ada", "user"),
            ("<#C1|general>", "#general", "channel"),
            ("<#C1|>", "#C1", "channel"),
            ("<!subteam^S1|@desk>", "@desk", "group"),
            ("<!subteam^S1>", "@S1", "group"),
            ("<!here>", "@here", "everybody"),
            ("<!channel|channel>", "@channel", "everybody"),
            ("<!everyone>", "@everyone", "everybody"),
            (
                "<https://example.com/?a=1&amp;b=2>",
                "https://example.com/?a=1&b=2",
                "link",
            ),
            (
                "<https://example.com|the &lt;page&gt;>",
                "the <page>",
                "link",
            ),
            (
                "<mailto:ada@example.com|ada@example.com>",
                "ada@example.com",
                "link",
            ),
            ("<tel:+43123>", "+43123", "link"),
            (
                "<!date^1392734382^{date}^https://example.com|18 Feb>",
                "18 Feb",
                "link",
            ),
        ] {
            let (read, entities) = read(raw);
            assert_eq!(read, text, "{raw}");
            assert_eq!(entities[0]["kind"], kind, "{raw}");
            assert_eq!(entities[0]["length"], text.chars().count(), "{raw}");
        }
    }

    #[test]
    fn what_is_no_mention_and_no_link_stays_as_it_was_written() {
        for (raw, text) in [
            ("&lt;@U1&gt; &lt;!here&gt;", "<@U1> <!here>"),
            ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
            ("<!date^1392734382>", "1392734382"),
            ("<!else|words>", "words"),
            ("<!else>", "<!else>"),
            ("<>", "<>"),
            ("<@>", "<@>"),
            ("<@a b>", "<@a b>"),
            ("a < b <", "a < b <"),
            ("<<@U1", "<<@U1"),
            ("<javascript:alert(1)|here>", "here"),
            (":wave: :flag-at: 👋", ":wave: :flag-at: 👋"),
        ] {
            assert_eq!(read(raw), (text.to_owned(), json!([])), "{raw}");
        }
    }

    #[test]
    fn a_link_and_its_label_are_told_apart() {
        let (text, entities) = read("é <https://example.com|here> or <https://example.com>");
        assert_eq!(text, "é here or https://example.com");
        let expected = json!([
            {"offset": 2, "length": 4, "kind": "link", "url": "https://example.com", "label": "here"},
            {"offset": 10, "length": 19, "kind": "link", "url": "https://example.com", "label": null},
        ]);
        assert_eq!(entities, expected);
    }

    proptest! {
        #[test]
        fn no_text_makes_us_panic(raw in "(<@|<#|<!|<|>|\\||\\^|U0BOT|date|subteam|https://a|&lt;|[a-zé ]){0,60}") {
            let (text, _) = read(&raw);
            prop_assert!(text.chars().count() <= raw.chars().count() + 60);
        }
    }
}
