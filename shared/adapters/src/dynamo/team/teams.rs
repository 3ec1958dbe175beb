//! The store of teams. A row by the name's hash keeps each name unique within its account.

use super::{DynamoTeam, FRESH};
use crate::{
    aws::port_error,
    dynamo::{
        changes::updated_before,
        items::{TeamItem, TeamNameItem},
        keys::{self, INDEX_BY_STATE, STATE_PK},
        lists::{Index, List},
        table::{Cancelled, Table, Transacted, delete_write, from_row, n, put_write, s},
    },
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    AccountScope, PortError,
    ids::TeamId,
    page::{ListError, Order, Page, PageRequest},
    ports::{By, TeamAdded, TeamOutcome, TeamStore},
    team::team_record::Team,
};

const WHAT: &str = "team";
/// Place of the name among the writes of a team.
const NAME: usize = 1;

impl DynamoTeam {
    /// Makes the write that keeps a team's name for it.
    fn name_write(&self, team: &Team) -> Result<TransactWriteItem, PortError> {
        let put = self.table.put_part(
            &TeamNameItem::from(team),
            "attribute_not_exists(pk) OR team_id = :own",
            &[(":own", s(team.id))],
        )?;
        Ok(put_write(put))
    }

    /// Makes the write that frees a team's name.
    fn name_removal(&self, team: &Team) -> Result<TransactWriteItem, PortError> {
        let key = keys::team_name(team.scope, &Team::name_hash(&team.name));
        let delete = self.table.delete_part(
            &key,
            "attribute_not_exists(pk) OR team_id = :own",
            &[(":own", s(team.id))],
        )?;
        Ok(delete_write(delete))
    }
}

impl Table {
    /// Reads all teams of an account, as the list shows them.
    pub(in crate::dynamo) async fn teams_of(
        &self,
        scope: AccountScope,
    ) -> Result<Vec<Team>, PortError> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.name)
                .index_name(INDEX_BY_STATE)
                .key_condition_expression(format!("{STATE_PK} = :teams"))
                .expression_attribute_values(":teams", s(keys::teams(scope)))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| port_error("dynamodb: Query (teams)", error))?;
            for row in answer.items.unwrap_or_default() {
                let team = Team::from(from_row::<TeamItem>(row, WHAT)?);
                // IAM does not restrict the attributes by which an index leads to rows.
                if team.scope == scope {
                    found.push(team);
                }
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }
}

/// Whether another team has the name, as the reason of this write tells.
fn is_name_taken(reasons: &[Cancelled]) -> bool {
    matches!(reasons.get(NAME), Some(Cancelled::Condition(_)))
}

#[async_trait]
impl TeamStore for DynamoTeam {
    async fn list_teams(
        &self,
        scope: AccountScope,
        page: &PageRequest,
    ) -> Result<Page<Team>, ListError> {
        let list = List {
            index: Index::ByState,
            ..List::all(keys::teams(scope))
        };
        let by_name = PageRequest {
            order: Order::OldestFirst,
            ..page.clone()
        };
        let rows = self.table.page(&list, &by_name, &self.vault).await?;
        let mut teams = Vec::new();
        for row in rows.items {
            let team = Team::from(from_row::<TeamItem>(row, WHAT)?);
            // IAM does not restrict the attributes by which an index leads to rows.
            if team.scope == scope {
                teams.push(team);
            }
        }
        Ok(Page {
            items: teams,
            next: rows.next,
        })
    }

    async fn get_team(&self, scope: AccountScope, id: TeamId) -> Result<Option<Team>, PortError> {
        let item: Option<TeamItem> = self.table.get(&keys::team(scope, id), WHAT).await?;
        Ok(item.map(Into::into))
    }

    async fn team_named(&self, scope: AccountScope, name: &str) -> Result<Option<Team>, PortError> {
        let key = keys::team_name(scope, &Team::name_hash(name));
        let named: Option<TeamNameItem> = self.table.get(&key, "name of a team").await?;
        match named {
            Some(named) => self.get_team(scope, named.team_id).await,
            None => Ok(None),
        }
    }

    async fn add_team(&self, team: &Team, by: By<'_>) -> Result<TeamAdded, PortError> {
        let put = self.table.put_part(&TeamItem::from(team), FRESH, &[])?;
        let name = self.table.put_part(&TeamNameItem::from(team), FRESH, &[])?;
        let writes = vec![put_write(put), put_write(name)];
        let reasons = match self.table.transact_by(writes, by).await? {
            Transacted::Done => return Ok(TeamAdded::New),
            Transacted::Cancelled(reasons) => reasons,
        };
        if !is_name_taken(&reasons) {
            return Err(PortError::Conflict { what: WHAT });
        }
        match self.team_named(team.scope, &team.name).await? {
            // An earlier attempt of this call took effect and its answer was lost.
            Some(existing) if existing.id == team.id => Ok(TeamAdded::New),
            Some(existing) => Ok(TeamAdded::Existing(Box::new(existing))),
            // It was deleted or renamed meanwhile.
            None => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn update_team(
        &self,
        after: &Team,
        before: &Team,
        by: By<'_>,
    ) -> Result<TeamOutcome, PortError> {
        let item = TeamItem::from(&Team {
            version: before.version + 1,
            ..after.clone()
        });
        let read = [(":read", n(before.version))];
        let put = self.table.put_part(&item, "version = :read", &read)?;
        let mut writes = vec![put_write(put), self.name_write(after)?];
        if !before.is_named(&after.name) {
            writes.push(self.name_removal(before)?);
        }
        let reasons = match self.table.transact_by(writes, by).await? {
            Transacted::Done => return Ok(TeamOutcome::Done),
            Transacted::Cancelled(reasons) => reasons,
        };
        if is_name_taken(&reasons) {
            return Ok(TeamOutcome::NameTaken);
        }
        updated_before(reasons.into_iter().next(), &item, WHAT)?;
        Ok(TeamOutcome::Done)
    }

    async fn delete_team(&self, team: &Team, by: By<'_>) -> Result<(), PortError> {
        let delete = self.table.delete_part(
            &keys::team(team.scope, team.id),
            "version = :read",
            &[(":read", n(team.version))],
        )?;
        let writes = vec![delete_write(delete), self.name_removal(team)?];
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }
}
