//! The decision about one message (SPEC A40): whether its sender may talk to the agent, and the reason.

use crate::{
    access::standing::Standing,
    chat::kept_block::KeptBlock,
    chat::user::ChatUser,
    connector::{Connector, Policy},
    directory::end_user::PhoneHolder,
    ids::EnvironmentId,
};
use serde::Serialize;

/// The facts that the decision depends on.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The connector's policy.
    pub policy: Policy,
    /// The environment the connector leads to.
    pub environment_id: EnvironmentId,
    /// The sender, if they wrote before.
    pub chat_user: Option<&'a ChatUser>,
    /// The block of the sender, if they are erased.
    pub kept_block: Option<&'a KeptBlock>,
    /// Whether the sender was let through before the connector asked for approval, and was kept.
    pub kept: bool,
    /// The directory's answer about the sender.
    pub directory: DirectoryMatch,
    /// Whether the connector approves people in the directory at once while it asks for approval (SPEC A51).
    pub preapproves: bool,
}

/// The directory's answer about a sender. Only a phone number that the platform asserts can match (SPEC A40).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DirectoryMatch {
    /// Nobody in the directory has this phone number, or the platform asserts none.
    #[default]
    Unknown,
    /// A person in the directory has this phone number.
    Known {
        /// Whether the person in the directory holds the connector's environment.
        holds_environment: bool,
    },
}

impl DirectoryMatch {
    /// The answer about a sender whose phone number leads to `holder`. A sender whom an admin linked to another
    /// person, or keeps apart from the directory, is not found by the number.
    #[must_use]
    pub fn of(
        holder: Option<&PhoneHolder>,
        sender: Option<&ChatUser>,
        environment_id: EnvironmentId,
    ) -> Self {
        let is_elsewhere = |holder: &PhoneHolder| {
            sender.is_some_and(|user| {
                user.is_apart || user.end_user_id.is_some_and(|id| id != holder.end_user_id)
            })
        };
        match holder {
            Some(holder) if !is_elsewhere(holder) => Self::Known {
                holds_environment: holder.environments.contains(&environment_id),
            },
            _ => Self::Unknown,
        }
    }
}

/// The decision on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", content = "reason", rename_all = "snake_case")]
pub enum Decision {
    /// Acknowledge the message, write nothing, answer nothing.
    Drop(DropReason),
    /// Hand the message to the agent.
    Deliver(DeliverReason),
    /// Hand the message to the agent because the directory vouches for the sender. This implies the approval.
    ApproveAndDeliver(ApproveReason),
    /// Acknowledge the message without a request or an onboarding message.
    Ignore(IgnoreReason),
    /// Hold the message and start the onboarding flow.
    Onboard(OnboardReason),
}

/// The reason why a message is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// An admin blocked the sender.
    Blocked,
}

/// The reason why a message is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliverReason {
    /// The connector is open to everybody.
    OpenConnector,
    /// The sender holds a grant for the environment.
    Granted,
    /// The sender was let through before the connector asked for approval, and was kept.
    Kept,
}

/// The reason why an approval is implied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApproveReason {
    /// The directory has the sender's phone number with the connector's environment.
    KnownPerson,
}

/// The reason why a message is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IgnoreReason {
    /// The connector answers only people in the directory.
    NotOnAllowList,
}

/// The reason why a message is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnboardReason {
    /// Nobody approved the sender for the environment.
    NotApproved,
}

impl<'a> Facts<'a> {
    /// Collects the facts about a sender at a connector.
    #[must_use]
    pub fn of(
        connector: &Connector,
        chat_user: Option<&'a ChatUser>,
        standing: Option<&Standing>,
        directory: DirectoryMatch,
    ) -> Self {
        Self {
            policy: connector.policy,
            environment_id: connector.environment_id,
            chat_user,
            kept_block: None,
            kept: standing.is_some_and(|standing| standing.kept_by(connector)),
            directory,
            preapproves: connector.preapprove_known_users,
        }
    }
}

/// Decides, in the order of SPEC A40.
#[must_use]
pub fn decide(facts: &Facts<'_>) -> Decision {
    let granted = facts
        .chat_user
        .is_some_and(|user| user.grants.contains_key(&facts.environment_id));
    let heeds_directory = facts.policy == Policy::AllowList || facts.preapproves;
    let known = facts.directory
        == DirectoryMatch::Known {
            holds_environment: true,
        };
    let blocked = facts.chat_user.is_some_and(|user| user.block.is_some());
    if blocked || facts.kept_block.is_some() {
        Decision::Drop(DropReason::Blocked)
    } else if facts.policy == Policy::AllowAll {
        Decision::Deliver(DeliverReason::OpenConnector)
    } else if granted {
        Decision::Deliver(DeliverReason::Granted)
    } else if known && heeds_directory {
        Decision::ApproveAndDeliver(ApproveReason::KnownPerson)
    } else if facts.policy == Policy::AllowList {
        Decision::Ignore(IgnoreReason::NotOnAllowList)
    } else if facts.kept {
        Decision::Deliver(DeliverReason::Kept)
    } else {
        Decision::Onboard(OnboardReason::NotApproved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::EndUserId;
    use crate::samples::{
        any_policy, at, block, chat_user, connector, grant, kept_block, standing,
    };
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn environment(n: u8) -> EnvironmentId {
        EnvironmentId::derive(&[&n.to_string()])
    }

    fn user(blocked: bool, environments: &[u8]) -> ChatUser {
        ChatUser {
            grants: environments
                .iter()
                .map(|n| (environment(*n), grant()))
                .collect(),
            block: blocked.then(block),
            ..chat_user()
        }
    }

    fn any_directory() -> impl Strategy<Value = DirectoryMatch> {
        prop_oneof![
            Just(DirectoryMatch::Unknown),
            any::<bool>().prop_map(|holds_environment| DirectoryMatch::Known { holds_environment }),
        ]
    }

    proptest! {
        /// SPEC A40, A51.
        #[test]
        fn the_decision_is_the_first_rule_of_the_order_that_applies(
            policy in any_policy(),
            directory in any_directory(),
            preapproves in any::<bool>(),
            exists in any::<bool>(),
            blocked in any::<bool>(),
            grants in proptest::collection::vec(0_u8..3, 0..3),
            kept in any::<bool>(),
        ) {
            let user = exists.then(|| user(blocked, &grants));
            let facts = Facts {
                policy, environment_id: environment(0), chat_user: user.as_ref(), kept_block: None, kept, directory, preapproves,
            };
            let known = directory == DirectoryMatch::Known { holds_environment: true }
                && (preapproves || policy == Policy::AllowList);
            let rules = [
                (exists && blocked, Decision::Drop(DropReason::Blocked)),
                (policy == Policy::AllowAll, Decision::Deliver(DeliverReason::OpenConnector)),
                (exists && grants.contains(&0), Decision::Deliver(DeliverReason::Granted)),
                (known, Decision::ApproveAndDeliver(ApproveReason::KnownPerson)),
                (policy == Policy::AllowList, Decision::Ignore(IgnoreReason::NotOnAllowList)),
                (kept, Decision::Deliver(DeliverReason::Kept)),
                (true, Decision::Onboard(OnboardReason::NotApproved)),
            ];
            let expected = rules.iter().find(|(applies, _)| *applies).unwrap().1;
            prop_assert_eq!(decide(&facts), expected);
        }

        #[test]
        fn a_blocked_person_is_dropped_whatever_else_is_true(
            policy in any_policy(), directory in any_directory(), kept in any::<bool>(),
            grants in proptest::collection::vec(0_u8..3, 0..3),
        ) {
            let user = user(true, &grants);
            let facts = Facts {
                policy, environment_id: environment(0), chat_user: Some(&user), kept_block: None, kept, directory, preapproves: true,
            };
            prop_assert_eq!(decide(&facts), Decision::Drop(DropReason::Blocked));
        }

        /// SPEC C41.
        #[test]
        fn somebody_whose_block_outlived_them_is_dropped_whatever_else_is_true(
            policy in any_policy(), directory in any_directory(), kept in any::<bool>(),
        ) {
            let block = kept_block();
            let facts = Facts {
                policy, environment_id: environment(0), chat_user: None, kept_block: Some(&block), kept, directory,
                preapproves: true,
            };
            prop_assert_eq!(decide(&facts), Decision::Drop(DropReason::Blocked));
        }

        #[test]
        fn a_grant_for_another_environment_never_opens_this_one(others in proptest::collection::vec(1_u8..9, 0..5)) {
            let user = user(false, &others);
            let facts = Facts {
                policy: Policy::OnBoarding, environment_id: environment(0), chat_user: Some(&user), kept_block: None,
                kept: false, directory: DirectoryMatch::Unknown, preapproves: true,
            };
            prop_assert_eq!(decide(&facts), Decision::Onboard(OnboardReason::NotApproved));
        }
    }

    #[test]
    fn the_facts_are_those_of_the_connector_and_of_the_sender_there() {
        let connector = connector();
        let user = user(false, &[]);
        let kept = Standing {
            admitted_openly_at: Some(at(0)),
            ..standing()
        };
        let known = DirectoryMatch::Known {
            holds_environment: true,
        };
        for (standing, is_kept) in [
            (None, false),
            (Some(&standing()), false),
            (Some(&kept), true),
        ] {
            let facts = Facts::of(&connector, Some(&user), standing, known);
            assert_eq!(facts.policy, connector.policy);
            assert_eq!(facts.environment_id, connector.environment_id);
            assert_eq!(facts.chat_user, Some(&user));
            assert_eq!(facts.kept, is_kept);
            assert_eq!(facts.directory, known);
            assert!(facts.preapproves);
        }
        let strict = Connector {
            preapprove_known_users: false,
            ..connector.clone()
        };
        assert!(!Facts::of(&strict, None, None, known).preapproves);
        let facts = Facts::of(&connector, None, None, DirectoryMatch::default());
        assert_eq!(facts.chat_user, None);
        assert_eq!(facts.directory, DirectoryMatch::Unknown);
    }

    #[test]
    fn the_holder_of_the_number_is_the_sender_unless_an_admin_said_otherwise() {
        let holder = PhoneHolder {
            end_user_id: EndUserId::derive(&["ada"]),
            environments: BTreeSet::from([environment(0)]),
        };
        let linked_to = |name: &str| ChatUser {
            end_user_id: Some(EndUserId::derive(&[name])),
            ..user(false, &[])
        };
        let apart = ChatUser {
            is_apart: true,
            ..user(false, &[])
        };
        let known = |holds_environment| DirectoryMatch::Known { holds_environment };
        for (sender, at, expected) in [
            (None, 0, known(true)),
            (None, 1, known(false)),
            (Some(user(false, &[])), 0, known(true)),
            (Some(linked_to("ada")), 0, known(true)),
            (Some(linked_to("grace")), 0, DirectoryMatch::Unknown),
            (Some(apart), 0, DirectoryMatch::Unknown),
        ] {
            let found = DirectoryMatch::of(Some(&holder), sender.as_ref(), environment(at));
            assert_eq!(found, expected);
        }
        let nobody = DirectoryMatch::of(None, None, environment(0));
        assert_eq!(nobody, DirectoryMatch::Unknown);
    }

    #[test]
    fn the_reason_is_part_of_the_result() {
        let shown = serde_json::to_string(&Decision::Deliver(DeliverReason::Granted)).unwrap();
        assert_eq!(shown, r#"{"decision":"deliver","reason":"granted"}"#);
    }
}
