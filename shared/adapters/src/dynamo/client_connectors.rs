//! The connectors that name a client, on rows beside the client's own. A change of a connector's client writes that
//! connector's row in its transaction, and the deletion of the client writes all of them: whichever of the two comes
//! last is refused. A list of an index would not do, because it lags behind.
//!
//! A row ends at 400 KB, some 7,500 connectors, so the connectors of a client are spread over several. Those written by
//! the release before stand on one more.

use super::{
    keys::{self, Key},
    table::{Attributes, Table, check_write, from_row, s, update_write},
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    connector::Connector,
    ids::{ClientId, ConnectorId},
    ports::ConnectorPlace,
};

const WHAT: &str = "connectors of a client";
/// Number of rows over which the connectors of a client are spread.
const PARTS: u8 = 8;

/// The row, as far as it is read.
#[derive(Deserialize)]
struct ClientConnectorsItem {
    #[serde(default)]
    connectors: BTreeSet<String>,
}

/// The place of a connector in the set: project and id, so that it can be found.
fn place(connector: &Connector) -> AttributeValue {
    AttributeValue::Ss(vec![place_text(connector)])
}

fn place_text(connector: &Connector) -> String {
    let project_id = connector.scope.project_id();
    format!("{project_id}/{}", connector.id)
}

/// The part of a client's connectors in which this one is.
fn part_of(id: ConnectorId) -> u8 {
    id.to_string().bytes().last().unwrap_or(0) % PARTS
}

/// The row of a connector among those of a client.
fn row_of(connector: &Connector, client_id: ClientId) -> Key {
    let part = part_of(connector.id);
    keys::client_connectors_part(connector.scope.account(), client_id, part)
}

fn read_place(text: &str) -> Result<ConnectorPlace, PortError> {
    let corrupt = || PortError::corrupt(WHAT, "a place is not `project/connector`");
    let (project_id, connector_id) = text.split_once('/').ok_or_else(corrupt)?;
    Ok(ConnectorPlace {
        project_id: project_id.parse().map_err(|_| corrupt())?,
        connector_id: connector_id.parse().map_err(|_| corrupt())?,
    })
}

/// The connectors that a row names.
pub(super) fn connectors_of(row: Attributes) -> Result<Vec<ConnectorPlace>, PortError> {
    let item: ClientConnectorsItem = from_row(row, WHAT)?;
    item.connectors
        .iter()
        .map(|text| read_place(text))
        .collect()
}

impl Table {
    /// Makes the write by which a connector comes to name its client, unless that was deleted.
    pub(super) fn client_named_write(
        &self,
        connector: &Connector,
    ) -> Result<TransactWriteItem, PortError> {
        let update = self.update_part(
            &row_of(connector, connector.client_id),
            "ADD connectors :place",
            "attribute_not_exists(deleted_at)",
            &[],
            &[(":place", place(connector))],
        )?;
        Ok(update_write(update))
    }

    /// Makes the writes by which a connector no longer names this client. It may stand on the row of the release
    /// before, or, if it is older, on none.
    pub(super) fn client_left_writes(
        &self,
        connector: &Connector,
        client_id: ClientId,
    ) -> Result<[TransactWriteItem; 2], PortError> {
        let old = keys::client_connectors(connector.scope.account(), client_id);
        let left = |key: &Key| -> Result<TransactWriteItem, PortError> {
            let update = Update::builder()
                .table_name(&self.name)
                .set_key(Some(key.attributes()))
                .update_expression("DELETE connectors :place")
                .expression_attribute_values(":place", place(connector))
                .build()
                .map_err(|error| PortError::rejected("dynamodb: Update", error))?;
            Ok(update_write(update))
        };
        Ok([left(&row_of(connector, client_id))?, left(&old)?])
    }

    /// Makes the writes by which these connectors, of any clients, name no client any more: one for each row.
    pub(super) fn clients_left_writes(
        &self,
        connectors: &[Connector],
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut places: HashMap<Key, Vec<String>> = HashMap::new();
        for connector in connectors {
            let old = keys::client_connectors(connector.scope.account(), connector.client_id);
            for row in [row_of(connector, connector.client_id), old] {
                places.entry(row).or_default().push(place_text(connector));
            }
        }
        places
            .into_iter()
            .map(|(key, places)| {
                let update = Update::builder()
                    .table_name(&self.name)
                    .set_key(Some(key.attributes()))
                    .update_expression("DELETE connectors :places")
                    .expression_attribute_values(":places", AttributeValue::Ss(places))
                    .build()
                    .map_err(|error| PortError::rejected("dynamodb: Update", error))?;
                Ok(update_write(update))
            })
            .collect()
    }

    /// Makes the writes by which a client is deleted for good, unless connectors name it.
    pub(super) fn client_gone_writes(
        &self,
        scope: AccountScope,
        id: ClientId,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let parts = (0..PARTS).map(|part| keys::client_connectors_part(scope, id, part));
        let rows = parts.chain([keys::client_connectors(scope, id)]);
        rows.map(|key| {
            let update = self.update_part(
                &key,
                "SET deleted_at = :now",
                "attribute_not_exists(connectors)",
                &[],
                &[(":now", s(now))],
            )?;
            Ok(update_write(update))
        })
        .collect()
    }

    /// Makes the check that no client with this id was deleted: an `Idempotency-Key` makes one record only.
    pub(super) fn client_new_check(
        &self,
        scope: AccountScope,
        id: ClientId,
    ) -> Result<TransactWriteItem, PortError> {
        let key = keys::client_connectors(scope, id);
        let check = self.check_part(&key, "attribute_not_exists(deleted_at)", &[], &[])?;
        Ok(check_write(check))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use vestibule_domain::ids::{AccountId, IdSource, ProjectId, SystemIds};

    #[test]
    fn a_row_names_each_connector_with_its_project() {
        let (project_id, connector_id) = (ProjectId::derive(&["p"]), ConnectorId::derive(&["c"]));
        let set = AttributeValue::Ss(vec![format!("{project_id}/{connector_id}")]);
        let row = HashMap::from([("connectors".to_owned(), set)]);
        let expected = ConnectorPlace {
            project_id,
            connector_id,
        };
        assert_eq!(connectors_of(row).unwrap(), [expected]);
        assert!(connectors_of(HashMap::new()).unwrap().is_empty());
        for wrong in ["", "p/c", "01JD3Q3Z9V8M4T6K2N7P5R1S0W"] {
            let set = AttributeValue::Ss(vec![wrong.to_owned()]);
            let row = HashMap::from([("connectors".to_owned(), set)]);
            assert!(connectors_of(row).is_err(), "{wrong}");
        }
    }

    /// DESIGN §4: no row grows without bound.
    #[test]
    fn the_connectors_of_a_client_are_spread_evenly_over_its_rows() {
        let client_id = ClientId::derive(&["c"]);
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let mut rows: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..8000 {
            let part = part_of(ConnectorId::new(SystemIds.draw()));
            let key = keys::client_connectors_part(scope, client_id, part);
            *rows.entry(key.sk).or_default() += 1;
        }
        assert_eq!(rows.len(), usize::from(PARTS));
        assert!(
            rows.values().all(|connectors| *connectors < 1500),
            "{rows:?}"
        );
    }
}
