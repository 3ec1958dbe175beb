//! Captured and invented requests from Twilio, and what they are parsed into.

use super::*;
use crate::{
    fields::{ATTACHMENTS_MAX, EVENT_KEY_MAX_BYTES, TEXT_MAX_CHARS, is_short_graphic},
    testing,
    twilio::{
        Twilio,
        fixtures::{ACCOUNT, NUMBER, connector},
        key,
    },
    webhook::WebhookProvider,
};
use http::{HeaderMap, header::CONTENT_TYPE};
use std::{fs, path::PathBuf};
use vestibule_domain::{
    chat::content::Parts,
    chat::message::{Attachment, AttachmentKind},
    ports::FailureClass,
    text::is_blank,
};

mod consent;
mod failures;
mod hostile;
mod kinds;

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const JSON: &str = "application/json";
const NOW: i64 = 1_767_225_600_000;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/twilio")
}

fn captured(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Names of the captured requests with this prefix.
fn captured_names(prefix: &str) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no {prefix}*");
    names
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "json")) => JSON,
        _ => FORM,
    }
}

/// Calls the trait, as the intake does.
fn parse_as(content_type: &str, body: &[u8], connector: &Connector) -> Result<Parsed, Refusal> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
    let request = RawRequest {
        headers: &headers,
        query: None,
        body,
    };
    Twilio.parse(&request, connector, Timestamp::from_millis(NOW))
}

/// Events of a request that gets the empty answer.
fn events_of(content_type: &str, body: &[u8]) -> Vec<Event> {
    let Parsed { events, reply } = parse_as(content_type, body, &connector()).unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.content_type, Some("text/xml"));
    assert_eq!(
        reply.body,
        b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>"
    );
    events
}

fn captured_events(name: &str) -> Vec<Event> {
    events_of(content_type(name), &captured(name))
}

fn only(mut events: Vec<Event>) -> Event {
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

fn message_in(events: Vec<Event>) -> InboundMessage {
    match only(events) {
        Event::Message(message) => *message,
        other => panic!("no message but {other:?}"),
    }
}

fn kind_of(events: Vec<Event>) -> String {
    match only(events) {
        Event::Ignored { kind } => kind,
        other => panic!("not ignored but {other:?}"),
    }
}

/// A captured form with these parameters set or removed.
fn changed(name: &str, changes: &[(&str, Option<&str>)]) -> Vec<u8> {
    let body = captured(name);
    let kept = form_urlencoded::parse(&body)
        .filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let added = changes
        .iter()
        .filter_map(|(name, value)| Some((*name, (*value)?)));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .extend_pairs(added)
        .finish()
        .into_bytes()
}

fn changed_sms(changes: &[(&str, Option<&str>)]) -> Vec<Event> {
    events_of(FORM, &changed("message_sms.form", changes))
}

fn changed_whatsapp(changes: &[(&str, Option<&str>)]) -> Vec<Event> {
    events_of(FORM, &changed("message_whatsapp.form", changes))
}

fn phone(number: &str) -> Identity {
    Identity {
        provider: key(),
        platform_scope: "phone".into(),
        identifier: number.into(),
    }
}

fn bsuid() -> Identity {
    Identity {
        provider: key(),
        platform_scope: "whatsapp".into(),
        identifier: "US.13491208655302741918".into(),
    }
}

fn conversation(address: &str, channel: &str) -> ConversationRef {
    ConversationRef::new(
        connector().id,
        ConversationKind::Direct,
        address.into(),
        None,
    )
    .on_channel(channel)
}

/// Asserts the bounds that hold for every message.
fn assert_bounded(message: &InboundMessage) {
    assert!(message.text.chars().count() <= TEXT_MAX_CHARS);
    assert!(!message.text.contains('\0'));
    assert!(!is_blank(&message.words()));
    assert!(message.attachments.len() <= ATTACHMENTS_MAX);
    assert!(is_id(&message.provider_event_id));
    assert!(!message.event_keys.is_empty());
    for key in &message.event_keys {
        assert!(is_short_graphic(key, EVENT_KEY_MAX_BYTES));
    }
    let address = Address::read(&message.conversation.provider_conversation_id);
    assert!(address.is_ok_and(|address| !address.is_phone(NUMBER)));
}

#[test]
fn an_sms_is_read_as_it_was_written() {
    let expected = InboundMessage {
        sender: phone("+14133881111"),
        also_known_as: None,
        profile: Profile::default(),
        conversation: conversation("+14133881111", "sms"),
        text: "Hello".into(),
        attachments: Vec::new(),
        parts: Parts::default(),
        entities: Entities::default(),
        provider_event_id: "SM00000000000000000000000000000001".into(),
        event_keys: vec!["twilio:SM00000000000000000000000000000001".into()],
        sent_at: Timestamp::from_millis(NOW),
    };
    assert_eq!(message_in(captured_events("message_sms.form")), expected);
    let again = captured_events("duplicate_message_sms.form");
    assert_eq!(message_in(again), expected);
}

#[test]
fn a_whatsapp_message_tells_both_ids_and_a_name() {
    let message = message_in(captured_events("message_whatsapp.form"));
    assert_eq!(message.sender, bsuid());
    assert_eq!(message.also_known_as, Some(phone("+14133881111")));
    assert_eq!(
        message.profile.display_name.as_deref(),
        Some("Ada Lovelace")
    );
    assert_eq!(
        message.conversation,
        conversation("whatsapp:+14133881111", "whatsapp")
    );
}

#[test]
fn whatsapp_tells_one_id_or_the_other() {
    let by_phone = message_in(captured_events("message_whatsapp_without_bsuid.form"));
    assert_eq!(by_phone.sender, phone("+14133881111"));
    assert_eq!(by_phone.also_known_as, None);
    let hidden = message_in(captured_events("message_whatsapp_bsuid_only.form"));
    assert_eq!(hidden.sender, bsuid());
    assert_eq!(hidden.also_known_as, None);
    assert_eq!(
        hidden.conversation,
        conversation("whatsapp:US.13491208655302741918", "whatsapp")
    );
    // A malformed id is ignored.
    let strange = message_in(captured_events("hostile_bsuid.form"));
    assert_eq!(strange.sender, phone("+14133881111"));
}

#[test]
fn sms_and_whatsapp_from_one_number_are_one_person_in_two_conversations() {
    let sms = message_in(captured_events("message_sms.form"));
    let whatsapp = message_in(captured_events("message_whatsapp_without_bsuid.form"));
    assert_eq!(sms.sender, whatsapp.sender);
    assert_ne!(sms.conversation.id, whatsapp.conversation.id);
    let with_both = message_in(captured_events("message_whatsapp.form"));
    assert_eq!(with_both.also_known_as, Some(sms.sender));
}

#[test]
fn every_captured_message_is_one() {
    for name in captured_names("message_") {
        let message = message_in(captured_events(&name));
        assert!(!message.is_withheld(), "{name}");
    }
}

#[test]
fn json_says_what_a_form_says() {
    let form = message_in(changed_sms(&[(
        "MessageSid",
        Some("SM0000000000000000000000000000000f"),
    )]));
    assert_eq!(message_in(captured_events("message_sms.json")), form);
    let form = message_in(changed_whatsapp(&[(
        "MessageSid",
        Some("SM00000000000000000000000000000010"),
    )]));
    assert_eq!(message_in(captured_events("message_whatsapp.json")), form);
}

#[test]
fn every_captured_request_to_ignore_is_ignored_with_its_kind() {
    for (name, kind) in [
        ("ignored_conversations.form", "product:conversations"),
        ("ignored_debugger.form", "product:other"),
        ("ignored_help.form", "help"),
        ("ignored_messenger.form", "channel:messenger"),
        ("ignored_own_number.form", "from:own_number"),
        ("ignored_own_number_whatsapp.form", "from:own_number"),
        ("ignored_rcs.form", "channel:rcs"),
        ("ignored_reaction.form", "type:reaction"),
        ("ignored_sender_name.form", "from:sender_name"),
        ("ignored_short_code.form", "from:short_code"),
        ("ignored_status_delivered.form", "status:delivered"),
        ("ignored_status_delivered_whatsapp.form", "status:delivered"),
        ("ignored_status_rcs.form", "channel:rcs"),
        ("ignored_status_queued.form", "status:queued"),
        ("ignored_status_read.form", "status:read"),
        ("ignored_status_receiving.form", "status:receiving"),
        ("ignored_status_sending.form", "status:sending"),
        ("ignored_status_sent.form", "status:sent"),
        ("ignored_taskrouter.form", "product:other"),
        ("ignored_voice_completed.form", "product:voice"),
    ] {
        assert_eq!(kind_of(captured_events(name)), kind, "{name}");
    }
    for name in captured_names("ignored_") {
        kind_of(captured_events(&name));
    }
}

#[test]
fn a_call_that_rings_is_declined_and_no_other_event_is_answered() {
    let declined = DECLINED.as_bytes();
    let body = captured("voice_ringing.form");
    let parsed = parse_as(FORM, &body, &connector()).unwrap();
    assert_eq!(kind_of(parsed.events), "product:voice");
    assert_eq!(parsed.reply.content_type, Some("text/xml"));
    assert_eq!(parsed.reply.body, declined);
    for status in ["in-progress", "completed", "busy", "no-answer"] {
        let body = changed("voice_ringing.form", &[("CallStatus", Some(status))]);
        assert_eq!(kind_of(events_of(FORM, &body)), "product:voice", "{status}");
    }
    message_in(changed_sms(&[("CallStatus", Some("ringing"))]));
}

#[test]
fn another_product_or_channel_of_another_account_is_refused_as_ever() {
    for name in [
        "voice_ringing.form",
        "ignored_conversations.form",
        "ignored_debugger.form",
        "ignored_rcs.form",
        "ignored_taskrouter.form",
    ] {
        for account in [None, Some("AC00000000000000000000000000000000")] {
            let body = changed(name, &[("AccountSid", account)]);
            let refusal = parse_as(FORM, &body, &connector()).unwrap_err();
            assert_eq!(
                refusal.reason, "the request is for another account",
                "{name}"
            );
        }
    }
}

#[test]
fn our_number_is_ours_in_every_notation_of_its_country() {
    let mut connector = connector();
    for (configured, named) in [
        ("+551187654321", "+5511987654321"),
        ("+5511987654321", "+551187654321"),
        ("+525512345678", "+5215512345678"),
        ("+541158749895", "+5491158749895"),
    ] {
        connector
            .settings
            .insert(PHONE_NUMBER.into(), configured.into());
        let events = |name: &str, changes: &[(&str, Option<&str>)]| {
            let parsed = parse_as(FORM, &changed(name, changes), &connector);
            parsed.unwrap().events
        };
        let on_whatsapp = format!("whatsapp:{named}");
        for (name, to) in [
            ("message_sms.form", named),
            ("message_whatsapp.form", on_whatsapp.as_str()),
        ] {
            message_in(events(name, &[("To", Some(to))]));
            let loops = events(name, &[("To", Some(configured)), ("From", Some(to))]);
            assert_eq!(kind_of(loops), "from:own_number", "{to}");
        }
        let failed = only(events("failed_sms.form", &[("From", Some(named))]));
        assert!(matches!(failed, Event::SendFailed(_)), "{named}");
    }
}

#[test]
fn what_no_person_writes_on_whatsapp_is_ignored() {
    for kind in NO_MESSAGES {
        let events = changed_whatsapp(&[("MessageType", Some(kind))]);
        assert_eq!(kind_of(events), format!("type:{kind}"));
    }
    for kind in ["text", "image", "button", "interactive", "location", "new"] {
        message_in(changed_whatsapp(&[("MessageType", Some(kind))]));
    }
}

#[test]
fn content_that_did_not_arrive_is_a_placeholder_of_whoever_wrote_it() {
    for name in captured_names("placeholder_") {
        let Event::Placeholder(message) = only(captured_events(&name)) else {
            panic!("{name} is no placeholder");
        };
        let known = [Some(&message.sender), message.also_known_as.as_ref()];
        assert!(known.contains(&Some(&phone("+14133881111"))), "{name}");
        assert_bounded(&message);
    }
    for kind in [None, Some("text"), Some("image"), Some("voice")] {
        let empty = [("MessageType", kind), ("Body", Some(" \n"))];
        let event = only(changed_whatsapp(&empty));
        assert!(matches!(event, Event::Placeholder(_)), "{kind:?}");
    }
    for (name, value) in [("Latitude", "47.3769"), ("ButtonPayload", "yes")] {
        let with_content = [("MessageType", None), ("Body", None), (name, Some(value))];
        message_in(changed_whatsapp(&with_content));
    }
    for kind in ["location", "contacts", "order", "new"] {
        let empty = [("MessageType", Some(kind)), ("Body", None)];
        let event = only(changed_whatsapp(&empty));
        assert!(matches!(event, Event::Placeholder(_)), "{kind}");
    }
}

#[test]
fn another_account_or_number_is_refused() {
    for (name, reason) in [
        ("other_account.form", "the request is for another account"),
        ("other_number.form", "the message is for another number"),
        (
            "other_number_status.form",
            "the status is of another number",
        ),
        ("hostile_empty.form", "the request is for another account"),
    ] {
        let refusal = parse_as(FORM, &captured(name), &connector()).unwrap_err();
        assert_eq!(refusal.reason, reason, "{name}");
    }
    for (field, value) in [
        ("AccountSid", None),
        ("AccountSid", Some("")),
        ("AccountSid", Some("ac0123456789abcdef0123456789abcdef")),
        ("To", None),
        ("To", Some("12028831111")),
        ("To", Some("whatsapp:whatsapp:+12028831111")),
        ("To", Some("+120288311111")),
    ] {
        let body = changed("message_sms.form", &[(field, value)]);
        assert!(
            parse_as(FORM, &body, &connector()).is_err(),
            "{field} {value:?}"
        );
    }
}

#[test]
fn a_connector_without_account_or_number_gets_nothing() {
    for field in [ACCOUNT_SID, PHONE_NUMBER] {
        let mut connector = connector();
        connector.settings.remove(field);
        let body = captured("message_sms.form");
        assert!(parse_as(FORM, &body, &connector).is_err(), "{field}");
        connector.settings.insert(field.into(), String::new());
        let body = changed(
            "message_sms.form",
            &[("AccountSid", Some("")), ("To", Some(""))],
        );
        assert!(parse_as(FORM, &body, &connector).is_err(), "{field}");
    }
}

#[test]
fn a_body_of_another_kind_is_refused() {
    let body = captured("message_sms.form");
    assert!(parse_as("text/plain", &body, &connector()).is_err());
}

#[test]
fn a_messaging_service_does_not_hide_the_number() {
    let message = message_in(captured_events("message_sms_service.form"));
    assert_eq!(message.sender, phone("+14133881111"));
}

#[test]
fn a_message_is_known_by_any_of_its_three_ids() {
    let older = changed_sms(&[("MessageSid", None)]);
    let oldest = changed_sms(&[("MessageSid", None), ("SmsMessageSid", None)]);
    let expected = message_in(captured_events("message_sms.form"));
    assert_eq!(message_in(older), expected);
    assert_eq!(message_in(oldest), expected);
}

#[test]
fn a_text_is_what_the_person_wrote() {
    let special = message_in(captured_events("message_sms_special.form"));
    assert_eq!(special.text, " 1+1 = 2 & it's 100% Grüße 世界 👋\n");
    for (body, button, text) in [
        ("", "Confirm", "Confirm"),
        (" \n", "Confirm", "Confirm"),
        ("Hi", "Confirm", "Hi"),
        ("a\u{0}b", "", "ab"),
    ] {
        let events = changed_whatsapp(&[("Body", Some(body)), ("ButtonText", Some(button))]);
        assert_eq!(message_in(events).text, text, "{body} {button}");
    }
    let huge = message_in(changed_sms(&[(
        "Body",
        Some(&"é".repeat(TEXT_MAX_CHARS + 9)),
    )]));
    assert_eq!(huge.text.chars().count(), TEXT_MAX_CHARS);
}

#[test]
fn media_are_taken_over_as_references() {
    let media = message_in(captured_events("message_mms.form")).attachments;
    let base = format!(
        "https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM00000000000000000000000000000006/Media"
    );
    let expected = |kind, id: &str, mime: &str| Attachment {
        kind,
        provider_id: id.into(),
        name: None,
        mime_type: Some(mime.into()),
        url: Some(format!("{base}/{id}")),
    };
    assert_eq!(
        media,
        [
            expected(
                AttachmentKind::Image,
                "ME0000000000000000000000000000003d",
                "image/jpeg"
            ),
            expected(
                AttachmentKind::File,
                "ME0000000000000000000000000000003e",
                "text/x-vcard"
            ),
        ]
    );
    let many = message_in(captured_events("hostile_many_media.form")).attachments;
    assert_eq!(many.len(), ATTACHMENTS_MAX);
}

#[test]
fn a_file_is_known_by_its_media_type() {
    for (mime, kind) in [
        ("image/png", AttachmentKind::Image),
        ("video/mp4", AttachmentKind::Video),
        ("audio/ogg", AttachmentKind::Audio),
        ("application/pdf", AttachmentKind::File),
        ("imagery", AttachmentKind::File),
    ] {
        let media = message_in(changed_sms(&[
            ("NumMedia", Some("1")),
            ("MediaContentType0", Some(mime)),
        ]));
        assert_eq!(media.attachments[0].kind, kind, "{mime}");
        assert_eq!(
            media.attachments[0].provider_id,
            "SM00000000000000000000000000000001-0"
        );
    }
}
