//! The targets of calls that roles are tried with, and the calls on them.

use crate::{
    aws::{AwsCall, call},
    stack::Stack,
};
use serde_json::{Value, json};

/// A well-formed id of nothing.
pub const NOBODY: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

/// The targets of the calls.
pub struct Resources<'a> {
    stack: &'a Stack,
    key_id: String,
    setup_secret: String,
    /// The stack's data key, in its stored form.
    wrapped_key: String,
}

impl<'a> Resources<'a> {
    pub async fn of(stack: &'a Stack) -> Self {
        let admin = stack.facts["functions"]["AdminTeamFunction"].clone();
        let keyring = json!({"pk": {"S": "KEYRING"}, "sk": {"S": "CURRENT"}});
        let calls = vec![
            call(
                "lambda",
                "get_function_configuration",
                json!({"FunctionName": admin}),
            ),
            call(
                "dynamodb",
                "get_item",
                json!({"TableName": stack.fact("table_name"), "Key": keyring}),
            ),
        ];
        let answers = stack.aws(calls).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let variables = &answers[0]["Environment"]["Variables"];
        Self {
            stack,
            key_id: text(&variables["KMS_KEY_ID"]),
            setup_secret: text(&variables["SETUP_SECRET_ARN"]),
            wrapped_key: text(&answers[1]["Item"]["wrapped_key"]["S"]),
        }
    }

    /// A meaningless row in this partition.
    pub fn row(partition: &str) -> Value {
        json!({"pk": {"S": partition}, "sk": {"S": "END_TO_END"}})
    }

    /// A row in the partition with this suffix under the project.
    pub fn of_project(&self, rest: &str) -> Value {
        let (account, project) = (self.stack.fact("account_id"), self.stack.fact("project_id"));
        Self::row(&format!("ACCOUNT#{account}#PROJECT#{project}#{rest}"))
    }

    pub fn user(&self) -> Value {
        self.of_project(&format!("USER#{NOBODY}"))
    }

    pub fn account(&self) -> Value {
        Self::row(&format!("ACCOUNT#{}", self.stack.fact("account_id")))
    }

    /// A row in the partition of this kind and name under the account.
    pub fn of_account(&self, kind: &str, name: &str) -> Value {
        let account = self.stack.fact("account_id");
        Self::row(&format!("ACCOUNT#{account}#{kind}{name}"))
    }

    /// A mail to the service's own mailbox for tests.
    pub fn mail() -> AwsCall {
        call(
            "ses",
            "send_email",
            json!({
                "Source": "vestibule@example.com",
                "Destination": {"ToAddresses": ["success@simulator.amazonses.com"]},
                "Message": {"Subject": {"Data": "Test"}, "Body": {"Text": {"Data": "Test"}}},
            }),
        )
    }

    /// Enqueues a job about a mail that does not exist, with which the worker has nothing to do.
    pub fn enqueue_mail(&self) -> AwsCall {
        let job = json!({
            "job": "send_mail",
            "account_id": self.stack.fact("account_id"), "mail_id": NOBODY,
        });
        self.enqueue("email_queue_url", &job)
    }

    /// Enqueues the record of a refused sign-in of nobody, with which the worker has nothing to do.
    pub fn enqueue_refusal(&self) -> AwsCall {
        let job = json!({
            "job": "record_refusal", "login_id": NOBODY, "audit_id": NOBODY,
            "address": "192.0.2.7", "request_id": "end_to_end", "at": "2026-11-29T10:00:00.000Z",
        });
        self.enqueue("team_queue_url", &job)
    }

    pub fn uses_of_keys(&self) -> Value {
        let account = self.stack.fact("account_id");
        Self::row(&format!("ACCOUNT#{account}#KEY_USES"))
    }

    pub fn conversation(&self) -> Value {
        self.of_project(&format!("CONVERSATION#{NOBODY}"))
    }

    pub fn closings(&self) -> Value {
        self.of_project("CLOSINGS")
    }

    pub fn pending(&self) -> Value {
        self.of_project("REQUESTS#pending")
    }

    pub fn projects(&self) -> Value {
        Self::row(&format!(
            "ACCOUNT#{}#PROJECTS",
            self.stack.fact("account_id")
        ))
    }

    pub fn connector() -> Value {
        Self::row(&format!("CONNECTOR#{NOBODY}"))
    }

    pub fn pace() -> Value {
        Self::row(&format!("CONNECTOR#{NOBODY}#PACE"))
    }

    pub fn outbox() -> Value {
        Self::row("OUTBOX#onboard_chat_user#0")
    }

    fn table(&self) -> &str {
        self.stack.fact("table_name")
    }

    pub fn get_item(&self, row: &Value) -> AwsCall {
        call(
            "dynamodb",
            "get_item",
            json!({"TableName": self.table(), "Key": row}),
        )
    }

    pub fn batch_get_item(&self, row: &Value) -> AwsCall {
        let table = self.table();
        call(
            "dynamodb",
            "batch_get_item",
            json!({"RequestItems": {table: {"Keys": [row]}}}),
        )
    }

    pub fn put_item(&self, row: &Value) -> AwsCall {
        call(
            "dynamodb",
            "put_item",
            json!({"TableName": self.table(), "Item": row}),
        )
    }

    pub fn update_item(&self, row: &Value) -> AwsCall {
        call(
            "dynamodb",
            "update_item",
            json!({
                "TableName": self.table(), "Key": row, "UpdateExpression": "SET tried = :yes",
                "ExpressionAttributeValues": {":yes": {"BOOL": true}},
            }),
        )
    }

    pub fn delete_item(&self, row: &Value) -> AwsCall {
        call(
            "dynamodb",
            "delete_item",
            json!({"TableName": self.table(), "Key": row}),
        )
    }

    pub fn scan(&self) -> AwsCall {
        call(
            "dynamodb",
            "scan",
            json!({"TableName": self.table(), "Limit": 1}),
        )
    }

    pub fn query(&self, index: Option<&str>, row: &Value) -> AwsCall {
        let partition_key = match index {
            None => "pk",
            Some("lists_by_state") => "state_pk",
            Some("lists_all") => "all_pk",
            Some("outbox") => "outbox_pk",
            Some(index) => panic!("there is no index {index}"),
        };
        let mut arguments = json!({
            "TableName": self.table(), "Limit": 1, "KeyConditionExpression": format!("{partition_key} = :partition"),
            "ExpressionAttributeValues": {":partition": row["pk"]},
        });
        if let Some(index) = index {
            arguments["IndexName"] = index.into();
        }
        call("dynamodb", "query", arguments)
    }

    pub fn decrypt(&self) -> AwsCall {
        call(
            "kms",
            "decrypt",
            json!({
                "CiphertextBlob": {"$base64": self.wrapped_key},
                "EncryptionContext": {"vestibule": "data-key"},
            }),
        )
    }

    pub fn encrypt(&self) -> AwsCall {
        call(
            "kms",
            "encrypt",
            json!({"KeyId": self.key_id, "Plaintext": {"$base64": "dGV4dA=="}}),
        )
    }

    pub fn generate_data_key(&self) -> AwsCall {
        call(
            "kms",
            "generate_data_key",
            json!({
                "KeyId": self.key_id, "KeySpec": "AES_256",
                "EncryptionContext": {"vestibule": "data-key"},
            }),
        )
    }

    pub fn setup_secret(&self) -> AwsCall {
        call(
            "secretsmanager",
            "get_secret_value",
            json!({"SecretId": self.setup_secret}),
        )
    }

    /// Enqueues a job about nobody, with which the worker has nothing to do.
    pub fn enqueue_onboarding(&self) -> AwsCall {
        let job = json!({
            "job": "onboard_chat_user",
            "account_id": self.stack.fact("account_id"), "project_id": self.stack.fact("project_id"),
            "chat_user_id": NOBODY, "connector_id": self.stack.connector(),
        });
        self.enqueue("onboarding_queue_url", &job)
    }

    /// Enqueues a job about a conversation that does not exist, with which the worker has nothing to do.
    pub fn enqueue_outgoing(&self) -> AwsCall {
        let job = json!({
            "job": "send_messages",
            "account_id": self.stack.fact("account_id"), "project_id": self.stack.fact("project_id"),
            "conversation_id": NOBODY, "connector_id": self.stack.connector(),
        });
        self.enqueue("outgoing_queue_url", &job)
    }

    /// Enqueues a job about an agent for which no messages wait.
    pub fn enqueue_drain(&self) -> AwsCall {
        let job = json!({
            "job": "drain_parked",
            "account_id": self.stack.fact("account_id"), "project_id": self.stack.fact("project_id"),
            "environment_id": NOBODY,
        });
        self.enqueue_in_turn("inbox_queue_url", &job)
    }

    /// Enqueues a job about a desk where nobody waits.
    pub fn enqueue_routing(&self) -> AwsCall {
        let job = json!({
            "job": "drain_desk",
            "account_id": self.stack.fact("account_id"), "channel": "end_to_end",
        });
        self.enqueue_in_turn("routing_queue_url", &job)
    }

    /// Enqueues an outgoing event that there is not, with which the worker has nothing to do.
    pub fn enqueue_event(&self) -> AwsCall {
        let job = json!({
            "job": "publish_event",
            "account_id": self.stack.fact("account_id"), "event_id": NOBODY,
        });
        self.enqueue("events_queue_url", &job)
    }

    fn enqueue_in_turn(&self, queue: &str, job: &Value) -> AwsCall {
        call(
            "sqs",
            "send_message",
            json!({
                "QueueUrl": self.stack.fact(queue), "MessageBody": job.to_string(),
                "MessageGroupId": "end-to-end", "MessageDeduplicationId": "end-to-end",
            }),
        )
    }

    fn enqueue(&self, queue: &str, job: &Value) -> AwsCall {
        call(
            "sqs",
            "send_message",
            json!({"QueueUrl": self.stack.fact(queue), "MessageBody": job.to_string()}),
        )
    }

    /// Only for roles that must not send, because no worker could read the message.
    pub fn send(&self, queue: &str) -> AwsCall {
        let mut arguments = json!({"QueueUrl": self.stack.fact(queue), "MessageBody": "{}"});
        if queue.starts_with("inbox_") || queue.starts_with("routing_") {
            arguments["MessageGroupId"] = "end-to-end".into();
            arguments["MessageDeduplicationId"] = "end-to-end".into();
        }
        call("sqs", "send_message", arguments)
    }

    /// Only for roles that must not receive, because a worker would miss the message.
    pub fn receive(&self, queue: &str) -> AwsCall {
        call(
            "sqs",
            "receive_message",
            json!({"QueueUrl": self.stack.fact(queue)}),
        )
    }

    pub fn queue_attributes(&self, queue: &str) -> AwsCall {
        call(
            "sqs",
            "get_queue_attributes",
            json!({"QueueUrl": self.stack.fact(queue), "AttributeNames": ["QueueArn"]}),
        )
    }
}
