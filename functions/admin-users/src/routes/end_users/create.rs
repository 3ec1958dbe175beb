//! `POST /v1/projects/{project_id}/end-users`

use super::{EndUserDetailsResponse, check_project, index, input, phone_taken};
use crate::{Deps, api_types::ProjectPath, environments::Environments, serving::chat_users_of};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IdempotencyKey, JsonBody, Made,
    api_types::IdempotencyHeader,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    account::email_address::EmailAddress,
    directory::{
        end_user::{EndUser, EndUserSource, Names},
        phone::PhoneNumber,
    },
    ids::{EndUserId, EnvironmentId},
    ports::{Created, EndUserCreated},
};

/// A user to add.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "phone": "+1 555-123-4567", "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace",
    "environment_ids": ["01JD3Q3Z9V8M4T6K2N7P5R1S0W"]
}))]
pub struct CreateEndUserRequest {
    /// Phone number in international format, at least 10 digits.
    #[schema(required = true, nullable = false)]
    phone: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// First name, 1 to 100 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    first_name: Option<String>,
    /// Middle name, at most 100 characters.
    #[schema(max_length = 100)]
    middle_name: Option<String>,
    /// Last name, 1 to 100 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    last_name: Option<String>,
    /// Ids of the environments in which the user may talk to the agent, 1 to 50.
    #[schema(required = true, nullable = false, min_items = 1, max_items = 50)]
    environment_ids: Option<Vec<String>>,
}

/// Validated body.
#[derive(Debug)]
struct NewUser {
    phone: PhoneNumber,
    email: Option<EmailAddress>,
    names: Names,
    environments: BTreeSet<EnvironmentId>,
}

impl NewUser {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: CreateEndUserRequest = read_fields(fields, &mut errors);
        let (phone, email) = (input::stated(request.phone), input::stated(request.email));
        let phone = input::read_phone(&phone, None, true, &mut errors);
        let email = input::read_email(&email, None, &mut errors);
        let [first, middle, last] =
            [request.first_name, request.middle_name, request.last_name].map(input::stated);
        let names = Names {
            first: input::read_first_name(&first, None, &mut errors),
            middle: input::read_middle_name(&middle, None, &mut errors),
            last: input::read_last_name(&last, None, true, &mut errors),
        };
        let environments = input::read_environments(request.environment_ids, &mut errors);
        match phone {
            Some(phone) if errors.is_empty() => Ok(Self {
                phone,
                email,
                names,
                environments,
            }),
            _ => Err(errors.into_validation()),
        }
    }
}

/// Add a user
///
/// From now on the person may talk to the agent in these environments. No message is sent to them. A phone number
/// belongs to one user of a project, in whatever form it is written.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/end-users",
    tag = "Users",
    params(ProjectPath, IdempotencyHeader),
    request_body = CreateEndUserRequest,
    responses(
        (status = 201, description = "The user was added, by this call or an earlier one with this Idempotency-Key.", body = EndUserDetailsResponse),
        (status = 409, description = "A user has the phone number (see `end_user`), or an environment was deleted meanwhile.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_end_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ProjectPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let new = NewUser::read(body.0)?;
    check_project(&deps, scope).await?;
    let environments = Environments::read(&deps, scope, &new.environments).await?;
    if !environments.have(&new.environments) {
        let mut errors = FieldErrors::default();
        errors.add("environment_ids", input::UNKNOWN_ENVIRONMENT);
        return Err(errors.into_validation());
    }
    let now = call.now();
    let route = format!("projects/{}/end-users", path.project_id);
    let id: EndUserId = idempotency.id(&call, &route);
    let user = EndUser {
        id,
        scope,
        source: EndUserSource::Invited,
        names: new.names,
        phone: Some(new.phone),
        email: new.email,
        environments: new.environments,
        chat_users: BTreeSet::new(),
        version: 1,
        links_version: 1,
        created_at: now,
        updated_at: now,
    };
    let entry = call.audit(user.addition(), now);
    let outcome = deps
        .end_users
        .create_end_user(&user, call.by(&entry))
        .await?;
    let mut chat_users = Vec::new();
    let outcome = match outcome {
        EndUserCreated::New => {
            index(&deps, scope, id).await;
            Created::New
        }
        EndUserCreated::Existing(existing) => {
            chat_users = chat_users_of(&deps, &call, &existing).await?;
            Created::Existing(existing)
        }
        EndUserCreated::Spent => Created::Spent,
        EndUserCreated::PhoneTaken(holder) => return Err(phone_taken(&call, &holder)),
    };
    let made = Made::settle(outcome, user, &entry, facts)?;
    Ok(made.respond(|user| EndUserDetailsResponse::of(&user, &environments, &chat_users)))
}

/// The values that a caller gave of a user, by which two calls are told apart.
fn facts(user: &EndUser) -> Value {
    json!({
        "names": user.names,
        "phone": user.phone,
        "email": user.email,
        "environments": user.environments,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<NewUser, Vec<(String, String)>> {
        let Value::Object(fields) = value else {
            panic!("not an object")
        };
        NewUser::read(fields).map_err(|error| {
            let errors = error.errors().iter();
            errors
                .map(|error| (error.field.clone(), error.rule.clone()))
                .collect()
        })
    }

    /// SPEC C05–C10, C18, C19.
    #[test]
    fn everything_that_is_missing_is_told_at_once() {
        let id = EnvironmentId::derive(&["e"]);
        let new = read(json!({
            "phone": "+1 555-123-4567", "email": "", "first_name": "Ada", "last_name": "Lovelace",
            "environment_ids": [id]
        }));
        let new = new.unwrap();
        assert_eq!(new.phone.as_str(), "+15551234567");
        assert_eq!(new.names.full(), "Ada Lovelace");
        assert_eq!((new.email, new.environments), (None, BTreeSet::from([id])));
        let expected = [
            ("phone", "Phone number is required"),
            ("first_name", "First name is required"),
            ("last_name", "Last name is required"),
            ("environment_ids", "Please select at least one environment"),
        ];
        let expected = expected.map(|(field, rule)| (field.to_owned(), rule.to_owned()));
        assert_eq!(read(json!({})).unwrap_err(), expected);
        let wrong = read(json!({"phone": 1, "age": 7})).unwrap_err();
        let phone: Vec<_> = wrong.iter().filter(|(field, _)| field == "phone").collect();
        assert_eq!(phone.len(), 1, "{wrong:?}");
        assert!(wrong.iter().any(|(field, _)| field == "age"), "{wrong:?}");
    }
}
