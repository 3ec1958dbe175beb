//! The addresses that activities name for calls about them, and to which our token goes.

use vestibule_domain::egress::OriginAllowList;

/// Whether calls may be made below this address: its origin is listed, and it is a plain base
/// address. Paths such as `/v3/conversations` are appended to it, so that behind a query or a
/// fragment they would not be a path, and a segment such as `..` would move them.
#[must_use]
pub fn is_service_url(url: &str, origins: &OriginAllowList) -> bool {
    is_base_address(url) && origins.admit(url).is_some()
}

/// Whether an address is written as it is called: scheme, host and a path of ordinary segments.
fn is_base_address(url: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '@' | '%' | '\\');
    let Some((_, rest)) = url.split_once("://").filter(|_| url.chars().all(is_plain)) else {
        return false;
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..");
    !host.is_empty() && (path.is_empty() || path.split('/').all(is_segment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_admitted(url: &str) -> bool {
        let origins = "https://smba.trafficmanager.net,http://127.0.0.1:9400";
        is_service_url(url, &OriginAllowList::parse(origins).unwrap())
    }

    #[test]
    fn an_address_that_paths_can_be_appended_to_is_admitted() {
        for url in [
            "https://smba.trafficmanager.net",
            "https://smba.trafficmanager.net/",
            "https://smba.trafficmanager.net/teams",
            "https://smba.trafficmanager.net/amer/72f988bf-86f1-41af-91ab-2d7cd011db47/",
            "https://smba.trafficmanager.net:443/emea/",
            "https://SMBA.trafficmanager.net/amer/",
            "http://127.0.0.1:9400/teams/",
            "https://smba.trafficmanager.net/a.b/..c/",
        ] {
            assert!(is_admitted(url), "{url}");
        }
    }

    #[test]
    fn any_other_address_is_refused() {
        for url in [
            "",
            "smba.trafficmanager.net",
            "https://",
            "https://evil.example.org/",
            "https://smba.trafficmanager.net.evil.example.org/",
            "http://smba.trafficmanager.net/",
            "https://smba.trafficmanager.net:8443/",
            "https://smba.trafficmanager.net/amer?x=",
            "https://smba.trafficmanager.net/?",
            "https://smba.trafficmanager.net?x=/amer",
            "https://smba.trafficmanager.net/amer#",
            "https://smba.trafficmanager.net/amer#/x",
            "https://user@smba.trafficmanager.net/",
            "https://user:pw@smba.trafficmanager.net/",
            "https://smba.trafficmanager.net@evil.example.org/",
            "https://smba.trafficmanager.net/amer/../emea/",
            "https://smba.trafficmanager.net/..",
            "https://smba.trafficmanager.net/./amer/",
            "https://smba.trafficmanager.net/%2e%2e/amer/",
            "https://smba.trafficmanager.net/amer%2f..%2Femea/",
            "https://smba.trafficmanager.net/amer%5cemea/",
            "https://smba.trafficmanager.net\\amer",
            "https:\\\\smba.trafficmanager.net\\amer",
            "https://smba.trafficmanager.net//amer/",
            "https://smba.trafficmanager.net/amer//",
            "https:///smba.trafficmanager.net/",
            "https://smba.trafficmanager.net/am er/",
            "https://smba.trafficmanager.net/am\ter/",
            " https://smba.trafficmanager.net/",
            "https://smba.trafficmanager.net/\n",
            "https://smba.trafficmanager.net/é/",
        ] {
            assert!(!is_admitted(url), "{url:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_admitted_stays_the_beginning_of_what_is_called(path in "[a-z./?#%@\\\\]{0,20}") {
            let url = format!("https://smba.trafficmanager.net/{path}");
            if is_admitted(&url) {
                prop_assert!(!path.contains(['?', '#', '%', '@', '\\']));
                prop_assert!(!path.split('/').any(|segment| matches!(segment, "." | "..")));
            }
        }
    }
}
