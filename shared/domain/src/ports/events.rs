//! Ports of outgoing events: their publication, their deliveries, and the subscriptions that hear them (SPEC F04).

use crate::{
    AccountScope, PortError, Timestamp,
    event::{
        AuditEntry,
        delivery::{EventDelivery, EventDeliveryStatus},
        health::{CallNote, Room, SubscriptionHealth},
        outgoing::OutgoingEvent,
        subscription::Subscription,
    },
    ids::{LeaseId, OutgoingEventId, SubscriptionId},
    job::{EventJob, PublishEvent, SendEvent},
    page::{ListError, Page, PageRequest},
    ports::{By, Claim, Lease},
};
use async_trait::async_trait;
use std::{collections::HashMap, time::Duration};

/// Largest number of events whose deliveries are ordered at once.
pub const EVENTS_AT_ONCE: usize = 40;

/// The queue of outgoing events. Unordered; a job may arrive twice.
#[async_trait]
pub trait EventQueue: Send + Sync {
    /// Enqueues a job.
    async fn enqueue_event(&self, job: EventJob) -> Result<(), PortError>;
}

/// The store of outgoing events, for the worker that publishes them.
#[async_trait]
pub trait EventPublisher: Send + Sync {
    /// Returns an event that is still to be published.
    async fn event(&self, job: PublishEvent) -> Result<Option<OutgoingEvent>, PortError>;
    /// Returns the account's subscriptions, except for paused ones.
    async fn subscribers(&self, scope: AccountScope) -> Result<Vec<Subscription>, PortError>;
    /// Orders the deliveries of these events, at most [`EVENTS_AT_ONCE`], to a subscription, with its next numbers, all or
    /// none. An event that has a delivery there already gets none, and so does every event once the subscription is
    /// deleted. Returns the new ones. `Conflict` when others keep ordering deliveries there.
    async fn deliver(
        &self,
        subscription: &Subscription,
        events: &[OutgoingEvent],
        now: Timestamp,
    ) -> Result<Vec<SendEvent>, PortError>;
    /// Removes the marks of events whose deliveries are ordered.
    async fn published(&self, jobs: &[PublishEvent]) -> Result<(), PortError>;
    /// Returns the first events of the account that are still to be published, at most `limit`.
    async fn unpublished(
        &self,
        scope: AccountScope,
        limit: usize,
    ) -> Result<Vec<PublishEvent>, PortError>;
}

/// The records that one call of a subscription needs.
#[derive(Debug, Clone, Default)]
pub struct Sending {
    /// The subscription, unless it was deleted.
    pub subscription: Option<Subscription>,
    /// The event, unless its time is over.
    pub event: Option<OutgoingEvent>,
    /// The subscription's health.
    pub health: SubscriptionHealth,
}

/// The store of event deliveries, for the worker that makes the calls.
#[async_trait]
pub trait EventSender: Send + Sync {
    /// Claims a delivery. Two claims never overlap, and no claim succeeds before the time of the next attempt.
    async fn claim_delivery(
        &self,
        job: SendEvent,
        lease: &Lease,
    ) -> Result<Claim<EventDelivery>, PortError>;
    /// Reads the records that the call needs.
    async fn sending(&self, job: SendEvent) -> Result<Sending, PortError>;
    /// Takes a slot for a call of the subscription whose health was read. Returns the health as it is now. The slot is
    /// taken if there is room for a call or a probe. A subscription that is deleted has no room.
    async fn take_call(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        read: &SubscriptionHealth,
        slot: LeaseId,
        now: Timestamp,
    ) -> Result<(Room, SubscriptionHealth), PortError>;
    /// Notes what a call showed, and gives its slot back. A note that pauses the subscription is recorded in the audit
    /// log, and told to the others. Nothing is noted of one that is deleted. Returns the health as it is now.
    async fn note_call(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        read: &SubscriptionHealth,
        note: &CallNote,
        slot: Option<LeaseId>,
    ) -> Result<SubscriptionHealth, PortError>;
    /// Stores a delivery as it is after an attempt or a wait, and ends the claim. Fails with [`Lease::LOST`] when the claim
    /// was lost.
    async fn store_delivery(
        &self,
        delivery: &EventDelivery,
        lease: LeaseId,
    ) -> Result<(), PortError>;
    /// Returns deliveries to a subscription that wait and whose time has come, at most `limit` of each part of the outbox.
    async fn due_deliveries(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<SendEvent>, PortError>;
    /// Deletes a delivery whose subscription or event is gone. Fails with [`Lease::LOST`] when the claim was lost.
    async fn end_delivery(&self, job: SendEvent, lease: LeaseId) -> Result<(), PortError>;
}

/// The outcome of adding a subscription.
#[derive(Debug, Clone)]
pub enum SubscriptionAdded {
    /// It was made now.
    New,
    /// One with this id exists.
    Existing(Box<Subscription>),
    /// The account has as many as it may have.
    TooMany,
}

/// The outcome of sending an event again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentAgain {
    /// It is sent again.
    Ordered(Box<EventDelivery>),
    /// The delivery or its event is no longer kept.
    Gone,
}

/// The outcome of beginning a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestBegun {
    /// It has begun.
    Begun,
    /// Another test of the account is under way, for this time at most.
    Busy(Duration),
}

/// A filter for lists of event deliveries.
#[derive(Debug, Clone, Copy)]
pub struct EventDeliveryFilter {
    /// Only with this status.
    pub status: Option<EventDeliveryStatus>,
    /// Only those that were ordered after this time, or ordered again.
    pub since: Timestamp,
}

/// The store of subscriptions, for those who manage them.
#[async_trait]
pub trait SubscriptionStore: Send + Sync {
    /// Returns the account's subscriptions, in the order of their creation.
    async fn subscriptions(&self, scope: AccountScope) -> Result<Vec<Subscription>, PortError>;
    /// Returns one subscription.
    async fn subscription(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, PortError>;
    /// Adds a subscription, unless the account has too many.
    async fn add_subscription(
        &self,
        subscription: &Subscription,
        by: By<'_>,
    ) -> Result<SubscriptionAdded, PortError>;
    /// Stores a subscription made from the record at `subscription.version`. `Conflict` when it changed.
    async fn update_subscription(
        &self,
        subscription: &Subscription,
        by: By<'_>,
    ) -> Result<(), PortError>;
    /// Deletes a subscription. Its deliveries end. `Conflict` when it changed.
    async fn delete_subscription(
        &self,
        subscription: &Subscription,
        by: By<'_>,
    ) -> Result<(), PortError>;
    /// Returns the health of these subscriptions. One that never failed has none.
    async fn subscription_health(
        &self,
        scope: AccountScope,
        ids: &[SubscriptionId],
    ) -> Result<HashMap<SubscriptionId, SubscriptionHealth>, PortError>;
    /// Ends the pause of a subscription. `false` if it was not paused. `Conflict` when others keep changing its health.
    async fn resume_subscription(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        by: By<'_>,
    ) -> Result<bool, PortError>;
    /// Lists the deliveries to a subscription, by their numbers.
    async fn event_deliveries(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        filter: &EventDeliveryFilter,
        page: &PageRequest,
    ) -> Result<Page<EventDelivery>, ListError>;
    /// Returns one delivery.
    async fn event_delivery(&self, job: SendEvent) -> Result<Option<EventDelivery>, PortError>;
    /// Orders to send an event again, whatever became of it before, while it is listed.
    async fn send_again(
        &self,
        job: SendEvent,
        now: Timestamp,
        by: By<'_>,
    ) -> Result<SentAgain, PortError>;
    /// Begins a test and records it, unless another one of the account is under way.
    async fn begin_test(
        &self,
        scope: AccountScope,
        id: OutgoingEventId,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<TestBegun, PortError>;
    /// Ends a test. Does nothing when another one has begun.
    async fn end_test(&self, scope: AccountScope, id: OutgoingEventId) -> Result<(), PortError>;
}
