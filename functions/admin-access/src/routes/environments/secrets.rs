//! Signing secrets of agents. A replaced secret signs deliveries beside the new one for 24 hours, so that
//! an agent that still knows only the replaced one loses no delivery.

use ring::rand::SecureRandom;
use std::collections::BTreeMap;
use vestibule_admin::{auth::random_bytes, problem::ApiError};
use vestibule_domain::{
    ProjectScope, Timestamp,
    account::{AgentEndpoint, Environment},
    connector::SealedSecrets,
    ids::EnvironmentId,
    ports::SecretVault,
    secret::Secret,
};
use vestibule_edge::standard_webhooks;

/// Draws a signing secret.
pub(super) fn draw(random: &dyn SecureRandom) -> Result<Secret, ApiError> {
    let key = random_bytes::<32>(random)?;
    Ok(standard_webhooks::secret_of(&key))
}

/// Seals a signing secret for its environment.
pub(super) async fn seal(
    vault: &dyn SecretVault,
    (scope, id): (ProjectScope, EnvironmentId),
    secret: Secret,
) -> Result<SealedSecrets, ApiError> {
    let context = Environment::secret_context(scope, id);
    let fields = BTreeMap::from([(AgentEndpoint::SIGNING_SECRET.to_owned(), secret)]);
    Ok(vault.seal(&fields, &|_| context.clone()).await?)
}

/// Replaces an agent's signing secret. The same secret again changes nothing, so that a repeated call
/// takes none of the replaced ones away.
pub(super) async fn replace(
    vault: &dyn SecretVault,
    (scope, id): (ProjectScope, EnvironmentId),
    agent: &mut AgentEndpoint,
    secret: Secret,
    now: Timestamp,
) -> Result<(), ApiError> {
    let context = Environment::secret_context(scope, id);
    let current = vault
        .open(
            &agent.signing_secret,
            AgentEndpoint::SIGNING_SECRET,
            &context,
        )
        .await?;
    if current.as_ref() != Some(&secret) {
        let sealed = seal(vault, (scope, id), secret).await?;
        agent.replace_signing_secret(sealed, now);
    }
    Ok(())
}
