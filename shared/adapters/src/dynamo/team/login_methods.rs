//! The store of login methods. The account's rules name those that are set up, so that each call finds them there.

use super::{DynamoTeam, FRESH};
use crate::aws::port_error;
use crate::dynamo::{
    items::LoginMethodItem,
    keys::{self, PK},
    table::{Cancelled, Transacted, delete_write, from_row, n, put_write, s},
};
use async_trait::async_trait;
use vestibule_domain::{
    AccountScope, PortError,
    account::Account,
    ids::LoginMethodId,
    ports::{By, Created, LoginMethodStore, MethodDeletion},
    team::login_method::LoginMethod,
};

const WHAT: &str = "login method";

impl DynamoTeam {
    /// Reads the account whose rules name the methods.
    async fn ruled_account(&self, scope: AccountScope) -> Result<Account, PortError> {
        let account = self.table.account(scope).await?;
        account.ok_or(PortError::Conflict { what: "account" })
    }
}

#[async_trait]
impl LoginMethodStore for DynamoTeam {
    async fn list_methods(&self, scope: AccountScope) -> Result<Vec<LoginMethod>, PortError> {
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression(format!("{PK} = :methods"))
            .expression_attribute_values(":methods", s(keys::login_methods(scope)))
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (login methods)", error))?;
        let rows = answer.items.unwrap_or_default().into_iter();
        let mut methods = rows
            .map(|row| Ok(from_row::<LoginMethodItem>(row, WHAT)?.into()))
            .collect::<Result<Vec<LoginMethod>, PortError>>()?;
        methods.sort_by_key(|one| (one.created_at, one.id));
        Ok(methods)
    }

    async fn get_method(
        &self,
        scope: AccountScope,
        id: LoginMethodId,
    ) -> Result<Option<LoginMethod>, PortError> {
        let key = keys::login_method(scope, id);
        let item: Option<LoginMethodItem> = self.table.get(&key, WHAT).await?;
        Ok(item.map(Into::into))
    }

    async fn create_method(
        &self,
        method: &LoginMethod,
        by: By<'_>,
    ) -> Result<Created<LoginMethod>, PortError> {
        let mut account = self.ruled_account(method.scope).await?;
        let issuer = method.provider.issuer().map(str::to_owned);
        account.rules.methods.insert(method.id, issuer);
        account.updated_at = by.audit.at;
        let rules = self.table.account_update(&account)?;
        let item = LoginMethodItem::from(method);
        let put = self.table.put_part(&item, FRESH, &[])?;
        let writes = vec![put_write(put), rules];
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(Created::New),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                Some(Cancelled::Condition(Some(row))) => {
                    let item: LoginMethodItem = from_row(row, WHAT)?;
                    Ok(Created::Existing(Box::new(item.into())))
                }
                _ => Err(PortError::Conflict { what: WHAT }),
            },
        }
    }

    async fn update_method(&self, method: &LoginMethod, by: By<'_>) -> Result<(), PortError> {
        let item = LoginMethodItem::from(&LoginMethod {
            version: method.version + 1,
            ..method.clone()
        });
        self.table
            .replace_by(&item, method.version, vec![], by, WHAT)
            .await
    }

    async fn delete_method(
        &self,
        method: &LoginMethod,
        by: By<'_>,
    ) -> Result<MethodDeletion, PortError> {
        let mut account = self.ruled_account(method.scope).await?;
        account.rules.methods.remove(&method.id);
        if account.rules.sso_only && account.rules.methods.is_empty() {
            return Ok(MethodDeletion::LastMethod);
        }
        account.updated_at = by.audit.at;
        let delete = self.table.delete_part(
            &keys::login_method(method.scope, method.id),
            "version = :read",
            &[(":read", n(method.version))],
        )?;
        let writes = vec![delete_write(delete), self.table.account_update(&account)?];
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(MethodDeletion::Done),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }
}
