//! `template.yaml` as JSON, with `CloudFormation`'s short tags expanded: `!Ref X` is `{"Ref": "X"}`.

use std::path::PathBuf;
use std::{fs, io};

use serde_json::{Map, Value};

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    document: Value,
}

/// A resource of a template.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Its logical id.
    pub id: &'a str,
    /// Its complete definition.
    pub value: &'a Value,
}

impl Template {
    /// Reads the template of this repository.
    ///
    /// # Errors
    /// When there is none, or it is not YAML.
    pub fn load() -> io::Result<Self> {
        let text = fs::read_to_string(root().join("template.yaml"))?;
        let document = json(yaml_serde::from_str(&text).map_err(io::Error::other)?)?;
        Ok(Self { document })
    }

    /// A template with this content, for a test with a changed template.
    #[must_use]
    pub const fn of(document: Value) -> Self {
        Self { document }
    }

    /// The complete template.
    #[must_use]
    pub const fn document(&self) -> &Value {
        &self.document
    }

    /// The value at a JSON pointer; null if there is none.
    #[must_use]
    pub fn at(&self, pointer: &str) -> &Value {
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The resources of one type.
    #[must_use]
    pub fn of_type<'a>(&'a self, resource_type: &str) -> Vec<Resource<'a>> {
        entries(self.at("/Resources"))
            .filter(|(_, value)| value["Type"] == resource_type)
            .map(|(id, value)| Resource { id, value })
            .collect()
    }

    /// The resource in `!Ref X`, `!GetAtt X.Arn` or a `!Sub` of it.
    #[must_use]
    pub fn named_by<'a>(&'a self, reference: &'a Value) -> Option<Resource<'a>> {
        let id = logical_id(reference)?;
        let value = self.document.get("Resources")?.get(id)?;
        Some(Resource { id, value })
    }

    /// Every function.
    #[must_use]
    pub fn functions(&self) -> Vec<Function<'_>> {
        self.of_type("AWS::Serverless::Function")
            .into_iter()
            .map(|resource| Function { resource })
            .collect()
    }

    /// The function that the HTTP API calls for a path. `None` if no route fits.
    #[must_use]
    pub fn function_at(&self, path: &str) -> Option<Function<'_>> {
        let mut best = None;
        for function in self.functions() {
            for event in function.events("HttpApi") {
                let Some(fit) = event["Path"].as_str().and_then(|route| fit(route, path)) else {
                    continue;
                };
                if best.is_none_or(|(other, _)| other < fit) {
                    best = Some((fit, function));
                }
            }
        }
        best.map(|(_, function)| function)
    }
}

impl<'a> Resource<'a> {
    /// A property; null if it is not set.
    #[must_use]
    pub fn property(self, name: &str) -> &'a Value {
        self.value
            .get("Properties")
            .and_then(|properties| properties.get(name))
            .unwrap_or(&Value::Null)
    }

    /// The statements of a role's policies.
    #[must_use]
    pub fn statements(self) -> Vec<&'a Value> {
        one_or_many(self.property("Policies"))
            .iter()
            .filter_map(|policy| policy.get("PolicyDocument")?.get("Statement"))
            .flat_map(one_or_many)
            .filter(|statement| !statement.is_null())
            .collect()
    }
}

/// Rates how well a route of the HTTP API fits a path; the API takes the best. A route without a greedy
/// variable comes before one with, then the number of fixed parts decides.
fn fit(route: &str, path: &str) -> Option<(bool, usize)> {
    let (mut parts, mut given) = (route.split('/'), path.split('/'));
    let mut fixed = 0;
    loop {
        match (parts.next(), given.next()) {
            (None, None) => return Some((true, fixed)),
            (Some("{proxy+}"), Some(_)) => return Some((false, fixed)),
            (Some(part), Some(_)) if part.starts_with('{') => {}
            (Some(part), Some(text)) if part == text => fixed += 1,
            _ => return None,
        }
    }
}

/// A function of a template.
#[derive(Clone, Copy, Debug)]
pub struct Function<'a> {
    /// The resource.
    pub resource: Resource<'a>,
}

impl<'a> Function<'a> {
    /// The folder under `functions/`, which is also the binary's name. `None` if `CodeUri` is not of the form
    /// `target/lambda/<folder>/`.
    #[must_use]
    pub fn folder(self) -> Option<&'a str> {
        self.resource
            .property("CodeUri")
            .as_str()?
            .strip_prefix("target/lambda/")?
            .strip_suffix('/')
    }

    /// Its event sources of one type.
    #[must_use]
    pub fn events(self, event_type: &str) -> Vec<&'a Value> {
        entries(self.resource.property("Events"))
            .map(|(_, event)| event)
            .filter(|event| event["Type"] == event_type)
            .map(|event| &event["Properties"])
            .collect()
    }
}

/// The entries of an object. Other values have none.
pub fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

/// The elements of an array, or the value itself, because IAM accepts a single value in place of an array.
#[must_use]
pub fn one_or_many(value: &Value) -> &[Value] {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// The logical id in `!Ref X`, `!GetAtt X.Arn` or a `!Sub` of it.
pub(crate) fn logical_id(reference: &Value) -> Option<&str> {
    if let Some(id) = reference["Ref"].as_str() {
        return Some(id);
    }
    let attribute = reference["Fn::GetAtt"].as_str().or_else(|| {
        let text = reference["Fn::Sub"].as_str()?;
        text.strip_prefix("${")?.split('}').next()
    })?;
    attribute.split('.').next()
}

fn json(yaml: yaml_serde::Value) -> io::Result<Value> {
    use yaml_serde::Value as Yaml;
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => serde_json::to_value(number)?,
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(values) => values.into_iter().map(json).collect::<io::Result<_>>()?,
        Yaml::Mapping(entries) => entries
            .into_iter()
            .map(|(name, value)| {
                let name = name
                    .as_str()
                    .ok_or_else(|| io::Error::other("the name of an entry is not text"))?;
                Ok((name.to_owned(), json(value)?))
            })
            .collect::<io::Result<_>>()?,
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let long = match tag {
                "Ref" | "Condition" => tag.to_owned(),
                function => format!("Fn::{function}"),
            };
            Value::Object(Map::from_iter([(long, json(tagged.value)?)]))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn function(folder: &str, paths: &[&str]) -> Value {
        let events = paths.iter().map(|path| {
            let event = json!({"Type": "HttpApi", "Properties": {"Path": path}});
            ((*path).to_owned(), event)
        });
        json!({
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "CodeUri": format!("target/lambda/{folder}/"),
                "Events": events.collect::<Map<_, _>>(),
            },
        })
    }

    #[test]
    fn the_most_particular_route_takes_a_call() {
        let template = Template::of(json!({"Resources": {
            "A": function("all", &["/v1/{proxy+}"]),
            "B": function("notes", &["/v1/projects/{id}/notes", "/v1/projects/{id}/notes/{proxy+}"]),
        }}));
        let folder = |path: &str| template.function_at(path).and_then(Function::folder);
        for (path, expected) in [
            ("/v1/projects", Some("all")),
            ("/v1/projects/1", Some("all")),
            ("/v1/projects/1/notes", Some("notes")),
            ("/v1/projects/1/notes/2/lines", Some("notes")),
            ("/v1/projects/1/notices", Some("all")),
            ("/v2/projects", None),
            ("/v1", None),
        ] {
            assert_eq!(folder(path), expected, "{path}");
        }
    }
}
