//! Members (SPEC D19–D23, D26): changed, suspended, reinstated, removed, and the last super admin.

use crate::{
    invitations::{accept, accept_by_mail, invited, joined, key_of, mailed_to, root},
    world::{Answer, World},
};
use serde_json::{Value, json};

/// Does something to a member.
async fn change(world: &World, token: &str, id: &str, verb: &str) -> Answer {
    let path = format!("/v1/members/{id}/{verb}");
    world.call(token, ("POST", &path), Value::Null, &[]).await
}

async fn update(world: &World, token: &str, id: &str, body: Value) -> Answer {
    let path = format!("/v1/members/{id}");
    world.call(token, ("PATCH", &path), body, &[]).await
}

/// SPEC D13, D14: before and after the invitation is accepted.
#[tokio::test(flavor = "multi_thread")]
async fn role_and_permissions_change_before_and_after_acceptance() {
    let world = World::new().await;
    let root = root(&world).await;
    let invitation = mailed_to(&world, &root, "grace@example.com", Value::Null).await;
    let id = invitation["member"]["id"].as_str().unwrap();
    let changed = update(&world, &root, id, json!({"role": "agent"})).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["status"], "pending");
    assert_eq!(changed.body["role"]["key"], "agent");
    let accepted = accept_by_mail(&world, "grace@example.com").await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    let body = json!({"extra_permissions": ["access_requests.decide"], "name": "Grace"});
    let changed = update(&world, &root, id, body).await;
    assert_eq!(changed.body["status"], "active", "{}", changed.body);
    assert_eq!(changed.body["role"]["key"], "agent");
    let permissions = changed.body["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("access_requests.decide")));
    let none = update(&world, &root, id, json!({"role": null})).await;
    assert_eq!(none.body["role"], Value::Null, "{}", none.body);
    assert_eq!(none.body["permissions"], json!(["access_requests.decide"]));
}

/// SPEC D26: nobody grants what they do not hold, nor acts on somebody above.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_above_is_out_of_reach_and_nothing_is_granted_that_is_not_held() {
    let world = World::new().await;
    let root = root(&world).await;
    let held = json!(["members.read", "members.manage", "projects.read"]);
    let manager = key_of(&world, &root, held).await;
    let above = joined(&world, &root, "agent@example.com", json!("agent")).await;
    for (verb, answer) in [
        ("suspend", change(&world, &manager, &above, "suspend").await),
        ("remove", change(&world, &manager, &above, "remove").await),
        (
            "update",
            update(&world, &manager, &above, json!({"role": null})).await,
        ),
    ] {
        assert_eq!(answer.status, 409, "{verb}: {}", answer.body);
        assert_eq!(answer.body["type"], "/problems/member-above", "{verb}");
        let lacked = answer.body["permissions"].as_array().unwrap();
        assert!(lacked.contains(&json!("conversations.reply")), "{verb}");
    }
    let below = joined(&world, &root, "below@example.com", Value::Null).await;
    for body in [
        json!({"role": "agent"}),
        json!({"extra_permissions": ["audit.read"]}),
    ] {
        let refused = update(&world, &manager, &below, body).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        assert_eq!(refused.body["type"], "/problems/permissions-not-held");
    }
    let body = json!({"extra_permissions": ["projects.read"]});
    let allowed = update(&world, &manager, &below, body).await;
    assert_eq!(allowed.status, 200, "{}", allowed.body);
}

/// SPEC D21, D22: the person can be invited again, as somebody new.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_suspended_reinstated_and_removed_and_can_come_back_as_another_one() {
    let world = World::new().await;
    let root = root(&world).await;
    let id = joined(&world, &root, "grace@example.com", json!("agent")).await;
    for (verb, status) in [
        ("suspend", "suspended"),
        ("suspend", "suspended"),
        ("reinstate", "active"),
        ("reinstate", "active"),
    ] {
        let answer = change(&world, &root, &id, verb).await;
        assert_eq!(answer.status, 200, "{verb}: {}", answer.body);
        assert_eq!(answer.body["status"], status, "{verb}");
    }
    for _ in 0..2 {
        let removed = change(&world, &root, &id, "remove").await;
        assert_eq!(removed.status, 200, "{}", removed.body);
        assert_eq!(removed.body["member"]["status"], "removed");
        assert_eq!(removed.body["ended"]["api_keys"], 0);
    }
    let refused = change(&world, &root, &id, "reinstate").await;
    assert_eq!(refused.body["type"], "/problems/member-not-active");
    assert_eq!(
        update(&world, &root, &id, json!({"role": "agent"}))
            .await
            .status,
        404
    );
    let fresh = invited(&world, &root, "grace@example.com", json!("agent")).await;
    assert_ne!(fresh["member"]["id"], json!(id));
    let (_, listed) = crate::admin::call(&world, &root, "GET", "/v1/members", Value::Null).await;
    let listed = listed["items"].as_array().unwrap();
    assert!(listed.iter().all(|member| member["id"] != json!(id)));
}

/// SPEC E18: access follows the role from the next call on.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_may_do_changes_with_the_role() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let agent = world.person("agent").await;
    let path = format!("/v1/members/{}", agent.member_id);
    for (change, status) in [
        (json!({"name": "Grace"}), 403),
        (json!({"extra_permissions": ["members.read"]}), 200),
        (json!({"extra_permissions": []}), 403),
        (json!({"role": "super_admin"}), 200),
        (json!({"role": "agent"}), 403),
    ] {
        let changed = world
            .call_as(&admin, ("PATCH", &path), change.clone(), &[])
            .await;
        assert_eq!(changed.status, 200, "{change}: {}", changed.body);
        let route = ("GET", "/v1/members");
        let listed = world.call_as(&agent, route, Value::Null, &[]).await;
        assert_eq!(listed.status, status, "{change}: {}", listed.body);
    }
}

/// SPEC D19, D20: at once, with the keys of this account; other accounts of the login are untouched.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_loses_this_account_and_its_keys_and_keeps_the_others() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let gone = world.person("super_admin").await;
    let (accounts, keys) = (("POST", "/v1/accounts"), ("POST", "/v1/api-keys"));
    let made = world
        .call_as(&gone, accounts, json!({"name": "Second"}), &[])
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let second = made.body["id"].as_str().unwrap();
    let there = [("vestibule-account", second)];
    let body = json!({"name": "script", "permissions": ["members.read"]});
    let mut tokens = Vec::new();
    for headers in [&[][..], &there[..]] {
        let made = world.call_as(&gone, keys, body.clone(), headers).await;
        assert_eq!(made.status, 201, "{}", made.body);
        tokens.push(made.body["key"].as_str().unwrap().to_owned());
    }
    let members = ("GET", "/v1/members");
    let seen = async || {
        [
            world.call_as(&gone, members, Value::Null, &[]).await,
            world.call_as(&gone, members, Value::Null, &there).await,
            world.call(&tokens[0], members, Value::Null, &[]).await,
            world.call(&tokens[1], members, Value::Null, &[]).await,
        ]
        .map(|answer| answer.status)
    };
    assert_eq!(seen().await, [200, 200, 200, 200]);
    let path = format!("/v1/members/{}/remove", gone.member_id);
    let removed = world
        .call_as(&admin, ("POST", &path), Value::Null, &[])
        .await;
    assert_eq!(removed.status, 200, "{}", removed.body);
    assert_eq!(removed.body["ended"]["api_keys"], 1);
    assert_eq!(seen().await, [403, 200, 401, 200]);
}

/// SPEC D26.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_active_super_admin_stays_one() {
    let world = World::new().await;
    let root = root(&world).await;
    let one = joined(&world, &root, "one@example.com", json!("super_admin")).await;
    let demote = json!({"role": "agent"});
    for answer in [
        change(&world, &root, &one, "suspend").await,
        change(&world, &root, &one, "remove").await,
        update(&world, &root, &one, demote.clone()).await,
    ] {
        assert_eq!(answer.status, 409, "{}", answer.body);
        assert_eq!(answer.body["type"], "/problems/last-super-admin");
    }
    // A pending one is no way in.
    let pending = invited(&world, &root, "two@example.com", json!("super_admin")).await;
    let refused = update(&world, &root, &one, demote.clone()).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    let accepted = accept(&world, &pending["link"]).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    let demoted = update(&world, &root, &one, demote).await;
    assert_eq!(demoted.status, 200, "{}", demoted.body);
}

/// SPEC D19: and the record says that the person left.
#[tokio::test(flavor = "multi_thread")]
async fn who_removes_oneself_leaves_the_account_at_once() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let leaver = world.person("agent").await;
    let path = format!("/v1/members/{}", leaver.member_id);
    let own = world
        .call_as(&admin, ("GET", &path), Value::Null, &[])
        .await;
    assert_eq!(own.body["is_you"], false, "{}", own.body);
    // An agent may not manage members, so oneself neither.
    let remove = format!("{path}/remove");
    let refused = world
        .call_as(&leaver, ("POST", &remove), Value::Null, &[])
        .await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let second = world.person("super_admin").await;
    let remove = format!("/v1/members/{}/remove", second.member_id);
    let left = world
        .call_as(&second, ("POST", &remove), Value::Null, &[])
        .await;
    assert_eq!(left.status, 200, "{}", left.body);
    let late = world
        .call_as(&second, ("GET", "/v1/members"), Value::Null, &[])
        .await;
    assert_eq!(late.status, 403, "{}", late.body);
    assert_eq!(late.body["type"], "/problems/not-a-member");
    let log = world
        .call_as(
            &admin,
            ("GET", "/v1/audit?action=member.left"),
            Value::Null,
            &[],
        )
        .await;
    assert_eq!(
        log.body["items"].as_array().unwrap().len(),
        1,
        "{}",
        log.body
    );
}
