//! Ports of notices: see [`crate::team::notices`].

use crate::{
    AccountScope, PortError, ProjectScope, Timestamp,
    ids::{LeaseId, MemberId},
    job::SendNotices,
    ports::{Claim, Lease},
    team::{
        mail::{Mail, NoticedSource},
        notices::{
            AfterRound, MemberPlace, NewRequests, NoticeCheck, NoticeNames, NoticeOrder, Recipient,
            Round,
        },
    },
};
use async_trait::async_trait;

/// Takes orders of notices.
#[async_trait]
pub trait NoticeOrders: Send + Sync {
    /// Orders notices of a project's new requests, of which at least one was made before `now`. An order that is
    /// repeated, or joins an earlier one, does no harm.
    async fn order_notices(&self, scope: ProjectScope, now: Timestamp) -> Result<(), PortError>;
}

/// Members who get notices, of one page of the account's members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientPage {
    /// Those who get notices.
    pub recipients: Vec<Recipient>,
    /// The place of the next page, if there is one.
    pub next: Option<MemberPlace>,
}

/// The store of orders, and of what notices tell to whom.
#[async_trait]
pub trait NoticeStore: Send + Sync {
    /// Claims an order.
    async fn claim_notices(
        &self,
        job: SendNotices,
        lease: &Lease,
    ) -> Result<Claim<NoticeOrder>, PortError>;

    /// Records the beginning or the progress of a round, before its mails or behind them. [`Lease::LOST`] when the
    /// claim was lost.
    async fn save_round(
        &self,
        job: SendNotices,
        lease: LeaseId,
        round: &Round,
    ) -> Result<(), PortError>;

    /// Ends a claim and leaves the order as it is, for a job at this time. [`Lease::LOST`] when the claim was lost.
    async fn postpone_notices(
        &self,
        job: SendNotices,
        lease: LeaseId,
        until: Timestamp,
    ) -> Result<(), PortError>;

    /// Stores the order after a round, and ends the claim, and the mark with [`AfterRound::Rest`]. `false` if notices
    /// were ordered meanwhile, so that the order must not rest; nothing is stored then. [`Lease::LOST`] when the
    /// claim was lost.
    async fn end_round(
        &self,
        job: SendNotices,
        lease: LeaseId,
        after: &NoticeOrder,
        next: AfterRound,
    ) -> Result<bool, PortError>;

    /// Returns the pending requests that were made after `since` and not after `until`, as they are at `now`. Those
    /// of deleted connectors and blocked people are left out.
    async fn new_requests(
        &self,
        scope: ProjectScope,
        span: (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<NewRequests, PortError>;

    /// Returns the names of account and project.
    async fn names(&self, scope: ProjectScope) -> Result<Option<NoticeNames>, PortError>;

    /// Returns those who may decide requests and want notices of the project, of the page of members that begins at
    /// this place.
    async fn recipients(
        &self,
        scope: ProjectScope,
        from: Option<&MemberPlace>,
    ) -> Result<RecipientPage, PortError>;

    /// Returns those who see the account's webhooks and want notices, of the page of members that begins at this place.
    async fn webhook_readers(
        &self,
        scope: AccountScope,
        from: Option<&MemberPlace>,
    ) -> Result<RecipientPage, PortError>;

    /// Stores a mail with its mark, unless there is one with its id. `false` if there is.
    async fn add_mail(&self, mail: &Mail) -> Result<bool, PortError>;
}

/// Reads again what a notice was made from.
#[async_trait]
pub trait NoticeChecker: Send + Sync {
    /// Returns the state of a notice's recipient and of the requests that it lists. `None` if the member or the login
    /// is gone. `Corrupt` if a row of theirs cannot be read.
    async fn check_notice(
        &self,
        scope: ProjectScope,
        member_id: MemberId,
        listed: &[NoticedSource],
    ) -> Result<Option<NoticeCheck>, PortError>;
}

/// The reason why an account sends no more notices on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeLimit {
    /// The account sent as many as it may.
    OfAccount,
    /// The mail service takes no more mails on this day.
    OfService,
}

/// Counts the notices that accounts send in a day (UTC).
#[async_trait]
pub trait NoticeCounter: Send + Sync {
    /// Returns the number of notices that the account sent on the day of this time.
    async fn sent_on_day(&self, scope: AccountScope, at: Timestamp) -> Result<u32, PortError>;
    /// Counts a notice that was sent under this claim.
    async fn count_sent(
        &self,
        scope: AccountScope,
        at: Timestamp,
        lease: LeaseId,
    ) -> Result<(), PortError>;
    /// Notes that the account reached a limit. `true` the first time on this day.
    async fn note_limit(
        &self,
        scope: AccountScope,
        at: Timestamp,
        limit: NoticeLimit,
    ) -> Result<bool, PortError>;
}
