//! Leases on marked rows: one worker at a time does the job that a row orders, for every kind of row.
//!
//! `lease_id`, `lease_until`, `attempts`, `not_before` and `settled_lease` stand beside the row's
//! own attributes. A claim also moves the mark, so that the sweep does not dispatch a job in work.

use super::{
    keys::Key,
    marks::Marked,
    table::{Attributes, Conditional, Table, Transacted, delete_write, from_row, n, s},
};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, de::DeserializeOwned};
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    ids::LeaseId,
    job::OutboxJob,
    ports::{Claim, Lease, Postponement},
};

/// Time after which a job in work counts as lost when its worker does not report back. It is longer
/// than the queue hides the job, so that the queue delivers the job again before the sweep does.
const LOST_AFTER: Duration = Duration::from_mins(5);

/// The attributes of a row that belong to the lease.
#[derive(Deserialize)]
struct LeaseItem {
    outbox_pk: Option<String>,
    lease_id: Option<LeaseId>,
    lease_until: Option<i64>,
    not_before: Option<i64>,
    settled_lease: Option<LeaseId>,
}

/// Attributes that settling or postponing removes from a row, for an update's `REMOVE`.
pub(super) const SETTLED: &str =
    "outbox_pk, outbox_due, not_before, attempts, lease_id, lease_until";

impl Table {
    /// Claims the row that orders `job`, and returns the row with the claim. Two claims never
    /// overlap, and no claim succeeds before `not_before`.
    pub(super) async fn claim<T: DeserializeOwned>(
        &self,
        job: OutboxJob,
        lease: &Lease,
        what: &'static str,
    ) -> Result<Claim<T>, PortError> {
        let marked = Marked::by(job);
        let mark = marked.in_flight(lease.now.plus(LOST_AFTER));
        let update = self.update_part(
            &marked.key,
            "SET lease_id = :lease, lease_until = :until, attempts = if_not_exists(attempts, :zero) + :one, outbox_pk = :part, outbox_due = :due, version = version + :one",
            "attribute_exists(outbox_pk) AND (attribute_not_exists(lease_until) OR lease_until <= :now) AND (attribute_not_exists(not_before) OR not_before <= :now)",
            &[],
            &[
                (":lease", s(lease.id)),
                (":until", n(lease.now.plus(lease.time).millis())),
                (":now", n(lease.now.millis())),
                (":part", mark.pk()),
                (":due", mark.due()),
                (":zero", n(0)),
                (":one", n(1)),
            ],
        )?;
        let row = match self.update(update).await? {
            Conditional::Done(Some(row)) => return from_row(row, what).map(Claim::Claimed),
            Conditional::Failed(Some(row)) => row,
            Conditional::Done(None) | Conditional::Failed(None) => {
                return Ok(Claim::NothingPending);
            }
        };
        let item: LeaseItem = from_row(row.clone(), "lease")?;
        // An earlier attempt of this call took effect and its answer was lost.
        if item.lease_id == Some(lease.id) {
            return from_row(row, what).map(Claim::Claimed);
        }
        if item.outbox_pk.is_none() {
            return Ok(Claim::NothingPending);
        }
        let ahead = |at: Option<i64>| at.map(Timestamp::from_millis).filter(|at| *at > lease.now);
        Ok(match (ahead(item.lease_until), ahead(item.not_before)) {
            (Some(until), _) => Claim::HeldUntil(until),
            (None, Some(at)) => Claim::NotBefore(at),
            (None, None) => Claim::HeldUntil(lease.now),
        })
    }

    /// Gives the lease on the row that orders `job` back, so that the job is tried again later.
    /// `Conflict` when the lease was lost to another worker.
    pub(super) async fn postpone(
        &self,
        job: OutboxJob,
        lease: LeaseId,
        postponement: Postponement,
    ) -> Result<(), PortError> {
        self.postpone_with(job, lease, postponement, None).await
    }

    /// Does the same as [`Self::postpone`], and sets an attribute that belongs to the row itself.
    pub(super) async fn postpone_with(
        &self,
        job: OutboxJob,
        lease: LeaseId,
        postponement: Postponement,
        own: Option<(&str, AttributeValue)>,
    ) -> Result<(), PortError> {
        let marked = Marked::by(job);
        let mark = marked.waiting(postponement.until);
        let set_own = own
            .as_ref()
            .map_or_else(String::new, |(name, _)| format!(", {name} = :own"));
        let mut values = vec![
            (":lease", s(lease)),
            (":part", mark.pk()),
            (":due", mark.due()),
            (":until", n(postponement.until.millis())),
            (":attempts", n(postponement.attempts)),
            (":one", n(1)),
        ];
        values.extend(own.map(|(_, value)| (":own", value)));
        let update = self.update_part(
            &marked.key,
            &format!("SET settled_lease = :lease, outbox_pk = :part, outbox_due = :due, not_before = :until, attempts = :attempts, version = version + :one{set_own} REMOVE lease_id, lease_until"),
            "lease_id = :lease",
            &[],
            &values,
        )?;
        match self.update(update).await? {
            Conditional::Done(_) => Ok(()),
            Conditional::Failed(row) => settled_by(row, lease),
        }
    }

    /// Deletes a claimed row. One that is gone was deleted by this claim, or is nobody's. `Conflict` when the lease was
    /// lost to another worker.
    pub(super) async fn delete_claimed(&self, key: &Key, lease: LeaseId) -> Result<(), PortError> {
        let held = "attribute_not_exists(pk) OR lease_id = :lease";
        let delete = self.delete_part(key, held, &[(":lease", s(lease))])?;
        match self.transact(vec![delete_write(delete)]).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(LOST),
        }
    }
}

/// Returns `Ok` when a row whose condition failed was already settled under this very lease: an
/// earlier attempt of ours took effect and its answer was lost.
pub(super) fn settled_by(row: Option<Attributes>, lease: LeaseId) -> Result<(), PortError> {
    let settled = match row {
        Some(row) => from_row::<LeaseItem>(row, "lease")?.settled_lease,
        None => None,
    };
    if settled == Some(lease) {
        Ok(())
    } else {
        Err(LOST)
    }
}

/// The error that the lease was lost to another worker.
pub(super) const LOST: PortError = Lease::LOST;
