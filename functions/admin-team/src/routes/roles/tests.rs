use super::*;

fn role(name: &str) -> Role {
    Role {
        id: RoleId::derive(&[name]),
        name: name.to_owned(),
        description: Some("Lets people in.".to_owned()),
        permissions: [Permission::AccessRequestsDecide].into(),
        request_hash: None,
        version: 2,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}

fn update(body: Value) -> Result<Update, ApiError> {
    match body {
        Value::Object(fields) => Update::read(fields),
        _ => panic!("a body is an object"),
    }
}

/// SPEC E27.
#[test]
fn an_agent_reads_and_answers_and_does_not_decide() {
    let [admin, agent] = built_in();
    assert_eq!(admin.permissions.len(), Permission::ALL.len());
    let decide = PermissionName(Permission::AccessRequestsDecide);
    assert!(!agent.permissions.contains(&decide));
    assert_eq!((agent.key.as_str(), agent.id), ("agent", None));
}

#[test]
fn no_two_roles_have_names_that_look_the_same() {
    let roles = Roles {
        custom: vec![role("Approver")],
        version: 1,
    };
    let id = RoleId::derive(&["new"]);
    for name in ["approver", "APPROVER", "agent", "super admin"] {
        assert!(check_name(&roles, id, name).is_err(), "{name}");
    }
    assert!(check_name(&roles, id, "Approvers").is_ok());
    let own = RoleId::derive(&["Approver"]);
    assert!(check_name(&roles, own, "approver").is_ok());
}

#[test]
fn a_field_that_is_left_out_stays_and_a_description_can_be_removed() {
    let held = role("Approver");
    let apply = |body| facts(&update(body).unwrap().apply(&held));
    assert_eq!(apply(json!({})), facts(&held));
    assert_eq!(
        apply(json!({"description": null}))["description"],
        json!(null)
    );
    assert_eq!(
        apply(json!({"description": " "}))["description"],
        json!(null)
    );
    let changed = apply(json!({"name": "Gate", "permissions": ["projects.read"]}));
    assert_eq!(changed["name"], "Gate");
    assert_eq!(changed["permissions"], json!(["projects.read"]));
    for body in [
        json!({"permissions": []}),
        json!({"permissions": null}),
        json!({"name": null}),
        json!({"description": "x".repeat(201)}),
    ] {
        assert!(update(body.clone()).is_err(), "{body}");
    }
}

#[test]
fn a_repeated_call_gets_the_role_only_if_nothing_differs() {
    let made = Role {
        request_hash: Some("a".to_owned()),
        ..role("Approver")
    };
    assert!(replay(&made, &made).is_ok());
    for other in [
        Role {
            request_hash: Some("b".to_owned()),
            ..made.clone()
        },
        Role {
            name: "Other".to_owned(),
            ..made.clone()
        },
    ] {
        let refused = replay(&made, &other).unwrap_err();
        assert_eq!(refused.kind(), &IDEMPOTENCY_KEY_REUSED);
    }
}
