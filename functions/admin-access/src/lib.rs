//! The admin API (SPEC A, B, G01): everything under `/v1` but conversations, which `admin-conversations`
//! serves, and the people and keys of an account, which `admin-team` and `auth` serve.
//!
//! | module | content |
//! |---|---|
//! | [`routes`] | one file per resource: request, response, handler |
//! | `api_types` | names and ids that several resources share on the wire |
//! | `agent_schemas` | what agents get and answer, for the OpenAPI document |
//! | `serving` | the clients whose records a caller may touch |
//! | `openapi` | the OpenAPI document, generated from the handlers |
//! | `wiring` | the adapters behind its ports |

#![expect(
    unused_qualifications,
    reason = "utoipa's `path` macro writes the types of `params` with their paths"
)]

mod agent_schemas;
mod api_types;
mod openapi;
pub mod routes;
mod serving;
mod wiring;

pub use wiring::wire;

use ring::rand::SecureRandom;
use std::sync::Arc;
use vestibule_admin::AdminState;
use vestibule_domain::{
    egress::OriginAllowList,
    ports::{
        AccessRequestStore, AccountStore, AgentClient, AgentHealthReader, ChannelStore,
        ChatUserStore, ClientStore, ConnectorStore, EndUserStore, EnvironmentStore, IntakeStore,
        OnboardingQueue, PersonReader, ProjectStore, SecretVault, TraceReader,
    },
};
use vestibule_edge::{intake::Intake, setup::SetupCalls};
use vestibule_providers::transport::ChatTransport;

/// Ports and settings of the admin API.
#[derive(Clone)]
pub struct Deps {
    /// Credentials, clock and ids.
    pub admin: AdminState,
    /// The account.
    pub accounts: Arc<dyn AccountStore>,
    /// Clients of the account.
    pub clients: Arc<dyn ClientStore>,
    /// Channels that the account added.
    pub channels: Arc<dyn ChannelStore>,
    /// Projects.
    pub projects: Arc<dyn ProjectStore>,
    /// Environments.
    pub environments: Arc<dyn EnvironmentStore>,
    /// The health of environments' agents.
    pub agent_health: Arc<dyn AgentHealthReader>,
    /// Connectors.
    pub connectors: Arc<dyn ConnectorStore>,
    /// Chat users.
    pub chat_users: Arc<dyn ChatUserStore>,
    /// Access requests.
    pub access_requests: Arc<dyn AccessRequestStore>,
    /// Records about one person.
    pub persons: Arc<dyn PersonReader>,
    /// Traces of messages.
    pub traces: Arc<dyn TraceReader>,
    /// People of the directory.
    pub end_users: Arc<dyn EndUserStore>,
    /// The records on which messages are decided, to explain decisions.
    pub intake: Arc<dyn IntakeStore>,
    /// The intake of messages that customers' own systems bring.
    pub messages: Arc<Intake>,
    /// Queue for the work that follows from approvals and from changes of connectors.
    pub onboarding: Arc<dyn OnboardingQueue>,
    /// Encrypts secrets.
    pub vault: Arc<dyn SecretVault>,
    /// The client of the platforms, to test and connect connectors.
    pub transport: Arc<dyn ChatTransport>,
    /// The client of agent endpoints, to test them.
    pub agents: Arc<dyn AgentClient>,
    /// Randomness for secrets.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
    /// `PUBLIC_URL`: the address under which the API is reached, if that is not the gateway's own.
    pub public_url: Option<String>,
    /// `AGENT_ORIGIN_ALLOWLIST`: origins of agent endpoints that may be private or plain http.
    pub agent_origin_allowlist: OriginAllowList,
}

impl Deps {
    fn setup_calls(&self) -> SetupCalls {
        SetupCalls::new(
            Arc::clone(&self.transport),
            Arc::clone(&self.vault),
            Arc::clone(&self.admin.clock),
        )
    }
}

vestibule_admin::admin_function! {
    /// The admin API, ready for `lambda_http::run`.
    Deps {public_url, agent_origin_allowlist},
    routes,
    openapi::part(),
}
