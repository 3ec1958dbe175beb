//! Which addresses that people supply may be called (RELIABILITY §3, SSRF).
//!
//! [`check_endpoint`] judges the address as written; [`is_public`] judges what its name resolves
//! to, at the moment of connecting. Both are needed: a public name can point inside.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};
use url::{Host, Url};

/// Longest address, in characters.
pub const ENDPOINT_MAX_CHARS: usize = 2048;

/// Why an address may not be called. Shown as a sentence that names the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// It is no address.
    #[error("must be an absolute URL such as https://agent.example.com/deliveries")]
    NotAUrl,
    /// It is too long.
    #[error("must have at most 2048 characters")]
    TooLong,
    /// It is not encrypted.
    #[error("must begin with https://")]
    NotHttps,
    /// It carries credentials.
    #[error("must not contain a user name or password")]
    HasCredentials,
    /// It has a part that is never sent.
    #[error("must not contain a fragment (#…)")]
    HasFragment,
    /// It leads inside.
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

/// An entry of an [`OriginAllowList`] that is no origin.
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
    /// Reads origins separated by commas; none when blank.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                Url::parse(entry)
                    .ok()
                    .filter(|url| matches!(url.scheme(), "http" | "https"))
                    .filter(|url| url.path() == "/" && url.query().is_none())
                    .and_then(|url| Origin::of(&url))
                    .ok_or_else(|| InvalidOrigin(entry.to_owned()))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The URL, if its origin is listed and it has neither credentials nor a fragment. Nothing else is
    /// looked at: a listed origin may be private or plain http.
    #[must_use]
    pub fn admit(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text)
            .ok()
            .filter(|_| text.len() <= ENDPOINT_MAX_CHARS)?;
        let bare =
            url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
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
    if !matches!(url.scheme(), "http" | "https") {
        return Err(EgressError::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
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
    // An exempt host resolves to addresses inside: at another port or scheme it is not public.
    if url.host_str().is_some_and(|host| allowed.has_host(host)) {
        return Err(EgressError::NotPublic);
    }
    let public = match url.host() {
        None => return Err(EgressError::NotAUrl),
        Some(Host::Domain(name)) => is_public_name(name),
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
    };
    if public {
        Ok(url)
    } else {
        Err(EgressError::NotPublic)
    }
}

fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let inside = ["localhost", "internal", "local", "lan", "home.arpa"];
    name.contains('.')
        && !inside.iter().any(|suffix| {
            name.strip_suffix(suffix)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

/// Whether an address is on the public internet: not loopback, private, link-local (where clouds
/// keep their metadata), shared, reserved, multicast or documentation, also when wrapped in IPv6.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a == 10
        || a == 127
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [s0, s1, s2, _, _, _, s6, s7] = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    match (s0, s1) {
        // 64:ff9b::/96 leads to the IPv4 address in its last 32 bits.
        (0x64, 0xff9b) => s2 == 0 && embedded(s6, s7),
        // 2002::/16 leads to the IPv4 address behind its first 16 bits.
        (0x2002, _) => embedded(s1, s2),
        // Protocol assignments, Teredo among them, and documentation.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        // Global unicast is 2000::/3; everything else is special.
        _ => s0 & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), EgressError> {
        check_endpoint(text, &OriginAllowList::default()).map(|_| ())
    }

    #[test]
    fn a_public_https_address_may_be_called() {
        for good in [
            "https://agent.example.com/deliveries",
            "https://agent.example.com:8443/x?y=1",
            "https://93.184.216.34/",
            "https://[2606:4700::1111]/",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn an_address_that_leads_inside_is_refused_however_it_is_written() {
        for inside in [
            "https://localhost/",
            "https://LOCALHOST./",
            "https://foo.localhost/",
            "https://metadata.google.internal/",
            "https://printer.local/",
            "https://intranet/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://10.0.0.8/",
            "https://172.31.255.255/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://[2002:7f00:1::]/",
            "https://１２７.０.０.１/",
        ] {
            assert_eq!(check(inside), Err(EgressError::NotPublic), "{inside}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_named() {
        assert_eq!(check("agent"), Err(EgressError::NotAUrl));
        assert_eq!(
            check("http://agent.example.com/"),
            Err(EgressError::NotHttps)
        );
        assert_eq!(check("file:///etc/passwd"), Err(EgressError::NotHttps));
        assert_eq!(
            check("https://user:pw@agent.example.com/"),
            Err(EgressError::HasCredentials)
        );
        assert_eq!(
            check("https://agent.example.com/#x"),
            Err(EgressError::HasFragment)
        );
        assert_eq!(
            check(&format!("https://agent.example.com/{}", "x".repeat(2048))),
            Err(EgressError::TooLong)
        );
    }

    #[test]
    fn an_exempt_origin_is_exempt_with_its_scheme_and_port_only() {
        let allowed =
            OriginAllowList::parse(" http://127.0.0.1:9401 , https://agent.corp.internal ")
                .unwrap();
        let check = |text| check_endpoint(text, &allowed).map(|_| ());
        assert_eq!(check("http://127.0.0.1:9401/deliveries"), Ok(()));
        assert_eq!(check("https://agent.corp.internal:443/"), Ok(()));
        assert_eq!(check("http://127.0.0.1:9402/"), Err(EgressError::NotHttps));
        assert_eq!(
            check("https://127.0.0.1:9401/"),
            Err(EgressError::NotPublic)
        );
        let named = OriginAllowList::parse("https://agent.example.com:8443").unwrap();
        assert_eq!(
            check_endpoint("https://agent.example.com:9200/", &named),
            Err(EgressError::NotPublic)
        );
        assert_eq!(
            OriginAllowList::parse("127.0.0.1:9401"),
            Err(InvalidOrigin("127.0.0.1:9401".into()))
        );
    }
}
