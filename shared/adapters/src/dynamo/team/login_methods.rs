//! The store of login methods. The account's rules name those that are set up, so that each call finds them there.

use super::{DynamoTeam, FRESH};
use crate::aws::port_error;
use crate::dynamo::{
    changes::at_version,
    items::LoginMethodItem,
    keys::{self, PK},
    table::{Cancelled, Table, Transacted, check_write, delete_write, from_row, n, put_write, s},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    AccountScope, PortError,
    account::Account,
    ids::LoginMethodId,
    ports::{By, Created, LoginMethodStore, MethodOutcome},
    team::login_method::LoginMethod,
};

const WHAT: &str = "login method";

impl DynamoTeam {
    /// Reads the account whose rules name the methods.
    async fn ruled_account(&self, scope: AccountScope) -> Result<Account, PortError> {
        let account = self.table.account(scope).await?;
        account.ok_or(PortError::Conflict { what: "account" })
    }

    /// Makes the checks by which an account of single sign-on only keeps a tried login method besides `method`.
    /// `None` if it has none.
    async fn others_tried(
        &self,
        account: &Account,
        method: &LoginMethod,
    ) -> Result<Option<Vec<TransactWriteItem>>, PortError> {
        if !account.rules.sso_only {
            return Ok(Some(Vec::new()));
        }
        let all = self.list_methods(method.scope).await?;
        let mut others = all.iter().filter(|other| other.id != method.id);
        let Some(tried) = others.find(|other| other.tried_at.is_some()) else {
            return Ok(None);
        };
        Ok(Some(vec![self.table.tried_check(tried.scope, tried.id)?]))
    }
}

impl Table {
    /// Makes the check that a login method is there and was tried.
    pub(in crate::dynamo) fn tried_check(
        &self,
        scope: AccountScope,
        id: LoginMethodId,
    ) -> Result<TransactWriteItem, PortError> {
        let key = keys::login_method(scope, id);
        let check = self.check_part(&key, "attribute_exists(tried_at)", &[], &[])?;
        Ok(check_write(check))
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

    async fn update_method(
        &self,
        method: &LoginMethod,
        by: By<'_>,
    ) -> Result<MethodOutcome, PortError> {
        let mut checks = Vec::new();
        if method.tried_at.is_none() {
            let account = self.ruled_account(method.scope).await?;
            let Some(others) = self.others_tried(&account, method).await? else {
                return Ok(MethodOutcome::LastTried);
            };
            checks = others;
            // Single sign-on only may be turned on meanwhile.
            let unchanged = self.table.check_part(
                &keys::account(method.scope),
                at_version(account.version),
                &[],
                &[(":read", n(account.version))],
            )?;
            checks.push(check_write(unchanged));
        }
        let item = LoginMethodItem::from(&LoginMethod {
            version: method.version + 1,
            ..method.clone()
        });
        self.table
            .replace_by(&item, method.version, checks, by, WHAT)
            .await?;
        Ok(MethodOutcome::Done)
    }

    async fn delete_method(
        &self,
        method: &LoginMethod,
        by: By<'_>,
    ) -> Result<MethodOutcome, PortError> {
        let mut account = self.ruled_account(method.scope).await?;
        let Some(others) = self.others_tried(&account, method).await? else {
            return Ok(MethodOutcome::LastTried);
        };
        account.rules.methods.remove(&method.id);
        account.updated_at = by.audit.at;
        let delete = self.table.delete_part(
            &keys::login_method(method.scope, method.id),
            "version = :read",
            &[(":read", n(method.version))],
        )?;
        let mut writes = vec![delete_write(delete), self.table.account_update(&account)?];
        writes.extend(others);
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(MethodOutcome::Done),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }
}
