//! Keys of routing: cases and their lines, desks with seats and queues, what members have, and teams.

use super::{Key, conversation, of_account, parse_account, parse_project, project_pk};
use vestibule_domain::{
    AccountScope, ProjectScope, Timestamp,
    ids::{ConversationId, MemberId, ProjectId, QueueId, TeamId},
    job::{DrainQueue, OfferConversation, RehomeConnector, RequeueMember},
    routing::{case::Case, demand::Desk},
};

/// The case of a conversation.
#[must_use]
pub fn case(scope: ProjectScope, id: ConversationId) -> Key {
    Key::new(conversation(scope, id).pk, CASE)
}

const CASE: &str = "CASE";

/// Parses the key of a case: the outbox index contains only keys.
#[must_use]
pub fn parse_case(key: &Key) -> Option<OfferConversation> {
    let (scope, rest) = parse_project(&key.pk)?;
    let ["CONVERSATION", id] = rest.as_slice() else {
        return None;
    };
    let conversation_id = id.parse().ok()?;
    (key.sk == CASE).then_some(OfferConversation {
        scope,
        conversation_id,
    })
}

/// A line that routing leaves in a conversation's thread. Sixteen digits sort as numbers do.
#[must_use]
pub fn routed(scope: ProjectScope, id: ConversationId, number: u64) -> Key {
    Key::new(
        conversation(scope, id).pk,
        format!("{ROUTED_PREFIX}{number:016}"),
    )
}

/// Prefix of the sort keys of the lines that routing leaves.
pub const ROUTED_PREFIX: &str = "ROUTED#";

/// The list of a project's cases that are not over, by the time of the offer.
#[must_use]
pub fn open_cases(scope: ProjectScope) -> String {
    format!("{}#CASES", project_pk(scope))
}

/// The list of a project's cases that no member has yet, by the time of the offer.
#[must_use]
pub fn unassigned_cases(scope: ProjectScope) -> String {
    format!("{}#waiting", open_cases(scope))
}

/// The list of a project's cases that members have, by the time of the offer.
#[must_use]
pub fn assigned_cases(scope: ProjectScope) -> String {
    format!("{}#assigned", open_cases(scope))
}

/// The list of a project's cases that are over, by the time of the release.
#[must_use]
pub fn released_cases(scope: ProjectScope) -> String {
    format!("{}#released", open_cases(scope))
}

/// The partition of a desk: its seats and queues, which are read together, consistently.
#[must_use]
pub fn desk(desk: &Desk) -> String {
    of_account(desk.scope, &format!("DESK#{}", desk.channel))
}

/// A member's seat.
#[must_use]
pub fn seat(at: &Desk, member_id: MemberId) -> Key {
    Key::new(desk(at), format!("{SEAT_PREFIX}{member_id}"))
}

/// Prefix of the sort keys of a desk's seats.
pub const SEAT_PREFIX: &str = "SEAT#";

/// A queue, in numbers.
#[must_use]
pub fn queue(at: &Desk, id: QueueId) -> Key {
    Key::new(desk(at), format!("{QUEUE_PREFIX}{id}"))
}

/// Prefix of the sort keys of a desk's queues.
pub const QUEUE_PREFIX: &str = "QUEUE#";

/// The order to drain a queue. It has a partition of its own, with the cases that wait, because its mark names the queue
/// only.
#[must_use]
pub fn queue_order(scope: AccountScope, id: QueueId) -> Key {
    Key::new(waiting_in(scope, id), ORDER)
}

const ORDER: &str = "ORDER";

/// The partition of the cases that wait in a queue.
#[must_use]
pub fn waiting_in(scope: AccountScope, id: QueueId) -> String {
    of_account(scope, &format!("{QUEUE}#{id}"))
}

const QUEUE: &str = "QUEUE";

/// Parses the key of an order to drain a queue.
#[must_use]
pub fn parse_queue_order(key: &Key) -> Option<DrainQueue> {
    let (scope, rest) = parse_account(&key.pk)?;
    let [QUEUE, id] = rest.as_slice() else {
        return None;
    };
    let queue_id = id.parse().ok()?;
    (key.sk == ORDER).then_some(DrainQueue { scope, queue_id })
}

/// A case that waits.
#[must_use]
pub fn waiting_case(case: &Case) -> Key {
    Key::new(
        waiting_in(case.scope.account(), case.queue_id()),
        waiting_place(case.place()),
    )
}

/// The sort key of a place in a queue.
#[must_use]
pub fn waiting_place((offered_at, id): (Timestamp, ConversationId)) -> String {
    format!("{WAITING_PREFIX}{offered_at}#{id}")
}

/// Prefix of the sort keys of cases that wait.
pub const WAITING_PREFIX: &str = "WAITING#";

/// The partition of the cases that a member has. The list must be read consistently: whoever requeues them must miss none.
#[must_use]
pub fn held_by(scope: AccountScope, member_id: MemberId) -> String {
    of_account(scope, &format!("HELD#{member_id}"))
}

/// A case that a member has.
#[must_use]
pub fn held_case(case: &Case, member_id: MemberId) -> Key {
    Key::new(
        held_by(case.scope.account(), member_id),
        format!("{}{}", held_prefix(&case.channel), case.conversation_id),
    )
}

/// Prefix of the sort keys of the cases that a member has on a channel.
#[must_use]
pub fn held_prefix(channel: &str) -> String {
    format!("{HELD_PREFIX}{channel}#")
}

/// Prefix of the sort keys of the cases that a member has.
pub const HELD_PREFIX: &str = "CASE#";

/// The order to requeue what a member may no longer have. It has a partition of its own because roles are limited by
/// partition, and the worker of routing may not write members.
#[must_use]
pub fn requeue(scope: AccountScope, member_id: MemberId) -> Key {
    let place = of_account(scope, &format!("{REQUEUE}#{member_id}"));
    Key::new(place, REQUEUE)
}

const REQUEUE: &str = "REQUEUE";

/// Parses the key of an order to requeue what a member may no longer have.
#[must_use]
pub fn parse_requeue(key: &Key) -> Option<RequeueMember> {
    let (scope, rest) = parse_account(&key.pk)?;
    let [REQUEUE, id] = rest.as_slice() else {
        return None;
    };
    let member_id = id.parse().ok()?;
    (key.sk == REQUEUE).then_some(RequeueMember { scope, member_id })
}

/// The order to look after the open cases of a connector. It has a partition among those of the orders to requeue, which
/// the router may write.
#[must_use]
pub fn rehoming(job: RehomeConnector) -> Key {
    let RehomeConnector {
        scope,
        connector_id,
    } = job;
    let place = of_account(scope.account(), &format!("{REQUEUE}#{connector_id}"));
    Key::new(place, format!("{REHOMING_PREFIX}{}", scope.project_id()))
}

const REHOMING_PREFIX: &str = "REHOME#";

/// Parses the key of an order to look after the open cases of a connector.
#[must_use]
pub fn parse_rehoming(key: &Key) -> Option<RehomeConnector> {
    let (account, rest) = parse_account(&key.pk)?;
    let [REQUEUE, id] = rest.as_slice() else {
        return None;
    };
    let project: ProjectId = key.sk.strip_prefix(REHOMING_PREFIX)?.parse().ok()?;
    Some(RehomeConnector {
        scope: account.project(project),
        connector_id: id.parse().ok()?,
    })
}

/// A team.
#[must_use]
pub fn team(scope: AccountScope, id: TeamId) -> Key {
    Key::new(of_account(scope, &format!("{TEAM}#{id}")), TEAM)
}

const TEAM: &str = "TEAM";

/// The team that has a name. `hash` is the [hash](vestibule_domain::team::team_record::Team::name_hash) of the name: the
/// name itself could be written like a key of another kind.
#[must_use]
pub fn team_name(scope: AccountScope, hash: &str) -> Key {
    let place = of_account(scope, &format!("TEAM_NAME#{hash}"));
    Key::new(place, TEAM)
}

/// The list of an account's teams, by name.
#[must_use]
pub fn teams(scope: AccountScope) -> String {
    of_account(scope, "TEAMS")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vestibule_domain::{
        chat::history::HistoryDays,
        ids::{AccountId, ClientId, ConnectorId},
        routing::{case::NewCase, demand::Demand},
    };

    fn account() -> AccountScope {
        AccountScope::of_verified(AccountId::derive(&["a"]))
    }

    fn a_case(name: &str, millis: i64) -> Case {
        let new = NewCase {
            scope: account().project(ProjectId::derive(&["p"])),
            conversation_id: ConversationId::derive(&[name]),
            connector_id: None,
            channel: "slack".to_owned(),
            demand: Demand {
                client_id: ClientId::derive(&["c"]),
                team_id: None,
                skills: BTreeSet::new(),
            },
            history: HistoryDays::default(),
        };
        Case::offered(new, None, Timestamp::from_millis(millis))
    }

    #[test]
    fn keys_of_orders_read_back_and_no_other_key_of_routing_is_read_as_one() {
        let case = a_case("d", 5);
        let (scope, id) = (case.scope, case.conversation_id);
        let member_id = MemberId::derive(&["m"]);
        let queue_id = case.queue_id();
        let offer = OfferConversation {
            scope,
            conversation_id: id,
        };
        let drain = DrainQueue {
            scope: account(),
            queue_id,
        };
        let again = RequeueMember {
            scope: account(),
            member_id,
        };
        assert_eq!(parse_case(&super::case(scope, id)), Some(offer));
        assert_eq!(
            parse_queue_order(&queue_order(account(), queue_id)),
            Some(drain)
        );
        assert_eq!(parse_requeue(&requeue(account(), member_id)), Some(again));
        let rehome = RehomeConnector {
            scope,
            connector_id: ConnectorId::derive(&["c"]),
        };
        assert_eq!(parse_rehoming(&rehoming(rehome)), Some(rehome));
        assert_eq!(parse_requeue(&rehoming(rehome)), None);
        assert_eq!(parse_rehoming(&requeue(account(), member_id)), None);
        for key in [
            conversation(scope, id),
            routed(scope, id, 7),
            seat(&case.desk(), member_id),
            queue(&case.desk(), queue_id),
            waiting_case(&case),
            held_case(&case, member_id),
            team(account(), TeamId::derive(&["t"])),
        ] {
            assert_eq!(parse_case(&key), None, "{key}");
            assert_eq!(parse_queue_order(&key), None, "{key}");
            assert_eq!(parse_requeue(&key), None, "{key}");
            assert_eq!(parse_rehoming(&key), None, "{key}");
        }
    }

    #[test]
    fn cases_wait_in_the_order_of_their_offers() {
        let [first, second] =
            [a_case("e", 999), a_case("d", 1_000)].map(|case| waiting_case(&case));
        assert_eq!(first.pk, second.pk);
        assert!(first.sk < second.sk);
        let lines = [9, 10]
            .map(|number| routed(a_case("d", 5).scope, ConversationId::derive(&["d"]), number).sk);
        assert!(lines[0] < lines[1]);
    }

    #[test]
    fn the_desks_of_an_account_do_not_share_what_members_have() {
        let member_id = MemberId::derive(&["m"]);
        let case = a_case("d", 5);
        let other = Case {
            channel: "slack_2".to_owned(),
            ..case.clone()
        };
        assert_ne!(desk(&case.desk()), desk(&other.desk()));
        let key = held_case(&other, member_id);
        assert_eq!(key.pk, held_by(account(), member_id));
        assert!(!key.sk.starts_with(&held_prefix("slack")));
    }
}
