//! The AWS calls of each function, as listed in `aws_calls.txt`. The flows make exactly these calls, and the
//! template's roles allow exactly these.
//!
//! A line of the list may be about several functions of the template. Then every one of them has a line of
//! its own here. A line that is about none of them is kept as it is, for the tests to find.

use std::collections::{BTreeMap, BTreeSet};
use vestibule_testkit::template::Template;

const LIST: &str = include_str!("aws_calls.txt");
const MADE_BY_AWS: &str = "[made by AWS for them]";
/// Stands for the caller's own log group.
const OWN_LOGS: &str = "{logs}";

/// The calls that the functions of this template make themselves.
#[must_use]
pub fn by_functions(template: &Template) -> BTreeSet<String> {
    let list = LIST.split(MADE_BY_AWS).next().unwrap_or_default();
    lines(list, template)
}

/// The calls in [`by_functions`], those that AWS makes under the functions' roles (writing logs, polling
/// queues), and those that the roles allow ahead of the code.
#[must_use]
pub fn all(template: &Template) -> BTreeSet<String> {
    lines(LIST, template)
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

fn lines(list: &str, template: &Template) -> BTreeSet<String> {
    let log_groups = log_groups(template);
    let mut groups = BTreeMap::new();
    let mut lines = BTreeSet::new();
    for line in list.lines().filter(|line| !line.starts_with(['#', '['])) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [group, "=", members @ ..] => {
                groups.insert(*group, members.to_vec());
            }
            [caller, call @ ..] => {
                let callers = match caller.strip_suffix('*') {
                    Some(beginning) => beginning_with(beginning, &log_groups),
                    None => groups.get(caller).cloned().unwrap_or_else(|| vec![*caller]),
                };
                let call = call.join(" ");
                lines.extend(callers.into_iter().map(|caller| {
                    let own_logs = log_groups.get(caller).copied().unwrap_or(OWN_LOGS);
                    format!("{caller} {}", call.replace(OWN_LOGS, own_logs))
                }));
            }
        }
    }
    lines
}

/// The functions whose names begin like this.
fn beginning_with<'a>(beginning: &str, log_groups: &BTreeMap<&'a str, &'a str>) -> Vec<&'a str> {
    let names = log_groups.keys().copied();
    names.filter(|name| name.starts_with(beginning)).collect()
}

/// The log group of every function.
fn log_groups(template: &Template) -> BTreeMap<&str, &str> {
    let functions = template.functions().into_iter();
    functions
        .filter_map(|function| {
            let logs = function.resource.property("LoggingConfig").get("LogGroup");
            let group = logs.and_then(|logs| template.named_by(logs));
            Some((function.folder()?, group.map_or(OWN_LOGS, |group| group.id)))
        })
        .collect()
}
