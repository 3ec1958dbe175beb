//! A change of a case: its transaction, and the meaning of a refusal.

use super::{DynamoRouting, WHAT};
use crate::dynamo::{
    items::{HeldItem, SeatItem, read_case},
    keys,
    table::{
        Attributes, Cancelled, Table, Transacted, check_write, delete_write, from_row, n,
        put_write, s, to_value, update_write,
    },
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError,
    event::routed::CaseChange,
    ids::MemberId,
    ports::{Assignment, Changed, GivingBack, HandingOff, NewPlace, RoutedBy},
    record::Record as _,
    routing::{
        case::{Case, CaseState},
        demand::Desk,
        routed::{Routed, Verb},
        seat::{Presence, Seat},
    },
};

/// Number of forms in which a change is tried, with corrections of loads between them.
const FORMS: u32 = 6;
const CONTENDED: PortError = PortError::Conflict { what: WHAT };

/// A part of the transaction of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Case,
    GainedSeat,
    LostSeat,
    LeftQueue,
    JoinedQueue,
    Conversation,
    /// One without a condition that fails.
    Other,
}

/// The queue that a case leaves, as far as it is known.
#[derive(Debug, Clone, Copy)]
enum Leaving {
    /// It is as it was read, and gets this place.
    To(NewPlace),
    /// It counts the case.
    Counted,
    /// It counts nothing, though the case waits in it.
    Uncounted,
}

/// The form in which a change is tried.
#[derive(Debug, Clone, Copy)]
struct Form {
    /// The queue that is left.
    leaving: Leaving,
    /// Whether the case comes before all others of the queue that it joins.
    is_first: bool,
    /// Whether the member who gets the case is at the limit.
    exceeds: bool,
    /// Whether the member who loses the case has no seat any more.
    has_no_seat: bool,
}

/// The next step after a refused transaction.
enum Next {
    /// It is the outcome.
    End(Changed),
    /// Try again in another form.
    Again,
    /// Count a member's load, and try again.
    CountLoad(Desk, MemberId),
}

/// A change of a case.
#[derive(Debug)]
pub(super) struct Change<'a> {
    before: Option<&'a Case>,
    after: Case,
    by: RoutedBy<'a>,
    verb: Option<Verb>,
    gains: Option<&'a Assignment>,
    /// Number of an earlier line, which gets the note.
    noted: Option<u64>,
    handing: Option<HandingOff<'a>>,
    giving: Option<GivingBack<'a>>,
}

impl<'a> Change<'a> {
    /// The making of this case.
    pub(super) fn to(after: Case, by: RoutedBy<'a>) -> Self {
        Self {
            before: None,
            after,
            by,
            verb: None,
            gains: None,
            noted: None,
            handing: None,
            giving: None,
        }
    }

    /// The same from this case, as it was read.
    pub(super) fn from(self, before: &'a Case) -> Self {
        Self {
            before: Some(before),
            ..self
        }
    }

    /// The same, with a line in the thread.
    pub(super) fn told_as(self, verb: Verb) -> Self {
        Self {
            verb: Some(verb),
            ..self
        }
    }

    /// The same, for the member of an assignment.
    pub(super) fn gaining(self, assignment: &'a Assignment) -> Self {
        Self {
            gains: Some(assignment),
            ..self
        }
    }

    /// The same, with its note in an earlier line.
    pub(super) fn noting(self, noted: Option<u64>) -> Self {
        Self { noted, ..self }
    }

    /// The same, with the conversation's handoff.
    pub(super) fn handing_off(self, handing: HandingOff<'a>) -> Self {
        Self {
            handing: Some(handing),
            ..self
        }
    }

    /// The same, with the end of the conversation's handoff.
    pub(super) fn giving_back(self, giving: GivingBack<'a>) -> Self {
        Self {
            giving: Some(giving),
            ..self
        }
    }

    fn first_form(&self) -> Form {
        Form {
            leaving: self
                .gains
                .and_then(|assignment| assignment.queue)
                .map_or(Leaving::Counted, Leaving::To),
            is_first: false,
            exceeds: false,
            has_no_seat: false,
        }
    }

    /// The case that leaves its queue.
    fn left(&self) -> Option<&Case> {
        let before = self.before.filter(|before| before.is_waiting())?;
        let stays = self.after.is_waiting() && self.after.queue_id() == before.queue_id();
        (!stays).then_some(before)
    }

    /// Whether the case joins a queue.
    fn joins(&self) -> bool {
        let was_there = self.before.is_some_and(|before| {
            before.is_waiting() && before.queue_id() == self.after.queue_id()
        });
        self.after.is_waiting() && !was_there
    }

    /// The member who loses the case.
    fn loser(&self) -> Option<MemberId> {
        let before = self.before?.member_id();
        before.filter(|id| self.after.member_id() != Some(*id))
    }

    fn line(&self, verb: Verb) -> Routed {
        let before = self.before.and_then(Case::assigned);
        let member = self.after.assigned().or(before);
        let is_for_team = verb == Verb::Offer || verb == Verb::Transfer && self.gains.is_none();
        Routed {
            number: self.after.version,
            at: self.by.at,
            by: self.by.actor.clone(),
            verb,
            member: member.map(|assigned| assigned.member.clone()),
            team_id: self.after.demand.team_id.filter(|_| is_for_team),
            basis: self.gains.and_then(|assignment| assignment.facts.clone()),
            over_limit: self
                .after
                .assigned()
                .is_some_and(|assigned| assigned.over_limit),
            note: self.by.note.map(str::to_owned),
            call: self.by.call.cloned(),
        }
    }

    /// Makes the parts of the transaction.
    fn parts(
        &self,
        table: &Table,
        form: Form,
    ) -> Result<Vec<(Part, TransactWriteItem)>, PortError> {
        let (after, at) = (&self.after, self.by.at);
        let before = self.before.map(|before| before.version);
        let mut parts = vec![(Part::Case, table.case_write(after, before)?)];
        if let Some(left) = self.left() {
            let removal = table.removal_part(&keys::waiting_case(left))?;
            parts.push((Part::Other, delete_write(removal)));
            let queue = match form.leaving {
                Leaving::To(place) => table.left_queue_write(left, Some(place))?,
                Leaving::Counted => table.left_queue_write(left, None)?,
                Leaving::Uncounted => table.uncounted_queue_check(left)?,
            };
            parts.push((Part::LeftQueue, queue));
        }
        if after.is_waiting() {
            parts.push((Part::Other, table.place_write(after)?));
        }
        if self.joins() {
            let joined = table.joined_queue_write(after, form.is_first, at)?;
            parts.push((Part::JoinedQueue, joined));
            parts.push((Part::Other, table.queue_order_write(after, at)?));
        }
        if let (Some(before), Some(loser)) = (self.before, self.loser()) {
            let desk = before.desk();
            let seat = if form.has_no_seat {
                let key = keys::seat(&desk, loser);
                let check = table.check_part(&key, "attribute_not_exists(pk)", &[], &[])?;
                check_write(check)
            } else {
                table.lost_seat_write(&desk, loser, at)?
            };
            parts.push((Part::LostSeat, seat));
            let removal = table.removal_part(&keys::held_case(before, loser))?;
            parts.push((Part::Other, delete_write(removal)));
        }
        if let Some(assignment) = self.gains {
            let desk = after.desk();
            let seat = table.gained_seat_write(&desk, assignment, form.exceeds, at)?;
            parts.push((Part::GainedSeat, seat));
            let held = HeldItem::new(after, assignment.member.id);
            parts.push((Part::Other, put_write(table.replacing_part(&held)?)));
        }
        if let Some(verb) = self.verb {
            parts.push((Part::Other, table.line_write(after, self.line(verb))?));
        }
        if let (Some(number), Some(note)) = (self.noted, self.by.note) {
            let noted = table.noted_line_write(after, number, note)?;
            parts.push((Part::Other, noted));
        }
        if let Some(before) = self.before {
            let counted = table.case_figures_write(before, after, at)?;
            parts.extend(counted.map(|write| (Part::Other, write)));
        }
        if let Some(handing) = &self.handing {
            parts.push((Part::Conversation, self.handed_off_write(table, handing)?));
            if let Some((_, audit)) = handing.handoff {
                let entry = table.entry_writes(audit)?;
                parts.extend(entry.into_iter().map(|write| (Part::Other, write)));
            }
        }
        if let Some(giving) = &self.giving {
            parts.push((Part::Conversation, self.given_back_write(table, giving)?));
        }
        parts.extend(self.told_parts(table)?);
        Ok(parts)
    }

    /// Makes the parts that tell the outgoing events.
    fn told_parts(&self, table: &Table) -> Result<Vec<(Part, TransactWriteItem)>, PortError> {
        let change = CaseChange {
            before: self.before,
            after: &self.after,
            verb: self.verb,
            by: self.by.actor,
            at: self.by.at,
        };
        let told = |event| Ok((Part::Other, table.outgoing_event_write(event)?));
        change.events().iter().map(told).collect()
    }

    /// Makes the write by which people have the conversation, or the check that they do.
    fn handed_off_write(
        &self,
        table: &Table,
        handing: &HandingOff<'_>,
    ) -> Result<TransactWriteItem, PortError> {
        let (scope, id) = (self.after.scope, self.after.conversation_id);
        let key = keys::conversation(scope, id);
        let Some((handoff, _)) = handing.handoff else {
            let check = table.check_part(&key, "attribute_exists(handoff)", &[], &[])?;
            return Ok(check_write(check));
        };
        let update = table.update_part(
            &key,
            "SET handoff = :handoff, state_pk = :state, updated_at = :now, \
             version = version + :one",
            "version = :read",
            &[],
            &[
                (":handoff", to_value(handoff)?),
                (":state", s(keys::handed_off_conversations(scope))),
                (":now", s(self.by.at)),
                (":one", n(1)),
                (":read", n(handing.read.version())),
            ],
        )?;
        Ok(update_write(update))
    }

    /// Makes the write by which the conversation is the agent's again.
    fn given_back_write(
        &self,
        table: &Table,
        giving: &GivingBack<'_>,
    ) -> Result<TransactWriteItem, PortError> {
        let case = giving.case;
        let mut set = "SET updated_at = :now, version = version + :one".to_owned();
        let mut values = vec![
            (":now", s(self.by.at)),
            (":one", n(1)),
            (":read", n(giving.conversation_version)),
        ];
        if giving.opens {
            set.push_str(", state_pk = :open");
            values.push((":open", s(keys::open_conversations(case.scope))));
        }
        set.push_str(" REMOVE handoff");
        let update = table.update_part(
            &keys::conversation(case.scope, case.conversation_id),
            &set,
            "version = :read",
            &[],
            &values,
        )?;
        Ok(update_write(update))
    }

    /// Finds the next step after a refusal, by the parts whose conditions failed, each with the row that stood there.
    fn after_refusal(
        &mut self,
        form: &mut Form,
        mut failed: Vec<(Part, Option<Attributes>)>,
    ) -> Result<Next, PortError> {
        let mut take = |part: Part| {
            let place = failed.iter().position(|(failed, _)| *failed == part)?;
            Some(failed.swap_remove(place).1)
        };
        if let Some(row) = take(Part::Case) {
            return self.instead(row).map(Next::End);
        }
        if take(Part::Conversation).is_some() {
            return Err(PortError::Conflict {
                what: "conversation",
            });
        }
        if let (Some(row), Some(assignment)) = (take(Part::GainedSeat), self.gains) {
            let Some(refusal) = refused_seat(row, assignment)? else {
                return Err(CONTENDED);
            };
            let may_exceed = assignment.may_exceed && assignment.facts.is_none();
            if refusal != Changed::NoRoom || !may_exceed || form.exceeds {
                return Ok(Next::End(refusal));
            }
            form.exceeds = true;
            if let CaseState::Assigned(assigned) = &mut self.after.state {
                assigned.over_limit = true;
            }
            return Ok(Next::Again);
        }
        if take(Part::LeftQueue).is_some() {
            form.leaving = match form.leaving {
                Leaving::To(_) | Leaving::Uncounted => Leaving::Counted,
                // A queue may be long: the router counts it, so that no change of a case waits for the count.
                Leaving::Counted => Leaving::Uncounted,
            };
            return Ok(Next::Again);
        }
        if take(Part::JoinedQueue).is_some() {
            form.is_first = !form.is_first;
            return Ok(Next::Again);
        }
        if let (Some(row), Some(before), Some(loser)) =
            (take(Part::LostSeat), self.before, self.loser())
        {
            form.has_no_seat = row.is_none() && !form.has_no_seat;
            return Ok(match row {
                Some(_) => Next::CountLoad(before.desk(), loser),
                None => Next::Again,
            });
        }
        Err(CONTENDED)
    }

    /// Judges the case that stands in place of the one that was read.
    fn instead(&self, row: Option<Attributes>) -> Result<Changed, PortError> {
        let Some(row) = row else {
            return Ok(Changed::Gone);
        };
        let current = Box::new(read_case(row)?);
        // Only the transaction knows whether the member was at the limit.
        let mut wanted = self.after.clone();
        if let (CaseState::Assigned(wanted), Some(assigned)) =
            (&mut wanted.state, current.assigned())
        {
            wanted.over_limit = assigned.over_limit;
        }
        Ok(if *current == wanted {
            Changed::Done(current)
        } else {
            Changed::Stale(current)
        })
    }
}

/// Names why a seat refused an assignment; `None` if it would not.
fn refused_seat(
    row: Option<Attributes>,
    assignment: &Assignment,
) -> Result<Option<Changed>, PortError> {
    let Some(row) = row else {
        return Ok(Some(Changed::NotAvailable));
    };
    let seat = Seat::from(from_row::<SeatItem>(row, "seat")?);
    let is_absent = assignment.facts.is_some() && seat.presence != Presence::Available;
    Ok(
        if !seat.is_open() || is_absent || seat.version != assignment.seat_version {
            Some(Changed::NotAvailable)
        } else if seat.has_room() {
            None
        } else {
            Some(Changed::NoRoom)
        },
    )
}

impl DynamoRouting {
    /// Makes a change.
    pub(super) async fn make(&self, mut change: Change<'_>) -> Result<Changed, PortError> {
        let mut form = change.first_form();
        for _ in 0..FORMS {
            let parts = change.parts(&self.table, form)?;
            let (parts, writes): (Vec<Part>, Vec<TransactWriteItem>) = parts.into_iter().unzip();
            let outcome = match change.by.caller {
                Some(by) => self.table.transact_by(writes, by).await?,
                None => self.table.transact(writes).await?,
            };
            let reasons = match outcome {
                Transacted::Done => return Ok(Changed::Done(Box::new(change.after))),
                Transacted::Cancelled(reasons) => reasons,
            };
            let failed = parts.into_iter().zip(reasons).filter_map(|(part, reason)| {
                let Cancelled::Condition(row) = reason else {
                    return None;
                };
                Some((part, row))
            });
            match change.after_refusal(&mut form, failed.collect())? {
                Next::End(outcome) => return Ok(outcome),
                Next::Again => {}
                Next::CountLoad(desk, member_id) => {
                    Box::pin(self.count_load(&desk, member_id)).await?;
                }
            }
        }
        Err(CONTENDED)
    }
}

impl Table {
    /// Makes the writes of an offer, for the transaction of another store: the case, with its mark, and its line. The
    /// first of them fails when an open case stands there, or one that is over and was not read.
    pub(in crate::dynamo) fn offer_writes(
        &self,
        case: &Case,
        by: RoutedBy<'_>,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let change = Change::to(case.clone(), by).told_as(Verb::Offer);
        let parts = change.parts(self, change.first_form())?;
        Ok(parts.into_iter().map(|(_, write)| write).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vestibule_domain::{
        AccountScope, Timestamp,
        account::actor::Actor,
        chat::history::HistoryDays,
        ids::{AccountId, ClientId, ConversationId, ProjectId, TeamId},
        routing::{
            case::{Assigned, NewCase},
            demand::Demand,
            routed::NamedMember,
        },
    };

    fn offered() -> Case {
        let account = AccountScope::of_verified(AccountId::derive(&["a"]));
        let new = NewCase {
            scope: account.project(ProjectId::derive(&["p"])),
            conversation_id: ConversationId::derive(&["d"]),
            connector_id: None,
            channel: "slack".to_owned(),
            demand: Demand {
                client_id: ClientId::derive(&["c"]),
                team_id: None,
                skills: BTreeSet::new(),
            },
            history: HistoryDays::default(),
        };
        Case::offered(new, None, Timestamp::from_millis(1_000))
    }

    fn named(name: &str) -> NamedMember {
        NamedMember {
            id: MemberId::derive(&[name]),
            name: name.to_owned(),
        }
    }

    fn assigned(case: &Case, name: &str) -> Case {
        case.assigned_to(Assigned {
            member: named(name),
            at: Timestamp::from_millis(2_000),
            basis: None,
            over_limit: false,
        })
    }

    #[test]
    fn a_case_leaves_and_joins_queues_and_members_as_its_states_tell() {
        let system = Actor::system();
        let at = Timestamp::from_millis(3_000);
        let by = RoutedBy::itself(&system, at);
        let waiting = offered().waiting(at);
        let of_ana = assigned(&waiting, "ana");
        let of_ben = assigned(&of_ana, "ben");
        let for_team = Demand {
            team_id: Some(TeamId::derive(&["t"])),
            ..waiting.demand.clone()
        };
        let elsewhere = waiting.requeued(Some(for_team), None, at);
        let replied = waiting.with_state(CaseState::Waiting, at);
        let ana = Some(named("ana").id);
        for (before, after, leaves, joins, loser) in [
            (offered(), waiting.clone(), false, true, None),
            (waiting.clone(), of_ana.clone(), true, false, None),
            (waiting.clone(), elsewhere, true, true, None),
            (waiting.clone(), replied, false, false, None),
            (of_ana.clone(), of_ben, false, false, ana),
            (
                of_ana.clone(),
                of_ana.requeued(None, ana, at),
                false,
                true,
                ana,
            ),
            (of_ana.clone(), of_ana.released(at), false, false, ana),
            (waiting.clone(), waiting.released(at), true, false, None),
        ] {
            let change = Change::to(after, by).from(&before);
            let found = (change.left().is_some(), change.joins(), change.loser());
            assert_eq!(found, (leaves, joins, loser), "{before:?}");
        }
    }

    #[test]
    fn a_line_names_the_member_who_gets_the_conversation_or_had_it() {
        let system = Actor::system();
        let at = Timestamp::from_millis(3_000);
        let by = RoutedBy::itself(&system, at);
        let of_ana = assigned(&offered(), "ana");
        let of_ben = assigned(&of_ana, "ben");
        for (after, verb, member) in [
            (of_ben, Verb::Transfer, "ben"),
            (of_ana.released(at), Verb::Release, "ana"),
            (of_ana.requeued(None, None, at), Verb::Requeue, "ana"),
        ] {
            let number = after.version;
            let line = Change::to(after, by).from(&of_ana).line(verb);
            assert_eq!((line.number, line.verb), (number, verb));
            assert_eq!(line.member, Some(named(member)));
        }
        let line = Change::to(offered(), by).line(Verb::Offer);
        assert_eq!((line.member, line.by), (None, Actor::system()));
    }
}
