//! Merging two records of one person: the standings of the absorbed record (SPEC A29).

use crate::{
    access::{
        approval::Approval,
        request::{AccessRequest, ReasonCode},
        standing::{PendingTask, Standing},
    },
    chat::{send_status::SendStatus, user::ChatUser},
    ids::EnvironmentId,
};
use std::collections::BTreeSet;

/// The outcome for the pending request of a standing that moves to another record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergedRequest {
    /// There is no pending request.
    None,
    /// The request stays pending and becomes the survivor's.
    Moves,
    /// The request is closed for this reason: the survivor already has the access
    /// ([`ReasonCode::GrantedElsewhere`]), or a pending request at the connector
    /// ([`ReasonCode::Merged`]).
    Closes(ReasonCode),
}

/// The survivor's standing after the merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedStanding {
    /// The standing, with the version to store.
    pub standing: Standing,
    /// The outcome for the pending request of the standing that moved.
    pub request: MergedRequest,
}

/// Finds the standings that keep two records from being merged by a webhook. While a task is pending at
/// an affected connector, a worker may be sending something and must find its row again.
pub fn busy<'a>(
    absorbed: &'a [Standing],
    survivors: &'a [Standing],
) -> impl Iterator<Item = &'a Standing> {
    absorbed
        .iter()
        .flat_map(move |moving| [Some(moving), own(survivors, moving)])
        .flatten()
        .filter(|standing| !standing.pending_tasks.is_empty())
}

/// Finds the survivor's standing at the same connector.
#[must_use]
pub fn own<'a>(survivors: &'a [Standing], moving: &Standing) -> Option<&'a Standing> {
    survivors
        .iter()
        .find(|own| own.connector_id == moving.connector_id)
}

/// Whether a pending request of the survivor ends with the merge, because the survivor has the access. A
/// request of somebody blocked stays pending (SPEC A45).
#[must_use]
pub fn is_granted(survivor: &ChatUser, request: &AccessRequest) -> bool {
    survivor.block.is_none() && survivor.grants.contains_key(&request.environment_id)
}

/// Finds the approval that opened an environment, among the standings of both records.
#[must_use]
pub fn approval_for<'a>(
    mut standings: impl Iterator<Item = &'a Standing>,
    environment_id: EnvironmentId,
) -> Option<&'a Approval> {
    standings.find_map(|standing| {
        let approval = standing.approval.as_ref();
        approval.filter(|approval| approval.environment_id == environment_id)
    })
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
        Some(request) if is_granted(survivor, request) => {
            MergedRequest::Closes(ReasonCode::GrantedElsewhere)
        }
        Some(_) if own.is_some_and(|own| own.request_pending) => {
            MergedRequest::Closes(ReasonCode::Merged)
        }
        Some(_) => MergedRequest::Moves,
    };
    let moved = Standing {
        chat_user_id: survivor.id,
        request_pending: request == MergedRequest::Moves,
        version: 1,
        ..moving.clone()
    };
    let joined = match own {
        None => moved,
        Some(own) => Standing {
            version: own.version + 1,
            ..own.clone().joined_by(&moved)
        },
    };
    let tasks = own.into_iter().chain([moving]);
    let standing = Standing {
        pending_tasks: tasks.flat_map(|from| left_of(from, &joined)).collect(),
        merge_with: None,
        ..joined
    };
    MergedStanding { standing, request }
}

/// Returns the tasks of a standing that are still to be done once it is part of `joined`. Nobody is
/// welcomed twice, and only the approval that stays is followed up. A request whose
/// onboarding message is dropped gets a notice to the members who decide instead.
fn left_of(from: &Standing, joined: &Standing) -> BTreeSet<PendingTask> {
    let is_welcomed = joined
        .onboarding_message
        .as_ref()
        .is_some_and(SendStatus::is_sent);
    let is_due = |task: &PendingTask| match task {
        PendingTask::Merge => false,
        PendingTask::OnboardingMessage | PendingTask::Profile | PendingTask::Register => true,
        PendingTask::RelatedRequests | PendingTask::ApprovalNotice | PendingTask::Replay => {
            from.approval == joined.approval
        }
        PendingTask::RequestNotice => joined.request_pending,
    };
    let tasks = from.pending_tasks.iter().copied();
    let tasks = tasks.map(|task| match task {
        PendingTask::OnboardingMessage if is_welcomed => PendingTask::RequestNotice,
        task => task,
    });
    tasks.filter(is_due).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{AccessRequestId, ChatUserId, ConnectorId},
        samples::{actor, at, block, chat_user, environment, grant, identity, request},
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
            let expected = match (pending, granted, own_pending) {
                (false, _, _) => MergedRequest::None,
                (true, true, _) => MergedRequest::Closes(ReasonCode::GrantedElsewhere),
                (true, false, true) => MergedRequest::Closes(ReasonCode::Merged),
                (true, false, false) => MergedRequest::Moves,
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
    fn nobody_blocked_is_approved_by_a_merge() {
        let blocked = ChatUser {
            block: Some(block()),
            ..survivor(true)
        };
        let moving = standing("c", 4, true, false);
        assert!(!is_granted(&blocked, &request()));
        for (own, expected) in [
            (None, MergedRequest::Moves),
            (
                Some(standing("c", 7, true, false)),
                MergedRequest::Closes(ReasonCode::Merged),
            ),
        ] {
            let merged = merge_standing(&blocked, own.as_ref(), &moving, Some(&request()));
            assert_eq!(merged.request, expected);
            assert!(merged.standing.request_pending);
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
                busy(&absorbed, &survivors).next().is_none(),
                expected,
                "{moving} {own_connector} {own_task}"
            );
        }
    }

    fn owing(tasks: &[PendingTask]) -> Standing {
        Standing {
            pending_tasks: tasks.iter().copied().collect(),
            ..standing("c", 1, false, false)
        }
    }

    #[test]
    fn tasks_go_along_and_nobody_is_welcomed_twice() {
        let moving = Standing {
            merge_with: Some(identity("T1", "U2")),
            ..owing(&[
                PendingTask::Merge,
                PendingTask::OnboardingMessage,
                PendingTask::Profile,
            ])
        };
        let welcomed = Standing {
            onboarding_message: Some(SendStatus::Sent {
                at: at(1),
                message_id: None,
            }),
            ..owing(&[])
        };
        let left = |own: Option<&Standing>| {
            let merged = merge_standing(&survivor(false), own, &moving, None);
            assert_eq!(merged.standing.merge_with, None);
            Vec::from_iter(merged.standing.pending_tasks)
        };
        let all = [PendingTask::OnboardingMessage, PendingTask::Profile];
        assert_eq!(left(None), all);
        assert_eq!(left(Some(&owing(&[]))), all);
        assert_eq!(left(Some(&welcomed)), [PendingTask::Profile]);
        // SPEC B35.
        let asking = Standing {
            request_id: Some(AccessRequestId::derive(&["r"])),
            request_pending: true,
            ..moving.clone()
        };
        let own = Some(&welcomed);
        let merged = merge_standing(&survivor(false), own, &asking, Some(&request()));
        let left = Vec::from_iter(merged.standing.pending_tasks);
        assert_eq!(left, [PendingTask::Profile, PendingTask::RequestNotice]);
    }

    #[test]
    fn of_two_approvals_the_one_that_stays_is_followed_up() {
        let approved = |name: &str, tasks: &[PendingTask]| Standing {
            approval: Some(Approval::new(
                AccessRequestId::derive(&[name]),
                environment("e"),
                actor(name),
                at(6),
            )),
            ..owing(tasks)
        };
        let moving = approved("moving", &PendingTask::AFTER_APPROVAL);
        let own = approved("own", &[PendingTask::ApprovalNotice]);
        let merged = merge_standing(&survivor(true), Some(&own), &moving, None);
        let left = Vec::from_iter(merged.standing.pending_tasks);
        assert_eq!(left, [PendingTask::ApprovalNotice]);
        let long_ago = approved("own", &[]);
        for own in [None, Some(&long_ago)] {
            let merged = merge_standing(&survivor(true), own, &moving, None);
            assert_eq!(merged.standing.approval, moving.approval);
            let left = Vec::from_iter(merged.standing.pending_tasks);
            assert_eq!(left, PendingTask::AFTER_APPROVAL);
        }
        let found = approval_for([&own, &moving].into_iter(), environment("e"));
        assert_eq!(found, own.approval.as_ref());
        assert_eq!(approval_for([&own].into_iter(), environment("f")), None);
    }
}
