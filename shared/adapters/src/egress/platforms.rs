//! Calls to chat platforms.

use super::{
    api_urls::{ApiUrls, PLATFORM_API_URLS},
    client::{
        EgressClientError, ReadError, SharedResolver, builder, describe, read_body, retry_after,
    },
    resolver::GuardedResolver,
};
use async_trait::async_trait;
use http::Method;
use reqwest::Client;
use std::{fmt, sync::Arc, time::Duration};
use url::Url;
use vestibule_domain::{
    Clock,
    egress::{OriginAllowList, check_endpoint},
    ports::{ANSWER_TOO_LONG, CONNECTION_BROKE},
    vars::Vars,
};
use vestibule_providers::outgoing::{CallResult, Host, HttpReply, OutgoingCall};
use vestibule_providers::teams::is_service_url;
use vestibule_providers::transport::ChatTransport;

/// Time limit for a platform.
const TIMEOUT: Duration = Duration::from_secs(8);
/// Time limit for a customer's system. Its address is anybody's choice, and every text that waits for it keeps those of
/// others waiting.
const ENDPOINT_TIMEOUT: Duration = Duration::from_secs(3);
/// Maximum size of an answer: platforms echo the message that they accepted.
const ANSWER_MAX: usize = 256 * 1024;

/// The addresses of the platforms, and the rules for those that people name, from the deployment's parameters.
#[derive(Debug, Clone, Default)]
pub struct PlatformAddresses {
    api_urls: ApiUrls,
    teams_services: OriginAllowList,
    private_endpoints: OriginAllowList,
}

impl PlatformAddresses {
    /// Reads [`PLATFORM_API_URLS`], [`TEAMS_SERVICE_ORIGINS`] and [`AGENT_ORIGIN_ALLOWLIST`].
    pub fn read(vars: &mut Vars<'_>) -> Self {
        Self {
            api_urls: vars.parsed(PLATFORM_API_URLS, ApiUrls::parse),
            teams_services: vars.parsed(TEAMS_SERVICE_ORIGINS, OriginAllowList::parse),
            private_endpoints: vars.parsed(AGENT_ORIGIN_ALLOWLIST, OriginAllowList::parse),
        }
    }

    /// The address of a call, if it may be made.
    pub(super) fn url(&self, call: &OutgoingCall) -> Result<Url, CallResult> {
        let base = self.base(&call.host)?;
        let address = match call.host {
            Host::Endpoint(_) => base,
            Host::Api(_) | Host::TeamsService(_) => format!(
                "{}/{}",
                base.trim_end_matches('/'),
                call.path.trim_start_matches('/')
            ),
        };
        let Ok(mut url) = Url::parse(&address) else {
            return Err(no_reply("the platform's configured address is not a URL"));
        };
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }

    /// The address to which the deployment has moved one of a platform's API.
    pub(super) fn moved(&self, address: &str) -> Option<String> {
        self.api_urls.moved(address)
    }

    fn base(&self, host: &Host) -> Result<String, CallResult> {
        match host {
            Host::Api(api) => Ok(self.api_urls.base(api)),
            // The bot's token goes to this address (PROVIDERS §2.4).
            Host::TeamsService(url) => {
                if is_service_url(url, &self.teams_services) {
                    Ok(url.clone())
                } else {
                    Err(forbidden("the address is not one of Microsoft's"))
                }
            }
            // The rule may have become stricter since the address was stored.
            Host::Endpoint(address) => check_endpoint(address.reveal(), &self.private_endpoints)
                .map(String::from)
                .map_err(|error| forbidden(&format!("the address {error}"))),
        }
    }
}

/// Name of the variable with the origins that a Teams `serviceUrl` may have.
pub const TEAMS_SERVICE_ORIGINS: &str = "TEAMS_SERVICE_ORIGINS";
/// Name of the variable with the origins of agents and of customers' systems that may be private or plain http.
pub const AGENT_ORIGIN_ALLOWLIST: &str = "AGENT_ORIGIN_ALLOWLIST";

fn no_reply(reason: &str) -> CallResult {
    CallResult::NoReply {
        reason: reason.to_owned(),
    }
}

fn forbidden(reason: &str) -> CallResult {
    CallResult::Forbidden {
        reason: reason.to_owned(),
    }
}

/// See [`ChatTransport`].
pub struct HttpChatTransport {
    client: Client,
    /// For addresses that people name. It leads inside only where the deployment says so.
    endpoints: Client,
    addresses: PlatformAddresses,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for HttpChatTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpChatTransport")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

impl HttpChatTransport {
    /// Makes a client of the platforms at these addresses.
    pub fn new(
        addresses: PlatformAddresses,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, EgressClientError> {
        let guard: SharedResolver =
            Arc::new(GuardedResolver::new(addresses.private_endpoints.clone()));
        Ok(Self {
            client: builder(TIMEOUT)?.build()?,
            endpoints: builder(ENDPOINT_TIMEOUT)?.dns_resolver(guard).build()?,
            addresses,
            clock,
        })
    }
}

#[async_trait]
impl ChatTransport for HttpChatTransport {
    async fn call(&self, call: OutgoingCall) -> CallResult {
        let url = match self.addresses.url(&call) {
            Ok(url) => url,
            Err(result) => return result,
        };
        let has_effect = call.method == Method::POST;
        let client = match call.host {
            Host::Endpoint(_) => &self.endpoints,
            Host::Api(_) | Host::TeamsService(_) => &self.client,
        };
        let mut request = client.request(call.method, url);
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
        let status = response.status().as_u16();
        let retry_after = retry_after(&response, self.clock.now());
        let reply = |body| HttpReply {
            status,
            retry_after,
            body,
        };
        match read_body(response, ANSWER_MAX).await {
            Ok(body) => CallResult::Replied(reply(body)),
            // The platform did what it was asked: a second attempt would do it twice.
            Err(_) if has_effect && reply(Vec::new()).is_success() => {
                CallResult::Replied(reply(Vec::new()))
            }
            Err(ReadError::TooLong) => no_reply(ANSWER_TOO_LONG),
            Err(ReadError::Broken) => no_reply(CONNECTION_BROKE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::testing::{StandingClock, serving};
    use std::net::TcpListener;
    use tokio::time::timeout;
    use vestibule_domain::{Timestamp, ports::TIMED_OUT, secret::Secret};
    use vestibule_providers::{slack, teams};

    /// The addresses that these variables yield, or the problems.
    fn read(api_urls: &str) -> Result<PlatformAddresses, String> {
        let get = |name: &str| match name {
            PLATFORM_API_URLS => Some(api_urls.to_owned()),
            TEAMS_SERVICE_ORIGINS => Some("https://smba.example.com".to_owned()),
            AGENT_ORIGIN_ALLOWLIST => Some("http://10.0.0.7:8080".to_owned()),
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
        for other in [
            "http://127.0.0.1:9400/teams/",
            "https://smba.example.com/amer?x=",
            "https://smba.example.com/amer/../emea/",
        ] {
            let other = Host::TeamsService(other.to_owned());
            assert!(matches!(base(other), Err(CallResult::Forbidden { .. })));
        }
    }

    /// SPEC E38.
    #[test]
    fn an_address_of_a_customer_is_called_as_it_is_and_only_if_it_is_public_or_exempt() {
        let addresses = read("*=http://127.0.0.1:9400").unwrap();
        let base = |address: &str| addresses.base(&Host::Endpoint(Secret::new(address)));
        for own in [
            "https://chat.example.com/replies?of=acme",
            "http://10.0.0.7:8080/replies",
        ] {
            assert_eq!(base(own), Ok(own.to_owned()));
            let host = Host::Endpoint(Secret::new(own));
            let call = OutgoingCall::new(host, Method::POST, "/");
            let url = addresses.url(&call).map(String::from);
            assert_eq!(url, Ok(own.to_owned()));
        }
        for inside in [
            "http://chat.example.com/replies",
            "https://10.0.0.8/replies",
            "https://localhost/replies",
            "https://user:password@chat.example.com/",
        ] {
            let refused = base(inside);
            assert!(
                matches!(refused, Err(CallResult::Forbidden { .. })),
                "{inside}"
            );
        }
    }

    #[tokio::test]
    async fn a_platform_can_ask_for_a_wait_until_a_date() {
        let origin = serving("429 Slow\r\nretry-after: Sunday, 06-Nov-94 08:51:07 GMT");
        let addresses = read(&format!("*={origin}")).unwrap();
        let clock = StandingClock(Timestamp::parse("1994-11-06T08:49:37Z").unwrap());
        let transport = HttpChatTransport::new(addresses, Arc::new(clock)).unwrap();
        let call = OutgoingCall::new(Host::Api(slack::API), Method::GET, "/auth.test");
        let expected = HttpReply {
            status: 429,
            retry_after: Some(Duration::from_secs(90)),
            body: Vec::new(),
        };
        assert_eq!(transport.call(call).await, CallResult::Replied(expected));
    }

    /// SPEC E38.
    #[tokio::test]
    async fn a_customers_system_that_says_nothing_is_given_up_well_before_a_platform() {
        // Nobody accepts, so the connection stands and no data arrives.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let addresses = PlatformAddresses {
            private_endpoints: OriginAllowList::parse(&origin).unwrap(),
            ..PlatformAddresses::default()
        };
        let clock = StandingClock(Timestamp::from_millis(0));
        let transport = HttpChatTransport::new(addresses, Arc::new(clock)).unwrap();
        let host = Host::Endpoint(Secret::new(origin.as_str()));
        let call = transport.call(OutgoingCall::new(host, Method::POST, "/"));
        let ended = timeout(TIMEOUT / 2, call).await;
        assert_eq!(ended.unwrap(), no_reply(TIMED_OUT));
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
