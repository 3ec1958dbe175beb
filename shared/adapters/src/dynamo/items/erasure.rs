use crate::dynamo::{keys, marks::Marked};
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    ProjectScope, Timestamp,
    chat::conversation::ConversationKind,
    erasure::{Erasure, ErasurePosition, ErasureTarget},
    ids::{ChatUserId, ConnectorId, ConversationId, EnvironmentId},
    job::DeliverMessage,
};

/// An erasure and its outbox mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ErasureItem {
    pk: String,
    sk: String,
    scope: ProjectScope,
    target: ErasureTarget,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other_id: Option<ChatUserId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    environments: Vec<EnvironmentId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    connectors: Vec<ConnectorId>,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pass_began_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pass_position: Option<String>,
    version: u64,
    outbox_pk: String,
    outbox_due: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<i64>,
}

impl ErasureItem {
    /// Makes the row of an erasure whose job is enqueued. The job counts as lost if the row is still there
    /// at `due`.
    pub(in crate::dynamo) fn new(erasure: &Erasure, due: Timestamp) -> Self {
        let key = keys::erasure(erasure.scope, erasure.target);
        let mark = Marked::by(erasure.job().into()).waiting(due);
        Self {
            pk: key.pk,
            sk: key.sk,
            scope: erasure.scope,
            target: erasure.target,
            other_id: erasure.other_id,
            environments: erasure.environments.clone(),
            connectors: erasure.connectors.clone(),
            since: erasure.since,
            pass_began_at: erasure.pass_began_at,
            pass_position: erasure.position.as_ref().map(|position| position.0.clone()),
            version: erasure.version,
            outbox_due: mark.position.0,
            outbox_pk: mark.partition,
            not_before: None,
        }
    }

    /// Makes the row of an erasure that no copy of its job continues before `at`.
    pub(in crate::dynamo) fn later(erasure: &Erasure, at: Timestamp) -> Self {
        Self {
            not_before: Some(at.millis()),
            ..Self::new(erasure, at)
        }
    }
}

impl From<ErasureItem> for Erasure {
    fn from(item: ErasureItem) -> Self {
        Self {
            scope: item.scope,
            target: item.target,
            other_id: item.other_id,
            environments: item.environments,
            connectors: item.connectors,
            since: item.since,
            pass_began_at: item.pass_began_at,
            position: item.pass_position.map(ErasurePosition),
            version: item.version,
        }
    }
}

/// A conversation that a person wrote in, by which an erasure finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct WrittenConversationItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) conversation_id: ConversationId,
    pub(in crate::dynamo) kind: ConversationKind,
    /// Time of arrival of the message that wrote this row.
    written_at: Timestamp,
}

impl WrittenConversationItem {
    /// Makes the row of the sender of this message.
    pub(in crate::dynamo) fn of(job: &DeliverMessage) -> Self {
        let key = keys::written_conversation(job.scope, job.chat_user_id, job.conversation.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            conversation_id: job.conversation.id,
            kind: job.conversation.kind,
            written_at: job.received_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, ProjectId},
    };

    #[test]
    fn an_erasure_reads_back_with_its_progress_and_waits_for_its_time() {
        let account = AccountScope::of_verified(AccountId::derive(&["a"]));
        let scope = account.project(ProjectId::derive(&["p"]));
        let at = Timestamp::from_millis(5_000);
        for target in [
            ErasureTarget::History,
            ErasureTarget::ChatUser(ChatUserId::derive(&["u"])),
            ErasureTarget::Environment(EnvironmentId::derive(&["e"])),
            ErasureTarget::Project,
        ] {
            let erasure = Erasure {
                target,
                other_id: Some(ChatUserId::derive(&["v"])),
                environments: vec![EnvironmentId::derive(&["e"])],
                connectors: vec![ConnectorId::derive(&["c"])],
                pass_began_at: Some(at),
                position: Some(ErasurePosition("here".to_owned())),
                ..Erasure::of_history(scope, at)
            };
            let item = ErasureItem::later(&erasure, Timestamp::from_millis(9_000));
            assert_eq!(item.not_before, Some(9_000));
            assert!(item.outbox_pk.starts_with("OUTBOX#erase_data#"));
            let read: ErasureItem = from_row(to_row(&item).unwrap(), "erasure").unwrap();
            assert_eq!(read, item);
            assert_eq!(Erasure::from(read), erasure);
        }
    }
}
