//! The store of the channels that accounts add.

use super::{DynamoTeam, FRESH};
use crate::dynamo::{
    changes::updated_before,
    items::ChannelsItem,
    keys,
    table::{Transacted, put_write},
};
use async_trait::async_trait;
use vestibule_domain::{
    AccountScope, PortError,
    account::channel::Channels,
    ports::{By, ChannelStore},
};

const WHAT: &str = "channels";

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
}
