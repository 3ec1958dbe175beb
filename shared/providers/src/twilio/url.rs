//! The spellings of our address that Twilio may have signed (PROVIDERS §5.2).
//!
//! The address is never parsed as a URL: parsers change the case of hosts, quotes and letters
//! beyond ASCII, and would break the signature.

/// Connection overrides that Twilio reads after the `#` of an address: three retries if the
/// connection fails, times out, or the answer is 5xx. Without them a 5xx loses the message.
pub(super) const RETRIES: &str = "rc=3&rp=5xx,ct,rt";

/// All spellings of the request's address that may have been signed, each once: the configured one
/// with the request's query, with and without the default port, with and without a fragment.
/// Twilio's own helpers try both ports; whether Twilio signs a fragment is documented nowhere.
pub(super) fn spellings(configured: &str, query: Option<&str>) -> Vec<String> {
    let (_, fragment) = parts(configured);
    let address = requested(configured, query);
    let addresses = [other_port(&address), Some(address)];
    let fragments = [None, Some(RETRIES), fragment.filter(|own| *own != RETRIES)];
    addresses
        .iter()
        .flatten()
        .flat_map(|address| {
            fragments
                .iter()
                .enumerate()
                .filter(|(index, fragment)| *index == 0 || fragment.is_some())
                .map(move |(_, fragment)| match fragment {
                    None => address.clone(),
                    Some(fragment) => format!("{address}#{fragment}"),
                })
        })
        .collect()
}

/// The requested address without its fragment: the configured one, plus the request's query if it
/// has none of its own or Twilio added to it.
pub(super) fn requested(configured: &str, query: Option<&str>) -> String {
    let (address, _) = parts(configured);
    let query = query.filter(|query| !query.is_empty());
    match (address.split_once('?'), query) {
        (None, Some(query)) => format!("{address}?{query}"),
        (Some((path, own)), Some(query)) if is_longer(query, own) => format!("{path}?{query}"),
        _ => address.to_owned(),
    }
}

fn is_longer(query: &str, own: &str) -> bool {
    query
        .strip_prefix(own)
        .is_some_and(|added| added.starts_with('&'))
}

/// The parts before and after `#`.
pub(super) fn parts(configured: &str) -> (&str, Option<&str>) {
    configured
        .split_once('#')
        .map_or((configured, None), |(address, fragment)| {
            (address, Some(fragment))
        })
}

/// Adds the default port to an address without a port, and removes it from one that has it. Any
/// other port stays as typed.
fn other_port(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let port = if scheme.eq_ignore_ascii_case("https") {
        ":443"
    } else if scheme.eq_ignore_ascii_case("http") {
        ":80"
    } else {
        return None;
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at_checked(end)?;
    // A colon before `@` belongs to a password, and one before `]` to an IPv6 address.
    let host = authority.rsplit(['@', ']']).next().unwrap_or(authority);
    if !host.contains(':') {
        return Some(format!("{scheme}://{authority}{port}{behind}"));
    }
    let bare = authority.strip_suffix(port)?;
    Some(format!("{scheme}://{bare}{behind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_port_is_added_or_removed_and_another_stays() {
        for (address, other) in [
            (
                "https://a.example/p?x=1",
                Some("https://a.example:443/p?x=1"),
            ),
            ("https://a.example:443/p", Some("https://a.example/p")),
            ("https://A.Example", Some("https://A.Example:443")),
            (
                "HTTPS://a.example?x=/:8",
                Some("HTTPS://a.example:443?x=/:8"),
            ),
            ("https://a.example:80/p", None),
            ("https://a.example:1234/p", None),
            ("http://a.example/p", Some("http://a.example:80/p")),
            ("http://a.example:80/p", Some("http://a.example/p")),
            ("http://a.example:443/p", None),
            (
                "https://u:p@a.example/p",
                Some("https://u:p@a.example:443/p"),
            ),
            (
                "https://u:443@a.example/p",
                Some("https://u:443@a.example:443/p"),
            ),
            (
                "https://u:p@a.example:443/p",
                Some("https://u:p@a.example/p"),
            ),
            ("https://[::1]/p", Some("https://[::1]:443/p")),
            ("https://[::443]:443/p", Some("https://[::443]/p")),
            ("https://[::443]:8/p", None),
            ("ftp://a.example/p", None),
            ("a.example", None),
        ] {
            assert_eq!(other_port(address).as_deref(), other, "{address}");
        }
    }

    #[test]
    fn the_query_is_the_requests_byte_for_byte_unless_one_is_configured() {
        let hash = "a=1&bodySHA256=00";
        for (configured, query, expected) in [
            ("https://a.example/p", None, "https://a.example/p"),
            ("https://a.example/p", Some(""), "https://a.example/p"),
            (
                "https://a.example/p",
                Some("b=+%20'&a"),
                "https://a.example/p?b=+%20'&a",
            ),
            (
                "https://a.example/p#rc=2",
                Some("a=1"),
                "https://a.example/p?a=1",
            ),
            (
                "https://a.example/p?a=1",
                Some("a=2"),
                "https://a.example/p?a=1",
            ),
            (
                "https://a.example/p?a=1",
                Some("a=12"),
                "https://a.example/p?a=1",
            ),
            (
                "https://a.example/p?a=1",
                Some(hash),
                "https://a.example/p?a=1&bodySHA256=00",
            ),
        ] {
            assert_eq!(
                requested(configured, query),
                expected,
                "{configured} {query:?}"
            );
        }
    }

    #[test]
    fn each_spelling_comes_once() {
        let plain = spellings("https://a.example/p", Some("x=1"));
        assert_eq!(
            plain,
            [
                "https://a.example:443/p?x=1",
                "https://a.example:443/p?x=1#rc=3&rp=5xx,ct,rt",
                "https://a.example/p?x=1",
                "https://a.example/p?x=1#rc=3&rp=5xx,ct,rt",
            ]
        );
        assert_eq!(
            spellings("https://a.example/p#rc=3&rp=5xx,ct,rt", Some("x=1")),
            plain
        );
        assert_eq!(
            spellings("https://a.example:8/p#rc=1", None),
            [
                "https://a.example:8/p",
                "https://a.example:8/p#rc=3&rp=5xx,ct,rt",
                "https://a.example:8/p#rc=1",
            ]
        );
    }
}
