//! Fields and set-up steps of a connector by API.

use super::{
    ApiChannel, CHANNEL, PREVIOUS_SIGNING_SECRET, REPLY_URL, SIGNING_SECRET, inbound::identity,
    key, send::MESSAGE_MAX_CHARS,
};
use crate::{
    catalogue::{ConnectorKind, FieldSpec, Fill, OwnSystem},
    standard_webhooks::key_of,
};
use std::time::Duration;
use vestibule_domain::{
    account::is_channel_key,
    chat::message::Identity,
    chat::repeats::Repeats,
    connector::{Connector, Provider},
    egress::ENDPOINT_MAX_CHARS,
    secret::Secret,
};

/// Time in which a message that is brought again is known to be the same.
const MESSAGES_REPEATED: Duration = Duration::from_hours(8 * 24);

impl ConnectorKind for ApiChannel {
    fn provider(&self) -> Provider {
        key()
    }

    fn label(&self) -> &'static str {
        "API"
    }

    /// None of an account's channels: each conversation names that of its connector.
    fn channel(&self) -> &'static str {
        "api"
    }

    fn fields(&self) -> &'static [FieldSpec] {
        FIELDS
    }

    /// None: the signing secret is ours to give, and proves nothing about whoever writes.
    fn identity<'a>(&self, _field: &str, _value: &'a str) -> Option<&'a str> {
        None
    }

    fn person(&self, connector: &Connector, typed: &str) -> Option<Identity> {
        identity(connector, typed)
    }

    fn message_max_chars(&self) -> usize {
        MESSAGE_MAX_CHARS
    }

    fn repeats(&self) -> Repeats {
        Repeats::For(MESSAGES_REPEATED)
    }

    fn set_up_steps(&self, webhook_url: &str) -> Vec<String> {
        vec![
            "Add the channel to the account, under the key that you enter here.".to_owned(),
            format!(
                "Have your system send each message of a person to {webhook_url} with POST, and with an API key that \
                 may reply in conversations. A key for the connector's environment is enough."
            ),
            "Have your system take what is posted to the reply address, show its text to the person it names, and \
             answer with 200. The signature is that of Standard Webhooks, for which there are libraries in most \
             languages."
                .to_owned(),
            "To try it, test the connector, then bring a message.".to_owned(),
        ]
    }

    fn own_system(&self) -> Option<OwnSystem> {
        Some(OwnSystem {
            channel: CHANNEL,
            reply_url: REPLY_URL,
        })
    }
}

const FIELDS: &[FieldSpec] = &[
    FieldSpec {
        name: CHANNEL,
        label: "Channel",
        placeholder: Some("live_chat"),
        secret: false,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The key of a channel that the account added. Members get its conversations if they are allowed this \
               channel. It cannot be changed later.",
        check: |value| {
            is_channel_key(value).then_some(()).ok_or(
                "The key of a channel has 1 to 40 small letters from a to z, digits and underscores.",
            )
        },
    },
    FieldSpec {
        name: REPLY_URL,
        label: "Reply address",
        placeholder: Some("https://chat.example.com/replies"),
        secret: false,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The address of your system to which texts for people are posted. It begins with https:// and is \
               reachable from the internet.",
        check: |value| {
            let fits = value.chars().count() <= ENDPOINT_MAX_CHARS
                && ["https://", "http://"]
                    .iter()
                    .any(|scheme| value.starts_with(scheme));
            fits.then_some(())
                .ok_or("A reply address begins with https:// and has at most 2048 characters.")
        },
    },
    FieldSpec {
        name: SIGNING_SECRET,
        label: "Signing secret",
        placeholder: Some("whsec_…"),
        secret: true,
        required: true,
        fill: Fill::Nothing,
        previous_in: Some(PREVIOUS_SIGNING_SECRET),
        help: "Your system's own secret, with which it verifies what is posted to the reply address: whsec_ and 24 to \
               64 random bytes in base64. When you replace it, both sign for 24 hours.",
        check: check_secret,
    },
    FieldSpec {
        name: PREVIOUS_SIGNING_SECRET,
        label: "Previous signing secret",
        placeholder: None,
        secret: true,
        required: false,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The secret before the last one, which signs beside it. Leave it blank, or clear it when your system \
               has the new one.",
        check: |value| {
            if value.is_empty() {
                Ok(())
            } else {
                check_secret(value)
            }
        },
    },
];

fn check_secret(value: &str) -> Result<(), &'static str> {
    key_of(&Secret::new(value))
        .map(drop)
        .map_err(|_| "A signing secret is whsec_ and the base64 form of 24 to 64 bytes.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::validate;
    use std::collections::BTreeMap;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn broken(changes: &[(&str, &str)]) -> Vec<String> {
        let mut fields: BTreeMap<String, String> = [
            (CHANNEL, "live_chat"),
            (REPLY_URL, "https://chat.example.com/replies"),
            (SIGNING_SECRET, SECRET),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        fields.extend(
            changes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        match validate(&ApiChannel, &fields, false) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.field).collect(),
        }
    }

    #[test]
    fn a_connector_needs_a_channel_an_address_and_a_secret_that_can_sign() {
        assert_eq!(broken(&[]), Vec::<String>::new());
        assert_eq!(
            broken(&[(PREVIOUS_SIGNING_SECRET, "")]),
            Vec::<String>::new()
        );
        let long = format!(
            "https://chat.example.com/{}",
            "x".repeat(ENDPOINT_MAX_CHARS)
        );
        for (field, wrong) in [
            (CHANNEL, "Live chat"),
            (CHANNEL, ""),
            (REPLY_URL, "chat.example.com"),
            (REPLY_URL, long.as_str()),
            (SIGNING_SECRET, "whsec_short"),
            (SIGNING_SECRET, ""),
            (PREVIOUS_SIGNING_SECRET, "secret"),
        ] {
            assert_eq!(broken(&[(field, wrong)]), [field], "{wrong}");
        }
    }
}
