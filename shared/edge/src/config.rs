//! Configuration: the one place that reads the process's environment.

use vestibule_domain::vars::Vars;

/// The process's environment variables.
#[must_use]
pub fn vars() -> Vars<'static> {
    Vars::new(&process_var)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn process_var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
