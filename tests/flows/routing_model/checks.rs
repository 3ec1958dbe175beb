//! Checks of all that must hold whenever nothing is under way, read from the rows themselves.

use super::stage::{account, desk};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use vestibule_adapters::dynamo::keys;
use vestibule_domain::{
    Timestamp,
    ids::{ConversationId, MemberId},
    routing::{
        case::{Case, CaseState},
        routed::{Routed, Verb},
    },
};

type Row = Map<String, Value>;

/// The rows of routing, by kind.
#[derive(Default)]
pub struct Rows {
    cases: BTreeMap<ConversationId, (Case, Row)>,
    lines: BTreeMap<ConversationId, Vec<Routed>>,
    /// By place: partition and sort key.
    waiting: BTreeMap<(String, String), Case>,
    held: BTreeSet<(String, String)>,
    /// By place.
    seats: BTreeMap<(String, String), Row>,
    queues: BTreeMap<(String, String), Row>,
    orders: BTreeMap<String, Row>,
}

fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(row: &Row, name: &str) -> Option<u64> {
    row.get(name).and_then(Value::as_u64)
}

fn case_of(row: &Row) -> Case {
    serde_json::from_value(Value::Object(row.clone())).unwrap()
}

fn line_of(row: &Row) -> Routed {
    serde_json::from_value(Value::Object(row.clone())).unwrap()
}

impl Rows {
    pub fn of(items: Vec<Row>) -> Self {
        let mut rows = Self::default();
        for row in items {
            let (pk, sk) = (text(&row, "pk").to_owned(), text(&row, "sk").to_owned());
            if sk == "CASE" {
                let case = case_of(&row);
                rows.cases.insert(case.conversation_id, (case, row));
            } else if sk.starts_with(keys::ROUTED_PREFIX) {
                let id = pk.rsplit('#').next().unwrap().parse().unwrap();
                rows.lines.entry(id).or_default().push(line_of(&row));
            } else if sk.starts_with(keys::WAITING_PREFIX) {
                rows.waiting.insert((pk, sk), case_of(&row));
            } else if sk.starts_with(keys::HELD_PREFIX) {
                rows.held.insert((pk, sk));
            } else if sk.starts_with(keys::SEAT_PREFIX) {
                rows.seats.insert((pk, sk), row);
            } else if sk.starts_with(keys::QUEUE_PREFIX) {
                rows.queues.insert((pk, sk), row);
            } else if sk == "ORDER" {
                rows.orders.insert(pk, row);
            }
        }
        for lines in rows.lines.values_mut() {
            lines.sort_by_key(|line| line.number);
        }
        rows
    }

    /// Number of cases.
    pub fn count(&self) -> usize {
        self.cases.len()
    }

    /// The cases that wait.
    pub fn waiting_cases(&self) -> Vec<Case> {
        let cases = self.cases.values().map(|(case, _)| case);
        cases.filter(|case| case.is_waiting()).cloned().collect()
    }

    /// Whether all rows agree; `offered` are the conversations that must have a case.
    pub fn check(&self, offered: &BTreeSet<ConversationId>) {
        for id in offered {
            assert!(self.cases.contains_key(id), "the case of {id} is lost");
        }
        self.check_members();
        self.check_queues();
        for (id, (case, row)) in &self.cases {
            let is_offered = case.state == CaseState::Offered;
            assert_eq!(row.contains_key("outbox_pk"), is_offered, "{case:?}");
            let is_listed = row.contains_key("state_pk");
            assert_eq!(is_listed, case.is_open(), "{case:?}");
            let none = Vec::new();
            check_lines(case, self.lines.get(id).unwrap_or(&none));
        }
    }

    /// The load is what a member has, and each case is one member's.
    fn check_members(&self) {
        let mut expected = BTreeSet::new();
        let mut loads: BTreeMap<(String, String), u64> = BTreeMap::new();
        for (case, _) in self.cases.values() {
            if let Some(member_id) = case.member_id() {
                let key = keys::held_case(case, member_id);
                expected.insert((key.pk, key.sk));
                let key = keys::seat(&case.desk(), member_id);
                *loads.entry((key.pk, key.sk)).or_default() += 1;
            }
        }
        assert_eq!(self.held, expected);
        for (place, row) in &self.seats {
            let assigned = loads.remove(place).unwrap_or(0);
            assert_eq!(number(row, "load"), Some(assigned), "{place:?}");
        }
        assert!(loads.is_empty(), "members without a seat: {loads:?}");
    }

    /// Each case that waits has its place, and each queue knows their number and is to be drained.
    fn check_queues(&self) {
        let mut expected = BTreeMap::new();
        let mut queues: BTreeMap<(String, String), (u64, Timestamp)> = BTreeMap::new();
        for case in self.waiting_cases() {
            let key = keys::queue(&case.desk(), case.queue_id());
            let counted = queues.entry((key.pk, key.sk));
            let (count, oldest) = counted.or_insert((0, case.offered_at));
            *count += 1;
            *oldest = case.offered_at.min(*oldest);
            let order = keys::queue_order(account(), case.queue_id());
            let row = self.orders.get(&order.pk);
            let row = row.unwrap_or_else(|| panic!("nothing drains the queue of {case:?}"));
            assert!(row.contains_key("outbox_pk") && row.contains_key("outbox_due"));
            assert_eq!(text(row, "channel"), case.channel);
            let key = keys::waiting_case(&case);
            expected.insert((key.pk, key.sk), case);
        }
        assert_eq!(self.waiting, expected);
        for (place, row) in &self.queues {
            let (count, oldest) = queues
                .remove(place)
                .map_or((0, None), |(count, oldest)| (count, Some(oldest)));
            assert_eq!(number(row, "waiting"), Some(count), "{place:?}");
            let bound = Timestamp::parse(text(row, "oldest")).unwrap();
            assert!(oldest.is_none_or(|oldest| bound <= oldest), "{place:?}");
        }
        assert!(queues.is_empty(), "queues without a row: {queues:?}");
    }

    /// No member has more than the limit, but for what was given beyond it by hand.
    pub fn check_limits(&self) {
        let mut beyond: BTreeMap<(String, MemberId), u64> = BTreeMap::new();
        for (case, _) in self.cases.values() {
            if let Some(assigned) = case.assigned().filter(|assigned| assigned.over_limit) {
                let place = (keys::desk(&desk(&case.channel)), assigned.member.id);
                *beyond.entry(place).or_default() += 1;
            }
        }
        for ((pk, sk), row) in &self.seats {
            let member_id: MemberId = text(row, "member_id").parse().unwrap();
            let more = beyond.get(&(pk.clone(), member_id)).copied().unwrap_or(0);
            let (load, limit) = (number(row, "load"), number(row, "limit"));
            let Some(limit) = limit else { continue };
            assert!(load.unwrap() <= limit + more, "{pk} {sk}: {row:?}");
        }
    }
}

/// The lines tell every change of a case, one after the other, and end with its state.
fn check_lines(case: &Case, lines: &[Routed]) {
    let mut holder: Option<MemberId> = None;
    let mut is_open = false;
    for line in lines {
        let named = line.member.as_ref().map(|member| member.id);
        match line.verb {
            Verb::Offer => {
                assert!(!is_open, "offered twice: {lines:?}");
                is_open = true;
            }
            Verb::Assign | Verb::Claim => {
                assert!(is_open, "assigned when it was over: {lines:?}");
                let is_automatic = line.basis.is_some();
                assert!(
                    !is_automatic || holder.is_none(),
                    "assigned twice: {lines:?}"
                );
                assert!(!is_automatic || !line.over_limit, "{lines:?}");
                holder = named;
            }
            Verb::Transfer => {
                assert!(is_open, "{lines:?}");
                holder = named.filter(|id| Some(*id) != holder);
            }
            Verb::Requeue => {
                assert!(is_open, "{lines:?}");
                holder = None;
            }
            Verb::MissFirstReply => assert!(is_open, "{lines:?}"),
            Verb::Release | Verb::GiveBack => {
                assert!(is_open, "released twice: {lines:?}");
                (is_open, holder) = (false, None);
            }
        }
        if let Some(facts) = &line.basis {
            assert!(facts.load < facts.limit, "{lines:?}");
        }
    }
    assert_eq!(
        (is_open, holder),
        (case.is_open(), case.member_id()),
        "{lines:?}"
    );
    let is_last = lines.last().is_some_and(|line| line.number <= case.version);
    assert!(is_last, "{lines:?}");
}
