//! Posts a text (PROVIDERS §1.4).

use super::{
    API, BOT_TOKEN, FILES_API, Slack, api, key,
    kind::MESSAGE_MAX_CHARS,
    look::{self, Looked},
    profile, text,
};
use crate::{
    outgoing::{
        Api, CallError, CallResult, ChatProvider, Host, NextCall, OutgoingCall, messages_of,
    },
    webhook::Credentials,
};
use http::Method;
use serde_json::{Map, Value};
use std::time::Duration;
use vestibule_domain::{
    chat::conversation::{ConversationKind, ConversationRef},
    connector::Provider,
    ports::{
        Destination, FailureClass, OutgoingText, ProfileOutcome, ProfileQuery, Receipt, SendOutcome,
    },
};

impl ChatProvider for Slack {
    fn provider(&self) -> Provider {
        key()
    }

    fn apis(&self) -> &'static [Api] {
        &[API, FILES_API]
    }

    fn sending_secrets(&self) -> &'static [&'static str] {
        &[BOT_TOKEN]
    }

    fn pieces<'t>(&self, text: &'t str) -> Vec<&'t str> {
        text::split(text, MESSAGE_MAX_CHARS)
    }

    fn send(
        &self,
        text: &OutgoingText<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<SendOutcome> {
        next(text, credentials, so_far).unwrap_or_else(|problem| NextCall::Done(problem.into()))
    }

    fn profile(
        &self,
        query: &ProfileQuery<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ProfileOutcome> {
        profile::profile(query.identity, credentials, so_far)
    }

    fn finds_marked_texts(&self) -> bool {
        true
    }

    fn profile_tells_language(&self) -> bool {
        true
    }

    /// Slack allows one message per second and channel, with an undocumented limit per workspace.
    /// This interval stays well below that for several channels at once.
    fn send_interval(&self) -> Duration {
        Duration::from_millis(50)
    }
}

/// Makes one post after the other; the first failure ends it. If the thread has gone, the texts go
/// to its channel, where the same people read.
fn next(
    text: &OutgoingText<'_>,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<NextCall<SendOutcome>, CallError> {
    let pieces = messages_of(&Slack, text.text)?;
    let token = credentials
        .secret(BOT_TOKEN)
        .ok_or_else(|| CallError::never(FailureClass::Connector, "no_bot_token"))?;
    let (channel, mut thread) = address(&text.to);
    let (there, posts) = match text.mark.filter(|mark| mark.look_first) {
        None => (0, so_far),
        Some(mark) => match look::for_mark(mark.id, channel, thread, token, so_far)? {
            Looked::Call(call) => return Ok(NextCall::Call(call)),
            Looked::Found { pieces, posts } => (pieces, posts),
        },
    };
    let mut index = there;
    let mut receipt = Receipt::default();
    for result in posts {
        match api::posted(result) {
            Ok(answer) => {
                index += 1;
                let id = answer.get("ts").and_then(Value::as_str);
                receipt.message_id = id.map(str::to_owned);
            }
            Err(_) if thread.is_some() && api::is_thread_gone(result) => thread = None,
            Err(problem) => return Err(problem),
        }
    }
    let Some(piece) = pieces.get(index) else {
        return Ok(NextCall::Done(SendOutcome::Sent(receipt)));
    };
    let mut body = body(channel, thread, piece);
    if let Some(mark) = text.mark {
        body.insert("metadata".into(), look::metadata(mark.id, index));
    }
    let call = OutgoingCall::new(Host::Api(API), Method::POST, "/chat.postMessage")
        .with_bearer(token)
        .with_json(&Value::Object(body));
    Ok(NextCall::Call(call))
}

/// The arguments of a post. Without `parse` and `link_names`, Slack makes no mention of a name in
/// plain text such as `@here`; the other mentions are escaped.
fn body(channel: &str, thread: Option<&str>, piece: &str) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("channel".into(), channel.into());
    body.insert("text".into(), text::escape(piece).into());
    if let Some(thread) = thread {
        body.insert("thread_ts".into(), thread.into());
    }
    // Slack must not fetch an address just because a person made the agent repeat it.
    body.insert("unfurl_links".into(), false.into());
    body.insert("unfurl_media".into(), false.into());
    body.insert("mrkdwn".into(), false.into());
    body
}

/// Channel and thread of a destination. A person's id as the channel opens a direct message with
/// them, which nobody else can read (SPEC A38).
fn address<'a>(to: &Destination<'a>) -> (&'a str, Option<&'a str>) {
    match to {
        Destination::Conversation(conversation) => in_conversation(conversation),
        // In the thread in which the person wrote. A chat with an assistant is a thread of the direct
        // conversation, and shows nothing from outside it (Slack's "Using AI in Apps").
        Destination::Privately(_, conversation) if is_private(conversation) => {
            in_conversation(conversation)
        }
        Destination::Privately(identity, _) => (&identity.identifier, None),
    }
}

fn in_conversation(conversation: &ConversationRef) -> (&str, Option<&str>) {
    let channel = conversation.provider_conversation_id.as_str();
    (channel, conversation.thread.as_deref())
}

/// Requires both signs, because a mistake would tell a whole channel who is waiting for approval.
fn is_private(conversation: &ConversationRef) -> bool {
    conversation.kind == ConversationKind::Direct
        && conversation.provider_conversation_id.starts_with('D')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::fixtures::{self, replied};
    use serde_json::json;

    fn conversation(
        kind: ConversationKind,
        channel: &str,
        thread: Option<&str>,
    ) -> ConversationRef {
        let connector = fixtures::connector();
        ConversationRef::new(
            connector.id,
            kind,
            channel.into(),
            thread.map(str::to_owned),
        )
    }

    fn step(to: Destination<'_>, text: &str, so_far: &[CallResult]) -> NextCall<SendOutcome> {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        Slack.send(
            &OutgoingText {
                id: "t",
                to,
                text,
                mark: None,
            },
            &credentials,
            so_far,
        )
    }

    fn call(step: NextCall<SendOutcome>) -> OutgoingCall {
        match step {
            NextCall::Call(call) => call,
            NextCall::Done(outcome) => panic!("no call but {outcome:?}"),
        }
    }

    fn outcome(step: NextCall<SendOutcome>) -> SendOutcome {
        match step {
            NextCall::Done(outcome) => outcome,
            NextCall::Call(call) => panic!("no outcome but {call:?}"),
        }
    }

    fn body_of(call: &OutgoingCall) -> Value {
        serde_json::from_slice(call.body.as_deref().unwrap()).unwrap()
    }

    fn posted() -> CallResult {
        replied(
            200,
            r#"{"ok":true,"channel":"D1","ts":"1503435956.000247","message":{}}"#,
        )
    }

    #[test]
    fn a_post_is_exactly_what_slack_asks_for() {
        let direct = conversation(ConversationKind::Direct, "D024BE91L", None);
        let call = call(step(Destination::Conversation(&direct), "Hello", &[]));
        assert_eq!(call.method, Method::POST);
        assert_eq!(call.path, "/chat.postMessage");
        assert!(call.query.is_empty());
        let headers: Vec<_> = call
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.reveal()))
            .collect();
        assert_eq!(
            headers,
            [
                ("authorization", "Bearer xoxb-canary-token"),
                ("content-type", "application/json; charset=utf-8"),
            ]
        );
        let expected = json!({"channel": "D024BE91L", "text": "Hello", "unfurl_links": false, "unfurl_media": false, "mrkdwn": false});
        assert_eq!(body_of(&call), expected);
    }

    #[test]
    fn an_answer_goes_into_its_thread() {
        let thread = conversation(ConversationKind::Channel, "C1", Some("1568915625.001000"));
        let body = body_of(&call(step(Destination::Conversation(&thread), "Hi", &[])));
        assert_eq!(body["channel"], "C1");
        assert_eq!(body["thread_ts"], "1568915625.001000");
    }

    #[test]
    fn a_private_text_never_goes_into_a_channel_or_group() {
        let person = fixtures::identity();
        for (kind, channel) in [
            (ConversationKind::Channel, "C1"),
            (ConversationKind::Group, "G1"),
            (ConversationKind::Group, "C1"),
            (ConversationKind::Channel, "D1"),
            (ConversationKind::Direct, "C1"),
        ] {
            let conversation = conversation(kind, channel, Some("1568915625.001000"));
            let to = Destination::Privately(&person, &conversation);
            let body = body_of(&call(step(to, "Please wait", &[])));
            assert_eq!(body["channel"], "U123ABC456", "{kind:?} {channel}");
            assert!(body.get("thread_ts").is_none());
        }
    }

    #[test]
    fn a_private_text_stays_in_the_direct_message_that_asked() {
        let person = fixtures::identity();
        let direct = conversation(ConversationKind::Direct, "D024BE91L", None);
        let body = body_of(&call(step(
            Destination::Privately(&person, &direct),
            "Wait",
            &[],
        )));
        assert_eq!(body["channel"], "D024BE91L");
        assert!(body.get("thread_ts").is_none());
    }

    #[test]
    fn a_private_text_stays_in_the_thread_of_the_direct_message_that_asked() {
        let person = fixtures::identity();
        let thread = Some("1729999327.187299");
        let chat = conversation(ConversationKind::Direct, "D024BE91L", thread);
        for to in [
            Destination::Privately(&person, &chat),
            Destination::Conversation(&chat),
        ] {
            let body = body_of(&call(step(to, "Wait", &[])));
            assert_eq!(body["channel"], "D024BE91L");
            assert_eq!(body["thread_ts"], "1729999327.187299");
        }
    }

    #[test]
    fn what_a_text_says_cannot_ping_a_channel() {
        let direct = conversation(ConversationKind::Direct, "D1", None);
        let body = body_of(&call(step(
            Destination::Conversation(&direct),
            "<!channel> & co",
            &[],
        )));
        assert_eq!(body["text"], "&lt;!channel&gt; &amp; co");
        // With either of them, Slack would make mentions of names in plain text.
        for option in ["parse", "link_names"] {
            assert_eq!(body.get(option), None);
        }
    }

    #[test]
    fn a_text_whose_thread_has_gone_goes_to_its_channel_once() {
        for (kind, channel) in [
            (ConversationKind::Channel, "C1"),
            (ConversationKind::Direct, "D1"),
        ] {
            let thread = conversation(kind, channel, Some("1568915625.001000"));
            let to = Destination::Conversation(&thread);
            for error in ["thread_not_found", "cannot_reply_to_message"] {
                let gone = fixtures::refused(error);
                let again = body_of(&call(step(to, "Hi", std::slice::from_ref(&gone))));
                assert_eq!(again["channel"], channel);
                assert_eq!(again.get("thread_ts"), None);
                let done = step(to, "Hi", &[gone.clone(), posted()]);
                assert!(matches!(outcome(done), SendOutcome::Sent(_)));
                let expected = SendOutcome::Failed {
                    class: FailureClass::Recipient,
                    reason: error.into(),
                };
                assert_eq!(outcome(step(to, "Hi", &[gone.clone(), gone])), expected);
            }
        }
    }

    #[test]
    fn a_long_reply_stays_out_of_a_thread_that_has_gone() {
        let thread = conversation(ConversationKind::Channel, "C1", Some("1568915625.001000"));
        let to = Destination::Conversation(&thread);
        let text = format!("{}\n\n{}", "a".repeat(3000), "b".repeat(3000));
        let so_far = [fixtures::refused("thread_not_found"), posted()];
        let second = body_of(&call(step(to, &text, &so_far)));
        assert_eq!(second["text"], "b".repeat(3000));
        assert_eq!(second.get("thread_ts"), None);
    }

    #[test]
    fn a_post_whose_answer_cannot_be_read_is_sent_and_not_repeated() {
        let direct = conversation(ConversationKind::Direct, "D1", None);
        let to = Destination::Conversation(&direct);
        for body in ["", "<html>", r#"{"ok":true,"ts":"15034"#, "{}"] {
            let done = outcome(step(to, "Hello", &[replied(200, body)]));
            assert_eq!(done, SendOutcome::Sent(Receipt::default()), "{body}");
        }
    }

    #[test]
    fn a_post_that_was_taken_is_sent() {
        let direct = conversation(ConversationKind::Direct, "D1", None);
        let done = step(Destination::Conversation(&direct), "Hello", &[posted()]);
        assert!(matches!(outcome(done), SendOutcome::Sent(_)));
    }

    #[test]
    fn a_long_text_is_posted_piece_by_piece_and_ends() {
        let direct = conversation(ConversationKind::Direct, "D1", None);
        let to = Destination::Conversation(&direct);
        let text = format!("{}\n\n{}", "a".repeat(3000), "b".repeat(3000));
        let first = body_of(&call(step(to, &text, &[])));
        assert_eq!(first["text"], "a".repeat(3000));
        let second = body_of(&call(step(to, &text, &[posted()])));
        assert_eq!(second["text"], "b".repeat(3000));
        assert!(matches!(
            outcome(step(to, &text, &[posted(), posted()])),
            SendOutcome::Sent(_)
        ));
    }

    #[test]
    fn a_failure_in_the_middle_ends_the_sending() {
        let direct = conversation(ConversationKind::Direct, "D1", None);
        let text = "a ".repeat(4000);
        let so_far = [posted(), fixtures::refused("is_archived")];
        let done = outcome(step(Destination::Conversation(&direct), &text, &so_far));
        let expected = SendOutcome::Failed {
            class: FailureClass::Recipient,
            reason: "is_archived".into(),
        };
        assert_eq!(done, expected);
    }

    #[test]
    fn the_longest_onboarding_message_is_one_post() {
        let direct = conversation(ConversationKind::Direct, "D1", None);
        let text = "a".repeat(MESSAGE_MAX_CHARS);
        let done = step(Destination::Conversation(&direct), &text, &[posted()]);
        assert!(matches!(outcome(done), SendOutcome::Sent(_)));
    }

    #[test]
    fn a_text_that_cannot_be_sent_costs_no_call() {
        let direct = conversation(ConversationKind::Direct, "D1", None);
        for (text, reason) in [
            (String::new(), "no_text"),
            (" \n ".to_owned(), "no_text"),
            (
                "a".repeat(MESSAGE_MAX_CHARS * crate::outgoing::MESSAGES_MAX + 1),
                "msg_too_long",
            ),
        ] {
            let done = outcome(step(Destination::Conversation(&direct), &text, &[]));
            let expected = SendOutcome::Failed {
                class: FailureClass::Request,
                reason: reason.into(),
            };
            assert_eq!(done, expected);
        }
    }

    #[test]
    fn without_a_token_the_connector_is_to_blame() {
        let connector = fixtures::connector();
        let direct = conversation(ConversationKind::Direct, "D1", None);
        let text = OutgoingText {
            id: "t",
            to: Destination::Conversation(&direct),
            text: "Hello",
            mark: None,
        };
        let credentials = Credentials {
            connector: &connector,
            secrets: &std::collections::BTreeMap::new(),
        };
        let done = outcome(Slack.send(&text, &credentials, &[]));
        assert!(matches!(
            done,
            SendOutcome::Failed {
                class: FailureClass::Connector,
                ..
            }
        ));
    }

    #[test]
    fn what_is_ambiguous_is_tried_again() {
        let direct = conversation(ConversationKind::Direct, "D1", None);
        let to = Destination::Conversation(&direct);
        let limited = CallResult::Replied(crate::outgoing::HttpReply {
            status: 429,
            retry_after: Some(Duration::from_secs(7)),
            body: Vec::new(),
        });
        let lost = CallResult::NoReply {
            reason: "time-out".into(),
        };
        for (result, expected) in [(limited, Some(Duration::from_secs(7))), (lost, None)] {
            let SendOutcome::Retry { after, .. } = outcome(step(to, "Hello", &[result])) else {
                panic!("not tried again");
            };
            assert_eq!(after, expected);
        }
    }

    #[test]
    fn the_debug_of_a_call_shows_neither_token_nor_text() {
        let direct = conversation(ConversationKind::Direct, "D1", None);
        let call = call(step(
            Destination::Conversation(&direct),
            "a canary text",
            &[],
        ));
        let shown = format!("{call:?}");
        assert!(shown.contains("chat.postMessage"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
