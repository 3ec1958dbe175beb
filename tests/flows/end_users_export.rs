//! The users of a project as a file (SPEC C61).

use crate::{
    end_users::{add, new_user, users_path},
    world::{Answer, World},
};
use serde_json::{Value, json};
use vestibule_csv::{
    columns::Mapping,
    encoding::Encoding,
    people::{People, Reading},
    row::EnvironmentNames,
};
use vestibule_domain::account::permission::Permission;

async fn export(world: &World, token: &str, query: &str) -> Answer {
    let path = format!("{}/export{query}", users_path(world));
    world.call(token, ("GET", &path), Value::Null, &[]).await
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    String::from_utf8(answer.bytes.to_vec()).unwrap()
}

/// The rows of a file, as an import reads them.
fn read(world: &World, text: &str) -> Vec<Reading> {
    let environment = ("Development".to_owned(), world.connector.environment_id);
    let environments = EnvironmentNames::new([environment]);
    let mut people = People::new(Encoding::Utf8, Mapping::default(), environments);
    let mut readings = people.push(text.as_bytes()).unwrap();
    readings.extend(people.finish().unwrap());
    let columns = people.columns().unwrap().all();
    assert!(columns.iter().all(|column| column.field.is_some()));
    readings
}

/// SPEC C61, ASVS 1.2.10.
#[tokio::test(flavor = "multi_thread")]
async fn users_are_exported_as_filtered_and_an_import_reads_the_file() {
    let world = World::new().await;
    let token = world.all_powers().await;
    add(
        &world,
        &token,
        new_user(&world, "=HYPERLINK(1)", "+4915123456789"),
    )
    .await;
    let mut grace = new_user(&world, "Grace \"Amazing\"", "+12015550123");
    grace["email"] = json!("grace@example.com");
    grace["middle_name"] = json!("Brewster, Murray");
    add(&world, &token, grace).await;

    let file = text(&export(&world, &token, "?order=oldest").await);
    assert!(file.contains("\"'=HYPERLINK(1)\""), "{file}");
    assert!(file.contains("\"'+4915123456789\""), "{file}");
    let rows = read(&world, &file).into_iter();
    let rows: Vec<_> = rows.map(|reading| reading.row.unwrap()).collect();
    let [ada, grace] = rows.as_slice() else {
        panic!("{file}");
    };
    assert_eq!(ada.names.full(), "=HYPERLINK(1) Lovelace");
    assert_eq!(ada.phone.as_str(), "+4915123456789");
    let full = "Grace \"Amazing\" Brewster, Murray Lovelace";
    assert_eq!(grace.names.full(), full);
    let email = grace.email.as_ref().map(ToString::to_string);
    assert_eq!(email.as_deref(), Some("grace@example.com"));
    for row in &rows {
        assert!(row.environments.contains(&world.connector.environment_id));
    }

    let none = text(&export(&world, &token, "?source=self_registered").await);
    assert!(read(&world, &none).is_empty(), "{none}");
    let wrong = export(&world, &token, "?source=imported").await;
    assert_eq!(wrong.status, 400, "{}", wrong.body);
    let key = world.key(world.scope.account_id(), &[Permission::EndUsersWrite]);
    let refused = export(&world, &key.await, "").await;
    assert_eq!(refused.status, 403, "{}", refused.body);
}

/// SPEC C61, G02.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_recorded_without_the_data() {
    let world = World::new().await;
    let token = world.all_powers().await;
    add(&world, &token, new_user(&world, "Ada", "+4915123456789")).await;
    text(&export(&world, &token, "").await);
    let rows = world.db.items().unwrap().into_iter();
    let mut exports = rows.filter(|row| {
        row.get("action")
            .is_some_and(|action| action == "project.directory_exported")
    });
    let entry = exports.next().unwrap();
    assert_eq!(exports.count(), 0);
    assert_eq!(entry["after"], json!({"end_users": 1}));
    assert!(!Value::Object(entry).to_string().contains("4915123456789"));
}
