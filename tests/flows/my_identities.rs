//! The identities that are connected with a login, seen and disconnected by its owner (SPEC D27, D33).

use crate::{
    providers::{Browser, Method, problem, says, set_up},
    sign_in::{self, audited},
    single_sign_on::{sso_only, through_provider},
    world::World,
};
use futures_util::future::join;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::fault_proxy::{Fault, Rule};

const EMAIL: &str = "ana@example.com";
const PATH: &str = "/v1/me/identities";

/// Connects the identity of this subject.
async fn bind(world: &World, browser: &mut Browser, method: &Method, subject: &str) {
    world.honest.sign_in_as(says(EMAIL, subject));
    let start = json!({"purpose": "bind"});
    let bound = browser.through(world, &world.honest, method, start).await;
    assert!(bound.location().ends_with("#ok"), "{}", bound.location());
}

/// The browser of somebody who signed in as this subject at the account's provider.
async fn through(world: &World, method: &Method, subject: &str, account: &str) -> Browser {
    world.honest.sign_in_as(says(EMAIL, subject));
    let mut browser = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let back = browser.through(world, &world.honest, method, start).await;
    assert!(back.location().ends_with("#ok"), "{}", back.location());
    browser.in_account(account)
}

/// The ids of the identities that the login has.
async fn ids(world: &World, browser: &mut Browser) -> Vec<String> {
    let listed = browser.call(world, "GET", PATH, Value::Null).await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let items = listed.body["items"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn disconnect(world: &World, browser: &mut Browser, id: &str) -> (u16, Value) {
    let path = format!("{PATH}/{id}");
    let seen = browser.call(world, "DELETE", &path, Value::Null).await;
    (seen.status, seen.body)
}

/// An account with a provider, and the browser of its super admin.
async fn account_with_provider(world: &World) -> (String, Browser, Method) {
    let home = world.scope.account_id().to_string();
    let person = world.person("super_admin").await;
    let mut admin = Browser::of(&person.cookie).in_account(&home);
    let method = set_up(world, &mut admin, &world.honest).await;
    (home, admin, method)
}

/// SPEC D27, D33.
#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_identity_opens_nothing_and_the_other_one_stays() {
    let world = World::new().await;
    let (home, _, method) = account_with_provider(&world).await;
    let ana = sign_in::member(&world, EMAIL).await;
    let mut ana = Browser::of(ana.session().unwrap()).in_account(&home);
    assert_eq!(ids(&world, &mut ana).await, Vec::<String>::new());
    bind(&world, &mut ana, &method, "ana-there").await;
    let first = ids(&world, &mut ana).await.remove(0);
    bind(&world, &mut ana, &method, "ana-too").await;
    let both = ids(&world, &mut ana).await;
    assert_eq!(both.len(), 2);
    let listed = ana.call(&world, "GET", PATH, Value::Null).await;
    let item = &listed.body["items"][0];
    assert_eq!(item["account"]["id"], json!(home));
    assert_eq!(item["login_method_id"], json!(method.id));
    let mut there = through(&world, &method, "ana-there", &home).await;
    let mut too = through(&world, &method, "ana-too", &home).await;
    for browser in [&mut there, &mut too] {
        let refused = browser.call(&world, "GET", PATH, Value::Null).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        let (status, body) = disconnect(&world, browser, &first).await;
        assert_eq!(status, 403, "{body}");
    }

    assert_eq!(disconnect(&world, &mut ana, &first).await.0, 204);
    let left: Vec<String> = both.into_iter().filter(|id| *id != first).collect();
    assert_eq!(ids(&world, &mut ana).await, left);
    let me = there.call(&world, "GET", "/v1/me", Value::Null).await;
    assert_eq!(me.status, 401, "{}", me.body);
    let me = too.call(&world, "GET", "/v1/me", Value::Null).await;
    assert_eq!(me.status, 200, "{}", me.body);
    world.honest.sign_in_as(says(EMAIL, "ana-there"));
    let start = json!({"purpose": "sign_in"});
    let back = Browser::default()
        .through(&world, &world.honest, &method, start)
        .await;
    assert_eq!(problem(&back), "not-bound");
    assert_eq!(audited(&world, "member.identity_unbound"), 1);
    let mails = world.rows("MAIL").into_iter().map(Value::Object);
    let told = mails.filter(|row| row["content"]["what"] == "identity");
    // Two that were connected, and the one that was disconnected.
    assert_eq!(told.count(), 3);
    assert_eq!(disconnect(&world, &mut ana, &first).await.0, 404);
}

/// SPEC D28: an account that lets its members in at a provider only.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_identity_by_which_a_login_gets_into_an_account_stays() {
    let world = World::new().await;
    let (home, mut admin, method) = account_with_provider(&world).await;
    bind(&world, &mut admin, &method, "admin-there").await;
    bind(&world, &mut admin, &method, "admin-too").await;
    world.honest.sign_in_as(says(EMAIL, "admin-there"));
    let start = json!({"purpose": "trial"});
    let tried = admin.through(&world, &world.honest, &method, start).await;
    assert!(tried.location().ends_with("#ok"), "{}", tried.location());
    let mut inside = through(&world, &method, "admin-there", &home).await;
    let closed = json!({"rules": {"sso_only": true}});
    let changed = inside.call(&world, "PATCH", "/v1/account", closed).await;
    assert_eq!(changed.status, 200, "{}", changed.body);

    let first = ids(&world, &mut admin).await.remove(0);
    assert_eq!(disconnect(&world, &mut admin, &first).await.0, 204);
    let second = ids(&world, &mut admin).await.remove(0);
    let (status, body) = disconnect(&world, &mut admin, &second).await;
    assert_eq!(status, 409, "{body}");
    assert_eq!(body["type"], "/problems/identity-required-by");
    assert_eq!(body["accounts"][0]["id"], json!(home));
}

/// SPEC D27, D28.
#[tokio::test(flavor = "multi_thread")]
async fn an_identity_disconnected_at_the_moment_of_single_sign_on_only_leaves_a_way_in() {
    for slow in [1, 1, 2, 2] {
        let world = World::new().await;
        let home = world.scope.account_id().to_string();
        let person = world.person("super_admin").await;
        let own = Browser::of(&person.cookie).in_account(&home);
        let (mut inside, _) = through_provider(&world, own, &home, &person.email).await;
        let mut own = Browser::of(&person.cookie).in_account(&home);
        let id = ids(&world, &mut own).await.remove(0);
        // Whoever writes first waits at the table, and the other overtakes, or both wait.
        let pause = Fault::Delay(Duration::from_millis(150));
        world.to_db.reset_counts();
        world
            .to_db
            .inject(Rule::new("DynamoDB.TransactWriteItems", pause).times(slow));
        let (turned_on, (disconnected, body)) = join(
            Box::pin(sso_only(&world, &mut inside, true)),
            Box::pin(disconnect(&world, &mut own, &id)),
        )
        .await;
        world.to_db.clear();
        let statuses = [turned_on, disconnected];
        assert_ne!(statuses, [200, 204], "{body}");
        assert!(turned_on == 200 || disconnected == 204, "{statuses:?}");
    }
}
