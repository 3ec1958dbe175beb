//! Pictures of members (SPEC E02).

use crate::{
    sign_in::{Browser, Seen, admin, audited, member},
    world::{Answer, World},
};
use data_encoding::BASE64;
use futures_util::future::join_all;
use serde_json::{Value, json};
use vestibule_testkit::fault_proxy::{Fault, Rule};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0and so on";
const CONSOLE: &[(&str, &str)] = &[("x-vestibule-console", "1")];

/// The address of the picture of the person in a browser.
async fn own_image(world: &World, browser: &mut Browser) -> String {
    let me = browser.get(world, "/v1/me").await;
    let id = me.body["account"]["member_id"].as_str().unwrap();
    format!("/v1/members/{id}/image")
}

async fn put(world: &World, browser: &mut Browser, path: &str, bytes: &[u8]) -> Seen {
    let body = json!({"image": BASE64.encode(bytes)});
    browser.call(world, ("PUT", path), body, CONSOLE).await
}

async fn delete(world: &World, browser: &mut Browser, path: &str) -> Seen {
    browser
        .call(world, ("DELETE", path), Value::Null, CONSOLE)
        .await
}

/// Reads as an `<img>` does: with the cookie, and the account in the query.
async fn shown(world: &World, browser: &Browser, path: &str, account: &str) -> Answer {
    let cookie = format!("__Host-vestibule={}", browser.session().unwrap());
    let path = format!("{path}?account={account}");
    let headers = [("cookie", cookie.as_str())];
    world.send(("GET", &path), Value::Null, &headers).await
}

/// SPEC E02.
#[tokio::test(flavor = "multi_thread")]
async fn ones_own_picture_is_set_shown_replaced_and_taken_away() {
    let world = World::new().await;
    let account = world.scope.account_id().to_string();
    let mut ana = member(&world, "ana@example.com").await;
    let bob = member(&world, "bob@example.com").await;
    let path = own_image(&world, &mut ana).await;
    let none = shown(&world, &bob, &path, &account).await;
    assert_eq!(none.status, 204, "{}", none.body);
    let seen = put(&world, &mut ana, &path, PNG).await;
    assert_eq!(seen.status, 204, "{}", seen.body);
    let image = shown(&world, &bob, &path, &account).await;
    assert_eq!((image.status, &image.bytes[..]), (200, PNG));
    for (header, value) in [
        ("content-type", "image/png"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, max-age=300"),
        ("etag", "\"1\""),
    ] {
        assert_eq!(image.headers[header], value);
    }
    // The same picture again changes nothing.
    assert_eq!(put(&world, &mut ana, &path, PNG).await.status, 204);
    assert_eq!(audited(&world, "member.updated"), 1);
    assert_eq!(put(&world, &mut ana, &path, JPEG).await.status, 204);
    let image = shown(&world, &bob, &path, &account).await;
    assert_eq!(image.headers["content-type"], "image/jpeg");
    assert_eq!(image.headers["etag"], "\"2\"");
    let stale = [("x-vestibule-console", "1"), ("if-match", "\"1\"")];
    let seen = ana
        .call(&world, ("DELETE", &path), Value::Null, &stale)
        .await;
    assert_eq!((seen.status, seen.problem()), (412, "precondition-failed"));
    for _ in 0..2 {
        assert_eq!(delete(&world, &mut ana, &path).await.status, 204);
    }
    assert_eq!(shown(&world, &bob, &path, &account).await.status, 204);
    assert_eq!(audited(&world, "member.updated"), 3);
}

/// SPEC E02.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_or_too_large_is_refused_with_the_rule() {
    let world = World::new().await;
    let mut ana = member(&world, "ana@example.com").await;
    let path = own_image(&world, &mut ana).await;
    let mut large = PNG.to_vec();
    large.resize(102_401, 0);
    let kind = "must be a PNG, JPEG or WebP image";
    let wrong: [(&[u8], &str); 4] = [
        (large.as_slice(), "must have at most 102400 bytes"),
        (b"GIF89a", kind),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", kind),
        (b"", kind),
    ];
    for (bytes, rule) in wrong {
        let seen = put(&world, &mut ana, &path, bytes).await;
        assert_eq!(seen.status, 422, "{}", seen.body);
        assert_eq!(
            seen.body["errors"],
            json!([{"field": "image", "rule": rule}])
        );
    }
    large.truncate(102_400);
    assert_eq!(put(&world, &mut ana, &path, &large).await.status, 204);
}

/// SPEC E02, D26.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_picture_takes_the_permission_and_no_more_than_the_caller_holds() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let mut ana = member(&world, "ana@example.com").await;
    let mut bob = member(&world, "bob@example.com").await;
    let path = own_image(&world, &mut ana).await;
    for seen in [
        put(&world, &mut bob, &path, PNG).await,
        delete(&world, &mut bob, &path).await,
    ] {
        assert_eq!((seen.status, seen.problem()), (403, "permission-missing"));
    }
    assert_eq!(put(&world, &mut admin, &path, PNG).await.status, 204);
    // Whoever manages members is still not above a super admin.
    let role = json!({"name": "Manager", "permissions": ["members.read", "members.manage"]});
    let role = admin.post(&world, "/v1/roles", role).await;
    assert_eq!(role.status, 201, "{}", role.body);
    let manager = world.person(role.body["id"].as_str().unwrap()).await;
    let account = world.scope.account_id().to_string();
    let mut manager = Browser::of(&manager.cookie).in_account(&account);
    let above = own_image(&world, &mut admin).await;
    let seen = put(&world, &mut manager, &above, PNG).await;
    assert_eq!((seen.status, seen.problem()), (409, "member-above"));
}

/// SPEC E02, D23, G01.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_account_sees_or_sets_a_picture_and_a_removed_member_has_none() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let mut ana = member(&world, "ana@example.com").await;
    let path = own_image(&world, &mut ana).await;
    assert_eq!(put(&world, &mut ana, &path, PNG).await.status, 204);
    let made = admin
        .post(&world, "/v1/accounts", json!({"name": "Second"}))
        .await;
    let second = made.body["id"].as_str().unwrap().to_owned();
    let mut elsewhere = admin.clone().in_account(&second);
    let seen = elsewhere.get(&world, &path).await;
    assert_eq!((seen.status, seen.problem()), (404, "not-found"));
    let seen = put(&world, &mut elsewhere, &path, JPEG).await;
    assert_eq!((seen.status, seen.problem()), (404, "not-found"));
    let account = world.scope.account_id().to_string();
    assert_eq!(shown(&world, &ana, &path, &second).await.status, 403);
    assert_eq!(shown(&world, &ana, &path, &account).await.status, 200);
    let remove = path.replace("/image", "/remove");
    let removed = admin.post(&world, &remove, Value::Null).await;
    assert_eq!(removed.status, 200, "{}", removed.body);
    assert_eq!(shown(&world, &admin, &path, &account).await.status, 404);
    let seen = put(&world, &mut admin, &path, PNG).await;
    assert_eq!((seen.status, seen.problem()), (404, "not-found"));
    let stored = world.rows("IMAGE");
    assert!(stored.iter().all(|row| !row.contains_key("image")));
}

/// SPEC E02.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pictures_set_at_once_or_with_a_lost_answer_leave_one() {
    let world = World::new().await;
    let account = world.scope.account_id().to_string();
    let mut ana = member(&world, "ana@example.com").await;
    let path = own_image(&world, &mut ana).await;
    for fault in [Fault::ResetAfter, Fault::ResetBefore, Fault::Error500] {
        delete(&world, &mut ana, &path).await;
        let rule = Rule::new("DynamoDB.TransactWriteItems", fault.clone());
        world.to_db.inject(rule);
        let seen = put(&world, &mut ana, &path, PNG).await;
        assert_eq!(seen.status, 204, "{fault:?}: {}", seen.body);
    }
    let (world, path, browser) = (&world, path.as_str(), &ana);
    let statuses = join_all((0..20).map(|number| async move {
        let mut browser = browser.clone();
        let bytes = if number % 2 == 0 { PNG } else { JPEG };
        let seen = Box::pin(put(world, &mut browser, path, bytes)).await;
        seen.status
    }))
    .await;
    assert!(
        statuses.iter().all(|status| matches!(status, 204 | 409)),
        "{statuses:?}"
    );
    let image = shown(world, browser, path, &account).await;
    assert!(image.bytes[..] == *PNG || image.bytes[..] == *JPEG);
}
