//! Compares the stub with AWS's documentation.

use serde_json::{Value, json};
use std::time::Duration;

use super::{AwsStub, QueueSpec};
use crate::clock::TestClock;
use crate::http_client::{HttpAnswer, HttpClient, header_map};

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, \
                      Signature=00";

async fn call(aws: &AwsStub, target: &str, input: Value) -> (u16, Value) {
    let headers = header_map([
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", target),
        ("authorization", SIGNED),
    ])
    .unwrap();
    let HttpAnswer { status, body, .. } = HttpClient::default()
        .send(
            hyper::Method::POST,
            &aws.url(),
            headers,
            input.to_string().into(),
            None,
        )
        .await
        .unwrap();
    (status.as_u16(), serde_json::from_slice(&body).unwrap())
}

async fn fifo() -> AwsStub {
    let aws = AwsStub::start(TestClock::at(1_000_000)).await.unwrap();
    aws.create_queue(QueueSpec::new("dead.fifo", Duration::from_secs(30)));
    aws.create_queue(
        QueueSpec::new("inbox.fifo", Duration::from_mins(1)).dead_letters_to("dead.fifo", 2),
    );
    aws
}

async fn send(aws: &AwsStub, group: &str, key: &str, body: &str) -> Value {
    let (status, answer) = call(
        aws,
        "AmazonSQS.SendMessage",
        json!({"QueueUrl": aws.queue_url("inbox.fifo"), "MessageBody": body, "MessageGroupId": group,
               "MessageDeduplicationId": key}),
    )
    .await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn bodies(event: &Value) -> Vec<&str> {
    event["Records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["body"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_deduplication_id_counts_once_for_five_minutes_even_after_the_message_is_gone() {
    let aws = fifo().await;
    let first = send(&aws, "g", "k", "one").await;
    let batch = aws.take_batch("inbox.fifo", 10).unwrap();
    aws.finish_batch(&batch, Some(&json!({"batchItemFailures": []})));
    aws.advance(Duration::from_mins(5) - Duration::from_millis(1));
    assert_eq!(
        send(&aws, "g", "k", "one").await["MessageId"],
        first["MessageId"]
    );
    assert!(aws.take_batch("inbox.fifo", 10).is_none());
    aws.advance(Duration::from_millis(1));
    assert_ne!(
        send(&aws, "g", "k", "one").await["MessageId"],
        first["MessageId"]
    );
    assert_eq!(aws.accepted("inbox.fifo"), 2);
}

#[tokio::test]
async fn a_group_waits_for_its_failed_message_while_other_groups_go_on() {
    let aws = fifo().await;
    send(&aws, "a", "1", "a1").await;
    send(&aws, "b", "2", "b1").await;
    send(&aws, "a", "3", "a2").await;
    let batch = aws.take_batch("inbox.fifo", 2).unwrap();
    assert_eq!(bodies(&batch.event), ["a1", "b1"]);
    let failed = json!({"batchItemFailures": [{"itemIdentifier": batch.message_ids[0]}]});
    aws.finish_batch(&batch, Some(&failed));
    send(&aws, "b", "4", "b2").await;
    let batch = aws.take_batch("inbox.fifo", 10).unwrap();
    assert_eq!(bodies(&batch.event), ["b2"]);
    aws.finish_batch(&batch, Some(&json!({})));
    aws.advance(Duration::from_mins(1));
    let batch = aws.take_batch("inbox.fifo", 10).unwrap();
    assert_eq!(bodies(&batch.event), ["a1", "a2"]);
    assert_eq!(
        batch.event["Records"][0]["attributes"]["ApproximateReceiveCount"],
        "2"
    );
    assert_eq!(
        batch.event["Records"][0]["attributes"]["MessageGroupId"],
        "a"
    );
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue_and_can_be_redriven() {
    let aws = fifo().await;
    send(&aws, "a", "1", "poison").await;
    for _ in 0..2 {
        let batch = aws.take_batch("inbox.fifo", 10).unwrap();
        aws.finish_batch(&batch, None);
        aws.advance(Duration::from_mins(1));
    }
    assert!(aws.take_batch("inbox.fifo", 10).is_none());
    assert_eq!(aws.messages("dead.fifo")[0].body, "poison");
    assert_eq!(aws.redrive("dead.fifo", "inbox.fifo"), 1);
    assert!(aws.take_batch("inbox.fifo", 10).is_some());
}

#[tokio::test]
async fn an_answer_that_names_an_unknown_message_fails_the_whole_batch() {
    let aws = fifo().await;
    send(&aws, "a", "1", "x").await;
    let batch = aws.take_batch("inbox.fifo", 10).unwrap();
    aws.finish_batch(
        &batch,
        Some(&json!({"batchItemFailures": [{"itemIdentifier": "other"}]})),
    );
    assert!(aws.messages("inbox.fifo")[0].in_flight);
}

#[tokio::test]
async fn the_worker_can_put_a_message_off_by_its_receipt() {
    let aws = fifo().await;
    send(&aws, "a", "1", "x").await;
    let batch = aws.take_batch("inbox.fifo", 10).unwrap();
    let receipt = &batch.event["Records"][0]["receiptHandle"];
    let input = json!({"QueueUrl": aws.queue_url("inbox.fifo"), "ReceiptHandle": receipt, "VisibilityTimeout": 300});
    assert_eq!(
        call(&aws, "AmazonSQS.ChangeMessageVisibility", input.clone())
            .await
            .0,
        200
    );
    aws.finish_batch(&batch, None);
    aws.advance(Duration::from_secs(299));
    assert!(aws.take_batch("inbox.fifo", 10).is_none());
    aws.advance(Duration::from_secs(1));
    assert!(aws.take_batch("inbox.fifo", 10).is_some());
    assert_eq!(
        call(&aws, "AmazonSQS.ChangeMessageVisibility", input)
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn what_sqs_refuses_is_refused() {
    let aws = fifo().await;
    aws.create_queue(QueueSpec::new("plain", Duration::from_secs(30)));
    let fifo = aws.queue_url("inbox.fifo");
    let plain = aws.queue_url("plain");
    for (input, error) in [
        (
            json!({"QueueUrl": fifo, "MessageBody": "x", "MessageDeduplicationId": "1"}),
            "MissingParameter",
        ),
        (
            json!({"QueueUrl": fifo, "MessageBody": "x", "MessageGroupId": "g"}),
            "InvalidParameterValue",
        ),
        (
            json!({"QueueUrl": fifo, "MessageBody": "x", "MessageGroupId": "a b", "MessageDeduplicationId": "1"}),
            "InvalidParameterValue",
        ),
        (
            json!({"QueueUrl": fifo, "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "1",
                   "DelaySeconds": 5}),
            "InvalidParameterValue",
        ),
        (
            json!({"QueueUrl": plain, "MessageBody": ""}),
            "MissingParameter",
        ),
        (
            json!({"QueueUrl": plain, "MessageBody": "\u{1}"}),
            "com.amazonaws.sqs#InvalidMessageContents",
        ),
        (
            json!({"QueueUrl": plain, "MessageBody": "x", "DelaySeconds": 901}),
            "InvalidParameterValue",
        ),
        (
            json!({"QueueUrl": aws.queue_url("none"), "MessageBody": "x"}),
            "com.amazonaws.sqs#QueueDoesNotExist",
        ),
    ] {
        let (status, answer) = call(&aws, "AmazonSQS.SendMessage", input.clone()).await;
        assert_eq!(
            (status, answer["__type"].as_str()),
            (400, Some(error)),
            "{input}"
        );
    }
}

#[tokio::test]
async fn a_delayed_message_is_not_taken_before_its_time() {
    let aws = fifo().await;
    aws.create_queue(QueueSpec::new("plain", Duration::from_secs(30)));
    let url = aws.queue_url("plain");
    call(
        &aws,
        "AmazonSQS.SendMessage",
        json!({"QueueUrl": url, "MessageBody": "x", "DelaySeconds": 10}),
    )
    .await;
    assert!(aws.take_batch("plain", 10).is_none());
    let (_, answer) = call(
        &aws,
        "AmazonSQS.GetQueueAttributes",
        json!({"QueueUrl": url, "AttributeNames": ["All"]}),
    )
    .await;
    assert_eq!(
        answer["Attributes"]["ApproximateNumberOfMessagesDelayed"],
        "1"
    );
    aws.advance(Duration::from_secs(10));
    assert!(aws.take_batch("plain", 10).is_some());
}

#[tokio::test]
async fn a_data_key_opens_only_with_its_key_and_its_encryption_context() {
    let aws = AwsStub::start(TestClock::at(0)).await.unwrap();
    let key = aws.create_key("k1");
    let other = aws.create_key("k2");
    let context = json!({"account": "a", "field": "f"});
    let (status, made) = call(
        &aws,
        "TrentService.GenerateDataKey",
        json!({"KeyId": "k1", "KeySpec": "AES_256", "EncryptionContext": context}),
    )
    .await;
    assert_eq!(status, 200);
    let decrypt = |context: Value, key: Option<&str>| {
        let mut input =
            json!({"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": context});
        if let Some(key) = key {
            input["KeyId"] = json!(key);
        }
        call(&aws, "TrentService.Decrypt", input)
    };
    let reordered: Value = serde_json::from_str(r#"{"field":"f","account":"a"}"#).unwrap();
    let (status, opened) = decrypt(reordered, Some(&key)).await;
    assert_eq!((status, &opened["Plaintext"]), (200, &made["Plaintext"]));
    let (_, wrong) = decrypt(json!({"account": "b", "field": "f"}), None).await;
    assert_eq!(wrong["__type"], "InvalidCiphertextException");
    let (_, wrong) = decrypt(context, Some(&other)).await;
    assert_eq!(wrong["__type"], "IncorrectKeyException");
}

#[tokio::test]
async fn a_secret_is_found_by_name_and_by_arn_and_calls_are_counted() {
    let aws = AwsStub::start(TestClock::at(0)).await.unwrap();
    let arn = aws.set_secret("setup-token", "s3cret");
    for id in ["setup-token", &arn] {
        let (_, answer) = call(
            &aws,
            "secretsmanager.GetSecretValue",
            json!({"SecretId": id}),
        )
        .await;
        assert_eq!(
            (answer["SecretString"].as_str(), answer["ARN"].as_str()),
            (Some("s3cret"), Some(arn.as_str()))
        );
    }
    let (status, answer) = call(
        &aws,
        "secretsmanager.GetSecretValue",
        json!({"SecretId": "no"}),
    )
    .await;
    assert_eq!(
        (status, answer["__type"].as_str()),
        (400, Some("ResourceNotFoundException"))
    );
    assert_eq!(aws.count("SecretsManager.GetSecretValue"), 3);
}

#[tokio::test]
async fn a_call_without_a_signature_is_refused() {
    let aws = AwsStub::start(TestClock::at(0)).await.unwrap();
    let headers = header_map([("x-amz-target", "TrentService.Decrypt")]).unwrap();
    let answer = HttpClient::default()
        .send(hyper::Method::POST, &aws.url(), headers, "{}".into(), None)
        .await
        .unwrap();
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn sqs_names_its_errors_in_the_header_that_the_sdk_reads() {
    let aws = fifo().await;
    let headers = header_map([
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "AmazonSQS.SendMessage"),
        ("authorization", SIGNED),
    ])
    .unwrap();
    let body = json!({"QueueUrl": aws.queue_url("none"), "MessageBody": "x"}).to_string();
    let answer = HttpClient::default()
        .send(hyper::Method::POST, &aws.url(), headers, body.into(), None)
        .await
        .unwrap();
    assert_eq!(
        answer.headers["x-amzn-query-error"],
        "AWS.SimpleQueueService.NonExistentQueue;Sender"
    );
}

const SES_SIGNED: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ses/aws4_request, SignedHeaders=host, \
                          Signature=00";

async fn send_email(aws: &AwsStub, fields: &[(&str, &str)]) -> (u16, String) {
    let headers = header_map([
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", SES_SIGNED),
    ])
    .unwrap();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", "SendEmail");
    form.append_pair("Version", "2010-12-01");
    for (name, value) in fields {
        form.append_pair(name, value);
    }
    let HttpAnswer { status, body, .. } = HttpClient::default()
        .send(
            hyper::Method::POST,
            &aws.url(),
            headers,
            form.finish().into(),
            None,
        )
        .await
        .unwrap();
    (status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
}

const MAIL: [(&str, &str); 8] = [
    ("Source", "no-reply@example.org"),
    ("Destination.ToAddresses.member.1", "ana@example.com"),
    ("Message.Subject.Data", "Olá"),
    ("Message.Subject.Charset", "UTF-8"),
    ("Message.Body.Text.Data", "text"),
    ("Message.Body.Html.Data", "<p>html</p>"),
    ("Tags.member.1.Name", "vestibule-mail"),
    ("Tags.member.1.Value", "account-A-M"),
];

#[tokio::test]
async fn a_mail_is_kept_and_its_id_answered_in_xml() {
    let aws = AwsStub::start(TestClock::at(0)).await.unwrap();
    let (status, answer) = send_email(&aws, &MAIL).await;
    assert_eq!(status, 200, "{answer}");
    let [mail] = aws.mails().try_into().unwrap();
    assert!(answer.contains(&format!("<MessageId>{}</MessageId>", mail.message_id)));
    assert_eq!(
        (mail.subject.as_str(), mail.to.as_str()),
        ("Olá", "ana@example.com")
    );
    assert_eq!(mail.tags["vestibule-mail"], "account-A-M");
    assert_eq!(aws.count("SES.SendEmail"), 1);
}

#[tokio::test]
async fn what_ses_refuses_is_refused_in_xml_and_nothing_is_sent() {
    let aws = AwsStub::start(TestClock::at(0)).await.unwrap();
    for (field, value) in [
        ("Source", ""),
        ("Message.Subject.Data", "a\r\nBcc: b@example.com"),
        ("Destination.ToAddresses.member.1", "é@example.com"),
        ("Message.Subject.Charset", "US-ASCII"),
        ("Tags.member.1.Value", "a b"),
    ] {
        let mut mail = MAIL;
        for pair in &mut mail {
            if pair.0 == field {
                pair.1 = value;
            }
        }
        let (status, answer) = send_email(&aws, &mail).await;
        assert_eq!(status, 400, "{field}");
        assert!(
            answer.contains("<Code>InvalidParameterValue</Code>"),
            "{answer}"
        );
    }
    aws.refuse_mails(Some(("Throttling", "Maximum sending rate exceeded.")));
    let (_, answer) = send_email(&aws, &MAIL).await;
    assert!(answer.contains("<Code>Throttling</Code>"), "{answer}");
    assert!(aws.mails().is_empty());
    aws.refuse_mails(None);
    assert_eq!(send_email(&aws, &MAIL).await.0, 200);
}

#[tokio::test]
async fn a_secrets_date_is_that_of_its_value() {
    let aws = AwsStub::start(TestClock::at(1_800_000_000_250))
        .await
        .unwrap();
    aws.set_secret("s", "one");
    let input = json!({"SecretId": "s"});
    let (_, answer) = call(&aws, "secretsmanager.GetSecretValue", input.clone()).await;
    assert_eq!(answer["CreatedDate"].to_string(), "1800000000.25");
    aws.advance(Duration::from_secs(1));
    aws.set_secret("s", "two");
    let (_, answer) = call(&aws, "secretsmanager.GetSecretValue", input).await;
    assert_eq!(answer["CreatedDate"].to_string(), "1800000001.25");
}
