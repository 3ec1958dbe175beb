//! Files of messages (docs.slack.dev, "File object", "Authentication").

use super::{API, BOT_TOKEN, FILES_API, Slack, api};
use crate::{
    fields::is_id,
    files::{self, Fetched, FileProvider, FileSource, failed, gone, path_at, unfound},
    outgoing::{CallError, CallResult, Host, NextCall, OutgoingCall},
    webhook::Credentials,
};
use http::Method;
use serde_json::Value;
use vestibule_domain::{
    ports::{FailureClass, FileOutcome, FileQuery},
    secret::Secret,
};

/// The reason if Slack shows its login page in place of a file. It does so, by a redirect or with status
/// 200, to a token that may not read files (vercel/eve#1567, OpenRouterLabs/spawn#2316).
const LOGIN_PAGE: &str = "missing_scope: files:read";
/// The media type of that page.
const HTML: &str = "text/html";
/// Errors of `files.info` that say that there is no such file, or no longer (docs.slack.dev, "files.info").
const GONE: [&str; 2] = ["file_not_found", "file_deleted"];

impl FileProvider for Slack {
    /// A file of another workspace comes without an address, which `files.info` tells (docs.slack.dev,
    /// "Using the Events API and Slack Connect").
    fn file(
        &self,
        query: &FileQuery<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<Result<FileSource, FileOutcome>> {
        let Some(token) = credentials.secret(BOT_TOKEN) else {
            let outcome = failed(FailureClass::Connector, "no_bot_token");
            return NextCall::Done(Err(outcome));
        };
        if let Some(url) = query.attachment.url.as_deref() {
            return NextCall::Done(place(url, token));
        }
        let Some(result) = so_far.last() else {
            return info(&query.attachment.provider_id, token);
        };
        NextCall::Done(match api::answer(result) {
            Ok(body) => body
                .pointer("/file/url_private")
                .and_then(Value::as_str)
                .map_or_else(|| Err(gone("no_address")), |url| place(url, token)),
            Err(CallError::Never { reason, .. }) if GONE.contains(&reason.as_str()) => {
                Err(gone(&reason))
            }
            Err(problem) => Err(unfound(problem)),
        })
    }

    fn content(&self, query: &FileQuery<'_>, fetched: Fetched) -> FileOutcome {
        let is_html = |media_type: Option<&str>| {
            media_type.is_some_and(|media_type| media_type.starts_with(HTML))
        };
        let is_login_page = match &fetched {
            Fetched::Moved { .. } => true,
            Fetched::Part(part) => {
                is_html(part.media_type.as_deref())
                    && !is_html(query.attachment.mime_type.as_deref())
            }
            _ => false,
        };
        if is_login_page {
            return failed(FailureClass::Connector, LOGIN_PAGE);
        }
        files::content(query, fetched)
    }
}

fn info(file_id: &str, token: &Secret) -> NextCall<Result<FileSource, FileOutcome>> {
    if !is_id(file_id) {
        return NextCall::Done(Err(gone("no_address")));
    }
    let call = OutgoingCall::new(Host::Api(API), Method::GET, "/files.info")
        .with_bearer(token)
        .with_query("file", file_id);
    NextCall::Call(call)
}

/// The place of a file that is Slack's own. An external one (`is_external`) has its owner's address, which
/// must not get the token.
fn place(url: &str, token: &Secret) -> Result<FileSource, FileOutcome> {
    let path = path_at(FILES_API.default_url, url).ok_or_else(|| gone("external_file"))?;
    let call = OutgoingCall::new(Host::Api(FILES_API), Method::GET, path).with_bearer(token);
    Ok(FileSource::Call(call))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        slack::fixtures::{connector, refused, replied, secrets},
        testing,
    };
    use serde_json::json;
    use vestibule_domain::{
        chat::message::Attachment,
        ports::{FilePart, FileRange},
    };

    const URL: &str = "https://files.slack.com/files-pri/T123ABC456-F1/shelf.png";

    fn step(file: &Attachment, so_far: &[CallResult]) -> NextCall<Result<FileSource, FileOutcome>> {
        testing::file_step(&Slack, file, (&connector(), &secrets()), so_far)
    }

    fn content(fetched: Fetched, mime_type: &str) -> FileOutcome {
        let attachment = Attachment {
            mime_type: Some(mime_type.to_owned()),
            ..testing::file(Some(URL))
        };
        let query = FileQuery {
            attachment: &attachment,
            reply_url: None,
            range: FileRange::Whole,
        };
        Slack.content(&query, fetched)
    }

    fn part(media_type: &str) -> FilePart {
        FilePart {
            first: 0,
            bytes: b"<!DOCTYPE html>".to_vec(),
            size: None,
            media_type: Some(media_type.to_owned()),
        }
    }

    #[test]
    fn a_file_is_fetched_from_slack_s_files_with_the_token() {
        let call = testing::found(step(&testing::file(Some(URL)), &[]));
        assert_eq!(call.host, Host::Api(FILES_API));
        assert_eq!(call.path, "/files-pri/T123ABC456-F1/shelf.png");
        let bearer = Secret::new("Bearer xoxb-canary-token");
        assert_eq!(call.headers, [(http::header::AUTHORIZATION, bearer)]);
        assert!(call.query.is_empty());
    }

    #[test]
    fn the_token_goes_to_no_other_address() {
        for url in [
            "https://docs.example.com/shelf.png",
            "https://files.slack.com.evil.example/shelf.png",
            "https://files.slack.com@evil.example/shelf.png",
            "https://files.slack.com:8443/shelf.png",
            "http://files.slack.com/shelf.png",
            "https://slack.com/files/shelf.png",
            "https://files.slack.com/files-pri/../shelf.png",
        ] {
            let outcome = testing::unfound(step(&testing::file(Some(url)), &[]));
            assert_eq!(outcome, gone("external_file"), "{url}");
        }
    }

    #[test]
    fn the_address_of_a_file_of_another_workspace_is_asked_for() {
        let NextCall::Call(call) = step(&testing::file(None), &[]) else {
            panic!("no call");
        };
        assert_eq!(
            (call.host, call.path.as_str()),
            (Host::Api(API), "/files.info")
        );
        assert_eq!(call.query, [("file".to_owned(), "F1".to_owned())]);
        let told = |body: &Value| [replied(200, &body.to_string())];
        let answer = told(&json!({"ok": true, "file": {"id": "F1", "url_private": URL}}));
        let call = testing::found(step(&testing::file(None), &answer));
        assert_eq!(call.path, "/files-pri/T123ABC456-F1/shelf.png");
        let outcome = |answer| testing::unfound(step(&testing::file(None), &[answer]));
        assert_eq!(outcome(refused("file_deleted")), gone("file_deleted"));
        let class = FailureClass::Connector;
        let refusal = outcome(refused("missing_scope"));
        assert!(
            matches!(&refusal, FileOutcome::Failed { class: at_fault, .. } if *at_fault == class),
            "{refusal:?}"
        );
        let nowhere = replied(200, &json!({"ok": true, "file": {"id": "F1"}}).to_string());
        assert_eq!(outcome(nowhere), gone("no_address"));
    }

    #[test]
    fn a_login_page_in_place_of_a_file_names_the_missing_scope() {
        let refused = failed(FailureClass::Connector, LOGIN_PAGE);
        let to = Secret::new("https://acme.slack.com/?redir=%2Ffiles-pri");
        assert_eq!(content(Fetched::Moved { to }, "image/png"), refused);
        let page = part("text/html; charset=utf-8");
        assert_eq!(content(Fetched::Part(page.clone()), "image/png"), refused);
        assert_eq!(
            content(Fetched::Part(page.clone()), "text/html"),
            FileOutcome::Read(page)
        );
        let picture = part("image/png");
        assert_eq!(
            content(Fetched::Part(picture.clone()), "image/png"),
            FileOutcome::Read(picture)
        );
    }
}
