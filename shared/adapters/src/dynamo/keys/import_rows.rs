//! The keys of imports of people.

use super::{Key, parse_project, project_pk};
use vestibule_domain::{ProjectScope, directory::import::ImportUsers, ids::ImportId};

const IMPORT: &str = "IMPORT";

fn import_pk(scope: ProjectScope, id: ImportId) -> String {
    format!("{}#{IMPORT}#{id}", project_pk(scope))
}

/// An import.
#[must_use]
pub fn import(scope: ProjectScope, id: ImportId) -> Key {
    Key::new(import_pk(scope, id), IMPORT)
}

/// The list of a project's imports by creation.
#[must_use]
pub fn imports(scope: ProjectScope) -> String {
    format!("{}#IMPORTS", project_pk(scope))
}

/// The row that names the import that is running in a project.
#[must_use]
pub fn running_import(scope: ProjectScope) -> Key {
    Key::new(imports(scope), "RUNNING")
}

/// A chunk of a part of a file.
#[must_use]
pub fn import_chunk(scope: ProjectScope, id: ImportId, upload: &str, chunk: u16) -> Key {
    Key::new(import_pk(scope, id), format!("PART#{upload}#{chunk:03}"))
}

/// A mistake that a run found, by its number.
#[must_use]
pub fn import_error(scope: ProjectScope, id: ImportId, run: u32, number: u64) -> Key {
    Key::new(import_pk(scope, id), format!("ERROR#{run}#{number:06}"))
}

/// The list of the mistakes that a run found, in the file's order.
#[must_use]
pub fn import_errors(scope: ProjectScope, id: ImportId, run: u32) -> String {
    format!("{}#ERRORS#{run}", import_pk(scope, id))
}

/// Parses the key of an import: the outbox index contains only keys.
#[must_use]
pub fn parse_import(key: &Key) -> Option<ImportUsers> {
    let (scope, rest) = parse_project(&key.pk)?;
    let [IMPORT, id] = rest.as_slice() else {
        return None;
    };
    let import_id = id.parse().ok()?;
    (key.sk == IMPORT).then_some(ImportUsers { scope, import_id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, ProjectId},
    };

    fn scope(project: &str) -> ProjectScope {
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&[project]))
    }

    #[test]
    fn an_import_and_its_rows_lie_together_and_its_key_reads_back() {
        let (scope, import_id) = (scope("p"), ImportId::derive(&["i"]));
        let key = import(scope, import_id);
        assert_eq!(parse_import(&key), Some(ImportUsers { scope, import_id }));
        for other in [
            import_chunk(scope, import_id, "u", 1),
            import_error(scope, import_id, 1, 7),
        ] {
            assert_eq!(other.pk, key.pk);
            assert_eq!(parse_import(&other), None);
        }
        assert_eq!(parse_import(&running_import(scope)), None);
    }

    #[test]
    fn a_project_has_its_own_imports_and_one_that_runs() {
        let id = ImportId::derive(&["i"]);
        assert_ne!(import(scope("p"), id), import(scope("q"), id));
        assert_ne!(running_import(scope("p")), running_import(scope("q")));
        assert_ne!(imports(scope("p")), import(scope("p"), id).pk);
    }

    #[test]
    fn mistakes_and_chunks_sort_in_the_files_order() {
        let (scope, id) = (scope("p"), ImportId::derive(&["i"]));
        assert!(import_error(scope, id, 1, 99).sk < import_error(scope, id, 1, 100).sk);
        assert!(import_chunk(scope, id, "u", 9).sk < import_chunk(scope, id, "u", 10).sk);
        assert_ne!(import_errors(scope, id, 1), import_errors(scope, id, 2));
    }
}
