//! Authentication of requests: they must carry a token of the Bot Framework for this app (PROVIDERS
//! §2.2).

use super::{
    APP_ID, CHANNEL,
    jwt::Token,
    key,
    keys::{KeyCache, KeySource},
    parse, setting,
};
use crate::{
    fields::string,
    webhook::{Credentials, Parsed, RawRequest, Refusal, WebhookProvider},
};
use async_trait::async_trait;
use http::{HeaderMap, header::AUTHORIZATION};
use std::{fmt, sync::Arc};
use vestibule_domain::{
    Timestamp,
    connector::{Connector, Provider},
    egress::OriginAllowList,
};

/// The inbound side of Microsoft Teams.
pub struct TeamsWebhook {
    keys: KeyCache,
    service_origins: OriginAllowList,
}

impl fmt::Debug for TeamsWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TeamsWebhook")
            .field("service_origins", &self.service_origins)
            .finish_non_exhaustive()
    }
}

impl TeamsWebhook {
    /// Trusts the keys from this source, and accepts activities whose `serviceUrl` has one of these
    /// origins, to which our token is sent.
    #[must_use]
    pub fn new(keys: Arc<dyn KeySource>, service_origins: OriginAllowList) -> Self {
        Self {
            keys: KeyCache::new(keys),
            service_origins,
        }
    }

    async fn check_token(
        &self,
        token: &Token<'_>,
        app_id: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        // Checked before the key is looked up, so that a token for somebody else cannot make us
        // fetch keys.
        token.claims.check(app_id, now)?;
        let key = self
            .keys
            .find(&token.kid, now)
            .await
            .map_err(|_| Refusal::not_checkable("Microsoft's signing keys cannot be fetched"))?
            .ok_or(Refusal::because(
                "nobody knows the key that the token names",
            ))?;
        if !key.is_endorsed_for(CHANNEL) {
            return Err(Refusal::because("the key is not endorsed for Teams"));
        }
        if !key.signed(&token.signed) {
            return Err(Refusal::because("the signature does not match"));
        }
        Ok(())
    }
}

#[async_trait]
impl WebhookProvider for TeamsWebhook {
    fn provider(&self) -> Provider {
        key()
    }

    /// None: Microsoft's keys sign the tokens.
    fn verification_secrets(&self) -> &'static [&'static str] {
        &[]
    }

    async fn warm(&self, now: Timestamp) {
        self.keys.warm(now).await;
    }

    async fn verify(
        &self,
        request: &RawRequest<'_>,
        credentials: &Credentials<'_>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let app_id = setting(credentials.connector, APP_ID)
            .filter(|app_id| !app_id.trim().is_empty())
            .ok_or(Refusal::because("the connector has no app id"))?;
        let token = Token::read(bearer(request.headers)?)?;
        self.check_token(&token, app_id, now).await?;
        check_service_url(&token, request.body)
    }

    fn parse(
        &self,
        request: &RawRequest<'_>,
        connector: &Connector,
        now: Timestamp,
    ) -> Result<Parsed, Refusal> {
        parse::request(request.body, connector, &self.service_origins, now)
    }
}

/// The token in the only `Authorization` header. If there were two, an attacker could choose which
/// one is checked; joined with a comma they are no token.
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (Some(value), None) => value
            .to_str()
            .map_err(|_| Refusal::because("the Authorization header is not ASCII"))?,
        (None, _) => return Err(Refusal::because("the Authorization header is missing")),
        (Some(_), Some(_)) => return Err(Refusal::because("the Authorization header is repeated")),
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        _ => Err(Refusal::because(
            "the Authorization header has no bearer token",
        )),
    }
}

/// Checks the only part of the body that the token covers. A body that is no activity names no
/// address that our token could go to, and nothing of it is used: it is only kept as unreadable, so
/// the token alone proves enough.
fn check_service_url(token: &Token<'_>, body: &[u8]) -> Result<(), Refusal> {
    let other = Refusal::because("the token is for another service");
    let claimed = token
        .claims
        .serviceurl
        .as_deref()
        .filter(|url| !url.is_empty())
        .ok_or(other)?;
    let Ok(activity) = parse::activity(body) else {
        return Ok(());
    };
    let bare = |url: &'_ str| url.strip_suffix('/').unwrap_or(url).to_owned();
    let named = string(&activity, "serviceUrl").ok_or(other)?;
    if bare(claimed) == bare(named) {
        Ok(())
    } else {
        Err(other)
    }
}

#[cfg(test)]
mod tests;
