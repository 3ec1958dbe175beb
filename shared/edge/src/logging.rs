//! Logs: one JSON object per line, with metrics in CloudWatch's embedded format among them.
//!
//! Never logged: message text, names, addresses of people, secrets, tokens, bodies.

use crate::config;
use std::{
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};
use vestibule_domain::vars::Vars;

/// Whether [`init`] was called, so that the output goes to CloudWatch and not to a test.
static LOGS: AtomicBool = AtomicBool::new(false);

/// Starts logging as the process's environment says. For functions that read nothing else of it.
pub fn start() {
    init(&mut config::vars());
}

/// Starts logging at the level of `RUST_LOG`, which the template sets; `info` by default. Libraries log
/// from `warn` on. A second call does nothing.
pub fn init(vars: &mut Vars<'_>) {
    let level = vars
        .optional("RUST_LOG")
        .and_then(|level| level.parse::<LevelFilter>().ok())
        .unwrap_or(LevelFilter::INFO);
    let libraries = level.min(LevelFilter::WARN);
    let filter = [
        "aws",
        "hyper",
        "hyper_util",
        "rustls",
        "reqwest",
        "lambda_runtime",
        "lambda_http",
        "tower",
    ]
    .into_iter()
    .fold(Targets::new().with_default(level), |filter, library| {
        filter.with_target(library, libraries)
    });
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false);
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init();
    LOGS.store(true, Ordering::Relaxed);
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Metrics, named as in the template's alarms and on its dashboard.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Metric {
            $($(#[$doc])* $name,)*
        }

        impl Metric {
            /// Every metric.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The metric's name in CloudWatch.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}

metrics! {
    /// A platform reported that it withholds events.
    ProviderThrottled,
    /// An authentic event could not be read.
    EventUnreadable,
    /// An access request was opened.
    AccessRequestCreated,
    /// An onboarding message was given up.
    OnboardingMessageFailed,
    /// An approval notice was given up.
    ApprovalNoticeFailed,
    /// A text of a conversation was given up.
    MessageFailed,
    /// A message of a conversation on record cannot be read.
    MessageUnreadable,
    /// A text of a conversation was given up that can be redriven.
    MessageGivenUp,
    /// A platform reported that a message that it had accepted did not arrive.
    SendFailedLater,
    /// A delivery to an agent failed and will be tried again.
    DeliveryRetried,
    /// A delivery to an agent was given up.
    DeliveryGivenUp,
    /// A mail was given up.
    MailFailed,
    /// No member replied to a conversation within its client's limit.
    FirstReplyMissed,
    /// A row has an outbox mark but no job of the mark's kind.
    OutboxMarkUnreadable,
}

/// Counts one, as a CloudWatch embedded metric of the namespace `Vestibule`, once [`init`] was called.
pub fn count(metric: Metric, provider: &str, at: vestibule_domain::Timestamp) {
    if !LOGS.load(Ordering::Relaxed) {
        return;
    }
    let name = metric.name();
    let line = serde_json::json!({
        "_aws": {
            "Timestamp": at.millis(),
            "CloudWatchMetrics": [{
                "Namespace": "Vestibule",
                "Dimensions": [["provider"], []],
                "Metrics": [{ "Name": name, "Unit": "Count" }],
            }],
        },
        "provider": provider,
        name: 1,
    });
    // A metric that cannot be written is not worth failing for.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
