//! Names and ids on the wire.

use vestibule_admin::{paths, wire_enum};
use vestibule_domain::{
    directory::end_user::EndUserSource,
    ids::{EndUserId, ProjectId},
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
}
