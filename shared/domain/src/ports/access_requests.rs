//! The port of access requests for admins. Every change includes its audit entry, in one transaction.

use crate::{
    PortError, ProjectScope, Timestamp,
    access::direct_approval::{DirectApproval, WritingPlace},
    access::quota::HeldBack,
    access::request::{AccessRequest, DecideOutcome, Preview, RequestDecision, RequestStatus},
    access::revocation::Revoking,
    access::standing::Standing,
    chat::user::ChatUser,
    connector::{Connector, Provider},
    directory::{end_user::EndUser, registration::DirectoryChoice},
    ids::{AccessRequestId, ChatUserId, ConnectorId},
    page::{ListError, Page, PageRequest},
    ports::{By, CountUpTo},
};
use async_trait::async_trait;
use std::collections::BTreeSet;

/// A filter for lists of access requests.
#[derive(Debug, Clone, Default)]
pub struct AccessRequestFilter {
    /// Only with this status.
    pub status: Option<RequestStatus>,
    /// Only of these connectors, if there are any.
    pub connector_ids: Vec<ConnectorId>,
    /// Only from these platforms, if there are any.
    pub providers: Vec<Provider>,
    /// Only those made at this time or later.
    pub created_after: Option<Timestamp>,
    /// Only those made before this time.
    pub created_before: Option<Timestamp>,
    /// Whether pending requests are listed by their last message rather than by creation.
    pub by_last_message: bool,
    /// Only requests of people who are hits of this search. Then the list is in the order of the search, whatever
    /// the page's.
    pub query: Option<String>,
}

impl AccessRequestFilter {
    /// Whether the filter keeps this request.
    #[must_use]
    pub fn keeps(&self, request: &AccessRequest) -> bool {
        let of_connector =
            self.connector_ids.is_empty() || self.connector_ids.contains(&request.connector_id);
        let of_provider = self.providers.is_empty() || self.providers.contains(&request.provider);
        let at = request.created_at;
        self.status.is_none_or(|status| request.status() == status)
            && of_connector
            && of_provider
            && self.created_after.is_none_or(|after| after <= at)
            && self.created_before.is_none_or(|before| at < before)
    }

    /// The filter without the search, as a text; empty if it keeps everything.
    #[must_use]
    pub fn rest(&self) -> String {
        let keeps_all = self.status.is_none()
            && self.connector_ids.is_empty()
            && self.providers.is_empty()
            && self.created_after.is_none()
            && self.created_before.is_none();
        if keeps_all {
            return String::new();
        }
        format!(
            "{:?}|{:?}|{:?}|{:?}|{:?}",
            self.status,
            self.connector_ids,
            self.providers,
            self.created_after,
            self.created_before
        )
    }
}

/// A request with the records shown beside it.
#[derive(Debug, Clone)]
pub struct AccessRequestView {
    /// The request.
    pub request: AccessRequest,
    /// The person who asks.
    pub chat_user: Option<ChatUser>,
    /// The person's standing at the connector, with message counts and the status of the onboarding message.
    pub standing: Option<Standing>,
    /// The beginning of the message that made the request, if it is kept.
    pub preview: Option<Preview>,
    /// Name of the environment that an approval opens, unless it was deleted.
    pub environment_name: Option<String>,
    /// The connector, unless it was deleted.
    pub connector: Option<Connector>,
    /// The person of the directory whom the one who asks is linked to.
    pub end_user: Option<EndUser>,
    /// The person of the directory who holds the phone number that the platform asserts, while the request awaits a
    /// decision and nobody is linked.
    pub suggested: Option<EndUser>,
}

impl AccessRequestView {
    /// Whether the person who asks is linked to one of the directory.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        let user = self.chat_user.as_ref();
        user.is_some_and(|user| user.end_user_id.is_some())
    }

    /// Returns the view without the people of the directory, for a caller who may not read them.
    #[must_use]
    pub fn without_directory(self) -> Self {
        Self {
            end_user: None,
            suggested: None,
            ..self
        }
    }

    /// Version of the request with the records beside it. It rises with every change of one of them, and of
    /// some that are not shown.
    #[must_use]
    pub fn version(&self) -> u64 {
        let user = self.chat_user.as_ref().map_or(0, |user| user.version);
        let standing = self
            .standing
            .as_ref()
            .map_or(0, |standing| standing.version);
        let decided = u64::from(self.request.decision.is_some());
        let revoked = u64::from(self.request.revocation.is_some());
        1 + decided + revoked + user + standing
    }
}

/// The numbers of requests in the states that admins look at (SPEC B41).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestCounts {
    /// Pending ones.
    pub pending: CountUpTo,
    /// Approved ones.
    pub approved: CountUpTo,
    /// The newest pending one.
    pub newest_pending: Option<AccessRequest>,
}

/// The store of access requests for admins.
#[async_trait]
pub trait AccessRequestStore: Send + Sync {
    /// Returns one request with the records shown beside it.
    async fn get_access_request(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
    ) -> Result<Option<AccessRequestView>, PortError>;

    /// Returns one request alone.
    async fn find_access_request(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
    ) -> Result<Option<AccessRequest>, PortError>;

    /// Returns these requests alone, those that exist.
    async fn find_access_requests(
        &self,
        scope: ProjectScope,
        ids: &[AccessRequestId],
    ) -> Result<Vec<AccessRequest>, PortError>;

    /// Reads the records shown beside these requests of a project, and returns all in the same order.
    async fn view_access_requests(
        &self,
        requests: Vec<AccessRequest>,
    ) -> Result<Vec<AccessRequestView>, PortError>;

    /// Lists the project's requests.
    async fn list_access_requests(
        &self,
        scope: ProjectScope,
        filter: &AccessRequestFilter,
        page: &PageRequest,
    ) -> Result<Page<AccessRequestView>, ListError>;

    /// Counts the project's requests, of these connectors if there are any named. Cheap enough to be asked every
    /// few seconds.
    async fn count_access_requests(
        &self,
        scope: ProjectScope,
        connectors: Option<&BTreeSet<ConnectorId>>,
    ) -> Result<RequestCounts, PortError>;

    /// Returns the project's connectors that held back messages of new people within the last day.
    async fn held_back(
        &self,
        scope: ProjectScope,
        now: Timestamp,
    ) -> Result<Vec<HeldBack>, PortError>;

    /// Decides a pending request: request, grant, standing and audit entry, all or nothing. When
    /// two decisions compete, one takes effect and the other is answered with it. An approval
    /// leaves its pending tasks on the standing, with an outbox mark, and brings the person and the directory
    /// together as `directory` says.
    async fn decide(
        &self,
        request: &AccessRequest,
        decision: &RequestDecision,
        directory: DirectoryChoice,
        by: By<'_>,
    ) -> Result<DecideOutcome, PortError>;

    /// Returns the connectors through which a person wrote, except deleted ones.
    async fn writing_places(
        &self,
        scope: ProjectScope,
        chat_user_id: ChatUserId,
    ) -> Result<Vec<WritingPlace>, PortError>;

    /// Ends a person's access to an environment: person, standings, requests and audit entry, all or nothing.
    /// `Conflict` when one of them changed meanwhile.
    async fn revoke(
        &self,
        scope: ProjectScope,
        revoking: &Revoking,
        by: By<'_>,
    ) -> Result<(), PortError>;

    /// Records an approval of a person who has no pending request: approved request, grant, audit
    /// entry and, if it is followed up, the pending tasks on the standing, all or nothing. `Conflict`
    /// when the person has the access, or a request, meanwhile.
    async fn approve_directly(
        &self,
        approval: &DirectApproval,
        directory: DirectoryChoice,
        by: By<'_>,
    ) -> Result<DecideOutcome, PortError>;
}
