//! The store of standings for the onboarding worker: claimed and settled under a lease.

use super::{
    items::{AvatarItem, HeldMessageItem, SentMessageItem, StandingItem},
    keys::{self, Key},
    lease::{LOST, SETTLED},
    marks::Marked,
    merges::finish_merge,
    people::{find_chat_user, note_stable_id},
    profiles,
    search::OrderedIndex,
    table::{
        Attributes, Cancelled, Conditional, Table, Transacted, from_row, n, put_write, s, to_value,
        update_write,
    },
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::standing::{PendingTask, Standing},
    chat::message::Identity,
    chat::send_status::SendStatus,
    chat::user::ChatUser,
    event::occasions::{notice_failed, profile_fetched},
    ids::{AccessRequestId, ChatUserId, LeaseId},
    job::{DeliverMessage, OnboardChatUser},
    ports::{
        Claim, ClaimedStanding, FetchedProfile, FinishedMerge, Lease, Postponement, SentMessage,
        StandingStore, TaskResult,
    },
};

/// See [`StandingStore`].
#[derive(Debug, Clone)]
pub struct DynamoStandings {
    table: Table,
}

impl DynamoStandings {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

fn claimed(item: StandingItem, lease: LeaseId) -> Box<ClaimedStanding> {
    let attempt = item.attempts;
    Box::new(ClaimedStanding {
        standing: item.into(),
        lease,
        attempt,
    })
}

/// Converts tasks to their form in a row: a set, so that one can be added or removed without
/// knowing the others.
pub(super) fn task_set<'a>(tasks: impl IntoIterator<Item = &'a PendingTask>) -> AttributeValue {
    AttributeValue::Ss(
        tasks
            .into_iter()
            .map(|task| task.key().to_owned())
            .collect(),
    )
}

/// The parts of an update that makes the onboarding message due again, because its way is open (SPEC A48).
/// The update is to remove `not_before`, to add [`DueAgain::TASK`], and to depend on the version that was read.
pub(super) struct DueAgain {
    pub(super) set: Vec<&'static str>,
    pub(super) values: Vec<(&'static str, AttributeValue)>,
}

impl DueAgain {
    /// The part of the update that adds the task.
    pub(super) const TASK: &str = "ADD owes :owes";

    pub(super) fn new(
        scope: ProjectScope,
        standing: &Standing,
        due: Timestamp,
    ) -> Result<Self, PortError> {
        let marked = Marked::standing(scope, standing.chat_user_id, standing.connector_id);
        let mark = marked.waiting(due);
        let mut set = vec![
            "onboarding_message = :message",
            "outbox_pk = :part",
            "outbox_due = :due",
        ];
        let mut values = vec![
            (":message", to_value(&SendStatus::Queued)?),
            (":part", mark.pk()),
            (":due", mark.due()),
            (":owes", task_set([&PendingTask::OnboardingMessage])),
        ];
        if !standing.may_have_tried_notice() {
            set.push("attempts = :none");
            values.push((":none", n(0)));
        }
        Ok(Self { set, values })
    }
}

/// The parts of an update that records a finished task.
struct Settling {
    key: Key,
    set: Vec<&'static str>,
    conditions: Vec<&'static str>,
    values: Vec<(&'static str, AttributeValue)>,
}

/// The outcome of a write that records a finished task.
enum Settled {
    /// It took effect; with the row as it is now, if the write shows it.
    Done(Option<Attributes>),
    /// An earlier attempt of ours took effect.
    Before,
    /// The condition of the standing failed; with its current row.
    Refused(Option<Attributes>),
    /// The platform reported the text as failed before.
    Reported(SendStatus),
}

fn settling(
    scope: ProjectScope,
    claimed: &ClaimedStanding,
    result: &TaskResult,
) -> Result<Settling, PortError> {
    let standing = &claimed.standing;
    let mut set = vec!["version = version + :one"];
    let mut conditions = vec!["lease_id = :lease"];
    let mut values = vec![(":lease", s(claimed.lease)), (":one", n(1))];
    match result {
        TaskResult::OnboardingMessage(message) => {
            set.push("onboarding_message = :fate");
            values.push((":fate", to_value(message)?));
            let in_doubt = claimed.leaves_doubt(message);
            if in_doubt || standing.onboarding_in_doubt {
                set.push("onboarding_in_doubt = :doubt");
                values.push((":doubt", AttributeValue::Bool(in_doubt)));
            }
        }
        TaskResult::ApprovalNotice(fate) | TaskResult::Replay(fate) => {
            if standing.approval.is_some() {
                set.push(match result {
                    TaskResult::Replay(_) => "approval.replay = :fate",
                    _ => "approval.notice = :fate",
                });
                values.push((":fate", to_value(fate)?));
            }
        }
        TaskResult::Merge
        | TaskResult::RelatedRequests
        | TaskResult::Profile
        | TaskResult::RequestNotice
        | TaskResult::Register => {}
    }
    let of_approval = PendingTask::AFTER_APPROVAL.contains(&result.task());
    if let (true, Some(approval)) = (of_approval, &standing.approval) {
        conditions.push("approval.request_id = :approved");
        values.push((":approved", s(approval.request_id)));
    }
    Ok(Settling {
        key: keys::standing(scope, standing.chat_user_id, standing.connector_id),
        set,
        conditions,
        values,
    })
}

impl DynamoStandings {
    /// Makes the write of the outgoing event of a finished task, if its text failed.
    fn told_write(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        result: &TaskResult,
    ) -> Result<Option<TransactWriteItem>, PortError> {
        let event = notice_failed(scope, &claimed.standing, result);
        let write = event.map(|event| self.table.outgoing_event_write(&event));
        write.transpose()
    }

    /// Records a finished task with the text that it sent, if that has a row of its own, or with the event that it
    /// failed.
    async fn write_settled(
        &self,
        update: Update,
        sent: Option<&SentMessage<'_>>,
        told: Option<TransactWriteItem>,
    ) -> Result<Settled, PortError> {
        let Some(sent) = sent else {
            let Some(told) = told else {
                return Ok(match self.table.update(update).await? {
                    Conditional::Done(row) => Settled::Done(row),
                    Conditional::Failed(row) => Settled::Refused(row),
                });
            };
            return self.write_failed(update, told).await;
        };
        let item = SentMessageItem::sent(sent);
        let put = self
            .table
            .put_part(&item, "attribute_not_exists(pk)", &[])?;
        let mut writes = vec![put_write(put), update_write(update)];
        writes.extend(told);
        let reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(Settled::Done(None)),
            Transacted::Cancelled(reasons) => reasons,
        };
        let mut reasons = reasons.into_iter();
        match (reasons.next(), reasons.next()) {
            (Some(Cancelled::Condition(Some(row))), _) => {
                let stored: SentMessageItem = from_row(row, "sent message")?;
                Ok(stored.failure.map_or(Settled::Before, Settled::Reported))
            }
            (_, Some(Cancelled::Condition(row))) => Ok(Settled::Refused(row)),
            _ => Err(PortError::Conflict { what: "standing" }),
        }
    }

    /// Records a finished task whose text failed, with the event that tells it.
    async fn write_failed(
        &self,
        update: Update,
        told: TransactWriteItem,
    ) -> Result<Settled, PortError> {
        let writes = vec![update_write(update), told];
        let reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(Settled::Done(None)),
            Transacted::Cancelled(reasons) => reasons,
        };
        match reasons.into_iter().next() {
            Some(Cancelled::Condition(row)) => Ok(Settled::Refused(row)),
            _ => Err(PortError::Conflict { what: "standing" }),
        }
    }

    /// Reads the tasks that are left under our lease; `None` if it was given back.
    async fn left(
        &self,
        key: &Key,
        lease: LeaseId,
    ) -> Result<Option<Box<ClaimedStanding>>, PortError> {
        let item: Option<StandingItem> = self.table.get(key, "standing").await?;
        match item {
            Some(item) if item.lease_id == Some(lease) => Ok(Some(claimed(item, lease))),
            Some(item) if item.settled_lease == Some(lease) => Ok(None),
            _ => Err(LOST),
        }
    }

    /// Removes one task and leaves lease and mark, because other tasks are pending.
    async fn settle_one(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        result: &TaskResult,
        sent: Option<&SentMessage<'_>>,
    ) -> Result<Option<Box<ClaimedStanding>>, PortError> {
        let Settling {
            key,
            mut set,
            conditions,
            mut values,
        } = settling(scope, claimed, result)?;
        // This claim is also an attempt at the next task. If the worker ends here, the next worker must
        // not consider that task untried.
        set.push("attempts = :attempts");
        values.push((":attempts", n(claimed.attempts_after(result.task()))));
        values.push((":done", task_set([&result.task()])));
        let update = self.table.update_part(
            &key,
            &format!("SET {} DELETE owes :done", set.join(", ")),
            &conditions.join(" AND "),
            &[],
            &values,
        )?;
        let told = self.told_write(scope, claimed, result)?;
        let row = match self.write_settled(update, sent, told).await? {
            Settled::Done(Some(row)) => row,
            Settled::Done(None) | Settled::Before => return self.left(&key, claimed.lease).await,
            Settled::Refused(row) => row.ok_or(LOST)?,
            Settled::Reported(failure) => {
                let failed = result.with_text(failure);
                return self.settle(scope, claimed, &failed, None).await;
            }
        };
        // When the condition fails under our own lease, another approval has replaced the one we handled.
        let item: StandingItem = from_row(row, "standing")?;
        if item.lease_id == Some(claimed.lease) {
            Ok(Some(self::claimed(item, claimed.lease)))
        } else {
            Err(LOST)
        }
    }

    /// Converts a claimed row of the old format, which had a single task.
    async fn renew(
        &self,
        key: &Key,
        item: StandingItem,
        lease: LeaseId,
    ) -> Result<Box<ClaimedStanding>, PortError> {
        let old = item.old_tasks();
        if old.is_empty() {
            return Ok(claimed(item, lease));
        }
        let update = self.table.update_part(
            key,
            "SET version = version + :one ADD owes :old REMOVE owed",
            "lease_id = :lease",
            &[],
            &[
                (":one", n(1)),
                (":old", task_set(&old)),
                (":lease", s(lease)),
            ],
        )?;
        match self.table.update(update).await? {
            Conditional::Done(Some(row)) => Ok(claimed(from_row(row, "standing")?, lease)),
            Conditional::Done(None) | Conditional::Failed(_) => Err(LOST),
        }
    }
}

#[async_trait]
impl StandingStore for DynamoStandings {
    async fn claim(
        &self,
        job: OnboardChatUser,
        lease: &Lease,
    ) -> Result<Claim<Box<ClaimedStanding>>, PortError> {
        let key = keys::standing(job.scope, job.chat_user_id, job.connector_id);
        match self.table.claim(job.into(), lease, "standing").await? {
            Claim::Claimed(item) => self.renew(&key, item, lease.id).await.map(Claim::Claimed),
            Claim::HeldUntil(until) => Ok(Claim::HeldUntil(until)),
            Claim::NotBefore(at) => Ok(Claim::NotBefore(at)),
            Claim::NothingPending => Ok(Claim::NothingPending),
        }
    }

    async fn settle(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        result: &TaskResult,
        sent: Option<&SentMessage<'_>>,
    ) -> Result<Option<Box<ClaimedStanding>>, PortError> {
        let pending = &claimed.standing.pending_tasks;
        if pending.len() > 1 || !pending.contains(&result.task()) {
            return self.settle_one(scope, claimed, result, sent).await;
        }
        let Settling {
            key,
            mut set,
            mut conditions,
            mut values,
        } = settling(scope, claimed, result)?;
        set.push("settled_lease = :lease");
        conditions.push("owes = :owes");
        values.push((":owes", task_set(pending)));
        let update = self.table.update_part(
            &key,
            &format!("SET {} REMOVE owes, {SETTLED}", set.join(", ")),
            &conditions.join(" AND "),
            &[],
            &values,
        )?;
        let told = self.told_write(scope, claimed, result)?;
        match self.write_settled(update, sent, told).await? {
            Settled::Done(_) => Ok(None),
            Settled::Before => self.left(&key, claimed.lease).await,
            Settled::Reported(failure) => {
                let failed = result.with_text(failure);
                self.settle(scope, claimed, &failed, None).await
            }
            Settled::Refused(Some(row)) => {
                let item: StandingItem = from_row(row, "standing")?;
                if item.settled_lease == Some(claimed.lease) {
                    // An earlier attempt of this call took effect and its answer was lost.
                    Ok(None)
                } else {
                    // Another task was added meanwhile, or the lease was lost.
                    self.settle_one(scope, claimed, result, sent).await
                }
            }
            Settled::Refused(None) => Err(LOST),
        }
    }

    async fn owe_notice(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
    ) -> Result<Box<ClaimedStanding>, PortError> {
        let standing = &claimed.standing;
        let update = self.table.update_part(
            &keys::standing(scope, standing.chat_user_id, standing.connector_id),
            "SET version = version + :one ADD owes :notice",
            "lease_id = :lease",
            &[],
            &[
                (":one", n(1)),
                (":notice", task_set([&PendingTask::RequestNotice])),
                (":lease", s(claimed.lease)),
            ],
        )?;
        match self.table.update(update).await? {
            Conditional::Done(Some(row)) => {
                let item = from_row(row, "standing")?;
                Ok(self::claimed(item, claimed.lease))
            }
            Conditional::Done(None) | Conditional::Failed(_) => Err(LOST),
        }
    }

    async fn finish_merge(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        now: Timestamp,
    ) -> Result<FinishedMerge, PortError> {
        finish_merge(&self.table, scope, claimed, now).await
    }

    async fn postpone(
        &self,
        job: OnboardChatUser,
        lease: LeaseId,
        postponement: Postponement,
    ) -> Result<(), PortError> {
        self.table.postpone(job.into(), lease, postponement).await
    }

    async fn note_stable_id(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
        stable_id: &Identity,
    ) -> Result<(), PortError> {
        note_stable_id(&self.table, scope, id, stable_id).await
    }

    async fn register(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
        is_admitted: bool,
        now: Timestamp,
    ) -> Result<(), PortError> {
        self.table.register(scope, id, is_admitted, now).await
    }

    async fn held_message(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
    ) -> Result<Option<DeliverMessage>, PortError> {
        let item: Option<HeldMessageItem> = self
            .table
            .get(&keys::held_message(scope, id), "held message")
            .await?;
        item.map_or(Ok(None), |item| item.message())
    }

    async fn chat_user(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
    ) -> Result<Option<ChatUser>, PortError> {
        find_chat_user(&self.table, scope, id).await
    }

    async fn store_profile(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
        learnt: FetchedProfile<'_>,
    ) -> Result<(), PortError> {
        if let Some(avatar) = learnt.avatar {
            let item = AvatarItem::new(scope, id, avatar, learnt.at);
            let newest = "attribute_not_exists(pk) OR fetched_at <= :at";
            let put = self
                .table
                .put_part(&item, newest, &[(":at", s(learnt.at))])?;
            self.table.put(put).await?;
        }
        let update = self.table.update_part(
            &keys::chat_user(scope, id),
            "SET profile = :profile, updated_at = :now, version = version + :one",
            "attribute_exists(pk)",
            &[],
            &[
                (":profile", to_value(learnt.profile)?),
                (":now", AttributeValue::S(learnt.at.to_string())),
                (":one", n(1)),
            ],
        )?;
        let index = OrderedIndex::of_chat_user(scope, id, learnt.at);
        let mut writes = vec![update_write(update), self.table.index_order_write(index)?];
        if let Some(event) = profile_fetched(scope, id, learnt.changed, learnt.at) {
            writes.push(self.table.outgoing_event_write(&event)?);
        }
        profiles::write(&self.table, writes).await
    }
}
