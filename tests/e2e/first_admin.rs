//! The first two people of a stack: by the links in their mails, from the sweeper to the session.

use crate::{
    stack::Stack,
    waiting::{SOON, eventually},
};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use vestibule_domain::ids::{IdSource, SystemIds};
use vestibule_testkit::http_client::{HttpAnswer, header_map};

const PASSWORD: &str = "seven green herons at noon";

/// An answer to a browser.
struct Page {
    status: u16,
    body: Value,
    session: Option<String>,
}

impl Page {
    fn of(answer: &HttpAnswer) -> Self {
        let cookies = answer.headers.get_all("set-cookie").into_iter();
        let mut cookies = cookies.filter_map(|cookie| cookie.to_str().ok());
        let session = cookies.find(|cookie| cookie.starts_with("__Host-vestibule="));
        Self {
            status: answer.status.as_u16(),
            body: serde_json::from_slice(&answer.body).unwrap_or(Value::Null),
            session: session
                .and_then(|cookie| cookie.split(';').next())
                .map(str::to_owned),
        }
    }
}

impl Stack {
    /// Calls the API as the console does, in the account if there is a session.
    async fn browse(
        &self,
        (method, path): (Method, &str),
        body: Option<Value>,
        session: Option<&str>,
    ) -> Page {
        let mut headers = vec![("x-vestibule-console", "1")];
        if let Some(session) = session {
            headers.push(("cookie", session));
            headers.push(("vestibule-account", self.fact("account_id")));
        }
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let url = format!("{}{path}", self.fact("api_url"));
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let headers = header_map(headers).unwrap();
        Page::of(&self.send(method, &url, headers, body).await)
    }

    /// The link in the mail to this address.
    async fn mailed_link(&self, to: &str) -> String {
        let url = format!("{}/_ministack/ses/messages", self.fact("aws_endpoint_url"));
        eventually("a mail with a link", SOON, async || {
            let headers = header_map([]).unwrap();
            let answer = self.send(Method::GET, &url, headers, Bytes::new()).await;
            let caught: Value = serde_json::from_slice(&answer.body).ok()?;
            let accounts = caught["messages"].as_object()?.values();
            let mut mails = accounts.filter_map(Value::as_array).flatten();
            let mail = mails.find(|mail| mail["To"].to_string().contains(to))?;
            let mut words = mail["BodyText"].as_str()?.split_whitespace();
            words.find(|word| word.contains('#')).map(str::to_owned)
        })
        .await
    }

    /// Accepts an invitation as somebody new, or signs in if an earlier run of this test accepted it.
    async fn come_in(&self, link: &str, email: &str, name: &str) -> String {
        let token = link.split_once('#').unwrap().1;
        let accept = (Method::POST, "/v1/auth/invitation/accept");
        let asked = json!({"token": token, "name": name, "password": PASSWORD});
        let mut page = self.browse(accept, Some(asked), None).await;
        if page.status == 409 {
            let sign_in = (Method::POST, "/v1/auth/sign-in");
            let asked = json!({"email": email, "password": PASSWORD});
            page = self.browse(sign_in, Some(asked), None).await;
        }
        assert_eq!(page.status, 200, "{}", page.body);
        page.session.unwrap()
    }
}

/// SPEC D15, D16, D17.
#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_first_admin_comes_in_by_the_printed_link_and_invites_somebody_who_does_too() {
    let stack = Stack::load();
    let (email, link) = (stack.fact("admin_email"), stack.fact("first_admin_link"));
    let admin = stack.come_in(link, email, "Admin").await;
    let me = (Method::GET, "/v1/me");
    let page = stack.browse(me.clone(), None, Some(&admin)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.body["login"]["email"], email);
    assert_eq!(page.body["login"]["verified"], true);

    let second = format!("colleague-{}@example.com", SystemIds.draw());
    let invite = (Method::POST, "/v1/invitations");
    let asked = json!({"email": second, "name": "Grace", "role": "agent"});
    let page = stack.browse(invite, Some(asked), Some(&admin)).await;
    assert_eq!(page.status, 201, "{}", page.body);
    let path = format!("/v1/invitations/{}", page.body["id"].as_str().unwrap());

    let link = stack.mailed_link(&second).await;
    let colleague = stack.come_in(&link, &second, "Grace").await;
    let page = stack.browse(me, None, Some(&colleague)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let members = (Method::GET, "/v1/members");
    let page = stack.browse(members, None, Some(&colleague)).await;
    assert_eq!(page.status, 403, "{}", page.body);

    // The emulator says that the mail was delivered, and the timeline shows it.
    eventually("the delivery of the mail", SOON, async || {
        let shown = stack.browse((Method::GET, &path), None, Some(&admin)).await;
        (shown.body["mail_status"] == "delivered").then_some(())
    })
    .await;
}
