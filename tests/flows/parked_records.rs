//! Agents' slots and the messages that wait for one, straight from their stores: two workers at once, answers
//! that were lost, and what arrives at the moment of the end.

use serde_json::json;
use std::{sync::Arc, time::Duration};
use vestibule_adapters::{
    clock::SystemClock,
    dynamo::{DynamoAgents, DynamoConversations, DynamoParking, keys},
};
use vestibule_coldstart::Adapters;
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{
        agent::MaxInFlight,
        agent_health::{AgentFailure, FAILURES_UNTIL_OPEN},
    },
    chat::change::DeliveryEvent,
    chat::content::Parts,
    chat::conversation::{ConversationKind, ConversationRef},
    chat::entity::Entities,
    chat::repeats::{HandledEvent, Repeats},
    ids::{AccountId, ChatUserId, ConnectorId, ConversationId, EnvironmentId, LeaseId, ProjectId},
    job::{DeliverMessage, DrainParked},
    ports::{
        AgentHealthStore, AgentNote, AgentState, Claim, ClaimedAgent, ConversationStore, GivenUp,
        Lease, Parked, ParkedConversation, Parking, ParkingStore, Postponement, SlotRequest,
        TakenSlot,
    },
    vars::Vars,
};
use vestibule_testkit::dynamodb::DynamoDb;

const NOW: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis((NOW + second) * 1000)
}

/// The message of this event, in the one conversation.
fn job(event: &str) -> DeliverMessage {
    let connector_id = ConnectorId::derive(&["c"]);
    let kind = ConversationKind::Direct;
    DeliverMessage {
        scope: AccountScope::of_verified(AccountId::derive(&["a"]))
            .project(ProjectId::derive(&["p"])),
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

fn agent() -> DrainParked {
    job("any").drain_parked()
}

fn failed(second: i64) -> AgentNote {
    AgentNote::Failed {
        failure: AgentFailure::new(at(second), "http_503"),
        wait: None,
        is_probe: false,
    }
}

fn slot(id: &str, calls: u64, second: i64) -> SlotRequest {
    SlotRequest {
        id: LeaseId::derive(&[id]),
        from: 0,
        limit: MaxInFlight::new(calls).unwrap(),
        now: at(second),
        time: Duration::from_secs(35),
    }
}

struct Stores {
    // The table goes with it.
    db: DynamoDb,
    conversations: Arc<DynamoConversations>,
    agents: Arc<DynamoAgents>,
    parking: Arc<DynamoParking>,
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
        let conversations = adapters.conversations();
        let (agents, parking) = (adapters.agent_health(), adapters.parking());
        adapters.finish().unwrap();
        Self {
            db,
            conversations,
            agents,
            parking,
        }
    }

    /// The agent, and the conversation if its messages wait, as a delivery reads them.
    async fn read(&self) -> (AgentState, Option<ParkedConversation>) {
        let any = job("any");
        let context = self.conversations.delivery_context(&any, at(5));
        let context = context.await.unwrap();
        (context.agent, context.parked)
    }

    async fn park(&self, event: &str, behind: Option<ParkedConversation>) -> Parked {
        let parking = Parking {
            job: &job(event),
            attempts: 1,
            behind,
            event: None,
            at: at(5),
        };
        self.parking.park(&parking).await.unwrap()
    }

    async fn take(&self, state: &AgentState, request: &SlotRequest) -> TakenSlot {
        let taken = self.agents.take_slot(agent(), state, request).await;
        taken.unwrap()
    }

    async fn texts(&self, conversation: &ParkedConversation) -> Vec<String> {
        let messages = self.parking.parked_messages(conversation, 10).await;
        let messages = messages.unwrap().into_iter();
        messages.map(|message| message.job.text).collect()
    }

    async fn claim(&self, id: &str, second: i64) -> Claim<ClaimedAgent> {
        let lease = Lease {
            id: LeaseId::derive(&[id]),
            now: at(second),
            time: Duration::from_secs(70),
        };
        self.parking.claim_drain(agent(), &lease).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_arrives_at_the_end_of_a_drain_is_seen_by_one_of_both() {
    let stores = Stores::start().await;
    assert_eq!(stores.park("one", None).await, Parked::Parked);
    // Another worker read the conversation before.
    assert_eq!(stores.park("two", None).await, Parked::Stale);
    let (_, first) = stores.read().await;
    let first = first.unwrap();
    assert_eq!(stores.park("two", Some(first)).await, Parked::Parked);
    assert_eq!(stores.park("three", Some(first)).await, Parked::Stale);
    // The drain read it before the second message came, so the conversation stays.
    assert!(!stores.parking.unpark(&first).await.unwrap());
    assert_eq!(
        stores.texts(&first).await,
        ["Hello from one", "Hello from two"]
    );

    let (_, second) = stores.read().await;
    let second = second.unwrap();
    let messages = stores.parking.parked_messages(&second, 10).await.unwrap();
    for message in &messages {
        stores.parking.count_attempt(message).await.unwrap();
        stores.parking.remove_parked(message).await.unwrap();
        stores.parking.remove_parked(message).await.unwrap();
        stores.parking.count_attempt(message).await.unwrap();
    }
    assert!(stores.parking.unpark(&second).await.unwrap());
    assert!(stores.parking.unpark(&second).await.unwrap());
    assert_eq!(stores.read().await.1, None);
    // A message that saw the conversation parked does not wait behind nothing.
    assert_eq!(stores.park("three", Some(second)).await, Parked::Stale);

    // A worker that lost its lease long ago removes no message that has the number by now.
    assert_eq!(stores.park("three", None).await, Parked::Parked);
    stores.parking.remove_parked(&messages[0]).await.unwrap();
    let (_, third) = stores.read().await;
    assert_eq!(stores.texts(&third.unwrap()).await, ["Hello from three"]);
}

/// The deletion of this event's message by a person without access.
fn deletion_for_history(of: &str) -> DeliverMessage {
    DeliverMessage {
        event: DeliveryEvent::Deleted {
            original_key: of.to_owned(),
            is_for_history: true,
        },
        text: String::new(),
        ..job(&format!("deletion of {of}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_takes_the_place_of_what_waits_of_its_message_and_outlives_whoever_has_that_in_hand()
 {
    let stores = Stores::start().await;
    assert_eq!(stores.park("one", None).await, Parked::Parked);
    let (_, first) = stores.read().await;
    assert_eq!(stores.park("two", first).await, Parked::Parked);
    let (_, both) = stores.read().await;
    let both = both.unwrap();
    let in_hand = stores.parking.parked_messages(&both, 10).await.unwrap();
    let deletion = deletion_for_history("one");
    let originals = ["one", "placeholder of one"].map(str::to_owned);
    for _ in 0..2 {
        let withdrawn = stores.parking.withdraw(&deletion, &originals);
        withdrawn.await.unwrap();
        assert_eq!(stores.texts(&both).await, ["", "Hello from two"]);
    }
    // A worker that delivered the message meanwhile takes it off, and finds the deletion after it.
    stores.parking.remove_parked(&in_hand[0]).await.unwrap();
    stores.parking.count_attempt(&in_hand[0]).await.unwrap();
    let waits = stores.parking.parked_messages(&both, 10).await.unwrap();
    assert_eq!(waits.len(), 2);
    assert_eq!(waits[0].job, deletion);
    stores.parking.remove_parked(&waits[0]).await.unwrap();
    assert_eq!(stores.texts(&both).await, ["Hello from two"]);
    // Of a message that waits no longer, nothing is left to replace.
    let withdrawn = stores.parking.withdraw(&deletion, &originals);
    withdrawn.await.unwrap();
    assert_eq!(stores.texts(&both).await, ["Hello from two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_workers_that_give_up_the_same_parked_message_one_makes_the_entry_and_is_told_so() {
    let stores = Stores::start().await;
    assert_eq!(stores.park("one", None).await, Parked::Parked);
    let refused = job("one");
    let given_up = |parked| GivenUp {
        job: &refused,
        attempts: 2,
        parked,
        event: None,
        reason: "http_400",
        at: at(6),
    };
    let parking = &stores.parking;
    assert!(parking.give_up(&given_up(Some(1))).await.unwrap());
    assert!(!parking.give_up(&given_up(Some(1))).await.unwrap());
    // One that was never parked is given up by whoever has its job.
    assert!(parking.give_up(&given_up(None)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_another_worker_delivered_is_neither_parked_nor_given_up() {
    let stores = Stores::start().await;
    let job = job("one");
    let event = HandledEvent::delivered(&job, Repeats::ForEver, at(5));
    let parking = Parking {
        job: &job,
        attempts: 1,
        behind: None,
        event: Some(&event),
        at: at(5),
    };
    let given_up = GivenUp {
        job: &job,
        attempts: 1,
        parked: None,
        event: Some(&event),
        reason: "http_400",
        at: at(6),
    };
    let key = keys::handled_event(job.connector_id, job.event_key());
    let time = json!({"S": at(4).to_string()});
    let row =
        json!({"pk": {"S": key.pk}, "sk": {"S": key.sk}, "handled_at": time, "delivered_at": time});
    stores.db.put_raw(&row).unwrap();
    let store = &stores.parking;
    assert_eq!(store.park(&parking).await.unwrap(), Parked::Stale);
    assert!(!store.give_up(&given_up).await.unwrap());
    assert!(stores.read().await.1.is_none());
    // Any other message is, and its event is on record with it.
    let pk = key.pk.clone();
    stores.db.delete_raw(&pk, &key.sk).unwrap();
    assert_eq!(store.park(&parking).await.unwrap(), Parked::Parked);
    let rows = stores.db.items().unwrap();
    let event = rows.iter().find(|row| row["pk"] == pk.as_str()).unwrap();
    assert!(event.contains_key("veiled_conversation"), "{event:?}");
    assert!(!event.contains_key("delivered_at"), "{event:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_that_is_ordered_meanwhile_is_not_forgotten() {
    let stores = Stores::start().await;
    assert!(matches!(
        stores.claim("none", 0).await,
        Claim::NothingPending
    ));
    let parking = &stores.parking;
    parking.order_drain(agent(), at(10), at(5)).await.unwrap();
    parking.order_drain(agent(), at(90), at(5)).await.unwrap();
    assert!(stores.read().await.0.has_drain);
    assert!(matches!(stores.claim("early", 9).await, Claim::NotBefore(time) if time == at(10)));
    let Claim::Claimed(claimed) = stores.claim("one", 10).await else {
        panic!("not claimed");
    };
    assert!(matches!(stores.claim("two", 11).await, Claim::HeldUntil(_)));
    parking.order_drain(agent(), at(12), at(12)).await.unwrap();
    let again = parking.finish_drain(claimed.clone()).await.unwrap();
    let again = again.unwrap();
    assert_eq!(again.orders, claimed.orders + 1);
    assert_eq!(parking.finish_drain(again.clone()).await.unwrap(), None);
    // Its answer was lost.
    assert_eq!(parking.finish_drain(again.clone()).await.unwrap(), None);
    assert!(!stores.read().await.0.has_drain);

    parking.order_drain(agent(), at(13), at(13)).await.unwrap();
    let Claim::Claimed(third) = stores.claim("three", 13).await else {
        panic!("not claimed");
    };
    let later = Postponement::waited(1, at(40));
    parking.postpone_drain(&third, later).await.unwrap();
    assert!(parking.finish_drain(again).await.is_err());
    assert!(matches!(
        stores.claim("four", 39).await,
        Claim::NotBefore(_)
    ));
    assert!(matches!(stores.claim("four", 40).await, Claim::Claimed(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_place_of_a_drain_is_kept_with_its_order_and_goes_with_it() {
    let stores = Stores::start().await;
    let parking = &stores.parking;
    parking.order_drain(agent(), at(0), at(0)).await.unwrap();
    let Claim::Claimed(mut first) = stores.claim("one", 0).await else {
        panic!("not claimed");
    };
    assert_eq!((first.attempt, first.place), (1, None));
    let place = |name: &str| Some(ConversationId::derive(&[name]));
    first.place = place("here");
    let later = Postponement::waited(1, at(10));
    parking.postpone_drain(&first, later).await.unwrap();
    let Claim::Claimed(second) = stores.claim("two", 10).await else {
        panic!("not claimed");
    };
    assert_eq!((second.attempt, second.place), (1, place("here")));
    // The answer to the first worker was lost, and it says the same again.
    first.place = place("elsewhere");
    parking.postpone_drain(&first, later).await.unwrap();

    // The second worker died, and a third one has the lease when it comes back.
    let Claim::Claimed(mut third) = stores.claim("three", 90).await else {
        panic!("not claimed");
    };
    assert_eq!((third.attempt, third.place), (2, place("here")));
    assert!(parking.postpone_drain(&second, later).await.is_err());
    third.place = place("further");
    let later = Postponement::waited(1, at(100));
    parking.postpone_drain(&third, later).await.unwrap();
    let Claim::Claimed(fourth) = stores.claim("four", 100).await else {
        panic!("not claimed");
    };
    assert_eq!((fourth.attempt, fourth.place), (1, place("further")));
    assert_eq!(parking.finish_drain(fourth).await.unwrap(), None);

    parking
        .order_drain(agent(), at(101), at(101))
        .await
        .unwrap();
    let Claim::Claimed(fifth) = stores.claim("five", 101).await else {
        panic!("not claimed");
    };
    assert_eq!((fifth.attempt, fifth.place), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_read_the_same_state_take_no_more_slots_than_there_are() {
    let stores = Stores::start().await;
    let state = AgentState::default();
    let requests: Vec<SlotRequest> = (0..12)
        .map(|number| slot(&number.to_string(), 5, 0))
        .collect();
    let taking = requests.iter().map(|request| stores.take(&state, request));
    let outcomes = futures_util::future::join_all(taking).await;
    let mut held = Vec::new();
    for outcome in outcomes {
        if let TakenSlot::Taken(slot) = outcome {
            held.push(slot);
        }
    }
    assert_eq!(held.len(), 5);
    let (full, _) = stores.read().await;
    assert_eq!(full.health.slots_taken(at(34)), 5);
    assert_eq!(
        stores.take(&full, &slot("late", 5, 34)).await,
        TakenSlot::Full
    );

    let after = stores
        .agents
        .note(agent(), &full, &AgentNote::Answered, Some(held[0]))
        .await
        .unwrap();
    assert_eq!(after.slots_taken(at(34)), 4);
    // The others were never given back.
    let taken = stores.take(&full, &slot("later", 5, 35)).await;
    let TakenSlot::Taken(new) = taken else {
        panic!("{taken:?}");
    };
    // The holder before comes too late to give it back.
    let before = held.iter().find(|slot| slot.number == new.number);
    if let Some(before) = before {
        let failure = failed(36);
        let noted = stores.agents.note(agent(), &full, &failure, Some(*before));
        assert_eq!(noted.await.unwrap().slots[&new.number].id, new.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_that_are_noted_at_once_all_count_until_the_breaker_is_open() {
    let stores = Stores::start().await;
    let state = AgentState::default();
    let notes: Vec<AgentNote> = (0..8).map(failed).collect();
    let noting = notes
        .iter()
        .map(|note| stores.agents.note(agent(), &state, note, None));
    for noted in futures_util::future::join_all(noting).await {
        noted.unwrap();
    }
    let (down, _) = stores.read().await;
    assert!(down.health.breaker.is_some());
    assert_eq!(down.health.failures, FAILURES_UNTIL_OPEN);
    assert_eq!(stores.take(&state, &slot("l", 5, 9)).await, TakenSlot::Full);
    let answered = AgentNote::Answered;
    let note = stores.agents.note(agent(), &down, &answered, None);
    assert!(!note.await.unwrap().is_unwell());
    assert!(!stores.read().await.0.health.is_unwell());
}
