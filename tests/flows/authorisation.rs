//! Checks every route of the admin API against the permission that it declares.

use crate::{
    admin::{all_powers, call},
    lifecycle::stranger,
    world::{Answer, MAIL_FROM, Person, World},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use vestibule_admin::routes::Access;
use vestibule_domain::{
    AccountScope, account::permission::Permission, ids::AccountId, team::role::AGENT,
};
use vestibule_testkit::proof::scaled;
use vestibule_tests::admin_functions::table;

/// An id that no record has.
const NOBODY: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

/// A key and a session that have the right form and that nobody has.
const UNKNOWN_KEY: &str =
    "vst_01JD3Q3Z9V8M4T6K2N7P5R1S0W_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
const UNKNOWN_SESSION: &str =
    "__Host-vestibule=vss_01JD3Q3Z9V8M4T6K2N7P5R1S0W_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

/// The path with an id in place of each parameter.
fn filled(world: &World, path: &str) -> String {
    let project = world.scope.project_id().to_string();
    path.split('/')
        .map(|part| match part {
            "{project_id}" => project.as_str(),
            part if part.starts_with('{') => NOBODY,
            part => part,
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// Problems of a caller who does not get as far as the route.
const GATES: [&str; 6] = [
    "unauthenticated",
    "permission-missing",
    "sign-in-again",
    "not-a-member",
    "sign-in-insufficient",
    "cross-site-call",
];

/// A caller of the matrix.
enum Who<'a> {
    Key(&'a str),
    Session(&'a str, &'a [(&'a str, &'a str)]),
}

/// The answer to a caller of the matrix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gets {
    Through,
    Problem(u16, &'static str),
}

const UNAUTHENTICATED: Gets = Gets::Problem(401, "unauthenticated");
const SIGN_IN_AGAIN: Gets = Gets::Problem(401, "sign-in-again");
const MISSING: Gets = Gets::Problem(403, "permission-missing");

/// The rows that a refused call leaves as they are. It may count an attempt, note a use and be recorded.
pub fn untouched(world: &World) -> Vec<serde_json::Map<String, Value>> {
    let mut rows = world.db.items().unwrap();
    rows.retain(|row| {
        let pk = row["pk"].as_str().unwrap();
        !["#AUDIT#", "THROTTLE#", "#KEY_USES", "#SESSION_USES"]
            .iter()
            .any(|noted| pk.contains(noted))
    });
    rows
}

async fn ask(world: &World, who: &Who<'_>, route: (&str, &str), body: Value) -> Answer {
    match who {
        Who::Key(token) => world.call(token, route, body, &[]).await,
        Who::Session(cookie, headers) => {
            let mut all = vec![("cookie", *cookie)];
            all.extend(*headers);
            world.send(route, body, &all).await
        }
    }
}

/// The callers of one route, each with what it gets.
fn callers<'a>(
    access: Access,
    is_safe: bool,
    keys: [&'a str; 2],
    people: [&'a Person; 4],
    headers: [&'a [(&'a str, &'a str)]; 3],
) -> Vec<(&'static str, Who<'a>, Gets)> {
    let [without, with] = keys;
    let [admin, agent, nothing, stranger] = people;
    let [console, nowhere, plain] = headers;
    let for_keys = |gets| {
        if access == Access::SignedIn {
            SIGN_IN_AGAIN
        } else {
            gets
        }
    };
    let if_agent = match access {
        Access::Needs(permission) if !AGENT.contains(&permission) => MISSING,
        _ => Gets::Through,
    };
    let if_nobody = match access {
        Access::Needs(_) => MISSING,
        _ => Gets::Through,
    };
    let (elsewhere, homeless) = match access {
        Access::SignedIn => (Gets::Through, Gets::Through),
        _ => (
            Gets::Problem(403, "not-a-member"),
            Gets::Problem(400, "invalid-parameters"),
        ),
    };
    let from_form = if is_safe {
        Gets::Through
    } else {
        Gets::Problem(403, "cross-site-call")
    };
    vec![
        ("no key", Who::Key(""), for_keys(UNAUTHENTICATED)),
        ("half a key", Who::Key("vst_"), for_keys(UNAUTHENTICATED)),
        (
            "an unknown key",
            Who::Key(UNKNOWN_KEY),
            for_keys(UNAUTHENTICATED),
        ),
        ("a key of all else", Who::Key(without), for_keys(if_nobody)),
        ("a key of this", Who::Key(with), for_keys(Gets::Through)),
        (
            "no cookie",
            Who::Session("", console),
            for_keys(UNAUTHENTICATED),
        ),
        (
            "an unknown session",
            Who::Session(UNKNOWN_SESSION, console),
            SIGN_IN_AGAIN,
        ),
        (
            "a super admin",
            Who::Session(&admin.cookie, console),
            Gets::Through,
        ),
        ("an agent", Who::Session(&agent.cookie, console), if_agent),
        (
            "a member without a role",
            Who::Session(&nothing.cookie, console),
            if_nobody,
        ),
        (
            "a super admin elsewhere",
            Who::Session(&stranger.cookie, console),
            elsewhere,
        ),
        (
            "a session of no account",
            Who::Session(&admin.cookie, nowhere),
            homeless,
        ),
        (
            "a form of another site",
            Who::Session(&admin.cookie, plain),
            from_form,
        ),
    ]
}

/// SPEC D19, E05, M03: every route, for everybody who might call it.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_for_those_who_hold_its_permission_and_for_nobody_else() {
    let world = World::new().await;
    let account = world.scope.account_id();
    let named = account.to_string();
    let admin = world.person("super_admin").await;
    let agent = world.person("agent").await;
    let nothing = world.person("none").await;
    let other = AccountScope::of_verified(AccountId::derive(&["globex"]));
    let stranger = world.person_in(other, "super_admin").await;
    let nowhere = [
        ("x-vestibule-console", "1"),
        ("sec-fetch-site", "same-origin"),
    ];
    let in_account = [("vestibule-account", named.as_str())];
    let console = [nowhere.as_slice(), in_account.as_slice()].concat();
    let mut tried = 0;
    for route in table() {
        let held: Vec<_> = match route.access {
            Access::Open => continue,
            Access::Needs(permission) => vec![permission],
            Access::Member | Access::SignedIn => vec![Permission::ProjectsRead],
        };
        let name = format!("{} {}", route.method, route.path);
        let path = filled(&world, &route.path);
        let others = Permission::ALL.into_iter();
        let others: Vec<_> = others.filter(|other| !held.contains(other)).collect();
        let (without, with) = (
            world.key(account, &others).await,
            world.key(account, &held).await,
        );
        let before = untouched(&world);
        let all = callers(
            route.access,
            route.method == "GET",
            [&without, &with],
            [&admin, &agent, &nothing, &stranger],
            [&console, &nowhere, &in_account],
        );
        // Those who are refused first: nothing may have changed by then.
        let (refused, admitted): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|(_, _, gets)| *gets != Gets::Through);
        for (who, caller, gets) in refused {
            let Gets::Problem(status, problem) = gets else {
                unreachable!()
            };
            // Nobody reads the body of a call that is refused. The sample tries each in turn.
            let bodies = [json!({}), Value::Null];
            let turn = tried % 2;
            for body in scaled(&bodies[turn..=turn], &bodies[..]) {
                let answer = ask(&world, &caller, (route.method, &path), body.clone()).await;
                let body = &answer.body;
                assert_eq!(answer.status, status, "{name}, {who}: {body}");
                let kind = format!("/problems/{problem}");
                assert_eq!(body["type"], kind, "{name}, {who}");
                if let (Access::Needs(permission), MISSING) = (route.access, gets) {
                    assert_eq!(
                        body["permissions"],
                        json!([permission.key()]),
                        "{name}, {who}"
                    );
                }
            }
            tried += 1;
        }
        assert_eq!(untouched(&world), before, "{name}");
        for (who, caller, _) in admitted {
            let answer = ask(&world, &caller, (route.method, &path), json!({})).await;
            let (status, body) = (answer.status, &answer.body);
            assert!(
                ![500, 503].contains(&status),
                "{name}, {who}: {status} {body}"
            );
            let kind = body["type"].as_str().unwrap_or_default();
            let kind = kind.trim_start_matches("/problems/");
            assert!(!GATES.contains(&kind), "{name}, {who}: {status} {body}");
            tried += 1;
        }
    }
    assert!(tried > 13 * 50, "{tried}");
}

/// SPEC D27, D28: a session that ended, or whose member went, opens nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_opens_nothing_once_it_is_over_or_gone() {
    let world = World::new().await;
    let [idle, gone] = [world.person("agent").await, world.person("agent").await];
    let route = ("GET", "/v1/projects");
    for person in [&idle, &gone] {
        let answer = world.call_as(person, route, Value::Null, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let me = world
        .call_as(&idle, ("GET", "/v1/me"), Value::Null, &[])
        .await;
    assert_eq!(me.body["login"]["email"], idle.email, "{}", me.body);
    let pk = format!("LOGIN#{}#SESSIONS", gone.login_id);
    let sk = format!("SESSION#{}", gone.session_hash);
    world.db.delete_raw(&pk, &sk).unwrap();
    world.clock.advance(Duration::from_hours(12));
    for person in [&idle, &gone] {
        let answer = world.call_as(person, route, Value::Null, &[]).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
        assert_eq!(answer.body["type"], "/problems/sign-in-again");
    }
}

/// SPEC D25: what became of a mail is seen where the invitation is.
#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_of_an_invitation_says_what_became_of_its_mail() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let asked = json!({"email": "ada@example.com", "name": "Ada", "role": "agent"});
    let invited = world.invite(&admin, asked).await;
    let link = world.link_in_mail("ada@example.com").await;
    assert!(
        link.starts_with("https://api.example.test/console/"),
        "{link}"
    );
    let mail = world.mails().remove(0);
    assert!(mail.source.contains(MAIL_FROM), "{}", mail.source);
    world.ses_event(&mail, "delivery").await;
    let path = format!("/v1/invitations/{}", invited["id"].as_str().unwrap());
    let answer = world
        .call_as(&admin, ("GET", &path), Value::Null, &[])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["mail_status"], "delivered", "{}", answer.body);
    assert_ne!(answer.body["timeline"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_made_up_one_that_is_revoked_and_one_that_is_expired_get_the_same_answer() {
    let world = World::new().await;
    let account = world.scope.account_id();
    let powers = all_powers(&world).await;
    let asked = json!({"name": "report", "permissions": ["projects.read"]});
    let (status, made) = call(&world, &powers, "POST", "/v1/api-keys", asked).await;
    assert_eq!(status, 201, "{made}");
    let revoked = made["key"].as_str().unwrap();
    let path = format!("/v1/api-keys/{}", made["id"].as_str().unwrap());
    let (status, body) = call(&world, &powers, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 200, "{body}");
    let expired = world.key(account, &[Permission::ProjectsRead]).await;
    world.clock.advance(Duration::from_hours(25));
    let unknown = format!("vst_{account}_{}", "A".repeat(43));
    let elsewhere = format!("vst_{NOBODY}_{}", "A".repeat(43));

    let mut answers = Vec::new();
    for token in [
        unknown.as_str(),
        elsewhere.as_str(),
        revoked,
        expired.as_str(),
    ] {
        let (status, mut body) = call(&world, token, "GET", "/v1/projects", Value::Null).await;
        assert_eq!(status, 401, "{body}");
        assert!(body["request_id"].take().is_string());
        answers.push(body);
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    let (_, body) = call(&world, "vst_cut", "GET", "/v1/projects", Value::Null).await;
    assert_eq!(body["title"], answers[0]["title"]);
    assert_ne!(body["detail"], answers[0]["detail"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_leads_nowhere_is_told_to_nobody_who_may_not_know_it() {
    let world = World::new().await;
    let account = world.scope.account_id();
    let token = world.key(account, &[Permission::ApiKeysManage]).await;
    let path = "/v1/projects/not-an-id/access-requests/not-an-id/approve";
    let (status, _) = call(&world, "", "POST", path, json!({})).await;
    assert_eq!(status, 401);
    let (status, _) = call(&world, &token, "POST", path, json!({})).await;
    assert_eq!(status, 403);
    let (status, _) = call(&world, &all_powers(&world).await, "POST", path, json!({})).await;
    assert_eq!(status, 404);
}

/// SPEC M03.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_another_account_is_not_there_for_those_who_may_decide_in_theirs() {
    let world = World::new().await;
    let token = world
        .key(
            AccountId::derive(&["globex"]),
            &[Permission::AccessRequestsDecide],
        )
        .await;
    let path = filled(
        &world,
        "/v1/projects/{project_id}/access-requests/{access_request_id}/approve",
    );
    let (status, body) = call(&world, &token, "POST", &path, json!({})).await;
    assert_eq!(status, 404, "{body}");
}

/// The path with the world's own records in it: Ada's, where it is about a person.
async fn filled_with_records(world: &World, ada: &str, path: &str) -> String {
    let request = world.requests().await.remove(0).request.id;
    [
        ("{project_id}", world.scope.project_id().to_string()),
        (
            "{environment_id}",
            world.connector.environment_id.to_string(),
        ),
        ("{connector_id}", world.connector.id.to_string()),
        ("{chat_user_id}", world.chat_user_id(ada).to_string()),
        ("{access_request_id}", request.to_string()),
    ]
    .iter()
    .fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_shows_the_record_to_those_who_may_read_it_and_its_id_to_others() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let (mut answered, mut others) = (BTreeSet::new(), Vec::new());
    for route in table() {
        let Access::Needs(permission) = route.access else {
            continue;
        };
        // Whoever rotates a secret sees the new one; its own flow looks at that.
        let draws = route.path.ends_with("/rotate-signing-secret");
        if route.method == "DELETE" || permission.to_read() == permission || draws {
            continue;
        }
        let path = filled_with_records(&world, &ada, &route.path).await;
        let gives_or_takes = ["/{chat_user_id}/approve", "/{chat_user_id}/revoke"];
        let is_of_environment = gives_or_takes.iter().any(|end| route.path.ends_with(end));
        let body = if is_of_environment {
            json!({"environment_id": world.connector.environment_id})
        } else {
            json!({})
        };
        let blind = world.key(world.scope.account_id(), &[permission]).await;
        let both = [permission, permission.to_read()];
        let seeing = world.key(world.scope.account_id(), &both).await;
        let name = format!("{} {}", route.method, route.path);
        // The second call changes nothing more.
        for (token, may_read) in [(&blind, false), (&blind, false), (&seeing, true)] {
            let (status, answer) = call(&world, token, route.method, &path, body.clone()).await;
            if status != 200 || answer.get("id").is_none() {
                others.push(format!("{name}: {status} {answer}"));
                continue;
            }
            let members = answer.as_object().unwrap();
            assert_eq!(members.len() > 1, may_read, "{name}: {answer}");
            answered.insert((name.clone(), may_read));
        }
    }
    let without = answered.iter().filter(|(_, may_read)| !may_read).count();
    assert!(without >= 6, "{answered:?}, others: {others:?}");
}
