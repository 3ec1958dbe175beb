//! The worker with an index in memory.

mod no_imports;

use crate::{Deps, handle};
use async_trait::async_trait;
use no_imports::NoImports;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use vestibule_domain::{
    AccountScope, Clock, PortError, ProjectScope, Timestamp,
    ids::{AccountId, ChatUserId, LeaseId, ProjectId, SystemIds},
    job::IndexJob,
    ports::{Claim, IndexQueue, IndexedPage, Lease, SearchIndexer},
    search::{IndexProject, IndexRecord, ProjectList, ProjectPlace, SearchTarget},
};
use vestibule_edge::batch::Outcome;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn scope() -> ProjectScope {
    AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]))
}

fn record() -> IndexRecord {
    IndexRecord {
        scope: scope(),
        target: SearchTarget::ChatUser(ChatUserId::derive(&["u"])),
    }
}

/// A clock that goes two seconds further each time it is read.
#[derive(Default)]
struct Ticking(AtomicI64);

#[async_trait]
impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let reads = self.0.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_millis(NOW.millis() + reads * 2000)
    }

    async fn wait_until(&self, at: Timestamp) {
        panic!("no wait until {at}");
    }
}

/// An index, and what was done.
#[derive(Default)]
struct Memory {
    held_until: Option<Timestamp>,
    fails: bool,
    changes_meanwhile: bool,
    /// Pages of a project, of three records each.
    pages: usize,
    done: Mutex<Vec<String>>,
    enqueued: Mutex<Vec<IndexJob>>,
}

impl Memory {
    fn note(&self, what: impl Into<String>) {
        self.done.lock().unwrap().push(what.into());
    }
}

#[async_trait]
impl SearchIndexer for Memory {
    async fn claim_indexing(&self, _: IndexRecord, _: &Lease) -> Result<Claim<u32>, PortError> {
        Ok(match self.held_until {
            Some(until) => Claim::HeldUntil(until),
            None => Claim::Claimed(2),
        })
    }

    async fn index_record(&self, _: ProjectScope, _: SearchTarget) -> Result<bool, PortError> {
        if self.fails {
            return Err(PortError::Conflict { what: "index" });
        }
        self.note("indexed");
        Ok(true)
    }

    async fn settle_indexing(&self, _: IndexRecord, _: LeaseId, _: bool) -> Result<(), PortError> {
        if self.changes_meanwhile {
            return Err(Lease::LOST);
        }
        self.note("settled");
        Ok(())
    }

    async fn postpone_indexing(
        &self,
        _: IndexRecord,
        _: LeaseId,
        attempts: u32,
        until: Timestamp,
    ) -> Result<(), PortError> {
        assert!(until > NOW);
        self.note(format!("postponed after {attempts}"));
        Ok(())
    }

    async fn index_page(
        &self,
        _: ProjectScope,
        place: &ProjectPlace,
        only_checks: bool,
    ) -> Result<IndexedPage, PortError> {
        let page: usize = place.behind.as_ref().map_or(0, |at| at.parse().unwrap());
        self.note(format!("page {page} {only_checks}"));
        Ok(IndexedPage {
            records: 3,
            differences: 1,
            next: (page + 1 < self.pages).then(|| ProjectPlace {
                list: ProjectList::ChatUsers,
                behind: Some((page + 1).to_string()),
            }),
        })
    }
}

#[async_trait]
impl IndexQueue for Memory {
    async fn enqueue_index(&self, job: IndexJob) -> Result<(), PortError> {
        self.enqueued.lock().unwrap().push(job);
        Ok(())
    }
}

/// Does a job, and returns its outcome with what was done.
async fn work(memory: Memory, job: &IndexJob, receives: u32) -> (Outcome, Arc<Memory>) {
    let memory = Arc::new(memory);
    let deps = Deps {
        index: memory.clone(),
        imports: Arc::new(NoImports),
        queue: memory.clone(),
        clock: Arc::new(Ticking::default()),
        ids: Arc::new(SystemIds),
    };
    let body = serde_json::to_string(job).unwrap();
    (handle(&deps, &body, receives).await, memory)
}

fn done(memory: &Memory) -> Vec<String> {
    memory.done.lock().unwrap().clone()
}

#[tokio::test]
async fn a_record_is_indexed_and_then_its_order_ends() {
    let job = IndexJob::IndexRecord(record());
    let (outcome, memory) = work(Memory::default(), &job, 1).await;
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(done(&memory), ["indexed", "settled"]);
}

#[tokio::test]
async fn an_order_that_fails_waits_and_one_that_was_renewed_meanwhile_stays() {
    let job = IndexJob::IndexRecord(record());
    let failing = Memory {
        fails: true,
        ..Memory::default()
    };
    let (outcome, memory) = work(failing, &job, 1).await;
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(done(&memory), ["postponed after 2"]);
    let changing = Memory {
        changes_meanwhile: true,
        ..Memory::default()
    };
    let (outcome, memory) = work(changing, &job, 1).await;
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(done(&memory), ["indexed"]);
}

#[tokio::test]
async fn a_job_whose_first_worker_may_have_died_stays_in_the_queue_until_its_lease_ends() {
    let job = IndexJob::IndexRecord(record());
    let held = || Memory {
        held_until: Some(NOW.plus(Duration::from_secs(40))),
        ..Memory::default()
    };
    let (outcome, memory) = work(held(), &job, 1).await;
    assert_eq!((outcome, done(&memory).len()), (Outcome::Done, 0));
    let (outcome, _) = work(held(), &job, 2).await;
    assert!(matches!(outcome, Outcome::Retry { after: Some(_) }));
}

#[tokio::test]
async fn a_project_is_gone_through_page_by_page_and_the_rest_is_another_job() {
    let order = |place| {
        IndexJob::IndexProject(IndexProject {
            scope: scope(),
            only_checks: true,
            place,
        })
    };
    let short = Memory {
        pages: 2,
        ..Memory::default()
    };
    let (outcome, memory) = work(short, &order(None), 1).await;
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(done(&memory), ["page 0 true", "page 1 true"]);
    assert!(memory.enqueued.lock().unwrap().is_empty());

    let long = Memory {
        pages: 9,
        ..Memory::default()
    };
    let (outcome, memory) = work(long, &order(None), 1).await;
    assert_eq!(outcome, Outcome::Done);
    let pages = done(&memory).len();
    assert!((1..9).contains(&pages), "{pages}");
    let rest = ProjectPlace {
        list: ProjectList::ChatUsers,
        behind: Some(pages.to_string()),
    };
    assert_eq!(*memory.enqueued.lock().unwrap(), [order(Some(rest))]);
}

#[tokio::test]
async fn a_job_that_cannot_be_read_goes_back_to_the_queue() {
    let memory = Arc::new(Memory::default());
    let deps = Deps {
        index: memory.clone(),
        imports: Arc::new(NoImports),
        queue: memory,
        clock: Arc::new(Ticking::default()),
        ids: Arc::new(SystemIds),
    };
    assert_eq!(handle(&deps, "{}", 1).await, Outcome::RETRY);
}
