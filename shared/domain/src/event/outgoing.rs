//! Outgoing events: what an account's own systems hear (SPEC F04).

use super::{
    AuditEntry, Event,
    catalogue::{EventType, names},
    told::{EventData, Told},
};
use crate::{
    AccountScope, PortError, Timestamp,
    ids::{AccountId, ConnectorId, EnvironmentId, OutgoingEventId, ProjectId, SubscriptionId},
};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// Code of a rejection that followed from time alone.
const EXPIRED: &str = "expired";

/// An event that is told to the subscriptions of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingEvent {
    /// Id of the event; derived from the change.
    pub id: OutgoingEventId,
    /// Type of the event.
    pub kind: EventType,
    /// The account.
    pub scope: AccountScope,
    /// Time of the change.
    pub at: Timestamp,
    /// The records that it is about, and its data.
    pub told: Told,
}

/// The body of a call to a subscription.
#[derive(Debug, Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: EventType,
    id: OutgoingEventId,
    timestamp: Timestamp,
    sequence: u64,
    account_id: AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<ProjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment_id: Option<EnvironmentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connector_id: Option<ConnectorId>,
    data: &'a EventData,
}

impl OutgoingEvent {
    /// Time for which an event and its deliveries are kept. One that is sent again on the last day of
    /// [`LISTED_FOR`](super::delivery::LISTED_FOR) is tried for [`TRIED_FOR`](super::delivery::TRIED_FOR) more.
    pub const KEPT: Duration = Duration::from_hours(11 * 24);

    /// Makes the event of a change. `of` names the change: its record, and the version, number or time that the record
    /// reached by it. A transaction that is repeated makes the same event.
    #[must_use]
    pub fn new(
        kind: EventType,
        scope: AccountScope,
        at: Timestamp,
        of: &[&str],
        told: Told,
    ) -> Self {
        let account = scope.account_id().to_string();
        let parts: Vec<&str> = [account.as_str(), kind.key()]
            .into_iter()
            .chain(of.iter().copied())
            .collect();
        Self {
            id: OutgoingEventId::derive(&parts),
            kind,
            scope,
            at,
            told,
        }
    }

    /// The events of a change that the audit log records.
    #[must_use]
    pub fn of_entry(entry: &AuditEntry) -> Vec<Self> {
        let kinds = types_of(entry).iter();
        kinds.map(|kind| Self::of_type(*kind, entry)).collect()
    }

    fn of_type(kind: EventType, entry: &AuditEntry) -> Self {
        let change = &entry.change;
        let target = target_field(change.event);
        let mut data = entry.told.data.clone();
        for field in kind.fields() {
            data = match field.name {
                names::ACTOR => data.actor(&entry.actor),
                names::CHANGED => data.codes(names::CHANGED, changed(entry)),
                name if name == target => data.id(name, change.event.target_id()),
                name => {
                    let after = change.after.get(name).filter(|value| !value.is_null());
                    data.or_read(field, after.or_else(|| change.before.get(name)))
                }
            };
        }
        let told = Told {
            data: data.of_type(kind),
            ..entry.told.clone()
        };
        Self::new(kind, entry.scope, entry.at, &[&entry.id.to_string()], told)
    }

    /// Makes the test of a subscription.
    #[must_use]
    pub fn test(
        scope: AccountScope,
        subscription_id: SubscriptionId,
        id: OutgoingEventId,
        at: Timestamp,
    ) -> Self {
        let data = EventData::new().id("webhook_id", subscription_id);
        Self {
            id,
            kind: EventType::WebhookTest,
            scope,
            at,
            told: Told::default().with(data),
        }
    }

    /// The body of a call to a subscription, where the event has this number.
    pub fn body(&self, sequence: u64) -> Result<Vec<u8>, PortError> {
        let envelope = Envelope {
            kind: self.kind,
            id: self.id,
            timestamp: self.at,
            sequence,
            account_id: self.scope.account_id(),
            project_id: self.told.project_id,
            environment_id: self.told.environment_id,
            connector_id: self.told.connector_id,
            data: &self.told.data,
        };
        serde_json::to_vec(&envelope).map_err(|error| PortError::rejected("event", error))
    }

    /// The fields that every event of this type has, and this one lacks.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let lacks_project = self.kind.is_of_project() && self.told.project_id.is_none();
        let fields = self.kind.fields().iter();
        let absent = fields
            .filter(|field| field.is_required && self.told.data.get(field.name).is_none())
            .map(|field| field.name);
        lacks_project
            .then_some("project_id")
            .into_iter()
            .chain(absent)
            .collect()
    }
}

/// Types of the events that an account hears of a change. The router's own changes are told by its transactions, whoever
/// asks for them, so their entries tell nothing.
fn types_of(entry: &AuditEntry) -> &'static [EventType] {
    use EventType as Type;
    match entry.change.event {
        Event::AccessRequestApproved(_) => &[Type::AccessRequestApproved],
        Event::AccessRequestRejected(_) if is_expired(entry) => &[Type::AccessRequestExpired],
        Event::AccessRequestRejected(_) => &[Type::AccessRequestRejected],
        Event::AccessRequestExpired(_) => &[Type::AccessRequestExpired],
        Event::AccessRequestRevoked(_) | Event::ChatUserRevoked(_) => &[Type::AccessRequestRevoked],
        Event::ChatUserBlocked(_) => &[Type::ChatUserBlocked],
        Event::ChatUserUnblocked(_) => &[Type::ChatUserUnblocked],
        Event::ChatUserErased(_) => &[Type::ChatUserErased],
        Event::ConversationHandedOff(_) => &[Type::ConversationHandedOff],
        Event::MemberInvited(_) | Event::InvitationResent(_) => &[Type::InvitationSent],
        Event::MemberJoined(_) => &[Type::InvitationAccepted, Type::MemberJoined],
        Event::MemberUpdated(_) => &[Type::MemberUpdated],
        Event::MemberSuspended(_) => &[Type::MemberSuspended],
        Event::MemberReinstated(_) => &[Type::MemberReinstated],
        Event::MemberRemoved(_) => &[Type::MemberRemoved],
        Event::MemberLeft(_) => &[Type::MemberLeft],
        Event::ApiKeyCreated(_) => &[Type::ApiKeyCreated],
        Event::ApiKeyRenewed(_) => &[Type::ApiKeyRenewed],
        Event::ApiKeyRotated(_) => &[Type::ApiKeyRotated],
        Event::ApiKeyRevoked(_) => &[Type::ApiKeyRevoked],
        Event::SubscriptionPaused(_) => &[Type::WebhookPaused],
        _ => &[],
    }
}

fn is_expired(entry: &AuditEntry) -> bool {
    let reason = entry.change.after.get("reason_code");
    reason.and_then(Value::as_str) == Some(EXPIRED)
}

/// The field that names the target of an event.
fn target_field(event: Event) -> String {
    let kind = event.key().split('.').next().unwrap_or_default();
    format!("{kind}_id")
}

/// Names of the fields that an entry shows with other values than before.
fn changed(entry: &AuditEntry) -> Vec<String> {
    let (before, after) = (&entry.change.before, &entry.change.after);
    let fields = after.as_object().into_iter().flatten();
    let differing = fields.filter(|(name, value)| before.get(name.as_str()) != Some(*value));
    differing.map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::actor::Actor,
        event::Change,
        ids::{
            AccessRequestId, ApiKeyId, AuditId, ChatUserId, ConversationId, InvitationId, MemberId,
        },
        samples::{at, connector, environment, scope, subscription},
    };
    use serde_json::json;

    fn entry(event: Event, before: Value, after: Value) -> AuditEntry {
        AuditEntry {
            id: AuditId::derive(&["x"]),
            scope: scope().account(),
            at: at(5),
            actor: Actor::system(),
            change: Change {
                event,
                before,
                after,
            },
            request_id: "r".to_owned(),
            told: Told::default(),
        }
    }

    fn body(event: &OutgoingEvent) -> Value {
        serde_json::from_slice(&event.body(7).unwrap()).unwrap()
    }

    fn only(entry: &AuditEntry) -> OutgoingEvent {
        let mut events = OutgoingEvent::of_entry(entry);
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }

    /// SPEC F04.
    #[test]
    fn an_event_tells_ids_and_codes_of_an_entry_and_none_of_its_texts() {
        let (id, person) = (AccessRequestId::derive(&["r"]), ChatUserId::derive(&["u"]));
        let after = json!({
            "status": "approved", "note": "Ada is known to us", "reason_code": null,
            "chat_user_id": person, "environment_id": environment("e"),
        });
        let place = Told::in_project(scope()).at_connector(connector().id);
        let entry = entry(
            Event::AccessRequestApproved(id),
            json!({"status": "pending"}),
            after,
        )
        .about(place);
        let event = only(&entry);
        assert_eq!(event.missing(), Vec::<&str>::new());
        let expected = json!({
            "type": "access_request.approved", "id": event.id, "timestamp": at(5), "sequence": 7,
            "account_id": scope().account_id(), "project_id": scope().project_id(),
            "connector_id": connector().id,
            "data": {
                "access_request_id": id, "actor": "system", "chat_user_id": person, "status": "approved",
            },
        });
        assert_eq!(body(&event), expected);
    }

    #[test]
    fn an_event_of_a_project_that_names_none_misses_it() {
        let id = ChatUserId::derive(&["u"]);
        let event = only(&entry(Event::ChatUserErased(id), Value::Null, Value::Null));
        assert_eq!(event.missing(), ["project_id"]);
        let bare = OutgoingEvent {
            told: Told::in_project(scope()),
            ..event
        };
        assert_eq!(bare.missing(), ["chat_user_id"]);
    }

    #[test]
    fn a_request_that_nobody_decided_in_time_expires() {
        let event = Event::AccessRequestRejected(AccessRequestId::derive(&["r"]));
        let of = |reason: Value| {
            let after = json!({"status": "rejected", "reason_code": reason});
            let event = only(&entry(event, Value::Null, after));
            (event.kind, body(&event)["data"]["reason_code"].clone())
        };
        assert_eq!(
            of(json!("expired")),
            (EventType::AccessRequestExpired, json!("expired"))
        );
        assert_eq!(
            of(json!("merged")),
            (EventType::AccessRequestRejected, json!("merged"))
        );
        assert_eq!(
            of(Value::Null),
            (EventType::AccessRequestRejected, Value::Null)
        );
    }

    #[test]
    fn a_change_of_a_member_tells_which_fields_changed_and_no_value() {
        let before = json!({"name": "Ada", "role": "agent", "status": "active"});
        let after = json!({"name": "Grace", "role": "agent", "status": "active"});
        let id = MemberId::derive(&["m"]);
        let event = only(&entry(Event::MemberUpdated(id), before, after));
        assert_eq!(
            body(&event)["data"],
            json!({"actor": "system", "changed": ["name"], "member_id": id, "status": "active"})
        );
        assert_eq!(event.missing(), Vec::<&str>::new());
        let image = entry(Event::MemberUpdated(id), Value::Null, Value::Null);
        assert_eq!(body(&only(&image))["data"]["changed"], json!([]));
    }

    #[test]
    fn an_acceptance_is_told_for_the_invitation_and_for_the_member() {
        let (id, invitation) = (MemberId::derive(&["m"]), InvitationId::derive(&["i"]));
        let data = EventData::new().id("invitation_id", invitation);
        let entry = entry(
            Event::MemberJoined(id),
            Value::Null,
            json!({"status": "active"}),
        )
        .about(Told::default().with(data));
        let events = OutgoingEvent::of_entry(&entry);
        let kinds: Vec<EventType> = events.iter().map(|event| event.kind).collect();
        assert_eq!(
            kinds,
            [EventType::InvitationAccepted, EventType::MemberJoined]
        );
        assert_ne!(events[0].id, events[1].id);
        let data: Vec<Value> = events
            .iter()
            .map(|event| body(event)["data"].clone())
            .collect();
        assert_eq!(
            data,
            [
                json!({"actor": "system", "invitation_id": invitation, "member_id": id}),
                json!({"actor": "system", "member_id": id, "status": "active"}),
            ]
        );
    }

    #[test]
    fn a_repeated_transaction_makes_the_same_event() {
        let id = ApiKeyId::derive(&["k"]);
        let one = entry(Event::ApiKeyRevoked(id), Value::Null, Value::Null);
        assert_eq!(
            OutgoingEvent::of_entry(&one),
            OutgoingEvent::of_entry(&one.clone())
        );
        let another = AuditEntry {
            id: AuditId::derive(&["y"]),
            ..one.clone()
        };
        assert_ne!(only(&one).id, only(&another).id);
        let of = |of: &[&str]| {
            let account = scope().account();
            let kind = EventType::ConversationOpened;
            OutgoingEvent::new(kind, account, at(1), of, Told::in_project(scope())).id
        };
        assert_eq!(of(&["c", "1"]), of(&["c", "1"]));
        assert_ne!(of(&["c", "1"]), of(&["c", "2"]));
    }

    #[test]
    fn changes_that_no_account_hears_and_the_routers_own_tell_nothing() {
        let id = ConversationId::derive(&["c"]);
        for event in [
            Event::ConversationAssigned(id),
            Event::ConversationReleased(id),
            Event::ConversationOffered(id),
            Event::ProjectUpdated(scope().project_id()),
            Event::SubscriptionUpdated(SubscriptionId::derive(&["s"])),
        ] {
            let entry = entry(event, Value::Null, json!({"name": "x"}));
            assert!(
                OutgoingEvent::of_entry(&entry).is_empty(),
                "{}",
                event.key()
            );
        }
    }

    #[test]
    fn a_test_names_the_webhook_that_is_tested() {
        let subscription = subscription();
        let id = OutgoingEventId::derive(&["t"]);
        let (scope, webhook) = (subscription.scope, subscription.id);
        let event = OutgoingEvent::test(scope, webhook, id, at(1));
        assert_eq!(event.missing(), Vec::<&str>::new());
        let body = body(&event);
        assert_eq!(body["type"], "webhook.test");
        assert_eq!(body["data"], json!({"webhook_id": webhook}));
        assert!(body.get("project_id").is_none());
    }
}
