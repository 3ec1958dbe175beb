//! Audit entries are added and never replaced. IAM can refuse updates and deletions, but cannot stop a put
//! from replacing an entry; only the condition of the put does.

use serde_json::Value;

use super::request::transaction_parts;
use super::statement::is_like;

const ENTRY: &str = "ACCOUNT#*#AUDIT#*";
const CONDITION: &str = "attribute_not_exists(pk)";

/// Checks that every put of an audit entry has its condition.
pub(super) fn check(operation: &str, input: &Value) -> Result<(), String> {
    let alone = (operation == "DynamoDB.PutItem").then_some(input);
    let puts = transaction_parts(input)
        .filter(|(kind, _)| *kind == "Put")
        .map(|(_, put)| put);
    for put in alone.into_iter().chain(puts) {
        let partition = put
            .pointer("/Item/pk/S")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if is_like(ENTRY, partition) && put["ConditionExpression"] != CONDITION {
            return Err(format!(
                "{operation} could replace an entry of {partition}: its condition is {}, not {CONDITION}",
                put["ConditionExpression"]
            ));
        }
    }
    Ok(())
}
