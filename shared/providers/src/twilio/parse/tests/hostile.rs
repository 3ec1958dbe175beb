//! Malformed, incomplete and hostile requests, which nobody promised to send.

use super::*;
use proptest::prelude::*;

#[test]
fn what_is_needed_and_not_there_makes_a_request_unreadable() {
    for name in captured_names("unreadable_") {
        let event = only(captured_events(&name));
        assert!(
            matches!(event, Event::Unreadable { .. }),
            "{name} {event:?}"
        );
    }
    for (field, value) in [
        ("From", None),
        ("From", Some("")),
        ("From", Some(" 14133881111")),
        ("From", Some("whatsapp:")),
        ("From", Some("whatsapp:MyBank")),
        ("MessageSid", Some("SM#1")),
        ("MessageSid", Some("a canary")),
    ] {
        let event = only(changed_sms(&[(field, value)]));
        let Event::Unreadable { detail } = event else {
            panic!("{field} {value:?} is readable: {event:?}");
        };
        assert!(
            !detail.contains("canary") && !detail.contains("1413"),
            "{detail}"
        );
    }
}

#[test]
fn strange_media_are_left_out_and_reported_and_strange_parts_of_media_too() {
    let mut events = captured_events("hostile_media.form");
    let report = Event::unreadable("media are missing or malformed");
    assert_eq!(events.pop(), Some(report.clone()));
    assert_eq!(message_in(events).attachments, []);
    let mut events = events_of(
        FORM,
        &changed("message_mms.form", &[("NumMedia", Some("3"))]),
    );
    assert_eq!(events.pop(), Some(report));
    assert_eq!(message_in(events).attachments.len(), 2);
    for count in ["-1", "1.5", "many", "", "0"] {
        let message = message_in(changed_sms(&[
            ("NumMedia", Some(count)),
            ("MediaContentType0", Some("image/png")),
        ]));
        assert!(message.attachments.is_empty(), "{count}");
    }
}

#[test]
fn json_with_half_a_surrogate_pair_or_a_byte_order_mark_is_read() {
    let message = message_in(captured_events("hostile_lone_surrogate.json"));
    assert_eq!(message.text, "\u{FFFD}");
    let marked = [b"\xEF\xBB\xBF".as_slice(), &captured("message_sms.json")].concat();
    assert_eq!(
        events_of(JSON, &marked),
        captured_events("message_sms.json")
    );
}

#[test]
fn every_hostile_request_is_taken_without_harm() {
    for name in captured_names("hostile_") {
        let Ok(parsed) = parse_as(content_type(&name), &captured(&name), &connector()) else {
            continue;
        };
        for event in parsed.events {
            if let Event::Message(message) | Event::Placeholder(message) = event {
                assert_bounded(&message);
            }
        }
    }
    let named = message_in(captured_events("hostile_bidi_name.form"));
    assert_eq!(named.profile.display_name.as_deref(), Some("Ada Love lace"));
}

const NAMES: &[&str] = &[
    "AccountSid",
    "To",
    "From",
    "MessageSid",
    "SmsSid",
    "Body",
    "SmsStatus",
    "MessageStatus",
    "NumMedia",
    "MediaUrl0",
    "MediaContentType0",
    "ProfileName",
    "ExternalUserId",
    "OptOutType",
    "ErrorCode",
    "MessageType",
    "ButtonText",
    "ButtonPayload",
    "ListId",
    "Latitude",
    "Label",
    "InteractiveData",
    "ReferralSourceUrl",
    "OriginalRepliedMessageSid",
];

proptest! {
    #[test]
    fn no_bytes_make_us_panic(
        body in proptest::collection::vec(any::<u8>(), 0..400),
        content_type in proptest::sample::select(vec![FORM, JSON]),
    ) {
        let _ = parse_as(content_type, &body, &connector());
    }

    #[test]
    fn no_json_makes_us_panic(payload in testing::any_json(NAMES)) {
        let _ = parse_as(JSON, payload.to_string().as_bytes(), &connector());
    }

    #[test]
    fn whatever_is_in_a_form_a_message_keeps_its_bounds(
        name in proptest::sample::select(NAMES), value in any::<String>(),
        other in proptest::sample::select(NAMES), other_value in "[a-z:+0-9A-Z.]{0,30}",
    ) {
        for captured in ["message_sms.form", "message_whatsapp.form"] {
            let body = changed(captured, &[(name, Some(&value)), (other, Some(&other_value))]);
            let Ok(parsed) = parse_as(FORM, &body, &connector()) else {
                continue;
            };
            prop_assert!((1..=2).contains(&parsed.events.len()));
            for event in parsed.events {
                if let Event::Message(message) | Event::Placeholder(message) = event {
                    assert_bounded(&message);
                }
            }
        }
    }

    #[test]
    fn a_request_that_was_cut_off_anywhere_is_survived(end in 0_usize..700) {
        let body = captured("message_whatsapp.form");
        let _ = parse_as(FORM, &body[..end.min(body.len())], &connector());
    }

    #[test]
    fn a_message_is_the_same_whatever_the_order_of_its_parameters(
        pairs in Just(form_urlencoded::parse(&captured("message_whatsapp.form")).into_owned().collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let expected = captured_events("message_whatsapp.form");
        prop_assert_eq!(events_of(FORM, body.as_bytes()), expected);
    }
}
