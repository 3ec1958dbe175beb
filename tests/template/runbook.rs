//! The runbook says of each alarm what to do, and of no other.

use crate::document::{some_of_type, template};
use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
};
use vestibule_adapters::dynamo::keys;
use vestibule_domain::ids::{ConnectorId, DeliveryId};
use vestibule_testkit::template::root;

/// The rows of the runbook that begin with names of alarms: those names, and the other cells.
fn rows(runbook: &str) -> Vec<(Vec<&str>, Vec<&str>)> {
    let mut rows = Vec::new();
    for line in runbook.lines().filter(|line| line.starts_with("| `")) {
        let line = line.trim_matches(['|', ' ']);
        // A bar within a cell is escaped.
        let cells: Vec<&str> = line.split(" | ").collect();
        let names: Vec<&str> = cells[0].split('`').skip(1).step_by(2).collect();
        if names.iter().any(|name| name.ends_with("Alarm")) {
            rows.push((names, cells[1..].to_vec()));
        }
    }
    rows
}

#[test]
fn every_alarm_has_its_line_in_the_runbook_and_every_line_an_alarm() {
    let runbook = fs::read_to_string(root().join("infra/runbook.md")).unwrap();
    let template = template();
    let alarms = some_of_type(&template, "AWS::CloudWatch::Alarm");
    let alarms: BTreeSet<&str> = alarms.into_iter().map(|alarm| alarm.id).collect();
    let mut described = BTreeSet::new();
    for (names, cells) in rows(&runbook) {
        for name in names {
            assert!(described.insert(name), "{name} has two lines");
        }
        assert_eq!(cells.len(), 3, "meaning, place and remedy: {cells:?}");
        for cell in cells {
            assert!(cell.trim().len() > 4, "{described:?}: {cell}");
        }
    }
    assert_eq!(described, alarms);
}

#[test]
fn the_runbook_names_only_functions_and_queues_that_exist() {
    let runbook = fs::read_to_string(root().join("infra/runbook.md")).unwrap();
    let redrive = fs::read_to_string(root().join("infra/scripts/redrive.py")).unwrap();
    let mut checked = 0;
    for (_, cells) in rows(&runbook) {
        for span in cells.join(" ").split('`').skip(1).step_by(2) {
            if ["worker-", "webhook-", "admin-"]
                .iter()
                .any(|kind| span.starts_with(kind))
            {
                assert!(root().join("functions").join(span).exists(), "{span}");
                checked += 1;
            }
            if let Some(queue) = span.strip_prefix("make redrive QUEUE=") {
                assert!(redrive.contains(&format!("\"{queue}\"")), "{queue}");
                checked += 1;
            }
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn the_ids_of_an_event_are_those_of_the_functions() {
    let connector = ConnectorId::derive(&["c"]);
    let key = "slack:T1:C1:1700000000.000100";
    let done = Command::new("python3")
        .arg(root().join("infra/scripts/event_ids.py"))
        .args([&connector.to_string(), key])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let delivery = DeliveryId::derive(&[&connector.to_string(), key]);
    let row = keys::handled_event(connector, key).pk;
    assert_eq!(
        String::from_utf8(done.stdout).unwrap(),
        format!("delivery  {delivery}\nrow       {row}\n")
    );
}
