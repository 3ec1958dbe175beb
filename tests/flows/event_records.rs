//! Outgoing events, subscriptions and deliveries, straight from their stores: what races and what is done twice.

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use vestibule_adapters::{
    clock::SystemClock,
    dynamo::{DynamoEventDeliveries, DynamoEvents, DynamoSubscriptions},
};
use vestibule_coldstart::Adapters;
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{
        actor::Actor,
        agent_health::AgentFailure,
        proof::{CallerProof, CredentialPlace},
    },
    event::{
        AuditEntry, Change, Event,
        catalogue::EventType,
        delivery::{EventAttempt, EventDelivery, EventDeliveryStatus},
        health::{CallNote, Room, SubscriptionStatus},
        outgoing::OutgoingEvent,
        subscription::{SUBSCRIPTIONS_MAX, Subscription},
        told::Told,
    },
    ids::{
        AccountId, AuditId, IdSource, LeaseId, MemberId, OutgoingEventId, SubscriptionId, SystemIds,
    },
    job::{PublishEvent, SendEvent},
    page::{Order, PageRequest},
    ports::{
        AgentReply, By, Claim, EventDeliveryFilter, EventPublisher, EventSender, Lease, SentAgain,
        SubscriptionAdded, SubscriptionStore, TestBegun,
    },
    vars::Vars,
};
use vestibule_testkit::dynamodb::DynamoDb;

const NOW: i64 = 1_800_000_000;
const KEY: &str = "00ff";

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis((NOW + second) * 1000)
}

fn scope() -> AccountScope {
    AccountScope::of_verified(AccountId::derive(&["a"]))
}

fn proof() -> CallerProof {
    CallerProof {
        credential: CredentialPlace::ApiKey {
            hash: KEY.to_owned(),
        },
        scope: scope(),
        member: None,
        roles_version: None,
    }
}

fn entry(event: Event) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(SystemIds.draw()),
        scope: scope(),
        at: at(0),
        actor: Actor::system(),
        change: Change {
            event,
            before: Value::Null,
            after: Value::Null,
        },
        request_id: "test".to_owned(),
        told: Told::default(),
    }
}

fn subscription(name: &str) -> Subscription {
    Subscription {
        id: SubscriptionId::derive(&[name]),
        scope: scope(),
        name: name.to_owned(),
        url: format!("https://{name}.example.com/"),
        created_at: at(0),
        updated_at: at(0),
        ..vestibule_samples::subscription()
    }
}

fn event(name: &str) -> OutgoingEvent {
    let kind = EventType::MemberLeft;
    OutgoingEvent::new(kind, scope(), at(0), &[name], Told::default())
}

fn lease(name: &str, second: i64) -> Lease {
    Lease {
        id: LeaseId::derive(&[name]),
        now: at(second),
        time: Duration::from_mins(1),
    }
}

fn refused(second: i64) -> EventAttempt {
    let reply = AgentReply::Refused {
        status: 503,
        body: b"busy".to_vec(),
        after: None,
    };
    EventAttempt::of(&reply, at(second), Duration::from_millis(5), true)
}

fn failed(second: i64, is_probe: bool) -> CallNote {
    CallNote::Failed {
        failure: AgentFailure::new(at(second), "http 503"),
        wait: None,
        is_probe,
    }
}

/// The stores over one table.
struct Stores {
    db: DynamoDb,
    events: Arc<DynamoEvents>,
    deliveries: Arc<DynamoEventDeliveries>,
    subscriptions: Arc<DynamoSubscriptions>,
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
                "KMS_KEY_ID" => "key",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let mut adapters = Adapters::new(Vars::new(&variable), Arc::new(SystemClock));
        let vault = adapters.vault();
        let events = adapters.outgoing_events();
        let deliveries = adapters.event_deliveries();
        let subscriptions = adapters.subscriptions(&vault);
        adapters.finish().unwrap();
        // The caller's key.
        let key = json!({
            "pk": {"S": format!("ACCOUNT#{}", scope().account_id())}, "sk": {"S": format!("KEY#{KEY}")},
            "expires_at_time": {"S": at(10_000_000).to_string()},
        });
        db.put_raw(&key).unwrap();
        Self {
            db,
            events,
            deliveries,
            subscriptions,
        }
    }

    /// Adds a subscription, under an entry about this event.
    async fn add_for(&self, name: &str, event: Event) -> SubscriptionAdded {
        let (entry, proof) = (entry(event), proof());
        let by = By {
            audit: &entry,
            proof: &proof,
        };
        let new = subscription(name);
        self.subscriptions.add_subscription(&new, by).await.unwrap()
    }

    async fn add(&self, name: &str) -> Subscription {
        let subscription = subscription(name);
        let added = self
            .add_for(name, Event::SubscriptionCreated(subscription.id))
            .await;
        assert!(matches!(added, SubscriptionAdded::New), "{added:?}");
        subscription
    }

    /// Orders the delivery of an event.
    async fn deliver(&self, to: &Subscription, event: &OutgoingEvent) -> Vec<SendEvent> {
        let ordered = self.events.deliver(to, std::slice::from_ref(event), at(0));
        ordered.await.unwrap()
    }

    async fn claimed(&self, job: SendEvent, lease: &Lease) -> EventDelivery {
        match self.deliveries.claim_delivery(job, lease).await.unwrap() {
            Claim::Claimed(delivery) => delivery,
            other => panic!("it has no claim: {other:?}"),
        }
    }

    async fn listed(
        &self,
        id: SubscriptionId,
        status: Option<EventDeliveryStatus>,
    ) -> Vec<EventDelivery> {
        let filter = EventDeliveryFilter {
            status,
            since: at(-1),
        };
        let page = PageRequest {
            limit: 100,
            cursor: None,
            order: Order::OldestFirst,
        };
        let listed = self
            .subscriptions
            .event_deliveries(scope(), id, &filter, &page);
        listed.await.unwrap().items
    }

    async fn delete(&self, subscription: &Subscription) {
        let (entry, proof) = (entry(Event::SubscriptionDeleted(subscription.id)), proof());
        let by = By {
            audit: &entry,
            proof: &proof,
        };
        let deleted = self.subscriptions.delete_subscription(subscription, by);
        deleted.await.unwrap();
    }

    /// Rows beside a subscription.
    fn rows_beside(&self, id: SubscriptionId) -> usize {
        let partition = format!("#SUBSCRIPTION#{id}");
        let rows = self.db.items().unwrap();
        let beside = rows
            .iter()
            .filter(|row| row["pk"].as_str().unwrap().ends_with(&partition));
        beside.count()
    }

    /// Rows of outgoing events of this type.
    fn events_of(&self, kind: EventType) -> usize {
        let rows = self.db.items().unwrap();
        let of_kind = rows
            .iter()
            .filter(|row| row["pk"].as_str().unwrap().contains("#OUTGOING_EVENT#"))
            .filter(|row| row["kind"] == kind.key());
        of_kind.count()
    }
}

/// SPEC F04.
#[tokio::test]
async fn a_change_that_the_account_hears_is_published_once_to_whoever_asks_for_it() {
    let stores = Stores::start().await;
    let left = Event::MemberLeft(MemberId::derive(&["m"]));
    let added = stores.add_for("crm", left).await;
    assert!(matches!(added, SubscriptionAdded::New), "{added:?}");
    let jobs = stores.events.unpublished(scope(), 10).await.unwrap();
    assert_eq!(jobs.len(), 1);
    let event = stores.events.event(jobs[0]).await.unwrap().unwrap();
    assert_eq!(event.kind, EventType::MemberLeft);
    assert!(event.missing().is_empty());
    let subscribers = stores.events.subscribers(scope()).await.unwrap();
    assert_eq!(subscribers, [subscription("crm")]);
    let ordered = stores.deliver(&subscribers[0], &event).await;
    assert_eq!(ordered.len(), 1);
    assert!(stores.deliver(&subscribers[0], &event).await.is_empty());
    stores.events.published(&jobs).await.unwrap();
    stores.events.published(&jobs).await.unwrap();
    assert_eq!(stores.events.event(jobs[0]).await.unwrap(), None);
    let left = stores.events.unpublished(scope(), 10).await.unwrap();
    assert_eq!(left, []);
    let another = AccountScope::of_verified(AccountId::derive(&["b"]));
    let none = stores.events.subscribers(another).await.unwrap();
    assert_eq!(none, []);
    let job = PublishEvent {
        scope: another,
        event_id: event.id,
    };
    assert_eq!(stores.events.event(job).await.unwrap(), None);
}

/// SPEC F04.
#[tokio::test]
async fn workers_at_once_number_the_events_of_a_subscription_without_a_gap() {
    let stores = Stores::start().await;
    let subscription = stores.add("crm").await;
    let events: Vec<OutgoingEvent> = (0..6).map(|number| event(&number.to_string())).collect();
    // Each event comes twice.
    let orders = events.iter().chain(&events);
    let ordered = join_all(orders.map(|event| stores.deliver(&subscription, event))).await;
    assert_eq!(ordered.iter().flatten().count(), events.len());
    let more = [event("7"), event("0"), event("8")];
    let rest = stores.events.deliver(&subscription, &more, at(0)).await;
    assert_eq!(rest.unwrap().len(), 2);
    let listed = stores.listed(subscription.id, None).await;
    let numbers: Vec<u64> = listed.iter().map(|delivery| delivery.sequence).collect();
    assert_eq!(numbers, (1..=8).collect::<Vec<u64>>());
}

#[tokio::test]
async fn an_account_has_twenty_subscriptions_and_room_again_once_one_is_deleted() {
    let stores = Stores::start().await;
    for number in 0..SUBSCRIPTIONS_MAX {
        stores.add(&format!("s{number}")).await;
    }
    let created = Event::SubscriptionCreated(SubscriptionId::derive(&["x"]));
    let added = stores.add_for("x", created).await;
    assert!(matches!(added, SubscriptionAdded::TooMany), "{added:?}");
    let added = stores.add_for("s3", created).await;
    let SubscriptionAdded::Existing(existing) = added else {
        panic!("{added:?}");
    };
    assert_eq!(*existing, subscription("s3"));
    stores.delete(&existing).await;
    stores.add("x").await;
    let all = stores.subscriptions.subscriptions(scope()).await.unwrap();
    assert_eq!(all.len(), SUBSCRIPTIONS_MAX);
}

#[tokio::test]
async fn a_delivery_is_claimed_by_one_worker_and_waits_for_its_next_attempt() {
    let stores = Stores::start().await;
    let subscription = stores.add("crm").await;
    let job = stores.deliver(&subscription, &event("1")).await.remove(0);
    let one = lease("1", 1);
    let delivery = stores.claimed(job, &one).await;
    let two = lease("2", 2);
    let held = stores.deliveries.claim_delivery(job, &two).await.unwrap();
    assert!(matches!(held, Claim::HeldUntil(_)), "{held:?}");
    let tried = delivery.tried(refused(1), None);
    let store = &stores.deliveries;
    store.store_delivery(&tried, one.id).await.unwrap();
    store.store_delivery(&tried, one.id).await.unwrap();
    let lost = store.store_delivery(&tried, two.id).await.unwrap_err();
    assert!(Lease::is_lost(&lost), "{lost}");
    let early = store.claim_delivery(job, &two).await.unwrap();
    assert!(
        matches!(early, Claim::NotBefore(until) if until == at(6)),
        "{early:?}"
    );
    let later = lease("3", 6);
    let again = stores.claimed(job, &later).await;
    assert_eq!(again, tried);
    let delivered = EventDelivery {
        status: EventDeliveryStatus::Delivered,
        next_try_at: None,
        ..again
    };
    store.store_delivery(&delivered, later.id).await.unwrap();
    let over = store.claim_delivery(job, &lease("4", 999)).await.unwrap();
    assert!(matches!(over, Claim::NothingPending), "{over:?}");
    let waiting = EventDeliveryStatus::Waiting;
    assert_eq!(stores.listed(subscription.id, Some(waiting)).await, []);
    let all = stores.listed(subscription.id, None).await;
    assert_eq!(all, [delivered]);
}

/// SPEC F04: a subscription that fails for days is paused, and everybody else hears of it once.
#[tokio::test]
async fn a_subscription_that_fails_for_three_days_is_paused_and_resumed_by_hand() {
    let stores = Stores::start().await;
    let subscription = stores.add("crm").await;
    let (store, id) = (&stores.deliveries, subscription.id);
    let job = stores.deliver(&subscription, &event("1")).await.remove(0);
    let mut health = store.sending(job).await.unwrap().health;
    for second in 0..3 {
        let note = failed(second, false);
        health = store
            .note_call(scope(), id, &health, &note, None)
            .await
            .unwrap();
    }
    assert_eq!(health.status(), SubscriptionStatus::Down);
    // Only one of two workers probes.
    let (one, two) = (LeaseId::derive(&["1"]), LeaseId::derive(&["2"]));
    let probe = store.take_call(scope(), id, &health, one, at(60)).await;
    let (room, probing) = probe.unwrap();
    assert_eq!(room, Room::Probe);
    let late = store.take_call(scope(), id, &health, two, at(60)).await;
    assert!(matches!(late.unwrap().0, Room::WaitUntil(_)));
    let three_days = 3 * 24 * 60 * 60;
    let note = failed(three_days, true);
    let stale = health.clone();
    let paused = store
        .note_call(scope(), id, &probing, &note, Some(one))
        .await
        .unwrap();
    assert_eq!(paused.status(), SubscriptionStatus::Paused);
    assert_eq!(stores.events_of(EventType::WebhookPaused), 1);
    let twice = store.note_call(scope(), id, &stale, &note, None).await;
    assert_eq!(twice.unwrap().paused, paused.paused);
    assert_eq!(stores.events_of(EventType::WebhookPaused), 1);
    assert_eq!(stores.events.subscribers(scope()).await.unwrap(), []);
    let (entry, proof) = (entry(Event::SubscriptionResumed(id)), proof());
    let by = By {
        audit: &entry,
        proof: &proof,
    };
    let resumed = stores.subscriptions.resume_subscription(scope(), id, by);
    assert!(resumed.await.unwrap());
    let subscribers = stores.events.subscribers(scope()).await.unwrap();
    assert_eq!(subscribers, [subscription]);
    let ids = [id];
    let shown = stores.subscriptions.subscription_health(scope(), &ids);
    assert_eq!(
        shown.await.unwrap()[&id].status(),
        SubscriptionStatus::Active
    );
}

#[tokio::test]
async fn what_comes_late_leaves_nothing_of_a_deleted_subscription_but_the_delivery_that_ends() {
    let stores = Stores::start().await;
    let subscription = stores.add("crm").await;
    let (store, id) = (&stores.deliveries, subscription.id);
    let job = stores.deliver(&subscription, &event("1")).await.remove(0);
    let one = lease("1", 1);
    stores.claimed(job, &one).await;
    let well = store.sending(job).await.unwrap().health;
    let note = failed(1, false);
    let failing = store.note_call(scope(), id, &well, &note, None).await;
    let failing = failing.unwrap();
    stores.delete(&subscription).await;
    for read in [well, failing] {
        for late in [failed(2, false), CallNote::Gone(at(2))] {
            let noted = store.note_call(scope(), id, &read, &late, None).await;
            assert_eq!(noted.unwrap().paused, None, "{late:?}");
        }
        let slot = LeaseId::derive(&["slot"]);
        let taken = store.take_call(scope(), id, &read, slot, at(2)).await;
        assert!(matches!(taken.unwrap().0, Room::WaitUntil(_)), "{read:?}");
    }
    assert_eq!(stores.deliver(&subscription, &event("2")).await, []);
    assert_eq!(stores.events_of(EventType::WebhookPaused), 0);
    assert_eq!(stores.rows_beside(id), 1);
    store.end_delivery(job, one.id).await.unwrap();
    assert_eq!(stores.rows_beside(id), 0);
}

#[tokio::test]
async fn an_event_is_sent_again_while_it_is_kept() {
    let stores = Stores::start().await;
    let left = Event::MemberLeft(MemberId::derive(&["m"]));
    stores.add_for("crm", left).await;
    let jobs = stores.events.unpublished(scope(), 10).await.unwrap();
    let event = stores.events.event(jobs[0]).await.unwrap().unwrap();
    let job = stores.deliver(&subscription("crm"), &event).await.remove(0);
    let one = lease("1", 1);
    let delivery = stores.claimed(job, &one).await;
    let given_up = EventDelivery {
        status: EventDeliveryStatus::Failed,
        tries: 25,
        next_try_at: None,
        ..delivery
    };
    let writing = stores.deliveries.store_delivery(&given_up, one.id);
    writing.await.unwrap();
    let (entry, proof) = (
        entry(Event::SubscriptionSentAgain(job.subscription_id)),
        proof(),
    );
    let by = By {
        audit: &entry,
        proof: &proof,
    };
    let again = stores.subscriptions.send_again(job, at(100), by).await;
    let SentAgain::Ordered(again) = again.unwrap() else {
        panic!("it is gone");
    };
    assert_eq!(
        (again.status, again.tries),
        (EventDeliveryStatus::Waiting, 0)
    );
    let claimed = stores.claimed(job, &lease("2", 100)).await;
    assert_eq!(claimed, *again);
    let unknown = SendEvent {
        event_id: OutgoingEventId::derive(&["unknown"]),
        ..job
    };
    let gone = stores.subscriptions.send_again(unknown, at(100), by).await;
    assert_eq!(gone.unwrap(), SentAgain::Gone);
}

#[tokio::test]
async fn an_account_tests_one_subscription_at_a_time() {
    let stores = Stores::start().await;
    let (one, two) = (
        OutgoingEventId::derive(&["1"]),
        OutgoingEventId::derive(&["2"]),
    );
    let store = &stores.subscriptions;
    let begin = async |id, second| {
        let entry = entry(Event::SubscriptionTested(SubscriptionId::derive(&["s"])));
        let begun = store.begin_test(scope(), id, at(second), &entry).await;
        begun.unwrap()
    };
    assert_eq!(begin(one, 0).await, TestBegun::Begun);
    let busy = TestBegun::Busy(Duration::from_secs(11));
    assert_eq!(begin(two, 4).await, busy);
    store.end_test(scope(), two).await.unwrap();
    assert_eq!(begin(two, 4).await, busy);
    store.end_test(scope(), one).await.unwrap();
    assert_eq!(begin(two, 4).await, TestBegun::Begun);
    assert_eq!(begin(one, 19).await, TestBegun::Begun);
}
