//! Standings, as the onboarding worker sees them: claimed under a lease, settled under it.

use super::{
    items::{AvatarItem, HeldMessageItem, StandingItem},
    keys::{self, Key},
    people::find_chat_user,
    table::{Conditional, Table, from_row, n, s, to_value},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use std::time::Duration;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::standing::PendingTask,
    chat::user::ChatUser,
    ids::{AccessRequestId, ChatUserId, LeaseId},
    job::{DeliverMessage, OnboardChatUser},
    ports::{Claim, ClaimedStanding, FetchedProfile, StandingStore, TaskResult},
};

/// See [`StandingStore`].
#[derive(Debug, Clone)]
pub struct DynamoStandings {
    table: Table,
}

impl DynamoStandings {
    /// On this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

const LOST: PortError = PortError::Conflict { what: "standing" };

fn claimed(item: StandingItem, lease: LeaseId) -> Box<ClaimedStanding> {
    let attempt = item.attempts;
    Box::new(ClaimedStanding {
        standing: item.into(),
        lease,
        attempt,
    })
}

/// Debts as a row has them: a set, so that one is added or taken off without the others being known.
pub(super) fn debts<'a>(owed: impl IntoIterator<Item = &'a PendingTask>) -> AttributeValue {
    AttributeValue::Ss(owed.into_iter().map(|owed| owed.key().to_owned()).collect())
}

/// The parts of an update that records a paid debt.
struct Settling {
    key: Key,
    set: Vec<&'static str>,
    conditions: Vec<&'static str>,
    values: Vec<(&'static str, AttributeValue)>,
}

fn settling(
    scope: ProjectScope,
    claimed: &ClaimedStanding,
    paid: &TaskResult,
) -> Result<Settling, PortError> {
    let standing = &claimed.standing;
    let mut set = vec!["version = version + :one"];
    let mut conditions = vec!["lease_id = :lease"];
    let mut values = vec![(":lease", s(claimed.lease)), (":one", n(1))];
    match paid {
        TaskResult::OnboardingMessage(message) => {
            set.push("onboarding_message = :fate");
            values.push((":fate", to_value(message)?));
        }
        TaskResult::ApprovalNotice(fate) | TaskResult::Replay(fate) => {
            if standing.approval.is_some() {
                set.push(match paid {
                    TaskResult::Replay(_) => "approval.replay = :fate",
                    _ => "approval.notice = :fate",
                });
                values.push((":fate", to_value(fate)?));
            }
        }
        TaskResult::RelatedRequests | TaskResult::Profile => {}
    }
    let of_approval = PendingTask::AFTER_APPROVAL.contains(&paid.task());
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
    /// Takes one debt off and leaves lease and mark, because others are owed.
    async fn settle_one(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        paid: &TaskResult,
        due: Timestamp,
    ) -> Result<Option<Box<ClaimedStanding>>, PortError> {
        let Settling {
            key,
            mut set,
            conditions,
            mut values,
        } = settling(scope, claimed, paid)?;
        // This claim is the first attempt at the next debt too: should it end here, whoever comes next
        // must not take it for untried.
        set.extend(["outbox_due = :due", "attempts = :one"]);
        values.extend([(":due", n(due.millis())), (":paid", debts([&paid.task()]))]);
        let update = self.table.update_part(
            &key,
            &format!("SET {} DELETE owes :paid", set.join(", ")),
            &conditions.join(" AND "),
            &[],
            &values,
        )?;
        let row = match self.table.update(update).await? {
            Conditional::Done(row) | Conditional::Failed(row) => row.ok_or(LOST)?,
        };
        // A failed condition under our own lease is an approval that replaced the one seen to.
        let item: StandingItem = from_row(row, "standing")?;
        if item.lease_id == Some(claimed.lease) {
            Ok(Some(self::claimed(item, claimed.lease)))
        } else {
            Err(LOST)
        }
    }

    /// Brings a row of before debts could be several up to date, now that it is claimed.
    async fn renew(
        &self,
        key: &Key,
        item: StandingItem,
        lease: LeaseId,
    ) -> Result<Claim, PortError> {
        let old = item.old_debts();
        if old.is_empty() {
            return Ok(Claim::Claimed(claimed(item, lease)));
        }
        let update = self.table.update_part(
            key,
            "SET version = version + :one ADD owes :old REMOVE owed",
            "lease_id = :lease",
            &[],
            &[(":one", n(1)), (":old", debts(&old)), (":lease", s(lease))],
        )?;
        match self.table.update(update).await? {
            Conditional::Done(Some(row)) => {
                Ok(Claim::Claimed(claimed(from_row(row, "standing")?, lease)))
            }
            Conditional::Done(None) | Conditional::Failed(_) => Err(LOST),
        }
    }
}

#[async_trait]
impl StandingStore for DynamoStandings {
    async fn claim(
        &self,
        job: OnboardChatUser,
        lease: LeaseId,
        now: Timestamp,
        lease_time: Duration,
    ) -> Result<Claim, PortError> {
        let key = keys::standing(job.scope, job.chat_user_id, job.connector_id);
        let update = self.table.update_part(
            &key,
            "SET lease_id = :lease, lease_until = :until, attempts = if_not_exists(attempts, :zero) + :one, version = version + :one",
            "(attribute_exists(owes) OR attribute_exists(owed)) AND (attribute_not_exists(lease_until) OR lease_until <= :now)",
            &[],
            &[
                (":lease", s(lease)),
                (":until", n(now.plus(lease_time).millis())),
                (":now", n(now.millis())),
                (":zero", n(0)),
                (":one", n(1)),
            ],
        )?;
        let row = match self.table.update(update).await? {
            Conditional::Done(Some(row)) => {
                return self.renew(&key, from_row(row, "standing")?, lease).await;
            }
            Conditional::Failed(Some(row)) => row,
            Conditional::Done(None) | Conditional::Failed(None) => {
                return Ok(Claim::NothingPending);
            }
        };
        let item: StandingItem = from_row(row, "standing")?;
        if item.owed.is_none() && item.owes.is_empty() {
            return Ok(Claim::NothingPending);
        }
        // An attempt of this very call took effect and its answer was lost.
        if item.lease_id == Some(lease) {
            return self.renew(&key, item, lease).await;
        }
        Ok(item.lease_until.map_or(Claim::NothingPending, |until| {
            Claim::HeldUntil(Timestamp::from_millis(until))
        }))
    }

    async fn settle(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        paid: &TaskResult,
        due: Timestamp,
    ) -> Result<Option<Box<ClaimedStanding>>, PortError> {
        let owed = &claimed.standing.pending_tasks;
        if owed.len() > 1 || !owed.contains(&paid.task()) {
            return self.settle_one(scope, claimed, paid, due).await;
        }
        let Settling {
            key,
            mut set,
            mut conditions,
            mut values,
        } = settling(scope, claimed, paid)?;
        set.push("settled_lease = :lease");
        conditions.push("owes = :owes");
        values.push((":owes", debts(owed)));
        let update = self.table.update_part(
            &key,
            &format!(
                "SET {} REMOVE owes, outbox_pk, outbox_due, attempts, lease_id, lease_until",
                set.join(", ")
            ),
            &conditions.join(" AND "),
            &[],
            &values,
        )?;
        match self.table.update(update).await? {
            Conditional::Done(_) => Ok(None),
            Conditional::Failed(Some(row)) => {
                let item: StandingItem = from_row(row, "standing")?;
                if item.settled_lease == Some(claimed.lease) {
                    // An attempt of this very call took effect and its answer was lost.
                    Ok(None)
                } else {
                    // Something else came to be owed meanwhile, or the lease was lost.
                    self.settle_one(scope, claimed, paid, due).await
                }
            }
            Conditional::Failed(None) => Err(LOST),
        }
    }

    async fn postpone(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        until: Timestamp,
    ) -> Result<(), PortError> {
        let standing = &claimed.standing;
        let update = self.table.update_part(
            &keys::standing(scope, standing.chat_user_id, standing.connector_id),
            "SET settled_lease = :lease, outbox_due = :due, version = version + :one REMOVE lease_id, lease_until",
            "lease_id = :lease",
            &[],
            &[
                (":lease", s(claimed.lease)),
                (":one", n(1)),
                (":due", n(until.millis())),
            ],
        )?;
        match self.table.update(update).await? {
            Conditional::Done(_) => Ok(()),
            Conditional::Failed(Some(row)) => {
                let item: StandingItem = from_row(row, "standing")?;
                // An attempt of this very call took effect and its answer was lost.
                if item.settled_lease == Some(claimed.lease) {
                    Ok(())
                } else {
                    Err(LOST)
                }
            }
            Conditional::Failed(None) => Err(LOST),
        }
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
        item.map(|item| item.message()).transpose()
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
        // A failed condition is a person who was erased meanwhile: there is nothing to keep.
        self.table.update(update).await.map(|_| ())
    }
}
