//! The first two people of a stack: by the links in their mails, from the sweeper to the session.

use crate::{
    browser::Browser,
    invited::new_address,
    stack::Stack,
    waiting::{SOON, eventually},
};
use http::Method;
use serde_json::json;

/// SPEC D15, D16, D17.
#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_first_admin_comes_in_by_the_printed_link_and_invites_somebody_who_does_too() {
    let stack = Stack::load();
    let (email, link) = (stack.fact("admin_email"), stack.fact("first_admin_link"));
    let mut admin = Browser::new(&stack);
    admin.come_in(link, email, "Admin").await;
    let me = admin.expect((Method::GET, "/v1/me"), None).await;
    assert_eq!(me["login"]["email"], email);
    assert_eq!(me["login"]["verified"], true);

    let second = new_address("colleague");
    let asked = json!({"email": second, "name": "Grace", "role": "agent"});
    let invite = (Method::POST, "/v1/invitations");
    let invitation = admin.expect(invite, Some(asked)).await;
    let path = format!("/v1/invitations/{}", invitation["id"].as_str().unwrap());

    let link = stack.invitation_link(&second, 0).await;
    let mut colleague = Browser::new(&stack);
    colleague.come_in(&link, &second, "Grace").await;
    let me = colleague.expect((Method::GET, "/v1/me"), None).await;
    assert_eq!(me["login"]["name"], "Grace");
    let page = colleague.call((Method::GET, "/v1/members"), None).await;
    assert_eq!(page.status, 403, "{}", page.body);

    // The emulator says that the mail was delivered, and the timeline shows it.
    eventually("the delivery of the mail", SOON, async || {
        let shown = admin.call((Method::GET, &path), None).await;
        (shown.body["mail_status"] == "delivered").then_some(())
    })
    .await;
}
