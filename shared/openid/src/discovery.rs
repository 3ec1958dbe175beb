//! Documents that providers publish about themselves (`OpenID` Connect Discovery 1.0).

use crate::{
    id_token::ExpectedIssuer,
    problem::{ProviderProblem, Step},
    tenants::IssuerTemplate,
    transport::{ProviderCall, ProviderTransport},
};
use serde::Deserialize;
use std::collections::BTreeSet;
use url::Url;
use vestibule_jose::Algorithms;

/// The path below the issuer (Discovery §4).
const WELL_KNOWN: &str = ".well-known/openid-configuration";

/// A provider, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// The issuer that was asked. Tokens say exactly this, unless there is a template.
    pub issuer: String,
    /// The template of the tokens' issuers, if the provider serves many tenants.
    pub template: Option<IssuerTemplate>,
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

impl Discovered {
    /// Checks that an account lists tenants where the provider serves many, and only there: a list that nobody looks
    /// at would keep nobody out.
    pub fn check_tenants(&self, tenants: &BTreeSet<String>) -> Result<(), ProviderProblem> {
        self.expected_issuer(tenants).map(|_| ())
    }

    /// Whether an issuer is the provider's, for an account that lets these tenants in.
    #[must_use]
    pub fn is_issuer(&self, named: &str, tenants: &BTreeSet<String>) -> bool {
        match &self.template {
            None => named == self.issuer,
            Some(template) => tenants.iter().any(|tenant| template.of(tenant) == named),
        }
    }

    /// The issuers that a token may have, for an account that lets these tenants in.
    pub(crate) fn expected_issuer<'a>(
        &'a self,
        tenants: &'a BTreeSet<String>,
    ) -> Result<ExpectedIssuer<'a>, ProviderProblem> {
        let failed = |reason: &str| Err(Step::Discovery.failed(reason));
        match &self.template {
            Some(_) if tenants.is_empty() => {
                failed("the provider serves many tenants; list those that may sign in as `tenants`")
            }
            Some(template) => Ok(ExpectedIssuer::OfTenant { template, tenants }),
            None if tenants.is_empty() => Ok(ExpectedIssuer::Exactly(&self.issuer)),
            None => failed("the provider serves no tenants; list none as `tenants`"),
        }
    }
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
    read(transport, issuer, &document)
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
    document: &Document,
) -> Result<Discovered, ProviderProblem> {
    // Otherwise a provider could speak for another one (Discovery §4.3).
    let template = IssuerTemplate::read(&document.issuer, issuer);
    if document.issuer != issuer && template.is_none() {
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
        issuer: issuer.to_owned(),
        template,
    })
}
