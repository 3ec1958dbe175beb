//! The outgoing events of changes that have no audit entry. Each is written in the transaction of its change.
//!
//! An event is named after its change, so a transaction that is repeated writes the same one.

use super::{
    catalogue::EventType,
    outgoing::OutgoingEvent,
    told::{EventData, Told},
};
use crate::{
    AccountScope, ProjectScope, Timestamp,
    access::standing::Standing,
    chat::{
        handoff::Handoff, offering::CaseStep, recognition::Merge, renaming::ProfileChange,
        send_status::SendStatus,
    },
    connector::Connector,
    ids::{ChatUserId, ConnectorId, EnvironmentId},
    job::{DeliverMessage, SendMessages},
    ports::TaskResult,
    team::mail::{Mail, MailEvent, MailEventKind, MailKind, MailOwner},
};

/// The quota of new requests, as an event names it.
const NEW_REQUESTS: &str = "new_requests";

/// The text of a conversation that an event is about.
#[derive(Debug, Clone, Copy)]
pub struct TextPlace {
    /// The conversation.
    pub order: SendMessages,
    /// Number of the text.
    pub number: u64,
    /// The environment, if it was read.
    pub environment_id: Option<EnvironmentId>,
    /// The person, if they were read.
    pub chat_user_id: Option<ChatUserId>,
}

/// Makes the event of a change that these parts name.
fn named(
    kind: EventType,
    scope: AccountScope,
    at: Timestamp,
    of: &[String],
    told: Told,
) -> OutgoingEvent {
    let of: Vec<&str> = of.iter().map(String::as_str).collect();
    OutgoingEvent::new(kind, scope, at, &of, told)
}

/// A conversation begins with this message, which is recorded at this time.
#[must_use]
pub fn conversation_opened(job: &DeliverMessage, at: Timestamp) -> OutgoingEvent {
    let data = EventData::new()
        .id("conversation_id", job.conversation.id)
        .id("chat_user_id", job.chat_user_id);
    of_delivery(EventType::ConversationOpened, job, at, data)
}

/// The agent, or a connector that the team answers, hands a conversation off with the record of this message.
#[must_use]
pub fn conversation_handed_off(
    job: &DeliverMessage,
    handoff: &Handoff,
    case: &CaseStep,
    at: Timestamp,
) -> OutgoingEvent {
    let demand = match case {
        CaseStep::Offer(offer) => Some(&offer.case.demand),
        CaseStep::Stands(case) => Some(&case.demand),
        CaseStep::Nothing => None,
    };
    let data = EventData::new()
        .actor(&handoff.by)
        .id("conversation_id", job.conversation.id)
        .id_if("client_id", demand.map(|demand| demand.client_id))
        .id_if("team_id", demand.and_then(|demand| demand.team_id));
    of_delivery(EventType::ConversationHandedOff, job, at, data)
}

fn of_delivery(
    kind: EventType,
    job: &DeliverMessage,
    at: Timestamp,
    data: EventData,
) -> OutgoingEvent {
    let told = Told::in_project(job.scope)
        .in_environment(job.environment_id)
        .at_connector(job.connector_id)
        .with(data);
    // A conversation that was erased may begin again.
    let of = [job.conversation.id.to_string(), at.to_string()];
    named(kind, job.scope.account(), at, &of, told)
}

/// A message tells another profile of a known person.
#[must_use]
pub fn profile_told(scope: ProjectScope, change: &ProfileChange) -> OutgoingEvent {
    let changed = &change.changed;
    updated(scope, change.chat_user_id, change.told_at, changed)
}

/// The platform's answer about a person is stored. `None` if it changes nothing.
#[must_use]
pub fn profile_fetched(
    scope: ProjectScope,
    id: ChatUserId,
    changed: &[&str],
    at: Timestamp,
) -> Option<OutgoingEvent> {
    (!changed.is_empty()).then(|| updated(scope, id, at, changed))
}

/// Two records of one person become one.
#[must_use]
pub fn records_merged(scope: ProjectScope, merge: &Merge, at: Timestamp) -> OutgoingEvent {
    updated(scope, merge.survivor.id, at, &["other_identifier"])
}

fn updated(scope: ProjectScope, id: ChatUserId, at: Timestamp, changed: &[&str]) -> OutgoingEvent {
    let data = EventData::new()
        .id("chat_user_id", id)
        .codes("changed", changed);
    let told = Told::in_project(scope).with(data);
    let of = [id.to_string(), at.to_string(), changed.join(",")];
    let kind = EventType::ChatUserUpdated;
    named(kind, scope.account(), at, &of, told)
}

/// A text of a conversation is finished with this status. `None` unless it failed.
#[must_use]
pub fn text_failed(place: TextPlace, status: &SendStatus) -> Option<OutgoingEvent> {
    let SendMessages {
        scope,
        connector_id,
        conversation_id,
    } = place.order;
    let data = EventData::new()
        .id("conversation_id", conversation_id)
        .id_if("chat_user_id", place.chat_user_id)
        .count("number", place.number);
    let told = Told {
        environment_id: place.environment_id,
        ..Told::in_project(scope).at_connector(connector_id)
    };
    let of = [conversation_id.to_string(), place.number.to_string()];
    failed(scope, told, data, &of, status)
}

/// A text of a standing is finished with this result: the onboarding message, or the notice of an approval. `None` unless
/// it failed.
#[must_use]
pub fn notice_failed(
    scope: ProjectScope,
    standing: &Standing,
    result: &TaskResult,
) -> Option<OutgoingEvent> {
    let (TaskResult::OnboardingMessage(status) | TaskResult::ApprovalNotice(status)) = result
    else {
        return None;
    };
    let place = (standing.chat_user_id, standing.connector_id);
    notice_lost(scope, place, result.task().key(), status)
}

/// The platform reports that a text of a standing, named by its task, did not arrive. `None` unless it failed.
#[must_use]
pub fn notice_lost(
    scope: ProjectScope,
    (chat_user_id, connector_id): (ChatUserId, ConnectorId),
    task: &str,
    status: &SendStatus,
) -> Option<OutgoingEvent> {
    let SendStatus::Failed { at, .. } = status else {
        return None;
    };
    let data = EventData::new().id("chat_user_id", chat_user_id);
    let told = Told::in_project(scope).at_connector(connector_id);
    let of = [
        chat_user_id.to_string(),
        connector_id.to_string(),
        task.to_owned(),
        at.to_string(),
    ];
    failed(scope, told, data, &of, status)
}

fn failed(
    scope: ProjectScope,
    told: Told,
    data: EventData,
    of: &[String],
    status: &SendStatus,
) -> Option<OutgoingEvent> {
    let SendStatus::Failed { at, class, reason } = status else {
        return None;
    };
    let data = data.code("class", class).code("reason_code", reason);
    let (kind, account) = (EventType::MessageFailed, scope.account());
    Some(named(kind, account, *at, of, told.with(data)))
}

/// The mail service tells this of a mail. `None` unless an invitation did not arrive, or was called spam.
#[must_use]
pub fn invitation_bounced(mail: &Mail, event: &MailEvent) -> Option<OutgoingEvent> {
    let class = match event.kind {
        MailEventKind::BouncedHard => "hard_bounce",
        MailEventKind::Complained => "complaint",
        _ => return None,
    };
    let (MailKind::Invitation { invitation_id, .. }, MailOwner::Account(scope)) =
        (&mail.kind, mail.owner)
    else {
        return None;
    };
    let data = EventData::new()
        .id_if("invitation_id", *invitation_id)
        .code("class", class)
        .id("mail_id", mail.id);
    let told = Told::default().with(data);
    let of = [mail.id.to_string(), class.to_owned()];
    let kind = EventType::InvitationBounced;
    Some(named(kind, scope, event.at, &of, told))
}

/// The platform refuses a connector's calls from this time on, for a failure of this class.
#[must_use]
pub fn connector_failing(connector: &Connector, class: &str, since: Timestamp) -> OutgoingEvent {
    let data = EventData::new().code("class", class);
    of_connector(EventType::ConnectorFailing, connector, (since, since), data)
}

/// The platform takes the connector's calls again, which it refused since this time.
#[must_use]
pub fn connector_recovered(
    connector: &Connector,
    since: Timestamp,
    at: Timestamp,
) -> OutgoingEvent {
    let kind = EventType::ConnectorRecovered;
    of_connector(kind, connector, (since, at), EventData::new())
}

fn of_connector(
    kind: EventType,
    connector: &Connector,
    (since, at): (Timestamp, Timestamp),
    data: EventData,
) -> OutgoingEvent {
    let scope = connector.scope;
    let data = data.id("connector_id", connector.id).time("since", since);
    let told = Told::in_project(scope)
        .in_environment(connector.environment_id)
        .at_connector(connector.id)
        .with(data);
    let of = [connector.id.to_string(), since.to_string()];
    named(kind, scope.account(), at, &of, told)
}

/// A connector holds a message back, the first one of a day, because its quota of new requests is used up.
#[must_use]
pub fn quota_used_up(
    scope: ProjectScope,
    connector_id: ConnectorId,
    since: Timestamp,
) -> OutgoingEvent {
    let data = EventData::new()
        .id("connector_id", connector_id)
        .code("cap", NEW_REQUESTS)
        .time("since", since);
    let told = Told::in_project(scope)
        .at_connector(connector_id)
        .with(data);
    let of = [connector_id.to_string(), since.to_string()];
    let kind = EventType::ConnectorCapHit;
    named(kind, scope.account(), since, &of, told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::profile::Profile,
        ids::{ConversationId, InvitationId, MailId},
        samples::{at, chat_user, connector, scope, standing},
        team::mail::Mail,
    };

    const NONE: Vec<&str> = Vec::new();

    fn failure(reason: &str) -> SendStatus {
        SendStatus::Failed {
            at: at(9),
            class: "recipient".to_owned(),
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn a_failed_text_is_told_with_codes_and_a_reason_in_words_is_left_out() {
        let place = TextPlace {
            order: SendMessages {
                scope: scope(),
                connector_id: connector().id,
                conversation_id: ConversationId::derive(&["d"]),
            },
            number: 4,
            environment_id: None,
            chat_user_id: Some(chat_user().id),
        };
        let named = text_failed(place, &failure("http_403")).unwrap();
        assert_eq!(named.missing(), NONE);
        assert!(named.told.data.get("reason_code").is_some());
        let worded = text_failed(place, &failure("Ada blocked the bot")).unwrap();
        assert_eq!(worded.missing(), NONE);
        assert!(worded.told.data.get("reason_code").is_none());
        assert_eq!(named.id, worded.id);
        assert_eq!(text_failed(place, &SendStatus::Queued), None);
    }

    #[test]
    fn the_texts_of_a_standing_are_told_apart_and_other_tasks_tell_nothing() {
        let told = |result| notice_failed(scope(), &standing(), &result);
        let message = told(TaskResult::OnboardingMessage(failure("x"))).unwrap();
        let notice = told(TaskResult::ApprovalNotice(failure("x"))).unwrap();
        assert_ne!(message.id, notice.id);
        assert_eq!(message.missing(), NONE);
        assert_eq!(told(TaskResult::Replay(failure("x"))), None);
        assert_eq!(told(TaskResult::Profile), None);
    }

    #[test]
    fn a_profile_tells_the_names_of_its_fields_that_differ_and_one_that_is_the_same_none() {
        let named = |name| Profile::from_raw(Some(name), None, None, None);
        assert_eq!(named("Ada").changed_from(&named("Ada")), NONE);
        let changed = named("Ada").changed_from(&named("Bea"));
        assert_eq!(changed, ["display_name"]);
        let told = profile_fetched(scope(), chat_user().id, &changed, at(1)).unwrap();
        assert_eq!(told.missing(), NONE);
        assert_eq!(profile_fetched(scope(), chat_user().id, &[], at(1)), None);
    }

    #[test]
    fn only_an_invitation_that_bounced_or_was_called_spam_is_told() {
        let owner = MailOwner::Account(scope().account());
        let to = crate::account::email_address::EmailAddress::parse("ada@example.com").unwrap();
        let mail = |kind| {
            let id = MailId::derive(&["m"]);
            Mail::queued(id, owner, to.clone(), None, kind, None, at(1))
        };
        let invitation = mail(MailKind::Invitation {
            account_name: "Acme".to_owned(),
            invited_by: "Grace".to_owned(),
            role_name: "Agent".to_owned(),
            expires_at: at(9),
            invitation_id: Some(InvitationId::derive(&["i"])),
        });
        let event = |kind| MailEvent {
            kind,
            ..invitation.events[0].clone()
        };
        let bounced = invitation_bounced(&invitation, &event(MailEventKind::BouncedHard)).unwrap();
        let spam = invitation_bounced(&invitation, &event(MailEventKind::Complained)).unwrap();
        for told in [&bounced, &spam] {
            assert_eq!(told.missing(), NONE);
            assert!(told.told.data.get("invitation_id").is_some());
        }
        assert_ne!(bounced.id, spam.id);
        assert_eq!(
            invitation_bounced(&invitation, &event(MailEventKind::BouncedSoft)),
            None
        );
        let reset = mail(MailKind::PasswordReset { expires_at: at(9) });
        assert_eq!(
            invitation_bounced(&reset, &event(MailEventKind::BouncedHard)),
            None
        );
    }

    #[test]
    fn a_failure_of_a_connector_and_its_end_have_one_beginning() {
        let failing = connector_failing(&connector(), "connector", at(3));
        let recovered = connector_recovered(&connector(), at(3), at(8));
        for told in [
            &failing,
            &recovered,
            &quota_used_up(scope(), connector().id, at(3)),
        ] {
            assert_eq!(told.missing(), NONE);
        }
        assert_eq!(
            failing.told.data.get("since"),
            recovered.told.data.get("since")
        );
        assert_eq!((failing.at, recovered.at), (at(3), at(8)));
    }
}
