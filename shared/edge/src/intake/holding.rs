//! Messages that are held back: a request is opened, or the message counts on one that is pending.

use super::{
    Intake,
    outcome::{Content, IntakeOutcome},
    quota::Place,
    sender::{job, made_or_changed, profile_change},
};
use vestibule_domain::{
    PortError, Timestamp,
    access::held_message::{HeldFacts, HeldMessage, on_held_message},
    access::request::{AccessRequest, Preview},
    access::standing::Standing,
    chat::change::{ChangeKind, MessageChange},
    chat::message::InboundMessage,
    chat::repeats::HandledEvent,
    chat::user::ChatUser,
    connector::Connector,
    job::DeliverMessage,
    ports::{Counted, FirstMessage, Known, OpenRequest},
};
use vestibule_providers::withheld::placeholder_key;

impl Intake {
    /// Holds the message back: counts it on the pending request, opens a request, or ignores it during the
    /// cool-down.
    pub(super) async fn hold(
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
                    self.enqueue_later(job(connector, standing));
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
        let (new_chat_user, profile) = made_or_changed(connector, message, &known, now);
        // A link brings the access of the user, so a connector that does not heed the list (SPEC A51) makes none.
        let is_to_register =
            connector.preapprove_known_users && known.number.is_some() && known.may_register();
        let before = known
            .standing
            .unwrap_or_else(|| Standing::first(message, connector, now));
        let quota = match self.find_place(connector, before.chat_user_id, now).await? {
            Place::Within(usage) => Some(usage),
            Place::Taken => None,
            Place::Missing => return Ok(Some(IntakeOutcome::HeldBack)),
        };
        let rejected_before = before.rejections.map_or(0, |earlier| earlier.count);
        let key = message.event_keys.first().map_or("", String::as_str);
        let id = AccessRequest::id_of(connector.id, before.chat_user_id, key);
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
            event: event.held_on(id),
            profile,
            request: AccessRequest::asked_by(message, connector, id, rejected_before, now),
            quota,
        };
        Box::pin(self.open(connector, open, now)).await
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
        .any(|sender| {
            Some(AccessRequest::id_of(connector.id, sender, event_key)) == standing.request_id
        })
}

/// The message that an edit makes of the placeholder that made a pending request, while nothing else took
/// the placeholder's place: the platform hands over only now what the person wrote.
pub(super) fn awaited_content(
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
