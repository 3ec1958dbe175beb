//! The writes that a decision is made of: of standings, senders and first messages.

use super::DynamoIntake;
use crate::dynamo::{
    items::{
        ChatUserItem, HeldMessageItem, PreviewItem, StandingItem, StatusAttributes, WaitingPlace,
    },
    keys,
    marks::Marked,
    people, profiles,
    standings::task_set,
    table::{n, put_write, s, to_value, update_write},
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::{request::Preview, standing::Standing},
    chat::{renaming::ProfileChange, user::ChatUser},
    event::occasions::profile_told,
    ids::AccessRequestId,
    job::DeliverMessage,
};

impl DynamoIntake {
    /// Makes the write of a standing that was read at `standing.version`. An existing row keeps the
    /// worker's current state: lease, attempts and mark.
    pub(super) fn standing_write(
        &self,
        scope: ProjectScope,
        standing: &Standing,
        has_new_tasks: bool,
        due: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        if standing.version == 0 {
            let first = Standing {
                version: 1,
                ..standing.clone()
            };
            let item = StandingItem::new(scope, &first, due);
            let put = self
                .table
                .put_part(&item, "attribute_not_exists(pk)", &[])?;
            return Ok(put_write(put));
        }
        let mut set = vec![
            "conversation = :conversation",
            "request_pending = :pending",
            "message_count = :count",
            "awaits_content = :awaits",
            "content_key = :content",
            "recent_events = :events",
            "version = version + :one",
        ];
        let mut values = vec![
            (":conversation", to_value(&standing.conversation)?),
            (":pending", AttributeValue::Bool(standing.request_pending)),
            (":count", n(standing.message_count)),
            (":awaits", AttributeValue::Bool(standing.awaits_content)),
            (":content", to_value(&standing.content_key)?),
            (":events", to_value(&standing.recent_events)?),
            (":one", n(1)),
            (":read", n(standing.version)),
        ];
        for (part, name, value) in admission(scope, standing).into_iter().flatten() {
            set.push(part);
            values.push((name, value));
        }
        if let Some(id) = standing.request_id {
            set.push("request_id = :request");
            values.push((":request", s(id)));
        }
        if let Some(approval) = &standing.approval {
            set.push("approval = :approval");
            values.push((":approval", to_value(approval)?));
        }
        if let Some(at) = standing.last_message_at {
            set.push("last_message_at = :last");
            values.push((":last", s(at)));
        }
        let mut add = "";
        let mut remove = Vec::new();
        if let Some(place) = WaitingPlace::of(scope, standing) {
            set.extend(["all_pk = :waiting", "all_sk = :waiting_order"]);
            values.push((":waiting", s(place.list)));
            values.push((":waiting_order", s(place.order)));
        } else {
            remove.push(WaitingPlace::REMOVED);
        }
        if has_new_tasks {
            let marked = Marked::standing(scope, standing.chat_user_id, standing.connector_id);
            let mark = marked.waiting(due);
            // New tasks do not wait for earlier attempts. These count only while a text may have been tried.
            add = " ADD owes :owes";
            remove.push("not_before");
            if !standing.may_have_tried_notice() && !standing.may_have_tried_message() {
                set.push("attempts = :none");
                values.push((":none", n(0)));
            }
            set.extend([
                "onboarding_message = :message",
                "outbox_pk = :shard",
                "outbox_due = :due",
            ]);
            values.extend([
                (":message", to_value(&standing.onboarding_message)?),
                (":owes", task_set(&standing.pending_tasks)),
                (":shard", mark.pk()),
                (":due", mark.due()),
            ]);
        }
        let mut change = format!("SET {}{add}", set.join(", "));
        if !remove.is_empty() {
            change = format!("{change} REMOVE {}", remove.join(", "));
        }
        let key = keys::standing(scope, standing.chat_user_id, standing.connector_id);
        let update = self
            .table
            .update_part(&key, &change, "version = :read", &[], &values)?;
        Ok(update_write(update))
    }

    /// Makes the write of a person who was let in while the connector was open and no longer is.
    /// The condition proves that the person was neither blocked nor granted access since the read.
    pub(super) fn readmission_write(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
        environment: &str,
        profile: Option<&ProfileChange>,
    ) -> Result<TransactWriteItem, PortError> {
        let values = [
            (":one", n(1)),
            (":admitted", AttributeValue::Bool(user.admitted_openly)),
            (":list", s(keys::chat_users(scope, Some(user.status())))),
            (":now", s(user.updated_at)),
            (":read", n(user.version)),
        ];
        let with = profiles::UserUpdate::new(
            "SET version = version + :one, admitted_openly = :admitted, state_pk = :list, updated_at = :now",
            "version = :read AND attribute_not_exists(#block) AND attribute_not_exists(grants.#environment)",
            [("#block", "block"), ("#environment", environment)],
            values,
        )
        .with(profile)?;
        let update = self.table.update_part(
            &keys::chat_user(scope, user.id),
            &with.update,
            &with.condition,
            &with.names,
            &with.values,
        )?;
        Ok(update_write(update))
    }

    /// Makes the writes of what is kept of a first message. `condition` is that of their rows.
    pub(super) fn first_message_writes(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
        (preview, held): (Option<&Preview>, Option<&DeliverMessage>),
        condition: &str,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut writes = Vec::new();
        if let Some(preview) = preview {
            let item = PreviewItem::new(scope, id, preview);
            writes.push(put_write(self.table.put_part(&item, condition, &[])?));
        }
        if let Some(held) = held {
            let item = HeldMessageItem::new(scope, id, held)?;
            writes.push(put_write(self.table.put_part(&item, condition, &[])?));
        }
        Ok(writes)
    }

    /// Makes the write of the outgoing event of a profile that is told with something else.
    pub(super) fn told_profile_write(
        &self,
        scope: ProjectScope,
        profile: Option<&ProfileChange>,
    ) -> Result<Option<TransactWriteItem>, PortError> {
        let event = profile.map(|change| profile_told(scope, change));
        let write = event.map(|event| self.table.outgoing_event_write(&event));
        write.transpose()
    }

    /// Makes the writes of a new sender's rows. The second id, if any, leads to the record from the start. Nobody becomes
    /// new whose block outlived them.
    pub(super) async fn newcomer_writes(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let item = ChatUserItem::new(scope, user);
        let put = self
            .table
            .put_part(&item, "attribute_not_exists(pk)", &[])?;
        let mut writes = vec![put_write(put)];
        if let Some(other_id) = &user.other_id {
            let ids = (other_id, &user.identity);
            let theirs = "attribute_not_exists(pk) OR same_as = :person";
            writes.push(people::alias_write(&self.table, scope, ids, theirs)?);
        }
        let checks = self.table.stranger_checks(&self.vault, scope, user);
        writes.extend(checks.await?);
        Ok(writes)
    }

    /// Proves that a known sender was not blocked meanwhile. With an environment, also proves that
    /// the sender was not granted it; without one, lets the sender in openly.
    pub(super) fn known_write(
        &self,
        scope: ProjectScope,
        standing: &Standing,
        not_granted: Option<&str>,
        profile: Option<&ProfileChange>,
    ) -> Result<TransactWriteItem, PortError> {
        let key = keys::chat_user(scope, standing.chat_user_id);
        let update = match not_granted {
            Some(environment) => profiles::UserUpdate::new(
                "SET version = version + :one",
                "attribute_exists(pk) AND attribute_not_exists(#block) AND attribute_not_exists(grants.#environment)",
                [("#block", "block"), ("#environment", environment)],
                [(":one", n(1))],
            ),
            None => profiles::UserUpdate::new(
                "SET version = version + :one, admitted_openly = :yes, state_pk = :active",
                "attribute_exists(pk) AND attribute_not_exists(#block)",
                [("#block", "block")],
                [
                    (":one", n(1)),
                    (":yes", AttributeValue::Bool(true)),
                    (":active", s(StatusAttributes::active(scope).state_pk)),
                ],
            ),
        }
        .with(profile)?;
        let update = self.table.update_part(
            &key,
            &update.update,
            &update.condition,
            &update.names,
            &update.values,
        )?;
        Ok(update_write(update))
    }
}

/// The parts of an update that a person's admission through an open connector takes.
fn admission(
    scope: ProjectScope,
    standing: &Standing,
) -> Option<[(&'static str, &'static str, AttributeValue); 3]> {
    let at = standing.admitted_openly_at?;
    let list = keys::admitted(scope, standing.connector_id);
    let order = keys::by_creation(at, standing.chat_user_id);
    Some([
        ("admitted_openly_at = :admitted", ":admitted", s(at)),
        ("state_pk = :admitted_list", ":admitted_list", s(list)),
        ("state_sk = :admitted_order", ":admitted_order", s(order)),
    ])
}
