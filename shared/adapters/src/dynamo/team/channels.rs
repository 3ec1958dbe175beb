//! The store of the channels that accounts add.

use super::{DynamoTeam, FRESH};
use crate::dynamo::{
    changes::updated_before,
    items::ChannelsItem,
    keys,
    table::{Attributes, Transacted, delete_write, key_of, n, put_write},
};
use async_trait::async_trait;
use vestibule_domain::{
    AccountScope, PortError,
    account::channel::Channels,
    ports::{By, ChannelStore},
    routing::demand::Desk,
};

const WHAT: &str = "channels";
/// Rows that one transaction deletes, beside the checks of the caller's right.
const DELETED_AT_ONCE: usize = 90;

/// Whether a row of a desk is a closed seat without load, or a queue in which nothing waits.
fn is_at_rest(row: &Attributes) -> bool {
    let is_zero = |name: &str| row.get(name).is_none_or(|number| *number == n(0));
    !row.contains_key("limit") && is_zero("load") && is_zero("waiting")
}

#[async_trait]
impl ChannelStore for DynamoTeam {
    async fn channels(&self, scope: AccountScope) -> Result<Channels, PortError> {
        let item: Option<ChannelsItem> = self.table.get(&keys::channels(scope), WHAT).await?;
        Ok(item.map(Into::into).unwrap_or_default())
    }

    async fn save_channels(
        &self,
        channels: &Channels,
        scope: AccountScope,
        by: By<'_>,
    ) -> Result<(), PortError> {
        let read = channels.version;
        let next = Channels {
            version: read + 1,
            ..channels.clone()
        };
        let item = ChannelsItem::new(scope, &next);
        if read > 0 {
            return self.table.replace_by(&item, read, vec![], by, WHAT).await;
        }
        let put = self.table.put_part(&item, FRESH, &[])?;
        match self.table.transact_by(vec![put_write(put)], by).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => {
                updated_before(reasons.into_iter().next(), &item, WHAT)
            }
        }
    }

    async fn clear_desk(&self, desk: &Desk, by: By<'_>) -> Result<bool, PortError> {
        let what = "dynamodb: Query (desk)";
        let rows = self.table.partition(&keys::desk(desk), what).await?;
        let mut deletes = Vec::new();
        for row in rows {
            let Some(key) = key_of(&row) else {
                continue;
            };
            if !is_at_rest(&row) {
                return Ok(false);
            }
            // Whatever changes a seat or a queue counts it; a queue has no moves.
            let mut condition = "version = :version".to_owned();
            let version = row.get("version").cloned().unwrap_or_else(|| n(0));
            let mut values = vec![(":version", version)];
            if let Some(moves) = row.get("moves") {
                condition.push_str(" AND moves = :moves");
                values.push((":moves", moves.clone()));
            }
            let delete = self.table.delete_part(&key, &condition, &values)?;
            deletes.push(delete_write(delete));
        }
        for some in deletes.chunks(DELETED_AT_ONCE) {
            let outcome = self
                .table
                .transact_proven(some.to_vec(), by.proof, by.audit.at, vec![])
                .await?;
            if let Transacted::Cancelled(_) = outcome {
                return Err(PortError::Conflict { what: "desk" });
            }
        }
        Ok(true)
    }
}
