//! The quotas of new requests as one process of a webhook knows them (SPEC B37).
//!
//! Once a quota is used up, the messages of new people read and write no row of it for the rest of the
//! minute: a flood costs one update a message, the count of what was held back.

use super::Intake;
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
    /// Whether the connector takes another request in this minute. If not, the message is counted, and leaves
    /// nothing else.
    pub(super) async fn takes_request(
        &self,
        connector: &Connector,
        chat_user_id: ChatUserId,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let usage = QuotaUse {
            connector_id: connector.id,
            per_minute: connector.request_limits.new_per_minute,
            chat_user_id,
            at: now,
        };
        let may_ask = if let Some(known) = self.quotas.answer(&usage) {
            known
        } else {
            let answer = self.store.use_quota(&usage).await?;
            self.quotas.learn(&usage, answer);
            answer
        };
        if !may_ask {
            self.count_held_back(connector, now).await;
        }
        Ok(may_ask)
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
