//! Secrets under a KMS data key (DESIGN §6).
//!
//! One data key serves the whole stack. It is stored encrypted by KMS, beside the secrets it
//! protects too, and decrypted once per sandbox. Fields are AES-256-GCM with a random 96-bit nonce;
//! the additional data names the field's place, so a ciphertext that was moved does not open.
//!
//! From the data key follows another one, by which ids of erased people are hashed: HMAC-SHA256.

use crate::{
    aws::port_error,
    dynamo::{KeyringStore, StoredKey},
};
use async_trait::async_trait;
use aws_sdk_kms::{Client, primitives::Blob, types::DataKeySpec};
use aws_types::SdkConfig;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};
use tokio::{sync::OnceCell, time::timeout};
use vestibule_domain::{PortError, connector::SealedSecrets, ports::SecretVault, secret::Secret};

/// The context that KMS binds the data key to; CloudTrail shows it.
const ENCRYPTION_CONTEXT: (&str, &str) = ("vestibule", "data-key");

/// Time for which a start waits for KMS once what runs beside it is done.
const KMS_PATIENCE: Duration = Duration::from_millis(100);

/// Label of the key of hashes, which sets it apart from others that may follow from the data key.
const HASH_KEY: &[u8] = b"vestibule hashes";

/// The data key in use, with the key of hashes that follows from it.
struct OpenKey {
    sealing: LessSafeKey,
    hashing: hmac::Key,
}

impl OpenKey {
    fn of(plain: &[u8]) -> Result<Self, PortError> {
        let not_a_key = |_| PortError::corrupt("data key", "not 256 bits");
        let sealing = UnboundKey::new(&AES_256_GCM, plain).map_err(not_a_key)?;
        let info = [HASH_KEY];
        let root = Salt::new(HKDF_SHA256, &[]).extract(plain);
        let hashing = root.expand(&info, hmac::HMAC_SHA256).map_err(not_a_key)?;
        Ok(Self {
            sealing: LessSafeKey::new(sealing),
            hashing: hashing.into(),
        })
    }
}

/// Makes hashes that nobody can repeat without the stack's data key. The same text has the same hash for as long as the
/// stack has the key.
#[derive(Clone)]
pub struct Hasher(Arc<OpenKey>);

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

impl Hasher {
    /// Hashes these parts, each with its length, to half of an HMAC-SHA256.
    #[must_use]
    pub fn hash(&self, parts: &[&str]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.0.hashing);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut bytes = [0_u8; 16];
        for (to, from) in bytes.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        bytes
    }
}

/// Encrypts and decrypts under the stack's data key.
pub struct KmsVault {
    client: Client,
    keyring: KeyringStore,
    /// Id of the KMS key, needed to make the data key. Functions that only read secrets have none.
    kms_key_id: Option<String>,
    random: SystemRandom,
    /// The encrypted data key of the stack, once read. It never changes.
    current: OnceLock<String>,
    /// Decrypted data keys by their encrypted form. While KMS decrypts a key, other callers that
    /// need it wait.
    open_keys: Mutex<HashMap<String, Arc<OnceCell<Arc<OpenKey>>>>>,
}

impl fmt::Debug for KmsVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KmsVault").finish_non_exhaustive()
    }
}

impl KmsVault {
    /// Makes a vault that can only decrypt.
    #[must_use]
    pub fn new(config: &SdkConfig, keyring: KeyringStore) -> Self {
        Self {
            client: Client::new(config),
            keyring,
            kms_key_id: None,
            random: SystemRandom::new(),
            current: OnceLock::new(),
            open_keys: Mutex::default(),
        }
    }

    /// Returns a vault that can also encrypt, with data keys under this KMS key.
    #[must_use]
    pub fn with_kms_key(mut self, kms_key_id: &str) -> Self {
        self.kms_key_id = Some(kms_key_id.to_owned());
        self
    }

    /// Decrypts the stack's data key before the first message needs it. This also opens the
    /// connections to DynamoDB and KMS. A failure shows at the first use.
    pub async fn warm(&self) {
        if let Ok(Some(stored)) = self.keyring.current().await {
            let _ = self.key(&stored.wrapped_key).await;
        }
    }

    /// Does the same as [`Self::warm`], and runs `other` while KMS decrypts, once the connection to
    /// DynamoDB is open and free. Waits a little for KMS, because what is left of the handshake would take the first
    /// event's small part of a processor. If Lambda freezes the sandbox before KMS answers and the answer is lost, the
    /// key is requested again.
    pub async fn warm_beside(self: &Arc<Self>, other: impl Future<Output = ()>) {
        let mut opening = None;
        if let Ok(Some(stored)) = self.keyring.current().await {
            self.current.get_or_init(|| stored.wrapped_key.clone());
            let vault = Arc::clone(self);
            opening = Some(tokio::spawn(async move {
                let _ = vault.key(&stored.wrapped_key).await;
            }));
        }
        other.await;
        if let Some(opening) = opening {
            let _ = timeout(KMS_PATIENCE, opening).await;
        }
    }

    /// Returns the maker of keyed hashes; `None` while the stack has no data key, so that nothing can have been hashed.
    pub async fn hasher(&self) -> Result<Option<Hasher>, PortError> {
        let Some(wrapped) = self.stored_key().await? else {
            return Ok(None);
        };
        let (_, key) = self.open_key(wrapped).await?;
        Ok(Some(Hasher(key)))
    }

    /// Returns the maker of keyed hashes, with a data key if there is none.
    pub async fn hasher_for_good(&self) -> Result<Hasher, PortError> {
        let (_, key) = self.current_key().await?;
        Ok(Hasher(key))
    }

    /// Encrypts a small text, such as a list's cursor, for `context`.
    pub async fn seal_text(&self, plain: &[u8], context: &str) -> Result<String, PortError> {
        let (_, key) = self.current_key().await?;
        Ok(BASE64URL_NOPAD.encode(&self.encrypt(&key.sealing, plain, context)?))
    }

    /// Decrypts a text made by [`Self::seal_text`]; `None` when it was not made here, or for another context.
    pub async fn open_text(
        &self,
        sealed: &str,
        context: &str,
    ) -> Result<Option<Vec<u8>>, PortError> {
        let Ok(bytes) = BASE64URL_NOPAD.decode(sealed.as_bytes()) else {
            return Ok(None);
        };
        // A stack without a data key has sealed nothing.
        let Some(wrapped) = self.stored_key().await? else {
            return Ok(None);
        };
        let (_, key) = self.open_key(wrapped).await?;
        Ok(decrypt(&key.sealing, bytes, context))
    }

    async fn current_key(&self) -> Result<(String, Arc<OpenKey>), PortError> {
        let wrapped = match self.stored_key().await? {
            Some(wrapped) => wrapped,
            None => self.make_key().await?,
        };
        self.open_key(wrapped).await
    }

    /// Returns the stack's data key in its encrypted form, if it was made.
    async fn stored_key(&self) -> Result<Option<String>, PortError> {
        if let Some(wrapped) = self.current.get() {
            return Ok(Some(wrapped.clone()));
        }
        let stored = self.keyring.current().await?;
        Ok(stored.map(|stored| stored.wrapped_key))
    }

    async fn open_key(&self, wrapped: String) -> Result<(String, Arc<OpenKey>), PortError> {
        let key = self.key(&wrapped).await?;
        Ok((self.current.get_or_init(|| wrapped).clone(), key))
    }

    /// Makes the stack's data key. When two functions do so at once, both use the one stored first.
    async fn make_key(&self) -> Result<String, PortError> {
        let answer = self
            .client
            .generate_data_key()
            .set_key_id(self.kms_key_id.clone())
            .key_spec(DataKeySpec::Aes256)
            .encryption_context(ENCRYPTION_CONTEXT.0, ENCRYPTION_CONTEXT.1)
            .send()
            .await
            .map_err(|error| port_error("kms: GenerateDataKey", error))?;
        let wrapped = answer
            .ciphertext_blob
            .ok_or_else(|| PortError::corrupt("data key", "no ciphertext"))?;
        let wrapped_key = BASE64.encode(wrapped.as_ref());
        let stored = self
            .keyring
            .insert_if_none(StoredKey { wrapped_key })
            .await?;
        Ok(stored.wrapped_key)
    }

    async fn key(&self, wrapped_key: &str) -> Result<Arc<OpenKey>, PortError> {
        let cell = {
            // The map is whole whenever the lock is free, so a panic elsewhere does not matter.
            let mut keys = self
                .open_keys
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            Arc::clone(keys.entry(wrapped_key.to_owned()).or_default())
        };
        cell.get_or_try_init(|| self.unwrap_key(wrapped_key))
            .await
            .cloned()
    }

    async fn unwrap_key(&self, wrapped_key: &str) -> Result<Arc<OpenKey>, PortError> {
        let wrapped = BASE64
            .decode(wrapped_key.as_bytes())
            .map_err(|error| PortError::corrupt("data key", error))?;
        let answer = self
            .client
            .decrypt()
            .ciphertext_blob(Blob::new(wrapped))
            .encryption_context(ENCRYPTION_CONTEXT.0, ENCRYPTION_CONTEXT.1)
            .send()
            .await
            .map_err(|error| port_error("kms: Decrypt", error))?;
        let plain = answer
            .plaintext
            .ok_or_else(|| PortError::corrupt("data key", "no plaintext"))?;
        Ok(Arc::new(OpenKey::of(plain.as_ref())?))
    }

    /// Encrypts a text. The result is nonce, ciphertext and tag, in this order.
    fn encrypt(
        &self,
        key: &LessSafeKey,
        plain: &[u8],
        context: &str,
    ) -> Result<Vec<u8>, PortError> {
        let unspecified = |_| PortError::Rejected {
            what: "encryption",
            source: None,
        };
        let mut nonce = [0_u8; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(unspecified)?;
        let mut body = plain.to_vec();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context.as_bytes()),
            &mut body,
        )
        .map_err(unspecified)?;
        Ok([nonce.as_slice(), &body].concat())
    }
}

fn decrypt(key: &LessSafeKey, mut sealed: Vec<u8>, context: &str) -> Option<Vec<u8>> {
    let (nonce, body) = sealed.split_at_mut_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let plain = key
        .open_in_place(nonce, Aad::from(context.as_bytes()), body)
        .ok()?;
    Some(plain.to_vec())
}

#[async_trait]
impl SecretVault for KmsVault {
    async fn seal(
        &self,
        fields: &BTreeMap<String, Secret>,
        context: &(dyn for<'a> Fn(&'a str) -> String + Send + Sync),
    ) -> Result<SealedSecrets, PortError> {
        let (wrapped_key, key) = self.current_key().await?;
        let fields = fields
            .iter()
            .map(|(field, secret)| {
                let sealed =
                    self.encrypt(&key.sealing, secret.reveal().as_bytes(), &context(field))?;
                Ok((field.clone(), BASE64.encode(&sealed)))
            })
            .collect::<Result<_, PortError>>()?;
        Ok(SealedSecrets {
            wrapped_key,
            fields,
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
        let bytes = BASE64
            .decode(text.as_bytes())
            .map_err(|error| PortError::corrupt("secret", error))?;
        let key = self.key(&sealed.wrapped_key).await?;
        // There is one data key, so whoever opened a secret need not look it up.
        self.current.get_or_init(|| sealed.wrapped_key.clone());
        let plain = decrypt(&key.sealing, bytes, context)
            .and_then(|plain| String::from_utf8(plain).ok())
            .ok_or_else(|| {
                PortError::corrupt("secret", format!("`{field}` was not sealed for this place"))
            })?;
        Ok(Some(Secret::new(plain)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aws::{AwsSettings, sdk_config},
        dynamo::Table,
    };
    use aws_smithy_runtime_api::{
        client::{
            http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
            orchestrator::{HttpRequest, HttpResponse},
        },
        http::StatusCode,
    };
    use aws_smithy_types::body::SdkBody;
    use serde_json::json;
    use std::future::{pending, ready};
    use vestibule_domain::vars::Vars;

    /// Less than an attempt at a call may take.
    const ATTEMPT: Duration = Duration::from_millis(700);

    fn hasher(key: u8) -> Hasher {
        Hasher(Arc::new(OpenKey::of(&[key; 32]).unwrap()))
    }

    /// Rows are found by these hashes. A release that made different ones would find nothing.
    #[test]
    fn a_hash_is_made_as_it_was_in_every_release_before_and_by_the_stack_s_own_key_alone() {
        let hash = hasher(7).hash(&["ab", "c"]);
        assert_eq!(
            hash,
            [
                141, 244, 147, 170, 219, 117, 126, 42, 106, 33, 245, 128, 27, 166, 132, 226
            ]
        );
        assert_ne!(hasher(8).hash(&["ab", "c"]), hash);
        assert_ne!(hasher(7).hash(&["a", "bc"]), hash);
    }

    /// The table and KMS, of which the latter may be silent.
    #[derive(Debug)]
    struct Services {
        has_kms: bool,
    }

    impl HttpConnector for Services {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let target = request.headers().get("x-amz-target").unwrap();
            let body = match target {
                "DynamoDB_20120810.GetItem" => {
                    json!({"Item": {"pk": {"S": "p"}, "sk": {"S": "s"}, "wrapped_key": {"S": "AAAA"}}})
                }
                _ if self.has_kms => json!({"Plaintext": BASE64.encode(&[7; 32])}),
                _ => return HttpConnectorFuture::new(pending()),
            };
            let body = SdkBody::from(body.to_string());
            let answer = HttpResponse::new(StatusCode::try_from(200).unwrap(), body);
            HttpConnectorFuture::ready(Ok(answer))
        }
    }

    /// Whether the data key is open at the end of a start, which takes less time than an attempt at a call.
    async fn is_open_after_start(has_kms: bool) -> bool {
        let connector = SharedHttpConnector::new(Services { has_kms });
        let variable = |name: &str| (!name.contains("ENDPOINT")).then(|| "test".to_owned());
        let settings = AwsSettings::read(&mut Vars::new(&variable));
        let config = sdk_config(&settings)
            .to_builder()
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        let keyring = KeyringStore::new(Table::new(&config, "table"));
        let vault = Arc::new(KmsVault::new(&config, keyring));
        let start = vault.warm_beside(ready(()));
        timeout(ATTEMPT, start).await.unwrap();
        let keys = vault.open_keys.lock().unwrap();
        keys.values().any(|key| key.get().is_some())
    }

    #[tokio::test]
    async fn a_start_waits_for_the_data_key_unless_kms_is_silent() {
        assert!(is_open_after_start(true).await);
        assert!(!is_open_after_start(false).await);
    }

    #[test]
    fn a_data_key_of_another_length_is_refused() {
        assert!(OpenKey::of(&[7; 31]).is_err());
    }
}
