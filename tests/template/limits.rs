//! Limits on the share of one party: the rates of routes, and the functions' parts of the account's
//! concurrency.

use crate::document::{folder, functions, some_of_type, template};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vestibule_testkit::template::{Function, Template, entries};

/// Executions that an account must keep unreserved. Lambda refuses a reservation that leaves fewer.
const UNRESERVED_MIN: u64 = 100;

#[test]
fn the_webhook_of_each_platform_has_a_rate_of_its_own_and_the_rest_of_the_api_has_another() {
    let template = template();
    let api = some_of_type(&template, "AWS::Serverless::HttpApi")[0];
    assert_eq!(
        *api.property("DefaultRouteSettings"),
        json!({"ThrottlingRateLimit": {"Ref": "ApiRateLimit"}, "ThrottlingBurstLimit": {"Ref": "ApiBurstLimit"}})
    );
    let webhooks: BTreeSet<String> = functions(&template)
        .into_iter()
        .filter(|function| folder(*function).starts_with("webhook-"))
        .flat_map(|function| function.events("HttpApi"))
        .map(|event| {
            let part = |name: &str| event[name].as_str().unwrap();
            format!("{} {}", part("Method"), part("Path"))
        })
        .collect();
    let limited: BTreeSet<String> = entries(api.property("RouteSettings"))
        .map(|(route, settings)| {
            assert_eq!(
                settings["ThrottlingRateLimit"],
                json!({"Ref": "WebhookRateLimit"}),
                "{route}"
            );
            assert_eq!(
                settings["ThrottlingBurstLimit"],
                json!({"Ref": "WebhookBurstLimit"}),
                "{route}"
            );
            route.to_owned()
        })
        .collect();
    assert_eq!(limited, webhooks);
}

#[test]
fn the_public_address_is_an_origin() {
    let template = template();
    let pattern = |name: &str| {
        template
            .at(&format!("/Parameters/{name}/AllowedPattern"))
            .clone()
    };
    // The pattern of one origin, as at the beginning of the pattern of a list.
    let list = pattern("TeamsServiceOrigins");
    let origin = list.as_str().unwrap().split("(,").next().unwrap();
    assert!(
        origin.starts_with("^https?://") && !origin.contains(")/"),
        "{origin}"
    );
    assert_eq!(pattern("PublicUrl"), format!("^$|{origin}$"));
}

#[test]
fn one_parameter_reserves_concurrency_for_every_function_and_is_off_unless_chosen() {
    let template = template();
    assert_eq!(template.at("/Parameters/ReserveConcurrency/Default"), "off");
    assert_eq!(
        *template.at("/Conditions/ReservesConcurrency"),
        json!({"Fn::Equals": [{"Ref": "ReserveConcurrency"}, "on"]})
    );
    let mut sum = 0;
    for function in functions(&template) {
        let reservation = function.resource.property("ReservedConcurrentExecutions");
        let [condition, reserved, otherwise] = reservation["Fn::If"].as_array().unwrap().as_slice()
        else {
            panic!("{} reserves {reservation}", folder(function));
        };
        assert_eq!(condition, "ReservesConcurrency", "{}", folder(function));
        assert_eq!(
            *otherwise,
            json!({"Ref": "AWS::NoValue"}),
            "{}",
            folder(function)
        );
        assert_fits_the_queue(function, reserved);
        let share = value(&template, reserved);
        assert!(share > 0, "{} could not run", folder(function));
        sum += share;
    }
    let said = template
        .at("/Parameters/ReserveConcurrency/Description")
        .as_str()
        .unwrap();
    assert!(
        said.contains(&format!("Takes {sum} ")),
        "it takes {sum}: {said}"
    );
    let quota = said
        .split("quota is below ")
        .nth(1)
        .and_then(|rest| rest.split('.').next());
    let quota: u64 = quota.unwrap().parse().unwrap();
    assert!(
        quota >= sum + UNRESERVED_MIN,
        "{sum} leave too few of {quota}"
    );
}

/// Checks that a function reserves as many executions as its queue may start; with fewer, messages would be
/// throttled.
fn assert_fits_the_queue(function: Function<'_>, reserved: &Value) {
    for event in function.events("SQS") {
        let maximum = &event["ScalingConfig"]["MaximumConcurrency"];
        assert_eq!(reserved, maximum, "{}", folder(function));
    }
}

/// A value, with the defaults of all parameters inserted.
fn value(template: &Template, value: &Value) -> u64 {
    if let Some(parameter) = value["Ref"].as_str() {
        return template
            .at(&format!("/Parameters/{parameter}/Default"))
            .as_u64()
            .unwrap();
    }
    let path: Vec<&str> = value["Fn::FindInMap"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    template
        .at(&format!("/Mappings/{}", path.join("/")))
        .as_u64()
        .unwrap()
}
