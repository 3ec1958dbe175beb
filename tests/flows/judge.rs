//! Checks every AWS call of a function against its role in `template.yaml`. A function uses its own name as
//! access key.

use std::{collections::BTreeSet, sync::LazyLock};
use vestibule_testkit::{
    fault_proxy::{ArrivedCall, Inspector},
    iam::{Judge, KeyShape, Request},
    template::Template,
};
use vestibule_tests::aws_calls;

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::load().unwrap());
static JUDGE: LazyLock<Judge> = LazyLock::new(|| Judge::of(&TEMPLATE).unwrap());
static LISTED: LazyLock<BTreeSet<String>> = LazyLock::new(|| aws_calls::by_functions(&TEMPLATE));

/// Refuses calls that the caller's role does not allow or that `aws_calls.txt` does not list.
pub fn inspector() -> Inspector {
    Inspector::new(judge)
}

fn judge(call: &ArrivedCall) -> Result<(), String> {
    let caller = &call.access_key_id;
    let requests = JUDGE.decide_call(caller, &call.operation, &call.input)?;
    let unlisted = requests
        .iter()
        .flat_map(|request| lines(caller, request))
        .find(|line| !LISTED.contains(line));
    unlisted.map_or(Ok(()), |line| {
        Err(format!("tests/aws_calls.txt does not list: {line}"))
    })
}

/// The lines of a request: one for each kind of row.
fn lines(caller: &str, request: &Request) -> Vec<String> {
    let line = |kind: &str| aws_calls::line(caller, &request.action, &request.resource, kind);
    match request.partitions() {
        [] => vec![line(&request.encryption_context())],
        keys => keys
            .iter()
            .map(|key| line(&KeyShape::of(key).to_string()))
            .collect(),
    }
}
