//! Steps, taken in the world through the API and in the model.

use super::{
    messages::Decision,
    model::Choice,
    stage::Stage,
    steps::{Edit, Setting, Step},
};
use crate::world::WELCOME;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    Timestamp,
    connector::Policy,
    ids::{ChatUserId, ConnectorId, EnvironmentId},
};

/// Time before each step: longer than webhooks remember a connector.
const PAUSE: Duration = Duration::from_secs(15);

impl Stage {
    /// Takes a step, and does all that follows from it. Returns the decision about a message.
    pub async fn take(&mut self, step: Step, mark: &str) -> Option<Decision> {
        self.wait(PAUSE).await;
        match step {
            Step::Write {
                human,
                way,
                connector,
            } => return Some(Box::pin(self.write(human, way, connector)).await),
            Step::Add(phone, environments) => self.add(mark, &phone, environments).await,
            Step::Edit(person, edit) => self.edits(person, edit, mark).await,
            Step::Delete(person) => {
                let path = self.path_of(person);
                let (status, answer) = self.call("DELETE", &path, Value::Null).await;
                assert_eq!(status, 204, "{answer}");
                self.model.delete(person);
            }
            Step::Approve(requests, choice) => self.approves(&requests, choice).await,
            Step::Reject(requests) => self.rejects(&requests).await,
            Step::RevokeRequest(request) => self.revokes_request(request).await,
            Step::Revoke(writer, environment) => {
                let body = json!({"environment_id": environment});
                self.on_writer(writer, "revoke", body).await;
                self.model.revoke(writer, environment);
            }
            Step::LetIn(writer, environment, choice) => {
                self.lets_in(writer, environment, choice).await;
            }
            Step::Link(writer, person) => self.links(writer, person).await,
            Step::Unlink(writer, keeps) => {
                self.on_writer(writer, "unlink", json!({"keep_access": keeps}))
                    .await;
                self.model.unlink(writer, keeps);
            }
            Step::Block(writer, is_blocked) => {
                let verb = if is_blocked { "block" } else { "unblock" };
                self.on_writer(writer, verb, Value::Null).await;
                self.model.writer(writer).is_blocked = is_blocked;
            }
            Step::Erase(writer) => {
                let now = self.world.now();
                let path = format!("chat-users/{writer}");
                let (status, answer) = self.call("DELETE", &path, Value::Null).await;
                assert_eq!(status, 202, "{answer}");
                self.model.erase(writer, now);
            }
            Step::Lift(erased_at) => self.lifts(erased_at).await,
            Step::Set(connector, setting) => self.sets(connector, setting).await,
            Step::Environment => self.adds_or_deletes_environment(mark).await,
            Step::Wait(time) => self.wait(time).await,
        }
        Box::pin(self.settle()).await;
        None
    }

    fn path_of(&self, person: usize) -> String {
        let id = self.model.people[&person].id.unwrap();
        format!("end-users/{id}")
    }

    /// Does something with a chat user.
    async fn on_writer(&self, writer: ChatUserId, verb: &str, body: Value) -> Value {
        let path = format!("chat-users/{writer}/{verb}");
        self.succeeds("POST", &path, body).await
    }

    async fn edits(&mut self, person: usize, edit: Edit, mark: &str) {
        let body = match &edit {
            Edit::Environments(environments) => json!({"environment_ids": environments}),
            Edit::Phone(phone) => json!({"phone": phone}),
            Edit::Name => json!({"first_name": mark}),
        };
        let path = self.path_of(person);
        let (status, answer) = self.call("PATCH", &path, body).await;
        let is_changed = match edit {
            Edit::Environments(environments) => {
                self.model.set_environments(person, environments);
                true
            }
            Edit::Phone(phone) => self.model.set_phone(person, &phone),
            Edit::Name => {
                let known = self.model.people.get_mut(&person).unwrap();
                known.name = Some(mark.to_owned());
                true
            }
        };
        assert_eq!(status, if is_changed { 200 } else { 409 }, "{answer}");
    }

    /// The part of the directory in the body of an approval.
    fn directory(&self, choice: Choice) -> Value {
        match choice {
            Choice::ByNumber => Value::Null,
            Choice::New => json!({"action": "create_new"}),
            Choice::Apart => json!({"action": "none"}),
            Choice::Existing(person) => {
                let id = self.model.people[&person].id;
                json!({"action": "add_to_existing", "end_user_id": id})
            }
        }
    }

    /// The ids of requests that wait. Each of them is the only one of its person at its connector.
    async fn ids_of(&self, requests: &[usize]) -> Vec<String> {
        let mut ids = Vec::new();
        for request in requests {
            let found = self.like(*request).await;
            assert_eq!(found.len(), 1, "{found:?}");
            ids.push(found[0].request.id.to_string());
        }
        ids
    }

    async fn approves(&mut self, requests: &[usize], choice: Choice) {
        let ids = self.ids_of(requests).await;
        let (directory, now) = (self.directory(choice), self.world.now());
        if let [id] = ids.as_slice() {
            let path = format!("access-requests/{id}/approve");
            let (status, answer) = self
                .call("POST", &path, json!({"directory": directory}))
                .await;
            let approved = self.model.approve_all(requests, choice, now);
            assert_eq!(status, if approved[0] { 200 } else { 409 }, "{answer}");
            return;
        }
        let body = json!({"decision": "approve", "ids": ids, "directory": directory});
        let answer = self.succeeds("POST", "access-requests/decide", body).await;
        let approved = self.model.approve_all(requests, choice, now);
        for (place, is_approved) in approved.into_iter().enumerate() {
            let expected = if is_approved { "decided" } else { "blocked" };
            assert_eq!(answer["results"][place]["outcome"], expected, "{answer}");
        }
    }

    async fn rejects(&mut self, requests: &[usize]) {
        let ids = self.ids_of(requests).await;
        let now = self.world.now();
        if let [id] = ids.as_slice() {
            let path = format!("access-requests/{id}/reject");
            self.succeeds("POST", &path, Value::Null).await;
        } else {
            let body = json!({"decision": "reject", "ids": ids});
            let answer = self.succeeds("POST", "access-requests/decide", body).await;
            let results = answer["results"].as_array().unwrap();
            assert!(
                results.iter().all(|one| one["outcome"] == "decided"),
                "{answer}"
            );
        }
        for request in requests {
            self.model.reject(*request, now);
        }
    }

    async fn revokes_request(&mut self, request: usize) {
        let like = self.like(request).await;
        let found = like.iter().find(|view| view.request.revocation.is_none());
        let Some(view) = found else { return };
        let path = format!("access-requests/{}/revoke", view.request.id);
        self.succeeds("POST", &path, Value::Null).await;
        let (writer, environment) = (view.request.chat_user_id, view.request.environment_id);
        self.model.revoke(writer, environment);
    }

    async fn lets_in(&mut self, writer: ChatUserId, environment: EnvironmentId, choice: Choice) {
        let now = self.world.now();
        let body = json!({"environment_id": environment, "directory": self.directory(choice)});
        let path = format!("chat-users/{writer}/approve");
        let (status, answer) = self.call("POST", &path, body).await;
        let known = &self.model.writers[&writer];
        if !known.is_blocked && known.grants.contains(&environment) {
            // The answer is that to a second decision.
            assert!(matches!(status, 200 | 409), "{answer}");
            return;
        }
        let waiting = self.model.waits_for(writer, environment);
        let is_let_in = if let Some(request) = waiting {
            self.model.approve_all(&[request], choice, now)[0]
        } else {
            let places = self.model.follows_up(writer, environment);
            let is_let_in = self.model.let_in(writer, environment, choice);
            if is_let_in {
                assert_eq!(status, 200, "{answer}");
                let id = answer["connector"]["id"].as_str().unwrap();
                let connector: ConnectorId = id.parse().unwrap();
                assert!(places.is_empty() || places.contains(&connector), "{answer}");
                assert!(self.model.writers[&writer].places.contains_key(&connector));
                self.model
                    .record_approval(writer, environment, connector, now);
            }
            is_let_in
        };
        assert_eq!(status, if is_let_in { 200 } else { 409 }, "{answer}");
    }

    async fn links(&mut self, writer: ChatUserId, person: usize) {
        let id = self.model.people[&person].id;
        let path = format!("chat-users/{writer}/link");
        let (status, answer) = self.call("POST", &path, json!({"end_user_id": id})).await;
        let is_linked = self.model.link_by_admin(writer, person);
        assert_eq!(status, if is_linked { 200 } else { 409 }, "{answer}");
    }

    async fn lifts(&mut self, erased_at: Timestamp) {
        let list = "chat-users/kept-blocks";
        let kept = self.succeeds("GET", list, Value::Null).await;
        let mut blocks = kept["items"].as_array().unwrap().iter();
        let block = blocks.find(|block| block["erased_at"] == json!(erased_at));
        let path = format!("{list}/{}", block.unwrap()["id"].as_str().unwrap());
        let (status, answer) = self.call("DELETE", &path, Value::Null).await;
        assert_eq!(status, 204, "{answer}");
        self.model.lift(erased_at);
    }

    async fn sets(&mut self, connector: usize, setting: Setting) {
        let id = self.connectors[connector].id;
        let now = self.world.now();
        let body = match setting {
            Setting::Preapproves(preapproves) => json!({"preapprove_known_users": preapproves}),
            Setting::Policy(policy, keeps) => {
                let mut body = json!({"policy": policy});
                if policy == Policy::OnBoarding {
                    body["onboarding_message"] = json!(WELCOME);
                }
                if let Some(keeps) = keeps {
                    let spelling = if keeps { "keep" } else { "require_approval" };
                    body["existing_users"] = json!(spelling);
                }
                body
            }
        };
        let path = format!("connectors/{id}");
        self.succeeds("PATCH", &path, body).await;
        match setting {
            Setting::Preapproves(preapproves) => {
                let known = self.model.connectors.get_mut(&id).unwrap();
                known.preapproves = preapproves;
            }
            Setting::Policy(policy, keeps) => self.model.switch(id, policy, keeps, now),
        }
    }

    async fn adds_or_deletes_environment(&mut self, mark: &str) {
        let Some(spare) = self.spare else {
            let body = json!({"name": format!("Preview of {mark}")});
            let (status, made) = self.call("POST", "environments", body).await;
            assert_eq!(status, 201, "{made}");
            self.spare = Some(made["id"].as_str().unwrap().parse().unwrap());
            return;
        };
        let path = format!("environments/{spare}");
        let (status, answer) = self.call("DELETE", &path, Value::Null).await;
        let is_deleted = self.model.delete_environment(spare);
        assert_eq!(status, if is_deleted { 204 } else { 409 }, "{answer}");
        if is_deleted {
            self.spare = None;
        }
    }
}
