//! Puts every call that a function makes to AWS before the function's role, as `template.yaml` has it. A function signs with its
//! own name as access key.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};
use vestibule_testkit::{
    fault_proxy::{ArrivedCall, Inspector},
    iam::{Judge, KeyShape, Request},
    template::Template,
};
use vestibule_tests::aws_calls;

static JUDGE: LazyLock<Judge> = LazyLock::new(|| Judge::of(&Template::load().unwrap()).unwrap());
static LISTED: LazyLock<BTreeSet<String>> = LazyLock::new(aws_calls::by_functions);

/// The calls of one world, as `aws_calls.txt` writes them.
#[derive(Debug, Clone, Default)]
pub struct JudgedCalls(Arc<Mutex<BTreeSet<String>>>);

impl JudgedCalls {
    /// Judges calls and keeps them.
    pub fn inspector(&self) -> Inspector {
        let calls = self.clone();
        Inspector::new(move |call| calls.judge(call))
    }

    /// The calls so far.
    pub fn made(&self) -> BTreeSet<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn judge(&self, call: &ArrivedCall) -> Result<(), String> {
        let caller = &call.access_key_id;
        let requests = JUDGE.decide_call(caller, &call.operation, &call.input)?;
        for line in requests.iter().flat_map(|request| lines(caller, request)) {
            if !LISTED.contains(&line) {
                return Err(format!("tests/aws_calls.txt does not list: {line}"));
            }
            let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            made.insert(line);
        }
        Ok(())
    }
}

/// The lines of a request: one for each kind of rows.
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
