//! The set-up token, which the stack generates in Secrets Manager, and which whoever can change it may set anew
//! to recover an account (SPEC D30).

use crate::aws::port_error;
use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_types::SdkConfig;
use tokio::sync::OnceCell;
use vestibule_domain::{
    PortError, Timestamp,
    ports::{SetupToken, SetupTokenSource},
    secret::Secret,
};

/// Reads the token once per sandbox, so that guesses at the token do not cost a call each; for a recovery it is
/// read afresh.
#[derive(Debug)]
pub struct SecretsManagerSetupToken {
    client: Client,
    secret_arn: String,
    token: OnceCell<SetupToken>,
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

    async fn read(&self) -> Result<SetupToken, PortError> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.secret_arn)
            .send()
            .await
            .map_err(|error| port_error("secrets manager: GetSecretValue", error))?;
        // A value of unknown age counts as the oldest there is, and recovers nothing.
        let set_at = answer.created_date.and_then(|at| at.to_millis().ok());
        answer
            .secret_string
            .filter(|token| !token.is_empty())
            .map(|token| SetupToken {
                value: Secret::new(token),
                set_at: Timestamp::from_millis(set_at.unwrap_or_default()),
            })
            .ok_or_else(|| PortError::corrupt("set-up token", "it is not text, or empty"))
    }
}

#[async_trait]
impl SetupTokenSource for SecretsManagerSetupToken {
    async fn setup_token(&self) -> Result<SetupToken, PortError> {
        self.token.get_or_try_init(|| self.read()).await.cloned()
    }

    async fn fresh_setup_token(&self) -> Result<SetupToken, PortError> {
        self.read().await
    }
}
