use super::*;
use crate::chat::content::{Dice, Part};
use crate::chat::entity::{Entity, Mark};
use crate::ids::MemberId;
use crate::samples::{at, connector, message, subscription};

#[test]
fn a_job_to_tell_members_names_its_project_and_reads_back() {
    let scope = connector().scope;
    let job = TeamJob::SendNotices(SendNotices { scope });
    let json = serde_json::to_value(&job).unwrap();
    assert_eq!(json["job"], "send_notices");
    assert_eq!(json["project_id"], scope.project_id().to_string());
    assert_eq!(serde_json::from_value::<TeamJob>(json).unwrap(), job);
}

#[test]
fn a_job_to_tell_of_a_pause_reads_back() {
    let job = TeamJob::TellPause(TellPause {
        scope: subscription().scope,
        subscription_id: subscription().id,
        reason: PauseReason::Gone,
        since: at(9),
    });
    let json = serde_json::to_value(&job).unwrap();
    assert_eq!(json["job"], "tell_pause");
    assert_eq!(json["reason"], "gone");
    assert_eq!(serde_json::from_value::<TeamJob>(json).unwrap(), job);
}

#[test]
fn a_job_to_record_a_refusal_reads_back() {
    let job = TeamJob::RecordRefusal(RecordRefusal {
        login_id: LoginId::derive(&["l"]),
        audit_id: AuditId::derive(&["r"]),
        address: "192.0.2.7".into(),
        request_id: "r1".into(),
        at: at(9),
    });
    let json = serde_json::to_value(&job).unwrap();
    assert_eq!(json["job"], "record_refusal");
    assert_eq!(serde_json::from_value::<TeamJob>(json).unwrap(), job);
}

#[test]
fn a_delivery_is_named_by_the_first_key_of_its_event() {
    let job = DeliverMessage::of(message(), &connector(), at(9));
    assert_eq!(job.event_key(), "slack:Ev1");
    let connector_id = connector().id.to_string();
    assert_eq!(
        job.delivery_id(),
        DeliveryId::derive(&[&connector_id, "slack:Ev1"])
    );
    assert_eq!((job.sent_at, job.received_at), (at(7), at(9)));
    let without = DeliverMessage {
        event_keys: vec![],
        ..job
    };
    assert_eq!(without.event_key(), "");
}

fn queued(number: u64, text: String) -> QueuedText {
    QueuedText {
        number,
        at: at(9),
        text,
        is_ephemeral: false,
        is_unprompted: false,
        byline: Byline::default(),
    }
}

fn typing() -> ShowTyping {
    ShowTyping {
        conversation: message().conversation,
        message_id: None,
        at: at(9),
    }
}

#[test]
fn a_job_to_send_shows_that_a_text_is_being_written_if_that_was_ordered() {
    let order = DeliverMessage::of(message(), &connector(), at(9)).send_messages();
    let job = SendMessagesJob::from(order);
    assert_eq!(job.typing, None);
    assert_eq!(job.with_typing(Some(typing())).typing, Some(typing()));
}

#[test]
fn a_job_to_send_reads_back_with_and_without_its_texts() {
    let order = DeliverMessage::of(message(), &connector(), at(9)).send_messages();
    assert_eq!(order.connector_id, connector().id);
    assert_eq!(order.conversation_id, message().conversation.id);
    let ephemeral = QueuedText {
        is_ephemeral: true,
        is_unprompted: true,
        ..queued(3, "Bye".into())
    };
    let members = QueuedText {
        byline: Byline::member(MemberId::derive(&["m"]), "Ana".into(), true),
        ..queued(4, "Yes".into())
    };
    assert_eq!(members.said(), "Ana: Yes");
    let texts = vec![queued(2, "Hello".into()), ephemeral, members];
    for job in [
        order.into(),
        SendMessagesJob::new(order, texts),
        SendMessagesJob::from(order).with_typing(Some(typing())),
    ] {
        let job = OutgoingJob::SendMessages(Box::new(job));
        let json = serde_json::to_string(&job).unwrap();
        assert!(json.starts_with(r#"{"job":"send_messages","account_id":"#));
        assert_eq!(serde_json::from_str::<OutgoingJob>(&json).unwrap(), job);
    }
}

#[test]
fn a_job_to_send_carries_its_texts_only_if_they_have_64_kib_at_most_together() {
    let order = DeliverMessage::of(message(), &connector(), at(9)).send_messages();
    let half = "é".repeat(16_384);
    let fit = vec![queued(2, half.clone()), queued(3, half.clone())];
    assert_eq!(SendMessagesJob::new(order, fit.clone()).texts, fit);
    let too_long = vec![queued(2, half.clone()), queued(3, format!("{half}."))];
    assert_eq!(SendMessagesJob::new(order, too_long), order.into());
}

#[test]
fn a_job_to_drain_names_an_environment_and_reads_back() {
    let job = DeliverMessage::of(message(), &connector(), at(9)).drain_parked();
    let json = serde_json::to_string(&InboxJob::DrainParked(job)).unwrap();
    assert!(json.starts_with(r#"{"job":"drain_parked","account_id":"#));
    let read: InboxJob = serde_json::from_str(&json).unwrap();
    assert_eq!(read, InboxJob::DrainParked(job));
}

/// SPEC D15.
#[test]
fn a_job_to_send_a_mail_names_an_account_or_a_login_and_reads_back() {
    let (scope, login_id) = (connector().scope.account(), LoginId::derive(&["l"]));
    let mail_id = MailId::derive(&["m"]);
    for (owner, field) in [
        (
            MailOwner::Account(scope),
            format!("\"account_id\":\"{}\"", scope.account_id()),
        ),
        (
            MailOwner::Login(login_id),
            format!("\"login_id\":\"{login_id}\""),
        ),
    ] {
        let job = EmailJob::SendMail(SendMail { owner, mail_id });
        let json = serde_json::to_string(&job).unwrap();
        let expected = format!("{{\"job\":\"send_mail\",{field},\"mail_id\":\"{mail_id}\"}}");
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_str::<EmailJob>(&json).unwrap(), job);
    }
    let of_nobody = format!("{{\"job\":\"send_mail\",\"mail_id\":\"{mail_id}\"}}");
    assert!(serde_json::from_str::<EmailJob>(&of_nobody).is_err());
}

#[test]
fn a_job_to_invite_the_first_admin_reads_back() {
    let job = TeamJob::InviteFirstAdmin(InviteFirstAdmin {
        email: EmailAddress::parse("ana@example.com").unwrap(),
        name: "Ana".into(),
        account_name: "Vestibule".into(),
    });
    let json = serde_json::to_value(&job).unwrap();
    assert_eq!(json["job"], "invite_first_admin");
    assert_eq!(json["email"], "ana@example.com");
    assert_eq!(serde_json::from_value::<TeamJob>(json).unwrap(), job);
}

#[test]
fn a_job_of_the_release_before_is_read_and_has_no_further_parts() {
    let job = DeliverMessage::of(message(), &connector(), at(9));
    let json = serde_json::to_value(&job).unwrap();
    for field in ["parts", "entities", "event"] {
        assert_eq!(json.get(field), None);
    }
    assert_eq!(serde_json::from_value::<DeliverMessage>(json).unwrap(), job);
}

#[test]
fn a_job_of_a_change_names_the_delivery_of_the_message_that_was_changed() {
    let original = DeliverMessage::of(message(), &connector(), at(9));
    assert_eq!(original.original_id(), None);
    let edit = DeliverMessage {
        event: DeliveryEvent::Edited {
            original_key: original.event_key().to_owned(),
        },
        event_keys: vec!["slack:ts1:edited:8".into()],
        ..original.clone()
    };
    assert_eq!(edit.original_id(), Some(original.delivery_id()));
    assert_ne!(edit.delivery_id(), original.delivery_id());
    let json = serde_json::to_string(&edit).unwrap();
    assert_eq!(serde_json::from_str::<DeliverMessage>(&json).unwrap(), edit);
}

#[test]
fn a_job_carries_what_the_message_says_besides_its_text() {
    let what = Mark::User {
        id: Some("U2".into()),
        name: None,
    };
    let mention = Entity {
        offset: 0,
        length: 5,
        what,
    };
    let message = InboundMessage {
        parts: Parts::of([Part::Dice(Dice {
            emoji: None,
            value: 6,
        })]),
        entities: Entities::of("Hello", [mention]),
        ..message()
    };
    let job = DeliverMessage::of(message.clone(), &connector(), at(9));
    assert_eq!(job.parts, message.parts);
    assert_eq!(job.entities, message.entities);
    let job = InboxJob::DeliverMessage(Box::new(job));
    let json = serde_json::to_string(&job).unwrap();
    assert_eq!(serde_json::from_str::<InboxJob>(&json).unwrap(), job);
}
