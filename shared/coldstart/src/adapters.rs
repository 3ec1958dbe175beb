//! Configuration, AWS clients, queues and the vault.

use aws_types::SdkConfig;
use std::{fmt, sync::Arc};
use vestibule_adapters::{
    aws::{AwsSettings, dynamodb_config, sdk_config},
    dynamo::{KeyringStore, Table},
    ses::{MailSettings, SesMailer},
    setup_token::SecretsManagerSetupToken,
    sqs::{SqsDispatchQueues, SqsQueue},
    vault::KmsVault,
};
use vestibule_domain::{
    Clock,
    vars::{ConfigError, Vars},
};

/// Creates the adapters of one function from its environment variables, over one connection pool. An
/// adapter is created, and its variables are read, only on request; nothing is connected yet. A missing
/// variable reads as empty, so [`Adapters::finish`] must succeed before an adapter is used.
pub struct Adapters<'v> {
    vars: Vars<'v>,
    clock: Arc<dyn Clock>,
    aws: SdkConfig,
    pub(crate) table: Table,
    audit_days: u16,
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
    /// Reads the variables of every function: AWS's own, `TABLE_NAME` and `AUDIT_DAYS`.
    #[must_use]
    pub fn new(mut vars: Vars<'v>, clock: Arc<dyn Clock>) -> Self {
        let settings = AwsSettings::read(&mut vars);
        let aws = sdk_config(&settings);
        let table_name = vars.required("TABLE_NAME");
        let audit_days = vars.of("AUDIT_DAYS");
        let table = Table::new(&dynamodb_config(&aws, &settings), &table_name)
            .keeping_audit_entries(audit_days);
        Self {
            audit_days,
            vars,
            clock,
            aws,
            table,
            vault: None,
            queue: None,
        }
    }

    /// Finishes the configuration, and fails with every problem of the variables that were read.
    /// Returns the vault, if one was created, to be warmed.
    pub fn finish(self) -> Result<Option<Arc<KmsVault>>, ConfigError> {
        self.vars.finish()?;
        Ok(self.vault)
    }

    /// The function's variables, for settings outside the adapters.
    pub const fn vars(&mut self) -> &mut Vars<'v> {
        &mut self.vars
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Days for which audit entries are kept; 0 for ever.
    #[must_use]
    pub const fn audit_days(&self) -> u16 {
        self.audit_days
    }

    /// The vault, which can only open secrets, unless [`Self::sealing_vault`] was called first.
    pub fn vault(&mut self) -> Arc<KmsVault> {
        let opening = || KmsVault::new(&self.aws, KeyringStore::new(self.table.clone()));
        let vault = self.vault.get_or_insert_with(|| Arc::new(opening()));
        Arc::clone(vault)
    }

    /// A vault that can also seal, with data keys under `KMS_KEY_ID`.
    pub fn sealing_vault(&mut self) -> Arc<KmsVault> {
        let key = self.vars.required("KMS_KEY_ID");
        let opening = KmsVault::new(&self.aws, KeyringStore::new(self.table.clone()));
        let vault = Arc::new(opening.with_kms_key(&key));
        self.vault = Some(Arc::clone(&vault));
        vault
    }

    /// The queue of onboarding jobs, at `ONBOARDING_QUEUE_URL`.
    pub fn onboarding_queue(&mut self) -> Arc<SqsQueue> {
        Arc::new(self.queue_at("ONBOARDING_QUEUE_URL"))
    }

    /// The queue of messages for agents, at `INBOX_QUEUE_URL`.
    pub fn inbox_queue(&mut self) -> Arc<SqsQueue> {
        Arc::new(self.queue_at("INBOX_QUEUE_URL"))
    }

    /// The queue of texts to send, at `OUTGOING_QUEUE_URL`.
    pub fn outgoing_queue(&mut self) -> Arc<SqsQueue> {
        Arc::new(self.queue_at("OUTGOING_QUEUE_URL"))
    }

    /// The queue of mails, at `EMAIL_QUEUE_URL`.
    pub fn email_queue(&mut self) -> Arc<SqsQueue> {
        Arc::new(self.queue_at("EMAIL_QUEUE_URL"))
    }

    /// The queue of jobs about the people who run accounts, at `TEAM_QUEUE_URL`.
    pub fn team_queue(&mut self) -> Arc<SqsQueue> {
        Arc::new(self.queue_at("TEAM_QUEUE_URL"))
    }

    /// The queue of work on the directory and the search, at `INDEX_QUEUE_URL`.
    pub fn index_queue(&mut self) -> Arc<SqsQueue> {
        Arc::new(self.queue_at("INDEX_QUEUE_URL"))
    }

    /// The router's queue, at `ROUTING_QUEUE_URL`.
    pub fn routing_queue(&mut self) -> Arc<SqsQueue> {
        Arc::new(self.queue_at("ROUTING_QUEUE_URL"))
    }

    /// The queue of outgoing events, at `EVENTS_QUEUE_URL`.
    pub fn events_queue(&mut self) -> Arc<SqsQueue> {
        Arc::new(self.queue_at("EVENTS_QUEUE_URL"))
    }

    /// The sender of mails from `MAIL_FROM`, if it is set, with replies to `MAIL_REPLY_TO`, under the configuration
    /// set `MAIL_CONFIGURATION_SET`.
    pub fn mailer(&mut self) -> Arc<SesMailer> {
        let settings = MailSettings {
            from: self.vars.optional("MAIL_FROM"),
            reply_to: self.vars.optional("MAIL_REPLY_TO"),
            configuration_set: self.vars.optional("MAIL_CONFIGURATION_SET"),
        };
        Arc::new(SesMailer::new(&self.aws, settings))
    }

    /// The queues of all jobs that the outbox orders, at `ONBOARDING_QUEUE_URL`, `OUTGOING_QUEUE_URL`,
    /// `INBOX_QUEUE_URL`, `EMAIL_QUEUE_URL`, `TEAM_QUEUE_URL`, `INDEX_QUEUE_URL`, `ROUTING_QUEUE_URL` and
    /// `EVENTS_QUEUE_URL`.
    pub fn dispatch_queues(&mut self) -> Arc<SqsDispatchQueues> {
        Arc::new(SqsDispatchQueues {
            onboarding: self.queue_at("ONBOARDING_QUEUE_URL"),
            outgoing: self.queue_at("OUTGOING_QUEUE_URL"),
            inbox: self.queue_at("INBOX_QUEUE_URL"),
            email: self.queue_at("EMAIL_QUEUE_URL"),
            team: self.queue_at("TEAM_QUEUE_URL"),
            index: self.queue_at("INDEX_QUEUE_URL"),
            routing: self.queue_at("ROUTING_QUEUE_URL"),
            events: self.queue_at("EVENTS_QUEUE_URL"),
        })
    }

    fn queue_at(&mut self, variable: &str) -> SqsQueue {
        let url = self.vars.required(variable);
        let first = || SqsQueue::new(&self.aws, &url);
        self.queue.get_or_insert_with(first).beside(&url)
    }

    /// The token of the stack's set-up, in the secret `SETUP_SECRET_ARN`.
    pub fn setup_token(&mut self) -> Arc<SecretsManagerSetupToken> {
        let arn = self.vars.required("SETUP_SECRET_ARN");
        Arc::new(SecretsManagerSetupToken::new(&self.aws, &arn))
    }
}
