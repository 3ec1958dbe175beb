//! Keys of projects, of their environments, and of the orders to erase in them.

use super::{Key, account_pk, parse_project, project_pk};
use vestibule_domain::{
    AccountScope, ProjectScope,
    erasure::ErasureTarget,
    ids::{EnvironmentId, ProjectId},
};

/// A project.
#[must_use]
pub fn project(scope: AccountScope, id: ProjectId) -> Key {
    Key::new(
        account_pk(scope.account_id()),
        format!("{PROJECT_PREFIX}{id}"),
    )
}

/// Prefix of the sort keys of an account's projects.
pub const PROJECT_PREFIX: &str = "PROJECT#";

/// The settings of a project that workers follow. They have a row of their own because the project lies
/// beside the account's credentials, and roles are limited by partition.
#[must_use]
pub fn project_settings(scope: ProjectScope) -> Key {
    Key::new(project_pk(scope), "SETTINGS")
}

/// The list of an account's projects that are archived, or of those that are not.
#[must_use]
pub fn projects(scope: AccountScope, archived: bool) -> String {
    let list = format!("{}#PROJECTS", account_pk(scope.account_id()));
    if archived {
        format!("{list}#archived")
    } else {
        list
    }
}

/// The claim of a project's id. It outlives the project, so that the id is not used again.
#[must_use]
pub fn project_claim(scope: AccountScope, id: ProjectId) -> Key {
    Key::new(
        account_pk(scope.account_id()),
        format!("PROJECT_CLAIM#{id}"),
    )
}

/// The partition of a project's settings and environments.
#[must_use]
pub fn rows_of_project(scope: ProjectScope) -> String {
    project_pk(scope)
}

/// The environments to which the connectors of a project lead, and a count of all changes of them and of the
/// environments.
#[must_use]
pub fn layout(scope: ProjectScope) -> Key {
    Key::new(project_pk(scope), "LAYOUT")
}

/// An environment.
#[must_use]
pub fn environment(scope: ProjectScope, id: EnvironmentId) -> Key {
    Key::new(project_pk(scope), format!("{ENVIRONMENT_PREFIX}{id}"))
}

/// Prefix of the sort keys of a project's environments.
pub const ENVIRONMENT_PREFIX: &str = "ENVIRONMENT#";

/// The claim of an environment's id. It outlives the environment, so that the id is not used again.
#[must_use]
pub fn environment_claim(scope: ProjectScope, id: EnvironmentId) -> Key {
    Key::new(project_pk(scope), format!("ENVIRONMENT_CLAIM#{id}"))
}

/// The list of a project's environments.
#[must_use]
pub fn environments(scope: ProjectScope) -> String {
    format!("{}#ENVIRONMENTS", project_pk(scope))
}

/// The order to erase. It outlives the records that it is about.
#[must_use]
pub fn erasure(scope: ProjectScope, target: ErasureTarget) -> Key {
    let target = match target {
        ErasureTarget::ChatUser(id) => format!("{ERASED_USER_PREFIX}{id}"),
        ErasureTarget::History => ERASED_HISTORY.to_owned(),
        ErasureTarget::Environment(id) => format!("{ERASED_ENVIRONMENT_PREFIX}{id}"),
        ErasureTarget::Project => ERASED_PROJECT.to_owned(),
    };
    Key::new(format!("{}#{ERASURES}", project_pk(scope)), target)
}

const ERASURES: &str = "ERASURES";
const ERASED_USER_PREFIX: &str = "ERASURE#USER#";
const ERASED_HISTORY: &str = "ERASURE#HISTORY";
/// Prefix of the sort keys of orders to take deleted environments from their holders.
pub const ERASED_ENVIRONMENT_PREFIX: &str = "ERASURE#ENVIRONMENT#";
const ERASED_PROJECT: &str = "ERASURE#PROJECT";

/// Parses the key of an erasure: the outbox index contains only keys.
#[must_use]
pub fn parse_erasure(key: &Key) -> Option<(ProjectScope, ErasureTarget)> {
    let (scope, rest) = parse_project(&key.pk)?;
    if rest != [ERASURES] {
        return None;
    }
    Some((scope, parse_target(&key.sk)?))
}

fn parse_target(sk: &str) -> Option<ErasureTarget> {
    if let Some(id) = sk.strip_prefix(ERASED_USER_PREFIX) {
        return Some(ErasureTarget::ChatUser(id.parse().ok()?));
    }
    if let Some(id) = sk.strip_prefix(ERASED_ENVIRONMENT_PREFIX) {
        return Some(ErasureTarget::Environment(id.parse().ok()?));
    }
    match sk {
        ERASED_HISTORY => Some(ErasureTarget::History),
        ERASED_PROJECT => Some(ErasureTarget::Project),
        _ => None,
    }
}
