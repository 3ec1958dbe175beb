//! Blocks that outlive the erasure of their people (SPEC A45, C41). Nothing of such a person is kept but keyed hashes of
//! the ids under which the block counts.

use crate::{
    Timestamp,
    chat::user::ChatUser,
    connector::Provider,
    event::{Change, Event},
    ids::{ConnectorId, KeptBlockId},
    record::Record,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A block whose person is erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBlock {
    /// The keyed hash of the id that the person was on record under.
    pub id: KeptBlockId,
    /// The keyed hashes of the person's further ids.
    pub further_ids: BTreeSet<KeptBlockId>,
    /// The platform.
    pub provider: Provider,
    /// The connectors through which the person wrote.
    pub connectors: BTreeSet<ConnectorId>,
    /// Time of the block.
    pub blocked_at: Timestamp,
    /// Name of the person who blocked, as shown to admins.
    pub blocked_by: String,
    /// Time of the erasure.
    pub erased_at: Timestamp,
    /// Counts changes.
    pub version: u64,
}

impl Record for KeptBlock {
    fn version(&self) -> u64 {
        self.version
    }
}

impl KeptBlock {
    /// The change that lifts this block.
    #[must_use]
    pub fn lift(&self) -> Change {
        Change {
            event: Event::KeptBlockLifted(self.id),
            before: json!({"blocked_at": self.blocked_at, "erased_at": self.erased_at}),
            after: Value::Null,
        }
    }
}

impl ChatUser {
    /// The change that erases this person. It says whether a block stays, and not which.
    #[must_use]
    pub fn erasure(&self) -> Change {
        Change {
            event: Event::ChatUserErased(self.id),
            before: json!({"status": self.status()}),
            after: self
                .block
                .as_ref()
                .map_or(Value::Null, |_| json!({"block": "kept"})),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::user::Block,
        samples::{at, block, chat_user, kept_block},
    };

    #[test]
    fn an_erasure_is_recorded_with_the_fact_that_a_block_stays_and_without_its_note() {
        assert_eq!(chat_user().erasure().after, Value::Null);
        let blocked = ChatUser {
            block: Some(Block {
                note: Some("Ada insulted us".to_owned()),
                ..block()
            }),
            ..chat_user()
        };
        let change = blocked.erasure();
        assert_eq!(change.before, json!({"status": "blocked"}));
        assert_eq!(change.after, json!({"block": "kept"}));
    }

    #[test]
    fn a_lifted_block_is_recorded_by_its_times() {
        let change = kept_block().lift();
        let told = json!({"blocked_at": at(1), "erased_at": at(9)});
        assert_eq!((change.before, change.after), (told, Value::Null));
        let target = format!("kept_block:{}", kept_block().id);
        assert_eq!(change.event.target(), target);
    }
}
