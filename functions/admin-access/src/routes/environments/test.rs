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
    problem_types,
};
use vestibule_domain::{
    account::{
        AgentEndpoint, Environment,
        agent_tests::{
            RunningTest, TESTS_PER_ACCOUNT, TESTS_PER_PROJECT, TestLimit, TooManyTests, test_time,
        },
    },
    chat::delivery::{Envelope, REPLIES_MAX},
    error::Chain,
    event::{Change, Event},
    ids::DeliveryId,
    ports::{AgentReply, TestStart},
    text::printable,
};
use vestibule_edge::agent::{AgentAnswer, Unreadable, delivery_request};

/// Length at which a text of the agent is cut, in characters.
const SHOWN_MAX_CHARS: usize = 2_000;
/// Length at which an answer that cannot be read is cut, in characters.
const EXCERPT_MAX_CHARS: usize = 200;

problem_types! {
    TESTS_UNDER_WAY = "tests-under-way", TOO_MANY_REQUESTS, "Other test deliveries are under way",
        "An environment has one test at a time; a project and an account have few. Repeat the call after the seconds in `Retry-After`.";
}

/// The agent's answer to a test delivery. A refusal by the agent is an answer, not an error of this API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "status": "malformed", "http_status": 200, "duration_ms": 412, "timeout_seconds": 10,
    "problem": "1 of the replies is not of the form {\"text\": \"…\"} and would be left out.",
    "replies": ["Hi!"], "answer": null, "answer_bytes": 59, "answer_type": "json"
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
    /// Seconds that the agent had: those of the environment, and at most 10.
    timeout_seconds: u64,
    /// Problem and its remedy, in a sentence or more; null if `status` is `ok`.
    problem: Option<String>,
    /// Texts that would be sent to the person if the delivery were not a test, in order; each is cut after
    /// 2,000 characters.
    replies: Vec<String>,
    /// Beginning of an answer that cannot be read, or that refuses the delivery, as printable text of at most
    /// 200 characters. Null for any other answer, and always if the agent is at an origin that the operator
    /// allowed although it is private.
    answer: Option<String>,
    /// Length of the answer in bytes, as far as it was read; null when there was none.
    answer_bytes: Option<u64>,
    /// Type of the answer, judged by its content; null when there was none or it is empty.
    answer_type: Option<AnswerType>,
}

/// Type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum AnswerType {
    /// JSON.
    Json,
    /// Other text.
    Text,
    /// Anything else.
    Binary,
}

impl AnswerType {
    /// Judges a body; `None` for an empty one.
    fn of(body: &[u8]) -> Option<Self> {
        if body.is_empty() {
            None
        } else if serde_json::from_slice::<Value>(body).is_ok() {
            Some(Self::Json)
        } else if str::from_utf8(body).is_ok() {
            Some(Self::Text)
        } else {
            Some(Self::Binary)
        }
    }
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

/// The circumstances of a test.
#[derive(Debug, Clone, Copy)]
struct Circumstances {
    /// Time that the agent had.
    time: Duration,
    /// Time from the call to the end of the answer.
    took: Duration,
    /// Whether a body may be shown that is no answer of an agent. An origin that is allowed although it is
    /// private is allowed for its agent alone: whoever may change an environment could set the address of
    /// any other page there, and read it by a test.
    shows_bodies: bool,
}

impl TestDeliveryResponse {
    fn of(reply: AgentReply, of: &Circumstances) -> Self {
        let empty = Self {
            status: TestDeliveryStatus::Ok,
            http_status: None,
            duration_ms: u64::try_from(of.took.as_millis()).unwrap_or(u64::MAX),
            timeout_seconds: of.time.as_secs(),
            problem: None,
            replies: Vec::new(),
            answer: None,
            answer_bytes: None,
            answer_type: None,
        };
        match reply {
            AgentReply::Answered { status, body } => {
                let answer = AgentAnswer::read(&body);
                let is_unreadable = answer.unreadable.is_some();
                Self {
                    status: if answer.is_whole() {
                        TestDeliveryStatus::Ok
                    } else {
                        TestDeliveryStatus::Malformed
                    },
                    http_status: Some(status),
                    problem: faults(&answer),
                    replies: answer.texts.iter().map(|text| shown(text)).collect(),
                    ..empty.with_body(&body, is_unreadable && of.shows_bodies)
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
                ..empty.with_body(&body, of.shows_bodies)
            },
            AgentReply::Unreachable { reason } => Self {
                status: TestDeliveryStatus::Unreachable,
                problem: Some(format!(
                    "The agent gave no answer: {reason}. It must answer a test within {} seconds, at a public address.",
                    of.time.as_secs()
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

    /// Describes a body, and shows its beginning if that is allowed and it is text.
    fn with_body(self, body: &[u8], is_shown: bool) -> Self {
        let answer_type = AnswerType::of(body);
        let is_text = matches!(answer_type, Some(AnswerType::Json | AnswerType::Text));
        Self {
            answer: (is_shown && is_text).then(|| excerpt(body)),
            answer_bytes: u64::try_from(body.len()).ok(),
            answer_type,
            ..self
        }
    }
}

/// The beginning of a body, without control characters.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    printable(&text).take(EXCERPT_MAX_CHARS).collect()
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX_CHARS).collect()
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

/// Says what of an answer would not be sent, each fault as a sentence. `None` if all of it would be.
fn faults(answer: &AgentAnswer) -> Option<String> {
    let mut faults = Vec::new();
    if let Some(unreadable) = answer.unreadable {
        faults.push(unreadable_fault(unreadable));
    }
    if answer.malformed > 0 {
        let count = counted(answer.malformed);
        faults.push(format!(
            "{count} not of the form {{\"text\": \"…\"}} and would be left out."
        ));
    }
    for field in &answer.malformed_fields {
        faults.push(format!(
            "`{field}` is not of the documented form and would be left out."
        ));
    }
    if answer.surplus > 0 {
        let all = REPLIES_MAX + answer.surplus;
        faults.push(format!(
            "There are {all} replies; only the first {REPLIES_MAX} would be sent."
        ));
    }
    if answer.blank > 0 {
        let count = counted(answer.blank);
        faults.push(format!("{count} blank and would be left out."));
    }
    (!faults.is_empty()).then(|| faults.join(" "))
}

/// Says why an answer cannot be read, without a word of it.
fn unreadable_fault(unreadable: Unreadable) -> String {
    let Unreadable {
        is_json,
        line,
        column,
    } = unreadable;
    let reason = if is_json {
        "it has another form"
    } else {
        "it is not JSON"
    };
    format!(
        "The answer is not of the form {{\"replies\": [{{\"text\": \"…\"}}]}}, so nothing would be sent: {reason} (line {line}, column {column})."
    )
}

fn counted(count: usize) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{count} of the replies {verb}")
}

/// The refusal of a test while others are under way.
fn too_many(refused: TooManyTests) -> ApiError {
    let running = match refused.limit {
        TestLimit::Environment => "A test of this environment is under way.".to_owned(),
        TestLimit::Project => {
            format!("{TESTS_PER_PROJECT} tests of environments of this project are under way.")
        }
        TestLimit::Account => {
            format!("{TESTS_PER_ACCOUNT} tests of environments of this account are under way.")
        }
    };
    ApiError::new(&TESTS_UNDER_WAY)
        .with_detail(format!(
            "{running} Repeat the call after the seconds in `Retry-After`."
        ))
        .with_retry_after(refused.wait)
}

/// Test the agent
///
/// Sends a signed delivery of the type `test` to the environment's agent, and shows its answer. Nothing of
/// the answer is sent to anybody, and no conversation is touched. It can be repeated, one test after the other;
/// each is a delivery of its own. The agent has 10 seconds at most.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/environments/{environment_id}/test",
    tag = "Environments",
    params(EnvironmentPath),
    responses(
        (status = 200, description = "The agent's answer: see `status`.", body = TestDeliveryResponse),
        (status = 409, description = "The environment has no agent.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "A test of this environment is under way, or several of its project or account.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = String, description = "Seconds to wait."))),
    )
)]
pub async fn test_environment(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<EnvironmentPath>,
) -> Result<Json<TestDeliveryResponse>, ApiError> {
    let scope = call.scope();
    let environment = read(&deps, scope.project(path.project_id), path.environment_id).await?;
    let agent = environment.agent.as_ref().ok_or(&NO_AGENT)?;
    let id = DeliveryId::new(call.ids().draw());
    let now = call.now();
    // Written before the call, so that a test whose execution is killed is on record too. What came of it is
    // in the answer alone: an audit entry is never changed.
    let change = Change {
        event: Event::EnvironmentTested(environment.id),
        before: Value::Null,
        after: json!({"delivery_id": id}),
    };
    let entry = call.audit(change, now);
    let test = RunningTest::begun(&environment, id, now);
    let environments = &deps.environments;
    match environments.begin_test(scope, &test, now, &entry).await? {
        TestStart::Begun => log(&entry),
        TestStart::TooMany(refused) => return Err(too_many(refused)),
    }
    let tested = deliver(&deps, &call, &environment, agent, id).await;
    if let Err(error) = environments.end_test(scope, id, call.now()).await {
        tracing::warn!(
            environment.id = %environment.id,
            error = %Chain(&error),
            "the end of a test was not recorded; the next one has to wait for its time"
        );
    }
    tested.map(Json)
}

/// Sends the delivery, and reads the answer.
async fn deliver(
    deps: &Deps,
    call: &Call,
    environment: &Environment,
    agent: &AgentEndpoint,
    id: DeliveryId,
) -> Result<TestDeliveryResponse, ApiError> {
    let sent_at = call.now();
    let envelope = Envelope::test(environment, id, sent_at);
    let vault = deps.vault.as_ref();
    let mut request = delivery_request(vault, environment, agent, &envelope, sent_at).await?;
    let time = test_time(agent.timeout);
    request.timeout = time;
    let called_at = call.now();
    let reply = deps.agents.post(request).await;
    let of = Circumstances {
        time,
        took: call.now().since(called_at),
        shows_bodies: deps.agent_origin_allowlist.admit(&agent.endpoint).is_none(),
    };
    Ok(TestDeliveryResponse::of(reply, &of))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: &str =
        r#"The answer is not of the form {"replies": [{"text": "…"}]}, so nothing would be sent: "#;

    fn shown_to(reply: AgentReply, shows_bodies: bool) -> TestDeliveryResponse {
        let of = Circumstances {
            time: Duration::from_secs(10),
            took: Duration::from_millis(412),
            shows_bodies,
        };
        TestDeliveryResponse::of(reply, &of)
    }

    fn of(reply: AgentReply) -> TestDeliveryResponse {
        shown_to(reply, true)
    }

    fn answer(body: impl Into<Vec<u8>>) -> AgentReply {
        AgentReply::Answered {
            status: 200,
            body: body.into(),
        }
    }

    fn refuse(status: u16, body: &str) -> AgentReply {
        AgentReply::Refused {
            status,
            body: body.into(),
            after: None,
        }
    }

    #[test]
    fn an_answer_in_the_documented_form_shows_the_texts_that_would_be_sent() {
        for (body, replies, answer_type) in [
            ("", vec![], None),
            (" \n", vec![], Some(AnswerType::Text)),
            ("{}", vec![], Some(AnswerType::Json)),
            (
                r#"{"replies": [{"text": "one", "buttons": []}, {"text": "two"}], "more": 1}"#,
                vec!["one", "two"],
                Some(AnswerType::Json),
            ),
        ] {
            let shown = of(answer(body));
            assert_eq!(shown.status, TestDeliveryStatus::Ok, "{body}");
            assert_eq!(shown.problem, None, "{body}");
            assert_eq!(shown.replies, replies, "{body}");
            assert_eq!(shown.answer, None, "{body}");
            assert_eq!(shown.answer_bytes, u64::try_from(body.len()).ok());
            assert_eq!(shown.answer_type, answer_type, "{body}");
            assert_eq!((shown.http_status, shown.duration_ms), (Some(200), 412));
            assert_eq!(shown.timeout_seconds, 10);
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
            let shown = of(answer(body.to_string()));
            assert_eq!(shown.status, TestDeliveryStatus::Malformed, "{body}");
            assert_eq!(shown.problem.as_deref(), Some(problem));
            assert_eq!(shown.replies.len(), sent, "{body}");
            assert_eq!(shown.answer, None, "{body}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_explained_and_its_beginning_is_shown() {
        for (body, reason, beginning) in [
            (
                r#"{"replies": "hello"}"#,
                "it has another form (line 1, column ",
                r#"{"replies": "hello"}"#,
            ),
            ("hello", "it is not JSON (line 1, column ", "hello"),
            (
                "<p>\r\n\thello\u{7}</p>",
                "it is not JSON (line 1, column ",
                "<p>   hello</p>",
            ),
        ] {
            let shown = of(answer(body));
            assert_eq!(shown.status, TestDeliveryStatus::Malformed, "{body}");
            let problem = shown.problem.unwrap();
            let expected = format!("{DOCUMENTED}{reason}");
            assert!(problem.starts_with(&expected), "{problem}");
            assert!(shown.replies.is_empty());
            assert_eq!(shown.answer.as_deref(), Some(beginning));
        }
        let shown = of(answer([0x89, b'P', b'N', b'G', 0xff]));
        assert_eq!(shown.answer, None);
        assert_eq!(shown.answer_type, Some(AnswerType::Binary));
    }

    #[test]
    fn no_body_of_a_private_origin_is_shown_that_is_no_answer_of_an_agent() {
        let canary = "canary of a page inside";
        for reply in [
            answer(canary),
            answer(json!({ "replies": canary }).to_string()),
            answer(json!({ canary: 1, "replies": {canary: 1} }).to_string()),
            answer(json!({"replies": [{"message": canary}]}).to_string()),
            refuse(404, canary),
        ] {
            let shown = shown_to(reply, false);
            assert_eq!(shown.answer, None);
            assert!(shown.answer_bytes.is_some_and(|bytes| bytes > 20));
            assert!(shown.answer_type.is_some());
            let all = serde_json::to_string(&shown).unwrap();
            assert!(!all.contains("canary"), "{all}");
        }
        let reply = answer(json!({"replies": [{"text": "one"}]}).to_string());
        assert_eq!(shown_to(reply, false).replies, ["one"]);
    }

    #[test]
    fn what_is_shown_of_an_answer_is_bounded() {
        let long = "é".repeat(SHOWN_MAX_CHARS + 1);
        let shown = of(answer(json!({"replies": [{"text": long}]}).to_string()));
        assert_eq!(shown.replies[0].chars().count(), SHOWN_MAX_CHARS);
        for reply in [
            answer(json!({ "replies": long }).to_string()),
            answer(long.clone()),
            refuse(500, &long),
        ] {
            let shown = of(reply);
            assert_eq!(shown.answer.unwrap().chars().count(), EXCERPT_MAX_CHARS);
            assert!(shown.problem.unwrap().chars().count() < EXCERPT_MAX_CHARS);
        }
    }

    #[test]
    fn a_refusal_shows_its_status_the_beginning_of_its_body_and_a_remedy() {
        for (status, remedy) in [
            (302, "Redirects are not followed"),
            (401, "signing secret"),
            (404, "path"),
            (500, "Any 2xx"),
        ] {
            let shown = of(refuse(status, "no"));
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
        assert_eq!(shown.answer_bytes, None);
        let problem = shown.problem.unwrap();
        assert!(problem.contains("timed out") && problem.contains("10 seconds"));
        let shown = of(AgentReply::Forbidden {
            reason: "must be public".to_owned(),
        });
        assert_eq!(shown.status, TestDeliveryStatus::Forbidden);
        assert!(shown.problem.unwrap().contains("must be public"));
        let shown = of(AgentReply::AnsweredTooMuch { status: 201 });
        assert_eq!(shown.status, TestDeliveryStatus::Malformed);
        assert_eq!(shown.http_status, Some(201));
    }

    #[test]
    fn a_refused_test_says_what_is_under_way_and_when_to_come_again() {
        for (limit, said) in [
            (TestLimit::Environment, "A test of this environment is"),
            (
                TestLimit::Project,
                "3 tests of environments of this project are",
            ),
            (
                TestLimit::Account,
                "5 tests of environments of this account are",
            ),
        ] {
            let wait = Duration::from_millis(4_001);
            let error = too_many(TooManyTests { limit, wait });
            assert_eq!(error.kind(), &TESTS_UNDER_WAY);
            assert_eq!(error.retry_after_seconds(), Some(5));
            let problem = error.problem("id");
            assert_eq!(problem.status, 429);
            assert!(problem.detail.starts_with(said), "{}", problem.detail);
        }
    }
}
