//! The end of a membership and of a login, by the person's own wish (SPEC D35, D26).

use crate::{
    sign_in::{Browser, PASSWORD, Seen, accept, admin, audited, invite, mailed, member, sign_in},
    world::{Person, World},
};
use auth::totp;
use futures_util::future::join;
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::account::email_address::EmailAddress;
use vestibule_testkit::fault_proxy::{Fault, Rule};

const ANA: &str = "ana@example.com";
const DELETE: &str = "/v1/me/delete";

async fn delete(world: &World, browser: &mut Browser) -> Seen {
    let body = json!({"password": PASSWORD});
    browser.post(world, DELETE, body).await
}

/// A super admin of the world's account with a password, invited by this person.
async fn super_admin(world: &World, inviter: &Person, email: &str) -> Browser {
    let body = json!({"email": email, "name": "Ana", "role": "super_admin"});
    world.invite(inviter, body).await;
    let mut browser = Browser::default();
    let accepted = accept(world, &mut browser, &mailed(world, email).await).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    browser.in_account(&world.scope.account_id().to_string())
}

async fn own_id(world: &World, browser: &mut Browser) -> String {
    let seen = browser.get(world, "/v1/me").await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    seen.body["login"]["id"].as_str().unwrap().to_owned()
}

/// The rows of a login, except for the mail that tells of its end, which expires.
fn rows_of(world: &World, login_id: &str) -> Vec<Map<String, Value>> {
    let mut rows = world.db.items().unwrap();
    let start = format!("LOGIN#{login_id}");
    rows.retain(|row| {
        let pk = row["pk"].as_str().unwrap();
        pk.starts_with(&start) && !pk.contains("#MAIL#")
    });
    rows
}

/// The active super admins of the world's account.
fn super_admins(world: &World) -> usize {
    let rows = world.rows("MEMBER").into_iter();
    rows.filter(|row| row["role"] == "super_admin" && row["status"] == "active")
        .count()
}

/// SPEC D35.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_login_is_gone_with_its_sessions_browsers_and_memberships() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let mut ana = member(&world, ANA).await;
    let mut phone = Browser::default();
    sign_in(&world, &mut phone, ANA, PASSWORD).await;
    let id = own_id(&world, &mut ana).await;
    let seen = delete(&world, &mut ana).await;
    assert_eq!(seen.status, 204, "{}", seen.body);
    assert_eq!(ana.session(), None);
    assert_eq!(phone.get(&world, "/v1/me").await.problem(), "sign-in-again");
    let seen = sign_in(&world, &mut Browser::default(), ANA, PASSWORD).await;
    assert_eq!(seen.problem(), "wrong-credentials");
    assert_eq!(rows_of(&world, &id), []);
    let ways_in = world.rows("EMAIL");
    assert!(!ways_in.iter().any(|row| row["login_id"] == id.as_str()));
    assert_eq!(audited(&world, "member.left"), 1);
    let members = admin.get(&world, "/v1/members").await;
    assert!(!members.body.to_string().contains(ANA), "{}", members.body);
    // The person is told, and can be invited again as somebody new.
    let owner = json!({"login_id": id});
    let mails = world.rows("MAIL").into_iter().map(Value::Object);
    let kinds: Vec<Value> = mails
        .filter(|row| row["owner"] == owner)
        .map(|row| row["content"]["kind"].clone())
        .collect();
    assert_eq!(kinds, ["login_deleted"]);
    let mut again = member(&world, ANA).await;
    assert_ne!(own_id(&world, &mut again).await, id);
}

/// SPEC D35, D28.
#[tokio::test(flavor = "multi_thread")]
async fn mails_that_strangers_ordered_to_the_address_end_with_the_login() {
    let world = World::new().await;
    let mut ana = member(&world, ANA).await;
    let body = json!({"email": ANA});
    let asked = Browser::default()
        .post(&world, "/v1/auth/reset", body)
        .await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    while world.work_on("email").await {}
    let resets = |world: &World| {
        let mails = world.rows("MAIL").into_iter().map(Value::Object);
        mails
            .filter(|row| row["content"]["kind"] == "password_reset")
            .count()
    };
    assert_eq!(resets(&world), 1);
    let seen = delete(&world, &mut ana).await;
    assert_eq!(seen.status, 204, "{}", seen.body);
    assert_eq!(resets(&world), 0);
}

/// SPEC D35, D26.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_active_super_admin_of_an_account_is_told_which_one_and_keeps_everything() {
    let world = World::new().await;
    let root = world.person("super_admin").await;
    let mut ana = super_admin(&world, &root, ANA).await;
    let path = format!("/v1/members/{}/remove", root.member_id);
    let removed = ana.post(&world, &path, Value::Null).await;
    assert_eq!(removed.status, 200, "{}", removed.body);
    let account = world.scope.account_id().to_string();
    let leave = format!("/v1/me/accounts/{account}/leave");
    for seen in [
        delete(&world, &mut ana).await,
        ana.post(&world, &leave, Value::Null).await,
    ] {
        assert_eq!((seen.status, seen.problem()), (409, "last-super-admin-of"));
        let [named] = seen.body["accounts"].as_array().unwrap().as_slice() else {
            panic!("{}", seen.body);
        };
        assert_eq!(named["id"], account.as_str());
    }
    let me = ana.get(&world, "/v1/me").await;
    assert_eq!(me.body["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(super_admins(&world), 1);
}

/// SPEC D35, D28.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_takes_the_password_or_a_code_of_the_factor_that_is_set() {
    let world = World::new().await;
    let mut ana = member(&world, ANA).await;
    let id = own_id(&world, &mut ana).await;
    for (body, status, problem) in [
        (json!({}), 422, "validation"),
        (
            json!({"password": "not her password"}),
            401,
            "wrong-credentials",
        ),
        (json!({"code": "123456"}), 409, "factor-not-set"),
        (
            json!({"code": "123456", "password": PASSWORD}),
            422,
            "validation",
        ),
    ] {
        let seen = ana.post(&world, DELETE, body).await;
        assert_eq!((seen.status, seen.problem()), (status, problem));
    }
    let password = json!({"password": PASSWORD});
    let begun = ana.post(&world, "/v1/me/factor", password).await;
    let secret = totp::read_secret(begun.body["secret"].as_str().unwrap()).unwrap();
    let code = json!({"code": totp::code_now(&secret, world.now())});
    let confirmed = ana
        .post(&world, "/v1/me/factor/confirm", code.clone())
        .await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    // A code counts once.
    let seen = ana.post(&world, DELETE, code).await;
    assert_eq!((seen.status, seen.problem()), (401, "wrong-code"));
    assert!(!rows_of(&world, &id).is_empty());
    world.clock.advance(Duration::from_mins(1));
    let code = json!({"code": totp::code_now(&secret, world.now())});
    let seen = ana.post(&world, DELETE, code).await;
    assert_eq!(seen.status, 204, "{}", seen.body);
    assert_eq!(rows_of(&world, &id), []);
}

/// SPEC D35, D26.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_the_last_two_super_admins_who_delete_their_logins_at_once_one_stays() {
    let world = World::new().await;
    let root = world.person("super_admin").await;
    let mut ana = super_admin(&world, &root, ANA).await;
    let mut ben = super_admin(&world, &root, "ben@example.com").await;
    let path = format!("/v1/members/{}/remove", root.member_id);
    let removed = ana.post(&world, &path, Value::Null).await;
    assert_eq!(removed.status, 200, "{}", removed.body);
    let (one, other) = join(
        Box::pin(delete(&world, &mut ana)),
        Box::pin(delete(&world, &mut ben)),
    )
    .await;
    for seen in [&one, &other] {
        assert!(matches!(seen.status, 204 | 409), "{}", seen.body);
    }
    assert!(one.status == 409 || other.status == 409);
    // Two that stood in each other's way try again, one after the other.
    for (browser, first) in [(&mut ana, one.status), (&mut ben, other.status)] {
        if first == 409 {
            delete(&world, browser).await;
        }
    }
    assert_eq!(super_admins(&world), 1);
    assert_eq!(audited(&world, "member.left"), 1);
}

/// The version of a login's row.
fn version_of(world: &World, login_id: &str) -> u64 {
    let rows = world.rows("LOGIN").into_iter();
    let mut rows = rows.filter(|row| row["id"] == login_id);
    rows.next().unwrap()["version"].as_u64().unwrap()
}

/// SPEC D34, D35: a login that changed since its accounts were listed is not deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_changes_when_its_person_makes_an_account() {
    let world = World::new().await;
    let mut ana = member_who_makes_accounts(&world).await;
    let id = own_id(&world, &mut ana).await;
    let before = version_of(&world, &id);
    let second = json!({"name": "Second"});
    let made = ana.post(&world, "/v1/accounts", second).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(version_of(&world, &id), before + 1);
}

/// SPEC D34, D35.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_makes_an_account_and_deletes_the_login_at_once_leaves_no_account_without_a_login()
{
    let world = World::new().await;
    let mut ana = member_who_makes_accounts(&world).await;
    let id = own_id(&world, &mut ana).await;
    let mut other_tab = ana.clone();
    let second = json!({"name": "Second"});
    let (made, gone) = join(
        Box::pin(other_tab.post(&world, "/v1/accounts", second)),
        Box::pin(delete(&world, &mut ana)),
    )
    .await;
    assert!(matches!(gone.status, 204 | 409), "{}", gone.body);
    assert!(made.status != 201 || gone.status == 409, "{}", made.body);
    let exists = world.rows("LOGIN").iter().any(|row| row["id"] == id);
    assert_eq!(exists, gone.status == 409);
}

/// A super admin of the world's account, who is not the only one.
async fn member_who_makes_accounts(world: &World) -> Browser {
    let root = world.person("super_admin").await;
    super_admin(world, &root, ANA).await
}

/// SPEC D35.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_ended_half_way_is_repeated() {
    let world = World::new().await;
    let mut ana = member(&world, ANA).await;
    let id = own_id(&world, &mut ana).await;
    world.count_from_here();
    // The first transaction ends the membership.
    let rule = Rule::new("DynamoDB.TransactWriteItems", Fault::TransactionConflict);
    world.to_db.inject(rule.from_call(2).until_cleared());
    let seen = delete(&world, &mut ana).await;
    assert_eq!((seen.status, seen.problem()), (409, "changed-meanwhile"));
    world.to_db.clear();
    let me = ana.get(&world, "/v1/me").await;
    assert_eq!((me.status, &me.body["accounts"]), (200, &json!([])));
    let seen = delete(&world, &mut ana).await;
    assert_eq!(seen.status, 204, "{}", seen.body);
    assert_eq!(rows_of(&world, &id), []);
    assert_eq!(audited(&world, "member.left"), 1);
}

/// SPEC D35.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_whose_answer_from_the_table_was_lost_is_made_once() {
    for call in [1, 2] {
        for fault in [Fault::ResetAfter, Fault::ResetBefore, Fault::Error500] {
            let world = World::new().await;
            let mut ana = member(&world, ANA).await;
            let id = own_id(&world, &mut ana).await;
            world.count_from_here();
            let rule = Rule::new("DynamoDB.TransactWriteItems", fault.clone());
            world.to_db.inject(rule.from_call(call));
            let seen = delete(&world, &mut ana).await;
            assert_eq!(seen.status, 204, "{fault:?} {call}: {}", seen.body);
            assert_eq!(rows_of(&world, &id), [], "{fault:?} {call}");
            assert_eq!(audited(&world, "member.left"), 1, "{fault:?} {call}");
        }
    }
}

/// SPEC D23, D35, G01.
#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_an_account_keeps_the_login_and_every_other_account() {
    let world = World::new().await;
    let mut first = admin(&world).await;
    let mut ana = member(&world, ANA).await;
    let mut bob = member(&world, "bob@example.com").await;
    let made = first
        .post(&world, "/v1/accounts", json!({"name": "Second"}))
        .await;
    let second = made.body["id"].as_str().unwrap().to_owned();
    let mut admin_of_second = first.clone().in_account(&second);
    invite(&world, &mut admin_of_second, ANA, true).await;
    let link = mailed(&world, ANA).await;
    let joined = accept(&world, &mut ana, &link).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    let account = world.scope.account_id().to_string();
    let leave = format!("/v1/me/accounts/{account}/leave");
    assert_eq!(ana.get(&world, "/v1/projects").await.status, 200);
    let seen = ana.post(&world, &leave, Value::Null).await;
    assert_eq!(seen.status, 204, "{}", seen.body);
    let seen = ana.get(&world, "/v1/projects").await;
    assert_eq!((seen.status, seen.problem()), (403, "not-a-member"));
    let again = ana.post(&world, &leave, Value::Null).await;
    assert_eq!((again.status, again.problem()), (404, "not-found"));
    let me = ana.get(&world, "/v1/me").await;
    let [place] = me.body["accounts"].as_array().unwrap().as_slice() else {
        panic!("{}", me.body);
    };
    assert_eq!(place["id"], second.as_str());
    assert_eq!(bob.get(&world, "/v1/projects").await.status, 200);
    // Nobody leaves what they are not in, and nobody is told whether it exists.
    let foreign = format!("/v1/me/accounts/{second}/leave");
    let seen = bob.post(&world, &foreign, Value::Null).await;
    assert_eq!((seen.status, seen.problem()), (404, "not-found"));
    // Whoever left can be invited again.
    invite(&world, &mut first, ANA, false).await;
}

/// The times, in seconds, at which the rows of a login and of its address are purged.
fn purged_at(world: &World, login_id: &str) -> [Option<i64>; 2] {
    [("LOGIN", "id"), ("EMAIL", "login_id")].map(|(kind, attribute)| {
        let rows = world.rows(kind);
        let row = rows.iter().find(|row| row[attribute] == login_id).unwrap();
        row.get("expires_at").and_then(Value::as_i64)
    })
}

/// SPEC D35.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_without_an_account_is_kept_for_thirty_days_unless_it_joins_one() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let mut ana = member(&world, ANA).await;
    let mut bob = member(&world, "bob@example.com").await;
    let (of_ana, of_bob) = (
        own_id(&world, &mut ana).await,
        own_id(&world, &mut bob).await,
    );
    assert_eq!(purged_at(&world, &of_ana), [None, None]);
    let account = world.scope.account_id().to_string();
    let leave = format!("/v1/me/accounts/{account}/leave");
    let seen = ana.post(&world, &leave, Value::Null).await;
    assert_eq!(seen.status, 204, "{}", seen.body);
    let ends = world.now().plus(Duration::from_hours(30 * 24)).seconds();
    assert_eq!(purged_at(&world, &of_ana), [Some(ends), Some(ends)]);
    // So is one that an admin removed.
    let me = bob.get(&world, "/v1/me").await;
    let id = me.body["account"]["member_id"].as_str().unwrap();
    let path = format!("/v1/members/{id}/remove");
    let removed = admin.post(&world, &path, Value::Null).await;
    assert_eq!(removed.status, 200, "{}", removed.body);
    assert_eq!(purged_at(&world, &of_bob), [Some(ends), Some(ends)]);
    // A change of the login does not prolong that.
    world.clock.advance(Duration::from_hours(1));
    let body = json!({"name": "Ana Silva"});
    let console = [("x-vestibule-console", "1")];
    let seen = ana.call(&world, ("PATCH", "/v1/me"), body, &console).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(purged_at(&world, &of_ana), [Some(ends), Some(ends)]);
    invite(&world, &mut admin, ANA, true).await;
    let link = mailed(&world, ANA).await;
    let joined = accept(&world, &mut ana, &link).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    assert_eq!(own_id(&world, &mut ana).await, of_ana);
    assert_eq!(purged_at(&world, &of_ana), [None, None]);
}

/// SPEC D35: rows end one by one, and not to the minute.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_whose_login_was_purged_is_free_before_its_row_is_gone() {
    let world = World::new().await;
    let hash = EmailAddress::parse(ANA).unwrap().hash();
    let row = json!({
        "pk": {"S": format!("EMAIL#{hash}")},
        "sk": {"S": "EMAIL"},
        "login_id": {"S": "01JD3Q3Z9V8M4T6K2N7P5R1S0W"},
        "expires_at": {"N": (world.now().seconds() - 1).to_string()},
    });
    world.db.put_raw(&row).unwrap();
    let mut ana = member(&world, ANA).await;
    let id = own_id(&world, &mut ana).await;
    assert_eq!(purged_at(&world, &id), [None, None]);
    let mut browser = Browser::default();
    let seen = sign_in(&world, &mut browser, ANA, PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}
