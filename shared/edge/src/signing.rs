//! Signed requests to addresses that people supply, as Standard Webhooks has them.

use crate::standard_webhooks;
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    connector::SealedSecrets,
    ports::{AgentRequest, SecretVault},
    secret::Secret,
};

/// The secrets that sign a request.
pub(crate) struct SigningKeys<'a> {
    /// The secrets that sign at this time, the current one first.
    pub(crate) sealed: Vec<&'a SealedSecrets>,
    /// The name of their field.
    pub(crate) field: &'static str,
    /// The context that their encryption is bound to.
    pub(crate) context: String,
}

/// Makes a request with this body, signed with every secret that signs at this time.
pub(crate) async fn signed_request(
    vault: &dyn SecretVault,
    keys: &SigningKeys<'_>,
    (endpoint, timeout): (&str, Duration),
    (id, body): (&str, Vec<u8>),
    now: Timestamp,
) -> Result<AgentRequest, PortError> {
    let secrets = open_secrets(vault, keys).await?;
    let signed = standard_webhooks::headers(id, &body, &secrets, now)
        .map_err(|error| PortError::corrupt("signing secret", error))?;
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(signed);
    Ok(AgentRequest {
        endpoint: endpoint.to_owned(),
        headers,
        body,
        timeout,
    })
}

/// Opens the secrets, the current one first.
async fn open_secrets(
    vault: &dyn SecretVault,
    keys: &SigningKeys<'_>,
) -> Result<Vec<Secret>, PortError> {
    let mut secrets = Vec::new();
    for sealed in &keys.sealed {
        let secret = vault
            .open(sealed, keys.field, &keys.context)
            .await?
            .ok_or_else(|| PortError::corrupt("signing secret", "it is not set"))?;
        secrets.push(secret);
    }
    Ok(secrets)
}

/// A vault for tests, through which everybody sees.
#[cfg(test)]
pub(crate) mod testing {
    use async_trait::async_trait;
    use std::collections::BTreeMap;
    use vestibule_domain::{
        PortError, connector::SealedSecrets, ports::SecretVault, secret::Secret,
    };

    /// Seals a secret as its context and itself.
    pub(crate) struct GlassVault;

    impl GlassVault {
        /// Seals one secret.
        pub(crate) async fn sealed(field: &str, secret: &str, context: &str) -> SealedSecrets {
            let fields = BTreeMap::from([(field.to_owned(), Secret::new(secret))]);
            Self.seal(&fields, &|_| context.to_owned()).await.unwrap()
        }
    }

    #[async_trait]
    impl SecretVault for GlassVault {
        async fn seal(
            &self,
            fields: &BTreeMap<String, Secret>,
            context: &(dyn for<'a> Fn(&'a str) -> String + Send + Sync),
        ) -> Result<SealedSecrets, PortError> {
            let sealed = |(name, secret): (&String, &Secret)| {
                let text = format!("{} {}", context(name), secret.reveal());
                (name.clone(), text)
            };
            Ok(SealedSecrets {
                wrapped_key: "key".to_owned(),
                fields: fields.iter().map(sealed).collect(),
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
            match text.split_once(' ') {
                Some((of, secret)) if of == context => Ok(Some(Secret::new(secret))),
                _ => Err(PortError::corrupt("secret", "it is of another place")),
            }
        }
    }
}
