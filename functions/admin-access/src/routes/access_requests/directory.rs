//! The part of the directory in an approval (SPEC B38).

use crate::api_types::DirectoryActionName;
use serde::Deserialize;
use utoipa::ToSchema;
use vestibule_admin::{Call, FieldErrors, problem::ApiError, problem_types, validation};
use vestibule_domain::{
    account::permission::Permission,
    directory::registration::{DirectoryChoice, Misplaced},
};

problem_types! {
    LINKED_TO_ANOTHER = "linked-to-another", CONFLICT, "The chat user is another user",
        "Unlink the chat user from that user first.";
    TOO_MANY_CHAT_USERS = "too-many-chat-users", CONFLICT, "The user is as many chat users as possible",
        "A user is at most 20 chat users. Unlink one of them first.";
}

/// Place of the person among the users of the project.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"action": "add_to_existing", "end_user_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W"}))]
pub struct DirectoryRequest {
    /// Action on the users of the project. By default, the person is linked to the user with the phone number
    /// that the platform asserts, or becomes a new user. A person who is linked already stays so.
    #[schema(nullable = false)]
    action: Option<DirectoryActionName>,
    /// User to link the person to, for `add_to_existing`.
    #[schema(format = "id")]
    end_user_id: Option<String>,
}

/// Reads the choice of a call.
pub(in crate::routes) fn read(
    request: Option<DirectoryRequest>,
    errors: &mut FieldErrors,
) -> DirectoryChoice {
    let request = request.unwrap_or_default();
    let given = request.end_user_id.as_deref();
    let id = validation::id("directory.end_user_id", given, errors);
    if let Some(DirectoryActionName::AddToExisting) = request.action {
        errors.required("directory.end_user_id", given);
        return id.map_or_else(DirectoryChoice::default, DirectoryChoice::AddToExisting);
    }
    if given.is_some() {
        errors.add("directory.end_user_id", "is for `add_to_existing` only");
    }
    match request.action {
        Some(DirectoryActionName::CreateNew) => DirectoryChoice::CreateNew,
        Some(DirectoryActionName::Apart) => DirectoryChoice::Apart,
        Some(DirectoryActionName::AddToExisting) | None => DirectoryChoice::default(),
    }
}

/// Checks that the caller may link to the user whom they chose: the person gets all that user's environments.
pub(in crate::routes) fn check_permission(
    call: &Call,
    choice: DirectoryChoice,
) -> Result<(), ApiError> {
    let is_link = matches!(choice, DirectoryChoice::AddToExisting(_));
    if is_link && !call.caller.may(Permission::EndUsersWrite) {
        return Err(ApiError::permission_missing(Permission::EndUsersWrite));
    }
    Ok(())
}

/// The problem of a person who cannot be linked.
pub(in crate::routes) fn misplaced(reason: Misplaced) -> ApiError {
    match reason {
        Misplaced::NoSuchPerson => {
            let mut errors = FieldErrors::default();
            errors.add("directory.end_user_id", "is no user of this project");
            errors.into_validation()
        }
        Misplaced::LinkedTo(_) => ApiError::new(&LINKED_TO_ANOTHER),
        Misplaced::TooMany => ApiError::new(&TOO_MANY_CHAT_USERS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use vestibule_domain::ids::EndUserId;

    fn chosen(value: Value) -> Result<DirectoryChoice, Vec<String>> {
        let mut errors = FieldErrors::default();
        let choice = read(serde_json::from_value(value).unwrap(), &mut errors);
        if errors.is_empty() {
            return Ok(choice);
        }
        let error = errors.into_validation();
        Err(error
            .errors()
            .iter()
            .map(|error| error.field.clone())
            .collect())
    }

    /// SPEC B38.
    #[test]
    fn a_user_is_named_for_adding_to_an_existing_one_and_for_nothing_else() {
        let id = EndUserId::derive(&["ada"]);
        for (body, expected) in [
            (json!(null), DirectoryChoice::ByNumber),
            (json!({}), DirectoryChoice::ByNumber),
            (json!({"action": "create_new"}), DirectoryChoice::CreateNew),
            (json!({"action": "none"}), DirectoryChoice::Apart),
            (
                json!({"action": "add_to_existing", "end_user_id": id}),
                DirectoryChoice::AddToExisting(id),
            ),
        ] {
            assert_eq!(chosen(body.clone()), Ok(expected), "{body}");
        }
        for body in [
            json!({"action": "add_to_existing"}),
            json!({"action": "add_to_existing", "end_user_id": "ada"}),
            json!({"action": "create_new", "end_user_id": id}),
            json!({"end_user_id": id}),
        ] {
            let field = "directory.end_user_id".to_owned();
            assert_eq!(chosen(body.clone()), Err(vec![field]), "{body}");
        }
    }
}
