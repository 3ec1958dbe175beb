//! Asks the environment's agent, and parses its answer.

use crate::{
    Deps,
    guard::{Called, Guard},
};
use vestibule_domain::{
    PortError, Timestamp,
    account::{Environment, agent_health::AgentHealth},
    chat::conversation::Conversation,
    chat::delivery::{DeliveryAttempt, Envelope},
    chat::user::ChatUser,
    connector::Connector,
    job::DeliverMessage,
    ports::{AgentReply, AgentState},
};
use vestibule_edge::{
    agent::{AgentAnswer, delivery_request},
    logging::{Metric, count_by},
};

/// A message for the agent.
pub(crate) struct Question<'a> {
    /// The job.
    pub(crate) job: &'a DeliverMessage,
    /// The connector that the message came through.
    pub(crate) connector: &'a Connector,
    /// The sender.
    pub(crate) user: &'a ChatUser,
    /// The environment, unless it was deleted.
    pub(crate) environment: Option<&'a Environment>,
    /// The conversation before the message.
    pub(crate) conversation: &'a Conversation,
    /// The `sequence` of the message that this one changes.
    pub(crate) original_sequence: Option<u64>,
    /// The agent's health.
    pub(crate) state: &'a AgentState,
    /// Number of the attempt, from 1.
    pub(crate) attempt: u32,
    /// Whether the agent may be asked although its breaker is open.
    pub(crate) may_probe: bool,
}

/// The outcome of asking the agent.
pub(crate) enum Asked {
    /// It answered.
    Answered(AgentAnswer),
    /// It refused the message for its content, with this status.
    Refused(u16),
    /// The message waits.
    Waits(Waits),
}

/// A message that waits for the agent.
pub(crate) struct Waits {
    /// Whether the agent was asked. It may have got the message.
    pub(crate) was_asked: bool,
    /// The agent's health now.
    pub(crate) health: AgentHealth,
}

impl Question<'_> {
    /// Counts the call of the agent, if there was one, by the stage of its environment and the platform of the message.
    pub(crate) fn count(&self, asked: &Asked, at: Timestamp) {
        let metric = match asked {
            Asked::Answered(_) => Metric::DeliveryMade,
            Asked::Waits(waits) if waits.was_asked => Metric::DeliveryRetried,
            Asked::Refused(_) | Asked::Waits(_) => return,
        };
        let stage = self
            .environment
            .map_or(Environment::OTHER_STAGE, Environment::stage);
        count_by(metric, &[stage, self.connector.provider.key()], at);
    }
}

/// Makes one attempt to deliver the message, if the agent may be asked.
pub(crate) async fn ask_agent(deps: &Deps, question: &Question<'_>) -> Result<Asked, PortError> {
    let job = question.job;
    let delivery_id = job.delivery_id();
    let environment = question.environment;
    let agent = environment.and_then(|environment| environment.agent.as_ref());
    let (state, may_probe) = (question.state, question.may_probe);
    let guard = Guard::of(deps, job.drain_parked(), state, may_probe, agent);
    let (Some(environment), Some(agent)) = (environment, agent) else {
        tracing::warn!(
            delivery.id = %delivery_id,
            environment.id = %job.environment_id,
            "the environment names no agent; the message waits"
        );
        let health = guard.failed("no_agent", None, None).await;
        return Ok(Asked::Waits(Waits {
            was_asked: false,
            health,
        }));
    };
    let now = deps.clock.now();
    let number = question.attempt;
    let attempt = if job.event.original_key().is_some() {
        DeliveryAttempt::of_change(question.original_sequence, number, now)
    } else {
        DeliveryAttempt::of(question.conversation, number, now)
    };
    let envelope = Envelope::of(job, question.connector, question.user, &attempt);
    let vault = deps.vault.as_ref();
    let request = delivery_request(vault, environment, agent, &envelope, now).await?;
    let (reply, slot) = match guard.call(request).await {
        Called::Replied(reply, slot) => (reply, slot),
        Called::NoRoom { was_asked } => {
            tracing::info!(
                delivery.id = %delivery_id,
                agent.asked = was_asked,
                "the agent is at its limit, or not well; the message waits"
            );
            return Ok(Asked::Waits(Waits {
                was_asked,
                health: state.health.clone(),
            }));
        }
    };
    let (reason, wait) = match reply {
        AgentReply::Answered { body, .. } => {
            guard.answered(slot).await;
            return Ok(Asked::Answered(answer_of(job, &body)));
        }
        AgentReply::AnsweredTooMuch { .. } => {
            guard.answered(slot).await;
            tracing::warn!(delivery.id = %delivery_id, "the agent's answer is too long; nothing is sent");
            return Ok(Asked::Answered(AgentAnswer::default()));
        }
        AgentReply::Refused { status, .. } if is_about_the_message(status) => {
            guard.answered(slot).await;
            tracing::warn!(delivery.id = %delivery_id, http.status = status, "the agent refused a message");
            return Ok(Asked::Refused(status));
        }
        AgentReply::Refused { status, after, .. } => (format!("http_{status}"), after),
        AgentReply::Unreachable { reason } | AgentReply::Forbidden { reason } => (reason, None),
    };
    tracing::warn!(delivery.id = %delivery_id, reason = %reason, "the agent could not be asked; the message waits");
    let health = guard.failed(&reason, wait, slot).await;
    Ok(Asked::Waits(Waits {
        was_asked: true,
        health,
    }))
}

/// Whether a refusal is about the content of the message, as from a content filter, so that a retry
/// would be refused too. Any other refusal may pass.
const fn is_about_the_message(status: u16) -> bool {
    matches!(status, 400 | 413 | 415 | 422)
}

/// Reads an answer, with a warning about what is left out: the agent has the message, and a retry would not help.
fn answer_of(job: &DeliverMessage, body: &[u8]) -> AgentAnswer {
    let answer = AgentAnswer::read(body);
    if let Some(unreadable) = answer.unreadable {
        tracing::warn!(
            delivery.id = %job.delivery_id(),
            line = unreadable.line,
            column = unreadable.column,
            "the agent's answer is not of the documented form; nothing is sent"
        );
    }
    warn_of_what_is_left_out(job, &answer);
    answer
}

fn warn_of_what_is_left_out(job: &DeliverMessage, answer: &AgentAnswer) {
    if answer.malformed > 0 {
        tracing::warn!(
            delivery.id = %job.delivery_id(),
            replies.malformed = answer.malformed,
            "some of the agent's replies are not of the documented form; the others are sent"
        );
    }
    for field in &answer.malformed_fields {
        tracing::warn!(
            delivery.id = %job.delivery_id(),
            answer.field = *field,
            "a field of the agent's answer is not of the documented form; the others count"
        );
    }
    if answer.surplus > 0 {
        tracing::warn!(
            delivery.id = %job.delivery_id(),
            replies.surplus = answer.surplus,
            "the agent sent too many replies; the first ones are sent"
        );
    }
}
