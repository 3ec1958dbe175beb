//! What the targets have to know about a platform.

use crate::input::Request;
use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::{
    AccountScope, Timestamp,
    connector::{
        AfterApproval, Connector, ExistingUsers, Policy, Provider, SealedSecrets, WebhookState,
    },
    chat::conversation::{ConversationKind, ConversationRef},
    ids::{AccountId, ClientId, ConnectorId, EnvironmentId, ProjectId},
    chat::message::Identity,
    secret::Secret,
};
use vestibule_providers::{
    outgoing::Api,
    webhook::{Reply, WebhookProvider},
};

/// When every request arrives: a minute after 360dialog's captured messages, which are taken for some
/// days only. No other platform's have an age.
pub const NOW: Timestamp = Timestamp::from_millis(1_697_043_283_000);

/// Somebody's secret of this name. Derived, so that it stands in no dictionary and no binary; the
/// purpose keeps those that requests are checked against apart from those that answers repeat.
pub fn secret(purpose: Purpose, name: &str) -> String {
    let digest = Sha256::digest(format!("fuzz of {purpose:?}: {name}"));
    HEXLOWER.encode(&digest)
}

/// What a secret is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Requests are checked with it.
    Verifying,
    /// Calls are made with it.
    Calling,
}

/// Who signs a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signer {
    /// The platform.
    Platform,
    /// The platform, with the secret before the last rotation.
    PlatformBefore,
    /// Somebody else, in the platform's manner.
    Stranger,
}

/// One chat platform.
pub trait Platform: Send + Sync {
    /// Its key.
    fn key(&self) -> &'static str;

    /// The inbound side.
    fn webhook(&self) -> &dyn WebhookProvider;

    /// Public fields of the connector, as the captured events want them.
    fn settings(&self) -> Vec<(&'static str, String)>;

    /// Secret fields.
    fn secrets(&self, purpose: Purpose) -> Vec<(&'static str, String)>;

    /// Makes the request one that was signed, and says whether it must be taken from the platform.
    fn sign(&self, request: &mut Request, signer: Signer) -> bool;

    /// Whether this is how the platform is answered.
    fn is_reply(&self, reply: &Reply, request: &Request) -> bool;

    /// The APIs that its calls go to.
    fn apis(&self) -> &'static [Api];

    /// Who gets a text.
    fn person(&self) -> (&'static str, &'static str);

    /// Where they wrote: alone with the bot, and where others read along.
    fn places(&self) -> [&'static str; 2];

    /// Where calls about a conversation go, if messages name it.
    fn reply_url(&self) -> Option<&'static str> {
        None
    }

    /// What of a secret no reason may show even if the platform repeats it: it is a part of the
    /// address of every call.
    fn part_of_addresses(&self) -> Option<String> {
        None
    }
}

/// A platform with all that does not depend on the input, made once.
pub struct Fixture {
    /// The platform.
    pub platform: &'static dyn Platform,
    /// Its connector.
    pub connector: Connector,
    /// What requests are checked with.
    pub verifying: BTreeMap<String, Secret>,
    /// What calls are made with.
    pub calling: BTreeMap<String, Secret>,
    /// What no word may show, disguised.
    pub hidden: Vec<Vec<u8>>,
    /// Who gets texts.
    pub person: Identity,
    /// Where to: alone with the person, in a group, and in a thread of it.
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
        name: "Support".into(),
        provider: Provider::new(platform.key()),
        policy: Policy::AllowAll,
        onboarding_since: None,
        existing_users: ExistingUsers::Keep,
        onboarding_message: None,
        request_cooldown: Duration::ZERO,
        after_approval: AfterApproval::default(),
        settings: platform
            .settings()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        secrets: SealedSecrets::default(),
        webhook: WebhookState::default(),
        request_hash: None,
        version: 1,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}

/// The connector's opened secrets.
fn opened(platform: &dyn Platform, purpose: Purpose) -> BTreeMap<String, Secret> {
    platform
        .secrets(purpose)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Secret::new(value)))
        .collect()
}

/// The conversations that texts go to: one with the person alone, a group, and a thread of it.
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

/// The text in bytes that stand for others. libFuzzer sees what is compared and puts it into inputs:
/// a secret that is compared as it is, it learns.
pub fn disguised(text: &str) -> Vec<u8> {
    let other = |byte: u8| byte.wrapping_mul(167).wrapping_add(91);
    text.bytes().map(other).collect()
}

/// The body as JSON; null if it is none.
pub fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}
