//! Names and ids on the wire.

use serde::Deserialize;
use utoipa::IntoParams;
use vestibule_admin::{paths, strict_id, wire_enum};
use vestibule_csv::columns::Field;
use vestibule_domain::{
    directory::{
        end_user::EndUserSource,
        import::{ImportStatus, ImportStop},
    },
    ids::{EndUserId, ImportId, ProjectId},
};

wire_enum! {
    /// The way in which a user came into the project.
    EndUserSourceName = EndUserSource {
        /// Added by a member or a key.
        Invited = "invited",
        /// Wrote to the agent.
        SelfRegistered = "self_registered",
    }
}

wire_enum! {
    /// The state of an import.
    ImportStatusName = ImportStatus {
        /// Parts of the file are awaited.
        Uploading = "uploading",
        /// The file is read, and nobody is changed.
        Checking = "checking",
        /// The file was read, and waits for the import itself.
        Checked = "checked",
        /// Users are added and changed.
        Importing = "importing",
        /// The run does not go on, see `stopped_because`. Start it again once it may: those who were imported are found
        /// unchanged.
        Stopped = "stopped",
        /// All rows were worked off.
        Done = "done",
        /// Somebody ended it.
        Cancelled = "cancelled",
        /// The file cannot be imported.
        Failed = "failed",
    }
}

wire_enum! {
    /// Reason why a run of an import does not go on.
    ImportStopName = ImportStop {
        /// The project was archived.
        ProjectArchived = "project_archived",
        /// The project was deleted.
        ProjectDeleted = "project_deleted",
        /// Whoever started the run may not change users any more.
        RightLost = "right_lost",
        /// The run failed as often as it is tried; `problems` says how.
        GivenUp = "given_up",
    }
}

wire_enum! {
    /// Content of a column of a file.
    ImportFieldName = Field {
        /// The phone number, which names the user.
        Phone = "phone",
        /// The e-mail address.
        Email = "email",
        /// The first name.
        FirstName = "first_name",
        /// The middle name.
        MiddleName = "middle_name",
        /// The last name.
        LastName = "last_name",
        /// Names of environments, separated by `;` or `|`.
        Environments = "environments",
    }
}

paths! {
    /// A project.
    ProjectPath {
        /// The project's id.
        project_id: ProjectId
    }

    /// A user of a project.
    EndUserPath {
        /// The project's id.
        project_id: ProjectId,
        /// The user's id.
        end_user_id: EndUserId
    }

    /// An import of users.
    ImportPath {
        /// The project's id.
        project_id: ProjectId,
        /// The import's id.
        import_id: ImportId
    }
}

/// A part of a file that is imported.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ImportPartPath {
    /// The project's id.
    #[serde(deserialize_with = "strict_id")]
    #[param(value_type = String, format = "id", example = "01JD3Q3Z9V8M4T6K2N7P5R1S0W")]
    pub project_id: ProjectId,
    /// The import's id.
    #[serde(deserialize_with = "strict_id")]
    #[param(value_type = String, format = "id", example = "01JD3Q3Z9V8M4T6K2N7P5R1S0W")]
    pub import_id: ImportId,
    /// Number of the part, from 1.
    #[param(minimum = 1, maximum = 100, example = 1)]
    pub part: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_spelled_as_in_the_domain() {
        for spelling in EndUserSourceName::SPELLINGS {
            let name = EndUserSourceName::parse(spelling).unwrap();
            assert_eq!(EndUserSource::from(name).key(), *spelling);
            assert_eq!(serde_json::to_value(name).unwrap(), *spelling);
        }
    }

    #[test]
    fn states_and_fields_of_imports_are_spelled_as_in_the_domain() {
        for spelling in ImportStatusName::SPELLINGS {
            let name = ImportStatusName::parse(spelling).unwrap();
            assert_eq!(ImportStatus::from(name).key(), *spelling);
        }
        for spelling in ImportStopName::SPELLINGS {
            let stop = ImportStop::from(ImportStopName::parse(spelling).unwrap());
            assert_eq!(serde_json::to_value(stop).unwrap(), *spelling);
        }
        for spelling in ImportFieldName::SPELLINGS {
            let name = ImportFieldName::parse(spelling).unwrap();
            assert_eq!(Field::from(name).key(), *spelling);
        }
    }
}
