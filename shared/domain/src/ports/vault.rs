//! Ports for secrets at rest.

use crate::{PortError, connector::SealedSecrets, secret::Secret};
use async_trait::async_trait;
use std::collections::BTreeMap;

/// Encrypts and decrypts secrets (DESIGN §6).
#[async_trait]
pub trait SecretVault: Send + Sync {
    /// Encrypts every field under one data key. `context` maps each field name to the context that
    /// its ciphertext is bound to.
    async fn seal(
        &self,
        fields: &BTreeMap<String, Secret>,
        context: &(dyn for<'a> Fn(&'a str) -> String + Send + Sync),
    ) -> Result<SealedSecrets, PortError>;

    /// Decrypts one field; `None` when the field is not set. `Corrupt` when the ciphertext was made
    /// for another context.
    async fn open(
        &self,
        sealed: &SealedSecrets,
        field: &str,
        context: &str,
    ) -> Result<Option<Secret>, PortError>;
}

/// The source of the one-time token of the first set-up.
#[async_trait]
pub trait SetupTokenSource: Send + Sync {
    /// Returns the token that the stack was deployed with.
    async fn setup_token(&self) -> Result<Secret, PortError>;
}
