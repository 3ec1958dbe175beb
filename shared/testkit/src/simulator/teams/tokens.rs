//! Microsoft's tokens under `/microsoft-login`, and the signing keys of its requests under `/botframework`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::account::TeamsAccount;
use super::errors::{error, token_error};
use super::signer;
use crate::simulator::api::{self, Performing};
use crate::simulator::asked::{self, Answer, Asked};
use crate::simulator::connectors::Connector;
use crate::simulator::platform::Platform;
use crate::simulator::shared::Shared;
use crate::simulator::world::World;

const BOT_SCOPE: &str = "https://api.botframework.com/.default";
const GRAPH_SCOPE: &str = "https://graph.microsoft.com/.default";
/// The authority of multi-tenant bots.
const MULTI_TENANT_AUTHORITY: &str = "botframework.com";
const TOKEN_LIFE_SECS: i64 = 3600;

/// The tokens that Microsoft issued, by their text.
#[derive(Debug, Default)]
struct Tokens(BTreeMap<String, Token>);

/// A token that Microsoft issued.
#[derive(Clone, Debug)]
struct Token {
    connector_id: String,
    is_for_graph: bool,
    expires_ms: i64,
    /// False for a token from an authority that is not the bot's own.
    is_good: bool,
}

fn given_out(world: &World, token: &str) -> Option<Token> {
    world.own::<Tokens>()?.0.get(token).cloned()
}

pub(super) async fn metadata(State(shared): State<Arc<Shared>>) -> Response {
    let jwks_uri = format!("{}/botframework/v1/.well-known/keys", shared.base_url());
    document(&shared, "openidconfiguration", signer::metadata(&jwks_uri)).await
}

pub(super) async fn keys(State(shared): State<Arc<Shared>>) -> Response {
    let keys = signer::keys().unwrap_or_default();
    document(&shared, "keys", keys).await
}

async fn document(shared: &Arc<Shared>, method: &str, document: Value) -> Response {
    let asked = new_call(method, Method::GET, None);
    api::serve(shared, asked, |_, _| Answer::done(StatusCode::OK, document)).await
}

fn new_call(method: &str, http_method: Method, content_type: Option<String>) -> Asked {
    Asked::new(Platform::Teams, method, http_method, content_type)
}

pub(super) async fn token(
    State(shared): State<Arc<Shared>>,
    Path(authority): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut asked = new_call("token", Method::POST, asked::content_type(&headers));
    asked.read_form(&body);
    // The secret is not recorded with the call.
    let secret = asked.arguments.get_mut("client_secret").map(Value::take);
    let client_id = asked.text("client_id").unwrap_or_default().to_owned();
    asked.note_unknown(&["grant_type", "client_id", "client_secret", "scope"]);
    asked.connector_id = shared
        .world()
        .connectors
        .iter()
        .find(|connector| {
            connector
                .account::<TeamsAccount>()
                .is_some_and(|account| account.app_id == client_id)
        })
        .map(|connector| connector.id().to_owned());
    asked.target = Some(client_id);
    api::serve(&shared, asked, |asked, doing| {
        give_token(
            asked,
            doing,
            &authority,
            secret.as_ref().and_then(Value::as_str),
        )
    })
    .await
}

fn give_token(
    asked: &Asked,
    doing: &mut Performing<'_>,
    authority: &str,
    secret: Option<&str>,
) -> Answer {
    let bad = |code: &str, message: &str| token_error(StatusCode::BAD_REQUEST, code, message);
    if asked.text("grant_type") != Some("client_credentials") {
        doing.note("`grant_type` is not `client_credentials`");
        return bad(
            "unsupported_grant_type",
            "AADSTS70003: The app requested an unsupported grant type.",
        );
    }
    let connector = asked
        .connector_id
        .as_deref()
        .and_then(|id| doing.world.connector(id).cloned());
    let Some((connector, account)) = connector
        .and_then(|connector| Some((connector.clone(), connector.account::<TeamsAccount>()?)))
    else {
        doing.note("`client_id` is no bot's");
        return bad(
            "unauthorized_client",
            "AADSTS700016: Application was not found in the directory.",
        );
    };
    if secret != Some(account.client_secret.as_str()) || connector.is_revoked {
        if !connector.is_revoked {
            doing.note("`client_secret` is wrong");
        }
        return token_error(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "AADSTS7000215: Invalid client secret provided.",
        );
    }
    let scope = asked.text("scope").unwrap_or_default();
    if scope != BOT_SCOPE && scope != GRAPH_SCOPE {
        doing.note(format!("there is no scope `{scope}`"));
        return bad(
            "invalid_scope",
            "AADSTS70011: The provided value for scope is not valid.",
        );
    }
    let is_for_graph = scope == GRAPH_SCOPE;
    let own = if account.is_multi_tenant() && !is_for_graph {
        MULTI_TENANT_AUTHORITY
    } else {
        &account.tenant_id
    };
    if authority != own {
        doing.note(format!(
            "the token is asked of `{authority}` and not of `{own}`: it would not be taken"
        ));
    }
    let number = doing.world.next_number();
    let text = format!("token-{}-{number}", doing.world.seed);
    let token = Token {
        connector_id: connector.id().to_owned(),
        is_for_graph,
        expires_ms: doing.now_ms + TOKEN_LIFE_SECS * 1000,
        is_good: authority == own,
    };
    doing.world.change_own(|tokens: &mut Tokens| {
        tokens.0.insert(text.clone(), token);
    });
    let mut answer = Answer::done(
        StatusCode::OK,
        json!({
            "token_type": "Bearer", "expires_in": TOKEN_LIFE_SECS, "ext_expires_in": TOKEN_LIFE_SECS,
            "access_token": text,
        }),
    );
    answer.is_secret = true;
    answer
}

/// A call with its token, and the connector that the token was issued to.
pub(super) fn with_token(
    shared: &Shared,
    method: &str,
    http_method: Method,
    headers: &HeaderMap,
) -> (Asked, Option<String>) {
    let token = asked::text_header(headers, header::AUTHORIZATION.as_str())
        .and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned));
    let mut asked = new_call(method, http_method, asked::content_type(headers));
    asked.connector_id = token
        .as_deref()
        .and_then(|token| given_out(&shared.world(), token))
        .map(|token| token.connector_id);
    (asked, token)
}

/// The bot that a token was issued to, if the token allows this call.
pub(super) fn allowed(
    doing: &mut Performing<'_>,
    token: Option<&str>,
    is_for_graph: bool,
) -> Result<(Connector, TeamsAccount), Answer> {
    let denied = || {
        error(
            StatusCode::UNAUTHORIZED,
            if is_for_graph {
                "InvalidAuthenticationToken"
            } else {
                "BotNotRegistered"
            },
            "Authorization has been denied for this request.",
        )
    };
    let Some(token) = token.and_then(|token| given_out(doing.world, token)) else {
        doing.note("there is no token that was given out");
        return Err(denied());
    };
    if token.is_for_graph != is_for_graph {
        doing.note("the token is for another scope");
        return Err(denied());
    }
    if doing.now_ms >= token.expires_ms {
        doing.note("the token has expired");
        return Err(denied());
    }
    let connector = doing
        .world
        .connector(&token.connector_id)
        .filter(|connector| token.is_good && !connector.is_revoked)
        .cloned();
    connector
        .and_then(|connector| Some((connector.clone(), connector.account::<TeamsAccount>()?)))
        .ok_or_else(denied)
}
