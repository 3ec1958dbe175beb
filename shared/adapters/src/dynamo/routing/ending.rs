//! Cases that go with their conversations: nothing is left of them in queues and with members (SPEC E33, C62, C63).
//!
//! A case goes in one transaction, under its version, with the row in its queue or with its member and with the number that
//! counts it. So a page of an erasure that is repeated, or that comes between the steps of an assignment, does no harm.

use crate::dynamo::{
    items::CaseItem,
    keys,
    table::{Cancelled, Table, Transacted, check_write, delete_write, n},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    ids::{ConversationId, MemberId},
    routing::case::Case,
};

/// Number of attempts while a case is changed, or its numbers are.
const ATTEMPTS: u32 = 8;

/// A part of the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The case at its version.
    Case,
    /// The number of its queue.
    Queue,
    /// The load of its member.
    Seat,
    /// One without a condition.
    Other,
}

/// The numbers that count a case. One that a fault left at nothing stays there.
#[derive(Debug, Clone, Copy)]
struct Counting {
    in_queue: bool,
    in_seat: bool,
}

impl Counting {
    /// Changes the form of whatever was refused.
    fn after_refusal(&mut self, parts: &[Part], reasons: &[Cancelled]) {
        for (part, reason) in parts.iter().zip(reasons) {
            if !is_condition(reason) {
                continue;
            }
            match part {
                Part::Queue => self.in_queue = !self.in_queue,
                Part::Seat => self.in_seat = !self.in_seat,
                Part::Case | Part::Other => {}
            }
        }
    }
}

const fn is_condition(reason: &Cancelled) -> bool {
    matches!(reason, Cancelled::Condition(_))
}

impl Table {
    /// Makes these writes and removes the conversation's case, if it has an open one, all or nothing. A case that is over
    /// stays until it expires. `false` when a condition of the writes failed.
    pub(in crate::dynamo) async fn end_case(
        &self,
        scope: ProjectScope,
        id: ConversationId,
        with: &[TransactWriteItem],
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let mut counting = Counting {
            in_queue: true,
            in_seat: true,
        };
        for _ in 0..ATTEMPTS {
            let item: Option<CaseItem> = self.get(&keys::case(scope, id), "case").await?;
            let case = item.map(Case::from).filter(Case::is_open);
            let parts = match &case {
                Some(case) => self.parts_of_end(case, counting, now)?,
                None => Vec::new(),
            };
            let (parts, of_case): (Vec<Part>, Vec<TransactWriteItem>) = parts.into_iter().unzip();
            let writes = [with, of_case.as_slice()].concat();
            if writes.is_empty() {
                return Ok(true);
            }
            let reasons = match self.transact(writes).await? {
                Transacted::Done => return Ok(true),
                Transacted::Cancelled(reasons) => reasons,
            };
            let (refused, of_case) = reasons.split_at(reasons.len().min(with.len()));
            if refused.iter().any(is_condition) {
                return Ok(false);
            }
            if !of_case.iter().any(is_condition) {
                break;
            }
            counting.after_refusal(&parts, of_case);
        }
        Err(PortError::Conflict { what: "case" })
    }

    /// Makes the parts by which an open case goes.
    fn parts_of_end(
        &self,
        case: &Case,
        counting: Counting,
        now: Timestamp,
    ) -> Result<Vec<(Part, TransactWriteItem)>, PortError> {
        let key = keys::case(case.scope, case.conversation_id);
        let read = [(":read", n(case.version))];
        let delete = self.delete_part(&key, "version = :read", &read)?;
        let mut parts = vec![(Part::Case, delete_write(delete))];
        if case.is_waiting() {
            let removal = self.removal_part(&keys::waiting_case(case))?;
            parts.push((Part::Other, delete_write(removal)));
            let queue = if counting.in_queue {
                self.left_queue_write(case, None)?
            } else {
                self.uncounted_queue_check(case)?
            };
            parts.push((Part::Queue, queue));
        }
        if let Some(member_id) = case.member_id() {
            let removal = self.removal_part(&keys::held_case(case, member_id))?;
            parts.push((Part::Other, delete_write(removal)));
            let seat = if counting.in_seat {
                self.lost_seat_write(&case.desk(), member_id, now)?
            } else {
                self.has_nothing_check(case, member_id)?
            };
            parts.push((Part::Seat, seat));
        }
        Ok(parts)
    }

    /// Makes the check that the seat of a member counts nothing.
    fn has_nothing_check(
        &self,
        case: &Case,
        member_id: MemberId,
    ) -> Result<TransactWriteItem, PortError> {
        let check = self.check_part(
            &keys::seat(&case.desk(), member_id),
            "attribute_not_exists(pk) OR #load = :zero",
            &[("#load", "load")],
            &[(":zero", n(0))],
        )?;
        Ok(check_write(check))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_refused_is_left_as_it_is_the_next_time() {
        let mut counting = Counting {
            in_queue: true,
            in_seat: true,
        };
        let parts = [Part::Case, Part::Other, Part::Seat];
        let refused = || Cancelled::Condition(None);
        counting.after_refusal(&parts, &[refused(), Cancelled::NotThis, Cancelled::NotThis]);
        assert!(counting.in_seat && counting.in_queue);
        counting.after_refusal(&parts, &[Cancelled::NotThis, Cancelled::NotThis, refused()]);
        assert!(!counting.in_seat && counting.in_queue);
        counting.after_refusal(&[Part::Queue], &[refused()]);
        assert!(!counting.in_seat && !counting.in_queue);
        counting.after_refusal(&[Part::Queue], &[Cancelled::Contended]);
        assert!(!counting.in_queue);
    }
}
