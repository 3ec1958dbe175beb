use super::signing_secret;
use crate::{
    input::Request,
    platform::{Platform, Purpose, Signer, secret},
};
use vestibule_providers::{
    dialog360::{
        API_KEY, Dialog360 as Provider, PHONE_NUMBER_ID, PREVIOUS_WEBHOOK_SECRET, WEBHOOK_SECRET,
    },
    webhook::{Reply, WebhookProvider},
};

/// 360dialog.
pub struct Dialog360;

impl Platform for Dialog360 {
    fn key(&self) -> &'static str {
        "360dialog"
    }

    fn webhook(&self) -> &dyn WebhookProvider {
        &Provider
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![(PHONE_NUMBER_ID, "1122334455667".to_owned())]
    }

    fn secrets(&self, purpose: Purpose) -> Vec<(&'static str, String)> {
        [WEBHOOK_SECRET, PREVIOUS_WEBHOOK_SECRET, API_KEY]
            .map(|name| (name, secret(purpose, name)))
            .to_vec()
    }

    fn sign(&self, request: &mut Request, signer: Signer) -> bool {
        let secret = signing_secret(signer, WEBHOOK_SECRET);
        request.set("authorization", &format!("Bearer {secret}"));
        true
    }

    fn is_reply(&self, reply: &Reply, _request: &Request) -> bool {
        *reply == Reply::empty()
    }

    fn person(&self) -> (&'static str, &'static str) {
        ("phone", "+972987654321")
    }

    fn places(&self) -> [&'static str; 2] {
        ["972987654321", "US.13491208655302741918"]
    }
}
