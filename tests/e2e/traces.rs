//! Checks that the logs of a complete run contain no personal data or secrets (SPEC G05).

use crate::{
    stack::{CANARY, Place, SURNAME, Stack},
    waiting::{SOON, eventually},
};
use serde_json::json;

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_logs_hold_no_text_no_name_and_no_secret() {
    let stack = Stack::load();
    let vera = stack.person("Vera").await;
    let text = format!("my password is swordfish ({CANARY})");
    let note = json!({"note": format!("trusted ({CANARY})")});

    stack
        .say(&vera, stack.connector(), Place::Direct, &text)
        .await;
    let request = stack.request_with_name(&vera).await;
    stack.decide(&request, "approve", note.clone()).await;
    stack.answers(&vera, stack.connector(), 2).await;
    stack
        .say(&vera, stack.connector(), Place::Direct, &text)
        .await;
    stack.answers(&vera, stack.connector(), 3).await;
    stack.all_work_is_done().await;
    let chat_user = request["chat_user_id"].as_str().unwrap();
    stack
        .post(&format!("/chat-users/{chat_user}/block"), note)
        .await;

    // Once the last action is in the log, all earlier ones are.
    let last = format!("chat_user:{chat_user}");
    let logs = eventually("the block is logged", SOON, async || {
        let logs = stack.function_logs();
        logs.contains(&last).then_some(logs)
    })
    .await;
    for (what, secret) in secrets(&stack) {
        if let Some(line) = logs.lines().find(|line| line.contains(&secret)) {
            panic!(
                "{what} is in the log: {}",
                line.replace(&secret, "\u{2026}")
            );
        }
    }
}

fn secrets(stack: &Stack) -> Vec<(String, String)> {
    let mut secrets = vec![
        ("what somebody wrote".to_owned(), CANARY.to_owned()),
        ("a person's name".to_owned(), SURNAME.to_owned()),
    ];
    for fact in [
        "api_key",
        "setup_token",
        "agent_signing_secret",
        "openid_client_secret",
        "aws_secret_access_key",
    ] {
        secrets.push((fact.to_owned(), stack.fact(fact).to_owned()));
    }
    for account in stack.facts["accounts"].as_array().unwrap() {
        for secret in [
            "signing_secret",
            "client_secret",
            "bot_token",
            "secret_token",
            "api_key",
            "webhook_secret",
            "auth_token",
        ] {
            if let Some(value) = account[secret].as_str() {
                secrets.push((format!("{}'s {secret}", account["name"]), value.to_owned()));
            }
        }
    }
    secrets
}
