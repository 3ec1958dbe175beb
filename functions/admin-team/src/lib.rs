//! The admin API for the people and keys of an account (SPEC D, E02–E19, E27, E34, F04, G02, M02): set-up and
//! recovery, accounts, members with their work, roles, teams, invitations, clients, channels, login methods, API keys, webhooks,
//! and the audit log.
//!
//! | module | content |
//! |---|---|
//! | [`routes`] | one file per resource: request, response, handler |
//! | `api_types` | names and ids that several resources share on the wire |
//! | `event_schemas` | what webhooks get, for the OpenAPI document |
//! | `openapi` | the OpenAPI document, generated from the handlers |
//! | `operator` | invitations by the operator of the stack |
//! | `rights` | rules about what a caller may grant, and on whom a caller may act |
//! | `tokens` | tokens of invitations, their links and mails |
//! | `wiring` | the adapters behind its ports |

#![expect(
    unused_qualifications,
    reason = "utoipa's `path` macro writes the types of `params` with their paths"
)]

mod api_types;
mod event_schemas;
mod openapi;
mod operator;
mod rights;
pub mod routes;
mod tokens;
mod wiring;

pub use wiring::wire;

use ring::rand::SecureRandom;
use std::sync::Arc;
use vestibule_admin::{AdminState, Call, CallOrigin, problem::ApiError};
use vestibule_domain::{
    PortError,
    egress::OriginAllowList,
    event::AuditEntry,
    ports::{
        AccountEndStore, AccountStore, AgentClient, ApiKeyStore, AuditStore, By, ChannelStore,
        ClientStore, EmailQueue, EnvironmentStore, EventQueue, InvitationStore, LoginMethodStore,
        LoginStore, MailStore, MemberImageStore, MemberStore, OwnLoginStore, ProjectStore,
        RoutingQueue, SecretVault, SessionStore, SetUpReader, SetupTokenSource, SubscriptionStore,
        TeamStore, ThrottleStore,
    },
};
use vestibule_openid::ProviderTransport;

/// Ports and settings of the admin API for the team.
#[derive(Clone)]
pub struct Deps {
    /// Credentials, clock and ids.
    pub admin: AdminState,
    /// Accounts and the stack's set-up.
    pub accounts: Arc<dyn AccountStore>,
    /// The end of accounts.
    pub account_ends: Arc<dyn AccountEndStore>,
    /// The state of the set-up.
    pub set_up: Arc<dyn SetUpReader>,
    /// Members and custom roles.
    pub members: Arc<dyn MemberStore>,
    /// Images of members.
    pub member_images: Arc<dyn MemberImageStore>,
    /// Invitations.
    pub invitations: Arc<dyn InvitationStore>,
    /// Login methods.
    pub methods: Arc<dyn LoginMethodStore>,
    /// Teams.
    pub teams: Arc<dyn TeamStore>,
    /// Clients.
    pub clients: Arc<dyn ClientStore>,
    /// Channels that accounts added.
    pub channels: Arc<dyn ChannelStore>,
    /// API keys.
    pub api_keys: Arc<dyn ApiKeyStore>,
    /// Environments, to which keys can be limited.
    pub environments: Arc<dyn EnvironmentStore>,
    /// Projects, to which webhooks can be limited.
    pub projects: Arc<dyn ProjectStore>,
    /// Webhooks, and what was sent to them.
    pub subscriptions: Arc<dyn SubscriptionStore>,
    /// The audit log.
    pub audit: Arc<dyn AuditStore>,
    /// Mails.
    pub mails: Arc<dyn MailStore>,
    /// Logins, for the recovery and for the members of further accounts.
    pub logins: Arc<dyn LoginStore>,
    /// Logins that leave their last account.
    pub own_logins: Arc<dyn OwnLoginStore>,
    /// Sessions, to tell how a caller signed in.
    pub sessions: Arc<dyn SessionStore>,
    /// Throttles.
    pub throttles: Arc<dyn ThrottleStore>,
    /// The queue of mails to send.
    pub email: Arc<dyn EmailQueue>,
    /// The router's queue.
    pub routing: Arc<dyn RoutingQueue>,
    /// The queue of outgoing events.
    pub events: Arc<dyn EventQueue>,
    /// The client of webhooks, to test them.
    pub agents: Arc<dyn AgentClient>,
    /// Encrypts secrets.
    pub vault: Arc<dyn SecretVault>,
    /// The token of the set-up.
    pub setup_token: Arc<dyn SetupTokenSource>,
    /// The client of identity providers.
    pub provider_transport: Arc<dyn ProviderTransport>,
    /// Randomness for tokens and keys.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
    /// `PUBLIC_URL`: the address under which the API is reached, if that is not the gateway's own.
    pub public_url: Option<String>,
    /// `MAIL_FROM`: the sender of mails. Without one, invitations are links to copy (SPEC D32).
    pub mail_from: Option<String>,
    /// `AUDIT_DAYS`: days for which audit entries are kept; 0 for ever.
    pub audit_days: u16,
    /// `PROVIDER_ORIGIN_ALLOWLIST`: origins of identity providers that may be private or plain http.
    pub provider_origin_allowlist: OriginAllowList,
    /// `AGENT_ORIGIN_ALLOWLIST`: origins of webhooks, as of agents, that may be private or plain http.
    pub agent_origin_allowlist: OriginAllowList,
}

impl Deps {
    /// The address under which the stack is reached: the configured one, else the gateway's own. A caller's
    /// header is never trusted for it.
    pub(crate) fn base_url(&self, origin: &CallOrigin) -> Option<String> {
        match (&self.public_url, &origin.domain_name) {
            (Some(url), _) => Some(url.trim_end_matches('/').to_owned()),
            (None, Some(domain)) => Some(format!("https://{domain}")),
            (None, None) => None,
        }
    }

    /// Checks that a mail or link can lead somewhere, and returns the address it leads to.
    pub(crate) fn link_base(&self, origin: &CallOrigin) -> Result<String, ApiError> {
        let base = self.base_url(origin);
        base.ok_or_else(|| {
            PortError::corrupt(
                "configuration",
                "neither PUBLIC_URL nor the gateway's host is known",
            )
            .into()
        })
    }
}

/// The audit entry of a change, with the proof of its caller's right.
pub(crate) const fn by<'a>(call: &'a Call, audit: &'a AuditEntry) -> By<'a> {
    By {
        audit,
        proof: &call.caller.proof,
    }
}

vestibule_admin::admin_function! {
    /// The admin API for the team, ready for `lambda_http::run`.
    Deps {public_url, mail_from, provider_origin_allowlist, agent_origin_allowlist},
    routes,
    openapi::part(),
}
