//! The layout of a project: its environments in their order, and the connectors that lead to them (SPEC C60).

use crate::{
    Timestamp,
    account::Environment,
    ids::{ConnectorId, EnvironmentId},
    record::Record,
};
use std::collections::{BTreeMap, BTreeSet};

/// Most environments that a project can have: a change of their order writes all of them at once.
pub const ENVIRONMENTS_MAX: usize = 50;

/// The layout of a project, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectLayout {
    /// The environments, in their order.
    pub environments: Vec<Environment>,
    /// The environment to which each connector leads. A connector that has not changed since an earlier release may
    /// be missing.
    pub connectors: BTreeMap<ConnectorId, EnvironmentId>,
    /// Counts changes; 0 before the first.
    pub version: u64,
}

impl Record for ProjectLayout {
    fn version(&self) -> u64 {
        self.version
    }
}

impl ProjectLayout {
    /// The position behind all environments.
    #[must_use]
    pub fn next_position(&self) -> u32 {
        let positions = self.environments.iter().map(|one| one.position);
        positions.max().map_or(0, |last| last.saturating_add(1))
    }

    /// The environments as they stand in this order, each with its place as its position; `None` unless the order
    /// names every environment once.
    #[must_use]
    pub fn reordered(&self, order: &[EnvironmentId], now: Timestamp) -> Option<Vec<Environment>> {
        let named: BTreeSet<_> = order.iter().collect();
        if named.len() != order.len() || order.len() != self.environments.len() {
            return None;
        }
        order
            .iter()
            .zip(0_u32..)
            .map(|(id, position)| {
                let one = self.environments.iter().find(|one| one.id == *id)?.clone();
                let moves = one.position != position;
                let updated_at = if moves { now } else { one.updated_at };
                Some(Environment {
                    position,
                    updated_at,
                    ..one
                })
            })
            .collect()
    }

    /// The connectors that lead to an environment.
    #[must_use]
    pub fn leading_to(&self, id: EnvironmentId) -> BTreeSet<ConnectorId> {
        let all = self.connectors.iter();
        all.filter(|(_, leads_to)| **leads_to == id)
            .map(|(connector, _)| *connector)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, environment, scope};

    fn named(name: &str, position: u32) -> Environment {
        Environment {
            id: environment(name),
            scope: scope(),
            name: name.to_owned(),
            position,
            agent: None,
            request_hash: None,
            version: 3,
            created_at: at(0),
            updated_at: at(1),
        }
    }

    /// SPEC C60.
    #[test]
    fn an_order_names_every_environment_once_and_changes_those_that_move() {
        let [a, b, c] = ["a", "b", "c"].map(environment);
        let layout = ProjectLayout {
            environments: vec![named("a", 0), named("b", 0), named("c", 7)],
            ..ProjectLayout::default()
        };
        assert_eq!(layout.next_position(), 8);
        let moved = layout.reordered(&[a, c, b], at(9)).unwrap();
        let seen: Vec<_> = moved
            .iter()
            .map(|one| (one.id, one.position, one.updated_at))
            .collect();
        assert_eq!(seen, [(a, 0, at(1)), (c, 1, at(9)), (b, 2, at(9))]);
        for wrong in [
            vec![a, b],
            vec![a, b, b],
            vec![a, b, environment("d")],
            vec![a, b, c, a],
            vec![],
        ] {
            assert_eq!(layout.reordered(&wrong, at(9)), None, "{wrong:?}");
        }
        assert_eq!(ProjectLayout::default().next_position(), 0);
        assert_eq!(ProjectLayout::default().reordered(&[], at(9)), Some(vec![]));
    }

    #[test]
    fn the_connectors_of_an_environment_are_those_that_lead_to_it() {
        let [one, other] = ["c", "d"].map(|name| ConnectorId::derive(&[name]));
        let layout = ProjectLayout {
            connectors: BTreeMap::from([(one, environment("a")), (other, environment("b"))]),
            ..ProjectLayout::default()
        };
        assert_eq!(layout.leading_to(environment("a")), BTreeSet::from([one]));
        assert!(layout.leading_to(environment("c")).is_empty());
    }
}
