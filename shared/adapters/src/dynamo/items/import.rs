use crate::dynamo::{keys, marks::Marked};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vestibule_domain::{
    ProjectScope, Timestamp,
    account::actor::Actor,
    directory::import::{
        IMPORT_KEPT, Import, ImportError, ImportPart, ImportProgress, ImportStatus,
    },
    ids::{EnvironmentId, ImportId},
};

/// An import, with its outbox mark while a worker has something to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ImportItem {
    pk: String,
    sk: String,
    all_pk: String,
    all_sk: String,
    id: ImportId,
    file_name: String,
    file_size: u64,
    only_checks: bool,
    columns_mapping: BTreeMap<String, Option<String>>,
    environment_names: Vec<(String, EnvironmentId)>,
    /// By number, in digits.
    file_parts: BTreeMap<String, ImportPart>,
    import_status: ImportStatus,
    is_cancelled: bool,
    progress: ImportProgress,
    author: Actor,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    expires_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox_due: Option<i64>,
    /// Written by claims only.
    #[serde(default, skip_serializing)]
    pub(in crate::dynamo) attempts: u32,
}

impl ImportItem {
    /// Makes the row of an import. With `due`, it orders a job, which counts as lost at that time.
    pub(in crate::dynamo) fn new(import: &Import, due: Option<Timestamp>) -> Self {
        let key = keys::import(import.scope, import.id);
        let mark = due.map(|due| Marked::by(import.job().into()).waiting(due));
        let parts = import.parts.iter();
        Self {
            pk: key.pk,
            sk: key.sk,
            all_pk: keys::imports(import.scope),
            all_sk: keys::by_creation(import.created_at, import.id),
            id: import.id,
            file_name: import.file_name.clone(),
            file_size: import.size,
            only_checks: import.only_checks,
            columns_mapping: import.mapping.clone(),
            environment_names: import.environments.clone(),
            file_parts: parts
                .map(|(number, part)| (number.to_string(), part.clone()))
                .collect(),
            import_status: import.status,
            is_cancelled: import.is_cancelled,
            progress: import.progress.clone(),
            author: import.author.clone(),
            version: import.version,
            created_at: import.created_at,
            updated_at: import.updated_at,
            expires_at: import.created_at.plus(IMPORT_KEPT).seconds(),
            outbox_due: mark.as_ref().map(|mark| mark.position.0),
            outbox_pk: mark.map(|mark| mark.partition),
            attempts: 0,
        }
    }

    /// Whether the row is a record of this project. IAM does not restrict the keys of a list.
    pub(in crate::dynamo) fn is_of(&self, scope: ProjectScope) -> bool {
        self.pk == keys::import(scope, self.id).pk
    }

    /// The import.
    pub(in crate::dynamo) fn into_import(self, scope: ProjectScope) -> Import {
        Import {
            id: self.id,
            scope,
            file_name: self.file_name,
            size: self.file_size,
            only_checks: self.only_checks,
            mapping: self.columns_mapping,
            environments: self.environment_names,
            parts: self
                .file_parts
                .into_iter()
                .filter_map(|(number, part)| Some((number.parse().ok()?, part)))
                .collect(),
            status: self.import_status,
            is_cancelled: self.is_cancelled,
            progress: self.progress,
            author: self.author,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The import that runs in a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct RunningImportItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) import_id: ImportId,
}

impl RunningImportItem {
    /// Makes the row.
    pub(in crate::dynamo) fn of(import: &Import) -> Self {
        let key = keys::running_import(import.scope);
        Self {
            pk: key.pk,
            sk: key.sk,
            import_id: import.id,
        }
    }
}

/// A chunk of a part of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ImportChunkItem {
    pk: String,
    sk: String,
    /// Base64.
    pub(in crate::dynamo) content: String,
    expires_at: i64,
}

impl ImportChunkItem {
    /// Makes the row of a chunk, from 1, of the part that `upload` names.
    pub(in crate::dynamo) fn new(
        import: &Import,
        (upload, chunk): (&str, u16),
        content: String,
    ) -> Self {
        let key = keys::import_chunk(import.scope, import.id, upload, chunk);
        Self {
            pk: key.pk,
            sk: key.sk,
            content,
            expires_at: import.created_at.plus(IMPORT_KEPT).seconds(),
        }
    }
}

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ImportErrorItem {
    pk: String,
    sk: String,
    all_pk: String,
    all_sk: String,
    error: ImportError,
    expires_at: i64,
}

impl ImportErrorItem {
    /// Makes the row of a mistake of the current run.
    pub(in crate::dynamo) fn new(import: &Import, number: u64, error: &ImportError) -> Self {
        let run = import.progress.run;
        let key = keys::import_error(import.scope, import.id, run, number);
        Self {
            all_pk: keys::import_errors(import.scope, import.id, run),
            all_sk: key.sk.clone(),
            pk: key.pk,
            sk: key.sk,
            error: error.clone(),
            expires_at: import.created_at.plus(IMPORT_KEPT).seconds(),
        }
    }

    /// The mistake, if the row is of this import. IAM does not restrict the keys of a list.
    pub(in crate::dynamo) fn of(self, import: &Import) -> Option<ImportError> {
        let own = keys::import(import.scope, import.id).pk;
        (self.pk == own).then_some(self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::{
        AccountScope,
        directory::import::{ImportBatch, ImportColumn, ImportCounts, ImportStop},
        ids::{AccountId, ProjectId},
    };

    fn import() -> Import {
        let at = Timestamp::from_millis(5_000);
        let counts = ImportCounts {
            new: 1,
            changed: 2,
            unchanged: 3,
            errors: 4,
            mistakes: 5,
        };
        let error = ImportError {
            line: 1,
            column: "Phone".to_owned(),
            rule: "phone_column_missing".to_owned(),
            message: "m".to_owned(),
        };
        Import {
            id: ImportId::derive(&["i"]),
            scope: AccountScope::of_verified(AccountId::derive(&["a"]))
                .project(ProjectId::derive(&["p"])),
            file_name: "people.csv".to_owned(),
            size: 10,
            only_checks: true,
            mapping: BTreeMap::from([
                ("Nummer".to_owned(), Some("phone".to_owned())),
                ("Notes".to_owned(), None),
            ]),
            environments: vec![("UAT".to_owned(), EnvironmentId::derive(&["e"]))],
            parts: BTreeMap::from([(
                12,
                ImportPart {
                    upload: "u".to_owned(),
                    chunks: 2,
                    size: 10,
                },
            )]),
            status: ImportStatus::Importing,
            is_cancelled: true,
            progress: ImportProgress {
                run: 2,
                encoding: Some("utf-8".to_owned()),
                columns: vec![ImportColumn {
                    name: "Nummer".to_owned(),
                    field: Some("phone".to_owned()),
                    is_unknown: false,
                }],
                rows: Some(9),
                settled: 3,
                counts,
                batch: Some(ImportBatch { through: 5, counts }),
                problems: vec![error],
                stop: Some(ImportStop::RightLost),
            },
            author: Actor::system(),
            version: 3,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn an_import_reads_back_with_its_progress_and_orders_a_job_only_when_due() {
        let import = import();
        for due in [None, Some(Timestamp::from_millis(9_000))] {
            let item = ImportItem::new(&import, due);
            let read: ImportItem = from_row(to_row(&item).unwrap(), "import").unwrap();
            assert_eq!(read, item);
            assert!(read.is_of(import.scope));
            let mark = read.outbox_pk.clone();
            assert_eq!(
                mark.is_some_and(|mark| mark.starts_with("OUTBOX#import_users#")),
                due.is_some()
            );
            assert_eq!(read.into_import(import.scope), import);
        }
        assert_eq!(ImportItem::new(&import, None).expires_at, 5 + 30 * 86_400);
    }

    #[test]
    fn a_mistake_is_told_to_its_own_import_only() {
        let import = import();
        let error = import.progress.problems[0].clone();
        let item = ImportErrorItem::new(&import, 7, &error);
        let read: ImportErrorItem = from_row(to_row(&item).unwrap(), "error").unwrap();
        let other = Import {
            id: ImportId::derive(&["j"]),
            ..import.clone()
        };
        assert_eq!(read.clone().of(&other), None);
        assert_eq!(read.of(&import), Some(error));
    }
}
