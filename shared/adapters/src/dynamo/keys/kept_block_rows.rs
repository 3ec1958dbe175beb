//! The keys of blocks whose people are erased.

use super::{Key, project_pk};
use vestibule_domain::{ProjectScope, ids::KeptBlockId};

/// A block whose person is erased, under the keyed hash of an id of theirs.
#[must_use]
pub fn kept_block(scope: ProjectScope, id: KeptBlockId) -> Key {
    Key::new(format!("{}#USER#{id}", project_pk(scope)), KEPT_BLOCK)
}

const KEPT_BLOCK: &str = "KEPT_BLOCK";

/// Whether a row is that of a block whose person is erased.
#[must_use]
pub fn is_kept_block(key: &Key) -> bool {
    key.sk == KEPT_BLOCK
}

/// The list of blocks whose people are erased.
#[must_use]
pub fn kept_blocks(scope: ProjectScope) -> String {
    format!("{}#KEPT_BLOCKS", project_pk(scope))
}
