use crate::dynamo::marks::{Mark, Marked};
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    AccountScope, Timestamp,
    event::{
        catalogue::EventType,
        outgoing::OutgoingEvent,
        told::{EventData, Told},
    },
    ids::{ConnectorId, EnvironmentId, OutgoingEventId, ProjectId},
    job::PublishEvent,
};

/// An outgoing event, with its outbox mark until its deliveries are ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct OutgoingEventItem {
    pk: String,
    sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox_due: Option<i64>,
    id: OutgoingEventId,
    scope: AccountScope,
    kind: EventType,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    project_id: Option<ProjectId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment_id: Option<EnvironmentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connector_id: Option<ConnectorId>,
    data: EventData,
    version: u64,
    expires_at: i64,
}

impl From<&OutgoingEvent> for OutgoingEventItem {
    fn from(event: &OutgoingEvent) -> Self {
        let job = PublishEvent {
            scope: event.scope,
            event_id: event.id,
        };
        let marked = Marked::by(job.into());
        // Nobody enqueues the job directly, so the sweep finds it at once.
        let Mark {
            partition,
            position,
        } = marked.waiting(event.at);
        Self {
            pk: marked.key.pk,
            sk: marked.key.sk,
            outbox_pk: Some(partition),
            outbox_due: Some(position.0),
            id: event.id,
            scope: event.scope,
            kind: event.kind,
            at: event.at,
            project_id: event.told.project_id,
            environment_id: event.told.environment_id,
            connector_id: event.told.connector_id,
            data: event.told.data.clone(),
            version: 1,
            expires_at: event.at.plus(OutgoingEvent::KEPT).seconds(),
        }
    }
}

impl OutgoingEventItem {
    /// Whether its deliveries are still to be ordered.
    pub(in crate::dynamo) const fn is_pending(&self) -> bool {
        self.outbox_pk.is_some()
    }
}

impl From<OutgoingEventItem> for OutgoingEvent {
    fn from(item: OutgoingEventItem) -> Self {
        Self {
            id: item.id,
            kind: item.kind,
            scope: item.scope,
            at: item.at,
            told: Told {
                project_id: item.project_id,
                environment_id: item.environment_id,
                connector_id: item.connector_id,
                data: item.data,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::ids::{AccountId, MemberId};

    #[test]
    fn an_event_is_read_as_it_was_stored_and_orders_its_publication_at_once() {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let told = Told::in_project(scope.project(ProjectId::derive(&["p"])))
            .at_connector(ConnectorId::derive(&["c"]))
            .with(
                EventData::new()
                    .id("member_id", MemberId::derive(&["m"]))
                    .codes("changed", ["role"])
                    .count("number", 3)
                    .flag("over_limit", false),
            );
        let at = Timestamp::from_millis(1_800_000_000_000);
        let event = OutgoingEvent::new(EventType::MemberUpdated, scope, at, &["m", "2"], told);
        let item = OutgoingEventItem::from(&event);
        assert!(item.is_pending());
        assert_eq!(item.expires_at, at.seconds() + 11 * 24 * 60 * 60);
        let mark = Marked::by(
            PublishEvent {
                scope,
                event_id: event.id,
            }
            .into(),
        )
        .waiting(at);
        assert_eq!(item.outbox_due, Some(mark.position.0));
        let read: OutgoingEventItem = from_row(to_row(&item).unwrap(), "event").unwrap();
        assert_eq!(OutgoingEvent::from(read), event);
    }
}
