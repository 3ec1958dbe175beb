//! Orders to erase, straight from their store: two workers at once, and orders that replace each other.

use std::{sync::Arc, time::Duration};
use vestibule_adapters::{clock::SystemClock, dynamo::DynamoErasures};
use vestibule_coldstart::Adapters;
use vestibule_domain::{
    AccountScope, ProjectScope, Timestamp,
    account::{Project, actor::Actor},
    chat::history::HistoryDays,
    erasure::{AfterErasedPage, Erasure, ErasurePosition},
    event::{AuditEntry, Change, Event, told::Told},
    ids::{AccountId, AuditId, IdSource, LeaseId, ProjectId, SystemIds},
    ports::{Claim, Eraser, Lease, ProjectStore, Resume},
    vars::Vars,
};
use vestibule_testkit::dynamodb::DynamoDb;

const NOW: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis((NOW + second) * 1000)
}

fn scope() -> ProjectScope {
    AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]))
}

fn lease(id: &str, second: i64) -> Lease {
    Lease {
        id: LeaseId::derive(&[id]),
        now: at(second),
        time: Duration::from_mins(1),
    }
}

fn audit() -> AuditEntry {
    AuditEntry {
        id: AuditId::new(SystemIds.draw()),
        scope: scope().account(),
        at: at(0),
        actor: Actor {
            id: "member:grace".to_owned(),
            name: "Grace Hopper".to_owned(),
        },
        change: Change {
            event: Event::ProjectUpdated(scope().project_id()),
            before: serde_json::Value::Null,
            after: serde_json::Value::Null,
        },
        request_id: "test".to_owned(),
        told: Told::default(),
    }
}

/// A table with a project, and its store of erasures.
struct Stores {
    // The table goes with it.
    _db: DynamoDb,
    erasures: Arc<DynamoErasures>,
    projects: Arc<dyn ProjectStore>,
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
        let (erasures, projects) = (adapters.erasures(), adapters.projects(&vault));
        adapters.finish().unwrap();
        let account = serde_json::json!({
            "pk": {"S": format!("ACCOUNT#{}", scope().account_id())}, "sk": {"S": "ACCOUNT"},
        });
        db.put_raw(&account).unwrap();
        let stores = Self {
            _db: db,
            erasures,
            projects,
        };
        let (project, entry) = (project(1, 30), audit());
        let created = stores.projects.create_project(&project, &[], &entry);
        created.await.unwrap();
        stores
    }

    /// Orders to erase what the project no longer keeps.
    async fn order(&self, version: u64, second: i64) -> Erasure {
        let erasure = Erasure::of_history(scope(), at(second));
        let (project, entry) = (project(version, 7), audit());
        let order = self
            .projects
            .update_and_erase(&project, &erasure, at(second + 60), &entry);
        order.await.unwrap();
        erasure
    }

    async fn claim(&self, id: &str, second: i64) -> Claim<Erasure> {
        let job = Erasure::of_history(scope(), at(0)).job();
        let lease = lease(id, second);
        let claim = self.erasures.claim_erasure(job, &lease);
        claim.await.unwrap()
    }

    async fn claimed(&self, id: &str, second: i64) -> Erasure {
        match self.claim(id, second).await {
            Claim::Claimed(erasure) => erasure,
            other => panic!("{id} has no claim: {other:?}"),
        }
    }
}

fn project(version: u64, days: u16) -> Project {
    Project {
        scope: scope(),
        name: "Help desk".to_owned(),
        history_days: HistoryDays::new(days).unwrap(),
        archived_at: None,
        version,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn next(erasure: Erasure, second: i64) -> Erasure {
    let position = Some(ErasurePosition("{}".to_owned()));
    match erasure.after_page(at(second), position) {
        AfterErasedPage::Next(next) => next,
        other => panic!("more is left: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_workers_one_has_the_erasure_and_the_other_changes_nothing() {
    let stores = Stores::start().await;
    assert!(matches!(
        stores.claim("early", 0).await,
        Claim::NothingPending
    ));
    stores.order(1, 0).await;
    let first = stores.claimed("one", 1).await;
    assert!(matches!(stores.claim("two", 2).await, Claim::HeldUntil(until) if until == at(61)));
    // The first worker was too slow: the second one has taken over, and goes on.
    let second = stores.claimed("two", 62).await;
    let lost_at = Resume::Enqueued(at(200));
    let stale = next(first.clone(), 63);
    assert!(!stores.erasures.save_erasure(&stale, lost_at).await.unwrap());
    assert!(!stores.erasures.finish_erasure(&first).await.unwrap());
    let saved = next(second, 63);
    for _ in 0..2 {
        // Again after an answer that was lost.
        assert!(stores.erasures.save_erasure(&saved, lost_at).await.unwrap());
    }
    let third = stores.claimed("three", 64).await;
    assert_eq!(third.position, saved.position);
    assert_eq!(third.pass_began_at, Some(at(63)));
    for _ in 0..2 {
        assert!(stores.erasures.finish_erasure(&third).await.unwrap());
    }
    let gone = stores.claim("four", 300).await;
    assert!(matches!(gone, Claim::NothingPending));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_order_begins_anew_and_the_worker_on_the_earlier_one_does_not_end_it() {
    let stores = Stores::start().await;
    stores.order(1, 0).await;
    let first = stores.claimed("one", 1).await;
    stores.order(2, 5).await;
    let lost_at = Resume::Enqueued(at(200));
    let stale = next(first.clone(), 6);
    assert!(!stores.erasures.save_erasure(&stale, lost_at).await.unwrap());
    assert!(!stores.erasures.finish_erasure(&first).await.unwrap());
    let second = stores.claimed("two", 7).await;
    assert_eq!((second.since, second.position), (at(5), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_waits_for_its_second_pass_is_not_claimed_before() {
    let stores = Stores::start().await;
    stores.order(1, 0).await;
    let first = stores.claimed("one", 1).await;
    let AfterErasedPage::Again(again, due) = first.after_page(at(1), None) else {
        panic!("a second pass follows");
    };
    let saved = stores.erasures.save_erasure(&again, Resume::At(due));
    assert!(saved.await.unwrap());
    let early = stores.claim("two", 119).await;
    assert!(matches!(early, Claim::NotBefore(until) if until == at(120)));
    let second = stores.claimed("three", 120).await;
    assert!(second.is_last_pass(at(120)));
}
