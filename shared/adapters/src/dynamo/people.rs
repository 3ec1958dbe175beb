//! Ids and records of people (SPEC A24, A29): aliases that lead to a record, and records that are merged.

use super::{
    items::{AccessRequestItem, ChatUserItem, SameAsItem, StandingItem},
    keys::{self, PK, SK, STANDING_PREFIX},
    table::{Table, Transacted, delete_write, from_row, n, put_write, s, to_value, update_write},
};
use crate::aws::port_error;
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::merging::{MergedRequest, can_merge, merge_standing, own},
    access::request::{AccessRequest, ReasonCode, RequestDecision, Verdict},
    access::standing::Standing,
    account::actor::Actor,
    chat::recognition::{Handover, Link, Merge},
    chat::user::ChatUser,
    ids::{AuditId, ChatUserId, IdSource, SystemIds},
    ports::Merged,
};

/// See [`vestibule_domain::ports::IntakeStore::link`].
pub(super) async fn link(table: &Table, scope: ProjectScope, link: &Link) -> Result<(), PortError> {
    let item = SameAsItem::new(scope, &link.alias, &link.person);
    let put = match &link.replaces {
        None => table.put_part(&item, "attribute_not_exists(pk)", &[])?,
        Some(before) => table.put_part(
            &item,
            "same_as = :before",
            &[(":before", to_value(before)?)],
        )?,
    };
    let mut writes = vec![put_write(put)];
    if link.person_exists {
        // A stable id belongs to one person for good; a phone number may pass to the next person.
        let condition = if link.alias.is_phone() {
            "attribute_exists(pk)"
        } else {
            "attribute_exists(pk) AND attribute_not_exists(other_id)"
        };
        let update = table.update_part(
            &keys::chat_user(scope, link.person.chat_user_id(scope)),
            "SET other_id = :alias, version = version + :one",
            condition,
            &[],
            &[(":alias", to_value(&link.alias)?), (":one", n(1))],
        )?;
        writes.push(update_write(update));
    }
    table.transact(writes).await.map(|_| ())
}

/// See [`vestibule_domain::ports::IntakeStore::hand_over`].
pub(super) async fn hand_over(
    table: &Table,
    scope: ProjectScope,
    handover: &Handover,
) -> Result<(), PortError> {
    let key = keys::chat_user(scope, handover.phone.chat_user_id(scope));
    let mut values = vec![(":read", n(handover.version)), (":one", n(1))];
    let change = match &handover.now_of {
        Some(holder) => {
            values.push((":holder", to_value(holder)?));
            "SET number_now_of = :holder, version = version + :one"
        }
        None => "REMOVE number_now_of SET version = version + :one",
    };
    let update = table.update_part(&key, change, "version = :read", &[], &values)?;
    // The condition fails when the record changed meanwhile.
    table.update(update).await.map(|_| ())
}

/// Maximum number of writes in one transaction (DynamoDB). Records with standings at some 25
/// connectors stay two.
const TRANSACTION_MAX: usize = 100;
/// The key of an alias never holds any other row.
const ALIAS: &str = "attribute_not_exists(pk) OR attribute_exists(same_as)";

/// See [`vestibule_domain::ports::IntakeStore::merge`].
pub(super) async fn merge(
    table: &Table,
    scope: ProjectScope,
    merge: &Merge,
    now: Timestamp,
) -> Result<Merged, PortError> {
    let standings = standings_of(table, scope, merge.absorbed.id).await?;
    let survivors = standings_of(table, scope, merge.survivor.id).await?;
    if !can_merge(&standings, &survivors) {
        return Ok(Merged::NotNow);
    }
    let survivor = ChatUser {
        version: merge.survivor.version + 1,
        updated_at: now,
        ..merge.survivor.clone()
    };
    let put = table.put_part(
        &ChatUserItem::new(scope, &survivor),
        "version = :read",
        &[(":read", n(merge.survivor.version))],
    )?;
    let delete = table.delete_part(
        &keys::chat_user(scope, merge.absorbed.id),
        "version = :read",
        &[(":read", n(merge.absorbed.version))],
    )?;
    let alias = SameAsItem::new(scope, &merge.absorbed.identity, &survivor.identity);
    let mut writes = vec![
        put_write(put),
        delete_write(delete),
        put_write(table.put_part(&alias, ALIAS, &[])?),
    ];
    // An alias of the absorbed record now leads to the survivor.
    let led_here = merge.absorbed.other_id.as_ref();
    if let Some(other) = led_here.filter(|other| **other != survivor.identity) {
        let alias = SameAsItem::new(scope, other, &survivor.identity);
        writes.push(put_write(table.put_part(&alias, ALIAS, &[])?));
    }
    for standing in &standings {
        let own = own(&survivors, standing);
        writes.extend(standing_writes(table, scope, (&survivor, own), standing, now).await?);
    }
    if writes.len() > TRANSACTION_MAX {
        return Ok(Merged::NotNow);
    }
    match table.transact(writes).await? {
        Transacted::Done | Transacted::Cancelled(_) => Ok(Merged::ReadAgain),
    }
}

/// Reads a person's standings at all connectors.
pub(super) async fn standings_of(
    table: &Table,
    scope: ProjectScope,
    id: ChatUserId,
) -> Result<Vec<Standing>, PortError> {
    let user = keys::chat_user(scope, id);
    let mut standings = Vec::new();
    let mut start = None;
    loop {
        let answer = table
            .client
            .query()
            .table_name(&table.name)
            .consistent_read(true)
            .key_condition_expression(format!("{PK} = :user AND begins_with({SK}, :standings)"))
            .expression_attribute_values(":user", s(&user.pk))
            .expression_attribute_values(":standings", s(STANDING_PREFIX))
            .set_exclusive_start_key(start.take())
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query", error))?;
        for row in answer.items.unwrap_or_default() {
            standings.push(from_row::<StandingItem>(row, "standing")?.into());
        }
        start = answer.last_evaluated_key;
        if start.is_none() {
            return Ok(standings);
        }
    }
}

/// Makes the writes that move a standing to the record of `survivor`: see [`merge_standing`].
async fn standing_writes(
    table: &Table,
    scope: ProjectScope,
    (survivor, own): (&ChatUser, Option<&Standing>),
    standing: &Standing,
    now: Timestamp,
) -> Result<Vec<TransactWriteItem>, PortError> {
    let pending = pending_request(table, scope, standing).await?;
    let merged = merge_standing(survivor, own, standing, pending.as_ref());
    let item = StandingItem::new(scope, &merged.standing, now);
    let put = match own {
        None => table.put_part(&item, "attribute_not_exists(pk)", &[])?,
        Some(own) => table.put_part(&item, "version = :read", &[(":read", n(own.version))])?,
    };
    let delete = table.delete_part(
        &keys::standing(scope, standing.chat_user_id, standing.connector_id),
        "version = :read",
        &[(":read", n(standing.version))],
    )?;
    let mut writes = vec![put_write(put), delete_write(delete)];
    match pending {
        Some(request) if merged.request == MergedRequest::Moves => {
            writes.push(update_write(table.update_part(
                &keys::access_request(scope, request.id),
                "SET chat_user_id = :survivor",
                "attribute_exists(pk) AND attribute_not_exists(decision)",
                &[],
                &[(":survivor", s(survivor.id))],
            )?));
        }
        Some(request) => writes.extend(close_writes(table, &request, now)?),
        None => {}
    }
    Ok(writes)
}

async fn pending_request(
    table: &Table,
    scope: ProjectScope,
    standing: &Standing,
) -> Result<Option<AccessRequest>, PortError> {
    let Some(id) = standing.request_id.filter(|_| standing.request_pending) else {
        return Ok(None);
    };
    let key = keys::access_request(scope, id);
    let item: Option<AccessRequestItem> = table.get(&key, "access request").await?;
    Ok(item.map(Into::into))
}

/// Makes the writes that close a request whose person is on record under another id.
fn close_writes(
    table: &Table,
    request: &AccessRequest,
    now: Timestamp,
) -> Result<Vec<TransactWriteItem>, PortError> {
    let decision = RequestDecision {
        verdict: Verdict::Reject,
        by: Actor::system(),
        at: now,
        note: None,
        reason: Some(ReasonCode::Merged),
    };
    let audit_id = AuditId::new(SystemIds.draw());
    let audit = decision.audit_entry(request, audit_id, "webhook".to_owned());
    Ok(vec![
        table.decision_write(request, &decision)?,
        table.audit_write(&audit)?,
    ])
}

/// Finds the chat user with this id, or the survivor that absorbed this id's record.
pub(super) async fn find_chat_user(
    table: &Table,
    scope: ProjectScope,
    id: ChatUserId,
) -> Result<Option<ChatUser>, PortError> {
    let found: Option<ChatUserItem> = table.get(&keys::chat_user(scope, id), "chat user").await?;
    if let Some(item) = found {
        return Ok(Some(item.into()));
    }
    let elsewhere: Option<SameAsItem> = table.get(&keys::same_as(scope, id), "other id").await?;
    let Some(SameAsItem { same_as, .. }) = elsewhere else {
        return Ok(None);
    };
    let key = keys::chat_user(scope, same_as.chat_user_id(scope));
    let found: Option<ChatUserItem> = table.get(&key, "chat user").await?;
    Ok(found.map(Into::into))
}
