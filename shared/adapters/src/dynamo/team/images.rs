//! The store of members' images.

use super::{DynamoTeam, FRESH};
use crate::dynamo::{
    changes::updated_before,
    items::MemberImageItem,
    keys,
    table::{Transacted, n, put_write},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    AccountScope, PortError,
    ids::MemberId,
    ports::{By, MemberImageStore, StoredImage},
};

const WHAT: &str = "image of a member";

impl DynamoTeam {
    /// Makes the write of an image, or of none, in the place of the one at this version.
    fn image_write(
        &self,
        item: &MemberImageItem,
        version: u64,
    ) -> Result<TransactWriteItem, PortError> {
        let put = if version == 0 {
            self.table.put_part(item, FRESH, &[])?
        } else {
            let read = [(":read", n(version))];
            self.table.put_part(item, "version = :read", &read)?
        };
        Ok(put_write(put))
    }

    /// Makes the write that takes the image of a member away, if there is one.
    pub(super) async fn image_removal(
        &self,
        scope: AccountScope,
        id: MemberId,
    ) -> Result<Option<TransactWriteItem>, PortError> {
        let key = keys::member_image(scope, id);
        let stored: Option<MemberImageItem> = self.table.get(&key, WHAT).await?;
        let Some(stored) = stored.filter(MemberImageItem::has_image) else {
            return Ok(None);
        };
        let item = MemberImageItem::new(scope, id, None, stored.version + 1);
        self.image_write(&item, stored.version).map(Some)
    }
}

#[async_trait]
impl MemberImageStore for DynamoTeam {
    async fn member_image(
        &self,
        scope: AccountScope,
        id: MemberId,
    ) -> Result<StoredImage, PortError> {
        let key = keys::member_image(scope, id);
        let item: Option<MemberImageItem> = self.table.get(&key, WHAT).await?;
        item.map_or_else(|| Ok(StoredImage::default()), StoredImage::try_from)
    }

    async fn save_member_image(
        &self,
        scope: AccountScope,
        id: MemberId,
        image: &StoredImage,
        by: By<'_>,
    ) -> Result<(), PortError> {
        let version = image.version;
        let item = MemberImageItem::new(scope, id, image.image.as_ref(), version + 1);
        let write = self.image_write(&item, version)?;
        match self.table.transact_by(vec![write], by).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => {
                updated_before(reasons.into_iter().next(), &item, WHAT)
            }
        }
    }
}
