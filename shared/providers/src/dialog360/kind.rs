//! Fields and set-up steps of a 360dialog connector.

use super::{
    API_KEY, Dialog360, PHONE_NUMBER_ID, PREVIOUS_WEBHOOK_SECRET, WEBHOOK_SECRET, key,
    parse::MESSAGE_MAX_AGE,
};
use crate::{
    catalogue::{ConnectorKind, FieldSpec, Fill},
    whatsapp::typed_identity,
};
use vestibule_domain::{
    chat::message::Identity,
    chat::repeats::Repeats,
    connector::{Connector, Provider},
};

/// Longest text of one message.
pub(super) const MESSAGE_MAX_CHARS: usize = 4096;

impl ConnectorKind for Dialog360 {
    fn provider(&self) -> Provider {
        key()
    }

    fn label(&self) -> &'static str {
        "WhatsApp (360dialog)"
    }

    fn channel(&self) -> &'static str {
        "whatsapp"
    }

    fn fields(&self) -> &'static [FieldSpec] {
        FIELDS
    }

    fn identity<'a>(&self, field: &str, value: &'a str) -> Option<&'a str> {
        matches!(field, PHONE_NUMBER_ID).then_some(value)
    }

    fn person(&self, _: &Connector, typed: &str) -> Option<Identity> {
        typed_identity(&key(), typed)
    }

    fn message_max_chars(&self) -> usize {
        MESSAGE_MAX_CHARS
    }

    /// 360dialog repeats a failed request for up to seven days (PROVIDERS §4.3), and an older message is
    /// refused. Whoever captured a request holds the webhook secret and could write any message.
    fn repeats(&self) -> Repeats {
        Repeats::For(MESSAGE_MAX_AGE)
    }

    fn set_up_steps(&self, webhook_url: &str) -> Vec<String> {
        vec![
            "In the 360dialog Hub (app.360dialog.com), open Channels and click the phone number. Copy \
             its Phone number ID, which is Meta's id and not the number itself, and save it here."
                .to_owned(),
            "In the same place, click Generate API Key and save the key here at once: the Hub shows \
             it only once, and a new key revokes earlier ones. If a partner manages the number, ask \
             them for a key."
                .to_owned(),
            format!(
                "Connect the connector. 360dialog then sends this number's messages, with the webhook \
                 secret, to this address: {webhook_url}"
            ),
            "Do not change the webhook in the Hub afterwards: the Hub drops the header with the \
             secret, and every message is refused until you connect again. Connect again, too, \
             after changing the webhook secret here."
                .to_owned(),
            "To try it, write a WhatsApp message to the number.".to_owned(),
        ]
    }
}

const FIELDS: &[FieldSpec] = &[
    FieldSpec {
        name: PHONE_NUMBER_ID,
        label: "Phone number ID",
        placeholder: Some("1122334455667"),
        secret: false,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The Phone number ID, in the 360dialog Hub under Channels > your number. It is Meta's id \
               of the number, not the number itself.",
        check: |value| {
            let fits = (5..=25).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
            fits.then_some(()).ok_or(
                "A phone number ID is 5 to 25 digits and nothing else, such as 1122334455667.",
            )
        },
    },
    FieldSpec {
        name: API_KEY,
        label: "API key",
        placeholder: None,
        secret: true,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The API key of this number: Generate API Key, in the 360dialog Hub under Channels > your \
               number. It is shown only once, and revokes earlier keys.",
        check: |value| {
            check_graphic(value, 8).ok_or(
                "An API key has 8 to 256 letters, digits and punctuation marks, with no spaces in or around it.",
            )
        },
    },
    FieldSpec {
        name: WEBHOOK_SECRET,
        label: "Webhook secret",
        placeholder: None,
        secret: true,
        required: false,
        fill: Fill::RandomSecret,
        previous_in: Some(PREVIOUS_WEBHOOK_SECRET),
        help: "Leave it out to have one generated. Connecting passes it to 360dialog, which repeats it \
               with every request as proof of where it comes from. Connect again after changing it.",
        check: check_webhook_secret,
    },
    FieldSpec {
        name: PREVIOUS_WEBHOOK_SECRET,
        label: "Previous webhook secret",
        placeholder: None,
        secret: true,
        required: false,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The previous webhook secret, which is accepted too while you rotate it. Leave it blank, or \
               clear it when the rotation is over.",
        check: |value| {
            if value.is_empty() {
                Ok(())
            } else {
                check_webhook_secret(value)
            }
        },
    },
];

fn check_webhook_secret(value: &str) -> Result<(), &'static str> {
    check_graphic(value, 32).ok_or(
        "A webhook secret has 32 to 256 letters, digits and punctuation marks, with no spaces in or around it.",
    )
}

fn check_graphic(value: &str, min: usize) -> Option<()> {
    let fits = (min..=256).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic());
    fits.then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::validate;
    use std::collections::BTreeMap;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn input(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        [
            (PHONE_NUMBER_ID, "1122334455667"),
            (API_KEY, "abcDEF123_AK"),
            (WEBHOOK_SECRET, SECRET),
        ]
        .iter()
        .chain(changes)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
    }

    /// Names of the invalid fields.
    fn wrong(input: &BTreeMap<String, String>, partial: bool) -> Vec<String> {
        validate(&Dialog360, input, partial)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn good_fields_are_parted_into_public_and_secret_ones() {
        let valid = validate(&Dialog360, &input(&[]), false).unwrap();
        let names = |keys: Vec<&String>| keys.into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(names(valid.settings.keys().collect()), [PHONE_NUMBER_ID]);
        assert_eq!(
            names(valid.secrets.keys().collect()),
            [API_KEY, WEBHOOK_SECRET]
        );
    }

    #[test]
    fn only_what_we_cannot_draw_ourselves_has_to_be_filled_in() {
        assert_eq!(wrong(&BTreeMap::new(), false), [PHONE_NUMBER_ID, API_KEY]);
        assert!(wrong(&BTreeMap::new(), true).is_empty());
        let spec = |name: &str| FIELDS.iter().find(|spec| spec.name == name).unwrap();
        assert_eq!(spec(WEBHOOK_SECRET).fill, Fill::RandomSecret);
        assert_eq!(
            spec(WEBHOOK_SECRET).previous_in,
            Some(PREVIOUS_WEBHOOK_SECRET)
        );
    }

    #[test]
    fn each_field_has_its_rule() {
        let (longest, too_long) = ("x".repeat(256), "x".repeat(257));
        // 32 random bytes in base64url, as we generate them.
        let drawn = "n0Gk3S8xQh-Zt1Jx_9rWv5bC7dEfLmPqRsTuVwXyZ01";
        for (field, good, bad) in [
            (
                PHONE_NUMBER_ID,
                vec!["1122334455667", "106540352242922"],
                vec![
                    "",
                    "1234",
                    "+972123456789",
                    "972 123456789",
                    " 1122334455667",
                    "11223344556a7",
                    "١١٢٢٣٣٤٤٥٥",
                    "12345678901234567890123456",
                ],
            ),
            (
                API_KEY,
                vec!["abcDEF123_AK", longest.as_str()],
                vec![
                    "",
                    "short",
                    "with a space",
                    "abcDEF123\n",
                    "ééééééééé",
                    too_long.as_str(),
                ],
            ),
            (
                WEBHOOK_SECRET,
                vec![SECRET, drawn, longest.as_str()],
                vec![
                    "",
                    "0123456789abcdef0123456789abcde",
                    "                                ",
                    "0123456789abcdef 0123456789abcdef",
                    too_long.as_str(),
                ],
            ),
            (
                PREVIOUS_WEBHOOK_SECRET,
                vec!["", SECRET],
                vec![" ", "short"],
            ),
        ] {
            for value in good {
                let input = input(&[(field, value)]);
                assert!(wrong(&input, false).is_empty(), "{field} {value}");
            }
            for value in bad {
                let input = input(&[(field, value)]);
                assert_eq!(wrong(&input, false), [field], "{value:?}");
            }
        }
    }

    #[test]
    fn a_rule_is_a_sentence_and_does_not_repeat_the_value() {
        let input = input(&[(API_KEY, "canary "), (WEBHOOK_SECRET, "canary")]);
        for error in validate(&Dialog360, &input, false).unwrap_err() {
            assert!(error.rule.ends_with('.'), "{error}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn the_steps_name_the_address_and_warn_of_the_hub() {
        let steps = Dialog360
            .set_up_steps("https://api.example/webhooks/360dialog/01J")
            .join("\n");
        for needed in [
            "https://api.example/webhooks/360dialog/01J",
            "Phone number ID",
            "Generate API Key",
            "Connect the connector",
            "Do not change the webhook in the Hub",
        ] {
            assert!(steps.contains(needed), "{needed}");
        }
    }
}
