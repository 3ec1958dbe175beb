//! Invitations: how people of these tests get into an account.

use crate::{
    browser::Browser,
    stack::Stack,
    waiting::{SOON, eventually},
};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use vestibule_domain::ids::{IdSource as _, SystemIds};
use vestibule_testkit::http_client::header_map;

/// An address that nobody had before.
pub fn new_address(name: &str) -> String {
    format!("{name}-{}@example.com", SystemIds.draw()).to_lowercase()
}

impl Stack {
    /// Invites somebody, by the stack's key. Returns the invitation.
    pub async fn invite(&self, invitation: Value) -> Value {
        let answer = self
            .call_by_key(
                self.fact("api_key"),
                (Method::POST, "/v1/invitations"),
                Some(invitation),
            )
            .await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
        answer.body
    }

    /// A new member of the first account, who signed in by a password.
    pub async fn member(&self, email: &str, role: &str) -> Browser<'_> {
        let asked = json!({"email": email, "name": "Mary", "role": role});
        self.invite(asked).await;
        let link = self.invitation_link(email, 0).await;
        let mut browser = Browser::new(self);
        browser.come_in(&link, email, "Mary").await;
        browser
    }

    /// The link of the invitation with this number among those that were mailed to this address. Waits for it.
    pub async fn invitation_link(&self, to: &str, number: usize) -> String {
        eventually("a mail with an invitation", SOON, async || {
            let links = self.invitation_links(to).await;
            links.into_iter().nth(number)
        })
        .await
    }

    async fn invitation_links(&self, to: &str) -> Vec<String> {
        let url = format!("{}/_ministack/ses/messages", self.fact("aws_endpoint_url"));
        let headers = header_map([]).unwrap();
        let answer = self.send(Method::GET, &url, headers, Bytes::new()).await;
        let caught: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let of_accounts = caught["messages"].as_object().into_iter();
        let mails = of_accounts
            .flat_map(serde_json::Map::values)
            .filter_map(Value::as_array)
            .flatten();
        mails
            .filter(|mail| mail["To"].to_string().contains(to))
            .filter_map(link_in)
            .collect()
    }
}

fn link_in(mail: &Value) -> Option<String> {
    let mut words = mail["BodyText"].as_str()?.split_whitespace();
    words
        .find(|word| word.contains("/console/invitation#"))
        .map(str::to_owned)
}
