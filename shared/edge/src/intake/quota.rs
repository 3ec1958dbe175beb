//! The quotas of new requests as one process of a webhook knows them (SPEC B37).
//!
//! A request takes its place in the quota in the write that makes it. Only if the first row of a person is full do they
//! take a place beforehand, in a write of its own.
//!
//! Once a quota is used up, the messages of new people read and write no row of it for the rest of the
//! minute: a flood costs one update a message, the count of what was held back.

use super::{Intake, outcome::IntakeOutcome, sender::job};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::timeout;
use vestibule_domain::{
    PortError, Timestamp,
    access::quota::QuotaUse,
    connector::Connector,
    error::Chain,
    ids::{ChatUserId, ConnectorId},
    ports::{OUTBOX_PATIENCE, OpenRequest, Opened},
};

/// Time limit for counting what was held back: the count may be short of a message, and the platform needs its
/// answer.
const COUNT_PATIENCE: Duration = Duration::from_secs(1);

/// The quotas of the present minute.
#[derive(Debug, Default)]
pub(super) struct Quotas(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    number: i64,
    quotas: HashMap<(ConnectorId, u16), Known>,
}

/// A quota, as far as this process knows it.
#[derive(Debug, Default)]
struct Known {
    is_used_up: bool,
    /// The people whom this process let through.
    people: HashSet<ChatUserId>,
    /// The rows that are full.
    full_rows: HashSet<u16>,
}

/// The place of a person's request in the quota.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// It is taken in the write that makes the request.
    Within(QuotaUse),
    /// The person has one.
    Taken,
    /// There is none.
    Missing,
}

impl Quotas {
    /// Whether the person may make a request, if that is known.
    fn answer(&self, usage: &QuotaUse) -> Option<bool> {
        let mut minute = self.at(usage);
        let known = minute.of(usage);
        if known.people.contains(&usage.chat_user_id) {
            return Some(true);
        }
        known.is_used_up.then_some(false)
    }

    fn learn(&self, usage: &QuotaUse, may_ask: bool) {
        let mut minute = self.at(usage);
        let known = minute.of(usage);
        if may_ask {
            known.people.insert(usage.chat_user_id);
        } else {
            known.is_used_up = true;
        }
    }

    /// Whether the row that the person tries first may have a place.
    fn may_have_room(&self, usage: &QuotaUse) -> bool {
        let mut minute = self.at(usage);
        let full = &minute.of(usage).full_rows;
        usage
            .rows()
            .next()
            .is_some_and(|row| !full.contains(&row.number))
    }

    /// Learns that this row has no place.
    fn learn_full(&self, usage: &QuotaUse) {
        let mut minute = self.at(usage);
        let full = usage.rows().next().map(|row| row.number);
        minute.of(usage).full_rows.extend(full);
    }

    /// The minute of this use. An earlier one is forgotten.
    fn at(&self, usage: &QuotaUse) -> MutexGuard<'_, Minute> {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != usage.minute() {
            *minute = Minute {
                number: usage.minute(),
                quotas: HashMap::new(),
            };
        }
        minute
    }
}

impl Minute {
    fn of(&mut self, usage: &QuotaUse) -> &mut Known {
        let quota = (usage.connector_id, usage.per_minute);
        self.quotas.entry(quota).or_default()
    }
}

impl Intake {
    /// Finds out whether the connector takes another request in this minute. If not, the message is counted, and
    /// leaves nothing else.
    pub(super) async fn find_place(
        &self,
        connector: &Connector,
        chat_user_id: ChatUserId,
        now: Timestamp,
    ) -> Result<Place, PortError> {
        let usage = QuotaUse {
            connector_id: connector.id,
            per_minute: connector.request_limits.new_per_minute,
            chat_user_id,
            at: now,
        };
        match self.quotas.answer(&usage) {
            Some(true) => Ok(Place::Taken),
            Some(false) => {
                self.count_held_back(connector, now).await;
                Ok(Place::Missing)
            }
            None if self.quotas.may_have_room(&usage) => Ok(Place::Within(usage)),
            None => self.take_place(connector, &usage).await,
        }
    }

    /// Takes a place before the request is made, in whichever row has one.
    async fn take_place(
        &self,
        connector: &Connector,
        usage: &QuotaUse,
    ) -> Result<Place, PortError> {
        let is_taken = self.store.use_quota(usage).await?;
        self.quotas.learn(usage, is_taken);
        if is_taken {
            return Ok(Place::Taken);
        }
        self.count_held_back(connector, usage.at).await;
        Ok(Place::Missing)
    }

    /// Makes the request, and leaves its job; `None` when another write came first.
    pub(super) async fn open(
        &self,
        connector: &Connector,
        mut open: OpenRequest,
        now: Timestamp,
    ) -> Result<Option<IntakeOutcome>, PortError> {
        let due = now.plus(OUTBOX_PATIENCE);
        let mut opened = self.store.open_request(&open, due).await?;
        if opened == Opened::RowFull
            && let Some(usage) = open.quota.take()
        {
            self.quotas.learn_full(&usage);
            if let Place::Missing = self.take_place(connector, &usage).await? {
                return Ok(Some(IntakeOutcome::HeldBack));
            }
            opened = self.store.open_request(&open, due).await?;
        }
        if opened != Opened::Done {
            return Ok(None);
        }
        if let Some(usage) = &open.quota {
            self.quotas.learn(usage, true);
        }
        self.enqueue_later(job(connector, &open.standing));
        Ok(Some(IntakeOutcome::RequestOpened))
    }

    /// Whether the connector takes another message of a customer's own system in this minute. It counts then.
    pub async fn takes_another(
        &self,
        connector_id: ConnectorId,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        self.store.count_brought(connector_id, now).await
    }

    async fn count_held_back(&self, connector: &Connector, now: Timestamp) {
        let counted = self
            .store
            .count_held_back(connector.scope, connector.id, now);
        match timeout(COUNT_PATIENCE, counted).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(connector.id = %connector.id, error = %Chain(&error), "a message that was held back is not counted");
            }
            Err(_) => {
                tracing::warn!(connector.id = %connector.id, "the table is slow; a message that was held back is not counted");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(person: &str, per_minute: u16, second: i64) -> QuotaUse {
        QuotaUse {
            connector_id: ConnectorId::derive(&["c"]),
            per_minute,
            chat_user_id: ChatUserId::derive(&[person]),
            at: Timestamp::from_millis(second * 1000),
        }
    }

    /// SPEC B37.
    #[test]
    fn a_used_up_quota_holds_back_all_but_the_people_who_used_it_until_the_minute_is_over() {
        let quotas = Quotas::default();
        let ada = usage("Ada", 1, 0);
        let grace = usage("Grace", 1, 59);
        assert_eq!(quotas.answer(&ada), None);
        quotas.learn(&ada, true);
        assert_eq!(quotas.answer(&ada), Some(true));
        assert_eq!(quotas.answer(&grace), None);
        quotas.learn(&grace, false);
        assert_eq!(quotas.answer(&grace), Some(false));
        assert_eq!(quotas.answer(&ada), Some(true));
        assert_eq!(quotas.answer(&usage("Grace", 1, 60)), None);
    }

    /// SPEC B37.
    #[test]
    fn a_full_row_is_tried_by_nobody_else_with_their_request_until_the_minute_is_over() {
        let quotas = Quotas::default();
        let ada = usage("Ada", 1, 0);
        assert!(quotas.may_have_room(&ada));
        quotas.learn_full(&ada);
        let grace = usage("Grace", 1, 59);
        assert!(!quotas.may_have_room(&grace));
        assert_eq!(quotas.answer(&grace), None);
        assert!(quotas.may_have_room(&usage("Grace", 2, 59)));
        assert!(quotas.may_have_room(&usage("Grace", 1, 60)));
    }

    /// SPEC B37.
    #[test]
    fn another_connector_and_another_limit_have_a_quota_of_their_own() {
        let quotas = Quotas::default();
        quotas.learn(&usage("Ada", 1, 0), false);
        assert_eq!(quotas.answer(&usage("Grace", 2, 0)), None);
        let elsewhere = QuotaUse {
            connector_id: ConnectorId::derive(&["other"]),
            ..usage("Grace", 1, 0)
        };
        assert_eq!(quotas.answer(&elsewhere), None);
        assert_eq!(quotas.answer(&usage("Grace", 1, 0)), Some(false));
    }
}
