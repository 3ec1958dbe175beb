//! The store of throttles: one row for each subject, with the time at which its whole burst is free again.

use super::DynamoLogins;
use crate::dynamo::{
    keys,
    mails::sha256_hex,
    table::{Conditional, from_row, n},
};
use async_trait::async_trait;
use serde::Deserialize;
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    ports::{Admission, ThrottleStore},
    team::throttle::ThrottleKind,
};

/// The row of a throttle.
#[derive(Deserialize)]
struct ThrottleItem {
    /// Milliseconds since 1970.
    due: i64,
}

/// Time for which an idle row is kept.
const KEPT: Duration = Duration::from_hours(24);

#[async_trait]
impl ThrottleStore for DynamoLogins {
    async fn admit(
        &self,
        kind: ThrottleKind,
        subject: &str,
        now: Timestamp,
    ) -> Result<Admission, PortError> {
        let rule = kind.rule();
        let key = keys::throttle(kind, &sha256_hex(subject));
        let interval = n(rule.interval.as_millis());
        let expiry = n(rule.latest_due(now).plus(KEPT).seconds());
        let first = self.table.update_part(
            &key,
            "SET due = :next, expires_at = :expiry",
            "attribute_not_exists(due) OR due <= :now",
            &[],
            &[
                (":next", n(rule.next_due(None, now).millis())),
                (":now", n(now.millis())),
                (":expiry", expiry.clone()),
            ],
        )?;
        if let Conditional::Done(_) = self.table.update(first).await? {
            return Ok(Admission::Admitted);
        }
        let further = self.table.update_part(
            &key,
            "SET due = due + :interval, expires_at = :expiry",
            "due <= :last",
            &[],
            &[
                (":interval", interval),
                (":last", n(rule.latest_due(now).millis())),
                (":expiry", expiry),
            ],
        )?;
        match self.table.update(further).await? {
            Conditional::Done(_) => Ok(Admission::Admitted),
            Conditional::Failed(Some(row)) => {
                let due = from_row::<ThrottleItem>(row, "throttle")?.due;
                let wait = rule.wait(Timestamp::from_millis(due), now);
                Ok(Admission::Wait(wait))
            }
            Conditional::Failed(None) => Ok(Admission::Wait(rule.interval)),
        }
    }
}
