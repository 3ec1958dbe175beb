//! Handoffs while a delivery is under way, straight from the stores: whatever comes first, both stand.

use serde_json::Value;
use std::sync::Arc;
use vestibule_adapters::{
    clock::SystemClock,
    dynamo::{DynamoConversationWriter, DynamoConversations, keys},
};
use vestibule_coldstart::Adapters;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    account::actor::Actor,
    chat::change::DeliveryEvent,
    chat::content::Parts,
    chat::conversation::{Conversation, ConversationKind, ConversationRef, Inbound},
    chat::entity::Entities,
    chat::handoff::{Handoff, HandoffRequest},
    chat::history::HistoryDays,
    chat::offering::CaseStep,
    chat::repeats::{HandledEvent, Repeats},
    event::{AuditEntry, Change, Event, told::Told},
    ids::{
        AccountId, AuditId, ChatUserId, ConnectorId, EnvironmentId, IdSource, ProjectId, SystemIds,
    },
    job::DeliverMessage,
    ports::{
        ConversationState, ConversationStore, ConversationView, ConversationWriter, DeliveryRecord,
        HandoffChange, Recorded,
    },
    vars::Vars,
};
use vestibule_testkit::dynamodb::DynamoDb;

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis((1_800_000_000 + second) * 1000)
}

fn scope() -> ProjectScope {
    AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]))
}

fn job(event: &str) -> DeliverMessage {
    let connector_id = ConnectorId::derive(&["c"]);
    let kind = ConversationKind::Direct;
    DeliverMessage {
        scope: scope(),
        connector_id,
        environment_id: EnvironmentId::derive(&["e"]),
        chat_user_id: ChatUserId::derive(&["u"]),
        conversation: ConversationRef::new(connector_id, kind, "D1".to_owned(), None),
        event: DeliveryEvent::Received,
        text: event.to_owned(),
        attachments: Vec::new(),
        parts: Parts::default(),
        entities: Entities::default(),
        provider_event_id: event.to_owned(),
        event_keys: vec![event.to_owned()],
        sent_at: at(1),
        received_at: at(2),
    }
}

fn handoff(team: &str) -> Handoff {
    HandoffRequest::cut(Some(team), None).made_by(Actor::system(), at(5))
}

struct Stores {
    db: DynamoDb,
    conversations: Arc<DynamoConversations>,
    writer: Arc<DynamoConversationWriter>,
}

impl Stores {
    async fn start() -> Self {
        let db = DynamoDb::start().await.unwrap();
        let variable = |name: &str| {
            let value = match name {
                "AWS_REGION" => "us-east-1",
                "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
                "AWS_ENDPOINT_URL_DYNAMODB" => db.url(),
                "TABLE_NAME" => db.table_name(),
                _ => return None,
            };
            Some(value.to_owned())
        };
        let adapters = Adapters::new(Vars::new(&variable), Arc::new(SystemClock));
        let (conversations, writer) = (adapters.conversations(), adapters.conversation_writer());
        adapters.finish().unwrap();
        Self {
            db,
            conversations,
            writer,
        }
    }

    async fn conversation(&self) -> Conversation {
        let job = job("any");
        let context = self.conversations.delivery_context(&job, at(5)).await;
        context.unwrap().conversation
    }

    async fn record(
        &self,
        event: &str,
        read: &Conversation,
        (inbound, handoff): (Inbound, Option<&Handoff>),
    ) -> Result<Recorded, PortError> {
        let job = job(event);
        let event = HandledEvent::delivered(&job, Repeats::ForEver, at(5));
        let record = DeliveryRecord {
            job: &job,
            inbound,
            conversation: read,
            event: &event,
            replies: &[],
            handoff,
            case: &CaseStep::Nothing,
            history: HistoryDays::default(),
            at: at(5),
        };
        self.conversations.record_delivery(&record).await
    }

    async fn change(
        &self,
        read: &Conversation,
        handoff: Option<&Handoff>,
    ) -> Result<(), PortError> {
        let job = job("any");
        let id = job.conversation.id;
        let view = ConversationView {
            id,
            connector_id: job.connector_id,
            state: ConversationState::Open,
            conversation: read.clone(),
        };
        let audit = AuditEntry {
            id: AuditId::new(SystemIds.draw()),
            scope: scope().account(),
            at: at(6),
            actor: Actor::system(),
            change: Change {
                event: Event::ConversationHandedOff(id),
                before: Value::Null,
                after: Value::Null,
            },
            request_id: "test".to_owned(),
            told: Told::default(),
        };
        let change = HandoffChange {
            scope: scope(),
            read: &view,
            handoff,
            case: &CaseStep::Nothing,
            audit: &audit,
        };
        self.writer.change_handoff(&change).await
    }

    /// The list that the conversation is in, by its state.
    fn list(&self) -> String {
        let mut rows = self.db.items().unwrap();
        rows.retain(|row| row["sk"] == "CONVERSATION");
        rows.remove(0)["state_pk"].as_str().unwrap().to_owned()
    }
}

fn assert_conflict<T: std::fmt::Debug>(outcome: &Result<T, PortError>) {
    assert!(
        matches!(outcome, Err(PortError::Conflict { .. })),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_read_before_a_handoff_is_recorded_behind_it_and_undoes_nothing() {
    let stores = Stores::start().await;
    let message = (Inbound::Message, None);
    let empty = stores.conversation().await;
    stores.record("one", &empty, message).await.unwrap();
    let before = stores.conversation().await;
    let sales = handoff("sales");
    stores.change(&before, Some(&sales)).await.unwrap();
    assert_eq!(stores.list(), keys::handed_off_conversations(scope()));
    assert_conflict(&stores.record("two", &before, message).await);
    let after = stores.conversation().await;
    assert_eq!(after.handoff.as_ref(), Some(&sales));
    stores.record("two", &after, message).await.unwrap();
    let recorded = stores.conversation().await;
    assert_eq!(recorded.handoff, Some(sales));
    assert_eq!((recorded.message_count, recorded.message_total), (2, 2));
    assert_eq!(recorded.last_event_id.as_deref(), Some("two"));
    assert_eq!(stores.list(), keys::handed_off_conversations(scope()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handoff_that_was_read_before_a_delivery_is_tried_again_and_the_last_one_counts() {
    let stores = Stores::start().await;
    let (sales, support) = (handoff("sales"), handoff("support"));
    let empty = stores.conversation().await;
    let handing_off = (Inbound::Message, Some(&sales));
    stores.record("one", &empty, handing_off).await.unwrap();
    let read = stores.conversation().await;
    assert_eq!(read.handoff.as_ref(), Some(&sales));
    let for_people = (Inbound::HandedOff, None);
    stores.record("two", &read, for_people).await.unwrap();
    assert_conflict(&stores.change(&read, Some(&support)).await);
    let read = stores.conversation().await;
    assert_eq!((read.message_count, read.message_total), (1, 2));
    stores.change(&read, Some(&support)).await.unwrap();
    assert_eq!(stores.conversation().await.handoff, Some(support));
    // Given back while a message for people is under way: it is recorded as one for them.
    let read = stores.conversation().await;
    stores.change(&read, None).await.unwrap();
    assert_conflict(&stores.record("three", &read, for_people).await);
    let given_back = stores.conversation().await;
    assert_eq!(given_back.handoff, None);
    stores
        .record("three", &given_back, for_people)
        .await
        .unwrap();
    assert_eq!(stores.conversation().await.message_count, 1);
    assert_eq!(stores.list(), keys::open_conversations(scope()));
}
