//! The store of the channels that accounts add.

use super::{DynamoTeam, FRESH};
use crate::dynamo::{
    changes::updated_before,
    items::ChannelsItem,
    keys,
    table::{Attributes, Table, Transacted, delete_write, key_of, n, put_write},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    AccountScope, PortError,
    account::channel::{Channels, is_of_connectors},
    ports::{By, ChannelStore},
    routing::demand::Desk,
    team::work::Work,
};

const WHAT: &str = "channels";
/// Rows that one transaction deletes, beside the checks of the caller's right.
const DELETED_AT_ONCE: usize = 90;

/// Whether a row of a desk is a closed seat without load, or a queue in which nothing waits.
fn is_at_rest(row: &Attributes) -> bool {
    let is_zero = |name: &str| row.get(name).is_none_or(|number| *number == n(0));
    !row.contains_key("limit") && is_zero("load") && is_zero("waiting")
}

impl Table {
    /// Makes the write that keeps the channels which a member gets, beside what the member had: whoever removes one
    /// meanwhile finds that the catalogue has changed. `None` where connectors bring all of them. `Conflict` when the
    /// account has one no more.
    pub(super) async fn channels_hold(
        &self,
        scope: AccountScope,
        after: &Work,
        before: Option<&Work>,
    ) -> Result<Option<TransactWriteItem>, PortError> {
        let had = |key: &str| before.is_some_and(|before| before.channels.contains_key(key));
        let wanted = after.channels.keys().map(String::as_str);
        let gained: Vec<&str> = wanted
            .filter(|key| !is_of_connectors(key) && !had(key))
            .collect();
        if gained.is_empty() {
            return Ok(None);
        }
        let item: Option<ChannelsItem> = self.get(&keys::channels(scope), WHAT).await?;
        let channels = item.map(Channels::from).unwrap_or_default();
        if gained.iter().any(|key| channels.get(key).is_none()) {
            return Err(PortError::Conflict { what: WHAT });
        }
        let read = [(":read", n(channels.version))];
        let next = Channels {
            version: channels.version + 1,
            ..channels
        };
        let item = ChannelsItem::new(scope, &next);
        let put = self.put_part(&item, "version = :read", &read)?;
        Ok(Some(put_write(put)))
    }
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
