//! Merging two records of one person: the standings of the absorbed record (SPEC A29).

use crate::{
    access::{request::AccessRequest, standing::Standing},
    chat::user::ChatUser,
};

/// The outcome for the pending request of a standing that moves to another record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergedRequest {
    /// There is no pending request.
    None,
    /// The request stays pending and becomes the survivor's.
    Moves,
    /// The request is closed: the survivor has a pending one at the connector, or already has the access.
    Closes,
}

/// The survivor's standing after the merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedStanding {
    /// The standing, with the version to store.
    pub standing: Standing,
    /// The outcome for the pending request of the standing that moved.
    pub request: MergedRequest,
}

/// Whether the standings of two records can be merged now. While a task is pending at an affected
/// connector, a worker may be sending something and must find its row again.
#[must_use]
pub fn can_merge(absorbed: &[Standing], survivors: &[Standing]) -> bool {
    let has_tasks = |standing: &Standing| !standing.pending_tasks.is_empty();
    absorbed
        .iter()
        .all(|moving| !has_tasks(moving) && !own(survivors, moving).is_some_and(has_tasks))
}

/// Finds the survivor's standing at the same connector.
#[must_use]
pub fn own<'a>(survivors: &'a [Standing], moving: &Standing) -> Option<&'a Standing> {
    survivors
        .iter()
        .find(|own| own.connector_id == moving.connector_id)
}

/// Merges the standing `moving` into the record of `survivor`. `own` is the survivor's standing at
/// the connector, if there is one; `pending` is the pending request of `moving`.
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
        access::standing::PendingTask,
        ids::{AccessRequestId, ChatUserId, ConnectorId},
        samples::{chat_user, environment, grant, request},
    };
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn survivor(granted: bool) -> ChatUser {
        ChatUser {
            id: ChatUserId::derive(&["survivor"]),
            grants: BTreeMap::from_iter(granted.then(|| (environment("e"), grant()))),
            ..chat_user()
        }
    }

    fn standing(connector: &str, version: u64, request_pending: bool, task: bool) -> Standing {
        Standing {
            connector_id: ConnectorId::derive(&[connector]),
            chat_user_id: ChatUserId::derive(&["absorbed"]),
            request_id: request_pending.then(|| AccessRequestId::derive(&["r"])),
            request_pending,
            pending_tasks: BTreeSet::from_iter(task.then_some(PendingTask::Profile)),
            version,
            ..crate::samples::standing()
        }
    }

    proptest! {
        #[test]
        fn a_request_moves_unless_the_survivor_has_one_or_has_the_access(
            pending in any::<bool>(), granted in any::<bool>(), own in proptest::option::of(any::<bool>()),
        ) {
            let moving = standing("c", 4, pending, false);
            let own = own.map(|pending| standing("c", 7, pending, false));
            let asked = pending.then(request);
            let merged = merge_standing(&survivor(granted), own.as_ref(), &moving, asked.as_ref());
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
