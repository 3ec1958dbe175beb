//! Signed requests to systems of customers: agents, and those that hear events.

use crate::standard_webhooks;
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    connector::SealedSecrets,
    ports::{AgentRequest, SecretVault},
    secret::Secret,
};

/// The signing secrets of one place, as they are stored: those that sign at this time, the current one first.
pub(crate) struct SigningSecrets<'a> {
    /// The sealed secrets.
    pub(crate) sealed: Vec<&'a SealedSecrets>,
    /// The field of each.
    pub(crate) field: &'static str,
    /// The context that their encryption is bound to.
    pub(crate) context: String,
}

impl SigningSecrets<'_> {
    /// Opens them.
    async fn open(&self, vault: &dyn SecretVault) -> Result<Vec<Secret>, PortError> {
        let mut secrets = Vec::new();
        for sealed in &self.sealed {
            let secret = vault
                .open(sealed, self.field, &self.context)
                .await?
                .ok_or_else(|| PortError::corrupt("signing secret", "it is not set"))?;
            secrets.push(secret);
        }
        Ok(secrets)
    }
}

/// A body on its way to a system of a customer.
pub(crate) struct Unsigned<'a> {
    /// The address.
    pub(crate) endpoint: &'a str,
    /// The id that all attempts share.
    pub(crate) id: String,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// Time within which the whole answer must have arrived.
    pub(crate) timeout: Duration,
}

impl Unsigned<'_> {
    /// Signs it with each of these secrets.
    pub(crate) async fn signed(
        self,
        vault: &dyn SecretVault,
        secrets: &SigningSecrets<'_>,
        now: Timestamp,
    ) -> Result<AgentRequest, PortError> {
        let secrets = secrets.open(vault).await?;
        let signed = standard_webhooks::headers(&self.id, &self.body, &secrets, now)
            .map_err(|error| PortError::corrupt("signing secret", error))?;
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(signed);
        Ok(AgentRequest {
            endpoint: self.endpoint.to_owned(),
            headers,
            body: self.body,
            timeout: self.timeout,
        })
    }
}
