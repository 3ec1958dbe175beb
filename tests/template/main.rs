//! Rules for every present and future function, queue, role and parameter of `template.yaml`.
//!
//! `cfn-lint` checks what `CloudFormation` accepts; these tests check our own rules.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod calls;
mod dashboard;
mod document;
mod domain;
mod layout;
mod limits;
mod markdown;
mod roles;
mod runbook;
mod sbom;
mod table;
mod variables;

use document::{folder, functions, named_by, number, role, some_of_type, template};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};
use vestibule_testkit::{
    dynamodb::table_definition,
    template::{Function, Resource, Template, entries, one_or_many, root},
};
use vestibule_tests::admin_functions::ADMIN_FUNCTIONS;

/// Lambda's recommended factor for a queue that invokes a function. It leaves time to retry a throttled
/// batch.
const VISIBILITY_PER_TIMEOUT: u64 = 6;

#[test]
fn every_route_of_the_admin_api_reaches_the_function_that_serves_it() {
    let template = template();
    let admins: BTreeSet<&str> = functions(&template)
        .into_iter()
        .map(folder)
        .filter(|folder| folder.starts_with("admin-") || *folder == "auth")
        .collect();
    assert_eq!(
        admins,
        ADMIN_FUNCTIONS.map(|function| function.folder).into()
    );
    for function in ADMIN_FUNCTIONS {
        for route in (function.table)() {
            let reached = template.function_at(&route.path).map(folder);
            assert_eq!(reached, Some(function.folder), "{}", route.path);
        }
    }
}

#[test]
fn every_folder_of_functions_is_deployed_from_where_it_is_built_and_nothing_else_is() {
    let template = template();
    let folders: BTreeSet<String> = fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("Cargo.toml").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let functions = functions(&template);
    let deployed: BTreeSet<String> = functions
        .iter()
        .map(|function| folder(*function).to_owned())
        .collect();
    assert_eq!(deployed, folders);
    assert_eq!(functions.len(), folders.len(), "a folder is deployed twice");
    for function in functions {
        assert_eq!(
            function.resource.value["Metadata"]["SkipBuild"],
            true,
            "{}: SAM would build it again, without our profile",
            folder(function)
        );
    }
}

#[test]
fn every_function_has_a_role_of_its_own_that_only_lambda_may_take() {
    let template = template();
    let mut used_by = BTreeMap::new();
    for function in functions(&template) {
        let role = role(&template, function);
        if let Some(other) = used_by.insert(role.id, folder(function)) {
            panic!("{} and {other} share {}", folder(function), role.id);
        }
        let trust = &role.property("AssumeRolePolicyDocument")["Statement"];
        for statement in one_or_many(trust) {
            assert_eq!(
                statement["Principal"],
                json!({"Service": "lambda.amazonaws.com"}),
                "who may take {}",
                role.id
            );
        }
        for shortcut in ["Policies", "Connectors", "PermissionsBoundary"] {
            let given = function.resource.property(shortcut);
            assert!(given.is_null(), "{}: {shortcut}", folder(function));
        }
    }
}

#[test]
fn every_function_has_a_log_group_of_its_own_with_a_retention_and_may_write_to_no_other() {
    let template = template();
    let mut used_by = BTreeMap::new();
    for function in functions(&template) {
        let group = named_by(
            &template,
            &function.resource.property("LoggingConfig")["LogGroup"],
            "AWS::Logs::LogGroup",
        );
        if let Some(other) = used_by.insert(group.id, folder(function)) {
            panic!("{} and {other} share {}", folder(function), group.id);
        }
        let retention = group.property("RetentionInDays");
        assert!(!retention.is_null(), "{} is kept for ever", group.id);
        for statement in statements(role(&template, function)) {
            let writes_logs = actions(statement).any(|action| action.starts_with("logs:"));
            if writes_logs {
                let arn = json!({"Fn::GetAtt": format!("{}.Arn", group.id)});
                assert_eq!(statement["Resource"], arn, "{}", folder(function));
            }
        }
    }
}

#[test]
fn no_role_says_any_resource_or_any_action() {
    let template = template();
    for role in some_of_type(&template, "AWS::IAM::Role") {
        assert!(
            role.property("ManagedPolicyArns").is_null(),
            "{}: what a managed policy allows, others decide",
            role.id
        );
        for statement in statements(role) {
            let place = format!("{} / {}", role.id, statement["Sid"]);
            roles::assert_lawful(statement);
            for exception in ["NotAction", "NotResource"] {
                assert!(statement[exception].is_null(), "{place}: {exception}");
            }
            for action in actions(statement) {
                assert!(!action.contains('*'), "{place}: {action}");
            }
            // A mail needs the right to its sender's identity, which is of no stack; its address is in the condition.
            if statement["Action"] == "ses:SendEmail" {
                let sender = json!({"ses:FromAddress": {"Ref": "EmailFrom"}});
                let condition = &statement["Condition"]["StringEqualsIfExists"];
                assert_eq!(*condition, sender, "{place}");
                continue;
            }
            for resource in one_or_many(&statement["Resource"]) {
                assert!(!resource.is_null(), "{place}: no resource");
                assert!(!resource.to_string().contains('*'), "{place}: {resource}");
            }
        }
    }
}

#[test]
fn every_queue_that_feeds_a_function_reports_single_failures_and_gives_up_into_a_queue_of_its_kind()
{
    let template = template();
    for Feed { event, queue, .. } in feeds(&template) {
        assert_eq!(
            event["FunctionResponseTypes"],
            json!(["ReportBatchItemFailures"]),
            "{}: one bad message would fail its batch",
            queue.id
        );
        let dlq = dead_letters_of(&template, queue);
        assert!(
            queue.property("RedrivePolicy")["maxReceiveCount"]
                .as_u64()
                .is_some_and(|count| count >= 5),
            "{}: too few attempts for a function that is throttled",
            queue.id
        );
        assert_eq!(
            dlq.property("FifoQueue"),
            queue.property("FifoQueue"),
            "{} cannot take what {} gives up",
            dlq.id,
            queue.id
        );
    }
}

#[test]
fn a_message_stays_hidden_for_six_times_as_long_as_its_function_may_run() {
    let template = template();
    for Feed {
        function, queue, ..
    } in feeds(&template)
    {
        let timeout = number(function.resource, "Timeout");
        let visibility = number(queue, "VisibilityTimeout");
        assert!(
            visibility >= VISIBILITY_PER_TIMEOUT * timeout,
            "{}: {visibility} s for a timeout of {timeout} s",
            queue.id
        );
    }
}

#[test]
fn a_dead_letter_is_kept_for_longer_than_the_message_would_have_been() {
    let template = template();
    for Feed { queue, .. } in feeds(&template) {
        let dlq = dead_letters_of(&template, queue);
        assert!(
            number(dlq, "MessageRetentionPeriod") > number(queue, "MessageRetentionPeriod"),
            "SQS counts from the first arrival, so {} could lose what {} gives up",
            dlq.id,
            queue.id
        );
    }
}

#[test]
fn every_dead_letter_queue_has_an_alarm_at_its_first_message() {
    let template = template();
    let alarms = some_of_type(&template, "AWS::CloudWatch::Alarm");
    for dlq in dead_letter_queues(&template) {
        let watched =
            json!([{"Name": "QueueName", "Value": {"Fn::GetAtt": format!("{dlq}.QueueName")}}]);
        let alarm = alarms
            .iter()
            .find(|alarm| {
                *alarm.property("Dimensions") == watched
                    && alarm.property("MetricName") == "ApproximateNumberOfMessagesVisible"
            })
            .unwrap_or_else(|| panic!("{dlq} has no alarm"));
        assert_eq!(number(*alarm, "Threshold"), 0, "{}", alarm.id);
        assert_eq!(
            alarm.property("ComparisonOperator"),
            "GreaterThanThreshold",
            "{}",
            alarm.id
        );
        assert!(!alarm.property("AlarmActions").is_null(), "{}", alarm.id);
    }
}

#[test]
fn every_queue_is_encrypted() {
    let template = template();
    for queue in some_of_type(&template, "AWS::SQS::Queue") {
        assert_eq!(queue.property("SqsManagedSseEnabled"), true, "{}", queue.id);
    }
}

#[test]
fn the_table_has_the_keys_and_indexes_that_the_tests_use() {
    let template = template();
    let tables = some_of_type(&template, "AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 1);
    let table = tables[0];
    let used = table_definition("any");
    for property in [
        "KeySchema",
        "AttributeDefinitions",
        "GlobalSecondaryIndexes",
        "BillingMode",
    ] {
        assert_eq!(*table.property(property), used[property], "{property}");
    }
    assert_eq!(
        *table.property("TimeToLiveSpecification"),
        json!({"AttributeName": "expires_at", "Enabled": true})
    );
}

#[test]
fn every_parameter_is_described_and_takes_no_value_that_makes_no_sense() {
    let template = template();
    let parameters = template.at("/Parameters");
    assert!(entries(parameters).count() > 0);
    for (name, parameter) in entries(parameters) {
        let said = parameter["Description"].as_str().unwrap_or_default();
        assert!(!said.trim().is_empty(), "{name} has no description");
        let has = |property: &str| !parameter[property].is_null();
        assert!(
            has("AllowedPattern")
                || has("AllowedValues")
                || (has("MinValue") && has("MaxValue"))
                || (has("MinLength") && has("MaxLength")),
            "{name} takes anything"
        );
        assert!(
            has("ConstraintDescription"),
            "{name}: a refused value would be explained by its pattern"
        );
    }
}

#[test]
fn every_parameter_is_used() {
    let template = template();
    let used = ["Globals", "Conditions", "Resources", "Outputs"]
        .map(|section| template.at(&format!("/{section}")).to_string())
        .concat();
    for (name, _) in entries(template.at("/Parameters")) {
        let is_used = used.contains(&format!(r#"{{"Ref":"{name}"}}"#))
            || used.contains(&format!("${{{name}}}"));
        assert!(is_used, "{name}");
    }
}

#[test]
fn every_function_is_given_the_variables_that_it_reads_and_no_others() {
    let template = template();
    let names_of = |value: &Value| -> BTreeSet<String> {
        entries(value).map(|(name, _)| name.to_owned()).collect()
    };
    let given_to_all = names_of(template.at("/Globals/Function/Environment/Variables"));
    for function in functions(&template) {
        let mut given = names_of(&function.resource.property("Environment")["Variables"]);
        for name in &given_to_all {
            assert!(
                given.insert(name.clone()),
                "{name} is given to {} twice",
                folder(function)
            );
        }
        if folder(function) == "console" {
            // Nothing can be taken out of what all are given, and neither of these gives a right.
            given.remove("TABLE_NAME");
            given.remove("AUDIT_DAYS");
        }
        let read = variables::read_by(folder(function));
        assert_eq!(given, read, "given to and read by {}", folder(function));
    }
}

/// A queue that invokes a function.
struct Feed<'a> {
    function: Function<'a>,
    event: &'a Value,
    queue: Resource<'a>,
}

fn feeds(template: &Template) -> Vec<Feed<'_>> {
    let mut feeds = Vec::new();
    for function in functions(template) {
        for event in function.events("SQS") {
            feeds.push(Feed {
                function,
                event,
                queue: named_by(template, &event["Queue"], "AWS::SQS::Queue"),
            });
        }
    }
    assert!(!feeds.is_empty(), "no queue feeds a function");
    feeds
}

fn dead_letters_of<'a>(template: &'a Template, queue: Resource<'a>) -> Resource<'a> {
    let policy = queue.property("RedrivePolicy");
    assert!(!policy.is_null(), "{} gives up nothing", queue.id);
    named_by(template, &policy["deadLetterTargetArn"], "AWS::SQS::Queue")
}

/// The dead-letter queues of queues, schedules and functions.
fn dead_letter_queues(template: &Template) -> BTreeSet<&str> {
    let of_queues = some_of_type(template, "AWS::SQS::Queue").into_iter();
    let of_queues = of_queues.map(|queue| &queue.property("RedrivePolicy")["deadLetterTargetArn"]);
    let of_schedules = some_of_type(template, "AWS::Scheduler::Schedule").into_iter();
    let of_schedules =
        of_schedules.map(|schedule| &schedule.property("Target")["DeadLetterConfig"]["Arn"]);
    let of_functions = functions(template).into_iter();
    let of_functions =
        of_functions.map(|function| &function.resource.property("DeadLetterQueue")["TargetArn"]);
    of_queues
        .chain(of_schedules)
        .chain(of_functions)
        .filter(|arn| !arn.is_null())
        .map(|arn| named_by(template, arn, "AWS::SQS::Queue").id)
        .collect()
}

fn statements(role: Resource<'_>) -> Vec<&Value> {
    let statements = role.statements();
    assert!(!statements.is_empty(), "{} allows nothing", role.id);
    statements
}

fn actions(statement: &Value) -> impl Iterator<Item = &str> {
    let actions = one_or_many(&statement["Action"]);
    assert!(!actions.is_empty());
    actions
        .iter()
        .map(|action| action.as_str().expect("an action is a text"))
}
