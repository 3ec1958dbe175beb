//! The functions count what the dashboard shows, in the dimensions that it shows, and nothing else (SPEC G05).

use crate::world::counted_in;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};
use vestibule_domain::account::{ENVIRONMENTS_DEFAULT, Environment, channel::CONNECTOR_CHANNELS};
use vestibule_edge::logging;
use vestibule_testkit::{
    cloudwatch::{
        Metric, Metrics,
        dashboard::{self, metrics, searches},
    },
    simulator::Platform,
    template::Template,
};

/// The namespace of our own metrics.
pub const OURS: &str = "Vestibule";

/// A test without anything that somebody should be told of.
pub const CALM: &str = "outgoing::a_conversation_is_on_record_both_ways_with_numbers_without_gaps";

/// Tests in which functions count, each with the metrics that it is here for.
pub const CAUSES: [(&str, &[&str]); 17] = [
    (CALM, &["MessageTaken", "DeliveryMade", "ColdStart"]),
    (
        "lifecycle::a_notice_that_slack_will_never_take_is_given_up_and_the_request_says_why",
        &[
            "AccessRequestCreated",
            "TimeToDecision",
            "ApprovalNoticeFailed",
        ],
    ),
    (
        "first_message::a_message_that_slack_will_never_take_is_given_up_and_the_request_says_why",
        &["OnboardingMessageFailed"],
    ),
    (
        "outgoing::a_text_that_cannot_be_read_is_kept_as_failed_and_the_later_ones_go_out",
        &["MessageUnreadable", "MessageFailed"],
    ),
    (
        "given_up_texts::texts_that_the_platform_did_not_take_for_days_go_out_once_and_last_when_redriven",
        &["MessageGivenUp"],
    ),
    (
        "given_up::what_the_agent_refuses_is_listed_and_once_redriven_arrives_in_order",
        &["DeliveryGivenUp"],
    ),
    (
        "breaker::messages_for_an_agent_that_is_down_wait_on_record_and_arrive_in_order_when_it_is_well",
        &["DeliveryRetried", "BreakerOpened", "BreakerClosed"],
    ),
    (
        "webhook::what_no_person_wrote_is_acknowledged_with_an_empty_body_and_writes_nothing",
        &["ProviderThrottled"],
    ),
    (
        "captured::an_authentic_teams_body_that_is_no_activity_is_acknowledged_and_kept",
        &["EventUnreadable"],
    ),
    (
        "late_failures::a_failed_approval_notice_is_found_by_its_id_alone",
        &["SendFailedLater"],
    ),
    (
        "events::health::a_subscriber_that_is_down_delays_nobody_and_is_called_ever_more_rarely_until_it_is_well",
        &[
            "EventDelivered",
            "EventDeliveryFailed",
            "BreakerOpened",
            "BreakerClosed",
        ],
    ),
    (
        "events::health::a_subscriber_that_fails_for_three_days_is_paused_and_the_others_hear_of_it",
        &["EventDeliveryGivenUp"],
    ),
    ("mails::a_refusal_is_told_on_the_mails_row", &["MailFailed"]),
    (
        "mail_events::the_row_tells_the_other_mail_servers_words",
        &["MailOutcome"],
    ),
    (
        "routing::a_conversation_goes_at_once_to_the_member_with_the_lowest_load_for_the_limit_and_says_why",
        &["TimeToAssignment"],
    ),
    (
        "first_replies::a_conversation_without_a_reply_in_time_is_told_once_by_the_limit_at_its_offer",
        &["FirstReplyMissed"],
    ),
    (
        "outbox_marks::a_mark_orders_only_the_job_that_fits_its_row_and_a_bad_one_is_stepped_over",
        &["OutboxMarkUnreadable"],
    ),
];

/// Values that functions counted in each of these tests.
pub static COUNTED: LazyLock<BTreeMap<String, Metrics>> = LazyLock::new(|| {
    let tests = CAUSES.map(|(test, _)| test);
    counted_in(&tests)
});

/// The metrics that any of the tests counted.
fn counted() -> BTreeSet<&'static Metric> {
    COUNTED.values().flat_map(Metrics::metrics).collect()
}

/// The dimensions in which a metric was counted.
fn counted_by(name: &str) -> BTreeSet<Vec<&'static str>> {
    let named = counted().into_iter().filter(|metric| metric.name == name);
    named
        .map(|metric| metric.dimensions.keys().map(String::as_str).collect())
        .collect()
}

/// The widgets of the template's dashboard.
fn widgets() -> Vec<Value> {
    let template = Template::load().unwrap();
    dashboard::widgets(&template).unwrap()
}

/// The dimensions by which the dashboard searches our metrics.
fn searched() -> BTreeSet<Vec<String>> {
    let schemas = widgets().into_iter().flat_map(|widget| searches(&widget));
    let ours = schemas.filter(|schema| schema[0] == OURS);
    ours.map(|schema| schema[1..].to_vec()).collect()
}

#[test]
fn each_test_counts_what_it_is_here_for() {
    for (test, names) in CAUSES {
        for name in names {
            let mut counted = COUNTED[test].metrics();
            assert!(counted.any(|metric| metric.name == *name), "{test}: {name}");
        }
    }
}

#[test]
fn every_metric_of_ours_on_the_dashboard_is_counted_with_exactly_its_dimensions() {
    let counted = counted();
    let mut checked = 0;
    for metric in widgets().iter().flat_map(metrics) {
        if metric[0] == OURS {
            let pairs = metric[2..].chunks(2);
            let dimensions: Vec<(&str, &str)> = pairs
                .map(|pair| (pair[0].as_str(), pair[1].as_str()))
                .collect();
            let shown = Metric::new(OURS, &metric[1], &dimensions);
            assert!(counted.contains(&shown), "nobody counts {shown:?}");
            checked += 1;
        }
    }
    assert!(checked >= logging::Metric::ALL.len(), "{checked}");
    for schema in searched() {
        let is_found = counted
            .iter()
            .any(|metric| metric.dimensions.keys().eq(&schema));
        assert!(is_found, "the dashboard finds nothing by {schema:?}");
    }
}

#[test]
fn every_metric_is_counted_as_it_is_declared_and_shown_by_each_of_its_dimensions() {
    let searched = searched();
    for metric in logging::Metric::ALL {
        let mut declared = BTreeSet::from([Vec::new()]);
        for dimension in metric.dimensions() {
            declared.insert(vec![*dimension]);
            let dimensions = [(*dimension).to_owned()];
            let is_shown = searched.contains(dimensions.as_slice());
            assert!(is_shown, "{}: {dimension}", metric.name());
        }
        assert_eq!(counted_by(metric.name()), declared, "{}", metric.name());
    }
}

/// CloudWatch bills each value.
#[test]
fn no_dimension_has_a_value_that_somebody_chose() {
    let platforms = Platform::ALL.iter().map(|platform| platform.key());
    let channels = CONNECTOR_CHANNELS.iter().map(|(key, _)| *key);
    let others = ["api", "agent", "webhook", "ses", "outbox", "history"];
    let stages = ENVIRONMENTS_DEFAULT
        .into_iter()
        .chain([Environment::OTHER_STAGE]);
    let decisions = [
        "delivered",
        "duplicate",
        "dropped",
        "ignored",
        "request_opened",
        "counted",
        "cooled_down",
        "held_back",
    ];
    let outcomes = [
        "sent",
        "delayed",
        "bounced_hard",
        "bounced_soft",
        "complained",
        "rejected",
        "failed",
    ];
    let mut known: BTreeSet<&str> = platforms.chain(channels).chain(others).collect();
    known.extend(stages.chain(decisions).chain(outcomes));
    for metric in counted() {
        for (dimension, value) in &metric.dimensions {
            assert!(known.contains(value.as_str()), "{dimension}: {value}");
        }
    }
}
