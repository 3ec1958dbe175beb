//! Finds what a person wrote, for the erasure and the export of it: conversation by conversation, row by row.

use super::{
    erased_rows::list_start,
    items::WrittenConversationItem,
    keys::{self, ALL_PK, ALL_SK, Key, PK},
    table::{Attributes, Table, from_row, s},
};
use crate::aws::port_error;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    PortError, ProjectScope,
    chat::conversation::ConversationKind,
    ids::{ChatUserId, ConversationId},
};

/// Number of rows of a conversation read at once. More than a message with its answers.
const ROWS: i32 = 60;

/// A place among the conversations that a person wrote in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Place {
    /// Whether it is among those of the person's second id.
    pub(super) of_other_id: bool,
    /// The last conversation that is done.
    pub(super) behind: Option<ConversationId>,
    /// The conversation in hand, whether it is one with one person, and the last row that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) inside: Option<(ConversationId, bool, Option<String>)>,
}

impl Place {
    /// The place behind the conversation in hand, or in it behind the row `last`.
    pub(super) fn gone_on(
        self,
        (id, is_direct): (ConversationId, bool),
        last: Option<String>,
    ) -> Self {
        match last {
            Some(last) => Self {
                inside: Some((id, is_direct, Some(last))),
                ..self
            },
            None => Self {
                behind: Some(id),
                inside: None,
                ..self
            },
        }
    }
}

/// Finds the next conversation that a person with these ids wrote in; `None` after the last one.
pub(super) async fn next_conversation(
    table: &Table,
    (scope, [id, other_id]): (ProjectScope, [ChatUserId; 2]),
    place: Place,
) -> Result<Option<Place>, PortError> {
    let of = if place.of_other_id { other_id } else { id };
    let key = |conversation| keys::written_conversation(scope, of, conversation);
    let start = place.behind.map(|behind| key(behind).attributes());
    let answer = table
        .client
        .query()
        .table_name(&table.name)
        .consistent_read(true)
        .key_condition_expression(format!("{PK} = :person"))
        .expression_attribute_values(":person", s(keys::written_by(scope, of)))
        .set_exclusive_start_key(start)
        .limit(1)
        .send()
        .await
        .map_err(|error| port_error("dynamodb: Query (conversations)", error))?;
    if let Some(row) = answer.items.unwrap_or_default().into_iter().next() {
        let item: WrittenConversationItem = from_row(row, "written conversation")?;
        let is_direct = item.kind == ConversationKind::Direct;
        let inside = Some((item.conversation_id, is_direct, None));
        return Ok(Some(Place { inside, ..place }));
    }
    let is_left = id != other_id && !place.of_other_id;
    Ok(is_left.then(|| Place {
        of_other_id: true,
        ..Place::default()
    }))
}

/// Reads rows of a conversation behind the row `from`. Also returns whether more follow.
pub(super) async fn rows(
    table: &Table,
    (scope, id): (ProjectScope, ConversationId),
    from: Option<String>,
) -> Result<(Vec<Attributes>, bool), PortError> {
    let pk = keys::conversation(scope, id).pk;
    let start = from.map(|sk| Key { pk: pk.clone(), sk }.attributes());
    let answer = table
        .client
        .query()
        .table_name(&table.name)
        .consistent_read(true)
        .key_condition_expression(format!("{PK} = :conversation"))
        .expression_attribute_values(":conversation", s(&pk))
        .set_exclusive_start_key(start)
        .limit(ROWS)
        .send()
        .await
        .map_err(|error| port_error("dynamodb: Query (conversation)", error))?;
    let has_more = answer.last_evaluated_key.is_some();
    Ok((answer.items.unwrap_or_default(), has_more))
}

/// Cuts off the last message of a page that others follow, since its answers may be among them.
pub(super) fn cut_before_last<T>(rows: &mut Vec<T>, is_message: impl Fn(&T) -> bool) {
    let last = rows.iter().rposition(is_message);
    if let Some(last) = last.filter(|last| *last > 0) {
        rows.truncate(last);
    }
}

/// Reads the access requests of a person among the next `most` of the project. Also returns the place behind these, if
/// there are more.
pub(super) async fn requests(
    table: &Table,
    (scope, [one, other]): (ProjectScope, [ChatUserId; 2]),
    behind: Option<&str>,
    most: i32,
) -> Result<(Vec<Attributes>, Option<String>), PortError> {
    let list = keys::access_requests(scope, None);
    let start = behind.and_then(|at| {
        list_start((ALL_PK, ALL_SK), (list.as_str(), at), |id| {
            Some(keys::access_request(scope, id.parse().ok()?))
        })
    });
    let answer = table
        .list_query(&list)
        .filter_expression("chat_user_id = :one OR chat_user_id = :other")
        .expression_attribute_values(":one", s(one))
        .expression_attribute_values(":other", s(other))
        .set_exclusive_start_key(start)
        .limit(most)
        .send()
        .await
        .map_err(|error| port_error("dynamodb: Query (requests)", error))?;
    let behind = answer
        .last_evaluated_key
        .as_ref()
        .and_then(|key| key.get(ALL_SK)?.as_s().ok().cloned());
    Ok((answer.items.unwrap_or_default(), behind))
}
