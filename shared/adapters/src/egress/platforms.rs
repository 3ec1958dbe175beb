//! Calls to chat platforms.

use super::{
    api_urls::{ApiUrls, PLATFORM_API_URLS},
    client::{EgressClientError, ReadError, builder, describe, read_body, retry_after},
};
use async_trait::async_trait;
use reqwest::Client;
use std::time::Duration;
use vestibule_domain::{egress::OriginAllowList, vars::Vars};
use vestibule_providers::outgoing::{CallResult, Host, HttpReply, OutgoingCall};
use vestibule_providers::transport::ChatTransport;

/// Time limit for a platform.
const TIMEOUT: Duration = Duration::from_secs(8);
/// Maximum size of an answer: platforms echo the message that they accepted.
const ANSWER_MAX: usize = 256 * 1024;

/// The addresses of the platforms, from the deployment's parameters.
#[derive(Debug, Clone, Default)]
pub struct PlatformAddresses {
    api_urls: ApiUrls,
    teams_services: OriginAllowList,
}

impl PlatformAddresses {
    /// Reads [`PLATFORM_API_URLS`] and [`TEAMS_SERVICE_ORIGINS`].
    pub fn read(vars: &mut Vars<'_>) -> Self {
        Self {
            api_urls: vars.parsed(PLATFORM_API_URLS, ApiUrls::parse),
            teams_services: vars.parsed(TEAMS_SERVICE_ORIGINS, OriginAllowList::parse),
        }
    }

    fn base(&self, host: &Host) -> Result<String, CallResult> {
        match host {
            Host::Api(api) => Ok(self.api_urls.base(api)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_providers::{slack, teams};

    /// The addresses that these variables yield, or the problems.
    fn read(api_urls: &str) -> Result<PlatformAddresses, String> {
        let get = |name: &str| match name {
            PLATFORM_API_URLS => Some(api_urls.to_owned()),
            TEAMS_SERVICE_ORIGINS => Some("https://smba.example.com".to_owned()),
            _ => None,
        };
        let mut vars = Vars::new(&get);
        let addresses = PlatformAddresses::read(&mut vars);
        match vars.finish() {
            Ok(()) => Ok(addresses),
            Err(error) => Err(error.problems.join("; ")),
        }
    }

    #[test]
    fn without_a_list_every_api_is_the_platforms_own() {
        let addresses = read("").unwrap();
        for api in [slack::API, teams::GRAPH_API] {
            let base = addresses.base(&Host::Api(api));
            assert_eq!(base, Ok(api.default_url.to_owned()));
        }
    }

    #[test]
    fn a_list_replaces_apis_but_never_the_services_that_messages_name() {
        let addresses = read("*=http://127.0.0.1:9400").unwrap();
        let base = |host: Host| addresses.base(&host);
        assert_eq!(
            base(Host::Api(teams::GRAPH_API)),
            Ok("http://127.0.0.1:9400/graph/v1.0".to_owned())
        );
        let service = "https://smba.example.com/amer/";
        let listed = Host::TeamsService(service.to_owned());
        assert_eq!(base(listed), Ok(service.to_owned()));
        let other = Host::TeamsService("http://127.0.0.1:9400/teams/".to_owned());
        assert!(matches!(base(other), Err(CallResult::Forbidden { .. })));
    }

    #[test]
    fn a_bad_list_is_a_problem_of_the_configuration() {
        let problem = read("slack=https://slack.com/api,graph=nowhere").unwrap_err();
        assert_eq!(
            problem,
            "PLATFORM_API_URLS: `graph` must have an absolute http(s) URL without user name, \
             query and fragment"
        );
    }
}
