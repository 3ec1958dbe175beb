use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use vestibule_domain::{ProjectScope, Timestamp, account::Project, chat::history::HistoryDays};

/// A project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ProjectItem {
    pk: String,
    sk: String,
    all_pk: String,
    all_sk: String,
    scope: ProjectScope,
    name: String,
    #[serde(default)]
    history_days: HistoryDays,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) archived_at: Option<Timestamp>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<&Project> for ProjectItem {
    fn from(project: &Project) -> Self {
        let account = project.scope.account();
        let key = keys::project(account, project.id());
        Self {
            pk: key.pk,
            sk: key.sk,
            all_pk: keys::projects(account, project.archived_at.is_some()),
            all_sk: keys::by_creation(project.created_at, project.id()),
            scope: project.scope,
            name: project.name.clone(),
            history_days: project.history_days,
            archived_at: project.archived_at,
            version: project.version,
            created_at: project.created_at,
            updated_at: project.updated_at,
        }
    }
}

impl From<ProjectItem> for Project {
    fn from(item: ProjectItem) -> Self {
        Self {
            scope: item.scope,
            name: item.name,
            history_days: item.history_days,
            archived_at: item.archived_at,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

/// The settings of a project that workers follow. Projects of the release before have none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ProjectSettingsItem {
    pk: String,
    sk: String,
    #[serde(default)]
    pub(in crate::dynamo) history_days: HistoryDays,
}

impl From<&Project> for ProjectSettingsItem {
    fn from(project: &Project) -> Self {
        let key = keys::project_settings(project.scope);
        Self {
            pk: key.pk,
            sk: key.sk,
            history_days: project.history_days,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, ProjectId},
    };

    fn project(history_days: u16) -> Project {
        let account = AccountScope::of_verified(AccountId::derive(&["a"]));
        Project {
            scope: account.project(ProjectId::derive(&["p"])),
            name: "Help desk".to_owned(),
            history_days: HistoryDays::new(history_days).unwrap(),
            archived_at: None,
            version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn a_project_of_the_release_before_keeps_messages_for_thirty_days() {
        let project = project(0);
        let mut row = to_row(&ProjectItem::from(&project)).unwrap();
        let read: ProjectItem = from_row(row.clone(), "project").unwrap();
        assert_eq!(Project::from(read), project);
        row.remove("history_days").unwrap();
        let read: ProjectItem = from_row(row, "project").unwrap();
        assert_eq!(Project::from(read).history_days.days(), 30);
    }

    /// SPEC C63.
    #[test]
    fn an_archived_project_is_in_a_list_of_its_own() {
        let archived = Project {
            archived_at: Some(Timestamp::from_millis(5)),
            ..project(7)
        };
        let item = ProjectItem::from(&archived);
        assert_ne!(item.all_pk, ProjectItem::from(&project(7)).all_pk);
        let read: ProjectItem = from_row(to_row(&item).unwrap(), "project").unwrap();
        assert_eq!(Project::from(read), archived);
    }

    #[test]
    fn the_settings_of_a_project_say_the_same_as_the_project() {
        let project = project(7);
        let settings = ProjectSettingsItem::from(&project);
        let row = to_row(&settings).unwrap();
        let read: ProjectSettingsItem = from_row(row, "project settings").unwrap();
        assert_eq!(read, settings);
        assert_eq!(read.history_days, project.history_days);
    }
}
