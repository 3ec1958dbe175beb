//! The end of an account (SPEC D34).

use crate::{
    conversations::put,
    sign_in::{Browser, PASSWORD, Seen, accept, audited, invite, mailed, member, sign_in},
    world::{SETUP_TOKEN, World},
};
use futures_util::future::join;
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::{AccountScope, account::email_address::EmailAddress};
use vestibule_testkit::fault_proxy::{Fault, Rule};

pub const NAME: &str = "Second";
pub const CONSOLE: &[(&str, &str)] = &[("x-vestibule-console", "1")];

/// A second account, and the browser of its only super admin.
pub async fn second(world: &World) -> (Browser, String) {
    let person = world.person("super_admin").await;
    let first = world.scope.account_id().to_string();
    let mut admin = Browser::of(&person.cookie).in_account(&first);
    let body = json!({"name": NAME});
    let made = admin.post(world, "/v1/accounts", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let account = made.body["id"].as_str().unwrap().to_owned();
    (admin.in_account(&account), account)
}

pub async fn delete(world: &World, browser: &mut Browser, name: &str) -> Seen {
    let body = json!({"name": name});
    browser
        .call(world, ("DELETE", "/v1/account"), body, CONSOLE)
        .await
}

/// Lets a member of the first account join the second one.
async fn joined(world: &World, admin: &mut Browser, email: &str) -> Browser {
    let mut browser = member(world, email).await;
    invite(world, admin, email, true).await;
    let token = mailed(world, email).await;
    let seen = accept(world, &mut browser, &token).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let account = seen.body["account_id"].as_str().unwrap().to_owned();
    browser.in_account(&account)
}

/// The rows of the account itself: its record, keys, clients, login methods and roles.
fn rows_of(world: &World, account: &str) -> Vec<Map<String, Value>> {
    let own = format!("ACCOUNT#{account}");
    let [methods, roles] = ["METHODS", "ROLES"].map(|part| format!("{own}#{part}"));
    let mut rows = world.db.items().unwrap();
    rows.retain(|row| {
        let pk = row["pk"].as_str().unwrap();
        [own.as_str(), &methods, &roles].contains(&pk)
    });
    rows
}

/// The members of an account who are not removed.
fn members_of(world: &World, account: &str) -> usize {
    let start = format!("ACCOUNT#{account}#");
    let rows = world.rows("MEMBER").into_iter();
    rows.filter(|row| row["pk"].as_str().unwrap().starts_with(&start))
        .filter(|row| row["status"] != "removed")
        .count()
}

/// SPEC D34, G01.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_is_gone_with_its_keys_and_members_whose_logins_stay() {
    let world = World::new().await;
    let (mut admin, account) = second(&world).await;
    let mut ana = joined(&world, &mut admin, "ana@example.com").await;
    let pending = invite(&world, &mut admin, "pia@example.com", true).await;
    let link = mailed(&world, "pia@example.com").await;
    let role = json!({"name": "Reader", "permissions": ["projects.read"]});
    assert_eq!(admin.post(&world, "/v1/roles", role).await.status, 201);
    let client = json!({"name": "Shop"});
    assert_eq!(admin.post(&world, "/v1/clients", client).await.status, 201);
    let key = json!({"name": "Script", "permissions": ["projects.read"]});
    let key = admin.post(&world, "/v1/api-keys", key).await;
    assert_eq!(key.status, 201, "{}", key.body);
    let key = key.body["key"].as_str().unwrap().to_owned();
    let others = world.rows("ACCOUNT").len();
    let seen = delete(&world, &mut admin, NAME).await;
    assert_eq!((seen.status, &seen.body), (200, &json!({"done": true})));
    assert_eq!(rows_of(&world, &account), []);
    assert_eq!(members_of(&world, &account), 0);
    assert_eq!(audited(&world, "account.deleted"), 1);
    assert!(world.rows("ACCOUNT").len() < others);
    for browser in [&mut admin, &mut ana] {
        let seen = browser.get(&world, "/v1/account").await;
        assert_eq!((seen.status, seen.problem()), (403, "not-a-member"));
        let me = browser.get(&world, "/v1/me").await;
        let accounts = me.body["accounts"].as_array().unwrap();
        assert_eq!(accounts.len(), 1, "{}", me.body);
        assert_ne!(accounts[0]["id"], account.as_str());
    }
    let refused = world
        .call(&key, ("GET", "/v1/projects"), Value::Null, &[])
        .await;
    assert_eq!(refused.status, 401, "{}", refused.body);
    let seen = accept(&world, &mut Browser::default(), &link).await;
    assert_eq!((seen.status, seen.problem()), (410, "token-not-valid"));
    assert!(pending["id"].is_string());
    // The first account, and the login, are as before.
    let home = world.scope.account_id().to_string();
    let mut ana = Browser::default();
    let seen = sign_in(&world, &mut ana, "ana@example.com", PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let seen = ana.in_account(&home).get(&world, "/v1/projects").await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// The rows of all partitions of an account, without audit entries and without outgoing events, which expire.
fn traces_of(world: &World, account: &str) -> Vec<Map<String, Value>> {
    let own = format!("ACCOUNT#{account}");
    let mut rows = world.db.items().unwrap();
    rows.retain(|row| {
        let pk = row["pk"].as_str().unwrap();
        let is_told = pk.contains("#AUDIT#") || pk.contains("#OUTGOING_EVENT#");
        pk.starts_with(&own) && !is_told
    });
    rows
}

/// SPEC D34, C62: nobody reaches what a deleted account would keep about people.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_keeps_nothing_about_people_but_audit_entries_and_its_last_member() {
    let world = World::new().await;
    let (mut admin, account) = second(&world).await;
    joined(&world, &mut admin, "ana@example.com").await;
    invite(&world, &mut admin, "pia@example.com", true).await;
    let client = json!({"name": "Shop"});
    assert_eq!(admin.post(&world, "/v1/clients", client).await.status, 201);
    let team = json!({"name": "Night shift"});
    assert_eq!(admin.post(&world, "/v1/teams", team).await.status, 201);
    let channel = json!({"key": "live_chat"});
    assert_eq!(
        admin.post(&world, "/v1/channels", channel).await.status,
        201
    );
    let members = admin.get(&world, "/v1/members").await;
    for member in members.body["items"].as_array().unwrap() {
        let path = format!("/v1/members/{}", member["id"].as_str().unwrap());
        let work = json!({"work": {"channels": {"live_chat": 2, "sms": 1}}});
        let seen = admin.call(&world, ("PATCH", &path), work, CONSOLE).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
    }
    // Pia's address bounced, and Ana signed in through a provider of the account.
    let pia = EmailAddress::parse("pia@example.com").unwrap().hash();
    let rows = traces_of(&world, &account);
    let ana = rows
        .iter()
        .find(|row| row["sk"] == "MEMBER" && row["email"] == "ana@example.com");
    let login_id = ana.unwrap()["login_id"].as_str().unwrap().to_owned();
    let identity = "0a".repeat(32);
    let at = world.now().to_string();
    for row in [
        json!({"pk": format!("ACCOUNT#{account}#BLOCKED#{pia}"), "sk": "BLOCKED", "reason": "hard_bounce", "at": at}),
        json!({"pk": format!("ACCOUNT#{account}#IDENTITY#{identity}"), "sk": "IDENTITY"}),
        json!({
            "pk": format!("LOGIN#{login_id}#IDENTITIES"), "sk": format!("ACCOUNT#{account}#{identity}"),
            "scope": {"account_id": account}, "identity": identity, "method_id": account,
        }),
    ] {
        put(&world, row.as_object().unwrap().clone());
    }
    let seen = delete(&world, &mut admin, NAME).await;
    assert_eq!((seen.status, &seen.body), (200, &json!({"done": true})));
    let left = traces_of(&world, &account);
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(
        (&left[0]["sk"], &left[0]["status"]),
        (&json!("MEMBER"), &json!("removed"))
    );
    let found = format!("LOGIN#{login_id}#IDENTITIES");
    let mut identities = world.db.items().unwrap();
    identities.retain(|row| row["pk"] == found.as_str());
    assert_eq!(identities, []);
}

/// SPEC D34, C62: no invitation leads to whoever made an account.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_keeps_nothing_about_a_founder_who_left_it() {
    let world = World::new().await;
    let (mut founder, account) = second(&world).await;
    let scope = AccountScope::of_verified(account.parse().unwrap());
    let heir = world.person_in(scope, "super_admin").await;
    let heir_id = heir.member_id.to_string();
    let mut heir = Browser::of(&heir.cookie).in_account(&account);
    let leave = format!("/v1/me/accounts/{account}/leave");
    let seen = founder.post(&world, &leave, Value::Null).await;
    assert_eq!(seen.status, 204, "{}", seen.body);
    let seen = delete(&world, &mut heir, NAME).await;
    assert_eq!((seen.status, &seen.body), (200, &json!({"done": true})));
    let left = traces_of(&world, &account);
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["id"], heir_id);
}

/// SPEC D34, D26.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_takes_the_name_and_a_super_admins_session() {
    let world = World::new().await;
    let (mut admin, account) = second(&world).await;
    let before = rows_of(&world, &account);
    for wrong in ["second", "Acme", ""] {
        let seen = delete(&world, &mut admin, wrong).await;
        assert_eq!(seen.status, 422, "{}", seen.body);
        let rule = json!([{"field": "name", "rule": "must be the account's name"}]);
        assert_eq!(seen.body["errors"], rule);
    }
    let mut agent = joined(&world, &mut admin, "ana@example.com").await;
    let seen = delete(&world, &mut agent, NAME).await;
    assert_eq!((seen.status, seen.problem()), (403, "permission-missing"));
    let role = json!({"name": "Office", "permissions": ["account.manage"]});
    let role = admin.post(&world, "/v1/roles", role).await;
    assert_eq!(role.status, 201, "{}", role.body);
    let scope = AccountScope::of_verified(account.parse().unwrap());
    let office = world
        .person_in(scope, role.body["id"].as_str().unwrap())
        .await;
    let mut office = Browser::of(&office.cookie).in_account(&account);
    let seen = delete(&world, &mut office, NAME).await;
    assert_eq!((seen.status, seen.problem()), (403, "permissions-not-held"));
    let stale = [("x-vestibule-console", "1"), ("if-match", "\"99\"")];
    let body = json!({"name": NAME});
    let seen = admin
        .call(&world, ("DELETE", "/v1/account"), body, &stale)
        .await;
    assert_eq!((seen.status, seen.problem()), (412, "precondition-failed"));
    let after = rows_of(&world, &account);
    assert!(before.iter().all(|row| after.contains(row)));
}

/// SPEC D34.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_projects_stays_and_tells_their_number() {
    let world = World::new().await;
    let (mut admin, account) = second(&world).await;
    let project = json!({"name": "Support"});
    let made = admin.post(&world, "/v1/projects", project).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let seen = delete(&world, &mut admin, NAME).await;
    assert_eq!((seen.status, seen.problem()), (409, "account-has-projects"));
    assert_eq!(seen.body["projects"], 1);
    assert_eq!(members_of(&world, &account), 1);
    assert_eq!(admin.get(&world, "/v1/account").await.status, 200);
}

/// SPEC D34: no project is left without its account.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_project_that_is_made_at_the_same_time_keeps_the_account_or_is_refused() {
    for _ in 0..10 {
        let world = World::new().await;
        let (mut admin, account) = second(&world).await;
        let mut other = admin.clone();
        let project = json!({"name": "Support"});
        let (made, deleted) = join(
            Box::pin(other.post(&world, "/v1/projects", project)),
            Box::pin(delete(&world, &mut admin, NAME)),
        )
        .await;
        let start = format!("ACCOUNT#{account}");
        let mut projects = world.rows("PROJECT#");
        projects.retain(|row| row["pk"] == start.as_str());
        assert_eq!(projects.len(), usize::from(made.status == 201));
        let is_deleted = deleted.status == 200;
        assert!(!(is_deleted && made.status == 201), "{}", made.body);
        assert_eq!(rows_of(&world, &account).is_empty(), is_deleted);
    }
}

/// The first transaction of either waits, so that the other comes between its reads and its writes.
#[tokio::test(flavor = "multi_thread")]
async fn whichever_of_a_project_and_the_end_of_its_account_is_written_last_is_refused() {
    let world = World::new().await;
    let (mut admin, account) = second(&world).await;
    let mut other = admin.clone();
    let slow = Fault::Delay(Duration::from_millis(400));
    let rule = Rule::new("DynamoDB.TransactWriteItems", slow);
    world.to_db.inject(rule);
    let project = json!({"name": "Support"});
    let (made, deleted) = join(
        Box::pin(other.post(&world, "/v1/projects", project)),
        Box::pin(delete(&world, &mut admin, NAME)),
    )
    .await;
    let both = (made.status, deleted.status);
    assert_ne!(both, (201, 200));
    let is_there = !rows_of(&world, &account).is_empty();
    assert_eq!(is_there, deleted.status != 200, "{both:?}");
}

/// SPEC D34, D30.
#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_the_set_up_stays_and_a_key_deletes_none() {
    let world = World::new().await;
    let asked = json!({"setup_token": SETUP_TOKEN, "account_name": NAME});
    let made = world.call("", ("POST", "/v1/setup"), asked, &[]).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let account = made.body["account"]["id"].as_str().unwrap().to_owned();
    let scope = AccountScope::of_verified(account.parse().unwrap());
    let admin = world.person_in(scope, "super_admin").await;
    let mut admin = Browser::of(&admin.cookie).in_account(&account);
    let seen = delete(&world, &mut admin, NAME).await;
    assert_eq!((seen.status, seen.problem()), (409, "first-account"));
    let key = made.body["api_key"]["key"].as_str().unwrap();
    let body = json!({"name": NAME});
    let refused = world.call(key, ("DELETE", "/v1/account"), body, &[]).await;
    assert_eq!(refused.body["type"], "/problems/needs-a-session");
    assert_eq!(members_of(&world, &account), 1);
}

/// SPEC D34.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_ended_half_way_is_repeated() {
    let world = World::new().await;
    let (mut admin, account) = second(&world).await;
    let mut ana = joined(&world, &mut admin, "ana@example.com").await;
    world.count_from_here();
    // The first transaction removes the other member.
    let rule = Rule::new("DynamoDB.TransactWriteItems", Fault::TransactionConflict);
    world.to_db.inject(rule.from_call(2).until_cleared());
    let seen = delete(&world, &mut admin, NAME).await;
    assert_eq!((seen.status, seen.problem()), (409, "changed-meanwhile"));
    world.to_db.clear();
    let seen = ana.get(&world, "/v1/account").await;
    assert_eq!(seen.problem(), "not-a-member");
    assert_eq!(admin.get(&world, "/v1/account").await.status, 200);
    let seen = delete(&world, &mut admin, NAME).await;
    assert_eq!((seen.status, &seen.body), (200, &json!({"done": true})));
    assert_eq!(rows_of(&world, &account), []);
    assert_eq!(audited(&world, "member.removed"), 1);
}

/// SPEC D34, D26.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_super_admins_who_delete_the_account_at_once_one_does() {
    let world = World::new().await;
    let (mut one, account) = second(&world).await;
    let scope = AccountScope::of_verified(account.parse().unwrap());
    let other = world.person_in(scope, "super_admin").await;
    let mut other = Browser::of(&other.cookie).in_account(&account);
    let (first, second) = join(
        Box::pin(delete(&world, &mut one, NAME)),
        Box::pin(delete(&world, &mut other, NAME)),
    )
    .await;
    for seen in [&first, &second] {
        assert!(matches!(seen.status, 200 | 403 | 409), "{}", seen.body);
    }
    // Whoever is left, if both stood in each other's way, tries again.
    for browser in [&mut one, &mut other] {
        let seen = delete(&world, browser, NAME).await;
        assert!(matches!(seen.status, 200 | 403), "{}", seen.body);
    }
    assert_eq!(rows_of(&world, &account), []);
    assert_eq!(members_of(&world, &account), 0);
    assert_eq!(audited(&world, "account.deleted"), 1);
}

/// SPEC D34.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_whose_answer_from_the_table_was_lost_is_made_once() {
    for fault in [Fault::ResetAfter, Fault::ResetBefore, Fault::Error500] {
        let world = World::new().await;
        let (mut admin, account) = second(&world).await;
        let rule = Rule::new("DynamoDB.TransactWriteItems", fault.clone());
        world.to_db.inject(rule);
        let seen = delete(&world, &mut admin, NAME).await;
        assert_eq!((seen.status, &seen.body), (200, &json!({"done": true})));
        assert_eq!(rows_of(&world, &account), [], "{fault:?}");
        assert_eq!(audited(&world, "account.deleted"), 1, "{fault:?}");
    }
}
