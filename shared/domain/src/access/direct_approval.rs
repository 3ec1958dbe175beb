//! Approval of a person who has no pending request, such as after a rejection (SPEC B40).

use crate::{
    Timestamp,
    access::{
        request::{AccessRequest, RequestDecision},
        standing::Standing,
    },
    chat::user::ChatUser,
    connector::Connector,
    ids::{AccessRequestId, ChatUserId, EnvironmentId},
};

/// A connector through which a person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritingPlace {
    /// The connector.
    pub connector: Connector,
    /// The person's standing there.
    pub standing: Standing,
}

impl WritingPlace {
    /// Whether an approval for the environment is followed up here: the connector leads there, and no
    /// request is pending that it would leave open.
    #[must_use]
    pub fn follows_up(&self, environment_id: EnvironmentId) -> bool {
        self.connector.environment_id == environment_id && !self.standing.request_pending
    }

    fn wrote_at(&self) -> Timestamp {
        let standing = &self.standing;
        standing.last_message_at.unwrap_or(standing.first_seen_at)
    }
}

/// Chooses the place at which an approval is recorded: where it is followed up, if there is such a place,
/// and there where the person wrote last.
#[must_use]
pub fn place_of_approval(
    places: &[WritingPlace],
    environment_id: EnvironmentId,
) -> Option<&WritingPlace> {
    places
        .iter()
        .max_by_key(|place| (place.follows_up(environment_id), place.wrote_at()))
}

/// An approval to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectApproval {
    /// The request that records the approval, without its decision.
    pub request: AccessRequest,
    /// The approval.
    pub decision: RequestDecision,
    /// Whether the follow-up of an approval is due at the connector of the request.
    pub is_followed_up: bool,
}

impl DirectApproval {
    /// Makes the approval of `user` for the environment.
    #[must_use]
    pub fn new(
        user: &ChatUser,
        place: &WritingPlace,
        environment_id: EnvironmentId,
        decision: RequestDecision,
    ) -> Self {
        let WritingPlace {
            connector,
            standing,
        } = place;
        Self {
            request: AccessRequest {
                id: approval_id(user.id, environment_id, decision.at),
                scope: connector.scope,
                environment_id,
                connector_id: connector.id,
                connector_name: connector.name.clone(),
                provider: connector.provider.clone(),
                chat_user_id: user.id,
                identifier: user.shown_id().identifier.clone(),
                conversation: standing.conversation.clone(),
                rejected_before: standing.rejections.map_or(0, |earlier| earlier.count),
                created_at: decision.at,
                decision: None,
                revocation: None,
            },
            is_followed_up: place.follows_up(environment_id),
            decision,
        }
    }
}

/// The id of the request that records a direct approval. It follows from the grant, so that a repeated
/// call finds the request.
#[must_use]
pub fn approval_id(
    chat_user_id: ChatUserId,
    environment_id: EnvironmentId,
    granted_at: Timestamp,
) -> AccessRequestId {
    AccessRequestId::derive(&[
        "approval",
        &chat_user_id.to_string(),
        &environment_id.to_string(),
        &granted_at.to_string(),
    ])
}

/// The ids of the requests whose approval may have given a person the access to an environment: that of a direct
/// approval, those that standings name, and the latest one at each place. An id may be there twice.
#[must_use]
pub fn approvals_of(
    user: &ChatUser,
    environment_id: EnvironmentId,
    places: &[WritingPlace],
) -> Vec<AccessRequestId> {
    let grant = user.grants.get(&environment_id);
    let direct = grant.map(|grant| approval_id(user.id, environment_id, grant.granted_at));
    let named = places.iter().flat_map(|place| {
        let approval = place.standing.approval.as_ref();
        let approved = approval.filter(|approval| approval.environment_id == environment_id);
        [
            approved.map(|approval| approval.request_id),
            place.standing.request_id,
        ]
    });
    direct.into_iter().chain(named.flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::request::{RequestStatus, Verdict},
        access::standing::Rejections,
        ids::ConnectorId,
        samples::{self, actor, at, chat_user, decision, environment},
    };

    fn place(connector: &str, leads_to: &str, wrote_at: i64, pending: bool) -> WritingPlace {
        let id = ConnectorId::derive(&[connector]);
        WritingPlace {
            connector: Connector {
                id,
                environment_id: environment(leads_to),
                ..samples::connector()
            },
            standing: Standing {
                connector_id: id,
                last_message_at: Some(at(wrote_at)),
                request_pending: pending,
                ..samples::standing()
            },
        }
    }

    #[test]
    fn an_approval_is_recorded_where_it_is_followed_up_and_else_where_the_person_wrote_last() {
        let here = environment("here");
        let chosen = |places: &[WritingPlace]| {
            place_of_approval(places, here).map(|place| place.connector.id)
        };
        let (old, new) = (
            place("old", "here", 1, false),
            place("new", "here", 2, false),
        );
        let elsewhere = place("elsewhere", "there", 3, false);
        let waiting = place("waiting", "here", 4, true);
        for (places, expected) in [
            (
                vec![old.clone(), new.clone(), elsewhere.clone()],
                Some("new"),
            ),
            (
                vec![elsewhere.clone(), old.clone(), waiting.clone()],
                Some("old"),
            ),
            (vec![elsewhere, waiting], Some("waiting")),
            (vec![], None),
        ] {
            let expected = expected.map(|name| ConnectorId::derive(&[name]));
            assert_eq!(chosen(&places), expected);
        }
    }

    #[test]
    fn a_direct_approval_is_a_request_of_the_person_at_the_place_with_the_rejections_before() {
        let mut place = place("c", "here", 1, false);
        place.standing.rejections = Some(Rejections {
            count: 2,
            last_at: at(1),
        });
        let decision = decision(Verdict::Approve, actor("grace"));
        let made = DirectApproval::new(&chat_user(), &place, environment("here"), decision.clone());
        let request = &made.request;
        assert_eq!(request.status(), RequestStatus::Pending);
        assert_eq!(request.chat_user_id, chat_user().id);
        assert_eq!(request.connector_id, place.connector.id);
        assert_eq!(request.environment_id, environment("here"));
        assert_eq!(
            (request.rejected_before, request.created_at),
            (2, decision.at)
        );
        assert!(made.is_followed_up);
        let there = DirectApproval::new(&chat_user(), &place, environment("there"), decision);
        assert!(!there.is_followed_up);
        assert_ne!(there.request.id, request.id);
    }
}
