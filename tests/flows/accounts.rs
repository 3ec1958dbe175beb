//! The account behind a connector of each platform: the connector's fields and the platform's.

use std::collections::BTreeMap;
use vestibule_domain::{
    chat::message::Identity, connector::Connector, ids::ConnectorId, secret::Secret,
};
use vestibule_providers::whatsapp::{bsuid_identity, phone_identity};
use vestibule_testkit::simulator::{
    Account, ConnectorConfig, Dialog360Account, Person, Platform, Simulator, SlackAccount,
    TeamsAccount, TelegramAccount, TwilioAccount, WhatsAppShows,
};

/// Every platform.
pub const PLATFORMS: [Platform; 5] = [
    Platform::Slack,
    Platform::Teams,
    Platform::Telegram,
    Platform::Dialog360,
    Platform::Twilio,
];

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

/// The signing secret of the Slack app of the connector with this name.
pub fn signing_secret(name: &str) -> String {
    format!("signing-secret-{}", name.len())
}

/// The bot token of the Slack app of the connector with this name.
pub fn bot_token(name: &str) -> String {
    format!("xoxb-token-of-app-{}", name.len())
}

/// The address of a connector's webhook.
pub fn webhook_url(platform: Platform, id: ConnectorId) -> String {
    format!("https://api.example.test/webhooks/{}/{id}", platform.key())
}

/// The settings and secrets of a connector with this name.
pub fn fields(
    platform: Platform,
    name: &str,
    id: ConnectorId,
) -> (BTreeMap<String, String>, BTreeMap<String, Secret>) {
    let n = name.len();
    let (settings, secrets) = match platform {
        Platform::Slack => (
            vec![
                ("api_app_id", format!("A{n}")),
                ("team_id", "T1".to_owned()),
            ],
            vec![
                ("signing_secret", signing_secret(name)),
                ("bot_token", bot_token(name)),
            ],
        ),
        Platform::Teams => (
            vec![
                ("app_id", format!("{n:08}-2a74-40a2-b28a-b162d5f5327c")),
                ("tenant_id", TENANT.to_owned()),
            ],
            vec![("client_secret", format!("client-secret-of-app-{n}"))],
        ),
        Platform::Telegram => (
            vec![],
            vec![
                (
                    "bot_token",
                    format!("{n:09}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"),
                ),
                ("secret_token", format!("secret-token-of-the-bot-{n:022}")),
            ],
        ),
        Platform::Dialog360 => (
            vec![("phone_number_id", format!("{n:015}"))],
            vec![
                ("api_key", format!("api-key-of-the-number-{n}")),
                (
                    "webhook_secret",
                    format!("webhook-secret-of-the-number-{n:032}"),
                ),
            ],
        ),
        Platform::Twilio => (
            vec![
                ("account_sid", format!("AC{n:032x}")),
                ("phone_number", format!("+1415555{n:04}")),
                ("webhook_url", webhook_url(platform, id)),
            ],
            vec![("auth_token", format!("{n:032x}"))],
        ),
    };
    (
        settings
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        secrets
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Secret::new(value)))
            .collect(),
    )
}

/// Opens the account of a connector at the simulated platforms.
pub fn open_account(simulator: &Simulator, platform: Platform, connector: &Connector) {
    let (settings, secrets) = fields(platform, &connector.name, connector.id);
    let setting = |name: &str| settings[name].clone();
    let secret = |name: &str| secrets[name].reveal().to_owned();
    let account = match platform {
        Platform::Slack => Account::of(&SlackAccount {
            api_app_id: setting("api_app_id"),
            team_id: setting("team_id"),
            signing_secret: secret("signing_secret"),
            bot_token: secret("bot_token"),
            ..SlackAccount::default()
        }),
        Platform::Teams => Account::of(&TeamsAccount {
            app_id: setting("app_id"),
            tenant_id: setting("tenant_id"),
            app_type: None,
            client_secret: secret("client_secret"),
        }),
        Platform::Telegram => Account::of(&TelegramAccount {
            bot_token: secret("bot_token"),
            secret_token: secret("secret_token"),
        }),
        Platform::Dialog360 => Account::of(&Dialog360Account {
            phone_number_id: setting("phone_number_id"),
            api_key: secret("api_key"),
            webhook_secret: secret("webhook_secret"),
        }),
        Platform::Twilio => Account::of(&TwilioAccount {
            account_sid: setting("account_sid"),
            phone_number: setting("phone_number"),
            auth_token: secret("auth_token"),
        }),
    };
    let connector = ConnectorConfig {
        connector_id: connector.id.to_string(),
        name: connector.name.clone(),
        policy: String::new(),
        webhook_url: Some(webhook_url(platform, connector.id)),
        account,
    };
    simulator.add_connector(connector).unwrap();
}

/// The identity that a person has after they wrote to a connector of this platform.
pub fn identity(platform: Platform, connector: &Connector, person: &Person) -> Identity {
    let provider = connector.provider.clone();
    let (platform_scope, identifier) = match platform {
        Platform::Slack => (connector.settings["team_id"].clone(), person.id.clone()),
        Platform::Teams => (
            connector.settings["tenant_id"].clone(),
            person.aad_object_id.clone(),
        ),
        Platform::Telegram => ("telegram".to_owned(), person.telegram_id.to_string()),
        Platform::Dialog360 if person.whatsapp_shows == WhatsAppShows::Phone => {
            return phone_identity(&provider, &person.phone).unwrap();
        }
        Platform::Dialog360 => return bsuid_identity(&provider, &person.bsuid).unwrap(),
        Platform::Twilio => return phone_identity(&provider, &person.phone).unwrap(),
    };
    Identity {
        provider,
        platform_scope,
        identifier,
    }
}
