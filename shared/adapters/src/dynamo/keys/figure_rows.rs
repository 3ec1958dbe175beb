//! Keys of figures. They lie in the partition of a project's tallies, behind these: what counts requests counts both, in
//! one transaction.

use super::{Key, tallies_in};
use vestibule_domain::{
    ProjectScope,
    figures::{Day, FigurePlace},
};

/// A part of the figures of a day and place.
#[must_use]
pub fn figures(scope: ProjectScope, day: Day, place: &FigurePlace, row: u8) -> Key {
    let place = match place {
        FigurePlace::Connector(id) => format!("CONNECTOR#{id}"),
        FigurePlace::Desk {
            client_id,
            channel,
            team_id,
        } => {
            let team = team_id.map(|id| id.to_string()).unwrap_or_default();
            format!("DESK#{client_id}#{channel}#{team}")
        }
    };
    let day = figures_on(day);
    Key::new(tallies_in(scope), format!("{day}{place}#{row}"))
}

/// Start of the sort keys of the figures of a day. Days sort as they follow each other.
#[must_use]
pub fn figures_on(day: Day) -> String {
    format!("{FIGURES_PREFIX}{day}#")
}

/// Prefix of the sort keys of figures. Those of tallies sort before it.
pub const FIGURES_PREFIX: &str = "FIGURES#";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::keys::{tallies_begun, tally};
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, ClientId, ConnectorId, ProjectId, TeamId},
    };

    #[test]
    fn figures_sort_by_day_behind_the_tallies_and_each_place_has_its_own() {
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        let (first, second) = (Day::parse("2026-09-30"), Day::parse("2026-10-01"));
        let (first, second) = (first.unwrap(), second.unwrap());
        let connector = ConnectorId::derive(&["c"]);
        let desk = |team: Option<&str>| FigurePlace::Desk {
            client_id: ClientId::derive(&["c"]),
            channel: "sms".to_owned(),
            team_id: team.map(|team| TeamId::derive(&[team])),
        };
        let places = [
            FigurePlace::Connector(connector),
            desk(None),
            desk(Some("t")),
        ];
        let keys = |day: Day| places.each_ref().map(|place| figures(scope, day, place, 7));
        let mut all: Vec<String> = Vec::new();
        for key in keys(first).into_iter().chain(keys(second)) {
            assert_eq!(key.pk, tallies_in(scope));
            all.push(key.sk);
        }
        assert!(all.is_sorted());
        all.dedup();
        assert_eq!(all.len(), 6);
        for key in [tallies_begun(scope), tally(scope, connector, 7)] {
            assert!(key.sk.as_str() < FIGURES_PREFIX, "{key}");
        }
        assert!(all.iter().all(|sk| sk.starts_with(FIGURES_PREFIX)));
    }
}
