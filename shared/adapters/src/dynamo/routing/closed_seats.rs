//! Seats that members leave behind: closed ones without load.

use super::DynamoRouting;
use crate::dynamo::{
    items::RequeueItem,
    keys,
    table::{Cancelled, Transacted, delete_write, n},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::Delete;
use std::collections::HashMap;
use vestibule_domain::{
    AccountScope, PortError, ids::MemberId, ports::ClosedSeats, routing::demand::Desk,
};

#[async_trait]
impl ClosedSeats for DynamoRouting {
    async fn closed_desks(
        &self,
        scope: AccountScope,
        member_id: MemberId,
    ) -> Result<Vec<Desk>, PortError> {
        let key = keys::requeue(scope, member_id);
        let item: Option<RequeueItem> = self.table.get(&key, "order to requeue").await?;
        let closed = item.map(|item| item.closed_channels).unwrap_or_default();
        let desks = closed.into_iter().map(|channel| Desk { scope, channel });
        Ok(desks.collect())
    }

    async fn remove_closed(&self, desk: &Desk, member_id: MemberId) -> Result<(), PortError> {
        let names = [("#load", "load"), ("#limit", "limit")];
        let names: HashMap<String, String> = names
            .map(|(name, attribute)| (name.to_owned(), attribute.to_owned()))
            .into();
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(keys::seat(desk, member_id).attributes()))
            .condition_expression(
                "attribute_not_exists(pk) OR (attribute_not_exists(#limit) AND #load = :zero)",
            )
            .set_expression_attribute_names(Some(names))
            .expression_attribute_values(":zero", n(0))
            .build()
            .map_err(|error| PortError::rejected("dynamodb: Delete", error))?;
        match self.table.transact(vec![delete_write(delete)]).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => {
                let stays = matches!(reasons.first(), Some(Cancelled::Condition(_)));
                stays
                    .then_some(())
                    .ok_or(PortError::Conflict { what: "seat" })
            }
        }
    }
}
