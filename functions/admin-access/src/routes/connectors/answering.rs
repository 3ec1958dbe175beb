//! The fields of a connector that say who answers its conversations (SPEC E36).

use super::{
    read_message,
    variants::{self, Changes, GivenVariants},
};
use crate::{Deps, api_types::HandlerName};
use std::collections::BTreeSet;
use vestibule_admin::{FieldErrors, Nullable, problem::ApiError, validation};
use vestibule_domain::{
    AccountScope,
    connector::{Connector, Handler, QueueNotice},
    ids::TeamId,
    routing::demand::Skill,
};
use vestibule_providers::catalogue::ConnectorKind;

/// The fields as a body has them.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) handler: Option<HandlerName>,
    pub(super) team_id: Nullable<String>,
    pub(super) skills: Option<Vec<String>>,
    pub(super) shows_author: Option<bool>,
    pub(super) notice: Nullable<String>,
    pub(super) notices: Nullable<GivenVariants>,
}

/// The changes that they ask for.
#[derive(Debug, Default)]
pub(super) struct Answering {
    handler: Option<Handler>,
    team_id: Nullable<TeamId>,
    skills: Option<BTreeSet<Skill>>,
    shows_author: Option<bool>,
    notice: Nullable<String>,
    notices: Nullable<Changes>,
}

impl Answering {
    /// Reads the fields, for a connector of this kind if it is known.
    pub(super) fn read(
        given: Given,
        kind: Option<&dyn ConnectorKind>,
        errors: &mut FieldErrors,
    ) -> Self {
        let team_id = match given.team_id {
            Nullable::Absent => Nullable::Absent,
            Nullable::Null => Nullable::Null,
            Nullable::Value(id) => validation::id("team_id", Some(&id), errors)
                .map_or(Nullable::Absent, Nullable::Value),
        };
        let skills = given
            .skills
            .map(|skills| validation::skills("skills", &skills, errors));
        let notice = match given.notice {
            Nullable::Absent => Nullable::Absent,
            Nullable::Null => Nullable::Null,
            Nullable::Value(text) => read_notice(&text, kind, errors),
        };
        let notices = match given.notices {
            Nullable::Absent => Nullable::Absent,
            Nullable::Null => Nullable::Null,
            Nullable::Value(given) => {
                Nullable::Value(variants::read_changes("queue_notices", given, kind, errors))
            }
        };
        Self {
            handler: given.handler.map(Into::into),
            team_id,
            skills,
            shows_author: given.shows_author,
            notice,
            notices,
        }
    }

    /// Makes the changes, and names the rules that the connector then breaks.
    pub(super) fn apply(&self, connector: &mut Connector, errors: &mut FieldErrors) {
        if let Some(handler) = self.handler {
            connector.handler = handler;
        }
        match self.team_id {
            Nullable::Absent => {}
            Nullable::Null => connector.team_id = None,
            Nullable::Value(id) => connector.team_id = Some(id),
        }
        if let Some(skills) = &self.skills {
            connector.skills.clone_from(skills);
        }
        if let Some(shows_author) = self.shows_author {
            connector.shows_author = shows_author;
        }
        self.apply_notice(&mut connector.queue_notice, errors);
    }

    /// Names the rules that a new connector breaks.
    pub(super) fn check_new(&self, errors: &mut FieldErrors) {
        self.apply_notice(&mut QueueNotice::default(), errors);
    }

    fn apply_notice(&self, notice: &mut QueueNotice, errors: &mut FieldErrors) {
        match &self.notice {
            Nullable::Absent => {}
            Nullable::Null => notice.text = None,
            Nullable::Value(text) => notice.text = Some(text.clone()),
        }
        variants::apply(&self.notices, &mut notice.variants);
        variants::check("queue_notices", &notice.variants, errors);
    }

    /// The team that it names, which is to be found among those of the account.
    pub(super) const fn team_id(&self) -> Option<TeamId> {
        match self.team_id {
            Nullable::Value(id) => Some(id),
            Nullable::Absent | Nullable::Null => None,
        }
    }
}

/// Reads a notice under the rules of every message to people: a blank one is none.
fn read_notice(
    text: &str,
    kind: Option<&dyn ConnectorKind>,
    errors: &mut FieldErrors,
) -> Nullable<String> {
    let read = match kind {
        Some(kind) => read_message("queue_notice", Some(text), kind, errors),
        None => validation::clean_text(text),
    };
    read.map_or(Nullable::Null, Nullable::Value)
}

/// Checks that the account has the team.
pub(super) async fn check_team(
    deps: &Deps,
    scope: AccountScope,
    id: Option<TeamId>,
    errors: &mut FieldErrors,
) -> Result<(), ApiError> {
    let Some(id) = id else { return Ok(()) };
    if !deps.connectors.has_team(scope, id).await? {
        errors.add("team_id", "must be the id of a team of this account");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures, *};
    use serde_json::json;
    use vestibule_domain::{connector::Provider, language::Language};
    use vestibule_providers::catalogue::connector_kind;

    fn broken(given: Given) -> Vec<String> {
        let kind = connector_kind(&Provider::new("slack"));
        let mut errors = FieldErrors::default();
        let answering = Answering::read(given, kind, &mut errors);
        answering.check_new(&mut errors);
        let errors = errors.into_validation();
        let fields = errors.errors().iter().map(|error| error.field.clone());
        fields.collect()
    }

    fn applied(given: Given, before: &Connector) -> Connector {
        let kind = connector_kind(&Provider::new("slack"));
        let mut errors = FieldErrors::default();
        let mut changed = before.clone();
        Answering::read(given, kind, &mut errors).apply(&mut changed, &mut errors);
        assert!(errors.is_empty(), "{errors:?}");
        changed
    }

    fn variants(texts: serde_json::Value) -> Nullable<GivenVariants> {
        Nullable::Value(serde_json::from_value(texts).unwrap())
    }

    /// SPEC E36.
    #[test]
    fn a_connector_is_answered_by_the_team_in_the_ways_that_are_given_and_the_others_stay() {
        let before = fixtures::connector();
        assert_eq!(applied(Given::default(), &before), before);
        let team_id = TeamId::derive(&["t"]);
        let told = Given {
            handler: Some(HandlerName::Team),
            team_id: Nullable::Value(team_id.to_string()),
            skills: Some(vec!["German".to_owned(), " Billing ".to_owned()]),
            shows_author: Some(true),
            notice: Nullable::Value(" Please wait ".to_owned()),
            notices: variants(json!({"de": "Bitte warten", "fr": null})),
        };
        let told = applied(told, &before);
        assert_eq!(told.handler, Handler::Team);
        assert_eq!(told.team_id, Some(team_id));
        let skills = ["German", "Billing"].into_iter().filter_map(Skill::new);
        assert_eq!(told.skills, skills.collect());
        assert!(told.shows_author);
        let german = Language::parse("de-AT");
        assert_eq!(told.queue_notice.choose(None), Some("Please wait"));
        assert_eq!(
            told.queue_notice.choose(german.as_ref()),
            Some("Bitte warten")
        );
        assert_eq!(applied(Given::default(), &told), told);
        let undone = Given {
            handler: Some(HandlerName::Agent),
            team_id: Nullable::Null,
            skills: Some(Vec::new()),
            shows_author: Some(false),
            notice: Nullable::Value(" ".to_owned()),
            notices: Nullable::Null,
        };
        assert_eq!(applied(undone, &told), before);
    }

    #[test]
    fn each_field_that_breaks_a_rule_is_named() {
        let too_long = "x".repeat(51);
        for (given, fields) in [
            (
                Given {
                    team_id: Nullable::Value("x".to_owned()),
                    ..Given::default()
                },
                vec!["team_id"],
            ),
            (
                Given {
                    skills: Some(vec!["German".to_owned(), " ".to_owned(), too_long]),
                    ..Given::default()
                },
                vec!["skills.1", "skills.2"],
            ),
            (
                Given {
                    notice: Nullable::Value("x".repeat(50_000)),
                    ..Given::default()
                },
                vec!["queue_notice"],
            ),
            (
                Given {
                    notices: variants(json!({"german": "Bitte warten"})),
                    ..Given::default()
                },
                vec!["queue_notices.german"],
            ),
        ] {
            assert_eq!(broken(given), fields);
        }
    }
}
