//! Files of messages (core.telegram.org/bots/api, "getFile").

use super::{Telegram, api::Token, profile::file_path};
use crate::{
    files::{self, Fetched, FileProvider, FileSource, gone, unfound},
    outgoing::{CallError, CallResult, NextCall},
    webhook::Credentials,
};
use serde_json::json;
use vestibule_domain::{
    chat::message::AttachmentKind,
    ports::{FileOutcome, FileQuery},
};

/// Words of the refusal for a file of more than 20 MB, the most that a bot may download.
const TOO_BIG: &str = "file is too big";
/// Words of the refusals for a file that Telegram does not know, or no longer.
const GONE: [&str; 3] = ["file_id", "file identifier", "temporarily unavailable"];
/// Telegram turns every photo into a JPEG, and states no type for it.
const PHOTO_TYPE: &str = "image/jpeg";

impl FileProvider for Telegram {
    /// Asks for the file's path each time: Telegram guarantees that it holds for an hour only.
    fn file(
        &self,
        query: &FileQuery<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<Result<FileSource, FileOutcome>> {
        let token = match Token::of(credentials) {
            Ok(token) => token,
            Err(problem) => return NextCall::Done(Err(unfound(problem))),
        };
        let Some(result) = so_far.last() else {
            let arguments = json!({"file_id": query.attachment.provider_id});
            return NextCall::Call(token.call("getFile", &arguments));
        };
        NextCall::Done(match token.answer(result) {
            Ok(file) => file_path(&file)
                .map(|path| FileSource::Call(token.download(&path)))
                .ok_or_else(|| gone("no_file_path")),
            Err(refused) => Err(refusal(refused.into())),
        })
    }

    fn content(&self, query: &FileQuery<'_>, fetched: Fetched) -> FileOutcome {
        let attachment = query.attachment;
        let is_photo = attachment.kind == AttachmentKind::Image && attachment.mime_type.is_none();
        match fetched {
            Fetched::Part(mut part) if is_photo => {
                part.media_type = Some(PHOTO_TYPE.to_owned());
                files::content(query, Fetched::Part(part))
            }
            other => files::content(query, other),
        }
    }
}

fn refusal(problem: CallError) -> FileOutcome {
    let CallError::Never { reason, .. } = &problem else {
        return unfound(problem);
    };
    let said = reason.to_lowercase();
    if said.contains(TOO_BIG) {
        return FileOutcome::TooLarge {
            reason: reason.clone(),
        };
    }
    if GONE.iter().any(|words| said.contains(words)) {
        return gone(reason);
    }
    unfound(problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        telegram::fixtures::{TOKEN, TOKEN_SECRET, accepted, connector, refused, secrets},
        testing,
    };
    use http::Method;
    use serde_json::Value;
    use std::collections::BTreeMap;
    use vestibule_domain::ports::{FailureClass, FilePart, FileRange};

    fn step(so_far: &[CallResult]) -> NextCall<Result<FileSource, FileOutcome>> {
        let file = testing::file(None);
        testing::file_step(&Telegram, &file, (&connector(), &secrets()), so_far)
    }

    fn found(path: &str) -> CallResult {
        accepted(&json!({"file_id": "F1", "file_size": 5, "file_path": path}))
    }

    #[test]
    fn a_file_takes_its_path_and_then_the_file_with_the_token_in_both_addresses() {
        let NextCall::Call(call) = step(&[]) else {
            panic!("no call");
        };
        assert_eq!(call.path, format!("/bot{TOKEN}/getFile"));
        let arguments: Value = serde_json::from_slice(call.body.as_deref().unwrap()).unwrap();
        assert_eq!(arguments, json!({"file_id": "F1"}));
        let call = testing::found(step(&[found("photos/file 1.jpg")]));
        assert_eq!(call.method, Method::GET);
        assert_eq!(call.path, format!("/file/bot{TOKEN}/photos/file%201.jpg"));
        assert!(call.headers.is_empty() && call.body.is_none());
        assert!(!format!("{call:?}").contains(TOKEN_SECRET));
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_none() {
        for path in ["", "/etc/passwd", "../file", "photos/../../x", "a?b", "a#b"] {
            let outcome = testing::unfound(step(&[found(path)]));
            assert_eq!(outcome, gone("no_file_path"), "{path}");
        }
    }

    #[test]
    fn a_refusal_says_whether_the_file_is_too_large_or_gone() {
        let outcome = |status, words: &str| testing::unfound(step(&[refused(status, words)]));
        assert!(matches!(
            outcome(400, "Bad Request: file is too big"),
            FileOutcome::TooLarge { .. }
        ));
        for words in [
            "Bad Request: wrong file_id or the file is temporarily unavailable",
            "Bad Request: invalid file_id",
            "Bad Request: wrong file identifier/HTTP URL specified",
        ] {
            let outcome = outcome(400, words);
            assert!(matches!(outcome, FileOutcome::Gone { .. }), "{outcome:?}");
        }
        let unauthorized = outcome(401, "Unauthorized");
        let class = FailureClass::Connector;
        assert!(
            matches!(&unauthorized, FileOutcome::Failed { class: at_fault, .. } if *at_fault == class),
            "{unauthorized:?}"
        );
        let flood = outcome(429, "Too Many Requests: retry after 9");
        assert!(matches!(flood, FileOutcome::Retry { .. }), "{flood:?}");
    }

    #[test]
    fn a_connector_without_a_token_is_at_fault() {
        let (file, none) = (testing::file(None), BTreeMap::new());
        let step = testing::file_step(&Telegram, &file, (&connector(), &none), &[]);
        assert!(matches!(
            testing::unfound(step),
            FileOutcome::Failed {
                class: FailureClass::Connector,
                ..
            }
        ));
    }

    #[test]
    fn a_photo_is_a_jpeg_and_any_other_file_what_the_message_said() {
        let part = FilePart {
            first: 7,
            bytes: vec![1],
            size: Some(8),
            media_type: Some("application/octet-stream".to_owned()),
        };
        for (mime_type, expected) in [
            (None, "image/jpeg"),
            (Some("image/png"), "application/octet-stream"),
        ] {
            let mut attachment = testing::file(None);
            attachment.mime_type = mime_type.map(str::to_owned);
            let query = FileQuery {
                attachment: &attachment,
                reply_url: None,
                range: FileRange::Whole,
            };
            let outcome = Telegram.content(&query, Fetched::Part(part.clone()));
            let FileOutcome::Read(read) = outcome else {
                panic!("not read: {outcome:?}");
            };
            assert_eq!(read.media_type.as_deref(), Some(expected));
        }
    }
}
