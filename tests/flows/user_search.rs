//! Search for the users of a project (SPEC C22–C31).

use crate::{
    end_users::{add, change, new_user, on_user, text, users_path},
    search::url_encoded,
    world::World,
};
use serde_json::{Value, json};

/// Names that a search finds, with the places.
async fn found(world: &World, token: &str, query: &str) -> Vec<(String, Value)> {
    let path = format!("{}?q={}", users_path(world), url_encoded(query));
    let answer = world.call(token, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body["items"].as_array().unwrap().iter();
    items
        .map(|user| (text(user, "full_name").to_owned(), user["matches"].clone()))
        .collect()
}

fn names(found: &[(String, Value)]) -> Vec<&str> {
    found.iter().map(|(name, _)| name.as_str()).collect()
}

/// SPEC C22–C27, C29: at once after a user was saved, by any part of each field, and only as the record is now.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_found_as_soon_as_saved_by_every_field_and_never_by_what_is_no_longer_so() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let mut body = new_user(&world, "Zoë", "+49 1512 3456789");
    body["email"] = "countess@gmail.com".into();
    let zoe = add(&world, &token, body).await;
    add(&world, &token, new_user(&world, "Bob", "+49 1512 9999999")).await;
    world.work_all().await;
    for query in ["zoe", "OVELAC zo", "gmail", "512 345", "countess@gmail.com"] {
        assert_eq!(
            names(&found(&world, &token, query).await),
            ["Zoë Lovelace"],
            "{query}"
        );
    }
    assert_eq!(found(&world, &token, "lovelace").await.len(), 2);
    let by_number = found(&world, &token, "1512-3456").await;
    let shown = text(&zoe, "phone_display");
    let place = &by_number[0].1[0];
    assert_eq!(place["field"], "phone");
    let from = usize::try_from(place["start"].as_u64().unwrap()).unwrap();
    let to = usize::try_from(place["end"].as_u64().unwrap()).unwrap();
    let digits: String = shown[from..to]
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    assert_eq!(digits, "15123456");
    let path = format!("{}?q=lovelace&source=self_registered", users_path(&world));
    let none = world.call(&token, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(none.body["items"], json!([]));

    change(&world, &token, &zoe, json!({"first_name": "Maud"})).await;
    assert!(found(&world, &token, "zoë").await.is_empty());
    world.work_all().await;
    assert_eq!(
        names(&found(&world, &token, "maud").await),
        ["Maud Lovelace"]
    );
    let deleted = on_user(&world, &token, "DELETE", &zoe, Value::Null, &[]).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    assert!(found(&world, &token, "maud").await.is_empty());
    world.work_all().await;
    let mut left = world.db.items().unwrap();
    left.retain(|row| row["pk"].as_str().unwrap().contains("#SEARCH#u#"));
    left.retain(|row| row["sk"].as_str().unwrap().ends_with(text(&zoe, "id")));
    assert!(left.is_empty(), "{left:?}");
}
