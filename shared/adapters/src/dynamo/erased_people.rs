//! Removes everything that is kept about a person (SPEC F07).
//!
//! One transaction makes the person a stranger: the record, the standings, the picture and the second id
//! go at once. The rest follows page by page. A person who writes meanwhile has a new record; what is
//! younger than it stays.

use super::{
    erased_conversations::{Erased, newcomer},
    erased_older,
    erased_rows::{self, read_place, removed},
    items::{AccessRequestItem, ErasureItem, StandingItem},
    keys, people,
    search::OrderedIndex,
    table::{Table, Transacted, delete_write, from_row, n, put_write, to_value},
    tallies::TallyChange,
    written,
};
use crate::vault::KmsVault;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::request::AccessRequest,
    access::standing::Standing,
    chat::user::ChatUser,
    directory::end_user::{EndUser, EndUserSource},
    erasure::Erasure,
    event::{AuditEntry, Change, Event},
    ids::{AccessRequestId, AuditId, ChatUserId, IdSource, SystemIds},
    ports::ErasedPage,
    search::SearchTarget,
};

/// Maximum number of standings in one transaction, which holds a hundred writes. A person has one at each
/// connector of their platform.
const STANDINGS_MAX: usize = 78;
/// Maximum number of steps of a page. Each is a query or two and a transaction.
const STEPS: usize = 20;
/// Number of access requests read at once, of everybody.
const REQUESTS: i32 = 200;
/// Number of access requests removed in one transaction, which holds a hundred writes: three for each, and one
/// for the numbers of its connector.
const REMOVED_AT_ONCE: usize = 25;

/// See [`vestibule_domain::ports::ChatUserStore::erase_chat_user`].
pub(super) async fn forget(
    (table, vault): (&Table, &KmsVault),
    user: &ChatUser,
    erasure: &Erasure,
    due: Timestamp,
    audit: &AuditEntry,
) -> Result<(), PortError> {
    let scope = erasure.scope;
    let standings = people::standings_of(table, scope, user.id).await?;
    let mut of_standings = standings
        .iter()
        .map(|standing| standing_write(table, scope, standing, erasure.since))
        .collect::<Result<Vec<_>, PortError>>()?;
    let surplus = of_standings.split_off(of_standings.len().min(STANDINGS_MAX));
    for some in surplus.chunks(STANDINGS_MAX) {
        all_or_conflict(table, some.to_vec()).await?;
    }
    let mut writes = vec![user_write(table, scope, user)?];
    writes.extend(of_standings);
    let kept = table.outliving_writes(vault, scope, user, &standings, erasure.since);
    writes.extend(kept.await?);
    let picture = keys::avatar(scope, user.id);
    writes.push(delete_write(table.removal_part(&picture)?));
    writes.extend(alias_write(table, scope, user).await?);
    writes.extend(link_writes(table, scope, user, audit).await?);
    let index = OrderedIndex::of_chat_user(scope, user.id, erasure.since).erased();
    writes.push(table.index_order_write(index)?);
    let order = ErasureItem::new(erasure, due);
    writes.push(put_write(table.replacing_part(&order)?));
    writes.extend(table.entry_writes(audit)?);
    all_or_conflict(table, writes).await
}

async fn all_or_conflict(table: &Table, writes: Vec<TransactWriteItem>) -> Result<(), PortError> {
    match table.transact(writes).await? {
        Transacted::Done => Ok(()),
        Transacted::Cancelled(_) => Err(PortError::Conflict { what: "chat user" }),
    }
}

/// Makes the removal of the record.
fn user_write(
    table: &Table,
    scope: ProjectScope,
    user: &ChatUser,
) -> Result<TransactWriteItem, PortError> {
    let key = keys::chat_user(scope, user.id);
    let delete = table.delete_part(&key, "version = :read", &[(":read", n(user.version))])?;
    Ok(delete_write(delete))
}

/// Makes the write of a standing: it goes, unless it holds a wish for silence.
fn standing_write(
    table: &Table,
    scope: ProjectScope,
    standing: &Standing,
    at: Timestamp,
) -> Result<TransactWriteItem, PortError> {
    let values = [(":read", n(standing.version))];
    if let Some(kept) = standing.erased(at) {
        let kept = Standing {
            version: standing.version + 1,
            ..kept
        };
        let item = StandingItem::new(scope, &kept, at).of_wish(scope, at);
        let put = table.put_part(&item, "version = :read", &values)?;
        return Ok(put_write(put));
    }
    let key = keys::standing(scope, standing.chat_user_id, standing.connector_id);
    let delete = table.delete_part(&key, "version = :read", &values)?;
    Ok(delete_write(delete))
}

/// Makes the writes that end the link of the chat user. A person of the directory who came by writing, and is nobody
/// else's, goes with the chat user: nothing else is known of them.
async fn link_writes(
    table: &Table,
    scope: ProjectScope,
    user: &ChatUser,
    audit: &AuditEntry,
) -> Result<Vec<TransactWriteItem>, PortError> {
    let Some(id) = user.end_user_id else {
        return Ok(Vec::new());
    };
    let Some(person) = table.end_user(scope, id).await? else {
        return Ok(Vec::new());
    };
    let mut rest = EndUser {
        links_version: person.links_version + 1,
        ..person.clone()
    };
    rest.chat_users.remove(&user.id);
    if rest.chat_users.is_empty() && person.source == EndUserSource::SelfRegistered {
        let mut writes = table.delete_end_user_writes(&person)?;
        writes.push(table.audit_write(&AuditEntry {
            id: AuditId::new(SystemIds.draw()),
            change: Change {
                event: Event::EndUserDeleted(person.id),
                before: Value::Null,
                after: Value::Null,
            },
            ..audit.clone()
        })?);
        Ok(writes)
    } else {
        table.put_end_user_writes(Some(&person), &rest)
    }
}

/// Makes the removal of the row under the person's second id, if it leads to this person.
async fn alias_write(
    table: &Table,
    scope: ProjectScope,
    user: &ChatUser,
) -> Result<Option<TransactWriteItem>, PortError> {
    let Some(other_id) = table.own_alias(scope, user).await? else {
        return Ok(None);
    };
    let key = keys::same_as(scope, other_id.chat_user_id(scope));
    let values = [(":person", to_value(&user.identity)?)];
    let delete = table.delete_part(&key, "same_as = :person", &values)?;
    Ok(Some(delete_write(delete)))
}

/// A place among a person's records.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    /// In the list of the project's access requests.
    Requests { behind: Option<String> },
    /// In the conversations that the person wrote in.
    Conversations(written::Place),
    /// In the list of the project's conversations.
    Older(erased_older::Place),
}

/// The work on one page.
struct Erasing<'a> {
    table: &'a Table,
    erasure: &'a Erasure,
    /// The ids under which the person's records lie.
    ids: [ChatUserId; 2],
    conversations: Erased<'a>,
}

/// See [`vestibule_domain::ports::Eraser::erase_page`].
pub(super) async fn page(
    table: &Table,
    erasure: &Erasure,
    id: ChatUserId,
    now: Timestamp,
) -> Result<ErasedPage, PortError> {
    let place = read_place(erasure)?.unwrap_or(Place::Requests { behind: None });
    let erasing = Erasing::begun(table, erasure, id, now).await?;
    erased_rows::page(place, STEPS, |place| erasing.step(place)).await
}

impl<'a> Erasing<'a> {
    /// Reads whether the person came back. `now` is before the read, so a record that is made after it is
    /// younger.
    async fn begun(
        table: &'a Table,
        erasure: &'a Erasure,
        id: ChatUserId,
        now: Timestamp,
    ) -> Result<Self, PortError> {
        let newcomer = newcomer(table, erasure.scope, id, erasure.since).await?;
        let ids = [id, erasure.other_id.unwrap_or(id)];
        let until = newcomer.as_ref().map_or(now, |user| user.created_at);
        Ok(Self {
            table,
            erasure,
            ids,
            conversations: Erased {
                table,
                scope: erasure.scope,
                ids,
                until,
                since: erasure.since,
                now,
                has_come_back: newcomer.is_some(),
                is_last_pass: erasure.is_last_pass(now),
            },
        })
    }

    async fn step(&self, place: Place) -> Result<(usize, Option<Place>), PortError> {
        match place {
            Place::Requests { behind } => self.requests(behind.as_deref()).await,
            Place::Conversations(place) => {
                let (rows, next) = self.conversations.step(place).await?;
                let older = || Place::Older(erased_older::Place::default());
                let is_last = self.conversations.is_last_pass;
                let next = next.map(Place::Conversations);
                Ok((rows, next.or_else(|| is_last.then(older))))
            }
            Place::Older(place) => {
                let (rows, next) = erased_older::step(&self.conversations, place).await?;
                if next.is_none() {
                    self.picture().await?;
                }
                Ok((rows, next.map(Place::Older)))
            }
        }
    }

    /// Removes the person's access requests from a page of the project's.
    async fn requests(&self, behind: Option<&str>) -> Result<(usize, Option<Place>), PortError> {
        let of = (self.erasure.scope, self.ids);
        let (rows, behind) = written::requests(self.table, of, behind, REQUESTS).await?;
        let named = if rows.is_empty() {
            BTreeSet::new()
        } else {
            self.requests_on_standings().await?
        };
        let mut gone = Vec::new();
        for row in rows {
            let request =
                AccessRequest::from(from_row::<AccessRequestItem>(row, "access request")?);
            if request.created_at <= self.erasure.since && !named.contains(&request.id) {
                gone.push(request);
            }
        }
        let next = match behind {
            Some(_) => Place::Requests { behind },
            None => Place::Conversations(written::Place::default()),
        };
        let mut rows = 0;
        for some in gone.chunks(REMOVED_AT_ONCE) {
            rows += self.remove(some).await?;
        }
        Ok((rows, Some(next)))
    }

    /// Removes requests with what is kept of their messages, in one transaction. They are counted no more, so
    /// each must be in the state in which it was read.
    async fn remove(&self, requests: &[AccessRequest]) -> Result<usize, PortError> {
        let (table, scope) = (self.table, self.erasure.scope);
        let mut writes = Vec::new();
        let mut tally = TallyChange::default();
        for request in requests {
            let id = request.id;
            let condition = match request.decision {
                None => "attribute_exists(pk) AND attribute_not_exists(decision)",
                Some(_) => "attribute_exists(decision)",
            };
            let key = keys::access_request(scope, id);
            writes.push(delete_write(table.delete_part(&key, condition, &[])?));
            for beside in [keys::preview(scope, id), keys::held_message(scope, id)] {
                writes.push(delete_write(table.removal_part(&beside)?));
            }
            tally.add(TallyChange::removed(request));
        }
        let rows = writes.len();
        writes.extend(table.tally_writes(scope, &tally)?);
        erased_rows::written(table, &writes).await?;
        Ok(rows)
    }

    /// The requests that the standings of a person who came back name.
    async fn requests_on_standings(&self) -> Result<BTreeSet<AccessRequestId>, PortError> {
        let mut named = BTreeSet::new();
        for id in self.ids {
            let standings = people::standings_of(self.table, self.erasure.scope, id).await?;
            for standing in standings {
                named.extend(standing.request_id);
                named.extend(standing.approval.map(|approval| approval.request_id));
            }
        }
        Ok(named)
    }

    /// Removes a picture that a worker stored after the record had gone, and the order to take the person out of the
    /// search.
    async fn picture(&self) -> Result<(), PortError> {
        let of = &self.conversations;
        if !of.is_last_pass || of.has_come_back {
            return Ok(());
        }
        let [id, _] = self.ids;
        let scope = self.erasure.scope;
        let picture = keys::avatar(scope, id);
        removed(self.table, &[picture]).await?;
        // An order that was carried out is all that the search leaves. One that waits finds no record, and stays.
        let order = keys::index_order(scope, SearchTarget::ChatUser(id));
        let done = "attribute_not_exists(outbox_pk)";
        let write = delete_write(self.table.delete_part(&order, done, &[])?);
        self.table.transact(vec![write]).await.map(|_| ())
    }
}
