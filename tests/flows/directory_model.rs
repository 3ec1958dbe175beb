//! Anything in any order: connectors, people who write and people of the directory beside a plain model of them.
//!
//! Each world has a seed of its own. A failure prints it, with the last steps; to see it again, let [`FIRST`] be that
//! seed.
//!
//! | module | contents |
//! |---|---|
//! | [`model`] | who holds what, who is linked to whom, who waits where |
//! | [`messages`] | what messages do to the model |
//! | [`admin`] | what admins and time do to the model |
//! | [`stage`] | the world beside the model, and messages in both |
//! | [`steps`] | steps, drawn from what can be done |
//! | [`acting`] | steps, taken in both |
//! | [`checks`] | comparisons |

mod acting;
mod admin;
mod checks;
mod messages;
mod model;
mod stage;
mod steps;

use crate::explain::Draws;
use messages::Decision;
use stage::Stage;
use std::{
    collections::{BTreeSet, VecDeque},
    thread,
};
use vestibule_testkit::proof::scaled;

/// The seed of the first world.
const FIRST: u64 = 1;
/// Steps in one world: its people and requests fit on one page of a list.
const STEPS: u64 = 100;
/// Steps from one comparison of the records to the next.
const RECORDS: u64 = 5;
/// Steps from one comparison of the lists to the next.
const LISTS: u64 = 10;
/// Steps that a failure shows.
const SHOWN: usize = 30;

/// The steps taken in a world, for whoever has to repeat them.
struct Trace {
    seed: u64,
    steps: VecDeque<String>,
}

impl Trace {
    fn note(&mut self, step: String) {
        if self.steps.len() == SHOWN {
            self.steps.pop_front();
        }
        self.steps.push_back(step);
    }

    #[expect(clippy::print_stderr, reason = "shown with the test that fails")]
    fn report(&self) {
        eprintln!(
            "The world with the seed {} took these steps last:",
            self.seed
        );
        for step in &self.steps {
            eprintln!("{step}");
        }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if thread::panicking() {
            self.report();
        }
    }
}

/// Lets anything happen in a world, and returns the decisions about messages.
async fn run(seed: u64) -> BTreeSet<Decision> {
    let mut trace = Trace {
        seed,
        steps: VecDeque::new(),
    };
    // Seeds that follow each other begin far apart.
    let mut draws = Draws(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut stage = Box::pin(Stage::open(seed.is_multiple_of(3))).await;
    let mut decisions = BTreeSet::new();
    for number in 1..=STEPS {
        let step = stage.draw(&mut draws);
        trace.note(format!("{number}: {step:?}"));
        let mark = format!("Mark{number:04}");
        decisions.extend(Box::pin(stage.take(step, &mark)).await);
        if number % RECORDS == 0 {
            Box::pin(stage.assert_records_agree()).await;
        }
        if number % LISTS == 0 {
            Box::pin(stage.assert_lists_agree(&mut draws)).await;
        }
    }
    decisions
}

/// SPEC A23, A24, A29, A37, A40–A42, A45, A47, A51; B18–B25, B28, B30–B33, B36, B38, B40, B41, X01; C01, C22–C31,
/// C32–C44, C54, C59, C60.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_in_any_order_everybody_has_the_access_links_and_requests_of_a_plain_model()
 {
    let worlds = scaled(3, 200);
    let mut decisions = BTreeSet::new();
    for seed in (FIRST..).zip(0..worlds).map(|(seed, _)| seed) {
        decisions.extend(Box::pin(run(seed)).await);
    }
    let all = [
        Decision::Deliver,
        Decision::ApproveAndDeliver,
        Decision::Onboard,
        Decision::Ignore,
        Decision::Drop,
    ];
    assert_eq!(decisions, BTreeSet::from(all));
}
