//! The account behind a connector of each platform: the connector's fields and the platform's.

use serde_json::Value;
use std::collections::BTreeMap;
use vestibule_domain::{
    chat::message::Identity,
    connector::{Connector, Provider},
    ids::ConnectorId,
    secret::Secret,
};
use vestibule_providers::catalogue::{Fill, connector_kind};
use vestibule_testkit::simulator::{Account, ConnectorConfig, Person, Platform, Simulator};

/// The account of the connector with this name.
pub fn account(platform: Platform, name: &str) -> Account {
    platform.new_account(name.len())
}

/// The signing secret of the Slack app of the connector with this name.
pub fn signing_secret(name: &str) -> String {
    account(Platform::Slack, name)
        .text("signing_secret")
        .to_owned()
}

/// The bot token of the Slack app of the connector with this name.
pub fn bot_token(name: &str) -> String {
    account(Platform::Slack, name).text("bot_token").to_owned()
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
    let account = account(platform, name);
    let kind = connector_kind(&Provider::new(platform.key())).unwrap();
    let (mut settings, mut secrets) = (BTreeMap::new(), BTreeMap::new());
    for spec in kind.fields() {
        let field = spec.name.to_owned();
        let value = match (account.text(spec.name), spec.fill) {
            ("", Fill::WebhookUrl) => webhook_url(platform, id),
            ("", Fill::Nothing) if !spec.required => continue,
            ("", _) => panic!("{platform:?}: a new account has no {field}"),
            (value, _) => value.to_owned(),
        };
        if spec.secret {
            secrets.insert(field, Secret::new(value));
        } else {
            settings.insert(field, value);
        }
    }
    (settings, secrets)
}

/// Opens the account of a connector at the simulated platforms.
pub fn open_account(simulator: &Simulator, platform: Platform, connector: &Connector) {
    open_account_as(simulator, connector, account(platform, &connector.name));
}

/// Opens this account of a connector at the simulated platforms, in place of the one before.
pub fn open_account_as(simulator: &Simulator, connector: &Connector, account: Account) {
    let connector = ConnectorConfig {
        connector_id: connector.id.to_string(),
        name: connector.name.clone(),
        policy: String::new(),
        webhook_url: Some(webhook_url(account.provider, connector.id)),
        account,
    };
    simulator.add_connector(connector).unwrap();
}

/// The identity that a person has after they wrote to a connector of this platform.
pub fn identity(platform: Platform, connector: &Connector, person: &Person) -> Identity {
    let settings = connector.settings.iter();
    let account = Account {
        provider: platform,
        fields: settings
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect(),
    };
    let known = platform.person_id(&account, person);
    Identity {
        provider: connector.provider.clone(),
        platform_scope: known.scope,
        identifier: known.id,
    }
}
