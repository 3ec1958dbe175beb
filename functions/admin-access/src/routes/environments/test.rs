//! `POST /v1/projects/{project_id}/environments/{environment_id}/test`

use super::{NO_AGENT, read};
use crate::{Deps, api_types::EnvironmentPath};
use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    account::agent::AgentTimeout,
    chat::delivery::{AgentResponse, Envelope, REPLIES_MAX},
    event::{Change, Event},
    ids::DeliveryId,
    ports::AgentReply,
};
use vestibule_edge::agent::delivery_request;
use vestibule_providers::json::read as read_json;

/// Length at which a text of the agent is cut, in characters.
const SHOWN_MAX_CHARS: usize = 2_000;
/// Length at which an error about the agent's answer is cut, in characters: it may quote the answer.
const ERROR_MAX_CHARS: usize = 200;

/// The agent's answer to a test delivery. A refusal by the agent is an answer, not an error of this API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "status": "malformed", "http_status": 200, "duration_ms": 412,
    "problem": "1 of the replies is not of the form {\"text\": \"…\"} and would be left out.",
    "replies": ["Hi!"], "answer": "{\"replies\": [{\"text\": \"Hi!\"}, {\"message\": \"How are you?\"}]}"
}))]
pub struct TestDeliveryResponse {
    /// Outcome. `ok`: the agent answered in the documented form. `malformed`: it accepted the delivery,
    /// and not all of its answer would be sent. `refused`: it answered with a status other than 2xx.
    /// `unreachable`: it gave no answer in time. `forbidden`: its address may not be called.
    status: TestDeliveryStatus,
    /// HTTP status of the answer; null when there was none.
    http_status: Option<u16>,
    /// Milliseconds from the call to the end of the answer.
    duration_ms: u64,
    /// Problem and its remedy, in a sentence or more; null if `status` is `ok`.
    problem: Option<String>,
    /// Texts that would be sent to the person if the delivery were not a test, in order; each is cut after
    /// 2,000 characters.
    replies: Vec<String>,
    /// Body of the answer as text, cut after 2,000 characters; null when there was none.
    answer: Option<String>,
}

/// Outcome of a test delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum TestDeliveryStatus {
    /// The agent answered in the documented form.
    Ok,
    /// The agent accepted the delivery, and not all of its answer would be sent.
    Malformed,
    /// The agent answered with a status other than 2xx.
    Refused,
    /// The agent gave no answer in time.
    Unreachable,
    /// The agent's address may not be called.
    Forbidden,
}

impl TestDeliveryResponse {
    fn of(reply: AgentReply, timeout: AgentTimeout, took: Duration) -> Self {
        let empty = Self {
            status: TestDeliveryStatus::Ok,
            http_status: None,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            problem: None,
            replies: Vec::new(),
            answer: None,
        };
        match reply {
            AgentReply::Answered { status, body } => {
                let read = ReadAnswer::of(&body);
                Self {
                    status: if read.faults.is_empty() {
                        TestDeliveryStatus::Ok
                    } else {
                        TestDeliveryStatus::Malformed
                    },
                    http_status: Some(status),
                    problem: (!read.faults.is_empty()).then(|| read.faults.join(" ")),
                    replies: read.replies,
                    answer: shown_body(&body),
                    ..empty
                }
            }
            AgentReply::AnsweredTooMuch { status } => Self {
                status: TestDeliveryStatus::Malformed,
                http_status: Some(status),
                problem: Some(
                    "The answer is too long to be read, so nothing would be sent.".to_owned(),
                ),
                ..empty
            },
            AgentReply::Refused { status, body, .. } => Self {
                status: TestDeliveryStatus::Refused,
                http_status: Some(status),
                problem: Some(refusal(status)),
                answer: shown_body(&body),
                ..empty
            },
            AgentReply::Unreachable { reason } => Self {
                status: TestDeliveryStatus::Unreachable,
                problem: Some(format!(
                    "The agent gave no answer: {reason}. It must answer within {} seconds, at a public address.",
                    timeout.seconds()
                )),
                ..empty
            },
            AgentReply::Forbidden { reason } => Self {
                status: TestDeliveryStatus::Forbidden,
                problem: Some(format!(
                    "The agent's address may not be called: it {reason}."
                )),
                ..empty
            },
        }
    }

    /// The outcome as the audit log records it.
    fn facts(&self) -> Value {
        json!({"status": self.status, "http_status": self.http_status})
    }
}

/// Says what a status other than 2xx means.
fn refusal(status: u16) -> String {
    let remedy = match status {
        300..=399 => "Redirects are not followed: set the address to which this one leads.",
        401 | 403 => {
            "Check that the agent verifies the signature with this environment's signing secret, over the body as received."
        }
        404 | 405 => "Check the path of the agent's endpoint; deliveries are POST requests.",
        _ => "Any 2xx status accepts a delivery.",
    };
    format!("The agent answered with the status {status}. {remedy}")
}

/// An answer as it would be used.
#[derive(Debug, Default, PartialEq, Eq)]
struct ReadAnswer {
    replies: Vec<String>,
    /// Each fault as a sentence.
    faults: Vec<String>,
}

impl ReadAnswer {
    fn of(body: &[u8]) -> Self {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Self::default();
        }
        match read_json::<AgentResponse>(body) {
            Ok(response) => Self::of_response(response),
            Err(error) => {
                let error = cut(&error.to_string(), ERROR_MAX_CHARS);
                let fault = format!(
                    "The answer is not of the form {{\"replies\": [{{\"text\": \"…\"}}]}}, so nothing would be sent: {error}."
                );
                Self {
                    replies: Vec::new(),
                    faults: vec![fault],
                }
            }
        }
    }

    fn of_response(response: AgentResponse) -> Self {
        let mut faults = Vec::new();
        if response.malformed > 0 {
            let count = counted(response.malformed);
            faults.push(format!(
                "{count} not of the form {{\"text\": \"…\"}} and would be left out."
            ));
        }
        for field in &response.malformed_fields {
            faults.push(format!(
                "`{field}` is not of the documented form and would be left out."
            ));
        }
        let all = response.replies.len();
        if all > REPLIES_MAX {
            faults.push(format!(
                "There are {all} replies; only the first {REPLIES_MAX} would be sent."
            ));
        }
        let texts = response.replies.into_iter().take(REPLIES_MAX);
        let (sent, blank): (Vec<_>, Vec<_>) =
            texts.partition(|reply| !reply.text.trim().is_empty());
        if !blank.is_empty() {
            let count = counted(blank.len());
            faults.push(format!("{count} blank and would be left out."));
        }
        let shown = |text: &str| cut(text, SHOWN_MAX_CHARS);
        Self {
            replies: sent.iter().map(|reply| shown(&reply.text)).collect(),
            faults,
        }
    }
}

fn counted(count: usize) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{count} of the replies {verb}")
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// A body as text; `None` for an empty one.
fn shown_body(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    (!text.is_empty()).then(|| cut(&text, SHOWN_MAX_CHARS))
}

/// Test the agent
///
/// Sends a signed delivery of the type `test` to the environment's agent, and shows its answer. Nothing of
/// the answer is sent to anybody, and no conversation is touched. It can be repeated; each is a delivery of
/// its own.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/environments/{environment_id}/test",
    tag = "Environments",
    params(EnvironmentPath),
    responses(
        (status = 200, description = "The agent's answer: see `status`.", body = TestDeliveryResponse),
        (status = 409, description = "The environment has no agent.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn test_environment(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<EnvironmentPath>,
) -> Result<Json<TestDeliveryResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let environment = read(&deps, scope, path.environment_id).await?;
    let agent = environment.agent.as_ref().ok_or(&NO_AGENT)?;
    let id = DeliveryId::new(call.ids().draw());
    let sent_at = call.now();
    let envelope = Envelope::test(&environment, id, sent_at);
    let vault = deps.vault.as_ref();
    let request = delivery_request(vault, &environment, agent, &envelope, sent_at).await?;
    let called_at = call.now();
    let reply = deps.agents.post(request).await;
    let took = call.now().since(called_at);
    let response = TestDeliveryResponse::of(reply, agent.timeout, took);
    let change = Change {
        event: Event::EnvironmentTested(environment.id),
        before: Value::Null,
        after: response.facts(),
    };
    let entry = call.audit(change, call.now());
    deps.environments.record(&entry).await?;
    log(&entry);
    Ok(Json(response))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: &str =
        r#"The answer is not of the form {"replies": [{"text": "…"}]}, so nothing would be sent: "#;

    fn of(reply: AgentReply) -> TestDeliveryResponse {
        TestDeliveryResponse::of(reply, AgentTimeout::default(), Duration::from_millis(412))
    }

    fn answered(body: &str) -> TestDeliveryResponse {
        of(AgentReply::Answered {
            status: 200,
            body: body.into(),
        })
    }

    #[test]
    fn an_answer_in_the_documented_form_shows_the_texts_that_would_be_sent() {
        for (body, replies) in [
            ("", vec![]),
            (" \n", vec![]),
            ("{}", vec![]),
            (r#"{"replies": []}"#, vec![]),
            (
                r#"{"replies": [{"text": "one", "buttons": []}, {"text": "two"}], "more": 1}"#,
                vec!["one", "two"],
            ),
        ] {
            let shown = answered(body);
            assert_eq!(shown.status, TestDeliveryStatus::Ok, "{body}");
            assert_eq!(shown.problem, None, "{body}");
            assert_eq!(shown.replies, replies, "{body}");
            assert_eq!(shown.answer.unwrap_or_default(), body);
            assert_eq!((shown.http_status, shown.duration_ms), (Some(200), 412));
        }
    }

    #[test]
    fn everything_that_would_be_left_out_of_an_answer_is_said() {
        let many = vec![json!({"text": "x"}); 12];
        for (body, sent, problem) in [
            (
                json!({"replies": [{"text": "a"}, {"message": "b"}]}),
                1,
                r#"1 of the replies is not of the form {"text": "…"} and would be left out."#,
            ),
            (
                json!({"replies": [{"text": " "}, {"text": "a"}, {"text": ""}, 7]}),
                1,
                r#"1 of the replies is not of the form {"text": "…"} and would be left out. 2 of the replies are blank and would be left out."#,
            ),
            (
                json!({"replies": [{"text": "a"}], "handoff": "sales", "typing": 1}),
                1,
                "`handoff` is not of the documented form and would be left out. `typing` is not of the documented form and would be left out.",
            ),
            (
                json!({ "replies": many }),
                10,
                "There are 12 replies; only the first 10 would be sent.",
            ),
        ] {
            let shown = answered(&body.to_string());
            assert_eq!(shown.status, TestDeliveryStatus::Malformed, "{body}");
            assert_eq!(shown.problem.as_deref(), Some(problem));
            assert_eq!(shown.replies.len(), sent, "{body}");
        }
        for body in [r#"{"replies": "hello"}"#, "hello", "[1"] {
            let shown = answered(body);
            assert_eq!(shown.status, TestDeliveryStatus::Malformed, "{body}");
            let problem = shown.problem.unwrap();
            assert!(problem.starts_with(DOCUMENTED), "{problem}");
            assert!(shown.replies.is_empty());
        }
    }

    #[test]
    fn what_is_shown_of_an_answer_is_bounded() {
        let long = "é".repeat(SHOWN_MAX_CHARS + 1);
        let shown = answered(&json!({"replies": [{"text": long}]}).to_string());
        assert_eq!(shown.replies[0].chars().count(), SHOWN_MAX_CHARS);
        assert_eq!(shown.answer.unwrap().chars().count(), SHOWN_MAX_CHARS);
        let shown = answered(&json!({ "replies": long }).to_string());
        assert!(shown.problem.unwrap().chars().count() < 2 * ERROR_MAX_CHARS);
    }

    #[test]
    fn a_refusal_shows_its_status_its_body_and_a_remedy() {
        for (status, remedy) in [
            (302, "Redirects are not followed"),
            (401, "signing secret"),
            (404, "path"),
            (500, "Any 2xx"),
        ] {
            let shown = of(AgentReply::Refused {
                status,
                body: b"no".to_vec(),
                after: None,
            });
            assert_eq!(shown.status, TestDeliveryStatus::Refused);
            assert_eq!(shown.http_status, Some(status));
            assert_eq!(shown.answer.as_deref(), Some("no"));
            assert!(shown.problem.unwrap().contains(remedy), "{status}");
        }
    }

    #[test]
    fn an_agent_that_was_not_called_or_did_not_answer_has_a_reason_instead_of_a_status() {
        let shown = of(AgentReply::Unreachable {
            reason: "timed out".to_owned(),
        });
        assert_eq!(shown.status, TestDeliveryStatus::Unreachable);
        assert_eq!(shown.http_status, None);
        let problem = shown.problem.unwrap();
        assert!(problem.contains("timed out") && problem.contains("25 seconds"));
        let shown = of(AgentReply::Forbidden {
            reason: "must be public".to_owned(),
        });
        assert_eq!(shown.status, TestDeliveryStatus::Forbidden);
        assert!(shown.problem.unwrap().contains("must be public"));
        let shown = of(AgentReply::AnsweredTooMuch { status: 201 });
        assert_eq!(shown.status, TestDeliveryStatus::Malformed);
        assert_eq!(shown.http_status, Some(201));
    }
}
