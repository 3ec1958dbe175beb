//! Facts shown beside a connector.

use super::ConnectorResponse;
use crate::{Deps, api_types::TestOutcomeName};
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_admin::{Call, problem::ApiError};
use vestibule_domain::{
    Timestamp,
    connector::{Connector, ConnectorTest},
    ids::ConnectorId,
    page::Page,
};

/// Test of a connector's credentials.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "at": "2026-11-22T10:05:00.000Z", "outcome": "failed",
    "problem": "Slack does not recognise this bot token. Copy the Bot User OAuth Token again from OAuth & Permissions."
}))]
pub struct LastTestResponse {
    /// Time of the test.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Answer of the platform.
    outcome: TestOutcomeName,
    /// Problem and its remedy; null if the credentials work.
    problem: Option<String>,
}

impl From<ConnectorTest> for LastTestResponse {
    fn from(test: ConnectorTest) -> Self {
        Self {
            at: test.at,
            outcome: test.outcome.into(),
            problem: test.problem,
        }
    }
}

impl ConnectorResponse {
    /// The connector with what is shown beside it.
    pub(super) async fn read(
        deps: &Deps,
        call: &Call,
        connector: Connector,
    ) -> Result<Self, ApiError> {
        let found = deps
            .connectors
            .summaries(connector.scope, &[connector.id])
            .await?;
        let summary = found.into_iter().next().unwrap_or_default();
        Ok(Self::of(deps, &call.origin, connector, summary))
    }

    /// The connectors of a page with what is shown beside them.
    pub(super) async fn read_page(
        deps: &Deps,
        call: &Call,
        page: Page<Connector>,
    ) -> Result<Page<Self>, ApiError> {
        let Some(scope) = page.items.first().map(|connector| connector.scope) else {
            return Ok(Page {
                items: Vec::new(),
                next: page.next,
            });
        };
        let ids: Vec<ConnectorId> = page.items.iter().map(|connector| connector.id).collect();
        let found = deps.connectors.summaries(scope, &ids).await?;
        let shown = page.items.into_iter().zip(found);
        let items =
            shown.map(|(connector, summary)| Self::of(deps, &call.origin, connector, summary));
        Ok(Page {
            items: items.collect(),
            next: page.next,
        })
    }
}
