//! Documents that providers publish about themselves (`OpenID` Connect Discovery 1.0).

use crate::{
    problem::{ProviderProblem, Step},
    transport::{ProviderCall, ProviderTransport},
};
use serde::Deserialize;
use url::Url;
use vestibule_jose::Algorithms;

/// The path below the issuer (Discovery §4).
const WELL_KNOWN: &str = ".well-known/openid-configuration";

/// A provider, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// The issuer, exactly as its tokens say it.
    pub issuer: String,
    /// The address of the sign-in page.
    pub authorization_endpoint: Url,
    /// The address at which codes are exchanged.
    pub token_endpoint: Url,
    /// The address of the keys.
    pub jwks_uri: Url,
    /// The address that tells about a person.
    pub userinfo_endpoint: Option<Url>,
    /// The algorithms of its signatures that are accepted.
    pub algorithms: Algorithms,
    /// Whether it takes the client's secret in the form only.
    pub secret_in_form: bool,
    /// Whether its answers name their issuer (RFC 9207).
    pub names_issuer: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Reads what the provider with this issuer publishes about itself. Nothing but the issuer's own address is asked, and
/// the document must be that issuer's.
pub async fn discover(
    transport: &dyn ProviderTransport,
    issuer: &str,
) -> Result<Discovered, ProviderProblem> {
    let failed = |reason: &str| Step::Discovery.failed(reason);
    let url = address(transport, issuer)?;
    let call = ProviderCall {
        url,
        form: None,
        authorization: None,
    };
    let answer = transport.call(&call).await;
    let answer = answer.map_err(|failure| failed(&failure.reason))?;
    let body = Step::Discovery.body(answer)?;
    let document: Document = serde_json::from_slice(&body)
        .map_err(|_| failed("the document lacks a required field, or is no JSON object"))?;
    read(transport, issuer, document)
}

/// The address of the document (Discovery §4).
fn address(transport: &dyn ProviderTransport, issuer: &str) -> Result<Url, ProviderProblem> {
    let checked = |address: &str| {
        transport
            .check(address)
            .map_err(|error| Step::Discovery.failed(format!("the issuer {error}")))
    };
    if checked(issuer)?.query().is_some() {
        return Err(Step::Discovery.failed("the issuer must not contain a query (?…)"));
    }
    checked(&format!("{}/{WELL_KNOWN}", issuer.trim_end_matches('/')))
}

fn read(
    transport: &dyn ProviderTransport,
    issuer: &str,
    document: Document,
) -> Result<Discovered, ProviderProblem> {
    // Otherwise a provider could speak for another one (Discovery §4.3).
    if document.issuer != issuer {
        return Err(Step::Discovery.failed("the document names another issuer"));
    }
    let endpoint = |name: &str, address: &str| {
        transport
            .check(address)
            .map_err(|error| Step::Discovery.failed(format!("`{name}` {error}")))
    };
    let userinfo_endpoint = match &document.userinfo_endpoint {
        Some(address) => Some(endpoint("userinfo_endpoint", address)?),
        None => None,
    };
    let named = document.id_token_signing_alg_values_supported.as_ref();
    // RS256 is what every provider must support (Discovery §3).
    let algorithms = named.map_or(Algorithms::RS256, |names| {
        Algorithms::named(names.iter().map(String::as_str))
    });
    if algorithms.is_empty() {
        return Err(Step::Discovery.failed("the provider signs with neither RS256 nor ES256"));
    }
    let ways = document.token_endpoint_auth_methods_supported.as_ref();
    let takes = |way: &str| ways.is_some_and(|ways| ways.iter().any(|one| one == way));
    Ok(Discovered {
        authorization_endpoint: endpoint(
            "authorization_endpoint",
            &document.authorization_endpoint,
        )?,
        token_endpoint: endpoint("token_endpoint", &document.token_endpoint)?,
        jwks_uri: endpoint("jwks_uri", &document.jwks_uri)?,
        userinfo_endpoint,
        algorithms,
        // Basic authentication is the default (Discovery §3).
        secret_in_form: takes("client_secret_post") && !takes("client_secret_basic"),
        names_issuer: document.authorization_response_iss_parameter_supported,
        issuer: document.issuer,
    })
}
