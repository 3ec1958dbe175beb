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
mod tests;
