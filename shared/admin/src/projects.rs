//! The project of a call: whether there is one, and whether anything in it may change (SPEC C63).

use crate::{
    csrf,
    problem::{ApiError, PROJECT_ARCHIVED},
};
use axum::http::Method;
use vestibule_domain::{
    ProjectScope,
    account::ProjectState,
    ids::ProjectId,
    page::{Page, PageRequest},
    ports::ProjectStore,
};

/// The beginning of the address of everything in a project.
const PROJECTS: &str = "/v1/projects/";
/// Calls of a project, by the last part of their address, that an archived one takes too: they say whether it is
/// archived, or change nothing.
const ALLOWED_IN_ARCHIVE: [&str; 3] = ["archive", "restore", "explain"];

/// The project that a call is about.
pub(crate) fn project_of(path: &str) -> Option<ProjectId> {
    let (id, _) = parts_of(path)?;
    id.parse().ok()
}

/// The id in the address of a project, and what follows it; empty for the project itself.
fn parts_of(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix(PROJECTS)?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}

/// Checks that there is the project, and that it takes this call.
pub(crate) fn check_project(
    state: ProjectState,
    method: &Method,
    path: &str,
) -> Result<(), ApiError> {
    match state {
        ProjectState::Absent => Err(ApiError::not_found("project")),
        ProjectState::Archived if is_change(method, path) => Err(ApiError::new(&PROJECT_ARCHIVED)),
        ProjectState::Archived | ProjectState::Active => Ok(()),
    }
}

fn is_change(method: &Method, path: &str) -> bool {
    if csrf::is_safe(method) {
        return false;
    }
    let of = parts_of(path).map_or("", |(_, rest)| rest);
    let is_deletion = of.is_empty() && *method == Method::DELETE;
    !is_deletion && !ALLOWED_IN_ARCHIVE.contains(&of)
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::NOT_FOUND;

    #[test]
    fn a_call_is_about_the_project_in_its_address() {
        let id = ProjectId::derive(&["p"]);
        for path in [
            format!("/v1/projects/{id}"),
            format!("/v1/projects/{id}/x/y"),
        ] {
            assert_eq!(project_of(&path), Some(id), "{path}");
        }
        for path in ["/v1/projects", "/v1/projects/x/y", "/v1/members", "/"] {
            assert_eq!(project_of(path), None, "{path}");
        }
    }

    /// SPEC C63.
    #[test]
    fn an_archived_project_is_read_and_changes_only_by_being_restored_or_deleted() {
        let at = |rest: &str| format!("/v1/projects/{}{rest}", ProjectId::derive(&["p"]));
        let archived =
            |method: Method, rest: &str| check_project(ProjectState::Archived, &method, &at(rest));
        for (method, rest) in [
            (Method::GET, ""),
            (Method::HEAD, "/connectors"),
            (Method::POST, "/restore"),
            (Method::POST, "/archive"),
            (Method::POST, "/explain"),
            (Method::DELETE, ""),
        ] {
            assert!(archived(method, rest).is_ok(), "{rest}");
        }
        for (method, rest) in [
            (Method::PATCH, ""),
            (Method::POST, "/connectors"),
            (Method::DELETE, "/connectors/x"),
            (Method::POST, "/connectors/archive"),
        ] {
            let refused = archived(method, rest).unwrap_err();
            assert_eq!(refused.kind(), &PROJECT_ARCHIVED, "{rest}");
        }
        let patch = at("");
        assert!(check_project(ProjectState::Active, &Method::PATCH, &patch).is_ok());
        let absent = check_project(ProjectState::Absent, &Method::GET, &patch).unwrap_err();
        assert_eq!(absent.kind(), &NOT_FOUND);
    }
}
