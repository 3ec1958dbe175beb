//! Sign-in through an account's own provider (SPEC D09–D12, D24, D27). The provider of one account may be hostile: it
//! says whatever it likes about anybody. It must get nothing beyond its own account.

use crate::{sign_in, world::World};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::openid_provider::{Claims, OpenIdProvider, ProviderFault};

mod browser;
mod plain_oauth;

use browser::path_of;
pub use browser::{Browser, Seen};

const FLOW_COOKIE: &str = "__Host-vestibule-flow";
const CLIENT_ID: &str = "vestibule";
/// The secret of the stack at the providers.
pub const CLIENT_SECRET: &str = "a-client-secret-of-the-provider";

/// A login method of an account.
pub struct Method {
    account: String,
    /// Its id.
    pub id: String,
}

impl Method {
    /// The address at which a sign-in by it begins.
    pub fn start(&self) -> String {
        format!("/v1/auth/providers/{}/{}/start", self.account, self.id)
    }
}

/// Sets up a provider as a login method of the account that the browser has open.
pub async fn set_up(world: &World, admin: &mut Browser, provider: &OpenIdProvider) -> Method {
    let settings = json!({"kind": "open_id_connect", "issuer": provider.issuer()});
    set_up_as(world, admin, provider, settings).await
}

/// Sets up a provider with these settings.
pub async fn set_up_as(
    world: &World,
    admin: &mut Browser,
    provider: &OpenIdProvider,
    settings: Value,
) -> Method {
    let body = json!({
        "name": "Company login", "provider": settings, "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    });
    let made = admin.call(world, "POST", "/v1/login-methods", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let redirect_uri = made.body["redirect_uri"].as_str().unwrap();
    provider.register(CLIENT_ID, CLIENT_SECRET, redirect_uri);
    assert!(!made.body.to_string().contains(CLIENT_SECRET));
    Method {
        account: admin.account.clone().unwrap(),
        id: made.body["id"].as_str().unwrap().to_owned(),
    }
}

/// An account of Mallory's own, with her provider, and her browser in it.
pub async fn hostile_account(world: &World) -> (Browser, Method) {
    let mallory = world.person("super_admin").await;
    let mut browser =
        Browser::of(&mallory.cookie).in_account(&world.scope.account_id().to_string());
    let made = browser
        .call(
            world,
            "POST",
            "/v1/accounts",
            json!({"name": "Mallory Ltd"}),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let account = made.body["id"].as_str().unwrap().to_owned();
    let mut browser = Browser::of(&mallory.cookie).in_account(&account);
    let method = set_up(world, &mut browser, &world.hostile).await;
    (browser, method)
}

/// Invites an address into an account by its provider, and returns the token of a copied link.
async fn invite_by_provider(
    world: &World,
    admin: &mut Browser,
    method: &Method,
    email: &str,
) -> String {
    let body = json!({"email": email, "role": "agent", "method": method.id});
    let made = admin.call(world, "POST", "/v1/invitations", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap();
    let path = format!("/v1/invitations/{id}/link");
    let link = admin.call(world, "POST", &path, Value::Null).await;
    assert_eq!(link.status, 200, "{}", link.body);
    token_of(link.body["url"].as_str().unwrap())
}

/// The token of a link.
pub fn token_of(link: &str) -> String {
    link.split_once('#').unwrap().1.to_owned()
}

/// The address, and the state of a login as its owner sees it.
async fn seen_by_owner(world: &World, owner: &mut Browser) -> (String, Value) {
    let me = owner.call(world, "GET", "/v1/me", Value::Null).await;
    assert_eq!(me.status, 200, "{}", me.body);
    let sessions = owner
        .call(world, "GET", "/v1/me/sessions", Value::Null)
        .await;
    let email = me.body["login"]["email"].as_str().unwrap().to_owned();
    let ids: Vec<Value> = sessions.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| session["id"].clone())
        .collect();
    let state =
        json!({"login": me.body["login"], "accounts": me.body["accounts"], "sessions": ids});
    (email, state)
}

/// A problem in the fragment of the page to which the callback leads.
pub fn problem(seen: &Seen) -> String {
    assert_eq!(seen.status, 303, "{}", seen.body);
    let location = seen.location();
    let found = location.split_once("#problem=");
    found.map_or_else(|| panic!("{location}"), |(_, slug)| slug.to_owned())
}

/// A provider's words about somebody whose address it calls verified.
pub fn says(email: &str, subject: &str) -> Claims {
    Claims::new(subject)
        .with("email", json!(email))
        .with("email_verified", json!(true))
        .with("name", json!("Somebody"))
}

/// SPEC D24, D27.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_accounts_provider_that_asserts_somebody_elses_address_opens_nothing() {
    let world = World::new().await;
    let victim = world.person("super_admin").await;
    let mut owner = Browser::of(&victim.cookie).in_account(&world.scope.account_id().to_string());
    let (email, before) = seen_by_owner(&world, &mut owner).await;
    let (_, method) = hostile_account(&world).await;

    for claims in [
        says(&email, "anybody"),
        says(&email, &victim.login_id.to_string()),
        says(&email.to_uppercase(), &email),
    ] {
        world.hostile.sign_in_as(claims);
        let mut thief = Browser::default();
        let start = json!({"purpose": "sign_in"});
        let back = thief.through(&world, &world.hostile, &method, start).await;
        assert_eq!(problem(&back), "not-bound");
        assert!(!thief.is_signed_in());
    }
    assert_eq!(seen_by_owner(&world, &mut owner).await.1, before);
}

/// SPEC D24, D27.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_link_and_a_hostile_provider_do_not_join_a_login_that_exists() {
    let world = World::new().await;
    let victim = world.person("super_admin").await;
    let mut owner = Browser::of(&victim.cookie).in_account(&world.scope.account_id().to_string());
    let (email, before) = seen_by_owner(&world, &mut owner).await;
    let (mut mallory, method) = hostile_account(&world).await;
    let token = invite_by_provider(&world, &mut mallory, &method, &email).await;

    world.hostile.sign_in_as(says(&email, "anybody"));
    let start = json!({"purpose": "accept", "token": token});
    let mut thief = Browser::default();
    let back = thief
        .through(&world, &world.hostile, &method, start.clone())
        .await;
    assert_eq!(problem(&back), "sign-in-to-accept");
    assert!(!thief.is_signed_in());
    // Mallory's own session is no sign-in of the victim's either.
    let back = mallory
        .through(&world, &world.hostile, &method, start)
        .await;
    assert_eq!(problem(&back), "wrong-login");
    assert_eq!(seen_by_owner(&world, &mut owner).await.1, before);
}

/// SPEC D24, D27.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_through_an_accounts_provider_opens_that_account_and_touches_nothing_of_the_login()
 {
    let world = World::new().await;
    let home = world.scope.account_id().to_string();
    let victim = world.person("super_admin").await;
    let mut owner = Browser::of(&victim.cookie).in_account(&home);
    let (email, _) = seen_by_owner(&world, &mut owner).await;
    let (mut mallory, method) = hostile_account(&world).await;
    let token = invite_by_provider(&world, &mut mallory, &method, &email).await;
    // The victim joins, with a sign-in of their own, and so binds an identity of the hostile provider.
    world.hostile.sign_in_as(says(&email, "victim-there"));
    let start = json!({"purpose": "accept", "token": token});
    let joined = owner.through(&world, &world.hostile, &method, start).await;
    assert!(joined.location().ends_with("#ok"), "{}", joined.location());
    let mut owner = Browser::of(&victim.cookie).in_account(&home);
    let (_, before) = seen_by_owner(&world, &mut owner).await;

    let mut thief = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let back = thief.through(&world, &world.hostile, &method, start).await;
    assert!(back.location().ends_with("#ok"), "{}", back.location());
    thief.account = Some(method.account.clone());
    let there = thief.call(&world, "GET", "/v1/members", Value::Null).await;
    // An agent's role does not hold `members.read`: the account is open, the route is not.
    assert_eq!(
        there.body["type"], "/problems/permission-missing",
        "{}",
        there.body
    );

    let me = thief.call(&world, "GET", "/v1/me", Value::Null).await;
    assert!(!me.body.to_string().contains(&home), "{}", me.body);
    thief.account = Some(home.clone());
    for (verb, path, body) in [
        ("GET", "/v1/members", Value::Null),
        ("GET", "/v1/projects", Value::Null),
        ("GET", "/v1/audit", Value::Null),
        (
            "POST",
            "/v1/api-keys",
            json!({"name": "k", "permissions": ["projects.read"]}),
        ),
        (
            "POST",
            "/v1/me/password",
            json!({"new": "correct horse battery staple 9"}),
        ),
        ("POST", "/v1/me/factor", Value::Null),
        ("POST", "/v1/me/factor/remove", json!({"code": "000000"})),
        ("GET", "/v1/me/sessions", Value::Null),
        ("GET", "/v1/me/identities", Value::Null),
        ("POST", "/v1/me/sessions/end-others", Value::Null),
        ("PATCH", "/v1/me", json!({"name": "Mallory"})),
    ] {
        let refused = thief.call(&world, verb, path, body).await;
        assert!(
            (400..500).contains(&refused.status),
            "{verb} {path}: {} {}",
            refused.status,
            refused.body
        );
        assert_eq!(refused.status, 403, "{verb} {path}: {}", refused.body);
    }
    // Its sessions push out none of the login's own.
    for _ in 0..60 {
        // The throttle of sign-ins is not what is tried here.
        world.clock.advance(Duration::from_secs(3));
        let start = json!({"purpose": "sign_in"});
        let mut thief = Browser::default();
        thief.through(&world, &world.hostile, &method, start).await;
    }
    let (_, after) = seen_by_owner(&world, &mut owner).await;
    assert_eq!(after["login"], before["login"]);
    let own = before["sessions"].as_array().unwrap();
    let left = after["sessions"].as_array().unwrap();
    assert!(own.iter().all(|id| left.contains(id)), "{own:?} {left:?}");
}

/// SPEC D24: a copied link proves no mailbox, and no provider does.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_a_hostile_provider_made_is_worth_nothing_once_its_owner_proves_the_address() {
    let world = World::new().await;
    let (mut mallory, method) = hostile_account(&world).await;
    let email = "newcomer@example.com";
    let token = invite_by_provider(&world, &mut mallory, &method, email).await;
    world.hostile.sign_in_as(says(email, "fake-newcomer"));
    let mut thief = Browser::default();
    let start = json!({"purpose": "accept", "token": token});
    let joined = thief.through(&world, &world.hostile, &method, start).await;
    assert!(joined.location().ends_with("#ok"), "{}", joined.location());
    thief.account = Some(method.account.clone());
    let me = thief.call(&world, "GET", "/v1/me", Value::Null).await;
    assert_eq!(me.body["login"]["verified"], json!(false), "{}", me.body);

    // The owner of the mailbox is invited elsewhere, and accepts by the mailed link.
    assert!(world.link_in_mail(email).await.contains("#vsi_"));
    let admin = world.person("super_admin").await;
    world
        .invite(&admin, json!({"email": email, "role": "agent"}))
        .await;
    let token = token_of(&world.link_in_mail(email).await);
    let accept =
        json!({"token": token, "name": "Newcomer", "password": "correct horse battery staple 9"});
    let mut owner = Browser::default();
    let path = "/v1/auth/invitation/accept";
    let accepted = owner.call(&world, "POST", path, accept).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    // Nothing of the provider is left.
    let gone = thief.call(&world, "GET", "/v1/me", Value::Null).await;
    assert_eq!(gone.status, 401, "{}", gone.body);
    // So is the identity that it connected, in its own account too.
    let mut thief = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let back = thief.through(&world, &world.hostile, &method, start).await;
    assert_eq!(problem(&back), "not-bound");
    assert!(!thief.is_signed_in());
}

/// SPEC D27, RFC 9700 §4.4: the honest provider's answer comes back for the hostile one's flow.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_method_never_reaches_the_provider_of_this_one() {
    let world = World::new().await;
    let home = world.scope.account_id().to_string();
    let admin = world.person("super_admin").await;
    let mut browser = Browser::of(&admin.cookie).in_account(&home);
    let honest = set_up(&world, &mut browser, &world.honest).await;
    let (_, hostile) = hostile_account(&world).await;
    let mut victim = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let of_hostile = victim
        .call(&world, "POST", &hostile.start(), start.clone())
        .await;
    let state = query_of(of_hostile.body["location"].as_str().unwrap(), "state");
    // The hostile provider sends the browser on to the honest one, with its own flow's state.
    let of_honest = Browser::default()
        .call(&world, "POST", &honest.start(), start)
        .await;
    let location = of_honest.body["location"].as_str().unwrap();
    let mixed = location.replace(&query_of(location, "state"), &state);
    world
        .honest
        .sign_in_as(says("victim@example.com", "victim"));
    let back = world.honest.browse(&mixed).await.unwrap();
    let seen = victim
        .call(&world, "GET", &path_of(&back), Value::Null)
        .await;
    assert_eq!(problem(&seen), "sign-in-failed");
    assert_eq!(world.hostile.tokens_asked(), 0);
    assert!(!victim.is_signed_in());
}

/// CSRF of the callback: state and cookie belong together, and a flow is used once.
#[tokio::test(flavor = "multi_thread")]
async fn a_flow_belongs_to_one_browser_and_is_taken_once() {
    let world = World::new().await;
    let (_, method) = hostile_account(&world).await;
    world.hostile.sign_in_as(says("victim@example.com", "x"));
    let mut browser = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let started = browser.call(&world, "POST", &method.start(), start).await;
    let location = started.body["location"].as_str().unwrap().to_owned();
    let back = path_of(&world.hostile.browse(&location).await.unwrap());
    let other = Browser::default()
        .call(&world, "GET", &back, Value::Null)
        .await;
    assert_eq!(problem(&other), "sign-in-failed");
    let asked = world.hostile.tokens_asked();
    assert_eq!(asked, 0);
    // The state is spent: the right browser does not get through with it either.
    let late = browser.call(&world, "GET", &back, Value::Null).await;
    assert_eq!(problem(&late), "sign-in-failed");
    assert!(!browser.cookies.contains_key(FLOW_COOKIE));
}

/// SPEC D03, D09, D10, D12, D27: the honest way, from the trial to the sign-in.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_invited_by_openid_connect_accepts_and_signs_in_and_the_trial_is_noted() {
    let world = World::new().await;
    let home = world.scope.account_id().to_string();
    let admin = world.person("super_admin").await;
    let mut browser = Browser::of(&admin.cookie).in_account(&home);
    let method = set_up(&world, &mut browser, &world.honest).await;
    world
        .honest
        .sign_in_as(says("admin@example.com", "admin-there"));
    let start = json!({"purpose": "trial"});
    let tried = browser.through(&world, &world.honest, &method, start).await;
    assert!(tried.location().ends_with("#ok"), "{}", tried.location());
    let path = format!("/v1/login-methods/{}", method.id);
    let read = browser.call(&world, "GET", &path, Value::Null).await;
    assert!(read.body["tried_at"].is_string(), "{}", read.body);

    let email = "carol@example.com";
    let body = json!({"email": email, "role": "agent", "method": method.id});
    let made = browser.call(&world, "POST", "/v1/invitations", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let token = token_of(&world.link_in_mail(email).await);
    // Another verified address is refused; an unverified one too.
    for claims in [
        says("dave@example.com", "carol"),
        says(email, "carol").with("email_verified", json!(false)),
        Claims::new("carol").with("email", json!(email)),
    ] {
        world.honest.sign_in_as(claims);
        let mut wrong = Browser::default();
        let start = json!({"purpose": "accept", "token": token});
        let refused = wrong.through(&world, &world.honest, &method, start).await;
        assert_eq!(problem(&refused), "wrong-identity");
        assert!(!wrong.is_signed_in());
    }
    world
        .honest
        .sign_in_as(says(email, "carol").with("email_verified", json!("true")));
    let mut carol = Browser::default();
    let start = json!({"purpose": "accept", "token": token});
    let joined = carol.through(&world, &world.honest, &method, start).await;
    assert!(joined.location().ends_with("#ok"), "{}", joined.location());
    carol.account = Some(home.clone());
    let projects = carol.call(&world, "GET", "/v1/projects", Value::Null).await;
    assert_eq!(projects.status, 200, "{}", projects.body);

    let mut later = Browser::default();
    let start = json!({"purpose": "sign_in", "return_to": "/console/projects"});
    let back = later.through(&world, &world.honest, &method, start).await;
    assert_eq!(back.location(), "/console/projects#ok");
    assert!(later.is_signed_in());
    // A faulty token opens nothing, even for somebody who is bound.
    for fault in [
        ProviderFault::BadSignature,
        ProviderFault::BadNonce,
        ProviderFault::Expired,
    ] {
        world.honest.fail(Some(fault));
        let mut faulty = Browser::default();
        let start = json!({"purpose": "sign_in"});
        let back = faulty.through(&world, &world.honest, &method, start).await;
        assert_eq!(problem(&back), "sign-in-failed", "{fault:?}");
        assert!(!faulty.is_signed_in());
    }
}

/// SPEC D35, D27: what an account bound to a login ends with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_login_takes_its_identities_along() {
    let world = World::new().await;
    let home = world.scope.account_id().to_string();
    let admin = world.person("super_admin").await;
    let mut admin = Browser::of(&admin.cookie).in_account(&home);
    let method = set_up(&world, &mut admin, &world.honest).await;
    let email = "ana@example.com";
    let ana = sign_in::member(&world, email).await;
    let mut ana = Browser::of(ana.session().unwrap()).in_account(&home);
    world.honest.sign_in_as(says(email, "ana-there"));
    let bind = json!({"purpose": "bind"});
    let bound = ana.through(&world, &world.honest, &method, bind).await;
    assert!(bound.location().ends_with("#ok"), "{}", bound.location());
    assert_eq!(world.rows("IDENTITY").len(), 1);
    let export = ana.call(&world, "GET", "/v1/me/export", Value::Null).await;
    assert_eq!(
        export.body["identities"],
        json!([{"account_id": home, "login_method_id": method.id}])
    );
    let body = json!({"password": sign_in::PASSWORD});
    let deleted = ana.call(&world, "POST", "/v1/me/delete", body).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    assert_eq!(world.rows("IDENTITY").len(), 0);
    let mut later = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let back = later.through(&world, &world.honest, &method, start).await;
    assert!(back.location().contains("#problem="), "{}", back.location());
    assert!(!later.is_signed_in());
}

fn query_of(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let pair = query
        .split('&')
        .find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    pair.unwrap().to_owned()
}
