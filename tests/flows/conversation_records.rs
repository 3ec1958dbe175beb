//! The records of conversations, straight from their stores: numbers, leases and what is kept.

use crate::world::marks_of_work;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use vestibule_adapters::{
    clock::SystemClock,
    dynamo::{DynamoConversations, DynamoOutgoing, keys},
};
use vestibule_coldstart::Adapters;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    chat::change::DeliveryEvent,
    chat::content::Parts,
    chat::conversation::{Conversation, ConversationKind, ConversationRef, Learnt, Progress},
    chat::entity::Entities,
    chat::history::HistoryDays,
    chat::offering::CaseStep,
    chat::repeats::{HandledEvent, Repeats},
    chat::send_status::SendStatus,
    ids::{AccountId, ChatUserId, ConnectorId, EnvironmentId, LeaseId, ProjectId},
    job::{DeliverMessage, QueuedText},
    ports::{
        Claim, ClaimedConversation, ConversationStore, DeliveryRecord, Lease, Original,
        OutgoingStore, Postponement, Recorded, TextOutcome, Unsent,
    },
    vars::Vars,
};
use vestibule_testkit::dynamodb::DynamoDb;

mod changes;

const NOW: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis((NOW + second) * 1000)
}

fn scope() -> ProjectScope {
    AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]))
}

/// The message of this event, in the one conversation.
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
        text: format!("Hello from {event}"),
        attachments: Vec::new(),
        parts: Parts::default(),
        entities: Entities::default(),
        provider_event_id: event.to_owned(),
        event_keys: vec![event.to_owned()],
        sent_at: at(1),
        received_at: at(2),
    }
}

/// The edit of the message of this event, at this second.
fn edit(of: &str, second: i64) -> DeliverMessage {
    let original_key = of.to_owned();
    DeliverMessage {
        event: DeliveryEvent::Edited { original_key },
        text: format!("Edited at {second}"),
        sent_at: at(second),
        ..job(&format!("edit {of} {second}"))
    }
}

/// Its deletion.
fn deletion(of: &str, second: i64) -> DeliverMessage {
    let original_key = of.to_owned();
    DeliverMessage {
        event: DeliveryEvent::Deleted {
            original_key,
            is_for_history: false,
        },
        text: String::new(),
        ..edit(of, second)
    }
}

fn placeholder_of(event: &str) -> String {
    format!("placeholder of {event}")
}

fn lease(id: &str, second: i64) -> Lease {
    Lease {
        id: LeaseId::derive(&[id]),
        now: at(second),
        time: Duration::from_mins(1),
    }
}

fn sent(text: &QueuedText) -> TextOutcome {
    TextOutcome {
        status: SendStatus::Sent {
            at: at(9),
            message_id: None,
        },
        learnt: Learnt::default(),
        keep: !text.is_ephemeral,
        given_up: None,
    }
}

fn numbers(texts: &[QueuedText]) -> Vec<u64> {
    texts.iter().map(|text| text.number).collect()
}

struct Stores {
    db: DynamoDb,
    conversations: Arc<DynamoConversations>,
    outgoing: Arc<DynamoOutgoing>,
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
        let (conversations, outgoing) = (adapters.conversations(), adapters.outgoing_store());
        adapters.finish().unwrap();
        Self {
            db,
            conversations,
            outgoing,
        }
    }

    async fn conversation(&self, job: &DeliverMessage) -> Conversation {
        let context = self.conversations.delivery_context(job, at(5)).await;
        context.unwrap().conversation
    }

    async fn record(
        &self,
        job: &DeliverMessage,
        conversation: &Conversation,
        replies: &[&str],
        days: u16,
    ) -> Result<Recorded, PortError> {
        let event = HandledEvent::delivered(job, Repeats::ForEver, at(5));
        let replies: Vec<String> = replies.iter().map(|reply| (*reply).to_owned()).collect();
        let record = DeliveryRecord {
            job,
            inbound: job.event.adds(job.event.is_received()),
            conversation,
            event: &event,
            replies: &replies,
            handoff: None,
            case: &CaseStep::Nothing,
            history: HistoryDays::new(days).unwrap(),
            at: at(5),
        };
        self.conversations.record_delivery(&record).await
    }

    /// Delivers the message of this event, with these replies. Returns their numbers.
    async fn deliver(&self, event: &str, replies: &[&str], days: u16) -> Vec<u64> {
        let job = job(event);
        let conversation = self.conversation(&job).await;
        match self.record(&job, &conversation, replies, days).await {
            Ok(Recorded::Now(texts)) => numbers(&texts),
            other => panic!("{event} was not recorded: {other:?}"),
        }
    }

    async fn claimed(&self, id: &str, second: i64) -> Box<ClaimedConversation> {
        let order = job("").send_messages();
        match self.outgoing.claim(order, &lease(id, second)).await {
            Ok(Claim::Claimed(claimed)) => claimed,
            other => panic!("{id} has no claim: {other:?}"),
        }
    }

    async fn unsent(&self, claimed: &ClaimedConversation, limit: usize) -> Vec<QueuedText> {
        let unsent = self.outgoing.unsent(claimed, limit).await.unwrap();
        let text = |unsent: Unsent| match unsent {
            Unsent::Text(text) => text,
            Unsent::Unreadable(text) => panic!("not read: {text:?}"),
        };
        unsent.into_iter().map(text).collect()
    }

    /// Takes a change over into the message on record. Returns the message.
    async fn change(&self, change: &DeliverMessage) -> Original {
        let key = change.event.original_key().unwrap();
        let originals = [key.to_owned(), placeholder_of(key)];
        let changed = self.conversations.change_message(change, &originals);
        changed.await.unwrap()
    }

    fn message_row(&self, number: u64) -> serde_json::Map<String, Value> {
        self.rows(&format!("MESSAGE#{number:012}")).remove(0)
    }

    /// The messages on record: number, text, and status of those that go out.
    fn messages(&self) -> Vec<(u64, String, Option<String>)> {
        let mut messages: Vec<_> = self
            .rows("MESSAGE#")
            .iter()
            .map(|row| {
                let text = |value: &Value| value.as_str().map(str::to_owned);
                let status = row
                    .get("sending")
                    .and_then(|sending| text(&sending["status"]));
                let number = row["number"].as_u64().unwrap();
                (number, text(&row["text"]).unwrap(), status)
            })
            .collect();
        messages.sort();
        messages
    }

    fn rows(&self, sort_key: &str) -> Vec<serde_json::Map<String, Value>> {
        let mut rows = self.db.items().unwrap();
        rows.retain(|row| row["sk"].as_str().unwrap().starts_with(sort_key));
        rows
    }
}

fn on_record(sequence: Option<u64>) -> Original {
    Original::OnRecord { sequence }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_recorded_once_with_the_numbers_of_its_message_and_its_answers() {
    let stores = Stores::start().await;
    let job = job("1");
    let read = stores.conversation(&job).await;
    let recorded = stores.record(&job, &read, &["a", "b"], 30).await.unwrap();
    let Recorded::Now(texts) = recorded else {
        panic!("it was recorded before");
    };
    assert_eq!(numbers(&texts), [2, 3]);
    // An attempt whose answer was lost, and one that read what the first had written.
    for read in [read, stores.conversation(&job).await] {
        let again = stores.record(&job, &read, &["a", "b"], 30).await;
        assert_eq!(again.unwrap(), Recorded::Before);
    }
    let context = stores.conversations.delivery_context(&job, at(5)).await;
    let context = context.unwrap();
    assert!(context.is_delivered);
    let conversation = context.conversation;
    assert_eq!(
        (conversation.message_count, conversation.message_total),
        (1, 3)
    );
    assert_eq!(conversation.place.as_ref(), Some(&job.conversation));
    assert_eq!(conversation.last_activity_at, Some(at(5)));
    assert!(conversation.outgoing.has_unsent());
    let queued = Some("queued".to_owned());
    let expected = [
        (1, "Hello from 1".to_owned(), None),
        (2, "a".to_owned(), queued.clone()),
        (3, "b".to_owned(), queued),
    ];
    assert_eq!(stores.messages(), expected);
    assert_eq!(marks_of_work(&stores.db).len(), 1);
    for index in ["lists_all", "lists_by_state"] {
        assert_eq!(stores.db.index_items(index).unwrap().len(), 1, "{index}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_deliveries_at_once_do_not_get_the_same_numbers() {
    let stores = Stores::start().await;
    let (one, two) = (job("1"), job("2"));
    let read = stores.conversation(&one).await;
    stores.record(&one, &read, &["a"], 30).await.unwrap();
    let late = stores.record(&two, &read, &["b"], 30).await;
    assert!(matches!(late, Err(PortError::Conflict { .. })), "{late:?}");
    assert_eq!(stores.messages().len(), 2);
    assert_eq!(stores.deliver("2", &["b"], 30).await, [4]);
    let numbers: Vec<u64> = stores.messages().iter().map(|message| message.0).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_of_the_release_before_goes_on_at_its_numbers() {
    let stores = Stores::start().await;
    let job = job("1");
    let key = keys::conversation(job.scope, job.conversation.id);
    // A worker of the release before writes the whole row, even after this release gave numbers.
    let row = json!({
        "pk": {"S": key.pk}, "sk": {"S": key.sk}, "connector_id": {"S": job.connector_id.to_string()},
        "message_count": {"N": "7"}, "last_message_at": {"S": "2027-01-15T08:00:00.000Z"},
        "recent_events": {"L": [{"S": "old"}]}, "version": {"N": "9"},
        "progress": {"M": {"delivery_id": {"S": job.delivery_id().to_string()}, "pieces_sent": {"N": "1"}}},
        "moved_to": {"S": "D2"}, "updated_at": {"S": "2027-01-15T08:00:00.000Z"}
    });
    stores.db.put_raw(&row).unwrap();
    assert_eq!(stores.conversation(&job).await.message_total, 0);
    assert_eq!(stores.deliver("1", &["a"], 30).await, [2]);
    let claimed = stores.claimed("w", 6).await;
    assert_eq!(claimed.outgoing.moved_to.as_deref(), Some("D2"));
    stores.db.put_raw(&row).unwrap();
    let read = stores.conversation(&job).await;
    assert_eq!((read.message_count, read.message_total), (7, 2));
    assert!(read.outgoing.has_unsent());
    assert!(read.has_any(&["old".to_owned()]));
    assert_eq!(stores.deliver("2", &["b"], 30).await, [4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_are_added_while_others_are_sent_are_sent_under_the_same_claim() {
    let stores = Stores::start().await;
    stores.deliver("1", &["a", "b"], 30).await;
    let claimed = stores.claimed("w", 6).await;
    assert_eq!((claimed.attempt, claimed.outgoing.next), (1, 2));
    let texts = stores.unsent(&claimed, 10).await;
    assert_eq!(numbers(&texts), [2, 3]);
    let claimed = stores
        .outgoing
        .record_text(claimed, 2, &sent(&texts[0]))
        .await;
    let claimed = claimed.unwrap().unwrap();
    // A message without an answer, and one with an answer.
    stores.deliver("2", &[], 30).await;
    assert_eq!(stores.deliver("3", &["c"], 30).await, [6]);
    let claimed = stores
        .outgoing
        .record_text(claimed, 3, &sent(&texts[1]))
        .await;
    let claimed = claimed.unwrap().unwrap();
    let texts = stores.unsent(&claimed, 10).await;
    assert_eq!(numbers(&texts), [6]);
    let again = claimed.clone();
    let left = stores
        .outgoing
        .record_text(claimed, 6, &sent(&texts[0]))
        .await;
    assert!(left.unwrap().is_none());
    // The answer was lost.
    let left = stores
        .outgoing
        .record_text(again, 6, &sent(&texts[0]))
        .await;
    assert!(left.unwrap().is_none());
    assert!(marks_of_work(&stores.db).is_empty());
    let statuses: Vec<_> = stores.messages().into_iter().filter_map(|m| m.2).collect();
    assert_eq!(statuses, ["sent", "sent", "sent"]);
    let order = job("").send_messages();
    let claim = stores.outgoing.claim(order, &lease("x", 7)).await;
    assert!(matches!(claim, Ok(Claim::NothingPending)), "{claim:?}");
    // Sending goes on at the next text, so a job's hint is of use.
    assert_eq!(stores.deliver("4", &["d"], 30).await, [8]);
    assert_eq!(stores.claimed("y", 8).await.outgoing.next, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_claim_records_nothing() {
    let stores = Stores::start().await;
    stores.deliver("1", &["a"], 30).await;
    let mut late = stores.claimed("late", 6).await;
    let order = job("").send_messages();
    let held = stores.outgoing.claim(order, &lease("next", 65)).await;
    assert!(matches!(held, Ok(Claim::HeldUntil(until)) if until == at(66)));
    let next = stores.claimed("next", 66).await;
    assert_eq!(next.attempt, 2);
    let progress = Progress {
        number: 2,
        pieces_sent: 1,
        in_doubt: false,
    };
    let nothing = Learnt::default();
    let text = stores.unsent(&next, 1).await.remove(0);
    let piece = stores
        .outgoing
        .record_piece(&mut late, progress, &nothing)
        .await;
    assert!(Lease::is_lost(&piece.unwrap_err()));
    let postponement = Postponement::failed(1, at(100));
    let postponed = stores
        .outgoing
        .postpone(order, late.lease, postponement)
        .await;
    assert!(Lease::is_lost(&postponed.unwrap_err()));
    let recorded = stores.outgoing.record_text(late, 2, &sent(&text)).await;
    assert!(Lease::is_lost(&recorded.unwrap_err()));
    assert_eq!(stores.messages()[1].2.as_deref(), Some("queued"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_that_went_out_and_what_the_platform_told_is_known_to_the_next_worker() {
    let stores = Stores::start().await;
    stores.deliver("1", &["a"], 30).await;
    let mut claimed = stores.claimed("w", 6).await;
    let progress = Progress {
        number: 2,
        pieces_sent: 3,
        in_doubt: false,
    };
    let learnt = Learnt {
        moved_to: Some("D2".to_owned()),
        reply_url: None,
    };
    let recorded = stores
        .outgoing
        .record_piece(&mut claimed, progress, &learnt)
        .await;
    recorded.unwrap();
    assert_eq!(claimed.outgoing.pieces_sent(2), 3);
    let postponement = Postponement::failed(1, at(100));
    let postponed = stores
        .outgoing
        .postpone(claimed.job, claimed.lease, postponement);
    postponed.await.unwrap();
    // A text that is added does not wait less, and does not let the others wait less.
    stores.deliver("2", &["b"], 30).await;
    let claim = stores.outgoing.claim(claimed.job, &lease("x", 99)).await;
    assert!(matches!(claim, Ok(Claim::NotBefore(time)) if time == at(100)));
    let next = stores.claimed("y", 100).await;
    assert_eq!((next.attempt, next.outgoing.pieces_sent(2)), (2, 3));
    let place = next.outgoing.current(&next.place);
    assert_eq!(place.provider_conversation_id, "D2");
    let text = stores.unsent(&next, 1).await.remove(0);
    let next = stores.outgoing.record_text(next, 2, &sent(&text)).await;
    let next = next.unwrap().unwrap();
    assert_eq!((next.attempt, next.outgoing.progress), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_keeps_nothing_has_no_text_left_when_the_work_is_done() {
    let stores = Stores::start().await;
    assert_eq!(stores.deliver("1", &["a", "b"], 0).await, [2, 3]);
    let texts: Vec<String> = stores.messages().into_iter().map(|m| m.1).collect();
    assert_eq!(texts, ["a", "b"]);
    let mut claimed = Some(stores.claimed("w", 6).await);
    for text in stores.unsent(claimed.as_ref().unwrap(), 10).await {
        assert!(text.is_ephemeral);
        let (holder, outcome) = (claimed.take().unwrap(), sent(&text));
        let left = stores.outgoing.record_text(holder, text.number, &outcome);
        claimed = left.await.unwrap();
    }
    assert!(claimed.is_none());
    assert!(stores.messages().is_empty());
    let everything = serde_json::to_string(&stores.db.items().unwrap()).unwrap();
    assert!(!everything.contains("Hello"), "{everything}");
    // The numbers go on.
    assert_eq!(stores.deliver("2", &["c"], 0).await, [5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unsent_texts_are_found_among_many_messages_and_those_that_are_gone_end_the_work() {
    let stores = Stores::start().await;
    stores.deliver("first", &["a"], 30).await;
    for number in 0..12 {
        stores.deliver(&number.to_string(), &[], 30).await;
    }
    stores.deliver("last", &["b", "c"], 30).await;
    let claimed = stores.claimed("w", 6).await;
    assert_eq!(numbers(&stores.unsent(&claimed, 1).await), [2]);
    assert_eq!(numbers(&stores.unsent(&claimed, 2).await), [2, 16]);
    assert_eq!(numbers(&stores.unsent(&claimed, 9).await), [2, 16, 17]);
    let order = claimed.job;
    for number in [2, 16, 17] {
        let key = keys::message(order.scope, order.conversation_id, number);
        stores.db.delete_raw(&key.pk, &key.sk).unwrap();
    }
    assert!(stores.unsent(&claimed, 9).await.is_empty());
    // A text that was added since is not forgotten.
    assert_eq!(stores.deliver("more", &["d"], 30).await, [19]);
    let claimed = stores.outgoing.finish(claimed).await.unwrap().unwrap();
    assert_eq!(numbers(&stores.unsent(&claimed, 9).await), [19]);
    let key = keys::message(order.scope, order.conversation_id, 19);
    let text = stores.unsent(&claimed, 9).await.remove(0);
    stores.db.delete_raw(&key.pk, &key.sk).unwrap();
    // A text whose row vanished while it was sent leaves no row behind.
    let left = stores.outgoing.record_text(claimed, 19, &sent(&text)).await;
    assert!(left.unwrap().is_none());
    assert_eq!(stores.rows("MESSAGE#000000000019").len(), 0);
    assert!(marks_of_work(&stores.db).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_kept_for_the_days_of_its_project_once_it_is_sent() {
    let stores = Stores::start().await;
    stores.deliver("1", &["a"], 2).await;
    let day = 86_400;
    let expires_at = |stores: &Stores, number: usize| {
        let row = stores.rows(&format!("MESSAGE#{number:012}")).remove(0);
        row["expires_at"].as_i64().unwrap() - NOW
    };
    assert_eq!(expires_at(&stores, 1), 2 + 2 * day);
    assert_eq!(expires_at(&stores, 2), 5 + 14 * day);
    let claimed = stores.claimed("w", 6).await;
    let text = stores.unsent(&claimed, 1).await.remove(0);
    let left = stores.outgoing.record_text(claimed, 2, &sent(&text)).await;
    assert!(left.unwrap().is_none());
    assert_eq!(expires_at(&stores, 2), 5 + 2 * day);
}
