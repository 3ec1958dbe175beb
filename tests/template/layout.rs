//! The layout of the template: one block per function with everything that belongs to it, and a table of
//! contents.

use crate::document::{folder, functions, named_by, role, some_of_type, template};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Stdio},
};
use vestibule_testkit::template::{Function, Resource, Template, entries, root};

/// Sections that belong to no function.
const COMMON: [&str; 6] = [
    "Keys and secrets",
    "Table",
    "Alarms of no single function",
    "Dashboard",
    "Mail",
    "API",
];
/// Far below the 500 resources and 1 MB that a stack may have.
const RESOURCES_MAX: u64 = 300;
const BYTES_MAX: u64 = 200_000;

#[test]
fn the_table_of_contents_lists_the_sections_in_their_order() {
    let text = text();
    let contents: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("# Contents"))
        .skip(1)
        .map_while(|line| line.strip_prefix("#   "))
        .collect();
    let mut sections: Vec<&str> = Vec::new();
    for line in text.lines().filter_map(heading) {
        sections.push(line);
    }
    assert_eq!(contents, sections);
}

#[test]
fn the_block_of_a_function_holds_all_that_belongs_to_it() {
    let template = template();
    let text = text();
    let section_of = section_of_each_resource(&text);
    let folders: Vec<&str> = functions(&template).into_iter().map(folder).collect();
    for section in section_of.values() {
        assert!(
            folders.contains(section) || COMMON.contains(section),
            "{section} is neither a function nor common to all"
        );
    }
    for function in functions(&template) {
        let mut belongings = vec![
            function.resource,
            role(&template, function),
            logs(&template, function),
        ];
        for event in function.events("SQS") {
            let queue = named_by(&template, &event["Queue"], "AWS::SQS::Queue");
            let dlq = &queue.property("RedrivePolicy")["deadLetterTargetArn"];
            belongings.extend([queue, named_by(&template, dlq, "AWS::SQS::Queue")]);
        }
        let alarms = some_of_type(&template, "AWS::CloudWatch::Alarm");
        let of_belongings = |alarm: &Resource<'_>| {
            let dimensions = alarm.property("Dimensions").as_array();
            dimensions.into_iter().flatten().any(|dimension| {
                let named = template.named_by(&dimension["Value"]);
                named.is_some_and(|named| belongings.iter().any(|own| own.id == named.id))
            })
        };
        let alarms: Vec<_> = alarms.into_iter().filter(of_belongings).collect();
        for belonging in belongings.iter().chain(&alarms) {
            assert_eq!(
                section_of[belonging.id],
                folder(function),
                "{}",
                belonging.id
            );
        }
    }
}

#[test]
fn every_function_has_its_alarms() {
    let template = template();
    for function in functions(&template) {
        let own = json!([{"Name": "FunctionName", "Value": {"Ref": function.resource.id}}]);
        let errors = alarm(&template, function, "Errors", &own);
        assert_eq!(errors.property("Statistic"), "Sum", "{}", errors.id);
        assert_eq!(errors.property("Threshold"), 0, "{}", errors.id);
        let throttles = alarm(&template, function, "Throttles", &own);
        assert_eq!(throttles.property("Threshold"), 0, "{}", throttles.id);
        for event in function.events("SQS") {
            let queue = named_by(&template, &event["Queue"], "AWS::SQS::Queue");
            let of_queue = json!([{"Name": "QueueName", "Value": {"Fn::GetAtt": format!("{}.QueueName", queue.id)}}]);
            let age = alarm(
                &template,
                function,
                "ApproximateAgeOfOldestMessage",
                &of_queue,
            );
            assert_eq!(age.property("Statistic"), "Maximum", "{}", age.id);
        }
        if folder(function).starts_with("webhook-") {
            let slow = alarm(&template, function, "Duration", &own);
            assert_eq!(slow.property("ExtendedStatistic"), "p99", "{}", slow.id);
            assert_eq!(slow.property("Threshold"), 1000, "{}", slow.id);
            refusals_alarm(&template, function);
        }
    }
}

/// An alarm on refused calls compares them with all calls of the route, so that a few attempts by strangers
/// raise none.
fn refusals_alarm(template: &Template, function: Function<'_>) {
    let [event] = function.events("HttpApi")[..] else {
        panic!("{} has not one route", folder(function));
    };
    let wanted = |metric: &str| {
        json!({
            "Namespace": "AWS/ApiGateway", "MetricName": metric,
            "Dimensions": [
                {"Name": "ApiId", "Value": event["ApiId"]},
                {"Name": "Stage", "Value": "$default"},
                {"Name": "Method", "Value": event["Method"]},
                {"Name": "Resource", "Value": event["Path"]},
            ],
        })
    };
    let alarms = some_of_type(template, "AWS::CloudWatch::Alarm");
    let metric = |alarm: &Resource<'_>, id: &str| {
        let metrics = alarm.property("Metrics").as_array();
        metrics
            .into_iter()
            .flatten()
            .find(|metric| metric["Id"] == id)
            .map_or(Value::Null, |metric| metric["MetricStat"]["Metric"].clone())
    };
    let alarm = alarms
        .iter()
        .find(|alarm| metric(alarm, "refused") == wanted("4xx"))
        .unwrap_or_else(|| panic!("{} has no alarm on refused calls", folder(function)));
    assert_eq!(metric(alarm, "calls"), wanted("Count"), "{}", alarm.id);
    assert_eq!(
        alarm.property("Metrics")[0]["Expression"],
        "IF(refused >= 20, 100 * refused / calls, 0)",
        "{}",
        alarm.id
    );
    // It stands only where somebody hears of it.
    assert_eq!(alarm.value["Condition"], "HasAlarmEmail", "{}", alarm.id);
    assert_eq!(
        *alarm.property("AlarmActions"),
        json!([{"Ref": "AlarmTopic"}]),
        "{}",
        alarm.id
    );
    let settings = &template.at("/Resources/Api/Properties/RouteSettings");
    let route = format!("POST {}", event["Path"].as_str().unwrap());
    assert_eq!(
        settings[&route]["DetailedMetricsEnabled"], true,
        "{route}: no such metrics"
    );
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that cannot check says so")]
fn the_template_stays_within_its_size_once_sam_has_transformed_it() {
    let python = root().join(".local/tools/bin/python");
    if !python.exists() {
        eprintln!("NOT CHECKED: SAM is not installed; python3 infra/local/stack.py tools");
        return;
    }
    let done = Command::new(python)
        .arg(root().join("tests/template/transformed_size.py"))
        .arg(root().join("template.yaml"))
        .env("AWS_DEFAULT_REGION", "eu-central-1")
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "SAM could not transform the template"
    );
    let size: Value = serde_json::from_slice(&done.stdout).unwrap();
    let of = |what: &str| size[what].as_u64().unwrap();
    assert!(of("resources") > 50, "{size}");
    assert!(of("resources") <= RESOURCES_MAX, "{size}");
    assert!(of("bytes") <= BYTES_MAX, "{size}");
}

fn alarm<'a>(
    template: &'a Template,
    function: Function<'_>,
    metric: &str,
    dimensions: &Value,
) -> Resource<'a> {
    let found = some_of_type(template, "AWS::CloudWatch::Alarm")
        .into_iter()
        .find(|alarm| {
            alarm.property("MetricName") == metric && alarm.property("Dimensions") == dimensions
        });
    let alarm = found.unwrap_or_else(|| panic!("{} has no alarm on {metric}", folder(function)));
    assert_eq!(
        alarm.property("ComparisonOperator"),
        "GreaterThanThreshold",
        "{}",
        alarm.id
    );
    assert!(is_sent(alarm), "{}", alarm.id);
    alarm
}

/// Whether an alarm goes to the topic, if there is one.
fn is_sent(alarm: Resource<'_>) -> bool {
    *alarm.property("AlarmActions") == json!([{"Ref": "AlarmTopic"}])
}

fn logs<'a>(template: &'a Template, function: Function<'a>) -> Resource<'a> {
    let group = &function.resource.property("LoggingConfig")["LogGroup"];
    named_by(template, group, "AWS::Logs::LogGroup")
}

fn text() -> String {
    fs::read_to_string(root().join("template.yaml")).unwrap()
}

fn heading(line: &str) -> Option<&str> {
    line.trim_start()
        .strip_prefix("# -----")?
        .trim_start_matches('-')
        .strip_prefix(' ')
}

/// The section of every resource, by logical id.
fn section_of_each_resource(text: &str) -> BTreeMap<&str, &str> {
    let resources = text.split("\nResources:\n").nth(1).unwrap();
    let resources = resources.split("\nOutputs:\n").next().unwrap();
    let mut section = "";
    let mut found = BTreeMap::new();
    for line in resources.lines() {
        if let Some(next) = heading(line) {
            section = next;
        }
        let id = line
            .strip_prefix("  ")
            .and_then(|line| line.strip_suffix(':'));
        if let Some(id) = id.filter(|id| id.chars().all(char::is_alphanumeric)) {
            found.insert(id, section);
        }
    }
    let template = template();
    assert_eq!(found.len(), entries(template.at("/Resources")).count());
    found
}
