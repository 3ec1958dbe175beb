//! The content of an outgoing event: the records that it is about, and its data.

use super::catalogue::{EventType, Field, FieldKind, names};
use crate::{
    ProjectScope, Timestamp,
    account::actor::Actor,
    ids::{ConnectorId, EnvironmentId, OutgoingEventId, ProjectId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// Longest code, in characters.
const CODE_MAX_CHARS: usize = 64;

/// The content of an outgoing event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The project of the records that the event is about.
    pub project_id: Option<ProjectId>,
    /// Their environment.
    pub environment_id: Option<EnvironmentId>,
    /// Their connector.
    pub connector_id: Option<ConnectorId>,
    /// The data.
    pub data: EventData,
}

impl Told {
    /// Begins what is told about a record of a project.
    #[must_use]
    pub fn in_project(scope: ProjectScope) -> Self {
        Self {
            project_id: Some(scope.project_id()),
            ..Self::default()
        }
    }

    /// Names the connector.
    #[must_use]
    pub fn at_connector(self, id: ConnectorId) -> Self {
        Self {
            connector_id: Some(id),
            ..self
        }
    }

    /// Names the environment.
    #[must_use]
    pub fn in_environment(self, id: EnvironmentId) -> Self {
        Self {
            environment_id: Some(id),
            ..self
        }
    }

    /// Sets the data.
    #[must_use]
    pub fn with(self, data: EventData) -> Self {
        Self { data, ..self }
    }
}

/// A value of an event's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// Whether something is so.
    Flag(bool),
    /// A number.
    Count(u64),
    /// An id, an actor, a code or a time.
    Text(String),
    /// Codes.
    Texts(Vec<String>),
}

impl Fact {
    /// Reads a value of this kind. `None` for any other, so that no free text becomes part of an event.
    #[must_use]
    pub fn read(kind: FieldKind, value: &Value) -> Option<Self> {
        let text = value.as_str();
        match kind {
            FieldKind::Id => {
                let id = text.filter(|text| text.parse::<OutgoingEventId>().is_ok());
                id.map(|id| Self::Text(id.to_owned()))
            }
            FieldKind::Actor => {
                let actor = text.filter(|text| is_actor(text));
                actor.map(|actor| Self::Text(actor.to_owned()))
            }
            FieldKind::Code => text.and_then(code).map(Self::Text),
            FieldKind::Codes => {
                let codes = value.as_array()?.iter();
                let codes: Option<Vec<String>> =
                    codes.map(|one| one.as_str().and_then(code)).collect();
                codes.map(Self::Texts)
            }
            FieldKind::Count => value.as_u64().map(Self::Count),
            FieldKind::Time => {
                let at = text.and_then(Timestamp::parse)?;
                Some(Self::Text(at.to_string()))
            }
            FieldKind::Flag => value.as_bool().map(Self::Flag),
        }
    }
}

/// Returns a text that is a code.
fn code(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.-".contains(c);
    let is_code = (1..=CODE_MAX_CHARS).contains(&text.len()) && text.chars().all(is_part);
    is_code.then(|| text.to_owned())
}

fn is_actor(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_:".contains(c);
    (1..=CODE_MAX_CHARS).contains(&text.len()) && text.chars().all(is_part)
}

/// The data of an event. A value that is not of its kind is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventData(BTreeMap<String, Fact>);

impl EventData {
    /// Makes data without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of this field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.0.get(name)
    }

    /// The names of its fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Adds the id of a record.
    #[must_use]
    pub fn id(self, name: &str, id: impl fmt::Display) -> Self {
        self.read(name, FieldKind::Id, &Value::String(id.to_string()))
    }

    /// Adds an id if there is one.
    #[must_use]
    pub fn id_if(self, name: &str, id: Option<impl fmt::Display>) -> Self {
        match id {
            Some(id) => self.id(name, id),
            None => self,
        }
    }

    /// Adds the author.
    #[must_use]
    pub fn actor(self, actor: &Actor) -> Self {
        let id = Value::String(actor.id.clone());
        self.read(names::ACTOR, FieldKind::Actor, &id)
    }

    /// Adds a code.
    #[must_use]
    pub fn code(self, name: &str, text: &str) -> Self {
        self.read(name, FieldKind::Code, &Value::String(text.to_owned()))
    }

    /// Adds codes.
    #[must_use]
    pub fn codes(self, name: &str, texts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let codes = texts.into_iter().filter_map(|text| code(text.as_ref()));
        self.with(name, Fact::Texts(codes.collect()))
    }

    /// Adds a number.
    #[must_use]
    pub fn count(self, name: &str, number: u64) -> Self {
        self.with(name, Fact::Count(number))
    }

    /// Adds a time.
    #[must_use]
    pub fn time(self, name: &str, at: Timestamp) -> Self {
        self.with(name, Fact::Text(at.to_string()))
    }

    /// Adds whether something is so.
    #[must_use]
    pub fn flag(self, name: &str, is_so: bool) -> Self {
        self.with(name, Fact::Flag(is_so))
    }

    /// Adds a field that there is not yet, from a value of a record, if that is of the field's kind.
    #[must_use]
    pub(super) fn or_read(self, field: &Field, value: Option<&Value>) -> Self {
        match value {
            Some(value) if !self.0.contains_key(field.name) => {
                self.read(field.name, field.kind, value)
            }
            _ => self,
        }
    }

    /// Keeps the fields that events of this type have.
    #[must_use]
    pub(super) fn of_type(mut self, kind: EventType) -> Self {
        self.0.retain(|name, _| kind.field(name).is_some());
        self
    }

    fn read(self, name: &str, kind: FieldKind, value: &Value) -> Self {
        match Fact::read(kind, value) {
            Some(fact) => self.with(name, fact),
            None => self,
        }
    }

    fn with(mut self, name: &str, fact: Fact) -> Self {
        self.0.insert(name.to_owned(), fact);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::MemberId,
        samples::{at, connector, environment, scope},
    };
    use serde_json::json;

    #[test]
    fn data_is_read_back_as_it_was_written() {
        let data = EventData::new()
            .id("member_id", MemberId::derive(&["m"]))
            .actor(&Actor::system())
            .code("status", "active")
            .codes("changed", ["role", "clients"])
            .count("number", 7)
            .time("since", at(3))
            .flag("over_limit", true)
            .id_if("team_id", None::<MemberId>);
        let json = serde_json::to_value(&data).unwrap();
        let expected = json!({
            "actor": "system", "changed": ["role", "clients"], "member_id": MemberId::derive(&["m"]),
            "number": 7, "over_limit": true, "since": at(3), "status": "active",
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<EventData>(json).unwrap(), data);
        assert_eq!(data.names().count(), 7);
        assert_eq!(data.get("number"), Some(&Fact::Count(7)));
    }

    /// SPEC F04: an erasure has nothing to look for in events.
    #[test]
    fn no_free_text_becomes_part_of_an_event() {
        for text in [
            "Ada Lovelace",
            "+49 151 1",
            "ada@example.com",
            "",
            &*"a".repeat(65),
            "Ä",
        ] {
            let value = json!(text);
            for kind in [
                FieldKind::Id,
                FieldKind::Actor,
                FieldKind::Code,
                FieldKind::Time,
            ] {
                assert_eq!(Fact::read(kind, &value), None, "{kind:?} {text}");
            }
            assert_eq!(Fact::read(FieldKind::Codes, &json!([text])), None);
            let data = EventData::new()
                .code("status", text)
                .id("member_id", text)
                .codes("changed", [text]);
            assert_eq!(data, EventData::new().codes("changed", [""]));
        }
        assert_eq!(Fact::read(FieldKind::Count, &json!(-1)), None);
        assert_eq!(Fact::read(FieldKind::Flag, &json!("true")), None);
    }

    #[test]
    fn a_place_names_project_connector_and_environment() {
        let told = Told::in_project(scope())
            .at_connector(connector().id)
            .in_environment(environment("e"))
            .with(EventData::new().count("number", 1));
        assert_eq!(told.project_id, Some(scope().project_id()));
        assert_eq!(told.connector_id, Some(connector().id));
        assert_eq!(told.environment_id, Some(environment("e")));
        assert_eq!(told.data.names().collect::<Vec<_>>(), ["number"]);
    }
}
