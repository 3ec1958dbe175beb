//! The directory and the sender of a message (SPEC A40, C54): the approval of known people, and the order to bring
//! others and the directory together, which a worker carries out.

use super::{
    Intake,
    sender::{job, made_or_changed, standing_here},
};
use std::time::Duration;
use tokio::time::timeout;
use vestibule_domain::{
    PortError,
    access::preapproval::{Preapproval, Vouched},
    access::request::{AccessRequest, RequestStatus},
    access::standing::{PendingTask, Standing},
    chat::message::InboundMessage,
    chat::user::ChatUser,
    connector::Connector,
    error::Chain,
    ids::{AuditId, IdSource, SystemIds},
    ports::{Known, OUTBOX_PATIENCE, Preapproved, Written},
};

/// Time limit for leaving a task behind a message that is on its way: the next message leaves it again.
const TASK_PATIENCE: Duration = Duration::from_millis(300);

impl Intake {
    /// Approves a sender for whom the directory vouches.
    pub(super) async fn preapprove(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        known: &Known,
    ) -> Result<Preapproved, PortError> {
        let Some(number) = &known.number else {
            return Ok(Preapproved::Raced);
        };
        let now = self.clock.now();
        let standing = standing_here(connector, message, known, now);
        let pending = self.pending_here(connector, &standing).await?;
        let (new, profile) = made_or_changed(connector, message, known, now);
        let is_new = new.is_some();
        let Some(chat_user) = new.or_else(|| known.chat_user.clone()) else {
            return Ok(Preapproved::Raced);
        };
        let chat_user = match profile {
            Some(change) => ChatUser {
                profile: change.profile,
                profile_told_at: Some(change.told_at),
                ..chat_user
            },
            None => chat_user,
        };
        let vouched = Vouched {
            connector,
            message,
            number,
            chat_user,
            is_new,
            standing,
            pending,
        };
        let approval = Preapproval::new(vouched, AuditId::new(SystemIds.draw()), now);
        let due = now.plus(OUTBOX_PATIENCE);
        let approved = self.store.preapprove(&approval, due).await?;
        match approved {
            Preapproved::Done => {
                tracing::info!(access_request.id = %approval.request.id, "the directory vouched for a person");
                self.enqueue_later(job(connector, &approval.standing));
            }
            Preapproved::TooMany => {
                tracing::warn!(end_user.id = %number.holder.end_user_id, "a person has as many chat users as can be; one more has to ask");
            }
            Preapproved::Raced => {}
        }
        Ok(approved)
    }

    /// Finds the sender's pending request at the connector, if it is for the connector's environment.
    async fn pending_here(
        &self,
        connector: &Connector,
        standing: &Standing,
    ) -> Result<Option<AccessRequest>, PortError> {
        let Some(id) = standing.request_id.filter(|_| standing.request_pending) else {
            return Ok(None);
        };
        let request = self.store.find_request(connector.scope, id).await?;
        Ok(request.filter(|request| {
            request.status() == RequestStatus::Pending
                && request.environment_id == connector.environment_id
                && request.chat_user_id == standing.chat_user_id
        }))
    }

    /// Orders that a person who was let through and the directory are brought together, unless they are, or it is
    /// ordered, and that a request which the person's access answers is decided. Nothing depends on it, so a failure
    /// is left to the person's next message.
    pub(super) async fn leave_registration(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        known: &Known,
    ) {
        let is_ordered = |standing: &Standing| {
            let tasks = &standing.pending_tasks;
            tasks.contains(&PendingTask::Register)
        };
        let is_answered = known.standing.as_ref().is_some_and(|standing| {
            let user = known.chat_user.as_ref();
            let held = user.map(|user| &user.grants);
            standing.request_pending
                && held.is_some_and(|held| held.contains_key(&connector.environment_id))
        });
        let is_due = known.may_register() || is_answered;
        if !is_due || known.standing.as_ref().is_some_and(is_ordered) {
            return;
        }
        let now = self.clock.now();
        let standing = standing_here(connector, message, known, now).registering(true);
        let due = now.plus(OUTBOX_PATIENCE);
        let left = self.store.leave_tasks(connector.scope, &standing, due);
        match timeout(TASK_PATIENCE, left).await {
            Ok(Ok(Written::Done)) => self.enqueue_later(job(connector, &standing)),
            Ok(Ok(Written::Raced)) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = %Chain(&error), "a registration is left to the person's next message");
            }
            Err(_) => {
                tracing::warn!(
                    "the table is slow; a registration is left to the person's next message"
                );
            }
        }
    }
}
