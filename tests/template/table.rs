//! Answers of the admin API as people see them through `infra/scripts/table.py`.

use serde_json::{Value, json};
use std::{
    io::Write,
    process::{Command, Stdio},
};
use vestibule_testkit::template::root;

/// The part of an answer that is printed.
fn table(answer: &Value, fields: &[&str]) -> String {
    let mut python = Command::new("python3")
        .arg(root().join("infra/scripts/table.py"))
        .args(fields)
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = python.stdin.take().unwrap();
    input.write_all(answer.to_string().as_bytes()).unwrap();
    drop(input);
    String::from_utf8(python.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_list_is_a_table_of_the_fields_that_were_named_and_says_if_there_is_more() {
    let answer = json!({
        "items": [
            {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "connector": {"name": "Acme Slack"}, "preview": "Is\nanybody there?"},
            {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X", "connector": {"name": "Acme SMS"}, "preview": null},
        ],
        "next_cursor": "b3",
    });
    let lines = [
        "id                          connector.name  preview",
        "01JD3Q3Z9V8M4T6K2N7P5R1S0W  Acme Slack      Is anybody there?",
        "01JD3Q3Z9V8M4T6K2N7P5R1S0X  Acme SMS        -",
        "There are more: add cursor=b3 to the address.",
        "",
    ];
    let fields = ["id", "connector.name", "preview"];
    assert_eq!(table(&answer, &fields), lines.join("\n"));
}

#[test]
fn a_record_is_a_table_of_one_line_and_an_empty_list_says_so() {
    let record = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "status": "approved"});
    let shown = "id                          status\n01JD3Q3Z9V8M4T6K2N7P5R1S0W  approved\n";
    assert_eq!(table(&record, &["id", "status"]), shown);
    let nothing = table(&json!({"items": [], "next_cursor": null}), &["id"]);
    assert_eq!(nothing, "The list is empty.\n");
}

#[test]
fn a_problem_is_shown_whole_and_never_taken_for_an_id() {
    let problem = json!({"type": "/problems/unauthenticated", "title": "No", "detail": "Do this."});
    let shown: Value = serde_json::from_str(&table(&problem, &["id"])).unwrap();
    assert_eq!(shown, problem);
    assert_eq!(table(&problem, &["--first", "id"]), "");
}

#[test]
fn the_first_id_of_a_list_stands_alone_and_an_empty_list_has_none() {
    let answer = json!({"items": [{"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W"}, {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X"}]});
    let first = table(&answer, &["--first", "id"]);
    assert_eq!(first, "01JD3Q3Z9V8M4T6K2N7P5R1S0W\n");
    let none = table(&json!({"items": []}), &["--first", "id"]);
    assert_eq!(none.trim(), "");
}

#[test]
fn what_a_stranger_wrote_does_not_steer_the_terminal_and_does_not_fill_it() {
    let written = format!("\u{1b}[2J\u{9b}2J\u{202e}{}", "long ".repeat(50));
    let shown = table(&json!({"id": "1", "preview": written}), &["preview"]);
    assert!(
        !shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']),
        "{shown:?}"
    );
    assert!(
        shown.lines().all(|line| line.chars().count() <= 40),
        "{shown}"
    );
}
