//! The admin API for conversations and their messages (SPEC F07), and for deliveries and messages that were given
//! up (SPEC F01): `/v1/projects/{project_id}/conversations` and `…/deliveries`; and for the members who have
//! conversations (SPEC E31–E34): the verbs beside a conversation, and `/v1/desks`; and for how long people waited
//! (SPEC E37): `…/figures`.
//!
//! | module | content |
//! |---|---|
//! | [`routes`] | one file per resource: request, response, handler |
//! | `api_types` | ids in addresses |
//! | `names` | names of clients, teams and channels |
//! | `serving` | the clients whose records a caller may touch |
//! | `wiring` | the adapters behind its ports |

#![expect(
    unused_qualifications,
    reason = "utoipa's `path` macro writes the types of `params` with their paths"
)]

mod api_types;
mod names;
pub mod routes;
mod serving;
mod wiring;

pub use wiring::wire;

use std::sync::Arc;
use vestibule_admin::{AdminState, openapi::FunctionApi};
use vestibule_domain::ports::{
    AccountStore, CaseReader, ChannelStore, ClientStore, ConnectorReader, ConversationReader,
    ConversationWriter, DrainQueue, FigureReader, FileReader, GivenUpStore, OutgoingQueue,
    ProjectStore, RoutingQueue, RoutingStore, TeamStore,
};

/// Ports of the admin API for conversations.
#[derive(Clone)]
pub struct Deps {
    /// Credentials, clock and ids.
    pub admin: AdminState,
    /// Projects.
    pub projects: Arc<dyn ProjectStore>,
    /// Conversations and their messages.
    pub conversations: Arc<dyn ConversationReader>,
    /// The same, for writing.
    pub writer: Arc<dyn ConversationWriter>,
    /// The queue of texts to send.
    pub outgoing: Arc<dyn OutgoingQueue>,
    /// Deliveries and messages that were given up.
    pub given_up: Arc<dyn GivenUpStore>,
    /// The queue of orders to hand over what waits for an agent.
    pub drains: Arc<dyn DrainQueue>,
    /// Connectors of conversations.
    pub connectors: Arc<dyn ConnectorReader>,
    /// Files of messages.
    pub files: Arc<dyn FileReader>,
    /// Cases of conversations.
    pub routing: Arc<dyn RoutingStore>,
    /// The router's queue.
    pub router: Arc<dyn RoutingQueue>,
    /// Lists of cases.
    pub cases: Arc<dyn CaseReader>,
    /// Figures.
    pub figures: Arc<dyn FigureReader>,
    /// The account, for its default client.
    pub accounts: Arc<dyn AccountStore>,
    /// Clients of conversations.
    pub clients: Arc<dyn ClientStore>,
    /// Teams that conversations ask for.
    pub teams: Arc<dyn TeamStore>,
    /// Channels that the account added.
    pub channels: Arc<dyn ChannelStore>,
}

vestibule_admin::admin_function! {
    /// The admin API for conversations, ready for `lambda_http::run`.
    Deps {},
    routes,
    FunctionApi::of(
        &routes::all(),
        &[
            routes::attachments::PROBLEM_TYPES,
            routes::figures::PROBLEM_TYPES,
            routes::messages::create::PROBLEM_TYPES,
            routes::routing::PROBLEM_TYPES,
        ],
    ),
}
