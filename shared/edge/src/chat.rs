//! One sender for every platform: it makes the calls that providers describe (DESIGN §2).

use crate::connectors::OpenConnector;
use async_trait::async_trait;
use ring::digest::{Context, SHA256};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use vestibule_domain::{
    Clock, PortError, Timestamp,
    connector::{Connector, Provider},
    conversation::ConversationRef,
    error::Chain,
    ports::{
        ChatPlatform, FailureClass, OutgoingText, ProfileOutcome, ProfileQuery, SecretVault,
        SendOutcome,
    },
};
use vestibule_providers::{
    outgoing::{CallResult, ChatProvider, HttpReply, OutgoingCall, Step},
    transport::ChatTransport,
    webhook::Credentials,
};

/// Calls that one send or one profile may take; no platform needs as many.
const CALLS_MAX: usize = 32;

/// Answers that are kept at a time; more than a sandbox has connectors to serve.
const KEPT_MAX: usize = 1000;

fn hash_of(call: &OutgoingCall) -> CallHash {
    let mut context = Context::new(&SHA256);
    // Lengths go first, so that no two calls spell the same bytes.
    let mut add = |part: &[u8]| {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    };
    add(format!("{:?}", call.host).as_bytes());
    add(call.method.as_str().as_bytes());
    add(call.path.as_bytes());
    for (name, value) in &call.query {
        add(name.as_bytes());
        add(value.as_bytes());
    }
    for (name, value) in &call.headers {
        add(name.as_str().as_bytes());
        add(value.reveal().as_bytes());
    }
    add(call.body.as_deref().unwrap_or_default());
    let mut hash = CallHash::default();
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Reaches every platform that has a [`ChatProvider`].
pub struct Platforms {
    transport: Arc<dyn ChatTransport>,
    vault: Arc<dyn SecretVault>,
    providers: &'static [&'static dyn ChatProvider],
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<CallHash, Kept>>,
}

/// What tells one call from another: everything in it, secrets included, so that an answer is only
/// ever used for who might have got it.
type CallHash = [u8; 32];

/// An answer that may be used again.
struct Kept {
    reply: HttpReply,
    until: Timestamp,
}

impl fmt::Debug for Platforms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platforms").finish_non_exhaustive()
    }
}

/// Why the calls of a provider could not be made.
enum Unable {
    /// Nobody knows this platform.
    NoProvider,
    /// The connector's secrets cannot be opened now, or never.
    Secrets(PortError),
    /// The provider asks for one call after another.
    TooManyCalls,
}

impl Unable {
    fn reason(&self) -> String {
        match self {
            Self::NoProvider => "unknown_provider".to_owned(),
            Self::Secrets(error) => Chain(error).to_string(),
            Self::TooManyCalls => "too_many_calls".to_owned(),
        }
    }

    fn passes(&self) -> bool {
        matches!(self, Self::Secrets(PortError::Unavailable { .. }))
    }
}

impl Platforms {
    /// The platforms of these providers.
    #[must_use]
    pub fn new(
        transport: Arc<dyn ChatTransport>,
        vault: Arc<dyn SecretVault>,
        providers: &'static [&'static dyn ChatProvider],
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            transport,
            vault,
            providers,
            clock,
            kept: Mutex::default(),
        }
    }

    fn provider(&self, key: &Provider) -> Option<&'static dyn ChatProvider> {
        self.providers
            .iter()
            .copied()
            .find(|provider| provider.provider() == *key)
    }

    /// Makes calls until the provider knows the outcome.
    async fn run<T>(
        &self,
        connector: &Connector,
        next: impl Fn(&dyn ChatProvider, &Credentials<'_>, &[CallResult]) -> Step<T> + Send + Sync,
    ) -> Result<T, Unable> {
        let provider = self
            .provider(&connector.provider)
            .ok_or(Unable::NoProvider)?;
        let open = OpenConnector::open(
            connector.clone(),
            provider.sending_secrets(),
            self.vault.as_ref(),
        )
        .await
        .map_err(Unable::Secrets)?;
        let credentials = Credentials {
            connector,
            secrets: &open.secrets,
        };
        let mut so_far = Vec::new();
        let mut made = Vec::new();
        while so_far.len() < CALLS_MAX {
            match next(provider, &credentials, &so_far) {
                Step::Done(outcome) => return Ok(outcome),
                Step::Call(call) => {
                    let hash = hash_of(&call);
                    let again = made.contains(&hash);
                    so_far.push(self.answer(provider, call, hash, again).await);
                    made.push(hash);
                }
            }
        }
        Err(Unable::TooManyCalls)
    }

    /// Makes the call, unless its answer is kept. One that is asked for `again` is made: its answer
    /// was of no use.
    async fn answer(
        &self,
        provider: &dyn ChatProvider,
        call: OutgoingCall,
        hash: CallHash,
        again: bool,
    ) -> CallResult {
        let now = self.clock.now();
        if !again
            && let Some(kept) = self.lock().get(&hash)
            && now < kept.until
        {
            return CallResult::Replied(kept.reply.clone());
        }
        let result = self.transport.call(call.clone()).await;
        if let CallResult::Replied(reply) = &result
            && let Some(time) = provider.keep_answer(&call, reply)
        {
            let mut all = self.lock();
            if all.len() >= KEPT_MAX {
                all.retain(|_, kept| now < kept.until);
            }
            if all.len() < KEPT_MAX {
                let kept = Kept {
                    reply: reply.clone(),
                    until: now.plus(time),
                };
                all.insert(hash, kept);
            }
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CallHash, Kept>> {
        // The map is whole whenever the lock is free: a panic elsewhere cannot have torn it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ChatPlatform for Platforms {
    fn pieces(&self, connector: &Connector, text: &str) -> Vec<String> {
        self.provider(&connector.provider)
            .map_or_else(|| vec![text.to_owned()], |provider| provider.pieces(text))
    }

    async fn send(&self, connector: &Connector, text: OutgoingText<'_>) -> SendOutcome {
        let outcome = self
            .run(connector, |provider, credentials, so_far| {
                provider.send(&text, credentials, so_far)
            })
            .await;
        outcome.unwrap_or_else(|unable| {
            let reason = unable.reason();
            if unable.passes() {
                SendOutcome::Retry {
                    after: None,
                    reason,
                }
            } else {
                SendOutcome::Failed {
                    class: FailureClass::Connector,
                    reason,
                }
            }
        })
    }

    fn reply_window(
        &self,
        connector: &Connector,
        conversation: &ConversationRef,
    ) -> Option<Duration> {
        self.provider(&connector.provider)?
            .reply_window(conversation)
    }

    async fn profile(&self, connector: &Connector, query: ProfileQuery<'_>) -> ProfileOutcome {
        let outcome = self
            .run(connector, |provider, credentials, so_far| {
                provider.profile(&query, credentials, so_far)
            })
            .await;
        outcome.unwrap_or_else(|unable| {
            let reason = unable.reason();
            if unable.passes() {
                ProfileOutcome::Retry {
                    after: None,
                    reason,
                }
            } else {
                ProfileOutcome::None { reason }
            }
        })
    }
}
