//! HTTP to the outside: chat platforms and agents.
//!
//! One client for both. It follows no redirects, uses no proxy, and bounds time and size of every
//! answer. Agents' addresses come from people, so every name is resolved behind
//! [`vestibule_domain::egress`]'s guard.

mod agents;
mod client;
mod platforms;
mod resolver;

pub use agents::HttpAgentClient;
pub use client::{EgressClientError, install_tls};
pub use platforms::{HttpChatTransport, PlatformAddresses, TEAMS_SERVICE_ORIGINS};
