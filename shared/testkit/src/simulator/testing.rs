//! Helpers that the tests of all platforms share.

use std::time::Duration;

use serde_json::Value;

use super::config::SimulatorConfig;
use super::handle::Simulator;
use super::people::NewPerson;
use crate::clock::TestClock;
use crate::http_client::{HttpAnswer, HttpClient, HttpFailure, header_map};

pub(super) const NOW_MS: i64 = 1_700_000_000_000;

pub(super) const ADA: &str = "U0ADA";
pub(super) const BO: &str = "U0BO";

pub(super) async fn simulator() -> Simulator {
    simulator_at(TestClock::at(NOW_MS)).await
}

pub(super) async fn simulator_at(clock: TestClock) -> Simulator {
    let config = SimulatorConfig {
        users: vec![
            NewPerson::named("Ada Lovelace").with_id(ADA),
            NewPerson::named("Bo").with_id(BO),
        ],
        ..SimulatorConfig::default()
    };
    Simulator::start(config, clock).await.unwrap()
}

/// Sends one request to a path of the simulator.
pub(super) async fn at(
    simulator: &Simulator,
    http_method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<HttpAnswer, HttpFailure> {
    HttpClient::default()
        .send(
            http_method.parse().unwrap(),
            &format!("{}/{path}", simulator.url()),
            header_map(headers.iter().copied()).unwrap(),
            body.to_owned().into(),
            Some(Duration::from_secs(5)),
        )
        .await
}

pub(super) fn json_of(answer: Result<HttpAnswer, HttpFailure>) -> (u16, Value) {
    let answer = answer.unwrap();
    (
        answer.status.as_u16(),
        serde_json::from_slice(&answer.body).unwrap_or_default(),
    )
}

pub(super) fn problems(simulator: &Simulator) -> Vec<String> {
    simulator
        .violations()
        .into_iter()
        .map(|violation| violation.what)
        .collect()
}
