//! Jobs of the queue of work on the directory and the search.

use crate::search::{IndexProject, IndexRecord};
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        samples::{chat_user, scope},
        search::SearchTarget,
    };

    #[test]
    fn jobs_of_the_search_index_read_back() {
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
        for (job, begins) in [
            (
                IndexJob::IndexRecord(record),
                r#"{"job":"index_record","account_id":"#,
            ),
            (
                IndexJob::IndexProject(project),
                r#"{"job":"index_project","account_id":"#,
            ),
        ] {
            let json = serde_json::to_string(&job).unwrap();
            assert!(json.starts_with(begins), "{json}");
            assert_eq!(serde_json::from_str::<IndexJob>(&json).unwrap(), job);
        }
    }
}
