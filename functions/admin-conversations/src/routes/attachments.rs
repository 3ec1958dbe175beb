//! Files of messages, fetched from the platform when somebody asks for one (SPEC F13).

use super::{conversations::find_conversation, messages::find_message};
use crate::Deps;
use axum::{
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE,
            CONTENT_SECURITY_POLICY, CONTENT_TYPE, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use vestibule_admin::{
    ApiPath, Call,
    problem::{ApiError, Problem, ProblemMember, ProblemType, UNAVAILABLE},
    problem_types, strict_id,
};
use vestibule_domain::{
    ProjectScope,
    chat::message::Attachment,
    connector::Connector,
    ids::{ConversationId, ProjectId},
    ports::{
        ConversationView, FailureClass, FileOutcome, FilePart, FileQuery, FileRange, picture_type,
    },
};

problem_types! {
    RANGE_REQUIRED = "range-required", BAD_REQUEST, "The file is too long for one answer",
        "Ask for ranges of at most 4194304 bytes, one after another: `Range: bytes=0-4194303` first. `size` is the size of the file, if the platform tells it.",
        [SIZE];
    RANGE_NOT_SATISFIABLE = "range-not-satisfiable", RANGE_NOT_SATISFIABLE, "The file ends before the range begins",
        "`size` is the size of the file, if the platform tells it.", [SIZE];
    FILE_GONE = "file-gone", GONE, "The platform does not give the file",
        "The file was deleted, its time is over, or the platform does not give such files to apps; `detail` has the reason.";
    FILE_TOO_LARGE = "file-too-large", PAYLOAD_TOO_LARGE, "The platform does not give files of this size to apps",
        "Telegram gives a bot files of at most 20 MB.";
    PLATFORM_REFUSED = "platform-refused", BAD_GATEWAY, "The platform refused the call for the file",
        "`detail` names the connector and the platform's reason. Check the connector's credentials and the permissions of its app.";
}

/// The `size` member of problems about ranges.
const SIZE: ProblemMember = ProblemMember::of::<u64>("size", "The size of the file, in bytes.");

/// A file comes from a stranger: a browser may show a picture, and does nothing else with any of them. Nobody
/// stores it on the way, and only its reader may.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    ),
    (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
];

/// Media types that a browser shows in place and never executes.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
/// The media type of a file of which nothing else is certain.
const UNKNOWN: &str = "application/octet-stream";
/// Characters that are encoded in `filename*`: all but those of `attr-char` (RFC 8187 §3.2.1).
const NOT_IN_NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// A file of a message.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AttachmentPath {
    /// The project's id.
    #[serde(deserialize_with = "strict_id")]
    #[param(value_type = String, format = "id", example = "01JD3Q3Z9V8M4T6K2N7P5R1S0W")]
    project_id: ProjectId,
    /// The conversation's id.
    #[serde(deserialize_with = "strict_id")]
    #[param(value_type = String, format = "id", example = "01JD3Q3Z9V8M4T6K2N7P5R1S0W")]
    conversation_id: ConversationId,
    /// The message's `number`.
    #[param(minimum = 1, example = 7)]
    number: u64,
    /// The file's `index` among the message's `attachments`.
    #[param(example = 0)]
    index: usize,
}

/// The header with the range.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes a header")]
pub struct RangeHeader {
    /// One range of bytes (RFC 9110 §14.1.2). Of a longer one, the first 4194304 bytes are returned. A value
    /// in another form is ignored, and so is the header beside `If-Range`.
    #[param(rename = "Range", required = false, example = "bytes=0-4194303")]
    range: String,
}

/// Read a file of a message
///
/// Fetches the file from the platform with the connector's credentials; nothing is stored here. One answer
/// has at most 4194304 bytes, so a longer file takes several calls with a `Range` each; without one it is
/// refused. PNG, JPEG, GIF and WebP pictures are shown by a browser, everything else is a download. The
/// platform decides for how long a file can be read.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/messages/{number}/attachments/{index}",
    tag = "Conversations",
    params(AttachmentPath, RangeHeader),
    responses(
        (status = 200, description = "The whole file, without a `Range`.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range that `Content-Range` names, which may be shorter than the one asked for.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 410, description = "The platform does not give the file, or no longer.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The platform does not give files of this size to apps.", body = Problem, content_type = "application/problem+json"),
        (status = 416, description = "The file ends before the range begins.", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The platform refused the connector's call.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn get_attachment(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<AttachmentPath>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let view = find_conversation(&deps, &call, scope, path.conversation_id).await?;
    let attachment = find(&deps, &call, scope, &path).await?;
    let connector = deps
        .connectors
        .find_connector(view.connector_id)
        .await?
        .filter(|connector| connector.scope == scope)
        .ok_or_else(|| {
            ApiError::new(&FILE_GONE).with_detail("The connector of the conversation was deleted.")
        })?;
    let range = wanted(&headers);
    let address = reply_url(&view);
    let query = FileQuery {
        attachment: &attachment,
        reply_url: address.as_deref(),
        range,
    };
    let outcome = deps.files.read_file(&connector, query).await?;
    let part = part(outcome, &connector)?;
    Ok(answer(&attachment, part, range))
}

/// The file, if the message is still kept.
async fn find(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    path: &AttachmentPath,
) -> Result<Attachment, ApiError> {
    let no_file = || ApiError::not_found("file");
    let place = (path.conversation_id, path.number);
    let message = find_message(deps, call, scope, place)
        .await?
        .ok_or_else(no_file)?;
    message
        .attachments
        .into_iter()
        .nth(path.index)
        .ok_or_else(no_file)
}

/// The address for calls about the conversation.
fn reply_url(view: &ConversationView) -> Option<String> {
    let conversation = &view.conversation;
    let place = conversation.place.as_ref()?;
    conversation.outgoing.current(place).reply_url
}

/// The range that is asked for. A range that depends on a version of the file is ignored (RFC 9110 §14.2):
/// platforms tell no versions.
fn wanted(headers: &HeaderMap) -> FileRange {
    let asked = headers
        .get(RANGE)
        .filter(|_| !headers.contains_key(IF_RANGE));
    asked
        .and_then(|value| FileRange::parse(value.to_str().ok()?))
        .unwrap_or(FileRange::Whole)
}

/// The stretch that was read, or the problem.
fn part(outcome: FileOutcome, connector: &Connector) -> Result<FilePart, ApiError> {
    let because = |kind: &'static str, reason: &str| format!("{kind} ({reason}).");
    Err(match outcome {
        FileOutcome::Read(part) => return Ok(part),
        FileOutcome::TooLong { size } => sized(&RANGE_REQUIRED, size),
        FileOutcome::OutOfRange { size } => sized(&RANGE_NOT_SATISFIABLE, size),
        FileOutcome::Gone { reason } => ApiError::new(&FILE_GONE).with_detail(because(
            "The platform does not give the file, or no longer",
            &reason,
        )),
        FileOutcome::TooLarge { reason } => ApiError::new(&FILE_TOO_LARGE).with_detail(because(
            "The platform does not give files of this size to apps",
            &reason,
        )),
        FileOutcome::Retry { reason, .. } => ApiError::new(&UNAVAILABLE).with_detail(because(
            "The platform did not give the file for now. Try again later",
            &reason,
        )),
        FileOutcome::Failed { class, reason } => {
            ApiError::new(&PLATFORM_REFUSED).with_detail(refusal(class, &reason, connector))
        }
    })
}

fn sized(kind: &'static ProblemType, size: Option<u64>) -> ApiError {
    let problem = ApiError::new(kind);
    match size {
        Some(size) => problem.with_member(&SIZE, size),
        None => problem,
    }
}

fn refusal(class: FailureClass, reason: &str, connector: &Connector) -> String {
    let (name, id) = (&connector.name, connector.id);
    match class {
        FailureClass::Connector => format!(
            "The platform refused the credentials of the connector {name} ({id}), or its app lacks a permission: {reason}."
        ),
        FailureClass::Recipient | FailureClass::Request => {
            format!("The platform refused the call of the connector {name} ({id}): {reason}.")
        }
    }
}

fn answer(attachment: &Attachment, part: FilePart, range: FileRange) -> Response {
    let media_type = media_type(attachment, &part);
    let mut response = HEADERS.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, value(&media_type));
    let disposition = disposition(attachment, &media_type);
    headers.insert(CONTENT_DISPOSITION, value(&disposition));
    if range != FileRange::Whole {
        headers.insert(CONTENT_RANGE, value(&content_range(&part)));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    *response.body_mut() = part.bytes.into();
    response
}

/// A header of printable ASCII.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

fn content_range(part: &FilePart) -> String {
    let length = u64::try_from(part.bytes.len()).unwrap_or(u64::MAX);
    let last = part.first.saturating_add(length).saturating_sub(1);
    let size = part
        .size
        .map_or_else(|| "*".to_owned(), |size| size.to_string());
    format!("bytes {}-{last}/{size}", part.first)
}

/// The media type to tell: the message's or the platform's, if it is harmless and the content does not
/// contradict it.
///
/// Texts are sent as bytes of no type: the runtime would repair their characters, and a range may begin in
/// the middle of one.
fn media_type(attachment: &Attachment, part: &FilePart) -> String {
    let detected = (part.first == 0)
        .then(|| picture_type(&part.bytes))
        .flatten();
    let claimed = [attachment.mime_type.as_deref(), part.media_type.as_deref()]
        .into_iter()
        .flatten()
        .map(essence)
        .find(|media_type| is_harmless(media_type));
    match claimed {
        // Of other types, and of what does not begin here, the beginning says nothing.
        Some(claimed) if PICTURES.contains(&claimed.as_str()) && part.first == 0 => {
            detected.map_or_else(|| UNKNOWN.to_owned(), str::to_owned)
        }
        Some(claimed) => claimed,
        None => detected.unwrap_or(UNKNOWN).to_owned(),
    }
}

/// A media type without parameters, in lower case.
fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Whether a media type is that of a picture, sound or film that contains no script, or of a PDF.
fn is_harmless(media_type: &str) -> bool {
    let Some((family, kind)) = media_type.split_once('/') else {
        return false;
    };
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    let is_plain = !kind.is_empty() && kind.bytes().all(is_name);
    // A kind of image may be XML, which can contain a script: `image/svg+xml` has a plus.
    is_plain && (matches!(family, "image" | "audio" | "video") || media_type == "application/pdf")
}

/// The value of `Content-Disposition`: shown or saved, and the name to save it under (RFC 6266 §4). The plain
/// name is for clients that do not read `filename*`.
fn disposition(attachment: &Attachment, media_type: &str) -> String {
    let how = if PICTURES.contains(&media_type) {
        "inline"
    } else {
        "attachment"
    };
    let Some(name) = attachment.name.as_deref().map(file_name) else {
        return how.to_owned();
    };
    let is_plain = |c: char| c == ' ' || (c.is_ascii_graphic() && !matches!(c, '"' | '%'));
    let plain: String = name
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    let encoded = utf8_percent_encode(&name, NOT_IN_NAME);
    format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// A name that names no other folder (RFC 6266 §4.3).
fn file_name(name: &str) -> String {
    name.chars()
        .map(|c| {
            if matches!(c, '/' | '\\' | ':') {
                '_'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, time::Duration};
    use vestibule_domain::{
        AccountScope, Timestamp,
        chat::message::AttachmentKind,
        connector::{
            AfterApproval, ExistingUsers, Handler, Policy, Provider, QueueNotice, RequestLimits,
            SealedSecrets, WebhookState,
        },
        ids::{AccountId, ClientId, ConnectorId, EnvironmentId},
        language::TextVariants,
        ports::FILE_RANGE_MAX,
    };

    const PNG: &[u8] = b"\x89PNG\r\n\x1A\nrest";

    fn file(name: Option<&str>, mime_type: Option<&str>) -> Attachment {
        Attachment {
            kind: AttachmentKind::File,
            provider_id: "F1".to_owned(),
            name: name.map(str::to_owned),
            mime_type: mime_type.map(str::to_owned),
            url: None,
        }
    }

    fn read(first: u64, bytes: &[u8], media_type: Option<&str>) -> FilePart {
        FilePart {
            first,
            bytes: bytes.to_vec(),
            size: Some(100),
            media_type: media_type.map(str::to_owned),
        }
    }

    fn connector() -> Connector {
        let account = AccountScope::of_verified(AccountId::derive(&["a"]));
        Connector {
            id: ConnectorId::derive(&["c"]),
            scope: account.project(ProjectId::derive(&["p"])),
            environment_id: EnvironmentId::derive(&["e"]),
            client_id: ClientId::derive(&["cl"]),
            name: "Support".to_owned(),
            provider: Provider::new("slack"),
            policy: Policy::AllowAll,
            environment_since: None,
            onboarding_since: None,
            existing_users: ExistingUsers::Keep,
            onboarding_message: None,
            onboarding_messages: TextVariants::default(),
            request_cooldown: Duration::ZERO,
            preapprove_known_users: true,
            request_limits: RequestLimits::default(),
            is_archived: false,
            after_approval: AfterApproval::default(),
            handler: Handler::default(),
            team_id: None,
            skills: [].into(),
            shows_author: false,
            queue_notice: QueueNotice::default(),
            settings: BTreeMap::new(),
            secrets: SealedSecrets::default(),
            webhook: WebhookState::default(),
            request_hash: None,
            version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn only_what_is_harmless_has_a_type_and_only_a_picture_that_is_one_is_a_picture() {
        for (message_says, platform_says, bytes, expected) in [
            (Some("image/png"), None, PNG, "image/png"),
            (Some("IMAGE/PNG; x=1"), None, PNG, "image/png"),
            (None, Some("image/png"), PNG, "image/png"),
            (None, None, PNG, "image/png"),
            (Some("image/jpeg"), None, PNG, "image/png"),
            (Some("image/png"), None, b"<script>".as_slice(), UNKNOWN),
            (Some("image/svg+xml"), None, b"<svg>".as_slice(), UNKNOWN),
            (
                Some("text/html"),
                Some("text/html"),
                b"<html>".as_slice(),
                UNKNOWN,
            ),
            (Some("text/plain"), None, b"Hello".as_slice(), UNKNOWN),
            (Some("application/json"), None, b"{}".as_slice(), UNKNOWN),
            (
                Some("application/pdf"),
                None,
                b"%PDF-".as_slice(),
                "application/pdf",
            ),
            (Some("audio/ogg"), None, b"OggS".as_slice(), "audio/ogg"),
            (Some("video/mp4"), None, b"".as_slice(), "video/mp4"),
            (
                Some("image/*"),
                Some("image/gif"),
                b"GIF89a".as_slice(),
                "image/gif",
            ),
            (Some("image/a\r\nx: y"), None, b"".as_slice(), UNKNOWN),
            (Some("image"), None, b"".as_slice(), UNKNOWN),
            (
                None,
                Some("application/octet-stream"),
                b"x".as_slice(),
                UNKNOWN,
            ),
        ] {
            let file = file(None, message_says);
            let found = media_type(&file, &read(0, bytes, platform_says));
            assert_eq!(found, expected, "{message_says:?} {platform_says:?}");
        }
    }

    #[test]
    fn a_later_range_has_the_type_that_was_stated() {
        let part = read(8, b"rest", None);
        assert_eq!(
            media_type(&file(None, Some("image/png")), &part),
            "image/png"
        );
        assert_eq!(media_type(&file(None, None), &part), UNKNOWN);
    }

    #[test]
    fn pictures_are_shown_and_everything_else_is_a_download() {
        for (media_type, how) in [
            ("image/png", "inline"),
            ("image/jpeg", "inline"),
            ("image/gif", "inline"),
            ("image/webp", "inline"),
            ("image/bmp", "attachment"),
            ("application/pdf", "attachment"),
            (UNKNOWN, "attachment"),
        ] {
            assert_eq!(disposition(&file(None, None), media_type), how);
        }
    }

    #[test]
    fn a_name_is_told_in_full_and_can_neither_end_its_field_nor_name_a_folder() {
        for (name, expected) in [
            (
                "shelf.png",
                r#"attachment; filename="shelf.png"; filename*=UTF-8''shelf.png"#,
            ),
            (
                "Büro 2.pdf",
                r#"attachment; filename="B_ro 2.pdf"; filename*=UTF-8''B%C3%BCro%202.pdf"#,
            ),
            (
                r#"a"; filename="b"#,
                r#"attachment; filename="a_; filename=_b"; filename*=UTF-8''a%22%3B%20filename%3D%22b"#,
            ),
            (
                r"..\a/b:c%20",
                r#"attachment; filename=".._a_b_c_20"; filename*=UTF-8''.._a_b_c%2520"#,
            ),
        ] {
            let told = disposition(&file(Some(name), None), UNKNOWN);
            assert_eq!(told, expected);
            assert!(HeaderValue::from_str(&told).is_ok());
        }
    }

    #[test]
    fn a_range_is_answered_with_its_place_and_a_whole_file_without() {
        let file = file(Some("shelf.png"), Some("image/png"));
        let range = FileRange::From {
            first: 0,
            last: None,
        };
        for (range, status, content_range) in [
            (FileRange::Whole, 200, None),
            (range, 206, Some("bytes 0-11/100")),
        ] {
            let response = answer(&file, read(0, PNG, None), range);
            assert_eq!(response.status().as_u16(), status);
            let header = |name: HeaderName| {
                let value = response.headers().get(name);
                value.map(|value| value.to_str().unwrap())
            };
            assert_eq!(header(CONTENT_RANGE), content_range);
            assert_eq!(header(CONTENT_TYPE), Some("image/png"));
            assert_eq!(header(ACCEPT_RANGES), Some("bytes"));
            assert_eq!(header(CACHE_CONTROL), Some("private, no-store"));
            assert_eq!(header(X_CONTENT_TYPE_OPTIONS), Some("nosniff"));
            assert_eq!(
                header(CONTENT_SECURITY_POLICY),
                Some("sandbox; default-src 'none'")
            );
        }
        let mut unsized_part = read(5, b"12345", None);
        unsized_part.size = None;
        assert_eq!(content_range(&unsized_part), "bytes 5-9/*");
    }

    #[test]
    fn a_range_is_ignored_if_it_is_none_or_depends_on_a_version() {
        let first = FileRange::From {
            first: 0,
            last: Some(9),
        };
        for (range, if_range, expected) in [
            (None, None, FileRange::Whole),
            (Some("bytes=0-9"), None, first),
            (Some("bytes=0-9"), Some("\"v1\""), FileRange::Whole),
            (Some("bytes=0-1,3-4"), None, FileRange::Whole),
            (Some("lines=0-9"), None, FileRange::Whole),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(RANGE, range), (IF_RANGE, if_range)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(wanted(&headers), expected, "{range:?} {if_range:?}");
        }
    }

    #[test]
    fn every_other_outcome_is_a_problem_that_says_what_to_do() {
        let reason = || "canary_reason".to_owned();
        let failed = |class| FileOutcome::Failed {
            class,
            reason: reason(),
        };
        let size = Some(9);
        for (outcome, kind, status) in [
            (FileOutcome::TooLong { size }, &RANGE_REQUIRED, 400),
            (
                FileOutcome::OutOfRange { size },
                &RANGE_NOT_SATISFIABLE,
                416,
            ),
            (FileOutcome::Gone { reason: reason() }, &FILE_GONE, 410),
            (
                FileOutcome::TooLarge { reason: reason() },
                &FILE_TOO_LARGE,
                413,
            ),
            (
                FileOutcome::Retry {
                    after: None,
                    reason: reason(),
                },
                &UNAVAILABLE,
                503,
            ),
            (failed(FailureClass::Connector), &PLATFORM_REFUSED, 502),
            (failed(FailureClass::Request), &PLATFORM_REFUSED, 502),
        ] {
            let has_size = matches!(
                outcome,
                FileOutcome::TooLong { .. } | FileOutcome::OutOfRange { .. }
            );
            let problem = part(outcome, &connector()).unwrap_err();
            assert_eq!(problem.kind(), kind);
            let body = problem.problem("call-1");
            assert_eq!(body.status, status);
            if has_size {
                assert_eq!(body.members["size"], 9);
            } else {
                assert!(body.detail.contains("canary_reason"), "{}", body.detail);
            }
            if status == 502 {
                let named = [connector().name, connector().id.to_string()];
                assert!(named.iter().all(|name| body.detail.contains(name.as_str())));
            }
        }
    }

    #[test]
    fn the_limit_that_callers_are_told_is_the_one_that_holds() {
        assert_eq!(FILE_RANGE_MAX, 4_194_304);
        assert!(RANGE_REQUIRED.meaning.contains("4194304"));
    }
}
