//! The row of a chat user's picture.

use crate::dynamo::keys;
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use vestibule_domain::{PortError, ProjectScope, Timestamp, ids::ChatUserId, ports::AvatarImage};

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::dynamo) struct AvatarItem {
    pk: String,
    sk: String,
    /// Base64.
    bytes: String,
    pub(in crate::dynamo) fetched_at: Timestamp,
}

impl AvatarItem {
    pub(in crate::dynamo) fn new(
        scope: ProjectScope,
        id: ChatUserId,
        avatar: &AvatarImage,
        at: Timestamp,
    ) -> Self {
        let key = keys::avatar(scope, id);
        Self {
            pk: key.pk,
            sk: key.sk,
            bytes: BASE64.encode(&avatar.bytes),
            fetched_at: at,
        }
    }
}

impl TryFrom<AvatarItem> for AvatarImage {
    type Error = PortError;

    fn try_from(item: AvatarItem) -> Result<Self, PortError> {
        BASE64
            .decode(item.bytes.as_bytes())
            .ok()
            .and_then(Self::from_bytes)
            .ok_or_else(|| PortError::corrupt("avatar", "it is no picture"))
    }
}
