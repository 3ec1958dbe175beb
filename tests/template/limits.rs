//! Limits on the share of one party: the rates of routes, and the functions' parts of the account's
//! concurrency.

use crate::document::{folder, functions, some_of_type, template};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};
use vestibule_domain::account::{agent::AgentTimeout, agent_tests::test_time};
use vestibule_testkit::template::{Function, Template, entries, root};

/// Executions that an account must keep unreserved. Lambda refuses a reservation that leaves fewer.
const UNRESERVED_MIN: u64 = 100;

/// Seconds after which an HTTP API gives up on a function (quota "Maximum integration timeout").
const GATEWAY_SECONDS: u64 = 30;

/// The kinds of functions whose share is a number in the template: the number's name, the beginning of the
/// functions' folders, and the words for them. A worker's share is the maximum of its queue.
const SHARES: [(&str, &str, &str); 5] = [
    ("Webhook", "webhook-", "each webhook"),
    ("Admin", "admin-", "each admin function"),
    ("Auth", "auth", "sign-in"),
    ("Console", "console", "the console"),
    ("Sweeper", "sweeper", "the sweeper"),
];

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
    // The pattern of one origin, as at the beginning of the pattern of a list.
    let list = pattern(&template, "TeamsServiceOrigins");
    let origin = list.split("(,").next().unwrap();
    assert!(
        origin.starts_with("^https?://") && !origin.contains(")/"),
        "{origin}"
    );
    assert_eq!(pattern(&template, "PublicUrl"), format!("^$|{origin}$"));
}

#[test]
fn each_address_in_the_list_of_apis_is_judged_as_strictly_as_a_single_address() {
    let template = template();
    let single = pattern(&template, "TeamsOpenIdMetadataUrl");
    let url = single.trim_start_matches('^').trim_end_matches('$');
    let entry = format!(r"([a-z0-9-]+|\*)={url}");
    assert_eq!(
        pattern(&template, "PlatformApiUrls"),
        format!("^$|^{entry}(,{entry})*$")
    );
}

#[test]
fn one_parameter_reserves_concurrency_for_every_function_and_is_off_unless_chosen() {
    let template = template();
    assert_eq!(template.at("/Parameters/ReserveConcurrency/Default"), "off");
    assert_eq!(
        *template.at("/Conditions/ReservesConcurrency"),
        json!({"Fn::Equals": [{"Ref": "ReserveConcurrency"}, "on"]})
    );
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
        assert_is_of_its_kind(function, reserved);
        let share = value(&template, reserved);
        assert!(share > 0, "{} could not run", folder(function));
    }
}

#[test]
fn whoever_reserves_concurrency_is_told_the_share_of_each_kind_and_what_must_be_left() {
    let template = template();
    let operations = fs::read_to_string(root().join("infra/operations.md")).unwrap();
    let operations = operations.split_whitespace().collect::<Vec<_>>().join(" ");
    for (kind, _, whose) in SHARES {
        let share = template.at(&format!("/Mappings/ReservedConcurrency/Executions/{kind}"));
        let told = format!("{share} for {whose}");
        assert!(operations.contains(&told), "{told}");
    }
    let described = template.at("/Parameters/ReserveConcurrency/Description");
    for text in [operations.as_str(), described.as_str().unwrap()] {
        let left = format!(" by {UNRESERVED_MIN}.");
        assert!(text.contains(&left), "{text}");
    }
}

#[test]
fn a_test_delivery_has_time_for_the_slowest_agent_and_no_more_than_the_gateway() {
    let template = template();
    let path = "/v1/projects/p/environments/e/test";
    let function = template.function_at(path).unwrap();
    let seconds = function.resource.property("Timeout").as_u64().unwrap();
    let agent = test_time(AgentTimeout::default()).as_secs();
    assert!(seconds >= 2 * agent, "{seconds}");
    assert!(seconds <= GATEWAY_SECONDS, "{seconds}");
}

/// The pattern of a parameter.
fn pattern<'a>(template: &'a Template, parameter: &str) -> &'a str {
    let pattern = template.at(&format!("/Parameters/{parameter}/AllowedPattern"));
    pattern.as_str().unwrap()
}

/// Checks that a function of a kind with a common share reserves that one.
fn assert_is_of_its_kind(function: Function<'_>, reserved: &Value) {
    for (kind, beginning, _) in SHARES {
        if folder(function).starts_with(beginning) {
            let share = json!({"Fn::FindInMap": ["ReservedConcurrency", "Executions", kind]});
            assert_eq!(*reserved, share, "{}", folder(function));
        }
    }
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
    if let Some(number) = value.as_u64() {
        return number;
    }
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
