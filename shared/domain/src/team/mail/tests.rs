use super::*;
use crate::samples::at;
use proptest::{collection::vec, prelude::*, sample::select};

const KINDS: [MailEventKind; 9] = [
    MailEventKind::Queued,
    MailEventKind::Sent,
    MailEventKind::Delayed,
    MailEventKind::Delivered,
    MailEventKind::BouncedHard,
    MailEventKind::BouncedSoft,
    MailEventKind::Complained,
    MailEventKind::Rejected,
    MailEventKind::Failed,
];

fn mail() -> Mail {
    Mail::queued(
        MailId::derive(&["m"]),
        MailOwner::Login(LoginId::derive(&["l"])),
        EmailAddress::parse("ana@example.com").unwrap(),
        Some("Ana\r\nBcc: b@example.com"),
        MailKind::Nothing,
        None,
        at(0),
    )
}

fn event(kind: MailEventKind, second: i64) -> MailEvent {
    MailEvent::new(kind, at(second), None)
}

fn status_after(events: &[MailEvent]) -> MailStatus {
    let mut mail = mail();
    for event in events {
        mail.take(event.clone());
    }
    mail.status
}

/// SPEC D25.
#[test]
fn a_mail_is_what_its_strongest_event_says() {
    use MailEventKind as Kind;
    for (kinds, status) in [
        (&[][..], MailStatus::Queued),
        (&[Kind::Sent], MailStatus::Sent),
        (&[Kind::Sent, Kind::Delayed], MailStatus::Delayed),
        (&[Kind::Delivered, Kind::Sent], MailStatus::Delivered),
        (&[Kind::BouncedSoft], MailStatus::Bounced),
        (&[Kind::BouncedSoft, Kind::Delivered], MailStatus::Delivered),
        (&[Kind::BouncedHard, Kind::Delivered], MailStatus::Bounced),
        (&[Kind::Delivered, Kind::BouncedHard], MailStatus::Bounced),
        (&[Kind::Rejected], MailStatus::Failed),
        (
            &[Kind::Complained, Kind::BouncedHard],
            MailStatus::Complained,
        ),
    ] {
        let events: Vec<_> = kinds.iter().map(|kind| event(*kind, 1)).collect();
        assert_eq!(status_after(&events), status, "{kinds:?}");
    }
}

#[test]
fn an_event_that_comes_twice_is_known() {
    let mut mail = mail();
    assert!(mail.take(event(MailEventKind::Delayed, 1)));
    assert!(!mail.take(event(MailEventKind::Delayed, 1)));
    assert!(mail.take(event(MailEventKind::Delayed, 2)));
    assert_eq!(mail.events.len(), 3);
}

#[test]
fn a_mail_that_was_not_sent_stays_so_whatever_weaker_event_comes() {
    let mut mail = Mail {
        status: MailStatus::Suppressed,
        ..mail()
    };
    assert!(mail.take(event(MailEventKind::Delivered, 1)));
    assert_eq!(mail.status, MailStatus::Suppressed);
}

#[test]
fn the_newest_events_stay_and_the_one_that_decides() {
    let mut mail = mail();
    mail.take(event(MailEventKind::BouncedHard, 1));
    for second in 2..40 {
        mail.take(event(MailEventKind::Delayed, second));
    }
    assert_eq!(mail.events.len(), MAIL_EVENTS_MAX);
    assert_eq!(mail.events[0].kind, MailEventKind::BouncedHard);
    assert_eq!(mail.events[MAIL_EVENTS_MAX - 1].at, at(39));
    assert!(mail.take(event(MailEventKind::Delivered, 41)));
    assert_eq!(mail.status, MailStatus::Bounced);
}

#[test]
fn texts_of_others_are_cleaned_and_cut() {
    assert_eq!(mail().to_name.as_deref(), Some("Ana Bcc: b@example.com"));
    assert_eq!(mail_text(&"é\n".repeat(200)).chars().count(), 99);
    assert_eq!(mail_text("\u{202E}"), "");
    let words = "x".repeat(500);
    let event = MailEvent::new(MailEventKind::Failed, at(0), Some(&words));
    assert_eq!(event.detail.map(|detail| detail.len()), Some(300));
}

#[test]
fn a_mail_is_bound_to_its_id_and_each_of_an_invitation_has_its_own() {
    let id = MailId::derive(&["m"]);
    assert_eq!(Mail::secret_context(id), format!("mail|{id}|token"));
    let invitation = InvitationId::derive(&["i"]);
    let first = Mail::id_of_invitation(invitation, 1);
    assert_eq!(first, Mail::id_of_invitation(invitation, 1));
    assert_ne!(first, Mail::id_of_invitation(invitation, 2));
    assert_eq!(
        first,
        MailId::derive(&[&invitation.to_string(), &1_u32.to_string()])
    );
}

/// SPEC D28.
#[test]
fn mails_that_strangers_order_stand_under_the_address_and_under_no_other() {
    let [ana, ben] =
        ["ana@example.com", "ben@example.com"].map(|text| EmailAddress::parse(text).unwrap());
    assert_eq!(Mail::owner_by_address(&ana), Mail::owner_by_address(&ana));
    assert_ne!(Mail::owner_by_address(&ana), Mail::owner_by_address(&ben));
}

#[test]
fn a_notice_is_of_a_project_a_time_and_a_member() {
    let [one, other] = ["p", "q"].map(|name| ProjectId::derive(&[name]));
    let [ana, ben] = ["ana", "ben"].map(|name| MemberId::derive(&[name]));
    let id = Mail::id_of_notice(one, at(1), ana);
    assert_eq!(id, Mail::id_of_notice(one, at(1), ana));
    for another in [
        Mail::id_of_notice(other, at(1), ana),
        Mail::id_of_notice(one, at(2), ana),
        Mail::id_of_notice(one, at(1), ben),
    ] {
        assert_ne!(id, another);
    }
}

/// SPEC C62.
#[test]
fn a_notice_forgets_people_and_logs_nothing_of_them() {
    let request = NoticedRequest {
        name: "Ada Lovelace".into(),
        connector_name: "Support".into(),
        preview: Some("Good morning".into()),
        at: at(3),
        source: None,
    };
    let shown = format!("{request:?}");
    assert!(
        !shown.contains("Ada") && !shown.contains("morning"),
        "{shown}"
    );
    let mut kind = MailKind::NewRequests {
        member_id: None,
        account_name: "Acme".into(),
        project_id: ProjectId::derive(&["p"]),
        project_name: "Concierge".into(),
        requests: vec![request],
        count: 3,
    };
    let stored = serde_json::to_value(&kind).unwrap();
    assert_eq!(stored["kind"], "new_requests");
    assert_eq!(serde_json::from_value::<MailKind>(stored).unwrap(), kind);
    kind.forget_people();
    let left = serde_json::to_string(&kind).unwrap();
    assert!(!left.contains("Ada") && !left.contains("morning"), "{left}");
    assert!(left.contains("Concierge"), "{left}");
}

#[test]
fn a_kind_is_stored_under_its_name() {
    let kind = MailKind::CredentialsChanged {
        what: ChangedCredential::SecondFactor,
        at: at(0),
    };
    let stored = serde_json::to_value(&kind).unwrap();
    assert_eq!(stored["kind"], "credentials_changed");
    assert_eq!(stored["what"], "second_factor");
    assert_eq!(serde_json::from_value::<MailKind>(stored).unwrap(), kind);
}

proptest! {
    /// SPEC D25: events come in any order and more than once.
    #[test]
    fn the_order_of_events_does_not_matter(
        kinds in vec(select(KINDS.to_vec()), 0..12),
        seed in any::<usize>(),
    ) {
        // Of equal strength are only refusals for good, of which the first decides.
        let refusals = |kind: &MailEventKind| kind.rank() == MailEventKind::Failed.rank();
        prop_assume!(kinds.iter().filter(|kind| refusals(kind)).count() <= 1);
        let events: Vec<_> = (1..).zip(&kinds).map(|(second, kind)| event(*kind, second)).collect();
        let mut other = events.clone();
        let length = other.len().max(1);
        other.rotate_left(seed % length);
        other.reverse();
        let repeated: Vec<_> = other.iter().chain(&events).cloned().collect();
        prop_assert_eq!(status_after(&events), status_after(&other));
        prop_assert_eq!(status_after(&events), status_after(&repeated));
    }
}

#[test]
fn the_word_for_what_became_of_a_mail_is_that_of_its_record() {
    for kind in KINDS {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.key());
    }
}
