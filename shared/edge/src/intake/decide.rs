//! The intake of one message: read the records, decide, write the changes, enqueue.

use super::{
    Intake,
    sender::{SenderIds, decision, job, newcomer, profile_change, standing_here},
};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use vestibule_domain::{
    PortError, Timestamp,
    access::decision::{Decision, DeliverReason},
    access::request::{AccessRequest, HeldFacts, HeldMessage, Preview, on_held_message},
    access::standing::{PendingTask, Standing},
    chat::change::{ChangeKind, DeliveryEvent, MessageChange},
    chat::conversation::ConversationRef,
    chat::message::{Identity, InboundMessage},
    chat::recognition::{Recognition, for_now, kept_block, led_to, recognise},
    chat::renaming::ProfileChange,
    chat::repeats::{HandledEvent, Repeats},
    chat::user::ChatUser,
    connector::Connector,
    directory::phone::PhoneNumber,
    error::Chain,
    ids::{AccessRequestId, ChatUserId, SystemIds},
    job::{DeliverMessage, OnboardChatUser},
    ports::{
        Counted, FirstMessage, IntakeKey, Introduction, Known, Loaded, Merged, OUTBOX_PATIENCE,
        OpenRequest, Preapproved, Written,
    },
    retry::conflict_wait,
};
use vestibule_providers::withheld::placeholder_key;

/// Attempts at one message before the platform is asked to try again. Only concurrent writers need more
/// than one.
const ATTEMPTS: usize = 8;
/// Time limit for the onboarding queue: the platform needs its answer, and the sweeper enqueues a job
/// that the queue does not accept in time.
const ENQUEUE_PATIENCE: Duration = Duration::from_millis(500);
/// Time limit for taking over a name: the message goes first, and the next one tells the name again.
const PROFILE_PATIENCE: Duration = Duration::from_millis(300);

/// Outcome of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntakeOutcome {
    /// It was enqueued for the agent.
    Delivered,
    /// It was already processed.
    Duplicate,
    /// The sender is blocked; nothing was written.
    Dropped,
    /// The connector serves only its directory, or the sender has no access and asked for none.
    Ignored,
    /// It opened an access request.
    RequestOpened,
    /// It was counted on a pending request.
    Counted,
    /// The sender was rejected too recently.
    CooledDown,
    /// It was counted beyond the connector's quota of new requests, and made none.
    HeldBack,
    /// It changed the message that made a request, and there is nothing for the agent.
    Changed,
    /// It deleted what its author wrote before they lost access, and was enqueued for the history.
    Withdrawn,
}

/// The content of a message here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// As the person wrote it.
    Whole,
    /// None: the platform does not pass it on.
    Withheld,
    /// The new content of an earlier message, or none if the person deleted it.
    Changed(&'a MessageChange),
}

impl IntakeOutcome {
    /// Whether the intake has to remember an event with this outcome by itself, because nothing else
    /// that it wrote does. A message of somebody blocked costs no row (SPEC A45); one that waits for the
    /// agent is remembered by its delivery, in a large batch already before it. There, so is a deletion by
    /// somebody without access: else those of a batch that comes again would be enqueued again, and it would
    /// never end.
    #[must_use]
    pub(super) const fn leaves_event_to_remember(
        self,
        repeats: Repeats,
        is_large_batch: bool,
    ) -> bool {
        match self {
            Self::Delivered | Self::Withdrawn => is_large_batch,
            // Such a message could take effect later: after the cool-down or the minute, or under another policy.
            Self::Ignored | Self::CooledDown | Self::HeldBack => {
                is_large_batch || matches!(repeats, Repeats::ForEver)
            }
            // A change that comes again has no further effect.
            Self::Duplicate
            | Self::Dropped
            | Self::RequestOpened
            | Self::Counted
            | Self::Changed => false,
        }
    }
}

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
                            self.enqueue_or_leave(job).await;
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

    /// What is known of a sender who is blocked and erased. A second id that they tell is blocked too, so that they do not
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
                self.reenqueue(connector, standing).await;
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

    /// Enqueues the job again for a duplicate of a held message, in case a crash lost it.
    async fn reenqueue(&self, connector: &Connector, standing: &Standing) {
        if !standing.pending_tasks.is_empty() {
            self.enqueue_or_leave(job(connector, standing)).await;
        }
    }

    /// Takes over the profile that a known person's message tells, in a write of its own.
    async fn take_profile(&self, connector: &Connector, message: &InboundMessage, known: &Known) {
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
        let new = newcomer(connector, message, known, now).map(|user| ChatUser {
            admitted_openly: true,
            ..user
        });
        let profile = profile_change(message, known, now);
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
            self.enqueue_or_leave(job(connector, &introduction.standing))
                .await;
        }
        Ok(true)
    }

    /// Holds the message back: counts it on the pending request, opens a request, or ignores it during the
    /// cool-down.
    async fn hold(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        content: Content<'_>,
        event: &HandledEvent,
        known: Known,
    ) -> Result<Option<IntakeOutcome>, PortError> {
        let now = self.clock.now();
        let held = on_held_message(&HeldFacts {
            standing: known.standing.as_ref(),
            connector,
            now,
        });
        let with_onboarding_message = match (held, &known.standing) {
            (HeldMessage::CoolsDown { .. }, _) => {
                self.take_profile(connector, message, &known).await;
                return Ok(Some(IntakeOutcome::CooledDown));
            }
            (HeldMessage::CountsOnPending(_), Some(standing)) => {
                let first = (standing.awaits_content && content == Content::Whole)
                    .then(|| first_message(connector, message, content, now));
                let profile = profile_change(message, &known, now);
                let counted = self.store.count_held(
                    connector.scope,
                    standing,
                    message,
                    first.as_ref(),
                    event,
                    profile.as_ref(),
                );
                let counted = counted.await?;
                if counted == Counted::Done && standing.is_opened_by(message) {
                    self.enqueue_or_leave(job(connector, standing)).await;
                }
                return Ok(match counted {
                    Counted::Done => Some(IntakeOutcome::Counted),
                    Counted::Duplicate => Some(IntakeOutcome::Duplicate),
                    Counted::Raced => None,
                });
            }
            (HeldMessage::CountsOnPending(_), None) => return Ok(None),
            (
                HeldMessage::OpensRequest {
                    with_onboarding_message,
                },
                _,
            ) => with_onboarding_message,
        };
        let new_chat_user = newcomer(connector, message, &known, now);
        let profile = profile_change(message, &known, now);
        // A link brings the access of the user, so a connector that does not heed the list (SPEC A51) makes none.
        let is_to_register =
            connector.preapprove_known_users && known.number.is_some() && known.may_register();
        let before = known
            .standing
            .unwrap_or_else(|| Standing::first(message, connector, now));
        if !self
            .takes_request(connector, before.chat_user_id, now)
            .await?
        {
            return Ok(Some(IntakeOutcome::HeldBack));
        }
        let rejected_before = before.rejections.map_or(0, |earlier| earlier.count);
        let key = message.event_keys.first().map_or("", String::as_str);
        let id = request_id(connector, before.chat_user_id, key);
        let admitted_here = before.admitted_openly_at.is_some();
        let FirstMessage { preview, held } = first_message(connector, message, content, now);
        let open = OpenRequest {
            no_longer_admitted: known
                .chat_user
                .as_ref()
                .filter(|user| user.admitted_openly && admitted_here)
                .map(|user| ChatUser {
                    admitted_openly: false,
                    updated_at: now,
                    ..user.clone()
                }),
            preview,
            held,
            new_chat_user,
            standing: Standing {
                awaits_content: content == Content::Withheld,
                ..before.registering(is_to_register).with_request(
                    id,
                    message,
                    with_onboarding_message,
                )
            },
            event: event.clone(),
            profile,
            request: AccessRequest::asked_by(message, connector, id, rejected_before, now),
        };
        let due = now.plus(OUTBOX_PATIENCE);
        if self.store.open_request(&open, due).await? == Written::Raced {
            return Ok(None);
        }
        self.enqueue_or_leave(job(connector, &open.standing)).await;
        Ok(Some(IntakeOutcome::RequestOpened))
    }

    /// Enqueues a job whose outbox mark is stored; if the queue is down, the sweeper finds the mark.
    pub(super) async fn enqueue_or_leave(&self, job: OnboardChatUser) {
        match timeout(
            ENQUEUE_PATIENCE,
            self.onboarding.enqueue_onboarding(job.into()),
        )
        .await
        {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = %Chain(&error), "an onboarding job is left to the sweeper");
            }
            Err(_) => tracing::warn!("the onboarding queue is slow; a job is left to the sweeper"),
        }
    }
}

/// The parts of a message that are kept while its author's request is pending.
fn first_message(
    connector: &Connector,
    message: &InboundMessage,
    content: Content<'_>,
    now: Timestamp,
) -> FirstMessage {
    FirstMessage {
        preview: Preview::of(&message.words(), now),
        held: (connector.after_approval.mode.replays() && content == Content::Whole)
            .then(|| DeliverMessage::of(message.clone(), connector, now)),
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

/// The id of the request that a message makes. It is derived, so that a repeated attempt after a lost answer
/// finds the request, and so does a change of the message.
fn request_id(connector: &Connector, sender: ChatUserId, event_key: &str) -> AccessRequestId {
    AccessRequestId::derive(&[&connector.id.to_string(), &sender.to_string(), event_key])
}

/// Whether the message with this key made the sender's latest request at the connector. It may have been
/// made under another id of the sender, before two records became one.
pub(super) fn made_latest(
    connector: &Connector,
    change: &MessageChange,
    standing: &Standing,
    event_key: &str,
) -> bool {
    let identities = std::iter::once(&change.message.sender).chain(&change.message.also_known_as);
    identities
        .map(|identity| identity.chat_user_id(connector.scope))
        .chain([standing.chat_user_id])
        .any(|sender| Some(request_id(connector, sender, event_key)) == standing.request_id)
}

/// The message that an edit makes of the placeholder that made a pending request, while nothing else took
/// the placeholder's place: the platform hands over only now what the person wrote.
fn awaited_content(
    connector: &Connector,
    message: &InboundMessage,
    change: &MessageChange,
    known: &Known,
) -> Option<InboundMessage> {
    let standing = known.standing.as_ref()?;
    let is_awaited = standing.request_pending
        && standing.awaits_content
        && change.kind == ChangeKind::Edited
        && !message.is_withheld()
        && made_latest(
            connector,
            change,
            standing,
            &placeholder_key(&change.original_key),
        );
    is_awaited.then(|| InboundMessage {
        event_keys: vec![change.original_key.clone()],
        ..message.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::chat::conversation::Conversation;

    #[test]
    fn a_message_without_effect_is_remembered_where_it_could_be_replayed_when_it_would_have_one() {
        let bounded = Repeats::For(Duration::from_hours(24));
        for outcome in [
            IntakeOutcome::Ignored,
            IntakeOutcome::CooledDown,
            IntakeOutcome::HeldBack,
        ] {
            assert!(outcome.leaves_event_to_remember(Repeats::ForEver, false));
            assert!(!outcome.leaves_event_to_remember(bounded, false));
            assert!(outcome.leaves_event_to_remember(bounded, true));
        }
    }

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

    #[test]
    fn what_is_enqueued_is_remembered_at_once_in_a_large_batch_alone() {
        for repeats in [Repeats::For(Duration::from_hours(24)), Repeats::ForEver] {
            for outcome in [IntakeOutcome::Delivered, IntakeOutcome::Withdrawn] {
                assert!(!outcome.leaves_event_to_remember(repeats, false));
                assert!(outcome.leaves_event_to_remember(repeats, true));
            }
            for outcome in [
                IntakeOutcome::Duplicate,
                IntakeOutcome::Dropped,
                IntakeOutcome::RequestOpened,
                IntakeOutcome::Counted,
                IntakeOutcome::Changed,
            ] {
                assert!(!outcome.leaves_event_to_remember(repeats, true));
            }
        }
    }
}
