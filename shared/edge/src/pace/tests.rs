//! Waits for a turn, and waits that platforms ask for.

use super::*;
use std::{collections::VecDeque, sync::Mutex};
use vestibule_domain::{
    PortError, Timestamp,
    chat::conversation::ConversationKind,
    connector::Provider,
    ids::ConnectorId,
    ports::{FailureClass, Receipt},
};

const WAIT: Duration = Duration::from_secs(30);

/// State of a platform, its pacer and a clock.
#[derive(Default)]
struct Fake {
    /// The next outcomes; without any, a text is sent.
    outcomes: Mutex<VecDeque<SendOutcome>>,
    /// The conversations that were written to.
    sent_to: Mutex<Vec<String>>,
    /// The conversations in which a sign of writing was shown.
    shown_in: Mutex<Vec<String>>,
    /// The pauses of the connector, in milliseconds.
    paused_until: Mutex<Vec<i64>>,
    now_ms: Mutex<i64>,
}

struct Platform(Arc<Fake>);

#[async_trait]
impl ChatPlatform for Platform {
    fn pieces(&self, _connector: &Connector, text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    async fn send(&self, _connector: &Connector, text: OutgoingText<'_>) -> SendOutcome {
        let Destination::Conversation(conversation) = text.to else {
            panic!("no private text");
        };
        let name = conversation.provider_conversation_id.clone();
        self.0.sent_to.lock().unwrap().push(name);
        let next = self.0.outcomes.lock().unwrap().pop_front();
        next.unwrap_or_else(|| SendOutcome::Sent(Receipt::default()))
    }

    async fn show_typing(&self, _connector: &Connector, typing: &ShowTyping) {
        let name = typing.conversation.provider_conversation_id.clone();
        self.0.shown_in.lock().unwrap().push(name);
    }

    fn reply_window(
        &self,
        _connector: &Connector,
        _conversation: &ConversationRef,
    ) -> Option<Duration> {
        None
    }

    fn reports_late_failures(&self, _connector: &Connector) -> bool {
        false
    }

    fn finds_marked_texts(&self, _connector: &Connector) -> bool {
        false
    }

    fn profile_tells_language(&self, _connector: &Connector) -> bool {
        false
    }

    async fn profile(&self, _connector: &Connector, _query: ProfileQuery<'_>) -> ProfileOutcome {
        panic!("no profile");
    }
}

#[async_trait]
impl SendPacer for Fake {
    async fn take_turn(
        &self,
        _connector_id: ConnectorId,
        _interval: Duration,
        now: Timestamp,
    ) -> Result<Turn, PortError> {
        let paused = self.paused_until.lock().unwrap().iter().max().copied();
        let until = paused.map(Timestamp::from_millis);
        Ok(match until.filter(|until| *until > now) {
            Some(until) => Turn::Paused(until.since(now)),
            None => Turn::After(Duration::ZERO),
        })
    }

    async fn profiles_paused(
        &self,
        _connector_id: ConnectorId,
        _now: Timestamp,
    ) -> Result<Option<Duration>, PortError> {
        Ok(None)
    }

    async fn pause(
        &self,
        _connector_id: ConnectorId,
        _what: Limited,
        until: Timestamp,
    ) -> Result<(), PortError> {
        self.paused_until.lock().unwrap().push(until.millis());
        Ok(())
    }

    async fn note_refused(
        &self,
        _connector: &Connector,
        _class: &str,
        _now: Timestamp,
    ) -> Result<(), PortError> {
        panic!("a worker notes refusals");
    }

    async fn note_taken(
        &self,
        _connector: &Connector,
        _since: Timestamp,
        _now: Timestamp,
    ) -> Result<(), PortError> {
        panic!("nothing was refused");
    }
}

#[async_trait]
impl Clock for Fake {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(*self.now_ms.lock().unwrap())
    }

    async fn wait_until(&self, at: Timestamp) {
        let mut now = self.now_ms.lock().unwrap();
        *now = at.millis().max(*now);
    }
}

fn connector(provider: &'static str) -> Connector {
    vestibule_samples::connector(Provider::new(provider))
}

fn limited(scope: RetryScope) -> SendOutcome {
    SendOutcome::Retry {
        after: Some(WAIT),
        scope,
        reason: "limited".to_owned(),
    }
}

fn place(connector: &Connector, name: &str) -> ConversationRef {
    let kind = ConversationKind::Direct;
    ConversationRef::new(connector.id, kind, name.to_owned(), None)
}

/// A connector whose platform answers the next texts like this.
struct Stage {
    provider: &'static str,
    fake: Arc<Fake>,
    paced: Paced<Platform>,
}

impl Stage {
    fn new(outcomes: &[SendOutcome]) -> Self {
        Self::of("telegram", outcomes)
    }

    fn of(provider: &'static str, outcomes: &[SendOutcome]) -> Self {
        let fake = Arc::new(Fake::default());
        *fake.outcomes.lock().unwrap() = outcomes.to_vec().into();
        let (pacer, clock) = (Arc::<Fake>::clone(&fake), Arc::<Fake>::clone(&fake));
        Self {
            provider,
            paced: Paced::new(Platform(Arc::clone(&fake)), pacer, clock),
            fake,
        }
    }

    /// Sends a text to this conversation.
    async fn send(&self, name: &str) -> SendOutcome {
        let connector = connector(self.provider);
        let conversation = place(&connector, name);
        let text = OutgoingText {
            id: "t",
            to: Destination::Conversation(&conversation),
            text: "Hello",
            mark: None,
        };
        self.paced.send(&connector, text).await
    }

    /// Shows in this conversation that a text is being written.
    async fn show_typing(&self, name: &str) {
        let connector = connector(self.provider);
        let typing = ShowTyping {
            conversation: place(&connector, name),
            message_id: None,
            at: self.fake.now(),
        };
        self.paced.show_typing(&connector, &typing).await;
    }

    /// The wait that a text to this conversation has, and what it holds for.
    async fn wait(&self, name: &str) -> Option<(Duration, RetryScope)> {
        match self.send(name).await {
            SendOutcome::Sent(_) => None,
            SendOutcome::Retry {
                after: Some(after),
                scope,
                ..
            } => Some((after, scope)),
            other => panic!("{other:?}"),
        }
    }

    fn sent_to(&self) -> Vec<String> {
        self.fake.sent_to.lock().unwrap().clone()
    }

    fn pauses(&self) -> Vec<i64> {
        self.fake.paused_until.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_limit_of_the_connector_holds_for_every_conversation() {
    let stage = Stage::new(&[limited(RetryScope::Connector)]);
    let wait = Some((WAIT, RetryScope::Connector));
    assert_eq!(stage.wait("ada").await, wait);
    assert_eq!(stage.wait("grace").await, wait);
    assert_eq!(stage.sent_to(), ["ada"]);
    assert_eq!(stage.pauses(), [30_000]);
}

#[tokio::test]
async fn a_limit_of_one_conversation_holds_for_that_one_until_it_is_over() {
    for scope in [RetryScope::Conversation, RetryScope::Unclear] {
        let stage = Stage::new(&[limited(scope)]);
        assert_eq!(stage.wait("ada").await, Some((WAIT, scope)));
        *stage.fake.now_ms.lock().unwrap() = 10_000;
        let rest = (Duration::from_secs(20), RetryScope::Conversation);
        assert_eq!(stage.wait("ada").await, Some(rest));
        assert_eq!(stage.wait("grace").await, None);
        *stage.fake.now_ms.lock().unwrap() = 30_000;
        assert_eq!(stage.wait("ada").await, None);
        assert_eq!(stage.sent_to(), ["ada", "grace", "ada"]);
        assert!(stage.pauses().is_empty(), "{scope:?}");
    }
}

#[tokio::test]
async fn a_conversation_that_has_to_wait_gets_no_sign_of_writing_until_that_is_over() {
    let stage = Stage::new(&[limited(RetryScope::Conversation)]);
    assert!(stage.wait("ada").await.is_some());
    for name in ["ada", "grace"] {
        stage.show_typing(name).await;
    }
    *stage.fake.now_ms.lock().unwrap() = 30_000;
    stage.show_typing("ada").await;
    let shown_in = stage.fake.shown_in.lock().unwrap().clone();
    assert_eq!(shown_in, ["grace", "ada"]);
}

#[tokio::test]
async fn two_conversations_that_have_limits_of_their_own_pause_nobody_else() {
    let own = limited(RetryScope::Conversation);
    let stage = Stage::new(&[own.clone(), own]);
    assert!(stage.wait("ada").await.is_some());
    assert!(stage.wait("grace").await.is_some());
    assert_eq!(stage.wait("kay").await, None);
    assert!(stage.pauses().is_empty());
}

#[tokio::test]
async fn an_unclear_limit_that_two_conversations_meet_in_a_row_is_the_connectors() {
    let unclear = limited(RetryScope::Unclear);
    let stage = Stage::new(&[unclear.clone(), unclear]);
    assert!(stage.wait("ada").await.is_some());
    assert!(stage.wait("grace").await.is_some());
    assert_eq!(stage.wait("kay").await, Some((WAIT, RetryScope::Connector)));
    assert_eq!(stage.sent_to(), ["ada", "grace"]);
    assert_eq!(stage.pauses(), [30_000]);
}

#[tokio::test]
async fn an_unclear_limit_is_the_conversations_if_others_get_through_meanwhile() {
    let unclear = limited(RetryScope::Unclear);
    let sent = SendOutcome::Sent(Receipt::default());
    let stage = Stage::new(&[unclear.clone(), sent, unclear]);
    assert!(stage.wait("ada").await.is_some());
    assert_eq!(stage.wait("kay").await, None);
    assert!(stage.wait("grace").await.is_some());
    assert_eq!(stage.wait("kay").await, None);
    assert!(stage.pauses().is_empty());
}

#[tokio::test]
async fn a_failure_or_a_retry_without_a_wait_pauses_nothing() {
    let failed = SendOutcome::Failed {
        class: FailureClass::Connector,
        reason: "token_revoked".to_owned(),
    };
    let unknown = SendOutcome::Retry {
        after: None,
        scope: RetryScope::Connector,
        reason: "http_503".to_owned(),
    };
    let stage = Stage::new(&[failed.clone(), unknown.clone()]);
    assert_eq!(stage.send("ada").await, failed);
    assert_eq!(stage.send("ada").await, unknown);
    assert_eq!(stage.wait("ada").await, None);
    assert!(stage.pauses().is_empty());
}

/// SPEC E38.
#[tokio::test]
async fn only_a_system_of_a_customer_is_left_alone_after_a_call_without_an_answer() {
    let failed = |reason: &str| SendOutcome::Retry {
        after: None,
        scope: RetryScope::Connector,
        reason: reason.to_owned(),
    };
    for (provider, reason, pauses) in [
        ("api", "timed out", true),
        ("api", "could not connect", true),
        ("api", "the connection broke", true),
        ("api", "http_503", false),
        ("telegram", "timed out", false),
    ] {
        let stage = Stage::of(provider, &[failed(reason)]);
        assert_eq!(stage.send("ada").await, failed(reason));
        let rest = pauses.then_some((Duration::from_secs(30), RetryScope::Connector));
        assert_eq!(stage.wait("grace").await, rest, "{provider} {reason}");
        *stage.fake.now_ms.lock().unwrap() = 30_000;
        assert_eq!(stage.wait("grace").await, None, "{provider} {reason}");
    }
}
