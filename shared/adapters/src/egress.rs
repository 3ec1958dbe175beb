//! HTTP to the outside: chat platforms, agents, and the keys of one platform's signatures.
//!
//! One client for all. It follows no redirects, uses no proxy, and bounds time and size of every
//! answer. Agents' addresses come from people, so every name is resolved behind
//! [`vestibule_domain::egress`]'s guard.

mod agents;
mod client;
mod openid;
mod platforms;
mod resolver;

pub use agents::HttpAgentClient;
pub use client::{EgressClientError, install_tls};
pub use openid::{HttpKeySource, TEAMS_OPENID_METADATA_URL};
pub use platforms::{HttpChatTransport, PlatformAddresses, TEAMS_SERVICE_ORIGINS};
