//! The port of members' images (SPEC E02).

use super::{By, picture_type};
use crate::{AccountScope, PortError, ids::MemberId};
use async_trait::async_trait;
use std::fmt;

/// Maximum size of a member's image, in bytes.
pub const MEMBER_IMAGE_MAX_BYTES: usize = 100 * 1024;

/// A member's image. Its `Debug` hides the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct MemberImage {
    /// `image/png`, `image/jpeg` or `image/webp`, detected from the bytes.
    pub media_type: &'static str,
    /// At most [`MEMBER_IMAGE_MAX_BYTES`].
    pub bytes: Vec<u8>,
}

impl MemberImage {
    /// Makes an image of these bytes.
    ///
    /// # Errors
    /// The rule that they break, to be read after the field's name.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, &'static str> {
        if bytes.len() > MEMBER_IMAGE_MAX_BYTES {
            return Err("must have at most 102400 bytes");
        }
        match picture_type(&bytes) {
            // A picture that moves would draw the eye away from all others.
            None | Some("image/gif") => Err("must be a PNG, JPEG or WebP image"),
            Some(media_type) => Ok(Self { media_type, bytes }),
        }
    }
}

impl fmt::Debug for MemberImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberImage")
            .field("media_type", &self.media_type)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// Stored state of a member's image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredImage {
    /// The image; `None` if it was taken away, or there never was one.
    pub image: Option<MemberImage>,
    /// Counts changes; 0 before the first.
    pub version: u64,
}

/// The store of members' images.
#[async_trait]
pub trait MemberImageStore: Send + Sync {
    /// Returns what is stored of a member's image.
    async fn member_image(
        &self,
        scope: AccountScope,
        id: MemberId,
    ) -> Result<StoredImage, PortError>;
    /// Stores another image, or none, in the place of the one at `image.version`. `Conflict` when it changed.
    async fn save_member_image(
        &self,
        scope: AccountScope,
        id: MemberId,
        image: &StoredImage,
        by: By<'_>,
    ) -> Result<(), PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = &[0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', 0];

    /// SPEC E02.
    #[test]
    fn an_image_is_a_png_a_jpeg_or_a_webp_of_at_most_100_kib() {
        let kinds: [(&[u8], &str); 3] = [
            (PNG, "image/png"),
            (&[0xFF, 0xD8, 0xFF, 0xE0], "image/jpeg"),
            (b"RIFF\x1A\x00\x00\x00WEBPVP8L", "image/webp"),
        ];
        for (bytes, media_type) in kinds {
            let image = MemberImage::from_bytes(bytes.to_vec()).unwrap();
            assert_eq!(image.media_type, media_type);
            assert_eq!(image.bytes, bytes);
        }
        let wrong: [&[u8]; 4] = [b"", b"GIF89a", b"<svg xmlns='x'/>", b"\x89PNG"];
        for bytes in wrong {
            let refused = MemberImage::from_bytes(bytes.to_vec());
            assert_eq!(refused, Err("must be a PNG, JPEG or WebP image"));
        }
        let mut large = PNG.to_vec();
        large.resize(MEMBER_IMAGE_MAX_BYTES, 0);
        assert!(MemberImage::from_bytes(large.clone()).is_ok());
        large.push(0);
        let refused = MemberImage::from_bytes(large);
        assert_eq!(refused, Err("must have at most 102400 bytes"));
    }

    #[test]
    fn the_log_tells_the_size_of_an_image_and_not_its_bytes() {
        let image = MemberImage::from_bytes(PNG.to_vec()).unwrap();
        let shown = format!("{image:?}");
        assert!(shown.contains("bytes: 9"), "{shown}");
    }
}
