//! Members who are given more after a link of theirs was copied (SPEC D24, D26): whoever saw the link gets none of it.

use crate::{
    sign_in::{Browser, PASSWORD, Seen, accept, admin, copied, invite, mailed},
    world::World,
};
use serde_json::{Value, json};

const ANA: &str = "ana@example.com";

async fn patch(world: &World, admin: &mut Browser, path: &str, body: Value) -> Seen {
    let console = [("x-vestibule-console", "1")];
    admin.call(world, ("PATCH", path), body, &console).await
}

/// The path of the member whom an invitation is for.
fn member_of(invitation: &Value) -> String {
    format!(
        "/v1/members/{}",
        invitation["member"]["id"].as_str().unwrap()
    )
}

/// Makes a custom role with these permissions, and returns its key and its path.
async fn role(world: &World, admin: &mut Browser, permissions: Value) -> (Value, String) {
    let body = json!({"name": "Support", "permissions": permissions});
    let made = admin.post(world, "/v1/roles", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let key = made.body["key"].clone();
    let path = format!("/v1/roles/{}", key.as_str().unwrap());
    (key, path)
}

/// Invites Ana with a role and without a mail.
async fn invite_as(world: &World, admin: &mut Browser, role: &Value) -> Value {
    let body = json!({"email": ANA, "role": role, "send": false});
    let made = admin.post(world, "/v1/invitations", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body
}

/// The browser of whoever accepts by this link, in the world's account.
async fn joined_by(world: &World, token: &str) -> Browser {
    let mut browser = Browser::default();
    let seen = accept(world, &mut browser, token).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    browser.in_account(&world.scope.account_id().to_string())
}

/// The browser of Ana, who reset the password by mail.
async fn owner(world: &World) -> Browser {
    let mut browser = Browser::default();
    let asked = browser
        .post(world, "/v1/auth/reset", json!({"email": ANA}))
        .await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let token = mailed(world, ANA).await;
    let body = json!({"token": token, "password": "four other words entirely"});
    let seen = browser.post(world, "/v1/auth/reset/finish", body).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    browser.in_account(&world.scope.account_id().to_string())
}

async fn members(world: &World, browser: &mut Browser) -> u16 {
    browser.get(world, "/v1/members").await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_copied_before_the_invitee_was_raised_is_refused_and_a_new_one_is_not() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let invitation = invite(&world, &mut admin, ANA, false).await;
    let old = copied(&world, &mut admin, &invitation).await;
    let body = json!({"role": "super_admin"});
    let raised = patch(&world, &mut admin, &member_of(&invitation), body).await;
    assert_eq!(raised.status, 200, "{}", raised.body);
    let mut thief = Browser::default();
    let seen = accept(&world, &mut thief, &old).await;
    assert_eq!((seen.status, seen.problem()), (409, "link-outgrown"));
    assert_eq!(thief.session(), None);
    let new = copied(&world, &mut admin, &invitation).await;
    let seen = accept(&world, &mut thief, &old).await;
    assert_eq!((seen.status, seen.problem()), (410, "token-not-valid"));
    let mut ana = joined_by(&world, &new).await;
    assert_eq!(members(&world, &mut ana).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_link_opens_whatever_the_invitee_was_given_since() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let invitation = invite(&world, &mut admin, ANA, true).await;
    copied(&world, &mut admin, &invitation).await;
    let body = json!({"role": "super_admin"});
    let raised = patch(&world, &mut admin, &member_of(&invitation), body).await;
    assert_eq!(raised.status, 200, "{}", raised.body);
    let mut ana = joined_by(&world, &mailed(&world, ANA).await).await;
    assert_eq!(members(&world, &mut ana).await, 200);
}

/// SPEC D32: without mail, to send again is to copy.
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_sent_again_after_a_raise_opens_by_its_new_link_only() {
    let mut world = World::new().await;
    world.turn_mails_off();
    let mut admin = admin(&world).await;
    let invitation = invite(&world, &mut admin, ANA, true).await;
    let of = |link: &Value| {
        let (_, token) = link.as_str().unwrap().split_once('#').unwrap();
        token.to_owned()
    };
    let old = of(&invitation["link"]);
    let resend = format!(
        "/v1/invitations/{}/resend",
        invitation["id"].as_str().unwrap()
    );
    // As long as nobody is raised, earlier links keep working.
    let again = admin.post(&world, &resend, Value::Null).await;
    assert_eq!(again.status, 200, "{}", again.body);
    let inspect = json!({"token": old});
    let seen = Browser::default()
        .post(&world, "/v1/auth/invitation/inspect", inspect)
        .await;
    assert_eq!(seen.body["status"], "pending", "{}", seen.body);
    let body = json!({"role": "super_admin"});
    let raised = patch(&world, &mut admin, &member_of(&invitation), body).await;
    assert_eq!(raised.status, 200, "{}", raised.body);
    let again = admin.post(&world, &resend, Value::Null).await;
    assert_eq!(again.status, 200, "{}", again.body);
    let seen = accept(&world, &mut Browser::default(), &old).await;
    assert_eq!((seen.status, seen.problem()), (410, "token-not-valid"));
    let mut ana = joined_by(&world, &of(&again.body["link"])).await;
    assert_eq!(members(&world, &mut ana).await, 200);
}

/// Access to clients counts like permissions, and a link is good again once the invitee has no more than before.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_refused_while_the_invitee_has_access_to_more_clients_or_a_wider_role() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let read = json!(["projects.read"]);
    let (key, role) = role(&world, &mut admin, read.clone()).await;
    let invitation = invite_as(&world, &mut admin, &key).await;
    let member = member_of(&invitation);
    let narrow = patch(&world, &mut admin, &member, json!({"clients": []})).await;
    assert_eq!(narrow.status, 200, "{}", narrow.body);
    let token = copied(&world, &mut admin, &invitation).await;
    for (path, raise, back) in [
        (&member, json!({"clients": "all"}), json!({"clients": []})),
        (
            &role,
            json!({"permissions": ["projects.read", "members.manage"]}),
            json!({"permissions": read}),
        ),
    ] {
        let raised = patch(&world, &mut admin, path, raise.clone()).await;
        assert_eq!(raised.status, 200, "{}", raised.body);
        let seen = accept(&world, &mut Browser::default(), &token).await;
        assert_eq!(
            (seen.status, seen.problem()),
            (409, "link-outgrown"),
            "{raise}"
        );
        let lowered = patch(&world, &mut admin, path, back).await;
        assert_eq!(lowered.status, 200, "{}", lowered.body);
    }
    joined_by(&world, &token).await;
}

/// SPEC D17: an outgrown link answers the same whether or not the address has a login.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_link_tells_nothing_of_the_login_of_the_address() {
    let world = World::new().await;
    crate::sign_in::member(&world, ANA).await;
    let (mut second, _) = crate::accepting::second_account(&world).await;
    let mut told = Vec::new();
    for email in [ANA, "nobody@example.com"] {
        let invitation = invite(&world, &mut second, email, false).await;
        let token = copied(&world, &mut second, &invitation).await;
        let body = json!({"extra_permissions": ["audit.read"]});
        let raised = patch(&world, &mut second, &member_of(&invitation), body).await;
        assert_eq!(raised.status, 200, "{}", raised.body);
        let body = json!({"token": token, "name": "Ana", "password": "not her password at all"});
        let seen = Browser::default()
            .post(&world, "/v1/auth/invitation/accept", body)
            .await;
        told.push((seen.status, seen.told()));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].1["type"], "/problems/link-outgrown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_joined_by_a_copied_link_is_raised_once_a_mailed_link_proved_the_address() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let invitation = invite(&world, &mut admin, ANA, false).await;
    let member = member_of(&invitation);
    let token = copied(&world, &mut admin, &invitation).await;
    let mut thief = joined_by(&world, &token).await;
    let raises = [
        json!({"role": "super_admin"}),
        json!({"extra_permissions": ["members.read"]}),
    ];
    for raise in &raises {
        let refused = patch(&world, &mut admin, &member, raise.clone()).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (409, "unverified-login"),
            "{raise}"
        );
    }
    assert_eq!(members(&world, &mut thief).await, 403);
    // Rights within the limit are taken and given back.
    for change in [
        json!({"role": null, "name": "Ana"}),
        json!({"role": "agent"}),
    ] {
        let changed = patch(&world, &mut admin, &member, change).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }
    let mut ana = owner(&world).await;
    for raise in raises {
        let answer = patch(&world, &mut admin, &member, raise).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(members(&world, &mut ana).await, 200);
    assert_eq!(thief.get(&world, "/v1/me").await.problem(), "sign-in-again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_widened_gives_nothing_to_who_joined_by_a_copied_link_until_the_address_is_proven()
 {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let (key, role) = role(&world, &mut admin, json!(["projects.read"])).await;
    let invitation = invite_as(&world, &mut admin, &key).await;
    let member = member_of(&invitation);
    let token = copied(&world, &mut admin, &invitation).await;
    let mut thief = joined_by(&world, &token).await;
    let wider = json!({"permissions": ["projects.read", "members.read"]});
    let widened = patch(&world, &mut admin, &role, wider).await;
    assert_eq!(widened.status, 200, "{}", widened.body);
    assert_eq!(members(&world, &mut thief).await, 403);
    let held = async |admin: &mut Browser| {
        let shown = admin.get(&world, &member).await;
        shown.body["permissions"].clone()
    };
    assert_eq!(held(&mut admin).await, json!(["projects.read"]));
    let renamed = patch(&world, &mut admin, &member, json!({"name": "Ana S."})).await;
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    let mut ana = owner(&world).await;
    assert_eq!(members(&world, &mut ana).await, 200);
    assert_eq!(
        held(&mut admin).await,
        json!(["projects.read", "members.read"])
    );
}

/// The mailbox of another address proves nothing of the invited one.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_of_the_login_lifts_no_limit() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let invitation = invite(&world, &mut admin, ANA, false).await;
    let token = copied(&world, &mut admin, &invitation).await;
    let mut thief = joined_by(&world, &token).await;
    let mine = "mallory@example.com";
    let body = json!({"email": mine, "password": PASSWORD});
    let asked = thief.post(&world, "/v1/me/address", body).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let link = mailed(&world, mine).await;
    let token = link.strip_prefix("address=").unwrap();
    let body = json!({"token": token});
    let confirmed = thief.post(&world, "/v1/me/address/confirm", body).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let me = thief.get(&world, "/v1/me").await;
    assert_eq!(me.body["login"]["verified"], true, "{}", me.body);
    let body = json!({"role": "super_admin"});
    let refused = patch(&world, &mut admin, &member_of(&invitation), body).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "unverified-login")
    );
}

/// The proof by a second account's mailed link counts like the one by a reset.
#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_link_of_another_account_lifts_the_limit_in_the_first() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let invitation = invite(&world, &mut admin, ANA, false).await;
    let token = copied(&world, &mut admin, &invitation).await;
    joined_by(&world, &token).await;
    let (mut second, _) = crate::accepting::second_account(&world).await;
    invite(&world, &mut second, ANA, true).await;
    let mut ana = Browser::default();
    let seen = accept(&world, &mut ana, &mailed(&world, ANA).await).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let body = json!({"role": "super_admin"});
    let raised = patch(&world, &mut admin, &member_of(&invitation), body).await;
    assert_eq!(raised.status, 200, "{}", raised.body);
    let mut ana = ana.in_account(&world.scope.account_id().to_string());
    assert_eq!(members(&world, &mut ana).await, 200);
}

/// SPEC D24, D34: else whoever made the login of an address fills the places of its owner.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_nobody_proved_creates_no_account_until_a_mailed_link_proves_the_address() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let invitation = invite_as(&world, &mut admin, &json!("super_admin")).await;
    let token = copied(&world, &mut admin, &invitation).await;
    let mut thief = joined_by(&world, &token).await;
    let body = json!({"name": "Second"});
    let refused = thief.post(&world, "/v1/accounts", body.clone()).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (409, "unverified-login")
    );
    let mut ana = owner(&world).await;
    let made = ana.post(&world, "/v1/accounts", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
}
