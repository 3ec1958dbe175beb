//! Calls to agents.

use super::{
    client::{
        EgressClientError, ReadError, SharedResolver, builder, describe, read_beginning, read_body,
        retry_after,
    },
    resolver::GuardedResolver,
};
use async_trait::async_trait;
use reqwest::Client;
use std::{fmt, sync::Arc};
use vestibule_domain::Clock;
use vestibule_domain::account::agent::AgentTimeout;
use vestibule_domain::egress::{OriginAllowList, check_endpoint};
use vestibule_domain::ports::{AgentClient, AgentReply, AgentRequest};

/// Maximum size of an answer, in bytes.
const ANSWER_MAX: usize = 256 * 1024;
/// Size up to which the body of a refusal is read, in bytes.
const REFUSAL_MAX: usize = 8 * 1024;

/// See [`AgentClient`].
pub struct HttpAgentClient {
    client: Client,
    allowed: OriginAllowList,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for HttpAgentClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpAgentClient")
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}

impl HttpAgentClient {
    /// Makes a client that refuses private addresses, except for these origins.
    pub fn new(allowed: OriginAllowList, clock: Arc<dyn Clock>) -> Result<Self, EgressClientError> {
        let resolver: SharedResolver = Arc::new(GuardedResolver::new(allowed.clone()));
        // Each request has a limit of its own, which is at most this one.
        let longest = AgentTimeout::default().duration();
        let client = builder(longest)?.dns_resolver(resolver).build()?;
        Ok(Self {
            client,
            allowed,
            clock,
        })
    }
}

#[async_trait]
impl AgentClient for HttpAgentClient {
    async fn post(&self, request: AgentRequest) -> AgentReply {
        // The rule may have become stricter since the address was stored.
        let url = match check_endpoint(&request.endpoint, &self.allowed) {
            Ok(url) => url,
            Err(error) => {
                return AgentReply::Forbidden {
                    reason: error.to_string(),
                };
            }
        };
        let mut call = self
            .client
            .post(url)
            .timeout(request.timeout)
            .body(request.body);
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        let response = match call.send().await {
            Ok(response) => response,
            Err(error) => {
                return AgentReply::Unreachable {
                    reason: describe(&error),
                };
            }
        };
        let is_success = response.status().is_success();
        let status = response.status().as_u16();
        if !is_success {
            let after = retry_after(&response, self.clock.now());
            return AgentReply::Refused {
                status,
                body: read_beginning(response, REFUSAL_MAX).await,
                after,
            };
        }
        match read_body(response, ANSWER_MAX).await {
            Ok(body) => AgentReply::Answered { status, body },
            Err(ReadError::TooLong) => AgentReply::AnsweredTooMuch { status },
            Err(ReadError::Broken) => AgentReply::Unreachable {
                reason: "the connection broke".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::testing::{StandingClock, serving};
    use std::time::Duration;
    use vestibule_domain::Timestamp;

    #[tokio::test]
    async fn an_agent_that_does_not_answer_in_its_own_time_is_given_up() {
        // Nobody accepts what arrives here.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let allowed = OriginAllowList::parse(&origin).unwrap();
        let clock = StandingClock(Timestamp::from_millis(0));
        let client = HttpAgentClient::new(allowed, Arc::new(clock)).unwrap();
        let reply = client
            .post(AgentRequest {
                endpoint: format!("{origin}/deliveries"),
                headers: Vec::new(),
                body: Vec::new(),
                timeout: Duration::from_millis(50),
            })
            .await;
        let reason = "timed out".to_owned();
        assert_eq!(reply, AgentReply::Unreachable { reason });
    }

    #[tokio::test]
    async fn an_agent_can_ask_for_a_wait_until_a_date() {
        let origin = serving("503 Busy\r\nretry-after: Sun, 06 Nov 1994 08:51:07 GMT");
        let allowed = OriginAllowList::parse(&origin).unwrap();
        let clock = StandingClock(Timestamp::parse("1994-11-06T08:49:37Z").unwrap());
        let client = HttpAgentClient::new(allowed, Arc::new(clock)).unwrap();
        let reply = client
            .post(AgentRequest {
                endpoint: format!("{origin}/deliveries"),
                headers: Vec::new(),
                body: Vec::new(),
                timeout: Duration::from_secs(10),
            })
            .await;
        let AgentReply::Refused { status, after, .. } = reply else {
            panic!("{reply:?}");
        };
        assert_eq!((status, after), (503, Some(Duration::from_secs(90))));
    }
}
