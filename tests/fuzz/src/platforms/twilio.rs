use super::signing_secret;
use crate::{
    input::Request,
    platform::{Platform, Purpose, Signer, secret},
};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use vestibule_providers::{
    twilio::{
        ACCOUNT_SID, AUTH_TOKEN, PHONE_NUMBER, PREVIOUS_AUTH_TOKEN, Twilio as Provider, WEBHOOK_URL,
    },
    webhook::{Reply, WebhookProvider},
};

const ADDRESS: &str = "https://api.example.com/webhooks/twilio/01JD3Q3Z9V8M4T6K2N7P5R1S0W";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const BODY_HASH: &str = "bodySHA256";
const NOTHING: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#;
const DECLINED: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?><Response><Reject/></Response>"#;

/// Twilio.
pub struct Twilio;

impl Platform for Twilio {
    fn key(&self) -> &'static str {
        "twilio"
    }

    fn webhook(&self) -> &dyn WebhookProvider {
        &Provider
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            (ACCOUNT_SID, "AC0123456789abcdef0123456789abcdef".to_owned()),
            (PHONE_NUMBER, "+12028831111".to_owned()),
            (WEBHOOK_URL, format!("{ADDRESS}#rc=3&rp=4xx,5xx,ct,rt")),
        ]
    }

    fn secrets(&self, purpose: Purpose) -> Vec<(&'static str, String)> {
        [AUTH_TOKEN, PREVIOUS_AUTH_TOKEN]
            .map(|name| (name, secret(purpose, name)))
            .to_vec()
    }

    /// The signature of JSON has its hash in the URL; that of a form has every parameter after the URL.
    fn sign(&self, request: &mut Request, signer: Signer) -> bool {
        let is_json = request
            .headers
            .get("content-type")
            .is_some_and(|media_type| media_type == JSON);
        let behind = if is_json {
            request.set("content-type", JSON);
            let hash = HEXLOWER.encode(&Sha256::digest(&request.body));
            request.query = Some(format!("{BODY_HASH}={hash}"));
            Vec::new()
        } else {
            request.set("content-type", FORM);
            // Twilio sends no form with this parameter, and none with it is accepted.
            request.query = request.query.take().filter(|query| {
                pairs(query.as_bytes())
                    .iter()
                    .all(|(name, _)| name != BODY_HASH)
            });
            let pairs = pairs(&request.body).into_iter();
            pairs
                .flat_map(|(name, value)| [name, value])
                .collect::<String>()
                .into_bytes()
        };
        let query = request.query.as_ref().map(|query| format!("?{query}"));
        let key = signing_secret(signer, AUTH_TOKEN);
        let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("any length");
        mac.update(ADDRESS.as_bytes());
        mac.update(query.unwrap_or_default().as_bytes());
        mac.update(&behind);
        let code = BASE64.encode(&mac.finalize().into_bytes());
        request.set("x-twilio-signature", &code);
        true
    }

    /// An empty response, because any text would be sent to the person. A call is declined.
    fn is_reply(&self, reply: &Reply, _request: &Request) -> bool {
        (reply.status, reply.content_type) == (200, Some("text/xml"))
            && [NOTHING, DECLINED].contains(&reply.body.as_slice())
    }

    fn person(&self) -> (&'static str, &'static str) {
        ("phone", "+14133881111")
    }

    fn places(&self) -> [&'static str; 2] {
        ["+14133881111", "whatsapp:+14133881111"]
    }
}

/// The parameters of a form or query, sorted, without duplicates.
fn pairs(form: &[u8]) -> BTreeSet<(String, String)> {
    let decoded = |part: &[u8]| {
        let spaced: Vec<u8> = part
            .iter()
            .map(|byte| if *byte == b'+' { b' ' } else { *byte })
            .collect();
        let bytes: Vec<u8> = percent_decode(&spaced).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    form.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let mut part = || decoded(parts.next().unwrap_or_default());
            (part(), part())
        })
        .collect()
}
