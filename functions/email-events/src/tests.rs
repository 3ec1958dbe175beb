//! Every event of `events/ses`, with the store in memory.

use crate::{
    Deps,
    event::{Found, MailNews, Subject, read},
    handle,
};
use async_trait::async_trait;
use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
};
use vestibule_domain::{
    AccountScope, Clock, PortError, Timestamp,
    account::email_address::EmailAddress,
    ids::LeaseId,
    job::SendMail,
    ports::{Block, By, Claim, Lease, MailStore, Postponement, RecordedEvent},
    team::mail::{Mail, MailEvent, MailEventKind},
};
use vestibule_edge::{batch::Outcome, mail_tag::read_mail_tag};

const TAG: &str = "account-01JD3Q3Z9V8M4T6K2N7P5R1S0W-01JD3Q3Z9V8M4T6K2N7P5R1S0X";
const SES_ID: &str = "0102018f3a2b4c5d-1a2b3c4d-5e6f-7081-92a3-b4c5d6e7f809-000000";

/// Kind and words of an event.
type Told = (MailEventKind, Option<&'static str>);

/// The outcome of every fixture: its kind and words, `None` if nothing is recorded.
const FIXTURES: [(&str, Option<Told>); 26] = [
    (
        "bounce_hard",
        Some((
            MailEventKind::BouncedHard,
            Some("smtp; 550 5.1.1 <ana@example.com>: Recipient address rejected: User unknown"),
        )),
    ),
    (
        "bounce_soft",
        Some((
            MailEventKind::BouncedSoft,
            Some("smtp; 452 4.2.2 The email account that you tried to reach is over quota."),
        )),
    ),
    (
        "bounce_undetermined",
        Some((MailEventKind::BouncedSoft, Some("Undetermined"))),
    ),
    (
        "bounce_suppressed",
        Some((
            MailEventKind::BouncedHard,
            Some(
                "Amazon SES did not send the message to this address because it is on the suppression list for your account.",
            ),
        )),
    ),
    (
        "bounce_out_of_office",
        Some((MailEventKind::BouncedSoft, Some("General"))),
    ),
    (
        "notification_bounce_hard",
        Some((
            MailEventKind::BouncedHard,
            Some("smtp; 550 5.1.1 <ana@example.com>: Recipient address rejected: User unknown"),
        )),
    ),
    (
        "notification_bounce_soft",
        Some((
            MailEventKind::BouncedSoft,
            Some("smtp; 452 4.2.2 The email account that you tried to reach is over quota."),
        )),
    ),
    (
        "complaint",
        Some((MailEventKind::Complained, Some("abuse"))),
    ),
    (
        "complaint_without_type",
        Some((MailEventKind::Complained, None)),
    ),
    (
        "notification_complaint",
        Some((MailEventKind::Complained, Some("abuse"))),
    ),
    (
        "delivery",
        Some((
            MailEventKind::Delivered,
            Some("250 2.0.0 OK: queued as 4X1Y2Z"),
        )),
    ),
    (
        "notification_delivery",
        Some((
            MailEventKind::Delivered,
            Some("250 2.0.0 OK: queued as 4X1Y2Z"),
        )),
    ),
    (
        "delay",
        Some((
            MailEventKind::Delayed,
            Some("smtp; 452 4.2.2 The email account that you tried to reach is over quota."),
        )),
    ),
    (
        "delay_without_words",
        Some((MailEventKind::Delayed, Some("MailboxFull"))),
    ),
    ("send", Some((MailEventKind::Sent, None))),
    (
        "reject",
        Some((MailEventKind::Rejected, Some("Bad content"))),
    ),
    (
        "rendering_failure",
        Some((
            MailEventKind::Failed,
            Some("Attribute 'name' is not present in the rendering data."),
        )),
    ),
    (
        "other_message",
        Some((
            MailEventKind::Delivered,
            Some("250 2.0.0 OK: queued as 4X1Y2Z"),
        )),
    ),
    (
        "other_mail",
        Some((
            MailEventKind::Delivered,
            Some("250 2.0.0 OK: queued as 4X1Y2Z"),
        )),
    ),
    (
        "hostile_tags",
        Some((
            MailEventKind::Delivered,
            Some("250 2.0.0 OK: queued as 4X1Y2Z"),
        )),
    ),
    ("ignored_not_spam", None),
    ("ignored_open", None),
    ("ignored_click", None),
    ("ignored_subscription", None),
    ("ignored_topic_subscribed", None),
    ("ignored_topic_trial", None),
];

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/ses"))
}

fn fixture(name: &str) -> String {
    let path = ["json", "txt"].map(|ending| folder().join(format!("{name}.{ending}")));
    let path = path.iter().find(|path| path.exists()).unwrap();
    fs::read_to_string(path).unwrap()
}

fn news(name: &str) -> MailNews {
    match read(&fixture(name)).unwrap() {
        Found::News(news) => news,
        Found::Nothing => panic!("{name}"),
    }
}

/// SPEC D25: both shapes, and every kind.
#[test]
fn every_event_is_read_as_what_became_of_its_mail() {
    for (name, expected) in FIXTURES {
        let found = read(&fixture(name)).unwrap();
        let event = match &found {
            Found::News(news) => Some((news.event.kind, news.event.detail.as_deref())),
            Found::Nothing => None,
        };
        assert_eq!(event, expected, "{name}");
    }
}

#[test]
fn every_file_is_tried_and_listed_and_the_unreadable_ones_are() {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let mut tried = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "README" {
            continue;
        }
        tried += 1;
        assert!(readme.contains(&format!("`{name}`")), "{name}");
        let is_unreadable = read(&fixture(&name)).is_err();
        assert_eq!(is_unreadable, name.starts_with("unreadable_"), "{name}");
        let is_expected = FIXTURES.iter().any(|(fixture, _)| *fixture == name);
        assert!(
            is_expected || is_unreadable || name == "hostile_words",
            "{name}"
        );
    }
    assert!(tried > 30, "{tried}");
}

#[test]
fn a_mail_is_found_by_its_tag_else_by_the_id_that_the_service_gave_it() {
    let order = read_mail_tag(TAG).unwrap();
    assert_eq!(news("delivery").subject, Subject::Mail(order));
    let by_id = Subject::SesId(SES_ID.to_owned());
    assert_eq!(news("notification_delivery").subject, by_id);
    assert_eq!(news("hostile_tags").subject, by_id);
}

#[test]
fn the_words_of_a_mail_server_are_one_line_of_300_characters() {
    let words = news("hostile_words").event.detail.unwrap();
    assert_eq!(words.chars().count(), 300);
    assert!(!words.contains(['\n', '\r', '\u{202E}']));
}

#[test]
fn an_event_has_its_own_time_or_that_of_its_mail() {
    let at = |name: &str| news(name).event.at;
    let time = |text: &str| Timestamp::parse(text).unwrap();
    assert_eq!(at("bounce_hard"), time("2026-11-29T10:00:03.250Z"));
    assert_eq!(at("send"), time("2026-11-29T10:00:00Z"));
}

type Recording = (SendMail, MailEvent, bool);

/// A store with the mail of the fixtures.
#[derive(Default)]
struct Memory {
    recorded: Mutex<Vec<Recording>>,
    fails: bool,
}

#[async_trait]
impl MailStore for Memory {
    async fn claim_mail(&self, _job: SendMail, _lease: &Lease) -> Result<Claim<Mail>, PortError> {
        Ok(Claim::NothingPending)
    }

    async fn begin(&self, _job: SendMail, _lease: LeaseId) -> Result<(), PortError> {
        Ok(())
    }

    async fn settle_mail(
        &self,
        _job: SendMail,
        _lease: LeaseId,
        _mail: &Mail,
    ) -> Result<(), PortError> {
        Ok(())
    }

    async fn postpone_mail(
        &self,
        _job: SendMail,
        _lease: LeaseId,
        _postponement: Postponement,
    ) -> Result<(), PortError> {
        Ok(())
    }

    async fn is_blocked(&self, _mail: &Mail) -> Result<Option<Block>, PortError> {
        Ok(None)
    }

    async fn find_by_ses_id(&self, ses_id: &str) -> Result<Option<SendMail>, PortError> {
        Ok((ses_id == SES_ID).then(|| read_mail_tag(TAG).unwrap()))
    }

    async fn has_login(&self, _email: &EmailAddress) -> Result<bool, PortError> {
        Ok(true)
    }

    async fn record_event(
        &self,
        job: SendMail,
        event: MailEvent,
        block: bool,
    ) -> Result<RecordedEvent, PortError> {
        if self.fails {
            return Err(PortError::unavailable("table", "down"));
        }
        if Some(job) != read_mail_tag(TAG) {
            return Ok(RecordedEvent::NoSuchMail);
        }
        self.recorded.lock().unwrap().push((job, event, block));
        Ok(RecordedEvent::New)
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

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }

    async fn wait_until(&self, at: Timestamp) {
        panic!("no wait until {at}");
    }
}

async fn after(memory: &Arc<Memory>, name: &str, receives: u32) -> Outcome {
    let deps = Deps {
        mails: memory.clone(),
        clock: Arc::new(Still),
    };
    handle(&deps, &fixture(name), receives).await
}

/// SPEC D25: a soft bounce stops nothing.
#[tokio::test]
async fn only_a_hard_bounce_and_a_complaint_block_the_address() {
    for (name, blocks) in [
        ("bounce_hard", true),
        ("notification_bounce_hard", true),
        ("bounce_suppressed", true),
        ("complaint", true),
        ("notification_complaint", true),
        ("bounce_soft", false),
        ("bounce_undetermined", false),
        ("bounce_out_of_office", false),
        ("delay", false),
        ("delivery", false),
        ("reject", false),
    ] {
        let memory = Arc::new(Memory::default());
        assert_eq!(after(&memory, name, 1).await, Outcome::Done, "{name}");
        let recorded = memory.recorded.lock().unwrap();
        assert_eq!(recorded.len(), 1, "{name}");
        assert_eq!(recorded[0].2, blocks, "{name}");
    }
}

#[tokio::test]
async fn an_event_of_a_mail_that_others_sent_is_dropped_when_no_record_appears() {
    let memory = Arc::new(Memory::default());
    for (receives, outcome) in [(1, Outcome::RETRY), (2, Outcome::RETRY), (3, Outcome::Done)] {
        assert_eq!(after(&memory, "other_message", receives).await, outcome);
    }
    assert_eq!(after(&memory, "other_mail", 1).await, Outcome::Done);
    assert!(memory.recorded.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_or_recorded_goes_back_to_the_queue_and_what_is_ignored_does_not() {
    let memory = Arc::new(Memory {
        fails: true,
        ..Memory::default()
    });
    for name in ["unreadable_list", "unreadable_not_json", "delivery"] {
        assert_eq!(after(&memory, name, 1).await, Outcome::RETRY, "{name}");
    }
    for name in ["ignored_open", "ignored_topic_trial", "ignored_not_spam"] {
        assert_eq!(after(&memory, name, 1).await, Outcome::Done, "{name}");
    }
}
