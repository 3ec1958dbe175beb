//! The environments that users hold.

use crate::Deps;
use std::collections::{BTreeMap, BTreeSet};
use vestibule_admin::problem::ApiError;
use vestibule_domain::{
    ProjectScope,
    account::Environment,
    ids::EnvironmentId,
    page::{Order, PAGE_MAX, PageRequest},
};

/// The environments of a project, by id.
#[derive(Debug, Default)]
pub struct Environments(BTreeMap<EnvironmentId, Environment>);

impl Environments {
    /// Reads the environments of a project. The list lags behind, so those among `wanted` that it lacks are read
    /// one by one.
    pub async fn read(
        deps: &Deps,
        scope: ProjectScope,
        wanted: &BTreeSet<EnvironmentId>,
    ) -> Result<Self, ApiError> {
        let mut known = BTreeMap::new();
        let mut page = PageRequest {
            limit: PAGE_MAX,
            cursor: None,
            order: Order::OldestFirst,
        };
        loop {
            let found = deps.environments.list_environments(scope, &page).await?;
            known.extend(found.items.into_iter().map(|one| (one.id, one)));
            page.cursor = found.next;
            if page.cursor.is_none() {
                break;
            }
        }
        for id in wanted {
            if !known.contains_key(id) {
                let found = deps.environments.get_environment(scope, *id).await?;
                known.extend(found.map(|one| (one.id, one)));
            }
        }
        Ok(Self(known))
    }

    /// Returns all of them by name, in the project's order.
    #[must_use]
    pub fn named(&self) -> Vec<(String, EnvironmentId)> {
        let mut all: Vec<_> = self.0.values().collect();
        all.sort_by_key(|environment| environment.position);
        all.into_iter()
            .map(|environment| (environment.name.clone(), environment.id))
            .collect()
    }

    /// Whether the project has all of these.
    #[must_use]
    pub fn have(&self, ids: &BTreeSet<EnvironmentId>) -> bool {
        ids.iter().all(|id| self.0.contains_key(id))
    }

    /// Returns those of these that exist, in the project's order.
    #[must_use]
    pub fn of(&self, ids: &BTreeSet<EnvironmentId>) -> Vec<&Environment> {
        let mut found: Vec<_> = ids.iter().filter_map(|id| self.0.get(id)).collect();
        found.sort_by_key(|environment| environment.position);
        found
    }
}
