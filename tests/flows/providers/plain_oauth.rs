//! Plain OAuth 2.0 as a login method (SPEC D09–D11, D27).

use super::{Browser, CLIENT_ID, CLIENT_SECRET, Method, hostile_account, problem, says, token_of};
use crate::world::World;
use serde_json::{Value, json};
use vestibule_testkit::openid_provider::OpenIdProvider;

/// Sets up plain OAuth 2.0 as a login method of the account that the browser has open.
async fn set_up_oauth(world: &World, admin: &mut Browser, provider: &OpenIdProvider) -> Method {
    let at = |path: &str| format!("{}{path}", provider.issuer());
    let body = json!({
        "name": "Code host",
        "provider": {
            "kind": "oauth2", "authorization_url": at("/authorize"), "token_url": at("/token"),
            "user_info_url": at("/userinfo"), "identifier_field": "id", "email_field": "email",
        },
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
    });
    let made = admin.call(world, "POST", "/v1/login-methods", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let redirect_uri = made.body["redirect_uri"].as_str().unwrap();
    provider.register(CLIENT_ID, CLIENT_SECRET, redirect_uri);
    Method {
        account: admin.account.clone().unwrap(),
        id: made.body["id"].as_str().unwrap().to_owned(),
    }
}

/// SPEC D09–D11, D27: plain OAuth 2.0 binds by an identifier, which means something at its own method only.
#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_of_plain_oauth_opens_the_account_of_its_method_and_no_other() {
    let world = World::new().await;
    let home = world.scope.account_id().to_string();
    let admin = world.person("super_admin").await;
    let mut browser = Browser::of(&admin.cookie).in_account(&home);
    let honest = set_up_oauth(&world, &mut browser, &world.honest).await;
    let email = "erin@example.com";
    let body = json!({"email": email, "role": "agent", "method": honest.id, "identifier": "4711"});
    let made = browser.call(&world, "POST", "/v1/invitations", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let token = token_of(&world.link_in_mail(email).await);
    let accept = json!({"purpose": "accept", "token": token});
    // The address is right, and counts for nothing.
    world
        .honest
        .sign_in_as(says(email, "x").with("id", json!(4712)));
    let mut wrong = Browser::default();
    let refused = wrong
        .through(&world, &world.honest, &honest, accept.clone())
        .await;
    assert_eq!(problem(&refused), "wrong-identity");
    world
        .honest
        .sign_in_as(says("other@example.com", "x").with("id", json!(4711)));
    let mut erin = Browser::default();
    let joined = erin.through(&world, &world.honest, &honest, accept).await;
    assert!(joined.location().ends_with("#ok"), "{}", joined.location());
    erin.account = Some(home.clone());
    let projects = erin.call(&world, "GET", "/v1/projects", Value::Null).await;
    assert_eq!(projects.status, 200, "{}", projects.body);

    // The same identifier at another account's provider is somebody else's.
    let (mut mallory, _) = hostile_account(&world).await;
    let hostile = set_up_oauth(&world, &mut mallory, &world.hostile).await;
    world
        .hostile
        .sign_in_as(says(email, "x").with("id", json!(4711)));
    let mut thief = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let back = thief.through(&world, &world.hostile, &hostile, start).await;
    assert_eq!(problem(&back), "not-bound");
    assert!(!thief.is_signed_in());
}
