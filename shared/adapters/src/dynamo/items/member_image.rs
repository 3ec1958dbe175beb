//! The row of a member's image.

use crate::dynamo::keys;
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    AccountScope, PortError,
    ids::MemberId,
    ports::{MemberImage, StoredImage},
};

/// A member's image. The row stays when the image is taken away, because its version tells browsers of that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct MemberImageItem {
    pk: String,
    sk: String,
    /// Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    pub(in crate::dynamo) version: u64,
}

impl MemberImageItem {
    /// Makes the row.
    pub(in crate::dynamo) fn new(
        scope: AccountScope,
        id: MemberId,
        image: Option<&MemberImage>,
        version: u64,
    ) -> Self {
        let key = keys::member_image(scope, id);
        Self {
            pk: key.pk,
            sk: key.sk,
            image: image.map(|image| BASE64.encode(&image.bytes)),
            version,
        }
    }

    /// Whether there is an image.
    pub(in crate::dynamo) const fn has_image(&self) -> bool {
        self.image.is_some()
    }
}

impl TryFrom<MemberImageItem> for StoredImage {
    type Error = PortError;

    fn try_from(item: MemberImageItem) -> Result<Self, PortError> {
        let image = match item.image {
            None => None,
            Some(text) => {
                let bytes = BASE64.decode(text.as_bytes()).ok();
                let image = bytes.and_then(|bytes| MemberImage::from_bytes(bytes).ok());
                let wrong = || PortError::corrupt("image of a member", "it is no image");
                Some(image.ok_or_else(wrong)?)
            }
        };
        Ok(Self {
            image,
            version: item.version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::ids::AccountId;

    #[test]
    fn an_image_is_read_as_it_was_written_and_so_is_that_there_is_none() {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let id = MemberId::derive(&["m"]);
        let image = MemberImage::from_bytes(vec![0xFF, 0xD8, 0xFF, 0xE0]).unwrap();
        for image in [Some(image), None] {
            let item = MemberImageItem::new(scope, id, image.as_ref(), 3);
            let read: MemberImageItem = from_row(to_row(&item).unwrap(), "image").unwrap();
            assert_eq!(read.has_image(), image.is_some());
            let stored = StoredImage::try_from(read).unwrap();
            assert_eq!(stored, StoredImage { image, version: 3 });
        }
    }
}
