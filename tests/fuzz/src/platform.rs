//! The facts about a platform that the targets need.

use crate::input::Request;
use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use vestibule_domain::{
    AccountScope, Timestamp,
    chat::conversation::{ConversationKind, ConversationRef},
    chat::message::Identity,
    connector::{Connector, Provider},
    ids::{AccountId, ClientId, ConnectorId, EnvironmentId, ProjectId},
    secret::Secret,
};
use vestibule_providers::webhook::{Reply, WebhookProvider};

/// Arrival time of every request: a minute after 360dialog's captured messages, which are only accepted for
/// some days. Other platforms' messages do not age.
pub const NOW: Timestamp = Timestamp::from_millis(1_697_043_283_000);

/// A secret with this name. It is derived, so that no dictionary or binary contains it. `purpose` separates
/// secrets that requests are checked with from those that answers repeat.
pub fn secret(purpose: Purpose, name: &str) -> String {
    let digest = Sha256::digest(format!("fuzz of {purpose:?}: {name}"));
    HEXLOWER.encode(&digest)
}

/// The use of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Checks requests.
    Verifying,
    /// Authorises calls.
    Calling,
}

/// The signer of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signer {
    /// The platform.
    Platform,
    /// The platform, with the previous secret.
    PlatformBefore,
    /// A stranger who imitates the platform.
    Stranger,
}

/// One chat platform.
pub trait Platform: Send + Sync {
    /// The provider's key.
    fn key(&self) -> &'static str;

    /// Its inbound side.
    fn webhook(&self) -> &dyn WebhookProvider;

    /// Public fields of the connector, matching the captured events.
    fn settings(&self) -> Vec<(&'static str, String)>;

    /// Secret fields of the connector.
    fn secrets(&self, purpose: Purpose) -> Vec<(&'static str, String)>;

    /// Signs the request, and returns whether it must be accepted as the platform's.
    fn sign(&self, request: &mut Request, signer: Signer) -> bool;

    /// Whether this is a proper answer to the platform.
    fn is_reply(&self, reply: &Reply, request: &Request) -> bool;

    /// The recipient of texts.
    fn person(&self) -> (&'static str, &'static str);

    /// The recipient's conversations: a direct one and a shared one.
    fn places(&self) -> [&'static str; 2];

    /// The base address of calls about a conversation, if messages name it.
    fn reply_url(&self) -> Option<&'static str> {
        None
    }

    /// A secret in the address of every call. No reason may show it, even if the platform repeats it.
    fn part_of_addresses(&self) -> Option<String> {
        None
    }
}

/// A platform with everything that does not depend on the input, made once.
pub struct Fixture {
    /// The platform.
    pub platform: &'static dyn Platform,
    /// Its connector.
    pub connector: Connector,
    /// Secrets that requests are checked with.
    pub verifying: BTreeMap<String, Secret>,
    /// Secrets for calls.
    pub calling: BTreeMap<String, Secret>,
    /// Texts that must never be shown, in disguised form.
    pub hidden: Vec<Vec<u8>>,
    /// The recipient of texts.
    pub person: Identity,
    /// The conversations of texts: direct, a group, and a thread in the group.
    pub conversations: Vec<ConversationRef>,
}

impl Fixture {
    /// The fixture of this platform.
    pub fn of(platform: &'static dyn Platform) -> Self {
        let calling = platform.secrets(Purpose::Calling).into_iter();
        let (scope, identifier) = platform.person();
        Self {
            platform,
            connector: connector(platform),
            verifying: opened(platform, Purpose::Verifying),
            calling: opened(platform, Purpose::Calling),
            hidden: calling
                .map(|(_, value)| value)
                .chain(platform.part_of_addresses())
                .map(|hidden| disguised(&hidden))
                .collect(),
            person: Identity {
                provider: Provider::new(platform.key()),
                platform_scope: scope.into(),
                identifier: identifier.into(),
            },
            conversations: conversations(platform),
        }
    }
}

/// The platform's connector.
fn connector(platform: &dyn Platform) -> Connector {
    let account = AccountScope::of_verified(AccountId::derive(&["fuzz"]));
    Connector {
        id: ConnectorId::derive(&["fuzz", platform.key()]),
        scope: account.project(ProjectId::derive(&["fuzz"])),
        environment_id: EnvironmentId::derive(&["fuzz"]),
        client_id: ClientId::derive(&["fuzz"]),
        settings: platform
            .settings()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        ..vestibule_samples::connector(Provider::new(platform.key()))
    }
}

/// The connector's decrypted secrets.
fn opened(platform: &dyn Platform, purpose: Purpose) -> BTreeMap<String, Secret> {
    platform
        .secrets(purpose)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Secret::new(value)))
        .collect()
}

/// The conversations of texts: direct, a group, and a thread in the group.
fn conversations(platform: &dyn Platform) -> Vec<ConversationRef> {
    let [direct, shared] = platform.places();
    let connector = ConnectorId::derive(&["fuzz", platform.key()]);
    let at = |kind, id: &str, thread: Option<&str>| {
        let thread = thread.map(str::to_owned);
        let conversation = ConversationRef::new(connector, kind, id.to_owned(), thread);
        match platform.reply_url() {
            Some(url) => conversation.answered_at(url),
            None => conversation,
        }
    };
    vec![
        at(ConversationKind::Direct, direct, None),
        at(ConversationKind::Group, shared, None),
        at(ConversationKind::Channel, shared, Some("42")),
    ]
}

/// Replaces each byte of a text by another. libFuzzer watches comparisons and would learn a secret that is
/// compared in plain form.
pub fn disguised(text: &str) -> Vec<u8> {
    let other = |byte: u8| byte.wrapping_mul(167).wrapping_add(91);
    text.bytes().map(other).collect()
}

/// The body as JSON with its characters repaired; null if it is not even then JSON.
pub fn json(body: &[u8]) -> Value {
    vestibule_providers::json::read(body).unwrap_or_default()
}
