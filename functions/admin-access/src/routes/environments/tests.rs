//! Requests that name an environment, and the responses that show one.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use vestibule_admin::problem::VALIDATION;
use vestibule_domain::{
    AccountScope,
    account::{
        AgentEndpoint,
        agent::{AgentTimeout, DeliveryDays, MaxInFlight},
        agent_event::AgentEvent,
    },
    connector::SealedSecrets,
    ids::{AccountId, ProjectId},
};

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => panic!("not an object"),
    }
}

fn broken(value: Value) -> Vec<String> {
    let Err(error) = read_create(fields(value), &OriginAllowList::default()) else {
        return Vec::new();
    };
    assert_eq!(error.kind(), &VALIDATION);
    let fields = error.errors().iter().map(|error| error.field.clone());
    fields.collect()
}

fn environment(name: &str) -> Environment {
    let scope =
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
    Environment {
        id: EnvironmentId::derive(&[name]),
        scope,
        name: name.to_owned(),
        position: 0,
        agent: None,
        request_hash: None,
        version: 1,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}

#[test]
fn an_environment_needs_a_name_and_an_agent_an_endpoint() {
    assert_eq!(broken(json!({"agent": {}})), ["name", "agent.endpoint"]);
    assert_eq!(
        broken(
            json!({"name": " ", "agent": {"endpoint": "http://10.0.0.1/", "signing_secret": "x"}})
        ),
        ["name", "agent.endpoint", "agent.signing_secret"]
    );
    assert!(broken(json!({"name": "Preview"})).is_empty());
    assert!(
        broken(json!({"name": "Preview", "agent": {
            "endpoint": "https://agent.example.com/deliveries",
            "signing_secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
        }}))
        .is_empty()
    );
}

#[test]
fn a_time_is_1_to_25_whole_seconds_and_a_previous_secret_can_only_be_ended() {
    let agent = |name: &str, value: Value| {
        let mut agent = json!({"endpoint": "https://agent.example.com/deliveries"});
        agent[name] = value;
        json!({"name": "Preview", "agent": agent})
    };
    for wrong in [
        json!(0),
        json!(26),
        json!(-1),
        json!(2.5),
        json!("5"),
        json!(null),
    ] {
        let fields = broken(agent("timeout_seconds", wrong.clone()));
        assert_eq!(fields, ["agent.timeout_seconds"], "{wrong}");
    }
    for right in [1, 25] {
        assert!(broken(agent("timeout_seconds", json!(right))).is_empty());
    }
    for (field, most) in [("max_in_flight", 100), ("delivery_days", 14)] {
        for wrong in [
            json!(0),
            json!(most + 1),
            json!(-1),
            json!("5"),
            json!(null),
        ] {
            let fields = broken(agent(field, wrong.clone()));
            assert_eq!(fields, [format!("agent.{field}")], "{wrong}");
        }
        for right in [1, most] {
            assert!(broken(agent(field, json!(right))).is_empty());
        }
    }
    let previous = "agent.previous_signing_secret";
    for wrong in [
        json!(""),
        json!("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"),
        json!(1),
    ] {
        let fields = broken(agent("previous_signing_secret", wrong.clone()));
        assert_eq!(fields, [previous], "{wrong}");
    }
    assert!(broken(agent("previous_signing_secret", json!(null))).is_empty());
}

#[test]
fn an_agent_inside_is_allowed_where_the_stack_says_so() {
    let allowed = OriginAllowList::parse("http://127.0.0.1:9401").unwrap();
    let body = json!({"name": "x", "agent": {"endpoint": "http://127.0.0.1:9401/deliveries"}});
    assert!(read_create(fields(body.clone()), &allowed).is_ok());
    assert_eq!(broken(body), ["agent.endpoint"]);
}

#[test]
fn an_update_tells_no_agent_from_nothing_said_of_it() {
    let read = |value| read_update(fields(value), &OriginAllowList::default());
    assert!(matches!(read(json!({})).0.agent, Nullable::Absent));
    assert!(matches!(
        read(json!({"agent": null})).0.agent,
        Nullable::Null
    ));
    let (patch, errors) = read(json!({"agent": {"endpoint": "https://a.example.com"}}));
    assert!(matches!(patch.agent, Nullable::Value(_)));
    assert!(errors.is_empty());
    let (_, errors) = read(json!({"name": null}));
    assert!(errors.names("name"));
}

#[test]
fn a_name_is_free_unless_another_environment_has_it_in_any_case() {
    let all = [environment("Production")];
    let id = EnvironmentId::derive(&["new"]);
    assert!(is_free("Preview", id, &all).is_ok());
    let taken = is_free("PRODUCTION", id, &all).unwrap_err();
    assert_eq!(taken.kind(), &NAME_TAKEN);
    let members = taken.problem("id").members;
    assert_eq!(members["existing_id"], json!(all[0].id));
    assert!(is_free("production", all[0].id, &all).is_ok());
}

/// SPEC C60.
#[test]
fn a_project_has_so_many_environments_and_a_call_that_is_repeated_is_no_further_one() {
    let full = ProjectLayout {
        environments: (0..ENVIRONMENTS_MAX)
            .map(|number| environment(&number.to_string()))
            .collect(),
        ..ProjectLayout::default()
    };
    let id = EnvironmentId::derive(&["new"]);
    let refused = may_be_made("Preview", id, &full).unwrap_err();
    assert_eq!(refused.kind(), &TOO_MANY_ENVIRONMENTS);
    let one = &full.environments[0];
    assert!(may_be_made(&one.name, one.id, &full).is_ok());
    let taken = may_be_made(&one.name, id, &full).unwrap_err();
    assert_eq!(taken.kind(), &NAME_TAKEN);
    assert!(
        TOO_MANY_ENVIRONMENTS
            .meaning
            .contains(&ENVIRONMENTS_MAX.to_string())
    );
}

#[test]
fn a_signing_secret_is_shown_by_the_call_that_made_it_only() {
    let mut environment = environment("x");
    environment.agent = Some(AgentEndpoint {
        endpoint: "https://a.example.com/".to_owned(),
        signing_secret: SealedSecrets {
            wrapped_key: String::new(),
            fields: BTreeMap::from([("signing_secret".to_owned(), "sealed".to_owned())]),
        },
        previous_signing_secrets: Vec::new(),
        timeout: AgentTimeout::default(),
        max_in_flight: MaxInFlight::default(),
        delivery_days: DeliveryDays::default(),
        events: BTreeSet::from([AgentEvent::Deleted]),
    });
    let shown = |made: Option<&Secret>| {
        let (beside, now) = (Beside::default(), Timestamp::from_millis(0));
        let response = EnvironmentResponse::of(environment.clone(), beside, made, now);
        serde_json::to_value(response).unwrap()
    };
    let made = Secret::new("whsec_x");
    assert_eq!(shown(Some(&made))["agent"]["signing_secret"], "whsec_x");
    assert_eq!(shown(None)["agent"]["signing_secret"], json!({"set": true}));
    assert!(!facts(&environment).to_string().contains("sealed"));
    let events = json!(["message.deleted"]);
    assert_eq!(shown(None)["agent"]["events"], events);
    assert_eq!(facts(&environment)["agent"]["events"], events);
}

#[test]
fn the_events_of_an_agent_are_known_ones_and_each_counts_once() {
    let agent = |events: Value| json!({"name": "x", "agent": {"endpoint": "https://agent.example.com/", "events": events}});
    for (events, field) in [
        (json!(["message.edited", "message.read"]), "agent.events.1"),
        (json!("message.edited"), "agent.events"),
        (json!(null), "agent.events"),
    ] {
        assert_eq!(broken(agent(events.clone())), [field], "{events}");
    }
    let twice = agent(json!([
        "message.deleted",
        "message.edited",
        "message.deleted"
    ]));
    let Ok((_, Some(patch))) = read_create(fields(twice), &OriginAllowList::default()) else {
        panic!("not read");
    };
    let expected = [AgentEvent::Edited, AgentEvent::Deleted];
    assert_eq!(patch.events, Some(BTreeSet::from(expected)));
}
