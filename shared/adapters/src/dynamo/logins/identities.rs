//! The identities that accounts bound to a login.

use super::{OWN_OR_NONE, WHAT};
use crate::dynamo::{
    items::LoginIdentityItem,
    keys,
    table::{Attributes, Cancelled, Table, Transacted, delete_write, from_row, s},
};
use vestibule_domain::{PortError, error::Chain, ids::LoginId, team::identity::AccountIdentity};

impl Table {
    /// Reads the identities that are bound to a login.
    pub(in crate::dynamo) async fn identity_rows(
        &self,
        id: LoginId,
    ) -> Result<Vec<LoginIdentityItem>, PortError> {
        let partition = keys::login_identities(id);
        let rows = self
            .partition(&partition, "dynamodb: Query (identities of a login)")
            .await?;
        let read = |row: Attributes| from_row(row, "identity of a login");
        rows.into_iter().map(read).collect()
    }

    /// Unbinds the identities of a login, all but `kept`. One that another login has by now stays.
    pub(in crate::dynamo) async fn unbind(
        &self,
        id: LoginId,
        kept: Option<&AccountIdentity>,
    ) -> Result<(), PortError> {
        for bound in self.identity_rows(id).await? {
            let is_kept =
                |kept: &AccountIdentity| kept.scope == bound.scope && kept.hash == bound.identity;
            if kept.is_some_and(is_kept) {
                continue;
            }
            let place = keys::identity(bound.scope, &bound.identity);
            let found = keys::login_identity(id, bound.scope.account_id(), &bound.identity);
            let own = [(":own", s(id))];
            let identity = delete_write(self.delete_part(&place, OWN_OR_NONE, &own)?);
            if let Transacted::Cancelled(reasons) = self.transact(vec![identity]).await?
                && !matches!(reasons.as_slice(), [Cancelled::Condition(_)])
            {
                return Err(PortError::Conflict { what: WHAT });
            }
            let pointer = delete_write(self.removal_part(&found)?);
            if let Transacted::Cancelled(_) = self.transact(vec![pointer]).await? {
                return Err(PortError::Conflict { what: WHAT });
            }
        }
        Ok(())
    }

    /// Unbinds what was bound between the unbinding before a proof of the address and the proof itself. Nothing is
    /// bound by earlier sessions from then on.
    pub(in crate::dynamo) async fn unbind_rest(&self, id: LoginId, kept: Option<&AccountIdentity>) {
        if let Err(error) = self.unbind(id, kept).await {
            tracing::error!(login.id = %id, error = %Chain(&error), "identities of a login that was proven may be left");
        }
    }
}
