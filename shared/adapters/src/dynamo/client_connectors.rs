//! The connectors that name a client, on a row beside the client's own. It is written in the transaction of each
//! such change of a connector, and of the client's deletion: whichever of the two is written last is refused.
//! A list of an index would not do, because it lags behind.

use super::{
    keys,
    table::{Attributes, Table, check_write, from_row, s, update_write},
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use vestibule_domain::{
    AccountScope, PortError, Timestamp, connector::Connector, ids::ClientId, ports::ConnectorPlace,
};

const WHAT: &str = "connectors of a client";

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
        let key = keys::client_connectors(connector.scope.account(), connector.client_id);
        let update = self.update_part(
            &key,
            "ADD connectors :place",
            "attribute_not_exists(deleted_at)",
            &[],
            &[(":place", place(connector))],
        )?;
        Ok(update_write(update))
    }

    /// Makes the write by which a connector no longer names this client. One of an earlier release may not be
    /// on the row.
    pub(super) fn client_left_write(
        &self,
        connector: &Connector,
        client_id: ClientId,
    ) -> Result<TransactWriteItem, PortError> {
        let key = keys::client_connectors(connector.scope.account(), client_id);
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .update_expression("DELETE connectors :place")
            .expression_attribute_values(":place", place(connector))
            .build()
            .map_err(|error| PortError::rejected("dynamodb: Update", error))?;
        Ok(update_write(update))
    }

    /// Makes the writes by which these connectors, of any clients, name no client any more: one for each client.
    pub(super) fn clients_left_writes(
        &self,
        connectors: &[Connector],
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut places: BTreeMap<ClientId, Vec<String>> = BTreeMap::new();
        for connector in connectors {
            let of_client = places.entry(connector.client_id).or_default();
            of_client.push(place_text(connector));
        }
        let Some(scope) = connectors.first().map(|one| one.scope.account()) else {
            return Ok(Vec::new());
        };
        places
            .into_iter()
            .map(|(id, places)| {
                let key = keys::client_connectors(scope, id);
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

    /// Makes the write by which a client is deleted for good, unless connectors name it.
    pub(super) fn client_gone_write(
        &self,
        scope: AccountScope,
        id: ClientId,
        now: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let update = self.update_part(
            &keys::client_connectors(scope, id),
            "SET deleted_at = :now",
            "attribute_not_exists(connectors)",
            &[],
            &[(":now", s(now))],
        )?;
        Ok(update_write(update))
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
    use std::collections::HashMap;
    use vestibule_domain::ids::{ConnectorId, ProjectId};

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
}
