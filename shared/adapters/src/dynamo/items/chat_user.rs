use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vestibule_domain::{
    ProjectScope, Timestamp,
    chat::message::Identity,
    chat::profile::Profile,
    chat::user::{Block, ChatUser, Grant},
    ids::{ChatUserId, EndUserId, EnvironmentId},
};

/// A chat user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ChatUserItem {
    pk: String,
    sk: String,
    state_pk: String,
    state_sk: String,
    all_pk: String,
    all_sk: String,
    id: ChatUserId,
    #[serde(rename = "person")]
    identity: Identity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other_id: Option<Identity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number_now_of: Option<Identity>,
    profile: Profile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile_told_at: Option<Timestamp>,
    admitted_openly: bool,
    grants: BTreeMap<EnvironmentId, Grant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<Block>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_user_id: Option<EndUserId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_apart: bool,
    pub(in crate::dynamo) version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The attributes that follow from a chat user's status.
pub(in crate::dynamo) struct StatusAttributes {
    /// The partition of the list by status.
    pub(in crate::dynamo) state_pk: String,
}

impl StatusAttributes {
    /// Makes the attributes of a person who may talk.
    pub(in crate::dynamo) fn active(scope: ProjectScope) -> Self {
        Self {
            state_pk: keys::chat_users(
                scope,
                Some(vestibule_domain::chat::user::ChatUserStatus::Active),
            ),
        }
    }
}

impl ChatUserItem {
    pub(in crate::dynamo) fn new(scope: ProjectScope, user: &ChatUser) -> Self {
        let key = keys::chat_user(scope, user.id);
        let order = keys::by_creation(user.created_at, user.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            state_pk: keys::chat_users(scope, Some(user.status())),
            state_sk: order.clone(),
            all_pk: keys::chat_users(scope, None),
            all_sk: order,
            id: user.id,
            identity: user.identity.clone(),
            other_id: user.other_id.clone(),
            number_now_of: user.number_now_of.clone(),
            profile: user.profile.clone(),
            profile_told_at: user.profile_told_at,
            admitted_openly: user.admitted_openly,
            grants: user.grants.clone(),
            block: user.block.clone(),
            end_user_id: user.end_user_id,
            is_apart: user.is_apart,
            version: user.version,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

impl From<ChatUserItem> for ChatUser {
    fn from(item: ChatUserItem) -> Self {
        Self {
            id: item.id,
            identity: item.identity,
            other_id: item.other_id,
            number_now_of: item.number_now_of,
            profile: item.profile,
            profile_told_at: item.profile_told_at,
            admitted_openly: item.admitted_openly,
            grants: item.grants,
            block: item.block,
            end_user_id: item.end_user_id,
            is_apart: item.is_apart,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

/// The row under an alias: an id whose person has the record under another one.
#[derive(Debug, Deserialize)]
pub(in crate::dynamo) struct SameAsItem {
    pub(in crate::dynamo) same_as: Identity,
    /// Whether the alias is a phone number that led to another person before.
    #[serde(default)]
    pub(in crate::dynamo) had_another_holder: bool,
}
