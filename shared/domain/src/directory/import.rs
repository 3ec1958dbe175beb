//! Imports of people from a file (SPEC C61): what was asked, how far it is, and what came of it.

use crate::{
    Timestamp,
    account::{
        ProjectState, actor::Actor, api_key::ApiKey, credential::bearer, permission::Permission,
    },
    ids::{EndUserId, EnvironmentId, ImportId},
    record::{Record, Repeatable},
    scope::ProjectScope,
    team::member_standing::MemberStanding,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// Most rows of a file.
pub const IMPORT_ROWS_MAX: u64 = 50_000;
/// Largest file, in bytes.
pub const IMPORT_FILE_MAX_BYTES: u64 = 20 * 1024 * 1024;
/// Largest part of a file, in bytes.
pub const IMPORT_PART_MAX_BYTES: usize = 4 * 1024 * 1024;
/// Most parts of a file.
pub const IMPORT_PARTS_MAX: u16 = 100;
/// Most errors of a run that are kept. All are counted.
pub const IMPORT_ERRORS_KEPT: u64 = 5_000;
/// Time for which an import is kept.
pub const IMPORT_KEPT: Duration = Duration::from_hours(24 * 30);

/// The state of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// Parts of the file are awaited.
    Uploading,
    /// The file is read, and nobody is changed.
    Checking,
    /// The file was read, and waits for the import itself.
    Checked,
    /// People are added and changed.
    Importing,
    /// The run does not go on, and can be started again.
    Stopped,
    /// All rows were worked off.
    Done,
    /// Somebody ended it.
    Cancelled,
    /// The file cannot be imported.
    Failed,
}

impl ImportStatus {
    /// The key, as stored and on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Checking => "checking",
            Self::Checked => "checked",
            Self::Importing => "importing",
            Self::Stopped => "stopped",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// Whether a worker is at it.
    #[must_use]
    pub const fn is_running(self) -> bool {
        matches!(self, Self::Checking | Self::Importing)
    }

    /// Whether nothing will happen any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }
}

/// The reason why a run does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportStop {
    /// The project is archived.
    ProjectArchived,
    /// The project is deleted.
    ProjectDeleted,
    /// Whoever started the run may not change people any more.
    RightLost,
    /// The run failed as often as it is tried.
    GivenUp,
}

impl ImportStop {
    /// Looks for a reason.
    #[must_use]
    pub fn of(project: ProjectState, starter: &Starter, now: Timestamp) -> Option<Self> {
        match project {
            ProjectState::Absent => Some(Self::ProjectDeleted),
            ProjectState::Archived => Some(Self::ProjectArchived),
            ProjectState::Active => (!starter.may_import(now)).then_some(Self::RightLost),
        }
    }
}

/// Whoever started a run, as they are on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Starter {
    /// A member.
    Member(Box<MemberStanding>),
    /// The bearer of an API key, with the member who owns it, if one does.
    ApiKey(Box<ApiKey>, Option<Box<MemberStanding>>),
    /// Nobody who is on record.
    Nobody,
}

impl Starter {
    fn may_import(&self, now: Timestamp) -> bool {
        const NEEDED: Permission = Permission::EndUsersWrite;
        match self {
            Self::Member(standing) => standing.is_active() && standing.effective().contains(NEEDED),
            Self::ApiKey(key, owner) => {
                bearer(key, owner.as_deref(), now).is_some_and(|caller| caller.may(NEEDED))
            }
            Self::Nobody => false,
        }
    }
}

/// Numbers of rows by what came of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportCounts {
    /// People who were added, or would be.
    pub new: u64,
    /// People who were changed, or would be.
    pub changed: u64,
    /// People who are as the file says.
    pub unchanged: u64,
    /// Rows with mistakes.
    pub errors: u64,
    /// Mistakes, of which a row may have several.
    pub mistakes: u64,
}

impl ImportCounts {
    /// The sum of two parts of a file.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            new: self.new + other.new,
            changed: self.changed + other.changed,
            unchanged: self.unchanged + other.unchanged,
            errors: self.errors + other.errors,
            mistakes: self.mistakes + other.mistakes,
        }
    }

    /// Number of the rows.
    #[must_use]
    pub const fn rows(self) -> u64 {
        self.new + self.changed + self.unchanged + self.errors
    }
}

/// Rows that are being worked off, with what was made out about them before any of them was touched. A worker that
/// takes over would find those that were stored unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportBatch {
    /// The number of the last row.
    pub through: u64,
    /// Counts of their outcomes.
    pub counts: ImportCounts,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportColumn {
    /// Its name in the file.
    pub name: String,
    /// Key of what it holds; `None` for a column that is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Whether nobody said what it holds, and its name does not tell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unknown: bool,
}

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportError {
    /// The line on which the row begins.
    pub line: u64,
    /// The name of the column; empty for a row as a whole.
    pub column: String,
    /// The key of the rule.
    pub rule: String,
    /// The message for whoever made the file.
    pub message: String,
}

/// A part of a file that was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPart {
    /// Name of the rows that hold it. A part that is sent again gets another.
    pub upload: String,
    /// Number of these rows.
    pub chunks: u16,
    /// Size in bytes.
    pub size: u64,
}

/// The progress of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportProgress {
    /// Counts the times at which it was started: a check, and the import itself.
    pub run: u32,
    /// Key of the file's encoding, once it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The columns, once they were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ImportColumn>,
    /// Number of rows, once they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Number of rows that were worked off.
    pub settled: u64,
    /// Counts of their outcomes.
    pub counts: ImportCounts,
    /// The rows that are being worked off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<ImportBatch>,
    /// Mistakes of the file as a whole, and the reason why a run was given up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<ImportError>,
    /// The reason why the run does not go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<ImportStop>,
}

impl ImportProgress {
    /// The beginning of the next run.
    #[must_use]
    pub fn restarted(&self) -> Self {
        Self {
            run: self.run + 1,
            encoding: self.encoding.clone(),
            ..Self::default()
        }
    }
}

/// An import of people from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Id.
    pub id: ImportId,
    /// Account and project.
    pub scope: ProjectScope,
    /// Name of the file, to show.
    pub file_name: String,
    /// Size of the file, in bytes.
    pub size: u64,
    /// Whether the run is a check.
    pub only_checks: bool,
    /// Keys of fields by names of columns; `None` for a column that is left out.
    pub mapping: BTreeMap<String, Option<String>>,
    /// Ids of the project's environments by their names, as they were when the run began.
    pub environments: Vec<(String, EnvironmentId)>,
    /// The parts that were received, by number.
    pub parts: BTreeMap<u16, ImportPart>,
    /// The state.
    pub status: ImportStatus,
    /// Whether somebody asked to end it.
    pub is_cancelled: bool,
    /// Its progress.
    pub progress: ImportProgress,
    /// Whoever started it last, or made it.
    pub author: Actor,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Record for Import {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Two creations under one `Idempotency-Key` are told apart by their values.
impl Repeatable for Import {}

impl Import {
    /// The job.
    #[must_use]
    pub const fn job(&self) -> ImportUsers {
        ImportUsers {
            scope: self.scope,
            import_id: self.id,
        }
    }

    /// Number of bytes that were received.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.parts.values().map(|part| part.size).sum()
    }

    /// The id of the person whom a line adds: a row that is worked off twice adds nobody else.
    #[must_use]
    pub fn new_user_id(&self, line: u64) -> EndUserId {
        EndUserId::derive(&["imported", &self.id.to_string(), &line.to_string()])
    }

    /// The import as it starts, with these environments.
    #[must_use]
    pub fn started(
        &self,
        only_checks: bool,
        environments: Vec<(String, EnvironmentId)>,
        author: Actor,
        at: Timestamp,
    ) -> Self {
        Self {
            only_checks,
            environments,
            author,
            status: if only_checks {
                ImportStatus::Checking
            } else {
                ImportStatus::Importing
            },
            progress: self.progress.restarted(),
            updated_at: at,
            ..self.clone()
        }
    }
}

/// The order to work an import off. The record holds the progress, so a late or repeated job does no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportUsers {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The import.
    pub import_id: ImportId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        samples::{api_key, at, member, scope},
        team::{
            member::{Member, MemberStatus},
            role::Roles,
        },
    };

    fn import() -> Import {
        Import {
            id: ImportId::derive(&["i"]),
            scope: scope(),
            file_name: "people.csv".to_owned(),
            size: 10,
            only_checks: true,
            mapping: BTreeMap::new(),
            environments: Vec::new(),
            parts: BTreeMap::new(),
            status: ImportStatus::Uploading,
            is_cancelled: false,
            progress: ImportProgress::default(),
            author: Actor::system(),
            version: 1,
            created_at: at(1),
            updated_at: at(1),
        }
    }

    #[test]
    fn a_state_is_stored_under_its_key_and_is_running_over_or_neither() {
        for (status, is_running, is_over) in [
            (ImportStatus::Uploading, false, false),
            (ImportStatus::Checking, true, false),
            (ImportStatus::Checked, false, false),
            (ImportStatus::Importing, true, false),
            (ImportStatus::Stopped, false, false),
            (ImportStatus::Done, false, true),
            (ImportStatus::Cancelled, false, true),
            (ImportStatus::Failed, false, true),
        ] {
            let json = serde_json::to_value(status).unwrap();
            assert_eq!(json, status.key());
            assert_eq!(
                (status.is_running(), status.is_over()),
                (is_running, is_over)
            );
        }
    }

    /// SPEC C61, C63, G01.
    #[test]
    fn a_run_goes_on_while_its_project_is_in_use_and_its_starter_may_change_people() {
        let key = |permission: Permission, expires_at: i64| {
            let key = ApiKey {
                permissions: [permission].into_iter().collect(),
                expires_at: at(expires_at),
                ..api_key("k")
            };
            Starter::ApiKey(Box::new(key), None)
        };
        let ana = |extra: Option<Permission>, status: MemberStatus| {
            let member = Member {
                extra: extra.into_iter().collect(),
                status,
                ..member("ana")
            };
            let roles = Roles::default();
            Starter::Member(Box::new(MemberStanding { member, roles }))
        };
        let write = Permission::EndUsersWrite;
        let active = ProjectState::Active;
        let lost = Some(ImportStop::RightLost);
        for (project, starter, stop) in [
            (active, key(write, 10), None),
            (active, key(write, 5), lost),
            (active, key(Permission::EndUsersRead, 10), lost),
            (active, ana(Some(write), MemberStatus::Active), None),
            (active, ana(Some(write), MemberStatus::Suspended), lost),
            (active, ana(None, MemberStatus::Active), lost),
            (active, Starter::Nobody, lost),
            (
                ProjectState::Archived,
                key(write, 10),
                Some(ImportStop::ProjectArchived),
            ),
            (
                ProjectState::Absent,
                Starter::Nobody,
                Some(ImportStop::ProjectDeleted),
            ),
        ] {
            assert_eq!(
                ImportStop::of(project, &starter, at(5)),
                stop,
                "{starter:?}"
            );
        }
    }

    /// SPEC C61: of a row that is worked off twice.
    #[test]
    fn a_line_of_an_import_always_adds_the_same_person() {
        let (one, other) = (
            import(),
            Import {
                id: ImportId::derive(&["j"]),
                ..import()
            },
        );
        assert_eq!(one.new_user_id(7), import().new_user_id(7));
        assert_ne!(one.new_user_id(7), one.new_user_id(8));
        assert_ne!(one.new_user_id(7), other.new_user_id(7));
    }

    #[test]
    fn a_run_begins_anew_and_knows_the_encoding() {
        let checked = Import {
            progress: ImportProgress {
                run: 1,
                encoding: Some("utf-8".to_owned()),
                rows: Some(9),
                settled: 9,
                counts: ImportCounts {
                    new: 9,
                    ..ImportCounts::default()
                },
                ..ImportProgress::default()
            },
            ..import()
        };
        let started = checked.started(false, Vec::new(), Actor::system(), at(5));
        assert_eq!(started.status, ImportStatus::Importing);
        let expected = ImportProgress {
            run: 2,
            encoding: Some("utf-8".to_owned()),
            ..ImportProgress::default()
        };
        assert_eq!((started.progress, started.updated_at), (expected, at(5)));
    }

    #[test]
    fn parts_add_up_to_what_was_received() {
        let part = |size| ImportPart {
            upload: "u".to_owned(),
            chunks: 1,
            size,
        };
        let import = Import {
            parts: BTreeMap::from([(1, part(4)), (2, part(3))]),
            ..import()
        };
        assert_eq!((import.received(), self::import().received()), (7, 0));
    }
}
