//! The queues.

use crate::aws::port_error;
use async_trait::async_trait;
use aws_sdk_sqs::{Client, types::QueueAttributeName};
use aws_types::SdkConfig;
use std::time::Duration;
use vestibule_domain::{
    PortError,
    ids::{IdSource, SystemIds},
    job::{
        DeliverMessage, DrainParked, EmailJob, EventJob, InboxJob, IndexJob, JobKind,
        OnboardingJob, OutboxJob, OutgoingJob, RoutingJob, SendMail, SendMessagesJob, TeamJob,
    },
    ports::{
        DispatchQueue, DrainQueue, EmailQueue, EventQueue, InboxQueue, IndexQueue, OnboardingQueue,
        OutgoingQueue, RoutingQueue, TeamQueue, VisibilityExtender,
    },
};

/// Longest time for which SQS hides a message: 12 hours.
pub const VISIBILITY_MAX: Duration = Duration::from_hours(12);

/// Longest time by which SQS delays a message.
const DELAY_MAX: Duration = Duration::from_mins(15);

/// One SQS queue.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// Makes the queue at this address.
    #[must_use]
    pub fn new(config: &SdkConfig, url: &str) -> Self {
        Self {
            client: Client::new(config),
            url: url.to_owned(),
        }
    }

    /// Makes another queue over the same client.
    #[must_use]
    pub fn beside(&self, url: &str) -> Self {
        Self {
            client: self.client.clone(),
            url: url.to_owned(),
        }
    }

    /// Opens the connection before the first message needs it. A failure shows at the first use.
    pub async fn warm(&self) {
        let _ = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await;
    }

    /// Sends a message. `what` names the call in errors.
    async fn send(&self, what: &'static str, body: String) -> Result<(), PortError> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .send()
            .await
            .map_err(|error| port_error(what, error))?;
        Ok(())
    }

    /// Sends a message behind the others of its group, unless one with the same id for deduplication was sent.
    async fn send_in_turn(
        &self,
        what: &'static str,
        body: String,
        (group, deduplication): (String, String),
    ) -> Result<(), PortError> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_group_id(group)
            .message_deduplication_id(deduplication)
            .send()
            .await
            .map_err(|error| port_error(what, error))?;
        Ok(())
    }
}

#[async_trait]
impl VisibilityExtender for SqsQueue {
    async fn extend_visibility(
        &self,
        receipt_handle: &str,
        time: Duration,
    ) -> Result<(), PortError> {
        let time = time.min(VISIBILITY_MAX);
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| port_error("sqs: ChangeMessageVisibility", error))?;
        Ok(())
    }
}

#[async_trait]
impl OnboardingQueue for SqsQueue {
    async fn enqueue_onboarding(&self, job: OnboardingJob) -> Result<(), PortError> {
        self.send("sqs: SendMessage (onboarding)", to_json(&job)?)
            .await
    }
}

#[async_trait]
impl OutgoingQueue for SqsQueue {
    async fn enqueue_outgoing(&self, job: SendMessagesJob) -> Result<(), PortError> {
        self.send(
            "sqs: SendMessage (outgoing)",
            to_json(&OutgoingJob::SendMessages(Box::new(job)))?,
        )
        .await
    }
}

#[async_trait]
impl EmailQueue for SqsQueue {
    async fn enqueue_email(&self, order: SendMail) -> Result<(), PortError> {
        self.send(
            "sqs: SendMessage (email)",
            to_json(&EmailJob::SendMail(order))?,
        )
        .await
    }
}

#[async_trait]
impl TeamQueue for SqsQueue {
    async fn enqueue_team(&self, job: TeamJob) -> Result<(), PortError> {
        self.send("sqs: SendMessage (team)", to_json(&job)?).await
    }
}

#[async_trait]
impl IndexQueue for SqsQueue {
    async fn enqueue_index(&self, job: IndexJob) -> Result<(), PortError> {
        self.send("sqs: SendMessage (index)", to_json(&job)?).await
    }
}

#[async_trait]
impl EventQueue for SqsQueue {
    async fn enqueue_event(&self, job: EventJob) -> Result<(), PortError> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(to_json(&job)?)
            .message_group_id(job.group())
            .send()
            .await
            .map_err(|error| port_error("sqs: SendMessage (events)", error))?;
        Ok(())
    }
}

#[async_trait]
impl RoutingQueue for SqsQueue {
    async fn enqueue_routing(&self, job: RoutingJob) -> Result<(), PortError> {
        // Every trigger counts, as for a drain of an inbox.
        let deduplication = SystemIds.draw().to_string();
        let body = to_json(&job)?;
        self.send_in_turn(
            "sqs: SendMessage (routing)",
            body,
            (job.group(), deduplication),
        )
        .await
    }
}

/// The queues of all kinds of jobs that the outbox orders.
#[derive(Debug, Clone)]
pub struct SqsDispatchQueues {
    /// The queue of onboarding jobs.
    pub onboarding: SqsQueue,
    /// The queue of texts to send.
    pub outgoing: SqsQueue,
    /// The queue of messages for agents.
    pub inbox: SqsQueue,
    /// The queue of mails.
    pub email: SqsQueue,
    /// The queue of work on accounts and their people.
    pub team: SqsQueue,
    /// The queue of work on the directory and the search.
    pub index: SqsQueue,
    /// The router's queue.
    pub routing: SqsQueue,
    /// The queue of outgoing events.
    pub events: SqsQueue,
}

impl SqsDispatchQueues {
    const fn queue(&self, kind: JobKind) -> &SqsQueue {
        match kind {
            JobKind::OnboardChatUser
            | JobKind::ClosePendingRequests
            | JobKind::EraseData
            | JobKind::ExpireRequests => &self.onboarding,
            JobKind::SendMessages => &self.outgoing,
            JobKind::DrainParked => &self.inbox,
            JobKind::SendMail => &self.email,
            JobKind::SendNotices => &self.team,
            JobKind::IndexRecord | JobKind::ImportUsers => &self.index,
            JobKind::OfferConversation
            | JobKind::DrainQueue
            | JobKind::RequeueMember
            | JobKind::RehomeConnector => &self.routing,
            JobKind::PublishEvent | JobKind::SendEvent => &self.events,
        }
    }
}

/// The group among which a standard queue shares its workers. Jobs of other kinds have none.
fn fair_group(job: &OutboxJob) -> Option<String> {
    match job {
        OutboxJob::PublishEvent(order) => Some(EventJob::from(*order).group()),
        OutboxJob::SendEvent(order) => Some(EventJob::from(*order).group()),
        _ => None,
    }
}

/// Writes a job as its queue's worker reads it.
fn dispatched(job: OutboxJob) -> Result<String, PortError> {
    match job {
        OutboxJob::Onboarding(job) => to_json(&job),
        OutboxJob::SendMessages(order) => {
            to_json(&OutgoingJob::SendMessages(Box::new(order.into())))
        }
        OutboxJob::DrainParked(order) => to_json(&InboxJob::DrainParked(order)),
        OutboxJob::SendMail(order) => to_json(&EmailJob::SendMail(order)),
        OutboxJob::SendNotices(order) => to_json(&TeamJob::SendNotices(order)),
        OutboxJob::IndexRecord(order) => to_json(&IndexJob::IndexRecord(order)),
        OutboxJob::ImportUsers(order) => to_json(&IndexJob::ImportUsers(order)),
        OutboxJob::OfferConversation(order) => to_json(&RoutingJob::from(order)),
        OutboxJob::DrainQueue(order) => to_json(&RoutingJob::from(order)),
        OutboxJob::RequeueMember(order) => to_json(&RoutingJob::from(order)),
        OutboxJob::RehomeConnector(order) => to_json(&RoutingJob::from(order)),
        OutboxJob::PublishEvent(order) => to_json(&EventJob::from(order)),
        OutboxJob::SendEvent(order) => to_json(&EventJob::from(order)),
    }
}

#[async_trait]
impl DispatchQueue for SqsDispatchQueues {
    async fn enqueue_after(&self, job: OutboxJob, delay: Duration) -> Result<(), PortError> {
        let queue = self.queue(job.kind());
        // SQS does not delay a single message of a FIFO queue. The record knows when the job is due.
        match job {
            OutboxJob::DrainParked(job) => return queue.enqueue_drain(job).await,
            OutboxJob::OfferConversation(job) => return queue.enqueue_routing(job.into()).await,
            OutboxJob::DrainQueue(job) => return queue.enqueue_routing(job.into()).await,
            OutboxJob::RequeueMember(job) => return queue.enqueue_routing(job.into()).await,
            OutboxJob::RehomeConnector(job) => return queue.enqueue_routing(job.into()).await,
            _ => {}
        }
        let delay = delay.min(DELAY_MAX).as_secs();
        let group = fair_group(&job);
        queue
            .client
            .send_message()
            .queue_url(&queue.url)
            .message_body(dispatched(job)?)
            .delay_seconds(i32::try_from(delay).unwrap_or(i32::MAX))
            .set_message_group_id(group)
            .send()
            .await
            .map_err(|error| port_error("sqs: SendMessage (dispatch)", error))?;
        Ok(())
    }

    async fn waiting(&self, kind: JobKind) -> Result<usize, PortError> {
        let queue = self.queue(kind);
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let answer = queue
            .client
            .get_queue_attributes()
            .queue_url(&queue.url)
            .attribute_names(name.clone())
            .send()
            .await
            .map_err(|error| port_error("sqs: GetQueueAttributes", error))?;
        answer
            .attributes
            .and_then(|attributes| attributes.get(&name)?.parse().ok())
            .ok_or_else(|| {
                PortError::corrupt("queue attributes", "they tell no number of messages")
            })
    }
}

#[async_trait]
impl InboxQueue for SqsQueue {
    async fn enqueue_delivery(&self, message: DeliverMessage) -> Result<(), PortError> {
        let group = message.conversation.id.to_string();
        let deduplication = message.delivery_id().to_string();
        let body = to_json(&InboxJob::DeliverMessage(Box::new(message)))?;
        self.send_in_turn("sqs: SendMessage (inbox)", body, (group, deduplication))
            .await
    }
}

#[async_trait]
impl DrainQueue for SqsQueue {
    async fn enqueue_drain(&self, job: DrainParked) -> Result<(), PortError> {
        // Every trigger counts: a repeated id would be swallowed for five minutes, and with it the
        // trigger of messages that came after the first one was worked off.
        let deduplication = SystemIds.draw().to_string();
        let group = job.environment_id.to_string();
        let body = to_json(&InboxJob::DrainParked(job))?;
        self.send_in_turn("sqs: SendMessage (drain)", body, (group, deduplication))
            .await
    }
}

/// Writes a job as JSON that a queue accepts. Queues accept only the characters of XML 1.0. JSON's
/// own escapes cover the control characters, but two more may occur in people's messages.
fn to_json(job: &impl serde::Serialize) -> Result<String, PortError> {
    let json = serde_json::to_string(job).map_err(|error| PortError::rejected("job", error))?;
    if !json.contains(['\u{fffe}', '\u{ffff}']) {
        return Ok(json);
    }
    Ok(json
        .replace('\u{fffe}', "\\ufffe")
        .replace('\u{ffff}', "\\uffff"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        AccountScope,
        ids::{
            AccountId, ChatUserId, ConnectorId, ConversationId, EnvironmentId, LoginId, MailId,
            MemberId, OutgoingEventId, ProjectId, QueueId, SubscriptionId,
        },
        job::{
            self, ClosePendingRequests, OfferConversation, OnboardChatUser, PublishEvent,
            RequeueMember, SendEvent, SendMessages, SendNotices,
        },
        search::{IndexRecord, SearchTarget},
        team::mail::MailOwner,
    };

    #[test]
    fn a_job_of_the_outbox_is_written_as_the_worker_of_its_kind_reads_it() {
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        let connector_id = ConnectorId::derive(&["c"]);
        let onboard = OnboardingJob::from(OnboardChatUser {
            scope,
            chat_user_id: ChatUserId::derive(&["u"]),
            connector_id,
        });
        let close = OnboardingJob::from(ClosePendingRequests {
            scope,
            connector_id,
        });
        for job in [onboard, close] {
            let body = dispatched(job.into()).unwrap();
            assert_eq!(serde_json::from_str::<OnboardingJob>(&body).unwrap(), job);
        }
        let order = SendMessages {
            scope,
            connector_id,
            conversation_id: ConversationId::derive(&["d"]),
        };
        let body = dispatched(order.into()).unwrap();
        let expected = OutgoingJob::SendMessages(Box::new(order.into()));
        assert_eq!(
            serde_json::from_str::<OutgoingJob>(&body).unwrap(),
            expected
        );
        assert!(!body.contains("texts"));
        let order = DrainParked {
            scope,
            environment_id: EnvironmentId::derive(&["e"]),
        };
        let body = dispatched(order.into()).unwrap();
        let read = serde_json::from_str::<InboxJob>(&body).unwrap();
        assert_eq!(read, InboxJob::DrainParked(order));
        for owner in [
            MailOwner::Account(scope.account()),
            MailOwner::Login(LoginId::derive(&["l"])),
        ] {
            let mail_id = MailId::derive(&["m"]);
            let order = SendMail { owner, mail_id };
            let body = dispatched(OutboxJob::SendMail(order)).unwrap();
            let read = serde_json::from_str::<EmailJob>(&body).unwrap();
            assert_eq!(read, EmailJob::SendMail(order));
        }
        let order = SendNotices { scope };
        let body = dispatched(order.into()).unwrap();
        let read = serde_json::from_str::<TeamJob>(&body).unwrap();
        assert_eq!(read, TeamJob::SendNotices(order));
        let target = SearchTarget::ChatUser(ChatUserId::derive(&["u"]));
        let order = IndexRecord { scope, target };
        let body = dispatched(order.into()).unwrap();
        let read = serde_json::from_str::<IndexJob>(&body).unwrap();
        assert_eq!(read, IndexJob::IndexRecord(order));
    }

    #[test]
    fn a_job_of_outgoing_events_is_written_as_its_worker_reads_it() {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let publish = PublishEvent {
            scope,
            event_id: OutgoingEventId::derive(&["e"]),
        };
        let send = SendEvent {
            scope,
            subscription_id: SubscriptionId::derive(&["s"]),
            event_id: publish.event_id,
        };
        for (ordered, job) in [
            (OutboxJob::from(publish), EventJob::from(publish)),
            (send.into(), send.into()),
        ] {
            assert_eq!(fair_group(&ordered), Some(job.group()));
            let body = dispatched(ordered).unwrap();
            assert_eq!(serde_json::from_str::<EventJob>(&body).unwrap(), job);
        }
    }

    #[test]
    fn a_job_of_the_router_is_written_as_its_worker_reads_it() {
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        let offer = OfferConversation {
            scope,
            conversation_id: ConversationId::derive(&["d"]),
        };
        let drain = job::DrainQueue {
            scope: scope.account(),
            queue_id: QueueId::derive(&["q"]),
        };
        let requeue = RequeueMember {
            scope: scope.account(),
            member_id: MemberId::derive(&["m"]),
        };
        for (ordered, job) in [
            (OutboxJob::from(offer), RoutingJob::from(offer)),
            (drain.into(), drain.into()),
            (requeue.into(), requeue.into()),
        ] {
            let body = dispatched(ordered).unwrap();
            assert_eq!(serde_json::from_str::<RoutingJob>(&body).unwrap(), job);
        }
    }
}
