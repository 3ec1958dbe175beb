use super::signing_secret;
use crate::{
    input::Request,
    platform::{Platform, Purpose, Signer, secret},
};
use vestibule_providers::{
    telegram::{BOT_TOKEN, PREVIOUS_SECRET_TOKEN, SECRET_TOKEN, Telegram as Provider},
    webhook::{Reply, WebhookProvider},
};

/// Telegram.
pub struct Telegram;

impl Platform for Telegram {
    fn key(&self) -> &'static str {
        "telegram"
    }

    fn webhook(&self) -> &dyn WebhookProvider {
        &Provider
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn secrets(&self, purpose: Purpose) -> Vec<(&'static str, String)> {
        let named = |name| (name, secret(purpose, name));
        vec![
            named(SECRET_TOKEN),
            named(PREVIOUS_SECRET_TOKEN),
            (
                BOT_TOKEN,
                format!("110201543:{}", secret(purpose, BOT_TOKEN)),
            ),
        ]
    }

    fn sign(&self, request: &mut Request, signer: Signer) -> bool {
        let token = signing_secret(signer, SECRET_TOKEN);
        request.set("x-telegram-bot-api-secret-token", &token);
        true
    }

    /// Empty, because Telegram executes any method in the answer.
    fn is_reply(&self, reply: &Reply, _request: &Request) -> bool {
        *reply == Reply::empty()
    }

    fn person(&self) -> (&'static str, &'static str) {
        ("telegram", "218485655")
    }

    fn places(&self) -> [&'static str; 2] {
        ["218485655", "-1001493653006"]
    }

    fn part_of_addresses(&self) -> Option<String> {
        Some(secret(Purpose::Calling, BOT_TOKEN))
    }
}
