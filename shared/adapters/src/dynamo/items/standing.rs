use crate::dynamo::{keys, marks::Marked};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vestibule_domain::{
    ProjectScope, Timestamp,
    access::approval::Approval,
    access::consent::Consents,
    access::standing::{PendingTask, Rejections, Standing},
    chat::conversation::ConversationRef,
    chat::message::Identity,
    chat::send_status::SendStatus,
    ids::{AccessRequestId, ChatUserId, ConnectorId, LeaseId},
};

/// A standing, its outbox mark and the lease on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct StandingItem {
    pk: String,
    sk: String,
    connector_id: ConnectorId,
    chat_user_id: ChatUserId,
    first_seen_at: Timestamp,
    conversation: ConversationRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    admitted_openly_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) request_id: Option<AccessRequestId>,
    pub(in crate::dynamo) request_pending: bool,
    message_count: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    awaits_content: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message_at: Option<Timestamp>,
    pub(in crate::dynamo) recent_events: Vec<String>,
    #[serde(default)]
    rejection_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_rejected_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    onboarding_message: Option<SendStatus>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    onboarding_in_doubt: bool,
    /// The STOP of rows written before each channel had its own wish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opted_out_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Consents::is_empty")]
    consents: Consents,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) approval: Option<Approval>,
    /// The single task of rows written before rows could have several: see [`Self::old_tasks`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) owed: Option<PendingTask>,
    #[serde(
        default,
        skip_serializing_if = "BTreeSet::is_empty",
        serialize_with = "serde_dynamo::string_set::serialize"
    )]
    pub(in crate::dynamo) owes: BTreeSet<PendingTask>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merge_with: Option<Identity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state_sk: Option<String>,
    /// The list of people who wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_sk: Option<String>,
    pub(in crate::dynamo) version: u64,

    #[serde(skip_serializing_if = "Option::is_none")]
    outbox_pk: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outbox_due: Option<i64>,

    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) lease_id: Option<LeaseId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) lease_until: Option<i64>,
    #[serde(default)]
    pub(in crate::dynamo) attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) settled_lease: Option<LeaseId>,
}

impl StandingItem {
    /// Makes the row of a standing as a webhook writes it: no lease, and an outbox mark due at
    /// `due` while a task is pending.
    pub(in crate::dynamo) fn new(scope: ProjectScope, standing: &Standing, due: Timestamp) -> Self {
        let key = keys::standing(scope, standing.chat_user_id, standing.connector_id);
        let mark = (!standing.pending_tasks.is_empty()).then(|| {
            Marked::standing(scope, standing.chat_user_id, standing.connector_id).waiting(due)
        });
        let admitted = standing.admitted_openly_at;
        let waiting = WaitingPlace::of(scope, standing);
        Self {
            pk: key.pk,
            sk: key.sk,
            connector_id: standing.connector_id,
            chat_user_id: standing.chat_user_id,
            first_seen_at: standing.first_seen_at,
            conversation: standing.conversation.clone(),
            admitted_openly_at: standing.admitted_openly_at,
            request_id: standing.request_id,
            request_pending: standing.request_pending,
            message_count: standing.message_count,
            awaits_content: standing.awaits_content,
            content_key: standing.content_key.clone(),
            last_message_at: standing.last_message_at,
            recent_events: standing.recent_events.clone(),
            rejection_count: standing.rejections.map_or(0, |earlier| earlier.count),
            last_rejected_at: standing.rejections.map(|earlier| earlier.last_at),
            onboarding_message: standing.onboarding_message.clone(),
            onboarding_in_doubt: standing.onboarding_in_doubt,
            opted_out_at: None,
            consents: standing.consents.clone(),
            approval: standing.approval.clone(),
            owed: None,
            owes: standing.pending_tasks.clone(),
            merge_with: standing.merge_with.clone(),
            state_pk: admitted.map(|_| keys::admitted(scope, standing.connector_id)),
            state_sk: admitted.map(|at| keys::by_creation(at, standing.chat_user_id)),
            all_pk: waiting.as_ref().map(|place| place.list.clone()),
            all_sk: waiting.map(|place| place.order),
            version: standing.version,
            outbox_due: mark.as_ref().map(|mark| mark.position.0),
            outbox_pk: mark.map(|mark| mark.partition),
            lease_id: None,
            lease_until: None,
            attempts: 0,
            settled_lease: None,
        }
    }
}

impl StandingItem {
    /// The row of a standing that holds the wish of a person who was erased at this time, with its place in the list
    /// of these: nothing else leads to it.
    pub(in crate::dynamo) fn of_wish(self, scope: ProjectScope, at: Timestamp) -> Self {
        Self {
            all_pk: Some(keys::wishes(scope)),
            all_sk: Some(format!("{at}#{}#{}", self.chat_user_id, self.connector_id)),
            ..self
        }
    }
}

/// The place in the list of people who wait.
pub(in crate::dynamo) struct WaitingPlace {
    /// The partition of the list.
    pub(in crate::dynamo) list: String,
    /// The sort key: the last message, then the request.
    pub(in crate::dynamo) order: String,
}

impl WaitingPlace {
    /// The attributes that a standing loses with its pending request.
    pub(in crate::dynamo) const REMOVED: &str = "all_pk, all_sk";

    /// The place of somebody who waits. Everybody who waits wrote at some time.
    pub(in crate::dynamo) fn of(scope: ProjectScope, standing: &Standing) -> Option<Self> {
        let id = standing.request_id.filter(|_| standing.request_pending)?;
        Some(Self::at(scope, id, standing.last_message_at?))
    }

    /// The place of a request whose last message was written at this time.
    pub(in crate::dynamo) fn at(
        scope: ProjectScope,
        id: AccessRequestId,
        last_message_at: Timestamp,
    ) -> Self {
        Self {
            list: keys::waiting(scope),
            order: keys::by_creation(last_message_at, id),
        }
    }
}

impl StandingItem {
    /// Returns the pending tasks of a row in the old format, where the onboarding message implied
    /// the profile.
    pub(in crate::dynamo) fn old_tasks(&self) -> Vec<PendingTask> {
        match self.owed {
            None => Vec::new(),
            Some(PendingTask::OnboardingMessage) => {
                vec![PendingTask::OnboardingMessage, PendingTask::Profile]
            }
            Some(other) => vec![other],
        }
    }
}

impl From<StandingItem> for Standing {
    fn from(item: StandingItem) -> Self {
        let mut tasks = item.owes.clone();
        tasks.extend(item.old_tasks());
        Self {
            connector_id: item.connector_id,
            chat_user_id: item.chat_user_id,
            first_seen_at: item.first_seen_at,
            conversation: item.conversation,
            admitted_openly_at: item.admitted_openly_at,
            request_id: item.request_id,
            request_pending: item.request_pending,
            message_count: item.message_count,
            awaits_content: item.awaits_content,
            content_key: item.content_key,
            last_message_at: item.last_message_at,
            recent_events: item.recent_events,
            rejections: item.last_rejected_at.map(|last_at| Rejections {
                count: item.rejection_count,
                last_at,
            }),
            onboarding_message: item.onboarding_message,
            onboarding_in_doubt: item.onboarding_in_doubt,
            consents: match item.opted_out_at {
                Some(at) => item.consents.joined_by(&Consents::of_stop(at)),
                None => item.consents,
            },
            approval: item.approval,
            pending_tasks: tasks,
            merge_with: item.merge_with,
            version: item.version,
        }
    }
}
