//! Twilio's reaction to a webhook's answer.

use crate::simulator::event::WebhookAnswer;

/// Largest number of retries, even if the URL asks for more.
const MAX_RETRIES: usize = 5;

/// Whether Twilio retries after this number of retries, according to the fragment of the webhook's URL.
pub(super) fn retries(url: &str, status: Option<u16>, made: usize) -> bool {
    let fragment = url.split_once('#').map_or("", |(_, fragment)| fragment);
    let mut allowed = 1;
    let mut policy = "ct";
    for (name, value) in fragment.split('&').filter_map(|part| part.split_once('=')) {
        match name {
            "rc" => allowed = value.parse().unwrap_or(allowed).min(MAX_RETRIES),
            "rp" => policy = value,
            _ => {}
        }
    }
    let kind = match status {
        None => "ct",
        Some(400..500) => "4xx",
        Some(_) => "5xx",
    };
    made < allowed && policy.split(',').any(|one| one == kind || one == "all")
}

/// Describes Twilio's reaction to an answer that says anything at all.
pub(super) fn wrong_answer(answer: &WebhookAnswer) -> Option<String> {
    let body = answer.body.trim();
    let kind = answer
        .content_type
        .as_deref()
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if body.is_empty() {
        return None;
    }
    match kind.as_str() {
        "text/plain" => Some("a text/plain body would be sent to the person".to_owned()),
        "text/xml" | "application/xml" | "text/html" => {
            let markup = match body.strip_prefix("<?xml") {
                Some(rest) => rest.split_once("?>").map_or("", |(_, rest)| rest.trim()),
                None => body,
            };
            let is_nothing = matches!(
                markup,
                "<Response/>" | "<Response />" | "<Response></Response>"
            );
            (!is_nothing).then(|| "the body says more than `<Response></Response>`".to_owned())
        }
        _ => Some(format!("a body of type `{kind}`: error 12300")),
    }
}
