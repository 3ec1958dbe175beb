//! The dashboard shows all that is counted, and nothing else.

use crate::document::{folder, functions, some_of_type, template};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};
use vestibule_edge::logging::Metric;
use vestibule_testkit::{
    cloudwatch::dashboard::{self, metrics},
    template::{Template, entries, root},
};

/// The namespace of our own metrics.
const OURS: &str = "Vestibule";
/// The stack's name in the dashboard's text.
const STACK: &str = "${S}-";

/// The widgets of the dashboard, as CloudWatch reads them.
fn widgets(template: &Template) -> Vec<Value> {
    let dashboards = some_of_type(template, "AWS::CloudWatch::Dashboard");
    let body = &dashboards[0].property("DashboardBody")["Fn::Sub"];
    let named: BTreeSet<&str> = entries(&body[1]).map(|(name, _)| name).collect();
    assert_eq!(named, ["R", "S"].into());
    dashboard::widgets(template).unwrap()
}

/// The values that the dashboard has for each metric of a namespace.
fn shown(template: &Template, namespace: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for metric in widgets(template).iter().flat_map(metrics) {
        if metric[0] == namespace {
            let values = shown.entry(metric[1].clone()).or_default();
            values.extend(metric.get(3).cloned());
        }
    }
    shown
}

/// The names of the stack's resources of a kind, as the dashboard writes them.
fn names(template: &Template, kind: &str, property: &str) -> BTreeSet<String> {
    let all = some_of_type(template, kind).into_iter();
    all.map(|one| {
        let name = one.property(property)["Fn::Sub"].as_str().unwrap();
        name.replace("${AWS::StackName}-", STACK)
    })
    .collect()
}

#[test]
fn every_metric_that_is_counted_is_on_the_dashboard_and_every_one_there_is_counted() {
    let template = template();
    let counted: BTreeSet<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    assert_eq!(counted.len(), Metric::ALL.len());
    let shown = shown(&template, OURS);
    let shown: BTreeSet<&str> = shown.keys().map(String::as_str).collect();
    assert_eq!(shown, counted);
}

#[test]
fn every_alarm_of_ours_is_on_a_metric_that_is_counted() {
    let template = template();
    let mut alarms = 0;
    for alarm in some_of_type(&template, "AWS::CloudWatch::Alarm") {
        if alarm.property("Namespace") == OURS {
            let name = alarm.property("MetricName").as_str().unwrap();
            let is_counted = Metric::ALL.iter().any(|metric| metric.name() == name);
            assert!(is_counted, "{}: {name}", alarm.id);
            alarms += 1;
        }
    }
    assert!(alarms >= 6, "{alarms}");
}

#[test]
fn every_metric_is_counted_somewhere() {
    let mut folders = vec![root().join("functions"), root().join("shared")];
    let mut code = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !["node_modules", "tests", "testkit", "web"].contains(&name) {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs")
                && !["logging.rs", "tests.rs"].contains(&name)
            {
                code += &fs::read_to_string(path).unwrap();
            }
        }
    }
    for metric in Metric::ALL {
        let used = format!("Metric::{}", metric.name());
        let mut found = code.match_indices(&used);
        let is_whole = |(at, _): (usize, &str)| {
            let next = code[at + used.len()..].chars().next();
            !next.is_some_and(char::is_alphanumeric)
        };
        assert!(found.any(is_whole), "{used}");
    }
}

#[test]
fn the_dashboard_shows_every_function_and_every_queue_of_the_stack() {
    let template = template();
    let lambda = shown(&template, "AWS/Lambda");
    let all = functions(&template).into_iter().map(folder);
    let all: BTreeSet<String> = all.map(|folder| format!("{STACK}{folder}")).collect();
    assert_eq!(lambda["Errors"], all);
    let webhooks = all.into_iter().filter(|name| name.contains("-webhook-"));
    assert_eq!(lambda["Duration"], webhooks.collect());
    let sqs = shown(&template, "AWS/SQS");
    let (dead, alive): (BTreeSet<_>, BTreeSet<_>) =
        names(&template, "AWS::SQS::Queue", "QueueName")
            .into_iter()
            .partition(|name| name.contains("-dlq"));
    assert_eq!(sqs["ApproximateNumberOfMessagesVisible"], dead);
    assert_eq!(sqs["ApproximateAgeOfOldestMessage"], alive);
}
