//! Providers of many tenants, as Microsoft's (SPEC D27): anybody can have one there, with any address in it.

use crate::{
    providers::{Browser, problem, says, set_up_as, token_of},
    world::World,
};
use serde_json::{Value, json};

const OUR_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const THEIR_TENANT: &str = "11111111-2222-3333-4444-555555555555";

/// SPEC D27.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_the_account_did_not_list_opens_nothing_and_a_subject_is_one_of_its_tenant() {
    let world = World::new().await;
    let home = world.scope.account_id().to_string();
    let admin = world.person("super_admin").await;
    let mut browser = Browser::of(&admin.cookie).in_account(&home);
    let settings = |tenants: Value| {
        let issuer = world.honest.issuer_of_tenants();
        json!({"kind": "open_id_connect", "issuer": issuer, "tenants": tenants})
    };
    // Without a list, the check and the trial say what is missing, and nobody gets as far as the provider.
    let open = set_up_as(&world, &mut browser, &world.honest, settings(json!([]))).await;
    let path = format!("/v1/login-methods/{}/check", open.id);
    let checked = browser.call(&world, "POST", &path, Value::Null).await;
    let problem_of_check = checked.body["problem"].as_str().unwrap();
    assert!(problem_of_check.contains("`tenants`"), "{}", checked.body);
    let start = json!({"purpose": "sign_in"});
    let refused = browser
        .call(&world, "POST", &open.start(), start.clone())
        .await;
    assert_eq!(refused.status, 502, "{}", refused.body);

    let method = set_up_as(
        &world,
        &mut browser,
        &world.honest,
        settings(json!([OUR_TENANT])),
    )
    .await;
    let path = format!("/v1/login-methods/{}/check", method.id);
    let checked = browser.call(&world, "POST", &path, Value::Null).await;
    assert_eq!(checked.body["problem"], Value::Null, "{}", checked.body);
    let email = "carol@example.com";
    let body = json!({"email": email, "role": "agent", "method": method.id, "identifier": "carol"});
    let made = browser.call(&world, "POST", "/v1/invitations", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let accept = json!({"purpose": "accept", "token": token_of(&world.link_in_mail(email).await)});
    let of_tenant = |tenant: &str| says(email, "carol").with("tid", json!(tenant));

    world.honest.sign_in_as(of_tenant(THEIR_TENANT));
    let mut thief = Browser::default();
    let back = thief
        .through(&world, &world.honest, &method, accept.clone())
        .await;
    assert_eq!(problem(&back), "sign-in-failed");
    world.honest.sign_in_as(of_tenant(OUR_TENANT));
    let mut carol = Browser::default();
    let joined = carol.through(&world, &world.honest, &method, accept).await;
    assert!(joined.location().ends_with("#ok"), "{}", joined.location());

    // Another tenant is let in later: its Carol is somebody else.
    let path = format!("/v1/login-methods/{}", method.id);
    let body = json!({"provider": {"tenants": [OUR_TENANT, THEIR_TENANT]}});
    let changed = browser.call(&world, "PATCH", &path, body).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    world.honest.sign_in_as(of_tenant(THEIR_TENANT));
    let mut other = Browser::default();
    let back = other
        .through(&world, &world.honest, &method, start.clone())
        .await;
    assert_eq!(problem(&back), "not-bound");
    world.honest.sign_in_as(of_tenant(OUR_TENANT));
    let mut again = Browser::default();
    let back = again.through(&world, &world.honest, &method, start).await;
    assert!(back.location().ends_with("#ok"), "{}", back.location());
    // Nor is the same subject without a tenant.
    world.honest.sign_in_as(says(email, "carol"));
    let mut without = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let back = without.through(&world, &world.honest, &method, start).await;
    assert_eq!(problem(&back), "sign-in-failed");
}
