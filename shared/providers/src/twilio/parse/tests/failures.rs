//! Statuses of messages of ours: those that failed later, and all others.

use super::*;

#[test]
fn every_status_but_received_is_ignored_whoever_it_is_of() {
    for status in [
        "accepted",
        "scheduled",
        "queued",
        "sending",
        "sent",
        "delivered",
        "read",
        "canceled",
        "receiving",
        "partially_delivered",
        "something_new",
    ] {
        let of_ours = changed(
            "ignored_status_sent.form",
            &[("MessageStatus", Some(status))],
        );
        let kind = format!("status:{status}");
        assert_eq!(kind_of(events_of(FORM, &of_ours)), kind);
        let of_theirs = changed_sms(&[("SmsStatus", Some(status))]);
        assert_eq!(kind_of(of_theirs), kind);
    }
    message_in(changed_sms(&[("SmsStatus", None)]));
}

#[test]
fn a_message_that_failed_later_names_person_message_and_fault() {
    for (name, recipient, class, reason) in [
        (
            "failed_sms.form",
            phone("+14133881111"),
            FailureClass::Recipient,
            "30003",
        ),
        (
            "failed_whatsapp_window.form",
            phone("+14133881111"),
            FailureClass::Recipient,
            "63016",
        ),
        (
            "failed_whatsapp_bsuid.form",
            bsuid(),
            FailureClass::Recipient,
            "63024",
        ),
        (
            "failed_without_code.form",
            phone("+14133881111"),
            FailureClass::Request,
            "failed",
        ),
    ] {
        let Event::SendFailed(failure) = only(captured_events(name)) else {
            panic!("{name} did not fail");
        };
        assert_eq!(failure.recipient, [recipient], "{name}");
        assert_eq!(
            (failure.class, failure.reason.as_str()),
            (class, reason),
            "{name}"
        );
        assert!(failure.message_id.starts_with("SM000000"), "{name}");
    }
    for code in ["30034", "63007"] {
        let body = changed("failed_sms.form", &[("ErrorCode", Some(code))]);
        let Event::SendFailed(failure) = only(events_of(FORM, &body)) else {
            panic!("{code} is no failure");
        };
        assert_eq!(failure.class, FailureClass::Connector);
    }
}

#[test]
fn a_failed_message_is_known_by_its_id_whoever_it_was_for() {
    for changes in [
        [("To", None)],
        [("To", Some("nobody"))],
        [("To", Some(""))],
        [("From", None)],
    ] {
        let body = changed("failed_sms.form", &changes);
        let Event::SendFailed(failure) = only(events_of(FORM, &body)) else {
            panic!("{changes:?} is no failure");
        };
        assert_eq!(failure.message_id, "SM00000000000000000000000000000032");
    }
    let body = changed("failed_sms.form", &[("MessageSid", None), ("SmsSid", None)]);
    assert!(matches!(
        only(events_of(FORM, &body)),
        Event::Unreadable { .. }
    ));
}

#[test]
fn a_late_failure_that_the_table_does_not_know_is_told_in_the_platforms_words() {
    let no_code = ("ErrorCode", None);
    let unknown = ("ErrorCode", Some("99999"));
    let known = ("ErrorCode", Some("63016"));
    let twilios = ("ErrorMessage", Some("Something new"));
    let channels = ("ChannelStatusMessage", Some("To +14155550100 it failed"));
    for (changes, expected) in [
        (vec![unknown, twilios, channels], "99999: Something new"),
        (vec![unknown, channels], "99999: To +… it failed"),
        (vec![no_code, twilios], "undelivered: Something new"),
        (vec![unknown], "99999"),
        (vec![known, twilios, channels], "63016"),
    ] {
        let body = changed("failed_sms.form", &changes);
        let Event::SendFailed(failure) = only(events_of(FORM, &body)) else {
            panic!("{changes:?} is no failure");
        };
        assert_eq!(failure.reason, expected, "{changes:?}");
    }
}
