//! An in-memory `DynamoDB` with our table, behind an HTTP port. Its data ends with the value.
//!
//! Conditions, transactions, indexes and idempotency tokens are real, and the AWS SDK talks to it as to the
//! service.

use std::io;

use dynoxide::Database;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// The default name of the table.
pub const TABLE_NAME: &str = "vestibule";

/// A running `DynamoDB` with one table.
#[derive(Debug)]
pub struct DynamoDb {
    url: String,
    table_name: String,
    database: Handle,
    serving: AbortHandle,
}

impl DynamoDb {
    /// Starts a database on a free loopback port and creates the table.
    ///
    /// # Errors
    /// When no port can be bound or the table definition is refused.
    pub async fn start() -> io::Result<Self> {
        Self::start_with_table(TABLE_NAME).await
    }

    /// Starts a database whose table has this name.
    ///
    /// # Errors
    /// When no port can be bound or the table definition is refused.
    pub async fn start_with_table(table_name: &str) -> io::Result<Self> {
        let database = Database::memory().map_err(refused)?;
        database
            .create_table(from_json(table_definition(table_name))?)
            .map_err(refused)?;
        database
            .update_time_to_live(from_json(json!({
                "TableName": table_name,
                "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": true},
            }))?)
            .map_err(refused)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let serving = tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        Ok(Self {
            url,
            table_name: table_name.to_owned(),
            database: Handle(database),
            serving: serving.abort_handle(),
        })
    }

    /// The endpoint URL for the SDK.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The table's name.
    #[must_use]
    pub fn table_name(&self) -> &str {
        &self.table_name
    }

    /// Every item of the table as plain JSON (`{"S": "x"}` becomes `"x"`).
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn items(&self) -> io::Result<Vec<Map<String, Value>>> {
        self.read_all(&json!({"TableName": self.table_name}))
    }

    /// Every entry of an index as plain JSON. A sparse index has fewer entries than the table.
    ///
    /// # Errors
    /// When there is no such index.
    pub fn index_items(&self, index_name: &str) -> io::Result<Vec<Map<String, Value>>> {
        self.read_all(&json!({"TableName": self.table_name, "IndexName": index_name}))
    }

    /// Whether an index has no entry.
    ///
    /// # Errors
    /// When there is no such index.
    pub fn is_index_empty(&self, index_name: &str) -> io::Result<bool> {
        let request = json!({"TableName": self.table_name, "IndexName": index_name, "Limit": 1});
        let page = self.database.0.scan(from_json(request)?).map_err(refused)?;
        Ok(page.count == 0)
    }

    /// Writes one item, given as `DynamoDB` JSON (`{"pk": {"S": "x"}}`), without our application code.
    ///
    /// # Errors
    /// When the item is refused.
    pub fn put_raw(&self, item: &Value) -> io::Result<()> {
        let request = json!({"TableName": self.table_name, "Item": item});
        self.database
            .0
            .put_item(from_json(request)?)
            .map_err(refused)?;
        Ok(())
    }

    /// Deletes one item, without our application code.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn delete_raw(&self, pk: &str, sk: &str) -> io::Result<()> {
        let key = json!({"pk": {"S": pk}, "sk": {"S": sk}});
        let request = json!({"TableName": self.table_name, "Key": key});
        self.database
            .0
            .delete_item(from_json(request)?)
            .map_err(refused)?;
        Ok(())
    }

    /// Deletes the items that have expired by the system's time, as TTL eventually does, and returns their
    /// number.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn expire(&self) -> io::Result<usize> {
        self.database.0.sweep_ttl().map_err(refused)
    }

    /// The database itself, for operations without a method here.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database.0
    }

    fn read_all(&self, request: &Value) -> io::Result<Vec<Map<String, Value>>> {
        let mut items = Vec::new();
        let mut request = request.clone();
        // Without a limit, the database reads the whole rest of the table for each page of a megabyte.
        if let Value::Object(fields) = &mut request {
            fields.insert("Limit".into(), PAGE_ROWS.into());
        }
        loop {
            let page = self
                .database
                .0
                .scan(from_json(request.clone())?)
                .map_err(refused)?;
            let mut page = to_json(&page)?;
            if let Some(Value::Array(found)) = page.get_mut("Items").map(Value::take) {
                items.extend(found.into_iter().map(plain_item));
            }
            match page.get_mut("LastEvaluatedKey").map(Value::take) {
                Some(key @ Value::Object(_)) => {
                    if let Value::Object(fields) = &mut request {
                        fields.insert("ExclusiveStartKey".into(), key);
                    }
                }
                _ => return Ok(items),
            }
        }
    }
}

/// Most rows of a page.
const PAGE_ROWS: u32 = 4_000;

impl Drop for DynamoDb {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// `CreateTable` for our table: keys and indexes as in `template.yaml`, which a test compares with this.
#[must_use]
pub fn table_definition(table_name: &str) -> Value {
    let index = |name: &str, hash: &str, range: &str, projection: &str| {
        json!({
            "IndexName": name,
            "KeySchema": [
                {"AttributeName": hash, "KeyType": "HASH"},
                {"AttributeName": range, "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": projection},
        })
    };
    json!({
        "TableName": table_name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "state_pk", "AttributeType": "S"},
            {"AttributeName": "state_sk", "AttributeType": "S"},
            {"AttributeName": "all_pk", "AttributeType": "S"},
            {"AttributeName": "all_sk", "AttributeType": "S"},
            {"AttributeName": "outbox_pk", "AttributeType": "S"},
            {"AttributeName": "outbox_due", "AttributeType": "N"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "GlobalSecondaryIndexes": [
            index("lists_by_state", "state_pk", "state_sk", "ALL"),
            index("lists_all", "all_pk", "all_sk", "ALL"),
            index("outbox", "outbox_pk", "outbox_due", "KEYS_ONLY"),
        ],
    })
}

/// Wraps the database, which has no `Debug`.
#[derive(Clone)]
struct Handle(Database);

impl std::fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Database")
    }
}

fn plain_item(item: Value) -> Map<String, Value> {
    match item {
        Value::Object(attributes) => attributes
            .into_iter()
            .map(|(name, value)| (name, plain(value)))
            .collect(),
        _ => Map::new(),
    }
}

fn plain(attribute: Value) -> Value {
    let Value::Object(typed) = attribute else {
        return attribute;
    };
    let Some((kind, value)) = typed.into_iter().next() else {
        return Value::Null;
    };
    match (kind.as_str(), value) {
        ("NULL", _) => Value::Null,
        ("N", Value::String(digits)) => number(&digits),
        ("NS", Value::Array(all)) => all
            .iter()
            .map(|one| number(one.as_str().unwrap_or_default()))
            .collect(),
        ("L", Value::Array(all)) => all.into_iter().map(plain).collect(),
        ("M", nested) => Value::Object(plain_item(nested)),
        (_, value) => value,
    }
}

fn number(digits: &str) -> Value {
    serde_json::from_str(digits).unwrap_or_else(|_| Value::String(digits.to_owned()))
}

fn from_json<T: DeserializeOwned>(value: Value) -> io::Result<T> {
    serde_json::from_value(value).map_err(io::Error::other)
}

fn to_json<T: Serialize>(value: &T) -> io::Result<Value> {
    serde_json::to_value(value).map_err(io::Error::other)
}

fn refused(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_table_has_the_three_indexes_and_the_outbox_is_sparse_and_keys_only() {
        let db = DynamoDb::start().await.unwrap();
        db.put_raw(&json!({
            "pk": {"S": "a"}, "sk": {"S": "1"}, "count": {"N": "3"}, "tags": {"L": [{"S": "x"}, {"NULL": true}]},
            "outbox_pk": {"S": "due"}, "outbox_due": {"N": "1700000000000"},
        }))
        .unwrap();
        db.put_raw(&json!({"pk": {"S": "b"}, "sk": {"S": "1"}}))
            .unwrap();
        assert_eq!(db.items().unwrap().len(), 2);
        assert_eq!(db.index_items("lists_all").unwrap().len(), 0);
        assert_eq!(db.index_items("lists_by_state").unwrap().len(), 0);
        let due = db.index_items("outbox").unwrap();
        assert_eq!(
            Value::Object(due[0].clone()),
            json!({"pk": "a", "sk": "1", "outbox_pk": "due", "outbox_due": 1_700_000_000_000_i64})
        );
        let item = db
            .items()
            .unwrap()
            .into_iter()
            .find(|item| item["pk"] == "a")
            .unwrap();
        assert_eq!(item["count"], 3);
        assert_eq!(item["tags"], json!(["x", null]));
    }

    #[tokio::test]
    async fn a_condition_that_fails_changes_nothing() {
        let db = DynamoDb::start().await.unwrap();
        let put = json!({
            "TableName": TABLE_NAME, "Item": {"pk": {"S": "a"}, "sk": {"S": "1"}},
            "ConditionExpression": "attribute_not_exists(pk)",
        });
        db.database()
            .put_item(from_json(put.clone()).unwrap())
            .unwrap();
        assert!(db.database().put_item(from_json(put).unwrap()).is_err());
        assert_eq!(db.items().unwrap().len(), 1);
    }
}
