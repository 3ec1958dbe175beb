//! The endpoints. The ID token says who signed in; the user info says the rest.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use super::faults::ProviderFault;
use super::tokens::{self, Facts};
use super::{Grant, Shared, State as ProviderState};
use crate::crypto::sha256;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(document))
        .route(
            "/organizations/v2.0/.well-known/openid-configuration",
            get(document_of_tenants),
        )
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .route("/userinfo", get(user_info))
        .route("/jwks", get(keys))
        .with_state(shared)
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (status, json, body.to_string()).into_response()
}

/// The error answer of RFC 6749 §5.2.
fn refusal(status: StatusCode, code: &str) -> Response {
    answer(status, &json!({ "error": code }))
}

fn pairs(form: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(form).into_owned().collect()
}

async fn document(State(shared): State<Arc<Shared>>) -> Response {
    let state = shared.lock();
    let issuer = match state.fault {
        Some(ProviderFault::OtherDocument) => "https://other.example",
        _ => state.issuer.as_str(),
    };
    answer(StatusCode::OK, &described(&state, issuer))
}

/// The document for all tenants, as Microsoft publishes it.
async fn document_of_tenants(State(shared): State<Arc<Shared>>) -> Response {
    let state = shared.lock();
    let issuer = format!("{}/{{tenantid}}/v2.0", state.issuer);
    answer(StatusCode::OK, &described(&state, &issuer))
}

fn described(state: &ProviderState, issuer: &str) -> Value {
    let base = &state.issuer;
    let keys = match state.fault {
        Some(ProviderFault::KeysInside) => "http://169.254.169.254/jwks".to_owned(),
        _ => format!("{base}/jwks"),
    };
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "userinfo_endpoint": format!("{base}/userinfo"),
        "jwks_uri": keys,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    })
}

async fn keys(State(shared): State<Arc<Shared>>) -> Response {
    let fault = shared.lock().fault;
    let keys = tokens::keys(fault).unwrap_or_default();
    answer(StatusCode::OK, &keys)
}

async fn authorize(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let asked = pairs(query.unwrap_or_default().as_bytes());
    let get = |name: &str| asked.get(name).map(String::as_str);
    let mut state = shared.lock();
    let (client_id, redirect_uri) = (
        get("client_id").unwrap_or_default(),
        get("redirect_uri").unwrap_or_default(),
    );
    let is_registered = state.clients.get(client_id).is_some_and(|client| {
        let mut known = client.redirect_uris.iter();
        known.any(|known| known == redirect_uri)
    });
    let has_challenge = get("code_challenge_method") == Some("S256");
    let challenge = get("code_challenge").filter(|one| one.len() == 43);
    let (Some(challenge), true) = (challenge, is_registered && has_challenge) else {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request");
    };
    let Ok(mut back) = Url::parse(redirect_uri) else {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request");
    };
    if get("response_type") != Some("code") {
        return refusal(StatusCode::BAD_REQUEST, "unsupported_response_type");
    }
    let scopes = get("scope").unwrap_or_default();
    let grant = Grant {
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        challenge: challenge.to_owned(),
        nonce: get("nonce").map(str::to_owned),
        is_openid: scopes.split(' ').any(|scope| scope == "openid"),
        person: state.person.clone(),
    };
    let issuer = match state.fault {
        Some(ProviderFault::WrongIssuerInAnswer) => "https://other.example".to_owned(),
        _ => state.issuer_of(&state.person),
    };
    let code = state.draw("code");
    state.codes.insert(code.clone(), grant);
    back.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", get("state").unwrap_or_default())
        .append_pair("iss", &issuer);
    (StatusCode::FOUND, [(header::LOCATION, String::from(back))]).into_response()
}

async fn token(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let form = pairs(&body);
    let get = |name: &str| form.get(name).map(String::as_str);
    let now_secs = shared.clock.now_secs();
    let mut state = shared.lock();
    state.tokens_asked += 1;
    let Some((client_id, secret)) = credentials(&headers, &form) else {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    let is_client = state
        .clients
        .get(&client_id)
        .is_some_and(|client| client.secret == secret);
    if !is_client {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    // A code is good once.
    let grant = get("code").and_then(|code| state.codes.remove(code));
    let verifier = get("code_verifier").unwrap_or_default();
    let challenge = BASE64URL_NOPAD.encode(&sha256(&[verifier.as_bytes()]));
    let grant = grant.filter(|grant| {
        get("grant_type") == Some("authorization_code")
            && grant.client_id == client_id
            && get("redirect_uri") == Some(grant.redirect_uri.as_str())
            && grant.challenge == challenge
    });
    let Some(grant) = grant else {
        return refusal(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let access_token = state.draw("access");
    state
        .access
        .insert(access_token.clone(), grant.person.clone());
    let mut id_token = None;
    if grant.is_openid && state.fault != Some(ProviderFault::NoIdToken) {
        let issuer = state.issuer_of(&grant.person);
        let facts = Facts {
            issuer: &issuer,
            tenant: grant.person.0.get("tid"),
            client_id: &client_id,
            nonce: grant.nonce.as_deref(),
            subject: grant.person.0.get("sub"),
            now_secs,
        };
        let Ok(signed) = tokens::id_token(&facts, state.fault) else {
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error");
        };
        id_token = Some(signed);
    }
    let mut given = Map::from_iter([
        ("access_token".to_owned(), json!(access_token)),
        ("token_type".to_owned(), json!("Bearer")),
        ("expires_in".to_owned(), json!(600)),
    ]);
    given.extend(id_token.map(|token| ("id_token".to_owned(), Value::from(token))));
    answer(StatusCode::OK, &Value::Object(given))
}

/// The client's id and secret, from the header or from the form, but not from both (RFC 6749 §2.3).
fn credentials(headers: &HeaderMap, form: &BTreeMap<String, String>) -> Option<(String, String)> {
    let of_form = form.get("client_secret").cloned();
    let Some(basic) = headers.get(header::AUTHORIZATION) else {
        return Some((form.get("client_id")?.clone(), of_form?));
    };
    if of_form.is_some() {
        return None;
    }
    let basic = basic.to_str().ok()?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(BASE64.decode(basic.as_bytes()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    // Both parts are encoded as in a form.
    let decoded = |text: &str| {
        let mut pairs = form_urlencoded::parse(text.as_bytes());
        pairs.next().map(|(name, _)| name.into_owned())
    };
    Some((decoded(id)?, decoded(secret)?))
}

async fn user_info(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let state = shared.lock();
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let Some(person) = bearer.and_then(|token| state.access.get(token)) else {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_token");
    };
    let mut info = person.0.clone();
    if state.fault == Some(ProviderFault::OtherUserInfoSubject) {
        info.insert("sub".to_owned(), json!("somebody-else"));
    }
    answer(StatusCode::OK, &Value::Object(info))
}
