//! Clients of chat platforms, agents, and identity providers.

use crate::Adapters;
use std::sync::Arc;
use vestibule_adapters::egress::{
    AGENT_ORIGIN_ALLOWLIST, EgressClientError, HttpAgentClient, HttpChatTransport,
    HttpFileTransport, HttpProviderTransport, PROVIDER_ORIGIN_ALLOWLIST, PlatformAddresses,
};
use vestibule_domain::egress::OriginAllowList;
use vestibule_edge::{chat::Platforms, files::PlatformFiles, pace::Paced};
use vestibule_providers::catalogue::{chat_providers, file_providers};

impl Adapters<'_> {
    /// The client of chat platforms, at the addresses of the deployment.
    pub fn chat_transport(&mut self) -> Result<Arc<HttpChatTransport>, EgressClientError> {
        let addresses = PlatformAddresses::read(self.vars());
        Ok(Arc::new(HttpChatTransport::new(addresses, self.clock())?))
    }

    /// The sender for every platform, with each connector's pace.
    pub fn paced_platforms(&mut self) -> Result<Arc<Paced<Platforms>>, EgressClientError> {
        let transport = self.chat_transport()?;
        let platforms = Platforms::new(transport, self.vault(), chat_providers(), self.clock());
        let paced = Paced::new(platforms, self.send_pacer(), self.clock());
        Ok(Arc::new(paced))
    }

    /// The reader of files from every platform.
    pub fn platform_files(&mut self) -> Result<Arc<PlatformFiles>, EgressClientError> {
        let addresses = PlatformAddresses::read(self.vars());
        let clock = self.clock();
        let transport = HttpChatTransport::new(addresses.clone(), Arc::clone(&clock))?;
        let content = HttpFileTransport::new(addresses, Arc::clone(&clock))?;
        Ok(Arc::new(PlatformFiles::new(
            Arc::new(transport),
            Arc::new(content),
            self.vault(),
            file_providers(),
            clock,
        )))
    }

    /// The client of agent endpoints.
    pub fn agents(&mut self) -> Result<Arc<HttpAgentClient>, EgressClientError> {
        let exempt = self.agent_origin_allowlist();
        Ok(Arc::new(HttpAgentClient::new(exempt, self.clock())?))
    }

    /// `AGENT_ORIGIN_ALLOWLIST`: origins of agent endpoints that may be private or plain http.
    pub fn agent_origin_allowlist(&mut self) -> OriginAllowList {
        self.vars()
            .parsed(AGENT_ORIGIN_ALLOWLIST, OriginAllowList::parse)
    }

    /// The client of the identity providers of accounts.
    pub fn provider_transport(&mut self) -> Result<Arc<HttpProviderTransport>, EgressClientError> {
        let exempt = self.provider_origin_allowlist();
        Ok(Arc::new(HttpProviderTransport::new(exempt)?))
    }

    /// `PROVIDER_ORIGIN_ALLOWLIST`: origins of identity providers that may be private or plain http.
    pub fn provider_origin_allowlist(&mut self) -> OriginAllowList {
        self.vars()
            .parsed(PROVIDER_ORIGIN_ALLOWLIST, OriginAllowList::parse)
    }
}
