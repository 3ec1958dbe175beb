//! The notices that an account sends in a day, and the limits that it reaches.

use super::DynamoNotices;
use crate::dynamo::{
    keys,
    table::{Conditional, n, s},
};
use async_trait::async_trait;
use serde::Deserialize;
use std::time::Duration;
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    ids::LeaseId,
    ports::{NoticeCounter, NoticeLimit},
};

/// Time for which the row of a day is kept.
const KEPT: Duration = Duration::from_hours(48);

/// The row of a day. It is written by updates only.
#[derive(Debug, Default, Deserialize)]
struct NoticeDayItem {
    #[serde(default)]
    mails_sent: u32,
}

/// The attribute that tells when a limit was reached.
const fn reached(limit: NoticeLimit) -> &'static str {
    match limit {
        NoticeLimit::OfAccount => "account_limit_at",
        NoticeLimit::OfService => "service_limit_at",
    }
}

#[async_trait]
impl NoticeCounter for DynamoNotices {
    async fn sent_on_day(&self, scope: AccountScope, at: Timestamp) -> Result<u32, PortError> {
        let key = keys::notice_day(scope, at);
        let item: Option<NoticeDayItem> = self.table.get(&key, "notices of a day").await?;
        Ok(item.unwrap_or_default().mails_sent)
    }

    async fn count_sent(
        &self,
        scope: AccountScope,
        at: Timestamp,
        lease: LeaseId,
    ) -> Result<(), PortError> {
        let update = self.table.update_part(
            &keys::notice_day(scope, at),
            "SET mails_sent = if_not_exists(mails_sent, :zero) + :one, counted_lease = :lease, expires_at = :end",
            "attribute_not_exists(counted_lease) OR counted_lease <> :lease",
            &[],
            &[
                (":zero", n(0)),
                (":one", n(1)),
                (":lease", s(lease)),
                (":end", n(at.plus(KEPT).seconds())),
            ],
        )?;
        // The condition fails when an earlier attempt of this call took effect and its answer was lost.
        self.table.update(update).await.map(|_| ())
    }

    async fn note_limit(
        &self,
        scope: AccountScope,
        at: Timestamp,
        limit: NoticeLimit,
    ) -> Result<bool, PortError> {
        let update = self.table.update_part(
            &keys::notice_day(scope, at),
            "SET #reached = :at, expires_at = :end",
            "attribute_not_exists(#reached)",
            &[("#reached", reached(limit))],
            &[(":at", s(at)), (":end", n(at.plus(KEPT).seconds()))],
        )?;
        let noted = self.table.update(update).await?;
        Ok(matches!(noted, Conditional::Done(_)))
    }
}
