//! Actions of admins, through the admin API.

use super::World;
use bytes::Bytes;
use lambda_http::http::HeaderMap;
use serde_json::{Value, json};
use vestibule_domain::{
    access::request::Verdict,
    account::{email_address::EmailAddress, permission::Permission},
    job::InviteFirstAdmin,
};

/// An answer of the admin API.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body as received.
    pub bytes: Bytes,
    /// The body; null if it is not JSON.
    pub body: Value,
}

impl World {
    /// Names the first admin to the sweeper, which invites them to a new account.
    pub fn names_first_admin(&mut self) {
        self.functions.sweeper.first_admin = Some(InviteFirstAdmin {
            email: EmailAddress::parse("ana@example.com").unwrap(),
            name: "Ana".to_owned(),
            account_name: "Acme".to_owned(),
        });
    }

    /// Calls the admin API.
    pub async fn call(
        &self,
        token: &str,
        (method, path): (&str, &str),
        body: Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let authorization = format!("Bearer {token}");
        let mut all = vec![("authorization", authorization.as_str())];
        all.extend(headers);
        self.send((method, path), body, &all).await
    }

    /// A key with every permission in the world's account.
    pub async fn all_powers(&self) -> String {
        self.key(self.scope.account_id(), &Permission::ALL).await
    }

    /// The path of the world's project.
    pub fn project_path(&self) -> String {
        format!("/v1/projects/{}", self.scope.project_id())
    }

    /// The path of the environment of the world's connectors.
    pub fn environment_path(&self) -> String {
        let id = self.connector.environment_id;
        format!("{}/environments/{id}", self.project_path())
    }

    /// Lets the environment ask for these events.
    pub async fn asks_for(&self, events: &[&str]) {
        let token = self.all_powers().await;
        let path = self.environment_path();
        let body = json!({"agent": {"events": events}});
        let answer = self.call(&token, ("PATCH", &path), body, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body["agent"]["events"], json!(events));
    }

    /// Decides the newest request of a person.
    pub async fn decide(&self, person: &str, verdict: Verdict) -> Answer {
        let chat_user_id = self.chat_user_id(person);
        let requests = self.requests().await;
        let newest = requests
            .iter()
            .find(|view| view.request.chat_user_id == chat_user_id);
        let verb = match verdict {
            Verdict::Approve => "approve",
            Verdict::Reject => "reject",
        };
        let path = format!(
            "{}/access-requests/{}/{verb}",
            self.project_path(),
            newest.unwrap().request.id
        );
        let token = self.all_powers().await;
        self.call(&token, ("POST", &path), Value::Null, &[]).await
    }

    /// Blocks a person.
    pub async fn block(&self, person: &str) {
        let path = format!(
            "{}/chat-users/{}/block",
            self.project_path(),
            self.chat_user_id(person)
        );
        let token = self.all_powers().await;
        let answer = self.call(&token, ("POST", &path), Value::Null, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}
