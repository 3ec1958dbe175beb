//! The project of a list.

use crate::problem::ApiError;
use vestibule_domain::{
    ProjectScope,
    page::{Page, PageRequest},
    ports::ProjectStore,
};

/// Checks that the project of an empty list exists. Only an empty list is worth the extra read.
pub async fn project_of_empty_list<T>(
    projects: &dyn ProjectStore,
    scope: ProjectScope,
    wanted: &PageRequest,
    found: &Page<T>,
) -> Result<(), ApiError> {
    if found.items.is_empty() && wanted.cursor.is_none() {
        projects
            .get_project(scope.account(), scope.project_id())
            .await?
            .ok_or_else(|| ApiError::not_found("project"))?;
    }
    Ok(())
}
