//! Users and the chat users that they are: access that follows the user, numbers that change hands, erasures and
//! exports (SPEC C).

use crate::{
    end_users::{add, assert_directory_agrees, change, new_user, on_user, text, users_path},
    world::{SAID, World},
};
use futures_util::future::join;
use serde_json::{Map, Value, json};
use vestibule_domain::{
    account::permission::Permission,
    directory::end_user::LINKS_MAX,
    ports::{Linked, Unlinked},
};
use vestibule_testkit::simulator::{NewPerson, Platform, WhatsAppShows};

const PHONE: &str = "+14155550199";
const OTHER_PHONE: &str = "+4915123456789";

/// A world of phone numbers, and a person there who wrote and waits.
async fn with_ada() -> (World, String) {
    let world = World::on(Platform::Dialog360).await;
    let ada = somebody(&world, "Ada", PHONE);
    write(&world, &ada, SAID).await;
    (world, ada)
}

fn somebody(world: &World, name: &str, phone: &str) -> String {
    world.slack.add_person(NewPerson {
        phone: Some(phone.to_owned()),
        whatsapp_shows: WhatsAppShows::Phone,
        ..NewPerson::named(name)
    })
}

async fn write(world: &World, person: &str, text: &str) {
    let request = world.says(&world.connector, person, text);
    assert_eq!(world.webhook(&world.connector, &request).await, 200);
}

/// The row of a person's chat user.
fn chat_user(world: &World, person: &str) -> Map<String, Value> {
    let id = world.chat_user_id(person).to_string();
    let rows = world.rows("USER").into_iter();
    let mut rows = rows.filter(|row| row["id"] == id.as_str());
    rows.next().unwrap()
}

async fn link(world: &World, person: &str, user: &Value) {
    let linked = world.link(person, text(user, "id")).await;
    assert!(matches!(linked, Linked::Done(..)), "{linked:?}");
}

/// SPEC C01, C38, C40, A41.
#[tokio::test(flavor = "multi_thread")]
async fn a_linked_chat_user_talks_where_the_user_may_and_nowhere_else() {
    let (mut world, ada) = with_ada().await;
    let token = world.all_powers().await;
    let other = world
        .another_environment("Acme Support in production")
        .await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 0);
    let user = add(&world, &token, new_user(&world, "Ada", PHONE)).await;
    link(&world, &ada, &user).await;
    let shown = on_user(&world, &token, "GET", &user, Value::Null, &[]).await;
    let linked = json!([{
        "id": world.chat_user_id(&ada), "provider": "360dialog", "display_name": "Ada", "identifier": PHONE
    }]);
    assert_eq!(shown.body["chat_users"], linked);
    write(&world, &ada, "May I come in now?").await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
    let grants = chat_user(&world, &ada)["grants"].clone();

    // A grant that stays keeps its time and its author.
    world.clock.advance(std::time::Duration::from_mins(1));
    let here = world.connector.environment_id;
    let both = json!({"environment_ids": [here, other.environment_id]});
    change(&world, &token, &user, both).await;
    let more = chat_user(&world, &ada)["grants"].clone();
    assert_eq!(more.as_object().unwrap().len(), 2);
    assert_eq!(more[here.to_string()], grants[here.to_string()]);
    assert_directory_agrees(&world);

    let elsewhere = json!({"environment_ids": [other.environment_id]});
    change(&world, &token, &user, elsewhere).await;
    assert_directory_agrees(&world);
    write(&world, &ada, "And now?").await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
}

/// SPEC C33: the old number loses access at once. U408.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_another_number_takes_the_access_from_the_chat_user_of_the_old_one() {
    let (mut world, ada) = with_ada().await;
    let token = world.all_powers().await;
    let user = add(&world, &token, new_user(&world, "Ada", PHONE)).await;
    link(&world, &ada, &user).await;
    // The same number in other words moves nothing.
    change(&world, &token, &user, json!({"phone": "001 415 555 0199"})).await;
    assert!(chat_user(&world, &ada).contains_key("end_user_id"));
    change(&world, &token, &user, json!({"phone": OTHER_PHONE})).await;
    let row = chat_user(&world, &ada);
    assert_eq!(row.get("end_user_id"), None, "{row:?}");
    assert_eq!(row["grants"], json!({}));
    assert_directory_agrees(&world);
    write(&world, &ada, "Hello?").await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 0);
    // Somebody else may have the number that was given up.
    add(&world, &token, new_user(&world, "Bob", PHONE)).await;
    assert_directory_agrees(&world);
}

/// SPEC C40, G01: links are counted apart from edits.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_made_meanwhile_spoils_no_edit_and_is_not_lost_by_one() {
    let (world, ada) = with_ada().await;
    let token = world.all_powers().await;
    let user = add(&world, &token, new_user(&world, "Ada", PHONE)).await;
    link(&world, &ada, &user).await;
    let at = [("if-match", "\"1\"")];
    let body = json!({"first_name": "Augusta"});
    let changed = on_user(&world, &token, "PATCH", &user, body, &at).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let other = world
        .another_environment("Acme Support in production")
        .await;
    let here = world.connector.environment_id;
    for round in 0..10 {
        let unlinked = world.unlink(&ada, false).await;
        assert!(matches!(unlinked, Unlinked::Done(_)), "{unlinked:?}");
        let environments = if round % 2 == 0 {
            json!([here, other.environment_id])
        } else {
            json!([here])
        };
        let body = json!({"environment_ids": environments, "last_name": format!("Number {round}")});
        let edit = change(&world, &token, &user, body);
        let ((), _) = join(link(&world, &ada, &user), edit).await;
        assert_directory_agrees(&world);
        assert!(chat_user(&world, &ada).contains_key("end_user_id"));
    }
}

/// SPEC B38: whoever is linked shares what each of the two has.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_gives_each_of_the_two_the_environments_of_the_other_and_its_end_takes_them() {
    let (world, ada) = with_ada().await;
    let token = world.all_powers().await;
    let other = world
        .another_environment("Acme Support in production")
        .await;
    let approve = format!(
        "{}/chat-users/{}/approve",
        world.project_path(),
        world.chat_user_id(&ada)
    );
    // Approved by an admin who made no user of the person.
    let body = json!({
        "environment_id": world.connector.environment_id,
        "directory": {"action": "none"},
    });
    let approved = world.call(&token, ("POST", &approve), body, &[]).await;
    assert_eq!(approved.status, 200, "{}", approved.body);
    let mut body = new_user(&world, "Ada", OTHER_PHONE);
    body["environment_ids"] = json!([other.environment_id]);
    let user = add(&world, &token, body).await;
    link(&world, &ada, &user).await;
    let shown = on_user(&world, &token, "GET", &user, Value::Null, &[]).await;
    assert_eq!(shown.body["environments"].as_array().unwrap().len(), 2);
    assert_eq!(shown.body["version"], 2);
    assert_directory_agrees(&world);
    // Linked once, linked twice.
    link(&world, &ada, &user).await;

    let bob = add(&world, &token, new_user(&world, "Bob", PHONE)).await;
    let elsewhere = world.link(&ada, text(&bob, "id")).await;
    let Linked::LinkedTo(id) = elsewhere else {
        panic!("{elsewhere:?}");
    };
    assert_eq!(id.to_string(), text(&user, "id"));
    let nobody = world.link(&ada, "01JD3Q3Z9V8M4T6K2N7P5R1S0W").await;
    assert!(matches!(nobody, Linked::Missing), "{nobody:?}");

    world.unlink(&ada, true).await;
    let row = chat_user(&world, &ada);
    assert_eq!(row["grants"].as_object().unwrap().len(), 2, "{row:?}");
    assert_eq!(row.get("end_user_id"), None);
    link(&world, &ada, &user).await;
    world.unlink(&ada, false).await;
    world.unlink(&ada, false).await;
    assert_eq!(chat_user(&world, &ada)["grants"], json!({}));
    assert_directory_agrees(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_linked_to_twenty_chat_users_who_change_together() {
    let world = World::on(Platform::Dialog360).await;
    let token = world.all_powers().await;
    let other = world
        .another_environment("Acme Support in production")
        .await;
    let user = add(&world, &token, new_user(&world, "Ada", OTHER_PHONE)).await;
    for number in 0..=LINKS_MAX {
        let person = somebody(&world, "Ada", &format!("+141555501{number:02}"));
        write(&world, &person, SAID).await;
        let linked = world.link(&person, text(&user, "id")).await;
        if number < LINKS_MAX {
            assert!(matches!(linked, Linked::Done(..)), "{linked:?}");
        } else {
            assert!(matches!(linked, Linked::TooMany), "{linked:?}");
        }
    }
    let body = json!({"environment_ids": [other.environment_id], "phone": PHONE});
    let changed = change(&world, &token, &user, body).await;
    assert_eq!(changed["chat_users"].as_array().unwrap().len(), LINKS_MAX);
    assert_directory_agrees(&world);
    let gone = on_user(&world, &token, "DELETE", &user, Value::Null, &[]).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    assert_directory_agrees(&world);
}

/// SPEC C41–C44: access and links go, a block stays.
#[tokio::test(flavor = "multi_thread")]
async fn the_chat_users_of_a_deleted_user_stay_without_access_and_blocked_if_they_were() {
    let (mut world, ada) = with_ada().await;
    let token = world.all_powers().await;
    let bob = somebody(&world, "Bob", OTHER_PHONE);
    write(&world, &bob, SAID).await;
    let user = add(&world, &token, new_user(&world, "Ada", PHONE)).await;
    link(&world, &ada, &user).await;
    link(&world, &bob, &user).await;
    world.block(&bob).await;
    let gone = on_user(&world, &token, "DELETE", &user, Value::Null, &[]).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    for person in [&ada, &bob] {
        let row = chat_user(&world, person);
        assert_eq!(row.get("end_user_id"), None, "{row:?}");
        assert_eq!(row["grants"], json!({}));
        assert_eq!(row.contains_key("block"), person == &bob, "{row:?}");
    }
    write(&world, &ada, "Hello?").await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 0);
    assert_directory_agrees(&world);
}

/// The user whom an answer about a person's chat user names.
async fn user_in_answer(
    world: &World,
    token: &str,
    person: &str,
    (method, verb): (&str, &str),
    body: Value,
) -> Value {
    let id = world.chat_user_id(person);
    let path = format!("{}/chat-users/{id}{verb}", world.project_path());
    let answer = world.call(token, (method, &path), body, &[]).await;
    assert_eq!(answer.status, 200, "{method} {verb}: {}", answer.body);
    match verb {
        "/export" => answer.body["chat_user"]["end_user"].clone(),
        _ => answer.body["end_user"].clone(),
    }
}

/// SPEC C38, C40, U308.
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_about_a_chat_user_names_the_user_to_those_who_may_read_users() {
    let (world, ada) = with_ada().await;
    let token = world.all_powers().await;
    let show = ("GET", "");
    let shown = user_in_answer(&world, &token, &ada, show, Value::Null).await;
    assert_eq!(shown, Value::Null);
    let user = add(&world, &token, new_user(&world, "Ada", PHONE)).await;
    let named = json!({"id": user["id"], "display_name": "Ada Lovelace"});
    let environment = json!({"environment_id": world.connector.environment_id});
    for (verb, body) in [
        (("POST", "/link"), json!({"end_user_id": user["id"]})),
        (show, Value::Null),
        (("GET", "/export"), Value::Null),
        (("POST", "/block"), json!({})),
        (("POST", "/block"), json!({})),
        (("POST", "/unblock"), json!({})),
        (("POST", "/revoke"), environment),
    ] {
        let told = user_in_answer(&world, &token, &ada, verb, body).await;
        assert_eq!(told, named, "{verb:?}");
    }
    let list = format!("{}/chat-users", world.project_path());
    let page = world.call(&token, ("GET", &list), Value::Null, &[]).await;
    assert_eq!(page.body["items"][0]["end_user"], named, "{}", page.body);

    let reader = [Permission::ChatUsersRead];
    let reader = world.key(world.scope.account_id(), &reader).await;
    let hidden = user_in_answer(&world, &reader, &ada, show, Value::Null).await;
    assert_eq!(hidden, Value::Null);
    let page = world.call(&reader, ("GET", &list), Value::Null, &[]).await;
    assert_eq!(page.body["items"][0]["end_user"], Value::Null);

    let unlink = ("POST", "/unlink");
    let unlinked = user_in_answer(&world, &token, &ada, unlink, json!({})).await;
    assert_eq!(unlinked, Value::Null);
    link(&world, &ada, &user).await;
    // A link to a record that is gone says nothing of the person.
    let rows = world.rows("END_USER");
    world
        .db
        .delete_raw(rows[0]["pk"].as_str().unwrap(), "END_USER")
        .unwrap();
    let gone = user_in_answer(&world, &token, &ada, show, Value::Null).await;
    assert_eq!(gone, Value::Null);
}

/// SPEC C38.
#[tokio::test(flavor = "multi_thread")]
async fn the_users_of_a_page_of_chat_users_are_read_at_once() {
    let (world, ada) = with_ada().await;
    let token = world.all_powers().await;
    let bob = somebody(&world, "Bob", OTHER_PHONE);
    write(&world, &bob, SAID).await;
    let reads = async || {
        let list = format!("{}/chat-users", world.project_path());
        world.count_from_here();
        let page = world.call(&token, ("GET", &list), Value::Null, &[]).await;
        let items = page.body["items"].as_array().unwrap().iter();
        let linked = items.filter(|item| item["end_user"].is_object()).count();
        let calls = world.aws_calls();
        let reads = calls.iter().filter(|one| *one == "DynamoDB.BatchGetItem");
        (linked, reads.count(), calls.len())
    };
    // That of the credential.
    let (linked, batches, calls) = reads().await;
    assert_eq!((linked, batches), (0, 1));
    for (person, phone) in [(&ada, PHONE), (&bob, OTHER_PHONE)] {
        let user = add(&world, &token, new_user(&world, person, phone)).await;
        link(&world, person, &user).await;
    }
    assert_eq!(reads().await, (2, 2, calls + 1));
}

/// SPEC C62, F07.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_erased_with_their_chat_users_by_those_who_may_erase_these() {
    let (mut world, ada) = with_ada().await;
    let token = world.all_powers().await;
    let user = add(&world, &token, new_user(&world, "Ada", PHONE)).await;
    link(&world, &ada, &user).await;
    let path = format!(
        "{}/{}?erase_chat_users=true",
        users_path(&world),
        text(&user, "id")
    );
    let writer = [Permission::EndUsersRead, Permission::EndUsersWrite];
    let writer = world.key(world.scope.account_id(), &writer).await;
    let refused = world
        .call(&writer, ("DELETE", &path), Value::Null, &[])
        .await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert_eq!(refused.body["permissions"], json!(["chat_users.erase"]));
    assert!(chat_user(&world, &ada).contains_key("end_user_id"));
    let gone = world
        .call(&token, ("DELETE", &path), Value::Null, &[])
        .await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 0);
    assert_eq!(world.rows("REQUEST").len(), 0);
    assert_eq!(world.rows("END_USER").len(), 0);
    assert_directory_agrees(&world);
}

/// SPEC C41.
#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_a_chat_user_outlives_the_user_who_is_erased_with_them() {
    let (mut world, ada) = with_ada().await;
    let token = world.all_powers().await;
    let user = add(&world, &token, new_user(&world, "Ada", PHONE)).await;
    link(&world, &ada, &user).await;
    world.block(&ada).await;
    let path = format!(
        "{}/{}?erase_chat_users=true",
        users_path(&world),
        text(&user, "id")
    );
    let gone = world
        .call(&token, ("DELETE", &path), Value::Null, &[])
        .await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    world.settle().await;
    write(&world, &ada, "Let me in").await;
    world.settle().await;
    for kind in ["USER", "STANDING#", "REQUEST", "END_USER", "PHONE"] {
        assert_eq!(world.rows(kind), [], "{kind}");
    }
    assert_eq!(world.rows("KEPT_BLOCK").len(), 1);
}

/// SPEC C62.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_on_a_user_is_exported_and_recorded_without_the_data() {
    let (mut world, ada) = with_ada().await;
    world.settle().await;
    let token = world.all_powers().await;
    let user = add(&world, &token, new_user(&world, "Ada", PHONE)).await;
    link(&world, &ada, &user).await;
    let path = format!("{}/{}/export", users_path(&world), text(&user, "id"));
    let reader = world
        .key(world.scope.account_id(), &[Permission::EndUsersRead])
        .await;
    let refused = world.call(&reader, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let exported = world.call(&token, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(exported.status, 200, "{}", exported.body);
    let disposition = exported.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    let body = &exported.body;
    assert_eq!(body["user"]["phone"], PHONE);
    let [held] = body["chat_users"].as_array().unwrap().as_slice() else {
        panic!("{body}");
    };
    assert_eq!(held["identifier"], PHONE);
    let of_chat_user = world
        .call(&token, ("GET", text(held, "export")), Value::Null, &[])
        .await;
    assert_eq!(of_chat_user.status, 200, "{}", of_chat_user.body);
    let held = &of_chat_user.body;
    let chat_user = &held["chat_user"];
    assert_eq!(chat_user["platform_scope"], "phone");
    assert_eq!(chat_user["identifier"], PHONE);
    assert_eq!(chat_user["end_user_id"], user["id"]);
    assert_eq!(chat_user["environments"].as_array().unwrap().len(), 1);
    assert_eq!(chat_user["standings"][0]["connector_name"], "Acme Support");
    assert_eq!(chat_user["standings"][0]["message_count"], 1);
    assert_eq!(held["requests"][0]["status"], "pending");
    assert_eq!(held["requests"][0]["preview"], SAID);
    let entries = world.db.items().unwrap();
    let entry = entries.iter().find(|row| {
        row.get("action")
            .is_some_and(|action| action == "end_user.exported")
    });
    let entry = entry.unwrap();
    assert_eq!(entry["after"], json!({"chat_users": 1}));
    assert!(!Value::Object(entry.clone()).to_string().contains(PHONE));
}
