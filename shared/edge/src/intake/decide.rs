//! The intake of one message: read the records, decide, write the changes, enqueue.

use super::{
    Intake,
    holding::awaited_content,
    outcome::{Content, IntakeOutcome},
    sender::{SenderIds, decision, job, made_or_changed, newcomer, profile_change, standing_here},
};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use vestibule_domain::{
    PortError,
    access::decision::{Decision, DeliverReason},
    access::standing::{PendingTask, Standing},
    chat::change::DeliveryEvent,
    chat::conversation::ConversationRef,
    chat::message::{Identity, InboundMessage},
    chat::recognition::{Recognition, for_now, kept_block, led_to, recognise},
    chat::renaming::ProfileChange,
    chat::repeats::HandledEvent,
    chat::user::ChatUser,
    connector::Connector,
    directory::phone::PhoneNumber,
    error::Chain,
    ids::SystemIds,
    job::DeliverMessage,
    ports::{
        IntakeKey, Introduction, Known, Loaded, Merged, OUTBOX_PATIENCE, Preapproved, Written,
    },
    retry::conflict_wait,
};

/// Attempts at one message before the platform is asked to try again. Only concurrent writers need more
/// than one.
const ATTEMPTS: usize = 8;
/// Time limit for taking over a name: the message goes first, and the next one tells the name again.
const PROFILE_PATIENCE: Duration = Duration::from_millis(300);

/// Result of one attempt at a message.
enum Attempt {
    /// The message has its outcome.
    Taken(IntakeOutcome),
    /// Another lookup is needed, or a record was made for one.
    ReadAgain,
    /// Another writer was first.
    Raced,
}

impl Intake {
    pub(super) async fn take_message(
        &self,
        connector: &Connector,
        mut message: InboundMessage,
        content: Content<'_>,
        event: &HandledEvent,
    ) -> Result<IntakeOutcome, PortError> {
        let mut ids = SenderIds::of(&message);
        let mut races = 0;
        for _ in 0..ATTEMPTS {
            match self
                .attempt(connector, &mut ids, &mut message, content, event)
                .await
            {
                Ok(Attempt::Taken(outcome)) => return Ok(outcome),
                Ok(Attempt::ReadAgain) => {}
                Ok(Attempt::Raced) | Err(PortError::Conflict { .. }) => {
                    races += 1;
                    sleep(conflict_wait(races, &SystemIds)).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(PortError::Conflict { what: "standing" })
    }

    async fn attempt(
        &self,
        connector: &Connector,
        ids: &mut SenderIds,
        message: &mut InboundMessage,
        content: Content<'_>,
        event: &HandledEvent,
    ) -> Result<Attempt, PortError> {
        let Some((sender, known)) = self
            .known_sender(connector, ids, &message.conversation, event)
            .await?
        else {
            return Ok(Attempt::ReadAgain);
        };
        message.sender = sender;
        let taken = Box::pin(self.take_known(connector, message, content, event, known)).await?;
        Ok(taken.map_or(Attempt::Raced, Attempt::Taken))
    }

    /// Loads the sender's records, and the id that they are under. `None` when a write or another
    /// lookup was needed first: read again.
    async fn known_sender(
        &self,
        connector: &Connector,
        ids: &mut SenderIds,
        conversation: &ConversationRef,
        event: &HandledEvent,
    ) -> Result<Option<(Identity, Known)>, PortError> {
        let phone = ids.phone.as_ref().map(PhoneNumber::key);
        let mut loaded = self
            .store
            .load(&IntakeKey {
                scope: connector.scope,
                connector_id: connector.id,
                sender: &ids.sender,
                also_known_as: ids.also_known_as.as_ref(),
                phone: phone.as_ref(),
                conversation_id: Some(conversation.id),
                event,
            })
            .await?;
        if let Some(known) = self.blocked_for_good(connector, &loaded).await? {
            return Ok(Some((loaded.sender.identity, known)));
        }
        let number = ids.known_number(phone, &mut loaded);
        let recognition = if ids.is_home {
            led_to(&loaded.sender)
        } else {
            recognise(&loaded.sender, loaded.also_known_as.as_ref())
        };
        let mut other_id = None;
        let person = match recognition {
            Recognition::Stable => loaded.sender,
            Recognition::Phone => loaded.also_known_as.unwrap_or(loaded.sender),
            Recognition::NewUnderBoth => {
                other_id = loaded.also_known_as.map(|also| also.identity);
                loaded.sender
            }
            Recognition::Elsewhere(identity) => {
                ids.turn_to(identity, true);
                return Ok(None);
            }
            Recognition::PassedOn(identity) => {
                ids.turn_to(identity, false);
                return Ok(None);
            }
            Recognition::HandsOver(handover) => {
                self.store.hand_over(connector.scope, &handover).await?;
                return Ok(None);
            }
            Recognition::Links(link) => {
                self.store.link(connector.scope, &link).await?;
                return Ok(None);
            }
            Recognition::Merges(merge) => {
                let now = self.clock.now();
                match self.store.merge(connector.scope, &merge, now).await? {
                    Merged::ReadAgain => return Ok(None),
                    Merged::NotNow(left) => {
                        if let Some(job) = left {
                            self.enqueue_later(job);
                        }
                        for_now(
                            loaded.sender,
                            loaded.also_known_as,
                            connector.environment_id,
                        )
                    }
                }
            }
        };
        let known = Known {
            chat_user: person.user,
            kept_block: None,
            other_id,
            standing: person.standing,
            number,
            conversation: loaded.conversation,
            is_repeated: loaded.is_repeated,
        };
        Ok(Some((person.identity, known)))
    }

    /// Finds the block of a sender who was erased. A second id that they tell is blocked too, so that they do not
    /// come in under it later.
    async fn blocked_for_good(
        &self,
        connector: &Connector,
        loaded: &Loaded,
    ) -> Result<Option<Known>, PortError> {
        let also = loaded.also_known_as.as_ref();
        let Some(block) = kept_block(&loaded.sender, also) else {
            return Ok(None);
        };
        if let Some(also) = also.filter(|_| loaded.is_half_blocked) {
            let (stable, phone) = (&loaded.sender.identity, &also.identity);
            self.store
                .extend_block(connector.scope, stable, phone)
                .await?;
        }
        Ok(Some(Known {
            kept_block: Some(block.clone()),
            ..Known::default()
        }))
    }

    /// Makes one attempt; `None` when another write came first.
    async fn take_known(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        content: Content<'_>,
        event: &HandledEvent,
        known: Known,
    ) -> Result<Option<IntakeOutcome>, PortError> {
        let decision = decision(connector, &known);
        if let Decision::Drop(_) = decision {
            let Content::Changed(change) = content else {
                return Ok(Some(IntakeOutcome::Dropped));
            };
            let taken = self
                .take_withdrawal(connector, message, change, &known)
                .await?;
            return Ok(Some(taken.unwrap_or(IntakeOutcome::Dropped)));
        }
        if is_repeated(&known, &message.event_keys) {
            if let Some(standing) = &known.standing {
                self.reenqueue(connector, standing);
            }
            return Ok(Some(IntakeOutcome::Duplicate));
        }
        if let Content::Changed(change) = content {
            if let Some(message) = awaited_content(connector, message, change, &known) {
                let content = Content::Whole;
                match decision {
                    Decision::Onboard(_) => {
                        return self.hold(connector, &message, content, event, known).await;
                    }
                    Decision::ApproveAndDeliver(_) => {
                        return Box::pin(self.let_in(connector, &message, content, event, known))
                            .await;
                    }
                    Decision::Deliver(_) | Decision::Drop(_) | Decision::Ignore(_) => {}
                }
            }
            // Nobody is approved by a change of what they wrote before.
            let delivers = matches!(decision, Decision::Deliver(_));
            return self
                .take_change(connector, message, change, &known, delivers)
                .await;
        }
        if let Decision::ApproveAndDeliver(_) = decision {
            return Box::pin(self.let_in(connector, message, content, event, known)).await;
        }
        self.carry_out(decision, connector, message, content, event, known)
            .await
    }

    /// Carries out a decision about a new message, except for the approval of a known person.
    async fn carry_out(
        &self,
        decision: Decision,
        connector: &Connector,
        message: &InboundMessage,
        content: Content<'_>,
        event: &HandledEvent,
        known: Known,
    ) -> Result<Option<IntakeOutcome>, PortError> {
        match decision {
            Decision::Drop(_) => Ok(Some(IntakeOutcome::Dropped)),
            Decision::Deliver(DeliverReason::OpenConnector) => {
                if !self.admit(connector, message, &known).await? {
                    return Ok(None);
                }
                self.deliver(connector, message, content).await
            }
            Decision::Deliver(_) => {
                // First, so that the agent gets the message with the name that it tells.
                self.take_profile(connector, message, &known).await;
                let delivered = self.deliver(connector, message, content).await?;
                self.leave_registration(connector, message, &known).await;
                Ok(delivered)
            }
            Decision::ApproveAndDeliver(_) => Ok(None),
            Decision::Ignore(_) => {
                let introduced = self.track(connector, message, &known).await?;
                Ok(introduced.then_some(IntakeOutcome::Ignored))
            }
            // Nobody asks for access by a reaction.
            Decision::Onboard(_) if message.is_reaction() => Ok(Some(IntakeOutcome::Ignored)),
            Decision::Onboard(_) => self.hold(connector, message, content, event, known).await,
        }
    }

    /// Approves a person for whom the directory vouches, and delivers the message. The event is not remembered
    /// with the approval: after a crash, the message comes again and is delivered.
    async fn let_in(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        content: Content<'_>,
        event: &HandledEvent,
        known: Known,
    ) -> Result<Option<IntakeOutcome>, PortError> {
        match self.preapprove(connector, message, &known).await? {
            Preapproved::Done => self.deliver(connector, message, content).await,
            Preapproved::Raced => Ok(None),
            Preapproved::TooMany => {
                let known = Known {
                    number: None,
                    ..known
                };
                let without = decision(connector, &known);
                self.carry_out(without, connector, message, content, event, known)
                    .await
            }
        }
    }

    /// Leaves the job again for a duplicate of a held message, in case a crash lost it.
    fn reenqueue(&self, connector: &Connector, standing: &Standing) {
        if !standing.pending_tasks.is_empty() {
            self.enqueue_later(job(connector, standing));
        }
    }

    /// Takes over the profile that a known person's message tells, in a write of its own.
    pub(super) async fn take_profile(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        known: &Known,
    ) {
        let now = self.clock.now();
        let Some(change) = profile_change(message, known, now) else {
            return;
        };
        let taken = self.store.take_profile(connector.scope, &change, now);
        match timeout(PROFILE_PATIENCE, taken).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = %Chain(&error), "a name is left to the person's next message");
            }
            Err(_) => {
                tracing::warn!("the table is slow; a name is left to the person's next message");
            }
        }
    }

    /// Enqueues the message for the agent. The worker, which reads the environment, drops what an agent gets
    /// only if it asks for it.
    pub(super) async fn deliver(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        content: Content<'_>,
    ) -> Result<Option<IntakeOutcome>, PortError> {
        let event = match content {
            Content::Withheld => DeliveryEvent::Unsupported,
            Content::Whole => DeliveryEvent::Received,
            Content::Changed(change) => change.event(),
        };
        self.enqueue(connector, message, event).await?;
        Ok(Some(IntakeOutcome::Delivered))
    }

    /// Enqueues the message as this event for the worker that has the conversation.
    pub(super) async fn enqueue(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        event: DeliveryEvent,
    ) -> Result<(), PortError> {
        let job = DeliverMessage {
            event,
            ..DeliverMessage::of(message.clone(), connector, self.clock.now())
        };
        self.inbox.enqueue_delivery(job).await
    }

    /// Records the sender at an open connector; `false` when another write came first.
    async fn admit(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        known: &Known,
    ) -> Result<bool, PortError> {
        let admitted_at = known
            .standing
            .as_ref()
            .and_then(|standing| standing.admitted_to(connector));
        if known
            .chat_user
            .as_ref()
            .is_some_and(|user| user.admitted_openly)
            && admitted_at.is_some()
        {
            self.take_profile(connector, message, known).await;
            self.leave_registration(connector, message, known).await;
            return Ok(true);
        }
        let now = self.clock.now();
        let mut standing = standing_here(connector, message, known, now);
        standing.admitted_openly_at = admitted_at.or(Some(now));
        standing = standing.registering(known.may_register());
        let (new, profile) = made_or_changed(connector, message, known, now);
        let new = new.map(|user| ChatUser {
            admitted_openly: true,
            ..user
        });
        self.introduce(connector, new, standing, profile).await
    }

    /// Records a stranger at a connector that serves only its directory (SPEC A23).
    async fn track(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        known: &Known,
    ) -> Result<bool, PortError> {
        let now = self.clock.now();
        let Some(new) = newcomer(connector, message, known, now) else {
            self.take_profile(connector, message, known).await;
            return Ok(true);
        };
        let standing = standing_here(connector, message, known, now);
        self.introduce(connector, Some(new), standing, None).await
    }

    async fn introduce(
        &self,
        connector: &Connector,
        new_chat_user: Option<ChatUser>,
        mut standing: Standing,
        profile: Option<ProfileChange>,
    ) -> Result<bool, PortError> {
        if new_chat_user.is_some() && standing.version == 0 {
            standing.pending_tasks.insert(PendingTask::Profile);
        }
        let has_new_tasks = standing.pending_tasks.contains(&PendingTask::Profile)
            || standing.pending_tasks.contains(&PendingTask::Register);
        let introduction = Introduction {
            scope: connector.scope,
            new_chat_user,
            standing,
            profile,
        };
        let due = self.clock.now().plus(OUTBOX_PATIENCE);
        if self.store.introduce(&introduction, due).await? == Written::Raced {
            return Ok(false);
        }
        if has_new_tasks {
            self.enqueue_later(job(connector, &introduction.standing));
        }
        Ok(true)
    }
}

/// Whether a message with these event keys was handled before. Records of the release before hold the
/// keys themselves.
fn is_repeated(known: &Known, keys: &[String]) -> bool {
    known.is_repeated
        || known.conversation.has_any(keys)
        || known
            .standing
            .as_ref()
            .is_some_and(|standing| standing.has_any(keys))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::chat::conversation::Conversation;

    #[test]
    fn a_message_is_known_by_its_own_row_or_by_the_list_of_the_release_before() {
        let keys = ["a".to_owned()];
        assert!(!is_repeated(&Known::default(), &keys));
        let by_row = Known {
            is_repeated: true,
            ..Known::default()
        };
        assert!(is_repeated(&by_row, &keys));
        let by_list = Known {
            conversation: Conversation {
                recent_events: vec!["a".to_owned()],
                ..Conversation::default()
            },
            ..Known::default()
        };
        assert!(is_repeated(&by_list, &keys));
        assert!(!is_repeated(&by_list, &["b".to_owned()]));
    }
}
