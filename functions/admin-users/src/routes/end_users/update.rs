//! `PATCH /v1/projects/{project_id}/end-users/{end_user_id}`

use super::{EndUserDetailsResponse, index, input, phone_taken, read};
use crate::{Deps, api_types::EndUserPath, environments::Environments};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, Nullable, amend,
    api_types::{IfMatchHeader, found},
    given, log,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    directory::end_user::{EndUser, EndUserSource, Names},
    ids::EnvironmentId,
    ports::EndUserUpdated,
};

/// Changes to a user. Fields left out keep their values.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"middle_name": null, "environment_ids": ["01JD3Q3Z9V8M4T6K2N7P5R1S0W"]}))]
pub struct UpdateEndUserRequest {
    /// Phone number in international format. Only a user who registered by writing may be without one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    phone: Nullable<String>,
    /// E-mail address; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Nullable<String>,
    /// First name, 1 to 100 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 100, format = "name")]
    first_name: Nullable<String>,
    /// Middle name, at most 100 characters; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    middle_name: Nullable<String>,
    /// Last name, at most 100 characters. Only a user who registered by writing may be without one.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    last_name: Nullable<String>,
    /// Ids of the environments in which the user may talk to the agent, 1 to 50.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_items = 1, max_items = 50)]
    environment_ids: Option<Vec<String>>,
}

/// Changes whose rules depend on the user.
#[derive(Debug)]
struct Update {
    request: UpdateEndUserRequest,
    environments: Option<BTreeSet<EnvironmentId>>,
    errors: FieldErrors,
}

impl Update {
    fn read(fields: Map<String, Value>) -> Self {
        let mut errors = FieldErrors::default();
        let mut request: UpdateEndUserRequest = read_fields(fields, &mut errors);
        let environments = request.environment_ids.take();
        Self {
            environments: input::read_changed_environments(environments, &mut errors),
            request,
            errors,
        }
    }

    /// Returns the user as it is to be, with the rules broken so far.
    fn of(&self, user: &EndUser) -> (EndUser, FieldErrors) {
        let mut errors = self.errors.clone();
        let (asked, names) = (&self.request, &user.names);
        // A user who registered by writing may be known by less.
        let is_invited = user.source == EndUserSource::Invited;
        let changed = EndUser {
            phone: input::read_phone(&asked.phone, user.phone.as_ref(), is_invited, &mut errors),
            email: input::read_email(&asked.email, user.email.as_ref(), &mut errors),
            names: Names {
                first: input::read_first_name(&asked.first_name, names.first.as_ref(), &mut errors),
                middle: input::read_middle_name(
                    &asked.middle_name,
                    names.middle.as_ref(),
                    &mut errors,
                ),
                last: input::read_last_name(
                    &asked.last_name,
                    names.last.as_ref(),
                    is_invited,
                    &mut errors,
                ),
            },
            environments: self
                .environments
                .clone()
                .unwrap_or_else(|| user.environments.clone()),
            ..user.clone()
        };
        (changed, errors)
    }
}

/// Change a user
///
/// One record for all environments. The chat users that the user is get and lose environments with it. A new phone
/// number takes the place of the old one at once: chat users of the old number lose their access, and one of the new
/// number is linked when they write.
#[utoipa::path(
    patch,
    path = "/v1/projects/{project_id}/end-users/{end_user_id}",
    tag = "Users",
    params(EndUserPath, IfMatchHeader),
    request_body = UpdateEndUserRequest,
    responses(
        (status = 200, description = "The changed user.", body = EndUserDetailsResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Another user has the phone number (see `end_user`), or other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_end_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<EndUserPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let update = Update::read(body.0);
    let (deps, call, update) = (&*deps, &call, &update);
    amend(
        &if_match,
        || read(deps, scope, path.end_user_id),
        |user| async move {
            let stored = change(deps, call, update, user).await?;
            let body = EndUserDetailsResponse::read(deps, call, &stored).await?;
            Ok(found(stored.version, body))
        },
    )
    .await
}

/// Makes the changes, and returns the user as stored.
async fn change(
    deps: &Deps,
    call: &Call,
    update: &Update,
    user: EndUser,
) -> Result<EndUser, ApiError> {
    let (changed, mut errors) = update.of(&user);
    let added = &changed.environments - &user.environments;
    if !added.is_empty()
        && !Environments::read(deps, user.scope, &added)
            .await?
            .have(&added)
    {
        errors.add("environment_ids", input::UNKNOWN_ENVIRONMENT);
    }
    errors.check_body()?;
    if changed == user {
        return Ok(user);
    }
    let entry = call.audit(user.change_to(&changed), call.now());
    let outcome = deps
        .end_users
        .update_end_user(&user, &changed, call.by(&entry))
        .await?;
    match outcome {
        EndUserUpdated::Done(stored) => {
            log(&entry);
            index(deps, stored.scope, stored.id).await;
            Ok(*stored)
        }
        EndUserUpdated::PhoneTaken(holder) => Err(phone_taken(call, &holder)),
    }
}
