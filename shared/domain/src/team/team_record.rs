//! Teams: groups of members for routing (SPEC E12).

use crate::{
    AccountScope, Timestamp, digest::sha256_hex, ids::TeamId, record::Record,
    routing::demand::fold_name,
};

/// A team of an account. Its members name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Id of the team.
    pub id: TeamId,
    /// The account.
    pub scope: AccountScope,
    /// Name of the team. No other one of the account has it, however its letters are written.
    pub name: String,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Record for Team {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Team {
    /// SHA-256 of a name as names are compared, in lower-case hex: by it the row is found that keeps the name unique.
    #[must_use]
    pub fn name_hash(name: &str) -> String {
        sha256_hex(&fold_name(name))
    }

    /// Whether the team has this name, however its letters are written.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        fold_name(&self.name) == fold_name(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, scope};

    /// SPEC E12.
    #[test]
    fn a_team_has_its_name_however_the_letters_are_written() {
        let team = Team {
            id: TeamId::derive(&["t"]),
            scope: scope().account(),
            name: "Night shift".to_owned(),
            version: 4,
            created_at: at(0),
            updated_at: at(0),
        };
        assert!(team.is_named("NIGHT Shift") && !team.is_named("Night"));
        assert_eq!(Team::name_hash("NIGHT Shift"), Team::name_hash(&team.name));
        assert_ne!(Team::name_hash("Day shift"), Team::name_hash(&team.name));
        assert_eq!(Record::version(&team), 4);
    }
}
