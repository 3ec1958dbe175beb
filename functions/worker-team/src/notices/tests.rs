//! Rounds of notices, with stores in memory.

use crate::{Deps, handle, unused::Unused};
use async_trait::async_trait;
use ring::rand::SystemRandom;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use vestibule_domain::{
    AccountScope, Clock, PortError, ProjectScope, Timestamp,
    account::email_address::EmailAddress,
    ids::{AccountId, ClientId, LeaseId, LoginId, MailId, MemberId, ProjectId, SystemIds},
    job::{SendMail, SendNotices, TeamJob},
    ports::{Claim, EmailQueue, Lease, NoticeStore, RecipientPage, TeamQueue},
    team::{
        availability::Availability,
        client_access::ClientAccess,
        login::Preferences,
        mail::{Mail, MailKind, NoticedRequest},
        member::{Member, MemberStatus},
        notices::{
            AfterRound, ConnectorRequests, MemberPlace, NOTICE_INTERVAL, NOTICE_LAG, NewRequests,
            NoticeNames, NoticeOrder, Recipient, RecipientLogin, Round,
        },
        role::RoleKey,
        work::Work,
    },
};
use vestibule_edge::batch::Outcome;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn scope() -> ProjectScope {
    AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]))
}

/// A clock that goes this many seconds further each time it is read.
struct Ticking {
    reads: AtomicI64,
    seconds: i64,
}

#[async_trait]
impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let reads = self.reads.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_millis(NOW.millis() + reads * self.seconds * 1000)
    }

    async fn wait_until(&self, at: Timestamp) {
        panic!("no wait until {at}");
    }
}

/// An order, what it is about, and what was done.
#[derive(Default)]
struct Memory {
    order: Option<NoticeOrder>,
    held_until: Option<Timestamp>,
    requests: NewRequests,
    /// Numbers of recipients on each page.
    pages: Vec<usize>,
    /// Whether notices are ordered during each round.
    is_ordered_meanwhile: bool,
    mails: Mutex<BTreeMap<MailId, Mail>>,
    enqueued: Mutex<Vec<SendMail>>,
    saved: Mutex<Vec<Round>>,
    postponed: Mutex<Vec<Timestamp>>,
    ended: Mutex<Vec<(NoticeOrder, AfterRound)>>,
    jobs: Mutex<Vec<TeamJob>>,
}

fn recipient(number: usize) -> Recipient {
    let name = format!("m{number}");
    let email = EmailAddress::parse(&format!("{name}@example.com")).unwrap();
    let login_id = LoginId::derive(&[&name]);
    Recipient {
        member: Member {
            id: MemberId::derive(&[&name]),
            scope: scope().account(),
            login_id: Some(login_id),
            email: email.clone(),
            name,
            role: RoleKey::SuperAdmin,
            extra: BTreeSet::new(),
            clients: ClientAccess::All,
            work: Work::default(),
            availability: Availability::available(NOW),
            limit: None,
            status: MemberStatus::Active,
            invitation_id: None,
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        },
        login: RecipientLogin {
            id: login_id,
            email,
            verified_at: Some(NOW),
            preferences: Preferences::default(),
        },
    }
}

#[async_trait]
impl NoticeStore for Memory {
    async fn claim_notices(
        &self,
        _job: SendNotices,
        _lease: &Lease,
    ) -> Result<Claim<NoticeOrder>, PortError> {
        if let Some(until) = self.held_until {
            return Ok(Claim::HeldUntil(until));
        }
        let order = self.order.clone();
        Ok(order.map_or(Claim::NothingPending, Claim::Claimed))
    }

    async fn save_round(
        &self,
        _job: SendNotices,
        _lease: LeaseId,
        round: &Round,
    ) -> Result<(), PortError> {
        self.saved.lock().unwrap().push(round.clone());
        Ok(())
    }

    async fn postpone_notices(
        &self,
        _job: SendNotices,
        _lease: LeaseId,
        until: Timestamp,
    ) -> Result<(), PortError> {
        self.postponed.lock().unwrap().push(until);
        Ok(())
    }

    async fn end_round(
        &self,
        _job: SendNotices,
        _lease: LeaseId,
        after: &NoticeOrder,
        next: AfterRound,
    ) -> Result<bool, PortError> {
        if self.is_ordered_meanwhile && next == AfterRound::Rest {
            return Ok(false);
        }
        self.ended.lock().unwrap().push((after.clone(), next));
        Ok(true)
    }

    async fn new_requests(
        &self,
        _scope: ProjectScope,
        _span: (Timestamp, Timestamp),
        _now: Timestamp,
    ) -> Result<NewRequests, PortError> {
        Ok(self.requests.clone())
    }

    async fn names(&self, _scope: ProjectScope) -> Result<Option<NoticeNames>, PortError> {
        Ok(Some(NoticeNames {
            account: "Acme".to_owned(),
            project: "Concierge".to_owned(),
        }))
    }

    async fn recipients(
        &self,
        _scope: ProjectScope,
        from: Option<&MemberPlace>,
    ) -> Result<RecipientPage, PortError> {
        let page: usize = from.map_or(0, |place| place.0.parse().unwrap());
        let before: usize = self.pages[..page].iter().sum();
        let recipients = (before..before + self.pages[page]).map(recipient);
        let has_next = page + 1 < self.pages.len();
        Ok(RecipientPage {
            recipients: recipients.collect(),
            next: has_next.then(|| MemberPlace((page + 1).to_string())),
        })
    }

    async fn webhook_readers(
        &self,
        _scope: AccountScope,
        _from: Option<&MemberPlace>,
    ) -> Result<RecipientPage, PortError> {
        panic!("nobody is told of a webhook")
    }

    async fn add_mail(&self, mail: &Mail) -> Result<bool, PortError> {
        let mut mails = self.mails.lock().unwrap();
        Ok(mails.insert(mail.id, mail.clone()).is_none())
    }
}

#[async_trait]
impl EmailQueue for Memory {
    async fn enqueue_email(&self, job: SendMail) -> Result<(), PortError> {
        self.enqueued.lock().unwrap().push(job);
        Ok(())
    }
}

#[async_trait]
impl TeamQueue for Memory {
    async fn enqueue_team(&self, job: TeamJob) -> Result<(), PortError> {
        self.jobs.lock().unwrap().push(job);
        Ok(())
    }
}

fn ordered(seconds_ago: u64) -> NoticeOrder {
    let ordered_at = NOW.minus(Duration::from_secs(seconds_ago));
    NoticeOrder {
        ordered_at,
        seen_until: ordered_at.minus(Duration::from_hours(1)),
        told_at: None,
        round: None,
    }
}

fn one_request() -> NewRequests {
    let request = NoticedRequest {
        name: "Ada".to_owned(),
        connector_name: "Support".to_owned(),
        preview: None,
        at: NOW,
        source: None,
    };
    NewRequests {
        of_connectors: vec![ConnectorRequests {
            client_id: ClientId::derive(&["c"]),
            count: 1,
            first: vec![request],
        }],
    }
}

/// Gives the worker a job in front of this memory, whose clock goes so fast.
async fn work(memory: Memory, seconds: i64, sends_mail: bool) -> (Outcome, Arc<Memory>) {
    let memory = Arc::new(memory);
    let deps = Deps {
        set_up: Arc::new(Unused),
        first_admins: Arc::new(Unused),
        vault: Arc::new(Unused),
        notices: memory.clone(),
        refusals: Arc::new(Unused),
        email: memory.clone(),
        team: memory.clone(),
        sends_mail,
        clock: Arc::new(Ticking {
            reads: AtomicI64::new(0),
            seconds,
        }),
        ids: Arc::new(SystemIds),
        random: Arc::new(SystemRandom::new()),
    };
    let job = TeamJob::SendNotices(SendNotices { scope: scope() });
    let outcome = handle(&deps, &serde_json::to_string(&job).unwrap(), 1).await;
    (outcome, memory)
}

/// SPEC B35.
#[tokio::test]
async fn every_recipient_gets_one_mail_and_the_order_rests() {
    let memory = Memory {
        order: Some(ordered(60)),
        requests: one_request(),
        pages: vec![2, 1],
        ..Memory::default()
    };
    let (outcome, memory) = work(memory, 0, true).await;
    assert_eq!(outcome, Outcome::Done);
    let mails = memory.mails.lock().unwrap();
    let to: BTreeSet<_> = mails.values().map(|mail| mail.to.as_str()).collect();
    let expected = ["m0@example.com", "m1@example.com", "m2@example.com"];
    assert_eq!(to, BTreeSet::from(expected));
    let mut kinds = mails.values().map(|mail| &mail.kind);
    assert!(kinds.all(|kind| matches!(
        kind,
        MailKind::NewRequests { account_name, count: 1, .. } if account_name == "Acme"
    )));
    assert_eq!(memory.enqueued.lock().unwrap().len(), 3);
    let ended = memory.ended.lock().unwrap();
    let [(after, AfterRound::Rest)] = ended.as_slice() else {
        panic!("{ended:?}");
    };
    assert_eq!(after.told_at, Some(NOW));
    assert_eq!(after.seen_until, NOW.minus(NOTICE_LAG));
}

#[tokio::test]
async fn nothing_new_and_no_address_to_send_from_make_no_mail_and_no_wait() {
    for (requests, sends_mail) in [(NewRequests::default(), true), (one_request(), false)] {
        let memory = Memory {
            order: Some(ordered(60)),
            requests,
            pages: vec![1],
            ..Memory::default()
        };
        let (_, memory) = work(memory, 0, sends_mail).await;
        assert!(memory.mails.lock().unwrap().is_empty());
        assert!(memory.saved.lock().unwrap().is_empty());
        let ended = memory.ended.lock().unwrap();
        assert_eq!((ended[0].0.told_at, ended[0].1), (None, AfterRound::Rest));
    }
}

#[tokio::test]
async fn an_order_that_comes_meanwhile_gets_a_round_of_its_own_five_minutes_later() {
    let memory = Memory {
        order: Some(ordered(60)),
        requests: one_request(),
        pages: vec![1],
        is_ordered_meanwhile: true,
        ..Memory::default()
    };
    let (outcome, memory) = work(memory, 0, true).await;
    assert_eq!(outcome, Outcome::Done);
    let ended = memory.ended.lock().unwrap();
    assert_eq!(ended[0].1, AfterRound::Again(NOW.plus(NOTICE_INTERVAL)));
}

#[tokio::test]
async fn a_job_whose_time_is_over_leaves_the_other_members_to_the_next() {
    let memory = Memory {
        order: Some(ordered(60)),
        requests: one_request(),
        pages: vec![1, 1, 1],
        ..Memory::default()
    };
    let (outcome, memory) = work(memory, 20, true).await;
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(memory.mails.lock().unwrap().len(), 1);
    assert!(memory.ended.lock().unwrap().is_empty());
    assert_eq!(memory.jobs.lock().unwrap().len(), 1);
    let saved = memory.saved.lock().unwrap().clone();
    let [begun, reached] = saved.as_slice() else {
        panic!("{saved:?}");
    };
    assert_eq!(begun.until, reached.until);
    assert_eq!(reached.reached, Some(MemberPlace("1".to_owned())));

    let rest = Memory {
        order: Some(NoticeOrder {
            round: Some(reached.clone()),
            ..ordered(60)
        }),
        requests: one_request(),
        pages: vec![1, 1, 1],
        ..Memory::default()
    };
    let (_, rest) = work(rest, 0, true).await;
    let mails = rest.mails.lock().unwrap();
    assert_eq!(mails.len(), 2);
    let first = memory.mails.lock().unwrap();
    assert!(mails.keys().all(|id| !first.contains_key(id)));
    assert_eq!(rest.ended.lock().unwrap()[0].0.seen_until, begun.until);
}

/// A round that was begun told members, so the next one waits whatever is left to tell now.
#[tokio::test]
async fn a_round_that_goes_on_and_finds_all_decided_counts_as_a_notice() {
    let begun = Round {
        until: NOW.minus(NOTICE_LAG),
        reached: None,
    };
    let memory = Memory {
        order: Some(NoticeOrder {
            round: Some(begun),
            ..ordered(60)
        }),
        pages: vec![1],
        ..Memory::default()
    };
    let (_, memory) = work(memory, 0, true).await;
    assert!(memory.mails.lock().unwrap().is_empty());
    assert_eq!(memory.ended.lock().unwrap()[0].0.told_at, Some(NOW));
}

#[tokio::test]
async fn an_order_within_five_minutes_of_the_last_notice_waits() {
    let told_at = NOW.minus(Duration::from_mins(2));
    let memory = Memory {
        order: Some(NoticeOrder {
            told_at: Some(told_at),
            ..ordered(60)
        }),
        ..Memory::default()
    };
    let (outcome, memory) = work(memory, 0, true).await;
    assert_eq!(outcome, Outcome::Done);
    let waits = memory.postponed.lock().unwrap();
    assert_eq!(*waits, [told_at.plus(NOTICE_INTERVAL)]);
}

/// The rest waits for its share of the sweep, so that nobody else's mail waits behind thousands of notices.
#[tokio::test]
async fn only_a_few_mails_of_many_are_enqueued_at_once() {
    let memory = Memory {
        order: Some(ordered(60)),
        requests: one_request(),
        pages: vec![15, 15],
        ..Memory::default()
    };
    let (_, memory) = work(memory, 0, true).await;
    assert_eq!(memory.mails.lock().unwrap().len(), 30);
    assert_eq!(memory.enqueued.lock().unwrap().len(), 20);
}

#[tokio::test]
async fn a_job_without_an_order_or_beside_another_worker_ends() {
    let (outcome, _) = work(Memory::default(), 0, true).await;
    assert_eq!(outcome, Outcome::Done);
    let held = Memory {
        held_until: Some(NOW.plus(Duration::from_secs(30))),
        ..Memory::default()
    };
    let (outcome, _) = work(held, 0, true).await;
    assert_eq!(outcome, Outcome::Done);
}
