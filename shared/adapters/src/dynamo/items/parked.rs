use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    ids::{ConversationId, DeliveryId},
    job::{DeliverMessage, DrainParked},
    ports::{ParkedConversation, ParkedMessage, Parking},
};

/// Time after which DynamoDB may delete a parked message. Longer than the longest time for which one waits.
const PARKED_KEPT: Duration = Duration::from_hours(30 * 24);

/// A conversation whose messages wait for an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ParkedConversationItem {
    pk: String,
    sk: String,
    conversation_id: ConversationId,
    /// Number of the last message that was parked.
    last_parked: u64,
    parked_at: Timestamp,
}

impl ParkedConversationItem {
    /// Makes the row of a conversation whose first message is parked.
    pub(in crate::dynamo) fn first(parking: &Parking<'_>) -> Self {
        let job = parking.job;
        let key = keys::parked_conversation(job.scope, job.environment_id, job.conversation.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            conversation_id: job.conversation.id,
            last_parked: 1,
            parked_at: parking.at,
        }
    }

    /// The conversation, which waits for this agent.
    pub(in crate::dynamo) fn of(self, agent: DrainParked) -> ParkedConversation {
        ParkedConversation {
            agent,
            conversation_id: self.conversation_id,
            last: self.last_parked,
            since: self.parked_at,
        }
    }
}

/// A message that waits for an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ParkedMessageItem {
    pk: String,
    sk: String,
    /// Numbers are given anew when nothing is parked any more; this tells the messages apart.
    delivery_id: DeliveryId,
    number: u64,
    attempts: u32,
    parked_at: Timestamp,
    /// The job, as JSON.
    job: String,
    expires_at: i64,
}

impl ParkedMessageItem {
    /// Makes the row of a message that is parked under this number.
    pub(in crate::dynamo) fn new(parking: &Parking<'_>, number: u64) -> Result<Self, PortError> {
        let job = parking.job;
        let (environment_id, id) = (job.environment_id, job.conversation.id);
        let key = keys::parked_message(job.scope, environment_id, id, number);
        Ok(Self {
            pk: key.pk,
            sk: key.sk,
            delivery_id: job.delivery_id(),
            number,
            attempts: parking.attempts,
            parked_at: parking.at,
            job: to_json(job)?,
            expires_at: parking.at.plus(PARKED_KEPT).seconds(),
        })
    }
}

impl TryFrom<ParkedMessageItem> for ParkedMessage {
    type Error = PortError;

    fn try_from(item: ParkedMessageItem) -> Result<Self, PortError> {
        Ok(Self {
            number: item.number,
            attempts: item.attempts,
            parked_at: item.parked_at,
            job: from_json(&item.job, "parked message")?,
        })
    }
}

/// Writes a job as a row holds it.
pub(in crate::dynamo) fn to_json(job: &DeliverMessage) -> Result<String, PortError> {
    serde_json::to_string(job).map_err(|error| PortError::rejected("job", error))
}

/// Reads a job of a row. An error does not reveal the message's content.
pub(super) fn from_json(job: &str, what: &'static str) -> Result<DeliverMessage, PortError> {
    serde_json::from_str(job).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        PortError::corrupt(what, place)
    })
}
