//! Rules for calling addresses that people supply (RELIABILITY §3, SSRF).
//!
//! [`check_endpoint`] judges the address as written. [`is_public`] judges the addresses that its
//! name resolves to, at the moment of connecting. Both are needed: a public name can point inside.

mod addresses;

pub use addresses::is_public;

use std::fmt;
use url::{Host, Url};

/// Maximum length of an address, in characters, as supplied and as called.
pub const ENDPOINT_MAX_CHARS: usize = 2048;

/// The reason why an address may not be called, shown as a sentence that names the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The text is not an address.
    #[error("must be an absolute URL such as https://agent.example.com/deliveries")]
    NotAUrl,
    /// The address is too long.
    #[error("must have at most 2048 characters, also once percent-encoded")]
    TooLong,
    /// The address is not encrypted.
    #[error("must begin with https://")]
    NotHttps,
    /// The address contains credentials.
    #[error("must not contain a user name or password")]
    HasCredentials,
    /// The address has a part that is never sent.
    #[error("must not contain a fragment (#…)")]
    HasFragment,
    /// The address leads inside.
    #[error("must name a public host, not localhost or a private address")]
    NotPublic,
}

/// Origins that are exempt from the guard, for agents inside a private network and for local
/// development. Set when the stack is deployed, never by an API call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OriginAllowList(Vec<Origin>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    fn of(url: &Url) -> Option<Self> {
        Some(Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str()?.to_owned(),
            port: url.port_or_known_default(),
        })
    }
}

/// An entry of an [`OriginAllowList`] that is not an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidOrigin(pub String);

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not an origin such as http://127.0.0.1:9401",
            self.0
        )
    }
}

impl std::error::Error for InvalidOrigin {}

impl OriginAllowList {
    /// Reads origins separated by commas. A blank text has none.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                Url::parse(entry)
                    .ok()
                    .filter(|url| matches!(url.scheme(), "http" | "https"))
                    .filter(|url| url.path() == "/" && url.query().is_none())
                    .filter(|url| !has_credentials(url) && url.fragment().is_none())
                    .and_then(|url| Origin::of(&url))
                    .ok_or_else(|| InvalidOrigin(entry.to_owned()))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Returns the URL if its origin is listed and it has neither credentials nor a fragment.
    /// Nothing else is checked: a listed origin may be private or plain http.
    #[must_use]
    pub fn admit(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text)
            .ok()
            .filter(|_| text.len() <= ENDPOINT_MAX_CHARS)?;
        let bare = !has_credentials(&url) && url.fragment().is_none();
        (bare && self.has(&url)).then_some(url)
    }

    fn has(&self, url: &Url) -> bool {
        Origin::of(url).is_some_and(|origin| self.0.contains(&origin))
    }

    /// Whether any allowed origin is at this host.
    #[must_use]
    pub fn has_host(&self, host: &str) -> bool {
        self.0.iter().any(|origin| origin.host == host)
    }
}

/// Judges an address as written.
pub fn check_endpoint(text: &str, allowed: &OriginAllowList) -> Result<Url, EgressError> {
    if text.chars().count() > ENDPOINT_MAX_CHARS {
        return Err(EgressError::TooLong);
    }
    let url = Url::parse(text).map_err(|_| EgressError::NotAUrl)?;
    // The parsed address is stored, and judged again before each call.
    if url.as_str().len() > ENDPOINT_MAX_CHARS {
        return Err(EgressError::TooLong);
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(EgressError::NotHttps);
    }
    if has_credentials(&url) {
        return Err(EgressError::HasCredentials);
    }
    if url.fragment().is_some() {
        return Err(EgressError::HasFragment);
    }
    if allowed.has(&url) {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err(EgressError::NotHttps);
    }
    // An exempt host resolves to addresses inside, so it is not public at another port or scheme.
    if url.host_str().is_some_and(|host| allowed.has_host(host)) {
        return Err(EgressError::NotPublic);
    }
    let public = url.host().is_some_and(|host| match host {
        Host::Domain(name) => is_public_name(name),
        Host::Ipv4(address) => is_public(address.into()),
        Host::Ipv6(address) => is_public(address.into()),
    });
    public.then_some(url).ok_or(EgressError::NotPublic)
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Judges a host name in lower case, as the URL parser returns it. A single label, or a name that
/// only resolves inside a network, is not public. Any other name is judged by its addresses.
fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let inside = ["localhost", "internal", "local", "lan", "home.arpa"];
    name.contains('.')
        && !inside.iter().any(|suffix| {
            name.strip_suffix(suffix)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

#[cfg(test)]
mod tests;
