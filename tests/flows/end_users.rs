//! Users of a project through the admin API: what is told of them, whose number is whose, and who may know (SPEC C).

use crate::world::{Answer, World};
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::{account::permission::Permission, ids::AccountId};

/// The path of the users of the world's project.
pub fn users_path(world: &World) -> String {
    format!("{}/end-users", world.project_path())
}

/// A body that adds a user.
pub fn new_user(world: &World, first_name: &str, phone: &str) -> Value {
    json!({
        "phone": phone, "first_name": first_name, "last_name": "Lovelace",
        "environment_ids": [world.connector.environment_id]
    })
}

/// Adds a user, and returns the record.
pub async fn add(world: &World, token: &str, body: Value) -> Value {
    let path = users_path(world);
    let answer = world.call(token, ("POST", &path), body, &[]).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

/// Calls the address of one user.
pub async fn on_user(
    world: &World,
    token: &str,
    method: &str,
    user: &Value,
    body: Value,
    headers: &[(&str, &str)],
) -> Answer {
    let path = format!("{}/{}", users_path(world), text(user, "id"));
    world.call(token, (method, &path), body, headers).await
}

/// Changes a user, and returns the record.
pub async fn change(world: &World, token: &str, user: &Value, body: Value) -> Value {
    let answer = on_user(world, token, "PATCH", user, body, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// A text of a record.
pub fn text<'a>(record: &'a Value, name: &str) -> &'a str {
    record[name].as_str().unwrap()
}

fn texts(value: &Value) -> BTreeSet<String> {
    let all = value.as_array().unwrap().iter();
    all.map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// Asserts that users, phone numbers and linked chat users say the same of each other.
pub fn assert_directory_agrees(world: &World) {
    let rows = |kind: &str| {
        let mut rows = world.db.items().unwrap();
        rows.retain(|row| row["sk"] == kind);
        rows
    };
    let (users, chat_users) = (rows("END_USER"), rows("USER"));
    let mut phones = rows("PHONE");
    for user in &users {
        let (id, environments) = (&user["id"], texts(&user["environments"]));
        if user.contains_key("phone") {
            let at = phones.iter().position(|row| row["end_user_id"] == *id);
            let row = phones.remove(at.unwrap_or_else(|| panic!("no number: {user:?}")));
            assert_eq!(texts(&row["environments"]), environments, "{user:?}");
        }
        for linked in texts(&user["chat_users"]) {
            let found = chat_users.iter().find(|row| row["id"] == linked.as_str());
            let row = found.unwrap_or_else(|| panic!("no chat user: {user:?}"));
            assert_eq!(row["end_user_id"], *id, "{row:?}");
            let grants = row["grants"].as_object().unwrap().keys().cloned();
            assert_eq!(grants.collect::<BTreeSet<_>>(), environments, "{row:?}");
        }
    }
    assert_eq!(phones, Vec::<Map<String, Value>>::new(), "nobody's numbers");
    for row in chat_users {
        if let Some(id) = row.get("end_user_id") {
            let user = users.iter().find(|user| user["id"] == *id);
            let user = user.unwrap_or_else(|| panic!("linked to nobody: {row:?}"));
            assert!(texts(&user["chat_users"]).contains(row["id"].as_str().unwrap()));
        }
    }
}

fn errors(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 422, "{}", answer.body);
    let errors = answer.body["errors"].as_array().unwrap().iter();
    let part = |error: &Value, name: &str| text(error, name).to_owned();
    let errors = errors.map(|error| (part(error, "field"), part(error, "rule")));
    errors.collect()
}

/// SPEC C01, C05–C10, C45–C53, G01.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_added_shown_listed_and_counted() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let path = users_path(&world);
    let body = json!({
        "phone": "+49 (0)1512 3456789", "email": " Ada@Example.com ", "first_name": " Ada ", "middle_name": "",
        "last_name": "Lovelace", "environment_ids": [world.connector.environment_id]
    });
    let key = [("idempotency-key", "ada")];
    let made = world
        .call(&token, ("POST", &path), body.clone(), &key)
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.headers["etag"], "\"1\"");
    let ada = &made.body;
    let expected = json!({
        "id": ada["id"], "source": "invited", "first_name": "Ada", "middle_name": null, "last_name": "Lovelace",
        "full_name": "Ada Lovelace", "email": "ada@example.com", "phone": "+4915123456789", "phone_display": "+49 1512 3456789",
        "phone_warning": false, "environments": [{"id": world.connector.environment_id, "name": "Development"}],
        "matches": [],
        "created_at": ada["created_at"], "updated_at": ada["created_at"], "version": 1, "chat_users": []
    });
    assert_eq!(*ada, expected);
    let again = world.call(&token, ("POST", &path), body, &key).await;
    assert_eq!((again.status, &again.body), (201, ada));
    assert_eq!(again.headers["idempotency-replayed"], "true");

    let shown = on_user(&world, &token, "GET", ada, Value::Null, &[]).await;
    assert_eq!((shown.status, &shown.body), (200, ada));
    let listed = world.call(&token, ("GET", &path), Value::Null, &[]).await;
    let mut row = ada.clone();
    row.as_object_mut().unwrap().remove("chat_users");
    assert_eq!(listed.body, json!({"items": [row], "next_cursor": null}));
    let counts = format!("{path}/counts");
    let counted = world.call(&token, ("GET", &counts), Value::Null, &[]).await;
    assert_eq!(counted.body, json!({"count": 1, "more": false}));
    assert_directory_agrees(&world);
}

/// SPEC C14, C18–C21.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_wrong_is_told_in_these_words() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let path = users_path(&world);
    let refused = world
        .call(&token, ("POST", &path), json!({"email": "ada@"}), &[])
        .await;
    let told = |field: &str, rule: &str| (field.to_owned(), rule.to_owned());
    assert_eq!(
        errors(&refused),
        [
            told("phone", "Phone number is required"),
            told("email", "Invalid Email"),
            told("first_name", "First name is required"),
            told("last_name", "Last name is required"),
            told("environment_ids", "Please select at least one environment"),
        ]
    );
    let mut body = new_user(&world, "Ada", "0151 23456789");
    let refused = world.call(&token, ("POST", &path), body.clone(), &[]).await;
    let format = "Enter the number in international format with at least 10 digits, for example +1 555-123-4567";
    assert_eq!(errors(&refused), [told("phone", format)]);
    body["phone"] = json!("+1 555-123-4567");
    body["environment_ids"] = json!(["01JD3Q3Z9V8M4T6K2N7P5R1S0W"]);
    let refused = world.call(&token, ("POST", &path), body.clone(), &[]).await;
    let unknown = "must be ids of environments of this project";
    assert_eq!(errors(&refused), [told("environment_ids", unknown)]);

    body["environment_ids"] = json!([world.connector.environment_id]);
    let ada = add(&world, &token, body).await;
    assert_eq!(ada["phone_warning"], true);
    for (change, field, rule) in [
        (
            json!({"environment_ids": []}),
            "environment_ids",
            "User must have at least one environment",
        ),
        (
            json!({"environment_ids": ["01JD3Q3Z9V8M4T6K2N7P5R1S0W"]}),
            "environment_ids",
            unknown,
        ),
        (json!({"phone": ""}), "phone", "Phone number is required"),
        (json!({"phone": null}), "phone", "Phone number is required"),
        (json!({"phone": "+1 555"}), "phone", format),
        (json!({"email": "ada"}), "email", "Invalid Email"),
        (
            json!({"first_name": " "}),
            "first_name",
            "First name is required",
        ),
        (
            json!({"last_name": null}),
            "last_name",
            "Last name is required",
        ),
    ] {
        let refused = on_user(&world, &token, "PATCH", &ada, change, &[]).await;
        assert_eq!(errors(&refused), [told(field, rule)]);
    }
    let shown = on_user(&world, &token, "GET", &ada, Value::Null, &[]).await;
    assert_eq!(shown.body, ada);
}

/// SPEC C32–C38, C40.
#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_a_user_can_be_changed_and_blank_ones_are_removed() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let other = world
        .another_environment("Acme Support in production")
        .await;
    let ada = add(&world, &token, new_user(&world, "Ada", "+4915123456789")).await;
    let body = json!({
        "phone": "+1 201-555-0123", "email": "ada@example.com", "first_name": "Augusta", "middle_name": "Ada",
        "last_name": "King", "environment_ids": [other.environment_id]
    });
    world.clock.advance(Duration::from_secs(1));
    let changed = change(&world, &token, &ada, body.clone()).await;
    assert_eq!(changed["full_name"], "Augusta Ada King");
    assert_eq!(changed["phone_display"], "+1 201-555-0123");
    assert_eq!(changed["email"], "ada@example.com");
    assert_eq!(
        changed["environments"],
        json!([{"id": other.environment_id, "name": "Acme Support in production"}])
    );
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["created_at"], ada["created_at"]);
    assert_ne!(changed["updated_at"], ada["updated_at"]);
    assert_eq!(change(&world, &token, &ada, body).await, changed);
    let cleared = json!({"email": null, "middle_name": " "});
    let cleared = change(&world, &token, &ada, cleared).await;
    assert_eq!(
        (&cleared["email"], &cleared["middle_name"]),
        (&Value::Null, &Value::Null)
    );
    let late = [("if-match", "\"2\"")];
    let refused = on_user(
        &world,
        &token,
        "PATCH",
        &ada,
        json!({"email": "x@example.com"}),
        &late,
    )
    .await;
    assert_eq!(refused.status, 412, "{}", refused.body);
    let refused = on_user(&world, &token, "DELETE", &ada, Value::Null, &late).await;
    assert_eq!(refused.status, 412, "{}", refused.body);
    assert_directory_agrees(&world);
}

/// SPEC C59, A45b: the two forms of one number, by twenty callers at once.
#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_add_one_number_in_two_forms_one_does_and_the_others_are_told_who_has_it() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let (path, world_ref, token_ref) = (users_path(&world), &world, &token);
    let path = &path;
    let answers = join_all((0..20).map(|number| async move {
        let phone = ["+52 222 123 4567", "+52 1 222 123 4567"][number % 2];
        let body = new_user(world_ref, &format!("Ada{number}"), phone);
        world_ref.call(token_ref, ("POST", path), body, &[]).await
    }))
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    let [ada] = made.as_slice() else {
        panic!("{made:?}");
    };
    assert_eq!(refused.len(), 19);
    let name = format!("{} Lovelace", text(&ada.body, "first_name"));
    for answer in refused {
        assert_eq!(answer.status, 409, "{}", answer.body);
        assert_eq!(answer.body["type"], "/problems/phone-taken");
        let holder = json!({"id": ada.body["id"], "display_name": name});
        assert_eq!(answer.body["end_user"], holder);
    }
    assert_eq!(world.rows("END_USER").len(), 1);
    assert_directory_agrees(&world);
}

/// SPEC C59, A45b.
#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_users_who_get_one_number_at_once_one_has_it_and_the_others_keep_theirs() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let mut users = Vec::new();
    for number in 10..30 {
        let body = new_user(&world, "Ada", &format!("+49151234567{number}"));
        users.push(add(&world, &token, body).await);
    }
    let (world_ref, token_ref) = (&world, &token);
    let answers = join_all(users.iter().enumerate().map(|(number, user)| async move {
        let phone = ["+522221234567", "+5212221234567"][number % 2];
        on_user(
            world_ref,
            token_ref,
            "PATCH",
            user,
            json!({"phone": phone}),
            &[],
        )
        .await
    }))
    .await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, 1);
    for (answer, user) in answers.iter().zip(&users) {
        let shown = on_user(&world, &token, "GET", user, Value::Null, &[]).await;
        if answer.status == 200 {
            assert_eq!(shown.body["phone"], "+522221234567");
        } else {
            assert_eq!(
                answer.body["type"], "/problems/phone-taken",
                "{}",
                answer.body
            );
            assert_eq!(shown.body, *user);
        }
    }
    assert_eq!(world.rows("PHONE").len(), 20);
    assert_directory_agrees(&world);
    // The number that was given up is free.
    let mover = answers
        .iter()
        .position(|answer| answer.status == 200)
        .unwrap();
    add(
        &world,
        &token,
        new_user(&world, "Bob", text(&users[mover], "phone")),
    )
    .await;
    assert_directory_agrees(&world);
}

/// SPEC G04, U404.
#[tokio::test(flavor = "multi_thread")]
async fn users_are_listed_by_creation_or_name_and_filtered_page_by_page() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let other = world
        .another_environment("Acme Support in production")
        .await;
    for (number, name) in ["Cleo", "ada", "Bob", "Dora", "Ed"].iter().enumerate() {
        world.clock.advance(Duration::from_secs(1));
        let mut body = new_user(&world, name, &format!("+4915123456780{number}"));
        if number == 1 {
            body["environment_ids"] = json!([other.environment_id]);
        }
        add(&world, &token, body).await;
    }
    let path = users_path(&world);
    let list = async |query: &str| {
        let path = format!("{path}?{query}");
        let answer = world.call(&token, ("GET", &path), Value::Null, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let items = answer.body["items"].as_array().unwrap().iter();
        let names: Vec<_> = items
            .map(|user| text(user, "first_name").to_owned())
            .collect();
        (names, answer.body["next_cursor"].clone())
    };
    assert_eq!(list("").await.0, ["Ed", "Dora", "Bob", "ada", "Cleo"]);
    assert_eq!(
        list("order=oldest").await.0,
        ["Cleo", "ada", "Bob", "Dora", "Ed"]
    );
    let (first, cursor) = list("order=name&limit=2").await;
    assert_eq!(first, ["ada", "Bob"]);
    let cursor = cursor.as_str().unwrap();
    let (second, more) = list(&format!("order=name&limit=2&cursor={cursor}")).await;
    assert_eq!(second, ["Cleo", "Dora"]);
    assert!(more.is_string());
    let elsewhere = format!("{path}?order=oldest&limit=2&cursor={cursor}");
    let refused = world
        .call(&token, ("GET", &elsewhere), Value::Null, &[])
        .await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    let held = format!("environment_id={}", other.environment_id);
    assert_eq!(list(&held).await.0, ["ada"]);
    assert_eq!(list(&format!("{held}&order=name")).await.0, ["ada"]);
    assert_eq!(list("source=self_registered").await.0, Vec::<String>::new());
    assert_eq!(list("source=invited").await.0.len(), 5);
}

/// SPEC M03.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_of_another_account_or_project_learns_of_a_user() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let ada = add(&world, &token, new_user(&world, "Ada", "+4915123456789")).await;
    let foreign = world
        .key(AccountId::derive(&["globex"]), &Permission::ALL)
        .await;
    let path = users_path(&world);
    for method in ["GET", "PATCH", "DELETE"] {
        let body = if method == "PATCH" {
            json!({"first_name": "Eve"})
        } else {
            Value::Null
        };
        let answer = on_user(&world, &foreign, method, &ada, body, &[]).await;
        assert_eq!(answer.status, 404, "{}", answer.body);
    }
    let body = new_user(&world, "Eve", "+4915123456789");
    let refused = world.call(&foreign, ("POST", &path), body, &[]).await;
    assert_eq!(refused.status, 404, "{}", refused.body);
    for rest in ["", "/counts"] {
        let path = format!("{path}{rest}");
        let answer = world.call(&foreign, ("GET", &path), Value::Null, &[]).await;
        assert_eq!(answer.status, 404, "{}", answer.body);
    }
    let elsewhere = format!(
        "/v1/projects/01JD3Q3Z9V8M4T6K2N7P5R1S0W/end-users/{}",
        text(&ada, "id")
    );
    let answer = world
        .call(&token, ("GET", &elsewhere), Value::Null, &[])
        .await;
    assert_eq!(answer.status, 404, "{}", answer.body);
}

/// SPEC D26: a caller who may add users and not read them learns nothing of the holder of a number.
#[tokio::test(flavor = "multi_thread")]
async fn the_holder_of_a_number_is_named_only_to_those_who_may_read_users() {
    let world = World::new().await;
    let token = world.all_powers().await;
    add(&world, &token, new_user(&world, "Ada", "+4915123456789")).await;
    let writer = world
        .key(world.scope.account_id(), &[Permission::EndUsersWrite])
        .await;
    let body = new_user(&world, "Bob", "+49 1512 3456789");
    let path = users_path(&world);
    let refused = world.call(&writer, ("POST", &path), body, &[]).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body.get("end_user"), None, "{}", refused.body);
}

/// SPEC C41–C44, G02.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_personal_is_left_of_a_deleted_user_and_the_id_stays_spent() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let path = users_path(&world);
    let mut body = new_user(&world, "Augusta", "+4915123456789");
    body["email"] = json!("augusta@example.com");
    let key = [("idempotency-key", "augusta")];
    let made = world
        .call(&token, ("POST", &path), body.clone(), &key)
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    change(&world, &token, &made.body, json!({"last_name": "Kingsley"})).await;
    let gone = on_user(&world, &token, "DELETE", &made.body, Value::Null, &[]).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    let again = on_user(&world, &token, "DELETE", &made.body, Value::Null, &[]).await;
    assert_eq!(again.status, 404, "{}", again.body);
    let rows = Value::from(
        world
            .db
            .items()
            .unwrap()
            .into_iter()
            .map(Value::Object)
            .collect::<Vec<_>>(),
    )
    .to_string();
    for personal in [
        "Augusta",
        "augusta",
        "Lovelace",
        "Kingsley",
        "4915123456789",
    ] {
        assert!(!rows.contains(personal), "{personal}");
    }
    // The log says that it happened, and to whose id.
    for action in ["end_user.created", "end_user.updated", "end_user.deleted"] {
        assert!(rows.contains(action), "{action}");
    }
    assert!(rows.contains(r#""changed":["last_name"]"#), "{rows}");
    let spent = world
        .call(&token, ("POST", &path), body.clone(), &key)
        .await;
    assert_eq!(spent.status, 422, "{}", spent.body);
    assert_eq!(spent.body["type"], "/problems/idempotency-key-reused");
    add(&world, &token, body).await;
    assert_directory_agrees(&world);
}

/// SPEC G02: the record, the number, the audit entry and the proof of the right are one write.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_and_a_change_take_one_transaction_each() {
    let world = World::new().await;
    let token = world.all_powers().await;
    world.count_from_here();
    let ada = add(&world, &token, new_user(&world, "Ada", "+4915123456789")).await;
    let calls = world.aws_calls();
    let writes = calls
        .iter()
        .filter(|call| *call == "DynamoDB.TransactWriteItems");
    assert_eq!(writes.count(), 1, "{calls:?}");
    let puts = calls.iter().filter(|call| *call == "DynamoDB.PutItem");
    assert_eq!(puts.count(), 0, "{calls:?}");
    world.count_from_here();
    change(&world, &token, &ada, json!({"first_name": "Augusta"})).await;
    let calls = world.aws_calls();
    let writes = calls
        .iter()
        .filter(|call| *call == "DynamoDB.TransactWriteItems");
    assert_eq!(writes.count(), 1, "{calls:?}");
}
