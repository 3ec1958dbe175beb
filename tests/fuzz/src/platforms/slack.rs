use super::signing_secret;
use crate::{
    input::Request,
    platform::{NOW, Platform, Purpose, Signer, json, secret},
};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use vestibule_providers::{
    slack::{
        API_APP_ID, BOT_TOKEN, PREVIOUS_SIGNING_SECRET, SIGNING_SECRET, Slack as Provider, TEAM_ID,
    },
    webhook::{Reply, WebhookProvider},
};

/// Slack.
pub struct Slack;

impl Platform for Slack {
    fn key(&self) -> &'static str {
        "slack"
    }

    fn webhook(&self) -> &dyn WebhookProvider {
        &Provider
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            (API_APP_ID, "A123ABC456".to_owned()),
            (TEAM_ID, "T123ABC456".to_owned()),
        ]
    }

    fn secrets(&self, purpose: Purpose) -> Vec<(&'static str, String)> {
        let named = |name| (name, secret(purpose, name));
        vec![
            named(SIGNING_SECRET),
            named(PREVIOUS_SIGNING_SECRET),
            (BOT_TOKEN, format!("xoxb-{}", secret(purpose, BOT_TOKEN))),
        ]
    }

    fn sign(&self, request: &mut Request, signer: Signer) -> bool {
        let time = NOW.seconds().to_string();
        let key = signing_secret(signer, SIGNING_SECRET);
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any length");
        mac.update(format!("v0:{time}:").as_bytes());
        mac.update(&request.body);
        let code = HEXLOWER.encode(&mac.finalize().into_bytes());
        request.set("x-slack-request-timestamp", &time);
        request.set("x-slack-signature", &format!("v0={code}"));
        true
    }

    /// Empty, or the challenge of a handshake.
    fn is_reply(&self, reply: &Reply, request: &Request) -> bool {
        let body = json(&request.body);
        let is_handshake = body
            .get("type")
            .is_some_and(|kind| kind == "url_verification");
        reply.status == 200
            && (reply.body.is_empty()
                || is_handshake
                    && reply.content_type == Some("application/json")
                    && json(&reply.body) == json!({ "challenge": body.get("challenge") }))
    }

    fn person(&self) -> (&'static str, &'static str) {
        ("T123ABC456", "U123ABC456")
    }

    fn places(&self) -> [&'static str; 2] {
        ["D024BE91L", "C0LAN2Q65"]
    }
}
