//! Port of the lists of open cases, and of the lines that routing leaves.

use crate::{
    PortError, ProjectScope,
    ids::{ClientId, ConversationId, MemberId, TeamId},
    page::{CountUpTo, ListError, Page, PageRequest},
    routing::{case::Case, routed::Routed},
    team::client_access::ClientAccess,
};
use async_trait::async_trait;

/// The open cases that a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenCases {
    /// Those that no member has yet.
    Unassigned,
    /// Those that members have.
    Assigned,
    /// Those that this member has.
    Of(MemberId),
}

/// A filter for lists of open cases.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Only of this client.
    pub client_id: Option<ClientId>,
    /// Only on this channel.
    pub channel: Option<String>,
    /// Only of those that ask for this team.
    pub team_id: Option<TeamId>,
}

/// Numbers of open cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaseCounts {
    /// Those that no member has yet.
    pub unassigned: CountUpTo,
    /// Those that members have.
    pub assigned: CountUpTo,
    /// Those that one member has.
    pub own: CountUpTo,
}

/// The reader of open cases, and of the lines that routing leaves, for admins.
#[async_trait]
pub trait CaseReader: Send + Sync {
    /// Lists open cases of a project, by the time of the offer. A page may be short, or empty, without being the last,
    /// so that a filter that few cases pass stays cheap.
    async fn list_cases(
        &self,
        scope: ProjectScope,
        which: OpenCases,
        filter: &CaseFilter,
        page: &PageRequest,
    ) -> Result<Page<Case>, ListError>;

    /// Counts the open cases of these clients, up to where counting stops; as own ones, those of the member.
    async fn count_cases(
        &self,
        scope: ProjectScope,
        clients: &ClientAccess,
        member_id: Option<MemberId>,
    ) -> Result<CaseCounts, PortError>;

    /// Lists the lines that routing left in a conversation's thread, in their order.
    async fn list_routed(
        &self,
        scope: ProjectScope,
        id: ConversationId,
        page: &PageRequest,
    ) -> Result<Page<Routed>, ListError>;
}
