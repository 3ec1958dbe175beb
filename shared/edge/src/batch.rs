//! SQS batches: each message is processed on its own, and failed ones go back to the queue.

use crate::runtime;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::{FutureExt, StreamExt, stream};
use lambda_http::Error;
use std::{future::Future, panic::AssertUnwindSafe, time::Duration};
use vestibule_domain::ports::VisibilityExtender;

/// Messages, or groups of messages, processed concurrently in one sandbox.
const CONCURRENCY: usize = 5;
/// Wait before the second attempt; each further wait is three times as long.
const BACKOFF_FIRST: Duration = Duration::from_secs(5);
/// Maximum wait between attempts: a waiting message holds up its FIFO group.
const BACKOFF_MAX: Duration = Duration::from_mins(5);

/// Outcome of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is finished.
    Done,
    /// It is retried after a wait that grows with the attempts.
    Retry {
        /// A longer wait, if the other side asked for one; at most five minutes.
        after: Option<Duration>,
    },
}

impl Outcome {
    /// A retry after a wait that grows with the attempts.
    pub const RETRY: Self = Self::Retry { after: None };
}

/// Runs a worker: [`run`] for every batch that Lambda hands over.
///
/// # Errors
/// The runtime cannot be asked for batches.
pub async fn serve<F, W>(hider: &dyn VisibilityExtender, work: F) -> Result<(), Error>
where
    F: Fn(String, u32) -> W,
    W: Future<Output = Outcome>,
{
    runtime::run(async |event| Ok(run(event, hider, &work).await)).await
}

/// Runs `work` on every message, with its body and its receive count. Messages of a FIFO group run in
/// order, and none runs after one that failed. A panic fails only its own message.
pub async fn run<F, W>(event: SqsEvent, hider: &dyn VisibilityExtender, work: F) -> SqsBatchResponse
where
    F: Fn(String, u32) -> W,
    W: Future<Output = Outcome>,
{
    let groups = grouped(event.records);
    let failures: Vec<Vec<String>> = stream::iter(groups)
        .map(|group| run_group(group, hider, &work))
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures
        .into_iter()
        .flatten()
        .map(|item_identifier| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = item_identifier;
            failure
        })
        .collect();
    response
}

/// Groups messages by FIFO group, in order of arrival; on a standard queue each message is its own
/// group.
fn grouped(messages: Vec<SqsMessage>) -> Vec<Vec<SqsMessage>> {
    let mut groups: Vec<(Option<String>, Vec<SqsMessage>)> = Vec::new();
    for message in messages {
        let name = message.attributes.get("MessageGroupId").cloned();
        let group = groups
            .iter_mut()
            .find(|(group, _)| name.is_some() && *group == name);
        match group {
            Some((_, messages)) => messages.push(message),
            None => groups.push((name, vec![message])),
        }
    }
    groups.into_iter().map(|(_, messages)| messages).collect()
}

/// Runs a group, and returns the ids of the messages to retry.
async fn run_group<F, W>(
    group: Vec<SqsMessage>,
    hider: &dyn VisibilityExtender,
    work: &F,
) -> Vec<String>
where
    F: Fn(String, u32) -> W,
    W: Future<Output = Outcome>,
{
    let mut messages = group.into_iter();
    let mut failed = Vec::new();
    for message in messages.by_ref() {
        let attempt = message
            .attributes
            .get("ApproximateReceiveCount")
            .and_then(|count| count.parse().ok())
            .unwrap_or(1);
        let body = message.body.unwrap_or_default();
        let outcome = AssertUnwindSafe(work(body, attempt)).catch_unwind().await;
        let after = match outcome {
            Ok(Outcome::Done) => continue,
            Ok(Outcome::Retry { after }) => backoff(attempt)
                .max(after.unwrap_or_default())
                .min(BACKOFF_MAX),
            Err(_) => {
                tracing::error!(job.attempt = attempt, "a job panicked");
                backoff(attempt)
            }
        };
        if let Some(handle) = &message.receipt_handle
            && let Err(error) = hider.extend_visibility(handle, after).await
        {
            // The wait is then the queue's own visibility time-out.
            tracing::warn!(%error, "a job's next attempt cannot be put off");
        }
        failed.extend(message.message_id);
        break;
    }
    failed.extend(messages.filter_map(|message| message.message_id));
    failed
}

/// The wait after this attempt.
#[must_use]
pub fn backoff(attempt: u32) -> Duration {
    let factor = 3_u32.saturating_pow(attempt.saturating_sub(1).min(10));
    (BACKOFF_FIRST * factor).min(BACKOFF_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use std::sync::Mutex;
    use vestibule_domain::PortError;

    #[derive(Default)]
    struct Hidden(Mutex<Vec<(String, Duration)>>);

    #[async_trait]
    impl VisibilityExtender for Hidden {
        async fn extend_visibility(&self, handle: &str, time: Duration) -> Result<(), PortError> {
            self.0.lock().unwrap().push((handle.to_owned(), time));
            Ok(())
        }
    }

    fn message(id: &str, body: &str, group: Option<&str>) -> SqsMessage {
        let mut message = SqsMessage::default();
        message.message_id = Some(id.to_owned());
        message.receipt_handle = Some(format!("handle-{id}"));
        message.body = Some(body.to_owned());
        let mut set =
            |name: &str, value: &str| message.attributes.insert(name.to_owned(), value.to_owned());
        set("ApproximateReceiveCount", "2");
        if let Some(group) = group {
            set("MessageGroupId", group);
        }
        message
    }

    async fn failures(messages: Vec<SqsMessage>) -> (Vec<String>, Vec<(String, Duration)>) {
        let mut event = SqsEvent::default();
        event.records = messages;
        let hidden = Hidden::default();
        let response = run(event, &hidden, async |body: String, _attempt| {
            match body.as_str() {
                "good" => Outcome::Done,
                "panic" => panic!("poison"),
                _ => Outcome::Retry {
                    after: Some(Duration::from_secs(20)),
                },
            }
        })
        .await;
        let mut ids: Vec<String> = response
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect();
        ids.sort();
        (ids, hidden.0.into_inner().unwrap())
    }

    #[tokio::test]
    async fn a_bad_message_fails_alone_on_a_standard_queue() {
        for poisoned in 0..=10_usize {
            let messages = (0..10)
                .map(|i| {
                    let body = if i < poisoned { "panic" } else { "good" };
                    message(&format!("{i}"), body, None)
                })
                .collect();
            let (ids, _) = failures(messages).await;
            let expected: Vec<String> = (0..poisoned.min(10)).map(|i| i.to_string()).collect();
            assert_eq!(ids, expected);
        }
    }

    #[tokio::test]
    async fn messages_behind_a_failed_one_of_their_group_are_handed_back_unread() {
        let (ids, hidden) = failures(vec![
            message("a1", "good", Some("a")),
            message("a2", "bad", Some("a")),
            message("b1", "good", Some("b")),
            message("a3", "good", Some("a")),
        ])
        .await;
        assert_eq!(ids, ["a2", "a3"]);
        assert_eq!(hidden, [("handle-a2".to_owned(), Duration::from_secs(20))]);
    }

    #[tokio::test]
    async fn a_panic_waits_longer_with_every_attempt() {
        let (_, hidden) = failures(vec![message("x", "panic", None)]).await;
        assert_eq!(hidden, [("handle-x".to_owned(), Duration::from_secs(15))]);
        assert_eq!(backoff(1), Duration::from_secs(5));
        assert_eq!(backoff(40), BACKOFF_MAX);
    }
}
