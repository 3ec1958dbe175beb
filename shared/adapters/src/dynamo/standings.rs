//! Standings, as the onboarding worker sees them: claimed under a lease, settled under it.

use super::{
    items::{ChatUserItem, StandingItem},
    keys,
    table::{Conditional, Table, from_row, n, s, to_value},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use std::time::Duration;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat_user::ChatUser,
    ids::{ChatUserId, LeaseId},
    job::OnboardChatUser,
    ports::{Claim, ClaimedStanding, Settlement, StandingStore},
    profile::Profile,
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
        _now: Timestamp,
    ) -> Result<(), PortError> {
        let standing = &claimed.standing;
        let key = keys::standing(scope, standing.chat_user_id, standing.connector_id);
        let shard = keys::outbox_shard(standing.chat_user_id);
        let mut set = vec!["settled_lease = :lease", "version = version + :one"];
        let mut remove = vec!["lease_id", "lease_until"];
        let mut values = vec![(":lease", s(claimed.lease)), (":one", n(1))];
        let mut mark = |set: &mut Vec<&str>, due: Timestamp| {
            set.extend(["outbox_pk = :shard", "outbox_due = :due"]);
            values.extend([(":shard", s(&shard)), (":due", n(due.millis()))]);
        };
        match settlement {
            Settlement::Postponed { until } => mark(&mut set, until),
            Settlement::Done {
                message,
                still_owed,
            } => {
                set.push("attempts = :zero");
                if let Some((_, due)) = still_owed {
                    set.push("owed = :owed");
                    mark(&mut set, due);
                } else {
                    remove.extend(["owed", "outbox_pk", "outbox_due"]);
                }
                values.push((":zero", n(0)));
                if let Some((owed, _)) = still_owed {
                    values.push((":owed", to_value(&owed)?));
                }
                if let Some(message) = message {
                    set.push("onboarding_message = :message");
                    values.push((":message", to_value(&message)?));
                }
            }
        }
        let update = self.table.update_part(
            &key,
            &format!("SET {} REMOVE {}", set.join(", "), remove.join(", ")),
            "lease_id = :lease",
            &[],
            &values,
        )?;
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
        let item: Option<ChatUserItem> = self
            .table
            .get(&keys::chat_user(scope, id), "chat user")
            .await?;
        Ok(item.map(Into::into))
    }

    async fn store_profile(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let update = self.table.update_part(
            &keys::chat_user(scope, id),
            "SET profile = :profile, updated_at = :now, version = version + :one",
            "attribute_exists(pk)",
            &[],
            &[
                (":profile", to_value(profile)?),
                (":now", AttributeValue::S(now.to_string())),
                (":one", n(1)),
            ],
        )?;
        // A failed condition is a person who was erased meanwhile: there is nothing to keep.
        self.table.update(update).await.map(|_| ())
    }
}
