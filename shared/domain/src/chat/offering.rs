//! Offers of conversations to members, once people have them instead of the agent (SPEC E36).

use crate::{
    Timestamp,
    account::actor::Actor,
    chat::{handoff::Handoff, history::HistoryDays},
    connector::Connector,
    ids::ConversationId,
    routing::{
        case::{Case, NewCase},
        demand::{Demand, SKILLS_MAX},
    },
};
use std::collections::BTreeSet;

/// A conversation that people have, and its case on record.
#[derive(Debug, Clone, Copy)]
pub struct HandedOff<'a> {
    /// The connector.
    pub connector: &'a Connector,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Key of the conversation's channel.
    pub channel: &'a str,
    /// The handoff.
    pub handoff: &'a Handoff,
    /// The time for which the project keeps messages.
    pub history: HistoryDays,
    /// The case, if there is one.
    pub case: Option<&'a Case>,
}

/// The part of a conversation's write that concerns its case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CaseStep {
    /// None: the agent has the conversation.
    #[default]
    Nothing,
    /// The conversation asks for a member.
    Offer(Box<Offer>),
    /// It has asked for one, and nothing takes effect unless this case is open still.
    Stands(Box<Case>),
}

/// An offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The case.
    pub case: Case,
    /// The author.
    pub by: Actor,
}

impl CaseStep {
    /// The case that is offered.
    #[must_use]
    pub fn offered(&self) -> Option<&Case> {
        match self {
            Self::Offer(offer) => Some(&offer.case),
            Self::Nothing | Self::Stands(_) => None,
        }
    }
}

impl HandedOff<'_> {
    /// The step of a write at this time. A case that was released without the conversation being given back is offered
    /// again: somebody has written, and nobody else would see it.
    #[must_use]
    pub fn step(&self, at: Timestamp) -> CaseStep {
        if let Some(case) = self.case.filter(|case| case.is_open()) {
            return CaseStep::Stands(Box::new(case.clone()));
        }
        let new = NewCase {
            scope: self.connector.scope,
            conversation_id: self.conversation_id,
            connector_id: Some(self.connector.id),
            channel: self.channel.to_owned(),
            demand: self.demand(),
            history: self.history,
        };
        let by = if self.handoff.at == at {
            self.handoff.by.clone()
        } else {
            Actor::system()
        };
        CaseStep::Offer(Box::new(Offer {
            case: Case::offered(new, self.case, at),
            by,
        }))
    }

    /// The demand that it makes of a member. A team that the handoff names is found by its name when the case is offered, and counts
    /// instead of the connector's.
    fn demand(&self) -> Demand {
        let connector = self.connector;
        let team_id = connector.team_id.filter(|_| self.handoff.team.is_none());
        let asked = connector.skills.iter().chain(&self.handoff.skills);
        let mut skills = BTreeSet::new();
        skills.extend(asked.take(SKILLS_MAX).cloned());
        Demand {
            client_id: connector.client_id,
            team_id,
            skills,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::handoff::HandoffRequest,
        connector::Handler,
        ids::TeamId,
        routing::{case::CaseState, demand::Skill},
        samples::{at, connector},
    };

    fn connector_of_team() -> Connector {
        Connector {
            handler: Handler::Team,
            team_id: Some(TeamId::derive(&["t"])),
            skills: Skill::new("German").into_iter().collect(),
            ..connector()
        }
    }

    fn step(handoff: &HandoffRequest, case: Option<&Case>, now: i64) -> CaseStep {
        let handed_off = HandedOff {
            connector: &connector_of_team(),
            conversation_id: ConversationId::derive(&["d"]),
            channel: "slack",
            handoff: &handoff.made_by(Actor::set_up(), at(5)),
            history: HistoryDays::default(),
            case,
        };
        handed_off.step(at(now))
    }

    fn offered(step: CaseStep) -> Offer {
        match step {
            CaseStep::Offer(offer) => *offer,
            other => panic!("no offer: {other:?}"),
        }
    }

    #[test]
    fn a_conversation_asks_for_what_its_connector_and_its_handoff_ask_for() {
        let bare = HandoffRequest::default();
        let offer = offered(step(&bare, None, 5));
        let case = &offer.case;
        assert_eq!(
            (case.state.clone(), case.offered_at),
            (CaseState::Offered, at(5))
        );
        assert_eq!(case.channel, "slack");
        assert_eq!(case.connector_id, Some(connector().id));
        assert_eq!(case.demand.client_id, connector().client_id);
        assert_eq!(case.demand.team_id, Some(TeamId::derive(&["t"])));
        assert_eq!(case.demand.skills.len(), 1);
        assert_eq!(offer.by, Actor::set_up());

        let named = HandoffRequest::cut(Some("sales"), None).with_skills(["Billing", "german"]);
        let case = offered(step(&named, None, 5)).case;
        assert_eq!(case.demand.team_id, None);
        let asked = case.demand.skills.iter().map(Skill::as_str);
        assert_eq!(asked.collect::<Vec<_>>(), ["Billing", "German"]);
    }

    #[test]
    fn an_open_case_stands_and_one_that_is_over_is_offered_again_by_the_system() {
        let bare = HandoffRequest::default();
        let first = offered(step(&bare, None, 5)).case;
        let stands = step(&bare, Some(&first), 7);
        assert_eq!(stands, CaseStep::Stands(Box::new(first.clone())));
        assert_eq!(stands.offered(), None);
        let over = first.released(at(8));
        let again = step(&bare, Some(&over), 9);
        assert_eq!(again.offered().map(|case| case.offered_at), Some(at(9)));
        let again = offered(again);
        assert_eq!(again.case.version, over.version + 1);
        assert_eq!(again.by, Actor::system());
    }
}
