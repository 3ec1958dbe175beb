//! The store of sign-ins that were refused.

use super::DynamoLogins;
use crate::dynamo::table::{Cancelled, Transacted};
use async_trait::async_trait;
use vestibule_domain::{
    AccountScope, PortError,
    event::AuditEntry,
    ids::LoginId,
    ports::{LoginStore, RefusalStore},
    team::login::Login,
};

#[async_trait]
impl RefusalStore for DynamoLogins {
    async fn refused_login(
        &self,
        id: LoginId,
    ) -> Result<Option<(Login, Vec<AccountScope>)>, PortError> {
        let Some(login) = self.get_login(id).await? else {
            return Ok(None);
        };
        let places = self.accounts(id).await?;
        let scopes = places.iter().map(|place| place.standing.member.scope);
        Ok(Some((login, scopes.collect())))
    }

    async fn record_refusal(&self, entries: &[AuditEntry]) -> Result<(), PortError> {
        if entries.is_empty() {
            return Ok(());
        }
        let writes = self.table.audit_writes(entries)?;
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => {
                let is_there = |reason: &Cancelled| matches!(reason, Cancelled::Condition(_));
                if reasons.iter().any(is_there) {
                    Ok(())
                } else {
                    Err(PortError::Conflict { what: "refusal" })
                }
            }
        }
    }
}
