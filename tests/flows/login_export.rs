//! The records about one's own login (SPEC D35).

use crate::{
    sign_in::{Browser, PASSWORD, member, sign_in},
    world::World,
};
use serde_json::json;

/// SPEC D35.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_the_login_its_places_sessions_and_browsers_and_no_secret() {
    let world = World::new().await;
    member(&world, "bob@example.com").await;
    let mut ana = member(&world, "ana@example.com").await;
    let mut phone = Browser::default();
    sign_in(&world, &mut phone, "ana@example.com", PASSWORD).await;
    let body = json!({"preferences": {"theme": "dark"}});
    let console = [("x-vestibule-console", "1")];
    let changed = ana.call(&world, ("PATCH", "/v1/me"), body, &console).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let seen = ana.get(&world, "/v1/me/export").await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(
        seen.headers["content-disposition"],
        "attachment; filename=\"login.json\""
    );
    assert_eq!(seen.headers["cache-control"], "no-store");
    let export = &seen.body;
    assert_eq!(export["login"]["email"], "ana@example.com");
    assert!(export["login"]["password_set_at"].is_string());
    assert_eq!(export["login"]["factor_confirmed_at"], json!(null));
    assert_eq!(export["preferences"]["theme"], "dark");
    let [place] = export["memberships"].as_array().unwrap().as_slice() else {
        panic!("{export}");
    };
    assert_eq!(place["account_id"], json!(world.scope.account_id()));
    assert_eq!(
        (&place["role"]["key"], &place["status"]),
        (&json!("agent"), &json!("active"))
    );
    let sessions = export["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{export}");
    let current = sessions.iter().filter(|one| one["current"] == true);
    assert_eq!(current.count(), 1);
    assert_eq!(export["devices"].as_array().unwrap().len(), 2, "{export}");
    let text = export.to_string();
    for secret in ["argon2", "hash", "vss_", "bob@example.com"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    for row in world.rows("SESSION#") {
        let hash = row["sk"].as_str().unwrap().trim_start_matches("SESSION#");
        assert!(!text.contains(hash), "{text}");
    }
}

/// SPEC D27, D28.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_session_gets_an_export() {
    let world = World::new().await;
    let seen = Browser::default().get(&world, "/v1/me/export").await;
    assert_eq!(seen.status, 401, "{}", seen.body);
}
