//! Looks for an earlier copy of a message whose post may have succeeded unnoticed: the worker died,
//! or Slack's answer was lost.
//!
//! Posts carry `metadata`, which people do not see, and `conversations.history` shows it to the app
//! that wrote it, as `conversations.replies` does for a thread, which the history leaves out. If the
//! app may not read them, nothing is found and the text is posted: better twice than never.

use super::{API, api};
use crate::outgoing::{CallError, CallResult, Host, OutgoingCall};
use http::Method;
use serde_json::{Value, json};
use vestibule_domain::secret::Secret;

/// The `event_type` of our metadata.
const EVENT_TYPE: &str = "vestibule_message";
/// Number of messages that are searched: the latest of a conversation, or the first of a thread.
const MESSAGES_MAX: &str = "100";

/// Result of the search.
pub(super) enum Looked<'a> {
    /// This call is needed first.
    Call(OutgoingCall),
    /// The first pieces were posted already.
    Found {
        /// Number of them.
        pieces: usize,
        /// Results of the posts made since.
        posts: &'a [CallResult],
    },
}

/// Metadata of one piece of a marked text.
pub(super) fn metadata(id: &str, index: usize) -> Value {
    json!({ "event_type": EVENT_TYPE, "event_payload": { "id": piece_id(id, index) } })
}

fn piece_id(id: &str, index: usize) -> String {
    format!("{id}/{index}")
}

/// Searches the direct conversation `channel`, or the one with the person of that id; of the former,
/// only `thread`, if there is one.
pub(super) fn for_mark<'a>(
    id: &str,
    channel: &str,
    thread: Option<&str>,
    token: &Secret,
    so_far: &'a [CallResult],
) -> Result<Looked<'a>, CallError> {
    let (channel, so_far) = if channel.starts_with('D') {
        (channel.to_owned(), so_far)
    } else {
        let Some((opened, rest)) = so_far.split_first() else {
            let call = OutgoingCall::new(Host::Api(API), Method::POST, "/conversations.open")
                .with_bearer(token)
                .with_json(&json!({ "users": channel }));
            return Ok(Looked::Call(call));
        };
        let opened = match api::looked(opened) {
            Ok(body) => body,
            Err(CallError::Never { .. }) => return Ok(nothing(rest)),
            Err(later) => return Err(later),
        };
        let Some(channel) = opened.pointer("/channel/id").and_then(Value::as_str) else {
            return Ok(nothing(rest));
        };
        (channel.to_owned(), rest)
    };
    let Some((history, posts)) = so_far.split_first() else {
        return Ok(Looked::Call(search_call(&channel, thread, token)));
    };
    let body = match api::looked(history) {
        Ok(body) => body,
        Err(CallError::Never { .. }) => return Ok(nothing(posts)),
        Err(later) => return Err(later),
    };
    let messages = body.get("messages").and_then(Value::as_array);
    let there: Vec<&str> = messages
        .into_iter()
        .flatten()
        .filter(|message| message.pointer("/metadata/event_type") == Some(&json!(EVENT_TYPE)))
        .filter_map(|message| message.pointer("/metadata/event_payload/id")?.as_str())
        .collect();
    let pieces = (0..there.len())
        .take_while(|index| there.contains(&piece_id(id, *index).as_str()))
        .count();
    Ok(Looked::Found { pieces, posts })
}

/// Asks for the messages of a conversation, or of one of its threads.
fn search_call(channel: &str, thread: Option<&str>, token: &Secret) -> OutgoingCall {
    let path = if thread.is_some() {
        "/conversations.replies"
    } else {
        "/conversations.history"
    };
    let call = OutgoingCall::new(Host::Api(API), Method::GET, path)
        .with_bearer(token)
        .with_query("channel", channel)
        .with_query("include_all_metadata", "true")
        .with_query("limit", MESSAGES_MAX);
    match thread {
        Some(thread) => call.with_query("ts", thread),
        None => call,
    }
}

const fn nothing(posts: &[CallResult]) -> Looked<'_> {
    Looked::Found { pieces: 0, posts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outgoing::{ChatProvider, NextCall},
        slack::{
            Slack,
            fixtures::{self, refused, replied},
        },
        webhook::Credentials,
    };
    use vestibule_domain::{
        chat::conversation::{ConversationKind, ConversationRef},
        ports::{Destination, Mark, OutgoingText, RetryScope, SendOutcome},
    };

    fn step(kind: ConversationKind, channel: &str, so_far: &[CallResult]) -> NextCall<SendOutcome> {
        step_in(kind, channel, None, so_far)
    }

    fn step_in(
        kind: ConversationKind,
        channel: &str,
        thread: Option<&str>,
        so_far: &[CallResult],
    ) -> NextCall<SendOutcome> {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        let place = ConversationRef::new(
            connector.id,
            kind,
            channel.to_owned(),
            thread.map(str::to_owned),
        );
        let identity = fixtures::identity();
        let text = OutgoingText {
            id: "t",
            to: Destination::Privately(&identity, &place),
            text: "Welcome",
            mark: Some(Mark {
                id: "m1",
                look_first: true,
            }),
        };
        Slack.send(&text, &credentials, so_far)
    }

    fn path(step: &NextCall<SendOutcome>) -> &str {
        match step {
            NextCall::Call(call) => &call.path,
            NextCall::Done(outcome) => panic!("no call but {outcome:?}"),
        }
    }

    fn history(id: &str) -> CallResult {
        let message = json!({"type": "message", "text": "Welcome", "metadata": metadata(id, 0)});
        replied(200, &json!({"ok": true, "messages": [message]}).to_string())
    }

    #[test]
    fn a_message_that_is_there_is_not_sent_again() {
        let direct = |so_far: &[CallResult]| step(ConversationKind::Direct, "D1", so_far);
        assert_eq!(path(&direct(&[])), "/conversations.history");
        assert!(matches!(
            direct(&[history("m1")]),
            NextCall::Done(SendOutcome::Sent(_))
        ));
    }

    #[test]
    fn a_message_that_is_not_there_is_sent() {
        let direct = |so_far: &[CallResult]| step(ConversationKind::Direct, "D1", so_far);
        let so_far = [history("another")];
        assert_eq!(path(&direct(&so_far)), "/chat.postMessage");
        let so_far = [history("another"), replied(200, r#"{"ok":true}"#)];
        assert!(matches!(
            direct(&so_far),
            NextCall::Done(SendOutcome::Sent(_))
        ));
    }

    #[test]
    fn for_somebody_who_wrote_in_a_channel_their_direct_conversation_is_looked_at() {
        let channel = |so_far: &[CallResult]| step(ConversationKind::Channel, "C1", so_far);
        assert_eq!(path(&channel(&[])), "/conversations.open");
        let opened = replied(200, r#"{"ok":true,"channel":{"id":"D7"}}"#);
        let NextCall::Call(call) = channel(std::slice::from_ref(&opened)) else {
            panic!("the history was to be asked for");
        };
        assert_eq!(call.query[0], ("channel".to_owned(), "D7".to_owned()));
        assert!(matches!(
            channel(&[opened, history("m1")]),
            NextCall::Done(SendOutcome::Sent(_))
        ));
    }

    #[test]
    fn a_thread_of_a_direct_conversation_is_searched_itself() {
        let thread = Some("1729999327.187299");
        let chat = |so_far: &[CallResult]| step_in(ConversationKind::Direct, "D1", thread, so_far);
        let NextCall::Call(call) = chat(&[]) else {
            panic!("the thread was to be asked for");
        };
        assert_eq!(call.path, "/conversations.replies");
        for asked in [("channel", "D1"), ("ts", "1729999327.187299")] {
            let asked = (asked.0.to_owned(), asked.1.to_owned());
            assert!(call.query.contains(&asked), "{asked:?}");
        }
        assert!(matches!(
            chat(&[history("m1")]),
            NextCall::Done(SendOutcome::Sent(_))
        ));
        assert_eq!(path(&chat(&[history("another")])), "/chat.postMessage");
    }

    #[test]
    fn where_the_history_may_not_be_read_the_message_is_sent_and_a_passing_failure_is_waited_out() {
        let direct = |so_far: &[CallResult]| step(ConversationKind::Direct, "D1", so_far);
        let so_far = [refused("missing_scope")];
        assert_eq!(path(&direct(&so_far)), "/chat.postMessage");
        let so_far = [refused("ratelimited")];
        assert!(matches!(
            direct(&so_far),
            NextCall::Done(SendOutcome::Retry {
                scope: RetryScope::Conversation,
                ..
            })
        ));
    }
}
