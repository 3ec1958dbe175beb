//! Documented and invented activities from Teams, and what they are parsed into.

use super::*;
use crate::{
    fields::{ATTACHMENTS_MAX, EVENT_KEY_MAX_BYTES, TEXT_MAX_CHARS},
    teams::{
        conversation::targeted,
        fixtures::{
            APP, CHANNEL_THREAD, MEMBER, PERSON, PERSONAL, SERVICE_URL, TENANT, any_json,
            connector, conversation, identity,
        },
    },
};
use std::{fs, path::PathBuf};
use vestibule_domain::{
    chat::content::Parts,
    chat::entity::Entities,
    chat::message::{Attachment, AttachmentKind},
    language::Language,
};

mod changes;
mod hostile;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn captured(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.json"))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/teams")
}

/// Names of the captured requests with this prefix.
fn captured_names(prefix: &str) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".json").map(str::to_owned)
        })
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no {prefix}*");
    names
}

fn origins() -> OriginAllowList {
    OriginAllowList::parse(
        "https://smba.trafficmanager.net,https://smba.infra.gov.teams.microsoft.us",
    )
    .unwrap()
}

fn parsed(body: &[u8]) -> Result<Parsed, &'static str> {
    request(body, &connector(), &origins(), NOW).map_err(|refusal| refusal.reason)
}

/// The only event of a request that gets an empty answer.
fn only_event(body: &[u8]) -> Event {
    let Parsed { mut events, reply } = parsed(body).unwrap();
    assert_eq!(reply, Reply::empty());
    assert_eq!(events.len(), 1);
    events.remove(0)
}

fn message_of(body: &[u8]) -> InboundMessage {
    match only_event(body) {
        Event::Message(message) | Event::Placeholder(message) => *message,
        other => panic!("no message but {other:?}"),
    }
}

fn message_in(name: &str) -> InboundMessage {
    message_of(&captured(name))
}

/// `message_personal`, modified.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut activity: Value = serde_json::from_slice(&captured("message_personal")).unwrap();
    change(&mut activity);
    activity.to_string().into_bytes()
}

/// The message that is taken without a malformed attachment, and the report of that.
fn message_and_report(body: &[u8]) -> (InboundMessage, Event) {
    let mut events = parsed(body).unwrap().events;
    let report = events.pop().unwrap();
    match events.as_slice() {
        [Event::Message(message) | Event::Placeholder(message)] => ((**message).clone(), report),
        other => panic!("not one message but {other:?}"),
    }
}

#[test]
fn a_personal_message_is_read_as_it_was_written() {
    let mut place = conversation(ConversationKind::Direct, PERSONAL);
    place.reply_url = Some(SERVICE_URL.into());
    place.member_id = Some(MEMBER.into());
    let expected = InboundMessage {
        sender: identity(),
        also_known_as: None,
        profile: Profile::from_raw(Some("Megan Bowen"), None, None, None)
            .with_language(Some("en-US")),
        conversation: place,
        text: "Hello Teams TestBot.".into(),
        attachments: Vec::new(),
        parts: Parts::default(),
        entities: Entities::default(),
        provider_event_id: "1485983408511".into(),
        event_keys: vec![event_key("teams", &format!("{PERSONAL}:1485983408511"))],
        sent_at: Timestamp::parse("2017-02-01T21:10:07.437Z").unwrap(),
    };
    assert_eq!(message_in("message_personal"), expected);
    assert_eq!(expected.sender.platform_scope, TENANT);
    assert_eq!(expected.sender.identifier, PERSON);
}

#[test]
fn every_captured_message_is_one() {
    for name in captured_names("message_") {
        let message = message_in(&name);
        assert_eq!(message.sender.platform_scope, TENANT, "{name}");
        assert_eq!(
            message.conversation.member_id.as_deref(),
            Some(MEMBER),
            "{name}"
        );
        let reply_url = message.conversation.reply_url.unwrap();
        assert!(origins().admit(&reply_url).is_some(), "{name}");
    }
}

#[test]
fn each_kind_of_conversation_is_told_apart_and_an_unknown_one_counts_as_public() {
    for (name, kind) in [
        ("message_personal", ConversationKind::Direct),
        ("message_group_chat", ConversationKind::Group),
        ("message_channel_post", ConversationKind::Channel),
        ("message_channel_reply", ConversationKind::Channel),
        (
            "message_unknown_conversation_type",
            ConversationKind::Channel,
        ),
    ] {
        assert_eq!(message_in(name).conversation.kind, kind, "{name}");
    }
    let without = changed(|activity| activity["conversation"]["conversationType"] = Value::Null);
    assert_eq!(
        message_of(&without).conversation.kind,
        ConversationKind::Channel
    );
}

#[test]
fn a_channel_or_group_chat_has_the_name_that_is_told_and_a_personal_chat_has_none() {
    let named = |event: &str, change: &dyn Fn(&mut Value)| {
        let mut activity: Value = serde_json::from_slice(&captured(event)).unwrap();
        change(&mut activity);
        message_of(activity.to_string().as_bytes())
            .conversation
            .name
    };
    let as_channel =
        |activity: &mut Value| activity["channelData"]["channel"]["name"] = "General".into();
    let as_chat = |activity: &mut Value| activity["conversation"]["name"] = "Launch".into();
    let channel = named("message_channel_post", &as_channel);
    assert_eq!(channel.as_deref(), Some("General"));
    let chat = named("message_group_chat", &as_chat);
    assert_eq!(chat.as_deref(), Some("Launch"));
    for event in ["message_personal", "message_targeted"] {
        assert_eq!(named(event, &as_chat), None, "{event}");
    }
    assert_eq!(message_in("message_channel_post").conversation.name, None);
}

#[test]
fn all_messages_of_a_thread_are_one_conversation() {
    let (post, reply) = (
        message_in("message_channel_post"),
        message_in("message_channel_reply"),
    );
    assert_eq!(post.conversation.provider_conversation_id, CHANNEL_THREAD);
    assert_eq!(post.conversation.id, reply.conversation.id);
    assert_ne!(post.event_keys, reply.event_keys);
}

#[test]
fn a_post_in_a_channel_opens_a_thread_even_where_its_conversation_names_none() {
    let root = message_in("message_channel_root_post");
    let post = message_in("message_channel_post");
    assert_eq!(root.conversation, post.conversation);
    let channel = CHANNEL_THREAD.split(';').next().unwrap();
    let posted = |change: &dyn Fn(&mut Value)| {
        let mut activity: Value =
            serde_json::from_slice(&captured("message_channel_root_post")).unwrap();
        change(&mut activity);
        let conversation = message_of(activity.to_string().as_bytes()).conversation;
        conversation.provider_conversation_id
    };
    let other = posted(&|activity| activity["id"] = "1759881599999".into());
    assert_eq!(other, format!("{channel};messageid=1759881599999"));
    let reply = posted(&|activity| {
        activity["id"] = "1759881599999".into();
        activity["replyToId"] = "1759881511856".into();
    });
    assert_eq!(reply, CHANNEL_THREAD);
    let untyped = posted(&|activity| activity["conversation"]["conversationType"] = Value::Null);
    assert_eq!(untyped, CHANNEL_THREAD);
    for name in ["message_group_chat", "message_unknown_conversation_type"] {
        let conversation = message_in(name).conversation;
        let id = &conversation.provider_conversation_id;
        assert!(!id.contains(";messageid="), "{name}: {id}");
    }
}

#[test]
fn a_root_post_keeps_its_key() {
    let channel = CHANNEL_THREAD.split(';').next().unwrap();
    let expected = event_key("teams", &format!("{channel}:1759881511856"));
    assert_eq!(
        message_in("message_channel_root_post").event_keys,
        [expected]
    );
}

#[test]
fn a_message_for_the_bot_alone_is_a_conversation_of_its_writer_alone() {
    let aloud = message_in("message_group_chat").conversation;
    let aside = message_in("message_targeted").conversation;
    assert_eq!(
        aside.provider_conversation_id,
        aloud.provider_conversation_id
    );
    assert_ne!(aside.id, aloud.id);
    assert_eq!(aside.kind, ConversationKind::Direct);
    assert_eq!(targeted(&aside), Some(MEMBER));
    assert_eq!(targeted(&aloud), None);
    // In a personal chat nobody else reads along.
    let personal = changed(|activity| activity["recipient"]["isTargeted"] = true.into());
    assert_eq!(
        message_of(&personal).conversation,
        message_in("message_personal").conversation
    );
    for strange in [json!(false), json!("true"), json!(null)] {
        let mut activity: Value = serde_json::from_slice(&captured("message_targeted")).unwrap();
        activity["recipient"]["isTargeted"] = strange;
        let conversation = message_of(activity.to_string().as_bytes()).conversation;
        assert_eq!(conversation, aloud);
    }
}

#[test]
fn a_second_delivery_is_known_and_the_same_number_elsewhere_is_another_message() {
    let first = message_in("message_personal");
    assert_eq!(
        message_in("duplicate_message_personal").event_keys,
        first.event_keys
    );
    let elsewhere = changed(|activity| activity["conversation"]["id"] = "a:other".into());
    assert_ne!(message_of(&elsewhere).event_keys, first.event_keys);
    for key in first.event_keys {
        assert!(is_short_graphic(&key, EVENT_KEY_MAX_BYTES), "{key}");
    }
}

#[test]
fn the_text_is_what_the_person_meant() {
    for (name, text) in [
        ("message_channel_reply", "reply to thread"),
        ("message_channel_post", "first post"),
        ("message_group_chat", "hi all"),
        ("message_mention_twice", "hello"),
        ("message_mentions_others", "please ask @Adele Vance"),
        ("message_mention_only", "@ridotest"),
        ("message_escaped", "a < b && c > d \"x\""),
        ("message_xml", "one two\nthree & four"),
        ("message_image_without_text", ""),
    ] {
        assert_eq!(message_in(name).text, text, "{name}");
    }
}

#[test]
fn files_are_references_and_the_messages_own_html_is_none() {
    let file = Attachment {
        kind: AttachmentKind::File,
        provider_id: "1150D938-8870-4044-9F2C-5BBDEBA70C9D".into(),
        name: Some("report.pdf".into()),
        mime_type: None,
        url: Some("https://download.example/very-secret".into()),
    };
    assert_eq!(message_in("message_file").attachments, [file]);
    let image = Attachment {
        kind: AttachmentKind::Image,
        provider_id: "1485983408511.0".into(),
        name: None,
        mime_type: Some("image/*".into()),
        url: Some(
            "https://smba.trafficmanager.net/amer/v3/attachments/0-eus-d1-aaa/views/original"
                .into(),
        ),
    };
    assert_eq!(
        message_in("message_image_without_text").attachments,
        [image]
    );
    let pasted = message_in("message_pasted_picture").attachments;
    assert_eq!(pasted.len(), 1);
    assert_eq!(
        pasted[0].url.as_deref(),
        Some("https://eu-api.asm.skype.com/v1/objects/0-weu-d1-bbb/views/imgo")
    );
    assert_eq!(
        message_in("hostile_many_attachments").attachments.len(),
        ATTACHMENTS_MAX
    );
    let (message, _) = message_and_report(&captured("hostile_attachment_addresses"));
    assert!(message.attachments.is_empty());
}

#[test]
fn somebody_in_no_directory_is_known_by_the_bots_own_id_for_them() {
    for name in ["message_without_object_id", "hostile_object_id_is_no_guid"] {
        assert_eq!(message_in(name).sender.identifier, MEMBER, "{name}");
    }
}

#[test]
fn a_directory_id_is_the_same_person_in_letters_of_either_size() {
    assert_eq!(
        message_in("hostile_object_id_upper_case").sender,
        identity()
    );
}

#[test]
fn a_name_is_cleaned_and_may_be_missing() {
    let name = |file: &str| message_in(file).profile.display_name;
    assert_eq!(name("hostile_bidi_name").as_deref(), Some("adA Lovelace"));
    assert_eq!(name("message_without_name"), None);
}

#[test]
fn a_person_has_the_language_of_the_activity_or_else_of_their_client() {
    let client =
        |locale: Value| json!([{"type": "mention"}, {"type": "clientInfo", "locale": locale}]);
    for (locale, entities, tag) in [
        (json!("de-de"), client(json!("en-US")), Some("de-DE")),
        (json!(null), client(json!("pt-BR")), Some("pt-BR")),
        (json!(""), client(json!("pt-BR")), Some("pt-BR")),
        (json!(null), client(json!(7)), None),
        (
            json!(null),
            json!([{"type": "mention", "locale": "de"}]),
            None,
        ),
        (json!(null), json!(null), None),
        (json!(7), json!("none"), None),
        (json!("German"), json!([]), None),
    ] {
        let body = changed(|activity| {
            activity["locale"] = locale.clone();
            activity["entities"] = entities.clone();
        });
        let language = message_of(&body).profile.language;
        assert_eq!(
            language.as_ref().map(Language::tag),
            tag,
            "{locale} {entities}"
        );
    }
}

#[test]
fn a_message_without_a_time_is_of_now() {
    for name in ["message_without_timestamp", "hostile_far_timestamp"] {
        assert_eq!(message_in(name).sent_at, NOW, "{name}");
    }
    let mut ancient: Value = serde_json::from_slice(&captured("message_personal")).unwrap();
    ancient["timestamp"] = "1009-02-01T21:10:07.437Z".into();
    assert_eq!(message_of(ancient.to_string().as_bytes()).sent_at, NOW);
}

#[test]
fn a_huge_text_is_cut() {
    let text = message_in("hostile_huge_text").text;
    assert_eq!(text.chars().count(), TEXT_MAX_CHARS);
}

#[test]
fn whatever_no_person_wrote_is_ignored_with_an_empty_answer() {
    for name in captured_names("ignored_") {
        let event = only_event(&captured(&name));
        assert!(matches!(event, Event::Ignored { .. }), "{name}: {event:?}");
    }
    // From PROVIDERS §2.1.
    for kind in [
        "conversationUpdate",
        "installationUpdate",
        "messageReaction",
        "typing",
        "event",
        "endOfConversation",
        "trace",
        "handoff",
        "somethingNew",
    ] {
        let event = only_event(&changed(|activity| activity["type"] = kind.into()));
        assert_eq!(event, Event::Ignored { kind: kind.into() });
    }
    for (name, kind) in [
        ("ignored_bot_by_id", "message:bot"),
        ("ignored_own_message", "message:bot"),
        ("ignored_bot_by_role", "message:bot"),
    ] {
        let expected = Event::Ignored { kind: kind.into() };
        assert_eq!(only_event(&captured(name)), expected, "{name}");
    }
}

#[test]
fn an_invoke_is_answered_with_an_empty_object() {
    for name in captured_names("invoke_") {
        let Parsed { events, reply } = parsed(&captured(&name)).unwrap();
        assert_eq!(reply, Reply::json(&json!({})), "{name}");
        let [Event::Ignored { kind }] = events.as_slice() else {
            panic!("{name}: {events:?}");
        };
        assert!(kind.starts_with("invoke:"), "{kind}");
    }
}

#[test]
fn what_is_anothers_is_refused() {
    for name in captured_names("refused_") {
        assert!(parsed(&captured(&name)).is_err(), "{name}");
    }
    for (name, reason) in [
        ("refused_other_app", "the activity is for another bot"),
        (
            "refused_other_tenant",
            "the activity is from another tenant",
        ),
        ("refused_two_tenants", "the activity is from another tenant"),
        (
            "refused_other_channel",
            "the activity is of another channel",
        ),
        (
            "refused_suffix_service_url",
            "the service address is not one of Microsoft's",
        ),
    ] {
        assert_eq!(parsed(&captured(name)), Err(reason), "{name}");
    }
}

#[test]
fn what_is_anothers_is_refused_whatever_its_type() {
    for kind in ["conversationUpdate", "invoke", "typing", ""] {
        let body = changed(|activity| {
            activity["type"] = kind.into();
            activity["channelData"]["tenant"]["id"] = APP.into();
        });
        assert_eq!(
            parsed(&body),
            Err("the activity is from another tenant"),
            "{kind}"
        );
    }
}

#[test]
fn a_connector_without_its_settings_takes_nothing() {
    for name in [APP_ID, TENANT_ID] {
        let mut bare = connector();
        bare.settings.remove(name);
        let result = request(&captured("message_personal"), &bare, &origins(), NOW);
        assert!(result.is_err(), "{name}");
    }
    let result = request(
        &captured("message_personal"),
        &connector(),
        &OriginAllowList::default(),
        NOW,
    );
    assert!(result.is_err());
}

#[test]
fn a_button_of_a_card_says_what_it_stands_for() {
    let sent = |text: Value, value: Value| {
        let message = message_of(&changed(|activity| {
            activity["text"] = text;
            activity["attachments"] = json!(null);
            activity["value"] = value;
            activity["replyToId"] = "1485983408510".into();
        }));
        let json = serde_json::to_value(&message.parts).unwrap();
        (message.text.clone(), json[0].clone())
    };
    let (text, form) = sent(json!(null), json!({"choice": "yes"}));
    assert_eq!(text, "");
    assert_eq!(
        (&form["kind"], &form["fields"]),
        (&json!("form"), &json!({"choice": "yes"}))
    );
    assert_eq!(form["message_id"], "1485983408510");
    let (text, choice) = sent(json!("Yes"), json!("yes"));
    assert_eq!(text, "Yes");
    assert_eq!(
        (&choice["title"], &choice["id"]),
        (&json!("Yes"), &json!("yes"))
    );
    let (_, choice) = sent(json!(""), json!(7));
    assert_eq!(
        (&choice["title"], &choice["id"]),
        (&json!(null), &json!("7"))
    );
    let (_, none) = sent(json!("Yes"), json!(null));
    assert_eq!(none, Value::Null);
}
