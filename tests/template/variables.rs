//! The environment variables that a function reads, taken from its source.

use std::{collections::BTreeSet, fs};
use vestibule_providers::outgoing::Api;
use vestibule_testkit::template::root;

/// The methods of `Vars` that read a variable.
const READERS: [&str; 4] = ["required", "optional", "parsed", "of"];

/// Calls that read variables for their caller, and the source of each.
const READ_BY_OTHERS: [(&str, &str); 4] = [
    ("logging::init(&mutvars)", "shared/edge/src/logging.rs"),
    ("config::public_url(&mutvars)", "shared/edge/src/config.rs"),
    (
        "vestibule_coldstart::webhook(",
        "shared/coldstart/src/lib.rs",
    ),
    (PLATFORMS, "shared/adapters/src/egress/platforms.rs"),
];
/// This one reads the variable of every [`Api`], besides those that it names.
const PLATFORMS: &str = "PlatformAddresses::read(&mutvars)";

/// The variables that the function of this folder reads. Lambda itself sets those of `AwsSettings`.
pub fn read_by(folder: &str) -> BTreeSet<String> {
    let names = read_in(&format!("functions/{folder}/src/main.rs"));
    assert!(!names.is_empty(), "{folder} reads no variable");
    names
}

fn read_in(path: &str) -> BTreeSet<String> {
    let code = source(path);
    let mut names = names_in(&code);
    if path.ends_with("/main.rs") {
        let missed: Vec<_> = literals(&code)
            .filter(|literal| is_variable_name(literal) && !names.contains(*literal))
            .collect();
        assert!(
            missed.is_empty(),
            "{path}: {missed:?} look like variables and are read in a way that this test does not know"
        );
    }
    for (call, path) in READ_BY_OTHERS {
        if code.contains(call) {
            names.extend(read_in(path));
            if call == PLATFORMS {
                names.extend(Api::ALL.map(|api| api.variable().to_owned()));
            }
        }
    }
    names
}

/// A source file up to its tests, without white space, so that it does not matter how it is laid out.
fn source(path: &str) -> String {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.split_whitespace().collect()
}

/// A variable is named by a literal, or by a constant of the same name.
fn names_in(code: &str) -> BTreeSet<String> {
    code.split("vars.")
        .skip(1)
        .filter_map(|call| {
            let (method, rest) = call.split_once('(')?;
            let method = method.split("::<").next()?;
            let name = rest.trim_start_matches('"').split(['"', ',', ')']).next()?;
            (READERS.contains(&method) && is_variable_name(name)).then(|| name.to_owned())
        })
        .collect()
}

fn literals(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

fn is_variable_name(text: &str) -> bool {
    text.len() > 2
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text
            .chars()
            .all(|one| one.is_ascii_uppercase() || one.is_ascii_digit() || one == '_')
}

#[test]
fn variables_are_found_however_the_call_is_laid_out() {
    let code: String = r#"
        let table = Table::new(&aws, &vars.required("TABLE_NAME"));
        let level = vars
            .optional("RUST_LOG")
            .parsed(
                "NOT_OF_VARS", parse);
        let exempt = vars.parsed(
            "AGENT_ORIGIN_ALLOWLIST",
            OriginAllowList::parse,
        );
        let count = vars.of::<u8>("COUNT");
        let origins = vars.parsed(TEAMS_SERVICE_ORIGINS, OriginAllowList::parse);
        let other = vars.required(api.variable());
        vars.finish()?;
    "#
    .split_whitespace()
    .collect();
    let names: Vec<_> = names_in(&code).into_iter().collect();
    assert_eq!(
        names,
        [
            "AGENT_ORIGIN_ALLOWLIST",
            "COUNT",
            "RUST_LOG",
            "TABLE_NAME",
            "TEAMS_SERVICE_ORIGINS",
        ]
    );
}
