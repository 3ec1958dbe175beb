//! Connecting a connector to its platform, and finding out whether it works.
//!
//! As with sending, a provider is pure: it names the calls, and somebody else makes them.

use crate::{
    outgoing::{CallResult, NextCall},
    webhook::Credentials,
};
use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::connector::{Connector, Provider};

/// What an admin can have done for a connector.
pub trait ConnectorSetup: Send + Sync {
    /// The platform.
    fn provider(&self) -> Provider;

    /// The secrets that the calls take.
    fn setup_secrets(&self) -> &'static [&'static str];

    /// The next call of a test that changes nothing and proves that the credentials work, or its
    /// result.
    fn test(
        &self,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ConnectorSetupOutcome>;

    /// The next call that makes the platform send its events to `webhook_url`, or the result. `None`
    /// where the platform has no API for it, and the admin follows the steps of the catalogue.
    fn connect(
        &self,
        webhook_url: &str,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> Option<NextCall<ConnectorSetupOutcome>>;
}

/// Whether the platform has an API that [`connect`](ConnectorSetup::connect) makes use of.
#[must_use]
pub fn connects(setup: &dyn ConnectorSetup, connector: &Connector) -> bool {
    let credentials = Credentials {
        connector,
        secrets: &BTreeMap::new(),
    };
    setup.connect("", &credentials, &[]).is_some()
}

/// How it went, in words for the admin. None of them repeats a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectorSetupOutcome {
    /// It works.
    Done {
        /// What was found, as a sentence: `Connected as @ada_bot.`
        summary: String,
    },
    /// The platform refuses.
    Failed {
        /// The field that is wrong, if it is one.
        field: Option<&'static str>,
        /// What to do about it, as a sentence.
        problem: String,
        /// The platform's own word for it, clean.
        reason: String,
    },
    /// The platform cannot be asked now.
    Later {
        /// How long it asked us to wait.
        after: Option<Duration>,
        /// Its word for it, clean.
        reason: String,
    },
}
