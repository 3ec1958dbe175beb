//! The end of a person's access to an environment at the hands of an admin (SPEC B33).

use crate::{
    access::{
        direct_approval::WritingPlace,
        request::{AccessRequest, RequestStatus, Revocation},
        standing::Standing,
    },
    chat::user::ChatUser,
    ids::EnvironmentId,
};

/// An access to end, with the records that change with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoking {
    /// The person, as read.
    pub before: ChatUser,
    /// The person without the access.
    pub after: ChatUser,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The standings, as read, that would let the person in because a connector of the environment was open once.
    pub admitted: Vec<Standing>,
    /// The approved requests that gave the access, as read.
    pub requests: Vec<AccessRequest>,
    /// The revocation.
    pub revocation: Revocation,
}

impl Revoking {
    /// Ends the access of `user`, who wrote at these `places`. `None` for a person without access there.
    #[must_use]
    pub fn new(
        user: &ChatUser,
        places: &[WritingPlace],
        environment_id: EnvironmentId,
        mut requests: Vec<AccessRequest>,
        revocation: Revocation,
    ) -> Option<Self> {
        let is_here = |place: &&WritingPlace| place.connector.environment_id == environment_id;
        let is_admitted = |place: &&WritingPlace| place.standing.admitted_openly_at.is_some();
        let admitted = places.iter().filter(is_here).filter(is_admitted);
        let admitted: Vec<_> = admitted.map(|place| place.standing.clone()).collect();
        if admitted.is_empty() && !user.grants.contains_key(&environment_id) {
            return None;
        }
        requests.retain(|request| {
            request.environment_id == environment_id
                && request.status() == RequestStatus::Approved
                && request.revocation.is_none()
        });
        let mut after = user.clone();
        after.grants.remove(&environment_id);
        after.admitted_openly &= places
            .iter()
            .any(|place| !is_here(&place) && is_admitted(&place));
        after.updated_at = revocation.at;
        Some(Self {
            before: user.clone(),
            after,
            environment_id,
            admitted,
            requests,
            revocation,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::request::Verdict,
        chat::user::ChatUserStatus,
        connector::Connector,
        samples::{
            actor, at, chat_user, connector, decision, environment, grant, request, standing,
        },
    };

    fn revocation() -> Revocation {
        Revocation {
            by: actor("grace"),
            at: at(20),
            note: None,
        }
    }

    fn place(leads_to: &str, admitted: bool) -> WritingPlace {
        WritingPlace {
            connector: Connector {
                environment_id: environment(leads_to),
                ..connector()
            },
            standing: Standing {
                admitted_openly_at: admitted.then(|| at(1)),
                ..standing()
            },
        }
    }

    fn granted(environments: &[&str]) -> ChatUser {
        let grants = environments.iter().map(|name| (environment(name), grant()));
        ChatUser {
            grants: grants.collect(),
            ..chat_user()
        }
    }

    /// SPEC B33.
    #[test]
    fn the_person_loses_one_environment_and_is_onboarding_without_any() {
        for (held, status) in [
            (vec!["here"], ChatUserStatus::Onboarding),
            (vec!["here", "there"], ChatUserStatus::Active),
        ] {
            let user = granted(&held);
            let ends = Revoking::new(&user, &[], environment("here"), Vec::new(), revocation());
            let ends = ends.unwrap();
            assert!(!ends.after.grants.contains_key(&environment("here")));
            assert_eq!(ends.after.grants.len(), held.len() - 1);
            assert_eq!(ends.after.status(), status);
            assert_eq!(ends.after.updated_at, at(20));
        }
        let none = Revoking::new(
            &granted(&["there"]),
            &[],
            environment("here"),
            Vec::new(),
            revocation(),
        );
        assert_eq!(none, None);
    }

    /// SPEC A42, B33.
    #[test]
    fn whoever_was_let_in_by_an_open_connector_of_the_environment_is_kept_no_more() {
        let user = ChatUser {
            admitted_openly: true,
            ..chat_user()
        };
        let (here, there) = (place("here", true), place("there", true));
        let ends = |places: &[WritingPlace]| {
            let ends = Revoking::new(&user, places, environment("here"), Vec::new(), revocation());
            ends.unwrap()
        };
        let alone = ends(std::slice::from_ref(&here));
        assert_eq!(alone.admitted, std::slice::from_ref(&here.standing));
        assert_eq!(alone.after.status(), ChatUserStatus::Onboarding);
        let elsewhere_too = ends(&[here, there]);
        assert_eq!(elsewhere_too.after.status(), ChatUserStatus::Active);
    }

    #[test]
    fn only_approved_requests_of_the_environment_show_the_revocation_and_each_once() {
        let here = request().environment_id;
        let approved = AccessRequest {
            decision: Some(decision(Verdict::Approve, actor("grace"))),
            ..request()
        };
        let others = [
            request(),
            AccessRequest {
                decision: Some(decision(Verdict::Reject, actor("grace"))),
                ..request()
            },
            AccessRequest {
                revocation: Some(revocation()),
                ..approved.clone()
            },
            AccessRequest {
                environment_id: environment("elsewhere"),
                ..approved.clone()
            },
        ];
        let mut requests = others.to_vec();
        requests.push(approved.clone());
        let user = ChatUser {
            grants: [(here, grant())].into(),
            ..chat_user()
        };
        let ends = Revoking::new(&user, &[], here, requests, revocation()).unwrap();
        assert_eq!(ends.requests, [approved]);
    }
}
