//! Anything in any order, at once, with calls that fail, answers that are lost and processes that die: what the store of
//! routing promises holds all the same (SPEC E33).
//!
//! | module | contents |
//! |---|---|
//! | [`stage`] | the store over a table, and those who work with it |
//! | [`steps`] | steps, drawn at random |
//! | [`checks`] | what must hold whenever nothing is under way |

mod checks;
pub mod stage;
mod steps;

use crate::{explain::Draws, world::HEAVY};
use futures_util::future::join_all;
use stage::{CHANNELS, Given, MEMBERS, Stage, any_work, desk, numbered, seat};
use steps::{CONVERSATIONS, World, conversation_of, may_pass, take};
use vestibule_domain::{
    ports::{RoutingStore, Settled},
    routing::{
        case::Case,
        rule::{self, Choice},
        seat::Seat,
    },
};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    proof::scaled,
};

/// The seed of the first world.
const FIRST: u64 = 1;
/// Those who work at once.
const HANDS: u64 = 8;
/// Steps that each of them takes before everything is checked.
const STEPS: u64 = 12;
/// Rounds in one world.
const ROUNDS: u64 = 5;

/// Calls of these kinds fail, one in so many.
fn break_calls(stage: &Stage) {
    for (call, fault, one_in) in [
        ("TransactWriteItems", Fault::TransactionConflict, 11),
        ("TransactWriteItems", Fault::ResetAfter, 23),
        ("TransactWriteItems", Fault::KillAfter, 41),
        ("TransactWriteItems", Fault::Error500, 43),
        ("*", Fault::KillBefore, 89),
        ("UpdateItem", Fault::ResetAfter, 13),
        ("Query", Fault::Error500, 97),
    ] {
        let class = format!("DynamoDB.{call}");
        stage.to_db.inject(Rule::new(&class, fault).one_in(one_in));
    }
}

/// Lets a hand take its steps. A process that dies is followed by another one.
async fn work(stage: &Stage, world: World, seed: u64) {
    let mut draws = Draws(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..STEPS {
        let step = Box::pin(take(stage, world, &mut draws));
        if let Some(Err(error)) = stage.to_db.run_until_killed(step).await {
            assert!(may_pass(&error), "{error:?}");
        }
    }
}

/// Looks at the seats for as long as others work: nobody is ever seen above the limit.
async fn watch(stage: &Stage, world: World) {
    loop {
        for channel in CHANNELS {
            let seats = stage.plain.seats(&desk(channel)).await.unwrap();
            let beyond = seats.iter().find(|seat| seat.load > world.limit);
            assert!(world.exceeds || beyond.is_none(), "{beyond:?}");
        }
        tokio::task::yield_now().await;
    }
}

/// The assignments that a drain of this desk makes, by a plain walk through all that waits.
async fn expected(stage: &Stage, channel: &str) -> Vec<Given> {
    let mut seats = stage.plain.seats(&desk(channel)).await.unwrap();
    let mut cases = stage.rows().waiting_cases();
    cases.retain(|case| case.channel == channel);
    cases.sort_by_key(Case::place);
    let now = stage.now();
    let mut given = Vec::new();
    for case in cases {
        let Choice::Assign { member, .. } = rule::choose(&case, &seats) else {
            continue;
        };
        given.push((case.conversation_id, member.id));
        for seat in seats.iter_mut().filter(|seat| seat.member_id == member.id) {
            (seat.load, seat.idle_since) = (seat.load + 1, now);
        }
    }
    given
}

/// Does all that is left to do, without faults: first come is first served.
async fn settle(stage: &Stage) {
    for number in 0..MEMBERS {
        let member_id = stage::member(&numbered(number)).id;
        stage.requeue_member(member_id).await.unwrap();
    }
    for channel in CHANNELS {
        let expected = expected(stage, channel).await;
        assert_eq!(stage.drain(&desk(channel)).await.unwrap(), expected);
    }
    for number in 0..CONVERSATIONS {
        stage.work_offer(conversation_of(number)).await.unwrap();
    }
    for case in stage.rows().waiting_cases() {
        let settled = stage.drain_queue(&case).await.unwrap();
        assert_eq!(settled, Settled::Waiting, "{case:?}");
    }
    for channel in CHANNELS {
        assert_eq!(stage.drain(&desk(channel)).await.unwrap(), []);
    }
    stage.rows().check(&stage.known());
}

/// Runs a world.
async fn run(seed: u64) {
    let world = World {
        limit: 1 + u32::try_from(seed % 3).unwrap(),
        exceeds: seed.is_multiple_of(2),
    };
    let stage = Stage::open().await;
    let mut draws = Draws(seed | (1 << 32));
    for channel in CHANNELS {
        let seats: Vec<Seat> = (0..MEMBERS)
            .map(|number| any_work(&mut draws, &seat(&numbered(number), world.limit)))
            .collect();
        stage.sit(channel, &seats).await;
    }
    for round in 0..ROUNDS {
        break_calls(&stage);
        let hands = (0..HANDS).map(|hand| work(&stage, world, (seed << 16) | (round << 8) | hand));
        tokio::select! {
            _ = join_all(hands) => {}
            () = watch(&stage, world) => {}
        }
        stage.to_db.clear();
        stage.rest().await;
        let rows = stage.rows();
        rows.check(&stage.known());
        rows.check_limits();
        settle(&stage).await;
    }
}

/// The seed of a world, for whoever has to repeat it.
struct Trace(u64);

impl Drop for Trace {
    #[expect(clippy::print_stderr, reason = "shown with the test that fails")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("The world with the seed {} failed.", self.0);
        }
    }
}

/// SPEC E31–E34. With `PROOF=full`, 201,600 steps.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_at_once_loads_are_exact_limits_hold_and_no_conversation_is_lost_or_given_twice()
 {
    let _turn = HEAVY.lock().await;
    for seed in (FIRST..).take(scaled(3, 420)) {
        let _trace = Trace(seed);
        Box::pin(run(seed)).await;
    }
}
