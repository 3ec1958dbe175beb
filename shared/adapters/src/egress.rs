//! HTTP to the outside: chat platforms, agents, identity providers, and the keys of one platform's signatures.
//!
//! All clients are built alike: no redirects, no proxy, and limits on the time and size of every
//! answer. Agents' and providers' addresses come from people, so every name is resolved behind the guard of
//! [`vestibule_domain::egress`].

mod agents;
mod api_urls;
mod client;
mod files;
mod openid;
mod platforms;
mod providers;
mod resolver;
#[cfg(test)]
mod testing;

pub use agents::HttpAgentClient;
pub use api_urls::PLATFORM_API_URLS;
pub use client::EgressClientError;
pub use files::HttpFileTransport;
pub use openid::{HttpKeySource, TEAMS_OPENID_METADATA_URL};
pub use platforms::{
    AGENT_ORIGIN_ALLOWLIST, HttpChatTransport, PlatformAddresses, TEAMS_SERVICE_ORIGINS,
};
pub use providers::{HttpProviderTransport, PROVIDER_ORIGIN_ALLOWLIST};
