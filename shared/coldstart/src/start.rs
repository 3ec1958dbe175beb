//! The start of a process.

use crate::Adapters;
use lambda_http::Error;
use std::sync::Arc;
use vestibule_domain::SystemClock;
use vestibule_edge::{config, logging};

/// Starts a function that is not a webhook: logs, then what `make` builds from the environment's variables, then the
/// connections of its vault, if it has one. Fails with every problem of the configuration at once.
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

/// The adapters of this process, whose logs are begun first.
pub(crate) fn of_process() -> Adapters<'static> {
    let mut vars = config::vars();
    logging::init(&mut vars);
    Adapters::new(vars, Arc::new(SystemClock))
}
