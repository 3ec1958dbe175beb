//! Connecting a connector to its platform, and testing it.
//!
//! As with sending, a provider is pure: it names the calls, and the caller makes them.

use crate::{
    outgoing::{CallResult, NextCall},
    webhook::Credentials,
};
use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::connector::{Connector, Provider};

/// The calls that set a connector up at its platform.
pub trait ConnectorSetup: Send + Sync {
    /// The platform.
    fn provider(&self) -> Provider;

    /// The secrets that the calls need.
    fn setup_secrets(&self) -> &'static [&'static str];

    /// Returns the next call of a test that changes nothing and proves that the credentials work,
    /// or the outcome.
    fn test(
        &self,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ConnectorSetupOutcome>;

    /// Returns the next call that makes the platform send its events to `webhook_url`, or the
    /// outcome. `None` if the platform has no API for it; the admin then follows the steps of the
    /// catalogue.
    fn connect(
        &self,
        webhook_url: &str,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> Option<NextCall<ConnectorSetupOutcome>>;
}

/// Whether the platform has an API for [`connect`](ConnectorSetup::connect).
#[must_use]
pub fn connects(setup: &dyn ConnectorSetup, connector: &Connector) -> bool {
    let credentials = Credentials {
        connector,
        secrets: &BTreeMap::new(),
    };
    setup.connect("", &credentials, &[]).is_some()
}

/// Outcome of a test or of connecting, in words for the admin. None of them repeats a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectorSetupOutcome {
    /// It works.
    Done {
        /// A summary, as a sentence: `Connected as @ada_bot.`
        summary: String,
    },
    /// The platform refused.
    Failed {
        /// The wrong field, if it is one.
        field: Option<&'static str>,
        /// The remedy, as a sentence.
        problem: String,
        /// The platform's own reason, cleaned.
        reason: String,
    },
    /// The platform could not be asked.
    Later {
        /// The wait for which the platform asked.
        after: Option<Duration>,
        /// The platform's reason, cleaned.
        reason: String,
    },
}
