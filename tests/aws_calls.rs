//! The AWS calls of each function, as listed in `aws_calls.txt`. The flows make exactly these calls, and the
//! template's roles allow exactly these.

use std::collections::BTreeSet;

const LIST: &str = include_str!("aws_calls.txt");
const MADE_BY_AWS: &str = "[made by AWS for them]";

/// The calls that the functions themselves make.
#[must_use]
pub fn by_functions() -> BTreeSet<String> {
    let list = LIST.split(MADE_BY_AWS).next().unwrap_or_default();
    lines(list)
}

/// The calls in [`by_functions`], those that AWS makes under the functions' roles (writing logs, polling
/// queues), and those that the roles allow ahead of the code.
#[must_use]
pub fn all() -> BTreeSet<String> {
    lines(LIST)
}

/// A line of the list. Reading one row and reading several count as the same call.
#[must_use]
pub fn line(caller: &str, action: &str, resource: &str, kind: &str) -> String {
    let action = match action {
        "dynamodb:BatchGetItem" => "dynamodb:GetItem",
        action => action,
    };
    [caller, action, resource, kind]
        .join(" ")
        .trim_end()
        .to_owned()
}

fn lines(list: &str) -> BTreeSet<String> {
    list.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty() && !line.starts_with(['#', '[']))
        .collect()
}
