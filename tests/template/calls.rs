//! The expansion of `aws_calls.txt` for the functions of the template.

use crate::document::{folder, functions, template};
use std::collections::BTreeSet;
use vestibule_tests::aws_calls;

const OF_EVERY_WEBHOOK: [&str; 20] = [
    "dynamodb:GetItem Table ACCOUNT#{id}#PROJECT#{id}#REQUEST#{id}",
    "dynamodb:GetItem Table KEYRING",
    "dynamodb:GetItem Table CONNECTOR#{id}",
    "dynamodb:GetItem Table CONNECTOR#{id}#EVENT#{id}",
    "dynamodb:GetItem Table ACCOUNT#{id}#PROJECT#{id}#USER#{id}",
    "dynamodb:GetItem Table ACCOUNT#{id}#PROJECT#{id}#CONVERSATION#{id}",
    "dynamodb:PutItem Table ACCOUNT#{id}#OUTGOING_EVENT#{id}",
    "dynamodb:PutItem Table ACCOUNT#{id}#PROJECT#{id}#USER#{id}",
    "dynamodb:PutItem Table ACCOUNT#{id}#PROJECT#{id}#REQUEST#{id}",
    "dynamodb:PutItem Table CONNECTOR#{id}#DEAD_LETTERS",
    "dynamodb:PutItem Table CONNECTOR#{id}#EVENT#{id}",
    "dynamodb:UpdateItem Table ACCOUNT#{id}#PROJECT#{id}#USER#{id}",
    "dynamodb:UpdateItem Table ACCOUNT#{id}#PROJECT#{id}#HELD_BACK",
    "dynamodb:UpdateItem Table CONNECTOR#{id}#NEW_REQUESTS",
    "dynamodb:UpdateItem Table ACCOUNT#{id}#PROJECT#{id}#TALLIES",
    "dynamodb:ConditionCheckItem Table ACCOUNT#{id}#PROJECT#{id}#USER#{id}",
    "kms:Decrypt Key vestibule=data-key",
    "sqs:SendMessage OnboardingQueue",
    "sqs:SendMessage InboxQueue",
    "sqs:GetQueueAttributes InboxQueue",
];

const OF_MERGING: [&str; 4] = [
    "dynamodb:PutItem Table ACCOUNT#{id}#AUDIT#{month}",
    "dynamodb:UpdateItem Table ACCOUNT#{id}#PROJECT#{id}#REQUEST#{id}",
    "dynamodb:Query Table ACCOUNT#{id}#PROJECT#{id}#USER#{id}",
    "dynamodb:DeleteItem Table ACCOUNT#{id}#PROJECT#{id}#USER#{id}",
];

const OF_THE_DIRECTORY: [&str; 4] = [
    "dynamodb:GetItem Table ACCOUNT#{id}#PROJECT#{id}#PHONE#{number}",
    "dynamodb:GetItem Table ACCOUNT#{id}#PROJECT#{id}#END_USER#{id}",
    "dynamodb:UpdateItem Table ACCOUNT#{id}#PROJECT#{id}#END_USER#{id}",
    "dynamodb:ConditionCheckItem Table ACCOUNT#{id}#PROJECT#{id}#PHONE#{number}",
];

const OF_LATE_FAILURES: [&str; 1] = ["dynamodb:PutItem Table ACCOUNT#{id}#PROJECT#{id}#SENT#{id}"];

/// A caller's calls, without its name.
fn calls_of(caller: &str, lines: &BTreeSet<String>) -> BTreeSet<String> {
    let beginning = format!("{caller} ");
    lines
        .iter()
        .filter_map(|line| line.strip_prefix(&beginning).map(str::to_owned))
        .collect()
}

fn set(calls: &[&[&str]]) -> BTreeSet<String> {
    let calls = calls.iter().copied().flatten();
    calls.map(|call| (*call).to_owned()).collect()
}

#[test]
fn a_webhook_makes_the_calls_of_every_webhook_and_of_its_group_and_writes_its_own_logs() {
    let template = template();
    let (made, all) = (
        aws_calls::by_functions(&template),
        aws_calls::all(&template),
    );
    let slack = set(&[&OF_EVERY_WEBHOOK]);
    assert_eq!(calls_of("webhook-slack", &made), slack);
    let twilio = set(&[
        &OF_EVERY_WEBHOOK,
        &OF_MERGING,
        &OF_THE_DIRECTORY,
        &OF_LATE_FAILURES,
    ]);
    assert_eq!(calls_of("webhook-twilio", &made), twilio);
    let logs = [
        "logs:CreateLogStream WebhookTwilioLogs",
        "logs:PutLogEvents WebhookTwilioLogs",
    ];
    let twilio = set(&[
        &OF_EVERY_WEBHOOK,
        &OF_MERGING,
        &OF_THE_DIRECTORY,
        &OF_LATE_FAILURES,
        &logs,
    ]);
    assert_eq!(calls_of("webhook-twilio", &all), twilio);
}

#[test]
fn every_line_is_about_a_function_or_a_role_of_the_template() {
    let template = template();
    let folders: BTreeSet<&str> = functions(&template).into_iter().map(folder).collect();
    let roles = template.of_type("AWS::IAM::Role");
    for line in aws_calls::all(&template) {
        let caller = line.split(' ').next().unwrap();
        let is_role = || roles.iter().any(|role| role.id == caller);
        assert!(folders.contains(caller) || is_role(), "{line}");
        assert!(!line.contains("{logs}"), "{line}");
    }
}
