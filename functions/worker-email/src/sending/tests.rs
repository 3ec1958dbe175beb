//! The worker, with its ports in memory.

use crate::{Deps, handle};
use async_trait::async_trait;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};
use vestibule_domain::{
    AccountScope, Clock, PortError, ProjectScope, Timestamp,
    account::email_address::EmailAddress,
    connector::SealedSecrets,
    ids::{AccountId, LeaseId, MailId, MemberId, ProjectId, SystemIds},
    job::{EmailJob, SendMail},
    ports::{
        Block, By, Claim, Lease, MailOutcome, MailStore, Mailer, NoticeChecker, NoticeCounter,
        NoticeLimit, OutgoingMail, Postponement, RecordedEvent, SecretVault,
    },
    secret::Secret,
    team::{
        mail::{
            ChangedCredential, Mail, MailEvent, MailEventKind, MailKind, MailOwner, MailStatus,
            NoticedRequest, NoticedSource,
        },
        notices::{NOTICES_PER_DAY, NoticeCheck},
    },
};
use vestibule_edge::batch::Outcome;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const HOUR: Duration = Duration::from_hours(1);

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }

    async fn wait_until(&self, at: Timestamp) {
        panic!("no wait until {at}");
    }
}

/// One mail, the mail service's answers, and what was done.
#[derive(Default)]
struct Memory {
    mail: Mutex<Option<Mail>>,
    block: Option<Block>,
    is_nobodys: bool,
    answers: Mutex<VecDeque<MailOutcome>>,
    sent: Mutex<Vec<OutgoingMail>>,
    settled: Mutex<Vec<Mail>>,
    postponed: Mutex<Vec<Postponement>>,
    settling_fails: bool,
    notices_sent: u32,
    notices_counted: Mutex<u32>,
    limits: Mutex<Vec<NoticeLimit>>,
}

#[async_trait]
impl MailStore for Memory {
    async fn claim_mail(&self, _job: SendMail, _lease: &Lease) -> Result<Claim<Mail>, PortError> {
        let mail = self.mail.lock().unwrap().clone();
        Ok(mail.map_or(Claim::NothingPending, Claim::Claimed))
    }

    async fn begin(&self, _job: SendMail, _lease: LeaseId) -> Result<(), PortError> {
        if let Some(mail) = self.mail.lock().unwrap().as_mut() {
            mail.tries += 1;
        }
        Ok(())
    }

    async fn settle_mail(
        &self,
        _job: SendMail,
        _lease: LeaseId,
        mail: &Mail,
    ) -> Result<(), PortError> {
        if self.settling_fails {
            return Err(Lease::LOST);
        }
        *self.mail.lock().unwrap() = None;
        self.settled.lock().unwrap().push(mail.clone());
        Ok(())
    }

    async fn postpone_mail(
        &self,
        _job: SendMail,
        _lease: LeaseId,
        postponement: Postponement,
    ) -> Result<(), PortError> {
        if let Some(mail) = self.mail.lock().unwrap().as_mut() {
            mail.tries = postponement.attempts;
        }
        self.postponed.lock().unwrap().push(postponement);
        Ok(())
    }

    async fn is_blocked(&self, _mail: &Mail) -> Result<Option<Block>, PortError> {
        Ok(self.block)
    }

    async fn find_by_ses_id(&self, _ses_id: &str) -> Result<Option<SendMail>, PortError> {
        Ok(None)
    }

    async fn has_login(&self, _email: &EmailAddress) -> Result<bool, PortError> {
        Ok(!self.is_nobodys)
    }

    async fn record_event(
        &self,
        _job: SendMail,
        _event: MailEvent,
        _block: bool,
    ) -> Result<RecordedEvent, PortError> {
        Ok(RecordedEvent::NoSuchMail)
    }

    async fn lift_block(
        &self,
        _scope: AccountScope,
        _email: &EmailAddress,
        _by: By<'_>,
    ) -> Result<bool, PortError> {
        Ok(false)
    }
}

/// Nobody is a member any more.
#[async_trait]
impl NoticeChecker for Memory {
    async fn check_notice(
        &self,
        _scope: ProjectScope,
        _member_id: MemberId,
        _listed: &[NoticedSource],
    ) -> Result<Option<NoticeCheck>, PortError> {
        Ok(None)
    }
}

#[async_trait]
impl NoticeCounter for Memory {
    async fn sent_on_day(&self, _scope: AccountScope, _at: Timestamp) -> Result<u32, PortError> {
        Ok(self.notices_sent + *self.notices_counted.lock().unwrap())
    }

    async fn count_sent(
        &self,
        _scope: AccountScope,
        _at: Timestamp,
        _lease: LeaseId,
    ) -> Result<(), PortError> {
        *self.notices_counted.lock().unwrap() += 1;
        Ok(())
    }

    async fn note_limit(
        &self,
        _scope: AccountScope,
        _at: Timestamp,
        limit: NoticeLimit,
    ) -> Result<bool, PortError> {
        self.limits.lock().unwrap().push(limit);
        Ok(true)
    }
}

#[async_trait]
impl Mailer for Memory {
    async fn send(&self, mail: &OutgoingMail) -> Result<MailOutcome, PortError> {
        self.sent.lock().unwrap().push(mail.clone());
        let answer = self.answers.lock().unwrap().pop_front();
        Ok(answer.unwrap_or(MailOutcome::Sent {
            ses_id: "ses-1".to_owned(),
        }))
    }
}

#[async_trait]
impl SecretVault for Memory {
    async fn seal(
        &self,
        _fields: &BTreeMap<String, Secret>,
        _context: &(dyn for<'a> Fn(&'a str) -> String + Send + Sync),
    ) -> Result<SealedSecrets, PortError> {
        Ok(SealedSecrets::default())
    }

    async fn open(
        &self,
        sealed: &SealedSecrets,
        field: &str,
        context: &str,
    ) -> Result<Option<Secret>, PortError> {
        assert_eq!(context, Mail::secret_context(MailId::derive(&["m"])));
        Ok(sealed.fields.get(field).map(Secret::new))
    }
}

fn mail(kind: MailKind) -> Mail {
    let token = SealedSecrets {
        wrapped_key: String::new(),
        fields: BTreeMap::from([(Mail::TOKEN.to_owned(), "vsi_token".to_owned())]),
    };
    Mail::queued(
        MailId::derive(&["m"]),
        owner(),
        EmailAddress::parse("ana@example.com").unwrap(),
        Some("Ana"),
        kind,
        Some(token),
        NOW,
    )
}

fn owner() -> MailOwner {
    MailOwner::Account(AccountScope::of_verified(AccountId::derive(&["a"])))
}

fn invitation() -> Mail {
    mail(MailKind::Invitation {
        account_name: "Acme".to_owned(),
        invited_by: "Grace".to_owned(),
        role_name: "Agent".to_owned(),
        expires_at: NOW.plus(HOUR),
        invitation_id: None,
    })
}

fn memory(mail: Mail, answers: Vec<MailOutcome>) -> Memory {
    Memory {
        mail: Mutex::new(Some(mail)),
        answers: Mutex::new(answers.into()),
        ..Memory::default()
    }
}

fn deps(memory: &Arc<Memory>) -> Deps {
    Deps {
        mails: memory.clone(),
        vault: memory.clone(),
        notices: memory.clone(),
        notice_counts: memory.clone(),
        mailer: memory.clone(),
        console_url: "https://chat.example.com".to_owned(),
        clock: Arc::new(Still),
        ids: Arc::new(SystemIds),
    }
}

/// Gives the worker its job this often.
async fn after(memory: Memory, jobs: usize) -> Arc<Memory> {
    let memory = Arc::new(memory);
    let job = EmailJob::SendMail(SendMail {
        owner: owner(),
        mail_id: MailId::derive(&["m"]),
    });
    let body = serde_json::to_string(&job).unwrap();
    for _ in 0..jobs {
        assert_eq!(handle(&deps(&memory), &body, 1).await, Outcome::Done);
    }
    memory
}

fn settled(memory: &Memory) -> Mail {
    let settled = memory.settled.lock().unwrap();
    let [mail] = settled.as_slice() else {
        panic!("settled {} times", settled.len());
    };
    mail.clone()
}

fn last_detail(mail: &Mail) -> String {
    let event = mail.events.last().unwrap();
    assert_eq!(event.kind, MailEventKind::Failed);
    event.detail.clone().unwrap_or_default()
}

/// SPEC D15, D25.
#[tokio::test]
async fn a_mail_goes_out_once_and_its_token_leaves_its_record() {
    let memory = after(memory(invitation(), Vec::new()), 3).await;
    let sent = memory.sent.lock().unwrap().clone();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].text.contains("/console/invitation#vsi_token"));
    let mail = settled(&memory);
    assert_eq!(mail.status, MailStatus::Sent);
    assert_eq!(mail.ses_id.as_deref(), Some("ses-1"));
    assert_eq!(mail.token, None);
}

/// A notice of one request, to this member.
fn notice(member_id: Option<MemberId>) -> Mail {
    let request = NoticedRequest {
        name: "Ada Lovelace".to_owned(),
        connector_name: "Support".to_owned(),
        preview: Some("Good morning".to_owned()),
        at: NOW,
        source: None,
    };
    mail(MailKind::NewRequests {
        member_id,
        account_name: "Acme".to_owned(),
        project_id: ProjectId::derive(&["p"]),
        project_name: "Concierge".to_owned(),
        requests: vec![request],
        count: 1,
    })
}

/// SPEC B35.
#[tokio::test]
async fn a_notice_to_a_member_who_is_gone_is_not_sent_and_none_is_failed() {
    let notice = notice(Some(MemberId::derive(&["ana"])));
    let memory = after(memory(notice, Vec::new()), 2).await;
    assert!(memory.sent.lock().unwrap().is_empty());
    let settled = settled(&memory);
    assert_eq!(settled.status, MailStatus::Suppressed);
    let queued = [MailEventKind::Queued];
    let kinds = settled.events.iter().map(|event| event.kind);
    assert!(kinds.eq(queued));
}

#[tokio::test]
async fn an_account_sends_so_many_notices_in_a_day_and_any_number_of_other_mails() {
    for (sent, status, limits) in [
        (NOTICES_PER_DAY - 1, MailStatus::Sent, &[][..]),
        (
            NOTICES_PER_DAY,
            MailStatus::Suppressed,
            &[NoticeLimit::OfAccount],
        ),
    ] {
        let memory = Memory {
            notices_sent: sent,
            ..memory(notice(None), Vec::new())
        };
        let memory = after(memory, 1).await;
        assert_eq!(settled(&memory).status, status);
        assert_eq!(*memory.limits.lock().unwrap(), limits);
        let is_sent = status == MailStatus::Sent;
        assert_eq!(*memory.notices_counted.lock().unwrap(), u32::from(is_sent));
    }
    let memory = Memory {
        notices_sent: NOTICES_PER_DAY,
        ..memory(invitation(), Vec::new())
    };
    let memory = after(memory, 1).await;
    assert_eq!(settled(&memory).status, MailStatus::Sent);
    assert_eq!(*memory.notices_counted.lock().unwrap(), 0);
}

#[tokio::test]
async fn a_notice_that_meets_the_used_up_quota_ends_and_another_mail_waits() {
    let used_up = || vec![MailOutcome::QuotaUsedUp { after: HOUR }];
    let ended = after(memory(notice(None), used_up()), 2).await;
    assert_eq!(settled(&ended).status, MailStatus::Suppressed);
    assert_eq!(*ended.limits.lock().unwrap(), [NoticeLimit::OfService]);
    assert_eq!(*ended.notices_counted.lock().unwrap(), 0);

    let waiting = after(memory(invitation(), used_up()), 2).await;
    assert_eq!(settled(&waiting).status, MailStatus::Sent);
    let postponed = waiting.postponed.lock().unwrap();
    assert_eq!(
        (postponed[0].attempts, postponed[0].until),
        (0, NOW.plus(HOUR))
    );
    assert!(waiting.limits.lock().unwrap().is_empty());
}

/// SPEC C62: the record of a notice may outlive those of the people whom it tells of.
#[tokio::test]
async fn a_notice_that_is_settled_tells_of_nobody_whatever_became_of_it() {
    let reason = "SES refused the mail.".to_owned();
    let refused = MailOutcome::NotSendable { reason };
    for (answers, block, status) in [
        (Vec::new(), None, MailStatus::Sent),
        (vec![refused], None, MailStatus::Failed),
        (Vec::new(), Some(Block::HardBounce), MailStatus::Suppressed),
    ] {
        let memory = Memory {
            block,
            ..memory(notice(None), answers)
        };
        let memory = after(memory, 1).await;
        let settled = settled(&memory);
        assert_eq!(settled.status, status);
        assert!(matches!(
            &settled.kind,
            MailKind::NewRequests { requests, count: 1, .. } if requests.is_empty()
        ));
        let sent = memory.sent.lock().unwrap();
        assert!(sent.iter().all(|mail| mail.text.contains("Ada Lovelace")));
        assert_eq!(sent.is_empty(), status == MailStatus::Suppressed);
    }
}

/// RELIABILITY §2.13.
#[tokio::test]
async fn a_mail_whose_answer_was_lost_is_sent_once_more_with_the_same_link() {
    let lost = memory(invitation(), vec![MailOutcome::Unknown]);
    let memory = after(lost, 2).await;
    let sent = memory.sent.lock().unwrap().clone();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
    assert_eq!(settled(&memory).status, MailStatus::Sent);
    let postponed = memory.postponed.lock().unwrap();
    let wait = Duration::from_mins(15);
    assert_eq!(
        (postponed[0].attempts, postponed[0].until),
        (1, NOW.plus(wait))
    );
}

#[tokio::test]
async fn the_last_call_for_a_mail_comes_while_its_link_still_has_half_of_its_time() {
    let reset = mail(MailKind::PasswordReset {
        expires_at: NOW.plus(Duration::from_mins(10)),
    });
    let memory = after(memory(reset, vec![MailOutcome::Unknown]), 1).await;
    let postponed = memory.postponed.lock().unwrap();
    assert_eq!(postponed[0].until, NOW.plus(Duration::from_mins(5)));
}

#[tokio::test]
async fn a_mail_whose_answer_was_lost_twice_is_given_up_and_that_is_told() {
    let lost = vec![MailOutcome::Unknown, MailOutcome::Unknown];
    let memory = after(memory(invitation(), lost), 4).await;
    assert_eq!(memory.sent.lock().unwrap().len(), 2);
    let mail = settled(&memory);
    assert_eq!(mail.status, MailStatus::Failed);
    assert!(last_detail(&mail).contains("may have arrived"));
}

/// Two workers died during their calls: nobody knows what became of those.
#[tokio::test]
async fn calls_whose_workers_died_count_as_calls_without_an_answer() {
    let mail = Mail {
        tries: 2,
        ..invitation()
    };
    let memory = after(memory(mail, Vec::new()), 1).await;
    assert!(memory.sent.lock().unwrap().is_empty());
    assert_eq!(settled(&memory).status, MailStatus::Failed);
}

/// An event of the mail tells what the lost answer did not.
#[tokio::test]
async fn a_mail_of_which_there_is_news_is_not_sent_again() {
    for (kind, status) in [
        (MailEventKind::Sent, MailStatus::Sent),
        (MailEventKind::Delivered, MailStatus::Delivered),
        (MailEventKind::BouncedHard, MailStatus::Bounced),
    ] {
        let mut mail = Mail {
            tries: 1,
            ..invitation()
        };
        assert!(mail.take(MailEvent::new(kind, NOW, None)));
        let memory = after(memory(mail, Vec::new()), 1).await;
        assert!(memory.sent.lock().unwrap().is_empty());
        let mail = settled(&memory);
        assert_eq!((mail.status, mail.token), (status, None));
    }
}

#[tokio::test]
async fn a_throttled_call_does_not_count_and_waits_as_long_as_the_service_asks() {
    let throttled = MailOutcome::Throttled { after: HOUR };
    let memory = memory(invitation(), vec![throttled; 5]);
    let memory = after(memory, 6).await;
    assert_eq!(memory.sent.lock().unwrap().len(), 6);
    for postponement in memory.postponed.lock().unwrap().iter() {
        assert_eq!(postponement.until, NOW.plus(HOUR));
        assert_eq!(postponement.attempts, 0);
    }
    assert_eq!(settled(&memory).status, MailStatus::Sent);
}

#[tokio::test]
async fn a_refusal_is_kept_in_the_words_that_an_admin_understands() {
    let reason = "SES refused an address that is not verified.".to_owned();
    let refused = MailOutcome::NotSendable {
        reason: reason.clone(),
    };
    let memory = after(memory(invitation(), vec![refused]), 2).await;
    let mail = settled(&memory);
    assert_eq!(mail.status, MailStatus::Failed);
    assert_eq!(last_detail(&mail), reason);
    assert_eq!(mail.token, None);
}

/// SPEC D25.
#[tokio::test]
async fn nothing_is_sent_to_a_blocked_address() {
    for block in [Block::HardBounce, Block::Complaint] {
        let blocked = Memory {
            block: Some(block),
            ..memory(invitation(), Vec::new())
        };
        let memory = after(blocked, 1).await;
        assert!(memory.sent.lock().unwrap().is_empty());
        assert_eq!(settled(&memory).status, MailStatus::Suppressed);
    }
}

#[tokio::test]
async fn a_link_that_has_ended_is_not_sent_nor_a_notice_of_yesterday() {
    let ended = mail(MailKind::PasswordReset { expires_at: NOW });
    let notice = Mail {
        created_at: Timestamp::from_millis(NOW.millis() - 24 * 60 * 60 * 1000),
        ..mail(MailKind::CredentialsChanged {
            what: ChangedCredential::Password,
            at: NOW,
        })
    };
    for late in [ended, notice] {
        let memory = after(memory(late, Vec::new()), 1).await;
        assert!(memory.sent.lock().unwrap().is_empty());
        assert_eq!(settled(&memory).status, MailStatus::Failed);
    }
}

#[tokio::test]
async fn the_reset_of_an_address_without_a_login_sends_nothing_and_is_settled() {
    let expires_at = NOW.plus(HOUR);
    let reset = mail(MailKind::PasswordReset { expires_at });
    let known = after(memory(reset.clone(), Vec::new()), 1).await;
    assert_eq!(known.sent.lock().unwrap().len(), 1);
    let nobodys = Memory {
        is_nobodys: true,
        ..memory(reset, Vec::new())
    };
    let memory = after(nobodys, 1).await;
    assert!(memory.sent.lock().unwrap().is_empty());
    assert_eq!(settled(&memory).kind, MailKind::Nothing);
}

#[tokio::test]
async fn a_record_without_the_token_of_its_link_is_given_up() {
    let mail = Mail {
        token: None,
        ..invitation()
    };
    let memory = after(memory(mail, Vec::new()), 1).await;
    assert!(memory.sent.lock().unwrap().is_empty());
    assert_eq!(settled(&memory).status, MailStatus::Failed);
}

#[tokio::test]
async fn a_worker_that_lost_its_claim_leaves_the_mail_to_the_other() {
    let lost = Memory {
        settling_fails: true,
        ..memory(invitation(), Vec::new())
    };
    let memory = after(lost, 1).await;
    assert!(memory.settled.lock().unwrap().is_empty());
    assert!(memory.postponed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_job_that_cannot_be_read_goes_back_to_the_queue() {
    let memory = Arc::new(Memory::default());
    let outcome = handle(&deps(&memory), "{}", 1).await;
    assert_eq!(outcome, Outcome::RETRY);
}
