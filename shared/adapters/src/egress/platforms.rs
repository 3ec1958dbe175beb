//! Calls to chat platforms.

use super::client::{EgressClientError, ReadError, builder, describe, read_body, retry_after};
use async_trait::async_trait;
use reqwest::Client;
use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::{egress::OriginAllowList, vars::Vars};
use vestibule_providers::outgoing::{Api, CallResult, Host, HttpReply, OutgoingCall};
use vestibule_providers::transport::ChatTransport;

/// Time limit for a platform.
const TIMEOUT: Duration = Duration::from_secs(8);
/// Maximum size of an answer: platforms echo the message that they accepted.
const ANSWER_MAX: usize = 256 * 1024;

/// The addresses of the platforms, from the deployment's parameters.
#[derive(Debug, Clone, Default)]
pub struct PlatformAddresses {
    base_urls: BTreeMap<Api, String>,
    teams_services: OriginAllowList,
}

impl PlatformAddresses {
    /// Reads the base address of every [`Api`], and `TEAMS_SERVICE_ORIGINS`.
    pub fn read(vars: &mut Vars<'_>) -> Self {
        Self {
            base_urls: Api::ALL
                .into_iter()
                .map(|api| (api, vars.required(api.variable())))
                .collect(),
            teams_services: vars.parsed(TEAMS_SERVICE_ORIGINS, OriginAllowList::parse),
        }
    }

    fn base(&self, host: &Host) -> Result<String, CallResult> {
        match host {
            Host::Api(api) => self
                .base_urls
                .get(api)
                .cloned()
                .ok_or_else(|| no_reply("no address is configured for this platform")),
            // The bot's token goes to this address (PROVIDERS §2.4).
            Host::TeamsService(url) => {
                self.teams_services
                    .admit(url)
                    .map(String::from)
                    .ok_or_else(|| CallResult::Forbidden {
                        reason: "the address is not one of Microsoft's".to_owned(),
                    })
            }
        }
    }
}

/// Name of the variable with the origins that a Teams `serviceUrl` may have.
pub const TEAMS_SERVICE_ORIGINS: &str = "TEAMS_SERVICE_ORIGINS";

fn no_reply(reason: &str) -> CallResult {
    CallResult::NoReply {
        reason: reason.to_owned(),
    }
}

/// See [`ChatTransport`].
#[derive(Debug)]
pub struct HttpChatTransport {
    client: Client,
    addresses: PlatformAddresses,
}

impl HttpChatTransport {
    /// Makes a client of the platforms at these addresses.
    pub fn new(addresses: PlatformAddresses) -> Result<Self, EgressClientError> {
        Ok(Self {
            client: builder(TIMEOUT)?.build()?,
            addresses,
        })
    }
}

#[async_trait]
impl ChatTransport for HttpChatTransport {
    async fn call(&self, call: OutgoingCall) -> CallResult {
        let base = match self.addresses.base(&call.host) {
            Ok(base) => base,
            Err(result) => return result,
        };
        let address = format!(
            "{}/{}",
            base.trim_end_matches('/'),
            call.path.trim_start_matches('/')
        );
        let Ok(mut url) = url::Url::parse(&address) else {
            return no_reply("the platform's configured address is not a URL");
        };
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = self.client.request(call.method, url);
        for (name, value) in &call.headers {
            request = request.header(name, value.reveal());
        }
        if let Some(body) = call.body {
            request = request.body(body);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return no_reply(&describe(&error)),
        };
        let (status, retry_after) = (response.status().as_u16(), retry_after(&response));
        match read_body(response, ANSWER_MAX).await {
            Ok(body) => CallResult::Replied(HttpReply {
                status,
                retry_after,
                body,
            }),
            Err(ReadError::TooLong) => no_reply("the answer is too long"),
            Err(ReadError::Broken) => no_reply("the connection broke"),
        }
    }
}
