//! Name resolution that never leads inside: the second half of the SSRF guard. It runs at the
//! moment of connecting, so that a name cannot change its address between check and use.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;
use vestibule_domain::egress::{OriginAllowList, is_public};

/// The error that every address of a name lies inside our network.
#[derive(Debug, thiserror::Error)]
#[error("the host resolves to an address that is not public")]
pub(super) struct Refused;

/// Resolves names to public addresses only; hosts on the allow-list resolve to any.
#[derive(Debug)]
pub(super) struct GuardedResolver {
    allowed: OriginAllowList,
}

impl GuardedResolver {
    pub(super) fn new(allowed: OriginAllowList) -> Self {
        Self { allowed }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let exempt = self.allowed.has_host(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> = found
                .filter(|address| exempt || is_public(address.ip()))
                .collect();
            if usable.is_empty() {
                return Err(Refused.into());
            }
            let addresses: Addrs = Box::new(usable.into_iter());
            Ok(addresses)
        })
    }
}
