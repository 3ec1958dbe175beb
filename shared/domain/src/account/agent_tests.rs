//! Test deliveries under way. Each holds an execution of the admin API, which all accounts share, until the
//! agent answers, so few of them run at a time (DESIGN §3.6).

use crate::{
    Timestamp,
    account::{Environment, agent::AgentTimeout},
    ids::{DeliveryId, EnvironmentId, ProjectId},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Largest number of test deliveries of a project at a time.
pub const TESTS_PER_PROJECT: usize = 3;
/// Largest number of test deliveries of an account at a time, however many projects it makes. A quarter of the
/// executions that the admin API reserves.
pub const TESTS_PER_ACCOUNT: usize = 5;
/// Time that an agent has at most for its answer to a test delivery, whatever its environment grants.
const TEST_TIME_MAX: Duration = Duration::from_secs(10);
/// Time after which a test counts as ended if nobody recorded its end: its execution was killed. It is the
/// agent's time with that of the calls around it.
const LOST_AFTER: Duration = Duration::from_secs(15);

/// Returns the time that an agent has for its answer to a test delivery.
#[must_use]
pub fn test_time(timeout: AgentTimeout) -> Duration {
    timeout.duration().min(TEST_TIME_MAX)
}

/// A test delivery under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningTest {
    /// Id of the delivery.
    pub id: DeliveryId,
    /// The project of the environment.
    pub project_id: ProjectId,
    /// The environment whose agent is tested.
    pub environment_id: EnvironmentId,
    /// Time from which it counts as ended.
    pub until: Timestamp,
}

impl RunningTest {
    /// Makes a test of the environment's agent that begins at `now`.
    #[must_use]
    pub fn begun(environment: &Environment, id: DeliveryId, now: Timestamp) -> Self {
        Self {
            id,
            project_id: environment.scope.project_id(),
            environment_id: environment.id,
            until: now.plus(LOST_AFTER),
        }
    }
}

/// The records of which each may have only so many tests at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestLimit {
    /// An environment: one.
    Environment,
    /// A project: [`TESTS_PER_PROJECT`].
    Project,
    /// An account: [`TESTS_PER_ACCOUNT`].
    Account,
}

/// The refusal of a test, because others are under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyTests {
    /// The record that has as many as it may have.
    pub limit: TestLimit,
    /// Time until the first of them counts as ended. As a rule it ends sooner.
    pub wait: Duration,
}

/// The test deliveries of an account that are under way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunningTests(Vec<RunningTest>);

impl RunningTests {
    /// Whether this test is among them.
    #[must_use]
    pub fn has(&self, id: DeliveryId) -> bool {
        self.0.iter().any(|test| test.id == id)
    }

    /// Returns them with another one that begins at `now`, and without those that count as ended.
    ///
    /// # Errors
    ///
    /// Fails if the environment, the project or the account has as many under way as it may have.
    pub fn with(&self, test: RunningTest, now: Timestamp) -> Result<Self, TooManyTests> {
        let mut running = self.without(test.id, now);
        let of_environment = |other: &RunningTest| other.environment_id == test.environment_id;
        let of_project = |other: &RunningTest| other.project_id == test.project_id;
        running.check(TestLimit::Environment, 1, now, of_environment)?;
        running.check(TestLimit::Project, TESTS_PER_PROJECT, now, of_project)?;
        running.check(TestLimit::Account, TESTS_PER_ACCOUNT, now, |_| true)?;
        running.0.push(test);
        Ok(running)
    }

    /// Returns them without the test of this id, and without those that count as ended at `now`.
    #[must_use]
    pub fn without(&self, id: DeliveryId, now: Timestamp) -> Self {
        let is_left = |test: &&RunningTest| test.id != id && now < test.until;
        Self(self.0.iter().filter(is_left).copied().collect())
    }

    /// Refuses a further test if `most` of those that count are under way.
    fn check(
        &self,
        limit: TestLimit,
        most: usize,
        now: Timestamp,
        counts: impl Fn(&RunningTest) -> bool,
    ) -> Result<(), TooManyTests> {
        let counted = self.0.iter().filter(|test| counts(test));
        let ends: Vec<Timestamp> = counted.map(|test| test.until).collect();
        if ends.len() < most {
            return Ok(());
        }
        let first = ends.into_iter().min();
        Err(TooManyTests {
            limit,
            wait: first.map_or(Duration::ZERO, |end| end.since(now)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::at;

    fn test(id: &str, project: &str, environment: &str, begun: i64) -> RunningTest {
        RunningTest {
            id: DeliveryId::derive(&[id]),
            project_id: ProjectId::derive(&[project]),
            environment_id: EnvironmentId::derive(&[environment]),
            until: at(begun).plus(LOST_AFTER),
        }
    }

    /// These tests, begun one after the other at second 0.
    fn running(tests: &[(&str, &str, &str)]) -> RunningTests {
        let begin = |all: RunningTests, (id, project, environment): &(&str, &str, &str)| {
            all.with(test(id, project, environment, 0), at(0)).unwrap()
        };
        tests.iter().fold(RunningTests::default(), begin)
    }

    fn refusal(of: &RunningTests, test: RunningTest, second: i64) -> Option<(TestLimit, u64)> {
        let refused = of.with(test, at(second)).err()?;
        Some((refused.limit, refused.wait.as_secs()))
    }

    #[test]
    fn an_agent_has_ten_seconds_for_a_test_and_less_if_its_environment_grants_less() {
        for (granted, has) in [(1, 1), (10, 10), (11, 10), (25, 10)] {
            let timeout = AgentTimeout::from_seconds(granted).unwrap();
            assert_eq!(test_time(timeout), Duration::from_secs(has));
        }
        assert!(LOST_AFTER > TEST_TIME_MAX);
    }

    #[test]
    fn an_environment_has_one_test_at_a_time_a_project_three_and_an_account_five() {
        let one = running(&[("1", "p", "e")]);
        let again = test("2", "p", "e", 4);
        let expected = Some((TestLimit::Environment, 11));
        assert_eq!(refusal(&one, again, 4), expected);
        let three = running(&[("1", "p", "e"), ("2", "p", "f"), ("3", "p", "g")]);
        let fourth = test("4", "p", "h", 4);
        assert_eq!(refusal(&three, fourth, 4), Some((TestLimit::Project, 11)));
        assert_eq!(refusal(&three, test("4", "q", "h", 4), 4), None);
        let five = running(&[
            ("1", "p", "e"),
            ("2", "p", "f"),
            ("3", "p", "g"),
            ("4", "q", "h"),
            ("5", "r", "i"),
        ]);
        let sixth = test("6", "s", "k", 4);
        assert_eq!(refusal(&five, sixth, 4), Some((TestLimit::Account, 11)));
    }

    #[test]
    fn a_test_makes_room_when_it_ends_and_if_it_was_killed_after_fifteen_seconds() {
        let one = running(&[("1", "p", "e")]);
        let again = test("2", "p", "e", 4);
        let ended = one.without(DeliveryId::derive(&["1"]), at(4));
        assert_eq!(ended, RunningTests::default());
        assert_eq!(refusal(&ended, again, 4), None);
        let other = one.without(DeliveryId::derive(&["9"]), at(4));
        assert_eq!(other, one);
        assert!(refusal(&one, again, 14).is_some());
        let after = one.with(again, at(15)).unwrap();
        assert!(after.has(again.id) && !after.has(DeliveryId::derive(&["1"])));
    }

    #[test]
    fn a_test_that_begins_twice_is_one() {
        let one = running(&[("1", "p", "e")]);
        assert_eq!(one.with(test("1", "p", "e", 0), at(0)), Ok(one.clone()));
    }

    /// Rows hold these. A release that wrote them differently could not read them.
    #[test]
    fn running_tests_are_stored_as_a_list() {
        let stored = serde_json::json!([{
            "id": DeliveryId::derive(&["1"]), "project_id": ProjectId::derive(&["p"]),
            "environment_id": EnvironmentId::derive(&["e"]), "until": at(15),
        }]);
        let one = running(&[("1", "p", "e")]);
        assert_eq!(serde_json::to_value(&one).unwrap(), stored);
        assert_eq!(serde_json::from_value::<RunningTests>(stored).unwrap(), one);
    }
}
