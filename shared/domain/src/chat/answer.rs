//! The agent's answer to a delivery (SPEC F02, F12). Each part of it is read on its own, so that a fault in one
//! does not lose the others.

use crate::chat::handoff::HandoffRequest;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// Maximum number of replies to one delivery.
pub const REPLIES_MAX: usize = 10;

/// The agent's response. Unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "Elements")]
pub struct AgentResponse {
    /// Messages to the person, in order; the first [`REPLIES_MAX`] are sent.
    pub replies: Vec<Reply>,
    /// Number of elements among the replies that are none.
    pub malformed: usize,
    /// The order to leave the conversation to people.
    pub handoff: Option<HandoffRequest>,
    /// The order to show that a text is being written.
    pub typing: bool,
    /// Names of the other fields that are not of the documented form. They count as absent.
    pub malformed_fields: Vec<&'static str>,
}

/// A response before its parts are read, each on its own.
#[derive(Deserialize)]
struct Elements {
    #[serde(default)]
    replies: Vec<Value>,
    #[serde(default)]
    handoff: Value,
    #[serde(default)]
    typing: Value,
}

/// The handoff of a response, as it is spelled.
#[derive(Deserialize)]
struct HandoffField {
    team: Option<String>,
    note: Option<String>,
    skills: Option<Vec<String>>,
}

impl From<HandoffField> for HandoffRequest {
    fn from(field: HandoffField) -> Self {
        let skills = field.skills.unwrap_or_default();
        Self::cut(field.team.as_deref(), field.note.as_deref())
            .with_skills(skills.iter().map(String::as_str))
    }
}

impl From<Elements> for AgentResponse {
    fn from(elements: Elements) -> Self {
        let count = elements.replies.len();
        let replies: Vec<Reply> = elements
            .replies
            .into_iter()
            .filter_map(|reply| serde_json::from_value(reply).ok())
            .collect();
        let mut malformed_fields = Vec::new();
        let handoff: Option<HandoffField> =
            read_field("handoff", elements.handoff, &mut malformed_fields);
        let typing: Option<bool> = read_field("typing", elements.typing, &mut malformed_fields);
        Self {
            malformed: count - replies.len(),
            replies,
            handoff: handoff.map(Into::into),
            typing: typing.unwrap_or(false),
            malformed_fields,
        }
    }
}

/// Reads a field that may be absent or null, and notes its name if it is not of its form. A struct is an
/// object here; serde would also read it from a list.
fn read_field<T: DeserializeOwned>(
    name: &'static str,
    value: Value,
    malformed: &mut Vec<&'static str>,
) -> Option<T> {
    if value.is_null() {
        return None;
    }
    let read = if value.is_array() {
        None
    } else {
        serde_json::from_value(value).ok()
    };
    if read.is_none() {
        malformed.push(name);
    }
    read
}

/// One message of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reply {
    /// Plain text.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(response: Value) -> Option<(Vec<String>, usize)> {
        let response: AgentResponse = serde_json::from_value(response).ok()?;
        let texts = response.replies.into_iter().map(|reply| reply.text);
        Some((texts.collect(), response.malformed))
    }

    #[test]
    fn a_malformed_reply_does_not_lose_the_others_and_is_counted() {
        for bad in [
            json!({"text": null}),
            json!({"text": 7}),
            json!({"text": ["a"]}),
            json!({"message": "a"}),
            json!({}),
            json!("a"),
            json!(null),
        ] {
            let with_more = json!({"text": "good", "buttons": []});
            let replies = [&bad, &json!({"text": "good"}), &bad, &with_more];
            let expected = (vec!["good".to_owned(), "good".to_owned()], 2);
            assert_eq!(read(json!({ "replies": replies })), Some(expected), "{bad}");
        }
    }

    #[test]
    fn a_response_without_replies_has_none_and_replies_that_are_no_list_are_no_response() {
        for response in [json!({}), json!({"replies": []}), json!({"more": 1})] {
            assert_eq!(read(response), Some((Vec::new(), 0)));
        }
        for response in [
            json!({"replies": "hello"}),
            json!({"replies": {"text": "a"}}),
        ] {
            assert_eq!(read(response), None);
        }
    }

    #[test]
    fn a_handoff_has_a_team_a_note_and_skills_or_none_and_stands_beside_replies() {
        let of = |response: Value| serde_json::from_value::<AgentResponse>(response).unwrap();
        let answer = of(json!({
            "replies": [{"text": "A colleague takes over."}],
            "handoff": {"team": "sales", "note": "Wants a discount", "more": 1},
            "typing": true,
        }));
        assert_eq!(answer.replies.len(), 1);
        let expected = HandoffRequest::cut(Some("sales"), Some("Wants a discount"));
        assert_eq!(answer.handoff, Some(expected));
        assert!(answer.typing && answer.malformed_fields.is_empty());
        let answer = of(json!({"handoff": {"skills": ["German", " "]}}));
        let expected = HandoffRequest::default().with_skills(["German"]);
        assert_eq!(answer.handoff, Some(expected));
        for bare in [
            json!({}),
            json!({"team": null, "note": " ", "skills": null}),
            json!({"skills": []}),
        ] {
            let answer = of(json!({ "handoff": bare }));
            assert_eq!(answer.handoff, Some(HandoffRequest::default()));
        }
        for none in [json!({}), json!({"handoff": null, "typing": null})] {
            assert_eq!(of(none), AgentResponse::default());
        }
        assert!(!of(json!({"typing": false})).typing);
    }

    #[test]
    fn a_handoff_or_typing_of_another_form_is_named_and_the_rest_counts() {
        for bad in [
            json!(true),
            json!("sales"),
            json!(7),
            json!([]),
            json!(["sales", "note"]),
            json!({"team": 7}),
            json!({"note": ["a"]}),
            json!({"skills": "German"}),
            json!({"skills": [7]}),
        ] {
            let response = json!({"replies": [{"text": "a"}], "handoff": bad, "typing": "yes"});
            let answer: AgentResponse = serde_json::from_value(response).unwrap();
            assert_eq!(answer.replies.len(), 1, "{bad}");
            assert_eq!((answer.handoff, answer.typing), (None, false), "{bad}");
            assert_eq!(answer.malformed_fields, ["handoff", "typing"], "{bad}");
        }
    }
}
