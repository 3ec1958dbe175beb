//! Secrets Manager: the value of a secret, by name or ARN.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, AwsError, text};

pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-AbCdEf")
}

pub(super) fn get_value(secrets: &BTreeMap<String, String>, input: &Value) -> Answer {
    let id = text(input, "SecretId").unwrap_or_default();
    let value = secrets.get(id).ok_or_else(|| {
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
        "ARN": arn(name), "Name": name, "SecretString": value, "VersionStages": ["AWSCURRENT"],
        "VersionId": "00000000-0000-4000-8000-000000000001", "CreatedDate": 1_700_000_000.0,
    }))
}
