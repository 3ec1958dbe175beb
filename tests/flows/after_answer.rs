//! A job that the outbox holds is enqueued once the platform has its answer (DESIGN §3.4).

use crate::{
    left_to_sweeper::Lines,
    world::{SAID, World},
};
use async_trait::async_trait;
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::IntoResponse,
};
use futures_util::FutureExt;
use lambda_http::{Body, Error, Request, Response, service_fn};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    io::Read,
    panic::AssertUnwindSafe,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};
use vestibule_domain::{
    PortError, connector::Connector, job::OnboardingJob, ports::OnboardingQueue,
};
use vestibule_edge::{gateway, intake::Intake, logging, runtime, webhook};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    http_client::HttpClient,
    lambda_events::{self, BodyEncoding, HttpRequest},
    loopback::{Loopback, never},
};

/// The variable with the address of Lambda's Runtime API.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
/// The test that is the process of a function behind the API.
const FUNCTION: &str = "after_answer::a_function_in_a_process_of_its_own";
/// The test that is the process of a worker.
const WORKER: &str = "after_answer::a_worker_in_a_process_of_its_own";
const PATH: &str = "/webhooks/slack/1";
/// A path at which the function panics.
const DEFECTIVE_PATH: &str = "/webhooks/slack/2";
/// Time limit for a call of the process, which takes milliseconds unless the machine is busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// Lets a person write to a function that does not come to the rest, and returns the status.
async fn answered(world: &World, connector: &Connector, person: &str) -> u16 {
    answered_by(&world.functions.intake, world, connector, person).await
}

/// Lets a person write to this function, which does not come to the rest, and returns the status.
async fn answered_by(intake: &Intake, world: &World, connector: &Connector, person: &str) -> u16 {
    let request = world.says(connector, person, SAID);
    let id = connector.id.to_string();
    let event = lambda_events::webhook_call(&request, world.platform.key(), &id);
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let answer = Box::pin(webhook::handle(intake, request)).await;
    answer.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_message_is_answered_before_its_job_is_enqueued_once() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    world.count_from_here();
    assert_eq!(answered(&world, &connector, &ada).await, 200);
    assert_eq!(world.outbox().len(), 1);
    assert_eq!(world.to_aws.count("SQS.SendMessage"), 0);
    for _ in 0..2 {
        world.functions.intake.enqueue_rest().await;
        assert_eq!(world.to_aws.count("SQS.SendMessage"), 1);
    }
    assert!(world.work_onboarding().await);
    assert_eq!(world.welcomes(&ada), 1);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_ends_after_its_answer_leaves_the_job_to_the_sweeper() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    assert_eq!(answered(&world, &connector, &ada).await, 200);
    world.restart();
    assert!(!world.work_onboarding().await);
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
    assert_eq!(world.requests().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_the_queue_refuses_after_the_answer_is_in_the_log_with_its_person_and_done_later()
 {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let body = json!({"__type": "com.amazonaws.sqs#AccessDeniedException", "message": "not now"});
    let refused = Fault::Answer {
        status: 400,
        body: body.to_string(),
    };
    let rule = Rule::new("SQS.SendMessage", refused);
    world.to_aws.inject(rule.until_cleared());
    assert_eq!(answered(&world, &connector, &ada).await, 200);
    let (log, logging) = Lines::begin();
    world.functions.intake.enqueue_rest().await;
    drop(logging);
    let lines = log.with("an onboarding job is left to the sweeper");
    assert_eq!(lines.len(), 1);
    let ids = (&lines[0]["connector.id"], &lines[0]["chat_user.id"]);
    let person = world.chat_user_id(&ada);
    assert_eq!(
        ids,
        (&json!(connector.id.to_string()), &json!(person.to_string()))
    );
    world.to_aws.clear();
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_the_agent_is_enqueued_before_it_is_answered() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    assert_eq!(answered(&world, &open, &ada).await, 200);
    world.restart();
    assert!(world.work_inbox().await);
    assert_eq!(world.agent.deliveries().len(), 1);
    world.settle().await;
}

/// A queue that takes no job: there is a defect in its code.
struct Defective;

#[async_trait]
impl OnboardingQueue for Defective {
    async fn enqueue_onboarding(&self, _: OnboardingJob) -> Result<(), PortError> {
        panic!("a defect of the queue");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_after_an_answer_leaves_its_job_to_the_sweeper_and_the_next_event_is_taken() {
    let mut world = World::new().await;
    let people = ["Ada Lovelace", "Bob Kahn"].map(|name| world.newcomer(name));
    let connector = world.connector.clone();
    let intake = world.webhook_over(Arc::new(Defective));
    for person in &people {
        let status = answered_by(&intake, &world, &connector, person).await;
        assert_eq!(status, 200);
        let rest = AssertUnwindSafe(intake.enqueue_rest()).catch_unwind();
        assert!(rest.await.is_err());
    }
    assert_eq!(world.outbox().len(), 2);
    assert!(world.aws.messages("onboarding").is_empty());
    world.settle().await;
    assert_eq!(world.requests().await.len(), 2);
    for person in &people {
        assert_eq!(world.welcomes(person), 1);
    }
}

/// A process that ends with its test.
struct Process(Child);

impl Process {
    /// Starts this test as a function that this Runtime API gives events.
    fn start(test: &str, server: &Loopback) -> Self {
        let process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(RUNTIME_API, server.address().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "webhook")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Self(process.unwrap())
    }

    /// Ends the process, and returns all that it wrote.
    fn end(mut self) -> String {
        self.0.kill().unwrap();
        let mut written = String::new();
        let mut out = self.0.stdout.take().unwrap();
        out.read_to_string(&mut written).unwrap();
        let mut errors = self.0.stderr.take().unwrap();
        errors.read_to_string(&mut written).unwrap();
        written
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Lambda's Runtime API, which has this many events. It tells the last part of every path that is called, and an error that it
/// is told. If the rest of the first event `fails`, the call with which it begins is refused.
async fn runtime_api(
    path: &str,
    events: usize,
    fails: bool,
    calls: UnboundedSender<String>,
) -> Loopback {
    let call = HttpRequest {
        method: "POST",
        path,
        query: "",
        headers: Vec::new(),
        body: Vec::new(),
        path_parameters: Vec::new(),
        time_ms: 0,
    };
    let event = lambda_events::http_api(&call, BodyEncoding::Text).to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let answer = move |uri: Uri, body: Bytes| {
        let (calls, event) = (calls.clone(), event.clone());
        let asked = Arc::clone(&asked);
        async move {
            let call = uri.path().rsplit('/').next().unwrap().to_owned();
            let asks = call == "next";
            let is_refused = fails && call == "rest-begins" && asked.load(Ordering::Relaxed) == 1;
            let error = str::from_utf8(&body).unwrap().to_owned();
            calls
                .send(if call == "error" { error } else { call })
                .unwrap();
            if is_refused {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            if !asks {
                return StatusCode::ACCEPTED.into_response();
            }
            if asked.fetch_add(1, Ordering::Relaxed) == events {
                return never().await;
            }
            let headers = [
                ("lambda-runtime-aws-request-id", "1"),
                ("lambda-runtime-deadline-ms", "4000000000000"),
            ];
            (headers, event).into_response()
        }
    };
    let router = Router::new().fallback(answer);
    Loopback::start(router).await.unwrap()
}

async fn assert_calls(called: &mut UnboundedReceiver<String>, expected: &[&str]) {
    for expected in expected {
        let call = timeout(PATIENCE, called.recv()).await;
        assert_eq!(call.unwrap().unwrap(), *expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_does_the_rest_once_lambda_has_its_answer_and_before_it_asks_for_another_event()
{
    let (calls, mut called) = unbounded_channel();
    let server = runtime_api(PATH, 1, false, calls).await;
    let _process = Process::start(FUNCTION, &server);
    let expected = ["next", "response", "rest-begins", "rest-ends", "next"];
    assert_calls(&mut called, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_whose_rest_panics_logs_the_place_without_the_words_and_takes_the_next_event() {
    let (calls, mut called) = unbounded_channel();
    let server = runtime_api(PATH, 2, true, calls).await;
    let process = Process::start(FUNCTION, &server);
    let of_first = ["next", "response", "rest-begins"];
    assert_calls(&mut called, &of_first).await;
    let of_second = ["next", "response", "rest-begins", "rest-ends", "next"];
    assert_calls(&mut called, &of_second).await;
    let written = process.end();
    // The test runner may have begun the line.
    let parsed = |line: &str| serde_json::from_str(line.get(line.find('{')?..)?).ok();
    let lines: Vec<Value> = written.lines().filter_map(parsed).collect();
    let messages: Vec<&Value> = lines.iter().map(|line| &line["message"]).collect();
    let caught = "the rest of an event panicked; what it left undone is the sweeper's";
    assert_eq!(messages, ["panicked", caught], "{written}");
    assert!(lines.iter().all(|line| line["level"] == "ERROR"));
    let place = lines[0]["panic.place"].as_str().unwrap();
    assert!(place.contains("after_answer.rs:"), "{place}");
    assert!(!written.contains(SAID), "{written}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lambda_is_told_of_a_panic_before_the_answer_without_its_words() {
    for (test, after) in [
        (FUNCTION, &["rest-begins", "rest-ends", "next"][..]),
        (WORKER, &["next"]),
    ] {
        let (calls, mut called) = unbounded_channel();
        let server = runtime_api(DEFECTIVE_PATH, 1, false, calls).await;
        let process = Process::start(test, &server);
        assert_calls(&mut called, &["next"]).await;
        let error = timeout(PATIENCE, called.recv()).await.unwrap().unwrap();
        let error: Value = serde_json::from_str(&error).unwrap();
        let expected = json!({
            "errorType": "Panic", "errorMessage": "panicked; the log of the function has the place",
        });
        assert_eq!(error, expected);
        assert_calls(&mut called, after).await;
        let written = process.end();
        assert!(written.contains("after_answer.rs:"), "{written}");
        assert!(!written.contains(SAID), "{written}");
    }
}

/// The address of the Runtime API that gives this process its events.
fn runtime_api_of_process() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the only way to tell the process whom to ask"
    )]
    std::env::var(RUNTIME_API).unwrap_or_else(|_| panic!("only the tests above can start this"))
}

#[tokio::test]
#[ignore = "a process that a test above starts"]
async fn a_worker_in_a_process_of_its_own() {
    runtime_api_of_process();
    logging::start();
    let work = async |event: Value| -> Result<Value, Error> {
        assert_ne!(event["rawPath"], DEFECTIVE_PATH, "{SAID}");
        Ok(event)
    };
    drop(Box::pin(runtime::run(work)).await);
}

#[tokio::test]
#[ignore = "a process that the tests above start"]
async fn a_function_in_a_process_of_its_own() {
    let address = runtime_api_of_process();
    logging::start();
    let client = HttpClient::default();
    let answers = service_fn(|request: Request| async move {
        assert_ne!(request.uri().path(), DEFECTIVE_PATH, "{SAID}");
        Ok::<_, Infallible>(Response::new(Body::from("answered")))
    });
    let rest = || async {
        for part in ["rest-begins", "rest-ends"] {
            let url = format!("http://{address}/{part}");
            let told = client.send(Method::GET, &url, HeaderMap::new(), Bytes::new(), None);
            // A panic may quote what somebody wrote.
            assert_eq!(told.await.unwrap().status, 202, "{SAID}");
        }
    };
    drop(Box::pin(gateway::run_with_rest(answers, rest)).await);
}
