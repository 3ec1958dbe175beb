//! Fields and set-up steps of a Telegram connector.

use super::{BOT_TOKEN, PREVIOUS_SECRET_TOKEN, SECRET_TOKEN, Telegram, key, parse::identity};
use crate::catalogue::{ConnectorKind, FieldSpec, Fill};
use std::time::Duration;
use vestibule_domain::{
    chat::message::Identity,
    chat::repeats::Repeats,
    connector::{Connector, Provider},
};

/// Longest text of one message. Telegram counts characters; `send` explains what we count.
pub(super) const MESSAGE_MAX_CHARS: usize = 4096;

/// Longest accepted token. Telegram guarantees no maximum; its tokens have about 46 characters.
const BOT_TOKEN_MAX_CHARS: usize = 250;
/// Longest secret token that Telegram accepts.
const SECRET_TOKEN_MAX_CHARS: usize = 256;
/// Shortest secret token. It is the only proof of an update, so it must have at least 128 bits
/// (RELIABILITY §3).
const SECRET_TOKEN_MIN_CHARS: usize = 22;

/// Time during which Telegram may send an update again: it keeps updates for 24 hours (core.telegram.org,
/// Getting updates). Whoever captured a request holds the secret token and could write any update, so
/// no memory stops them; rotating the token does.
const EVENTS_REPEATED: Duration = Duration::from_hours(48);

impl ConnectorKind for Telegram {
    fn provider(&self) -> Provider {
        key()
    }

    fn label(&self) -> &'static str {
        "Telegram"
    }

    fn channel(&self) -> &'static str {
        "telegram"
    }

    fn fields(&self) -> &'static [FieldSpec] {
        FIELDS
    }

    /// The bot's id stands before the colon of its token, and stays when the token is replaced.
    fn identity<'a>(&self, field: &str, value: &'a str) -> Option<&'a str> {
        let (bot_id, _) = value.split_once(':')?;
        (field == BOT_TOKEN).then_some(bot_id)
    }

    fn person(&self, _: &Connector, typed: &str) -> Option<Identity> {
        typed.parse().ok().map(identity)
    }

    fn message_max_chars(&self) -> usize {
        MESSAGE_MAX_CHARS
    }

    fn repeats(&self) -> Repeats {
        Repeats::For(EVENTS_REPEATED)
    }

    fn set_up_steps(&self, webhook_url: &str) -> Vec<String> {
        vec![
            "In Telegram, open the chat with @BotFather (the one with the blue check mark) and send \
             /newbot. Choose a name, and a username that ends in bot. For an existing bot, send \
             /mybots, choose it, and open API Token."
                .to_owned(),
            "Copy the token that BotFather shows, such as 110201543:AAH…, and save it here as the \
             bot token."
                .to_owned(),
            "For groups: a bot there reads only commands, mentions and replies to it. To let it read \
             everything, send /setprivacy to BotFather, choose the bot, then Disable. Remove the bot \
             from the groups that it is already in, and add it again. Private chats need nothing."
                .to_owned(),
            format!(
                "Connect the connector. Telegram then sends the bot's messages, with the secret token, to \
                 this address, and no other program can fetch them with this bot token: {webhook_url}"
            ),
            "To try it, open the bot in Telegram, press Start and write to it, or add it to a group \
             and mention it. A bot can write to people in private only after they have written to it \
             in private."
                .to_owned(),
        ]
    }
}

const FIELDS: &[FieldSpec] = &[
    FieldSpec {
        name: BOT_TOKEN,
        label: "Bot token",
        placeholder: Some("110201543:AAH…"),
        secret: true,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "From @BotFather in Telegram: shown after /newbot or, for an existing bot, under \
               /mybots > API Token.",
        check: |value| {
            is_bot_token(value).then_some(()).ok_or(
                "A bot token is digits, a colon and at least 30 letters, digits, hyphens or \
                 underscores, with no spaces around it, such as 110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw.",
            )
        },
    },
    FieldSpec {
        name: SECRET_TOKEN,
        label: "Secret token",
        placeholder: None,
        secret: true,
        required: false,
        fill: Fill::RandomSecret,
        previous_in: Some(PREVIOUS_SECRET_TOKEN),
        help: "Leave it out to have one generated. Connecting passes it to Telegram, which repeats it \
               with every message as proof of where it comes from. Connect again after changing it.",
        check: check_secret_token,
    },
    FieldSpec {
        name: PREVIOUS_SECRET_TOKEN,
        label: "Previous secret token",
        placeholder: None,
        secret: true,
        required: false,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The previous secret token, which is accepted too while you rotate it. Leave it blank, or \
               clear it when the rotation is over.",
        check: |value| {
            if value.is_empty() {
                Ok(())
            } else {
                check_secret_token(value)
            }
        },
    },
];

/// Whether a text is digits, a colon and a secret.
pub(super) fn is_bot_token(value: &str) -> bool {
    value.len() <= BOT_TOKEN_MAX_CHARS
        && value.split_once(':').is_some_and(|(id, secret)| {
            !id.is_empty()
                && id.bytes().all(|b| b.is_ascii_digit())
                && secret.len() >= 30
                && secret.bytes().all(is_token_byte)
        })
}

fn check_secret_token(value: &str) -> Result<(), &'static str> {
    let fits = (SECRET_TOKEN_MIN_CHARS..=SECRET_TOKEN_MAX_CHARS).contains(&value.len())
        && value.bytes().all(is_token_byte);
    fits.then_some(()).ok_or(
        "A secret token has 22 to 256 characters: letters A to Z, digits, hyphens and underscores.",
    )
}

fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalogue::validate, telegram::fixtures::TOKEN};
    use std::collections::BTreeMap;

    fn input(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut input = BTreeMap::from([(BOT_TOKEN.to_owned(), TOKEN.to_owned())]);
        for (name, value) in changes {
            input.insert((*name).to_owned(), (*value).to_owned());
        }
        input
    }

    /// Names of the invalid fields.
    fn wrong(input: &BTreeMap<String, String>, partial: bool) -> Vec<String> {
        validate(&Telegram, input, partial)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn the_bot_token_alone_makes_a_connector() {
        let valid = validate(&Telegram, &input(&[]), false).unwrap();
        assert!(valid.settings.is_empty());
        assert_eq!(valid.secrets.keys().collect::<Vec<_>>(), [BOT_TOKEN]);
        assert_eq!(wrong(&BTreeMap::new(), false), [BOT_TOKEN]);
        assert!(wrong(&BTreeMap::new(), true).is_empty());
    }

    #[test]
    fn each_field_has_its_rule() {
        let thirty = "x".repeat(30);
        let shortest_token = format!("1:{thirty}");
        let (longest, too_long) = ("x".repeat(256), "x".repeat(257));
        let huge_token = format!("1:{}", "x".repeat(249));
        // 32 random bytes in base64url, as we generate them.
        let drawn = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_-0";
        for (field, good, bad) in [
            (
                BOT_TOKEN,
                vec![TOKEN, shortest_token.as_str()],
                vec![
                    "",
                    ":",
                    "110201543",
                    "110201543:short",
                    ":AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
                    "abc:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
                    " 110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
                    "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw\n",
                    "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDs/..",
                    "110201543:AAHdqTcvCH1:vGWJxfSeofSAs0K5PALDsaw",
                    "bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
                    huge_token.as_str(),
                ],
            ),
            (
                SECRET_TOKEN,
                vec!["x234567890123456789012", drawn, longest.as_str()],
                vec![
                    "",
                    " ",
                    "x",
                    "x23456789012345678901",
                    "with space in it 12345678",
                    "éééééééééééé",
                    "a.b.c.d.e.f.g.h.i.j.k.l",
                    too_long.as_str(),
                ],
            ),
            (
                PREVIOUS_SECRET_TOKEN,
                vec!["", drawn],
                vec![" ", "a.b", too_long.as_str()],
            ),
        ] {
            for value in good {
                assert!(
                    wrong(&input(&[(field, value)]), false).is_empty(),
                    "{field} {value}"
                );
            }
            for value in bad {
                let input = input(&[(field, value)]);
                assert_eq!(wrong(&input, false), [field], "{value:?}");
            }
        }
    }

    #[test]
    fn a_rule_is_a_sentence_and_does_not_repeat_the_value() {
        let input = input(&[(BOT_TOKEN, "canary"), (SECRET_TOKEN, "canary canary")]);
        for error in validate(&Telegram, &input, false).unwrap_err() {
            assert!(error.rule.ends_with('.'), "{error}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn the_steps_name_the_address_and_what_to_say_to_botfather() {
        let url = "https://api.example/webhooks/telegram/01J";
        let steps = Telegram.set_up_steps(url).join("\n");
        for needed in [url, "@BotFather", "/newbot", "/setprivacy", "Connect"] {
            assert!(steps.contains(needed), "{needed}");
        }
    }
}
