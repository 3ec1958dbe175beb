//! Cases, seats and queues, straight from their store: every change once, whatever is done twice, half done, or by two at
//! once; limits; and counts that heal (SPEC E31–E34).

use crate::{
    routing_model::stage::{
        Stage, by, conversation, demand, desk, done, member, project, seat, team,
    },
    world::HEAVY,
};
use futures_util::future::{join, join_all};
use serde_json::json;
use vestibule_adapters::dynamo::keys;
use vestibule_domain::{
    PortError,
    account::actor::Actor,
    ports::{Changed, GivingBack, RoutingStore},
    routing::{
        case::{Case, CaseState},
        demand::Demand,
        drain::at_once,
        routed::Verb,
        seat::{Presence, Seat},
    },
};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    proof::scaled,
};

/// Attempts of the client at one call: as many lost answers reach the caller.
const CALL_ATTEMPTS: usize = 3;
const SLACK: &str = "slack";
const BY_HAND: (Verb, bool) = (Verb::Claim, false);

/// A table with two members who have room, and one who is at a limit of nothing.
async fn stage() -> Stage {
    let stage = Stage::open().await;
    let seats = [seat("ana", 2), seat("ben", 2), seat("zoe", 0)];
    stage.sit(SLACK, &seats).await;
    stage
}

/// The change that a verb makes to a case that is ready for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Enqueue,
    Assign,
    Claim,
    Release,
    Requeue,
    TransferToMember,
    TransferToTeam,
    FirstReply,
    GiveBack,
}

const CHANGES: [Change; 9] = [
    Change::Enqueue,
    Change::Assign,
    Change::Claim,
    Change::Release,
    Change::Requeue,
    Change::TransferToMember,
    Change::TransferToTeam,
    Change::FirstReply,
    Change::GiveBack,
];

impl Change {
    /// A case that is ready.
    async fn ready(self, stage: &Stage) -> Case {
        match self {
            Self::Enqueue => stage.offered("d", SLACK, demand(0)).await,
            Self::Assign | Self::Claim => stage.waits("d", SLACK, demand(0)).await,
            _ => {
                put_conversation(stage, "d");
                let case = stage.waits("d", SLACK, demand(0)).await;
                done(stage.hand(&case, "ana", BY_HAND).await)
            }
        }
    }

    async fn make(self, stage: &Stage, case: &Case) -> Result<Changed, PortError> {
        // Each attempt of one change has the same time.
        let at = case.updated_at;
        let system = Actor::system();
        let (store, by) = (&stage.store, by(&system, at));
        match self {
            Self::Enqueue => store.enqueue(case, at).await,
            Self::Assign => {
                let offered = case.with_state(CaseState::Offered, at);
                let mut view = stage.plain.desk(&case.desk()).await?;
                view.queues.clear();
                let Some(assignment) = at_once(&offered, &view) else {
                    panic!("nobody takes it");
                };
                store.assign(case, &assignment, by).await
            }
            Self::Claim => stage.hand(case, "ben", BY_HAND).await,
            Self::Release => store.release(case, by).await,
            Self::Requeue => store.requeue(case, case.member_id(), by).await,
            Self::TransferToMember => stage.hand(case, "ben", (Verb::Transfer, false)).await,
            Self::TransferToTeam => store.transfer(case, &for_team(0), by).await,
            Self::FirstReply => store.note_first_reply(case, at).await,
            Self::GiveBack => {
                let giving = GivingBack {
                    case,
                    conversation_version: 4,
                    opens: true,
                };
                store.give_back(giving, by).await
            }
        }
    }

    /// Whether the case is as this change makes it.
    fn is_made(self, case: &Case) -> bool {
        let member_id = case.member_id();
        match self {
            Self::Enqueue | Self::Requeue => case.is_waiting(),
            Self::TransferToTeam => case.is_waiting() && case.demand == for_team(0),
            Self::Assign => member_id.is_some(),
            Self::Claim | Self::TransferToMember => member_id == Some(member("ben").id),
            Self::Release | Self::GiveBack => !case.is_open(),
            Self::FirstReply => case.first_reply_at.is_some(),
        }
    }
}

fn for_team(number: u64) -> Demand {
    Demand {
        team_id: Some(team(number)),
        ..demand(0)
    }
}

/// The row of a conversation that people have.
fn put_conversation(stage: &Stage, name: &str) {
    let key = keys::conversation(project(), conversation(name));
    let row = json!({
        "pk": key.pk, "sk": key.sk, "version": 4, "updated_at": stage.now(), "handoff": {"team": "t"},
        "state_pk": keys::handed_off_conversations(project()), "state_sk": "s",
    });
    stage.put(row);
}

async fn lines(stage: &Stage) -> Vec<Verb> {
    let lines = stage.plain.routed(project(), conversation("d"), 0, 100);
    lines
        .await
        .unwrap()
        .into_iter()
        .map(|line| line.verb)
        .collect()
}

/// SPEC E32, E33.
#[tokio::test(flavor = "multi_thread")]
async fn each_change_takes_effect_once_when_its_answers_are_lost_or_the_process_dies_and_it_is_made_again()
 {
    let transaction = "DynamoDB.TransactWriteItems";
    for (number, change) in CHANGES.into_iter().enumerate() {
        for (kind, (fault, times)) in [
            (Fault::ResetAfter, 1),
            (Fault::ResetAfter, CALL_ATTEMPTS),
            (Fault::Error500, CALL_ATTEMPTS),
            (Fault::TransactionConflict, 2),
            (Fault::TransactionConflict, CALL_ATTEMPTS),
            (Fault::KillBefore, 1),
            (Fault::KillAfter, 1),
        ]
        .into_iter()
        .enumerate()
        {
            if !(number + kind).is_multiple_of(scaled(3, 1)) {
                continue;
            }
            let stage = stage().await;
            let case = change.ready(&stage).await;
            let before = lines(&stage).await;
            stage
                .to_db
                .inject(Rule::new(transaction, fault.clone()).times(times));
            let first = Box::pin(change.make(&stage, &case));
            let first = stage.to_db.run_until_killed(first).await;
            assert!(!stage.to_db.has_pending_rules(), "{change:?} {fault:?}");
            if let Some(Err(error)) = first {
                assert!(matches!(
                    error,
                    PortError::Unavailable { .. } | PortError::Conflict { .. }
                ));
            }
            // The same call again, and the one that whoever reads the case anew makes.
            let again = change.make(&stage, &case).await.unwrap();
            let is_once = matches!(&again, Changed::Done(case) | Changed::Stale(case) if change.is_made(case));
            assert!(is_once, "{change:?} {fault:?}: {again:?}");
            let case = stage.case("d").await;
            match change.make(&stage, &case).await.unwrap() {
                Changed::Done(anew) | Changed::Stale(anew) => assert_eq!(*anew, case),
                other => panic!("{change:?} {fault:?}: {other:?}"),
            }
            stage.rows().check(&[conversation("d")].into());
            let told = usize::from(!matches!(change, Change::Enqueue | Change::FirstReply));
            assert_eq!(
                lines(&stage).await.len(),
                before.len() + told,
                "{change:?} {fault:?}"
            );
        }
    }
}

/// SPEC E33.
#[tokio::test(flavor = "multi_thread")]
async fn two_different_changes_at_once_are_one_change_and_a_refusal_that_tells_the_first() {
    for one in CHANGES {
        for other in CHANGES {
            if other.ready_state() != one.ready_state() {
                continue;
            }
            let stage = stage().await;
            let case = one.ready(&stage).await;
            let (first, second) = join(one.make(&stage, &case), other.make(&stage, &case)).await;
            let outcomes = [(one, first.unwrap()), (other, second.unwrap())];
            let made = outcomes.iter().filter(
                |(change, outcome)| matches!(outcome, Changed::Done(case) if change.is_made(case)),
            );
            assert!(made.count() >= 1, "{outcomes:?}");
            let stored = stage.case("d").await;
            for (change, outcome) in &outcomes {
                let told = match outcome {
                    Changed::Done(case) | Changed::Stale(case) => case,
                    other => panic!("{change:?}: {other:?}"),
                };
                assert_eq!(**told, stored, "{one:?} {other:?}");
            }
            stage.rows().check(&[conversation("d")].into());
        }
    }
}

impl Change {
    /// A name of the state that the change begins with.
    const fn ready_state(self) -> u8 {
        match self {
            Self::Enqueue => 0,
            Self::Assign | Self::Claim => 1,
            _ => 2,
        }
    }
}

/// SPEC E33.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_offers_at_once_leave_every_member_at_the_limit_and_the_rest_waiting() {
    let _turn = HEAVY.lock().await;
    let stage = Stage::open().await;
    let seats: Vec<Seat> = (0..10)
        .map(|number| seat(&format!("m{number}"), 3))
        .collect();
    stage.sit(SLACK, &seats).await;
    let names: Vec<String> = (0..200).map(|number| format!("d{number}")).collect();
    let offers = names
        .iter()
        .map(|name| stage.offer(conversation(name), SLACK, demand(0)));
    let failed = join_all(offers)
        .await
        .into_iter()
        .filter(Result::is_err)
        .count();
    // Whoever met the others too often comes again from the queue.
    for name in &names {
        stage.work_offer(conversation(name)).await.unwrap();
    }
    stage.drain(&desk(SLACK)).await.unwrap();
    let seats = stage.plain.seats(&desk(SLACK)).await.unwrap();
    assert!(
        seats.iter().all(|seat| seat.load == 3),
        "{failed} met others: {seats:?}"
    );
    let known = stage.known();
    assert_eq!(
        stage.rows().waiting_cases().len(),
        stage.rows().count() - 30
    );
    stage.rows().check(&known);
    stage.rows().check_limits();
}

/// SPEC E33, E34.
#[tokio::test(flavor = "multi_thread")]
async fn only_by_hand_and_with_the_right_to_it_is_a_member_given_more_than_the_limit_and_that_is_recorded()
 {
    let stage = stage().await;
    let case = stage.waits("d", SLACK, demand(0)).await;
    assert_eq!(
        stage.hand(&case, "zoe", BY_HAND).await.unwrap(),
        Changed::NoRoom
    );
    let given = done(stage.hand(&case, "zoe", (Verb::Assign, true)).await);
    assert!(given.assigned().unwrap().over_limit);
    let line = stage
        .plain
        .routed(project(), conversation("d"), 0, 100)
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert!(line.over_limit && line.basis.is_none());
    assert_eq!(line.member.unwrap().name, "zoe");
    // With room, the right is not used.
    let case = stage.waits("e", SLACK, demand(0)).await;
    let given = done(stage.hand(&case, "ana", (Verb::Assign, true)).await);
    assert!(!given.assigned().unwrap().over_limit);
    stage.rows().check_limits();
}

/// SPEC E31, E34: a member who changed since the rule looked is looked at again.
#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_changed_since_it_was_read_takes_nothing_and_one_that_is_away_or_closed_neither()
 {
    let stage = stage().await;
    let case = stage.offered("d", SLACK, demand(0)).await;
    let view = stage.plain.desk(&desk(SLACK)).await.unwrap();
    let assignment = at_once(&case, &view).unwrap();
    let name = assignment.member.name.clone();
    for (change, by_hand) in [
        (
            Seat {
                version: 2,
                ..seat(&name, 2)
            },
            true,
        ),
        (
            Seat {
                version: 3,
                presence: Presence::Away,
                ..seat(&name, 2)
            },
            true,
        ),
        (
            Seat {
                version: 4,
                presence: Presence::Inactive,
                ..seat(&name, 2)
            },
            false,
        ),
        (
            Seat {
                version: 5,
                limit: None,
                ..seat(&name, 2)
            },
            false,
        ),
    ] {
        stage.sit(SLACK, std::slice::from_ref(&change)).await;
        let system = Actor::system();
        let outcome = stage
            .store
            .assign(&case, &assignment, by(&system, stage.now()))
            .await;
        assert_eq!(outcome.unwrap(), Changed::NotAvailable, "{change:?}");
        if !by_hand {
            let outcome = stage
                .hand(&case, &name, (Verb::Assign, true))
                .await
                .unwrap();
            assert_eq!(outcome, Changed::NotAvailable, "{change:?}");
        }
    }
    // A seat that was derived from an older member changes nothing any more.
    assert!(
        !stage
            .plain
            .put_seat(&desk(SLACK), &seat(&name, 2))
            .await
            .unwrap()
    );
    let nobody = stage.hand(&case, "nobody", BY_HAND).await.unwrap();
    assert_eq!(nobody, Changed::NotAvailable);
}

/// SPEC E34.
#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_is_requeued_keeps_its_place_and_comes_before_those_that_were_offered_later() {
    let stage = Stage::open().await;
    stage.sit(SLACK, &[seat("ana", 1)]).await;
    let first = stage.waits("first", SLACK, demand(0)).await;
    let second = stage.waits("second", SLACK, demand(0)).await;
    let of_ana = (conversation("first"), member("ana").id);
    assert_eq!(stage.drain(&desk(SLACK)).await.unwrap(), [of_ana]);
    let queue = stage.plain.queues(&desk(SLACK)).await.unwrap().remove(0);
    assert_eq!((queue.waiting, queue.oldest), (1, second.offered_at));
    let case = stage.case("first").await;
    let system = Actor::system();
    let again = stage
        .store
        .requeue(&case, case.member_id(), by(&system, stage.now()));
    let again = done(again.await);
    assert_eq!(again.place(), first.place());
    let queue = stage.plain.queues(&desk(SLACK)).await.unwrap().remove(0);
    assert_eq!((queue.waiting, queue.oldest), (2, first.offered_at));
    stage.sit(SLACK, &[seat("ben", 5)]).await;
    let given = stage.drain(&desk(SLACK)).await.unwrap();
    // Ana declined it: it goes to Ben, before the other one.
    assert_eq!(given[0], (conversation("first"), member("ben").id));
    assert_eq!(given.len(), 2);
    stage
        .rows()
        .check(&[conversation("first"), conversation("second")].into());
}

/// SPEC E34.
#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_to_a_team_waits_in_its_queue_and_whoever_transferred_it_is_not_offered_it() {
    let stage = Stage::open().await;
    let in_team = |name: &str| Seat {
        teams: [team(0)].into(),
        ..seat(name, 1)
    };
    stage.sit(SLACK, &[in_team("ana"), seat("ben", 1)]).await;
    let case = stage.waits("d", SLACK, demand(0)).await;
    let case = done(stage.hand(&case, "ana", BY_HAND).await);
    let ana = Actor::member(member("ana").id, "ana".to_owned());
    let moved = stage
        .store
        .transfer(&case, &for_team(0), by(&ana, stage.now()))
        .await;
    let moved = done(moved);
    assert_eq!(moved.declined, [member("ana").id].into());
    assert_eq!(stage.drain(&desk(SLACK)).await.unwrap(), []);
    let line = stage
        .plain
        .routed(project(), conversation("d"), 0, 100)
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(
        (line.verb, line.team_id, line.by),
        (Verb::Transfer, Some(team(0)), ana)
    );
    let cleo = in_team("cleo");
    stage.sit(SLACK, std::slice::from_ref(&cleo)).await;
    assert_eq!(
        stage.drain(&desk(SLACK)).await.unwrap(),
        [(conversation("d"), cleo.member_id)]
    );
    stage.rows().check(&[conversation("d")].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_is_given_back_is_the_agents_again_unless_it_was_changed_meanwhile() {
    let stage = stage().await;
    let case = Change::GiveBack.ready(&stage).await;
    let system = Actor::system();
    let late = GivingBack {
        case: &case,
        conversation_version: 3,
        opens: true,
    };
    let refused = stage.store.give_back(late, by(&system, stage.now())).await;
    assert!(matches!(
        refused,
        Err(PortError::Conflict {
            what: "conversation"
        })
    ));
    assert_eq!(stage.case("d").await, case);
    let now = GivingBack {
        conversation_version: 4,
        ..late
    };
    done(stage.store.give_back(now, by(&system, stage.now())).await);
    let key = keys::conversation(project(), conversation("d"));
    let row = stage.row(&key).unwrap();
    assert_eq!(row.get("handoff"), None);
    assert_eq!(row["state_pk"], keys::open_conversations(project()));
    assert_eq!(stage.seat_of(SLACK, "ana").await.load, 0);
    assert_eq!(lines(&stage).await.last(), Some(&Verb::GiveBack));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_is_over_can_be_offered_again_and_an_open_one_cannot() {
    let stage = stage().await;
    let first = stage.offered("d", SLACK, demand(0)).await;
    let system = Actor::system();
    let over = done(stage.store.release(&first, by(&system, stage.now())).await);
    let again = stage.offer(conversation("d"), SLACK, demand(1)).await;
    again.unwrap();
    let case = stage.case("d").await;
    assert!(case.is_open() && case.version > over.version && case.offered_at > first.offered_at);
    // Whoever read the case when it was over, or when there was none, changes nothing.
    for late in [
        first.clone(),
        Case {
            version: over.version + 1,
            ..first
        },
    ] {
        let outcome = stage
            .store
            .offer(&late, by(&system, stage.now()))
            .await
            .unwrap();
        assert_eq!(outcome, Changed::Stale(Box::new(case.clone())));
    }
    stage.rows().check(&[conversation("d")].into());
}
