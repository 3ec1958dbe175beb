//! The base addresses of the platforms' APIs: their own, unless the deployment replaces them.

use std::collections::BTreeMap;
use url::Url;
use vestibule_providers::{catalogue::apis, outgoing::Api};

/// Name of the variable with the base addresses that replace the platforms' own.
pub const PLATFORM_API_URLS: &str = "PLATFORM_API_URLS";

/// The key of all APIs that have no entry of their own.
const OTHERS: &str = "*";

/// Base addresses that replace the platforms' own, by the key of the API or by [`OTHERS`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ApiUrls(BTreeMap<String, String>);

/// The rule that an entry breaks, as a sentence. It shows no address, which might hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidApiUrl {
    /// The entry has no key.
    #[error(
        "an entry must be an API's key and its address, such as twilio=https://api.example.com"
    )]
    NoKey,
    /// No provider has an API with this key.
    #[error("`{0}` must be a platform's API ({known}), or * for all others", known = known_keys())]
    UnknownKey(String),
    /// The address is none, or has a part that no base address can have.
    #[error("`{0}` must have an absolute http(s) URL without user name, query and fragment")]
    NotABaseUrl(String),
    /// The key has another entry.
    #[error("`{0}` must have one entry only")]
    Repeated(String),
}

impl ApiUrls {
    /// Reads entries such as `telegram=https://bots.example.com`, separated by commas. A blank text
    /// has none.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidApiUrl> {
        let mut urls = BTreeMap::new();
        let entries = text.split(',').map(str::trim);
        for entry in entries.filter(|entry| !entry.is_empty()) {
            let (key, url) = entry.split_once('=').ok_or(InvalidApiUrl::NoKey)?;
            let key = key.to_owned();
            if key != OTHERS && !apis().any(|api| api.key == key) {
                return Err(InvalidApiUrl::UnknownKey(key));
            }
            let Some(url) = base_url(url) else {
                return Err(InvalidApiUrl::NotABaseUrl(key));
            };
            if urls.insert(key.clone(), url).is_some() {
                return Err(InvalidApiUrl::Repeated(key));
            }
        }
        Ok(Self(urls))
    }

    /// The base address of an API. [`OTHERS`] names a stand-in that serves each API below its key;
    /// the path of the platform's own address stays.
    pub(super) fn base(&self, api: &Api) -> String {
        if let Some(url) = self.0.get(api.key) {
            return url.clone();
        }
        self.0.get(OTHERS).map_or_else(
            || api.default_url.to_owned(),
            |stand_in| format!("{stand_in}/{}{}", api.key, path(api.default_url)),
        )
    }

    /// The address to which the deployment has moved this one, if it is one of an API whose base address is replaced.
    pub(super) fn moved(&self, address: &str) -> Option<String> {
        apis().find_map(|api| {
            let rest = address.strip_prefix(api.default_url)?;
            let base = self.base(api);
            let is_moved = rest.starts_with('/') && base != api.default_url;
            is_moved.then(|| format!("{base}{rest}"))
        })
    }
}

/// Normalises a base address: no slash at its end. `None` if the text is not one.
fn base_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    // The parser would also take a URL with fewer slashes, or with more.
    let is_absolute = ["https://", "http://"].iter().any(|scheme| {
        text.strip_prefix(scheme)
            .is_some_and(|rest| !rest.starts_with(['/', '\\']))
    });
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (is_absolute && is_bare).then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// The path of an absolute URL: empty, or beginning with a slash.
fn path(url: &str) -> &str {
    url.split_once("://")
        .and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)))
        .unwrap_or_default()
}

fn known_keys() -> String {
    apis().map(|api| api.key).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_providers::{slack, telegram, twilio};

    const STAND_IN: &str = "http://127.0.0.1:9400";

    /// An API that no provider lists.
    const UNLISTED: Api = Api {
        key: "carrier-pigeon",
        default_url: "https://loft.example.com/v2",
    };

    fn urls(text: &str) -> ApiUrls {
        ApiUrls::parse(text).unwrap()
    }

    fn origin(url: &str) -> url::Origin {
        Url::parse(url).unwrap().origin()
    }

    #[test]
    fn an_api_is_at_its_platforms_own_address_unless_an_entry_replaces_it() {
        let (slack_own, telegram_own) = (slack::API.default_url, telegram::API.default_url);
        for (text, slack, telegram) in [
            ("", slack_own, telegram_own),
            (" , ", slack_own, telegram_own),
            (
                "telegram=https://bots.example.com",
                slack_own,
                "https://bots.example.com",
            ),
            (
                " slack=https://eu.example.com/slack/api , telegram=http://10.0.0.7:8081/bots/ ",
                "https://eu.example.com/slack/api",
                "http://10.0.0.7:8081/bots",
            ),
            (
                "*=http://127.0.0.1:9400",
                "http://127.0.0.1:9400/slack/api",
                "http://127.0.0.1:9400/telegram",
            ),
            (
                "*=http://127.0.0.1:9400/all/,telegram=https://bots.example.com/",
                "http://127.0.0.1:9400/all/slack/api",
                "https://bots.example.com",
            ),
            (
                "slack=https://slack.com/api,*=http://127.0.0.1:9400",
                slack_own,
                "http://127.0.0.1:9400/telegram",
            ),
        ] {
            let urls = urls(text);
            assert_eq!(urls.base(&slack::API), slack, "{text}");
            assert_eq!(urls.base(&telegram::API), telegram, "{text}");
        }
    }

    #[test]
    fn a_stand_in_for_all_serves_every_api_below_its_key_even_one_that_no_provider_lists() {
        let urls = urls(&format!("*={STAND_IN}"));
        for api in apis().chain([&UNLISTED]) {
            let base = urls.base(api);
            assert!(
                base.starts_with(&format!("{STAND_IN}/{}", api.key)),
                "{base}"
            );
            assert_eq!(origin(&base), origin(STAND_IN));
            assert!(base.ends_with(path(api.default_url)), "{base}");
        }
        assert_eq!(
            urls.base(&UNLISTED),
            format!("{STAND_IN}/carrier-pigeon/v2")
        );
    }

    #[test]
    fn an_address_of_an_api_moves_with_its_base_address_and_no_other_does() {
        let media = format!(
            "{}/AC1/ab?Expires=1&Signature=x",
            twilio::MEDIA_API.default_url
        );
        let moved = format!("{STAND_IN}/twilio-media/AC1/ab?Expires=1&Signature=x");
        let all = urls(&format!("*={STAND_IN}"));
        assert_eq!(all.moved(&media), Some(moved));
        for other in [
            "https://mms.twiliocdn.com.evil.example/AC1",
            "https://mms.twiliocdn.com@evil.example/AC1",
            "https://mms.twiliocdn.com",
            "http://mms.twiliocdn.com/AC1",
            "https://a.example/1",
        ] {
            assert_eq!(all.moved(other), None, "{other}");
        }
        assert_eq!(urls("").moved(&media), None);
        assert_eq!(urls(&format!("slack={STAND_IN}")).moved(&media), None);
    }

    #[test]
    fn every_api_can_be_named_and_its_own_address_can_be_written_down() {
        for api in apis() {
            let urls = urls(&format!("{}={},*={STAND_IN}", api.key, api.default_url));
            assert_eq!(urls.base(api), api.default_url);
        }
    }

    #[test]
    fn an_entry_that_breaks_a_rule_is_refused_with_the_rule() {
        use InvalidApiUrl::{NoKey, NotABaseUrl, Repeated, UnknownKey};
        let slack = || NotABaseUrl("slack".to_owned());
        for (text, expected) in [
            ("slack", NoKey),
            ("https://slack.com/api", NoKey),
            ("telegram=https://bots.example.com,slack", NoKey),
            ("=https://slack.com/api", UnknownKey(String::new())),
            ("Slack=https://slack.com/api", UnknownKey("Slack".into())),
            ("slack =https://slack.com/api", UnknownKey("slack ".into())),
            ("pigeon=https://example.com", UnknownKey("pigeon".into())),
            ("**=https://example.com", UnknownKey("**".into())),
            ("slack=", slack()),
            ("slack=/api", slack()),
            ("slack=slack.com/api", slack()),
            ("slack=//slack.com/api", slack()),
            ("slack=https:slack.com/api", slack()),
            ("slack=https:///slack.com/api", slack()),
            ("slack=ftp://slack.com/api", slack()),
            ("slack=https://", slack()),
            ("slack=https://slack.com:port/api", slack()),
            ("slack=https://slack .com/api", slack()),
            ("slack=https://user@slack.com/api", slack()),
            ("slack=https://:word@slack.com/api", slack()),
            ("slack=https://slack.com/api?", slack()),
            ("slack=https://slack.com/api?a=b", slack()),
            ("slack=https://slack.com/api#a", slack()),
            ("*=127.0.0.1:9400", NotABaseUrl(OTHERS.into())),
            (
                "slack=https://a.example.com,slack=https://b.example.com",
                Repeated("slack".into()),
            ),
            (
                "*=http://127.0.0.1:1,*=http://127.0.0.1:2",
                Repeated(OTHERS.into()),
            ),
        ] {
            assert_eq!(ApiUrls::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn whoever_misspells_a_key_is_told_all_keys() {
        let told = ApiUrls::parse("slak=https://slack.com/api").unwrap_err();
        let told = told.to_string();
        for api in apis() {
            assert!(told.contains(api.key), "{told}");
        }
    }
}
