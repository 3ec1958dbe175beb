//! The running stack: its admin API, people in its simulator, its agent, its queues and its logs.

use crate::{
    aws::call,
    waiting::{IN_MINUTES, SOON, eventually},
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};
use vestibule_testkit::{
    http_client::{HttpAnswer, HttpClient, header_map},
    simulator::Platform,
};

pub use vestibule_testkit::simulator::{Item, Place};

/// Part of every message text in tests, so that none can be in a log unnoticed.
pub const CANARY: &str = "quokka-2741";
/// Part of every person's name in tests, for the same reason.
pub const SURNAME: &str = "Wombatson";

/// Time limit of a call, enough for a cold start on a busy machine.
const CALL_LIMIT: Duration = Duration::from_secs(30);
/// Largest page of a list.
const PAGE: usize = 100;

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    /// The contents of the file that describes the stack.
    pub facts: Value,
    /// The folder with that file, the tools and the logs.
    pub directory: PathBuf,
    http: HttpClient,
}

/// An answer of the admin API.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null if there is none.
    pub body: Value,
}

/// A simulated person, with their id on one platform.
#[derive(Debug, Clone)]
pub struct Person {
    /// `U…`: the simulator's id, which is also Slack's.
    pub id: String,
    /// First and last name.
    pub name: String,
    /// The provider's key.
    pub provider: &'static str,
    /// The platform's id of the person.
    pub identifier: String,
}

impl Stack {
    /// The stack in the file that `VESTIBULE_STACK` names.
    pub fn load() -> Self {
        let path = description();
        let text = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("no stack is running ({}: {error})", path.display()));
        Self {
            facts: serde_json::from_str(&text).unwrap(),
            directory: path.parent().unwrap().to_owned(),
            http: HttpClient::default(),
        }
    }

    /// A text from that file.
    pub fn fact(&self, name: &str) -> &str {
        self.facts[name]
            .as_str()
            .unwrap_or_else(|| panic!("the stack has no {name}"))
    }

    /// The Slack connector that requires approval.
    pub fn connector(&self) -> &str {
        self.fact("connector_id")
    }

    /// The open Slack connector.
    pub fn open_connector(&self) -> &str {
        self.fact("open_connector_id")
    }

    /// A provider's connector: `connector_id`, which requires approval, or `open_connector_id`.
    pub fn connector_of(&self, provider: &str, role: &str) -> &str {
        self.facts["connectors"][provider][role]
            .as_str()
            .unwrap_or_else(|| panic!("the stack has no {role} of {provider}"))
    }

    /// The simulator's facts about a connector's app, including its signing secret.
    pub fn app(&self, connector_id: &str) -> &Value {
        self.facts["accounts"]
            .as_array()
            .and_then(|apps| apps.iter().find(|app| app["connector_id"] == connector_id))
            .unwrap_or_else(|| panic!("no app of connector {connector_id}"))
    }

    /// Sends a request and reads the answer, with any status.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> HttpAnswer {
        self.http
            .send(method.clone(), url, headers, body, Some(CALL_LIMIT))
            .await
            .unwrap_or_else(|failure| panic!("{method} {url}: {failure:?}"))
    }

    async fn send_json(
        &self,
        method: Method,
        url: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let bearer = key.map(|key| format!("Bearer {key}"));
        let mut pairs = Vec::new();
        if let Some(bearer) = &bearer {
            pairs.push(("authorization", bearer.as_str()));
        }
        if body.is_some() {
            pairs.push(("content-type", "application/json"));
        }
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let answer = self
            .send(method, url, header_map(pairs).unwrap(), body)
            .await;
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        Answer {
            status: answer.status,
            headers: answer.headers,
            body: if text.is_empty() {
                Value::Null
            } else {
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            },
        }
    }

    async fn expect(
        &self,
        method: Method,
        url: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> Value {
        let answer = self.send_json(method.clone(), url, key, body).await;
        assert!(
            answer.status.is_success(),
            "{method} {url} was answered {}: {}",
            answer.status,
            answer.body
        );
        answer.body
    }

    /// Calls the admin API under the project, with the stack's key.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = self.project_url(path);
        self.send_json(method, &url, Some(self.fact("api_key")), body)
            .await
    }

    /// Calls the admin API with this key.
    pub async fn call_by_key(
        &self,
        key: &str,
        (method, path): (Method, &str),
        body: Option<Value>,
    ) -> Answer {
        let url = format!("{}{path}", self.fact("api_url"));
        self.send_json(method, &url, Some(key), body).await
    }

    /// Reads from the admin API under the project.
    pub async fn get(&self, path: &str) -> Value {
        let url = self.project_url(path);
        self.expect(Method::GET, &url, Some(self.fact("api_key")), None)
            .await
    }

    /// Posts to the admin API under the project.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let url = self.project_url(path);
        self.expect(Method::POST, &url, Some(self.fact("api_key")), Some(body))
            .await
    }

    fn project_url(&self, path: &str) -> String {
        let (api, project) = (self.fact("api_url"), self.fact("project_id"));
        format!("{api}/v1/projects/{project}{path}")
    }

    /// Every item of a list, from all its pages.
    pub async fn list(&self, path: &str, filter: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self
                .get(&format!("{path}?limit={PAGE}{filter}{cursor}"))
                .await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// A person's requests in the list of this status: `pending`, `approved`, `rejected` or `all`.
    pub async fn requests(&self, status: &str, person: &Person) -> Vec<Value> {
        self.list("/access-requests", &format!("&status={status}"))
            .await
            .into_iter()
            .filter(|request| request["identifier"] == person.identifier.as_str())
            .collect()
    }

    /// The only request of a person so far.
    pub async fn only_request(&self, person: &Person) -> Value {
        let mut requests = self.requests("all", person).await;
        assert_eq!(requests.len(), 1, "requests of {}: {requests:?}", person.id);
        requests.remove(0)
    }

    /// A stranger's request, once it has a name from the platform.
    pub async fn request_with_name(&self, person: &Person) -> Value {
        eventually("the request shows the name", SOON, async || {
            let request = self.only_request(person).await;
            (request["user_name"] == person.name.as_str()).then_some(request)
        })
        .await
    }

    /// Decides a request: `approve` or `reject`.
    pub async fn decide(&self, request: &Value, decision: &str, body: Value) -> Answer {
        let id = request["id"].as_str().unwrap();
        self.call(
            Method::POST,
            &format!("/access-requests/{id}/{decision}"),
            Some(body),
        )
        .await
    }

    /// A person's chat user, if there is one.
    pub async fn chat_user(&self, person: &Person) -> Option<Value> {
        self.list("/chat-users", &format!("&provider={}", person.provider))
            .await
            .into_iter()
            .find(|user| user["identifier"] == person.identifier.as_str())
    }

    /// A new person on Slack with this first name.
    pub async fn person(&self, first_name: &str) -> Person {
        self.person_on(Platform::Slack, first_name).await
    }

    /// A new person on a platform with this first name.
    pub async fn person_on(&self, platform: Platform, first_name: &str) -> Person {
        let name = format!("{first_name} {SURNAME}");
        let made = self.simulator_post("users", json!({"name": name})).await;
        let state = self.simulator_get("state").await;
        let people = state["people"].as_array().unwrap();
        let known = people
            .iter()
            .find(|person| person["id"] == made["user_id"])
            .unwrap();
        let identifier = match &known[platform.known_by()] {
            Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        Person {
            id: known["id"].as_str().unwrap().to_owned(),
            name,
            provider: platform.key(),
            identifier,
        }
    }

    /// Writes a message to a connector's app and returns the ids of its events, all of them accepted.
    pub async fn say(
        &self,
        person: &Person,
        connector_id: &str,
        place: Place,
        text: &str,
    ) -> Vec<String> {
        assert!(text.contains(CANARY), "a text without the canary: {text}");
        self.post_to(person, connector_id, place, json!({"text": text}))
            .await
    }

    /// Sends something besides words in the same way.
    pub async fn send_item(
        &self,
        person: &Person,
        connector_id: &str,
        place: Place,
        item: &Item,
    ) -> Vec<String> {
        self.post_to(person, connector_id, place, json!({"item": item}))
            .await
    }

    async fn post_to(
        &self,
        person: &Person,
        connector_id: &str,
        place: Place,
        mut message: Value,
    ) -> Vec<String> {
        let channel = match place {
            Place::Direct => "im",
            Place::General => "general",
            Place::WhatsApp => "whatsapp",
        };
        message["connector_id"] = connector_id.into();
        message["user_id"] = person.id.as_str().into();
        message["channel"] = channel.into();
        let said = self.simulator_post("messages", message).await;
        let mut event_ids = Vec::new();
        for delivery in said["deliveries"].as_array().unwrap() {
            let id = delivery["event_id"].as_str().unwrap();
            eventually("the webhook takes the event", SOON, async || {
                let event = self.simulator_get(&format!("events/{id}")).await;
                (event["delivery"]["state"] == "accepted").then_some(())
            })
            .await;
            event_ids.push(id.to_owned());
        }
        assert!(!event_ids.is_empty());
        event_ids
    }

    /// Makes the platform deliver an event again, as if it had not seen the answer.
    pub async fn redeliver(&self, event_id: &str) {
        let again = self
            .simulator_post("redeliver", json!({"event_id": event_id}))
            .await;
        let attempts = again["delivery"]["attempts"].as_array().unwrap();
        assert_eq!(attempts.last().unwrap()["status"], 200, "{again}");
    }

    /// An app's messages that this person can see.
    pub async fn read_from_app(&self, person: &Person, connector_id: &str) -> Vec<Value> {
        let mut messages = self
            .seen_by(person, &format!("?connector_id={connector_id}"))
            .await;
        messages.retain(|message| message["author"]["app"].is_string());
        messages
    }

    async fn seen_by(&self, person: &Person, filter: &str) -> Vec<Value> {
        let path = format!("users/{}/messages{filter}", person.id);
        let mut seen = self.simulator_get(&path).await;
        serde_json::from_value(seen["messages"].take()).unwrap()
    }

    /// Waits until this person can see exactly this many messages of an app.
    pub async fn answers(&self, person: &Person, connector_id: &str, count: usize) -> Vec<String> {
        let messages = eventually(
            &format!("{count} messages for {}", person.name),
            SOON,
            async || {
                let messages = self.read_from_app(person, connector_id).await;
                (messages.len() >= count).then_some(messages)
            },
        )
        .await;
        let texts: Vec<_> = messages
            .iter()
            .map(|message| message["plain_text"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(texts.len(), count, "{texts:?}");
        texts
    }

    async fn simulator_get(&self, path: &str) -> Value {
        let url = format!("{}/_control/{path}", self.fact("simulator_url"));
        self.expect(Method::GET, &url, None, None).await
    }

    /// Posts to the simulator's control API.
    pub async fn simulator_post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_control/{path}", self.fact("simulator_url"));
        self.expect(Method::POST, &url, None, Some(body)).await
    }

    /// The deliveries of this person's messages to the agent.
    pub async fn deliveries_to_agent(&self, person: &Person) -> Vec<Value> {
        let url = format!("{}/deliveries", self.fact("agent_url"));
        let all = self.expect(Method::GET, &url, None, None).await;
        all["deliveries"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|delivery| {
                delivery["body"]["chat_user"]["identifier"] == person.identifier.as_str()
            })
            .cloned()
            .collect()
    }

    /// Asserts that we broke no rule of the platform in calls about this person. Other tests on the stack do
    /// not count.
    pub async fn nobody_complains_about(&self, person: &Person) {
        let conversations: BTreeSet<String> = self
            .seen_by(person, "")
            .await
            .iter()
            .map(|message| message["channel"].to_string())
            .chain([json!(person.id).to_string()])
            .collect();
        let calls = self.simulator_get("calls").await;
        let about_them: BTreeSet<u64> = calls["calls"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|call| {
                let said = call["arguments"].to_string();
                conversations.iter().any(|id| said.contains(id))
            })
            .map(|call| call["number"].as_u64().unwrap())
            .collect();
        assert!(
            !about_them.is_empty(),
            "nothing was done for {}",
            person.name
        );
        let found = self.simulator_get("violations").await;
        let violations: Vec<_> = found["violations"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|violation| about_them.contains(&violation["call"].as_u64().unwrap()))
            .collect();
        assert!(violations.is_empty(), "{violations:?}");
    }

    /// Asserts that we broke no rule of a platform at all.
    pub async fn nobody_complains_on(&self, provider: &str) {
        let calls = self
            .simulator_get(&format!("calls?provider={provider}"))
            .await;
        assert_ne!(calls["calls"], json!([]), "nothing was done on {provider}");
        let found = self
            .simulator_get(&format!("violations?provider={provider}"))
            .await;
        assert_eq!(found["violations"], json!([]));
    }

    /// Waits until no job is queued or in progress, so that everything enqueued before is done.
    pub async fn all_work_is_done(&self) {
        let queues = [
            "onboarding_queue_url",
            "inbox_queue_url",
            "outgoing_queue_url",
            "email_queue_url",
            "team_queue_url",
            "index_queue_url",
            "routing_queue_url",
            "events_queue_url",
        ];
        eventually("the end of all queued work", IN_MINUTES, async || {
            let calls = queues.map(|queue| {
                call(
                    "sqs",
                    "get_queue_attributes",
                    json!({"QueueUrl": self.fact(queue), "AttributeNames": ["All"]}),
                )
            });
            let answers = self.aws(calls.to_vec()).await;
            let waiting = answers.iter().flat_map(|answer| {
                ["", "NotVisible", "Delayed"].map(|kind| {
                    let name = format!("ApproximateNumberOfMessages{kind}");
                    answer["Attributes"][&name]
                        .as_str()
                        .unwrap_or("0")
                        .parse::<u64>()
                        .unwrap()
                })
            });
            (waiting.sum::<u64>() == 0).then_some(())
        })
        .await;
    }

    /// The functions' logs of this run.
    pub fn function_logs(&self) -> String {
        fs::read_to_string(self.directory.join("run/logs/functions.log")).unwrap()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own setting, of no concern to the functions"
)]
fn description() -> PathBuf {
    std::env::var("VESTIBULE_STACK").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.local/stack.json")),
        PathBuf::from,
    )
}
