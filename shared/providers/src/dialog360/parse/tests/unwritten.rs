//! Messages that no person wrote, and content that WhatsApp keeps to itself.

use super::*;

#[test]
fn what_no_person_wrote_is_ignored_by_its_name() {
    let expected = [
        ("ignored_account_update", "account_update"),
        ("ignored_calls", "calls"),
        ("ignored_ephemeral", "message:ephemeral"),
        ("ignored_errors", "errors"),
        ("ignored_group_message", "message:group"),
        ("ignored_history", "history"),
        ("ignored_message_echoes", "message_echoes"),
        (
            "ignored_message_template_status_update",
            "message_template_status_update",
        ),
        ("ignored_no_changes", "no_changes"),
        ("ignored_no_messages", "no_messages"),
        ("ignored_own_number", "message:own"),
        (
            "ignored_phone_number_quality_update",
            "phone_number_quality_update",
        ),
        ("ignored_reaction_removed", "message:reaction"),
        ("ignored_reaction_to_nothing", "message:reaction"),
        ("ignored_request_welcome", "message:request_welcome"),
        ("ignored_smb_app_state_sync", "smb_app_state_sync"),
        ("ignored_smb_message_echoes", "smb_message_echoes"),
        ("ignored_something_new", "something_new"),
        ("ignored_status_deleted", "status:deleted"),
        ("ignored_status_delivered", "status:delivered"),
        ("ignored_status_failed_group", "status:failed"),
        ("ignored_status_played", "status:played"),
        ("ignored_status_read", "status:read"),
        ("ignored_status_sent", "status:sent"),
        (
            "ignored_system_user_changed_number",
            "message:system:user_changed_number",
        ),
        ("ignored_system_without_type", "message:system:unnamed"),
        (
            "ignored_template_category_update",
            "template_category_update",
        ),
        ("ignored_unsupported_pin", "message:unsupported"),
        ("ignored_unsupported_template", "message:unsupported"),
        ("ignored_user_preferences", "user_preferences"),
    ];
    for (name, kind) in expected {
        assert_eq!(kind_of(&only_event(&captured(name))), kind, "{name}");
    }
    let covered: BTreeSet<_> = expected.map(|(name, _)| name.to_owned()).into();
    assert_eq!(captured_names("ignored_"), covered);
}

#[test]
fn every_type_that_is_no_persons_is_ignored_whatever_it_holds() {
    for kind in NO_PERSONS_TYPES {
        let body = changed(|message| message["type"] = kind.into());
        let event = only_event(&body);
        assert!(
            kind_of(&event).starts_with(&format!("message:{kind}")),
            "{event:?}"
        );
    }
}

#[test]
fn content_that_whatsapp_keeps_to_itself_is_a_placeholder_of_whoever_wrote_it() {
    for name in captured_names("placeholder_") {
        let Event::Placeholder(message) = only_event(&captured(&name)) else {
            panic!("{name} is no placeholder");
        };
        assert_eq!(message.sender, bsuid(), "{name}");
        let keys = ["360dialog:withheld:wamid.xyzxyz"];
        assert_eq!(message.event_keys, keys, "{name}");
        assert_eq!((message.text.as_str(), message.attachments.len()), ("", 0));
    }
}

#[test]
fn a_placeholder_is_not_in_the_way_of_the_message_that_follows_under_its_id() {
    let body = |is_withheld: &[bool]| {
        changed_from("message_text", |value| {
            let written = value["messages"][0].take();
            let mut placeholder = written.clone();
            placeholder["type"] = "unsupported".into();
            let one = |is_withheld: &bool| {
                if *is_withheld {
                    placeholder.clone()
                } else {
                    written.clone()
                }
            };
            value["messages"] = is_withheld.iter().map(one).collect();
        })
    };
    let read = events(&body(&[true, true, false, true]));
    let expected = [
        "placeholder wamid.xyzxyz",
        "ignored duplicate",
        "wamid.xyzxyz",
        "ignored duplicate",
    ];
    assert_eq!(outline(&read), expected);
    let Event::Placeholder(placeholder) = &read[0] else {
        panic!("{read:?}");
    };
    let written = message_of(&body(&[false]));
    assert_ne!(placeholder.event_keys, written.event_keys);
}

#[test]
fn a_placeholder_is_a_persons_unless_it_names_an_action_an_error_or_a_businesss_message() {
    for kind in ["unsupported", "unknown"] {
        for (named, is_persons) in [
            (json!({"type": "gif"}), true),
            (json!({"type": "poll_creation"}), true),
            (json!({"type": "media_placeholder"}), true),
            (json!({"type": "something_new"}), true),
            (json!({}), true),
            (json!(null), true),
            (json!({"type": "reaction"}), false),
            (json!({"type": "poll_update"}), false),
            (json!({"type": "keep_in_chat"}), false),
            (json!({"type": "hsm"}), false),
            (json!({"type": "errors"}), false),
        ] {
            let event = only_event(&changed(|message| {
                message["type"] = kind.into();
                message["unsupported"] = named.clone();
            }));
            if is_persons {
                assert!(matches!(event, Event::Placeholder(_)), "{kind} {named}");
            } else {
                assert_eq!(kind_of(&event), format!("message:{kind}"), "{named}");
            }
        }
    }
}

#[test]
fn errors_do_not_take_content_away_that_is_there() {
    let errors = json!([{"code": 131_052, "title": "Media download error"}]);
    let with_caption = changed_from("message_image", |value| {
        value["messages"][0]["errors"] = errors.clone();
    });
    assert!(!message_of(&with_caption).attachments.is_empty());
    let text = changed(|message| message["errors"] = errors);
    assert_eq!(message_of(&text).text, "Body Text");
}

#[test]
fn a_message_of_ours_that_did_not_arrive_is_reported() {
    let to = |recipient: Vec<Identity>, class, reason: &str| SendFailure {
        recipient,
        message_id: "wamid.ours==".into(),
        class,
        reason: reason.into(),
    };
    let undeliverable = "131026: cannot be delivered to this person";
    let expected = [
        (
            "status_failed_bsuid_only",
            to(vec![bsuid()], FailureClass::Recipient, undeliverable),
        ),
        (
            "status_failed_undeliverable",
            to(vec![phone()], FailureClass::Recipient, undeliverable),
        ),
        (
            "status_failed_window",
            to(
                vec![bsuid(), phone()],
                FailureClass::Recipient,
                "131047: outside the 24-hour window",
            ),
        ),
        (
            "status_failed_without_code",
            to(
                vec![bsuid(), phone()],
                FailureClass::Request,
                "unnamed_error",
            ),
        ),
    ];
    for (name, failure) in &expected {
        let event = Event::SendFailed(Box::new(failure.clone()));
        assert_eq!(only_event(&captured(name)), event, "{name}");
    }
    let covered: BTreeSet<_> = expected.map(|(name, _)| name.to_owned()).into();
    assert_eq!(captured_names("status_"), covered);
}

#[test]
fn a_status_of_an_unnamed_recipient_still_names_the_message() {
    let body = changed_from("status_failed_undeliverable", |value| {
        value["statuses"][0]["recipient_id"] = json!(null);
    });
    let Event::SendFailed(failure) = only_event(&body) else {
        panic!("not reported");
    };
    assert!(failure.recipient.is_empty());
    assert_eq!(failure.message_id, "wamid.ours==");
}
