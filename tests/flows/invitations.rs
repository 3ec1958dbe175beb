//! Invitations (SPEC D03–D08, D15–D26, D32): made, sent again, revoked, copied, replaced, expired.

use crate::world::{Answer, SETUP_TOKEN, World};
use serde_json::{Value, json};
use std::time::Duration;

/// The header with which the console's pages call.
const CONSOLE: (&str, &str) = ("x-vestibule-console", "1");
/// A password that the rules take.
pub const PASSWORD: &str = "seven green parrots sang";

/// The first key of a stack that is set up now. It has every permission.
pub async fn root(world: &World) -> String {
    let body = json!({"setup_token": SETUP_TOKEN, "account_name": "Globex"});
    let answer = world.call("", ("POST", "/v1/setup"), body, &[]).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["api_key"]["key"].as_str().unwrap().to_owned()
}

/// A key of the account with these permissions.
pub async fn key_of(world: &World, root: &str, permissions: Value) -> String {
    let body = json!({"name": "script", "permissions": permissions});
    let answer = world.call(root, ("POST", "/v1/api-keys"), body, &[]).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["key"].as_str().unwrap().to_owned()
}

/// Invites somebody.
pub async fn invite(world: &World, token: &str, body: Value) -> Answer {
    world
        .call(token, ("POST", "/v1/invitations"), body, &[])
        .await
}

/// Invites somebody with a link to copy, and returns the invitation.
pub async fn invited(world: &World, token: &str, email: &str, role: Value) -> Value {
    let body = json!({"email": email, "role": role, "send": false});
    let answer = invite(world, token, body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

/// The token in a link.
pub fn token_of(link: &Value) -> &str {
    link.as_str().unwrap().split_once('#').unwrap().1
}

/// Accepts an invitation by its link, as somebody new.
pub async fn accept(world: &World, link: &Value) -> Answer {
    let body = json!({"token": token_of(link), "name": "Grace Hopper", "password": PASSWORD});
    let route = ("POST", "/v1/auth/invitation/accept");
    world.call("", route, body, &[CONSOLE]).await
}

/// Invites somebody by mail, and returns the invitation.
pub async fn mailed_to(world: &World, token: &str, email: &str, role: Value) -> Value {
    let answer = invite(world, token, json!({"email": email, "role": role})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

/// Accepts an invitation by the link in the latest mail to an address, as somebody new.
pub async fn accept_by_mail(world: &World, email: &str) -> Answer {
    let link = json!(world.link_in_mail(email).await);
    accept(world, &link).await
}

/// Makes somebody an active member with a proven address, and returns the member's id.
pub async fn joined(world: &World, token: &str, email: &str, role: Value) -> String {
    let invitation = mailed_to(world, token, email, role).await;
    let accepted = accept_by_mail(world, email).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    invitation["member"]["id"].as_str().unwrap().to_owned()
}

/// Does something to an invitation.
async fn change(world: &World, token: &str, invitation: &Value, verb: &str) -> Answer {
    let id = invitation["id"].as_str().unwrap();
    let path = format!("/v1/invitations/{id}/{verb}");
    world.call(token, ("POST", &path), Value::Null, &[]).await
}

/// Reads an invitation.
async fn shown(world: &World, token: &str, invitation: &Value) -> Value {
    let path = format!("/v1/invitations/{}", invitation["id"].as_str().unwrap());
    let answer = world.call(token, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// SPEC D05–D08, E02–E04, E16, E17.
#[tokio::test(flavor = "multi_thread")]
async fn an_invitee_is_a_pending_member_and_active_once_the_link_is_accepted() {
    let world = World::new().await;
    let root = root(&world).await;
    let body = json!({
        "email": " Grace@Example.com ", "name": "G. Hopper", "role": "agent",
        "extra_permissions": ["access_requests.decide"], "send": false,
    });
    let answer = invite(&world, &root, body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let invitation = answer.body;
    assert_eq!(invitation["status"], "pending");
    assert_eq!(invitation["email"], "grace@example.com");
    assert_eq!(invitation["method"]["kind"], "password");
    assert_eq!(invitation["member"]["status"], "pending");
    assert_eq!(invitation["member"]["name"], "G. Hopper");
    assert_eq!(invitation["member"]["email"], "grace@example.com");
    assert_eq!(invitation["member"]["role"]["key"], "agent");
    let extra = json!(["access_requests.decide"]);
    assert_eq!(invitation["member"]["extra_permissions"], extra);
    assert_eq!(invitation["mail_status"], Value::Null);
    let accepted = accept(&world, &invitation["link"]).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    let invitation = shown(&world, &root, &invitation).await;
    assert_eq!(invitation["status"], "accepted");
    assert_eq!(invitation["member"]["status"], "active");
    assert_eq!(invitation["member"]["name"], "Grace Hopper");
    assert_eq!(invitation.get("link"), None);
}

/// SPEC D03, D04: by password, or by a login method of this account.
#[tokio::test(flavor = "multi_thread")]
async fn only_a_login_method_that_is_set_up_in_the_account_can_be_chosen() {
    let world = World::new().await;
    let root = root(&world).await;
    for method in ["01JD3Q3Z9V8M4T6K2N7P5R1S0W", "saml", ""] {
        let body = json!({"email": "grace@example.com", "method": method, "send": false});
        let refused = invite(&world, &root, body).await;
        assert_eq!(refused.status, 422, "{method}: {}", refused.body);
        assert_eq!(refused.body["errors"][0]["field"], "method", "{method}");
    }
    let by_password = json!({"email": "grace@example.com", "method": "password", "send": false});
    let made = invite(&world, &root, by_password).await;
    assert_eq!(made.status, 201, "{}", made.body);
}

/// SPEC E16, E19: forms offer pending members with the others; who is pending can do nothing yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_pending_member_is_listed_and_cannot_sign_in() {
    let world = World::new().await;
    let root = root(&world).await;
    let invitation = invited(&world, &root, "grace@example.com", json!("agent")).await;
    for list in ["/v1/members", "/v1/members?status=pending"] {
        let answer = world.call(&root, ("GET", list), Value::Null, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let [member] = answer.body["items"].as_array().unwrap().as_slice() else {
            panic!("{list}: {}", answer.body)
        };
        assert_eq!(member["id"], invitation["member"]["id"], "{list}");
        assert_eq!(member["status"], "pending", "{list}");
    }
    let route = ("GET", "/v1/members?status=active");
    let active = world.call(&root, route, Value::Null, &[]).await;
    assert_eq!(active.body["items"], json!([]));
    let body = json!({"email": "grace@example.com", "password": PASSWORD});
    let route = ("POST", "/v1/auth/sign-in");
    let refused = world.call("", route, body, &[CONSOLE]).await;
    assert_eq!(refused.status, 401, "{}", refused.body);
}

/// SPEC D12: without a role, least privilege.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_without_a_role_may_nothing() {
    let world = World::new().await;
    let root = root(&world).await;
    let invitation = invited(&world, &root, "grace@example.com", Value::Null).await;
    assert_eq!(invitation["member"]["role"], Value::Null);
    assert_eq!(invitation["member"]["permissions"], json!([]));
}

/// SPEC D23, D24: pending people are told, sent to again or replaced; an active member is a conflict.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_already_is_told_and_can_be_sent_to_again_or_replaced() {
    let world = World::new().await;
    let root = root(&world).await;
    let first = invited(&world, &root, "grace@example.com", json!("agent")).await;
    let again = json!({"email": "GRACE@example.com", "role": "agent", "send": false});
    let refused = invite(&world, &root, again.clone()).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/already-invited");
    assert_eq!(refused.body["invitation"]["id"], first["id"]);
    let mut resend = again.clone();
    resend["on_conflict"] = json!("resend");
    let extended = invite(&world, &root, resend).await;
    assert_eq!(extended.status, 201, "{}", extended.body);
    assert_eq!(extended.body["id"], first["id"]);
    assert_eq!(extended.body["resends_left"], 2);
    let mut replace = again;
    replace["on_conflict"] = json!("replace");
    let replaced = invite(&world, &root, replace).await;
    assert_eq!(replaced.status, 201, "{}", replaced.body);
    assert_ne!(replaced.body["id"], first["id"]);
    assert_eq!(shown(&world, &root, &first).await["status"], "revoked");
    let late = accept(&world, &first["link"]).await;
    assert_ne!(late.status, 200, "{}", late.body);
    let accepted = accept(&world, &replaced.body["link"]).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    let member = json!({"email": "grace@example.com", "send": false});
    let refused = invite(&world, &root, member).await;
    assert_eq!(refused.body["type"], "/problems/already-a-member");
}

/// SPEC D24: three mails a day, and an expired invitation lives again.
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_expires_and_is_sent_again_three_times_a_day() {
    let world = World::new().await;
    let root = root(&world).await;
    let invitation = invited(&world, &root, "grace@example.com", json!("agent")).await;
    world.clock.advance(Duration::from_hours(24 * 7));
    assert_eq!(shown(&world, &root, &invitation).await["status"], "expired");
    let late = accept(&world, &invitation["link"]).await;
    assert_ne!(late.status, 200, "{}", late.body);
    for left in [2, 1, 0] {
        let resent = change(&world, &root, &invitation, "resend").await;
        assert_eq!(resent.status, 200, "{}", resent.body);
        assert_eq!(resent.body["status"], "pending");
        assert_eq!(resent.body["resends_left"], left);
    }
    let refused = change(&world, &root, &invitation, "resend").await;
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/resends-used");
    assert!(refused.body["again_at"].is_string());
    // The first link works again, since the invitation is pending.
    let accepted = accept(&world, &invitation["link"]).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
}

/// SPEC D22, D24.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_invitation_ends_every_link_and_makes_room_for_a_fresh_one() {
    let world = World::new().await;
    let root = root(&world).await;
    let first = invited(&world, &root, "grace@example.com", json!("agent")).await;
    let copied = change(&world, &root, &first, "link").await;
    assert_eq!(copied.status, 200, "{}", copied.body);
    for _ in 0..2 {
        let revoked = change(&world, &root, &first, "revoke").await;
        assert_eq!(revoked.status, 200, "{}", revoked.body);
        assert_eq!(revoked.body["status"], "revoked");
        assert_eq!(revoked.body["member"]["status"], "removed");
    }
    for link in [&first["link"], &copied.body["url"]] {
        let late = accept(&world, link).await;
        assert_ne!(late.status, 200, "{}", late.body);
    }
    for verb in ["link", "resend"] {
        let refused = change(&world, &root, &first, verb).await;
        assert_eq!(refused.status, 409, "{verb}: {}", refused.body);
        assert_eq!(refused.body["type"], "/problems/invitation-not-pending");
    }
    let fresh = invited(&world, &root, "grace@example.com", json!("agent")).await;
    assert_ne!(fresh["member"]["id"], first["member"]["id"]);
    let accepted = accept(&world, &fresh["link"]).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
}

/// SPEC D26: an invitation counts like its invitee; copying the link of somebody above is a take-over.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_invites_or_acts_on_somebody_above_them() {
    let world = World::new().await;
    let root = root(&world).await;
    let held = json!(["members.read", "members.manage", "projects.read"]);
    let manager = key_of(&world, &root, held).await;
    for body in [
        json!({"email": "a@example.com", "role": "super_admin"}),
        json!({"email": "a@example.com", "role": "agent"}),
        json!({"email": "a@example.com", "extra_permissions": ["audit.read"]}),
    ] {
        let refused = invite(&world, &manager, body.clone()).await;
        assert_eq!(refused.status, 403, "{body}: {}", refused.body);
        assert_eq!(refused.body["type"], "/problems/permissions-not-held");
    }
    let above = invited(&world, &root, "boss@example.com", json!("super_admin")).await;
    let before = world.rows("INVITATION");
    for verb in ["link", "resend", "revoke"] {
        let refused = change(&world, &manager, &above, verb).await;
        assert_eq!(refused.status, 409, "{verb}: {}", refused.body);
        assert_eq!(refused.body["type"], "/problems/member-above", "{verb}");
    }
    assert_eq!(world.rows("INVITATION"), before);
    let body =
        json!({"email": "b@example.com", "extra_permissions": ["projects.read"], "send": false});
    let allowed = invite(&world, &manager, body).await;
    assert_eq!(allowed.status, 201, "{}", allowed.body);
}

/// SPEC G01.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_repeated_invites_once_and_shows_no_link_again() {
    let world = World::new().await;
    let root = root(&world).await;
    let body = json!({"email": "grace@example.com", "role": "agent", "send": false});
    let headers = [("idempotency-key", "one")];
    let route = ("POST", "/v1/invitations");
    let first = world.call(&root, route, body.clone(), &headers).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let again = world.call(&root, route, body, &headers).await;
    assert_eq!(again.status, 201, "{}", again.body);
    assert_eq!(again.body["id"], first.body["id"]);
    assert_eq!(again.body.get("link"), None);
    assert!(again.headers.contains_key("idempotency-replayed"));
    let other = json!({"email": "ada@example.com", "send": false});
    let refused = world.call(&root, route, other, &headers).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
}
