use super::*;
use serde_json::json;
use vestibule_domain::account::email_address::EmailAddress;

fn login() -> Login {
    let at = Timestamp::from_millis(0);
    Login {
        id: LoginId::derive(&["ana"]),
        email: EmailAddress::parse("ana@example.com").unwrap(),
        address_since: at,
        name: "Ana".to_owned(),
        verified_at: Some(at),
        password: None,
        factor: None,
        preferences: Preferences {
            time_zone: Some("Europe/Berlin".to_owned()),
            ..Preferences::default()
        },
        left_at: None,
        version: 1,
        created_at: at,
        updated_at: at,
    }
}

fn update(body: Value) -> Result<Login, ApiError> {
    let Value::Object(fields) = body else {
        panic!("a body is an object");
    };
    Ok(changed(&login(), &read_update(fields)?))
}

#[test]
fn what_a_change_leaves_out_stays_and_null_takes_away() {
    assert_eq!(update(json!({})).unwrap(), login());
    let after = update(json!({"preferences": {"theme": "dark", "hour_cycle": "h23"}})).unwrap();
    assert_eq!(after.preferences.theme, Theme::Dark);
    assert_eq!(after.preferences.hour_cycle, Some(HourCycle::H23));
    assert_eq!(
        after.preferences.time_zone.as_deref(),
        Some("Europe/Berlin")
    );
    assert!(after.preferences.shortcuts);
    let after = update(
        json!({"name": " Ana  M. ", "preferences": {"time_zone": null, "shortcuts": false}}),
    );
    let after = after.unwrap();
    assert_eq!(after.name, "Ana M.");
    assert_eq!(after.preferences.time_zone, None);
    assert!(!after.preferences.shortcuts);
}

/// SPEC B35.
#[test]
fn muted_projects_replace_those_before_and_are_at_most_a_hundred() {
    let ids = |count: usize| -> Vec<String> {
        let ids = (0..count).map(|number| ProjectId::derive(&[&number.to_string()]));
        ids.map(|id| id.to_string()).collect()
    };
    let muting = |ids: &[String]| update(json!({"preferences": {"muted_projects": ids}}));
    let after = muting(&ids(2)).unwrap();
    assert_eq!(after.preferences.muted_projects.len(), 2);
    let shown = MyPreferences::from(&after.preferences);
    assert_eq!(shown.muted_projects.len(), 2);
    let none = muting(&[]).unwrap();
    assert!(none.preferences.muted_projects.is_empty());
    assert!(muting(&ids(100)).is_ok());
    for wrong in [ids(101), vec!["concierge".to_owned()]] {
        let error = muting(&wrong).unwrap_err();
        assert_eq!(error.errors()[0].field, "preferences.muted_projects");
    }
}

#[test]
fn a_time_zone_is_a_name_and_a_theme_one_of_three() {
    for (body, field) in [
        (
            json!({"preferences": {"time_zone": "Europe/Berlin\n"}}),
            "preferences.time_zone",
        ),
        (
            json!({"preferences": {"time_zone": ""}}),
            "preferences.time_zone",
        ),
        (
            json!({"preferences": {"theme": "pink"}}),
            "preferences.theme",
        ),
        (json!({"preferences": {"theme": null}}), "preferences.theme"),
        (json!({"name": ""}), "name"),
        (json!({"name": null}), "name"),
    ] {
        let error = update(body.clone()).unwrap_err();
        assert_eq!(error.errors()[0].field, field, "{body}");
    }
}
