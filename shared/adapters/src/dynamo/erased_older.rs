//! Finds the conversations that a person wrote in before each of them left a row for its writers.
//!
//! They stand in the project's list of conversations with whoever wrote last, so one with one person is found
//! by that. In one with several, somebody else may have written last: it is read as a whole, unless it was
//! begun when writers left rows. A conversation that is in no list holds neither messages nor a person.
//!
//! One pass is enough, the last: what it looks for was there before the order. The list is gone through in
//! the order of last activity, the oldest first, as for a history that is shortened.

use super::{
    erased_conversations::{Erased, InHand},
    erased_rows::list_start,
    keys::{self, ALL_PK, ALL_SK},
    table::{Attributes, key_of, s, to_value},
};
use crate::aws::port_error;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use vestibule_domain::{PortError, chat::conversation::ConversationKind};

/// Number of conversations read at once.
const CONVERSATIONS: i32 = 100;
/// The conversations that may hold what the person wrote.
const CANDIDATES: &str = "chat_user_id = :one OR chat_user_id = :other OR \
    (attribute_not_exists(has_writer_rows) AND conversation.kind IN (:group, :channel))";

/// A place among the conversations of a project.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Place {
    /// The last conversation that was read from the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    behind: Option<String>,
    /// Whether no conversation follows it.
    is_end: bool,
    /// Conversations that were read and are not done.
    left: Vec<InHand>,
    /// The last row of the first of them that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
}

/// Goes one step on. Returns the number of rows that were removed, and the next place.
pub(super) async fn step(
    of: &Erased<'_>,
    place: Place,
) -> Result<(usize, Option<Place>), PortError> {
    let Some(in_hand) = place.left.first().copied() else {
        if place.is_end {
            return Ok((0, None));
        }
        let next = conversations(of, place.behind.as_deref()).await?;
        return Ok((0, Some(next)));
    };
    let (erased, from) = of.go_on_in(in_hand, place.from.clone()).await?;
    let done = usize::from(from.is_none());
    let next = Place {
        left: place.left.into_iter().skip(done).collect(),
        from,
        ..place
    };
    Ok((erased, Some(next)))
}

/// Reads the next conversations of the list.
async fn conversations(of: &Erased<'_>, behind: Option<&str>) -> Result<Place, PortError> {
    let list = keys::conversations(of.scope);
    let key = |id: &str| Some(keys::conversation(of.scope, id.parse().ok()?));
    let start = behind.and_then(|at| list_start((ALL_PK, ALL_SK), (list.as_str(), at), key));
    let [one, other] = of.ids;
    let direct = to_value(&ConversationKind::Direct)?;
    let answer = of
        .table
        .list_query(&list)
        .filter_expression(CANDIDATES)
        .expression_attribute_values(":one", s(one))
        .expression_attribute_values(":other", s(other))
        .expression_attribute_values(":group", to_value(&ConversationKind::Group)?)
        .expression_attribute_values(":channel", to_value(&ConversationKind::Channel)?)
        .set_exclusive_start_key(start)
        .limit(CONVERSATIONS)
        .send()
        .await
        .map_err(|error| port_error("dynamodb: Query (conversations)", error))?;
    let read = answer.last_evaluated_key.as_ref();
    let behind = read.and_then(|read| read.get(ALL_SK)?.as_s().ok().cloned());
    let rows = answer.items.unwrap_or_default();
    Ok(Place {
        is_end: behind.is_none(),
        behind,
        left: rows
            .iter()
            .filter_map(|row| in_hand(of, row, &direct))
            .collect(),
        from: None,
    })
}

/// Takes a conversation of the list in hand, if it is one of the project: IAM does not restrict the
/// attributes by which an index leads to rows.
fn in_hand(of: &Erased<'_>, row: &Attributes, direct: &AttributeValue) -> Option<InHand> {
    let key = key_of(row)?;
    let id = keys::parse_conversation(&key.pk)?;
    let writer = row.get("chat_user_id").and_then(|id| id.as_s().ok());
    let is_theirs = writer.is_some_and(|writer| of.ids.iter().any(|id| *writer == id.to_string()));
    (key == keys::conversation(of.scope, id)).then_some(InHand {
        id,
        is_direct: kind_of(row) == Some(direct),
        is_theirs,
        of_other_id: false,
    })
}

/// The kind of a conversation, as it is stored. One whose kind is not known is none with one person.
fn kind_of(row: &Attributes) -> Option<&AttributeValue> {
    row.get("conversation")?.as_m().ok()?.get("kind")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::to_row;
    use serde_json::json;

    #[test]
    fn a_conversation_is_taken_as_a_whole_only_if_it_is_surely_one_with_one_person() {
        let direct = to_value(&ConversationKind::Direct).unwrap();
        for (row, expected) in [
            (json!({"conversation": {"kind": "direct"}}), true),
            (json!({"conversation": {"kind": "group"}}), false),
            (json!({"conversation": {"kind": "channel"}}), false),
            (json!({"conversation": {"kind": "forum"}}), false),
            (json!({"conversation": {"kind": 1}}), false),
            (json!({"conversation": {}}), false),
            (json!({"conversation": "D1"}), false),
            (json!({}), false),
        ] {
            let row = to_row(&row).unwrap();
            assert_eq!(kind_of(&row) == Some(&direct), expected, "{row:?}");
        }
    }

    #[test]
    fn a_place_keeps_the_conversation_in_hand_and_those_that_follow() {
        let first = Place::default();
        let written = serde_json::to_value(&first).unwrap();
        assert_eq!(written, json!({"is_end": false, "left": []}));
        let stored = json!({
            "behind": "2026-11-29T10:00:00.000Z#01JD3Q3Z9V8M4T6K2N7P5R1S10", "is_end": false,
            "left": [
                {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S10", "is_direct": false, "is_theirs": true, "of_other_id": false}
            ],
            "from": "MESSAGE#000000000007",
        });
        let place: Place = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(serde_json::to_value(&place).unwrap(), stored);
    }
}
