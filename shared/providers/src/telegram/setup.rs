//! Tests and connects a bot (PROVIDERS §3.1, §3.3).

use super::{
    BOT_TOKEN, SECRET_TOKEN, Telegram,
    api::{NO_BOT_TOKEN, Token},
    key,
};
use crate::{
    outgoing::{CallError, CallResult, NextCall, OutgoingCall},
    setup::{ConnectorSetup, ConnectorSetupOutcome},
    webhook::Credentials,
};
use serde_json::{Value, json};
use vestibule_domain::{connector::Provider, text::clean_name};

/// Telegram's own default. Telegram has one queue per chat, so order does not depend on it.
const MAX_CONNECTIONS: u8 = 40;

impl ConnectorSetup for Telegram {
    fn provider(&self) -> Provider {
        key()
    }

    fn setup_secrets(&self) -> &'static [&'static str] {
        &[BOT_TOKEN, SECRET_TOKEN]
    }

    fn test(
        &self,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ConnectorSetupOutcome> {
        next_of_test(credentials, so_far).unwrap_or_else(|problem| NextCall::Done(outcome(problem)))
    }

    fn connect(
        &self,
        webhook_url: &str,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> Option<NextCall<ConnectorSetupOutcome>> {
        let next = next_of_connect(webhook_url, credentials, so_far);
        Some(next.unwrap_or_else(|problem| NextCall::Done(outcome(problem))))
    }
}

/// Asks for the bot's name and the state of its webhook.
fn next_of_test(
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<NextCall<ConnectorSetupOutcome>, CallError> {
    let token = Token::of(credentials)?;
    let mut answers = so_far.iter();
    let Some(me) = answers.next() else {
        return Ok(NextCall::Call(token.ask("getMe")));
    };
    let me = token.answer(me)?;
    let Some(webhook) = answers.next() else {
        return Ok(NextCall::Call(token.ask("getWebhookInfo")));
    };
    let webhook = token.answer(webhook)?;
    let mut summary = text(&me, "username").map_or_else(
        || "The bot token works.".to_owned(),
        |name| format!("The bot is @{name}."),
    );
    match webhook.get("url").and_then(Value::as_str) {
        None | Some("") => {
            summary.push_str(" Telegram does not send its messages here yet: connect the connector.");
        }
        Some(url) if credentials.is_own_address(url) => {
            summary.push_str(&difficulties(token, &webhook));
        }
        Some(_) => summary.push_str(
            " But Telegram sends its messages to another address: connect the connector to receive them here.",
        ),
    }
    Ok(NextCall::Done(ConnectorSetupOutcome::Done { summary }))
}

/// Makes Telegram send the bot's messages here, and checks the result.
fn next_of_connect(
    webhook_url: &str,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<NextCall<ConnectorSetupOutcome>, CallError> {
    let token = Token::of(credentials)?;
    let mut answers = so_far.iter();
    let Some(set) = answers.next() else {
        return Ok(set_webhook(token, webhook_url, credentials));
    };
    token.answer(set)?;
    let Some(webhook) = answers.next() else {
        return Ok(NextCall::Call(token.ask("getWebhookInfo")));
    };
    let webhook = token.answer(webhook)?;
    if webhook.get("url").and_then(Value::as_str) != Some(webhook_url) {
        return Ok(NextCall::Done(ConnectorSetupOutcome::Failed {
            field: None,
            problem: "Telegram accepted the webhook address but now sends to another one. Stop the other \
                      program that uses this bot token, or revoke the token at BotFather, and connect \
                      again."
                .to_owned(),
            reason: "another_webhook".to_owned(),
        }));
    }
    let waiting = difficulties(token, &webhook);
    Ok(NextCall::Done(ConnectorSetupOutcome::Done {
        summary: format!("Connected. Telegram sends the bot's messages here.{waiting}"),
    }))
}

fn set_webhook(
    token: Token<'_>,
    webhook_url: &str,
    credentials: &Credentials<'_>,
) -> NextCall<ConnectorSetupOutcome> {
    let Some(secret) = credentials.secret(SECRET_TOKEN) else {
        return NextCall::Done(ConnectorSetupOutcome::Failed {
            field: Some(SECRET_TOKEN),
            problem: "The connector has no secret token. Save one first.".to_owned(),
            reason: "no_secret_token".to_owned(),
        });
    };
    let arguments = json!({
        "url": webhook_url,
        "secret_token": secret.reveal(),
        "allowed_updates": ["message", "edited_message", "my_chat_member"],
        "drop_pending_updates": false,
        "max_connections": MAX_CONNECTIONS,
    });
    let call: OutgoingCall = token.call("setWebhook", &arguments);
    NextCall::Call(call)
}

/// The number of waiting updates and the last error of delivery, as sentences to append, each with
/// a leading space.
fn difficulties(token: Token<'_>, webhook: &Value) -> String {
    let waiting = webhook
        .get("pending_update_count")
        .and_then(Value::as_u64)
        .filter(|count| *count > 0)
        .map(|count| format!(" Updates waiting at Telegram: {count}."));
    // Redact before shortening: part of a truncated token would be left otherwise.
    let error = webhook
        .get("last_error_message")
        .and_then(Value::as_str)
        .and_then(|error| clean_name(&token.redact(error)))
        .map(|error| {
            let error = error.trim_end_matches('.');
            format!(" Telegram's last error in reaching us: {error}.")
        });
    [waiting, error].into_iter().flatten().collect()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).and_then(clean_name)
}

fn outcome(problem: CallError) -> ConnectorSetupOutcome {
    match problem {
        CallError::Later { after, reason, .. } => ConnectorSetupOutcome::Later { after, reason },
        CallError::Never { reason, .. } => {
            let (field, problem) = advice(&reason);
            ConnectorSetupOutcome::Failed {
                field,
                problem: problem.to_owned(),
                reason,
            }
        }
    }
}

/// Advice for the admin on a refusal: the first row whose words it contains counts.
fn advice(reason: &str) -> (Option<&'static str>, &'static str) {
    let said = reason.to_ascii_lowercase();
    ADVICE
        .iter()
        .find(|(words, _, _)| said.contains(words))
        .map_or(
            (
                None,
                "Telegram refused. The reason is Telegram's own description.",
            ),
            |(_, field, advice)| (*field, *advice),
        )
}

const ADVICE: &[(&str, Option<&str>, &str)] = &[
    (
        "https url must be provided",
        None,
        "Telegram sends to https addresses only, and this webhook address is not one.",
    ),
    (
        "only on ports",
        None,
        "Telegram sends only to the ports 443, 80, 88 and 8443, and this webhook address has another.",
    ),
    (
        "resolve host",
        None,
        "Telegram cannot find the host of the webhook address. If its name is new, try again in a few minutes.",
    ),
    (
        "bad webhook",
        None,
        "Telegram does not accept the webhook address. It must be an https address that can be reached \
         from the internet, with a valid certificate, on port 443, 80, 88 or 8443.",
    ),
    (
        "secret token",
        Some(SECRET_TOKEN),
        "Telegram does not accept the secret token. Use 1 to 256 letters, digits, hyphens and underscores.",
    ),
    (NO_BOT_TOKEN, Some(BOT_TOKEN), WRONG_TOKEN),
    ("unauthorized", Some(BOT_TOKEN), WRONG_TOKEN),
    ("not found", Some(BOT_TOKEN), WRONG_TOKEN),
    ("logged out", Some(BOT_TOKEN), WRONG_TOKEN),
    (
        "frozen_method_invalid",
        None,
        "Telegram has frozen this bot. Its owner can appeal in Telegram.",
    ),
];

const WRONG_TOKEN: &str = "Telegram does not recognise this bot token. Copy it again from BotFather: /mybots, the bot, API Token.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::fixtures::{
        self, TOKEN, TOKEN_SECRET, accepted, connector, refused, replied,
    };
    use http::Method;
    use std::collections::BTreeMap;
    use vestibule_domain::secret::Secret;

    fn url() -> String {
        format!("https://api.example/webhooks/telegram/{}", connector().id)
    }

    fn step(
        connecting: bool,
        secrets: &BTreeMap<String, Secret>,
        so_far: &[CallResult],
    ) -> NextCall<ConnectorSetupOutcome> {
        let connector = connector();
        let credentials = Credentials {
            connector: &connector,
            secrets,
        };
        if connecting {
            Telegram.connect(&url(), &credentials, so_far).unwrap()
        } else {
            Telegram.test(&credentials, so_far)
        }
    }

    fn call(connecting: bool, so_far: &[CallResult]) -> OutgoingCall {
        match step(connecting, &fixtures::secrets(), so_far) {
            NextCall::Call(call) => call,
            NextCall::Done(outcome) => panic!("no call but {outcome:?}"),
        }
    }

    fn outcome(connecting: bool, so_far: &[CallResult]) -> ConnectorSetupOutcome {
        match step(connecting, &fixtures::secrets(), so_far) {
            NextCall::Done(outcome) => outcome,
            NextCall::Call(call) => panic!("no outcome but {call:?}"),
        }
    }

    fn done(summary: &str) -> ConnectorSetupOutcome {
        ConnectorSetupOutcome::Done {
            summary: summary.to_owned(),
        }
    }

    fn me() -> CallResult {
        accepted(
            &json!({"id": 110_201_543, "is_bot": true, "first_name": "Ada", "username": "ada_bot"}),
        )
    }

    fn webhook(url: &str, waiting: u64, error: Option<&str>) -> CallResult {
        accepted(&json!({
            "url": url, "has_custom_certificate": false, "pending_update_count": waiting,
            "last_error_message": error,
        }))
    }

    #[test]
    fn a_test_asks_who_the_bot_is_and_how_its_messages_fare() {
        let first = call(false, &[]);
        assert_eq!(first.method, Method::GET);
        assert_eq!(first.path, format!("/bot{TOKEN}/getMe"));
        let second = call(false, &[me()]);
        assert_eq!(second.path, format!("/bot{TOKEN}/getWebhookInfo"));
        for (webhook, expected) in [
            (webhook(&url(), 0, None), "The bot is @ada_bot."),
            (
                webhook("https://other.example/bot", 3, None),
                "The bot is @ada_bot. But Telegram sends its messages to another address: connect the connector \
                 to receive them here.",
            ),
            (
                webhook("", 0, None),
                "The bot is @ada_bot. Telegram does not send its messages here yet: connect the connector.",
            ),
            (
                webhook(
                    &url(),
                    12,
                    Some("Wrong response from the webhook:\n 401 Unauthorized"),
                ),
                "The bot is @ada_bot. Updates waiting at Telegram: 12. Telegram's last error in \
                 reaching us: Wrong response from the webhook: 401 Unauthorized.",
            ),
        ] {
            assert_eq!(outcome(false, &[me(), webhook]), done(expected));
        }
        let nameless = accepted(&json!({"id": 110_201_543, "username": "\u{202E}"}));
        assert_eq!(
            outcome(false, &[nameless, webhook(&url(), 0, None)]),
            done("The bot token works.")
        );
    }

    #[test]
    fn connecting_tells_telegram_the_address_the_secret_and_what_we_want() {
        let first = call(true, &[]);
        assert_eq!(first.method, Method::POST);
        assert_eq!(first.path, format!("/bot{TOKEN}/setWebhook"));
        let arguments: Value = serde_json::from_slice(first.body.as_deref().unwrap()).unwrap();
        let expected = json!({
            "url": url(), "secret_token": "canary_secret-token",
            "allowed_updates": ["message", "edited_message", "my_chat_member"],
            "drop_pending_updates": false, "max_connections": 40,
        });
        assert_eq!(arguments, expected);
        let shown = format!("{first:?}");
        assert!(
            !shown.contains("canary") && !shown.contains(TOKEN_SECRET),
            "{shown}"
        );

        let set = accepted(&json!(true));
        let second = call(true, std::slice::from_ref(&set));
        assert_eq!(second.path, format!("/bot{TOKEN}/getWebhookInfo"));
        assert_eq!(
            outcome(true, &[set.clone(), webhook(&url(), 0, None)]),
            done("Connected. Telegram sends the bot's messages here.")
        );
        let other = outcome(true, &[set, webhook("https://other.example/", 0, None)]);
        assert!(
            matches!(other, ConnectorSetupOutcome::Failed { field: None, reason, .. } if reason == "another_webhook")
        );
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        for (status, description, expected, word) in [
            (401, "Unauthorized", Some(BOT_TOKEN), "BotFather"),
            (404, "Not Found", Some(BOT_TOKEN), "BotFather"),
            (400, "Bad Request: Logged out", Some(BOT_TOKEN), "BotFather"),
            (
                400,
                "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
                None,
                "https addresses only",
            ),
            (
                400,
                "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
                None,
                "8443",
            ),
            (
                400,
                "Bad Request: bad webhook: Failed to resolve host: Name or service not known",
                None,
                "cannot find the host",
            ),
            (
                400,
                "Bad Request: bad webhook: IP address 127.0.0.1 is reserved",
                None,
                "reached from the internet",
            ),
            (
                400,
                "Bad Request: secret token contains unallowed characters",
                Some(SECRET_TOKEN),
                "hyphens",
            ),
            (400, "Bad Request: FROZEN_METHOD_INVALID", None, "frozen"),
            (400, "Bad Request: something new", None, "own description"),
        ] {
            let ConnectorSetupOutcome::Failed {
                field,
                problem,
                reason,
            } = outcome(true, &[refused(status, description)])
            else {
                panic!("{description} did not fail");
            };
            assert_eq!(field, expected, "{description}");
            assert!(problem.contains(word), "{description}: {problem}");
            assert!(problem.ends_with('.'), "{problem}");
            assert!(description.starts_with(&reason), "{reason}");
        }
    }

    #[test]
    fn without_its_secrets_nothing_is_asked() {
        let only_token = BTreeMap::from([(BOT_TOKEN.to_owned(), Secret::new(TOKEN))]);
        for (connecting, secrets, expected) in [
            (false, BTreeMap::new(), BOT_TOKEN),
            (true, BTreeMap::new(), BOT_TOKEN),
            (true, only_token, SECRET_TOKEN),
        ] {
            let NextCall::Done(ConnectorSetupOutcome::Failed { field, .. }) =
                step(connecting, &secrets, &[])
            else {
                panic!("it did not fail");
            };
            assert_eq!(field, Some(expected));
        }
    }

    #[test]
    fn a_telegram_that_does_not_answer_is_asked_again_later() {
        for connecting in [false, true] {
            let result = outcome(connecting, &[replied(502, "<html>")]);
            assert!(matches!(result, ConnectorSetupOutcome::Later { .. }));
        }
    }

    #[test]
    fn no_outcome_repeats_a_secret() {
        let leak = format!("no route to /bot{TOKEN}/getMe");
        for so_far in [
            vec![refused(400, &leak)],
            vec![refused(502, &leak)],
            vec![me(), webhook(&url(), 1, Some(&leak))],
            vec![
                me(),
                webhook(&url(), 1, Some(&format!("{}{leak}", "x".repeat(160)))),
            ],
        ] {
            let shown = format!("{:?}", outcome(false, &so_far));
            assert!(!shown.contains(&TOKEN_SECRET[..5]), "{shown}");
        }
    }
}
