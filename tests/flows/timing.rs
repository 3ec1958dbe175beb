//! The time of an answer tells nobody whether an address has a login (SPEC D28, RELIABILITY S4): the same calls carry as
//! many rows and about as many bytes, which is counted, and take as long, which `make bench` measures.

use crate::{
    accepting::second_account,
    sign_in::{Browser, audited, copied, invite, mailed, member},
    world::World,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use vestibule_testkit::fault_proxy::Size;

/// Calls for each of the two addresses.
const CALLS: usize = 2_000;
/// Calls before those that count.
const WARM_UP: usize = 20;
/// Bytes by which all calls together may differ: names and addresses have different lengths.
const BYTES_APART: usize = 64;
/// Above this, the times of two kinds of calls are said to differ.
const T_MAX: f64 = 4.5;

/// Mean and variance of some times.
struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(times: &[f64]) -> Self {
        let count = f64::from(u32::try_from(times.len()).unwrap());
        let mean = times.iter().sum::<f64>() / count;
        let squares = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>();
        Self {
            count,
            mean,
            variance: squares / (count - 1.0),
        }
    }
}

/// The times of two series that are not beyond the quickest nine in ten of both together: what the machine does
/// beside makes some calls much slower, and hides small differences between the others (dudect crops likewise).
fn cropped(known: &[f64], unknown: &[f64]) -> [Vec<f64>; 2] {
    let mut all = [known, unknown].concat();
    all.sort_by(f64::total_cmp);
    let limit = all[all.len() * 9 / 10];
    [known, unknown].map(|times| times.iter().copied().filter(|time| *time < limit).collect())
}

/// Welch's t of two series of times.
fn welch(known: &[f64], unknown: &[f64]) -> f64 {
    let (one, other) = (Moments::of(known), Moments::of(unknown));
    let spread = one.variance / one.count + other.variance / other.count;
    (one.mean - other.mean) / spread.sqrt()
}

/// A pair of calls that must look the same: for an address with a login, and for one without.
struct Pair {
    path: &'static str,
    bodies: [Value; 2],
    status: u16,
    /// After this time, the throttles admit the next pair.
    pause: Duration,
}

/// Does the jobs that wait: more and more of them would make the next calls slower.
async fn work(world: &World) {
    for queue in ["email", "team"] {
        while world.work_on(queue).await {}
    }
}

/// The AWS calls behind one call, with all that was sent and all that was answered.
fn carried(world: &World) -> (Vec<String>, Size, Size) {
    let calls = [world.to_db.log(), world.to_aws.log()].concat();
    let sum = |sizes: Vec<Size>| {
        sizes
            .into_iter()
            .fold(Size::default(), |sum, size| sum + size)
    };
    (
        calls.iter().map(|call| call.class.clone()).collect(),
        sum(calls.iter().map(|call| call.request).collect()),
        sum(calls.iter().map(|call| call.answer).collect()),
    )
}

impl Pair {
    /// Asserts that both calls have AWS do the same.
    async fn assert_same_work(&self, world: &World) {
        let mut seen = Vec::new();
        // The first of each makes connections, a data key, and rows that stay.
        for which in [0, 1, 0, 1] {
            world.clock.advance(self.pause);
            world.count_from_here();
            self.time(world, which).await;
            seen.push(carried(world));
            work(world).await;
        }
        let [.., known, unknown] = seen.as_slice() else {
            panic!("{seen:?}");
        };
        assert_eq!(known.0, unknown.0, "{}", self.path);
        for (one, other) in [(known.1, unknown.1), (known.2, unknown.2)] {
            let context = format!("{}: {known:?}, {unknown:?}", self.path);
            assert!(one.rows > 0, "{context}");
            assert_eq!(one.rows, other.rows, "{context}");
            assert!(one.bytes.abs_diff(other.bytes) <= BYTES_APART, "{context}");
        }
    }

    /// The time of one call, in seconds.
    async fn time(&self, world: &World, which: usize) -> f64 {
        let mut browser = Browser::default();
        let body = self.bodies[which].clone();
        let begun = Instant::now();
        let seen = browser.post(world, self.path, body).await;
        let took = begun.elapsed();
        assert_eq!(seen.status, self.status, "{}: {}", self.path, seen.body);
        took.as_secs_f64()
    }

    /// Calls with both in turn, each of them first every other time, and compares their times.
    #[expect(clippy::print_stdout, reason = "`make bench` shows the figures")]
    async fn compare(&self, world: &World) {
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..WARM_UP + CALLS {
            world.clock.advance(self.pause);
            let first = round % 2;
            for which in [first, 1 - first] {
                let took = self.time(world, which).await;
                if round >= WARM_UP {
                    times[which].push(took);
                }
            }
            work(world).await;
        }
        let [known, unknown] = &times;
        let [usual_known, usual_unknown] = cropped(known, unknown);
        for (what, known, unknown) in [
            ("all", known, unknown),
            ("usual", &usual_known, &usual_unknown),
        ] {
            let t = welch(known, unknown);
            let [one, other] = [known, unknown].map(|series| Moments::of(series).mean * 1e3);
            println!(
                "{}: {what} of {CALLS} calls each, {one:.3} ms known, {other:.3} ms unknown, t = {t:.2}",
                self.path
            );
            assert!(t.abs() < T_MAX, "{}: t = {t} of {what} calls", self.path);
        }
    }
}

#[test]
fn slow_calls_are_left_out_by_the_same_limit_on_both_sides() {
    let usual: Vec<f64> = (1..=9_u32).map(f64::from).collect();
    let known = [usual.as_slice(), &[1000.0]].concat();
    let unknown = [usual.as_slice(), &[9.5]].concat();
    assert_eq!(cropped(&known, &unknown), [usual.clone(), usual]);
}

#[test]
fn two_series_of_known_times_have_the_t_that_they_must() {
    let t = welch(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 4.0, 6.0, 8.0, 10.0]);
    assert!((t + 1.897_366_596).abs() < 1e-9, "{t}");
}

fn refused_sign_in() -> Pair {
    let body = |email: &str| json!({"email": email, "password": "not her password at all"});
    Pair {
        path: "/v1/auth/sign-in",
        bodies: ["ana@example.com", "nob@example.com"].map(body),
        status: 401,
        pause: Duration::from_secs(61),
    }
}

fn reset() -> Pair {
    let body = |email: &str| json!({"email": email});
    Pair {
        path: "/v1/auth/reset",
        bodies: ["ana@example.com", "nob@example.com"].map(body),
        status: 202,
        pause: Duration::from_mins(11),
    }
}

/// SPEC D28: with one account, and with two.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_reads_and_writes_as_much_for_an_address_without_a_login() {
    let world = World::new().await;
    let mut ana = member(&world, "ana@example.com").await;
    refused_sign_in().assert_same_work(&world).await;
    let recorded = audited(&world, "login.sign_in_refused");
    let (mut second, _) = second_account(&world).await;
    invite(&world, &mut second, "ana@example.com", true).await;
    let token = mailed(&world, "ana@example.com").await;
    let body = json!({"token": token});
    let joined = ana.post(&world, "/v1/auth/invitation/accept", body).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    refused_sign_in().assert_same_work(&world).await;
    // Two attempts, recorded in both accounts.
    let after = audited(&world, "login.sign_in_refused");
    assert_eq!(after, recorded + 4);
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_reads_and_writes_as_much_for_an_address_without_a_login() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    reset().assert_same_work(&world).await;
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures time: `make bench` runs it"]
async fn a_refused_sign_in_takes_as_long_for_an_address_without_a_login() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    refused_sign_in().compare(&world).await;
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures time: `make bench` runs it"]
async fn a_reset_takes_as_long_for_an_address_without_a_login() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    reset().compare(&world).await;
}

/// SPEC D17, D24: a copied link with a password that the rules refuse, which is the cheap question.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures time: `make bench` runs it"]
async fn a_copied_link_takes_as_long_for_an_address_without_a_login() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    let (mut admin, _) = second_account(&world).await;
    let mut bodies = Vec::new();
    for email in ["ana@example.com", "nob@example.com"] {
        let invitation = invite(&world, &mut admin, email, false).await;
        let token = copied(&world, &mut admin, &invitation).await;
        bodies.push(json!({"token": token, "name": "Ana", "password": "short"}));
    }
    let pair = Pair {
        path: "/v1/auth/invitation/accept",
        bodies: bodies.try_into().unwrap(),
        status: 422,
        pause: Duration::from_secs(11),
    };
    pair.compare(&world).await;
}
