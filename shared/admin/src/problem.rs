//! Errors of the admin API as problem details (RFC 9457).
//!
//! Handlers return [`ApiError`]s: a kind, a detail, and further members. The kinds common to all calls
//! are declared here; those of a resource beside its handlers, with
//! [`problem_types!`](crate::problem_types). The middleware writes the body, because only it knows the
//! call's id, and logs the cause, which the caller does not see.

use axum::{
    Json,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt, sync::Arc, time::Duration};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Ref, RefOr, Schema},
};
use vestibule_domain::{
    PortError,
    account::{
        credential::Missing,
        permission::{NotHeld, Permission},
        proof::CallerProof,
    },
    error::Chain,
    page::ListError,
};

/// Media type of problem details.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A kind of problem, as documented to callers. `uri` never changes once published.
#[derive(Debug)]
pub struct ProblemType {
    /// The `type` member: a reference relative to the API's own address.
    pub uri: &'static str,
    /// The status of the answer.
    pub status: StatusCode,
    /// The `title` member.
    pub title: &'static str,
    /// Cause and remedy: for the documentation, and the default `detail`.
    pub meaning: &'static str,
    /// Members of the body that other kinds do not have.
    pub members: &'static [ProblemMember],
}

impl PartialEq for ProblemType {
    fn eq(&self, other: &Self) -> bool {
        self.uri == other.uri
    }
}

impl Eq for ProblemType {}

/// A schema and its name.
pub type NamedSchema = (String, RefOr<Schema>);

/// A member that only some kinds of problems have, for the documentation.
pub struct ProblemMember {
    /// The member's name.
    pub name: &'static str,
    /// The member's meaning.
    pub description: &'static str,
    schema: fn() -> RefOr<Schema>,
    components: fn(&mut Vec<NamedSchema>),
}

impl ProblemMember {
    /// A member whose schema is inline.
    #[must_use]
    pub const fn of<T: PartialSchema>(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            schema: T::schema,
            components: |_| (),
        }
    }

    /// A member whose schema is a component of the document.
    #[must_use]
    pub const fn named<T: ToSchema>(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            schema: || RefOr::Ref(Ref::from_schema_name(T::name())),
            components: |all| {
                all.push((T::name().into_owned(), T::schema()));
                T::schemas(all);
            },
        }
    }

    /// The member's schema.
    #[must_use]
    pub fn schema(&self) -> RefOr<Schema> {
        (self.schema)()
    }

    /// The schemas to which the member's own refers.
    #[must_use]
    pub fn components(&self) -> Vec<NamedSchema> {
        let mut all = Vec::new();
        (self.components)(&mut all);
        all
    }
}

impl fmt::Debug for ProblemMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProblemMember").field(&self.name).finish()
    }
}

/// Declares kinds of problems, and `PROBLEM_TYPES`, the list of them:
/// `NAME = slug, STATUS, title, meaning, [members];`.
#[macro_export]
macro_rules! problem_types {
    ($($name:ident = $slug:literal, $status:ident, $title:literal, $meaning:literal
        $(, [$($member:expr),* $(,)?])?;)*) => {
        $(
            #[doc = $title]
            pub static $name: $crate::problem::ProblemType = $crate::problem::ProblemType {
                uri: concat!("/problems/", $slug),
                status: ::axum::http::StatusCode::$status,
                title: $title,
                meaning: $meaning,
                members: &[$($($member),*)?],
            };
        )*

        /// Every kind of problem declared here.
        pub const PROBLEM_TYPES: &[&$crate::problem::ProblemType] = &[$(&$name),*];
    };
}

problem_types! {
    MALFORMED_BODY = "malformed-body", BAD_REQUEST, "The body is not a JSON object",
        "`detail` says where parsing failed. Send one JSON object.";
    INVALID_PARAMETERS = "invalid-parameters", BAD_REQUEST, "A query parameter or header is not valid",
        "Correct the parameters and headers in `errors`; each is listed with the rule it breaks.";
    UNAUTHENTICATED = "unauthenticated", UNAUTHORIZED, "The call has no valid API key",
        "Send `Authorization: Bearer` with a key; `detail` says what is wrong. Whether a key is unknown, revoked or expired is not told.";
    SIGN_IN_AGAIN = "sign-in-again", UNAUTHORIZED, "The call has no session, or one that has ended",
        "Sign in.";
    PERMISSION_MISSING = "permission-missing", FORBIDDEN, "The caller lacks a permission",
        "`permissions` lists the permission that the call needs.", [PERMISSIONS];
    PERMISSIONS_NOT_HELD = "permissions-not-held", FORBIDDEN, "A caller cannot give or take what it does not hold",
        "`permissions` lists the permissions that the caller lacks; it is empty if only a super admin, or a key with every permission, can do this.", [PERMISSIONS];
    NOT_A_MEMBER = "not-a-member", FORBIDDEN, "The session does not open this account",
        "`Vestibule-Account` names an account of which the login is no active member. Whether there is such an account is not told.";
    SIGN_IN_INSUFFICIENT = "sign-in-insufficient", FORBIDDEN, "The sign-in is not enough for this call",
        "`missing` lists the parts that it lacks: `factor` (the second factor), `factor_set_up` (a second factor, which the login does not have yet), `provider` (a sign-in at a provider of the account), `own_sign_in` (a sign-in of the login's own: no key, and not through another account's provider or, where the login as a whole is concerned, any).", [MISSING];
    CROSS_SITE_CALL = "cross-site-call", FORBIDDEN, "The call does not come from a page of this site",
        "A call that may change something with a cookie needs the header `X-Vestibule-Console: 1`, and the browser's `Sec-Fetch-Site` and `Origin` must be this site's. Scripts use an API key.";
    NOT_FOUND = "not-found", NOT_FOUND, "There is no such record",
        "Either it does not exist, or this caller may not see it.";
    NO_SUCH_ROUTE = "no-such-route", NOT_FOUND, "There is no such address",
        "`/v1/openapi.json` lists the routes.";
    METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED, "The address does not take this method",
        "The `Allow` header lists the methods that it supports.";
    PROJECT_ARCHIVED = "project-archived", CONFLICT, "The project is archived",
        "Nothing in it changes until it is taken back with `POST …/restore`. It can be read, and deleted.";
    CHANGED_MEANWHILE = "changed-meanwhile", CONFLICT, "The record was changed by somebody else",
        "Read it again, then decide whether you still want the change.";
    RIGHT_CHANGED = "right-changed", CONFLICT, "The caller's right changed meanwhile",
        "The key or session ended, or the member or its role changed, while the call was under way. Nothing was changed. Repeat the call.";
    ALREADY_A_MEMBER = "already-a-member", CONFLICT, "The person is a member already",
        "The address has a member in this account.";
    TOO_MANY_ACCOUNTS = "too-many-accounts", CONFLICT, "The login is a member of too many accounts",
        "A login can be a member of 25 accounts. Leave one first.";
    INVITATION_NOT_PENDING = "invitation-not-pending", CONFLICT, "The invitation is not pending",
        "`state` is the invitation's state. Ask for a new invitation.", [STATUS];
    UNVERIFIED_LOGIN = "unverified-login", CONFLICT, "The login's address is not proven",
        "A copied link made the login, so it may not belong to the owner of the address. It joins no other account and gets no further rights until a mailed link proves the invited address: have the invitation sent, or reset the password by mail. Without mail, remove the member and invite the person again.";
    PRECONDITION_FAILED = "precondition-failed", PRECONDITION_FAILED, "The record is not at the version named in If-Match",
        "Read it again: its `ETag` is the value for `If-Match`.";
    BODY_TOO_LARGE = "body-too-large", PAYLOAD_TOO_LARGE, "The body is too large",
        "The limit is 262144 bytes.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body is not declared as JSON",
        "Send `Content-Type: application/json`.";
    VALIDATION = "validation", UNPROCESSABLE_ENTITY, "The body breaks a rule",
        "Correct the fields in `errors`; each is listed, with dots between levels, with the rule it breaks.";
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "The Idempotency-Key stands for another call",
        "An earlier call with it asked for something else, or made a record that was changed or deleted since. Use a new Idempotency-Key for another call.";
    TOO_MANY_ATTEMPTS = "too-many-attempts", TOO_MANY_REQUESTS, "There were too many attempts",
        "Wait for the seconds in `Retry-After`.";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "Something is wrong on our side",
        "Trying again will not help. Give the operator the `request_id`; the log has the cause under it.";
    UNAVAILABLE = "unavailable", SERVICE_UNAVAILABLE, "Something we need did not answer",
        "The call may or may not have taken effect. Repeat it, with the same Idempotency-Key if it creates something.";
}

/// The `permissions` member of problems about permissions.
pub const PERMISSIONS: ProblemMember =
    ProblemMember::of::<Vec<String>>("permissions", "The permissions that the caller lacks.");

/// The `missing` member of problems about a sign-in.
pub const MISSING: ProblemMember =
    ProblemMember::of::<Vec<String>>("missing", "The parts that the sign-in lacks.");

/// The `state` member of problems about a record that is not in the state that a call needs. `status` is the
/// answer's own (RFC 9457 §3.1.2).
pub const STATUS: ProblemMember = ProblemMember::of::<String>("state", "The state of the record.");

/// A field, parameter or header, and the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"field": "slack.team_id", "rule": "is required"}))]
pub struct FieldError {
    /// Name, with dots between levels, such as `slack.team_id`.
    pub field: String,
    /// Rule that it breaks, to be read after the name.
    pub rule: String,
}

/// Failure of a call to the admin API.
#[derive(Debug)]
pub struct ApiError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: &'static ProblemType,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    retry_after: Option<Duration>,
    cause: Option<PortError>,
}

impl ApiError {
    /// A problem of this kind, with the kind's meaning as detail.
    #[must_use]
    pub fn new(kind: &'static ProblemType) -> Self {
        Self(Box::new(Parts {
            kind,
            detail: kind.meaning.into(),
            errors: Vec::new(),
            members: Map::new(),
            retry_after: None,
            cause: None,
        }))
    }

    /// Replaces the detail with one for this very problem.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Adds a member that the kind declares.
    #[must_use]
    pub fn with_member(mut self, member: &ProblemMember, value: impl Into<Value>) -> Self {
        self.0.members.insert(member.name.to_owned(), value.into());
        self
    }

    /// Tells the caller to wait before repeating the call.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// The body cannot be parsed, for this reason.
    #[must_use]
    pub fn malformed_body(reason: &str) -> Self {
        let detail = format!("Parsing the body failed: {reason}. Send one JSON object.");
        Self::new(&MALFORMED_BODY).with_detail(detail)
    }

    /// Parameters or headers that break rules.
    #[must_use]
    pub fn invalid_parameters(errors: Vec<FieldError>) -> Self {
        Self::new(&INVALID_PARAMETERS).with_errors(errors)
    }

    /// Fields of the body that break rules.
    #[must_use]
    pub fn validation(errors: Vec<FieldError>) -> Self {
        Self::new(&VALIDATION).with_errors(errors)
    }

    /// The `Idempotency-Key` breaks this rule, to be read after the header's name.
    #[must_use]
    pub fn idempotency_key(kind: &'static ProblemType, rule: &str) -> Self {
        Self::new(kind).with_errors(vec![FieldError {
            field: "Idempotency-Key".to_owned(),
            rule: rule.to_owned(),
        }])
    }

    /// The caller lacks the permission that the call needs.
    #[must_use]
    pub fn permission_missing(permission: Permission) -> Self {
        Self::new(&PERMISSION_MISSING)
            .with_detail(format!("This call needs the permission `{permission}`."))
            .with_member(&PERMISSIONS, vec![permission.key()])
    }

    /// The caller does not hold what it wants to give or take.
    #[must_use]
    pub fn permissions_not_held(NotHeld(missing): NotHeld) -> Self {
        let names: Vec<_> = missing.iter().map(|one| one.key()).collect();
        let detail = if names.is_empty() {
            "Only a super admin, or a key with every permission, can do this.".to_owned()
        } else {
            format!("The caller does not hold this: {}.", names.join(", "))
        };
        Self::new(&PERMISSIONS_NOT_HELD)
            .with_detail(detail)
            .with_member(&PERMISSIONS, names)
    }

    /// The sign-in lacks this part.
    #[must_use]
    pub fn sign_in_insufficient(missing: Missing) -> Self {
        Self::new(&SIGN_IN_INSUFFICIENT).with_member(&MISSING, vec![missing.key()])
    }

    /// No record of this kind, such as `connector`, that the caller may see.
    #[must_use]
    pub fn not_found(kind: &str) -> Self {
        let detail = format!("There is no such {kind}, or this caller may not see it.");
        Self::new(&NOT_FOUND).with_detail(detail)
    }

    fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    fn caused_by(mut self, cause: PortError) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// The kind of problem.
    #[must_use]
    pub fn kind(&self) -> &'static ProblemType {
        self.0.kind
    }

    /// The fields, parameters or headers that break rules.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// The seconds of the header `Retry-After`, at least one.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let seconds = |wait: Duration| wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.0.retry_after.map(|wait| seconds(wait).max(1))
    }

    /// The body to send.
    #[must_use]
    pub fn problem(&self, request_id: &str) -> Problem {
        let Parts {
            kind,
            detail,
            errors,
            members,
            ..
        } = self.0.as_ref();
        Problem {
            kind: kind.uri.to_owned(),
            title: kind.title.to_owned(),
            status: kind.status.as_u16(),
            detail: detail.clone().into_owned(),
            errors: errors.clone(),
            members: members.clone(),
            request_id: request_id.to_owned(),
        }
    }

    /// Logs the cause, which the caller does not see, and refusals. Once per failed call.
    pub fn log(&self) {
        let (status, uri) = (self.0.kind.status.as_u16(), self.0.kind.uri);
        match &self.0.cause {
            Some(cause) if *self.0.kind == UNAVAILABLE => {
                tracing::warn!(http.status = status, problem.r#type = uri, error = %Chain(cause), "call failed for now");
            }
            Some(cause) => {
                tracing::error!(http.status = status, problem.r#type = uri, error = %Chain(cause), "call failed");
            }
            None => tracing::info!(http.status = status, problem.r#type = uri, "call refused"),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.uri, self.0.detail)
    }
}

impl std::error::Error for ApiError {}

impl From<&'static ProblemType> for ApiError {
    fn from(kind: &'static ProblemType) -> Self {
        Self::new(kind)
    }
}

impl From<PortError> for ApiError {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Unavailable { .. } => Self::new(&UNAVAILABLE).caused_by(error),
            PortError::Conflict { .. } if CallerProof::is_lost(&error) => Self::new(&RIGHT_CHANGED),
            PortError::Conflict { .. } => Self::new(&CHANGED_MEANWHILE),
            PortError::Rejected { .. } | PortError::Corrupt { .. } => {
                Self::new(&INTERNAL).caused_by(error)
            }
        }
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::InvalidCursor => Self::invalid_parameters(vec![FieldError {
                field: "cursor".to_owned(),
                rule: "must be the `next_cursor` of this list, with the same filters and order"
                    .to_owned(),
            }]),
            ListError::Port(error) => error.into(),
        }
    }
}

/// Problem details (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/validation",
    "title": "The body breaks a rule",
    "status": 422,
    "detail": "Correct the fields in `errors`; each is listed, with dots between levels, with the rule it breaks.",
    "errors": [{"field": "name", "rule": "is required"}],
    "request_id": "JKJaXmPLvHcESHA="
}))]
pub struct Problem {
    /// Stable name of the kind of problem; the description of this document lists them.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem, in words.
    pub title: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Cause and remedy of this problem.
    pub detail: String,
    /// Fields, parameters and headers that break a rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Members that only some kinds of problems have.
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: Map<String, Value>,
    /// Id of the call in the logs.
    pub request_id: String,
}

/// An error on its way to the middleware, which writes its body.
#[derive(Debug, Clone)]
pub(crate) struct Raised(pub(crate) Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.0.kind.status.into_response();
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
mod tests;
