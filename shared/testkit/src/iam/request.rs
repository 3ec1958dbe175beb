//! The permissions that a call to AWS needs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::template::{Template, entries};

/// One permission that a call needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `dynamodb:PutItem`, `sqs:SendMessage`, …
    pub action: String,
    /// The logical id of the resource, followed by the rest of the ARN: `Table/index/outbox`.
    pub resource: String,
    /// Values of condition keys, by lower-case name.
    pub context: BTreeMap<String, Vec<String>>,
}

/// The condition key that holds the partition keys of an action.
const LEADING_KEYS: &str = "dynamodb:leadingkeys";
/// The condition key that holds the sender of a mail.
const FROM_ADDRESS: &str = "ses:fromaddress";
/// The resource of every mail. Mails have no resource of the template.
const MAILS: &str = "SES";
/// Prefix of the condition keys for an encryption context.
const ENCRYPTION_CONTEXT: &str = "kms:encryptioncontext:";

impl Request {
    /// A request without condition keys.
    #[must_use]
    pub fn new(action: &str, resource: &str) -> Self {
        Self {
            action: action.to_owned(),
            resource: resource.to_owned(),
            context: BTreeMap::new(),
        }
    }

    /// The same request for rows in these partitions.
    #[must_use]
    pub fn of_partitions<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        let keys = keys.into_iter().map(Into::into).collect();
        self.context.insert(LEADING_KEYS.to_owned(), keys);
        self
    }

    /// A request about a mail from this address. `${EmailFrom}` stands for the value of that parameter.
    #[must_use]
    pub fn of_mail(action: &str, from: &str) -> Self {
        let mut request = Self::new(action, MAILS);
        let from = vec![from.to_owned()];
        request.context.insert(FROM_ADDRESS.to_owned(), from);
        request
    }

    /// The same request with a KMS encryption context.
    #[must_use]
    pub fn with_encryption_context<'a>(
        mut self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut names = Vec::new();
        for (name, value) in pairs {
            let key = format!("{ENCRYPTION_CONTEXT}{}", name.to_ascii_lowercase());
            self.context.insert(key, vec![value.to_owned()]);
            names.push(name.to_owned());
        }
        if !names.is_empty() {
            self.context
                .insert("kms:encryptioncontextkeys".to_owned(), names);
        }
        self
    }

    /// The KMS encryption context: `name=value`, separated by commas.
    #[must_use]
    pub fn encryption_context(&self) -> String {
        let pairs = self.context.iter().filter_map(|(key, values)| {
            let name = key.strip_prefix(ENCRYPTION_CONTEXT)?;
            Some(format!("{name}={}", values.concat()))
        });
        pairs.collect::<Vec<_>>().join(",")
    }

    /// The partition keys of the request.
    #[must_use]
    pub fn partitions(&self) -> &[String] {
        self.context.get(LEADING_KEYS).map_or(&[], Vec::as_slice)
    }
}

/// Names of the template's resources as calls use them.
#[derive(Clone, Debug)]
pub(super) struct Names {
    table: String,
    /// Partition key attributes by index; the empty name is the table itself.
    partition_keys: BTreeMap<String, String>,
    /// Logical ids by the suffix of the queue's name.
    queues: BTreeMap<String, String>,
    key: String,
    secret: String,
}

impl Names {
    pub(super) fn of(template: &Template) -> Result<Self, String> {
        let only = |resource_type: &str| match *template.of_type(resource_type) {
            [resource] => Ok(resource),
            ref found => Err(format!("there are {} of {resource_type}", found.len())),
        };
        let table = only("AWS::DynamoDB::Table")?;
        let mut partition_keys = BTreeMap::new();
        let indexes = table.property("GlobalSecondaryIndexes").as_array();
        let keyed = indexes.into_iter().flatten().map(|index| {
            let name = index["IndexName"].as_str().unwrap_or_default();
            (name, &index["KeySchema"])
        });
        for (name, schema) in keyed.chain([("", table.property("KeySchema"))]) {
            let hash = schema.as_array().into_iter().flatten();
            let hash = hash
                .filter(|key| key["KeyType"] == "HASH")
                .find_map(|key| key["AttributeName"].as_str())
                .ok_or_else(|| format!("`{name}` has no partition key"))?;
            partition_keys.insert(name.to_owned(), hash.to_owned());
        }
        let queues = template
            .of_type("AWS::SQS::Queue")
            .into_iter()
            .map(|queue| {
                let name = queue.property("QueueName")["Fn::Sub"].as_str();
                name.and_then(|name| name.strip_prefix("${AWS::StackName}-"))
                    .map(|name| (name.to_owned(), queue.id.to_owned()))
                    .ok_or_else(|| {
                        format!("the name of {} does not begin with the stack's", queue.id)
                    })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            table: table.id.to_owned(),
            partition_keys,
            queues,
            key: only("AWS::KMS::Key")?.id.to_owned(),
            secret: only("AWS::SecretsManager::Secret")?.id.to_owned(),
        })
    }

    /// The requests of a call, such as `DynamoDB.PutItem` with its JSON.
    ///
    /// A transaction needs a permission for each part, and another for all parts with the same action
    /// together, because AWS does not document which of the two it checks.
    ///
    /// # Errors
    /// With a sentence, when the call is not understood.
    pub(super) fn requests(&self, operation: &str, input: &Value) -> Result<Vec<Request>, String> {
        let (service, name) = operation
            .split_once('.')
            .ok_or_else(|| format!("`{operation}` is no operation"))?;
        match service {
            "DynamoDB" => self.of_table(name, input),
            "SQS" => {
                let url = input["QueueUrl"].as_str().unwrap_or_default();
                let queue = url.rsplit('/').next().unwrap_or_default();
                let id = self.queues.get(queue);
                let id = id.ok_or_else(|| format!("{url} is no queue of the template"))?;
                Ok(vec![Request::new(&format!("sqs:{name}"), id)])
            }
            "KMS" => {
                let request = Request::new(&format!("kms:{name}"), &self.key);
                let pairs = entries(&input["EncryptionContext"])
                    .map(|(name, value)| (name, value.as_str().unwrap_or_default()));
                Ok(vec![request.with_encryption_context(pairs)])
            }
            "SecretsManager" => Ok(vec![Request::new(
                &format!("secretsmanager:{name}"),
                &self.secret,
            )]),
            // The template does not know the address; whose it is, is a matter of the flows.
            "SES" => Ok(vec![Request::new(&format!("ses:{name}"), MAILS)]),
            _ => Err(format!("the template has nothing for {operation}")),
        }
    }

    fn of_table(&self, name: &str, input: &Value) -> Result<Vec<Request>, String> {
        let on_table = |action: &str| Request::new(&format!("dynamodb:{action}"), &self.table);
        Ok(match name {
            "GetItem" | "UpdateItem" | "DeleteItem" => {
                vec![on_table(name).of_partitions([self.partition_of(&input["Key"])?])]
            }
            "PutItem" => vec![on_table(name).of_partitions([self.partition_of(&input["Item"])?])],
            "BatchGetItem" => {
                let keys = entries(&input["RequestItems"])
                    .flat_map(|(_, rows)| rows["Keys"].as_array().into_iter().flatten())
                    .map(|key| self.partition_of(key))
                    .collect::<Result<Vec<_>, _>>()?;
                vec![on_table(name).of_partitions(keys)]
            }
            "TransactWriteItems" => self.of_transaction(input)?,
            "Query" => {
                let index = input["IndexName"].as_str();
                let partition = self.queried_partition(index.unwrap_or_default(), input)?;
                let mut request = on_table(name).of_partitions([partition]);
                if let Some(index) = index {
                    request.resource = format!("{}/index/{index}", self.table);
                }
                vec![request]
            }
            other => return Err(format!("whose rows {other} is about is not understood")),
        })
    }

    fn of_transaction(&self, input: &Value) -> Result<Vec<Request>, String> {
        let mut of_action: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (kind, part) in transaction_parts(input) {
            let (action, row) = match kind {
                "Put" => ("PutItem", &part["Item"]),
                "Update" => ("UpdateItem", &part["Key"]),
                "Delete" => ("DeleteItem", &part["Key"]),
                "ConditionCheck" => ("ConditionCheckItem", &part["Key"]),
                other => return Err(format!("a transaction's {other} is not understood")),
            };
            of_action
                .entry(format!("dynamodb:{action}"))
                .or_default()
                .insert(self.partition_of(row)?);
        }
        let mut requests = Vec::new();
        for (action, keys) in of_action {
            let request = Request::new(&action, &self.table);
            let each = keys.iter().map(|key| request.clone().of_partitions([key]));
            requests.extend(each);
            if keys.len() > 1 {
                requests.push(request.of_partitions(keys));
            }
        }
        Ok(requests)
    }

    /// The partition key of a row or of a primary key.
    fn partition_of(&self, row: &Value) -> Result<String, String> {
        let name = self.partition_keys.get("").map_or("", String::as_str);
        let value = text_at(row, name);
        value
            .map(str::to_owned)
            .ok_or_else(|| format!("a row without {name}: {row}"))
    }

    /// The partition of a query.
    fn queried_partition(&self, index: &str, input: &Value) -> Result<String, String> {
        let name = self
            .partition_keys
            .get(index)
            .ok_or_else(|| format!("there is no index {index}"))?;
        let condition = input["KeyConditionExpression"].as_str().unwrap_or_default();
        condition
            .split(" AND ")
            .filter_map(|part| part.split_once(" = "))
            .find(|(attribute, _)| attribute.trim() == name)
            .and_then(|(_, value)| text_at(input.get("ExpressionAttributeValues")?, value.trim()))
            .map(str::to_owned)
            .ok_or_else(|| format!("`{condition}` names no {name}"))
    }
}

/// The text of an attribute.
fn text_at<'a>(attributes: &'a Value, name: &str) -> Option<&'a str> {
    attributes.get(name)?.get("S")?.as_str()
}

/// The parts of a transaction: `Put`, `Update`, … with their content.
pub(super) fn transaction_parts(input: &Value) -> impl Iterator<Item = (&str, &Value)> {
    input["TransactItems"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(entries)
}
