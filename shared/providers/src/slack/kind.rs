//! Fields and set-up steps of a Slack connector.

use super::{
    API_APP_ID, BOT_TOKEN, PREVIOUS_SIGNING_SECRET, SIGNING_SECRET, Slack, TEAM_ID, key,
    parse::platform_scope,
};
use crate::catalogue::{ConnectorKind, FieldSpec, Fill};
use std::time::Duration;
use vestibule_domain::{
    chat::message::Identity,
    chat::repeats::Repeats,
    connector::{Connector, Provider},
};

/// Longest text of one message. Slack recommends at most 4,000 characters and truncates at 40,000.
/// Escaping turns one character into five at most, so a text of this length is never truncated.
pub(super) const MESSAGE_MAX_CHARS: usize = 4000;

/// Longest accepted id. Slack documents no maximum; its ids have about eleven characters.
const ID_MAX_CHARS: usize = 32;

/// Time during which Slack may send an event again. It repeats a failed request three times within six
/// minutes (PROVIDERS §1.3), and an app with Delayed Events hourly for 24 hours (docs.slack.dev, Events
/// API, Delayed events). A captured request is authentic for five minutes, because it bears its time.
const EVENTS_REPEATED: Duration = Duration::from_hours(48);

impl ConnectorKind for Slack {
    fn provider(&self) -> Provider {
        key()
    }

    fn label(&self) -> &'static str {
        "Slack"
    }

    fn channel(&self) -> &'static str {
        "slack"
    }

    fn fields(&self) -> &'static [FieldSpec] {
        FIELDS
    }

    fn identity<'a>(&self, field: &str, value: &'a str) -> Option<&'a str> {
        matches!(field, API_APP_ID | TEAM_ID).then_some(value)
    }

    fn person(&self, connector: &Connector, typed: &str) -> Option<Identity> {
        let is_id = typed.len() <= ID_MAX_CHARS
            && typed.starts_with(['U', 'W'])
            && typed
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        is_id.then(|| Identity {
            provider: key(),
            platform_scope: platform_scope(connector).to_owned(),
            identifier: typed.to_owned(),
        })
    }

    fn message_max_chars(&self) -> usize {
        MESSAGE_MAX_CHARS
    }

    fn repeats(&self) -> Repeats {
        Repeats::For(EVENTS_REPEATED)
    }

    fn set_up_steps(&self, webhook_url: &str) -> Vec<String> {
        vec![
            "In your app at api.slack.com/apps, open OAuth & Permissions. Under Bot Token Scopes, add: \
             app_mentions:read, channels:history, chat:write, files:read, groups:history, im:history, \
             im:write, mpim:history, users:read."
                .to_owned(),
            "Open App Home. Under Show Tabs, switch on the Messages Tab and allow people to send \
             messages from it."
                .to_owned(),
            format!(
                "Open Event Subscriptions, switch events on, and enter this Request URL: {webhook_url} \
                 Slack checks it at once and shows Verified."
            ),
            "Under Subscribe to bot events, add: app_mention, message.im, message.mpim. If the \
             agent should read everything in its channels, add message.channels and message.groups \
             too. Save the changes."
                .to_owned(),
            "Open Install App and install the app, or install it again, so that the scopes take \
             effect. If the bot token changed, save the new one here."
                .to_owned(),
            "To try it, write the app a direct message in Slack, or invite it to a channel and mention \
             it."
                .to_owned(),
        ]
    }
}

const FIELDS: &[FieldSpec] = &[
    FieldSpec {
        name: API_APP_ID,
        label: "App ID",
        placeholder: Some("A123ABC456"),
        secret: false,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The App ID, under Basic Information > App Credentials.",
        check: |value| {
            check_id(value, &["A"]).ok_or(
                "An app id begins with A, followed by capital letters and digits, such as A123ABC456.",
            )
        },
    },
    FieldSpec {
        name: TEAM_ID,
        label: "Workspace ID",
        placeholder: Some("T123ABC456"),
        secret: false,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The T… part of the address when Slack is open in a browser \
               (app.slack.com/client/T…). For an app installed on a whole Enterprise Grid \
               organisation, the organisation's E… id.",
        check: |value| {
            check_id(value, &["T", "E"]).ok_or(
                "A workspace id begins with T, an organisation id with E, followed by capital \
                 letters and digits, such as T123ABC456.",
            )
        },
    },
    FieldSpec {
        name: SIGNING_SECRET,
        label: "Signing Secret",
        placeholder: None,
        secret: true,
        required: true,
        fill: Fill::Nothing,
        previous_in: Some(PREVIOUS_SIGNING_SECRET),
        help: "The Signing Secret, under Basic Information > App Credentials. Not the Client Secret.",
        check: check_signing_secret,
    },
    FieldSpec {
        name: PREVIOUS_SIGNING_SECRET,
        label: "Previous Signing Secret",
        placeholder: None,
        secret: true,
        required: false,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The previous signing secret, which is accepted too while you rotate it. Leave it blank, or \
               clear it when the rotation is over.",
        check: |value| {
            if value.is_empty() {
                Ok(())
            } else {
                check_signing_secret(value)
            }
        },
    },
    FieldSpec {
        name: BOT_TOKEN,
        label: "Bot User OAuth Token",
        placeholder: Some("xoxb-…"),
        secret: true,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The Bot User OAuth Token, under OAuth & Permissions, once the app is installed.",
        check: |value| {
            let rest = value.strip_prefix("xoxb-").unwrap_or("");
            let fits = (10..=250).contains(&rest.len())
                && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            fits.then_some(()).ok_or(
                "A bot token is xoxb- followed by 10 to 250 letters, digits and hyphens, with no spaces \
                 around it.",
            )
        },
    },
];

fn check_id(value: &str, prefixes: &[&str]) -> Option<()> {
    let rest = prefixes
        .iter()
        .find_map(|prefix| value.strip_prefix(prefix))?;
    let fits = !rest.is_empty()
        && value.len() <= ID_MAX_CHARS
        && rest
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    fits.then_some(())
}

fn check_signing_secret(value: &str) -> Result<(), &'static str> {
    let fits = (16..=128).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic());
    fits.then_some(()).ok_or(
        "A signing secret has 16 to 128 characters, with no spaces in or around it. Slack's have 32.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::validate;
    use std::collections::BTreeMap;

    fn input(changes: &[(&str, Option<&str>)]) -> BTreeMap<String, String> {
        let mut input = BTreeMap::from(
            [
                (API_APP_ID, "A123ABC456"),
                (TEAM_ID, "T123ABC456"),
                (SIGNING_SECRET, "8f742231b10e8888abcd99yyyzzz85a5"),
                (BOT_TOKEN, "xoxb-1234567890-abcDEF"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        for (name, value) in changes {
            input.remove(*name);
            if let Some(value) = value {
                input.insert((*name).to_owned(), (*value).to_owned());
            }
        }
        input
    }

    /// Names of the invalid fields.
    fn wrong(input: &BTreeMap<String, String>, partial: bool) -> Vec<String> {
        validate(&Slack, input, partial)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn good_fields_are_parted_into_public_and_secret_ones() {
        let valid = validate(&Slack, &input(&[]), false).unwrap();
        let names = |keys: Vec<&String>| keys.into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(
            names(valid.settings.keys().collect()),
            [API_APP_ID, TEAM_ID]
        );
        assert_eq!(
            names(valid.secrets.keys().collect()),
            [BOT_TOKEN, SIGNING_SECRET]
        );
    }

    #[test]
    fn every_missing_and_every_unknown_field_is_named_at_once() {
        let input = BTreeMap::from([("bot_tokn".to_owned(), "xoxb-canary".to_owned())]);
        let expected = [API_APP_ID, TEAM_ID, SIGNING_SECRET, BOT_TOKEN, "bot_tokn"];
        assert_eq!(wrong(&input, false), expected);
        assert_eq!(wrong(&input, true), ["bot_tokn"]);
    }

    #[test]
    fn a_change_may_leave_fields_out_but_not_break_a_rule() {
        assert!(wrong(&BTreeMap::new(), true).is_empty());
        let input = BTreeMap::from([(BOT_TOKEN.to_owned(), String::new())]);
        assert_eq!(wrong(&input, true), [BOT_TOKEN]);
    }

    #[test]
    fn each_field_has_its_rule() {
        let longest = "x".repeat(128);
        let too_long = "x".repeat(129);
        for (field, good, bad) in [
            (
                API_APP_ID,
                vec!["A1", "A123ABC456"],
                vec![
                    "", "A", "a123", "B123", "A12-3", " A123", "A123 ", "A\u{0}1", "AÉ1",
                ],
            ),
            (
                TEAM_ID,
                vec!["T1", "E123ABC456"],
                vec!["", "T", "E", "t123", "C123", "T123/", "T12\n"],
            ),
            (
                SIGNING_SECRET,
                vec!["8f742231b10e8888abcd99yyyzzz85a5", longest.as_str()],
                vec![
                    "",
                    "                ",
                    "short",
                    "8f742231b10e8888 abcd99yyyzzz85",
                    too_long.as_str(),
                    "éééééééééééééééééé",
                ],
            ),
            (
                PREVIOUS_SIGNING_SECRET,
                vec!["", "8f742231b10e8888abcd99yyyzzz85a5"],
                vec![" ", "short"],
            ),
            (
                BOT_TOKEN,
                vec!["xoxb-1234567890-abcDEF"],
                vec![
                    "",
                    "xoxb-",
                    "xoxp-1234567890-abcDEF",
                    "xoxb-1234567890 abc",
                    "xoxb-1234567890\nabc",
                    " xoxb-1234567890-abc",
                ],
            ),
        ] {
            for value in good {
                assert!(
                    wrong(&input(&[(field, Some(value))]), false).is_empty(),
                    "{field} {value}"
                );
            }
            for value in bad {
                assert_eq!(
                    wrong(&input(&[(field, Some(value))]), false),
                    [field],
                    "{value:?}"
                );
            }
        }
    }

    #[test]
    fn a_rule_is_a_sentence_and_does_not_repeat_the_value() {
        let input = input(&[
            (BOT_TOKEN, Some("canary")),
            (SIGNING_SECRET, Some("canary")),
        ]);
        for error in validate(&Slack, &input, false).unwrap_err() {
            assert!(error.rule.ends_with('.'), "{error}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn the_steps_name_the_address_the_events_and_the_scopes() {
        let steps = Slack
            .set_up_steps("https://api.example/webhooks/slack/01J")
            .join("\n");
        for needed in [
            "https://api.example/webhooks/slack/01J",
            "message.im",
            "app_mention",
            "chat:write",
            "users:read",
            "files:read",
        ] {
            assert!(steps.contains(needed), "{needed}");
        }
    }
}
