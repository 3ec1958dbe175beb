//! Captured and invented requests from Slack, and what they are parsed into.

use super::*;
use crate::{
    fields::{ATTACHMENTS_MAX, EVENT_KEY_MAX_BYTES, TEXT_MAX_CHARS},
    slack::{
        Slack,
        fixtures::{any_json, connector, connector_of},
    },
    webhook::{RawRequest, WebhookProvider},
};
use http::HeaderMap;
use std::{fs, path::PathBuf};
use vestibule_domain::{
    Timestamp,
    chat::change::{ChangeKind, MessageChange},
    chat::content::Parts,
    chat::entity::Entities,
    chat::message::{Attachment, AttachmentKind},
};

mod changes;
mod hostile;

fn captured(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.json"))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/slack")
}

/// Names of the captured requests with this prefix.
fn captured_names(prefix: &str) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            entry
                .unwrap()
                .file_name()
                .into_string()
                .unwrap()
                .strip_suffix(".json")
                .map(str::to_owned)
        })
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no {prefix}*");
    names
}

/// Calls the trait, as the intake does.
fn parse_for(body: &[u8], connector: &Connector) -> Result<Parsed, Refusal> {
    let headers = HeaderMap::new();
    let request = RawRequest {
        headers: &headers,
        query: None,
        body,
    };
    Slack.parse(&request, connector, Timestamp::from_millis(0))
}

/// The only event of a request that gets an empty answer.
fn only_event(body: &[u8]) -> Event {
    let Parsed { mut events, reply } = parse_for(body, &connector()).unwrap();
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

/// `message_im` with its event modified.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    changed_from("message_im", |payload| change(&mut payload["event"]))
}

fn changed_from(name: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut payload: Value = serde_json::from_slice(&captured(name)).unwrap();
    change(&mut payload);
    payload.to_string().into_bytes()
}

fn kind_of(event: Event) -> String {
    match event {
        Event::Ignored { kind } => kind,
        other => panic!("not ignored but {other:?}"),
    }
}

/// The message that is taken without a malformed file, which is reported beside it.
fn message_and_report(body: &[u8]) -> InboundMessage {
    let mut events = parse_for(body, &connector()).unwrap().events;
    let report = Event::unreadable("an element of files is malformed");
    assert_eq!(events.pop(), Some(report));
    match events.as_slice() {
        [Event::Message(message) | Event::Placeholder(message)] => (**message).clone(),
        other => panic!("not one message but {other:?}"),
    }
}

#[test]
fn a_direct_message_is_read_as_it_was_written() {
    let expected = InboundMessage {
        also_known_as: None,
        profile: Profile::default(),
        sender: Identity {
            provider: key(),
            platform_scope: "T123ABC456".into(),
            identifier: "U123ABC456".into(),
        },
        conversation: ConversationRef::new(
            connector().id,
            ConversationKind::Direct,
            "D024BE91L".into(),
            None,
        ),
        text: "Hello".into(),
        attachments: Vec::new(),
        parts: Parts::default(),
        entities: Entities::default(),
        provider_event_id: "Ev0PV52K25".into(),
        event_keys: vec![
            "slack:T123ABC456:D024BE91L:1568915625.001000".into(),
            "slack:Ev0PV52K25".into(),
        ],
        sent_at: Timestamp::from_millis(1_568_915_625_001),
    };
    assert_eq!(message_of(&captured("message_im")), expected);
}

#[test]
fn every_kind_of_message_that_a_person_makes_is_taken() {
    for (name, kind) in [
        ("message_im", ConversationKind::Direct),
        ("message_app_home", ConversationKind::Direct),
        ("message_im_thread_reply", ConversationKind::Direct),
        ("message_mpim", ConversationKind::Group),
        ("message_group", ConversationKind::Group),
        ("message_channel", ConversationKind::Channel),
        ("message_thread_reply", ConversationKind::Channel),
        ("app_mention", ConversationKind::Channel),
        ("app_mention_message", ConversationKind::Channel),
        ("thread_broadcast", ConversationKind::Channel),
        ("slack_connect_guest", ConversationKind::Channel),
    ] {
        assert_eq!(
            message_of(&captured(name)).conversation.kind,
            kind,
            "{name}"
        );
    }
    for name in [
        "file_share",
        "file_share_without_text",
        "me_message",
        "message_escaped",
        "message_im_assistant_thread",
        "file_share_with_placeholders",
        "file_share_slack_connect",
    ] {
        message_of(&captured(name));
    }
}

#[test]
fn a_mention_has_its_kind_from_its_channels_id() {
    for (channel, kind) in [
        ("D1", ConversationKind::Direct),
        ("G1", ConversationKind::Group),
        ("C1", ConversationKind::Channel),
        ("X1", ConversationKind::Channel),
    ] {
        let body = changed_from("app_mention", |payload| {
            payload["event"]["channel"] = channel.into();
        });
        assert_eq!(message_of(&body).conversation.kind, kind, "{channel}");
    }
    let unknown = changed(|event| event["channel_type"] = "plaza".into());
    assert_eq!(
        message_of(&unknown).conversation.kind,
        ConversationKind::Channel
    );
}

#[test]
fn a_mention_and_its_message_are_one_and_the_same() {
    let mention = message_of(&captured("app_mention"));
    let message = message_of(&captured("app_mention_message"));
    assert_ne!(mention.provider_event_id, message.provider_event_id);
    assert_eq!(mention.event_keys[0], message.event_keys[0]);
    assert_eq!(mention.conversation, message.conversation);
    assert_eq!((mention.text.as_str(), message.text.as_str()), ("hi", "hi"));
}

#[test]
fn in_a_channel_a_message_opens_the_thread_that_its_replies_go_on_with() {
    let first = message_of(&captured("message_channel"));
    assert_eq!(
        first.conversation.thread.as_deref(),
        Some("1568915625.001000")
    );
    let body = changed_from("message_channel", |payload| {
        payload["event"]["ts"] = "1568915700.000000".into();
        payload["event"]["thread_ts"] = "1568915625.001000".into();
    });
    let reply = message_of(&body);
    assert_eq!(reply.conversation.id, first.conversation.id);
    assert_ne!(reply.event_keys[0], first.event_keys[0]);
}

#[test]
fn a_direct_conversation_has_a_thread_only_if_slack_says_so() {
    assert_eq!(
        message_of(&captured("message_im")).conversation.thread,
        None
    );
    let body = changed(|event| event["thread_ts"] = "1568915600.000100".into());
    let thread = message_of(&body).conversation.thread;
    assert_eq!(thread.as_deref(), Some("1568915600.000100"));
}

#[test]
fn every_captured_event_that_is_no_persons_message_is_ignored() {
    for name in captured_names("ignored_") {
        let kind = kind_of(only_event(&captured(&name)));
        assert!(!kind.is_empty(), "{name}");
    }
}

#[test]
fn every_subtype_that_slack_has_besides_the_personal_ones_is_ignored_by_name() {
    for subtype in [
        "bot_message",
        "message_changed",
        "message_deleted",
        "message_replied",
        "channel_join",
        "channel_leave",
        "channel_name",
        "channel_topic",
        "channel_purpose",
        "channel_archive",
        "channel_unarchive",
        "channel_posting_permissions",
        "ekm_access_denied",
        "reminder_add",
        "huddle_thread",
        "assistant_app_thread",
        "group_join",
        "something_new",
    ] {
        let body = changed(|event| event["subtype"] = subtype.into());
        assert_eq!(kind_of(only_event(&body)), format!("message:{subtype}"));
    }
}

#[test]
fn a_chat_with_an_assistant_is_a_thread_of_the_direct_conversation() {
    let conversation = message_of(&captured("message_im_assistant_thread")).conversation;
    assert_eq!(conversation.kind, ConversationKind::Direct);
    assert_eq!(conversation.thread.as_deref(), Some("1568915600.000900"));
    assert_ne!(
        conversation.id,
        message_of(&captured("message_im")).conversation.id
    );
}

#[test]
fn whoever_is_not_a_person_is_ignored() {
    for (field, value, kind) in [
        ("hidden", json!(true), "message:hidden"),
        ("bot_id", json!("B0BOT"), "message:bot"),
        ("bot_id", json!(7), "message:bot"),
        ("bot_profile", json!({"id": "B0BOT"}), "message:bot"),
        ("user", json!("USLACKBOT"), "message:slackbot"),
        ("user", json!("U0BOT"), "message:own"),
        ("user", json!(null), "message:no_user"),
        ("user", json!(""), "message:no_user"),
    ] {
        let body = changed(|event| event[field] = value.clone());
        assert_eq!(kind_of(only_event(&body)), kind, "{field} {value}");
    }
    let body = changed(|event| {
        event.as_object_mut().unwrap().remove("user");
    });
    assert_eq!(kind_of(only_event(&body)), "message:no_user");
}

#[test]
fn fields_that_are_null_are_not_there() {
    let body = changed(|event| {
        for field in [
            "subtype",
            "bot_id",
            "bot_profile",
            "thread_ts",
            "files",
            "hidden",
            "edited",
        ] {
            event[field] = Value::Null;
        }
    });
    assert_eq!(message_of(&body), message_of(&captured("message_im")));
}

#[test]
fn a_person_who_lent_us_their_authorization_is_still_a_person() {
    let body = changed_from("message_im", |payload| {
        payload["authorizations"][0]["user_id"] = "U123ABC456".into();
        payload["authorizations"][0]["is_bot"] = false.into();
    });
    message_of(&body);
}

#[test]
fn the_handshake_is_answered_with_its_challenge() {
    let parsed = parse_for(&captured("url_verification"), &connector()).unwrap();
    let payload: Value = serde_json::from_slice(&captured("url_verification")).unwrap();
    assert_eq!(parsed.reply.status, 200);
    assert_eq!(parsed.reply.content_type, Some("application/json"));
    let reply: Value = serde_json::from_slice(&parsed.reply.body).unwrap();
    assert_eq!(reply, json!({"challenge": payload["challenge"]}));
    assert_eq!(parsed.events, [Event::ignored("url_verification")]);
}

#[test]
fn a_challenge_that_is_none_is_not_answered() {
    for challenge in [
        json!(null),
        json!(7),
        json!("x".repeat(CHALLENGE_MAX_BYTES + 1)),
    ] {
        let body = json!({"type": "url_verification", "challenge": challenge}).to_string();
        assert!(matches!(
            only_event(body.as_bytes()),
            Event::Unreadable { .. }
        ));
    }
}

#[test]
fn slack_holding_events_back_is_an_event_of_its_own() {
    let body = json!({
        "type": "app_rate_limited", "team_id": "T123ABC456", "api_app_id": "A123ABC456",
        "minute_rate_limited": 1_518_467_820, "token": "XXYYZZ",
    });
    let expected = Event::Throttled {
        since: Some(Timestamp::from_millis(1_518_467_820_000)),
    };
    assert_eq!(only_event(body.to_string().as_bytes()), expected);
    for strange in [
        json!(null),
        json!("soon"),
        json!(-1),
        json!(u64::MAX),
        json!(1.5),
    ] {
        let mut body = body.clone();
        body["minute_rate_limited"] = strange;
        let event = only_event(body.to_string().as_bytes());
        assert_eq!(event, Event::Throttled { since: None });
    }
    let mut other = body;
    other["team_id"] = "T0OTHER".into();
    assert!(parse_for(other.to_string().as_bytes(), &connector()).is_err());
    // If the whole organisation installed the app, any of its workspaces may be named.
    let mut org_wide = connector();
    org_wide.settings.insert(TEAM_ID.into(), "E0ORG".into());
    assert!(parse_for(other.to_string().as_bytes(), &org_wide).is_ok());
    other["api_app_id"] = "A0OTHER".into();
    assert!(parse_for(other.to_string().as_bytes(), &org_wide).is_err());
}

#[test]
fn an_event_of_another_app_or_workspace_is_refused() {
    for (name, reason) in [
        ("other_app", "the event is for another app"),
        ("other_team", "the event is for another workspace"),
    ] {
        let refusal = parse_for(&captured(name), &connector()).unwrap_err();
        assert_eq!(refusal.reason, reason);
    }
    for field in ["api_app_id", "team_id"] {
        for value in [json!(null), json!(7), json!("")] {
            let body = changed_from("message_im", |payload| {
                payload[field] = value.clone();
                payload["authorizations"] = json!([]);
            });
            assert!(parse_for(&body, &connector()).is_err(), "{field} {value}");
        }
    }
}

#[test]
fn a_connector_without_app_or_team_gets_nothing() {
    for field in [API_APP_ID, TEAM_ID] {
        let mut connector = connector();
        connector.settings.remove(field);
        assert!(
            parse_for(&captured("message_im"), &connector).is_err(),
            "{field}"
        );
        connector.settings.insert(field.into(), String::new());
        let body = changed_from("message_im", |payload| payload[field] = "".into());
        assert!(parse_for(&body, &connector).is_err(), "{field}");
    }
}

#[test]
fn the_workspace_may_stand_in_the_authorizations_alone() {
    let body = changed_from("message_im", |payload| {
        payload["team_id"] = "T0PARTNER".into();
    });
    message_of(&body);
}

#[test]
fn an_organisation_is_one_scope_whichever_workspace_a_person_writes_from() {
    let organisation = connector_of("E123ABC456");
    for name in ["org_install_im", "org_install_without_team"] {
        let parsed = parse_for(&captured(name), &organisation).unwrap();
        let [Event::Message(message)] = parsed.events.as_slice() else {
            panic!("{name}: {parsed:?}");
        };
        assert_eq!(message.sender.platform_scope, "E123ABC456");
        assert_eq!(message.sender.identifier, "W123ABC456");
    }
    assert!(parse_for(&captured("message_im"), &organisation).is_err());
    assert!(parse_for(&captured("org_install_im"), &connector_of("E0OTHER")).is_err());
    assert!(parse_for(&captured("org_install_without_team"), &connector()).is_err());
}

#[test]
fn a_guest_is_the_same_person_whether_or_not_an_event_names_their_workspace() {
    let named = message_of(&captured("slack_connect_guest"));
    let body = changed_from("slack_connect_guest", |payload| {
        for field in ["team", "user_team", "source_team", "user_profile"] {
            payload["event"].as_object_mut().unwrap().remove(field);
        }
    });
    assert_eq!(message_of(&body).sender, named.sender);
    assert_eq!(named.sender.identifier, "U0PARTNER");
}

#[test]
fn a_text_is_what_the_person_wrote() {
    for (raw, plain) in [
        ("Tom &amp; Jerry &lt;b&gt;", "Tom & Jerry <b>"),
        ("&amp;lt;", "&lt;"),
        ("<@U0BOT> hi", "hi"),
        ("  <@U0BOT|vestibule>\n hi", "hi"),
        ("<@U0BOT> <@U0BOT> hi", "hi"),
        ("<@U0BOT>", "@U0BOT"),
        ("hi <@U0BOT>", "hi @U0BOT"),
        ("<@U0BOTHER> hi", "@U0BOTHER hi"),
        ("<@U0OTHER> hi", "@U0OTHER hi"),
        ("<@U0BOT hi", "<@U0BOT hi"),
        ("&lt;@U0BOT&gt; hi", "<@U0BOT> hi"),
        ("a\u{0}b", "ab"),
    ] {
        let body = changed(|event| event["text"] = raw.into());
        assert_eq!(message_of(&body).text, plain, "{raw}");
    }
    let body = changed(|event| event["text"] = "é".repeat(TEXT_MAX_CHARS + 9).into());
    assert_eq!(message_of(&body).text.chars().count(), TEXT_MAX_CHARS);
}

#[test]
fn files_are_taken_over_as_references() {
    let expected = Attachment {
        kind: AttachmentKind::File,
        provider_id: "F0S43P1CZ".into(),
        name: Some("invoice.pdf".into()),
        mime_type: Some("application/pdf".into()),
        url: Some("https://files.slack.com/files-pri/T123ABC456-F0S43P1CZ/invoice.pdf".into()),
    };
    assert_eq!(message_of(&captured("file_share")).attachments, [expected]);
    let many = message_of(&captured("hostile_many_files")).attachments;
    assert_eq!(many.len(), ATTACHMENTS_MAX);
    assert!(many.iter().all(|file| {
        file.name
            .as_ref()
            .is_none_or(|name| name.chars().count() <= 200)
    }));
}

#[test]
fn a_file_is_known_by_its_media_type() {
    for (mime, kind) in [
        ("image/png", AttachmentKind::Image),
        ("video/mp4", AttachmentKind::Video),
        ("audio/ogg", AttachmentKind::Audio),
        ("text/plain", AttachmentKind::File),
        ("imagery", AttachmentKind::File),
        ("", AttachmentKind::File),
    ] {
        let body = changed(|event| event["files"] = json!([{"id": "F1", "mimetype": mime}]));
        assert_eq!(message_of(&body).attachments[0].kind, kind, "{mime}");
    }
}

#[test]
fn strange_files_are_left_out_and_strange_parts_of_files_too() {
    let body = changed(|event| {
        event["files"] = json!([
            null, 7, "F1", [], {}, {"id": 7}, {"id": "F#1"},
            {"id": "F1", "name": "a\u{202E}fdp.exe", "mimetype": "a b", "url_private": "http://files.slack.com/x"},
        ]);
    });
    let expected = Attachment {
        kind: AttachmentKind::File,
        provider_id: "F1".into(),
        name: Some("afdp.exe".into()),
        mime_type: None,
        url: None,
    };
    assert_eq!(message_and_report(&body).attachments, [expected]);
    for strange in [json!({}), json!("F1")] {
        let body = changed(|event| event["files"] = strange);
        assert!(message_and_report(&body).attachments.is_empty());
    }
    let body = changed(|event| event["files"] = json!(null));
    assert!(message_of(&body).attachments.is_empty());
}

#[test]
fn a_reaction_to_a_message_of_ours_is_a_message_under_it_and_any_other_is_ignored() {
    let reaction = |change: &dyn Fn(&mut Value)| {
        changed_from("message_reaction", |payload| change(&mut payload["event"]))
    };
    let message = message_of(&captured("message_reaction"));
    assert!(message.is_reaction());
    let place = &message.conversation;
    assert_eq!(place.kind, ConversationKind::Channel);
    assert_eq!(place.thread.as_deref(), Some("1568915625.001000"));
    assert_eq!(message.event_keys.len(), 2);
    let other = reaction(&|event| event["reaction"] = "wave".into());
    assert_ne!(message_of(&other).event_keys[0], message.event_keys[0]);

    let direct = reaction(&|event| event["item"]["channel"] = "D024BE91L".into());
    let place = message_of(&direct).conversation;
    assert_eq!((place.kind, place.thread), (ConversationKind::Direct, None));

    for (field, value) in [
        ("item_user", json!("U456DEF789")),
        ("item_user", json!(null)),
        ("user", json!("U0BOT")),
        ("item", json!({"type": "file", "file": "F123ABC456"})),
        ("item", json!(null)),
    ] {
        let body = reaction(&|event| event[field] = value.clone());
        assert_eq!(kind_of(only_event(&body)), "reaction_added", "{field}");
    }
    for field in ["reaction", "event_ts"] {
        let body = reaction(&|event| event[field] = json!(7));
        let event = only_event(&body);
        assert!(matches!(event, Event::Unreadable { .. }), "{field}");
    }
}
