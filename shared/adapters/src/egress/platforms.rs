//! Calls to chat platforms.

use super::client::{EgressClientError, ReadError, builder, describe, read_body, retry_after};
use async_trait::async_trait;
use reqwest::Client;
use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::connector::Provider;
use vestibule_providers::outgoing::{CallResult, HttpReply, OutgoingCall};
use vestibule_providers::transport::ChatTransport;

/// Longest time a platform may take.
const TIMEOUT: Duration = Duration::from_secs(8);
/// Longest answer that is read: platforms echo the message they took.
const ANSWER_MAX: usize = 256 * 1024;

/// See [`ChatTransport`].
#[derive(Debug)]
pub struct HttpChatTransport {
    client: Client,
    base_urls: BTreeMap<Provider, String>,
}

impl HttpChatTransport {
    /// A client of the platforms at these addresses, which come from the deployment's parameters.
    pub fn new(
        base_urls: impl IntoIterator<Item = (Provider, String)>,
    ) -> Result<Self, EgressClientError> {
        Ok(Self {
            client: builder(TIMEOUT).build()?,
            base_urls: base_urls.into_iter().collect(),
        })
    }
}

#[async_trait]
impl ChatTransport for HttpChatTransport {
    async fn call(&self, provider: &Provider, call: OutgoingCall) -> CallResult {
        let no_reply = |reason: &str| CallResult::NoReply {
            reason: reason.to_owned(),
        };
        let Some(base) = self.base_urls.get(provider) else {
            return no_reply("no address is configured for this platform");
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
