//! `template.yaml` as JSON, with `CloudFormation`'s short tags in their long form: `!Ref X` is `{"Ref": "X"}`.

use serde_json::{Map, Value};
use std::{fs, path::PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The template.
pub struct Template {
    document: Value,
}

/// A resource of the template.
#[derive(Clone, Copy)]
pub struct Resource<'a> {
    /// Its logical id.
    pub id: &'a str,
    /// The whole of it.
    pub value: &'a Value,
}

impl Template {
    /// Reads the template of this repository.
    pub fn load() -> Self {
        let text = fs::read_to_string(root().join("template.yaml")).unwrap();
        Self {
            document: json(yaml_serde::from_str(&text).unwrap()),
        }
    }

    /// What the template says at a JSON pointer; null where it says nothing.
    pub fn at(&self, pointer: &str) -> &Value {
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The resources of a type, at least one: a test that looks at none proves nothing.
    pub fn of_type<'a>(&'a self, resource_type: &str) -> Vec<Resource<'a>> {
        let found: Vec<_> = entries(self.at("/Resources"))
            .filter(|(_, value)| value["Type"] == resource_type)
            .map(|(id, value)| Resource { id, value })
            .collect();
        assert!(!found.is_empty(), "no {resource_type} in the template");
        found
    }

    /// The resource that `!Ref X`, `!GetAtt X.Arn` or a `!Sub` of it names, which must be of this type.
    pub fn named_by<'a>(&'a self, reference: &'a Value, resource_type: &str) -> Resource<'a> {
        let id = logical_id(reference)
            .unwrap_or_else(|| panic!("{reference} names no resource of the template"));
        let value = self.at(&format!("/Resources/{id}"));
        assert_eq!(value["Type"], resource_type, "the type of {id}");
        Resource { id, value }
    }

    /// Every function with the name of its folder.
    pub fn functions(&self) -> Vec<Function<'_>> {
        self.of_type("AWS::Serverless::Function")
            .into_iter()
            .map(|resource| Function { resource })
            .collect()
    }
}

impl<'a> Resource<'a> {
    /// One of its properties; null if it is not set.
    pub fn property(self, name: &str) -> &'a Value {
        &self.value["Properties"][name]
    }

    /// A property that is a number.
    pub fn number(self, name: &str) -> u64 {
        self.property(name)
            .as_u64()
            .unwrap_or_else(|| panic!("{name} of {} is not a number", self.id))
    }
}

/// A function of the template.
#[derive(Clone, Copy)]
pub struct Function<'a> {
    /// The resource.
    pub resource: Resource<'a>,
}

impl<'a> Function<'a> {
    /// The folder below `functions/`, after which the binary is called.
    pub fn folder(self) -> &'a str {
        self.resource
            .property("CodeUri")
            .as_str()
            .and_then(|uri| uri.strip_prefix("target/lambda/")?.strip_suffix('/'))
            .unwrap_or_else(|| panic!("the CodeUri of {} is of another form", self.resource.id))
    }

    /// Its event sources of one type.
    pub fn events(self, event_type: &str) -> Vec<&'a Value> {
        entries(self.resource.property("Events"))
            .map(|(_, event)| event)
            .filter(|event| event["Type"] == event_type)
            .map(|event| &event["Properties"])
            .collect()
    }

    /// The role it runs under.
    pub fn role(self, template: &'a Template) -> Resource<'a> {
        template.named_by(self.resource.property("Role"), "AWS::IAM::Role")
    }
}

/// The entries of an object; none of anything else.
pub fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

/// The elements of an array, or the value itself where IAM lets one stand for an array of one.
pub fn one_or_many(value: &Value) -> &[Value] {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn logical_id(reference: &Value) -> Option<&str> {
    if let Some(id) = reference["Ref"].as_str() {
        return Some(id);
    }
    let attribute = reference["Fn::GetAtt"].as_str().or_else(|| {
        let text = reference["Fn::Sub"].as_str()?;
        text.strip_prefix("${")?.split('}').next()
    })?;
    attribute.split('.').next()
}

fn json(yaml: yaml_serde::Value) -> Value {
    use yaml_serde::Value as Yaml;
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => serde_json::to_value(number).unwrap(),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(values) => values.into_iter().map(json).collect(),
        Yaml::Mapping(entries) => entries
            .into_iter()
            .map(|(name, value)| {
                let name = name.as_str().expect("the name of an entry").to_owned();
                (name, json(value))
            })
            .collect(),
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let long = match tag {
                "Ref" | "Condition" => tag.to_owned(),
                function => format!("Fn::{function}"),
            };
            Value::Object(Map::from_iter([(long, json(tagged.value))]))
        }
    }
}
