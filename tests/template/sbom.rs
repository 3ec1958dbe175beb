//! The software bill of materials that `make build` writes.

use crate::document::{folder, functions, template};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    env::consts::ARCH,
    fs,
    process::{Command, Stdio},
};
use vestibule_testkit::template::root;

/// The bill of all functions as text.
fn bill() -> String {
    let template = template();
    let mut python = Command::new("python3");
    python
        .arg(root().join("infra/scripts/sbom.py"))
        .args(["--target", &format!("{ARCH}-unknown-linux-gnu")])
        .args(functions(&template).into_iter().map(folder))
        .env("CARGO", env!("CARGO"))
        .env("CARGO_NET_OFFLINE", "true")
        .stderr(Stdio::inherit());
    let done = python.output().unwrap();
    assert!(done.status.success());
    String::from_utf8(done.stdout).unwrap()
}

fn text<'a>(component: &'a Value, field: &str) -> &'a str {
    component[field].as_str().unwrap()
}

/// The packages in Cargo.lock, by name and version, and their checksums.
fn locked() -> BTreeMap<(String, String), String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let mut found = BTreeMap::new();
    for block in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = block
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{name} = \"")));
            line.unwrap_or_default().trim_end_matches('"').to_owned()
        };
        found.insert((field("name"), field("version")), field("checksum"));
    }
    found
}

#[test]
fn the_bill_of_materials_names_every_part_once_with_its_version_licence_and_checksum() {
    let bill: Value = serde_json::from_str(&bill()).unwrap();
    assert_eq!(bill["bomFormat"], "CycloneDX");
    assert_eq!(bill["specVersion"], "1.6");
    assert_eq!(bill["metadata"]["component"]["name"], "vestibule");
    let locked = locked();
    let mut references = BTreeSet::from(["vestibule".to_owned()]);
    for component in bill["components"].as_array().unwrap() {
        let reference = text(component, "bom-ref");
        assert!(references.insert(reference.to_owned()), "{reference} twice");
        assert_eq!(text(component, "purl"), reference);
        let (name, version) = (text(component, "name"), text(component, "version"));
        assert!(["required", "excluded"].contains(&text(component, "scope")));
        let licences = component["licenses"].as_array().unwrap();
        assert_eq!(licences.len(), 1, "{reference}: {licences:?}");
        let expression = text(&licences[0], "expression");
        assert!(
            !expression.is_empty() && !expression.contains('/'),
            "{reference}: {expression}"
        );
        if reference.starts_with("pkg:cargo/") {
            let key = (name.to_owned(), version.to_owned());
            let checksum = &locked[&key];
            let told = component["hashes"][0]["content"].as_str();
            assert_eq!(told.unwrap_or_default(), checksum, "{reference}");
        } else {
            let told = component["hashes"][0]["content"].as_str().unwrap();
            assert_eq!(told.len(), 128, "{reference}");
        }
    }
    let mut described = BTreeSet::new();
    for edge in bill["dependencies"].as_array().unwrap() {
        assert!(
            described.insert(text(edge, "ref").to_owned()),
            "{edge} twice"
        );
        for used in edge["dependsOn"].as_array().unwrap() {
            assert!(references.contains(used.as_str().unwrap()), "{edge}");
        }
    }
    assert_eq!(described, references);
}

#[test]
fn the_bill_of_materials_has_what_is_shipped_and_nothing_of_the_tests() {
    let bill: Value = serde_json::from_str(&bill()).unwrap();
    let components = bill["components"].as_array().unwrap();
    let scope = |name: &str| {
        let found = components.iter().find(|part| part["name"] == name);
        found.map(|part| text(part, "scope"))
    };
    for name in [
        "admin-access",
        "webhook-slack",
        "lambda_runtime",
        "ring",
        "serde",
        "react",
    ] {
        assert_eq!(scope(name), Some("required"), "{name}");
    }
    assert_eq!(scope("serde_derive"), Some("excluded"));
    for name in [
        "vestibule-samples",
        "vestibule-testkit",
        "dynoxide-rs",
        "vite",
        "@biomejs/biome",
    ] {
        assert_eq!(scope(name), None, "{name}");
    }
}

#[test]
fn two_builds_of_one_commit_have_the_same_bill_of_materials() {
    assert_eq!(bill(), bill());
}
