//! Ports for secrets at rest.

use crate::{PortError, Timestamp, connector::SealedSecrets, secret::Secret};
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

/// The stack's set-up token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupToken {
    /// The token.
    pub value: Secret,
    /// Time at which this value was set.
    pub set_at: Timestamp,
}

/// The source of the stack's set-up token.
#[async_trait]
pub trait SetupTokenSource: Send + Sync {
    /// Returns the token, which may be some time old.
    async fn setup_token(&self) -> Result<SetupToken, PortError>;
    /// Returns the token as it is now: a recovery needs a value that was set after the last one.
    async fn fresh_setup_token(&self) -> Result<SetupToken, PortError>;
}
