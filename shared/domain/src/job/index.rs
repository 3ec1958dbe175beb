//! Jobs of the queue of work on the directory and the search.

use crate::{
    directory::import::ImportUsers,
    search::{IndexProject, IndexRecord},
};
use serde::{Deserialize, Serialize};

/// A job of the queue of work on the directory and the search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum IndexJob {
    /// Bring the search index in line with a record. The record says what is to be found, so a late or repeated job
    /// does no harm.
    IndexRecord(IndexRecord),
    /// Go through all records of a project. The job holds its place, so a repeated one does no harm.
    IndexProject(IndexProject),
    /// Work an import off, some rows at a time. The record holds the progress, so a late or repeated job does no harm.
    ImportUsers(ImportUsers),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::ImportId,
        samples::{chat_user, scope},
        search::SearchTarget,
    };

    #[test]
    fn jobs_of_the_directory_and_the_search_read_back() {
        let scope = scope();
        let record = IndexRecord {
            scope,
            target: SearchTarget::ChatUser(chat_user().id),
        };
        let project = IndexProject {
            scope,
            only_checks: false,
            place: None,
        };
        let import = ImportUsers {
            scope,
            import_id: ImportId::derive(&["i"]),
        };
        for (job, begins) in [
            (
                IndexJob::IndexRecord(record),
                r#"{"job":"index_record","account_id":"#,
            ),
            (
                IndexJob::IndexProject(project),
                r#"{"job":"index_project","account_id":"#,
            ),
            (
                IndexJob::ImportUsers(import),
                r#"{"job":"import_users","account_id":"#,
            ),
        ] {
            let json = serde_json::to_string(&job).unwrap();
            assert!(json.starts_with(begins), "{json}");
            assert_eq!(serde_json::from_str::<IndexJob>(&json).unwrap(), job);
        }
    }
}
