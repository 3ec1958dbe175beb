//! The address to which a browser is sent.

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use url::Url;

/// The scope of every request for an ID token.
const OPENID: &str = "openid";

/// A request for a sign-in.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The account's id at the provider.
    pub client_id: &'a str,
    /// The address to which the browser comes back.
    pub redirect_uri: &'a str,
    /// The scopes.
    pub scopes: &'a [String],
    /// A value that comes back with the browser.
    pub state: &'a str,
    /// A value that comes back in the ID token; none for plain OAuth 2.0.
    pub nonce: Option<&'a str>,
    /// The secret of PKCE, of which only a hash is told.
    pub verifier: &'a str,
}

/// The address of a provider's sign-in page for this request.
#[must_use]
pub fn authorization_url(endpoint: &Url, asking: &Asking<'_>) -> Url {
    let mut scopes: Vec<&str> = asking.scopes.iter().map(String::as_str).collect();
    if asking.nonce.is_some() && !scopes.contains(&OPENID) {
        scopes.insert(0, OPENID);
    }
    let challenge = digest(&SHA256, asking.verifier.as_bytes());
    let challenge = BASE64URL_NOPAD.encode(challenge.as_ref());
    let mut url = endpoint.clone();
    let mut query = url.query_pairs_mut();
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", asking.client_id)
        .append_pair("redirect_uri", asking.redirect_uri)
        .append_pair("state", asking.state)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    if !scopes.is_empty() {
        query.append_pair("scope", &scopes.join(" "));
    }
    if let Some(nonce) = asking.nonce {
        query.append_pair("nonce", nonce);
    }
    drop(query);
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn pairs(url: &Url) -> BTreeMap<String, String> {
        url.query_pairs().into_owned().collect()
    }

    /// RFC 7636 Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn a_browser_is_sent_with_state_nonce_and_the_hash_of_the_verifier() {
        let scopes = ["email".to_owned(), "profile".to_owned()];
        let asking = Asking {
            client_id: "client&1",
            redirect_uri: "https://a.example/v1/auth/callback/x/y",
            scopes: &scopes,
            state: "s",
            nonce: Some("n"),
            verifier: VERIFIER,
        };
        let endpoint = Url::parse("https://idp.example/authorize?tenant=7").unwrap();
        let url = authorization_url(&endpoint, &asking);
        assert!(!url.as_str().contains(VERIFIER));
        let pairs = pairs(&url);
        for (name, value) in [
            ("tenant", "7"),
            ("response_type", "code"),
            ("client_id", "client&1"),
            ("redirect_uri", "https://a.example/v1/auth/callback/x/y"),
            ("scope", "openid email profile"),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(pairs.get(name).map(String::as_str), Some(value), "{name}");
        }
    }

    #[test]
    fn plain_oauth_asks_for_no_id_token() {
        let asking = Asking {
            client_id: "c",
            redirect_uri: "https://a.example/cb",
            scopes: &[],
            state: "s",
            nonce: None,
            verifier: VERIFIER,
        };
        let endpoint = Url::parse("https://oauth.example/authorize").unwrap();
        let pairs = pairs(&authorization_url(&endpoint, &asking));
        assert!(!pairs.contains_key("scope") && !pairs.contains_key("nonce"));
        assert_eq!(
            pairs.get("code_challenge").map(String::as_str),
            Some(CHALLENGE)
        );
    }
}
