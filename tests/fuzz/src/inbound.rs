//! Requests from platforms and from strangers.

use crate::{
    input::Request,
    outgoing,
    platform::{Fixture, NOW, Platform, Signer},
};
use futures_util::FutureExt;
use vestibule_domain::{
    chat::change::{ChangeKind, MessageChange},
    chat::content::{PARTS_MAX, PARTS_MAX_BYTES, Part, WORDS_MAX_CHARS},
    chat::entity::{ENTITIES_MAX, ENTITIES_MAX_BYTES},
    chat::message::{Identity, InboundMessage},
    connector::Connector,
    language::Language,
    text::{NAME_MAX_CHARS, is_blank, is_invisible},
};
use vestibule_providers::{
    fields::{ATTACHMENTS_MAX, EVENT_KEY_MAX_BYTES, TEXT_MAX_CHARS, URL_MAX_BYTES},
    webhook::{Credentials, Event, KIND_MAX_CHARS, SendFailure},
};

/// Longest detail of an unreadable event, in characters: one of our own sentences.
const DETAIL_MAX_CHARS: usize = 200;
/// Size of the brackets of a list, in bytes.
const BRACKETS: usize = 2;
/// The latest time of a message: the end of the year 9999, the last that our time format can express.
const LAST_MILLIS: i64 = 253_402_300_799_999;

/// Runs one request: unchanged, signed by strangers, and signed by the platform.
pub fn exercise(fixture: &Fixture, request: &Request) {
    let platform = fixture.platform;
    assert!(!is_taken(fixture, request), "taken without a signature");

    let mut forged = request.clone();
    platform.sign(&mut forged, Signer::Stranger);
    assert!(
        !is_taken(fixture, &forged),
        "taken with a stranger's signature"
    );

    let signer = if request.body.len().is_multiple_of(8) {
        Signer::PlatformBefore
    } else {
        Signer::Platform
    };
    let mut signed = request.clone();
    let must_be_taken = platform.sign(&mut signed, signer);
    assert_eq!(
        is_taken(fixture, &signed),
        must_be_taken,
        "taken though signed for another, or not taken though signed"
    );
    if must_be_taken {
        read(fixture, &signed);
    }
}

/// Whether the provider accepts this as the platform's request.
pub fn is_taken(fixture: &Fixture, request: &Request) -> bool {
    let credentials = Credentials {
        connector: &fixture.connector,
        secrets: &fixture.verifying,
    };
    fixture
        .platform
        .webhook()
        .verify(&request.raw(), &credentials, NOW)
        .now_or_never()
        .expect("nothing here waits")
        .is_ok()
}

fn read(fixture: &Fixture, request: &Request) {
    let (platform, connector) = (fixture.platform, &fixture.connector);
    let parsed = platform.webhook().parse(&request.raw(), connector, NOW);
    let again = platform.webhook().parse(&request.raw(), connector, NOW);
    assert_eq!(parsed, again, "read twice, understood differently");
    let Ok(parsed) = parsed else {
        return;
    };
    assert!(
        platform.is_reply(&parsed.reply, request),
        "answered with {:?}",
        String::from_utf8_lossy(&parsed.reply.body)
    );
    assert!(!parsed.events.is_empty(), "says nothing");
    let mut first = true;
    for event in &parsed.events {
        match event {
            Event::Message(message) => {
                check_message(platform, connector, message);
                // Of a batch, only the first: the others are of the same kind, and there may be thousands.
                if first {
                    outgoing::answer_to(fixture, message);
                    first = false;
                }
            }
            Event::Placeholder(message) => check_message(platform, connector, message),
            Event::Changed(change) => check_change(platform, connector, change),
            Event::Ignored { kind } => check_word(kind),
            Event::SendFailed(failure) => check_failure(platform, failure),
            Event::Consent { sender, .. } => {
                assert!(!sender.is_empty(), "nobody's consent");
                sender.iter().for_each(|who| check_identity(platform, who));
            }
            Event::Throttled { .. } => {}
            Event::Unreadable { detail } => {
                assert!(detail.chars().count() <= DETAIL_MAX_CHARS, "{detail}");
                assert!(!detail.contains(is_invisible), "{detail:?}");
            }
        }
    }
}

fn check_change(platform: &dyn Platform, connector: &Connector, change: &MessageChange) {
    check_message(platform, connector, &change.message);
    assert!((1..=EVENT_KEY_MAX_BYTES).contains(&change.original_key.len()));
    assert!(!change.message.event_keys.contains(&change.original_key));
    if change.kind == ChangeKind::Deleted {
        assert!(change.message.text.is_empty() && change.message.attachments.is_empty());
    }
}

fn check_message(platform: &dyn Platform, connector: &Connector, message: &InboundMessage) {
    check_identity(platform, &message.sender);
    if let Some(other) = &message.also_known_as {
        check_identity(platform, other);
        assert_ne!(*other, message.sender, "known under one id twice");
    }
    let conversation = &message.conversation;
    assert!(!conversation.provider_conversation_id.is_empty());
    assert_ne!(conversation.thread.as_deref(), Some(""));
    let same = vestibule_domain::chat::conversation::ConversationRef::new(
        connector.id,
        conversation.kind,
        conversation.provider_conversation_id.clone(),
        conversation.thread.clone(),
    );
    assert_eq!(conversation.id, same.id, "another connector's conversation");

    assert!(!message.event_keys.is_empty(), "no event key");
    for key in &message.event_keys {
        assert!((1..=EVENT_KEY_MAX_BYTES).contains(&key.len()), "{key}");
        assert!(key.bytes().all(|b| b.is_ascii_graphic()), "{key:?}");
        assert!(key.starts_with(&format!("{}:", platform.key())), "{key}");
    }
    assert!(!message.provider_event_id.is_empty());

    assert!(message.text.chars().count() <= TEXT_MAX_CHARS);
    assert!(!message.text.contains('\0'));
    check_content(message);
    let sent_at = message.sent_at.millis();
    assert!((0..=LAST_MILLIS).contains(&sent_at), "sent at {sent_at}");

    let profile = &message.profile;
    let names = [
        &profile.display_name,
        &profile.first_name,
        &profile.last_name,
    ];
    for name in names.into_iter().flatten() {
        check_name(name);
    }
    assert!(!profile.avatar_kept);
    if let Some(language) = &profile.language {
        assert_eq!(Language::parse(language.tag()).as_ref(), Some(language));
    }

    assert!(message.attachments.len() <= ATTACHMENTS_MAX);
    for attachment in &message.attachments {
        assert!(!attachment.provider_id.is_empty());
        if let Some(name) = &attachment.name {
            check_name(name);
        }
        if let Some(mime_type) = &attachment.mime_type {
            assert!(mime_type.bytes().all(|b| b.is_ascii_graphic()));
        }
        if let Some(url) = &attachment.url {
            assert!(url.starts_with("https://") && url.len() <= URL_MAX_BYTES);
            assert!(url.bytes().all(|b| b.is_ascii_graphic()), "{url:?}");
        }
    }
}

fn check_content(message: &InboundMessage) {
    let size = |json: serde_json::Result<Vec<u8>>| json.expect("it is JSON").len();
    let words = message.words();
    assert!(!is_blank(&words), "a message that says nothing");
    assert!(words.chars().count() <= TEXT_MAX_CHARS);
    assert!(!message.content().is_empty(), "a message without content");

    let parts = message.parts.as_slice();
    assert!(parts.len() <= PARTS_MAX);
    assert!(size(serde_json::to_vec(&message.parts)) <= PARTS_MAX_BYTES + BRACKETS);
    for part in parts {
        let words = part.words();
        assert!(!is_blank(&words), "{part:?} says nothing");
        assert!(words.chars().count() <= WORDS_MAX_CHARS);
        let is_unclean = |c: char| c != '\n' && is_invisible(c);
        assert!(!words.contains(is_unclean), "{words:?}");
        let is_held_elsewhere = matches!(part, Part::Text { .. } | Part::File(_));
        assert!(!is_held_elsewhere, "{part:?}");
    }

    let entities = message.entities.as_slice();
    assert!(entities.len() <= ENTITIES_MAX);
    assert!(size(serde_json::to_vec(&message.entities)) <= ENTITIES_MAX_BYTES + BRACKETS);
    let end = message.text.chars().count();
    for entity in entities {
        assert!(entity.length > 0 && entity.offset + entity.length <= end);
    }
}

fn check_failure(platform: &dyn Platform, failure: &SendFailure) {
    failure
        .recipient
        .iter()
        .for_each(|who| check_identity(platform, who));
    assert!(!failure.message_id.is_empty());
    assert!(failure.message_id.bytes().all(|b| b.is_ascii_graphic()));
    assert!(!failure.reason.is_empty());
    assert!(!failure.reason.contains(is_invisible));
}

fn check_identity(platform: &dyn Platform, identity: &Identity) {
    assert_eq!(identity.provider.key(), platform.key());
    for part in [&identity.platform_scope, &identity.identifier] {
        assert!(!part.is_empty(), "an id that is empty");
        assert!(part.bytes().all(|b| b.is_ascii_graphic()), "{part:?}");
    }
}

fn check_name(name: &str) {
    assert!((1..=NAME_MAX_CHARS).contains(&name.chars().count()));
    assert!(!name.contains(is_invisible), "{name:?}");
    assert_eq!(name.trim(), name);
}

fn check_word(word: &str) {
    assert!(word.chars().count() <= KIND_MAX_CHARS, "{word}");
    assert!(!word.contains(is_invisible), "{word:?}");
}
