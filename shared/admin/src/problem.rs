//! Errors of the admin API as problem details (RFC 9457).
//!
//! Handlers return [`ApiError`]. One exhaustive match gives each its [`ProblemType`]; the middleware
//! around the router ([`crate::with_middleware`]) writes the body, because only it knows the call's id,
//! and logs what the caller is not told, once.

use axum::{
    Json,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, sync::Arc};
use utoipa::ToSchema;
use vestibule_domain::{
    PortError, Timestamp,
    access::request::{ReasonCode, RequestDecision, Verdict},
    account::Permission,
    error::Chain,
    page::ListError,
};

/// Media type of problem details.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// One kind of problem, as documented to callers. `type` never changes once published.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemType {
    /// The `type` member: a reference relative to the API's own address.
    pub uri: &'static str,
    /// The status it is sent with.
    pub status: StatusCode,
    /// The `title` member.
    pub title: &'static str,
    /// When it occurs and what to do, for the documentation.
    pub meaning: &'static str,
}

macro_rules! problem_types {
    ($($name:ident = $slug:literal, $status:ident, $title:literal, $meaning:literal;)*) => {
        $(const $name: ProblemType = ProblemType {
            uri: concat!("/problems/", $slug),
            status: StatusCode::$status,
            title: $title,
            meaning: $meaning,
        };)*

        /// Every kind of problem there is.
        pub const PROBLEM_TYPES: &[&ProblemType] = &[$(&$name),*];
    };
}

problem_types! {
    MALFORMED_BODY = "malformed-body", BAD_REQUEST, "The body is not a JSON object",
        "`detail` says where reading it failed. Send one JSON object.";
    INVALID_PARAMETERS = "invalid-parameters", BAD_REQUEST, "A query parameter or header is not valid",
        "Correct what `errors` names: each parameter or header, and the rule it breaks.";
    UNAUTHENTICATED = "unauthenticated", UNAUTHORIZED, "An API key is needed",
        "Send `Authorization: Bearer` and a key. If you did, the key is unknown, revoked or expired; which of these it is, is not told.";
    WRONG_SETUP_TOKEN = "wrong-setup-token", UNAUTHORIZED, "The set-up token is not right",
        "Read the token from the secret that the stack's outputs name.";
    PERMISSION_MISSING = "permission-missing", FORBIDDEN, "The API key lacks a permission",
        "`permissions` names the one that the call needs.";
    PERMISSIONS_NOT_HELD = "permissions-not-held", FORBIDDEN, "A key cannot give or take what it does not hold",
        "`permissions` names those that the calling key does not hold itself.";
    NOT_FOUND = "not-found", NOT_FOUND, "There is no such record",
        "Either it does not exist, or this API key may not know that it does.";
    NO_SUCH_ROUTE = "no-such-route", NOT_FOUND, "There is no such address",
        "The routes are listed in `/v1/openapi.json`.";
    METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED, "The address does not take this method",
        "The `Allow` header lists those it takes.";
    ALREADY_DECIDED = "already-decided", CONFLICT, "The access request was decided before",
        "`decision` is the decision that holds. It is not changed by a second one.";
    CHAT_USER_BLOCKED = "chat-user-blocked", CONFLICT, "The chat user is blocked",
        "Unblock the chat user first, then approve.";
    ALREADY_SET_UP = "already-set-up", CONFLICT, "The stack was set up before",
        "Use the API key that the set-up answered with.";
    NAME_TAKEN = "name-taken", CONFLICT, "The name is taken",
        "`existing_id` is the record that has it, whatever the case of the letters. Choose another name.";
    IDEMPOTENCY_KEY_SPENT = "idempotency-key-spent", CONFLICT, "The Idempotency-Key made an API key before",
        "An API key is shown once and cannot be shown again. Revoke that key if it was lost, and create one under a new Idempotency-Key.";
    OWN_KEY = "own-key", CONFLICT, "A key cannot revoke itself",
        "Use another key that holds as much: so one always remains that can make new ones.";
    CONNECT_FIRST = "connect-first", CONFLICT, "The platform was not told the last webhook secret yet",
        "It may still use the one before, which another new secret would push out, and messages would be refused. Connect the connector first, or wait until `previous_secrets_until`.";
    NO_SECRET_OF_OURS = "no-secret-of-ours", CONFLICT, "This connector has no webhook secret that is made here",
        "Where its platform signs with a secret, have a new one made in the platform's console, then change the connector: the one before is taken for 24 hours more.";
    CHANGED_MEANWHILE = "changed-meanwhile", CONFLICT, "The record was changed by somebody else",
        "Read it again, then decide whether the change is still wanted.";
    PRECONDITION_FAILED = "precondition-failed", PRECONDITION_FAILED, "The record is not at the version named in If-Match",
        "Read it again: its `ETag` is the value that `If-Match` takes.";
    BODY_TOO_LARGE = "body-too-large", PAYLOAD_TOO_LARGE, "The body is too large",
        "A body has at most 262144 bytes.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body is not declared as JSON",
        "Send `Content-Type: application/json`.";
    VALIDATION = "validation", UNPROCESSABLE_ENTITY, "The body breaks a rule",
        "Correct what `errors` names: each field, with dots between the levels, and the rule it breaks. All of them are named at once.";
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "The Idempotency-Key stands for another call",
        "It made a record that differs from what is asked now, or that was changed since. Use a new Idempotency-Key for a new record.";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "Something is wrong on our side",
        "Trying again will not help. Tell the operator the `request_id`: the cause is in the log under it.";
    UNAVAILABLE = "unavailable", SERVICE_UNAVAILABLE, "Something we need did not answer",
        "It is not known whether the call took effect. Repeat it, with the same Idempotency-Key if it creates something.";
}

/// One field, parameter or header, and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"field": "slack.team_id", "rule": "is required"}))]
pub struct FieldError {
    /// Its name, with dots between the levels: `slack.team_id`.
    pub field: String,
    /// The rule it breaks.
    pub rule: String,
}

/// Why a call to the admin API failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// See the type of the same name, as for all of these.
    #[error("the body is not a JSON object: {0}")]
    MalformedBody(String),
    /// Query parameters and headers.
    #[error("invalid parameters")]
    InvalidParameters(Vec<FieldError>),
    /// No proof of who calls.
    #[error("unauthenticated")]
    Unauthenticated,
    /// Only `POST /v1/setup`.
    #[error("wrong set-up token")]
    WrongSetupToken,
    /// The one that is needed.
    #[error("permission missing")]
    PermissionMissing(Permission),
    /// Those that the caller does not hold.
    #[error("permissions not held")]
    PermissionsNotHeld(Vec<Permission>),
    /// What was looked for, with its article: `a connector`.
    #[error("there is no such record: {0}")]
    NotFound(&'static str),
    /// No route has this path.
    #[error("no such route")]
    NoSuchRoute,
    /// The path has routes, of other methods.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// The decision that holds.
    #[error("already decided")]
    AlreadyDecided(Box<RequestDecision>),
    /// Unblock first.
    #[error("the chat user is blocked")]
    ChatUserBlocked,
    /// Once per stack.
    #[error("already set up")]
    AlreadySetUp,
    /// The record that has the name.
    #[error("the name is taken")]
    NameTaken {
        /// What cannot share names, with its article: `an environment`.
        what: &'static str,
        /// The id of the one that has it.
        existing_id: String,
    },
    /// What it made cannot be shown again.
    #[error("the idempotency key is spent")]
    IdempotencyKeySpent,
    /// The key to be revoked is the calling one.
    #[error("a key cannot revoke itself")]
    OwnKey,
    /// The platform may not know the webhook secret that holds now.
    #[error("the platform was not told the last webhook secret yet")]
    ConnectFirst,
    /// Nothing that we could draw anew.
    #[error("the platform makes the webhook secret")]
    NoSecretOfOurs,
    /// The record was changed between our reading and our writing.
    #[error("changed meanwhile")]
    ChangedMeanwhile,
    /// `If-Match` names another version.
    #[error("precondition failed")]
    PreconditionFailed,
    /// Over [`crate::BODY_MAX_BYTES`].
    #[error("body too large")]
    BodyTooLarge,
    /// Not JSON.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// Every field that breaks a rule.
    #[error("invalid fields")]
    Validation(Vec<FieldError>),
    /// It made something else.
    #[error("the idempotency key was used for another call")]
    IdempotencyKeyReused,
    /// What cannot go right by trying again.
    #[error("internal error")]
    Internal(#[source] PortError),
    /// What may.
    #[error("unavailable")]
    Unavailable(#[source] PortError),
}

impl From<PortError> for ApiError {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Unavailable { .. } => Self::Unavailable(error),
            PortError::Conflict { .. } => Self::ChangedMeanwhile,
            PortError::Rejected { .. } | PortError::Corrupt { .. } => Self::Internal(error),
        }
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::InvalidCursor => Self::InvalidParameters(vec![FieldError {
                field: "cursor".to_owned(),
                rule: "must be the next_cursor of this very list, with the same filters and order"
                    .to_owned(),
            }]),
            ListError::Port(error) => error.into(),
        }
    }
}

impl ApiError {
    /// The kind of problem this is told as.
    #[must_use]
    pub const fn problem_type(&self) -> &'static ProblemType {
        match self {
            Self::MalformedBody(_) => &MALFORMED_BODY,
            Self::InvalidParameters(_) => &INVALID_PARAMETERS,
            Self::Unauthenticated => &UNAUTHENTICATED,
            Self::WrongSetupToken => &WRONG_SETUP_TOKEN,
            Self::PermissionMissing(_) => &PERMISSION_MISSING,
            Self::PermissionsNotHeld(_) => &PERMISSIONS_NOT_HELD,
            Self::NotFound(_) => &NOT_FOUND,
            Self::NoSuchRoute => &NO_SUCH_ROUTE,
            Self::MethodNotAllowed => &METHOD_NOT_ALLOWED,
            Self::AlreadyDecided(_) => &ALREADY_DECIDED,
            Self::ChatUserBlocked => &CHAT_USER_BLOCKED,
            Self::AlreadySetUp => &ALREADY_SET_UP,
            Self::NameTaken { .. } => &NAME_TAKEN,
            Self::IdempotencyKeySpent => &IDEMPOTENCY_KEY_SPENT,
            Self::OwnKey => &OWN_KEY,
            Self::ConnectFirst => &CONNECT_FIRST,
            Self::NoSecretOfOurs => &NO_SECRET_OF_OURS,
            Self::ChangedMeanwhile => &CHANGED_MEANWHILE,
            Self::PreconditionFailed => &PRECONDITION_FAILED,
            Self::BodyTooLarge => &BODY_TOO_LARGE,
            Self::UnsupportedMediaType => &UNSUPPORTED_MEDIA_TYPE,
            Self::Validation(_) => &VALIDATION,
            Self::IdempotencyKeyReused => &IDEMPOTENCY_KEY_REUSED,
            Self::Internal(_) => &INTERNAL,
            Self::Unavailable(_) => &UNAVAILABLE,
        }
    }

    fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::MalformedBody(place) => {
                format!("Reading the body failed: {place}. Send one JSON object.").into()
            }
            Self::PermissionMissing(permission) => {
                format!("This call needs the permission `{}`.", key_of(*permission)).into()
            }
            Self::PermissionsNotHeld(permissions) => {
                let names: Vec<_> = permissions.iter().map(|one| key_of(*one)).collect();
                format!(
                    "The calling key does not hold this itself: {}.",
                    names.join(", ")
                )
                .into()
            }
            Self::NotFound(what) => {
                format!("There is no such {what} here, as far as this API key may know.").into()
            }
            Self::AlreadyDecided(decision) => format!(
                "{} {} it on {}. That decision holds.",
                decision.by.name,
                match decision.verdict {
                    Verdict::Approve => "approved",
                    Verdict::Reject => "rejected",
                },
                decision.at
            )
            .into(),
            Self::NameTaken { what, existing_id } => format!(
                "The {what} {existing_id} has this name, whatever the case of its letters. Choose another name."
            )
            .into(),
            Self::InvalidParameters(_)
            | Self::Unauthenticated
            | Self::WrongSetupToken
            | Self::NoSuchRoute
            | Self::MethodNotAllowed
            | Self::ChatUserBlocked
            | Self::AlreadySetUp
            | Self::IdempotencyKeySpent
            | Self::OwnKey
            | Self::ConnectFirst
            | Self::NoSecretOfOurs
            | Self::ChangedMeanwhile
            | Self::PreconditionFailed
            | Self::BodyTooLarge
            | Self::UnsupportedMediaType
            | Self::Validation(_)
            | Self::IdempotencyKeyReused
            | Self::Internal(_)
            | Self::Unavailable(_) => self.problem_type().meaning.into(),
        }
    }

    /// The body to send.
    #[must_use]
    pub fn problem(&self, request_id: &str) -> Problem {
        let kind = self.problem_type();
        let (mut errors, mut permissions) = (Vec::new(), Vec::new());
        let (mut decision, mut existing) = (None, None);
        match self {
            Self::InvalidParameters(fields) | Self::Validation(fields) => errors.clone_from(fields),
            Self::PermissionMissing(permission) => permissions.push(key_of(*permission)),
            Self::PermissionsNotHeld(all) => permissions.extend(all.iter().map(|one| key_of(*one))),
            Self::AlreadyDecided(made) => decision = Some(made.as_ref().into()),
            Self::NameTaken { existing_id, .. } => existing = Some(existing_id.clone()),
            _ => {}
        }
        Problem {
            kind: kind.uri.to_owned(),
            title: kind.title.to_owned(),
            status: kind.status.as_u16(),
            detail: self.detail().into_owned(),
            errors,
            permissions,
            decision,
            existing_id: existing,
            request_id: request_id.to_owned(),
        }
    }

    /// Writes what the caller is not told, and refusals to tell who calls. Once per failed call.
    pub(crate) fn log(&self) {
        let kind = self.problem_type();
        let (status, uri) = (kind.status.as_u16(), kind.uri);
        match self {
            Self::Internal(cause) => {
                tracing::error!(http.status = status, problem.r#type = uri, error = %Chain(cause), "call failed");
            }
            Self::Unavailable(cause) => {
                tracing::warn!(http.status = status, problem.r#type = uri, error = %Chain(cause), "call failed for now");
            }
            _ => tracing::info!(http.status = status, problem.r#type = uri, "call refused"),
        }
    }
}

/// A permission as spelled on the wire.
fn key_of(permission: Permission) -> String {
    match serde_json::to_value(permission) {
        Ok(serde_json::Value::String(key)) => key,
        _ => String::new(),
    }
}

/// Problem details (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/validation",
    "title": "The body breaks a rule",
    "status": 422,
    "detail": "Correct what `errors` names: each field, with dots between the levels, and the rule it breaks. All of them are named at once.",
    "errors": [{"field": "name", "rule": "is required"}],
    "request_id": "JKJaXmPLvHcESHA="
}))]
pub struct Problem {
    /// The stable name of this kind of problem; the table in the description of this document lists them.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What to do about it.
    pub detail: String,
    /// Each field, parameter or header that breaks a rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The permissions that the calling key lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
    /// The decision that holds, where a request was decided before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub decision: Option<ProblemDecision>,
    /// The record that has the name already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub existing_id: Option<String>,
    /// The id of this call in our logs.
    pub request_id: String,
}

/// A decision that was made before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDecision {
    /// `approve` or `reject`.
    #[schema(value_type = String, example = "approve")]
    pub verdict: Verdict,
    /// The name of who decided.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why, if they said so.
    pub note: Option<String>,
    /// Why, when it followed from something else that they did: `policy_off`, `connector_deleted`,
    /// `connector_moved` or `granted_elsewhere`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = json!(null))]
    pub reason_code: Option<ReasonCode>,
}

impl From<&RequestDecision> for ProblemDecision {
    fn from(decision: &RequestDecision) -> Self {
        Self {
            verdict: decision.verdict,
            by: decision.by.name.clone(),
            at: decision.at,
            note: decision.note.clone(),
            reason_code: decision.reason,
        }
    }
}

/// An error on its way to the middleware, which writes its body.
#[derive(Debug, Clone)]
pub(crate) struct Raised(pub(crate) Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.problem_type().status.into_response();
        response.extensions_mut().insert(Raised(Arc::new(self)));
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(CONTENT_TYPE, PROBLEM_JSON)], Json(self)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vestibule_domain::account::actor::Actor;

    fn decision() -> RequestDecision {
        RequestDecision {
            verdict: Verdict::Approve,
            by: Actor {
                id: "api_key:1".to_owned(),
                name: "Grace".to_owned(),
            },
            at: Timestamp::from_millis(0),
            note: None,
            reason: None,
        }
    }

    fn every_error() -> Vec<(ApiError, u16, &'static str)> {
        let field = || {
            vec![FieldError {
                field: "name".to_owned(),
                rule: "is required".to_owned(),
            }]
        };
        let taken = ApiError::NameTaken {
            what: "environment",
            existing_id: "1".to_owned(),
        };
        vec![
            (
                ApiError::MalformedBody("x".to_owned()),
                400,
                "/problems/malformed-body",
            ),
            (
                ApiError::InvalidParameters(field()),
                400,
                "/problems/invalid-parameters",
            ),
            (ApiError::Unauthenticated, 401, "/problems/unauthenticated"),
            (
                ApiError::WrongSetupToken,
                401,
                "/problems/wrong-setup-token",
            ),
            (
                ApiError::PermissionMissing(Permission::ProjectsRead),
                403,
                "/problems/permission-missing",
            ),
            (
                ApiError::PermissionsNotHeld(vec![Permission::ProjectsRead]),
                403,
                "/problems/permissions-not-held",
            ),
            (ApiError::NotFound("project"), 404, "/problems/not-found"),
            (ApiError::NoSuchRoute, 404, "/problems/no-such-route"),
            (
                ApiError::MethodNotAllowed,
                405,
                "/problems/method-not-allowed",
            ),
            (
                ApiError::AlreadyDecided(Box::new(decision())),
                409,
                "/problems/already-decided",
            ),
            (
                ApiError::ChatUserBlocked,
                409,
                "/problems/chat-user-blocked",
            ),
            (ApiError::AlreadySetUp, 409, "/problems/already-set-up"),
            (taken, 409, "/problems/name-taken"),
            (
                ApiError::IdempotencyKeySpent,
                409,
                "/problems/idempotency-key-spent",
            ),
            (ApiError::OwnKey, 409, "/problems/own-key"),
            (ApiError::ConnectFirst, 409, "/problems/connect-first"),
            (ApiError::NoSecretOfOurs, 409, "/problems/no-secret-of-ours"),
            (
                ApiError::ChangedMeanwhile,
                409,
                "/problems/changed-meanwhile",
            ),
            (
                ApiError::PreconditionFailed,
                412,
                "/problems/precondition-failed",
            ),
            (ApiError::BodyTooLarge, 413, "/problems/body-too-large"),
            (
                ApiError::UnsupportedMediaType,
                415,
                "/problems/unsupported-media-type",
            ),
            (ApiError::Validation(field()), 422, "/problems/validation"),
            (
                ApiError::IdempotencyKeyReused,
                422,
                "/problems/idempotency-key-reused",
            ),
            (
                ApiError::Internal(PortError::corrupt("row", "canary")),
                500,
                "/problems/internal",
            ),
            (
                ApiError::Unavailable(PortError::unavailable("store", "canary")),
                503,
                "/problems/unavailable",
            ),
        ]
    }

    #[test]
    fn every_error_keeps_its_status_and_its_type() {
        let all = every_error();
        for (error, status, uri) in &all {
            let kind = error.problem_type();
            assert_eq!(
                (kind.status.as_u16(), kind.uri),
                (*status, *uri),
                "{error:?}"
            );
        }
        let told: BTreeSet<_> = all
            .iter()
            .map(|(error, ..)| error.problem_type().uri)
            .collect();
        let documented: BTreeSet<_> = PROBLEM_TYPES.iter().map(|kind| kind.uri).collect();
        assert_eq!(told, documented);
    }

    #[test]
    fn the_cause_of_a_failure_on_our_side_is_not_told() {
        for (error, ..) in every_error() {
            let body = serde_json::to_string(&error.problem("id-1")).unwrap();
            assert!(!body.contains("canary"), "{body}");
            assert!(body.contains("\"request_id\":\"id-1\""), "{body}");
        }
    }

    #[test]
    fn a_problem_says_what_a_caller_needs_to_go_on() {
        let body = |error: ApiError| serde_json::to_value(error.problem("id-1")).unwrap();
        assert_eq!(
            body(ApiError::PermissionMissing(
                Permission::AccessRequestsDecide
            ))["permissions"],
            serde_json::json!(["access_requests.decide"])
        );
        assert_eq!(
            body(ApiError::AlreadyDecided(Box::new(decision())))["decision"],
            serde_json::json!({"verdict": "approve", "by": "Grace", "at": "1970-01-01T00:00:00.000Z", "note": null, "reason_code": null})
        );
        assert_eq!(
            body(ListError::InvalidCursor.into())["errors"][0]["field"],
            "cursor"
        );
        assert_eq!(
            body(PortError::Conflict { what: "connector" }.into())["type"],
            "/problems/changed-meanwhile"
        );
    }
}
