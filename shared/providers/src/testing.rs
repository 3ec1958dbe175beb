//! Fixtures shared by the tests of all providers.

use crate::{
    files::{FileProvider, FileSource},
    outgoing::{CallResult, HttpReply, NextCall, OutgoingCall},
    webhook::Credentials,
};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use vestibule_domain::{
    chat::message::{Attachment, AttachmentKind},
    connector::{Connector, Provider},
    ports::{FileOutcome, FileQuery, FileRange},
    secret::Secret,
};

/// A connector with these settings.
pub(crate) fn connector(provider: Provider, settings: &[(&str, &str)]) -> Connector {
    Connector {
        settings: settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        ..vestibule_samples::connector(provider)
    }
}

/// An answer of the platform.
pub(crate) fn replied(status: u16, body: &str) -> CallResult {
    CallResult::Replied(HttpReply {
        status,
        retry_after: None,
        body: body.as_bytes().to_vec(),
    })
}

/// A picture with this address at its platform.
pub(crate) fn file(url: Option<&str>) -> Attachment {
    Attachment {
        kind: AttachmentKind::Image,
        provider_id: "F1".into(),
        name: Some("shelf.png".into()),
        mime_type: Some("image/png".into()),
        url: url.map(str::to_owned),
    }
}

/// The next step of finding a file.
pub(crate) fn file_step(
    provider: &dyn FileProvider,
    attachment: &Attachment,
    (connector, secrets): (&Connector, &BTreeMap<String, Secret>),
    so_far: &[CallResult],
) -> NextCall<Result<FileSource, FileOutcome>> {
    let query = FileQuery {
        attachment,
        reply_url: None,
        range: FileRange::Whole,
    };
    let credentials = Credentials { connector, secrets };
    provider.file(&query, &credentials, so_far)
}

/// The place of a file that is found with these answers.
pub(crate) fn found(step: NextCall<Result<FileSource, FileOutcome>>) -> OutgoingCall {
    match step {
        NextCall::Done(Ok(FileSource::Call(call))) => call,
        other => panic!("no place but {other:?}"),
    }
}

/// The outcome for a file that is not found.
pub(crate) fn unfound(step: NextCall<Result<FileSource, FileOutcome>>) -> FileOutcome {
    match step {
        NextCall::Done(Err(outcome)) => outcome,
        other => panic!("no outcome but {other:?}"),
    }
}

/// Arbitrary shallow JSON with strange values under these keys, where they matter.
pub(crate) fn any_json(keys: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let key = move || {
        prop_oneof![
            proptest::sample::select(keys).prop_map(str::to_owned),
            any::<String>(),
        ]
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}
