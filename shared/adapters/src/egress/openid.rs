//! The keys of the Bot Framework's signatures (PROVIDERS §2.2).

use super::client::{builder, describe, read_body};
use async_trait::async_trait;
use reqwest::{Client, Url};
use serde_json::Value;
use std::sync::OnceLock;
use tokio::time::timeout;
use vestibule_providers::{
    json,
    teams::{FETCH_MAX, KeySource, KeySourceError},
};

/// Name of the variable with the address of the `OpenID` metadata document.
pub const TEAMS_OPENID_METADATA_URL: &str = "TEAMS_OPENID_METADATA_URL";

/// Maximum size of a document. The key set holds certificates and has about 20 KB.
const DOCUMENT_MAX: usize = 256 * 1024;

/// See [`KeySource`].
#[derive(Debug)]
pub struct HttpKeySource {
    /// Made at the first fetch. Making it costs a millisecond of processor time, which a cold start
    /// has while it waits for AWS.
    client: OnceLock<Client>,
    metadata_url: String,
}

impl HttpKeySource {
    /// Makes a source of the keys that the document at `metadata_url` names.
    #[must_use]
    pub fn named_by(metadata_url: String) -> Self {
        Self {
            client: OnceLock::new(),
            metadata_url,
        }
    }

    fn client(&self) -> Result<&Client, KeySourceError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = builder(FETCH_MAX)
            .and_then(|builder| Ok(builder.build()?))
            .map_err(|error| failed(&error.to_string()))?;
        Ok(self.client.get_or_init(|| client))
    }

    async fn both(&self) -> Result<Vec<u8>, KeySourceError> {
        let metadata_url = Url::parse(&self.metadata_url)
            .map_err(|_| failed("the configured address is no URL"))?;
        let metadata = self.get(metadata_url.clone()).await?;
        let keys_url = keys_url(&metadata, &metadata_url)
            .ok_or_else(|| failed("the metadata names no keys at its own origin"))?;
        self.get(keys_url).await
    }

    async fn get(&self, url: Url) -> Result<Vec<u8>, KeySourceError> {
        let response = self.client()?.get(url).send().await;
        let response = response.map_err(|error| failed(&describe(&error)))?;
        if response.status().as_u16() != 200 {
            return Err(failed(&format!("http_{}", response.status().as_u16())));
        }
        read_body(response, DOCUMENT_MAX)
            .await
            .map_err(|_| failed("the document is too long or broke off"))
    }
}

#[async_trait]
impl KeySource for HttpKeySource {
    async fn fetch(&self) -> Result<Vec<u8>, KeySourceError> {
        timeout(FETCH_MAX, self.both())
            .await
            .unwrap_or_else(|_| Err(failed("timed out")))
    }
}

fn failed(reason: &str) -> KeySourceError {
    KeySourceError {
        reason: reason.to_owned(),
    }
}

/// Returns the address of the keys, if it has the origin of the metadata: a document must not make
/// us trust another host.
fn keys_url(metadata: &[u8], metadata_url: &Url) -> Option<Url> {
    let metadata: Value = json::read(metadata).ok()?;
    let url = Url::parse(metadata.get("jwks_uri")?.as_str()?).ok()?;
    (url.origin() == metadata_url.origin()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpListener},
        thread,
    };

    const METADATA: &str = "/v1/.well-known/openidconfiguration";

    /// Answers each call by its path, until the test is over.
    fn serve(answer: impl Fn(&str, SocketAddr) -> (u16, String) + Send + 'static) -> HttpKeySource {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut request = [0; 4096];
                let read = stream.read(&mut request).unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or("");
                let (status, body) = answer(path, address);
                let head =
                    format!("HTTP/1.1 {status} X\r\nlocation: /v1/keys\r\nconnection: close");
                let _ = write!(
                    stream,
                    "{head}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        HttpKeySource::named_by(format!("http://{address}{METADATA}"))
    }

    fn metadata(address: SocketAddr) -> String {
        format!(r#"{{"jwks_uri":"http://{address}/v1/keys"}}"#)
    }

    #[tokio::test]
    async fn the_keys_come_from_where_the_metadata_says() {
        let source = serve(|path, address| match path {
            METADATA => (200, metadata(address)),
            "/v1/keys" => (200, r#"{"keys":[]}"#.to_owned()),
            _ => (404, String::new()),
        });
        assert_eq!(source.fetch().await, Ok(br#"{"keys":[]}"#.to_vec()));
    }

    #[tokio::test]
    async fn a_document_that_moved_broke_or_is_too_long_gives_no_keys() {
        for (status, keys, reason) in [
            (302, String::new(), "http_302"),
            (500, String::new(), "http_500"),
            (
                200,
                "x".repeat(DOCUMENT_MAX + 1),
                "the document is too long or broke off",
            ),
        ] {
            let source = serve(move |path, address| match path {
                METADATA => (200, metadata(address)),
                _ => (status, keys.clone()),
            });
            assert_eq!(source.fetch().await, Err(failed(reason)));
        }
        let source = serve(|_, _| (200, "{}".to_owned()));
        let reason = "the metadata names no keys at its own origin";
        assert_eq!(source.fetch().await, Err(failed(reason)));
    }

    #[tokio::test]
    async fn a_source_that_says_nothing_is_not_waited_for() {
        // Nobody accepts, so the connection stands and no data arrives.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let source = HttpKeySource::named_by(format!("http://{address}/"));
        assert_eq!(source.fetch().await, Err(failed("timed out")));
    }

    #[test]
    fn keys_are_taken_only_from_where_the_metadata_came_from() {
        let metadata_url =
            Url::parse("https://login.botframework.com/v1/.well-known/openidconfiguration")
                .expect("a URL");
        for (document, good) in [
            (
                r#"{"jwks_uri":"https://login.botframework.com/v1/.well-known/keys"}"#,
                true,
            ),
            (
                r#"{"jwks_uri":"https://login.botframework.com:443/keys"}"#,
                true,
            ),
            (
                r#"{"jwks_uri":"http://login.botframework.com/keys"}"#,
                false,
            ),
            (
                r#"{"jwks_uri":"https://login.botframework.com:444/keys"}"#,
                false,
            ),
            (
                r#"{"jwks_uri":"https://login.botframework.com.evil.example/keys"}"#,
                false,
            ),
            (
                r#"{"jwks_uri":"https://login.botframework.com@evil.example/keys"}"#,
                false,
            ),
            (r#"{"jwks_uri":"//evil.example/keys"}"#, false),
            (r#"{"jwks_uri":"/v1/.well-known/keys"}"#, false),
            (r#"{"jwks_uri":7}"#, false),
            ("{}", false),
            ("not JSON", false),
            (
                "\u{FEFF}{\"jwks_uri\":\"https://login.botframework.com/keys\"}",
                true,
            ),
        ] {
            let found = keys_url(document.as_bytes(), &metadata_url);
            assert_eq!(found.is_some(), good, "{document}");
        }
    }
}
