//! Facts shown beside the record of an environment: the health of its agent, and its uses (SPEC C60).

use crate::Deps;
use std::collections::BTreeMap;
use vestibule_admin::problem::ApiError;
use vestibule_domain::{
    ProjectScope,
    account::agent_health::AgentHealth,
    connector::Connector,
    ids::EnvironmentId,
    page::{Order, PAGE_MAX, PageRequest},
    ports::CountUpTo,
};

/// Facts shown beside an environment.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// The health of its agent.
    pub health: AgentHealth,
    /// Number of connectors that lead to it.
    pub connectors: u32,
    /// Number of end users who hold it.
    pub users: CountUpTo,
}

/// Reads what is shown beside an environment.
pub(super) async fn of(
    deps: &Deps,
    scope: ProjectScope,
    id: EnvironmentId,
) -> Result<Beside, ApiError> {
    let mut found = of_all(deps, scope, &[id]).await?;
    Ok(found.remove(&id).unwrap_or_default())
}

/// Reads what is shown beside each of these environments.
pub(super) async fn of_all(
    deps: &Deps,
    scope: ProjectScope,
    ids: &[EnvironmentId],
) -> Result<BTreeMap<EnvironmentId, Beside>, ApiError> {
    let mut health = deps.agent_health.agent_health(scope, ids).await?;
    let mut users = deps.environments.count_holders(scope, ids).await?;
    let connectors = all_connectors(deps, scope).await?;
    let mut found = BTreeMap::new();
    for id in ids {
        let leading = connectors.iter().filter(|one| one.environment_id == *id);
        let beside = Beside {
            health: health.remove(id).unwrap_or_default(),
            connectors: u32::try_from(leading.count()).unwrap_or(u32::MAX),
            users: users.remove(id).unwrap_or_default(),
        };
        found.insert(*id, beside);
    }
    Ok(found)
}

/// Reads every connector of the project.
pub(in crate::routes) async fn all_connectors(
    deps: &Deps,
    scope: ProjectScope,
) -> Result<Vec<Connector>, ApiError> {
    let mut all = Vec::new();
    let mut wanted = PageRequest {
        limit: PAGE_MAX,
        cursor: None,
        order: Order::OldestFirst,
    };
    loop {
        let page = deps.connectors.list_connectors(scope, &wanted).await?;
        all.extend(page.items);
        wanted.cursor = page.next;
        if wanted.cursor.is_none() {
            return Ok(all);
        }
    }
}
