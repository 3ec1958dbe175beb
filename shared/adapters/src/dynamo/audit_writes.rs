//! The writes of audit entries, in the transaction of the change, and of the outgoing events beside them. Nothing changes
//! an entry.

use super::{
    keys,
    table::{Table, put_write},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::Serialize;
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    account::actor::Actor,
    event::{AuditEntry, outgoing::OutgoingEvent},
};

#[derive(Serialize)]
struct AuditItem<'a> {
    pk: String,
    sk: String,
    state_pk: String,
    state_sk: String,
    all_pk: String,
    all_sk: String,
    at: Timestamp,
    actor: &'a Actor,
    action: &'a str,
    target: String,
    before: &'a serde_json::Value,
    after: &'a serde_json::Value,
    request_id: &'a str,
    /// Time from which the entry is no longer kept, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

const DAY: Duration = Duration::from_hours(24);

impl Table {
    /// The time for which audit entries are kept; `None` for ever.
    fn audit_life(&self) -> Option<Duration> {
        (self.audit_days > 0).then(|| DAY * u32::from(self.audit_days))
    }

    /// Makes the write of the audit entry. Its outgoing events are written beside it: see [`Self::told_writes`].
    pub(super) fn audit_write(&self, entry: &AuditEntry) -> Result<TransactWriteItem, PortError> {
        let id = dated_id(entry);
        let key = keys::audit(entry.scope, entry.at, &id);
        let target = entry.change.event.target();
        let item = AuditItem {
            pk: key.pk,
            sk: key.sk,
            state_pk: keys::audit_by(entry.scope, &entry.actor.id),
            state_sk: id.clone(),
            all_pk: keys::audit_on(entry.scope, &target),
            all_sk: id,
            at: entry.at,
            actor: &entry.actor,
            action: entry.change.event.key(),
            target,
            before: &entry.change.before,
            after: &entry.change.after,
            request_id: &entry.request_id,
            expires_at: self.audit_life().map(|life| entry.at.plus(life).seconds()),
        };
        self.put_part(&item, "attribute_not_exists(pk)", &[])
            .map(put_write)
    }

    /// Makes the writes of the outgoing events of an audit entry, to stand behind all other parts of a transaction.
    pub(super) fn told_writes(
        &self,
        entry: &AuditEntry,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let events = OutgoingEvent::of_entry(entry);
        events
            .iter()
            .map(|event| self.outgoing_event_write(event))
            .collect()
    }

    /// Makes the write of an audit entry, and behind it those of its outgoing events.
    pub(super) fn entry_writes(
        &self,
        entry: &AuditEntry,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut writes = vec![self.audit_write(entry)?];
        writes.extend(self.told_writes(entry)?);
        Ok(writes)
    }

    /// Makes the writes of audit entries, each with its outgoing events behind it.
    pub(super) fn audit_writes(
        &self,
        entries: &[AuditEntry],
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut writes = Vec::new();
        for entry in entries {
            writes.extend(self.entry_writes(entry)?);
        }
        Ok(writes)
    }
}

/// The id of an entry with the time of the change in it, so that the entries of a list are sorted by that. The
/// entry's own id was drawn some milliseconds before or after.
fn dated_id(entry: &AuditEntry) -> String {
    let drawn = entry.id.to_string();
    let rest = drawn.chars().skip(TIME_DIGITS);
    first_id(entry.at).chars().chain(rest).collect()
}

/// Digits of an id that tell its time.
const TIME_DIGITS: usize = 10;

/// The first id of a time: ids sort by it.
pub(super) fn first_id(at: Timestamp) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let millis = u64::try_from(at.millis()).unwrap_or(0);
    (0..10)
        .rev()
        .map(|place| {
            let digit = usize::try_from((millis >> (place * 5)) & 31).unwrap_or(0);
            DIGITS.get(digit).copied().map_or('0', char::from)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{AwsSettings, sdk_config};
    use crate::dynamo::table::key_of;
    use vestibule_domain::{
        AccountScope,
        event::{Change, Event, told::Told},
        ids::{AccountId, AuditId, MemberId},
        vars::Vars,
    };

    fn entry(at: Timestamp) -> AuditEntry {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        AuditEntry {
            id: AuditId::derive(&["x"]),
            scope,
            at,
            actor: Actor::system(),
            change: Change {
                event: Event::CallRefused(scope.account_id()),
                before: serde_json::Value::Null,
                after: serde_json::Value::Null,
            },
            request_id: "r".to_owned(),
            told: Told::default(),
        }
    }

    /// SPEC G02.
    #[test]
    fn an_entry_is_kept_for_the_days_that_the_stack_says_or_for_ever() {
        let variable = |name: &str| (!name.contains("ENDPOINT")).then(|| "test".to_owned());
        let settings = AwsSettings::read(&mut Vars::new(&variable));
        let table = Table::new(&sdk_config(&settings), "table");
        let at = Timestamp::from_millis(1_469_918_176_385);
        for (days, expires) in [
            (0, None),
            (1, Some("1470004576")),
            (3660, Some("1786142176")),
        ] {
            let table = table.clone().keeping_audit_entries(days);
            let write = table.audit_write(&entry(at)).unwrap();
            let row = write.put.unwrap().item;
            let found = row.get(keys::EXPIRES_AT).map(|value| value.as_n().unwrap());
            assert_eq!(found.map(String::as_str), expires, "{days}");
        }
    }

    /// SPEC F04.
    #[test]
    fn an_entry_that_the_account_hears_brings_its_event_behind_it_and_any_other_brings_none() {
        let variable = |name: &str| (!name.contains("ENDPOINT")).then(|| "test".to_owned());
        let settings = AwsSettings::read(&mut Vars::new(&variable));
        let table = Table::new(&sdk_config(&settings), "table");
        let refused = entry(Timestamp::from_millis(0));
        assert_eq!(table.entry_writes(&refused).unwrap().len(), 1);
        let id = MemberId::derive(&["m"]);
        let joined = AuditEntry {
            change: Change {
                event: Event::MemberJoined(id),
                ..refused.change.clone()
            },
            ..refused.clone()
        };
        let writes = table.audit_writes(&[joined, refused]).unwrap();
        let kinds: Vec<bool> = writes
            .iter()
            .map(|write| {
                let row = &write.put.as_ref().unwrap().item;
                key_of(row).unwrap().pk.contains("#OUTGOING_EVENT#")
            })
            .collect();
        assert_eq!(kinds, [false, true, true, false]);
    }

    #[test]
    fn the_first_id_of_a_time_sorts_before_every_id_of_it() {
        let at = Timestamp::from_millis(1_469_918_176_385);
        assert_eq!(first_id(at), "01ARYZ6S41");
        assert_eq!(first_id(Timestamp::from_millis(0)), "0000000000");
        assert!(first_id(at).as_str() < "01ARYZ6S41TSV4RRFFQ69G5FAV");
        let next = Timestamp::from_millis(1_469_918_176_386);
        assert!("01ARYZ6S41ZZZZZZZZZZZZZZZZ" < first_id(next).as_str());
    }

    #[test]
    fn an_entry_is_sorted_by_the_time_of_its_change_and_keeps_an_id() {
        let at = Timestamp::from_millis(1_469_918_176_385);
        let entry = entry(at);
        let id = dated_id(&entry);
        assert!(id.starts_with("01ARYZ6S41"));
        assert_eq!(id.parse::<AuditId>().unwrap().to_string(), id);
        assert!(entry.id.to_string().ends_with(id.get(10..).unwrap()));
    }
}
