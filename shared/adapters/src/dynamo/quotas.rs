//! The quotas of new requests, and the messages that were held back beyond them (SPEC B37).
//!
//! A stranger's first row of the quota is written with the request: most quotas have so many rows that strangers seldom
//! meet at one. The other rows, and the messages held back, are written outside the transactions that make requests.

use super::{
    keys,
    table::{Conditional, Table, Transacted, from_row, n, s, update_write},
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde::Deserialize;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::quota::{
        BROUGHT_PER_MINUTE, HELD_BACK_SHOWN, HeldBack, QUOTA_KEPT, QuotaRow, QuotaUse, minute_of,
    },
    event::occasions::quota_used_up,
    ids::ConnectorId,
};

/// Attempts at counting a message. More than one is needed only if another message began the count anew.
const ATTEMPTS: usize = 2;

/// The messages that a connector held back.
#[derive(Debug, Deserialize)]
struct HeldBackItem {
    connector_id: ConnectorId,
    messages: u64,
    since: Timestamp,
    /// Time of the last message, in milliseconds since 1970.
    last_at: i64,
}

impl Table {
    /// See [`vestibule_domain::ports::IntakeStore::use_quota`].
    pub(super) async fn use_quota(&self, usage: &QuotaUse) -> Result<bool, PortError> {
        for row in usage.rows() {
            let update = self.quota_update(usage, row)?;
            if let Conditional::Done(_) = self.update(update).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes the write of the row that the person tries first.
    pub(super) fn quota_write(
        &self,
        usage: &QuotaUse,
    ) -> Result<Option<TransactWriteItem>, PortError> {
        let update = usage.rows().next().map(|row| self.quota_update(usage, row));
        Ok(update.transpose()?.map(update_write))
    }

    fn quota_update(&self, usage: &QuotaUse, row: QuotaRow) -> Result<Update, PortError> {
        let person = usage.person();
        self.update_part(
            &keys::quota(usage.connector_id, usage.minute(), row.number),
            "SET expires_at = :end ADD people :people",
            "attribute_not_exists(people) OR contains(people, :person) OR size(people) < :share",
            &[],
            &[
                (":end", n(usage.at.plus(QUOTA_KEPT).seconds())),
                (":people", AttributeValue::Ss(vec![person.clone()])),
                (":person", s(&person)),
                (":share", n(row.share)),
            ],
        )
    }

    /// See [`vestibule_domain::ports::IntakeStore::count_brought`].
    pub(super) async fn count_brought(
        &self,
        connector_id: ConnectorId,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let update = self.update_part(
            &keys::brought(connector_id, minute_of(now)),
            "SET expires_at = :end ADD messages :one",
            "attribute_not_exists(messages) OR messages < :most",
            &[],
            &[
                (":end", n(now.plus(QUOTA_KEPT).seconds())),
                (":one", n(1)),
                (":most", n(BROUGHT_PER_MINUTE)),
            ],
        )?;
        Ok(matches!(self.update(update).await?, Conditional::Done(_)))
    }

    /// See [`vestibule_domain::ports::IntakeStore::count_held_back`].
    pub(super) async fn count_held_back(
        &self,
        scope: ProjectScope,
        connector_id: ConnectorId,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let key = keys::held_back(scope, connector_id);
        let lapsed = now.minus(HELD_BACK_SHOWN).millis();
        let end = now.plus(HELD_BACK_SHOWN).seconds();
        for _ in 0..ATTEMPTS {
            let another = self.update_part(
                &key,
                "SET last_at = :now, expires_at = :end ADD messages :one",
                "last_at > :lapsed",
                &[],
                &[
                    (":now", n(now.millis())),
                    (":end", n(end)),
                    (":one", n(1)),
                    (":lapsed", n(lapsed)),
                ],
            )?;
            if let Conditional::Done(_) = self.update(another).await? {
                return Ok(());
            }
            let first = self.update_part(
                &key,
                "SET connector_id = :connector, since = :since, last_at = :now, messages = :one, expires_at = :end",
                "attribute_not_exists(last_at) OR last_at <= :lapsed",
                &[],
                &[
                    (":connector", s(connector_id)),
                    (":since", s(now)),
                    (":now", n(now.millis())),
                    (":end", n(end)),
                    (":one", n(1)),
                    (":lapsed", n(lapsed)),
                ],
            )?;
            let used_up = quota_used_up(scope, connector_id, now);
            let writes = vec![update_write(first), self.outgoing_event_write(&used_up)?];
            if let Transacted::Done = self.transact(writes).await? {
                return Ok(());
            }
        }
        Err(PortError::Conflict { what: "held back" })
    }

    /// See [`vestibule_domain::ports::AccessRequestStore::held_back`].
    pub(super) async fn held_back(
        &self,
        scope: ProjectScope,
        now: Timestamp,
    ) -> Result<Vec<HeldBack>, PortError> {
        let partition = keys::held_back_in(scope);
        let rows = self
            .partition(&partition, "dynamodb: Query (held back)")
            .await?;
        let lapsed = now.minus(HELD_BACK_SHOWN).millis();
        let mut shown = Vec::new();
        for row in rows {
            let item: HeldBackItem = from_row(row, "held back")?;
            if item.last_at > lapsed {
                shown.push(HeldBack {
                    connector_id: item.connector_id,
                    messages: item.messages,
                    since: item.since,
                });
            }
        }
        Ok(shown)
    }
}
