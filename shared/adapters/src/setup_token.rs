//! The one-time token of the first set-up, which the stack generates in Secrets Manager.

use crate::aws::port_error;
use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_types::SdkConfig;
use tokio::sync::OnceCell;
use vestibule_domain::{PortError, ports::SetupTokenSource, secret::Secret};

/// Reads the token once per sandbox, so that guesses at the token do not cost a call each.
#[derive(Debug)]
pub struct SecretsManagerSetupToken {
    client: Client,
    secret_arn: String,
    token: OnceCell<Secret>,
}

impl SecretsManagerSetupToken {
    /// Makes a source that reads the token from this secret.
    #[must_use]
    pub fn new(config: &SdkConfig, secret_arn: &str) -> Self {
        Self {
            client: Client::new(config),
            secret_arn: secret_arn.to_owned(),
            token: OnceCell::new(),
        }
    }

    async fn read(&self) -> Result<Secret, PortError> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.secret_arn)
            .send()
            .await
            .map_err(|error| port_error("secrets manager: GetSecretValue", error))?;
        answer
            .secret_string
            .filter(|token| !token.is_empty())
            .map(Secret::new)
            .ok_or_else(|| PortError::corrupt("set-up token", "it is not text, or empty"))
    }
}

#[async_trait]
impl SetupTokenSource for SecretsManagerSetupToken {
    async fn setup_token(&self) -> Result<Secret, PortError> {
        self.token.get_or_try_init(|| self.read()).await.cloned()
    }
}
