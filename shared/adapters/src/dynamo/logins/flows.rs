//! The store of sign-ins on their way through a provider.

use super::DynamoLogins;
use crate::dynamo::{
    items::FlowItem,
    keys,
    table::{Cancelled, Conditional, Transacted, delete_write, from_row},
};
use async_trait::async_trait;
use vestibule_domain::{
    PortError, Timestamp,
    ports::{FlowStore, SignInFlow},
};

const WHAT: &str = "sign-in at a provider";

#[async_trait]
impl FlowStore for DynamoLogins {
    async fn save_flow(&self, flow: &SignInFlow) -> Result<(), PortError> {
        let item = FlowItem::from(flow);
        let put = self
            .table
            .put_part(&item, "attribute_not_exists(pk)", &[])?;
        match self.table.put(put).await? {
            Conditional::Done(_) => Ok(()),
            // Check whether an earlier attempt of this call took effect and its answer was lost.
            Conditional::Failed(Some(row)) if from_row::<FlowItem>(row.clone(), WHAT)? == item => {
                Ok(())
            }
            Conditional::Failed(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn take_flow(
        &self,
        state_hash: &str,
        now: Timestamp,
    ) -> Result<Option<SignInFlow>, PortError> {
        let key = keys::flow(state_hash);
        let Some(item) = self.table.get::<FlowItem>(&key, WHAT).await? else {
            return Ok(None);
        };
        // A transaction, because its attempts have one token: a lost answer is not a flow that was taken before.
        let delete = self.table.delete_part(&key, "attribute_exists(pk)", &[])?;
        match self.table.transact(vec![delete_write(delete)]).await? {
            Transacted::Done => {
                let flow = SignInFlow::from(item);
                Ok(Some(flow).filter(|flow| now < flow.expires_at))
            }
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                Some(Cancelled::Condition(_)) => Ok(None),
                _ => Err(PortError::Conflict { what: WHAT }),
            },
        }
    }
}
