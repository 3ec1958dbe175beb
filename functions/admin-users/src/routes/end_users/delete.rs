//! `DELETE /v1/projects/{project_id}/end-users/{end_user_id}`

use super::{index, read};
use crate::{Deps, api_types::EndUserPath, serving::chat_users_of};
use axum::{
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
};
use std::sync::Arc;
use utoipa::IntoParams;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, amend,
    api_types::IfMatchHeader,
    jobs::enqueue_or_leave,
    log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    ProjectScope, account::permission::Permission, chat::user::ChatUser,
    directory::end_user::EndUser, erasure::Erasure, event::told::Told, ports::OUTBOX_PATIENCE,
};

/// Whether the chat users that a user is are erased too.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// Whether the chat users that the user is are erased too, with all that is kept about them; false by default.
    /// Needs the permission `chat_users.erase`.
    #[param(required = false)]
    erase_chat_users: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for DeleteQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        read_query(parts.uri.query().unwrap_or(""))
    }
}

fn read_query(query: &str) -> Result<DeleteQuery, ApiError> {
    const NAME: &str = "erase_chat_users";
    let mut errors = FieldErrors::default();
    let mut given = None;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if name != NAME {
            errors.add(name, "is not known here");
        } else if given.is_some() {
            errors.add(NAME, "is given more than once");
        } else {
            let erases = value.parse::<bool>();
            if erases.is_err() {
                errors.add(NAME, "must be `true` or `false`");
            }
            given = Some(erases.unwrap_or(false));
        }
    }
    errors.check_parameters()?;
    Ok(DeleteQuery {
        erase_chat_users: given.unwrap_or(false),
    })
}

/// Delete a user
///
/// Removes the user from all environments, for good: personal data, access and links are erased. The chat users that
/// the user is stay without access, unless they are erased too. A block stays.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project_id}/end-users/{end_user_id}",
    tag = "Users",
    params(EndUserPath, DeleteQuery, IfMatchHeader),
    responses(
        (status = 204, description = "The user is deleted."),
        (status = 409, description = "Other callers keep changing the record, or the person writes meanwhile.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_end_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<EndUserPath>,
    query: DeleteQuery,
) -> Result<StatusCode, ApiError> {
    let scope = call.scope().project(path.project_id);
    let (deps, call) = (&*deps, &call);
    amend(
        &if_match,
        || read(deps, scope, path.end_user_id),
        |user| async move {
            // The user goes last: until then, the call can be repeated.
            if query.erase_chat_users {
                erase_chat_users(deps, call, &user).await?;
                // A user who came by writing goes with their last chat user.
                let left = deps.end_users.get_end_user(scope, user.id).await?;
                if left.is_none() {
                    return Ok(StatusCode::NO_CONTENT);
                }
            }
            let entry = call.audit(user.removal(), call.now());
            deps.end_users
                .delete_end_user(&user, call.by(&entry))
                .await?;
            index(deps, user.scope, user.id).await;
            log(&entry);
            Ok(StatusCode::NO_CONTENT)
        },
    )
    .await
}

/// Makes strangers of the chat users that a user is, and orders the erasure of the rest.
async fn erase_chat_users(deps: &Deps, call: &Call, user: &EndUser) -> Result<(), ApiError> {
    let permission = Permission::ChatUsersErase;
    if !call.caller.may(permission) {
        return Err(ApiError::permission_missing(permission));
    }
    for chat_user in chat_users_of(deps, call, user).await? {
        erase(deps, call, user.scope, &chat_user).await?;
    }
    Ok(())
}

async fn erase(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    user: &ChatUser,
) -> Result<(), ApiError> {
    let now = call.now();
    let entry = call
        .audit(user.erasure(), now)
        .about(Told::in_project(scope));
    let erasure = Erasure::of_chat_user(scope, user, now);
    let due = now.plus(OUTBOX_PATIENCE);
    deps.chat_users
        .erase_chat_user(user, &erasure, due, &entry)
        .await?;
    enqueue_or_leave(deps.onboarding.as_ref(), erasure.job()).await;
    log(&entry);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chat_users_are_erased_only_if_the_call_says_so() {
        assert!(!read_query("").unwrap().erase_chat_users);
        assert!(
            !read_query("erase_chat_users=false")
                .unwrap()
                .erase_chat_users
        );
        assert!(
            read_query("erase_chat_users=true")
                .unwrap()
                .erase_chat_users
        );
        for wrong in [
            "erase_chat_users=yes",
            "erase_chat_users=",
            "erase_chat_users=true&erase_chat_users=true",
            "all=true",
        ] {
            assert!(read_query(wrong).is_err(), "{wrong}");
        }
    }
}
