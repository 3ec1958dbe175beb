//! Calls to the identity providers of accounts.

use super::{
    client::{EgressClientError, ReadError, SharedResolver, builder, describe, read_body},
    resolver::GuardedResolver,
};
use async_trait::async_trait;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Url};
use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::egress::{EgressError, OriginAllowList, check_endpoint};
use vestibule_openid::{
    ANSWER_MAX, ProviderAnswer, ProviderCall, ProviderFailure, ProviderTransport,
};

/// Name of the variable with the origins of providers that may be private or plain http.
pub const PROVIDER_ORIGIN_ALLOWLIST: &str = "PROVIDER_ORIGIN_ALLOWLIST";

/// Time limit for a provider. A person waits, for up to four calls.
const TIMEOUT: Duration = Duration::from_secs(5);

/// See [`ProviderTransport`].
pub struct HttpProviderTransport {
    client: Client,
    allowed: OriginAllowList,
}

impl fmt::Debug for HttpProviderTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpProviderTransport")
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}

impl HttpProviderTransport {
    /// Makes a client that refuses private addresses, except for these origins.
    pub fn new(allowed: OriginAllowList) -> Result<Self, EgressClientError> {
        let resolver: SharedResolver = Arc::new(GuardedResolver::new(allowed.clone()));
        let client = builder(TIMEOUT)?.dns_resolver(resolver).build()?;
        Ok(Self { client, allowed })
    }
}

fn failed(reason: impl Into<String>) -> ProviderFailure {
    ProviderFailure {
        reason: reason.into(),
    }
}

#[async_trait]
impl ProviderTransport for HttpProviderTransport {
    fn check(&self, address: &str) -> Result<Url, EgressError> {
        check_endpoint(address, &self.allowed)
    }

    async fn call(&self, call: &ProviderCall) -> Result<ProviderAnswer, ProviderFailure> {
        // The rule may have become stricter since the address was stored or read.
        let url = self
            .check(call.url.as_str())
            .map_err(|error| failed(format!("the address {error}")))?;
        let mut request = match &call.form {
            Some(form) => self
                .client
                .post(url)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.reveal().to_owned()),
            None => self.client.get(url),
        };
        request = request.header(ACCEPT, "application/json");
        if let Some(authorization) = &call.authorization {
            request = request.header(AUTHORIZATION, authorization.reveal());
        }
        let response = request.send().await;
        let response = response.map_err(|error| failed(describe(&error)))?;
        let status = response.status().as_u16();
        match read_body(response, ANSWER_MAX).await {
            Ok(body) => Ok(ProviderAnswer { status, body }),
            Err(ReadError::TooLong) => Err(failed("the answer is too long")),
            Err(ReadError::Broken) => Err(failed("the connection broke")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::testing::serving;
    use std::net::TcpListener;
    use vestibule_domain::secret::Secret;

    fn call(url: &str) -> ProviderCall {
        ProviderCall {
            url: Url::parse(url).unwrap(),
            form: Some(Secret::new("a=b")),
            authorization: Some(Secret::new("Bearer x")),
        }
    }

    fn transport(allowed: &str) -> HttpProviderTransport {
        HttpProviderTransport::new(OriginAllowList::parse(allowed).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let origin = serving("302 Found\r\nlocation: http://169.254.169.254/");
        let answer = transport(&origin).call(&call(&origin)).await.unwrap();
        assert_eq!((answer.status, answer.body), (302, Vec::new()));
    }

    #[tokio::test]
    async fn an_address_inside_is_not_called_unless_it_is_allowed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let inside = [
            origin.as_str(),
            "https://localhost/token",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/",
            "https://provider.internal/",
        ];
        for address in inside {
            let refused = transport("").call(&call(address)).await.unwrap_err();
            assert!(refused.reason.starts_with("the address must"), "{refused}");
        }
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "nobody called");
    }

    #[tokio::test]
    async fn a_header_that_cannot_be_sent_is_a_failure() {
        let origin = serving("200 OK");
        let broken = ProviderCall {
            authorization: Some(Secret::new("Bearer a\nb")),
            ..call(&origin)
        };
        assert!(transport(&origin).call(&broken).await.is_err());
    }
}
