//! SQS: standard and FIFO queues, received from as Lambda does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Answer, AwsError, text};
use crate::lambda_events::sqs_record;

/// Time for which a FIFO queue remembers a deduplication id.
const DEDUPLICATION_WINDOW_MS: i64 = 5 * 60 * 1000;
const MAX_BODY_BYTES: usize = 1024 * 1024;
const MAX_DELAY_SECS: i64 = 900;
const MAX_VISIBILITY_SECS: i64 = 12 * 60 * 60;

/// A queue as the template defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSpec {
    /// Ends in `.fifo` for a FIFO queue.
    pub name: String,
    /// Time for which a received message stays hidden.
    pub visibility: Duration,
    /// The dead-letter queue, and the number of receives after which a message goes there.
    pub redrive: Option<(String, u32)>,
}

impl QueueSpec {
    /// A queue without a dead-letter queue.
    #[must_use]
    pub fn new(name: &str, visibility: Duration) -> Self {
        Self {
            name: name.to_owned(),
            visibility,
            redrive: None,
        }
    }

    /// The queue with a dead-letter queue.
    #[must_use]
    pub fn dead_letters_to(mut self, name: &str, max_receive_count: u32) -> Self {
        self.redrive = Some((name.to_owned(), max_receive_count));
        self
    }

    fn is_fifo(&self) -> bool {
        // SQS decides by this suffix, and by exactly this case.
        self.name.strip_suffix(".fifo").is_some()
    }
}

/// One message of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMessage {
    /// The id that `SendMessage` answered with.
    pub message_id: String,
    /// The body.
    pub body: String,
    /// The group, for a FIFO queue.
    pub group_id: Option<String>,
    /// The deduplication id, for a FIFO queue.
    pub deduplication_id: Option<String>,
    /// The number of receives.
    pub receive_count: u32,
    /// When it was sent, in milliseconds.
    pub sent_ms: i64,
    /// Time at which it becomes visible, in milliseconds; past for a visible message.
    pub visible_at_ms: i64,
    /// Whether it was received and is hidden now.
    pub in_flight: bool,
}

/// One batch that Lambda received.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The event, `{"Records": […]}`.
    pub event: Value,
    /// The ids of its messages, in order.
    pub message_ids: Vec<String>,
    queue: String,
    receipts: Vec<(String, String)>,
}

#[derive(Debug)]
pub(super) struct Queue {
    spec: QueueSpec,
    messages: Vec<Stored>,
    /// Deduplication id → (when first seen, message id, sequence number).
    seen: BTreeMap<String, (i64, String, String)>,
    accepted: usize,
}

#[derive(Clone, Debug)]
struct Stored {
    message: QueuedMessage,
    sequence: String,
    first_received_ms: Option<i64>,
    receipt: String,
}

impl Queue {
    pub(super) const fn new(spec: QueueSpec) -> Self {
        Self {
            spec,
            messages: Vec::new(),
            seen: BTreeMap::new(),
            accepted: 0,
        }
    }

    pub(super) fn messages(&self, now_ms: i64) -> Vec<QueuedMessage> {
        self.messages
            .iter()
            .map(|stored| QueuedMessage {
                in_flight: stored.is_in_flight(now_ms),
                ..stored.message.clone()
            })
            .collect()
    }

    pub(super) const fn accepted(&self) -> usize {
        self.accepted
    }
}

impl Stored {
    const fn is_in_flight(&self, now_ms: i64) -> bool {
        self.message.receive_count > 0 && self.message.visible_at_ms > now_ms
    }
}

type Queues = BTreeMap<String, Queue>;

pub(super) fn send_message(queues: &mut Queues, input: &Value, id: u64, now_ms: i64) -> Answer {
    let queue = find(queues, input)?;
    let body = text(input, "MessageBody").unwrap_or_default();
    let group_id = text(input, "MessageGroupId").map(str::to_owned);
    let deduplication_id = text(input, "MessageDeduplicationId").map(str::to_owned);
    let delay_secs = input.get("DelaySeconds").and_then(Value::as_i64);
    check_body(body)?;
    check_delay(delay_secs, &queue.spec)?;
    check_fifo(
        &queue.spec,
        group_id.as_deref(),
        deduplication_id.as_deref(),
    )?;
    let message_id = format!("00000000-0000-4000-8000-{id:012}");
    let sequence = format!("{id:020}");
    let md5 = format!("{:x}", md5::compute(body));
    if queue.spec.is_fifo()
        && let Some(key) = &deduplication_id
    {
        if let Some((first_ms, message_id, sequence)) = queue.seen.get(key)
            && now_ms - first_ms < DEDUPLICATION_WINDOW_MS
        {
            return Ok(json!({
                "MessageId": message_id, "MD5OfMessageBody": md5, "SequenceNumber": sequence,
            }));
        }
        queue
            .seen
            .insert(key.clone(), (now_ms, message_id.clone(), sequence.clone()));
    }
    queue.accepted += 1;
    queue.messages.push(Stored {
        message: QueuedMessage {
            message_id: message_id.clone(),
            body: body.to_owned(),
            group_id,
            deduplication_id,
            receive_count: 0,
            sent_ms: now_ms,
            visible_at_ms: now_ms + delay_secs.unwrap_or_default() * 1000,
            in_flight: false,
        },
        sequence: sequence.clone(),
        first_received_ms: None,
        receipt: String::new(),
    });
    let mut answer = json!({"MessageId": message_id, "MD5OfMessageBody": md5});
    if queue.spec.is_fifo()
        && let Value::Object(fields) = &mut answer
    {
        fields.insert("SequenceNumber".into(), json!(sequence));
    }
    Ok(answer)
}

pub(super) fn change_visibility(queues: &mut Queues, input: &Value, now_ms: i64) -> Answer {
    let secs = input
        .get("VisibilityTimeout")
        .and_then(Value::as_i64)
        .filter(|secs| (0..=MAX_VISIBILITY_SECS).contains(secs))
        .ok_or_else(|| {
            AwsError::refused(
                "InvalidParameterValue",
                "VisibilityTimeout must be 0 to 43200",
            )
        })?;
    let queue = find(queues, input)?;
    let stored = by_receipt(queue, input)?;
    if !stored.is_in_flight(now_ms) {
        return Err(AwsError::refused(
            "com.amazonaws.sqs#MessageNotInflight",
            "The message referred to isn't in flight.",
        ));
    }
    stored.message.visible_at_ms = now_ms + secs * 1000;
    Ok(json!({}))
}

pub(super) fn delete_message(queues: &mut Queues, input: &Value) -> Answer {
    let queue = find(queues, input)?;
    let receipt = by_receipt(queue, input)?.receipt.clone();
    queue.messages.retain(|stored| stored.receipt != receipt);
    Ok(json!({}))
}

pub(super) fn attributes(queues: &Queues, input: &Value, now_ms: i64) -> Answer {
    let queue = queues.get(queue_name(input)).ok_or_else(no_queue)?;
    let count = |wanted: fn(&Stored, i64) -> bool| {
        let found = queue
            .messages
            .iter()
            .filter(|stored| wanted(stored, now_ms));
        found.count().to_string()
    };
    let mut attributes = json!({
        "QueueArn": format!("arn:aws:sqs:us-east-1:000000000000:{}", queue.spec.name),
        "ApproximateNumberOfMessages": count(|stored, now_ms| stored.message.visible_at_ms <= now_ms),
        "ApproximateNumberOfMessagesNotVisible": count(Stored::is_in_flight),
        "ApproximateNumberOfMessagesDelayed": count(|stored, now_ms| {
            stored.message.receive_count == 0 && stored.message.visible_at_ms > now_ms
        }),
        "VisibilityTimeout": queue.spec.visibility.as_secs().to_string(),
    });
    if queue.spec.is_fifo()
        && let Value::Object(fields) = &mut attributes
    {
        fields.insert("FifoQueue".into(), json!("true"));
    }
    Ok(json!({ "Attributes": attributes }))
}

pub(super) fn take_batch(
    queues: &mut Queues,
    name: &str,
    max: usize,
    now_ms: i64,
) -> Option<Batch> {
    move_dead_letters(queues, name, now_ms);
    let queue = queues.get_mut(name)?;
    let is_fifo = queue.spec.is_fifo();
    let visibility_ms = i64::try_from(queue.spec.visibility.as_millis()).unwrap_or(i64::MAX);
    // Nothing behind a message that is in flight or delayed may leave its group.
    let mut blocked = BTreeSet::new();
    let mut records = Vec::new();
    let mut receipts = Vec::new();
    for stored in &mut queue.messages {
        let group = stored.message.group_id.clone();
        if stored.message.visible_at_ms > now_ms {
            blocked.insert(group);
            continue;
        }
        if records.len() == max || (is_fifo && blocked.contains(&group)) {
            blocked.insert(group);
            continue;
        }
        stored.message.receive_count += 1;
        stored.message.visible_at_ms = now_ms.saturating_add(visibility_ms);
        stored.first_received_ms.get_or_insert(now_ms);
        stored.receipt = format!(
            "{}-{}",
            stored.message.message_id, stored.message.receive_count
        );
        receipts.push((stored.message.message_id.clone(), stored.receipt.clone()));
        records.push(record(stored, name, is_fifo));
    }
    if records.is_empty() {
        return None;
    }
    Some(Batch {
        event: json!({ "Records": records }),
        message_ids: receipts.iter().map(|(id, _)| id.clone()).collect(),
        queue: name.to_owned(),
        receipts,
    })
}

pub(super) fn finish_batch(queues: &mut Queues, batch: &Batch, answer: Option<&Value>) {
    let Some(queue) = queues.get_mut(&batch.queue) else {
        return;
    };
    let Some(failed) = answer.and_then(failures) else {
        return;
    };
    // An unknown or empty id makes Lambda treat the whole batch as failed.
    if failed.iter().any(|id| !batch.message_ids.contains(id)) {
        return;
    }
    for (id, receipt) in &batch.receipts {
        if !failed.contains(id) {
            queue.messages.retain(|stored| stored.receipt != *receipt);
        }
    }
}

pub(super) fn redrive(queues: &mut Queues, from: &str, to: &str, now_ms: i64) -> usize {
    let Some(moved) = queues
        .get_mut(from)
        .map(|queue| std::mem::take(&mut queue.messages))
    else {
        return 0;
    };
    let count = moved.len();
    if let Some(queue) = queues.get_mut(to) {
        queue
            .messages
            .extend(moved.into_iter().map(|stored| stored.anew(now_ms)));
    }
    count
}

impl Stored {
    fn anew(mut self, now_ms: i64) -> Self {
        self.message.receive_count = 0;
        self.message.visible_at_ms = now_ms;
        self.first_received_ms = None;
        self.receipt = String::new();
        self
    }
}

/// Moves messages whose next receive would exceed the limit, as SQS does.
fn move_dead_letters(queues: &mut Queues, name: &str, now_ms: i64) {
    let Some(queue) = queues.get_mut(name) else {
        return;
    };
    let Some((target, max_receive_count)) = queue.spec.redrive.clone() else {
        return;
    };
    let (dead, alive) =
        std::mem::take(&mut queue.messages)
            .into_iter()
            .partition(|stored: &Stored| {
                stored.message.visible_at_ms <= now_ms
                    && stored.message.receive_count >= max_receive_count
            });
    queue.messages = alive;
    let dead: Vec<Stored> = dead;
    if let Some(target) = queues.get_mut(&target) {
        target.accepted += dead.len();
        target
            .messages
            .extend(dead.into_iter().map(|stored| stored.anew(now_ms)));
    }
}

fn record(stored: &Stored, queue: &str, is_fifo: bool) -> Value {
    let message = &stored.message;
    let mut attributes = Map::new();
    let mut put = |name: &str, value: String| {
        attributes.insert(name.to_owned(), json!(value));
    };
    put("ApproximateReceiveCount", message.receive_count.to_string());
    put("SentTimestamp", message.sent_ms.to_string());
    put("SenderId", "AIDATESTSENDER".into());
    put(
        "ApproximateFirstReceiveTimestamp",
        stored.first_received_ms.unwrap_or_default().to_string(),
    );
    if let Some(group) = &message.group_id {
        put("MessageGroupId", group.clone());
    }
    if let Some(key) = &message.deduplication_id {
        put("MessageDeduplicationId", key.clone());
    }
    if is_fifo {
        put("SequenceNumber", stored.sequence.clone());
    }
    sqs_record(
        queue,
        &message.message_id,
        &stored.receipt,
        &message.body,
        &attributes,
    )
}

fn failures(answer: &Value) -> Option<Vec<String>> {
    // A missing field, null and an empty list all mean success; an entry without an id means that every
    // message failed.
    match answer.get("batchItemFailures") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(failures)) => failures
            .iter()
            .map(|failure| text(failure, "itemIdentifier").map(str::to_owned))
            .collect(),
        Some(_) => None,
    }
}

fn queue_name(input: &Value) -> &str {
    text(input, "QueueUrl")
        .and_then(|url| url.rsplit('/').next())
        .unwrap_or_default()
}

fn find<'a>(queues: &'a mut Queues, input: &Value) -> Result<&'a mut Queue, AwsError> {
    queues.get_mut(queue_name(input)).ok_or_else(no_queue)
}

fn by_receipt<'a>(queue: &'a mut Queue, input: &Value) -> Result<&'a mut Stored, AwsError> {
    let receipt = text(input, "ReceiptHandle").filter(|receipt| !receipt.is_empty());
    queue
        .messages
        .iter_mut()
        .find(|stored| Some(stored.receipt.as_str()) == receipt)
        .ok_or_else(|| {
            AwsError::refused(
                "com.amazonaws.sqs#ReceiptHandleIsInvalid",
                "The specified receipt handle isn't valid.",
            )
        })
}

/// The name of an error in SQS's query protocol.
pub(super) fn query_code(kind: &str) -> String {
    let name = kind.rsplit('#').next().unwrap_or(kind);
    match name {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".into(),
        "MessageNotInflight" => format!("AWS.SimpleQueueService.{name}"),
        _ => name.to_owned(),
    }
}

fn no_queue() -> AwsError {
    AwsError::refused(
        "com.amazonaws.sqs#QueueDoesNotExist",
        "The specified queue does not exist.",
    )
}

fn check_body(body: &str) -> Result<(), AwsError> {
    if body.is_empty() {
        return Err(AwsError::refused(
            "MissingParameter",
            "The request must contain the parameter MessageBody.",
        ));
    }
    if body.len() > MAX_BODY_BYTES {
        return Err(AwsError::refused(
            "InvalidParameterValue",
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
        ));
    }
    let is_allowed = |character: char| {
        matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
            || character > '\u{ffff}'
    };
    if !body.chars().all(is_allowed) {
        return Err(AwsError::refused(
            "com.amazonaws.sqs#InvalidMessageContents",
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to \
             #xFFFD | #x10000 to #x10FFFF.",
        ));
    }
    Ok(())
}

fn check_delay(delay_secs: Option<i64>, spec: &QueueSpec) -> Result<(), AwsError> {
    match delay_secs {
        None => Ok(()),
        Some(_) if spec.is_fifo() => Err(AwsError::refused(
            "InvalidParameterValue",
            "Value for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for \
             this queue type.",
        )),
        Some(secs) if (0..=MAX_DELAY_SECS).contains(&secs) => Ok(()),
        Some(_) => Err(AwsError::refused(
            "InvalidParameterValue",
            "Value for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
        )),
    }
}

fn check_fifo(
    spec: &QueueSpec,
    group: Option<&str>,
    deduplication: Option<&str>,
) -> Result<(), AwsError> {
    let is_token = |value: &str| {
        (1..=128).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic())
    };
    for (name, value) in [
        ("MessageGroupId", group),
        ("MessageDeduplicationId", deduplication),
    ] {
        if let Some(value) = value
            && !is_token(value)
        {
            return Err(AwsError::refused(
                "InvalidParameterValue",
                format!(
                    "Value {value} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and \
                     punctuation characters. 1 to 128 in length."
                ),
            ));
        }
    }
    if !spec.is_fifo() {
        return if deduplication.is_some() {
            Err(AwsError::refused(
                "InvalidParameterValue",
                "The request include parameter that is not valid for this queue type",
            ))
        } else {
            Ok(())
        };
    }
    if group.is_none() {
        return Err(AwsError::refused(
            "MissingParameter",
            "The request must contain the parameter MessageGroupId.",
        ));
    }
    if deduplication.is_none() {
        return Err(AwsError::refused(
            "InvalidParameterValue",
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
             explicitly",
        ));
    }
    Ok(())
}
