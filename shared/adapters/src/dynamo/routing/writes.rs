//! Parts of transactions that change desks and cases, also of those of other stores.

use crate::dynamo::{
    items::{CaseItem, RoutedItem, WaitingItem},
    keys,
    marks::Marked,
    table::{Table, check_write, n, put_write, s, to_value, update_write},
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    ids::MemberId,
    job::{DrainQueue, RequeueMember},
    ports::{Assignment, NewPlace, OUTBOX_PATIENCE, RequeueOrder},
    routing::{
        case::Case,
        demand::Desk,
        routed::Routed,
        seat::{Presence, Seat},
    },
};

/// Names of attributes that are reserved words.
const LOAD: (&str, &str) = ("#load", "load");
/// See [`LOAD`].
const LIMIT: (&str, &str) = ("#limit", "limit");

impl Table {
    /// Makes the write of a case. `before` is its version that was read; without one, none that is open may stand there.
    pub(super) fn case_write(
        &self,
        case: &Case,
        before: Option<u64>,
    ) -> Result<TransactWriteItem, PortError> {
        let item = CaseItem::from(case);
        let put = if let Some(version) = before {
            self.put_part(&item, "version = :read", &[(":read", n(version))])?
        } else {
            // A case that is not over is in a list by its state.
            let condition = "attribute_not_exists(pk) OR \
                (version = :read AND attribute_not_exists(state_pk))";
            let read = case.version.saturating_sub(1);
            self.put_part(&item, condition, &[(":read", n(read))])?
        };
        Ok(put_write(put))
    }

    /// Makes the write of a line about a case.
    pub(super) fn line_write(
        &self,
        case: &Case,
        line: Routed,
    ) -> Result<TransactWriteItem, PortError> {
        self.replacing_part(&RoutedItem::new(case, line))
            .map(put_write)
    }

    /// Makes the write by which an earlier line about a case gets a note.
    pub(super) fn noted_line_write(
        &self,
        case: &Case,
        number: u64,
        note: &str,
    ) -> Result<TransactWriteItem, PortError> {
        let update = self.update_part(
            &keys::routed(case.scope, case.conversation_id, number),
            "SET #note = :note",
            "attribute_exists(pk)",
            &[("#note", "note")],
            &[(":note", s(note))],
        )?;
        Ok(update_write(update))
    }

    /// Makes the write of a case at its place in its queue.
    pub(super) fn place_write(&self, case: &Case) -> Result<TransactWriteItem, PortError> {
        self.replacing_part(&WaitingItem::from(case)).map(put_write)
    }

    /// Makes the write that counts a case which joins its queue; as its first one, or behind the first one.
    pub(super) fn joined_queue_write(
        &self,
        case: &Case,
        is_first: bool,
        at: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let (oldest, condition) = if is_first {
            (":offered", "oldest > :offered")
        } else {
            (
                "if_not_exists(oldest, :offered)",
                "attribute_not_exists(oldest) OR oldest <= :offered",
            )
        };
        let update = self.update_part(
            &keys::queue(&case.desk(), case.queue_id()),
            &format!(
                "SET demand = :demand, oldest = {oldest}, \
                 waiting = if_not_exists(waiting, :zero) + :one, \
                 version = if_not_exists(version, :base) + :one"
            ),
            condition,
            &[],
            &[
                (":demand", to_value(&case.demand)?),
                (":offered", s(case.offered_at)),
                (":base", n(first_version(at))),
                (":zero", n(0)),
                (":one", n(1)),
            ],
        )?;
        Ok(update_write(update))
    }

    /// Makes the write that orders the drain of a case's queue. An order that stands keeps its time.
    pub(super) fn queue_order_write(
        &self,
        case: &Case,
        at: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let job = DrainQueue {
            scope: case.scope.account(),
            queue_id: case.queue_id(),
        };
        let marked = Marked::by(job.into());
        let mark = marked.waiting(at.plus(OUTBOX_PATIENCE));
        let update = self.update_part(
            &marked.key,
            "SET #channel = :channel, outbox_pk = if_not_exists(outbox_pk, :part), \
             outbox_due = if_not_exists(outbox_due, :due), \
             version = if_not_exists(version, :zero) + :one",
            "attribute_not_exists(#channel) OR #channel = :channel",
            &[("#channel", "channel")],
            &[
                (":channel", s(&case.channel)),
                (":part", mark.pk()),
                (":due", mark.due()),
                (":zero", n(0)),
                (":one", n(1)),
            ],
        )?;
        Ok(update_write(update))
    }

    /// Makes the write that counts a case which leaves its queue; with the queue's new place, if the queue is as it was
    /// read.
    pub(super) fn left_queue_write(
        &self,
        case: &Case,
        place: Option<NewPlace>,
    ) -> Result<TransactWriteItem, PortError> {
        let mut update = "SET waiting = waiting - :one, version = version + :one".to_owned();
        let mut condition = "waiting >= :one".to_owned();
        let mut values = vec![(":one", n(1))];
        if let Some(place) = place {
            update.push_str(", oldest = :oldest");
            condition.push_str(" AND version = :read");
            values.extend([(":oldest", s(place.oldest)), (":read", n(place.version))]);
        }
        let key = keys::queue(&case.desk(), case.queue_id());
        let update = self.update_part(&key, &update, &condition, &[], &values)?;
        Ok(update_write(update))
    }

    /// Makes the check that a case which leaves its queue is not counted there, in place of the write that counts it.
    pub(super) fn uncounted_queue_check(
        &self,
        case: &Case,
    ) -> Result<TransactWriteItem, PortError> {
        let check = self.check_part(
            &keys::queue(&case.desk(), case.queue_id()),
            "attribute_not_exists(pk) OR waiting < :one",
            &[],
            &[(":one", n(1))],
        )?;
        Ok(check_write(check))
    }

    /// Makes the write that counts a case which a member gets. Its condition is what keeps the limit.
    pub(super) fn gained_seat_write(
        &self,
        desk: &Desk,
        assignment: &Assignment,
        exceeds: bool,
        at: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let mut values = vec![
            (":one", n(1)),
            (":at", s(at)),
            (":read", n(assignment.seat_version)),
        ];
        let presence = if assignment.facts.is_some() {
            values.push((":presence", to_value(&Presence::Available)?));
            "presence = :presence"
        } else {
            values.push((":presence", to_value(&Presence::Inactive)?));
            "presence <> :presence"
        };
        let room = if exceeds {
            "attribute_exists(#limit)"
        } else {
            "#load < #limit"
        };
        let update = self.update_part(
            &keys::seat(desk, assignment.member.id),
            "SET #load = #load + :one, moves = moves + :one, idle_since = :at",
            &format!("{room} AND {presence} AND version = :read"),
            &[LOAD, LIMIT],
            &values,
        )?;
        Ok(update_write(update))
    }

    /// Makes the write that counts a case which a member loses.
    pub(super) fn lost_seat_write(
        &self,
        desk: &Desk,
        member_id: MemberId,
        at: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let update = self.update_part(
            &keys::seat(desk, member_id),
            "SET #load = #load - :one, moves = moves + :one, idle_since = :at",
            "#load >= :one",
            &[LOAD],
            &[(":one", n(1)), (":at", s(at))],
        )?;
        Ok(update_write(update))
    }

    /// Makes the write by which a seat is as it is derived from its member. The load, its changes and the time of the
    /// last one stay as they are.
    pub(in crate::dynamo) fn seat_write(
        &self,
        desk: &Desk,
        seat: &Seat,
    ) -> Result<TransactWriteItem, PortError> {
        let mut change = "SET member_id = :member, #name = :name, clients = :clients, \
            teams = :teams, skills = :skills, reply_right = :right, presence = :presence, \
            version = :version, \
            #load = if_not_exists(#load, :zero), moves = if_not_exists(moves, :zero), \
            idle_since = if_not_exists(idle_since, :idle)"
            .to_owned();
        let mut values = vec![
            (":member", s(seat.member_id)),
            (":name", s(&seat.name)),
            (":clients", to_value(&seat.clients)?),
            (":teams", to_value(&seat.teams)?),
            (":skills", to_value(&seat.skills)?),
            (":right", to_value(&seat.reply_right)?),
            (":presence", to_value(&seat.presence)?),
            (":version", n(seat.version)),
            (":zero", n(0)),
            (":idle", s(seat.idle_since)),
        ];
        let mut removed = Vec::new();
        if let Some(limit) = seat.limit {
            change.push_str(", #limit = :limit");
            values.push((":limit", n(limit)));
        } else {
            removed.push("#limit");
        }
        if let Some(since) = seat.absent_since {
            change.push_str(", absent_since = :absent");
            values.push((":absent", s(since)));
        } else {
            removed.push("absent_since");
        }
        if !removed.is_empty() {
            change.push_str(" REMOVE ");
            change.push_str(&removed.join(", "));
        }
        let update = self.update_part(
            &keys::seat(desk, seat.member_id),
            &change,
            "attribute_not_exists(pk) OR version <= :version",
            &[LOAD, LIMIT, ("#name", "name")],
            &values,
        )?;
        Ok(update_write(update))
    }

    /// Makes the write that orders to requeue what a member may no longer have, from `due` on, also if an order stands. A
    /// worker postpones it while nothing is to be done yet.
    pub(in crate::dynamo) fn requeue_write(
        &self,
        scope: AccountScope,
        member_id: MemberId,
        due: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        self.seat_closing_write(scope, member_id, due, Vec::new())
    }

    /// Makes the same write, which also orders to remove the member's seats on these channels, once nothing is assigned
    /// there.
    pub(in crate::dynamo) fn seat_closing_write(
        &self,
        scope: AccountScope,
        member_id: MemberId,
        due: Timestamp,
        closed: Vec<String>,
    ) -> Result<TransactWriteItem, PortError> {
        let marked = Marked::by(RequeueMember { scope, member_id }.into());
        let mark = marked.waiting(due);
        let mut change = "SET outbox_pk = :part, outbox_due = :due, \
             orders = if_not_exists(orders, :base) + :one, \
             version = if_not_exists(version, :zero) + :one"
            .to_owned();
        let mut values = vec![
            (":part", mark.pk()),
            (":due", mark.due()),
            // An order that is given again after its end does not repeat numbers.
            (":base", n(due.millis().max(0))),
            (":zero", n(0)),
            (":one", n(1)),
        ];
        if !closed.is_empty() {
            change.push_str(" ADD closed_channels :closed");
            values.push((":closed", AttributeValue::Ss(closed)));
        }
        let update = self.update_part(
            &marked.key,
            &change,
            "attribute_not_exists(orders) OR orders >= :zero",
            &[],
            &values,
        )?;
        Ok(update_write(update))
    }

    /// Makes the write that orders to requeue what an absent member has, from `due` on. An order that stands keeps its time:
    /// the worker postpones it until then.
    pub(in crate::dynamo) fn absence_write(
        &self,
        scope: AccountScope,
        member_id: MemberId,
        due: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let marked = Marked::by(RequeueMember { scope, member_id }.into());
        let mark = marked.waiting(due);
        let update = self.update_part(
            &marked.key,
            "SET outbox_pk = if_not_exists(outbox_pk, :part), \
             outbox_due = if_not_exists(outbox_due, :due), \
             orders = if_not_exists(orders, :base) + :one, \
             version = if_not_exists(version, :zero) + :one",
            "attribute_not_exists(orders) OR orders >= :zero",
            &[],
            &[
                (":part", mark.pk()),
                (":due", mark.due()),
                (":base", n(due.millis().max(0))),
                (":zero", n(0)),
                (":one", n(1)),
            ],
        )?;
        Ok(update_write(update))
    }

    /// Makes the update by which an order to requeue, as it was read, is due again later.
    pub(super) fn postponed_requeue(
        &self,
        (scope, order): (AccountScope, RequeueOrder),
        again: Timestamp,
    ) -> Result<Update, PortError> {
        let member_id = order.member_id;
        let marked = Marked::by(RequeueMember { scope, member_id }.into());
        let mark = marked.waiting(again);
        self.update_part(
            &marked.key,
            "SET outbox_pk = :part, outbox_due = :due, version = version + :one",
            "orders = :read",
            &[],
            &[
                (":part", mark.pk()),
                (":due", mark.due()),
                (":one", n(1)),
                (":read", n(order.orders)),
            ],
        )
    }
}

/// Changes of a queue within a millisecond, of which there are fewer.
const CHANGES_PER_MILLISECOND: i64 = 1_000_000;

/// The version of a queue that is made at this time. One that is made again repeats no version.
pub(super) fn first_version(at: Timestamp) -> i64 {
    at.millis().max(0).saturating_mul(CHANGES_PER_MILLISECOND)
}
