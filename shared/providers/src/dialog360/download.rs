//! Files of messages (docs.360dialog.com, "Upload, retrieve or delete media").

use super::{API, API_KEY, Dialog360, api};
use crate::{
    fields::is_id,
    files::{FileProvider, FileSource, failed, gone, is_plain_path, unfound},
    outgoing::{CallError, CallResult, Host, NextCall, OutgoingCall},
    webhook::Credentials,
};
use http::Method;
use serde_json::Value;
use vestibule_domain::{
    ports::{FailureClass, FileOutcome, FileQuery},
    secret::Secret,
};

/// Where Meta says that a file is. 360dialog serves it under its own address, which takes its key.
const META: &str = "https://lookaside.fbsbx.com";
/// Beginning of the refusal for an id that Meta does not know, or no longer: it keeps files for 30 days.
const UNKNOWN_ID: &str = "100: ";

impl FileProvider for Dialog360 {
    /// Asks for the file's address each time: it holds for five minutes only. A refusal is never repeated
    /// here, because five of them within an hour block the number's media for an hour.
    fn file(
        &self,
        query: &FileQuery<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<Result<FileSource, FileOutcome>> {
        let Some(key) = credentials.secret(API_KEY) else {
            let outcome = failed(FailureClass::Connector, "no_api_key");
            return NextCall::Done(Err(outcome));
        };
        let id = &query.attachment.provider_id;
        if !is_id(id) || id.starts_with('.') {
            return NextCall::Done(Err(gone("no_such_file")));
        }
        let Some(result) = so_far.last() else {
            let call = OutgoingCall::new(Host::Api(API), Method::GET, format!("/{id}"));
            return NextCall::Call(api::with_key(call, key));
        };
        NextCall::Done(match api::answer(result) {
            Ok(media) => media
                .get("url")
                .and_then(Value::as_str)
                .and_then(|url| place(url, key))
                .ok_or_else(|| gone("no_address")),
            Err(CallError::Never { reason, .. }) if reason.starts_with(UNKNOWN_ID) => {
                Err(gone(&reason))
            }
            Err(_) if is_unknown(result) => Err(gone("http_404")),
            Err(problem) => Err(unfound(problem)),
        })
    }
}

fn is_unknown(result: &CallResult) -> bool {
    matches!(result, CallResult::Replied(reply) if reply.status == 404)
}

/// The call that fetches what Meta has at this address.
fn place(url: &str, key: &Secret) -> Option<FileSource> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    // Meta's path ends in a slash.
    let path = address.strip_prefix(META)?;
    if !is_plain_path(path.strip_suffix('/').unwrap_or(path)) {
        return None;
    }
    let mut call = OutgoingCall::new(Host::Api(API), Method::GET, path);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        call = call.with_query(&name, &value);
    }
    Some(FileSource::Call(api::with_key(call, key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dialog360::fixtures::{connector, refused, refused_by_gateway, replied, secrets},
        testing,
    };
    use serde_json::json;
    use vestibule_domain::chat::message::Attachment;

    fn step_of(id: &str, so_far: &[CallResult]) -> NextCall<Result<FileSource, FileOutcome>> {
        let file = Attachment {
            provider_id: id.to_owned(),
            ..testing::file(None)
        };
        testing::file_step(&Dialog360, &file, (&connector(), &secrets()), so_far)
    }

    fn found(url: &str) -> CallResult {
        let body = json!({"messaging_product": "whatsapp", "url": url, "mime_type": "image/png", "id": "1037"});
        replied(200, &body.to_string())
    }

    fn headers(call: &OutgoingCall) -> Vec<(&str, &str)> {
        let all = call.headers.iter();
        all.map(|(name, value)| (name.as_str(), value.reveal()))
            .collect()
    }

    #[test]
    fn a_file_takes_its_address_and_then_the_file_both_with_the_key_at_360dialog() {
        let key = [("d360-api-key", "canary-api-key_AK")];
        let NextCall::Call(call) = step_of("1037", &[]) else {
            panic!("no call");
        };
        assert_eq!((&call.host, call.path.as_str()), (&Host::Api(API), "/1037"));
        assert_eq!(headers(&call), key);
        let url = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1037&ext=1800000300&hash=ARs-x_y";
        let call = testing::found(step_of("1037", &[found(url)]));
        assert_eq!(call.host, Host::Api(API));
        assert_eq!(call.path, "/whatsapp_business/attachments/");
        let pairs = [("mid", "1037"), ("ext", "1800000300"), ("hash", "ARs-x_y")];
        assert_eq!(
            call.query,
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(headers(&call), key);
    }

    #[test]
    fn the_key_goes_to_no_address_that_is_not_meta_s() {
        for url in [
            "https://evil.example/whatsapp_business/attachments?mid=1",
            "https://lookaside.fbsbx.com.evil.example/a",
            "http://lookaside.fbsbx.com/a",
            "https://lookaside.fbsbx.com/../a",
            "https://lookaside.fbsbx.com",
            "https://lookaside.fbsbx.com/",
            "",
        ] {
            let outcome = testing::unfound(step_of("1037", &[found(url)]));
            assert_eq!(outcome, gone("no_address"), "{url}");
        }
    }

    #[test]
    fn a_file_that_meta_no_longer_knows_is_gone_and_a_refused_key_is_the_connector_s_fault() {
        let outcome = |answer| testing::unfound(step_of("1037", &[answer]));
        for answer in [
            refused(400, 100),
            refused(404, 999_999),
            refused_by_gateway(404),
        ] {
            let outcome = outcome(answer);
            assert!(matches!(outcome, FileOutcome::Gone { .. }), "{outcome:?}");
        }
        let refusal = outcome(refused_by_gateway(401));
        assert!(
            matches!(
                refusal,
                FileOutcome::Failed {
                    class: FailureClass::Connector,
                    ..
                }
            ),
            "{refusal:?}"
        );
        let unanswered = outcome(replied(503, "upstream"));
        assert!(matches!(unanswered, FileOutcome::Retry { .. }));
    }

    #[test]
    fn an_id_that_would_lead_elsewhere_is_no_file() {
        for id in ["", "..", ".", "a/b", "a?b"] {
            let outcome = testing::unfound(step_of(id, &[]));
            assert_eq!(outcome, gone("no_such_file"), "{id}");
        }
    }
}
