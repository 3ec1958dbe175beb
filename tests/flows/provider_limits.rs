//! The share of what all accounts have in common that one account's provider gets.

use crate::{
    providers::{Browser, Method, hostile_account, set_up},
    world::World,
};
use serde_json::json;
use std::time::Duration;

/// SPEC D28: strangers on many networks begin only so many sign-ins at one account's provider.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_method_begins_only_so_many_sign_ins_at_once_and_holds_no_other_one_up() {
    let world = World::new().await;
    let person = world.person("super_admin").await;
    let account = world.scope.account_id().to_string();
    let mut admin = Browser::of(&person.cookie).in_account(&account);
    let method = set_up(&world, &mut admin, &world.honest).await;
    let (_, other) = hostile_account(&world).await;
    let start = async |address: &'static str, method: &Method| {
        let body = json!({"purpose": "sign_in"});
        let mut browser = Browser::at(address);
        browser.call(&world, "POST", &method.start(), body).await
    };
    for address in ["192.0.2.1", "192.0.2.2"] {
        for _ in 0..30 {
            let started = start(address, &method).await;
            assert_eq!(started.status, 200, "{}", started.body);
        }
    }
    let refused = start("192.0.2.3", &method).await;
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(start("192.0.2.3", &other).await.status, 200);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(start("192.0.2.3", &method).await.status, 200);
}
