//! The rows that a write of `DynamoDB` is about.

use serde_json::Value;

/// Tells of each part of a write whether it is about this row. A write that is no transaction has one part, and any other
/// call has none.
pub(super) fn parts_at(class: &str, body: &[u8], pk: &str, sk: &str) -> Vec<bool> {
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
    let is_at = |part: &Value| {
        let key = part.get("Key").or_else(|| part.get("Item"));
        let text = |name: &str| key?.get(name)?.get("S")?.as_str();
        text("pk") == Some(pk) && text("sk") == Some(sk)
    };
    match class {
        "DynamoDB.PutItem" | "DynamoDB.UpdateItem" | "DynamoDB.DeleteItem" => vec![is_at(&input)],
        "DynamoDB.TransactWriteItems" => {
            let parts = input.get("TransactItems").and_then(Value::as_array);
            // A part is an object whose only field names its kind.
            let of_kind = |part: &Value| part.as_object()?.values().next().map(is_at);
            let parts = parts.into_iter().flatten();
            parts
                .map(|part| of_kind(part).unwrap_or_default())
                .collect()
        }
        _ => Vec::new(),
    }
}
