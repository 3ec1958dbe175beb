//! What follows an approval (SPEC A44): the person is told, and the message that waited goes to the agent.

use crate::{
    Timestamp,
    access::{approval::Approval, standing::Standing},
    chat::{send_status::SkipReason, user::ChatUser},
    connector::{ApprovalMode, Connector},
    job::DeliverMessage,
};
use std::time::Duration;

/// A held message that is older than this at the approval is not handed to the agent.
pub const REPLAY_AGE_MAX: Duration = Duration::from_hours(24);
/// How long a held message is kept: as long as an approval may use it, and what a platform that is down
/// may cost after that.
pub const HELD_MESSAGE_KEPT: Duration = Duration::from_hours(24 * 4);

/// What the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct FollowUpFacts<'a> {
    /// The approval.
    pub approval: &'a Approval,
    /// The connector, unless it was deleted.
    pub connector: Option<&'a Connector>,
    /// The person, unless they were erased.
    pub chat_user: Option<&'a ChatUser>,
}

impl<'a> FollowUpFacts<'a> {
    /// Connector and person, if the connector does this and the person still has the access.
    fn follow_up(
        &self,
        wanted: fn(ApprovalMode) -> bool,
    ) -> Result<(&'a Connector, &'a ChatUser), SkipReason> {
        let connector = self.connector.ok_or(SkipReason::ConnectorDeleted)?;
        if !wanted(connector.after_approval.mode) {
            return Err(SkipReason::NotWanted);
        }
        Ok((connector, self.holder().ok_or(SkipReason::AccessEnded)?))
    }

    /// The person, if they still have what was approved.
    #[must_use]
    pub fn holder(&self) -> Option<&'a ChatUser> {
        self.chat_user.filter(|user| {
            user.block.is_none() && user.grants.contains_key(&self.approval.environment_id)
        })
    }
}

/// Whether the person is told now; `reply_window` is how long after a message of theirs the platform
/// lets us write.
pub fn notice_due<'a>(
    facts: &FollowUpFacts<'a>,
    standing: &Standing,
    reply_window: Option<Duration>,
    now: Timestamp,
) -> Result<(&'a Connector, &'a ChatUser), SkipReason> {
    let due = facts.follow_up(ApprovalMode::notifies)?;
    if standing.opted_out_at.is_some() {
        Err(SkipReason::OptedOut)
    } else if notifiable_until(standing, reply_window).is_some_and(|until| until <= now) {
        Err(SkipReason::WindowClosed)
    } else {
        Ok(due)
    }
}

/// Whether the message that made the request goes to the agent.
pub fn replay_due(
    facts: &FollowUpFacts<'_>,
    held: Option<DeliverMessage>,
) -> Result<DeliverMessage, SkipReason> {
    facts.follow_up(ApprovalMode::replays)?;
    let held = held.ok_or(SkipReason::NotKept)?;
    if facts.approval.at.since(held.received_at) < REPLAY_AGE_MAX {
        Ok(held)
    } else {
        Err(SkipReason::TooOld)
    }
}

/// From when on the person cannot be told of a decision: the platform's window has closed, or they do
/// not want to be written to. `None` when there is no such time.
#[must_use]
pub fn notifiable_until(standing: &Standing, reply_window: Option<Duration>) -> Option<Timestamp> {
    let written_at = standing.last_message_at.unwrap_or(standing.first_seen_at);
    let closes_at = reply_window.map(|window| written_at.plus(window));
    match (closes_at, standing.opted_out_at) {
        (Some(closes), Some(opted_out)) => Some(closes.min(opted_out)),
        (closes, opted_out) => closes.or(opted_out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccountScope, ProjectScope,
        account::actor::Actor,
        chat::conversation::{ConversationKind, ConversationRef},
        chat::message::Identity,
        chat::profile::Profile,
        chat::user::{Block, Grant},
        connector::{AfterApproval, ExistingUsers, Policy, Provider, SealedSecrets},
        ids::{AccessRequestId, AccountId, ClientId, ConnectorId, EnvironmentId, ProjectId},
    };
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn scope() -> ProjectScope {
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]))
    }

    fn environment() -> EnvironmentId {
        EnvironmentId::derive(&["e"])
    }

    fn approval(millis: i64) -> Approval {
        let by = Actor {
            id: "member:grace".into(),
            name: "Grace".into(),
        };
        let request = AccessRequestId::derive(&["r"]);
        Approval::new(request, environment(), by, at(millis))
    }

    fn connector(mode: ApprovalMode) -> Connector {
        Connector {
            id: ConnectorId::derive(&["c"]),
            scope: scope(),
            environment_id: environment(),
            client_id: ClientId::derive(&["c"]),
            name: "Support".into(),
            provider: Provider::new("twilio"),
            policy: Policy::OnBoarding,
            onboarding_since: Some(at(0)),
            existing_users: ExistingUsers::Keep,
            onboarding_message: Some("Wait".into()),
            request_cooldown: Duration::from_hours(24),
            after_approval: AfterApproval { mode, notice: None },
            settings: BTreeMap::new(),
            secrets: SealedSecrets::default(),
            webhook: crate::connector::WebhookState::default(),
            request_hash: None,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn identity() -> Identity {
        Identity {
            provider: Provider::new("twilio"),
            platform_scope: "AC1".into(),
            identifier: "+4930123456".into(),
        }
    }

    fn user(granted: bool, blocked: bool) -> ChatUser {
        let grant = Grant {
            granted_at: at(0),
            granted_by: "Grace".into(),
        };
        ChatUser {
            id: identity().chat_user_id(scope()),
            identity: identity(),
            other_id: None,
            number_now_of: None,
            profile: Profile::default(),
            admitted_openly: false,
            grants: granted
                .then(|| (environment(), grant))
                .into_iter()
                .collect(),
            block: blocked.then(|| Block {
                blocked_at: at(0),
                blocked_by: "Grace".into(),
                note: None,
            }),
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn conversation() -> ConversationRef {
        let connector = ConnectorId::derive(&["c"]);
        ConversationRef::new(connector, ConversationKind::Direct, "+49".into(), None)
    }

    fn standing(last_message_at: Option<i64>, opted_out_at: Option<i64>) -> Standing {
        Standing {
            connector_id: ConnectorId::derive(&["c"]),
            chat_user_id: identity().chat_user_id(scope()),
            first_seen_at: at(0),
            conversation: conversation(),
            admitted_openly_at: None,
            request_id: None,
            request_pending: false,
            message_count: 1,
            last_message_at: last_message_at.map(at),
            recent_events: Vec::new(),
            rejections: None,
            onboarding_message: None,
            opted_out_at: opted_out_at.map(at),
            approval: None,
            pending_tasks: BTreeSet::new(),
            version: 1,
        }
    }

    fn held(received_at: i64) -> DeliverMessage {
        DeliverMessage {
            scope: scope(),
            connector_id: ConnectorId::derive(&["c"]),
            environment_id: environment(),
            chat_user_id: identity().chat_user_id(scope()),
            conversation: conversation(),
            text: "Hello".into(),
            attachments: Vec::new(),
            provider_event_id: "SM1".into(),
            event_keys: vec!["twilio:SM1".into()],
            sent_at: at(received_at),
            received_at: at(received_at),
        }
    }

    fn any_mode() -> impl Strategy<Value = ApprovalMode> {
        prop_oneof![
            Just(ApprovalMode::Notify),
            Just(ApprovalMode::Replay),
            Just(ApprovalMode::Both),
            Just(ApprovalMode::Silent),
        ]
    }

    proptest! {
        #[test]
        fn a_person_is_told_while_they_can_be_and_else_the_first_reason_that_applies_is_named(
            mode in any_mode(),
            deleted in any::<bool>(), erased in any::<bool>(), granted in any::<bool>(), blocked in any::<bool>(),
            opted_out in proptest::option::of(0_i64..100),
            window in proptest::option::of(0_u64..100),
            written in proptest::option::of(0_i64..100), now in 0_i64..200,
        ) {
            let (connector, user, approval) = (connector(mode), user(granted, blocked), approval(0));
            let facts = FollowUpFacts {
                approval: &approval,
                connector: (!deleted).then_some(&connector),
                chat_user: (!erased).then_some(&user),
            };
            let standing = standing(written, opted_out);
            let window = window.map(Duration::from_millis);
            let closed = window.is_some_and(|window| at(written.unwrap_or(0)).plus(window) <= at(now));
            let rules = [
                (deleted, SkipReason::ConnectorDeleted),
                (!mode.notifies(), SkipReason::NotWanted),
                (erased || blocked || !granted, SkipReason::AccessEnded),
                (opted_out.is_some(), SkipReason::OptedOut),
                (closed, SkipReason::WindowClosed),
            ];
            let expected = rules.iter().find(|(applies, _)| *applies).map(|(_, reason)| *reason);
            prop_assert_eq!(notice_due(&facts, &standing, window, at(now)).err(), expected);
        }

        #[test]
        fn a_held_message_is_handed_over_if_it_was_younger_than_a_day_at_the_approval(
            mode in any_mode(), kept in any::<bool>(), hours in 0_i64..50,
        ) {
            let (connector, user) = (connector(mode), user(true, false));
            let approval = approval(hours * 3_600_000);
            let facts = FollowUpFacts { approval: &approval, connector: Some(&connector), chat_user: Some(&user) };
            let expected = if !mode.replays() {
                Err(SkipReason::NotWanted)
            } else if !kept {
                Err(SkipReason::NotKept)
            } else if hours >= 24 {
                Err(SkipReason::TooOld)
            } else {
                Ok(held(0))
            };
            prop_assert_eq!(replay_due(&facts, kept.then(|| held(0))), expected);
        }

        #[test]
        fn nobody_can_be_told_after_the_window_or_once_they_opted_out(
            opted_out in proptest::option::of(0_i64..100),
            window in proptest::option::of(0_u64..100),
            written in 0_i64..100,
        ) {
            let standing = standing(Some(written), opted_out);
            let until = notifiable_until(&standing, window.map(Duration::from_millis));
            prop_assert_eq!(until.is_none(), window.is_none() && opted_out.is_none());
            if let Some(until) = until {
                prop_assert!(opted_out.is_none_or(|opted_out| until <= at(opted_out)));
                prop_assert!(window.is_none_or(|window| until <= at(written).plus(Duration::from_millis(window))));
            }
        }
    }

    #[test]
    fn a_reason_is_stored_under_its_name() {
        for reason in [
            SkipReason::NotWanted,
            SkipReason::ConnectorDeleted,
            SkipReason::AccessEnded,
            SkipReason::OptedOut,
            SkipReason::WindowClosed,
            SkipReason::NotKept,
            SkipReason::TooOld,
        ] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.key());
        }
    }
}
