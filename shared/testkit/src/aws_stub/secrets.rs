//! Secrets Manager: the value of a secret, by name or ARN.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, AwsError, text};

/// A secret's value, and when it was set.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) value: String,
    pub(super) set_ms: i64,
}

pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-AbCdEf")
}

pub(super) fn get_value(secrets: &BTreeMap<String, Stored>, input: &Value) -> Answer {
    let id = text(input, "SecretId").unwrap_or_default();
    let stored = secrets.get(id).ok_or_else(|| {
        AwsError::refused(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        )
    })?;
    let name = id
        .rsplit_once(":secret:")
        .and_then(|(_, name)| name.rsplit_once('-'))
        .map_or(id, |(name, _)| name);
    Ok(json!({
        "ARN": arn(name), "Name": name, "SecretString": stored.value, "VersionStages": ["AWSCURRENT"],
        "VersionId": "00000000-0000-4000-8000-000000000001", "CreatedDate": seconds(stored.set_ms),
    }))
}

/// A time as the service writes it: seconds, with milliseconds behind the point.
fn seconds(millis: i64) -> Value {
    let text = format!("{}.{:03}", millis.div_euclid(1000), millis.rem_euclid(1000));
    serde_json::from_str(&text).unwrap_or(Value::Null)
}
