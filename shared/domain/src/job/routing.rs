//! Jobs of the router's queue (SPEC E22–E34).

use crate::{
    AccountScope, ProjectScope,
    account::is_channel_key,
    ids::{ConnectorId, ConversationId, MemberId, QueueId},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

/// A job of the router's queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum RoutingJob {
    /// Find a member for a conversation, or queue it. Its case knows whether that is still to be done, so a late or
    /// repeated job does no harm.
    OfferConversation(OfferConversation),
    /// Assign the waiting conversations of the desk that a queue belongs to. The rows know which these are, so a late or
    /// repeated job does no harm.
    DrainQueue(DrainQueue),
    /// Assign the waiting conversations of a desk where there may be room. It has no mark in the outbox: the marks of
    /// the desk's queues bring the same work within a minute.
    DrainDesk(DrainDesk),
    /// Requeue the conversations that a member may no longer have, some at a time. The member's seats say which
    /// these are, so a late or repeated job does no harm.
    RequeueMember(RequeueMember),
    /// Look after the open conversations of a connector that was deleted or passed to another client, some at a time: they
    /// end, or ask for a member of that client. The connector and the cases say which these are, so a late or repeated job
    /// does no harm.
    RehomeConnector(RehomeConnector),
}

impl RoutingJob {
    /// The group of the jobs that come one after the other: an account's offers, in their order; the drains of a desk, of
    /// a queue; the parts of a member's requeue, or of a connector's change. A long drain keeps no offer waiting.
    #[must_use]
    pub fn group(&self) -> String {
        match self {
            Self::OfferConversation(job) => job.scope.account_id().to_string(),
            Self::DrainQueue(job) => format!("{}#{}", job.scope.account_id(), job.queue_id),
            Self::DrainDesk(job) => format!("{}#{}", job.scope.account_id(), job.channel),
            Self::RequeueMember(job) => format!("{}#{}", job.scope.account_id(), job.member_id),
            Self::RehomeConnector(job) => {
                format!("{}#{}", job.scope.account_id(), job.connector_id)
            }
        }
    }
}

impl From<OfferConversation> for RoutingJob {
    fn from(job: OfferConversation) -> Self {
        Self::OfferConversation(job)
    }
}

impl From<DrainQueue> for RoutingJob {
    fn from(job: DrainQueue) -> Self {
        Self::DrainQueue(job)
    }
}

impl From<DrainDesk> for RoutingJob {
    fn from(job: DrainDesk) -> Self {
        Self::DrainDesk(job)
    }
}

impl From<RequeueMember> for RoutingJob {
    fn from(job: RequeueMember) -> Self {
        Self::RequeueMember(job)
    }
}

impl From<RehomeConnector> for RoutingJob {
    fn from(job: RehomeConnector) -> Self {
        Self::RehomeConnector(job)
    }
}

/// See [`RoutingJob::OfferConversation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferConversation {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The conversation.
    pub conversation_id: ConversationId,
}

/// See [`RoutingJob::DrainQueue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrainQueue {
    /// The account.
    #[serde(flatten)]
    pub scope: AccountScope,
    /// The queue.
    pub queue_id: QueueId,
}

/// See [`RoutingJob::DrainDesk`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrainDesk {
    /// The account.
    #[serde(flatten)]
    pub scope: AccountScope,
    /// The channel.
    #[serde(deserialize_with = "channel")]
    pub channel: String,
}

/// See [`RoutingJob::RequeueMember`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequeueMember {
    /// The account.
    #[serde(flatten)]
    pub scope: AccountScope,
    /// The member.
    pub member_id: MemberId,
}

/// See [`RoutingJob::RehomeConnector`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RehomeConnector {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The connector.
    pub connector_id: ConnectorId,
}

/// Reads a channel, which becomes part of a key.
fn channel<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if is_channel_key(&text) {
        Ok(text)
    } else {
        Err(D::Error::custom("the key of no channel"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::scope;

    fn jobs() -> [RoutingJob; 5] {
        let scope = scope();
        let account = scope.account();
        [
            RoutingJob::OfferConversation(OfferConversation {
                scope,
                conversation_id: ConversationId::derive(&["c"]),
            }),
            RoutingJob::DrainQueue(DrainQueue {
                scope: account,
                queue_id: QueueId::derive(&["q"]),
            }),
            RoutingJob::DrainDesk(DrainDesk {
                scope: account,
                channel: "slack".to_owned(),
            }),
            RoutingJob::RequeueMember(RequeueMember {
                scope: account,
                member_id: MemberId::derive(&["m"]),
            }),
            RoutingJob::RehomeConnector(RehomeConnector {
                scope,
                connector_id: ConnectorId::derive(&["c"]),
            }),
        ]
    }

    #[test]
    fn jobs_of_the_router_read_back() {
        for (job, begins) in jobs().into_iter().zip([
            r#"{"job":"offer_conversation","account_id":"#,
            r#"{"job":"drain_queue","account_id":"#,
            r#"{"job":"drain_desk","account_id":"#,
            r#"{"job":"requeue_member","account_id":"#,
            r#"{"job":"rehome_connector","account_id":"#,
        ]) {
            let json = serde_json::to_string(&job).unwrap();
            assert!(json.starts_with(begins), "{json}");
            assert_eq!(serde_json::from_str::<RoutingJob>(&json).unwrap(), job);
        }
    }

    #[test]
    fn offers_come_in_order_and_wait_for_no_drain_and_for_no_requeue() {
        let account = scope().account_id().to_string();
        let (queue, member) = (QueueId::derive(&["q"]), MemberId::derive(&["m"]));
        let connector = ConnectorId::derive(&["c"]);
        let groups = jobs().map(|job| job.group());
        let expected = [
            account.clone(),
            format!("{account}#{queue}"),
            format!("{account}#slack"),
            format!("{account}#{member}"),
            format!("{account}#{connector}"),
        ];
        assert_eq!(groups, expected);
    }

    #[test]
    fn a_job_names_a_channel_by_its_key_and_by_nothing_else() {
        let job = |channel: &str| {
            let account = scope().account_id();
            let json =
                serde_json::json!({"job": "drain_desk", "account_id": account, "channel": channel});
            serde_json::from_value::<RoutingJob>(json)
        };
        assert!(job("whatsapp").is_ok());
        for wrong in ["", "Slack", "slack#x", "a b"] {
            assert!(job(wrong).is_err(), "{wrong}");
        }
    }
}
