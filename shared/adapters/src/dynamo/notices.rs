//! The store of notices: their orders, the requests that they tell of, and the members who get them.

mod check;
mod counts;
mod news;
mod recipients;

use super::{
    items::{AccountItem, MailItem, ProjectItem},
    keys,
    lease::{SETTLED, settled_by},
    marks::Marked,
    table::{Conditional, Table, n, s, take},
};
use async_trait::async_trait;
use recipients::Audience;
use serde::Deserialize;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    account::{Account, Project},
    ids::{LeaseId, MemberId},
    job::SendNotices,
    ports::{
        Claim, Lease, NoticeChecker, NoticeOrders, NoticeStore, OUTBOX_PATIENCE, Postponement,
        RecipientPage,
    },
    team::{
        mail::{Mail, NoticedSource},
        notices::{
            AfterRound, MemberPlace, NOTICE_DELAY, NOTICE_LOOK_BACK, NewRequests, NoticeCheck,
            NoticeNames, NoticeOrder, Round,
        },
    },
};

const WHAT: &str = "order of notices";

/// See [`NoticeOrders`], [`NoticeStore`], [`NoticeChecker`] and
/// [`NoticeCounter`](vestibule_domain::ports::NoticeCounter).
#[derive(Debug, Clone)]
pub struct DynamoNotices {
    table: Table,
}

impl DynamoNotices {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

/// The attributes of an order. It is written by updates only.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct NoticesItem {
    /// A number, because orders are compared.
    ordered_at: i64,
    seen_until: Timestamp,
    told_at: Option<Timestamp>,
    round_until: Option<Timestamp>,
    round_reached: Option<String>,
}

impl From<NoticesItem> for NoticeOrder {
    fn from(item: NoticesItem) -> Self {
        let reached = item.round_reached.map(MemberPlace);
        Self {
            ordered_at: Timestamp::from_millis(item.ordered_at),
            seen_until: item.seen_until,
            told_at: item.told_at,
            round: item.round_until.map(|until| Round { until, reached }),
        }
    }
}

#[async_trait]
impl NoticeOrders for DynamoNotices {
    async fn order_notices(&self, scope: ProjectScope, now: Timestamp) -> Result<(), PortError> {
        let marked = Marked::by(SendNotices { scope }.into());
        let mark = marked.waiting(now.plus(NOTICE_DELAY));
        let update = self.table.update_part(
            &marked.key,
            "SET ordered_at = :now, seen_until = if_not_exists(seen_until, :since), outbox_pk = if_not_exists(outbox_pk, :part), outbox_due = if_not_exists(outbox_due, :due), version = if_not_exists(version, :zero) + :one",
            "attribute_not_exists(outbox_pk) OR ordered_at < :now",
            &[],
            &[
                (":now", n(now.millis())),
                (":since", s(now.minus(NOTICE_LOOK_BACK))),
                (":part", mark.pk()),
                (":due", mark.due()),
                (":zero", n(0)),
                (":one", n(1)),
            ],
        )?;
        // The condition fails when a later order, or an earlier attempt of this one, stands there.
        self.table.update(update).await.map(|_| ())
    }
}

#[async_trait]
impl NoticeStore for DynamoNotices {
    async fn claim_notices(
        &self,
        job: SendNotices,
        lease: &Lease,
    ) -> Result<Claim<NoticeOrder>, PortError> {
        let claim = self.table.claim(job.into(), lease, WHAT).await?;
        Ok(claim.map(|item: NoticesItem| item.into()))
    }

    async fn save_round(
        &self,
        job: SendNotices,
        lease: LeaseId,
        round: &Round,
    ) -> Result<(), PortError> {
        let mut set = "SET round_until = :until, version = version + :one".to_owned();
        let mut values = vec![
            (":until", s(round.until)),
            (":lease", s(lease)),
            (":one", n(1)),
        ];
        if let Some(place) = &round.reached {
            set.push_str(", round_reached = :reached");
            values.push((":reached", s(&place.0)));
        }
        let update = self.table.update_part(
            &keys::notices(job.scope),
            &set,
            "lease_id = :lease",
            &[],
            &values,
        )?;
        match self.table.update(update).await? {
            Conditional::Done(_) => Ok(()),
            Conditional::Failed(_) => Err(Lease::LOST),
        }
    }

    async fn postpone_notices(
        &self,
        job: SendNotices,
        lease: LeaseId,
        until: Timestamp,
    ) -> Result<(), PortError> {
        // An order is never given up, so its attempts are not counted.
        let postponement = Postponement::failed(0, until);
        self.table.postpone(job.into(), lease, postponement).await
    }

    async fn end_round(
        &self,
        job: SendNotices,
        lease: LeaseId,
        after: &NoticeOrder,
        next: AfterRound,
    ) -> Result<bool, PortError> {
        let marked = Marked::by(job.into());
        let mut set =
            "SET settled_lease = :lease, seen_until = :seen, version = version + :one".to_owned();
        let mut values = vec![
            (":lease", s(lease)),
            (":seen", s(after.seen_until)),
            (":one", n(1)),
        ];
        if let Some(at) = after.told_at {
            set.push_str(", told_at = :told");
            values.push((":told", s(at)));
        }
        let (change, condition) = match next {
            AfterRound::Rest => {
                values.push((":ordered", n(after.ordered_at.millis())));
                let change = format!("{set} REMOVE round_until, round_reached, {SETTLED}");
                (change, "lease_id = :lease AND ordered_at = :ordered")
            }
            AfterRound::Again(at) => {
                let mark = marked.waiting(at);
                values.extend([
                    (":part", mark.pk()),
                    (":due", mark.due()),
                    (":until", n(at.millis())),
                ]);
                let change = format!(
                    "{set}, outbox_pk = :part, outbox_due = :due, not_before = :until REMOVE round_until, round_reached, attempts, lease_id, lease_until"
                );
                (change, "lease_id = :lease")
            }
        };
        let update = self
            .table
            .update_part(&marked.key, &change, condition, &[], &values)?;
        let row = match self.table.update(update).await? {
            Conditional::Done(_) => return Ok(true),
            Conditional::Failed(row) => row,
        };
        let is_held = row
            .as_ref()
            .is_some_and(|row| row.get("lease_id") == Some(&s(lease)));
        if is_held {
            return Ok(false);
        }
        settled_by(row, lease).map(|()| true)
    }

    async fn new_requests(
        &self,
        scope: ProjectScope,
        span: (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<NewRequests, PortError> {
        news::new_requests(&self.table, scope, span, now).await
    }

    async fn names(&self, scope: ProjectScope) -> Result<Option<NoticeNames>, PortError> {
        let account_key = keys::account(scope.account());
        let project_key = keys::project(scope.account(), scope.project_id());
        let wanted = [account_key.clone(), project_key.clone()];
        let mut rows = self.table.get_batch(&wanted).await?;
        let account: Option<AccountItem> = take(&mut rows, &account_key, "account")?;
        let project: Option<ProjectItem> = take(&mut rows, &project_key, "project")?;
        Ok(account.zip(project).map(|(account, project)| NoticeNames {
            account: Account::from(account).name,
            project: Project::from(project).name,
        }))
    }

    async fn recipients(
        &self,
        scope: ProjectScope,
        from: Option<&MemberPlace>,
    ) -> Result<RecipientPage, PortError> {
        let audience = Audience::Deciders(scope.project_id());
        recipients::recipients(&self.table, scope.account(), audience, from).await
    }

    async fn webhook_readers(
        &self,
        scope: AccountScope,
        from: Option<&MemberPlace>,
    ) -> Result<RecipientPage, PortError> {
        recipients::recipients(&self.table, scope, Audience::WebhookReaders, from).await
    }

    async fn add_mail(&self, mail: &Mail) -> Result<bool, PortError> {
        let item = MailItem::new(mail, mail.created_at.plus(OUTBOX_PATIENCE));
        let put = self
            .table
            .put_part(&item, "attribute_not_exists(pk)", &[])?;
        let put = self.table.put(put).await?;
        Ok(matches!(put, Conditional::Done(_)))
    }
}

#[async_trait]
impl NoticeChecker for DynamoNotices {
    async fn check_notice(
        &self,
        scope: ProjectScope,
        member_id: MemberId,
        listed: &[NoticedSource],
    ) -> Result<Option<NoticeCheck>, PortError> {
        check::check(&self.table, scope, member_id, listed).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{Attributes, from_row};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn an_order_is_read_with_and_without_a_round() {
        let mut row = Attributes::from([
            ("ordered_at".to_owned(), n(7)),
            ("seen_until".to_owned(), s(at(5))),
        ]);
        let item: NoticesItem = from_row(row.clone(), WHAT).unwrap();
        let first = NoticeOrder {
            ordered_at: at(7),
            seen_until: at(5),
            told_at: None,
            round: None,
        };
        assert_eq!(NoticeOrder::from(item), first);
        row.extend([
            ("told_at".to_owned(), s(at(3))),
            ("round_until".to_owned(), s(at(6))),
            ("round_reached".to_owned(), s("ana#1")),
        ]);
        let item: NoticesItem = from_row(row, WHAT).unwrap();
        let under_way = NoticeOrder {
            told_at: Some(at(3)),
            round: Some(Round {
                until: at(6),
                reached: Some(MemberPlace("ana#1".to_owned())),
            }),
            ..first
        };
        assert_eq!(NoticeOrder::from(item), under_way);
    }
}
