//! The environment variables that a function reads, taken from its source.

use crate::document::root;
use std::{collections::BTreeSet, fs};

/// The methods of `Vars` that read a variable.
const READERS: [&str; 4] = ["required", "optional", "parsed", "of"];

/// The variables that the function of this folder reads. Lambda itself sets those of `AwsSettings`.
pub fn read_by(folder: &str) -> BTreeSet<String> {
    let main = source(&format!("functions/{folder}/src/main.rs"));
    let mut names = names_in(&main);
    let missed: Vec<_> = literals(&main)
        .filter(|literal| is_variable_name(literal) && !names.contains(*literal))
        .collect();
    assert!(
        missed.is_empty(),
        "{folder}: {missed:?} look like variables and are read in a way that this test does not know"
    );
    if main.contains("logging::init(&mutvars)") {
        names.extend(names_in(&source("shared/edge/src/logging.rs")));
    }
    assert!(!names.is_empty(), "{folder} reads no variable");
    names
}

/// A source file up to its tests, without white space, so that it does not matter how it is laid out.
fn source(path: &str) -> String {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.split_whitespace().collect()
}

fn names_in(code: &str) -> BTreeSet<String> {
    code.split("vars.")
        .skip(1)
        .filter_map(|call| {
            let (method, rest) = call.split_once("(\"")?;
            let method = method.split("::<").next()?;
            READERS.contains(&method).then(|| rest.split('"').next())?
        })
        .map(str::to_owned)
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
        vars.finish()?;
    "#
    .split_whitespace()
    .collect();
    let names: Vec<_> = names_in(&code).into_iter().collect();
    assert_eq!(
        names,
        ["AGENT_ORIGIN_ALLOWLIST", "COUNT", "RUST_LOG", "TABLE_NAME"]
    );
}
