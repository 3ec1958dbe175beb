//! A domain name of the deployer's own: its parameters belong together, and every address that people and platforms
//! are given is below it.

use crate::document::{folder, functions, some_of_type, template};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vestibule_testkit::template::{Template, entries};

const CERTIFICATE: &str = "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d";
const DOMAIN: &str = "https://chat.example.com";
const PROXY: &str = "https://proxy.example.com";
/// The address that API Gateway gives the API.
const GATEWAY: &str = "https://a1b2c3.execute-api.eu-central-1.amazonaws.com";

/// Names and values.
type Parameters<'a> = &'a [(&'a str, &'a str)];

/// The template with values of its parameters. One that is not named is empty.
struct Stack<'a> {
    template: &'a Template,
    parameters: Parameters<'a>,
}

impl Stack<'_> {
    fn parameter(&self, name: &str) -> String {
        self.parameters
            .iter()
            .find(|(other, _)| *other == name)
            .map_or_else(String::new, |(_, value)| (*value).to_owned())
    }

    /// The text that a value becomes.
    fn text(&self, value: &Value) -> String {
        if let Some(text) = value.as_str() {
            return text.to_owned();
        }
        if let Some(name) = value["Ref"].as_str() {
            return self.parameter(name);
        }
        if value["Fn::GetAtt"] == "Api.ApiEndpoint" {
            return GATEWAY.to_owned();
        }
        if let Some([condition, one, other]) = value["Fn::If"].as_array().map(Vec::as_slice) {
            let holds = self.holds(&json!({"Condition": condition}));
            return self.text(if holds { one } else { other });
        }
        if let Some([Value::String(text), names]) = value["Fn::Sub"].as_array().map(Vec::as_slice) {
            return entries(names).fold(text.clone(), |text, (name, value)| {
                text.replace(&format!("${{{name}}}"), &self.text(value))
            });
        }
        if let Some(text) = value["Fn::Sub"].as_str() {
            return self
                .parameters
                .iter()
                .fold(text.to_owned(), |text, (name, value)| {
                    text.replace(&format!("${{{name}}}"), value)
                });
        }
        panic!("{value} is of another form")
    }

    /// Whether a condition holds.
    fn holds(&self, condition: &Value) -> bool {
        if let Some(name) = condition["Condition"].as_str() {
            return self.holds(self.template.at(&format!("/Conditions/{name}")));
        }
        if let Some([one, other]) = condition["Fn::Equals"].as_array().map(Vec::as_slice) {
            return self.text(one) == self.text(other);
        }
        if let Some([other]) = condition["Fn::Not"].as_array().map(Vec::as_slice) {
            return !self.holds(other);
        }
        if let Some(all) = condition["Fn::And"].as_array() {
            return all.iter().all(|one| self.holds(one));
        }
        panic!("{condition} is of another form")
    }

    /// Whether the rules accept the parameters.
    fn is_accepted(&self) -> bool {
        entries(self.template.at("/Rules")).all(|(_, rule)| {
            let assertions = rule["Assertions"].as_array().unwrap();
            !self.holds(&rule["RuleCondition"])
                || assertions.iter().all(|one| self.holds(&one["Assert"]))
        })
    }
}

#[test]
fn a_domain_name_and_its_certificate_are_given_together_and_without_another_address() {
    let template = template();
    let domain = ("DomainName", "chat.example.com");
    let certificate = ("CertificateArn", CERTIFICATE);
    let url = ("PublicUrl", PROXY);
    let cases: [(Parameters<'_>, bool); 8] = [
        (&[], true),
        (&[url], true),
        (&[domain, certificate], true),
        (&[domain], false),
        (&[certificate], false),
        (&[domain, url], false),
        (&[certificate, url], false),
        (&[domain, certificate, url], false),
    ];
    for (parameters, accepted) in cases {
        let stack = Stack {
            template: &template,
            parameters,
        };
        assert_eq!(stack.is_accepted(), accepted, "{parameters:?}");
    }
}

#[test]
fn every_address_that_people_and_platforms_are_given_is_below_the_domain_name_if_there_is_one() {
    let template = template();
    let domain = [
        ("DomainName", "chat.example.com"),
        ("CertificateArn", CERTIFICATE),
    ];
    let proxy = [("PublicUrl", PROXY)];
    let cases: [(Parameters<'_>, &str, &str); 3] = [
        (&domain, DOMAIN, DOMAIN),
        (&proxy, PROXY, PROXY),
        // A function that serves calls takes the gateway's address from the call.
        (&[], GATEWAY, ""),
    ];
    for (parameters, origin, own) in cases {
        let stack = Stack {
            template: &template,
            parameters,
        };
        assert_eq!(stack.text(template.at("/Outputs/ApiUrl/Value")), origin);
        let console = stack.text(template.at("/Outputs/ConsoleUrl/Value"));
        assert_eq!(console, format!("{origin}/console"));
        let mut told = BTreeSet::new();
        for function in functions(&template) {
            let variables = &function.resource.property("Environment")["Variables"];
            for (name, expected) in [("PUBLIC_URL", own), ("CONSOLE_URL", origin)] {
                if let Some(value) = variables.get(name) {
                    assert_eq!(stack.text(value), expected, "{name}: {}", folder(function));
                    told.insert(folder(function));
                }
            }
        }
        let expected = [
            "admin-access",
            "admin-conversations",
            "admin-team",
            "admin-users",
            "auth",
            "worker-email",
        ];
        assert_eq!(told, expected.into());
    }
}

#[test]
fn a_domain_name_leads_to_every_path_of_the_api_and_is_made_only_if_it_is_given() {
    let template = template();
    let domain = some_of_type(&template, "AWS::ApiGatewayV2::DomainName")[0];
    let mapping = some_of_type(&template, "AWS::ApiGatewayV2::ApiMapping")[0];
    for resource in [domain, mapping] {
        assert_eq!(
            resource.value["Condition"], "HasDomainName",
            "{}",
            resource.id
        );
    }
    assert_eq!(*domain.property("DomainName"), json!({"Ref": "DomainName"}));
    assert_eq!(
        *domain.property("DomainNameConfigurations"),
        json!([{"CertificateArn": {"Ref": "CertificateArn"}, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}])
    );
    let mapped = json!({"ApiId": {"Ref": "Api"}, "DomainName": {"Ref": domain.id}, "Stage": {"Ref": "Api.Stage"}});
    assert_eq!(mapping.value["Properties"], mapped);
    for (output, attribute) in [
        ("DomainTarget", "RegionalDomainName"),
        ("DomainTargetHostedZoneId", "RegionalHostedZoneId"),
    ] {
        let expected = json!({"Fn::GetAtt": format!("{}.{attribute}", domain.id)});
        let output = template.at(&format!("/Outputs/{output}"));
        assert_eq!(output["Value"], expected);
        assert_eq!(output["Condition"], "HasDomainName");
    }
}
