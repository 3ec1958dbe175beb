use super::parked::{from_json, to_json};
use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::byline::Byline,
    chat::given_up::{GIVEN_UP_KEPT, GivenUpEntry, GivenUpId, GivenUpText, GivenUpWork},
    ids::{ConnectorId, ConversationId, DeliveryId, EnvironmentId},
    job::SendMessages,
    ports::{AbandonedText, GivenUp},
};

const WHAT: &str = "delivery that was given up";

/// A delivery or text that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct GivenUpItem {
    pk: String,
    sk: String,
    state_pk: String,
    state_sk: String,
    conversation_id: ConversationId,
    delivery_id: DeliveryId,
    connector_id: ConnectorId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment_id: Option<EnvironmentId>,
    attempts: u32,
    created_at: Timestamp,
    given_up_at: Timestamp,
    reason: String,
    /// The job of a delivery, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    /// The number of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    /// The part of a text that did not go out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    in_doubt: bool,
    /// The author of a text.
    #[serde(default, skip_serializing_if = "Byline::is_agent")]
    byline: Byline,
    expires_at: i64,
}

impl GivenUpItem {
    /// Makes the row of a delivery.
    pub(in crate::dynamo) fn of_delivery(given_up: &GivenUp<'_>) -> Result<Self, PortError> {
        let job = given_up.job;
        let id = GivenUpId::of_delivery(job);
        let entry = GivenUpEntry {
            id,
            connector_id: job.connector_id,
            environment_id: Some(job.environment_id),
            created_at: job.received_at,
            given_up_at: given_up.at,
            reason: given_up.reason.to_owned(),
            attempts: given_up.attempts,
            work: GivenUpWork::Delivery(Box::new(job.clone())),
        };
        Self::of(job.scope, entry)
    }

    /// Makes the row of a text.
    pub(in crate::dynamo) fn of_text(
        order: SendMessages,
        environment_id: Option<EnvironmentId>,
        text: &AbandonedText,
    ) -> Result<Self, PortError> {
        let entry = GivenUpEntry {
            id: GivenUpId::of_text(order.conversation_id, text.text.number),
            connector_id: order.connector_id,
            environment_id,
            created_at: text.created_at,
            given_up_at: text.at,
            reason: text.reason.clone(),
            attempts: text.attempts,
            work: GivenUpWork::Text(text.text.clone()),
        };
        Self::of(order.scope, entry)
    }

    fn of(scope: ProjectScope, entry: GivenUpEntry) -> Result<Self, PortError> {
        let key = keys::given_up(scope, entry.id);
        let (job, text) = match entry.work {
            GivenUpWork::Delivery(job) => (Some(to_json(&job)?), None),
            GivenUpWork::Text(text) => (None, Some(text)),
        };
        let number = text.as_ref().map(|text| text.number);
        let in_doubt = text.as_ref().is_some_and(|text| text.in_doubt);
        let (text, byline) = text.map_or_else(
            || (None, Byline::default()),
            |text| (Some(text.rest), text.byline),
        );
        // Messages that were given up at one time are tried again in the order in which they came.
        let order = number.map_or_else(
            || entry.created_at.to_string(),
            |number| format!("{number:012}"),
        );
        Ok(Self {
            pk: key.pk,
            sk: key.sk,
            state_pk: keys::given_up_deliveries(scope),
            state_sk: keys::by_creation(
                entry.given_up_at,
                format!("{order}#{}", entry.id.delivery_id),
            ),
            conversation_id: entry.id.conversation_id,
            delivery_id: entry.id.delivery_id,
            connector_id: entry.connector_id,
            environment_id: entry.environment_id,
            attempts: entry.attempts,
            created_at: entry.created_at,
            given_up_at: entry.given_up_at,
            reason: entry.reason,
            job,
            number,
            text,
            in_doubt,
            byline,
            expires_at: entry.given_up_at.plus(GIVEN_UP_KEPT).seconds(),
        })
    }

    /// The entry's id.
    pub(in crate::dynamo) const fn id(&self) -> GivenUpId {
        GivenUpId {
            conversation_id: self.conversation_id,
            delivery_id: self.delivery_id,
        }
    }

    /// The place of the row in its list.
    pub(in crate::dynamo) fn place(&self) -> &str {
        &self.state_sk
    }
}

impl TryFrom<GivenUpItem> for GivenUpEntry {
    type Error = PortError;

    fn try_from(item: GivenUpItem) -> Result<Self, PortError> {
        let id = item.id();
        let work = match (item.job, item.number, item.text) {
            (Some(job), ..) => GivenUpWork::Delivery(Box::new(from_json(&job, WHAT)?)),
            (None, Some(number), Some(rest)) => GivenUpWork::Text(GivenUpText {
                number,
                rest,
                byline: item.byline,
                in_doubt: item.in_doubt,
            }),
            (None, ..) => return Err(PortError::corrupt(WHAT, "neither a job nor a text")),
        };
        Ok(Self {
            id,
            connector_id: item.connector_id,
            environment_id: item.environment_id,
            created_at: item.created_at,
            given_up_at: item.given_up_at,
            reason: item.reason,
            attempts: item.attempts,
            work,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, MemberId, ProjectId},
    };

    const GIVEN_UP_AT: &str = "2026-11-25T10:00:00.000Z";

    fn order() -> SendMessages {
        let account = AccountScope::of_verified(AccountId::derive(&["a"]));
        SendMessages {
            scope: account.project(ProjectId::derive(&["p"])),
            connector_id: ConnectorId::derive(&["c"]),
            conversation_id: ConversationId::derive(&["d"]),
        }
    }

    fn abandoned(number: u64) -> AbandonedText {
        AbandonedText {
            text: GivenUpText {
                number,
                rest: "Hello".to_owned(),
                byline: Byline::member(MemberId::derive(&["m"]), "Ana".to_owned(), true),
                in_doubt: true,
            },
            created_at: Timestamp::parse("2026-11-22T10:00:00Z").unwrap(),
            at: Timestamp::parse(GIVEN_UP_AT).unwrap(),
            reason: "http_503".to_owned(),
            attempts: 300,
        }
    }

    #[test]
    fn a_text_reads_back_and_expires_after_fourteen_days() {
        let environment_id = EnvironmentId::derive(&["e"]);
        let text = abandoned(3);
        for environment_id in [Some(environment_id), None] {
            let item = GivenUpItem::of_text(order(), environment_id, &text).unwrap();
            assert_eq!(item.expires_at, text.at.seconds() + 14 * 86_400);
            let read: GivenUpItem = from_row(to_row(&item).unwrap(), WHAT).unwrap();
            assert_eq!(read, item);
            let entry = GivenUpEntry::try_from(read).unwrap();
            let expected = GivenUpEntry {
                id: GivenUpId::of_text(order().conversation_id, 3),
                connector_id: order().connector_id,
                environment_id,
                created_at: text.created_at,
                given_up_at: text.at,
                reason: "http_503".to_owned(),
                attempts: 300,
                work: GivenUpWork::Text(text.text.clone()),
            };
            assert_eq!(entry, expected);
        }
    }

    #[test]
    fn texts_that_were_given_up_at_one_time_are_listed_in_the_order_of_their_numbers() {
        let place = |number| {
            let item = GivenUpItem::of_text(order(), None, &abandoned(number)).unwrap();
            item.place().to_owned()
        };
        let places = [2, 9, 10, 100].map(place);
        assert!(places.is_sorted(), "{places:?}");
        assert!(places.iter().all(|place| place.starts_with(GIVEN_UP_AT)));
    }

    #[test]
    fn a_row_that_holds_no_work_is_corrupt() {
        let item = GivenUpItem::of_text(order(), None, &abandoned(3)).unwrap();
        let empty = GivenUpItem { text: None, ..item };
        let error = GivenUpEntry::try_from(empty).unwrap_err();
        assert!(matches!(error, PortError::Corrupt { .. }), "{error:?}");
    }
}
