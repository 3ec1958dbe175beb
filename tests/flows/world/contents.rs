//! The rows of a world's table when it begins.

use super::{
    START_MS,
    fixtures::{Stores, audit, connector_row, environment, make_project, put_account},
};
use serde::Deserialize;
use serde_json::Value;
use vestibule_domain::{
    ProjectScope, Timestamp,
    connector::{Connector, Policy},
    ids::ConnectorId,
    ports::ConnectorStore,
};
use vestibule_testkit::{dynamodb::DynamoDb, fault_proxy::FaultProxy, simulator::Platform};

/// The name of the connector that requires approval, and that of the open one.
const CONNECTORS: [(Policy, &str); 2] = [
    (Policy::OnBoarding, "Acme Support"),
    (Policy::AllowAll, "Acme Support (open)"),
];

/// The rows that a world of an earlier release left (`tests/rows`).
#[derive(Debug, Clone, Deserialize)]
pub struct Left {
    /// The flow that left them.
    pub flow: String,
    /// The platform of its world.
    pub platform: Platform,
    /// Its time in the end.
    pub now_ms: i64,
    /// The rows, as `DynamoDB` JSON.
    pub rows: Vec<Value>,
}

impl Left {
    /// Puts the rows into the table, with the addresses of this world.
    pub fn put(&self, db: &DynamoDb, places: &[(&str, String)]) {
        for row in &self.rows {
            let mut text = row.to_string();
            for (place, url) in places {
                let host = url.trim_start_matches("http://");
                text = text.replace(&format!("{{{place}}}"), host);
            }
            db.put_raw(&serde_json::from_str(&text).unwrap()).unwrap();
        }
    }
}

/// Makes one account, one project and two connectors of this platform.
pub async fn make(
    db: &DynamoDb,
    stores: &Stores,
    (scope, platform): (ProjectScope, Platform),
    to_agent: &FaultProxy,
) -> [Connector; 2] {
    let now = Timestamp::from_millis(START_MS);
    let vault = stores.vault.as_ref();
    let environment = environment(scope, "Development", to_agent, vault, now).await;
    put_account(db, scope.account(), now);
    make_project(stores, scope, &environment, now).await;
    let mut connectors = Vec::new();
    for (policy, name) in CONNECTORS {
        let named = (platform, name);
        let connector = connector_row(scope, environment.id, policy, named, vault, now).await;
        stores
            .connectors
            .create_connector(&connector, &audit(scope, now))
            .await
            .unwrap();
        connectors.push(connector);
    }
    connectors.try_into().unwrap()
}

/// Reads the two connectors of a world that was made before.
pub async fn kept(stores: &Stores, scope: ProjectScope) -> [Connector; 2] {
    let mut connectors = Vec::new();
    for (_, name) in CONNECTORS {
        let id = ConnectorId::derive(&[name]);
        let found = stores.connectors.get_connector(scope, id).await;
        connectors.push(found.unwrap().unwrap());
    }
    connectors.try_into().unwrap()
}
