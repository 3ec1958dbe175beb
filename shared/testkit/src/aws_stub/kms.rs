//! KMS data keys, wrapped so that only the same key and the same encryption context unwrap them.
//!
//! The wrapping (an HMAC as key stream and tag) is deterministic, for tests only, and not secure.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{Answer, AwsError, text};
use crate::crypto::hmac_sha256;

const MASTER: &[u8] = b"the master key of a test";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 8;
const TAG_BYTES: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Kms {
    keys: BTreeSet<String>,
}

impl Kms {
    pub(super) fn create_key(&mut self, key_id: &str) -> String {
        let arn = arn(key_id);
        self.keys.insert(arn.clone());
        arn
    }

    pub(super) fn generate_data_key(&self, input: &Value, id: u64) -> Answer {
        let key = self.find(text(input, "KeyId").unwrap_or_default())?;
        let is_aes_256 = text(input, "KeySpec") == Some("AES_256")
            || input.get("NumberOfBytes").and_then(Value::as_u64) == Some(32);
        if !is_aes_256 {
            return Err(AwsError::refused(
                "ValidationException",
                "the stub makes AES_256 keys only",
            ));
        }
        let nonce = id.to_be_bytes();
        let plaintext = hmac_sha256(MASTER, &[b"data key", &nonce]);
        let blob = wrap(&key, &context(input), &nonce, &plaintext);
        Ok(json!({
            "KeyId": key, "Plaintext": BASE64.encode(&plaintext), "CiphertextBlob": BASE64.encode(&blob),
        }))
    }

    pub(super) fn decrypt(&self, input: &Value) -> Answer {
        let invalid = || AwsError::refused("InvalidCiphertextException", "");
        let blob = text(input, "CiphertextBlob")
            .and_then(|blob| BASE64.decode(blob.as_bytes()).ok())
            .ok_or_else(invalid)?;
        let nonce = blob.get(..NONCE_BYTES).ok_or_else(invalid)?;
        let wrapped = blob
            .get(NONCE_BYTES..NONCE_BYTES + KEY_BYTES)
            .ok_or_else(invalid)?;
        let context = context(input);
        for key in &self.keys {
            let plaintext = xor(wrapped, &stream(key, nonce));
            if wrap(key, &context, nonce, &plaintext) != blob {
                continue;
            }
            if let Some(wanted) = text(input, "KeyId")
                && self.find(wanted)? != *key
            {
                return Err(AwsError::refused(
                    "IncorrectKeyException",
                    "The key ID in the request does not identify a CMK that can perform this operation.",
                ));
            }
            return Ok(json!({
                "KeyId": key, "Plaintext": BASE64.encode(&plaintext), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            }));
        }
        Err(invalid())
    }

    fn find(&self, id: &str) -> Result<String, AwsError> {
        [id.to_owned(), arn(id)]
            .into_iter()
            .find(|arn| self.keys.contains(arn))
            .ok_or_else(|| {
                AwsError::refused("NotFoundException", format!("Key '{id}' does not exist"))
            })
    }
}

fn arn(key_id: &str) -> String {
    if key_id.starts_with("arn:") {
        key_id.to_owned()
    } else {
        format!("arn:aws:kms:us-east-1:000000000000:key/{key_id}")
    }
}

fn wrap(key: &str, context: &str, nonce: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let wrapped = xor(plaintext, &stream(key, nonce));
    let tag = hmac_sha256(
        MASTER,
        &[b"tag", key.as_bytes(), context.as_bytes(), nonce, &wrapped],
    );
    let mut blob = Vec::with_capacity(NONCE_BYTES + KEY_BYTES + TAG_BYTES);
    blob.extend_from_slice(nonce);
    blob.extend_from_slice(&wrapped);
    blob.extend_from_slice(&tag);
    blob
}

fn stream(key: &str, nonce: &[u8]) -> [u8; KEY_BYTES] {
    hmac_sha256(MASTER, &[b"stream", key.as_bytes(), nonce])
}

fn xor(left: &[u8], right: &[u8]) -> Vec<u8> {
    left.iter()
        .zip(right)
        .map(|(left, right)| left ^ right)
        .collect()
}

/// Sorts the pairs by name, because the order in which a client sends them must not matter.
fn context(input: &Value) -> String {
    let mut pairs: Vec<_> = input
        .get("EncryptionContext")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .collect();
    pairs.sort_by(|left, right| left.0.cmp(right.0));
    json!(pairs).to_string()
}
