//! Jobs that rows of the outbox order: their kinds, and whom they work for.

use super::{
    ClosePendingRequests, DrainParked, DrainQueue, ExpireRequests, OfferConversation,
    OnboardChatUser, OnboardingJob, PublishEvent, RehomeConnector, RequeueMember, SendEvent,
    SendMail, SendMessages, SendNotices,
};
use crate::{
    directory::import::ImportUsers,
    erasure::EraseData,
    ids::{AccountId, ConnectorId, EnvironmentId, LoginId, ProjectId, SubscriptionId},
    search::IndexRecord,
    team::mail::MailOwner,
};
use std::fmt;

/// A kind of job. Each kind has its own partitions of the outbox and its own part of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// See [`OnboardingJob::OnboardChatUser`].
    OnboardChatUser,
    /// See [`OnboardingJob::ClosePendingRequests`].
    ClosePendingRequests,
    /// See [`OutgoingJob::SendMessages`](super::OutgoingJob::SendMessages).
    SendMessages,
    /// See [`InboxJob::DrainParked`](super::InboxJob::DrainParked).
    DrainParked,
    /// See [`OnboardingJob::EraseData`].
    EraseData,
    /// See [`OnboardingJob::ExpireRequests`].
    ExpireRequests,
    /// See [`EmailJob::SendMail`](super::EmailJob::SendMail).
    SendMail,
    /// See [`TeamJob::SendNotices`](super::TeamJob::SendNotices).
    SendNotices,
    /// See [`IndexJob::IndexRecord`](super::IndexJob::IndexRecord).
    IndexRecord,
    /// See [`IndexJob::ImportUsers`](super::IndexJob::ImportUsers).
    ImportUsers,
    /// See [`RoutingJob::OfferConversation`](super::RoutingJob::OfferConversation).
    OfferConversation,
    /// See [`RoutingJob::DrainQueue`](super::RoutingJob::DrainQueue).
    DrainQueue,
    /// See [`RoutingJob::RequeueMember`](super::RoutingJob::RequeueMember).
    RequeueMember,
    /// See [`RoutingJob::RehomeConnector`](super::RoutingJob::RehomeConnector).
    RehomeConnector,
    /// See [`EventJob::PublishEvent`](super::EventJob::PublishEvent).
    PublishEvent,
    /// See [`EventJob::SendEvent`](super::EventJob::SendEvent).
    SendEvent,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::OnboardChatUser,
        Self::ClosePendingRequests,
        Self::SendMessages,
        Self::DrainParked,
        Self::EraseData,
        Self::ExpireRequests,
        Self::SendMail,
        Self::SendNotices,
        Self::IndexRecord,
        Self::ImportUsers,
        Self::OfferConversation,
        Self::DrainQueue,
        Self::RequeueMember,
        Self::RehomeConnector,
        Self::PublishEvent,
        Self::SendEvent,
    ];

    /// Whether its jobs send texts, and so wait for their connector's turn.
    #[must_use]
    pub const fn sends_texts(self) -> bool {
        match self {
            Self::OnboardChatUser | Self::SendMessages => true,
            Self::ClosePendingRequests
            | Self::DrainParked
            | Self::EraseData
            | Self::ExpireRequests
            | Self::SendMail
            | Self::SendNotices
            | Self::IndexRecord
            | Self::ImportUsers
            | Self::OfferConversation
            | Self::DrainQueue
            | Self::RequeueMember
            | Self::RehomeConnector
            | Self::PublishEvent
            | Self::SendEvent => false,
        }
    }

    /// The key used in the outbox.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::OnboardChatUser => "onboard_chat_user",
            Self::ClosePendingRequests => "close_pending_requests",
            Self::SendMessages => "send_messages",
            Self::DrainParked => "drain_parked",
            Self::EraseData => "erase_data",
            Self::ExpireRequests => "expire_requests",
            Self::SendMail => "send_mail",
            Self::SendNotices => "send_notices",
            Self::IndexRecord => "index_record",
            Self::ImportUsers => "import_users",
            Self::OfferConversation => "offer_conversation",
            Self::DrainQueue => "drain_queue",
            Self::RequeueMember => "requeue_member",
            Self::RehomeConnector => "rehome_connector",
            Self::PublishEvent => "publish_event",
            Self::SendEvent => "send_event",
        }
    }
}

/// The party that a job works for. Parties share the capacity for jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobOwner {
    /// A connector.
    Connector(ConnectorId),
    /// An environment.
    Environment(EnvironmentId),
    /// A project.
    Project(ProjectId),
    /// An account.
    Account(AccountId),
    /// A login.
    Login(LoginId),
    /// A subscription.
    Subscription(SubscriptionId),
}

impl JobOwner {
    /// The connector, if it is one.
    #[must_use]
    pub const fn connector_id(self) -> Option<ConnectorId> {
        match self {
            Self::Connector(id) => Some(id),
            Self::Environment(_)
            | Self::Project(_)
            | Self::Account(_)
            | Self::Login(_)
            | Self::Subscription(_) => None,
        }
    }
}

impl fmt::Display for JobOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connector(id) => id.fmt(f),
            Self::Environment(id) => id.fmt(f),
            Self::Project(id) => id.fmt(f),
            Self::Account(id) => id.fmt(f),
            Self::Login(id) => id.fmt(f),
            Self::Subscription(id) => id.fmt(f),
        }
    }
}

/// A job that a row of the outbox orders, of any queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxJob {
    /// A job of the onboarding queue.
    Onboarding(OnboardingJob),
    /// A job of the outgoing queue.
    SendMessages(SendMessages),
    /// A job of the inbox queue.
    DrainParked(DrainParked),
    /// A job of the queue of mails.
    SendMail(SendMail),
    /// A job of the queue of work on accounts and their people.
    SendNotices(SendNotices),
    /// A job of the queue of work on the directory and the search.
    IndexRecord(IndexRecord),
    /// An import of people, of the queue of work on the directory and the search.
    ImportUsers(ImportUsers),
    /// A job of the router's queue.
    OfferConversation(OfferConversation),
    /// A drain, of the router's queue.
    DrainQueue(DrainQueue),
    /// The requeue of a member's conversations, of the router's queue.
    RequeueMember(RequeueMember),
    /// The change of a connector's conversations, of the router's queue.
    RehomeConnector(RehomeConnector),
    /// A job of the queue of outgoing events.
    PublishEvent(PublishEvent),
    /// A call of a subscription, of the queue of outgoing events.
    SendEvent(SendEvent),
}

impl OutboxJob {
    /// Kind of the job.
    #[must_use]
    pub const fn kind(self) -> JobKind {
        match self {
            Self::Onboarding(job) => job.kind(),
            Self::SendMessages(_) => JobKind::SendMessages,
            Self::DrainParked(_) => JobKind::DrainParked,
            Self::SendMail(_) => JobKind::SendMail,
            Self::SendNotices(_) => JobKind::SendNotices,
            Self::IndexRecord(_) => JobKind::IndexRecord,
            Self::ImportUsers(_) => JobKind::ImportUsers,
            Self::OfferConversation(_) => JobKind::OfferConversation,
            Self::DrainQueue(_) => JobKind::DrainQueue,
            Self::RequeueMember(_) => JobKind::RequeueMember,
            Self::RehomeConnector(_) => JobKind::RehomeConnector,
            Self::PublishEvent(_) => JobKind::PublishEvent,
            Self::SendEvent(_) => JobKind::SendEvent,
        }
    }

    /// The party that the job works for.
    #[must_use]
    pub const fn owner(self) -> JobOwner {
        match self {
            Self::Onboarding(job) => job.owner(),
            Self::SendMessages(job) => JobOwner::Connector(job.connector_id),
            Self::DrainParked(job) => JobOwner::Environment(job.environment_id),
            Self::SendMail(job) => match job.owner {
                MailOwner::Account(scope) => JobOwner::Account(scope.account_id()),
                MailOwner::Login(id) => JobOwner::Login(id),
            },
            Self::SendNotices(job) => JobOwner::Account(job.scope.account_id()),
            Self::IndexRecord(job) => JobOwner::Project(job.project_id()),
            Self::ImportUsers(job) => JobOwner::Project(job.scope.project_id()),
            Self::OfferConversation(job) => JobOwner::Account(job.scope.account_id()),
            Self::DrainQueue(job) => JobOwner::Account(job.scope.account_id()),
            Self::RequeueMember(job) => JobOwner::Account(job.scope.account_id()),
            Self::RehomeConnector(job) => JobOwner::Account(job.scope.account_id()),
            Self::PublishEvent(job) => JobOwner::Account(job.scope.account_id()),
            Self::SendEvent(job) => JobOwner::Subscription(job.subscription_id),
        }
    }
}

impl From<OnboardingJob> for OutboxJob {
    fn from(job: OnboardingJob) -> Self {
        Self::Onboarding(job)
    }
}

impl From<OnboardChatUser> for OutboxJob {
    fn from(job: OnboardChatUser) -> Self {
        Self::Onboarding(job.into())
    }
}

impl From<ClosePendingRequests> for OutboxJob {
    fn from(job: ClosePendingRequests) -> Self {
        Self::Onboarding(job.into())
    }
}

impl From<ExpireRequests> for OutboxJob {
    fn from(job: ExpireRequests) -> Self {
        Self::Onboarding(job.into())
    }
}

impl From<EraseData> for OutboxJob {
    fn from(job: EraseData) -> Self {
        Self::Onboarding(job.into())
    }
}

impl From<SendMessages> for OutboxJob {
    fn from(job: SendMessages) -> Self {
        Self::SendMessages(job)
    }
}

impl From<DrainParked> for OutboxJob {
    fn from(job: DrainParked) -> Self {
        Self::DrainParked(job)
    }
}

impl From<SendMail> for OutboxJob {
    fn from(job: SendMail) -> Self {
        Self::SendMail(job)
    }
}

impl From<IndexRecord> for OutboxJob {
    fn from(job: IndexRecord) -> Self {
        Self::IndexRecord(job)
    }
}

impl From<SendNotices> for OutboxJob {
    fn from(job: SendNotices) -> Self {
        Self::SendNotices(job)
    }
}

impl From<ImportUsers> for OutboxJob {
    fn from(job: ImportUsers) -> Self {
        Self::ImportUsers(job)
    }
}

impl From<OfferConversation> for OutboxJob {
    fn from(job: OfferConversation) -> Self {
        Self::OfferConversation(job)
    }
}

impl From<DrainQueue> for OutboxJob {
    fn from(job: DrainQueue) -> Self {
        Self::DrainQueue(job)
    }
}

impl From<RequeueMember> for OutboxJob {
    fn from(job: RequeueMember) -> Self {
        Self::RequeueMember(job)
    }
}

impl From<RehomeConnector> for OutboxJob {
    fn from(job: RehomeConnector) -> Self {
        Self::RehomeConnector(job)
    }
}

impl From<PublishEvent> for OutboxJob {
    fn from(job: PublishEvent) -> Self {
        Self::PublishEvent(job)
    }
}

impl From<SendEvent> for OutboxJob {
    fn from(job: SendEvent) -> Self {
        Self::SendEvent(job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::ErasureTarget;
    use crate::ids::{ConversationId, EndUserId, ImportId, MailId, MemberId, QueueId};
    use crate::job::DeliverMessage;
    use crate::samples::{at, connector, event_delivery, message};
    use crate::search::SearchTarget;

    #[test]
    fn a_job_of_the_outbox_is_of_its_own_kind_and_works_for_its_connector_or_environment() {
        let message = DeliverMessage::of(message(), &connector(), at(9));
        let (scope, connector_id) = (message.scope, message.connector_id);
        let onboard = OnboardChatUser {
            scope,
            chat_user_id: message.chat_user_id,
            connector_id,
        };
        let close = ClosePendingRequests {
            scope,
            connector_id,
        };
        let expire = ExpireRequests {
            scope,
            connector_id,
        };
        for (job, kind, sends_texts) in [
            (OutboxJob::from(onboard), JobKind::OnboardChatUser, true),
            (close.into(), JobKind::ClosePendingRequests, false),
            (expire.into(), JobKind::ExpireRequests, false),
            (message.send_messages().into(), JobKind::SendMessages, true),
        ] {
            assert_eq!(job.kind(), kind);
            assert_eq!(job.owner(), JobOwner::Connector(connector_id));
            assert_eq!(job.owner().connector_id(), Some(connector_id));
            assert_eq!(job.owner().to_string(), connector_id.to_string());
            assert_eq!(job.kind().sends_texts(), sends_texts);
        }
        let drain = OutboxJob::from(message.drain_parked());
        assert_eq!(drain.kind(), JobKind::DrainParked);
        assert_eq!(drain.owner(), JobOwner::Environment(message.environment_id));
        assert_eq!(drain.owner().connector_id(), None);
        assert_eq!(
            drain.owner().to_string(),
            message.environment_id.to_string()
        );
        assert!(!drain.kind().sends_texts());
        let target = ErasureTarget::History;
        let erase = OutboxJob::from(EraseData { scope, target });
        assert_eq!(erase.kind(), JobKind::EraseData);
        assert_eq!(erase.owner(), JobOwner::Project(scope.project_id()));
        assert_eq!(erase.owner().connector_id(), None);
        assert_eq!(erase.owner().to_string(), scope.project_id().to_string());
        assert!(!erase.kind().sends_texts());
        assert_eq!(
            OutboxJob::from(OnboardingJob::from(close)),
            OutboxJob::from(close)
        );
    }

    #[test]
    fn a_mail_works_for_the_account_or_the_login_that_it_is_about() {
        let (scope, login_id) = (connector().scope.account(), LoginId::derive(&["l"]));
        for (owner, job_owner, shown) in [
            (
                MailOwner::Account(scope),
                JobOwner::Account(scope.account_id()),
                scope.account_id().to_string(),
            ),
            (
                MailOwner::Login(login_id),
                JobOwner::Login(login_id),
                login_id.to_string(),
            ),
        ] {
            let mail_id = MailId::derive(&["m"]);
            let job = OutboxJob::from(SendMail { owner, mail_id });
            assert_eq!((job.kind(), job.owner()), (JobKind::SendMail, job_owner));
            assert_eq!(job.owner().connector_id(), None);
            assert_eq!(job.owner().to_string(), shown);
            assert!(!job.kind().sends_texts());
        }
    }

    /// An account with many projects has one share of the workers.
    #[test]
    fn notices_work_for_the_account_of_their_project() {
        let scope = connector().scope;
        let job = OutboxJob::from(SendNotices { scope });
        assert_eq!(job.kind(), JobKind::SendNotices);
        assert_eq!(job.owner(), JobOwner::Account(scope.account_id()));
        assert!(!job.kind().sends_texts());
    }

    /// A project with many changes has one share of the workers.
    #[test]
    fn the_index_of_a_record_works_for_its_project() {
        let scope = connector().scope;
        let target = SearchTarget::EndUser(EndUserId::derive(&["u"]));
        let job = OutboxJob::from(IndexRecord { scope, target });
        assert_eq!(job.kind(), JobKind::IndexRecord);
        assert_eq!(job.owner(), JobOwner::Project(scope.project_id()));
        assert!(!job.kind().sends_texts());
    }

    #[test]
    fn an_import_works_for_its_project() {
        let scope = connector().scope;
        let import_id = ImportId::derive(&["i"]);
        let job = OutboxJob::from(ImportUsers { scope, import_id });
        assert_eq!(job.kind(), JobKind::ImportUsers);
        assert_eq!(job.owner(), JobOwner::Project(scope.project_id()));
        assert!(!job.kind().sends_texts());
    }

    /// Desks belong to accounts, and so an account has one share of the router.
    #[test]
    fn jobs_of_the_router_work_for_the_account() {
        let scope = connector().scope;
        let account = scope.account();
        let offer = OfferConversation {
            scope,
            conversation_id: ConversationId::derive(&["c"]),
        };
        let drain = DrainQueue {
            scope: account,
            queue_id: QueueId::derive(&["q"]),
        };
        let requeue = RequeueMember {
            scope: account,
            member_id: MemberId::derive(&["m"]),
        };
        let rehome = RehomeConnector {
            scope,
            connector_id: connector().id,
        };
        for (job, kind) in [
            (OutboxJob::from(offer), JobKind::OfferConversation),
            (drain.into(), JobKind::DrainQueue),
            (requeue.into(), JobKind::RequeueMember),
            (rehome.into(), JobKind::RehomeConnector),
        ] {
            assert_eq!(job.kind(), kind);
            assert_eq!(job.owner(), JobOwner::Account(scope.account_id()));
            assert!(!job.kind().sends_texts());
        }
    }

    /// A dead subscription keeps nobody else's events waiting.
    #[test]
    fn events_are_published_for_their_account_and_sent_for_their_subscription() {
        let send = event_delivery().job();
        let publish = PublishEvent {
            scope: send.scope,
            event_id: send.event_id,
        };
        let account = JobOwner::Account(send.scope.account_id());
        let subscription = JobOwner::Subscription(send.subscription_id);
        for (job, kind, owner) in [
            (OutboxJob::from(publish), JobKind::PublishEvent, account),
            (send.into(), JobKind::SendEvent, subscription),
        ] {
            assert_eq!((job.kind(), job.owner()), (kind, owner));
            assert_eq!(job.owner().connector_id(), None);
            assert!(!job.kind().sends_texts());
        }
        let id = send.subscription_id.to_string();
        assert_eq!(subscription.to_string(), id);
    }

    #[test]
    fn the_kinds_of_jobs_have_keys_of_their_own() {
        let keys = JobKind::ALL.map(JobKind::key);
        assert_eq!(
            keys,
            [
                "onboard_chat_user",
                "close_pending_requests",
                "send_messages",
                "drain_parked",
                "erase_data",
                "expire_requests",
                "send_mail",
                "send_notices",
                "index_record",
                "import_users",
                "offer_conversation",
                "drain_queue",
                "requeue_member",
                "rehome_connector",
                "publish_event",
                "send_event"
            ]
        );
    }
}
