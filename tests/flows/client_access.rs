//! The clients whose records a member may touch (SPEC B39): for others, and for their keys, these do not exist.

use crate::{
    authorisation::untouched,
    given_up::refuse,
    handoff::{hand_off, only_conversation},
    lifecycle::stranger,
    outgoing::{say, talking},
    world::{Answer, Person, World},
};
use serde_json::{Value, json};
use vestibule_admin::routes::Access;
use vestibule_domain::{
    account::permission::Permission,
    ids::{EndUserId, MemberId},
};
use vestibule_tests::admin_functions::table;

/// Parameters of paths that name a record of a client.
const OF_A_CLIENT: [&str; 4] = [
    "{connector_id}",
    "{chat_user_id}",
    "{access_request_id}",
    "{conversation_id}",
];

/// A super admin with access to one client only, who owns a key with every permission.
pub struct Limited {
    person: Person,
    key: String,
    client: String,
}

impl Limited {
    /// Such a member, made by another super admin. The client has no records.
    pub async fn new(world: &World) -> Self {
        let root = world.person("super_admin").await;
        let body = json!({"name": "Hooli"});
        let made = world
            .call_as(&root, ("POST", "/v1/clients"), body, &[])
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        let client = made.body["id"].as_str().unwrap().to_owned();
        let person = world.person("super_admin").await;
        let path = format!("/v1/members/{}", person.member_id);
        let body = json!({"clients": [client]});
        let limited = world.call_as(&root, ("PATCH", &path), body, &[]).await;
        assert_eq!(limited.status, 200, "{}", limited.body);
        let body = json!({"name": "Hooli's script", "permissions": Permission::ALL});
        let made = world
            .call_as(&person, ("POST", "/v1/api-keys"), body, &[])
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        Self {
            person,
            key: made.body["key"].as_str().unwrap().to_owned(),
            client,
        }
    }

    /// The answers to the member and to the member's key.
    pub async fn call(&self, world: &World, route: (&str, &str), body: &Value) -> [Answer; 2] {
        let own = world.call_as(&self.person, route, body.clone(), &[]).await;
        [own, world.call(&self.key, route, body.clone(), &[]).await]
    }
}

/// A world with records of every kind, all of the default client: a request that waits, a conversation that was
/// handed off, and a message that was given up. Returns the path of the conversation.
async fn busy() -> (World, String, String) {
    let (mut world, ada) = talking(1).await;
    refuse(&world, 1);
    say(&world, &ada, "one").await;
    world.settle().await;
    let waiting = stranger(&world, "Grace Hopper").await;
    world.settle().await;
    let conversation = only_conversation(&world, &format!("?connector_id={}", world.open.id)).await;
    hand_off(&world, &conversation, json!({"team": "sales"})).await;
    (world, conversation, waiting)
}

/// A body that the route takes.
fn body_of(world: &World, method: &str, path: &str) -> Value {
    match (method, path.rsplit('/').next().unwrap_or_default()) {
        ("GET" | "DELETE", _) => Value::Null,
        ("POST", "messages") => json!({"messages": [{"text": "Hi"}]}),
        ("POST", "assign" | "transfer") => json!({"member_id": MemberId::derive(&["nobody"])}),
        ("POST", "approve" | "revoke") if path.contains("/chat-users/") => {
            json!({"environment_id": world.connector.environment_id})
        }
        ("POST", "link") => json!({"end_user_id": EndUserId::derive(&["nobody"])}),
        ("PATCH", "{conversation_id}") => json!({"state": "closed"}),
        _ => json!({}),
    }
}

/// SPEC B39: on every route that names a record.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_another_client_does_not_exist_on_any_route() {
    let (world, conversation, waiting) = busy().await;
    let limited = Limited::new(&world).await;
    let request = world.requests().await.remove(0).request.id.to_string();
    let all_powers = world.all_powers().await;
    let filled = |path: &str| {
        [
            ("{project_id}", world.scope.project_id().to_string()),
            ("{connector_id}", world.open.id.to_string()),
            ("{chat_user_id}", world.chat_user_id(&waiting).to_string()),
            ("{access_request_id}", request.clone()),
            (
                "{conversation_id}",
                conversation.rsplit('/').next().unwrap().to_owned(),
            ),
            ("{number}", "1".to_owned()),
            ("{index}", "0".to_owned()),
        ]
        .iter()
        .fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
    };
    let (mut tried, mut seen_by_others) = (0, 0);
    for route in table() {
        let is_of_a_client = OF_A_CLIENT.iter().any(|name| route.path.contains(name));
        if !matches!(route.access, Access::Needs(_)) || !is_of_a_client {
            continue;
        }
        let (method, path) = (route.method, filled(&route.path));
        let name = format!("{method} {}", route.path);
        let body = body_of(&world, method, &route.path);
        let before = untouched(&world);
        for answer in limited.call(&world, (method, &path), &body).await {
            assert_eq!(answer.status, 404, "{name}: {}", answer.body);
            assert_eq!(answer.body["type"], "/problems/not-found", "{name}");
        }
        assert_eq!(untouched(&world), before, "{name}");
        tried += 1;
        if method == "GET" {
            let seen = world
                .call(&all_powers, (method, &path), Value::Null, &[])
                .await;
            seen_by_others += usize::from(seen.status == 200);
        }
    }
    assert!(tried >= 24, "{tried}");
    // All but a picture and a file, which nobody has.
    assert!(seen_by_others >= 6, "{seen_by_others}");
}

/// SPEC B39: on every list, and for what works on lists.
#[tokio::test(flavor = "multi_thread")]
async fn no_list_tells_of_a_record_of_another_client() {
    let (world, conversation, _) = busy().await;
    let limited = Limited::new(&world).await;
    let all_powers = world.all_powers().await;
    let of_project = "/v1/projects/{project_id}/";
    let mut lists = Vec::new();
    for route in table() {
        let Some(rest) = route.path.strip_prefix(of_project) else {
            continue;
        };
        // An environment is no client's, and neither is a user. Figures are no list; their own flow looks at them.
        let is_of_all = ["environments", "end-users", "figures"].contains(&rest);
        let is_list = route.method == "GET" && !rest.contains('/') && !is_of_all;
        if !is_list {
            continue;
        }
        let path = format!("{}/{rest}", world.project_path());
        let all = world
            .call(&all_powers, ("GET", &path), Value::Null, &[])
            .await;
        assert_ne!(all.body["items"], json!([]), "{rest}");
        for answer in limited.call(&world, ("GET", &path), &Value::Null).await {
            assert_eq!(answer.status, 200, "{rest}: {}", answer.body);
            assert_eq!(answer.body["items"], json!([]), "{rest}");
        }
        lists.push(rest.to_owned());
    }
    lists.sort_unstable();
    assert_eq!(
        lists,
        [
            "access-requests",
            "chat-users",
            "connectors",
            "conversations",
            "deliveries"
        ]
    );

    let path = format!("{}/deliveries/redrive", world.project_path());
    let (before, all) = (world.rows("GIVEN_UP#"), json!({"all": true}));
    for answer in limited.call(&world, ("POST", &path), &all).await {
        assert_eq!(answer.status, 202, "{}", answer.body);
        assert_eq!(answer.body["redriven"], 0, "{}", answer.body);
    }
    assert_eq!(world.rows("GIVEN_UP#"), before);

    // Nor does the audit log, in a list or exported.
    let id = conversation.rsplit('/').next().unwrap();
    let of_it = format!("/v1/audit?target=conversation:{id}");
    for path in ["/v1/audit", &of_it, "/v1/audit/export?format=jsonl"] {
        let told = |answer: &Answer| String::from_utf8_lossy(&answer.bytes).contains(id);
        let all = world
            .call(&all_powers, ("GET", path), Value::Null, &[])
            .await;
        assert!(told(&all), "{path}");
        for answer in limited.call(&world, ("GET", path), &Value::Null).await {
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            assert!(!told(&answer), "{path}");
        }
    }
    for answer in limited
        .call(&world, ("GET", "/v1/clients"), &Value::Null)
        .await
    {
        let clients = answer.body["items"].as_array().unwrap();
        assert_eq!(clients.len(), 1, "{}", answer.body);
        assert_eq!(clients[0]["id"], limited.client.as_str());
    }
    let default = format!("/v1/clients/{}", world.open.client_id);
    for route in [("GET", default.as_str()), ("DELETE", default.as_str())] {
        for answer in limited.call(&world, route, &Value::Null).await {
            assert_eq!(answer.status, 404, "{}", answer.body);
        }
    }
}

/// SPEC B39, D26: nobody gets at more clients by way of others, of keys, or of connectors.
#[tokio::test(flavor = "multi_thread")]
async fn access_to_some_clients_gives_no_access_to_more() {
    let world = World::new().await;
    let limited = Limited::new(&world).await;
    let member = format!("/v1/members/{}", limited.person.member_id);
    let other = world.person("agent").await;
    let above = format!("/v1/members/{}", other.member_id);
    let invitation = json!({"email": "ada@example.com", "role": "agent", "clients": "all"});
    let connector = json!({"name": "Help", "provider": "slack",
        "environment_id": world.connector.environment_id});
    let of_default = json!({"name": "Help", "provider": "slack", "client_id": world.open.client_id,
        "environment_id": world.connector.environment_id});
    let connectors = format!("{}/connectors", world.project_path());
    for (route, body, field) in [
        (
            ("PATCH", member.as_str()),
            json!({"clients": "all"}),
            "clients",
        ),
        (("POST", "/v1/invitations"), invitation, "clients"),
        (("POST", connectors.as_str()), connector, "client_id"),
        (("POST", connectors.as_str()), of_default, "client_id"),
    ] {
        for answer in limited.call(&world, route, &body).await {
            assert_eq!(answer.status, 422, "{route:?}: {}", answer.body);
            let errors = answer.body["errors"].as_array().unwrap();
            let is_told = errors.iter().any(|error| error["field"] == field);
            assert!(is_told, "{route:?}: {}", answer.body);
        }
    }
    // Somebody with access to every client is above.
    for answer in limited
        .call(&world, ("PATCH", &above), &json!({"name": "Ada"}))
        .await
    {
        assert_eq!(answer.status, 409, "{}", answer.body);
        assert_eq!(answer.body["type"], "/problems/member-above");
    }

    let root = world.person("super_admin").await;
    let of_account = json!({"name": "k", "permissions": ["projects.read"], "owner": "account"});
    let of_member = json!({"name": "m", "permissions": ["projects.read"]});
    for answer in limited
        .call(&world, ("POST", "/v1/api-keys"), &of_account)
        .await
    {
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert_eq!(answer.body["type"], "/problems/clients-not-held");
    }
    for body in [of_account, of_member] {
        let made = world
            .call_as(&root, ("POST", "/v1/api-keys"), body, &[])
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        let path = format!("/v1/api-keys/{}", made.body["id"].as_str().unwrap());
        for (method, path) in [
            ("POST", format!("{path}/rotate")),
            ("POST", format!("{path}/renew")),
            ("DELETE", path),
        ] {
            for answer in limited.call(&world, (method, &path), &Value::Null).await {
                assert_eq!(answer.status, 403, "{method} {path}: {}", answer.body);
                assert_eq!(answer.body["type"], "/problems/clients-not-held");
            }
        }
    }
    // A member's own keys are theirs to manage.
    let listed = world
        .call_as(&limited.person, ("GET", "/v1/api-keys"), Value::Null, &[])
        .await;
    let keys = listed.body["items"].as_array().unwrap();
    let own = keys
        .iter()
        .find(|key| key["name"] == "Hooli's script")
        .unwrap();
    let path = format!("/v1/api-keys/{}/renew", own["id"].as_str().unwrap());
    let renewed = world
        .call_as(&limited.person, ("POST", &path), Value::Null, &[])
        .await;
    assert_eq!(renewed.status, 200, "{}", renewed.body);
}

/// SPEC B39: what belongs to a connector goes with it, and nobody takes or gives what they do not serve.
#[tokio::test(flavor = "multi_thread")]
async fn a_connector_passes_to_another_client_by_those_who_serve_both_and_takes_its_records_along()
{
    let (world, conversation, _) = busy().await;
    let limited = Limited::new(&world).await;
    let root = world.person("super_admin").await;
    let path = format!("{}/connectors/{}", world.project_path(), world.open.id);
    let default = json!({"client_id": world.open.client_id});
    let theirs = json!({"client_id": limited.client});
    let unknown = json!({"client_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W"});

    for answer in limited.call(&world, ("PATCH", &path), &theirs).await {
        assert_eq!(answer.status, 404, "{}", answer.body);
    }
    let refused = world.call_as(&root, ("PATCH", &path), unknown, &[]).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["field"], "client_id");
    let passed = world.call_as(&root, ("PATCH", &path), theirs, &[]).await;
    assert_eq!(passed.status, 200, "{}", passed.body);
    assert_eq!(passed.body["client_id"], limited.client.as_str());

    for seen in [path.as_str(), &conversation] {
        for answer in limited.call(&world, ("GET", seen), &Value::Null).await {
            assert_eq!(answer.status, 200, "{seen}: {}", answer.body);
        }
    }
    for list in ["connectors", "conversations", "deliveries", "chat-users"] {
        let list = format!("{}/{list}", world.project_path());
        for answer in limited.call(&world, ("GET", &list), &Value::Null).await {
            let items = answer.body["items"].as_array().unwrap();
            assert_eq!(items.len(), 1, "{list}: {}", answer.body);
        }
    }
    for answer in limited.call(&world, ("PATCH", &path), &default).await {
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert_eq!(answer.body["errors"][0]["field"], "client_id");
    }
    let back = world.call_as(&root, ("PATCH", &path), default, &[]).await;
    assert_eq!(back.status, 200, "{}", back.body);
    for answer in limited.call(&world, ("GET", &path), &Value::Null).await {
        assert_eq!(answer.status, 404, "{}", answer.body);
    }
}

/// SPEC B39, E18.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_decided_with_the_permission_and_the_client_of_its_connector_and_not_without()
{
    let mut world = World::new().await;
    stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let admin = world.person("super_admin").await;
    let member = world.person("agent").await;
    let id = world.requests().await.remove(0).request.id;
    let requests = format!("{}/access-requests", world.project_path());
    let (request, approve) = (
        format!("{requests}/{id}"),
        format!("{requests}/{id}/approve"),
    );
    let connectors = format!("{}/connectors", world.project_path());
    let body = json!({"name": "Hooli", "channels": ["whatsapp"]});
    let made = world
        .call_as(&admin, ("POST", "/v1/clients"), body, &[])
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!("/v1/members/{}", member.member_id);
    let change = async |body: Value| {
        let changed = world.call_as(&admin, ("PATCH", &path), body, &[]).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    };
    let get = async |path: &str| {
        let answer = world
            .call_as(&member, ("GET", path), Value::Null, &[])
            .await;
        (answer.status, answer.body)
    };
    let decide = async || {
        let route = ("POST", approve.as_str());
        world.call_as(&member, route, Value::Null, &[]).await
    };

    // The client, without the permission.
    assert_eq!(get(request.as_str()).await.0, 200);
    let refused = decide().await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/permission-missing");
    // The permission, without the client.
    change(json!({"extra_permissions": ["access_requests.decide"], "clients": [made.body["id"]]}))
        .await;
    let refused = decide().await;
    assert_eq!(refused.status, 404, "{}", refused.body);
    assert_eq!(get(request.as_str()).await.0, 404);
    for list in [requests.as_str(), connectors.as_str()] {
        let (status, listed) = get(list).await;
        assert_eq!((status, &listed["items"]), (200, &json!([])), "{list}");
    }
    let route = ("GET", request.as_str());
    let seen = world.call_as(&admin, route, Value::Null, &[]).await;
    assert_eq!(seen.body["status"], "pending", "{}", seen.body);
    // Both.
    change(json!({"clients": "all"})).await;
    let decided = decide().await;
    assert_eq!(decided.status, 200, "{}", decided.body);
    assert_eq!(get(request.as_str()).await.1["status"], "approved");
}
