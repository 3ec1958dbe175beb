//! The permissions of each role as a matrix: the functions' calls are allowed, everything else is refused.
//!
//! `tests/aws_calls.txt` lists the calls, and the flows keep it true. The judge decides as IAM does.

use crate::document::template;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vestibule_testkit::{
    iam::{Judge, KeyShape, Refusal, Request, example_of},
    template::{Resource, Template, entries, one_or_many},
};
use vestibule_tests::aws_calls;

mod kinds;

use kinds::{AUDIT, CHANGES, FIRST_ADMIN, LISTS, OTHER_ACTIONS, PARTITIONS, ROW_ACTIONS};

/// Asserts that a statement allows something or protects audit entries. A reader would overlook any other
/// denial.
pub fn assert_lawful(statement: &Value) {
    assert!(is_lawful(statement), "{statement}");
}

fn is_lawful(statement: &Value) -> bool {
    let denial = json!({
        "Sid": "NeverChangeAuditEntries",
        "Effect": "Deny",
        "Action": CHANGES,
        "Resource": {"Fn::GetAtt": "Table.Arn"},
        "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["ACCOUNT#*#AUDIT#*"]}},
    });
    statement["Effect"] == "Allow" || *statement == denial
}

#[test]
fn every_role_allows_what_its_function_calls_and_nothing_else() {
    assert_eq!(problems(&template()), Vec::<String>::new());
}

#[test]
fn no_webhook_worker_or_sweeper_touches_a_key_a_member_a_login_the_set_up_or_writes_a_connector() {
    let judge = Judge::of(&template()).unwrap();
    let mut tried = 0;
    for caller in judge
        .callers()
        .filter(|caller| !caller.starts_with("admin-") && *caller != "auth")
    {
        for (what, shape) in &PARTITIONS[..20] {
            let reads = match *shape {
                "KEYRING" | "CONNECTOR#{id}" => true,
                "SET_UP" => matches!(caller, "sweeper" | "worker-team"),
                // The workers that ask whether whoever started an import may still go on, and tell who waits in the name of an account.
                "ACCOUNT#{id}" => {
                    matches!(caller, "worker-team" | "worker-index" | "worker-routing")
                }
                // The workers that read who may decide requests, and where notices go.
                "ACCOUNT#{id}#MEMBER#{id}" => {
                    matches!(caller, "worker-team" | "worker-email" | "worker-index")
                }
                // The router too, which asks whether whoever has a role may reply.
                "ACCOUNT#{id}#ROLES" => matches!(
                    caller,
                    "worker-team" | "worker-email" | "worker-index" | "worker-routing"
                ),
                "LOGIN#{id}" => matches!(caller, "worker-team" | "worker-email"),
                // No mail about a reset goes to an address without a login.
                "EMAIL#{hash}" => caller == "worker-email",
                _ => false,
            };
            // The one worker that may make a member: it invites the first admin.
            let invites = caller == "worker-team" && FIRST_ADMIN.contains(shape);
            let adds = *shape == AUDIT || invites;
            let notes = caller == "worker-team" && *shape == "SET_UP";
            for action in ROW_ACTIONS {
                let is_read = action.ends_with("GetItem");
                let is_put = action == "dynamodb:PutItem";
                let is_update = action == "dynamodb:UpdateItem";
                if reads && is_read || adds && is_put || notes && is_update {
                    continue;
                }
                let request = Request::new(action, "Table").of_partitions([example_of(shape)]);
                let decided = judge.decide(caller, &request);
                assert!(decided.is_err(), "{caller} may call {action} on {what}");
                tried += 1;
            }
        }
    }
    assert!(tried > 400, "{tried}");
}

#[test]
fn whoever_serves_conversations_notes_the_uses_of_keys_and_changes_no_key_account_or_project() {
    let judge = Judge::of(&template()).unwrap();
    let tries = |action: &str, shape: &str| {
        let request = Request::new(action, "Table").of_partitions([example_of(shape)]);
        judge.decide("admin-conversations", &request)
    };
    for shape in [
        "ACCOUNT#{id}",
        "ACCOUNT#{id}#PROJECT#{id}",
        "CONNECTOR#{id}",
    ] {
        for action in ["PutItem", "UpdateItem", "DeleteItem"] {
            let action = format!("dynamodb:{action}");
            assert!(tries(&action, shape).is_err(), "{action} {shape}");
        }
    }
    let uses = "ACCOUNT#{id}#KEY_USES";
    assert_eq!(tries("dynamodb:UpdateItem", uses), Ok(()));
    assert!(tries("dynamodb:DeleteItem", uses).is_err());
}

#[test]
fn whoever_writes_is_denied_to_change_an_audit_entry_whatever_else_the_role_allows() {
    let template = template();
    let judge = Judge::of(&template).unwrap();
    let writers: BTreeSet<String> = aws_calls::all(&template)
        .iter()
        .filter(|line| {
            [
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
            ]
            .iter()
            .any(|action| line.contains(action))
        })
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect();
    assert!(writers.len() >= 9, "{writers:?}");
    for caller in writers {
        for action in CHANGES {
            let request = Request::new(action, "Table").of_partitions([example_of(AUDIT)]);
            let denied = Err(Refusal::Denied {
                sid: "NeverChangeAuditEntries".to_owned(),
            });
            assert_eq!(judge.decide(&caller, &request), denied, "{caller} {action}");
        }
    }
}

#[test]
fn any_change_of_any_statement_is_noticed() {
    let original = template();
    let judge = Judge::of(&original).unwrap();
    let mut changes = 0;
    for caller in judge.callers() {
        let role_id = judge.role_of(caller).unwrap();
        let roles = original.of_type("AWS::IAM::Role");
        let role = *roles.iter().find(|role| role.id == role_id).unwrap();
        let trials = trials(&original, caller);
        for index in 0..role.statements().len() {
            for (what, changed) in changed_statements(role, index) {
                let place = format!("{role_id} / {}: {what}", role.statements()[index]["Sid"]);
                let lawful = changed.as_ref().is_none_or(is_lawful);
                let template = with_statement(&original, role, index, changed);
                let noticed = Judge::of(&template).map_or(true, |judge| {
                    trials
                        .iter()
                        .any(|trial| trial.problem(&judge, caller).is_some())
                });
                assert!(noticed || !lawful, "nobody noticed: {place}");
                changes += 1;
            }
        }
    }
    assert!(changes > 500, "{changes} changes were tried");
}

/// Every difference between a role and the calls.
fn problems(template: &Template) -> Vec<String> {
    let judge = Judge::of(template).unwrap();
    let mut unknown = aws_calls::all(template);
    let mut problems = Vec::new();
    for caller in judge.callers() {
        for trial in trials(template, caller) {
            unknown.remove(&trial.line);
            problems.extend(trial.problem(&judge, caller));
        }
    }
    problems.extend(
        unknown
            .iter()
            .map(|line| format!("the matrix does not try: {line}")),
    );
    problems
}

/// A request and its expected outcome.
struct Trial {
    request: Request,
    /// The request as a line of the list of calls.
    line: String,
    is_called: bool,
    /// Whether the refusal must come from an explicit Deny.
    must_be_denied: bool,
}

impl Trial {
    fn problem(&self, judge: &Judge, caller: &str) -> Option<String> {
        let line = &self.line;
        match judge.decide(caller, &self.request) {
            Ok(()) if !self.is_called => Some(format!("allowed, and never called: {line}")),
            Err(refusal) if self.is_called => Some(format!("{refusal}: {line}")),
            Err(Refusal::NotAllowed { .. }) if self.must_be_denied => {
                Some(format!("not denied: {line}"))
            }
            _ => None,
        }
    }
}

/// Every trial of one caller.
fn trials(template: &Template, caller: &str) -> Vec<Trial> {
    let calls = aws_calls::all(template);
    let writes = writes(&calls, caller);
    let trial = |(request, kind): (Request, String)| {
        let line = aws_calls::line(caller, &request.action, &request.resource, &kind);
        let changes_audit = kind == AUDIT && CHANGES.contains(&request.action.as_str());
        Trial {
            is_called: calls.contains(&line),
            must_be_denied: writes && changes_audit && request.resource == "Table",
            line,
            request,
        }
    };
    universe(template).into_iter().map(trial).collect()
}

fn writes(calls: &BTreeSet<String>, caller: &str) -> bool {
    let writes = |action: &str| {
        let beginning = format!("{caller} dynamodb:{action} ");
        calls.iter().any(|line| line.starts_with(&beginning))
    };
    ["PutItem", "UpdateItem", "DeleteItem"]
        .into_iter()
        .any(writes)
}

/// Every request to try, each with its kind of rows or its encryption context.
fn universe(template: &Template) -> Vec<(Request, String)> {
    let mut tried = Vec::new();
    let elsewhere = "Elsewhere";
    let calls = aws_calls::all(template);
    let called = calls
        .iter()
        .filter_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [_, action, "Table", shape] if ROW_ACTIONS.contains(&action) => Some(shape),
            _ => None,
        });
    let partitions: BTreeSet<&str> = called.chain(PARTITIONS.map(|(_, shape)| shape)).collect();
    for shape in &partitions {
        for action in ROW_ACTIONS {
            for table in ["Table", elsewhere] {
                let request = Request::new(action, table).of_partitions([example_of(shape)]);
                tried.push((request, (*shape).to_owned()));
            }
        }
    }
    let indexes = one_or_many(template.at("/Resources/Table/Properties/GlobalSecondaryIndexes"));
    let indexes = indexes
        .iter()
        .filter_map(|index| index["IndexName"].as_str())
        .map(|name| format!("Table/index/{name}"));
    let queried = calls
        .iter()
        .filter_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [_, "dynamodb:Query", _, shape] => Some(shape),
            _ => None,
        });
    let lists: BTreeSet<&str> = LISTS.into_iter().chain(queried).chain(partitions).collect();
    for queried in indexes.chain(["Table".to_owned(), elsewhere.to_owned()]) {
        for shape in &lists {
            let request = Request::new("dynamodb:Query", &queried);
            tried.push((
                request.of_partitions([example_of(shape)]),
                (*shape).to_owned(),
            ));
        }
        tried.push((Request::new("dynamodb:Scan", &queried), String::new()));
    }
    // Without any context, IAM allows the call and KMS refuses it, because all our ciphertexts have one.
    let contexts: [&[(&str, &str)]; 4] = [
        &[("vestibule", "data-key")],
        &[("vestibule", "other")],
        &[("vestibule", "data-key"), ("other", "any")],
        &[("aws:dynamodb:tableName", "vestibule")],
    ];
    for key in ["Key", elsewhere] {
        for action in ["kms:Decrypt", "kms:GenerateDataKey"] {
            for context in contexts {
                let request = Request::new(action, key);
                let request = request.with_encryption_context(context.iter().copied());
                let said = request.encryption_context();
                tried.push((request, said));
            }
        }
    }
    for action in [
        "ses:SendEmail",
        "ses:SendRawEmail",
        "ses:VerifyEmailIdentity",
    ] {
        let own = Request::of_mail(action, "${EmailFrom}");
        tried.push((own, String::new()));
        for other in ["other", "somebody@example.com"] {
            let request = Request::of_mail(action, other);
            tried.push((request, format!("from={other}")));
        }
    }
    let resources = entries(template.at("/Resources")).map(|(id, _)| id);
    for resource in resources.chain([elsewhere]) {
        for action in OTHER_ACTIONS {
            tried.push((Request::new(action, resource), String::new()));
        }
    }
    tried
}

/// Every possible change of one statement; `None` removes it.
fn changed_statements(role: Resource<'_>, index: usize) -> Vec<(String, Option<Value>)> {
    let statement = role.statements()[index];
    let mut changed = vec![("gone".to_owned(), None)];
    let mut change = |what: String, edit: &dyn Fn(&mut Value)| {
        let mut copy = statement.clone();
        edit(&mut copy);
        assert_ne!(copy, *statement, "{what}");
        changed.push((what, Some(copy)));
    };
    let opposite = if statement["Effect"] == "Allow" {
        "Deny"
    } else {
        "Allow"
    };
    change(format!("it says {opposite}"), &|copy| {
        copy["Effect"] = opposite.into();
    });
    for member in ["Action", "Resource"] {
        let values = one_or_many(&statement[member]);
        for (at, value) in values.iter().enumerate() {
            if values.len() > 1 {
                change(format!("without {value}"), &|copy| {
                    copy[member].as_array_mut().unwrap().remove(at);
                });
            }
        }
        if statement[member] != "*" {
            change(format!("any {member}"), &|copy| copy[member] = "*".into());
        }
    }
    for action in one_or_many(&statement["Action"]) {
        let service = action.as_str().unwrap().split(':').next().unwrap();
        change(format!("all of {service}"), &|copy| {
            copy["Action"] = format!("{service}:*").into();
        });
    }
    for (operator, keys) in entries(&statement["Condition"]) {
        change(format!("without {operator}"), &|copy| {
            copy["Condition"].as_object_mut().unwrap().remove(operator);
        });
        for (key, values) in entries(keys) {
            let values = one_or_many(values);
            let more = if operator.contains("Equals") {
                "other"
            } else {
                "*"
            };
            change(format!("{more} for {key} as well"), &|copy| {
                let values = [values, &[Value::from(more)]].concat();
                copy["Condition"][operator][key] = values.into();
            });
            for (at, value) in values.iter().enumerate() {
                let parameter = value["Ref"].as_str();
                let text = value.as_str().or(parameter).unwrap();
                let mut edits = vec![(format!("without {text}"), None)];
                let kind = text.trim_end_matches("#*");
                if let Some((before, _)) = kind.rsplit_once('#') {
                    let wider = format!("{before}#*");
                    edits.push((format!("{wider} for {text}"), Some(wider)));
                }
                for (what, replacement) in edits {
                    change(what, &|copy| {
                        let mut values = values.to_vec();
                        values.remove(at);
                        values.extend(replacement.clone().map(Value::from));
                        copy["Condition"][operator][key] = values.into();
                    });
                }
            }
        }
    }
    changed
}

fn with_statement(
    template: &Template,
    role: Resource<'_>,
    index: usize,
    statement: Option<Value>,
) -> Template {
    let mut document = template.document().clone();
    let policies = &mut document["Resources"][role.id]["Properties"]["Policies"];
    let all = policies[0]["PolicyDocument"]["Statement"]
        .as_array_mut()
        .unwrap();
    match statement {
        Some(statement) => all[index] = statement,
        None => {
            all.remove(index);
        }
    }
    Template::of(document)
}

#[test]
fn every_kind_of_partition_of_the_matrix_has_the_shape_that_it_is_written_with() {
    for shape in PARTITIONS.map(|(_, shape)| shape).iter().chain(&LISTS) {
        assert_eq!(KeyShape::of(&example_of(shape)).to_string(), *shape);
    }
}
