//! Posts a text to the customer's system, signed.

use super::{ApiChannel, CHANNEL, PREVIOUS_SIGNING_SECRET, REPLY_URL, SIGNING_SECRET, key};
use crate::{
    files::{FileProvider, FileSource, gone},
    outgoing::{
        Api, CallError, CallResult, ChatProvider, Host, HttpReply, NextCall, OutgoingCall, Signing,
        one_by_one,
    },
    text,
    webhook::Credentials,
};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    connector::Provider,
    ports::{
        Destination, FailureClass, FileOutcome, FileQuery, OutgoingText, ProfileOutcome,
        ProfileQuery, Receipt, SendOutcome,
    },
    secret::Secret,
};

/// Longest text of one call, in characters. A longer one is posted in pieces.
pub(super) const MESSAGE_MAX_CHARS: usize = 4000;

impl ChatProvider for ApiChannel {
    fn provider(&self) -> Provider {
        key()
    }

    /// None: each connector names the address of its own system.
    fn apis(&self) -> &'static [Api] {
        &[]
    }

    fn sending_secrets(&self) -> &'static [&'static str] {
        SECRETS
    }

    fn pieces<'t>(&self, text: &'t str) -> Vec<&'t str> {
        text::split(text, MESSAGE_MAX_CHARS, text::one_each)
    }

    /// The system tells by the call's id that it has a text already; nobody can ask it.
    fn send(
        &self,
        text: &OutgoingText<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<SendOutcome> {
        next(text, credentials, so_far).unwrap_or_else(|problem| NextCall::Done(problem.into()))
    }

    /// Has nobody to ask: a name comes with each message or not at all.
    fn profile(
        &self,
        _query: &ProfileQuery<'_>,
        _credentials: &Credentials<'_>,
        _so_far: &[CallResult],
    ) -> NextCall<ProfileOutcome> {
        NextCall::Done(ProfileOutcome::None {
            reason: "api_tells_no_profiles".to_owned(),
        })
    }

    /// Our own choice. A system that wants fewer answers with 429 and `Retry-After`.
    fn send_interval(&self) -> Duration {
        Duration::from_millis(200)
    }
}

/// Messages bring no files.
impl FileProvider for ApiChannel {
    fn file(
        &self,
        _query: &FileQuery<'_>,
        _credentials: &Credentials<'_>,
        _so_far: &[CallResult],
    ) -> NextCall<Result<FileSource, FileOutcome>> {
        NextCall::Done(Err(gone("api_brings_no_files")))
    }
}

/// The secrets that sign, the current one first.
pub(super) const SECRETS: &[&str] = &[SIGNING_SECRET, PREVIOUS_SIGNING_SECRET];

/// Posts one message after the other; the first failure ends it.
fn next(
    text: &OutgoingText<'_>,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<NextCall<SendOutcome>, CallError> {
    let taken = |result: &CallResult| accepted(result).map(|()| Receipt::default());
    one_by_one(&ApiChannel, text.text, so_far, taken, |piece| {
        let id = if so_far.is_empty() {
            text.id.to_owned()
        } else {
            format!("{}-{}", text.id, so_far.len())
        };
        let body = message(text, piece, &id, credentials);
        signed_call(credentials, id, &body)
    })
}

/// The body of a call with a text. Every conversation is one person's, so a private text goes to the same place as any
/// other (SPEC A38).
fn message(
    text: &OutgoingText<'_>,
    piece: &str,
    id: &str,
    Credentials { connector, .. }: &Credentials<'_>,
) -> Value {
    let (Destination::Conversation(place) | Destination::Privately(_, place)) = text.to;
    let thread = place.thread.as_deref();
    json!({
        "type": "message",
        "id": id,
        "project_id": connector.scope.project_id(),
        "environment_id": connector.environment_id,
        "connector_id": connector.id,
        "conversation_id": place.id,
        "channel": connector.settings.get(CHANNEL),
        "user": {"id": place.provider_conversation_id},
        "conversation": thread.map(|id| json!({"id": id})),
        "text": piece,
    })
}

/// A call to the customer's system with this body, under this id.
pub(super) fn signed_call(
    credentials: &Credentials<'_>,
    id: String,
    body: &Value,
) -> Result<OutgoingCall, CallError> {
    let address = credentials
        .connector
        .settings
        .get(REPLY_URL)
        .ok_or_else(|| CallError::never(FailureClass::Connector, "no_reply_url"))?;
    let secrets: Vec<Secret> = SECRETS
        .iter()
        .filter_map(|name| credentials.secret(name).cloned())
        .collect();
    if secrets.is_empty() {
        return Err(CallError::never(
            FailureClass::Connector,
            "no_signing_secret",
        ));
    }
    let host = Host::Endpoint(Secret::new(address.as_str()));
    Ok(OutgoingCall::new(host, Method::POST, "/")
        .with_json(body)
        .with_signing(Signing { id, secrets }))
}

/// Meaning of an answer of the customer's system. Only its status counts.
pub(super) fn accepted(result: &CallResult) -> Result<(), CallError> {
    match result {
        CallResult::Replied(reply) if reply.is_success() => Ok(()),
        CallResult::Replied(reply) => Err(refused(reply)),
        CallResult::NoReply { reason } => Err(CallError::later(None, reason)),
        CallResult::Forbidden { reason } => Err(CallError::never(FailureClass::Connector, reason)),
    }
}

fn refused(reply: &HttpReply) -> CallError {
    let reason = format!("http_{}", reply.status);
    let class = match reply.status {
        // The system is the right one, and has no such conversation any more.
        410 => FailureClass::Recipient,
        401 | 403 | 404 => FailureClass::Connector,
        400..=407 | 411..=424 | 426..=428 | 430..=499 => FailureClass::Request,
        _ => return CallError::later(reply.retry_after, &reason),
    };
    CallError::never(class, &reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{connector, replied};
    use std::collections::BTreeMap;
    use vestibule_domain::{
        chat::{
            conversation::{ConversationKind, ConversationRef},
            message::Identity,
        },
        connector::Connector,
    };

    const URL: &str = "https://chat.example.com/replies?of=acme";
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const PREVIOUS: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn own() -> Connector {
        connector(key(), &[(CHANNEL, "live_chat"), (REPLY_URL, URL)])
    }

    fn secrets(given: &[(&str, &str)]) -> BTreeMap<String, Secret> {
        let secret = |(name, value): &(&str, &str)| ((*name).to_owned(), Secret::new(*value));
        given.iter().map(secret).collect()
    }

    fn step(
        text: &str,
        thread: Option<&str>,
        is_private: bool,
        (connector, secrets): (&Connector, &BTreeMap<String, Secret>),
        so_far: &[CallResult],
    ) -> NextCall<SendOutcome> {
        let place = ConversationRef::new(
            connector.id,
            ConversationKind::Direct,
            "ada".to_owned(),
            thread.map(str::to_owned),
        );
        let ada = Identity {
            provider: key(),
            platform_scope: "channel:live_chat".to_owned(),
            identifier: "ada".to_owned(),
        };
        let to = if is_private {
            Destination::Privately(&ada, &place)
        } else {
            Destination::Conversation(&place)
        };
        let text = OutgoingText {
            to,
            id: "c-1-0",
            text,
            mark: None,
        };
        ApiChannel.send(&text, &Credentials { connector, secrets }, so_far)
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

    /// SPEC E38.
    #[test]
    fn a_text_is_posted_to_the_address_of_the_connector_and_signed_with_every_secret() {
        let connector = own();
        let both = secrets(&[
            (SIGNING_SECRET, SECRET),
            (PREVIOUS_SIGNING_SECRET, PREVIOUS),
        ]);
        let one = secrets(&[(SIGNING_SECRET, SECRET)]);
        for (secrets, signing) in [(&both, vec![SECRET, PREVIOUS]), (&one, vec![SECRET])] {
            for is_private in [false, true] {
                let call = call(step(
                    "Hi",
                    Some("t-1"),
                    is_private,
                    (&connector, secrets),
                    &[],
                ));
                assert_eq!(call.host, Host::Endpoint(Secret::new(URL)));
                assert_eq!(call.method, Method::POST);
                let expected = Signing {
                    id: "c-1-0".to_owned(),
                    secrets: signing.iter().copied().map(Secret::new).collect(),
                };
                assert_eq!(call.signing, Some(Box::new(expected)));
                let body: Value = serde_json::from_slice(&call.body.unwrap()).unwrap();
                assert_eq!(body["type"], "message");
                assert_eq!(body["id"], "c-1-0");
                assert_eq!(body["channel"], "live_chat");
                assert_eq!(body["user"], json!({"id": "ada"}));
                assert_eq!(body["conversation"], json!({"id": "t-1"}));
                assert_eq!(body["text"], "Hi");
            }
        }
        let plain = call(step("Hi", None, false, (&connector, &one), &[]));
        let body: Value = serde_json::from_slice(&plain.body.unwrap()).unwrap();
        assert_eq!(body["conversation"], Value::Null);
    }

    #[test]
    fn a_text_that_is_too_long_for_one_call_is_posted_in_pieces_of_names_of_their_own() {
        let (connector, secrets) = (own(), secrets(&[(SIGNING_SECRET, SECRET)]));
        let text = "x".repeat(MESSAGE_MAX_CHARS + 1);
        assert_eq!(ApiChannel.pieces(&text).len(), 2);
        let ok = replied(200, "");
        let second = call(step(
            &text,
            None,
            true,
            (&connector, &secrets),
            std::slice::from_ref(&ok),
        ));
        assert_eq!(second.signing.unwrap().id, "c-1-0-1");
        let done = outcome(step(
            &text,
            None,
            true,
            (&connector, &secrets),
            &[ok.clone(), ok],
        ));
        assert_eq!(done, SendOutcome::Sent(Receipt::default()));
    }

    #[test]
    fn a_refusal_says_whether_the_person_the_connector_the_text_or_the_moment_is_to_blame() {
        let (connector, secrets) = (own(), secrets(&[(SIGNING_SECRET, SECRET)]));
        let after = |result| outcome(step("Hi", None, false, (&connector, &secrets), &[result]));
        for status in [200, 202, 204] {
            assert_eq!(
                after(replied(status, "{}")),
                SendOutcome::Sent(Receipt::default())
            );
        }
        for (status, class) in [
            (410, FailureClass::Recipient),
            (401, FailureClass::Connector),
            (403, FailureClass::Connector),
            (404, FailureClass::Connector),
            (400, FailureClass::Request),
            (422, FailureClass::Request),
        ] {
            let reason = format!("http_{status}");
            assert_eq!(
                after(replied(status, "")),
                SendOutcome::Failed { class, reason }
            );
        }
        for status in [302, 408, 409, 425, 429, 500, 502, 503] {
            let done = after(replied(status, ""));
            assert!(matches!(done, SendOutcome::Retry { .. }), "{status}");
        }
        let wait = Some(Duration::from_secs(7));
        let busy = CallResult::Replied(HttpReply {
            status: 429,
            retry_after: wait,
            body: Vec::new(),
        });
        assert!(matches!(after(busy), SendOutcome::Retry { after, .. } if after == wait));
        let lost = CallResult::NoReply {
            reason: "timed out".to_owned(),
        };
        assert!(matches!(after(lost), SendOutcome::Retry { .. }));
        let forbidden = CallResult::Forbidden {
            reason: "the address must begin with https://".to_owned(),
        };
        assert!(matches!(
            after(forbidden),
            SendOutcome::Failed {
                class: FailureClass::Connector,
                ..
            }
        ));
    }

    #[test]
    fn without_a_secret_or_an_address_nothing_is_posted() {
        let nowhere = connector(key(), &[(CHANNEL, "live_chat")]);
        let one = secrets(&[(SIGNING_SECRET, SECRET)]);
        let blank = secrets(&[(SIGNING_SECRET, " ")]);
        for (connector, secrets, expected) in [
            (&own(), &blank, "no_signing_secret"),
            (&nowhere, &one, "no_reply_url"),
        ] {
            let expected = SendOutcome::Failed {
                class: FailureClass::Connector,
                reason: expected.to_owned(),
            };
            assert_eq!(
                outcome(step("Hi", None, false, (connector, secrets), &[])),
                expected
            );
        }
    }

    #[test]
    fn the_debug_of_a_call_shows_neither_the_address_nor_a_secret_nor_the_text() {
        let (connector, secrets) = (own(), secrets(&[(SIGNING_SECRET, SECRET)]));
        let text = "a canary text";
        let shown = format!(
            "{:?}",
            call(step(text, None, false, (&connector, &secrets), &[]))
        );
        for hidden in ["canary", "chat.example.com", SECRET] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
