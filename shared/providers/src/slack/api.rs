//! Parsing of the Web API's answers, and meaning of its errors (PROVIDERS §1.4, §1.5).

use crate::{
    json,
    outgoing::{CallError, CallResult, HttpReply},
    reason::with_words,
};
use serde_json::Value;
use std::time::Duration;
use vestibule_domain::ports::{FailureClass, RetryScope};

/// Returns the body of an answer that says `ok`. No answer and an unintelligible one are ambiguous,
/// so the call is retried; queues bound how often.
pub(super) fn answer(result: &CallResult) -> Result<Value, CallError> {
    let reply = match result {
        CallResult::Replied(reply) => reply,
        CallResult::NoReply { reason } => return Err(CallError::later(None, reason)),
        CallResult::Forbidden { reason } => {
            return Err(CallError::never(FailureClass::Connector, reason));
        }
    };
    if reply.status == 429 {
        return Err(CallError::later(reply.retry_after, "ratelimited"));
    }
    let Some((body, ok)) = read(reply).filter(|_| reply.status < 500) else {
        let reason = format!("http_{}", reply.status);
        return Err(CallError::later(reply.retry_after, &reason));
    };
    if ok {
        return Ok(body);
    }
    Err(problem(&body, reply.retry_after))
}

/// Returns the body of the answer to a post; null if Slack accepted the post and the body cannot be
/// read, because a post that went out must not be repeated. A 200 that says `"ok": false` is a
/// refusal all the same.
///
/// Posts have one limit per channel and another per workspace, and the answer is the same for both
/// (docs.slack.dev, "Rate limits", and PROVIDERS §1.4). Other calls have one per method and workspace.
pub(super) fn posted(result: &CallResult) -> Result<Value, CallError> {
    match result {
        CallResult::Replied(reply) if reply.is_success() && read(reply).is_none() => {
            Ok(Value::Null)
        }
        _ => answer(result).map_err(|problem| limited(problem, RetryScope::Unclear)),
    }
}

/// Returns the body of the answer to a look for an earlier post. A limit of such calls is no limit of posts, so
/// that only the text waits which needs the look.
pub(super) fn looked(result: &CallResult) -> Result<Value, CallError> {
    answer(result).map_err(|problem| limited(problem, RetryScope::Conversation))
}

/// Says what the refusal of too many calls holds for.
fn limited(problem: CallError, scope: RetryScope) -> CallError {
    let is_limit =
        matches!(&problem, CallError::Later { reason, .. } if LIMITS.contains(&reason.as_str()));
    if is_limit {
        problem.within(scope)
    } else {
        problem
    }
}

/// Errors for too many calls. `message_limit_exceeded` is about the workspace alone.
const LIMITS: [&str; 2] = ["ratelimited", "rate_limited"];

/// Whether a post was refused because its thread has gone, or its first message takes no replies.
pub(super) fn is_thread_gone(result: &CallResult) -> bool {
    let CallResult::Replied(reply) = result else {
        return false;
    };
    read(reply).is_some_and(|(body, ok)| !ok && THREAD_GONE.contains(&name(&body)))
}

/// Errors of `chat.postMessage` that only blame the thread.
const THREAD_GONE: [&str; 2] = ["thread_not_found", "cannot_reply_to_message"];

fn name(body: &Value) -> &str {
    body.get("error").and_then(Value::as_str).unwrap_or("")
}

/// The JSON object of a Web API answer and its `ok`; `None` if a proxy or a stranger answered.
fn read(reply: &HttpReply) -> Option<(Value, bool)> {
    let body: Value = json::read(&reply.body).ok()?;
    let ok = body.get("ok")?.as_bool()?;
    // Only 200 is a success; a refusal may have another status.
    (!ok || reply.status == 200).then_some((body, ok))
}

/// Classifies an error. Slack explains only what is wrong with a request.
fn problem(body: &Value, after: Option<Duration>) -> CallError {
    let error = name(body);
    let meaning = ERRORS
        .iter()
        .find(|(pattern, _)| matches(pattern, error))
        .map_or_else(|| meaning_of_unknown(error), |(_, meaning)| *meaning);
    let reason = if error.is_empty() {
        "unnamed_error"
    } else {
        error
    };
    let words = body.pointer("/response_metadata/messages/0");
    match meaning {
        Meaning::Later => CallError::later(after, reason),
        REQUEST => {
            let reason = with_words(reason, words.and_then(Value::as_str));
            CallError::never(FailureClass::Request, &reason)
        }
        Meaning::Never(class) => CallError::never(class, reason),
    }
}

fn matches(pattern: &str, error: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == error, |prefix| error.starts_with(prefix))
}

/// Classifies an error that is not in the table. If its name suggests that it is transient, the
/// call is retried. Otherwise Slack's refusal is final and gets the mildest class, which blames
/// neither the person nor the connector's credentials; the admin can read the name.
fn meaning_of_unknown(error: &str) -> Meaning {
    const PASSING: [&str; 7] = [
        "timeout",
        "timed_out",
        "unavailable",
        "try_again",
        "rate_limit",
        "ratelimit",
        "internal",
    ];
    if PASSING.iter().any(|word| error.contains(word)) {
        Meaning::Later
    } else {
        Meaning::Never(FailureClass::Request)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Later,
    Never(FailureClass),
}

const LATER: Meaning = Meaning::Later;
const CONNECTOR: Meaning = Meaning::Never(FailureClass::Connector);
const RECIPIENT: Meaning = Meaning::Never(FailureClass::Recipient);
const REQUEST: Meaning = Meaning::Never(FailureClass::Request);

/// Errors of `chat.postMessage` and `users.info`. The first matching row counts; a trailing `*`
/// matches anything.
const ERRORS: &[(&str, Meaning)] = &[
    ("ratelimited", LATER),
    ("rate_limited", LATER),
    ("message_limit_exceeded", LATER),
    ("internal_error", LATER),
    // May have succeeded in part: a second copy is better than none.
    ("fatal_error", LATER),
    ("service_unavailable", LATER),
    ("request_timeout", LATER),
    ("team_added_to_org", LATER),
    ("org_login_required", LATER),
    ("external_channel_migrating", LATER),
    ("not_authed", CONNECTOR),
    ("invalid_auth", CONNECTOR),
    ("account_inactive", CONNECTOR),
    ("token_revoked", CONNECTOR),
    ("token_expired", CONNECTOR),
    ("missing_scope", CONNECTOR),
    ("no_permission", CONNECTOR),
    ("access_denied", CONNECTOR),
    ("not_allowed_token_type", CONNECTOR),
    ("ekm_access_denied", CONNECTOR),
    ("messages_tab_disabled", CONNECTOR),
    ("restricted_action", CONNECTOR),
    ("app_access_restricted", CONNECTOR),
    ("accesslimited", CONNECTOR),
    ("two_factor_setup_required", CONNECTOR),
    ("enterprise_is_restricted", CONNECTOR),
    ("team_not_found", CONNECTOR),
    ("team_access_not_granted", CONNECTOR),
    ("channel_not_found", RECIPIENT),
    ("not_in_channel", RECIPIENT),
    ("is_archived", RECIPIENT),
    ("is_inactive", RECIPIENT),
    ("user_not_found", RECIPIENT),
    ("user_not_visible", RECIPIENT),
    ("cannot_dm_bot", RECIPIENT),
    ("cannot_reply_to_message", RECIPIENT),
    ("thread_not_found", RECIPIENT),
    ("restricted_action_*", RECIPIENT),
    ("slack_connect_*", RECIPIENT),
    ("no_text", REQUEST),
    ("msg_too_long", REQUEST),
    ("msg_blocks_too_long", REQUEST),
    ("too_many_attachments", REQUEST),
    ("too_many_contact_cards", REQUEST),
    ("attachment_payload_limit_exceeded", REQUEST),
    ("markdown_text_conflict", REQUEST),
    ("metadata_too_large", REQUEST),
    ("metadata_must_be_sent_from_app", REQUEST),
    ("missing_post_type", REQUEST),
    ("as_user_not_supported", REQUEST),
    ("method_deprecated", REQUEST),
    ("deprecated_endpoint", REQUEST),
    ("invalid_*", REQUEST),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::clean_reason;
    use crate::slack::fixtures::{refused, replied};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Restates PROVIDERS §1.4 independently of the table above.
    const FACTS: [(&str, Meaning); 4] = [
        (
            "ratelimited rate_limited message_limit_exceeded internal_error fatal_error \
             service_unavailable request_timeout team_added_to_org org_login_required",
            LATER,
        ),
        (
            "not_authed invalid_auth account_inactive token_revoked token_expired missing_scope \
             no_permission access_denied not_allowed_token_type ekm_access_denied \
             messages_tab_disabled restricted_action app_access_restricted accesslimited \
             two_factor_setup_required enterprise_is_restricted team_not_found",
            CONNECTOR,
        ),
        (
            "channel_not_found not_in_channel is_archived user_not_found cannot_dm_bot \
             cannot_reply_to_message restricted_action_read_only_channel \
             restricted_action_thread_only_channel restricted_action_non_threadable_channel \
             restricted_action_thread_locked",
            RECIPIENT,
        ),
        (
            "no_text msg_too_long invalid_blocks invalid_blocks_format msg_blocks_too_long \
             too_many_attachments markdown_text_conflict invalid_arguments invalid_charset",
            REQUEST,
        ),
    ];

    fn meaning(error: &str) -> Meaning {
        match answer(&refused(error)).unwrap_err() {
            CallError::Later { reason, .. } => {
                assert_eq!(reason, error);
                LATER
            }
            CallError::Never { class, reason } => {
                assert_eq!(reason, error);
                Meaning::Never(class)
            }
        }
    }

    #[test]
    fn an_answer_with_a_byte_order_mark_and_half_a_surrogate_pair_is_read() {
        let body = "\u{FEFF}{\"ok\":true,\"message\":{\"text\":\"cut \\ud83d\"}}";
        let read = answer(&replied(200, body)).unwrap();
        assert_eq!(read["message"]["text"], "cut \u{FFFD}");
    }

    #[test]
    fn every_error_in_the_facts_has_its_class() {
        for (errors, expected) in FACTS {
            for error in errors.split_whitespace() {
                assert_eq!(meaning(error), expected, "{error}");
            }
        }
    }

    #[test]
    fn every_row_of_the_table_counts() {
        let mut seen = BTreeSet::new();
        for (pattern, expected) in ERRORS {
            assert!(seen.insert(*pattern), "{pattern} is there twice");
            let error = pattern.replace('*', "something");
            assert_eq!(
                meaning(&error),
                *expected,
                "{pattern} is hidden by a row above"
            );
        }
    }

    #[test]
    fn an_unknown_error_is_final_unless_its_name_says_that_it_passes() {
        assert_eq!(meaning("brand_new_policy"), REQUEST);
        assert_eq!(meaning("storage_unavailable"), LATER);
        assert_eq!(meaning("upstream_timeout"), LATER);
    }

    #[test]
    fn a_refusal_without_a_name_still_has_a_reason() {
        for body in [
            r#"{"ok":false}"#,
            r#"{"ok":false,"error":""}"#,
            r#"{"ok":false,"error":7}"#,
        ] {
            let expected = CallError::Never {
                class: FailureClass::Request,
                reason: "unnamed_error".into(),
            };
            assert_eq!(answer(&replied(200, body)), Err(expected));
        }
    }

    #[test]
    fn a_rate_limit_says_how_long_to_wait_whatever_its_status() {
        let after = Some(Duration::from_secs(30));
        for status in [200, 429] {
            let result = CallResult::Replied(HttpReply {
                status,
                retry_after: after,
                body: br#"{"ok":false,"error":"ratelimited"}"#.to_vec(),
            });
            let expected = CallError::Later {
                after,
                scope: RetryScope::Connector,
                reason: "ratelimited".into(),
            };
            assert_eq!(answer(&result), Err(expected), "{status}");
        }
    }

    #[test]
    fn a_limit_of_posts_may_be_the_channels_and_one_of_looks_holds_up_no_post() {
        let limited = |status: u16, body: &str| {
            CallResult::Replied(HttpReply {
                status,
                retry_after: Some(Duration::from_secs(30)),
                body: body.as_bytes().to_vec(),
            })
        };
        for (status, body, expected) in [
            (
                429,
                r#"{"ok":false,"error":"ratelimited"}"#,
                RetryScope::Unclear,
            ),
            (429, "", RetryScope::Unclear),
            (
                200,
                r#"{"ok":false,"error":"rate_limited"}"#,
                RetryScope::Unclear,
            ),
            (
                200,
                r#"{"ok":false,"error":"message_limit_exceeded"}"#,
                RetryScope::Connector,
            ),
            (503, "", RetryScope::Connector),
        ] {
            let result = limited(status, body);
            let scope = |answer: Result<Value, CallError>| match answer {
                Err(CallError::Later { scope, .. }) => scope,
                other => panic!("not for later: {other:?}"),
            };
            assert_eq!(scope(posted(&result)), expected, "{status} {body}");
            let of_look = match expected {
                RetryScope::Unclear => RetryScope::Conversation,
                other => other,
            };
            assert_eq!(scope(looked(&result)), of_look, "{status} {body}");
        }
    }

    #[test]
    fn whatever_is_not_an_answer_of_the_web_api_is_for_later() {
        for (status, body) in [
            (500, "oops"),
            (502, "<html>Bad gateway</html>"),
            (503, r#"{"ok":false,"error":"channel_not_found"}"#),
            (503, r#"{"ok":true}"#),
            (200, "<html>Sign in to the hotel network</html>"),
            (200, ""),
            (200, "[]"),
            (200, "{}"),
            (200, r#"{"ok":"true"}"#),
            (302, ""),
            (404, "not found"),
            (404, r#"{"ok":true}"#),
        ] {
            let expected = CallError::Later {
                after: None,
                scope: RetryScope::Connector,
                reason: format!("http_{status}"),
            };
            assert_eq!(
                answer(&replied(status, body)),
                Err(expected),
                "{status} {body}"
            );
        }
        let nothing = CallResult::NoReply {
            reason: "connection reset".into(),
        };
        assert!(
            matches!(answer(&nothing), Err(CallError::Later { after: None, reason, .. }) if reason == "connection reset")
        );
    }

    #[test]
    fn a_post_that_was_accepted_is_out_whatever_the_body_says() {
        for (status, body) in [
            (200, ""),
            (200, "<html>"),
            (200, r#"{"ok":true,"ts":"150343"#),
            (200, "{}"),
            (200, "[]"),
            (200, r#"{"ok":"true"}"#),
            (201, r#"{"ok":true}"#),
            (204, ""),
        ] {
            let result = replied(status, body);
            assert_eq!(posted(&result), Ok(Value::Null), "{status} {body}");
        }
        let accepted = replied(200, r#"{"ok":true,"ts":"1503435956.000247"}"#);
        assert_eq!(posted(&accepted).unwrap()["ts"], "1503435956.000247");
    }

    #[test]
    fn a_post_that_was_refused_is_not_out() {
        for result in [
            refused("channel_not_found"),
            replied(200, r#"{"ok":false}"#),
            replied(404, "not found"),
            replied(302, ""),
            replied(500, ""),
            CallResult::NoReply {
                reason: "timed out".into(),
            },
        ] {
            assert_eq!(posted(&result), answer(&result), "{result:?}");
            assert!(answer(&result).is_err());
        }
    }

    #[test]
    fn only_a_thread_that_has_gone_is_gone() {
        for (error, gone) in [
            ("thread_not_found", true),
            ("cannot_reply_to_message", true),
            ("channel_not_found", false),
            ("restricted_action_thread_locked", false),
        ] {
            assert_eq!(is_thread_gone(&refused(error)), gone, "{error}");
        }
        assert!(!is_thread_gone(&replied(200, r#"{"ok":true}"#)));
        assert!(!is_thread_gone(&replied(200, "thread_not_found")));
    }

    #[test]
    fn a_bad_request_is_explained_in_slacks_words() {
        let body = r#"{"ok":false,"error":"invalid_arguments","response_metadata":
            {"messages":["[ERROR] missing required field: channel"]}}"#;
        let expected = CallError::Never {
            class: FailureClass::Request,
            reason: "invalid_arguments: [ERROR] missing required field: channel".into(),
        };
        assert_eq!(answer(&replied(200, body)), Err(expected));
    }

    #[test]
    fn a_refusal_counts_under_any_status() {
        let problem = answer(&replied(403, r#"{"ok":false,"error":"invalid_auth"}"#)).unwrap_err();
        assert!(matches!(
            problem,
            CallError::Never {
                class: FailureClass::Connector,
                ..
            }
        ));
    }

    proptest! {
        #[test]
        fn no_answer_makes_us_panic(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let result = CallResult::Replied(HttpReply { status, retry_after: None, body });
            let _ = answer(&result);
        }

        #[test]
        fn a_reason_is_short_and_clean(error in any::<String>()) {
            let body = serde_json::json!({"ok": false, "error": error}).to_string();
            let (CallError::Later { reason, .. } | CallError::Never { reason, .. }) =
                answer(&replied(200, &body)).unwrap_err();
            prop_assert_eq!(clean_reason(&reason), reason);
        }
    }
}
