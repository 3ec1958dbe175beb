//! Logs: one JSON object per line, with metrics in CloudWatch's embedded format among them.
//!
//! Never logged: message text, names, addresses of people, secrets, tokens, bodies.

use crate::config;
use serde_json::{Value, json};
use std::{
    io::Write,
    panic::set_hook,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};
use vestibule_domain::{Timestamp, vars::Vars};

/// Whether [`init`] was called, so that the output goes to CloudWatch and not to a test.
static LOGS: AtomicBool = AtomicBool::new(false);

/// Starts logging as the process's environment says. For functions that read nothing else of it.
pub fn start() {
    init(&mut config::vars());
    log_panics();
}

/// Logs the place of each panic from now on, instead of its message, which may quote what somebody wrote.
pub fn log_panics() {
    set_hook(Box::new(|info| {
        let place = info.location().map(tracing::field::display);
        tracing::error!(panic.place = place, "panicked");
    }));
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

/// Name, unit and dimensions of a metric, as CloudWatch is told.
struct Definition {
    name: &'static str,
    unit: &'static str,
    dimensions: &'static [&'static str],
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident: $unit:ident by [$($dimension:ident),*],)*) => {
        /// Metrics, named as in the template's alarms and on its dashboard. CloudWatch bills each value of a dimension, so
        /// dimensions have few: never an id, nor a word that somebody chooses.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Metric {
            $($(#[$doc])* $name,)*
        }

        impl Metric {
            /// Every metric.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            const fn definition(self) -> Definition {
                match self {
                    $(Self::$name => Definition {
                        name: stringify!($name),
                        unit: stringify!($unit),
                        dimensions: &[$(stringify!($dimension)),*],
                    },)*
                }
            }
        }
    };
}

metrics! {
    /// A platform reported that it withholds events.
    ProviderThrottled: Count by [provider],
    /// An authentic event could not be read.
    EventUnreadable: Count by [provider],
    /// A message arrived, and was decided.
    MessageTaken: Count by [decision],
    /// An access request was opened.
    AccessRequestCreated: Count by [provider],
    /// Time from an access request to its decision by somebody.
    TimeToDecision: Seconds by [],
    /// An onboarding message was given up.
    OnboardingMessageFailed: Count by [provider],
    /// An approval notice was given up.
    ApprovalNoticeFailed: Count by [provider],
    /// A text of a conversation was given up.
    MessageFailed: Count by [provider],
    /// A message of a conversation on record cannot be read.
    MessageUnreadable: Count by [provider],
    /// A text of a conversation was given up that can be redriven.
    MessageGivenUp: Count by [provider],
    /// A platform reported that a message that it had accepted did not arrive.
    SendFailedLater: Count by [provider],
    /// An agent took a delivery.
    DeliveryMade: Count by [environment, provider],
    /// A delivery to an agent failed and will be tried again.
    DeliveryRetried: Count by [environment, provider],
    /// A delivery to an agent was given up.
    DeliveryGivenUp: Count by [provider],
    /// The breaker before an agent or a subscription opened.
    BreakerOpened: Count by [provider],
    /// The breaker before an agent or a subscription closed.
    BreakerClosed: Count by [provider],
    /// A subscription took an event.
    EventDelivered: Count by [provider],
    /// A call that tells a subscription of an event failed.
    EventDeliveryFailed: Count by [provider],
    /// An event was given up at a subscription.
    EventDeliveryGivenUp: Count by [provider],
    /// A mail has news.
    MailOutcome: Count by [outcome],
    /// A mail was given up.
    MailFailed: Count by [provider],
    /// Time from the offer of a conversation to its assignment by the router.
    TimeToAssignment: Seconds by [],
    /// No member replied to a conversation within its client's limit.
    FirstReplyMissed: Count by [provider],
    /// A row has an outbox mark but no job of the mark's kind.
    OutboxMarkUnreadable: Count by [provider],
    /// A function started.
    ColdStart: Count by [],
}

impl Metric {
    /// The metric's name in CloudWatch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.definition().name
    }

    /// Its dimensions. CloudWatch has the metric by each of them alone, and in total.
    #[must_use]
    pub const fn dimensions(self) -> &'static [&'static str] {
        self.definition().dimensions
    }
}

/// Counts one, by the value of the metric's only dimension and in total, once [`init`] was called.
pub fn count(metric: Metric, by: &str, at: Timestamp) {
    count_by(metric, &[by], at);
}

/// Counts one, by the values of the metric's dimensions, in their order, and in total, once [`init`] was called.
pub fn count_by(metric: Metric, by: &[&str], at: Timestamp) {
    write(metric, &json!(1), by, at);
}

/// Records a time of a metric without dimensions, once [`init`] was called.
pub fn measure(metric: Metric, time: Duration, at: Timestamp) {
    write(metric, &json!(time.as_secs_f64()), &[], at);
}

fn write(metric: Metric, value: &Value, by: &[&str], at: Timestamp) {
    if LOGS.load(Ordering::Relaxed) {
        let line = line(metric, value, by, at);
        // A metric that cannot be written is not worth failing for.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

/// A value of a metric in CloudWatch's embedded format, of the namespace `Vestibule`.
fn line(metric: Metric, value: &Value, by: &[&str], at: Timestamp) -> Value {
    let Definition {
        name,
        unit,
        dimensions,
    } = metric.definition();
    debug_assert_eq!(dimensions.len(), by.len(), "{name}");
    let mut sets: Vec<&[&str]> = dimensions.chunks(1).collect();
    sets.push(&[]);
    let mut line = json!({
        "_aws": {
            "Timestamp": at.millis(),
            "CloudWatchMetrics": [{
                "Namespace": "Vestibule",
                "Dimensions": sets,
                "Metrics": [{ "Name": name, "Unit": unit }],
            }],
        },
        name: value,
    });
    if let Value::Object(fields) = &mut line {
        let values = dimensions.iter().zip(by);
        fields.extend(values.map(|(dimension, by)| ((*dimension).to_owned(), json!(by))));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_counted_by_each_of_its_dimensions_and_in_total() {
        let at = Timestamp::from_millis(7);
        let counted = line(
            Metric::DeliveryMade,
            &json!(1),
            &["Production", "slack"],
            at,
        );
        let expected = json!({
            "_aws": {
                "Timestamp": 7,
                "CloudWatchMetrics": [{
                    "Namespace": "Vestibule",
                    "Dimensions": [["environment"], ["provider"], []],
                    "Metrics": [{ "Name": "DeliveryMade", "Unit": "Count" }],
                }],
            },
            "environment": "Production",
            "provider": "slack",
            "DeliveryMade": 1,
        });
        assert_eq!(counted, expected);
    }

    #[test]
    fn a_time_is_recorded_in_seconds_in_total_alone() {
        let measured = line(
            Metric::TimeToDecision,
            &json!(1.5),
            &[],
            Timestamp::from_millis(7),
        );
        let metrics = &measured["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Dimensions"], json!([[]]));
        assert_eq!(metrics["Metrics"][0]["Unit"], "Seconds");
        assert_eq!(measured["TimeToDecision"], 1.5);
    }
}
