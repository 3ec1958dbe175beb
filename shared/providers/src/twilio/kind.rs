//! Fields and set-up steps of a Twilio connector.

use super::{
    ACCOUNT_SID, AUTH_TOKEN, PHONE_NUMBER, PREVIOUS_AUTH_TOKEN, Twilio, WEBHOOK_URL, key,
    send::MESSAGE_MAX_CHARS,
    url::{self, RETRIES},
};
use crate::{
    catalogue::{ConnectorKind, FieldSpec, Fill},
    fields::URL_MAX_BYTES,
    whatsapp::{phone_digits, typed_identity},
};
use vestibule_domain::{
    chat::message::Identity,
    chat::repeats::Repeats,
    connector::{Connector, Provider},
};

/// Connection overrides that Twilio accepts after the `#` of an address: time limits, retries,
/// region, server name.
const OVERRIDES: [&str; 7] = ["ct", "rt", "tt", "rc", "rp", "e", "sni"];

impl ConnectorKind for Twilio {
    fn provider(&self) -> Provider {
        key()
    }

    fn label(&self) -> &'static str {
        "Twilio (SMS and WhatsApp)"
    }

    /// The default; `WhatsApp` conversations name their own channel.
    fn channel(&self) -> &'static str {
        "sms"
    }

    fn fields(&self) -> &'static [FieldSpec] {
        FIELDS
    }

    fn identity<'a>(&self, field: &str, value: &'a str) -> Option<&'a str> {
        matches!(field, ACCOUNT_SID).then_some(value)
    }

    fn person(&self, _: &Connector, typed: &str) -> Option<Identity> {
        typed_identity(&key(), typed)
    }

    fn message_max_chars(&self) -> usize {
        MESSAGE_MAX_CHARS
    }

    /// Twilio signs the address and the parameters, and neither bears a time: a captured request is
    /// authentic for as long as the auth token is (PROVIDERS §5.2).
    fn repeats(&self) -> Repeats {
        Repeats::ForEver
    }

    fn set_up_steps(&self, webhook_url: &str) -> Vec<String> {
        let url = with_retries(webhook_url);
        vec![
            format!(
                "For SMS: in the Twilio Console, open Phone Numbers > Manage > Active numbers and choose \
                 the number. Under Messaging Configuration, set A message comes in to Webhook, enter \
                 {url} and choose HTTP POST. Keep the part after the #: without it, Twilio does not try again \
                 when a message could not be accepted, and the message is lost."
            ),
            format!(
                "In the same place, set Primary handler fails to {url} with HTTP POST, too. Save the \
                 configuration."
            ),
            "If the number belongs to a Messaging Service, open Messaging > Services > the service > \
             Integration and choose Defer to sender's webhook, because the service's own setting takes \
             precedence."
                .to_owned(),
            format!(
                "For WhatsApp: open Messaging > Senders > WhatsApp senders, edit the sender of the same \
                 number, and enter {url} with HTTP POST both as the webhook URL for incoming messages \
                 and as the fallback URL. Leave the status callback URL empty: each outgoing message \
                 names its own."
            ),
            "Twilio signs the address exactly as you enter it. If you enter another one, such as one with \
             your own domain, save it here as the webhook address, character by character."
                .to_owned(),
            "To try it, send a text message to the number, and a WhatsApp message if it has WhatsApp. SMS \
             and WhatsApp from one number belong to the same person here, in two conversations."
                .to_owned(),
        ]
    }
}

fn with_retries(webhook_url: &str) -> String {
    if webhook_url.contains('#') {
        webhook_url.to_owned()
    } else {
        format!("{webhook_url}#{RETRIES}")
    }
}

const FIELDS: &[FieldSpec] = &[
    FieldSpec {
        name: ACCOUNT_SID,
        label: "Account SID",
        placeholder: Some("AC…"),
        secret: false,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The Account SID, under Account Info on the first page of the Twilio Console. For a number \
               of a subaccount, the subaccount's.",
        check: |value| {
            let hex = value.strip_prefix("AC").unwrap_or("");
            let fits = hex.len() == 32
                && hex
                    .bytes()
                    .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
            fits.then_some(()).ok_or(
                "An account SID is AC followed by 32 digits and lower-case letters from a to f.",
            )
        },
    },
    FieldSpec {
        name: PHONE_NUMBER,
        label: "Phone number",
        placeholder: Some("+12028831111"),
        secret: false,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The number that people write to, under Phone Numbers > Manage > Active numbers. For \
               WhatsApp alone, the number of the WhatsApp sender.",
        check: |value| {
            let fits = value.starts_with('+') && phone_digits(value).is_some();
            fits.then_some(()).ok_or(
                "A phone number is + followed by 7 to 15 digits, the country code first, with no spaces, \
                 such as +12028831111.",
            )
        },
    },
    FieldSpec {
        name: WEBHOOK_URL,
        label: "Webhook address",
        placeholder: None,
        secret: false,
        required: false,
        fill: Fill::WebhookUrl,
        previous_in: None,
        help: "The webhook address exactly as configured at Twilio, because Twilio signs it. Leave it out \
               unless Twilio reaches this connector under an address other than the connector's own.",
        check: check_webhook_url,
    },
    FieldSpec {
        name: AUTH_TOKEN,
        label: "Auth Token",
        placeholder: None,
        secret: true,
        required: true,
        fill: Fill::Nothing,
        previous_in: Some(PREVIOUS_AUTH_TOKEN),
        help: "The primary auth token, under Account Info on the first page of the Twilio Console. An API \
               key does not work, because Twilio signs with the auth token. For a number of a \
               subaccount, the subaccount's.",
        check: check_auth_token,
    },
    FieldSpec {
        name: PREVIOUS_AUTH_TOKEN,
        label: "Previous Auth Token",
        placeholder: None,
        secret: true,
        required: false,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The previous auth token, which is accepted too while you rotate it. Leave it blank, or \
               clear it when the rotation is over.",
        check: |value| {
            if value.is_empty() {
                Ok(())
            } else {
                check_auth_token(value)
            }
        },
    },
];

fn check_auth_token(value: &str) -> Result<(), &'static str> {
    let fits = (16..=128).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic());
    fits.then_some(()).ok_or(
        "An auth token has 16 to 128 characters, with no spaces in or around it. Twilio's have 32.",
    )
}

/// Rejects passwords, because every admin can see a setting.
fn check_webhook_url(value: &str) -> Result<(), &'static str> {
    let (address, fragment) = url::parts(value);
    let authority = address
        .strip_prefix("https://")
        .and_then(|rest| rest.split(['/', '?']).next())
        .filter(|authority| !authority.is_empty() && !authority.contains('@'));
    let is_line =
        value.len() <= URL_MAX_BYTES && !value.chars().any(|c| c.is_whitespace() || c.is_control());
    if authority.is_some() && is_line && fragment.is_none_or(is_overrides) {
        Ok(())
    } else {
        Err(
            "A webhook address begins with https:// and contains neither a user name nor spaces. After a # \
             there may only be Twilio's connection overrides, such as #rc=3&rp=4xx,5xx,ct,rt.",
        )
    }
}

fn is_overrides(fragment: &str) -> bool {
    fragment.split('&').all(|pair| {
        pair.split_once('=').is_some_and(|(name, value)| {
            OVERRIDES.contains(&name)
                && !value.is_empty()
                && value
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b',' | b'-'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalogue::validate, twilio::fixtures};
    use std::collections::BTreeMap;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn input(changes: &[(&str, Option<&str>)]) -> BTreeMap<String, String> {
        let mut input = BTreeMap::from(
            [
                (ACCOUNT_SID, fixtures::ACCOUNT),
                (PHONE_NUMBER, fixtures::NUMBER),
                (WEBHOOK_URL, fixtures::URL),
                (AUTH_TOKEN, TOKEN),
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
    fn wrong(input: &BTreeMap<String, String>) -> Vec<String> {
        validate(&Twilio, input, false)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn good_fields_are_parted_into_public_and_secret_ones() {
        let valid = validate(
            &Twilio,
            &input(&[(PREVIOUS_AUTH_TOKEN, Some(TOKEN))]),
            false,
        );
        let valid = valid.unwrap();
        let settings: Vec<_> = valid.settings.keys().collect();
        let secrets: Vec<_> = valid.secrets.keys().collect();
        assert_eq!(settings, [ACCOUNT_SID, PHONE_NUMBER, WEBHOOK_URL]);
        assert_eq!(secrets, [AUTH_TOKEN, PREVIOUS_AUTH_TOKEN]);
    }

    #[test]
    fn the_address_is_filled_in_and_everything_else_is_asked_for() {
        assert!(wrong(&input(&[(WEBHOOK_URL, None)])).is_empty());
        let nothing = wrong(&BTreeMap::new());
        assert_eq!(nothing, [ACCOUNT_SID, PHONE_NUMBER, AUTH_TOKEN]);
        for spec in Twilio.fields() {
            let expected = if spec.name == WEBHOOK_URL {
                Fill::WebhookUrl
            } else {
                Fill::Nothing
            };
            assert_eq!(spec.fill, expected, "{}", spec.name);
        }
    }

    #[test]
    fn each_field_has_its_rule() {
        let too_long = format!("https://a.example/{}", "x".repeat(URL_MAX_BYTES));
        for (field, good, bad) in [
            (
                ACCOUNT_SID,
                vec![fixtures::ACCOUNT],
                vec![
                    "",
                    "AC",
                    "ac0123456789abcdef0123456789abcdef",
                    "SK0123456789abcdef0123456789abcdef",
                    "AC0123456789ABCDEF0123456789ABCDEF",
                    "AC0123456789abcdef0123456789abcde",
                    "AC0123456789abcdef0123456789abcdef0",
                    "AC0123456789abcdef0123456789abcde/",
                    " AC0123456789abcdef0123456789abcdef",
                ],
            ),
            (
                PHONE_NUMBER,
                vec!["+12028831111", "+6834000", "+123456789012345"],
                vec![
                    "",
                    "+",
                    "12028831111",
                    "+1 202 883 1111",
                    "+02028831111",
                    "+12345",
                    "+1234567890123456",
                    "whatsapp:+12028831111",
                    "+1202883111x",
                ],
            ),
            (
                WEBHOOK_URL,
                vec![
                    fixtures::URL,
                    "https://A.Example:8443/p?a=1&b='",
                    "https://a.example/p#rc=3&rp=4xx,5xx,ct,rt",
                    "https://a.example/p#rc=3&rp=5xx,ct,rt",
                    "https://a.example/p?a=b@c#ct=2000",
                    "https://a.example/ñ",
                ],
                vec![
                    "",
                    "https://",
                    "https:///p",
                    "http://a.example/p",
                    "HTTPS://a.example/p",
                    "a.example/p",
                    "https://user:secret@a.example/p",
                    "https://a.example/p q",
                    "https://a.example/p\n",
                    "https://a.example/p#",
                    "https://a.example/p#top",
                    "https://a.example/p#rp=5xx;rc=3",
                    "https://a.example/p#rc=3&x=1",
                    "https://a.example/p#rc=3#rp=5xx",
                    too_long.as_str(),
                ],
            ),
            (
                AUTH_TOKEN,
                vec![TOKEN],
                vec!["", "short", " 0123456789abcdef"],
            ),
            (PREVIOUS_AUTH_TOKEN, vec!["", TOKEN], vec![" ", "short"]),
        ] {
            for value in good {
                let input = input(&[(field, Some(value))]);
                assert!(wrong(&input).is_empty(), "{field} {value}");
            }
            for value in bad {
                let input = input(&[(field, Some(value))]);
                assert_eq!(wrong(&input), [field], "{value:?}");
            }
        }
    }

    #[test]
    fn a_rule_is_a_sentence_and_does_not_repeat_the_value() {
        let names = Twilio.fields().iter().map(|spec| spec.name);
        let input = names.map(|name| (name.to_owned(), "canary".to_owned()));
        let errors = validate(&Twilio, &input.collect(), false).unwrap_err();
        assert_eq!(errors.len(), Twilio.fields().len());
        for error in errors {
            assert!(error.rule.ends_with('.'), "{error}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn the_steps_name_the_address_with_its_retries_for_both_channels_and_their_fallbacks() {
        let url = "https://api.example/webhooks/twilio/01J#rc=3&rp=4xx,5xx,ct,rt";
        for configured in [fixtures::URL, url] {
            let steps = Twilio.set_up_steps(configured);
            let naming_it: Vec<_> = steps.iter().filter(|step| step.contains(url)).collect();
            assert_eq!(naming_it.len(), 3, "{steps:?}");
        }
        assert!(check_webhook_url(url).is_ok());
    }
}
