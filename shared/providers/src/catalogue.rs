//! The catalogue of providers: the fields and set-up steps of each.

use crate::{
    files::FileProvider,
    outgoing::{Api, ChatProvider},
    setup::ConnectorSetup,
    webhook::WebhookProvider,
};
use std::collections::BTreeMap;
use vestibule_domain::{
    chat::conversation::ConversationRef,
    chat::message::Identity,
    chat::repeats::Repeats,
    connector::{Connector, Provider},
    secret::Secret,
};

/// Value of a field that the admin leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// None: the field stays unset.
    Nothing,
    /// 32 random bytes in base64url without padding, for a secret that we issue and the platform
    /// repeats.
    RandomSecret,
    /// The connector's webhook address.
    WebhookUrl,
}

/// A field that an admin fills in.
#[derive(Debug, Clone, Copy)]
pub struct FieldSpec {
    /// Name in the API and in the connector's settings or secrets.
    pub name: &'static str,
    /// Name for people, as the platform's own console has it.
    pub label: &'static str,
    /// An example of a value, or its beginning with an ellipsis, where its form tells it from others.
    pub placeholder: Option<&'static str>,
    /// Whether it is encrypted at rest and never shown again.
    pub secret: bool,
    /// Whether a connector cannot be made without it.
    pub required: bool,
    /// Value if the admin leaves it out of a new connector.
    pub fill: Fill,
    /// The secret field that keeps the previous value, so that requests made with either are
    /// accepted during a rotation.
    pub previous_in: Option<&'static str>,
    /// Where to find the value in the platform's own console.
    pub help: &'static str,
    /// Validates a value; an error is the rule, as a sentence.
    pub check: fn(&str) -> Result<(), &'static str>,
}

/// The fields of a connector of a customer's own system, by their roles (SPEC E38).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnSystem {
    /// The field with the key of the channel, one that the account added.
    pub channel: &'static str,
    /// The field with the address that we call, under the rules for agents' addresses.
    pub reply_url: &'static str,
}

/// The fields and set-up steps of a provider's connectors.
pub trait ConnectorKind: Send + Sync {
    /// The platform.
    fn provider(&self) -> Provider;

    /// Display name.
    fn label(&self) -> &'static str;

    /// The channel of its conversations (SPEC M02).
    fn channel(&self) -> &'static str;

    /// The fields, in the order in which an admin finds the values.
    fn fields(&self) -> &'static [FieldSpec];

    /// The part of a field's value that says whose app, account or number the connector speaks for;
    /// `None` for a field that does not say so. The verification secret belongs to this identity.
    fn identity<'a>(&self, field: &str, value: &'a str) -> Option<&'a str>;

    /// The identity, at this connector, of a person by an id of theirs that an admin types; `None` for a text that is
    /// no id here.
    fn person(&self, connector: &Connector, typed: &str) -> Option<Identity>;

    /// Longest text that fits in one message, in characters.
    fn message_max_chars(&self) -> usize;

    /// The time during which an event may come again: repeated by the platform, or replayed by
    /// somebody who captured a request and cannot sign others. Events are remembered for as long.
    fn repeats(&self) -> Repeats;

    /// The steps in the platform's console for a connector with this webhook address.
    fn set_up_steps(&self, webhook_url: &str) -> Vec<String>;

    /// The fields by their roles, if no platform sends the messages but a customer's own system brings them through
    /// our API.
    fn own_system(&self) -> Option<OwnSystem> {
        None
    }
}

/// Fields that passed validation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ValidFields {
    /// Public ones.
    pub settings: BTreeMap<String, String>,
    /// Secret ones, in the clear.
    pub secrets: BTreeMap<String, Secret>,
}

/// A field that failed validation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct InvalidField {
    /// Its name.
    pub field: String,
    /// The rule, as a sentence. It never repeats the value.
    pub rule: String,
}

/// Validates the fields that an admin filled in and reports every problem, but no value. With
/// `partial`, fields may be missing: those that are present replace the stored ones.
pub fn validate(
    kind: &dyn ConnectorKind,
    input: &BTreeMap<String, String>,
    partial: bool,
) -> Result<ValidFields, Vec<InvalidField>> {
    let mut valid = ValidFields::default();
    let mut errors = Vec::new();
    for spec in kind.fields() {
        let problem = match input.get(spec.name) {
            None if partial || !spec.required => continue,
            None => "This field is required.",
            Some(value) => match (spec.check)(value) {
                Err(rule) => rule,
                Ok(()) if spec.secret => {
                    let secret = Secret::new(value.as_str());
                    valid.secrets.insert(spec.name.to_owned(), secret);
                    continue;
                }
                Ok(()) => {
                    valid.settings.insert(spec.name.to_owned(), value.clone());
                    continue;
                }
            },
        };
        errors.push(InvalidField {
            field: spec.name.to_owned(),
            rule: problem.to_owned(),
        });
    }
    let known = |name: &str| kind.fields().iter().any(|spec| spec.name == name);
    errors.extend(
        input
            .keys()
            .filter(|name| !known(name))
            .map(|name| InvalidField {
                field: name.clone(),
                rule: format!("A {} connector has no such field.", kind.label()),
            }),
    );
    if errors.is_empty() {
        Ok(valid)
    } else {
        Err(errors)
    }
}

/// Whether the field keeps another field's previous value.
#[must_use]
pub fn keeps_previous(kind: &dyn ConnectorKind, field: &str) -> bool {
    kind.fields()
        .iter()
        .any(|spec| spec.previous_in == Some(field))
}

/// Lists each provider once, for all the sides that it has. One that is a `WebhookProvider` itself says so;
/// the inbound side of any other needs more than the request, which its function supplies.
macro_rules! providers {
    ($($provider:path $(: $inbound:ident)?),* $(,)?) => {
        /// Every provider, by its connectors.
        #[must_use]
        pub fn connector_kinds() -> &'static [&'static dyn ConnectorKind] {
            &[$(&$provider),*]
        }

        /// Every provider, by its outbound side.
        #[must_use]
        pub fn chat_providers() -> &'static [&'static dyn ChatProvider] {
            &[$(&$provider),*]
        }

        /// Every provider, by the files of its messages.
        #[must_use]
        pub fn file_providers() -> &'static [&'static dyn FileProvider] {
            &[$(&$provider),*]
        }

        /// Every provider, by its tests and set-up calls.
        #[must_use]
        pub fn connector_setups() -> &'static [&'static dyn ConnectorSetup] {
            &[$(&$provider),*]
        }

        /// Makes the inbound side of `provider`, unless its function has to supply something for it.
        #[must_use]
        pub fn webhook_provider(provider: &Provider) -> Option<Box<dyn WebhookProvider>> {
            $($(
                let inbound: Box<dyn $inbound> = Box::new($provider);
                if inbound.provider() == *provider {
                    return Some(inbound);
                }
            )?)*
            None
        }
    };
}

providers![
    crate::slack::Slack: WebhookProvider,
    crate::teams::Teams,
    crate::telegram::Telegram: WebhookProvider,
    crate::dialog360::Dialog360: WebhookProvider,
    crate::twilio::Twilio: WebhookProvider,
    crate::api::ApiChannel,
];

/// Finds the tests and set-up calls of `provider`.
#[must_use]
pub fn connector_setup(provider: &Provider) -> Option<&'static dyn ConnectorSetup> {
    connector_setups()
        .iter()
        .copied()
        .find(|setup| setup.provider() == *provider)
}

/// Finds the fields and set-up steps of `provider`.
#[must_use]
pub fn connector_kind(provider: &Provider) -> Option<&'static dyn ConnectorKind> {
    connector_kinds()
        .iter()
        .copied()
        .find(|kind| kind.provider() == *provider)
}

/// Key of the channel that a conversation counts for (SPEC M02): its own where its connector has several, else the
/// connector's.
#[must_use]
pub fn channel_of(provider: &Provider, conversation: &ConversationRef) -> Option<String> {
    let named = conversation.channel.clone();
    named.or_else(|| connector_kind(provider).map(|kind| kind.channel().to_owned()))
}

/// The time during which an event of `provider` may come again: see [`ConnectorKind::repeats`].
#[must_use]
pub fn repeats(provider: &Provider) -> Repeats {
    connector_kind(provider).map_or(Repeats::ForEver, ConnectorKind::repeats)
}

/// Finds the outbound side of `provider`.
#[must_use]
pub fn chat_provider(provider: &Provider) -> Option<&'static dyn ChatProvider> {
    chat_providers()
        .iter()
        .copied()
        .find(|chat| chat.provider() == *provider)
}

/// Every API of every provider.
pub fn apis() -> impl Iterator<Item = &'static Api> {
    chat_providers().iter().flat_map(|chat| chat.apis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, time::Duration};

    /// SPEC A47.
    #[test]
    fn an_id_that_an_admin_types_names_a_person_of_the_connector_s_own_account() {
        let settings = [("team_id", "T1"), ("tenant_id", "tenant")];
        for (provider, typed, expected) in [
            ("slack", "U0123ABC", Some(("T1", "U0123ABC"))),
            ("slack", "ada", None),
            ("slack", "T0123ABC", None),
            (
                "teams",
                "6BA7B810-9DAD-11D1-80B4-00C04FD430C8",
                Some(("tenant", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")),
            ),
            ("teams", "29:1Abc", Some(("tenant", "29:1Abc"))),
            ("teams", "Ada Lovelace", None),
            ("telegram", "ada", None),
            (
                "360dialog",
                "+1 415-555-0199",
                Some(("phone", "+14155550199")),
            ),
            ("twilio", "ada", None),
        ] {
            let provider = Provider::new(provider);
            let connector = crate::testing::connector(provider.clone(), &settings);
            let kind = connector_kind(&provider).unwrap();
            let person = kind.person(&connector, typed);
            let named = person.as_ref().map(|person| {
                assert_eq!(person.provider, provider);
                (person.platform_scope.as_str(), person.identifier.as_str())
            });
            assert_eq!(named, expected, "{provider} {typed}");
        }
        let telegram = Provider::new("telegram");
        let connector = crate::testing::connector(telegram.clone(), &[]);
        let kind = connector_kind(&telegram).unwrap();
        let person = kind.person(&connector, "12345").unwrap();
        assert_eq!(person.identifier, "12345");
    }

    #[test]
    fn every_provider_is_found_by_its_key_and_listed_once() {
        let kinds: BTreeSet<_> = connector_kinds()
            .iter()
            .map(|kind| kind.provider())
            .collect();
        let chats: BTreeSet<_> = chat_providers()
            .iter()
            .map(|chat| chat.provider())
            .collect();
        assert_eq!(kinds.len(), connector_kinds().len());
        assert_eq!(kinds, chats);
        for provider in &kinds {
            assert!(connector_kind(provider).is_some() && chat_provider(provider).is_some());
        }
        assert!(connector_kind(&Provider::new("carrier-pigeon")).is_none());
    }

    #[test]
    fn an_event_is_remembered_for_as_long_as_its_platform_or_a_captured_request_may_bring_it_again()
    {
        let hours = |hours| Repeats::For(Duration::from_hours(hours));
        for (provider, expected) in [
            ("slack", hours(48)),
            ("teams", hours(24)),
            ("telegram", hours(48)),
            ("360dialog", hours(8 * 24)),
            ("twilio", Repeats::ForEver),
            ("api", hours(8 * 24)),
            ("carrier-pigeon", Repeats::ForEver),
        ] {
            assert_eq!(repeats(&Provider::new(provider)), expected, "{provider}");
        }
        assert_eq!(
            connector_kinds().len(),
            6,
            "each platform has its line here"
        );
    }

    #[test]
    fn an_inbound_side_is_found_by_its_own_key() {
        let found: Vec<_> = connector_kinds()
            .iter()
            .filter_map(|kind| {
                let inbound = webhook_provider(&kind.provider())?;
                assert_eq!(inbound.provider(), kind.provider());
                Some(inbound)
            })
            .collect();
        assert!(!found.is_empty());
        assert!(webhook_provider(&Provider::new("teams")).is_none());
        assert!(webhook_provider(&Provider::new("api")).is_none());
        assert!(webhook_provider(&Provider::new("carrier-pigeon")).is_none());
    }

    #[test]
    fn what_a_provider_needs_to_send_is_a_secret_field_of_its_connectors() {
        for chat in chat_providers() {
            let kind = connector_kind(&chat.provider()).unwrap();
            for name in chat.sending_secrets() {
                assert!(
                    kind.fields()
                        .iter()
                        .any(|spec| spec.name == *name && spec.secret),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn every_field_has_a_label_of_its_own_and_an_example_that_it_would_take() {
        for kind in connector_kinds() {
            let fields = kind.fields();
            let labels: BTreeSet<_> = fields.iter().map(|spec| spec.label).collect();
            assert_eq!(labels.len(), fields.len(), "{}", kind.label());
            for spec in fields {
                let label = spec.label;
                assert!(label.starts_with(char::is_uppercase), "{label}");
                assert!(!label.contains('_') && label.trim() == label, "{label}");
                let whole = spec.placeholder.filter(|example| !example.ends_with('…'));
                if let Some(example) = whole {
                    assert!(!spec.secret, "{label}");
                    assert_eq!((spec.check)(example), Ok(()), "{label}");
                }
            }
        }
    }

    #[test]
    fn a_connector_has_one_secret_before_at_most_and_its_field_can_be_left_out() {
        for kind in connector_kinds() {
            let fields = kind.fields();
            let pairs: Vec<_> = fields
                .iter()
                .filter_map(|spec| Some((spec, spec.previous_in?)))
                .collect();
            assert!(pairs.len() <= 1, "{}", kind.label());
            for (spec, previous) in pairs {
                let previous = fields.iter().find(|other| other.name == previous).unwrap();
                assert!(spec.secret && previous.secret && !previous.required);
                assert_eq!(previous.previous_in, None);
            }
        }
    }

    #[test]
    fn every_provider_says_by_which_fields_another_app_account_or_number_is_known() {
        for (provider, field, one, same, other) in [
            ("slack", "api_app_id", "A1", "A1", "A2"),
            ("slack", "team_id", "T1", "T1", "T2"),
            ("teams", "app_id", "a-1", "a-1", "a-2"),
            ("teams", "tenant_id", "t-1", "t-1", "t-2"),
            ("telegram", "bot_token", "1:abc", "1:def", "2:abc"),
            ("360dialog", "phone_number_id", "1", "1", "2"),
            ("twilio", "account_sid", "AC1", "AC1", "AC2"),
        ] {
            let kind = connector_kind(&Provider::new(provider)).unwrap();
            assert!(kind.fields().iter().any(|spec| spec.name == field));
            let identity = kind.identity(field, one);
            assert!(identity.is_some(), "{provider} {field}");
            assert_eq!(kind.identity(field, same), identity, "{provider} {field}");
            assert_ne!(kind.identity(field, other), identity, "{provider} {field}");
        }
    }

    #[test]
    fn no_verification_secret_says_who_it_belongs_to() {
        for kind in connector_kinds() {
            for spec in kind
                .fields()
                .iter()
                .filter(|spec| spec.previous_in.is_some())
            {
                assert_eq!(kind.identity(spec.name, "1:abc"), None, "{}", spec.name);
            }
        }
    }

    #[test]
    fn steps_and_help_are_for_admins_and_name_neither_calls_nor_fields_of_the_api() {
        for kind in connector_kinds() {
            let fields = kind.fields();
            let help = fields.iter().map(|spec| spec.help.to_owned());
            for text in kind.set_up_steps("<address>").into_iter().chain(help) {
                let mut names = fields.iter().map(|spec| spec.name);
                assert!(
                    !names.any(|name| name.contains('_') && text.contains(name)),
                    "{text}"
                );
                assert!(!text.contains("…/"), "{text}");
            }
        }
    }

    #[test]
    fn what_is_filled_in_need_not_be_given_and_passes_its_own_rule() {
        for spec in connector_kinds().iter().flat_map(|kind| kind.fields()) {
            let filled = match spec.fill {
                Fill::Nothing => continue,
                Fill::RandomSecret => "A-_9".repeat(11).get(..43).unwrap().to_owned(),
                Fill::WebhookUrl => {
                    "https://api.example.com/webhooks/x/01JD3Q3Z9V8M4T6K2N7P5R1S0W".to_owned()
                }
            };
            assert!(!spec.required, "{}", spec.name);
            assert_eq!(
                spec.secret,
                spec.fill == Fill::RandomSecret,
                "{}",
                spec.name
            );
            assert_eq!((spec.check)(&filled), Ok(()), "{}", spec.name);
        }
    }

    #[test]
    fn every_provider_has_an_api_each_with_a_key_of_its_own_and_an_encrypted_address() {
        for chat in chat_providers() {
            let kind = connector_kind(&chat.provider()).unwrap();
            let is_called_elsewhere = kind.own_system().is_some();
            assert_eq!(
                chat.apis().is_empty(),
                is_called_elsewhere,
                "{:?}",
                chat.provider()
            );
        }
        let keys: BTreeSet<&str> = apis().map(|api| api.key).collect();
        assert_eq!(keys.len(), apis().count(), "two APIs share a key");
        for Api { key, default_url } in apis() {
            let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            assert!(!key.is_empty() && key.bytes().all(is_plain), "{key}");
            assert!(default_url.starts_with("https://"), "{default_url}");
            assert!(!default_url.ends_with('/'), "{default_url}");
            assert!(!default_url.contains(['?', '#', '@']), "{default_url}");
        }
    }
}
