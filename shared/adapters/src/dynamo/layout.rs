//! The layout of a project, on a row that every change of an environment, and of where a connector leads, writes:
//! whichever of two such changes is written last is refused, or sees the other. A list of an index would not do,
//! because it lags behind.

use super::{
    items::{ConnectorItem, EnvironmentItem},
    keys::{self, ALL_PK, ENVIRONMENT_PREFIX, INDEX_ALL, Key, PK, SK},
    table::{Attributes, Table, check_write, from_row, n, s, take, update_write},
};
use crate::aws::port_error;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::collections::{BTreeMap, BTreeSet};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    account::{Environment, layout::ProjectLayout},
    connector::Connector,
    ids::{ConnectorId, EnvironmentId},
};

const WHAT: &str = "layout";
/// Prefix of the attributes that name a connector. Each holds the environment's id.
const CONNECTOR_PREFIX: &str = "CONNECTOR#";
/// The project was not deleted.
const EXISTS: &str = "attribute_not_exists(deleted_at)";
/// The project is in use: neither archived nor deleted.
const LIVES: &str = "attribute_not_exists(deleted_at) AND attribute_not_exists(archived_at)";

fn place(id: ConnectorId) -> String {
    format!("{CONNECTOR_PREFIX}{id}")
}

/// Reads the row: the count of changes, and the connectors.
fn read(row: &Attributes) -> Result<(u64, BTreeMap<ConnectorId, EnvironmentId>), PortError> {
    let corrupt = || PortError::corrupt(WHAT, "an attribute cannot be read");
    let version = row.get("version").and_then(|version| version.as_n().ok());
    let version = match version {
        Some(digits) => digits.parse().map_err(|_| corrupt())?,
        None => 0,
    };
    let mut connectors = BTreeMap::new();
    for (name, value) in row {
        let Some(id) = name.strip_prefix(CONNECTOR_PREFIX) else {
            continue;
        };
        let leads_to = value.as_s().ok().and_then(|text| text.parse().ok());
        let id = id.parse().map_err(|_| corrupt())?;
        connectors.insert(id, leads_to.ok_or_else(corrupt)?);
    }
    Ok((version, connectors))
}

impl Table {
    /// Reads the layout. The count of changes is read first, so that a write which names it is refused if anything
    /// changed after it was read.
    pub(super) async fn layout(&self, scope: ProjectScope) -> Result<ProjectLayout, PortError> {
        let key = keys::layout(scope);
        let row = self
            .get_batch(std::slice::from_ref(&key))
            .await?
            .remove(&key);
        let (version, connectors) = match &row {
            Some(row) => read(row)?,
            None => (0, BTreeMap::new()),
        };
        Ok(ProjectLayout {
            environments: self.environments_of(scope).await?,
            connectors,
            version,
        })
    }

    /// Reads the environments of a project, consistently, in their order.
    async fn environments_of(&self, scope: ProjectScope) -> Result<Vec<Environment>, PortError> {
        let mut found: Vec<Environment> = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.name)
                .consistent_read(true)
                .key_condition_expression(format!(
                    "{PK} = :project AND begins_with({SK}, :environments)"
                ))
                .expression_attribute_values(":project", s(keys::rows_of_project(scope)))
                .expression_attribute_values(":environments", s(ENVIRONMENT_PREFIX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| port_error("dynamodb: Query (environments)", error))?;
            for row in answer.items.unwrap_or_default() {
                found.push(from_row::<EnvironmentItem>(row, "environment")?.into());
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        found.sort_by_key(|one| (one.position, one.id.to_string()));
        Ok(found)
    }

    /// Makes the write that counts a change of the environments, made from the layout at `version`.
    pub(super) fn layout_write(
        &self,
        scope: ProjectScope,
        version: u64,
    ) -> Result<TransactWriteItem, PortError> {
        let key = keys::layout(scope);
        let add = "ADD version :one";
        let update = if version == 0 {
            let is_first = format!("attribute_not_exists(version) AND {LIVES}");
            self.update_part(&key, add, &is_first, &[], &[(":one", n(1))])?
        } else {
            let is_as_read = format!("version = :read AND {LIVES}");
            let values = [(":one", n(1)), (":read", n(version))];
            self.update_part(&key, add, &is_as_read, &[], &values)?
        };
        Ok(update_write(update))
    }

    /// Makes the write by which a project is archived at this time, or taken back, made from the layout at `version`.
    pub(super) fn archive_layout_write(
        &self,
        scope: ProjectScope,
        version: u64,
        archived_at: Option<Timestamp>,
    ) -> Result<TransactWriteItem, PortError> {
        let mut values = vec![(":one", n(1))];
        let condition = if version == 0 {
            "attribute_not_exists(version)"
        } else {
            values.push((":read", n(version)));
            "version = :read AND attribute_not_exists(deleted_at)"
        };
        let update = match archived_at {
            Some(at) => {
                values.push((":at", s(at)));
                "SET archived_at = :at ADD version :one"
            }
            None => "REMOVE archived_at ADD version :one",
        };
        let key = keys::layout(scope);
        let update = self.update_part(&key, update, condition, &[], &values)?;
        Ok(update_write(update))
    }

    /// Makes the write by which the project of a layout at `version` is deleted at this time.
    pub(super) fn delete_layout_write(
        &self,
        scope: ProjectScope,
        version: u64,
        at: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let mut values = vec![(":one", n(1)), (":at", s(at))];
        let condition = if version == 0 {
            "attribute_not_exists(version)".to_owned()
        } else {
            values.push((":read", n(version)));
            format!("version = :read AND {EXISTS}")
        };
        let key = keys::layout(scope);
        let delete = "SET deleted_at = :at ADD version :one";
        let update = self.update_part(&key, delete, &condition, &[], &values)?;
        Ok(update_write(update))
    }

    /// Makes the writes by which a connector says where it leads: the layout, and the check that the environment
    /// exists.
    pub(super) fn leading_writes(
        &self,
        connector: &Connector,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let place = place(connector.id);
        let update = self.update_part(
            &keys::layout(connector.scope),
            "SET #place = :environment ADD version :one",
            LIVES,
            &[("#place", place.as_str())],
            &[
                (":environment", s(connector.environment_id)),
                (":one", n(1)),
            ],
        )?;
        let check = self.environment_check(connector.scope, connector.environment_id)?;
        Ok(vec![update_write(update), check])
    }

    /// Makes the write by which a connector that goes leads nowhere.
    pub(super) fn led_write(&self, connector: &Connector) -> Result<TransactWriteItem, PortError> {
        let place = place(connector.id);
        let update = self.update_part(
            &keys::layout(connector.scope),
            "REMOVE #place ADD version :one",
            EXISTS,
            &[("#place", place.as_str())],
            &[(":one", n(1))],
        )?;
        Ok(update_write(update))
    }

    /// Reads the connectors of a project: those that the layout names, and those that only the list does since an
    /// earlier release.
    pub(super) async fn connectors_of(
        &self,
        scope: ProjectScope,
        layout: &ProjectLayout,
    ) -> Result<Vec<Connector>, PortError> {
        let mut ids: BTreeSet<ConnectorId> = layout.connectors.keys().copied().collect();
        let mut start = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.name)
                .index_name(INDEX_ALL)
                .key_condition_expression(format!("{ALL_PK} = :list"))
                .expression_attribute_values(":list", s(keys::connectors(scope)))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| port_error("dynamodb: Query (connectors)", error))?;
            for row in answer.items.unwrap_or_default() {
                let item: ConnectorItem = from_row(row, "connector")?;
                ids.insert(Connector::from(item).id);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let places: Vec<Key> = ids.into_iter().map(keys::connector).collect();
        let mut rows = self.get_batch(&places).await?;
        let mut found = Vec::new();
        for key in &places {
            let item: Option<ConnectorItem> = take(&mut rows, key, "connector")?;
            found.extend(item.filter(|item| item.scope == scope).map(Connector::from));
        }
        Ok(found)
    }

    /// Makes the check that an environment exists.
    pub(super) fn environment_check(
        &self,
        scope: ProjectScope,
        id: EnvironmentId,
    ) -> Result<TransactWriteItem, PortError> {
        let key = keys::environment(scope, id);
        let check = self.check_part(&key, "attribute_exists(pk)", &[], &[])?;
        Ok(check_write(check))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_each_connector_with_its_environment_and_counts_changes() {
        let [one, other] = ["c", "d"].map(|name| ConnectorId::derive(&[name]));
        let leads_to = EnvironmentId::derive(&["e"]);
        let row = Attributes::from([
            ("pk".to_owned(), s("P")),
            ("version".to_owned(), n(7)),
            (place(one), s(leads_to)),
            (place(other), s(leads_to)),
        ]);
        let expected = BTreeMap::from([(one, leads_to), (other, leads_to)]);
        assert_eq!(read(&row).unwrap(), (7, expected));
        assert_eq!(read(&Attributes::new()).unwrap(), (0, BTreeMap::new()));
        for (name, value) in [
            ("CONNECTOR#x".to_owned(), s(leads_to)),
            (place(one), s("x")),
            (place(one), n(1)),
        ] {
            let row = Attributes::from([(name.clone(), value)]);
            assert!(read(&row).is_err(), "{name}");
        }
    }
}
