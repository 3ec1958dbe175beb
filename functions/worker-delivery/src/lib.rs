//! Delivers messages to the environment's agent, in order within a conversation, and the agent's
//! replies to the platform.
//!
//! The queue brings one message of a conversation at a time. The conversation's record holds the number
//! of pieces of the current answer already sent, so a retry continues where the last attempt stopped. A
//! row for each event key says that a message was delivered. The agent gets the same `webhook-id` on
//! every attempt.

mod wiring;

pub use wiring::wire;

use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::{
    Clock, PortError, Timestamp,
    account::{AgentEndpoint, Environment},
    chat::conversation::ConversationLog,
    chat::delivery::{AgentResponse, Envelope, REPLIES_MAX, Reply},
    chat::repeats::HandledEvent,
    chat::user::ChatUser,
    connector::Connector,
    error::Chain,
    job::{DeliverMessage, InboxJob},
    ports::{
        AgentClient, AgentReply, AgentRequest, ChatPlatform, ConversationStore, Destination,
        OutgoingText, SecretVault, SendOutcome,
    },
    secret::Secret,
};
use vestibule_edge::{
    batch::Outcome,
    connectors::repeats,
    logging::{Metric, count},
    standard_webhooks,
};
use vestibule_providers::json;

/// Maximum number of messages on the platform for one answer of the agent.
const PIECES_MAX: usize = 50;
/// Time after which no further reply is started. Together with the longest send, it is less than the
/// function's time limit; the next attempt continues after the last reply sent.
const REPLIES_UNTIL: Duration = Duration::from_secs(40);

/// Ports of the worker.
pub struct Deps {
    /// Conversations, and the other records of a delivery.
    pub conversations: Arc<dyn ConversationStore>,
    /// Signing secrets.
    pub vault: Arc<dyn SecretVault>,
    /// The client of agent endpoints.
    pub agents: Arc<dyn AgentClient>,
    /// The platforms.
    pub platform: Arc<dyn ChatPlatform>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Processes one message of the queue.
pub async fn handle(deps: &Deps, body: &str) -> Outcome {
    let job = match serde_json::from_str(body) {
        Ok(InboxJob::DeliverMessage(job)) => job,
        Err(error) => {
            // Retried until it becomes a dead letter, for a person to inspect.
            tracing::error!(
                line = error.line(),
                column = error.column(),
                "a job cannot be read"
            );
            return Outcome::RETRY;
        }
    };
    match work(deps, &job).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::error!(
                delivery.id = %job.delivery_id(),
                error = %Chain(&error),
                "a delivery failed and will be tried again"
            );
            Outcome::RETRY
        }
    }
}

async fn work(deps: &Deps, job: &DeliverMessage) -> Result<Outcome, PortError> {
    let now = deps.clock.now();
    let stop_at = now.plus(REPLIES_UNTIL);
    let context = deps.conversations.delivery_context(job, now).await?;
    if context.is_delivered || context.conversation.has_any(&job.event_keys) {
        return Ok(Outcome::Done);
    }
    let (Some(connector), Some(user)) = (context.connector, context.chat_user) else {
        tracing::warn!(
            delivery.id = %job.delivery_id(),
            "a message is dropped: its connector or its sender was deleted"
        );
        return Ok(Outcome::Done);
    };
    if !is_wanted(job, context.environment.as_ref()) {
        return Ok(Outcome::Done);
    }
    let asked = ask_agent(deps, job, &connector, &user, context.environment.as_ref()).await?;
    let replies = match asked {
        Asked::Answered(replies) => replies,
        Asked::Again(outcome) => {
            count(
                Metric::DeliveryRetried,
                connector.provider.key(),
                deps.clock.now(),
            );
            return Ok(outcome);
        }
    };
    let answer = Answer {
        replies: &replies,
        stop_at,
    };
    send_replies(deps, job, &connector, context.conversation, answer).await
}

/// Whether the agent gets the event. A message waits for an agent; a change of one, or what the platform does
/// not hand over, is for an agent that asks for it.
fn is_wanted(job: &DeliverMessage, environment: Option<&Environment>) -> bool {
    let Some(event) = job.event.asked_for() else {
        return true;
    };
    environment
        .and_then(|environment| environment.agent.as_ref())
        .is_some_and(|agent| agent.events.contains(&event))
}

enum Asked {
    Answered(Vec<Reply>),
    Again(Outcome),
}

async fn ask_agent(
    deps: &Deps,
    job: &DeliverMessage,
    connector: &Connector,
    user: &ChatUser,
    environment: Option<&Environment>,
) -> Result<Asked, PortError> {
    let delivery_id = job.delivery_id();
    let Some((environment, agent)) =
        environment.and_then(|environment| Some((environment, environment.agent.as_ref()?)))
    else {
        tracing::warn!(
            delivery.id = %delivery_id,
            environment.id = %job.environment_id,
            "the environment names no agent; the message waits"
        );
        return Ok(Asked::Again(Outcome::RETRY));
    };
    let secret = signing_secret(deps, environment, agent).await?;
    let now = deps.clock.now();
    let body = serde_json::to_vec(&Envelope::of(job, connector, user, now))
        .map_err(|error| PortError::rejected("envelope", error))?;
    let signed = standard_webhooks::headers(&delivery_id.to_string(), &body, &secret, now)
        .map_err(|error| PortError::corrupt("signing secret", error))?;
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(signed);
    let reply = deps
        .agents
        .post(AgentRequest {
            endpoint: agent.endpoint.clone(),
            headers,
            body,
        })
        .await;
    let again = |after| Ok(Asked::Again(Outcome::Retry { after }));
    match reply {
        AgentReply::Answered(body) => Ok(Asked::Answered(replies_of(job, &body))),
        AgentReply::AnsweredTooMuch => {
            tracing::warn!(delivery.id = %delivery_id, "the agent's answer is too long; nothing is sent");
            Ok(Asked::Answered(Vec::new()))
        }
        AgentReply::Refused { status, after } => {
            tracing::warn!(delivery.id = %delivery_id, http.status = status, "the agent refused a delivery");
            if is_about_the_message(status) {
                Ok(Asked::Again(Outcome::Refused))
            } else {
                again(after)
            }
        }
        AgentReply::Unreachable { reason } | AgentReply::Forbidden { reason } => {
            tracing::warn!(delivery.id = %delivery_id, reason = %reason, "the agent could not be called");
            again(None)
        }
    }
}

/// Whether a refusal is about the content of the message, as from a content filter, so that a retry
/// would be refused too. Any other refusal may pass.
const fn is_about_the_message(status: u16) -> bool {
    matches!(status, 400 | 413 | 415 | 422)
}

async fn signing_secret(
    deps: &Deps,
    environment: &Environment,
    agent: &AgentEndpoint,
) -> Result<Secret, PortError> {
    let context = Environment::secret_context(environment.scope, environment.id);
    deps.vault
        .open(
            &agent.signing_secret,
            AgentEndpoint::SIGNING_SECRET,
            &context,
        )
        .await?
        .ok_or_else(|| PortError::corrupt("signing secret", "it is not set"))
}

/// Parses the agent's replies. An undocumented answer counts as none, and so does an undocumented reply
/// among others: the agent has the message, and a retry would not help.
fn replies_of(job: &DeliverMessage, body: &[u8]) -> Vec<Reply> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Vec::new();
    }
    match json::read::<AgentResponse>(body) {
        Ok(mut response) => {
            if response.malformed > 0 {
                tracing::warn!(
                    delivery.id = %job.delivery_id(),
                    replies.malformed = response.malformed,
                    "some of the agent's replies are not of the documented form; the others are sent"
                );
            }
            if response.replies.len() > REPLIES_MAX {
                tracing::warn!(
                    delivery.id = %job.delivery_id(),
                    replies = response.replies.len(),
                    "the agent sent too many replies; the first ones are sent"
                );
                response.replies.truncate(REPLIES_MAX);
            }
            response
                .replies
                .retain(|reply| !reply.text.trim().is_empty());
            response.replies
        }
        Err(error) => {
            tracing::warn!(
                delivery.id = %job.delivery_id(),
                line = error.line(),
                column = error.column(),
                "the agent's answer is not of the documented form; nothing is sent"
            );
            Vec::new()
        }
    }
}

/// The agent's replies, and the time until which this attempt may send them.
struct Answer<'a> {
    replies: &'a [Reply],
    stop_at: Timestamp,
}

async fn send_replies(
    deps: &Deps,
    job: &DeliverMessage,
    connector: &Connector,
    mut log: ConversationLog,
    answer: Answer<'_>,
) -> Result<Outcome, PortError> {
    let delivery_id = job.delivery_id();
    let already_sent = log.pieces_sent(delivery_id);
    let pieces: Vec<String> = answer
        .replies
        .iter()
        .flat_map(|reply| deps.platform.pieces(connector, &reply.text))
        .take(PIECES_MAX)
        .collect();
    for (index, piece) in pieces.iter().enumerate().skip(already_sent) {
        if deps.clock.now() >= answer.stop_at {
            tracing::warn!(delivery.id = %delivery_id, "the replies take long; the next attempt goes on");
            return Ok(Outcome::RETRY);
        }
        let conversation = log.current(&job.conversation);
        let text = OutgoingText {
            to: Destination::Conversation(&conversation),
            text: piece,
            mark: None,
        };
        match deps.platform.send(connector, text).await {
            SendOutcome::Sent(receipt) => {
                log.moved_to = receipt.moved_to.or(log.moved_to);
                if let Some(url) = receipt.reply_url {
                    log = log.with_reply_url(&job.conversation, url);
                }
            }
            SendOutcome::Retry { after, reason } => {
                tracing::warn!(delivery.id = %delivery_id, reason = %reason, "a reply could not be sent yet");
                return Ok(Outcome::Retry { after });
            }
            SendOutcome::Failed { class, reason } => {
                tracing::warn!(
                    delivery.id = %delivery_id,
                    failure.class = class.key(),
                    reason = %reason,
                    "a reply was given up"
                );
            }
        }
        // The last piece is recorded with the delivery itself.
        if index + 1 < pieces.len() {
            log = deps
                .conversations
                .save(
                    job,
                    connector.id,
                    log.with_piece_sent(delivery_id),
                    deps.clock.now(),
                )
                .await?;
        }
    }
    let event = HandledEvent::delivered(job, repeats(connector), deps.clock.now());
    deps.conversations
        .save_delivered(job, log.with_delivered(job.sent_at), &event)
        .await?;
    Ok(Outcome::Done)
}
