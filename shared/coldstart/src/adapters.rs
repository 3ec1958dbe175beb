//! Configuration, AWS clients, queues and the vault.

use aws_types::SdkConfig;
use std::{fmt, sync::Arc};
use vestibule_adapters::{
    aws::{AwsSettings, dynamodb_config, sdk_config},
    dynamo::{KeyringStore, Table},
    setup_token::SecretsManagerSetupToken,
    sqs::SqsQueue,
    vault::KmsVault,
};
use vestibule_domain::{
    Clock,
    vars::{ConfigError, Vars},
};

/// Makes the adapters of one function from its environment variables, over one connection pool. An adapter that nobody
/// asks for is not made, its variables are not read, and nothing is connected. A variable that is missing reads as
/// empty: [`Adapters::finish`] must have been asked before an adapter is used.
pub struct Adapters<'v> {
    vars: Vars<'v>,
    clock: Arc<dyn Clock>,
    aws: SdkConfig,
    pub(crate) table: Table,
    vault: Option<Arc<KmsVault>>,
    queue: Option<SqsQueue>,
}

impl fmt::Debug for Adapters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapters")
            .field("vars", &self.vars)
            .finish_non_exhaustive()
    }
}

impl<'v> Adapters<'v> {
    /// Reads what every function has: AWS's own variables and `TABLE_NAME`.
    #[must_use]
    pub fn new(mut vars: Vars<'v>, clock: Arc<dyn Clock>) -> Self {
        let settings = AwsSettings::read(&mut vars);
        let aws = sdk_config(&settings);
        let table_name = vars.required("TABLE_NAME");
        let table = Table::new(&dynamodb_config(&aws, &settings), &table_name);
        Self {
            vars,
            clock,
            aws,
            table,
            vault: None,
            queue: None,
        }
    }

    /// Ends the reading, and fails with every problem of the variables that were read. Returns the vault if one was
    /// made, to be warmed.
    pub fn finish(self) -> Result<Option<Arc<KmsVault>>, ConfigError> {
        self.vars.finish()?;
        Ok(self.vault)
    }

    /// The function's variables, for settings that are no adapter's.
    pub const fn vars(&mut self) -> &mut Vars<'v> {
        &mut self.vars
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The vault, which can open only, unless [`Self::sealing_vault`] was asked before.
    pub fn vault(&mut self) -> Arc<KmsVault> {
        let opening = || KmsVault::new(&self.aws, KeyringStore::new(self.table.clone()));
        let vault = self.vault.get_or_insert_with(|| Arc::new(opening()));
        Arc::clone(vault)
    }

    /// A vault that can seal, with data keys under `KMS_KEY_ID`.
    pub fn sealing_vault(&mut self) -> Arc<KmsVault> {
        let key = self.vars.required("KMS_KEY_ID");
        let opening = KmsVault::new(&self.aws, KeyringStore::new(self.table.clone()));
        let vault = Arc::new(opening.with_kms_key(&key));
        self.vault = Some(Arc::clone(&vault));
        vault
    }

    /// The queue of onboarding jobs, at `ONBOARDING_QUEUE_URL`.
    pub fn onboarding_queue(&mut self) -> Arc<SqsQueue> {
        self.queue_at("ONBOARDING_QUEUE_URL")
    }

    /// The queue of messages for agents, at `INBOX_QUEUE_URL`.
    pub fn inbox_queue(&mut self) -> Arc<SqsQueue> {
        self.queue_at("INBOX_QUEUE_URL")
    }

    fn queue_at(&mut self, variable: &str) -> Arc<SqsQueue> {
        let url = self.vars.required(variable);
        let first = || SqsQueue::new(&self.aws, &url);
        Arc::new(self.queue.get_or_insert_with(first).beside(&url))
    }

    /// The token of the stack's set-up, in the secret `SETUP_SECRET_ARN`.
    pub fn setup_token(&mut self) -> Arc<SecretsManagerSetupToken> {
        let arn = self.vars.required("SETUP_SECRET_ARN");
        Arc::new(SecretsManagerSetupToken::new(&self.aws, &arn))
    }
}
