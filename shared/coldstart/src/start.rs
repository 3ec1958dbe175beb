//! The start of a process.

use crate::Adapters;
use lambda_http::Error;
use std::sync::Arc;
use vestibule_adapters::clock::SystemClock;
use vestibule_domain::Clock;
use vestibule_edge::{
    config,
    logging::{self, Metric, count_by},
};

/// Starts a function other than a webhook: logs, then the value that `make` builds from the
/// environment's variables, then the connections of its vault, if it has one. Fails with every problem
/// of the configuration at once.
pub async fn start<T>(
    make: impl FnOnce(&mut Adapters<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut adapters = of_process();
    let result = make(&mut adapters);
    let vault = adapters.finish()?;
    let deps = result?;
    if let Some(vault) = vault {
        vault.warm().await;
    }
    Ok(deps)
}

/// Starts the logs, then creates the adapters of this process.
pub(crate) fn of_process() -> Adapters<'static> {
    let mut vars = config::vars();
    logging::init(&mut vars);
    logging::log_panics();
    count_by(Metric::ColdStart, &[], SystemClock.now());
    Adapters::new(vars, Arc::new(SystemClock))
}
