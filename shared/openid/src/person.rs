//! The person who signed in, as the provider tells it.

use crate::{
    discovery::Discovered,
    exchange::{ClientCredentials, Redeemed, exchange},
    id_token::{self, Expected},
    keys::KeySets,
    problem::{ProviderProblem, Step},
    tenants::PLACEHOLDER,
    transport::{ProviderCall, ProviderTransport},
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use url::Url;
use vestibule_domain::{Timestamp, secret::Secret};
use vestibule_jose::{Key, Token};

/// Longest identifier, address or name that is read, in bytes.
const TEXT_MAX: usize = 255;

/// A person, as the provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The issuer of the ID token: that of the tenant, where a provider serves many. `None` with plain OAuth 2.0.
    pub issuer: Option<String>,
    /// The person's lasting id at the provider: the subject, or with plain OAuth 2.0 the identifier.
    pub subject: String,
    /// The value by which an account names its people.
    pub identifier: Option<String>,
    /// The e-mail address, as it is written there.
    pub email: Option<String>,
    /// Whether the provider calls the address verified. Always false with plain OAuth 2.0.
    pub email_verified: bool,
    /// The name.
    pub name: Option<String>,
}

/// A browser that came back from a provider.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// The account's id at the provider.
    pub client_id: &'a str,
    /// The account's secret at the provider.
    pub client_secret: &'a Secret,
    /// The code with which the browser came back.
    pub redeemed: Redeemed<'a>,
    /// The nonce of the sign-in.
    pub nonce: &'a str,
    /// Whether more than the subject is wanted, so that the user info is read where the ID token says too little.
    pub wants_profile: bool,
    /// The time.
    pub now: Timestamp,
}

/// The names of fields in the user info of plain OAuth 2.0.
#[derive(Debug, Clone, Copy)]
pub struct OAuth2Fields<'a> {
    /// The identifier.
    pub identifier: &'a str,
    /// The e-mail address.
    pub email: Option<&'a str>,
    /// The name.
    pub name: Option<&'a str>,
}

/// Rules of an account for a provider of `OpenID` Connect.
#[derive(Debug, Clone, Copy)]
pub struct OpenIdRules<'a> {
    /// The claim by which the account knows its people.
    pub identifier_claim: &'a str,
    /// The tenants whose people it lets in, where the provider serves many; else none.
    pub tenants: &'a BTreeSet<String>,
}

/// Completes a sign-in by `OpenID` Connect.
pub async fn open_id_person(
    transport: &dyn ProviderTransport,
    keys: &KeySets,
    provider: &Discovered,
    rules: &OpenIdRules<'_>,
    sign_in: &SignIn<'_>,
) -> Result<Person, ProviderProblem> {
    let failed = |reason: &str| Step::IdToken.failed(reason);
    let issuer = provider.expected_issuer(rules.tenants)?;
    let client = ClientCredentials {
        id: sign_in.client_id,
        secret: sign_in.client_secret,
        in_form: provider.secret_in_form,
    };
    let endpoint = &provider.token_endpoint;
    let tokens = exchange(transport, endpoint, &client, &sign_in.redeemed).await?;
    let id_token = tokens
        .id_token
        .ok_or_else(|| failed("the answer has no ID token"))?;
    let token = Token::read(id_token.reveal(), provider.algorithms)
        .map_err(|invalid| failed(&invalid.to_string()))?;
    let key = keys.find(transport, provider, &token, sign_in.now).await?;
    if !key.verify(&token) {
        return Err(failed("the signature does not match"));
    }
    let claims = token
        .all_claims()
        .map_err(|invalid| failed(&invalid.to_string()))?;
    let expected = Expected {
        issuer,
        client_id: sign_in.client_id,
        nonce: sign_in.nonce,
    };
    let subject = id_token::check(&claims, &expected, sign_in.now).map_err(failed)?;
    if provider.template.is_some() && !signs_for(&key, &claims) {
        return Err(failed("the key signs for other tenants"));
    }
    let issuer = id_token::issuer(&claims).map(str::to_owned);
    let person = |claims: &Map<String, Value>| Person {
        issuer: issuer.clone(),
        identifier: value(claims, rules.identifier_claim),
        email: value(claims, "email"),
        email_verified: is_verified(claims),
        name: value(claims, "name"),
        subject: subject.clone(),
    };
    let told = person(&claims);
    let is_enough = told.email.is_some() && told.identifier.is_some();
    let Some(endpoint) = &provider.userinfo_endpoint else {
        return Ok(told);
    };
    if is_enough || !sign_in.wants_profile {
        return Ok(told);
    }
    let info = user_info(transport, endpoint, &tokens.access_token).await?;
    // The user info may be somebody else's: only an equal subject binds it to the token (Core §5.3.2).
    if id_token::subject(&info).as_ref() != Some(&subject) {
        return Err(Step::UserInfo.failed("the answer is about somebody else"));
    }
    let more = person(&info);
    // An address is taken together with what is said of it.
    let (email, email_verified) = match told.email {
        Some(email) => (Some(email), told.email_verified),
        None => (more.email, more.email_verified),
    };
    Ok(Person {
        issuer: told.issuer,
        identifier: told.identifier.or(more.identifier),
        email,
        email_verified,
        name: told.name.or(more.name),
        subject: told.subject,
    })
}

/// Whether a key of a provider of many tenants may sign for the tenant of a token: Microsoft says of each key whose it
/// is, by a template or by one tenant's issuer.
fn signs_for(key: &Key, claims: &Map<String, Value>) -> bool {
    let tenant = id_token::tenant(claims).unwrap_or_default();
    let named = key.issuer.as_ref();
    let issuer = named.map(|issuer| issuer.replace(PLACEHOLDER, tenant));
    issuer.is_none() || issuer.as_deref() == id_token::issuer(claims)
}

/// Completes a sign-in by plain OAuth 2.0. Its address counts as unverified, whatever the provider says (SPEC D27).
pub async fn oauth2_person(
    transport: &dyn ProviderTransport,
    (token_endpoint, user_info_endpoint): (&Url, &Url),
    fields: &OAuth2Fields<'_>,
    sign_in: &SignIn<'_>,
) -> Result<Person, ProviderProblem> {
    let client = ClientCredentials {
        id: sign_in.client_id,
        secret: sign_in.client_secret,
        in_form: true,
    };
    let tokens = exchange(transport, token_endpoint, &client, &sign_in.redeemed).await?;
    let info = user_info(transport, user_info_endpoint, &tokens.access_token).await?;
    let subject = value(&info, fields.identifier)
        .ok_or_else(|| Step::UserInfo.failed("the answer lacks the identifier"))?;
    Ok(Person {
        issuer: None,
        identifier: Some(subject.clone()),
        email: fields.email.and_then(|name| value(&info, name)),
        email_verified: false,
        name: fields.name.and_then(|name| value(&info, name)),
        subject,
    })
}

/// Reads the user info with an access token.
pub async fn user_info(
    transport: &dyn ProviderTransport,
    endpoint: &Url,
    access_token: &Secret,
) -> Result<Map<String, Value>, ProviderProblem> {
    let failed = |reason: &str| Step::UserInfo.failed(reason);
    let call = ProviderCall {
        url: endpoint.clone(),
        form: None,
        authorization: Some(Secret::new(format!("Bearer {}", access_token.reveal()))),
    };
    let answer = transport.call(&call).await;
    let answer = answer.map_err(|failure| failed(&failure.reason))?;
    let body = Step::UserInfo.body(answer)?;
    serde_json::from_slice(&body).map_err(|_| failed("the answer is no JSON object"))
}

/// A text, or a whole number as its digits: many providers number their people.
fn value(claims: &Map<String, Value>, name: &str) -> Option<String> {
    let text = match claims.get(name)? {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return None,
    };
    (1..=TEXT_MAX).contains(&text.len()).then_some(text)
}

/// Some providers write the claim as a text.
fn is_verified(claims: &Map<String, Value>) -> bool {
    match claims.get("email_verified") {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

#[cfg(test)]
mod tests;
