//! Calls to agents.

use super::{
    client::{
        EgressClientError, ReadError, SharedResolver, builder, describe, read_body, retry_after,
    },
    resolver::GuardedResolver,
};
use async_trait::async_trait;
use reqwest::Client;
use std::{sync::Arc, time::Duration};
use vestibule_domain::egress::{OriginAllowList, check_endpoint};
use vestibule_domain::ports::{AgentClient, AgentReply, AgentRequest};

/// Time limit for an agent. The worker's own time-out leaves room for the replies.
const TIMEOUT: Duration = Duration::from_secs(25);
/// Maximum size of an answer, in bytes.
const ANSWER_MAX: usize = 256 * 1024;

/// See [`AgentClient`].
#[derive(Debug)]
pub struct HttpAgentClient {
    client: Client,
    allowed: OriginAllowList,
}

impl HttpAgentClient {
    /// Makes a client that refuses private addresses, except for these origins.
    pub fn new(allowed: OriginAllowList) -> Result<Self, EgressClientError> {
        let resolver: SharedResolver = Arc::new(GuardedResolver::new(allowed.clone()));
        let client = builder(TIMEOUT)?.dns_resolver(resolver).build()?;
        Ok(Self { client, allowed })
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
        let mut call = self.client.post(url).body(request.body);
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
        let status = response.status();
        if !status.is_success() {
            return AgentReply::Refused {
                status: status.as_u16(),
                after: retry_after(&response),
            };
        }
        match read_body(response, ANSWER_MAX).await {
            Ok(body) => AgentReply::Answered(body),
            Err(ReadError::TooLong) => AgentReply::AnsweredTooMuch,
            Err(ReadError::Broken) => AgentReply::Unreachable {
                reason: "the connection broke".to_owned(),
            },
        }
    }
}
