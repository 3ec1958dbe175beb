//! Ids and records of people (SPEC A24, A29): aliases that lead to a record.

use super::{
    items::{ChatUserItem, SameAsItem, StandingItem},
    keys::{self, PK, SK, STANDING_PREFIX},
    search::OrderedIndex,
    table::{Table, from_row, n, s, to_value, update_write},
};
use crate::aws::port_error;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::standing::Standing,
    chat::message::Identity,
    chat::recognition::{ALIASES_MAX, Candidate, Handover, Link, Recognition, recognise},
    chat::user::ChatUser,
    ids::ChatUserId,
};

/// A time that has always come.
const AT_ONCE: Timestamp = Timestamp::from_millis(0);

/// See [`vestibule_domain::ports::IntakeStore::link`].
pub(super) async fn link(table: &Table, scope: ProjectScope, link: &Link) -> Result<(), PortError> {
    let write = match &link.replaces {
        None => alias_write(table, scope, (&link.alias, &link.person), NO_ALIAS)?,
        Some(before) => moved_alias_write(table, scope, link, before)?,
    };
    let mut writes = vec![write];
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
        let person = link.person.chat_user_id(scope);
        let index = OrderedIndex::of_chat_user(scope, person, AT_ONCE);
        writes.push(table.index_order_write(index)?);
    }
    table.transact(writes).await.map(|_| ())
}

/// The condition of an alias that leads nowhere yet.
const NO_ALIAS: &str = "attribute_not_exists(pk)";

/// Makes the write of an alias that leads to the record of a person, under `condition`, which may name `:person`.
/// Whether the number had another holder stays on the row.
pub(super) fn alias_write(
    table: &Table,
    scope: ProjectScope,
    (alias, person): (&Identity, &Identity),
    condition: &str,
) -> Result<TransactWriteItem, PortError> {
    let update = table.update_part(
        &keys::same_as(scope, alias.chat_user_id(scope)),
        "SET same_as = :person",
        condition,
        &[],
        &[(":person", to_value(person)?)],
    )?;
    Ok(update_write(update))
}

/// Makes the write of an alias that led to another person's record.
fn moved_alias_write(
    table: &Table,
    scope: ProjectScope,
    link: &Link,
    before: &Identity,
) -> Result<TransactWriteItem, PortError> {
    let update = table.update_part(
        &keys::same_as(scope, link.alias.chat_user_id(scope)),
        "SET same_as = :person, had_another_holder = :yes",
        "same_as = :before",
        &[],
        &[
            (":person", to_value(&link.person)?),
            (":before", to_value(before)?),
            (":yes", AttributeValue::Bool(true)),
        ],
    )?;
    Ok(update_write(update))
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

/// See [`vestibule_domain::ports::StandingStore::note_stable_id`].
pub(super) async fn note_stable_id(
    table: &Table,
    scope: ProjectScope,
    id: ChatUserId,
    stable_id: &Identity,
) -> Result<(), PortError> {
    let known = find_chat_user(table, scope, id).await?;
    let Some(user) = known.filter(|user| {
        user.identity.is_phone()
            && !stable_id.is_phone()
            && user.other_id.as_ref() != Some(stable_id)
    }) else {
        return Ok(());
    };
    let under_it = stable_id.chat_user_id(scope);
    let (user_key, alias_key) = (
        keys::chat_user(scope, under_it),
        keys::same_as(scope, under_it),
    );
    let mut rows = table
        .get_batch(&[user_key.clone(), alias_key.clone()])
        .await?;
    let other: Option<ChatUserItem> = rows
        .remove(&user_key)
        .map(|row| from_row(row, "chat user"))
        .transpose()?;
    let alias: Option<SameAsItem> = rows
        .remove(&alias_key)
        .map(|row| from_row(row, "other id"))
        .transpose()?;
    let stable = Candidate {
        identity: stable_id.clone(),
        user: other.map(Into::into),
        same_as: alias.map(|alias| alias.same_as),
        had_another_holder: false,
        standing: None,
        kept_block: None,
    };
    let phone = Candidate {
        identity: user.identity.clone(),
        user: Some(user),
        same_as: None,
        had_another_holder: false,
        standing: None,
        kept_block: None,
    };
    match recognise(&stable, Some(&phone)) {
        Recognition::Links(found) if found.person_exists => link(table, scope, &found).await,
        Recognition::HandsOver(found) => hand_over(table, scope, &found).await,
        _ => Ok(()),
    }
}

/// Reads a person's standings at all connectors.
pub(super) async fn standings_of(
    table: &Table,
    scope: ProjectScope,
    id: ChatUserId,
) -> Result<Vec<Standing>, PortError> {
    let rows = rows_of(table, scope, id).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Reads the rows of a person's standings at all connectors.
pub(super) async fn rows_of(
    table: &Table,
    scope: ProjectScope,
    id: ChatUserId,
) -> Result<Vec<StandingItem>, PortError> {
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
            standings.push(from_row(row, "standing")?);
        }
        start = answer.last_evaluated_key;
        if start.is_none() {
            return Ok(standings);
        }
    }
}

/// Finds the chat user with this id, or the survivor that absorbed this id's record.
pub(super) async fn find_chat_user(
    table: &Table,
    scope: ProjectScope,
    mut id: ChatUserId,
) -> Result<Option<ChatUser>, PortError> {
    for _ in 0..=ALIASES_MAX {
        let found: Option<ChatUserItem> =
            table.get(&keys::chat_user(scope, id), "chat user").await?;
        if let Some(item) = found {
            return Ok(Some(item.into()));
        }
        let elsewhere: Option<SameAsItem> =
            table.get(&keys::same_as(scope, id), "other id").await?;
        let Some(SameAsItem { same_as, .. }) = elsewhere else {
            return Ok(None);
        };
        id = same_as.chat_user_id(scope);
    }
    Ok(None)
}
