//! One statement of a policy, and whether it applies to a request.

use serde_json::Value;

use super::Request;
use crate::template::{entries, one_or_many};

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sid: String,
    pub(super) denies: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

/// One condition: a key and its patterns.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    quantifier: Quantifier,
    comparison: Comparison,
    negated: bool,
    if_exists: bool,
    /// In lower case, because the names of condition keys ignore case.
    key: String,
    patterns: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    /// A key with a single value.
    One,
    /// Every value matches, so also when there is none.
    ForAllValues,
    /// Some value matches, so never when there is none.
    ForAnyValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equals,
    Like,
}

impl Statement {
    /// Reads a statement of the template.
    ///
    /// # Errors
    /// With a sentence, when the statement contains something that is not understood here. Skipping it could
    /// allow too much.
    pub(super) fn read(statement: &Value) -> Result<Self, String> {
        let sid = statement["Sid"]
            .as_str()
            .ok_or_else(|| format!("a statement has no Sid: {statement}"))?;
        let known = ["Sid", "Effect", "Action", "Resource", "Condition"];
        if let Some((unknown, _)) = entries(statement).find(|(name, _)| !known.contains(name)) {
            return Err(format!("{sid}: {unknown} is not understood"));
        }
        let denies = match statement["Effect"].as_str() {
            Some("Allow") => false,
            Some("Deny") => true,
            _ => return Err(format!("{sid}: the effect is neither Allow nor Deny")),
        };
        let mut conditions = Vec::new();
        for (operator, keys) in entries(&statement["Condition"]) {
            for (key, patterns) in entries(keys) {
                let condition = Condition::read(operator, key, patterns);
                conditions.push(condition.map_err(|problem| format!("{sid}: {problem}"))?);
            }
        }
        Ok(Self {
            sid: sid.to_owned(),
            denies,
            actions: lower_case(texts(&statement["Action"])?),
            resources: one_or_many(&statement["Resource"])
                .iter()
                .map(resource_name)
                .collect::<Result<_, _>>()?,
            conditions,
        })
    }

    /// Whether the statement applies to the request.
    pub(super) fn is_about(&self, request: &Request) -> bool {
        let action = request.action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| is_like(pattern, &action))
            && self
                .resources
                .iter()
                .any(|pattern| is_like(pattern, &request.resource))
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(request))
    }
}

impl Condition {
    fn read(operator: &str, key: &str, patterns: &Value) -> Result<Self, String> {
        let unknown = || format!("the operator {operator} is not understood");
        let (quantifier, rest) = match operator.split_once(':') {
            None => (Quantifier::One, operator),
            Some(("ForAllValues", rest)) => (Quantifier::ForAllValues, rest),
            Some(("ForAnyValue", rest)) => (Quantifier::ForAnyValue, rest),
            Some(_) => return Err(unknown()),
        };
        let (rest, if_exists) = match rest.strip_suffix("IfExists") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (comparison, negated) = match rest {
            "StringEquals" => (Comparison::Equals, false),
            "StringNotEquals" => (Comparison::Equals, true),
            "StringLike" => (Comparison::Like, false),
            "StringNotLike" => (Comparison::Like, true),
            _ => return Err(unknown()),
        };
        Ok(Self {
            quantifier,
            comparison,
            negated,
            if_exists,
            key: key.to_ascii_lowercase(),
            patterns: texts(patterns)?,
        })
    }

    fn holds(&self, request: &Request) -> bool {
        let Some(values) = request.context.get(&self.key) else {
            return match self.quantifier {
                Quantifier::ForAllValues => true,
                Quantifier::ForAnyValue => false,
                Quantifier::One => self.if_exists || self.negated,
            };
        };
        let mut values = values.iter();
        match self.quantifier {
            Quantifier::One | Quantifier::ForAllValues => values.all(|value| self.matches(value)),
            Quantifier::ForAnyValue => values.any(|value| self.matches(value)),
        }
    }

    fn matches(&self, value: &str) -> bool {
        let is_listed = self.patterns.iter().any(|pattern| match self.comparison {
            Comparison::Equals => pattern == value,
            Comparison::Like => is_like(pattern, value),
        });
        is_listed != self.negated
    }
}

/// The name of a resource in requests: the logical id, followed by the rest of the ARN.
fn resource_name(resource: &Value) -> Result<String, String> {
    if let Some(text) = resource.as_str() {
        return Ok(text.to_owned());
    }
    if let Some(attribute) = resource["Fn::GetAtt"].as_str() {
        return Ok(attribute.split('.').next().unwrap_or(attribute).to_owned());
    }
    resource["Fn::Sub"]
        .as_str()
        .and_then(|text| text.strip_prefix("${")?.split_once('}'))
        .and_then(|(attribute, rest)| Some(format!("{}{rest}", attribute.strip_suffix(".Arn")?)))
        .ok_or_else(|| format!("{resource} names no resource in a way that is understood"))
}

/// Lower-cases action names, which ignore case.
fn lower_case(actions: Vec<String>) -> Vec<String> {
    actions
        .into_iter()
        .map(|action| action.to_ascii_lowercase())
        .collect()
}

/// The texts of a value. A parameter's value is its name in braces.
fn texts(value: &Value) -> Result<Vec<String>, String> {
    one_or_many(value)
        .iter()
        .map(|one| {
            let parameter = one["Ref"].as_str().map(|name| format!("${{{name}}}"));
            one.as_str()
                .map(str::to_owned)
                .or(parameter)
                .ok_or_else(|| format!("{one} is not text"))
        })
        .collect()
}

/// Matches IAM's patterns: `*` is any text, including `#` and nothing, and `?` is one character.
pub(super) fn is_like(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return after(pattern, text) == Some("");
    };
    let Some(mut left) = after(first, text) else {
        return false;
    };
    loop {
        if is_like(rest, left) {
            return true;
        }
        let mut characters = left.chars();
        if characters.next().is_none() {
            return false;
        }
        left = characters.as_str();
    }
}

/// The rest of a text after the part that a pattern without `*` matches.
fn after<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    let mut characters = text.chars();
    for wanted in pattern.chars() {
        let found = characters.next()?;
        if wanted != '?' && wanted != found {
            return None;
        }
    }
    Some(characters.as_str())
}
