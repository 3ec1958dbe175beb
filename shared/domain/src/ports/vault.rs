//! Secrets at rest.

use crate::{PortError, connector::SealedSecrets, secret::Secret};
use async_trait::async_trait;
use std::collections::BTreeMap;

/// Encrypts and decrypts secrets (DESIGN §6).
#[async_trait]
pub trait SecretVault: Send + Sync {
    /// Encrypts every field under one data key. `context` names what each ciphertext is bound to,
    /// by field name.
    async fn seal(
        &self,
        fields: &BTreeMap<String, Secret>,
        context: &(dyn for<'a> Fn(&'a str) -> String + Send + Sync),
    ) -> Result<SealedSecrets, PortError>;

    /// Decrypts one field; `None` when it is not set. `Corrupt` when it was made for another
    /// context.
    async fn open(
        &self,
        sealed: &SealedSecrets,
        field: &str,
        context: &str,
    ) -> Result<Option<Secret>, PortError>;
}

/// The one-time token of the first set-up.
#[async_trait]
pub trait SetupTokenSource: Send + Sync {
    /// The token that the stack was deployed with.
    async fn setup_token(&self) -> Result<Secret, PortError>;
}
