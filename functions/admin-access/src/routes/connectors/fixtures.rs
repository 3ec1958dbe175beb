//! A provider that no registry lists, for the rules that do not apply to Slack; and stores in memory.

use async_trait::async_trait;
use std::{collections::BTreeMap, sync::Mutex};
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    access::closing::Closing,
    chat::message::Identity,
    chat::repeats::Repeats,
    connector::{Connector, ConnectorSummary, ConnectorTest, Provider, SealedSecrets},
    event::AuditEntry,
    ids::{ClientId, ConnectorId, TeamId},
    page::{ListError, Page, PageRequest},
    ports::{ConnectorStore, Created, PolicyEffects, SecretVault},
    secret::Secret,
};
use vestibule_providers::catalogue::{ConnectorKind, FieldSpec, Fill};

/// A provider whose ring we draw and whose loft is its webhook address. A ring belongs to a flock, which grain
/// may name too, before a slash.
pub(super) struct Pigeon;

const fn field(name: &'static str, secret: bool) -> FieldSpec {
    FieldSpec {
        name,
        label: name,
        placeholder: None,
        secret,
        required: false,
        fill: Fill::Nothing,
        previous_in: None,
        help: "On its leg.",
        check: |_| Ok(()),
    }
}

const FIELDS: &[FieldSpec] = &[
    field("grain", true),
    FieldSpec {
        fill: Fill::RandomSecret,
        previous_in: Some("previous_ring"),
        ..field("ring", true)
    },
    field("previous_ring", true),
    field("flock", false),
    FieldSpec {
        fill: Fill::WebhookUrl,
        ..field("loft", false)
    },
];

impl ConnectorKind for Pigeon {
    fn provider(&self) -> Provider {
        Provider::new("pigeon")
    }

    fn label(&self) -> &'static str {
        "Pigeon post"
    }

    fn channel(&self) -> &'static str {
        "pigeon"
    }

    fn fields(&self) -> &'static [FieldSpec] {
        FIELDS
    }

    fn identity<'a>(&self, field: &str, value: &'a str) -> Option<&'a str> {
        match field {
            "flock" => Some(value),
            "grain" => value.split_once('/').map(|(flock, _)| flock),
            _ => None,
        }
    }

    fn person(&self, _: &Connector, _: &str) -> Option<Identity> {
        None
    }

    fn message_max_chars(&self) -> usize {
        140
    }

    fn repeats(&self) -> Repeats {
        Repeats::ForEver
    }

    fn set_up_steps(&self, webhook_url: &str) -> Vec<String> {
        vec![format!("Release it at {webhook_url}.")]
    }
}

/// A pigeon without secrets.
pub(super) fn connector() -> Connector {
    Connector {
        name: "Loft".to_owned(),
        ..vestibule_samples::connector(Pigeon.provider())
    }
}

/// Seals by writing the context in front, and opens only what was sealed for that context.
pub(super) struct GlassVault;

#[async_trait]
impl SecretVault for GlassVault {
    async fn seal(
        &self,
        fields: &BTreeMap<String, Secret>,
        context: &(dyn for<'a> Fn(&'a str) -> String + Send + Sync),
    ) -> Result<SealedSecrets, PortError> {
        let fields = fields.iter().map(|(name, secret)| {
            (
                name.clone(),
                format!("{}={}", context(name), secret.reveal()),
            )
        });
        Ok(SealedSecrets {
            wrapped_key: "key".to_owned(),
            fields: fields.collect(),
        })
    }

    async fn open(
        &self,
        sealed: &SealedSecrets,
        field: &str,
        context: &str,
    ) -> Result<Option<Secret>, PortError> {
        let Some(text) = sealed.fields.get(field) else {
            return Ok(None);
        };
        let secret = text
            .strip_prefix(context)
            .and_then(|rest| rest.strip_prefix('='))
            .ok_or_else(|| PortError::corrupt("secret", "not sealed for this place"))?;
        Ok(Some(Secret::new(secret)))
    }
}

/// One connector, and the audit log.
pub(super) struct Shelf {
    pub(super) connector: Mutex<Connector>,
    pub(super) entries: Mutex<Vec<&'static str>>,
}

impl Shelf {
    pub(super) fn with(connector: Connector) -> Self {
        Self {
            connector: Mutex::new(connector),
            entries: Mutex::default(),
        }
    }

    pub(super) fn connector(&self) -> Connector {
        self.connector.lock().unwrap().clone()
    }

    pub(super) fn actions(&self) -> Vec<&'static str> {
        self.entries.lock().unwrap().clone()
    }
}

#[async_trait]
impl ConnectorStore for Shelf {
    async fn create_connector(
        &self,
        _: &Connector,
        _: &AuditEntry,
    ) -> Result<Created<Connector>, PortError> {
        Ok(Created::Existing(Box::new(self.connector())))
    }

    async fn get_connector(
        &self,
        _: ProjectScope,
        _: ConnectorId,
    ) -> Result<Option<Connector>, PortError> {
        Ok(Some(self.connector()))
    }

    async fn has_team(&self, _: AccountScope, _: TeamId) -> Result<bool, PortError> {
        Ok(true)
    }

    async fn list_connectors(
        &self,
        _: ProjectScope,
        _: &PageRequest,
    ) -> Result<Page<Connector>, ListError> {
        Ok(Page {
            items: vec![self.connector()],
            next: None,
        })
    }

    async fn update_connector(
        &self,
        connector: &Connector,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let mut stored = self.connector.lock().unwrap();
        if stored.version != connector.version {
            return Err(PortError::Conflict { what: "connector" });
        }
        *stored = Connector {
            version: connector.version + 1,
            ..connector.clone()
        };
        self.entries.lock().unwrap().push(audit.change.event.key());
        Ok(())
    }

    async fn record(&self, audit: &AuditEntry) -> Result<(), PortError> {
        self.entries.lock().unwrap().push(audit.change.event.key());
        Ok(())
    }

    async fn record_test(
        &self,
        _: ConnectorId,
        _: &ConnectorTest,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        self.record(audit).await
    }

    async fn summaries(
        &self,
        _: ProjectScope,
        ids: &[ConnectorId],
    ) -> Result<Vec<ConnectorSummary>, PortError> {
        Ok(vec![ConnectorSummary::default(); ids.len()])
    }

    async fn update_and_close(
        &self,
        connector: &Connector,
        _: &Closing,
        _: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        self.update_connector(connector, audit).await
    }

    async fn update_and_pass_on(
        &self,
        connector: &Connector,
        _: ClientId,
        _: Option<(&Closing, Timestamp)>,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        self.update_connector(connector, audit).await
    }

    async fn policy_effects(
        &self,
        _: &Connector,
        _: &Connector,
    ) -> Result<PolicyEffects, PortError> {
        Ok(PolicyEffects::default())
    }

    async fn delete_connector(
        &self,
        _: &Connector,
        _: &Closing,
        _: Timestamp,
        _: &AuditEntry,
    ) -> Result<(), PortError> {
        Err(PortError::Conflict { what: "connector" })
    }
}
