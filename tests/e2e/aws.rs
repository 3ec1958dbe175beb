//! AWS calls as the stack's owner or as one of its roles.

use crate::stack::Stack;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
};

/// One AWS call, in boto3's spelling.
#[derive(Debug, Clone)]
pub struct AwsCall {
    service: &'static str,
    operation: &'static str,
    arguments: Value,
}

/// A call, such as `call("dynamodb", "get_item", json!({"TableName": …}))`.
pub fn call(service: &'static str, operation: &'static str, arguments: Value) -> AwsCall {
    AwsCall {
        service,
        operation,
        arguments,
    }
}

impl std::fmt::Display for AwsCall {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{}.{}({})",
            self.service, self.operation, self.arguments
        )
    }
}

impl Stack {
    /// Makes calls as the account's owner, who may do everything. Each must succeed.
    pub async fn aws(&self, calls: Vec<AwsCall>) -> Vec<Value> {
        let outcomes = self.outcomes(None, calls.clone()).await;
        calls
            .iter()
            .zip(outcomes)
            .map(|(call, outcome)| {
                outcome.unwrap_or_else(|error| panic!("{call} was answered {error}"))
            })
            .collect()
    }

    /// Makes calls as the role with this logical id. Returns each answer, or the code of its error.
    pub async fn aws_as(&self, role: &str, calls: Vec<AwsCall>) -> Vec<Result<Value, String>> {
        let name = self.facts["roles"][role]
            .as_str()
            .unwrap_or_else(|| panic!("the stack has no {role}"));
        self.outcomes(Some(name.to_owned()), calls).await
    }

    async fn outcomes(
        &self,
        role: Option<String>,
        calls: Vec<AwsCall>,
    ) -> Vec<Result<Value, String>> {
        let calls: Vec<_> = calls
            .into_iter()
            .map(|call| json!({"service": call.service, "operation": call.operation, "arguments": call.arguments}))
            .collect();
        let request = json!({
            "endpoint_url": self.facts["aws_endpoint_url"],
            "region": self.facts["region"],
            "access_key_id": self.facts["aws_access_key_id"],
            "secret_access_key": self.facts["aws_secret_access_key"],
            "role": role,
            "calls": calls,
        });
        let python = self.directory.join("tools/bin/python");
        let outcomes = tokio::task::spawn_blocking(move || run(&python, &request))
            .await
            .unwrap();
        let Value::Array(outcomes) = outcomes else {
            panic!("the script printed {outcomes}");
        };
        outcomes
            .into_iter()
            .map(|mut outcome| match outcome["error"].as_str() {
                Some(code) => Err(code.to_owned()),
                None => Ok(outcome["answer"].take()),
            })
            .collect()
    }
}

/// The script, started once for all tests. It ends with them, when its input closes.
static SCRIPT: Mutex<Option<Script>> = Mutex::new(None);

struct Script {
    process: Child,
    answers: BufReader<ChildStdout>,
}

fn run(python: &Path, request: &Value) -> Value {
    // After a failed test the script's answers are one behind, so a poisoned script is not reused.
    let mut place = SCRIPT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut script = place.take().unwrap_or_else(|| Script::start(python));
    let answer = script.answer(request);
    *place = Some(script);
    answer
}

impl Script {
    fn start(python: &Path) -> Self {
        let mut process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/aws_calls.py"))
            // The developer's own AWS profile must have no influence.
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", python.display()));
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { process, answers }
    }

    fn answer(&mut self, request: &Value) -> Value {
        let requests = self.process.stdin.as_mut().unwrap();
        writeln!(requests, "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the script has ended; it said why");
        serde_json::from_str(&line).unwrap()
    }
}
