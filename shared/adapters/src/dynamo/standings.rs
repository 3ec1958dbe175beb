//! Standings, as the onboarding worker sees them: claimed under a lease, settled under it.

use super::{
    intake::find_chat_user,
    items::{AvatarItem, StandingItem},
    keys,
    table::{Conditional, Table, from_row, n, s, to_value},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use std::time::Duration;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat_user::{ChatUser, Owed},
    ids::{ChatUserId, LeaseId},
    job::OnboardChatUser,
    ports::{Claim, ClaimedStanding, Learnt, Settlement, StandingStore},
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

fn claimed(item: StandingItem, lease: LeaseId) -> Claim {
    let attempt = item.attempts;
    Claim::Claimed(Box::new(ClaimedStanding {
        standing: item.into(),
        lease,
        attempt,
    }))
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
            "attribute_exists(owed) AND (attribute_not_exists(lease_until) OR lease_until <= :now)",
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
            Conditional::Done(Some(row)) => return Ok(claimed(from_row(row, "standing")?, lease)),
            Conditional::Failed(Some(row)) => row,
            Conditional::Done(None) | Conditional::Failed(None) => return Ok(Claim::NothingOwed),
        };
        let item: StandingItem = from_row(row, "standing")?;
        if item.owed.is_none() {
            return Ok(Claim::NothingOwed);
        }
        // An attempt of this very call took effect and its answer was lost.
        if item.lease_id == Some(lease) {
            return Ok(claimed(item, lease));
        }
        Ok(item.lease_until.map_or(Claim::NothingOwed, |until| {
            Claim::HeldUntil(Timestamp::from_millis(until))
        }))
    }

    async fn settle(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        settlement: Settlement,
    ) -> Result<(), PortError> {
        let standing = &claimed.standing;
        let key = keys::standing(scope, standing.chat_user_id, standing.connector_id);
        let mut values = vec![(":lease", s(claimed.lease)), (":one", n(1))];
        let mut condition = "lease_id = :lease";
        let change = match settlement {
            Settlement::Message {
                message,
                profile_due,
            } => {
                values.extend([
                    (":message", to_value(&message)?),
                    (":owed", to_value(&Owed::Profile)?),
                    (":due", n(profile_due.millis())),
                    (":zero", n(0)),
                ]);
                "SET onboarding_message = :message, owed = :owed, outbox_due = :due, attempts = :zero, version = version + :one"
            }
            Settlement::Done(owed) => {
                values.push((":owed", to_value(&owed)?));
                condition = "lease_id = :lease AND owed = :owed";
                "SET settled_lease = :lease, version = version + :one REMOVE owed, outbox_pk, outbox_due, attempts, lease_id, lease_until"
            }
            Settlement::Postponed { until } => {
                values.push((":due", n(until.millis())));
                "SET settled_lease = :lease, outbox_due = :due, version = version + :one REMOVE lease_id, lease_until"
            }
        };
        let update = self
            .table
            .update_part(&key, change, condition, &[], &values)?;
        match self.table.update(update).await? {
            Conditional::Done(_) => Ok(()),
            Conditional::Failed(Some(row)) => {
                let item: StandingItem = from_row(row, "standing")?;
                // An attempt of this very call took effect and its answer was lost.
                if item.settled_lease == Some(claimed.lease) {
                    Ok(())
                } else {
                    Err(PortError::Conflict { what: "standing" })
                }
            }
            Conditional::Failed(None) => Err(PortError::Conflict { what: "standing" }),
        }
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
        learnt: Learnt<'_>,
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
