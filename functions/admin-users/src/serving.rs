//! The chat users whom a caller may know of (SPEC B39): those who wrote through a connector of a client that the
//! caller serves. Users themselves belong to the project, whatever its clients.

use crate::Deps;
use vestibule_admin::{Call, problem::ApiError};
use vestibule_domain::{
    ProjectScope, access::direct_approval::WritingPlace, chat::user::ChatUser,
    directory::end_user::EndUser, team::client_access::ClientAccess,
};

/// Reads the chat users that a user is and whom the caller may know of.
pub async fn chat_users_of(
    deps: &Deps,
    call: &Call,
    user: &EndUser,
) -> Result<Vec<ChatUser>, ApiError> {
    let linked = deps.end_users.chat_users_of(user).await?;
    if call.caller.clients == ClientAccess::All {
        return Ok(linked);
    }
    let mut served = Vec::new();
    for chat_user in linked {
        if !places_of(deps, call, user.scope, &chat_user)
            .await?
            .is_empty()
        {
            served.push(chat_user);
        }
    }
    Ok(served)
}

/// Reads the connectors that the caller serves and through which a person wrote.
pub async fn places_of(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    chat_user: &ChatUser,
) -> Result<Vec<WritingPlace>, ApiError> {
    let requests = &deps.access_requests;
    let mut places = requests.writing_places(scope, chat_user.id).await?;
    places.retain(|place| call.may_serve(place.connector.client_id));
    Ok(places)
}
