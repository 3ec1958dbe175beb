//! Users of the project by name, as they are shown beside people on chat platforms.

use crate::Deps;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use vestibule_admin::{Call, problem::ApiError};
use vestibule_domain::{
    ProjectScope, account::permission::Permission, chat::user::ChatUser,
    directory::end_user::EndUser, ids::EndUserId,
};

/// User of the project, by name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserNameResponse {
    /// Id.
    id: String,
    /// Name to show: the names, else the phone number or the e-mail address; empty without any.
    display_name: String,
}

impl From<EndUser> for UserNameResponse {
    fn from(user: EndUser) -> Self {
        Self {
            id: user.id.to_string(),
            display_name: user.display_name(),
        }
    }
}

/// The users to whom some chat users are linked.
#[derive(Debug, Default)]
pub(super) struct LinkedUsers(BTreeMap<EndUserId, UserNameResponse>);

impl LinkedUsers {
    /// Reads the users of all these chat users at once; none for a caller who may not read users.
    pub(super) async fn of(
        deps: &Deps,
        call: &Call,
        scope: ProjectScope,
        chat_users: &[ChatUser],
    ) -> Result<Self, ApiError> {
        let ids: BTreeSet<EndUserId> = chat_users
            .iter()
            .filter_map(|chat_user| chat_user.end_user_id)
            .collect();
        if ids.is_empty() || !call.caller.may(Permission::EndUsersRead) {
            return Ok(Self::default());
        }
        let ids: Vec<_> = ids.into_iter().collect();
        let found = deps.end_users.find_end_users(scope, &ids).await?;
        let named = found
            .into_iter()
            .map(|user| (user.id, UserNameResponse::from(user)));
        Ok(Self(named.collect()))
    }

    /// The user to whom this chat user is linked; `None` for a user who is gone.
    pub(super) fn user_of(&self, chat_user: &ChatUser) -> Option<UserNameResponse> {
        self.0.get(&chat_user.end_user_id?).cloned()
    }
}
