//! Two records that become one person's: the standings of the record that goes (SPEC A29).

use crate::{
    access::{request::AccessRequest, standing::Standing},
    chat::user::ChatUser,
};

/// The pending request of a standing that moves to another record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergedRequest {
    /// There is none.
    None,
    /// It stays pending, and becomes the survivor's.
    Moves,
    /// It is closed: the survivor has a pending one at the connector, or has the access already.
    Closes,
}

/// A standing as the survivor has it after the merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedStanding {
    /// The standing. Its version is the one to store.
    pub standing: Standing,
    /// What happens to the pending request of the standing that moved.
    pub request: MergedRequest,
}

/// Whether the standings of two records can be merged now. While a task is pending at a connector that
/// moves, a worker may be sending something, and must find its row again.
#[must_use]
pub fn can_merge(absorbed: &[Standing], survivors: &[Standing]) -> bool {
    let has_tasks = |standing: &Standing| !standing.pending_tasks.is_empty();
    absorbed
        .iter()
        .all(|moving| !has_tasks(moving) && !own(survivors, moving).is_some_and(has_tasks))
}

/// The standing of the survivor at the same connector.
#[must_use]
pub fn own<'a>(survivors: &'a [Standing], moving: &Standing) -> Option<&'a Standing> {
    survivors
        .iter()
        .find(|own| own.connector_id == moving.connector_id)
}

/// Merges the standing `moving` into the record of `survivor`, who may have a standing of their `own` at
/// the connector. `pending` is the request that is pending on `moving`.
#[must_use]
pub fn merge_standing(
    survivor: &ChatUser,
    own: Option<&Standing>,
    moving: &Standing,
    pending: Option<&AccessRequest>,
) -> MergedStanding {
    let request = match pending {
        None => MergedRequest::None,
        Some(request)
            if own.is_some_and(|own| own.request_pending)
                || survivor.grants.contains_key(&request.environment_id) =>
        {
            MergedRequest::Closes
        }
        Some(_) => MergedRequest::Moves,
    };
    let moved = Standing {
        chat_user_id: survivor.id,
        request_pending: request == MergedRequest::Moves,
        version: 1,
        ..moving.clone()
    };
    let standing = match own {
        None => moved,
        Some(own) => Standing {
            version: own.version + 1,
            ..own.clone().joined_by(&moved)
        },
    };
    MergedStanding { standing, request }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccountScope, Timestamp,
        access::standing::PendingTask,
        chat::{
            conversation::{ConversationKind, ConversationRef},
            message::Identity,
            profile::Profile,
            user::Grant,
        },
        connector::Provider,
        ids::{AccessRequestId, AccountId, ChatUserId, ConnectorId, EnvironmentId, ProjectId},
    };
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn environment() -> EnvironmentId {
        EnvironmentId::derive(&["e"])
    }

    fn survivor(granted: bool) -> ChatUser {
        let grant = Grant {
            granted_at: NOW,
            granted_by: "Grace".into(),
        };
        ChatUser {
            id: ChatUserId::derive(&["survivor"]),
            identity: Identity {
                provider: Provider::new("360dialog"),
                platform_scope: "W1".into(),
                identifier: "US.1".into(),
            },
            other_id: None,
            number_now_of: None,
            profile: Profile::default(),
            admitted_openly: false,
            grants: BTreeMap::from_iter(granted.then(|| (environment(), grant))),
            block: None,
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn standing(connector: &str, version: u64, request_pending: bool, task: bool) -> Standing {
        let connector_id = ConnectorId::derive(&[connector]);
        Standing {
            connector_id,
            chat_user_id: ChatUserId::derive(&["absorbed"]),
            first_seen_at: NOW,
            conversation: ConversationRef::new(
                connector_id,
                ConversationKind::Direct,
                "D1".into(),
                None,
            ),
            admitted_openly_at: None,
            request_id: request_pending.then(|| AccessRequestId::derive(&["r"])),
            request_pending,
            message_count: 1,
            last_message_at: None,
            recent_events: Vec::new(),
            rejections: None,
            onboarding_message: None,
            opted_out_at: None,
            approval: None,
            pending_tasks: BTreeSet::from_iter(task.then_some(PendingTask::Profile)),
            version,
        }
    }

    fn request() -> AccessRequest {
        let standing = standing("c", 1, true, false);
        AccessRequest {
            id: AccessRequestId::derive(&["r"]),
            scope: AccountScope::of_verified(AccountId::derive(&["a"]))
                .project(ProjectId::derive(&["p"])),
            environment_id: environment(),
            connector_id: standing.connector_id,
            connector_name: "Support".into(),
            provider: Provider::new("360dialog"),
            chat_user_id: standing.chat_user_id,
            identifier: "+49".into(),
            conversation: standing.conversation,
            rejected_before: 0,
            created_at: NOW,
            decision: None,
        }
    }

    proptest! {
        #[test]
        fn a_request_moves_unless_the_survivor_has_one_or_has_the_access(
            pending in any::<bool>(), granted in any::<bool>(), own in proptest::option::of(any::<bool>()),
        ) {
            let moving = standing("c", 4, pending, false);
            let own = own.map(|pending| standing("c", 7, pending, false));
            let request = pending.then(request);
            let merged = merge_standing(&survivor(granted), own.as_ref(), &moving, request.as_ref());
            let own_pending = own.as_ref().is_some_and(|own| own.request_pending);
            let expected = match (pending, own_pending || granted) {
                (false, _) => MergedRequest::None,
                (true, true) => MergedRequest::Closes,
                (true, false) => MergedRequest::Moves,
            };
            prop_assert_eq!(merged.request, expected);
            prop_assert_eq!(
                merged.standing.request_pending,
                own_pending || expected == MergedRequest::Moves
            );
            prop_assert_eq!(merged.standing.version, if own.is_some() { 8 } else { 1 });
            if own.is_none() {
                prop_assert_eq!(merged.standing.chat_user_id, survivor(granted).id);
            }
        }
    }

    #[test]
    fn records_wait_while_a_task_is_pending_on_either_at_a_connector_that_moves() {
        for (moving, own_connector, own_task, expected) in [
            (false, "c", false, true),
            (true, "c", false, false),
            (false, "c", true, false),
            (false, "another", true, true),
        ] {
            let absorbed = [standing("c", 1, false, moving)];
            let survivors = [standing(own_connector, 1, false, own_task)];
            assert_eq!(
                can_merge(&absorbed, &survivors),
                expected,
                "{moving} {own_connector} {own_task}"
            );
        }
    }
}
