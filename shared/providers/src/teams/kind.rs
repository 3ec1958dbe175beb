//! Fields and set-up steps of a Teams connector.

use super::{
    APP_ID, APP_TYPE, CLIENT_SECRET, MULTI_TENANT, SINGLE_TENANT, TENANT_ID, Teams, is_guid, key,
    send::PIECE_MAX_BYTES, setting,
};
use crate::catalogue::{ConnectorKind, FieldSpec, Fill};
use std::time::Duration;
use vestibule_domain::{
    chat::message::Identity,
    chat::repeats::Repeats,
    connector::{Connector, Provider},
};

/// A character takes at most four bytes of UTF-16, so a text of this length always fits.
const MESSAGE_MAX_CHARS: usize = PIECE_MAX_BYTES / 4;

/// Time during which Teams may send an activity again. The connector service repeats a failed request
/// once or twice (PROVIDERS §2.3), and a captured token is valid for about an hour (PROVIDERS §2.2).
const EVENTS_REPEATED: Duration = Duration::from_hours(24);

impl ConnectorKind for Teams {
    fn provider(&self) -> Provider {
        key()
    }

    fn label(&self) -> &'static str {
        "Microsoft Teams"
    }

    fn channel(&self) -> &'static str {
        "teams"
    }

    fn fields(&self) -> &'static [FieldSpec] {
        FIELDS
    }

    fn identity<'a>(&self, field: &str, value: &'a str) -> Option<&'a str> {
        matches!(field, APP_ID | TENANT_ID).then_some(value)
    }

    /// An object id of the directory, or the id by which the bot alone knows somebody.
    fn person(&self, connector: &Connector, typed: &str) -> Option<Identity> {
        let identifier = if is_guid(typed) {
            typed.to_ascii_lowercase()
        } else {
            typed.to_owned()
        };
        (!typed.contains(char::is_whitespace)).then(|| Identity {
            provider: key(),
            platform_scope: setting(connector, TENANT_ID).unwrap_or("").to_owned(),
            identifier,
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
            "In the Microsoft Entra admin center (entra.microsoft.com), under App registrations, open \
             the app or create one for this organisational directory only. Note its Application \
             (client) ID and its Directory (tenant) ID. Under Certificates & secrets, create a client \
             secret and copy its Value. The connector needs these three values."
                .to_owned(),
            format!(
                "In the Azure portal, open your Azure Bot and its Configuration. (If you have none yet, \
                 create an Azure Bot with this app id; since 2025-07-31 it can only be Single Tenant.) \
                 Enter this Messaging endpoint and apply: {webhook_url}"
            ),
            "In the same Azure Bot, open Channels, choose Microsoft Teams, accept the terms, keep \
             Microsoft Teams Commercial, and apply."
                .to_owned(),
            "In the Developer Portal for Teams (dev.teams.microsoft.com/apps), open or create the app. \
             Under App features > Bot, enter the same app id and select the scopes Personal, Team and \
             Group Chat. In the manifest these are bots[].botId and bots[].scopes: personal, team, \
             groupChat."
                .to_owned(),
            "Publish the app to your organisation. In the Teams admin center, under Teams apps > Manage \
             apps, allow it for the people who will use it. If it may be used in teams, allow it to be \
             installed personally too: otherwise people who write in a channel cannot be answered in \
             private."
                .to_owned(),
            "Optional, for profile pictures: in the app registration, under API permissions, add the \
             Microsoft Graph application permission ProfilePhoto.Read.All and grant admin consent. \
             Names need no permission."
                .to_owned(),
            "To try it, open the app in Teams and write to it, or add it to a team and mention it in a \
             channel."
                .to_owned(),
        ]
    }
}

const FIELDS: &[FieldSpec] = &[
    FieldSpec {
        name: APP_ID,
        label: "Microsoft App ID",
        placeholder: Some("c9e8c047-2a74-40a2-b28a-b162d5f5327c"),
        secret: false,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The Microsoft App ID, under Configuration of the Azure Bot. It is also the Application \
               (client) ID of its app registration.",
        check: |value| {
            check_guid(value).ok_or(
                "An app id is a GUID in lower case, such as c9e8c047-2a74-40a2-b28a-b162d5f5327c.",
            )
        },
    },
    FieldSpec {
        name: TENANT_ID,
        label: "Directory (tenant) ID",
        placeholder: Some("72f988bf-86f1-41af-91ab-2d7cd011db47"),
        secret: false,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The Directory (tenant) ID, on the overview of the app registration: the organisation \
               whose people may write.",
        check: |value| {
            check_guid(value).ok_or(
                "A tenant id is a GUID in lower case, such as 72f988bf-86f1-41af-91ab-2d7cd011db47.",
            )
        },
    },
    FieldSpec {
        name: APP_TYPE,
        label: "Bot Type",
        placeholder: Some("single_tenant"),
        secret: false,
        required: false,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The Bot Type, under Configuration of the Azure Bot. Leave it out for Single Tenant, the \
               type of every bot created since 2025-07-31.",
        check: |value| {
            let known = matches!(value, SINGLE_TENANT | MULTI_TENANT);
            known
                .then_some(())
                .ok_or("The type of the app must be single_tenant or multi_tenant.")
        },
    },
    FieldSpec {
        name: CLIENT_SECRET,
        label: "Client secret",
        placeholder: None,
        secret: true,
        required: true,
        fill: Fill::Nothing,
        previous_in: None,
        help: "The Value of a client secret, under Certificates & secrets of the app registration. Not \
               its Secret ID. It expires: note the date, and save a new one here before then.",
        check: |value| {
            let fits = (16..=256).contains(&value.len())
                && value.bytes().all(|b| b.is_ascii_graphic())
                && !is_guid(value);
            fits.then_some(()).ok_or(
                "A client secret has 16 to 256 characters, with no spaces in or around it. A GUID \
                 would be its Secret ID.",
            )
        },
    },
];

fn check_guid(value: &str) -> Option<()> {
    let small = !value.bytes().any(|b| b.is_ascii_uppercase());
    (is_guid(value) && small).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalogue::{self, validate},
        outgoing::ChatProvider,
        teams::fixtures::{APP, TENANT},
    };
    use std::collections::BTreeMap;

    const SECRET: &str = "abc8Q~canary.secret_value-0123456789";

    fn wrong(changes: &[(&str, Option<&str>)]) -> Vec<String> {
        let mut input =
            BTreeMap::from([(APP_ID, APP), (TENANT_ID, TENANT), (CLIENT_SECRET, SECRET)]);
        for (name, value) in changes {
            input.remove(name);
            if let Some(value) = value {
                input.insert(name, value);
            }
        }
        let input = input
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let errors = validate(&Teams, &input, false).err().unwrap_or_default();
        for error in &errors {
            assert!(
                error.rule.ends_with('.') && !error.rule.contains("canary"),
                "{error}"
            );
        }
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn each_field_has_its_rule() {
        let upper = APP.to_ascii_uppercase();
        let long = "x".repeat(257);
        for (field, good, bad) in [
            (
                APP_ID,
                vec![APP],
                vec![
                    "",
                    " ",
                    "c9e8c047",
                    upper.as_str(),
                    "28:c9e8c047-2a74-40a2-b28a-b162d5f5327c",
                ],
            ),
            (
                TENANT_ID,
                vec![TENANT],
                vec![
                    "",
                    "contoso.onmicrosoft.com",
                    "common",
                    "72f988bf-86f1-41af-91ab-2d7cd011db4/",
                ],
            ),
            (
                APP_TYPE,
                vec![SINGLE_TENANT, MULTI_TENANT],
                vec!["", "SingleTenant", "msi"],
            ),
            (
                CLIENT_SECRET,
                vec![SECRET],
                vec![
                    "",
                    "short",
                    APP,
                    " abc8Q~canary.secret",
                    "abc8Q~canary\nsecret",
                    long.as_str(),
                ],
            ),
        ] {
            for value in good {
                assert!(wrong(&[(field, Some(value))]).is_empty(), "{field} {value}");
            }
            for value in bad {
                assert_eq!(wrong(&[(field, Some(value))]), [field], "{value:?}");
            }
        }
    }

    #[test]
    fn the_catalogue_lists_it() {
        assert!(catalogue::connector_kind(&key()).is_some());
        assert!(catalogue::chat_provider(&key()).is_some());
        assert!(catalogue::connector_setup(&key()).is_some());
    }

    #[test]
    fn all_but_the_type_of_the_app_is_needed() {
        let left_out = [(APP_ID, None), (TENANT_ID, None), (CLIENT_SECRET, None)];
        assert_eq!(wrong(&left_out), [APP_ID, TENANT_ID, CLIENT_SECRET]);
        assert!(wrong(&[(APP_TYPE, None)]).is_empty());
    }

    #[test]
    fn the_longest_onboarding_message_is_one_message() {
        for text in [
            "a".repeat(MESSAGE_MAX_CHARS),
            "😀".repeat(MESSAGE_MAX_CHARS),
        ] {
            assert_eq!(Teams.pieces(&text).len(), 1);
        }
    }

    #[test]
    fn the_steps_name_the_address_the_scopes_and_the_permission() {
        let steps = Teams
            .set_up_steps("https://api.example/webhooks/teams/01J")
            .join("\n");
        for needed in [
            "https://api.example/webhooks/teams/01J",
            "Single Tenant",
            "groupChat",
            "ProfilePhoto.Read.All",
        ] {
            assert!(steps.contains(needed), "{needed}");
        }
    }
}
