//! Whether the caller may write into a conversation, by the checks of the call that writes (SPEC A50, E20, E21).

use crate::{
    Deps,
    routes::{
        messages::create::{closes_at, reachable},
        routing::check_may_answer,
    },
};
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_admin::{Call, problem::ApiError};
use vestibule_domain::{
    ProjectScope, Timestamp, account::permission::Permission, ids::ConversationId,
    ports::WritingContext,
};
use vestibule_providers::catalogue::{ConnectorKind, connector_kind};

/// Whether the caller may write into a conversation now.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "allowed": false, "code": "cannot-answer", "text": "Bo does not answer on SMS.", "max_chars": 1600, "until": null
}))]
pub struct ReplyResponse {
    /// Whether a text would be taken.
    allowed: bool,
    /// Reason why not: the last part of the `type` of the problem that the call would be answered with.
    code: Option<String>,
    /// Reason in words.
    text: Option<String>,
    /// Characters that fit into one message on the platform; a longer text is sent in pieces.
    max_chars: Option<usize>,
    /// End of the platform's time for answers, unless it sets none.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

impl ReplyResponse {
    /// Makes the answer to a caller who would be refused for this reason, or not.
    fn of(refusal: Option<&ApiError>) -> Self {
        let problem = refusal.map(|error| error.problem(""));
        let code = |kind: &str| kind.trim_start_matches("/problems/").to_owned();
        Self {
            allowed: problem.is_none(),
            code: problem.as_ref().map(|problem| code(&problem.kind)),
            text: problem.map(|problem| problem.detail),
            max_chars: None,
            until: None,
        }
    }
}

/// Tells whether the caller may write into a conversation.
pub(super) async fn standing(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    id: ConversationId,
) -> Result<ReplyResponse, ApiError> {
    let permission = Permission::ConversationsReply;
    if !call.caller.may(permission) {
        let missing = ApiError::permission_missing(permission);
        return Ok(ReplyResponse::of(Some(&missing)));
    }
    let now = call.now();
    let found = deps.writer.writing_context(scope, id, None, now).await?;
    // Without an `Idempotency-Key`, no call was made before.
    let Some(WritingContext::Open(open)) = found.map(|place| place.context) else {
        return Err(ApiError::not_found("conversation"));
    };
    let refusal = match reachable(&open, now) {
        Ok(_) => check_may_answer(deps, call, scope, id).await.err(),
        Err(refusal) => Some(refusal),
    };
    let refusal = match refusal {
        Some(failure) if !failure.kind().status.is_client_error() => return Err(failure),
        refusal => refusal,
    };
    let connector = open.connector.as_ref();
    let kind = connector.and_then(|connector| connector_kind(&connector.provider));
    Ok(ReplyResponse {
        max_chars: kind.map(ConnectorKind::message_max_chars),
        until: closes_at(&open),
        ..ReplyResponse::of(refusal.as_ref())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::messages::create::OPTED_OUT;

    #[test]
    fn a_caller_is_told_the_problem_that_a_text_would_meet() {
        let refused = ReplyResponse::of(Some(&ApiError::new(&OPTED_OUT)));
        assert!(!refused.allowed);
        assert_eq!(refused.code.as_deref(), Some("opted-out"));
        assert_eq!(refused.text.as_deref(), Some(OPTED_OUT.meaning));
        let allowed = ReplyResponse::of(None);
        assert!(allowed.allowed && allowed.code.is_none() && allowed.text.is_none());
    }
}
