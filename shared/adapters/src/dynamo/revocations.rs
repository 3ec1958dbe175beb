//! The writes that end a person's access to an environment.

use super::{
    items::ChatUserItem,
    keys,
    table::{Table, Transacted, n, put_write, s, to_value, update_write},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError, ProjectScope,
    access::{request::AccessRequest, revocation::Revoking, standing::Standing},
    chat::user::ChatUser,
    directory::end_user::EndUser,
    ports::By,
};

const CHANGED: PortError = PortError::Conflict { what: "chat user" };

/// See [`vestibule_domain::ports::AccessRequestStore::revoke`].
pub(super) async fn revoke(
    table: &Table,
    scope: ProjectScope,
    revoking: &Revoking,
    by: By<'_>,
) -> Result<(), PortError> {
    let mut writes = vec![person_write(table, scope, revoking)?];
    for standing in &revoking.admitted {
        writes.push(standing_write(table, scope, standing)?);
    }
    for request in &revoking.requests {
        writes.push(request_write(table, request, revoking)?);
    }
    writes.extend(end_user_writes(table, scope, revoking).await?);
    match table.transact_by(writes, by).await? {
        Transacted::Done => Ok(()),
        Transacted::Cancelled(_) => Err(CHANGED),
    }
}

fn person_write(
    table: &Table,
    scope: ProjectScope,
    revoking: &Revoking,
) -> Result<TransactWriteItem, PortError> {
    let after = ChatUser {
        version: revoking.before.version + 1,
        ..revoking.after.clone()
    };
    let item = ChatUserItem::new(scope, &after);
    let read = [(":read", n(revoking.before.version))];
    Ok(put_write(table.put_part(
        &item,
        "version = :read",
        &read,
    )?))
}

/// Makes the write of a standing that lets nobody in any more.
fn standing_write(
    table: &Table,
    scope: ProjectScope,
    standing: &Standing,
) -> Result<TransactWriteItem, PortError> {
    let update = table.update_part(
        &keys::standing(scope, standing.chat_user_id, standing.connector_id),
        "SET version = version + :one REMOVE admitted_openly_at, state_pk, state_sk",
        "version = :read",
        &[],
        &[(":one", n(1)), (":read", n(standing.version))],
    )?;
    Ok(update_write(update))
}

/// Makes the write of a request that shows the revocation.
fn request_write(
    table: &Table,
    request: &AccessRequest,
    revoking: &Revoking,
) -> Result<TransactWriteItem, PortError> {
    let update = table.update_part(
        &keys::access_request(request.scope, request.id),
        "SET revocation = :revocation",
        "attribute_exists(decision) AND attribute_not_exists(revocation) AND chat_user_id = :person",
        &[],
        &[
            (":revocation", to_value(&revoking.revocation)?),
            (":person", s(request.chat_user_id)),
        ],
    )?;
    Ok(update_write(update))
}

/// Makes the writes that take the environment from the person of the directory to whom the chat user is linked, and
/// from the other chat users of that person.
async fn end_user_writes(
    table: &Table,
    scope: ProjectScope,
    revoking: &Revoking,
) -> Result<Vec<TransactWriteItem>, PortError> {
    let Some(id) = revoking.before.end_user_id else {
        return Ok(Vec::new());
    };
    let stored = table.end_user(scope, id).await?;
    let environment = revoking.environment_id;
    let Some(stored) = stored.filter(|person| person.environments.contains(&environment)) else {
        return Ok(Vec::new());
    };
    let (by, at) = (&revoking.revocation.by.name, revoking.revocation.at);
    let mut others = table.chat_users_of(&stored).await?;
    others.retain(|other| other.id != revoking.before.id);
    let mut person = EndUser {
        version: stored.version + 1,
        updated_at: at,
        ..stored.clone()
    };
    person.environments.remove(&environment);
    let mut writes = table.put_end_user_writes(Some(&stored), &person)?;
    writes.extend(table.linked_chat_user_writes(&person, &others, by, at)?);
    Ok(writes)
}
