//! Signing secrets of webhooks.

use ring::rand::SecureRandom;
use std::collections::BTreeMap;
use vestibule_admin::{auth::random_bytes, problem::ApiError};
use vestibule_domain::{
    AccountScope, connector::SealedSecrets, event::subscription::Subscription, ids::SubscriptionId,
    ports::SecretVault, secret::Secret,
};
use vestibule_edge::standard_webhooks;

/// Draws a signing secret.
pub(super) fn draw(random: &dyn SecureRandom) -> Result<Secret, ApiError> {
    let key = random_bytes::<32>(random)?;
    Ok(standard_webhooks::secret_of(&key))
}

/// Seals a signing secret for its webhook.
pub(super) async fn seal(
    vault: &dyn SecretVault,
    (scope, id): (AccountScope, SubscriptionId),
    secret: Secret,
) -> Result<SealedSecrets, ApiError> {
    let context = Subscription::secret_context(scope, id);
    let fields = BTreeMap::from([(Subscription::SIGNING_SECRET.to_owned(), secret)]);
    Ok(vault.seal(&fields, &|_| context.clone()).await?)
}
