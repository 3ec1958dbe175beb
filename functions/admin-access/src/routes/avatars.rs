//! Stored pictures of chat users, for platforms whose own picture address contains a secret or requires
//! a token (SPEC A31).

use super::connectors::base_url;
use crate::{Deps, api_types::ChatUserPath, serving::serves_chat_user};
use axum::extract::State;
use std::sync::Arc;
use vestibule_admin::{ApiPath, Call, CallOrigin, Picture, problem::ApiError};
use vestibule_domain::{chat::user::ChatUser, ids::ProjectId};

/// Seconds for which a caller may cache a picture.
const MAX_AGE: u32 = 3600;

/// Addresses of the pictures of one project's chat users.
pub(super) struct Avatars {
    base: Option<String>,
    project_id: ProjectId,
}

impl Avatars {
    pub(super) fn of(deps: &Deps, origin: &CallOrigin, project_id: ProjectId) -> Self {
        Self {
            base: base_url(deps.public_url.as_deref(), origin),
            project_id,
        }
    }

    #[cfg(test)]
    pub(super) fn nowhere() -> Self {
        Self {
            base: None,
            project_id: ProjectId::derive(&["p"]),
        }
    }

    /// The address of the chat user's picture. For a picture that we keep, it is a bare path when the
    /// address of this API is unknown.
    pub(super) fn url(&self, user: &ChatUser) -> Option<String> {
        if !user.profile.avatar_kept {
            return user.profile.avatar_url.clone();
        }
        Some(format!(
            "{}/v1/projects/{}/chat-users/{}/avatar",
            self.base.as_deref().unwrap_or_default(),
            self.project_id,
            user.id
        ))
    }
}

/// Read a chat user's picture
///
/// Returns our copy, which exists where the platform's own address is not public. Other pictures are at
/// the platform, at the chat user's `avatar_url`.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/chat-users/{chat_user_id}/avatar",
    tag = "Chat users",
    params(ChatUserPath),
    responses((
        status = 200,
        description = "The picture, at most 100 KiB: JPEG, PNG, GIF or WebP. The caller may cache it for an hour; shared caches may not.",
        content_type = "image/*",
        body = Vec<u8>,
    ))
)]
pub async fn get_chat_user_avatar(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ChatUserPath>,
) -> Result<Picture, ApiError> {
    let (scope, id) = (call.scope().project(path.project_id), path.chat_user_id);
    let no_picture = || ApiError::not_found("picture");
    let found = deps.chat_users.get_avatar(scope, id).await?;
    let avatar = found.ok_or_else(no_picture)?;
    if !serves_chat_user(&deps, &call, scope, id).await? {
        return Err(no_picture());
    }
    Ok(Picture {
        media_type: avatar.media_type,
        bytes: avatar.bytes,
        max_age: MAX_AGE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use vestibule_domain::{
        Timestamp, chat::message::Identity, chat::profile::Profile, connector::Provider,
        ids::ChatUserId,
    };

    fn user(kept: bool, at_platform: Option<&str>) -> ChatUser {
        ChatUser {
            id: ChatUserId::derive(&["u"]),
            identity: Identity {
                provider: Provider::new("telegram"),
                platform_scope: "1".to_owned(),
                identifier: "2".to_owned(),
            },
            profile: Profile {
                avatar_url: at_platform.map(str::to_owned),
                avatar_kept: kept,
                ..Profile::default()
            },
            profile_told_at: None,
            other_id: None,
            number_now_of: None,
            admitted_openly: false,
            grants: BTreeMap::new(),
            block: None,
            end_user_id: None,
            is_apart: false,
            version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn a_picture_that_we_keep_is_here_and_another_at_its_platform() {
        let project_id = ProjectId::derive(&["p"]);
        let avatars = |base: Option<&str>| Avatars {
            base: base.map(str::to_owned),
            project_id,
        };
        let path = format!(
            "/v1/projects/{project_id}/chat-users/{}/avatar",
            ChatUserId::derive(&["u"])
        );
        let here = avatars(Some("https://api.example.test"));
        assert_eq!(
            here.url(&user(true, None)),
            Some(format!("https://api.example.test{path}"))
        );
        assert_eq!(avatars(None).url(&user(true, None)), Some(path));
        let at_platform = Some("https://avatars.example/1.png");
        assert_eq!(here.url(&user(false, at_platform)).as_deref(), at_platform);
        assert_eq!(here.url(&user(false, None)), None);
    }
}
