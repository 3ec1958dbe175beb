//! Orders to bring the index in line with a record. They are part of the transaction that changes the record.

use crate::dynamo::{
    marks::Marked,
    table::{Table, n, put_write, update_write},
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    ids::{AccessRequestId, ChatUserId, EndUserId},
    ports::OUTBOX_PATIENCE,
    search::{IndexRecord, SearchTarget},
};

/// The part of an order that a worker or a search reads.
#[derive(Debug, Deserialize)]
pub(in crate::dynamo) struct IndexOrderItem {
    /// Number of attempts at the job.
    #[serde(default)]
    pub(in crate::dynamo) attempts: u32,
    /// The requests that a chat user made.
    #[serde(default)]
    pub(in crate::dynamo) asked: Vec<AccessRequestId>,
}

/// An order that is made anew.
#[derive(Debug, Serialize)]
struct NewOrderItem {
    pk: String,
    sk: String,
    outbox_pk: String,
    outbox_due: i64,
    version: u64,
}

/// An order that a change of a record leaves.
#[derive(Debug, Clone, Copy)]
pub(in crate::dynamo) struct OrderedIndex<'a> {
    /// Account and project.
    pub(in crate::dynamo) scope: ProjectScope,
    /// The record that changes.
    pub(in crate::dynamo) target: SearchTarget,
    /// The requests that the person makes now; of chat users only.
    pub(in crate::dynamo) asked: &'a [AccessRequestId],
    /// Whether the person is erased, and with them the requests that they made.
    pub(in crate::dynamo) is_erased: bool,
    /// Time from which the sweep dispatches the job.
    pub(in crate::dynamo) due: Timestamp,
}

impl<'a> OrderedIndex<'a> {
    /// The order for a record whose texts change.
    pub(in crate::dynamo) fn of(scope: ProjectScope, target: SearchTarget, due: Timestamp) -> Self {
        Self {
            scope,
            target,
            asked: &[],
            is_erased: false,
            due,
        }
    }

    /// The order for a chat user whose texts change.
    pub(in crate::dynamo) fn of_chat_user(
        scope: ProjectScope,
        id: ChatUserId,
        due: Timestamp,
    ) -> Self {
        Self::of(scope, SearchTarget::ChatUser(id), due)
    }

    /// The order for a chat user who made these requests.
    pub(in crate::dynamo) fn asking(self, asked: &'a [AccessRequestId]) -> Self {
        Self { asked, ..self }
    }

    /// The order for a chat user who is erased.
    pub(in crate::dynamo) fn erased(self) -> Self {
        Self {
            is_erased: true,
            ..self
        }
    }
}

impl Table {
    /// Makes the write of an order. It has no condition: a worker that has the row finds its claim gone and leaves
    /// the order to another job.
    pub(in crate::dynamo) fn index_order_write(
        &self,
        order: OrderedIndex<'_>,
    ) -> Result<TransactWriteItem, PortError> {
        let job = IndexRecord {
            scope: order.scope,
            target: order.target,
        };
        let marked = Marked::by(job.into());
        let mark = marked.waiting(order.due);
        let mut values = vec![
            (":part", mark.pk()),
            (":due", mark.due()),
            (":zero", n(0)),
            (":one", n(1)),
        ];
        let added = asked(order.asked, &mut values);
        let removed = if order.is_erased { ", asked" } else { "" };
        let update = unconditional(
            self,
            &marked,
            format!(
                "SET outbox_pk = :part, outbox_due = :due, version = if_not_exists(version, :zero) + :one \
                 REMOVE lease_id, lease_until, not_before, attempts{removed}{added}"
            ),
            values,
        )?;
        Ok(update_write(update))
    }

    /// Makes the write of the order for an end user who changed, or was made or deleted, at this time. It replaces
    /// whatever order there is, so that whoever may write end users needs no right to update them.
    pub(in crate::dynamo) fn end_user_order_write(
        &self,
        scope: ProjectScope,
        id: EndUserId,
        at: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let target = SearchTarget::EndUser(id);
        let marked = Marked::by(IndexRecord { scope, target }.into());
        let mark = marked.waiting(at.plus(OUTBOX_PATIENCE));
        let row = NewOrderItem {
            pk: marked.key.pk,
            sk: marked.key.sk,
            outbox_pk: mark.partition,
            outbox_due: mark.position.0,
            version: 1,
        };
        Ok(put_write(self.replacing_part(&row)?))
    }

    /// Makes the update that notes requests which a chat user made, and orders nothing.
    pub(in crate::dynamo) fn asked_update(
        &self,
        scope: ProjectScope,
        target: SearchTarget,
        requests: &[AccessRequestId],
    ) -> Result<Update, PortError> {
        let marked = Marked::by(IndexRecord { scope, target }.into());
        let mut values = vec![(":zero", n(0)), (":one", n(1))];
        let added = asked(requests, &mut values);
        unconditional(
            self,
            &marked,
            format!("SET version = if_not_exists(version, :zero) + :one{added}"),
            values,
        )
    }
}

/// The clause that adds requests, if there are any, and its value.
fn asked(
    requests: &[AccessRequestId],
    values: &mut Vec<(&'static str, AttributeValue)>,
) -> &'static str {
    if requests.is_empty() {
        return "";
    }
    let ids = requests.iter().map(ToString::to_string).collect();
    values.push((":asked", AttributeValue::Ss(ids)));
    " ADD asked :asked"
}

fn unconditional(
    table: &Table,
    marked: &Marked,
    update: String,
    values: Vec<(&'static str, AttributeValue)>,
) -> Result<Update, PortError> {
    let mut built = Update::builder()
        .table_name(&table.name)
        .set_key(Some(marked.key.attributes()))
        .update_expression(update);
    for (name, value) in values {
        built = built.expression_attribute_values(name, value);
    }
    built
        .build()
        .map_err(|error| PortError::rejected("dynamodb: Update", error))
}
