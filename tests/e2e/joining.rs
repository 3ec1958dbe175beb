//! People who are invited: by the account's OpenID provider, into a second account, at an address that takes no mail.

use crate::{
    browser::{Browser, token_of},
    invited::new_address,
    stack::Stack,
    waiting::{SOON, eventually},
};
use http::Method;
use serde_json::json;
use vestibule_domain::ids::{IdSource as _, SystemIds};

const ACCEPT: &str = "/v1/auth/invitation/accept";

/// SPEC D09, D12, D27: at a certified provider. Whom it calls somebody else does not get in.
#[tokio::test]
#[ignore = "needs a local stack"]
async fn somebody_invited_by_the_accounts_provider_signs_in_there_and_acts_within_the_role() {
    let stack = Stack::load();
    let email = new_address("sso");
    let method = stack.fact("login_method_id");
    let asked = json!({"email": email, "role": "agent", "method": method});
    stack.invite(asked).await;
    let link = stack.invitation_link(&email, 0).await;
    let accept = json!({"purpose": "accept", "token": token_of(&link)});

    let mut browser = Browser::new(&stack);
    let other = new_address("other");
    let person = ("Somebody else", other.as_str());
    let landed = browser.sign_in_at_provider(&accept, person).await;
    assert_eq!(landed, "/console/invitation#problem=wrong-identity");

    let mut browser = Browser::new(&stack);
    let person = ("Mary Jackson", email.as_str());
    let landed = browser.sign_in_at_provider(&accept, person).await;
    assert_eq!(landed, "/console/invitation#ok");
    let me = browser.expect((Method::GET, "/v1/me"), None).await;
    assert_eq!(me["login"]["email"], email.as_str());
    assert_eq!(me["login"]["name"], "Mary Jackson");
    assert_eq!(me["session"]["method"], "provider");

    // Later, in another browser, the identity alone opens the account.
    let mut browser = Browser::new(&stack);
    let sign_in = json!({"purpose": "sign_in"});
    let landed = browser.sign_in_at_provider(&sign_in, person).await;
    assert_eq!(landed, "/console/#ok");
    let requests = format!("/v1/projects/{}/access-requests", stack.fact("project_id"));
    browser.expect((Method::GET, &requests), None).await;
    let page = browser.call((Method::GET, "/v1/members"), None).await;
    assert_eq!(page.status, 403, "{}", page.body);

    let mut browser = Browser::new(&stack);
    let stranger = ("Somebody else", other.as_str());
    let landed = browser.sign_in_at_provider(&sign_in, stranger).await;
    assert_eq!(landed, "/console/sign-in#problem=not-bound");
}

/// SPEC D17, D18, D34.
#[tokio::test]
#[ignore = "needs a local stack"]
async fn an_invited_address_that_has_a_login_joins_a_second_account_without_new_credentials() {
    let stack = Stack::load();
    let mut owner = stack.member(&new_address("owner"), "super_admin").await;
    let create = (Method::POST, "/v1/accounts");
    let globex = owner.expect(create, Some(json!({"name": "Globex"}))).await;
    let globex = globex["id"].as_str().unwrap();
    owner.switch_to(globex);

    let email = new_address("both");
    let mut both = stack.member(&email, "agent").await;
    let invite = (Method::POST, "/v1/invitations");
    let asked = json!({"email": email, "role": "agent"});
    owner.expect(invite, Some(asked)).await;
    let link = stack.invitation_link(&email, 1).await;
    let token = token_of(&link);

    // Without the login's session, the link makes nobody.
    let stranger = json!({"token": token, "name": "Mary", "password": "nine grey geese at dawn"});
    let page = Browser::new(&stack)
        .call((Method::POST, ACCEPT), Some(stranger))
        .await;
    assert_eq!(page.status, 409, "{}", page.body);
    assert_eq!(page.body["type"], "/problems/sign-in-to-accept");

    let accept = (Method::POST, ACCEPT);
    both.expect(accept, Some(json!({"token": token}))).await;
    // The credentials are those from before.
    let mut later = Browser::new(&stack);
    later.sign_in(&email).await;
    let me = later.expect((Method::GET, "/v1/me"), None).await;
    let accounts = me["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 2, "{me}");
    assert!(accounts.iter().all(|account| account["opens"] == true));
    for account_id in [stack.fact("account_id"), globex] {
        later.switch_to(account_id);
        later.expect((Method::GET, "/v1/projects"), None).await;
        let page = later.call((Method::GET, "/v1/members"), None).await;
        assert_eq!(page.status, 403, "{}", page.body);
    }
}

/// SPEC D25.
#[tokio::test]
#[ignore = "needs a local stack"]
async fn an_address_that_takes_no_mail_shows_so_on_its_row_and_gets_no_more() {
    let stack = Stack::load();
    // The mail service answers for this address, with any label.
    let email = format!("bounce+{}@simulator.amazonses.com", SystemIds.draw()).to_lowercase();
    let invitation = stack.invite(json!({"email": email, "role": "agent"})).await;
    let path = format!("/v1/invitations/{}", invitation["id"].as_str().unwrap());
    let key = stack.fact("api_key");
    let shown = eventually("the bounce of the mail", SOON, async || {
        let shown = stack.call_by_key(key, (Method::GET, &path), None).await;
        (shown.body["mail_status"] == "bounced").then_some(shown.body)
    })
    .await;
    let timeline = shown["timeline"].as_array().unwrap();
    let bounced = timeline
        .iter()
        .find(|entry| entry["kind"] == "mail_bounced_hard");
    let words = bounced.unwrap()["detail"].as_str().unwrap();
    assert!(words.contains("550 5.1.1 user unknown"), "{words}");
    assert_eq!(shown["status"], "pending");

    let resend = format!("{path}/resend");
    let again = stack.call_by_key(key, (Method::POST, &resend), None).await;
    assert_eq!(again.status.as_u16(), 409, "{}", again.body);
    assert_eq!(again.body["type"], "/problems/address-blocked");
}
